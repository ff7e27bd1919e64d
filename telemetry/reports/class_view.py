"""One class as words and numbers, in the order of the page: HTML, PDF and terminal print from this view.

Comes in: a `ClassAnalysis`. Goes out: a `ClassView` of plain text, already rounded and with units, so that no
two formats can disagree. Strings from files are cleaned here and escaped where they are printed. Leaves to
others: markup, and the figures, which are named here and drawn in `figures.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from telemetry.model import ClassAnalysis, Finding
from telemetry.reports import class_tables as tables
from telemetry.reports import glossary, words
from telemetry.reports.class_tiles import GRADES, Gauge, Tile, damage_said, gauge, limit_of, tiles
from telemetry.reports.devices import device_name
from telemetry.reports.tables import Table


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the class: when, how long, on what."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ReviewBox:
    """The review state with its counted reasons."""

    state: str
    headline: str
    summary: str
    counted: str
    statement: str
    next_step: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence and the command that goes with it."""

    text: str
    command: str
    note: str = ""
    lead: str = "To correct it:"
    """what the command is for"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding as a card."""

    code: str
    title: str
    message: str
    value: str
    limit: str
    times: str
    minutes: str
    evidence: str
    """the rule's grade"""
    evidence_means: str
    """the same with what it stands for, and the grade of the number where that is another"""
    would_change: str
    figure: str
    gauge: Gauge


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure by name, with its title, what to see in it, and the text that stands for it."""

    name: str
    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class ClassView:
    """Everything a page of one class says, top down."""

    title: str
    subtitle: str
    description: str
    facts: tuple[Fact, ...]
    review: ReviewBox
    only_facts: bool
    """True where the fixed text stands alone: no score, no figure"""
    ftp: Advice
    tiles: tuple[Tile, ...]
    reasons: tuple[Reason, ...]
    what_if: str
    what_if_table: Table | None
    pictures: tuple[Picture, ...]
    blocks: Table | None
    bouts: Table | None
    effort: Table | None
    zones: Table | None
    head_unit: Table | None
    drift: Table | None
    metrics: Table | None
    absent: Table | None
    unchecked: Table | None
    quality: str
    coverage: Table | None
    issues: Table | None
    devices: Table | None
    limits_note: str
    limits: Table | None
    review_limits: Table | None
    glossary: tuple[tuple[str, str], ...]
    not_validated: tuple[str, ...]
    pain_prompts: tuple[tuple[str, str], ...]
    pain: Advice
    sharing: Advice
    shared: bool


def view(analysis: ClassAnalysis, *, shared: bool = False) -> ClassView:
    """The view of one class. With `shared`, pass what `sharing.shareable` returned."""
    only_facts = analysis.review.state == "see_clinician"
    judged = analysis.review.state in ("usual", "note", "review")
    title = _title(analysis)
    file = words.clean(analysis.recording.file or "CLASS.fit", 120)
    if file.startswith("-"):  # a command would take it for an option
        file = f"./{file}"
    pictures = () if only_facts else _pictures(analysis)

    def unless_facts(build: Callable[[ClassAnalysis], Table | None]) -> Table | None:
        return None if only_facts else build(analysis)

    return ClassView(
        title=title,
        subtitle="Class report: crank load, grinding and fatigue",
        description=f"{title}. {glossary.STATES[analysis.review.state]}.",
        facts=_facts(analysis),
        review=_review(analysis),
        only_facts=only_facts,
        ftp=_ftp(analysis, file),
        tiles=() if only_facts else tiles(analysis),
        reasons=()
        if only_facts
        else tuple(_reason(analysis, finding) for finding in analysis.review.findings),
        what_if=_what_if(analysis) if judged else "",
        what_if_table=tables.what_if(analysis) if judged else None,
        pictures=pictures,
        blocks=unless_facts(tables.blocks),
        bouts=unless_facts(tables.bouts),
        effort=unless_facts(tables.effort),
        zones=unless_facts(tables.zones),
        head_unit=unless_facts(tables.head_unit),
        drift=unless_facts(tables.drift),
        metrics=unless_facts(tables.metrics),
        absent=unless_facts(tables.absent),
        unchecked=unless_facts(tables.unchecked),
        quality=_quality(analysis),
        coverage=unless_facts(tables.coverage),
        issues=unless_facts(tables.issues),
        devices=unless_facts(tables.devices),
        limits_note=_limits_note(analysis),
        limits=unless_facts(tables.limits),
        review_limits=unless_facts(tables.review_limits),
        glossary=glossary.GLOSSARY,
        not_validated=glossary.NOT_VALIDATED,
        pain_prompts=glossary.PAIN_PROMPTS,
        pain=Advice(
            "Pain noted for a class is counted by rule R6:",
            words.command("telemetry", "report", file, "--pain", "4", "--usual-pain", "2"),
            "With your own numbers, 0 to 10.",
        ),
        sharing=Advice(
            "This copy carries no name, serial numbers, file name or date."
            if shared
            else "To hand this page on without name, serial numbers, file name and date:",
            "" if shared else words.command("telemetry", "report", file, "--share"),
        ),
        shared=shared,
    )


def local_start(analysis: ClassAnalysis) -> str:
    """The local day and hour, "Tuesday 3 March 2026, 18:30", or empty where they are not known."""
    recording = analysis.recording
    start = words.local(recording.started_at, recording.utc_offset_s)
    return "" if start is None else f"{words.date(start)}, {start:%H:%M}"


def _title(analysis: ClassAnalysis) -> str:
    start = local_start(analysis)
    return f"Class of {start}" if start else "Indoor cycling class"


def _facts(analysis: ClassAnalysis) -> tuple[Fact, ...]:
    recording = analysis.recording
    facts = []
    facts.append(Fact("Duration", words.duration(recording.duration_s)))
    if recording.started_at is not None:
        facts.append(Fact("Clock", words.zone(recording.utc_offset_s)))
    if recording.rider_id:
        facts.append(Fact("Rider", words.clean(recording.rider_id)))
    elif analysis.rider.get("rider_id"):
        facts.append(Fact("Rider", words.clean(analysis.rider["rider_id"])))
    bike = _device(analysis, "fitness_equipment") or words.clean(recording.bike_id or "")
    if bike:
        facts.append(Fact("Bike", bike))
    for label, kind in (("Recorder", "recorder"), ("Power meter", "power")):
        text = _device(analysis, kind)
        if text:
            facts.append(Fact(label, text))
    if recording.single_sided:
        facts.append(Fact("Meter", "single-sided: one crank measured and doubled"))
    if recording.file:
        facts.append(Fact("File", words.clean(recording.file, 120)))
    return tuple(facts)


def _device(analysis: ClassAnalysis, kind: str) -> str:
    names = (device_name(device) for device in analysis.recording.devices if device.kind == kind)
    return next((name for name in names if name), "")


def _review(analysis: ClassAnalysis) -> ReviewBox:
    review = analysis.review
    return ReviewBox(
        state=review.state,
        headline=glossary.STATES[review.state],
        summary=review.summary,
        counted=_counted(analysis) if review.state in ("usual", "note", "review") else "",
        statement=review.statement,
        next_step=review.next_step,
        questions=review.questions,
    )


def _counted(analysis: ClassAnalysis) -> str:
    """How many rules gave a reason, and by name those that could not be checked: silence is no clearance."""
    found = {rule_of(finding.code) for finding in analysis.review.findings}
    gone = {rule_of(item.rule) for item in analysis.review.unchecked}
    text = f"{len(found) or 'None'} of {len(glossary.RULES)} rules gave a reason."
    open_rules = [f"{rule} {name}" for rule, name in glossary.RULES.items() if rule in gone]
    return text + (f" Not checked, or not in full: {', '.join(open_rules)}." if open_rules else "")


def rule_of(code: str) -> str:
    """The rule a code belongs to: "R2" of "R2", "R2 grinding" or "R2_longest"."""
    return code.replace("_", " ").split(" ")[0].rstrip(":") if code else ""


def _ftp(analysis: ClassAnalysis, file: str) -> Advice:
    ftp, source = analysis.rider.get("ftp_w"), str(analysis.rider.get("ftp_source") or "")
    reference = analysis.rider.get("torque_reference_nm")
    watts = "200" if ftp is None else f"{ftp:.0f}"
    if ftp is None:
        basis = words.clean(analysis.rider.get("torque_reference_source") or "a fixed value", 120)
        doubt = words.clean(analysis.recording.hints.ftp_doubt, 120)
        text = f"No FTP is known{f': {doubt}' if doubt else ''}"
        if analysis.metric("torque_load") is not None:
            text += f"; torque load is set against {words.quantity(reference, 'N·m')} ({basis})"
        text += "."
    else:
        text = f"FTP in use: {ftp:.0f}{words.NARROW}W ({words.clean(source)})."
        if "unconfirmed" in source:
            text += f" Being out by ±10{words.NARROW}% moves torque load by +23/−17{words.NARROW}%."
    return Advice(
        text,
        words.command("telemetry", "report", file, "--ftp", watts),
        f"with your own watts in place of {watts}",
        "To give yours:" if ftp is None else "To correct it:",
    )


def _quality(analysis: ClassAnalysis) -> str:
    reasons = "; ".join(words.clean(reason, 200) for reason in analysis.quality.reasons)
    damage = damage_said(analysis)
    text = f"{GRADES[analysis.quality.grade]}{f': {reasons}' if reasons else ''}."
    return f"{text} {damage}" if damage else text


def _reason(analysis: ClassAnalysis, finding: Finding) -> Reason:
    ratio = finding.value / finding.limit if finding.limit else 0.0
    top = max(2.0, 1.1 * ratio)
    return Reason(
        code=finding.code,
        title=words.clean(finding.title),
        message=words.clean(finding.message, 400),
        value=words.quantity(finding.value, finding.unit),
        limit=words.quantity(finding.limit, finding.unit),
        times=_times(ratio),
        minutes=words.span(finding.start_s, finding.stop_s),
        evidence=f"rule: evidence {finding.evidence}",
        evidence_means=_evidence_means(analysis, finding),
        would_change=words.clean(finding.would_change, 400),
        figure=f"reason_{finding.code}",
        gauge=gauge(ratio, None, None, 1.0, f"limit {words.quantity(finding.limit, finding.unit)}", top),
    )


def _evidence_means(analysis: ClassAnalysis, finding: Finding) -> str:
    """What the rule's grade stands for; and the grade of its number, where that is another."""
    means = glossary.RULE_EVIDENCE.get(finding.code, glossary.EVIDENCE[finding.evidence])
    text = f"rule: evidence {finding.evidence} ({means})"
    number = analysis.metrics.get(glossary.NUMBERS_OF_RULES.get((finding.code, finding.unit), ""))
    if number is not None and number.evidence != finding.evidence:
        text += f"; its number: evidence {number.evidence} ({glossary.EVIDENCE[number.evidence]})"
    return text


def _times(ratio: float) -> str:
    """How far over its limit, rounded down: 1.96 has not reached twice, which is a limit of its own.

    >>> _times(1.96), _times(2.0), _times(1.04), _times(1.0)
    ('1.9 times the limit', '2.0 times the limit', 'just over the limit', 'at the limit')
    """
    shown = math.floor(10.0 * ratio + 1e-9) / 10.0
    if shown >= 1.1:
        return f"{words.number(shown, 1)} times the limit"
    return "just over the limit" if ratio > 1.0 + 1e-9 else "at the limit"


def _what_if(analysis: ClassAnalysis) -> str:
    """The first counterfactual as a sentence."""
    load, grinding = analysis.metric("torque_load"), analysis.metric("grinding_min")
    for item in analysis.counterfactuals:
        if item.torque_load is None or load is None:
            continue
        text = (
            f"The same power with {item.added_rpm:.0f}{words.NARROW}rpm more would have been a torque load "
            f"of {words.amount(item.torque_load, 'TL')} instead of {words.amount(load, 'TL')} "
            f"({words.change(item.torque_load, load)})"
        )
        if item.grinding_min is not None and grinding:
            text += (
                f", and {words.amount(item.grinding_min, 'min')} instead of "
                f"{words.amount(grinding, 'min')} minutes of grinding"
            )
        return f"{text}."
    return ""


def _pictures(analysis: ClassAnalysis) -> tuple[Picture, ...]:
    from telemetry.reports.figures import FIGURES

    return tuple(
        Picture(name, figure.title, _caption(analysis, name), words.clean(figure.alt(analysis), 2000))
        for name, figure in FIGURES.items()
        if not name.startswith("reason") and figure.applies(analysis)
    )


def _caption(analysis: ClassAnalysis, name: str) -> str:
    """What to see in a figure; of bouts and the late minute only where this class has them."""
    said = [glossary.CAPTIONS.get(name, "")]
    if analysis.bouts and name in ("timeline", "load"):
        said.append(glossary.BOUTS_SHADED if name == "timeline" else glossary.LOAD_OF_BOUTS)
    late = limit_of(analysis, "late_minute")
    if name == "timeline" and late is not None and analysis.recording.duration_s > 60.0 * late:
        said.append(glossary.LATE_MARKED.format(minute=words.plain(late)))
    return " ".join(part for part in said if part)


def _limits_note(analysis: ClassAnalysis) -> str:
    changed = [limit.name for limit in analysis.limits if limit.overridden]
    if not changed:
        return "All limits stand at their defaults."
    verb = "was" if len(changed) == 1 else "were"
    count = f"{len(changed)} of {len(analysis.limits)}"
    return f"{count} {verb} set for this rider and marked: {', '.join(changed)}."
