"""Fatigue drift of one class: each number with its interval, or why it does not apply.

Comes in: a conditioned class and the recordings of its class group. Goes out: metrics, drift results and the
curves that show them. Leaves to others: the models (heart_rate_drift, cadence_drift, onset) and the review.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from telemetry.analysis import cadence_drift, onset, robust
from telemetry.analysis.heart_rate_drift import HeartRateModel, fit_heart_rate, seconds_joined
from telemetry.analysis.metric_rows import result
from telemetry.analysis.numbers import number, percent, plain
from telemetry.model import Drift, MetricResult

if TYPE_CHECKING:
    from telemetry.analysis.conditioning import Conditioned
    from telemetry.analysis.context import Context
    from telemetry.model import ClassRecording

Found = tuple[dict[str, MetricResult], dict[str, Drift], dict[str, Any]]

CONFOUNDERS = "The class programme, heat, coffee and a prescribed cadence move this number as well."
ROOM_BIAS = (
    "Without other riders to compare with, about half of what the class programme itself does to cadence "
    "stays in this number."
)
ONSET_BIAS = (
    "At constant power a slower cadence is a higher torque, so comparing at matched torque absorbs part of a "
    "sag; efforts that are not spread over the class can hide a sag or look like one."
)
NEVER_CHANGES = "never changes, as from a sensor that repeats its last value"
SINGLE_CHANNEL = "Measured against the other riders of the class; what all share does not show."


def fatigue_drift(c: Conditioned, context: Context, group: Sequence[ClassRecording] | None = None) -> Found:
    """Heart-rate, cadence and breathing drift, onset, variability and decoupling of one class."""
    metrics: dict[str, MetricResult] = {}
    drift: dict[str, Drift] = {}
    curves: dict[str, Any] = {}
    for part in (_cadence(c, context, group), _heart_rate(c, context)):
        metrics.update(part[0])
        drift.update(part[1])
        curves.update(part[2])
    metrics["decoupling_pct"] = _decoupling(c, context)
    return metrics, drift, curves


def absent(reason: str, unit: str) -> Drift:
    """A drift that does not apply, and why."""
    return Drift(None, unit, applicable=False, why_not=reason)


def unfit_for_drift(c: Conditioned, context: Context) -> str | None:
    """Why a class is too short or too long for any drift, None where it is neither.

    Too long is what no class lasts: a pause may be as long as a clock can claim, and what drift is fitted on
    is sized by the time from first to last sample.
    """
    least, most = context.limits["drift_min_minutes"], context.limits["drift_max_hours"]
    minutes = float(c.time_s[-1] - c.time_s[0]) / 60.0 if len(c) else 0.0
    # the last sample stands for one more step: a 20 min class has its last sample at 19:59
    if minutes + c.median_step_s / 60.0 < least:
        return f"the class is under {plain(least)} minutes"
    if minutes > most * 60.0:
        return f"more than {plain(most)} hours lie between the first and the last sample"
    return None


# --- cadence ------------------------------------------------------------------------------------------------


def _cadence(c: Conditioned, context: Context, group: Sequence[ClassRecording] | None) -> Found:
    names = ("cadence_drift_rpm_per_min", "cadence_variability_ratio", "cadence_drift_class_rpm_per_min")
    why = unfit_for_drift(c, context)
    if why is None and not (c.pedalling & np.isfinite(c.torque_nm)).any():
        why = "no torque is known: cadence drift compares cadence at matched torque"
    if why is not None:
        metrics = {name: result(name, None, absent_because=why) for name in names}
        return metrics, {"cadence": absent(why, "rpm/min"), "onset": absent(why, "min")}, {}

    index = cadence_drift.torque_bins(c)
    blocks = cadence_drift.residual_blocks(c, index)
    line = cadence_drift.matched_drift(blocks)
    few = f"fewer than {robust.MIN_POINTS} half minutes of pedalling"
    ratio = cadence_drift.variability_ratio(c, index)
    metrics = {
        names[0]: _line_metric(names[0], line, few),
        names[1]: result(names[1], ratio, absent_because="no torque was ridden both early and late"),
    }
    relative, why_alone = None, "no other riders of the class were given"
    if group:
        relative, why_alone = cadence_drift.class_relative(c, group, int(context.limits["class_riders"]))
    metrics[names[2]] = _line_metric(names[2], relative, why_alone or few)
    shown, caveat = (relative, SINGLE_CHANNEL) if relative is not None else (line, ROOM_BIAS)
    curves: dict[str, Any] = {
        "cadence_bin_time_s": blocks.time_s,
        "cadence_residual_rpm": blocks.residual_rpm,
    }
    drift = {"cadence": _line_drift(shown, "rpm/min", f"{caveat} {CONFOUNDERS}", few)}
    drift["onset"], stick = _onset(c, context, blocks)
    if stick is not None:
        curves["onset_fit_rpm"] = stick.fit
    return metrics, drift, curves


def _onset(
    c: Conditioned, context: Context, blocks: cadence_drift.CadenceResidual
) -> tuple[Drift, onset.Stick | None]:
    if c.smart_recording:
        return absent("smart recording: samples stand too far apart to place an onset", "min"), None
    stick = onset.broken_stick(
        blocks.time_s / 60.0,
        blocks.residual_rpm,
        seed=c.recording.id,
        runs=int(context.limits["onset_null_runs"]),
        step_min=blocks.width_s / 60.0,
    )
    if stick is None:
        return absent("too few half minutes of pedalling to search an onset in", "min"), None
    if not stick.p < context.limits["onset_p"]:
        quiet = "no minute stands out from the ups and downs of this class"
        return Drift(None, "min", why_not=quiet, detail=f"{ONSET_BIAS} {CONFOUNDERS}"), None
    detail = (
        f"From there cadence at matched torque fell by {number(-stick.slope, 2)} rpm a minute. The window is "
        f"approximate. {ONSET_BIAS} {CONFOUNDERS}"
    )
    found = Drift(
        stick.knot_min,
        "min",
        stick.low_min,
        stick.high_min,
        window_min=(stick.low_min, stick.high_min),
        detail=detail,
    )
    return found, stick


# --- heart rate and breathing -------------------------------------------------------------------------------


def _heart_rate(c: Conditioned, context: Context) -> Found:
    name, unit = "heart_rate_drift_bpm_per_h", "bpm/h"
    model = _heart_rate_model(c, context, c.heart_rate_bpm, "heart_rate_bpm", "heart rate")
    metric = result(
        name, model.slope_per_h, low=model.low_per_h, high=model.high_per_h, absent_because=model.why_not
    )
    curves: dict[str, Any] = {}
    if not model.applicable:
        shown = absent(model.why_not, unit)
    else:
        curves = {
            "hr_time_s": model.curves["time_s"],
            "hr_measured_bpm": model.curves["measured"],
            "hr_modelled_bpm": model.curves["modelled"],
            "hr_without_drift_bpm": model.curves["without_drift"],
        }
        shown = Drift(
            model.slope_per_h,
            unit,
            model.low_per_h,
            model.high_per_h,
            detail=CONFOUNDERS,
        )
    return {name: metric}, {"heart_rate": shown, "respiration": _respiration(c, context)}, curves


def _heart_rate_model(
    c: Conditioned, context: Context, rate: np.ndarray, channel: str, label: str
) -> HeartRateModel:
    limits = context.limits
    coverage = _coverage(c, rate)
    why = unfit_for_drift(c, context)
    if not np.isfinite(rate).any():
        why = f"no {label} was recorded"
    elif not np.isfinite(c.power_w).any():
        why = "no power was recorded"
    elif _never_changes(rate):
        why = f"{label} {NEVER_CHANGES}"
    elif why is None and coverage < limits["heart_rate_coverage"]:
        share = limits["heart_rate_coverage"]
        why = f"{label} covers {percent(coverage)} of the class, under the {percent(share)} that drift needs"
    if why is not None:
        return HeartRateModel(False, why)
    longest = limits["smart_recording_step_s"] if c.smart_recording else limits["gap_s"]
    start = float(c.time_s[0])
    series = [seconds_joined(c.time_s - start, values, longest) for values in (c.power_w, rate)]
    cadence = None
    if _coverage(c, c.cadence_rpm) >= limits["coverage_fair"]:
        cadence = seconds_joined(c.time_s - start, c.cadence_rpm, longest)
    model = fit_heart_rate(series[0], cadence, series[1], limits["drift_interval_factor"])
    if model.applicable:
        model.curves["time_s"] = model.curves["time_s"] + start
    return model


def _respiration(c: Conditioned, context: Context) -> Drift:
    """Theil–Sen slope of breathing rate minus what the same model says without its time term."""
    unit = "1/min per h"
    rate = c.others.get("respiration_per_min")
    if rate is None:
        return absent("no breathing rate was recorded", unit)
    model = _heart_rate_model(c, context, rate, "respiration_per_min", "breathing rate")
    if not model.applicable:
        return absent(model.why_not, unit)
    curves = model.curves
    residual = curves["measured"] - curves["without_drift"]
    times, means = robust.block_means(curves["time_s"], residual, np.ones(len(residual)), 60.0, 3.0)
    return _line_drift(robust.line(times / 3600.0, means), unit, CONFOUNDERS, "too little breathing rate")


def _never_changes(values: np.ndarray) -> bool:
    """Whether a channel with a value or more (n,) has one and the same throughout."""
    known = values[~np.isnan(values)]
    return bool((known == known[0]).all())


def _coverage(c: Conditioned, values: np.ndarray) -> float:
    return float(c.dt_s[np.isfinite(values)].sum()) / c.recorded_s if c.recorded_s > 0 else 0.0


# --- decoupling ---------------------------------------------------------------------------------------------


def decoupling(time_s: np.ndarray, dt_s: np.ndarray, power_w: np.ndarray, heart_rate: np.ndarray) -> float:
    """100 (r1 - r2) / r1 with r = mean power / mean heart rate of each half by elapsed time [%].

    Rows without heart rate above 0 are left out. NaN where a half is empty or without power.
    """
    usable = np.isfinite(power_w) & (heart_rate > 0.0) & (dt_s > 0.0)
    if not usable.any():
        return math.nan
    middle = 0.5 * (float(time_s[0]) + float(time_s[-1] + dt_s[-1]))
    ratios = []
    for half in (usable & (time_s < middle), usable & (time_s >= middle)):
        beats = float((dt_s[half] * heart_rate[half]).sum())
        ratios.append(float((dt_s[half] * power_w[half]).sum()) / beats if beats > 0.0 else math.nan)
    return 100.0 * (ratios[0] - ratios[1]) / ratios[0] if ratios[0] else math.nan


@njit(cache=True, nogil=True)
def seconds_in_band(
    time_s: np.ndarray, dt_s: np.ndarray, power_w: np.ndarray, width_s: float, level_w: float, band_w: float
) -> tuple[float, float]:
    """Seconds in which the mean power of the last `width_s` is within `band_w` of `level_w`; all seconds.

    A window ends with its sample and begins with the first one less than `width_s` - 0.5 s before it.
    """
    first, joules, known, steady, ridden = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(time_s)):
        if not (np.isfinite(power_w[i]) and dt_s[i] > 0.0):
            continue
        joules += power_w[i] * dt_s[i]
        known += dt_s[i]
        ridden += dt_s[i]
        while time_s[first] < time_s[i] - (width_s - 0.5):
            if np.isfinite(power_w[first]) and dt_s[first] > 0.0:
                joules -= power_w[first] * dt_s[first]
                known -= dt_s[first]
            first += 1
        if abs(joules / known - level_w) <= band_w:
            steady += dt_s[i]
    return steady, ridden


def steady_share(time_s: np.ndarray, dt_s: np.ndarray, power_w: np.ndarray, band: float) -> float:
    """Share of time in which the 30 s mean of power stays within ±band of the median of power above 5 W."""
    pushed = power_w[(power_w > 5.0) & (dt_s > 0.0) & np.isfinite(power_w)]
    if not len(pushed):
        return 0.0
    level = float(robust.median(pushed))
    steady, ridden = seconds_in_band(time_s, dt_s, power_w, 30.0, level, band * level)
    return float(steady / ridden)


def _decoupling(c: Conditioned, context: Context) -> MetricResult:
    name, limits = "decoupling_pct", context.limits
    why = unfit_for_drift(c, context)
    if not np.isfinite(c.heart_rate_bpm).any():
        why = "no heart rate was recorded"
    elif not np.isfinite(c.power_w).any():
        why = "no power was recorded"
    elif _never_changes(c.heart_rate_bpm):
        why = f"heart rate {NEVER_CHANGES}"
    elif why is None:
        coverage = _coverage(c, c.heart_rate_bpm)
        share = steady_share(c.time_s, c.dt_s, c.power_w, limits["steady_band_pct"] / 100.0)
        if coverage < limits["heart_rate_coverage"]:
            why = f"heart rate covers {percent(coverage)} of the class"
        elif share < limits["steady_share"]:
            why = (
                f"not applicable: power stayed in one band for {percent(share)} of the time, and below "
                f"{percent(limits['steady_share'])} the programme alone moves this number"
            )
    if why is not None:
        return result(name, None, absent_because=why)
    value = decoupling(c.time_s, c.dt_s, c.power_w, c.heart_rate_bpm)
    return result(name, value, coverage=_coverage(c, c.heart_rate_bpm))


# --- lines --------------------------------------------------------------------------------------------------


def _line_metric(name: str, line: robust.Line | None, why: str) -> MetricResult:
    if line is None:
        return result(name, None, absent_because=why)
    return result(name, line.slope, low=line.low, high=line.high)


def _line_drift(line: robust.Line | None, unit: str, detail: str, why: str) -> Drift:
    if line is None:
        return absent(why, unit)
    return Drift(line.slope, unit, line.low, line.high, detail=detail)
