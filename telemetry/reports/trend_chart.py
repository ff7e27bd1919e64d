"""The control chart panel: log torque load of each class against the rider's own natural limits.

Comes in: axes and a trend. Goes out: grey points for usual classes, marks of their own for those outside, for
runs and for the moving average, limits back on the scale of the load, the baseline told apart. Leaves to
others: every limit and rule (analysis).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from telemetry.reports import figure_parts as parts
from telemetry.reports import style
from telemetry.reports import trend_axis as axis
from telemetry.reports.figure_key import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from telemetry.model import ChartPoint, TrendAnalysis

TICKS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 600, 800, 1000)
GREY = "#8c97a4"
"""usual points"""
USUAL: dict[str, Any] = {
    "marker": "o",
    "markersize": 5.0,
    "markerfacecolor": GREY,
    "markeredgecolor": style.MUTED,
    "markeredgewidth": 0.6,
    "linestyle": "none",
}
BASELINE = USUAL | {"markerfacecolor": style.PAPER, "markeredgecolor": style.MUTED, "markeredgewidth": 1.0}
OUTSIDE = USUAL | {"markersize": 8.0, "markerfacecolor": style.INK, "markeredgecolor": style.INK}
ABOVE, BELOW = OUTSIDE | {"marker": "^"}, OUTSIDE | {"marker": "v"}
RUN = USUAL | {
    "markersize": 9.5,
    "markerfacecolor": "none",
    "markeredgecolor": style.INK,
    "markeredgewidth": 1.1,
}
MOVING: dict[str, Any] = {"color": style.CHANNEL_COLOURS["power_w"], "linewidth": 1.3, "marker": "none"}
MOVING_SIGNAL = USUAL | {
    "marker": "D",
    "markerfacecolor": style.CHANNEL_COLOURS["power_w"],
    "markeredgecolor": style.PAPER,
}
OWN_DAY: dict[str, Any] = {"color": style.INK, "linewidth": 1.6}
LEFT_OUT = USUAL | {"marker": "x", "markersize": 5.0, "markeredgecolor": style.MUTED, "markeredgewidth": 1.2}


def shown(trends: TrendAnalysis) -> list[ChartPoint]:
    """Points of the chart that lie in the window."""
    return [point for point in trends.chart.points if axis.inside(trends, point.started_at)]


def draw(axes: Axes, trends: TrendAnalysis) -> None:
    """The chart into a panel whose time axis is set."""
    chart = trends.chart
    axes.set_gid("panel-chart")
    points = shown(trends)
    on = [point for point in points if point.value is not None]
    _scale(axes, trends)
    parts.header(axes, "Torque load of each class (TL, log scale)")
    notes: list[tuple[float, str, str]] = []
    for height, name, dash in (
        (chart.high, "upper", (0, (4, 2.5))),
        (chart.centre, "centre", "solid"),
        (chart.low, "lower", (0, (4, 2.5))),
    ):
        if height is not None:
            axes.axhline(height, color=style.INK, linewidth=0.8, linestyle=dash, zorder=1.6).set_gid(
                f"limit-{name}"
            )
            notes.append((height, f"{name} {parts.plain(height)}", style.INK))
    notes += own_limits(axes, trends, "torque_load")
    parts.beside_apart(axes, [(height, text, colour) for height, text, colour in notes])
    _moving_average(axes, trends, on)
    for point in on:
        x, y = axis.place(trends, point.started_at), point.value
        assert y is not None
        for limit in _of_its_day(trends, point):
            axes.hlines(limit, x - 0.8, x + 0.8, **OWN_DAY, zorder=1.7)
        if point.run:
            axes.plot([x], [y], **RUN, zorder=3.2, clip_on=False)
        axes.plot([x], [y], **look(point), zorder=3.0, clip_on=False, gid=f"class-{kind(point)}")
    floor = axes.get_ylim()[0]
    gone = [axis.place(trends, point.started_at) for point in points if point.value is None]
    if gone:
        axes.plot(gone, [floor * 1.06] * len(gone), **LEFT_OUT, zorder=3.0, gid="left-out")


def _of_its_day(trends: TrendAnalysis, point: ChartPoint) -> list[float]:
    """The limits a class was held against, where they lie visibly apart from those of the baseline now.

    Those of a few classes may lie far outside the panel: half a mark on its edge would say nothing.
    """
    lowest, highest = _span(trends)
    pairs = ((point.low, trends.chart.low), (point.high, trends.chart.high))
    apart = (was for was, now in pairs if was and now and abs(was / now - 1.0) > 0.01)
    return [was for was in apart if 1.01 * lowest < was < highest / 1.01]


def kind(point: ChartPoint) -> str:
    """What a point is drawn as: above, below, baseline or usual."""
    return point.outside or ("baseline" if point.in_baseline else "usual")


def look(point: ChartPoint) -> dict[str, Any]:
    """The look of a point."""
    return {"above": ABOVE, "below": BELOW, "baseline": BASELINE, "usual": USUAL}[kind(point)]


def _span(trends: TrendAnalysis) -> tuple[float, float]:
    """Lowest and highest load of the panel."""
    heights = [point.value for point in shown(trends) if point.value is not None]
    heights += [value for value in (trends.chart.low, trends.chart.high) if value is not None]
    heights += [item.value for item in trends.diary.limits if item.metric == "torque_load" and item.value > 0]
    low, high = (min(heights), max(heights)) if heights else (20.0, 100.0)
    return low / 1.18, high * 1.12


def _scale(axes: Axes, trends: TrendAnalysis) -> None:
    low, high = _span(trends)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    # as many as fit without standing on each other, 0.19 inches apart
    room = parts.height_in(axes) / math.log(high / low)
    ticks: list[float] = []
    for tick in TICKS:
        if low <= tick <= high and (not ticks or math.log(tick / ticks[-1]) * room >= 0.19):
            ticks.append(tick)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.grid(axis="y")


def _moving_average(axes: Axes, trends: TrendAnalysis, on: Sequence[ChartPoint]) -> None:
    moved = [(point, point.ewma) for point in on if point.ewma is not None]
    if not moved:
        return
    x = [axis.place(trends, point.started_at) for point, _ in moved]
    axes.plot(x, [value for _, value in moved], **MOVING, zorder=2.4, clip_on=False, gid="ewma")
    signals = [(at, value) for at, (point, value) in zip(x, moved, strict=True) if point.ewma_signal]
    if signals:
        axes.plot(*zip(*signals, strict=True), **MOVING_SIGNAL, zorder=2.6, clip_on=False, gid="ewma-signal")


def own_limits(axes: Axes, trends: TrendAnalysis, *metrics: str) -> list[tuple[float, str, str]]:
    """The clinician's own limits of a panel, as lines over the time they hold; notes for its margin."""
    notes = []
    whole = axis.length_days(trends)
    for item in trends.diary.limits:
        if item.metric not in metrics:
            continue
        later = [other.when for other in trends.diary.limits if other.metric == item.metric]
        ends = [moment for moment in (item.until, *later) if moment is not None and moment > item.when]
        start = max(0.0, axis.place(trends, item.when))
        stop = min(whole, axis.place(trends, min(ends))) if ends else whole
        if stop <= start:
            continue
        axes.hlines(
            item.value, start, stop, color=style.TIER_EDGE, linewidth=1.3, linestyle=(0, (1, 1)), zorder=2.0
        ).set_gid("own-limit")
        notes.append((item.value, f"own limit {item.value:g}", style.TIER_EDGE))
    return notes


def key(trends: TrendAnalysis) -> list[Entry]:
    """The marks of the chart that are there."""
    points = shown(trends)
    kinds = {kind(point) for point in points if point.value is not None}
    entries = [Entry(words, mark=mark) for words, name, mark in (
        ("usual", "usual", USUAL), ("baseline class", "baseline", BASELINE),
        ("above the limits", "above", ABOVE), ("below the limits", "below", BELOW),
    ) if name in kinds]  # fmt: skip
    if any(point.run for point in points):
        entries.append(Entry("eight or more on one side", mark=RUN))
    if any(point.ewma is not None for point in points):
        entries.append(Entry("moving average", mark=MOVING))
    if any(point.ewma_signal for point in points):
        entries.append(Entry("outside its own limits", mark=MOVING_SIGNAL))
    if any(_of_its_day(trends, point) for point in points):
        entries.append(Entry("limit on the day of the class", mark=OWN_DAY))
    if any(point.value is None for point in points):
        entries.append(Entry("not on the chart", mark=LEFT_OUT))
    if trends.diary.limits:
        line = {"color": style.TIER_EDGE, "linewidth": 1.3, "linestyle": (0, (1, 1))}
        entries.append(Entry("clinician's own limit", mark=line))
    return entries
