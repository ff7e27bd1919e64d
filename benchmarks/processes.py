"""A whole process measured: seconds of the clock, seconds of processors, and memory at its largest.

Comes in: the arguments of a Python process. Goes out: what it took, drawing processes of its own included.
Leaves to others: what is run, and what the figures are held against.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
TELEMETRY = ("-m", "telemetry")


@dataclass(frozen=True, slots=True)
class Took:
    """What one process took, and what it said."""

    wall_s: float
    cpu_s: float
    """of every core, its own children included"""
    peak_mb: float
    """resident memory of the largest single process"""
    code: int
    lines: int
    """lines on stdout"""
    said: str
    """stderr"""


def run(arguments: Sequence[str], at: Path = ROOT, **environment: str) -> Took:
    """A Python process of this interpreter with `arguments`, in the folder `at`, whose package it uses.

    Compiled byte code is kept, as it is for everybody who has not asked for the contrary.
    """
    around = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=at,
            env={**around, "PYTHONPATH": str(at), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        _, status, used = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        return Took(
            wall_s,
            used.ru_utime + used.ru_stime,
            used.ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0) / 1e6,
            child.returncode,
            _text(out).count("\n"),
            _text(err),
        )


def least(arguments: Sequence[str], runs: int) -> Took:
    """The run with the least processor time out of `runs`, after one that warms every cache.

    Raises
    ------
    RuntimeError : the process failed
    """
    tries = [run(arguments) for _ in range(runs + 1)]
    for took in tries:
        if took.code:
            raise RuntimeError(f"{' '.join(arguments)} left with {took.code}: {took.said[-500:]}")
    return min(tries[1:], key=lambda took: took.cpu_s)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")
