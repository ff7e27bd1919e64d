"""Which sensors and recorders took part, and which of them measured what.

Comes in: the `device_info` and `file_id` messages of a section, and the channels its samples have. Goes out:
`Device` rows, the device that power is believed to come from, and whether that meter is single-sided.
Leaves to others: the values.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from telemetry.ingest.fit.part import Part
from telemetry.model import Device, Issue

BLUETOOTH_LE, LOCAL = 3, 5
"""source_type: how a device is connected"""

KINDS = {
    11: "power",
    17: "fitness_equipment",
    120: "heart_rate",
    121: "speed_cadence",
    122: "cadence",
    123: "speed",
}
"""ANT+ device types; several recorders use the same numbers for Bluetooth sensors."""

BLE_KINDS = {
    1: "heart_rate",
    2: "power",
    3: "speed_cadence",
    4: "speed",
    5: "cadence",
    7: "fitness_equipment",
}
LOCAL_KINDS = {10: "heart_rate"}
"""The recorder's own sensors: only its optical heart rate measures a channel of a class."""

NOT_SENSORS = (1, 12)
"""Old Garmin recorders number themselves 1 and their inner parts 12."""

BATTERY = {1: "new", 2: "good", 3: "ok", 4: "low", 5: "critical", 6: "charging"}

SINGLE_SIDED_NAMES = (
    "vector_2s", "vector2s", "vector_3s", "vector3s", "vector 2s", "vector 3s", "rally_100", "rally 100",
    "rk100", "rs100", "xc100", "assioma uno", "duo-shi uno", "precision single", "left crank",
)  # fmt: skip
"""Parts of product names of meters that double one side."""

ONE_SIDE_MAKERS = ("stages_cycling", "4iiiis", "fouriiiis", "4iiii")
"""Makers whose meters report both sides as balance; without it, one crank is doubled."""

MOST_DEVICES = 64
MOST_ROWS = 3000
"""device_info messages read in one file; the longest real ride has 310."""
NO_MAKER = "development"
"""The manufacturer number of anyone without one."""
NO_NAMES = ("", "0", "65534", "65535", "none")


@dataclass
class _Seen:
    index: float
    kind: str
    manufacturer: str
    product: str
    serial: str
    software: str
    battery: str

    def same(self, other: _Seen) -> bool:
        """Recorders repeat a device with more known each time, and give its index to another one later."""
        if self.kind != other.kind:
            return False
        if self.serial and other.serial:
            return self.serial == other.serial
        return self.index == other.index or (bool(self.product) and self.product == other.product)

    def learn(self, other: _Seen) -> None:
        for name in ("manufacturer", "product", "serial", "software", "battery"):
            if getattr(other, name):
                setattr(self, name, getattr(other, name))


def devices(part: Part, channels: Collection[str]) -> tuple[Device, ...]:
    """The devices of a section, recorder first, each with those of `channels` it is believed to measure."""
    seen = part.once("devices", lambda: _seen(part))
    kinds = {device.kind for device in seen}
    return tuple(
        Device(
            kind=device.kind,
            manufacturer=device.manufacturer,
            product=device.product,
            serial=device.serial,
            software=device.software,
            battery=device.battery,
            measures=tuple(name for name in _measures(device.kind, kinds) if name in channels),
            single_sided=True if device.kind == "power" and _doubles_one_side(device.product) else None,
        )
        for device in seen
    )


def _seen(part: Part) -> list[_Seen]:
    """The devices of a section, each once, recorder first."""
    seen: list[_Seen] = []
    for row in _rows(part):
        known = next((device for device in seen if device.same(row)), None)
        if known is not None:
            known.learn(row)
        elif len(seen) < MOST_DEVICES:
            seen.append(row)
    if not any(device.kind == "recorder" for device in seen) and part.count("file_id"):
        maker, product = _file_id(part)
        serial = part.last("file_id", "serial_number")
        text = "" if serial is None else f"{serial:.0f}"
        if maker or product or text:
            seen.insert(0, _Seen(0.0, "recorder", maker, product, text, "", ""))
    seen.sort(key=lambda device: device.kind != "recorder")
    return seen


def power_device(found: tuple[Device, ...]) -> tuple[Device | None, tuple[Issue, ...]]:
    """The device power is taken from: a power meter before a trainer; two meters are an issue."""
    meters = [device for device in found if device.kind == "power"]
    if len({(device.manufacturer, device.product, device.serial) for device in meters}) > 1:
        names = " and ".join(dict.fromkeys(label(device) or "an unnamed meter" for device in meters[:3]))
        detail = (
            f"{len(meters)} power meters took part ({names}); the file does not say which one was recorded: "
            f"taken as {label(meters[0]) or 'the first'}"
        )
        return meters[0], (Issue("two_power_sources", count=len(meters), detail=detail),)
    if meters:
        return meters[0], ()
    trainers = [device for device in found if device.kind == "fitness_equipment"]
    return (trainers[0] if trainers else None), ()


def label(device: Device) -> str:
    """Maker and product as one name, without serial number."""
    maker = "" if device.manufacturer == NO_MAKER else device.manufacturer
    if device.product and maker.lower() in device.product.lower():
        return device.product
    return " ".join(word for word in (maker, device.product) if word)


def single_sided(meter: Device | None, both_sides: bool | None, channels: Collection[str]) -> bool | None:
    """True: one crank doubled; False: both measured; None: the file does not tell.

    `both_sides` is what the balance says: True where it varies, False where the meter says it has one side.
    """
    if both_sides:
        return False
    left, right = ("left_torque_effectiveness_pct" in channels, "right_torque_effectiveness_pct" in channels)
    if left and right:
        return False
    if meter is None or meter.kind != "power":
        return None
    if meter.single_sided or left or right or both_sides is False:
        return True
    return True if meter.manufacturer.lower() in ONE_SIDE_MAKERS else None


def mark_single_sided(
    found: tuple[Device, ...], meter: Device | None, sided: bool | None
) -> tuple[Device, ...]:
    """The devices with the meter's own `single_sided` filled in."""
    return tuple(replace(device, single_sided=sided) if device is meter else device for device in found)


def _doubles_one_side(product: str) -> bool:
    name = product.lower()
    return any(part in name for part in SINGLE_SIDED_NAMES)


def _measures(kind: str, kinds: Collection[str]) -> tuple[str, ...]:
    own_cadence = "cadence" in kinds or "speed_cadence" in kinds
    cadence = () if own_cadence else ("cadence_rpm",)
    both = (
        "left_torque_effectiveness_pct", "right_torque_effectiveness_pct", "left_pedal_smoothness_pct",
        "right_pedal_smoothness_pct", "combined_pedal_smoothness_pct", "right_balance_pct", "torque_nm",
    )  # fmt: skip
    return {
        "power": ("power_w", *cadence, *both),
        "fitness_equipment": (() if "power" in kinds else ("power_w", *cadence)) + ("resistance_level",),
        "heart_rate": ("heart_rate_bpm",),
        "speed_cadence": ("cadence_rpm", "speed_mps", "distance_m"),
        "cadence": ("cadence_rpm",),
        "speed": ("speed_mps", "distance_m"),
    }.get(kind, ())


def _rows(part: Part) -> list[_Seen]:
    """device_info messages that name a sensor or the recorder, equal ones once."""
    count = part.allowance("device_info", MOST_ROWS, part.count("device_info"))
    if not count:
        return []
    index = part.column("device_info", "device_index")
    source = part.column("device_info", "source_type")
    type_ = part.column("device_info", "device_type", "antplus_device_type", "ble_device_type")
    for name in ("antplus_device_type", "ble_device_type", "local_device_type", "ant_device_type"):
        if name in part.columns("device_info"):
            type_ = np.where(np.isfinite(type_), type_, part.column("device_info", name))
    serial = part.column("device_info", "serial_number")
    number = part.column("device_info", "ant_device_number")
    serial = np.where(np.isfinite(serial), serial, number)
    software = part.column("device_info", "software_version")
    battery = part.column("device_info", "battery_status")
    maker = part.labels("device_info", "manufacturer", "manufacturer")
    product = part.texts("device_info", "product_name")
    model = part.column("device_info", "product")
    rows: dict[tuple[object, ...], _Seen] = {}
    told = (index, source, type_, model, number, serial, software, battery)
    cells = zip(*(column[:count].tolist() for column in told), strict=True)
    for (at, by, what, model_no, radio, serial_no, version, charge), name, called in zip(
        cells, maker[:count], product[:count], strict=True
    ):
        kind = _kind(at, by, what)
        if kind is None:
            continue
        seen = _Seen(
            index=at,
            kind=kind,
            manufacturer=_name(name),
            product=_product(called, model_no, radio),
            serial=f"{serial_no:.0f}" if math.isfinite(serial_no) and serial_no > 0 else "",
            software=f"{version:g}" if math.isfinite(version) else "",
            battery=BATTERY.get(int(charge), "") if math.isfinite(charge) else "",
        )
        rows.setdefault(tuple(vars(seen).values()), seen)
    return list(rows.values())


def _kind(index: float, source: float, type_: float) -> str | None:
    """Kind of a device_info row, None for the recorder's inner parts and for rows that name nothing."""
    if index == 0:
        return "recorder"
    if source == LOCAL:
        return LOCAL_KINDS.get(int(type_)) if math.isfinite(type_) else None
    if not math.isfinite(type_) or type_ in NOT_SENSORS:
        return None
    if source == BLUETOOTH_LE and type_ in BLE_KINDS:
        return BLE_KINDS[int(type_)]
    return KINDS.get(int(type_), "other")


def _file_id(part: Part) -> tuple[str, str]:
    maker = part.labels("file_id", "manufacturer", "manufacturer")
    product = part.texts("file_id", "product_name")
    model = part.column("file_id", "product")
    if not maker:
        return "", ""
    return _name(maker[0]), _product(product[0], float(model[0]), math.nan)


def _product(name: str, model: float, ant_number: float) -> str:
    """The product's name, else its model number; a name that is only the radio's number says nothing."""
    if math.isfinite(ant_number) and name == f"{ant_number:.0f}":
        name = ""
    return _name(name) or (_name(f"{model:.0f}") if math.isfinite(model) else "")


def _name(text: str) -> str:
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    text = text.strip()[:80]
    return "" if text.lower() in NO_NAMES else text
