"""CRC-16 of FIT (polynomial 0x8005 reflected, start 0), over header and file.

Comes in: bytes. Goes out: their checksum. Long runs are folded to one period of the polynomial first. Then
two ways to the same number: a compiled one that takes sixteen bytes a step, and a NumPy one for a single cold
file, where loading the compiler would cost more than it saves. Source: FIT protocol, "CRC"; slicing-by-8
after Kounavis and Berry (2005).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _byte_table() -> NDArray[np.int64]:
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ 0xA001, table >> 1)
    return table


TABLE = _byte_table()
"""Checksum of one byte."""


def _sliced_tables() -> NDArray[np.uint16]:
    rows = [TABLE]
    for _ in range(15):
        rows.append((rows[-1] >> 8) ^ TABLE[rows[-1] & 0xFF])
    return np.concatenate(rows).astype(np.uint16)


SLICED = _sliced_tables()
"""Row k, flattened: checksum of one byte followed by k zero bytes."""


PERIOD_BYTES = 32_767
"""x^16 + x^15 + x^2 + 1 = (x + 1)(x^15 + x + 1) divides x^32767 + 1: bytes this far apart weigh the same."""


def folded(data: NDArray[np.uint8], start: int, stop: int) -> NDArray[np.uint8]:
    """Bytes with the checksum of data[start:stop], at most two periods of them: the others are added to those
    that weigh the same."""
    periods = (stop - start) // PERIOD_BYTES
    if periods < 2:
        return data[start:stop]
    middle = stop - periods * PERIOD_BYTES
    out: NDArray[np.uint8] = np.bitwise_xor.reduce(
        data[middle:stop].reshape(periods, PERIOD_BYTES), axis=0, dtype=np.uint8
    )
    out[PERIOD_BYTES - (middle - start) :] ^= data[start:middle]
    out.flags.writeable = False
    return out


def crc_numpy(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """Checksum of data[start:stop] without compiled code: the bytes as a matrix, its rows side by side.

    The checksum is linear over GF(2): rows are run in parallel from 0, then joined by feeding each result
    through the next row's length in zero bytes.
    """
    data = folded(data, start, stop)
    size = len(data)
    if size < 4096:
        crc = 0
        for byte in data.tolist():
            crc = (crc >> 8) ^ int(TABLE[(crc ^ byte) & 0xFF])
        return crc
    rows = 1 << max(4, (size.bit_length() - 4) // 2)
    width = size // rows & ~1
    pairs = np.ascontiguousarray(data[: rows * width].reshape(rows, width).T).astype(np.uint16)
    crcs = np.zeros(rows, np.uint16)
    table = _pair_table()
    for i in range(0, width, 2):
        crcs = table[crcs ^ pairs[i] ^ (pairs[i + 1] << 8)]
    crc = 0
    shift = _shift_tables(width)
    for one in crcs.tolist():
        crc = int(shift[0][crc & 0xFF]) ^ int(shift[1][crc >> 8]) ^ one
    for byte in data[rows * width :].tolist():
        crc = (crc >> 8) ^ int(TABLE[(crc ^ byte) & 0xFF])
    return crc


@lru_cache(1)
def _pair_table() -> NDArray[np.uint16]:
    """Checksum of two bytes read as one little-endian number."""
    both = np.arange(65536, dtype=np.int64)
    once = (both >> 8) ^ TABLE[both & 0xFF]
    twice: NDArray[np.uint16] = ((once >> 8) ^ TABLE[once & 0xFF]).astype(np.uint16)
    return twice


def _shift_tables(width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What `width` zero bytes make of a checksum's low and high byte."""
    images = [1 << bit for bit in range(16)]
    power = list(images)
    step = [(value >> 8) ^ int(TABLE[value & 0xFF]) for value in images]

    def apply(matrix: list[int], value: int) -> int:
        out = 0
        for bit in range(16):
            if value >> bit & 1:
                out ^= matrix[bit]
        return out

    left = width
    while left:
        if left & 1:
            power = [apply(step, value) for value in power]
        step = [apply(step, value) for value in step]
        left >>= 1
    low = np.array([apply(power, value) for value in range(256)], np.int64)
    high = np.array([apply(power, value << 8) for value in range(256)], np.int64)
    return low, high
