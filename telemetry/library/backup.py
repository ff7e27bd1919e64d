"""Backups: a whole library in another folder, checked against its own list of hashes when it comes back.

Comes in: a library and a place. Goes out: a folder with catalog, files, key and `backup.json`, written last:
a backup without it is not one. Restoring checks every byte, erases again whoever was erased since, and puts
the library in place in one step. Other processes go on working meanwhile. Leaves to others: when and where
to.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import sqlalchemy as sa

from telemetry.errors import BadInput, BadLibrary, CannotWrite
from telemetry.library import audit, erase, seal
from telemetry.library.catalog import Catalog, connect
from telemetry.library.codec import now
from telemetry.library.durable import make_folder, sync_folder, write_durably
from telemetry.library.library import Library, open_library
from telemetry.library.migrate import BEFORE, migrate
from telemetry.library.place import CATALOG, KEY, STORAGE
from telemetry.library.store import KINDS, ORIGINALS, SAMPLES, Store
from telemetry.library.tables import HEAD, backups, metadata, originals, recordings, settings
from telemetry.library.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST: Final = "backup.json"


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup or restore moved."""

    place: Path
    classes: int
    files: int
    erased: int = 0
    """riders and classes that were erased since the backup, and are erased again"""
    aside: Path | None = None
    """where the library that was replaced lies now"""
    unread: str = ""
    """why nobody can say who was erased from the library that was replaced; empty where it was read"""


def backup(library: Library, place: Path, step: Callable[[], None] = lambda: None) -> Copied:
    """Copy the library as it is at one moment to a new folder; writers go on meanwhile.

    Raises
    ------
    CannotWrite : the folder is not empty or cannot be written
    BadLibrary : a file of the library is not what was written; it is not copied over a good backup
    """
    place = place.absolute()
    _refuse_full(place)
    with library.catalog.translated(), library.store.keeping():
        make_folder(place)
        with library.catalog.write() as writer:
            key = str(place)
            writer.delete(backups, backups.c.place == key)
            writer.insert(backups, place=key, made_at=now())
            audit.log(writer, library.key, library.actor, "backup")
        _copy_catalog(library, place / CATALOG)
        write_durably(place / KEY, (library.catalog.folder / KEY).read_bytes())
        files, classes = _copy_files(library.store, Store(place), place / CATALOG, step)
        hashes = {name: _digest(place / name) for name in (CATALOG, KEY)}
        manifest = {
            "schema": "telemetry.backup/1",
            "made_at": now(),
            "catalog": HEAD,
            "hashes": hashes | files,
        }
        write_durably(place / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return Copied(place, classes, len(files))


def check(place: Path) -> dict[str, Any]:
    """The list of a backup, after every file on it was checked.

    Raises
    ------
    BadLibrary : no finished backup, or a file in it is not what was written
    """
    try:
        manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        hashes = manifest["hashes"]
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise BadLibrary(
            "this is no finished backup", file=str(place), expected=f"a folder with {MANIFEST}"
        ) from cause
    for name, sha256 in hashes.items():
        path = place / name
        if not path.is_file() or _digest(path) != sha256:
            raise BadLibrary("a file of the backup is gone or not what was written", file=str(path))
    return manifest


def restore(place: Path, target: Path, *, replace: bool = False) -> Copied:
    """Put a backup in place as a library, brought to the newest schema.

    A library that is there already, whole or damaged, is moved aside with `replace`, and whoever was erased
    from it stays erased.

    Raises
    ------
    BadInput : a library is there, and `replace` was not said
    BadLibrary : the backup is damaged
    """
    place, target = place.absolute(), target.absolute()
    manifest = check(place)
    there = any((target / name).exists() for name in (CATALOG, KEY, seal.NAME))
    if there and not replace:
        raise BadInput(
            "a library is here already", file=str(target), expected="--replace, which moves it aside"
        )
    if not there:
        _refuse_full(target)
    dead = _tombstones(place / erase.ERASED)
    unread = ""
    if there:
        known, unread = _tombstones_of(target)
        dead += known
    aside = _free(target, f"replaced-{time.strftime('%Y%m%d-%H%M%S')}") if there else None
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.restoring")
    try:
        classes, erased = _made(place, fresh, manifest, dead, aside)
        if aside is not None:
            target.rename(aside)
        elif target.exists():
            target.rmdir()
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)  # a copy of people's classes that nobody would look for
        raise
    sync_folder(target.parent)
    return Copied(target, classes, len(manifest["hashes"]), erased, aside, unread)


def _made(
    place: Path, fresh: Path, manifest: dict[str, Any], dead: list[tuple[str, str]], aside: Path | None
) -> tuple[int, int]:
    """The library of a backup in a new folder, checked whole: its classes, and how many were erased again."""
    make_folder(fresh)
    for name in manifest["hashes"]:
        make_folder((fresh / name).parent)
        mode = 0o400 if name.split("/")[0] in KINDS else 0o600
        write_durably(fresh / name, (place / name).read_bytes(), mode=mode)
    migrate(f"sqlite:///{fresh / CATALOG}", fresh)
    for copy in fresh.glob(BEFORE):
        shutil.rmtree(copy)  # the backup itself is the catalog as it was
    with open_library(fresh, create=False) as library:
        library.store = Store(fresh)  # wherever the files were, they are here now
        with library.catalog.write() as writer:
            writer.delete(settings, settings.c.name == STORAGE)
        seal.write(fresh, library.catalog.state())
        erased = erase.replay(library, dead)
        with library.catalog.write() as writer:
            audit.log(writer, library.key, library.actor, "restore", erased=erased)
            if aside is not None:  # what was replaced still holds people: a later receipt names it
                writer.insert(backups, place=str(aside), made_at=now())
        for fault in verify(library):
            raise BadLibrary(f"the restored library is not whole: {fault}", file=str(place))
        with library.catalog.read() as connection:
            classes = connection.execute(sa.select(sa.func.count()).select_from(recordings)).scalar() or 0
    return classes, erased


def _copy_catalog(library: Library, path: Path) -> None:
    """The catalog as one SQLite file, whatever it is kept in."""
    if library.catalog.is_sqlite:
        with library.catalog.engine.connect() as connection:
            source: Any = connection.connection.driver_connection
            with closing(sqlite3.connect(path)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
    else:
        copy_rows(library.catalog, path)
    with open(path, "rb+") as handle:
        os.fsync(handle.fileno())
    path.chmod(0o600)
    sync_folder(path.parent)


def copy_rows(catalog: Catalog, path: Path) -> None:
    """Every row of a catalog into a new SQLite file: how a server's library comes into a folder."""
    engine = connect(f"sqlite:///{path}")
    with engine.connect() as target:
        target.exec_driver_sql("BEGIN IMMEDIATE")
        metadata.create_all(target)
        target.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        target.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")
        with catalog.read() as source:
            source.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for table in metadata.sorted_tables:
                rows = [dict(row) for row in source.execute(table.select()).mappings()]
                if rows:
                    target.execute(table.insert(), rows)
        target.exec_driver_sql("COMMIT")
        target.exec_driver_sql("PRAGMA journal_mode=DELETE")
    engine.dispose()


def _copy_files(
    source: Store, target: Store, catalog: Path, step: Callable[[], None]
) -> tuple[dict[str, str], int]:
    engine = connect(f"sqlite:///{catalog}")
    with engine.connect() as connection:
        classes = connection.execute(sa.select(recordings.c.samples)).scalars().all()
        wanted = [(SAMPLES, sha256, ".parquet") for sha256 in classes]
        wanted += [(ORIGINALS, row.sha256, row.suffix) for row in connection.execute(originals.select())]
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    engine.dispose()
    copied = {}
    for kind, sha256, suffix in dict.fromkeys(wanted):
        target.put(kind, source.get(kind, sha256, suffix), suffix)
        copied[target.path(kind, sha256, suffix).relative_to(target.folder).as_posix()] = sha256
        step()
    return copied, len(classes)


def _tombstones(path: Path) -> list[tuple[str, str]]:
    try:
        return [(token, kind) for kind, token, _ in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as cause:
        raise BadLibrary("the list of who was erased cannot be read", file=str(path)) from cause


def _tombstones_of(folder: Path) -> tuple[list[tuple[str, str]], str]:
    """Who was erased from a library, and why that cannot be read: a damaged one must not hinder its
    rescue.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(folder / CATALOG))}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT token, kind FROM tombstones").fetchall()
            return [(str(token), str(kind)) for token, kind in rows], ""
    except sqlite3.Error as problem:
        return [], str(problem)


def _free(target: Path, name: str) -> Path:
    """A name beside a folder that nobody has yet."""
    found, number = target.with_name(f"{target.name}.{name}"), 1
    while found.exists():
        number += 1
        found = target.with_name(f"{target.name}.{name}-{number}")
    return found


def _refuse_full(place: Path) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise CannotWrite("the folder is not empty", file=str(place), expected="a new or empty folder")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
