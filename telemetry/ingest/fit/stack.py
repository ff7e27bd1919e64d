"""Many small columns as one table at the cost of a few: columns of one dtype are made as one series and cut.

Comes in: named columns of one length, in order. Goes out: one polars table, NaN and None as null. Leaves to
others: what the columns are (`frames.py`, `arrays.py`). Making a series costs ten times as much as cutting a
piece off one, and a head unit's file has five hundred columns of a few rows in twenty tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

INTEGER, FLOAT, LONG, BOOLEAN, TEXT, UTC, LOCAL = (
    "integer",
    "float",
    "long",
    "boolean",
    "text",
    "utc",
    "local",
)
DTYPES: dict[str, pl.DataType] = {
    INTEGER: pl.Int64(),
    FLOAT: pl.Float64(),
    LONG: pl.UInt64(),
    BOOLEAN: pl.Boolean(),
    TEXT: pl.String(),
    UTC: pl.Datetime("ms", "UTC"),
    LOCAL: pl.Datetime("ms"),
}
"""What a column may be; the words stand for polars' types, which are slow to compare and to look up."""
LISTS = {kind: f"list of {kind}" for kind in (INTEGER, FLOAT, LONG)}
DTYPES |= {name: pl.List(DTYPES[kind]) for kind, name in LISTS.items()}


class Pile:
    """What the columns of one dtype hold, end to end; small tables of one file may share a pile."""

    def __init__(self) -> None:
        self._heights: dict[str, int] = {}
        self._numbers: dict[str, list[NDArray[np.float64]]] = {}
        self._cells: dict[str, list[Any]] = {}
        self._whole: dict[str, pl.Series] = {}

    def numbers(self, kind: str, values: NDArray[np.float64]) -> int:
        """Put numbers on the pile, NaN for null, dates in seconds; return where they begin."""
        start = self._heights.get(kind, 0)
        if start:
            self._numbers[kind].append(values)
        else:
            self._numbers[kind] = [values]
        self._heights[kind] = start + len(values)
        return start

    def cells(self, kind: str, cells: Sequence[Any]) -> int:
        """Put texts or lists on the pile, None for null; return where they begin."""
        pile = self._cells.setdefault(kind, [])
        start = len(pile)
        pile += cells
        return start

    def whole(self, kind: str) -> pl.Series:
        """All of one kind, made when it is first asked for; nothing may be added to it afterwards."""
        made = self._whole.get(kind)
        if made is None:
            # a kind is piled up as numbers or cell by cell, never both
            numbers = self._numbers.get(kind)
            if numbers is None:
                made = pl.Series("", self._cells[kind], dtype=DTYPES[kind])
            else:
                made = _numbers(numbers, kind)
            self._whole[kind] = made
        return made


class Stack:
    """The columns of one table while they are collected; every column has `height` rows."""

    def __init__(self, height: int, pile: Pile) -> None:
        self._height = height
        self._pile = pile
        self._places: dict[str, tuple[str, int]] = {}
        self._ready: dict[str, pl.Series] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def numbers(self, name: str, kind: str, values: NDArray[np.float64]) -> None:
        """A column of numbers, NaN for null; dates in seconds."""
        self._places[name] = kind, self._pile.numbers(kind, values)

    def cells(self, name: str, kind: str, cells: Sequence[Any]) -> None:
        """A column of texts or lists, cell by cell, None for null."""
        self._places[name] = kind, self._pile.cells(kind, cells)

    def series(self, name: str, series: pl.Series) -> None:
        """A column that is made already."""
        self._places[name] = name, 0
        self._ready[name] = series

    def table(self) -> pl.DataFrame:
        """All columns, in the order in which they came."""
        height, ready, whole = self._height, self._ready, self._pile.whole
        return pl.DataFrame(
            [
                (ready[name] if name in ready else whole(kind).slice(start, height)).alias(name)
                for name, (kind, start) in self._places.items()
            ]
        )


def _numbers(pile: list[NDArray[np.float64]], kind: str) -> pl.Series:
    flat = np.concatenate(pile) if len(pile) > 1 else pile[0]
    if kind in (UTC, LOCAL):
        return pl.Series("", flat * 1000.0, nan_to_null=True).cast(pl.Int64).cast(DTYPES[kind])
    series = pl.Series("", flat, nan_to_null=True)
    return series if kind == FLOAT else series.cast(DTYPES[kind])
