"""`telemetry convert`: what was recorded, in other programs' formats, missing as missing."""

from __future__ import annotations

import csv
import json
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import telemetry as package
from telemetry.cli.samples import FORMATS, about
from telemetry.model import CHANNELS, Lap
from tests.cli.conftest import CLASSES, Command


def test_parquet_is_the_samples_with_what_is_known_of_them(desk: Path, telemetry: Command) -> None:
    assert telemetry("convert", "class.fit").lines == ["class.parquet"]
    recording = package.read("class.fit")
    assert pl.read_parquet("class.parquet").equals(recording.samples)
    known = pl.read_parquet_metadata("class.parquet")
    assert (known["schema"], known["id"]) == ("telemetry.recording/1", recording.id)
    assert json.loads(known["units"])["power_w"] == "W"
    assert [lap["label"] for lap in json.loads(known["laps"])] == [lap.label for lap in recording.laps]


def test_csv_has_a_header_a_date_and_empty_cells(desk: Path, telemetry: Command) -> None:
    source = CLASSES / "smart_recording.fit"
    assert telemetry("convert", str(source), "--to", "csv").lines == ["smart_recording.csv"]
    recording = package.read(source)
    with open("smart_recording.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["timestamp", *recording.samples.columns]
    assert len(rows) == len(recording)
    assert datetime.fromisoformat(rows[0]["timestamp"]) == recording.started_at
    nulls = sum(recording.samples.null_count().row(0))
    assert sum(not cell for row in rows for cell in row.values()) == nulls


def test_json_holds_columns_and_null(desk: Path, telemetry: Command) -> None:
    recording = package.ClassRecording(
        id="x", source="test", samples=pl.DataFrame({"time_s": [0.0, 1.0], "power_w": [None, math.nan]})
    )
    FORMATS[".json"](recording, Path("x.json"))
    content = json.loads(Path("x.json").read_text(encoding="utf-8"))
    assert content["samples"] == {"time_s": [0.0, 1.0], "power_w": [None, None]}
    assert content["started_at"] is None
    assert {key: content[key] for key in about(recording)} == about(recording)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_every_format_and_every_fixture(desk: Path, telemetry: Command, suffix: str) -> None:
    ran = telemetry("convert", str(CLASSES), "--to", suffix[1:], "-o", "all", "--json")
    assert ran.code == 0
    rows = [json.loads(line) for line in ran.lines]
    assert [row["file"] for row in rows] == sorted(path.name for path in CLASSES.glob("*.fit"))
    assert all(Path(row["output"]).is_file() and set(row["channels"]) <= set(CHANNELS) for row in rows)


# --- FIT ----------------------------------------------------------------------------------------------------

OTHERS_NAMES = {
    "power_w": "power",
    "heart_rate_bpm": "heart_rate",
    "resistance_level": "resistance",
    "distance_m": "distance",
    "speed_mps": "enhanced_speed",
}
"""Channels that other readers give as one number."""


def same_class(one: package.ClassRecording, other: package.ClassRecording) -> None:
    """Everything that FIT can hold, to the resolution that FIT holds it in."""
    assert one.channels == other.channels
    for channel in ("time_s", *one.channels):
        step = {"power_w": 0.5, "cadence_rpm": 1 / 256, "time_s": 1 / 256}.get(channel, 0.5)
        assert one.array(channel) == pytest.approx(other.array(channel), abs=step, nan_ok=True), channel
    assert one.started_at == other.started_at
    assert one.utc_offset_s == other.utc_offset_s
    # an activity must have a lap: without any, the class is one
    assert one.laps == (other.laps or (Lap(0.0, other.duration_s, trigger="session_end"),))
    assert one.pauses == other.pauses
    assert one.posture_known == other.posture_known
    assert one.balance_convention == other.balance_convention
    assert one.torque_source == other.torque_source


@pytest.mark.parametrize("path", sorted(CLASSES.glob("*.fit")), ids=lambda path: path.stem)
def test_a_fixture_as_fit_is_the_same_class_to_us_and_to_fitdecode(
    desk: Path, telemetry: Command, path: Path
) -> None:
    fitdecode = pytest.importorskip("fitdecode")
    assert telemetry("convert", str(path), "-o", "again.fit").lines == ["again.fit"]
    first, again = package.read(path), package.read("again.fit")
    same_class(again, first)
    assert [(device.kind, device.manufacturer, device.serial) for device in again.devices] == [
        (device.kind, device.manufacturer, device.serial) for device in first.devices
    ]
    with fitdecode.FitReader("again.fit", check_crc=fitdecode.CrcCheck.RAISE) as reader:
        frames = [frame for frame in reader if isinstance(frame, fitdecode.FitDataMessage)]
    records = [frame for frame in frames if frame.name == "record"]
    for channel, name in OTHERS_NAMES.items():
        if first.has(channel):
            told = [frame.get_value(name, fallback=None) for frame in records]
            theirs = [math.nan if value is None else float(value) for value in told]
            assert theirs == pytest.approx(first.array(channel), abs=0.005, nan_ok=True), channel
    assert [frame.name for frame in frames].count("lap") == max(1, len(first.laps))
    assert [frame.name for frame in frames][-2:] == ["session", "activity"]


def test_a_short_class_with_torque_is_read_by_fit_tool_too(desk: Path, telemetry: Command) -> None:
    pytest.importorskip("fit_tool")
    from fit_tool.fit_file import FitFile  # type: ignore[import-untyped]
    from fit_tool.profile.messages.record_message import RecordMessage  # type: ignore[import-untyped]

    telemetry("convert", str(CLASSES / "short_class.fit"), "-o", "short.csv")
    rows = Path("short.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{rows[0]},torque_nm", *(f"{row},{20 + i % 7}.25" for i, row in enumerate(rows[1:]))]
    Path("short.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    telemetry("convert", "short.csv", "-o", "short.fit")
    ours = package.read("short.fit")
    assert ours.torque_source == "crank"
    assert np.array_equal(ours.array("torque_nm"), [20.25 + i % 7 for i in range(len(ours))])
    told = [record.message for record in FitFile.from_file("short.fit").records]
    records = [message for message in told if isinstance(message, RecordMessage)]
    assert [record.power for record in records] == ours.array("power_w").tolist()
    (torque,) = {field.name for record in records for field in record.developer_fields}
    assert torque == "torque"
    assert [record.developer_fields[0].get_value() for record in records] == ours.array("torque_nm").tolist()


TCX_POINT = """<Trackpoint><Time>2026-03-02T17:30:{second:02d}Z</Time><HeartRateBpm><Value>{heart}</Value>
</HeartRateBpm><Cadence>85</Cadence><Extensions><TPX><Watts>{watts}</Watts></TPX></Extensions></Trackpoint>"""
INPUTS = {
    "studio.tcx": """<TrainingCenterDatabase><Activities><Activity Sport="Biking">
<Lap StartTime="2026-03-02T17:30:00Z"><TotalTimeSeconds>30</TotalTimeSeconds>
<TriggerMethod>Manual</TriggerMethod><Track>{}</Track></Lap></Activity></Activities></TrainingCenterDatabase>""".format(
        "".join(TCX_POINT.format(second=s, heart=120 + s, watts=200 + s) for s in range(30))
    ),
    "app.csv": "time,Power (W),Cadence (rpm),Heart Rate (bpm),Torque (Nm)\n"
    + "".join(f"2026-03-02T17:30:{s:02d}Z,{200 + s},{80 + s / 4},120,{20 + s / 8}\n" for s in range(30)),
    "undated.csv": "time_s,power_w,cadence_rpm\n" + "".join(f"{s / 4},200,80.5\n" for s in range(80)),
    "console.csv": "RIDE SUMMARY\nTotal Time,1.0\n\nRIDE DATA\nPower,RPM,HR,DISTANCE\n"
    + "".join(f"{150 + s},80,120,{s / 100}\n" for s in range(30)),
}


@pytest.mark.parametrize("name", INPUTS)
def test_other_kinds_of_file_become_fit(desk: Path, telemetry: Command, name: str) -> None:
    Path(name).write_text(INPUTS[name], encoding="utf-8")
    ran = telemetry("convert", name, "--to", "fit")
    assert (ran.code, ran.errors) == (0, [])
    (made,) = ran.lines
    same_class(package.read(made), package.read(name))


def test_a_parquet_recording_becomes_the_fit_activity_that_its_source_does(
    desk: Path, telemetry: Command
) -> None:
    assert telemetry("convert", "class.fit").lines == ["class.parquet"]
    telemetry("convert", "class.parquet", "-o", "by_way.fit")
    telemetry("convert", "class.fit", "-o", "at_once.fit")
    assert Path("by_way.fit").read_bytes() == Path("at_once.fit").read_bytes()


def test_a_fit_file_is_not_converted_onto_itself(desk: Path, telemetry: Command) -> None:
    before = Path("class.fit").read_bytes()
    assert telemetry("convert", "class.fit", "--to", "fit").code == 1
    assert Path("class.fit").read_bytes() == before


def test_an_input_is_never_replaced(desk: Path, telemetry: Command) -> None:
    telemetry("convert", "usual.fit", "--to", "csv")
    before = Path("usual.csv").read_bytes()
    ran = telemetry("convert", "usual.csv", "--to", "csv")
    assert ran.code == 1
    assert "usual.csv: would replace an input" in ran.errors[0]
    assert Path("usual.csv").read_bytes() == before


def test_a_format_and_a_name_that_contradict_each_other_are_wrong_usage(
    desk: Path, telemetry: Command
) -> None:
    assert telemetry("convert", "usual.fit", "--to", "csv", "-o", "usual.json").code == 2
    assert telemetry("convert", "usual.fit", "-o", "usual.json").lines == ["usual.json"]


def test_nothing_is_left_of_a_file_that_could_not_be_written(
    desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: pl.DataFrame, file: Path, **_: object) -> None:
        Path(file).write_bytes(b"PAR1 half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    ran = telemetry("convert", "usual.fit", "class.fit", "-o", "out")
    assert (ran.code, len(ran.errors), ran.out) == (1, 2, "")
    assert list(Path("out").iterdir()) == []
