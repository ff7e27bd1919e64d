"""What was done and what else happened, as strips above a trend: treatments, settings, confounders.

Comes in: a trend's diary. Goes out: strips of lettered marks with a row of their own wherever two would
collide, lines through the panels below, and the words of a key. Leaves to others: the panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from telemetry.model import TREATMENTS
from telemetry.reports import figure_parts as parts
from telemetry.reports import style
from telemetry.reports import trend_axis as axis
from telemetry.reports.figure_key import Entry
from telemetry.reports.words import plain_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telemetry.model import Phase, SettingEffect, TrendAnalysis

ROW_IN, GAP_IN = 0.17, 0.045
LETTERS = dict(zip(TREATMENTS, ("A", "M", "N", "S", "E", "O"), strict=True))
"""Treatment to the letter of its mark."""
CONFOUNDER_WORDS = {"analgesic": "painkiller", "illness": "illness", "load_outside": "outside load"}
PAD_IN = 0.045
MOST_ROWS = 3
"""rows of a strip; what finds no room in them is counted beside it"""
TREATMENT_LINE: dict[str, Any] = {"color": style.INK, "linewidth": 0.7, "zorder": 0.9}
MANY = 40
DOTTED = (0, (1, 1.8))
SETTING_LINE: dict[str, Any] = {
    "color": style.INK,
    "linewidth": 0.9,
    "linestyle": DOTTED,
    "zorder": 0.9,
}
CONFOUNDER_LOOK: dict[str, Any] = {
    "facecolor": style.PAPER,
    "edgecolor": style.MUTED,
    "hatch": "....",
    "linewidth": 0.5,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a day, or over some days, with what is written on it."""

    start: float
    stop: float
    text: str
    line: bool = True
    """whether it has a line through the panels"""


@dataclass(frozen=True, slots=True)
class Strip:
    """Marks of one kind in rows."""

    name: str
    marks: tuple[Mark, ...]
    rows: tuple[int, ...]
    left_out: int = 0
    """marks that no row had room for; their lines are drawn"""

    @property
    def label(self) -> str:
        """Its name, and how many marks are not there."""
        return f"{self.name}\n+ {self.left_out} more" if self.left_out else self.name

    @property
    def height_in(self) -> float:
        """Height of all its rows."""
        return ROW_IN * (1 + max(self.rows, default=0))


def treatments(trends: TrendAnalysis) -> tuple[Mark, ...]:
    """A mark a day with the letters of what was done on it."""
    days: dict[int, list[str]] = {}
    for item in trends.diary.treatments:
        if axis.inside(trends, item.when):
            letters = days.setdefault(int(axis.place(trends, item.when)), [])
            if LETTERS[item.kind] not in letters:
                letters.append(LETTERS[item.kind])
    return tuple(Mark(day + 0.5, day + 0.5, "".join(letters)) for day, letters in sorted(days.items()))


def numbered(trends: TrendAnalysis) -> tuple[tuple[int, SettingEffect], ...]:
    """Changes of settings with the number that figure and table give them."""
    return tuple(enumerate(trends.settings, start=1))


def settings(trends: TrendAnalysis) -> tuple[Mark, ...]:
    """A mark for each change of a setting, numbered as in the table."""
    return tuple(
        Mark(axis.place(trends, effect.when), axis.place(trends, effect.when), str(number))
        for number, effect in numbered(trends)
    )


def confounders(trends: TrendAnalysis) -> tuple[Mark, ...]:
    """Painkillers, illness and load outside the class, over the days they were noted for."""
    whole = axis.length_days(trends)
    found: list[Mark] = []
    for item in trends.diary.confounders:
        start = axis.place(trends, item.when)
        stop = start + 1.0 if item.until is None else max(axis.place(trends, item.until), start + 1.0)
        if stop > 0.0 and start < whole:
            words = CONFOUNDER_WORDS[item.kind]
            first, last = float(int(max(start, 0.0))), min(whole, stop)
            before = next(
                (i for i, mark in enumerate(found) if mark.text == words and mark.stop >= first), None
            )
            if before is None:
                found.append(Mark(first, last, words, line=False))
            else:  # days in a row are one span
                joined = found[before]
                found[before] = replace(joined, stop=max(joined.stop, last))
    return tuple(found)


def strips(trends: TrendAnalysis, width_in: float) -> tuple[Strip, ...]:
    """The strips that hold anything, top down, laid out for a plot of this width."""
    a_day = width_in / axis.length_days(trends)
    found = []
    for name, marks in (
        ("treatments", treatments(trends)),
        ("settings", settings(trends)),
        ("noted", confounders(trends)),
    ):
        if marks:
            rows = axis.lanes([_taken(mark, a_day) for mark in marks])
            kept = [(mark, row) for mark, row in zip(marks, rows, strict=True) if row < MOST_ROWS]
            gone = len(marks) - len(kept)
            found.append(Strip(name, tuple(m for m, _ in kept), tuple(r for _, r in kept), gone))
    return tuple(found)


def _taken(mark: Mark, a_day: float) -> tuple[float, float]:
    """Days that a mark and its words take."""
    wide = (parts.text_width_in(mark.text, style.NOTE_PT) + 2 * PAD_IN) / a_day
    if mark.line:
        return mark.start - wide / 2, mark.start + wide / 2
    return mark.start, mark.stop + wide


def height_in(found: Sequence[Strip], with_phases: bool) -> float:
    """Height of all strips with the room between them."""
    heights = [strip.height_in for strip in found] + ([ROW_IN] if with_phases else [])
    return sum(heights) + GAP_IN * len(heights)


def draw_phases(axes: Axes, trends: TrendAnalysis) -> None:
    """Names of the phases in one row, shortened to fit."""
    _bare(axes, trends, "phases")
    a_day = parts.width_in(axes) / axis.length_days(trends)
    for start, stop, phase in axis.phases(trends):
        text = parts.shortened(phase_name(phase), (stop - start) * a_day - 2 * PAD_IN, style.NOTE_PT)
        if text:
            axes.text(
                start + PAD_IN / a_day, 0.5, text, fontsize=style.NOTE_PT, va="center_baseline"
            ).set_gid("phase-name")


def phase_name(phase: Phase) -> str:
    """A phase's name as it is printed."""
    return parts.printable(plain_words(phase.name))


def draw_strip(axes: Axes, trends: TrendAnalysis, strip: Strip) -> None:
    """The marks of a strip: a letter in a box at its day, or a hatched span with its words beside."""
    _bare(axes, trends, strip.name)
    count = 1 + max(strip.rows, default=0)
    whole = axis.length_days(trends)
    a_day = parts.width_in(axes) / whole
    for mark, row in zip(strip.marks, strip.rows, strict=True):
        height = 1.0 - (row + 0.5) / count
        if mark.line:
            half = (parts.text_width_in(mark.text, style.NOTE_PT) / 2 + PAD_IN * 0.6) / a_day
            at = min(max(mark.start, half), whole - half)
            dark = strip.name == "treatments"
            axes.text(
                at,
                height,
                mark.text,
                fontsize=style.NOTE_PT - 0.5,
                fontweight="bold",
                ha="center",
                va="center_baseline",
                color=style.PAPER if dark else style.INK,
                bbox={
                    "boxstyle": "square,pad=0.16",
                    "facecolor": style.INK if dark else style.PAPER,
                    "edgecolor": style.INK,
                    "linewidth": 0.7,
                },
            ).set_gid("mark")
        else:
            low, high = height - 0.32 / count, height + 0.32 / count
            parts.spans_in(axes, [(mark.start, mark.stop)], low, high, zorder=1.0, **CONFOUNDER_LOOK)
            text = mark.text
            wide = parts.text_width_in(text, style.NOTE_PT) / a_day
            after = mark.stop + 0.6 * PAD_IN / a_day
            fits = after + wide <= whole
            axes.text(
                after if fits else mark.start - 0.6 * PAD_IN / a_day,
                height,
                text,
                fontsize=style.NOTE_PT,
                ha="left" if fits else "right",
                va="center_baseline",
            ).set_gid("mark")


def _bare(axes: Axes, trends: TrendAnalysis, name: str) -> None:
    axes.set_gid(f"panel-{name}")
    axes.set_xlim(0.0, axis.length_days(trends))
    axes.set_ylim(0.0, 1.0)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axis.phase_bands(axes, trends)


def lines(axes: Axes, trends: TrendAnalysis) -> None:
    """Treatments and changed settings as lines through a panel."""
    done = [mark.start for mark in treatments(trends)]
    changed = [mark.start for mark in settings(trends)]
    # where there are very many the points come first
    thin = {"linewidth": 0.3, "color": style.MUTED} if len(done) + len(changed) > MANY else {}
    if done:
        parts.verticals(axes, done, **(TREATMENT_LINE | thin))
    if changed:
        parts.verticals(axes, changed, **(SETTING_LINE | thin))


def key(trends: TrendAnalysis) -> list[Entry]:
    """What the letters stand for, those that are there only."""
    seen = {item.kind for item in trends.diary.treatments if axis.inside(trends, item.when)}
    entries = []
    if seen:
        names = [f"{letter} {plain_words(kind)}" for kind, letter in LETTERS.items() if kind in seen]
        entries.append(Entry(names[0], mark={"color": style.INK, "linewidth": 0.9}))
        entries += [Entry(name) for name in names[1:]]
    if trends.settings:
        several = len(trends.settings) > 1
        line = {"color": style.INK, "linewidth": 1.0, "linestyle": DOTTED}
        entries.append(Entry(f"1{' …' if several else ''} changed setting", mark=line))
    return entries
