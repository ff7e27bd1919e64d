"""Fatigue drift and balance: heart rate beyond power, cadence at matched torque, the right leg's share.

Comes in: axes and an analysis with the curves of drift. Goes out: what was measured beside what the model
says, the drift with its interval in words, the window in which cadence began to fall. Leaves to others: the
models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from telemetry.reports import figure_parts as parts
from telemetry.reports import figure_strips as extras
from telemetry.reports import style
from telemetry.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from telemetry.model import ClassAnalysis, Drift

LEFT_IN, RIGHT_IN, BOTTOM_IN = 0.46, 0.86, 0.46
PANEL_IN, HEADER_IN = 1.55, 0.52
UNITS = {"bpm/h": "bpm per hour", "rpm/min": "rpm per minute", "points/h": "points per hour"}


def in_words(drift: Drift | None, *, short: bool = False) -> str:
    """A drift with its interval, or why there is none; the unit written out, or `short`."""
    if drift is None or (drift.value is None and drift.why_not is None):
        return ""
    if drift.value is None or not drift.applicable:
        return f"not applicable: {drift.why_not}" if drift.why_not else "not applicable"
    digits = 2 if drift.unit == "rpm/min" else 1
    text = f"{parts.signed(drift.value, digits)} {drift.unit if short else UNITS.get(drift.unit, drift.unit)}"
    if drift.low is not None and drift.high is not None:
        text += f" ({parts.signed(drift.low, digits)} to {parts.signed(drift.high, digits)})"
    return text


# --- the drift figure ---------------------------------------------------------------------------------------


def _heart(analysis: ClassAnalysis) -> list[np.ndarray] | None:
    return parts.curve(analysis, "hr_time_s", "hr_measured_bpm", "hr_modelled_bpm", "hr_without_drift_bpm")


def _cadence(analysis: ClassAnalysis) -> list[np.ndarray] | None:
    return parts.curve(analysis, "cadence_bin_time_s", "cadence_residual_rpm")


def has_heart(analysis: ClassAnalysis) -> bool:
    """True where heart-rate drift has its curves."""
    return _heart(analysis) is not None


def has_cadence(analysis: ClassAnalysis) -> bool:
    """True where cadence drift has its curve."""
    return _cadence(analysis) is not None


def applies(analysis: ClassAnalysis) -> bool:
    """True where heart-rate drift or cadence drift has a curve."""
    return has_heart(analysis) or has_cadence(analysis)


def height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """Height that the panels of this class need."""
    count = has_heart(analysis) + has_cadence(analysis)
    return count * (PANEL_IN + HEADER_IN) + BOTTOM_IN


def draw(figure: Figure, analysis: ClassAnalysis) -> None:
    """Those panels that have something to show, heart rate first."""
    width = float(figure.get_size_inches()[0]) - LEFT_IN - RIGHT_IN
    bottom = BOTTOM_IN
    if has_cadence(analysis):
        draw_cadence_drift(parts.place(figure, LEFT_IN, bottom, width, PANEL_IN), analysis)
        bottom += PANEL_IN + HEADER_IN
    if has_heart(analysis):
        axes = parts.place(figure, LEFT_IN, bottom, width, PANEL_IN)
        draw_heart_rate_drift(axes, analysis, labelled=bottom == BOTTOM_IN)


def draw_heart_rate_drift(axes: Axes, analysis: ClassAnalysis, *, labelled: bool = True) -> None:
    """Heart rate (bpm) as measured, as modelled from power, and as it would have been without the drift."""
    axes.set_gid("panel-heart_rate_drift")
    found = _heart(analysis)
    assert found is not None
    time = found[0] / SECONDS_PER_MINUTE
    parts.time_axis(axes, parts.class_span(analysis), labelled=labelled)
    every = np.concatenate(found[1:])
    parts.scale(axes, float(np.nanmin(every)) - 1.0, float(np.nanmax(every)) + 1.0, 4)
    parts.header(axes, style.axis_label("heart_rate_bpm"), style.CHANNEL_COLOURS["heart_rate_bpm"])
    _caption(axes, in_words(analysis.drift.get("heart_rate")))
    parts.mark_silence(axes, analysis)
    looks = (
        ("measured", style.CHANNEL_COLOURS["heart_rate_bpm"], 1.0, "-"),
        ("modelled", style.INK, 1.2, (0, (4, 1.5))),
        ("without\ndrift", style.MUTED, 1.2, (0, (1, 1.2))),
    )
    notes = []
    after = np.append(np.diff(found[0]) > 30.0, False)
    for values, (name, colour, width, dashes) in zip(found[1:], looks, strict=True):
        line = parts.decimate(*parts.broken(time, values, after))
        axes.plot(*line, color=colour, linewidth=width, linestyle=dashes, zorder=2.2)
        axes.lines[-1].set_gid(f"trace-heart_rate-{name.split()[0]}")
        last = values[np.isfinite(values)][-1]
        notes.append((float(last), name, colour))
    parts.beside_apart(axes, notes)
    parts.mark_late(axes, analysis)


def draw_cadence_drift(axes: Axes, analysis: ClassAnalysis) -> None:
    """Cadence (rpm) beyond what is usual at the same torque, half minutes, and where it began to fall."""
    axes.set_gid("panel-cadence_drift")
    found = _cadence(analysis)
    assert found is not None
    time, residual = found[0] / SECONDS_PER_MINUTE, found[1]
    parts.time_axis(axes, parts.class_span(analysis))
    fit = parts.curve(analysis, "onset_fit_rpm")
    if fit is not None and len(fit[0]) != len(time):
        fit = None
    every = residual if fit is None else np.concatenate((residual, fit[0]))
    parts.scale(axes, min(-3.0, float(np.nanmin(every))), max(3.0, float(np.nanmax(every))), 5)
    colour = style.CHANNEL_COLOURS["cadence_rpm"]
    parts.header(axes, "Cadence at matched torque (rpm)", colour)
    _caption(axes, in_words(analysis.drift.get("cadence")))
    parts.mark_silence(axes, analysis)
    axes.axhline(0.0, color=style.MUTED, linewidth=0.8, zorder=1.4)
    onset = analysis.drift.get("onset")
    if onset is not None and onset.window_min is not None:
        parts.spans_in(
            axes,
            [onset.window_min],
            0.0,
            1.0,
            facecolor=style.DENSITY[0],
            edgecolor=style.DENSITY[2],
            hatch="\\\\\\",
            linewidth=0.6,
            zorder=0.9,
        ).set_gid("onset-window")
        _name_onset(axes, onset.window_min)
    axes.plot(
        *parts.broken(time, residual, _interrupted(time)),
        color=colour,
        linewidth=0.6,
        marker="o",
        markersize=2.6 if len(time) < 150 else 1.8,
        zorder=2.2,
    )
    axes.lines[-1].set_gid("trace-cadence-residual")
    if fit is not None:
        axes.plot(time, fit[0], color=style.INK, linewidth=1.5, zorder=2.4)
        axes.lines[-1].set_gid("trace-onset-fit")
    parts.beside(axes, 0.0, "usual for\nthis torque", style.MUTED)
    parts.mark_late(axes, analysis)


def _interrupted(time: np.ndarray) -> np.ndarray:
    """bool (n,): more than a minute lies between this half minute and the next."""
    return np.append(np.diff(time) > 1.0, False)


def _name_onset(axes: Axes, window: tuple[float, float]) -> None:
    """Words for the onset window: above the falling line, from the window on, never past the panel."""
    low, high = axes.get_xlim()
    text = f"fall began: minute {window[0]:.0f} to {window[1]:.0f}"
    need = (parts.text_width_in(text, style.NOTE_PT) + 0.1) / parts.width_in(axes) * (high - low)
    axes.text(
        max(low, min(window[0] + 0.01 * (high - low), high - need)),
        axes.get_ylim()[1] - 0.04 * np.ptp(axes.get_ylim()),
        text,
        ha="left",
        va="top",
        fontsize=style.NOTE_PT,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
        zorder=3.0,
    ).set_gid("onset")


def _caption(axes: Axes, text: str) -> None:
    """The number in words, above the axes' own label."""
    if not text:
        return
    height = parts.height_in(axes)
    text = parts.shortened(text, parts.width_in(axes) + RIGHT_IN - 0.05, style.LABEL_PT)
    axes.text(
        0.0,
        1.0 + 18.0 / (height * parts.POINTS_PER_INCH),
        text,
        transform=axes.transAxes,
        fontsize=style.LABEL_PT,
        va="bottom",
        ha="left",
    ).set_gid("drift")


def alt(analysis: ClassAnalysis) -> str:
    """Both drifts, in words and numbers."""
    said = []
    if has_heart(analysis):
        said.append(
            "Heart rate measured, modelled from power, and without drift: "
            f"{in_words(analysis.drift.get('heart_rate')) or 'no drift computed'}."
        )
    if has_cadence(analysis):
        said.append(
            "Cadence against what is usual at the same torque, in half minutes: "
            f"{in_words(analysis.drift.get('cadence')) or 'no drift computed'}."
        )
        onset = analysis.drift.get("onset")
        if onset is not None and onset.window_min is not None:
            first, last = onset.window_min
            said.append(f"The fall began between minute {first:.0f} and {last:.0f}.")
        elif onset is not None and onset.why_not:
            said.append(f"No minute at which it began: {onset.why_not}.")
    return " ".join(said)


# --- balance ------------------------------------------------------------------------------------------------


def _balance(analysis: ClassAnalysis) -> list[np.ndarray] | None:
    return parts.curve(analysis, "balance_time_s", "balance_right_pct")


def balance_applies(analysis: ClassAnalysis) -> bool:
    """True where a dual-sided meter gave the right leg's share."""
    return _balance(analysis) is not None


def balance_height_in(analysis: ClassAnalysis, width_in: float) -> float:
    """Height that the balance figure needs."""
    return HEADER_IN + PANEL_IN + BOTTOM_IN


def draw_balance_figure(figure: Figure, analysis: ClassAnalysis) -> None:
    """The balance on a sheet."""
    width = float(figure.get_size_inches()[0]) - LEFT_IN - RIGHT_IN
    draw_balance(parts.place(figure, LEFT_IN, BOTTOM_IN, width, PANEL_IN), analysis)


def draw_balance(axes: Axes, analysis: ClassAnalysis) -> None:
    """The right leg's share (%) in half minutes, even shares as a line, recorded standing marked below."""
    axes.set_gid("panel-balance")
    found = _balance(analysis)
    assert found is not None
    time, right = found[0] / SECONDS_PER_MINUTE, found[1]
    parts.time_axis(axes, parts.class_span(analysis))
    parts.scale(axes, min(48.0, float(np.nanmin(right)) - 0.3), max(52.0, float(np.nanmax(right)) + 0.3), 5)
    parts.header(axes, style.axis_label("right_balance_pct"), style.CHANNEL_COLOURS["right_balance_pct"])
    mean = analysis.metric("right_balance_pct")
    said = [f"mean {mean:.1f} %"] if mean is not None else []
    shift = analysis.drift.get("symmetry")
    drift = in_words(shift, short=True)
    text = ", ".join([*said, f"drift {drift}" if drift and said else drift]).strip(", ")
    room = parts.width_in(axes) + RIGHT_IN - 0.05
    if shift is not None and not shift.applicable and parts.text_width_in(text, style.LABEL_PT) > room:
        text = ", ".join([*said, "no drift computed"])  # why stands whole in the table of drifts
    _caption(axes, text)
    parts.mark_silence(axes, analysis)
    parts.reference(axes, 50.0, "even", style.MUTED)
    axes.plot(
        *parts.broken(time, right, _interrupted(time)),
        color=style.CHANNEL_COLOURS["right_balance_pct"],
        linewidth=1.0,
        marker="o",
        markersize=2.8,
        zorder=2.2,
    )
    axes.lines[-1].set_gid("trace-right_balance_pct")
    upright = extras.standing(analysis)
    if upright:
        parts.spans_in(
            axes, upright, 0.0, 0.05, facecolor=style.MUTED, edgecolor=style.MUTED, linewidth=0.5, zorder=2.0
        ).set_gid("standing")
        parts.beside(axes, axes.get_ylim()[0] + 0.03 * np.ptp(axes.get_ylim()), "standing", style.MUTED)
    parts.mark_late(axes, analysis)


def balance_alt(analysis: ClassAnalysis) -> str:
    """The balance, in words and numbers."""
    found = _balance(analysis)
    assert found is not None
    right = found[1][np.isfinite(found[1])]
    mean = analysis.metric("right_balance_pct")
    said = [f"Right share of power in half minutes, {right.min():.1f} to {right.max():.1f} %."]
    if mean is not None:
        said.append(f"Mean {mean:.1f} %, where 50 % is even.")
    drift = in_words(analysis.drift.get("symmetry"))
    if drift:
        said.append(f"Drift {drift}.")
    return " ".join(said)
