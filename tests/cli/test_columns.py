"""`--column`: a table whose names nobody knows, read because a person said what they mean."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Command

TABLE = "Zeit;Watt;U/min;v\n" + "".join(f"{t};200;80;30\n" for t in range(120))
NAMED = tuple(
    f"--column={said}" for said in ("Zeit=time_s", "Watt=power_w", "U/min=cadence_rpm", "v=speed (km/h)")
)


@pytest.mark.parametrize("command", ["report", "analyze", "inspect", "convert"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".zip"])
def test_a_table_with_names_of_its_own_is_read_with_column_options(
    desk: Path, telemetry: Command, command: str, suffix: str
) -> None:
    if suffix == ".zip":
        with zipfile.ZipFile("table.zip", "w") as archive:
            archive.writestr("table.csv", TABLE)
            archive.write("class.fit")
    else:
        data = TABLE.encode()
        Path(f"table{suffix}").write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    # a FIT beside it says itself what it holds
    ran = telemetry(command, f"table{suffix}", "usual.fit", *NAMED, "--json")
    assert (ran.code, ran.errors) == (0, [])
    told = ran.lines[0]
    if command == "convert":
        assert json.loads(told)["channels"] == ["power_w", "cadence_rpm", "speed_mps"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Watt", "is not NAME=CHANNEL"),
        ("=power_w", "is not NAME=CHANNEL"),
        ("Watt=", "is not NAME=CHANNEL"),
        ("Watt=wattage", "is no channel"),
        ("v=speed", "has no unit"),
    ],
)
def test_a_column_option_that_means_nothing_is_wrong_usage(
    desk: Path, telemetry: Command, said: str, words: str
) -> None:
    Path("table.csv").write_text(TABLE, encoding="utf-8")
    ran = telemetry("analyze", "table.csv", "--column", said)
    assert ran.code == 2
    assert words in " ".join(ran.err.replace("│", " ").split())


def test_a_column_that_is_not_there_and_columns_without_a_table_are_said(
    desk: Path, telemetry: Command
) -> None:
    Path("table.csv").write_text(TABLE, encoding="utf-8")
    ran = telemetry("analyze", "table.csv", "--column", "Watts=power_w")
    assert ran.code == 1
    assert "table.csv: there is no column 'Watts' (expected Zeit, Watt, U/min, v)" in ran.errors[0]
    assert telemetry("analyze", "class.fit", "--column", "Watt=power_w").code == 2
    twice = telemetry("analyze", "table.csv", "--column", "Watt=power_w", "--column", "Watt=cadence_rpm")
    assert twice.code == 2
