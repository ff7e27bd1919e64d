"""The catalog: every row of a library, written in transactions that are there wholly or not at all.

Comes in: a URL (`sqlite:///…` or `postgresql://…`) and the library's folder. Goes out: transactions to read
in, and `Writer`s that keep a hash of each row and a tally of all rows. Leaves to others: what rows mean.

SQLite: WAL, synchronous FULL, secure_delete, foreign keys, BEGIN IMMEDIATE for writers. After each commit the
seal (`seal.py`) is written; opening compares both, because a damaged log can drop commits without an error.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from telemetry.errors import BadInput, BadLibrary
from telemetry.library import seal
from telemetry.library.tables import HEAD, metadata, settings

WAIT_S: Final = 15.0
"""How long to wait for another process that is writing."""
MODULUS: Final = 1 << 256
FILES_LOCK: Final = 0x7E1E3E7
"""Number of the advisory lock of a server's files."""
STATE: Final = "state"
VERSION: Final = "alembic_version"


class Catalog:
    """One open catalog. Threads may share it; each transaction takes a connection of its own."""

    def __init__(self, url: str, folder: Path, *, wait_s: float = WAIT_S, create: bool = True) -> None:
        self.url = url
        self.folder = folder
        self.is_sqlite = url.startswith("sqlite")
        self._writing = threading.Lock()
        with self.translated():
            self.engine = connect(url, wait_s)
            self._open(create)

    def close(self) -> None:
        """Give back all connections; the last one folds SQLite's log into the catalog."""
        self.engine.dispose()

    # --- transactions -------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One view of the catalog as it stands now, undisturbed by writers."""
        with self.translated(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction; committed and sealed when the block ends well, as if it never was otherwise."""
        with self.translated(), self._writing:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
                try:
                    writer = Writer(connection, self._state(connection))
                    yield writer
                    written = writer.finish()
                    connection.exec_driver_sql("COMMIT")
                except BaseException:
                    self._roll_back(connection)
                    raise
            if written is not None:
                seal.write(self.folder, written)

    @contextmanager
    def locked(self, alone: bool) -> Iterator[None]:
        """A lock of the server that every machine respects; of files, not of rows."""
        kind = "" if alone else "_shared"
        with self.translated(), self.engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock{kind}({FILES_LOCK})")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock{kind}({FILES_LOCK})")

    def compact(self, patience_s: float) -> None:
        """Rewrite the catalog without free pages and empty its log: what was deleted is nowhere any more.

        Raises
        ------
        BadLibrary : another process kept old pages alive all the time
        """
        if not self.is_sqlite:
            with self.translated(), self.engine.connect() as connection:
                connection.exec_driver_sql("VACUUM FULL")
            return
        until = time.monotonic() + patience_s
        while True:
            with self.translated(), self._writing, self.engine.connect() as connection:
                try:
                    connection.exec_driver_sql("VACUUM")
                    busy, left, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                except DBAPIError as cause:
                    if "locked" not in str(cause.orig) and "busy" not in str(cause.orig):
                        raise
                    busy, left = 1, 1
            if not busy and left <= 0:
                return
            if time.monotonic() > until:
                raise BadLibrary(
                    "pending: the rows are deleted, but another process keeps old pages of the catalog alive",
                    file=self.place,
                    expected="that it ends; then run the same command again",
                )
            time.sleep(0.1)

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.exec_driver_sql("ROLLBACK")
        except SQLAlchemyError:
            # after a fault of the disk SQLite may have rolled back already; a connection in doubt is not kept
            connection.invalidate()

    def translated(self) -> AbstractContextManager[None]:
        """Errors of the database and of the disk in words that say what to do."""
        return translated(self.place)

    @property
    def place(self) -> str:
        """The library in messages, without a password."""
        return str(self.folder) if self.is_sqlite else shown(self.url)

    # --- opening ------------------------------------------------------------------------------------------

    def _open(self, create: bool) -> None:
        revision = self.revision()
        if revision is None:
            if not create:
                raise BadLibrary("there is no library here", file=self.place, expected="the folder of one")
            self._create()
            return
        if revision != HEAD:
            raise self.wrong_version(revision)
        kept = seal.read(self.folder)
        now = self.state()
        if kept is None or kept.commit < now.commit:
            # a process ended between commit and seal, or the seal itself is damaged
            with suppress(OSError):
                seal.write(self.folder, now)
        elif kept.commit > now.commit:
            raise BadLibrary(
                f"the catalog has lost its last {kept.commit - now.commit} commits",
                file=self.place,
                expected=f"commit {kept.commit}; telemetry library restore a backup",
                got=f"commit {now.commit}",
            )

    def revision(self) -> str | None:
        """The schema's version, None for an empty catalog."""
        if not sa.inspect(self.engine).has_table(VERSION):
            return None
        with self.engine.connect() as connection:
            return connection.execute(sa.text(f"SELECT version_num FROM {VERSION}")).scalar()

    def wrong_version(self, revision: str) -> BadLibrary:
        """What to say of a catalog whose schema is not this version's."""
        from telemetry.library.migrate import known_revisions

        if revision in known_revisions():
            return BadLibrary(
                "this library was made by an older version",
                file=self.place,
                expected="telemetry library migrate, which backs it up first",
                got=f"schema {revision}, current is {HEAD}",
            )
        return BadLibrary(
            "this library was made by a newer version; it was not touched",
            file=self.place,
            expected=f"a newer smartbike-telemetry, schema {HEAD} is the newest this one knows",
            got=f"schema {revision}",
        )

    def _create(self) -> None:
        if self.is_sqlite:
            (self.folder / Path(sa.make_url(self.url).database or "").name).chmod(0o600)
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
            try:
                if not sa.inspect(connection).has_table(VERSION):  # another process may have been faster
                    metadata.create_all(connection)
                    connection.exec_driver_sql(f"CREATE TABLE {VERSION} (version_num VARCHAR(32) NOT NULL)")
                    connection.exec_driver_sql(f"INSERT INTO {VERSION} VALUES ('{HEAD}')")
                    first = seal.Seal(0, "0" * 64)
                    values = {"name": STATE, "value": first.text(), "row_hash": ""}
                    connection.execute(settings.insert(), values)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    def state(self) -> seal.Seal:
        """Number of the last commit and the tally of all rows, as the catalog itself says."""
        with self.read() as connection:
            return self._state(connection)

    def _state(self, connection: Connection) -> seal.Seal:
        statement = sa.select(settings.c.value).where(settings.c.name == STATE)
        if not self.is_sqlite:
            statement = statement.with_for_update()
        found = seal.Seal.parse(connection.execute(statement).scalar() or "")
        if found is None:
            raise BadLibrary(
                "the catalog's own record of its state is damaged",
                file=self.place,
                expected="telemetry library restore a backup",
            )
        return found


class Writer:
    """Rows into an open transaction; keeps each row's hash and the tally of all."""

    def __init__(self, connection: Connection, state: seal.Seal) -> None:
        self.connection = connection
        self._before = state
        self._tally = int(state.tally, 16)
        self._audit = state.audit
        self.changed = False

    @property
    def audit_head(self) -> str:
        """The last line of the audit chain; set it after adding one."""
        return self._audit

    @audit_head.setter
    def audit_head(self, value: str) -> None:
        self._audit = value

    def insert(self, table: sa.Table, **values: Any) -> Any:
        """One new row; its primary key."""
        key = next(iter(table.primary_key.columns))
        if isinstance(key.type, sa.Integer) and key.name not in values:
            values[key.name] = self._next(table, key)
        row: dict[str, Any] = {
            column.name: values.get(column.name) for column in table.c if column.name != "row_hash"
        }
        row["row_hash"] = row_hash(table.name, row)
        self.connection.execute(table.insert(), row)
        self._count(int(row["row_hash"], 16))
        return row[key.name]

    def update(self, table: sa.Table, key: Any, **values: Any) -> None:
        """Change one row."""
        column = next(iter(table.primary_key.columns))
        old = self.connection.execute(table.select().where(column == key)).one()
        row = {**old._mapping, **values}
        before = int(row.pop("row_hash"), 16)
        after = row_hash(table.name, row)
        self.connection.execute(table.update().where(column == key), {**values, "row_hash": after})
        self._count(int(after, 16) - before)

    def delete(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        """Remove rows; how many there were."""
        hashes = self.connection.execute(sa.select(table.c.row_hash).where(where)).scalars().all()
        if hashes:
            self.connection.execute(table.delete().where(where))
            self._count(-sum(int(found, 16) for found in hashes))
        return len(hashes)

    def finish(self) -> seal.Seal | None:
        """Write down the new state, None where nothing changed."""
        if not self.changed:
            return None
        new = seal.Seal(self._before.commit + 1, f"{self._tally % MODULUS:064x}", self._audit)
        self.connection.execute(settings.update().where(settings.c.name == STATE), {"value": new.text()})
        return new

    def _next(self, table: sa.Table, key: sa.ColumnElement[Any]) -> int:
        last = self.connection.execute(sa.select(sa.func.max(key))).scalar()
        return (last or 0) + 1

    def _count(self, change: int) -> None:
        self._tally = (self._tally + change) % MODULUS
        self.changed = True


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Errors of the database and of the disk in words that say what to do."""
    try:
        yield
    except DBAPIError as cause:
        raise _explained(cause, place) from cause
    except SQLAlchemyError as cause:
        raise BadLibrary(f"the catalog cannot be used: {_short(cause)}", file=place) from cause
    except OSError as cause:
        raise BadLibrary(
            f"the library cannot be written or read: {cause.strerror or cause}",
            file=str(cause.filename or place),
            expected="a disk that works and has room; nothing half written is left behind",
        ) from cause


def _explained(cause: DBAPIError, place: str) -> BadLibrary:
    said = str(cause.orig).lower()
    if "locked" in said or "busy" in said or "lock timeout" in said:
        return BadLibrary(
            "another process has held the catalog for too long",
            file=place,
            expected="that it ends; then the same command works, nothing was written",
        )
    if "full" in said:
        return BadLibrary("the disk is full", file=place, expected="room; nothing was half written")
    if "malformed" in said or "not a database" in said:
        return BadLibrary(
            "the catalog is damaged",
            file=place,
            expected="telemetry library verify to name it, telemetry library restore to replace it",
            got=_short(cause.orig),
        )
    return BadLibrary(f"the catalog cannot be used: {_short(cause.orig)}", file=place)


def setting(url: str, name: str) -> str | None:
    """One setting of a catalog that is not opened yet; None where there is no catalog, or no such setting."""
    engine = connect(url)
    try:
        with translated(shown(url)):
            if not sa.inspect(engine).has_table(settings.name):
                return None
            with engine.connect() as connection:
                row = connection.execute(settings.select().where(settings.c.name == name)).one_or_none()
            return None if row is None else str(trusted(settings, row)["value"])
    finally:
        engine.dispose()


def shown(url: str) -> str:
    """A URL without its password."""
    return sa.make_url(url).render_as_string()


def connect(url: str, wait_s: float = WAIT_S) -> Engine:
    """An engine whose transactions begin when we say so.

    Raises
    ------
    BadInput : no URL of a database that can hold a library
    """
    if url.startswith("sqlite"):
        engine = sa.create_engine(
            url, connect_args={"timeout": wait_s, "isolation_level": None, "check_same_thread": False}
        )
        sa.event.listen(engine, "connect", _set_up)
        return engine
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options = f"-c lock_timeout={int(wait_s * 1000)}"
        return sa.create_engine(
            parsed,
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended in words, as with SQLite
            connect_args={"options": options},
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as cause:
        raise BadInput(
            "PostgreSQL needs a package that is not installed",
            file=shown(url),
            expected="pip install 'smartbike-telemetry[postgres]'",
        ) from cause
    except sa.exc.ArgumentError as cause:
        raise BadInput("this is no URL of a database", got=url[:60], expected="postgresql://…") from cause


def _set_up(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "page_size=1024",  # of a new file: documents of some kB waste less of their last page
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cell_size_check=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def row_hash(table: str, row: Mapping[Any, Any]) -> str:
    """SHA-256 of a row: table, column names and values, each with its kind and length."""
    digest = hashlib.sha256(table.encode())
    for name in sorted(row):
        if name == "row_hash":
            continue
        value = row[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a number is the same number in a REAL column
        text = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        digest.update(f"|{name}:{type(value).__name__}:{len(text)}:".encode())
        digest.update(text)
    return digest.hexdigest()


def trusted(table: sa.Table, row: Row[Any]) -> Mapping[str, Any]:
    """A whole row as a mapping, after its hash was checked.

    Raises
    ------
    BadLibrary : the row is not what was written
    """
    values = dict(row._mapping)
    check_row(table, values)
    return values


def check_row(table: sa.Table, values: Mapping[str, Any]) -> None:
    """Refuse a row whose hash is not that of its values."""
    if values["row_hash"] != row_hash(table.name, values):
        key = next(iter(table.primary_key.columns)).name
        raise BadLibrary(
            "a row of the catalog is not what was written",
            place=f"{table.name} {values[key]}",
            expected="telemetry library verify, then telemetry library restore",
        )


def _short(cause: object) -> str:
    return " ".join(str(cause).split())[:200]
