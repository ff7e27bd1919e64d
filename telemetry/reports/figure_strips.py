"""The strips above the class timeline, the trust strips below its traces, and its key.

Comes in: an analysis and axes. Goes out: laps with labels that never collide, bouts with a height per tier,
recorded standing, and a key of those marks only that are really there. Leaves to others: the panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.reports import figure_key, style
from telemetry.reports import figure_parts as parts
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from telemetry.model import ClassAnalysis

PANELS = ("power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm")
STATES = ("interpolated", "estimated", "masked", "missing")

LEFT_IN = 0.46
STRIP_IN, STRIP_BETWEEN_IN = 0.19, 0.05


def strips_height_in(rows: Sequence[str]) -> float:
    """Height of so many strips with the room between them."""
    return len(rows) * STRIP_IN + max(0, len(rows) - 1) * STRIP_BETWEEN_IN


def strips(analysis: ClassAnalysis) -> tuple[str, ...]:
    """Strips above the panels, from top to bottom; one that would be empty is not there."""
    found = []
    if len(analysis.recording.laps) > 1:
        found.append("laps")
    if analysis.bouts:
        found.append("bouts")
    if standing(analysis):
        found.append("standing")
    return tuple(found)


def standing(analysis: ClassAnalysis) -> list[parts.Span]:
    """Stretches of recorded standing [min]; empty where nothing was recorded."""
    values = parts.column(analysis, "standing")
    time = parts.minutes(analysis)
    if values is None and "standing" in analysis.recording.samples.columns:
        values = analysis.recording.array("standing")
        time = analysis.recording.array("time_s") / SECONDS_PER_MINUTE
    if values is None:
        return []
    return parts.runs(np.nan_to_num(values) > 0.5, time, _hairline(analysis))


def trust(analysis: ClassAnalysis, channel: str) -> dict[str, list[parts.Span]]:
    """Stretches [min] of a channel whose samples were not simply measured, by trust state."""
    frame = analysis.samples
    name = f"{channel}_state"
    if frame is None or name not in frame.columns:
        return {}
    time = parts.minutes(analysis)
    found = {}
    for state in STATES:
        mask = (frame[name] == state).fill_null(False).to_numpy()
        if mask.any():
            found[state] = parts.runs(mask, time, _hairline(analysis))
    return found


def _hairline(analysis: ClassAnalysis) -> float:
    """Minutes too short to be seen apart: closer stretches are drawn as one."""
    start, stop = parts.class_span(analysis)
    return (stop - start) / 900.0


def drawn_values(analysis: ClassAnalysis, channel: str) -> np.ndarray | None:
    """A channel as it is drawn, (n,): torque and cadence of a rider who coasts are NaN rather than zero."""
    values = parts.column(analysis, channel)
    if values is None:
        return None
    if channel == "cadence_rpm":
        return np.where(values >= parts.limit(analysis, "turning_cadence_rpm", 20.0), values, np.nan)
    if channel == "torque_nm":
        return np.where(values > 0.0, values, np.nan)
    return values


def panels(analysis: ClassAnalysis) -> tuple[str, ...]:
    """Channels of the timeline with something to be seen: a sensor that only says zero is left out."""
    found = []
    for name in PANELS:
        values = drawn_values(analysis, name)
        if values is None or not np.nanmax(values, initial=0.0) > 0.0:
            continue
        there = np.isfinite(values)
        if (there[1:] & there[:-1]).any() or len(values) == 1:
            found.append(name)
    return tuple(found)


# --- strips -------------------------------------------------------------------------------------------------


def draw_strips(axes: Axes, analysis: ClassAnalysis, rows: Sequence[str]) -> None:
    """Laps, bouts and standing as rows of one axes without frame or ticks."""
    axes.set_gid("strips")
    span = parts.class_span(analysis)
    axes.set(xlim=span, ylim=(0.0, 1.0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    total = strips_height_in(rows)
    for i, row in enumerate(rows):
        top = 1.0 - i * (STRIP_IN + STRIP_BETWEEN_IN) / total
        bottom = top - STRIP_IN / total
        parts.beside(axes, (top + bottom) / 2, row)
        {"laps": _draw_laps, "bouts": _draw_bouts, "standing": _draw_standing}[row](
            axes, analysis, bottom, top
        )


def _draw_laps(axes: Axes, analysis: ClassAnalysis, bottom: float, top: float) -> None:
    laps = [
        (lap.start_s / SECONDS_PER_MINUTE, lap.stop_s / SECONDS_PER_MINUTE) for lap in analysis.recording.laps
    ]
    for shade, first in ((style.FAINT, 0), (style.RULE, 1)):
        if laps[first::2]:
            parts.spans_in(axes, laps[first::2], bottom, top, facecolor=shade, edgecolor="none").set_gid(
                "laps"
            )
    labels = lap_labels(analysis, parts.width_in(axes))
    if len(labels) == len(laps):
        # where labels are thinned out they stand across edges: there the shades alone tell laps apart
        parts.verticals(axes, [lap[0] for lap in laps], bottom, top, color=style.MUTED, linewidth=0.8)
    for x, text in labels:
        _in_strip(axes, x, (bottom + top) / 2, text, "lap-label")


def lap_labels(analysis: ClassAnalysis, width_in: float) -> list[tuple[float, str]]:
    """Centre [min] and text of each lap's label that has room: its name, cut if need be, or its number.

    Where not every number has room, every 2nd, 5th, 10th … is written, the coarsest that never collide.
    """
    laps = analysis.recording.laps
    start, stop = parts.class_span(analysis)
    per_minute = width_in / (stop - start)
    cells = []
    for lap in laps:
        a, b = (max(start, min(stop, edge / SECONDS_PER_MINUTE)) for edge in (lap.start_s, lap.stop_s))
        cells.append(((a + b) / 2, (b - a) * per_minute - 0.05))
    names = [parts.printable(lap.label) for lap in laps]
    numbers = [str(i + 1) for i in range(len(laps))]
    if any(names):
        found = []
        for (x, room), name, number in zip(cells, names, numbers, strict=True):
            text = parts.shortened(name, room, style.NOTE_PT) if name else ""
            if not text and parts.text_width_in(number, style.NOTE_PT) <= room:
                text = number
            if text:
                found.append((x, text))
        return found
    wide = [parts.text_width_in(number, style.NOTE_PT) for number in numbers]

    def clear(chosen: Sequence[int]) -> bool:
        return all(
            (cells[j][0] - cells[i][0]) * per_minute >= (wide[i] + wide[j]) / 2 + 0.05
            for i, j in pairwise(chosen)
        )

    inside = [
        i
        for i, (x, _) in enumerate(cells)
        if wide[i] / 2 <= (x - start) * per_minute <= width_in - wide[i] / 2
    ]
    rows = ([i for i in inside if (i + 1) % every == 0] for every in (1, 2, 5, 10, 20, 50, 100))
    shown = next((row for row in rows if clear(row)), [])
    for i, (_, room) in enumerate(cells):
        # a long lap among many short ones keeps its number
        if i not in shown and room >= wide[i] + 0.25 and clear(sorted([*shown, i])):
            shown = sorted([*shown, i])
    return [(cells[i][0], numbers[i]) for i in shown]


def _draw_bouts(axes: Axes, analysis: ClassAnalysis, bottom: float, top: float) -> None:
    width, (start, stop) = parts.width_in(axes), parts.class_span(analysis)
    for tier in style.TIERS:
        height = bottom + style.TIER_HEIGHTS[tier] * (top - bottom)
        mine = [bout for bout in analysis.bouts if bout.tier == tier]
        if not mine:
            continue
        spans = [(bout.start_s / SECONDS_PER_MINUTE, bout.stop_s / SECONDS_PER_MINUTE) for bout in mine]
        parts.spans_in(
            axes,
            spans,
            bottom,
            height,
            facecolor=style.TIER_COLOURS[tier],
            edgecolor=style.TIER_EDGE,
            linewidth=0.6,
        ).set_gid(f"bout-strip-{tier}")
        letter = style.TIER_LETTERS[tier]
        for a, b in spans:
            if (b - a) / (stop - start) * width > parts.text_width_in(letter, style.NOTE_PT) + 0.03:
                _in_strip(axes, (a + b) / 2, (bottom + height) / 2, letter, "bout-label", color=style.INK)


def _draw_standing(axes: Axes, analysis: ClassAnalysis, bottom: float, top: float) -> None:
    parts.spans_in(
        axes,
        standing(analysis),
        bottom + 0.2 * (top - bottom),
        top - 0.2 * (top - bottom),
        facecolor=style.MUTED,
        edgecolor=style.MUTED,
        linewidth=0.6,
    ).set_gid("standing")


def _in_strip(axes: Axes, x: float, y: float, text: str, gid: str, **look: Any) -> None:
    axes.text(x, y, text, ha="center", va="center_baseline", fontsize=style.NOTE_PT, **look).set_gid(gid)


# --- key ----------------------------------------------------------------------------------------------------


def key_entries(analysis: ClassAnalysis) -> list[figure_key.Entry]:
    """Tiers, silence and trust states, those only that this class has."""
    entries = []
    present = {bout.tier for bout in analysis.bouts}
    for tier in style.TIERS:
        if tier in present:
            look = {
                "facecolor": style.TIER_COLOURS[tier],
                "edgecolor": style.TIER_EDGE,
                "hatch": style.TIER_HATCHES[tier] or None,
                "linewidth": 0.6,
            }
            entries.append(figure_key.Entry(f"{style.TIER_LETTERS[tier]} {tier} bout", look))
    gaps, pauses = parts.silences(analysis)
    if gaps:
        entries.append(figure_key.Entry("no data", style.GAP_LOOK))
    if pauses:
        entries.append(figure_key.Entry("paused", style.PAUSE_LOOK))
    found = {state for channel in panels(analysis) for state in trust(analysis, channel)}
    for state in STATES:
        if state in found:
            look = {
                "facecolor": style.STATE_COLOURS[state],
                "edgecolor": style.MUTED,
                "hatch": style.STATE_HATCHES[state] or None,
                "linewidth": 0.6,
            }
            entries.append(figure_key.Entry(f"samples {state}", look, 0.45))
    return entries


def key_rows(analysis: ClassAnalysis, width_in: float) -> list[list[figure_key.Placed]]:
    """The key in rows that fit the width."""
    return figure_key.rows(key_entries(analysis), LEFT_IN, width_in)
