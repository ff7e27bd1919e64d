"""`telemetry library` as a studio and an attacker of mistakes would use it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command


@pytest.fixture
def kept(desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library L with three classes of r07, named by the environment."""
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(desk / "L"))
    (desk / "classes").mkdir()
    for name in ("usual", "grinder", "fading"):
        shutil.copy(CLASSES / f"{name}.fit", desk / "classes")
    assert telemetry("library", "add", "classes", "--rider", "r07").code == 0
    return desk / "L"


def listed(telemetry: Command, *arguments: str) -> list[dict[str, object]]:
    ran = telemetry("library", "list", "--json", *arguments)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.lines]


def test_add_names_each_class_once_and_says_what_became_of_the_rest(kept: Path, telemetry: Command) -> None:
    ran = telemetry("library", "add", "classes", "page.fit", "--rider", "r07", "--json")
    assert ran.code == 1
    assert [json.loads(line)["state"] for line in ran.lines] == ["known"] * 3 + ["quarantined"]
    assert "3 already there, 1 quarantined" in ran.err
    assert len(ran.errors) == 1
    assert "page.fit" in telemetry("library", "list", "--quarantined").out


def test_list_and_show_say_what_is_known(kept: Path, telemetry: Command) -> None:
    rows = listed(telemetry, "--rider", "r07")
    assert [row["review"] for row in rows] == ["usual", "review", "note"]
    assert [row["reasons"] for row in rows][1] == ["R2", "R3"]
    assert len(listed(telemetry, "--since", "2026-03-06", "--until", "2026-03-09")) == 1
    table = telemetry("library", "list").out
    assert "review: R2 R3" in table
    shown = telemetry("library", "show", str(rows[1]["id"])[:4])
    assert "grinder.fit" in shown.out
    content = json.loads(telemetry("library", "show", str(rows[1]["id"]), "--json").out)
    assert content["recording"]["rider_id"] == "r07"
    assert telemetry("library", "show", str(rows[1]["id"]), "--version", "2").code == 1


def test_an_unknown_rider_or_class_is_an_error_that_names_the_way_out(kept: Path, telemetry: Command) -> None:
    for arguments in (("list", "--rider", "r70"), ("erase", "r70", "--yes"), ("reanalyze", "--rider", "r70")):
        ran = telemetry("library", *arguments)
        assert (ran.code, "r07, perhaps" in ran.err) == (1, True)
    assert "no class of this library begins" in telemetry("library", "show", "zz").err
    assert telemetry("library", "assign", "zz", "r07").code == 1


def test_what_cannot_be_undone_needs_yes(kept: Path, telemetry: Command) -> None:
    one = str(listed(telemetry)[0]["id"])
    ran = telemetry("library", "erase", "r07")
    assert (ran.code, "3 classes" in ran.err) == (2, True)
    assert telemetry("library", "remove", one).code == 2
    assert len(listed(telemetry)) == 3
    assert telemetry("library", "remove", one, "--yes").code == 0
    assert len(listed(telemetry)) == 2
    ran = telemetry("library", "erase", "r07", "--yes", "--json", "--receipt", "receipt.json")
    assert json.loads(ran.out)["classes"] == 2
    assert json.loads(Path("receipt.json").read_text()) == json.loads(ran.out)
    assert listed(telemetry) == []


def test_verify_names_what_is_wrong(kept: Path, telemetry: Command) -> None:
    assert "3 classes, everything is as it was written" in telemetry("library", "verify").out
    victim = next((kept / "originals").rglob("*.fit"))
    victim.chmod(0o600)
    victim.write_bytes(b"other")
    ran = telemetry("library", "verify")
    assert (ran.code, len(ran.errors), victim.name in ran.err) == (1, 1, True)


def test_a_backup_is_restored_and_the_old_one_moved_aside(kept: Path, telemetry: Command) -> None:
    assert telemetry("library", "backup", "B").code == 0
    telemetry("library", "erase", "r07", "--yes")
    assert telemetry("library", "restore", "B").code == 1
    ran = telemetry("library", "restore", "B", "--replace")
    assert (ran.code, "erased again" in ran.err) == (0, True)
    assert telemetry("library", "verify").code == 0
    assert listed(telemetry) == []


def test_facts_are_dated_and_reanalysis_is_asked_for(kept: Path, telemetry: Command) -> None:
    ran = telemetry("library", "rider", "set", "r07", "--ftp", "150", "--name", "R")
    assert (ran.code, ran.out) == (0, "ftp_w 150, always\n")
    assert "reanalyze" in ran.err
    assert len(telemetry("library", "reanalyze").lines) == 3
    assert "up to date" in telemetry("library", "reanalyze").err
    assert telemetry("library", "rider", "set", "r07", "--mass", "900").code == 1
    assert telemetry("library", "rider", "set", "r07", "--ftp", "200", "--since", "03/02/2026").code == 2
    assert "r07  R  ftp_w 150" in telemetry("library", "rider", "list").out


def test_reassigning_is_said_and_assigning_does_not_take_away(kept: Path, telemetry: Command) -> None:
    telemetry("library", "rider", "set", "r08")
    one = str(listed(telemetry)[0]["id"])
    assert telemetry("library", "assign", one, "r08").code == 1
    assert telemetry("library", "reassign", one, "r08").code == 0
    assert [row["rider"] for row in listed(telemetry)] == ["r08", "r07", "r07"]


def test_export_writes_what_can_be_read_again(kept: Path, telemetry: Command) -> None:
    for to in ("fit", "original", "parquet"):
        ran = telemetry("library", "export", "--rider", "r07", "--to", to, "-o", to)
        assert ran.code == 0, ran.err
        assert len([line for line in ran.lines if "analysis.json" in line]) == 3
    other = telemetry("library", "add", "original/*.fit", "--library", "M", "--rider", "r07")
    assert (other.code, len(other.lines)) == (0, 3)
    assert listed(telemetry, "--library", "M") == listed(telemetry)


def test_watch_takes_what_is_there(kept: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    import telemetry.library.watch as module

    monkeypatch.setattr(module, "STILL_S", 0.0)
    monkeypatch.setattr(module, "POLL_S", 0.0)
    ran = telemetry("library", "watch", "classes", "--once", "--json", "--rider", "r07")
    assert [json.loads(line)["state"] for line in ran.lines] == ["known"] * 3


def test_there_is_no_library_to_list_where_none_was_made(desk: Path, telemetry: Command) -> None:
    for command in ("list", "verify", "reanalyze"):
        ran = telemetry("library", command, "--library", "nothing")
        assert (ran.code, "no library here" in ran.err) == (1, True)
    assert not Path("nothing").exists()


def test_an_anonymous_copy_says_the_same_and_nothing_of_whose_it_is(desk: Path, telemetry: Command) -> None:
    import telemetry as package

    assert telemetry("library", "anonymise", "class.fit").out == "class-anonymous.fit\n"
    before, after = package.read("class.fit"), package.read("class-anonymous.fit")
    assert after.samples.equals(before.samples)
    assert after.started_at != before.started_at
    assert {device.serial for device in after.devices}.isdisjoint({d.serial for d in before.devices} - {""})
    assert telemetry("library", "anonymise", "class.fit", "-o", "class.fit").code == 2
