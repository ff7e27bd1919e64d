"""What a library survives: processes killed, disks that fail, bits that flip.

    python -m benchmarks.faults_library kill --n 1000     kill -9 at a random moment of an add
    python -m benchmarks.faults_library io --n 500        a system call fails, once or for good, EIO or ENOSPC
    python -m benchmarks.faults_library rot --n 2000      one bit of one file is another

Comes in: a number of trials and a seed. Goes out: one JSON line with counts; exit code 1 where anything was
lost, half visible or wrong in silence. Storage is what is tried here, so reading and analysing are stand-ins.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars  # noqa: F401  opened here, used in children only: a fork after its first use hangs

from telemetry.errors import TelemetryError
from telemetry.library import ingest
from telemetry.library.analyses import Tools
from telemetry.library.ingest import Input
from telemetry.library.library import Library, open_library
from telemetry.library.verify import verify
from telemetry.model import ClassRecording, PainEntry, PastClass, Treatment

SHIM: Final = Path(__file__).with_name("failing_disk.c")
CLASSES: Final = 24
START: Final = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)


# --- stand-ins ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Analysis:
    """As much of an analysis as a library looks at."""

    recording: ClassRecording

    def to_dict(self) -> dict[str, Any]:
        """A document of a plausible size."""
        text = hashlib.sha256(self.recording.id.encode()).hexdigest()
        return {
            "recording": {
                "id": self.recording.id,
                "started_at": str(self.recording.started_at),
                "duration_s": self.recording.duration_s,
            },
            "noise": [text[i:] for i in range(64)],
            "by_minute": None,
        }


def read(data: bytes, name: str) -> list[ClassRecording]:
    """A class from a number: seeded samples, a date of its own."""
    import polars as pl

    number = int(data)
    draw = random.Random(number)
    rows = 600
    samples = pl.DataFrame(
        {
            "time_s": [float(second) for second in range(rows)],
            "power_w": [float(draw.randrange(400)) for _ in range(rows)],
            "cadence_rpm": [float(draw.randrange(40, 110)) for _ in range(rows)],
        }
    )
    started_at = START + timedelta(days=number)
    digest = hashlib.sha256(data).hexdigest()[:12]
    return [ClassRecording(digest, "made", samples, name, started_at)]


def past_class(analysis: Any) -> PastClass:
    """What later classes hear of it."""
    recording = analysis["recording"]
    return PastClass(
        datetime.fromisoformat(recording["started_at"]),
        50.0,
        25.0,
        "ftp",
        100.0,
        10.0,
        True,
        True,
        (),
        recording["id"],
        recording["duration_s"],
    )


TOOLS: Final = Tools(
    load=Path.read_bytes,
    read=read,
    analyze=lambda recording, rider, past, diary: Analysis(recording),  # type: ignore[arg-type,return-value]
    past_class=past_class,
    code_version="trial",
)


def drop(folder: Path, count: int = CLASSES) -> list[Input]:
    """Files to add, in no order of time."""
    folder.mkdir()
    numbers = list(range(count))
    random.Random(count).shuffle(numbers)
    for number in numbers:
        (folder / f"{number}.fit").write_text(str(number))
    return [Input(folder / f"{number}.fit", "r07") for number in numbers]


def class_id(item: Input) -> str:
    """The id that a file's class will have."""
    return hashlib.sha256(item.path.read_bytes()).hexdigest()[:12]


def faults_after(place: Path, acknowledged: Sequence[str], inputs: Sequence[Input]) -> list[str]:
    """What is wrong with a library after a trial: lost, double, half visible, or not as it was written."""
    try:
        with open_library(place, wait_s=30.0) as library:
            found = [f"{fault}" for fault in verify(library)]
            rows = library.rows()
            ids = [row["recording_id"] for row, _ in rows]
            found += [f"lost {lost}" for lost in set(acknowledged) - set(ids)]
            found += [f"half visible {row['recording_id']}" for row, past in rows if past is None]
            if len(set(ids)) != len(ids):
                found.append("a class is there twice")
            unknown = set(ids) - {class_id(item) for item in inputs}
            found += [f"never added {name}" for name in unknown]
            return found
    except TelemetryError as problem:
        return [f"does not open: {problem}"]


# --- kill -9 ------------------------------------------------------------------------------------------------


def kill(trials: int, seed: int) -> dict[str, Any]:
    """Kill an `add` at a random moment, look, let another one finish the work, look again."""
    draw = random.Random(seed)
    wrong: list[str] = []
    inside = 0
    whole_s = 0.0
    with tempfile.TemporaryDirectory(prefix="telemetry-kill-") as name:
        base = Path(name)
        inputs = drop(base / "drop")
        for trial in range(-1, trials):
            place = base / f"L{trial}"
            begun = time.monotonic()
            child, acknowledgements = _forked(place, inputs)
            if trial >= 0:  # the first one runs to its end, to know how long that is
                time.sleep(draw.uniform(0.0, whole_s))
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            said = _all(acknowledgements)
            _, status = os.waitpid(child, 0)
            whole_s = whole_s or time.monotonic() - begun
            acknowledged = [line for line in said.split("\n")[:-1] if line]
            inside += os.WIFSIGNALED(status)
            wrong += faults_after(place, acknowledged, inputs)
            child, acknowledgements = _forked(place, inputs)
            _all(acknowledgements)
            os.waitpid(child, 0)
            wrong += faults_after(place, [class_id(item) for item in inputs], inputs)
            shutil.rmtree(place)
    return {"kills": trials, "before the end": inside, "wrong": wrong}


def _forked(place: Path, inputs: Sequence[Input]) -> tuple[int, int]:
    """A child that adds everything and says each id once it is on the disk. Polars is not used before."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(write_end)
        return child, read_end
    os.close(read_end)
    code = 1
    ingest.WINDOW = 4  # type: ignore[misc]  # more commits, more moments between them
    try:
        with open_library(place, wait_s=30.0) as library:
            for done in library.add(inputs, TOOLS, threads=2):
                if done.state in ("added", "known"):
                    os.write(write_end, f"{done.id}\n".encode())
        code = 0
    finally:
        os._exit(code)


def _all(handle: int) -> str:
    pieces = []
    while piece := os.read(handle, 65536):
        pieces.append(piece)
    os.close(handle)
    return b"".join(pieces).decode()


# --- a disk that fails --------------------------------------------------------------------------------------


def io(trials: int, seed: int) -> dict[str, Any]:
    """Make one system call on the library's files fail, once or from then on; then look, and go on."""
    if "TELEMETRY_FAILING_DISK" not in os.environ:
        return _under_shim(trials, seed)
    shim = ctypes.CDLL(os.environ["TELEMETRY_FAILING_DISK"])
    wrong: list[str] = []
    failed = 0
    with tempfile.TemporaryDirectory(prefix="telemetry-io-") as name:
        base = Path(name)
        shim.fault_under(str(base / "L").encode())
        inputs = drop(base / "drop", 3)
        calls = _counted(shim, base / "Lcount", inputs)
        draw = random.Random(seed)
        points = [draw.randrange(1, calls + 1) for _ in range(trials)] if trials < 4 * calls else []
        cases = [(at, draw.choice((5, 28)), draw.random() < 0.5) for at in points] or [
            (at, errno, sticky) for at in range(1, calls + 1) for errno in (5, 28) for sticky in (False, True)
        ]
        for number, (at, errno, sticky) in enumerate(cases):
            place = base / f"L{number}"
            acknowledged = _with_fault(shim, place, inputs, at, errno, sticky)
            failed += len(acknowledged) < len(inputs)
            what = f"call {at}, errno {errno}{', for good' if sticky else ''}: "
            wrong += [what + said for said in faults_after(place, acknowledged, inputs)]
            _with_fault(shim, place, inputs, 0, 0, False)
            after = faults_after(place, [class_id(item) for item in inputs], inputs)
            wrong += [what + "after going on: " + said for said in after]
            shutil.rmtree(place)
        return {"calls": calls, "trials": len(cases), "adds that failed": failed, "wrong": wrong}


def _under_shim(trials: int, seed: int) -> dict[str, Any]:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        return {"skipped": "no C compiler, or not on Linux"}
    with tempfile.TemporaryDirectory(prefix="telemetry-shim-") as folder:
        built = Path(folder) / "failing_disk.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", built, SHIM, "-ldl"], check=True)
        environment = {**os.environ, "LD_PRELOAD": str(built), "TELEMETRY_FAILING_DISK": str(built)}
        command = [
            sys.executable,
            "-m",
            "benchmarks.faults_library",
            "io",
            "--n",
            str(trials),
            "--seed",
            str(seed),
        ]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not ran.stdout:
            return {"wrong": [ran.stderr[-2000:]]}
        found: dict[str, Any] = json.loads(ran.stdout)
        return found


def _counted(shim: Any, place: Path, inputs: Sequence[Input]) -> int:
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        shim.fault_arm(0, 0, 0)
        with open_library(place) as library:
            for _ in library.add(inputs, TOOLS, threads=1):
                pass
        os.write(write_end, str(shim.fault_calls()).encode())
        os._exit(0)
    os.close(write_end)
    calls = int(_all(read_end))
    os.waitpid(child, 0)
    return calls


def _with_fault(
    shim: Any, place: Path, inputs: Sequence[Input], at: int, errno: int, sticky: bool
) -> list[str]:
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        shim.fault_arm(at, errno, int(sticky))
        try:
            with open_library(place) as library:
                for done in library.add(inputs, TOOLS, threads=1):
                    if done.state in ("added", "known"):
                        os.write(write_end, f"{done.id}\n".encode())
        except TelemetryError:
            pass
        except BaseException as problem:
            os.write(write_end, f"undocumented {type(problem).__name__}: {problem}\n".encode())
        os._exit(0)
    os.close(write_end)
    said = _all(read_end).split("\n")[:-1]
    os.waitpid(child, 0)
    return said


# --- bits that flip -----------------------------------------------------------------------------------------


def rot(trials: int, seed: int) -> dict[str, Any]:
    """Flip one bit anywhere in a library: `verify` says so, or everything that can be read is right."""
    draw = random.Random(seed)
    named = harmless = 0
    silent: list[str] = []
    with tempfile.TemporaryDirectory(prefix="telemetry-rot-") as name:
        base = Path(name)
        inputs = drop(base / "drop", 6)
        whole = base / "whole"
        with _left_open(whole, inputs) as library:
            right = _everything(library)
            shutil.copytree(whole, base / "copy")  # as a crash leaves it: the log is not folded in
        files = sorted(path for path in (base / "copy").rglob("*") if path.is_file() and path.stat().st_size)
        sizes = [path.stat().st_size for path in files]
        for trial in range(trials):
            place = base / f"rot{trial}"
            shutil.copytree(base / "copy", place)
            # half of the flips by size, half by file: small files matter as much
            file = draw.choices(files, sizes)[0] if trial % 2 else draw.choice(files)
            path = place / file.relative_to(base / "copy")
            path.chmod(0o600)
            data = bytearray(path.read_bytes())
            bit = draw.randrange(8 * len(data))
            data[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(data)
            try:
                with open_library(place, create=False, wait_s=1.0) as library:
                    if next(iter(verify(library)), None) is not None:
                        named += 1
                    elif _everything(library) == right:
                        harmless += 1
                    else:
                        silent.append(f"{file.relative_to(base / 'copy')} bit {bit}")
            except TelemetryError:
                named += 1
            shutil.rmtree(place)
    return {"flips": trials, "named": named, "harmless": harmless, "wrong": silent}


@contextmanager
def _left_open(place: Path, inputs: Sequence[Input]) -> Iterator[Library]:
    with open_library(place) as library:
        list(library.add(inputs, TOOLS, threads=2))
        library.set_rider("r07", {"mass_kg": 70.0, "ftp_w": 210.0}, name="A name")
        library.note("r07", [PainEntry(START, 4.0), Treatment(START, "massage")])
        yield library


def _everything(library: Library) -> Any:
    """Every value that a library gives out."""
    rows = library.rows()
    return (
        [(dict(row), past) for row, past in rows],
        [library.recording(row["recording_id"]).samples.to_dict(as_series=False) for row, _ in rows],
        [library.analysis(row["recording_id"]) for row, _ in rows],
        [library.original(row["recording_id"]) for row, _ in rows],
        [dict(row) for row in library.riders()],
        library.facts("r07"),
        library.diary("r07"),
        [dict(row) for row in library.audit()],
    )


CAMPAIGNS: Final = {"kill": kill, "io": io, "rot": rot}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one campaign and print one JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("campaign", choices=sorted(CAMPAIGNS))
    parser.add_argument("--n", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args(arguments)
    result = CAMPAIGNS[said.campaign](said.n, said.seed)
    print(json.dumps(result))
    return int(bool(result.get("wrong")))


if __name__ == "__main__":
    raise SystemExit(main())
