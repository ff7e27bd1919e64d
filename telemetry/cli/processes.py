"""Many inputs over processes, answered in the order they were given.

Comes in: items and a function that can be sent to another process. Goes out: each item with its result or its
error. For work that holds the interpreter: of a thousand classes, two threads analyzed no more a second than
one did, two processes twice as many. This process works as well, from the first moment on; the others need a
second to start.
"""

from __future__ import annotations

import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, resource_tracker
from typing import Any, TypeVar

from telemetry.cli.batch import WORTH, Outcome, in_order, workers

Item = TypeVar("Item")
Result = TypeVar("Result")
Done = list[tuple[Result | None, BaseException | None]]
"""A result or an error for each item of a portion."""

PORTION = 8
"""Items sent at once."""
AHEAD = 2
"""Portions in work or waiting, for each other process."""
HELD = 32
"""Portions done here while an earlier one is still in work: so many results wait at most."""


def in_order_over_processes(
    items: Sequence[Item], work: Callable[[Item], Result]
) -> Iterator[Outcome[Item, Result]]:
    """`work(item)` for each item, yielded in the order of `items`; in threads where there are few."""
    if len(items) < WORTH or workers() < 2:
        yield from in_order(items, work)
        return
    portions = deque(items[i : i + PORTION] for i in range(0, len(items), PORTION))
    others = pool(workers() - 1, computing=True)
    begun: deque[tuple[Sequence[Item], Future[Done[Result]] | Done[Result]]] = deque()
    try:
        while portions or begun:
            sent = sum(isinstance(done, Future) and not done.done() for _, done in begun)
            while portions and sent < AHEAD * (workers() - 1):
                portion = portions.popleft()
                begun.append((portion, _sent(others, work, portion)))
                sent += 1
            portion, done = begun[0]
            if isinstance(done, Future) and not done.done() and portions and len(begun) < HELD:
                portion = portions.popleft()  # the first is not there yet: one is done here meanwhile
                begun.append((portion, _do(work, portion)))
                continue
            begun.popleft()
            for item, (result, error) in zip(portion, _taken(work, portion, done), strict=True):
                yield Outcome(item, result, error)
    except BaseException:  # Ctrl-C, or who asked is gone
        for child in active_children():
            child.terminate()
        raise
    finally:
        others.shutdown(cancel_futures=True)


class _Pool(ProcessPoolExecutor):
    """Starts its processes when it is given work."""

    def submit(self, *work: Any, **more: Any) -> Future[Any]:
        """Give it work, undisturbed."""
        with undisturbed():
            return super().submit(*work, **more)


def pool(count: int, *, computing: bool = False) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C to this one; `computing` ones have the compiler open.

    Spawned, not forked: polars hangs in a forked child.
    """
    return _Pool(count, mp_context=get_context("spawn"), initializer=stand_by, initargs=(computing,))


@contextmanager
def undisturbed() -> Iterator[None]:
    """While a process is started Ctrl-C waits: it would meet the other one before that can leave it to us."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which lets every signal in again, once
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stand_by(computing: bool) -> None:
    """Another process leaves Ctrl-C to its parent, who ends it so that nothing half written stays."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from telemetry.cli.guard import prepare

    prepare()
    if computing:
        from telemetry.cli.kernels import open_compiler

        open_compiler()


def _sent(
    others: ProcessPoolExecutor, work: Callable[[Item], Result], portion: Sequence[Item]
) -> Future[Done[Result]] | Done[Result]:
    try:
        return others.submit(_do, work, portion)
    except BrokenProcessPool:  # one died, perhaps for want of memory: what is left is done here
        return _do(work, portion)


def _taken(
    work: Callable[[Item], Result], portion: Sequence[Item], done: Future[Done[Result]] | Done[Result]
) -> Done[Result]:
    if not isinstance(done, Future):
        return done
    try:
        return done.result()
    except BrokenProcessPool:
        return _do(work, portion)


def _do(work: Callable[[Item], Result], portion: Sequence[Item]) -> Done[Result]:
    done: Done[Result] = []
    for item in portion:
        try:
            done.append((work(item), None))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as problem:  # polars panics are no Exception; one bad file stops no other
            done.append((None, that_travels(problem)))
    return done


def that_travels(problem: BaseException) -> BaseException:
    """The error itself where it can be sent to another process, else its words."""
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        return RuntimeError(f"{type(problem).__name__}: {problem}")
    return problem
