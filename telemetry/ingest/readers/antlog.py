"""A log of an ANT stick → one recording per bike in it: raw frames, a packet capture, or a text log.

Comes in: bytes and a name. Goes out: recordings, each device number a bike of its own. Leaves to others: the
formats (`ingest/antplus/logs.py`), decoding and classes (`ingest/antplus/session.py`).
"""

from __future__ import annotations

from telemetry.errors import NotAClass
from telemetry.model import ClassRecording


def recordings(data: bytes, file: str) -> list[ClassRecording]:
    """The classes of a log.

    Raises
    ------
    BadInput : no ANT frame is in it
    NotAClass : it has no times, or nobody rides in it
    """
    from telemetry.ingest.antplus.leave import recordings_of
    from telemetry.ingest.antplus.logs import parse_log
    from telemetry.ingest.antplus.studio import Studio
    from telemetry.ingest.antplus.timeline import LogRoom

    log = parse_log(data, file)
    if not log.timed:
        raise NotAClass(
            "this log has frames and no times",
            file=file,
            expected="a packet capture, or a text log with a time for each message",
        )
    found = list(recordings_of(LogRoom(log), Studio(), file))
    if not found:
        raise NotAClass("nobody rides in this log", file=file, expected="a bike whose crank turns")
    return found
