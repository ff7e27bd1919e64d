"""Headers, chained files and checksums: from bytes to the index of every message.

Comes in: the bytes of one upload. Goes out: the `Index` over all chained files, and the damage. Leaves to others: the walk
over messages (`scan_kernel.py`, `scan_numpy.py`), recovery after structural damage (`salvage_kernel.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import BadInput, LimitExceeded
from telemetry.ingest.fit.crc import crc_numpy
from telemetry.ingest.fit.damage import Damage
from telemetry.ingest.fit.index import (
    MAX_BYTES,
    MAX_DEFINITIONS,
    MAX_MESSAGES,
    MAX_SECTIONS,
    POSITION,
    STATUS_KIND,
    STATUS_TEXT,
    TOO_MANY_DEFINITIONS,
    TOO_MANY_MESSAGES,
    Index,
    Tables,
)
from telemetry.ingest.fit.sniff import looks_like

SIGNATURE = b".FIT"
NEVER_WRITTEN = (0, 0xFFFFFFFF)
"""Data sizes that a recorder leaves when it dies before it closes the file."""


class Reading(NamedTuple):
    index: Index
    damage: tuple[Damage, ...]
    salvaged: bool
    doubtful: NDArray[np.bool_] | None
    sections: int


class Header(NamedTuple):
    size: int
    data_size: int
    crc: int
    """0 where the header has none"""


def read_index(raw: bytes, file: str | None, compiled: bool) -> Reading:
    """Find every message of every chained file.

    Raises
    ------
    BadInput : not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    size = len(raw)
    if size > MAX_BYTES.value:
        raise _too_large(file, "the file is too large", MAX_BYTES.value, "bytes", size)
    data = np.frombuffer(raw, np.uint8)
    if not _starts_like_fit(raw):
        raise BadInput("this is no FIT file", file=file, expected="a FIT header", got=looks_like(raw))
    tables = Tables(size)
    reader = _Reader(raw, data, tables, file, compiled)
    start, section = 0, 0
    while start < size:
        header = _header(raw, start)
        if header is None:
            reader.note("trailing_bytes", start, size - start, "bytes after the end of the file, skipped")
            break
        if section >= MAX_SECTIONS.value:
            raise _too_large(file, "too many files are chained", MAX_SECTIONS.value, "files", None, start)
        start = reader.read(start, header, section)
        section += 1
    n, m = int(tables.counts[0]), int(tables.counts[1])
    index = Index(tables.offset[:n], tables.definition[:n], tables.definitions[:m], int(tables.counts[3]))
    return Reading(index, tuple(reader.damage), reader.salvaged, None, section)


def _starts_like_fit(raw: bytes) -> bool:
    return len(raw) >= 12 and raw[8:12] == SIGNATURE


def _header(raw: bytes, at: int) -> Header | None:
    """The header at byte `at`, or None where no header stands there."""
    if raw[at + 8 : at + 12] != SIGNATURE:
        return None
    size = raw[at]
    data_size = int.from_bytes(raw[at + 4 : at + 8], "little")
    crc = int.from_bytes(raw[at + 12 : at + 14], "little") if size >= 14 else 0
    return Header(size, data_size, crc)


class _Reader:
    def __init__(
        self, raw: bytes, data: NDArray[np.uint8], tables: Tables, file: str | None, compiled: bool
    ) -> None:
        self.raw = raw
        self.data = data
        self.tables = tables
        self.file = file
        self.compiled = compiled
        self.damage: list[Damage] = []
        self.salvaged = False
        self._crc = _crc(compiled)

    def note(self, kind: str, offset: int, size: int, detail: str) -> None:
        self.damage.append(Damage(kind, offset, size, detail))

    def read(self, start: int, header: Header, section: int) -> int:
        """Index one chained file that starts at byte `start`; return where the next may start."""
        raw, size = self.raw, len(self.raw)
        if header.crc and header.crc != self._crc(self.data, start, start + 12):
            self.note("header_crc", start + 12, 2, "the header's checksum is wrong")
        first = start + header.size
        stop = first + header.data_size
        closed = stop + 2 <= size
        if header.data_size in NEVER_WRITTEN and first < size:
            self.note("recorder_died", start + 4, 4, "the recorder never wrote the length: read to the end")
            stop, closed = size, False
            if size - first > 2 and self._crc(self.data, start, size - 2) == self._stored(size - 2):
                stop, closed = size - 2, True
        elif stop > size:
            self.note("truncated", size, stop + 2 - size, "the file is shorter than its header says")
            stop = size
        if closed:
            if self._crc(self.data, start, stop) != self._stored(stop):
                self.note(
                    "file_crc", stop, 2, "the file's checksum is wrong: some bytes are not what was written"
                )
        elif stop < size or header.data_size not in NEVER_WRITTEN:
            self.note("no_crc", stop, 0, "the file ends without its checksum")
        status = self._walk(first, stop, section)
        if status:
            at = int(self.tables.counts[POSITION])
            if status in (TOO_MANY_MESSAGES, TOO_MANY_DEFINITIONS):
                limit = MAX_MESSAGES if status == TOO_MANY_MESSAGES else MAX_DEFINITIONS
                raise _too_large(self.file, f"too many {limit.name}", limit.value, limit.unit, None, at)
            self.note(STATUS_KIND[status], at, stop - at, STATUS_TEXT[status])
        return min(stop + 2, size) if closed else size

    def _walk(self, first: int, stop: int, section: int) -> int:
        tables = self.tables
        tables.local[:] = -1
        tables.counts[POSITION] = first
        if not self.compiled:
            from telemetry.ingest.fit import scan_numpy

            before = tables.counts.copy()
            try:
                return scan_numpy.walk(self.data, self.raw, stop, section, tables, 50_000)
            except scan_numpy.TooSlow:
                tables.counts[:] = before
                tables.local[:] = -1
                self.compiled = True
        from telemetry.ingest.fit import scan_kernel

        return int(
            scan_kernel.walk(
                self.data,
                stop,
                section,
                tables.offset,
                tables.definition,
                tables.definitions,
                tables.local,
                tables.counts,
            )
        )

    def _stored(self, at: int) -> int:
        return self.raw[at] | self.raw[at + 1] << 8


def _crc(compiled: bool) -> Callable[[NDArray[np.uint8], int, int], int]:
    if compiled:
        from telemetry.ingest.fit.crc_kernel import crc

        return crc  # type: ignore[no-any-return]
    return crc_numpy


def _too_large(
    file: str | None, problem: str, limit: int, unit: str, got: int | None, offset: int | None = None
) -> LimitExceeded:
    return LimitExceeded(
        problem,
        file=file,
        offset=offset,
        expected=f"at most {limit:,} {unit}",
        got=None if got is None else f"{got:,}",
    )
