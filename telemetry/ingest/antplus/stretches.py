"""What was counted between two events, laid on seconds: exact sums, and the best shape that any sensor knows.

Comes in: rows of a device with `from_s`, `until_s` and an amount (work, revolutions). Goes out: the amount in
each cell of a grid. A counter that was silent for seconds says how much was done, not when; another sensor of
the same bike that was heard meanwhile says when. The amount stays the counter's. Leaves to others: which
source is which (`room.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

LONG_S: Final = 2.5
"""From here on a stretch is worth shaping: slow legs take a second and a half a turn."""
HEARD_SHARE: Final = 0.7
"""How much of a stretch another sensor must know before it may say when."""


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
        times = np.column_stack((self.begin_s, self.end_s)).ravel()
        done, seen = np.cumsum(self.amount), np.cumsum(width)
        totals = np.column_stack((done - self.amount, done)).ravel()
        known = np.column_stack((seen - width, seen)).ravel()
        return np.diff(np.interp(edges, times, totals)), np.diff(np.interp(edges, times, known))

    def cells(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Amount (m,) in each cell, and which share of the cell is known (m,), 0..1."""
        sums, known = self.between(edges)
        return sums, np.clip(known / np.diff(edges), 0.0, 1.0)

    def shaped(self, others: Iterable[Stretches]) -> Stretches:
        """The same amounts, long stretches divided as the first other that heard enough of them says."""
        helpers = [other for other in others if len(other.begin_s)]
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

    def _divided(self, i: int, helpers: list[Stretches]) -> tuple[np.ndarray, np.ndarray] | None:
        """Edges (k + 1,) inside one stretch and the share of its amount between them (k,)."""
        begin, end = float(self.begin_s[i]), float(self.end_s[i])
        for other in helpers:
            inside = other.end_s[(other.end_s > begin) & (other.end_s < end)]
            edges = np.concatenate(([begin], inside, [end]))
            amount, known = other.between(edges)
            total = float(amount.sum())
            if known.sum() >= HEARD_SHARE * (end - begin) and total > 0.0 and len(inside):
                return edges, amount / total
        return None
