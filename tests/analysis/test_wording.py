"""The words of the review: what must never be said, and the screening that stands above all numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from telemetry.analysis import analyze, wording
from telemetry.analysis.limits import ROWS as LIMIT_ROWS
from telemetry.analysis.metric_rows import ROWS as METRIC_ROWS
from telemetry.errors import BadInput
from telemetry.model import ClassAnalysis, Rider, Symptoms
from tests.builders import recording, steps

NEVER = (
    r"\bdangers?\b|\bdangerous\b",
    r"\bsafe\b|\bsafety\b|\bsafely\b",
    r"\bdamag",
    r"\byour risk\b",
    r"\bprobab",
    r"\bspinal load\b|\bload on the spine\b|\bload on your spine\b",
    r"\byour back\b|\byour spine\b",
    r"\bper ?cent chance\b|% chance|\bchances? of\b",
    r"\bgreen\b",
    r"\brisk score\b",
    r"\bpredict",
    r"\ball clear\b",
)


def texts(value: Any) -> Iterator[str]:
    """Every string inside plain JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


def fixed_texts() -> list[str]:
    """All that the analysis room can print and that is not made of numbers."""
    found = [
        wording.STATEMENT,
        wording.NO_EXERCISE_ADVICE,
        wording.SCREENING_QUESTION,
        wording.UNCHECKED_TAIL,
    ]
    found += [
        wording.TWICE_TAIL,
        *wording.URGENCY_TEXTS.values(),
        *wording.SUMMARIES.values(),
        wording.effort_question(3),
    ]
    found += [question.text for question in wording.SCREENING]
    found += [advice for _, advice in wording.NEXT_STEPS]
    found += [wording.NEXT_STEP_SHORT, wording.NEXT_STEP_QUALITY]
    found += [text for row in LIMIT_ROWS for text in (row.name, row.source)]
    return found + [text for row in METRIC_ROWS for text in (row.title, row.formula, row.source)]


def analyses() -> list[ClassAnalysis]:
    """Classes of every state: a grinder, a quiet one, thin data, pain, and answers to the screening."""
    rng = np.random.default_rng(1)
    heavy = steps([(600, 120, 88), (400, 230, 54), (120, 110, 85), (400, 240, 52), (900, 150, 88)])
    quiet = steps([(1800, 150, 88)])
    for columns in (heavy, quiet):
        columns["cadence_rpm"] = columns["cadence_rpm"] + rng.normal(0.0, 0.4, len(columns["time_s"]))
    rider = Rider(ftp_w=210.0, mass_kg=70.0, cp_w=200.0, w_prime_j=18000.0)
    return [
        analyze(recording(**heavy), rider),
        analyze(recording(**quiet)),
        analyze(recording(**quiet), symptoms=Symptoms(8.0, 3.0)),
        analyze(recording(heart_rate_bpm=np.full(900, 120.0))),
        analyze(recording(cadence_rpm=np.full(900, 80.0))),
        analyze(recording(**quiet), screening={"fever": "yes", "effort_leg_symptoms": True}),
    ]


def test_no_fixed_text_says_what_must_not_be_said() -> None:
    for text in fixed_texts():
        for pattern in NEVER:
            assert not re.search(pattern, text, re.IGNORECASE), (pattern, text)


def test_no_analysis_says_what_must_not_be_said() -> None:
    found = analyses()
    assert {item.review.state for item in found} >= {"review", "usual", "not_enough_data", "see_clinician"}
    for analysis in found:
        for text in texts(analysis.to_dict()):
            for pattern in NEVER:
                assert not re.search(pattern, text, re.IGNORECASE), (pattern, text)


def test_the_patterns_would_notice() -> None:
    for bad in (
        "This is dangerous for your back.",
        "You are safe.",
        "Your risk is 20 % chance",
        "high spinal load",
        "The probability of injury",
        "green light",
    ):
        assert any(re.search(pattern, bad, re.IGNORECASE) for pattern in NEVER)


def test_every_review_says_what_is_not_validated() -> None:
    for analysis in analyses():
        if analysis.review.state != "see_clinician":
            assert "Nothing here is validated" in analysis.review.statement
            assert "not a medical device" in analysis.review.statement
            assert "not a clearance" in analysis.review.statement


def test_a_finding_is_a_sentence_with_value_limit_and_a_way_out() -> None:
    for analysis in analyses():
        for finding in analysis.review.findings:
            assert finding.message[0].isupper() or finding.message[0].isdigit()
            assert finding.message.endswith(".")
            assert finding.would_change.endswith(".")
            assert finding.title


def test_every_number_keeps_its_metrics_when_a_clinician_comes_first() -> None:
    analysis = analyses()[-1]
    assert analysis.review.state == "see_clinician"
    assert analysis.metric("torque_load") is not None
    assert analysis.review.statement.startswith("Please stop riding and seek emergency care now.")


# --- screening ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", wording.SCREENING, ids=lambda question: question.code)
def test_any_yes_brings_its_fixed_text(question: wording.ScreeningQuestion) -> None:
    text = wording.screening_text({question.code: True})
    assert text is not None
    assert text.startswith(wording.URGENCY_TEXTS[question.urgency])
    assert wording.screening_text({question.code: False}) is None


def test_the_most_urgent_text_stands_first() -> None:
    text = wording.screening_text({"effort_leg_symptoms": 1, "cancer_history": "Yes", "fever": "true"})
    assert text is not None
    order = [text.index(wording.URGENCY_TEXTS[urgency]) for urgency in ("emergency", "prompt", "vascular")]
    assert order == sorted(order)
    assert text.split("\n\n")[0] == wording.URGENCY_TEXTS["emergency"], "each is a paragraph of its own"


def test_nothing_answered_is_nothing_said() -> None:
    for answers in (None, {}, {"fever": None}, {"fever": "", "night_pain": "no", "cancer_history": 0}):
        assert wording.screening_text(answers) is None


def test_a_dataclass_of_answers_will_do() -> None:
    @dataclass
    class Answers:
        fever: bool = False
        night_pain: bool = True

    assert "medical review" in (wording.screening_text(Answers()) or "")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"fewer": True}, "perhaps fever"),
        ({"knee": True}, "expected one of bladder_or_bowel"),
        ({"fever": "maybe"}, "neither yes nor no"),
        ({"fever": 2}, "neither yes nor no"),
        ({"fever": []}, "neither yes nor no"),
        ("yes", "no table of answers"),
    ],
)
def test_an_answer_that_cannot_be_read_is_named(answers: Any, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)):
        wording.screening_text(answers)
    with pytest.raises(BadInput, match=re.escape(says)):
        analyze(recording(**steps([(60, 100, 80)])), screening=answers)
