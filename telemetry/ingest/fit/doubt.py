"""Which messages to doubt in a file that no checksum vouches for.

Comes in: the index of one chained file that has a wrong checksum or none. Goes out: a mark on each message
whose timestamp cannot be part of the ride. Leaves to others: finding messages (`walking.py`), and what a mark
means to a reader: it is kept and told of, never dropped.

A walk over foreign bytes that happens to fit the definitions in force invents rows with a timestamp that is
invalid, zero or decades away. The longest stretch without a jump is the ride; two days around are believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telemetry.ingest.fit.index import BIG_ENDIAN, NEAR_AHEAD_S, NEAR_BACK_S, NO_TIME, TIME_AT


def strange_times(
    data: NDArray[np.uint8],
    offset: NDArray[np.int32],
    definition: NDArray[np.int32],
    definitions: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """True for messages whose layout has a timestamp that is invalid or nowhere near the ride's (n,)."""
    out = np.zeros(len(offset), np.bool_)
    if not len(offset) or len(data) < 4:
        return out
    at = definitions[:, TIME_AT].take(definition)
    timed = np.flatnonzero(at >= 0)
    # every four bytes in a row as one number, wherever they begin
    numbers = np.ndarray((len(data) - 3,), "<u4", data, strides=(1,))
    times = numbers.take(offset[timed] + at[timed])
    if definitions[:, BIG_ENDIAN].any():
        swapped = definitions[:, BIG_ENDIAN].take(definition[timed]) != 0
        times = np.where(swapped, times.byteswap(), times)
    known = times != NO_TIME
    out[timed] = ~known
    seconds = times[known].astype(np.int64)
    if len(seconds):
        steps = np.diff(seconds)
        jumps = np.flatnonzero((steps < -NEAR_BACK_S) | (steps > NEAR_AHEAD_S)) + 1
        bounds = np.concatenate(([0], jumps, [len(seconds)]))
        longest = int(np.argmax(np.diff(bounds)))
        ride = seconds[bounds[longest] : bounds[longest + 1]]
        low, high = ride.min() - NEAR_AHEAD_S, ride.max() + NEAR_AHEAD_S
        out[timed[known]] = (seconds < low) | (seconds > high)
    return out
