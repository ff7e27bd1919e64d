"""The single steps of conditioning: which samples are not to be believed, filling, torque, smoothing.

Comes in: plain arrays on one time base. Goes out: masks (True: not believed) and new arrays; nothing is
changed in place. Leaves to others: the order of the steps and the log (`conditioning.py`).
Sources: rulings section 1, metrics.md sections 1 and 9.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from telemetry.units import RAD_PER_S_PER_RPM

MEASURED, INTERPOLATED, MASKED, MISSING, ESTIMATED = range(5)
"""Positions in `model.TRUST_STATES`."""

MEDIAN_BLOCK_S = 10.0


# --- kernels ------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def cadence_jumps(
    time_s: np.ndarray, cadence_rpm: np.ndarray, turning_rpm: float, jump_rpm_per_s: float
) -> np.ndarray:
    """Samples (n,) bool whose cadence left the last believed one faster than a crank can, both turning.

    Against the last *believed* sample: after a false 175 the return to 80 is no second jump, and a true new
    level is believed as soon as enough time has passed.
    """
    n = len(time_s)
    jump = np.zeros(n, np.bool_)
    last = -1
    for i in range(n):
        if np.isnan(cadence_rpm[i]):
            continue
        if last >= 0 and cadence_rpm[i] >= turning_rpm and cadence_rpm[last] >= turning_rpm:
            change = abs(cadence_rpm[i] - cadence_rpm[last])
            if change > jump_rpm_per_s * (time_s[i] - time_s[last]):
                jump[i] = True
                continue
        last = i
    return jump


@njit(cache=True, nogil=True)
def fill_gaps(
    time_s: np.ndarray, value: np.ndarray, break_after: np.ndarray, longest_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Value (n,) with runs of NaN between two valid samples at most `longest_s` apart made linear, and which.

    Never across a break, never before the first or after the last valid sample.
    """
    n = len(time_s)
    out = value.copy()
    filled = np.zeros(n, np.bool_)
    last = -1
    for i in range(n):
        if not np.isnan(value[i]):
            if last >= 0 and i - last > 1 and time_s[i] - time_s[last] <= longest_s:
                slope = (value[i] - value[last]) / (time_s[i] - time_s[last])
                for j in range(last + 1, i):
                    out[j] = value[last] + slope * (time_s[j] - time_s[last])
                    filled[j] = True
            last = i
        if break_after[i]:
            last = -1
    return out, filled


@njit(cache=True, nogil=True)
def pedalling_means(
    time_s: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    third: np.ndarray,
    believed: np.ndarray,
    break_after: np.ndarray,
    half_width_s: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centred means of three arrays (n,) over believed samples in [t - h, t + h], never across a break.

    NaN where the centre sample itself is not believed. Running sums keep it O(n); their last bits are rounded
    away at 1e-9, so that a steady 60 rpm stays 60 and meets a limit of 60.
    """
    n = len(time_s)
    out_1 = np.full(n, np.nan)
    out_2 = np.full(n, np.nan)
    out_3 = np.full(n, np.nan)
    reach = half_width_s + 1e-6
    start = 0
    while start < n:
        stop = start
        while stop < n - 1 and not break_after[stop]:
            stop += 1
        stop += 1
        low = high = start
        count = 0
        sum_1 = sum_2 = sum_3 = 0.0
        for i in range(start, stop):
            while high < stop and time_s[high] <= time_s[i] + reach:
                if believed[high]:
                    count += 1
                    sum_1 += first[high]
                    sum_2 += second[high]
                    sum_3 += third[high]
                high += 1
            while time_s[low] < time_s[i] - reach:
                if believed[low]:
                    count -= 1
                    sum_1 -= first[low]
                    sum_2 -= second[low]
                    sum_3 -= third[low]
                low += 1
            if believed[i]:
                out_1[i] = np.rint(sum_1 / count * 1e9) / 1e9
                out_2[i] = np.rint(sum_2 / count * 1e9) / 1e9
                out_3[i] = np.rint(sum_3 / count * 1e9) / 1e9
        start = stop
    return out_1, out_2, out_3


@njit(cache=True, nogil=True)
def observed_seconds(
    valid: np.ndarray, step_s: np.ndarray, dt_s: np.ndarray, shortest_s: float, longest_s: float
) -> tuple[float, float, int]:
    """Seconds observed, seconds of gap between `shortest_s` and `longest_s`, and how many such gaps.

    A gap runs from one valid sample to the next, whether rows are missing or rows say nothing. What lies
    before the first or after the last valid sample is no gap between observations and is not scaled over.
    """
    observed = scaled = 0.0
    gaps = 0
    seen = False
    span = unseen = 0.0
    for i in range(len(valid)):
        if valid[i]:
            if seen and unseen > 0.0 and span > shortest_s + 1e-6 and span <= longest_s + 1e-6:
                scaled += unseen
                gaps += 1
            seen = True
            observed += dt_s[i]
            span = step_s[i]
            unseen = step_s[i] - dt_s[i]
        else:
            span += step_s[i]
            unseen += step_s[i]
    return observed, scaled, gaps


@njit(cache=True, nogil=True)
def repeats(
    time_s: np.ndarray,
    step_s: np.ndarray,
    break_after: np.ndarray,
    power_w: np.ndarray,
    cadence_rpm: np.ndarray,
    shortest_s: float,
    at_zero_power_s: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where cadence above 0 repeats itself: bool (n,) for `at_zero_power_s` while power is 0; and the first
    and one-past-last rows of runs of one value for `shortest_s`, whatever the power.

    Rows without cadence are passed over, breaks are not.
    """
    n = len(time_s)
    idle = np.zeros(n, np.bool_)
    starts, stops = np.empty(n, np.int64), np.empty(n, np.int64)
    found = 0
    last = first = first_idle = -1  # the last row with cadence, and where its two runs began
    for i in range(n + 1):
        if i < n and np.isnan(cadence_rpm[i]):
            continue
        same = False
        if i < n and last >= 0:
            same = cadence_rpm[i] == cadence_rpm[last] and cadence_rpm[i] > 0.0
            for j in range(last, i):
                same = same and not break_after[j]
        if last >= 0:
            end = time_s[last] + step_s[last]
            if not same and first < last and end - time_s[first] >= shortest_s - 1e-6:
                starts[found], stops[found] = first, last + 1
                found += 1
            if not (same and power_w[i] == 0.0 and power_w[last] == 0.0):
                if first_idle < last and end - time_s[first_idle] >= at_zero_power_s - 1e-6:
                    for j in range(first_idle, last + 1):
                        idle[j] = not np.isnan(cadence_rpm[j])
                first_idle = i
        else:
            first_idle = i
        if not same:
            first = i
        last = i
    return idle, starts[:found].copy(), stops[:found].copy()


# --- steps --------------------------------------------------------------------------------------------------


def runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First indices and one-past-last indices of the stretches where a bool array (n,) is True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.view(np.int8), [0]))))
    return edges[0::2], edges[1::2]


def out_of_range(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values (n,) that no sensor of this kind can mean: outside [low, high], or infinite. Missing is not."""
    return (value < low) | (value > high)


def quantile(values: np.ndarray, share: float) -> float:
    """A quantile of values (n,), n > 0, without NaN: what `np.quantile` says, in a third of its time.

    >>> quantile(np.array([1.0, 4.0, 2.0]), 0.75)
    3.0
    """
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    placed = np.partition(values, (below, above))
    low, high, part = float(placed[below]), float(placed[above]), place - below
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)


def power_spikes(
    time_s: np.ndarray,
    power_w: np.ndarray,
    median_step_s: float,
    ceiling_w: float,
    factor: float,
    longest_s: float,
) -> np.ndarray:
    """Power over the ceiling, or a run of at most `longest_s` over `factor` x the 99.5th percentile of P > 0.

    Not against a running median: that turned a real five-second sprint of 745 W into 207 W.
    """
    spike = power_w > ceiling_w
    working = power_w[(power_w > 0.0) & ~spike]
    if not len(working):
        return spike
    high = power_w > factor * quantile(working, 0.995)
    if high.any():
        for start, stop in zip(*runs(high), strict=True):
            if time_s[stop - 1] - time_s[start] + median_step_s <= longest_s + 1e-6:
                spike[start:stop] = True
    return spike


def stuck_cadence(
    time_s: np.ndarray,
    step_s: np.ndarray,
    break_after: np.ndarray,
    power_w: np.ndarray,
    cadence_rpm: np.ndarray,
    shortest_s: float,
    power_step_pct: float,
    at_zero_power_s: float,
) -> np.ndarray:
    """Cadence that repeats itself, not zero, while the power says that it cannot.

    A run of one value for `shortest_s` with a step of over `power_step_pct` between neighbouring ten-second
    medians of power inside it; or one value for `at_zero_power_s` while P = 0. A steady rider is not stuck.
    """
    stuck, starts, stops = repeats(
        time_s, step_s, break_after, power_w, cadence_rpm, shortest_s, at_zero_power_s
    )
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        rows = start + np.flatnonzero(~np.isnan(cadence_rpm[start:stop]))
        if largest_step_pct(time_s[rows], power_w[rows]) > power_step_pct:
            stuck[rows] = True
    return stuck


def largest_step_pct(time_s: np.ndarray, power_w: np.ndarray) -> float:
    """Largest step between the medians of neighbouring ten-second blocks, in percent of the earlier one.

    Blocks with less than half their time behind them are left out: a median of two samples is no level.
    """
    known = ~np.isnan(power_w)
    time, power = time_s[known], power_w[known]
    if len(time) < 2:
        return 0.0
    block = ((time - time_s[0]) // MEDIAN_BLOCK_S).astype(np.int64)
    order = np.lexsort((power, block))
    block, power = block[order], power[order]
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    stops = np.append(starts[1:], len(block))
    sizes = stops - starts
    medians = 0.5 * (power[starts + (sizes - 1) // 2] + power[starts + sizes // 2])
    medians = medians[sizes >= 0.5 * sizes.max()]
    before, change = medians[:-1], np.abs(np.diff(medians))
    moved = change > 0.0
    if not moved.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.max(100.0 * change[moved] / before[moved]))


def crank_torque(
    power_w: np.ndarray,
    cadence_rpm: np.ndarray,
    measured_nm: np.ndarray | None,
    turning_rpm: float,
    pedalling_w: float,
) -> np.ndarray:
    """Mean crank torque [N·m] (n,): 0 when coasting, P / (2 pi c / 60) when turning, NaN when unknown.

    Coasting is P <= 5 W with a known cadence, turning or not: a flywheel's free turns carry no load. Power
    at c < 20 rpm is a standing start or a missing cadence and is never divided. Measured torque is used.
    """
    turning = cadence_rpm >= turning_rpm
    torque = np.full(len(power_w), np.nan)
    np.divide(power_w, RAD_PER_S_PER_RPM * cadence_rpm, out=torque, where=turning)
    if measured_nm is not None:
        torque = np.where(np.isnan(measured_nm), torque, measured_nm)
    coasting = (power_w <= pedalling_w) & ~np.isnan(cadence_rpm)
    torque[coasting] = 0.0
    return torque
