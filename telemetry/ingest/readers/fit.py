"""A FIT file's bytes → its classes.

Comes in: bytes and a name. Goes out: one recording per session, named by the hash of the bytes. Leaves to
others: decoding (`ingest/fit/decode.py`) and what the messages mean (`ingest/fit/activity.py`).
"""

from __future__ import annotations

import hashlib

from telemetry.ingest.fit.activity import recordings as rides
from telemetry.ingest.fit.decode import open_fit
from telemetry.model import ClassRecording

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
    return rides(open_fit(data, file), id=content_id(data))
