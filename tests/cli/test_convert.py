"""`telemetry convert`: what was recorded, in other programs' formats, missing as missing."""

from __future__ import annotations

import csv
import json
import math
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

import telemetry as package
from telemetry.cli.samples import FORMATS, about
from telemetry.model import CHANNELS
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
