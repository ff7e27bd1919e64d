"""One chained file inside a FIT file, as the columns that `activity.py` and its helpers ask for.

Comes in: a decoded `FitFile` and the index of a section. Goes out: numeric columns and texts of that section
only, empty where a message or a field is absent. Leaves to others: what they mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from telemetry.ingest.fit.labels import LABELS

if TYPE_CHECKING:
    from telemetry.ingest.fit.decode import FitFile

T = TypeVar("T")
FEW = 64
"""Messages up to which a plain list is looked through faster than an array."""


class Part:
    """The messages of one section. Nothing is decoded that is not asked for, nothing twice."""

    def __init__(self, fit: FitFile, section: int, shared: dict[Any, Any]) -> None:
        self.fit = fit
        self.section = section
        self._whole = fit.sections <= 1
        self._shared = shared
        """what was decoded of the whole file, for all its parts: 64 chained files are decoded once"""
        self._own: dict[Any, Any] = {}

    def allowance(self, what: str, most: int, wanted: int) -> int:
        """How many of `wanted` may be had where the whole file, all its parts together, gets `most`."""
        left: int = self._shared.get(what, most)
        self._shared[what] = left - min(wanted, left)
        return min(wanted, left)

    def once(self, key: Any, build: Callable[[], T]) -> T:
        """What `build` makes, made once for this part: several sessions ask for the same."""
        if key not in self._own:
            self._own[key] = build()
        found: T = self._own[key]
        return found

    def columns(self, message: str) -> dict[str, np.ndarray]:
        """Columns of one message, float64 (n,), NaN where invalid; empty where there is no such message."""
        return self.once(("columns", message), lambda: self._decode(message))

    def count(self, message: str) -> int:
        """How many messages of this kind the section has."""
        if message not in self.fit.messages:
            return 0
        rows = self._mask(message)
        return self.fit.count(message) if rows is None else int(np.count_nonzero(rows))

    def column(self, message: str, *names: str) -> np.ndarray:
        """The first of the named columns that exists (n,), all NaN where none does."""
        columns = self.columns(message)
        for name in names:
            if name in columns:
                return columns[name]
        return np.full(self.count(message), np.nan)

    def texts(self, message: str, name: str) -> list[str]:
        """A text field of one message (n,), empty where there is none."""
        if message not in self.fit.messages:
            return []
        key = ("texts", message, name)
        if key not in self._shared:
            self._shared[key] = [text or "" for text in self.fit.texts(message, name)]
        got: list[str] = self._shared[key]
        rows = self._mask(message)
        return got if rows is None else [got[i] for i in np.flatnonzero(rows).tolist()]

    def labels(self, message: str, name: str, kind: str) -> list[str]:
        """An enumeration of one message as words (n,), codes without a word as digits, invalid as empty."""

        def build() -> list[str]:
            words = LABELS[kind]
            codes = self.column(message, name).tolist()
            return [words.get(int(code), str(int(code))) if code == code else "" for code in codes]

        return self.once(("labels", message, name), build)

    def clock(self, message: str, name: str = "timestamp") -> np.ndarray:
        """A time column in Unix seconds; a device-relative time stays on the device's own clock."""
        columns = self.columns(message)
        got = columns.get(name)
        raw = columns.get(f"{name}_raw")
        if got is None:
            got = np.full(self.count(message), np.nan)
        return got if raw is None else np.where(np.isfinite(got), got, raw)

    def last(self, message: str, name: str) -> float | None:
        """The last valid value of a field, None where there is none."""
        values = self.columns(message).get(name)
        if values is None:
            return None
        if len(values) <= FEW:
            return next((value for value in reversed(values.tolist()) if math.isfinite(value)), None)
        known = np.flatnonzero(np.isfinite(values))
        return float(values[known[-1]]) if len(known) else None

    def offsets(self, message: str) -> np.ndarray:
        """Byte offset of each message (n,) int64."""
        if message not in self.fit.messages:
            return np.zeros(0, dtype=np.int64)
        rows = self._mask(message)
        got = self.fit.offsets(message)
        return np.asarray(got if rows is None else got[rows])

    def doubtful(self, message: str) -> np.ndarray:
        """(n,) bool: messages that stand beside structural damage."""
        got = self.fit.doubtful(message)
        rows = self._mask(message)
        return np.asarray(got if rows is None else got[rows])

    def _mask(self, message: str) -> np.ndarray | None:
        if self._whole or message not in self.fit.messages:
            return None
        return self.once(("rows", message), lambda: np.asarray(self.fit.section(message) == self.section))

    def _decode(self, message: str) -> dict[str, np.ndarray]:
        if message not in self.fit.messages:
            return {}
        key = ("columns", message)
        if key not in self._shared:
            self._shared[key] = self.fit.columns(message)
        got: dict[str, np.ndarray] = self._shared[key]
        rows = self._mask(message)
        return got if rows is None else {name: got[name][rows] for name in got}


def value(columns: dict[str, np.ndarray], name: str, row: int) -> float | None:
    """One cell of a table of columns, None where it is absent or invalid."""
    column = columns.get(name)
    found = math.nan if column is None else float(column[row])
    return found if math.isfinite(found) else None
