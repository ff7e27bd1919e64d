"""Every page that is not power: heart rate, speed and cadence, pedalling quality, and a bike's health.

Comes in: the fields of a page and the device's memory. Goes out: values in the row, health facts in the
track.
"""

from __future__ import annotations

from typing import Any, Final

from telemetry.ingest.antplus import counters, rows

PULSELESS_MESSAGES: Final = 12
UNHEARD_S: Final = 60.0
"""After this long neither the count of beats nor their clock says how often it went round."""
CALIBRATION_FREQUENCY_OFFSET: Final = 0x10
OF_SUBPAGE: Final = {
    1: ("crank_length_mm", "crank_status", "sensor_capabilities"),
    2: ("peak_torque_threshold_pct",),
}
RIDER_STANDING: Final = 2
VIRTUAL_SPEED: Final = 1 << 3
SEATED: Final = 0


def plain(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Pages whose values need no memory."""
    for name, value in found.items():
        place = rows.AT.get(name)
        if place is not None and value is not None:
            row[place] = value
    if found.get("smoothness_sides") == 0xFE:
        row[rows.AT["combined_pedal_smoothness_pct"]] = row[rows.AT["left_pedal_smoothness_pct"]]
        row[rows.AT["left_pedal_smoothness_pct"]] = None
    position = found.get("rider_position")
    if position is not None:
        row[rows.AT["standing"]] = {SEATED: 0.0, RIDER_STANDING: 1.0}.get(position)
    if found.get("calibration_id") == CALIBRATION_FREQUENCY_OFFSET:
        track.frequency_offset_hz = float(found["frequency_offset_hz"])


def equipment(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """A fitness machine's general page: its flywheel rolls where it says a speed that it measured."""
    plain(track, row, time_s, found)
    if found["speed_mps"] and not int(found["capabilities"]) & VIRTUAL_SPEED:
        track.rolled_s = time_s


def health(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Maker, serial, battery and calibration: kept for the bike's health record, latest wins."""
    plain(track, row, time_s, found)
    track.health.update({name: value for name, value in found.items() if value is not None})
    coarse, fine = found.get("battery_v"), found.get("battery_fraction_v")
    if coarse is not None and fine is not None:
        track.health["battery_v"] = coarse + fine


def parameters(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """A power meter's parameters: each subpage has its own, in bytes that mean something else in others."""
    names = OF_SUBPAGE.get(found["subpage"], ())
    health(track, row, time_s, {name: found[name] for name in ("subpage", *names)})


def heart(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    stream = track.streams.get("heart")
    toggle = found["page_toggle"]
    track.pages_known = track.pages_known or track.toggle not in (None, toggle)
    track.toggle = toggle
    if track.pages_known:
        # a belt that never toggles knows no pages: what stands in its first bytes is nothing
        health(track, row, time_s, {k: v for k, v in found.items() if k != "heart_rate_bpm"})
    if stream is None:
        track.streams["heart"] = rows.Stream(time_s, found)
        row[rows.AT["heart_rate_bpm"]] = found["heart_rate_bpm"]
        return
    beats = counters.step(stream.values["beat_count"], found["beat_count"], 1 << 8)
    if counters.impossible(beats, time_s - stream.time_s):
        rows.jumped(track, stream, time_s, found)
        row[rows.AT["heart_rate_bpm"]] = found["heart_rate_bpm"]
        return
    track.pulseless = 0 if beats else track.pulseless + 1
    if beats:
        before = stream.values["beat_time"] if beats == 1 and time_s - stream.time_s < UNHEARD_S else None
        if before is None and track.pages_known:
            before = found.get("previous_beat_time")
        if before is not None:
            row[rows.AT["rr_s"]] = counters.step(before, found["beat_time"], 1 << 16) / 1024.0
        stream.time_s, stream.values = time_s, found
    if track.pulseless < PULSELESS_MESSAGES:
        row[rows.AT["heart_rate_bpm"]] = found["heart_rate_bpm"]


def revolutions(
    track: rows.Track,
    row: rows.Row,
    time_s: float,
    found: dict[str, Any],
    name: str,
    clock: str,
    count: str,
    *,
    modulus: int = 1 << 16,
    ticks_per_s: float = 1024.0,
    fastest_rpm: float,
) -> tuple[rows.Stream | None, float | None]:
    """One revolution counter with its event clock; the stream, and rpm where it turned since.

    Faster than `fastest_rpm` nothing turns: the sensor began to count anew, and this message is its first.
    """
    stream = rows.listen(track, name, time_s, found)
    if stream is None:
        return None, None
    turns = counters.step(stream.values[count], found[count], modulus)
    if turns == 0:
        return stream, None
    gone = time_s - stream.time_s
    if counters.impossible(turns, gone):
        rows.jumped(track, stream, time_s, found)
        return stream, None
    raw = counters.step(stream.values[clock], found[clock], 1 << 16) / ticks_per_s
    span = counters.unwrap_by_clock(raw, (1 << 16) / ticks_per_s, gone)
    if turns > fastest_rpm / 60.0 * max(span.amount, 1.0 / ticks_per_s):
        rows.jumped(track, stream, time_s, found)
        return stream, None
    if span.amount <= 0.0:
        return stream, None
    lasted = rows.without_rest(stream, span.amount, turns)
    row[rows.FROM], row[rows.UNTIL] = rows.stretch(stream, time_s, lasted)
    row[rows.TURNS] = float(turns)
    track.ambiguous[-1] = span.ambiguous
    rows.remember(stream, time_s, found, lasted / turns, None, span.ambiguous, row[rows.UNTIL])
    return stream, 60.0 * turns / lasted


def speed_cadence(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    track.source[-1] = "speed_cadence"
    wheel, wheel_rpm = revolutions(
        track, row, time_s, found, "wheel", "wheel_time", "wheel_revolutions",
        fastest_rpm=counters.FASTEST_WHEEL_RPM,
    )  # fmt: skip
    row[rows.FROM] = row[rows.UNTIL] = row[rows.TURNS] = None
    if wheel is not None and wheel_rpm is not None:
        row[rows.AT["wheel_rpm"]] = wheel_rpm
    _crank(track, row, time_s, found, "cadence_time", "crank_revolutions", wheel)


def cadence(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    track.source[-1] = "cadence"
    health(track, row, time_s, found)
    _crank(track, row, time_s, found, "event_time", "revolutions", None)
    stream = track.streams["crank"]
    if found.get("stopped") and track.now != "unknown":
        stream.halted = True
        track.now = "stopped"
        rows.rest(track, len(track.numbers) - 1, "stopped")


def _crank(
    track: rows.Track,
    row: rows.Row,
    time_s: float,
    found: dict[str, Any],
    clock: str,
    count: str,
    wheel: rows.Stream | None,
) -> None:
    stream, rpm = revolutions(
        track, row, time_s, found, "crank", clock, count, fastest_rpm=counters.FASTEST_CRANK_RPM
    )
    if stream is None:
        return
    if rpm is None:
        rows.still(track, stream, time_s, wheel)
        return
    row[rows.CADENCE] = rpm
    rows.advanced(track, time_s, stream, None, rpm)


def wheel_speed(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    track.source[-1] = "speed"
    health(track, row, time_s, found)
    _, rpm = revolutions(
        track, row, time_s, found, "wheel", "event_time", "revolutions",
        fastest_rpm=counters.FASTEST_WHEEL_RPM,
    )  # fmt: skip
    row[rows.FROM] = row[rows.UNTIL] = row[rows.TURNS] = None
    if rpm is not None:
        row[rows.AT["wheel_rpm"]] = rpm
        track.now = "coasting"
