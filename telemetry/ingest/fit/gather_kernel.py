"""Compiled reading of fields: message offsets and a plan in, columns of numbers out.

Comes in: the bytes, where the rows of one message type stand, and for every layout and column where the
value stands and which base type it has. Goes out: float64 columns, scaled, NaN where invalid or absent.
Leaves to others: what the columns are (`fields.py`) and that every row lies inside the bytes (the scan has
checked it; bounds are checked again). NumPy twin: `gather_numpy.py`; slow twins in tests/reference.py.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemetry.ingest.fit.column_kinds import DATE, OTHER, REAL

BLOCK = 1024


@njit(cache=True, nogil=True, boundscheck=True)
def select(
    number: int,
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    offset_out: NDArray[np.int32],
    definition_out: NDArray[np.int32],
    used: NDArray[np.bool_],
) -> int:
    """Copy the offsets and definitions of the messages of one type; return how many.

    `used` : [definition], set to True for those that some of them have.
    """
    chosen = definitions[:, 1] == number
    n = 0
    for i in range(offset.shape[0]):
        d = definition[i]
        if chosen[d]:
            offset_out[n] = offset[i]
            definition_out[n] = d
            used[d] = True
            n += 1
    return n


@njit(cache=True, nogil=True, boundscheck=True)
def gather(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    layout: NDArray[np.int32],
    at: NDArray[np.int32],
    kind: NDArray[np.uint8],
    big: NDArray[np.uint8],
    scale: NDArray[np.float64],
    shift: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fill out[column, row] with raw / scale - shift.

    `offset`, `layout` : one entry each row; `at`, `kind` : [layout, column], byte after the header byte
    (-1: absent) and base type; `big` : [layout]; `scale`, `shift` : [column].
    """
    n = offset.shape[0]
    n_columns = out.shape[0]
    eight = np.empty(1, np.uint64)
    as_double = eight.view(np.float64)
    four = np.empty(1, np.uint32)
    as_single = four.view(np.float32)
    first = 0
    while first < n:
        which = layout[first]
        last = first + 1
        # short blocks keep the rows in the cache while the columns pass over them
        while last < n and last - first < BLOCK and layout[last] == which:
            last += 1
        big_endian = big[which] != 0
        # unsigned places: a signed one would be asked each time whether it counts from the end
        places = offset[first:last].view(np.uint32)
        rows = places.shape[0]
        for c in range(n_columns):
            column = out[c, first:last]
            if at[which, c] < 0:
                for r in range(rows):
                    column[r] = np.nan
                continue
            start = np.uint64(at[which, c])
            t = kind[which, c]
            divisor = scale[c]
            minus = shift[c]
            plain = divisor == 1.0 and minus == 0.0
            if t == 0 or t == 2 or t == 13 or t == 10:
                invalid = np.int64(0) if t == 10 else np.int64(255)
                if plain:
                    for r in range(rows):
                        v = np.int64(data[places[r] + start])
                        column[r] = np.float64(v) if v != invalid else np.nan
                else:
                    for r in range(rows):
                        v = np.int64(data[places[r] + start])
                        column[r] = v / divisor - minus if v != invalid else np.nan
            elif t == 1:
                for r in range(rows):
                    v = np.int64(data[places[r] + start])
                    if v >= 128:
                        v -= 256
                    column[r] = v / divisor - minus if v != 127 else np.nan
            elif t == 4 or t == 11 or t == 3:
                invalid = np.int64(0xFFFF)
                if t == 11:
                    invalid = np.int64(0)
                elif t == 3:
                    invalid = np.int64(0x7FFF)
                # a signed number is its unsigned one turned by half the range and turned back
                turn = np.int64(0x8000) if t == 3 else np.int64(0)
                low = start + np.uint64(1) if big_endian else start
                high = start if big_endian else start + np.uint64(1)
                if plain:
                    for r in range(rows):
                        v = np.int64(data[places[r] + low]) | (np.int64(data[places[r] + high]) << 8)
                        v = (v ^ turn) - turn
                        column[r] = np.float64(v) if v != invalid else np.nan
                else:
                    for r in range(rows):
                        v = np.int64(data[places[r] + low]) | (np.int64(data[places[r] + high]) << 8)
                        v = (v ^ turn) - turn
                        column[r] = v / divisor - minus if v != invalid else np.nan
            elif t == 5 or t == 6 or t == 12:
                invalid = np.int64(0xFFFFFFFF)
                if t == 12:
                    invalid = np.int64(0)
                elif t == 5:
                    invalid = np.int64(0x7FFFFFFF)
                turn = np.int64(0x80000000) if t == 5 else np.int64(0)
                b0 = start + np.uint64(3) if big_endian else start
                b1 = start + np.uint64(2) if big_endian else start + np.uint64(1)
                b2 = start + np.uint64(1) if big_endian else start + np.uint64(2)
                b3 = start if big_endian else start + np.uint64(3)
                if plain:
                    for r in range(rows):
                        o = places[r]
                        v = np.int64(data[o + b0]) | (np.int64(data[o + b1]) << 8)
                        v |= (np.int64(data[o + b2]) << 16) | (np.int64(data[o + b3]) << 24)
                        v = (v ^ turn) - turn
                        column[r] = np.float64(v) if v != invalid else np.nan
                else:
                    for r in range(rows):
                        o = places[r]
                        v = np.int64(data[o + b0]) | (np.int64(data[o + b1]) << 8)
                        v |= (np.int64(data[o + b2]) << 16) | (np.int64(data[o + b3]) << 24)
                        v = (v ^ turn) - turn
                        column[r] = v / divisor - minus if v != invalid else np.nan
            elif t == 8:
                for r in range(rows):
                    v = np.int64(0)
                    for i in range(4):
                        k = 3 - i if big_endian else i
                        v |= np.int64(data[places[r] + start + np.uint64(k)]) << (8 * i)
                    four[0] = v
                    column[r] = as_single[0] / divisor - minus if v != 0xFFFFFFFF else np.nan
            elif t == 9 or (t >= 14 and t <= 16):
                for r in range(rows):
                    w = np.uint64(0)
                    for i in range(8):
                        k = 7 - i if big_endian else i
                        w |= np.uint64(data[places[r] + start + np.uint64(k)]) << np.uint64(8 * i)
                    eight[0] = w
                    value = np.nan
                    if t == 9:
                        if w != np.uint64(0xFFFFFFFFFFFFFFFF):
                            value = as_double[0]
                    elif t == 14:
                        if w != np.uint64(0x7FFFFFFFFFFFFFFF):
                            value = np.float64(eight.view(np.int64)[0])
                    elif t == 15:
                        if w != np.uint64(0xFFFFFFFFFFFFFFFF):
                            value = np.float64(w)
                    elif w != np.uint64(0):
                        value = np.float64(w)
                    column[r] = value / divisor - minus
            else:
                for r in range(rows):
                    column[r] = np.nan
        first = last


@njit(cache=True, nogil=True, boundscheck=True)
def lay_out(
    block: NDArray[np.float64],
    whole: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    bits: NDArray[np.uint8],
    nulls: NDArray[np.int64],
) -> None:
    """Turn columns of numbers into Arrow's layout, in place.

    `block` (k, n), NaN where there is no number; `whole`: the same memory as integers; `kinds` (k,): of
    `column_kinds.py`, an OTHER is left alone. Dates come in seconds and are left in
    milliseconds; an integer of more than 63 bits is null. `bits` (k, 8 m): one for each row, the first the
    lowest, set where there is a number; `nulls` (k,): how many rows have none.
    """
    n = block.shape[1]
    eight, one = np.uint64(8), np.uint64(1)
    for c in range(block.shape[0]):
        kind = kinds[c]
        if kind == OTHER:
            continue
        reals, integers, flags = block[c], whole[c], bits[c]
        factor = 1000.0 if kind == DATE else 1.0
        present = 0
        r = np.uint64(0)
        for byte in range(flags.shape[0]):
            last = min(np.uint64(n), r + eight)
            bit = one
            found = np.uint64(0)
            if kind == REAL:
                while r < last:
                    value = reals[r]
                    found |= bit if value == value else np.uint64(0)
                    bit <<= one
                    r += one
            else:
                while r < last:
                    value = reals[r] * factor
                    valid = abs(value) < 9223372036854775808.0
                    integers[r] = np.int64(value) if valid else 0
                    found |= bit if valid else np.uint64(0)
                    bit <<= one
                    r += one
            flags[byte] = found
            while found:
                found &= found - one
                present += 1
        nulls[c] = n - present


@njit(cache=True, nogil=True, boundscheck=True)
def header_times(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """Raw timestamp of every message whose header byte carries one, else -1.

    Five bits roll over every 32 s on top of the last full timestamp, whatever message brought it; a chained
    file starts anew.
    """
    last = np.int64(-1)
    section = np.int64(-1)
    for i in range(offset.shape[0]):
        d = definition[i]
        p = np.int64(offset[i])
        out[i] = -1
        if definitions[d, 7] != section:
            section = np.int64(definitions[d, 7])
            last = -1
        if data[p] & 0x80 and last >= 0:
            last += ((np.int64(data[p]) & 0x1F) - last) & 0x1F
            out[i] = last
        at = np.int64(definitions[d, 6])
        if at >= 0:
            q = p + at
            v = np.int64(0)
            for k in range(4):
                v = (v << 8) | np.int64(data[q + k if definitions[d, 3] else q + 3 - k])
            if v != 0xFFFFFFFF:
                last = v
