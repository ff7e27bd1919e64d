"""What lives in the capture's own process: sticks, the writer, the sync, and nothing slow.

Comes in: `Wanted`, and a pipe to whoever started it. Goes out: the capture file, and through the pipe copies
of what was received and what happened. It ends by its duration, when told to, or when nobody holds the other
end any more; within two seconds, with no thread left. Leaves to others: what a step does (`recorder.py`),
everything that people see (`capture.py`).

A busy thread in this process would cost messages (the interpreter runs one at a time), so numba, polars and
decoding stay outside; whoever watches too slowly misses copies, never the file.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from telemetry.errors import NoRadio, TelemetryError
from telemetry.ingest.antplus.capture_file import SYNC_EVERY_S, WRITE_EVERY_S, CaptureFile
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.antplus.door import Door
from telemetry.ingest.antplus.radio import FrameQueue, Radio, RadioEvent, find_sticks
from telemetry.ingest.antplus.recorder import Event, LiveRow, Recorder
from telemetry.ingest.antplus.stick import Faults
from telemetry.ingest.antplus.studio import Studio

SYNC_EVERY_WRITES: Final = 4
"""A sync follows every fourth write at once: a power cut costs four writes and that sync, under a second."""
LIVE_ROWS: Final = 40_000
"""Copies that wait for a slow watcher: a minute of a full room."""
SWITCH_S: Final = 0.0005
"""How long a thread may keep the interpreter from the reader."""
TRUTH: Final = "truth.json"


@dataclass(frozen=True)
class Virtual:
    """A simulated room in place of a radio."""

    bikes: int
    seed: int = 1
    duration_s: float = 60.0
    faults: tuple[Faults, ...] = (Faults(),)
    """one virtual stick each"""
    speed: float = 1.0
    """times as fast as real riders, to try more messages a second; the clocks of the rows then disagree"""


@dataclass(frozen=True)
class Wanted:
    """What a capture is to be. Everything in it can be sent to another process."""

    path: Path
    studio: Studio = field(default_factory=Studio)
    sticks: tuple[int, ...] = ()
    """counted from 0; none named: every stick that is plugged in"""
    duration_s: float | None = None
    keep_all: bool = False
    virtual: Virtual | None = None
    ble: bool = False
    """Bluetooth bikes as well (needs the package bleak)"""
    serial: int = 1


Message = tuple[str, Any]
"""("ready" | "failed" | "rows" | "event" | "ended", content)"""


def run(wanted: Wanted, pipe: Connection) -> None:
    """The whole life of the process."""
    # Ctrl-C reaches every process of the terminal: the parent decides what it means
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sys.setswitchinterval(SWITCH_S)
    stop = threading.Event()
    try:
        with ExitStack() as stack:
            _capture(wanted, pipe, stop, stack)
    except TelemetryError as problem:
        _say(pipe, ("failed", problem))
    except Exception as problem:
        # named here, because nobody would see a traceback of this process
        _say(pipe, ("failed", NoRadio(f"the capture failed: {type(problem).__name__}: {problem}"[:300])))
    finally:
        pipe.close()


def _capture(wanted: Wanted, pipe: Connection, stop: threading.Event, stack: ExitStack) -> None:
    studio = wanted.studio
    if wanted.virtual is not None:
        studio = _plug_in(wanted, stack)
    queue = FrameQueue()
    file = CaptureFile(wanted.path, time.time(), wanted.serial)
    recorder = Recorder(file, queue, Door(studio, wanted.keep_all))
    happened: deque[RadioEvent] = deque()
    radios: list[Radio] = []
    try:
        sticks = wanted.sticks or range(max(1, len(find_sticks())))
        radios += [Radio(queue, stick, happened.append) for stick in sticks]
        for radio in radios:
            radio.start()
    except BaseException:
        _stop(radios)
        file.close()
        wanted.path.unlink(missing_ok=True)
        raise
    recorder.note("started", len(radios))
    _say(pipe, ("ready", {"sticks": len(radios), "unix_s": recorder.unix_s(), "studio": studio}))
    watcher = _Watcher(pipe)
    damaged: dict[int, int] = {}

    def ask_sticks() -> None:
        for event in [happened.popleft() for _ in range(len(happened))]:
            if event.kind != "started":
                recorder.note(event.kind, event.stick, event.detail, event.time_s)
        for radio in radios:
            count = radio.damaged
            more = count - damaged.get(radio.stick, 0)
            if more > 0:
                damaged[radio.stick] = count
                recorder.note("damaged", more, f"stick {radio.stick}")

    written = threading.Event()

    def write() -> None:
        begun = time.monotonic()
        steps = 0
        while not stop.wait(max(0.0, WRITE_EVERY_S - (time.monotonic() - begun))):
            begun = time.monotonic()
            try:
                ask_sticks()
                watcher.show(*recorder.step())
                steps += 1
                if steps % SYNC_EVERY_WRITES == 0:
                    written.set()
            except Exception as problem:
                # whatever it was, the class goes on
                recorder.note("failed", None, f"{type(problem).__name__}: {problem}"[:40])

    def sync() -> None:
        while not stop.is_set():
            written.wait(SYNC_EVERY_S)
            written.clear()
            file.sync()

    def bluetooth() -> None:
        try:
            asyncio.run(_hear_bluetooth(studio, recorder, stop))
        except Exception as problem:
            recorder.note("failed", None, f"Bluetooth: {problem}"[:40])

    works = [write, sync, watcher.send, *([bluetooth] if wanted.ble else [])]
    threads = [threading.Thread(target=work, name=f"capture-{work.__name__}", daemon=True) for work in works]
    for thread in threads:
        thread.start()
    _listen(wanted, pipe, stop, recorder)
    stop.set()
    written.set()
    _stop(radios)
    for thread in (*threads[:2], *threads[3:]):
        thread.join(timeout=1.0)
    ask_sticks()
    rows, told, whole = recorder.close()
    watcher.show(rows, told)
    watcher.end()
    threads[2].join(timeout=0.5)
    lost = file.dropped + file.unwritten
    ended = {
        "whole": whole,
        # what the queue dropped never came as far as the recorder
        "messages": max(0, recorder.messages - (lost - queue.dropped)),
        "dropped": lost,
        "unseen": watcher.missed,
        "overflows": sum(radio.overflows for radio in radios),
    }
    if not threads[2].is_alive():
        _say(pipe, ("ended", ended))


async def _hear_bluetooth(studio: Studio, recorder: Recorder, stop: threading.Event) -> None:
    """Bluetooth rows until the capture stops, of the studio's bikes where it names any."""
    from telemetry.ingest.ble.address import address_number
    from telemetry.ingest.ble.live import listen

    ending = asyncio.Event()

    async def watch() -> None:
        while not stop.is_set():
            await asyncio.sleep(0.1)
        ending.set()

    listed = {address_number(address) for bike in studio.bikes for address in bike.ble}
    watching = asyncio.create_task(watch())
    try:
        await listen(
            recorder.ble.append,
            stop=ending,
            only=listed if studio.known else None,
            clock=recorder.unix_s,
            on_problem=lambda words: recorder.note("failed", None, words[:40]),
        )
    finally:
        watching.cancel()


def _plug_in(wanted: Wanted, stack: ExitStack) -> Studio:
    """A simulated room behind virtual sticks; its studio and truth are left beside the capture."""
    import json

    from telemetry.files import write_bytes
    from telemetry.ingest.antplus.stick import Schedule, VirtualStick
    from telemetry.ingest.antplus.studio import as_toml
    from telemetry.ingest.antplus.virtual_room import virtual_room
    from telemetry.ingest.antplus.virtual_usb import plugged_in

    virtual = wanted.virtual
    assert virtual is not None
    made = virtual_room(virtual.bikes, virtual.duration_s, virtual.seed)
    sticks = [
        VirtualStick(
            Schedule.of_sensors(made.sensors, faults, seed=virtual.seed + 7919 * i),
            faults,
            speed=virtual.speed,
            serial=i + 1,
        )
        for i, faults in enumerate(virtual.faults)
    ]
    write_bytes(wanted.path.with_name("studio.toml"), as_toml(made.studio).encode())
    write_bytes(wanted.path.with_name(TRUTH), json.dumps(made.truth).encode())
    stack.enter_context(plugged_in(*sticks))
    return made.studio.with_roster(wanted.studio.riders) if wanted.studio.riders else made.studio


def _listen(wanted: Wanted, pipe: Connection, stop: threading.Event, recorder: Recorder) -> None:
    """Wait for the end: of the time, by command, or of whoever started this."""
    until = None if wanted.duration_s is None else time.monotonic() + wanted.duration_s
    while not stop.is_set():
        left = 0.25 if until is None else min(0.25, until - time.monotonic())
        if left <= 0:
            return
        try:
            if not pipe.poll(left):
                continue
            word, detail = pipe.recv()
        except (EOFError, OSError):
            return
        if word == "stop":
            return
        recorder.note(word, None, detail)


def _stop(radios: list[Radio]) -> None:
    for radio in radios:
        radio.cancel()
    for radio in radios:
        radio.stop()


class _Watcher:
    """Sends copies from a thread of its own; what a slow receiver leaves waiting too long is counted."""

    def __init__(self, pipe: Connection) -> None:
        self.missed = 0
        self._pipe = pipe
        self._waiting: deque[Message] = deque()
        self._rows = 0
        self._more = threading.Condition()
        self._ending = False

    def show(self, rows: list[LiveRow | BleRow], events: list[Event]) -> None:
        with self._more:
            if self._rows + len(rows) > LIVE_ROWS:
                self.missed += len(rows)
            elif rows:
                self._waiting.append(("rows", rows))
                self._rows += len(rows)
            self._waiting.extend(("event", event) for event in events)
            self._more.notify()

    def end(self) -> None:
        with self._more:
            self._ending = True
            self._more.notify()

    def send(self) -> None:
        while True:
            with self._more:
                while not self._waiting and not self._ending:
                    self._more.wait()
                if not self._waiting:
                    return
                message = self._waiting.popleft()
                self._rows -= len(message[1]) if message[0] == "rows" else 0
            if not _say(self._pipe, message):
                return


def _say(pipe: Connection, message: Message) -> bool:
    """Send one message; False where nobody is there to hear it."""
    try:
        pipe.send(message)
    except (OSError, ValueError):
        return False
    return True
