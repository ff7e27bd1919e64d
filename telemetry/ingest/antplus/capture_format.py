"""The grammar of a capture: an append-only FIT file that is its own journal.

Comes in: received frames, marks, device ids. Goes out: their bytes, as FIT definitions and messages. Leaves
to others: files and threads (`capture_file.py`), reading (`capture_read.py`).

- Message 80 `ant_rx` holds each received frame (the profile's own message, so other FIT readers yield it).
- Every write ends with message 0xFF01, a mark: sequence, bytes and CRC-32 since the last mark, drops, stick.
  What stands before an intact mark was received; anything else is damage. Other readers skip it.
- Message 0xFF02 holds one Bluetooth row.
- Local type 0 is never defined: a page of zeros left by a power cut is a structural error at its first byte.
- The header says 0xFFFFFFFF bytes until the file is closed; a size of 0 is unreadable to every reader tried.
Source: rulings section 8, antplus.md section 7.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from telemetry.ingest.fit.crc import TABLE

FIT_EPOCH_S: Final = 631065600
_CRC: Final[list[int]] = TABLE.tolist()
OPEN_SIZE: Final = 0xFFFFFFFF
HEADER_BYTES: Final = 14
FRACTIONS_PER_SECOND: Final = 32768

FILE_ID: Final = 0
EVENT: Final = 21
ANT_RX: Final = 80
ANT_CHANNEL_ID: Final = 82
MARK: Final = 0xFF01
BLE_RX: Final = 0xFF02

_ENUM, _UINT8, _BYTE = 0x00, 0x02, 0x0D
_UINT16, _UINT32, _STRING, _UINT8Z, _UINT16Z, _UINT32Z = 0x84, 0x86, 0x07, 0x0A, 0x8B, 0x8C
_SINT8 = 0x01

LOCAL_FILE_ID: Final = 1
LOCAL_MARK: Final = 2
LOCAL_CHANNEL_ID: Final = 3
LOCAL_EVENT: Final = 4
LOCAL_BLE: Final = 5
LOCAL_RX: Final = (6, 7, 8, 9)
"""Four shapes of received frame at once, by the length of its body; redefined when a fifth turns up."""

EVENT_TEXT_BYTES: Final = 64


def definition(local: int, number: int, fields: tuple[tuple[int, int, int], ...]) -> bytes:
    """A FIT definition message; fields are (number, size, base type)."""
    head = struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields))
    return head + b"".join(bytes(item) for item in fields)


MARK_FIELDS: Final = (
    (253, 4, _UINT32),
    (0, 4, _UINT32),
    (1, 4, _UINT32),
    (2, 4, _UINT32),
    (3, 4, _UINT32),
    (4, 1, _UINT8),
)
_MARK = struct.Struct("<BIIIIIB")
CHANNEL_ID_FIELDS: Final = (
    (253, 4, _UINT32),
    (0, 1, _UINT8),
    (1, 1, _UINT8Z),
    (2, 2, _UINT16Z),
    (3, 1, _UINT8Z),
    (4, 1, _UINT8),
)
EVENT_FIELDS: Final = (
    (253, 4, _UINT32),
    (0, 1, _ENUM),
    (1, 1, _ENUM),
    (3, 4, _UINT32),
    (240, 2, _UINT16),
    (241, EVENT_TEXT_BYTES, _STRING),
)
"""Fields 240 and 241 are ours: the fraction of the second, and what happened in words."""
TIMER, MARKER_EVENT = 0, 32
START, STOP_ALL, MARKER = 0, 4, 3
NO_DATA: Final = 0xFFFFFFFF
"""An event without a number"""


def rx_fields(length: int) -> tuple[tuple[int, int, int], ...]:
    """Fields of `ant_rx` for frames with this many body bytes."""
    return ((253, 4, _UINT32), (0, 2, _UINT16), (1, 1, _BYTE), (2, length, _BYTE))


def ble_fields(length: int) -> tuple[tuple[int, int, int], ...]:
    """Fields of a Bluetooth row with this many payload bytes."""
    return (
        (253, 4, _UINT32),
        (0, 2, _UINT16),
        (1, 4, _UINT32),
        (2, 2, _UINT16),
        (3, 1, _SINT8),
        (4, length, _BYTE),
    )


def header(data_size: int = OPEN_SIZE) -> bytes:
    """The 14-byte file header with its checksum."""
    head = struct.pack("<BBHI4s", HEADER_BYTES, 0x20, 2132, data_size, b".FIT")
    return head + struct.pack("<H", crc_on(head))


def crc_on(data: bytes, crc: int = 0) -> int:
    """The FIT checksum carried on over more bytes; a few thousand a write, so a plain loop will do.

    >>> hex(crc_on(b"6789", crc_on(b"12345")))
    '0xbb3d'
    """
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def opening(serial: int, created_s: float) -> bytes:
    """What a capture begins with: file id, and the shapes of mark, channel id and event."""
    product = b"telemetry capture\0"
    file_id = (
        (0, 1, _ENUM),
        (1, 2, _UINT16),
        (2, 2, _UINT16),
        (3, 4, _UINT32Z),
        (4, 4, _UINT32),
        (8, len(product), _STRING),
    )
    activity, development = 4, 255
    created = int(created_s) - FIT_EPOCH_S
    return b"".join(
        (
            definition(LOCAL_FILE_ID, FILE_ID, file_id),
            struct.pack("<BBHHII", LOCAL_FILE_ID, activity, development, 1, serial, created) + product,
            definition(LOCAL_MARK, MARK, MARK_FIELDS),
            definition(LOCAL_CHANNEL_ID, ANT_CHANNEL_ID, CHANNEL_ID_FIELDS),
            definition(LOCAL_EVENT, EVENT, EVENT_FIELDS),
        )
    )


def split_time(unix_s: float) -> tuple[int, int]:
    """A moment as FIT seconds and 1/32768 s."""
    ticks = round((unix_s - FIT_EPOCH_S) * FRACTIONS_PER_SECOND)
    return ticks // FRACTIONS_PER_SECOND, ticks % FRACTIONS_PER_SECOND


@dataclass(slots=True)
class Journal:
    """Turns what happens into the bytes of one write after another; remembers shapes, sequence and
    checksum.
    """

    sequence: int = 0
    _shapes: dict[int, int] | None = None
    _next: int = 0
    _ble_length: int = -1

    def frame(self, unix_s: float, message_id: int, body: bytes) -> bytes:
        """One received frame."""
        shapes = self._shapes
        if shapes is None:
            shapes = self._shapes = {}
        length = len(body)
        local = shapes.get(length)
        defined = b""
        if local is None:
            local = LOCAL_RX[self._next % len(LOCAL_RX)]
            self._next += 1
            for known in [key for key, value in shapes.items() if value == local]:
                del shapes[known]
            shapes[length] = local
            defined = definition(local, ANT_RX, rx_fields(length))
        second, fraction = split_time(unix_s)
        return defined + struct.pack("<BIHB", local, second, fraction, message_id) + body

    def ble(self, unix_s: float, address: int, uuid: int, rssi_dbm: int, payload: bytes) -> bytes:
        """One Bluetooth notification or advertisement."""
        defined = b""
        if len(payload) != self._ble_length:
            self._ble_length = len(payload)
            defined = definition(LOCAL_BLE, BLE_RX, ble_fields(len(payload)))
        second, fraction = split_time(unix_s)
        return (
            defined + struct.pack("<BIHIHb", LOCAL_BLE, second, fraction, address, uuid, rssi_dbm) + payload
        )

    def device(self, unix_s: float, channel: int, number: int, kind: int, transmission: int) -> bytes:
        """A sensor seen for the first time."""
        second, _ = split_time(unix_s)
        return struct.pack("<BIBBHBB", LOCAL_CHANNEL_ID, second, channel, kind, number, transmission, 0)

    def event(self, unix_s: float, event: int, kind: int, text: str = "", data: int = NO_DATA) -> bytes:
        """Something that happened to the capture or the class: start, stop, unplugged, clock jump."""
        second, fraction = split_time(unix_s)
        words = text.encode("utf-8")[: EVENT_TEXT_BYTES - 1]
        while words and words[-1] & 0xC0 == 0x80 and not _whole(words):
            words = words[:-1]
        padded = words.ljust(EVENT_TEXT_BYTES, b"\0")
        return struct.pack("<BIBBIH", LOCAL_EVENT, second, event, kind, data, fraction) + padded

    def mark(self, unix_s: float, written: bytes, dropped: int, stick: int) -> bytes:
        """The end of one write: what was written since the last mark, so that damage shows."""
        second, _ = split_time(unix_s)
        self.sequence += 1
        # each write defines its own shapes again, so that a damaged one takes no other with it
        self._shapes = None
        self._ble_length = -1
        return _MARK.pack(
            LOCAL_MARK, second, self.sequence, len(written), zlib.crc32(written), dropped & 0xFFFFFFFF, stick
        )


def _whole(words: bytes) -> bool:
    try:
        words.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
