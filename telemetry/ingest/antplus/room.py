"""A decoded room → one `ClassRecording` per seat, on the same path as a FIT file.

Comes in: rows per device, the studio, when the class began and ended. Goes out: recordings at 1 Hz, whose
work, revolutions and beats are exact sums over each second, and what had to be chosen. Leaves to others:
decoding (`decoder.py`), the frame's rules (`assemble.py`), every judgement (analysis).

Counters say what happened between two events, so each row is a stretch, not a moment: a second gets the
part of every stretch that falls into it. P = dW/dt, c = dangle/dt, T = dW/dangle. Source: rulings section
8.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from telemetry import units
from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.antplus.stretches import Stretches, Told
from telemetry.ingest.antplus.studio import BELTS, Studio
from telemetry.ingest.assemble import assemble
from telemetry.ingest.ble import uuids
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.model import ClassRecording, Device, Issue

POWER_SOURCES: Final = (
    "crank_torque",
    "cycling_power_torque",
    "frequency",
    "power_only",
    "trainer",
    "stationary_bike",
    "cycling_power",
    "indoor_bike",
    "keiser",
    "wheel_torque",
    "trainer_torque",
    "cycling_power_wheel",
)
"""Best first: torque measured at the crank before accumulated power, that before power of the moment, all
before torque at the wheel."""
TURN_SOURCES: Final = (
    "crank_torque", "cycling_power_torque", "frequency", "speed_cadence", "cadence", "cycling_power",
)  # fmt: skip
MEASURED_AT: Final = {
    "crank_torque": "crank", "cycling_power_torque": "crank", "frequency": "crank",
    "wheel_torque": "wheel", "trainer_torque": "wheel", "cycling_power_wheel": "wheel",
}  # fmt: skip
AVERAGED_LIMIT_S: Final = 10.0
HOLD_S: Final = 5.0
HALF_CELL: Final = 0.5
DISAGREE_PCT: Final = 5.0
COMPARED_FROM_S: Final = 60.0
"""Less than a minute says nothing about two meters: one waits for a turn of the crank, the other does not."""
CARRIED: Final = (
    "right_balance_pct",
    "left_torque_effectiveness_pct",
    "right_torque_effectiveness_pct",
    "left_pedal_smoothness_pct",
    "right_pedal_smoothness_pct",
    "combined_pedal_smoothness_pct",
    "resistance_pct",
    "resistance_level",
    "heart_rate_bpm",
    "standing",
)


@dataclass(frozen=True)
class Seat:
    """One bike of one class: its devices' rows, and who sat on it."""

    name: str
    devices: Mapping[DeviceKey, pl.DataFrame]
    rider: str | None = None


def seats(frames: Mapping[DeviceKey, pl.DataFrame], studio: Studio) -> list[Seat]:
    """Devices gathered by seat; a rider's belt goes where the rider sits."""
    grouped: dict[str, dict[DeviceKey, pl.DataFrame]] = {}
    for key, frame in frames.items():
        seat = studio.seat(key)
        if seat is not None:
            grouped.setdefault(seat, {})[key] = frame
    rider_seat = {rider: seat for seat, rider in studio.riders.items()}
    for key, frame in frames.items():
        rider = studio.rider_of_belt(key)
        seat = rider_seat.get(rider) if rider else None
        if seat in grouped:
            grouped[seat][key] = frame
    return [Seat(name, devices, studio.riders.get(name)) for name, devices in sorted(grouped.items())]


def recording(
    seat: Seat,
    start_s: float,
    stop_s: float,
    *,
    started_unix_s: float | None = None,
    rate_hz: float = 1.0,
    file: str = "",
) -> ClassRecording | None:
    """One seat's class between two moments of the capture's clock; None where it said nothing of a ride.

    Parameters
    ----------
    start_s, stop_s : the class on the clock of the rows [s]
    started_unix_s : Unix time of `start_s`, where known
    rate_hz : cells per second; sums stay exact at any rate
    """
    cells = max(1, int(np.ceil((stop_s - start_s) * rate_hz)))
    edges = start_s + np.arange(cells + 1) / rate_hz
    rows = {
        key: frame.filter((pl.col("time_s") > start_s) & (pl.col("time_s") <= stop_s))
        for key, frame in seat.devices.items()
    }
    power = _best(rows, POWER_SOURCES, "work_j")
    turns = _best(rows, TURN_SOURCES, "revolutions") or _best(rows, POWER_SOURCES, "revolutions")
    channels: dict[str, np.ndarray] = {}
    issues: list[Issue] = []
    work = angle = turned = None
    if turns is not None:
        told = _cadences(rows)
        heard = _counted(rows, turns, TURN_SOURCES, "revolutions", told)
        silence = heard.silence_s(edges, rows[turns.key]["time_s"].to_numpy())
        if silence.any():
            channels["silence_s"] = silence
        turned = heard.curved(told)
        angle, known_turns = turned.cells(edges)
        per_min = 60.0 * rate_hz / np.maximum(known_turns, HALF_CELL)
        channels["cadence_rpm"] = np.where(known_turns >= HALF_CELL, angle * per_min, np.nan)
        if turns.source not in TURN_SOURCES:
            issues.append(
                Issue(
                    "cadence_instantaneous",
                    detail="revolutions from instantaneous cadence, not from a counter",
                )
            )
    if power is not None:
        told = _torques(rows)
        worked = _counted(rows, power, POWER_SOURCES, "work_j", told, turned)
        worked = worked if turned is None else worked.curved(told, turned)
        work, known = worked.cells(edges)
        channels["power_w"] = np.where(
            known >= HALF_CELL, work * rate_hz / np.maximum(known, HALF_CELL), np.nan
        )
        issues += _averaged(power.frame, start_s)
    source = power.source if power is not None else ""
    measured_at = MEASURED_AT.get(source, "")
    if measured_at and work is not None and angle is not None:
        turning = angle > 0.05 / rate_hz
        torque = np.divide(work, 2.0 * np.pi * angle, out=np.zeros_like(work), where=turning)
        both = ~np.isnan(channels["power_w"]) & ~np.isnan(channels["cadence_rpm"])
        channels["torque_nm"] = np.where(both, torque, np.nan)
    for name in CARRIED:
        held = _heart(rows, edges) if name == "heart_rate_bpm" else _held(rows.values(), name, edges)
        if held is not None:
            channels[name] = held
    if not channels:
        return None
    issues += _others(rows, power, seat.name)
    nothing = np.full(cells, np.nan)
    trust, noticed = resistance_trust(
        channels.get("resistance_level", nothing),
        channels.get("power_w", nothing),
        channels.get("cadence_rpm", nothing),
    )
    issues += noticed
    times = edges[:-1] - start_s
    return assemble(
        channels,
        id=_identity(seat, start_s, stop_s),
        source="ble" if all(key.device_type in uuids.KINDS for key in seat.devices) else "antplus",
        unix_time_s=None if started_unix_s is None else started_unix_s + times,
        time_s=times if started_unix_s is None else None,
        issues=issues,
        file=file or None,
        bike_id=seat.name,
        rider_id=seat.rider,
        started_at=None if started_unix_s is None else dt.datetime.fromtimestamp(started_unix_s, dt.UTC),
        sport="cycling",
        sub_sport="indoor_cycling",
        devices=tuple(_device(key, rows[key], power) for key in sorted(rows)),
        posture_known="standing" in channels,
        power_source="" if power is None else f"{power.source} of device {power.key.device_number}",
        torque_source=measured_at,
        resistance_trust="plausible" if "resistance_pct" in channels else trust,
    )


@dataclass(frozen=True)
class _Chosen:
    key: DeviceKey
    source: str
    frame: pl.DataFrame


def _best(rows: Mapping[DeviceKey, pl.DataFrame], wanted: Sequence[str], column: str) -> _Chosen | None:
    """The first source of the list that has values at all."""
    for source in wanted:
        for key, frame in sorted(rows.items()):
            told = pl.col(column).is_not_null() & pl.col("from_s").is_not_null()
            own = pl.col("source") == source
            # a stop is a stop on every page of the device
            still = (pl.col("state") == "stopped") & (pl.col(column) == 0.0)
            part = frame.filter(told & (own | still))
            if part.filter(own & (pl.col(column) > 0)).height:
                return _Chosen(key, source, part)
    return None


def _cadences(rows: Mapping[DeviceKey, pl.DataFrame]) -> Told:
    """Cadence as far as it was heard, in turns a second."""
    return Told.of(rows.values(), "cadence_rpm", 1.0 / units.SECONDS_PER_MINUTE, "told_rpm")


def _torques(rows: Mapping[DeviceKey, pl.DataFrame]) -> Told:
    """Torque as far as it was heard while the crank turned, in joules a turn."""
    turning = pl.col("told_nm").is_not_null() | (pl.col("cadence_rpm") > 0.0)
    return Told.of((frame.filter(turning) for frame in rows.values()), "torque_nm", 2.0 * np.pi, "told_nm")


def _counted(
    rows: Mapping[DeviceKey, pl.DataFrame],
    chosen: _Chosen,
    sources: Sequence[str],
    column: str,
    told: Told,
    turned: Stretches | None = None,
) -> Stretches:
    """What the chosen source counted, its silences divided as the seat's other devices heard them.

    `told` and `turned` bend the others' own silences.
    """
    others = (
        frame.filter(
            (pl.col("source") == source) & pl.col(column).is_not_null() & pl.col("from_s").is_not_null()
        )
        for source in sources
        for key, frame in sorted(rows.items())
        if key != chosen.key
    )
    counted = Stretches.of(chosen.frame, column)
    if chosen.source == "crank_torque" and column == "work_j":
        counted = counted.resummed(_by_power(rows[chosen.key]), _by_time(chosen.frame))
    helpers = [Stretches.of(frame, column) for frame in others if frame.height]
    bent = column != "work_j" or turned is not None
    return counted.shaped(
        (helper.curved(told, turned) if bent else helper, helper.end_s) for helper in helpers
    )


def _by_power(frame: pl.DataFrame) -> Stretches:
    """Work as a meter's accumulated power has it."""
    own = (pl.col("source") == "power_only") | ((pl.col("state") == "stopped") & (pl.col("work_j") == 0.0))
    told = pl.col("work_j").is_not_null() & pl.col("from_s").is_not_null()
    return Stretches.of(frame.filter(own & told), "work_j")


def _by_time(frame: pl.DataFrame) -> np.ndarray:
    """Which rows (n,) are of a meter that sends by time: it alone gives parts of a turn.

    Its torque adds up over updates, not along the angle, so over a silence in which the legs changed it does
    not give the work; its accumulated power does.
    """
    parts: np.ndarray = (frame["revolutions"].fill_null(0.0) % 1.0 != 0.0).to_numpy()
    return parts


def _held(frames: Iterable[pl.DataFrame], name: str, edges: np.ndarray) -> np.ndarray | None:
    """The last value before the end of each cell, no older than five seconds."""
    parts = [frame.filter(pl.col(name).is_not_null()).select("time_s", name) for frame in frames]
    parts = [part for part in parts if part.height]
    if not parts:
        return None
    joined = pl.concat(parts).sort("time_s")
    times, values = joined["time_s"].to_numpy(), joined[name].to_numpy()
    at = np.searchsorted(times, edges[1:], side="right") - 1
    fresh = (at >= 0) & (edges[1:] - times[np.maximum(at, 0)] <= HOLD_S)
    return np.where(fresh, values[np.maximum(at, 0)], np.nan)


def _heart(rows: Mapping[DeviceKey, pl.DataFrame], edges: np.ndarray) -> np.ndarray | None:
    """The heart rate of the first device that has one: the rider's own belt, the bike's, then a console's.

    A console repeats whatever belt it was paired with, which need not be this rider's.
    """
    belts = [key for key in reversed(list(rows)) if key.device_type in BELTS]
    consoles = [frame for key, frame in rows.items() if key.device_type not in BELTS]
    found: np.ndarray | None = None
    for frames in (*([rows[key]] for key in belts), consoles):
        held = _held(frames, "heart_rate_bpm", edges)
        if held is not None:
            found = held if found is None else np.where(np.isnan(found), held, found)
    return found


def _averaged(frame: pl.DataFrame, start_s: float) -> list[Issue]:
    long = frame.filter(
        (pl.col("time_s") - pl.col("from_s") > AVERAGED_LIMIT_S) & (pl.col("state") != "stopped")
    )
    doubtful = frame.filter(pl.col("ambiguous"))
    found = [
        Issue(
            "averaged_gap",
            float(row["from_s"] - start_s),
            float(row["time_s"] - start_s),
            1,
            "nothing was received; the counters say how much was done, not how",
        )
        for row in long.select("from_s", "time_s").iter_rows(named=True)
    ]
    if doubtful.height:
        found.append(
            Issue(
                "ambiguous_counter",
                float(doubtful["from_s"][0] - start_s),
                float(doubtful["time_s"][-1] - start_s),
                doubtful.height,
                "a counter may have gone round unseen",
            )
        )
    return found


def _others(rows: Mapping[DeviceKey, pl.DataFrame], power: _Chosen | None, seat: str) -> list[Issue]:
    """Other sources of power on the same bike, compared with the chosen one."""
    if power is None:
        return []
    chosen = float(power.frame["work_j"].sum())
    if _covered_s(power.frame) < COMPARED_FROM_S or chosen <= 0.0:
        return []
    found: list[Issue] = []
    for key, frame in sorted(rows.items()):
        for source in POWER_SOURCES:
            part = frame.filter((pl.col("source") == source) & pl.col("work_j").is_not_null())
            if (key, source) == (power.key, power.source) or not part.height:
                continue
            work = float(part["work_j"].sum())
            if _covered_s(part) >= COMPARED_FROM_S and abs(work / chosen - 1.0) * 100.0 > DISAGREE_PCT:
                found.append(
                    Issue(
                        "two_power_sources",
                        detail=f"{source} of device {key.device_number} says "
                        f"{100 * (work / chosen - 1):+.0f} % work; {power.source} is used",
                    )
                )
    return found


def _covered_s(frame: pl.DataFrame) -> float:
    """How long a source's stretches are together [s]."""
    return float((frame["until_s"] - frame["from_s"]).sum())


def _device(key: DeviceKey, frame: pl.DataFrame, power: _Chosen | None) -> Device:
    measures = [
        name
        for name in ("power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm", "resistance_pct")
        if frame[name].null_count() < frame.height
    ]
    if power is not None and key != power.key:
        measures = [name for name in measures if name not in ("power_w", "torque_nm")]
    return Device(
        kind=pages.PROFILES.get(key.device_type) or uuids.KINDS.get(key.device_type, "other"),
        serial=str(key.device_number),
        measures=tuple(measures),
    )


def _identity(seat: Seat, start_s: float, stop_s: float) -> str:
    """From what was received, not from the file: recovered and closed captures are one class."""
    digest = hashlib.sha256(seat.name.encode())
    for key, frame in sorted(seat.devices.items()):
        digest.update(repr(tuple(key)).encode())
        part = frame.filter((pl.col("time_s") > start_s) & (pl.col("time_s") <= stop_s))
        for name in ("power_w", "cadence_rpm", "heart_rate_bpm"):
            digest.update(part[name].fill_null(-1.0).to_numpy().tobytes())
    return digest.hexdigest()[:12]
