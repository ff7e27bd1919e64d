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

UTC = pl.Datetime("ms", "UTC")
LOCAL = pl.Datetime("ms")


class Stack:
    """The columns of one table while they are collected; every column has `height` rows."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._names: list[str] = []
        self._places: list[tuple[pl.DataType, int]] = []
        self._numbers: dict[pl.DataType, list[NDArray[np.float64]]] = {}
        self._cells: dict[pl.DataType, list[Any]] = {}
        self._ready: list[pl.Series] = []

    @property
    def names(self) -> list[str]:
        """Names of the columns so far."""
        return self._names

    def numbers(self, name: str, dtype: pl.DataType, values: NDArray[np.float64]) -> None:
        """A column of numbers, NaN for null; dates in seconds."""
        pile = self._numbers.setdefault(dtype, [])
        self._note(name, dtype, len(pile))
        pile.append(values)

    def cells(self, name: str, dtype: pl.DataType, cells: Sequence[Any]) -> None:
        """A column of texts or lists, cell by cell, None for null."""
        pile = self._cells.setdefault(dtype, [])
        self._note(name, dtype, len(pile) // self._height)
        pile += cells

    def series(self, name: str, series: pl.Series) -> None:
        """A column that is made already."""
        self._note(name, READY, len(self._ready))
        self._ready.append(series)

    def _note(self, name: str, dtype: pl.DataType, place: int) -> None:
        self._names.append(name)
        self._places.append((dtype, place))

    def table(self) -> pl.DataFrame:
        """All columns, in the order in which they came."""
        height = self._height
        whole = {dtype: _numbers(pile, dtype) for dtype, pile in self._numbers.items()}
        whole |= {dtype: pl.Series("", pile, dtype=dtype) for dtype, pile in self._cells.items()}
        columns = []
        for name, (dtype, place) in zip(self._names, self._places, strict=True):
            column = self._ready[place] if dtype is READY else whole[dtype].slice(place * height, height)
            columns.append(column.alias(name))
        return pl.DataFrame(columns)


READY: pl.DataType = pl.Null()
"""Stands for the dtype of columns that came as series."""
INTEGER: pl.DataType = pl.Int64()
FLOAT: pl.DataType = pl.Float64()
BOOLEAN: pl.DataType = pl.Boolean()
TEXT: pl.DataType = pl.String()


def _numbers(pile: list[NDArray[np.float64]], dtype: pl.DataType) -> pl.Series:
    flat = np.concatenate(pile) if len(pile) > 1 else pile[0]
    if dtype in (UTC, LOCAL):
        return pl.Series("", flat * 1000.0, nan_to_null=True).cast(pl.Int64).cast(dtype)
    series = pl.Series("", flat, nan_to_null=True)
    return series if dtype is FLOAT else series.cast(dtype)
