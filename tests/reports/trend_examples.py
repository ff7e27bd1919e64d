"""Riders' months for the tests of trend pages: seeded, each with something a page must cope with.

rehab     26 weeks: phases, treatments with relief and relapse, a changed saddle, illness, late entries,
          a clinician's limit and comments, a yes that was cleared; the last 12 are drawn
crowded   the same, all 26 weeks drawn
growing   9 classes, 5 weeks, three pain entries
bare      three classes, no diary
empty     a diary without any class
nothing   neither
screened  the months of rehab with a yes of the screening that stands
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from telemetry.analysis.trends import analyze_trends
from telemetry.model import (
    Comment,
    Confounder,
    Diary,
    OwnLimit,
    PainEntry,
    PastClass,
    Phase,
    Questionnaire,
    RunningLoad,
    Screening,
    Setting,
    Treatment,
    TrendAnalysis,
)

NAMES = ("rehab", "crowded", "growing", "bare", "empty", "nothing", "screened")
START = datetime(2025, 12, 15, 17, 30, tzinfo=UTC)
"""A Monday."""
WEEKS = 26
AS_OF = date(2026, 6, 14)
TREATED = (20, 48, 50, 79, 144, 152, 170)
"""Days of treatments since the start."""
ZONE = "Europe/Berlin"


def at(day: float, hour: float = 17.5) -> datetime:
    """A moment so many days after the start."""
    return START.replace(hour=0, minute=0) + timedelta(days=day, hours=hour)


def past(number: int, day: int, load: float, rng: random.Random) -> PastClass:
    """One class of 50 minutes."""
    grinding = max(0.0, 0.11 * (load - 40.0) + rng.gauss(0.0, 1.2))
    minutes = tuple(float(m) for m in range(51))
    share = tuple((m / 50.0) ** 1.1 for m in minutes)
    quality = "poor" if number == 17 else "fair" if number % 9 == 4 else "good"
    state = "review" if grinding > 9.0 else "note" if grinding > 8.0 else "usual"
    return PastClass(
        started_at=at(day),
        torque_load=None if number == 23 else load,
        torque_reference_nm=22.3 if day < 100 else 23.3,
        reference_kind="ftp",
        grinding_strokes=110.0 * grinding,
        pedalling_min=46.0,
        usable=quality != "poor",
        power_measured=True,
        balance=(),
        id=f"{number:02d}c0ffee{number:02d}",
        duration_s=3000.0,
        bike_id="bike-14" if number % 5 else "bike-03",
        quality=quality,
        state=state,
        reasons=("R2", "R4") if state == "review" else ("R2",) if state == "note" else (),
        metrics={
            "torque_load": load,
            "grinding_min": grinding,
            "unbroken_min": rng.uniform(18.0, 41.0),
            "heart_rate_drift_bpm_per_h": None if number % 11 == 6 else rng.gauss(5.0, 2.5),
        },
        by_minute=RunningLoad(
            minute=minutes,
            torque_load=tuple(load * s for s in share),
            grinding_min=tuple(grinding * s for s in share),
            strokes=tuple(4000.0 * m / 50.0 for m in minutes),
            unbroken_min=tuple(m % 31.0 for m in minutes),
        ),
        version="0.1.0",
    )


def classes(weeks: int = WEEKS, seed: int = 7) -> list[PastClass]:
    """Two to three classes a week, none in weeks 16 and 17, heavier from week 19 on."""
    rng = random.Random(seed)
    found = []
    for week in range(weeks):
        if week in (16, 17):
            continue
        for weekday in (0, 2, 5) if week % 3 else (1, 4):
            mean = 78.0 if week >= 19 else 62.0
            load = mean * math.exp(rng.gauss(0.0, 0.11))
            if week == 13 and weekday == 4:
                load = 128.0
            found.append(past(len(found), 7 * week + weekday, load, rng))
    return found


def pain_of(day: float, wobble: float) -> float:
    """Pain that eases after a treatment and comes back."""
    since = min((day - treated for treated in TREATED if treated <= day), default=30.0)
    level = 6.0 - 3.6 * math.exp(-(((since - 6.0) / 7.0) ** 2)) if since < 25 else 6.0
    return float(min(10, max(0, round(level + wobble))))


def diary(seed: int = 11) -> Diary:
    """Everything a diary can hold."""
    rng = random.Random(seed)
    entries: list[object] = []
    for row in classes():
        day = (row.started_at.date() - START.date()).days
        if rng.random() < 0.8:
            minute = round(min(48.0, max(12.0, 2000.0 / (row.torque_load or 60.0) + rng.gauss(0.0, 3.0))))
            when = at(day, 17.5 + minute / 60.0)
            late = timedelta(days=3) if rng.random() < 0.12 else timedelta(hours=2)
            felt = pain_of(day, rng.gauss(0.4, 0.6))
            entries.append(PainEntry(when, felt, "low_back", minute, "during", entered_at=when + late))
    for day in range(0, 7 * WEEKS, 2):
        if rng.random() < 0.75:
            entries.append(PainEntry(at(day, 21.0), pain_of(day, rng.gauss(-0.3, 0.6)), "low_back"))
        if day % 12 == 4:
            entries.append(PainEntry(at(day, 21.2), float(rng.choice((0, 1, 2, 3))), "leg"))
    kinds = ("adjustment", "massage", "exercise_session", "dry_needling", "adjustment", "shockwave", "other")
    entries += [
        Treatment(at(day, 9.0), kinds[i % len(kinds)], whole_day=True) for i, day in enumerate(TREATED)
    ]
    entries += [
        Setting(at(0, 8.0), "bike-14", saddle_height_mm=742.0, handlebar_height_mm=910.0),
        Setting(at(112, 12.0), "bike-14", saddle_height_mm=736.0),
        Setting(at(165, 12.0), "bike-14", handlebar_height_mm=935.0),
        Phase(date(2025, 12, 29), date(2026, 1, 18), "create_window"),
        Phase(date(2026, 1, 19), date(2026, 4, 12), "rebuild"),
        Phase(date(2026, 4, 13), None, "load"),
        Confounder(at(116, 8.0), "illness", until=at(124, 20.0), note="flu"),
        Confounder(at(153, 8.0), "analgesic", note="ibuprofen 400"),
        Confounder(at(140, 8.0), "load_outside", until=at(142, 20.0), note="moved house"),
        Questionnaire(at(2), "ODI", 38.0),
        Questionnaire(at(170), "ODI", 24.0),
        Questionnaire(at(2), "RMDQ", 11.0),
        Questionnaire(at(168), "RMDQ", 8.0),
        OwnLimit(at(105, 12.0), "grinding_min", 6.0, "min", author="Dr Weber", note="until the next visit"),
        Comment(at(106, 12.0), "Kept 1.5 kg lighter gear; review in 4 weeks.", "Dr Weber"),
        Comment(at(165, 12.0), "Load phase goes on. No change of plan.", "Dr Weber"),
        Screening(at(30, 12.0), {"night_pain": True}),
        Screening(at(33, 12.0), {}, cleared=True, author="Dr Weber"),
    ]
    return Diary.of(entries)


@cache
def example(name: str) -> TrendAnalysis:
    """The trend of that name."""
    if name == "rehab":
        return analyze_trends(classes(), diary(), as_of=AS_OF, zone=ZONE, rider_id="r07")
    if name == "crowded":
        return analyze_trends(classes(), diary(), as_of=AS_OF, zone=ZONE, weeks=26, rider_id="r07")
    if name == "growing":
        few = [row for row in classes(5) if row.started_at < at(26)]
        said = Diary.of(PainEntry(at(day, 20.0), nrs) for day, nrs in ((3, 4.0), (9, 5.0), (17, 3.0)))
        return analyze_trends(few, said, as_of=date(2026, 1, 18), zone=ZONE, weeks=5, rider_id="r08")
    if name == "bare":
        return analyze_trends(classes(1), None, as_of=date(2026, 1, 4), zone=ZONE, rider_id="r09")
    if name == "empty":
        return analyze_trends([], diary(), as_of=AS_OF, zone=ZONE, rider_id="r10")
    if name == "nothing":
        return analyze_trends([], None, as_of=AS_OF, zone=ZONE, rider_id="r11")
    assert name == "screened"
    more = Diary.of([*diary(), Screening(at(175), {"night_pain": True})])
    return analyze_trends(classes(), more, as_of=AS_OF, zone=ZONE, rider_id="r12")


def with_ids(trends: TrendAnalysis, label: str) -> TrendAnalysis:
    """The same trend with a hostile string wherever a person's or a file's string can stand."""
    diary = replace(
        trends.diary,
        comments=tuple(replace(item, text=label, author=label) for item in trends.diary.comments),
        limits=tuple(replace(item, author=label, note=label) for item in trends.diary.limits),
        confounders=tuple(replace(item, note=label) for item in trends.diary.confounders),
        phases=tuple(replace(item, name=label) for item in trends.diary.phases),
    )
    rows = tuple(replace(row, bike_id=label, id=label) for row in trends.classes)
    effects = tuple(replace(item, bike=label, changes=(label,)) for item in trends.settings)
    return replace(trends, rider_id=label, diary=diary, classes=rows, settings=effects)
