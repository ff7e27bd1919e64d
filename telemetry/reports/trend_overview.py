"""The figure to look at first: load, grinding, drift and pain above one time axis, with what was done.

Comes in: a trend. Goes out: strips of phases, treatments, settings and confounders; the control chart;
grinding of each class and week; drift; pain in a panel of its own, back and leg apart. Leaves to others: what
any of it means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telemetry.reports import figure_key, style, trend_chart, trend_marks
from telemetry.reports import figure_parts as parts
from telemetry.reports import trend_axis as axis
from telemetry.reports.figure_key import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import PainEntry, TrendAnalysis, Week

LEFT_IN, RIGHT_IN, TOP_IN, AXIS_IN = 0.40, 0.98, 0.04, 0.44
HEADER_IN = 0.27
"""room above a panel for its label"""
PAIN_COLOURS = {"back": style.INK, "leg": style.CHANNEL_COLOURS["torque_nm"], "other": style.MUTED}
PAIN_MARKS = {"back": "o", "leg": "D", "other": "+"}
WEEK_LOOK: dict[str, Any] = {"facecolor": "#dfe4ea", "edgecolor": style.MUTED, "linewidth": 0.4}
PARTIAL_LOOK: dict[str, Any] = WEEK_LOOK | {"facecolor": style.PAPER, "hatch": "////"}
MEDIAN_LOOK: dict[str, Any] = {"color": style.INK, "linewidth": 1.8}
WORST_LOOK: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "linestyle": (0, (3, 1.5))}
DOT: dict[str, Any] = {"linestyle": "none", "markersize": 4.2, "markeredgewidth": 0.7}


@dataclass(frozen=True)
class Panel:
    """One panel over the shared axis."""

    name: str
    height_in: float
    draw: Callable[[Axes, TrendAnalysis], None]
    applies: Callable[[TrendAnalysis], bool]


# --- panels -------------------------------------------------------------------------------------------------


def _grinding(axes: Axes, trends: TrendAnalysis) -> None:
    """Minutes of grinding: stems for classes, boxes for weeks."""
    weeks = [week for week in trends.weeks if week.classes]
    classes = [row for row in trends.classes if row.grinding_min is not None]
    own = [item.value for item in trends.diary.limits if item.metric == "grinding_min"]
    values = [week.grinding_min for week in weeks] + [row.grinding_min or 0.0 for row in classes]
    parts.scale(axes, 0.0, max([*values, *own, 1.0]), 3)
    parts.header(axes, "Grinding (min): class, and week")
    for week in weeks:
        x = _days(trends, week)
        axes.fill_between(x, week.grinding_min, **(PARTIAL_LOOK if week.partial else WEEK_LOOK), zorder=1.0)
    for x in _without_class(trends):
        rotated = _wider(axes, x, parts.text_width_in("no class", style.NOTE_PT))
        if rotated and _wider(axes, x, style.NOTE_PT / parts.POINTS_PER_INCH):
            continue  # no room at all: the gap is left to speak
        axes.annotate(
            "no class",
            (sum(x) / 2, 0.0),
            (0, 3),
            textcoords="offset points",
            fontsize=style.NOTE_PT,
            color=style.MUTED,
            ha="center",
            va="bottom",
            rotation=90 if rotated else 0,
        ).set_gid("no-class")
    if classes:
        places = [axis.place(trends, row.started_at) for row in classes]
        heights = [row.grinding_min or 0.0 for row in classes]
        axes.vlines(places, 0.0, heights, color=style.TIER_EDGE, linewidth=1.4, zorder=2.4)
        axes.plot(places, heights, **CLASS_STEM, zorder=2.6, clip_on=False, gid="grinding-classes")
    parts.beside_apart(axes, trend_chart.own_limits(axes, trends, "grinding_min"))


CLASS_STEM: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.6, "color": style.TIER_EDGE}


def _days(trends: TrendAnalysis, week: Week) -> parts.Span:
    """The days of a week that are drawn."""
    stop = axis.day_place(trends, week.last) + 1.0
    return max(axis.day_place(trends, week.first), 0.0), min(stop, axis.length_days(trends))


def _without_class(trends: TrendAnalysis) -> list[parts.Span]:
    """Weeks without a class, those in a row as one span."""
    found: list[parts.Span] = []
    for week in trends.weeks:
        if not week.classes:
            start, stop = _days(trends, week)
            joins = bool(found) and found[-1][1] >= start
            if joins:
                found[-1] = (found[-1][0], stop)
            else:
                found.append((start, stop))
    return found


def _wider(axes: Axes, span: parts.Span, wide_in: float) -> bool:
    """Whether words of this width have no room in a span."""
    low, high = axes.get_xlim()
    return wide_in + 0.1 > (span[1] - span[0]) / (high - low) * parts.width_in(axes)


def _drift(metric: str, label: str, own: tuple[str, ...]) -> Callable[[Axes, TrendAnalysis], None]:
    def draw(axes: Axes, trends: TrendAnalysis) -> None:
        known = [(row, getattr(row, metric)) for row in trends.classes if getattr(row, metric) is not None]
        values = [value for _, value in known]
        limits = [item.value for item in trends.diary.limits if item.metric in own]
        parts.scale(axes, min([*values, *limits, 0.0]), 1.06 * max([*values, *limits, 0.1]), 3)
        parts.header(axes, label)
        axes.axhline(0.0, color=style.MUTED, linewidth=0.7, zorder=1.5)
        for week in trends.weeks:
            middle = getattr(week, metric)
            if middle is not None:
                start, stop = axis.day_place(trends, week.first), axis.day_place(trends, week.last) + 1.0
                axes.hlines(middle, max(start, 0.0) + 0.3, stop - 0.3, **MEDIAN_LOOK, zorder=2.0)
        places = [axis.place(trends, row.started_at) for row, _ in known]
        axes.plot(places, values, **trend_chart.USUAL, zorder=2.5, clip_on=False, gid="drift-classes")
        parts.beside_apart(axes, trend_chart.own_limits(axes, trends, *own))

    return draw


def _pain(axes: Axes, trends: TrendAnalysis) -> None:
    """Every entry as a point; each week's median and worst of the back as lines."""
    axes.set_ylim(-0.4, 10.4)
    axes.set_yticks([0, 2, 4, 6, 8, 10])
    axes.grid(axis="y")
    parts.header(axes, "Pain noted (0 to 10)")
    for week in trends.weeks:
        start, stop = axis.day_place(trends, week.first) + 0.3, axis.day_place(trends, week.last) + 0.7
        if week.pain_max is not None:
            axes.hlines(week.pain_max, start, stop, **WORST_LOOK, zorder=2.0).set_gid("pain-worst")
        if week.pain_median is not None:
            axes.hlines(week.pain_median, start, stop, **MEDIAN_LOOK, zorder=2.1).set_gid("pain-median")
    for group in ("other", "leg", "back"):
        for late in (False, True):
            noted = [
                item
                for item in trends.diary.pain
                if item.group == group and is_late(trends, item) is late and axis.inside(trends, item.when)
            ]
            if noted:
                x = [axis.place(trends, item.when) for item in noted]
                y = [item.nrs for item in noted]
                axes.plot(x, y, **_dot(group, late), zorder=2.6, clip_on=False, gid=f"pain-{group}")
    parts.beside_apart(axes, trend_chart.own_limits(axes, trends, "pain"))


def _dot(group: str, late: bool) -> dict[str, Any]:
    colour = PAIN_COLOURS[group]
    face = style.PAPER if late else trend_chart.GREY if group == "back" else colour
    return DOT | {"marker": PAIN_MARKS[group], "markerfacecolor": face, "markeredgecolor": colour}


def is_late(trends: TrendAnalysis, item: PainEntry) -> bool:
    """Whether an entry was written down later than the trend's own limit allows."""
    hours = axis.limit(trends, "late_entry_h", 24.0)
    return item.entered_at is not None and (item.entered_at - item.when).total_seconds() > hours * 3600.0


def _any(metric: str) -> Callable[[TrendAnalysis], bool]:
    return lambda trends: any(getattr(row, metric) is not None for row in trends.classes)


PANELS: tuple[Panel, ...] = (
    Panel("chart", 2.05, trend_chart.draw, lambda trends: bool(trend_chart.shown(trends))),
    Panel("grinding", 0.95, _grinding, _any("grinding_min")),
    Panel(
        "drift",
        0.8,
        _drift(
            "heart_rate_drift_bpm_per_h",
            "Heart-rate drift (bpm/h)",
            ("heart_rate_drift_bpm_per_h",),
        ),
        _any("heart_rate_drift_bpm_per_h"),
    ),
    Panel(
        "cadence_drift",
        0.7,
        _drift(
            "cadence_drift_class_rpm_per_min",
            "Cadence drift against the class (rpm/min)",
            ("cadence_drift_class_rpm_per_min",),
        ),
        _any("cadence_drift_class_rpm_per_min"),
    ),
    Panel("pain", 1.5, _pain, lambda trends: bool(trends.diary.pain)),
)


# --- the sheet ----------------------------------------------------------------------------------------------


def panels(trends: TrendAnalysis) -> tuple[Panel, ...]:
    """Panels that have something to show."""
    return tuple(panel for panel in PANELS if panel.applies(trends))


def applies(trends: TrendAnalysis) -> bool:
    """True where any panel has something to show."""
    return bool(panels(trends))


def height_in(trends: TrendAnalysis, width_in: float) -> float:
    """Height of strips, panels, axis and key."""
    plot = width_in - LEFT_IN - RIGHT_IN
    found = trend_marks.strips(trends, plot)
    above = trend_marks.height_in(found, bool(axis.phases(trends)))
    middle = sum(panel.height_in + HEADER_IN for panel in panels(trends))
    return TOP_IN + above + middle + AXIS_IN + figure_key.height_in(_key_rows(trends, width_in)) + 0.04


def _key_rows(trends: TrendAnalysis, width_in: float) -> list[list[figure_key.Placed]]:
    return figure_key.rows(key(trends), 0.08, width_in)


def key(trends: TrendAnalysis) -> list[Entry]:
    """Every mark of the figure that is there."""
    names = {panel.name for panel in panels(trends)}
    entries = trend_marks.key(trends)
    if "chart" in names:
        entries += trend_chart.key(trends)
    if "grinding" in names:
        entries += [
            Entry("grinding of a class", mark=CLASS_STEM),
            Entry("of the week", WEEK_LOOK),
        ]
        if any(week.partial and week.classes for week in trends.weeks):
            entries.append(Entry("of a week known in part", PARTIAL_LOOK))
    noted = trends.diary.pain
    for group, words in (("back", "back pain"), ("leg", "leg pain"), ("other", "pain elsewhere")):
        if any(item.group == group for item in noted):
            entries.append(Entry(words, mark=_dot(group, False)))
    if any(is_late(trends, item) for item in noted):
        entries.append(Entry("written down late", mark=_dot("back", True)))
    if names & {"drift", "cadence_drift"} or any(week.pain_median is not None for week in trends.weeks):
        entries.append(Entry("median of the week", mark=MEDIAN_LOOK))
    if any(week.pain_max is not None for week in trends.weeks):
        entries.append(Entry("worst back pain of the week", mark=WORST_LOOK))
    if axis.day_place(trends, trends.record_first_day or trends.first_day) > 0.0:
        entries.append(Entry("before the record", style.GAP_LOOK))
    return entries


def draw(figure: Figure, trends: TrendAnalysis) -> None:
    """Strips, panels, one time axis, and a key of what is there."""
    wide, high = (float(size) for size in figure.get_size_inches())
    plot = wide - LEFT_IN - RIGHT_IN
    total = height_in(trends, wide)
    top = min(total, high) - TOP_IN
    if axis.phases(trends):
        top -= trend_marks.ROW_IN
        axes = parts.place(figure, LEFT_IN, top, plot, trend_marks.ROW_IN)
        trend_marks.draw_phases(axes, trends)
        parts.beside(axes, 0.5, "phases", style.MUTED)
        top -= trend_marks.GAP_IN
    for strip in trend_marks.strips(trends, plot):
        top -= strip.height_in
        axes = parts.place(figure, LEFT_IN, top, plot, strip.height_in)
        trend_marks.draw_strip(axes, trends, strip)
        parts.beside(axes, 0.5, strip.label, style.MUTED)
        top -= trend_marks.GAP_IN
    shown = panels(trends)
    for panel in shown:
        top -= HEADER_IN + panel.height_in
        axes = parts.place(figure, LEFT_IN, top, plot, panel.height_in)
        axis.date_axis(axes, trends, labelled=panel is shown[-1])
        axis.phase_bands(axes, trends)
        axis.before_record(axes, trends)
        trend_marks.lines(axes, trends)
        panel.draw(axes, trends)
        axes.set_gid(f"panel-{panel.name}")
    figure_key.draw(figure, _key_rows(trends, wide))
