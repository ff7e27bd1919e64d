"""Riders and what was true of them when: mass, FTP, critical power, crank, heart rate, limits, all dated.

Comes in: facts with the day from which they hold. Goes out: the `Rider` of a day, so that a class of March is
held against the FTP of March. Leaves to others: what the numbers do (analysis).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from telemetry.errors import BadInput, BadRider
from telemetry.library.catalog import trusted
from telemetry.library.codec import now
from telemetry.library.tables import facts, riders
from telemetry.model import Rider

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer

ALWAYS: Final = "0001-01-01"
LONGEST_ID: Final = 64
LIMIT: Final = "limit:"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The range in which a fact describes a person on a bike."""

    unit: str
    low: float
    high: float


FACTS: Final[dict[str, Bounds]] = {
    "mass_kg": Bounds("kg", 20.0, 300.0),
    "ftp_w": Bounds("W", 30.0, 600.0),
    "cp_w": Bounds("W", 30.0, 600.0),
    "w_prime_j": Bounds("J", 1000.0, 100000.0),
    "crank_length_mm": Bounds("mm", 100.0, 220.0),
    "max_hr_bpm": Bounds("bpm", 90.0, 240.0),
    "resting_hr_bpm": Bounds("bpm", 25.0, 130.0),
    "meter_error_pct": Bounds("%", 0.0, 50.0),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of a rider and the day from which it holds; None: no longer known."""

    name: str
    value: float | None
    since: date


def check_id(kind: str, text: str) -> str:
    """An id that can stand in a command, a file name and a table.

    Raises
    ------
    BadInput : empty, too long, or with characters that cannot
    """
    bad = not text or len(text) > LONGEST_ID or not text.isprintable() or text != text.strip()
    if bad or text.startswith("-") or any(mark in text for mark in "/\\"):
        raise BadInput(
            f"this is no id of a {kind}",
            expected=f"printable text of at most {LONGEST_ID} characters, without slashes",
            got=repr(text)[:60],
        )
    return text


def create(writer: Writer, rider_id: str, **about: str | None) -> str:
    """A new rider; the random token by which logs know them."""
    check_id("rider", rider_id)
    subject = secrets.token_hex(16)
    writer.insert(riders, rider_id=rider_id, subject=subject, created_at=now(), **about)
    return subject


def find(connection: Connection, rider_id: str) -> Mapping[str, Any]:
    """A rider's row.

    Raises
    ------
    BadInput : there is no such rider; a rider is never assumed
    """
    row = connection.execute(riders.select().where(riders.c.rider_id == rider_id)).one_or_none()
    if row is None:
        known = connection.execute(sa.select(riders.c.rider_id).limit(2000)).scalars().all()
        near = get_close_matches(rider_id, known, n=1)
        raise BadInput(
            f"no rider {rider_id!r} is in this library",
            expected=(f"{near[0]}, perhaps; or " if near else "")
            + "telemetry library rider set, or --rider with library add, to create one",
        )
    return trusted(riders, row)


def exists(connection: Connection, rider_id: str) -> bool:
    """Whether there is such a rider."""
    return (
        connection.execute(sa.select(sa.literal(1)).where(riders.c.rider_id == rider_id)).first() is not None
    )


def set_facts(
    writer: Writer, rider_id: str, values: Mapping[str, float | None], since: date | None
) -> list[Fact]:
    """Write down numbers from a day on. Without a day a first value holds always, a later one from today.

    Raises
    ------
    BadRider : a number that fits no rider, or an unknown name
    """
    find(writer.connection, rider_id)
    written = []
    for name, value in values.items():
        check_fact(name, value)
        known = [fact for fact in history(writer.connection, rider_id) if fact.name == name]
        day = since or (datetime.now(UTC).date() if known else date.min)
        same = sa.and_(facts.c.rider_id == rider_id, facts.c.name == name, facts.c.since == day.isoformat())
        writer.delete(facts, same)
        writer.insert(facts, rider_id=rider_id, name=name, value=value, since=day.isoformat(), noted_at=now())
        written.append(Fact(name, value, day))
    return written


def check_fact(name: str, value: float | None) -> None:
    """Refuse a number that fits no rider."""
    if name.startswith(LIMIT):
        return
    if name not in FACTS:
        raise BadRider(f"unknown fact {name!r}", expected="one of " + ", ".join(FACTS))
    bounds = FACTS[name]
    if value is not None and not bounds.low <= value <= bounds.high:
        raise BadRider(
            f"{name} fits no rider",
            expected=f"a number from {bounds.low:g} to {bounds.high:g} {bounds.unit}",
            got=f"{value:g}",
        )


def history(connection: Connection, rider_id: str) -> list[Fact]:
    """Every fact of a rider, oldest first."""
    rows = connection.execute(
        facts.select().where(facts.c.rider_id == rider_id).order_by(facts.c.since, facts.c.fact_id)
    )
    return [
        Fact(row["name"], row["value"], date.fromisoformat(row["since"]))
        for row in (trusted(facts, row) for row in rows)
    ]


def as_of(rider_id: str, known: list[Fact], day: date) -> Rider:
    """The rider as they were on a day: of each fact the last one that held by then."""
    values: dict[str, float | None] = {}
    for fact in known:
        if fact.since <= day:
            values[fact.name] = fact.value
    limits = {
        name.removeprefix(LIMIT): value
        for name, value in values.items()
        if name.startswith(LIMIT) and value is not None
    }
    numbers: dict[str, Any] = {name: value for name, value in values.items() if name in FACTS}
    return Rider(rider_id=rider_id, limits=limits, ftp_source="library", **numbers)
