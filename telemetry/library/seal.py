"""The seal: a small synced file beside the catalog that remembers how far the catalog had come.

Comes in: the number of the last commit and the tally of all rows. Goes out: the file, and what it says. A
flipped bit in SQLite's write-ahead log makes commits vanish without an error; the seal still knows of them.
Leaves to others: what a difference means (`catalog.py`, `verify.py`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from telemetry.library.durable import write_durably

NAME: Final = "seal.json"


@dataclass(frozen=True, slots=True)
class Seal:
    """State of the catalog after a commit."""

    commit: int
    tally: str
    """sum of all row hashes modulo 2**256 in hexadecimal: any lost, added or changed row moves it"""
    audit: str = ""
    """head of the audit chain"""

    def text(self) -> str:
        """One line of JSON that carries its own checksum."""
        body = {"commit": self.commit, "tally": self.tally, "audit": self.audit}
        return json.dumps({**body, "sha256": _digest(body)}, sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Seal | None:
        """The seal in a line of text, None where it is damaged."""
        try:
            body = json.loads(text)
            digest = body.pop("sha256")
            seal = cls(**body)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        return seal if digest == _digest(body) else None


def read(folder: Path) -> Seal | None:
    """The seal of a library; None where there is none or it is damaged (`verify` says which)."""
    try:
        return Seal.parse((folder / NAME).read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return None


def write(folder: Path, seal: Seal) -> None:
    """Put the seal, whole or not at all, and never an older one over a newer one."""
    with _locked(folder):
        old = read(folder)
        if old is None or old.commit <= seal.commit:
            write_durably(folder / NAME, seal.text().encode(), synced_folder=False)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "seal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _digest(body: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
