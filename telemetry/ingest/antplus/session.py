"""A capture → the classes in it, seat by seat.

Comes in: a capture or a log, and the studio. Goes out: one `RoomClass` after another, each with its
recordings and the account of its reception. Rows of a class are kept column by column and let go when it
ends, so that a day of classes needs the memory of one. Leaves to others: order and sticks (`timeline.py`),
where a class ends (`split.py`), decoding (`decoder.py`), seats (`room.py`), files (`leave.py`).
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import polars as pl

from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus import notes, pages, room, rows
from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.antplus.decoder import KEEP_ROWS, Decoder
from telemetry.ingest.antplus.reception import Reception, SlotCounter
from telemetry.ingest.antplus.split import QUIET_S, Span, Splitter
from telemetry.ingest.antplus.studio import Studio
from telemetry.ingest.antplus.timeline import Happened, Room, Timeline
from telemetry.ingest.ble.decoder import BleDecoder
from telemetry.model import ClassRecording, Issue

CHUNK_ROWS: Final = 512
FORGET_EVERY_S: Final = 60.0


@dataclass
class RoomClass:
    """One class of the room. Times on the capture's clock [s]."""

    number: int
    """counted from 1"""
    span: Span
    started_unix_s: float | None
    seats: list[room.Seat]
    """with their devices, whose rows are not kept"""
    recordings: dict[str, ClassRecording]
    """by seat; a seat whose devices said nothing of a ride has none"""
    reception: dict[DeviceKey, list[tuple[int, Reception]]]
    """by device: each stick's own count"""
    first_heard: dict[DeviceKey, int]
    """messages that were the first of their slot"""
    health: dict[DeviceKey, dict[str, Any]]
    twins: dict[DeviceKey, float]
    """devices whose number two transmitters share, and since when"""
    others: list[DeviceKey] = field(default_factory=list)
    """devices of no seat"""


@dataclass(frozen=True, slots=True)
class Noted:
    """One event of the capture, in plain types."""

    time_s: float
    kind: str
    number: int | None
    detail: str


class Session:
    """Iterate `classes` once; `noted`, `messages` and the merger's counts are complete afterwards."""

    def __init__(self, reader: Room, studio: Studio, *, rate_hz: float = 1.0, file: str = "") -> None:
        self.reader = reader
        self.studio = studio
        self.rate_hz = rate_hz
        self.file = file
        self.timeline = Timeline(reader)
        self.noted: list[Noted] = []
        self._decoder = Decoder()
        self._ble = BleDecoder()
        self._decoders: tuple[Decoder, ...] = (self._decoder, self._ble)
        self._chunks: dict[DeviceKey, list[pl.DataFrame]] = {}
        self._slots: dict[tuple[DeviceKey, int], SlotCounter] = {}
        self._firsts: dict[DeviceKey, array[float]] = {}
        self._count = 0

    def classes(self) -> Iterator[RoomClass]:
        """Every class of the capture, in order."""
        splitter = Splitter()
        now = 0.0
        tidy_at = FORGET_EVERY_S
        for item in self.timeline:
            if isinstance(item, Happened):
                ended = self._event(item, splitter)
            elif isinstance(item, BleRow):
                ended = self._hear(self._ble, self._feed_ble(item), splitter)
                now = self._ble.now_s
            else:
                now = item.message.time_s
                self._count_slot(item.raw)
                ended = None
                if item.first:
                    track = self._decoder.feed(item.message)
                    self._firsts.setdefault(track.key, array("d")).append(now)
                    ended = self._hear(self._decoder, track, splitter)
            if ended is not None:
                yield self._room_class(ended)
                self._forget(ended.stop_s)
            if now >= tidy_at:
                tidy_at = now + FORGET_EVERY_S
                if not splitter.running:
                    self._forget(now - QUIET_S)
        for decoder in self._decoders:
            decoder.close()
        last = splitter.finished(now)
        if last is not None:
            yield self._room_class(last)

    # --- on the way -----------------------------------------------------------------------------------------

    def _event(self, item: Happened, splitter: Splitter) -> Span | None:
        event = item.event
        kind = notes.kind_of(event.event, event.kind, event.text)
        number = None if event.data == form.NO_DATA else event.data
        self.noted.append(Noted(item.time_s, kind, number, notes.detail_of(event.text)))
        if kind == "class_start":
            return splitter.started(item.time_s)
        if kind == "class_stop":
            return splitter.stopped(item.time_s)
        return None

    def _feed_ble(self, row: BleRow) -> rows.Track:
        self._ble.zero_s = self.reader.started_s
        return self._ble.feed(row)

    def _hear(self, decoder: Decoder, track: rows.Track, splitter: Splitter) -> Span | None:
        key = track.key
        if len(track.numbers) >= CHUNK_ROWS + KEEP_ROWS:
            chunk = decoder.take(key)
            if chunk is not None:
                self._chunks.setdefault(key, []).append(_slim(chunk))
        if track.now == "pedalling":
            return splitter.pedalled(track.last_s)
        return splitter.passed(track.last_s)

    def _count_slot(self, message: Broadcast) -> None:
        place = message.key, message.stick
        counter = self._slots.get(place)
        if counter is None:
            counter = self._slots[place] = SlotCounter(message.key)
        counter.add(message)

    def _forget(self, before_s: float) -> None:
        """Let go of what no class will need any more."""
        for key, chunks in self._chunks.items():
            self._chunks[key] = [chunk for chunk in chunks if float(chunk["time_s"][-1]) > before_s]
        for counter in self._slots.values():
            counter.forget(before_s)
        for firsts in self._firsts.values():
            del firsts[: int(np.searchsorted(firsts, before_s, side="right"))]

    # --- a class that ended ---------------------------------------------------------------------------------

    def _room_class(self, span: Span) -> RoomClass:
        self._count += 1
        zero = self.reader.started_s
        started = None if zero is None else zero + span.start_s
        heard = {
            key: decoder
            for decoder in self._decoders
            for key in decoder.tracks
            if self._was_heard(decoder, key, span)
        }
        # one seat's rows at a time: a room's together are most of the memory
        nothing = pl.DataFrame()
        seats = room.seats(dict.fromkeys(heard, nothing), self.studio)
        name = "" if started is None else f"{dt.datetime.fromtimestamp(started, dt.UTC):%Y%m%dT%H%M%SZ}"
        twins = {
            key: since
            for decoder in self._decoders
            for key, since in decoder.quarantined().items()
            if since <= span.stop_s
        }
        recordings = {}
        for seat in seats:
            devices = {key: self._frame(heard[key], key, span) for key in seat.devices}
            made = room.recording(
                replace(seat, devices=devices),
                span.start_s,
                span.stop_s,
                started_unix_s=started,
                rate_hz=self.rate_hz,
                file=self.file,
            )
            if made is not None:
                recordings[seat.name] = replace(
                    made,
                    class_id=f"{name}-{self._count}" if name else None,
                    issues=(*made.issues, *self._room_issues(seat, span, twins)),
                )
        taken = {key for seat in seats for key in seat.devices}
        return RoomClass(
            number=self._count,
            span=span,
            started_unix_s=started,
            seats=seats,
            recordings=recordings,
            reception=self._reception(span),
            first_heard={
                key: int(np.diff(np.searchsorted(times, (span.start_s, span.stop_s)))[0])
                for key, times in self._firsts.items()
            },
            health={
                key: dict(track.health) for decoder in self._decoders for key, track in decoder.tracks.items()
            },
            twins=twins,
            others=sorted(key for key in heard if key not in taken),
        )

    def _was_heard(self, decoder: Decoder, key: DeviceKey, span: Span) -> bool:
        """Whether a device said anything in a class."""
        if any(
            chunk["time_s"][-1] >= span.start_s and chunk["time_s"][0] <= span.stop_s
            for chunk in self._chunks.get(key, ())
        ):
            return True
        return any(
            span.start_s <= (row[rows.TIME] or 0.0) <= span.stop_s for row in decoder.tracks[key].numbers
        )

    def _frame(self, decoder: Decoder, key: DeviceKey, span: Span) -> pl.DataFrame:
        """The rows of one device in a class, every column of `decode` but the payloads."""
        newest = _slim(decoder.frame(key))
        parts = [chunk for chunk in self._chunks.get(key, ()) if float(chunk["time_s"][-1]) >= span.start_s]
        joined = pl.concat([*parts, newest], how="diagonal")
        missing = [
            pl.lit(None, pl.Float64).alias(name) for name in rows.NUMBERS if name not in joined.columns
        ]
        inside = (pl.col("time_s") >= span.start_s) & (pl.col("time_s") <= span.stop_s)
        return joined.with_columns(missing).filter(inside)

    def _reception(self, span: Span) -> dict[DeviceKey, list[tuple[int, Reception]]]:
        found: dict[DeviceKey, list[tuple[int, Reception]]] = {}
        for (key, stick), counter in sorted(self._slots.items()):
            counted = counter.reception(span.start_s, span.stop_s)
            if counted is not None:
                found.setdefault(key, []).append((stick, counted))
        return found

    def _room_issues(self, seat: room.Seat, span: Span, twins: dict[DeviceKey, float]) -> list[Issue]:
        """What happened to the room or to this seat's devices."""
        issues = []
        for key, since in twins.items():
            if key in seat.devices:
                issues.append(
                    Issue(
                        "shared_device_number",
                        max(0.0, since - span.start_s),
                        span.stop_s - span.start_s,
                        detail=f"two transmitters send as {pages.PROFILES.get(key.device_type, 'device')} "
                        f"{key.device_number}: no value of either is used",
                    )
                )
        for start, stop in gaps(self.noted, span.stop_s, len(self.timeline.sticks)):
            if stop > span.start_s and start < span.stop_s:
                issues.append(
                    Issue(
                        "stick_unplugged",
                        max(0.0, start - span.start_s),
                        min(stop, span.stop_s) - span.start_s,
                        detail="no stick was plugged in; counters bridge what they can",
                    )
                )
        return issues


def gaps(noted: list[Noted], end_s: float, sticks: int) -> list[tuple[float, float]]:
    """From when to when [s] no stick was listening."""
    out: set[int] = set()
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for note in noted:
        stick = note.number or 0
        if note.kind == "unplugged":
            out.add(stick)
            if len(out) >= max(1, sticks) and begun is None:
                begun = note.time_s
        elif note.kind == "replugged":
            out.discard(stick)
            if begun is not None:
                found.append((begun, note.time_s))
                begun = None
    if begun is not None:
        found.append((begun, end_s))
    return found


def _slim(chunk: pl.DataFrame) -> pl.DataFrame:
    """Without columns that hold nothing and raw payloads, words as numbers: a third of the memory."""
    keep = [
        name
        for name in chunk.columns
        if name != "payload" and (name not in rows.AT or chunk[name].null_count() < chunk.height)
    ]
    return chunk.select(keep).with_columns(pl.col("source", "state").cast(pl.Categorical))
