"""The files of a library in an object store, `s3://bucket/place` and its kin, which several machines see.

Comes in: bytes. Goes out: objects that never change, each under its own SHA-256, read back only when that is
right. An object is there wholly or not at all, so nothing is written beside and moved. Leaves to others:
credentials, which the environment holds (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL …), as for polars,
which reads the same places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

from telemetry.errors import BadInput, BadLibrary
from telemetry.library.store import KINDS, Store

SCHEMES: Final = ("s3://", "s3a://", "gs://", "az://", "abfs://")
KEY: Final = "key"
"""The library's key, for machines that have no folder of it yet."""


def is_url(text: str) -> bool:
    """Whether files are to be kept in an object store."""
    return "://" in text


class ObjectStore(Store):
    """Files by hash in an object store; `folder` is this machine's own, for locks."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.url = url.rstrip("/")
        self._objects: Any = _opened(self.url)

    @property
    def place(self) -> str:
        """The URL."""
        return self.url

    def name(self, kind: str, sha256: str, suffix: str) -> str:
        """An object's name below the URL."""
        return f"{kind}/{sha256[:2]}/{sha256}{suffix}"

    def put(self, kind: str, data: bytes, suffix: str) -> str:
        """Keep these bytes; their SHA-256. Already kept is kept once."""
        import obstore

        sha256 = hashlib.sha256(data).hexdigest()
        name = self.name(kind, sha256, suffix)
        with self._translated(name):
            try:
                there = int(obstore.head(self._objects, name)["size"])
            except (FileNotFoundError, obstore.exceptions.NotFoundError):
                there = -1
            if there != len(data):
                obstore.put(self._objects, name, data)
        return sha256

    def get(self, kind: str, sha256: str, suffix: str) -> bytes:
        """The bytes of an object, which are those that were put.

        Raises
        ------
        BadLibrary : it is gone, cannot be reached, or is not what was written; says which
        """
        name = self.name(kind, sha256, suffix)
        data = self._bytes(name)
        if data is None:
            raise BadLibrary(
                "a file of the library is gone",
                file=f"{self.url}/{name}",
                expected="telemetry library restore",
            )
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BadLibrary(
                "a file of the library is not what was written",
                file=f"{self.url}/{name}",
                expected="the SHA-256 in its name; telemetry library restore replaces it",
            )
        return data

    def remove(self, kind: str, sha256: str, suffix: str) -> bool:
        """Take an object away; whether it was there."""
        import obstore

        name = self.name(kind, sha256, suffix)
        with self._translated(name):
            try:
                obstore.head(self._objects, name)
            except (FileNotFoundError, obstore.exceptions.NotFoundError):
                return False
            obstore.delete(self._objects, name)
        return True

    def all(self) -> Iterator[tuple[str, str, str, Path]]:
        """Every object kept: kind, hash, suffix, name."""
        import obstore

        for kind in KINDS:
            with self._translated(kind):
                found = [item["path"] for part in obstore.list(self._objects, kind) for item in part]
            for path in sorted(found):
                last = PurePosixPath(path).name
                yield kind, last[:64], last[64:], Path(path)

    def sweep(self, older_than: float) -> int:
        """Nothing: an object is never unfinished."""
        return 0

    def key(self, made: bytes | None) -> bytes:
        """The library's key as the first machine put it; `made` is put where there is none yet.

        Raises
        ------
        BadLibrary : there is none, and none was made
        """
        import obstore

        kept = self._bytes(KEY)
        if kept is None and made is not None:
            with self._translated(KEY):
                try:
                    obstore.put(self._objects, KEY, made, mode="create")
                    return made
                except obstore.exceptions.AlreadyExistsError:  # another machine was faster
                    kept = self._bytes(KEY)
        if kept is None:
            raise BadLibrary(
                "the library's key is gone", file=f"{self.url}/{KEY}", expected="telemetry library restore"
            )
        return kept

    def _bytes(self, name: str) -> bytes | None:
        import obstore

        with self._translated(name):
            try:
                return bytes(obstore.get(self._objects, name).bytes())
            except (FileNotFoundError, obstore.exceptions.NotFoundError):
                return None

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except BaseError as cause:
            raise BadLibrary(
                "the object store cannot be used",
                file=f"{self.url}/{name}",
                expected="that it answers, and credentials in the environment",
                got=" ".join(str(cause).split())[:160],
            ) from cause


def _opened(url: str) -> Any:
    if not url.startswith(SCHEMES):
        raise BadInput("this is no object store", got=url[:60], expected=", ".join(SCHEMES))
    try:
        from obstore.store import from_url
    except ModuleNotFoundError as cause:
        raise BadInput(
            "an object store needs a package that is not installed",
            file=url,
            expected="pip install 'smartbike-telemetry[objects]'",
        ) from cause
    return from_url(url)
