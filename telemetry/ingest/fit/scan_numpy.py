"""The walk of `scan_kernel.py` without compiled code, for one cold file.

Comes in and goes out: the same tables. Messages of one type that follow each other stand at equal
distances, so a run of them is found with one comparison of strided bytes; what lies between runs is walked
one by one. A file with too few runs is given up (`TooSlow`) and left to the compiled walk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.index import (
    BIG_ENDIAN,
    CLOSE_AHEAD_S,
    CLOSE_BACK_S,
    NEAR_AHEAD_S,
    NEAR_BACK_S,
    NO_TIME,
    SECTION,
    TIME_AT,
    Tables,
)

LONGEST_LOOK = 4096
"""Messages compared at once when a run goes on."""


class TooSlow(Exception):
    """The file has so few runs that walking it step by step would take too long."""


def walk(data: NDArray[np.uint8], raw: bytes, stop: int, section: int, tables: Tables, steps: int) -> int:
    """As `scan_kernel.walk`; `steps` single messages at most.

    Raises
    ------
    TooSlow : more than `steps` messages had to be walked one by one
    """
    counts, definitions = tables.counts, tables.definitions
    n, m, p = int(counts[0]), int(counts[1]), int(counts[2])
    compressed, reserved = int(counts[3]), int(counts[4])
    local: list[int] = tables.local.tolist()
    sizes: list[int] = definitions[:m, 2].tolist()
    offsets, kinds = tables.offset, tables.definition
    room = len(offsets)
    status = 0
    singles: list[int] = []
    single_kinds: list[int] = []
    look = 8
    previous = -1
    while p < stop:
        steps -= 1
        if steps < 0:
            raise TooSlow
        header = raw[p]
        if header & 0xC0 == 0x40:
            q = p + 6
            if q > stop:
                status = 3
                break
            n_fields = raw[p + 5]
            q += 3 * n_fields
            n_developer = 0
            end = q
            if header & 0x20:
                if q + 1 > stop:
                    status = 3
                    break
                n_developer = raw[q]
                end = q + 1 + 3 * n_developer
            if end > stop:
                status = 3
                break
            if m + 1 >= len(definitions):
                status = 5
                break
            big = raw[p + 2] & 1
            size, time_at = 0, -1
            for at in range(p + 6, q, 3):
                if raw[at] == 253 and raw[at + 1] == 4 and raw[at + 2] & 0x7F == 6:
                    time_at = size + 1
                size += raw[at + 1]
            size += sum(raw[q + 2 : end : 3])
            number = raw[p + 3] << 8 | raw[p + 4] if big else raw[p + 3] | raw[p + 4] << 8
            definitions[m] = (p, number, size, big, n_fields, n_developer, time_at, section)
            local[header & 0x0F] = m
            sizes.append(size)
            m += 1
            p = end
            previous = -1
            continue
        d = local[header >> 5 & 3 if header & 0x80 else header & 0x0F]
        if d < 0:
            status = 1
            break
        step = 1 + sizes[d]
        if p + step > stop:
            status = 2
            break
        if n + len(singles) + 1 >= room:
            status = 4
            break
        run = 1
        if header == previous:
            whole = min((stop - p) // step, look, room - 1 - n - len(singles))
            same = data[p : p + whole * step : step] == header
            run = whole if same.all() else int(same.argmin())
            look = min(look * 2, LONGEST_LOOK) if run == whole else 8
        previous = header
        if header & 0x80:
            compressed += run
        elif header & 0x30:
            reserved += run
        if run == 1:
            singles.append(p)
            single_kinds.append(d)
        else:
            n = _flush(offsets, kinds, n, singles, single_kinds)
            offsets[n : n + run] = np.arange(p, p + run * step, step)
            kinds[n : n + run] = d
            n += run
        p += run * step
    n = _flush(offsets, kinds, n, singles, single_kinds)
    tables.local[:] = local
    counts[:5] = (n, m, p, compressed, reserved)
    return status


def strength(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """As `salvage_kernel.strength`."""
    rows = definitions[definition]
    timed = rows[:, TIME_AT] >= 0
    rows = rows[timed]
    places = (offset[timed] + rows[:, TIME_AT]).astype(np.int64)
    raw = data[places[:, None] + np.arange(4)]
    times = np.where(rows[:, BIG_ENDIAN] != 0, raw.view(">u4")[:, 0], raw.view("<u4")[:, 0]).astype(np.int64)
    known = times != NO_TIME
    times, sections = times[known], rows[known, SECTION]
    steps = np.diff(times)
    begins = np.diff(sections) != 0
    close = (steps >= -CLOSE_BACK_S) & (steps <= CLOSE_AHEAD_S)
    near = (steps >= -NEAR_BACK_S) & (steps <= NEAR_AHEAD_S)
    out[0] = min(len(times), 1) + int((close | begins).sum())
    out[1] = int((~close & ~near & ~begins).sum())


def _flush(
    offsets: NDArray[np.int32], kinds: NDArray[np.int32], n: int, singles: list[int], single_kinds: list[int]
) -> int:
    count = len(singles)
    if count:
        offsets[n : n + count] = singles
        kinds[n : n + count] = single_kinds
        singles.clear()
        single_kinds.clear()
    return n + count
