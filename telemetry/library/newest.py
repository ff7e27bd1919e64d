"""Every rider at a glance: the newest class of each, how many there are, and what the screening says.

Comes in: an open library. Goes out: a `Newest` for each rider. Every row is held against its hash, but only
the newest class's summary is unpacked: a roster of a studio stays quick.
Leaves to others: the order of riders (`cli/roster.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telemetry.library import consents
from telemetry.library.analyses import unpack_past
from telemetry.library.catalog import trusted
from telemetry.library.diary import parse
from telemetry.library.tables import analyses, diary, recordings, riders
from telemetry.model import PastClass, Screening

if TYPE_CHECKING:
    from telemetry.library.library import Library


@dataclass(frozen=True, slots=True)
class Newest:
    """One rider: the newest class with what its analysis says in short, if it has one."""

    rider_id: str
    classes: int
    row: Mapping[str, Any] | None
    past: PastClass | None
    screenings: tuple[Screening, ...]
    """answers and cleared entries, oldest first"""
    withheld: bool = False
    """consent to be shown to a clinician was withdrawn: nothing else is said of the rider"""


def newest(library: Library) -> list[Newest]:
    """Every rider of the library, by id."""
    last: dict[str, Mapping[str, Any]] = {}
    counts: dict[str, int] = {}
    asked: dict[str, list[Screening]] = {}
    with library.catalog.read() as connection:
        known = [trusted(riders, row)["rider_id"] for row in connection.execute(riders.select())]
        withheld = consents.withdrawn(connection, "clinician")
        of_riders = recordings.select().where(recordings.c.rider_id.is_not(None))
        for row in connection.execute(of_riders.order_by(recordings.c.started_at)):
            values = trusted(recordings, row)
            last[values["rider_id"]] = values
            counts[values["rider_id"]] = counts.get(values["rider_id"], 0) + 1
        for row in connection.execute(
            diary.select().where(diary.c.kind == "screening").order_by(diary.c.at, diary.c.entry_id)
        ):
            values = trusted(diary, row)
            entry = parse(values)
            assert isinstance(entry, Screening)
            asked.setdefault(values["rider_id"], []).append(entry)
        found = []
        for rider in sorted(known):
            if rider in withheld:
                found.append(Newest(rider, 0, None, None, (), withheld=True))
                continue
            row_ = last.get(rider)
            past = None
            if row_ is not None:
                mine = analyses.c.recording_id == row_["recording_id"]
                analysis = connection.execute(
                    analyses.select().where(mine, analyses.c.current == 1)
                ).one_or_none()
                past = None if analysis is None else unpack_past(trusted(analyses, analysis)["summary"])
            found.append(Newest(rider, counts.get(rider, 0), row_, past, tuple(asked.get(rider, ()))))
        return found
