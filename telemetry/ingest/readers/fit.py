"""A FIT file → its classes: one recording per session of an activity, or per seat of a room's capture.

Comes in: bytes and a name, or a path. Goes out: recordings, an activity's named by the hash of its bytes.
Leaves to others: decoding (`ingest/fit/decode.py`), what the messages mean (`ingest/fit/activity.py`), and
captures (`ingest/antplus`), which are told from activities by content.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import NotAClass
from telemetry.ingest.antplus.capture_sniff import is_capture, is_capture_file
from telemetry.ingest.fit.activity import recordings as rides
from telemetry.ingest.fit.decode import open_fit
from telemetry.model import ClassRecording

if TYPE_CHECKING:
    from telemetry.ingest.antplus.capture_read import CaptureReader
    from telemetry.ingest.antplus.studio import Studio

ID_LENGTH = 12


def content_id(data: bytes) -> str:
    """SHA-256 of the bytes, shortened: copies of one file are one class."""
    return hashlib.sha256(data).hexdigest()[:ID_LENGTH]


def recordings(data: bytes, file: str) -> list[ClassRecording]:
    """The classes of a FIT file.

    Raises
    ------
    BadInput : these bytes are no FIT
    NotAClass : FIT without a ride
    LimitExceeded : larger than the grammar allows
    """
    if is_capture(data):
        from telemetry.ingest.antplus.capture_read import CaptureReader
        from telemetry.ingest.antplus.studio import Studio

        # bytes have no folder, so no studio.toml beside them says who sat where
        return _seats(CaptureReader(file, data), file, Studio())
    return rides(open_fit(data, file), id=content_id(data))


def large(path: Path) -> list[ClassRecording] | None:
    """The recordings of a capture, read in pieces whatever its size; None for every other file."""
    if not is_capture_file(path):
        return None
    from telemetry.ingest.antplus.capture_read import CaptureReader
    from telemetry.ingest.antplus.leave import studio_beside

    return _seats(CaptureReader(path), path.name, studio_beside(path))


def _seats(capture: CaptureReader, file: str, studio: Studio) -> list[ClassRecording]:
    from telemetry.ingest.antplus.leave import recordings_of

    found = list(recordings_of(capture, studio, file))
    if not found:
        raise NotAClass("nobody rides in this capture", file=file, expected="a bike whose crank turns")
    return found
