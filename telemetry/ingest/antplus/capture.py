"""A capture as the rest of the program sees it: started, watched, stopped.

Comes in: `Wanted`. Goes out: what the capture process says, one message after another, until it has ended.
Leaves to others: the process itself (`capture_process.py`), the table (`live.py`), what is made of the file
(`leave.py`).
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final

from telemetry.errors import NoRadio, TelemetryError
from telemetry.ingest.antplus import capture_process
from telemetry.ingest.antplus.capture_process import Message, Wanted

STARTS_WITHIN_S: Final = 120.0
"""A long virtual class takes seconds to simulate; a stick answers or fails within ten."""
STOPS_WITHIN_S: Final = 5.0


class Capture:
    """One running capture. Use as a context; leaving it stops the process whatever happened.

    Raises
    ------
    NoRadio : no stick, no driver, no permission, no answer
    CannotWrite : the file exists, or its folder is missing or not writable
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.ready: dict[str, Any] = {}
        self.ended: dict[str, Any] | None = None
        self._pipe: Connection | None = None
        self._process: Any = None
        self._asked_to_stop = False

    def __enter__(self) -> Capture:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._pipe = ours
        self._process = context.Process(
            target=capture_process.run, args=(self.wanted, theirs), name="telemetry-capture", daemon=True
        )
        with _deaf_to_interrupts():
            self._process.start()
        # held by the child alone from here on, so that its end is the end of the pipe
        theirs.close()
        try:
            kind, content = self._receive(STARTS_WITHIN_S)
        except BaseException:
            self._end()
            raise
        if kind != "ready":
            self._end()
            raise content if isinstance(content, TelemetryError) else NoRadio("the capture did not start")
        self.ready = content
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pid(self) -> int | None:
        """The capture process."""
        return None if self._process is None else self._process.pid

    def messages(self, tick_s: float = 0.25) -> Iterator[Message]:
        """What the process says, until it has ended; ("tick", None) whenever nothing was said for `tick_s`.

        Raises
        ------
        NoRadio : the process died without a word
        """
        told = False
        while self.ended is None:
            if self._asked_to_stop and not told:
                told = True
                self.stop()
            try:
                kind, content = self._receive(tick_s)
            except TimeoutError:
                yield "tick", None
                continue
            if kind == "ended":
                self.ended = content
                return
            if kind == "failed":
                raise content
            yield kind, content

    def tell(self, word: str, detail: str = "") -> None:
        """Have a note written into the capture: class_start, class_stop, mark, failed."""
        if self._pipe is not None:
            with suppress(OSError, ValueError):
                self._pipe.send((word, detail))

    def stop(self) -> None:
        """Ask the process to finish; `messages` goes on until it has."""
        self.tell("stop")

    def ask_to_stop(self) -> None:
        """The same from a signal handler, where nothing may be sent: `messages` sends it soon."""
        self._asked_to_stop = True

    def follow(self, *watchers: Callable[[str, Any], None], tick_s: float = 0.25) -> None:
        """Hand every message to each watcher. One that raises is noted in the capture and asked again."""
        for kind, content in self.messages(tick_s):
            for watcher in watchers:
                try:
                    watcher(kind, content)
                except Exception as problem:
                    self.tell("failed", f"{type(problem).__name__}: {problem}"[:40])

    def _receive(self, within_s: float) -> Message:
        assert self._pipe is not None
        try:
            if not self._pipe.poll(within_s):
                raise TimeoutError
            message: Message = self._pipe.recv()
        except (EOFError, ConnectionResetError) as cause:
            code = self._process.exitcode
            raise NoRadio(
                "the capture process ended without a word",
                expected="what it wrote can be finished with telemetry capture --recover",
                got=None if code is None else f"exit code {code}",
            ) from cause
        return message

    def _end(self) -> None:
        self.stop()
        drain = threading.Thread(target=self._drain, daemon=True)
        drain.start()
        process = self._process
        process.join(STOPS_WITHIN_S)
        if process.is_alive():
            process.kill()
            process.join(1.0)
        drain.join(1.0)
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _drain(self) -> None:
        """Take what is still said, so that the process can finish saying it."""
        pipe = self._pipe
        if pipe is None:
            return
        with suppress(EOFError, OSError):
            while self.ended is None:
                kind, content = pipe.recv()
                if kind == "ended":
                    self.ended = content


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A child started in here ignores Ctrl-C from its first instruction on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
