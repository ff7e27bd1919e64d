"""The compiled checksum; `crc.py` says what it computes and holds its table."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemetry.ingest.fit.crc import SLICED, folded


def crc(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """CRC-16 of data[start:stop], 0 <= start <= stop <= len(data)."""
    data = folded(data, start, stop)
    n_words = len(data) // 16 * 2
    words = data[: 8 * n_words].view(np.uint64)
    return int(_crc(words, data[8 * n_words :]))


@njit(cache=True, nogil=True, boundscheck=True)
def _crc(words: NDArray[np.uint64], rest: NDArray[np.uint8]) -> int:
    """Sixteen bytes a step: their sixteen look-ups do not wait for each other."""
    value = np.int64(0)
    for i in range(0, words.shape[0] - 1, 2):
        a = np.int64(words[i])
        b = np.int64(words[i + 1])
        # what the last step's checksum decides is looked up last: the rest need not wait for it
        value = np.int64(
            SLICED[b >> 56 & 0xFF]
            ^ SLICED[256 + (b >> 48 & 0xFF)]
            ^ SLICED[512 + (b >> 40 & 0xFF)]
            ^ SLICED[768 + (b >> 32 & 0xFF)]
            ^ SLICED[1024 + (b >> 24 & 0xFF)]
            ^ SLICED[1280 + (b >> 16 & 0xFF)]
            ^ SLICED[1536 + (b >> 8 & 0xFF)]
            ^ SLICED[1792 + (b & 0xFF)]
            ^ SLICED[2048 + (a >> 56 & 0xFF)]
            ^ SLICED[2304 + (a >> 48 & 0xFF)]
            ^ SLICED[2560 + (a >> 40 & 0xFF)]
            ^ SLICED[2816 + (a >> 32 & 0xFF)]
            ^ SLICED[3072 + (a >> 24 & 0xFF)]
            ^ SLICED[3328 + (a >> 16 & 0xFF)]
            ^ SLICED[3584 + ((a >> 8 ^ value >> 8) & 0xFF)]
            ^ SLICED[3840 + ((a ^ value) & 0xFF)]
        )
    for byte in rest:
        value = (value >> 8) ^ np.int64(SLICED[(value ^ np.int64(byte)) & 0xFF])
    return value
