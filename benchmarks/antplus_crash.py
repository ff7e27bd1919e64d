"""A capture killed, and a capture whose power is cut, again and again: what is lost, and who can read it.

Comes in: nothing but seeds. Goes out: seconds lost at each kill, and for every moment of a system-call log
what a power cut there would have left. Leaves to others: load (`antplus.py`).
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import fitdecode
import fitparse
import numpy as np

from telemetry.errors import NoRadio
from telemetry.ingest.antplus.capture import Capture
from telemetry.ingest.antplus.capture_process import Virtual, Wanted
from telemetry.ingest.antplus.capture_read import CaptureReader, recover

BIKES = 10
SLOT_S = 0.25 / (4 * BIKES)
_LINE = re.compile(r"^\d+\s+(\d+\.\d+) (\w+)\(.*= (-?\d+).*<([\d.]+)>$")


def kill(full: bool) -> None:
    """kill -9 at random moments: the newest message in the file against the moment of the kill."""
    times = 200 if full else 15
    lost, opened = [], 0
    for seed in range(times):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "capture.fit"
            with Capture(Wanted(path, virtual=Virtual(BIKES, seed + 1, 8.0))) as capture:
                assert capture.pid is not None
                time.sleep(random.Random(seed).uniform(0.4, 2.0))
                os.kill(capture.pid, signal.SIGKILL)
                killed = time.time()
                try:
                    for _ in capture.messages():
                        continue
                except NoRadio:
                    pass
            newest = max((row.unix_s for batch in CaptureReader(path) for row in batch.frames), default=0.0)
            lost.append(killed - newest)
            recover(path)
            opened += by_all(path)
    seconds = np.array(lost)
    print("| kills | median lost | p95 | worst | over 0.25 s | read by ours, fitdecode, fitparse |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {times} | {np.median(seconds):.3f} s | {np.percentile(seconds, 95):.3f} s "
        f"| {seconds.max():.3f} s | {int((seconds > 0.25 + SLOT_S).sum())} | {opened} of {times} |"
    )
    print(
        "seconds are from the newest message in the file to the kill, so they hold the writer's own lateness"
    )


def by_all(path: Path) -> bool:
    """Whether the three readers agree on the number of messages, checksums checked."""
    ours = sum(len(batch.frames) for batch in CaptureReader(path))
    with fitdecode.FitReader(str(path), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        first = sum(isinstance(item, fitdecode.FitDataMessage) and item.name == "ant_rx" for item in reader)
    second = len(list(fitparse.FitFile(str(path), check_crc=True).get_messages("ant_rx")))
    return bool(ours == first == second)


@dataclass(frozen=True, slots=True)
class _Call:
    begun_s: float
    took_s: float
    name: str
    size: int


def power(full: bool) -> None:
    """Power cut at every moment between two system calls: what the last completed sync had made safe."""
    if shutil.which("strace") is None:
        print("no strace here: not measured")
        return
    seconds = 60 if full else 8
    with tempfile.TemporaryDirectory() as folder:
        log, room = Path(folder) / "log", Path(folder) / "room"
        subprocess.run(
            ["strace", "-f", "-ttt", "-T", "-y", "-e", "trace=write,fdatasync,fsync", "-o", str(log),
             sys.executable, "-m", "telemetry", "capture", "--virtual", str(BIKES),
             "--duration", str(seconds), "--out", str(room), "--json"],
            check=True, capture_output=True,
        )  # fmt: skip
        calls = list(_calls(log))
        whole = (room / "capture.fit").read_bytes()
        _cut_everywhere(calls, whole, Path(folder) / "cut.fit")


def _calls(log: Path) -> list[_Call]:
    found = []
    pending: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        pid = line.split(" ", 1)[0]
        if "<unfinished ...>" in line:
            pending[pid] = line.split("<unfinished ...>")[0]
            continue
        if "resumed>" in line:
            line = pending.pop(pid, "") + line.split("resumed>", 1)[1]
        if "capture.fit>" not in line:
            continue
        match = _LINE.match(line)
        if match:
            size = int(match[3]) if match[2] == "write" else 0
            found.append(_Call(float(match[1]), float(match[4]), match[2], size))
    return sorted(found, key=lambda call: call.begun_s)


def _cut_everywhere(calls: list[_Call], whole: bytes, path: Path) -> None:
    writes: list[tuple[float, int]] = []
    total = 0
    for call in calls:
        if call.name == "write":
            total += call.size
            writes.append((call.begun_s, total))
    syncs = [call for call in calls if call.name in ("fdatasync", "fsync")]
    safe = [
        (sync.begun_s + sync.took_s, max((size for at, size in writes if at <= sync.begun_s), default=0))
        for sync in syncs
    ]
    lost, unread = [], 0
    # the worst moments: just before the next write and just before it is synced
    moments = sorted([at for at, _ in writes[1:]] + [done for done, _ in safe])
    for at in moments:
        kept = max((size for done, size in safe if done < at), default=0)
        if not kept:
            continue  # before the first sync nobody was told that a capture had begun
        written_at = max((when for when, size in writes if size <= kept), default=writes[0][0])
        lost.append(at - written_at)
        for tail in (b"", bytes(4096), whole[kept : kept + 700]):
            # what was not synced may be absent, a page of zeros, or half there
            path.write_bytes(whole[:4] + b"\xff\xff\xff\xff" + whole[8:kept] + tail)
            rows = sum(len(batch.frames) for batch in CaptureReader(path) if not batch.damaged)
            path.write_bytes(whole[:4] + b"\xff\xff\xff\xff" + whole[8:kept])
            unread += rows < sum(len(batch.frames) for batch in CaptureReader(path))
    took = np.array([sync.took_s for sync in syncs])
    print("| moments of a power cut | median lost | worst lost | longest sync | states not read whole |")
    print("|---|---|---|---|---|")
    print(
        f"| {len(lost)} x 3 | {np.median(lost):.2f} s | {max(lost):.2f} s | {1000 * took.max():.1f} ms "
        f"| {unread} |"
    )
