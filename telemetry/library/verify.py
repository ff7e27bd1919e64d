"""Is everything still what was written? Every row, every file, the log of what was done.

Comes in: a library. Goes out: one sentence for each fault, naming the row or file and what to do. Nothing is
changed. Leaves to others: putting it right (`backup.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from telemetry.errors import TelemetryError
from telemetry.library import audit, seal
from telemetry.library.catalog import MODULUS, STATE, row_hash
from telemetry.library.store import ORIGINALS, SAMPLES
from telemetry.library.tables import metadata, originals, recordings, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from telemetry.library.library import Library


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def verify(library: Library, step: Callable[[], None] = lambda: None) -> Iterator[Fault]:
    """Check everything; a fault for each thing that is wrong. `step` is called after each file."""
    with library.catalog.read() as connection:
        yield from _pages(library, connection)
        yield from _rows(library, connection)
        yield from (
            Fault("audit log", said) for said in audit.faults(connection, library.key, _head(connection))
        )
        yield from _files(library, connection, step)


def catalog_hash(library: Library) -> str:
    """SHA-256 over the sorted hashes of what the library says, without row numbers, clocks and logs.

    Two libraries that hold the same classes, analyses, riders and diaries have the same one.
    """
    left_out = {
        "row_hash", "added_at", "made_at", "created_at", "noted_at", "entered_at", "at", "analysis_id",
        "fact_id", "run", "subject", "version", "basis",
    }  # fmt: skip
    silent = {"settings", "audit", "tombstones", "backups"}
    found = []
    with library.catalog.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in silent:
                continue
            for row in connection.execute(table.select()).mappings():
                if table.name == "analyses" and not row["current"]:
                    continue
                kept = {name: value for name, value in row.items() if name not in left_out}
                found.append(row_hash(table.name, kept))
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def _pages(library: Library, connection: Connection) -> Iterator[Fault]:
    """What the database itself notices."""
    if not library.catalog.is_sqlite:
        return
    said = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    for line in said:
        if line != "ok":
            yield Fault("catalog.sqlite", " ".join(str(line).split())[:200])
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        yield Fault(f"table {row[0]}", f"row {row[1]} speaks of a row of {row[2]} that is not there")


def _rows(library: Library, connection: Connection) -> Iterator[Fault]:
    """Every row against its hash, and all of them against the catalog's state and the seal."""
    total = 0
    for table in metadata.sorted_tables:
        key = next(iter(table.primary_key.columns)).name
        for row in connection.execute(table.select()).mappings():
            if table is settings and row["name"] == STATE:
                continue
            if row["row_hash"] != row_hash(table.name, row):
                yield Fault(f"{table.name} {row[key]}", "this row is not what was written")
            total += _number(row["row_hash"])
    tally = f"{total % MODULUS:064x}"
    state = seal.Seal.parse(
        connection.execute(sa.select(settings.c.value).where(settings.c.name == STATE)).scalar() or ""
    )
    if state is None:
        yield Fault("catalog", "its own record of its state is damaged")
        return
    if state.tally != tally:
        yield Fault("catalog", "rows are missing, or there are rows that nobody wrote")
    path = library.catalog.folder / seal.NAME
    kept = seal.read(library.catalog.folder)
    if kept is None:
        if path.exists() or state.commit:
            yield Fault(str(path), "the seal is damaged or gone; the next change writes it again")
    elif kept.commit > state.commit:
        yield Fault("catalog", f"its last {kept.commit - state.commit} commits are lost")
    elif kept.commit == state.commit and kept != state:
        yield Fault("catalog", "it is not the one that was sealed")


def _files(library: Library, connection: Connection, step: Callable[[], None]) -> Iterator[Fault]:
    """Every file against its hash, and the catalog's files against those that are there."""
    wanted: dict[tuple[str, str, str], str] = {}
    for row in connection.execute(recordings.select()).mappings():
        wanted[(SAMPLES, row["samples"], ".parquet")] = f"samples of class {row['recording_id']}"
    for row in connection.execute(originals.select()).mappings():
        wanted[(ORIGINALS, row["sha256"], row["suffix"])] = f"original {row['sha256'][:12]}"
    for (kind, sha256, suffix), what in wanted.items():
        try:
            library.store.get(kind, sha256, suffix)
        except TelemetryError as problem:
            yield Fault(what, str(problem))
        step()


def _head(connection: Connection) -> str:
    state: Any = seal.Seal.parse(
        connection.execute(sa.select(settings.c.value).where(settings.c.name == STATE)).scalar() or ""
    )
    return "" if state is None else state.audit


def _number(text: Any) -> int:
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        return 0
