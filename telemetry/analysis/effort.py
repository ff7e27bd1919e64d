"""How the efforts were shaped: quadrants, swings, pedalling and unbroken time, with the sliding windows.

Comes in: a `Conditioned` class and the `Context`. Goes out: metrics, or absent with a reason. Leaves to
others: sums over the class (`torque_load.py`), bouts (`grinding.py`), sliding windows (`mean_maximal.py`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemetry.analysis import silence
from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.context import Context
from telemetry.analysis.mean_maximal import mean_maximal, mean_maximal_torque, normalized_power
from telemetry.analysis.metric_rows import MMT_DURATIONS_S, result
from telemetry.analysis.quality import why_no_torque
from telemetry.model import MetricResult
from telemetry.units import SECONDS_PER_MINUTE

QUADRANTS = ("quadrant_1_pct", "quadrant_2_pct", "quadrant_3_pct", "quadrant_4_pct")


# --- kernels ------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def quadrant_seconds(
    dt_s: np.ndarray,
    cadence_rpm: np.ndarray,
    torque_nm: np.ndarray,
    pedalling: np.ndarray,
    reference_nm: float,
    reference_rpm: float,
    torque_max_nm: float,
) -> np.ndarray:
    """Seconds pedalled in quadrants 1 to 4; at or above a reference counts as high.

    Torque stands for force and cadence for pedal speed: the crank's length divides out of both comparisons.
    """
    seconds = np.zeros(4)
    for i in range(len(dt_s)):
        if not pedalling[i] or np.isnan(torque_nm[i]) or torque_nm[i] > torque_max_nm:
            continue
        if torque_nm[i] >= reference_nm:
            k = 0 if cadence_rpm[i] >= reference_rpm else 1
        else:
            k = 3 if cadence_rpm[i] >= reference_rpm else 2
        seconds[k] += dt_s[i]
    return seconds


@njit(cache=True, nogil=True)
def plain_means(
    time_s: np.ndarray, value: np.ndarray, break_after: np.ndarray, half_width_s: float
) -> np.ndarray:
    """Centred mean over [t - h, t + h] of what is known, never across a break; NaN where nothing is known."""
    n = len(time_s)
    out = np.full(n, np.nan)
    reach = half_width_s + 1e-6
    low = high = 0
    stop = 0
    total = 0.0
    count = 0
    for i in range(n):
        if i == stop:
            while stop < n - 1 and not break_after[stop]:
                stop += 1
            stop += 1
            low = high = i
            total = 0.0
            count = 0
        while high < stop and time_s[high] <= time_s[i] + reach:
            if not np.isnan(value[high]):
                total += value[high]
                count += 1
            high += 1
        while time_s[low] < time_s[i] - reach:
            if not np.isnan(value[low]):
                total -= value[low]
                count -= 1
            low += 1
        if count > 0:
            out[i] = np.rint(total / count * 1e9) / 1e9
    return out


@njit(cache=True, nogil=True)
def rainflow(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranges and cycles (1.0 or 0.5) of a series, NaN left out, by ASTM E1049-85 section 5.4.4."""
    n = len(value)
    turn = np.empty(n)
    t = 0
    for i in range(n):  # turning points: the first, every reversal, the last
        x = value[i]
        if np.isnan(x) or (t > 0 and x == turn[t - 1]):
            continue
        if t >= 2 and (turn[t - 1] - turn[t - 2]) * (x - turn[t - 1]) > 0.0:
            turn[t - 1] = x
        else:
            turn[t] = x
            t += 1
    ranges = np.empty(t)
    cycles = np.empty(t)
    count = 0
    stack = np.empty(t)
    s = 0
    for i in range(t):
        stack[s] = turn[i]
        s += 1
        while s >= 3:
            newest = abs(stack[s - 1] - stack[s - 2])
            before = abs(stack[s - 2] - stack[s - 3])
            if newest < before:
                break
            ranges[count] = before
            if s == 3:  # the range holds the start: half a cycle, and the start moves on
                cycles[count] = 0.5
                stack[0] = stack[1]
                stack[1] = stack[2]
                s = 2
            else:
                cycles[count] = 1.0
                stack[s - 3] = stack[s - 1]
                s -= 2
            count += 1
    for i in range(s - 1):
        ranges[count] = abs(stack[i + 1] - stack[i])
        cycles[count] = 0.5
        count += 1
    return ranges[:count].copy(), cycles[:count].copy()


@njit(cache=True, nogil=True)
def unbroken(
    time_s: np.ndarray,
    dt_s: np.ndarray,
    pedalling: np.ndarray,
    standing: np.ndarray,
    pause_s: float,
    standing_s: float,
) -> float:
    """Longest elapsed time [s] pedalled without a rest of `pause_s` or a stand of `standing_s`.

    Coasting, pauses and gaps shorter than that lie inside; `standing` is NaN or 0 where not recorded as such.
    """
    n = len(time_s)
    longest = 0.0
    begin = end = -1.0  # of the stretch that is going on, -1: none
    i = 0
    while i < n:
        if standing[i] == 1.0:
            last = i
            while last + 1 < n and standing[last + 1] == 1.0:
                last += 1
            if time_s[last] + dt_s[last] - time_s[i] >= standing_s - 1e-6:
                begin = -1.0
                i = last + 1
                continue
            inside = last
        else:
            inside = i
        for j in range(i, inside + 1):
            if not pedalling[j]:
                continue
            if begin >= 0.0 and time_s[j] - end >= pause_s - 1e-6:
                begin = -1.0
            if begin < 0.0:
                begin = time_s[j]
            end = time_s[j] + dt_s[j]
            longest = max(longest, end - begin)
        i = inside + 1
    return longest


# --- metrics ------------------------------------------------------------------------------------------------

NOT_GRINDING = "not grinding: torque unknown"
"""Beside minutes of slow legs in a class without torque (metrics reference, section 9)."""


def effort(c: Conditioned, context: Context) -> dict[str, MetricResult]:
    """Pedalling and posture times, mean-maximal torque, quadrants, effort swings, normalized power."""
    why = why_no_torque(c.recording)
    share = c.known("torque_nm").coverage
    return {
        **_times(c, context, why, share),
        **mean_maximal(c, why, share),
        **_quadrants(c, context, why, share),
        "effort_swings": _swings(c, context, why, share),
        "normalized_power_w": normalized_power(c),
    }


def _times(c: Conditioned, context: Context, why: str, share: float) -> dict[str, MetricResult]:
    limits = context.limits
    out = {}
    if why:
        for name in ("pedalling_min", "unbroken_min"):
            out[name] = result(name, None, absent_because=why)
    else:
        seconds = float(c.dt_s[c.pedalling].sum())
        out["pedalling_min"] = result("pedalling_min", seconds / SECONDS_PER_MINUTE, coverage=share)
        standing = c.others.get("standing") if c.recording.posture_known else None
        longest = unbroken(
            c.time_s,
            c.dt_s,
            c.pedalling,
            np.full(len(c), np.nan) if standing is None else standing,
            limits["unbroken_pause_s"],
            limits["unbroken_standing_s"],
        )
        out["unbroken_min"] = result("unbroken_min", longest / SECONDS_PER_MINUTE, coverage=share)
    if c.recording.posture_known and "standing" in c.others:
        seconds = float(c.dt_s[c.others["standing"] == 1.0].sum())
        out["standing_min"] = result("standing_min", seconds / SECONDS_PER_MINUTE)
    else:
        out["standing_min"] = result(
            "standing_min", None, absent_because="posture unknown: no rider-position events"
        )
    if c.recording.has("cadence_rpm"):
        slow = c.turning & (c.cadence_rpm <= limits["low_cadence_rpm"])
        low, high = silence.slow_minutes(c, slow)
        out["low_cadence_min"] = result(
            "low_cadence_min",
            float(c.dt_s[slow].sum()) / SECONDS_PER_MINUTE,
            low=low,
            high=high,
            coverage=c.known("cadence_rpm").coverage,
            note=NOT_GRINDING if why else silence.note(c),
        )
    else:
        out["low_cadence_min"] = result("low_cadence_min", None, absent_because="no cadence was recorded")
    return out


def _quadrants(c: Conditioned, context: Context, why: str, share: float) -> dict[str, MetricResult]:
    seconds = quadrant_seconds(
        c.dt_s,
        c.cadence_rpm,
        c.torque_nm,
        c.pedalling,
        context.torque_reference_nm * (1.0 - 1e-9),  # the edge counts as high whatever its last bit says
        context.limits["reference_cadence_rpm"],
        context.limits["pedal_force_max_n"] * context.crank_length_mm / 1000.0,
    )
    total = float(seconds.sum())
    why = why or ("" if total else "there was no pedalling with known torque")
    if why:
        return {name: result(name, None, absent_because=why) for name in QUADRANTS}
    return {
        name: result(name, 100.0 * value / total, coverage=share)
        for name, value in zip(QUADRANTS, seconds.tolist(), strict=True)
    }


def swings(c: Conditioned, context: Context) -> tuple[np.ndarray, np.ndarray]:
    """Ranges [N·m] and cycles of the 5 s mean torque, from `effort_swing_nm` up. A coast is 0 N·m."""
    smooth = plain_means(c.time_s, c.torque_nm, c.break_after, context.limits["smoothing_half_width_s"])
    ranges, cycles = rainflow(smooth)
    large = ranges >= context.limits["effort_swing_nm"]
    return ranges[large], cycles[large]


def _swings(c: Conditioned, context: Context, why: str, share: float) -> MetricResult:
    if why:
        return result("effort_swings", None, absent_because=why)
    _, cycles = swings(c, context)
    return result("effort_swings", float(cycles.sum()), coverage=share)


def curves(c: Conditioned, context: Context) -> dict[str, np.ndarray]:
    """mmt_duration_s and mmt_torque_nm, about 60 durations on a log scale; swing_range_nm, swing_cycles."""
    longest = max(int(c.recorded_s + 1e-6), 1)
    # plain sets: NumPy's open its masked arrays, 20 ms of a start
    points = np.rint(np.geomspace(1.0, longest, 60)).astype(np.int64).tolist()
    durations = np.array(sorted({*points, *(d for d in MMT_DURATIONS_S if d <= longest)}), np.int64)
    torque = mean_maximal_torque(c, durations)
    known = ~np.isnan(torque)
    ranges, cycles = swings(c, context)
    return {
        "mmt_duration_s": durations[known].astype(np.float64),
        "mmt_torque_nm": torque[known],
        "swing_range_nm": ranges,
        "swing_cycles": cycles,
    }
