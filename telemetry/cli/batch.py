"""Many inputs at once, answered in the order they were given.

Comes in: items and a function. Goes out: each item with its result or its error; one that fails never stops
the others. Threads, because kernels, polars and file reading let go of the interpreter; a window of a few
items, so that a thousand files need the memory of a few.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from telemetry.errors import TelemetryError

if TYPE_CHECKING:
    from telemetry.model import ClassRecording

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Items in work or waiting, for each thread."""
WORTH = 96
"""From so many items on another process takes off more than its start costs (`processes.py`)."""


class Outcome(Generic[Item, Result]):
    """What became of one item: a result, or the error that stopped it."""

    def __init__(self, item: Item, result: Result | None, error: BaseException | None) -> None:
        self.item = item
        self.error = error
        self._result = result

    @property
    def result(self) -> Result:
        """The result; only where there is no error."""
        if self.error is not None:
            raise self.error
        return self._result  # type: ignore[return-value]


def workers() -> int:
    """Processors this process may use."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on Linux
        return max(1, os.cpu_count() or 1)


def in_order(
    items: Sequence[Item], work: Callable[[Item], Result], threads: int | None = None
) -> Iterator[Outcome[Item, Result]]:
    """`work(item)` for each item over threads, yielded in the order of `items`."""
    threads = min(threads or workers(), len(items))
    if threads <= 1:
        for item in items:
            yield _done(item, lambda item=item: work(item))  # type: ignore[misc]
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="telemetry")
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= threads * AHEAD:
                first, future = waiting.popleft()
                yield _done(first, future.result)
        while waiting:
            first, future = waiting.popleft()
            yield _done(first, future.result)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _done(item: Item, get: Callable[[], Result]) -> Outcome[Item, Result]:
    try:
        return Outcome(item, get(), None)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as problem:  # polars panics are no Exception; one bad file stops no other
        return Outcome(item, None, problem)


def read_file(path: Path, columns: Mapping[str, str] | None = None) -> list[ClassRecording]:
    """Every class in a file, errors naming the file; `columns` says what a table's columns hold.

    Raises
    ------
    TelemetryError : the file cannot be read or holds no class
    """
    from telemetry.ingest import read_all, reader_for

    try:
        if columns and reader_for(path).takes_columns:
            return read_all(path, columns=columns)
        # beside tables, other kinds of file may be named: they say themselves what they hold
        return read_all(path)
    except TelemetryError as problem:
        raise problem.in_file(str(path)) from problem.__cause__
