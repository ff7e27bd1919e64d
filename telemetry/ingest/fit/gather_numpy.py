"""Reading of fields without compiled code, for one cold file: the same columns as `gather_kernel.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.base_types import BASE_TYPES, STRING
from telemetry.ingest.fit.column_kinds import DATE, OTHER, REAL


def select(
    number: int,
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    offset_out: NDArray[np.int32],
    definition_out: NDArray[np.int32],
    used: NDArray[np.bool_],
) -> int:
    """As `gather_kernel.select`."""
    rows = np.flatnonzero((definitions[:, 1] == number)[definition])
    offset_out[: len(rows)] = offset[rows]
    definition_out[: len(rows)] = definition[rows]
    used[definition[rows]] = True
    return len(rows)


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
    """As `gather_kernel.gather`."""
    out[:] = np.nan
    for which in range(len(at)):
        rows = np.flatnonzero(layout == which) if len(at) > 1 else slice(None)
        places = offset[rows].astype(np.int64)
        for c in np.flatnonzero(at[which] >= 0).tolist():
            code = int(kind[which, c])
            if code >= len(BASE_TYPES) or code == STRING:
                continue
            out[c, rows] = (
                values(data, places + int(at[which, c]), code, bool(big[which])) / scale[c] - shift[c]
            )


def values(data: NDArray[np.uint8], places: NDArray[np.int64], code: int, big: bool) -> NDArray[np.float64]:
    """Numbers of one base type at `places`, NaN where invalid."""
    row = BASE_TYPES[code]
    raw = data[places[:, None] + np.arange(row.size)]
    order = ">" if big else "<"
    bits = raw.view(f"{order}u{row.size}")[:, 0]
    numbers: NDArray[np.float64] = raw.view(order + row.dtype)[:, 0].astype(np.float64)
    numbers[bits == row.invalid] = np.nan
    return numbers


def lay_out(
    block: NDArray[np.float64],
    whole: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    bits: NDArray[np.uint8],
    nulls: NDArray[np.int64],
) -> None:
    """As `gather_kernel.lay_out`."""
    for c in np.flatnonzero(kinds != OTHER).tolist():
        valid = block[c] == block[c]
        if kinds[c] != REAL:
            with np.errstate(over="ignore"):
                numbers = block[c] * 1000.0 if kinds[c] == DATE else block[c]
            valid = np.abs(numbers) < 2.0**63
            whole[c] = np.where(valid, numbers, 0.0).astype(np.int64)
        packed = np.packbits(valid, bitorder="little")
        bits[c, : len(packed)], bits[c, len(packed) :] = packed, 0
        nulls[c] = len(valid) - np.count_nonzero(valid)


def header_times(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
    out: NDArray[np.int64],
) -> None:
    """As `gather_kernel.header_times`."""
    last, section = -1, -1
    rows = definitions.tolist()
    for i, (p, d) in enumerate(zip(offset.tolist(), definition.tolist(), strict=True)):
        out[i] = -1
        if rows[d][7] != section:
            section, last = rows[d][7], -1
        header = int(data[p])
        if header & 0x80 and last >= 0:
            last += (header - last) & 0x1F
            out[i] = last
        at = rows[d][6]
        if at >= 0:
            value = int.from_bytes(data[p + at : p + at + 4].tobytes(), "big" if rows[d][3] else "little")
            if value != 0xFFFFFFFF:
                last = value
