"""A rider's months as a whole: what is recovered, what stays silent, what an earlier day said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import telemetry
from fixtures.cohort import COHORT, STORIES, make, text
from telemetry.analysis import analyze, analyze_trends
from telemetry.analysis.history import history_as_of, past_class, past_classes
from telemetry.analysis.limits import TREND_ROWS
from telemetry.analysis.wording import SCREENING, URGENCY_TEXTS
from telemetry.errors import BadInput, BadRider
from telemetry.model import (
    Comment,
    Confounder,
    Diary,
    History,
    OwnLimit,
    Phase,
    Questionnaire,
    Screening,
    TrendAnalysis,
)
from tests.analysis.months import at, pain, row, rows, treated

CLASSES = Path(__file__).parents[2] / "fixtures" / "classes"
UNTIL = date(2026, 4, 26)


def of(name: str, **more: object) -> TrendAnalysis:
    story = next(story for story in STORIES if story.name == name)
    member = make(replace(story, **more))  # type: ignore[arg-type]
    return analyze_trends(
        member.classes, member.diary, as_of=member.as_of, zone=member.zone, weeks=story.weeks
    )


def trend(diary: Diary | None = None, **more: object) -> TrendAnalysis:
    given = {"as_of": UNTIL, "weeks": 16, "history": rows([60.0, 64.0, 58.0] * 8), **more}
    return analyze_trends(given.pop("history"), diary, **given)  # type: ignore[arg-type]


# --- the cohort ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_cohort_s_files_are_what_the_generator_makes(story: object) -> None:
    name = story.name  # type: ignore[attr-defined]
    assert (COHORT / f"{name}.json").read_text(encoding="utf-8") == text(make(story))  # type: ignore[arg-type]


def test_nothing_is_found_where_there_is_nothing() -> None:
    found = of("no_link")
    assert not any(lag.stands_out for move in found.co_movement for lag in move.lags)
    assert found.relief.median_days is None
    assert found.onset.best is None
    assert found.settings == ()
    assert all(change.reached == "no" for change in found.changes)
    for item in found.comparisons:
        if item.low is not None and item.high is not None:
            assert item.low <= 0.5 <= item.high


def test_a_sparse_record_says_why_it_is_silent() -> None:
    found = of("sparse")
    assert found.chart.state == "none"
    assert found.chart.why_not is not None
    assert all(lag.why_not for move in found.co_movement for lag in move.lags)
    assert "8 are needed" in found.onset.says
    assert found.relief.median_why_not is not None
    assert found.comparisons == found.changes == ()
    assert len(found.weeks) >= 10


def test_each_story_is_recovered() -> None:
    assert of("follows_load").co_movement[0].lags[1].stands_out
    assert of("relief_cycles").relief.median_days == pytest.approx(9.0, abs=2.0)
    assert of("grinding_onset").onset.best == "grinding_min"
    assert of("clock_onset").onset.best is None
    points = of("harder_classes").chart.points
    assert any(point.run for point in points[24:])
    assert not any(point.run or point.outside or point.ewma_signal for point in points[:24])


def test_rehab_phases_are_compared_in_the_order_they_were_entered() -> None:
    found = of("rehab")
    names = [(item.outcome, item.phase_a, item.phase_b) for item in found.comparisons]
    assert names == [("back pain", "create window", "rebuild"), ("back pain", "rebuild", "load")]
    assert all(item.nap is not None and item.low is not None and item.low > 0.5 for item in found.comparisons)
    reached = {change.name: change.reached for change in found.changes}
    assert reached == {"NRS": "better", "ODI": "better", "RMDQ": "no"}
    assert found.chart.rescaled > 0
    assert any("rescaled" in line for line in found.unknowns)


# --- as of a day --------------------------------------------------------------------------------------------


def test_a_past_day_is_not_changed_by_what_came_later() -> None:
    member = make(next(story for story in STORIES if story.name == "rehab"))
    day = date(2026, 4, 1)
    then = datetime(2026, 4, 1, 22, tzinfo=UTC)
    whole = analyze_trends(member.classes, member.diary, as_of=day, zone=member.zone)
    known = analyze_trends(
        [item for item in member.classes if item.started_at <= then],
        Diary.of(entry for entry in member.diary.until(then)),
        as_of=day,
        zone=member.zone,
    )
    assert whole.to_dict() == known.to_dict()
    assert max(item.started_at for item in whole.classes) <= then


def test_the_review_of_a_class_is_the_same_in_a_year_s_time() -> None:
    recording = replace(telemetry.read(CLASSES / "usual.fit"), started_at=at(40))
    rider = telemetry.Rider(ftp_w=200.0)
    earlier = rows([20.0 + i % 3 for i in range(14)])
    later = rows([300.0] * 10)
    later = [replace(item, started_at=item.started_at + timedelta(days=60)) for item in later]
    diary = Diary(pain=pain((20, 21, 22, 40.5, 41.5), (2, 2, 2, 4, 9)))
    stop = 2700.0
    first = analyze(recording, rider, history=history_as_of(earlier, diary, at(40), stop))
    again = analyze(recording, rider, history=history_as_of([*later, *earlier], diary, at(40), stop))
    assert first.review == again.review
    assert first.review.baseline is not None
    assert first.review.baseline["n"] == 12
    codes = {finding.code for finding in first.review.findings}
    assert {"R1", "R6"} <= codes  # far above 20 TL, and pain of 4 where 2 is usual
    assert next(item.value for item in first.review.findings if item.code == "R6") == 2.0


def test_pain_two_days_later_is_not_this_class_s() -> None:
    known = history_as_of([], Diary(pain=pain((40.5, 41.5), (4, 9))), at(40), 2700.0)
    assert [entry.nrs for entry in known.diary] == [4.0]
    mappings = [{"kind": "pain", "at": at(40.5), "value": 4}, {"kind": "pain", "at": at(41.5), "value": 9}]
    assert len(history_as_of([], mappings, at(40), 2700.0).diary) == 1


def test_a_class_and_its_json_give_the_same_row() -> None:
    analysis = analyze(replace(telemetry.read(CLASSES / "grinder.fit"), started_at=at(0)))
    row_of_object, row_of_json = past_class(analysis), past_class(json.loads(json.dumps(analysis.to_dict())))
    assert row_of_object == row_of_json
    assert row_of_object is not None
    assert past_class(row_of_object) is row_of_object
    assert (row_of_object.state, row_of_object.quality) == (analysis.review.state, analysis.quality.grade)
    assert row_of_object.by_minute is not None
    assert row_of_object.metrics["grinding_min"] == pytest.approx(analysis.metric("grinding_min"), rel=1e-6)
    assert past_classes(History((row_of_object,)), at(1)) == (row_of_object,)


def test_the_trend_of_analyses_is_the_trend_of_their_json() -> None:
    classes = [
        replace(telemetry.read(CLASSES / f"{name}.fit"), started_at=at(i))
        for i, name in enumerate(("usual", "grinder", "heart_rate_only"))
    ]
    found = [analyze(item) for item in classes]
    plain = [item.to_dict() for item in found]
    assert trend(history=found).to_dict() == trend(history=plain).to_dict()
    assert [item.torque_load is None for item in trend(history=plain).classes] == [False, False, True]


# --- pain beside classes ------------------------------------------------------------------------------------


def test_pain_of_a_class_is_the_highest_during_it_and_a_day_after() -> None:
    stop = 45.0 / 1440.0
    noted = pain((-0.01, 0.0, 0.02, stop + 1.0, stop + 1.001), (9, 2, 5, 4, 8))
    found = trend(Diary(pain=noted), history=[row(0)]).classes[0]
    assert (found.pain, found.pain_entries) == (5.0, 3)
    assert found.pain_mean == pytest.approx(11 / 3)


def test_leg_pain_is_kept_apart_and_a_knee_is_neither() -> None:
    noted = (*pain((0.1,), (3,)), *pain((0.2,), (7,), site="leg"), *pain((0.3,), (9,), site="knee"))
    found = trend(Diary(pain=noted), history=[row(0)]).classes[0]
    assert (found.pain, found.leg_pain, found.pain_entries) == (3.0, 7.0, 2)


def test_the_minute_of_pain_is_the_first_above_zero_in_the_class() -> None:
    minutes = ((5.0, 0.0), (31.0, 4.0), (22.0, 2.0))
    noted = tuple(
        item
        for minute, nrs in minutes
        for item in pain((minute / 1440.0,), (nrs,), class_minute=minute, phase="during")
    )
    assert trend(Diary(pain=noted), history=[row(0)]).classes[0].pain_minute == 22.0
    assert trend(Diary(pain=pain((0.5,), (4,))), history=[row(0)]).classes[0].pain_minute is None


def test_pain_of_r6_takes_the_louder_of_back_and_leg_and_leaves_the_knee() -> None:
    from telemetry.analysis.history import symptoms_of_class

    usual = (*pain((-3, -2, -1), (3, 3, 3)), *pain((-3, -2, -1), (1, 1, 1), site="leg"))
    now = (*pain((0.5,), (4,)), *pain((0.5,), (4,), site="leg"), *pain((0.5,), (10,), site="knee"))
    found = symptoms_of_class(None, Diary(pain=(*usual, *now)), at(0), 2700.0)
    assert (found.pain, found.usual_pain) == (4.0, 1.0)
    severe = (*pain((0.5,), (8,)), *pain((0.5,), (4,), site="leg"))
    steady = (*pain((-3, -2, -1), (8, 8, 8)), *pain((-3, -2, -1), (1, 1, 1), site="leg"))
    found = symptoms_of_class(None, Diary(pain=(*steady, *severe)), at(0), 2700.0)
    assert (found.pain, found.usual_pain) == (8.0, 8.0)


# --- what people wrote --------------------------------------------------------------------------------------


def test_the_clinician_s_own_limits_are_printed_as_theirs() -> None:
    limits = (
        OwnLimit(at(1), "grinding_min", 2.0, "min", author="Dr. Ode"),
        OwnLimit(at(5), "grinding_min", 9.0, "min", author="Dr. Ode"),
        OwnLimit(at(1.5), "torque_load", 60.0, "TL"),  # a later one of a metric stands in its place
        OwnLimit(at(0), "torque_load", 50.0, "TL", until=at(3)),
    )
    found = trend(Diary(limits=limits), history=[row(0.5), row(2), row(6)]).classes
    assert [len(item.over_own_limits) for item in found] == [1, 1, 0]
    assert found[0].over_own_limits == ("torque_load: 60 TL is above the clinician's own limit of 50",)
    assert found[1].over_own_limits[0] == "grinding_min: 3 min is above Dr. Ode's own limit of 2"


def test_a_yes_stands_until_it_is_cleared() -> None:
    code = next(item.code for item in SCREENING if item.urgency == "emergency")
    yes, no = Screening(at(1), {code: True}), Screening(at(5), {code: False})
    standing = trend(Diary(screenings=(yes, no))).screening
    assert standing is not None
    assert (standing.when, standing.codes) == (at(1), (code,))
    assert URGENCY_TEXTS["emergency"] in standing.text
    cleared = Screening(at(9), {}, cleared=True, author="Dr. Ode")
    assert trend(Diary(screenings=(yes, no, cleared))).screening is None
    assert trend(Diary(screenings=(yes, cleared)), as_of=at(8)).screening is not None
    assert trend(Diary(screenings=(no,))).screening is None


def test_late_entries_are_counted_and_adherence_shown() -> None:
    noted = (
        *pain((1,), (3,), entered_at=at(2.1)),
        *pain((2,), (3,), entered_at=at(3.0)),
        *pain((2.2,), (4,)),
    )
    found = trend(Diary(pain=noted), history=[row(0)], as_of=date(2026, 1, 11), weeks=2)
    assert (found.late_entries, found.days_with_entry, found.days) == (1, 2, 7)
    assert any("2 of 7 days" in line for line in found.unknowns)
    assert any("1 entry was written down" in line for line in found.unknowns)


def test_confounders_are_named_even_where_nobody_noted_any() -> None:
    found = trend(Diary(confounders=(Confounder(at(1), "analgesic"),)))
    lines = " ".join(found.unknowns)
    assert "Analgesics are known only where noted: 1 entry." in lines
    assert "Illness is known only where noted: no entries." in lines


def test_the_window_keeps_what_reaches_into_it() -> None:
    diary = Diary.of(
        [
            Phase(date(2026, 1, 5), date(2026, 1, 20), "create_window"),
            Phase(date(2026, 1, 21), None, "rebuild"),
            Confounder(at(0), "illness", until=at(100)),
            Confounder(at(0), "analgesic"),
            OwnLimit(at(0), "torque_load", 80.0),
            Comment(at(1), "early"),
            Comment(at(100), "late"),
            *treated(0, 100),
        ]
    )
    kept = trend(diary, weeks=4).diary
    assert [phase.name for phase in kept.phases] == ["rebuild"]
    assert [item.kind for item in kept.confounders] == ["illness"]
    assert (len(kept.limits), len(kept.treatments)) == (1, 1)
    assert [item.text for item in kept.comments] == ["late"]


def test_changes_need_a_first_and_a_latest_week_apart() -> None:
    near = Diary(pain=pain((0, 1, 12, 13), (6, 6, 2, 2)))
    assert trend(near).changes == ()
    apart = Diary(pain=pain((0, 1, 13, 14), (6, 6, 4, 4)))
    (change,) = trend(apart).changes
    assert (change.first, change.latest, change.threshold, change.reached) == (6.0, 4.0, 2.0, "better")
    worse = Diary(pain=pain((0, 1, 13, 14), (4, 4, 6, 6)))
    assert trend(worse).changes[0].reached == "worse"
    one = Diary(pain=pain((0, 1, 13, 14), (6, 6, 5, 4)))
    assert trend(one).changes[0].reached == "no"


@pytest.mark.parametrize(
    ("name", "totals", "reached"),
    [
        ("ODI", (40, 30), "better"),
        ("ODI", (40, 31), "no"),
        ("RMDQ", (9, 4), "better"),
        ("RMDQ", (9, 5), "no"),
    ],
)
def test_questionnaires_at_their_thresholds(name: str, totals: tuple[int, int], reached: str) -> None:
    diary = Diary(questionnaires=tuple(Questionnaire(at(30 * i), name, t) for i, t in enumerate(totals)))
    assert [change.reached for change in trend(diary).changes] == [reached]


def test_without_phases_the_first_treatment_divides() -> None:
    diary = Diary(pain=pain(range(12), [6, 5, 6, 6, 5, 6, 3, 3, 2, 3, 2, 3]), treatments=treated(6))
    (found,) = trend(diary).comparisons
    assert (found.n_a, found.n_b, found.nap) == (6, 6, 1.0)


# --- the object ---------------------------------------------------------------------------------------------


def test_the_json_is_plain_and_names_its_schema() -> None:
    found = of("rehab").to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["schema"], found["as_of"]) == ("telemetry.trends/1", "2026-07-05T21:59:59.999999Z")
    assert found["weeks"][0]["first"] == "2026-01-05"
    assert [item["name"] for item in found["limits"]] == [item.name for item in TREND_ROWS]
    assert found["diary"]["phases"][0]["first"] == "2026-01-05"


def test_limits_can_be_set_and_say_so() -> None:
    found = trend(limits={"chart_run_length": 7})
    used = {item.name: item for item in found.limits}
    assert (used["chart_run_length"].value, used["chart_run_length"].overridden) == (7.0, True)
    with pytest.raises(BadRider, match="no limit"):
        trend(limits={"chart_run": 7})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"zone": "Mars/Olympus"}, "no such time zone"),
        ({"zone": ""}, "no such time zone"),
        ({"zone": "../etc"}, "no such time zone"),
        ({"weeks": 0}, "a week at least"),
        ({"as_of": datetime(2026, 3, 1)}, "no zone"),
        ({"history": [3]}, "no analysis"),
    ],
)
def test_nonsense_is_named(given: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        trend(**given)


def test_a_trend_of_a_year_is_quick_enough_to_draw() -> None:
    """No time is asserted; the pass over every class and entry must only not be quadratic in both."""
    member = make(replace(STORIES[0], weeks=52, class_days=(0, 1, 2, 3, 4, 5, 6)))
    found = analyze_trends(member.classes, member.diary, as_of=member.as_of, zone=member.zone, weeks=52)
    assert len(found.classes) > 300
