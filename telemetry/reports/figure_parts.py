"""What several figures share: thinning of lines, spans of time, axes in inches, words that fit their place.

Comes in: an analysis, axes, numbers. Goes out: arrays ready to be drawn and marks on axes. Every size is in
inches or points, so that nothing has to be measured by a renderer and a figure looks the same everywhere.
Leaves to others: which figure shows what.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path

from telemetry.reports import style
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis

MAX_POINTS = 2000
"""a line keeps at most so many points: more than a printed page has dots for"""
LABEL_LENGTH = 40
"""longest label taken over from a file"""
POINTS_PER_INCH = 72.0

Span = tuple[float, float]
"""from and to, in minutes"""


# --- data of an analysis ------------------------------------------------------------------------------------


def column(analysis: ClassAnalysis, name: str) -> np.ndarray | None:
    """A column of the conditioned samples as float64 (n,), NaN where null; None where there is no value."""
    frame = analysis.samples if analysis.samples is not None else analysis.recording.samples
    if name not in frame.columns or frame[name].null_count() == frame.height:
        return None
    return frame[name].cast(float).to_numpy().astype(np.float64)


def minutes(analysis: ClassAnalysis) -> np.ndarray:
    """Minutes since the start of every sample, (n,)."""
    times = column(analysis, "time_s")
    return np.zeros(0) if times is None else times / SECONDS_PER_MINUTE


def curve(analysis: ClassAnalysis, *names: str) -> list[np.ndarray] | None:
    """Curves of these names, or None where one is absent, empty or without any finite value."""
    found = []
    for name in names:
        values = analysis.curves.get(name)
        if values is None:
            return None
        array = np.asarray(values, float)
        if not array.size or not np.isfinite(array).any():
            return None
        found.append(array)
    return found


def number(analysis: ClassAnalysis, name: str) -> float | None:
    """A single number among the curves, None where absent or not finite."""
    value = analysis.curves.get(name)
    return float(value) if value is not None and math.isfinite(float(value)) else None


def limit(analysis: ClassAnalysis, name: str, default: float) -> float:
    """A limit as it stood in this analysis."""
    return next((row.value for row in analysis.limits if row.name == name), default)


def breaks(analysis: ClassAnalysis) -> np.ndarray:
    """bool (n,): the recording is interrupted after this sample, by a gap or by a pause."""
    time = minutes(analysis) * SECONDS_PER_MINUTE
    dt = column(analysis, "dt_s")
    after = np.zeros(len(time), bool)
    if len(time) > 1:
        after[:-1] = dt[:-1] <= 0.0 if dt is not None else np.diff(time) > 5.0
        for pause in analysis.recording.pauses:
            # a sample may stand at the very moment of stopping or starting again
            shared = np.minimum(time[1:], pause.stop_s) - np.maximum(time[:-1], pause.start_s)
            after[:-1] |= shared > 0.5 * np.diff(time)
    return after


def silences(analysis: ClassAnalysis) -> tuple[list[Span], list[Span]]:
    """Gaps and pauses [min]: where samples are missing, and where the recorder said that it was stopped."""
    time = minutes(analysis)
    where = np.flatnonzero(breaks(analysis))
    pauses = [
        (pause.start_s / SECONDS_PER_MINUTE, pause.stop_s / SECONDS_PER_MINUTE)
        for pause in analysis.recording.pauses
    ]
    gaps = []
    for start, stop in zip(time[where], time[where + 1], strict=True):
        inside = sum(max(0.0, min(stop, b) - max(start, a)) for a, b in pauses)
        if inside < 0.5 * (stop - start):
            gaps.append((float(start), float(stop)))
    return gaps, pauses


def class_span(analysis: ClassAnalysis) -> Span:
    """First and last minute of the class, never of no length."""
    time = minutes(analysis)
    if not len(time):
        return 0.0, 1.0
    start = min(0.0, float(time[0]))
    return start, max(start + 0.25, analysis.recording.duration_s / SECONDS_PER_MINUTE, float(time[-1]))


def runs(mask: np.ndarray, time: np.ndarray, merge: float = 0.0) -> list[Span]:
    """Stretches where `mask` holds, as spans of `time`; those closer than `merge` become one.

    A stretch lasts to the next sample: a state belongs to the time its sample stands for.
    """
    if not mask.any():
        return []
    edges = np.diff(mask.astype(np.int8), prepend=0, append=0)
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    ends = np.append(time, time[-1] + step)
    # a stretch before a break ends with its own last sample, not with the first one after it
    stop_times = np.minimum(ends[stops], time[stops - 1] + max(step, merge))
    merged: list[Span] = []
    for start, stop in zip(time[starts], stop_times, strict=True):
        if merged and start - merged[-1][1] <= merge:
            merged[-1] = (merged[-1][0], float(stop))
        else:
            merged.append((float(start), float(stop)))
    return merged


# --- lines --------------------------------------------------------------------------------------------------


def broken(time: np.ndarray, values: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The line with a NaN set in after each break, so that it is drawn as a gap and never bridged."""
    where = np.flatnonzero(after) + 1
    return np.insert(time, where, time[where - 1]), np.insert(values, where, np.nan)


def decimate(time: np.ndarray, values: np.ndarray, most: int = MAX_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` points of a line: its ends, the least and greatest value of each bin, NaN at breaks.

    Peaks stay: the extremes of the line are those of the data.
    """
    n = len(values)
    if n <= most:
        return time, values
    bins = max(1, most // 2 - 1)
    while True:
        edges = np.linspace(0, n, bins + 1).astype(np.int64)[:-1]
        hole = np.isnan(values)
        low = np.where(hole, np.inf, values)
        high = np.where(hole, -np.inf, values)
        which = np.repeat(np.arange(bins), np.diff(np.append(edges, n)))
        lowest, highest = np.minimum.reduceat(low, edges), np.maximum.reduceat(high, edges)
        keep = np.zeros(n, bool)
        keep[[0, -1]] = True
        for match in (low == lowest[which], high == highest[which], hole):
            found = np.flatnonzero(match)
            _, first = np.unique(which[found], return_index=True)
            keep[found[first]] = True
        # a bin may hold several breaks: no two points that stay may be joined over one
        holes, kept = np.flatnonzero(hole), np.flatnonzero(keep)
        if len(holes):
            following = holes[np.minimum(np.searchsorted(holes, kept[:-1]), len(holes) - 1)]
            keep[following[(following > kept[:-1]) & (following < kept[1:])]] = True
        count = int(keep.sum())
        if count <= most:
            return time[keep], values[keep]
        bins = max(1, min(bins - 1, bins * most // count))


def spans_in(axes: Axes, spans: Sequence[Span], low: float, high: float, **look: Any) -> PolyCollection:
    """Boxes over spans of time, from `low` to `high` of the axes' height, as one collection."""
    boxes = [((a, low), (a, high), (b, high), (b, low)) for a, b in spans]
    drawn = PolyCollection(boxes, transform=axes.get_xaxis_transform(), **look)
    axes.add_collection(drawn, autolim=False)
    return drawn


def verticals(axes: Axes, places: Sequence[float], low: float = 0.0, high: float = 1.0, **look: Any) -> None:
    """Vertical lines at these minutes, as one collection."""
    lines = LineCollection(
        [((x, low), (x, high)) for x in places], transform=axes.get_xaxis_transform(), **look
    )
    axes.add_collection(lines, autolim=False)


def reference(axes: Axes, height: float, text: str, colour: str = style.INK) -> None:
    """A dashed line across the axes at `height`, named in the right margin."""
    line = axes.axhline(height, color=colour, linewidth=0.9, linestyle=(0, (4, 2.5)), zorder=2.5)
    line.set_gid(f"limit-{len(axes.lines)}")
    beside(axes, height, text, colour)


def beside(axes: Axes, height: float, text: str, colour: str = style.INK, **look: Any) -> None:
    """A note in the right margin at a height of the y axis."""
    axes.annotate(
        text,
        xy=(1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        ha="left",
        color=colour,
        fontsize=style.NOTE_PT,
        linespacing=1.05,
        annotation_clip=False,
        **look,
    )


# --- axes and ticks -----------------------------------------------------------------------------------------


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place of the figure given in inches from its lower left corner."""
    wide, high = figure.get_size_inches()
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    axes.set_facecolor("none")
    return axes


def nice_step(span: float, most: int, steps: Sequence[float] = (1.0, 2.0, 2.5, 5.0, 10.0)) -> float:
    """The smallest round step that divides `span` into at most `most` parts."""
    magnitude = 10.0 ** math.floor(math.log10(span / most))
    return next((s * magnitude for s in steps if s * magnitude * most >= span), 10.0 * magnitude)


def value_axis(axes: Axes, channel: str, low: float, high: float, most: int = 4) -> None:
    """Round limits and ticks for a channel, its label with unit above the axis' left end."""
    scale(axes, low, high, most)
    header(axes, style.axis_label(channel), style.CHANNEL_COLOURS.get(channel, style.INK))


def scale(axes: Axes, low: float, high: float, most: int = 4) -> None:
    """Round limits that hold `low` to `high`, with at most `most` + 1 ticks and a faint grid."""
    step = nice_step(max(high - low, 1e-6), most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    axes.set_ylim(first * step, max(last, first + 1) * step)
    ticks = [k * step for k in range(first, max(last, first + 1) + 1)]
    axes.set_yticks(ticks, [f"{tick:,.10g}".replace("-", "−") for tick in ticks])
    axes.grid(axis="y")


def header(axes: Axes, text: str, colour: str = style.INK) -> None:
    """The y label, written level above the axis: read without turning the head, and never cut."""
    axes.set_ylabel(text, rotation=0, ha="left", va="bottom", color=colour, fontweight="bold")
    axes.yaxis.set_label_coords(0.0, 1.0 + 3.0 / (height_in(axes) * POINTS_PER_INCH))


def height_in(axes: Axes) -> float:
    """Height of axes in inches."""
    figure = axes.get_figure()
    assert figure is not None
    return float(axes.get_position().height * figure.get_figure(root=True).get_size_inches()[1])


def width_in(axes: Axes) -> float:
    """Width of axes in inches."""
    figure = axes.get_figure()
    assert figure is not None
    return float(axes.get_position().width * figure.get_figure(root=True).get_size_inches()[0])


def time_ticks(span: Span, width_in: float) -> tuple[list[float], list[str], str]:
    """Places [min] and labels of time ticks that fit, and the unit: minutes, or h:mm for long classes."""
    start, stop = span
    length = stop - start
    long = length > 100.0
    widest = f"{int(stop) // 60}:00" if long else "100"
    most = max(2, min(12, int(width_in / (text_width_in(widest, style.TICK_PT) + 0.18))))
    steps = (1 / 12, 1 / 6, 1 / 4, 1 / 2, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 240.0)
    step = next((s for s in steps if s * most >= length), math.ceil(length / 60.0 / most) * 60.0)
    ticks = [k * step for k in range(math.ceil(start / step - 1e-9), math.floor(stop / step + 1e-9) + 1)]
    if long:
        return ticks, [f"{int(t) // 60}:{int(t) % 60:02d}" for t in ticks], "h:mm"
    if step < 1.0:
        return ticks, [f"{int(t)}:{round(t * 60) % 60:02d}" for t in ticks], "min:s"
    return ticks, [f"{t:.0f}" for t in ticks], "min"


def time_axis(axes: Axes, span: Span, *, labelled: bool = True) -> None:
    """Time on the x axis: faint verticals at round minutes; labels and unit where `labelled`."""
    axes.set_xlim(*span)
    ticks, labels, unit = time_ticks(span, width_in(axes))
    verticals(axes, ticks, color=style.RULE, linewidth=0.4, zorder=0.5)
    if labelled:
        axes.set_xticks(ticks, labels)
        axes.set_xlabel(style.axis_label("time_s", unit))
        axes.xaxis.set_label_coords(0.5, -19.0 / (height_in(axes) * POINTS_PER_INCH))
    else:
        axes.set_xticks([])


# --- marks that every figure over time carries --------------------------------------------------------------


def mark_silence(axes: Axes, analysis: ClassAnalysis) -> None:
    """Seconds without data: a striped band for a gap, a plain one for a pause."""
    gaps, pauses = silences(analysis)
    if gaps:
        spans_in(axes, gaps, 0, 1, zorder=0.6, **style.GAP_LOOK).set_gid("gaps")
    if pauses:
        spans_in(axes, pauses, 0, 1, zorder=0.6, **style.PAUSE_LOOK).set_gid("pauses")


def mark_bouts(axes: Axes, analysis: ClassAnalysis, span: Span | None = None) -> None:
    """Bouts as shaded spans, one collection per tier, told apart by hatch as well as by lightness."""
    low, high = span or class_span(analysis)
    for tier in style.TIERS:
        spans = [
            (max(low, bout.start_s / SECONDS_PER_MINUTE), min(high, bout.stop_s / SECONDS_PER_MINUTE))
            for bout in analysis.bouts
            if bout.tier == tier
        ]
        spans = [pair for pair in spans if pair[1] > pair[0]]
        if spans:
            spans_in(
                axes,
                spans,
                0.0,
                1.0,
                facecolor=style.TIER_COLOURS[tier],
                edgecolor=style.TIER_HATCH,
                hatch=style.TIER_HATCHES[tier] or None,
                linewidth=0.3,
                zorder=0.8,
            ).set_gid(f"bouts-{tier}")


def mark_late(axes: Axes, analysis: ClassAnalysis, *, named: bool = False) -> None:
    """A line at the late minute (30 by default), where the class goes beyond it."""
    minute = limit(analysis, "late_minute", 30.0)
    low, high = axes.get_xlim()
    if not low < minute < high:
        return
    verticals(axes, [minute], color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), zorder=2.4)
    if not named:
        return
    text = f"minute {minute:g}"
    width, wide = width_in(axes), text_width_in(text, style.NOTE_PT)
    x = (minute - low) / (high - low) * width
    taken = text_width_in(axes.get_ylabel(), style.LABEL_PT, bold=True) + 0.1
    # to the right of its line, beyond the axis' own label; where the page ends, to the left
    left = max(x + 0.03, taken) if x + 0.03 + wide <= width else max(taken, x - 0.03 - wide)
    axes.text(
        left / width,
        1.0 + 3.5 / (height_in(axes) * POINTS_PER_INCH),
        text,
        transform=axes.transAxes,
        fontsize=style.NOTE_PT,
        va="bottom",
        ha="left",
    ).set_gid("late-minute")


# --- words --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _font(bold: bool) -> tuple[FontProperties, FT2Font]:
    properties = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=10)
    return properties, FT2Font(findfont(properties))


@lru_cache(maxsize=4096)
def _width_at_10(text: str, bold: bool) -> float:
    width, _, _ = text_to_path.get_text_width_height_descent(text, _font(bold)[0], False)
    return float(width)


def text_width_in(text: str, size_pt: float, *, bold: bool = False) -> float:
    """Width of a line of text in inches at a size in points, without any renderer."""
    return _width_at_10(text, bold) * size_pt / 10.0 / POINTS_PER_INCH


def printable(text: str) -> str:
    """A label from a file as it may be drawn: one line, capped, only characters that the font has."""
    glyphs = _font(False)[1]
    kept = "".join(
        character if character.isprintable() and glyphs.get_char_index(ord(character)) else " "
        for character in text[: 4 * LABEL_LENGTH]
    )
    kept = " ".join(kept.split())
    return kept if len(kept) <= LABEL_LENGTH else kept[: LABEL_LENGTH - 1].rstrip() + "…"


def shortened(text: str, width_in: float, size_pt: float) -> str:
    """The text if it fits into `width_in`, else with an ellipsis, else nothing; at least three letters."""
    if text_width_in(text, size_pt) <= width_in:
        return text
    for length in range(len(text) - 1, 2, -1):
        candidate = text[:length].rstrip(" .,-") + "…"
        if text_width_in(candidate, size_pt) <= width_in:
            return candidate
    return ""


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign, with a minus as long as a plus; what rounds to nothing has no minus."""
    return f"{round(value, digits) + 0.0:+,.{digits}f}".replace("-", "−")


def plain(value: float, digits: int = 0) -> str:
    """A number with commas between thousands, and a true minus where it is negative."""
    return f"{value:,.{digits}f}".replace("-", "−")


def beside_apart(axes: Axes, notes: Sequence[tuple[float, str, str]]) -> None:
    """Notes (height, text, colour) in the right margin, moved apart where they would stand on each other."""
    low, high = axes.get_ylim()
    line = 1.25 * style.NOTE_PT / POINTS_PER_INCH * (high - low) / height_in(axes)
    ordered = sorted(notes)
    places = [height for height, _, _ in ordered]
    half = [0.5 * line * (text.count("\n") + 1) for _, text, _ in ordered]
    floor, ceiling = low - 0.5 * line, high + line
    for i in range(len(places)):
        places[i] = max(places[i], floor + half[i])
        floor = places[i] + half[i]
    for i in reversed(range(len(places))):
        places[i] = min(places[i], ceiling - half[i])
        ceiling = places[i] - half[i]
    for (_, text, colour), place_at in zip(ordered, places, strict=True):
        beside(axes, place_at, text, colour)
