"""A rider's earlier classes and diary, as far as one class is held against them.

Comes in: past analyses (objects or the mappings of their JSON) and diary entries. Goes out: natural process
limits of torque load, own percentiles, usual balance by torque, usual pain. Leaves to others: charts, trends,
and how classes are kept. Sources: metrics reference, section 7; rulings, section 10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean, median, stdev
from typing import Any

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.errors import BadInput
from telemetry.model import (
    BalanceBin,
    ClassAnalysis,
    Diary,
    History,
    PainEntry,
    PastClass,
    RunningLoad,
    Symptoms,
)

BASELINE_FROZEN = 12
"""The baseline is the first twelve classes that qualify, and then stands."""
BASELINE_PEDALLING_MIN = 20.0
RECENT_DAYS = 28
PAIN_HOURS = 24
SEVERE_PAIN = 7.0
"""Only decides which of back and leg is told, where both were noted; the rule's own limit is `r6_pain`."""
PAIN_MIN_ENTRIES = 3
"""Fewest diary entries of the 28 days before for a usual pain, our choice."""
XMR_FACTOR = 2.66
"""3 / 1.128: natural process limits from the mean moving range."""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """An individuals chart (XmR): mean, mean moving range and natural process limits."""

    mean: float
    mean_range: float
    low: float
    high: float

    @property
    def sigma(self) -> float:
        """Short-term spread: mean moving range / 1.128."""
        return self.mean_range / 1.128


def xmr(values: Sequence[float]) -> ProcessLimits:
    """Natural process limits mean ± 2.66 mean|MR| of a series in its order (at least two values).

    >>> limits = xmr([62, 70, 58, 66, 73, 61, 69, 64])
    >>> round(limits.mean, 3), round(limits.mean_range, 4), round(limits.low, 3), round(limits.high, 3)
    (65.375, 8.5714, 42.575, 88.175)
    """
    centre = mean(values)
    spread = mean(abs(b - a) for a, b in pairwise(values))
    return ProcessLimits(centre, spread, centre - XMR_FACTOR * spread, centre + XMR_FACTOR * spread)


def reference_kind(source: str) -> str:
    """FTP, body mass or absolute: torque loads of different kinds of reference are never charted together."""
    return source.split(" ", 1)[0].rstrip(":").lower()


def history_as_of(
    past: Iterable[Any], diary: Diary | Iterable[Any], started_at: datetime, duration_s: float = 0.0
) -> History:
    """What was known of a rider for a class that began at `started_at`, however much came later.

    Classes that began before it, and the diary up to 24 h after its end: with the same rows the review of a
    class comes out the same in a year's time.
    """
    until = started_at + timedelta(seconds=duration_s, hours=PAIN_HOURS)
    if isinstance(diary, Diary):
        known: Any = diary.until(until)
    else:
        known = tuple(entry for entry in diary if (when := _entry_moment(entry)) is None or when <= until)
    return History(past=past_classes(History(tuple(past)), started_at), diary=known, as_of=started_at)


def _entry_moment(entry: Any) -> datetime | None:
    return moment(entry.get("at")) if isinstance(entry, Mapping) else getattr(entry, "when", None)


def past_classes(history: History, before: datetime | None) -> tuple[PastClass, ...]:
    """Earlier classes in order of time: those that started before `before` (or the history's `as_of`).

    Entries without a start are left out: they cannot be placed.

    Raises
    ------
    BadInput : an entry that is neither a ClassAnalysis nor a mapping of its JSON
    """
    moments = [moment for moment in (before, history.as_of) if moment is not None]
    until = min(moments) if moments else None
    rows = [past_class(entry) for entry in history.past]
    return tuple(
        sorted(
            (row for row in rows if row is not None and until is not None and row.started_at < until),
            key=lambda row: row.started_at,
        )
    )


def past_class(entry: Any) -> PastClass | None:
    """One class as later ones see it, from a `PastClass`, a `ClassAnalysis` or its JSON; None without a date.

    Raises
    ------
    BadInput : something else
    """
    if isinstance(entry, PastClass):
        return entry
    if isinstance(entry, ClassAnalysis):
        entry = entry.to_dict()
    if not isinstance(entry, Mapping) or "recording" not in entry or "metrics" not in entry:
        raise BadInput(
            "an entry of the history is no analysis",
            place="history",
            expected="a ClassAnalysis or the mapping of its JSON",
            got=type(entry).__name__,
        )
    recording, metrics, rider = entry["recording"], entry["metrics"], entry.get("rider", {})
    started_at = moment(recording.get("started_at"))
    if started_at is None:
        return None
    values = {name: found.get("value") for name, found in metrics.items()}
    grade = entry.get("quality", {}).get("grade", "")
    review = entry.get("review", {})
    minutes = entry.get("by_minute")
    return PastClass(
        started_at=started_at,
        torque_load=values.get("torque_load"),
        torque_reference_nm=rider.get("torque_reference_nm"),
        reference_kind=reference_kind(str(rider.get("torque_reference_source", ""))),
        grinding_strokes=values.get("grinding_strokes"),
        pedalling_min=values.get("pedalling_min"),
        usable=grade in ("good", "fair"),
        power_measured="power_w" in recording.get("channels", ()),
        balance=tuple(BalanceBin(**item) for item in entry.get("balance", ())),
        id=recording.get("id", ""),
        duration_s=recording.get("duration_s") or 0.0,
        bike_id=recording.get("bike_id"),
        quality=grade,
        state=review.get("state", ""),
        reasons=tuple(finding["code"] for finding in review.get("findings", ())),
        metrics=values,
        by_minute=None if not minutes else RunningLoad(**{name: tuple(v) for name, v in minutes.items()}),
        version=entry.get("version", ""),
    )


def moment(value: Any) -> datetime | None:
    """A UTC-aware moment from a datetime or ISO text; a time without a zone is taken as UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as cause:
            raise BadInput(
                "a time is not readable", place="history", expected="ISO 8601", got=value
            ) from cause
    if not isinstance(value, datetime):
        raise BadInput("a time is not readable", place="history", expected="ISO 8601", got=repr(value))
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


# --- torque load --------------------------------------------------------------------------------------------


def qualifies(row: PastClass) -> bool:
    """True where a class may stand in a baseline: usable, measured power, 20 min pedalling, a load over 0."""
    return (
        row.usable
        and row.power_measured
        and (row.pedalling_min or 0.0) >= BASELINE_PEDALLING_MIN
        and (row.torque_load or 0.0) > 0.0
        and bool(row.torque_reference_nm)
    )


@dataclass(frozen=True, slots=True)
class Usual:
    """The upper end of what is usual for this rider, and what it was drawn from."""

    limit: float
    centre: float
    low: float
    classes: tuple[PastClass, ...]
    how: str
    """process limits, or median"""


def usual_torque_load(
    past: Sequence[PastClass], reference_nm: float, kind: str, at: datetime, limits: Limits
) -> Usual | str:
    """The rider's own upper limit of torque load, on today's reference; or why there is none.

    From eight baseline classes on: exp of the natural process limits of log TL over the first twelve that
    qualify (quality good or fair, power measured, 20 min pedalling, the same kind of reference). Before:
    1.5 x the median of the last 28 days, with three classes. Loads of another T_ref are rescaled.
    """
    scaled = [
        (row, row.torque_load * (row.torque_reference_nm / reference_nm) ** 2)
        for row in past
        if row.torque_load is not None
        and row.torque_load > 0.0
        and row.torque_reference_nm is not None
        and row.reference_kind == kind
    ]
    baseline = [(row, load) for row, load in scaled if qualifies(row)][:BASELINE_FROZEN]
    needed = int(limits["r1_baseline_classes"])
    if len(baseline) >= needed:
        chart = xmr([math.log(load) for _, load in baseline])
        return Usual(
            math.exp(chart.high),
            math.exp(chart.mean),
            math.exp(chart.low),
            tuple(row for row, _ in baseline),
            "process limits",
        )
    recent = [(row, load) for row, load in scaled if at - row.started_at <= timedelta(days=RECENT_DAYS)]
    least = int(limits["r1_min_classes"])
    if len(recent) >= least:
        centre = median(load for _, load in recent)
        return Usual(
            limits["r1_median_factor"] * centre, centre, 0.0, tuple(row for row, _ in recent), "median"
        )
    return (
        f"no baseline: {len(baseline)} earlier classes qualify and {needed} are needed, or {least} in the "
        f"last {RECENT_DAYS} days ({len(recent)} known)"
    )


def own_percentile(past: Sequence[PastClass], share: float, needed: int) -> tuple[float, int] | str:
    """The rider's own percentile of grinding strokes over all earlier classes, and their number; or why
    not."""
    strokes = [row.grinding_strokes for row in past if row.grinding_strokes is not None]
    if len(strokes) < needed:
        return f"{len(strokes)} earlier classes with torque are known and {needed} are needed"
    return float(np.percentile(strokes, share)), len(strokes)


def passes_by_itself(classes: int, share: float) -> float:
    """Share of classes in which a rider whose habits do not change passes this percentile of `classes`."""
    position = 1.0 + (classes - 1) * share / 100.0
    return (classes + 1 - position) / (classes + 1)


# --- balance ------------------------------------------------------------------------------------------------


def balance_change(
    here: Sequence[BalanceBin], past: Sequence[PastClass], needed: int
) -> tuple[float, float, float, int] | str:
    """Right share against the rider's own baseline in the same torque bins: (points, low, high, classes).

    Each bin is compared with its mean over the baseline classes; bins count by their seconds here. The 95 %
    interval is that of one more class like those: t · SD · sqrt(1 + 1/n), with the SD of the baseline
    classes' own deviations.
    """
    from telemetry.analysis.robust import student_t_975  # late: it brings numba, which a trend has no use for

    rows = [row for row in past if row.balance and row.usable][:BASELINE_FROZEN]
    if len(rows) < needed:
        return f"{len(rows)} earlier classes with balance are known and {needed} are needed"
    usual: dict[float, list[float]] = {}
    for row in rows:
        for item in row.balance:
            usual.setdefault(item.low_nm, []).append(item.right_pct)
    shared = {item.low_nm: item for item in here if len(usual.get(item.low_nm, ())) >= needed}
    if not shared:
        return f"no torque of this class was ridden in {needed} of the earlier classes"
    centre = {low: mean(usual[low]) for low in shared}

    def deviation(bins: Iterable[BalanceBin]) -> float:
        pairs = [
            (shared[b.low_nm].seconds, b.right_pct - centre[b.low_nm]) for b in bins if b.low_nm in shared
        ]
        return sum(weight * points for weight, points in pairs) / sum(weight for weight, _ in pairs)

    spread = stdev(deviation(row.balance) for row in rows if any(b.low_nm in shared for b in row.balance))
    n = len(rows)
    points = deviation(here)
    reach = student_t_975(n - 1) * spread * math.sqrt(1.0 + 1.0 / n)
    return points, points - reach, points + reach, n


# --- pain ---------------------------------------------------------------------------------------------------


def symptoms_of_class(
    symptoms: Symptoms | None, diary: Iterable[Any], started_at: datetime | None, duration_s: float
) -> Symptoms:
    """Pain of this class and what is usual: as told, else from the diary.

    The pain of a class is the highest entry during it or within 24 h after; usual is the median of the 28
    days before, from three entries on. Back and leg are held apart, each against its own usual, and the one
    that speaks louder is taken; pain elsewhere (knee, neck, hand) is no matter of this review. Entries are
    `PainEntry` objects, or mappings with kind "pain", at, value, which count as back. No entry is not 0.

    Raises
    ------
    BadInput : a rating outside 0 to 10, or a time that cannot be read
    """
    pain = None if symptoms is None else _rating(symptoms.pain, "pain")
    usual = None if symptoms is None else _rating(symptoms.usual_pain, "usual pain")
    if started_at is not None and (pain is None or usual is None):
        noted = [rated for entry in diary if (rated := _rated(entry)) is not None]
        found = [
            _of_class(
                [(when, value) for group, when, value in noted if group == wanted], started_at, duration_s
            )
            for wanted in ("back", "leg")
        ]
        known = [item for item in found if item.pain is not None] or found[:1]
        here = max(known, key=_loudness)
        pain = here.pain if pain is None else pain
        usual = here.usual_pain if usual is None else usual
    return Symptoms(pain, usual)


def _loudness(found: Symptoms) -> tuple[bool, float, float]:
    """Severe first, then the larger rise, then the larger value."""
    pain = found.pain or 0.0
    rise = 0.0 if found.usual_pain is None else pain - found.usual_pain
    return pain >= SEVERE_PAIN, rise, pain


def _of_class(entries: list[tuple[datetime, float]], started_at: datetime, duration_s: float) -> Symptoms:
    until = started_at + timedelta(seconds=duration_s, hours=PAIN_HOURS)
    since = started_at - timedelta(days=RECENT_DAYS)
    after = [value for when, value in entries if started_at <= when <= until]
    before = [value for when, value in entries if since <= when < started_at]
    return Symptoms(max(after, default=None), median(before) if len(before) >= PAIN_MIN_ENTRIES else None)


def _rated(entry: Any) -> tuple[str, datetime, float] | None:
    """Group of sites, moment and rating of a pain entry; None for any other entry."""
    if isinstance(entry, PainEntry):
        return entry.group, entry.when, entry.nrs
    if isinstance(entry, Mapping) and entry.get("kind") == "pain":
        rating, when = _rating(entry.get("value"), "diary, pain"), moment(entry.get("at"))
        if rating is not None and when is not None:
            return "back", when, rating
    return None


def _rating(value: Any, place: str) -> float | None:
    """A pain rating from 0 to 10, None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 10.0:
        raise BadInput("a pain rating is out of bounds", place=place, expected="0 to 10", got=repr(value))
    return float(value)
