"""Walking one chained file, strictly first; salvaging it after a structural error.

Comes in: where the messages of a chained file begin and end. Goes out: the index, grown by them, and what
was damaged. Leaves to others: the walks themselves (`scan_kernel.py`, `scan_numpy.py`,
`salvage_kernel.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from telemetry.errors import LimitExceeded
from telemetry.ingest.fit.crc import crc_numpy
from telemetry.ingest.fit.damage import Damage
from telemetry.ingest.fit.doubt import strange_times
from telemetry.ingest.fit.index import (
    DEFINITION_CUT,
    LIMIT_OF_STATUS,
    MESSAGE_CUT,
    N_COMPRESSED,
    N_DEFINITIONS,
    N_JUMPS,
    N_MESSAGES,
    N_RESERVED,
    NOT_DEFINED,
    POSITION,
    REACHED_STOP,
    TOO_MANY_DEFINITIONS,
    TOO_MANY_MESSAGES,
    Index,
    Tables,
    tables_for,
)

COLD_STEPS = 50_000
"""Messages that the walk without compiled code may take one by one."""
MOST_GAPS = 4096
"""Gaps that are listed one by one; more are joined."""

SHORT_TAIL_BYTES = 256
SEALED_LEAD = 3
SEALED_JUMPS = 2
CUT = (MESSAGE_CUT, DEFINITION_CUT)

PROBLEM = {
    NOT_DEFINED: ("data_before_definition", "a message of a type that is not defined"),
    MESSAGE_CUT: ("truncated", "the last message is cut short"),
    DEFINITION_CUT: ("truncated", "the last definition is cut short"),
}


class Walker:
    """The index of one upload while it grows, and what was found wrong on the way."""

    def __init__(self, raw: bytes, file: str | None, compiled: bool) -> None:
        self.raw = raw
        self.data = np.frombuffer(raw, np.uint8)
        self.file = file
        self.compiled = compiled
        self.tables = tables_for(len(raw))
        self.damage: list[Damage] = []
        self.salvaged = False
        self._doubtful: list[tuple[int, NDArray[np.uint8]]] = []
        self._before = self.tables.counts.copy()
        self._status = 0

    def note(self, kind: str, offset: int, size: int, detail: str) -> None:
        """Put one finding on the list of damage."""
        self.damage.append(Damage(kind, offset, size, detail))

    def crc(self, start: int, stop: int) -> int:
        """Checksum of the bytes from start to stop."""
        if self.compiled:
            from telemetry.ingest.fit.crc_kernel import crc

            return int(crc(self.data, start, stop))
        return crc_numpy(self.data, start, stop)

    def walk(self, first: int, stop: int, section: int) -> int:
        """Index messages strictly up to `stop`; return how it ended, a status of `index.py`.

        Raises
        ------
        LimitExceeded : more messages or definitions than the grammar allows
        """
        tables = self.tables
        self._before = tables.counts.copy()
        status = self._strict(first, stop, section)
        self._status = status
        if status in LIMIT_OF_STATUS:
            self._too_many(status, int(tables.counts[POSITION]))
        return status

    def forget(self) -> None:
        """Take back the last walk."""
        self.tables.counts[:] = self._before

    def doubts(self, *, sealed: bool = False) -> bool:
        """True where the last walk ended well and yet met timestamps that jump, or bits that nobody sets.

        A walk that ran out of step may come back into step by chance, and end where it should. Undamaged
        files have one or two jumps: under a right checksum (`sealed`) these are not looked into.
        """
        if self._reserved():
            return True
        if self.compiled:
            jumps = int(self.tables.counts[N_JUMPS] - self._before[N_JUMPS])
        else:
            first, last = int(self._before[N_MESSAGES]), int(self.tables.counts[N_MESSAGES])
            jumps = self._strength(self.tables, first, last)[1]
        return jumps > (SEALED_JUMPS if sealed else 0)

    def _reserved(self) -> bool:
        return bool(self.tables.counts[N_RESERVED] > self._before[N_RESERVED])

    def _lead(self, sealed: bool) -> int:
        """By how many well-timed messages a salvage must be ahead of the strict walk to be believed."""
        if sealed:
            return SEALED_LEAD
        return 0 if self._reserved() else 1

    def _strength(self, tables: Tables, first: int, last: int) -> tuple[int, int]:
        """Messages of an index whose timestamp is close to the one before, and nowhere near it."""
        strength: Callable[..., None]
        if self.compiled:
            from telemetry.ingest.fit import salvage_kernel

            strength = salvage_kernel.strength
        else:
            from telemetry.ingest.fit import scan_numpy

            strength = scan_numpy.strength
        out = np.zeros(2, np.int64)
        m = int(tables.counts[N_DEFINITIONS])
        strength(
            self.data, tables.offset[first:last], tables.definition[first:last], tables.definitions[:m], out
        )
        return int(out[0]), int(out[1])

    def recover(self, first: int, stop: int, section: int, *, cut: bool, sealed: bool = False) -> None:
        """After a walk that failed or cannot be right: salvage the same bytes, and keep what is told better.

        `cut` : the upload ends here, so that an unfinished message at the end is no surprise. `sealed` : the
        checksum is right, so that it takes more to believe that the walk was wrong.

        Raises
        ------
        LimitExceeded : more messages or definitions than the grammar allows
        """
        from telemetry.ingest.fit.salvage_kernel import salvage

        tables, before = self.tables, self._before
        n, m = int(before[N_MESSAGES]), int(before[N_DEFINITIONS])
        failed_at = int(tables.counts[POSITION])
        strict, jumps = self._strength(tables, n, int(tables.counts[N_MESSAGES]))
        if cut and not jumps and self._status in CUT and stop - failed_at < SHORT_TAIL_BYTES:
            # a recorder that died in the middle of a message, and was in step until then
            kind, detail = PROBLEM[self._status]
            self.note(kind, failed_at, stop - failed_at, detail)
            return
        self.compiled = True
        room = Tables(max(16, stop - first))
        doubt = np.zeros(len(room.offset), np.uint8)
        gaps = np.zeros((MOST_GAPS, 2), np.int32)
        status = salvage(
            self.data,
            first,
            stop,
            section,
            room.offset,
            room.definition,
            room.definitions,
            room.counts,
            doubt,
            gaps,
        )
        if status in LIMIT_OF_STATUS:
            self._too_many(status, first)
        found, defined, n_gaps = (int(value) for value in room.counts[:3])
        gaps = gaps[:n_gaps]
        if self._strength(room, 0, found)[0] < strict + self._lead(sealed):
            whole = int(tables.counts[N_MESSAGES]) - n
            lost = int((gaps[:, 1] - gaps[:, 0]).sum())
            if self._status == REACHED_STOP:
                return
            if found <= whole or lost >= stop - failed_at:
                kind, detail = PROBLEM[self._status]
                self.note(kind, failed_at, stop - failed_at, detail)
                return
        if n + found + 1 > len(tables.offset):
            self._too_many(TOO_MANY_MESSAGES, first)
        if m + defined + 1 > len(tables.definitions):
            self._too_many(TOO_MANY_DEFINITIONS, first)
        tables.offset[n : n + found] = room.offset[:found]
        tables.definition[n : n + found] = room.definition[:found] + m
        tables.definitions[m : m + defined] = room.definitions[:defined]
        tables.counts[:] = before
        tables.counts[N_MESSAGES] += found
        tables.counts[N_DEFINITIONS] += defined
        tables.counts[N_COMPRESSED] += room.counts[N_COMPRESSED]
        self._doubtful.append((n, doubt[:found]))
        self.salvaged = True
        for start, end in gaps.tolist():
            if cut and end == stop:
                self.note("truncated", start, end - start, "no whole message in these last bytes")
            else:
                self.note(
                    "resync", start, end - start, "these bytes are no messages: skipped to the next that are"
                )

    def doubt_strange_times(self, first: int) -> None:
        """Mark messages from the first-th on whose time is not the ride's: no checksum vouches for them."""
        tables = self.tables
        n, m = int(tables.counts[N_MESSAGES]), int(tables.counts[N_DEFINITIONS])
        marks = strange_times(
            self.data, tables.offset[first:n], tables.definition[first:n], tables.definitions[:m]
        )
        if marks.any():
            self._doubtful.append((first, marks.view(np.uint8)))

    def count(self) -> int:
        """How many messages were found so far."""
        return int(self.tables.counts[N_MESSAGES])

    def _strict(self, first: int, stop: int, section: int) -> int:
        tables = self.tables
        tables.local[:] = -1
        tables.counts[POSITION] = first
        if not self.compiled:
            from telemetry.ingest.fit import scan_numpy

            try:
                return scan_numpy.walk(self.data, self.raw, stop, section, tables, COLD_STEPS)
            except scan_numpy.TooSlow:
                self.compiled = True
                tables.counts[:] = self._before
                tables.counts[POSITION] = first
                tables.local[:] = -1
        from telemetry.ingest.fit.scan_kernel import walk

        return int(
            walk(
                self.data,
                stop,
                section,
                tables.offset,
                tables.definition,
                tables.definitions,
                tables.local,
                tables.counts,
            )
        )

    def _too_many(self, status: int, offset: int) -> None:
        limit = LIMIT_OF_STATUS[status]
        raise LimitExceeded(
            f"too many {limit.name}",
            file=self.file,
            offset=offset,
            expected=f"at most {limit.value:,} {limit.unit}",
        )

    def index(self) -> Index:
        """Every message found so far."""
        tables = self.tables
        n, m = int(tables.counts[N_MESSAGES]), int(tables.counts[N_DEFINITIONS])
        return Index(
            tables.offset[:n].copy(),
            tables.definition[:n].copy(),
            tables.definitions[:m].copy(),
            int(tables.counts[N_COMPRESSED]),
        )

    def doubtful(self) -> NDArray[np.bool_] | None:
        """One mark for each message found, None where there is no doubt about any."""
        if not self._doubtful:
            return None
        marks = np.zeros(int(self.tables.counts[N_MESSAGES]), np.bool_)
        for start, doubt in self._doubtful:
            marks[start : start + len(doubt)] |= doubt != 0
        return marks
