"""How fast and how large a library is: `python -m benchmarks.library [--n 1000] [--full 10000]`.

Comes in: nothing; class files are made here, seeded. Goes out: classes a second into an empty library
(decode, analyse, store), seconds to add one to a large one, size against the FIT files,
memory. Goals: 60 a second on two cores, 0.5 s, 0.6, flat.
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.processes import TELEMETRY, Took, run
from telemetry.cli.library.work import tools
from telemetry.ingest.fit.export import activity
from telemetry.library.ingest import Input
from telemetry.library.library import open_library
from telemetry.model import ClassRecording, Device

START = dt.datetime(2024, 1, 1, 17, 30, tzinfo=dt.UTC)
MINUTES = 45
RIDERS = 40


def class_file(number: int) -> bytes:
    """A class of 45 min at 1 Hz with power, cadence and heart rate, on a bike and a day of its own."""
    rng = np.random.default_rng(number)
    seconds = 60 * MINUTES
    hard = (np.arange(seconds) // 150) % 2 == 0
    power = np.where(hard, 210.0, 120.0) + rng.normal(0.0, 9.0, seconds)
    columns = {
        "time_s": np.arange(float(seconds)),
        "power_w": power.round(),
        "cadence_rpm": (np.where(hard, 65.0, 88.0) + rng.normal(0.0, 2.0, seconds)).round(),
        "heart_rate_bpm": (90.0 + 0.25 * np.convolve(power, np.ones(70) / 70, "same")).round(),
    }
    device = Device("power", "development", "Bike", str(5000 + number % RIDERS), measures=("power_w",))
    started_at = START + dt.timedelta(days=number // RIDERS, minutes=number % 7)
    recording = ClassRecording(
        "made", "made", pl.DataFrame(columns), started_at=started_at, devices=(device,)
    )
    return activity(recording)


def make(folder: Path, first: int, count: int) -> int:
    """Write class files, a folder for each rider; their bytes in all."""
    size = 0
    for number in range(first, first + count):
        data = class_file(number)
        size += len(data)
        place = folder / f"r{number % RIDERS:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.fit").write_bytes(data)
    return size


def add(place: Path, folder: Path) -> Took:
    """`telemetry library add` of a folder of riders' folders, whole process."""
    said = ["library", "add", str(folder), "--pattern", "{rider}/{any}.fit", "--create-riders"]
    took = run([*TELEMETRY, *said, "--library", str(place)])
    if took.code:
        raise RuntimeError(f"left with {took.code}: {took.said[-500:]}")
    return took


def size_of(folder: Path, pattern: str) -> int:
    """Bytes of files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def fill(place: Path, count: int) -> None:
    """Grow a library to many classes by copies of rows, dates moved: only the catalog's size counts here."""
    from telemetry.library.analyses import pack_past, unpack_past
    from telemetry.library.tables import analyses, recordings

    with open_library(place) as library, library.catalog.write() as writer:
        rows = [dict(row) for row in writer.connection.execute(recordings.select()).mappings()]
        docs = {row.recording_id: row for row in writer.connection.execute(analyses.select())}
        have = len(rows)
        shift = 0
        while have < count:
            shift += 1
            for row in rows[: count - have]:
                days = dt.timedelta(days=60 * shift)
                name = f"{row['recording_id']}x{shift}"
                started = dt.datetime.fromisoformat(row["started_at"]) - days
                stopped = dt.datetime.fromisoformat(row["stopped_at"]) - days
                text = [f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (started, stopped)]
                copied = {**row, "recording_id": name, "started_at": text[0], "stopped_at": text[1]}
                copied.pop("row_hash")
                writer.insert(recordings, **copied)
                doc = dict(docs[row["recording_id"]]._mapping)
                for key in ("row_hash", "analysis_id"):
                    doc.pop(key)
                past = replace(unpack_past(doc["summary"]), started_at=started, id=name)
                writer.insert(analyses, **{**doc, "recording_id": name, "summary": pack_past(past)})
                have += 1


@dataclass(frozen=True, slots=True)
class OneMore:
    """Seconds of adding one class: the quickest of several, each figure measured in turn with the others."""

    whole_s: float
    """`telemetry library add`, whole process"""
    start_s: float
    """a process that imports what it is built on and starts a command that does nothing: no kernel, none of
    our modules"""
    warm_s: float
    """in a process that has added a class before, as the watcher of a folder adds it"""


def one_more(place: Path, folder: Path, numbers: Sequence[int]) -> OneMore:
    """Add a class at a time in each of three ways."""
    whole, start, warm = [], [], []
    with open_library(place) as library:
        for step, number in enumerate(numbers):
            path = folder / f"more-{number}.fit"
            path.write_bytes(class_file(number))
            rider = f"r{number % RIDERS:02}"
            if step % 2:
                began = time.perf_counter()
                done = list(library.add([Input(path, rider=rider)], tools()))
                warm.append(time.perf_counter() - began)
                assert [item.state for item in done] == ["added"]
                continue
            took = run([*TELEMETRY, "library", "add", str(path), "--library", str(place), "--rider", rider])
            if took.code:
                raise RuntimeError(f"left with {took.code}: {took.said[-500:]}")
            whole.append(took.wall_s)
            start.append(run(["-c", NOTHING]).wall_s)
    return OneMore(min(whole), min(start), min(warm[1:]))


BUILT_ON = "numpy, numba, polars, sqlalchemy, typer, rich"
NOTHING = f"""
import {BUILT_ON}
app = typer.Typer()
@app.command()
def nothing(file: str) -> None: pass
app(["file"])
"""
"""typer opens half of itself only where a command is run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--full", type=int, default=10000)
    said = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="telemetry-library-") as name:
        base = Path(name)
        few = said.n // 4
        size = make(base / "few", 0, few)
        shutil.copytree(base / "few", base / "drop")
        size += make(base / "drop", few, said.n - few)
        add(base / "warm", base / "few")
        less, took = add(base / "less", base / "few"), add(base / "L", base / "drop")
        rate = took.lines / took.wall_s
        print(f"{took.lines} of {said.n} class files in {took.wall_s:.1f} s: {rate:.0f} a second (goal 60)")
        print(f"processor time {1000 * took.cpu_s / said.n:.1f} ms a class, the start included")
        kept = size_of(base / "L", "*.parquet") + size_of(base / "L", "catalog.sqlite*")
        print(f"size {kept / size:.2f} of the FIT files, originals apart (goal 0.6)")
        print(f"memory {less.peak_mb:.0f} MB with {few} classes, {took.peak_mb:.0f} MB with {said.n}")
        fill(base / "L", said.full)
        more = one_more(base / "L", base, [said.n + RIDERS * step for step in range(16)])
        print(f"one more into {said.full} classes: {more.whole_s:.2f} s, whole process; one that imports")
        print(f"  {BUILT_ON}")
        print(f"  and starts a command that does nothing takes {more.start_s:.2f} s:")
        print(
            f"  {more.whole_s - more.start_s:.2f} s beyond it, {more.warm_s:.2f} s where one was added before"
        )
        print("  (goal 0.5 s beyond process start)")


if __name__ == "__main__":
    main()
