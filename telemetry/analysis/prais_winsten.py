"""Least squares whose errors follow on one another: Prais–Winsten, for many designs in one pass.

Comes in: designs and a series, with the rows that follow on the row before. Goes out: coefficients, their
standard errors, the errors' correlation and their spread. Leaves to others: what the columns mean
(`heart_rate_drift.py`). The slow twins stand in tests/reference.py.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ANY_ORDER = {"reassoc", "contract"}
"""Sums may be added up in any order, eight at a time; NaN and infinity keep their meaning."""


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
