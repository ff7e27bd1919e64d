"""`telemetry roster`: all riders of a library, those first whose last class gives most reason to look.

Comes in: a library. Goes out: a table on stdout, or JSON lines. Leaves to others: reviews, which stand as the
classes were analysed; a yes of the screening stands until a later cleared entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli import console
from telemetry.cli.library import opening

if TYPE_CHECKING:
    from telemetry.library.newest import Newest
    from telemetry.model import Screening

CONCERNS = ("see_clinician", "R6", "review", "note", "not_enough_data", "usual")
"""What a rider is sorted by: the screening, pain noted, then the review of the newest class."""
WORDS = {
    "see_clinician": "screening: see a clinician",
    "R6": "symptoms noted (R6)",
    "review": "review",
    "note": "one reason noted",
    "not_enough_data": "not enough data",
    "usual": "usual",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One rider of the roster."""

    rider: str
    concern: str
    reasons: tuple[str, ...]
    newest: str | None
    """start of the newest class"""
    class_id: str | None
    torque_load: float | None
    grinding_min: float | None
    quality: str
    classes: int
    since: str | None = None
    """first yes of a screening that stands"""


def roster(
    library: opening.Place = None,
    as_json: opening.AsJson = False,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Only so many riders, from the top.", metavar="N", min=1)
    ] = None,
) -> None:
    """All riders, sorted by the reason to look at their newest class; the order is not a risk."""
    from telemetry.library.newest import newest

    with opening.open_at(library) as kept:
        riders = newest(kept)
    found = standings(riders)[:limit]
    withheld = sum(rider.withheld for rider in riders)
    if as_json:
        for row in found:
            opening.print_json(asdict(row))
    elif found:
        _print(found)
    elif not withheld:
        console.note("no rider is in this library")
    # the table says what a clinician may see: what the screening says, and symptoms
    opening.tell_withheld(withheld, "clinician", as_json)


def standings(riders: Iterable[Newest]) -> list[Standing]:
    """Riders as they stand, in the order of the roster, without those who may not be shown."""
    found = [standing(rider) for rider in riders if not rider.withheld]
    # newest first within a concern: two stable sorts
    found.sort(key=lambda row: row.newest or "", reverse=True)
    found.sort(key=lambda row: CONCERNS.index(row.concern))
    return found


def standing(rider: Newest) -> Standing:
    """One rider: what stands from the screening, else the review of the newest class."""
    past, row = rider.past, rider.row
    since = screened(rider.screenings)
    reasons = () if past is None else past.reasons
    if since is not None:
        concern = "see_clinician"
    elif past is None or not past.state:
        concern = "not_enough_data"
    elif any(code.startswith("R6") for code in reasons):
        concern = "R6"
    else:
        concern = past.state if past.state in CONCERNS else "not_enough_data"
    return Standing(
        rider=rider.rider_id,
        concern=concern,
        reasons=tuple(reasons),
        newest=None if row is None else str(row["started_at"]),
        class_id=None if row is None else str(row["recording_id"]),
        torque_load=None if past is None else past.torque_load,
        grinding_min=None if past is None else past.metrics.get("grinding_min"),
        quality="" if past is None else past.quality,
        classes=rider.classes,
        since=None if since is None else since.isoformat(),
    )


def screened(entries: Sequence[Screening]) -> datetime | None:
    """When the first yes was given that no later cleared entry has answered."""
    since: datetime | None = None
    for entry in sorted(entries, key=lambda item: item.when):
        if entry.cleared:
            since = None
        if any(entry.answers.values()):
            since = since or entry.when
    return since


def _print(found: Sequence[Standing]) -> None:
    from telemetry.cli.columns import Heading, show

    headings = [
        Heading("rider", fold=True),
        Heading("reason to look", fold=True, stands_out=True),
        Heading("rules", fold=True),
        Heading("newest class", fold=True),
        *(Heading(text, right=True) for text in ("TL", "grinding", "classes")),
        Heading("data"),
    ]
    cells = []
    for row in found:
        hidden = row.concern == "see_clinician"  # no score beside a yes of the screening
        cells.append(
            (
                console.clean(row.rider),
                WORDS[row.concern],
                "" if hidden else " ".join(row.reasons),
                "" if row.newest is None else opening.local(datetime.fromisoformat(row.newest)),
                "" if hidden else _number(row.torque_load, 0),
                "" if hidden else _number(row.grinding_min, 1),
                str(row.classes),
                row.quality.replace("_", " "),
            )
        )
    show(headings, cells, {i for i, row in enumerate(found) if row.concern in CONCERNS[:3]})


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
