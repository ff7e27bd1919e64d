"""The stick's serial framing: bytes ↔ messages, losing no more than the message that was damaged.

Comes in: bytes as they arrive, split anywhere. Goes out: (message id, body) pairs, and counts of what had
to be skipped. Leaves to others: what a payload means (`pages.py`) and where the bytes came from
(`radio.py`, `logs.py`). Layout: 0xA4, length, id, body, xor of all before it ([MP] 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Final, NamedTuple

from telemetry.ingest.antplus.broadcast import Broadcast

SYNC: Final = 0xA4
LONGEST_BODY: Final = 40
"""The longest extended message has 24 bytes; a length beyond this is noise, not worth waiting for."""

BROADCAST: Final = 0x4E
ACKNOWLEDGED: Final = 0x4F
BURST: Final = 0x50
CHANNEL_ID: Final = 0x51
CHANNEL_EVENT: Final = 0x40
STARTUP: Final = 0x6F
DATA_MESSAGES: Final = frozenset({BROADCAST, ACKNOWLEDGED})

_PAYLOAD_AT = 1
_EXTENSION_AT = 9
_FLAG_ID, _FLAG_RSSI, _FLAG_TIME = 0x80, 0x40, 0x20
_RSSI_DBM = 0x20
"""Other measurement types (real sticks send 0x10) are gain settings, not decibels."""


class Frame(NamedTuple):
    """One message of the serial protocol."""

    id: int
    body: bytes


def encode(message_id: int, body: bytes) -> bytes:
    """A framed message.

    >>> encode(0x4A, b"\\x00").hex()
    'a4014a00ef'
    """
    head = bytes([SYNC, len(body), message_id]) + body
    return head + bytes([reduce(xor, head)])


@dataclass(slots=True)
class Framer:
    """Cuts a byte stream into messages; after damage it looks for the next sync byte whose checksum holds."""

    stray_bytes: int = 0
    bad_checksums: int = 0
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Frame]:
        """Messages completed by these bytes; an incomplete one waits for the next call."""
        rest = self._rest
        rest += data
        frames: list[Frame] = []
        at, end = 0, len(rest)
        while True:
            start = rest.find(SYNC, at)
            if start < 0:
                self.stray_bytes += end - at
                at = end
                break
            self.stray_bytes += start - at
            at = start
            if end - at < 3:
                break
            length = rest[at + 1]
            if length > LONGEST_BODY:
                self.stray_bytes += 1
                at += 1
                continue
            stop = at + length + 4
            if stop > end:
                break
            whole = rest[at:stop]
            if reduce(xor, whole):
                self.bad_checksums += 1
                self.stray_bytes += 1
                at += 1
                continue
            frames.append(Frame(whole[2], bytes(whole[3:-1])))
            at = stop
        del rest[:at]
        return frames


@dataclass(slots=True)
class Channels:
    """What the channels of one stick are tuned to: the ids of messages that carry none themselves."""

    ids: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def note(self, frame: Frame) -> None:
        """Remember a channel id message, whether the host set it or the stick answered it."""
        if frame.id == CHANNEL_ID and len(frame.body) >= 5:
            number = int.from_bytes(frame.body[1:3], "little")
            if number:
                self.ids[frame.body[0]] = (number, frame.body[3] & 0x7F, frame.body[4])

    def broadcast(self, frame: Frame, time_s: float, stick: int = 0) -> Broadcast | None:
        """A data message as a `Broadcast`; None for every other message.

        Extended bytes are read by the flag byte: id, signal strength, receive time (always the last two
        bytes, because real sticks send strengths of two lengths).
        """
        body = frame.body
        if frame.id not in DATA_MESSAGES or len(body) < _EXTENSION_AT:
            return None
        channel = body[0]
        payload = body[_PAYLOAD_AT:_EXTENSION_AT]
        number, kind, transmission = self.ids.get(channel, (-channel - 1, 0, 0))
        ticks: int | None = None
        dbm: float | None = None
        if len(body) > _EXTENSION_AT:
            flag, at = body[_EXTENSION_AT], _EXTENSION_AT + 1
            if flag & _FLAG_ID and len(body) >= at + 4:
                number = int.from_bytes(body[at : at + 2], "little")
                kind, transmission = body[at + 2] & 0x7F, body[at + 3]
                at += 4
            if flag & _FLAG_RSSI and len(body) >= at + 2:
                strength = body[at + 1]
                if body[at] == _RSSI_DBM:
                    dbm = float(strength - 256 if strength > 127 else strength)
            if flag & _FLAG_TIME and len(body) >= at + 2:
                ticks = int.from_bytes(body[-2:], "little")
        return Broadcast(time_s, number, kind, transmission, payload, ticks, dbm, stick)
