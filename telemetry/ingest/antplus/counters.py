"""Counters that roll over: how far one moved between two readings, and when nobody can tell.

Comes in: two raw readings, the seconds between them, what the neighbours say. Goes out: the advance, and
whether another number of roll-overs would have been as likely. Pure functions; what was read before lives
in `decoder.py`. Source: rulings on unwrapping; Bicycle Power Rev 5.1 sections 10.4 and 11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EVENT_MODULUS = 256
HIGHEST_MEAN_POWER_W = 2000.0
RIVAL_WITHIN_W = 150.0
DOUBTFUL_SHARE_OF_WRAP = 0.8
FASTEST_CRANK_RPM = 400.0
FASTEST_WHEEL_RPM = 2000.0
FASTEST_EVENTS_PER_S = 16.0
EVENTS_AT_ONCE = 100
"""More than a delivery that was late can hold, less than half a turn of an event counter."""
TURN_RAD = 2.0 * math.pi


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a counter moved, and whether that is certain."""

    amount: float
    ambiguous: bool = False


def step(before: int, after: int, modulus: int) -> int:
    """The smallest non-negative advance between two readings of a counter.

    >>> step(250, 4, 256)
    10
    """
    return (after - before) % modulus


def impossible(events: float, elapsed_s: float) -> bool:
    """True where a counter moved further than any sensor counts: it began anew, or it is two sensors'.

    >>> impossible(14, 10.0), impossible(130, 0.25)
    (False, True)
    """
    return events > EVENTS_AT_ONCE + FASTEST_EVENTS_PER_S * elapsed_s


def events_doubtful(elapsed_s: float, event_period_s: float | None) -> bool:
    """True where an 8-bit event counter may have gone round unseen.

    >>> events_doubtful(60.0, 0.25), events_doubtful(40.0, 0.25)
    (True, False)
    """
    if event_period_s is None or event_period_s <= 0.0:
        return elapsed_s >= DOUBTFUL_SHARE_OF_WRAP * EVENT_MODULUS * 0.25
    return elapsed_s >= DOUBTFUL_SHARE_OF_WRAP * EVENT_MODULUS * event_period_s


def unwrap_events(events: int, elapsed_s: float, event_period_s: float | None) -> int:
    """Add the whole turns of an event counter that come nearest to the pace of a sensor that never pauses.

    >>> unwrap_events(24, 70.0, 0.25)   # 280 events, one turn
    280
    """
    if not event_period_s:
        return events
    turns = round((elapsed_s / event_period_s - events) / EVENT_MODULUS)
    return events + max(0, turns) * EVENT_MODULUS


def unwrap_by_power(advance: int, modulus: int, watts_per_unit: float, near_w: float | None) -> Advance:
    """Add the whole turns of an energy-like counter that give the mean power nearest to the neighbours'.

    `watts_per_unit` is what one unit of the counter means for the mean power over the interval. Means
    outside 0 to 2000 W are impossible; a second number of turns within 150 W of the chosen one makes it
    ambiguous.

    >>> unwrap_by_power(464, 65536, 1 / 330, 200.0)   # 66,000 W summed over 330 events: one turn
    Advance(amount=66000, ambiguous=False)
    >>> unwrap_by_power(464, 65536, 1 / 330, None).amount
    464
    """
    if watts_per_unit <= 0.0:
        return Advance(advance)
    near = near_w if near_w is not None else advance * watts_per_unit
    per_turn = modulus * watts_per_unit
    most = int(max(0.0, (HIGHEST_MEAN_POWER_W - advance * watts_per_unit) / per_turn))
    turns = min(max(round((near - advance * watts_per_unit) / per_turn), 0), most)
    rival = (turns > 0 or most > 0) and per_turn <= RIVAL_WITHIN_W
    return Advance(advance + turns * modulus, rival)


def unwrap_by_clock(advance_s: float, wrap_s: float, expected_s: float) -> Advance:
    """Add the whole turns of a clock-like counter that come nearest to the expected seconds.

    Ambiguous where the rest is within a tenth of half a turn, so that one turn more or less would fit as
    well.

    >>> unwrap_by_clock(1.0, 32.0, 33.2)
    Advance(amount=33.0, ambiguous=False)
    >>> unwrap_by_clock(1.0, 32.0, 17.0).ambiguous
    True
    """
    turns = max(0, round((expected_s - advance_s) / wrap_s))
    amount = advance_s + turns * wrap_s
    return Advance(amount, abs(abs(expected_s - amount) - wrap_s / 2.0) < 0.05 * wrap_s)
