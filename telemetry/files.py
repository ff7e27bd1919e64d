"""Outputs that are there whole or not at all.

Comes in: a path and the bytes for it. Goes out: the file, written beside its place, synced and moved there,
so that a full disk, a crash or Ctrl-C never leaves half of one. Leaves to others: what the bytes mean.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telemetry.errors import CannotWrite


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `path` to write to; moved into place when the block ends well, else removed.

    Raises
    ------
    CannotWrite : the folder is missing or not writable, the disk is full, the target is a folder
    """
    target = Path(path)
    spare = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    if target.is_dir():
        raise CannotWrite("the output is a folder", file=str(target), expected="a file name")
    try:
        yield spare
        with open(spare, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(spare, target)
    except OSError as cause:
        raise CannotWrite(
            f"cannot be written: {cause.strerror or cause}",
            file=str(target),
            expected="a writable folder with room",
        ) from cause
    finally:
        if _exists(spare):
            spare.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write `data` to `path`, whole or not at all; an existing file is replaced in one step."""
    with atomic_path(path) as spare:
        spare.write_bytes(data)
    return Path(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
