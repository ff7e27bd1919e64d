"""How much of its cores a machine gives at the moment: beside busy neighbours each is only part of one.

Comes in: nothing. Goes out: how fast every core did one small piece of work, all cores at once. Processor
time does not tell this: a core that shares its insides with a neighbour's is charged whole.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from telemetry.cli.batch import workers

PIECES = """
import os, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(sys.argv[1])]})
took, until = [], time.perf_counter() + float(sys.argv[2])
while time.perf_counter() < until:
    began = time.perf_counter()
    for _ in range(100_000):
        pass
    took.append(time.perf_counter() - began)
print(min(took), len(took) / sum(took))
"""


@dataclass(frozen=True, slots=True)
class Cores:
    """One look at all cores."""

    quickest_s: float
    """the quickest piece on any of them"""
    pieces_per_s: float
    """of all of them together, on average"""

    def of(self, quickest_s: float) -> float:
        """How many whole cores that is, where a piece takes a whole core `quickest_s`."""
        return self.pieces_per_s * quickest_s


def look(seconds: float = 0.7) -> Cores:
    """Let every core work for a moment."""
    told = [
        subprocess.Popen(
            [sys.executable, "-S", "-c", PIECES, str(core), str(seconds)], stdout=subprocess.PIPE, text=True
        )
        for core in range(workers())
    ]
    found = [tuple(map(float, process.communicate()[0].split())) for process in told]
    return Cores(min(quickest for quickest, _ in found), sum(rate for _, rate in found))
