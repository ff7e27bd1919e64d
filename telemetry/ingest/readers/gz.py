"""A gzipped class file (`.fit.gz`, `.tcx.gz`, `.csv.gz`) → the classes of the file inside.

Comes in: bytes and a name that ends in .gz. Goes out: what the inner reader makes of them, under the inner
file's own hash, so that a file and its gzipped copy are one class. Leaves to others: the inner format.

Output is counted while it is unpacked: a small file can never become a large one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from telemetry.errors import BadInput, LimitExceeded, TelemetryError
from telemetry.ingest import LARGEST_BYTES, reader_for
from telemetry.model import ClassRecording, Issue

CHUNK = 1 << 16
MOST_MEMBERS = 1000
RATIO = 50
FREE_BYTES = 4 << 20
"""Up to here any ratio is harmless: a class of one constant value packs very well."""


def recordings(data: bytes, file: str, columns: Mapping[str, str] | None = None) -> list[ClassRecording]:
    """The classes of the file inside; `columns` is for the reader of a table.

    Raises
    ------
    BadInput : these bytes are no gzip
    LimitExceeded : more comes out than a class file can hold
    """
    inner, whole = unpack(data, file)
    if not inner:
        raise BadInput("nothing can be unpacked from this gzip file", file=file, expected="a class file")
    try:
        found = reader_for(file[:-3]).from_bytes(inner, file[:-3], columns)
    except TelemetryError as error:
        # a person knows the packed file, not the name of what is inside
        error.file = file
        raise
    issues = () if whole else (Issue("gzip_damaged", detail="the gzip file is cut short or damaged"),)
    return [
        replace(
            recording,
            file=file,
            source=f"{recording.source}.gz",
            issues=(*issues, *recording.issues),
            salvaged=recording.salvaged or not whole,
        )
        for recording in found
    ]


def unpack(data: bytes, file: str) -> tuple[bytes, bool]:
    """What is inside a gzip file, and whether it was whole; what came out before a fault is kept."""
    if data[:2] != b"\x1f\x8b":
        raise BadInput("this is no gzip file", file=file, expected="gzip", got=f"bytes {data[:4].hex(' ')}")
    out: list[bytes] = []
    size = members = at = 0
    whole = True
    while data[at : at + 2] == b"\x1f\x8b":
        members += 1
        if members > MOST_MEMBERS:
            raise LimitExceeded(
                "too many parts in this gzip file", file=file, expected=f"at most {MOST_MEMBERS}"
            )
        stream = before = zlib.decompressobj(wbits=31)
        pieces, slice_at = len(out), at
        try:
            # a slice at a time: what is left over is copied, and must be small
            while at < len(data) and not stream.eof:
                before, pieces, slice_at = stream.copy(), len(out), at
                pending = data[at : at + CHUNK]
                at += len(pending)
                piece = b""
                while (pending or len(piece) == CHUNK) and not stream.eof:
                    piece = stream.decompress(pending, CHUNK)
                    pending = stream.unconsumed_tail
                    out.append(piece)
                    size += len(piece)
                    check(size, len(data), file)
        except zlib.error:
            whole = False
            del out[pieces:]
            out += _up_to_the_fault(before, data[slice_at : slice_at + CHUNK])
            break
        whole = whole and stream.eof
        at -= len(stream.unused_data)
    return b"".join(out), whole


def _up_to_the_fault(stream: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """What the bytes before a fault unpack to, one by one: a piece with the fault in it gives nothing."""
    for at in range(len(packed)):
        try:
            # a byte gives at most a kilobyte and what waited in the window
            yield stream.decompress(stream.unconsumed_tail + packed[at : at + 1], CHUNK)
        except zlib.error:
            return


def check(size: int, packed: int, file: str) -> None:
    """Refuse what unpacks to more than a class file can hold.

    Raises
    ------
    LimitExceeded : over the size limit, or far more than was packed
    """
    if size > LARGEST_BYTES:
        raise _too_much(size, packed, file)
    check_ratio(size, packed, file)


def check_ratio(size: int, packed: int, file: str) -> None:
    """Refuse what unpacks to far more than was packed.

    Raises
    ------
    LimitExceeded : as it says
    """
    if size > max(FREE_BYTES, RATIO * packed):
        raise _too_much(size, packed, file)


def _too_much(size: int, packed: int, file: str) -> LimitExceeded:
    return LimitExceeded(
        "unpacks to more than a class file can hold",
        file=PurePath(file).name,
        expected=f"at most {LARGEST_BYTES >> 20} MB and {RATIO} times the packed size",
        got=f"over {size / 2**20:.0f} MB from {packed / 2**10:.0f} kB",
    )
