"""Where one class ends and the next begins: start and stop, or five minutes without any bike pedalling.

Comes in: moments, on the capture's clock, at which a bike pedalled, a class was started or stopped, or
nothing happened. Goes out: spans. Leaves to others: what was ridden in them (`session.py`). Source: rulings
section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

QUIET_S: Final = 300.0
LEAD_S: Final = 10.0
"""Before the first stroke after a long rest: the counters' base."""
WARM_UP_S: Final = 300.0
"""Pedalling beside an announced class is one of its own only when it lasted this long."""


@dataclass(frozen=True, slots=True)
class Span:
    """One class: from when to when [s]."""

    start_s: float
    stop_s: float


class Splitter:
    """Told everything in order of time; each call gives the class that just ended, or None."""

    def __init__(self) -> None:
        self._quiet_from: float | None = None
        self._fresh = True
        """nothing was ridden since `quiet_from`, which is the capture's beginning or a stop"""
        self._start: float | None = None
        self._announced = False
        self._beside = False
        self._last_turn = 0.0
        self._turning_s = 0
        self._second: int | None = None

    @property
    def running(self) -> bool:
        """Whether a class is on."""
        return self._start is not None

    def passed(self, now_s: float) -> Span | None:
        """Time went on."""
        if self._quiet_from is None:
            self._quiet_from = now_s
        if self._start is not None and not self._announced and now_s - self._last_turn >= QUIET_S:
            ended = self._ended(self._last_turn)
            self._quiet_from, self._fresh, self._beside = self._last_turn, False, False
            return ended
        return None

    def pedalled(self, now_s: float) -> Span | None:
        """A bike pedals."""
        ended = self.passed(now_s)
        if self._start is None:
            begun = self._quiet_from if self._quiet_from is not None else now_s
            near = self._fresh and now_s - begun < QUIET_S
            self._start = begun if near else max(begun, now_s - LEAD_S)
        self._last_turn = now_s
        if int(now_s) != self._second:
            self._second = int(now_s)
            self._turning_s += 1
        return ended

    def started(self, now_s: float) -> Span | None:
        """Somebody started a class; what ran before was the warm-up, or a class of its own."""
        ended = None
        if self._start is not None:
            self._beside = self._beside or not self._announced
            ended = self._ended(now_s)
        self._start, self._announced, self._beside = now_s, True, False
        self._last_turn = now_s
        return ended

    def stopped(self, now_s: float) -> Span | None:
        """Somebody stopped the class."""
        ended = self._ended(now_s) if self._start is not None else None
        self._quiet_from, self._fresh, self._beside = now_s, True, True
        return ended

    def finished(self, now_s: float) -> Span | None:
        """The capture ends here."""
        return self._ended(now_s) if self._start is not None else None

    def _ended(self, stop_s: float) -> Span | None:
        assert self._start is not None
        span = Span(self._start, stop_s)
        kept = self._announced or not self._beside or self._turning_s >= WARM_UP_S
        self._start, self._announced, self._turning_s, self._second = None, False, 0, None
        return span if kept and stop_s > span.start_s else None
