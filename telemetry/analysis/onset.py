"""When cadence began to fall at matched torque: a broken stick against an autocorrelated null.

Comes in: 30 s means of cadence minus its torque bin's median. Goes out: a window of minutes, or that nothing
stands out. Leaves to others: any comparison with a minute a reader has in mind; none is searched for.

A null that ignores autocorrelation finds an onset in a quarter of steady classes, a cumulative-sum chart in
half (metrics reference, section 5): so the null is simulated with the series' own AR(1).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from telemetry.analysis.robust import student_t_975

KNOT_MARGIN_MIN = 4.0
"""Knots stand at least this far from either end: shorter tails are steered by single efforts."""

PORTION = 50
"""Simulated series drawn at a time."""

MAX_BINS = 120
MIN_BINS = 20
"""Ten minutes of pedalling in 30 s means, our choice: fewer do not show a bend."""


@njit(cache=True, nogil=True)
def stick_errors(t_min: np.ndarray, y: np.ndarray, margin_min: float) -> tuple[np.ndarray, float]:
    """SSE of y = a + b·max(0, t - knot), b < 0, for a knot at each t; of the flat line where none helps.

    Knots closer than `margin_min` to either end get inf. t increases; no NaN. Flat SSE is returned second.
    Sums from the right make it one pass: sum (t - k)·y over t > k is sum t·y - k·sum y.
    """
    n = len(y)
    errors = np.full(n, np.inf)
    mean = 0.0
    for i in range(n):
        mean += y[i]
    mean /= n
    flat = 0.0
    for i in range(n):
        flat += (y[i] - mean) ** 2
    count, sum_t, sum_tt, sum_y, sum_ty = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n - 1, -1, -1):
        knot = t_min[i]
        if knot - t_min[0] >= margin_min and t_min[n - 1] - knot >= margin_min:
            arm = sum_t - count * knot
            arm_squared = sum_tt - 2.0 * knot * sum_t + count * knot * knot - arm * arm / n
            with_y = sum_ty - knot * sum_y
            slope = with_y / arm_squared if arm_squared > 0.0 else 0.0
            errors[i] = max(flat - slope * with_y, 0.0) if slope < 0.0 else flat
        value = y[i] - mean
        count += 1.0
        sum_t += knot
        sum_tt += knot * knot
        sum_y += value
        sum_ty += knot * value
    return errors, flat


@njit(cache=True, nogil=True)
def best_ratio(t_min: np.ndarray, y: np.ndarray, margin_min: float) -> float:
    """F-ratio of the best broken stick over the flat line: (SSE_flat - SSE) / (SSE / (n - 3))."""
    errors, flat = stick_errors(t_min, y, margin_min)
    least = flat
    for i in range(len(errors)):
        least = min(least, errors[i])
    if flat <= 1e-18:
        return 0.0
    return (flat - least) / (max(least, 1e-12 * flat) / (len(y) - 3))


@njit(cache=True, nogil=True)
def null_share(
    t_min: np.ndarray, step_min: float, rho: float, ratio: float, draws: np.ndarray, margin_min: float
) -> float:
    """Share of simulated AR(1) series whose best ratio reaches `ratio`: (1 + hits) / (1 + runs).

    `draws` (runs, n) standard normal; neighbours `k` steps apart are correlated by rho**k, so missing bins
    are bridged.
    """
    runs, n = len(draws), len(t_min)
    y, carried, fresh = np.empty(n), np.zeros(n), np.ones(n)
    for i in range(1, n):
        carried[i] = rho ** max(round((t_min[i] - t_min[i - 1]) / step_min), 1)
        fresh[i] = math.sqrt(1.0 - carried[i] * carried[i])
    hits = 0
    for run in range(runs):
        y[0] = draws[run, 0]
        for i in range(1, n):
            y[i] = carried[i] * y[i - 1] + fresh[i] * draws[run, i]
        if best_ratio(t_min, y, margin_min) >= ratio:
            hits += 1
    return (1.0 + hits) / (1.0 + runs)


@dataclass(frozen=True)
class Stick:
    """A broken stick: flat at `level` until `knot_min`, then `slope` a minute; between which minutes."""

    knot_min: float
    low_min: float
    high_min: float
    level: float
    slope: float
    p: float
    rho: float
    fit: np.ndarray
    """the stick at the given times, NaN where a bin was missing"""


def broken_stick(
    t_min: np.ndarray, y: np.ndarray, *, seed: str, runs: int = 500, step_min: float | None = None
) -> Stick | None:
    """Best downward broken stick of y (n,) on minutes, its window and its p against an AR(1) null.

    The window holds the knots with SSE <= SSE_min·(1 + F(1, n-3; .95)/(n-3)). The null's rho is that of the
    residual, corrected for the two slopes a fit eats (rho + (2 + 4 rho)/n, Kendall 1954). `seed` is the
    recording's id: the same file gives the same p. None under 20 bins, or where no knot has its margins.
    """
    valid = np.isfinite(y)
    times, values = np.ascontiguousarray(t_min[valid]), np.ascontiguousarray(y[valid])
    n = len(values)
    if n < MIN_BINS:
        return None
    errors, flat = stick_errors(times, values, KNOT_MARGIN_MIN)
    at = int(np.argmin(errors))
    if not math.isfinite(errors[at]):
        return None
    knot = float(times[at])
    arm = np.maximum(times - knot, 0.0)
    centred = arm - arm.mean()
    slope = float((centred @ values) / (centred @ centred))
    level = float(values.mean() - slope * arm.mean())
    step = float(np.median(np.diff(times))) if step_min is None else step_min
    residual = values - level - slope * arm
    rho = _rho(times, residual, step, n)
    if slope >= 0.0 or flat <= 1e-18:
        p = 1.0
    else:
        ratio = best_ratio(times, values, KNOT_MARGIN_MIN)
        p = _null_p(times, step, rho, ratio, np.random.default_rng(_seed(seed)), runs)
    reach = student_t_975(n - 3) ** 2 / (n - 3)  # F(1, v) is t(v) squared
    inside = times[errors <= errors[at] * (1.0 + reach) + 1e-12 * flat]
    fit = np.full(len(t_min), math.nan)
    fit[valid] = level + slope * arm
    return Stick(knot, float(inside[0]), float(inside[-1]), level, slope, p, rho, fit)


def _null_p(
    times: np.ndarray, step: float, rho: float, ratio: float, draws: np.random.Generator, runs: int
) -> float:
    """p of a ratio from at most `runs` simulated series, fewer once one in ten of all `runs` has reached it.

    A steady class is told after a third of the work on average, and every p under .1 is that of all the runs.
    Stopping at a number of hits keeps p valid: Besag and Clifford 1991, Biometrika 78:301.
    """
    enough, hits, done = math.ceil(0.1 * (runs + 1)), 0, 0
    while done < runs and hits < enough:
        noise = draws.standard_normal((min(PORTION, runs - done), len(times)))
        share = float(null_share(times, step, rho, ratio, noise, KNOT_MARGIN_MIN))
        hits += round(share * (1 + len(noise))) - 1
        done += len(noise)
    return (1.0 + hits) / (1.0 + done)


def _rho(times: np.ndarray, residual: np.ndarray, step: float, n: int) -> float:
    close = np.diff(times) < 1.5 * step
    power = float(residual @ residual)
    if power <= 1e-18 or not close.any():
        return 0.0
    raw = float((residual[1:] * residual[:-1])[close].mean() / (power / n))
    return float(np.clip(raw + (2.0 + 4.0 * raw) / n, 0.0, 0.95))


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
