"""Who is let into a capture: the studio's devices, and no neighbour's.

Comes in: bodies of received frames, as fast as they arrive. Goes out: keep or not, who is new, and how often
each other device was heard. Leaves to others: the list itself (`studio.py`), the file (`capture_file.py`).

A device on the list is kept however weak it is: a body between bike and stick costs as much signal as a
wall. Without a list, strength decides where the studio asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
from telemetry.ingest.antplus.studio import Studio

_FLAG_AT, _ID_AT, _RSSI_AT = 9, 10, 14
_HAS_ID, _HAS_RSSI, _DBM = 0x80, 0x40, 0x20
SMOOTHING: Final = 0.125


@dataclass(slots=True)
class Seen:
    """One device as the door knows it."""

    number: int
    kind: int
    transmission: int
    key: DeviceKey
    listed: bool
    messages: int = 0
    rssi_dbm: float | None = None


class Door:
    """Ask `lets` for every frame; `fresh` holds devices heard for the first time and let in."""

    def __init__(self, studio: Studio, keep_all: bool = False) -> None:
        self._studio = studio
        self._keep_all = keep_all
        self._seen: dict[bytes, Seen] = {}
        self.fresh: list[Seen] = []
        self._let_in: set[bytes] = set()

    def lets(self, body: bytes) -> bool:
        """Whether a frame is kept; one that does not say who sent it is."""
        if len(body) < _RSSI_AT or not body[_FLAG_AT] & _HAS_ID:
            return True
        sender = body[_ID_AT:_RSSI_AT]
        seen = self._seen.get(sender)
        if seen is None:
            seen = self._seen[sender] = self._meet(sender)
        seen.messages += 1
        if body[_FLAG_AT] & _HAS_RSSI and len(body) >= _RSSI_AT + 2 and body[_RSSI_AT] == _DBM:
            strength = body[_RSSI_AT + 1] - 256 if body[_RSSI_AT + 1] > 127 else body[_RSSI_AT + 1]
            before = seen.rssi_dbm
            seen.rssi_dbm = strength if before is None else before + SMOOTHING * (strength - before)
        kept = seen.listed or self._keep_all or self._studio.allows(seen.key, seen.rssi_dbm)
        if kept and sender not in self._let_in:
            self._let_in.add(sender)
            self.fresh.append(seen)
        return kept

    def refused(self) -> list[Seen]:
        """Devices that were never let in, the most often heard first."""
        strangers = [seen for sender, seen in self._seen.items() if sender not in self._let_in]
        return sorted(strangers, key=lambda seen: -seen.messages)

    def _meet(self, sender: bytes) -> Seen:
        number = int.from_bytes(sender[:2], "little")
        kind, transmission = sender[2] & 0x7F, sender[3]
        key = Broadcast(0.0, number, kind, transmission, b"").key
        # the list is asked without strength: who stands on it is in
        listed = self._studio.known and self._studio.allows(key, None)
        return Seen(number, kind, transmission, key, listed)
