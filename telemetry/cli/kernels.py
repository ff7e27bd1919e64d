"""Compiled kernels: are they there, where do they go, and a word to the user before the first compilation.

Comes in: nothing. Goes out: the state of numba's cache. The cache lies beside the package or in the user's
folder; where neither can be written, a private one for this run keeps the command working.
"""

from __future__ import annotations

import atexit
import os
import pkgutil
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import telemetry

if TYPE_CHECKING:
    import subprocess

    from telemetry.model import ClassRecording

FIRST_RUN = "first run: compiling the calculations once, this can take a minute …"
NOT_COMPILED = "nothing is compiled yet, so this takes a little longer: `telemetry doctor --warm` compiles"
SHORT_CLASS = 12_000
"""Samples, and seconds, up to which classes are calculated by Python itself where nothing is compiled: 1.2 s
for an hour, where compiling takes a quarter of a minute. The results are the same to the last bit. Seconds
as well, because some sums go over every one of them, however few samples there are."""

ROOMS_WITH_KERNELS = ("ingest", "analysis")
CALCULATES = "telemetry.analysis.compose"
"""The module that opens every kernel that one class is calculated with."""
RADIO = "telemetry.ingest.antplus.radio"
"""The one module that looks for a USB stick when it is opened."""


_spare: str | None = None
"""A folder of this run only, where there is no better one."""
_undecided = False
"""True where nothing is compiled and the size of the one class decides whether it will be."""


@dataclass(frozen=True, slots=True)
class Cache:
    """State of the kernel cache."""

    folders: tuple[str, ...]
    kept: bool
    """False where compiled kernels are lost at the end of this run"""
    kernels: int
    cached: int


def ready(*, helped: bool = True, alone: bool = False) -> None:
    """Make sure kernels can be kept somewhere, and say so where they are about to be compiled.

    Called before the rooms are opened: numba decides on its folder when a kernel is defined, and refuses to
    define it at all where there is none. `helped` False takes no second processor for compiling, where
    something else needs it now. `alone`: one file is all there is to do, and `open_compiler` will be told how
    large it is.
    """
    global _spare, _undecided
    from telemetry.cli.console import note

    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return
    if not any(_writable(folder) for folder in _possible_folders()):
        # private to this process: compiled code in a shared folder could be anybody's
        _spare = tempfile.mkdtemp(prefix="telemetry-kernels-")
        atexit.register(shutil.rmtree, _spare, ignore_errors=True)
        os.environ["NUMBA_CACHE_DIR"] = _spare
        note("no folder to keep compiled calculations in: set NUMBA_CACHE_DIR to a writable one")
    if not any(_kept()):
        if alone:
            _undecided = True
        else:
            _begin(helped)


def _begin(helped: bool) -> None:
    from telemetry.cli.console import note

    note(FIRST_RUN)
    if helped:
        _get_help()


def _get_help() -> None:
    """Have another process compile the second half of an analysis, where there is a processor for it.

    numba compiles in one thread at a time. What the other process has compiled by the time it is needed here
    is loaded; where it fails, all is compiled here. It does not outlive this process.
    """
    import subprocess

    from telemetry.cli.batch import workers

    if workers() < 2 or not sys.executable:
        return
    beside = str(Path(telemetry.__file__).parents[1])
    around = [beside, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        helper = subprocess.Popen(
            [sys.executable, "-P", "-m", "telemetry.cli.warm"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(around)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return
    atexit.register(_dismiss, helper)


def _dismiss(helper: subprocess.Popen[bytes]) -> None:
    helper.kill()  # whatever it was writing is moved into place whole, or not at all
    helper.wait()


def open_compiler(recordings: Sequence[ClassRecording] | None = None) -> None:
    """Load numba without SciPy; nothing where either is loaded already.

    One file is read before the compiler is opened, by NumPy alone: compiled reading is faster from the second
    file on, and four kernels need not be loaded, or compiled at all in the first run. Several are read in
    threads, which must find it open. `recordings`: what is to be calculated on, where that is known and is
    all there is to do; where nothing is compiled yet and they are short, nothing is.

    numba looks for SciPy's linear algebra when it loads its own, which takes a tenth of a second, and no
    kernel of ours calls any. Where it finds none it goes on; SciPy can be imported as ever afterwards.
    """
    global _undecided
    modules: dict[str, Any] = sys.modules
    if _undecided:
        _undecided = False
        short = recordings is not None and _length(recordings) <= SHORT_CLASS
        # a damaged file has had its reader compiled by now; what comes after it still need not be
        if short and CALCULATES not in modules:
            _do_without()
            return
        _begin(helped=True)
    if "scipy" in modules or "numba" in modules:
        return
    modules["scipy"] = None
    try:
        import_module("numba.np.arraymath")
    finally:
        del modules["scipy"]


def _length(recordings: Sequence[ClassRecording]) -> float:
    """Samples or seconds of all, whichever are more."""
    return sum(max(float(recording.samples.height), recording.duration_s) for recording in recordings)


def _do_without() -> None:
    """Leave every kernel that is defined from now on to Python."""
    from numba import config

    from telemetry.cli.console import note

    config.DISABLE_JIT = True  # type: ignore[attr-defined]  # numba sets its names when it is loaded
    note(NOT_COMPILED)


def state() -> Cache:
    """Every kernel of the package and how many of them are compiled and kept."""
    found = _dispatchers()
    folders = sorted({str(kernel.stats.cache_path) for kernel in found if kernel.stats.cache_path})
    kept = set(_kept())
    return Cache(
        folders=tuple(folders),
        kept=bool(folders) and _spare is None and all(_writable(Path(folder)) for folder in folders),
        kernels=len(found),
        cached=sum(any(name.startswith(_index_name(kernel)) for name in kept) for kernel in found),
    )


def load_all() -> None:
    """Open every module that holds kernels."""
    for room in ROOMS_WITH_KERNELS:
        package = import_module(f"telemetry.{room}")
        for info in pkgutil.walk_packages(package.__path__, f"telemetry.{room}."):
            if info.name != RADIO:
                import_module(info.name)


def _dispatchers() -> list[Any]:
    """The package's kernels that are cached, found by opening every module of the rooms that compute."""
    found: dict[int, Any] = {}
    load_all()
    for name, module in list(sys.modules.items()):
        if name.startswith("telemetry."):
            for value in vars(module).values():
                if hasattr(value, "py_func") and hasattr(value, "stats"):
                    found[id(value)] = value
    return list(found.values())


def _index_name(kernel: Any) -> str:
    """How numba begins the name of a kernel's index: <file>.<qualified name>-<line>."""
    function = kernel.py_func
    stem = Path(function.__code__.co_filename).stem
    return f"{stem}.{function.__qualname__}-{function.__code__.co_firstlineno}."


def _possible_folders() -> list[Path]:
    """Where numba may keep kernels, in its order: its own setting, beside the source, the user's folder."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(telemetry.__file__).parent
    beside = [home / room / "__pycache__" for room in ROOMS_WITH_KERNELS]
    return [*([Path(chosen)] if chosen else []), *beside, _users_folder()]


def _users_folder() -> Path:
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("numba", appauthor=False))


def _kept() -> Iterator[str]:
    """Names of kept indexes of this Python version. Folders that numba made are at most one level deep."""
    tag = f".py{sys.version_info.major}{sys.version_info.minor}.nbi"
    home = Path(telemetry.__file__).parent
    # lazily: where only one is asked for, no tree is searched
    others = (path / "__pycache__" for path in home.rglob("*") if path.is_dir())
    for folder in chain(_possible_folders(), others):
        for pattern in (f"*{tag}", f"*_*/*{tag}"):
            try:
                yield from (path.name for path in folder.glob(pattern))
            except OSError:
                continue


def _writable(folder: Path) -> bool:
    """True where a file can be made in the folder, or in the nearest parent that exists."""
    while not folder.exists():
        if folder == folder.parent:
            return False
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
