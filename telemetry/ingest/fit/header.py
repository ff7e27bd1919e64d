"""The twelve or fourteen bytes before the messages of a FIT file, also where they are damaged.

Comes in: bytes and a place. Goes out: a `Header`, or None where no FIT file begins. Leaves to others:
whether the length it claims is true (`sections.py`). Source: FIT protocol, "File header".
"""

from __future__ import annotations

from typing import NamedTuple

from telemetry.ingest.fit.base_types import TYPE_OF_CODE, UNKNOWN

SIGNATURE = b".FIT"
SIZES = (14, 12)
HEAD_SEARCHED_BYTES = 4096
"""How far into an upload a FIT file may begin, behind bytes that are not its own."""


class Header(NamedTuple):
    at: int
    """where the file begins"""
    first: int
    """where its messages begin"""
    data_size: int
    """bytes of messages, as claimed"""
    crc: int
    """the header's own checksum; 0 where it has none"""
    problem: str = ""
    """what is wrong with it, or empty"""

    @property
    def size(self) -> int:
        """Bytes of the header itself."""
        return self.first - self.at


def header_at(raw: bytes, at: int) -> Header | None:
    """The header whose signature stands where it should for a file that begins at `at`."""
    if raw[at + 8 : at + 12] != SIGNATURE:
        return None
    size = raw[at]
    data_size = int.from_bytes(raw[at + 4 : at + 8], "little")
    problem = ""
    if size not in SIZES and not (size > 14 and _defines(raw, at + size)):
        wrong = size
        size = next((guess for guess in SIZES if _defines(raw, at + guess)), 14)
        problem = f"the header claims to be {wrong} bytes long, it is {size}"
    elif size == 12 and not _defines(raw, at + 12) and _defines(raw, at + 14):
        size = 14
        problem = "the header claims to be 12 bytes long, it is 14"
    elif size == 14 and not _defines(raw, at + 14) and _defines(raw, at + 12):
        size = 12
        problem = "the header claims to be 14 bytes long, it is 12"
    crc = int.from_bytes(raw[at + 12 : at + 14], "little") if size >= 14 else 0
    return Header(at, at + size, data_size, crc, problem)


def first_header(raw: bytes) -> Header | None:
    """The header of an upload, wherever near its beginning, even with a broken signature; None: no FIT
    file."""
    header = header_at(raw, 0)
    if header:
        return header
    for size in SIZES:
        claimed = int.from_bytes(raw[4:8], "little")
        like = sum(a == b for a, b in zip(raw[8:12], SIGNATURE, strict=False))
        if raw[:1] == bytes([size]) and _defines(raw, size) and (like >= 2 or size + claimed + 2 == len(raw)):
            return Header(0, size, claimed, 0, "the signature .FIT is damaged")
    at = raw.find(SIGNATURE, 0, HEAD_SEARCHED_BYTES)
    if at >= 8 and (header := header_at(raw, at - 8)):
        return header._replace(problem=header.problem or f"{at - 8} bytes before the header")
    for start in range(min(len(raw), 256)):
        # no header left: a definition of file_id is what every file begins with
        if _defines(raw, start) and raw[start + 3 : start + 5] == b"\0\0" and raw[start + 5] >= 3:
            return Header(0, start, 0xFFFFFFFF, 0, "the header is missing")
    return None


def next_header(raw: bytes, start: int) -> int:
    """Where the next chained file begins at or after `start`, or -1."""
    at = raw.find(SIGNATURE, start + 8)
    while at >= 0:
        if raw[at - 8] in SIZES and _defines(raw, at - 8 + raw[at - 8]):
            return at - 8
        at = raw.find(SIGNATURE, at + 1)
    return -1


def _defines(raw: bytes, at: int) -> bool:
    """True where a well-formed definition with at least one field stands at `at`."""
    if at + 9 > len(raw) or raw[at] & 0xD0 != 0x40 or raw[at + 1] or raw[at + 2] > 1 or not raw[at + 5]:
        return False
    return int(TYPE_OF_CODE[raw[at + 8]]) != UNKNOWN
