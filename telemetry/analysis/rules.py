"""The rules of the back-risk review as rows: R1 to R6, each of small parts that are checked one by one.

Comes in: `Facts`, what is known of one class and its rider. Goes out: per part hits with value and limit, or
why it could not be checked. Leaves to others: how many reasons make a state (review.py).
Source: metrics reference, section 6; rulings, sections 3 and 10. All weights are 1: no data exist for others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from telemetry.analysis import history
from telemetry.analysis.limits import Limits
from telemetry.analysis.numbers import duration, number, plain
from telemetry.model import BalanceBin, Bout, Evidence, MetricResult, PastClass, Symptoms


@dataclass(frozen=True)
class Facts:
    """All that the rules may ask."""

    metrics: Mapping[str, MetricResult]
    limits: Limits
    bouts: tuple[Bout, ...] = ()
    duration_s: float = 0.0
    started_at: datetime | None = None
    torque_reference_nm: float = 0.0
    torque_reference_source: str = ""
    past: tuple[PastClass, ...] = ()
    balance_bins: tuple[BalanceBin, ...] = ()
    symptoms: Symptoms = field(default_factory=Symptoms)

    def value(self, name: str) -> float | None:
        """Value of a metric, None where absent."""
        found = self.metrics.get(name)
        return None if found is None else found.value

    def why_absent(self, name: str) -> str:
        """Why a metric is absent."""
        found = self.metrics.get(name)
        return (found.absent_because if found is not None else None) or "not computed"


@dataclass(frozen=True, slots=True)
class Hit:
    """One limit reached: by how much, in words, and what would have kept it below."""

    value: float
    limit: float
    unit: str
    says: str
    would_change: str
    start_s: float | None = None
    stop_s: float | None = None
    alone: bool = False
    """True where this limit counts for "twice its limit is a review by itself" """

    @property
    def times(self) -> float:
        """Value over limit; a limit of 0 is passed infinitely often."""
        return self.value / self.limit if self.limit else float("inf")


Outcome = tuple[Hit, ...] | str
"""Hits (none: checked, and nothing found), or why the part could not be checked."""


@dataclass(frozen=True, slots=True)
class Part:
    """One limit, or several that must hold together."""

    name: str
    check: Callable[[Facts], Outcome]


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to look at a class."""

    code: str
    title: str
    evidence: Evidence
    parts: tuple[Part, ...]


# --- R1 unusual torque load ---------------------------------------------------------------------------------


def _torque_load(facts: Facts) -> Outcome:
    load = facts.value("torque_load")
    if load is None:
        return facts.why_absent("torque_load")
    if facts.started_at is None:
        return "the class has no date, so it cannot be placed among earlier ones"
    usual = history.usual_torque_load(
        facts.past,
        facts.torque_reference_nm,
        history.reference_kind(facts.torque_reference_source),
        facts.started_at,
        facts.limits,
    )
    if isinstance(usual, str):
        return usual
    if load <= usual.limit:
        return ()
    count = len(usual.classes)
    drawn = (
        f"the natural limits of your own {count} baseline classes reach up to {number(usual.limit)}"
        if usual.how == "process limits"
        else f"{plain(facts.limits['r1_median_factor'])} times the median of your last {count} classes "
        f"is {number(usual.limit)}"
    )
    return (
        Hit(
            load,
            usual.limit,
            "TL",
            f"The torque load of this class was {number(load)}; {drawn}.",
            f"A torque load of {number(usual.limit)} or less.",
            0.0,
            facts.duration_s,
        ),
    )


# --- R2 grinding --------------------------------------------------------------------------------------------


def _grinding_minutes(facts: Facts) -> Outcome:
    minutes, limit = facts.value("grinding_min"), facts.limits["r2_grinding_min"]
    if minutes is None:
        return facts.why_absent("grinding_min")
    if minutes < limit:
        return ()
    start, stop = _span(facts.bouts)
    return (
        Hit(
            minutes,
            limit,
            "min",
            f"{number(minutes, 1)} minutes of this class were slow pedalling in a heavy gear; the limit is "
            f"{plain(limit)}.",
            f"Less than {plain(limit)} minutes of it: an easier gear and faster legs at the same power.",
            start,
            stop,
            alone=True,
        ),
    )


def _longest_bout(facts: Facts) -> Outcome:
    longest, limit = facts.value("grinding_longest_s"), facts.limits["r2_longest_bout_s"]
    if longest is None:
        return facts.why_absent("grinding_longest_s")
    if longest < limit:
        return ()
    bout = max(facts.bouts, key=lambda item: item.duration_s, default=None)
    return (
        Hit(
            longest,
            limit,
            "s",
            f"The longest stretch of slow, heavy pedalling lasted {duration(longest)}; the limit is "
            f"{duration(limit)}.",
            f"No stretch of slow, heavy pedalling of {duration(limit)} or more.",
            None if bout is None else bout.start_s,
            None if bout is None else bout.stop_s,
            alone=True,
        ),
    )


def _own_strokes(facts: Facts) -> Outcome:
    strokes, minutes = facts.value("grinding_strokes"), facts.value("grinding_min")
    if strokes is None or minutes is None:
        return facts.why_absent("grinding_strokes")
    share = facts.limits["r2_percentile"]
    found = history.own_percentile(facts.past, share, int(facts.limits["r1_baseline_classes"]))
    if isinstance(found, str):
        return found
    limit, classes = found
    if strokes <= limit or minutes < facts.limits["r2_percentile_min_grinding_min"]:
        return ()
    by_itself = round(100.0 * history.passes_by_itself(classes, share))
    start, stop = _span(facts.bouts)
    return (
        Hit(
            strokes,
            limit,
            "strokes",
            f"{number(strokes)} slow, heavy strokes are more than in {number(share)} of 100 of your own "
            f"{classes} earlier classes ({number(limit)}); a rider whose habits do not change still passes "
            f"this in about {by_itself} of 100.",
            f"{number(limit)} slow, heavy strokes or fewer.",
            start,
            stop,
        ),
    )


# --- R3 late loading ----------------------------------------------------------------------------------------


def _late(facts: Facts) -> Outcome:
    share, strokes = facts.value("grinding_late_share_pct"), facts.value("grinding_late_strokes")
    if strokes is None:
        return facts.why_absent("grinding_late_strokes")
    least_share, least = facts.limits["r3_late_share_pct"], facts.limits["r3_late_strokes"]
    if share is None or share < least_share or strokes < least:
        return ()
    minute = facts.limits["late_minute"]
    late = tuple(bout for bout in facts.bouts if bout.stop_s > minute * 60.0)
    start, stop = _span(late)
    start = None if start is None else max(start, minute * 60.0)
    change = (
        f"Fewer than {number(least)} slow, heavy strokes after minute {plain(minute)}, or most of them "
        "before it."
    )
    return (
        Hit(
            share,
            least_share,
            "%",
            f"{number(share)} % of the slow, heavy strokes came after minute {plain(minute)}; the limit is "
            f"{plain(least_share)} %.",
            change,
            start,
            stop,
        ),
        Hit(
            strokes,
            least,
            "strokes",
            f"{number(strokes)} slow, heavy strokes came after minute {plain(minute)}; the limit is "
            f"{plain(least)}.",
            change,
            start,
            stop,
        ),
    )


# --- R4 drift -----------------------------------------------------------------------------------------------


def _heart_rate(facts: Facts) -> Outcome:
    name, limit = "heart_rate_drift_bpm_per_h", facts.limits["r4_heart_rate_drift_bpm_per_h"]
    found = facts.metrics.get(name)
    if found is None or found.value is None or found.low is None:
        return facts.why_absent(name)
    if found.value < limit or found.low <= 0.0:
        return ()
    return (
        Hit(
            found.value,
            limit,
            "bpm/h",
            f"At the same work, heart rate rose by {number(found.value)} beats a minute over an hour "
            f"({_interval(found)}); the limit is {plain(limit)}.",
            "A steadier heart rate at the same work. Heat, coffee and little sleep move it as well.",
            facts.limits["drift_skip_min"] * 60.0,
            facts.duration_s,
        ),
    )


def _against_class(facts: Facts) -> Outcome:
    name, limit = "cadence_drift_class_rpm_per_min", facts.limits["r4_cadence_drift_rpm_per_min"]
    found = facts.metrics.get(name)
    if found is None or found.value is None or found.high is None:
        return facts.why_absent(name)
    if found.value > limit or found.high >= 0.0:
        return ()
    return (
        Hit(
            found.value,
            limit,
            "rpm/min",
            f"Against the others of the class, cadence fell by {number(-found.value, 2)} rpm each minute "
            f"({_interval(found, 2)}); the limit is {plain(-limit)}.",
            "A cadence that follows the others of the class to the end.",
            facts.limits["drift_skip_min"] * 60.0,
            facts.duration_s,
        ),
    )


# --- R5 asymmetry change ------------------------------------------------------------------------------------


def _balance(facts: Facts) -> Outcome:
    if not facts.balance_bins:
        return facts.why_absent("right_balance_pct")
    if facts.started_at is None:
        return "the class has no date, so it cannot be placed among earlier ones"
    found = history.balance_change(facts.balance_bins, facts.past, int(facts.limits["r1_baseline_classes"]))
    if isinstance(found, str):
        return found
    points, low, high, classes = found
    limit = facts.limits["r5_balance_points"]
    if abs(points) < limit or low <= 0.0 <= high:
        return ()
    side = "right" if points > 0 else "left"
    return (
        Hit(
            abs(points),
            limit,
            "points",
            f"At the same torque the {side} leg did {number(abs(points), 1)} points more of the work than "
            f"in your own {classes} earlier classes; the limit is {plain(limit)}. Shoes, cleats and another "
            "bike's meter do that as well.",
            f"A share within {plain(limit)} points of your usual at the same torque.",
            0.0,
            facts.duration_s,
        ),
    )


# --- R6 symptoms --------------------------------------------------------------------------------------------


def _pain(facts: Facts) -> Outcome:
    pain, limit = facts.symptoms.pain, facts.limits["r6_pain"]
    if pain is None:
        return "no pain was noted for this class"
    if pain < limit:
        return ()
    return (
        Hit(
            pain,
            limit,
            "NRS points",
            f"You noted pain of {plain(pain)} out of 10; the limit is {plain(limit)}.",
            f"Pain below {plain(limit)} during the class and the day after.",
        ),
    )


def _pain_rise(facts: Facts) -> Outcome:
    pain, usual, limit = facts.symptoms.pain, facts.symptoms.usual_pain, facts.limits["r6_pain_rise"]
    if pain is None:
        return "no pain was noted for this class"
    if usual is None:
        return "the rider's usual pain is not known"
    if pain - usual < limit:
        return ()
    return (
        Hit(
            pain - usual,
            limit,
            "NRS points",
            f"You noted pain of {plain(pain)} out of 10, {plain(pain - usual)} above your usual "
            f"{plain(usual)}; a rise of {plain(limit)} counts.",
            f"Pain less than {plain(limit)} above your usual.",
        ),
    )


RULES: tuple[Rule, ...] = (
    Rule("R1", "Torque load unusual for this rider", "C", (Part("own usual torque load", _torque_load),)),
    Rule(
        "R2",
        "Slow pedalling in a heavy gear",
        "D",
        (
            Part("grinding minutes", _grinding_minutes),
            Part("longest bout", _longest_bout),
            Part("own earlier classes", _own_strokes),
        ),
    ),
    Rule("R3", "Heavy pedalling late in the class", "D", (Part("late strokes", _late),)),
    Rule(
        "R4",
        "Fading over the class",
        "C",
        (Part("heart rate", _heart_rate), Part("cadence against the class", _against_class)),
    ),
    Rule("R5", "Left and right shared the work differently", "D", (Part("own usual balance", _balance),)),
    Rule(
        "R6", "Pain noted by the rider", "B", (Part("pain", _pain), Part("rise over the usual", _pain_rise))
    ),
)


# --- small words --------------------------------------------------------------------------------------------


def _span(bouts: tuple[Bout, ...]) -> tuple[float | None, float | None]:
    if not bouts:
        return None, None
    return min(bout.start_s for bout in bouts), max(bout.stop_s for bout in bouts)


def _interval(found: MetricResult, digits: int = 0) -> str:
    if found.low is None or found.high is None:
        return "interval unknown"
    return f"between {number(found.low, digits)} and {number(found.high, digits)}"
