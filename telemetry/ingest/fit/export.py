"""A recording as a standard FIT activity that any reader of FIT understands.

Comes in: a `ClassRecording`. Goes out: the bytes of one activity file: who recorded, timer and position
events, records, laps, session, activity. Leaves to others: bits and checksums (`write.py`), writing to disk.

FIT keeps whole watts and 1/128 rpm: what is read back equals what went in to that resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from telemetry.ingest.fit.labels import LABELS
from telemetry.ingest.fit.write import FIT_EPOCH_S, Field, FitWriter
from telemetry.model import ClassRecording, Device, Lap

TIMER, POSITION = 0, 44
START, STOP, MARKER, STOP_ALL = 0, 1, 3, 4
SEATED, STANDING = 0, 1

DEVELOPMENT = 255
"""Manufacturer number reserved for development: what we write can never pass for a product's own file."""

DEVICE_TYPES = {
    "power": 11,
    "fitness_equipment": 17,
    "heart_rate": 120,
    "speed_cadence": 121,
    "cadence": 122,
    "speed": 123,
}

RECORD_FIELDS = {
    "power_w": "power",
    "heart_rate_bpm": "heart_rate",
    "left_torque_effectiveness_pct": "left_torque_effectiveness",
    "right_torque_effectiveness_pct": "right_torque_effectiveness",
    "left_pedal_smoothness_pct": "left_pedal_smoothness",
    "right_pedal_smoothness_pct": "right_pedal_smoothness",
    "combined_pedal_smoothness_pct": "combined_pedal_smoothness",
    "resistance_level": "resistance",
    "speed_mps": "enhanced_speed",
    "distance_m": "distance",
    "respiration_per_min": "enhanced_respiration_rate",
    "temperature_c": "temperature",
}
"""Channels that are one field of `record`; cadence, balance and standing have rules of their own."""

DEVELOPER_FIELDS = {
    "torque_nm": ("torque", Field(0, "float64", developer=0), "N·m"),
    "resistance_pct": ("resistance_pct", Field(1, "float64", developer=0), "%"),
}
"""Channels for which `record` has no field: what theirs is called, how it is stored, its unit."""

TORQUE_FROM_WHEEL = "torque_from_wheel"
"""What measured torque is called where it was measured at the wheel."""

FIRST_DATE, LAST_DATE = 0x10000000, 0xFFFFFFFE
"""Below the first, FIT takes a timestamp for seconds since the device was switched on."""


def activity(
    recording: ClassRecording,
    *,
    extra: Mapping[str | Field, Any] | None = None,
    device_info: Sequence[Mapping[str, Any]] | None = None,
    session: Mapping[str, Any] | None = None,
    subseconds: bool = True,
    compressed: bool = False,
    big_endian: bool = False,
    header_size: int = 14,
    whole: bool = True,
) -> bytes:
    """One recording as the bytes of a FIT activity file.

    Parameters
    ----------
    extra : further columns of `record`, by profile name or `Field`, one value per sample
    device_info : device_info messages as given, instead of those of `recording.devices`
    session : fields of the session message that replace our own totals; None leaves one out
    subseconds : write fractions of a second as time128, so that faster data than 1 Hz keep their time
    compressed : timestamps in the record headers
    whole : False ends the file as a recorder does whose battery died: no session, size 0, no checksum

    A recording without calendar time, or with one that FIT cannot hold (before July 1998, after 2126), gets
    device-relative timestamps, which is what FIT calls them. Torque that was measured goes into a developer
    field, which our reader takes back; torque that follows from power and cadence is in neither.
    """
    out = FitWriter(big_endian=big_endian, header_size=header_size)
    time_s = recording.array("time_s")
    base = 0 if recording.started_at is None else int(recording.started_at.timestamp()) - FIT_EPOCH_S
    stop_s = recording.duration_s
    if not FIRST_DATE <= base <= LAST_DATE - stop_s:
        base = 0

    def stamp(at_s: float) -> int:
        return base + int(np.floor(at_s))

    _head(out, recording, base, device_info)
    named = [lap.label for lap in recording.laps if lap.label]
    if named:
        out.message("workout", sport=_code("sport", recording.sport, 0), num_valid_steps=len(named))
        for index, label in enumerate(named):
            out.message("workout_step", message_index=index, wkt_step_name=label)

    columns = _record_columns(recording, extra or {})
    # 128ths first: a fraction that rounds up must carry into the second
    cells = np.floor(np.rint(time_s * 128.0) / 128.0) if subseconds else np.floor(time_s)
    stamps: dict[str | Field, Any] = {"timestamp": base + cells.astype(np.int64)}
    columns = stamps | columns
    if subseconds and bool(np.any(time_s != cells)):
        columns["time128"] = np.maximum(time_s - cells, 0.0)
    if any(field.developer is not None for field in columns if isinstance(field, Field)):
        ours = dict(DEVELOPER_FIELDS)
        if recording.torque_source == "wheel":
            ours["torque_nm"] = (TORQUE_FROM_WHEEL, *DEVELOPER_FIELDS["torque_nm"][1:])
        out.developer(
            0,
            {name: field for name, field, _ in ours.values()},
            {name: unit for name, _, unit in ours.values()},
        )

    steps = _timer_steps(recording, time_s)
    moments: list[tuple[float, int, Callable[[], None]]] = []

    def event(at_s: float, order: int, kind: int, type_: int, data: int = 0) -> None:
        moments.append(
            (
                at_s,
                order,
                lambda: out.message(
                    "event", timestamp=stamp(at_s), event=kind, event_type=type_, data=data, event_group=0
                ),
            )
        )

    event(0.0, 0, TIMER, START)
    for pause in recording.pauses:
        event(pause.start_s, 1, TIMER, STOP_ALL)
        event(pause.stop_s, 2, TIMER, START)
    for at_s, standing in positions(recording):
        event(at_s, 3, POSITION, MARKER, STANDING if standing else SEATED)
    if whole:
        event(stop_s, 4, TIMER, STOP_ALL)
    step = 0
    laps = recording.laps or ((Lap(0.0, stop_s, trigger="session_end"),) if len(recording) else ())
    for index, lap in enumerate(laps):
        values = _lap(recording, lap, index, steps, stamp)
        if lap.label and named:
            values["wkt_step_index"] = step
            step += 1
        if whole or lap.stop_s < stop_s:
            moments.append((lap.stop_s, 5, lambda values=values: out.message("lap", **values)))  # type: ignore[misc]

    at = 0
    for at_s, _, write in sorted(moments, key=lambda moment: moment[:2]):
        upto = int(np.searchsorted(time_s, at_s, side="left"))
        if upto > at:
            out.rows(
                "record", {key: values[at:upto] for key, values in columns.items()}, compressed=compressed
            )
            at = upto
        write()
    out.rows("record", {key: values[at:] for key, values in columns.items()}, compressed=compressed)
    if not whole:
        return out.finish(data_size=0)[:-2]
    _tail(out, recording, laps, steps, stamp, session or {})
    return out.finish()


def positions(recording: ClassRecording) -> list[tuple[float, bool]]:
    """Changes of rider position (time, standing?), the first state included, where positions are known."""
    if not (recording.posture_known and recording.has("standing")):
        return []
    standing = recording.array("standing")
    known = np.flatnonzero(np.isfinite(standing))
    states = standing[known] > 0.5
    changes = known[np.concatenate(([True], states[1:] != states[:-1]))]
    time_s = recording.array("time_s")
    return [(float(time_s[i]), bool(standing[i] > 0.5)) for i in changes]


def _head(
    out: FitWriter, recording: ClassRecording, base: int, device_info: Sequence[Mapping[str, Any]] | None
) -> None:
    """Who recorded, with what, for whom: everything before the first record."""
    hints = recording.hints
    recorder = next((device for device in recording.devices if device.kind == "recorder"), None)
    serial = _number(recorder.serial) if recorder else None
    out.message(
        "file_id",
        type=4,
        manufacturer=DEVELOPMENT,
        product=0,
        serial_number=serial,
        time_created=base or None,
        product_name=(recorder.product or None) if recorder else None,
    )
    if hints.mass_kg is not None or hints.resting_hr_bpm is not None:
        out.message("user_profile", weight=hints.mass_kg, resting_heart_rate=hints.resting_hr_bpm)
    if hints.crank_length_mm is not None:
        out.message("bike_profile", crank_length=hints.crank_length_mm)
    zones_ftp = hints.ftp_w if hints.ftp_source != "session.threshold_power" else None
    if zones_ftp is not None or hints.max_hr_bpm is not None or hints.threshold_hr_bpm is not None:
        out.message(
            "zones_target",
            max_heart_rate=hints.max_hr_bpm,
            threshold_heart_rate=hints.threshold_hr_bpm,
            functional_threshold_power=zones_ftp,
        )
    sport, sub_sport = _code("sport", recording.sport, 0), _code("sub_sport", recording.sub_sport, 0)
    out.message("sport", sport=sport, sub_sport=sub_sport, name=recording.sub_sport or None)
    messages = device_info
    if messages is None:
        messages = [_device(device, index) for index, device in enumerate(recording.devices)]
    for message in messages:
        out.message("device_info", timestamp=base, **message)


def _device(device: Device, index: int) -> dict[str, Any]:
    plain = device.software.replace(".", "", 1).isdecimal()
    return {
        "device_index": 0 if device.kind == "recorder" else max(index, 1),
        "device_type": DEVICE_TYPES.get(device.kind),
        "manufacturer": _code("manufacturer", device.manufacturer, DEVELOPMENT),
        "battery_status": _code("battery_status", device.battery, 0) or None,
        "serial_number": _number(device.serial),
        "software_version": float(device.software) if plain else None,
        "product_name": device.product or None,
        "source_type": 5 if device.kind == "recorder" else 1,
    }


def _code(type_: str, label: str, otherwise: int) -> int:
    """Code of an enumeration's label; unknown codes come as their number."""
    codes = {name: code for code, name in LABELS[type_].items()}
    return codes.get(label, int(label) if label.isdecimal() and int(label) < 0xFFFF else otherwise)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and 0 < int(text) < 0xFFFFFFFF else None


def _record_columns(recording: ClassRecording, extra: Mapping[str | Field, Any]) -> dict[str | Field, Any]:
    """Columns of `record` by field, physical values, NaN missing."""
    columns: dict[str | Field, Any] = {}
    for channel, name in RECORD_FIELDS.items():
        if recording.has(channel):
            columns[name] = recording.array(channel)
    if recording.has("cadence_rpm"):
        cadence = recording.array("cadence_rpm")
        # 128ths first: rounding 89.999 must carry into the whole number
        parts = np.rint(cadence * 128.0)
        columns["cadence"] = np.floor(parts / 128.0)
        if bool(np.any(np.nan_to_num(parts % 128.0) > 0)):
            columns["fractional_cadence"] = (parts % 128.0) / 128.0
    if recording.has("right_balance_pct"):
        right = np.rint(recording.array("right_balance_pct"))
        unflagged = recording.balance_convention == "left_unflagged"
        columns["left_right_balance"] = 100.0 - right if unflagged else right + 128.0
    for channel, (_, field, _) in DEVELOPER_FIELDS.items():
        if recording.has(channel):
            columns[field] = recording.array(channel)
    return columns | dict(extra)


def _timer_steps(recording: ClassRecording, time_s: np.ndarray) -> np.ndarray:
    """Seconds each sample stands for by the timer: to the next one, without pauses, 10 s at most."""
    if not len(time_s):
        return np.empty(0)
    steps = np.diff(time_s, append=time_s[-1])
    steps[-1] = np.median(steps[:-1]) if len(time_s) > 1 else 1.0
    for pause in recording.pauses:
        before = np.searchsorted(time_s, pause.start_s, side="right") - 1
        if before >= 0:
            steps[before] = max(0.0, pause.start_s - time_s[before])
    return np.minimum(steps, 10.0)


def _totals(recording: ClassRecording, start_s: float, stop_s: float, steps: np.ndarray) -> dict[str, Any]:
    """What a head unit sums up for a lap or a session, from the same rows it wrote."""
    time_s = recording.array("time_s")
    inside = (time_s >= start_s) & (time_s < stop_s)
    weight = steps[inside]
    paused = sum(
        max(0.0, min(pause.stop_s, stop_s) - max(pause.start_s, start_s)) for pause in recording.pauses
    )
    totals: dict[str, Any] = {
        "total_elapsed_time": stop_s - start_s,
        "total_timer_time": stop_s - start_s - paused,
    }

    def values(channel: str) -> tuple[np.ndarray, np.ndarray] | None:
        if not recording.has(channel):
            return None
        column = recording.array(channel)[inside]
        known = np.isfinite(column)
        return (column[known], weight[known]) if bool(known.any()) else None

    for channel, name in (("power_w", "power"), ("cadence_rpm", "cadence"), ("heart_rate_bpm", "heart_rate")):
        got = values(channel)
        if got is None:
            continue
        column, seconds = got
        moving = column > 0 if channel == "cadence_rpm" else np.ones(len(column), dtype=bool)
        if seconds[moving].sum() > 0:
            totals[f"avg_{name}"] = float(np.average(column[moving], weights=seconds[moving]))
        totals[f"max_{name}"] = float(column.max())
        if channel == "power_w":
            totals["total_work"] = float((column * seconds).sum())
        if channel == "cadence_rpm":
            totals["total_cycles"] = float((column * seconds).sum() / 60.0)
    right = values("right_balance_pct")
    if right is not None and recording.balance_convention != "left_unflagged":
        totals["left_right_balance"] = 0x8000 + round(float(right[0].mean()) * 100)
    if recording.posture_known and recording.has("standing"):
        standing = np.nan_to_num(recording.array("standing")[inside]) > 0.5
        totals["time_standing"] = float(weight[standing].sum())
        totals["stand_count"] = int(np.count_nonzero(np.diff(standing.astype(np.int8), prepend=0) == 1))
    return totals


def _lap(
    recording: ClassRecording, lap: Lap, index: int, steps: np.ndarray, stamp: Callable[[float], int]
) -> dict[str, Any]:
    return {
        "message_index": index,
        "timestamp": stamp(lap.stop_s),
        "event": 9,
        "event_type": STOP,
        "start_time": stamp(lap.start_s),
        "lap_trigger": _code("lap_trigger", lap.trigger, 0),
    } | _totals(recording, lap.start_s, lap.stop_s, steps)


def _tail(
    out: FitWriter,
    recording: ClassRecording,
    laps: Sequence[Lap],
    steps: np.ndarray,
    stamp: Callable[[float], int],
    given: Mapping[str, Any],
) -> None:
    """Session and activity, as the recorder writes them when the ride is saved."""
    stop_s = recording.duration_s
    hints = recording.hints
    values: dict[str, Any] = {
        "message_index": 0,
        "timestamp": stamp(stop_s),
        "event": 8,
        "event_type": STOP,
        "start_time": stamp(0.0),
        "sport": _code("sport", recording.sport, 0),
        "sub_sport": _code("sub_sport", recording.sub_sport, 0),
        "first_lap_index": 0,
        "num_laps": len(laps),
        "trigger": 0,
    } | _totals(recording, 0.0, stop_s, steps)
    if hints.ftp_source == "session.threshold_power":
        values["threshold_power"] = hints.ftp_w
    out.message("session", **(values | dict(given)))
    offset = recording.utc_offset_s
    out.message(
        "activity",
        timestamp=stamp(stop_s),
        total_timer_time=values["total_timer_time"],
        num_sessions=1,
        type=0,
        event=26,
        event_type=STOP,
        local_timestamp=None if offset is None else stamp(stop_s) + int(offset),
    )
