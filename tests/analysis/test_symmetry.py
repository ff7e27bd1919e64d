"""Left and right: levels and drift at matched torque, dual-sided only, and a hint that only asks."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.analysis import analyze, symmetry
from telemetry.analysis.conditioning import condition
from telemetry.analysis.context import resolve
from telemetry.model import ClassRecording, Rider
from tests.builders import recording

TIME = np.arange(2700.0)
HARD = (TIME // 120) % 2 == 0


def scatter(sd: float, seed: int) -> np.ndarray:
    """Noise of its own for each series: one generator for all would hand on the order of the tests."""
    return np.random.default_rng(seed).normal(0.0, sd, 2700)


POWER = np.where(HARD, 220.0, 120.0) + scatter(4.0, 1)
CADENCE = np.where(HARD, 80.0, 88.0) + scatter(1.0, 2)


def dual(right: np.ndarray | float | None, **more: object) -> ClassRecording:
    more = {"single_sided": False, "balance_convention": "right_flag", **more}
    return recording(power_w=POWER, cadence_rpm=CADENCE, right_balance_pct=right, **more)


def test_the_mean_share_is_weighted_by_power_and_read_from_fifty_watts() -> None:
    power = np.array([100.0, 300.0, 40.0] * 200)
    right = np.array([50.0, 54.0, 90.0] * 200)
    built = recording(power_w=power, cadence_rpm=85.0, right_balance_pct=right, single_sided=False)
    analysis = analyze(built)
    assert analysis.metric("right_balance_pct") == pytest.approx((100 * 50 + 300 * 54) / 400)
    low = analyze(built, Rider(limits={"balance_min_power_w": 40.0}))
    assert low.metric("right_balance_pct") == pytest.approx((100 * 50 + 300 * 54 + 40 * 90) / 440)


def test_a_share_that_moves_two_points_an_hour_says_so() -> None:
    right = 50.0 + 2.0 * TIME / 3600.0 + np.where(HARD, -1.0, 1.0) + scatter(1.0, 3)
    analysis = analyze(dual(right))
    found = analysis.metrics["right_balance_drift_points"]
    assert found.value == pytest.approx(2.0, abs=0.3)
    assert found.low < 2.0 < found.high
    assert analysis.drift["symmetry"].value == found.value
    assert "no agreed limit" in analysis.drift["symmetry"].detail
    assert analysis.metric("right_balance_torque_points") == pytest.approx(-2.0, abs=0.5)
    times, shares = analysis.curves["balance_time_s"], analysis.curves["balance_right_pct"]
    assert times[0] == 15.0
    assert shares[0] == pytest.approx(right[:30].mean(), abs=0.1)


def test_most_of_what_a_programme_does_to_the_share_is_taken_out() -> None:
    # all the hard work comes late and hard work is one-sided: the raw share drifts by 8 points an hour
    late = TIME > 1350
    power = np.where(late, 240.0, 120.0) + scatter(4.0, 4)
    right = np.where(late, 53.0, 50.0) + scatter(0.5, 5)
    raw = np.polyfit(TIME / 3600.0, right, 1)[0]
    built = recording(power_w=power, cadence_rpm=CADENCE, right_balance_pct=right, single_sided=False)
    assert abs(analyze(built).metric("right_balance_drift_points")) < raw / 4.0


@pytest.mark.parametrize(
    ("built", "reason"),
    [
        (dual(None), "no left/right balance"),
        (dual(51.0 + scatter(1.0, 6), single_sided=True), "single-sided"),
        (dual(50.0), "never changes"),
    ],
)
def test_without_both_cranks_there_is_no_share_and_a_reason(built: ClassRecording, reason: str) -> None:
    analysis = analyze(built)
    for name in ("right_balance_pct", "right_balance_drift_points", "right_balance_torque_points"):
        assert analysis.metrics[name].value is None
        assert reason in (analysis.metrics[name].absent_because or "")
    assert not analysis.drift["symmetry"].applicable
    assert reason in (analysis.drift["symmetry"].why_not or "")
    assert analysis.balance_bins == ()
    assert "balance_time_s" not in analysis.curves


def test_a_class_below_fifty_watts_has_no_share() -> None:
    built = recording(power_w=np.full(600, 40.0), cadence_rpm=85.0, right_balance_pct=TIME[:600] % 3 + 49)
    assert "reached the power" in (analyze(built).metrics["right_balance_pct"].absent_because or "")


def test_a_file_that_does_not_name_its_side_is_said_to() -> None:
    right = 51.0 + scatter(1.0, 7)
    detail = analyze(dual(right, balance_convention="left_unflagged")).drift["symmetry"].detail
    assert "right may be left" in detail


def test_each_field_drifts_by_itself() -> None:
    more = {
        "left_pedal_smoothness_pct": 20.0 - 3.0 * TIME / 3600.0 + scatter(0.5, 8),
        "right_torque_effectiveness_pct": 70.0 + 5.0 * TIME / 3600.0 + scatter(0.5, 9),
    }
    analysis = analyze(dual(None, **more))
    assert analysis.metric("left_pedal_smoothness_drift_points") == pytest.approx(-3.0, abs=0.2)
    assert analysis.metric("right_torque_effectiveness_drift_points") == pytest.approx(5.0, abs=0.2)
    assert analysis.metrics["combined_pedal_smoothness_drift_points"].absent_because == "not recorded"
    drift = analysis.drift["smoothness"]
    assert drift.value == analysis.metric("left_pedal_smoothness_drift_points")
    effectiveness = analysis.metric("right_torque_effectiveness_drift_points")
    assert f"right torque effectiveness +{effectiveness:.1f} points/h" in drift.detail
    assert "never mixed" in drift.detail
    silent = analyze(dual(None)).drift["smoothness"]
    assert silent.value is None
    assert not silent.applicable


def test_short_classes_have_a_share_and_no_drift() -> None:
    built = recording(
        power_w=POWER[:900],
        cadence_rpm=CADENCE[:900],
        right_balance_pct=51.0 + TIME[:900] % 2,
        left_pedal_smoothness_pct=20.0 + TIME[:900] % 2,
        single_sided=False,
    )
    analysis = analyze(built)
    assert analysis.metric("right_balance_pct") == pytest.approx(51.5, abs=0.1)
    for name in ("right_balance_drift_points", "left_pedal_smoothness_drift_points"):
        assert "under 20 minutes" in (analysis.metrics[name].absent_because or "")
    assert not analysis.drift["symmetry"].applicable
    assert not analysis.drift["smoothness"].applicable


def test_torque_bins_are_fixed_and_need_a_minute() -> None:
    torque = np.repeat([15.0, 25.0, 35.0], [120, 60, 59])
    weights = np.ones(len(torque))
    bins = symmetry.by_torque(torque, np.full(len(torque), 51.0), weights, weights)
    assert [(item.low_nm, item.high_nm, item.seconds) for item in bins] == [(10, 20, 120), (20, 30, 60)]
    assert symmetry.by_torque(torque, np.full(len(torque), np.nan), weights, weights) == ()


# --- the hint -----------------------------------------------------------------------------------------------


def efforts(count: int, *, shift: float = 5.0, returns: bool = True, seconds: int = 60) -> ClassRecording:
    """Easy riding with `count` efforts above 200 W in which the right share moves away."""
    power, right = [np.full(300, 90.0)], [np.full(300, 50.0)]
    for _ in range(count):
        power += [np.full(seconds, 260.0), np.full(240, 90.0)]
        right += [np.full(seconds, 50.0 - shift), np.full(240, 50.0 if returns else 50.0 - shift)]
    p, r = np.concatenate(power), np.concatenate(right)
    wobble = np.tile([0.0, 0.2], len(p))[: len(p)]
    return recording(
        power_w=p + wobble, cadence_rpm=85.0 + wobble, right_balance_pct=r + wobble, single_sided=False
    )


def hints(built: ClassRecording, ftp_w: float | None = 200.0) -> int:
    rider = Rider(ftp_w=ftp_w)
    return symmetry.effort_hint(condition(built), resolve(built, rider))


def test_three_efforts_that_move_the_share_and_let_it_back_open_a_question() -> None:
    assert hints(efforts(3)) == 3
    review = analyze(efforts(3), Rider(ftp_w=200.0)).review
    assert any("only opens a question" in text for text in review.questions)
    assert not any(finding.code == "R5" for finding in review.findings)
    assert analyze(efforts(2), Rider(ftp_w=200.0)).review.questions == ()


@pytest.mark.parametrize(
    ("built", "count"),
    [
        (efforts(3, shift=4.2), 3),
        (efforts(3, shift=3.8), 0),
        (efforts(3, returns=False), 0),
        (efforts(3, seconds=15), 0),
    ],
)
def test_the_hint_at_its_edges(built: ClassRecording, count: int) -> None:
    assert hints(built) == count


def test_without_threshold_power_or_both_cranks_there_is_no_hint() -> None:
    assert hints(efforts(3), ftp_w=None) == 0
    assert hints(dual(None)) == 0
