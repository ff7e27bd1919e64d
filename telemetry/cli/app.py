"""Every command, in the open: its name and the function that is it.

A new command is a file beside this one, a row in `COMMANDS` and a page in docs/how-to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

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

app = typer.Typer(
    name="telemetry",
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
    app.command(_name)(_function)

attach(app)
