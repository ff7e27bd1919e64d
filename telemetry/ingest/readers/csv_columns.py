"""Names of CSV columns, and what they mean: rows, one for each way a quantity is called.

Comes in: a column's header, perhaps with a unit ("Power (W)", "speed [km/h]", "heart_rate_bpm"). Goes out:
the channel, and how its numbers become our unit. Leaves to others: reading the file (`csv.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telemetry.model import CHANNELS

MILE_M = 1609.344
LONGEST_NAME = 60

UNITS: dict[str, dict[str, float]] = {
    "power_w": {"w": 1.0, "watt": 1.0, "watts": 1.0, "kw": 1000.0},
    "cadence_rpm": {"rpm": 1.0, "1/min": 1.0, "revs/min": 1.0},
    "torque_nm": {"nm": 1.0, "n-m": 1.0, "n.m": 1.0, "n·m": 1.0, "n m": 1.0},
    "heart_rate_bpm": {"bpm": 1.0, "1/min": 1.0, "beats/min": 1.0},
    "speed_mps": {
        "m/s": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": MILE_M / 3600,
        "mi/h": MILE_M / 3600,
    },
    "distance_m": {
        "m": 1.0, "meters": 1.0, "metres": 1.0, "km": 1000.0, "kilometers": 1000.0, "mi": MILE_M,
        "mile": MILE_M, "miles": MILE_M,
    },
    "right_balance_pct": {"%": 1.0, "pct": 1.0, "percent": 1.0},
    "resistance_pct": {"%": 1.0, "pct": 1.0, "percent": 1.0},
    "respiration_per_min": {"1/min": 1.0, "per_min": 1.0, "brpm": 1.0, "breaths/min": 1.0},
    "temperature_c": {"c": 1.0, "°c": 1.0, "degc": 1.0},
    "time_s": {
        "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 0.001, "min": 60.0, "mins": 60.0,
        "minutes": 60.0, "h": 3600.0, "hours": 3600.0,
    },
}  # fmt: skip
"""Channel → unit as people write it → factor to ours."""

NAMES: dict[str, tuple[str, str]] = {
    "power": ("power_w", "w"),
    "watts": ("power_w", "w"),
    "watt": ("power_w", "w"),
    "pwr": ("power_w", "w"),
    "cadence": ("cadence_rpm", "rpm"),
    "cad": ("cadence_rpm", "rpm"),
    "rpm": ("cadence_rpm", "rpm"),
    "heart rate": ("heart_rate_bpm", "bpm"),
    "heartrate": ("heart_rate_bpm", "bpm"),
    "hrate": ("heart_rate_bpm", "bpm"),
    "hr": ("heart_rate_bpm", "bpm"),
    "bpm": ("heart_rate_bpm", "bpm"),
    "pulse": ("heart_rate_bpm", "bpm"),
    "torque": ("torque_nm", "nm"),
    "torq": ("torque_nm", "nm"),
    "nm": ("torque_nm", "nm"),
    "speed": ("speed_mps", ""),
    "kph": ("speed_mps", "kph"),
    "km/h": ("speed_mps", "km/h"),
    "mph": ("speed_mps", "mph"),
    "distance": ("distance_m", ""),
    "km": ("distance_m", "km"),
    "kilometers": ("distance_m", "km"),
    "mi": ("distance_m", "mi"),
    "miles": ("distance_m", "mi"),
    "resistance": ("resistance_level", "*"),
    "resistance level": ("resistance_level", "*"),
    "gear": ("resistance_level", "*"),
    "right balance": ("right_balance_pct", "%"),
    "respiration": ("respiration_per_min", "1/min"),
    "breathing rate": ("respiration_per_min", "1/min"),
    "temperature": ("temperature_c", "c"),
    "temp": ("temperature_c", "c"),
    "standing": ("standing", "*"),
    "time": ("time_s", "s"),
    "elapsed": ("time_s", "s"),
    "elapsed time": ("time_s", "s"),
    "secs": ("time_s", "s"),
    "sec": ("time_s", "s"),
    "seconds": ("time_s", "s"),
    "minutes": ("time_s", "min"),
    "timestamp": ("time_s", "s"),
    "datetime": ("time_s", "s"),
    "date time": ("time_s", "s"),
    "date": ("time_s", "s"),
}
"""Name → channel and the unit meant where none is written; empty: a unit is needed; *: there is none."""

ANY_UNIT = {"resistance_level", "standing"}


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds: `value * factor` is in the channel's unit."""

    channel: str
    factor: float = 1.0


def _parted(text: str) -> tuple[str, str | None]:
    """Name and unit of "name (unit)" or "name [unit]"; by hand, because a pattern for it can take forever."""
    if text[-1:] not in (")", "]"):
        return text, None
    begin = min((place for place in (text.find("("), text.find("[")) if place >= 0), default=-1)
    if begin < 0:
        return text, None
    return text[:begin].strip(), text[begin + 1 : -1].strip()


def column(header: str) -> Column | str | None:
    """What a column's header means, a sentence where its unit is missing or not known, None for any other."""
    text = header.strip().strip('"').lower()
    if len(text) > LONGEST_NAME:
        return None
    if text in CHANNELS:
        return Column(text)
    name, unit = _parted(text)
    name = re.sub(r"[\s_]+", " ", name).strip(" :")
    if name not in NAMES:
        return None
    channel, usual = NAMES[name]
    if channel == "resistance_level" and unit in UNITS["resistance_pct"]:
        return Column("resistance_pct")
    if channel in ANY_UNIT:
        return Column(channel)
    if unit is None:
        unit = usual
    if not unit:
        return (
            f"column {header.strip()!r} has no unit: write for example {name} ({next(iter(UNITS[channel]))})"
        )
    if unit not in UNITS[channel]:
        return f"column {header.strip()!r} has the unknown unit {unit!r}"
    return Column(channel, UNITS[channel][unit])
