"""The last line before the user: no traceback, honest exit codes, quiet pipes, clean Ctrl-C.

Comes in: the typer application. Goes out: an exit code. Leaves to others: everything that can be explained
better where it happens; what arrives here is named in one sentence and ends the command.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from telemetry.cli import streams
from telemetry.errors import TelemetryError

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 130

YOUNG, OLDER = 500_000, 20
"""Objects allocated before the collector looks for cycles, and such looks before a wider one. At Python's own
700 a report spent a quarter of its processor time looking through modules that never become garbage; loading
them takes 100,000 to 370,000 objects, and an analysis leaves no cycle behind."""


def debugging() -> bool:
    """True where the user asked for the details of unexpected errors (TELEMETRY_DEBUG=1)."""
    return os.environ.get("TELEMETRY_DEBUG", "") not in ("", "0")


def prepare() -> None:
    """Make the process ours: streams that can print any name, no stray warnings, signals that clean up."""
    streams.prepare()
    gc.set_threshold(YOUNG, OLDER, OLDER)
    # at the end the interpreter looks through every object again, several times: a quarter of a short run
    atexit.register(gc.freeze)
    # no matrix here is large enough for a second thread, and idle ones spin beside the processes that compute
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # a figure needs no window, and a leftover setting of another program must not stop a report
    os.environ["MPLBACKEND"] = "agg"
    if not debugging():
        import logging
        import warnings

        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        # a signal that lands in a clean-up callback is answered by the next statement, without a traceback
        sys.unraisablehook = lambda _: None
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)


def _stop(number: int, frame: object) -> NoReturn:
    """SIGTERM unwinds like an exit, so that half-written files are removed on the way."""
    raise SystemExit(128 + number)


def run(app: Callable[..., Any], arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the application and leave with an exit code, whatever happens.

    Raises
    ------
    SystemExit : always, with 0, 1, 2, or 130 after Ctrl-C
    """
    code = FAILED
    try:
        app(arguments, prog_name="telemetry")
        code = DONE
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else (DONE if leaving.code is None else FAILED)
    except KeyboardInterrupt:
        code = STOPPED
    except BrokenPipeError:
        _hush()
    except BaseException as problem:
        if debugging():
            raise
        _complain(sentence(problem))
    if code == STOPPED:
        _complain("stopped")
    sys.exit(_flush(code))


def sentence(problem: BaseException) -> str:
    """One sentence for any error: ours as they are, the system's with the file, a fault of ours as such."""
    if isinstance(problem, TelemetryError):
        return str(problem)
    if isinstance(problem, MemoryError):
        return "this machine has not enough memory for it"
    if isinstance(problem, OSError) and problem.strerror:
        where = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes) else None
        return f"{where}: {problem.strerror}" if where else problem.strerror
    said = " ".join(str(problem).split())[:200]
    return (
        f"unexpected {type(problem).__name__}{': ' + said if said else ''}"
        " (a fault of this program; TELEMETRY_DEBUG=1 shows the details)"
    )


def _complain(text: str) -> None:
    from telemetry.cli.console import error

    with suppress(OSError):  # the terminal is gone: nobody is left to tell
        error(text)


def _flush(code: int) -> int:
    """Write out what is buffered, here where a full disk or a closed pipe can still be answered."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()
        code = code or FAILED
    except OSError as problem:
        _complain(f"standard output cannot be written: {problem.strerror}")
        _hush()
        code = code or FAILED
    except ValueError:  # closed before we started
        pass
    return code


def _hush() -> None:
    """Point stdout at nothing, so that the interpreter's own last flush stays quiet."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
