"""`telemetry capture`: a room full of bikes, from the radio to a recording per seat.

Comes in: an ANT stick (or a simulated room), the studio's bikes, who sits where. Goes out: in a folder the
capture, a recording per seat and the account of what was received; on a terminal a live table, with --json a
stream of events. Leaves to others: the capture itself (`ingest/antplus`), reports (`telemetry report DIR`).
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from telemetry.ingest.antplus.studio import Studio

ROOM, STICK, SHOWN = "Room", "Radio", "Output"
VIRTUAL_S = 60.0
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


class Rate(StrEnum):
    """Rows per second of a recording."""

    one = "1"
    four = "4"


def seconds(text: str) -> float:
    """A duration as people write it: 60, 90s, 45m, 1h, 1h30m."""
    match = _DURATION.fullmatch(text.strip())
    parts = [float(part) for part in match.groups(default="0")] if match else [0.0]
    total = sum(part * unit for part, unit in zip(parts, (3600.0, 60.0, 1.0), strict=False))
    if not 0 < total <= 24 * 3600:
        raise typer.BadParameter(
            f"{text!r} is no duration, expected 60 (seconds), 45m or 1h", param_hint="'--duration'"
        )
    return total


def capture(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the class. By default room-DATE-TIME here.",
            metavar="DIR",
            rich_help_panel=SHOWN,
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration",
            help="End by itself: 60 (seconds), 45m, 1h. Otherwise Ctrl-C ends it.",
            metavar="TIME",
            rich_help_panel=ROOM,
        ),
    ] = None,
    studio: Annotated[
        Path | None,
        typer.Option(
            "--studio", help="Seats and their sensors (TOML).", metavar="FILE", rich_help_panel=ROOM
        ),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster",
            help="Who sits where in this class (CSV: seat,rider).",
            metavar="FILE",
            rich_help_panel=ROOM,
        ),
    ] = None,
    keep_all: Annotated[
        bool,
        typer.Option(
            "--keep-all", help="Keep devices that are not of this studio as well.", rich_help_panel=ROOM
        ),
    ] = False,
    rate: Annotated[
        Rate, typer.Option("--rate", help="Rows per second of the recordings.", rich_help_panel=ROOM)
    ] = Rate.one,
    stick: Annotated[
        list[int] | None,
        typer.Option(
            "--stick",
            help="Which stick, counted from 1; several may be named. By default all that are plugged in.",
            metavar="N",
            min=1,
            rich_help_panel=STICK,
        ),
    ] = None,
    ble: Annotated[
        bool,
        typer.Option("--ble", help="Bluetooth bikes as well (needs the extra 'ble').", rich_help_panel=STICK),
    ] = False,
    virtual: Annotated[
        int | None,
        typer.Option(
            "--virtual",
            help="No radio: a simulated room with so many bikes.",
            metavar="N",
            min=1,
            max=500,
            rich_help_panel=STICK,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed of the simulated room.", metavar="N", rich_help_panel=STICK)
    ] = 1,
    public: Annotated[
        bool, typer.Option("--public", help="Show seat, rpm and W only.", rich_help_panel=SHOWN)
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Events as JSON on stdout, one a line.", rich_help_panel=SHOWN)
    ] = False,
    report: Annotated[
        bool,
        typer.Option("--report", help="A page for every seat after class.", rich_help_panel=SHOWN),
    ] = False,
    recover: Annotated[
        Path | None,
        typer.Option(
            "--recover",
            help="Finish a capture that was cut, and leave its recordings.",
            metavar="FILE",
            rich_help_panel=SHOWN,
        ),
    ] = None,
) -> None:
    """Capture a room's bikes live: a recording per seat, and what was received of each."""
    from telemetry.cli import room
    from telemetry.cli.kernels import ready

    span = None if duration is None else seconds(duration)
    if virtual is not None and studio is not None:
        raise typer.BadParameter("a simulated room brings its own studio", param_hint="'--studio'")
    told = room.Told(as_json=as_json, public=public)
    ready(helped=False)  # the radio comes first
    if recover is not None:
        folder = room.recovered(recover, _studio(studio, roster), float(rate.value), told)
    else:
        if virtual is not None and span is None:
            span = VIRTUAL_S
        folder = room.captured(
            room.Plan(
                out=out,
                studio=_studio(studio, roster) or room.nobody(),
                studio_file=studio,
                roster_file=roster,
                duration_s=span,
                sticks=tuple(number - 1 for number in stick or ()),
                keep_all=keep_all,
                ble=ble,
                bikes=virtual,
                seed=seed,
                rate_hz=float(rate.value),
            ),
            told,
        )
    if report:
        from telemetry.cli.report import report as pages

        pages([str(folder)], output=str(folder / "reports"), quiet=True, as_json=as_json)


def _studio(studio: Path | None, roster: Path | None) -> Studio | None:
    """The studio that was named, with this class's riders; None where neither was."""
    from telemetry.ingest.antplus.studio import Studio, read_roster, read_studio

    if studio is None and roster is None:
        return None
    known = Studio() if studio is None else read_studio(studio)
    return known if roster is None else known.with_roster(read_roster(roster))
