"""One generic extractor: eight payload bytes and a row of `pages.py` become a number. No page, no past.

Comes in: a payload of eight bytes. Goes out: raw integers and scaled values, None where the sensor says
"invalid".
Leaves to others: which page it is (`pages.py`), counters and states (`decoder.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["value", "counter", "code"]

PAYLOAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one page, as a row.

    `first_bit` counts from bit 0 of byte 0 in little-endian order; for `big_endian` fields it names the first
    bit of the most significant byte, and the width is whole bytes. A scaled value is
    (raw / scale) + offset in `unit`; raw equal to an entry of `invalid` means "not reported".
    """

    name: str
    first_bit: int
    bits: int
    scale: float = 1.0
    unit: str = ""
    invalid: tuple[int, ...] = ()
    kind: Kind = "value"
    offset: float = 0.0
    signed: bool = False
    big_endian: bool = False
    source: str = ""

    @property
    def modulus(self) -> int:
        """What a counter rolls over at."""
        return 1 << self.bits


def raw(field: Field, payload: bytes) -> int:
    """The field's unscaled integer.

    Raises
    ------
    ValueError : the payload is not eight bytes long
    """
    if len(payload) != PAYLOAD_BYTES:
        raise ValueError(f"an ANT payload has {PAYLOAD_BYTES} bytes, not {len(payload)}")
    if field.big_endian:
        first = field.first_bit // 8
        number = int.from_bytes(payload[first : first + field.bits // 8], "big")
    else:
        number = int.from_bytes(payload, "little") >> field.first_bit & (field.modulus - 1)
    if field.signed and number >> (field.bits - 1):
        number -= field.modulus
    return number


def value(field: Field, payload: bytes) -> float | None:
    """The field's value in its unit, None where the sensor reports nothing.

    Raises
    ------
    ValueError : the payload is not eight bytes long
    """
    number = raw(field, payload)
    if number in field.invalid:
        return None
    return number / field.scale + field.offset


def put(field: Field, payload: bytearray, number: int) -> None:
    """Write a raw integer into a payload: the inverse of `raw`, for simulators and tests.

    Raises
    ------
    ValueError : the number does not fit
    """
    low = -(field.modulus >> 1) if field.signed else 0
    high = (field.modulus >> 1) - 1 if field.signed else field.modulus - 1
    if not low <= number <= high:
        raise ValueError(f"{field.name} holds {low} to {high}, not {number}")
    number &= field.modulus - 1
    if field.big_endian:
        first = field.first_bit // 8
        payload[first : first + field.bits // 8] = number.to_bytes(field.bits // 8, "big")
        return
    word = int.from_bytes(payload, "little")
    word &= ~((field.modulus - 1) << field.first_bit)
    word |= number << field.first_bit
    payload[:] = word.to_bytes(PAYLOAD_BYTES, "little")


def extractor(fields: Iterable[Field]) -> Callable[[bytes], dict[str, float | None]]:
    """A function that reads all fields of a page in one pass over the payload.

    The payload becomes one 64-bit integer once; each field is a shift and a mask of it. That is what lets one
    core follow a whole room many times faster than it rides.
    """
    rows = tuple(
        (
            field.name,
            64 - field.first_bit - field.bits if field.big_endian else field.first_bit,
            field.modulus - 1,
            (1 << (field.bits - 1)) if field.signed else 0,
            frozenset(field.invalid),
            field.scale,
            field.offset,
            field.kind == "value",
            field.big_endian,
        )
        for field in fields
    )

    def extract(payload: bytes) -> dict[str, float | None]:
        little = int.from_bytes(payload, "little")
        big = int.from_bytes(payload, "big")
        found: dict[str, float | None] = {}
        for name, shift, mask, sign, invalid, scale, offset, scaled, from_big in rows:
            number = ((big if from_big else little) >> shift) & mask
            if sign and number & sign:
                number -= mask + 1
            if number in invalid:
                found[name] = None
            elif scaled:
                found[name] = number / scale + offset
            else:
                found[name] = number
        return found

    return extract
