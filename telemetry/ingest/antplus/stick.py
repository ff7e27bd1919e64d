"""A virtual ANT stick: the serial dialogue of a real one, and the messages of a simulated or recorded room.

Comes in: bytes from the host, sensors or broadcasts to send, faults to inject. Goes out: bytes for the
host, when they are due. It proves the host side and not radio: nothing here knows about antennas. Leaves to
others: the USB device it hides behind (`virtual_usb.py`), framing (`frames.py`), what sensors say
(`sensors.py`). Dialogue: [MP] 9.3 to 9.5, codes as openant names them.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from telemetry.ingest.antplus import frames
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.frames import Frame, Framer, encode
from telemetry.ingest.antplus.sensors import TICKS_PER_SECOND, Sensor, received

UNASSIGN, ASSIGN, PERIOD, SEARCH_TIMEOUT, RF_FREQUENCY, NETWORK_KEY = 0x41, 0x42, 0x43, 0x44, 0x45, 0x46
RESET, OPEN, CLOSE, REQUEST, SCAN, EXTENDED, LIB_CONFIG = 0x4A, 0x4B, 0x4C, 0x4D, 0x5B, 0x66, 0x6E
CAPABILITIES, VERSION, SERIAL, STATUS = 0x54, 0x3E, 0x61, 0x52
NO_ERROR, WRONG_STATE, ID_NOT_SET, CLOSE_ALL, INVALID_MESSAGE, INVALID_NETWORK = 0, 21, 24, 25, 40, 41
EVENT, CHANNEL_CLOSED, QUEUE_OVERFLOW = 1, 7, 52

CHANNELS, NETWORKS = 8, 3
FIFO_BYTES: Final = 2048
RSSI_DBM: Final = -60
_QUIET = frozenset({NETWORK_KEY, LIB_CONFIG, EXTENDED, 0x47, 0x68, 0x49, 0x6D, 0x70, 0x71, 0x75})


@dataclass(slots=True)
class Faults:
    """What goes wrong, by the second of the class it goes wrong at."""

    stray_bytes_s: Sequence[float] = ()
    bad_checksums_s: Sequence[float] = ()
    unplugged_s: Sequence[tuple[float, float]] = ()
    """(from, until): the stick is out of its socket"""
    read_bytes: int | None = None
    """most bytes one read returns, to split frames"""
    loss: float = 0.0
    longest_burst: int = 1
    refuse_lib_config: bool = False
    mute_starts: int = 0
    """this many start-ups are not answered"""


@dataclass(slots=True)
class _Channel:
    assigned: bool = False
    id_set: bool = False
    opened: bool = False


@dataclass(frozen=True, eq=False)
class Schedule:
    """Everything a room sends, in order of time: arrays (n,) over all sensors, and their payloads uint8 (n,
    8).
    """

    time_s: np.ndarray
    ticks: np.ndarray
    number: np.ndarray
    kind: np.ndarray
    transmission: np.ndarray
    payload: np.ndarray

    def __len__(self) -> int:
        return len(self.time_s)

    @classmethod
    def of_sensors(cls, sensors: Sequence[Sensor], faults: Faults | None = None, seed: int = 0) -> Schedule:
        """The slots of all sensors that get through, merged."""
        faults = faults or Faults()
        keep = [
            np.flatnonzero(received(len(s.ticks), seed + 1000 * i, faults.loss, faults.longest_burst))
            for i, s in enumerate(sensors)
        ]
        ticks = np.concatenate([s.ticks[k] for s, k in zip(sensors, keep, strict=True)] or [np.empty(0, int)])
        order = np.argsort(ticks, kind="stable")

        def spread(value: Callable[[Sensor], int]) -> np.ndarray:
            parts = [np.full(len(k), value(s), np.int64) for s, k in zip(sensors, keep, strict=True)]
            return np.concatenate(parts or [np.empty(0, np.int64)])[order]

        payloads = [s.payloads[k] for s, k in zip(sensors, keep, strict=True)]
        return cls(
            time_s=ticks[order] / TICKS_PER_SECOND,
            ticks=ticks[order],
            number=spread(lambda s: s.device_number & 0xFFFF),
            kind=spread(lambda s: s.device_type),
            transmission=spread(lambda s: s.transmission_type | (s.device_number >> 12 & 0xF0)),
            payload=np.concatenate(payloads or [np.empty((0, 8), np.uint8)])[order],
        )

    @classmethod
    def of_broadcasts(cls, broadcasts: Iterable[Broadcast]) -> Schedule:
        """A recorded room, to be heard again as it was."""
        heard = sorted(broadcasts, key=lambda b: b.time_s)
        times = np.array([b.time_s for b in heard])
        ticks = [b.rx_ticks if b.rx_ticks is not None else int(b.time_s * TICKS_PER_SECOND) for b in heard]
        return cls(
            time_s=times,
            ticks=np.array(ticks, dtype=np.int64),
            number=np.array([b.device_number & 0xFFFF for b in heard], dtype=np.int64),
            kind=np.array([b.device_type for b in heard], dtype=np.int64),
            transmission=np.array([b.transmission_type for b in heard], dtype=np.int64),
            payload=np.array([list(b.payload) for b in heard], dtype=np.uint8).reshape(len(heard), 8),
        )


@dataclass(eq=False)
class VirtualStick:
    """One stick. `write` and `read` are its two endpoints; time runs `speed` times as fast as the clock.

    The class's second 0 is the moment at which scanning began first, and time goes on while unplugged.
    """

    schedule: Schedule
    faults: Faults = field(default_factory=Faults)
    speed: float = 1.0
    serial: int = 1
    product: int = 0x1008
    fifo_bytes: int = FIFO_BYTES
    clock: Callable[[], float] = time.monotonic
    overflowed: int = 0
    """messages that found the stick's memory full"""
    sent: int = 0
    """messages handed to the host"""

    def __post_init__(self) -> None:
        self._lock = threading.Condition()
        self._framer = Framer()
        self._out: deque[bytes] = deque()
        self._out_bytes = 0
        self._channels = [_Channel() for _ in range(CHANNELS)]
        self._keys = [True] + [False] * (NETWORKS - 1)
        self._extension = 0
        self._scanning = False
        self._at = 0
        self._began: float | None = None
        self._starts = 0
        self._strays = deque(sorted(self.faults.stray_bytes_s))
        self._damage = deque(sorted(self.faults.bad_checksums_s))
        self._was_out = False

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Second of the class, 0 before scanning began."""
        return 0.0 if self._began is None else (self.clock() - self._began) * self.speed

    @property
    def plugged(self) -> bool:
        """Whether the stick is in its socket; pulling it out makes it forget everything it was told."""
        out = any(start <= self.now_s < stop for start, stop in self.faults.unplugged_s)
        if out and not self._was_out:
            self._reset()
        self._was_out = out
        return not out

    @property
    def finished(self) -> bool:
        """Whether everything scheduled was sent or lost."""
        return self._began is not None and self._at >= len(self.schedule) and not self._out

    # --- endpoints ------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Bytes from the host."""
        with self._lock:
            for frame in self._framer.feed(data):
                self._answer(frame)
            self._lock.notify_all()

    def read(self, size: int, timeout_s: float) -> bytes:
        """Up to `size` bytes for the host; b"" after the timeout. A real stick hands out 64 at a time."""
        deadline = self.clock() + timeout_s
        with self._lock:
            while True:
                if not self.plugged:
                    return b""
                self._generate()
                if self._out:
                    return self._take(min(size, self.faults.read_bytes or size))
                left = deadline - self.clock()
                if left <= 0:
                    return b""
                self._lock.wait(min(left, self._until_next()))

    def _take(self, size: int) -> bytes:
        taken = bytearray()
        while self._out and len(taken) < size:
            chunk = self._out.popleft()
            room = size - len(taken)
            if len(chunk) > room:
                self._out.appendleft(chunk[room:])
                chunk = chunk[:room]
            taken += chunk
        self._out_bytes -= len(taken)
        return bytes(taken)

    def _until_next(self) -> float:
        if not self._scanning or self._at >= len(self.schedule) or self._began is None:
            return 0.05
        due = self._began + float(self.schedule.time_s[self._at]) / self.speed
        return max(due - self.clock(), 0.0002)

    # --- the dialogue ---------------------------------------------------------------------------------------

    def _say(self, message_id: int, body: bytes) -> None:
        self._put(encode(message_id, body))

    def _put(self, data: bytes) -> None:
        self._out.append(data)
        self._out_bytes += len(data)

    def _reply(self, channel: int, message_id: int, code: int) -> None:
        self._say(frames.CHANNEL_EVENT, bytes([channel, message_id, code]))

    def _reset(self) -> None:
        self._channels = [_Channel() for _ in range(CHANNELS)]
        self._keys = [True] + [False] * (NETWORKS - 1)
        self._extension = 0
        self._scanning = False
        self._out.clear()
        self._out_bytes = 0

    def _answer(self, frame: Frame) -> None:
        kind, body = frame
        if kind == RESET:
            self._reset()
            self._starts += 1
            if self._starts > self.faults.mute_starts:
                self._say(frames.STARTUP, b"\x20")
            return
        if self._starts <= self.faults.mute_starts and self.faults.mute_starts:
            return
        if not body:
            self._reply(0, kind, INVALID_MESSAGE)
            return
        channel = body[0]
        if kind == REQUEST and len(body) >= 2:
            self._request(channel, body[1])
        elif kind == NETWORK_KEY:
            ok = channel < NETWORKS and len(body) == 9
            if ok:
                self._keys[channel] = True
            self._reply(channel, kind, NO_ERROR if ok else INVALID_NETWORK)
        elif kind == LIB_CONFIG:
            if self.faults.refuse_lib_config:
                self._reply(0, kind, INVALID_MESSAGE)
            else:
                self._extension = body[1] if len(body) > 1 else 0
                self._reply(0, kind, NO_ERROR)
        elif kind == EXTENDED:
            self._extension = 0x80 if len(body) > 1 and body[1] else 0
            self._reply(channel, kind, NO_ERROR)
        elif kind in _QUIET:
            self._reply(channel, kind, NO_ERROR)
        elif channel >= CHANNELS:
            self._reply(channel, kind, INVALID_MESSAGE)
        else:
            self._configure(channel, kind, body)

    def _configure(self, number: int, kind: int, body: bytes) -> None:
        channel = self._channels[number]
        code = NO_ERROR
        if kind == ASSIGN:
            if channel.assigned:
                code = WRONG_STATE
            elif len(body) < 3 or body[2] >= NETWORKS or not self._keys[body[2]]:
                code = INVALID_NETWORK
            else:
                channel.assigned = True
        elif not channel.assigned or (channel.opened and kind in (ASSIGN, UNASSIGN, OPEN)):
            code = WRONG_STATE
        elif kind == UNASSIGN:
            self._channels[number] = _Channel()
        elif kind == frames.CHANNEL_ID:
            channel.id_set = True
        elif kind in (OPEN, SCAN):
            if not channel.id_set:
                code = ID_NOT_SET
            elif kind == SCAN and any(other.opened for other in self._channels):
                code = CLOSE_ALL
            else:
                channel.opened = True
                if kind == SCAN:
                    self._scan()
        elif kind == CLOSE:
            if not channel.opened:
                code = WRONG_STATE
            else:
                channel.opened = False
                self._scanning = False
                self._reply(number, kind, NO_ERROR)
                self._reply(number, EVENT, CHANNEL_CLOSED)
                return
        elif kind not in (PERIOD, SEARCH_TIMEOUT, RF_FREQUENCY):
            code = INVALID_MESSAGE
        self._reply(number, kind, code)

    def _request(self, channel: int, what: int) -> None:
        if what == CAPABILITIES:
            self._say(CAPABILITIES, bytes([CHANNELS, NETWORKS, 0x00, 0xBA, 0x36, 0x00]))
        elif what == VERSION:
            self._say(VERSION, b"VIRT1.00\0")
        elif what == SERIAL:
            self._say(SERIAL, struct.pack("<I", self.serial))
        elif what == STATUS:
            known = channel < CHANNELS and self._channels[channel].assigned
            self._say(STATUS, bytes([channel, 1 if known else 0]))
        elif what == frames.CHANNEL_ID:
            self._say(frames.CHANNEL_ID, struct.pack("<BHBB", channel, 0, 0, 0))
        else:
            self._reply(channel, REQUEST, INVALID_MESSAGE)

    def _scan(self) -> None:
        self._scanning = True
        if self._began is None:
            self._began = self.clock()

    # --- the room -------------------------------------------------------------------------------------------

    def _generate(self) -> None:
        """Put what is due into the stick's memory, as long as there is room."""
        if self._began is None:
            return
        now = self.now_s
        schedule = self.schedule
        stop = int(np.searchsorted(schedule.time_s, now, side="right"))
        if not self._scanning:
            self._at = max(self._at, stop)
            return
        dropped = False
        for i in range(self._at, stop):
            at = float(schedule.time_s[i])
            while self._strays and self._strays[0] <= at:
                self._strays.popleft()
                self._put(b"\x5a")
            message = self._message(i)
            if self._damage and self._damage[0] <= at:
                self._damage.popleft()
                message = message[:-1] + bytes([message[-1] ^ 0xFF])
            if self._out_bytes + len(message) > self.fifo_bytes:
                self.overflowed += 1
                dropped = True
                continue
            self._put(message)
            self.sent += 1
        self._at = max(self._at, stop)
        if dropped:
            self._reply(0, EVENT, QUEUE_OVERFLOW)

    def _message(self, i: int) -> bytes:
        schedule = self.schedule
        body = b"\x00" + schedule.payload[i].tobytes()
        flag = self._extension
        if flag:
            body += bytes([flag])
            if flag & 0x80:
                body += struct.pack(
                    "<HBB", int(schedule.number[i]), int(schedule.kind[i]), int(schedule.transmission[i])
                )
            if flag & 0x40:
                body += struct.pack("<BbB", 0x20, RSSI_DBM, 0x80)
            if flag & 0x20:
                body += struct.pack("<H", int(schedule.ticks[i]) & 0xFFFF)
        return encode(frames.BROADCAST, body)
