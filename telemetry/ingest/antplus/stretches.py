"""What was counted between two events, laid on seconds: exact sums, and the best shape that is known.

Comes in: rows of a device with `from_s`, `until_s` and an amount (work, revolutions). Goes out: the amount in
each cell of a grid. A counter that was silent for seconds says how much was done, not when. Another sensor of
the same bike that was heard meanwhile says when; else the paces before and after do, for only one moment of
change between them gives the amount that was counted. The amount stays the counter's. Leaves to others: which
source is which (`room.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

LONG_S: Final = 2.5
"""From here on a stretch is worth shaping: slow legs take a second and a half a turn."""
LONGEST_S: Final = 60.0
"""Beyond this nobody can say when the legs changed, and a clock that jumps by years asks for no curve."""
NEAR_S: Final = 3.0
"""How far from a stretch a pace may have been heard to be the pace at its end: a turn of slow legs."""
QUIET_S: Final = 1.5
"""No message for so long is a silence; a power meter sends four a second, each page every half."""
CHANGE_S: Final = 3.0
"""How long legs take from one pace to another."""
AMID_SHARE: Final = 0.05
"""A pace between two others lies amid a change when it is this much off both, as a share of the fastest."""
STEP_S: Final = 0.25
HEARD_SHARE: Final = 0.7
"""How much of a stretch another sensor must know before it may say when."""


@dataclass(frozen=True)
class Told:
    """(n,) moments [s], in order, and the pace heard at each, in amounts a second."""

    time_s: np.ndarray
    pace: np.ndarray

    @classmethod
    def of(cls, frames: Iterable[pl.DataFrame], mean: str, per: float, now: str | None = None) -> Told:
        """Means over so short a time that they are of a moment; else what was said of it, in column `now`."""
        width = pl.col("until_s") - pl.col("from_s")
        short = pl.col(mean).is_not_null() & (width <= LONG_S)
        at = pl.when(short).then((pl.col("from_s") + pl.col("until_s")) / 2.0).otherwise(pl.col("time_s"))
        said = pl.lit(None, pl.Float64) if now is None else pl.col(now)
        pace = pl.when(short).then(pl.col(mean)).otherwise(said) * per
        parts = [frame.select(at.alias("at"), pace.alias("pace")).drop_nulls() for frame in frames]
        if not parts:
            return cls(np.empty(0), np.empty(0))
        joined = pl.concat(parts).sort("at")
        return cls(joined["at"].to_numpy(), joined["pace"].to_numpy())

    def around(self, begin_s: float, end_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Moments (k,) from begin to end and the paces at them; empty where an end is not known."""
        first, last = np.searchsorted(self.time_s, (begin_s - NEAR_S, end_s + NEAR_S))
        times, paces = self.time_s[first:last], self.pace[first:last]
        before, after = _near(times, paces, begin_s), _near(times, paces, end_s)
        if before is None or after is None:
            return times[:0], paces[:0]
        inside = (times > begin_s) & (times < end_s)
        return (
            np.concatenate(([begin_s], times[inside], [end_s])),
            np.concatenate(([before], paces[inside], [after])),
        )


def _near(times: np.ndarray, paces: np.ndarray, at_s: float) -> float | None:
    """The pace at a moment, from what was heard no more than `NEAR_S` before and after it."""
    first, last = np.searchsorted(times, (at_s - NEAR_S, at_s + NEAR_S + 1e-9))
    return float(np.interp(at_s, times[first:last], paces[first:last])) if last > first else None


def bridge(times: np.ndarray, paces: np.ndarray, amount: float, at: np.ndarray, within: float) -> np.ndarray:
    """How much of an amount was done by each moment `at` (m,), with these paces (k,) heard at `times` (k,).

    Between two paces legs turn at the first, change `within` so much, and turn at the second: never beyond
    either. When they change is what gives the whole its amount; a pace that was heard amid a change is part
    of one change, not of two. Where no change would give it, because all was done faster or slower than any
    pace heard, the curve is stretched.
    """
    width = np.maximum(np.diff(times), 1e-9)
    first, second = paces[:-1], paces[1:]
    step = second - first
    size = np.abs(step)
    amid = (step[:-1] * step[1:] > 0.0) & (np.minimum(size[:-1], size[1:]) >= AMID_SHARE * paces.max())
    goes_on, went_on = np.append(amid, False), np.append(False, amid)
    whole = size + np.append(size[1:], 0.0) * goes_on + np.append(0.0, size[:-1]) * went_on
    change = np.minimum(np.divide(within * size, whole, out=np.zeros_like(size), where=whole > 0.0), width)
    # legs that stop stop at once
    change[second == 0.0] = 0.0
    half = change / (2.0 * width)
    usual = np.where(goes_on & ~went_on, 1.0 - half, np.where(went_on & ~goes_on, half, 0.5))
    more = -np.sign(step)
    # how far all changes are moved to do more; between two moves at which one reaches an end it is straight
    moves = np.sort(np.concatenate((-usual, 1.0 - usual, usual - 1.0, usual)))
    shares = np.clip(usual + moves[:, None] * more, 0.0, 1.0)
    amounts = (second + (first - second) * shares) @ width
    share = np.clip(usual + float(np.interp(amount, amounts, moves)) * more, 0.0, 1.0)
    change = np.maximum(np.minimum(change, 2.0 * np.minimum(share, 1.0 - share) * width), 1e-9)
    inside = np.clip(at[:, None] - times[:-1], 0.0, width)
    since = np.maximum(inside - share * width + change / 2.0, 0.0)
    changed = np.where(since < change, since * since / (2.0 * change), since - change / 2.0)
    done: np.ndarray = (first * inside + step * changed).sum(axis=1)
    if done[-1] <= 0.0:
        done = at - times[0]
    done *= amount / done[-1]
    return done


@dataclass(frozen=True)
class Stretches:
    """(n,) begin and end [s], in order and without overlap, and what was counted in each."""

    begin_s: np.ndarray
    end_s: np.ndarray
    amount: np.ndarray

    @classmethod
    def of(cls, frame: pl.DataFrame, column: str) -> Stretches:
        """Rows of a device that have an amount."""
        begin = frame["from_s"].to_numpy()
        end = np.maximum.accumulate(frame["until_s"].to_numpy())
        begin = np.minimum(np.maximum(begin, np.concatenate(([-np.inf], end[:-1]))), end)
        return cls(begin, end, frame[column].to_numpy())

    def between(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Amount (m,) and known seconds (m,) between the m + 1 edges.

        The running sum is laid over the edges: straight inside a stretch, level outside.
        """
        width = np.maximum(self.end_s - self.begin_s, 0.0)
        seen = np.cumsum(width)
        known = np.column_stack((seen - width, seen)).ravel()
        return np.diff(self.up_to(edges)), np.diff(np.interp(edges, self._times, known))

    def silence_s(self, edges: np.ndarray, heard_s: np.ndarray) -> np.ndarray:
        """Length [s] of the longest stretch in each cell (m,) that was long because nothing was heard.

        `heard_s` (k,): when there was a message, in order. A turn of very slow legs is long as well.
        """
        longest = np.zeros(len(edges) - 1)
        width = self.end_s - self.begin_s
        for i in np.flatnonzero((width > LONG_S) & (self.amount > 0.0)).tolist():
            begin, end = float(self.begin_s[i]), float(self.end_s[i])
            inside = heard_s[(heard_s > begin) & (heard_s < end)]
            if np.diff(np.concatenate(([begin], inside, [end]))).max() <= QUIET_S:
                continue
            first = max(int(np.searchsorted(edges, begin, side="right")) - 1, 0)
            cells = slice(first, int(np.searchsorted(edges, end, side="left")))
            longest[cells] = np.maximum(longest[cells], width[i])
        return longest

    def up_to(self, at: np.ndarray) -> np.ndarray:
        """The running sum (m,) at moments (m,)."""
        done = np.cumsum(self.amount)
        totals = np.column_stack((done - self.amount, done)).ravel()
        summed: np.ndarray = np.interp(at, self._times, totals)
        return summed

    @property
    def _times(self) -> np.ndarray:
        return np.column_stack((self.begin_s, self.end_s)).ravel()

    def cells(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Amount (m,) in each cell, and which share of the cell is known (m,), 0..1."""
        sums, known = self.between(edges)
        return sums, np.clip(known / np.diff(edges), 0.0, 1.0)

    def resummed(self, other: Stretches, where: np.ndarray) -> Stretches:
        """Amounts of long stretches, where a bool mask (n,) holds, as another counter of them adds up."""
        amount = self.amount.copy()
        if len(other.begin_s):
            for i in np.flatnonzero(where & (self.end_s - self.begin_s > LONG_S)).tolist():
                (summed,), (known,) = other.between(np.asarray((self.begin_s[i], self.end_s[i])))
                if known >= HEARD_SHARE * (self.end_s[i] - self.begin_s[i]):
                    amount[i] = summed
        return Stretches(self.begin_s, self.end_s, amount)

    def shaped(self, others: Iterable[tuple[Stretches, np.ndarray]]) -> Stretches:
        """The same amounts, long stretches divided as the first other that heard enough of them says."""
        helpers = [(other, ends) for other, ends in others if len(ends)]
        long = np.flatnonzero(self.end_s - self.begin_s > LONG_S)
        if not helpers or not len(long):
            return self
        begins, ends, amounts = [], [], []
        last = 0
        for i in long.tolist():
            parts = self._divided(i, helpers)
            if parts is None:
                continue
            edges, share = parts
            begins += [self.begin_s[last:i], edges[:-1]]
            ends += [self.end_s[last:i], edges[1:]]
            amounts += [self.amount[last:i], share * self.amount[i]]
            last = i + 1
        begins.append(self.begin_s[last:])
        ends.append(self.end_s[last:])
        amounts.append(self.amount[last:])
        return Stretches(np.concatenate(begins), np.concatenate(ends), np.concatenate(amounts))

    def curved(self, told: Told, along: Stretches | None = None) -> Stretches:
        """The same amounts, long stretches bent between the paces that were heard around and in them.

        Paces are amounts a second; or, where it goes `along` another amount, amounts a unit of that: work is
        torque along an angle, so that torque stays between what it was before and after, and is even where
        one of these is not known.
        """
        begins, ends, amounts = [], [], []
        last = 0
        width = self.end_s - self.begin_s
        for i in np.flatnonzero((width > LONG_S) & (width <= LONGEST_S)).tolist():
            begin, end, amount = float(self.begin_s[i]), float(self.end_s[i]), float(self.amount[i])
            times, paces = told.around(begin, end)
            if amount <= 0.0 or (along is None and not len(times)):
                continue
            if not len(times):
                times, paces = np.asarray((begin, end)), np.ones(2)
            edges = np.linspace(begin, end, math.ceil((end - begin) / STEP_S) + 1)
            change = CHANGE_S
            at = edges
            if along is not None:
                at, times = along.up_to(edges), along.up_to(times)
                change *= (at[-1] - at[0]) / (end - begin)
                if change <= 0.0:
                    continue
            so_far = bridge(times, paces, amount, at, change)
            begins += [self.begin_s[last:i], edges[:-1]]
            ends += [self.end_s[last:i], edges[1:]]
            amounts += [self.amount[last:i], np.diff(so_far)]
            last = i + 1
        begins.append(self.begin_s[last:])
        ends.append(self.end_s[last:])
        amounts.append(self.amount[last:])
        return Stretches(np.concatenate(begins), np.concatenate(ends), np.concatenate(amounts))

    def _divided(
        self, i: int, helpers: list[tuple[Stretches, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Edges (k + 1,) inside one stretch and the share of its amount between them (k,)."""
        begin, end = float(self.begin_s[i]), float(self.end_s[i])
        for other, ends in helpers:
            inside = ends[(ends > begin) & (ends < end)]
            edges = np.concatenate(([begin], inside, [end]))
            amount, known = other.between(edges)
            total = float(amount.sum())
            if known.sum() >= HEARD_SHARE * (end - begin) and total > 0.0 and len(inside):
                return edges, amount / total
        return None
