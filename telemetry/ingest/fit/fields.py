"""From definitions to columns: which column of which message stands where in which layout.

Comes in: the field bytes of every definition of one message type, developer fields already resolved. Goes out: a `Plan`:
columns with names and scales, and for each layout the place and type of every column. Leaves to others: reading the
values (`gather_kernel.py`, `arrays.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, BYTE, SIZE_OF_TYPE, STRING, TYPE_OF_CODE, UNKNOWN
from telemetry.ingest.fit.profile import DATES, MESSAGES, Component, Field, Message

Shape = Literal["scalar", "array", "text"]
DEVELOPER_CODE = 256
"""Added to the type of a developer field, which is a position in BASE_TYPES already."""


CACHED_LAYOUTS = 512
"""Plans of more layouts than any head unit writes are not kept."""


class DeveloperField(NamedTuple):
    """What a field_description said of a developer field, or nothing but its numbers."""

    index: int
    number: int
    name: str = ""
    units: str = ""
    code: int = UNKNOWN
    native: int = 255
    """field number of the profile that it stands for; 255: none"""


class Layout(NamedTuple):
    """One way in which messages of a type are laid out. Hashable: equal layouts are planned once."""

    big: bool
    fields: bytes
    developer: tuple[tuple[int, DeveloperField], ...] = ()
    """size in bytes and description, in file order"""


class FieldInfo(NamedTuple):
    """One declared field, for people who want to see what is in a file."""

    number: int
    name: str
    units: str
    developer: bool
    base_type: str


class Column(NamedTuple):
    key: tuple[int, int]
    """field number and developer index, -1 for the profile's own fields"""
    shape: Shape
    name: str
    field: Field


class Place(NamedTuple):
    at: int
    """bytes after the message's header byte"""
    code: int
    """position in BASE_TYPES"""
    count: int
    size: int


@dataclass(frozen=True)
class Plan:
    """Columns of one message type. The scalar ones come first and are read by the kernel from these tables."""

    columns: tuple[Column, ...]
    n_scalars: int
    at: NDArray[np.int32]
    kind: NDArray[np.uint8]
    big: NDArray[np.uint8]
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    places: tuple[dict[int, Place], ...]
    """for each layout, the places of arrays and texts by column position"""
    declared: tuple[FieldInfo, ...]
    merged: tuple[tuple[str, str], ...] = ()
    """(source, target) of components that are the same number: the target takes the source's value where it has none"""


def plan(message: int, layouts: tuple[Layout, ...]) -> Plan:
    """The columns of messages of type `message` in these layouts."""
    return _plan(message, layouts) if len(layouts) <= CACHED_LAYOUTS else _make_plan(message, layouts)


def element_type(code: int, size: int) -> int:
    """The type by which `size` bytes declared as type `code` can be read.

    A field whose size is no multiple of its type's is read as the integer of that size where there is one,
    with the same sign; else its bytes are kept.
    """
    if size % int(SIZE_OF_TYPE[code]) == 0:
        return code
    kind = BASE_TYPES[code].kind
    if kind == "signed":
        return {1: 1, 2: 3, 4: 5}.get(size, BYTE)
    if kind == "unsigned":
        zero = BASE_TYPES[code].invalid == 0
        return {1: 10 if zero else 2, 2: 11 if zero else 4, 4: 12 if zero else 6}.get(size, BYTE)
    return BYTE


@lru_cache(maxsize=64)
def _plan(message: int, layouts: tuple[Layout, ...]) -> Plan:
    return _make_plan(message, layouts)


def _make_plan(message: int, layouts: tuple[Layout, ...]) -> Plan:
    known = MESSAGES.get(message)
    profile = known.fields if known else {}
    order: dict[tuple[int, int, Shape], int] = {}
    descriptions: dict[tuple[int, int], DeveloperField] = {}
    declared: dict[tuple[int, int, int], None] = {}
    found: list[list[tuple[int, Place]]] = []
    merged: dict[tuple[int, int], None] = {}
    # a head unit may declare the same field in hundreds of layouts: what it is, is worked out once
    readings: dict[tuple[int, int, int, int], Reading] = {}
    for layout in layouts:
        here: dict[int, Place] = {}
        at = 1
        raw = layout.fields
        fields = [(raw[i], -1, raw[i + 1], raw[i + 2]) for i in range(0, len(raw), 3)]
        for size, developer in layout.developer:
            descriptions[developer.number, developer.index] = developer
            fields.append((developer.number, developer.index, size, DEVELOPER_CODE + developer.code))
        for field in fields:
            size = field[2]
            reading = readings.get(field)
            if reading is None:
                reading = readings[field] = _reading(field, profile, order)
                declared[field[0], field[1], field[3] % DEVELOPER_CODE] = None
            place = Place(at, reading.code, reading.count, size)
            for column in reading.columns:
                here.setdefault(column, place)
            at += size
        if known:
            _alias(here, order, known, merged)
        found.append(list(here.items()))

    scalars = [key for key in order if key[2] == "scalar"]
    others = [key for key in order if key[2] != "scalar"]
    position = {order[key]: i for i, key in enumerate(scalars + others)}
    columns = _named(scalars + others, profile, descriptions)
    n = len(scalars)
    at_table = np.full((len(layouts), n), -1, np.int32)
    kind_table = np.zeros((len(layouts), n), np.uint8)
    places: list[dict[int, Place]] = []
    for row, entries in enumerate(found):
        rest: dict[int, Place] = {}
        for column, place in entries:
            c = position[column]
            if c < n:
                at_table[row, c] = place.at
                kind_table[row, c] = place.code
            else:
                rest[c] = place
        places.append(rest)
    return Plan(
        columns,
        n,
        at_table,
        kind_table,
        np.array([layout.big for layout in layouts], np.uint8),
        np.array([column.field.scale for column in columns[:n]], np.float64),
        np.array([column.field.offset for column in columns[:n]], np.float64),
        tuple(places),
        tuple(
            FieldInfo(
                number,
                _declared_name(number, index, profile, descriptions),
                descriptions[number, index].units if index >= 0 else _row(number, profile).units,
                index >= 0,
                BASE_TYPES[code & 0x1F].name if code & 0x60 == 0 and code & 0x1F < UNKNOWN else "unknown",
            )
            for number, index, code in declared
        ),
        tuple((profile[source].name, profile[target].name) for source, target in merged),
    )


def same_number(component: Component, source: Field) -> bool:
    """True where source and component share scale and offset: the target's value is the source's, to the last bit."""
    return (
        component.start == 0
        and component.bits >= 8
        and not component.accumulate
        and source.type != "array"
        and (component.scale, component.offset) == (source.scale, source.offset)
    )


def _alias(
    here: dict[int, Place],
    order: dict[tuple[int, int, Shape], int],
    known: Message,
    merged: dict[tuple[int, int], None],
) -> None:
    """Let the target of a component read the source's bytes, where a layout has the source and not the target."""
    for component in known.components:
        source = order.get((component.source, -1, "scalar"))
        if source is None or source not in here or not same_number(component, known.fields[component.source]):
            continue
        target = order.setdefault((component.target, -1, "scalar"), len(order))
        if target in here:
            merged[component.source, component.target] = None
        else:
            here[target] = here[source]


class Reading(NamedTuple):
    """How a declared field is read: by which type, how many elements, into which columns."""

    code: int
    count: int
    columns: tuple[int, ...]


def _reading(
    declared: tuple[int, int, int, int],
    profile: dict[int, Field],
    order: dict[tuple[int, int, Shape], int],
) -> Reading:
    """`declared` is number, developer index, size and type of a field; new columns are put into `order`."""
    number, index, size, code = declared
    if not size:
        return Reading(UNKNOWN, 0, ())
    in_profile = index < 0 and number in profile
    listed = in_profile and profile[number].type == "array"
    code = element_type(int(TYPE_OF_CODE[code]) if code < DEVELOPER_CODE else code - DEVELOPER_CODE, size)
    if code == UNKNOWN and size == 1:
        code = BYTE
    count = size // int(SIZE_OF_TYPE[code])
    shapes: tuple[Shape, ...]
    if code == STRING:
        shapes = ("text",)
    elif listed or code == UNKNOWN or (count > 1 and (not in_profile or code == BYTE)):
        shapes = ("array",)
    elif count > 1:
        # the profile says one value, the file holds several: the first is the value, all are kept beside it
        shapes = ("scalar", "array")
    else:
        shapes = ("scalar",)
    return Reading(
        code, count, tuple(order.setdefault((number, index, shape), len(order)) for shape in shapes)
    )


def _row(number: int, profile: dict[int, Field]) -> Field:
    return profile.get(number) or Field(number, f"unknown_{number}")


def _declared_name(
    number: int,
    index: int,
    profile: dict[int, Field],
    descriptions: dict[tuple[int, int], DeveloperField],
) -> str:
    if index < 0:
        return _row(number, profile).name
    return descriptions[number, index].name or f"developer_{index}_{number}"


def _named(
    keys: list[tuple[int, int, Shape]],
    profile: dict[int, Field],
    descriptions: dict[tuple[int, int], DeveloperField],
) -> tuple[Column, ...]:
    """Give every column its name, the profile's own fields first, so that none is taken from them."""
    taken: set[str] = set()
    named: dict[tuple[int, int, Shape], Column] = {}
    for number, index, shape in sorted(keys, key=lambda key: (key[1] >= 0, key[2] != "scalar")):
        if index < 0:
            field = _row(number, profile)
            name = field.name
        else:
            told = descriptions[number, index]
            name = told.name or f"developer_{index}_{number}"
            field = Field(number, name, told.units)
            if name in taken and shape == "scalar":
                name = f"{name}_dev{index}"
        if name in taken:
            name += {"scalar": f"_{number}", "array": "_all", "text": "_text"}[shape]
        while name in taken:
            name += "_"
        taken.add(name)
        named[number, index, shape] = Column((number, index), shape, name, field)
    return tuple(named[key] for key in keys)


def is_date(column: Column) -> bool:
    return column.field.type in DATES
