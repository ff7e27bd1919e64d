"""`telemetry inspect`: everything in a file is named, also where no class is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from telemetry.ingest.fit.write import FitWriter
from tests.cli.conftest import CLASSES, Command


def test_messages_fields_devices_and_quality_are_listed(desk: Path, telemetry: Command) -> None:
    ran = telemetry("inspect", "class.fit")
    assert ran.code == 0
    assert ran.lines[0].startswith("class.fit: ")
    text = ran.out
    assert "    device: power development Simulated crank, measured power_w" in text
    assert "    data quality: good" in text
    assert "  record: " in text
    assert "    power [watts]: uint16" in text


def test_the_json_holds_all_of_it(desk: Path, telemetry: Command) -> None:
    found = json.loads(telemetry("inspect", "class.fit", "--json").out)
    assert found["schema"] == "telemetry.inspection/1"
    (recording,) = found["classes"]
    records = next(message for message in found["messages"] if message["name"] == "record")
    assert records["count"] == recording["samples"] == 3000
    power = next(field for field in records["fields"] if field["name"] == "power")
    assert power == {
        "number": 7,
        "name": "power",
        "units": "watts",
        "developer": False,
        "base_type": "uint16",
    }
    assert recording["quality"]["grade"] == "good"
    assert (found["damage"], found["no_class_because"]) == ([], None)


def test_damage_has_its_place(desk: Path, telemetry: Command) -> None:
    ran = telemetry("inspect", str(CLASSES / "recorder_died.fit"))
    assert ran.code == 0
    assert "  damage: recorder_died at byte 4, 4 bytes" in ran.out
    assert "  damage: truncated at byte " in ran.out


def test_developer_fields_are_marked(desk: Path, telemetry: Command) -> None:
    found = json.loads(telemetry("inspect", str(CLASSES / "four_hertz.fit"), "--json").out)
    assert isinstance(found["messages"], list)
    for message in found["messages"]:
        for field in message["fields"]:
            assert isinstance(field["developer"], bool)


def test_a_file_without_a_ride_is_listed_and_is_no_failure(desk: Path, telemetry: Command) -> None:
    out = FitWriter()
    out.message("file_id", type=2, manufacturer=255)
    out.message("user_profile", weight=70.0)
    Path("settings.fit").write_bytes(out.finish())
    ran = telemetry("inspect", "settings.fit")
    assert ran.code == 0
    assert "  no class in it: " in ran.out
    assert "  user_profile: 1" in ran.out
    assert telemetry("analyze", "settings.fit").code == 1


def test_a_file_that_is_no_fit_is_a_failure_and_the_rest_goes_on(desk: Path, telemetry: Command) -> None:
    ran = telemetry("inspect", "page.fit", "usual.fit", "empty.fit", "--json")
    assert (ran.code, len(ran.lines), len(ran.errors)) == (1, 1, 2)


def test_a_packed_file_is_looked_into(desk: Path, telemetry: Command) -> None:
    Path("packed.fit.gz").write_bytes(gzip.compress(Path("usual.fit").read_bytes()))
    packed = json.loads(telemetry("inspect", "packed.fit.gz", "--json").out)
    plain = json.loads(telemetry("inspect", "usual.fit", "--json").out)
    assert packed["messages"] == plain["messages"]
    assert packed["classes"][0]["id"] == plain["classes"][0]["id"]


def test_text_from_a_file_cannot_steer_the_terminal(desk: Path, telemetry: Command) -> None:
    out = FitWriter()
    out.message("file_id", type=4, manufacturer=255, product_name="\x1b[2Jevil\r\n")
    Path("evil\x1b[31m.fit").write_bytes(out.finish())
    ran = telemetry("inspect", "evil\x1b[31m.fit")
    assert "\x1b" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err
