"""A rider's months: many classes and a diary into one `TrendAnalysis`.

Comes in: past classes (rows, analyses or their JSON), the diary, a day to stand on and the rider's zone. Goes
out: everything a trend page needs. Leaves to others: storage and drawing. This file only says what follows
what; each question has a file of its own: control_chart, weeks, relief, co_movement, onset_match,
settings_change, single_case. Source: rulings, section 10; false-alarm rates: `python -m benchmarks.trends`.

What is compared over what: load and pain over the window that is drawn; everything else over the whole record
up to the day, because a relief cycle or a change of saddle is rarer than a class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from telemetry.analysis import settings_change
from telemetry.analysis import weeks as calendar
from telemetry.analysis.co_movement import co_movement
from telemetry.analysis.control_chart import control_chart
from telemetry.analysis.history import past_class
from telemetry.analysis.limits import TREND_ROWS, Limits
from telemetry.analysis.onset_match import onset_match
from telemetry.analysis.relief import relief_relapse
from telemetry.analysis.trend_rows import trend_classes
from telemetry.analysis.trend_scores import changes, comparisons
from telemetry.analysis.wording import TREND_STATEMENT, screening_text
from telemetry.errors import BadInput
from telemetry.model import (
    ControlChart,
    Diary,
    PastClass,
    Phase,
    ScreeningStanding,
    TrendAnalysis,
    TrendClass,
)


def analyze_trends(
    history: Sequence[Any],
    diary: Diary | None = None,
    *,
    as_of: datetime | date,
    zone: str = "UTC",
    weeks: int = 12,
    limits: Mapping[str, float] | None = None,
    rider_id: str | None = None,
) -> TrendAnalysis:
    """Analyse a rider's record as it stood at a moment.

    Parameters
    ----------
    history : classes in any order, as `PastClass`, `ClassAnalysis` or the mapping of its JSON
    as_of : an aware moment, or a day (its end in the rider's zone); whatever came later is not looked at
    zone : IANA name of the rider's zone, for days and weeks
    weeks : ISO weeks to draw, the one of `as_of` included
    limits : overridden rows of `limits.py`, by name

    Raises
    ------
    BadInput : an unknown zone, a moment without one, no weeks, or a history that cannot be read
    BadRider : an overridden limit that does not exist or is out of bounds
    """
    place, now, last = _standing(as_of, zone)
    if weeks < 1:
        raise BadInput("a trend needs a week at least", place="weeks", expected="1 or more", got=str(weeks))
    rules = Limits(limits)
    diary = (diary or Diary()).until(now)
    rows = sorted(
        (row for row in map(past_class, history) if row is not None and row.started_at <= now),
        key=lambda row: row.started_at,
    )
    classes = trend_classes(rows, diary, place, rules)
    first = calendar.monday(last) - timedelta(weeks=weeks - 1)
    days = [row.day for row in classes] + [calendar.day_of(entry.when, place) for entry in diary.pain]
    record_first = min(days, default=None)
    shown = tuple(row for row in classes if row.day >= first)
    start = calendar.start_of(first, place)
    noted = tuple(entry for entry in diary.pain if entry.when >= start)
    chart = control_chart(rows, rules)
    back = [entry for entry in diary.pain if entry.group == "back"]
    covered = 0 if record_first is None else (last - max(first, record_first)).days + 1
    entry_days = {calendar.day_of(entry.when, place) for entry in noted}
    late = timedelta(hours=rules["late_entry_h"])
    late_entries = sum(
        entry.entered_at is not None and entry.entered_at - entry.when > late for entry in noted
    )
    return TrendAnalysis(
        as_of=now.astimezone(UTC),
        zone=zone,
        first_day=first,
        last_day=last,
        record_first_day=record_first,
        classes=shown,
        weeks=()
        if record_first is None
        else calendar.weeks(
            classes, diary.pain, first=first, last=last, record_first=record_first, zone=place
        ),
        daily=()
        if record_first is None
        else tuple(row for row in calendar.daily(classes, record_first, last, rules) if row.day >= first),
        chart=chart,
        relief=relief_relapse(diary.treatments, back, rules, place),
        co_movement=_co_movement(classes, chart, len(classes) - len(shown), rules),
        onset=onset_match(
            [
                (row.id, row.by_minute, seen.pain_minute)
                for row, seen in zip(rows, classes, strict=True)
                if row.by_minute is not None and seen.pain_minute is not None
            ],
            rules,
        ),
        settings=tuple(
            effect
            for effect in settings_change.setting_effects(
                classes, diary.settings, [item.when for item in diary.treatments], rules
            )
            if effect.when >= start
        ),
        comparisons=comparisons(diary, place, rules),
        changes=changes(diary, place, rules),
        diary=_window(diary, start, first),
        late_entries=late_entries,
        days_with_entry=len(entry_days),
        days=max(covered, 0),
        screening=_standing_screening(diary),
        limits=rules.used(TREND_ROWS),
        unknowns=_unknowns(rows, diary, chart, record_first, len(entry_days), max(covered, 0), late_entries),
        statement=TREND_STATEMENT,
        rider_id=rider_id,
    )


def _standing(as_of: datetime | date, zone: str) -> tuple[tzinfo, datetime, date]:
    """The zone, the moment, and its local day."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise BadInput(
            "there is no such time zone", place="zone", expected="a name like Europe/Berlin", got=zone
        ) from cause
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise BadInput("a time has no zone", place="as of", expected="an aware moment", got=str(as_of))
        return place, as_of, calendar.day_of(as_of, place)
    end = calendar.start_of(as_of + calendar.DAY, place) - timedelta(microseconds=1)
    return place, end, as_of


def _co_movement(
    classes: Sequence[TrendClass], chart: ControlChart, skip: int, limits: Limits
) -> tuple[Any, ...]:
    """Torque load (on one T_ref) and grinding minutes of the window beside its pain."""
    pain = [row.pain for row in classes[skip:]]
    return (
        co_movement("torque_load", [point.value for point in chart.points[skip:]], pain, limits, loads=2),
        co_movement("grinding_min", [row.grinding_min for row in classes[skip:]], pain, limits, loads=2),
    )


def _window(diary: Diary, start: datetime, first: date) -> Diary:
    """Entries of the window, and what was entered earlier and still holds in it."""

    def holds(entry: Any) -> bool:
        if isinstance(entry, Phase):
            return entry.last is None or entry.last >= first
        until = getattr(entry, "until", None)
        return entry.when >= start or (until is not None and until >= start)

    last_of_bike = {item.bike: item for item in diary.settings if item.when < start}
    open_limits = {item.metric: item for item in diary.limits if item.when < start and item.until is None}
    kept = [entry for entry in diary if holds(entry)]
    return Diary.of([*kept, *last_of_bike.values(), *open_limits.values()])


def _standing_screening(diary: Diary) -> ScreeningStanding | None:
    """Every yes since the last `cleared` entry; later noes do not take it back."""
    codes: list[str] = []
    since: datetime | None = None
    for entry in sorted(diary.screenings, key=lambda item: item.when):
        if entry.cleared:
            codes, since = [], None
        said = [code for code, answer in entry.answers.items() if answer and code not in codes]
        if said:
            since = since or entry.when
            codes += said
    text = screening_text(dict.fromkeys(codes, True))
    return None if since is None or text is None else ScreeningStanding(since, tuple(codes), text)


def _unknowns(
    rows: Sequence[PastClass],
    diary: Diary,
    chart: ControlChart,
    record_first: date | None,
    entry_days: int,
    days: int,
    late: int,
) -> tuple[str, ...]:
    """What this page does not know."""
    out = []
    if record_first is not None:
        first = f"{record_first.day} {record_first:%b %Y}"
        out.append(f"The record begins on {first}; what was before is unknown, not zero.")
    if days:
        out.append(f"Pain was noted on {entry_days} of {days} days; days without an entry are not days of 0.")
    if late:
        entries = "entry was" if late == 1 else "entries were"
        out.append(f"{late} {entries} written down more than a day after the time that is meant.")
    noted = {kind: sum(item.kind == kind for item in diary.confounders) for kind in CONFOUNDER_WORDS}
    out += [
        f"{words} known only where noted: {noted[kind] or 'no'} {'entry' if noted[kind] == 1 else 'entries'}."
        for kind, words in CONFOUNDER_WORDS.items()
    ]
    without = sum(row.torque_load is None for row in rows)
    if without:
        out.append(f"{without} of {len(rows)} classes have no torque: the weeks they lie in are too low.")
    left_out = sum(bool(point.left_out) for point in chart.points)
    if left_out:
        out.append(f"{left_out} classes are not on the control chart; each says why.")
    if chart.rescaled:
        out.append(
            f"The load of {chart.rescaled} classes was rescaled to the torque reference of the first "
            "baseline class; if FTP was wrong then, they are too high or too low together."
        )
    out.append(
        "Crank load is measured at the pedals: posture, the hands' share of the weight and what reaches the "
        "body are not. Load, pain and treatment are chosen by the same person and move together for many "
        "reasons; nothing here tells cause from habit."
    )
    return tuple(out)


CONFOUNDER_WORDS = {
    "analgesic": "Analgesics are",
    "illness": "Illness is",
    "load_outside": "Load outside the class is",
}
