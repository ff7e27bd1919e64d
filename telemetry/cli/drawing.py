"""Analyses become files: here for a few, in processes for many, because drawing does not scale over threads.

Comes in: jobs, each an analysis and the files it becomes. Goes out: each job, in order, with what it became
and what stopped it, or None. Leaves to others: every picture and word (reports).
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from glob import escape
from multiprocessing import active_children
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from telemetry.cli.batch import workers
from telemetry.cli.processes import pool
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
    with TemporaryDirectory(prefix="telemetry-drawing-", ignore_cleanup_errors=True) as folder:
        desk = _Desk(Path(folder))
        waiting: deque[tuple[Job, Future[Written]]] = deque()
        try:
            for job in jobs:
                waiting.append((job, desk.give(job)))
                if len(waiting) >= 2 * workers():
                    yield desk.take(*waiting.popleft())
            while waiting:
                yield desk.take(*waiting.popleft())
        except BaseException:  # Ctrl-C, or who asked is gone: pages in work are dropped, whole ones stay
            for child in active_children():
                child.terminate()
            raise
        finally:
            desk.close()


class _Desk:
    """Hands jobs to drawing processes.

    A job travels as a file: through the pool's own pipe, a large one would block for ever once its reader has
    died (Python before 3.12).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._pool = pool(workers())

    def give(self, job: Job) -> Future[Written]:
        """The job in work."""
        path = self._put(job)
        try:
            return self._pool.submit(_draw_file, path)
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = pool(workers())
            return self._pool.submit(_draw_file, path)

    def take(self, job: Job, future: Future[Written]) -> tuple[Job, Written]:
        """The job done. Where a process died, its job and those it took along are drawn one by one."""
        try:
            return job, future.result()
        except BrokenProcessPool:
            _sweep(job)
        with pool(1) as alone:
            try:
                return job, alone.submit(_draw_file, self._put(job)).result()
            except BrokenProcessPool:
                _sweep(job)
                problem = CannotWrite(
                    "the process that drew it ended, perhaps for want of memory", file=str(job.paths[0])
                )
                return job, ((), problem)

    def close(self) -> None:
        """Wait for the processes to end."""
        self._pool.shutdown(cancel_futures=True)

    def _put(self, job: Job) -> Path:
        self._count += 1
        path = self._folder / f"{self._count}.job"
        path.write_bytes(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
        return path


def _sweep(job: Job) -> None:
    """Remove what a process that was killed had begun to write (see `files.atomic_path`)."""
    for path in job.paths:
        for begun in path.parent.glob(f".{escape(path.name[:100])}.*.part"):
            begun.unlink(missing_ok=True)


def _draw_file(path: Path) -> Written:
    """In a drawing process: take a job and draw it."""
    job = pickle.loads(path.read_bytes())
    path.unlink()
    return draw(job)
