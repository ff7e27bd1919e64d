"""`telemetry roster`: screening, symptoms, review, note, not enough data, usual; then the newest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.trend_page import fill
from telemetry.cli.roster import CONCERNS, standing, standings
from telemetry.library import open_library
from telemetry.library.newest import Newest, newest
from telemetry.model import PastClass, Screening
from tests.cli.conftest import CLASSES, Command

NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)


def rider(
    name: str, state: str = "usual", reasons: tuple[str, ...] = (), days: float = 0.0, *answers: Screening
) -> Newest:
    started = NOW - timedelta(days=days)
    past = PastClass(started, 60.0, 23.0, "ftp", 100.0, 45.0, True, True, (), state=state, reasons=reasons)
    row = {"started_at": started.isoformat(), "recording_id": name}
    return Newest(name, 3, row, past, answers)


def yes(days: float) -> Screening:
    return Screening(NOW - timedelta(days=days), {"night_pain": True})


def cleared(days: float) -> Screening:
    return Screening(NOW - timedelta(days=days), {}, cleared=True)


@pytest.mark.parametrize(
    ("one", "concern"),
    [
        (rider("a"), "usual"),
        (rider("b", "note", ("R2",)), "note"),
        (rider("c", "review", ("R2", "R4")), "review"),
        (rider("d", "review", ("R6",)), "R6"),
        (rider("e", "not_enough_data"), "not_enough_data"),
        (rider("f", "usual", (), 0.0, yes(3)), "see_clinician"),
        (rider("g", "usual", (), 0.0, yes(3), cleared(2)), "usual"),
        (rider("h", "usual", (), 0.0, cleared(3), yes(2)), "see_clinician"),
        (Newest("i", 0, None, None, ()), "not_enough_data"),
        (Newest("j", 0, None, None, (yes(1),)), "see_clinician"),
    ],
)
def test_a_rider_stands_where_the_screening_or_the_newest_class_puts_them(one: Newest, concern: str) -> None:
    assert standing(one).concern == concern


def test_a_later_no_does_not_take_back_a_yes() -> None:
    no = Screening(NOW, {"night_pain": False})
    assert standing(rider("a", "usual", (), 0.0, yes(3), no)).concern == "see_clinician"


def test_riders_are_sorted_by_concern_then_newest(tmp_path: Path) -> None:
    fill(tmp_path / "L", classes=60, people=6)
    with open_library(tmp_path / "L") as kept:
        kept.note("r003", [yes(1)])
        found = standings(newest(kept))
    assert found[0].rider == "r003"
    keys = [(CONCERNS.index(row.concern), row.newest or "") for row in found]
    assert [key[0] for key in keys] == sorted(key[0] for key in keys)
    usual = [row.newest or "" for row in found[1:]]
    assert usual == sorted(usual, reverse=True)


def test_the_roster_knows_of_each_rider_what_the_whole_list_says(tmp_path: Path) -> None:
    fill(tmp_path / "L", classes=60, people=6)
    with open_library(tmp_path / "L") as kept:
        for found in newest(kept):
            rows = kept.rows(found.rider_id)
            assert found.classes == len(rows) == 10
            assert found.row == rows[-1][0]
            assert found.past == rows[-1][1]


def test_the_table_and_the_json_lines(
    tmp_path: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(tmp_path / "L"))
    telemetry("library", "add", str(CLASSES / "grinder.fit"), "--rider", "r07")
    telemetry("library", "add", str(CLASSES / "usual.fit"), "--rider", "r08")
    telemetry("diary", "add", "r08", "--screening", "night_pain=yes")
    rows = [json.loads(line) for line in telemetry("roster", "--json").lines]
    assert [(row["rider"], row["concern"]) for row in rows] == [("r08", "see_clinician"), ("r07", "review")]
    table = telemetry("roster").out
    assert table.index("r08") < table.index("r07")
    line = next(line for line in table.splitlines() if line.startswith("r08"))
    assert "see a clinician" in line
    assert str(round(rows[0]["torque_load"])) not in line.split("see a clinician")[1].split()
    assert len(telemetry("roster", "--json", "--limit", "1").lines) == 1


def test_an_empty_library_says_so(tmp_path: Path, telemetry: Command) -> None:
    with open_library(tmp_path / "L"):
        pass
    ran = telemetry("roster", "--library", str(tmp_path / "L"))
    assert (ran.code, ran.out) == (0, "")
    assert "no rider" in ran.err
