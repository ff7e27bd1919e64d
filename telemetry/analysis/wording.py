"""The fixed words of the back-risk review: what it can say, what it cannot, and the screening texts.

Comes in: nothing but codes. Goes out: sentences, written once here, printed everywhere as they stand. Leaves
to others: numbers. Source: metrics reference, section 6. The flag speaks of unusual load: no chance of
anything, no body part, no colour that reads as permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal

from telemetry.errors import BadInput

STATEMENT = (
    "The back-risk review counts named reasons why a class is worth a look. It measures crank load, at the "
    "pedals; what happens inside the body is not measured and not estimated. Nothing here is validated "
    "against injury or pain: the limits are expert opinion or our own choice, and each reason carries its "
    "evidence grade. This is not a medical device and makes no diagnosis. A class without a flag is not a "
    "clearance."
)

TREND_STATEMENT = (
    "This page puts crank load beside noted pain over time. It describes one person's record: what moved "
    "together, what followed what, and how often such patterns come by themselves. It makes no diagnosis, "
    "recommends no exercise or treatment, and nothing on it is validated against injury. A page without "
    "marks is not a clearance."
)

NO_EXERCISE_ADVICE = "No number of this class is shown beside this text, and none of them changes it."

Urgency = Literal["emergency", "prompt", "vascular"]

URGENCY_TEXTS: dict[Urgency, str] = {
    "emergency": (
        "Please stop riding and seek emergency care now. At least one of your answers describes a sign "
        "that has to be examined today, whatever a bike recorded."
    ),
    "prompt": (
        "Please arrange a medical review soon, before further classes. At least one of your answers "
        "describes something that a clinician should look at first, whatever a bike recorded."
    ),
    "vascular": (
        "Please ask a clinician about a vascular opinion. A leg that is weak, numb or heavy only at hard "
        "effort and clears within minutes of stopping can come from its blood flow; at rest a test may "
        "look normal, so tell them that it comes with effort."
    ),
}
"""From the most urgent to the least: the first that applies stands first."""


@dataclass(frozen=True, slots=True)
class ScreeningQuestion:
    """One question of the screening: any yes overrides all telemetry."""

    code: str
    urgency: Urgency
    text: str


SCREENING: tuple[ScreeningQuestion, ...] = (
    ScreeningQuestion(
        "bladder_or_bowel", "emergency", "Is there a new change in how your bladder or bowel works?"
    ),
    ScreeningQuestion(
        "saddle_numbness", "emergency", "Are you numb where you sit on the saddle, or between the legs?"
    ),
    ScreeningQuestion(
        "leg_weakness", "emergency", "Is one leg, or are both, getting weaker from day to day?"
    ),
    ScreeningQuestion("fever", "emergency", "Do you have back pain together with a fever?"),
    ScreeningQuestion(
        "dark_urine_or_swelling",
        "emergency",
        "After a class, was your urine dark, or were muscles severely painful or swollen?",
    ),
    ScreeningQuestion("night_pain", "prompt", "Does pain wake you at night, however you lie?"),
    ScreeningQuestion("weight_loss", "prompt", "Have you lost weight without wanting to?"),
    ScreeningQuestion("cancer_history", "prompt", "Have you ever had cancer?"),
    ScreeningQuestion(
        "steroids_trauma_or_osteoporosis",
        "prompt",
        "Do you take steroids, have you had a serious fall or accident, or do you have osteoporosis?",
    ),
    ScreeningQuestion(
        "under_18_or_first_over_55",
        "prompt",
        "Are you under 18, or did this pain come for the first time after 55?",
    ),
    ScreeningQuestion(
        "effort_leg_symptoms",
        "vascular",
        "Does one leg go weak, numb or heavy only at hard effort and clear within minutes of stopping?",
    ),
)

_YES = (True, "yes", "y", "true", "1")
_NO = (False, "no", "n", "false", "0", "", None)


def screening_text(answers: Any) -> str | None:
    """The fixed text for the answers, most urgent first; None where no answer is yes.

    `answers` is a mapping or a dataclass of codes of `SCREENING` to yes or no (bool, 1/0 or the words); what
    is left out is not answered.

    Raises
    ------
    BadInput : an unknown code, or an answer that is neither yes nor no
    """
    if answers is None:
        return None
    if is_dataclass(answers) and not isinstance(answers, type):
        answers = {item.name: getattr(answers, item.name) for item in fields(answers)}
    if not isinstance(answers, Mapping):
        raise BadInput(
            "the screening is no table of answers",
            place="[screening]",
            expected="a code and yes or no on each line",
            got=type(answers).__name__,
        )
    urgency_of = {question.code: question.urgency for question in SCREENING}
    asked: set[Urgency] = set()
    for code, answer in answers.items():
        if code not in urgency_of:
            near = get_close_matches(str(code), urgency_of, n=1)
            raise BadInput(
                f"there is no screening question {str(code)!r}",
                place="[screening]",
                expected=f"one of {', '.join(urgency_of)}" if not near else f"perhaps {near[0]}",
            )
        if _answer(str(code), answer):
            asked.add(urgency_of[code])
    texts = [text for urgency, text in URGENCY_TEXTS.items() if urgency in asked]
    # paragraphs: the most urgent must not drown in the others
    return "\n\n".join([*texts, NO_EXERCISE_ADVICE]) if texts else None


def _answer(code: str, answer: Any) -> bool:
    key = answer.strip().lower() if isinstance(answer, str) else answer
    if key in _YES:
        return True
    if key in _NO:
        return False
    raise BadInput("an answer is neither yes nor no", place=f"[screening] {code}", got=repr(answer))


# --- summaries ----------------------------------------------------------------------------------------------

SUMMARIES = {
    "usual": "Nothing in this class stood out against the limits that could be checked.",
    "note": "One reason to look at this class: {reasons}. By itself it is a note, not a flag.",
    "review": "Flagged for back-risk review, for {count}: {reasons}.",
    "not_enough_data": "There is not enough data in this recording for a back-risk review.",
    "see_clinician": "The answers to the screening questions come before anything a bike recorded.",
}
TWICE_TAIL = " This one reason is {factor:g} times its limit or more, which is a flag by itself."
UNCHECKED_TAIL = " Not everything could be checked: {rules}."


def effort_question(efforts: int) -> str:
    """The one question the balance hint may open; it states no finding."""
    return (
        f"In {efforts} hard efforts the share of the legs moved away and came back soon after. A recording "
        "cannot say why, and its absence would mean nothing; it only opens a question: does one leg go "
        "weak, numb or heavy only at hard effort and clear within minutes of stopping? If so, ask a "
        "clinician about it."
    )


SCREENING_QUESTION = (
    "With this reason on the page it is worth answering the screening questions: some signs matter more "
    "than anything a bike records."
)

# --- what to do where there is not enough data --------------------------------------------------------------

NEXT_STEPS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("power_w", "cadence_rpm", "heart_rate_bpm"),
        "This file holds neither power nor cadence nor heart rate. Check that the recorder is paired with "
        "the bike before the next class.",
    ),
    (
        ("power_w", "cadence_rpm"),
        "This bike sent neither power nor cadence. Pair the recorder with the bike's power (ANT+ or "
        "Bluetooth) before the next class.",
    ),
    (
        ("cadence_rpm",),
        "This bike sent no cadence, so torque is unknown. A cadence sensor on the crank, or a recorder "
        "that stores the bike's cadence, makes the next class readable.",
    ),
    (
        ("power_w",),
        "This bike sent no power, so torque is unknown. Slow legs alone say nothing of how heavy the gear "
        "was: ride a bike that measures power, or add pedals that do.",
    ),
)
"""Missing channels → what to do; the first row whose channels are all missing applies."""

NEXT_STEP_SHORT = (
    "The recording holds {minutes:.0f} min of pedalling; {least:.0f} are needed. Start the recorder with "
    "the class and let it run to the end."
)
NEXT_STEP_QUALITY = (
    "Too little of this class was recorded well enough ({reasons}). Check batteries and pairing, and "
    "record once a second."
)
