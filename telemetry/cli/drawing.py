"""Analyses become files: here for a few, in processes for many, because drawing does not scale over threads.

Comes in: jobs, each an analysis and the files it becomes. Goes out: each job, in order, with the problem that
stopped it or None. Leaves to others: every picture and word (reports).
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from telemetry.cli.batch import workers
from telemetry.errors import CannotWrite

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis


@dataclass(frozen=True)
class Job:
    """One class and the files to make of it."""

    analysis: ClassAnalysis
    paths: tuple[Path, ...]
    paper: str = "a4"
    share: bool = False
    figures: Literal["png", "svg"] | None = None


Written = tuple[tuple[Path, ...], BaseException | None]
"""The files a job became, and what stopped it."""


def draw(job: Job) -> Written:
    """Write the files of one job, each whole or not at all; those written before a problem stay."""
    from telemetry.reports import write_figures, write_report

    written: list[Path] = []
    try:
        for path in job.paths:
            written.append(  # noqa: PERF401 those before a failure are kept
                write_report(job.analysis, path, paper=job.paper, share=job.share)
            )
        if job.figures is not None:
            written.extend(write_figures(job.analysis, job.paths[0], job.figures, share=job.share))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        return tuple(written), problem
    return tuple(written), None


def draw_all(jobs: Iterable[Job], many: bool) -> Generator[tuple[Job, Written], None, None]:
    """Draw each job; `many` uses a process for each processor. A failed job does not stop the others."""
    if not many or workers() < 2:
        for job in jobs:
            yield job, draw(job)
        return
    from multiprocessing import active_children, get_context

    # spawned, not forked: polars hangs in a forked child
    pool = ProcessPoolExecutor(workers(), mp_context=get_context("spawn"), initializer=_stand_by)
    waiting: deque[tuple[Job, Future[Written]]] = deque()
    try:
        for job in jobs:
            try:
                waiting.append((job, pool.submit(_draw_apart, job)))
            except BrokenProcessPool:
                yield job, _ended()
            if len(waiting) >= 2 * workers():
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    except BaseException:  # Ctrl-C, or who asked is gone: pages in work are dropped, whole ones stay
        for child in active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(job: Job, future: Future[Written]) -> tuple[Job, Written]:
    try:
        return job, future.result()
    except BrokenProcessPool:
        return job, _ended()


def _ended() -> Written:
    return (), CannotWrite("the process that drew it ended, perhaps for want of memory")


_at_work = False
"""In a drawing process: whether it draws, and has files to remove when it is told to end."""


def _draw_apart(job: Job) -> Written:
    """Draw in a process of its own, which is over once it was told to end and its files are removed."""
    global _at_work
    _at_work = True
    try:
        return draw(job)
    except SystemExit as leaving:  # the pool would take it for a result and go on to the next job
        os._exit(leaving.code if isinstance(leaving.code, int) else 1)
    finally:
        _at_work = False


def _stand_by() -> None:
    """A drawing process leaves Ctrl-C to its parent, who ends it so that nothing half written stays."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from telemetry.cli.guard import prepare

    prepare()
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: object) -> NoReturn:
    """Unwind where files are being written; between two jobs end at once, without a word.

    An exception between two jobs would stop in the middle of a message of the pool and give its lock back:
    the next process would read the second half of that message as a job.
    """
    if not _at_work:
        os._exit(128 + number)
    raise SystemExit(128 + number)
