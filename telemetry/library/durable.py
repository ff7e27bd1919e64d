"""Files that survive a power cut: written beside, synced, moved into place, folder synced.

Comes in: a path and bytes. Goes out: the file, there whole or not at all, also after the plug was pulled.
`telemetry/files.py` does the same for outputs, without the folder: a report can be made again.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_durably(path: Path, data: bytes, *, mode: int = 0o600, synced_folder: bool = True) -> None:
    """Write `data` to `path`; on return it is on the disk under its name.

    Raises
    ------
    OSError : it could not be written; nothing is left at `path` that was not there before
    """
    spare = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.part")
    handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fchmod(handle, mode)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(spare, path)
    except BaseException:
        with suppress(OSError):
            spare.unlink()
        raise
    if synced_folder:
        sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """A private folder, its name synced into its parent; nothing where it exists."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
