"""A bike's setting: what counts as a change, which classes are compared, and "not enough classes"."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np
import pytest

from fixtures.cohort import STORIES, make
from telemetry.analysis import analyze_trends
from telemetry.analysis.limits import Limits
from telemetry.analysis.ranks import hodges_lehmann
from telemetry.analysis.settings_change import changes, setting_effects
from telemetry.analysis.trend_rows import trend_classes
from telemetry.model import Diary, Setting, SettingEffect, Shift
from tests.analysis.months import at, pain, row

LIMITS = Limits()


def saddle(day: float, height: float, bike: str = "", **more: Any) -> Setting:
    return Setting(at(day), bike, saddle_height_mm=height, **more)


def effects(before: int, after: int, *, drop: float = 2.0, **more: Any) -> tuple[SettingEffect, ...]:
    """Daily classes around a change on day 0 at noon; pain of 6 before, 6 - drop after."""
    days = [*range(-before, 0), *range(1, after + 1)]
    ratings = [6.0 if day < 0 else 6.0 - drop for day in days]
    diary = Diary(pain=pain([day + 0.04 for day in days], ratings))
    seen = trend_classes([row(day, 60.0 + day % 3) for day in days], diary, UTC, LIMITS)
    given = [saddle(-80.0, 700.0), saddle(0.0, 712.0), *more.get("settings", ())]
    return setting_effects(seen, given, more.get("treatments", ()), LIMITS)


def of_pain(found: tuple[SettingEffect, ...]) -> Shift:
    return found[0].shifts[0]


def test_six_classes_on_each_side_are_enough_and_five_are_not() -> None:
    enough = of_pain(effects(6, 6))
    assert (enough.n_before, enough.n_after, enough.shift) == (6, 6, -2.0)
    assert (enough.low, enough.high) == (-2.0, -2.0)
    assert "Pain was lower afterwards, by 2.0 NRS points" in enough.says
    for few in (effects(5, 6), effects(6, 5)):
        shift = of_pain(few)
        assert shift.shift is None
        assert shift.why_not is not None
        assert shift.why_not.startswith("not enough classes")


def test_load_is_shown_beside_pain() -> None:
    names = [shift.outcome for shift in effects(8, 8)[0].shifts]
    assert names == ["pain", "torque_load", "grinding_min"]
    assert "no difference could be told" in effects(8, 8)[0].shifts[1].says


def test_eight_weeks_back_and_no_further() -> None:
    assert of_pain(effects(70, 6)).n_before == 56


@pytest.mark.parametrize(("day", "n_before", "n_after"), [(-3.5, 3, 10), (3.5, 10, 3), (-60.0, 10, 10)])
def test_a_treatment_between_cuts_the_classes_off(day: float, n_before: int, n_after: int) -> None:
    shift = of_pain(effects(10, 10, treatments=(at(day),)))
    assert (shift.n_before, shift.n_after) == (n_before, n_after)


def test_another_change_of_the_same_bike_cuts_and_one_of_another_bike_does_not() -> None:
    same = effects(10, 10, settings=(saddle(4.5, 720.0),))
    assert (len(same), same[0].shifts[0].n_after, same[1].shifts[0].n_before) == (2, 4, 4)


def test_the_first_setting_of_a_bike_is_no_change() -> None:
    found = changes(
        [saddle(0, 700.0, "a"), saddle(1, 710.0, "b"), saddle(2, 705.0, "a"), saddle(3, 705.0, "a")]
    )
    assert [(item.when, words) for item, words in found] == [(at(2), ("saddle height 700 to 705 mm",))]


def test_what_was_not_said_stays_as_it_was() -> None:
    given = [
        saddle(0, 700.0, handlebar_reach_mm=480.0),
        Setting(at(1), handlebar_reach_mm=470.0),
        saddle(2, 710.0),
    ]
    assert [words for _, words in changes(given)] == [
        ("handlebar reach 480 to 470 mm",),
        ("saddle height 700 to 710 mm",),
    ]


def test_only_classes_on_that_bike_count() -> None:
    rows = [row(day, bike_id="a" if day % 2 else "b") for day in range(-20, 20)]
    diary = Diary(pain=pain([day + 0.04 for day in range(-20, 20)], [4.0] * 40))
    seen = trend_classes(rows, diary, UTC, LIMITS)
    found = setting_effects(seen, [saddle(-30, 700, "a"), saddle(0, 710, "a")], (), LIMITS)
    assert (found[0].shifts[0].n_before, found[0].shifts[0].n_after) == (10, 10)


def test_a_saddle_that_helped_is_seen_and_its_size() -> None:
    member = make(next(story for story in STORIES if story.name == "new_saddle"))
    trend = analyze_trends(member.classes, member.diary, as_of=member.as_of, zone=member.zone, weeks=16)
    (effect,) = trend.settings
    shift = effect.shifts[0]
    assert effect.changes == ("saddle height 712 to 724 mm",)
    assert shift.low is not None
    assert shift.high is not None
    assert shift.low <= -2.0 <= shift.high < 0.0


def test_without_an_effect_the_interval_keeps_zero_in() -> None:
    rng = np.random.default_rng(8)
    holds = 0
    for _ in range(200):
        before, after = rng.integers(2, 8, 10).tolist(), rng.integers(2, 8, 12).tolist()
        _, low, high = hodges_lehmann(before, after)
        holds += low is not None and high is not None and low <= 0.0 <= high
    assert holds >= 188


def test_silence_without_settings() -> None:
    assert setting_effects((), (), (), LIMITS) == ()
