"""The class in pieces: blocks, heart-rate zones, and the head unit's own totals beside ours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.analysis.blocks import block_sums
from telemetry.model import Lap, Pause, Rider, RiderHints
from tests import reference
from tests.builders import recording, steps

RIDER = Rider(ftp_w=200.0, max_hr_bpm=190.0)


def test_laps_are_the_rows_where_there_are_laps() -> None:
    laps = (
        Lap(0.0, 600.0, "Warm-up", "manual"),
        Lap(600.0, 900.0),
        Lap(900.0, 900.0),
        Lap(900.0, 1080.0, "Hill"),
    )
    built = recording(
        **steps([(600, 100, 90), (300, 180, 75), (180, 240, 55)]), heart_rate_bpm=140.0, laps=laps
    )
    analysis = analyze(built, RIDER)
    assert [(block.label, block.start_s, block.stop_s) for block in analysis.blocks] == [
        ("Warm-up", 0.0, 600.0),
        ("Lap 2", 600.0, 900.0),
        ("Hill", 900.0, 1080.0),
    ]
    warm, lap, hill = analysis.blocks
    assert (warm.mean_power_w, warm.mean_cadence_rpm, warm.mean_heart_rate_bpm) == pytest.approx(
        (100, 90, 140)
    )
    assert lap.mean_torque_nm == pytest.approx(180 / (75 * 2 * np.pi / 60))
    assert warm.trigger == "manual"
    assert warm.grinding_s == 0.0
    assert hill.grinding_s == pytest.approx(180.0, abs=3.0)
    total = sum(block.torque_load or 0.0 for block in analysis.blocks)
    assert total == pytest.approx(analysis.metric("torque_load"))


def test_without_laps_rows_are_five_minutes_long_and_the_last_is_cut() -> None:
    built = recording(**steps([(630, 100, 90)]), laps=(Lap(0.0, 630.0),))  # one lap is the whole class
    labels = [(block.label, block.start_s, block.stop_s) for block in analyze(built).blocks]
    assert labels == [
        ("Minute 0 to 5", 0.0, 300.0),
        ("Minute 5 to 10", 300.0, 600.0),
        ("Minute 10 to 11", 600.0, 630.0),
    ]
    wider = analyze(built, Rider(limits={"block_min": 10.0})).blocks
    assert [block.stop_s for block in wider] == [600.0, 630.0]


def test_what_came_after_the_last_lap_is_a_row_of_its_own() -> None:
    laps = (Lap(0.0, 300.0), Lap(300.0, 600.0))
    for seconds, tail in ((602, 0), (603, 1), (690, 1)):
        built = recording(**steps([(seconds, 150, 90)]), laps=laps)
        analysis = analyze(built)
        assert len(analysis.blocks) == 2 + tail
    thrifty = recording(**steps([(600, 150, 90)], step_s=3.0), laps=(Lap(0.0, 300.0), Lap(300.0, 597.0)))
    assert len(analyze(thrifty).blocks) == 2
    last = analysis.blocks[-1]
    assert (last.label, last.start_s, last.stop_s) == ("After the last lap", 600.0, 690.0)
    total = sum(block.torque_load or 0.0 for block in analysis.blocks)
    assert total == pytest.approx(analysis.metric("torque_load"))


@pytest.mark.parametrize(
    ("minutes", "rows", "width"), [(200, 40, 5.0), (201, 21, 10.0), (400, 40, 10.0), (1440, 36, 40.0)]
)
def test_a_very_long_class_has_longer_rows_and_not_more_of_them(
    minutes: int, rows: int, width: float
) -> None:
    blocks = analyze(recording(power_w=np.full(minutes * 6, 150.0), step_s=10.0)).blocks
    assert len(blocks) == rows
    assert blocks[0].stop_s == 60.0 * width
    assert blocks[-1].stop_s == 60.0 * minutes


def test_what_a_block_does_not_have_is_missing_and_not_zero() -> None:
    built = recording(
        power_w=np.full(600, 150.0), heart_rate_bpm=np.r_[np.full(300, np.nan), np.full(300, 130.0)]
    )
    first, second = analyze(built).blocks
    assert first.mean_heart_rate_bpm is None
    assert second.mean_heart_rate_bpm == 130.0
    for value in (first.torque_load, first.grinding_s, first.mean_cadence_rpm, first.mean_torque_nm):
        assert value is None


def test_coasting_counts_for_power_and_not_for_torque_or_cadence() -> None:
    (block,) = analyze(recording(**steps([(150, 200, 80), (150, 0, 0)]))).blocks
    assert block.mean_power_w == pytest.approx(100.0)
    assert block.mean_cadence_rpm == pytest.approx(80.0)
    assert block.mean_torque_nm == pytest.approx(200 / (80 * 2 * np.pi / 60))


# --- heart-rate zones ---------------------------------------------------------------------------------------


def test_zones_are_fractions_of_the_known_maximum() -> None:
    beats = np.repeat([80.0, 100.0, 114.0, 133.0, 151.9, 152.0, 171.0, 190.0], 60)
    zones = analyze(recording(heart_rate_bpm=beats), RIDER).heart_rate_zones
    assert [zone.seconds for zone in zones] == [60.0, 60.0, 60.0, 120.0, 60.0, 120.0]
    assert [zone.low_bpm for zone in zones] == pytest.approx([0.0, 95.0, 114.0, 133.0, 152.0, 171.0])
    assert zones[0].label == "Below zone 1"
    assert zones[-1].high_bpm is None
    assert "90 % and more of maximum" in zones[-1].label
    assert sum(zone.seconds for zone in zones) == len(beats)


def test_zones_fall_back_to_the_threshold_of_the_file() -> None:
    built = recording(
        heart_rate_bpm=np.repeat([120.0, 150.0, 170.0], 60), hints=RiderHints(threshold_hr_bpm=160.0)
    )
    zones = analyze(built).heart_rate_zones
    assert len(zones) == 5
    assert [zone.seconds for zone in zones] == [60.0, 0.0, 60.0, 0.0, 60.0]
    assert "of threshold" in zones[0].label
    assert all("maximum" in zone.label for zone in analyze(built, RIDER).heart_rate_zones[1:])


def test_no_maximum_is_guessed() -> None:
    assert analyze(recording(heart_rate_bpm=np.full(600, 150.0))).heart_rate_zones == ()
    assert analyze(recording(**steps([(600, 100, 80)])), RIDER).heart_rate_zones == ()


# --- the head unit ------------------------------------------------------------------------------------------


def test_the_head_units_totals_stand_beside_ours() -> None:
    head_unit = {
        "duration_s": 1000.0,
        "timer_s": 940.0,
        "mean_power_w": 147.0,
        "work_kj": 141.0,
        "total_cycles": 1410.0,
        "max_heart_rate_bpm": 150.0,
        "training_stress_score": 40.0,
    }
    columns = steps([(940, 150, 90)])
    columns["time_s"] = np.where(columns["time_s"] < 500, columns["time_s"], columns["time_s"] + 60.0)
    built = recording(**columns, head_unit=head_unit, pauses=(Pause(500.0, 560.0),))
    rows = {row.name: row for row in analyze(built).agreement}
    assert set(rows) == {"duration_s", "timer_s", "mean_power_w", "work_kj", "total_cycles"}
    assert rows["mean_power_w"].ours == pytest.approx(150.0)
    assert rows["mean_power_w"].difference_pct == pytest.approx(100.0 * 3.0 / 147.0)
    assert rows["duration_s"].difference_pct == pytest.approx(0.0)
    assert rows["timer_s"].difference_pct == pytest.approx(0.0, abs=0.2)
    assert rows["total_cycles"].ours == pytest.approx(1410.0, rel=2e-3)  # two strokes a turn


def test_a_total_of_zero_has_no_percentage() -> None:
    (row,) = analyze(recording(**steps([(60, 100, 80)]), head_unit={"work_kj": 0.0})).agreement
    assert row.difference_pct is None
    assert analyze(recording(**steps([(60, 100, 80)]))).agreement == ()


def test_the_sums_of_blocks_agree_with_their_twin() -> None:
    rng = np.random.default_rng(3)
    n = 400
    time = np.cumsum(rng.choice([0.25, 1.0, 2.0], n))
    dt = rng.choice([0.0, 0.25, 1.0], n)
    channels = [rng.normal(100.0, 20.0, n) for _ in range(4)]
    for values in channels:
        values[rng.random(n) < 0.2] = math.nan
    flags = [rng.random(n) < 0.6 for _ in range(3)]
    starts, stops = np.array([10.0, 60.0, 60.0, 200.0]), np.array([50.0, 60.0, 150.0, 1e4])
    given = (starts, stops, time, dt, *channels, *flags)
    assert block_sums(*given) == pytest.approx(reference.block_sums(*given))
