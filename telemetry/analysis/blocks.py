"""The class in pieces: block by block, by heart-rate zone, and beside the head unit's own totals.

Comes in: a conditioned class, its bouts and metrics. Goes out: rows of tables. Leaves to others: their
layout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from telemetry.analysis.numbers import percent
from telemetry.model import Agreement, Block, HeartRateZone, Lap, MetricResult

if TYPE_CHECKING:
    from telemetry.analysis.conditioning import Conditioned
    from telemetry.analysis.context import Context

# --- blocks -------------------------------------------------------------------------------------------------

TAIL_S = 2.0
"""Laps end within a second or two of the last sample; what is longer is part of the class."""


@njit(cache=True, nogil=True)
def block_sums(
    starts: np.ndarray,
    stops: np.ndarray,
    time_s: np.ndarray,
    dt_s: np.ndarray,
    power: np.ndarray,
    heart_rate: np.ndarray,
    cadence: np.ndarray,
    torque: np.ndarray,
    pedalling: np.ndarray,
    turned: np.ndarray,
    inside: np.ndarray,
) -> np.ndarray:
    """Sums by block, (11, blocks): blocks begin at increasing `starts` and last to `stops` [s].

    Σ x dt of power, heart rate, cadence where turned, torque where pedalled; their seconds in the same order;
    Σ torque² dt, seconds inside bouts, samples with known torque. NaN counts for nothing. A sample belongs to
    the last block that has begun; in none where that one has ended.
    """
    sums = np.zeros((11, len(starts)))
    k = -1
    for i in range(len(time_s)):
        now, dt = time_s[i] + 1e-6, dt_s[i]
        while k + 1 < len(starts) and starts[k + 1] <= now:
            k += 1
        if k < 0 or now >= stops[k] or dt <= 0.0:
            continue
        if np.isfinite(power[i]):
            sums[0, k] += power[i] * dt
            sums[4, k] += dt
        if np.isfinite(heart_rate[i]):
            sums[1, k] += heart_rate[i] * dt
            sums[5, k] += dt
        if turned[i] and np.isfinite(cadence[i]):
            sums[2, k] += cadence[i] * dt
            sums[6, k] += dt
        if np.isfinite(torque[i]):
            if pedalling[i]:
                sums[3, k] += torque[i] * dt
                sums[7, k] += dt
            sums[8, k] += torque[i] * torque[i] * dt
            sums[10, k] += 1.0
        if inside[i]:
            sums[9, k] += dt
    return sums


def blocks(c: Conditioned, context: Context, inside_bout: np.ndarray) -> tuple[Block, ...]:
    """One row per lap or programme step; five-minute rows where the file has at most one lap.

    What was recorded after the last lap is a row of its own, so that the rows hold the class to its end. Rows
    by the minute grow in whole steps of five minutes where a class would need more than `block_rows`.

    Means are over pedalling (cadence, torque) and over valid seconds (power, heart rate). A quantity that a
    block does not have is None. Torque load is a plain sum here: gaps are not scaled.
    """
    laps = _laps(c, context)
    if not laps:
        return ()
    starts = np.array([lap.start_s for lap in laps])
    stops = np.array([lap.stop_s for lap in laps])
    sums = block_sums(
        starts,
        stops,
        c.time_s,
        c.dt_s,
        c.power_w,
        c.heart_rate_bpm,
        c.cadence_rpm,
        c.torque_nm / context.torque_reference_nm,
        c.pedalling,
        c.pedalling | (c.turning & np.isnan(c.power_w)),
        inside_bout,
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        power, heart_rate, cadence, torque = sums[:4] / sums[4:8]
    load, grinding, seen = sums[8] / 36.0, sums[9], sums[10] > 0.0
    torque *= context.torque_reference_nm
    return tuple(
        Block(
            label=lap.label,
            start_s=lap.start_s,
            stop_s=lap.stop_s,
            mean_power_w=_known(power[i]),
            mean_cadence_rpm=_known(cadence[i]),
            mean_torque_nm=_known(torque[i]),
            mean_heart_rate_bpm=_known(heart_rate[i]),
            torque_load=float(load[i]) if seen[i] else None,
            grinding_s=float(grinding[i]) if seen[i] else None,
            trigger=lap.trigger,
        )
        for i, lap in enumerate(laps)
    )


def _laps(c: Conditioned, context: Context) -> tuple[Lap, ...]:
    given = sorted((lap for lap in c.recording.laps if lap.stop_s > lap.start_s), key=lambda lap: lap.start_s)
    end = float(c.time_s[-1] + c.dt_s[-1]) if len(c) else 0.0
    if len(given) > 1:
        named = [
            Lap(lap.start_s, lap.stop_s, lap.label or f"Lap {number}", lap.trigger)
            for number, lap in enumerate(given, 1)
        ]
        last = max(lap.stop_s for lap in given)
        if end - last > max(TAIL_S, c.median_step_s):  # the last sample's own step is no tail
            named.append(Lap(last, end, "After the last lap", "rest"))
        return tuple(named)
    if not len(c):
        return ()
    step = width = context.limits["block_min"]
    count = max(math.ceil((end - 1e-6) / 60.0 / width), 1)
    most = int(context.limits["block_rows"])
    if count > most:
        width = step * math.ceil(count / most)
        count = math.ceil((end - 1e-6) / 60.0 / width)
    return tuple(
        Lap(
            i * width * 60.0,
            min((i + 1) * width * 60.0, end),
            f"Minute {i * width:g} to {min((i + 1) * width, math.ceil(end / 60.0)):g}",
            "minutes",
        )
        for i in range(count)
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


# --- heart-rate zones ---------------------------------------------------------------------------------------

ZONES_OF_MAXIMUM = (0.50, 0.60, 0.70, 0.80, 0.90)
"""Lower edges of zones 1 to 5 as fractions of maximal heart rate: the usual five-zone convention."""
ZONES_OF_THRESHOLD = (0.0, 0.85, 0.90, 0.95, 1.00)
"""Lower edges as fractions of threshold heart rate, Friel's zones with 5a to 5c taken together."""


def heart_rate_zones(c: Conditioned, context: Context) -> tuple[HeartRateZone, ...]:
    """Seconds in each zone; empty without heart rate, or where neither maximum nor threshold is known.

    No maximum is guessed from age. Time below zone 1 is a row of its own.
    """
    threshold = c.recording.hints.threshold_hr_bpm
    if context.max_hr_bpm is not None:
        anchor, fractions, of = context.max_hr_bpm, ZONES_OF_MAXIMUM, "maximum"
    elif threshold is not None:
        anchor, fractions, of = threshold, ZONES_OF_THRESHOLD, "threshold"
    else:
        return ()
    valid = np.isfinite(c.heart_rate_bpm) & (c.dt_s > 0.0)
    if not valid.any() or anchor <= 0.0:
        return ()
    edges = np.array(fractions) * anchor
    index = np.searchsorted(edges, c.heart_rate_bpm[valid], side="right")
    seconds = np.bincount(index, c.dt_s[valid], len(edges) + 1)
    rows = []
    if fractions[0] > 0.0:
        rows.append(HeartRateZone("Below zone 1", 0.0, float(edges[0]), float(seconds[0])))
    for i, low in enumerate(fractions):
        top = fractions[i + 1] if i + 1 < len(fractions) else None
        span = (
            f"{percent(low)} and more"
            if top is None
            else f"{percent(low)} to {percent(top)}"
            if low
            else f"under {percent(top)}"
        )
        high = None if top is None else float(edges[i + 1])
        rows.append(
            HeartRateZone(f"Zone {i + 1}, {span} of {of}", float(edges[i]), high, float(seconds[i + 1]))
        )
    return tuple(rows)


# --- the head unit's totals ---------------------------------------------------------------------------------

SAME_AS: tuple[tuple[str, str, str, float], ...] = (
    ("mean_power_w", "mean_power_w", "W", 1.0),
    ("max_power_w", "max_power_w", "W", 1.0),
    ("work_kj", "work_kj", "kJ", 1.0),
    ("normalized_power_w", "normalized_power_w", "W", 1.0),
    ("mean_cadence_rpm", "mean_cadence_rpm", "rpm", 1.0),
    ("mean_heart_rate_bpm", "mean_heart_rate_bpm", "bpm", 1.0),
    ("max_heart_rate_bpm", "max_heart_rate_bpm", "bpm", 1.0),
    ("total_cycles", "strokes", "turns", 0.5),
    ("standing_s", "standing_min", "s", 60.0),
    ("right_balance_pct", "right_balance_pct", "%", 1.0),
)
"""The head unit's total → our metric, its unit, and the factor from ours to theirs (two strokes a turn)."""


def agreement(c: Conditioned, metrics: Mapping[str, MetricResult]) -> tuple[Agreement, ...]:
    """The recorder's own totals beside ours: a cross-check of the reading, never a replacement."""
    totals = c.recording.head_unit
    rows = [
        _row(name, ours, totals[name], "s")
        for name, ours in (("duration_s", c.recording.duration_s), ("timer_s", c.recorded_s))
        if name in totals
    ]
    for name, metric, unit, factor in SAME_AS:
        found = metrics.get(metric)
        if name in totals and found is not None and found.value is not None:
            rows.append(_row(name, found.value * factor, totals[name], unit))
    return tuple(rows)


def _row(name: str, ours: float, theirs: float, unit: str) -> Agreement:
    difference = 100.0 * (ours - theirs) / theirs if theirs else None
    return Agreement(name, float(ours), float(theirs), unit, difference)
