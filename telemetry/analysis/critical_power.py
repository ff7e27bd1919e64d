"""Critical power and W′ from efforts to exhaustion: what a rider's `cp_w` and `w_prime_j` may be set to.

Comes in: mean power and duration of a few hard efforts. Goes out: both numbers. Leaves to others: whether the
efforts were to exhaustion, and what the numbers are used for (`w_balance.py`). Source: metrics reference,
section 11, target 5 (Clarke & Skiba 2013).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telemetry.errors import BadInput


def critical_power(
    watts: Sequence[float], seconds: Sequence[float], *, work: bool = False
) -> tuple[float, float]:
    """CP (W) and W′ (J) by least squares of power on 1/t, or of work on t with `work`.

    Both are the same line, P = CP + W′/t; they weigh short and long efforts differently, and differ by about
    a watt on good data.

    Raises
    ------
    BadInput : fewer than two durations, or one that is no duration

    >>> cp, w_prime = critical_power([453, 430, 405, 375, 360], [160, 205, 260, 430, 685])
    >>> round(cp, 4), round(w_prime, 3)
    (330.0974, 19857.15)
    """
    power, time = np.asarray(watts, np.float64), np.asarray(seconds, np.float64)
    if power.shape != time.shape or len(set(time.tolist())) < 2 or not bool((time > 0.0).all()):
        raise BadInput(
            "critical power cannot be fitted",
            expected="mean power of at least two efforts of different duration",
            got=f"{len(power)} powers, {len(time)} durations",
        )
    if work:
        cp, w_prime = np.polyfit(time, power * time, 1)
    else:
        w_prime, cp = np.polyfit(1.0 / time, power, 1)
    return float(cp), float(w_prime)
