"""How long a page takes from the shell: `python -m benchmarks.report [--runs N] [--cold]`.

Scope: whole processes, from start to exit, with warm caches of byte code, kernels and fonts. The page of a
one-hour class, made by `telemetry report`, beside a process that imports numpy, numba, polars and matplotlib
and saves one empty figure as PNG: once with matplotlib's `Figure`, as we draw, once through pyplot, as most
do. The least of several runs by processor time. `--cold` is the first run ever, with an empty cache of
kernels, and how long compiling ahead takes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.made_classes import hour_class
from benchmarks.processes import TELEMETRY, Took, least, run
from telemetry.cli.kernels import NOT_COMPILED

GOAL_RATIO = 3.0
GOAL_PAGE_BYTES = 1_000_000
GOAL_COLD_S = 15.0

EMPTY_FIGURE = """
import sys, numpy, numba, polars, matplotlib
matplotlib.use("agg")
from matplotlib.figure import Figure
Figure().savefig(sys.argv[1])
"""
EMPTY_PYPLOT = """
import sys, numpy, numba, polars, matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
plt.figure().savefig(sys.argv[1])
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="the first run ever as well, and compiling")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ride = folder / "class.fit"
        ride.write_bytes(hour_class(1))
        empty = str(folder / "empty.png")
        figure = least(["-c", EMPTY_FIGURE, empty], given.runs)
        pyplot = least(["-c", EMPTY_PYPLOT, empty], given.runs)
        rows = {"imports and an empty figure": figure, "the same through pyplot": pyplot}
        command = [*TELEMETRY, "report", str(ride), "--quiet", "--output"]
        for suffix in (".html", ".pdf", ".json"):
            page = folder / f"class{suffix}"
            rows[f"telemetry report, {suffix[1:]}"] = least([*command, str(page)], given.runs)
        rows["telemetry analyze --json"] = least([*TELEMETRY, "analyze", str(ride), "--json"], given.runs)
        rows["telemetry --help"] = least([*TELEMETRY, "--help"], given.runs)
        print(
            f"{'whole process, s':30s} {'wall':>6s} {'cpu':>6s} {'x figure':>9s} {'x pyplot':>9s} {'MB':>5s}"
        )
        for what, took in rows.items():
            print(
                f"{what:30s} {took.wall_s:6.2f} {took.cpu_s:6.2f} {took.cpu_s / figure.cpu_s:9.2f} "
                f"{took.cpu_s / pyplot.cpu_s:9.2f} {took.peak_mb:5.0f}"
            )
        size = (folder / "class.html").stat().st_size
        print(
            f"goal: html at most x{GOAL_RATIO:g}; page {size / 1e3:.0f} kB, at most {GOAL_PAGE_BYTES / 1e3:g}"
        )
        if given.cold:
            took = _cold([*command, str(folder / "cold.html")], folder)
            told = "said so" if NOT_COMPILED in took.said else "said nothing"
            print(
                f"first run ever: {took.wall_s:.1f} s, cpu {took.cpu_s:.1f} s, {told}; goal {GOAL_COLD_S:g} s"
            )
            took = _cold([*TELEMETRY, "doctor", "--warm"], folder)
            print(f"telemetry doctor --warm: {took.wall_s:.1f} s, cpu {took.cpu_s:.1f} s")


def _cold(command: list[str], folder: Path) -> Took:
    """With an empty cache of kernels, in a copy of the package that has none beside it."""
    import shutil

    import telemetry

    package = Path(telemetry.__file__).parent
    copy = Path(tempfile.mkdtemp(dir=folder))
    shutil.copytree(package, copy / "telemetry", ignore=shutil.ignore_patterns("__pycache__"))
    return run(command, at=copy, NUMBA_CACHE_DIR=str(copy / "kernels"), XDG_CACHE_HOME=str(copy / "home"))


if __name__ == "__main__":
    main()
