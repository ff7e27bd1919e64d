"""Erasing a person: everything about them, from every file, until no byte is left; and a receipt.

Comes in: a rider's id. Goes out: a `Receipt` that names counts, never the person. Rows are deleted under
secure_delete, files unlinked, the catalog rewritten (VACUUM) and its log emptied. A tombstone stays: a
random token and keyed hashes, so that a restored backup is erased again. Leaves to others: asking whether it
is meant.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from telemetry.errors import BadLibrary
from telemetry.library import audit, riders
from telemetry.library.codec import now
from telemetry.library.durable import write_durably
from telemetry.library.migrate import BEFORE
from telemetry.library.tables import (
    PERSONAL,
    backups,
    bikes,
    class_groups,
    metadata,
    originals,
    quarantine,
    recordings,
    settings,
    tombstones,
)
from telemetry.library.tables import riders as rider_rows

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer
    from telemetry.library.library import Library

PATIENCE_S: Final = 60.0
"""How long to wait for readers that keep old pages of the log alive."""
PENDING: Final = "pending erasure"
ERASED: Final = "erased.json"
"""Beside each backup: tombstones that restoring it replays."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased: counts, the token by which the audit log knows of it, and backups that still hold
    it.
    """

    token: str
    erased_at: str
    classes: int
    analyses_and_notes: int
    files: int
    backups: tuple[str, ...] = ()
    """places of backups made before: each holds this person until it is deleted, and is told of the
    erasure
    """

    def text(self) -> str:
        """The receipt as JSON."""
        return json.dumps({"schema": "telemetry.receipt/1", **asdict(self)}, indent=2)


def erase(library: Library, rider_id: str, *, patience_s: float = PATIENCE_S) -> Receipt:
    """Erase everything about a rider.

    Raises
    ------
    BadInput : there is no such rider
    BadLibrary : the rows are gone, but another process keeps old pages: pending, no receipt; run it again
    """
    who = library.token("pending", rider_id)
    gone: list[tuple[str, str, str]] = []
    with library.catalog.write() as writer:
        pending = _pending(writer, who)
        if pending is None:
            pending = _begin(library, writer, rider_id, who, gone)
    library.forget_files(gone)
    finish(library, patience_s=patience_s)
    with library.catalog.write() as writer:
        writer.delete(settings, settings.c.name == PENDING)
        places = tuple(writer.connection.execute(sa.select(backups.c.place)).scalars())
    library.catalog.compact(patience_s)
    tell_backups(library, places)
    return Receipt(pending["subject"], now(), pending["classes"], pending["rows"], pending["files"], places)


def _pending(writer: Writer, who: str) -> dict[str, Any] | None:
    """An erasure of the same rider that could not be finished."""
    kept = writer.connection.execute(settings.select().where(settings.c.name == PENDING)).one_or_none()
    said: dict[str, Any] | None = None if kept is None else json.loads(kept.value)
    return said if said is not None and said["who"] == who else None


def _begin(
    library: Library, writer: Writer, rider_id: str, who: str, gone: list[tuple[str, str, str]]
) -> dict[str, Any]:
    """Delete the rows, leave tombstones and a note that files and free pages are still to be cleared."""
    subject = riders.find(writer.connection, rider_id)["subject"]
    classes, rows, tokens = _delete(library, writer, rider_id, gone)
    for kind, token in (("subject", subject), *tokens):
        if writer.connection.execute(tombstones.select().where(tombstones.c.token == token)).first() is None:
            writer.insert(tombstones, token=token, kind=kind, at=now())
    audit.log(writer, library.key, library.actor, "erase", subject, classes=classes, rows=rows)
    pending = {"who": who, "subject": subject, "classes": classes, "rows": rows, "files": len(gone)}
    writer.delete(settings, settings.c.name == PENDING)
    writer.insert(settings, name=PENDING, value=json.dumps(pending))
    return pending


def finish(library: Library, *, patience_s: float = PATIENCE_S) -> None:
    """Remove what deleted rows and files left behind: files without rows, free pages, the log.

    Raises
    ------
    BadLibrary : another process keeps old pages alive
    """
    library.forget_files([(kind, sha256, suffix) for kind, sha256, suffix, _ in library.store.all()])
    library.store.sweep(time.time() - 1.0)
    for copy in library.catalog.folder.glob(BEFORE):
        shutil.rmtree(copy)
    library.catalog.compact(patience_s)


def replay(library: Library, tokens: list[tuple[str, str]]) -> int:
    """Erase again whoever these tombstones stand for; how many riders and classes were found."""
    known = dict(tokens)
    gone: list[tuple[str, str, str]] = []
    found = 0
    with library.catalog.write() as writer:
        connection = writer.connection
        for row in connection.execute(rider_rows.select()).all():
            if row.subject in known:
                _delete(library, writer, row.rider_id, gone)
                found += 1
        for row in connection.execute(recordings.select()).all():
            marks = {library.token("recording", row.recording_id), library.token("original", row.original)}
            if marks & set(known):
                library.take_out(writer, row.recording_id, gone)
                found += 1
        for token, kind in tokens:
            if connection.execute(tombstones.select().where(tombstones.c.token == token)).first() is None:
                writer.insert(tombstones, token=token, kind=kind, at=now())
    if found:
        library.forget_files(gone)
        finish(library)
    return found


def _delete(
    library: Library, writer: Writer, rider_id: str, gone: list[tuple[str, str, str]]
) -> tuple[int, int, list[tuple[str, str]]]:
    connection = writer.connection
    tokens = []
    rows = 0
    owned = connection.execute(recordings.select().where(recordings.c.rider_id == rider_id)).all()
    for row in owned:
        tokens.append(("recording", library.token("recording", row.recording_id)))
        tokens.append(("original", library.token("original", row.original)))
        library.take_out(writer, row.recording_id, gone)
    for name in PERSONAL:
        table = metadata.tables[name]
        rows += writer.delete(table, table.c.rider_id == rider_id)
    # a file nobody could read, of a name that an erased class also had
    files = {row.original for row in owned}
    rows += writer.delete(quarantine, quarantine.c.sha256.in_(files))
    # and a reason or a file's name that speaks of them, whoever it was said to be of
    named = re.compile(rf"(?<!\w){re.escape(rider_id)}(?!\w)", re.IGNORECASE)
    spoken = [
        row for row in connection.execute(quarantine.select()) if named.search(f"{row.file}\n{row.reason}")
    ]
    rows += writer.delete(quarantine, quarantine.c.sha256.in_([row.sha256 for row in spoken]))
    writer.delete(originals, originals.c.sha256.in_({sha for kind, sha, _ in gone if kind == "originals"}))
    writer.delete(rider_rows, rider_rows.c.rider_id == rider_id)
    for table, column in ((bikes, "bike_id"), (class_groups, "class_id")):
        # a bike that only this rider rode may be their own, and named after them
        theirs = {getattr(row, column) for row in owned} - {None}
        used = set(connection.execute(sa.select(recordings.c[column])).scalars())
        alone = connection.execute(table.select().where(table.c[column].in_(theirs - used))).all()
        # a studio's stays, unless it speaks of them
        gone_too = [
            row._mapping[column]
            for row in alone
            if row.studio_id is None or named.search("\n".join(map(str, row)))
        ]
        rows += writer.delete(table, table.c[column].in_(gone_too))
    return len(owned), rows, tokens


def tell_backups(library: Library, places: tuple[str, ...]) -> None:
    """Leave the tombstones beside each backup that can be reached, for whoever restores it."""
    with library.catalog.read() as connection:
        known = [[row.kind, row.token, row.at] for row in connection.execute(tombstones.select())]
    for place in places:
        folder = Path(place)
        if folder.is_dir():
            try:
                write_durably(folder / ERASED, json.dumps(known).encode())
            except OSError as cause:
                raise BadLibrary(
                    f"a backup could not be told of the erasure: {cause.strerror}",
                    file=str(folder),
                    expected="that it is deleted, or restored with this library's tombstones",
                ) from cause
