"""Many classes at a glance: one row each.

Comes in: analyses. Goes out: a table on stdout. Leaves to others: every number, and the full report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis

COLUMNS: tuple[tuple[str, str, int], ...] = (
    # heading, metric, digits
    ("min", "pedalling_min", 0),
    ("TL", "torque_load", 0),
    ("kJ", "work_kj", 0),
    ("strokes", "strokes", 0),
    ("grinding min", "grinding_min", 1),
    ("longest s", "grinding_longest_s", 0),
)


def print_table(analyses: Sequence[ClassAnalysis]) -> None:
    """One row a class: when, how long, how heavy, what the review says."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from telemetry.cli.console import clean

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold", min_width=12)
    table.add_column("started", no_wrap=True)
    for heading, _, _ in COLUMNS:
        table.add_column(heading, justify="right")
    table.add_column("data")
    table.add_column("back-risk review")
    for analysis in analyses:
        recording, review = analysis.recording, analysis.review
        started = "" if recording.started_at is None else f"{recording.started_at:%Y-%m-%d %H:%M}Z"
        numbers = [_number(analysis.metric(name), digits) for _, name, digits in COLUMNS]
        codes = " ".join(finding.code for finding in review.findings)
        state = review.state.replace("_", " ") + (f" ({codes})" if codes else "")
        table.add_row(
            Text(clean(recording.file or recording.id)),
            started,
            *numbers,
            analysis.quality.grade.replace("_", " "),
            Text(state, style="bold" if review.flagged else ""),
        )
    Console(highlight=False).print(table)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
