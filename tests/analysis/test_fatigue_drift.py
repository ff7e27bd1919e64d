"""Fatigue drift: the worked numbers of the metrics reference, refusals at their edge, twins, silence."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from telemetry.analysis import analyze, cadence_drift
from telemetry.analysis import fatigue_drift as fading
from telemetry.analysis import heart_rate_drift as hr
from telemetry.analysis import prais_winsten as errors
from telemetry.model import ClassRecording, Pause, Rider
from tests import reference
from tests.builders import STARTED_AT, recording

SECONDS_45 = np.arange(2700)


def filtered(values: np.ndarray, tau_s: float) -> np.ndarray:
    """F of a 1 s series for one time constant."""
    return hr.exponential_filters(values, np.array([tau_s]), np.arange(len(values)))[0]


INTERVALS = np.where(SECONDS_45 % 180 < 120, 220.0, 100.0)
CADENCE = 85.0 + SECONDS_45 % 2
"""All but constant, yet not the same number for a minute: that would be a stuck sensor."""


def solve(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x of a·x = b, and the diagonal of the inverse of a."""
    lower, x = np.zeros(a.shape), np.empty(len(b))
    errors.factorised(a, len(b), lower)
    errors.solved(lower, b, x)
    return x, errors.inverse_diagonal(lower)


def intervals_with(heart_rate: np.ndarray | None, **more: object) -> ClassRecording:
    return recording(power_w=INTERVALS, cadence_rpm=CADENCE, heart_rate_bpm=heart_rate, **more)


def heart(slope_per_h: float = 0.0, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    clean = 60.0 + 0.45 * filtered(INTERVALS, 35.0) + slope_per_h * SECONDS_45 / 3600.0
    return clean + np.repeat(rng.normal(0.0, 1.0, 540), 5) * noise


# --- heart-rate drift ---------------------------------------------------------------------------------------


def test_the_filter_starts_at_its_first_value_and_steps_exactly() -> None:
    followed = filtered(np.array([100.0, 200.0, 200.0]), 35.0)
    share = 1.0 - math.exp(-1.0 / 35.0)
    assert followed == pytest.approx([100.0, 100.0 + share * 100.0, 200.0 - 100.0 * (1.0 - share) ** 2])


def test_the_worked_class_gives_back_exactly_what_went_in() -> None:
    model = hr.fit_heart_rate(INTERVALS, np.full(2700, 85.0), heart(10.0))
    assert model.applicable
    assert model.intercept_bpm == pytest.approx(60.0, abs=1e-6)
    assert model.per_watt == pytest.approx(0.45, abs=1e-8)
    assert model.per_watt_squared == pytest.approx(0.0, abs=1e-10)
    assert model.slope_per_h == pytest.approx(10.0, abs=1e-6)
    assert model.tau_s == 35.0
    assert model.rho == 0.0  # an exact fit has no errors to model


def test_the_class_reports_the_same_drift_and_its_curves() -> None:
    analysis = analyze(intervals_with(heart(10.0)))
    assert analysis.metric("heart_rate_drift_bpm_per_h") == pytest.approx(10.0, abs=1e-6)
    drift = analysis.drift["heart_rate"]
    assert drift.applicable
    assert "heat" in drift.detail
    curves = analysis.curves
    assert curves["hr_time_s"][0] == 300.0  # five minutes are skipped
    assert np.diff(curves["hr_time_s"]) == pytest.approx(5.0)
    assert curves["hr_modelled_bpm"] == pytest.approx(curves["hr_measured_bpm"], abs=1e-6)
    gap = curves["hr_modelled_bpm"] - curves["hr_without_drift_bpm"]
    assert gap == pytest.approx(10.0 * curves["hr_time_s"] / 3600.0, abs=1e-6)


def test_constant_power_and_cadence_leave_time_alone() -> None:
    steady = 130.0 + 6.0 * SECONDS_45 / 3600.0
    model = hr.fit_heart_rate(np.full(2700, 200.0), np.full(2700, 90.0), steady)
    assert model.applicable
    assert model.slope_per_h == pytest.approx(6.0, abs=1e-6)
    assert model.per_watt == model.per_rpm == 0.0


def test_the_interval_is_widened_and_holds_the_truth() -> None:
    noisy = heart(6.0, noise=2.0)
    wide = hr.fit_heart_rate(INTERVALS, None, noisy, 1.6)
    narrow = hr.fit_heart_rate(INTERVALS, None, noisy, 1.0)
    assert wide.low_per_h < 6.0 < wide.high_per_h
    assert wide.high_per_h - wide.low_per_h == pytest.approx(1.6 * (narrow.high_per_h - narrow.low_per_h))


def test_a_heart_rate_that_never_changes_has_no_drift_and_says_so() -> None:
    analysis = analyze(intervals_with(np.full(2700, 140.0)))
    drift = analysis.drift["heart_rate"]
    assert not drift.applicable
    assert "heart rate never changes" in (drift.why_not or "")
    for name in ("heart_rate_drift_bpm_per_h", "decoupling_pct"):
        assert "heart rate never changes" in (analysis.metrics[name].absent_because or "")
    assert "hr_time_s" not in analysis.curves
    once = np.full(2700, 140.0)
    once[1000] = 141.0
    assert "never" not in (analyze(intervals_with(once)).drift["heart_rate"].why_not or "")


def test_a_time_constant_at_the_edge_of_the_grid_is_not_identifiable() -> None:
    slow = 60.0 + 0.45 * filtered(INTERVALS, 120.0)
    model = hr.fit_heart_rate(INTERVALS, None, slow)
    assert not model.applicable
    assert "not identifiable" in model.why_not
    assert model.tau_s == 70.0
    result = analyze(intervals_with(slow)).metrics["heart_rate_drift_bpm_per_h"]
    assert result.value is None
    assert "not identifiable" in (result.absent_because or "")


def test_a_power_gap_over_thirty_seconds_starts_the_filter_again() -> None:
    power = INTERVALS.copy()
    power[1000:1029] = math.nan  # a step of 30 s: bridged
    assert np.isfinite(filtered(power, 35.0)[1000:1030]).all()
    assert hr.settled(power, 300)[1029]
    power[1029] = math.nan  # a step of 31 s: a new start, and five minutes skipped
    assert filtered(power, 35.0)[1030] == power[1030]
    assert not hr.settled(power, 300)[1329]
    assert hr.settled(power, 300)[1330]


def test_rho_is_clipped() -> None:
    rng = np.random.default_rng(5)
    wander = np.cumsum(rng.normal(size=400))
    design = np.column_stack([np.ones(400), np.linspace(-1.0, 1.0, 400)])
    follows = np.ones(400, np.bool_)
    follows[0] = False
    assert errors.prais_winsten(design.T[None].copy(), wander, follows)[2].tolist() == [0.95]


@pytest.mark.parametrize("kind", ["random", "gaps", "constant"])
def test_the_kernels_agree_with_their_twins(kind: str) -> None:
    rng = np.random.default_rng(9)
    values = rng.uniform(80.0, 250.0, 200)
    follows = np.ones(200, np.bool_)
    follows[0] = False
    if kind == "gaps":
        values[40:75] = values[120:140] = values[:3] = math.nan
        follows[[40, 41, 90]] = False
    if kind == "constant":
        values[:] = 180.0
    taus = np.array([15.0, 35.0, 70.0])
    at = np.arange(1, 200, 3)
    followed = hr.exponential_filters(values, taus, at)
    for j, tau in enumerate(taus):
        assert followed[j] == pytest.approx(reference.exponential_filter(values, tau)[at], nan_ok=True)
    assert (hr.settled(values, 60) == reference.settled(values, 60)).all()
    steps_s = rng.choice([0.25, 1.0, 1.0, 1.0, 3.0, 7.0], 200)
    clock = np.cumsum(steps_s) - steps_s[0]
    for longest_s in (1.0, 5.0, 10.0):
        joined = hr.seconds_joined(clock, values, longest_s)
        assert joined == pytest.approx(reference.seconds_joined(clock, values, longest_s), nan_ok=True)
    design = np.column_stack([np.ones(200), rng.normal(size=(200, 3))])
    y = design @ np.array([1.0, 2.0, 0.0, -3.0]) + np.convolve(rng.normal(size=203), np.ones(4) / 2, "valid")
    if kind == "constant":
        y = np.full(200, 7.0)
    designs = np.stack([design.T, design.T[[0, 2, 1, 3]], design.T[[0, 1, 2, 2]]])
    designs[2, 3] = 0.0  # no column at all
    ours = errors.prais_winsten(designs, y, follows)
    for j, columns in enumerate(([0, 1, 2, 3], [0, 2, 1, 3], [0, 1, 2])):
        theirs = reference.prais_winsten(design[:, columns], y, follows)
        assert ours[0][j, : len(columns)] == pytest.approx(theirs[0], abs=1e-7)
        assert ours[2][j] == pytest.approx(theirs[2], abs=1e-5)
        if kind != "constant":
            assert ours[1][j, : len(columns)] == pytest.approx(theirs[1], rel=1e-5)
            assert ours[3][j] == pytest.approx(theirs[3], rel=1e-5)
    assert ours[0][2, 3] == 0.0
    assert math.isnan(ours[1][2, 3])
    square = design.T @ design
    answers = zip(solve(square, design.T @ y), reference.solve(square, design.T @ y), strict=True)
    for found, twin in answers:
        assert found == pytest.approx(twin, abs=1e-7)
    picks = np.arange(10, 200, 5)
    picks = picks[np.isfinite(values[picks])]
    power = np.stack([values, values + 50.0])[:, picks]
    for cadence in (np.zeros((0, 0)), np.full((2, len(picks)), 88.0), np.stack([y, 2.0 * y])[:, picks]):
        made, undone = hr.standardised(picks, power, cadence, hr.CONSTANT_CV)
        for j in range(2):
            turned = cadence[j] if len(cadence) else np.zeros(0)
            columns, undo = reference.standardised(picks, power[j], turned, hr.CONSTANT_CV)
            assert made[j] == pytest.approx(columns.T, abs=1e-9)
            assert undone[j] == pytest.approx(undo, abs=1e-9)
    assert hr.moments(y) == pytest.approx(reference.moments(y), abs=1e-12)
    assert errors.products(y, values) == pytest.approx(reference.products(y, values), nan_ok=True)
    assert errors.quadratic(square, y[:4]) == pytest.approx(reference.quadratic(square, y[:4]))


@pytest.mark.parametrize("step_s", [1.0, 0.25, 7.0])
@pytest.mark.parametrize("kind", ["random", "gaps", "constant"])
def test_the_kernels_of_steadiness_agree_with_their_twins(kind: str, step_s: float) -> None:
    rng = np.random.default_rng(11)
    n = 240
    time, held_s = np.arange(n) * step_s, np.full(n, step_s)
    power, cadence = rng.normal(150.0, 20.0, n), rng.normal(85.0, 3.0, n)
    smooth, index = np.convolve(cadence, np.ones(5) / 5, "same"), rng.integers(-1, 5, n)
    if kind == "gaps":
        power[30:70] = smooth[100:103] = math.nan
        held_s[80:85] = 0.0
        time[120:] += 400.0
    if kind == "constant":
        power[:], cadence[:], smooth[:] = 150.0, 85.0, 85.0
    for width in (30.0, 1.0):
        band = (time, held_s, power, width, 150.0, 7.5)
        assert fading.seconds_in_band(*band) == pytest.approx(reference.seconds_in_band(*band))
    for reach in (1, 2, 8):
        swings = (time, held_s, cadence, smooth, index, reach, 2.0, 5)
        ours, theirs = cadence_drift.swings_in_thirds(*swings), reference.swings_in_thirds(*swings)
        assert ours[0] == pytest.approx(theirs[0])
        assert ours[1] == pytest.approx(theirs[1], abs=1e-12)


def test_a_copied_column_is_dropped_and_not_divided_by_zero() -> None:
    column = np.arange(6.0)
    design = np.column_stack([np.ones(6), column, column])
    x, variance = solve(design.T @ design, design.T @ (3.0 + 2.0 * column))
    assert x == pytest.approx([3.0, 2.0, 0.0])
    assert math.isnan(variance[2])


@pytest.mark.parametrize(("missing_s", "applicable"), [(270, True), (280, False)])
def test_heart_rate_has_to_cover_ninety_percent(missing_s: int, applicable: bool) -> None:
    beats = heart(10.0)
    # lost in stretches longer than those that conditioning fills
    for start in range(30, 2700, 250):
        take = min(missing_s, 30)
        beats[start : start + take] = math.nan
        missing_s -= take
    assert analyze(intervals_with(beats)).drift["heart_rate"].applicable is applicable


@pytest.mark.parametrize(("seconds", "applicable"), [(1199, False), (1200, True)])
def test_classes_under_twenty_minutes_have_no_drift(seconds: int, applicable: bool) -> None:
    built = recording(
        power_w=INTERVALS[:seconds], cadence_rpm=CADENCE[:seconds], heart_rate_bpm=heart(10.0)[:seconds]
    )
    drift = analyze(built).drift
    assert drift["heart_rate"].applicable is applicable
    assert drift["cadence"].applicable is applicable


def test_without_heart_rate_or_power_there_is_no_drift_and_a_reason() -> None:
    for built, reason in (
        (intervals_with(None), "no heart rate was recorded"),
        (recording(heart_rate_bpm=heart()), "no power was recorded"),
    ):
        result = analyze(built).metrics["heart_rate_drift_bpm_per_h"]
        assert result.value is None
        assert result.absent_because == reason


# --- breathing ----------------------------------------------------------------------------------------------


def test_breathing_drifts_by_what_the_model_does_not_explain() -> None:
    breaths = 10.0 + 0.1 * filtered(INTERVALS, 45.0) + 5.0 * SECONDS_45 / 3600.0
    drift = analyze(intervals_with(heart(), respiration_per_min=breaths)).drift["respiration"]
    assert drift.value == pytest.approx(5.0, abs=0.05)
    assert drift.unit == "1/min per h"
    silent = analyze(intervals_with(heart())).drift["respiration"]
    assert silent.value is None
    assert not silent.applicable


# --- decoupling ---------------------------------------------------------------------------------------------


def test_the_worked_decoupling() -> None:
    time, ones = SECONDS_45.astype(float), np.ones(2700)
    beats = np.where(time < 1350, 130.0, 139.0)
    assert fading.decoupling(time, ones, 150.0 * ones, beats) == pytest.approx(6.4748, abs=5e-5)
    built = recording(power_w=np.full(2700, 150.0), cadence_rpm=85.0, heart_rate_bpm=beats)
    assert analyze(built).metric("decoupling_pct") == pytest.approx(6.4748, abs=5e-5)


def test_a_class_without_any_drift_can_decouple_and_is_labelled_not_applicable() -> None:
    power = np.where(SECONDS_45 < 1350, 200.0, 130.0)
    beats = 60.0 + 0.45 * filtered(power, 35.0)
    value = fading.decoupling(SECONDS_45.astype(float), np.ones(2700), power, beats)
    assert value == pytest.approx(18.2767, abs=5e-5)
    built = recording(power_w=power, cadence_rpm=85.0, heart_rate_bpm=beats)
    result = analyze(built).metrics["decoupling_pct"]
    assert result.value is None
    assert "not applicable" in (result.absent_because or "")


def test_decoupling_of_the_worked_drift_class() -> None:
    value = fading.decoupling(SECONDS_45.astype(float), np.ones(2700), INTERVALS, heart(10.0))
    assert value == pytest.approx(4.4535, abs=5e-5)


@pytest.mark.parametrize(("aside_s", "applies"), [(500, True), (600, False)])
def test_decoupling_needs_four_fifths_of_the_time_in_one_band(aside_s: int, applies: bool) -> None:
    power = np.full(2700, 150.0)
    power[1000 : 1000 + aside_s] = 100.0
    built = recording(power_w=power, cadence_rpm=85.0, heart_rate_bpm=130.0 + SECONDS_45 % 2)
    assert (analyze(built).metric("decoupling_pct") is not None) is applies


def test_rows_without_a_heart_beat_are_left_out() -> None:
    time, ones = np.arange(4.0), np.ones(4)
    beats = np.array([100.0, 0.0, 100.0, math.nan])
    power = np.array([100.0, 900.0, 90.0, 900.0])
    assert fading.decoupling(time, ones, power, beats) == pytest.approx(10.0)


# --- cadence ------------------------------------------------------------------------------------------------


def rider(
    slope: float, seed: int, *, minutes: int = 45, start: dt.datetime | None = STARTED_AT, shift_s: int = 0
) -> ClassRecording:
    """A class programme everybody follows, at matched torque, with this rider's own slope [rpm/min]."""
    rng = np.random.default_rng(seed)
    time = np.arange(minutes * 60.0)
    at = time + shift_s
    programme = np.where((at // 120) % 2 == 0, 92.0, 78.0) - 0.1 * at / 60.0
    cadence = programme + slope * time / 60.0 + rng.normal(0.0, 1.5, len(time))
    torque = 20.0 + rng.normal(0.0, 1.0, len(time))
    begins = None if start is None else start + dt.timedelta(seconds=shift_s)
    return recording(
        id=f"rider-{seed}",
        power_w=torque * cadence * 2 * np.pi / 60.0,
        cadence_rpm=cadence,
        started_at=begins,
    )


def test_cadence_at_matched_torque_falls_as_it_was_made_to() -> None:
    rng = np.random.default_rng(3)
    time = np.arange(2700.0)
    torque = np.where((time // 90) % 2 == 0, 25.0, 15.0) + rng.normal(0.0, 0.5, 2700)
    cadence = np.where((time // 90) % 2 == 0, 75.0, 92.0) - 0.2 * time / 60.0 + rng.normal(0.0, 1.0, 2700)
    analysis = analyze(recording(power_w=torque * cadence * 2 * np.pi / 60, cadence_rpm=cadence))
    found = analysis.metrics["cadence_drift_rpm_per_min"]
    assert found.value == pytest.approx(-0.2, abs=0.03)
    assert found.low < -0.2 < found.high
    drift = analysis.drift["cadence"]
    assert drift.value == found.value
    assert "about half" in drift.detail  # shown with its bias


def test_against_the_class_only_what_is_the_riders_own_remains() -> None:
    group = [rider(0.0, seed, shift_s=seed) for seed in range(1, 6)]
    analysis = analyze(rider(-0.3, 99), group=group)
    found = analysis.metrics["cadence_drift_class_rpm_per_min"]
    assert found.value == pytest.approx(-0.3, abs=0.03)
    assert found.high < 0.0
    assert found.evidence == "C"
    assert analysis.drift["cadence"].value == found.value
    alone = analyze(rider(-0.3, 99)).metric("cadence_drift_rpm_per_min")
    assert abs(alone - found.value) > 0.05  # alone, the programme's own fall is in it


def test_six_riders_make_a_class_and_five_do_not() -> None:
    me, others = rider(0.0, 99), [rider(0.0, seed) for seed in range(1, 6)]
    assert analyze(me, group=others).metric("cadence_drift_class_rpm_per_min") is not None
    few = analyze(me, group=others[:4]).metrics["cadence_drift_class_rpm_per_min"]
    assert few.value is None
    assert "fewer than 6 riders" in few.absent_because
    # the rider's own recording does not count as another's
    assert analyze(me, group=[*others[:4], me]).metric("cadence_drift_class_rpm_per_min") is None


def test_riders_without_a_clock_cannot_be_laid_beside_each_other() -> None:
    others = [rider(0.0, seed) for seed in range(1, 6)]
    line, why = cadence_drift.class_relative(_conditioned(rider(0.0, 9, start=None)), others)
    assert line is None
    assert "clock" in why
    timeless = [replace(other, started_at=None) for other in others]
    line, why = cadence_drift.class_relative(_conditioned(rider(0.0, 9)), timeless)
    assert line is None
    assert "fewer than 6" in why


def _conditioned(built: ClassRecording):
    from telemetry.analysis.conditioning import condition

    return condition(built)


def test_variability_doubles_where_the_swing_doubles() -> None:
    rng = np.random.default_rng(6)
    swing = rng.normal(0.0, 1.0, 2700) * np.where(SECONDS_45 < 1800, 1.0, 2.0)
    power = np.full(2700, 170.0)
    ratio = analyze(recording(power_w=power, cadence_rpm=88.0 + swing)).metric("cadence_variability_ratio")
    assert ratio == pytest.approx(2.0, rel=0.1)
    still = analyze(recording(power_w=power, cadence_rpm=88.0)).metrics["cadence_variability_ratio"]
    assert still.value is None


def test_without_torque_there_is_no_cadence_drift() -> None:
    for built in (recording(cadence_rpm=np.full(2700, 85.0)), recording(power_w=np.full(2700, 150.0))):
        analysis = analyze(built)
        for name in (
            "cadence_drift_rpm_per_min",
            "cadence_variability_ratio",
            "cadence_drift_class_rpm_per_min",
        ):
            assert analysis.metrics[name].value is None
            assert "torque" in (analysis.metrics[name].absent_because or "")
        assert not analysis.drift["cadence"].applicable
        assert not analysis.drift["onset"].applicable


def test_overridden_limits_reach_the_models() -> None:
    built = intervals_with(heart(10.0, noise=2.0))
    usual = analyze(built).metrics["heart_rate_drift_bpm_per_h"]
    wide = analyze(built, Rider(limits={"drift_interval_factor": 3.2})).metrics["heart_rate_drift_bpm_per_h"]
    assert wide.high - wide.low == pytest.approx(2.0 * (usual.high - usual.low))
    long = analyze(built, Rider(limits={"drift_min_minutes": 60.0}))
    assert not long.drift["heart_rate"].applicable


@pytest.mark.parametrize(("away_s", "told"), [(84_000.0, True), (84_001.0, False), (43 * 3.2e7, False)])
def test_no_drift_is_sized_by_a_pause_of_years(away_s: float, told: bool) -> None:
    time = np.arange(2401.0)
    time[1200:] += away_s
    rng = np.random.default_rng(3)
    built = recording(
        time_s=time,
        power_w=INTERVALS[:2401] + rng.normal(0.0, 5.0, 2401),
        cadence_rpm=CADENCE[:2401],
        heart_rate_bpm=heart(10.0, noise=2.0)[:2401],
        respiration_per_min=25.0 + rng.normal(0.0, 1.0, 2401),
        right_balance_pct=50.0 + rng.normal(0.0, 1.0, 2401),
        single_sided=False,
        pauses=(Pause(1200.0, 1200.0 + away_s),),
    )
    analysis = analyze(built)
    for name in ("cadence", "onset", "heart_rate", "respiration", "symmetry"):
        assert ("24 hours" in (analysis.drift[name].why_not or "")) is not told
    assert ("balance_time_s" in analysis.curves) is told
    assert analysis.metric("torque_load") is not None


def test_four_hertz_gives_the_same_drift() -> None:
    beats, power = np.repeat(heart(10.0, noise=1.0), 4), np.repeat(INTERVALS, 4)
    fast = recording(step_s=0.25, power_w=power, cadence_rpm=85.0, heart_rate_bpm=beats)
    slow = intervals_with(heart(10.0, noise=1.0))
    values = [analyze(built).metric("heart_rate_drift_bpm_per_h") for built in (fast, slow)]
    assert values[0] == pytest.approx(values[1], abs=0.1)
