"""Which files a command means: folders, patterns, names, each once and in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from telemetry.cli.inputs import expand, stem_of, suffix_of

SUFFIXES = (".fit", ".fit.gz")


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder: Path, *typed: str) -> tuple[list[str], list[str]]:
    files, problems = expand([str(folder / name) for name in typed], SUFFIXES)
    return [path.relative_to(folder).as_posix() for path in files], [str(problem) for problem in problems]


def test_a_folder_is_searched_recursively_sorted_and_by_suffix_in_any_case(tmp_path: Path) -> None:
    make(tmp_path, "b/two.FIT", "a/one.fit", "c.fit.gz", "notes.txt", "a/page.html")
    assert names(tmp_path, ".") == (["a/one.fit", "b/two.FIT", "c.fit.gz"], [])


def test_hidden_names_and_the_shadows_that_apple_leaves_are_skipped_in_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "._one.fit", ".two.fit", ".cache/three.fit", "four.fit")
    assert names(tmp_path, ".") == (["four.fit"], [])


def test_a_hidden_file_named_outright_is_meant(tmp_path: Path) -> None:
    make(tmp_path, ".two.fit")
    assert names(tmp_path, ".two.fit") == ([".two.fit"], [])


def test_names_keep_the_order_they_were_typed_in_and_count_once(tmp_path: Path) -> None:
    make(tmp_path, "z.fit", "a.fit")
    assert names(tmp_path, "z.fit", ".", "a.fit", "z.fit") == (["z.fit", "a.fit"], [])


def test_a_pattern_is_expanded_where_the_shell_did_not(tmp_path: Path) -> None:
    make(tmp_path, "week1/a.fit", "week2/b.fit", "week2/notes.txt")
    assert names(tmp_path, "week*/*") == (["week1/a.fit", "week2/b.fit"], [])
    assert names(tmp_path, "**/*.fit") == (["week1/a.fit", "week2/b.fit"], [])
    assert names(tmp_path, "week?") == (["week1/a.fit", "week2/b.fit"], [])


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    make(tmp_path, "ride [1].fit", "ride 1.fit")
    assert names(tmp_path, "ride [1].fit") == (["ride [1].fit"], [])


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("gone.fit", "there is no such file or folder"),
        ("*.tcx", "no class fits this pattern"),
        ("notes.txt", "is no kind of file that can be read (expected .fit or .fit.gz, got .txt)"),
        (".fit", "is no kind of file that can be read"),
        ("empty", "no class is in this folder"),
        ("pipe.fit", "is no ordinary file"),
        ("nul\0.fit", "cannot be opened"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_goes_on(tmp_path: Path, typed: str, says: str) -> None:
    make(tmp_path, "notes.txt", "good.fit", ".fit")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.fit")
    files, problems = names(tmp_path, typed, "good.fit")
    assert files == ["good.fit"]
    assert len(problems) == 1
    assert says in problems[0]
    assert typed in problems[0]


def test_a_link_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    make(tmp_path, "a/one.fit")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "loop.fit").symlink_to(tmp_path / "loop.fit")
    assert names(tmp_path, ".") == (["a/one.fit"], [])
    assert "cannot be opened" in names(tmp_path, "loop.fit")[1][0]


def test_the_longest_suffix_is_taken_off() -> None:
    assert suffix_of(Path("Ride.FIT.gz"), SUFFIXES) == ".fit.gz"
    assert stem_of(Path("Ride.FIT.gz"), SUFFIXES) == "Ride"
    assert stem_of(Path("a.b.fit"), SUFFIXES) == "a.b"
    assert suffix_of(Path("fit"), SUFFIXES) is None
