"""Fields that are no single number: lists and text.

Comes in: the rows of one message type and the position of the column in its plan. Goes out: one column, null
where the field is invalid or absent. Leaves to others: single numbers (`gather_kernel.py`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, BYTE, FLOATS, LONGS, UNKNOWN
from telemetry.ingest.fit.fields import Plan
from telemetry.ingest.fit.gather_numpy import values
from telemetry.ingest.fit.profile import Field
from telemetry.ingest.fit.stack import DTYPES, FLOAT, INTEGER, LISTS, LONG, Stack
from telemetry.ingest.fit.text import clean_text

LONG_SIGNED, *LONG_UNSIGNED = LONGS
FEW_CELLS = 512
"""List elements up to which plain lists are built faster than arrays are reshaped."""
LETTERS = {
    "u1": "B",
    "i1": "b",
    "u2": "H",
    "i2": "h",
    "u4": "I",
    "i4": "i",
    "u8": "Q",
    "i8": "q",
    "f4": "f",
    "f8": "d",
}
"""NumPy's names of the base types as the struct module's."""
INVALID = {row.code: math.nan if row.kind == "float" else row.invalid for row in BASE_TYPES}


def read_texts(
    raw: bytes, offset: NDArray[np.int32], layout: NDArray[np.int32], made: Plan, position: int
) -> list[str | None]:
    """A text column, None where it is empty."""
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
    return texts


def stack_arrays(
    stack: Stack,
    raw: bytes,
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    position: int,
    gather: Callable[..., None],
) -> None:
    """Put a list column on the stack: Float64 where the field has a scale or is floating-point, else Int64 or
    UInt64.

    A list whose every element is invalid is null; a single invalid element is null inside its list.
    """
    column = made.columns[position]
    entries: list[list[int]] = made.others[position].tolist()
    codes = {entry[2] for entry in entries}
    counts = {entry[3] for entry in entries}
    element = _element(column.field, codes)
    if len(offset) * max(counts) <= FEW_CELLS:
        stack.cells(
            column.name, LISTS[element], _few(raw, offset, layout, made, entries, column.field, element)
        )
        return
    long = not codes.isdisjoint(LONGS) and element != FLOAT
    opaque = codes & {BYTE, UNKNOWN}
    if len(counts) == 1 and not long and opaque in (set(), codes):
        lists = _even(data, offset, layout, made, entries, column.field, element, gather)
    else:
        lists = _uneven(data, offset, layout, made, entries, column.field, element)
    stack.series(column.name, lists)


def _element(field: Field, codes: set[int]) -> str:
    if field.scale != 1 or field.offset or codes & set(FLOATS):
        return FLOAT
    if codes & set(LONG_UNSIGNED):
        return LONG if codes <= set(LONG_UNSIGNED) else FLOAT
    return INTEGER


def _few(
    raw: bytes,
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    entries: list[list[int]],
    field: Field,
    element: str,
) -> list[list[float | int | None] | None]:
    """The lists one by one, for a few of them."""
    readers: list[tuple[int, struct.Struct, float, bool] | None] = [None] * len(made.at)
    for which, at, code, count, _ in entries:
        row = BASE_TYPES[BYTE if code == UNKNOWN else code]
        form = struct.Struct(f"{'>' if made.big[which] else '<'}{count}{LETTERS[row.dtype]}")
        readers[which] = at, form, INVALID[row.code], row.kind == "byte"
    rescaled = element == FLOAT
    lists: list[list[float | int | None] | None] = []
    for p, which in zip(offset.tolist(), layout.tolist(), strict=True):
        reader = readers[which]
        if reader is None:
            lists.append(None)
            continue
        at, form, invalid, opaque = reader
        found = form.unpack_from(raw, p + at)
        # a floating-point number is invalid where it is none
        cells = [None if v == invalid or v != v else v for v in found]
        if not any(cell is not None for cell in cells):
            lists.append(None)
            continue
        if opaque:
            # bytes are invalid only all together: 0xFF among others is a value
            cells = list(found)
        if rescaled:
            cells = [None if v is None else v / field.scale - field.offset for v in cells]
        lists.append(cells)
    return lists


def _even(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    entries: list[list[int]],
    field: Field,
    element: str,
    gather: Callable[..., None],
) -> pl.Series:
    """Lists of equally many elements: each element is read as a column of its own."""
    count = entries[0][3]
    at = np.full((len(made.at), count), -1, np.int32)
    kind = np.zeros((len(made.at), count), np.uint8)
    for which, place, code, _, _ in entries:
        code = BYTE if code == UNKNOWN else code
        at[which] = place + BASE_TYPES[code].size * np.arange(count)
        kind[which] = code
    out = np.empty((count, len(offset)), np.float64)
    scale, shift = np.full(count, float(field.scale)), np.full(count, float(field.offset))
    gather(data, offset, layout, at, kind, made.big, scale, shift, out)
    missing = np.isnan(out[0])
    for values_of_one in out[1:]:
        missing &= np.isnan(values_of_one)
    if entries[0][2] in (BYTE, UNKNOWN):
        # bytes are invalid only all together: 0xFF among others is a value
        np.copyto(out, 255.0 / field.scale - field.offset, where=np.isnan(out))
    return _nested(pl.Series("", out.T.ravel(), nan_to_null=True), count, missing, element)


def _uneven(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    entries: list[list[int]],
    field: Field,
    element: str,
) -> pl.Series:
    """Lists of changing length or type, or of integers too long for a double: one kind at a time, then put in
    order."""
    kinds: dict[tuple[int, int, bool], list[int]] = {}
    place = np.full(len(made.at), -1, np.int64)
    for which, at, code, count, _ in entries:
        place[which] = at
        kinds.setdefault((code, count, bool(made.big[which])), []).append(which)
    pieces: list[pl.Series] = []
    order = np.full(len(offset), -1, np.int64)
    done = 0
    for (code, count, big), layouts in kinds.items():
        rows = np.flatnonzero(np.isin(layout, layouts))
        if not len(rows):
            continue
        starts = offset[rows].astype(np.int64) + place[layout[rows]]
        pieces.append(_of_one_kind(data, starts, code, count, big, field, element))
        order[rows] = np.arange(done, done + len(rows))
        done += len(rows)
    joined = pl.concat(pieces) if pieces else pl.Series([None], dtype=DTYPES[LISTS[element]])
    picks = pl.Series(np.where(order < 0, np.nan, order), nan_to_null=True).cast(pl.UInt32)
    return joined.gather(picks)


def _of_one_kind(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    code: int,
    count: int,
    big: bool,
    field: Field,
    element: str,
) -> pl.Series:
    """Lists of `count` elements of one type, one for each place in `starts`."""
    code = BYTE if code == UNKNOWN else code
    places = (starts[:, None] + BASE_TYPES[code].size * np.arange(count)).ravel()
    if element == LONG or (element == INTEGER and code == LONG_SIGNED):
        whole, valid = long_integers(data, places, code, big)
        flat = pl.Series("", whole).zip_with(pl.Series(valid), pl.Series([None], dtype=DTYPES[element]))
        empty = ~np.asarray(valid.reshape(-1, count).any(axis=1))
        return _nested(flat, count, empty, element)
    numbers = values(data, places, code, big)
    empty = np.asarray(np.isnan(numbers.reshape(-1, count)).all(axis=1))
    if code == BYTE:
        numbers = np.where(np.isnan(numbers), 255.0, numbers)
    return _nested(
        pl.Series("", numbers / field.scale - field.offset, nan_to_null=True), count, empty, element
    )


def _nested(flat: pl.Series, count: int, empty: NDArray[np.bool_], element: str) -> pl.Series:
    """Every `count` elements as a list, null where `empty`."""
    kind = DTYPES[LISTS[element]]
    lists = flat.cast(DTYPES[element]).reshape((len(empty), count)).cast(kind)
    return lists.zip_with(pl.Series(~empty), pl.Series([None], dtype=kind)) if empty.any() else lists


def long_integers(
    data: NDArray[np.uint8], places: NDArray[np.int64], code: int, big: bool
) -> tuple[NDArray[np.int64] | NDArray[np.uint64], NDArray[np.bool_]]:
    """64-bit integers at `places` exactly, which a double would round, and which of them are valid."""
    row = BASE_TYPES[code]
    raw = data[places[:, None] + np.arange(8)]
    order = ">" if big else "<"
    numbers = raw.view(order + row.dtype)[:, 0].astype(row.dtype)
    return numbers, raw.view(order + "u8")[:, 0] != row.invalid
