"""Is this class in the library already? By content, by being part of a longer copy, by time and device.

Comes in: a class about to be added and the catalog. Goes out: a verdict with its reason; nothing is dropped
in silence. Leaves to others: what is done about it (`ingest.py`). Source: rulings, section 9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from telemetry.library.catalog import trusted
from telemetry.library.codec import moment, stamp
from telemetry.library.tables import recordings

if TYPE_CHECKING:
    import polars as pl

    from telemetry.model import ClassRecording

SHARE: Final = 0.5
"""Overlap of this share of the shorter class: the same class, recorded twice."""
LONGEST: Final = timedelta(days=2)
SAME_START_S: Final = 1.0
METERS: Final = ("power", "fitness_equipment")

State = Literal["new", "known", "duplicate", "shorter", "longer", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a class, and why."""

    state: State
    why: str = ""
    other: str = ""
    """the class it was compared with"""


def device_names(recording: ClassRecording) -> str:
    """The devices that make two recordings the same bike: meters with a serial, else the recorder."""
    named = [device for device in recording.devices if device.serial and device.serial != "0"]
    meters = [device for device in named if device.kind in METERS]
    chosen = meters or [device for device in named if device.kind == "recorder"]
    return "\n".join(sorted({f"{d.kind} {d.manufacturer} {d.serial}" for d in chosen}))


def judge(
    connection: Connection,
    recording: ClassRecording,
    rider_id: str | None,
    allow_overlap: bool,
    samples_of: Callable[[str], pl.DataFrame],
) -> Verdict:
    """Compare a class with those of the catalog; `samples_of` reads the samples of one by hash."""
    known = connection.execute(
        recordings.select().where(recordings.c.recording_id == recording.id)
    ).one_or_none()
    if known is not None:
        row = trusted(recordings, known)
        if rider_id is not None and row["rider_id"] is not None and rider_id != row["rider_id"]:
            return Verdict(
                "refused",
                f"this class is in the library as that of {row['rider_id']}, now it is said to be of "
                f"{rider_id}: telemetry library reassign changes it",
                recording.id,
            )
        return Verdict("known", "already in the library", recording.id)
    devices = set(device_names(recording).split("\n")) - {""}
    for row in _at_that_time(connection, recording, rider_id, devices):
        same_rider = rider_id is not None and row["rider_id"] == rider_id
        same_device = bool(devices & set(row["devices"].split("\n")))
        if not (same_rider or same_device):
            continue
        verdict = _against(recording, row, rider_id, same_device, samples_of)
        if verdict is not None and not (allow_overlap and verdict.state == "duplicate"):
            return verdict
    return Verdict("new")


def _against(
    recording: ClassRecording,
    row: Any,
    rider_id: str | None,
    same_device: bool,
    samples_of: Callable[[str], pl.DataFrame],
) -> Verdict | None:
    start, other_start = _start(recording), moment(row["started_at"])
    other = row["recording_id"]
    if same_device and abs((start - other_start).total_seconds()) <= SAME_START_S:
        theirs, ours = samples_of(row["samples"]), recording.samples
        if _begins_with(theirs, ours):
            return Verdict("shorter", f"the first part of {other}, which is kept", other)
        if _begins_with(ours, theirs):
            if rider_id is not None and row["rider_id"] not in (None, rider_id):
                return _other_rider(row, rider_id)
            return Verdict("longer", f"{other} was the first part of it and is replaced", other)
    stop = start + timedelta(seconds=recording.duration_s)
    shared = (min(stop, moment(row["stopped_at"])) - max(start, other_start)).total_seconds()
    if shared < SHARE * min(recording.duration_s, row["duration_s"]) or shared <= 0:
        return None
    if same_device and rider_id is not None and row["rider_id"] not in (None, rider_id):
        return _other_rider(row, rider_id)
    who = "on the same device" if same_device else f"of {rider_id}"
    return Verdict(
        "duplicate",
        f"{other} {who} covers {shared / 60:.0f} min of the same time; --allow-overlap adds it all the same",
        other,
    )


def _other_rider(row: Any, rider_id: str) -> Verdict:
    return Verdict(
        "refused",
        f"the same device recorded {row['recording_id']} of {row['rider_id']} at that time, so it cannot be "
        f"that of {rider_id}: telemetry library reassign corrects the first, if that one is wrong",
        row["recording_id"],
    )


def _at_that_time(
    connection: Connection, recording: ClassRecording, rider_id: str | None, devices: set[str]
) -> list[Any]:
    """Classes that touch the time of this one and share its rider or a device with it."""
    start = _start(recording)
    stop = start + timedelta(seconds=recording.duration_s)
    found = connection.execute(
        recordings.select()
        .where(
            recordings.c.started_at <= stamp(stop),
            recordings.c.started_at >= stamp(start - LONGEST),
            recordings.c.stopped_at >= stamp(start),
            sa.or_(
                recordings.c.rider_id == (rider_id or ""),
                *(recordings.c.devices.contains(name, autoescape=True) for name in sorted(devices)),
            ),
        )
        .order_by(recordings.c.started_at)
    ).all()
    return [trusted(recordings, row) for row in found]


def _begins_with(longer: pl.DataFrame, shorter: pl.DataFrame) -> bool:
    """Whether one table is the beginning of the other; a cut may have hurt the last row."""
    rows = shorter.height - 1
    if rows < 1 or longer.height < shorter.height or set(longer.columns) != set(shorter.columns):
        return False
    return longer.head(rows).equals(shorter.select(longer.columns).head(rows))


def _start(recording: ClassRecording) -> datetime:
    assert recording.started_at is not None
    return recording.started_at
