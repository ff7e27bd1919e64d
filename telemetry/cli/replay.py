"""`telemetry replay`: a captured room once more, at any speed, decoded as it was live.

Comes in: a capture, or a log that another program wrote of an ANT stick. Goes out: the live table, or a
stream of JSON. It ends with the capture. Leaves to others: order and sticks (`ingest/antplus/timeline.py`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

LONGEST_NAP_S = 0.25


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            help="A capture, or a serial, pcap or text log.", metavar="CAPTURE", show_default=False
        ),
    ],
    speed: Annotated[
        float,
        typer.Option("--speed", help="Times as fast as it was.", metavar="X", min=0.01, max=100_000.0),
    ] = 1.0,
    studio: Annotated[
        Path | None,
        typer.Option(
            "--studio", help="Seats and their sensors. By default studio.toml beside it.", metavar="FILE"
        ),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Show seat, rpm and W only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Events as JSON on stdout, one a line.")] = False,
) -> None:
    """A captured room once more, as it looked live."""
    from telemetry.cli.live_view import View
    from telemetry.cli.room import Told
    from telemetry.ingest.antplus.capture_read import BleRow
    from telemetry.ingest.antplus.leave import studio_beside
    from telemetry.ingest.antplus.notes import NOTES, detail_of, kind_of
    from telemetry.ingest.antplus.studio import read_studio
    from telemetry.ingest.antplus.timeline import Happened, Heard, Timeline, open_room

    reader = open_room(file)
    known = studio_beside(file) if studio is None else read_studio(studio)
    told = Told(as_json=as_json, public=public)
    timeline = Timeline(reader)
    view = View(known, f"{file.name} x{speed:g}", as_json=as_json, public=public)
    begun = time.monotonic()
    devices = set()
    now = 0.0
    with view:
        for item in timeline:
            if isinstance(item, Happened):
                kind = kind_of(item.event.event, item.event.kind, item.event.text)
                if kind not in ("started", "ended", "foreign", "damaged"):
                    detail = detail_of(item.event.text)
                    words = NOTES[kind].says + (f": {detail}" if detail else "")
                    with view.aside():
                        told.event(
                            kind, f"{item.time_s:.1f} s: {words}", time_s=round(item.time_s, 2), detail=detail
                        )
                continue
            now = (
                item.unix_s - (reader.started_s or item.unix_s)
                if isinstance(item, BleRow)
                else item.message.time_s
            )
            while (ahead := now / speed - (time.monotonic() - begun)) > 0:
                view.show(speed)
                time.sleep(min(ahead, LONGEST_NAP_S))
            if isinstance(item, BleRow):
                view.feed(item)
            elif isinstance(item, Heard) and item.first:
                devices.add(item.message.key)
                view.feed(item.message)
            view.show(speed)
        view.show(last=True)
    told.event(
        "ended",
        f"{timeline.messages:,} messages of {len(devices)} devices in {now:.0f} s",
        messages=timeline.messages,
        devices=len(devices),
        seconds=round(now, 2),
    )
