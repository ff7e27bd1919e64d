"""The axis that every figure of a trend shares: days since the first of the window, in the rider's zone.

Comes in: a trend, moments and days. Goes out: places on the axis, ticks at Mondays, bands for rehab phases,
and rows for marks that would otherwise stand on each other. Leaves to others: what is drawn along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from telemetry.reports import figure_parts as parts
from telemetry.reports import style
from telemetry.reports.words import MONTHS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telemetry.model import Phase, TrendAnalysis

STEPS = (1, 2, 3, 4, 6, 8, 13, 26, 52)
"""weeks between two labels"""


def length_days(trends: TrendAnalysis) -> float:
    """Days of the window."""
    return float((trends.last_day - trends.first_day).days + 1)


def local(trends: TrendAnalysis, moment: datetime) -> datetime:
    """A moment on the rider's clock."""
    return moment.astimezone(ZoneInfo(trends.zone))


def place(trends: TrendAnalysis, moment: datetime) -> float:
    """A moment as days since the window began, in the rider's zone."""
    clock = local(trends, moment)
    return (clock.date() - trends.first_day).days + (clock.hour + clock.minute / 60.0) / 24.0


def day_place(trends: TrendAnalysis, day: date) -> float:
    """The start of a day as days since the window began."""
    return float((day - trends.first_day).days)


def inside(trends: TrendAnalysis, moment: datetime) -> bool:
    """Whether a moment lies in the window."""
    return 0.0 <= place(trends, moment) <= length_days(trends)


def limit(trends: TrendAnalysis, name: str, default: float) -> float:
    """A limit as it stood in this analysis."""
    return next((row.value for row in trends.limits if row.name == name), default)


def short_day(day: date) -> str:
    """A day as "14 May"."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def ticks(trends: TrendAnalysis, width_in: float) -> tuple[list[float], list[str], str]:
    """Places and labels of Mondays that fit a width, and the years they lie in."""
    widest = parts.text_width_in("28 May", style.TICK_PT) + 0.16
    weeks = int(length_days(trends) + 6) // 7
    most = max(2, int(width_in / widest))
    step = next((s for s in STEPS if (weeks + s - 1) // s <= most), STEPS[-1])
    monday = trends.first_day + timedelta(days=-trends.first_day.weekday() % 7)
    days = [monday + timedelta(weeks=k * step) for k in range((weeks + step - 1) // step)]
    days = [day for day in days if day <= trends.last_day]
    years = sorted({trends.first_day.year, trends.last_day.year})
    unit = "Mondays, " + " to ".join(str(year) for year in years)
    return [day_place(trends, day) for day in days], [short_day(day) for day in days], unit


def date_axis(axes: Axes, trends: TrendAnalysis, *, labelled: bool) -> None:
    """Days on the x axis: a faint vertical at every labelled Monday; labels where `labelled`."""
    axes.set_xlim(0.0, length_days(trends))
    where, labels, unit = ticks(trends, parts.width_in(axes))
    parts.verticals(axes, where, color=style.RULE, linewidth=0.4, zorder=0.5)
    if labelled:
        axes.set_xticks(where, labels)
        axes.set_xlabel(unit)
        axes.xaxis.set_label_coords(0.5, -19.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    else:
        axes.set_xticks([])


def phases(trends: TrendAnalysis) -> list[tuple[float, float, Phase]]:
    """Phases that reach into the window: from, to (the day after the last), and the phase."""
    found = []
    whole = length_days(trends)
    for phase in trends.diary.phases:
        start = max(0.0, day_place(trends, phase.first))
        last = trends.last_day if phase.last is None else phase.last
        stop = min(whole, day_place(trends, last) + 1.0)
        if stop > start:
            found.append((start, stop, phase))
    return found


def phase_bands(axes: Axes, trends: TrendAnalysis) -> None:
    """Every other phase shaded faintly, and a line where one begins: seen behind any panel."""
    for i, (start, stop, _) in enumerate(phases(trends)):
        if i % 2 == 0:
            parts.spans_in(
                axes, [(start, stop)], 0.0, 1.0, facecolor=style.FAINT, linewidth=0.0, zorder=0.3
            ).set_gid("phase")
        if start > 0.0:
            parts.verticals(axes, [start], color=style.MUTED, linewidth=0.6, zorder=0.6)


def before_record(axes: Axes, trends: TrendAnalysis) -> None:
    """Days before the record began are unknown, not zero: a striped band."""
    if trends.record_first_day is None:
        return
    start = min(day_place(trends, trends.record_first_day), length_days(trends))
    if start > 0.0:
        parts.spans_in(axes, [(0.0, start)], 0.0, 1.0, zorder=0.4, **style.GAP_LOOK).set_gid("before-record")


def lanes(spans: Sequence[tuple[float, float]]) -> list[int]:
    """A row for each span, the first that is free there, so that none stands on another."""
    ends: list[float] = []
    found = [0] * len(spans)
    for i in sorted(range(len(spans)), key=lambda i: spans[i]):
        start, stop = spans[i]
        row = next((k for k, end in enumerate(ends) if end <= start), len(ends))
        if row == len(ends):
            ends.append(stop)
        ends[row] = stop
        found[i] = row
    return found
