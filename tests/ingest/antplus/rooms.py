"""Captures made without waiting: a simulated room's messages written as a capture would have written them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus import notes, sensors
from telemetry.ingest.antplus.capture_file import WRITE_EVERY_S, CaptureFile
from telemetry.ingest.antplus.frames import BROADCAST, encode
from telemetry.ingest.antplus.sensors import Sensor
from telemetry.ingest.antplus.stick import LIB_CONFIG, Faults, Schedule, VirtualStick
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate

START_S = 1_790_000_000.0
ALL_EXTRAS = 0xE0


def ride(*steps: Step, seed: int = 1) -> Ride:
    return simulate(RiderModel(), BikeModel(fixed_wheel=False), steps, seed)


def bike(true: Ride, number: int, seed: int = 1) -> tuple[Sensor, ...]:
    """A meter, a trainer, a belt and a pod."""
    return (
        sensors.power_meter(true, number, seed, phase_ticks=100 * number),
        sensors.trainer(true, number, seed, phase_ticks=3000),
        sensors.heart_rate_belt(true, number, phase_ticks=900),
        sensors.speed_cadence_pod(true, number, phase_ticks=5000),
    )


def frames(
    sent: Sequence[Sensor], faults: Faults | None = None, seed: int = 0, rssi_dbm: int | None = None
) -> list[tuple[float, bytes]]:
    """When and what a stick hands over: (second, body)."""
    stick = VirtualStick(Schedule.of_sensors(sent, faults, seed))
    stick.write(encode(LIB_CONFIG, bytes([0, ALL_EXTRAS])))
    found = []
    for i, at in enumerate(stick.schedule.time_s.tolist()):
        body = bytearray(stick._message(i)[3:-1])
        if rssi_dbm is not None:
            body[15] = rssi_dbm & 0xFF
        found.append((at, bytes(body)))
    return found


def write_capture(
    path: Path,
    received: Iterable[tuple[float, bytes]] | dict[int, list[tuple[float, bytes]]],
    events: Iterable[tuple[float, str, int | None, str]] = (),
    close: bool = True,
) -> None:
    """A capture of these frames (by stick) and events (second, kind, number, detail)."""
    by_stick = received if isinstance(received, dict) else {0: list(received)}
    rows = sorted((at, stick, body) for stick, found in by_stick.items() for at, body in found)
    waiting = sorted(events, key=lambda event: event[0])
    file = CaptureFile(path, START_S)
    file.event(START_S, form.MARKER_EVENT, form.MARKER, "started", len(by_stick))
    next_write = WRITE_EVERY_S

    def note(until: float) -> None:
        while waiting and waiting[0][0] <= until:
            at, kind, number, detail = waiting.pop(0)
            event, event_kind = notes.CLASS_EVENTS.get(kind, (form.MARKER_EVENT, form.MARKER))
            data = form.NO_DATA if number is None else number
            file.event(START_S + at, event, event_kind, notes.words(kind, detail), data)

    for at, stick, body in rows:
        while at >= next_write:
            note(next_write)
            file.flush()
            next_write += WRITE_EVERY_S
        file.frame(START_S + at, BROADCAST, body, stick)
    note(float("inf"))
    file.flush()
    if close:
        file.close()
