"""Consents: what a rider agreed to show to whom, since when, and until when.

Comes in: a rider, a scope of `SCOPES`, a moment. Goes out: `Consent` rows, one for each time it was given:
withdrawing closes the row, giving it again adds one. No row says that nobody asked, as in a rider's own
library, and hinders nothing. Leaves to others: what a command shows (`cli/trends.py`, `cli/roster.py`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import Connection

from telemetry.errors import BadInput, Withheld
from telemetry.library import riders
from telemetry.library.catalog import trusted
from telemetry.library.codec import moment, stamp
from telemetry.library.tables import consents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Row

    from telemetry.library.catalog import Writer

SCOPES: Final[dict[str, str]] = {
    "clinician": "a clinician may be shown load, reviews and diary",
    "studio": "a studio may be shown class load, never the diary",
    "research": "classes may leave for research, without a name",
}
"""Scope → what is agreed to with it."""
STAYS: Final = (
    "files already made stay with whoever has them; classes and diary stay in the library until the rider is "
    "erased, for telemetry library list --rider and telemetry diary list"
)
"""What a withdrawal leaves visible."""
DAY: Final = timedelta(days=1)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Consent:
    """One time a rider agreed; `withdrawn_at` is None as long as it stands."""

    id: str
    rider_id: str
    scope: str
    granted_at: datetime
    withdrawn_at: datetime | None = None
    note: str = ""

    @property
    def granted_on(self) -> str:
        """The day it was given, in the zone of this machine."""
        return _day(self.granted_at)

    @property
    def withdrawn_on(self) -> str:
        """The day it was withdrawn, empty where it stands."""
        return "" if self.withdrawn_at is None else _day(self.withdrawn_at)

    def plain(self) -> dict[str, Any]:
        """The consent as JSON types."""
        return {
            "id": self.id,
            "rider": self.rider_id,
            "scope": self.scope,
            "granted_at": stamp(self.granted_at),
            "withdrawn_at": None if self.withdrawn_at is None else stamp(self.withdrawn_at),
            "note": self.note,
        }


def history(connection: Connection, rider_id: str) -> list[Consent]:
    """Every consent of a rider, withdrawn ones too, oldest first."""
    riders.find(connection, rider_id)
    return _parsed(connection.execute(consents.select().where(consents.c.rider_id == rider_id)))


def grant(
    writer: Writer, rider_id: str, scope: str, at: datetime, *, whole_day: bool = False, note: str = ""
) -> tuple[bool, Consent]:
    """Write down that a rider agreed: (whether that is new, the consent that stands).

    Raises
    ------
    BadInput : no such scope or rider, a moment to come, or one before the last withdrawal
    """
    last = _latest(writer.connection, rider_id, scope)
    if last is not None and last.withdrawn_at is None:
        return False, last
    floor = None if last is None else last.withdrawn_at
    made = Consent(
        secrets.token_hex(8),
        rider_id,
        scope,
        _checked(at, whole_day, floor, "it was last withdrawn"),
        note=note,
    )
    writer.insert(
        consents,
        consent_id=made.id,
        rider_id=rider_id,
        scope=scope,
        granted_at=stamp(made.granted_at),
        note=note or None,
    )
    return True, made


def withdraw(
    writer: Writer, rider_id: str, scope: str, at: datetime, *, whole_day: bool = False, note: str = ""
) -> Consent:
    """Write down that a rider no longer agrees; the consent that ended.

    Raises
    ------
    BadInput : no such scope or rider, a consent that does not stand, a moment to come or before it was given
    """
    last = _latest(writer.connection, rider_id, scope)
    if last is None or last.withdrawn_at is not None:
        raise BadInput(
            f"consent for {scope} was never given"
            if last is None
            else f"consent for {scope} was withdrawn already on {last.withdrawn_on}",
            place=f"rider {rider_id}",
            expected=f"a scope that stands in telemetry library consent {rider_id}",
        )
    when = _checked(at, whole_day, last.granted_at, "it was given")
    said = "; ".join(text for text in (last.note, note) if text)
    writer.update(consents, last.id, withdrawn_at=stamp(when), note=said or None)
    return replace(last, withdrawn_at=when, note=said)


def standing(connection: Connection, rider_id: str, scope: str) -> Consent | None:
    """The consent by which something may be shown; None where nobody ever asked.

    Raises
    ------
    Withheld : the rider withdrew it
    """
    last = _latest(connection, rider_id, scope)
    if last is not None and last.withdrawn_at is not None:
        raise Withheld(
            f"consent for {scope} was withdrawn on {last.withdrawn_on}, so nothing is shown; {STAYS}",
            place=f"rider {rider_id}",
            expected=f"telemetry library consent {rider_id} --grant {scope} where they agree again, or "
            f"telemetry library erase {rider_id}",
        )
    return last


def withdrawn(connection: Connection, scope: str) -> dict[str, datetime]:
    """Every rider who withdrew a consent and did not give it again, with the moment; one query for all."""
    check_scope(scope)
    last = {item.rider_id: item for item in _parsed(_of_scope(connection, scope))}
    return {who: item.withdrawn_at for who, item in last.items() if item.withdrawn_at is not None}


def check_scope(scope: str) -> None:
    """Refuse a scope that nobody can agree to."""
    if scope not in SCOPES:
        raise BadInput("there is no such scope", expected="one of " + ", ".join(SCOPES), got=repr(scope)[:60])


def _latest(connection: Connection, rider_id: str, scope: str) -> Consent | None:
    check_scope(scope)
    found = [item for item in history(connection, rider_id) if item.scope == scope]
    return found[-1] if found else None


def _of_scope(connection: Connection, scope: str) -> Iterable[Row[Any]]:
    return connection.execute(consents.select().where(consents.c.scope == scope))


def _parsed(rows: Iterable[Row[Any]]) -> list[Consent]:
    """Rows as consents, oldest first; of those given at the same moment the one that stood longest last."""
    found = [
        Consent(
            row["consent_id"],
            row["rider_id"],
            row["scope"],
            moment(row["granted_at"]),
            None if row["withdrawn_at"] is None else moment(row["withdrawn_at"]),
            row["note"] or "",
        )
        for row in (trusted(consents, row) for row in rows)
    ]
    return sorted(found, key=lambda item: (item.granted_at, item.withdrawn_at or FOREVER))


def _checked(at: datetime, whole_day: bool, floor: datetime | None, since: str) -> datetime:
    """A moment as it is kept; of a day that was named whole, the part after `floor`."""
    at = moment(stamp(at))
    if at > datetime.now(UTC):
        raise BadInput("this is still to come", expected="a day or moment that has been", got=_day(at))
    if floor is not None and at < floor:
        if not whole_day or at + DAY <= floor:
            raise BadInput(f"this is before {since}", expected=f"{_day(floor)} or later", got=_day(at))
        at = floor
    return at


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"
