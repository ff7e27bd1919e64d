"""The compiled checksum; `crc.py` says what it computes and holds its table."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemetry.ingest.fit.crc import SLICED


@njit(cache=True, nogil=True, boundscheck=True)
def crc(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """CRC-16 of data[start:stop], 0 <= start <= stop <= len(data)."""
    value = np.int64(0)
    i = start
    while i + 8 <= stop:
        low = value ^ np.int64(data[i]) ^ (np.int64(data[i + 1]) << 8)
        value = (
            SLICED[1792 + (low & 0xFF)]
            ^ SLICED[1536 + (low >> 8)]
            ^ SLICED[1280 + np.int64(data[i + 2])]
            ^ SLICED[1024 + np.int64(data[i + 3])]
            ^ SLICED[768 + np.int64(data[i + 4])]
            ^ SLICED[512 + np.int64(data[i + 5])]
            ^ SLICED[256 + np.int64(data[i + 6])]
            ^ SLICED[np.int64(data[i + 7])]
        )
        i += 8
    while i < stop:
        value = (value >> 8) ^ SLICED[(value ^ np.int64(data[i])) & 0xFF]
        i += 1
    return value
