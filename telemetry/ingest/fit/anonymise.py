"""A FIT file that may be shared: no ids, names, places or true dates in it, and every defect as it was.

Comes in: the bytes of a FIT file, damaged or not. Goes out: as many bytes. Each value is overwritten where
it stands, so that definitions, damage, chains and wrong checksums stay: who repairs the reader needs exactly
those. What is overwritten: serial and device numbers (equal ones stay equal), text, everything of the rider's
profile, positions, and whatever the profile does not know; dates move by one random span. Left: what was
measured.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import BadInput
from telemetry.ingest.fit.base_types import BASE_TYPES, STRING, TYPE_OF_CODE, UNKNOWN
from telemetry.ingest.fit.crc import crc_numpy
from telemetry.ingest.fit.decode import FitFile, open_fit
from telemetry.ingest.fit.header import first_header, header_at
from telemetry.ingest.fit.index import BIG_ENDIAN, GLOBAL, N_DEVELOPER, N_FIELDS, OFFSET
from telemetry.ingest.fit.profile import DATES, MESSAGES, Field

PROFILE_OF_A_PERSON: Final = (3,)
"""user_profile: all of it."""
TEXT_THAT_STAYS: Final = {(206, 3), (206, 8), (23, 27), (0, 8)}
"""(message, field): names and units of developer fields, names of products."""
IDENTITY: Final = re.compile(r"serial|device_number|ant_id|hrm_.*id|friendly|client")
PLACE: Final = re.compile(r"_lat$|_long$|latitude|longitude|altitude")
ABSOLUTE: Final = 0x10000000
"""Below this a timestamp counts from the device's start and says nothing of the day."""
SPAN_STEPS: Final = 1_000_000
STEP_S: Final = 32
"""Times in record headers count modulo 32 s: a span of whole steps leaves them right."""
WORDS: Final = re.compile(rb"[A-Za-z][A-Za-z0-9 ._@-]{5,}")


class Place(NamedTuple):
    """One field of all messages that obey one definition."""

    message: int
    field: Field | None
    number: int
    kind: int
    size: int
    big: bool
    starts: NDArray[np.int64]


def anonymised(data: bytes, file: str | None = None) -> bytes:
    """The same file without what tells whose it is.

    Raises
    ------
    BadInput : no FIT file; or the result would not decode like the original, and nothing is given out
    """
    fit = open_fit(data, file)
    out = np.frombuffer(data, np.uint8).copy()
    span_s = STEP_S * (SPAN_STEPS + secrets.randbelow(SPAN_STEPS))
    key = int.from_bytes(secrets.token_bytes(8), "little")
    covered = np.zeros(len(data), np.bool_)
    for place in _places(fit, covered):
        _overwrite(out, place, span_s, key)
    for first, stop in _sections(data):
        covered[first : first + 14] = covered[stop : stop + 2] = True
    _hide_text(out, ~covered)
    _seal_again(data, out)
    shared = out.tobytes()
    _same_defects(fit, open_fit(shared, file), file)
    return shared


def _places(fit: FitFile, covered: NDArray[np.bool_]) -> Iterator[Place]:
    """Every field of every message; marks the bytes that definitions and messages take."""
    index = fit._index
    for position, row in enumerate(index.definitions.tolist()):
        start, fields = row[OFFSET] + 6, row[N_FIELDS]
        length = 6 + 3 * fields + (1 + 3 * row[N_DEVELOPER] if row[N_DEVELOPER] else 0)
        covered[row[OFFSET] : row[OFFSET] + length] = True
        at = index.offset[index.definition == position].astype(np.int64)
        covered[at] = True
        within = 1
        known = MESSAGES.get(row[GLOBAL])
        for number in range(fields):
            field, size, code = (int(fit._raw[start + 3 * number + i]) for i in range(3))
            starts = at + within
            for step in range(size):
                covered[starts[starts + step < len(covered)] + step] = True
            yield Place(
                row[GLOBAL],
                None if known is None else known.fields.get(field),
                field,
                int(TYPE_OF_CODE[code]),
                size,
                bool(row[BIG_ENDIAN]),
                starts,
            )
            within += size
        rest = start + 3 * fields + 1
        for number in range(row[N_DEVELOPER]):
            size = int(fit._raw[rest + 3 * number + 1])
            for step in range(size):
                covered[at[at + within + step < len(covered)] + within + step] = True
            within += size


def _overwrite(out: NDArray[np.uint8], place: Place, span_s: int, key: int) -> None:
    """What this field is to say instead, if anything."""
    name = "" if place.field is None else place.field.name
    kind = "" if place.field is None else place.field.type
    starts = place.starts[place.starts + place.size <= len(out)]
    if not len(starts):
        return
    if kind in DATES or place.number == 253:
        _shift(out, place, starts, span_s)
    elif place.kind == STRING:
        if (place.message, place.number) not in TEXT_THAT_STAYS:
            for step in range(place.size):
                cells = out[starts + step]
                out[starts + step] = np.where(cells == 0, cells, ord("x"))
    elif IDENTITY.search(name):
        _replace(out, place, starts, key)
    elif place.field is None or place.message in PROFILE_OF_A_PERSON or PLACE.search(name):
        _invalidate(out, place, starts)


def _shift(out: NDArray[np.uint8], place: Place, starts: NDArray[np.int64], span_s: int) -> None:
    if place.size != 4:
        return
    raw = _numbers(out, place, starts)
    moved = (raw >= ABSOLUTE) & (raw != 0xFFFFFFFF)
    # back in time: a date in the future would be a defect that was not there
    new = np.where(moved & (raw - span_s >= ABSOLUTE), raw - span_s, np.where(moved, ABSOLUTE, raw))
    _put(out, place, starts, new)


def _replace(out: NDArray[np.uint8], place: Place, starts: NDArray[np.int64], key: int) -> None:
    """Another number for each, the same one for the same; "none" stays none."""
    if place.size > 8:
        _invalidate(out, place, starts)
        return
    raw = _numbers(out, place, starts)
    mask = (1 << (8 * place.size)) - 1
    invalid = BASE_TYPES[place.kind].invalid if place.kind < UNKNOWN else mask
    new = [
        value if value in (0, invalid) else ((value ^ key) * 0x9E3779B97F4A7C15 >> 7) % (mask - 1) + 1
        for value in raw.tolist()
    ]
    _put(out, place, starts, np.asarray(new, np.int64 if place.size < 8 else np.uint64))


def _invalidate(out: NDArray[np.uint8], place: Place, starts: NDArray[np.int64]) -> None:
    row = BASE_TYPES[place.kind] if place.kind < UNKNOWN else None
    width = 1 if row is None or place.size % row.size else row.size
    value = 0xFF if row is None or width != row.size else row.invalid
    pattern = value.to_bytes(width, "big" if place.big else "little")
    for step in range(place.size):
        out[starts + step] = pattern[step % width]


def _numbers(out: NDArray[np.uint8], place: Place, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    value = np.zeros(len(starts), np.int64)
    for step in range(min(place.size, 8)):
        weight = place.size - 1 - step if place.big else step
        value |= out[starts + step].astype(np.int64) << (8 * weight)
    return value


def _put(out: NDArray[np.uint8], place: Place, starts: NDArray[np.int64], values: NDArray[np.int64]) -> None:
    for step in range(min(place.size, 8)):
        weight = place.size - 1 - step if place.big else step
        out[starts + step] = (values >> values.dtype.type(8 * weight)) & values.dtype.type(0xFF)


def _hide_text(out: NDArray[np.uint8], outside: NDArray[np.bool_]) -> None:
    """Words in bytes that belong to no message; numbers there stay as they are."""
    data = out.tobytes()
    for found in WORDS.finditer(data):
        start, stop = found.span()
        if bool(outside[start:stop].all()):
            out[start:stop] = ord("x")


def _seal_again(data: bytes, out: NDArray[np.uint8]) -> None:
    """Checksums over what changed: a right one is right again, a wrong one is as wrong as before."""
    before = np.frombuffer(data, np.uint8)
    for at, stop in _sections(data):
        if stop + 2 <= len(data):
            stored = int.from_bytes(data[stop : stop + 2], "little")
            new = crc_numpy(out, at, stop) ^ crc_numpy(before, at, stop) ^ stored
            out[stop : stop + 2] = (new & 0xFF, new >> 8)


def _sections(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each chained file begins and where its messages end, as its header claims."""
    header = first_header(data)
    while header is not None:
        stop = header.first + header.data_size
        yield header.at, min(stop, len(data))
        header = header_at(data, stop + 2) if stop + 2 < len(data) else None


def _same_defects(before: FitFile, after: FitFile, file: str | None) -> None:
    """Refuse to give out a file that no longer shows what was wrong with the first."""
    kinds = [(fault.kind, fault.offset) for fault in before.damage]
    same = kinds == [(fault.kind, fault.offset) for fault in after.damage]
    if not same or any(before.count(name) != after.count(name) for name in before.messages):
        raise BadInput(
            "this file cannot be made anonymous without changing its defects; nothing was written",
            file=file,
            expected="a report of the defect in words",
        )
