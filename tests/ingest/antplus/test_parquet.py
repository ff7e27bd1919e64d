"""A recording written as Parquet is the same recording when it is read: every field, every missing value."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest

from telemetry.errors import BadInput, CannotWrite, NotAClass
from telemetry.ingest import read
from telemetry.ingest.readers.parquet import SCHEMA, is_recording, write
from telemetry.model import ClassRecording, Device, Issue, Lap, Pause, RiderHints

FULL = ClassRecording(
    id="abc123/1",
    source="antplus",
    samples=pl.DataFrame(
        {"time_s": [0.0, 1.0, 2.5], "power_w": [200.0, None, 0.0], "standing": [None, 1.0, 0.0]}
    ),
    file="seat-07.parquet",
    started_at=dt.datetime(2026, 3, 2, 17, 30, 0, 250000, tzinfo=dt.UTC),
    utc_offset_s=3600.0,
    sport="cycling",
    sub_sport="indoor_cycling",
    rider_id="null",
    bike_id="07",
    class_id="20260302T173000Z-1",
    devices=(Device("power", "maker", "model", "4242", "1.0", "low", ("power_w", "torque_nm"), False),),
    pauses=(Pause(1.0, 2.0),),
    laps=(Lap(0.0, 2.5, "Climb", "programme"),),
    hints=RiderHints(mass_kg=71.5, ftp_w=230.0, ftp_source="zones_target", ftp_doubt="default"),
    head_unit={"mean_power_w": 100.5},
    issues=(Issue("averaged_gap", 1.0, 2.0, 1, "line one", 1.0), Issue("clock_jump")),
    posture_known=True,
    single_sided=False,
    balance_convention="right_flag",
    resistance_trust="plausible",
    power_source="crank_torque of device 4242",
    torque_source="crank",
    salvaged=True,
)


def same(one: ClassRecording, other: ClassRecording) -> None:
    assert one.samples.equals(other.samples)
    assert one.samples.schema == other.samples.schema
    for field in dataclasses.fields(ClassRecording):
        if field.name != "samples":
            assert getattr(one, field.name) == getattr(other, field.name), field.name


def test_every_field_has_a_value_here_that_is_not_its_default() -> None:
    bare = ClassRecording(id="", source="", samples=pl.DataFrame())
    same_as_default = [
        field.name
        for field in dataclasses.fields(ClassRecording)
        if field.name != "samples" and getattr(FULL, field.name) == getattr(bare, field.name)
    ]
    assert same_as_default == []


def test_everything_known_of_a_recording_comes_back(tmp_path: Path) -> None:
    write(FULL, tmp_path / "seat.parquet")
    same(read(tmp_path / "seat.parquet"), FULL)
    assert is_recording(tmp_path / "seat.parquet")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the spare file beside the target becomes the device that has no room
    monkeypatch.setattr("telemetry.files.secrets.token_hex", lambda n: "full")
    (tmp_path / ".seat-01.parquet.full.part").symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match="No space left"):
        write(FULL, tmp_path / "seat-01.parquet")
    assert not (tmp_path / "seat-01.parquet").exists()


def test_what_is_not_known_stays_unknown(tmp_path: Path) -> None:
    bare = ClassRecording(id="x", source="antplus", samples=pl.DataFrame({"time_s": [0.0]}))
    write(bare, tmp_path / "seat.parquet")
    same(read(tmp_path / "seat.parquet"), bare)


def test_a_changed_bit_is_never_read_as_another_number(tmp_path: Path) -> None:
    path = tmp_path / "seat.parquet"
    long = dataclasses.replace(
        FULL, samples=pl.DataFrame({"time_s": [float(i) for i in range(400)], "power_w": [200.0] * 400})
    )
    write(long, path)
    whole = path.read_bytes()
    chance = random.Random(3)
    refused = 0
    for _ in range(150):
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        path.write_bytes(broken)
        try:
            got = read(path)
        except BadInput:
            refused += 1
        else:
            assert got.samples.equals(long.samples)
    assert refused > 20


def test_a_table_of_another_program_is_no_class(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    assert not is_recording(path)
    with pytest.raises(NotAClass, match="no recording"):
        read(path)
    path.write_bytes(b"PAR1")
    assert not is_recording(path)
    assert not is_recording(tmp_path / "nobody.parquet")


def test_a_column_that_is_no_channel_is_refused_before_any_row_is_read(tmp_path: Path) -> None:
    rows = [float(i) for i in range(2000)]
    many = pl.DataFrame({"time_s": rows} | {f"x{i}": [0.0] * 2000 for i in range(50)})
    path = tmp_path / "many.parquet"
    many.write_parquet(path, metadata={"schema": SCHEMA, "id": "x", "source": "fit"})
    with pytest.raises(BadInput, match="column x0: a column is no channel"):
        read(path)
