"""Heart-beat times of `hr` messages: eight 12-bit clocks in twelve bytes, counted on from the last full time.

Comes in: the table of `hr` messages. Goes out: the same with `event_timestamp` [s] filled in for the packed
ones. Leaves to others: reading the bytes. Source: FIT profile, hr.event_timestamp_12.
"""

from __future__ import annotations

import numpy as np
import polars as pl

TICKS_PER_S = 1024
ROLL = 0xFFF
PACKED_BYTES = 12
PER_MESSAGE = 8


def unpack_beats(table: pl.DataFrame) -> pl.DataFrame:
    """Fill `event_timestamp` from `event_timestamp_12`; packed times before any full one stay null."""
    if "event_timestamp_12" not in table.columns or "event_timestamp" not in table.columns:
        return table
    full = table["event_timestamp"].to_list()
    packed = table["event_timestamp_12"].to_list()
    rows = [i for i, cells in enumerate(packed) if full[i] is None and cells and len(cells) == PACKED_BYTES]
    if not rows:
        return table
    cells = np.array([[cell or 0 for cell in packed[i]] for i in rows], np.int64)
    low, middle, high = cells[:, 0::3], cells[:, 1::3], cells[:, 2::3]
    clocks = np.stack([low | (middle & 0xF) << 8, middle >> 4 | high << 4], axis=2)
    clocks = clocks.reshape(len(rows), PER_MESSAGE)
    last = -1
    known = 0
    for i, clock in zip(rows, clocks.tolist(), strict=True):
        for before in range(known, i):
            beats = full[before]
            if beats and beats[-1] is not None and packed[before] is None:
                last = round(beats[-1] * TICKS_PER_S)
        known = i + 1
        if last < 0:
            continue
        beats = []
        for ticks in clock:
            last += (ticks - last) & ROLL
            beats.append(last / TICKS_PER_S)
        full[i] = beats
    return table.with_columns(pl.Series("event_timestamp", full, dtype=pl.List(pl.Float64)))
