"""A zip of class files → the classes of all of them.

Comes in: bytes. Goes out: the recordings of every member that a reader knows, in the archive's order; a
member that fails is an issue of the others, or the error where none is left. Leaves to others: the formats.

The archive is untrusted: members, bytes and ratio are counted while reading, links and nested archives are
not followed, names are only ever text.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace

from telemetry.errors import BadInput, LimitExceeded, NotAClass, TelemetryError
from telemetry.ingest import LARGEST_BYTES, reader_for
from telemetry.ingest.readers.gz import check, check_ratio
from telemetry.model import ClassRecording, Issue

MOST_MEMBERS = 200
MOST_BYTES = 64 << 20
CHUNK = 1 << 16
INNER = (".fit", ".tcx", ".csv", ".fit.gz", ".tcx.gz", ".csv.gz")
ENTRY = b"PK\x01\x02"

FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
    struct.error,
)
"""What the standard library raises on damaged, encrypted or unknown members."""


def recordings(data: bytes, file: str, columns: Mapping[str, str] | None = None) -> list[ClassRecording]:
    """The classes of all members; `columns` is for the tables among them.

    Raises
    ------
    BadInput : these bytes are no zip, or the only member cannot be read
    NotAClass : no class file is inside
    LimitExceeded : too many members, or more comes out than class files can hold
    """
    # counted in the raw bytes first: opening an archive of a million empty members costs seconds
    if data.count(ENTRY) > 10 * MOST_MEMBERS:
        raise _too_many(file, data.count(ENTRY))
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except FAULTS as cause:
        raise BadInput("this is no zip file", file=file, expected="a zip of class files") from cause
    if len(members) > MOST_MEMBERS:
        raise _too_many(file, len(members))
    if len({member.header_offset for member in members}) < len(members):
        raise LimitExceeded(
            "members share their packed bytes: unpacks to more than it holds",
            file=file,
            expected="bytes of its own for each member",
        )
    found: list[ClassRecording] = []
    failed: list[TelemetryError] = []
    budget = _Budget(len(data))
    for member in members:
        name = plain_name(member.filename)
        if member.is_dir() or name.startswith((".", "__")) or not name.lower().endswith(INNER):
            continue
        try:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise BadInput("is a link", place=name, expected="a class file")
            inner = budget.unpacked(archive, member, file)
            reader = reader_for(name)
            found += reader.from_bytes(inner, name, columns if reader.takes_columns else None)
        except LimitExceeded as error:
            if error.file != file:
                # a person knows the archive
                error.file, error.place = file, f"member {error.file}"
            raise
        except TelemetryError as error:
            failed.append(error)
    if not found:
        if failed:
            failed[0].place, failed[0].file = f"member {failed[0].file or failed[0].place}", file
            raise failed[0]
        raise NotAClass("no class file is in this archive", file=file, expected="members like class.fit")
    found = [replace(recording, source=f"{recording.source}.zip") for recording in found]
    issues = tuple(Issue("archive_member_failed", detail=str(error)[:200]) for error in failed)
    found[0] = replace(found[0], issues=(*found[0].issues, *issues))
    return found


def plain_name(name: str) -> str:
    """The last part of a member's name as short printable text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[-100:]


class _Budget:
    """What may still come out of an archive: members that fail have cost as much as those that do not."""

    def __init__(self, packed: int) -> None:
        self.packed = packed
        self.spent = 0

    def unpacked(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> bytes:
        """The bytes of one member.

        Raises
        ------
        BadInput : damaged, encrypted, or packed in an unknown way
        LimitExceeded : more comes out than class files can hold
        """
        pieces: list[bytes] = []
        size = 0
        try:
            with archive.open(member) as stream:
                while piece := stream.read(CHUNK):
                    pieces.append(piece)
                    size += len(piece)
                    self.spent += len(piece)
                    # all members together: they may share their packed bytes
                    check(size, self.packed, file)
                    check_ratio(self.spent, self.packed, file)
                    if self.spent > MOST_BYTES:
                        raise LimitExceeded(
                            "unpacks to more than class files can hold",
                            file=file,
                            expected=f"at most {MOST_BYTES >> 20} MB in all members",
                        )
        except TelemetryError:
            raise
        except FAULTS as cause:
            raise BadInput(
                f"cannot be unpacked: {cause}"[:120],
                place=plain_name(member.filename),
                expected="a whole member",
            ) from cause
        if size > LARGEST_BYTES:
            raise LimitExceeded("a member is too large for a class file", file=file)
        return b"".join(pieces)


def _too_many(file: str, count: int) -> LimitExceeded:
    return LimitExceeded(
        "too many members in this archive",
        file=file,
        expected=f"at most {MOST_MEMBERS}",
        got=str(count),
    )
