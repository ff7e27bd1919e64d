"""Bytes → ClassRecording. `READERS` says which suffix is read by which reader.

Comes in: the path of a file. Goes out: the classes in it. Leaves to others: formats, each a file of
`readers/` with one function `recordings(data, file) -> list[ClassRecording]`, loaded when first used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.errors import BadInput, LimitExceeded, SeveralClasses, TelemetryError

if TYPE_CHECKING:
    from telemetry.model import ClassRecording

LARGEST_BYTES = 32 * 1024 * 1024
"""No class file is larger (rulings, section 4); checked before anything is read."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of file: the module that reads it, and what it is called."""

    module: str
    name: str

    takes_columns: bool = False
    """whether the meaning of its columns can be given"""

    in_pieces: bool = False
    """whether the module's `large(path)` reads some files itself, of any size, and gives None for others"""

    def __call__(
        self, path: str | os.PathLike[str], columns: Mapping[str, str] | None = None
    ) -> list[ClassRecording]:
        """The classes in the file at `path`; see `read_all`."""
        if columns and not self.takes_columns:
            raise BadInput("columns can only be named for a table", file=str(path), expected="a CSV")
        if self.in_pieces:
            found = self._told(lambda: self._module().large(Path(path)), str(path))
            if found is not None:
                return list(found)
        return self.from_bytes(load(path), str(path), columns)

    def from_bytes(
        self, data: bytes, file: str, columns: Mapping[str, str] | None = None
    ) -> list[ClassRecording]:
        """The classes in a file's bytes; `file` names it in errors, its last part in recordings."""
        options = {"columns": columns} if columns else {}
        return list(self._told(lambda: self._module().recordings(data, Path(file).name, **options), file))

    def _module(self) -> Any:
        return import_module(f"telemetry.ingest.readers.{self.module}")

    @staticmethod
    def _told(read: Callable[[], Any], file: str) -> Any:
        """What a reader found, its errors naming the whole path."""
        try:
            return read()
        except TelemetryError as error:
            # inside, only the name is known; a person gave the whole path
            if error.file in (None, Path(file).name):
                error.file = file
            raise


READERS: dict[str, Reader] = {
    ".fit": Reader("fit", "FIT activity, or the capture of a room", in_pieces=True),
    ".fit.gz": Reader("gz", "gzipped FIT activity"),
    ".tcx": Reader("tcx", "Training Center XML"),
    ".tcx.gz": Reader("gz", "gzipped Training Center XML"),
    ".csv": Reader("csv", "table of samples, or a Schwinn MPower console's file", takes_columns=True),
    ".csv.gz": Reader("gz", "gzipped table of samples", takes_columns=True),
    ".zip": Reader("zip", "archive of class files", takes_columns=True),
    ".parquet": Reader("parquet", "recording of a room's seat, or of telemetry convert"),
}
"""Suffix → reader, the longest suffix that fits wins; letter case does not matter."""

LOGS: dict[str, Reader] = dict.fromkeys(
    (".pcap", ".pcapng", ".cap", ".txt"), Reader("antlog", "log of an ANT stick")
)
"""Suffix → reader of other programs' logs: read where they are named, never looked for in a folder."""


def read(path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None) -> ClassRecording:
    """The one class in a file. `columns` names the columns of a CSV: {"W": "power_w"}.

    Raises
    ------
    BadInput : the file cannot be read, is of no known kind, or is broken beyond use
    NotAClass : a readable file with no ride in it
    SeveralClasses : more than one class; use `read_all`
    LimitExceeded : larger than a class file can be
    """
    found = read_all(path, columns=columns)
    if len(found) > 1:
        raise SeveralClasses(
            f"{len(found)} classes are in this file",
            file=str(path),
            expected="one class; read_all returns all of them",
        )
    return found[0]


def read_all(
    path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None
) -> list[ClassRecording]:
    """Every class in a file, in order, at least one. `columns` as for `read`.

    Raises
    ------
    BadInput, NotAClass, LimitExceeded : as for `read`
    """
    return reader_for(path)(path, columns)


def reader_for(path: str | os.PathLike[str]) -> Reader:
    """The reader of a file by its name.

    Raises
    ------
    BadInput : a folder, or a suffix that no reader knows
    """
    name = Path(path).name.lower()
    known = READERS | LOGS
    suffixes = [suffix for suffix in known if name.endswith(suffix)]
    if suffixes:
        return known[max(suffixes, key=len)]
    if Path(path).is_dir():
        raise BadInput("this is a folder", file=str(path), expected="a class file")
    raise BadInput(
        "this kind of file is not known",
        file=str(path),
        expected="a name that ends in " + ", ".join(READERS),
        got=Path(name).suffix[:20] or "no suffix",
    )


def load(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a class file, size checked before they are read.

    Raises
    ------
    BadInput : missing, a folder, no regular file, or not readable
    LimitExceeded : larger than `LARGEST_BYTES`
    """
    try:
        with open(path, "rb", opener=_opener) as handle:
            found = os.fstat(handle.fileno())
            if stat.S_ISDIR(found.st_mode):
                raise BadInput("this is a folder", file=str(path), expected="a class file")
            if not stat.S_ISREG(found.st_mode):
                raise BadInput(
                    "this is no file", file=str(path), expected="a class file", got="a device or pipe"
                )
            if found.st_size > LARGEST_BYTES:
                raise LimitExceeded(
                    "too large for a class file",
                    file=str(path),
                    expected=f"at most {LARGEST_BYTES // 2**20} MB",
                    got=f"{found.st_size / 2**20:.1f} MB",
                )
            # asked for all that is allowed, Python would lay out 32 MB for every class of 40 kB
            data = handle.read(found.st_size + 1)
            if len(data) > found.st_size:
                data += handle.read(LARGEST_BYTES + 1 - len(data))
    except IsADirectoryError as cause:
        raise BadInput("this is a folder", file=str(path), expected="a class file") from cause
    except (OSError, ValueError) as cause:
        problem = getattr(cause, "strerror", None) or str(cause)
        raise BadInput(f"cannot be read: {problem}", file=str(path), expected="a class file") from cause
    if len(data) > LARGEST_BYTES:
        raise LimitExceeded("grew while it was read", file=str(path), expected="a finished file")
    if not data:
        raise BadInput("the file is empty", file=str(path), expected="a class file", got="0 bytes")
    return data


def _opener(path: str, flags: int) -> int:
    # a pipe without a writer would hang at open: it must answer, and be refused, at once
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
