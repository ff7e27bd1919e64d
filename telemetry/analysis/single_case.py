"""Single-case effect sizes: how far two phases of one person's pain overlap.

Comes in: short series in order of time. Goes out: non-overlap with its n and interval. Leaves to others:
which phases are compared (`trend_scores.py`). Lower is better unless said otherwise. Sources: metrics
reference, section 7; Parker & Vannest 2009; Tarlow 2017.

Tau-U is there for comparison with other tools and is never reported: it is not bounded by 1 and depends on
the length of the phases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.analysis.ranks import kendall_p, theil_sen
from telemetry.model import Comparison

Trend = Literal["trending", "not trending", "cannot tell"]
TIE = 1e-9
"""Of the range: differences smaller than this are ties."""


def score(a: Sequence[float], b: Sequence[float], *, lower_better: bool = True) -> tuple[float, float]:
    """Pairs of an a and a b in which b is better, and in which it is worse; ties count half to each."""
    difference = np.subtract.outer(np.asarray(b, float), np.asarray(a, float))
    edge = TIE * float(np.ptp([*a, *b]))
    up, down = float((difference > edge).sum()), float((difference < -edge).sum())
    ties = 0.5 * (difference.size - up - down)
    return (down + ties, up + ties) if lower_better else (up + ties, down + ties)


def nap(a: Sequence[float], b: Sequence[float], *, lower_better: bool = True) -> float:
    """Non-overlap of all pairs: share of pairs in which b is better, ties half.

    >>> round(nap([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], lower_better=False), 6)
    0.916667
    """
    return score(a, b, lower_better=lower_better)[0] / (len(a) * len(b))


def tau(a: Sequence[float], b: Sequence[float], *, lower_better: bool = True) -> float:
    """(better - worse) / pairs: 2 NAP - 1."""
    better, worse = score(a, b, lower_better=lower_better)
    return (better - worse) / (len(a) * len(b))


def tau_u(a: Sequence[float], b: Sequence[float], *, lower_better: bool = True) -> float:
    """Tau less the first phase's own trend (Parker 2011). For comparison only, see above."""
    better, worse = score(a, b, lower_better=lower_better)
    way = -1 if lower_better else 1
    own = sum(way * int(np.sign(a[j] - a[i])) for i in range(len(a)) for j in range(i + 1, len(a)))
    return (better - worse - own) / (len(a) * len(b))


def tau_bc(a: Sequence[float], b: Sequence[float], *, lower_better: bool = True) -> float:
    """Tau after the Theil–Sen line of the first phase is taken from both (Tarlow 2017).

    >>> tau_bc([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], lower_better=False)
    0.0
    """
    whole = np.asarray([*a, *b], float)
    at = np.arange(len(whole), dtype=float)
    slope, intercept = theil_sen(whole[: len(a)])
    rest = whole - (intercept + slope * at)
    edge = TIE * float(np.ptp(whole))
    difference = np.subtract.outer(rest[len(a) :], rest[: len(a)])
    way = float((difference > edge).sum() - (difference < -edge).sum()) / difference.size
    return 0.0 if way == 0.0 else -way if lower_better else way


def nap_interval(value: float, n_a: float, n_b: float) -> tuple[float, float]:
    """95 % interval of NAP: the values whose own spread reaches this one (Newcombe 2006, method 5).

    It takes n_a and n_b independent entries; days in a row are not, see `independent`.
    """
    half = (n_a + n_b) / 2.0 - 1.0

    def beyond(theta: float) -> float:
        spread = theta * (1.0 - theta) / (n_a * n_b)
        spread *= 1.0 + half * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta))
        return (value - theta) ** 2 - 1.959964**2 * spread

    return _root(beyond, 0.0, value), _root(beyond, 1.0, value)


def independent(a: Sequence[float], b: Sequence[float]) -> float:
    """Share of the entries that independent ones would need to scatter as these do: (1 - r) / (1 + r).

    r is the lag-one correlation within the phases, corrected for its bias downwards in short series
    (Kendall 1954), and 0 where it is negative: pain of one day says much of the next.
    """
    rest = [np.asarray(phase, float) - np.mean(phase) for phase in (a, b)]
    power = sum(float(phase @ phase) for phase in rest)
    if power == 0.0:
        return 1.0
    r = sum(float(phase[1:] @ phase[:-1]) for phase in rest) / power
    n = len(a) + len(b)
    r = min(max(r + (2.0 + 3.0 * r) / n, 0.0), 0.9)
    return (1.0 - r) / (1.0 + r)


def _root(function: Callable[[float], float], far: float, near: float) -> float:
    """Where `function` changes sign between a far end (above 0) and a near one (below), by halving."""
    if abs(far - near) < 1e-12:
        return far
    for _ in range(60):
        middle = 0.5 * (far + near)
        if function(middle) > 0.0:
            far = middle
        else:
            near = middle
    return 0.5 * (far + near)


def baseline_trend(a: Sequence[float], limits: Limits) -> Trend:
    """Kendall's test of the first phase, from six entries on; with fewer nobody can tell."""
    if len(a) < limits["baseline_trend_entries"]:
        return "cannot tell"
    if len(set(a)) < 2:
        return "not trending"
    return "trending" if kendall_p(a) < limits["baseline_trend_p"] else "not trending"


def compare(
    outcome: str, phase_a: str, phase_b: str, a: Sequence[float], b: Sequence[float], limits: Limits
) -> Comparison:
    """Two phases: NAP with its interval and Tau, or Tau-BC alone where the first phase was on its way."""
    least = limits["phase_entries"]
    trend = baseline_trend(a, limits)
    if min(len(a), len(b)) < least:
        why = f"{len(a)} and {len(b)} days with an entry, {least:g} are needed in each"
        return Comparison(
            outcome, phase_a, phase_b, len(a), len(b), None, None, None, None, None, trend, "", why
        )
    value = nap(a, b)
    share = independent(a, b)
    low, high = nap_interval(value, max(share * len(a), 2.0), max(share * len(b), 2.0))
    trending = trend == "trending"
    corrected = tau_bc(a, b) if trending else None
    return Comparison(
        outcome=outcome,
        phase_a=phase_a,
        phase_b=phase_b,
        n_a=len(a),
        n_b=len(b),
        nap=value,
        low=low,
        high=high,
        tau=None if trending else tau(a, b),
        tau_bc=corrected,
        baseline_trend=trend,
        says=_says(phase_a, phase_b, value, trend, corrected),
    )


def _says(phase_a: str, phase_b: str, value: float, trend: Trend, corrected: float | None) -> str:
    text = (
        f"In {100 * value:.0f} of 100 pairs of days, pain was lower in {phase_b} than in {phase_a} "
        "(50 is no difference; ties count half)."
    )
    if trend == "trending" and corrected is not None:
        return text + (
            f" Pain was already changing in {phase_a}: with that trend taken out, Tau-BC is {corrected:.2f}."
        )
    if trend == "cannot tell":
        return text + f" Whether pain was already changing in {phase_a} cannot be told from so few days."
    return text


def reliable_change(pre: float, post: float, sd: float, reliability: float) -> tuple[float, float, float]:
    """Standard error of measurement, reliable change index, and minimal detectable change (95 %).

    SD and reliability are those of the instrument, given by whoever asks (Jacobson & Truax 1991).

    >>> [round(value, 4) for value in reliable_change(6, 3, 2.2, 0.9)]
    [0.6957, -3.0492, 1.9284]
    """
    error = sd * math.sqrt(1.0 - reliability)
    return error, (post - pre) / (error * math.sqrt(2.0)), 1.96 * math.sqrt(2.0) * error
