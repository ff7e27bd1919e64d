"""A FIT file as columns: open it, ask for a message type, get its fields.

Comes in: bytes. Goes out: `FitFile`, which knows every message by place and type and gathers columns when
asked. Leaves to others: walking the bytes (`sections.py`), planning and reading fields (`fields.py`,
`gather_kernel.py`), tables (`frames.py`), and what a ride is (`activity.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import LimitExceeded
from telemetry.ingest.fit.components import expand
from telemetry.ingest.fit.damage import Damage
from telemetry.ingest.fit.developer import FIELD_DESCRIPTION, Descriptions, read_descriptions
from telemetry.ingest.fit.fields import FieldInfo, Layout, Plan, kept_plan, make_plan
from telemetry.ingest.fit.index import (
    BIG_ENDIAN,
    GLOBAL,
    MAX_CELLS,
    MAX_FIELDS,
    MAX_TYPES,
    N_DEVELOPER,
    N_FIELDS,
    OFFSET,
    SECTION,
    Index,
)
from telemetry.ingest.fit.profile import NUMBER_OF_NAME, message_name
from telemetry.ingest.fit.sections import Reading, read_index

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Damage", "FieldInfo", "FitFile", "Rows", "open_fit"]

UNIX_AT_FIT_EPOCH = 631_065_600.0
"""1989-12-31 00:00 UTC, where FIT begins to count, in Unix seconds."""
DEVICE_RELATIVE_BELOW = 0x1000_0000
"""A date below this counts seconds since the device was switched on."""


@dataclass(frozen=True)
class Rows:
    """The messages of one type: where each stands, which layout each has, and the plan of its columns."""

    number: int
    offset: NDArray[np.int32]
    definition: NDArray[np.int32]
    layout: NDArray[np.int32]
    plan: Plan


class FitFile:
    """One opened FIT file. Nothing is decoded until it is asked for."""

    def __init__(self, data: bytes, file: str | None, reading: Reading) -> None:
        self._raw = data
        self._data = np.frombuffer(data, np.uint8)
        self._index: Index = reading.messages
        self._doubtful = reading.doubtful
        self.file = file
        self.size = len(data)
        self.damage: tuple[Damage, ...] = reading.damage
        self.salvaged = reading.salvaged
        """True where messages were recovered around structural damage"""
        self.sections = reading.sections
        """how many FIT files are chained in this one"""
        self._rows: dict[int, Rows | None] = {}

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """Names of the message types with at least one message, in order of first appearance."""
        return tuple(message_name(number) for number in self._groups)

    @cached_property
    def _groups(self) -> dict[int, NDArray[np.int32]]:
        """Message number → positions in the index, in order of first appearance."""
        index = self._index
        numbers = index.definitions[:, GLOBAL].astype(np.uint16)[index.definition]
        order = np.argsort(numbers, kind="stable").astype(np.int32)
        ordered = numbers[order]
        cuts = [0, *(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1).tolist(), len(order)]
        groups = [order[a:b] for a, b in pairwise(cuts)] if len(order) else []
        groups.sort(key=lambda rows: int(rows[0]))
        return {int(numbers[rows[0]]): rows for rows in groups}

    @cached_property
    def _readers(self) -> ModuleType:
        """The compiled readers where they are loaded or worth loading, else the NumPy ones."""
        if worth_compiling(self.size):
            from telemetry.ingest.fit import gather_kernel

            return gather_kernel
        from telemetry.ingest.fit import gather_numpy

        return gather_numpy

    @cached_property
    def _numbers_of_names(self) -> dict[str, int]:
        return {message_name(number): number for number in self._groups}

    def _number(self, message: str) -> int:
        known = NUMBER_OF_NAME.get(message)
        return self._numbers_of_names.get(message, -1) if known is None else known

    def _positions(self, number: int) -> NDArray[np.int32]:
        if "_groups" in self.__dict__:
            return self._groups.get(number, np.empty(0, np.int32))
        of_type = self._index.definitions[:, GLOBAL] == number
        return np.flatnonzero(of_type[self._index.definition]).astype(np.int32)

    @cached_property
    def _descriptions(self) -> Descriptions:
        rows = self._positions(FIELD_DESCRIPTION)
        index = self._index
        return read_descriptions(self._raw, index.offset[rows], index.definition[rows], index.definitions)

    def rows(self, message: str) -> Rows | None:
        """Where the messages of one type stand and how they are laid out; None where there are none.

        Raises
        ------
        LimitExceeded : the table would be out of proportion to the file
        """
        number = self._number(message)
        if number not in self._rows:
            self._rows[number] = self._make_rows(number) if number >= 0 else None
        return self._rows[number]

    def _make_rows(self, number: int) -> Rows | None:
        index = self._index
        if "_groups" in self.__dict__ and len(positions := self._positions(number)) <= FEW:
            return self._make_few(number, positions)
        used = np.zeros(len(index.definitions), np.bool_)
        if "_groups" in self.__dict__:
            positions = self._positions(number)
            offset, definition = index.offset.take(positions), index.definition.take(positions)
            used[definition] = True
        else:
            offset, definition = np.empty_like(index.offset), np.empty_like(index.definition)
            n = self._readers.select(
                number, index.offset, index.definition, index.definitions, offset, definition, used
            )
            offset, definition = offset[:n], definition[:n]
        if not len(offset):
            return None
        numbers = used.nonzero()[0]
        layouts, made = self._plan(number, index.definitions[numbers], numbers)
        self._check_cells(number, len(offset), made)
        if len(made.at) > 1:
            which = np.zeros(len(index.definitions), np.int32)
            which[numbers] = layouts
            layout = which.take(definition)
        else:
            layout = np.zeros(len(offset), np.int32)
        return Rows(number, offset, definition, layout, made)

    def _make_few(self, number: int, positions: NDArray[np.int32]) -> Rows:
        """The same for a few messages, whose definitions are looked up one by one."""
        index = self._index
        offset, definition = index.offset.take(positions), index.definition.take(positions)
        each = definition.tolist()
        used = sorted(set(each))
        layouts, made = self._plan_each(number, [index.definitions[i].tolist() for i in used])
        self._check_cells(number, len(offset), made)
        if len(made.at) > 1:
            of_definition = dict(zip(used, layouts, strict=True))
            layout = np.array([of_definition[i] for i in each], np.int32)
        else:
            layout = np.zeros(len(each), np.int32)
        return Rows(number, offset, definition, layout, made)

    def _check_cells(self, number: int, n_rows: int, made: Plan) -> None:
        if n_rows * len(made.columns) > MAX_CELLS.value + self.size:
            raise LimitExceeded(
                f"the table of {message_name(number)!r} messages would be out of proportion to the file",
                file=self.file,
                expected=f"at most {MAX_CELLS.value + self.size:,} cells",
                got=f"{n_rows:,} rows of {len(made.columns):,} fields",
            )

    def _plan(
        self, number: int, definitions: NDArray[np.int32], numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], Plan]:
        """For each of these rows of the definition table which layout it has, and the plan of the layouts.

        A head unit may repeat a definition hundreds of times: where there are many, compiled code tells the
        equal ones, and their bytes as a whole tell whether such a plan was made before.
        """
        if (
            len(numbers) <= MANY_DEFINITIONS
            or definitions[:, N_DEVELOPER].any()
            or not worth_compiling(self.size)
        ):
            layouts, made = self._plan_each(number, definitions.tolist())
            return np.array(layouts, np.int32), made
        from telemetry.ingest.fit.scan_kernel import same_layouts

        first = np.empty(len(numbers), np.int64)
        packed = np.empty(int((4 + 3 * definitions[:, N_FIELDS]).sum()), np.uint8)
        n_packed = same_layouts(self._data, self._index.definitions, numbers, first, packed)
        distinct = np.flatnonzero(first == np.arange(len(numbers)))
        of_distinct = np.empty(len(numbers), np.int32)
        key = number, packed[:n_packed].tobytes()
        of_distinct[distinct], made = kept_plan(
            key,
            int(definitions[distinct, N_FIELDS].sum()),
            lambda: self._plan_each(number, definitions[distinct].tolist()),
        )
        return of_distinct[first], made

    def _plan_each(self, number: int, definitions: list[list[int]]) -> tuple[list[int], Plan]:
        """The same, comparing one by one. Files of one head unit are alike: their plans are kept by the bytes
        that they were made from."""
        raw = self._raw
        seen: dict[object, int] = {}
        distinct: list[list[int]] = []
        developed: Hashable = None
        which: list[int] = []
        epoch, section, until = (-1, 0), -1, -1
        for row in definitions:
            start, n_developer = row[OFFSET], row[N_DEVELOPER]
            stop = start + 6 + 3 * row[N_FIELDS]
            told: object
            if n_developer:
                if start >= until or row[SECTION] != section:
                    section = row[SECTION]
                    epoch, until = self._descriptions.epoch(section, start)
                    developed = self._descriptions.signature
                told = raw[start + 2 : stop + 1 + 3 * n_developer], epoch
            else:
                told = raw[start + 2 : stop]
            position = seen.get(told)
            if position is None:
                position = seen[told] = len(distinct)
                distinct.append(row)
            which.append(position)
        fields = sum(row[N_FIELDS] + row[N_DEVELOPER] for row in distinct)
        if fields > MAX_FIELDS.value:
            raise LimitExceeded(
                f"{message_name(number)!r} messages are laid out in too many ways",
                file=self.file,
                expected=f"at most {MAX_FIELDS.value:,} {MAX_FIELDS.unit}",
                got=f"{fields:,} in {len(distinct):,} layouts",
            )
        key = number, tuple(seen), developed
        return which, kept_plan(key, fields, lambda: make_plan(number, map(self._layout, distinct)))

    def _layout(self, row: list[int]) -> Layout:
        raw = self._raw
        start = row[OFFSET] + 6
        stop = start + 3 * row[N_FIELDS]
        developer = tuple(
            (raw[i + 1], self._descriptions.find(row[SECTION], row[OFFSET], raw[i + 2], raw[i]))
            for i in range(stop + 1, stop + 1 + 3 * row[N_DEVELOPER], 3)
        )
        return Layout(bool(row[BIG_ENDIAN]), raw[start:stop], developer)

    def count(self, message: str) -> int:
        """How many messages of this type the file has."""
        return len(self._positions(self._number(message)))

    def offsets(self, message: str) -> NDArray[np.int64]:
        """Byte offset of every message of this type (n,)."""
        return np.asarray(self._index.offset[self._positions(self._number(message))], np.int64)

    def section(self, message: str) -> NDArray[np.int64]:
        """Which of the chained files every message of this type came from (n,), from 0."""
        definition = self._index.definition[self._positions(self._number(message))]
        return np.asarray(self._index.definitions[definition, SECTION], np.int64)

    def doubtful(self, message: str) -> NDArray[np.bool_]:
        """True for messages that stand beside structural damage, or whose time cannot be the ride's in a file
        that no checksum vouches for: recovered, but perhaps not what was written (n,)."""
        positions = self._positions(self._number(message))
        if self._doubtful is None:
            return np.zeros(len(positions), np.bool_)
        return self._doubtful[positions]

    def declared(self, message: str) -> tuple[FieldInfo, ...]:
        """The fields that this file's definitions of a message type declare."""
        rows = self.rows(message)
        return rows.plan.declared if rows else ()

    def columns(self, message: str = "record") -> dict[str, NDArray[np.float64]]:
        """The numeric fields of one message type by name, each (n,) float64, NaN where invalid or absent.

        Scaled, in the profile's units; dates in Unix seconds UTC, device-relative ones NaN with their raw
        value in `…_raw` beside them; enumerations as codes; components expanded. Strings and arrays are in
        `frame()` only.
        """
        rows = self.rows(message)
        if rows is None:
            return {}
        return self._numbers(rows)[1]

    def _numbers(self, rows: Rows) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """The scalar columns of the plan [column, row], and these by name with what is expanded of them."""
        made = rows.plan
        out = np.empty((made.n_scalars, len(rows.offset)), np.float64)
        self._readers.gather(
            self._data, rows.offset, rows.layout, made.at, made.kind, made.big, made.scale, made.shift, out
        )
        found = dict(zip(made.fields, out, strict=True))
        if self._index.compressed:
            self._header_times(rows, found)
        for name in made.dates:
            _to_unix(found, name)
        if self._index.compressed and "timestamp" in found and "timestamp" not in made.fields:
            _to_unix(found, "timestamp")
        expand(
            rows.number,
            found,
            self._data,
            rows.offset,
            rows.layout,
            made,
            lambda: self._index.definitions[rows.definition, SECTION],
        )
        return out, found

    def _header_times(self, rows: Rows, found: dict[str, NDArray[np.float64]]) -> None:
        """Fill in the timestamps that stand in header bytes, raw."""
        times = self._compressed_times[self._positions(rows.number)]
        carried = times >= 0
        if not carried.any():
            return
        own = found.get("timestamp")
        if own is None:
            found["timestamp"] = np.where(carried, times, np.nan)
        else:
            np.copyto(own, times, where=carried & np.isnan(own))

    @cached_property
    def _compressed_times(self) -> NDArray[np.int64]:
        out = np.empty(len(self._index.offset), np.int64)
        self._readers.header_times(
            self._data, self._index.offset, self._index.definition, self._index.definitions, out
        )
        return out

    def frame(self, message: str) -> pl.DataFrame:
        """One message type as a table, one row per message as it stands in the file.

        Enumerations as labels (unknown codes as text), scaled values Float64, unscaled Int64, arrays as
        List, dates as Datetime("ms", "UTC"), invalid as null, unknown fields as `unknown_15`, developer
        fields by their names.
        """
        import polars as pl

        from telemetry.ingest.fit.frames import frame

        rows = self.rows(message)
        if rows is None:
            return pl.DataFrame()
        return frame(self._raw, self._data, rows, *self._numbers(rows), self._readers)

    def texts(self, message: str, name: str) -> list[str | None]:
        """One text field of one message type (n,), None where empty; no table is built for it."""
        from telemetry.ingest.fit.arrays import read_texts

        rows = self.rows(message)
        if rows is None:
            return []
        for position in range(rows.plan.n_scalars, len(rows.plan.columns)):
            column = rows.plan.columns[position]
            if column.name == name and column.shape == "text":
                return read_texts(self._raw, rows.offset, rows.layout, rows.plan, position)
        return [None] * len(rows.offset)

    def frames(self) -> dict[str, pl.DataFrame]:
        """Every message type as a table.

        Raises
        ------
        LimitExceeded : more message types than the grammar allows
        """
        if len(self.messages) > MAX_TYPES.value:
            raise LimitExceeded(
                "too many message types for tables",
                file=self.file,
                expected=f"at most {MAX_TYPES.value:,} message types",
                got=f"{len(self.messages):,}",
            )
        return {message: self.frame(message) for message in self.messages}


def _to_unix(found: dict[str, NDArray[np.float64]], name: str) -> None:
    raw = found[name]
    relative = raw < DEVICE_RELATIVE_BELOW
    if np.count_nonzero(relative):
        found[f"{name}_raw"] = raw.copy()
        raw[relative] = np.nan
    raw += UNIX_AT_FIT_EPOCH


def worth_compiling(n_bytes: int) -> bool:
    """Loading the compiler's cache costs 0.4 s: not worth it for one file of a few megabytes."""
    return "numba" in sys.modules or n_bytes > COLD_BYTES


COLD_BYTES = 4_000_000
FEW = 16
"""Messages up to which plain lists are quicker than arrays."""
MANY_DEFINITIONS = 16
"""Definitions of one message type from which on comparing them is left to compiled code."""


def open_fit(data: bytes, file: str | None = None) -> FitFile:
    """Open a FIT file: find its messages, check its checksums, note its damage.

    Raises
    ------
    BadInput : not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    raw = bytes(data)
    return FitFile(raw, file, read_index(raw, file, worth_compiling(len(raw))))
