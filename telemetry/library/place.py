"""Where a library is, and the key that lies there.

Comes in: what was said of the place: a folder, a `postgresql://` URL, a storage, or nothing. Goes out: its
catalog's URL, the folder of its key and locks, where its files are; the key, made once. Leaves to others:
opening it (`library.py`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from telemetry.errors import BadInput, BadLibrary
from telemetry.library.catalog import setting
from telemetry.library.durable import write_durably
from telemetry.library.object_store import ObjectStore, is_url

CATALOG: Final = "catalog.sqlite"
KEY: Final = "key"
STORAGE: Final = "storage"
"""Where a library on a server keeps its files, in its settings."""


class Where(NamedTuple):
    """Where a library is."""

    url: str
    """of its catalog"""
    folder: Path
    """of its key, seal and locks; of its files, too, where they are in no object store"""
    files: str
    """what was said of its files, a folder or a URL; empty where nothing was"""


def place_of(
    place: str | os.PathLike[str] | None = None, storage: str | os.PathLike[str] | None = None
) -> Where:
    """Catalog and files of the library that is meant.

    Raises
    ------
    BadInput : no place for a library, or a server without a place for files
    """
    text = os.fspath(place) if place is not None else os.environ.get("TELEMETRY_LIBRARY") or default_place()
    said = None if storage is None else os.fspath(storage)
    if "://" not in text:
        folder = Path(text).expanduser().absolute()
        if said is not None and not is_url(said) and Path(said).expanduser().absolute() != folder:
            raise BadInput(
                "a library in a folder keeps its files there",
                got=said[:80],
                expected="no --storage, or the URL of an object store",
            )
        return Where(f"sqlite:///{folder / CATALOG}", folder, said if said and is_url(said) else "")
    if not text.startswith("postgresql"):
        raise BadInput("this is no place for a library", got=text[:80], expected="a folder or postgresql://…")
    files = said or os.environ.get("TELEMETRY_STORAGE") or setting(text, STORAGE)
    if files is None:
        raise BadInput(
            "a library on a server needs a folder for its files, or an object store",
            expected="telemetry library init --storage FOLDER or s3://…, once",
        )
    if is_url(files):
        digest = hashlib.sha256(f"{text}\n{files}".encode()).hexdigest()[:16]
        return Where(text, Path(default_place()).with_name("servers") / digest, files)
    return Where(text, Path(files).expanduser().absolute(), files)


def shared_key(folder: Path, store: ObjectStore, new: bool) -> None:
    """Put the key that all machines share into this one's folder."""
    if not (folder / KEY).exists():
        write_durably(folder / KEY, store.key(_made_key() if new else None))


def default_place() -> str:
    """A library in the user's own data folder."""
    from platformdirs import user_data_dir

    return str(Path(user_data_dir("smartbike-telemetry", appauthor=False)) / "library")


def own_key(folder: Path, new: bool) -> bytes:
    """The key of the audit log and of tombstones, made with the library and kept beside the catalog."""
    path = folder / KEY
    with suppress(FileNotFoundError):
        text = path.read_text(encoding="ascii", errors="replace").strip()
        head, _, check = text.partition(" ")
        if len(head) == 64 and check == hashlib.sha256(head.encode()).hexdigest()[:16]:
            return bytes.fromhex(head)
        raise BadLibrary("the library's key is damaged", file=str(path), expected="telemetry library restore")
    if not new:
        raise BadLibrary("the library's key is gone", file=str(path), expected="telemetry library restore")
    spare = path.with_name(f".key.{secrets.token_hex(6)}.part")
    write_durably(spare, _made_key())
    try:
        os.link(spare, path)  # two processes may make the library at once: the first key stays
    except FileExistsError:
        pass
    finally:
        spare.unlink()
    return own_key(folder, new=False)


def _made_key() -> bytes:
    made = secrets.token_hex(32)
    return f"{made} {hashlib.sha256(made.encode()).hexdigest()[:16]}\n".encode()
