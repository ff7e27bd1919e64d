"""The room in figures: `python -m benchmarks.antplus [load|decoders|loss|kill|power] [--full]`.

Comes in: nothing but seeds. Goes out: tables. Without `--full` each part takes about a minute; with it the
whole campaign (a class of 45 min with 40 bikes, 200 kills, 40 seeds). Radio is simulated: these are figures
of the host. Parts: `antplus_decoders.py`, `antplus_loss.py`, `antplus_crash.py`; load stands here.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import antplus_crash, antplus_decoders, antplus_loss
from telemetry.ingest.antplus.capture import Capture
from telemetry.ingest.antplus.capture_process import Virtual, Wanted
from telemetry.ingest.antplus.capture_read import CaptureReader
from telemetry.ingest.antplus.stick import Schedule
from telemetry.ingest.antplus.virtual_room import virtual_room

CLASS_S = 2700.0
ROWS = (
    # bikes, times as fast as real, seconds, seconds of the whole campaign
    (40, 1.0, 20.0, 200.0),
    (40, 4.0, 20.0, CLASS_S / 4.0),
    (100, 1.0, 20.0, 200.0),
    (100, 3.0, 15.0, 150.0),
)


def load(full: bool) -> None:
    """Whole rooms through virtual sticks: what is lost on the host, how late, at what cost."""
    print(
        "| bikes x 4 | speed | messages/s | sent | lost on host | late p50 | late p99 | CPU of a core | RSS |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for bikes, speed, short, whole in ROWS:
        length = whole if full else short
        with tempfile.TemporaryDirectory() as folder:
            print(_one_load(Path(folder), bikes, speed, length), flush=True)
    print(
        "CPU holds reader, writer, sync and the simulated stick; late is from the slot to the time stamp in"
    )
    print("the file, above the fastest message (the write follows within 250 ms); RSS is its growth.")


def _one_load(folder: Path, bikes: int, speed: float, seconds: float) -> str:
    path = folder / "capture.fit"
    virtual = Virtual(bikes, 1, seconds * speed, speed=speed)
    with Capture(Wanted(path, duration_s=seconds, virtual=virtual)) as capture:
        assert capture.pid is not None
        begun, cpu, early = time.monotonic(), _cpu_s(capture.pid), 0.0
        late = cpu_late = 0.0
        for _ in capture.messages():
            now = time.monotonic() - begun
            if not early and now > seconds * 0.3:
                early = _rss_mb(capture.pid)
            if now < seconds - 0.5:
                late, cpu_late, at = _rss_mb(capture.pid), _cpu_s(capture.pid), now
    schedule = Schedule.of_sensors(virtual_room(bikes, seconds * speed, 1).sensors)
    places, times = _matched(schedule, path)
    sent = max(places) + 1
    behind = np.array(times) - schedule.time_s[places] / speed
    behind -= behind.min()
    p50, p99 = np.percentile(behind, (50, 99)) * 1000.0
    lost = sent - len(set(places))
    share = 100 * lost / sent
    return (
        f"| {bikes} | {speed:g} | {len(places) / seconds:.0f} | {sent:,} | {lost} ({share:.3f} %) "
        f"| {p50:.1f} ms | {p99:.1f} ms | {100 * (cpu_late - cpu) / at:.1f} % | {late - early:+.1f} MB |"
    )


def _matched(schedule: Schedule, path: Path) -> tuple[list[int], list[float]]:
    """Which scheduled message each received one is, and when it was received: each device in its order."""
    waiting: dict[tuple[int, int], deque[int]] = {}
    for i, device in enumerate(zip(schedule.number.tolist(), schedule.kind.tolist(), strict=True)):
        waiting.setdefault(device, deque()).append(i)
    places, times = [], []
    for item in CaptureReader(path).broadcasts():
        queue = waiting[item.device_number & 0xFFFF, item.device_type]
        while queue:
            i = queue.popleft()
            if (
                int(schedule.ticks[i]) & 0xFFFF == item.rx_ticks
                and schedule.payload[i].tobytes() == item.payload
            ):
                places.append(i)
                times.append(item.time_s)
                break
    return places, times


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


PARTS: dict[str, Callable[[bool], None]] = {
    "load": load,
    "decoders": antplus_decoders.main,
    "loss": antplus_loss.main,
    "kill": antplus_crash.kill,
    "power": antplus_crash.power,
}


def main() -> None:
    """Run the parts that were named, all of them where none was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.antplus")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--full", action="store_true", help="the whole campaign: 200 kills, 40 seeds")
    given = parser.parse_args()
    for name in given.parts:
        if name not in PARTS:
            parser.error(f"there is no {name!r}: {', '.join(PARTS)}")
    for name in given.parts or PARTS:
        print(f"\n## {name}\n", flush=True)
        PARTS[name](given.full)


if __name__ == "__main__":
    main()
