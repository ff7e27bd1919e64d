"""Analyses become files: here for a few, in processes for many, because drawing does not scale over threads.

Comes in: jobs, each an analysis and the files it becomes. Goes out: each job, in order, with the problem that
stopped it or None. Leaves to others: every picture and word (reports).
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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


def draw(job: Job) -> None:
    """Write the files of one job, each whole or not at all.

    Raises
    ------
    CannotWrite : a file cannot be written; those already written stay
    """
    from telemetry.reports import write_report

    for path in job.paths:
        write_report(job.analysis, path, paper=job.paper, share=job.share)


def draw_all(jobs: Iterable[Job], many: bool) -> Iterator[tuple[Job, BaseException | None]]:
    """Draw each job; `many` uses a process for each processor. A failed job does not stop the others."""
    if not many or workers() < 2:
        for job in jobs:
            yield job, _problem(job)
        return
    from multiprocessing import get_context

    # spawned, not forked: polars hangs in a forked child
    pool = ProcessPoolExecutor(workers(), mp_context=get_context("spawn"), initializer=_stand_by)
    waiting: deque[tuple[Job, Future[None]]] = deque()
    try:
        for job in jobs:
            try:
                waiting.append((job, pool.submit(draw, job)))
            except BrokenProcessPool:
                yield job, _ended()
            if len(waiting) >= 2 * workers():
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _problem(job: Job) -> BaseException | None:
    try:
        draw(job)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:
        return problem
    return None


def _result(job: Job, future: Future[None]) -> tuple[Job, BaseException | None]:
    problem = future.exception()
    return job, _ended() if isinstance(problem, BrokenProcessPool) else problem


def _ended() -> CannotWrite:
    return CannotWrite("the process that drew it ended, perhaps for want of memory")


def _stand_by() -> None:
    """A drawing process leaves Ctrl-C to its parent and finishes the file it is at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from telemetry.cli.guard import prepare

    prepare()
