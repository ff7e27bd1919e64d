"""Damage done to real FIT files, seeded, each kind as a row of `KINDS`.

Comes in: the bytes of a file and a random generator. Goes out: the damaged bytes, and which of the original
bytes were touched. Leaves to others: scoring (`faults.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

Spans = list[tuple[int, int]]
Touched = tuple[tuple[int, int], ...]


class Mutant(NamedTuple):
    kind: str
    data: bytes
    touched: Touched
    """ranges of original bytes that are changed or gone"""


def crc(data: bytes) -> int:
    """CRC-16 of FIT, a byte at a time."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_BYTE = [crc(bytes([byte])) for byte in range(256)]


def fast_crc(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value >> 8 ^ _BYTE[(value ^ byte) & 255]
    return value


def sealed(data: bytes | bytearray) -> bytes:
    """The same bytes with a right checksum at the end."""
    body = bytes(data[:-2])
    return body + fast_crc(body).to_bytes(2, "little")


def _flip(
    raw: bytes, dice: random.Random, low: int, high: int
) -> tuple[bytearray, tuple[tuple[int, int], ...]]:
    data = bytearray(raw)
    touched = []
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        at = dice.randrange(low, high)
        data[at] ^= dice.randrange(1, 256)
        touched.append((at, at + 1))
    return data, tuple(touched)


def flip(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    data, touched = _flip(raw, dice, raw[0], len(raw) - 2)
    return Mutant("byte flip, checksum left wrong", bytes(data), touched)


def flip_sealed(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    data, touched = _flip(raw, dice, raw[0], len(raw) - 2)
    return Mutant("byte flip, checksum re-sealed", sealed(data), touched)


def flip_definition(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    start, stop = dice.choice(definitions)
    at = dice.randrange(start, stop)
    data = bytearray(raw)
    data[at] ^= dice.randrange(1, 256)
    return Mutant("flip in a definition, re-sealed", sealed(data), ((at, at + 1),))


def truncate(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    at = dice.randrange(raw[0], len(raw))
    return Mutant("truncation", raw[:at], ((at, len(raw)),))


def overwrite(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    size = dice.choice((4, 16, 64, 256, 1024))
    at = dice.randrange(raw[0], max(raw[0] + 1, len(raw) - size))
    stop = min(len(raw), at + size)
    source = dice.choice((dice.randbytes(stop - at), bytes(stop - at), raw[: stop - at]))
    return Mutant("splice: overwrite", raw[:at] + source.ljust(stop - at, b"\0") + raw[stop:], ((at, stop),))


def insert(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    size = dice.choice((1, 3, 16, 64, 512))
    at = dice.randrange(raw[0], len(raw) - 2)
    # the message that is cut in two by the insertion counts as touched
    return Mutant("splice: insert", raw[:at] + dice.randbytes(size) + raw[at:], ((at - 1, at + 1),))


def delete(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    size = dice.choice((1, 3, 16, 64, 512))
    at = dice.randrange(raw[0], max(raw[0] + 1, len(raw) - 2 - size))
    return Mutant("splice: delete", raw[:at] + raw[at + size :], ((at, at + size),))


def data_size_lies(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    true = int.from_bytes(raw[4:8], "little")
    lies = (0, 1, true - 1, true + 1, true // 2, true * 2, true + 2, true - 2, 0xFFFFFFFF, 0x7FFFFFFF)
    lie = dice.choice((*lies, dice.randrange(1 << 32)))
    data = raw[:4] + (lie & 0xFFFFFFFF).to_bytes(4, "little") + raw[8:]
    return Mutant("header data_size lies", data if dice.random() < 0.5 else sealed(data), ())


def header_size_lies(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    lie = dice.choice([size for size in (0, 1, 11, 12, 13, 14, 15, 16, 32, 64, 128, 255) if size != raw[0]])
    return Mutant("header size lies", bytes([lie]) + raw[1:], ())


def header_bytes(raw: bytes, dice: random.Random, definitions: Spans) -> Mutant:
    at = dice.choice([1, 2, 3, 8, 9, 10, 11] + ([12, 13] if raw[0] == 14 else []))
    data = bytearray(raw)
    data[at] ^= dice.randrange(1, 256)
    return Mutant("signature, header checksum, version", bytes(data), ())


Make = Callable[[bytes, random.Random, Spans], Mutant]

# weight of each kind, as in the campaign of 4,086
KINDS: tuple[tuple[Make, int], ...] = (
    (flip, 900),
    (flip_sealed, 450),
    (flip_definition, 300),
    (truncate, 1520),
    (overwrite, 150),
    (insert, 150),
    (delete, 150),
    (data_size_lies, 120),
    (header_size_lies, 135),
    (header_bytes, 45),
)


def make(raw: bytes, seed: int, definitions: Spans) -> Mutant:
    """One mutant of a file, the same for the same seed."""
    dice = random.Random(seed)
    kind = dice.choices([make_one for make_one, _ in KINDS], [weight for _, weight in KINDS])[0]
    return kind(raw, dice, definitions)
