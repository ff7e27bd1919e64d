"""Calendar weeks of a rider: ISO weeks in their own zone, with every day of them accounted for.

Comes in: classes and pain entries as rows with local days. Goes out: a `Week` for each ISO week of the window
and a `DailyLoad` for each day. A week without a class is zero load and missing drift; a week the record does
not cover entirely is marked partial; weeks before the record began are unknown and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from statistics import median

from telemetry.analysis.limits import Limits
from telemetry.analysis.load_curves import decayed, monotony_strain
from telemetry.model import DailyLoad, PainEntry, TrendClass, Week

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


def monday(day: date) -> date:
    """First day of the ISO week of a day."""
    return day - timedelta(days=day.weekday())


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Local day of a moment."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: tzinfo) -> datetime:
    """The moment a local day begins; days may have 23 or 25 hours."""
    return datetime.combine(day, time(), tzinfo=zone)


def days_between(first: date, last: date) -> list[date]:
    """Every day from first to last, both included."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def weeks(
    classes: Sequence[TrendClass],
    pain: Sequence[PainEntry],
    *,
    first: date,
    last: date,
    record_first: date,
    zone: tzinfo,
) -> tuple[Week, ...]:
    """The ISO weeks that hold the days from `first` to `last`, from the week of `record_first` on."""
    out = []
    at = monday(max(first, record_first))
    while at <= last:
        end = at + WEEK - DAY
        here = [row for row in classes if at <= row.day <= end]
        noted = [entry for entry in pain if at <= day_of(entry.when, zone) <= end]
        out.append(_week(at, here, noted, partial=at < record_first or end > last, zone=zone))
        at += WEEK
    return tuple(out)


def _week(
    at: date, here: Sequence[TrendClass], noted: Sequence[PainEntry], *, partial: bool, zone: tzinfo
) -> Week:
    back = [entry.nrs for entry in noted if entry.group == "back"]
    leg = [entry.nrs for entry in noted if entry.group == "leg"]
    per_day = [
        sum(row.torque_load or 0.0 for row in here if row.day == at + timedelta(days=i)) for i in range(7)
    ]
    foster = None if partial else monotony_strain(per_day)
    year, number, _ = at.isocalendar()
    return Week(
        year=year,
        week=number,
        first=at,
        last=at + WEEK - DAY,
        partial=partial,
        classes=len(here),
        without_load=sum(row.torque_load is None for row in here),
        torque_load=sum(per_day),
        grinding_min=_sum(row.grinding_min for row in here),
        grinding_strokes=_sum(row.grinding_strokes for row in here),
        unbroken_min=max(_known(row.unbroken_min for row in here), default=None),
        heart_rate_drift_bpm_per_h=_median(row.heart_rate_drift_bpm_per_h for row in here),
        cadence_drift_class_rpm_per_min=_median(row.cadence_drift_class_rpm_per_min for row in here),
        pain_median=_median(back),
        pain_max=max(back, default=None),
        leg_pain_max=max(leg, default=None),
        pain_entries=len(back) + len(leg),
        days_with_entry=len({day_of(entry.when, zone) for entry in noted if entry.group != "other"}),
        monotony=None if foster is None else foster[0],
        strain=None if foster is None else foster[1],
    )


def daily(classes: Sequence[TrendClass], first: date, last: date, limits: Limits) -> tuple[DailyLoad, ...]:
    """Load of each day of the record with its weighted means, each from the day it has enough days behind it.

    The means begin at 0 with the record, which would draw a rise that nobody rode.
    """
    if last < first:
        return ()
    days = days_between(first, last)
    by_day: dict[date, float] = {}
    for row in classes:
        by_day[row.day] = by_day.get(row.day, 0.0) + (row.torque_load or 0.0)
    loads = [by_day.get(day, 0.0) for day in days]

    def mean_over(days_back: float) -> list[float | None]:
        known = decayed(loads, days_back)
        return [value if i + 1 >= days_back else None for i, value in enumerate(known)]

    recent, usual = mean_over(limits["recent_load_days"]), mean_over(limits["usual_load_days"])
    return tuple(DailyLoad(*row) for row in zip(days, loads, recent, usual, strict=True))


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _sum(values: Iterable[float | None]) -> float:
    return float(sum(_known(values)))


def _median(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return median(known) if known else None
