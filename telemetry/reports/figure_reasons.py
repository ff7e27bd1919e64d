"""The piece of trace behind each finding: what was over which limit, and when.

Comes in: a figure and an analysis with the finding. Goes out: the torque and cadence around a bout, the
strokes before and after minute 30, the drift, the balance, or a value on its scale. Small and quick to draw:
a reason card carries one of them. Leaves to others: the words of the finding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from telemetry.reports import figure_drift, figure_load, figure_timeline, style
from telemetry.reports import figure_parts as parts
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis, Finding

LEFT_IN, RIGHT_IN, BOTTOM_IN, HEADER_IN = 0.46, 0.86, 0.46, 0.28
PANEL_IN = 0.9
AROUND = 0.35
"""how much of the stretch is shown before and after it"""
PAIN_SCALE = (0.0, 10.0)


def finding(analysis: ClassAnalysis, code: str) -> Finding | None:
    """The finding of that rule, None where the rule found nothing."""
    return next((row for row in analysis.review.findings if row.code == code), None)


def crop(analysis: ClassAnalysis, row: Finding) -> parts.Span:
    """The minutes to be shown: the finding's own and some around them, at least three, within the class."""
    start, stop = parts.class_span(analysis)
    if row.start_s is None or row.stop_s is None:
        return start, stop
    a, b = row.start_s / SECONDS_PER_MINUTE, row.stop_s / SECONDS_PER_MINUTE
    around = max(AROUND * (b - a), (3.0 - (b - a)) / 2, 0.5)
    return max(start, a - around), min(stop, b + around)


# --- one drawing per rule -----------------------------------------------------------------------------------


def _panels_of_bout(analysis: ClassAnalysis) -> list[str]:
    return [name for name in ("torque_nm", "cadence_rpm") if parts.column(analysis, name) is not None]


def _draw_bout(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    names = _panels_of_bout(analysis)
    bottom = BOTTOM_IN
    for channel in reversed(names):
        axes = _axes(figure, bottom, PANEL_IN)
        labelled = channel == names[-1]
        figure_timeline.draw_channel(axes, analysis, channel, span=crop(analysis, row), labelled=labelled)
        bottom += PANEL_IN + HEADER_IN


def _draw_load(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    limit = (row.limit, f"limit\n{parts.plain(row.limit)} TL") if row.unit == "TL" else None
    figure_load.draw_load(_axes(figure, BOTTOM_IN, 1.5 * PANEL_IN), analysis, limit)


def _late_strokes(analysis: ClassAnalysis) -> tuple[np.ndarray, np.ndarray] | None:
    """Minutes and strokes in bouts so far, from the bouts themselves."""
    if not analysis.bouts:
        return None
    time, count = [0.0], [0.0]
    for bout in analysis.bouts:
        time += [bout.start_s / SECONDS_PER_MINUTE, bout.stop_s / SECONDS_PER_MINUTE]
        count += [count[-1], count[-1] + bout.strokes]
    return np.append(time, max(time[-1], parts.class_span(analysis)[1])), np.append(count, count[-1])


def _draw_late(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    axes = _axes(figure, BOTTOM_IN, 1.5 * PANEL_IN)
    axes.set_gid("panel-late_strokes")
    found = _late_strokes(analysis)
    assert found is not None
    time, count = found
    parts.time_axis(axes, parts.class_span(analysis))
    parts.scale(axes, 0.0, float(count[-1]) * 1.05, 4)
    parts.header(axes, "Strokes in bouts so far", style.TIER_EDGE)
    parts.mark_silence(axes, analysis)
    parts.mark_bouts(axes, analysis)
    axes.plot(time, count, color=style.INK, linewidth=1.6, zorder=2.2)
    axes.lines[-1].set_gid("trace-late_strokes")
    minute = parts.limit(analysis, "late_minute", 30.0)
    before = float(np.interp(minute, time, count))
    whole = float(count[-1])
    notes = [(whole, f"{parts.plain(whole)}\nstrokes", style.INK)]
    if time[0] < minute < time[-1]:
        notes.append((before, f"{parts.plain(before)} by\nminute {minute:g}", style.INK))
        axes.plot([minute], [before], marker="o", markersize=5, color=style.INK, zorder=2.6)
    parts.beside_apart(axes, notes)
    parts.mark_late(axes, analysis, named=True)


def _draw_drift(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    axes = _axes(figure, BOTTOM_IN, 1.5 * PANEL_IN)
    if _is_heart(analysis, row):
        figure_drift.draw_heart_rate_drift(axes, analysis)
    else:
        figure_drift.draw_cadence_drift(axes, analysis)


def _is_heart(analysis: ClassAnalysis, row: Finding) -> bool:
    return row.unit.startswith("bpm")


def _draw_balance(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    figure_drift.draw_balance(_axes(figure, BOTTOM_IN, 1.5 * PANEL_IN), analysis)


def _draw_pain(figure: Figure, analysis: ClassAnalysis, row: Finding) -> None:
    axes = _axes(figure, BOTTOM_IN, 0.34)
    axes.set_gid("panel-pain")
    axes.set(xlim=PAIN_SCALE, ylim=(0, 1), yticks=[], xticks=range(11))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"{row.title} ({row.unit})")
    axes.xaxis.set_label_coords(0.5, -19.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    axes.barh(0.5, row.value, height=0.6, color=style.DENSITY[2], zorder=1.5)
    parts.verticals(axes, [row.limit], color=style.INK, linewidth=1.2, linestyle=(0, (4, 2.5)), zorder=2.5)
    axes.text(row.limit, 1.05, f"limit {row.limit:g}", fontsize=style.NOTE_PT, ha="center", va="bottom")


def _axes(figure: Figure, bottom: float, height: float) -> Axes:
    width = float(figure.get_size_inches()[0]) - LEFT_IN - RIGHT_IN
    return parts.place(figure, LEFT_IN, bottom, width, height)


# --- the rules ----------------------------------------------------------------------------------------------

_Draw = Callable[["Figure", "ClassAnalysis", "Finding"], None]

TALL_IN = 1.5 * PANEL_IN + BOTTOM_IN
CAPTION_IN = figure_drift.HEADER_IN

RULES: dict[
    str, tuple[str, _Draw, Callable[[ClassAnalysis, Finding], bool], Callable[[ClassAnalysis], float]]
] = {
    "R1": (
        "Torque load",
        _draw_load,
        lambda analysis, row: figure_load.load_applies(analysis),
        lambda analysis: TALL_IN + HEADER_IN,
    ),
    "R2": (
        "Grinding",
        _draw_bout,
        lambda analysis, row: bool(_panels_of_bout(analysis)),
        lambda analysis: len(_panels_of_bout(analysis)) * (PANEL_IN + HEADER_IN) + BOTTOM_IN,
    ),
    "R3": (
        "Late loading",
        _draw_late,
        lambda analysis, row: bool(analysis.bouts),
        lambda analysis: TALL_IN + HEADER_IN,
    ),
    "R4": (
        "Drift",
        _draw_drift,
        lambda analysis, row: (
            figure_drift.has_heart(analysis)
            if _is_heart(analysis, row)
            else figure_drift.has_cadence(analysis)
        ),
        lambda analysis: TALL_IN + CAPTION_IN,
    ),
    "R5": (
        "Balance",
        _draw_balance,
        lambda analysis, row: figure_drift.balance_applies(analysis),
        lambda analysis: TALL_IN + CAPTION_IN,
    ),
    "R6": ("Pain", _draw_pain, lambda analysis, row: True, lambda analysis: 0.34 + BOTTOM_IN + HEADER_IN),
}
"""rule → title, drawing, whether there is something to draw, height"""


def applies(code: str) -> Callable[[ClassAnalysis], bool]:
    """Whether the rule found something and there is a trace to show for it."""

    def check(analysis: ClassAnalysis) -> bool:
        row = finding(analysis, code)
        return row is not None and RULES[code][2](analysis, row)

    return check


def draw(code: str) -> Callable[[Figure, ClassAnalysis], None]:
    """The drawing of a rule's finding."""

    def fill(figure: Figure, analysis: ClassAnalysis) -> None:
        row = finding(analysis, code)
        assert row is not None, code
        RULES[code][1](figure, analysis, row)

    return fill


def height_in(code: str) -> Callable[[ClassAnalysis, float], float]:
    """The height of a rule's figure."""
    return lambda analysis, width_in: RULES[code][3](analysis)


def alt(code: str) -> Callable[[ClassAnalysis], str]:
    """A finding in words: value, limit and minutes."""

    def words(analysis: ClassAnalysis) -> str:
        row = finding(analysis, code)
        assert row is not None, code
        value, limit = (f"{parts.plain(number, 1)} {row.unit}" for number in (row.value, row.limit))
        said = f"{row.title}: {value}, limit {limit}."
        if row.start_s is not None and row.stop_s is not None:
            first, last = row.start_s / SECONDS_PER_MINUTE, row.stop_s / SECONDS_PER_MINUTE
            said += f" Minute {first:.1f} to {last:.1f}."
        return said

    return words
