"""Messages as polars tables.

Comes in: the numeric columns of one message type, and the bytes for what is no number. Goes out: one table:
labels, dates, integers, floats, lists and text, null where invalid. Leaves to others: finding and scaling
the values (`decode.py`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.arrays import long_integers, read_texts, stack_arrays
from telemetry.ingest.fit.base_types import LONGS
from telemetry.ingest.fit.column_kinds import BOOLEAN, FLOAT, INTEGER, LAID_OUT, LOCAL, OTHER, TEXT, UTC
from telemetry.ingest.fit.fields import Plan
from telemetry.ingest.fit.gather_numpy import values as plain_values
from telemetry.ingest.fit.heart_beats import unpack_beats
from telemetry.ingest.fit.labels import LABELS, one_of
from telemetry.ingest.fit.profile import COMMON, DATES, HR, MESSAGES, NAMES_ONLY, Field, Message, Subfield
from telemetry.ingest.fit.stack import Stack

if TYPE_CHECKING:
    from telemetry.ingest.fit.decode import Rows

FEW = 64
"""Rows up to which a plain list is built faster than an array is looked up."""
MOST_CODES = 1 << 12
"""Codes below which they are counted instead of sorted."""

MESSAGE_NAMES = {row.number: row.name for row in MESSAGES.values()} | NAMES_ONLY


Labels = dict[int, str]
Kind = str | Labels
"""A word of `column_kinds.py`, or the labels of an enumeration."""
Numbers = dict[str, NDArray[np.float64]]


class Recipe(NamedTuple):
    """What becomes of the scalar columns of one plan."""

    columns: tuple[tuple[str, str], ...]
    """name and kind, in order"""
    row: dict[str, int]
    """which stay numbers, and their rows among the scalars"""
    kinds: NDArray[np.uint8]
    """what `lay_out` makes of each row of the scalars"""
    others: tuple[tuple[str, Kind], ...]
    """which become labels or truths"""
    longs: tuple[int, ...]
    """positions of those that hold 64-bit integers as they are, which a double would round"""


def frame(
    raw: bytes,
    data: NDArray[np.uint8],
    rows: Rows,
    scalars: NDArray[np.float64],
    numbers: Numbers,
    readers: ModuleType,
) -> pl.DataFrame:
    """The table of one message type: columns in the file's order, then what was expanded.

    `scalars` [column, row] of the plan, which are used up; `numbers`: these by name, and the expanded ones.
    """
    made = rows.plan
    known = MESSAGES.get(rows.number)
    recipe: Recipe | None = made.recipes.get("")
    if recipe is None:
        recipe = made.recipes[""] = _recipe(made)
    stack = Stack(len(rows.offset), recipe.columns, recipe.row, readers.lay_out)
    for name, kind in recipe.others:
        _stack(stack, name, numbers[name], kind)
    for position in recipe.longs:
        _stack_long(stack, data, rows, position)
    if len(numbers) > made.n_scalars:
        for name, values in numbers.items():
            if name not in made.fields:
                if name not in made.recipes:
                    made.recipes[name] = _kind(name, _expanded(known, name), False)
                _stack(stack, name, values, made.recipes[name])
    for position in range(made.n_scalars, len(made.columns)):
        column = made.columns[position]
        if column.shape == "text":
            stack.texts(column.name, read_texts(raw, rows.offset, rows.layout, made, position))
        else:
            stack_arrays(stack, raw, data, rows.offset, rows.layout, made, position, readers.gather)
    if known and known.subfields:
        _stack_subfields(stack, known, numbers)
    table = stack.table(scalars, recipe.kinds)
    return unpack_beats(table) if rows.number == HR.number else table


def _recipe(made: Plan) -> Recipe:
    columns: list[tuple[str, str]] = []
    row: dict[str, int] = {}
    others: list[tuple[str, Kind]] = []
    laid_out = np.full(made.n_scalars, OTHER, np.uint8)
    longs = []
    for i, (name, field) in enumerate(made.fields.items()):
        kind = _kind(name, field, name in made.floats)
        columns.append((name, kind if isinstance(kind, str) else TEXT))
        if i in made.longs and kind == INTEGER and not field.type:
            longs.append(i)
        elif isinstance(kind, str) and kind in LAID_OUT:
            row[name], laid_out[i] = i, LAID_OUT[kind]
        else:
            others.append((name, kind))
    return Recipe(tuple(columns), row, laid_out, tuple(others), tuple(longs))


def _expanded(known: Message | None, name: str) -> Field:
    """The field of a column that the file's definitions do not declare."""
    for field in (known.fields if known else COMMON).values():
        if field.name == name:
            return field
    return Field(0, name)


def _stack_long(stack: Stack, data: NDArray[np.uint8], rows: Rows, position: int) -> None:
    """A column of 64-bit integers: unsigned where a value needs it, doubles where others are negative."""
    made = rows.plan
    values: list[int | None] = [None] * len(rows.offset)
    for which in np.flatnonzero(made.at[:, position] >= 0).tolist():
        here = np.flatnonzero(rows.layout == which)
        places = rows.offset[here].astype(np.int64) + int(made.at[which, position])
        code = int(made.kind[which, position])
        if code in LONGS:
            numbers, valid = long_integers(data, places, code, bool(made.big[which]))
        else:
            short = plain_values(data, places, code, bool(made.big[which]))
            valid = ~np.isnan(short)
            numbers = np.where(valid, short, 0).astype(np.int64)
        for i, value, ok in zip(here.tolist(), numbers.tolist(), valid.tolist(), strict=True):
            values[i] = value if ok else None
    top = max((v for v in values if v is not None), default=0)
    low = min((v for v in values if v is not None), default=0)
    kind: Any = np.int64 if top < 1 << 63 else np.uint64 if low >= 0 else np.float64
    found = np.array([v or 0 for v in values], kind), np.array([v is not None for v in values])
    stack.numbers(made.columns[position].name, *found)


def _kind(name: str, field: Field, is_float: bool) -> Kind:
    """What a column of numbers is by its field's type."""
    kind = field.type
    if kind in LABELS or kind == "mesg_num":
        return LABELS.get(kind, MESSAGE_NAMES)
    if kind in DATES and not name.endswith("_raw"):
        return UTC if kind == "date_time" else LOCAL
    if kind == "bool":
        return BOOLEAN
    return FLOAT if is_float or field.scale != 1 or field.offset else INTEGER


def _stack(stack: Stack, name: str, values: NDArray[np.float64], kind: Kind) -> None:
    if kind == BOOLEAN:
        stack.flags(name, values)
    elif isinstance(kind, str):
        stack.more(name, kind, values)
    elif len(values) <= FEW:
        stack.texts(name, [_label(code, kind) for code in values.tolist()])
    else:
        _stack_labels(stack, name, values, kind)


def _stack_labels(stack: Stack, name: str, values: NDArray[np.float64], labels: Labels) -> None:
    """A long column of labels, each looked up once."""
    few = (values >= 0.0) & (values < MOST_CODES)
    if (few | np.isnan(values)).all():
        numbers = np.where(few, values, -1.0).astype(np.int64) + 1
        found = np.flatnonzero(np.bincount(numbers))
        place = np.zeros(MOST_CODES + 1, np.int64)
        place[found] = np.arange(len(found))
        where, codes = place.take(numbers), [code - 1.0 if code else math.nan for code in found.tolist()]
    else:
        # signed, long or no integers at all: a file may declare any type
        distinct, where = np.unique(values, return_inverse=True)
        codes = distinct.tolist()
    stack.coded(name, where, [_label(code, labels) for code in codes])


def _label(code: float, labels: dict[int, str]) -> str | None:
    return labels.get(int(code)) or str(int(code)) if math.isfinite(code) else None


@lru_cache
def _readings(number: int) -> tuple[tuple[str, str, dict[float, list[Subfield]]], ...]:
    """The subfields of a message type by source and reference, and then by what the reference must be."""
    known = MESSAGES[number]
    found: dict[tuple[str, str], dict[float, list[Subfield]]] = {}
    for row in known.subfields:
        pair = known.fields[row.source].name, known.fields[row.reference].name
        for code in row.values:
            found.setdefault(pair, {}).setdefault(code, []).append(row)
    return tuple([(*pair, by_code) for pair, by_code in found.items()])


def _stack_subfields(stack: Stack, known: Message, numbers: Numbers) -> None:
    """Other readings of a field, by what another field of the same message says."""
    found: dict[Subfield, NDArray[np.float64]] = {}
    for source_name, reference_name, by_code in _readings(known.number):
        source, reference = numbers.get(source_name), numbers.get(reference_name)
        if source is None or reference is None:
            continue
        for row in {row: None for code in set(reference.tolist()) for row in by_code.get(code, ())}:
            chosen = one_of(reference, row.values) & (source == source)
            if row.name not in stack and chosen.any():
                field = known.fields[row.source]
                raw = (source + field.offset) * field.scale
                found[row] = np.where(chosen, raw / row.scale, np.nan)
    for row in known.subfields:
        if row in found:
            field = Field(row.source, row.name, row.units, row.scale, 0, row.type)
            _stack(stack, row.name, found[row], _kind(row.name, field, False))
