"""What a capture notes about itself: the words of its events, as rows.

Comes in and goes out: a kind, a stick or a count. The writer in the capture process and the reader after
class share these names. Leaves to others: the bytes of an event (`capture_format.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telemetry.ingest.antplus import capture_format as form


@dataclass(frozen=True, slots=True)
class Note:
    """One kind of event: what its number counts, and how a person reads it."""

    kind: str
    number: str
    """stick, count, or nothing"""
    says: str


NOTES: Final[dict[str, Note]] = {
    note.kind: note
    for note in (
        Note("started", "count", "capture started"),
        Note("ended", "", "capture ended"),
        Note("class_start", "", "class begins"),
        Note("class_stop", "", "class ends"),
        Note("unplugged", "stick", "a stick was pulled out"),
        Note("replugged", "stick", "the stick is back"),
        Note("failed", "stick", "a stick could not be used"),
        Note("overflow", "stick", "the stick's memory was full: messages were lost in it"),
        Note("clock_jump", "", "the wall clock jumped; the capture's did not"),
        Note("dropped", "count", "messages that could not be kept"),
        Note("disk_full", "", "the disk takes no more; messages wait in memory"),
        Note("disk_back", "", "the disk takes data again"),
        Note("foreign", "count", "a device that is not of this room"),
        Note("damaged", "count", "messages from the stick with a wrong checksum"),
        Note("mark", "", "a mark"),
    )
}

CLASS_EVENTS: Final = {
    "class_start": (form.TIMER, form.START),
    "class_stop": (form.TIMER, form.STOP_ALL),
}


def words(kind: str, detail: str = "") -> str:
    """The text of an event: its kind, and what else there is to say."""
    return f"{kind}: {detail}" if detail else kind


def kind_of(event: int, kind: int, text: str) -> str:
    """Which note an event is; a timer event of another program starts or stops a class as well."""
    for name, codes in CLASS_EVENTS.items():
        if (event, kind) == codes:
            return name
    said = text.partition(":")[0]
    return said if said in NOTES else "mark"


def detail_of(text: str) -> str:
    """What an event says beside its kind."""
    head, _, rest = text.partition(":")
    return rest.strip() if head in NOTES else text
