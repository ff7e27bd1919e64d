"""Torque against cadence: where in the plane of force and speed the class was ridden.

Comes in: axes and an analysis with torque and cadence. Goes out: seconds as shaded cells, bouts outlined,
lines of equal power, the quadrants of the rider's reference, the region where grinding begins. Leaves to
others: the quadrant shares themselves, which are metrics.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from telemetry.reports import figure_key, style
from telemetry.reports import figure_parts as parts
from telemetry.units import power_w, torque_nm

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis

LEFT_IN, RIGHT_IN, BOTTOM_IN, TOP_IN = 0.46, 0.62, 0.48, 0.28
HEIGHT_SHARE = 0.66
"""height of the plane as a share of its width"""
CELL_RPM = 2.0
SLOWEST_RPM, FASTEST_RPM = 40.0, 110.0
LEVELS_S = (1.0, 10.0, 60.0, 180.0)
"""seconds in a cell from which each shade begins"""


def applies(analysis: ClassAnalysis) -> bool:
    """True where torque and cadence were both there while pedalling."""
    return len(_points(analysis)[0]) > 0


def height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """Height that the figure needs at a width."""
    key = figure_key.height_in(_key_rows(analysis, width_in))
    return TOP_IN + (width_in - LEFT_IN - RIGHT_IN) * HEIGHT_SHARE + BOTTOM_IN + key


def draw(figure: Figure, analysis: ClassAnalysis) -> None:
    """The plane on a sheet, with its key below."""
    whole = float(figure.get_size_inches()[0])
    width = whole - LEFT_IN - RIGHT_IN
    key = _key_rows(analysis, whole)
    figure_key.draw(figure, key)
    axes = parts.place(figure, LEFT_IN, BOTTOM_IN + figure_key.height_in(key), width, width * HEIGHT_SHARE)
    draw_torque_cadence(axes, analysis)


def draw_torque_cadence(axes: Axes, analysis: ClassAnalysis) -> None:
    """Seconds of pedalling over cadence (rpm) and crank torque (N·m)."""
    axes.set_gid("panel-torque_cadence")
    cadence, torque, seconds, in_bout = _points(analysis)
    edge = parts.number(analysis, "grinding_on_torque_nm")
    reference = parts.number(analysis, "reference_torque_nm")
    # the first turns of a start and a slipped sample at the end must not make the plane wide and empty
    slowest, fastest = np.percentile(cadence, (0.5, 99.8))
    slow = min(SLOWEST_RPM, math.floor(slowest / 10.0) * 10.0)
    fast = max(FASTEST_RPM, math.ceil((fastest + 1.0) / 10.0) * 10.0)
    axes.set_xlim(slow, fast)
    step = 10.0 if fast - slow <= 100.0 else 20.0
    axes.set_xticks(np.arange(slow, fast + 1.0, step))
    axes.set_xlabel(style.axis_label("cadence_rpm"))
    axes.xaxis.set_label_coords(0.5, -19.0 / (parts.height_in(axes) * parts.POINTS_PER_INCH))
    parts.scale(axes, 0.0, max(float(torque.max()) * 1.06, (edge or 0.0) * 1.3), 5)
    axes.grid(visible=False)
    parts.header(axes, style.axis_label("torque_nm"))

    _draw_grinding(axes, analysis, edge)
    _draw_cells(axes, cadence, torque, seconds, in_bout)
    _draw_power(axes, float(power_w(1.0, 1.0) * (cadence * torque).max()))
    _draw_quadrants(axes, analysis, reference)


def _points(analysis: ClassAnalysis) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cadence, torque, seconds and whether in a bout, of every pedalling sample."""
    cadence, torque = parts.column(analysis, "cadence_rpm"), parts.column(analysis, "torque_nm")
    if cadence is None or torque is None:
        nothing = np.zeros(0)
        return nothing, nothing, nothing, np.zeros(0, bool)
    dt = parts.column(analysis, "dt_s")
    bout = parts.column(analysis, "in_bout")
    turning = parts.limit(analysis, "turning_cadence_rpm", 20.0)
    keep = (cadence >= turning) & (torque > 0.0)
    seconds = np.ones(len(cadence)) if dt is None else np.nan_to_num(dt)
    inside = np.zeros(len(cadence), bool) if bout is None else np.nan_to_num(bout) > 0.5
    return cadence[keep], torque[keep], seconds[keep], inside[keep]


def _draw_cells(
    axes: Axes, cadence: np.ndarray, torque: np.ndarray, seconds: np.ndarray, in_bout: np.ndarray
) -> None:
    """Cells shaded by the seconds spent in them, one path per shade; those with bouts outlined."""
    (slow, fast), high = axes.get_xlim(), axes.get_ylim()[1]
    cell_nm = parts.nice_step(high, 45)
    x_edges = np.arange(slow, fast + CELL_RPM / 2, CELL_RPM)
    y_edges = np.arange(0.0, high + cell_nm / 2, cell_nm)
    total, _, _ = np.histogram2d(cadence, torque, (x_edges, y_edges), weights=seconds)
    level = np.digitize(total, LEVELS_S) - 1
    for i, colour in enumerate(style.DENSITY):
        found = np.argwhere(level == i)
        if len(found):
            path = _boxes(x_edges[found[:, 0]], y_edges[found[:, 1]], CELL_RPM, cell_nm)
            axes.add_patch(
                PathPatch(path, facecolor=colour, edgecolor=style.PAPER, linewidth=0.2, zorder=1.5)
            )
            axes.patches[-1].set_gid(f"cells-{i}")
    if in_bout.any():
        inside, _, _ = np.histogram2d(
            cadence[in_bout], torque[in_bout], (x_edges, y_edges), weights=seconds[in_bout]
        )
        found = np.argwhere(inside >= LEVELS_S[0])
        if len(found):
            path = _boxes(x_edges[found[:, 0]], y_edges[found[:, 1]], CELL_RPM, cell_nm)
            axes.add_patch(
                PathPatch(path, facecolor="none", edgecolor=style.TIER_EDGE, linewidth=0.8, zorder=1.6)
            )
            axes.patches[-1].set_gid("cells-in-bouts")


def _boxes(x: np.ndarray, y: np.ndarray, width: float, height: float) -> Path:
    """Rectangles at these corners as one compound path."""
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height), (0, 0)])
    vertices = (np.column_stack([x, y])[:, None, :] + corners).reshape(-1, 2)
    codes = np.tile([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], len(x))
    return Path(vertices, codes)


def _draw_grinding(axes: Axes, analysis: ClassAnalysis, edge: float | None) -> None:
    """The region in which a bout begins: slower and heavier than both limits."""
    cadence = parts.number(analysis, "grinding_on_cadence_rpm")
    if edge is None or cadence is None:
        return
    slow, high = axes.get_xlim()[0], axes.get_ylim()[1]
    region = Rectangle(
        (slow, edge),
        cadence - slow,
        high - edge,
        facecolor=style.TIER_COLOURS["loaded"],
        edgecolor=style.TIER_HATCH,
        hatch=style.TIER_HATCHES["grinding"],
        linewidth=1.0,
        zorder=1.0,
    )
    region.set_gid("grinding-region")
    axes.add_patch(region)


def _draw_power(axes: Axes, most_w: float) -> None:
    """Lines of equal power to somewhat beyond the class's own, named where they leave at the right."""
    (slow, fast), high = axes.get_xlim(), axes.get_ylim()[1]
    tall = parts.height_in(axes)
    highest = min(power_w(high, fast), 1.5 * most_w)
    step = next(s for s in (25.0, 50.0, 100.0, 200.0, 400.0, 1000.0) if highest / s <= 8)
    x = np.linspace(slow, fast, 60)
    last = -1.0
    for watts in np.arange(step, highest + step / 2, step):
        y = torque_nm(watts, 1.0) / x
        inside = y <= high * 1.02
        axes.plot(x[inside], y[inside], color=style.MUTED, linewidth=0.6, zorder=2.0)
        axes.lines[-1].set_gid(f"power-{watts:.0f}")
        side = torque_nm(watts, fast)
        if side < high and side / high * tall > last + 0.16:
            parts.beside(axes, side, f"{watts:.0f} W", style.MUTED)
            last = side / high * tall


def _draw_quadrants(axes: Axes, analysis: ClassAnalysis, reference: float | None) -> None:
    """The cross of the rider's reference, and how much of the pedalling lay in each quarter."""
    cadence = parts.number(analysis, "reference_cadence_rpm")
    if reference is None or cadence is None:
        return
    look: dict[str, Any] = {"color": style.INK, "linewidth": 0.9, "linestyle": (0, (4, 2.5)), "zorder": 2.3}
    axes.axvline(cadence, **look).set_gid("quadrant-cadence")
    axes.axhline(reference, **look).set_gid("quadrant-torque")
    places = {1: (0.985, 0.97), 2: (0.015, 0.97), 3: (0.015, 0.03), 4: (0.985, 0.03)}
    for quadrant, (x, y) in places.items():
        share = analysis.metric(f"quadrant_{quadrant}_pct")
        if share is None:
            continue
        axes.text(
            x,
            y,
            f"Q{quadrant}  {share:.0f} %",
            transform=axes.transAxes,
            ha="left" if x < 0.5 else "right",
            va="bottom" if y < 0.5 else "top",
            fontsize=style.LABEL_PT,
            fontweight="bold",
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
            zorder=4.0,
        ).set_gid("quadrant")


def _key_rows(analysis: ClassAnalysis, width_in: float) -> list[list[figure_key.Placed]]:
    """What the shades mean; the shades are a scale and are named together."""
    entries = [figure_key.Entry("Seconds:")]
    for seconds, colour in zip(LEVELS_S, style.DENSITY, strict=True):
        entries.append(figure_key.Entry(f"{seconds:g}+", {"facecolor": colour, "edgecolor": style.PAPER}))
    if analysis.bouts:
        look: dict[str, Any] = {"facecolor": "none", "edgecolor": style.TIER_EDGE, "linewidth": 0.8}
        entries.append(figure_key.Entry("in a bout", look))
    if parts.number(analysis, "grinding_on_torque_nm") is not None:
        look = {
            "facecolor": style.TIER_COLOURS["loaded"],
            "edgecolor": style.TIER_HATCH,
            "hatch": style.TIER_HATCHES["grinding"],
        }
        entries.append(figure_key.Entry("grinding", look))
    return figure_key.rows(entries, LEFT_IN, width_in)


def alt(analysis: ClassAnalysis) -> str:
    """What the plane shows, in words and numbers."""
    cadence, torque, seconds, in_bout = _points(analysis)
    low, high = np.percentile(cadence, (10, 90))
    slack, hard = np.percentile(torque, (10, 90))
    said = [
        "Crank torque against cadence, shaded by time. "
        f"Most pedalling between {low:.0f} and {high:.0f} rpm and between {slack:.0f} and {hard:.0f} N·m, "
        f"at most {torque.max():.0f} N·m."
    ]
    shares = [(q, analysis.metric(f"quadrant_{q}_pct")) for q in (1, 2, 3, 4)]
    known = [f"{share:.0f} % in quadrant {q}" for q, share in shares if share is not None]
    if known:
        said.append(f"Of the pedalling time {', '.join(known)}; quadrant 2 is high force at slow cadence.")
    edge, slow = (parts.number(analysis, f"grinding_on_{name}") for name in ("torque_nm", "cadence_rpm"))
    if edge is not None and slow is not None:
        minutes = float(seconds[in_bout].sum()) / 60.0
        said.append(
            f"Grinding begins at {edge:.1f} N·m and {slow:.0f} rpm or slower; {minutes:.1f} minutes in bouts."
        )
    return " ".join(said)
