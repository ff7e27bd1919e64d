"""Odd and broken structures placed before a thousand good records: the thousand must come out.

Comes in: nothing. Goes out: `cases()`, a name and the bytes of a file each, and the rows expected. Used by
the tests too.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from benchmarks.fit_bytes import (
    BYTE,
    CODES,
    DEVICE_INFO,
    ENUM,
    EVENT,
    FLOAT32,
    FLOAT64,
    RECORD,
    START,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    WIDTHS,
    compressed,
    definition,
    field_description,
    file_id,
    fit,
    good_records,
    message,
)

GOOD = 1000
UNIX = 631_065_600
EXPECTED = [(START + i + UNIX, (100.0 + i) % 2000, 120.0 + i % 30) for i in range(GOOD)]
"""(timestamp, power, heart rate) of the good records"""
TIME = struct.pack("<I", START - 5)


def cases() -> Iterator[tuple[str, bytes]]:
    """Every case as (name, file)."""
    for name, prefix in _prefixes():
        yield name, fit(file_id() + prefix + good_records(GOOD))
    yield from _files()


def _prefixes() -> Iterator[tuple[str, bytes]]:
    yield from _developer()
    yield from _fields()
    yield from _headers()
    yield from _undefined()
    yield from _junk()
    yield from _times()


def _developer() -> Iterator[tuple[str, bytes]]:
    def with_field(size: int, payload: bytes = b"", describe: bytes = b"", big: bool = False) -> bytes:
        body = definition(1, RECORD, ((253, 4, UINT32),), developer=((7, size, 0),), big=big)
        stamp = struct.pack(">I", START - 5) if big else TIME
        return describe + body + message(1, stamp + payload.ljust(size, b"\1"))

    for code in CODES:
        describe = field_description(2, 0, 7, code)
        yield f"developer field of size 0, type {code:#x}", with_field(0, describe=describe)
        yield f"developer field of type {code:#x} and 3 bytes", with_field(3, describe=describe)
    for code in (0x11, 0x1F, 0x40, 0x60, 0xFF):
        yield (
            f"developer field of unknown type {code:#x}",
            with_field(4, describe=field_description(2, 0, 7, code)),
        )
    for size in (0, 1, 2, 3, 4, 8, 255):
        yield f"developer field of {size} bytes that is never declared", with_field(size)
    yield "developer field declared late", with_field(4) + field_description(2, 0, 7, UINT32)
    yield (
        "developer field redeclared with another type",
        (
            with_field(4, describe=field_description(2, 0, 7, UINT32))
            + with_field(4, describe=field_description(2, 0, 7, FLOAT32))
        ),
    )
    yield "big-endian developer field", with_field(4, describe=field_description(2, 0, 7, UINT32), big=True)
    yield "developer field without a name", with_field(4, describe=field_description(2, 0, 7, UINT32, b""))
    yield (
        "developer field whose name is no UTF-8",
        with_field(4, describe=field_description(2, 0, 7, UINT32, b"\xff\xfe\x80")),
    )
    many = tuple((i, 1, 0) for i in range(255))
    yield (
        "255 developer fields",
        (definition(1, RECORD, ((253, 4, UINT32),), developer=many) + message(1, TIME + bytes(255))),
    )
    yield (
        "a description of itself without its numbers",
        definition(2, 206, ((3, 4, STRING),)) + message(2, b"abc\0"),
    )


def _fields() -> Iterator[tuple[str, bytes]]:
    for code in CODES:
        size = WIDTHS[code]
        for wrong in {size + 1, 2 * size + 1, 3} - {0}:
            if wrong % size == 0 and size > 1:
                continue
            yield (
                f"power of type {code:#x} in {wrong} bytes",
                (
                    definition(1, RECORD, ((253, 4, UINT32), (7, wrong, code)))
                    + message(1, TIME + b"\7" * wrong)
                ),
            )
    for code in (0x11, 0x12, 0x1F, 0x20, 0x40, 0x7F, 0xE6, 0xFF):
        yield (
            f"a field of unknown type {code:#x}",
            (definition(1, RECORD, ((253, 4, UINT32), (99, 4, code))) + message(1, TIME + b"\1\2\3\4")),
        )
    yield "a field of size 0", definition(1, RECORD, ((253, 4, UINT32), (7, 0, UINT16))) + message(1, TIME)
    yield "only fields of size 0", definition(1, RECORD, ((7, 0, UINT16), (3, 0, UINT8))) + message(1) * 3
    yield "no fields at all", definition(1, RECORD, ()) + message(1) * 50
    yield "no fields in an unknown message", definition(1, 0xFF00, ()) + message(1) * 50
    wide = tuple((i, 1, UINT8) for i in range(255))
    yield "255 fields", definition(1, RECORD, wide) + message(1, bytes(255))
    long = tuple((i, 201, BYTE) for i in range(255))
    yield "a message of 51 kB", definition(1, 0xFF00, long) + message(1, bytes(51255)) * 2
    yield (
        "the same field twice",
        definition(1, RECORD, ((7, 2, UINT16), (7, 2, UINT16))) + message(1, b"\1\0\2\0"),
    )
    for name, size, code, payload in (
        ("a string", 8, STRING, b"noon\0\0\0\0"),
        ("an array", 8, UINT32, TIME + TIME),
        ("64 bits", 8, UINT64, TIME + bytes(4)),
        ("a float", 4, FLOAT32, struct.pack("<f", 1e9)),
        ("a double", 8, FLOAT64, struct.pack("<d", 1e9)),
        ("16 bits", 2, UINT16, b"\1\2"),
        ("one byte", 1, UINT8, b"\1"),
        ("bytes", 4, BYTE, TIME),
    ):
        yield f"a timestamp as {name}", definition(1, RECORD, ((253, size, code),)) + message(1, payload)
    for name, text in (
        ("is no UTF-8", b"\xff\xfe\xfa\x80"),
        ("has no end", b"abcd"),
        ("is empty", bytes(4)),
        ("has control characters", b"a\x1b[m"),
    ):
        yield (
            f"a string that {name}",
            definition(1, DEVICE_INFO, ((253, 4, UINT32), (27, 4, STRING))) + message(1, TIME + text),
        )
    yield (
        "power as one byte, heart rate as two",
        (
            definition(1, RECORD, ((253, 4, UINT32), (7, 1, UINT8), (3, 2, UINT16)))
            + message(1, TIME + b"\x63\x78\0")
        ),
    )
    yield (
        "power as an array",
        definition(1, RECORD, ((253, 4, UINT32), (7, 6, UINT16)))
        + message(1, TIME + struct.pack("<3H", 1, 2, 3)),
    )
    yield (
        "big-endian records",
        definition(1, RECORD, ((253, 4, UINT32), (7, 2, UINT16)), big=True)
        + message(1, struct.pack(">IH", START - 5, 300)),
    )
    yield "message number 0xFFFF", definition(1, 0xFFFF, ((0, 1, UINT8),)) + message(1, b"\1")


def _headers() -> Iterator[tuple[str, bytes]]:
    odd = ((253, 4, UINT32), (7, 2, UINT16))
    for bits in (0x10, 0x20, 0x30):
        yield (
            f"reserved bits {bits:#x} in a message",
            definition(1, RECORD, odd) + bytes([1 | bits]) + TIME + b"\1\0",
        )
    yield (
        "reserved bit in a definition",
        bytes([0x51]) + definition(1, RECORD, odd)[1:] + message(1, TIME + b"\1\0"),
    )
    for byte in (1, 128, 255):
        yield f"reserved byte {byte}", definition(1, RECORD, odd, reserved=byte) + message(1, TIME + b"\1\0")
    for byte in (2, 3, 128, 255):
        yield (
            f"architecture {byte}",
            definition(1, RECORD, odd, architecture=byte) + message(1, TIME + b"\1\0"),
        )
    for claimed in (0, 1, 3, 4, 16, 100):
        yield (
            f"a definition that claims {claimed} of 2 fields",
            definition(1, RECORD, odd, claimed=claimed) + message(1, TIME + b"\1\0"),
        )
    yield "a definition again and again", definition(1, RECORD, odd) * 200
    yield (
        "all sixteen local types",
        b"".join(
            definition(local, 0xFF00 + local, ((0, 1, UINT8),)) + message(local, b"\1") for local in range(15)
        ),
    )
    yield (
        "the good type defined otherwise before",
        definition(0, RECORD, ((7, 2, UINT16),)) + message(0, b"\1\0") * 9,
    )
    yield (
        "the good type as another message before",
        definition(0, EVENT, ((0, 1, ENUM),)) + message(0, b"\1") * 9,
    )


def _undefined() -> Iterator[tuple[str, bytes]]:
    for local in range(1, 15):
        yield f"data before its definition, local type {local}", message(local, b"\7" * (3 * local))
    for size in (0, 1, 2, 7, 8, 50, 300):
        yield f"{size} bytes of data before their definition", message(3, b"\x99" * size)
    for local in range(1, 4):
        yield (
            f"a time in the header before its definition, local type {local}",
            compressed(local, 9, b"\x99" * 5),
        )


def _junk() -> Iterator[tuple[str, bytes]]:
    for size in (1, 2, 3, 5, 16, 64, 511, 4096):
        yield f"{size} zero bytes", bytes(size)
        yield f"{size} bytes 0xFF", b"\xff" * size
        yield f"{size} random bytes", random.Random(size).randbytes(size)
    yield "another header inside", fit(b"", data_size=99)[:14]
    yield "a checksum inside", b"\x12\x34"
    yield "text inside", b"<html><body>not found</body></html>"
    yield "a definition cut short", definition(1, RECORD, ((253, 4, UINT32), (7, 2, UINT16)))[:7]
    yield (
        "a message cut short",
        definition(1, RECORD, ((253, 4, UINT32), (7, 2, UINT16))) + message(1, TIME[:3]),
    )


def _times() -> Iterator[tuple[str, bytes]]:
    stamped = definition(1, RECORD, ((253, 4, UINT32),))
    for name, time in (
        ("0", 0),
        ("device-relative", 4711),
        ("invalid", 0xFFFFFFFF),
        ("27 days ahead", START + 27 * 86400),
        ("43 years ahead", START + 43 * 31_557_600),
        ("ten years back", START - 10 * 31_557_600),
    ):
        yield f"a timestamp that is {name}", stamped + message(1, struct.pack("<I", time))
    untimed = definition(2, RECORD, ((7, 2, UINT16),))
    yield (
        "times in header bytes",
        stamped
        + message(1, TIME)
        + untimed
        + b"".join(compressed(2, START - 4 + i, b"\1\0") for i in range(4)),
    )
    yield "a time in a header byte without any before", untimed + compressed(2, 3, b"\1\0")


def _files() -> Iterator[tuple[str, bytes]]:
    body = file_id() + good_records(GOOD)
    yield "undamaged", fit(body)
    yield "header of 12 bytes", fit(body, header_size=12)
    yield "header checksum 0", fit(body, header_crc=0)
    yield "header checksum wrong", fit(body, header_crc=0x1234)
    yield "file checksum wrong", fit(body, crc=0x1234)
    yield "file checksum 0", fit(body, crc=0)
    yield "no checksum", fit(body, closed=False)
    for size in (0, 0xFFFFFFFF, 1, len(body) - 1, len(body) + 1, len(body) + 2, len(body) * 2, 0x7FFFFFFF):
        yield f"data size {size:#x}", fit(body, data_size=size)
        yield f"data size {size:#x}, no checksum", fit(body, data_size=size, closed=False)
    yield "cut inside a record that follows", fit(body + message(0, TIME), data_size=0, closed=False)
    yield "bytes after the checksum", fit(body) + b"trailing"
    yield "zero bytes after the checksum", fit(body) + bytes(4096)
    yield "a file chained before", fit(file_id()) + fit(body)
    yield "a file chained after", fit(body) + fit(file_id())
    yield "an empty file chained before", fit(b"") + fit(body)
    yield "junk between chained files", fit(file_id()) + b"junk" * 5 + fit(body)
    yield "signature damaged", fit(body).replace(b".FIT", b".FXT", 1)
    for byte in (0, 11, 13, 15, 255):
        yield f"header claims {byte} bytes", bytes([byte]) + fit(body)[1:]
    yield "junk before the header", b"\xef\xbb\xbf" + fit(body)
