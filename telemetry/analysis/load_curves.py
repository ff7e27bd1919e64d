"""Load over days: exponentially weighted means, Foster's monotony and strain, and Banister's two curves.

Comes in: one load a day, rest days as 0. Goes out: plain numbers, for pictures only: no rule depends on them.
Leaves to others: the acute-to-chronic ratio, which is not computed here on purpose (Impellizzeri 2020: it
says no more than the acute load alone). Sources: metrics reference, sections 2, 7 and 11.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, stdev


def decayed(loads: Sequence[float], days: float, start: float = 0.0) -> list[float]:
    """Mean weighted by exp(-age / days): L = L·e^(-1/days) + w·(1 - e^(-1/days)), after each day.

    >>> week = [50, 0, 60, 0, 0, 70, 0, 55, 0, 65, 0, 0, 80, 0]
    >>> round(decayed(week, 7)[-1], 4), round(decayed(week, 28)[-1], 4)
    (22.8959, 10.6119)
    """
    keep, out, value = math.exp(-1.0 / days), [], start
    for load in loads:
        value = value * keep + load * (1.0 - keep)
        out.append(value)
    return out


def smoothed(loads: Sequence[float], n: float) -> list[float]:
    """The other convention, for comparison: weight 2/(n + 1), seeded with the first value.

    >>> week = [50, 0, 60, 0, 0, 70, 0, 55, 0, 65, 0, 0, 80, 0]
    >>> round(smoothed(week, 7)[-1], 4), round(smoothed(week, 28)[-1], 4)
    (26.1622, 35.3346)
    """
    weight, out = 2.0 / (n + 1.0), [float(loads[0])]
    for load in loads[1:]:
        out.append(out[-1] + weight * (load - out[-1]))
    return out


def monotony_strain(week: Sequence[float]) -> tuple[float, float] | None:
    """Foster's monotony (mean / sample SD of seven daily loads, zeros included) and strain (sum x monotony).

    None where every day was the same: monotony has no value then. Source: Foster 1998 MSSE 30:1164.

    >>> [round(value, 2) for value in monotony_strain([55, 0, 65, 0, 0, 80, 0])]
    [0.79, 157.12]
    """
    spread = stdev(week)
    if spread == 0.0:
        return None
    monotony = mean(week) / spread
    return monotony, sum(week) * monotony


def banister(
    loads: Sequence[float],
    *,
    start: float = 500.0,
    gain: float = 1.0,
    cost: float = 2.0,
    gain_days: float = 25.0,
    cost_days: float = 10.0,
) -> list[float]:
    """Banister's performance after each day: start + gain · fitness - cost · fatigue, both decaying sums.

    >>> [round(value, 6) for value in banister([100, 100, 100])]
    [400.0, 315.11146, 243.676944]
    """
    fitness = fatigue = 0.0
    out = []
    for load in loads:
        fitness = fitness * math.exp(-1.0 / gain_days) + load
        fatigue = fatigue * math.exp(-1.0 / cost_days) + load
        out.append(start + gain * fitness - cost * fatigue)
    return out
