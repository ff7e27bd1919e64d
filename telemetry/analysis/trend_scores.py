"""Pain by phase, and scores now against the first ones.

Comes in: the diary. Goes out: `Comparison` and `Change` rows. Leaves to others: the effect sizes themselves
(`single_case.py`). Several entries of one day are no independent evidence: the day's highest stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Literal

from telemetry.analysis.limits import Limits
from telemetry.analysis.single_case import compare
from telemetry.analysis.weeks import day_of
from telemetry.model import Change, Comparison, Diary, PainEntry, PainGroup

OSTELO = "Ostelo 2008 Spine 33:90; getting worse is felt at smaller changes than getting better"
OUTCOMES: tuple[tuple[PainGroup, str], ...] = (("back", "back pain"), ("leg", "leg pain"))
ENDS_DAYS = 7
"""First and latest pain are medians over this many days."""
ENDS_ENTRIES = 2


def day_maxima(pain: Sequence[PainEntry], group: PainGroup, zone: tzinfo) -> dict[date, float]:
    """Highest rating of each local day with an entry, in order of time."""
    out: dict[date, float] = {}
    for entry in sorted(pain, key=lambda item: item.when):
        if entry.group == group:
            day = day_of(entry.when, zone)
            out[day] = max(out.get(day, 0.0), entry.nrs)
    return out


def comparisons(diary: Diary, zone: tzinfo, limits: Limits) -> tuple[Comparison, ...]:
    """Each rehab phase against the one before; without phases, before against after the first treatment."""
    out = []
    for group, name in OUTCOMES:
        days = day_maxima(diary.pain, group, zone)
        if not days:
            continue
        spans = _spans(diary, zone)
        for (label_a, *a), (label_b, *b) in pairwise(spans):
            out.append(compare(name, label_a, label_b, _inside(days, a), _inside(days, b), limits))
    return tuple(out)


def _spans(diary: Diary, zone: tzinfo) -> list[tuple[str, date | None, date | None]]:
    if len(diary.phases) > 1:
        return [
            (phase.name.replace("_", " "), phase.first, phase.last)
            for phase in sorted(diary.phases, key=lambda item: item.first)
        ]
    if not diary.treatments:
        return []
    first = min(day_of(item.when, zone) for item in diary.treatments)
    return [
        ("before the first treatment", None, first - timedelta(days=1)),
        ("from the first treatment on", first, None),
    ]


def _inside(days: dict[date, float], span: Sequence[date | None]) -> list[float]:
    first, last = span
    return [
        value
        for day, value in days.items()
        if (first is None or day >= first) and (last is None or day <= last)
    ]


def changes(diary: Diary, zone: tzinfo, limits: Limits) -> tuple[Change, ...]:
    """Pain (medians of the first and the latest week with entries), ODI and RMDQ now against at first."""
    out = []
    pain = [(entry.when, entry.nrs) for entry in diary.pain if entry.group == "back"]
    ends = _ends(sorted(pain))
    if ends is not None:
        out.append(_change("NRS", "NRS points", *ends, limits["change_nrs"], zone))
    for name, threshold in (("ODI", limits["change_odi"]), ("RMDQ", limits["change_rmdq"])):
        totals = [(item.when, item.total) for item in diary.questionnaires if item.name == name]
        if len(totals) > 1:
            totals.sort()
            out.append(_change(name, "points", totals[0], totals[-1], threshold, zone))
    return tuple(out)


def _ends(
    entries: Sequence[tuple[datetime, float]],
) -> tuple[tuple[datetime, float], tuple[datetime, float]] | None:
    """Median of the first and of the latest week, where they do not overlap and hold two entries each."""
    if not entries:
        return None
    start, stop, reach = entries[0][0], entries[-1][0], timedelta(days=ENDS_DAYS)
    first = [value for when, value in entries if when < start + reach]
    latest = [value for when, value in entries if when > stop - reach]
    if stop - start < 2 * reach or min(len(first), len(latest)) < ENDS_ENTRIES:
        return None
    return (start, median(first)), (stop, median(latest))


def _change(
    name: str,
    unit: str,
    first: tuple[datetime, float],
    latest: tuple[datetime, float],
    threshold: float,
    zone: tzinfo,
) -> Change:
    fell = first[1] - latest[1]
    reached: Literal["better", "worse", "no"] = "no"
    if abs(fell) >= threshold:
        reached = "better" if fell > 0.0 else "worse"
    days = day_of(first[0], zone), day_of(latest[0], zone)
    return Change(name, unit, first[1], days[0], latest[1], days[1], threshold, reached, OSTELO)
