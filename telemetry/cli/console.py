"""What people see: one line per problem on stderr, a progress bar after a second, results on stdout.

Comes in: text, some of it from files. Goes out: text without control characters. Leaves to others: wording.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from telemetry.errors import CannotWrite

if TYPE_CHECKING:
    from rich.progress import Progress

PROGRESS_AFTER_S = 1.0
LONGEST_LINE = 1000


def clean(text: str) -> str:
    """Text from a file made fit for a terminal: no control characters, no line breaks, not endless."""
    if len(text) > LONGEST_LINE:
        text = text[:LONGEST_LINE] + " …"
    return "".join(
        mark if mark.isprintable() or "\udc80" <= mark <= "\udcff" else repr(mark)[1:-1] for mark in text
    )


def error(text: str) -> None:
    """One problem in one line on stderr."""
    _stderr_line(f"error: {clean(text)}")


def note(text: str) -> None:
    """Something worth knowing, on stderr."""
    _stderr_line(clean(text))


def path(text: str) -> None:
    """A path on stdout: byte for byte where a program reads, without control characters on a terminal."""
    result(clean(text) if sys.stdout.isatty() else text)


def result(text: str) -> None:
    """One line of result on stdout."""
    bar = _shown
    if bar is not None and sys.stdout.isatty():
        with bar.aside():
            _write(text)
    else:
        _write(text)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has read enough: the guard leaves quietly
        raise
    except OSError as cause:
        raise CannotWrite(f"standard output cannot be written: {cause.strerror}") from cause


def _stderr_line(text: str) -> None:
    bar = _shown
    if bar is None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
        return
    with bar.aside():
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


_shown: ProgressBar | None = None


class ProgressBar:
    """A bar on stderr for work that takes over a second; nothing where stderr is no terminal."""

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._lock = threading.Lock()
        self._done = 0
        self._bar: Progress | None = None
        self._task: Any = None
        self._closed = False
        self._timer: threading.Timer | None = None

    def __enter__(self) -> ProgressBar:
        global _shown
        if sys.stderr.isatty():
            self._timer = threading.Timer(PROGRESS_AFTER_S, self._show)
            self._timer.daemon = True
            self._timer.start()
            _shown = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _shown
        _shown = None
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            if self._bar is not None:
                self._bar.update(self._task, completed=self._done)

    def aside(self) -> _Aside:
        """A moment without the bar, to print a line that stays."""
        return _Aside(self)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        with self._lock:
            if self._closed:
                return
            one = self._total == 1
            middle = [] if one else [BarColumn(), MofNCompleteColumn()]
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                *middle,
                Elapsed(),
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,  # results go to stdout, whatever stands there
                redirect_stderr=False,
            )
            self._task = self._bar.add_task(self._what, total=self._total, completed=self._done)
            self._bar.start()


class _Aside:
    def __init__(self, owner: ProgressBar) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        self._owner._lock.acquire()
        if self._owner._bar is not None:
            self._owner._bar.stop()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owner._bar is not None and not self._owner._closed:
            self._owner._bar.start()
        self._owner._lock.release()
