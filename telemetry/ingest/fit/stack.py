"""The columns of one table, laid out as Arrow wants them, so that they are read at once.

Comes in: a block of numbers, and texts and lists by name. Goes out: one polars table, NaN and None as null.
Leaves to others: what the columns are (`frames.py`, `arrays.py`), the stream (`arrow.py`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.arrow import Column, Columns, Numbers, read_table
from telemetry.ingest.fit.column_kinds import BOOLEAN, FLOAT, INTEGER, LAID_OUT, LISTS, LONG, TEXT

MANY_CELLS = 1 << 18
"""Numbers that go through one stream: of a longer table, not all are held once more while they are read."""
INLINE = 12
"""Bytes of a text that stand in its row; those of a longer one stand on a heap (Arrow: Utf8View)."""
KEPT_TEXTS = 4096
NULL_TEXT = bytes(16)
VIEW = np.dtype("V16")
LETTERS = {FLOAT: "d", INTEGER: "q", LONG: "Q"}
KINDS = {"f": FLOAT, "i": INTEGER, "u": LONG}


Bits64 = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.uint64]


class Lists(NamedTuple):
    """A column of lists. `elements`, `valid` (m,): all their elements end to end; `lengths` (n,): how many
    each has; `present` (n,): False where the list is null, and its length 0."""

    elements: Bits64
    valid: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    present: NDArray[np.bool_]


class Stack:
    """The columns of one table while they are collected; every column has `height` rows.

    `columns`: those that are known already, in order; `row`: which of them are numbers, and their rows in the
    block that `table` is given. The others follow by name. `lay_out`: of `gather_kernel.py` or its twin.
    """

    def __init__(
        self, height: int, columns: Columns, row: Mapping[str, int], lay_out: Callable[..., None]
    ) -> None:
        self._height = height
        self._kinds = dict(columns)
        self._row = row
        self._lay_out = lay_out
        self._others: dict[str, Column] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def more(self, name: str, kind: str, values: NDArray[np.float64]) -> None:
        """A column of numbers that is not in the block, NaN for null; dates in seconds."""
        block = np.array(values, ndmin=2)
        bits, nulls = self._laid_out(block, np.array([LAID_OUT[kind]], np.uint8))
        self._put(name, kind, Column((self._height, nulls[0]), (bits.tobytes(), block.tobytes())))

    def numbers(
        self,
        name: str,
        values: Bits64,
        valid: NDArray[np.bool_],
    ) -> None:
        """A column of numbers of 64 bits as they are."""
        column = Column(_node(valid), (_bits(valid), values.tobytes()))
        self._put(name, KINDS[values.dtype.kind], column)

    def flags(self, name: str, values: NDArray[np.float64]) -> None:
        """A column of truths: 0 is false, NaN is null."""
        valid = values == values
        self._put(name, BOOLEAN, Column(_node(valid), (_bits(valid), _bits(values != 0))))

    def texts(self, name: str, cells: Sequence[str | None]) -> None:
        """A column of texts, None for null."""
        views, heap = _views(cells)
        nulls = cells.count(None)
        bits = _bits(np.array([text is not None for text in cells])) if nulls else b""
        self._text(name, nulls, bits, b"".join(views), heap)

    def coded(self, name: str, where: NDArray[np.int64], texts: Sequence[str | None]) -> None:
        """A column of texts that are few: `where` (n,) each row's stands in `texts`."""
        views, heap = _views(texts)
        nulls, bits = 0, b""
        if None in texts:
            valid = np.array([text is not None for text in texts]).take(where)
            (_, nulls), bits = _node(valid), _bits(valid)
        rows = np.frombuffer(b"".join(views), VIEW).take(where)
        self._text(name, nulls, bits, rows.tobytes(), heap)

    def lists(self, name: str, lists: Lists) -> None:
        """A column of lists."""
        elements, valid, lengths, present = lists
        ends = np.zeros(self._height + 1, np.int64)
        np.cumsum(lengths, out=ends[1:])
        column = Column(
            _node(present) + _node(valid),
            (_bits(present), ends.tobytes(), _bits(valid), elements.tobytes()),
        )
        self._put(name, LISTS[KINDS[elements.dtype.kind]], column)

    def few_lists(
        self, name: str, kind: str, elements: list[float], valid: list[bool], lengths: list[int]
    ) -> None:
        """A column of a few lists, as `Lists` has them, of this kind of elements."""
        nulls, invalid = lengths.count(0), valid.count(False)
        column = Column(
            (self._height, nulls, len(elements), invalid),
            (
                _bits(np.array(lengths, np.bool_)) if nulls else b"",
                array("q", accumulate(lengths, initial=0)).tobytes(),
                _bits(np.array(valid)) if invalid else b"",
                array(LETTERS[kind], elements).tobytes(),
            ),
        )
        self._put(name, LISTS[kind], column)

    def table(self, block: NDArray[np.float64], laid_out: NDArray[np.uint8]) -> pl.DataFrame:
        """All columns in order. `block` (k, height) is used up; `laid_out` (k,): what becomes of each row."""
        columns = tuple(self._kinds.items())
        if not columns:
            return pl.DataFrame()
        bits, nulls = self._laid_out(block, laid_out)
        numbers = Numbers(self._row, block, bits, nulls)
        if block.size <= MANY_CELLS:
            return read_table(self._height, columns, numbers, self._others)
        step = max(1, MANY_CELLS // self._height)
        parts: list[pl.Series] = []
        for first in range(0, len(columns), step):
            some = columns[first : first + step]
            few = numbers.some([name for name, _ in some])
            parts.extend(read_table(self._height, some, few, self._others))
        return pl.DataFrame(parts)

    def _laid_out(
        self, block: NDArray[np.float64], kinds: NDArray[np.uint8]
    ) -> tuple[NDArray[np.uint8], list[int]]:
        """Bits and nulls of each row of the block."""
        k = len(block)
        bits, nulls = np.empty((k, -(-self._height // 64) * 8), np.uint8), np.empty(k, np.int64)
        self._lay_out(block, block.view(np.int64), kinds, bits, nulls)
        return bits, nulls.tolist()

    def _text(self, name: str, nulls: int, bits: bytes, views: bytes, heap: bytes) -> None:
        heaps = (heap,) if heap else ()
        self._put(name, TEXT, Column((self._height, nulls), (bits, views, *heaps), len(heaps)))

    def _put(self, name: str, kind: str, column: Column) -> None:
        self._kinds[name] = kind
        self._others[name] = column


def _node(valid: NDArray[np.bool_]) -> tuple[int, int]:
    """Length and nulls."""
    return len(valid), len(valid) - int(np.count_nonzero(valid))


def _bits(flags: NDArray[np.bool_]) -> bytes:
    return np.packbits(flags, bitorder="little").tobytes()


def _views(texts: Sequence[str | None]) -> tuple[list[bytes], bytes]:
    """The 16 bytes of each text in its row, and the heap of those that are too long for them."""
    views: list[bytes] = []
    heap = bytearray()
    spilled: dict[str, bytes] = {}
    for text in texts:
        view = NULL_TEXT if text is None else _inline(text) or spilled.get(text)
        if view is None:
            raw = str(text).encode()
            start = len(heap).to_bytes(4, "little")
            view = spilled[str(text)] = len(raw).to_bytes(4, "little") + raw[:4] + bytes(4) + start
            heap += raw
        views.append(view)
    return views, bytes(heap)


@lru_cache(KEPT_TEXTS)
def _inline(text: str) -> bytes | None:
    raw = text.encode()
    return len(raw).to_bytes(4, "little") + raw.ljust(INLINE, b"\0") if len(raw) <= INLINE else None
