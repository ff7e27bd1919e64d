"""Heart rate that rises at the same work: a regression on filtered power and cadence, plus time.

Comes in: conditioned power, cadence and heart rate. Goes out: the drift in bpm an hour with a widened
interval, or why there is none, and the curves that show it. Leaves to others: what the drift means.

    HR = a + b·F(P) + c·F(P)² + d·F(c) + s·t        F: exponential filter with time constant tau

tau is taken from a grid by least error; errors are AR(1) (Prais–Winsten). The slow twins stand in
tests/reference.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numba import njit

from telemetry.analysis.robust import Z_95

TAU_GRID_S = np.arange(15.0, 70.1, 5.0)
"""Time constants tried [s]. The best one at either end means that the kinetics are not in these data."""

PICK_S = 5
"""Every fifth second is picked, never averaged: filtering 5 s means gave 60.79 / 0.446 for 60 / 0.45."""

RESTART_S = 30
"""A longer gap in power says nothing of what the heart followed meanwhile: F starts again."""

SETTLE_S = 300
"""Left out after the start and after each restart, while the filter forgets where it began."""

MIN_PICKS = 120
"""Ten minutes of picked seconds, our choice; fewer do not tell a slope from the programme."""

CONSTANT_CV = 0.01
"""A column that varies less says nothing and makes the design singular: it is dropped."""


@njit(cache=True, nogil=True)
def exponential_filter(values: np.ndarray, tau_s: float) -> np.ndarray:
    """F of a 1 s series: s += (1 - exp(-dt/tau))·(x - s), s0 = x0, dt since the last value; NaN holds s.

    After more than 30 s without a value it starts again at the next one; before the first it is NaN.
    """
    n = len(values)
    out = np.full(n, np.nan)
    weights = np.empty(RESTART_S + 1)
    for gap in range(RESTART_S + 1):
        weights[gap] = 1.0 - math.exp(-gap / tau_s)
    state, last = np.nan, -RESTART_S - 1
    for i in range(n):
        x = values[i]
        if x == x:
            gap = i - last
            state = x if gap > RESTART_S else state + weights[gap] * (x - state)
            last = i
        elif i - last > RESTART_S:
            state = np.nan
        out[i] = state
    return out


@njit(cache=True, nogil=True)
def settled(values: np.ndarray, settle_s: int) -> np.ndarray:
    """True for seconds with a value whose run (gaps of up to 30 s bridged) began `settle_s` ago or more."""
    out = np.zeros(len(values), np.bool_)
    start, last = 0, -RESTART_S - 1
    for i in range(len(values)):
        if values[i] == values[i]:
            if i - last > RESTART_S:
                start = i
            last = i
            out[i] = i - start >= settle_s
    return out


@njit(cache=True, nogil=True)
def moments(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation (population) of a float64 array (n,) without NaN."""
    mean = 0.0
    for value in values:
        mean += value
    mean /= len(values)
    squares = 0.0
    for value in values:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares / len(values))


@njit(cache=True, nogil=True)
def standardised(
    picks: np.ndarray, power: np.ndarray, cadence: np.ndarray, least_cv: float
) -> tuple[np.ndarray, np.ndarray]:
    """Columns 1, t, [u, u²], [v] (n, k), and what undoes them: mean hour, mean and SD of power, of cadence.

    A column that varies by no more than `least_cv` of its mean is left out, and its SD is given as 0; so is
    cadence where it is empty. `picks` [s] int64 (n,) says which of the filtered seconds (m,) are rows.
    """
    n = len(picks)
    undo = np.zeros(5)
    u, v = np.empty(n), np.zeros(n)
    for i in range(n):
        undo[0] += picks[i] / 3600.0
        u[i] = power[picks[i]]
        if len(cadence) > 0:
            v[i] = cadence[picks[i]]
    undo[0] /= n
    power_mean, power_sd = moments(u)
    cadence_mean, cadence_sd = moments(v)
    k = 2
    if power_sd > least_cv * abs(power_mean):
        undo[1], undo[2] = power_mean, power_sd
        k += 2
    if cadence_sd > least_cv * abs(cadence_mean):
        undo[3], undo[4] = cadence_mean, cadence_sd
        k += 1
    columns = np.empty((n, k))
    for i in range(n):
        columns[i, 0] = 1.0
        columns[i, 1] = picks[i] / 3600.0 - undo[0]
        if undo[2] > 0.0:
            columns[i, 2] = (u[i] - undo[1]) / undo[2]
            columns[i, 3] = columns[i, 2] * columns[i, 2]
        if undo[4] > 0.0:
            columns[i, k - 1] = (v[i] - undo[3]) / undo[4]
    return columns, undo


@njit(cache=True, nogil=True)
def solve(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x of a·x = b for a symmetric positive matrix, by Cholesky; and the diagonal of its inverse.

    Of `a` only as many rows and columns are read as `b` has values.

    A column whose pivot is below 1e-10 of its own diagonal is a copy of others: its x is 0, its variance NaN.
    """
    k = len(b)
    lower = np.zeros((k, k))
    dropped = np.zeros(k, np.bool_)
    for i in range(k):
        for j in range(i + 1):
            total = a[i, j]
            for m in range(j):
                total -= lower[i, m] * lower[j, m]
            if i == j:
                dropped[i] = total <= 1e-10 * a[i, i]
                lower[i, i] = 0.0 if dropped[i] else math.sqrt(total)
            elif not dropped[j]:
                lower[i, j] = total / lower[j, j]
    inverse = np.zeros((k, k))
    for column in range(k):
        if dropped[column]:
            continue
        for i in range(column, k):
            if dropped[i]:
                continue
            total = 1.0 if i == column else 0.0
            for m in range(column, i):
                total -= lower[i, m] * inverse[m, column]
            inverse[i, column] = total / lower[i, i]
    half = np.zeros(k)
    for i in range(k):
        for m in range(i + 1):
            half[i] += inverse[i, m] * b[m]
    x, variance = np.zeros(k), np.full(k, np.nan)
    for i in range(k):
        if not dropped[i]:
            variance[i] = 0.0
            for m in range(i, k):
                x[i] += inverse[m, i] * half[m]
                variance[i] += inverse[m, i] * inverse[m, i]
    return x, variance


@njit(cache=True, nogil=True)
def quadratic(matrix: np.ndarray, weights: np.ndarray) -> float:
    """w'·M·w, spelled out: numba's own product needs SciPy, which the one-file path does without."""
    total = 0.0
    for p in range(len(weights)):
        for q in range(len(weights)):
            total += weights[p] * matrix[p, q] * weights[q]
    return total


@njit(cache=True, nogil=True)
def prais_winsten(
    design: np.ndarray, y: np.ndarray, follows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Least squares with AR(1) errors: (coefficients, their standard errors, rho, residual SD).

    `design` (n, k) with the constant first, `y` (n,), `follows` (n,): True where a row comes one step after
    the row before it. A row that does not starts a new run and is weighted by sqrt(1 - rho²).
    rho is clipped at ±0.95, and 0 where the residual SD is below 1e-6 (an exact fit has no errors to model).
    The products are summed once: for any rho the normal equations are a quadratic in it. Every array is
    filled by loops: each assignment of a slice took half a second of compilation.
    """
    n, k = design.shape
    size = k + 1
    same, crossed, before, first = (
        np.zeros((size, size)),
        np.zeros((size, size)),
        np.zeros((size, size)),
        np.zeros((size, size)),
    )
    row, last = np.empty(size), np.zeros(size)
    for i in range(n):
        for p in range(k):
            row[p] = design[i, p]
        row[k] = y[i]
        if follows[i]:
            for p in range(size):
                for q in range(p + 1):
                    same[p, q] += row[p] * row[q]
                    crossed[p, q] += row[p] * last[q] + last[p] * row[q]
                    before[p, q] += last[p] * last[q]
        else:
            for p in range(size):
                for q in range(p + 1):
                    first[p, q] += row[p] * row[q]
        for p in range(size):
            last[p] = row[p]
    for p in range(size):
        for q in range(p + 1):
            same[q, p] = same[p, q]
            crossed[q, p] = crossed[p, q]
            before[q, p] = before[p, q]
            first[q, p] = first[p, q]
    rho, spread = 0.0, 0.0
    beta, variance = np.zeros(k), np.full(k, np.nan)
    weights, normal, target = np.empty(size), np.empty((size, size)), np.empty(k)
    for step in range(50):
        alone = 1.0 - rho * rho
        for p in range(size):
            for q in range(size):
                normal[p, q] = (
                    same[p, q] - rho * crossed[p, q] + rho * rho * before[p, q] + alone * first[p, q]
                )
        for p in range(k):
            target[p] = normal[p, k]
        beta, variance = solve(normal, target)
        for p in range(k):
            weights[p] = -beta[p]
        weights[k] = 1.0
        error = quadratic(normal, weights)
        if step == 0:
            # the quadratic form loses the digits of an exact fit: its residual is summed from the rows
            error = 0.0
            for i in range(n):
                residual = y[i]
                for p in range(k):
                    residual -= design[i, p] * beta[p]
                error += residual * residual
        spread = math.sqrt(max(error, 0.0) / max(n - k, 1))
        if step == 0 and spread < 1e-6:
            break
        lagged = quadratic(before, weights)
        fresh = 0.5 * quadratic(crossed, weights) / lagged if lagged > 0.0 else 0.0
        fresh = min(max(fresh, -0.95), 0.95)
        if abs(fresh - rho) < 1e-6 and step > 0:
            break
        rho = fresh
    for p in range(k):
        variance[p] = spread * math.sqrt(variance[p])
    return beta, variance, rho, spread


@dataclass(frozen=True)
class HeartRateModel:
    """A fitted model, in the units of the formula above; curves at the picked seconds."""

    applicable: bool
    why_not: str = ""
    intercept_bpm: float = math.nan
    per_watt: float = math.nan
    per_watt_squared: float = math.nan
    per_rpm: float = math.nan
    slope_per_h: float = math.nan
    low_per_h: float = math.nan
    high_per_h: float = math.nan
    tau_s: float = math.nan
    rho: float = math.nan
    residual_sd: float = math.nan
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    """time_s, measured, modelled, without_drift: (n,) each"""


def second_grid(time_s: np.ndarray, values: np.ndarray, longest_s: float) -> np.ndarray:
    """A channel on whole seconds from 0 on: float64 (seconds,), NaN where no two samples stand close enough.

    One sample a second stays as it is; several in a second are averaged; wider steps are joined by a
    straight line up to `longest_s`.
    """
    if not len(time_s):
        return np.empty(0)
    count = math.floor(float(time_s[-1])) + 1
    valid = np.isfinite(values)
    times, held = time_s[valid], values[valid]
    if not len(times):
        return np.full(count, math.nan)
    cell = np.floor(times).astype(np.int64)
    number = np.bincount(cell, minlength=count)
    total = np.bincount(cell, held, count)
    grid = np.where(number > 0, total / np.maximum(number, 1), math.nan)
    empty = np.flatnonzero(number == 0)
    if len(empty) and longest_s > 1.0:
        after = np.searchsorted(times, empty)
        inside = (after > 0) & (after < len(times))
        empty, after = empty[inside], after[inside]
        close = times[after] - times[after - 1] <= longest_s
        grid[empty[close]] = np.interp(empty[close].astype(np.float64), times, held)
    return grid


def fit_heart_rate(
    power_w: np.ndarray, cadence_rpm: np.ndarray | None, heart_rate: np.ndarray, widen: float = 1.6
) -> HeartRateModel:
    """The model on 1 s series (n,), NaN where nothing was measured; the interval is widened by `widen`.

    `cadence_rpm` None leaves its column out. Any other rate in place of heart rate (breathing) fits alike.
    Not applicable with fewer than ten minutes of usable points, or with tau at the edge of its grid: then
    the kinetics are not identifiable and a slope would be the warm-up's. Source: metrics reference, 5.
    """
    usable = settled(power_w, SETTLE_S) & np.isfinite(heart_rate)
    if cadence_rpm is not None:
        usable &= settled(cadence_rpm, SETTLE_S)
    picks = np.flatnonzero(usable)
    picks = picks[picks % PICK_S == 0]
    if len(picks) < MIN_PICKS:
        return HeartRateModel(False, "fewer than ten settled minutes with power and heart rate together")
    follows = np.zeros(len(picks), np.bool_)
    follows[1:] = np.diff(picks) == PICK_S
    level = float(heart_rate[picks].mean())
    y = np.ascontiguousarray(heart_rate[picks] - level)

    best: _Fit | None = None
    for tau in TAU_GRID_S:
        filtered = exponential_filter(power_w, tau)
        turned = None if cadence_rpm is None else exponential_filter(cadence_rpm, tau)
        design = _design(picks, filtered, turned)
        beta, error, rho, spread = prais_winsten(design.columns, y, follows)
        if best is None or spread < best.spread * (1.0 - 1e-12):
            best = _Fit(float(tau), design, beta, error, rho, spread)
        if design.power is None and design.cadence is None:
            break  # nothing is filtered: every tau gives the same fit
    assert best is not None
    filtered_something = best.design.power is not None or best.design.cadence is not None
    if filtered_something and not TAU_GRID_S[0] < best.tau_s < TAU_GRID_S[-1]:
        return HeartRateModel(
            False,
            f"not identifiable: the best time constant stands at the edge of its grid ({best.tau_s:.0f} s)",
            tau_s=best.tau_s,
        )
    return _in_units(best, picks, heart_rate, level, widen)


@dataclass(frozen=True, slots=True)
class _Design:
    """Standardised columns 1, t, [u, u²], [v] and how to undo it: (mean, SD) of what u and v came from."""

    columns: np.ndarray
    mean_h: float
    power: tuple[float, float] | None
    cadence: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Fit:
    tau_s: float
    design: _Design
    beta: np.ndarray
    error: np.ndarray
    rho: float
    spread: float


def _design(picks: np.ndarray, power: np.ndarray, cadence: np.ndarray | None) -> _Design:
    turned = np.zeros(0) if cadence is None else cadence
    columns, undo = standardised(picks, power, turned, CONSTANT_CV)
    mean_h, power_mean, power_sd, cadence_mean, cadence_sd = undo.tolist()
    return _Design(
        columns,
        mean_h,
        (power_mean, power_sd) if power_sd > 0.0 else None,
        (cadence_mean, cadence_sd) if cadence_sd > 0.0 else None,
    )


def _in_units(
    fit: _Fit, picks: np.ndarray, heart_rate: np.ndarray, level: float, widen: float
) -> HeartRateModel:
    """Standardised coefficients back into bpm, W, rpm and hours."""
    design, beta = fit.design, fit.beta
    slope, reach = float(beta[1]), widen * Z_95 * float(fit.error[1])
    intercept = level + float(beta[0]) - slope * design.mean_h
    per_watt = squared = per_rpm = 0.0
    if design.power is not None:
        centre, scale = design.power
        squared = float(beta[3]) / scale**2
        per_watt = float(beta[2]) / scale - 2.0 * squared * centre
        intercept -= per_watt * centre + squared * centre**2
    if design.cadence is not None:
        centre, scale = design.cadence
        per_rpm = float(beta[-1]) / scale
        intercept -= per_rpm * centre
    modelled = level + design.columns @ beta
    return HeartRateModel(
        True,
        "",
        intercept,
        per_watt,
        squared,
        per_rpm,
        slope,
        slope - reach,
        slope + reach,
        fit.tau_s,
        float(fit.rho),
        float(fit.spread),
        {
            "time_s": picks.astype(np.float64),
            "measured": heart_rate[picks],
            "modelled": modelled,
            "without_drift": modelled - slope * picks / 3600.0,
        },
    )
