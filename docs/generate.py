"""The tables of docs/reference, written from the rows of the code: `python docs/generate.py` after a change.

Comes in: `metric_rows.ROWS`, `limits.ROWS`, `CHANNELS`, the error tree, the commands. Goes out: what stands
between `<!-- generated: NAME -->` and `<!-- end -->` in each page; prose around it is kept. A test holds both
together.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)

if str(ROOT) not in sys.path:  # run as a file: the project's root is not on the path then
    sys.path.insert(0, str(ROOT))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """Every metric with unit, evidence, formula and source."""
    from telemetry.analysis.metric_rows import ROWS

    return table(
        ("name", "unit", "evidence", "what it is", "formula", "source"),
        ((f"`{row.name}`", row.unit, row.evidence, row.title, row.formula, row.source) for row in ROWS),
    )


def limits(wanted: str = "ROWS") -> str:
    """Every limit of a class with value, unit, bounds, evidence and source."""
    from telemetry.analysis import limits

    return table(
        ("name", "value", "unit", "may be set to", "evidence", "source"),
        (
            (
                f"`{row.name}`",
                f"{row.value:.6g}",
                row.unit,
                f"{row.low:g} to {row.high:g}",
                row.evidence,
                row.source,
            )
            for row in getattr(limits, wanted)
        ),
    )


def trend_limits() -> str:
    """Every limit of a trend."""
    return limits("TREND_ROWS")


def channels() -> str:
    """Every channel with unit and how it behaves between samples."""
    from telemetry.model import CHANNELS

    return table(
        ("name", "unit", "what it is", "between two samples"),
        (
            (
                f"`{channel.name}`",
                channel.unit or "none",
                channel.label,
                "may be interpolated" if channel.continuous else "a step",
            )
            for channel in CHANNELS.values()
        ),
    )


def errors() -> str:
    """Every error this package raises on purpose."""
    from telemetry.errors import TelemetryError

    def family(kind: type[TelemetryError], depth: int) -> Iterable[tuple[str, str]]:
        first = (inspect.getdoc(kind) or "").splitlines()[0]
        yield "&nbsp;" * 4 * depth + f"`{kind.__name__}`", first
        for child in kind.__subclasses__():
            if child.__module__ == "telemetry.errors":
                yield from family(child, depth + 1)

    return table(("error", "when"), family(TelemetryError, 0))


def commands() -> str:
    """Every command with its arguments and options, from its signature."""
    from telemetry.cli.app import COMMANDS
    from telemetry.cli.groups import GROUPS, function_of

    everything = dict(COMMANDS)
    for group, (_, inner) in GROUPS.items():
        everything.update({f"{group} {name}": place for name, place in inner.items()})
    parts = []
    for name, place in everything.items():
        function, rows = function_of(place), []
        for kind, said in annotated(function):
            # inside Annotated typer keeps the first name where the default used to stand
            names = (said.default, *(said.param_decls or ()))
            flags = [f"`{flag}`" for flag in names if isinstance(flag, str) and flag.startswith("-")]
            if not flags:
                rows.append((f"`{said.metavar}`", said.help or ""))
                continue
            choices = [
                choice for part in (kind, *get_args(kind)) for choice in getattr(part, "__members__", ())
            ]
            values = "|".join(map(str, getattr(kind, "_value2member_map_", None) or ())) or "|".join(choices)
            value = "" if kind is bool else f" {values or said.metavar}"
            rows.append((", ".join(flags) + value, said.help or ""))
        text = " ".join((inspect.getdoc(function) or "").split())
        parts.append(
            f"### `telemetry {name}`\n\n{text}\n\n" + table(("argument or option", "what it does"), rows)
        )
    return "\n".join(parts)


def annotated(function: Callable[..., Any]) -> Iterable[tuple[Any, Any]]:
    """Type and typer description of each parameter of a command."""
    for name, hint in get_type_hints(function, include_extras=True).items():
        if name != "return":
            kind, said = get_args(hint)
            yield kind, said


def readers() -> str:
    """What can be read, by suffix."""
    from telemetry.ingest import READERS

    return table(
        ("suffix", "what it is"), ((f"`{suffix}`", reader.name) for suffix, reader in READERS.items())
    )


def rules() -> str:
    """The rules of the review with their parts."""
    from telemetry.analysis.rules import RULES

    return table(
        ("rule", "reason", "evidence", "parts"),
        (
            (rule.code, rule.title, rule.evidence, ", ".join(part.name for part in rule.parts))
            for rule in RULES
        ),
    )


def screening() -> str:
    """The screening questions by code."""
    from telemetry.analysis.wording import SCREENING

    return table(
        ("code", "question", "leads to"), ((f"`{item.code}`", item.text, item.urgency) for item in SCREENING)
    )


def shape() -> str:
    """The objects inside the JSON, field by field, from the data model."""
    from telemetry import model

    kinds = {
        "quality": model.Quality,
        "quality.issues[]": model.Issue,
        "metrics{name}": model.MetricResult,
        "bouts[]": model.Bout,
        "drift{name}": model.Drift,
        "review": model.Review,
        "review.findings[]": model.Finding,
        "review.unchecked[]": model.Unchecked,
        "limits[]": model.LimitUsed,
        "laps[]": model.Block,
        "counterfactual[]": model.Counterfactual,
        "head_unit[]": model.Agreement,
        "heart_rate_zones[]": model.HeartRateZone,
        "balance[]": model.BalanceBin,
        "by_minute": model.RunningLoad,
        "recording.devices[]": model.Device,
    }
    rows = []
    for place, kind in kinds.items():
        hints = get_type_hints(kind, vars(model) | {"Any": Any})
        fields = [item.name for item in dataclasses.fields(kind)]
        if kind is model.MetricResult:  # the name is the key
            fields = ["value", "unit", "low", "high", "coverage", "evidence", "absent_because", "note"]
        said = [f"`{name}`{' or null' if type(None) in get_args(hints[name]) else ''}" for name in fields]
        rows.append((f"`{place}`", ", ".join(said)))
    return table(("object", "fields"), rows)


def trend_shape() -> str:
    """The objects inside the JSON of a trend, field by field, from the data model."""
    from telemetry import model

    kinds = {
        "": model.TrendAnalysis,
        "classes[]": model.TrendClass,
        "weeks[]": model.Week,
        "daily[]": model.DailyLoad,
        "chart": model.ControlChart,
        "chart.points[]": model.ChartPoint,
        "relief": model.ReliefRelapse,
        "relief.events[]": model.ReliefEvent,
        "co_movement[]": model.CoMovement,
        "co_movement[].lags[]": model.Lag,
        "onset": model.OnsetMatch,
        "onset.loads[]": model.LoadAtPain,
        "settings[]": model.SettingEffect,
        "settings[].shifts[]": model.Shift,
        "comparisons[]": model.Comparison,
        "changes[]": model.Change,
        "screening": model.ScreeningStanding,
        "diary": model.Diary,
        "diary.pain[]": model.PainEntry,
        "diary.treatments[]": model.Treatment,
        "diary.settings[]": model.Setting,
        "diary.phases[]": model.Phase,
        "diary.questionnaires[]": model.Questionnaire,
        "diary.confounders[]": model.Confounder,
        "diary.screenings[]": model.Screening,
        "diary.limits[]": model.OwnLimit,
        "diary.comments[]": model.Comment,
        "limits[]": model.LimitUsed,
    }
    return table(
        ("object", "fields"),
        (
            (
                f"`{place}`" if place else "the whole",
                ", ".join(f"`{item.name}`" for item in dataclasses.fields(kind)),
            )
            for place, kind in kinds.items()
        ),
    )


BLOCKS: dict[str, Callable[[], str]] = {
    "metrics": metrics,
    "limits": limits,
    "trend-limits": trend_limits,
    "channels": channels,
    "errors": errors,
    "commands": commands,
    "readers": readers,
    "rules": rules,
    "screening": screening,
    "shape": shape,
    "trend-shape": trend_shape,
}


def filled(text: str) -> str:
    """A page with every generated part as the code says it now."""

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}\n{BLOCKS[match['name']]()}\n{match[4]}"

    return BLOCK.sub(fill, text)


def main() -> None:
    """Rewrite the pages whose rows changed, and name them."""
    for page in sorted(REFERENCE.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        new = filled(text)
        if new != text:
            page.write_text(new, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
