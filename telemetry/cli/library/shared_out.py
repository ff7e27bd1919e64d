"""Many files into a library by several processes, each with riders of its own.

Comes in: an open library and where it is, inputs, the options of `add`. Goes out: what became of each, in the
order of the inputs. Reading, analysing and writing rows all hold the interpreter, so threads add little; a
library takes any number of writers. A rider's classes stay in one process, which meets them in order of
time. Leaves to others: all of the work (`telemetry/library/ingest.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from telemetry.cli import kernels
from telemetry.cli.batch import WORTH, workers
from telemetry.cli.library.work import tools

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from telemetry.library import Library
    from telemetry.library.ingest import Added, Input


def add_all(kept: Library, place: str | None, inputs: Sequence[Input], **options: Any) -> Iterator[Added]:
    """Add inputs to the library `kept`, which was opened at `place`; options as of `ingest.Run`."""
    shares = [] if options.get("threads") else shared_out(inputs, workers())
    if len(shares) < 2:
        yield from kept.add(inputs, tools(), **options)
        return
    options["threads"] = 1
    kernels.ready()  # compiled once, not by each
    others = [_Other(place, [inputs[i] for i in share], options) for share in shares[1:]]
    answers = _InOrder(inputs, shares)
    try:
        for done in kept.add([inputs[i] for i in shares[0]], tools(), **options):
            answers.put(0, done)
            for number, other in enumerate(others, 1):
                for theirs in other.so_far():
                    answers.put(number, theirs)
            yield from answers.ready()
        answers.end(0)
        for number, other in enumerate(others, 1):
            for theirs in other.rest():
                answers.put(number, theirs)
                yield from answers.ready()
            if not other.finished:
                # it died, perhaps for want of memory: what it had taken is known, the rest is done here
                told = frozenset(answers.told[number])
                for theirs in kept.add([inputs[i] for i in shares[number]], tools(), **options):
                    if theirs.file not in told:
                        answers.put(number, theirs)
            answers.end(number)
            yield from answers.ready()
    finally:
        for other in others:
            other.stop()


def shared_out(inputs: Sequence[Input], count: int) -> list[list[int]]:
    """Which inputs each of at most `count` processes gets: those of a rider together, none where it is not
    worth a process or a rider is not said."""
    if count < 2 or len(inputs) < WORTH or any(item.rider is None for item in inputs):
        return []
    of_rider: dict[str | None, list[int]] = {}
    for i, item in enumerate(inputs):
        of_rider.setdefault(item.rider, []).append(i)
    shares: list[list[int]] = [[] for _ in range(count)]
    for indices in sorted(of_rider.values(), key=len, reverse=True):
        min(shares, key=len).extend(indices)
    shares = [sorted(share) for share in shares]
    # a share that is over before another process has started is none
    return [share for share in shares if share] if min(map(len, shares)) >= WORTH // 4 else []


class _InOrder:
    """Answers of several processes, each in the order of its share, put into the order of all inputs."""

    def __init__(self, inputs: Sequence[Input], shares: Sequence[Sequence[int]]) -> None:
        self._files = [[str(inputs[i].path) for i in share] for share in shares]
        self._shares = shares
        self._at = [0] * len(shares)
        self._held: list[tuple[int, int, Added]] = []
        self._count = 0
        self.told: list[set[str]] = [set() for _ in shares]
        """files of which each process said what became of them"""

    def put(self, number: int, done: Added) -> None:
        """One answer of a process."""
        files, at = self._files[number], self._at[number]
        while at < len(files) - 1 and files[at] != done.file:
            at += 1
        self._at[number] = at
        self._count += 1
        self.told[number].add(done.file)
        heapq.heappush(self._held, (self._shares[number][at], self._count, done))

    def end(self, number: int) -> None:
        """A process has answered all."""
        self._at[number] = len(self._shares[number])

    def ready(self) -> Iterator[Added]:
        """Answers before which none can come any more."""
        open_at = [share[at] for share, at in zip(self._shares, self._at, strict=True) if at < len(share)]
        first = min(open_at, default=None)
        while self._held and (first is None or self._held[0][0] <= first):
            yield heapq.heappop(self._held)[2]


class _Other:
    """Another process that adds its share, and says of each file what became of it."""

    def __init__(self, place: str | None, inputs: Sequence[Input], options: dict[str, Any]) -> None:
        from multiprocessing import get_context

        from telemetry.cli.processes import undisturbed

        context = get_context("spawn")  # polars hangs in a forked child
        self._told, there = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(
            target=_add_share, args=(there, place, inputs, options), daemon=True
        )
        with undisturbed():
            self._process.start()
        there.close()
        self.finished = False

    def so_far(self) -> Iterator[Added]:
        """What it said since it was asked last; waits for nothing."""
        while not self.finished and self._told.poll():
            done = self._next()
            if done is None:
                return
            yield done

    def rest(self) -> Iterator[Added]:
        """What it says until it ends."""
        while not self.finished and (done := self._next()) is not None:
            yield done

    def _next(self) -> Added | None:
        try:
            said: Added | BaseException | None = self._told.recv()
        except (EOFError, OSError):
            return None
        if isinstance(said, BaseException):
            raise said
        self.finished = said is None
        return said

    def stop(self) -> None:
        if not self.finished:
            self._process.terminate()
        self._process.join()
        self._told.close()


def _add_share(
    there: Connection, place: str | None, inputs: Sequence[Input], options: dict[str, Any]
) -> None:
    """What another process does: None after the last answer, or the error that ended it."""
    from telemetry.cli.library import opening
    from telemetry.cli.processes import stand_by, that_travels

    stand_by(computing=True)
    with suppress(BrokenPipeError):  # who asked is gone
        try:
            with opening.open_at(place) as kept:
                for done in kept.add(inputs, tools(), **options):
                    there.send(done)
        except Exception as problem:  # said where the user is, not as a traceback of a process they never saw
            there.send(that_travels(problem))
            return
        there.send(None)
