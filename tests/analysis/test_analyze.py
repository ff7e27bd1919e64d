"""One class from end to end: what the analysis object holds, whatever the channels, and that it is stable."""

from __future__ import annotations

import json
import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from telemetry.analysis import METRICS, analyze
from telemetry.errors import BadRider
from telemetry.model import ClassRecording, History, Pause, Rider, Symptoms
from tests.builders import recording, steps

DRIFTS = ["cadence", "heart_rate", "symmetry", "smoothness", "respiration", "onset"]


def full_class(minutes: int = 45, seed: int = 5) -> ClassRecording:
    """A class with every channel, intervals, and noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(minutes * 60.0)
    hard = (time // 120) % 2 == 0
    power = np.where(hard, 210.0, 120.0) + rng.normal(0.0, 8.0, len(time))
    return recording(
        power_w=power.round(),
        cadence_rpm=(np.where(hard, 76.0, 88.0) + rng.normal(0.0, 2.0, len(time))).round(),
        heart_rate_bpm=(90.0 + 0.25 * np.convolve(power, np.ones(60) / 60, "same")).round(),
        right_balance_pct=50.0 + rng.normal(0.0, 1.0, len(time)),
        left_torque_effectiveness_pct=70.0 + rng.normal(0.0, 2.0, len(time)),
        right_torque_effectiveness_pct=71.0 + rng.normal(0.0, 2.0, len(time)),
        left_pedal_smoothness_pct=20.0 + rng.normal(0.0, 1.0, len(time)),
        right_pedal_smoothness_pct=21.0 + rng.normal(0.0, 1.0, len(time)),
        respiration_per_min=20.0 + rng.normal(0.0, 1.0, len(time)),
        standing=((time // 300) % 2).round(),
        posture_known=True,
        single_sided=False,
    )


RIDER = Rider(ftp_w=210.0, mass_kg=70.0, cp_w=200.0, w_prime_j=18000.0, max_hr_bpm=188.0)


def test_a_full_class_has_every_metric_in_the_registry_order() -> None:
    analysis = analyze(full_class(), RIDER)
    assert list(analysis.metrics) == list(METRICS)
    assert list(analysis.drift) == DRIFTS
    for result in analysis.metrics.values():
        assert (result.value is None) != (result.absent_because is None), result.name
        assert result.unit == METRICS[result.name].unit
    assert len(analysis.limits) > 50
    assert analysis.posture["known"]
    assert analysis.posture["standing_s"] + analysis.posture["seated_s"] == pytest.approx(2700.0)


@pytest.mark.parametrize(
    ("single_sided", "stated", "used"), [(None, None, 5), (False, None, 2), (True, None, 10), (True, 3.0, 3)]
)
def test_the_meter_error_that_is_told_is_the_one_the_intervals_come_from(
    single_sided: bool | None, stated: float | None, used: float
) -> None:
    built = recording(**steps([(1800, 150, 80)]), single_sided=single_sided)
    analysis = analyze(built, Rider(meter_error_pct=stated)).to_dict()
    load = analysis["metrics"]["torque_load"]
    assert analysis["rider"]["meter_error_pct"] == used
    assert load["high"] == pytest.approx(load["value"] * (1 + used / 100) ** 2)


@pytest.mark.parametrize("channel", ["power_w", "cadence_rpm", "heart_rate_bpm"])
def test_any_single_channel_makes_an_analysis(channel: str) -> None:
    built = recording(**{channel: 100.0 + np.arange(1500.0) % 7})
    analysis = analyze(built, RIDER)
    assert list(analysis.metrics) == list(METRICS)
    assert analysis.review.state == "not_enough_data"
    assert analysis.review.next_step
    assert analysis.metric("torque_load") is None
    assert analysis.metrics["torque_load"].absent_because
    assert "load_total" not in analysis.curves


@pytest.mark.parametrize("seconds", [0, 1, 2, 30])
def test_next_to_nothing_is_analysed_without_complaint(seconds: int) -> None:
    columns = steps([(seconds, 150, 80)])
    analysis = analyze(recording(**columns, heart_rate_bpm=np.full(seconds, 120.0)), RIDER)
    assert analysis.review.state == "not_enough_data"
    json.dumps(analysis.to_dict(), allow_nan=False)


def test_nothing_is_sized_by_a_pause_of_years() -> None:
    built = full_class()
    away = 43 * 365 * 86400.0
    times = built.array("time_s").copy()
    times[1300:] += away
    samples = built.samples.with_columns(time_s=times)
    paused = replace(built, samples=samples, pauses=(Pause(1300.0, 1300.0 + away),))
    tracemalloc.start()
    analysis = analyze(paused, RIDER)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    assert analysis.metric("work_kj") == pytest.approx(analyze(built, RIDER).metric("work_kj"))
    assert analysis.quality.grade == "good"
    assert analysis.by_minute is not None
    assert len(analysis.by_minute.minute) < 100
    for name in ("heart_rate", "cadence", "symmetry"):
        assert "more than 24 hours" in (analysis.drift[name].why_not or "")
    assert "balance_time_s" not in analysis.curves
    json.dumps(analysis.to_dict(), allow_nan=False)


def test_the_json_holds_plain_finite_values_and_is_the_same_each_time() -> None:
    first, again = (analyze(full_class(), RIDER).to_dict() for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)
    assert first["schema"] == "telemetry.analysis/1"
    assert list(first)[:9] == [
        "schema",
        "recording",
        "rider",
        "quality",
        "metrics",
        "bouts",
        "drift",
        "review",
        "limits",
    ]
    assert set(first["review"]) >= {"state", "flagged", "findings", "unchecked", "baseline"}
    assert len(first["balance"]) >= 2


def test_samples_carry_their_states_and_null_for_nothing() -> None:
    columns = steps([(600, 150, 80)])
    columns["power_w"][100:110] = math.nan
    columns["power_w"][200] = 5000.0
    samples = analyze(recording(**columns), RIDER).samples
    assert samples["power_w"].null_count() > 0
    assert not samples["power_w"].is_nan().any()
    assert samples["power_w_state"][105] == "missing"
    assert samples["power_w_state"][200] in ("masked", "interpolated")
    assert samples["power_w_state"][0] == "measured"
    assert samples["heart_rate_bpm"].null_count() == samples.height
    assert {"time_s", "dt_s", "torque_nm", "pedalling", "in_bout", "torque_smooth_nm"} <= set(samples.columns)


def test_curves_have_the_lengths_of_their_times() -> None:
    analysis = analyze(full_class(), RIDER)
    curves = analysis.curves
    for time, *others in (
        ("load_time_s", "load_total", "load_in_bouts"),
        ("cadence_bin_time_s", "cadence_residual_rpm"),
        ("balance_time_s", "balance_right_pct"),
        ("mmt_duration_s", "mmt_torque_nm"),
        ("swing_range_nm", "swing_cycles"),
    ):
        for name in others:
            assert len(curves[name]) == len(curves[time]), name
    assert len(curves["w_balance_j"]) == analysis.samples.height
    assert curves["load_total"][-1] == pytest.approx(analysis.metric("torque_load"))
    assert (np.diff(curves["load_total"]) >= 0.0).all()


def test_what_only_pictures_need_can_be_left_out_and_no_number_changes() -> None:
    whole, light = analyze(full_class(), RIDER), analyze(full_class(), RIDER, drawable=False)
    assert light.to_dict() == whole.to_dict()
    assert (light.samples, light.curves) == (None, {})
    assert len(whole.samples)
    assert whole.curves


def test_the_worked_class_of_the_metrics_reference_and_its_review() -> None:
    worked = [(600, 100, 90), (300, 180, 75), (180, 240, 55), (120, 90, 85)]
    worked += [(180, 250, 50), (120, 90, 85), (300, 200, 90), (600, 100, 88)]
    analysis = analyze(recording(**steps(worked)), Rider(ftp_w=200.0))
    assert analysis.metric("torque_load") == pytest.approx(72.684, abs=5e-4)
    assert [round(bout.duration_s) for bout in analysis.bouts] == [178, 179]
    assert analysis.review.state == "usual"  # six minutes in bouts just short of three: below both limits
    lower = analyze(recording(**steps(worked)), Rider(ftp_w=200.0, limits={"r2_longest_bout_s": 178.0}))
    assert lower.review.state == "note"
    assert [finding.code for finding in lower.review.findings] == ["R2"]


def test_earlier_classes_wake_the_rules_on_the_riders_own_usual() -> None:
    import datetime as dt

    now = full_class()
    earlier = []
    for week in range(1, 10):
        built = replace(
            full_class(seed=week), id=f"week-{week}", started_at=now.started_at - dt.timedelta(weeks=week)
        )
        earlier.append(analyze(built, RIDER))
    unchecked = {item.rule for item in analyze(now, RIDER).review.unchecked}
    assert {"R1", "R2", "R5"} <= unchecked
    known = analyze(now, RIDER, history=earlier)
    assert not {"R1", "R2", "R5"} & {item.rule for item in known.review.unchecked}
    assert known.review.state == "usual"
    assert known.review.baseline["n"] == 9
    # the mappings of their JSON say the same
    told = analyze(now, RIDER, history=History(tuple(item.to_dict() for item in earlier)))
    assert told.to_dict() == known.to_dict()
    heavy = replace(now, samples=now.samples.with_columns(now.samples["power_w"] * 1.4))
    found = analyze(heavy, RIDER, history=earlier).review
    assert "R1" in {item.code for item in found.findings}


def test_pain_and_diary_reach_the_review() -> None:
    assert analyze(full_class(), RIDER, symptoms=Symptoms(7.0)).review.state == "review"
    diary = [{"kind": "pain", "at": full_class().started_at, "value": 8}]
    assert analyze(full_class(), RIDER, diary=diary).review.state == "review"
    assert analyze(full_class(), RIDER, history=History(diary=tuple(diary))).review.state == "review"


def test_a_wrong_limit_is_named() -> None:
    with pytest.raises(BadRider, match="r2_grinding_min"):
        analyze(full_class(), Rider(limits={"r2_grindin_min": 5.0}))


def test_the_recording_is_never_changed() -> None:
    built = full_class()
    before = built.samples.clone()
    analyze(built, RIDER)
    assert built.samples.equals(before, null_equal=True)


def test_power_of_zero_throughout_is_absent_from_every_metric_and_the_next_step_is_a_power_meter() -> None:
    heart = 130.0 + np.random.default_rng(2).normal(0.0, 3.0, 1800).round()
    dead = recording(power_w=np.zeros(1800), cadence_rpm=np.full(1800, 85.0), heart_rate_bpm=heart)
    analysis = analyze(dead)
    for name in (
        "torque_load",
        "grinding_min",
        "work_kj",
        "mean_power_w",
        "mmt_60s_nm",
        "heart_rate_drift_bpm_per_h",
    ):
        assert analysis.metric(name) is None, name
        assert analysis.metrics[name].absent_because
    assert analysis.metric("mean_heart_rate_bpm") == pytest.approx(130.0, abs=1.0)
    assert not analysis.drift["heart_rate"].applicable
    assert analysis.review.state == "not_enough_data"
    assert analysis.review.next_step.startswith("This bike sent no power")
    assert analysis.quality.reasons == ("power is 0 W throughout: no power meter was connected",)
    assert "power_w" in analysis.recording.channels  # what the file holds stays as it is
    assert analysis.samples["power_w"].is_null().all()


def test_one_watt_in_a_class_is_a_power_meter_that_was_connected() -> None:
    power = np.zeros(1800)
    power[900] = 1.0
    assert analyze(recording(power_w=power, cadence_rpm=np.full(1800, 85.0))).metric(
        "work_kj"
    ) == pytest.approx(0.001)
