"""What each figure of a trend says in words: the numbers that a reader would take from it.

Comes in: a trend. Goes out: alternative texts. Leaves to others: drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.reports import trend_axis as axis
from telemetry.reports import trend_chart, trend_marks, trend_overview, words
from telemetry.reports.trend_pairs import LOADS, OUTCOMES, event_name, lag_name

if TYPE_CHECKING:
    from telemetry.model import TrendAnalysis


def overview(trends: TrendAnalysis) -> str:
    """Panels, chart, what was outside, grinding, drift, pain, and what was done when."""
    names = [panel.name.replace("_", " ") for panel in trend_overview.panels(trends)]
    said = [
        f"{len(names)} panel{'' if len(names) == 1 else 's'} above one time axis from "
        f"{day(trends.first_day)} to {day(trends.last_day)}: {', '.join(names)}.",
        *_chart(trends),
    ]
    grinding = [row.grinding_min for row in trends.classes if row.grinding_min is not None]
    if grinding:
        said.append(
            f"Grinding: {words.number(min(grinding), 1)} to {words.number(max(grinding), 1)} min a class; "
            f"weeks without a class: {sum(not week.classes for week in trends.weeks)}."
        )
    drift = [
        row.heart_rate_drift_bpm_per_h for row in trends.classes if row.heart_rate_drift_bpm_per_h is not None
    ]
    if drift:
        said.append(
            f"Heart-rate drift: {words.signed(min(drift), 'bpm/h')} to {words.signed(max(drift), 'bpm/h')} "
            f"bpm/h in {len(drift)} classes."
        )
    for group in ("back", "leg"):
        noted = [item.nrs for item in trends.diary.pain if item.group == group]
        if noted:
            said.append(f"{group.title()} pain: {len(noted)} entries from {min(noted):g} to {max(noted):g}.")
    return " ".join([*said, *_done(trends)])


def _chart(trends: TrendAnalysis) -> list[str]:
    chart, points = trends.chart, trend_chart.shown(trends)
    on = [point for point in points if point.value is not None]
    if not on:
        return []
    said = [f"Torque load of {len(on)} classes."]
    if chart.low is not None and chart.high is not None:
        said.append(
            f"Natural limits {words.number(chart.low, 1)} to {words.number(chart.high, 1)} TL around "
            f"{words.number(chart.centre, 1)}, from {chart.n} baseline classes."
        )
        outside = [
            f"{axis.short_day(axis.local(trends, point.started_at).date())} {point.outside} with "
            f"{words.number(point.value, 1)}"
            for point in on
            if point.outside
        ]
        said.append(f"Outside: {'; '.join(outside) or 'none'}.")
        runs, moved = sum(point.run for point in on), sum(bool(point.ewma_signal) for point in on)
        said.append(f"{runs} classes end a run of eight or more; {moved} have the moving average outside.")
    return said


def _done(trends: TrendAnalysis) -> list[str]:
    said = []
    if axis.phases(trends):
        names = (trend_marks.phase_name(phase) for _, _, phase in axis.phases(trends))
        said.append(f"Phases: {', '.join(names)}.")
    done = [
        f"{words.plain_words(item.kind)} on {axis.short_day(axis.local(trends, item.when).date())}"
        for item in trends.diary.treatments
        if axis.inside(trends, item.when)
    ]
    if done:
        said.append(f"Treatments: {', '.join(done)}.")
    if trends.settings:
        when = (axis.short_day(axis.local(trends, effect.when).date()) for effect in trends.settings)
        said.append(f"Settings changed on {', '.join(when)}.")
    other = [trend_marks.CONFOUNDER_WORDS[item.kind] for item in trends.diary.confounders]
    if other:
        said.append(f"Also noted: {', '.join(other)}.")
    return said


def weeks(trends: TrendAnalysis) -> str:
    """Torque load of every week."""
    rows = (
        f"week {week.week}: {words.number(week.torque_load)}"
        + (" (known in part)" if week.partial else "")
        + (" (too low: a class without torque)" if week.without_load else "")
        for week in trends.weeks
    )
    text = f"Torque load by week. {'; '.join(rows)}."
    if trends.daily:
        last = trends.daily[-1]
        text += (
            f" At the end the weighted mean of late is {words.number(last.recent, 1)} TL a day, the usual "
            f"one {words.number(last.usual, 1)}."
        )
    return text


def relief(trends: TrendAnalysis) -> str:
    """Every treatment with what pain did after it."""
    rows = []
    for event in trends.relief.events:
        name = event_name(trends, event)
        if event.outcome == "not_assessable":
            rows.append(f"{name}: not assessable, {event.why}")
            continue
        text = f"{name}: base {event.base:g}"
        if event.relief_days is not None:
            text += f", relief on day {event.relief_days:.0f}, lowest {event.nadir:g}"
        if event.relapse_days is not None:
            text += f", relapse on day {event.relapse_days:.0f}"
        else:
            text += ", no relief" if event.outcome == "no_relief" else ", no relapse seen"
        rows.append(text)
    return f"Pain after {len(rows)} treatments. {'; '.join(rows)}."


def lags(trends: TrendAnalysis) -> str:
    """Every lag with its interval."""
    parts = []
    for item in trends.co_movement:
        rows = (
            f"{lag_name(lag.lag)} {words.signed_to(lag.rho, 2)} ({words.signed_to(lag.low, 2)} to "
            f"{words.signed_to(lag.high, 2)}, n {lag.n})"
            if lag.rho is not None
            else f"{lag_name(lag.lag)} {lag.why_not}"
            for lag in item.lags
        )
        parts.append(f"{LOADS.get(item.load, item.load)} and pain: {'; '.join(rows)}.")
    return "Spearman's rho by lag. " + " ".join(parts)


def settings(trends: TrendAnalysis) -> str:
    """Every change with the shift of every outcome."""
    rows = []
    for number, effect in trend_marks.numbered(trends):
        said = "; ".join(
            f"{OUTCOMES.get(shift.outcome, shift.outcome)} {words.signed_to(shift.shift, 1)} "
            f"({words.signed_to(shift.low, 1)} to {words.signed_to(shift.high, 1)})"
            if shift.shift is not None
            else f"{OUTCOMES.get(shift.outcome, shift.outcome)} not enough classes"
            for shift in effect.shifts
        )
        rows.append(f"{number}, {'; '.join(effect.changes)}: {said}.")
    return "After minus before. " + " ".join(rows)


def day(value: object) -> str:
    """A day as it is read aloud."""
    from datetime import date

    assert isinstance(value, date)
    return f"{axis.short_day(value)} {value.year}"
