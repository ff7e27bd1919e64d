"""A table by way of an Arrow stream in memory: polars reads all its columns in one call.

Comes in: what the columns are, and buffers of their values in Arrow's layout. Goes out: a polars table.
Leaves to others: laying out the values (`stack.py`, `gather_kernel.lay_out`). Columns made one by one cost
polars 4 us each, a pass for the nulls and another for the type; those of a stream cost 1 us and one copy. The
schema's message is polars' own, the record batch's is written here. Source: Apache Arrow 1.5, "Encapsulated
message format" and Message.fbs.
"""

from __future__ import annotations

import struct
import threading
from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from telemetry.ingest.fit.column_kinds import BOOLEAN, FLOAT, INTEGER, LISTS, LOCAL, LONG, TEXT, UTC

DTYPES: dict[str, pl.DataType] = {
    INTEGER: pl.Int64(),
    FLOAT: pl.Float64(),
    LONG: pl.UInt64(),
    BOOLEAN: pl.Boolean(),
    TEXT: pl.String(),
    UTC: pl.Datetime("ms", "UTC"),
    LOCAL: pl.Datetime("ms"),
}
DTYPES |= {name: pl.List(DTYPES[kind]) for kind, name in LISTS.items()}

Columns = tuple[tuple[str, str], ...]
"""Name and kind of each column, in order."""

CONTINUES = 0xFFFF_FFFF
FRAME, COUNT = struct.Struct("<II"), struct.Struct("<4xI")
END = FRAME.pack(CONTINUES, 0)
VERSION_5, RECORD_BATCH = 4, 3
KEPT_SCHEMAS = 512
"""Schemas that are kept: files of one head unit have the same few dozens of tables."""
MOST_COLUMNS = 256
"""Columns of a schema that is kept; more are none of a head unit."""
KEPT_BYTES = 4_000_000
"""Size of a body up to which streams of a thread are written over one another."""

TABLES = struct.Struct("<I HHHHHH iIqHBx 4x HHHHHHH2x iIqII")
"""The two flatbuffer tables of a record batch's message, each behind the list of where its fields stand."""
MESSAGE_AT, BATCH_LIST_AT, BATCH_AT = 16, 40, 56


class _Desk(threading.local):
    """Where streams are written."""

    def __init__(self) -> None:
        self.stream = BytesIO()


_desk = _Desk()


class Column(NamedTuple):
    """A column that is laid out already."""

    nodes: tuple[int, ...]
    """length and nulls of it, and of its elements if they are lists"""
    buffers: tuple[bytes, ...]
    """those that Arrow lists for its type, in that order; no bits where nothing is null"""
    heaps: int | None = None
    """how many of the buffers, the last ones, hold long texts; None: it is no text"""


class Numbers(NamedTuple):
    """Columns of numbers that are laid out together, k of them."""

    row: Mapping[str, int]
    """which row of the others is whose"""
    block: NDArray[np.float64]
    """(k, height), 8 bytes each of whichever kind"""
    bits: NDArray[np.uint8]
    """(k, 8 m), set where there is a number"""
    nulls: list[int]
    """(k,)"""

    def some(self, names: Sequence[str]) -> Numbers:
        """Those of these columns that are numbers, alone."""
        there = [name for name in names if name in self.row]
        rows = [self.row[name] for name in there]
        row = {name: k for k, name in enumerate(there)}
        return Numbers(row, self.block[rows], self.bits[rows], [self.nulls[k] for k in rows])


def _schema(columns: Columns) -> bytes:
    """The first message of a stream of these columns."""
    stream = BytesIO()
    empty = pl.DataFrame(schema={name: DTYPES[kind] for name, kind in columns})
    empty.write_ipc_stream(stream, compat_level=pl.CompatLevel.newest())
    written = stream.getvalue()
    return written[: 8 + int(struct.unpack_from("<I", written, 4)[0])]


_kept_schema = lru_cache(KEPT_SCHEMAS)(_schema)


def read_table(height: int, columns: Columns, numbers: Numbers, others: Mapping[str, Column]) -> pl.DataFrame:
    """A table of `height` rows; each column is either one of `numbers` or one of `others`."""
    nodes: list[int] = []
    buffers: list[int] = []
    heaps: list[int] = []
    row, block, bits, nulls = numbers
    body: list[Any] = [bits, block]
    width, run, n_bits = bits.shape[1], 8 * height, (height + 7) // 8
    values_at = bits.nbytes
    size = values_at + block.nbytes
    for name, _ in columns:
        k = row.get(name)
        if k is not None:
            nodes += (height, nulls[k])
            buffers += (k * width, n_bits if nulls[k] else 0, values_at + k * run, run)
            continue
        column = others[name]
        nodes += column.nodes
        for raw in column.buffers:
            n = len(raw)
            buffers += (size, n)
            body += (raw, bytes(-n % 8))
            size += n + -n % 8
        if column.heaps is not None:
            heaps.append(column.heaps)
    message = _batch(height, nodes, buffers, heaps, size)
    # one stream a thread is written over again: fresh memory of this size costs more than all the rest
    stream = _desk.stream if size <= KEPT_BYTES else BytesIO()
    stream.seek(0)
    first = (_kept_schema if len(columns) <= MOST_COLUMNS else _schema)(columns)
    stream.writelines([first, message, *body, END])
    stream.seek(0)
    return pl.read_ipc_stream(stream)


def _batch(
    height: int, nodes: Sequence[int], buffers: Sequence[int], heaps: Sequence[int], size: int
) -> bytes:
    """The message that announces a record batch of `height` rows in a body of `size` bytes.

    `nodes`: length and nulls of each column, of a list's elements behind the list; `buffers`: where each
    stands in the body and its size in bytes; `heaps`: how many of them each text column has for long texts.
    """
    nodes_at = TABLES.size + 4
    buffers_at = nodes_at + 8 + 8 * len(nodes)
    heaps_at = buffers_at + 8 + 8 * len(buffers)
    metadata = TABLES.pack(
        MESSAGE_AT, 12, 20, 16, 18, 4, 8,
        MESSAGE_AT - 4, BATCH_AT - (MESSAGE_AT + 4), size, VERSION_5, RECORD_BATCH,
        14, 24, 8, 4, 16, 0, 20,
        BATCH_AT - BATCH_LIST_AT, nodes_at - (BATCH_AT + 4), height,
        buffers_at - (BATCH_AT + 16), heaps_at - (BATCH_AT + 20),
    )  # fmt: skip
    parts = [metadata]
    for n, numbers in ((len(nodes) // 2, nodes), (len(buffers) // 2, buffers), (len(heaps), heaps)):
        parts += (COUNT.pack(n), array("q", numbers).tobytes())
    metadata = b"".join(parts)
    return FRAME.pack(CONTINUES, len(metadata)) + metadata
