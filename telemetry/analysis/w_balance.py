"""W′ balance: what is left of the work a rider can do above critical power.

Comes in: power, critical power CP [W] and W′ [J]. Goes out: the balance over the class and its lowest value,
a covariate of fatigue and no number about a back. Leaves to others: where CP and W′ come from. FTP is not CP.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from telemetry.analysis.metric_rows import result
from telemetry.analysis.numbers import percent
from telemetry.model import MetricResult

if TYPE_CHECKING:
    from telemetry.analysis.conditioning import Conditioned
    from telemetry.analysis.context import Context

NAME = "w_balance_min_j"


@njit(cache=True, nogil=True)
def w_balance(power_w: np.ndarray, dt_s: np.ndarray, cp_w: float, w_prime_j: float) -> np.ndarray:
    """W′ balance [J] after each sample (n,), starting full. Froncioni, Skiba and Clarke's differential form.

    Above CP it falls by (P - CP)·dt; below, the gap to W′ closes by exp(-(CP - P)·dt / W′), the exact step
    of d(bal)/dt = (CP - P)(W′ - bal)/W′. Samples without power, and gaps (dt 0), leave it where it is.
    """
    out = np.empty(len(power_w))
    balance = w_prime_j
    for i in range(len(power_w)):
        over = power_w[i] - cp_w
        if over > 0.0:
            balance -= over * dt_s[i]
        elif over <= 0.0:
            balance = w_prime_j - (w_prime_j - balance) * math.exp(over * dt_s[i] / w_prime_j)
        out[i] = balance
    return out


@njit(cache=True, nogil=True)
def w_balance_integral(
    power_w: np.ndarray, dt_s: np.ndarray, cp_w: float, w_prime_j: float, tau_s: float
) -> np.ndarray:
    """W′ balance [J] in Skiba's 2012 integral form: each joule spent above CP comes back by exp(-t/tau).

    Kept for comparison with tools that print this form. Samples without power spend nothing.
    """
    out = np.empty(len(power_w))
    spent = 0.0
    for i in range(len(power_w)):
        spent *= math.exp(-dt_s[i] / tau_s)
        over = power_w[i] - cp_w
        if over > 0.0:
            spent += over * dt_s[i]
        out[i] = w_prime_j - spent
    return out


def recovery_tau_s(power_w: np.ndarray, cp_w: float) -> float:
    """546·exp(-0.01·D) + 316 [s], D = CP minus the mean power of the samples below CP (Skiba 2012)."""
    below = power_w[power_w < cp_w]
    return 546.0 * math.exp(-0.01 * (cp_w - (float(below.mean()) if len(below) else cp_w))) + 316.0


def lowest_balance(c: Conditioned, context: Context) -> tuple[dict[str, MetricResult], dict[str, Any]]:
    """The lowest W′ balance of the class, and its curve on the samples' times."""
    cp, w_prime = context.rider.cp_w, context.rider.w_prime_j
    power_s = float(c.dt_s[np.isfinite(c.power_w)].sum())
    coverage = power_s / c.recorded_s if c.recorded_s > 0 else 0.0
    why = None
    if cp is None or w_prime is None:
        why = "needs the rider's critical power and W′; threshold power (FTP) is not critical power"
    elif not np.isfinite(c.power_w).any():
        why = "no power was recorded"
    elif coverage < context.limits["coverage_good"]:
        gone = "a balance cannot be carried across what is missing"
        why = f"power covers {percent(coverage)} of the class: {gone}"
    if why is not None or cp is None or w_prime is None:
        return {NAME: result(NAME, None, absent_because=why)}, {}
    balance = w_balance(np.ascontiguousarray(c.power_w), np.ascontiguousarray(c.dt_s), cp, w_prime)
    return {NAME: result(NAME, float(balance.min()), coverage=coverage)}, {"w_balance_j": balance}
