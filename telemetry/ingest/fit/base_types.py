"""The seventeen base types of FIT as rows: code, name, size, kind and the value that means "invalid".

Comes in: the base type byte of a field definition. Goes out: how to read such a field. Leaves to others:
what the field means (`profile.py`). Source: FIT protocol, "Base types".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

Kind = Literal["unsigned", "signed", "float", "string", "byte"]


class BaseType(NamedTuple):
    """One base type. `invalid` is the unsigned bit pattern of a value that was not measured."""

    code: int
    name: str
    size: int
    kind: Kind
    dtype: str
    invalid: int


# fmt: off
BASE_TYPES: tuple[BaseType, ...] = (
    BaseType(0x00, "enum",    1, "unsigned", "u1", 0xFF),
    BaseType(0x01, "sint8",   1, "signed",   "i1", 0x7F),
    BaseType(0x02, "uint8",   1, "unsigned", "u1", 0xFF),
    BaseType(0x83, "sint16",  2, "signed",   "i2", 0x7FFF),
    BaseType(0x84, "uint16",  2, "unsigned", "u2", 0xFFFF),
    BaseType(0x85, "sint32",  4, "signed",   "i4", 0x7FFFFFFF),
    BaseType(0x86, "uint32",  4, "unsigned", "u4", 0xFFFFFFFF),
    BaseType(0x07, "string",  1, "string",   "u1", 0x00),
    BaseType(0x88, "float32", 4, "float",    "f4", 0xFFFFFFFF),
    BaseType(0x89, "float64", 8, "float",    "f8", 0xFFFFFFFFFFFFFFFF),
    BaseType(0x0A, "uint8z",  1, "unsigned", "u1", 0x00),
    BaseType(0x8B, "uint16z", 2, "unsigned", "u2", 0x0000),
    BaseType(0x8C, "uint32z", 4, "unsigned", "u4", 0x00000000),
    BaseType(0x0D, "byte",    1, "byte",     "u1", 0xFF),
    BaseType(0x8E, "sint64",  8, "signed",   "i8", 0x7FFFFFFFFFFFFFFF),
    BaseType(0x8F, "uint64",  8, "unsigned", "u8", 0xFFFFFFFFFFFFFFFF),
    BaseType(0x90, "uint64z", 8, "unsigned", "u8", 0x0000000000000000),
)
# fmt: on

STRING = 7
FLOATS = (8, 9)
BYTE = 13
LONGS = (14, 15, 16)
"""Positions of the 64-bit integers, which a double would round."""
UNKNOWN = 17
"""Position of a type that the protocol does not know: its bytes are kept as bytes."""

TYPE_NAMES = (*(row.name for row in BASE_TYPES), "unknown")

TYPE_OF_CODE = np.full(256, UNKNOWN, np.int64)
"""Base type byte → position in `BASE_TYPES`. Some writers leave the endian bit (0x80) out, so it is not asked
for; bits 5 and 6 are reserved, a code that has them is unknown."""
for _code in range(256):
    if _code & 0x60 == 0 and _code & 0x1F < len(BASE_TYPES):
        TYPE_OF_CODE[_code] = _code & 0x1F
TYPE_OF_CODE.flags.writeable = False

SIZE_OF_TYPE = np.array([*(row.size for row in BASE_TYPES), 1], np.int64)
SIZE_OF_TYPE.flags.writeable = False
