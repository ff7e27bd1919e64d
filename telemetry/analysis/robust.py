"""Slopes that a few bad minutes cannot bend: medians, Theil–Sen lines, and the quantiles they need.

Comes in: plain arrays. Goes out: numbers. Leaves to others: what is regressed on what, and what it means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

Z_95 = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

MIN_POINTS = 10
"""Fewest points of a Theil–Sen slope (rulings: at least 10)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A robust straight line with the 95 % interval of its slope."""

    slope: float
    intercept: float
    low: float
    high: float
    points: int


@njit(cache=True, nogil=True)
def select(values: np.ndarray, k: int) -> float:
    """The k-th smallest of `values` (float64, no NaN), which is reordered in place. Hoare's selection."""
    left, right = 0, len(values) - 1
    while left < right:
        pivot = values[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            right = j
        elif k >= i:
            left = i
        else:
            break
    return values[k]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def median(values: np.ndarray) -> float:
    """Median of a float64 array without NaN, which is reordered in place; NaN where it is empty."""
    n = len(values)
    if n == 0:
        return np.nan
    upper = select(values, n // 2)
    if n % 2:
        return upper
    # selection has left everything below n//2 no larger: its largest is the lower middle value
    lower = values[0]
    for i in range(1, n // 2):
        lower = max(lower, values[i])
    return 0.5 * (float(lower) + upper)


@njit(cache=True, nogil=True)
def theil_sen(x: np.ndarray, y: np.ndarray, inflation: float) -> tuple[float, float, float, float, int]:
    """Median of all pairwise slopes, intercept median(y) - slope·median(x), and Sen's interval of the slope.

    `inflation` multiplies the variance of Kendall's S: 1 for independent errors, (1 + rho)/(1 - rho) for
    AR(1) ones (Yue & Wang 2004). Rows with NaN are left out. Returns (slope, intercept, low, high, points).
    """
    n = 0
    xs, ys = np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        if x[i] == x[i] and y[i] == y[i]:
            xs[n] = x[i]
            ys[n] = y[i]
            n += 1
    slopes = np.empty(max(n * (n - 1) // 2, 1))
    m = 0
    for i in range(n):
        for j in range(i + 1, n):
            if xs[j] != xs[i]:
                slopes[m] = (ys[j] - ys[i]) / (xs[j] - xs[i])
                m += 1
    if m == 0:
        return np.nan, np.nan, np.nan, np.nan, n
    slopes = slopes[:m]
    slope = median(slopes)
    intercept = median(ys[:n].copy()) - slope * median(xs[:n].copy())
    reach = Z_95 * math.sqrt(inflation * n * (n - 1.0) * (2.0 * n + 5.0) / 18.0)
    below = min(max(round((m - reach) / 2.0) - 1, 0), m - 1)
    above = min(max(round((m + reach) / 2.0), 0), m - 1)
    low = select(slopes, below)
    high = select(slopes, above)
    return slope, intercept, low, high, n


def lag_one(residual: np.ndarray) -> float:
    """Lag-one autocorrelation of an evenly spaced series (n,), NaN where a value is missing; 0 if unknown."""
    centred = residual - np.nanmean(residual) if np.isfinite(residual).any() else residual
    pairs = centred[1:] * centred[:-1]
    power = np.nanmean(centred * centred) if np.isfinite(centred).any() else 0.0
    if not np.isfinite(pairs).any() or power <= 1e-24:
        return 0.0
    return float(np.clip(np.nanmean(pairs) / power, -0.95, 0.95))


def line(x: np.ndarray, y: np.ndarray, *, autocorrelated: bool = True) -> Line | None:
    """Theil–Sen line of y on x (n,); None under ten points or without two different x.

    With `autocorrelated` the interval is widened by the lag-one autocorrelation of the residual, for
    neighbouring means of a class are no independent draws. Source: Sen 1968 JASA 63:1379.
    """
    x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
    inflation = 1.0
    slope, intercept, low, high, points = theil_sen(x, y, inflation)
    if points < MIN_POINTS or not math.isfinite(slope):
        return None
    if autocorrelated:
        rho = max(lag_one(y - intercept - slope * x), 0.0)
        inflation = (1.0 + rho) / (1.0 - rho)
        if inflation > 1.0:
            slope, intercept, low, high, points = theil_sen(x, y, inflation)
    return Line(float(slope), float(intercept), float(low), float(high), int(points))


def quantile_bins(values: np.ndarray, bins: int) -> np.ndarray:
    """Index of the quantile bin of each value: int64 (n,), -1 for NaN.

    Equal values always share a bin, so a class of few torque steps simply has fewer bins.
    """
    valid = np.isfinite(values)
    index = np.full(len(values), -1, np.int64)
    if valid.any():
        inner = np.quantile(values[valid], np.linspace(0.0, 1.0, bins + 1)[1:-1])
        index[valid] = np.searchsorted(np.unique(inner), values[valid], side="left")
    return index


def centred_by_bin(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values minus the median of their bin: float64 (n,), NaN where the bin is -1 or the value missing."""
    centred = np.full(len(values), math.nan)
    usable = np.isfinite(values) & (index >= 0)
    for bin_index in range(int(index.max()) + 1 if len(index) else 0):
        members = usable & (index == bin_index)
        if members.any():
            centred[members] = values[members] - np.median(values[members])
    return centred


def block_means(
    time_s: np.ndarray, values: np.ndarray, weights: np.ndarray, width_s: float, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means over blocks of `width_s` seconds from time 0 on: (block centres [s], means).

    Blocks whose weights sum to less than `least` are NaN. Values of NaN and weights of 0 do not count.
    """
    if not len(time_s):
        return np.empty(0), np.empty(0)
    block = np.floor(time_s / width_s).astype(np.int64)
    block -= block.min()
    usable = np.isfinite(values) & (weights > 0)
    count = int(block[-1]) + 1
    weight = np.bincount(block[usable], weights[usable], count)
    total = np.bincount(block[usable], weights[usable] * values[usable], count)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(weight >= max(least, 1e-12), total / weight, math.nan)
    start = math.floor(float(time_s[0]) / width_s)
    return (start + np.arange(count) + 0.5) * width_s, means


def student_t_975(freedom: float) -> float:
    """97.5 % point of Student's t: Hill's expansion about the normal, within 4e-3 from 3 degrees on.

    >>> round(student_t_975(10), 3), round(student_t_975(60), 3)
    (2.228, 2.0)
    """
    if freedom < 1.5:
        return 12.7062
    if freedom < 2.5:
        return 4.3027
    z, v = Z_95, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )
