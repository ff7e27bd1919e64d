"""Figures that set one thing against another: relief and relapse, load and pain, before and after a setting.

Comes in: a trend. Goes out: rows with points and intervals, every row there whether it says something or not.
Leaves to others: the numbers, and what may be said of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telemetry.reports import figure_key, style, trend_chart, trend_marks, words
from telemetry.reports import figure_parts as parts
from telemetry.reports import trend_axis as axis
from telemetry.reports.figure_key import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import CoMovement, Lag, ReliefEvent, Shift, TrendAnalysis

ROW_IN, HEADER_IN, AXIS_IN, RIGHT_IN = 0.24, 0.28, 0.44, 0.12
MOST_EVENTS, MOST_CHANGES = 12, 4
"""rows of a figure, the newest; a table has them all"""
BESIDE_IN = 0.09
"""between a point and the words beside it"""
POINT: dict[str, Any] = {
    "marker": "o",
    "linestyle": "none",
    "markersize": 6.0,
    "markeredgecolor": style.INK,
    "markeredgewidth": 0.9,
}
GREY = POINT | {"markerfacecolor": trend_chart.GREY, "markeredgecolor": style.MUTED}
DARK = POINT | {"markerfacecolor": style.INK}
HOLLOW = POINT | {"markerfacecolor": style.PAPER}
TRIANGLE = POINT | {"marker": "^", "markersize": 7.5, "markerfacecolor": style.INK}
ARROW = POINT | {"marker": ">", "markerfacecolor": style.PAPER}
BAR: dict[str, Any] = {"color": style.INK, "linewidth": 1.2}
OUTCOMES = {
    "pain": "Pain (NRS points)",
    "torque_load": "Torque load (TL)",
    "grinding_min": "Grinding (min)",
}
LOADS = {"torque_load": "Torque load", "grinding_min": "Grinding"}


def _rows(
    figure: Figure, labels: Sequence[str], left: float, bottom: float, gid: str
) -> tuple[Axes, list[float]]:
    """Axes with a labelled row each, the first on top; their heights."""
    wide = float(figure.get_size_inches()[0])
    axes = parts.place(figure, left, bottom, wide - left - RIGHT_IN, ROW_IN * len(labels))
    axes.set_gid(f"panel-{gid}")
    axes.set_ylim(0.0, len(labels))
    heights = [len(labels) - 0.5 - i for i in range(len(labels))]
    axes.set_yticks(heights, labels)
    axes.tick_params(axis="y", length=0)
    for height in heights[1::2]:
        axes.axhspan(height - 0.5, height + 0.5, facecolor=style.FAINT, linewidth=0, zorder=0.2)
    return axes, heights


def _left_in(labels: Sequence[str]) -> float:
    return max(parts.text_width_in(label, style.TICK_PT) for label in labels) + 0.14


def _says(axes: Axes, x: float, y: float, text: str) -> None:
    """Words beside a point, on whichever side has room, on the ground of their row."""
    low, high = axes.get_xlim()
    a_unit = parts.width_in(axes) / (high - low)
    wide = parts.text_width_in(text, style.NOTE_PT) / a_unit
    right = x + BESIDE_IN / a_unit + wide <= high + 1e-9
    ground = style.FAINT if round(axes.get_ylim()[1] - y - 0.5) % 2 else style.PAPER
    axes.text(
        x + (BESIDE_IN if right else -BESIDE_IN) / a_unit,
        y,
        text,
        ha="left" if right else "right",
        va="center_baseline",
        fontsize=style.NOTE_PT,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": ground, "edgecolor": "none"},
        zorder=2.8,
    ).set_gid("says")


def _reach(axes: Axes, low: float, said: Sequence[tuple[float, str]]) -> float:
    """Where the axis must end so that words beside each of these points still fit."""
    plot = parts.width_in(axes)
    ends = [1e-3]
    for x, text in said:
        room = plot - 1.3 * BESIDE_IN - parts.text_width_in(text, style.NOTE_PT)
        ends.append(low + (x - low) * plot / max(room, 0.3 * plot))
    return max(ends)


# --- relief and relapse -------------------------------------------------------------------------------------


def relief_applies(trends: TrendAnalysis) -> bool:
    """True where any treatment could be followed."""
    return any(event.outcome != "not_assessable" for event in trends.relief.events)


def event_name(trends: TrendAnalysis, event: ReliefEvent) -> str:
    """Day and letters of an event: "4 Jan A"."""
    letters = "+".join(trend_marks.LETTERS[kind] for kind in event.kinds)
    return f"{axis.short_day(axis.local(trends, event.when).date())} {letters}"


_RELIEF_KEY = (
    Entry("relief by 2 points", mark=HOLLOW),
    Entry("lowest", mark=GREY),
    Entry("relapse", mark=TRIANGLE),
    Entry("not seen to its end", mark=ARROW),
)


def relief_height_in(trends: TrendAnalysis, width_in: float) -> float:
    """Height of a row for each treatment."""
    key = figure_key.height_in(figure_key.rows(_RELIEF_KEY, 0.08, width_in))
    return HEADER_IN + ROW_IN * min(len(trends.relief.events), MOST_EVENTS) + AXIS_IN + key + 0.04


def draw_relief(figure: Figure, trends: TrendAnalysis) -> None:
    """A row for each treatment: relief, lowest pain and relapse at their days, or why there is none."""
    events = trends.relief.events[-MOST_EVENTS:]
    names = [event_name(trends, event) for event in events]
    wide = float(figure.get_size_inches()[0])
    key = figure_key.rows(_RELIEF_KEY, 0.08, wide)
    bottom = figure_key.height_in(key) + 0.04 + AXIS_IN
    axes, heights = _rows(figure, names, _left_in(names), bottom, "relief")
    reach = max(_reach(axes, 0.0, [(_end(event), _outcome(event)) for event in events]), 7.0)
    axes.set_xlim(0.0, reach)
    _ticks(axes, 0.0, reach, 6)
    axes.set_xlabel("Days since the treatment")
    parts.header(axes, "Pain after each treatment")
    for event, y in zip(events, heights, strict=True):
        _relief_row(axes, event, y)
    figure_key.draw(figure, key)


def _end(event: ReliefEvent) -> float:
    """Day until which an event was followed."""
    end = event.relapse_days if event.relapse_days is not None else event.followed_days
    return 0.0 if end is None or event.outcome == "not_assessable" else end


def _outcome(event: ReliefEvent) -> str:
    """What is written beside a row."""
    if event.outcome == "not_assessable":
        return "not assessable"
    said = f"{event.base:g}" + (f" to {event.nadir:g}" if event.nadir is not None else "")
    if event.relapse_days is not None:
        return f"{said}, day {event.relapse_days:.0f}"
    return f"{said}, no relief" if event.outcome == "no_relief" else f"{said}, no relapse seen"


def _relief_row(axes: Axes, event: ReliefEvent, y: float) -> None:
    end = _end(event)
    _says(axes, end, y, _outcome(event))
    if event.outcome == "not_assessable":
        return
    axes.hlines(y, 0.0, end, **BAR, zorder=2.0)
    if event.not_before_days is not None and event.relapse_days is not None:
        axes.hlines(y, event.not_before_days, event.relapse_days, color=style.INK, linewidth=3.4)
    for days, mark in ((event.relief_days, HOLLOW), (event.nadir_days, GREY)):
        if days is not None:
            axes.plot([days], [y], **mark, zorder=3.0, clip_on=False)
    axes.plot([end], [y], **(TRIANGLE if event.relapse_days is not None else ARROW), zorder=3.2)


def _fit(axes: Axes, text: str) -> str:
    return parts.shortened(text, parts.width_in(axes) - 0.1, style.NOTE_PT)


def _ticks(axes: Axes, low: float, high: float, most: int) -> None:
    step = parts.nice_step(high - low, most)
    first, last = int(-(-low // step)), int(high // step)
    where = [k * step for k in range(first, last + 1)]
    axes.set_xticks(where, [f"{tick:.10g}".replace("-", "−") for tick in where])
    axes.xaxis.set_label_coords(0.5, -19.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    parts.verticals(axes, where, color=style.RULE, linewidth=0.4, zorder=0.5)


# --- load against pain --------------------------------------------------------------------------------------


def lags_applies(trends: TrendAnalysis) -> bool:
    """True where any lag has enough pairs."""
    return any(lag.rho is not None for item in trends.co_movement for lag in item.lags)


def lag_name(lag: int) -> str:
    """A lag in words."""
    return "same class" if lag == 0 else f"{lag} class{'es' if lag > 1 else ''} later"


_LAG_KEY = (
    Entry("rank correlation with its interval", mark=GREY | {"linestyle": "-", "color": style.INK}),
    Entry("stands out over all lags", mark=DARK),
)


def lags_height_in(trends: TrendAnalysis, width_in: float) -> float:
    """Height of a panel for each load."""
    key = figure_key.height_in(figure_key.rows(_LAG_KEY, 0.08, width_in))
    rows = sum(len(item.lags) for item in trends.co_movement)
    return HEADER_IN * len(trends.co_movement) + ROW_IN * rows + AXIS_IN + key + 0.1


def draw_lags(figure: Figure, trends: TrendAnalysis) -> None:
    """A row for each lag, all shown, with interval and number of pairs."""
    wide, high = (float(size) for size in figure.get_size_inches())
    key = figure_key.rows(_LAG_KEY, 0.08, wide)
    top = min(high, lags_height_in(trends, wide))
    for i, item in enumerate(trends.co_movement):
        top -= HEADER_IN + ROW_IN * len(item.lags)
        _lags(figure, item, top, labelled=i == len(trends.co_movement) - 1)
    figure_key.draw(figure, key)


def _lags(figure: Figure, item: CoMovement, bottom: float, *, labelled: bool) -> None:
    names = [lag_name(lag.lag) for lag in item.lags]
    axes, heights = _rows(figure, names, _left_in(names), bottom, f"lags-{item.load}")
    axes.set_xlim(-1.0, _reach(axes, -1.0, [(1.0, _lag_words(lag)) for lag in item.lags]))
    parts.header(axes, f"{LOADS.get(item.load, words.plain_words(item.load))} and pain")
    where = (-1.0, -0.5, 0.0, 0.5, 1.0)
    parts.verticals(axes, where, color=style.RULE, linewidth=0.4, zorder=0.5)
    parts.verticals(axes, (0.0,), color=style.MUTED, linewidth=0.8, zorder=0.6)
    axes.set_xticks(where if labelled else [], ["−1", "−0.5", "0", "0.5", "1"] if labelled else [])
    if labelled:
        axes.set_xlabel("Spearman's rho (below 0: less pain)")
        axes.xaxis.set_label_coords(0.5, -19.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    for lag, y in zip(item.lags, heights, strict=True):
        if lag.rho is None or lag.low is None or lag.high is None:
            _says(axes, -1.0, y, _fit(axes, lag.why_not or "not known"))
            continue
        axes.hlines(y, lag.low, lag.high, **BAR, zorder=2.0)
        axes.plot([lag.rho], [y], **(DARK if lag.stands_out else GREY), zorder=3.0)
        _says(axes, 1.0, y, _lag_words(lag))


def _lag_words(lag: Lag) -> str:
    """What is written in the row of a lag."""
    return "" if lag.rho is None else f"{words.signed_to(lag.rho, 2)}, n {lag.n}"


# --- before and after a changed setting ---------------------------------------------------------------------


def settings_applies(trends: TrendAnalysis) -> bool:
    """True where any change has a shift that could be told."""
    return any(shift.shift is not None for effect in trends.settings for shift in effect.shifts)


def _outcomes(trends: TrendAnalysis) -> list[str]:
    return list(dict.fromkeys(shift.outcome for effect in trends.settings for shift in effect.shifts))


def settings_height_in(trends: TrendAnalysis, width_in: float) -> float:
    """Height of a panel for each outcome with a row for each change."""
    each = HEADER_IN + ROW_IN * min(len(trends.settings), MOST_CHANGES) + 0.24
    return each * len(_outcomes(trends)) + 0.22


def draw_settings(figure: Figure, trends: TrendAnalysis) -> None:
    """For each outcome and change: after minus before with its interval, or that classes are too few."""
    wide, high = (float(size) for size in figure.get_size_inches())
    top = min(high, settings_height_in(trends, wide))
    changes = trend_marks.numbered(trends)[-MOST_CHANGES:]
    names = [
        f"{number}: {axis.short_day(axis.local(trends, effect.when).date())}" for number, effect in changes
    ]
    outcomes = _outcomes(trends)
    for outcome in outcomes:
        top -= HEADER_IN + ROW_IN * len(names)
        axes, heights = _rows(figure, names, _left_in(names), top, f"settings-{outcome}")
        shifts = [next((s for s in effect.shifts if s.outcome == outcome), None) for _, effect in changes]
        _shifts(axes, shifts, heights)
        parts.header(axes, OUTCOMES.get(outcome, words.plain_words(outcome)))
        if outcome == outcomes[-1]:
            axes.set_xlabel("After minus before")
            axes.xaxis.set_label_coords(0.5, -21.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
        top -= 0.24


def _shifts(axes: Axes, shifts: Sequence[Shift | None], heights: Sequence[float]) -> None:
    ends = [abs(end) for s in shifts if s is not None for end in (s.shift, s.low, s.high) if end is not None]
    reach = 1.12 * max([*ends, 1e-3]) if ends else 1.0
    said = [_shift_words(shift) for shift in shifts]
    axes.set_xlim(-reach, max(1.2 * reach, _reach(axes, -reach, [(reach, text) for text in said])))
    _ticks(axes, -reach, reach, 4)
    parts.verticals(axes, (0.0,), color=style.MUTED, linewidth=0.8, zorder=0.6)
    for shift, text, y in zip(shifts, said, heights, strict=True):
        if shift is None or shift.shift is None or shift.low is None or shift.high is None:
            _says(axes, -reach, y, _fit(axes, text))
            continue
        apart = shift.low > 0.0 or shift.high < 0.0
        axes.hlines(y, shift.low, shift.high, **BAR, zorder=2.0)
        axes.plot([shift.shift], [y], **(DARK if apart else GREY), zorder=3.0)
        _says(axes, reach, y, text)


def _shift_words(shift: Shift | None) -> str:
    """What is written in the row of a shift."""
    if shift is None:
        return "not compared"
    n = f"n {shift.n_before}, {shift.n_after}"
    if shift.shift is None or shift.low is None:
        return f"not enough classes, {n}"
    return f"{words.signed_to(shift.shift, 1)}, {n}"
