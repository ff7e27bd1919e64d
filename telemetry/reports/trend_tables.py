"""The tables of a trend page, as columns and cells of text: one function each, None where there is nothing.

Comes in: a `TrendAnalysis`. Goes out: `Table` objects (`tables.py`). Strings that a person or a file brought
are `words.Verbatim`: printed as they are, whatever the decimal sign. Leaves to others: markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from telemetry.reports import glossary, trend_marks, words
from telemetry.reports import trend_axis as axis
from telemetry.reports.tables import Cell, Row, Table, headings, numeric
from telemetry.reports.trend_pairs import LOADS, OUTCOMES, lag_name
from telemetry.reports.words import Verbatim, clean, plain_words

if TYPE_CHECKING:
    from telemetry.model import ChartPoint, Confounder, ReliefEvent, Treatment, TrendAnalysis

STATES = {
    "usual": "usual",
    "note": "note",
    "review": "review",
    "not_enough_data": "not enough data",
    "see_clinician": "see a clinician",
    "": "not reviewed",
}
OUTCOME_WORDS = {
    "relapse": "relief, then relapse",
    "no_relapse_seen": "relief, no relapse seen",
    "no_relief": "no relief seen",
    "not_assessable": "not assessable",
}
RUNNING = {
    "torque_load": "torque load so far",
    "grinding_min": "grinding so far",
    "strokes": "strokes so far",
    "unbroken_min": "unbroken so far",
}
ID_LETTERS = 8
NO_BREAK = "\u00a0"


def said(text: str, longest: int = 80) -> Verbatim:
    """A person's or a file's string: cleaned, and otherwise left as it is."""
    return Verbatim(clean(text, longest))


def day(value: date) -> str:
    """A day as it stands in a table: "14 May 2026"."""
    return f"{axis.short_day(value)} {value.year}"


def classes(trends: TrendAnalysis) -> Table | None:
    """Every class of the window, newest first, with its review, its quality and what it can be traced by."""
    if not trends.classes:
        return None
    points = {point.id: point for point in trends.chart.points}
    versions = {row.version for row in trends.classes}
    begins = Counter(row.id[:ID_LETTERS] for row in trends.classes)
    rows = []
    for row in reversed(trends.classes):
        start = axis.local(trends, row.started_at)
        point = points.get(row.id)
        review = " ".join([STATES.get(row.state, plain_words(row.state)), *row.reasons])
        cells = [
            Cell(f"{axis.short_day(start.date())} {start:%H:%M}"),
            _metric(row.torque_load, "TL", "torque_load"),
            Cell(chart_words(point)),
            _metric(row.grinding_min, "min", "grinding_min"),
            _metric(row.grinding_strokes, "", "grinding_strokes"),
            _metric(row.unbroken_min, "min", "unbroken_min"),
            _metric(row.heart_rate_drift_bpm_per_h, "bpm/h", "heart_rate_drift_bpm_per_h"),
            Cell(_pain(row.pain, row.pain_mean)),
            Cell("" if row.leg_pain is None else f"{row.leg_pain:g}", row.leg_pain),
            Cell(review),
            Cell(plain_words(row.quality)),
            Cell(said(row.bike_id or "", 16)),
            Cell(said(row.id, 120)[: 20 if begins[row.id[:ID_LETTERS]] > 1 else ID_LETTERS]),
        ]
        if len(versions) > 1:
            cells.append(Cell(said(row.version, 16)))
        rows.append(Row(tuple(cells), marked=row.state in ("review", "see_clinician")))
    (version, *_) = sorted(versions)
    note = (
        "Pain: highest and mean back pain during the class or within 24 h after. Chart: the load on the "
        "baseline's torque reference, and what the chart says of it (run: eight or more on one side; EWMA: "
        "the moving average outside its limits). The class's id leads to its own report: "
        "telemetry library show ID."
    )
    if len(versions) == 1 and version:
        note += f" All were analysed by version {clean(version, 16)}."
    head = ["Class", "TL>", "Chart", "Grinding, min>", "Strokes in it>", "Unbroken, min>"]
    head += ["Heart-rate drift>", "Pain", "Leg>", "Review", "Quality", "Bike", "Id"]
    head += ["Version"] if len(versions) > 1 else []
    return Table("Each class", headings(*head), tuple(rows), note)


def _metric(value: float | None, unit: str, name: str) -> Cell:
    cell = numeric(value, unit)
    return Cell(cell.text if value is not None else words.ABSENT, cell.raw, name)


def _pain(worst: float | None, mean: float | None) -> str:
    if worst is None or mean is None:
        return ""
    return f"{worst:g}, mean {mean:.1f}"


def chart_words(point: ChartPoint | None) -> str:
    """What the chart says of a class."""
    if point is None or point.value is None:
        return "left out" + (f": {point.left_out}" if point is not None and point.left_out else "")
    marks = [point.outside] if point.outside else []
    marks += ["run"] if point.run else []
    marks += [f"EWMA {point.ewma_signal}"] if point.ewma_signal else []
    marks += ["baseline"] if point.in_baseline else []
    return ", ".join([words.number(point.value, 1), *marks])


def weeks(trends: TrendAnalysis) -> Table | None:
    """Every week, zero where there was no class."""
    if not trends.weeks:
        return None
    rows = []
    for week in reversed(trends.weeks):
        marks = ["known in part"] if week.partial else []
        marks += [f"{week.without_load} without torque: too low"] if week.without_load else []
        rows.append(
            Row(
                (
                    Cell(
                        f"{week.year}-W{week.week:02d}, {axis.short_day(week.first)}".replace(" ", NO_BREAK)
                    ),
                    Cell(str(week.classes), float(week.classes)),
                    numeric(week.torque_load, "TL"),
                    numeric(week.grinding_min, "min"),
                    Cell(words.number(week.grinding_strokes), week.grinding_strokes),
                    numeric(week.unbroken_min, "min"),
                    numeric(week.heart_rate_drift_bpm_per_h, "bpm/h"),
                    Cell(_median(week.pain_median, week.pain_max)),
                    Cell("" if week.leg_pain_max is None else f"{week.leg_pain_max:g}"),
                    Cell(f"{week.days_with_entry} of 7"),
                    Cell("; ".join(marks)),
                )
            )
        )
    head = ("Week", "Classes>", "TL>", "Grinding, min>", "Strokes in it>", "Longest unbroken, min>")
    more = ("Heart-rate drift>", "Back pain", "Leg>", "Days noted", "Remark")
    note = "Sums of the week; drift and pain are medians, the highest beside it. No class is a load of 0."
    return Table("Each week", headings(*head, *more), tuple(rows), note)


def _median(middle: float | None, worst: float | None) -> str:
    return "" if middle is None or worst is None else f"{middle:g}, worst {worst:g}"


def relief(trends: TrendAnalysis) -> Table | None:
    """Every treatment: base, relief, lowest, relapse or how far it was followed."""
    if not trends.relief.events:
        return None
    rows = tuple(_relief(trends, event) for event in trends.relief.events)
    found = trends.relief
    if found.median_days is not None:
        middle = f"Median time to relapse {found.median_days:.0f} days (Kaplan–Meier, approximate: one rider)"
    else:
        middle = f"Median time to relapse: {found.median_why_not or 'not known'}"
    count = f"{found.n} of {len(found.events)} treatments can be assessed"
    seen = f"{found.reliefs} with relief, {found.relapses} with relapse"
    head = (
        "Treatment",
        "Base",
        "Relief, day>",
        "Lowest>",
        "Relapse, day>",
        "Followed, days>",
        "What was seen",
    )
    return Table("Relief and relapse", headings(*head), rows, f"{count}: {seen}. {middle}.")


def _relief(trends: TrendAnalysis, event: ReliefEvent) -> Row:
    def days(value: float | None) -> Cell:
        return Cell("" if value is None else f"{value:.0f}", value)

    relapse = "" if event.relapse_days is None else f"{event.relapse_days:.0f}"
    if event.not_before_days is not None:
        relapse = f"{event.not_before_days:.0f} to {relapse}"
    base = "" if event.base is None else f"{event.base:g} (n {event.base_entries})".replace(" ", NO_BREAK)
    seen = OUTCOME_WORDS[event.outcome] + (f": {event.why}" if event.why else "")
    name = f"{day(axis.local(trends, event.when).date())}, {', '.join(map(plain_words, event.kinds))}"
    lowest = Cell("" if event.nadir is None else f"{event.nadir:g}", event.nadir)
    return Row(
        (
            Cell(name),
            Cell(base, event.base),
            days(event.relief_days),
            lowest,
            Cell(relapse, event.relapse_days),
            days(event.followed_days),
            Cell(seen),
        )
    )


def lags(trends: TrendAnalysis) -> Table | None:
    """Every lag of every load, and what may be said of them together."""
    if not trends.co_movement:
        return None
    rows = []
    for item in trends.co_movement:
        for lag in item.lags:
            name = f"{LOADS.get(item.load, plain_words(item.load))}, {lag_name(lag.lag)}"
            if lag.rho is None:
                rows.append(Row((Cell(name), Cell(str(lag.n)), Cell(lag.why_not or ""))))
                continue
            span = f"{words.signed_to(lag.low, 2)} to {words.signed_to(lag.high, 2)}"
            rows.append(
                Row(
                    (
                        Cell(name),
                        Cell(str(lag.n), float(lag.n)),
                        Cell(words.signed_to(lag.rho, 2), lag.rho),
                        Cell(span),
                        Cell("stands out" if lag.stands_out else ""),
                    )
                )
            )
    note = " ".join(
        f"{LOADS.get(item.load, plain_words(item.load))}: {item.says[:1].lower()}{item.says[1:]}"
        for item in trends.co_movement
    )
    return Table(
        "Load and pain, every lag", headings("Lag", "Classes>", "rho>", "Interval", ""), tuple(rows), note
    )


def onset(trends: TrendAnalysis) -> Table | None:
    """How closely each running load agrees at the minute of pain."""
    if not trends.onset.n:
        return None
    rows = []
    for load in trends.onset.loads:
        name = RUNNING.get(load.load, plain_words(load.load))
        if load.z is None:
            rows.append(Row((Cell(name), Cell(load.why_not or ""))))
            continue
        typical = words.number(load.typical, 1 if load.unit == "min" else 0)
        cells = (Cell(f"{typical} {load.unit}", load.typical), Cell(words.signed_to(load.z, 1), load.z))
        rows.append(Row((Cell(name), *cells, Cell("best" if load.load == trends.onset.best else ""))))
    note = trends.onset.says
    if trends.onset.p is not None:
        note += f" Permutation test: p {trends.onset.p:.3f}, {trends.onset.permutations} permutations."
    caption = "Which load lines up at the minute of pain"
    head = headings("Load", "At that minute", "Against the clock, z>", "")
    return Table(caption, head, tuple(rows), f"{trends.onset.n} classes with a minute of pain. {note}")


def settings(trends: TrendAnalysis) -> Table | None:
    """Every change of a setting with each outcome before and after."""
    if not trends.settings:
        return None
    rows: list[Row] = []
    for number, effect in trend_marks.numbered(trends):
        what = "; ".join(clean(change, 80) for change in effect.changes)
        on = f" on {clean(effect.bike, 20)}" if effect.bike else ""
        rows.append(
            Row((Cell(f"{number}. {day(axis.local(trends, effect.when).date())}: {what}{on}"),), group=True)
        )
        for shift in effect.shifts:
            name = OUTCOMES.get(shift.outcome, plain_words(shift.outcome))
            count = f"{shift.n_before}, {shift.n_after}"
            if shift.shift is None:
                rows.append(Row((Cell(name), Cell(count), Cell(shift.why_not or ""))))
                continue
            span = f"{words.signed_to(shift.low, 1)} to {words.signed_to(shift.high, 1)}"
            change = Cell(words.signed_to(shift.shift, 1), shift.shift)
            rows.append(Row((Cell(name), Cell(count), change, Cell(span))))
    head = headings("Outcome", "Classes before, after", "Shift>", "Interval")
    note = (
        "Shift: median of all differences, after minus before. Changes are made when pain is worst, so that "
        "some of any relief is regression to the mean."
    )
    return Table("Before and after a changed setting", head, tuple(rows), note)


def changes(trends: TrendAnalysis) -> Table | None:
    """Scores now against the first, held to the change that people call important."""
    if not trends.changes:
        return None
    words_of = {
        "better": "lower by that much or more",
        "worse": "higher by that much or more",
        "no": "less than that",
    }
    rows = tuple(
        Row(
            (
                Cell(item.name),
                Cell(f"{item.first:g} on {day(item.first_on)}", item.first),
                Cell(f"{item.latest:g} on {day(item.latest_on)}", item.latest),
                Cell(f"{item.threshold:g} {item.unit}", item.threshold),
                Cell(words_of[item.reached]),
            )
        )
        for item in trends.changes
    )
    note = "; ".join(dict.fromkeys(item.source for item in trends.changes)) + "."
    head = headings("Score", "First", "Latest", "Important change", "Change since")
    return Table("Scores", head, rows, note)


def comparisons(trends: TrendAnalysis) -> Table | None:
    """Phases against each other by non-overlap."""
    if not trends.comparisons:
        return None
    rows = []
    for item in trends.comparisons:
        name = f"{item.outcome}: {clean(item.phase_a, 30)}, then {clean(item.phase_b, 30)}"
        count = f"{item.n_a}, {item.n_b}"
        if item.nap is None:
            rows.append(Row((Cell(name), Cell(count), Cell(item.why_not or ""))))
            continue
        span = f"{words.number(item.low, 2)} to {words.number(item.high, 2)}"
        tau = (
            f"Tau-BC {words.signed_to(item.tau_bc, 2)}"
            if item.tau_bc is not None
            else f"Tau {words.signed_to(item.tau, 2)}"
            if item.tau is not None
            else ""
        )
        cells = (Cell(f"{item.nap:.2f}", item.nap), Cell(span), Cell(tau), Cell(item.baseline_trend))
        rows.append(Row((Cell(name), Cell(count), *cells)))
    head = headings("Phases", "Days with pain noted", "NAP>", "Interval", "Tau", "First phase")
    note = "NAP: share of pairs of days in which pain was lower in the later phase; 0.50 is no difference."
    return Table("Phases against each other", head, tuple(rows), note)


def own(trends: TrendAnalysis) -> Table | None:
    """The clinician's own limits, and the classes that passed them."""
    if not trends.diary.limits:
        return None
    rows = []
    for item in trends.diary.limits:
        until = "" if item.until is None else f" to {day(axis.local(trends, item.until).date())}"
        over = [
            axis.short_day(axis.local(trends, row.started_at).date())
            for row in trends.classes
            if any(text.startswith(f"{item.metric}:") for text in row.over_own_limits)
        ]
        rows.append(
            Row(
                (
                    Cell(f"{plain_words(clean(item.metric, 40))}: {item.value:g} {clean(item.unit, 12)}"),
                    Cell(f"from {day(axis.local(trends, item.when).date())}{until}"),
                    Cell(said(item.author, 40)),
                    Cell(said(item.note, 120)),
                    Cell(", ".join(over) or "none"),
                )
            )
        )
    head = headings("Limit", "Holds", "Set by", "Note", "Classes above it")
    note = "These are the clinician's, not this program's: no rule of the review uses them."
    return Table("The clinician's own limits", head, tuple(rows), note)


def noted(trends: TrendAnalysis) -> Table | None:
    """Treatments and confounders in the rider's words, with late ones marked."""
    rows = []
    hours = axis.limit(trends, "late_entry_h", 24.0)
    entries: list[Treatment | Confounder] = [*trends.diary.treatments, *trends.diary.confounders]
    entries.sort(key=lambda item: item.when)
    for item in entries:
        until = getattr(item, "until", None)
        last = "" if until is None else f" to {day(axis.local(trends, until).date())}"
        late = item.entered_at is not None and (item.entered_at - item.when).total_seconds() > 3600 * hours
        rows.append(
            Row(
                (
                    Cell(f"{day(axis.local(trends, item.when).date())}{last}"),
                    Cell(plain_words(item.kind)),
                    Cell(said(item.note, 120)),
                    Cell("written down late" if late else ""),
                )
            )
        )
    if not rows:
        return None
    return Table("Treatments, and what else was noted", headings("When", "What", "Note", ""), tuple(rows))


def limits(trends: TrendAnalysis) -> Table | None:
    """Every limit of the trend as it stood."""
    if not trends.limits:
        return None
    rows = tuple(
        Row(
            (
                Cell(limit.name),
                Cell(words.plain(limit.value), limit.value),
                Cell(limit.unit),
                Cell(limit.source),
                Cell(limit.evidence),
            ),
            marked=limit.overridden,
        )
        for limit in trends.limits
    )
    return Table("Limits used", headings("Limit", "Value>", "Unit", "Source", "Evidence"), rows)


def states(rows: Iterable[str]) -> str:
    """How many classes had which review: "3 review, 20 usual"."""
    order = [*reversed(glossary.STATES)]
    kept = list(rows)
    counts = ((state, kept.count(state)) for state in [*order, ""])
    return ", ".join(f"{count} {STATES[state]}" for state, count in counts if count)
