"""Load over the class and hardest stretches: accumulated torque load, and mean-maximal torque.

Comes in: axes and an analysis with the curves of load. Goes out: how the load grew and the bouts' share in
it; the best mean torque over durations from a second to twenty minutes. Leaves to others: computing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.reports import figure_parts as parts
from telemetry.reports import style
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis

LEFT_IN, RIGHT_IN, BOTTOM_IN, TOP_IN = 0.46, 0.92, 0.46, 0.28
PANEL_IN = 2.0
SECOND_LINE_IN = 0.15
NAMED_DURATIONS_S = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0)
"""durations with a tick and a value: those that are metrics as well"""
LOAD_POINTS = 500
"""a sum grows smoothly: fewer points than a trace needs"""


def height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """Height that one panel with its words needs."""
    return TOP_IN + PANEL_IN + BOTTOM_IN


def mean_maximal_height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """As `height_in`, with tick labels of two lines."""
    return height_in(analysis, width_in) + SECOND_LINE_IN


def _one_panel(figure: Figure, bottom: float = BOTTOM_IN) -> Axes:
    width = float(figure.get_size_inches()[0]) - LEFT_IN - RIGHT_IN
    return parts.place(figure, LEFT_IN, bottom, width, PANEL_IN)


# --- accumulated load ---------------------------------------------------------------------------------------


def load_applies(analysis: ClassAnalysis) -> bool:
    """True where any torque load was accumulated, and enough of the class known to give its sum."""
    found = parts.curve(analysis, "load_time_s", "load_total")
    if "torque_load" in analysis.metrics and analysis.metric("torque_load") is None:
        return False
    return found is not None and float(np.nanmax(found[1])) > 0.0


def _in_all(analysis: ClassAnalysis) -> float:
    """The sum as every page gives it: it is scaled over short gaps, which the curve is not."""
    value = analysis.metric("torque_load")
    found = parts.curve(analysis, "load_total")
    assert found is not None
    return float(found[0][-1]) if value is None else value


def draw_load_figure(figure: Figure, analysis: ClassAnalysis) -> None:
    """The accumulated load on a sheet."""
    draw_load(_one_panel(figure), analysis)


def draw_load(axes: Axes, analysis: ClassAnalysis, limit: tuple[float, str] | None = None) -> None:
    """Torque load (TL) so far, over time, and the part of it from bouts below; `limit` is drawn as a line."""
    axes.set_gid("panel-load")
    found = parts.curve(analysis, "load_time_s", "load_total")
    assert found is not None
    time, total = parts.decimate(found[0] / SECONDS_PER_MINUTE, found[1], LOAD_POINTS)
    parts.time_axis(axes, parts.class_span(analysis))
    parts.scale(axes, 0.0, max(float(np.nanmax(total)), limit[0] * 1.05 if limit else 0.0), 5)
    parts.header(axes, "Torque load so far (TL)")
    parts.mark_silence(axes, analysis)
    axes.fill_between(time, total, color=style.DENSITY[0], linewidth=0, zorder=1.0)
    axes.plot(time, total, color=style.CHANNEL_COLOURS["power_w"], linewidth=1.6, zorder=2.2)
    axes.lines[-1].set_gid("trace-load")
    named = [
        (float(total[-1]), f"{parts.plain(_in_all(analysis))} TL\nin all", style.CHANNEL_COLOURS["power_w"])
    ]
    shared = parts.curve(analysis, "load_in_bouts")
    if shared is not None and float(np.nanmax(shared[0])) > 0.0:
        bout_time, inside = parts.decimate(found[0] / SECONDS_PER_MINUTE, shared[0], LOAD_POINTS)
        axes.fill_between(
            bout_time,
            inside,
            facecolor=style.TIER_COLOURS["grinding"],
            edgecolor=style.TIER_HATCH,
            hatch=style.TIER_HATCHES["grinding"],
            linewidth=0,
            zorder=1.2,
        )
        axes.plot(bout_time, inside, color=style.TIER_EDGE, linewidth=1.4, zorder=2.1)
        axes.lines[-1].set_gid("trace-load-in-bouts")
        share = 100.0 * inside[-1] / total[-1]
        named.append(
            (float(inside[-1]), f"{parts.plain(inside[-1])} in bouts\n({share:.0f} %)", style.TIER_EDGE)
        )
    if limit:
        parts.reference(axes, limit[0], "")
        named.append((limit[0], limit[1], style.INK))
    parts.beside_apart(axes, named)
    parts.mark_late(axes, analysis, named=True)


def load_alt(analysis: ClassAnalysis) -> str:
    """How the load grew, in words and numbers."""
    found = parts.curve(analysis, "load_time_s", "load_total")
    assert found is not None
    time, total = found[0] / SECONDS_PER_MINUTE, found[1]
    half = float(time[np.searchsorted(total, total[-1] / 2)])
    said = [
        f"Torque load over the class: {parts.plain(_in_all(analysis), 1)} TL in all, half of it by "
        f"minute {half:.0f}."
    ]
    shared = parts.curve(analysis, "load_in_bouts")
    if shared is not None:
        share = 100.0 * shared[0][-1] / total[-1]
        said.append(
            f"{parts.plain(shared[0][-1], 1)} TL of it ({share:.0f} %) in bouts of slow, heavy pedalling."
        )
    return " ".join(said)


# --- mean-maximal torque ------------------------------------------------------------------------------------


def mean_maximal_applies(analysis: ClassAnalysis) -> bool:
    """True where the curve has at least two durations."""
    found = _mean_maximal(analysis)
    return found is not None and int(np.isin(found[0], NAMED_DURATIONS_S).sum()) > 1


def _mean_maximal(analysis: ClassAnalysis) -> tuple[np.ndarray, np.ndarray] | None:
    found = parts.curve(analysis, "mmt_duration_s", "mmt_torque_nm")
    if found is None:
        return None
    keep = np.isfinite(found[1])
    return found[0][keep], found[1][keep]


def duration_label(seconds: float) -> str:
    """A duration as people say it: 15 s, 2 min."""
    return f"{seconds:.0f} s" if seconds < SECONDS_PER_MINUTE else f"{seconds / SECONDS_PER_MINUTE:g} min"


def duration_ticks(durations: np.ndarray) -> list[str]:
    """Numbers with the unit below the first of each: nine durations stand side by side, even on a phone."""
    labels, last = [], ""
    for seconds in durations:
        count, unit = duration_label(float(seconds)).split(" ")
        labels.append(count if unit == last else f"{count}\n{unit}")
        last = unit
    return labels


def draw_mean_maximal_figure(figure: Figure, analysis: ClassAnalysis) -> None:
    """The mean-maximal torque on a sheet."""
    draw_mean_maximal_torque(_one_panel(figure, BOTTOM_IN + SECOND_LINE_IN), analysis)


def draw_mean_maximal_torque(axes: Axes, analysis: ClassAnalysis) -> None:
    """Best mean crank torque (N·m) over each duration, durations on a logarithmic axis."""
    axes.set_gid("panel-mean_maximal_torque")
    found = _mean_maximal(analysis)
    assert found is not None
    duration, torque = found
    edge, reference = (
        parts.number(analysis, name) for name in ("grinding_on_torque_nm", "reference_torque_nm")
    )
    axes.set_xscale("log")
    axes.set_xlim(0.8 * float(duration[0]), 1.25 * float(duration[-1]))
    named = np.isin(duration, NAMED_DURATIONS_S)
    axes.set_xticks(duration[named], duration_ticks(duration[named]))
    axes.set_xticks([], minor=True)
    axes.set_xlabel("Duration of the stretch")
    axes.xaxis.set_label_coords(0.5, -30.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    top = max(float(torque.max()) * 1.12, edge or 0.0)
    parts.scale(axes, 0.0, top, 4)
    parts.header(axes, style.axis_label("torque_nm") + ", best mean")
    colour = style.CHANNEL_COLOURS["torque_nm"]
    axes.plot(duration, torque, color=colour, linewidth=1.6, zorder=2.4)
    axes.lines[-1].set_gid("trace-mean_maximal_torque")
    look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 4.5}
    axes.plot(duration[named], torque[named], color=colour, zorder=2.5, **look)
    axes.lines[-1].set_gid("named-durations")
    for x, y in zip(duration[named], torque[named], strict=True):
        axes.annotate(
            f"{y:.0f}",
            xy=(x, y),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=style.NOTE_PT,
            color=colour,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
        ).set_gid("value")
    notes = []
    for height, words in ((edge, "grinding\n≥ {:.1f} N·m"), (reference, "reference\n{:.1f} N·m")):
        if height is not None:
            parts.reference(axes, height, "")
            notes.append((height, words.format(height), style.INK))
    parts.beside_apart(axes, notes)


def mean_maximal_alt(analysis: ClassAnalysis) -> str:
    """The curve, in words and numbers."""
    found = _mean_maximal(analysis)
    assert found is not None
    pairs = ", ".join(
        f"{duration_label(float(d))} {t:.1f} N·m"
        for d, t in zip(*found, strict=True)
        if d in NAMED_DURATIONS_S
    )
    return f"Best mean crank torque by duration: {pairs}."
