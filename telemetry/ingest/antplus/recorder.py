"""From the queue of received frames to the file, four times a second, and what happens on the way.

Comes in: frames and radio events, put by threads that never wait. Goes out: one write a step, events beside
the frames, and the same rows for whoever watches. Leaves to others: threads and processes
(`capture_process.py`), bytes (`capture_file.py`), who is let in (`door.py`).

File time is the wall clock at the start plus the monotonic clock since: a wall clock that jumps later is
recorded as an event and never applied.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus import notes
from telemetry.ingest.antplus.capture_file import CaptureFile
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.antplus.door import Door
from telemetry.ingest.antplus.radio import FrameQueue

CLOCK_JUMP_S: Final = 0.5
MOST_FOREIGN: Final = 200

MOST_BLE: Final = 65536

LiveRow = tuple[float, int, int, bytes]
"""(Unix time as the file holds it [s], stick, message id, body)"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told and written."""

    unix_s: float
    kind: str
    number: int | None = None
    detail: str = ""


class Recorder:
    """`step` from one thread only; `note` from any."""

    def __init__(
        self,
        file: CaptureFile,
        queue: FrameQueue,
        door: Door,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.file = file
        self.queue = queue
        self.door = door
        self.messages = 0
        self._wall, self._monotonic = wall, monotonic
        self.ble: deque[BleRow] = deque(maxlen=MOST_BLE)
        """Bluetooth rows, put by their own thread"""
        self._anchor_s = wall() - monotonic()
        self._wall_off_s = self._anchor_s
        self._noted: deque[Event] = deque()
        self._dropped = 0
        self._write_errors = 0
        self._full = False

    def unix_s(self, monotonic_s: float | None = None) -> float:
        """A moment of the monotonic clock on the file's."""
        return self._anchor_s + (self._monotonic() if monotonic_s is None else monotonic_s)

    def note(self, kind: str, number: int | None = None, detail: str = "", at_s: float | None = None) -> None:
        """Something happened, now or at a moment of the monotonic clock."""
        self._noted.append(Event(self.unix_s(at_s), kind, number, detail))

    def step(self) -> tuple[list[LiveRow | BleRow], list[Event]]:
        """Write what waits; gives what was written and what happened."""
        rows: list[LiveRow | BleRow] = [*self._take(), *self._take_ble()]
        self.messages += len(rows)
        self._look_around()
        told = [self._noted.popleft() for _ in range(len(self._noted))]
        for event in told:
            self._write(event)
        self.file.flush()
        return rows, told

    def close(self) -> tuple[list[LiveRow | BleRow], list[Event], bool]:
        """The last step, with what the door refused, and the file's end: True where nothing is missing."""
        for seen in self.door.refused()[:MOST_FOREIGN]:
            self.note("foreign", seen.messages, f"{seen.number}/{seen.kind}/{seen.transmission}")
        self.note("ended")
        rows, told = self.step()
        return rows, told, self.file.close()

    def _take(self) -> list[LiveRow]:
        file, lets, anchor = self.file, self.door.lets, self._anchor_s
        rows: list[LiveRow] = []
        for received in self.queue.take():
            time_s, stick, message_id, body = received
            if not lets(body):
                continue
            unix_s = anchor + time_s
            for seen in self.door.fresh:
                file.device(unix_s, seen.number, seen.kind, seen.transmission, stick)
            self.door.fresh.clear()
            file.frame(unix_s, message_id, body, stick)
            second, fraction = form.split_time(unix_s)
            rows.append(
                (second + form.FIT_EPOCH_S + fraction / form.FRACTIONS_PER_SECOND, stick, message_id, body)
            )
        return rows

    def _take_ble(self) -> list[BleRow]:
        heard = [self.ble.popleft() for _ in range(len(self.ble))]
        for row in heard:
            self.file.ble(*row)
        return heard

    def _look_around(self) -> None:
        """What can only be seen by comparing: clocks, counts, the disk."""
        off = self._wall() - self._monotonic()
        if abs(off - self._wall_off_s) > CLOCK_JUMP_S:
            self.note("clock_jump", None, f"{off - self._wall_off_s:+.1f} s")
            self._wall_off_s = off
        lost = self.queue.dropped - self._dropped
        if lost:
            self._dropped += lost
            self.file.dropped += lost
            self.note("dropped", lost, "the queue was full")
        errors = self.file.write_errors
        if errors != self._write_errors:
            self._write_errors = errors
            if not self._full:
                self._full = True
                self.note("disk_full")
        elif self._full and not self.file.waiting_bytes:
            self._full = False
            self.note("disk_back")

    def _write(self, event: Event) -> None:
        number, kind = notes.CLASS_EVENTS.get(event.kind, (form.MARKER_EVENT, form.MARKER))
        data = form.NO_DATA if event.number is None else event.number
        self.file.event(event.unix_s, number, kind, notes.words(event.kind, event.detail), data)
