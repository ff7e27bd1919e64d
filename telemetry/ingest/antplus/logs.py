"""Logs that other programs wrote of an ANT stick: raw serial bytes, pcap, pcapng, and text.

Comes in: a file. Goes out: `Broadcast` objects in order, and counts of what was damaged. Leaves to others:
our own capture format (`capture.py`) and the meaning of payloads (`decoder.py`). Formats as found in
practice: link type 1 or 147 holding serial frames, USBPcap (249) with its header before the transfer, text
with one transfer a paragraph of hex, and lines of bracketed bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from telemetry.errors import BadInput, LimitExceeded
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.frames import DATA_MESSAGES, SYNC, Channels, Framer

LONGEST_LOG_BYTES: Final = 256 * 1024 * 1024
UNTIMED_STEP_S: Final = 0.0
USBPCAP: Final = 249
_PCAP_MAGIC: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
OLDEST_UNIX_S: Final = 1e9
"""2001: what is smaller counts seconds from somewhere else"""
_PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?")
_BRACKETED = re.compile(r"(?:\[[0-9A-Fa-f]{2}\]){4,}")
_LEADING_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
_HEX_LINE = re.compile(r"^\s*((?:[0-9A-Fa-f]{2} ){1,16})")


@dataclass
class Log:
    """A log read whole: its data messages, and what had to be skipped."""

    kind: str
    broadcasts: list[Broadcast] = field(default_factory=list)
    stray_bytes: int = 0
    bad_checksums: int = 0
    timed: bool = True
    """False where the log has no times: rows then have only an order"""
    started_s: float | None = None
    """Unix time of the first message; None where the log counts from a moment of its own"""


def read_log(path: str | Path) -> Log:
    """Every data message of a log, whichever of the formats it is.

    Raises
    ------
    BadInput : the file cannot be opened, or holds no ANT frame
    LimitExceeded : the file is larger than a day of a room
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > LONGEST_LOG_BYTES:
            raise LimitExceeded(
                "the log is too large",
                file=path.name,
                expected=f"at most {LONGEST_LOG_BYTES // 2**20} MB",
                got=f"{size / 2**20:.0f} MB",
            )
        data = path.read_bytes()
    except OSError as cause:
        raise BadInput(f"cannot be read: {cause.strerror or cause}", file=path.name) from cause
    return parse_log(data, path.name)


def parse_log(data: bytes, file: str) -> Log:
    """Every data message of a log's bytes; `file` names it in errors.

    Raises
    ------
    BadInput : no ANT frame is in it
    """
    kind, packets = _packets(data)
    log = Log(kind, timed=kind != "serial")
    channels = Channels()
    whole = Framer()
    for time_s, chunk in packets:
        # a packet starts on a frame of its own; only a raw stream may split one
        framer = whole if kind == "serial" else Framer()
        for frame in framer.feed(chunk):
            channels.note(frame)
            if frame.id in DATA_MESSAGES:
                broadcast = channels.broadcast(frame, time_s)
                if broadcast is not None:
                    log.broadcasts.append(broadcast)
        if framer is not whole:
            log.stray_bytes += framer.stray_bytes
            log.bad_checksums += framer.bad_checksums
    log.stray_bytes += whole.stray_bytes
    log.bad_checksums += whole.bad_checksums
    if not log.broadcasts:
        raise BadInput(
            "no ANT message in it",
            file=file,
            expected="frames that begin with 0xA4, as raw bytes, pcap, pcapng or text",
            got=f"{len(data)} bytes that look like {kind}",
        )
    first = log.broadcasts[0].time_s
    log.started_s = first if first > OLDEST_UNIX_S else None
    log.broadcasts = [_shifted(item, first) for item in log.broadcasts]
    return log


def _shifted(item: Broadcast, first_s: float) -> Broadcast:
    return Broadcast(
        item.time_s - first_s,
        item.device_number,
        item.device_type,
        item.transmission_type,
        item.payload,
        item.rx_ticks,
        item.rssi_dbm,
        item.stick,
    )


def _packets(data: bytes) -> tuple[str, Iterator[tuple[float, bytes]]]:
    if data[:4] in _PCAP_MAGIC:
        return "pcap", _pcap(data)
    if data[:4] == _PCAPNG_MAGIC:
        return "pcapng", _pcapng(data)
    if SYNC not in data[:64] and _looks_like_text(data):
        return "text", _text(data.decode("utf-8", "replace"))
    return "serial", iter([(UNTIMED_STEP_S, data)])


def _looks_like_text(data: bytes) -> bool:
    head = data[:4096]
    return bool(head) and sum(byte < 9 or 13 < byte < 32 for byte in head) == 0


def _pcap(data: bytes) -> Iterator[tuple[float, bytes]]:
    order, resolution = _PCAP_MAGIC[data[:4]]
    if len(data) < 24:
        return
    link = struct.unpack_from(order + "I", data, 20)[0]
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from(order + "IIII", data, at)
        at += 16
        yield seconds + fraction * resolution, _unwrapped(data[at : at + length], link)
        at += length


def _pcapng(data: bytes) -> Iterator[tuple[float, bytes]]:
    order = "<"
    links: list[tuple[int, float]] = []
    at = 0
    while at + 12 <= len(data):
        if data[at : at + 4] == _PCAPNG_MAGIC:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or at + length > len(data):
            return
        body = data[at + 8 : at + length - 4]
        if kind == 1 and len(body) >= 8:
            links.append((struct.unpack_from(order + "H", body)[0], _resolution(body[8:], order)))
        elif kind == 6 and len(body) >= 20:
            interface, high, low, caught = struct.unpack_from(order + "IIII", body)
            link, resolution = links[interface] if interface < len(links) else (0, 1e-6)
            yield ((high << 32) | low) * resolution, _unwrapped(body[20 : 20 + caught], link)
        at += length


def _resolution(options: bytes, order: str) -> float:
    """The `if_tsresol` option of a pcapng interface; a microsecond where it is not said."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from(order + "HH", options, at)
        if code == 0:
            break
        if code == 9 and length >= 1 and at + 4 < len(options):
            raw = options[at + 4]
            return float(2.0 ** -(raw & 0x7F)) if raw & 0x80 else float(10.0**-raw)
        at += 4 + (length + 3) // 4 * 4
    return 1e-6


def _unwrapped(packet: bytes, link: int) -> bytes:
    """What was transferred, without the USB capture's own header."""
    if link != USBPCAP or len(packet) < 2:
        return packet
    return packet[int.from_bytes(packet[:2], "little") :]


def _text(text: str) -> Iterator[tuple[float, bytes]]:
    """Bracketed lines as they stand, or paragraphs of hex below a line with a time."""
    now = 0.0
    held = bytearray()
    for line in text.splitlines():
        bracketed = _BRACKETED.search(line)
        if bracketed:
            number = _LEADING_NUMBER.search(line[: bracketed.start()])
            yield (
                float(number[1]) if number else now,
                bytes.fromhex(bracketed[0].replace("[", "").replace("]", "")),
            )
            continue
        stamp = _STAMP.search(line)
        if stamp:
            if held:
                yield now, bytes(held)
                held.clear()
            now = _seconds(stamp, now)
            continue
        hexes = _HEX_LINE.match(line + " ")
        if hexes:
            held += bytes.fromhex(hexes[1])
    if held:
        yield now, bytes(held)


def _seconds(stamp: re.Match[str], before: float) -> float:
    """Unix time of a line; that of the line before where it is no time of any day."""
    try:
        day = datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}+00:00")
    except ValueError:
        return before
    return day.timestamp() + float(stamp[3] or 0.0)
