"""A capture in the order in which it happened: several sticks as one, events between the messages.

Comes in: a `CaptureReader`. Goes out: messages, Bluetooth rows and events by time, each message with whether
it is the first of its slot. A replay and the decoding after class walk the same way, so they cannot differ.
Leaves to others: the file (`capture_read.py`), what a message says (`decoder.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.capture_read import BleRow, CaptureEvent, CaptureReader
from telemetry.ingest.antplus.capture_sniff import is_capture_file
from telemetry.ingest.antplus.identity import StickMerger
from telemetry.ingest.antplus.logs import Log, read_log


class Room(Protocol):
    """Anything that was received once: a capture, or another program's log."""

    started_s: float | None

    def timeline(self) -> Iterator[Broadcast | BleRow | CaptureEvent]:
        """Everything in the order it was written."""


LATE_S: Final = 1.0
"""Sticks are written one after the other, a quarter of a second at a time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One received message. `first` False: another stick had delivered its slot already."""

    message: Broadcast
    raw: Broadcast
    """as its own stick received it, with that stick's ticks"""
    first: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the capture, on the clock of its messages."""

    time_s: float
    event: CaptureEvent


class Timeline:
    """Iterate for what happened, in order; `merger` counts what several sticks heard twice."""

    def __init__(self, reader: Room) -> None:
        self.reader = reader
        self.merger = StickMerger()
        self.sticks: set[int] = set()
        self.messages = 0

    def __iter__(self) -> Iterator[Heard | BleRow | Happened]:
        first: int | None = None
        for time_s, item in self._by_time():
            if isinstance(item, CaptureEvent):
                yield Happened(time_s, item)
                continue
            if isinstance(item, BleRow):
                self.messages += 1
                yield item
                continue
            first = item.stick if first is None else first
            self.sticks.add(item.stick)
            self.messages += 1
            if len(self.sticks) == 1:
                yield Heard(item, item, True)
                continue
            accepted = self.merger.accept(item)
            merged = item if item.stick == first else replace(item, rx_ticks=None, stick=first)
            yield Heard(merged, item, accepted)

    def _by_time(self) -> Iterator[tuple[float, Broadcast | BleRow | CaptureEvent]]:
        reader = self.reader
        waiting: list[tuple[float, int, Broadcast | BleRow | CaptureEvent]] = []
        newest = float("-inf")
        for number, item in enumerate(reader.timeline()):
            if isinstance(item, Broadcast):
                at = item.time_s
            else:
                at = 0.0 if reader.started_s is None else item.unix_s - reader.started_s
            heapq.heappush(waiting, (at, number, item))
            newest = max(newest, at)
            while waiting[0][0] < newest - LATE_S:
                due, _, ready = heapq.heappop(waiting)
                yield due, ready
        while waiting:
            due, _, ready = heapq.heappop(waiting)
            yield due, ready


class LogRoom:
    """Another program's log of an ANT stick, as a room."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.started_s: float | None = log.started_s

    def timeline(self) -> Iterator[Broadcast | BleRow | CaptureEvent]:
        """The log's messages."""
        yield from self.log.broadcasts


def open_room(path: str | Path) -> CaptureReader | LogRoom:
    """A capture, or a log in one of the formats found in practice, told apart by content.

    Raises
    ------
    BadInput : neither
    """
    if is_capture_file(path):
        return CaptureReader(path)
    return LogRoom(read_log(path))
