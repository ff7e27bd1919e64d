"""The diary's rows: every kind of entry as the hall knows it, kept as JSON and given back as it was.

Comes in: `PainEntry`, `Treatment`, `Setting` … Goes out: a `Diary`, or one entry by its short id. Leaves to
others: what people type (`cli/diary.py`, `moments.py`), tables of entries (`diary_csv.py`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import Connection

from telemetry.errors import BadInput
from telemetry.library import riders
from telemetry.library.catalog import trusted
from telemetry.library.codec import now, stamp
from telemetry.library.tables import diary
from telemetry.model import (
    Comment,
    Confounder,
    Diary,
    DiaryEntry,
    OwnLimit,
    PainEntry,
    Phase,
    Questionnaire,
    Screening,
    Setting,
    Treatment,
)

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer

KINDS: Final[dict[str, type]] = {
    "pain": PainEntry,
    "treatment": Treatment,
    "setting": Setting,
    "phase": Phase,
    "questionnaire": Questionnaire,
    "confounder": Confounder,
    "screening": Screening,
    "limit": OwnLimit,
    "comment": Comment,
}
"""Kinds of entry by the name they have in lists and tables."""
NAMES: Final = {kind: name for name, kind in KINDS.items()}
DATES: Final = ("first", "last")
MOMENTS: Final = ("when", "until", "entered_at")


def add(writer: Writer, rider_id: str, entry: DiaryEntry) -> DiaryEntry:
    """Keep one entry; the same with its id and the time it was written down."""
    riders.find(writer.connection, rider_id)
    kept = replace(
        entry, id=entry.id or secrets.token_hex(4), entered_at=entry.entered_at or datetime.now(UTC)
    )
    writer.insert(diary, entry_id=kept.id, rider_id=rider_id, **_columns(kept))
    return kept


def change(writer: Writer, rider_id: str, entry: DiaryEntry) -> None:
    """Put an entry in the place of the one with its id."""
    row = find(writer.connection, rider_id, entry.id)
    writer.update(diary, row["entry_id"], **_columns(entry))


def remove(writer: Writer, rider_id: str, entry_id: str) -> None:
    """Take one entry away."""
    row = find(writer.connection, rider_id, entry_id)
    writer.delete(diary, diary.c.entry_id == row["entry_id"])


def find(connection: Connection, rider_id: str, entry_id: str) -> Mapping[str, Any]:
    """The row of an entry by its id or the beginning of it.

    Raises
    ------
    BadInput : this rider has no such entry, or several begin so
    """
    riders.find(connection, rider_id)
    rows = connection.execute(
        diary.select().where(
            diary.c.rider_id == rider_id, diary.c.entry_id.startswith(entry_id, autoescape=True)
        )
    ).all()
    if len(rows) != 1 or not entry_id:
        raise BadInput(
            f"{'several entries begin' if rows and entry_id else 'no entry of this rider begins'} "
            f"with {entry_id!r}",
            expected="an id of telemetry diary list",
        )
    return trusted(diary, rows[0])


def read(connection: Connection, rider_id: str) -> Diary:
    """Everything in a rider's diary."""
    rows = connection.execute(diary.select().where(diary.c.rider_id == rider_id).order_by(diary.c.at))
    return Diary.of(parse(trusted(diary, row)) for row in rows)


def parse(row: Mapping[str, Any]) -> DiaryEntry:
    """The entry in a row."""
    values = json.loads(row["content"])
    if row["kind"] == "phase":
        values.setdefault("last", None)
    for name in DATES:
        if values.get(name) is not None:
            values[name] = date.fromisoformat(values[name])
    for name in MOMENTS:
        if values.get(name) is not None:
            values[name] = datetime.fromisoformat(values[name])
    entry: DiaryEntry = KINDS[row["kind"]](id=row["entry_id"], **values)
    return entry


def plain(entry: DiaryEntry) -> dict[str, Any]:
    """An entry as JSON types without what was not said; the kind of a treatment or confounder is its
    `what`.
    """
    said: dict[str, Any] = {"id": entry.id, "kind": NAMES[type(entry)]}
    for item in fields(entry):
        value = getattr(entry, item.name)
        if item.name == "id" or value is None or value == item.default or value == {}:
            continue
        name = "what" if item.name == "kind" else item.name
        said[name] = value.isoformat() if isinstance(value, date) else value
    return said


def _columns(entry: DiaryEntry) -> dict[str, Any]:
    values = {}
    for item in fields(entry):
        value = getattr(entry, item.name)
        if item.name != "id" and value is not None:
            values[item.name] = value.isoformat() if isinstance(value, date) else value
    first = entry.first if isinstance(entry, Phase) else entry.when
    at = stamp(first) if isinstance(first, datetime) else f"{first.isoformat()}T00:00:00.000Z"
    return {
        "kind": NAMES[type(entry)],
        "at": at,
        "content": json.dumps(values, sort_keys=True, ensure_ascii=False),
        "entered_at": stamp(entry.entered_at) if entry.entered_at else now(),
    }
