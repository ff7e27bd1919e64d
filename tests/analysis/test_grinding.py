"""Grinding bouts: the worked hundred seconds, each threshold at its edge, merging, tiers, and silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import units
from telemetry.analysis import analyze
from telemetry.analysis import grinding as kernels
from telemetry.analysis.grinding import curves, in_bout, recovery_ratio, resistance_doubt
from telemetry.model import Bout, Pause, Rider
from tests import reference
from tests.analysis.classes import KINDS, WORKED_BOUT, WORKED_CLASS, analyse, messy, segments
from tests.builders import recording, steps

SHARP = {"limits": {"smoothing_half_width_s": 0.0}, "ftp_w": 200}
"""Thresholds on the samples themselves, against 21.221 N·m: ON at 25.465, heavy at 31.831."""
REFERENCE_NM = units.torque_nm(200, 90)


def watts(references, rpm):
    """Power that is so many references of torque at a cadence."""
    return units.power_w(references * REFERENCE_NM, rpm)


def spans(load):
    return [(bout.start_s, bout.stop_s) for bout in load.bouts]


# --- worked numbers -----------------------------------------------------------------------------------------


def test_the_worked_hundred_seconds():
    load = segments(WORKED_BOUT, **SHARP)
    (bout,) = load.bouts
    assert spans(load) == [(20.0, 70.0)]
    assert bout.tier == "grinding"
    assert bout.duration_s == 50.0
    assert bout.strokes == pytest.approx(90.77, abs=0.005)
    assert bout.work_kj == pytest.approx(10.365)
    assert bout.mean_torque_nm == pytest.approx(36.604, abs=0.0005)
    assert bout.torque_load == pytest.approx(4.1931, abs=5e-5)
    assert load["torque_load"] == pytest.approx(5.4698, abs=5e-5)
    assert load["grinding_load_share_pct"] == pytest.approx(100 * 4.1931 / 5.4698, abs=0.005)
    assert load["grinding_min"] == pytest.approx(50 / 60)
    assert load["grinding_pct"] == pytest.approx(50.0)


def test_the_worked_hundred_seconds_step_by_step():
    """54 strict samples; hysteresis runs [20, 70) and [80, 88), the second too short."""
    load = segments(WORKED_BOUT, **SHARP)
    strict = (load.c.cadence_rpm <= 60) & (load.c.torque_nm >= 1.2 * REFERENCE_NM)
    assert strict.sum() == 54
    short = segments(WORKED_BOUT, ftp_w=200, limits={"smoothing_half_width_s": 0, "bout_min_s": 8})
    assert spans(short) == [(20.0, 70.0), (80.0, 88.0)]


def test_the_worked_quadrants():
    load = segments(WORKED_BOUT, **SHARP, crank_length_mm=172.5)
    assert [load[f"quadrant_{k}_pct"] for k in (1, 2, 3, 4)] == [0.0, 58.0, 42.0, 0.0]
    length = load.context.crank_length_mm / 1000
    assert units.pedal_force_n(load.context.torque_reference_nm, length) == pytest.approx(123.018, abs=0.0005)
    assert units.pedal_speed_mps(90, length) == pytest.approx(1.6258, abs=5e-5)


def test_the_worked_class_has_a_grinding_and_a_heavy_bout():
    load = segments(WORKED_CLASS, **SHARP)
    assert [(bout.tier, bout.start_s, bout.stop_s) for bout in load.bouts] == [
        ("grinding", 900.0, 1080.0),
        ("heavy", 1200.0, 1380.0),
    ]
    assert load["grinding_min"] == 6.0
    assert load["grinding_longest_s"] == 180.0
    assert load["grinding_recovery_ratio"] == pytest.approx(120 / 180)
    assert load["grinding_strokes"] == pytest.approx(6 * 55 + 6 * 50)
    assert load["grinding_kj"] == pytest.approx(180 * 0.49)


# --- thresholds at their edge -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rpm", "references", "found"),
    [
        (60.0, 1.2, True),
        (60.1, 1.2, False),
        (60.0, 1.1999, False),
        (20.0, 1.2, True),
        (19.9, 1.2, False),
        (40.0, 3.0, True),
    ],
)
def test_a_bout_begins_at_sixty_rpm_and_one_point_two_references(rpm, references, found):
    load = segments([(30, 50, 70), (30, watts(references, rpm), rpm), (30, 50, 70)], **SHARP)
    assert spans(load) == ([(30.0, 60.0)] if found else [])


@pytest.mark.parametrize(
    ("rpm", "references", "goes_on"),
    [(65.0, 1.2, True), (65.1, 1.2, False), (60.0, 1.0, True), (60.0, 0.9999, False), (64.0, 1.01, True)],
)
def test_a_bout_lasts_until_sixty_five_rpm_or_one_reference(rpm, references, goes_on):
    load = segments([(30, watts(1.3, 55), 55), (30, watts(references, rpm), rpm)], **SHARP)
    assert spans(load) == [(0.0, 60.0 if goes_on else 30.0)]


@pytest.mark.parametrize(("power", "rpm"), [(160.0, 60.0), (120.0, 45.0), (146.66666666666666, 55.0)])
def test_the_edge_belongs_to_the_bout_however_its_last_bit_is_rounded(power, rpm):
    """160 W at 60 rpm is 1.2 times 200 W at 90 rpm, whatever binary makes of 80 / pi."""
    assert len(segments([(30, power, rpm)], **SHARP).bouts) == 1
    assert len(segments([(30, power, rpm)], ftp_w=200).bouts) == 1


def test_slow_legs_alone_and_torque_alone_are_no_grinding():
    assert segments([(60, 60, 50)], **SHARP).bouts == ()
    assert segments([(60, 400, 90)], **SHARP).bouts == ()


@pytest.mark.parametrize(("seconds", "found"), [(14, False), (15, True)])
def test_a_bout_lasts_fifteen_seconds_at_least(seconds, found):
    load = segments([(30, 50, 85), (seconds, 250, 55), (30, 50, 85)], **SHARP)
    assert (len(load.bouts) == 1) is found


@pytest.mark.parametrize(("between", "count"), [(5, 1), (6, 2)])
def test_gaps_up_to_five_seconds_are_merged(between, count):
    load = segments([(20, 250, 55), (between, 50, 85), (20, 250, 55)], **SHARP)
    assert len(load.bouts) == count
    if count == 1:
        assert load.bouts[0].duration_s == 40 + between
        assert load.bouts[0].strokes == pytest.approx((40 * 55 + between * 85) / 30)


def test_merging_comes_before_the_shortest_length():
    load = segments([(8, 250, 55), (4, 50, 85), (8, 250, 55)], **SHARP)
    assert spans(load) == [(0.0, 20.0)]


def test_standing_still_ends_a_bout_at_once_and_six_seconds_keep_it_ended():
    load = segments([(20, 250, 55), (6, 0, 0), (20, 250, 55)], **SHARP)
    assert spans(load) == [(0.0, 20.0), (26.0, 46.0)]


@pytest.mark.parametrize(("missing", "count"), [(4, 1), (5, 1), (6, 2)])
def test_an_unknown_over_five_seconds_ends_a_bout(missing, count):
    columns = steps([(60, 250, 55)])
    columns["cadence_rpm"][20 : 20 + missing] = np.nan
    load = analyse(recording(**columns), **SHARP)
    assert len(load.bouts) == count
    assert load.bouts[0].start_s == 0.0
    assert load.bouts[-1].stop_s == 60.0
    assert load.bouts[0].stop_s == (60.0 if count == 1 else 20.0)


@pytest.mark.parametrize(("step", "count"), [(5.0, 1), (5.5, 2)])
def test_a_gap_of_rows_over_five_seconds_ends_a_bout(step, count):
    times = np.concatenate((np.arange(20.0), 19.0 + step + np.arange(20.0)))
    load = analyse(
        recording(time_s=times, power_w=np.full(40, 250.0), cadence_rpm=np.full(40, 55.0)), **SHARP
    )
    assert len(load.bouts) == count


def test_a_pause_ends_a_bout_and_nothing_is_merged_across_it():
    times = np.concatenate((np.arange(20.0), np.arange(23.0, 43.0)))
    load = analyse(
        recording(
            time_s=times,
            power_w=np.full(40, 250.0),
            cadence_rpm=np.full(40, 55.0),
            pauses=(Pause(20.0, 23.0),),
        ),
        **SHARP,
    )
    assert spans(load) == [(0.0, 20.0), (23.0, 43.0)]


# --- tiers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rpm", "references", "tier"),
    [
        (50.0, 1.5, "heavy"),
        (50.1, 1.5, "grinding"),
        (50.0, 1.499, "grinding"),
        (60.0, 1.2, "grinding"),
        (30.0, 1.3, "grinding"),
    ],
)
def test_the_label_is_the_mean_over_the_bout(rpm, references, tier):
    (bout,) = segments([(30, watts(references, rpm), rpm)], **SHARP).bouts
    assert bout.tier == tier
    assert bout.mean_torque_nm == pytest.approx(references * REFERENCE_NM)


def test_a_bout_that_slackens_is_only_loaded():
    load = segments([(5, watts(1.25, 58), 58), (40, watts(1.05, 64), 64)], **SHARP)
    assert [bout.tier for bout in load.bouts] == ["loaded"]
    assert load["grinding_min"] == pytest.approx(45 / 60)


@pytest.mark.parametrize(
    ("rider", "threshold_nm"), [({"ftp_w": 200}, 25.465), ({"mass_kg": 70}, 24.5), ({}, 30.0)]
)
def test_the_grinding_reference_is_its_own_without_ftp(rider, threshold_nm):
    below, above = (
        segments([(60, units.power_w(threshold_nm + d, 55), 55)], **rider).bouts for d in (-0.05, 0.05)
    )
    assert (len(below), len(above)) == (0, 1)


def test_smoothing_keeps_a_rounded_cadence_from_cutting_bouts():
    rng = np.random.default_rng(7)
    columns = steps([(60, 120, 85), (120, 260, 60), (60, 120, 85)])
    columns["cadence_rpm"][60:180] = np.round(60.0 + rng.normal(0.0, 2.0, 120))
    assert len(analyse(recording(**columns), ftp_w=200).bouts) == 1


# --- what they add up to ------------------------------------------------------------------------------------


def test_recovery_is_the_median_gap_over_the_bout_before_it():
    def bout(start, stop):
        return Bout("grinding", start, stop, stop - start, 0, 0, 0, 0, 0)

    assert recovery_ratio([bout(0, 100)]) is None
    assert recovery_ratio([bout(0, 100), bout(150, 200)]) == 0.5
    assert recovery_ratio([bout(0, 100), bout(150, 200), bout(300, 310)]) == pytest.approx((0.5 + 2.0) / 2)
    assert recovery_ratio([bout(0, 10), bout(20, 30), bout(35, 45), bout(145, 150)]) == 1.0


def test_the_late_share_counts_strokes_from_minute_thirty_on():
    load = segments([(1740, 100, 85), (180, 250, 50), (60, 100, 85)], **SHARP)
    assert spans(load) == [(1740.0, 1920.0)]
    assert load["grinding_late_strokes"] == pytest.approx(120 * 50 / 30)
    assert load["grinding_late_share_pct"] == pytest.approx(100 * 120 / 180)


def test_minutes_are_elapsed_so_a_pause_makes_it_later():
    columns = steps([(1740, 100, 85), (60, 250, 50)])
    columns["time_s"][1740:] += 120
    load = analyse(recording(**columns, pauses=(Pause(1740.0, 1860.0),)), **SHARP)
    assert load["grinding_late_share_pct"] == pytest.approx(100.0)


def test_a_class_without_a_bout_has_zero_exposure_and_no_relative_numbers():
    load = segments([(1200, 150, 90)], ftp_w=200)
    for name in ("grinding_min", "grinding_pct", "grinding_bouts", "grinding_longest_s", "grinding_strokes"):
        assert load[name] == 0.0
    assert load["grinding_load_share_pct"] == 0.0
    assert load["grinding_late_strokes"] == 0.0
    assert load.metrics["grinding_late_share_pct"].absent_because == "no strokes inside bouts"
    assert load.metrics["grinding_recovery_ratio"].absent_because == "fewer than two bouts"


def test_standing_is_split_only_where_it_was_recorded():
    columns = steps([(60, 250, 55)])
    standing = np.repeat([0.0, 1.0, 0.0], 20)
    known = analyse(recording(**columns, standing=standing, posture_known=True), **SHARP)
    assert known.bouts[0].standing_s == 20.0
    assert known["grinding_standing_min"] == pytest.approx(1 / 3)
    guessed = analyse(recording(**columns, standing=standing), **SHARP)
    assert guessed.bouts[0].standing_s is None
    assert "posture unknown" in guessed.metrics["grinding_standing_min"].absent_because


def test_bouts_are_never_scaled_over_gaps():
    columns = steps([(300, 250, 55)])
    whole = analyse(recording(**columns), **SHARP)
    columns["power_w"][100:120] = np.nan
    gapped = analyse(recording(**columns), **SHARP)
    assert gapped["torque_load"] == pytest.approx(whole["torque_load"])
    assert gapped["grinding_min"] == pytest.approx(280 / 60)
    assert gapped["grinding_load_share_pct"] == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("in_climb", "trust", "doubted"),
    [
        (30.0, "plausible", True),
        (40.0, "plausible", False),
        (30.0, "inverted", False),
        (55.0, "plausible", False),
    ],
)
def test_a_bout_at_low_resistance_casts_doubt_on_the_cadence(in_climb, trust, doubted):
    columns = steps([(120, 150, 85), (60, 250, 50), (120, 150, 85)])
    level = np.repeat([40.0, in_climb, 40.0], [120, 60, 120])
    load = analyse(recording(**columns, resistance_level=level, resistance_trust=trust), **SHARP)
    issues = resistance_doubt(load.c, load.bouts)
    assert [issue.code for issue in issues] == (["bout_at_low_resistance"] if doubted else [])
    if doubted:
        assert (issues[0].start_s, issues[0].stop_s, issues[0].seconds) == (120.0, 180.0, 60.0)
    assert resistance_doubt(load.c, ()) == ()
    told = [issue.code for issue in analyze(load.c.recording, Rider(ftp_w=200)).quality.issues]
    assert ("bout_at_low_resistance" in told) is doubted


def test_in_bout_marks_exactly_the_samples_of_the_bouts():
    load = segments(WORKED_BOUT, **SHARP)
    assert np.flatnonzero(in_bout(load.c, load.bouts)).tolist() == list(range(20, 70))
    assert not in_bout(load.c, ()).any()


def test_the_lines_of_the_figure_are_the_thresholds_in_force():
    lines = curves(segments(WORKED_BOUT, ftp_w=200).context)
    assert lines["grinding_on_torque_nm"] == pytest.approx(25.465, abs=0.0005)
    assert lines["grinding_off_torque_nm"] == pytest.approx(21.221, abs=0.0005)
    assert (lines["grinding_on_cadence_rpm"], lines["grinding_off_cadence_rpm"]) == (60.0, 65.0)
    assert lines["crank_length_m"] == 0.17


def test_without_torque_grinding_is_absent_even_at_fifty_rpm():
    load = analyse(recording(time_s=np.arange(600.0), cadence_rpm=50.0))
    assert load.metrics["grinding_min"].absent_because == "no power was recorded: torque is unknown"
    assert load["low_cadence_min"] == 10.0


# --- twins and properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_the_kernels_agree_with_their_twins(kind, seed):
    a = messy(kind, seed)
    still = a["cadence_rpm"] < 20.0
    smooth = [np.where(still, np.nan, a[name]) for name in ("cadence_rpm", "torque_nm")]
    rows = (a["time_s"], a["dt_s"])
    for thresholds in ((60.0, 65.0, 25.0, 21.0, 5.0, 5.0, 15.0), (75.0, 90.0, 15.0, 10.0, 2.0, 3.0, 2.0)):
        arguments = (*rows, *smooth, still, a["break_after"], np.array(thresholds))
        ours, twin = kernels.slow_heavy_runs(*arguments), reference.slow_heavy_runs(*arguments)
        assert [x.tolist() for x in ours] == [x.tolist() for x in twin]
    names = ("dt_s", "power_w", "cadence_rpm", "torque_nm", "pedalling")
    arguments = (*(a[name] for name in names), 0, len(rows[0]))
    np.testing.assert_allclose(kernels.bout_sums(*arguments), reference.bout_sums(*arguments), rtol=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 40), st.integers(0, 400), st.integers(0, 110)), min_size=1, max_size=14)
)
def test_bouts_are_apart_long_enough_and_inside_the_class(parts):
    load = segments([(s, p, c + 0.001 * k) for k, (s, p, c) in enumerate(parts)], ftp_w=200)
    end = sum(seconds for seconds, _, _ in parts)
    for bout in load.bouts:
        assert 0.0 <= bout.start_s < bout.stop_s <= end
        assert bout.duration_s >= 15.0
        assert bout.mean_cadence_rpm <= 110.2
        assert bout.strokes > 0.0
    for one, two in zip(load.bouts, load.bouts[1:], strict=False):
        assert two.start_s - one.stop_s > 5.0
    if load["grinding_min"] is not None:
        assert load["grinding_min"] * 60 == pytest.approx(in_bout(load.c, load.bouts).sum())
        assert load["grinding_load_share_pct"] is None or load["grinding_load_share_pct"] <= 100.0 + 1e-9
