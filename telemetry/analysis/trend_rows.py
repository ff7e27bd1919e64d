"""Classes and the diary side by side: one `TrendClass` per class, with its pain and the clinician's limits.

Comes in: past classes in order of time, the diary, the rider's zone. Goes out: rows. Leaves to others: weeks,
charts and everything that compares rows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta, tzinfo
from statistics import mean

from telemetry.analysis.limits import Limits
from telemetry.analysis.weeks import day_of
from telemetry.model import Diary, OwnLimit, PainEntry, PastClass, TrendClass


def trend_classes(
    rows: Sequence[PastClass], diary: Diary, zone: tzinfo, limits: Limits
) -> tuple[TrendClass, ...]:
    """Every class with the pain during it or within 24 h after: the highest, the mean, and legs apart."""
    pain = sorted(diary.pain, key=lambda entry: entry.when)
    times = [entry.when for entry in pain]
    out = []
    for row in rows:
        stop = row.started_at + timedelta(seconds=row.duration_s)
        until = stop + timedelta(hours=limits["pain_hours"])
        here = pain[bisect_left(times, row.started_at) : bisect_right(times, until)]
        back = [entry.nrs for entry in here if entry.group == "back"]
        leg = [entry.nrs for entry in here if entry.group == "leg"]
        minute = _minute([entry for entry in here if entry.when <= stop])
        metrics = row.metrics
        out.append(
            TrendClass(
                id=row.id,
                started_at=row.started_at,
                day=day_of(row.started_at, zone),
                quality=row.quality,
                state=row.state,
                reasons=row.reasons,
                bike_id=row.bike_id,
                torque_load=row.torque_load,
                grinding_min=metrics.get("grinding_min"),
                grinding_strokes=row.grinding_strokes,
                unbroken_min=metrics.get("unbroken_min"),
                heart_rate_drift_bpm_per_h=metrics.get("heart_rate_drift_bpm_per_h"),
                cadence_drift_class_rpm_per_min=metrics.get("cadence_drift_class_rpm_per_min"),
                pain=max(back, default=None),
                pain_mean=mean(back) if back else None,
                leg_pain=max(leg, default=None),
                pain_entries=len(back) + len(leg),
                pain_minute=minute,
                over_own_limits=_over(row, diary.limits, max(back, default=None)),
                version=row.version,
            )
        )
    return tuple(out)


def _minute(during: Sequence[PainEntry]) -> float | None:
    """Class minute of the first back or leg pain above 0 noted in the class."""
    minutes = [
        entry.class_minute
        for entry in during
        if entry.class_minute is not None and entry.nrs > 0.0 and entry.group != "other"
    ]
    return min(minutes, default=None)


def _over(row: PastClass, limits: Sequence[OwnLimit], pain: float | None) -> tuple[str, ...]:
    """The clinician's own limits in force that this class passed; a later one of a metric replaces it."""
    force: dict[str, OwnLimit] = {}
    for limit in sorted(limits, key=lambda item: item.when):
        if limit.when <= row.started_at and (limit.until is None or row.started_at < limit.until):
            force[limit.metric] = limit
    known = {**row.metrics, "torque_load": row.torque_load, "pain": pain}
    out = []
    for name, limit in force.items():
        value = known.get(name)
        if value is not None and value > limit.value:
            whose = f"{limit.author}'s own" if limit.author else "the clinician's own"
            said = f"{value:.4g} {limit.unit}".strip()
            out.append(f"{name}: {said} is above {whose} limit of {limit.value:g}")
    return tuple(out)
