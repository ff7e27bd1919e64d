"""Folders of classes: `python -m benchmarks.batch [--files N] [--pages N] [--folder FOLDER] [--runs N]`.

Scope: whole processes, imports and start included. `telemetry analyze` over one-hour classes, all numbers of
each, as a table and as JSON, over processes; a quarter of the files beside all of them shows whether memory
stays flat. `telemetry report` over some of them, in drawing processes. Each in turn, and the quickest of its
runs. Files a second by the clock; `cores` is how many whole ones the machine gave before and after that run
(`cores.py`), and the last column what two whole ones would have done at that rate.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cores import Cores, look
from benchmarks.made_classes import FILES, fill
from benchmarks.processes import TELEMETRY, Took, run

GOAL_ANALYSES, GOAL_PAGES = 150.0, 2.0
"""files a second on two cores"""


@dataclass(frozen=True, slots=True)
class Run:
    """One command over some files, and the cores around it."""

    what: str
    files: int
    took: Took
    around: tuple[Cores, Cores]

    def cores(self, quickest_s: float) -> float:
        """How many whole cores the machine gave."""
        return sum(cores.of(quickest_s) for cores in self.around) / 2.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="kept, and used again by the next run")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = [str(path) for path in fill(folder, given.files)]
        pages = stack.enter_context(tempfile.TemporaryDirectory())
        few, some = paths[: len(paths) // 4], paths[: given.pages]
        _run("warms every cache", paths[:3], ["analyze"])
        runs = []
        for _ in range(given.runs):
            runs.append(_run("analyze --json, a quarter", few, ["analyze", "--json"]))
            runs.append(_run("analyze --json", paths, ["analyze", "--json"]))
            runs.append(_run("analyze, a table", paths, ["analyze"]))
        if some:
            runs.append(_run("report", some, ["report", "--quiet", "--output", pages]))
        written = len(list(Path(pages).glob("*.html")))
    _print(runs)
    print(f"goals: {GOAL_ANALYSES:g} analyses and {GOAL_PAGES:g} pages a second; {written} pages written")


def _run(what: str, paths: Sequence[str], said: Sequence[str]) -> Run:
    before = look()
    took = run([*TELEMETRY, *said, *paths])
    if took.code:
        raise RuntimeError(f"{what} left with {took.code}: {took.said[-500:]}")
    return Run(what, len(paths), took, (before, look()))


def _print(runs: Sequence[Run]) -> None:
    print(f"{'whole process, the quickest':34s} {'files':>5s} {'wall s':>7s} {'cpu s':>6s} {'files/s':>8s} "
          f"{'cores':>6s} {'by two':>7s} {'MB':>5s}")  # fmt: skip
    quickest_s = min(cores.quickest_s for one in runs for cores in one.around)
    for what in dict.fromkeys(one.what for one in runs):
        best = min((one for one in runs if one.what == what), key=lambda one: one.took.wall_s)
        rate, cores = best.files / best.took.wall_s, best.cores(quickest_s)
        print(
            f"{what:34s} {best.files:5d} {best.took.wall_s:7.2f} {best.took.cpu_s:6.2f} {rate:8.1f} "
            f"{cores:6.2f} {rate * 2.0 / cores:7.1f} {best.took.peak_mb:5.0f}"
        )


if __name__ == "__main__":
    main()
