"""Results and limits become findings, and findings the state of the back-risk review.

Comes in: `Facts`, the quality of the data, answers to the screening. Goes out: one `Review`. Leaves to
others: the rules (rules.py) and the words (wording.py).

States, the first that holds: see_clinician > review by R6 > not_enough_data > review > note > usual.
`flagged` is true for review and see_clinician. Silence is never clearance: what could not be checked is
listed.
"""

from __future__ import annotations

from typing import Any

from telemetry.analysis import wording
from telemetry.analysis.rules import RULES, Facts, Hit, Rule
from telemetry.model import Finding, Quality, Review, ReviewState, Unchecked


def review(
    facts: Facts, quality: Quality, channels: tuple[str, ...], *, screening: Any = None, efforts: int = 0
) -> Review:
    """The back-risk review of one class.

    Parameters
    ----------
    channels : the channels the recording has, for the next step where there is not enough data
    screening : codes of `wording.SCREENING` to yes or no; any yes overrides everything
    efforts : hard efforts in which balance moved and came back (`symmetry.effort_hint`)

    Raises
    ------
    BadInput : a screening with an unknown code or answer
    """
    fixed_text = wording.screening_text(screening)
    findings: list[Finding] = []
    unchecked: list[Unchecked] = []
    torque_rules_checked = review_by_itself = False
    for rule in RULES:
        hits, open_parts = check(rule, facts)
        unchecked += open_parts
        if rule.code in ("R2", "R3") and len(open_parts) < len(rule.parts):
            torque_rules_checked = True
        if hits:
            findings.append(_finding(rule, hits))
        factor = facts.limits["review_factor"]
        review_by_itself |= any(hit.alone and hit.times >= factor for hit in hits)

    codes = {finding.code for finding in findings}
    others = len(codes - {"R6"})
    next_step = _next_step(facts, quality, channels, torque_rules_checked)
    state: ReviewState
    if fixed_text is not None:
        state = "see_clinician"
    elif "R6" in codes:
        state = "review"
    elif next_step:
        state = "not_enough_data"
    elif others >= facts.limits["review_reasons"] or review_by_itself:
        state = "review"
    elif others:
        state = "note"
    else:
        state = "usual"
    questions = []
    if codes & {"R5", "R6"}:
        questions.append(wording.SCREENING_QUESTION)
    if efforts >= facts.limits["effort_hint_efforts"]:
        questions.append(wording.effort_question(efforts))
    return Review(
        state=state,
        flagged=state in ("review", "see_clinician"),
        findings=tuple(findings),
        unchecked=tuple(unchecked),
        summary=_summary(state, findings, unchecked, facts.limits["review_factor"]),
        statement=wording.STATEMENT if fixed_text is None else fixed_text,
        next_step=next_step if fixed_text is None else "",
        questions=tuple(questions) if fixed_text is None else (),
    )


def check(rule: Rule, facts: Facts) -> tuple[tuple[Hit, ...], tuple[Unchecked, ...]]:
    """One rule: its hits, the largest value/limit first, and its parts that could not be checked."""
    hits: list[Hit] = []
    unchecked: list[tuple[str, str]] = []
    for part in rule.parts:
        outcome = part.check(facts)
        if isinstance(outcome, str):
            unchecked.append((part.name, outcome))
        else:
            hits += outcome
    hits.sort(key=lambda hit: -hit.times)
    reasons = dict.fromkeys(reason for _, reason in unchecked)
    if len(unchecked) == len(rule.parts) and len(reasons) == 1:
        # every part lacks the same input: say it once
        return tuple(hits), tuple(Unchecked(rule.code, reason) for reason in reasons)
    return tuple(hits), tuple(Unchecked(rule.code, f"{name}: {reason}") for name, reason in unchecked)


def _finding(rule: Rule, hits: tuple[Hit, ...]) -> Finding:
    first = hits[0]
    return Finding(
        code=rule.code,
        title=rule.title,
        value=first.value,
        limit=first.limit,
        unit=first.unit,
        evidence=rule.evidence,
        message=" ".join(hit.says for hit in hits),
        would_change=" ".join(dict.fromkeys(hit.would_change for hit in hits)),
        start_s=first.start_s,
        stop_s=first.stop_s,
    )


def _summary(state: ReviewState, findings: list[Finding], unchecked: list[Unchecked], factor: float) -> str:
    reasons = "; ".join(
        f"{finding.title[0].lower()}{finding.title[1:]} ({finding.code})" for finding in findings
    )
    count = f"{len(findings)} reason{'s' if len(findings) > 1 else ''}"
    text = wording.SUMMARIES[state].format(reasons=reasons, count=count)
    if state == "review" and len(findings) == 1 and findings[0].code == "R2":
        text += wording.TWICE_TAIL.format(factor=factor)
    if state in ("usual", "note") and unchecked:
        text += wording.UNCHECKED_TAIL.format(rules=", ".join(dict.fromkeys(item.rule for item in unchecked)))
    return text


def _next_step(facts: Facts, quality: Quality, channels: tuple[str, ...], torque_rules_checked: bool) -> str:
    """What to do, where there is not enough data; empty where there is enough."""
    minutes, least = facts.value("pedalling_min"), facts.limits["not_enough_pedalling_min"]
    short = minutes is not None and minutes < least
    if quality.grade != "not_usable" and not short and torque_rules_checked:
        return ""
    have = {*channels, "power_w"} if {"torque_nm", "cadence_rpm"} <= set(channels) else set(channels)
    for missing, advice in wording.NEXT_STEPS:
        if not have.intersection(missing):
            return advice
    if short and minutes is not None:
        return wording.NEXT_STEP_SHORT.format(minutes=minutes, least=least)
    reasons = "; ".join(quality.reasons) or "torque is unknown for most of it"
    return wording.NEXT_STEP_QUALITY.format(reasons=reasons)
