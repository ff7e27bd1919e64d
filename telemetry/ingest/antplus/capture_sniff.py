"""Is this FIT file the capture of a room? Told by content, not by suffix, before anything of it is read.

Comes in: the first bytes, or a path. Goes out: yes or no. Apart from `capture_read.py`, so that the many
files that are no capture are told without loading what reads one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from telemetry.ingest.antplus import capture_format as form

SNIFF_BYTES: Final = 4096
_WANTED: Final = form.definition(form.LOCAL_MARK, form.MARK, form.MARK_FIELDS)


def is_capture(head: bytes) -> bool:
    """Whether the first bytes of a FIT file are those of a capture: it defines a mark before anything else
    rides.

    A capture holds message 80 and no record.
    """
    return head[8:12] == b".FIT" and _WANTED in head[:SNIFF_BYTES]


def is_capture_file(path: str | Path) -> bool:
    """Whether a file is a capture, from its first bytes; False where it cannot be read."""
    try:
        # a pipe without a writer would hang at open
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return False
    try:
        return stat.S_ISREG(os.fstat(handle).st_mode) and is_capture(os.read(handle, SNIFF_BYTES))
    except OSError:
        return False
    finally:
        os.close(handle)
