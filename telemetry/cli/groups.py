"""Commands that have commands of their own: `telemetry library add`, `telemetry diary list` …

Comes in: tables of names and where their functions are. Goes out: `GROUPS`, in the open like `COMMANDS`, and
typer applications that open a command when somebody asks for it: a start would else spend more time on
describing seventy options nobody asked for than on importing typer. A name with a blank is a group inside the
group: `rider set`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from telemetry.cli.diary import DIARY
from telemetry.cli.library import LIBRARY

GROUPS: dict[str, tuple[str, dict[str, str]]] = {
    "library": ("Keep classes, riders and diaries in one place; verify, back up, erase.", LIBRARY),
    "diary": ("What a rider and a clinician note: pain, treatments, settings, phases.", DIARY),
}

SETTINGS = {"help_option_names": ["-h", "--help"]}


def _lighten_help() -> None:
    """Load typer's help pages without their Markdown reader, a fifth of their time: ours hold no Markdown."""
    from rich.text import Text

    modules: dict[str, Any] = sys.modules
    if "rich.markdown" in modules or "typer.rich_utils" in modules:
        return
    modules["rich.markdown"] = SimpleNamespace(Markdown=Text)
    try:
        import_module("typer.rich_utils")
    finally:
        del modules["rich.markdown"]


class Command(TyperCommand):
    """One command."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Its help page."""
        _lighten_help()
        super().format_help(ctx, formatter)


class Commands(TyperGroup):
    """Commands, each opened when somebody asks for it."""

    known: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the table."""
        return list(self.known)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; where there is none, all are opened, to say which one comes close."""
        for name in [cmd_name] if cmd_name in self.known else self.known:
            if name not in self.commands:
                self.commands[name] = self.known[name]()
        return self.commands.get(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Their help page."""
        _lighten_help()
        super().format_help(ctx, formatter)


def function_of(place: str) -> Callable[..., None]:
    """The function of a command: `library.look:list_` is `list_` in `telemetry/cli/library/look.py`."""
    module, _, name = place.partition(":")
    found: Callable[..., None] = getattr(import_module(f"telemetry.cli.{module}"), name)
    return found


def commands_of(
    table: Mapping[str, str], groups: Mapping[str, tuple[str, dict[str, str]]] = {}
) -> type[Commands]:
    """The class of a group with these commands, and with groups inside it."""
    known: dict[str, Callable[[], Any]] = {}
    inner: dict[str, dict[str, str]] = {}
    for words, place in table.items():
        outer, _, last = words.rpartition(" ")
        if not outer:
            known[last] = partial(_command, last, place)
            continue
        if outer not in inner:
            inner[outer] = {}
            known[outer] = partial(_group, outer, f"{outer.capitalize()}s of the library.", inner[outer])
        inner[outer][last] = place
    for name, (text, of_group) in groups.items():
        known[name] = partial(_group, name, text, of_group)
    return type("Commands", (Commands,), {"known": known})


def _command(name: str, place: str) -> Any:
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", context_settings=SETTINGS)
    alone.command(name, cls=Command)(function_of(place))
    return get_command(alone)


def _group(name: str, text: str, table: dict[str, str]) -> Any:
    group = typer.Typer(
        name=name,
        cls=commands_of(table),
        help=text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        context_settings=SETTINGS,
    )
    group.callback()(_nothing)
    return get_command(group)


def _nothing() -> None:
    pass
