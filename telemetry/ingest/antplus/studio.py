"""A studio's bikes: which sensors belong to which seat, whose belt is whose, and what is not ours.

Comes in: `studio.toml` and, for one class, a roster CSV. Goes out: a `Studio` that names the seat of a
device and refuses the neighbours'. Leaves to others: what the devices say.

    [studio]
    name = "Corner studio"
    min_rssi_dbm = -85

    [[bike]]
    seat = "07"
    power = 12345
    speed_cadence = 2345
    fitness_equipment = 345
    heart_rate = 45
    meter_error_pct = 2.0

    [[bike]]
    seat = "08"
    keiser = 8
    ble = "C0:FF:EE:00:00:08"

    [[belt]]
    rider = "r07"
    heart_rate = 777

`keiser` is the bike id set in a Keiser bike's own menu, `ble` a Bluetooth address, or a list of them.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from telemetry.errors import BadInput
from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.ble import uuids
from telemetry.ingest.ble.address import address_number

SENSORS: Final = {
    "power": pages.POWER,
    "fitness_equipment": pages.FITNESS_EQUIPMENT,
    "heart_rate": pages.HEART_RATE,
    "speed_cadence": pages.SPEED_CADENCE,
    "cadence": pages.CADENCE,
    "speed": pages.SPEED,
    "keiser": uuids.KEISER,
}
BELTS: Final = (pages.HEART_RATE, uuids.HEART_RATE)
"""Device types that are worn, not built in"""
NAMES: Final = {number: name for name, number in SENSORS.items()}
LARGEST_NUMBER: Final = (1 << 20) - 1
LARGEST_KEISER: Final = 255
MOST_ADDRESSES: Final = 16
MOST_BIKES: Final = 500
LARGEST_FILE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Bike:
    """One seat and its sensors, by device type."""

    seat: str
    sensors: Mapping[int, int] = field(default_factory=dict)
    meter_error_pct: float | None = None
    ble: tuple[str, ...] = ()
    """Bluetooth addresses, as written"""


@dataclass(frozen=True)
class Studio:
    """Seats, belts and the rules of who is heard. An empty studio takes every device as a bike of its own."""

    name: str = ""
    bikes: tuple[Bike, ...] = ()
    belts: Mapping[int, str] = field(default_factory=dict)
    """heart-rate belt number → rider"""
    riders: Mapping[str, str] = field(default_factory=dict)
    """seat → rider, from a roster"""
    min_rssi_dbm: float | None = None

    @property
    def known(self) -> bool:
        """Whether bikes were named at all: then the list decides who belongs to the room."""
        return bool(self.bikes)

    def seat(self, key: DeviceKey) -> str | None:
        """The seat a device belongs to; None for a belt that is worn and for strangers."""
        if key.device_type in uuids.NOTIFYING:
            seat = self._by_address.get(key.device_number)
            if seat is not None:
                return seat
        else:
            for bike in self.bikes:
                number = bike.sensors.get(key.device_type)
                if number is not None and number in (key.device_number, key.device_number & 0xFFFF):
                    return bike.seat
        if not self.known and key.device_type not in BELTS:
            return str(key.device_number)
        return None

    @cached_property
    def _by_address(self) -> dict[int, str]:
        """Number of a Bluetooth address → seat."""
        return {address_number(address): bike.seat for bike in self.bikes for address in bike.ble}

    def rider_of_belt(self, key: DeviceKey) -> str | None:
        """Whose belt this is."""
        if key.device_type != pages.HEART_RATE:
            return None
        return self.belts.get(key.device_number) or self.belts.get(key.device_number & 0xFFFF)

    def allows(self, key: DeviceKey, rssi_dbm: float | None) -> bool:
        """Whether a device is of this room: listed, and strong enough where strength is known and asked
        for.
        """
        weak = self.min_rssi_dbm is not None and rssi_dbm is not None and rssi_dbm < self.min_rssi_dbm
        if weak:
            return False
        return not self.known or self.seat(key) is not None or self.rider_of_belt(key) is not None

    def with_roster(self, riders: Mapping[str, str]) -> Studio:
        """The studio for one class: who sits where.

        Raises
        ------
        BadInput : a seat that the studio does not have
        """
        seats = {bike.seat for bike in self.bikes}
        for seat in riders:
            if self.known and seat not in seats:
                raise BadInput(
                    "the roster names a seat that the studio does not have",
                    place=f"seat {seat}",
                    expected="one of " + ", ".join(sorted(seats)),
                )
        return replace(self, riders=dict(riders))


def read_studio(path: str | Path) -> Studio:
    """The studio of a TOML file.

    Raises
    ------
    BadInput : unreadable, no TOML, unknown names, numbers out of range, a sensor on two bikes
    """
    name = Path(path).name
    try:
        data = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as cause:
        raise BadInput(f"no TOML: {cause}", file=name) from cause
    _only(data, ("studio", "bike", "belt"), name, "the file")
    head = _table(data.get("studio", {}), name, "[studio]")
    _only(head, ("name", "min_rssi_dbm"), name, "[studio]")
    bikes: list[Bike] = []
    owner: dict[tuple[int, int], str] = {}
    for i, raw in enumerate(_tables(data.get("bike", []), name, "[[bike]]"), 1):
        place = f"[[bike]] number {i}"
        _only(raw, ("seat", "meter_error_pct", "ble", *SENSORS), name, place)
        if "seat" not in raw:
            raise BadInput("a bike has no seat", file=name, place=place, expected='seat = "07"')
        bike = Bike(
            seat=str(raw["seat"]),
            sensors={
                SENSORS[k]: _number(
                    raw[k], name, f"{place} {k}", LARGEST_KEISER if k == "keiser" else LARGEST_NUMBER
                )
                for k in SENSORS
                if k in raw
            },
            meter_error_pct=_percent(raw.get("meter_error_pct"), name, place),
            ble=_addresses(raw.get("ble", []), name, f"{place} ble"),
        )
        if any(bike.seat == other.seat for other in bikes):
            raise BadInput("a seat stands there twice", file=name, place=f"seat {bike.seat}")
        named = {sensor: f"{NAMES[sensor[0]]} {sensor[1]}" for sensor in bike.sensors.items()}
        named |= {(0, address_number(address)): f"ble {address}" for address in bike.ble}
        for sensor, words in named.items():
            if sensor in owner:
                raise BadInput(
                    "a sensor belongs to two bikes",
                    file=name,
                    place=words,
                    got=f"seats {owner[sensor]} and {bike.seat}",
                )
            owner[sensor] = bike.seat
        bikes.append(bike)
    if len(bikes) > MOST_BIKES:
        raise BadInput("too many bikes", file=name, expected=f"at most {MOST_BIKES}", got=str(len(bikes)))
    belts: dict[int, str] = {}
    for i, raw in enumerate(_tables(data.get("belt", []), name, "[[belt]]"), 1):
        place = f"[[belt]] number {i}"
        _only(raw, ("rider", "heart_rate"), name, place)
        if "rider" not in raw or "heart_rate" not in raw:
            raise BadInput("a belt needs rider and heart_rate", file=name, place=place)
        belts[_number(raw["heart_rate"], name, f"{place} heart_rate")] = str(raw["rider"])
    weakest = head.get("min_rssi_dbm")
    if weakest is not None and (not isinstance(weakest, int | float) or not -120 <= weakest <= 0):
        raise BadInput("min_rssi_dbm is out of range", file=name, expected="-120 to 0", got=str(weakest))
    return Studio(str(head.get("name", "")), tuple(bikes), belts, {}, weakest)


def read_roster(path: str | Path) -> dict[str, str]:
    """Seat → rider from a CSV with these two columns.

    Raises
    ------
    BadInput : unreadable, other columns, a seat twice, a row without a seat
    """
    name = Path(path).name
    rows = csv.DictReader(io.StringIO(_text(path)))
    if not rows.fieldnames or {"seat", "rider"} - {field.strip() for field in rows.fieldnames}:
        raise BadInput(
            "the roster's columns are not seat and rider",
            file=name,
            place="row 1",
            expected="seat,rider",
            got=",".join(rows.fieldnames or []),
        )
    riders: dict[str, str] = {}
    for number, row in enumerate(rows, 2):
        clean = {
            (key or "").strip(): (value or "").strip() for key, value in row.items() if isinstance(value, str)
        }
        seat, rider = clean.get("seat", ""), clean.get("rider", "")
        if not seat:
            raise BadInput("a row has no seat", file=name, place=f"row {number}")
        if seat in riders:
            raise BadInput("a seat stands there twice", file=name, place=f"row {number}", got=seat)
        if rider:
            riders[seat] = rider
    return riders


def as_toml(studio: Studio) -> str:
    """The studio as the text of its file: what a virtual room leaves beside its capture."""
    lines = ["[studio]", f'name = "{_quoted(studio.name)}"']
    if studio.min_rssi_dbm is not None:
        lines.append(f"min_rssi_dbm = {studio.min_rssi_dbm:g}")
    for bike in studio.bikes:
        lines += ["", "[[bike]]", f'seat = "{_quoted(bike.seat)}"']
        lines += [f"{NAMES[kind]} = {number}" for kind, number in bike.sensors.items()]
        if bike.ble:
            lines.append("ble = [" + ", ".join(f'"{_quoted(address)}"' for address in bike.ble) + "]")
        if bike.meter_error_pct is not None:
            lines.append(f"meter_error_pct = {bike.meter_error_pct:g}")
    for number, rider in studio.belts.items():
        lines += ["", "[[belt]]", f'rider = "{_quoted(rider)}"', f"heart_rate = {number}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _text(path: str | Path) -> str:
    try:
        data = Path(path).read_bytes()
    except OSError as cause:
        raise BadInput(f"cannot be read: {cause.strerror or cause}", file=Path(path).name) from cause
    if len(data) > LARGEST_FILE_BYTES:
        raise BadInput("too large for what it is", file=Path(path).name, expected="at most 1 MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise BadInput("not UTF-8 text", file=Path(path).name, offset=cause.start) from cause


def _only(table: Mapping[str, Any], names: Iterable[str], file: str, place: str) -> None:
    known = tuple(names)
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            raise BadInput(
                f"there is no {key!r} here",
                file=file,
                place=place,
                expected=f"perhaps {near[0]}" if near else "one of " + ", ".join(known),
            )


def _table(value: Any, file: str, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput("no table", file=file, place=place, got=repr(value)[:40])
    return value


def _tables(value: Any, file: str, place: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise BadInput("no list of tables", file=file, place=place, expected=f"{place} blocks")
    return [_table(item, file, place) for item in value]


def _addresses(value: Any, file: str, place: str) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MOST_ADDRESSES:
        raise BadInput("no Bluetooth address", file=file, place=place, expected='"C0:FF:EE:00:00:08"')
    for address in found:
        try:
            address_number(str(address))
        except BadInput as problem:
            problem.file, problem.place = file, place
            raise
    return tuple(map(str, found))


def _number(value: Any, file: str, place: str, largest: int = LARGEST_NUMBER) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise BadInput(
            "no device number",
            file=file,
            place=place,
            expected=f"1 to {largest}",
            got=repr(value)[:40],
        )
    return value


def _percent(value: Any, file: str, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 50:
        raise BadInput(
            "meter_error_pct is out of range",
            file=file,
            place=place,
            expected="0 to 50",
            got=repr(value)[:40],
        )
    return float(value)
