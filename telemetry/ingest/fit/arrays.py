"""Fields that are no single number: lists and text.

Comes in: the rows of one message type and the position of the column in its plan. Goes out: one polars series, null where
the field is invalid or absent. Leaves to others: single numbers (`gather_kernel.py`).
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, BYTE, UNKNOWN
from telemetry.ingest.fit.fields import Place, Plan
from telemetry.ingest.fit.gather_numpy import values
from telemetry.ingest.fit.profile import Field
from telemetry.ingest.fit.text import clean_text


FEW = 64
"""Rows up to which plain lists are built faster than arrays are reshaped."""


def read_texts(
    raw: bytes, offset: NDArray[np.int32], layout: NDArray[np.int32], made: Plan, position: int
) -> pl.Series:
    """A text column."""
    spans = [(place.at, place.size) if (place := places.get(position)) else None for places in made.places]
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
    """A list column: Float64 where the field has a scale or is floating-point, else Int64.

    A list whose every element is invalid is null; a single invalid element is null inside its list.
    """
    column = made.columns[position]
    field = column.field
    pieces: list[tuple[NDArray[np.intp], pl.Series]] = []
    used = [places[position] for places in made.places if position in places]
    real = field.scale != 1 or field.offset != 0 or any(place.code in (8, 9) for place in used)
    element = pl.Float64 if real else pl.Int64
    for which, places in enumerate(made.places):
        place = places.get(position)
        if place is None:
            continue
        rows = np.flatnonzero(layout == which) if len(made.places) > 1 else np.arange(len(layout))
        if len(rows):
            pieces.append(
                (rows, _lists(data, offset[rows].astype(np.int64), place, made.big[which], field, element))
            )
    order = np.full(len(offset), -1, np.int64)
    at = 0
    for rows, _ in pieces:
        order[rows] = np.arange(at, at + len(rows))
        at += len(rows)
    if not pieces:
        return pl.Series(column.name, [None] * len(offset), dtype=pl.List(element))
    joined = pl.concat([piece for _, piece in pieces]) if len(pieces) > 1 else pieces[0][1]
    if len(pieces) == 1 and at == len(offset):
        return joined.alias(column.name)
    picks = pl.Series(order).set(pl.Series(order) < 0, None).cast(pl.UInt32)
    return joined.gather(picks).alias(column.name)


def _lists(
    data: NDArray[np.uint8],
    offset: NDArray[np.int64],
    place: Place,
    big: int,
    field: Field,
    element: type[pl.DataType],
) -> pl.Series:
    scale, shift = field.scale, field.offset
    code = BYTE if place.code == UNKNOWN else place.code
    width = BASE_TYPES[code].size
    places = (offset[:, None] + (place.at + width * np.arange(place.count))[None, :]).ravel()
    numbers = values(data, places, code, bool(big))
    matrix = numbers.reshape(len(offset), place.count)
    empty = np.isnan(matrix).all(axis=1)
    if code == BYTE:
        # bytes are invalid only all together: 0xFF among others is a value
        numbers = np.where(np.isnan(numbers), 255.0, numbers)
    numbers = numbers / scale - shift
    if len(offset) <= FEW:
        whole = element == pl.Int64
        rows = [
            None if gone else [None if v != v else int(v) if whole else v for v in row]
            for row, gone in zip(numbers.reshape(matrix.shape).tolist(), empty.tolist(), strict=True)
        ]
        return pl.Series("", rows, dtype=pl.List(element))
    flat = pl.Series("", numbers, nan_to_null=True).cast(element)
    lists = flat.reshape((len(offset), place.count)).cast(pl.List(element))
    if empty.any():
        lists = _null_where(lists, empty)
    return lists


def _null_where(lists: pl.Series, empty: NDArray[np.bool_]) -> pl.Series:
    picks = pl.Series(np.arange(len(lists), dtype=np.int64)).set(pl.Series(empty), None).cast(pl.UInt32)
    return lists.gather(picks)
