"""Many small columns as one table at the cost of a few: columns of one dtype are made as one series and cut.

Comes in: named columns of one length, in order. Goes out: one polars table, NaN and None as null. Leaves to
others: what the columns are (`frames.py`, `arrays.py`). Making a series costs ten times as much as cutting a
piece off one, and a head unit's file has five hundred columns of a few rows.
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


class Stack:
    """The columns of one table while they are collected; every column has `height` rows."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._places: dict[str, tuple[str, int]] = {}
        self._numbers: dict[str, list[NDArray[np.float64]]] = {}
        self._cells: dict[str, list[Any]] = {}
        self._ready: dict[str, pl.Series] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def numbers(self, name: str, kind: str, values: NDArray[np.float64]) -> None:
        """A column of numbers, NaN for null; dates in seconds."""
        pile = self._numbers.get(kind)
        if pile is None:
            pile = self._numbers[kind] = []
        self._places[name] = kind, len(pile)
        pile.append(values)

    def cells(self, name: str, kind: str, cells: Sequence[Any]) -> None:
        """A column of texts or lists, cell by cell, None for null."""
        pile = self._cells.setdefault(kind, [])
        self._places[name] = kind, len(pile) // self._height
        pile += cells

    def series(self, name: str, series: pl.Series) -> None:
        """A column that is made already."""
        self._places[name] = name, 0
        self._ready[name] = series

    def table(self) -> pl.DataFrame:
        """All columns, in the order in which they came."""
        height = self._height
        whole = {kind: _numbers(pile, kind) for kind, pile in self._numbers.items()}
        whole |= {kind: pl.Series("", pile, dtype=DTYPES[kind]) for kind, pile in self._cells.items()}
        ready = self._ready
        return pl.DataFrame(
            [
                (ready[name] if name in ready else whole[kind].slice(place * height, height)).alias(name)
                for name, (kind, place) in self._places.items()
            ]
        )


def _numbers(pile: list[NDArray[np.float64]], kind: str) -> pl.Series:
    flat = np.concatenate(pile) if len(pile) > 1 else pile[0]
    if kind in (UTC, LOCAL):
        return pl.Series("", flat * 1000.0, nan_to_null=True).cast(pl.Int64).cast(DTYPES[kind])
    series = pl.Series("", flat, nan_to_null=True)
    return series if kind == FLOAT else series.cast(DTYPES[kind])
