"""What a Bluetooth row is of: numbers of characteristics and services, and of one company's advertisements.

A row's number stands where ANT+ has a device type. The two never meet: a device type has eight bits, an
assigned number is larger. Source: Bluetooth assigned numbers; antplus.md section 8 for Keiser.
"""

from __future__ import annotations

from typing import Final

HEART_RATE: Final = 0x2A37
CYCLING_POWER: Final = 0x2A63
SPEED_CADENCE: Final = 0x2A5B
INDOOR_BIKE: Final = 0x2AD2
KEISER: Final = 0x0102
"""The company of Keiser's M Series: its bikes are not connected to, they advertise what they measure."""

SERVICES: Final = {0x180D: HEART_RATE, 0x1818: CYCLING_POWER, 0x1816: SPEED_CADENCE, 0x1826: INDOOR_BIKE}
"""Service → the characteristic of it that we are notified by."""

NOTIFYING: Final = frozenset(SERVICES.values())

KINDS: Final = {
    HEART_RATE: "heart_rate",
    CYCLING_POWER: "power",
    SPEED_CADENCE: "speed_cadence",
    INDOOR_BIKE: "fitness_equipment",
    KEISER: "fitness_equipment",
}
"""Number → kind of `model.Device`."""
