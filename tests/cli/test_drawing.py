"""Drawing in processes: in order, and a process that dies takes only its own job with it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import telemetry
from telemetry.cli import drawing
from telemetry.cli.drawing import Job, draw_all
from tests.cli.conftest import CLASSES


class Deadly:
    """An analysis that ends the process in which it is opened, as a want of memory would."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _end, ()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    analysis = telemetry.analyze(telemetry.read(CLASSES / "short_class.fit"))
    return [Job(replace(analysis), (tmp_path / f"{number}.json",)) for number in range(6)]


def test_jobs_come_back_in_order_with_their_files(jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "workers", lambda: 2)
    done = list(draw_all(jobs, many=True))
    assert [job for job, _ in done] == jobs
    assert [written for _, (written, _) in done] == [job.paths for job in jobs]
    assert all(path.is_file() for job in jobs for path in job.paths)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_process_that_dies_takes_only_its_own_job_with_it(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "workers", lambda: 2)
    jobs[2] = replace(jobs[2], analysis=Deadly())  # type: ignore[arg-type]
    done = list(draw_all(jobs, many=True))
    problems = [problem for _, (_, problem) in done]
    assert [type(problem) for problem in problems].count(type(None)) == 5
    assert "the process that drew it ended" in str(problems[2])
    assert [path.is_file() for job in jobs for path in job.paths] == [True, True, False, True, True, True]


def test_a_few_need_no_process(jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "pool", lambda count: pytest.fail("a process for a few"))
    assert all(problem is None for _, (_, problem) in draw_all(jobs[:2], many=False))


def test_who_leaves_early_leaves_no_process_behind(jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing import active_children

    monkeypatch.setattr(drawing, "workers", lambda: 2)
    drawn = draw_all(jobs, many=True)
    next(drawn)
    drawn.close()
    assert active_children() == []
