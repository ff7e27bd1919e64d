"""Folders of classes: `python -m benchmarks.batch [--files N] [--pages N] [--folder FOLDER]`.

Scope: whole processes, imports and start included. `telemetry analyze` over one-hour classes, all numbers of
each, as a table and as JSON, in threads; a quarter of the files beside all of them shows whether memory
stays flat. `telemetry report` over some of them, in drawing processes. Files a second by the clock, and by
processor time as two free cores would give them if nothing waited. The last line says how much of its cores
this machine gave at the time: two sorts in two threads.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.made_classes import FILES, fill
from benchmarks.processes import TELEMETRY, Took, run
from telemetry.cli.batch import workers

GOAL_ANALYSES, GOAL_PAGES = 150.0, 2.0
"""files a second on two cores"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="kept, and used again by the next run")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = [str(path) for path in fill(folder, given.files)]
        pages = stack.enter_context(tempfile.TemporaryDirectory())
        run([*TELEMETRY, "analyze", *paths[:3]])  # warms every cache
        few, some = paths[: len(paths) // 4], paths[: given.pages]
        print(f"{'whole process':34s} {'files':>5s} {'wall s':>7s} {'cpu s':>6s} {'files/s':>8s} "
              f"{'of 2 cores':>10s} {'MB':>5s}")  # fmt: skip
        _row("analyze --json, a quarter", few, run([*TELEMETRY, "analyze", *few, "--json"]))
        _row("analyze --json", paths, run([*TELEMETRY, "analyze", *paths, "--json"]))
        _row("analyze, a table", paths, run([*TELEMETRY, "analyze", *paths]))
        if some:
            _row("report", some, run([*TELEMETRY, "report", *some, "--quiet", "--output", pages]))
        written = len(list(Path(pages).glob("*.html")))
    print(f"goals: {GOAL_ANALYSES:g} analyses and {GOAL_PAGES:g} pages a second; {written} pages written")
    print(f"cores given now: {_cores():.2f} of {workers()}")


def _row(what: str, paths: list[str], took: Took) -> None:
    if took.code:
        raise RuntimeError(f"{what} left with {took.code}: {took.said[-500:]}")
    print(
        f"{what:34s} {len(paths):5d} {took.wall_s:7.2f} {took.cpu_s:6.2f} {len(paths) / took.wall_s:8.1f} "
        f"{2.0 * len(paths) / took.cpu_s:10.1f} {took.peak_mb:5.0f}"
    )


def _cores() -> float:
    """Processor seconds a second that as many threads get as there are cores, all of them sorting."""

    def work() -> None:
        values = np.random.default_rng(1).random(2_000_000)
        for _ in range(6):
            np.sort(values)

    threads = [threading.Thread(target=work) for _ in range(workers())]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.process_time() - cpu) / (time.perf_counter() - wall)


if __name__ == "__main__":
    main()
