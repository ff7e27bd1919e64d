"""Messages as polars tables.

Comes in: the numeric columns of one message type, and the bytes for what is no number. Goes out: one table:
labels, dates, integers, floats, lists and text, null where invalid. Leaves to others: finding and scaling
the values (`decode.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.arrays import long_integers, read_texts, stack_arrays
from telemetry.ingest.fit.base_types import LONGS
from telemetry.ingest.fit.gather_numpy import values as plain_values
from telemetry.ingest.fit.heart_beats import unpack_beats
from telemetry.ingest.fit.labels import LABELS
from telemetry.ingest.fit.profile import COMMON, DATES, HR, MESSAGES, NAMES_ONLY, Field, Message, Subfield
from telemetry.ingest.fit.stack import BOOLEAN, FLOAT, INTEGER, LOCAL, TEXT, UTC, Pile, Stack

if TYPE_CHECKING:
    from telemetry.ingest.fit.decode import Rows

FEW = 64
"""Rows up to which a plain list is built faster than an array is looked up, and tables share a pile."""

MESSAGE_NAMES = {row.number: row.name for row in MESSAGES.values()} | NAMES_ONLY


def frame(
    raw: bytes,
    data: NDArray[np.uint8],
    rows: Rows,
    numbers: dict[str, NDArray[np.float64]],
    gather: Callable[..., None],
    pile: Pile,
) -> Callable[[], pl.DataFrame]:
    """Collect the table of one message type; what is returned makes it, once `pile` is complete.

    Columns in the file's order, then what was expanded. Short tables share the pile.
    """
    made = rows.plan
    known = MESSAGES.get(rows.number)
    longs = _long_columns(data, rows) if len(made.longs) else {}
    shared = len(rows.offset) <= FEW and rows.number != HR.number
    stack = Stack(len(rows.offset), pile if shared else Pile())
    kinds = made.kinds
    for name, values in numbers.items():
        if name in longs:
            stack.series(name, longs[name])
            continue
        kind = kinds.get(name)
        if kind is None:
            field = made.fields.get(name) or _expanded(known, name)
            kind = kinds[name] = _kind(name, field, name in made.floats)
        _stack(stack, name, values, kind)
    for position in range(made.n_scalars, len(made.columns)):
        column = made.columns[position]
        if column.shape == "text":
            stack.cells(column.name, TEXT, read_texts(raw, rows.offset, rows.layout, made, position))
        else:
            stack_arrays(stack, raw, data, rows.offset, rows.layout, made, position, gather)
    if known and known.subfields:
        _stack_subfields(stack, known, numbers)
    if shared:
        return stack.table
    # a table of its own is made at once, so that the columns of a long one are held only once
    whole = stack.table()
    table = unpack_beats(whole) if rows.number == HR.number else whole
    return lambda: table


def _expanded(known: Message | None, name: str) -> Field:
    """The field of a column that the file's definitions do not declare."""
    for field in (known.fields if known else COMMON).values():
        if field.name == name:
            return field
    return Field(0, name)


def _long_columns(data: NDArray[np.uint8], rows: Rows) -> dict[str, pl.Series]:
    """Unscaled columns of 64-bit integers, which a double would round; UInt64 where a value needs it."""
    made = rows.plan
    found: dict[str, pl.Series] = {}
    for c in made.longs:
        column = made.columns[c]
        if column.field.scale != 1 or column.field.offset or column.field.type:
            continue
        values: list[int | None] = [None] * len(rows.offset)
        for which in np.flatnonzero(made.at[:, c] >= 0).tolist():
            here = np.flatnonzero(rows.layout == which)
            places = rows.offset[here].astype(np.int64) + int(made.at[which, c])
            code = int(made.kind[which, c])
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
        kind = pl.Int64 if top < 1 << 63 else pl.UInt64 if low >= 0 else pl.Float64
        found[column.name] = pl.Series(column.name, values, dtype=kind, strict=False)
    return found


Kind = str | dict[int, str]
"""A word of `stack.py`, or the labels of an enumeration."""


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
    if isinstance(kind, str):
        stack.numbers(name, kind, values)
    elif len(values) <= FEW:
        stack.cells(name, TEXT, [_label(code, kind) for code in values.tolist()])
    else:
        stack.series(name, _labelled(values, kind))


def _labelled(values: NDArray[np.float64], labels: dict[int, str]) -> pl.Series:
    first = values[0]
    if (values == first).all():
        return pl.Series([_label(float(first), labels)], dtype=pl.String).new_from_index(0, len(values))
    codes, where = np.unique(values, return_inverse=True)
    texts = pl.Series([_label(code, labels) for code in codes.tolist()], dtype=pl.String)
    return texts[pl.Series(where.astype(np.uint32))]


def _label(code: float, labels: dict[int, str]) -> str | None:
    return None if code != code else labels.get(int(code)) or str(int(code))


def _stack_subfields(stack: Stack, known: Message, numbers: dict[str, NDArray[np.float64]]) -> None:
    """Other readings of a field, by what another field of the same message says."""
    found: dict[str, tuple[Subfield, NDArray[np.float64]]] = {}
    for row in known.subfields:
        source = numbers.get(known.fields[row.source].name)
        reference = numbers.get(known.fields[row.reference].name)
        if source is None or reference is None or row.name in stack:
            continue
        field = known.fields[row.source]
        if len(reference) <= FEW:
            meant = np.array([code in row.values for code in reference.tolist()])
        else:
            meant = np.isin(reference, row.values)
        chosen = meant & ~np.isnan(source)
        if chosen.any():
            raw = (source + field.offset) * field.scale
            found[row.name] = row, np.where(chosen, raw / row.scale, np.nan)
    for name, (row, values) in found.items():
        field = Field(row.source, name, row.units, row.scale, 0, row.type)
        _stack(stack, name, values, _kind(name, field, False))
