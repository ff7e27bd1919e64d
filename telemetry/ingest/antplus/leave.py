"""What a class leaves in its folder: a recording per seat, and the account of what was received.

Comes in: a capture and the studio. Goes out: `seat-07.parquet` for each seat (those of a second class in
`class-2/`), and `reception.json`. Leaves to others: what is in them (`session.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from telemetry.errors import CannotWrite
from telemetry.files import write_bytes
from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.antplus.capture_read import CaptureReader
from telemetry.ingest.antplus.notes import NOTES
from telemetry.ingest.antplus.session import Noted, RoomClass, Session, gaps
from telemetry.ingest.antplus.studio import Studio, read_roster, read_studio
from telemetry.ingest.antplus.timeline import Room
from telemetry.ingest.readers import parquet
from telemetry.model import ClassRecording

SCHEMA: Final = "telemetry.reception/1"
CAPTURE: Final = "capture.fit"
RECEPTION: Final = "reception.json"
STUDIO: Final = "studio.toml"
ROSTER: Final = "roster.csv"
SEAT: Final = "seat-{}.parquet"
LOW_BATTERY: Final = 4
"""battery status 4 is low, 5 critical (common page 82)"""
CALIBRATED: Final = {0xAC: "ok", 0xAF: "failed"}


@dataclass(frozen=True)
class Left:
    """What was written, and how much of the room it holds."""

    recordings: tuple[Path, ...]
    reception: Path
    classes: int
    account: dict[str, Any]


def leave(
    capture: Path,
    folder: Path,
    studio: Studio,
    *,
    rate_hz: float = 1.0,
    told: Callable[[Path], None] = lambda _: None,
) -> Left:
    """Decode a capture and write what its classes leave; `told` hears of each recording as it is written.

    Raises
    ------
    BadInput : no capture
    CannotWrite : the folder cannot be written
    """
    reader = CaptureReader(capture)
    session = Session(reader, studio, rate_hz=rate_hz)
    written: list[Path] = []
    classes = []
    for room_class in session.classes():
        place = folder if room_class.number == 1 else folder / f"class-{room_class.number}"
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as cause:
            raise CannotWrite(f"the folder cannot be made: {cause.strerror}", file=str(place)) from cause
        names: dict[str, str] = {}
        for seat, recording in room_class.recordings.items():
            path = place / SEAT.format(plain(seat))
            parquet.write(replace(recording, file=path.name), path)
            written.append(path)
            told(path)
            names[seat] = path.relative_to(folder).as_posix()
        classes.append(_class(room_class, names))
    account = {**_capture(session, reader, capture), "classes": classes}
    target = folder / RECEPTION
    write_bytes(target, json.dumps(account, indent=1, ensure_ascii=False).encode() + b"\n")
    return Left(tuple(written), target, len(classes), account)


def recordings_of(room: Room, studio: Studio, file: str) -> Iterator[ClassRecording]:
    """The recordings of a capture or a log, class after class, seat after seat, nothing written."""
    session = Session(room, studio, file=file)
    for room_class in session.classes():
        yield from room_class.recordings.values()


def studio_beside(capture: Path) -> Studio:
    """The studio that a capture was left with; every device a bike of its own where there is none."""
    toml, roster = capture.parent / STUDIO, capture.parent / ROSTER
    studio = read_studio(toml) if toml.is_file() else Studio()
    return studio.with_roster(read_roster(roster)) if roster.is_file() else studio


def plain(seat: str) -> str:
    """A seat's name as part of a file name."""
    return re.sub(r"[^\w.-]+", "_", seat).strip(".") or "_"


def _capture(session: Session, reader: CaptureReader, capture: Path) -> dict[str, Any]:
    noted, timeline = session.noted, session.timeline
    last = max((note.time_s for note in noted), default=0.0)
    without = gaps(noted, last, len(timeline.sticks))
    count = {
        kind: sum(note.number or 0 for note in noted if note.kind == kind) for kind in ("dropped", "damaged")
    }
    return {
        "schema": SCHEMA,
        "capture": capture.name,
        "started_at": _iso(reader.started_s),
        "closed": reader.closed,
        "messages": timeline.messages,
        "sticks": len(timeline.sticks),
        "heard_twice": timeline.merger.duplicates,
        "conflicts": sum(timeline.merger.conflicts.values()),
        "dropped": max(count["dropped"], reader.dropped),
        "wrong_checksums": count["damaged"],
        "overflows": sum(note.kind == "overflow" for note in noted),
        "gaps": [[round(start, 2), round(stop, 2)] for start, stop in without],
        "damaged_places": [
            {"offset": item.offset, "size": item.size, "kind": item.kind} for item in reader.damage
        ],
        "not_of_this_room": [
            {"device": note.detail, "messages": note.number} for note in noted if note.kind == "foreign"
        ],
        "events": [
            {
                "time_s": round(note.time_s, 2),
                "event": note.kind,
                **_said(note),
            }
            for note in noted
            if note.kind not in ("foreign", "damaged")
        ],
    }  # fmt: skip


def _class(room_class: RoomClass, names: dict[str, str]) -> dict[str, Any]:
    seats = []
    for seat in room_class.seats:
        devices = [_device(room_class, key) for key in sorted(seat.devices)]
        shares = [item["reception_pct"] for item in devices if item["slots_expected"] > 1]
        seats.append(
            {
                "seat": seat.name,
                "rider": seat.rider,
                "recording": names.get(seat.name),
                "reception_pct": round(min(shares), 2) if shares else None,
                "devices": devices,
            }
        )
    return {
        "number": room_class.number,
        "started_at": _iso(room_class.started_unix_s),
        "start_s": round(room_class.span.start_s, 3),
        "stop_s": round(room_class.span.stop_s, 3),
        "seats": seats,
        "without_seat": [_device(room_class, key) for key in room_class.others],
    }


def _device(room_class: RoomClass, key: DeviceKey) -> dict[str, Any]:
    """Reception and health of one device: the best stick's count, and what all sticks heard together."""
    counted = room_class.reception.get(key, [])
    if not counted:
        return {"device_number": key.device_number, "device_type": key.device_type, "slots_expected": 0,
                "reception_pct": 0.0}  # fmt: skip
    best = max((item for _, item in counted), key=lambda item: item.expected)
    found = best.to_dict()
    if len(counted) > 1:
        together = min(best.expected, room_class.first_heard.get(key, 0))
        found["reception_pct"] = round(100.0 * together / best.expected, 2)
        found["sticks"] = [
            {"stick": stick, "reception_pct": round(100.0 * item.share, 2)} for stick, item in counted
        ]
    if key in room_class.twins:
        found["shared_number_since_s"] = round(room_class.twins[key], 2)
    health = room_class.health.get(key, {})
    told: dict[str, Any] = {
        name: health[name] for name in ("manufacturer", "model", "serial", "battery_v") if name in health
    }
    if "battery_status" in health:
        told["battery_low"] = health["battery_status"] >= LOW_BATTERY
    if health.get("calibration_id") in CALIBRATED:
        told["calibration"] = CALIBRATED[health["calibration_id"]]
    if told:
        found["health"] = told
    found["profile"] = pages.PROFILES.get(key.device_type, "other")
    return found


def _said(note: Noted) -> dict[str, Any]:
    """An event's number under its own name, and its words."""
    name = NOTES[note.kind].number
    told: dict[str, Any] = {name: note.number} if name and note.number is not None else {}
    return {**told, "detail": note.detail} if note.detail else told


def _iso(unix_s: float | None) -> str | None:
    return None if unix_s is None else dt.datetime.fromtimestamp(unix_s, dt.UTC).isoformat()
