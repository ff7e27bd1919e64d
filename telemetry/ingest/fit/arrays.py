"""Fields that are no single number: lists and text.

Comes in: the rows of one message type and the position of the column in its plan. Goes out: one polars
series, null where the field is invalid or absent. Leaves to others: single numbers (`gather_kernel.py`).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, BYTE, UNKNOWN
from telemetry.ingest.fit.fields import Plan
from telemetry.ingest.fit.gather_numpy import values
from telemetry.ingest.fit.profile import Field
from telemetry.ingest.fit.text import clean_text

FLOATS = (8, 9)
LONG_SIGNED = 14
LONG_UNSIGNED = (15, 16)
FEW = 64
"""Rows up to which plain lists are built faster than arrays are reshaped."""


def read_texts(
    raw: bytes, offset: NDArray[np.int32], layout: NDArray[np.int32], made: Plan, position: int
) -> pl.Series:
    """A text column."""
    spans: list[tuple[int, int] | None] = [None] * len(made.at)
    for which, at, _, _, size in made.others[position].tolist():
        spans[which] = at, size
    seen: dict[bytes, str | None] = {}
    texts: list[str | None] = []
    for p, which in zip(offset.tolist(), layout.tolist(), strict=True):
        span = spans[which]
        if span is None:
            texts.append(None)
            continue
        start = p + span[0]
        piece = raw[start : start + span[1]]
        if piece not in seen:
            seen[piece] = clean_text(piece)
        texts.append(seen[piece])
    return pl.Series(made.columns[position].name, texts, dtype=pl.String)


def read_arrays(
    data: NDArray[np.uint8], offset: NDArray[np.int32], layout: NDArray[np.int32], made: Plan, position: int
) -> pl.Series:
    """A list column: Float64 where the field has a scale or is floating-point, else Int64 or UInt64.

    A list whose every element is invalid is null; a single invalid element is null inside its list.
    """
    column = made.columns[position]
    entries = made.others[position]
    codes = set(entries[:, 2].tolist())
    element = _element(column.field, codes)
    place = np.full(len(made.at), -1, np.int64)
    kind = np.full((len(made.at), 3), -1, np.int64)
    place[entries[:, 0]] = entries[:, 1]
    kind[entries[:, 0], 0] = entries[:, 2]
    kind[entries[:, 0], 1] = entries[:, 3]
    kind[:, 2] = made.big
    kinds, of_layout = np.unique(kind, axis=0, return_inverse=True)
    of_row = of_layout.reshape(-1)[layout]
    pieces: list[tuple[NDArray[np.intp], pl.Series]] = []
    for which, (code, count, big) in enumerate(kinds.tolist()):
        if code < 0:
            continue
        rows = np.flatnonzero(of_row == which)
        if len(rows):
            starts = offset[rows].astype(np.int64) + place[layout[rows]]
            pieces.append((rows, _lists(data, starts, code, count, bool(big), column.field, element)))
    if not pieces:
        return pl.Series(column.name, [None] * len(offset), dtype=pl.List(element))
    joined = pl.concat([piece for _, piece in pieces]) if len(pieces) > 1 else pieces[0][1]
    where = np.concatenate([rows for rows, _ in pieces])
    if len(pieces) == 1 and len(where) == len(offset):
        return joined.alias(column.name)
    order = np.full(len(offset), -1, np.int64)
    order[where] = np.arange(len(where))
    return _picked(joined, order).alias(column.name)


def _element(field: Field, codes: set[int]) -> type[pl.DataType]:
    if field.scale != 1 or field.offset or codes & set(FLOATS):
        return pl.Float64
    if codes & set(LONG_UNSIGNED):
        return pl.UInt64 if codes <= set(LONG_UNSIGNED) else pl.Float64
    return pl.Int64


def _lists(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    code: int,
    count: int,
    big: bool,
    field: Field,
    element: type[pl.DataType],
) -> pl.Series:
    """Lists of `count` elements of one type, one for each place in `starts`."""
    code = BYTE if code == UNKNOWN else code
    places = (starts[:, None] + BASE_TYPES[code].size * np.arange(count)).ravel()
    if element == pl.UInt64 or (element == pl.Int64 and code == LONG_SIGNED):
        whole, valid = long_integers(data, places, code, big)
        cells = [v if ok else None for v, ok in zip(whole.tolist(), valid.tolist(), strict=True)]
        gone = np.asarray(~valid.reshape(-1, count).any(axis=1))
        return _listed(cells, count, gone.tolist(), element)
    numbers = values(data, places, code, big)
    empty = np.asarray(np.isnan(numbers.reshape(-1, count)).all(axis=1))
    if code == BYTE:
        # bytes are invalid only all together: 0xFF among others is a value
        numbers = np.where(np.isnan(numbers), 255.0, numbers)
    numbers = numbers / field.scale - field.offset
    if len(starts) <= FEW:
        as_int = element == pl.Int64
        cells = [None if v != v else int(v) if as_int else v for v in numbers.tolist()]
        return _listed(cells, count, empty.tolist(), element)
    flat = pl.Series("", numbers, nan_to_null=True).cast(element)
    lists = flat.reshape((len(starts), count)).cast(pl.List(element))
    return _picked(lists, np.where(empty, -1, np.arange(len(starts)))) if empty.any() else lists


def _listed(
    cells: list[float | int | None], count: int, empty: list[bool], element: type[pl.DataType]
) -> pl.Series:
    rows = [None if gone else cells[i * count : (i + 1) * count] for i, gone in enumerate(empty)]
    return pl.Series("", rows, dtype=pl.List(element))


def _picked(lists: pl.Series, order: NDArray[np.int64]) -> pl.Series:
    """The lists at `order`, null where that is -1."""
    picks = pl.Series(np.where(order < 0, np.nan, order), nan_to_null=True).cast(pl.UInt32)
    return lists.gather(picks)


def long_integers(
    data: NDArray[np.uint8], places: NDArray[np.int64], code: int, big: bool
) -> tuple[NDArray[np.int64] | NDArray[np.uint64], NDArray[np.bool_]]:
    """64-bit integers at `places` exactly, which a double would round, and which of them are valid."""
    row = BASE_TYPES[code]
    raw = data[places[:, None] + np.arange(8)]
    order = ">" if big else "<"
    numbers = raw.view(order + row.dtype)[:, 0].astype(row.dtype)
    return numbers, raw.view(order + "u8")[:, 0] != row.invalid
