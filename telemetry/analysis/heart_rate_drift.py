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
def exponential_filters(values: np.ndarray, taus_s: np.ndarray, at: np.ndarray) -> np.ndarray:
    """F of a 1 s series for each time constant (m,), at some of its seconds, int64 (n,), rising: (m, n).

    s += (1 - exp(-dt/tau))·(x - s), s0 = x0, dt since the last value; NaN holds s. After more than 30 s
    without a value it starts again at the next one; before the first it is NaN.
    """
    m = len(taus_s)
    out = np.empty((m, len(at)))
    weights = np.empty((RESTART_S + 1, m))
    for gap in range(RESTART_S + 1):
        for j in range(m):
            weights[gap, j] = 1.0 - math.exp(-gap / taus_s[j])
    state = np.full(m, np.nan)
    last, put = -RESTART_S - 1, 0
    for i in range(len(values)):
        x = values[i]
        if x == x:
            gap = i - last
            if gap > RESTART_S:
                for j in range(m):
                    state[j] = x
            else:
                for j in range(m):
                    state[j] += weights[gap, j] * (x - state[j])
            last = i
        elif i - last > RESTART_S:
            for j in range(m):
                state[j] = np.nan
        if put < len(at) and at[put] == i:
            for j in range(m):
                out[j, put] = state[j]
            put += 1
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


ANY_ORDER = {"reassoc", "contract"}
"""Sums may be added up in any order, eight at a time; NaN and infinity keep their meaning."""


@njit(cache=True, nogil=True, fastmath=ANY_ORDER)
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
    """Columns 1, t, u, u², v of each of m filters (m, 5, n), and what undoes them (m, 5).

    The latter are mean hour, mean and SD of power, of cadence. A column that varies by no more than
    `least_cv` of its mean is 0 throughout, and its SD is given as 0; so is cadence where it is empty.
    `picks` [s] int64 (n,) are the seconds at which power and cadence (m, n) were filtered.
    """
    n, m = len(picks), len(power)
    columns, undo = np.zeros((m, 5, n)), np.zeros((m, 5))
    hours = np.empty(n)
    for i in range(n):
        hours[i] = picks[i] / 3600.0
    mean_h, _ = moments(hours)
    for i in range(n):
        hours[i] -= mean_h
    for j in range(m):
        undo[j, 0] = mean_h
        mean, spread = moments(power[j])
        if spread > least_cv * abs(mean):
            undo[j, 1], undo[j, 2] = mean, spread
            for i in range(n):
                columns[j, 2, i] = (power[j, i] - mean) / spread
        if len(cadence) > 0:
            mean, spread = moments(cadence[j])
            if spread > least_cv * abs(mean):
                undo[j, 3], undo[j, 4] = mean, spread
                for i in range(n):
                    columns[j, 4, i] = (cadence[j, i] - mean) / spread
        for i in range(n):
            columns[j, 0, i] = 1.0
            columns[j, 1, i] = hours[i]
            columns[j, 3, i] = columns[j, 2, i] * columns[j, 2, i]
    return columns, undo


@njit(cache=True, nogil=True)
def factorised(a: np.ndarray, k: int, lower: np.ndarray) -> None:
    """Cholesky factor of the first k rows and columns of a symmetric matrix, into `lower` (k, k).

    A column whose pivot is below 1e-10 of its own diagonal is a copy of others: its diagonal is 0, its
    unknown is left out.
    """
    for i in range(k):
        for j in range(i + 1):
            total = a[i, j]
            for m in range(j):
                total -= lower[i, m] * lower[j, m]
            if i == j:
                lower[i, i] = 0.0 if total <= 1e-10 * a[i, i] else math.sqrt(total)
            else:
                lower[i, j] = total / lower[j, j] if lower[j, j] > 0.0 else 0.0


@njit(cache=True, nogil=True)
def solved(lower: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """x of lower·lower'·x = b; 0 where an unknown is left out."""
    k = len(x)
    for i in range(k):
        x[i] = 0.0
        if lower[i, i] > 0.0:
            total = b[i]
            for m in range(i):
                total -= lower[i, m] * x[m]
            x[i] = total / lower[i, i]
    for back in range(k):
        i = k - 1 - back
        if lower[i, i] > 0.0:
            total = x[i]
            for m in range(i + 1, k):
                total -= lower[m, i] * x[m]
            x[i] = total / lower[i, i]


@njit(cache=True, nogil=True)
def inverse_diagonal(lower: np.ndarray) -> np.ndarray:
    """Diagonal (k,) of the inverse of lower·lower'; NaN where an unknown is left out."""
    k = len(lower)
    diagonal, column = np.full(k, np.nan), np.empty(k)
    for j in range(k):
        if lower[j, j] > 0.0:
            diagonal[j] = 0.0
            for i in range(j, k):
                column[i] = 0.0
                if lower[i, i] > 0.0:
                    total = 1.0 if i == j else 0.0
                    for m in range(j, i):
                        total -= lower[i, m] * column[m]
                    column[i] = total / lower[i, i]
                diagonal[j] += column[i] * column[i]
    return diagonal


@njit(cache=True, nogil=True)
def quadratic(matrix: np.ndarray, weights: np.ndarray) -> float:
    """w'·M·w, spelled out: numba's own product needs SciPy, which the one-file path does without."""
    total = 0.0
    for p in range(len(weights)):
        for q in range(len(weights)):
            total += weights[p] * matrix[p, q] * weights[q]
    return total


@njit(cache=True, nogil=True, fastmath=ANY_ORDER)
def products(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Sums over the rows after the first: a·b of the row, and a·b across it and the row before, both ways."""
    same, crossed = 0.0, 0.0
    a_before, b_before, a, b = a[:-1], b[:-1], a[1:], b[1:]
    for i in range(len(a)):
        same += a[i] * b[i]
        crossed += a[i] * b_before[i] + a_before[i] * b[i]
    return same, crossed


@njit(cache=True, nogil=True)
def prais_winsten(
    designs: np.ndarray, y: np.ndarray, follows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Least squares with AR(1) errors of each of m designs.

    Returns coefficients (m, k), their standard errors (m, k), rho (m,) and residual SD (m,).
    `designs` (m, k, n) have the constant first, `y` (n,), `follows` (n,): True where a row comes one step
    after the row before it. A row that does not starts a new run and is weighted by sqrt(1 - rho²).
    rho is clipped at ±0.95, and 0 where the residual SD is below 1e-6 (an exact fit has no errors to model).
    A column of zeros is none: its coefficient is 0 and its standard error NaN.

    The products are summed once: for any rho the normal equations are a quadratic in it. Every array is
    filled by loops: each assignment of a slice took half a second of compilation.
    """
    m, k, n = designs.shape
    size = k + 1
    coefficients, errors = np.zeros((m, k)), np.full((m, k), np.nan)
    rhos, spreads = np.zeros(m), np.zeros(m)
    table = np.empty((size, n))
    for i in range(n):
        table[k, i] = y[i]
    same, crossed, before, first, normal = (
        np.empty((size, size)),
        np.empty((size, size)),
        np.empty((size, size)),
        np.empty((size, size)),
        np.empty((size, size)),
    )
    lower, beta, weights, target = np.zeros((k, k)), np.empty(k), np.empty(size), np.empty(k)
    for j in range(m):
        for p in range(k):
            for i in range(n):
                table[p, i] = designs[j, p, i]
        for p in range(size):
            for q in range(p + 1):
                same[p, q], crossed[p, q], before[p, q], first[p, q] = 0.0, 0.0, 0.0, 0.0
        start = 0
        while start < n:
            stop = start + 1
            while stop < n and follows[stop]:
                stop += 1
            for p in range(size):
                for q in range(p + 1):
                    summed = products(table[p, start:stop], table[q, start:stop])
                    head = table[p, start] * table[q, start]
                    first[p, q] += head
                    same[p, q] += summed[0]
                    crossed[p, q] += summed[1]
                    before[p, q] += head + summed[0] - table[p, stop - 1] * table[q, stop - 1]
            start = stop
        columns = 0
        for p in range(size):
            if p < k and same[p, p] + first[p, p] > 0.0:
                columns += 1
            for q in range(p):
                same[q, p] = same[p, q]
                crossed[q, p] = crossed[p, q]
                before[q, p] = before[p, q]
                first[q, p] = first[p, q]
        rho, spread = 0.0, 0.0
        for step in range(50):
            alone = 1.0 - rho * rho
            for p in range(size):
                for q in range(size):
                    normal[p, q] = (
                        same[p, q] - rho * crossed[p, q] + rho * rho * before[p, q] + alone * first[p, q]
                    )
            for p in range(k):
                target[p] = normal[p, k]
            factorised(normal, k, lower)
            solved(lower, target, beta)
            for p in range(k):
                weights[p] = -beta[p]
            weights[k] = 1.0
            error = quadratic(normal, weights)
            if step == 0 and error < 1e-6 * normal[k, k]:
                # the quadratic form loses the digits of an exact fit: its residual is summed from the rows
                error = 0.0
                for i in range(n):
                    residual = y[i]
                    for p in range(k):
                        residual -= table[p, i] * beta[p]
                    error += residual * residual
            spread = math.sqrt(max(error, 0.0) / max(n - columns, 1))
            if step == 0 and spread < 1e-6:
                break
            lagged = quadratic(before, weights)
            fresh = 0.5 * quadratic(crossed, weights) / lagged if lagged > 0.0 else 0.0
            fresh = min(max(fresh, -0.95), 0.95)
            if abs(fresh - rho) < 1e-6 and step > 0:
                break
            rho = fresh
        rhos[j], spreads[j] = rho, spread
        variance = inverse_diagonal(lower)
        for p in range(k):
            coefficients[j, p] = beta[p]
            errors[j, p] = spread * math.sqrt(variance[p])
    return coefficients, errors, rhos, spreads


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

    filtered = exponential_filters(power_w, TAU_GRID_S, picks)
    turned = np.zeros((0, 0)) if cadence_rpm is None else exponential_filters(cadence_rpm, TAU_GRID_S, picks)
    columns, undo = standardised(picks, filtered, turned, CONSTANT_CV)
    beta, error, rho, spread = prais_winsten(columns, y, follows)
    at = 0
    for other in range(1, len(TAU_GRID_S)):
        if spread[other] < spread[at] * (1.0 - 1e-12):
            at = other
    best = _Fit(
        float(TAU_GRID_S[at]),
        columns[at],
        undo[at],
        beta[at],
        error[at],
        float(rho[at]),
        float(spread[at]),
    )
    # where neither varies nothing is filtered, and every tau gives the same fit
    if (best.power or best.cadence) and not TAU_GRID_S[0] < best.tau_s < TAU_GRID_S[-1]:
        return HeartRateModel(
            False,
            f"not identifiable: the best time constant stands at the edge of its grid ({best.tau_s:.0f} s)",
            tau_s=best.tau_s,
        )
    return _in_units(best, picks, heart_rate, level, widen)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients of standardised columns 1, t, u, u², v, and what undoes the standardising."""

    tau_s: float
    columns: np.ndarray
    undo: np.ndarray
    beta: np.ndarray
    error: np.ndarray
    rho: float
    spread: float

    @property
    def power(self) -> bool:
        """Whether power varies enough to have columns."""
        return bool(self.undo[2] > 0.0)

    @property
    def cadence(self) -> bool:
        """Whether cadence varies enough to have one."""
        return bool(self.undo[4] > 0.0)


def _in_units(
    fit: _Fit, picks: np.ndarray, heart_rate: np.ndarray, level: float, widen: float
) -> HeartRateModel:
    """Standardised coefficients back into bpm, W, rpm and hours."""
    constant, slope, linear, square, turning = fit.beta.tolist()
    mean_h, power_mean, power_sd, cadence_mean, cadence_sd = fit.undo.tolist()
    reach = widen * Z_95 * float(fit.error[1])
    intercept = level + constant - slope * mean_h
    per_watt = squared = per_rpm = 0.0
    if fit.power:
        squared = square / power_sd**2
        per_watt = linear / power_sd - 2.0 * squared * power_mean
        intercept -= per_watt * power_mean + squared * power_mean**2
    if fit.cadence:
        per_rpm = turning / cadence_sd
        intercept -= per_rpm * cadence_mean
    modelled = level + fit.beta @ fit.columns
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
        fit.rho,
        fit.spread,
        {
            "time_s": picks.astype(np.float64),
            "measured": heart_rate[picks],
            "modelled": modelled,
            "without_drift": modelled - slope * picks / 3600.0,
        },
    )
