"""Every command, in the open: its name and the function that is it.

A new command is a file beside this one, a row in `COMMANDS` and a page in docs/how-to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from telemetry import __version__
from telemetry.cli.analyze import analyze
from telemetry.cli.capture import capture
from telemetry.cli.convert import convert
from telemetry.cli.doctor import doctor
from telemetry.cli.groups import attach
from telemetry.cli.inspect import inspect
from telemetry.cli.replay import replay
from telemetry.cli.report import report
from telemetry.cli.roster import roster
from telemetry.cli.trends import trends

COMMANDS: dict[str, Callable[..., None]] = {
    "report": report,
    "analyze": analyze,
    "inspect": inspect,
    "convert": convert,
    "capture": capture,
    "replay": replay,
    "trends": trends,
    "roster": roster,
    "doctor": doctor,
}


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
    """All commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Their help page."""
        _lighten_help()
        super().format_help(ctx, formatter)


app = typer.Typer(
    name="telemetry",
    cls=Commands,
    help="Crank load of indoor cycling classes: a FIT file becomes a page, with reasons.",
    epilog="Not a medical device: it reports crank load, and no number of it is validated against injury.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"telemetry {__version__}")
        raise typer.Exit


@app.callback()
def telemetry(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Options before the command."""


for _name, _function in COMMANDS.items():
    app.command(_name, cls=Command)(_function)

attach(app)
