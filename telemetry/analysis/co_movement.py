"""Load beside pain, class by class: how closely both ranked alike at lags of 0 to 3 classes.

Comes in: one load and one pain value per class, in order of time. Goes out: a `CoMovement`, every lag shown.
Leaves to others: causes. Two things that move together may both follow a third (a hard week at work, a
holiday), and pain keeps people from riding hard. Sources: metrics reference, section 7; rulings, section 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.analysis.ranks import ranks, spearman, spearman_interval
from telemetry.model import CoMovement, Lag

LAGS = (0, 1, 2, 3)
FISHER = 1.06
"""Variance of atanh of Spearman's rho, times n - 3: Fieller, Hartley and Pearson 1957."""


def co_movement(
    name: str,
    load: Sequence[float | None],
    pain: Sequence[float | None],
    limits: Limits,
    *,
    loads: int = 1,
) -> CoMovement:
    """Spearman's rho of the load of class t with the pain of class t + lag, None being missing.

    Each lag prints its plain interval. Whether one *stands out* is decided more strictly: over all lags
    together (the smallest p times their number), and with fewer effective classes where both series follow
    on themselves (Bartlett 1935): four lags of two slow series would else stand out far too often. `loads`
    says how many loads are held against the same pain; the smallest p is multiplied by that as well.
    """
    x = np.array([math.nan if value is None else value for value in load], np.float64)
    y = np.array([math.nan if value is None else value for value in pain], np.float64)
    least = int(limits["lag_pairs"])
    found = [_lag(x, y, lag, least) for lag in LAGS]
    known = [p for _, p in found if p is not None]
    if not known:
        return CoMovement(
            name, tuple(row for row, _ in found), None, "Not enough classes with load and pain."
        )
    tries = len(known) * loads
    rows = [replace(row, stands_out=p is not None and p * tries <= limits["lag_p"]) for row, p in found]
    return CoMovement(name, tuple(rows), min(1.0, min(known) * tries), _says(rows))


def _says(rows: Sequence[Lag]) -> str:
    out = [row for row in rows if row.stands_out and row.rho is not None]
    if not out:
        return "Load and pain did not co-move clearly at any of these lags."
    best = max(out, key=lambda row: abs(row.rho or 0.0))
    when = ("in the same class", "one class later")[best.lag] if best.lag < 2 else f"{best.lag} classes later"
    way = "more pain" if (best.rho or 0.0) > 0.0 else "less pain"
    return f"More load co-moved with {way} {when} (rank correlation {best.rho:.2f}, {best.n} classes)."


def _lag(x: np.ndarray, y: np.ndarray, lag: int, least: int) -> tuple[Lag, float | None]:
    """One lag, and its two-sided p on the effective number of pairs."""
    a, b = x[: max(len(x) - lag, 0)], y[lag:]
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    if len(a) < least:
        return Lag(lag, len(a), None, why_not=f"{len(a)} pairs, {least} are needed"), None
    rho = spearman(a, b)
    if rho is None:
        return Lag(lag, len(a), None, why_not="one of both never changed"), None
    low, high = spearman_interval(rho, len(a))
    if abs(rho) >= 1.0:
        p = 2.0 / math.factorial(len(a))
    else:
        freedom = max(effective(a, b) - 3.0, 1.0)
        p = math.erfc(abs(math.atanh(rho)) / math.sqrt(2.0 * FISHER / freedom))
    return Lag(lag, len(a), rho, low, high), p


def effective(a: np.ndarray, b: np.ndarray) -> float:
    """Pairs that independent series would need to scatter as these do: n (1 - r_a r_b) / (1 + r_a r_b), of
    the lag-one autocorrelations of their ranks; never more than n."""
    product = max(_follows(ranks(a)) * _follows(ranks(b)), 0.0)
    return len(a) * (1.0 - product) / (1.0 + product)


def _follows(values: np.ndarray) -> float:
    centred = values - values.mean()
    n = len(values)
    r = float(centred[1:] @ centred[:-1]) / float(centred @ centred)
    return min(max(r + (1.0 + 3.0 * r) / n, -0.95), 0.95)  # Kendall's correction of the bias downwards
