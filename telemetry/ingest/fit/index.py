"""The message index: where every message of a FIT file stands and which definition it obeys.

Comes in: nothing. Goes out: the arrays that the scanners fill and every later step reads, and the limits of
the grammar. Leaves to others: walking the bytes (`scan_kernel.py`, `scan_numpy.py`) and their meaning
(`fields.py`).
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class GrammarLimit(NamedTuple):
    """A size that no class recording comes near, so that time and memory stay in proportion to the file."""

    name: str
    value: int
    unit: str


MAX_BYTES = GrammarLimit("file size", 32 * 1024 * 1024, "bytes")
MAX_MESSAGES = GrammarLimit("messages", 2_000_000, "messages")
MAX_DEFINITIONS = GrammarLimit("definitions", 10_000, "definitions")
MAX_SECTIONS = GrammarLimit("chained files", 64, "files")
MAX_DESCRIPTIONS = GrammarLimit("developer fields", 256, "field descriptions")
MAX_CELLS = GrammarLimit("table cells", 8 * 1024 * 1024, "cells beyond one for each byte")
MAX_RECORDS = GrammarLimit("records of rides", 450_000, "records beyond one for each 14 bytes")
RECORD_BYTES = 14
"""Shorter records than any head unit's are no ride once there are days of them: reading one takes ten times
its bytes."""
MAX_FIELDS = GrammarLimit("fields in layouts of one message type", 100_000, "declared fields")
MAX_TYPES = GrammarLimit("message types as tables", 500, "message types")

GRAMMAR_LIMITS = (
    MAX_BYTES,
    MAX_MESSAGES,
    MAX_DEFINITIONS,
    MAX_SECTIONS,
    MAX_DESCRIPTIONS,
    MAX_CELLS,
    MAX_RECORDS,
    MAX_FIELDS,
    MAX_TYPES,
)

# Columns of the definition table, one row for each definition message.
OFFSET, GLOBAL, SIZE, BIG_ENDIAN, N_FIELDS, N_DEVELOPER, TIME_AT, SECTION = range(8)
"""byte offset of the definition; global message number; payload bytes of its messages; 1 for big-endian; how
many fields and developer fields; where a uint32 timestamp stands after the message's header byte, or -1;
chained file"""

# Cells of the counter array that a walk carries along.
N_MESSAGES, N_DEFINITIONS, POSITION, N_COMPRESSED, N_RESERVED, N_JUMPS = range(6)

# What a timestamp says of the message that holds it [s].
CLOSE_BACK_S = 16
CLOSE_AHEAD_S = 120
"""A timestamp this close to the last one is right by chance once in thirty million."""
NEAR_BACK_S = 3600
NEAR_AHEAD_S = 2 * 86400
"""A timestamp this near is believed where another close one follows it."""
NO_TIME = 0xFFFFFFFF

# What ended a walk.
REACHED_STOP, NOT_DEFINED, MESSAGE_CUT, DEFINITION_CUT, TOO_MANY_MESSAGES, TOO_MANY_DEFINITIONS = range(6)
LIMIT_OF_STATUS = {TOO_MANY_MESSAGES: MAX_MESSAGES, TOO_MANY_DEFINITIONS: MAX_DEFINITIONS}


class Tables:
    """Room for the index of one file, handed to the scanners, which fill it from the front."""

    def __init__(self, n_bytes: int) -> None:
        room = min(n_bytes, MAX_MESSAGES.value) + 1
        self.offset = np.empty(room, np.int32)
        self.definition = np.empty(room, np.int32)
        self.definitions = np.empty((min(n_bytes // 6, MAX_DEFINITIONS.value) + 1, 8), np.int32)
        self.counts = np.zeros(6, np.int64)
        self.local = np.full(16, -1, np.int32)


KEPT_BYTES = 1 << 20
"""Files up to this size share one set of tables in each thread: fresh memory costs more than the walk."""
_kept = threading.local()


def tables_for(n_bytes: int) -> Tables:
    """Tables for a file of `n_bytes`. The next call in this thread may return the same: copy what is to
    stay."""
    if n_bytes > KEPT_BYTES:
        return Tables(n_bytes)
    tables: Tables | None = getattr(_kept, "tables", None)
    if tables is None:
        tables = _kept.tables = Tables(KEPT_BYTES)
    tables.counts[:] = 0
    return tables


class Index(NamedTuple):
    """Every message of a file: `offset` and `definition` have one entry each, in file order."""

    offset: NDArray[np.int32]
    definition: NDArray[np.int32]
    definitions: NDArray[np.int32]
    compressed: int
    """how many messages carry their time in the header byte"""
