"""How heavy the class was: torque load, impulse, strokes, work, and the means beside them.

Comes in: a `Conditioned` class and the `Context`. Goes out: metrics, each with an interval from the meter's
error, or absent with a reason. Leaves to others: where in the class it was heavy (`grinding.py`).

Torque load: 100/3600 · Σ (T/T_ref)² Δt. The square follows the Mainz-Dortmund dose for lifting; its transfer
to crank torque is ours (metrics.md section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.context import Context
from telemetry.analysis.mean_maximal import largest_second_nm
from telemetry.analysis.metric_rows import result
from telemetry.analysis.numbers import percent
from telemetry.analysis.quality import why_no_torque
from telemetry.model import MetricResult
from telemetry.units import JOULES_PER_KILOJOULE, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

STROKES_PER_TURN = 2.0


@njit(cache=True, nogil=True)
def load_sums(
    dt_s: np.ndarray,
    power_w: np.ndarray,
    cadence_rpm: np.ndarray,
    torque_nm: np.ndarray,
    pedalling: np.ndarray,
    turning: np.ndarray,
) -> np.ndarray:
    """The sums every dose is made of, in the order of `Sums`; NaN counts for nothing.

    Σ T dt, Σ T² dt; Σ P dt; and while pedalling Σ T dt, Σ T² dt with their seconds, Σ c dt with its seconds;
    while turning at known power without pedalling, and while turning at all, Σ c dt; seconds turning.
    """
    sums = np.zeros(11)
    for i in range(len(dt_s)):
        dt = dt_s[i]
        power, cadence, torque = power_w[i], cadence_rpm[i], torque_nm[i]
        if not np.isnan(torque):
            sums[0] += torque * dt
            sums[1] += torque * torque * dt
        if not np.isnan(power):
            sums[2] += power * dt
        if pedalling[i]:
            if not np.isnan(torque):
                sums[3] += torque * dt
                sums[4] += torque * torque * dt
                sums[5] += dt
            sums[6] += cadence * dt
            sums[7] += dt
        if turning[i]:
            if not pedalling[i] and not np.isnan(power):
                sums[8] += cadence * dt
            sums[9] += cadence * dt
            sums[10] += dt
    return sums


@njit(cache=True, nogil=True)
def accumulated(
    torque_nm: np.ndarray, dt_s: np.ndarray, inside: np.ndarray, reference_nm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Torque load so far after each sample (n,), and the part of it that fell where `inside` holds."""
    n = len(dt_s)
    total, part = np.empty(n), np.empty(n)
    so_far = so_far_inside = 0.0
    for i in range(n):
        if not np.isnan(torque_nm[i]):
            share = torque_nm[i] / reference_nm
            load = share * share * dt_s[i] / 36.0
            so_far += load
            if inside[i]:
                so_far_inside += load
        total[i] = so_far
        part[i] = so_far_inside
    return total, part


@dataclass(frozen=True, slots=True)
class Sums:
    """`load_sums` by name. Seconds, N·m·s, N²·m²·s, J, and rpm·s."""

    torque: float
    torque_squared: float
    work: float
    pedalling_torque: float
    pedalling_torque_squared: float
    pedalling_torque_s: float
    pedalling_cadence: float
    pedalling_s: float
    unloaded_cadence: float
    turning_cadence: float
    turning_s: float


def sums(c: Conditioned) -> Sums:
    """The sums of one class, without scaling over gaps."""
    return Sums(*load_sums(c.dt_s, c.power_w, c.cadence_rpm, c.torque_nm, c.pedalling, c.turning).tolist())


def power_error(c: Conditioned, context: Context) -> float:
    """The power meter's relative error, 0..1: as stated by the rider, else by what is known of the meter.

    ±2 % both cranks measured, ±10 % one crank doubled or a studio bike without a calibration, ±5 % unknown.
    """
    limits = context.limits
    if context.rider.meter_error_pct is not None or "meter_error_pct" in limits.overridden:
        return context.meter_error_pct / 100.0
    recording = c.recording
    if recording.single_sided is not None:
        name = "meter_error_single_pct" if recording.single_sided else "meter_error_dual_pct"
        return limits[name] / 100.0
    for device in recording.devices:
        if device.kind == "fitness_equipment" and "power_w" in device.measures:
            return limits["meter_error_single_pct"] / 100.0
    return context.meter_error_pct / 100.0


def torque_load(c: Conditioned, context: Context) -> dict[str, MetricResult]:
    """Doses, means and maxima of one class.

    Doses are scaled over gaps of 5 to 30 s by (observed + gap) / observed and absent where less than 75 % of
    the recorded time is known. Means of torque, rms and cadence are over pedalling time, power over all valid
    time. Intervals come from the meter's error e: TL (1 ± e)², everything else linear in power (1 ± e).
    """
    total = sums(c)
    error = power_error(c, context)
    found = _doses(c, context, total, error)
    return {**found, **_means(c, context, total, error), **_maxima(c, context, error)}


def doses(c: Conditioned, context: Context) -> dict[str, MetricResult]:
    """The doses alone: torque load, impulse, work, strokes and unloaded turns, as `torque_load` has them."""
    return _doses(c, context, sums(c), power_error(c, context))


def _doses(c: Conditioned, context: Context, total: Sums, error: float) -> dict[str, MetricResult]:
    no_torque = why_no_torque(c.recording)
    with_power = c.recording.has("power_w") or not no_torque
    torque_share, torque_scale, torque_why = _scale(c, "torque_nm", no_torque)
    no_power = "" if with_power else "no power was recorded"
    power_share, power_scale, power_why = _scale(c, "power_w", no_power)

    reference = context.torque_reference_nm
    load = 100.0 / SECONDS_PER_HOUR * total.torque_squared / reference**2 * torque_scale
    impulse = total.torque * torque_scale
    per_kg_why = torque_why or ("" if context.mass_kg else "body mass is not known")
    out = {
        "torque_load": _with_error("torque_load", load, error, torque_share, torque_why, power=2),
        "angular_impulse_knms": _with_error(
            "angular_impulse_knms", impulse / 1000.0, error, torque_share, torque_why
        ),
        "impulse_per_kg": _with_error(
            "impulse_per_kg", impulse / (context.mass_kg or 1.0), error, torque_share, per_kg_why
        ),
        "work_kj": _with_error(
            "work_kj", total.work * power_scale / JOULES_PER_KILOJOULE, error, power_share, power_why
        ),
    }
    if with_power and not no_torque:
        share, scale, why, turned = torque_share, torque_scale, torque_why, total.pedalling_cadence
    elif c.recording.has("cadence_rpm") and not with_power:
        share, scale, why = _scale(c, "cadence_rpm", "")
        turned = total.turning_cadence
    else:
        share, scale, why, turned = 0.0, 1.0, "no cadence was recorded", 0.0
    per_rpm_s = STROKES_PER_TURN / SECONDS_PER_MINUTE
    out["strokes"] = _present("strokes", turned * per_rpm_s * scale, share, why)
    unloaded_why = why if with_power else "without power, turns with and without load cannot be told apart"
    out["unloaded_turns"] = _present(
        "unloaded_turns", total.unloaded_cadence * per_rpm_s * scale, share, unloaded_why
    )
    return out


def _means(c: Conditioned, context: Context, total: Sums, error: float) -> dict[str, MetricResult]:
    no_torque = why_no_torque(c.recording)
    never = "there was no pedalling with known torque"
    seconds = total.pedalling_torque_s
    torque_why = no_torque or ("" if seconds else never)
    torque_share = c.known("torque_nm").coverage
    power_s, power_share = c.known("power_w").seconds, c.known("power_w").coverage
    power_why = "" if power_s else "no power was recorded"
    mean_power = total.work / (power_s or 1.0)
    per_kg_why = power_why or ("" if context.mass_kg else "body mass is not known")

    if power_s:
        turned, turned_s = total.pedalling_cadence, total.pedalling_s
    else:
        turned, turned_s = total.turning_cadence, total.turning_s
    if c.recording.has("cadence_rpm"):
        cadence_why = "" if turned_s else "there was no pedalling"
    else:
        cadence_why = "no cadence was recorded"

    heart = c.known("heart_rate_bpm")
    beats = float(c.heart_rate_bpm[heart.where] @ c.dt_s[heart.where])
    return {
        "mean_torque_nm": _with_error(
            "mean_torque_nm", total.pedalling_torque / (seconds or 1.0), error, torque_share, torque_why
        ),
        "rms_torque_nm": _with_error(
            "rms_torque_nm",
            (total.pedalling_torque_squared / (seconds or 1.0)) ** 0.5,
            error,
            torque_share,
            torque_why,
        ),
        "mean_power_w": _with_error("mean_power_w", mean_power, error, power_share, power_why),
        "power_per_kg": _with_error(
            "power_per_kg", mean_power / (context.mass_kg or 1.0), error, power_share, per_kg_why
        ),
        "mean_cadence_rpm": _present(
            "mean_cadence_rpm", turned / (turned_s or 1.0), c.known("cadence_rpm").coverage, cadence_why
        ),
        "mean_heart_rate_bpm": _present(
            "mean_heart_rate_bpm",
            beats / (heart.seconds or 1.0),
            heart.coverage,
            "" if heart.seconds else NO_HEART_RATE,
        ),
    }


NO_HEART_RATE = "no heart rate was recorded"


def _maxima(c: Conditioned, context: Context, error: float) -> dict[str, MetricResult]:
    limits = context.limits
    counts = c.dt_s > 0.0
    heart_known = c.known("heart_rate_bpm")
    power = c.power_w[counts & c.known("power_w").where]
    heart = c.heart_rate_bpm[counts & heart_known.where]
    out = {
        "max_power_w": _with_error(
            "max_power_w",
            float(power.max()) if len(power) else 0.0,
            error,
            c.known("power_w").coverage,
            "" if len(power) else "no power was recorded",
        ),
        "max_heart_rate_bpm": _present(
            "max_heart_rate_bpm",
            float(heart.max()) if len(heart) else 0.0,
            heart_known.coverage,
            "" if len(heart) else NO_HEART_RATE,
        ),
        "peak_torque_modelled_nm": _peak_torque(c, context, error),
    }
    if c.recording.has("power_w"):
        lost = (c.power_w > limits["pedalling_power_w"]) & ~c.turning
        out["cadence_missing_s"] = result("cadence_missing_s", float(c.dt_s[lost].sum()))
    else:
        out["cadence_missing_s"] = result("cadence_missing_s", None, absent_because="no power was recorded")
    return out


def _peak_torque(c: Conditioned, context: Context, error: float) -> MetricResult:
    """Largest modelled peak within a stroke: T · 100 / smoothness where both sides' was measured, else k · T.

    Smoothness of one leg is another number and is never used; k over 4 is no stroke shape.
    """
    name, limits = "peak_torque_modelled_nm", context.limits
    why = why_no_torque(c.recording)
    if why:
        return result(name, None, absent_because=why)
    share = c.known("torque_nm").coverage
    smoothness = c.others.get("combined_pedal_smoothness_pct")
    if smoothness is not None and not c.recording.single_sided:
        use = c.pedalling & (smoothness >= limits["smoothness_min_pct"]) & ~np.isnan(c.torque_nm)
        use &= c.dt_s > 0.0
        if use.any():
            peak = float(np.max(c.torque_nm[use] * 100.0 / smoothness[use]))
            return _with_error(name, peak, error, share, "")
    largest = largest_second_nm(c)
    if largest is None:
        return result(name, None, absent_because="there was no second with known torque")
    return result(
        name,
        limits["peak_torque_factor"] * largest,
        low=limits["peak_torque_factor_low"] * largest,
        high=limits["peak_torque_factor_high"] * largest,
        coverage=share,
    )


def _scale(c: Conditioned, channel: str, absent: str) -> tuple[float, float, str]:
    """Coverage, the factor over gaps of 5 to 30 s, and why the dose is absent (empty: it is not)."""
    known = c.known(channel)
    share, what = known.coverage, channel.partition("_")[0]
    if absent:
        return share, 1.0, absent
    if share < c.limits["coverage_fair"]:
        return share, 1.0, f"not computed: {what} is known for only {percent(share)} of the recorded time"
    observed, scaled = c.once(f"observed {channel}", lambda: c.observed(known.where))
    return share, (observed + scaled) / observed if observed else 1.0, ""


def _with_error(
    name: str, value: float, error: float, coverage: float, why: str, power: int = 1
) -> MetricResult:
    if why:
        return result(name, None, coverage=coverage, absent_because=why)
    low, high = value * (1.0 - error) ** power, value * (1.0 + error) ** power
    return result(name, value, low=low, high=high, coverage=coverage)


def _present(name: str, value: float, coverage: float, why: str) -> MetricResult:
    if why:
        return result(name, None, coverage=coverage, absent_because=why)
    return result(name, value, coverage=coverage)
