"""What we write as FIT we read back as the same class: recordings built by hand, and every fixture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import telemetry
from telemetry.ingest.fit.export import activity
from telemetry.model import ClassRecording, Device, Lap, Pause, RiderHints
from tests.builders import recording

CLASSES = Path(__file__).parents[2] / "fixtures" / "classes"

RIDE = recording(
    time_s=np.r_[np.arange(0.0, 400.0), np.arange(460.0, 660.0)],
    power_w=np.r_[np.full(300, 200.0), np.full(200, np.nan), np.full(100, 150.0)],
    cadence_rpm=np.r_[np.full(300, 85.25), np.full(300, 89.0)],
    heart_rate_bpm=np.linspace(100.0, 160.0, 600).round(),
    right_balance_pct=np.r_[np.full(300, 52.0), np.full(299, 51.0), np.nan],
    resistance_level=np.r_[np.full(300, 40.0), np.full(300, 30.0)],
    speed_mps=np.linspace(7.0, 9.0, 600).round(3),
    standing=np.r_[np.zeros(100), np.ones(50), np.zeros(450)],
    posture_known=True,
    balance_convention="right_flag",
    pauses=(Pause(400.0, 460.0),),
    laps=(Lap(0.0, 300.0, "Warm-up", "manual"), Lap(300.0, 660.0, "Climb", "manual")),
    hints=RiderHints(70.5, 213.0, "zones_target", "", 186.0, 51.0, 165.0, 172.5),
    utc_offset_s=3600.0,
    sport="cycling",
    sub_sport="indoor_cycling",
    devices=(
        Device("recorder", "development", "Head unit", "7001", "2.5"),
        Device("power", "stages_cycling", "Crank", "7002", battery="good"),
    ),
)


def back(data: bytes, tmp_path: Path) -> ClassRecording:
    path = tmp_path / "out.fit"
    path.write_bytes(data)
    return telemetry.read(path)


def same_samples(ours: ClassRecording, theirs: ClassRecording) -> None:
    assert ours.channels == theirs.channels
    assert np.array_equal(ours.array("time_s"), theirs.array("time_s"))
    for channel in ours.channels:
        assert np.allclose(ours.array(channel), theirs.array(channel), atol=1e-6, equal_nan=True), channel


def test_samples_laps_pauses_and_rider_come_back(tmp_path: Path) -> None:
    read = back(activity(RIDE), tmp_path)
    same_samples(RIDE, read)
    assert read.pauses == RIDE.pauses
    assert read.laps == RIDE.laps
    assert read.hints == RIDE.hints
    assert read.started_at == RIDE.started_at
    assert read.utc_offset_s == RIDE.utc_offset_s
    assert (read.sport, read.sub_sport) == ("cycling", "indoor_cycling")
    assert read.posture_known
    assert not read.issues
    assert not read.salvaged
    known = [(device.kind, device.manufacturer, device.product, device.serial) for device in read.devices]
    assert known == [
        ("recorder", "development", "Head unit", "7001"),
        ("power", "stages_cycling", "Crank", "7002"),
    ]
    assert read.devices[1].battery == "good"


@pytest.mark.parametrize("source", ["zones_target", "session.threshold_power"])
def test_the_ftp_goes_back_where_it_came_from(source: str, tmp_path: Path) -> None:
    hints = replace(RIDE.hints, ftp_source=source)
    assert back(activity(replace(RIDE, hints=hints)), tmp_path).hints.ftp_source == source


def test_both_balance_conventions_mean_the_same_rider(tmp_path: Path) -> None:
    left = back(activity(replace(RIDE, balance_convention="left_unflagged")), tmp_path)
    assert left.balance_convention == "left_unflagged"
    same_samples(RIDE, left)


@pytest.mark.parametrize(
    ("source", "name"), [("crank", "torque"), ("", "torque"), ("wheel", "torque_from_wheel")]
)
def test_measured_torque_and_a_trainers_percent_come_back_as_they_were(
    source: str, name: str, tmp_path: Path
) -> None:
    from telemetry.ingest.fit import columns, open_fit

    torque = np.linspace(20.0, 30.0, 60)
    torque[10] = np.nan
    ride = recording(
        power_w=[200.0] * 60, cadence_rpm=80.0, torque_nm=torque, resistance_pct=42.3, torque_source=source
    )
    data = activity(ride)
    assert np.array_equal(columns(data, "record")[name], torque, equal_nan=True)
    told = {field.name: field.units for field in open_fit(data).declared("record") if field.developer}
    assert told == {name: "N·m", "resistance_pct": "%"}
    read = back(data, tmp_path)
    assert read.torque_source == (source or "crank")
    same_samples(ride, read)


@pytest.mark.parametrize("step_s", [0.25, 0.125, 1.9987, 2.31, 0.9999])
def test_times_between_seconds_come_back_to_128ths(step_s: float, tmp_path: Path) -> None:
    ride = recording(time_s=np.arange(500) * step_s, power_w=np.arange(500.0), cadence_rpm=80.0)
    read = back(activity(ride), tmp_path)
    assert read.array("time_s") == pytest.approx(ride.array("time_s"), abs=1 / 256)
    assert np.array_equal(read.array("power_w"), ride.array("power_w"))
    assert not read.issues


def test_a_clock_that_wavers_about_the_second_loses_no_sample(tmp_path: Path) -> None:
    wavering = np.arange(500) + np.random.default_rng(7).uniform(-0.2, 0.2, 500)
    ride = recording(time_s=wavering - wavering[0], power_w=np.arange(500.0), cadence_rpm=80.0)
    read = back(activity(ride), tmp_path)
    assert np.array_equal(read.array("power_w"), ride.array("power_w"))
    assert read.array("time_s") == pytest.approx(ride.array("time_s"), abs=1 / 256)


@pytest.mark.parametrize("year", [1975, 1998, 2130])
def test_a_date_that_fit_cannot_hold_is_left_out_and_the_samples_are_not(year: int, tmp_path: Path) -> None:
    read = back(activity(replace(RIDE, started_at=datetime(year, 1, 2, tzinfo=UTC))), tmp_path)
    assert read.started_at is None
    same_samples(RIDE, read)


def test_a_recorder_that_died_gives_every_row_it_wrote(tmp_path: Path) -> None:
    data = activity(RIDE, whole=False)
    read = back(data[:-3], tmp_path)
    assert len(read) == len(RIDE) - 1
    assert read.issues


@pytest.mark.parametrize("path", sorted(CLASSES.glob("*.fit")), ids=lambda path: path.stem)
def test_each_fixture_survives_being_read_and_written_again(path: Path, tmp_path: Path) -> None:
    first = telemetry.read(path)
    second = back(activity(first), tmp_path)
    same_samples(first, second)
    assert second.pauses == first.pauses
    assert second.laps == first.laps
    assert second.started_at == first.started_at
    assert second.hints == first.hints or first.hints.ftp_w is None
    assert second.single_sided == first.single_sided
    assert second.posture_known == first.posture_known
