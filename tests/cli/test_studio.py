"""`telemetry library studio`, `bike` and `list --studio`: a studio's own classes, without reviews."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command


@pytest.fixture
def library(tmp_path: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with a class of each of two riders in one studio, and one elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(tmp_path / "L"))
    assert telemetry("library", "studio", "set", "mitte", "--name", "Studio Mitte").code == 0
    for rider, name, more in (
        ("r07", "grinder", ("--studio", "mitte", "--bike", "b12")),
        ("r08", "usual", ("--studio", "mitte", "--class", "mon")),
        ("r08", "fading", ()),
    ):
        ran = telemetry("library", "add", str(CLASSES / f"{name}.fit"), "--rider", rider, *more)
        assert ran.code == 0, ran.err
    return tmp_path / "L"


def listed(telemetry: Command, *arguments: str) -> list[dict[str, object]]:
    ran = telemetry("library", "list", "--json", *arguments)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.lines]


def test_studios_and_bikes_are_set_and_listed(library: Path, telemetry: Command) -> None:
    ran = telemetry("library", "studio", "set", "nord")
    assert (ran.out, "new studio nord" in ran.err) == ("nord\n", True)
    assert telemetry("library", "studio", "list").lines == ["mitte  name Studio Mitte", "nord"]
    ran = telemetry("library", "bike", "set", "b12", "--maker", "Keiser", "--crank", "165")
    assert ran.out == "b12  studio mitte, maker Keiser, crank_length_mm 165\n"
    assert "reanalyze" in ran.err
    assert len(telemetry("library", "reanalyze").lines) == 1
    ran = telemetry("library", "bike", "set", "n1", "--studio", "nord", "--json")
    assert (json.loads(ran.out)["studio"], "new bike n1" in ran.err) == ("nord", True)
    (row,) = (
        json.loads(line) for line in telemetry("library", "bike", "list", "--studio", "mitte", "--json").lines
    )
    assert (row["bike"], row["crank_length_mm"]) == ("b12", 165.0)
    assert len(telemetry("library", "bike", "list").lines) == 2
    assert json.loads(telemetry("library", "studio", "list", "--json").lines[0]) == {
        "studio": "mitte", "name": "Studio Mitte",
    }  # fmt: skip


def test_what_is_not_there_is_one_error(library: Path, telemetry: Command) -> None:
    for arguments in (
        ("list", "--studio", "mite"),
        ("bike", "list", "--studio", "mite"),
        ("bike", "set", "b9", "--studio", "mite"),
        ("add", str(CLASSES / "no_ftp.fit"), "--studio", "mite"),
    ):
        ran = telemetry("library", *arguments)
        assert (ran.code, len(ran.errors), "mitte, perhaps" in ran.err) == (1, 1, True)
    assert telemetry("library", "bike", "set", "b9", "--crank", "20").code == 1
    telemetry("library", "studio", "set", "nord")
    ran = telemetry("library", "list", "--studio", "nord")
    assert (ran.code, ran.out, "no class in studio nord" in ran.err) == (0, "", True)


def test_a_studio_is_shown_load_and_no_review(library: Path, telemetry: Command) -> None:
    rows = listed(telemetry, "--studio", "mitte")
    assert [row["rider"] for row in rows] == ["r08", "r07"]
    assert [(row["review"], row["reasons"]) for row in rows] == [(None, [])] * 2
    assert all(row["metrics"] for row in rows)
    assert [row["review"] for row in listed(telemetry)] == ["usual", "review", "note"]
    table = telemetry("library", "list", "--studio", "mitte").out
    assert "review" not in table
    assert "back-risk review" in telemetry("library", "list").out


def test_who_withdrew_consent_is_left_out_of_a_studio_s_list_and_nowhere_else(
    library: Path, telemetry: Command
) -> None:
    telemetry("library", "consent", "r07", "--grant", "clinician")
    telemetry("library", "consent", "r07", "--grant", "studio")
    assert len(listed(telemetry, "--studio", "mitte")) == 2
    telemetry("library", "consent", "r07", "--withdraw", "clinician")  # another view
    assert len(listed(telemetry, "--studio", "mitte")) == 2
    telemetry("library", "consent", "r07", "--withdraw", "studio")
    first, last = listed(telemetry, "--studio", "mitte")
    assert (first["rider"], last) == ("r08", {"withheld": 1, "why": "consent for studio was withdrawn"})
    ran = telemetry("library", "list", "--studio", "mitte")
    assert "r07" not in ran.out + ran.err
    assert "1 rider is withheld: consent for studio was withdrawn" in ran.err
    assert listed(telemetry, "--studio", "mitte", "--rider", "r07") == [last]
    assert [row["rider"] for row in listed(telemetry, "--rider", "r07")] == ["r07"]
    assert len(listed(telemetry)) == 3
    telemetry("library", "consent", "r07", "--grant", "studio")
    assert len(listed(telemetry, "--studio", "mitte")) == 2


def test_only_riders_with_a_class_in_the_studio_are_counted(library: Path, telemetry: Command) -> None:
    telemetry("library", "rider", "set", "r09")
    for action in ("--grant", "--withdraw"):
        telemetry("library", "consent", "r09", action, "studio")
    assert len(listed(telemetry, "--studio", "mitte")) == 2
