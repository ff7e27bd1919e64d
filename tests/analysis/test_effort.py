"""The shape of efforts: windows, quadrants, swings, unbroken time, normalized power."""

from __future__ import annotations

import numpy as np
import pytest
import rainflow as witness
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import units
from telemetry.analysis import analyze
from telemetry.analysis import effort as kernels
from telemetry.analysis import mean_maximal as windows
from telemetry.analysis.effort import curves
from telemetry.analysis.mean_maximal import mean_maximal_torque
from telemetry.analysis.metric_rows import MMT_DURATIONS_S
from telemetry.model import Pause
from tests import reference
from tests.analysis.classes import KINDS, WORKED_CLASS, analyse, messy, segments
from tests.builders import recording, steps


def counted(series):
    """Rainflow of a series as {range: cycles}."""
    out: dict[float, float] = {}
    for swing, cycles in zip(*kernels.rainflow(np.array(series, dtype=float)), strict=True):
        out[float(swing)] = out.get(float(swing), 0.0) + float(cycles)
    return dict(sorted(out.items()))


# --- rainflow -----------------------------------------------------------------------------------------------


def test_rainflow_of_the_standards_figure_6():
    """ASTM E1049-85, Fig. 6: metrics.md section 11, target 1."""
    series = [-2, 1, -3, 5, -1, 3, -4, 4, -2]
    assert counted(series) == {3: 0.5, 4: 1.5, 6: 0.5, 8: 1.0, 9: 0.5}


def test_rainflow_of_the_longer_series():
    """metrics.md section 11, target 2."""
    series = [-1.5, 1, -3, 10, -1, 3, -8, 4, -2, 6, -1, -4, -8, 2, 1, -5, 0, 2.5, -4, 1, 0, 2, -0.5]
    assert counted(series) == {
        **{1: 1.0, 2.5: 1.0, 4: 1.5, 6: 1.5, 6.5: 0.5},
        **{7: 1.0, 10.5: 0.5, 13: 0.5, 14: 1.0, 18: 0.5},
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-30, 30), min_size=3, max_size=60))  # of two points the package makes nothing
def test_rainflow_counts_as_the_rainflow_package_does(series):
    theirs: dict[float, float] = {}
    for swing, _, cycles, _, _ in witness.extract_cycles(series):
        theirs[float(swing)] = theirs.get(float(swing), 0.0) + cycles
    assert counted(series) == {swing: cycles for swing, cycles in sorted(theirs.items()) if swing > 0}


@pytest.mark.parametrize("series", [[], [1.0], [2.0, 2.0, 2.0], [np.nan, np.nan]])
def test_nothing_swings_where_nothing_changes(series):
    assert counted(series) == {}


def test_effort_swings_count_the_programme_and_not_the_ripple():
    rng = np.random.default_rng(5)
    parts = []
    for k in range(6):
        parts += [(60, 120, 85 + k / 100), (60, 250, 60 + k / 100)]
    columns = steps([*parts, (60, 120, 85.5)])
    columns["power_w"] += rng.uniform(-2.0, 2.0, len(columns["power_w"]))
    load = analyse(recording(**columns))
    assert load["effort_swings"] == pytest.approx(6.0)


@pytest.mark.parametrize(("swing", "cycles"), [(3.0, 0.5), (2.999, 0.0)])
def test_a_swing_counts_from_three_newton_metres(swing, cycles):
    high = units.power_w(20.0 + swing, 60.0) * (1 + 1e-9)
    load = segments([(60, units.power_w(20.0, 60.0), 60.0), (60, high, 60.0)])
    assert load["effort_swings"] == cycles


def test_a_coast_is_a_swing_to_zero():
    load = segments([(60, 200, 80), (60, 0, 0), (60, 200, 80)])
    assert load["effort_swings"] == pytest.approx(1.0)


# --- mean-maximal torque ------------------------------------------------------------------------------------


def test_mean_maximal_torque_of_the_worked_class():
    load = segments(WORKED_CLASS, ftp_w=200)
    heaviest, slow = units.torque_nm(250, 50), units.torque_nm(240, 55)
    easy = units.torque_nm(90, 85)
    assert load["mmt_1s_nm"] == load["mmt_120s_nm"] == pytest.approx(heaviest)
    before = units.torque_nm(180, 75)
    assert load["mmt_300s_nm"] == pytest.approx((180 * slow + 120 * before) / 300)
    climbs = 180 * slow + 180 * heaviest + 120 * easy
    assert load["mmt_600s_nm"] == pytest.approx((climbs + 120 * before) / 600)


def test_coasting_counts_as_zero_torque():
    load = segments([(30, 200, 80), (30, 0, 0)])
    assert load["mmt_60s_nm"] == pytest.approx(0.5 * load["mmt_30s_nm"])


@pytest.mark.parametrize(("seconds", "present"), [(60, True), (59, False)])
def test_a_window_longer_than_the_class_is_absent(seconds, present):
    metric = segments([(seconds, 200, 80)]).metrics["mmt_60s_nm"]
    assert (metric.value is not None) is present
    assert present or metric.absent_because == "the class is shorter than 60 s"


@pytest.mark.parametrize(("unknown", "present"), [(6, True), (7, False)])
def test_a_window_missing_more_than_a_tenth_is_void(unknown, present):
    columns = steps([(60, 200, 80)])
    columns["cadence_rpm"][20 : 20 + unknown] = np.nan
    load = analyse(recording(**columns))
    assert (load["mmt_60s_nm"] is not None) is present
    if present:
        assert load["mmt_60s_nm"] == pytest.approx(23.873, abs=0.001)
    else:
        assert "nine tenths" in load.metrics["mmt_60s_nm"].absent_because


@pytest.mark.parametrize("kind", ["pause", "gap"])
def test_no_window_crosses_a_break(kind):
    columns = steps([(40, 250, 50), (40, 250, 50)])
    columns["time_s"][40:] += 12
    pauses = (Pause(40.0, 52.0),) if kind == "pause" else ()
    load = analyse(recording(**columns, pauses=pauses))
    assert load["mmt_30s_nm"] == pytest.approx(47.746, abs=0.001)
    assert load["mmt_60s_nm"] is None


def test_the_curve_is_the_same_at_1_hz_4_hz_and_on_an_irregular_clock():
    rng = np.random.default_rng(11)
    edges = np.cumsum(rng.uniform(0.3, 1.3, 1000))
    edges = np.union1d(np.arange(0.0, 600.0, 20.0), edges[edges < 600.0])
    parts = [(20, int(p), 60 + k / 10) for k, p in enumerate(rng.integers(80, 300, 30))]
    whole, fine = segments(parts), segments(parts, 0.25)
    block = (edges // 20).astype(int)
    loose = analyse(
        recording(
            time_s=edges,
            power_w=[parts[k][1] for k in block],
            cadence_rpm=[parts[k][2] for k in block],
        )
    )
    durations = np.array([1, 5, 20, 60, 300, 590], dtype=np.int64)
    expected = mean_maximal_torque(whole.c, durations)
    np.testing.assert_allclose(mean_maximal_torque(fine.c, durations), expected, rtol=1e-9)
    np.testing.assert_allclose(mean_maximal_torque(loose.c, durations), expected, rtol=2e-3)


def test_mean_maximal_torque_never_rises_over_the_worked_durations():
    load = segments(WORKED_CLASS)
    values = [load[f"mmt_{d}s_nm"] for d in MMT_DURATIONS_S]
    assert values == sorted(values, reverse=True)


def test_the_curve_of_the_figure_holds_the_published_durations():
    load = segments(WORKED_CLASS)
    curve = curves(load.c, load.context)
    assert set(MMT_DURATIONS_S) <= set(curve["mmt_duration_s"].tolist())
    assert curve["mmt_duration_s"][-1] == 2400.0
    at = dict(zip(curve["mmt_duration_s"], curve["mmt_torque_nm"], strict=True))
    assert at[300] == load["mmt_300s_nm"]
    assert curve["swing_cycles"].sum() == load["effort_swings"]


# --- quadrants ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("power", "rpm", "quadrant"),
    [
        (200.0, 90.0, 1),
        (199.9, 90.0, 4),
        (199.9, 89.9, 2),
        (150.0, 89.9, 3),
        (160.0, 72.0, 2),
        (300.0, 100.0, 1),
        (100.0, 60.0, 3),
    ],
)
def test_at_or_above_the_reference_is_high(power, rpm, quadrant):
    load = segments([(60, power, rpm)], ftp_w=200)
    assert load[f"quadrant_{quadrant}_pct"] == 100.0
    assert sum(load[f"quadrant_{k}_pct"] for k in (1, 2, 3, 4)) == 100.0


def test_quadrants_are_shares_of_pedalling_time():
    load = segments([(300, 250, 60), (100, 100, 100), (600, 0, 0)], ftp_w=200)
    assert [load[f"quadrant_{k}_pct"] for k in (1, 2, 3, 4)] == [0.0, 75.0, 0.0, 25.0]


@pytest.mark.parametrize(("torque", "share"), [(424, 100 / 61), (426, 0.0)])
def test_a_force_no_pedal_sees_is_dropped(torque, share):
    """2500 N at 0.17 m is 425 N·m; with limits opened, one such second does not count."""
    limits = {"torque_ceiling_nm": 1000.0, "spike_factor": 100.0, "spike_run_s": 0.0}
    load = segments([(60, 100, 60), (1, units.power_w(torque, 30), 30)], ftp_w=200, limits=limits)
    assert load["quadrant_2_pct"] == pytest.approx(share)
    assert load["quadrant_3_pct"] == pytest.approx(100 - share)


def test_a_class_without_pedalling_has_no_quadrants():
    load = segments([(60, 0, 0), (60, 3, 30)])
    assert load["quadrant_1_pct"] is None
    assert load["pedalling_min"] == 0.0
    assert load["unbroken_min"] == 0.0


# --- times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rpm", "slow"), [(19.9, False), (20.0, True), (60.0, True), (60.1, False)])
def test_low_cadence_is_from_twenty_to_sixty_rpm_whatever_the_torque(rpm, slow):
    load = segments([(60, 0.1, rpm)])
    assert load["low_cadence_min"] == (1.0 if slow else 0.0)
    assert load.metrics["low_cadence_min"].note == ""


def test_slow_legs_without_torque_are_labelled_not_grinding():
    analysis = analyze(recording(cadence_rpm=np.full(600, 50.0)))
    found = analysis.metrics["low_cadence_min"]
    assert (found.value, found.note) == (10.0, "not grinding: torque unknown")
    assert analysis.to_dict()["metrics"]["low_cadence_min"]["note"] == "not grinding: torque unknown"
    nothing = analyze(recording(heart_rate_bpm=np.full(600, 120.0))).metrics["low_cadence_min"]
    assert (nothing.value, nothing.note) == (None, "")


@pytest.mark.parametrize(("rest", "minutes"), [(119, 10 + 119 / 60), (120, 5.0)])
def test_two_minutes_without_pedalling_end_an_unbroken_stretch(rest, minutes):
    load = segments([(300, 200, 80), (rest, 0, 0), (300, 200, 80)])
    assert load["unbroken_min"] == pytest.approx(minutes)


@pytest.mark.parametrize(("pause", "minutes"), [(119, 10 + 119 / 60), (120, 5.0)])
def test_a_pause_of_two_minutes_ends_it_as_well(pause, minutes):
    columns = steps([(600, 200, 80)])
    columns["time_s"][300:] += pause
    load = analyse(recording(**columns, pauses=(Pause(300.0, 300.0 + pause),)))
    assert load["unbroken_min"] == pytest.approx(minutes)
    assert load["pedalling_min"] == 10.0


@pytest.mark.parametrize(("stood", "minutes"), [(9, 10.0), (10, 5.0 - 10 / 60)])
def test_ten_seconds_of_recorded_standing_end_it(stood, minutes):
    columns = steps([(600, 200, 80)])
    standing = np.zeros(600)
    standing[300 : 300 + stood] = 1.0
    load = analyse(recording(**columns, standing=standing, posture_known=True))
    longest = max(5.0, minutes) if stood == 10 else minutes
    assert load["unbroken_min"] == pytest.approx(longest)
    assert load["standing_min"] == pytest.approx(stood / 60)


def test_standing_that_was_only_guessed_ends_nothing():
    standing = np.zeros(600)
    standing[300:330] = 1.0
    load = analyse(recording(**steps([(600, 200, 80)]), standing=standing))
    assert load["unbroken_min"] == 10.0
    assert "posture unknown" in load.metrics["standing_min"].absent_because


def test_a_stretch_runs_from_pedalling_to_pedalling():
    load = segments([(100, 0, 0), (60, 200, 80), (100, 0, 0)])
    assert load["unbroken_min"] == 1.0


# --- normalized power ---------------------------------------------------------------------------------------


def test_normalized_power_of_steady_riding_is_the_power():
    assert segments([(1200, 200, 80)])["normalized_power_w"] == pytest.approx(200.0)


def test_normalized_power_drops_the_first_29_seconds():
    """A ramp to a step: every trailing 30 s mean counts, none shorter."""
    parts = [(600, 100, 80.0), (600, 300, 81.0)]
    power = steps(parts)["power_w"]
    means = np.array([power[i - 29 : i + 1].mean() for i in range(29, 1200)])
    assert len(means) == 1171
    expected = np.mean(means**4) ** 0.25
    assert segments(parts)["normalized_power_w"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("seconds", "present"), [(1200, True), (1199, False)])
def test_normalized_power_needs_twenty_minutes(seconds, present):
    metric = segments([(seconds, 200, 80)]).metrics["normalized_power_w"]
    assert (metric.value is not None) is present
    assert present or "less than 20 minutes" in metric.absent_because


def test_normalized_power_is_not_computed_from_smart_recording():
    columns = {"time_s": np.arange(400) * 4.0, "power_w": 200.0, "cadence_rpm": 80.0}
    metric = analyse(recording(**columns)).metrics["normalized_power_w"]
    assert metric.absent_because.startswith("smart recording")


# --- twins --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_window_kernels_agree_with_their_twins(kind, seed):
    a = messy(kind, seed)
    arguments = (a["time_s"], a["dt_s"], a["torque_nm"], a["break_after"])
    grid, twin = windows.second_grid(*arguments), reference.second_grid(*arguments)
    for ours, theirs in zip(grid, twin, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
    durations = np.array([1, 3, 10, 40], dtype=np.int64)
    np.testing.assert_allclose(
        windows.largest_means(*grid, durations, 0.1), reference.largest_means(*grid, durations, 0.1)
    )
    np.testing.assert_allclose(
        windows.normalized(*grid, 7, 0.1), reference.normalized(*grid, 7, 0.1), rtol=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_other_kernels_agree_with_their_twins(kind, seed):
    a = messy(kind, seed)
    calls = {
        "quadrant_seconds": (a["dt_s"], a["cadence_rpm"], a["torque_nm"], a["pedalling"], 28.0, 60.0, 50.0),
        "plain_means": (a["time_s"], a["torque_nm"], a["break_after"], 2.0),
        "unbroken": (a["time_s"], a["dt_s"], a["pedalling"], a["standing"], 8.0, 4.0),
    }
    for name, arguments in calls.items():
        ours, twin = getattr(kernels, name)(*arguments), getattr(reference, name)(*arguments)
        np.testing.assert_allclose(ours, twin, atol=2e-9, err_msg=name)
    for ours, twin in zip(kernels.rainflow(a["torque_nm"]), reference.rainflow(a["torque_nm"]), strict=True):
        np.testing.assert_array_equal(ours, twin)
