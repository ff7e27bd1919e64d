"""The back-risk review: each rule at its edge, each state and its precedence, and what silence means."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Any

import pytest

from telemetry.analysis import history
from telemetry.analysis.limits import Limits
from telemetry.analysis.metric_rows import result
from telemetry.analysis.review import review
from telemetry.analysis.rules import RULES, Facts
from telemetry.errors import BadInput
from telemetry.model import BalanceBin, Bout, Finding, History, MetricResult, Quality, Review, Symptoms
from tests.builders import STARTED_AT

GOOD = Quality("good", {"power_w": 1.0})
CHANNELS = ("power_w", "cadence_rpm", "heart_rate_bpm")

QUIET = {
    "torque_load": 50.0,
    "pedalling_min": 45.0,
    "grinding_min": 0.0,
    "grinding_longest_s": 0.0,
    "grinding_strokes": 0.0,
    "grinding_late_share_pct": None,
    "grinding_late_strokes": 0.0,
    "heart_rate_drift_bpm_per_h": 2.0,
    "cadence_drift_class_rpm_per_min": 0.0,
    "right_balance_pct": None,
}


def metrics(**changed: float | tuple[float, float, float] | None) -> dict[str, MetricResult]:
    """A class with nothing in it, and what a test changes: a value, (value, low, high), or None."""
    rows = {}
    for name, value in {**QUIET, **changed}.items():
        if value is None:
            rows[name] = result(name, None, absent_because=f"{name} was not measured")
        elif isinstance(value, tuple):
            rows[name] = result(name, value[0], low=value[1], high=value[2])
        else:
            rows[name] = result(name, value, low=value - 1.0, high=value + 1.0)
    return rows


def facts(limits: dict[str, float] | None = None, **more: Any) -> Facts:
    known = {
        "metrics": metrics(),
        "limits": Limits(limits),
        "duration_s": 2700.0,
        "started_at": STARTED_AT,
        "torque_reference_nm": 22.0,
        "torque_reference_source": "FTP 207 W at 90 rpm (rider file)",
    }
    return Facts(**{**known, **more})


def judged(given: Facts | None = None, quality: Quality = GOOD, **more: Any) -> Review:
    return review(given or facts(), quality, CHANNELS, **more)


def finding(given: Facts, code: str) -> Finding | None:
    return next((item for item in judged(given).findings if item.code == code), None)


def bout(start_s: float, stop_s: float) -> Bout:
    return Bout("grinding", start_s, stop_s, stop_s - start_s, 90.0, 10.0, 4.0, 55.0, 35.0)


def past(days_ago: float, *, torque_load: float = 60.0, **more: Any) -> history.PastClass:
    known = {
        "started_at": STARTED_AT - dt.timedelta(days=days_ago),
        "torque_load": torque_load,
        "torque_reference_nm": 22.0,
        "reference_kind": "ftp",
        "grinding_strokes": 100.0,
        "pedalling_min": 45.0,
        "usable": True,
        "power_measured": True,
        "balance": (),
    }
    return history.PastClass(**{**known, **more})


BASELINE = (62.0, 70.0, 58.0, 66.0, 73.0, 61.0, 69.0, 64.0)


def months(loads: tuple[float, ...] = BASELINE, **more: Any) -> tuple[history.PastClass, ...]:
    """Weekly classes that end a week before the one at hand."""
    return tuple(past(7.0 * (len(loads) - i), torque_load=load, **more) for i, load in enumerate(loads))


# --- states -------------------------------------------------------------------------------------------------


def test_a_quiet_class_is_usual_and_says_what_was_not_checked() -> None:
    found = judged()
    assert (found.state, found.flagged, found.findings) == ("usual", False, ())
    assert {item.rule for item in found.unchecked} == {"R1", "R2", "R5", "R6"}
    assert "could be checked" in found.summary
    assert "R1, R2, R5, R6" in found.summary


def test_one_reason_is_a_note_and_two_are_a_review() -> None:
    one = judged(facts(metrics=metrics(grinding_min=9.0)))
    assert (one.state, one.flagged) == ("note", False)
    two = judged(facts(metrics=metrics(grinding_min=9.0, heart_rate_drift_bpm_per_h=(9.0, 1.0, 17.0))))
    assert (two.state, two.flagged) == ("review", True)
    assert [item.code for item in two.findings] == ["R2", "R4"]
    assert "2 reasons" in two.summary


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"grinding_min": 15.9}, "note"),
        ({"grinding_min": 16.0}, "review"),
        ({"grinding_longest_s": 359.0}, "note"),
        ({"grinding_longest_s": 360.0}, "review"),
    ],
)
def test_grinding_at_twice_its_limit_is_a_review_by_itself(changed: dict[str, float], state: str) -> None:
    found = judged(facts(metrics=metrics(**changed)))
    assert found.state == state
    assert ("2 times its limit or more" in found.summary) is (state == "review")


def test_the_factor_is_a_limit_of_its_own() -> None:
    given = facts({"review_factor": 3.0}, metrics=metrics(grinding_min=16.0))
    assert judged(given).state == "note"
    assert judged(facts({"review_reasons": 1.0}, metrics=metrics(grinding_min=9.0))).state == "review"


def test_pain_alone_is_a_review_even_where_data_are_thin() -> None:
    thin = facts(metrics=metrics(pedalling_min=5.0), symptoms=Symptoms(7.0, None))
    found = judged(thin)
    assert (found.state, found.flagged) == ("review", True)
    assert found.questions


def test_any_yes_stands_above_everything() -> None:
    given = facts(metrics=metrics(grinding_min=20.0), symptoms=Symptoms(8.0, 2.0))
    found = judged(given, screening={"night_pain": True, "fever": False})
    assert (found.state, found.flagged) == ("see_clinician", True)
    assert "medical review" in found.statement
    assert "emergency" not in found.statement
    assert found.next_step == ""
    assert found.questions == ()
    assert judged(given, screening={"night_pain": False}).state == "review"


@pytest.mark.parametrize(
    ("given", "quality"),
    [
        (facts(metrics=metrics(pedalling_min=9.9)), GOOD),
        (facts(), Quality("not_usable", {}, reasons=("power is missing for most of it",))),
        (
            facts(
                metrics=metrics(
                    grinding_min=None,
                    grinding_longest_s=None,
                    grinding_strokes=None,
                    grinding_late_strokes=None,
                )
            ),
            GOOD,
        ),
    ],
)
def test_too_little_data_is_said_with_what_to_do(given: Facts, quality: Quality) -> None:
    found = judged(given, quality)
    assert (found.state, found.flagged) == ("not_enough_data", False)
    assert found.next_step


def test_ten_minutes_of_pedalling_are_enough() -> None:
    assert judged(facts(metrics=metrics(pedalling_min=10.0))).state == "usual"


def test_too_little_data_stands_above_two_reasons() -> None:
    given = facts(metrics=metrics(grinding_min=9.0, grinding_longest_s=200.0, pedalling_min=9.0))
    assert judged(given).state == "not_enough_data"


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        (("power_w",), "sent no cadence"),
        (("cadence_rpm", "heart_rate_bpm"), "sent no power"),
        (("heart_rate_bpm",), "neither power nor cadence"),
        ((), "neither power nor cadence nor heart rate"),
        (("torque_nm", "cadence_rpm"), "Too little of this class"),
    ],
)
def test_the_next_step_names_what_the_bike_did_not_send(channels: tuple[str, ...], says: str) -> None:
    given = facts(metrics=metrics(grinding_min=None, grinding_longest_s=None, grinding_strokes=None))
    assert says in review(given, Quality("not_usable", {}), channels).next_step


# --- R1 -----------------------------------------------------------------------------------------------------


def test_the_worked_baseline_on_the_raw_scale() -> None:
    chart = history.xmr(BASELINE)
    assert chart.mean == 65.375
    assert chart.mean_range == pytest.approx(8.5714, abs=5e-5)
    assert (chart.low, chart.high) == pytest.approx((42.575, 88.175), abs=5e-4)
    assert chart.sigma == pytest.approx(7.5988, abs=5e-5)
    assert (95.0 - chart.mean) / chart.sigma == pytest.approx(3.899, abs=5e-4)


def test_a_load_above_the_riders_own_limits_is_a_reason() -> None:
    usual = history.usual_torque_load(months(), 22.0, "ftp", STARTED_AT, Limits())
    assert not isinstance(usual, str)
    chart = history.xmr([math.log(load) for load in BASELINE])
    assert usual.limit == pytest.approx(math.exp(chart.high))
    assert len(usual.classes) == 8
    for load, hit in ((usual.limit, False), (usual.limit * 1.001, True)):
        found = finding(facts(metrics=metrics(torque_load=load), past=months()), "R1")
        assert (found is not None) is hit
    assert found is not None
    assert (found.unit, found.evidence) == ("TL", "C")
    assert "8 baseline classes" in found.message


def test_the_baseline_freezes_at_twelve_classes() -> None:
    loads = (60.0, 64.0) * 6
    usual = history.usual_torque_load(months((*loads, 300.0, 10.0)), 22.0, "ftp", STARTED_AT, Limits())
    first = history.usual_torque_load(months(loads), 22.0, "ftp", STARTED_AT, Limits())
    assert not isinstance(usual, str)
    assert not isinstance(first, str)
    assert usual.limit == first.limit


@pytest.mark.parametrize(
    "unfit",
    [
        {"usable": False},
        {"power_measured": False},
        {"pedalling_min": 19.0},
        {"reference_kind": "body"},
        {"torque_load": 0.0},
        {"torque_load": None},
    ],
)
def test_what_does_not_qualify_is_no_baseline(unfit: dict[str, Any]) -> None:
    rows = [replace(row, **unfit) if i == 3 else row for i, row in enumerate(months())]
    seven = history.usual_torque_load(rows, 22.0, "ftp", STARTED_AT, Limits())
    assert isinstance(seven, str) or seven.how == "median"


def test_below_eight_classes_the_median_of_28_days_decides() -> None:
    three = (past(20, torque_load=40.0), past(13, torque_load=60.0), past(6, torque_load=50.0))
    for load, hit in ((75.0, False), (75.1, True)):
        found = finding(facts(metrics=metrics(torque_load=load), past=three), "R1")
        assert (found is not None) is hit
    assert found is not None
    assert "1.5 times the median" in found.message
    old = (past(29.0, torque_load=40.0), *three[1:])
    reasons = {item.rule: item.reason for item in judged(facts(past=old)).unchecked}
    assert "no baseline" in reasons["R1"]


def test_loads_of_another_threshold_are_rescaled() -> None:
    twice = tuple(replace(row, torque_reference_nm=44.0) for row in months())
    plain = history.usual_torque_load(months(), 22.0, "ftp", STARTED_AT, Limits())
    scaled = history.usual_torque_load(twice, 22.0, "ftp", STARTED_AT, Limits())
    assert not isinstance(plain, str)
    assert not isinstance(scaled, str)
    assert scaled.limit == pytest.approx(4.0 * plain.limit)


# --- R2 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "hit"),
    [
        ({"grinding_min": 7.99}, False),
        ({"grinding_min": 8.0}, True),
        ({"grinding_longest_s": 179.0}, False),
        ({"grinding_longest_s": 180.0}, True),
    ],
)
def test_grinding_at_its_edges(changed: dict[str, float], hit: bool) -> None:
    assert (finding(facts(metrics=metrics(**changed)), "R2") is not None) is hit


def test_the_largest_multiple_leads_and_the_others_follow_in_the_message() -> None:
    bouts = (bout(600.0, 900.0), bout(1500.0, 1710.0))
    found = finding(facts(metrics=metrics(grinding_min=8.5, grinding_longest_s=300.0), bouts=bouts), "R2")
    assert found is not None
    assert (found.value, found.limit, found.unit) == (300.0, 180.0, "s")
    assert (found.start_s, found.stop_s) == (600.0, 900.0)
    assert found.message.startswith("The longest stretch of slow, heavy pedalling lasted 5 min")
    assert "8.5 minutes" in found.message
    found = finding(facts(metrics=metrics(grinding_min=20.0, grinding_longest_s=300.0), bouts=bouts), "R2")
    assert found is not None
    assert (found.value, found.unit) == (20.0, "min")
    assert (found.start_s, found.stop_s) == (600.0, 1710.0)


@pytest.mark.parametrize(
    ("strokes", "minutes", "hit"), [(190.0, 2.0, False), (190.1, 2.0, True), (190.1, 1.99, False)]
)
def test_more_strokes_than_in_own_earlier_classes(strokes: float, minutes: float, hit: bool) -> None:
    rows = tuple(
        replace(row, grinding_strokes=100.0 + 10.0 * i) for i, row in enumerate(months((60.0,) * 11))
    )
    assert history.own_percentile(rows, 90.0, 8) == (190.0, 11)
    found = finding(facts(metrics=metrics(grinding_strokes=strokes, grinding_min=minutes), past=rows), "R2")
    assert (found is not None) is hit
    if found is not None:
        assert "about 17 of 100" in found.message  # its own false-alarm rate is printed


def test_eight_earlier_classes_make_a_percentile() -> None:
    reasons = [
        item.reason for item in judged(facts(past=months(BASELINE[:7]))).unchecked if item.rule == "R2"
    ]
    assert reasons == ["own earlier classes: 7 earlier classes with torque are known and 8 are needed"]
    assert not [item for item in judged(facts(past=months())).unchecked if item.rule == "R2"]


def test_a_stable_rider_passes_the_percentile_as_often_as_is_printed() -> None:
    import numpy as np

    rng = np.random.default_rng(10)
    draws = rng.normal(size=(20_000, 9))
    passed = (draws[:, 8] > np.percentile(draws[:, :8], 90.0, axis=1)).mean()
    assert history.passes_by_itself(8, 90.0) == pytest.approx(passed, abs=0.02)


# --- R3 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "strokes", "hit"),
    [(50.0, 300.0, True), (49.9, 300.0, False), (50.0, 299.0, False), (None, 0.0, False)],
)
def test_late_loading_needs_both_its_limits(share: float | None, strokes: float, hit: bool) -> None:
    given = facts(metrics=metrics(grinding_late_share_pct=share, grinding_late_strokes=strokes))
    assert (finding(given, "R3") is not None) is hit
    assert "R3" not in {item.rule for item in judged(given).unchecked}


def test_late_loading_names_the_minutes_after_thirty() -> None:
    bouts = (bout(300.0, 400.0), bout(1750.0, 1900.0), bout(2300.0, 2400.0))
    given = facts(metrics=metrics(grinding_late_share_pct=60.0, grinding_late_strokes=900.0), bouts=bouts)
    found = finding(given, "R3")
    assert found is not None
    assert (found.start_s, found.stop_s) == (1800.0, 2400.0)
    assert (found.value, found.limit, found.unit) == (900.0, 300.0, "strokes")
    assert "60 %" in found.message


# --- R4 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drift", "hit"),
    [
        ((8.0, 0.1, 16.0), True),
        ((7.9, 3.0, 12.0), False),
        ((12.0, 0.0, 24.0), False),
        ((-12.0, -20.0, -4.0), False),
    ],
)
def test_heart_rate_drift_needs_its_size_and_its_interval(
    drift: tuple[float, float, float], hit: bool
) -> None:
    assert (finding(facts(metrics=metrics(heart_rate_drift_bpm_per_h=drift)), "R4") is not None) is hit


@pytest.mark.parametrize(
    ("drift", "hit"),
    [
        ((-0.15, -0.25, -0.01), True),
        ((-0.14, -0.2, -0.1), False),
        ((-0.3, -0.6, 0.0), False),
        ((0.3, 0.1, 0.5), False),
    ],
)
def test_cadence_against_the_class_needs_its_size_and_its_interval(
    drift: tuple[float, float, float], hit: bool
) -> None:
    found = finding(facts(metrics=metrics(cadence_drift_class_rpm_per_min=drift)), "R4")
    assert (found is not None) is hit
    if found is not None:
        assert (found.value, found.limit) == (-0.15, -0.15)


def test_cadence_measured_alone_never_feeds_the_rule() -> None:
    rows = metrics(cadence_drift_class_rpm_per_min=None)
    rows["cadence_drift_rpm_per_min"] = result("cadence_drift_rpm_per_min", -2.0, low=-2.5, high=-1.5)
    found = judged(facts(metrics=rows))
    assert found.state == "usual"
    reasons = [item.reason for item in found.unchecked if item.rule == "R4"]
    assert reasons == ["cadence against the class: cadence_drift_class_rpm_per_min was not measured"]


# --- R5 -----------------------------------------------------------------------------------------------------


def sides(right_pct: float) -> tuple[BalanceBin, ...]:
    return (BalanceBin(10.0, 20.0, right_pct, 600.0), BalanceBin(20.0, 30.0, right_pct - 1.0, 300.0))


def balanced(spread: float = 0.5) -> tuple[history.PastClass, ...]:
    rows = months()
    return tuple(replace(row, balance=sides(50.0 + spread * (-1) ** i)) for i, row in enumerate(rows))


@pytest.mark.parametrize(("points", "hit"), [(3.9, False), (4.0, True), (-4.0, True)])
def test_the_share_at_the_same_torque_against_the_riders_own(points: float, hit: bool) -> None:
    found = finding(facts(balance_bins=sides(50.0 + points), past=balanced()), "R5")
    assert (found is not None) is hit
    if found is not None:
        assert found.value == pytest.approx(4.0)
        assert ("right leg" in found.message) is (points > 0)


def test_a_share_that_always_swings_is_no_change() -> None:
    assert finding(facts(balance_bins=sides(54.0), past=balanced(spread=3.0)), "R5") is None


def test_other_torques_are_not_compared() -> None:
    elsewhere = (BalanceBin(40.0, 50.0, 60.0, 600.0),)
    reasons = {
        item.rule: item.reason for item in judged(facts(balance_bins=elsewhere, past=balanced())).unchecked
    }
    assert "no torque of this class" in reasons["R5"]


def test_without_balance_or_earlier_classes_the_rule_is_unchecked() -> None:
    reasons = {item.rule: item.reason for item in judged().unchecked}
    assert reasons["R5"] == "right_balance_pct was not measured"
    reasons = {item.rule: item.reason for item in judged(facts(balance_bins=sides(50.0))).unchecked}
    assert "0 earlier classes with balance" in reasons["R5"]


# --- R6 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symptoms", "hit"),
    [
        (Symptoms(6.9, None), False),
        (Symptoms(7.0, None), True),
        (Symptoms(4.0, 2.1), False),
        (Symptoms(4.0, 2.0), True),
        (Symptoms(None, 2.0), False),
    ],
)
def test_pain_at_its_edges(symptoms: Symptoms, hit: bool) -> None:
    found = finding(facts(symptoms=symptoms), "R6")
    assert (found is not None) is hit
    if found is not None:
        assert found.evidence == "B"


def test_pain_without_a_usual_leaves_its_rise_unchecked() -> None:
    reasons = [item.reason for item in judged(facts(symptoms=Symptoms(3.0))).unchecked if item.rule == "R6"]
    assert reasons == ["rise over the usual: the rider's usual pain is not known"]


def test_pain_of_a_class_is_taken_from_the_diary() -> None:
    def entry(hours: float, value: float, kind: str = "pain") -> dict[str, Any]:
        return {"kind": kind, "at": (STARTED_AT + dt.timedelta(hours=hours)).isoformat(), "value": value}

    diary = [entry(-72, 2), entry(-48, 1), entry(-24, 3), entry(0.5, 4), entry(24.7, 6), entry(24.8, 9)]
    found = history.symptoms_of_class(None, diary, STARTED_AT, 2700.0)
    assert found == Symptoms(6.0, 2.0)  # 24 h after the end still belong to it
    assert history.symptoms_of_class(None, diary[1:], STARTED_AT, 2700.0).usual_pain is None
    assert history.symptoms_of_class(None, [entry(0.5, 4, "treatment")], STARTED_AT, 2700.0) == Symptoms()
    told = history.symptoms_of_class(Symptoms(1.0, None), diary, STARTED_AT, 2700.0)
    assert told == Symptoms(1.0, 2.0)


@pytest.mark.parametrize("nonsense", [-1, 11, "much", True, math.nan])
def test_pain_outside_its_scale_is_named(nonsense: Any) -> None:
    with pytest.raises(BadInput, match="expected 0 to 10"):
        history.symptoms_of_class(Symptoms(nonsense), (), STARTED_AT, 2700.0)
    entry = {"kind": "pain", "at": STARTED_AT, "value": nonsense}
    with pytest.raises(BadInput, match="diary, pain"):
        history.symptoms_of_class(None, [entry], STARTED_AT, 2700.0)


# --- history ------------------------------------------------------------------------------------------------


def analysed(days_ago: float, **more: Any) -> dict[str, Any]:
    return {
        "recording": {
            "started_at": (STARTED_AT - dt.timedelta(days=days_ago)).isoformat(),
            "channels": ["power_w", "cadence_rpm"],
        },
        "rider": {"torque_reference_nm": 22.0, "torque_reference_source": "FTP 207 W at 90 rpm (library)"},
        "quality": {"grade": "good"},
        "metrics": {"torque_load": {"value": 60.0}, "pedalling_min": {"value": 45.0}},
        "balance": [{"low_nm": 10.0, "high_nm": 20.0, "right_pct": 50.0, "seconds": 90.0}],
        **more,
    }


def test_only_classes_before_this_one_count() -> None:
    entries = (analysed(1), analysed(3), analysed(0), analysed(-2))
    rows = history.past_classes(History(entries), STARTED_AT)
    assert [(STARTED_AT - row.started_at).days for row in rows] == [3, 1]
    assert rows[0].reference_kind == "ftp"
    assert rows[0].balance[0].right_pct == 50.0
    early = History(entries, as_of=STARTED_AT - dt.timedelta(days=2))
    assert len(history.past_classes(early, STARTED_AT)) == 1


def test_a_class_without_a_date_has_no_history() -> None:
    assert history.past_classes(History((analysed(1),)), None) == ()
    undated = analysed(1)
    undated["recording"]["started_at"] = None
    assert history.past_classes(History((undated,)), STARTED_AT) == ()
    reasons = {item.rule: item.reason for item in judged(facts(started_at=None)).unchecked}
    assert "no date" in reasons["R1"]


@pytest.mark.parametrize("nonsense", [3, {"metrics": {}}, "class.json"])
def test_nonsense_in_the_history_is_named(nonsense: Any) -> None:
    with pytest.raises(BadInput, match="history: an entry of the history is no analysis"):
        history.past_classes(History((nonsense,)), STARTED_AT)


def test_an_unreadable_time_is_named() -> None:
    with pytest.raises(BadInput, match="a time is not readable"):
        history.moment("last Tuesday")
    with pytest.raises(BadInput, match="a time is not readable"):
        history.moment(12)


# --- all rules ----------------------------------------------------------------------------------------------


def test_there_are_six_rules_in_order() -> None:
    assert [rule.code for rule in RULES] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert {rule.code: rule.evidence for rule in RULES} == {
        "R1": "C",
        "R2": "D",
        "R3": "D",
        "R4": "C",
        "R5": "D",
        "R6": "B",
    }


def test_without_any_input_every_rule_is_unchecked_with_a_reason() -> None:
    nothing = facts(metrics={name: metrics(**{name: None})[name] for name in QUIET})
    found = judged(nothing)
    assert found.state == "not_enough_data"
    assert {item.rule for item in found.unchecked} == {rule.code for rule in RULES}
    assert all(item.reason for item in found.unchecked)


def test_an_overridden_limit_moves_its_rule() -> None:
    given = facts({"r2_grinding_min": 5.0}, metrics=metrics(grinding_min=5.0))
    found = finding(given, "R2")
    assert found is not None
    assert found.limit == 5.0
    assert "the limit is 5" in found.message
