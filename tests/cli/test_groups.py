"""The tables of commands: every place holds a function, none is opened before somebody asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from telemetry.cli.app import COMMANDS
from telemetry.cli.groups import GROUPS, function_of
from tests.cli.conftest import Command

PLACES = [*COMMANDS.values(), *(place for _, table in GROUPS.values() for place in table.values())]


@pytest.mark.parametrize("place", PLACES)
def test_every_place_holds_a_function_that_says_what_it_does(place: str) -> None:
    assert (function_of(place).__doc__ or "").strip()


def test_a_group_lists_its_commands_in_the_order_of_its_table(telemetry: Command) -> None:
    out = telemetry("library", "-h").out
    names = dict.fromkeys(words.split()[0] for words in GROUPS["library"][1])
    places = [out.index(f"│ {name} ") for name in names]
    assert places == sorted(places)
    inner = telemetry("library", "rider", "-h").out
    assert "set" in inner
    assert "list" in inner


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["analyse"], "analyze"), (["library", "lst"], "list"), (["libary", "add"], "library")],
)
def test_a_slip_of_the_pen_is_told_what_comes_close(telemetry: Command, words: list[str], meant: str) -> None:
    ran = telemetry(*words)
    assert ran.code == 2
    assert f"Did you mean '{meant}'" in " ".join(ran.err.split()).replace("│ ", "")


def test_only_what_is_asked_for_is_loaded() -> None:
    asked = (
        "import sys; from telemetry.cli.app import app\n"
        "try: app(['library', 'studio', 'list', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('telemetry.cli.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "telemetry.cli.library.studio" in done.stderr
    assert "telemetry.cli.library.look" not in done.stderr
    assert "telemetry.cli.report" not in done.stderr
