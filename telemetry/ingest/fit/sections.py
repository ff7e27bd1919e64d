"""Headers, chained files and checksums: from bytes to the index of every message.

Comes in: the bytes of one upload. Goes out: the `Index` over all chained files, and the damage. Leaves to
others: the walk over messages (`walking.py`), what stands in a header (`header.py`).

The length in the header is believed where the checksum agrees, or the walk ends on it and the upload does
too; else other ends are tried: the next chained header, the end of the upload with and without a checksum.
Only a file that ends on none of them is salvaged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import BadInput, LimitExceeded
from telemetry.ingest.fit.damage import Damage
from telemetry.ingest.fit.header import Header, first_header, header_at, next_header
from telemetry.ingest.fit.index import MAX_BYTES, MAX_SECTIONS, REACHED_STOP, Index
from telemetry.ingest.fit.sniff import looks_like
from telemetry.ingest.fit.walking import Walker

NEVER_WRITTEN = (0, 0xFFFFFFFF)
"""Data sizes that a recorder leaves when it dies before it closes the file."""
UNSEALED = ("file_crc", "no_crc")
"""Damage that leaves a chained file without a checksum that vouches for its bytes."""


SHORTER = "the file is shorter than its header says"


class Reading(NamedTuple):
    messages: Index
    damage: tuple[Damage, ...]
    salvaged: bool
    doubtful: NDArray[np.bool_] | None
    """one entry each message, or None where there is no doubt"""
    sections: int


def read_index(raw: bytes, file: str | None, compiled: bool) -> Reading:
    """Find every message of every chained file.

    Raises
    ------
    BadInput : not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    if len(raw) > MAX_BYTES.value:
        raise LimitExceeded(
            "the file is too large",
            file=file,
            expected=f"at most {MAX_BYTES.value:,} bytes",
            got=f"{len(raw):,}",
        )
    header = first_header(raw)
    if header is None:
        raise BadInput("this is not a FIT file", file=file, expected="a FIT header", got=looks_like(raw))
    walker = Walker(raw, file, compiled)
    sections = 0
    while True:
        if sections >= MAX_SECTIONS.value:
            raise LimitExceeded(
                "too many files are chained",
                file=file,
                offset=header.at,
                expected=f"at most {MAX_SECTIONS.value} files",
            )
        known, noted = walker.count(), len(walker.damage)
        end = _read_section(walker, raw, header, sections)
        if any(damage.kind in UNSEALED for damage in walker.damage[noted:]):
            walker.doubt_strange_times(known)
        sections += 1
        if end >= len(raw):
            break
        following = header_at(raw, end)
        if following is None:
            at = next_header(raw, end)
            skipped = (at if at >= 0 else len(raw)) - end
            walker.note("trailing_bytes", end, skipped, "bytes after the end of the file, skipped")
            if at < 0:
                break
            following = header_at(raw, at)
        if following is None:
            break
        header = following
    return Reading(walker.index(), tuple(walker.damage), walker.salvaged, walker.doubtful(), sections)


def _read_section(walker: Walker, raw: bytes, header: Header, section: int) -> int:
    """Index one chained file; return where it ends."""
    if header.problem:
        walker.note("header", header.at, header.first - header.at, header.problem)
    if header.crc and header.crc != walker.crc(header.at, header.at + 12):
        walker.note("header_crc", header.at + 12, 2, "the header's checksum is wrong")
    size = len(raw)
    first = min(header.first, size)
    declared = first + header.data_size
    died = header.data_size in NEVER_WRITTEN and not (header.data_size == 0 and first + 2 >= size)

    if not died and declared + 2 <= size:
        crc_right = walker.crc(header.at, declared) == _stored(raw, declared)
        ends_here = declared + 2 == size or header_at(raw, declared + 2) is not None
        if crc_right or ends_here:
            if not crc_right:
                walker.note(
                    "file_crc",
                    declared,
                    2,
                    "the file's checksum is wrong: some bytes are not what was written",
                )
            reached = walker.walk(first, declared, section) == REACHED_STOP
            if not reached or walker.doubts(sealed=crc_right):
                cut = not reached and declared + 2 >= size
                walker.recover(first, declared, section, cut=cut, sealed=reached and crc_right)
            return declared + 2
    if died:
        walker.note("recorder_died", header.at + 4, 4, "the recorder never wrote the length: read to the end")

    following = next_header(raw, first)
    end = following if following >= 0 else size
    for stop in _possible_ends(walker, raw, header, first, declared, end):
        if walker.walk(first, stop, section) != REACHED_STOP:
            walker.forget()
            continue
        closed = (stop + 2 <= end and stop != declared) or stop == declared
        crc_right = stop + 2 <= end and walker.crc(header.at, stop) == _stored(raw, stop)
        cut = not died and declared > size and not crc_right
        if cut:
            walker.note("truncated", size, declared + 2 - size, SHORTER)
        elif not died and stop != declared:
            walker.note("lying_size", header.at + 4, 4, _lie(header.data_size, stop - first))
        if stop + 2 > end or cut:
            # of a file that was cut the last two bytes are no checksum: the next message began there
            walker.note("no_crc", stop, 0, "the file ends without its checksum")
        elif not crc_right:
            walker.note("file_crc", stop, 2, "the file's checksum is wrong")
        if stop + 2 <= end and not crc_right and walker.doubts():
            walker.recover(first, stop, section, cut=False)
        return min(stop + 2, end) if closed and stop + 2 <= end else end
    if not died:
        if declared > size:
            walker.note("truncated", size, declared + 2 - size, SHORTER)
        else:
            walker.note("lying_size", header.at + 4, 4, _lie(header.data_size, end - first))
    stop = end
    if end - 2 > first and walker.crc(header.at, end - 2) == _stored(raw, end - 2):
        stop = end - 2
    else:
        walker.note("no_crc", end, 0, "the file ends without its checksum")
    walker.walk(first, stop, section)
    return _recover(walker, first, stop, section, end)


def _possible_ends(
    walker: Walker, raw: bytes, header: Header, first: int, declared: int, end: int
) -> list[int]:
    """Where the messages may end when the header's length is not to be believed, likeliest first."""
    ends = []
    if end - 2 >= first and walker.crc(header.at, end - 2) == _stored(raw, end - 2):
        ends.append(end - 2)
    if declared in (end, end - 1):
        ends.append(declared)
    never_written = header.data_size in NEVER_WRITTEN
    # a file that was cut has no checksum: its last two bytes may be a whole message
    ends += [end, end - 2] if never_written or declared > len(raw) else [end - 2, end]
    if not never_written:
        ends.append(declared)
    return [stop for stop in dict.fromkeys(ends) if first <= stop <= end]


def _recover(walker: Walker, first: int, stop: int, section: int, end: int) -> int:
    walker.recover(first, stop, section, cut=end >= len(walker.raw))
    return end


def _stored(raw: bytes, at: int) -> int:
    return raw[at] | raw[at + 1] << 8


def _lie(claimed: int, found: int) -> str:
    return f"the header claims {claimed:,} bytes of messages, there are {found:,}"
