"""A rider's months as words and numbers, in the order of the page: HTML and PDF print from this view.

Comes in: a `TrendAnalysis`, and who it is about. Goes out: a `TrendView` of plain text, already rounded and
with units, so that no two formats can disagree. A yes in the screening that stands leaves the fixed text and
the facts alone. Leaves to others: markup, and the figures, which are named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from telemetry.reports import glossary, trend_chart, words
from telemetry.reports import trend_axis as axis
from telemetry.reports import trend_tables as tables
from telemetry.reports.tables import Table
from telemetry.reports.trend_tables import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from telemetry.model import TrendAnalysis


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the page is about, as far as it was given."""

    name: str = ""
    patient_id: str = ""
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the page."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A yes in the screening that stands: the fixed text, and how it ends."""

    headline: str
    text: str
    since: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A clinician's dated comment, as they wrote it."""

    when: str
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure by name, with its title, what to see in it, and the text that stands for it."""

    name: str
    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class TrendView:
    """Everything a trend page says, top down."""

    title: str
    subtitle: str
    description: str
    facts: tuple[Fact, ...]
    notice: Notice | None
    statement: str
    glance: tuple[str, ...]
    """sentences with the numbers to see first"""
    pictures: tuple[Picture, ...]
    changes: Table | None
    comparisons: Table | None
    relief_statement: str
    relief: Table | None
    lags: Table | None
    onset: Table | None
    settings: Table | None
    own: Table | None
    remarks: tuple[Remark, ...]
    noted: Table | None
    weeks: Table | None
    classes: Table | None
    unknowns: tuple[str, ...]
    false_alarms: tuple[str, ...]
    not_validated: tuple[str, ...]
    limits: Table | None
    limits_note: str
    made: str
    identity: str
    """patient id and birth date, for the foot of every sheet"""


CAPTIONS = {
    "overview": "Grey points are usual classes. Limits are the rider's own, from the baseline classes, and "
    "say nothing of what a load does. Boxes in the grinding panel are sums of weeks. Pain of the back and of "
    "the leg are drawn apart; days without an entry are not days of 0.",
    "weeks": "A week without a class is a load of 0. The weighted means are a picture; no rule uses them.",
    "relief": "Each line begins with a treatment, or with several at most 72 hours apart.",
    "lags": "All lags are shown. More classes of one rider make intervals narrower, not causes clearer.",
    "settings": "Only classes with no other change and no treatment between are compared.",
}
NOT_VALIDATED = (
    glossary.NOT_VALIDATED[0],
    glossary.NOT_VALIDATED[1],
    "This is one person's record (n of 1): what holds here need not hold for anybody else, nor next year.",
    "Pain is noted most when it is worst, and eases by itself: regression to the mean is the default "
    "explanation of any relief on this page.",
    glossary.NOT_VALIDATED[-1],
)
COPY = (
    "This page is a copy: when a rider withdraws consent no new one is made and the library keeps the record "
    "until the rider is erased, but pages that were printed or sent stay with whoever has them."
)


def view(trends: TrendAnalysis, patient: Patient | None = None) -> TrendView:
    """The view of one trend."""
    from telemetry import __version__

    title = _title(trends)
    notice = _notice(trends)
    alone = notice is not None

    def unless(build: Callable[[TrendAnalysis], Table | None]) -> Table | None:
        return None if alone else build(trends)

    return TrendView(
        title=title,
        subtitle="Trend report: crank load beside noted pain",
        description=f"{title}.",
        facts=_facts(trends, patient or Patient()),
        notice=notice,
        statement=trends.statement,
        glance=() if alone else _glance(trends),
        pictures=() if alone else _pictures(trends),
        changes=unless(tables.changes),
        comparisons=unless(tables.comparisons),
        relief_statement="" if alone or not trends.relief.events else trends.relief.statement,
        relief=unless(tables.relief),
        lags=unless(tables.lags),
        onset=unless(tables.onset),
        settings=unless(tables.settings),
        own=unless(tables.own),
        remarks=() if alone else _remarks(trends),
        noted=unless(tables.noted),
        weeks=unless(tables.weeks),
        classes=unless(tables.classes),
        unknowns=()
        if alone
        else (*map(words.sentence, trends.unknowns), *map(words.sentence, trends.chart.doubts), COPY),
        false_alarms=() if alone else trends.chart.false_alarms,
        not_validated=NOT_VALIDATED,
        limits=unless(tables.limits),
        limits_note=_limits_note(trends),
        identity=_identity(patient or Patient()),
        made=f"Made by telemetry {__version__}, record as of {as_of(trends)}.",
    )


def as_of(trends: TrendAnalysis) -> str:
    """The moment the page stands on, on the rider's clock."""
    clock = axis.local(trends, trends.as_of)
    return f"{words.date(clock)}, {clock:%H:%M} ({trends.zone})"


def _title(trends: TrendAnalysis) -> str:
    weeks = ((trends.last_day - trends.first_day).days + 7) // 7
    last = words.date(trends.last_day)
    who = f" of {words.clean(trends.rider_id, 40)}" if trends.rider_id else ""
    return f"Trend{who}, {weeks} week{'' if weeks == 1 else 's'} to {last}"


def _facts(trends: TrendAnalysis, patient: Patient) -> tuple[Fact, ...]:
    facts = []
    if patient.name:
        facts.append(Fact("Patient", said(patient.name, 80)))
    if patient.patient_id:
        facts.append(Fact("Patient id", said(patient.patient_id, 40)))
    if patient.born is not None:
        facts.append(Fact("Born", tables.day(patient.born)))
    if trends.rider_id:
        facts.append(Fact("Rider", said(trends.rider_id)))
    facts.append(Fact("Consent", _consent(trends)))
    facts.append(Fact("Period", f"{tables.day(trends.first_day)} to {tables.day(trends.last_day)}"))
    facts.append(Fact("Classes", str(len(trends.classes))))
    facts.append(Fact("As of", as_of(trends)))
    versions = sorted({row.version for row in trends.classes if row.version})
    if versions:
        facts.append(Fact("Analysed by version", said(", ".join(versions))))
    return tuple(facts)


def _consent(trends: TrendAnalysis) -> str:
    if trends.consent_on is None:
        return "no consent on record"
    return f"shared with a clinician by consent of {tables.day(trends.consent_on)}"


def _notice(trends: TrendAnalysis) -> Notice | None:
    standing = trends.screening
    if standing is None:
        return None
    codes = ", ".join(words.plain_words(words.clean(code, 40)) for code in standing.codes)
    since = tables.day(axis.local(trends, standing.when).date())
    text = f"Answered with yes on {since}: {codes}. It stands until a clinician's dated entry says cleared."
    return Notice(glossary.STATES["see_clinician"], standing.text, text)


def _glance(trends: TrendAnalysis) -> tuple[str, ...]:
    """The numbers to see first, each a sentence."""
    out = [_chart(trends)]
    if trends.classes:
        empty = sum(not week.classes for week in trends.weeks)
        gone = f"; {empty} without a class" if empty else ""
        classes = _count(len(trends.classes), "class", "classes")
        out.append(
            f"{classes} in {_count(len(trends.weeks), 'week', 'weeks')}{gone}. "
            f"Back-risk review: {tables.states(row.state for row in trends.classes)}."
        )
    elif trends.record_first_day is not None:
        out.append("No class in this period.")
    if trends.days:
        late = f"; {trends.late_entries} of the entries were written down late" if trends.late_entries else ""
        out.append(f"Pain was noted on {trends.days_with_entry} of {trends.days} days{late}.")
    if trends.changes:
        scores = (f"{item.name} {item.first:g} at first, {item.latest:g} now" for item in trends.changes)
        least = ", ".join(f"{item.threshold:g} {item.unit}" for item in trends.changes)
        out.append(f"{'; '.join(scores)}. Called an important change: {least}.")
    over = sum(bool(row.over_own_limits) for row in trends.classes)
    if trends.diary.limits:
        out.append(f"{_count(over, 'class', 'classes')} passed a limit that the clinician set.")
    return tuple(text for text in out if text)


def _chart(trends: TrendAnalysis) -> str:
    chart = trends.chart
    if chart.low is None or chart.high is None:
        return f"No limits of the rider's own yet: {chart.why_not}." if chart.why_not else ""
    points = [point for point in trend_chart.shown(trends) if point.value is not None]
    above, below = (sum(point.outside == side for point in points) for side in ("above", "below"))
    text = (
        f"Of {len(points)} classes on the chart {above} lie above and {below} below the rider's own limits, "
        f"{words.number(chart.low, 1)} to {words.number(chart.high, 1)} TL ({chart.n} baseline classes"
    )
    if chart.first is not None and chart.last is not None:
        first, last = (axis.local(trends, moment).date() for moment in (chart.first, chart.last))
        text += f", {tables.day(first)} to {tables.day(last)}"
    text += ", still growing)." if chart.state == "growing" else ")."
    if chart.rescaled:
        text += " Loads are shown on the torque reference of the first of these"
        if chart.torque_reference_nm is not None:
            text += f" ({words.quantity(chart.torque_reference_nm, 'N·m')})"
        text += f"; {_count(chart.rescaled, 'was', 'were')} rescaled."
    return text


def _unknowns(trends: TrendAnalysis) -> tuple[str, ...]:
    said = (*trends.unknowns, *trends.chart.doubts)
    return (*map(words.sentence, said), COPY)


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _limits_note(trends: TrendAnalysis) -> str:
    changed = [limit.name for limit in trends.limits if limit.overridden]
    text = f"{len(trends.limits)} limits were used; each stands with its source on the HTML page."
    if changed:
        text += f" Set for this rider: {', '.join(changed)}."
    return text


def _identity(patient: Patient) -> str:
    born = "" if patient.born is None else f"born {tables.day(patient.born)}"
    return said(", ".join(part for part in (patient.patient_id, patient.name, born) if part), 80)


def _remarks(trends: TrendAnalysis) -> tuple[Remark, ...]:
    return tuple(
        Remark(tables.day(axis.local(trends, item.when).date()), said(item.author, 60), said(item.text, 1200))
        for item in trends.diary.comments
    )


def _pictures(trends: TrendAnalysis) -> tuple[Picture, ...]:
    from telemetry.reports.trend_figures import TREND_FIGURES

    return tuple(
        Picture(name, figure.title, CAPTIONS[name], words.clean(figure.alt(trends), 4000))
        for name, figure in TREND_FIGURES.items()
        if figure.applies(trends)
    )
