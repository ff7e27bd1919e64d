"""What stands in each Bluetooth characteristic, as rows; and the one extractor for all of them.

Comes in: the bytes of a notification or advertisement. Goes out: values by name, only those that are whole.
Leaves to others: what they mean over time (`decoder.py`).

Bluetooth fields have no fixed places: the message begins with flags, and each flag says whether a field
follows. So the rows of a characteristic stand in the order of its specification, and the extractor walks
them. Bits are little-endian throughout.

Sources: [FTMS] Fitness Machine Service 1.0 section 4.9, [CPS] Cycling Power Service 1.1 section 3.2,
[CSCS] Cycling Speed and Cadence Service 1.0 section 3.1, [HRS] Heart Rate Service 1.0 section 3.1,
[Keiser] M Series advertisement, antplus.md section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from telemetry.ingest.ble import uuids


@dataclass(frozen=True, slots=True)
class Item:
    """One field. There where flag `flag` is 1 (0 where `when` is False), always where it has none.

    A measured value is raw / scale in `unit`; counters and codes stay raw. Raw equal to an entry of `invalid`
    means "not reported". `repeats`: it fills the rest of the message.
    """

    name: str
    bits: int
    flag: int | None = None
    when: bool = True
    scale: float = 1.0
    unit: str = ""
    signed: bool = False
    invalid: tuple[int, ...] = ()
    kind: str = "value"
    """value, counter, code"""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One characteristic: its number, the bits of its flags, its fields in order."""

    number: int
    name: str
    flag_bits: int
    items: tuple[Item, ...]
    begins: bytes = b""
    """what every message of it begins with"""


KMH_PER_MPS: Final = 3.6

LAYOUTS: Final[dict[int, Layout]] = {
    layout.number: layout
    for layout in (
        Layout(uuids.INDOOR_BIKE, "indoor_bike", 16, (
            # the first flag is "more data": the speed is there where it is not set
            Item("speed_mps", 16, 0, when=False, scale=100.0 * KMH_PER_MPS, unit="m/s"),
            Item("mean_speed_mps", 16, 1, scale=100.0 * KMH_PER_MPS, unit="m/s"),
            Item("cadence_rpm", 16, 2, scale=2.0, unit="rpm"),
            Item("mean_cadence_rpm", 16, 3, scale=2.0, unit="rpm"),
            Item("distance_m", 24, 4, unit="m"),
            Item("resistance_level", 16, 5, signed=True),
            Item("power_w", 16, 6, signed=True, unit="W"),
            Item("mean_power_w", 16, 7, signed=True, unit="W"),
            Item("energy_kcal", 16, 8, unit="kcal", invalid=(0xFFFF,)),
            Item("energy_per_hour_kcal", 16, 8, unit="kcal/h", invalid=(0xFFFF,)),
            Item("energy_per_minute_kcal", 8, 8, unit="kcal/min", invalid=(0xFF,)),
            Item("heart_rate_bpm", 8, 9, unit="bpm", invalid=(0,)),
            Item("metabolic_equivalent", 8, 10, scale=10.0, unit="MET"),
            Item("elapsed_s", 16, 11, unit="s"),
            Item("remaining_s", 16, 12, unit="s"),
        )),
        Layout(uuids.CYCLING_POWER, "cycling_power", 16, (
            Item("power_w", 16, signed=True, unit="W"),
            Item("balance_pct", 8, 0, scale=2.0, unit="%"),
            Item("torque", 16, 2, scale=32.0, unit="N·m", kind="counter"),
            Item("wheel_revolutions", 32, 4, unit="revolutions", kind="counter"),
            Item("wheel_time", 16, 4, scale=2048.0, unit="s", kind="counter"),
            Item("crank_revolutions", 16, 5, unit="revolutions", kind="counter"),
            Item("crank_time", 16, 5, scale=1024.0, unit="s", kind="counter"),
            Item("largest_force_n", 16, 6, signed=True, unit="N"),
            Item("smallest_force_n", 16, 6, signed=True, unit="N"),
            Item("largest_torque_nm", 16, 7, scale=32.0, signed=True, unit="N·m"),
            Item("smallest_torque_nm", 16, 7, scale=32.0, signed=True, unit="N·m"),
            Item("largest_angle_deg", 12, 8, unit="°"),
            Item("smallest_angle_deg", 12, 8, unit="°"),
            Item("top_dead_spot_deg", 16, 9, unit="°"),
            Item("bottom_dead_spot_deg", 16, 10, unit="°"),
            Item("energy_kj", 16, 11, unit="kJ"),
        )),
        Layout(uuids.SPEED_CADENCE, "speed_cadence", 8, (
            Item("wheel_revolutions", 32, 0, unit="revolutions", kind="counter"),
            Item("wheel_time", 16, 0, scale=1024.0, unit="s", kind="counter"),
            Item("crank_revolutions", 16, 1, unit="revolutions", kind="counter"),
            Item("crank_time", 16, 1, scale=1024.0, unit="s", kind="counter"),
        )),
        Layout(uuids.HEART_RATE, "heart_rate", 8, (
            Item("heart_rate_bpm", 8, 0, when=False, unit="bpm", invalid=(0,)),
            Item("heart_rate_bpm", 16, 0, unit="bpm", invalid=(0,)),
            Item("energy_kj", 16, 3, unit="kJ"),
            Item("rr_s", 16, 4, scale=1024.0, unit="s", repeats=True),
        )),
        Layout(uuids.KEISER, "keiser", 0, (
            Item("version_major", 8, kind="code"),
            Item("version_minor", 8, kind="code"),
            Item("data_type", 8, kind="code"),
            Item("bike_id", 8, kind="code"),
            Item("cadence_rpm", 16, scale=10.0, unit="rpm"),
            Item("heart_rate_bpm", 16, scale=10.0, unit="bpm", invalid=(0,)),
            Item("power_w", 16, unit="W"),
            Item("energy_kcal", 16, unit="kcal"),
            Item("minutes", 8, unit="min"),
            Item("seconds", 8, unit="s"),
            Item("trip", 16, kind="code"),
            Item("resistance_level", 8),
        ), begins=b"\x02\x01"),
    )
}  # fmt: skip
"""Characteristic → its fields. Keiser's has no flags, and older firmware no gear at its end."""


def extract(layout: Layout, payload: bytes) -> dict[str, Any]:
    """Fields of a message by name, `flags` among them; a message cut short gives those before the cut.

    Values are float, None where not reported; counters and codes int; a repeating field a list.
    """
    if not payload.startswith(layout.begins):
        return {}
    body = payload[len(layout.begins) :]
    end = 8 * len(body)
    if end < layout.flag_bits:
        return {}
    word = int.from_bytes(body, "little")
    flags = word & ((1 << layout.flag_bits) - 1)
    found: dict[str, Any] = {"flags": flags} if layout.flag_bits else {}
    at = layout.flag_bits
    for item in layout.items:
        if item.flag is not None and bool(flags >> item.flag & 1) is not item.when:
            continue
        if at + item.bits > end:
            break
        if item.repeats:
            count = (end - at) // item.bits
            found[item.name] = [_value(item, word >> (at + i * item.bits)) for i in range(count)]
            break
        found[item.name] = _value(item, word >> at)
        at += item.bits
    return found


def _value(item: Item, word: int) -> float | int | None:
    number = word & ((1 << item.bits) - 1)
    if number in item.invalid:
        return None
    if item.signed and number >> (item.bits - 1):
        number -= 1 << item.bits
    return number / item.scale if item.kind == "value" else number
