"""When each row was measured: recorder clocks that stop, jump, repeat and run back become one time base.

Comes in: the times of rows in file order, from any source, and the moments at which the recorder itself
announced a stop or a start. Goes out: a `TimeBase`, the rows in order with seconds that never run back, and
a way to place other moments (laps, events) on it. Leaves to others: rows of one second (`assemble.py`).

No array is ever sized by a duration: the clock is untrusted, the number of rows is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from telemetry.model import Issue, middle_step

JUMP_FORWARD_S = 21600.0
"""A step over six hours that no timer event announces is a clock set anew (rulings, section 1)."""

JUMP_BACK_S = 5.0
"""A step back by more than this is a clock set anew; smaller ones are rows out of order."""

ANNOUNCED_WITHIN_S = 5.0
"""How near to one end of a jump a timer event must stand to announce it."""

LONGEST_STEP_S = 60.0
"""Steps above this are pauses or gaps and do not count for the median step."""

FARTHEST_S = 1e11
"""Times beyond some three thousand years are no times."""

HOUR_WRAP_S = 3000.0
"""Files without a date that write mm:ss run back by an hour each hour: a step under -3000 s adds 3600."""


@dataclass(frozen=True)
class TimeBase:
    """Where each row stands in time.

    `order` (n,) int64: the rows of the source in order of time; `seconds` (n,) float64: their time in that
    order, seconds since the first, never decreasing, equal where the source gave one time to several rows.
    """

    order: np.ndarray | None
    """None where the rows stand in order already"""
    seconds: np.ndarray
    started_unix_s: float | None
    """calendar time of second 0 by the clock that timed most rows; None where no row has calendar time"""
    median_step_s: float
    issues: tuple[Issue, ...] = ()
    segment_from: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """raw clock reading at which each unbroken stretch of the clock begins, ascending"""
    segment_to: np.ndarray = field(default_factory=lambda: np.zeros(0))
    segment_shift: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """what to add to a raw clock reading of the stretch to get seconds"""

    def file_order(self) -> np.ndarray:
        """The time of each row in file order (n,)."""
        if self.order is None:
            return self.seconds
        seconds = np.empty(len(self.seconds))
        seconds[self.order] = self.seconds
        return seconds

    def sort(self, values: np.ndarray) -> np.ndarray:
        """A column in file order (n,), put in order of time."""
        return values if self.order is None else values[self.order]

    def place(self, moments: np.ndarray | list[float]) -> np.ndarray:
        """Moments of the source's clock (m,) as seconds of this time base; NaN stays NaN.

        A moment belongs to the stretch of the clock that holds it, else to the nearest one.
        """
        raw = np.asarray(moments, dtype=np.float64)
        if not len(self.segment_from):
            return np.full(raw.shape, np.nan)
        if len(self.segment_from) == 1:
            return np.asarray(raw + self.segment_shift[0])
        after = np.searchsorted(self.segment_from, raw, side="right")
        before = np.clip(after - 1, 0, len(self.segment_from) - 1)
        after = np.clip(after, 0, len(self.segment_from) - 1)
        past = np.maximum(raw - self.segment_to[before], 0.0)
        ahead = np.abs(self.segment_from[after] - raw)
        nearest = np.where(past <= ahead, before, after)
        return np.asarray(raw + self.segment_shift[nearest])


def time_base(
    clock_s: np.ndarray,
    *,
    calendar: bool | np.ndarray = True,
    stopped_s: np.ndarray | None = None,
    started_s: np.ndarray | None = None,
    hour_wrap: bool = False,
) -> TimeBase:
    """The time base of rows in file order.

    Parameters
    ----------
    clock_s : (n,) the time each row claims [s], NaN where it claims none; Unix seconds where `calendar`
    calendar : whether the clock shows calendar time, for all rows or (n,) for each
    stopped_s, started_s : moments on the same clock at which the timer stopped and ran again: a jump forward
        beside a stop before it or a start after it is a pause
    hour_wrap : the clock shows minutes and seconds of the hour only

    A row without a time takes the time of the row before it. Jumps over six hours or under -5 s are
    re-anchored one median step on and counted as `clock_jump`; smaller steps back are sorted.
    """
    count = len(clock_s)
    # beyond this no clock reads and float64 loses the seconds
    known = np.abs(clock_s) < FARTHEST_S
    issues: list[Issue] = []
    if not count:
        return TimeBase(None, np.zeros(0), None, 1.0)
    if not known.any():
        issues.append(
            Issue("time_unknown", count=count, detail="no row has a time: taken as one row each second")
        )
        return TimeBase(None, np.arange(count, dtype=np.float64), None, 1.0, tuple(issues))
    dated = np.broadcast_to(np.asarray(calendar, dtype=bool), (count,))
    if not known.all():
        filled = np.maximum.accumulate(np.where(known, np.arange(count), -1))
        filled[filled < 0] = int(np.argmax(known))
        clock_s, dated = clock_s[filled], dated[filled]
        missing = int(count - known.sum())
        issues.append(
            Issue(
                "time_missing", count=missing, detail=f"{missing:,} rows without a time took the one before"
            )
        )

    origin = float(clock_s[0])
    raw = clock_s - origin
    steps = np.diff(raw)
    if hour_wrap:
        raw = raw + np.concatenate(([0.0], np.cumsum(np.where(steps < -HOUR_WRAP_S, 3600.0, 0.0))))
        steps = np.diff(raw)
    usual = steps[(steps > 0) & (steps <= LONGEST_STEP_S)]
    median = middle_step(usual) if len(usual) else 1.0

    jumps = np.flatnonzero((steps > JUMP_FORWARD_S) | (steps < -JUMP_BACK_S))
    if len(jumps):
        announced = _beside(raw[jumps], stopped_s, origin) | _beside(raw[jumps + 1], started_s, origin)
        jumps = jumps[~(announced & (steps[jumps] > 0))]
    # what each unbroken stretch of the clock is moved by: the stretches follow on one another
    first = np.concatenate(([0], jumps + 1))
    lengths = np.diff(np.concatenate((first, [count])))
    moved = np.concatenate(([0.0], np.cumsum(median - steps[jumps])))
    seconds = raw + np.repeat(moved, lengths) if len(jumps) else raw
    order: np.ndarray | None = None
    lowest = float(seconds.min())
    backwards = int(np.count_nonzero(seconds[1:] < seconds[:-1]))
    if backwards:
        order = np.argsort(seconds, kind="stable")
        issues.append(
            Issue("time_back", count=backwards, detail=f"{backwards:,} steps back of at most 5 s were sorted")
        )
    seconds = seconds - lowest
    if len(jumps):
        largest = float(np.abs(steps[jumps]).max())
        issues.insert(
            0,
            Issue(
                "clock_jump",
                start_s=float(seconds[jumps[0]]),
                count=len(jumps),
                detail=f"the recorder's clock jumped by up to {largest:,.0f} s; later samples follow on",
            ),
        )

    low = np.minimum.reduceat(raw, first) + origin
    high = np.maximum.reduceat(raw, first) + origin
    to_seconds = moved - lowest - origin
    trusted = dated[first]
    started = None
    if trusted.any():
        main = int(np.argmax(np.where(trusted, lengths, 0)))
        started = -float(to_seconds[main])
    by_clock = np.argsort(low, kind="stable")
    return TimeBase(
        order,
        seconds if order is None else seconds[order],
        started,
        median,
        tuple(issues),
        low[by_clock],
        high[by_clock],
        to_seconds[by_clock],
    )


def _beside(at: np.ndarray, moments: np.ndarray | None, origin: float) -> np.ndarray:
    """Which of the times (k,) have one of the moments within `ANNOUNCED_WITHIN_S` of them."""
    if moments is None or not len(moments):
        return np.zeros(len(at), dtype=bool)
    known = np.sort(moments) - origin
    after = np.clip(np.searchsorted(known, at), 0, len(known) - 1)
    before = np.clip(after - 1, 0, len(known) - 1)
    nearest = np.minimum(np.abs(known[after] - at), np.abs(known[before] - at))
    return np.asarray(nearest <= ANNOUNCED_WITHIN_S)
