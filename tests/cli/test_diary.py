"""`telemetry diary`: noting in seconds, and nothing noted that cannot be meant."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command, Ran


@pytest.fixture
def diary(desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command `diary` on a library with one class of r07: 2026-03-05, 17:30 UTC, 45 min."""
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(desk / "L"))
    monkeypatch.setenv("TZ", "UTC")
    assert telemetry("library", "add", str(CLASSES / "usual.fit"), "--rider", "r07").code == 0

    def command(*arguments: str) -> Ran:
        return telemetry("diary", *arguments)

    return command


def entries(diary: Command) -> list[dict[str, object]]:
    return [json.loads(line) for line in diary("list", "r07", "--json").lines]


def test_pain_at_a_minute_belongs_to_the_class_near_that_time(diary: Command) -> None:
    ran = diary("add", "r07", "--pain", "4", "--at", "2026-03-05 18:40", "--class-minute", "30", "--json")
    assert ran.code == 0, ran.err
    entry = json.loads(ran.out)
    assert (entry["when"], entry["class_minute"], entry["phase"]) == (
        "2026-03-05T18:00:00+00:00",
        30.0,
        "during",
    )


def test_a_minute_without_a_class_near_lists_candidates(diary: Command) -> None:
    ran = diary("add", "r07", "--pain", "4", "--at", "2026-03-09 18:40", "--class-minute", "30")
    assert (ran.code, "no class is within 3 h" in ran.err, "2026-03-05" in ran.err) == (1, True, True)
    named = diary("add", "r07", "--pain", "4", "--at", "at minute 12", "--class", "273b", "--json")
    assert json.loads(named.out)["when"] == "2026-03-05T17:42:00+00:00"
    late = diary("add", "r07", "--pain", "4", "--class", "273b", "--class-minute", "70")
    assert (late.code, "no such minute" in late.err) == (1, True)
    assert len(entries(diary)) == 1


def test_a_time_of_day_is_that_of_the_day_s_own_offset(
    diary: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for at, utc in (("2026-07-05 18:40", "16:40"), ("2026-03-05 18:40", "17:40")):
            ran = diary("add", "r07", "--pain", "4", "--at", at, "--json")
            assert ran.code == 0, ran.err
            when = datetime.fromisoformat(json.loads(ran.out)["when"])
            assert f"{when.astimezone(UTC):%H:%M}" == utc
        assert "2026-07-05 18:40" in diary("list", "r07").out
    finally:
        monkeypatch.undo()
        time.tzset()


def test_pain_of_a_class_without_a_time_is_before_or_after_it(diary: Command) -> None:
    for when, moment in (("before", "17:30"), ("after", "18:15")):
        ran = diary("add", "r07", "--pain", "4", "--class", "273b", "--when", when, "--json")
        assert json.loads(ran.out)["when"] == f"2026-03-05T{moment}:00+00:00"
    ran = diary("add", "r07", "--pain", "4", "--class", "273b")
    assert (ran.code, "--class-minute 30" in ran.err) == (2, True)
    ran = diary("add", "r07", "--pain", "4", "--class", "273b", "--at", "2026-03-08 8:00")
    assert (ran.code, "not within a day of the class" in ran.err) == (1, True)
    assert len(entries(diary)) == 2


def test_another_minute_of_the_class_is_another_moment(diary: Command) -> None:
    diary("add", "r07", "--pain", "4", "--class", "273b", "--class-minute", "30")
    assert diary("edit", "r07", str(entries(diary)[0]["id"]), "--class-minute", "20").code == 0
    (after,) = entries(diary)
    assert (after["when"], after["class_minute"]) == ("2026-03-05T17:50:00+00:00", 20.0)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("--treatment", "adjustment", "--on", "2026-03-02"), "treatment"),
        (("--setting", "saddle_height_mm=720", "--setting", "crank_length_mm=165"), "setting"),
        (("--phase", "rebuild", "--on", "2026-03-01", "--until", "2026-04-15"), "phase"),
        (("--questionnaire", "odi=32",), "questionnaire"),
        (("--also", "analgesic", "--until", "today"), "confounder"),
        (("--screening", "night_pain=yes", "--author", "Dr M"), "screening"),
        (("--cleared",), "screening"),
        (("--own-limit", "torque_load=60"), "limit"),
        (("--comment", "higher saddle"), "comment"),
    ],
)  # fmt: skip
def test_each_kind_is_kept_and_comes_back_through_a_table(
    diary: Command, arguments: tuple[str, ...], kind: str
) -> None:
    ran = diary("add", "r07", *arguments, "--at" if "--on" not in arguments else "--note", "2026-03-04 12:00")
    if kind == "confounder":
        ran = diary("add", "r07", *arguments, "--at", "2 hours ago") if ran.code else ran
    assert ran.code == 0, ran.err
    (before,) = entries(diary)
    assert before["kind"] == kind
    assert diary("export", "r07", "-o", "d.csv").code == 0
    assert "0 entries taken in, 1 were there already" in diary("import", "r07", "d.csv").err
    assert diary("remove", "r07", str(before["id"])).code == 0
    assert entries(diary) == []
    assert "1 entries taken in" in diary("import", "r07", "d.csv").err
    assert entries(diary) == [before]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "say what happened"),
        (("--pain", "4", "--treatment", "massage"), 2, "one entry at a time"),
        (("--pain", "11"), 1, "out of bounds"),
        (("--pain", "4", "--at", "02/03/2026"), 2, "two ways"),
        (("--pain", "4", "--at", "now", "--on", "today"), 2, "not both"),
        (("--pain", "4", "--site", "tooth"), 1, "'tooth' is not known"),
        (("--pain", "4", "--on", "2026-03-05"), 2, "pain needs a time of day"),
        (("--pain", "4", "--at", "yesterday"), 2, "pain needs a time of day"),
        (("--treatment", "magic"), 1, "'magic' is not known"),
        (("--setting", "saddle=3"), 2, "is no setting"),
        (("--setting", "saddle_height_mm"), 2, "is not NAME=NUMBER"),
        (("--own-limit", "pain=3"), 2, "is no metric"),
        (("--screening", "headache=yes"), 2, "is not CODE=YES|NO"),
        (("--questionnaire", "ODI=132"), 1, "out of bounds"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_kept(
    diary: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ran = diary("add", "r07", *arguments)
    told = " ".join(ran.err.replace("│", " ").split())
    assert (ran.code, says in told) == (code, True), told
    assert entries(diary) == []


def test_an_unknown_rider_is_never_assumed(diary: Command) -> None:
    for arguments in (("add", "r70", "--pain", "3"), ("list", "r70"), ("export", "r70")):
        ran = diary(*arguments)
        assert (ran.code, "r07, perhaps" in ran.err) == (1, True)


def test_an_entry_is_changed_by_the_beginning_of_its_id(diary: Command) -> None:
    diary("add", "r07", "--pain", "4", "--at", "2026-03-06 8:00")
    (before,) = entries(diary)
    assert diary("edit", "r07", str(before["id"])[:4], "--pain", "5", "--site", "leg").code == 0
    (after,) = entries(diary)
    assert after == {**before, "nrs": 5.0, "site": "leg"}
    assert diary("edit", "r07", str(before["id"]), "--pain", "50").code == 1
    assert diary("edit", "r07", str(before["id"]), "--bike", "b1").code == 2
    assert diary("edit", "r07", str(before["id"])).code == 2
    assert diary("edit", "r07", "zzzz", "--pain", "5").code == 1


def test_a_table_without_ids_is_taken_in_once(diary: Command) -> None:
    rows = ["kind,when,value,what,note", "pain,2026-03-05 18:40,4,,", "treatment,2026-03-06,,massage,long"]
    Path("mine.csv").write_text("\n".join(rows))
    assert "2 entries taken in" in diary("import", "r07", "mine.csv").err
    Path("mine.csv").write_text("\n".join([*rows, "pain,2026-03-07 9:00,2,,"]))
    assert "1 entries taken in, 2 were there already" in diary("import", "r07", "mine.csv").err
    assert len(entries(diary)) == 3


def test_a_line_of_the_list_is_for_people(diary: Command) -> None:
    diary("add", "r07", "--screening", "night_pain=yes", "--screening", "fever=no", "--on", "2026-03-06")
    diary("add", "r07", "--pain", "4", "--at", "2026-03-06 8:00")
    listed = diary("list", "r07").out
    assert "answers fever no, night_pain yes" in listed
    assert "nrs 4\n" in listed


def test_a_table_with_mixed_dates_is_refused_whole_with_its_row(diary: Command) -> None:
    Path("d.csv").write_text("kind,when,value\npain,2026-03-05 18:40,4\npain,05.03.2026 18:40,4\n")
    ran = diary("import", "r07", "d.csv")
    assert (ran.code, "d.csv, row 3, when" in ran.err) == (1, True)
    assert entries(diary) == []
    Path("latin.csv").write_bytes("kind,when,note\ncomment,2026-03-05,Zoë\n".encode("latin-1"))
    assert "row 2: this is no text in UTF-8" in diary("import", "r07", "latin.csv").err
