"""Options that several commands share, written once; and the rider they add up to.

Comes in: a rider file and options. Goes out: a `Rider` whose every number has been looked at. Options win
over the file. Leaves to others: what a rider file looks like (ingest), what a limit may be (analysis).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.errors import BadRider, TelemetryError

if TYPE_CHECKING:
    from telemetry.model import Rider

RIDER = "Rider"

Files = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders (searched recursively) or patterns.", metavar="FILES...", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")]
RiderFile = Annotated[
    Path | None,
    typer.Option(
        "--rider", help="Rider file (TOML): mass, FTP, limits.", metavar="FILE", rich_help_panel=RIDER
    ),
]
Ftp = Annotated[
    float | None,
    typer.Option("--ftp", help="Functional threshold power, in W.", metavar="W", rich_help_panel=RIDER),
]
Mass = Annotated[
    float | None, typer.Option("--mass", help="Body mass, in kg.", metavar="KG", rich_help_panel=RIDER)
]
Cp = Annotated[
    float | None, typer.Option("--cp", help="Critical power, in W.", metavar="W", rich_help_panel=RIDER)
]
WPrime = Annotated[
    float | None,
    typer.Option("--w-prime", help="Work above critical power, in J.", metavar="J", rich_help_panel=RIDER),
]
Crank = Annotated[
    float | None, typer.Option("--crank", help="Crank length, in mm.", metavar="MM", rich_help_panel=RIDER)
]
MaxHr = Annotated[
    float | None,
    typer.Option("--max-hr", help="Maximal heart rate, in bpm.", metavar="BPM", rich_help_panel=RIDER),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        help="Override a limit, as in r2_grinding_min=10.",
        metavar="NAME=VALUE",
        rich_help_panel=RIDER,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="What a column of a CSV holds, as in 'Watt=power_w' or 'v=speed (km/h)'. Repeatable.",
        metavar="NAME=CHANNEL",
    ),
]


def columns_of(said: list[str] | None) -> dict[str, str]:
    """`--column` options as the mapping that readers take.

    Raises
    ------
    typer.BadParameter : no NAME=CHANNEL, no such channel, or a name said twice
    """
    if not said:
        return {}
    from telemetry.ingest.readers.csv_columns import Column, column

    mapping: dict[str, str] = {}
    for text in said:
        # names may hold an equals sign, channels cannot
        name, sign, meaning = (part.strip() for part in text.rpartition("="))
        if not (sign and name and meaning):
            raise typer.BadParameter(f"{text!r} is not NAME=CHANNEL", param_hint="'--column'")
        found = column(meaning)
        if not isinstance(found, Column):
            raise typer.BadParameter(
                found or f"{meaning!r} is no channel like power_w, nor a name with unit like speed (km/h)",
                param_hint="'--column'",
            )
        if name in mapping:
            raise typer.BadParameter(f"{name!r} is named twice", param_hint="'--column'")
        mapping[name] = meaning
    return mapping


@dataclass(frozen=True)
class RiderOptions:
    """What the command line said of the rider."""

    file: Path | None = None
    ftp: float | None = None
    mass: float | None = None
    cp: float | None = None
    w_prime: float | None = None
    crank: float | None = None
    max_hr: float | None = None
    limits: tuple[str, ...] = ()

    def rider(self) -> Rider | None:
        """The rider, None where nothing was said.

        Raises
        ------
        typer.BadParameter : an option that makes no sense (exit code 2)
        TelemetryError : a rider file that cannot be used (exit code 1)
        """
        if all(getattr(self, item.name) in (None, ()) for item in fields(self)):
            return None
        from telemetry.model import Rider

        rider = Rider() if self.file is None else _from_file(self.file)
        given: dict[str, Any] = {}
        for name, field in _FIELDS.items():
            value = getattr(self, name)
            if value is not None:
                given[field] = _checked(field, value, f"--{name.replace('_', '-')}")
        if "ftp_w" in given:
            given["ftp_source"] = "command line"
        return replace(rider, **given, limits={**rider.limits, **_limits(self.limits)})


_FIELDS = {
    "ftp": "ftp_w",
    "mass": "mass_kg",
    "cp": "cp_w",
    "w_prime": "w_prime_j",
    "crank": "crank_length_mm",
    "max_hr": "max_hr_bpm",
}
"""Options and the field of `Rider` each one sets."""


def _checked(field: str, value: float, option: str) -> float:
    """The value, inside the range that the rider file allows for the same key."""
    from telemetry.ingest.rider_file import NUMBERS, number

    try:
        return number(NUMBERS[field], value, option)
    except BadRider as problem:
        raise typer.BadParameter(
            f"expected {problem.expected}, got {problem.got}", param_hint=f"'{option}'"
        ) from problem


def _from_file(path: Path) -> Rider:
    from telemetry.analysis.limits import Limits
    from telemetry.ingest.rider_file import read_rider

    try:
        rider = read_rider(path)
        Limits(rider.limits)
    except TelemetryError as problem:
        raise problem.in_file(str(path)) from problem.__cause__
    return rider


def _limits(said: tuple[str, ...]) -> dict[str, float]:
    """`name=value` options as overrides, each checked against its row."""
    from telemetry.analysis.limits import Limits

    overrides: dict[str, float] = {}
    for text in said:
        name, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not sign or not math.isfinite(number):
            raise typer.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint="'--limit'")
        overrides[name.strip()] = number
    try:
        Limits(overrides)
    except BadRider as problem:
        raise typer.BadParameter(str(problem), param_hint="'--limit'") from problem
    return overrides
