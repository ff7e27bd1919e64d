"""What `doctor` looks at, one function a check.

Comes in: the machine. Goes out: what was found, in words, and how to mend it.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import telemetry

DISTRIBUTION = "smartbike-telemetry"
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor."""

    name: str
    state: Literal["ok", "warning", "problem"]
    found: str
    fix: str = ""


def python() -> Iterable[Check]:
    """The interpreter."""
    found = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    if sys.version_info < OLDEST_PYTHON:
        yield Check("python", "problem", found, "use Python 3.11 or newer")
    else:
        yield Check("python", "ok", found)


def packages() -> Iterable[Check]:
    """The packages this one needs, with their versions, and those that are missing."""
    try:
        needed = [text for text in metadata.requires(DISTRIBUTION) or [] if "extra ==" not in text]
        yield Check("telemetry", "ok", f"{metadata.version(DISTRIBUTION)} in {_home()}")
    except metadata.PackageNotFoundError:
        yield Check(
            "telemetry", "warning", f"{telemetry.__version__} in {_home()}, not installed", "pip install ."
        )
        return
    for requirement in needed:
        name = "".join(mark if mark.isalnum() or mark in "-_." else " " for mark in requirement).split()[0]
        try:
            yield Check(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, "problem", "missing", f"pip install '{requirement}'")


def other_telemetry() -> Iterable[Check]:
    """Another package of the same import name, which would hide this one or be hidden by it."""
    try:
        version = metadata.version("telemetry")
    except metadata.PackageNotFoundError:
        pass
    else:
        yield Check(
            "import name",
            "problem",
            f"another package named telemetry ({version}) is installed and shares our import name",
            "pip uninstall telemetry && pip install --force-reinstall --no-deps smartbike-telemetry",
        )
        return
    ours = Path(_home()).resolve()
    others = []
    for entry in sys.path:
        for place in (Path(entry or ".", "telemetry"), Path(entry or ".", "telemetry.py")):
            found = (place / "__init__.py").is_file() or (place.suffix == ".py" and place.is_file())
            if found and place.resolve() != ours:
                others.append(str(place))
    if others:
        yield Check(
            "import name",
            "warning",
            f"another telemetry is on the path: {', '.join(dict.fromkeys(others))}",
            "leave that folder, or remove it from PYTHONPATH, if the wrong one is imported",
        )
    else:
        yield Check("import name", "ok", "telemetry is this package")


def compiled() -> Iterable[Check]:
    """Whether the kernels are compiled and where they are kept."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        yield Check(
            "calculations", "warning", "compilation is switched off: very slow", "unset NUMBA_DISABLE_JIT"
        )
        return
    from telemetry.cli.kernels import state

    cache = state()
    where = " and ".join(cache.folders) or "no folder"
    if not cache.kept:
        yield Check(
            "calculations",
            "warning",
            "compiled again in every run: there is no folder to keep them in",
            "set NUMBA_CACHE_DIR to a folder that can be written",
        )
    elif cache.cached == 0:
        yield Check(
            "calculations",
            "ok",
            f"not compiled yet, to be kept in {where}",
            "the first class compiles them; telemetry doctor --warm does it now",
        )
    else:
        yield Check("calculations", "ok", f"{cache.cached} of {cache.kernels} compiled, kept in {where}")


def temporary_folder() -> Iterable[Check]:
    """A place for temporary files."""
    try:
        with tempfile.TemporaryFile():
            pass
    except OSError as problem:
        yield Check(
            "temporary files",
            "warning",
            f"cannot be written: {problem.strerror}",
            "set TMPDIR to a writable folder",
        )
    else:
        yield Check("temporary files", "ok", tempfile.gettempdir())


def ant_stick() -> Iterable[Check]:
    """The USB library, a stick, and whether we may open it."""
    from telemetry.errors import NoRadio
    from telemetry.ingest.antplus import radio

    try:
        sticks = radio.find_sticks()
    except NoRadio as problem:
        yield Check("USB library", "warning", problem.problem, str(problem.expected))
        return
    yield Check("USB library", "ok", "libusb 1.0")
    if not sticks:
        yield Check(
            "ANT stick",
            "ok",
            "none is plugged in; only telemetry capture needs one",
            "plug in a stick (0fcf:1008 or 0fcf:1009), or try telemetry capture --virtual 3",
        )
    for number, stick in enumerate(sticks, 1):
        refused = radio.why_not(stick)
        if refused is None:
            yield Check("ANT stick", "ok", f"number {number} can be opened")
        else:
            yield Check("ANT stick", "problem", f"number {number}: {refused.problem}", str(refused.expected))


CHECKS: dict[str, Callable[[], Iterable[Check]]] = {
    "python": python,
    "packages": packages,
    "import name": other_telemetry,
    "calculations": compiled,
    "temporary files": temporary_folder,
    "ANT stick": ant_stick,
}


def _home() -> str:
    return str(Path(telemetry.__file__).parent)
