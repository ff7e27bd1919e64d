"""The files of a library: samples as Parquet and originals as they came, each under its own SHA-256.

Comes in: bytes. Goes out: files that never change: written beside, synced, moved, folder synced; read back
only when their hash is right. Leaves to others: which of them a catalog knows of.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from telemetry.errors import BadLibrary
from telemetry.library.durable import make_folder, sync_folder, write_durably

SAMPLES: Final = "samples"
ORIGINALS: Final = "originals"
KINDS: Final = (SAMPLES, ORIGINALS)
READ_ONLY: Final = 0o400

Lock = Callable[[bool], AbstractContextManager[None]]
"""Held alone (True) or with others (False)."""


class Store:
    """A folder of files by hash, in 256 sub-folders each kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock: Lock | None = None
        """a lock that reaches further than this machine's, where the catalog has one"""

    @property
    def place(self) -> str:
        """Where the files are, as it was said."""
        return str(self.folder)

    def path(self, kind: str, sha256: str, suffix: str) -> Path:
        """Where a file of this hash lies, or would."""
        return self.folder / kind / sha256[:2] / f"{sha256}{suffix}"

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """While this is held, no file is cleared away: from `put` until its row is committed."""
        with self.lock(False) if self.lock else self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """While this is held, nobody is between `put` and commit: files without a row may go."""
        with self.lock(True) if self.lock else self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        handle = os.open(self.folder / "files.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def put(self, kind: str, data: bytes, suffix: str) -> str:
        """Keep these bytes; their SHA-256. Already kept is kept once."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(kind, sha256, suffix)
        if not (path.is_file() and path.stat().st_size == len(data)):
            make_folder(path.parent)
            write_durably(path, data, mode=READ_ONLY)
        return sha256

    def get(self, kind: str, sha256: str, suffix: str) -> bytes:
        """The bytes of a file, which are those that were put.

        Raises
        ------
        BadLibrary : the file is gone or is not what was written; says which
        """
        path = self.path(kind, sha256, suffix)
        try:
            data = path.read_bytes()
        except FileNotFoundError as cause:
            raise BadLibrary(
                "a file of the library is gone", file=str(path), expected="telemetry library restore"
            ) from cause
        except OSError as cause:
            raise BadLibrary(f"a file cannot be read: {cause.strerror}", file=str(path)) from cause
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BadLibrary(
                "a file of the library is not what was written",
                file=str(path),
                expected="the SHA-256 in its name; telemetry library restore replaces it",
            )
        return data

    def remove(self, kind: str, sha256: str, suffix: str) -> bool:
        """Take a file away, on the disk when this returns; whether it was there."""
        path = self.path(kind, sha256, suffix)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True

    def all(self) -> Iterator[tuple[str, str, str, Path]]:
        """Every file kept: kind, hash, suffix, path; unfinished ones are not among them."""
        for kind in KINDS:
            for path in sorted((self.folder / kind).glob("??/[!.]*")):
                yield kind, path.name[:64], path.name[64:], path

    def sweep(self, older_than: float) -> int:
        """Remove what an interrupted writer left: unfinished files last touched before a moment (Unix s)."""
        swept = 0
        for path in (*self.folder.glob(".*.part"), *self.folder.glob("*/??/.*.part")):
            with suppress(OSError):
                if os.stat(path).st_mtime < older_than:
                    path.unlink()
                    swept += 1
        return swept
