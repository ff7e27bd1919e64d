"""`telemetry library rider set` and `rider list`: dated facts of riders.

Comes in: numbers and the day from which they hold. Goes out: what was written down. Classes keep the analysis
they have until `telemetry library reanalyze`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from telemetry.cli import options
from telemetry.cli.library import opening

Name = Annotated[str | None, typer.Option("--name", help="Name for pages.", metavar="NAME")]
Born = Annotated[str | None, typer.Option("--born", help="Date of birth.", metavar="DAY")]
Patient = Annotated[
    str | None, typer.Option("--patient", help="The clinic's own number of the patient.", metavar="ID")
]
Resting = Annotated[
    float | None, typer.Option("--resting-hr", help="Resting heart rate, in bpm.", metavar="BPM")
]
Meter = Annotated[
    float | None, typer.Option("--meter-error", help="Stated error of the power meter, in %.", metavar="PCT")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="From which day it holds. By default a first value holds always, a later one from today.",
        metavar="DAY",
    ),
]


def rider_set(
    rider: opening.RiderId,
    mass: options.Mass = None,
    ftp: options.Ftp = None,
    cp: options.Cp = None,
    w_prime: options.WPrime = None,
    crank: options.Crank = None,
    max_hr: options.MaxHr = None,
    resting_hr: Resting = None,
    meter_error: Meter = None,
    limit: options.LimitOption = None,
    since: Since = None,
    name: Name = None,
    born: Born = None,
    patient: Patient = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Write down what is true of a rider from a day on; creates the rider where not known."""
    from telemetry.cli import console
    from telemetry.cli.options import RiderOptions
    from telemetry.errors import TelemetryError
    from telemetry.library.moments import day
    from telemetry.library.riders import LIMIT

    values: dict[str, float | None] = {
        "mass_kg": mass,
        "ftp_w": ftp,
        "cp_w": cp,
        "w_prime_j": w_prime,
        "crank_length_mm": crank,
        "max_hr_bpm": max_hr,
        "resting_hr_bpm": resting_hr,
        "meter_error_pct": meter_error,
    }
    said = RiderOptions(limits=tuple(limit or ())).rider()
    limits = {} if said is None else said.limits
    given = {key: value for key, value in values.items() if value is not None}
    given.update({f"{LIMIT}{key}": value for key, value in limits.items()})
    try:
        first = None if since is None else day(since, opening.now())
        birth = None
        if born is not None:
            birth = day(born, opening.now(), future=False, earliest=date(1900, 1, 1)).isoformat()
    except TelemetryError as problem:
        raise typer.BadParameter(str(problem), param_hint="'--since' or '--born'") from problem
    with opening.open_at(library, create=True) as kept:
        new, written = kept.set_rider(rider, given, first, name=name, born=birth, patient_id=patient)
        stale = len(kept.rows(rider)) if written and not new else 0
    if new:
        console.note(f"new rider {console.clean(rider)}")
    for fact in written:
        since_text = "always" if fact.since.year == 1 else f"since {fact.since}"
        if as_json:
            opening.print_json(
                {"rider": rider, "fact": fact.name, "value": fact.value, "since": str(fact.since)}
            )
        else:
            console.result(f"{fact.name} {fact.value:g}, {since_text}")
    if stale:
        console.note("classes keep their analyses until: telemetry library reanalyze")


def rider_list(
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Riders with what is true of them today."""
    from telemetry.cli import console

    with opening.open_at(library) as kept:
        for row in kept.riders():
            facts = kept.facts(row["rider_id"])
            if as_json:
                opening.print_json(
                    {
                        "rider": row["rider_id"],
                        "name": row["name"],
                        "born": row["born"],
                        "patient": row["patient_id"],
                        "facts": [
                            {"name": fact.name, "value": fact.value, "since": str(fact.since)}
                            for fact in facts
                        ],
                    }
                )
                continue
            latest: dict[str, Any] = {fact.name: fact.value for fact in facts}
            said = ", ".join(f"{name} {value:g}" for name, value in latest.items() if value is not None)
            console.result(console.clean(f"{row['rider_id']}  {row['name'] or ''}  {said}".rstrip()))
