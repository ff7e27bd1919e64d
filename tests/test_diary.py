"""The diary's own rules: what an entry may say, and how a diary is put together and cut at a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from telemetry.errors import BadInput
from telemetry.model import (
    QUESTIONNAIRES,
    SITES,
    TREATMENTS,
    Comment,
    Confounder,
    Diary,
    OwnLimit,
    PainEntry,
    Phase,
    Questionnaire,
    Screening,
    Setting,
    Treatment,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PainEntry(NOON, 10.5), "0 to 10"),
        (lambda: PainEntry(NOON, -1), "0 to 10"),
        (lambda: PainEntry(NOON, float("nan")), "0 to 10"),
        (lambda: PainEntry(NOON, True), "0 to 10"),
        (lambda: PainEntry(NOON, 4, site="elbow"), "low_back"),
        (lambda: PainEntry(NOON, 4, phase="then"), "before, during, after"),  # type: ignore[arg-type]
        (lambda: PainEntry(NOON, 4, class_minute=-1.0), "minute"),
        (lambda: PainEntry(datetime(2026, 3, 2), 4), "no zone"),
        (lambda: Treatment(NOON, "magic"), "adjustment"),
        (lambda: Setting(NOON, saddle_height_mm=7120.0), "saddle_height_mm"),
        (lambda: Phase(date(2026, 3, 2), date(2026, 3, 1), "load"), "before it begins"),
        (lambda: Questionnaire(NOON, "ODI", 101.0), "0 to 100"),
        (lambda: Questionnaire(NOON, "RMDQ", 25.0), "0 to 24"),
        (lambda: Questionnaire(NOON, "SF-36", 25.0), "not known"),
        (lambda: Confounder(NOON, "holiday"), "analgesic"),
        (lambda: Confounder(LATER, "illness", until=NOON), "before it begins"),
        (lambda: OwnLimit(NOON, "torque_load", float("inf")), "out of bounds"),
        (lambda: Diary.of(["pain 4"]), "no entry of a diary"),
    ],
)
def test_nonsense_is_refused_by_name(make: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make()


def test_the_edges_are_allowed() -> None:
    assert PainEntry(NOON, 0).nrs == 0
    assert PainEntry(NOON, 10).group == "back"
    assert Phase(date(2026, 3, 2), date(2026, 3, 2), "load").last == date(2026, 3, 2)
    for name, most in QUESTIONNAIRES.items():
        assert Questionnaire(NOON, name, most).total == most


def test_every_site_has_a_series_and_legs_are_apart_from_backs() -> None:
    assert set(SITES.values()) == {"back", "leg", "other"}
    assert (SITES["low_back"], SITES["leg"], SITES["knee"]) == ("back", "leg", "other")
    assert len(TREATMENTS) == 6


def whole() -> Diary:
    return Diary.of(
        [
            PainEntry(LATER, 4),
            PainEntry(NOON, 3),
            Treatment(NOON, "massage"),
            Setting(NOON, "bike-7", saddle_height_mm=712.0),
            Phase(date(2026, 3, 9), None, "load"),
            Phase(date(2026, 3, 2), date(2026, 3, 8), "rebuild"),
            Questionnaire(NOON, "ODI", 22.0),
            Confounder(NOON, "illness"),
            Screening(NOON, {"fever": False}),
            OwnLimit(NOON, "torque_load", 80.0),
            Comment(NOON, "doing well"),
        ]
    )


def test_a_diary_is_in_order_of_time_and_gives_back_what_it_was_given() -> None:
    diary = whole()
    assert [entry.nrs for entry in diary.pain] == [3, 4]
    assert [phase.name for phase in diary.phases] == ["rebuild", "load"]
    assert len(diary) == 11
    assert Diary.of(diary) == diary


def test_a_diary_up_to_a_moment() -> None:
    cut = whole().until(NOON)
    assert len(cut) == 9
    assert [entry.nrs for entry in cut.pain] == [3]
    assert [phase.name for phase in cut.phases] == ["rebuild"]
    assert whole().until(LATER) == whole()


def test_a_setting_says_only_what_was_said() -> None:
    assert Setting(NOON, saddle_tilt_deg=-2.0, crank_length_mm=165.0).values == {
        "saddle_tilt_deg": -2.0,
        "crank_length_mm": 165.0,
    }
