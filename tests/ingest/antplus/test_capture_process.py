"""A capture as it runs: in its own process, through faults, and to its end whoever asks for it."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import fitdecode
import fitparse
import numpy as np
import pytest

from telemetry.errors import CannotWrite, NoRadio
from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.capture import Capture
from telemetry.ingest.antplus.capture_file import CaptureFile
from telemetry.ingest.antplus.capture_process import Virtual, Wanted
from telemetry.ingest.antplus.capture_read import CaptureEvent, CaptureReader, recover
from telemetry.ingest.antplus.door import Door
from telemetry.ingest.antplus.frames import BROADCAST
from telemetry.ingest.antplus.leave import leave
from telemetry.ingest.antplus.radio import FrameQueue
from telemetry.ingest.antplus.recorder import Recorder
from telemetry.ingest.antplus.stick import Faults
from telemetry.ingest.antplus.studio import Bike, Studio
from telemetry.ingest.readers import parquet

ROOT = Path(__file__).parents[3]


def run(wanted: Wanted) -> tuple[Capture, list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []
    with Capture(wanted) as capture:
        said += capture.messages()
    assert not multiprocessing.active_children()
    return capture, said


def events(path: Path) -> list[CaptureEvent]:
    return [event for batch in CaptureReader(path) for event in batch.events]


def data_messages(path: Path) -> list[Broadcast]:
    return list(CaptureReader(path).broadcasts())


# --- a whole class ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Capture, list[tuple[str, Any]]]:
    folder = tmp_path_factory.mktemp("room")
    wanted = Wanted(folder / "capture.fit", duration_s=8.0, virtual=Virtual(3, 1, 8.0))
    return folder, *run(wanted)


def test_a_simulated_room_ends_by_itself_and_loses_nothing(
    room: tuple[Path, Capture, list[tuple[str, Any]]],
) -> None:
    folder, capture, said = room
    assert capture.ended is not None
    assert capture.ended["whole"]
    assert (capture.ended["dropped"], capture.ended["unseen"]) == (0, 0)
    got = data_messages(folder / "capture.fit")
    assert len(got) == capture.ended["messages"]
    assert len({item.key for item in got}) == 12
    assert len(got) == pytest.approx(12 * 8 * 4.05, rel=0.05)
    live = [row for kind, rows in said if kind == "rows" for row in rows]
    kept = [row for batch in CaptureReader(folder / "capture.fit") for row in batch.frames]
    assert [(row[0], row[2], row[3]) for row in live] == [tuple(row) for row in kept]
    assert [event.text for event in events(folder / "capture.fit")] == ["started", "ended"]


def test_its_recordings_are_close_to_the_truth(room: tuple[Path, Capture, list[tuple[str, Any]]]) -> None:
    folder, capture, _ = room
    left = leave(folder / "capture.fit", folder, capture.ready["studio"])
    truth = json.loads((folder / "truth.json").read_text())
    assert [path.name for path in left.recordings] == [f"seat-0{n}.parquet" for n in (1, 2, 3)]
    assert all(seat["reception_pct"] == 100.0 for seat in left.account["classes"][0]["seats"])
    for path, true in zip(left.recordings, truth["seats"], strict=True):
        (got,) = parquet.recordings(path.read_bytes(), path.name)
        for channel, within in (("cadence_rpm", 0.06), ("power_w", 0.15), ("heart_rate_bpm", 0.03)):
            # the first and the last turn of a crank are not known whole
            seen, really = got.array(channel)[2:7], np.array(true[channel])[2:7]
            assert seen.sum() == pytest.approx(really.sum(), rel=within), (channel, seen, really)


def test_other_readers_open_it(room: tuple[Path, Capture, list[tuple[str, Any]]]) -> None:
    folder, capture, _ = room
    assert by_others(folder / "capture.fit") == [capture.ended["messages"] if capture.ended else None] * 2


def by_others(path: Path) -> list[int]:
    with fitdecode.FitReader(str(path), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        first = sum(isinstance(item, fitdecode.FitDataMessage) and item.name == "ant_rx" for item in reader)
    second = len(list(fitparse.FitFile(str(path), check_crc=True).get_messages("ant_rx")))
    return [first, second]


# --- faults -------------------------------------------------------------------------------------------------


def test_pulling_the_stick_out_is_told_written_and_survived(tmp_path: Path) -> None:
    faults = Faults(unplugged_s=((0.8, 1.3),), bad_checksums_s=(0.4, 0.5), stray_bytes_s=(0.6,))
    path = tmp_path / "capture.fit"
    _, said = run(Wanted(path, duration_s=3.0, virtual=Virtual(2, 1, 3.0, (faults,))))
    told = [content.kind for kind, content in said if kind == "event"]
    assert [kind for kind in told if kind != "damaged"] == ["started", "unplugged", "replugged", "ended"]
    written = {event.text.split(":")[0]: event for event in events(path)}
    assert sum(event.data for event in events(path) if event.text.startswith("damaged")) == 2
    assert 0 < written["replugged"].unix_s - written["unplugged"].unix_s < 3.5
    assert max(item.time_s for item in data_messages(path)) > 2.7


def test_two_sticks_are_written_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    both = (Faults(loss=0.3), Faults(loss=0.3))
    capture, _ = run(Wanted(path, duration_s=3.0, virtual=Virtual(2, 1, 3.0, both)))
    left = leave(path, tmp_path, capture.ready["studio"])
    assert left.account["sticks"] == 2
    assert left.account["heard_twice"] > 20
    assert {item.stick for item in data_messages(path)} == {0, 1}


def test_a_watcher_that_raises_does_not_end_the_class(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    heard = 0

    def fail(kind: str, content: Any) -> None:
        raise ValueError("no such column")

    def listen(kind: str, content: Any) -> None:
        nonlocal heard
        heard += len(content) if kind == "rows" else 0

    with Capture(Wanted(path, duration_s=2.0, virtual=Virtual(1, 1, 2.0))) as capture:
        capture.follow(fail, listen)
    assert capture.ended is not None
    assert capture.ended["messages"] == heard == len(data_messages(path))
    assert "failed: ValueError: no such column" in {event.text for event in events(path)}


def test_a_class_is_announced_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    with Capture(Wanted(path, virtual=Virtual(1, 1, 10.0))) as capture:
        capture.tell("class_start")
        time.sleep(0.6)
        capture.tell("class_stop")
        time.sleep(0.4)
        begun = time.monotonic()
        capture.stop()
        list(capture.messages())
        assert time.monotonic() - begun < 2.0
    assert [(event.event, event.kind) for event in events(path)][1:3] == [
        (form.TIMER, form.START),
        (form.TIMER, form.STOP_ALL),
    ]


# --- killed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_capture_loses_a_quarter_of_a_second_and_opens_everywhere(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    with Capture(Wanted(path, virtual=Virtual(3, 1, 30.0))) as capture:
        assert capture.pid is not None
        time.sleep(random.Random(seed).uniform(0.6, 1.6))
        os.kill(capture.pid, signal.SIGKILL)
        killed = time.time()
        with pytest.raises(NoRadio, match="--recover"):
            list(capture.messages())
    before = [row.body for batch in CaptureReader(path) for row in batch.frames]
    last = max(row.unix_s for batch in CaptureReader(path) for row in batch.frames)
    # a quarter of a second, one slot of twelve sensors, and the pauses of a busy machine
    assert killed - last < 0.25 + 0.1 + 0.3
    recover(path)
    assert [row.body for batch in CaptureReader(path) for row in batch.frames] == before
    assert by_others(path) == [len(before)] * 2


PARENT = """
import sys, time
from pathlib import Path
from telemetry.ingest.antplus.capture import Capture
from telemetry.ingest.antplus.capture_process import Virtual, Wanted
with Capture(Wanted(Path(sys.argv[1]), virtual=Virtual(1, 1, 60.0))) as capture:
    print(capture.pid, flush=True)
    time.sleep(60)
"""


def test_the_capture_finishes_its_file_when_its_parent_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.6)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5.0
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
    reader = CaptureReader(path)
    assert sum(len(batch.frames) for batch in reader) > 0
    assert reader.closed


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as handle:
            return handle.read().split()[2] != "Z"
    except FileNotFoundError:
        return True  # no /proc: the signal found it
    except ProcessLookupError:
        return False


# --- refusals -----------------------------------------------------------------------------------------------


def test_no_stick_is_said_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # whatever is plugged in here: the process looks for a stick that nobody has
    with pytest.raises(NoRadio), Capture(Wanted(tmp_path / "capture.fit", sticks=(90,), duration_s=1.0)):
        pass
    assert list(tmp_path.iterdir()) == []
    assert not multiprocessing.active_children()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "missing" / "capture.fit", tmp_path / "file" / "capture.fit"):
        with pytest.raises(CannotWrite), Capture(Wanted(path, virtual=Virtual(1, 1, 1.0))):
            pass
    (tmp_path / "capture.fit").write_bytes(b"precious")
    with (
        pytest.raises(CannotWrite, match="cannot be started"),
        Capture(Wanted(tmp_path / "capture.fit", virtual=Virtual(1, 1, 1.0))),
    ):
        pass
    assert (tmp_path / "capture.fit").read_bytes() == b"precious"


# --- the recorder, step by step -----------------------------------------------------------------------------


class Clocks:
    """A wall clock and a monotonic one, moved by hand."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_790_000_000.0, 500.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


def recorder(path: Path, studio: Studio | None = None, keep_all: bool = False) -> tuple[Recorder, Clocks]:
    clocks = Clocks()
    made = Recorder(
        CaptureFile(path, clocks.wall),
        FrameQueue(limit=100),
        Door(studio or Studio(), keep_all),
        wall=lambda: clocks.wall,
        monotonic=lambda: clocks.mono,
    )
    return made, clocks


def body(number: int, rssi_dbm: int = -60, kind: int = 11) -> bytes:
    extras = (
        bytes([0xE0]) + number.to_bytes(2, "little") + bytes([kind, 5, 0x20, rssi_dbm & 0xFF, 0x80, 0, 0])
    )
    return bytes(9) + extras


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 0.6])
def test_a_wall_clock_that_jumps_is_an_event_and_never_applied(jump_s: float, tmp_path: Path) -> None:
    made, clocks = recorder(tmp_path / "capture.fit")
    for n in range(8):
        clocks.go(0.25)
        if n == 4:
            clocks.wall += jump_s
        made.queue.put((clocks.mono, 0, BROADCAST, body(1)))
        made.step()
    assert made.close()[2]
    times = [row.unix_s for batch in CaptureReader(tmp_path / "capture.fit") for row in batch.frames]
    assert np.diff(times) == pytest.approx([0.25] * 7, abs=1e-4)
    (jump,) = (event for event in events(tmp_path / "capture.fit") if event.text.startswith("clock_jump"))
    assert jump.text == f"clock_jump: {jump_s:+.1f} s"


def test_a_clock_that_is_only_trimmed_is_no_event(tmp_path: Path) -> None:
    made, clocks = recorder(tmp_path / "capture.fit")
    for _ in range(8):
        clocks.go(0.25)
        clocks.wall += 0.05
        made.step()
    made.close()
    assert [event.text for event in events(tmp_path / "capture.fit")] == ["ended"]


def test_neighbours_are_counted_and_not_stored(tmp_path: Path) -> None:
    studio = Studio(bikes=(Bike("01", {11: 1}),))
    for keep_all in (False, True):
        path = tmp_path / f"{keep_all}.fit"
        made, clocks = recorder(path, studio, keep_all)
        for n in range(10):
            made.queue.put((clocks.mono + n / 100, 0, BROADCAST, body(1 if n % 2 else 99)))
        made.step()
        made.close()
        numbers = [item.device_number for item in data_messages(path)]
        foreign = [(event.text, event.data) for event in events(path) if event.text.startswith("foreign")]
        if keep_all:
            assert (set(numbers), foreign) == ({1, 99}, [])
        else:
            assert numbers == [1] * 5
            assert foreign == [("foreign: 99/11/5", 5)]


def test_without_a_list_strength_decides_who_is_of_the_room() -> None:
    door = Door(Studio(min_rssi_dbm=-80))
    assert door.lets(body(1, -60))
    assert not door.lets(body(2, -95))
    assert [seen.number for seen in door.refused()] == [2]
    listed = Door(Studio(bikes=(Bike("01", {11: 2}),), min_rssi_dbm=-80))
    assert listed.lets(body(2, -95)), "a listed bike behind a body stays in"


def test_what_the_queue_dropped_is_written(tmp_path: Path) -> None:
    made, clocks = recorder(tmp_path / "capture.fit")
    for _ in range(130):
        made.queue.put((clocks.mono, 0, BROADCAST, body(1)))
    rows, told = made.step()
    made.close()
    assert len(rows) == 100
    assert [(event.kind, event.number) for event in told] == [("dropped", 30)]
    reader = CaptureReader(tmp_path / "capture.fit")
    assert list(reader)
    assert reader.dropped == 30


def test_a_full_disk_is_said_once_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, clocks = recorder(tmp_path / "capture.fit")
    real = os.write
    full = False

    def refuse(handle: int, data: bytes) -> int:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr("telemetry.ingest.antplus.capture_file.os.write", refuse)
    for n in range(40):
        full = 10 <= n < 25
        clocks.go(0.25)
        made.queue.put((clocks.mono, 0, BROADCAST, body(n)))
        made.step()
    assert made.close()[2]
    assert [item.device_number for item in data_messages(tmp_path / "capture.fit")] == [
        number & 0xFFFF for number in range(40)
    ]
    assert [event.text for event in events(tmp_path / "capture.fit")] == ["disk_full", "disk_back", "ended"]


def test_nothing_of_a_capture_is_left_in_this_process() -> None:
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("ant-", "capture-"))]
