"""How long a trend page and a roster take, whole processes: `python -m benchmarks.trend_page`.

Comes in: nothing; a library of 5,000 classes of 100 riders is made in a temporary folder: the rows of the
catalog without samples, which neither command opens. Goes out: wall-clock seconds of `telemetry trends` (a
PDF of 12 weeks) and of `telemetry roster`, best and median, and seconds of one core. Goals: 3 s and 1 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from telemetry.library import open_library
from telemetry.library.analyses import pack_past
from telemetry.library.codec import stamp
from telemetry.library.packing import pack
from telemetry.library.tables import analyses, recordings, riders
from telemetry.model import PainEntry, PastClass, Treatment

START = datetime(2025, 6, 2, 17, 30, tzinfo=UTC)
UNTIL = "2026-05-17"
PDF_S, ROSTER_S = 3.0, 1.0


def fill(folder: Path, classes: int, people: int, seed: int = 3) -> str:
    """A library of so many classes; the rider whose diary is full."""
    rng = np.random.default_rng(seed)
    each = classes // people
    metrics: dict[str, float | None] = {f"metric_{i}": float(i) for i in range(40)}
    with open_library(folder) as kept:
        with kept.catalog.write() as writer:
            now = stamp(START)
            for person in range(people):
                rider = f"r{person:03d}"
                writer.insert(riders, rider_id=rider, subject=f"{person:032x}", created_at=now)
                for number in range(each):
                    load = float(60.0 * np.exp(rng.normal(0.0, 0.12)))
                    past = PastClass(
                        started_at=START + timedelta(days=350.0 * number / each),
                        torque_load=load,
                        torque_reference_nm=23.0,
                        reference_kind="ftp",
                        grinding_strokes=300.0,
                        pedalling_min=45.0,
                        usable=True,
                        power_measured=True,
                        balance=(),
                        id=f"{person:04x}{number:08x}",
                        duration_s=3000.0,
                        quality="good",
                        state="usual",
                        metrics=metrics | {"torque_load": load, "grinding_min": 4.0, "unbroken_min": 25.0},
                        version="0.1.0",
                    )
                    _insert(writer, rider, past)
        noted = [
            PainEntry(START + timedelta(days=int(day), hours=2), float(rng.integers(1, 8)))
            for day in range(0, 350, 2)
        ]
        done = [Treatment(START + timedelta(days=day), "adjustment") for day in range(20, 350, 30)]
        kept.note("r000", [*noted, *done])
    return "r000"


def _insert(writer: object, rider: str, past: PastClass) -> None:
    """The two rows of a class."""
    from telemetry.library.catalog import Writer

    assert isinstance(writer, Writer)
    started = stamp(past.started_at)
    writer.insert(
        recordings,
        recording_id=past.id,
        rider_id=rider,
        started_at=started,
        stopped_at=stamp(past.started_at + timedelta(seconds=past.duration_s)),
        duration_s=past.duration_s,
        rows=3000,
        devices="",
        samples=past.id,
        samples_size=1,
        about=b"",
        added_at=started,
    )
    writer.insert(
        analyses,
        recording_id=past.id,
        version=1,
        current=1,
        code_version="0.1.0",
        basis="",
        made_at=started,
        run="",
        summary=pack_past(replace(past, by_minute=None)),
        content=pack({"by_minute": None}),
    )


def seconds(arguments: list[str], runs: int) -> tuple[float, float, float]:
    """Best and median wall-clock seconds of the command line and best of one core, a process for each run."""
    spent, worked = [], []
    for _ in range(runs):
        before, start = os.times(), time.perf_counter()
        subprocess.run([sys.executable, "-m", "telemetry", *arguments], check=True, capture_output=True)
        spent.append(time.perf_counter() - start)
        after = os.times()
        worked.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    return min(spent), float(np.median(spent)), min(worked)


def main() -> None:
    """Print both against their goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--classes", type=int, default=5000)
    parser.add_argument("--riders", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "L"
        rider = fill(library, asked.classes, asked.riders)
        pdf = str(Path(folder) / "trend.pdf")
        where = ["--library", str(library)]
        print(f"{'whole process, seconds':44s} {'best':>6s} {'median':>7s} {'core':>6s} {'goal':>5s}")
        for name, arguments, goal in (
            ("trend PDF of 12 weeks", ["trends", rider, "--until", UNTIL, "-o", pdf, *where], PDF_S),
            (f"roster of {asked.classes} classes", ["roster", *where], ROSTER_S),
        ):
            best, middle, core = seconds(arguments, asked.runs)
            print(f"{name:44s} {best:6.2f} {middle:7.2f} {core:6.2f} {goal:5.1f}")


if __name__ == "__main__":
    main()
