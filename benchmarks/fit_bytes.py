"""FIT bytes by hand, good and odd: what a writer must refuse to write can be written here.

Comes in: plain numbers. Goes out: definitions, messages, whole files. Leaves to others: what it means.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from benchmarks.faults_mutate import fast_crc

ENUM, SINT8, UINT8, SINT16, UINT16, SINT32, UINT32 = 0x00, 0x01, 0x02, 0x83, 0x84, 0x85, 0x86
STRING, FLOAT32, FLOAT64, UINT8Z, UINT16Z, UINT32Z, BYTE = 0x07, 0x88, 0x89, 0x0A, 0x8B, 0x8C, 0x0D
SINT64, UINT64, UINT64Z = 0x8E, 0x8F, 0x90
# fmt: off
CODES = (
    ENUM, SINT8, UINT8, SINT16, UINT16, SINT32, UINT32, STRING, FLOAT32, FLOAT64, UINT8Z, UINT16Z, UINT32Z,
    BYTE, SINT64, UINT64, UINT64Z,
)
WIDTHS = {
    ENUM: 1, SINT8: 1, UINT8: 1, SINT16: 2, UINT16: 2, SINT32: 4, UINT32: 4, STRING: 1, FLOAT32: 4,
    FLOAT64: 8, UINT8Z: 1, UINT16Z: 2, UINT32Z: 4, BYTE: 1, SINT64: 8, UINT64: 8, UINT64Z: 8,
}
# fmt: on

FILE_ID, SESSION, LAP, RECORD, EVENT, DEVICE_INFO = 0, 18, 19, 20, 21, 23
FIELD_DESCRIPTION, DEVELOPER_DATA_ID = 206, 207
START = 1_000_000_000
"""A timestamp in September 2021, FIT seconds."""


def definition(
    local: int,
    number: int,
    fields: Iterable[tuple[int, int, int]],
    *,
    big: bool = False,
    developer: Sequence[tuple[int, int, int]] | None = None,
    reserved: int = 0,
    architecture: int | None = None,
    claimed: int | None = None,
) -> bytes:
    """A definition message; fields are (number, size, type code), developer fields (number, size, index)."""
    rows = list(fields)
    head = 0x40 | local | (0x20 if developer is not None else 0)
    out = struct.pack(
        ">BBBH" if big else "<BBBH",
        head,
        reserved,
        int(big) if architecture is None else architecture,
        number,
    )
    out += bytes([len(rows) if claimed is None else claimed]) + b"".join(bytes(row) for row in rows)
    if developer is not None:
        out += bytes([len(developer)]) + b"".join(bytes(row) for row in developer)
    return out


def message(local: int, payload: bytes = b"") -> bytes:
    return bytes([local]) + payload


def compressed(local: int, five_bits: int, payload: bytes) -> bytes:
    """A message whose header byte carries the last five bits of its time."""
    return bytes([0x80 | local << 5 | five_bits & 31]) + payload


def fit(
    body: bytes,
    *,
    header_size: int = 14,
    data_size: int | None = None,
    header_crc: int | None = None,
    crc: int | None = None,
    closed: bool = True,
) -> bytes:
    """A file around messages. Checksums are right unless given; `closed` False leaves the last one out."""
    size = len(body) if data_size is None else data_size
    head = struct.pack("<BBHI4s", header_size, 0x20, 2132, size & 0xFFFFFFFF, b".FIT")
    if header_size >= 14:
        head += struct.pack("<H", fast_crc(head) if header_crc is None else header_crc)
    whole = head + body
    if not closed:
        return whole
    return whole + struct.pack("<H", fast_crc(whole) if crc is None else crc)


def file_id(local: int = 15) -> bytes:
    """The definition and message that begin every activity."""
    rows = ((0, 1, ENUM), (1, 2, UINT16), (4, 4, UINT32))
    return definition(local, FILE_ID, rows) + message(local, struct.pack("<BHI", 4, 260, START))


RECORD_FIELDS = ((253, 4, UINT32), (7, 2, UINT16), (3, 1, UINT8))


def good_records(n: int = 1000, local: int = 0, start: int = START, define: bool = True) -> bytes:
    """`n` records a second apart: power 100, 101, … below 2000, heart rate 120 to 149."""
    head = definition(local, RECORD, RECORD_FIELDS) if define else b""
    return head + b"".join(
        message(local, struct.pack("<IHB", start + i, (100 + i) % 2000, 120 + i % 30)) for i in range(n)
    )


def field_description(
    local: int,
    index: int,
    number: int,
    code: int,
    name: bytes = b"load",
    units: bytes = b"N",
    *,
    native: int = 255,
) -> bytes:
    """Definition and message that describe a developer field."""
    rows = ((0, 1, UINT8), (1, 1, UINT8), (2, 1, UINT8), (3, 16, STRING), (8, 8, STRING), (15, 1, UINT8))
    return definition(local, FIELD_DESCRIPTION, rows) + message(
        local, bytes([index, number, code]) + name.ljust(16, b"\0") + units.ljust(8, b"\0") + bytes([native])
    )
