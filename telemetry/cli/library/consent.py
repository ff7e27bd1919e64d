"""`telemetry library consent`: what a rider agreed to show to whom, and what they took back.

Comes in: a rider, a scope, a day. Goes out: the rider's consents, or the one that was given or withdrawn.
Leaves to others: what is no longer shown (`cli/trends.py`, `cli/roster.py`, `look.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.cli.library import opening
from telemetry.errors import TelemetryError

if TYPE_CHECKING:
    from telemetry.library.consents import Consent

Grant = Annotated[
    str | None,
    typer.Option("--grant", help="The rider agrees: clinician, studio or research.", metavar="SCOPE"),
]
Withdraw = Annotated[
    str | None, typer.Option("--withdraw", help="The rider no longer agrees.", metavar="SCOPE")
]
On = Annotated[
    str | None,
    typer.Option("--on", help='When: 2026-03-02, "yesterday 18:40". By default now.', metavar="TIME"),
]
Note = Annotated[str | None, typer.Option("--note", help="In your own words.", metavar="TEXT")]


def consent(
    rider: opening.RiderId,
    grant: Grant = None,
    withdraw: Withdraw = None,
    on: On = None,
    note: Note = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """A rider's consents; with an option, one that is given or withdrawn."""
    from telemetry.cli import console

    if grant is not None and withdraw is not None:
        raise typer.BadParameter("one at a time", param_hint="'--grant' and '--withdraw'")
    if grant is None and withdraw is None and (on is not None or note is not None):
        raise typer.BadParameter("say what was given or withdrawn", param_hint="'--grant' or '--withdraw'")
    said: dict[str, Any] = {"note": note or ""}
    if on is not None:
        said["at"], said["whole_day"] = _time(on)
    with opening.open_at(library) as kept:
        if grant is not None:
            new, made = kept.grant(rider, grant, **said)
            found = [made]
            if not new:
                console.note(f"this consent stands since {made.granted_on}; nothing was changed")
        elif withdraw is not None:
            from telemetry.library.consents import STAYS

            found = [kept.withdraw(rider, withdraw, **said)]
            console.note(f"nothing new is shown by this consent; {STAYS}")
        else:
            found = kept.consents(rider)
    for item in found:
        _print(item, as_json)
    if not found and not as_json:
        console.note(f"no consent of {rider} is on record")


def _time(text: str) -> tuple[Any, bool]:
    from telemetry.library.moments import moment

    try:
        return moment(text, opening.now())
    except TelemetryError as problem:
        raise typer.BadParameter(str(problem), param_hint="'--on'") from problem


def _print(item: Consent, as_json: bool) -> None:
    from telemetry.cli import console

    if as_json:
        opening.print_json(item.plain())
        return
    until = "" if item.withdrawn_at is None else f", withdrawn {item.withdrawn_on}"
    console.result(console.clean(f"{item.scope:<9}  given {item.granted_on}{until}  {item.note}".rstrip()))
