"""Older libraries become today's: backed up first, in one transaction, every row counted and hashed again.

Comes in: the folder or URL of a library. Goes out: the same library under the newest schema, or as it was.
The steps are alembic's, in `migrations/versions`. On SQLite they run in a real transaction with foreign keys
off: left alone, a table rebuilt in batch mode would delete the rows that point at it. Source: rulings,
section 9.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from telemetry.errors import BadLibrary
from telemetry.library import seal
from telemetry.library.catalog import MODULUS, STATE, VERSION, connect, row_hash
from telemetry.library.durable import make_folder, write_durably
from telemetry.library.tables import HEAD

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations"
BEFORE: Final = "before-migration-*"
"""Copies of a catalog as it was, in the folder of its library."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of a library."""

    before: str
    after: str
    rows: int
    backup: Path | None


def known_revisions() -> tuple[str, ...]:
    """Schemas this version can come from, oldest first."""
    return tuple(sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def migrate(url: str, folder: Path, *, to: str = HEAD) -> Migrated:
    """Bring a catalog to the newest schema; nothing is done where it has it.

    Raises
    ------
    BadLibrary : a newer schema, rows that are not what was written, or a step that failed: all is as before
    """
    from alembic import command
    from alembic.config import Config

    engine = connect(url)
    try:
        with engine.connect() as connection:
            before = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION}").scalar()
        if before not in known_revisions():
            raise BadLibrary(
                "this library was made by a newer version; it was not touched",
                file=str(folder),
                expected=f"schema {HEAD} or older",
                got=str(before),
            )
        if before == to:
            return Migrated(before, to, 0, None)
        kept = _copy(engine, folder, str(before)) if url.startswith("sqlite") else None
        settings = Config()
        settings.set_main_option("script_location", str(MIGRATIONS))
        sqlite = url.startswith("sqlite")
        with engine.connect() as connection:
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
            try:
                counted = _counted(connection, check=True)
                settings.attributes["connection"] = connection
                command.upgrade(settings, to)
                rows = _finish(connection, counted, sqlite)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            state = seal.Seal.parse(_state(connection))
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        if state is not None:
            seal.write(folder, state)
        return Migrated(before, to, rows, kept)
    finally:
        engine.dispose()


def _copy(engine: sa.Engine, folder: Path, revision: str) -> Path:
    """The catalog as it is, beside itself: schema changes touch no other file."""
    place = folder / BEFORE.replace("*", f"{revision}-{time.strftime('%Y%m%d-%H%M%S')}")
    make_folder(place)
    with engine.connect() as connection:
        source: Any = connection.connection.driver_connection
        write_durably(place / "catalog.sqlite", source.serialize())
    return place


def _counted(connection: Connection, check: bool) -> dict[str, int]:
    """Rows of each table; with `check`, each against its hash, so that no flipped bit is blessed."""
    counted = {}
    for table in _tables(connection):
        rows = connection.execute(table.select()).mappings().all()
        counted[table.name] = len(rows)
        for row in rows:
            state = table.name == "settings" and row["name"] == STATE
            if check and not state and row["row_hash"] != row_hash(table.name, row):
                raise BadLibrary(
                    "a row is not what was written; nothing was changed",
                    place=f"table {table.name}",
                    expected="telemetry library restore first",
                )
    return counted


def _finish(connection: Connection, before: dict[str, int], sqlite: bool) -> int:
    """Compare row counts, check foreign keys, hash every row again and write down the new state."""
    after = _counted(connection, check=False)
    for name, rows in before.items():
        if name in after and after[name] != rows:
            raise BadLibrary(
                "the migration would have changed the number of rows; nothing was changed",
                place=f"table {name}",
                expected=f"{rows} rows",
                got=str(after[name]),
            )
    if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise BadLibrary("the migration would have broken links between rows; nothing was changed")
    total = 0
    for table in _tables(connection):
        key = next(iter(table.primary_key.columns))
        for row in connection.execute(table.select()).mappings().all():
            if table.name == "settings" and row["name"] == STATE:
                continue
            digest = row_hash(table.name, row)
            connection.execute(table.update().where(key == row[key.name]), {"row_hash": digest})
            total += int(digest, 16)
    old = seal.Seal.parse(_state(connection))
    if old is None:
        raise BadLibrary("the catalog's record of its state is damaged; nothing was changed")
    new = seal.Seal(old.commit + 1, f"{total % MODULUS:064x}", old.audit)
    connection.execute(
        sa.text("UPDATE settings SET value = :value WHERE name = :name"), {"value": new.text(), "name": STATE}
    )
    return sum(after.values())


def _state(connection: Connection) -> str:
    found = connection.execute(sa.text("SELECT value FROM settings WHERE name = :name"), {"name": STATE})
    return str(found.scalar() or "")


def _tables(connection: Connection) -> list[sa.Table]:
    found = sa.MetaData()
    found.reflect(connection)
    return [table for name, table in sorted(found.tables.items()) if name != VERSION]
