"""What a radio hands over: one received data message, and which sensor sent it.

Comes in: numbers from a stick, a file or a simulator. Goes out: `Broadcast` and its `DeviceKey`, the same
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class DeviceKey(NamedTuple):
    """Which sensor: 20-bit number, device type, and the low nibble of the transmission type."""

    device_number: int
    device_type: int
    transmission_type: int


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One received data message.

    `time_s` is the host's monotonic second it was received at, `rx_ticks` the stick's own 1/32768 s clock.
    """

    time_s: float
    device_number: int
    device_type: int
    transmission_type: int
    payload: bytes
    rx_ticks: int | None = None
    rssi_dbm: float | None = None
    stick: int = 0

    @property
    def key(self) -> DeviceKey:
        """The device, with the upper nibble of the transmission type as bits 16 to 19 of its number."""
        return DeviceKey(
            self.device_number & 0xFFFF | (self.transmission_type & 0xF0) << 12
            if self.device_number >= 0
            else self.device_number,
            self.device_type,
            self.transmission_type & 0x0F,
        )
