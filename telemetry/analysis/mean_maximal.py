"""Sliding windows over whole seconds: mean-maximal torque and normalized power.

Comes in: a `Conditioned` class. Goes out: their metrics, or absent with a reason. Leaves to others:
everything that needs no window (`effort.py`, `torque_load.py`).

The grid of whole seconds restarts after each break, so no window crosses one; the values on it are integrals
over real steps, so that 1 Hz, 4 Hz and irregular recorders give the same curve.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.metric_rows import MMT_DURATIONS_S, result
from telemetry.model import MetricResult
from telemetry.units import SECONDS_PER_MINUTE

NORMALIZED_WINDOW_S = 30


@njit(cache=True, nogil=True)
def second_grid(
    time_s: np.ndarray, dt_s: np.ndarray, value: np.ndarray, break_after: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whole seconds since each break: integral of the value, seconds known, number of the stretch (m,).

    A sample's value holds for its dt. What is left of a stretch after its last whole second is dropped.
    """
    n = len(time_s)
    size = 0
    for i in range(n):
        size += int(dt_s[i]) + 2
    integral = np.zeros(size)
    known = np.zeros(size)
    stretch = np.zeros(size, np.int64)
    m = number = 0
    start = 0
    while start < n:
        stop = start
        while stop < n - 1 and not break_after[stop]:
            stop += 1
        stop += 1
        begin = time_s[start]
        length = time_s[stop - 1] + dt_s[stop - 1] - begin
        cells = int(length + 1e-6)
        for i in range(start, stop):
            if np.isnan(value[i]):
                continue
            low = time_s[i] - begin
            end = low + dt_s[i]
            cell = int(low + 1e-9)
            while cell < cells and low < end - 1e-9:
                high = min(end, cell + 1.0)
                integral[m + cell] += value[i] * (high - low)
                known[m + cell] += high - low
                low = high
                cell += 1
        for k in range(cells):
            stretch[m + k] = number
        m += cells
        number += 1
        start = stop
    return integral[:m].copy(), known[:m].copy(), stretch[:m].copy()


@njit(cache=True, nogil=True)
def largest_means(
    integral: np.ndarray,
    known_s: np.ndarray,
    stretch: np.ndarray,
    durations_s: np.ndarray,
    missing_share: float,
) -> np.ndarray:
    """Largest mean over each duration [whole s], NaN where no window within one stretch knows enough.

    The mean of a window is over its known seconds; a window missing more than `missing_share` is void.
    """
    m = len(integral)
    total = np.zeros(m + 1)
    seen = np.zeros(m + 1)
    for i in range(m):
        total[i + 1] = total[i] + integral[i]
        seen[i + 1] = seen[i] + known_s[i]
    out = np.full(len(durations_s), np.nan)
    start = 0
    while start < m:  # stretch by stretch: whether a window crosses a break is not asked for each of them
        stop = start
        while stop < m and stretch[stop] == stretch[start]:
            stop += 1
        for k in range(len(durations_s)):
            d = durations_s[k]
            least = max((1.0 - missing_share) * d - 1e-6, 1e-9)
            best = -np.inf
            for i in range(start + d, stop + 1):
                gained, seconds = total[i] - total[i - d], seen[i] - seen[i - d]
                if seconds >= least and gained > best * seconds:
                    best = gained / seconds
            if best > -np.inf and not best <= out[k]:
                out[k] = best
        start = stop
    return out


@njit(cache=True, nogil=True)
def normalized(
    integral: np.ndarray, known_s: np.ndarray, stretch: np.ndarray, window: int, missing_share: float
) -> float:
    """4th root of the mean 4th power of trailing `window` s means, none before a stretch has that length."""
    m = len(integral)
    fourth = 0.0
    count = 0
    total = seen = 0.0
    length = 0
    for i in range(m):
        if i == 0 or stretch[i] != stretch[i - 1]:
            total = seen = 0.0
            length = 0
        total += integral[i]
        seen += known_s[i]
        length += 1
        if length > window:
            total -= integral[i - window]
            seen -= known_s[i - window]
        if length >= window and seen >= (1.0 - missing_share) * window - 1e-6 and seen > 0.0:
            mean = total / seen
            fourth += mean * mean * mean * mean
            count += 1
    if count == 0:
        return np.nan
    return float((fourth / count) ** 0.25)


def mean_maximal_torque(c: Conditioned, durations_s: np.ndarray) -> np.ndarray:
    """Largest mean torque [N·m] over each duration [whole s, int64]; NaN where none."""
    missing = c.limits["mmt_missing_share"]
    grid = c.once("torque_grid", lambda: second_grid(c.time_s, c.dt_s, c.torque_nm, c.break_after))
    means: np.ndarray = largest_means(*grid, durations_s, missing)
    return means


def _maxima(c: Conditioned) -> list[float]:
    """The class's own mean-maximal torques, over `MMT_DURATIONS_S`."""

    def build() -> list[float]:
        found: list[float] = mean_maximal_torque(c, np.array(MMT_DURATIONS_S, dtype=np.int64)).tolist()
        return found

    return c.once("mean_maximal", build)


def largest_second_nm(c: Conditioned) -> float | None:
    """Largest torque over one second, None where none is known."""
    value = _maxima(c)[MMT_DURATIONS_S.index(1)]
    return None if math.isnan(value) else value


def mean_maximal(c: Conditioned, why: str, share: float) -> dict[str, MetricResult]:
    """mmt_1s_nm … mmt_1200s_nm; absent for the reason `why`, or where the class is too short or patchy."""
    length = c.recorded_s
    out = {}
    for duration, value in zip(MMT_DURATIONS_S, _maxima(c), strict=True):
        name = f"mmt_{duration}s_nm"
        because = why
        if not because and duration > length + 1e-6:
            because = f"the class is shorter than {duration} s"
        if not because and math.isnan(value):
            because = f"no {duration} s without a break and with torque known for nine tenths of them"
        if because:
            out[name] = result(name, None, absent_because=because)
        else:
            out[name] = result(name, value, coverage=share)
    return out


def normalized_power(c: Conditioned) -> MetricResult:
    """30 s means to the fourth power; absent under 20 minutes of known power and with smart recording."""
    name, known = "normalized_power_w", c.known("power_w")
    shortest = c.limits["normalized_power_min"]
    seconds = known.seconds
    why = ""
    if not seconds:
        why = "no power was recorded"
    elif c.smart_recording:
        why = "smart recording: samples too far apart for 30 s means"
    elif seconds < shortest * SECONDS_PER_MINUTE - 1e-6:
        why = f"power is known for less than {shortest:g} minutes"
    if why:
        return result(name, None, absent_because=why)
    value = normalized(
        *second_grid(c.time_s, c.dt_s, c.power_w, c.break_after),
        NORMALIZED_WINDOW_S,
        c.limits["mmt_missing_share"],
    )
    return result(name, value, coverage=known.coverage)
