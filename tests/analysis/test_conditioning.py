"""Conditioning: what is masked, what is filled, what a second counts for, and what the log says about it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.analysis import conditioning_steps as kernels
from telemetry.analysis.conditioning import condition
from telemetry.analysis.limits import Limits
from telemetry.analysis.quality import why_no_torque
from telemetry.analysis.time_base import paused_s
from telemetry.model import CHANNELS, TRUST_STATES, Issue, Pause
from tests import reference
from tests.analysis.classes import KINDS, WORKED_CLASS, analyse, messy, segments
from tests.builders import recording, steps

MEASURED, INTERPOLATED, MASKED, MISSING, ESTIMATED = range(5)


def ride(seconds=600, power=200.0, cadence=80.0, **more):
    """A steady class whose columns tests then spoil."""
    return {
        "time_s": np.arange(float(seconds)),
        "power_w": np.full(seconds, power),
        "cadence_rpm": np.full(seconds, cadence),
        **more,
    }


def without(columns, *rows):
    """The same class with these rows never written."""
    keep = np.ones(len(columns["time_s"]), dtype=bool)
    keep[list(rows)] = False
    return {name: values[keep] for name, values in columns.items()}


def conditioned(columns, **more):
    limits = more.pop("limits", None)
    mass = more.pop("mass_kg", None)
    return condition(recording(**columns, **more), Limits(limits or {}), mass)


def codes(c):
    return [issue.code for issue in c.quality.issues]


def issue(c, code) -> Issue:
    (found,) = [item for item in c.quality.issues if item.code == code]
    return found


# --- a story ------------------------------------------------------------------------------------------------


def test_a_class_with_one_of_each_defect_keeps_its_load_and_tells_each():
    columns = steps(WORKED_CLASS)
    clean = segments(WORKED_CLASS, ftp_w=200)
    power, cadence = columns["power_w"].copy(), columns["cadence_rpm"].copy()
    power[100] = 2500.0
    cadence[200] = 230.0
    cadence[300:303] = np.nan
    power[1700:1712] = np.nan
    dirty = analyse(recording(time_s=columns["time_s"], power_w=power, cadence_rpm=cadence), ftp_w=200)
    assert dirty["torque_load"] == pytest.approx(clean["torque_load"], rel=0.005)
    assert {"power_spike", "cadence_range", "gap_interpolated", "gap_scaled"} <= set(dirty.codes)
    assert dirty.c.quality.grade == "good"
    assert dirty.metrics["torque_load"].coverage == pytest.approx(1 - 12 / 2400)


def test_a_clean_class_is_good_and_has_nothing_to_say():
    c = segments(WORKED_CLASS).c
    assert (c.quality.grade, c.quality.issues, c.quality.reasons) == ("good", (), ())
    assert c.quality.coverage == {"power_w": 1.0, "cadence_rpm": 1.0, "torque_nm": 1.0}


def test_the_recording_is_never_changed():
    columns = ride()
    columns["power_w"][50] = 3000.0
    given_class = recording(**columns)
    before = given_class.samples.clone()
    condition(given_class)
    assert given_class.samples.equals(before)
    assert np.isnan(condition(given_class).power_w).sum() == 0


def test_issues_of_ingest_stay_in_front():
    c = conditioned(ride(), issues=(Issue("file_truncated"),))
    assert codes(c)[0] == "file_truncated"


# --- time ---------------------------------------------------------------------------------------------------


def test_a_sample_stands_for_the_time_to_the_next_and_the_last_for_the_median_step():
    c = conditioned({"time_s": [0.0, 1.0, 2.0, 3.25], "power_w": [1.0, 2.0, 3.0, 4.0]})
    assert c.dt_s.tolist() == [1.0, 1.0, 1.25, 1.0]
    assert c.recorded_s == 4.25


@pytest.mark.parametrize(
    ("step", "dt", "gap", "breaks"),
    [(5.0, 1.0, 0.0, False), (5.001, 0.0, 5.001, True), (30.0, 0.0, 30.0, True), (30.001, 0.0, 0.0, True)],
)
def test_steps_up_to_five_seconds_are_filled_up_to_thirty_scaled_and_longer_ones_lost(step, dt, gap, breaks):
    times = np.concatenate((np.arange(101.0), 100.0 + step + np.arange(100.0)))
    c = conditioned({"time_s": times, "power_w": np.full(201, 200.0), "cadence_rpm": np.full(201, 80.0)})
    at = int(np.flatnonzero(c.time_s == 100.0)[0])
    assert (c.dt_s[at], c.gap_s[at]) == pytest.approx((dt, gap))
    assert bool(c.break_after[at]) is breaks
    assert c.recorded_s == pytest.approx(200.0 + step)
    assert c.step_s.sum() == pytest.approx(c.recorded_s)


def test_rows_filled_into_a_short_gap_are_marked_and_lie_on_the_line():
    columns = ride(20)
    columns["power_w"][10:] = 300.0
    c = conditioned(without(columns, 8, 9, 10, 11))
    assert len(c) == 20
    assert c.time_s.tolist() == list(range(20))
    assert c.power_w[7:13].tolist() == [200.0, 220.0, 240.0, 260.0, 280.0, 300.0]
    assert c.states["power_w"][7:13].tolist() == [0, 1, 1, 1, 1, 0]
    assert c.states["torque_nm"][8] == INTERPOLATED
    assert c.row.tolist() == [*range(8), -1, -1, -1, -1, *range(8, 16)]
    assert issue(c, "gap_interpolated").seconds == 4.0


def test_a_null_and_a_row_never_written_are_the_same_gap():
    columns = ride(60)
    columns["power_w"] += np.arange(60)
    gone = conditioned(without(columns, 30, 31, 32))
    for name in ("power_w", "cadence_rpm"):
        columns[name][30:33] = np.nan
    null = conditioned(columns)
    np.testing.assert_array_equal(gone.torque_nm, null.torque_nm)
    np.testing.assert_array_equal(gone.states["torque_nm"], null.states["torque_nm"])


@pytest.mark.parametrize(("missing", "filled"), [(4, True), (5, False)])
def test_interpolation_reaches_from_one_valid_sample_to_another_five_seconds_on(missing, filled):
    columns = ride(60)
    columns["cadence_rpm"][20 : 20 + missing] = np.nan
    c = conditioned(columns)
    assert np.isnan(c.cadence_rpm).any() != filled
    assert ("gap_interpolated" in codes(c)) == filled
    assert ("gap_scaled" in codes(c)) != filled


def test_what_lies_before_the_first_and_after_the_last_sample_is_not_invented():
    columns = ride(60)
    columns["power_w"][:3] = np.nan
    columns["power_w"][-2:] = np.nan
    c = conditioned(columns)
    assert np.isnan(c.power_w[[0, 2, 58, 59]]).all()
    assert c.observed(~np.isnan(c.torque_nm)) == (55.0, 0.0)


def test_a_pause_is_no_recorded_time_and_nothing_is_filled_or_smoothed_across_it():
    times = np.concatenate((np.arange(30.0), 90.0 + np.arange(30.0)))
    power = np.repeat([100.0, 300.0], 30)
    power[30] = np.nan
    c = conditioned(
        {"time_s": times, "power_w": power, "cadence_rpm": np.full(60, 60.0)}, pauses=(Pause(30.0, 90.0),)
    )
    assert c.recorded_s == 60.0
    assert c.dt_s[29] == 1.0
    assert c.break_after[29]
    assert c.gap_s.sum() == 0.0
    assert np.isnan(c.power_w[30])
    assert c.power_smooth_w[29] == 100.0
    assert c.power_smooth_w[31] == 300.0
    assert c.quality.coverage["power_w"] == pytest.approx(59 / 60)


def test_overlapping_and_empty_pauses_count_once():
    pauses = (Pause(12.0, 30.0), Pause(10.0, 20.0), Pause(40.0, 40.0))
    assert paused_s(np.array([0.0, 15.0, 25.0, 50.0]), pauses).tolist() == [5.0, 10.0, 5.0]


def test_samples_written_during_a_pause_count_for_nothing():
    load = analyse(recording(**ride(100), pauses=(Pause(20.0, 60.0),)))
    assert load["work_kj"] == pytest.approx(60 * 200 / 1000)
    assert load.c.recorded_s == 60.0


@pytest.mark.parametrize(("slow", "smart"), [(20, False), (21, True)])
def test_smart_recording_is_more_than_a_fifth_of_steps_of_two_to_ten_seconds(slow, smart):
    step = np.ones(100)
    step[:slow] = 2.0
    c = conditioned({"time_s": np.concatenate(([0.0], np.cumsum(step))), "power_w": np.full(101, 150.0)})
    assert c.smart_recording is smart
    assert ("smart_recording" in codes(c)) is smart


def test_smart_recording_is_interpolated_to_ten_seconds_and_fair():
    times = np.cumsum(np.tile([1.0, 7.0, 10.0], 40))
    columns = {"time_s": times, "power_w": np.full(120, 200.0), "cadence_rpm": np.full(120, 75.0)}
    c = conditioned(columns)
    assert c.filled_gap_s == 10.0
    assert not c.break_after.any()
    assert np.diff(c.time_s).max() <= 1.5
    assert c.quality.grade == "fair"
    assert any("smart recording" in reason for reason in c.quality.reasons)
    assert analyse(recording(**columns))["work_kj"] == pytest.approx(c.recorded_s * 0.2)


def test_five_second_steps_are_smart_recording_not_a_row_of_gaps():
    c = conditioned(ride(100) | {"time_s": np.arange(100) * 5.0})
    assert c.smart_recording
    assert c.quality.coverage["torque_nm"] == 1.0


def test_steps_are_held_and_continuous_channels_interpolated():
    columns = ride(20, standing=np.zeros(20), heart_rate_bpm=np.full(20, 120.0))
    columns["standing"][10:] = 1.0
    columns["heart_rate_bpm"][10:] = 130.0
    c = conditioned(without(columns, 8, 9, 10), posture_known=True)
    assert c.others["standing"][7:12].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert c.heart_rate_bpm[7:12].tolist() == [120.0, 122.5, 125.0, 127.5, 130.0]
    for name in ("standing", "heart_rate_bpm"):
        assert c.states[name][7:12].tolist() == [0, 1, 1, 1, 0]
        assert c.states[name].sum() == 3


def test_a_step_that_was_not_reported_stays_unknown():
    standing = np.zeros(20)
    standing[7:10] = np.nan
    c = conditioned(without(ride(20, standing=standing), 8, 9), posture_known=True)
    assert np.isnan(c.others["standing"][7:10]).all()
    assert c.states["standing"][7:11].tolist() == [MISSING, MISSING, MISSING, MEASURED]


# --- what is not believed -----------------------------------------------------------------------------------


def test_power_over_two_thousand_watts_is_masked_then_filled():
    columns = ride()
    columns["power_w"][[100, 200]] = [2000.0, 2001.0]
    c = conditioned(columns, limits={"spike_factor": 100.0})
    assert c.power_w[100] == 2000.0
    assert c.power_w[200] == 200.0
    assert c.states["power_w"][200] == INTERPOLATED
    assert issue(c, "power_spike").start_s == 200.0


def test_a_real_five_second_sprint_stays():
    columns = ride(1200, power=180.0)
    columns["power_w"][600:605] = 745.0
    c = conditioned(columns)
    assert c.power_w[602] == 745.0
    assert "power_spike" not in codes(c)


@pytest.mark.parametrize(("run", "watts", "kept"), [(2, 601.0, False), (3, 601.0, True), (2, 600.0, True)])
def test_a_spike_lasts_two_seconds_at_most_and_is_over_three_times_the_high_power(run, watts, kept):
    columns = ride(2000)
    columns["power_w"][500 : 500 + run] = watts
    c = conditioned(columns)
    assert bool(c.power_w[500] == watts) is kept


def test_a_spike_is_two_seconds_at_four_hertz_too():
    columns = ride(4000)
    columns["time_s"] = columns["time_s"] / 4
    columns["power_w"][500:508] = 900.0
    columns["power_w"][900:909] = 900.0
    c = conditioned(columns)
    assert c.power_w[504] == 200.0
    assert c.power_w[904] == 900.0


@pytest.mark.parametrize(("rpm", "kept"), [(180.0, True), (181.0, False), (255.0, False), (-1.0, False)])
def test_no_crank_turns_faster_than_a_hundred_and_eighty(rpm, kept):
    columns = ride(cadence=150.0)
    columns["cadence_rpm"][300] = rpm
    c = conditioned(columns)
    assert bool(c.cadence_rpm[300] == rpm) is kept
    assert ("cadence_range" in codes(c)) is not kept


@pytest.mark.parametrize(
    ("before", "after", "masked"),
    [
        (80.0, 140.0, False),
        (80.0, 141.0, True),
        (19.0, 120.0, False),
        (20.0, 81.0, True),
        (120.0, 0.0, False),
    ],
)
def test_cadence_jumps_only_between_turning_samples(before, after, masked):
    columns = ride(cadence=before)
    columns["cadence_rpm"][300] = after
    c = conditioned(columns)
    assert bool(c.cadence_rpm[300] != after) is masked


def test_the_way_back_from_a_false_cadence_is_no_second_jump():
    columns = ride()
    columns["cadence_rpm"][300] = 170.0
    c = conditioned(columns)
    assert issue(c, "cadence_jump").seconds == 1.0
    assert (c.cadence_rpm == 80.0).all()


def test_a_new_level_of_cadence_is_believed_once_there_was_time_for_it():
    columns = ride(cadence=40.0)
    columns["cadence_rpm"][300:] = 130.0
    c = conditioned(columns)
    assert issue(c, "cadence_jump").seconds == 1.0
    assert c.cadence_rpm[301] == 130.0


def test_the_jump_limit_is_a_rate():
    columns = ride(40)
    columns["time_s"] = columns["time_s"] / 4
    columns["cadence_rpm"][20] = 96.0
    assert issue(conditioned(columns), "cadence_jump").count == 1
    columns["cadence_rpm"][20] = 95.0
    assert "cadence_jump" not in codes(conditioned(columns))


def stuck(seconds, watts):
    """Cadence that moves, then repeats 88 for some seconds, then moves again."""
    rpm = np.concatenate((np.tile([85.0, 86.0], 100), np.full(seconds, 88.0), np.tile([85.0, 86.0], 100)))
    power = np.concatenate((np.full(200, 150.0), watts, np.full(200, 150.0)))
    return {"time_s": np.arange(float(len(rpm))), "power_w": power, "cadence_rpm": rpm}


def test_a_steady_rider_at_88_rpm_is_not_stuck():
    assert "cadence_stuck" not in codes(conditioned(stuck(600, np.full(600, 150.0))))


@pytest.mark.parametrize(
    ("seconds", "low", "high", "found"),
    [
        (60, 150.0, 200.0, True),
        (59, 150.0, 200.0, False),
        (60, 150.0, 195.0, False),
        (60, 150.0, 195.1, True),
        (60, 200.0, 130.0, True),
        (60, 200.0, 145.0, False),
    ],
)
def test_cadence_is_stuck_when_it_repeats_for_a_minute_across_a_step_of_power(seconds, low, high, found):
    watts = np.concatenate((np.full(30, low), np.full(seconds - 30, high)))
    c = conditioned(stuck(seconds, watts))
    assert ("cadence_stuck" in codes(c)) is found
    if found:
        assert issue(c, "cadence_stuck").seconds == seconds
        assert (c.states["cadence_rpm"][200 : 200 + seconds] == MASKED).all()
        assert np.isnan(c.torque_nm[230])


def test_one_short_surge_is_no_step_of_the_ten_second_median():
    watts = np.full(120, 150.0)
    watts[60:64] = 400.0
    assert "cadence_stuck" not in codes(conditioned(stuck(120, watts)))


@pytest.mark.parametrize(("seconds", "found"), [(9, False), (10, True)])
def test_cadence_that_repeats_for_ten_seconds_without_power_is_stuck(seconds, found):
    watts = np.full(40, 150.0)
    watts[10 : 10 + seconds] = 0.0
    c = conditioned(stuck(40, watts))
    assert ("cadence_stuck" in codes(c)) is found


def test_a_flywheel_that_slows_down_is_not_stuck():
    columns = ride()
    columns["power_w"][300:340] = 0.0
    columns["cadence_rpm"][300:340] = 80.0 - np.arange(40)
    c = conditioned(columns)
    assert "cadence_stuck" not in codes(c)
    assert (c.torque_nm[300:340] == 0.0).all()
    assert "unloaded_turns" in codes(c)


@pytest.mark.parametrize(("mass", "ceiling"), [(60.0, 180.0), (None, 250.0)])
def test_torque_beyond_any_rider_is_masked_and_filled(mass, ceiling):
    columns = ride(cadence=30.0, power=90.0)
    columns["power_w"][100] = ceiling * np.pi + 1.0
    columns["power_w"][200] = ceiling * np.pi - 1.0
    limits = {"spike_factor": 100.0}
    c = conditioned(columns, mass_kg=mass, limits=limits)
    assert c.torque_nm[100] == pytest.approx(90 / np.pi)
    assert c.states["torque_nm"][100] == INTERPOLATED
    assert c.torque_nm[200] == pytest.approx(ceiling, abs=0.5)
    assert issue(c, "torque_ceiling").seconds == 1.0
    assert np.isnan(c.torque_smooth_nm[100])
    assert c.torque_smooth_nm[101] == pytest.approx(90 / np.pi)


def test_the_strongest_man_measured_is_not_masked():
    """Rodriguez-Rielves 2024: 13.4 N/kg at 21 rpm, 171 N·m at 75 kg on cranks of 0.17 m."""
    columns = ride(cadence=21.0, power=13.4 * 75 * 0.17 * 21 * np.pi / 30)
    c = conditioned(columns, mass_kg=75.0)
    assert c.torque_nm[10] == pytest.approx(171, abs=0.5)
    assert codes(c) == []


@pytest.mark.parametrize(
    ("bpm", "kept"), [(0.0, False), (24.0, False), (25.0, True), (250.0, True), (251.0, False)]
)
def test_a_heart_rate_no_heart_has_is_masked(bpm, kept):
    heart = np.full(600, 140.0)
    heart[100:120] = bpm
    c = conditioned(ride(heart_rate_bpm=heart))
    assert bool(c.heart_rate_bpm[110] == bpm) is kept
    assert ("heart_rate_range" in codes(c)) is not kept
    assert c.quality.grade == "good"


def test_values_that_mean_not_reported_are_masked_in_every_channel():
    columns = ride(
        60,
        right_balance_pct=np.full(60, 50.0),
        combined_pedal_smoothness_pct=np.full(60, 40.0),
        respiration_per_min=np.full(60, 20.0),
    )
    columns["power_w"][10] = np.inf
    columns["right_balance_pct"][20] = 127.5
    columns["combined_pedal_smoothness_pct"][20] = -1.0
    columns["respiration_per_min"][20] = 255.0
    c = conditioned(columns)
    assert c.power_w[10] == 200.0
    assert c.others["right_balance_pct"][20] == 50.0
    assert {"power_range", "balance_range", "pedal_smoothness_range", "respiration_range"} <= set(codes(c))


# --- torque and coasting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("power", "cadence", "torque", "pedalling"),
    [
        (250.0, 60.0, 39.789, True),
        (200.0, 50.0, 38.197, True),
        (5.0, 80.0, 0.0, False),
        (5.1, 80.0, 0.609, True),
        (0.0, 0.0, 0.0, False),
        (5.0, 19.9, 0.0, False),
        (6.0, 20.0, 2.865, True),
        (5.0, 20.0, 0.0, False),
        (6.0, 19.9, None, False),
        (200.0, None, None, False),
        (0.0, None, None, False),
        (None, 80.0, None, False),
        (None, 0.0, None, False),
    ],
)
def test_torque_of_one_sample(power, cadence, torque, pedalling):
    values = [np.nan if value is None else value for value in (power, cadence)]
    c = conditioned({"time_s": [0.0, 1.0], "power_w": values[:1] * 2, "cadence_rpm": values[1:] * 2})
    assert bool(c.pedalling[0]) is pedalling
    slow = torque is None and power == 6.0
    assert ("power_without_cadence" in codes(c)) is slow
    assert ("unloaded_turns" in codes(c)) is (power is not None and power <= 5 and (cadence or 0) >= 20)
    if torque is None:
        assert np.isnan(c.torque_nm[0])
        assert c.states["torque_nm"][0] == MISSING
    else:
        assert c.torque_nm[0] == pytest.approx(torque, abs=0.001)
        assert c.states["torque_nm"][0] == MEASURED


def test_measured_torque_is_used_and_not_computed_again():
    columns = ride(torque_nm=np.full(600, 26.0))
    columns["torque_nm"][100:110] = np.nan
    columns["power_w"][200] = 0.0
    c = conditioned(columns, torque_source="crank")
    assert c.torque_nm[50] == 26.0
    assert c.torque_nm[105] == pytest.approx(200 / (80 * np.pi / 30))
    assert c.torque_nm[200] == 0.0
    assert c.torque_smooth_nm[50] == 26.0


def test_measured_torque_knows_a_standing_start():
    columns = ride(60, torque_nm=np.full(60, 70.0), cadence=10.0)
    c = conditioned(columns, torque_source="crank")
    assert (c.torque_nm == 70.0).all()
    assert not c.pedalling.any()


def test_torque_without_a_source_is_somebodys_division_and_left_aside():
    c = conditioned(ride(torque_nm=np.full(600, 99.0)))
    assert c.torque_nm[0] == pytest.approx(23.873, abs=0.001)


def test_power_is_estimated_from_measured_torque_and_cadence():
    columns = ride(torque_nm=np.full(600, 30.0))
    del columns["power_w"]
    c = conditioned(columns, torque_source="crank")
    assert c.power_w[0] == pytest.approx(30 * 80 * np.pi / 30)
    assert (c.states["power_w"] == ESTIMATED).all()
    assert (c.states["torque_nm"] == MEASURED).all()
    assert c.quality.grade == "fair"
    assert "power_estimated" in codes(c)
    assert why_no_torque(c.recording) == ""


def test_power_without_cadence_and_cadence_without_power_are_told():
    columns = ride()
    columns["cadence_rpm"][100:110] = np.nan
    columns["power_w"][200:220] = np.nan
    c = conditioned(columns)
    assert issue(c, "power_without_cadence").seconds == 10.0
    assert issue(c, "cadence_without_power").seconds == 20.0
    assert issue(c, "gap_scaled").count == 2


def test_a_standing_start_is_not_filled_and_not_scaled():
    parts = [(60, 0, 0), (3, 300, 10), (300, 200, 80)]
    c = segments(parts).c
    assert np.isnan(c.torque_nm[60:63]).all()
    assert c.observed(~np.isnan(c.torque_nm)) == (360.0, 0.0)


# --- smoothing ----------------------------------------------------------------------------------------------


def test_smoothing_is_a_centred_mean_over_five_seconds_of_pedalling():
    columns = ride(9, cadence=60.0)
    columns["power_w"][:] = [100.0, 110.0, 120.0, 130.0, 140.0, 150.0, 160.0, 170.0, 180.0]
    c = conditioned(columns)
    assert c.power_smooth_w.tolist() == [110.0, 115.0, 120.0, 130.0, 140.0, 150.0, 160.0, 165.0, 170.0]
    assert c.torque_smooth_nm[4] == pytest.approx(140 / (2 * np.pi))


def test_a_coast_at_85_rpm_does_not_become_grinding():
    load = segments([(60, 250, 85), (30, 0, 0), (60, 250, 85)], ftp_w=200)
    assert np.nanmin(load.c.cadence_smooth_rpm) == 85.0
    assert np.isnan(load.c.torque_smooth_nm[60:90]).all()
    assert load.bouts == ()


def test_steady_values_stay_exactly_themselves_after_smoothing():
    columns = ride(900, cadence=60.0)
    columns["cadence_rpm"][:300] = np.random.default_rng(3).normal(73.3, 3.1, 300)
    columns["cadence_rpm"][500] = 91.7777
    c = conditioned(columns)
    assert (c.cadence_smooth_rpm[600:] == 60.0).all()


def test_smoothing_can_be_switched_off():
    columns = ride(9)
    columns["power_w"][4] = 300.0
    c = conditioned(columns, limits={"smoothing_half_width_s": 0.0})
    np.testing.assert_array_equal(c.power_smooth_w, c.power_w)


# --- quality ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unknown", "grade"), [(0, "good"), (100, "good"), (101, "fair"), (250, "fair"), (251, "not_usable")]
)
def test_the_grade_follows_coverage(unknown, grade):
    columns = ride(1000)
    columns["cadence_rpm"][1000 - unknown :] = np.nan
    assert conditioned(columns).quality.grade == grade


@pytest.mark.parametrize(("masked", "grade"), [(10, "good"), (11, "fair"), (50, "fair"), (51, "poor")])
def test_the_grade_follows_what_was_masked(masked, grade):
    columns = ride(1000)
    columns["cadence_rpm"][10 : 10 + 10 * masked : 10] = 250.0
    c = conditioned(columns)
    assert c.quality.coverage["torque_nm"] == 1.0
    assert c.quality.grade == grade
    assert any("masked" in reason for reason in c.quality.reasons) == (grade != "good")


@pytest.mark.parametrize(
    ("fields", "grade", "word"),
    [
        ({"single_sided": True}, "fair", "single-sided"),
        ({"single_sided": False}, "good", ""),
        ({"salvaged": True}, "poor", "damaged"),
    ],
)
def test_the_grade_follows_the_file(fields, grade, word):
    quality = conditioned(ride(), **fields).quality
    assert quality.grade == grade
    assert word in "; ".join(quality.reasons)


@pytest.mark.parametrize(("steps_back", "grade"), [(6, "good"), (7, "fair")])
@pytest.mark.parametrize("code", ["clock_jump", "time_back"])
def test_a_clock_that_jumps_in_more_than_one_row_of_a_hundred_is_no_good_clock(steps_back, grade, code):
    quality = conditioned(ride(600), issues=(Issue(code, count=steps_back),)).quality
    assert quality.grade == grade
    assert any(f"{steps_back} times" in reason for reason in quality.reasons) == (grade == "fair")


def test_a_file_that_is_merely_cut_keeps_its_grade():
    quality = conditioned(ride(), issues=(Issue("file_truncated"), Issue("recorder_died"))).quality
    assert quality.grade == "good"
    assert [issue.code for issue in quality.issues] == ["file_truncated", "recorder_died"]


def test_coasting_with_a_known_cadence_is_known():
    c = segments([(300, 0, 0), (300, 200, 80)]).c
    assert c.quality.coverage["torque_nm"] == 1.0


def test_a_power_meter_that_says_zero_throughout_is_no_power_meter():
    quality = conditioned(ride(power=0.0, cadence=0.0)).quality
    assert quality.grade == "not_usable"
    assert "0 W throughout" in quality.reasons[0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"power_w": 200.0}, "no cadence"),
        ({"cadence_rpm": 80.0}, "no power was recorded: torque is unknown"),
        ({"cadence_rpm": 80.0, "resistance_level": 12.0}, "calibration"),
        ({"heart_rate_bpm": 130.0}, "neither power nor cadence"),
        ({}, "neither power nor cadence"),
    ],
)
def test_a_class_without_torque_says_why_and_what_is_there_is_kept(columns, words):
    c = conditioned({"time_s": np.arange(100.0), **columns})
    assert c.quality.grade == "not_usable"
    assert words in c.quality.reasons[0]
    assert np.isnan(c.torque_nm).all()
    for name in columns:
        values = {"power_w": c.power_w, "cadence_rpm": c.cadence_rpm, "heart_rate_bpm": c.heart_rate_bpm}
        assert not np.isnan(values.get(name, c.others.get(name))).any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_nothing_goes_through(count):
    load = analyse(recording(**ride(count)))
    assert len(load.c) == count
    assert load.c.quality.grade == ("good" if count == 2 else "not_usable")
    assert load["work_kj"] == (0.4 if count == 2 else None)


# --- twins and properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_kernels_agree_with_their_twins(kind, seed):
    a = messy(kind, seed)
    time, breaks = a["time_s"], a["break_after"]
    for name, arguments in {
        "cadence_jumps": (time, a["cadence_rpm"], 20.0, 30.0),
        "fill_gaps": (time, a["power_w"], breaks, 5.0),
        "observed_seconds": (~np.isnan(a["torque_nm"]), a["step_s"], a["dt_s"], 5.0, 30.0),
        "pedalling_means": (
            *(time, a["power_w"], a["cadence_rpm"], a["torque_nm"]),
            *(a["pedalling"] & ~np.isnan(a["torque_nm"]), breaks, 2.0),
        ),
        "repeats": (
            *(time, a["step_s"], breaks, np.where(a["power_w"] < 150.0, 0.0, a["power_w"])),
            *(np.rint(a["cadence_rpm"] / 40.0) * 40.0, 3.0, 2.0),
        ),
    }.items():
        ours, twin = getattr(kernels, name)(*arguments), getattr(reference, name)(*arguments)
        ours, twin = (x if isinstance(x, tuple) else (x,) for x in (ours, twin))
        for x, y in zip(ours, twin, strict=True):
            np.testing.assert_allclose(x, y, atol=2e-9, err_msg=name)


values = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(0, 3000), st.sampled_from([0.0, 200.0])),
        st.one_of(st.none(), st.floats(0, 260), st.sampled_from([0.0, 80.0])),
        st.sampled_from([0.25, 1.0, 1.0, 1.0, 3.0, 7.0, 40.0]),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(values)
def test_states_say_of_every_sample_where_it_came_from(rows):
    power = np.array([np.nan if p is None else p for p, _, _ in rows])
    cadence = np.array([np.nan if c is None else c for _, c, _ in rows])
    times = np.cumsum([dt for _, _, dt in rows])
    c = conditioned({"time_s": times, "power_w": power, "cadence_rpm": cadence})
    assert np.all(np.diff(c.time_s) > 0)
    assert np.all(c.dt_s >= 0)
    assert c.step_s.sum() == pytest.approx(c.recorded_s)
    raw = {"power_w": power, "cadence_rpm": cadence}
    for name, array in {"power_w": c.power_w, "cadence_rpm": c.cadence_rpm, "torque_nm": c.torque_nm}.items():
        state = c.states[name]
        assert np.array_equal(np.isnan(array), (state == MASKED) | (state == MISSING))
        assert state.max(initial=0) < len(TRUST_STATES)
        measured = (state == MEASURED) & (c.row >= 0)
        if name in raw:
            np.testing.assert_array_equal(array[measured], raw[name][c.row[measured]])
    assert 0.0 <= c.quality.coverage["torque_nm"] <= 1.0
    assert set(c.states) <= set(CHANNELS)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(20, 90), st.floats(20, 400), st.floats(60, 74)),
        min_size=3,
        max_size=12,
        unique_by=lambda part: part[2],  # one cadence across a step of power would be a stuck sensor
    ),
    st.sampled_from([0.25, 0.5]),
)
def test_the_same_class_on_a_finer_grid_has_the_same_load(parts, step):
    coarse, fine = segments(parts), segments(parts, step)
    for name in ("torque_load", "work_kj", "strokes", "mmt_30s_nm", "mean_torque_nm", "pedalling_min"):
        assert fine[name] == pytest.approx(coarse[name], rel=1e-9), name
