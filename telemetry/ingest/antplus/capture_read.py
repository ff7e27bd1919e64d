"""A capture file → what was received, batch by batch, however it ended.

Comes in: a path. Goes out: batches in file order with their frames, events and Bluetooth rows, and what was
damaged. A file is read in chunks, so that an hour of a full room needs no more memory than a minute. Damage
is stepped over to the next mark whose checksum holds. Leaves to others: meaning (`decoder.py`), the bytes'
layout (`capture_format.py`).
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from telemetry.errors import BadInput
from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.capture_sniff import is_capture_file
from telemetry.ingest.antplus.frames import DATA_MESSAGES, Channels, Frame
from telemetry.ingest.fit.crc import crc_numpy

CHUNK_BYTES: Final = 1 << 20
LONGEST_MESSAGE: Final = 1 << 17
"""A definition of 255 fields of 255 bytes, and then some."""
_MARK = struct.Struct("<BIIIIIB")


class RxRow(NamedTuple):
    """One received frame of a capture: Unix time, message id, body."""

    unix_s: float
    id: int
    body: bytes


class BleRow(NamedTuple):
    """One Bluetooth row of a capture."""

    unix_s: float
    address: int
    uuid: int
    rssi_dbm: int
    payload: bytes


class CaptureEvent(NamedTuple):
    """Something that happened to the capture or the class."""

    unix_s: float
    event: int
    kind: int
    text: str
    data: int = form.NO_DATA


@dataclass(slots=True)
class Batch:
    """What one write held. `sealed` False: it stands after the last mark, or its mark does not fit it."""

    stick: int = 0
    sequence: int = -1
    dropped: int = 0
    frames: list[RxRow] = field(default_factory=list)
    ble: list[BleRow] = field(default_factory=list)
    events: list[CaptureEvent] = field(default_factory=list)
    sealed: bool = False
    damaged: bool = False
    """True where bytes of this write were changed: what is in it may not be what was received"""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a capture that are no whole messages."""

    offset: int
    size: int
    kind: str
    """unfinished, damaged, checksum, missing_batches"""


class CaptureReader:
    """Iterate for batches; `damage`, `closed`, `good_bytes` and `data_crc` are complete afterwards.

    `data` are the bytes where they are in memory already; `path` then only names them.

    Raises
    ------
    BadInput : not a FIT file, or no capture
    """

    def __init__(self, path: str | Path, data: bytes | None = None) -> None:
        self.path = Path(path)
        self._data = data
        self.damage: list[Damage] = []
        self.closed = False
        self.started_s: float | None = None
        self.good_bytes = form.HEADER_BYTES
        """bytes up to the end of the last whole message"""
        self.sealed_bytes = form.HEADER_BYTES
        self.data_crc = 0
        """FIT checksum of the data up to `good_bytes`"""
        self.devices: dict[tuple[int, int, int], float] = {}
        self.marks = 0
        """writes whose checksum holds"""
        self.dropped = 0
        """messages that could not be kept, as the last mark says"""

    def __iter__(self) -> Iterator[Batch]:
        try:
            handle = self.path.open("rb") if self._data is None else io.BytesIO(self._data)
        except OSError as cause:
            raise BadInput(f"cannot be read: {cause.strerror or cause}", file=self.path.name) from cause
        with handle:
            head = handle.read(form.HEADER_BYTES)
            if len(head) < form.HEADER_BYTES or head[8:12] != b".FIT" or head[0] != form.HEADER_BYTES:
                raise BadInput("not a capture", file=self.path.name, expected="a FIT file header of 14 bytes")
            size = int.from_bytes(head[4:8], "little")
            total = handle.seek(0, os.SEEK_END)
            handle.seek(form.HEADER_BYTES)
            self.closed = size != form.OPEN_SIZE and size + form.HEADER_BYTES + 2 <= total
            stop = form.HEADER_BYTES + size if self.closed else total
            yield from _Walk(self, handle.read, form.HEADER_BYTES, stop).batches()

    def timeline(self) -> Iterator[Broadcast | BleRow | CaptureEvent]:
        """Messages and events in the order of the file, damaged batches left out.

        `time_s` counts from the first data message, which `started_s` names; events and Bluetooth rows keep
        their own clock.
        """
        channels: dict[int, Channels] = {}
        for batch in self:
            if batch.damaged:
                continue
            known = channels.setdefault(batch.stick, Channels())
            yield from batch.events
            if batch.ble and self.started_s is None:
                self.started_s = min([row.unix_s for row in batch.ble] + [row.unix_s for row in batch.frames])
            yield from batch.ble
            for row in batch.frames:
                frame = Frame(row.id, row.body)
                known.note(frame)
                if self.started_s is None and frame.id in DATA_MESSAGES:
                    self.started_s = row.unix_s
                item = known.broadcast(frame, row.unix_s - (self.started_s or row.unix_s), batch.stick)
                if item is not None:
                    yield item

    def broadcasts(self) -> Iterator[Broadcast]:
        """The data messages of all batches, `time_s` counted from the first of them."""
        return (item for item in self.timeline() if isinstance(item, Broadcast))


_FIXED_SHAPES: Final = {
    form.LOCAL_MARK: (form.MARK, _MARK.size),
    form.LOCAL_CHANNEL_ID: (form.ANT_CHANNEL_ID, 1 + sum(item[1] for item in form.CHANNEL_ID_FIELDS)),
    form.LOCAL_EVENT: (form.EVENT, 1 + sum(item[1] for item in form.EVENT_FIELDS)),
}
"""Known even where the damage took their definitions."""


class _Walk:
    """The walk over one file: a window of bytes, the shapes defined so far, the batch being filled."""

    def __init__(self, reader: CaptureReader, read: object, start: int, stop: int) -> None:
        self.reader = reader
        self.read = read
        self.window = b""
        self.base = start
        self.at = 0
        self.stop = stop
        self.shapes = dict(_FIXED_SHAPES)
        self.batch = Batch()
        self.batch_from = start
        self.sequence = 0
        self.tried = 0
        """place of the last mark that was resumed at: none is tried twice"""

    def _fill(self) -> None:
        """Drop what was walked, but keep the open batch, whose checksum is still to come."""
        keep = self.batch_from - self.base
        self.window = self.window[keep:]
        self.base += keep
        self.at -= keep
        left = self.stop - self.base - len(self.window)
        if left > 0:
            self.window += self.read(min(CHUNK_BYTES, left))  # type: ignore[operator]

    def batches(self) -> Iterator[Batch]:
        self._fill()
        while True:
            if len(self.window) - self.at < LONGEST_MESSAGE and self.base + len(self.window) < self.stop:
                self._fill()
            if self.at >= len(self.window):
                break
            size = self._message()
            if size is None:
                broken = self._step_over()
                if broken is None:
                    break
                yield broken
                continue
            sealed = self.window[self.at] == form.LOCAL_MARK and self.shapes[form.LOCAL_MARK][0] == form.MARK
            if sealed:
                batch = self._seal(size)
                if batch.damaged:
                    # this mark may itself be noise: trust the next one that fits what stands before it
                    broken = self._step_over()
                    if broken is not None:
                        yield broken
                        continue
            self.at += size
            self._good()
            if sealed:
                self.batch_from = self.base + self.at
                self.batch = Batch()
                yield batch
        if self.batch.frames or self.batch.events or self.batch.ble:
            yield self.batch
        self.reader.damage = _joined(self.reader.damage)

    def _good(self) -> None:
        end = self.base + self.at
        self.reader.good_bytes = end

    # --- one message ----------------------------------------------------------------------------------------

    def _message(self) -> int | None:
        """Size of the message at the window's place, taken into the batch; None where it is no whole
        message.
        """
        window, at = self.window, self.at
        head = window[at]
        if head & 0xC0 == 0x40:
            return self._definition(head)
        if head & 0xF0:
            return None
        shape = self.shapes.get(head)
        if shape is None:
            return None
        number, size = shape
        if at + size > len(window):
            return None
        if number == form.ANT_RX and size >= 9:
            second, fraction, kind = struct.unpack_from("<IHB", window, at + 1)
            self.batch.frames.append(RxRow(_unix(second, fraction), kind, window[at + 8 : at + size]))
        elif number == form.BLE_RX and size >= 14:
            second, fraction, address, uuid, rssi = struct.unpack_from("<IHIHb", window, at + 1)
            self.batch.ble.append(
                BleRow(_unix(second, fraction), address, uuid, rssi, window[at + 14 : at + size])
            )
        elif number == form.EVENT and size == 13 + form.EVENT_TEXT_BYTES:
            second, event, kind, data, fraction = struct.unpack_from("<IBBIH", window, at + 1)
            text = window[at + 13 : at + size].split(b"\0")[0].decode("utf-8", "replace")
            self.batch.events.append(CaptureEvent(_unix(second, fraction), event, kind, text, data))
        elif number == form.ANT_CHANNEL_ID and size == 11:
            second, _, kind, device, transmission, _ = struct.unpack_from("<IBBHBB", window, at + 1)
            self.reader.devices.setdefault((device, kind, transmission), _unix(second, 0))
        return size

    def _definition(self, head: int) -> int | None:
        window, at = self.window, self.at
        if at + 6 > len(window) or head & 0x30 or window[at + 2] or not head & 0x0F:
            return None
        count = window[at + 5]
        stop = at + 6 + 3 * count
        if stop > len(window):
            return None
        size = 1 + sum(window[at + 7 : stop : 3])
        self.shapes[head & 0x0F] = (int.from_bytes(window[at + 3 : at + 5], "little"), size)
        return stop - at

    def _seal(self, size: int) -> Batch:
        """The batch that this mark ends, sealed where bytes and checksum agree."""
        _, _, sequence, count, crc, dropped, stick = _MARK.unpack_from(self.window, self.at)
        batch = self.batch
        batch.sequence, batch.dropped, batch.stick = sequence, dropped, stick
        begin = self.at - count
        body = self.window[begin : self.at] if begin >= 0 else b""
        batch.sealed = len(body) == count and zlib.crc32(body) == crc
        start = self.batch_from
        if not batch.sealed:
            batch.damaged = True
            self.reader.damage.append(Damage(start, self.base + self.at - start, "checksum"))
            return batch
        if sequence != self.sequence + 1 and self.sequence:
            self.reader.damage.append(Damage(start, 0, "missing_batches"))
        self.sequence = sequence
        self.reader.marks += 1
        self.reader.dropped = dropped
        self.reader.sealed_bytes = self.base + self.at + size
        return batch

    # --- damage ---------------------------------------------------------------------------------------------

    def _step_over(self) -> Batch | None:
        """From a structural error to the next batch whose mark fits it; None where there is none.

        What was whole before the error stays in the unsealed batch that is given back.
        """
        broken = self.batch
        broken.damaged = True
        start = self.base + self.at
        first = self.batch_from
        probe = first - self.base
        while True:
            place = self.window.find(bytes([form.LOCAL_MARK]), probe)
            if place < 0 or place + _MARK.size > len(self.window):
                before = self.base + len(self.window)
                if before >= self.stop:
                    break
                resume = self.base + (len(self.window) if place < 0 else place)
                self._fill()
                probe = resume - self.base
                if self.base + len(self.window) == before:
                    break
                if len(self.window) > 64 * CHUNK_BYTES:
                    break
                continue
            _, _, sequence, count, crc, _, _ = _MARK.unpack_from(self.window, place)
            begin = place - count
            if (
                sequence > self.sequence
                and self.base + place > self.tried
                and self.base + begin >= first
                and count
                and zlib.crc32(self.window[begin:place]) == crc
            ):
                resumed = self.base + begin
                self.reader.damage.append(Damage(min(start, resumed), abs(resumed - start), "damaged"))
                self.tried = self.base + place
                self.shapes = dict(_FIXED_SHAPES)
                self.at = begin
                self.batch_from = self.base + begin
                self.batch = Batch()
                return broken
            probe = place + 1
        if not broken.sequence >= 0:
            # nothing sealed follows: a file cut here, whose whole messages stand as they are
            broken.damaged = False
            kind = "unfinished" if not self.reader.closed else "damaged"
            self.reader.damage.append(Damage(start, self.stop - start, kind))
        return None


def _joined(damage: list[Damage]) -> list[Damage]:
    return sorted(set(damage), key=lambda item: (item.offset, item.size))


def _unix(second: int, fraction: int) -> float:
    return second + form.FIT_EPOCH_S + fraction / form.FRACTIONS_PER_SECOND


def recover(path: str | Path) -> CaptureReader:
    """Finish a capture that was cut: drop what is no whole message, put in size and checksums.

    Raises
    ------
    BadInput : not a capture
    """
    from telemetry.ingest.antplus.capture_file import finish

    reader = CaptureReader(path)
    for _ in reader:
        pass
    if not is_capture_file(path):
        # an activity that its recorder left open must not be cut to what a capture would hold
        raise BadInput("not a capture", file=Path(path).name, expected="a file that telemetry capture began")
    if reader.closed:
        return reader
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError as cause:
        raise BadInput(f"cannot be finished: {cause.strerror or cause}", file=Path(path).name) from cause
    try:
        data = np.memmap(path, np.uint8, "r")
        reader.data_crc = crc_numpy(data, form.HEADER_BYTES, reader.good_bytes)
        finish(handle, reader.good_bytes, reader.data_crc)
    except OSError as cause:
        raise BadInput(f"cannot be finished: {cause.strerror or cause}", file=Path(path).name) from cause
    finally:
        os.close(handle)
    return reader
