"""The headline tiles of a class page: torque load, grinding, fatigue, data quality.

Comes in: a `ClassAnalysis`. Goes out: four tiles of text, with a gauge where a number has a scale. Leaves
to others: markup, and everything below the headline.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.model import ClassAnalysis
from telemetry.reports import glossary, words


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value, its interval and one mark on a line from 0 to 100 percent of the line's length."""

    at: float
    low: float
    high: float
    mark: float
    mark_label: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline number. `metric` names the metric it prints, empty where it is none."""

    label: str
    text: str
    unit: str = ""
    before: str = ""
    """a word that stands before the number"""
    interval: str = ""
    lines: tuple[str, ...] = ()
    evidence: str = ""
    gauge: Gauge | None = None
    metric: str = ""
    raw: float | None = None


def tiles(analysis: ClassAnalysis) -> tuple[Tile, ...]:
    return (_load_tile(analysis), _grinding_tile(analysis), _fatigue_tile(analysis), _quality_tile(analysis))


def _load_tile(analysis: ClassAnalysis) -> Tile:
    load = analysis.metrics.get("torque_load")
    if load is None or load.value is None:
        return Tile("Torque load", words.ABSENT, lines=(_why(analysis, "torque_load"),))
    known = analysis.rider.get("ftp_w") is not None
    reference = words.quantity(analysis.rider.get("torque_reference_nm"), "N·m")
    scale = (
        "One hour at threshold at 90 rpm is 100." if known else f"One hour at a torque of {reference} is 100."
    )
    top = max(150.0, 1.15 * (load.high or load.value))
    return Tile(
        "Torque load",
        words.amount(load.value, load.unit),
        "TL",
        "",
        words.interval(load.low, load.high, load.unit),
        (scale,),
        f"evidence {load.evidence}",
        gauge(load.value, load.low, load.high, 100.0, "100", top),
        "torque_load",
        load.value,
    )


def _grinding_tile(analysis: ClassAnalysis) -> Tile:
    minutes = analysis.metrics.get("grinding_min")
    if minutes is None or minutes.value is None:
        lines = [_why(analysis, "grinding_min")]
        slow = analysis.metrics.get("low_cadence_min")
        if slow is not None and slow.value is not None and slow.note:
            minutes_slow = words.quantity(slow.value, slow.unit)
            lines.append(f"Slow legs: {minutes_slow}; {words.clean(slow.note, 80)}.")
        return Tile("Grinding", words.ABSENT, lines=tuple(lines))
    limit = limit_of(analysis, "r2_grinding_min")
    count, longest = analysis.metric("grinding_bouts"), analysis.metric("grinding_longest_s")
    share = analysis.metric("grinding_load_share_pct")
    lines = []
    ratio = analysis.metric("grinding_recovery_ratio")
    if count:
        bouts = f"{count:.0f} bout{'s' if count != 1 else ''}"
        lines.append(f"{bouts}, the longest {words.quantity(longest, 's')}." if longest else f"{bouts}.")
        if share is not None:
            lines.append(f"{words.quantity(share, '%')} of the torque load.")
        if ratio is not None and short_recovery(analysis):
            times = words.amount(ratio, "x")
            lines.append(f"{SHORT_RECOVERY.capitalize()}: pauses {times} times as long as the bouts.")
    else:
        lines.append("No bout of slow, heavy pedalling.")
    bar = None
    if limit:
        top = max(2.0 * limit, 1.15 * minutes.value)
        label = f"limit {words.plain(limit)}"
        bar = gauge(minutes.value, minutes.low, minutes.high, limit, label, top)
    return Tile(
        "Grinding",
        words.amount(minutes.value, minutes.unit),
        "min",
        "",
        words.interval(minutes.low, minutes.high, minutes.unit),
        tuple(lines),
        f"evidence {minutes.evidence}",
        bar,
        "grinding_min",
        minutes.value,
    )


def _fatigue_tile(analysis: ClassAnalysis) -> Tile:
    """The onset window first, as a rider asks "when"; the heart rate's drift beneath it."""
    onset, heart = analysis.drift.get("onset"), analysis.drift.get("heart_rate")
    lines = []
    if heart is not None and heart.applicable and heart.value is not None:
        rise = words.quantity(heart.value, heart.unit)
        within = words.interval(heart.low, heart.high, heart.unit)
        lines.append(f"Heart rate at equal work: {rise}{f' ({within})' if within else ''}.")
    elif heart is not None and heart.why_not:
        lines.append(f"Heart-rate drift: {words.clean(heart.why_not, 160)}.")
    if onset is not None and onset.applicable and onset.window_min is not None:
        first, last = onset.window_min
        lines.insert(0, "Cadence began to sag at equal torque between these minutes.")
        return Tile(
            "Fatigue",
            f"{words.number(first)}{words.DASH}{words.number(last)}",
            before="minute",
            lines=tuple(lines),
            evidence=f"evidence {onset.evidence}",
        )
    if onset is not None and onset.why_not:
        lines.append(f"Onset: {words.clean(onset.why_not, 160)}.")
    if heart is None or not heart.applicable or heart.value is None:
        return Tile("Fatigue", words.ABSENT, lines=tuple(lines) or ("Not computed for this class.",))
    if heart.low is not None and heart.low > 0.0:
        return Tile(
            "Fatigue",
            words.signed(heart.value, heart.unit),
            heart.unit,
            interval=words.interval(heart.low, heart.high, heart.unit),
            lines=("Heart rate at equal work.", *lines[1:]),
            evidence=f"evidence {heart.evidence}",
        )
    return Tile("Fatigue", "None seen", lines=tuple(lines), evidence=f"evidence {heart.evidence}")


def _quality_tile(analysis: ClassAnalysis) -> Tile:
    quality = analysis.quality
    lines = [words.sentence(words.clean(reason, 160)) for reason in quality.reasons[:2]]
    covered = quality.coverage.get("power_w")
    if covered is not None:
        lines.insert(0, f"Power covers {words.percent(covered)} of the class.")
    damage = damage_said(analysis)
    return Tile("Data quality", GRADES[quality.grade], lines=(*lines, damage) if damage else tuple(lines))


def damage_said(analysis: ClassAnalysis) -> str:
    """What happened to the file itself, as a sentence: cut, never closed, rebuilt, skipped; or empty."""
    codes = {issue.code for issue in analysis.quality.issues}
    return words.sentence(", ".join(said for code, said in glossary.DAMAGE.items() if code in codes))


SHORT_RECOVERY = "short recovery"


def short_recovery(analysis: ClassAnalysis) -> bool:
    """True where the usual pause after a bout was shorter than the bout itself."""
    ratio, limit = analysis.metric("grinding_recovery_ratio"), limit_of(analysis, "short_recovery")
    return ratio is not None and limit is not None and ratio < limit


GRADES = {"good": "Good", "fair": "Fair", "poor": "Poor", "not_usable": "Not usable"}


def _why(analysis: ClassAnalysis, name: str) -> str:
    result = analysis.metrics.get(name)
    if result is None or not result.absent_because:
        return "Not computed for this class."
    return f"Absent: {words.clean(result.absent_because, 160)}."


def gauge(value: float, low: float | None, high: float | None, mark: float, label: str, top: float) -> Gauge:
    def place(number: float) -> float:
        return round(100.0 * min(max(number / top, 0.0), 1.0), 2)

    return Gauge(
        place(value),
        place(value if low is None else low),
        place(value if high is None else high),
        place(mark),
        label,
    )


def limit_of(analysis: ClassAnalysis, name: str) -> float | None:
    """A limit as it stood in this analysis, None where it has no such row."""
    return next((limit.value for limit in analysis.limits if limit.name == name), None)
