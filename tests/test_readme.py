"""The README's promises: its examples run, its two commands stand alone, its picture is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.doc_examples import ROOT, desk, run_page

README = (ROOT / "README.md").read_text(encoding="utf-8")


def marked(name: str) -> str:
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found, f"no command marked {name}"
    return found[1]


def test_the_examples_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    run_page(ROOT / "README.md")


@pytest.mark.parametrize("name", ["report", "test"])
def test_each_command_is_one_line_that_needs_only_python_and_pip(name: str) -> None:
    command = marked(name)
    assert "\n" not in command
    steps = [shlex.split(step) for step in command.split("&&")]
    venv = steps[0][-1]
    assert steps[0] == ["python3.11", "-m", "venv", venv]
    assert all(step[0].startswith(f"{venv}/bin/") for step in steps[1:])
    assert "sudo" not in command


def test_the_two_commands_do_not_share_an_environment() -> None:
    assert marked("report").split()[3] != marked("test").split()[3]


def test_both_commands_stand_on_the_first_screen() -> None:
    lines = README.splitlines()
    assert max(lines.index(marked("report")), lines.index(marked("test"))) < 30


def test_the_report_command_shows_a_shipped_class() -> None:
    path = next(word for word in shlex.split(marked("report")) if word.endswith(".fit"))
    assert (ROOT / path).is_file()


def test_ci_runs_the_test_command_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "command: test" in script
    assert "README.md" in script
    assert ".[test]" not in script


def test_the_names_in_the_readme_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] in README
    assert list(project["scripts"]) == ["telemetry"]


def test_every_command_is_named() -> None:
    from telemetry.cli.app import COMMANDS

    assert all(f"telemetry {command}" in README for command in COMMANDS)


def test_the_picture_is_a_picture() -> None:
    data = (ROOT / "docs" / "images" / "report.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert 20_000 < len(data) < 1_000_000
