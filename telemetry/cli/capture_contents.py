"""What a capture or an ANT log holds, as plain JSON types and as text: `telemetry inspect` of a room.

Comes in: a path. Goes out: devices with their pages and reception, events, damage, marks. Leaves to others:
decoding (`ingest/antplus`), the rest of `inspect`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from telemetry.cli.console import clean, result

SCHEMA = "telemetry.inspection/1"
SEARCHED = (".pcap", ".pcapng", ".cap")
"""Suffixes of logs of an ANT stick that are looked for in a folder as well"""
LONGEST_LIST = 12


def capture_contents(path: Path) -> dict[str, Any]:
    """Everything known about one capture or log; read in pieces, nothing kept but counts.

    Raises
    ------
    TelemetryError : neither
    """
    from telemetry.ingest.antplus import notes, pages
    from telemetry.ingest.antplus.broadcast import DeviceKey
    from telemetry.ingest.antplus.capture_read import BleRow, CaptureReader
    from telemetry.ingest.antplus.reception import SlotCounter
    from telemetry.ingest.antplus.timeline import Happened, Timeline, open_room
    from telemetry.ingest.ble import uuids

    reader = open_room(path)
    timeline = Timeline(reader)
    slots: dict[DeviceKey, SlotCounter] = {}
    seen: dict[DeviceKey, Counter[int]] = {}
    bluetooth: Counter[tuple[int, int]] = Counter()
    events: list[dict[str, Any]] = []
    last_s = 0.0
    for item in timeline:
        if isinstance(item, Happened):
            kind = notes.kind_of(item.event.event, item.event.kind, item.event.text)
            detail = notes.detail_of(item.event.text)
            events.append({"time_s": round(item.time_s, 2), "event": kind, "detail": detail})
        elif isinstance(item, BleRow):
            bluetooth[item.address, item.uuid] += 1
        else:
            key = item.raw.key
            last_s = max(last_s, item.raw.time_s)
            slots.setdefault(key, SlotCounter(key)).add(item.raw)
            page = pages.page_of(key.device_type, item.raw.payload)
            number = -1 if page is not None and page.number is None else item.raw.payload[0]
            if page is not None and page.number is not None:
                number = page.number
            seen.setdefault(key, Counter())[number] += 1
    timed = isinstance(reader, CaptureReader) or reader.log.timed
    devices = []
    for key in sorted(slots):
        counted = slots[key].reception()
        assert counted is not None
        names = {
            ("no page" if number < 0 else f"0x{number:02X}"): count
            for number, count in sorted(seen[key].items())
        }
        told = counted.to_dict()
        if not timed:
            told = {
                name: told[name] for name in ("device_number", "device_type", "transmission_type", "profile")
            }
        devices.append({**told, "messages": sum(seen[key].values()), "pages": names})
    capture = reader if isinstance(reader, CaptureReader) else None
    return {
        "schema": SCHEMA,
        "file": str(path),
        "size": path.stat().st_size,
        "kind": "capture" if capture else "log",
        "closed": capture.closed if capture else None,
        "started_unix_s": reader.started_s,
        "duration_s": round(last_s, 3),
        "messages": timeline.messages,
        "sticks": len(timeline.sticks),
        "marks": capture.marks if capture else None,
        "dropped": capture.dropped if capture else None,
        "damage": [
            {"kind": item.kind, "offset": item.offset, "size": item.size} for item in capture.damage
        ] if capture else [],
        "events": events,
        "devices": devices,
        "bluetooth": [
            {"address": f"{address:08X}", "kind": uuids.KINDS.get(uuid, f"0x{uuid:04X}"), "messages": count}
            for (address, uuid), count in sorted(bluetooth.items())
        ],
    }  # fmt: skip


def print_capture(found: dict[str, Any]) -> None:
    """The same for people."""
    what = {True: "finished", False: "not finished: telemetry capture --recover finishes it", None: "a log"}
    result(clean(f"{found['file']}: {found['size']:,} bytes, {what[found['closed']]}"))
    sticks = f"{found['sticks']} stick{'s' * (found['sticks'] != 1)}"
    result(f"  {found['messages']:,} messages in {found['duration_s']:.0f} s, {sticks}")
    if found["marks"] is not None:
        result(f"  {found['marks']:,} marks, {found['dropped']:,} messages dropped")
    for damage in found["damage"][:LONGEST_LIST]:
        result(f"  damage: {damage['kind']} at byte {damage['offset']}, {damage['size']} bytes")
    for event in found["events"][:LONGEST_LIST]:
        detail = f": {event['detail']}" if event["detail"] else ""
        result(clean(f"  {event['time_s']:.1f} s  {event['event']}{detail}"))
    if len(found["events"]) > LONGEST_LIST:
        result(f"  … and {len(found['events']) - LONGEST_LIST} more events (all with --json)")
    for device in found["devices"]:
        pages = ", ".join(f"{name} {count}" for name, count in device["pages"].items())
        result(
            clean(
                f"  {device['profile']} {device['device_number']}: {device['messages']:,} messages, "
                f"{_received(device)}{pages}"
            )
        )
    for device in found["bluetooth"]:
        result(clean(f"  Bluetooth {device['address']}: {device['kind']}, {device['messages']:,} rows"))


def _received(device: dict[str, Any]) -> str:
    """Reception in words; nothing for a log without times, which has an order only."""
    if "reception_pct" not in device:
        return ""
    return f"received {device['reception_pct']:.1f} %, longest gap {device['longest_gap_s']:.1f} s; "
