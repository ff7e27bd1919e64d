"""Commands that have commands of their own: `telemetry library add`, `telemetry diary list` …

Comes in: nothing. Goes out: `GROUPS`, in the open like `COMMANDS`, and how they are hung onto the
application. A name with a blank is a group inside the group: `rider set`.
"""

from __future__ import annotations

from collections.abc import Callable

import typer

from telemetry.cli.diary import DIARY
from telemetry.cli.library import LIBRARY

GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "library": ("Keep classes, riders and diaries in one place; verify, back up, erase.", LIBRARY),
    "diary": ("What a rider and a clinician note: pain, treatments, settings, phases.", DIARY),
}


def attach(app: typer.Typer) -> None:
    """Hang the groups onto the application."""
    for name, (text, commands) in GROUPS.items():
        group = _group(text)
        inner: dict[str, typer.Typer] = {}
        for words, function in commands.items():
            outer, _, last = words.rpartition(" ")
            if outer and outer not in inner:
                inner[outer] = _group(f"{outer.capitalize()}s of the library.")
                group.add_typer(inner[outer], name=outer)
            (inner[outer] if outer else group).command(last)(function)
        app.add_typer(group, name=name)


def _group(text: str) -> typer.Typer:
    return typer.Typer(
        help=text, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]}
    )
