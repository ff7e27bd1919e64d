"""`telemetry replay`: a capture again, at any speed, to its end; and other programs' logs."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import pytest

from telemetry.ingest.antplus.frames import BROADCAST, encode
from telemetry.ingest.antplus.studio import Bike, Studio, as_toml
from telemetry.ingest.simulation import Step
from tests.cli.conftest import Command
from tests.ingest.antplus.rooms import bike, frames, ride, write_capture


@pytest.fixture
def room(desk: Path) -> Path:
    folder = desk / "room"
    folder.mkdir()
    heard = frames(bike(ride(Step("ride", 20, 0.7, 85), Step("climb", 20, 0.95, 52)), 1))
    write_capture(
        folder / "capture.fit", heard, events=[(7.0, "unplugged", 0, ""), (8.0, "replugged", 0, "")]
    )
    (folder / "studio.toml").write_text(
        as_toml(Studio("Corner", (Bike("07", {11: 1, 17: 1, 120: 1, 121: 1}),)))
    )
    return folder


def test_it_ends_by_itself_at_the_speed_that_was_asked_for(room: Path, telemetry: Command) -> None:
    begun = time.monotonic()
    ran = telemetry("replay", "room/capture.fit", "--speed", "20")
    took = time.monotonic() - begun
    assert (ran.code, ran.out) == (0, "")
    assert took > 1.9
    assert "7.0 s: a stick was pulled out" in ran.err
    assert ran.err.splitlines()[-1].endswith("messages of 4 devices in 40 s")


def test_it_shows_what_was_live(room: Path, telemetry: Command) -> None:
    ran = telemetry("replay", "room/capture.fit", "--speed", "1000", "--json")
    told = [json.loads(line) for line in ran.lines]
    assert [item["event"] for item in told if item["event"] != "live"] == ["unplugged", "replugged", "ended"]
    (seat,) = [item for item in told if item["event"] == "live"][-1]["seats"]
    assert seat["seat"] == "07"
    assert seat["state"] == "pedalling"
    assert seat["cadence_rpm"] == pytest.approx(52, abs=4)
    assert seat["reception_pct"] > 95
    public = telemetry("replay", "room/capture.fit", "--speed", "1000", "--json", "--public")
    last = [json.loads(line) for line in public.lines][-2]
    assert set(last["seats"][0]) == {"seat", "cadence_rpm", "power_w"}


def test_another_studio_may_say_who_sits_where(room: Path, telemetry: Command) -> None:
    Path("other.toml").write_text(as_toml(Studio("", (Bike("blue", {11: 1}),))))
    ran = telemetry("replay", "room/capture.fit", "--speed", "1000", "--json", "--studio", "other.toml")
    seats = json.loads(ran.lines[-2])["seats"]
    assert [seat["seat"] for seat in seats] == ["blue"]


def test_a_packet_capture_of_another_program_is_played_too(room: Path, telemetry: Command) -> None:
    heard = frames(bike(ride(Step("ride", 10, 0.7, 85)), 1))
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)
    for at, body in heard:
        frame = encode(BROADCAST, body)
        data += struct.pack("<IIII", 1000 + int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame
    Path("log.pcap").write_bytes(data)
    ran = telemetry("replay", "log.pcap", "--speed", "1000", "--json")
    assert json.loads(ran.lines[-1])["messages"] == len(heard)
    found = telemetry("inspect", "log.pcap")
    assert found.lines[0].startswith("log.pcap: ")
    assert any(line.startswith("  power 1: ") and "received 100.0 %" in line for line in found.lines)


def test_what_is_no_capture_is_refused(desk: Path, telemetry: Command) -> None:
    for name in ("page.fit", "nobody.fit"):
        ran = telemetry("replay", name)
        assert ran.code == 1
        assert len(ran.errors) == 1
        assert name in ran.errors[0]
    assert telemetry("replay", "page.fit", "--speed", "0").code == 2


def test_a_packet_capture_that_is_named_becomes_a_report_and_in_a_folder_is_left_alone(
    desk: Path, telemetry: Command
) -> None:
    heard = frames(bike(ride(Step("ride", 20, 0.7, 85)), 1))
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)
    for at, body in heard:
        frame = encode(BROADCAST, body)
        data += (
            struct.pack("<IIII", 1_780_000_000 + int(at), int(at % 1 * 1e6), len(frame), len(frame)) + frame
        )
    Path("logs").mkdir()
    Path("logs/log.pcap").write_bytes(data)
    Path("logs/notes.txt").write_text("bike 7 squeaks\n")
    assert telemetry("convert", "logs/log.pcap", "--to", "csv", "--output", "logs/log.csv").code == 0
    assert Path("logs/log.csv").read_text().splitlines()[1].startswith("2026-05-28T20:26:40")
    assert telemetry("report", "logs/log.pcap", "--output", "pages").lines == ["pages/log.html"]
    assert telemetry("convert", "logs", "--to", "json").lines == ["log.json"]  # of the table
    noted = telemetry("report", "logs/notes.txt")
    assert noted.code == 1
    assert "no ANT message in it" in noted.errors[0]
