"""`telemetry trends`: a rider's weeks as a page, load beside noted pain.

Comes in: a rider, a day to stand on, a library. Goes out: a report on disk, its path on stdout, or the JSON.
Leaves to others: what is kept (library), what may be said of it (analysis), the page (reports).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli import console
from telemetry.cli.library import opening
from telemetry.cli.report import Paper

if TYPE_CHECKING:
    from telemetry.library import Library
    from telemetry.model import TrendAnalysis
    from telemetry.reports.trend_view import Patient

LONGEST_WEEKS = 260


class Decimal(StrEnum):
    """How fractions are printed."""

    point = "point"
    comma = "comma"


def trends(
    rider: opening.RiderId,
    weeks: Annotated[
        int, typer.Option("--weeks", help="Calendar weeks to draw.", metavar="N", min=1, max=LONGEST_WEEKS)
    ] = 12,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", help="Last day; what came later is not looked at. By default now.", metavar="DATE"
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone",
            help="The rider's time zone, as in Europe/Berlin. By default this machine's.",
            metavar="NAME",
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            help="A file (.html, .pdf, .png, .csv, .json) or a folder; can be repeated. "
            "By default RIDER.html here.",
            metavar="FILE|DIR",
        ),
    ] = None,
    paper: Annotated[Paper, typer.Option("--paper", help="Paper of the PDF.")] = Paper.a4,
    decimal: Annotated[
        Decimal, typer.Option("--decimal", help="Decimal sign of the page and the PDF.")
    ] = Decimal.point,
    fhir: Annotated[
        Path | None,
        typer.Option("--fhir", help="The observations as a FHIR bundle, too (extra: fhir).", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The analysis as JSON on stdout.")] = False,
    library: opening.Place = None,
) -> None:
    """A rider's weeks: load, grinding and drift beside noted pain, and what is not known of them."""
    from telemetry.reports import write_trends

    targets = _targets(rider, output, only_stdout=as_json or fhir is not None)
    as_of = _as_of(until)
    with opening.open_at(library) as kept:
        found = analysed(kept, rider, as_of, weeks, zone)
        who = patient(kept, rider)
    if as_json:
        opening.print_json(found.to_dict())
    for target in targets:
        written = write_trends(found, target, paper=paper.value, patient=who, decimal=decimal.value)
        _tell(written, as_json)
    if fhir is not None:
        from telemetry.reports.fhir import write_bundle

        _tell(write_bundle(found, fhir, patient=who), as_json)


def analysed(
    kept: Library, rider: str, as_of: datetime | date, weeks: int, zone: str | None = None
) -> TrendAnalysis:
    """The trend of a rider of the library, with the limits that held for them on that day.

    Raises
    ------
    Withheld : the rider withdrew the consent to be shown to a clinician, whatever day is asked for
    """
    from dataclasses import replace

    from telemetry.analysis.trends import analyze_trends

    consent = kept.consent(rider, "clinician")
    day = as_of.date() if isinstance(as_of, datetime) else as_of
    found = analyze_trends(
        kept.past(rider, minutes=True),
        kept.diary(rider),
        as_of=as_of,
        zone=zone or machine_zone(),
        weeks=weeks,
        limits=kept.rider(rider, day).limits,
        rider_id=rider,
    )
    given_on = None if consent is None else consent.granted_at.astimezone().date()
    return replace(found, consent_on=given_on)


def patient(kept: Library, rider: str) -> Patient:
    """Name, patient id and birth date as far as the library has them."""
    from telemetry.reports.trend_view import Patient

    row = next(row for row in kept.riders() if row["rider_id"] == rider)
    born = date.fromisoformat(row["born"]) if row["born"] else None
    return Patient(row["name"] or "", row["patient_id"] or "", born)


def machine_zone() -> str:
    """IANA name of this machine's zone; UTC where it cannot be told."""
    import os
    from zoneinfo import ZoneInfo

    named = os.environ.get("TZ", "").lstrip(":")
    place = os.path.realpath("/etc/localtime")
    linked = place.split("zoneinfo/", 1)[1] if "zoneinfo/" in place else ""
    for name in (named, linked):
        try:
            if name:
                return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def _as_of(until: str | None) -> datetime | date:
    """A day that was named, whole; else this moment. Weeks still to come are no weeks without a class."""
    if until is None:
        return datetime.now(UTC)
    from telemetry.errors import TelemetryError
    from telemetry.library.moments import moment

    try:
        return moment(until, opening.now())[0].date()
    except TelemetryError as problem:
        raise typer.BadParameter(str(problem), param_hint="'--until'") from problem


def _targets(rider: str, output: list[str] | None, *, only_stdout: bool) -> list[Path]:
    """Files to write, their kinds checked before anything is read."""
    from telemetry.reports import TREND_REPORTS

    if not output:
        return [] if only_stdout else [Path(f"{_stem(rider)}.html")]
    found = []
    for text in output:
        path = Path(text)
        if text.endswith(("/", "\\")) or path.is_dir():
            path = path / f"{_stem(rider)}.html"
        if path.suffix.lower() not in TREND_REPORTS:
            kinds = ", ".join(TREND_REPORTS)
            raise typer.BadParameter(f"{text}: expected {kinds}, or a folder", param_hint="'--output'")
        found.append(path)
    return found


def _stem(rider: str) -> str:
    """A rider's id as the name of a file."""
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in rider)
    return kept.strip(".") or "rider"


def _tell(written: Path, as_json: bool) -> None:
    if as_json:
        console.note(str(written))
    else:
        console.path(str(written))
