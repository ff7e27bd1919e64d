"""Which sensor belongs to which seat, and clear words where the file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadInput
from telemetry.ingest.antplus import DeviceKey, pages
from telemetry.ingest.antplus.studio import Studio, as_toml, read_roster, read_studio
from telemetry.ingest.ble import address_number, uuids

GOOD = """
[studio]
name = "Corner"
min_rssi_dbm = -85

[[bike]]
seat = "07"
power = 12345
speed_cadence = 2345
meter_error_pct = 2.0

[[bike]]
seat = "08"
power = 12346

[[belt]]
rider = "r07"
heart_rate = 777
"""


def studio(tmp_path: Path, text: str = GOOD) -> Studio:
    path = tmp_path / "studio.toml"
    path.write_text(text, encoding="utf-8")
    return read_studio(path)


def test_devices_find_their_seats_and_belts_their_riders(tmp_path: Path) -> None:
    room = studio(tmp_path)
    assert room.seat(DeviceKey(12345, pages.POWER, 5)) == "07"
    assert room.seat(DeviceKey(2345, pages.SPEED_CADENCE, 1)) == "07"
    assert room.seat(DeviceKey(12345, pages.FITNESS_EQUIPMENT, 5)) is None
    assert room.rider_of_belt(DeviceKey(777, pages.HEART_RATE, 1)) == "r07"


def test_the_list_keeps_neighbours_out_and_weak_signals_too(tmp_path: Path) -> None:
    room = studio(tmp_path)
    ours = DeviceKey(12345, pages.POWER, 5)
    assert room.allows(ours, None)
    assert room.allows(ours, -85.0)
    assert not room.allows(ours, -85.1)
    assert not room.allows(DeviceKey(999, pages.POWER, 5), -40.0)


def test_without_a_list_every_device_is_a_bike_of_its_own() -> None:
    assert Studio().seat(DeviceKey(5, pages.POWER, 5)) == "5"
    assert Studio().seat(DeviceKey(5, pages.HEART_RATE, 1)) is None
    assert Studio().allows(DeviceKey(5, pages.POWER, 5), None)


def test_the_text_of_a_studio_reads_back_as_it_was(tmp_path: Path) -> None:
    room = studio(tmp_path)
    assert studio(tmp_path, as_toml(room)) == room


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("power = 12346", "power = 12345"), "belongs to two bikes"),
        (('seat = "08"', 'seat = "07"'), "seat stands there twice"),
        (("power = 12346", "power = 0"), "no device number"),
        (("power = 12346", 'power = "x"'), "no device number"),
        (("power = 12346", "powr = 1"), "perhaps power"),
        (("min_rssi_dbm = -85", "min_rssi_dbm = 85"), "out of range"),
        (("meter_error_pct = 2.0", "meter_error_pct = 200"), "out of range"),
        (("[studio]", "[studio"), "no TOML"),
        (('seat = "08"', ""), "a bike has no seat"),
        (('rider = "r07"', ""), "a belt needs rider"),
        (("[[belt]]", "[[pump]]"), "there is no 'pump' here"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        studio(tmp_path, GOOD.replace(*change))
    assert "studio.toml" in str(caught.value)


def test_a_missing_or_binary_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_studio(tmp_path / "none.toml")
    path = tmp_path / "studio.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        read_studio(path)


def test_a_roster_seats_riders(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("seat, rider\n07,r07\n08,\n", encoding="utf-8")
    riders = read_roster(path)
    assert riders == {"07": "r07"}
    assert studio(tmp_path).with_roster(riders).riders == {"07": "r07"}
    with pytest.raises(BadInput, match="seat that the studio does not have"):
        studio(tmp_path).with_roster({"99": "r1"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n", "columns are not"),
        ("seat,rider\n,r\n", "row 2"),
        ("seat,rider\n1,a\n1,b\n", "twice"),
        ("", "columns"),
    ],
)
def test_a_bad_roster_names_its_row(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        read_roster(path)


BLUETOOTH = """
[[bike]]
seat = "07"
keiser = 7

[[bike]]
seat = "08"
ble = ["c0:ff:ee:00:00:08", "C0FFEE000009"]

[[bike]]
seat = "09"
ble = "C0-FF-EE-00-00-0A"
"""


def test_bluetooth_bikes_are_named_by_address_or_by_their_keiser_number(tmp_path: Path) -> None:
    room = studio(tmp_path, BLUETOOTH)
    assert room.seat(DeviceKey(7, uuids.KEISER, 0)) == "07"
    assert room.seat(DeviceKey(8, uuids.KEISER, 0)) is None
    for address, seat in (("C0:FF:EE:00:00:08", "08"), ("c0:ff:ee:00:00:09", "08"), ("C0FFEE00000A", "09")):
        for kind in uuids.NOTIFYING:
            assert room.seat(DeviceKey(address_number(address), kind, 0)) == seat
    assert not room.allows(DeviceKey(address_number("C0:FF:EE:00:00:0B"), uuids.INDOOR_BIKE, 0), None)
    assert studio(tmp_path, as_toml(room)) == room
    assert Studio().seat(DeviceKey(1, uuids.INDOOR_BIKE, 0)) == "1"
    assert Studio().seat(DeviceKey(1, uuids.HEART_RATE, 0)) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("keiser = 7", "keiser = 0"), "1 to 255"),
        (("keiser = 7", "keiser = 256"), "1 to 255"),
        (("keiser = 7", 'ble = "C0:FF:EE:00:00:0A"'), "belongs to two bikes"),
        (('"C0-FF-EE-00-00-0A"', '"C0-FF-EE"'), "no Bluetooth address"),
        (('"C0-FF-EE-00-00-0A"', "5"), "no Bluetooth address"),
        (('"C0-FF-EE-00-00-0A"', "[5]"), "no Bluetooth address"),
        (("keiser = 7", "kaiser = 7"), "perhaps keiser"),
    ],
)
def test_a_wrong_bluetooth_entry_is_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    assert change[0] in BLUETOOTH
    with pytest.raises(BadInput) as caught:
        studio(tmp_path, BLUETOOTH.replace(*change))
    assert words in str(caught.value)
    assert "studio.toml" in str(caught.value)
