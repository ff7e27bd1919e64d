"""What a class had added up to, minute by minute: what a pain noted at minute 31 can be held against.

Comes in: a `Conditioned` class, the context, which samples lie in bouts. Goes out: one `RunningLoad`, small
enough for the JSON. Leaves to others: the sums of the whole class, and what is done with the minutes
(`onset_match.py`). Gaps add nothing here; the sums of the class scale short ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.context import Context
from telemetry.analysis.torque_load import accumulated
from telemetry.model import RunningLoad
from telemetry.units import SECONDS_PER_MINUTE

DIGITS = 3
A_DAY_MIN = 1440


def running_load(c: Conditioned, context: Context, inside: np.ndarray) -> RunningLoad | None:
    """Torque load, grinding minutes, strokes and unbroken minutes so far at each whole minute and at the end.

    None where torque is not known. `inside` (n,) bool: the sample lies in a bout.
    """
    if not len(c) or not np.isfinite(c.torque_nm).any():
        return None
    total, _ = accumulated(c.torque_nm, c.dt_s, inside, context.torque_reference_nm)
    stop_s = c.time_s + c.dt_s
    turns = np.where(c.pedalling, 2.0 * np.nan_to_num(c.cadence_rpm) * c.dt_s / SECONDS_PER_MINUTE, 0.0)
    length = float(stop_s[-1]) / SECONDS_PER_MINUTE
    minutes = np.append(_whole_minutes(c.time_s, length), length)
    at_s = minutes * SECONDS_PER_MINUTE

    # each sample's share grows evenly over its own seconds; across a gap the sum stands still
    now = np.searchsorted(c.time_s, at_s, side="right") - 1
    part = np.divide(at_s - c.time_s[now], c.dt_s[now], out=np.ones(len(now)), where=c.dt_s[now] > 0.0)
    part = np.clip(part, 0.0, 1.0)

    def so_far(values: np.ndarray) -> np.ndarray:
        before = np.where(now > 0, values[np.maximum(now - 1, 0)], 0.0)
        reached: np.ndarray = before + part * (values[now] - before)
        return np.where(now >= 0, reached, 0.0)

    return RunningLoad(
        minute=_short(minutes),
        torque_load=_short(so_far(total)),
        grinding_min=_short(so_far(np.cumsum(np.where(inside, c.dt_s, 0.0))) / SECONDS_PER_MINUTE),
        strokes=_short(so_far(np.cumsum(turns))),
        unbroken_min=_short(_since_break(c, context, at_s) / SECONDS_PER_MINUTE),
    )


def _whole_minutes(time_s: np.ndarray, length: float) -> np.ndarray:
    """Whole minutes from 1 to before the end; over a day of them only those beside a sample.

    A pause may be as long as a clock can claim, decades too: no array is sized by it.
    """
    last = math.ceil(length)
    if last <= A_DAY_MIN:
        return np.arange(1.0, last)
    at = np.floor(time_s / SECONDS_PER_MINUTE)
    near = np.unique(np.concatenate((at, at + 1.0)))
    return near[(near >= 1.0) & (near < last)]


def _short(values: np.ndarray) -> tuple[float, ...]:
    return tuple(np.round(values, DIGITS).tolist())


def _since_break(c: Conditioned, context: Context, at_s: np.ndarray) -> np.ndarray:
    """Seconds since the present stretch of pedalling began, at each moment; 0 while a break lasts.

    A break is what ends `unbroken_min`: a rest of `unbroken_pause_s`, or a recorded stand of
    `unbroken_standing_s`.
    """
    stands = _long_stands(c, context.limits["unbroken_standing_s"])
    rides = np.flatnonzero(c.pedalling & ~stands)
    if not len(rides):
        return np.zeros(len(at_s))
    begins, ends = c.time_s[rides], c.time_s[rides] + c.dt_s[rides]
    rested = begins[1:] - ends[:-1] >= context.limits["unbroken_pause_s"] - 1e-6
    so_far = np.cumsum(stands)
    stood = so_far[rides[1:]] > so_far[rides[:-1]]
    fresh = np.append(True, rested | stood)
    stretch = begins[np.maximum.accumulate(np.where(fresh, np.arange(len(rides)), 0))]

    last = np.searchsorted(begins, at_s, side="right") - 1  # the last sample ridden by then
    known = last >= 0
    last = np.maximum(last, 0)
    resting = at_s - ends[last] >= context.limits["unbroken_pause_s"] - 1e-6
    now = np.minimum(np.searchsorted(c.time_s, at_s, side="right") - 1, len(c) - 1)
    standing = so_far[now] > so_far[rides[last]]
    return np.where(known & ~resting & ~standing, at_s - stretch[last], 0.0)


def _long_stands(c: Conditioned, least_s: float) -> np.ndarray:
    """Samples (n,) bool of recorded stands of at least `least_s`."""
    out = np.zeros(len(c), dtype=bool)
    standing: Any = c.others.get("standing") if c.recording.posture_known else None
    if standing is None:
        return out
    edges = np.flatnonzero(np.diff(np.concatenate(([0.0], (standing == 1.0) * 1.0, [0.0]))))
    for start, stop in edges.reshape(-1, 2).tolist():
        if c.time_s[stop - 1] + c.dt_s[stop - 1] - c.time_s[start] >= least_s - 1e-6:
            out[start:stop] = True
    return out
