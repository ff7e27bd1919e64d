"""Which samples are not to be believed: the sensor steps of conditioning, in their order.

Comes in: a `ClassRecording` and its time base. Goes out: its columns with what no sensor can mean made NaN,
and for each channel where that happened; the log says why. The recording itself is never changed.
Source: rulings section 1.
"""

from __future__ import annotations

import numpy as np

from telemetry.analysis import conditioning_steps as step
from telemetry.analysis.limits import Limits
from telemetry.analysis.quality import IssueLog
from telemetry.analysis.time_base import TimeBase
from telemetry.model import CHANNELS, ClassRecording

RANGES = (
    ("power_w", "power_range", 0.0, 65534.0),
    ("torque_nm", "torque_range", 0.0, 2047.0),
    ("right_balance_pct", "balance_range", 0.0, 100.0),
    ("left_torque_effectiveness_pct", "torque_effectiveness_range", 0.0, 100.0),
    ("right_torque_effectiveness_pct", "torque_effectiveness_range", 0.0, 100.0),
    ("left_pedal_smoothness_pct", "pedal_smoothness_range", 0.0, 100.0),
    ("right_pedal_smoothness_pct", "pedal_smoothness_range", 0.0, 100.0),
    ("combined_pedal_smoothness_pct", "pedal_smoothness_range", 0.0, 100.0),
    ("resistance_level", "resistance_range", 0.0, 254.0),
    ("resistance_pct", "resistance_range", 0.0, 100.0),
    ("speed_mps", "speed_range", 0.0, 100.0),
    ("respiration_per_min", "respiration_range", 1.0, 120.0),
    ("standing", "standing_range", 0.0, 1.0),
    ("temperature_c", "temperature_range", -60.0, 80.0),
)
"""What a channel can mean at all; beyond it lie the bytes for "not reported". Formats and physics."""


def believe(
    recording: ClassRecording, base: TimeBase, limits: Limits, log: IssueLog
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Raw columns with what no sensor can mean made NaN, and for each channel where that happened."""
    raw: dict[str, np.ndarray] = {}
    masks: dict[str, np.ndarray] = {}
    for name in recording.channels:
        if name in CHANNELS:
            raw[name] = recording.array(name).copy()
    if not recording.torque_source and "power_w" in raw:
        raw.pop("torque_nm", None)  # somebody's own division; ours is conditioned

    def mask(name: str, where: np.ndarray, code: str, what: str) -> None:
        if not where.any():
            return
        log.note(code, where, what)
        masks[name] = masks[name] | where if name in masks else where
        raw[name][where] = np.nan

    for name, code, low, high in RANGES:
        if name in raw:
            where = step.out_of_range(raw[name], low, high)
            mask(name, where, code, f"{CHANNELS[name].label} outside {low:g} to {high:g}, masked")
    if "heart_rate_bpm" in raw:
        low, high = limits["heart_rate_min_bpm"], limits["heart_rate_max_bpm"]
        where = step.out_of_range(raw["heart_rate_bpm"], low, high)
        mask(
            "heart_rate_bpm", where, "heart_rate_range", f"Heart rate outside {low:g} to {high:g} bpm, masked"
        )
    if "power_w" in raw:
        where = step.power_spikes(
            base.raw_time_s,
            raw["power_w"],
            base.median_step_s,
            limits["spike_power_w"],
            limits["spike_factor"],
            limits["spike_run_s"],
        )
        mask("power_w", where, "power_spike", "Power spike, masked")
    if "cadence_rpm" in raw:
        high = limits["cadence_max_rpm"]
        where = step.out_of_range(raw["cadence_rpm"], 0.0, high)
        mask("cadence_rpm", where, "cadence_range", f"Cadence over {high:g} rpm, masked")
        where = step.cadence_jumps(
            base.raw_time_s,
            raw["cadence_rpm"],
            limits["turning_cadence_rpm"],
            limits["cadence_jump_rpm_per_s"],
        )
        mask("cadence_rpm", where, "cadence_jump", "Cadence jumped faster than a crank can, masked")
        where = step.stuck_cadence(
            base.raw_time_s,
            np.minimum(base.raw_step_s, base.filled_gap_s),
            base.raw_break_after,
            raw.get("power_w", np.full(len(recording), np.nan)),
            raw["cadence_rpm"],
            limits["stuck_cadence_s"],
            limits["stuck_power_step_pct"],
            limits["stuck_at_zero_power_s"],
        )
        mask("cadence_rpm", where, "cadence_stuck", "Cadence repeated itself while power changed, masked")
    return raw, masks
