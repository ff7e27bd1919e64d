"""Every command, in the open: its name and where the function is that it is.

A new command is a file beside this one, a row in `COMMANDS` and a page in docs/how-to.
"""

from __future__ import annotations

from typing import Annotated

import typer

from telemetry import __version__
from telemetry.cli.groups import GROUPS, SETTINGS, commands_of

COMMANDS: dict[str, str] = {
    "report": "report:report",
    "analyze": "analyze:analyze",
    "inspect": "inspect:inspect",
    "convert": "convert:convert",
    "capture": "capture:capture",
    "replay": "replay:replay",
    "trends": "trends:trends",
    "roster": "roster:roster",
    "doctor": "doctor:doctor",
}

app = typer.Typer(
    name="telemetry",
    cls=commands_of(COMMANDS, GROUPS),
    help="Crank load of indoor cycling classes: a FIT file becomes a page, with reasons.",
    epilog="Not a medical device: it reports crank load, and no number of it is validated against injury.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=SETTINGS,
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
