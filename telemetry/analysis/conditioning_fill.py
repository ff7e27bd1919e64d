"""What conditioning puts in place: short gaps, torque with its states, and a word on what stays unknown.

Comes in: believed columns on the filled time base, in the dicts `values` and `states`, which are written here
and nowhere later. Source: rulings section 1.
"""

from __future__ import annotations

import numpy as np

from telemetry.analysis import conditioning_steps as step
from telemetry.analysis.limits import Limits
from telemetry.analysis.numbers import number
from telemetry.analysis.quality import IssueLog, why_no_torque
from telemetry.analysis.time_base import TOLERANCE_S, TimeBase
from telemetry.model import CHANNELS, ClassRecording


def fill(
    values: dict[str, np.ndarray],
    states: dict[str, np.ndarray],
    base: TimeBase,
    log: IssueLog,
) -> None:
    """Short gaps made linear in every continuous channel; steps are held, in filled rows only."""
    longest = base.filled_gap_s + TOLERANCE_S
    filled_in = base.row < 0
    any_filled_in = bool(filled_in.any())
    filled_any = np.zeros(len(base), dtype=np.bool_)
    for name in values:
        missing = np.isnan(values[name])
        if not missing.any() or missing.all():
            continue
        if CHANNELS[name].continuous:
            values[name], filled = step.fill_gaps(base.time_s, values[name], base.break_after, longest)
        else:
            if not any_filled_in:
                continue
            before = np.maximum.accumulate(np.where(filled_in, 0, np.arange(len(base))))
            values[name] = values[name][before]
            filled = filled_in & ~np.isnan(values[name])
        states[name][filled] = step.INTERPOLATED
        if name in ("power_w", "cadence_rpm"):
            filled_any |= filled
    log.note("gap_interpolated", filled_any, f"Gap of up to {base.filled_gap_s:g} s, filled linearly")


def put_torque(
    values: dict[str, np.ndarray],
    states: dict[str, np.ndarray],
    base: TimeBase,
    measured: np.ndarray | None,
    limits: Limits,
    mass_kg: float | None,
    log: IssueLog,
) -> np.ndarray:
    """Put torque and its states in place; return where it was above any rider's strength (bool (n,))."""
    power, cadence = values["power_w"], values["cadence_rpm"]
    torque = step.crank_torque(
        power, cadence, measured, limits["turning_cadence_rpm"], limits["pedalling_power_w"]
    )
    ceiling = limits["torque_ceiling_nm"]
    if mass_kg is not None:
        ceiling = limits["torque_ceiling_nm_per_kg"] * mass_kg
    too_high = torque > ceiling
    torque[too_high] = np.nan
    log.note("torque_ceiling", too_high, f"Torque over {ceiling:.0f} N·m, masked")

    worst = np.maximum(_RANK[states["power_w"]], _RANK[states["cadence_rpm"]])
    state = _BY_RANK[worst]
    if measured is not None:
        own = ~np.isnan(measured)
        state[own] = states["torque_nm"][own]
    state[np.isnan(torque) & (state != step.MASKED)] = step.MISSING
    state[too_high] = step.MASKED
    if too_high.any():
        line, filled = step.fill_gaps(base.time_s, torque, base.break_after, base.filled_gap_s + TOLERANCE_S)
        filled &= too_high  # other unknown torque stays unknown: a standing start is no line
        torque[filled] = line[filled]
        state[filled] = step.INTERPOLATED
    values["torque_nm"], states["torque_nm"] = torque, state
    return too_high


# Torque is as good as the worse of power and cadence; best first: measured, interpolated, estimated, masked,
# missing.
_RANK = np.array([0, 1, 3, 4, 2], dtype=np.int8)
_BY_RANK = np.array(
    [step.MEASURED, step.INTERPOLATED, step.ESTIMATED, step.MASKED, step.MISSING], dtype=np.int8
)


def note_gaps(
    base: TimeBase,
    values: dict[str, np.ndarray],
    recording: ClassRecording,
    limits: Limits,
    log: IssueLog,
) -> None:
    """Say what stays unknown: gaps that doses scale over, gaps that add nothing, one input missing."""
    longest = limits["gap_scaled_s"]
    why = why_no_torque(recording)
    if why and len(recording):
        log.say("no_torque", why)
    elif len(recording):
        known = ~np.isnan(values["torque_nm"])
        _, scaled, count = step.observed_seconds(known, base.step_s, base.dt_s, base.filled_gap_s, longest)
        if count:
            log.say(
                "gap_scaled",
                f"Gap of {base.filled_gap_s:g} to {longest:g} s, doses scaled over it: "
                f"{number(count)} of them, {number(scaled)} s in all",
                count=int(count),
                seconds=float(scaled),
            )
        unknown = float(base.recorded_s - base.dt_s[known].sum() - scaled)
        if unknown > 0.5:
            log.say("torque_unknown", f"{number(unknown)} s without torque that add nothing", seconds=unknown)
    if base.smart_recording:
        log.say(
            "smart_recording", "samples two to ten seconds apart; filled linearly, no onset is looked for"
        )
    cadence = values["cadence_rpm"]
    if recording.has("power_w") and recording.has("cadence_rpm"):
        power = values["power_w"]
        slow = ~(cadence >= limits["turning_cadence_rpm"])
        log.note(
            "power_without_cadence",
            (power > limits["pedalling_power_w"]) & slow & (base.dt_s > 0.0),
            "Power without a turning cadence, torque unknown",
        )
        log.note(
            "cadence_without_power",
            (cadence >= limits["turning_cadence_rpm"]) & np.isnan(power) & (base.dt_s > 0.0),
            "Cadence without power, torque unknown",
        )
        log.note(
            "unloaded_turns",
            (cadence >= limits["turning_cadence_rpm"])
            & (power <= limits["pedalling_power_w"])
            & (base.dt_s > 0.0),
            "Crank turning without load",
        )
