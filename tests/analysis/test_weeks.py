"""Calendar weeks: every day of them, in the rider's own zone; load over days by the worked numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.analysis import analyze_trends
from telemetry.analysis.limits import Limits
from telemetry.analysis.load_curves import banister, decayed, monotony_strain, smoothed
from telemetry.analysis.weeks import daily, day_of, monday, start_of
from telemetry.model import Diary, PainEntry, TrendAnalysis, Week
from tests.analysis.months import pain, row

FORTNIGHT = [50, 0, 60, 0, 0, 70, 0, 55, 0, 65, 0, 0, 80, 0]


def trend(days: list[float], *, until: date, weeks: int = 4, zone: str = "UTC", **more: Any) -> TrendAnalysis:
    rows = more.pop("rows", [row(day, 50.0 + day) for day in days])
    return analyze_trends(rows, more.pop("diary", Diary()), as_of=until, zone=zone, weeks=weeks)


def by_number(found: TrendAnalysis) -> dict[int, Week]:
    return {week.week: week for week in found.weeks}


def test_the_worked_decaying_means() -> None:
    assert decayed(FORTNIGHT, 7)[-1] == pytest.approx(22.8959, abs=1e-4)
    assert decayed(FORTNIGHT, 28)[-1] == pytest.approx(10.6119, abs=1e-4)
    assert smoothed(FORTNIGHT, 7)[-1] == pytest.approx(26.1622, abs=1e-4)
    assert smoothed(FORTNIGHT, 28)[-1] == pytest.approx(35.3346, abs=1e-4)


def test_fosters_worked_week() -> None:
    week = [55, 0, 65, 0, 0, 80, 0]
    assert monotony_strain(week) == pytest.approx((0.7856, 157.12), abs=5e-3)
    assert monotony_strain([30.0] * 7) is None


def test_banisters_worked_days() -> None:
    found = banister([100.0] * 14)
    assert [found[day - 1] for day in (1, 2, 3, 7, 14)] == pytest.approx(
        [400.0, 315.11146, 243.676944, 64.823116, 10.157975], abs=1e-6
    )


def test_a_week_without_a_class_is_zero_load_and_missing_drift() -> None:
    found = by_number(trend([0, 2, 15], until=date(2026, 1, 25)))
    assert list(found) == [2, 3, 4]
    assert found[2].torque_load == pytest.approx(50.0 + 52.0)
    empty = found[3]
    assert (empty.classes, empty.torque_load, empty.grinding_min, empty.grinding_strokes) == (
        0,
        0.0,
        0.0,
        0.0,
    )
    assert (empty.heart_rate_drift_bpm_per_h, empty.cadence_drift_class_rpm_per_min) == (None, None)
    assert (empty.unbroken_min, empty.pain_median, empty.monotony) == (None, None, None)
    assert not empty.partial


def test_weeks_the_record_does_not_cover_are_partial_or_left_out() -> None:
    found = by_number(trend([2, 9], until=date(2026, 1, 22), weeks=10))
    assert list(found) == [2, 3, 4]  # nothing is known of the weeks before
    assert [found[week].partial for week in (2, 3, 4)] == [True, False, True]
    assert not by_number(trend([2, 9], until=date(2026, 1, 25)))[4].partial  # Sunday ends it


def test_the_window_is_whole_weeks_up_to_the_one_of_the_day() -> None:
    found = trend([0], until=date(2026, 2, 4), weeks=4)
    assert (found.first_day, found.last_day) == (date(2026, 1, 12), date(2026, 2, 4))
    assert found.classes == ()
    assert found.record_first_day == date(2026, 1, 5)


@pytest.mark.parametrize(("zone", "week"), [("UTC", 2), ("Pacific/Auckland", 3), ("America/Los_Angeles", 2)])
def test_a_class_late_on_sunday_belongs_to_the_riders_own_week(zone: str, week: int) -> None:
    late = row(0, started_at=datetime(2026, 1, 11, 20, tzinfo=UTC))
    found = by_number(trend([], rows=[row(1), late], until=date(2026, 1, 25), zone=zone))
    assert found[week].classes == (2 if week == 2 else 1)


def test_a_year_of_53_weeks() -> None:
    rows = [row(0, started_at=datetime(2026, 12, 31, 12, tzinfo=UTC)), row(1)]
    last = trend([], rows=rows, until=date(2027, 1, 3), weeks=2).weeks[-1]
    assert (last.year, last.week, last.first) == (2026, 53, date(2026, 12, 28))


def test_days_of_23_and_25_hours_keep_their_entries() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert start_of(date(2026, 3, 30), zone) - start_of(date(2026, 3, 29), zone) == timedelta(days=1)
    spring = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # 00:30 on Monday
    assert day_of(spring, zone) == date(2026, 3, 30)
    assert day_of(datetime(2026, 10, 25, 22, 30, tzinfo=UTC), zone) == date(2026, 10, 25)


def test_pain_of_a_week_is_its_median_with_the_maximum_beside_it_and_legs_apart() -> None:
    noted = (*pain((0, 1, 2, 3), (2, 3, 7, 4)), *pain((2,), (6,), site="leg"), *pain((2,), (9,), site="knee"))
    week = by_number(trend([0], until=date(2026, 1, 11), diary=Diary(pain=noted)))[2]
    assert (week.pain_median, week.pain_max, week.leg_pain_max) == (3.5, 7.0, 6.0)
    assert (week.pain_entries, week.days_with_entry) == (5, 4)


def test_a_class_without_torque_marks_its_week_as_too_low() -> None:
    week = by_number(trend([], rows=[row(0, 60.0), row(1, None)], until=date(2026, 1, 11)))[2]
    assert (week.classes, week.without_load, week.torque_load) == (2, 1, 60.0)


def test_foster_only_for_whole_weeks() -> None:
    found = by_number(trend([0, 2, 5, 7], until=date(2026, 1, 13)))
    assert found[2].monotony is not None
    assert found[3].monotony is None


def test_the_daily_curve_has_every_day_and_starts_with_the_record() -> None:
    found = trend([0, 3], until=date(2026, 1, 11))
    assert [row.day for row in found.daily] == [date(2026, 1, day) for day in range(5, 12)]
    assert [row.torque_load for row in found.daily] == [50.0, 0.0, 0.0, 53.0, 0.0, 0.0, 0.0]
    assert found.daily[-1].recent == pytest.approx(decayed([50, 0, 0, 53, 0, 0, 0], 7)[-1])
    assert [row.recent is None for row in found.daily] == [True] * 6 + [False]
    assert all(row.usual is None for row in found.daily)
    assert daily((), date(2026, 1, 5), date(2026, 1, 4), Limits()) == ()


def test_silence() -> None:
    found = analyze_trends([], as_of=date(2026, 1, 11))
    assert (found.weeks, found.daily, found.record_first_day, found.days) == ((), (), None, 0)


@given(
    st.lists(st.floats(0, 80), min_size=1, max_size=30),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_no_class_is_lost_and_none_counted_twice(days: list[float], zone: str) -> None:
    rows = [row(day, 10.0) for day in days]
    found = trend([], rows=rows, until=date(2026, 5, 1), weeks=20, zone=zone)
    assert sum(week.classes for week in found.weeks) == len(days)
    assert sum(week.torque_load for week in found.weeks) == pytest.approx(10.0 * len(days))
    assert sum(day.torque_load for day in found.daily) == pytest.approx(10.0 * len(days))
    assert all(
        a.last + timedelta(days=1) == b.first for a, b in zip(found.weeks, found.weeks[1:], strict=False)
    )
    assert all(monday(week.first) == week.first for week in found.weeks)


def test_the_rider_s_own_zone_decides_the_day_of_an_entry() -> None:
    entry = PainEntry(datetime(2026, 1, 11, 23, 30, tzinfo=UTC), 5.0)
    found = trend([0], until=date(2026, 1, 18), zone="Europe/Berlin", diary=Diary(pain=(entry,)))
    assert [week.pain_max for week in found.weeks] == [None, 5.0]
