"""Gaps, spikes, stuck sensors: a raw recording becomes conditioned arrays and a quality grade.

Comes in: a `ClassRecording`, never changed. Goes out: `Conditioned`, the arrays every metric works on, with a
trust state per sample and channel, and a `Quality`. Leaves to others: every number about load; duplicates and
clock jumps, which ingest has settled before.

Order (rulings section 1): time base → range and sentinels → spikes → cadence jumps → stuck cadence → torque
and coasting state → gaps → smoothing. The masks are found on the recorder's own rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from telemetry.analysis import conditioning_steps as step
from telemetry.analysis.conditioning_fill import fill, note_gaps, put_torque
from telemetry.analysis.conditioning_masks import believe
from telemetry.analysis.limits import Limits
from telemetry.analysis.quality import IssueLog, grade
from telemetry.analysis.time_base import time_base
from telemetry.model import CHANNELS, ClassRecording, Quality
from telemetry.units import RAD_PER_S_PER_RPM

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """Where one channel is known (n,) bool, for how many seconds, and what share of the recorded time."""

    where: np.ndarray
    seconds: float
    coverage: float


@dataclass(frozen=True)
class Conditioned:
    """One class ready for metrics. Arrays are float64 (n,) unless said, NaN where there is nothing.

    The rows are the recorder's, plus rows filled into steps of 2 to 5 s (to 10 s with smart recording).
    """

    recording: ClassRecording
    time_s: np.ndarray
    """elapsed seconds, strictly increasing"""
    dt_s: np.ndarray
    """seconds a sample stands for: to the next without pauses, 0 across a gap, the last the median step"""
    gap_s: np.ndarray
    """seconds of gap after the sample that doses scale over (5 to 30 s), else 0"""
    power_w: np.ndarray
    cadence_rpm: np.ndarray
    torque_nm: np.ndarray
    """0 when coasting, NaN when unknown (power without cadence)"""
    heart_rate_bpm: np.ndarray
    """all NaN where there is no heart rate"""
    pedalling: np.ndarray
    """bool: cadence >= 20 rpm and power > 5 W, both valid"""
    break_after: np.ndarray
    """bool: a gap over 5 s (10 s with smart recording) or a pause follows; no bout or window crosses it"""
    power_smooth_w: np.ndarray
    cadence_smooth_rpm: np.ndarray
    torque_smooth_nm: np.ndarray
    """centred 5 s means of pedalling samples; for thresholds only"""
    states: dict[str, np.ndarray]
    """channel → int8 codes, positions in `model.TRUST_STATES`; power, cadence, torque and heart rate always,
    every other channel the recording has"""
    others: dict[str, np.ndarray]
    """every other channel of the recording on the same time base (balance, smoothness, standing …)"""
    recorded_s: float
    """sum of dt without pauses, gaps included"""
    median_step_s: float
    smart_recording: bool
    quality: Quality
    turning: np.ndarray
    """bool: cadence >= 20 rpm, whatever the power"""
    step_s: np.ndarray
    """seconds to the next sample without pauses, gaps included"""
    row: np.ndarray
    """int64: the recording's row, -1 where a row was filled in"""
    filled_gap_s: float
    """longest step that was filled: 5 s, or 10 s with smart recording"""
    limits: Limits
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.time_s)

    def once(self, key: str, build: Callable[[], T]) -> T:
        """What `build` makes of this class, made once: several metrics ask for the same."""
        if key not in self._made:
            self._made[key] = build()
        found: T = self._made[key]
        return found

    def known(self, channel: str) -> Known:
        """How much is known of power_w, cadence_rpm, torque_nm or heart_rate_bpm."""

        def build() -> Known:
            where = ~np.isnan(getattr(self, channel))
            seconds = float(self.dt_s @ where)
            return Known(where, seconds, _share(seconds, self.recorded_s))

        return self.once(channel, build)

    def observed(self, valid: np.ndarray) -> tuple[float, float]:
        """Seconds where a bool array (n,) holds, and seconds of gaps between them that doses scale over."""
        observed, scaled, _ = step.observed_seconds(
            valid, self.step_s, self.dt_s, self.filled_gap_s, self.limits["gap_scaled_s"]
        )
        return float(observed), float(scaled)


def condition(
    recording: ClassRecording, limits: Limits | None = None, mass_kg: float | None = None
) -> Conditioned:
    """Condition one recording; any channel may be absent.

    Parameters
    ----------
    limits : the rows in force, the defaults where None
    mass_kg : body mass [kg]; torque over 3 N·m/kg is masked, without it torque over 250 N·m
    """
    limits = Limits() if limits is None else limits
    base = time_base(recording.array("time_s"), recording.pauses, limits)
    raw_log = IssueLog(base.raw_time_s, np.minimum(base.raw_step_s, base.filled_gap_s))
    raw, masks = believe(recording, base, limits, raw_log)

    log = IssueLog(base.time_s, base.step_s)
    values: dict[str, np.ndarray] = {}
    states: dict[str, np.ndarray] = {}
    for name in ("power_w", "cadence_rpm", "heart_rate_bpm", "torque_nm", *raw):
        if name in values:
            continue
        if name not in raw:
            values[name] = np.full(len(base), np.nan)
            states[name] = np.full(len(base), step.MISSING, dtype=np.int8)
            continue
        values[name] = base.spread(raw[name], np.nan)
        state = np.isnan(values[name]).view(np.int8) * np.int8(step.MISSING)  # else measured, which is 0
        if name in masks:
            state[base.spread(masks[name], False)] = step.MASKED
        states[name] = state
    masked = np.zeros(len(base), dtype=np.bool_)
    for name in ("power_w", "cadence_rpm"):
        masked |= states[name] == step.MASKED

    fill(values, states, base, log)
    measured = values["torque_nm"] if "torque_nm" in raw else None
    if measured is not None and "power_w" not in raw and "cadence_rpm" in raw:
        values["power_w"] = measured * values["cadence_rpm"] * RAD_PER_S_PER_RPM
        states["power_w"] = np.where(
            np.isnan(values["power_w"]), states["torque_nm"], np.int8(step.ESTIMATED)
        ).astype(np.int8)
        log.say("power_estimated", "no power was recorded; it was computed from measured torque and cadence")
    too_high = put_torque(values, states, base, measured, limits, mass_kg, log)
    masked |= too_high

    power, cadence, torque = values["power_w"], values["cadence_rpm"], values["torque_nm"]
    turning = cadence >= limits["turning_cadence_rpm"]
    pedalling = turning & (power > limits["pedalling_power_w"])
    note_gaps(base, values, recording, limits, log)

    believed = turning & ~np.isnan(power) & ~np.isnan(torque) & ~too_high
    power_smooth, cadence_smooth, torque_smooth = step.pedalling_means(
        base.time_s,
        power,
        cadence,
        torque,
        believed,
        base.break_after,
        limits["smoothing_half_width_s"],
    )
    if measured is None:  # never a mean of torques whose cadence is near zero
        torque_smooth = power_smooth / (RAD_PER_S_PER_RPM * cadence_smooth)

    recorded = base.recorded_s
    coverage = {
        name: _share(base.dt_s @ ~np.isnan(values[name]), recorded)
        for name in CHANNELS
        if (name in raw or name == "torque_nm") and name != "silence_s"
    }
    quality = grade(
        recording,
        limits,
        coverage=coverage,
        masked_share=_share(base.dt_s[masked].sum(), recorded),
        estimated_share=_share(base.dt_s[states["power_w"] == step.ESTIMATED].sum(), recorded),
        dead_power="power_w" in raw and not bool((power != 0.0).any()),
        smart_recording=base.smart_recording,
        issues=raw_log.issues + log.issues,
    )
    main = ("power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm")
    return Conditioned(
        recording=recording,
        time_s=base.time_s,
        dt_s=base.dt_s,
        gap_s=base.gap_s,
        power_w=power,
        cadence_rpm=cadence,
        torque_nm=torque,
        heart_rate_bpm=values["heart_rate_bpm"],
        pedalling=pedalling,
        break_after=base.break_after,
        power_smooth_w=power_smooth,
        cadence_smooth_rpm=cadence_smooth,
        torque_smooth_nm=torque_smooth,
        states=states,
        others={name: values[name] for name in values if name not in main},
        recorded_s=recorded,
        median_step_s=base.median_step_s,
        smart_recording=base.smart_recording,
        quality=quality,
        turning=turning,
        step_s=base.step_s,
        row=base.row,
        filled_gap_s=base.filled_gap_s,
        limits=limits,
    )


def _share(part: float, whole: float) -> float:
    return min(float(part) / whole, 1.0) if whole > 0.0 else 0.0
