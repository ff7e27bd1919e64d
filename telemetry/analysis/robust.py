"""Slopes that a few bad minutes cannot bend: medians, Theil–Sen lines, and the quantiles they need.

Comes in: plain arrays. Goes out: numbers. Leaves to others: what is regressed on what, and what it means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

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
def pair_slopes(x: np.ndarray, y: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, int, float]:
    """Slopes of all pairs of points within a group, the number of points, and Kendall's variance of S.

    `group` (n,) int64 from 0: only points of one group are paired (Hirsch & Slack 1984); all
    zeros for the plain line. Rows with NaN are left out.
    """
    groups = 1
    for i in range(len(x)):
        groups = max(groups, int(group[i]) + 1)
    members = np.empty(len(x), np.int64)
    slopes = np.empty(max(len(x) * (len(x) - 1) // 2, 1))
    n, m, variance = 0, 0, 0.0
    for wanted in range(groups):
        size = 0
        for i in range(len(x)):
            if group[i] == wanted and x[i] == x[i] and y[i] == y[i]:
                members[size] = i
                size += 1
        n += size
        variance += size * (size - 1.0) * (2.0 * size + 5.0) / 18.0
        for a in range(size):
            for b in range(a + 1, size):
                i, j = members[a], members[b]
                if x[j] != x[i]:
                    slopes[m] = (y[j] - y[i]) / (x[j] - x[i])
                    m += 1
    return slopes[:m], n, variance


@njit(cache=True, nogil=True)
def lag_one(residual: np.ndarray) -> float:
    """Lag-one autocorrelation of a series (n,) in its order, NaN where a value is missing; 0 if unknown."""
    n, mean = 0, 0.0
    for value in residual:
        if value == value:
            n += 1
            mean += value
    if n == 0:
        return 0.0
    mean /= n
    power, together, pairs = 0.0, 0.0, 0
    for i in range(len(residual)):
        if residual[i] == residual[i]:
            power += (residual[i] - mean) ** 2
            if i > 0 and residual[i - 1] == residual[i - 1]:
                together += (residual[i] - mean) * (residual[i - 1] - mean)
                pairs += 1
    power /= n
    if pairs == 0 or power <= 1e-24:
        return 0.0
    return min(max(together / pairs / power, -0.95), 0.95)


@njit(cache=True, nogil=True)
def centred_by_bin(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values minus the median of their bin: float64 (n,), NaN where the bin is -1 or the value missing."""
    out = np.full(len(values), np.nan)
    members = np.empty(len(values))
    bins = 0
    for i in range(len(index)):
        bins = max(bins, int(index[i]) + 1)
    for wanted in range(bins):
        count = 0
        for i in range(len(values)):
            if index[i] == wanted and values[i] == values[i]:
                members[count] = values[i]
                count += 1
        middle = median(members[:count])
        for i in range(len(values)):
            if index[i] == wanted:
                out[i] = values[i] - middle
    return out


@njit(cache=True, nogil=True)
def quantile_index(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """How many distinct quantiles at increasing `shares` (q,) lie below each value: int64 (n,), -1 for NaN.

    A quantile between two values is taken on the straight line between them, as NumPy takes it.
    """
    n, count = len(values), 0
    held = np.empty(n)
    for i in range(n):
        if values[i] == values[i]:
            held[count] = values[i]
            count += 1
    index = np.full(n, -1)
    if count == 0:
        return index
    edges, distinct, first = np.empty(len(shares)), 0, 0
    for share in shares:
        # what lies before the last place is no larger, and is not looked at again
        place = share * (count - 1)
        below = int(place)
        low = select(held[first:count], below - first)
        first = below
        high = low
        if below + 1 < count:
            high = held[below + 1]
            for i in range(below + 2, count):
                high = min(high, held[i])
        part = place - below
        edge = low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part)
        if distinct == 0 or edge > edges[distinct - 1]:
            edges[distinct] = edge
            distinct += 1
    for i in range(n):
        if values[i] == values[i]:
            index[i] = 0
            for k in range(distinct):
                if edges[k] < values[i]:
                    index[i] += 1
    return index


@njit(cache=True, nogil=True)
def cell_sums(
    time_s: np.ndarray,
    values: np.ndarray,
    index: np.ndarray,
    weights: np.ndarray,
    seconds: np.ndarray,
    width_s: float,
    start: int,
    cells: int,
    bins: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sums over cells of `width_s` seconds from block `start` on and `bins` bins, cell = block · bins + bin.

    Weight, weight·value, weight·time and seconds, float64 (cells,). Values that are not finite, weights of 0
    and bins below 0 do not count.
    """
    weight, total, when, counted = np.zeros(cells), np.zeros(cells), np.zeros(cells), np.zeros(cells)
    for i in range(len(time_s)):
        if index[i] < 0 or not weights[i] > 0.0 or not np.isfinite(values[i]):
            continue
        cell = (math.floor(time_s[i] / width_s) - start) * bins + index[i]
        if 0 <= cell < cells:
            weight[cell] += weights[i]
            total[cell] += weights[i] * values[i]
            when[cell] += weights[i] * time_s[i]
            counted[cell] += seconds[i]
    return weight, total, when, counted


def line(
    x: np.ndarray, y: np.ndarray, group: np.ndarray | None = None, *, autocorrelated: bool = True
) -> Line | None:
    """Theil–Sen line of y on x (n,), pairs within `group` only; None under ten points or without a pair.

    The slope is the median of all pairs' slopes, the intercept median(y) - slope·median(x), the interval
    Sen's. With `autocorrelated` the variance of Kendall's S is multiplied by (1 + rho)/(1 - rho), rho the
    lag-one autocorrelation of the residual (Yue & Wang 2004): neighbouring means of a class are no
    independent draws. Source: Sen 1968 JASA 63:1379.
    """
    x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
    group = np.zeros(len(x), np.int64) if group is None else np.ascontiguousarray(group, np.int64)
    slopes, points, variance = pair_slopes(x, y, group)
    if points < MIN_POINTS or not len(slopes):
        return None
    slope = float(median(slopes))
    if autocorrelated:
        rho = max(lag_one(centred_by_bin(y - slope * x, group)), 0.0)
        variance *= (1.0 + rho) / (1.0 - rho)
    # the median has left its lower half before the middle and its upper half behind it
    reach, last, middle = Z_95 * math.sqrt(variance), len(slopes) - 1, len(slopes) // 2
    low = select(slopes[: middle + 1], min(max(round((len(slopes) - reach) / 2.0) - 1, 0), middle))
    high = select(slopes[middle:], min(max(round((len(slopes) + reach) / 2.0), middle), last) - middle)
    known = np.isfinite(x) & np.isfinite(y)
    intercept = median(y[known]) - slope * median(x[known])
    return Line(slope, float(intercept), float(low), float(high), points)


def quantile_bins(values: np.ndarray, bins: int) -> np.ndarray:
    """Index of the quantile bin of each value: int64 (n,), -1 for NaN.

    Equal values always share a bin, so a class of few torque steps simply has fewer bins.
    """
    index: np.ndarray = quantile_index(np.ascontiguousarray(values, np.float64), _inner_shares(bins))
    return index


@cache
def _inner_shares(bins: int) -> np.ndarray:
    return np.linspace(0.0, 1.0, bins + 1)[1:-1]


def block_means(
    time_s: np.ndarray, values: np.ndarray, weights: np.ndarray, width_s: float, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means over blocks of `width_s` seconds from time 0 on: (block centres [s], means).

    Blocks whose weights sum to less than `least` are NaN. Values of NaN and weights of 0 do not count.
    """
    if not len(time_s):
        return np.empty(0), np.empty(0)
    start, cells = _blocks(time_s, width_s)
    weight, total, _, _ = cell_sums(
        time_s, values, np.zeros(len(time_s), np.int64), weights, weights, width_s, start, cells, 1
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(weight >= max(least, 1e-12), total / weight, math.nan)
    return (start + np.arange(cells) + 0.5) * width_s, means


def cell_means(
    time_s: np.ndarray,
    values: np.ndarray,
    index: np.ndarray,
    weights: np.ndarray,
    seconds: np.ndarray,
    width_s: float,
    least_s: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted means per block of `width_s` seconds and bin: (mean times [s], means, bins), in order of time.

    Cells with fewer than `least_s` of their samples' seconds are left out, as are samples of bin -1.
    """
    bins = int(index.max()) + 1 if len(index) else 0
    if not bins:
        return np.empty(0), np.empty(0), np.empty(0, np.int64)
    start, blocks = _blocks(time_s, width_s)
    weight, total, when, counted = cell_sums(
        time_s, values, index, weights, seconds, width_s, start, blocks * bins, bins
    )
    held = np.flatnonzero((weight > 0.0) & (counted >= least_s))
    return when[held] / weight[held], total[held] / weight[held], held % bins


def _blocks(time_s: np.ndarray, width_s: float) -> tuple[int, int]:
    """The first block of increasing times (n,), and how many there are."""
    start = math.floor(float(time_s[0]) / width_s)
    return start, math.floor(float(time_s[-1]) / width_s) - start + 1


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
