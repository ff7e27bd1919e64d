"""What is not known of a silence that counters bridged: the bounds of slow minutes and of those in bouts.

Comes in: a `Conditioned` class whose recording has the channel `silence_s`. Goes out: bounds, in minutes. In
a silence the counters say how far the crank turned, so its mean cadence is known. Legs that were between the
slowest and the fastest heard around it can have spent no less and no more time under a limit than gives that
mean. Leaves to others: the samples, whose silences ingest has filled with the likeliest course.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.conditioning_steps import runs
from telemetry.model import Bout
from telemetry.units import SECONDS_PER_MINUTE

MARGIN_RPM: Final = 2.0
"""How far legs wander in seconds beyond what was heard around: noise of 1.2 rpm in simulated classes."""
HIDDEN_RPM: Final = 5.0
"""Slower than before and after by this much on average, legs may have stood still in between."""
LONG_S: Final = 10.0
"""A silence longer than this is named beside the number: two changes may hide in it."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Samples [start, stop) in which nothing was heard, and what is known of their cadence."""

    start: int
    stop: int
    seconds: float
    low_rpm: float
    """slowest and fastest legs that are likely: what was heard around it and filled in, with a margin"""
    high_rpm: float
    mean_rpm: float

    def under(self, rpm: float) -> tuple[float, float]:
        """Fewest and most seconds at or under a cadence that give the mean.

        >>> Silence(0, 10, 10.0, 54.0, 90.0, 72.0).under(60.0)
        (0.0, 6.0)
        """
        fewest = (rpm - self.mean_rpm) / (rpm - self.low_rpm) if self.mean_rpm < rpm else 0.0
        most = (self.high_rpm - self.mean_rpm) / (self.high_rpm - rpm) if self.mean_rpm > rpm else 1.0
        if self.low_rpm > rpm:
            most = 0.0
        if self.high_rpm <= rpm:
            fewest = 1.0
        return self.seconds * fewest, self.seconds * most


def silences(c: Conditioned) -> Iterator[Silence]:
    """Silences in order of time; none where the recording does not know of any."""
    lengths = c.others.get("silence_s")
    if lengths is None:
        return
    for start, stop in zip(*runs(np.nan_to_num(lengths) > 0.0), strict=True):
        # what was heard last before and first after stands at both ends
        around = c.cadence_rpm[max(start - 1, 0) : stop + 1]
        inside, dt = c.cadence_rpm[start:stop], c.dt_s[start:stop]
        known = ~np.isnan(inside)
        seconds = float(dt[known].sum())
        if seconds <= 0.0:
            continue
        mean = float((inside * dt)[known].sum()) / seconds
        slowest = float(np.nanmin(around)) - MARGIN_RPM
        if bool((mean < around[[0, -1]] - HIDDEN_RPM).all()):
            slowest = 0.0
        fastest = float(np.nanmax(around)) + MARGIN_RPM
        yield Silence(int(start), int(stop), seconds, max(0.0, slowest), fastest, mean)


def slow_minutes(c: Conditioned, slow: np.ndarray) -> tuple[float | None, float | None]:
    """Bounds of the minutes in which a bool array (n,) holds, slow legs that turn; None without silences."""
    found = list(silences(c))
    if not found:
        return None, None
    low = high = float(c.dt_s[slow].sum())
    turning, limit = c.limits["turning_cadence_rpm"], c.limits["low_cadence_rpm"]
    for silence in found:
        seconds = float((c.dt_s * slow)[silence.start : silence.stop].sum())
        fewest, most = silence.under(limit)
        still, resting = silence.under(turning - 1e-9)
        low += min(0.0, max(0.0, fewest - resting) - seconds)
        high += max(0.0, most - still - seconds)
    sampling = _sampling_s(c, slow)
    return max(0.0, low - sampling) / SECONDS_PER_MINUTE, (high + sampling) / SECONDS_PER_MINUTE


def grinding_minutes(
    c: Conditioned, bouts: Sequence[Bout], inside: np.ndarray
) -> tuple[float | None, float | None]:
    """Bounds of the minutes inside bouts (bool (n,)) whose begin or end lies in a silence; None without one.

    Where slow legs and fast ones meet, the cadence says when; else any second of the silence can be the edge.
    """
    found = list(silences(c))
    if not found:
        return None, None
    low = high = sum(bout.duration_s for bout in bouts)
    on, off = c.limits["grinding_on_cadence_rpm"], c.limits["grinding_off_cadence_rpm"]
    for silence in found:
        seconds = float((c.dt_s * inside)[silence.start : silence.stop].sum())
        before, after = silence.start - 1, silence.stop
        ends = [bool(inside[i]) for i in (before, after) if 0 <= i < len(inside)]
        if all(ends) and seconds >= silence.seconds - 1e-6:
            continue
        if not any(ends) and seconds <= 0.0:
            continue
        fewest, most = 0.0, silence.seconds
        if silence.low_rpm <= on and silence.high_rpm > off:
            fewest, most = silence.under(on)[0], silence.under(off)[1]
        low += min(0.0, fewest - seconds)
        high += max(0.0, most - seconds)
    sampling = _sampling_s(c, inside)
    return max(0.0, low - sampling) / SECONDS_PER_MINUTE, (high + sampling) / SECONDS_PER_MINUTE


def note(c: Conditioned) -> str:
    """That there were silences longer than a counter can bridge well, or nothing."""
    lengths = c.others.get("silence_s")
    if lengths is None or not bool((lengths > LONG_S).any()):
        return ""
    seconds = float(c.dt_s[lengths > LONG_S].sum())
    return f"{seconds / SECONDS_PER_MINUTE:.1f} min were silences of over {LONG_S:g} s"


def _sampling_s(c: Conditioned, where: np.ndarray) -> float:
    """Half a sample for each time it begins or ends."""
    return 0.5 * c.median_step_s * float(np.count_nonzero(np.diff(where)))
