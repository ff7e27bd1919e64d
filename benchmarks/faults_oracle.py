"""What a mutated FIT file should still give: an independent, slow walk over the original.

Comes in: an undamaged file. Goes out: its records with the bytes each depends on, and seven values of each
as every decoder should return them. Shares no code with the decoder under test.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

Row = tuple[float | None, ...]

# number → (name, scale): the seven values compared, timestamp first
VALUES: dict[int, tuple[str, float]] = {
    253: ("timestamp", 1.0),
    7: ("power", 1.0),
    3: ("heart_rate", 1.0),
    4: ("cadence", 1.0),
    5: ("distance", 100.0),
    13: ("temperature", 1.0),
    6: ("speed", 1000.0),
}
NAMES = tuple(name for name, _ in VALUES.values())
FORMATS = {
    0: ("B", 0xFF), 1: ("b", 0x7F), 2: ("B", 0xFF), 3: ("h", 0x7FFF), 4: ("H", 0xFFFF), 5: ("i", 0x7FFFFFFF),
    6: ("I", 0xFFFFFFFF), 10: ("B", 0), 11: ("H", 0), 12: ("I", 0), 13: ("B", 0xFF),
}  # fmt: skip
UNIX = 631_065_600


class Record(NamedTuple):
    start: int
    stop: int
    definition_start: int
    definition_stop: int
    row: Row


class Definition(NamedTuple):
    start: int
    stop: int
    number: int
    size: int
    big: bool
    places: dict[int, tuple[int, int, int]]


def records(raw: bytes) -> list[Record]:
    """Every record of an undamaged file, chained ones too."""
    found: list[Record] = []
    at = 0
    while at + 12 <= len(raw) and raw[at + 8 : at + 12] == b".FIT":
        first = at + raw[at]
        stop = min(first + int.from_bytes(raw[at + 4 : at + 8], "little"), len(raw))
        if not _walk(raw, first, stop, found):
            break
        at = stop + 2
    return found


def _walk(raw: bytes, p: int, stop: int, found: list[Record]) -> bool:
    known: dict[int, Definition] = {}
    while p < stop:
        header = raw[p]
        if header & 0xC0 == 0x40:
            if p + 6 > stop:
                return False
            known[header & 15] = one = _definition(raw, p)
            p = one.stop
            continue
        told = known.get(header >> 5 & 3 if header & 0x80 else header & 15)
        if told is None or p + 1 + told.size > stop:
            return False
        end = p + 1 + told.size
        if told.number == 20 and not header & 0x80:
            row = tuple(_value(raw, p, told, number) for number in VALUES)
            if row[0] is not None:
                found.append(Record(p, end, told.start, told.stop, row))
        p = end
    return True


def _definition(raw: bytes, p: int) -> Definition:
    big = raw[p + 2] == 1
    places: dict[int, tuple[int, int, int]] = {}
    at, q = 1, p + 6
    for _ in range(raw[p + 5]):
        places.setdefault(raw[q], (at, raw[q + 1], raw[q + 2] & 31))
        at += raw[q + 1]
        q += 3
    if raw[p] & 0x20:
        n = raw[q]
        q += 1
        for _ in range(n):
            at += raw[q + 1]
            q += 3
    return Definition(
        p, q, int.from_bytes(raw[p + 3 : p + 5], "big" if big else "little"), at - 1, big, places
    )


def _value(raw: bytes, p: int, told: Definition, number: int) -> float | None:
    place = told.places.get(number)
    if place is None or place[2] not in FORMATS:
        return None
    letter, invalid = FORMATS[place[2]]
    if struct.calcsize(letter) != place[1]:
        return None
    value: int = struct.unpack_from((">" if told.big else "<") + letter, raw, p + place[0])[0]
    if value == invalid:
        return None
    return value / VALUES[number][1] + (UNIX if number == 253 else 0)
