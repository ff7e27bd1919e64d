"""Fields that are no single number: lists and text.

Comes in: the rows of one message type and the position of the column in its plan. Goes out: one column, null
where the field is invalid or absent. Leaves to others: single numbers (`gather_kernel.py`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, BYTE, FLOATS, LONGS, UNKNOWN
from telemetry.ingest.fit.column_kinds import FLOAT, INTEGER, LONG
from telemetry.ingest.fit.fields import Plan
from telemetry.ingest.fit.gather_numpy import values
from telemetry.ingest.fit.profile import Field
from telemetry.ingest.fit.stack import Bits64, Lists, Stack
from telemetry.ingest.fit.text import clean_text

LONG_SIGNED, *LONG_UNSIGNED = LONGS
ELEMENTS: dict[str, Any] = {FLOAT: np.float64, INTEGER: np.int64, LONG: np.uint64}
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
    recipe: Recipe | None = made.recipes.get(position)
    if recipe is None:
        recipe = made.recipes[position] = _recipe(made, position)
    column = made.columns[position]
    if len(offset) * recipe.longest <= FEW_CELLS:
        _stack_few(stack, column.name, raw, offset.tolist(), layout.tolist(), column.field, recipe)
    elif recipe.even:
        stack.lists(column.name, _even(data, offset, layout, made, recipe, column.field, gather))
    else:
        stack.lists(column.name, _uneven(data, offset, layout, made, recipe, column.field))


class Recipe(NamedTuple):
    """How the lists of one column of a plan are read."""

    element: str
    """what their elements are, a word of `column_kinds.py`"""
    longest: int
    even: bool
    """True where all have equally many elements, none too long for a double"""
    entries: list[list[int]]
    """as `Plan.others`"""
    readers: list[tuple[int, struct.Struct, float, bool] | None]
    """[layout]: place, format, invalid value, and True where the list is invalid only as a whole"""


def _recipe(made: Plan, position: int) -> Recipe:
    entries: list[list[int]] = made.others[position].tolist()
    codes = {entry[2] for entry in entries}
    counts = {entry[3] for entry in entries}
    element = _element(made.columns[position].field, codes)
    long = not codes.isdisjoint(LONGS) and element != FLOAT
    opaque = codes & {BYTE, UNKNOWN}
    readers: list[tuple[int, struct.Struct, float, bool] | None] = [None] * len(made.at)
    for which, at, code, count, _ in entries:
        row = BASE_TYPES[BYTE if code == UNKNOWN else code]
        form = struct.Struct(f"{'>' if made.big[which] else '<'}{count}{LETTERS[row.dtype]}")
        readers[which] = at, form, INVALID[row.code], row.kind == "byte"
    even = len(counts) == 1 and not long and opaque in (set(), codes)
    return Recipe(element, max(counts), even, entries, readers)


def _element(field: Field, codes: set[int]) -> str:
    if field.scale != 1 or field.offset or codes & set(FLOATS):
        return FLOAT
    if codes & set(LONG_UNSIGNED):
        return LONG if codes <= set(LONG_UNSIGNED) else FLOAT
    return INTEGER


def _stack_few(
    stack: Stack, name: str, raw: bytes, offset: list[int], layout: list[int], field: Field, recipe: Recipe
) -> None:
    """A column of a few lists, one by one."""
    elements: list[float] = []
    valid: list[bool] = []
    lengths: list[int] = []
    for p, which in zip(offset, layout, strict=True):
        reader = recipe.readers[which]
        lengths.append(0)
        if reader is None:
            continue
        at, form, invalid, opaque = reader
        found = form.unpack_from(raw, p + at)
        # a floating-point number is invalid where it is none
        there = [v != invalid and v == v for v in found]
        if True not in there:
            continue
        lengths[-1] = len(found)
        elements += found
        # bytes are invalid only all together: 0xFF among others is a value
        valid += [True] * len(found) if opaque else there
    if recipe.element == FLOAT:
        elements = [v / field.scale - field.offset for v in elements]
    stack.few_lists(name, recipe.element, elements, valid, lengths)


def _even(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    recipe: Recipe,
    field: Field,
    gather: Callable[..., None],
) -> Lists:
    """Lists of equally many elements: each element is read as a column of its own."""
    entries = recipe.entries
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
    missing = np.asarray(np.isnan(out).all(axis=0))
    if entries[0][2] in (BYTE, UNKNOWN):
        # bytes are invalid only all together: 0xFF among others is a value
        np.copyto(out, 255.0 / field.scale - field.offset, where=np.isnan(out))
    return _nested(out.T.ravel(), count, missing, recipe.element)


def _uneven(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    recipe: Recipe,
    field: Field,
) -> Lists:
    """Lists of changing length or type, or of integers too long for a double: one kind at a time, then put in
    order."""
    entries, element = recipe.entries, recipe.element
    kinds: dict[tuple[int, int, bool], list[int]] = {}
    place = np.full(len(made.at), -1, np.int64)
    for which, at, code, count, _ in entries:
        place[which] = at
        kinds.setdefault((code, count, bool(made.big[which])), []).append(which)
    pieces: list[Lists] = []
    rows_of: list[NDArray[np.int64]] = []
    for (code, count, big), layouts in kinds.items():
        rows = np.flatnonzero(np.isin(layout, layouts))
        if not len(rows):
            continue
        starts = offset[rows].astype(np.int64) + place[layout[rows]]
        pieces.append(_of_one_kind(data, starts, code, count, big, field, element))
        rows_of.append(rows)
    lengths = np.zeros(len(offset), np.int64)
    if not pieces:
        return Lists(np.empty(0, ELEMENTS[element]), np.empty(0, np.bool_), lengths, lengths > 0)
    joined = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    elements, valid, found_lengths, present = joined
    found = np.concatenate(rows_of)
    begins = np.cumsum(found_lengths) - found_lengths
    order = np.argsort(found)
    lengths[found] = found_lengths
    # element by element, where the lists of each row begin among those that were found
    sorted_lengths = found_lengths[order]
    steps = np.arange(len(elements)) - np.repeat(np.cumsum(sorted_lengths) - sorted_lengths, sorted_lengths)
    picks = np.repeat(begins[order], sorted_lengths) + steps
    there = np.zeros(len(offset), np.bool_)
    there[found] = present
    return Lists(elements[picks], valid[picks], lengths, there)


def _of_one_kind(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    code: int,
    count: int,
    big: bool,
    field: Field,
    element: str,
) -> Lists:
    """Lists of `count` elements of one type, one for each place in `starts`."""
    code = BYTE if code == UNKNOWN else code
    places = (starts[:, None] + BASE_TYPES[code].size * np.arange(count)).ravel()
    if element == LONG or (element == INTEGER and code == LONG_SIGNED):
        whole, valid = long_integers(data, places, code, big)
        return _cut(whole, valid, count, np.asarray(~valid.reshape(-1, count).any(axis=1)))
    numbers = values(data, places, code, big)
    empty = np.asarray(np.isnan(numbers.reshape(-1, count)).all(axis=1))
    if code == BYTE:
        numbers = np.where(np.isnan(numbers), 255.0, numbers)
    return _nested(numbers / field.scale - field.offset, count, empty, element)


def _nested(flat: NDArray[np.float64], count: int, empty: NDArray[np.bool_], element: str) -> Lists:
    """Every `count` numbers as a list, null where `empty`; NaN is an element that is null."""
    valid = flat == flat
    if element == FLOAT:
        return _cut(flat, valid, count, empty)
    return _cut(np.where(valid, flat, 0.0).astype(ELEMENTS[element]), valid, count, empty)


def _cut(
    elements: Bits64,
    valid: NDArray[np.bool_],
    count: int,
    empty: NDArray[np.bool_],
) -> Lists:
    there = ~empty
    if empty.any():
        kept = np.repeat(there, count)
        elements, valid = elements[kept], valid[kept]
    return Lists(elements, valid, there * np.int64(count), there)


def long_integers(
    data: NDArray[np.uint8], places: NDArray[np.int64], code: int, big: bool
) -> tuple[NDArray[np.int64] | NDArray[np.uint64], NDArray[np.bool_]]:
    """64-bit integers at `places` exactly, which a double would round, and which of them are valid."""
    row = BASE_TYPES[code]
    raw = data[places[:, None] + np.arange(8)]
    order = ">" if big else "<"
    numbers = raw.view(order + row.dtype)[:, 0].astype(row.dtype)
    return numbers, raw.view(order + "u8")[:, 0] != row.invalid
