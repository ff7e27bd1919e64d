"""Ranks and differences for small samples: Spearman, Kendall, Theil–Sen, Hodges–Lehmann, Mann–Whitney.

Comes in: short arrays without NaN. Goes out: numbers. Leaves to others: which samples, and what they mean.
Plain NumPy: importing scipy.stats takes longer than a whole trend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean rank: float64 (n,).

    >>> ranks([30, 10, 20, 20]).tolist()
    [4.0, 1.0, 2.5, 2.5]
    """
    _, inverse, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse])


def spearman(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray) -> float | None:
    """Rank correlation; None where one of both does not vary."""
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return None if scale == 0.0 else min(max(float(a @ b) / scale, -1.0), 1.0)


def spearman_interval(rho: float, n: int) -> tuple[float, float]:
    """tanh(atanh rho ± 1.96 sqrt(1.06/(n - 3))): Fieller, Hartley and Pearson 1957. At |rho| = 1 a point."""
    if abs(rho) >= 1.0:
        return rho, rho
    middle, reach = math.atanh(rho), 1.96 * math.sqrt(1.06 / (n - 3))
    return math.tanh(middle - reach), math.tanh(middle + reach)


EXACT_UP_TO = 33
"""Values without ties whose orders are counted, as scipy.stats.kendalltau has it."""


def kendall_p(values: Sequence[float]) -> float:
    """Two-sided p of Kendall's tau between a series (n,), n > 1 and not constant, and its own order.

    Exact without ties up to 33 values, else normal, ties counted (Kendall 1970, Rank Correlation Methods).

    >>> round(kendall_p([6, 5, 4, 3, 2, 1]), 4)
    0.0028
    """
    y, n = np.asarray(values, np.float64), len(values)
    pairs = n * (n - 1) // 2
    # row by row: a table of all pairs of ten years' days would take a hundred megabytes
    falling = sum(int((y[i + 1 :] < y[i]).sum()) for i in range(n))
    rising = sum(int((y[i + 1 :] > y[i]).sum()) for i in range(n))
    _, ties = np.unique(y, return_counts=True)
    if len(ties) == n and (n <= EXACT_UP_TO or min(falling, pairs - falling) <= 1):
        fewer = min(falling, pairs - falling)
        orders = np.zeros(fewer + 1)  # of the values so far, by how many pairs fall
        orders[0] = 1.0
        for size in range(2, n + 1):
            total = np.cumsum(orders)
            total[size:] -= np.cumsum(orders)[:-size]
            orders = total / size
        return min(1.0, 2.0 * float(orders.sum()))
    spread = (n * (n - 1) * (2 * n + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18.0
    return math.erfc(abs(rising - falling) / math.sqrt(2.0 * spread))


def theil_sen(y: np.ndarray) -> tuple[float, float]:
    """Median slope of all pairs of a series (n,), n > 1, on 0, 1, …, and the intercept beside the medians.

    >>> theil_sen(np.array([1.0, 3.0, 5.0, 7.0, 90.0]))
    (2.0, 1.0)
    """
    at = np.arange(len(y), dtype=np.float64)
    later, earlier = np.tril_indices(len(y), -1)
    slope = float(np.median((y[later] - y[earlier]) / (at[later] - at[earlier])))
    return slope, float(np.median(y)) - slope * float(np.median(at))


@cache
def mann_whitney_edge(n_a: int, n_b: int) -> int:
    """Largest k with P(U <= k) <= 2.5 % under the exact null without ties; -1 where there is none.

    >>> mann_whitney_edge(6, 6), mann_whitney_edge(3, 3)
    (5, -1)
    """
    # the Gaussian binomial: product of (1 - q^(n_b + i)) / (1 - q^i) over i = 1 … n_a
    ways = np.zeros(n_a * n_b + 1)
    ways[0] = 1.0
    for i in range(1, n_a + 1):
        if n_b + i <= n_a * n_b:
            ways[n_b + i :] -= ways[: len(ways) - n_b - i].copy()
        for k in range(i, len(ways)):
            ways[k] += ways[k - i]
    share = np.cumsum(ways) / math.comb(n_a + n_b, n_a)
    return int(np.searchsorted(share, 0.025, side="right")) - 1


def hodges_lehmann(
    before: Sequence[float], after: Sequence[float]
) -> tuple[float, float | None, float | None]:
    """Median of all differences after - before, and the Mann–Whitney interval of 95 % or a little more.

    The interval is exact without ties and conservative with them; None where the samples are too small.
    """
    differences = np.sort(np.subtract.outer(np.asarray(after, float), np.asarray(before, float)).ravel())
    edge = mann_whitney_edge(*sorted((len(before), len(after))))
    shift = float(np.median(differences))
    if edge < 0:
        return shift, None, None
    return shift, float(differences[edge]), float(differences[-1 - edge])
