"""Columns of FIT `record` messages → channels of our model.

Comes in: the record columns of a section. Goes out: channels in our units, NaN where nothing was measured,
and what was noticed: sentinels, fakes, developer fields, a second source of power. Leaves to others: clocks.

A value is left out here only where the format or the device says that it is none (0 bpm, 254 rpm, a share
above 100 %); whether a measured value can be true is for conditioning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from telemetry.ingest.fit.balance import decode_balance
from telemetry.ingest.fit.part import Part
from telemetry.model import Issue

CADENCE_GARBAGE_RPM = 254.0
"""Sent by some sensors for "no cadence"; the format's own invalid value is 255."""


@dataclass(frozen=True, slots=True)
class Row:
    """One channel: the record fields that can hold it, best first, and the range the field allows."""

    channel: str
    fields: tuple[str, ...]
    low: float = -np.inf
    high: float = np.inf


ROWS: tuple[Row, ...] = (
    Row("power_w", ("power",), low=0.0),
    # no heart beats 0 times a minute: recorders write it while the strap has no contact
    Row("heart_rate_bpm", ("heart_rate",), low=1.0),
    Row("left_torque_effectiveness_pct", ("left_torque_effectiveness",), 0.0, 100.0),
    Row("right_torque_effectiveness_pct", ("right_torque_effectiveness",), 0.0, 100.0),
    Row("left_pedal_smoothness_pct", ("left_pedal_smoothness",), 0.0, 100.0),
    Row("right_pedal_smoothness_pct", ("right_pedal_smoothness",), 0.0, 100.0),
    Row("combined_pedal_smoothness_pct", ("combined_pedal_smoothness",), 0.0, 100.0),
    Row("resistance_level", ("resistance",), 0.0, 254.0),
    Row("speed_mps", ("enhanced_speed", "speed"), low=0.0),
    Row("distance_m", ("distance",), low=0.0),
    Row("respiration_per_min", ("enhanced_respiration_rate", "respiration_rate"), low=0.01),
    Row("temperature_c", ("temperature",)),
)

DEVELOPER_NAMES = {
    "power": "power_w",
    "watts": "power_w",
    "power2": "power_w",
    "power_2": "power_w",
    "power 2": "power_w",
    "second_power": "power_w",
    "secondary_power": "power_w",
    "dual_power": "power_w",
    "cadence": "cadence_rpm",
    "heart_rate": "heart_rate_bpm",
    "heart rate": "heart_rate_bpm",
    "torque": "torque_nm",
    "torque_nm": "torque_nm",
    "crank_torque": "torque_nm",
    "torque_from_wheel": "torque_nm",
    "resistance": "resistance_level",
    "resistance_pct": "resistance_pct",
}
"""What developer fields call themselves when they do not say which native field they stand for."""

DEVELOPER_UNITS = {
    "power_w": ("w", "watt", "watts", ""),
    "cadence_rpm": ("rpm", "1/min", "revs/min", ""),
    "heart_rate_bpm": ("bpm", "1/min", ""),
    "torque_nm": ("nm", "n.m", "n·m", "n*m", "n m"),
    "resistance_level": ("",),
    "resistance_pct": ("%", "percent", "pct"),
}
"""A developer field in another unit is another quantity."""

NATIVE_FIELDS = {7: "power_w", 4: "cadence_rpm", 3: "heart_rate_bpm", 10: "resistance_level"}
RECORD = 20
MOST_DESCRIPTIONS = 256

PEDAL_CHANNELS = (
    "left_torque_effectiveness_pct",
    "right_torque_effectiveness_pct",
    "left_pedal_smoothness_pct",
    "right_pedal_smoothness_pct",
    "combined_pedal_smoothness_pct",
)


@dataclass
class Channels:
    """Channels (n,) of all records of a section in file order, and what was noticed on the way."""

    values: dict[str, np.ndarray]
    balance_convention: str = ""
    both_sides: bool | None = None
    power_field: str = ""
    """the developer field that power comes from, empty for the native one"""
    two_powers: bool = False
    """True where the native field was chosen over a developer's, or the other way round"""
    torque_field: str = ""
    """the developer field that torque comes from"""
    issues: list[Issue] = field(default_factory=list)


def channels(part: Part, records: np.ndarray | None = None) -> Channels:
    """The channels of a section's records, of the given rows only where `records` (m,) is not None."""
    columns = part.columns("record")
    if records is not None:
        columns = {name: column[records] for name, column in columns.items()}
    count = len(records) if records is not None else part.count("record")
    found = Channels({})
    for row in ROWS:
        got = _first(columns, row.fields)
        if got is not None:
            with np.errstate(invalid="ignore"):
                found.values[row.channel] = np.where((got >= row.low) & (got <= row.high), got, np.nan)
    for name in PEDAL_CHANNELS:
        got = found.values.get(name)
        # a side without a sensor is written as 0 throughout
        if got is not None and not np.nan_to_num(got).any():
            del found.values[name]
    cadence = _cadence(columns, found.issues)
    if cadence is not None:
        found.values["cadence_rpm"] = cadence
    _developer(part, columns, found)
    _combined_smoothness(found.values)
    raw = columns.get("left_right_balance")
    if raw is not None:
        balance = decode_balance(raw, found.values.get("power_w", np.full(count, np.nan)))
        found.values["right_balance_pct"] = balance.right_pct
        found.balance_convention = balance.convention
        found.both_sides = balance.both_sides
        found.issues.extend(balance.issues)
    found.values = {name: got for name, got in found.values.items() if not np.isnan(got).all()}
    return found


def _first(columns: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    """The first of the fields that has a value, sample by sample."""
    got: np.ndarray | None = None
    for name in names:
        if name in columns:
            got = columns[name] if got is None else np.where(np.isnan(got), columns[name], got)
    return got


def _cadence(columns: dict[str, np.ndarray], issues: list[Issue]) -> np.ndarray | None:
    """Cadence [rpm] with the fraction that some sensors send; the finer field first."""
    whole = columns.get("cadence")
    fine = columns.get("cadence256")
    if whole is not None:
        garbage = whole == CADENCE_GARBAGE_RPM
        if garbage.any():
            detail = "cadence 254 is sent for no cadence: left out"
            issues.append(Issue("cadence_sentinel", count=int(garbage.sum()), detail=detail))
        with np.errstate(invalid="ignore"):
            whole = np.where(garbage | (whole < 0), np.nan, whole)
        part = columns.get("fractional_cadence")
        if part is not None:
            with np.errstate(invalid="ignore"):
                whole = whole + np.where((part >= 0) & (part < 1), part, 0.0)
    if fine is None:
        return whole
    with np.errstate(invalid="ignore"):
        fine = np.where((fine >= 0) & (np.floor(fine) != CADENCE_GARBAGE_RPM), fine, np.nan)
    return fine if whole is None else np.where(np.isnan(fine), whole, fine)


def _combined_smoothness(values: dict[str, np.ndarray]) -> None:
    """A single-sided meter sends its one smoothness in the left field: there it is the combined one."""
    left = values.get("left_pedal_smoothness_pct")
    right = values.get("right_pedal_smoothness_pct")
    both = values.get("combined_pedal_smoothness_pct")
    alone = right is None or bool(np.isnan(right).all())
    if left is not None and alone and (both is None or bool(np.isnan(both).all())):
        values["combined_pedal_smoothness_pct"] = values.pop("left_pedal_smoothness_pct")


def _developer(part: Part, columns: dict[str, np.ndarray], found: Channels) -> None:
    """Developer fields stand in where the native field is absent; a second power is compared and named."""
    for channel, name, values in _developer_fields(part, columns):
        native = found.values.get(channel)
        have = 0 if native is None else int(np.count_nonzero(np.isfinite(native)))
        more = int(np.count_nonzero(np.isfinite(values)))
        if not more:
            continue
        if not have:
            found.values[channel] = values
            detail = f"{channel} comes from the developer field {name!r}"
            found.issues.append(Issue("developer_field_used", count=more, detail=detail))
            if channel == "power_w":
                found.power_field = name
            if channel == "torque_nm":
                found.torque_field = name
        elif channel == "power_w" and native is not None:
            _two_powers(found, native, name, values)


def _two_powers(found: Channels, native: np.ndarray, name: str, other: np.ndarray) -> None:
    """Native power and a developer's: the native one, unless it holds nothing but zeros where the other
    does not, or less than half as many samples."""
    have, more = np.isfinite(native), np.isfinite(other)
    both = have & more
    differ = float(np.median(np.abs(native[both] - other[both]))) if both.any() else float("nan")
    if both.any() and differ == 0.0 and not np.any(more & ~have):
        return
    dead = not native[have].any() and bool(other[more].any())
    taken = name if dead or np.count_nonzero(more) > 2 * np.count_nonzero(have) else "power"
    apart = f", {differ:.0f} W apart in the median" if np.isfinite(differ) else ""
    detail = f"the file holds two powers, 'power' and the developer field {name!r}{apart}: {taken!r} is taken"
    found.issues.append(Issue("two_power_sources", count=2, detail=detail))
    found.two_powers = True
    if taken == name:
        found.values["power_w"] = other
        found.power_field = name


def _developer_fields(part: Part, columns: dict[str, np.ndarray]) -> list[tuple[str, str, np.ndarray]]:
    """(channel, name, values) of developer fields of `record` that stand for one of our channels."""
    count = min(part.count("field_description"), MOST_DESCRIPTIONS)
    if not count:
        return []
    names = part.texts("field_description", "field_name")
    units = part.texts("field_description", "units")
    message = part.column("field_description", "native_mesg_num")
    native = part.column("field_description", "native_field_num")
    found: dict[str, tuple[str, str, np.ndarray]] = {}
    for row in range(count):
        if np.isfinite(message[row]) and message[row] != RECORD:
            continue
        name, unit = names[row], units[row].strip().lower()
        channel = NATIVE_FIELDS.get(int(native[row])) if np.isfinite(native[row]) else None
        channel = channel or DEVELOPER_NAMES.get(name.strip().lower())
        if channel is None or unit not in DEVELOPER_UNITS[channel]:
            continue
        for column in _developer_columns(columns, name):
            found.setdefault(column, (channel, column, columns[column]))
    return list(found.values())


def _developer_columns(columns: dict[str, np.ndarray], name: str) -> list[str]:
    """Columns a developer field of this name may stand in: beside a native field of that name it is _devN."""
    beside = [column for column in columns if column.startswith(f"{name}_dev")]
    beside = [column for column in beside if column[len(name) + 4 :].isdecimal()]
    native = name in {field for row in ROWS for field in row.fields} | {"cadence"}
    return beside or ([name] if name in columns and not native else [])
