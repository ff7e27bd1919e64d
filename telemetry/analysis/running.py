"""What a class had added up to, minute by minute: what a pain noted at minute 31 can be held against.

Comes in: a `Conditioned` class, the context, which samples lie in bouts. Goes out: one `RunningLoad`, small
enough for the JSON. Leaves to others: the sums of the whole class, and what is done with the minutes
(`onset_match.py`). Gaps add nothing here; the sums of the class scale short ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.context import Context
from telemetry.model import RunningLoad
from telemetry.units import SECONDS_PER_MINUTE

DIGITS = 3
A_DAY_MIN = 1440


@njit(cache=True, nogil=True)
def sums_so_far(
    at_s: np.ndarray,
    time_s: np.ndarray,
    dt_s: np.ndarray,
    cadence_rpm: np.ndarray,
    torque_nm: np.ndarray,
    pedalling: np.ndarray,
    inside: np.ndarray,
    stands: np.ndarray,
    reference_nm: float,
    pause_s: float,
) -> np.ndarray:
    """What was added up by each of increasing moments `at_s` (m,), as (4, m).

    Torque load, seconds inside bouts, strokes, and seconds since the present stretch of pedalling began: 0
    while a break lasts. A break is a rest of `pause_s` or a sample that `stands`. Each sample's share grows
    evenly over its own seconds; across a gap the sums stand still.
    """
    n, m = len(time_s), len(at_s)
    out = np.zeros((4, m))
    load = in_bouts = strokes = 0.0
    ridden = stood = False
    begin = end = 0.0  # of the stretch, and of the last sample ridden
    k = 0
    while k < m and n > 0 and at_s[k] < time_s[0]:
        k += 1
    for i in range(n):
        dt = dt_s[i]
        more_load = more_bout = more_strokes = 0.0
        if not np.isnan(torque_nm[i]):
            share = torque_nm[i] / reference_nm
            more_load = share * share * dt / 36.0
        if inside[i]:
            more_bout = dt
        if pedalling[i]:
            more_strokes = 2.0 * cadence_rpm[i] * dt / 60.0
        if stands[i]:
            stood = True
        elif pedalling[i]:
            if not ridden or stood or time_s[i] - end >= pause_s - 1e-6:
                begin = time_s[i]
            ridden, stood = True, False
            end = time_s[i] + dt
        while k < m and (i + 1 == n or at_s[k] < time_s[i + 1]):
            now = at_s[k]
            part = min((now - time_s[i]) / dt, 1.0) if dt > 0.0 else 1.0
            out[0, k] = load + part * more_load
            out[1, k] = in_bouts + part * more_bout
            out[2, k] = strokes + part * more_strokes
            if ridden and not stood and now - end < pause_s - 1e-6:
                out[3, k] = now - begin
            k += 1
        load += more_load
        in_bouts += more_bout
        strokes += more_strokes
    return out


def running_load(c: Conditioned, context: Context, inside: np.ndarray) -> RunningLoad | None:
    """Torque load, grinding minutes, strokes and unbroken minutes so far at each whole minute and at the end.

    None where torque is not known. `inside` (n,) bool: the sample lies in a bout. What breaks a stretch is
    what ends `unbroken_min`: a rest of `unbroken_pause_s`, or a recorded stand of `unbroken_standing_s`.
    """
    if not len(c) or not np.isfinite(c.torque_nm).any():
        return None
    length = float(c.time_s[-1] + c.dt_s[-1]) / SECONDS_PER_MINUTE
    minutes = np.append(_whole_minutes(c.time_s, length), length)
    sums = sums_so_far(
        minutes * SECONDS_PER_MINUTE,
        c.time_s,
        c.dt_s,
        c.cadence_rpm,
        c.torque_nm,
        c.pedalling,
        inside,
        _long_stands(c, context.limits["unbroken_standing_s"]),
        context.torque_reference_nm,
        context.limits["unbroken_pause_s"],
    )
    sums[1] /= SECONDS_PER_MINUTE
    sums[3] /= SECONDS_PER_MINUTE
    load, grinding, strokes, unbroken = (tuple(row) for row in np.round(sums, DIGITS).tolist())
    return RunningLoad(
        minute=tuple(np.round(minutes, DIGITS).tolist()),
        torque_load=load,
        grinding_min=grinding,
        strokes=strokes,
        unbroken_min=unbroken,
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
