"""Opening the library that a command means, and the options that say which.

Comes in: `--library`, TELEMETRY_LIBRARY, or nothing (then one in the user's data folder). Goes out: an open
`Library`. Leaves to others: everything in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.errors import TelemetryError

if TYPE_CHECKING:
    from telemetry.library import Library

Place = Annotated[
    str | None,
    typer.Option(
        "--library",
        envvar="TELEMETRY_LIBRARY",
        help="Folder or postgresql:// URL of the library. By default one in your data folder.",
        metavar="PATH|URL",
        show_envvar=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")]
RiderId = Annotated[str, typer.Argument(help="Id of a rider.", metavar="RIDER", show_default=False)]
ClassId = Annotated[
    str, typer.Argument(help="Id of a class, or its first characters.", metavar="CLASS", show_default=False)
]
ForStudio = Annotated[str | None, typer.Option("--studio", help="Only this studio.", metavar="STUDIO")]
ForRider = Annotated[str | None, typer.Option("--rider", help="Only this rider.", metavar="RIDER")]


def open_at(place: str | None, *, create: bool = False) -> Library:
    """The library of this run; one that does not exist yet is made only by commands that put something in."""
    from telemetry.library import open_library

    return open_library(place, create=create, actor="command line")


class MachineZone(tzinfo):
    """The zone of this machine with its summer time: the offset is that of the day that is asked for.

    `datetime.now().astimezone()` carries today's offset only: "2026-07-05 18:40", noted in winter, would be
    an hour off.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def now() -> datetime:
    """This moment in the zone of this machine."""
    return datetime.now(MachineZone())


def moment_option(option: str, text: str | None) -> datetime | None:
    """A time that was typed.

    Raises
    ------
    typer.BadParameter : it names no moment
    """
    if text is None:
        return None
    from telemetry.library.moments import moment

    try:
        return moment(text, now(), future=True)[0]
    except TelemetryError as problem:
        raise typer.BadParameter(str(problem), param_hint=f"'{option}'") from problem


def print_json(content: Mapping[str, Any]) -> None:
    """One object in one line."""
    from telemetry.cli.console import result

    result(json.dumps(content, ensure_ascii=True, allow_nan=False, default=str))


def tell_withheld(count: int, scope: str, as_json: bool) -> None:
    """How many riders are not shown and why, where there are any: a last object, or a line on stderr."""
    from telemetry.cli.console import note

    why = f"consent for {scope} was withdrawn"
    if count and as_json:
        print_json({"withheld": count, "why": why})
    elif count:
        note(f"{count} {'rider is' if count == 1 else 'riders are'} withheld: {why}")


def local(moment: datetime) -> str:
    """A moment for people, in the zone of this machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
