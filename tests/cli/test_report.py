"""`telemetry report`: a page where it was asked for, its path on stdout, and nothing half written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command


def written(folder: Path) -> list[str]:
    """Everything in the folder that is no input, hidden leftovers included."""
    inputs = {"class.fit", "usual.fit", "page.fit", "empty.fit"}
    return sorted(path.name for path in folder.iterdir() if path.name not in inputs)


def test_a_class_becomes_a_page_here_and_its_path_is_the_only_output(desk: Path, telemetry: Command) -> None:
    ran = telemetry("report", "class.fit")
    assert (ran.code, ran.out) == (0, "class.html\n")
    assert "Flagged for back-risk review" in ran.err  # the summary, beside the result
    page = Path("class.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert written(desk) == ["class.html"]


def test_an_older_page_is_replaced(desk: Path, telemetry: Command) -> None:
    Path("class.html").write_text("old")
    assert telemetry("report", "class.fit", "-q").code == 0
    assert Path("class.html").stat().st_size > 1000


def test_formats_follow_the_suffix_and_stand_beside_each_other(desk: Path, telemetry: Command) -> None:
    assert telemetry("report", "usual.fit", "-q", "-o", "one.pdf").lines == ["one.pdf"]
    assert Path("one.pdf").read_bytes().startswith(b"%PDF")
    ran = telemetry("report", "usual.fit", "-q", "-o", "all/", "--png", "--figures", "svg")
    assert ran.lines[:2] == ["all/usual.html", "all/usual.png"]
    assert "all/usual-timeline.svg" in ran.lines
    assert all(Path(line).is_file() for line in ran.lines)


def test_many_are_drawn_and_one_that_fails_is_named(desk: Path, telemetry: Command) -> None:
    ran = telemetry("report", "page.fit", "class.fit", "usual.fit", "empty.fit", "-o", "pages")
    assert ran.code == 1
    assert sorted(ran.lines) == ["pages/class.html", "pages/usual.html"]
    assert [line.split(":")[1].strip() for line in ran.errors] == ["page.fit", "empty.fit"]
    assert "2 reports, 1 flagged for back-risk review, 2 failed" in ran.err
    assert sorted(os.listdir("pages")) == ["class.html", "usual.html"]


def test_the_same_name_twice_gets_the_short_id_on_both(desk: Path, telemetry: Command) -> None:
    Path("other").mkdir()
    shutil.copy("usual.fit", "other/class.fit")
    ran = telemetry("report", "class.fit", "other", "-q", "--json")
    rows = [json.loads(line) for line in ran.lines]
    assert [row["reports"] for row in rows] == [[f"class-{row['id'][:8]}.html"] for row in rows]
    assert [row["flagged"] for row in rows] == [True, False]
    assert ran.code == 0  # a flagged class is no failure


def test_a_shared_page_is_not_named_after_its_file(desk: Path, telemetry: Command) -> None:
    shutil.copy("usual.fit", "anna-2026-03-05.fit")
    (name,) = telemetry("report", "anna-2026-03-05.fit", "--share").lines
    assert name.startswith("class-")
    assert "anna" not in Path(name).read_text(encoding="utf-8")


def test_what_was_felt_belongs_to_one_class(desk: Path, telemetry: Command) -> None:
    ran = telemetry("report", "usual.fit", "--pain", "6", "--usual-pain", "3", "--json", "-q")
    assert json.loads(ran.out)["state"] == "review"
    assert telemetry("report", "usual.fit", "class.fit", "--pain", "6").code == 2
    assert telemetry("report", "usual.fit", "--usual-pain", "3").code == 2
    assert telemetry("report", "usual.fit", "--pain", "11").code == 2


@pytest.mark.parametrize(
    "text", ['night_pain = "yes"', "[screening]\nnight_pain = true", '{"night_pain": "YES"}']
)
def test_a_yes_in_the_screening_overrides_the_bike(desk: Path, telemetry: Command, text: str) -> None:
    Path("answers").write_text(text)
    ran = telemetry("report", "usual.fit", "--screening", "answers", "--json", "-q")
    assert json.loads(ran.out)["state"] == "see_clinician"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('night_pian = "no"', "no screening question 'night_pian'"),
        ('night_pain = "maybe"', "neither yes nor no"),
        ("night_pain", "is neither TOML nor JSON"),
        ("[1, 2]", "is neither TOML nor JSON"),
        (None, "cannot be read: No such file"),
    ],
)
def test_answers_that_cannot_be_used_are_named(
    desk: Path, telemetry: Command, text: str | None, says: str
) -> None:
    if text is not None:
        Path("answers").write_text(text)
    ran = telemetry("report", "usual.fit", "--screening", "answers")
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert says in ran.errors[0]
    assert "answers" in ran.errors[0]
    assert "answers" not in ran.out


@pytest.mark.parametrize(
    ("output", "code", "says"),
    [
        ("gone/page.html", 1, "gone: the folder does not exist"),
        ("class.fit/deep/", 1, "class.fit/deep: the folder cannot be made"),
        ("page.docx", 2, "'.docx' is no format"),
    ],
)
def test_an_output_that_cannot_be_is_one_sentence(
    desk: Path, telemetry: Command, output: str, code: int, says: str
) -> None:
    ran = telemetry("report", "usual.fit", "-q", "-o", output)
    assert ran.code == code
    assert says in ran.err
    assert written(desk) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(
    desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        with open(self, "wb") as half:
            half.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    ran = telemetry("report", "usual.fit", "-q")
    assert ran.code == 1
    assert ran.errors == [
        "error: usual.html: cannot be written: No space left on device (expected a writable folder with room)"
    ]
    assert written(desk) == []


def test_a_page_written_before_a_failure_is_named_too(
    desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("usual.pdf").mkdir()
    ran = telemetry("report", "usual.fit", "-q", "--pdf")
    assert (ran.code, ran.lines) == (1, ["usual.html"])
    assert "usual.pdf: the output is a folder" in ran.errors[0]


def test_a_class_that_cannot_be_judged_is_a_page_all_the_same(desk: Path, telemetry: Command) -> None:
    ran = telemetry("report", str(CLASSES / "cadence_resistance.fit"), "--json", "-q")
    assert (ran.code, json.loads(ran.out)["state"]) == (0, "not_enough_data")


def test_without_a_screen_no_browser_is_started(
    desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("a browser"))
    ran = telemetry("report", "usual.fit", "-q", "--open")
    assert ran.code == 0
    assert "no screen here" in ran.err
    opened: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda url: bool(opened.append(url)) or True)
    assert telemetry("report", "usual.fit", "-q", "--open").code == 0
    assert opened == [Path("usual.html").resolve().as_uri()]
