"""The compiled walk over the bytes of a FIT file.

Comes in: the bytes, from where to where, and the tables of `index.py`. Goes out: the tables, filled on; and
why the walk ended. Only this kernel follows lengths that the file claims, and it compares each with the end
before it moves. Leaves to others: headers and chains (`sections.py`), recovery (`salvage_kernel.py`),
fields (`gather_kernel.py`). Slow twin: `walk` in tests/reference.py; NumPy twin: `scan_numpy.walk`.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemetry.ingest.fit.index import NEAR_AHEAD_S, NEAR_BACK_S, NO_TIME

MOST_COMPARED = 8
"""Distinct layouts that a definition is compared with, latest first."""


@njit(cache=True, nogil=True, boundscheck=True)
def same_layouts(
    data: NDArray[np.uint8],
    definitions: NDArray[np.int32],
    chosen: NDArray[np.int64],
    out: NDArray[np.int64],
    packed: NDArray[np.uint8],
) -> int:
    """For each of the `chosen` definitions the first one among the latest distinct ones that has its bytes.

    out: positions in `chosen`; its own where none is equal. Developer fields are never taken as equal.
    packed: the bytes of the distinct ones, one behind the other; returns how many.
    """
    kept = np.empty(MOST_COMPARED, np.int64)
    n_kept = 0
    n_packed = 0
    for i in range(chosen.shape[0]):
        d = chosen[i]
        start = np.int64(definitions[d, 0]) + 2
        length = 4 + 3 * np.int64(definitions[d, 4])
        out[i] = i
        for back in range(n_kept):
            e = chosen[kept[back]]
            if definitions[e, 4] != definitions[d, 4] or definitions[e, 2] != definitions[d, 2]:
                continue
            if definitions[d, 5] or definitions[e, 5]:
                continue
            other = np.int64(definitions[e, 0]) + 2
            k = 0
            while k < length and data[start + k] == data[other + k]:
                k += 1
            if k == length:
                out[i] = kept[back]
                break
        if out[i] == i:
            for k in range(min(n_kept, MOST_COMPARED - 1), 0, -1):
                kept[k] = kept[k - 1]
            kept[0] = i
            n_kept = min(n_kept + 1, MOST_COMPARED)
            # by a loop: assigning slices takes the compiler seconds
            piece, room = data[start : start + length], packed[n_packed : n_packed + length]
            for k in range(min(piece.shape[0], room.shape[0])):
                room[k] = piece[k]
            n_packed += length
    return n_packed


@njit(cache=True, nogil=True, boundscheck=True)
def walk(
    data: NDArray[np.uint8],
    stop: int,
    section: int,
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    local: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> int:
    """Index the messages from counts[POSITION] up to `stop`; return a status of `index.py`.

    counts[POSITION] is left at the first byte that is not part of a whole message.
    """
    n = counts[0]
    m = counts[1]
    p = counts[2]
    compressed = counts[3]
    reserved = counts[4]
    jumps = counts[5]
    base = np.int64(-1)
    status = 0
    while p < stop:
        header = np.int64(data[p])
        if header & 0x80 == 0 and header & 0x40:
            if p + 6 > stop:
                status = 3
                break
            n_fields = np.int64(data[p + 5])
            q = p + 6 + 3 * n_fields
            n_developer = np.int64(0)
            if header & 0x20:
                if q + 1 > stop:
                    status = 3
                    break
                n_developer = np.int64(data[q])
                if q + 1 + 3 * n_developer > stop:
                    status = 3
                    break
            elif q > stop:
                status = 3
                break
            if m + 1 >= definitions.shape[0]:
                status = 5
                break
            big = np.int64(data[p + 2]) & 1
            size = np.int64(0)
            time_at = np.int64(-1)
            q = p + 6
            for _ in range(n_fields):
                width = np.int64(data[q + 1])
                if data[q] == 253 and width == 4 and np.int64(data[q + 2]) & 0x7F == 6:
                    time_at = size + 1
                size += width
                q += 3
            if header & 0x20:
                q += 1
                for _ in range(n_developer):
                    size += np.int64(data[q + 1])
                    q += 3
            number = np.int64(data[p + 3]) | (np.int64(data[p + 4]) << 8)
            if big:
                number = (np.int64(data[p + 3]) << 8) | np.int64(data[p + 4])
            definitions[m, 0] = p
            definitions[m, 1] = number
            definitions[m, 2] = size
            definitions[m, 3] = big
            definitions[m, 4] = n_fields
            definitions[m, 5] = n_developer
            definitions[m, 6] = time_at
            definitions[m, 7] = section
            local[header & 0x0F] = m
            m += 1
            p = q
            continue
        d = np.int64(local[(header >> 5) & 3 if header & 0x80 else header & 0x0F])
        if d < 0:
            status = 1
            break
        q = p + 1 + definitions[d, 2]
        if q > stop:
            status = 2
            break
        if n + 1 >= offset.shape[0]:
            status = 4
            break
        if header & 0x80:
            compressed += 1
        elif header & 0x30:
            reserved += 1
        at = np.int64(definitions[d, 6])
        if at >= 0:
            # timestamps nowhere near the one before: a reading out of step may show itself by them
            at += p
            if definitions[d, 3]:
                time = np.int64(data[at]) << 24 | np.int64(data[at + 1]) << 16
                time |= np.int64(data[at + 2]) << 8 | np.int64(data[at + 3])
            else:
                time = np.int64(data[at]) | np.int64(data[at + 1]) << 8
                time |= np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24
            if time != NO_TIME:
                if base >= 0 and (time - base > NEAR_AHEAD_S or base - time > NEAR_BACK_S):
                    jumps += 1
                base = time
        offset[n] = p
        definition[n] = d
        n += 1
        p = q
    counts[0] = n
    counts[1] = m
    counts[2] = p
    counts[3] = compressed
    counts[4] = reserved
    counts[5] = jumps
    return status
