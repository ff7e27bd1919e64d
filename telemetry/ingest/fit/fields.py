"""From definitions to columns: which column of which message stands where in which layout.

Comes in: the field bytes of every definition of one message type, developer fields already resolved. Goes
out: a `Plan`: columns with names and scales, and for each layout the place and type of every column. Leaves
to others: reading the values (`gather_kernel.py`, `arrays.py`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import (
    BASE_TYPES,
    BYTE,
    FLOATS,
    LONGS,
    SIZE_OF_TYPE,
    STRING,
    TYPE_NAMES,
    TYPE_OF_CODE,
    UNKNOWN,
)
from telemetry.ingest.fit.profile import COMMON, DATES, MESSAGES, Component, Field, Message

Shape = Literal["scalar", "array", "text"]
DEVELOPER_CODE = 256
"""Added to the type of a developer field, which is a position in BASE_TYPES already."""


KEPT_FIELDS = 40_000
"""Declared fields of all plans that are kept: seven hundred plans of real files, 6 MB."""
MOST_FIELDS = 10_000
"""A plan of more is none of a head unit, and is not kept."""


class DeveloperField(NamedTuple):
    """What a field_description said of a developer field, or nothing but its numbers."""

    developer: int
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
    """field number, and -1 for the profile's own fields, else the place that `_place` gives a developer's"""
    shape: Shape
    name: str
    field: Field


@dataclass(frozen=True)
class Plan:
    """Columns of one message type. The scalar ones come first and are read by the kernel from the tables."""

    columns: tuple[Column, ...]
    n_scalars: int
    at: NDArray[np.int32]
    kind: NDArray[np.uint8]
    big: NDArray[np.uint8]
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    others: dict[int, NDArray[np.int64]]
    """places of arrays and texts by column position: rows of (layout, place, type, elements, bytes)"""
    declared: tuple[FieldInfo, ...]
    merged: tuple[tuple[str, str], ...] = ()
    """(source, target) of components that are the same number: the target takes the source's value where it
    has none"""
    recipes: dict[str | int, Any] = dataclass_field(default_factory=dict)
    """what tables make of the columns, worked out with the first table of this plan: of all scalar ones under
    no name, of an expanded one under its name, of an array under its position"""

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The field of each scalar column."""
        return {column.name: column.field for column in self.columns[: self.n_scalars]}

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """Names of the scalar columns that are dates."""
        return tuple(name for name, field in self.fields.items() if field.type in DATES)

    @cached_property
    def floats(self) -> frozenset[str]:
        """Names of the scalar columns that some layout declares as a floating-point type."""
        return frozenset(self.columns[c].name for c in self._declared_as(FLOATS))

    @cached_property
    def longs(self) -> tuple[int, ...]:
        """Positions of the scalar columns that some layout declares as a 64-bit integer."""
        return self._declared_as(LONGS)

    def _declared_as(self, codes: tuple[int, ...]) -> tuple[int, ...]:
        found = np.isin(self.kind, codes) & (self.at >= 0)
        return tuple(np.flatnonzero(found.any(axis=0)).tolist())


Made = TypeVar("Made")
_kept: dict[Hashable, Any] = {}
_kept_fields = 0


def kept_plan(key: Hashable, n_fields: int, make: Callable[[], Made]) -> Made:
    """What was made before from the same definitions, or what `make()` makes of their `n_fields` now.

    A folder of one studio needs a few hundred plans: a name of another length in a workout is another one.
    """
    global _kept_fields
    made: Made | None = _kept.get(key)
    if made is None:
        made = make()
        if n_fields <= MOST_FIELDS:
            _kept_fields += n_fields
            if _kept_fields > KEPT_FIELDS:
                _kept.clear()
                _kept_fields = n_fields
            _kept[key] = made
    return made


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


def make_plan(message: int, given: Iterable[Layout]) -> Plan:
    """The columns of messages of type `message` in the given layouts."""
    layouts = tuple(given)
    known = MESSAGES.get(message)
    profile = known.fields if known else COMMON
    order: dict[tuple[int, int, Shape], int] = {}
    descriptions: dict[tuple[int, int], DeveloperField] = {}
    declared: dict[tuple[int, int, int], None] = {}
    # a head unit may declare the same field in hundreds of layouts: what it is, is worked out once
    readings: dict[tuple[int, int, int, int], Reading] = {}
    entries = array("q")  # rows of layout, column, place, type, count, size
    for which, layout in enumerate(layouts):
        raw = layout.fields
        fields = [(raw[i], -1, raw[i + 1], raw[i + 2]) for i in range(0, len(raw), 3)]
        for size, told in layout.developer:
            place = _place(told, descriptions)
            fields.append((told.number, place, size, DEVELOPER_CODE + told.code))
        at = 1
        for field in fields:
            reading = readings.get(field)
            if reading is None:
                reading = readings[field] = _reading(field, profile, order)
                declared[field[0], field[1], field[3] % DEVELOPER_CODE] = None
            size = field[2]
            for column in reading.columns:
                entries.extend((which, column, at, reading.code, reading.elements, size))
            at += size

    pairs = _components(known, order)
    scalars = [key for key in order if key[2] == "scalar"]
    listed = [key for key in order if key[2] != "scalar"]
    position = np.empty(len(order), np.int64)
    position[[order[key] for key in scalars + listed]] = np.arange(len(order))
    columns = _named(scalars + listed, profile, descriptions)
    n = len(scalars)
    table = np.array(entries, np.int64).reshape(-1, 6)[::-1]
    table[:, 1] = position[table[:, 1]]
    at_table = np.full((len(layouts), n), -1, np.int32)
    kind_table = np.zeros((len(layouts), n), np.uint8)
    single = table[table[:, 1] < n]
    # in reverse: of a field that a definition names twice, the first one stays
    at_table[single[:, 0], single[:, 1]] = single[:, 2]
    kind_table[single[:, 0], single[:, 1]] = single[:, 3]
    rest = table[table[:, 1] >= n][::-1]
    others = {c: _first_of_layout(rest[rest[:, 1] == c]) for c in range(n, len(columns))}
    merged = []
    for source, target in pairs:
        s, t = position[order[source, -1, "scalar"]], position[order[target, -1, "scalar"]]
        alone = (at_table[:, s] >= 0) & (at_table[:, t] < 0)
        if (at_table[:, t] >= 0).any() and (at_table[:, s] >= 0).any():
            merged.append((profile[source].name, profile[target].name))
        at_table[alone, t] = at_table[alone, s]
        kind_table[alone, t] = kind_table[alone, s]
    return Plan(
        columns,
        n,
        at_table,
        kind_table,
        np.array([layout.big for layout in layouts], np.uint8),
        np.array([column.field.scale for column in columns[:n]], np.float64),
        np.array([column.field.offset for column in columns[:n]], np.float64),
        others,
        tuple(
            FieldInfo(
                number,
                _declared_name(number, index, profile, descriptions),
                descriptions[number, index].units if index >= 0 else _row(number, profile).units,
                index >= 0,
                TYPE_NAMES[code] if index >= 0 else TYPE_NAMES[TYPE_OF_CODE[code]],
            )
            for number, index, code in declared
        ),
        tuple(merged),
    )


def _place(told: DeveloperField, descriptions: dict[tuple[int, int], DeveloperField]) -> int:
    """The developer's index, or one beyond all indices where the number already stands for something else.

    A number that is described anew under another name or unit is another quantity, in a column of its own:
    chained files and two apps in turn use the same numbers. A new type alone changes how bytes are read.
    """
    place = told.developer
    while (before := descriptions.get((told.number, place))) is not None:
        if (before.name, before.units) == (told.name, told.units):
            break
        place += DEVELOPER_CODE
    descriptions[told.number, place] = told
    return place


def _first_of_layout(entries: NDArray[np.int64]) -> NDArray[np.int64]:
    """One row for each layout: the first, where a definition names a field twice."""
    _, first = np.unique(entries[:, 0], return_index=True)
    return entries[first][:, [0, 2, 3, 4, 5]]


def _components(known: Message | None, order: dict[tuple[int, int, Shape], int]) -> list[tuple[int, int]]:
    """Components whose target is the same number as their source: the target reads the source's bytes."""
    pairs = []
    for component in known.components if known else ():
        there = (component.source, -1, "scalar") in order
        if known and there and same_number(component, known.fields[component.source]):
            order.setdefault((component.target, -1, "scalar"), len(order))
            pairs.append((component.source, component.target))
    return pairs


def same_number(component: Component, source: Field) -> bool:
    """True where source and component share scale and offset: the target's value is the source's, to the
    last bit."""
    return (
        component.start == 0
        and component.bits >= 8
        and not component.accumulate
        and source.type != "array"
        and (component.scale, component.offset) == (source.scale, source.offset)
    )


class Reading(NamedTuple):
    """How a declared field is read: by which type, how many elements, into which columns."""

    code: int
    elements: int
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
    told = descriptions[number, index]
    return told.name or f"developer_{told.developer}_{number}"


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
            name = told.name or f"developer_{told.developer}_{number}"
            field = Field(number, name, told.units)
            if name in taken and shape == "scalar":
                name = f"{name}_dev{told.developer}"
        if name in taken:
            name += {"scalar": f"_{number}", "array": "_all", "text": "_text"}[shape]
        while name in taken:
            name += "_"
        taken.add(name)
        named[number, index, shape] = Column((number, index), shape, name, field)
    return tuple(named[key] for key in keys)
