"""Weeks side by side: torque load of each, zero where there was no class, and how load builds up by day.

Comes in: a trend. Goes out: one sheet on the axis that all figures of a trend share. Leaves to others: sums
and weighted means (analysis).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telemetry.reports import figure_key, style, trend_marks
from telemetry.reports import figure_parts as parts
from telemetry.reports import trend_axis as axis
from telemetry.reports.figure_key import Entry
from telemetry.reports.trend_overview import PARTIAL_LOOK, WEEK_LOOK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import TrendAnalysis

LEFT_IN, RIGHT_IN, HEADER_IN, AXIS_IN = 0.46, 0.12, 0.28, 0.44
WEEKS_IN, DAYS_IN = 1.35, 1.05
RECENT: dict[str, Any] = {"color": style.CHANNEL_COLOURS["power_w"], "linewidth": 1.5}
USUAL: dict[str, Any] = {"color": style.INK, "linewidth": 1.1, "linestyle": (0, (4, 2))}


def applies(trends: TrendAnalysis) -> bool:
    """True where any week has a class."""
    return any(week.classes for week in trends.weeks)


def _entries(trends: TrendAnalysis) -> list[Entry]:
    entries = [Entry("torque load of the week", WEEK_LOOK)]
    if any(week.partial for week in trends.weeks):
        entries.append(Entry("of a week known in part", PARTIAL_LOOK))
    recent, usual = (axis.limit(trends, f"{name}_load_days", 0.0) for name in ("recent", "usual"))
    return [
        *entries,
        Entry(f"weighted mean of {recent:g} days", mark=RECENT),
        Entry(f"of {usual:g} days", mark=USUAL),
    ]


def height_in(trends: TrendAnalysis, width_in: float) -> float:
    """Height of both panels, the axis and the key."""
    key = figure_key.height_in(figure_key.rows(_entries(trends), 0.08, width_in))
    return 2 * HEADER_IN + WEEKS_IN + DAYS_IN + AXIS_IN + key + 0.04


def draw(figure: Figure, trends: TrendAnalysis) -> None:
    """Both panels and the key."""
    wide = float(figure.get_size_inches()[0])
    plot = wide - LEFT_IN - RIGHT_IN
    top = height_in(trends, wide) - HEADER_IN - WEEKS_IN
    axes = parts.place(figure, LEFT_IN, top, plot, WEEKS_IN)
    _under(axes, trends, labelled=False)
    _weeks(axes, trends)
    axes = parts.place(figure, LEFT_IN, top - HEADER_IN - DAYS_IN, plot, DAYS_IN)
    _under(axes, trends, labelled=True)
    _days(axes, trends)
    figure_key.draw(figure, figure_key.rows(_entries(trends), 0.08, wide))


def _under(axes: Axes, trends: TrendAnalysis, *, labelled: bool) -> None:
    axis.date_axis(axes, trends, labelled=labelled)
    axis.phase_bands(axes, trends)
    axis.before_record(axes, trends)
    trend_marks.lines(axes, trends)


def _weeks(axes: Axes, trends: TrendAnalysis) -> None:
    axes.set_gid("panel-weeks")
    parts.scale(axes, 0.0, 1.12 * max(week.torque_load for week in trends.weeks), 3)
    parts.header(axes, "Torque load of each week (TL)")
    a_day = parts.width_in(axes) / axis.length_days(trends)
    spans = []
    for week in trends.weeks:
        start = max(0.0, axis.day_place(trends, week.first))
        stop = min(axis.length_days(trends), axis.day_place(trends, week.last) + 1.0)
        look = PARTIAL_LOOK if week.partial else WEEK_LOOK
        axes.fill_between((start + 0.25, stop - 0.25), week.torque_load, **look, zorder=1.0)
        text = parts.plain(week.torque_load) + ("+" if week.without_load else "")
        spans.append((start, stop, text, week))
    widest = max(parts.text_width_in(text, style.NOTE_PT) for *_, text, _ in spans)
    if widest <= 7 * a_day + 0.02:  # all or none: a number on one of many weeks would seem to mean something
        for start, stop, text, week in spans:
            axes.annotate(
                text,
                ((start + stop) / 2, week.torque_load),
                (0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=style.NOTE_PT,
                bbox={"boxstyle": "square,pad=0.05", "facecolor": style.PAPER, "edgecolor": "none"},
                zorder=3.0,
            ).set_gid("week")


def _days(axes: Axes, trends: TrendAnalysis) -> None:
    axes.set_gid("panel-days")
    x = [axis.day_place(trends, row.day) + 0.5 for row in trends.daily]
    nothing = float("nan")  # before the record is as long as the mean looks back
    recent = [nothing if row.recent is None else row.recent for row in trends.daily]
    usual = [nothing if row.usual is None else row.usual for row in trends.daily]
    parts.scale(axes, 0.0, max([1.0, *(value for value in (*recent, *usual) if value == value)]), 3)
    parts.header(axes, "Weighted mean load (TL a day)")
    axes.plot(x, usual, **USUAL, zorder=2.2, gid="usual")
    axes.plot(x, recent, **RECENT, zorder=2.4, gid="recent")
