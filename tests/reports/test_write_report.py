"""write_report and write_figures: by suffix, whole or not at all, without what a shared copy leaves out."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.errors import CannotWrite
from telemetry.reports import REPORTS, words, write_figures, write_report
from telemetry.reports.figures import applicable
from tests.reports.examples import example
from tests.reports.test_page import clinician

BEGINNINGS = {
    ".html": b"<!doctype html>",
    ".pdf": b"%PDF-1.7",
    ".png": b"\x89PNG",
    ".svg": b"<svg",
    ".json": b"{",
}


@pytest.mark.parametrize("suffix", REPORTS)
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str) -> None:
    path = write_report(example("short"), tmp_path / f"Class{suffix.upper()}")
    assert path.read_bytes().startswith(BEGINNINGS[suffix])
    assert list(tmp_path.iterdir()) == [path]


def test_every_format_has_a_beginning_to_be_told_by() -> None:
    assert set(BEGINNINGS) == set(REPORTS)


@pytest.mark.parametrize("name", ["class.docx", "class", "class.html.bak"])
def test_an_unknown_suffix_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotWrite, match=r"no report of that kind \(expected \.html, \.pdf"):
        write_report(example("short"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="nowhere"):
        write_report(example("short"), tmp_path / "nowhere" / "class.json")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "class.json").mkdir()
    with pytest.raises(CannotWrite, match="is a folder"):
        write_report(example("short"), tmp_path / "class.json")
    assert list((tmp_path / "class.json").iterdir()) == []


def test_a_page_that_cannot_be_made_leaves_the_old_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "class.pdf"
    path.write_bytes(b"yesterday's")
    with pytest.raises(CannotWrite):
        write_report(example("short"), path, paper="foolscap")
    assert path.read_bytes() == b"yesterday's"
    write_report(example("short"), path)
    assert path.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.iterdir()) == [path]


def test_the_json_is_the_analysis_and_a_shared_one_names_nobody(tmp_path: Path) -> None:
    analysis = example("grinder")
    told = json.loads(write_report(analysis, tmp_path / "a.json").read_text(encoding="utf-8"))
    assert told == analysis.to_dict()
    shared = write_report(analysis, tmp_path / "b.json", share=True).read_text(encoding="utf-8")
    for secret in ("12345678", "grinder.fit", "2026-03-03", "example02abcd"):
        assert secret not in shared
    assert json.loads(shared)["metrics"] == told["metrics"]


def test_figures_are_written_beside_each_other_by_name(tmp_path: Path) -> None:
    analysis = example("grinder")
    paths = write_figures(analysis, tmp_path / "evening.html", "svg")
    assert [path.name for path in paths] == [f"evening-{name}.svg" for name in applicable(analysis)]
    assert all(path.read_bytes().startswith(b"<svg") for path in paths)


def test_figures_in_a_folder_take_the_files_name_unless_shared(tmp_path: Path) -> None:
    named = write_figures(example("heart_rate_only"), tmp_path)
    assert [path.name for path in named] == ["heart_rate_only-timeline.png"]
    shared = write_figures(example("heart_rate_only"), tmp_path, share=True)
    assert [path.name for path in shared] == ["class-timeline.png"]


def test_a_class_left_to_a_clinician_has_no_picture(tmp_path: Path) -> None:
    assert write_figures(clinician(), tmp_path) == ()
    with pytest.raises(CannotWrite, match="nothing to draw"):
        write_report(clinician(), tmp_path / "class.png")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_reports_room_costs_no_library() -> None:
    heavy = ("matplotlib", "typst", "jinja2", "polars", "numpy", "rich", "pandas", "numba")
    code = f"import sys, telemetry.reports; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_in_the_words_hold() -> None:
    result = doctest.testmod(words)
    assert result.attempted >= 10
    assert result.failed == 0
