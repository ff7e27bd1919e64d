"""Which files a command means: files, folders and globs become one ordered list.

Comes in: the names a person typed and the suffixes that can be read. Goes out: files in the order named, a
folder's sorted, each once, and a problem for every name that cannot be used. Leaves to others: opening them.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from telemetry.errors import BadInput, TelemetryError


def suffix_of(path: Path, suffixes: Collection[str]) -> str | None:
    """The longest of `suffixes` that the name ends with, in any case; None where there is none."""
    name = path.name.lower()
    fitting = [suffix for suffix in suffixes if name.endswith(suffix) and len(name) > len(suffix)]
    return max(fitting, key=len, default=None)


def stem_of(path: Path, suffixes: Collection[str]) -> str:
    """The name without its suffix: `class.fit.gz` is `class`."""
    suffix = suffix_of(path, suffixes)
    return path.name[: -len(suffix)] if suffix else path.stem


def expand(
    names: Sequence[str], suffixes: Collection[str], outright: Collection[str] = ()
) -> tuple[list[Path], list[TelemetryError]]:
    """Files for what was named, in order and each once, and what was wrong with the rest.

    A folder is searched recursively by suffix, hidden and `._` names skipped; a pattern is expanded also
    where the shell did not; a file named outright must be of a known kind, or of one of those in `outright`.
    """
    files: list[Path] = []
    problems: list[TelemetryError] = []
    seen: set[str] = set()
    for name in names:
        try:
            found = list(_meant(name, suffixes, outright, problems))
        except TelemetryError as problem:
            problems.append(problem)
            continue
        for path in found:
            key = os.path.realpath(path)
            if key not in seen:
                seen.add(key)
                files.append(path)
    return files, problems


def _meant(
    name: str, suffixes: Collection[str], outright: Collection[str], problems: list[TelemetryError]
) -> Iterator[Path]:
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if glob.has_magic(name):
            yield from _pattern(name, suffixes, problems)
            return
        raise BadInput("there is no such file or folder", file=name) from None
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        raise BadInput(f"cannot be opened: {reason}", file=name) from cause
    if stat.S_ISDIR(mode):
        yield from _folder(path, suffixes, problems)
        return
    if not stat.S_ISREG(mode):
        raise BadInput("is no ordinary file", file=name, expected=_known(suffixes))
    if suffix_of(path, (*suffixes, *outright)) is None:
        raise BadInput(
            "is no kind of file that can be read",
            file=name,
            expected=_known(suffixes),
            got=path.suffix or "no suffix",
        )
    yield path


def _folder(folder: Path, suffixes: Collection[str], problems: list[TelemetryError]) -> Iterator[Path]:
    found = []

    def unreadable(cause: OSError) -> None:
        where = os.fsdecode(cause.filename) if cause.filename else str(folder)
        problems.append(BadInput(f"the folder cannot be read: {cause.strerror}", file=where))

    before = len(problems)
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [inner for inner in folders if not inner.startswith(".")]
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and suffix_of(path, suffixes) and path.is_file():
                found.append(path)
    found = _classes_once(found)
    if not found and len(problems) == before:
        raise BadInput("no class is in this folder", file=str(folder), expected=_known(suffixes))
    yield from sorted(found)


def _classes_once(found: list[Path]) -> list[Path]:
    """Without tables that are no recordings, and without a capture whose recordings lie beside it."""
    tables = [path for path in found if path.suffix.lower() == ".parquet"]
    if not tables:
        return found
    from telemetry.ingest.antplus.capture_sniff import is_capture_file
    from telemetry.ingest.antplus.leave import SEAT
    from telemetry.ingest.readers.parquet import is_recording

    others = {path for path in tables if not is_recording(path)}
    seats = {path.parent for path in tables if path not in others and path.match(SEAT.format("*"))}
    return [
        path
        for path in found
        if path not in others
        and not (path.parent in seats and path.suffix.lower() == ".fit" and is_capture_file(path))
    ]


def _pattern(name: str, suffixes: Collection[str], problems: list[TelemetryError]) -> Iterator[Path]:
    found = False
    for match in sorted(glob.glob(name, recursive=True)):
        path = Path(match)
        if path.is_dir():
            inside = list(_folder(path, suffixes, [])) if _holds_any(path, suffixes) else []
            found = found or bool(inside)
            yield from inside
        elif path.is_file() and suffix_of(path, suffixes):
            found = True
            yield path
    if not found:
        raise BadInput("no class fits this pattern", file=name, expected=_known(suffixes))


def _holds_any(folder: Path, suffixes: Collection[str]) -> bool:
    try:
        return any(_folder(folder, suffixes, []))
    except TelemetryError:
        return False


def _known(suffixes: Collection[str]) -> str:
    return " or ".join(sorted(suffixes))
