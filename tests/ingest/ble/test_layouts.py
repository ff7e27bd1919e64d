"""Bytes of Bluetooth messages worked by hand, every flag alone and all at once, and every cut of them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.ble import uuids
from telemetry.ingest.ble.layouts import LAYOUTS, extract

VECTORS: list[tuple[int, str, dict[str, object]]] = [
    # a Schwinn IC4: flags 0x0044, 12.34 km/h, 90.5 rpm, 201 W
    (
        uuids.INDOOR_BIKE,
        "4400 d204 b500 c900",
        {"flags": 0x44, "speed_mps": 12.34 / 3.6, "cadence_rpm": 90.5, "power_w": 201.0},
    ),
    # bit 0 set: no speed
    (uuids.INDOOR_BIKE, "0100", {"flags": 1}),
    (uuids.INDOOR_BIKE, "0300 c409", {"flags": 3, "mean_speed_mps": 25.0 / 3.6}),
    (uuids.INDOOR_BIKE, "0900 a100", {"flags": 9, "mean_cadence_rpm": 80.5}),
    (uuids.INDOOR_BIKE, "1100 010002", {"flags": 0x11, "distance_m": 131073.0}),
    (uuids.INDOOR_BIKE, "2100 feff", {"flags": 0x21, "resistance_level": -2.0}),
    (uuids.INDOOR_BIKE, "4100 f6ff", {"flags": 0x41, "power_w": -10.0}),
    (uuids.INDOOR_BIKE, "8100 6400", {"flags": 0x81, "mean_power_w": 100.0}),
    (
        uuids.INDOOR_BIKE,
        "0101 2c01 ffff 05",
        {"flags": 0x101, "energy_kcal": 300.0, "energy_per_hour_kcal": None, "energy_per_minute_kcal": 5.0},
    ),
    (uuids.INDOOR_BIKE, "0102 80", {"flags": 0x201, "heart_rate_bpm": 128.0}),
    (uuids.INDOOR_BIKE, "0102 00", {"flags": 0x201, "heart_rate_bpm": None}),
    (uuids.INDOOR_BIKE, "0104 55", {"flags": 0x401, "metabolic_equivalent": 8.5}),
    (uuids.INDOOR_BIKE, "0108 100e", {"flags": 0x801, "elapsed_s": 3600.0}),
    (uuids.INDOOR_BIKE, "0110 3c00", {"flags": 0x1001, "remaining_s": 60.0}),
    # all of it, in the order of the specification
    (
        uuids.INDOOR_BIKE,
        "fe1f e803 e803 b400 b200 e80300 2800 fa00 f000 6400 5802 0a 96 64 3c00 7800",
        {
            "flags": 0x1FFE,
            "speed_mps": 10.0 / 3.6,
            "mean_speed_mps": 10.0 / 3.6,
            "cadence_rpm": 90.0,
            "mean_cadence_rpm": 89.0,
            "distance_m": 1000.0,
            "resistance_level": 40.0,
            "power_w": 250.0,
            "mean_power_w": 240.0,
            "energy_kcal": 100.0,
            "energy_per_hour_kcal": 600.0,
            "energy_per_minute_kcal": 10.0,
            "heart_rate_bpm": 150.0,
            "metabolic_equivalent": 10.0,
            "elapsed_s": 60.0,
            "remaining_s": 120.0,
        },
    ),
    (uuids.CYCLING_POWER, "0000 fbff", {"flags": 0, "power_w": -5.0}),
    (uuids.CYCLING_POWER, "0300 c800 60", {"flags": 3, "power_w": 200.0, "balance_pct": 48.0}),
    (uuids.CYCLING_POWER, "0400 c800 ffff", {"flags": 4, "power_w": 200.0, "torque": 65535}),
    (
        uuids.CYCLING_POWER,
        "1000 c800 00000100 0008",
        {"flags": 0x10, "power_w": 200.0, "wheel_revolutions": 65536, "wheel_time": 2048},
    ),
    (
        uuids.CYCLING_POWER,
        "2000 c800 0a00 0004",
        {"flags": 0x20, "power_w": 200.0, "crank_revolutions": 10, "crank_time": 1024},
    ),
    (
        uuids.CYCLING_POWER,
        "4000 0000 f401 0cfe",
        {"flags": 0x40, "power_w": 0.0, "largest_force_n": 500.0, "smallest_force_n": -500.0},
    ),
    (
        uuids.CYCLING_POWER,
        "8000 0000 0005 c0ff",
        {"flags": 0x80, "power_w": 0.0, "largest_torque_nm": 40.0, "smallest_torque_nm": -2.0},
    ),
    # two angles of twelve bits: 0x05a = 90 and 0x10e = 270
    (
        uuids.CYCLING_POWER,
        "0001 0000 5ae010",
        {"flags": 0x100, "power_w": 0.0, "largest_angle_deg": 90.0, "smallest_angle_deg": 270.0},
    ),
    (uuids.CYCLING_POWER, "0002 0000 0500", {"flags": 0x200, "power_w": 0.0, "top_dead_spot_deg": 5.0}),
    (uuids.CYCLING_POWER, "0004 0000 b900", {"flags": 0x400, "power_w": 0.0, "bottom_dead_spot_deg": 185.0}),
    (uuids.CYCLING_POWER, "0008 0000 2c01", {"flags": 0x800, "power_w": 0.0, "energy_kj": 300.0}),
    (
        uuids.CYCLING_POWER,
        "3d00 2c01 62 e803 05000000 e803 0700 d007",
        {
            "flags": 0x3D,
            "power_w": 300.0,
            "balance_pct": 49.0,
            "torque": 1000,
            "wheel_revolutions": 5,
            "wheel_time": 1000,
            "crank_revolutions": 7,
            "crank_time": 2000,
        },
    ),
    (uuids.SPEED_CADENCE, "00", {"flags": 0}),
    (
        uuids.SPEED_CADENCE,
        "01 ffffffff 0004",
        {"flags": 1, "wheel_revolutions": 0xFFFFFFFF, "wheel_time": 1024},
    ),
    (uuids.SPEED_CADENCE, "02 ffff 0002", {"flags": 2, "crank_revolutions": 65535, "crank_time": 512}),
    (
        uuids.SPEED_CADENCE,
        "03 02000000 0100 0300 0400",
        {"flags": 3, "wheel_revolutions": 2, "wheel_time": 1, "crank_revolutions": 3, "crank_time": 4},
    ),
    (uuids.HEART_RATE, "00 8c", {"flags": 0, "heart_rate_bpm": 140.0}),
    (uuids.HEART_RATE, "01 2c01", {"flags": 1, "heart_rate_bpm": 300.0}),
    (uuids.HEART_RATE, "00 00", {"flags": 0, "heart_rate_bpm": None}),
    (uuids.HEART_RATE, "08 8c 6400", {"flags": 8, "heart_rate_bpm": 140.0, "energy_kj": 100.0}),
    (
        uuids.HEART_RATE,
        "10 8c 0002 0004",
        {"flags": 0x10, "heart_rate_bpm": 140.0, "rr_s": [0.5, 1.0]},
    ),
    # an M3i of firmware 6.30, bike 11, now: 82.3 rpm, 141.0 bpm, 215 W, 120 kcal, 12:34, 3.2 miles, gear 14
    (
        uuids.KEISER,
        "0201 06 30 00 0b 3703 8205 d700 7800 0c 22 2000 0e",
        {
            "version_major": 6,
            "version_minor": 0x30,
            "data_type": 0,
            "bike_id": 11,
            "cadence_rpm": 82.3,
            "heart_rate_bpm": 141.0,
            "power_w": 215.0,
            "energy_kcal": 120.0,
            "minutes": 12.0,
            "seconds": 34.0,
            "trip": 32,
            "resistance_level": 14.0,
        },
    ),
]


@pytest.mark.parametrize(("number", "text", "wanted"), VECTORS)
def test_bytes_worked_by_hand(number: int, text: str, wanted: dict[str, object]) -> None:
    found = extract(LAYOUTS[number], bytes.fromhex(text))
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        assert found[name] == (pytest.approx(value) if isinstance(value, float) else value), name


def test_every_field_of_every_characteristic_has_a_vector() -> None:
    for number, layout in LAYOUTS.items():
        seen = {name for which, _, wanted in VECTORS for name in wanted if which == number}
        assert {item.name for item in layout.items} <= seen, layout.name


@pytest.mark.parametrize(("number", "text", "wanted"), VECTORS)
def test_a_message_cut_anywhere_gives_its_whole_fields_and_no_other(
    number: int, text: str, wanted: dict[str, object]
) -> None:
    data = bytes.fromhex(text)
    whole = extract(LAYOUTS[number], data)
    for cut in range(len(data)):
        part = extract(LAYOUTS[number], data[:cut])
        for name, value in part.items():
            assert value == whole[name] or (name == "rr_s" and value == whole[name][: len(value)])


@given(st.sampled_from(sorted(LAYOUTS)), st.binary(max_size=40))
def test_no_bytes_raise(number: int, payload: bytes) -> None:
    extract(LAYOUTS[number], payload)


@given(flags=st.integers(0, 0x1FFF))
def test_any_combination_of_flags_keeps_each_value_in_its_place(flags: int) -> None:
    layout = LAYOUTS[uuids.INDOOR_BIKE]
    body = bytearray(struct.pack("<H", flags))
    wanted: dict[str, float] = {}
    for place, item in enumerate(layout.items, 1):
        if bool(flags >> (item.flag or 0) & 1) is item.when:
            wanted[item.name] = place / item.scale
            body += place.to_bytes(item.bits // 8, "little")
    found = extract(layout, bytes(body))
    assert found.pop("flags") == flags
    assert found == pytest.approx(wanted)


def test_an_advertisement_of_another_company_is_none_of_keisers() -> None:
    assert extract(LAYOUTS[uuids.KEISER], bytes.fromhex("4c00 06 30 00 0b 3703")) == {}
