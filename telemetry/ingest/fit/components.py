"""Fields that hold other fields: speed in enhanced_speed, gears in event data, counters that roll over.

Comes in: the numeric columns of one message type. Goes out: the same with the components' targets filled in
where the file does not have them itself. Leaves to others: which bits mean what (rows of `profile.py`).
Everything is done on raw integers; only the last step divides by the scale.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.fields import Plan, same_number
from telemetry.ingest.fit.labels import one_of
from telemetry.ingest.fit.profile import (
    EVENT,
    GEAR_CHANGE,
    GEAR_CHANGE_EVENTS,
    MESSAGES,
    Component,
    Field,
)

Columns = dict[str, NDArray[np.float64]]


def expand(
    message: int,
    columns: Columns,
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    made: Plan,
    sections: Callable[[], NDArray[np.int32]],
) -> None:
    """Fill the targets of every component that this message type has, in place."""
    known = MESSAGES.get(message)
    if known is None or not known.components:
        return
    for before, after in made.merged:
        if before in columns and after in columns:
            _fill(columns, after, columns[before])
    packed: dict[int, NDArray[np.float64] | None] = {}
    for component, source, target in _apart(message):
        if source.type == "array":
            if component.source not in packed:
                packed[component.source] = _bytes_as_number(component.source, data, offset, layout, made)
            raw = packed[component.source]
        else:
            column = columns.get(source.name)
            if column is None:
                continue
            raw = np.rint((column + source.offset) * source.scale)
        if raw is not None:
            _fill(columns, target.name, _part(raw, component, sections))
    if message == EVENT.number:
        _gears(columns)


@lru_cache
def _apart(message: int) -> tuple[tuple[Component, Field, Field], ...]:
    """The components of a message type that are not just their source again, with source and target."""
    fields, components = MESSAGES[message].fields, MESSAGES[message].components
    rows = [(component, fields[component.source], fields[component.target]) for component in components]
    return tuple([row for row in rows if not same_number(row[0], row[1])])


def _part(
    raw: NDArray[np.float64], component: Component, sections: Callable[[], NDArray[np.int32]]
) -> NDArray[np.float64]:
    """The component's bits of raw numbers (NaN: missing), accumulated over roll-overs, scaled."""
    out = np.full(len(raw), np.nan)
    valid = ~np.isnan(raw)
    bits = (raw[valid].astype(np.int64) >> component.start) & ((1 << component.bits) - 1)
    if component.accumulate:
        bits = _accumulated(bits, component.bits, sections()[valid])
    out[valid] = bits / component.scale - component.offset
    return out


def _accumulated(values: NDArray[np.int64], bits: int, sections: NDArray[np.int32]) -> NDArray[np.int64]:
    """A counter of `bits` bits that rolls over, as one that does not; each chained file starts anew."""
    if not len(values):
        return values
    steps = np.empty_like(values)
    steps[0] = values[0]
    steps[1:] = np.diff(values) & ((1 << bits) - 1)
    starts = np.flatnonzero(np.diff(sections)) + 1
    total = np.cumsum(steps)
    for start in starts.tolist():
        total[start:] += values[start] - total[start]
    return total


def _fill(columns: Columns, name: str, values: NDArray[np.float64]) -> None:
    have = columns.get(name)
    if have is None:
        if not np.isnan(values).all():
            columns[name] = values.copy()
    elif np.isnan(have).any():
        np.copyto(have, values, where=np.isnan(have))


def _bytes_as_number(
    source: int, data: NDArray[np.uint8], offset: NDArray[np.int32], layout: NDArray[np.int32], made: Plan
) -> NDArray[np.float64] | None:
    """A field of up to six bytes as one little-endian number, NaN where every byte is 0xFF or the field
    absent."""
    position = next(
        (i for i, c in enumerate(made.columns) if c.key == (source, -1) and c.shape == "array"), None
    )
    if position is None:
        return None
    out = np.full(len(offset), np.nan)
    some = False
    for which, at, _, _, size in made.others[position].tolist():
        if size > 6:
            continue
        rows = np.flatnonzero(layout == which) if len(made.at) > 1 else slice(None)
        places = offset[rows] + np.int32(at)
        cells = [data[places + np.int32(k)] for k in range(size)]
        if all((cell == 0xFF).all() for cell in cells):
            continue
        number = np.zeros(len(places), np.int64)
        for k, cell in enumerate(cells):
            number |= cell.astype(np.int64) << (8 * k)
        invalid = number == (1 << 8 * size) - 1
        if not invalid.all():
            out[rows] = np.where(invalid, np.nan, number)
            some = True
    return out if some else None


def _gears(columns: Columns) -> None:
    """Gear numbers and teeth out of `data`, where the event is a gear change."""
    event, packed = columns.get("event"), columns.get("data")
    if event is None or packed is None:
        return
    changed = one_of(event, GEAR_CHANGE_EVENTS) & ~np.isnan(packed)
    if not changed.any():
        return
    raw = np.where(changed, packed, np.nan)
    for component in GEAR_CHANGE:
        _fill(
            columns,
            EVENT.fields[component.target].name,
            _part(raw, component, lambda: np.zeros(len(raw), np.int32)),
        )
