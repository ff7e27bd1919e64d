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

from telemetry.analysis.prais_winsten import ANY_ORDER, prais_winsten
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


@njit(cache=True, nogil=True)
def seconds_joined(time_s: np.ndarray, values: np.ndarray, longest_s: float) -> np.ndarray:
    """A channel on whole seconds from 0 on: float64 (seconds,), NaN where no two samples stand close enough.

    `time_s` increases from 0 on. One sample a second stays as it is; several in a second are averaged; wider
    steps are joined by a straight line up to `longest_s`.
    """
    if len(time_s) == 0:
        return np.empty(0)
    count = math.floor(time_s[-1]) + 1
    total, number = np.zeros(count), np.zeros(count)
    last = -1
    for i in range(len(time_s)):
        if not np.isfinite(values[i]):
            continue
        cell = math.floor(time_s[i])
        if last >= 0 and longest_s > 1.0 and time_s[i] - time_s[last] <= longest_s:
            slope = (values[i] - values[last]) / (time_s[i] - time_s[last])
            for empty in range(math.floor(time_s[last]) + 1, cell):
                total[empty] = values[last] + slope * (empty - time_s[last])
                number[empty] = 1.0
        total[cell] += values[i]
        number[cell] += 1.0
        last = i
    for cell in range(count):
        total[cell] = total[cell] / number[cell] if number[cell] > 0.0 else np.nan
    return total


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
