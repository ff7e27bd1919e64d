"""Where heavy gears were turned slowly: bouts, and what they add up to.

Comes in: a `Conditioned` class and the `Context`. Goes out: `Bout`s with a tier each, and the grinding
metrics, or absent with a reason. Leaves to others: whether that is worth a look (`review.py`).

A bout begins at 20 <= c <= 60 rpm with T >= 1.2 references, and stays until c > 65 rpm, T < 1.0 or the crank
stands; gaps up to 5 s are merged, bouts under 15 s dropped. Thresholds look at the smoothed samples, sums at
the unsmoothed. All limits are our own choice (metrics.md section 4, rulings section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numba import njit

from telemetry.analysis import silence
from telemetry.analysis.conditioning import Conditioned
from telemetry.analysis.context import Context
from telemetry.analysis.metric_rows import METRIC_ROWS, result
from telemetry.analysis.numbers import percent
from telemetry.analysis.quality import why_no_torque
from telemetry.model import Bout, Issue, MetricResult, Tier
from telemetry.units import JOULES_PER_KILOJOULE, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

EDGE = 1e-9
"""160 W at 60 rpm is 1.2 times 200 W at 90 rpm: the edge belongs to the bout whatever the last bit says."""

NAMES = tuple(name for name in METRIC_ROWS if name.startswith("grinding_"))


@njit(cache=True, nogil=True)
def slow_heavy_runs(
    time_s: np.ndarray,
    dt_s: np.ndarray,
    cadence_rpm: np.ndarray,
    torque_nm: np.ndarray,
    standing_still: np.ndarray,
    break_after: np.ndarray,
    thresholds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last index of each bout, merged and long enough.

    `cadence_rpm` and `torque_nm` are smoothed, NaN where the rider does not pedal or nothing is known;
    `standing_still` (bool) tells the first from the second: it ends a bout at once, unknown samples only
    after more than `null_s`. `thresholds`: on_rpm, off_rpm, on_nm, off_nm, null_s, merge_s, shortest_s.
    """
    on_rpm, off_rpm, on_nm, off_nm = thresholds[0], thresholds[1], thresholds[2], thresholds[3]
    null_s, merge_s, shortest_s = thresholds[4], thresholds[5], thresholds[6]
    n = len(time_s)
    starts = np.empty(n // 2 + 1, np.int64)
    stops = np.empty(n // 2 + 1, np.int64)
    count = 0
    mergeable = False
    on = False
    start = last = 0
    unknown_s = 0.0
    for i in range(n):
        close = False
        if np.isnan(cadence_rpm[i]) or np.isnan(torque_nm[i]):
            if on:
                unknown_s += dt_s[i]
                close = standing_still[i] or unknown_s > null_s + 1e-6
        else:
            if on and (cadence_rpm[i] > off_rpm or torque_nm[i] < off_nm):
                close = True
            elif not on and cadence_rpm[i] <= on_rpm and torque_nm[i] >= on_nm:
                on = True
                start = i
            if on and not close:
                last = i
                unknown_s = 0.0
        if on and (close or break_after[i] or i == n - 1):
            if mergeable and time_s[start] - time_s[stops[count - 1] - 1] - dt_s[stops[count - 1] - 1] <= (
                merge_s + 1e-6
            ):
                stops[count - 1] = last + 1
            else:
                starts[count] = start
                stops[count] = last + 1
                count += 1
            mergeable = True
            on = False
            unknown_s = 0.0
        if break_after[i]:
            mergeable = False
    kept = 0
    for k in range(count):
        end = stops[k] - 1
        if time_s[end] + dt_s[end] - time_s[starts[k]] >= shortest_s - 1e-6:
            starts[kept] = starts[k]
            stops[kept] = stops[k]
            kept += 1
    return starts[:kept].copy(), stops[:kept].copy()


@njit(cache=True, nogil=True)
def bout_sums(
    dt_s: np.ndarray,
    power_w: np.ndarray,
    cadence_rpm: np.ndarray,
    torque_nm: np.ndarray,
    pedalling: np.ndarray,
    start: int,
    stop: int,
) -> tuple[float, float, float, float, float, float]:
    """Of samples [start, stop): Σ c dt pedalling, Σ P dt, Σ T² dt; for the means Σ c dt, Σ T dt, seconds."""
    turned = work = squared = cadence = torque = seconds = 0.0
    for i in range(start, stop):
        if not np.isnan(power_w[i]):
            work += power_w[i] * dt_s[i]
        if not np.isnan(torque_nm[i]):
            squared += torque_nm[i] * torque_nm[i] * dt_s[i]
        if pedalling[i]:
            turned += cadence_rpm[i] * dt_s[i]
            if not np.isnan(torque_nm[i]):
                cadence += cadence_rpm[i] * dt_s[i]
                torque += torque_nm[i] * dt_s[i]
                seconds += dt_s[i]
    return turned, work, squared, cadence, torque, seconds


def find_bouts(c: Conditioned, context: Context) -> tuple[Bout, ...]:
    """Bouts of slow, heavy pedalling in order of time; none where torque is not known."""
    limits = context.limits
    reference = context.grinding_reference_nm
    thresholds = np.array(
        [
            limits["grinding_on_cadence_rpm"],
            limits["grinding_off_cadence_rpm"],
            limits["grinding_on_factor"] * reference * (1.0 - EDGE),
            limits["grinding_off_factor"] * reference * (1.0 - EDGE),
            limits["gap_s"],
            limits["bout_merge_s"],
            limits["bout_min_s"],
        ]
    )
    still = c.cadence_rpm < limits["turning_cadence_rpm"]
    starts, stops = slow_heavy_runs(
        c.time_s, c.dt_s, c.cadence_smooth_rpm, c.torque_smooth_nm, still, c.break_after, thresholds
    )
    standing = c.others.get("standing") if c.recording.posture_known else None
    bouts = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        turned, work, squared, cadence, torque, seconds = bout_sums(
            c.dt_s, c.power_w, c.cadence_rpm, c.torque_nm, c.pedalling, start, stop
        )
        if seconds <= 0.0:
            continue
        begin, end = float(c.time_s[start]), float(c.time_s[stop - 1] + c.dt_s[stop - 1])
        stood = None
        if standing is not None:
            stood = float(c.dt_s[start:stop][standing[start:stop] == 1.0].sum())
        bouts.append(
            Bout(
                tier=_tier(cadence / seconds, torque / seconds / reference, context),
                start_s=begin,
                stop_s=end,
                duration_s=end - begin,
                strokes=2.0 * turned / SECONDS_PER_MINUTE,
                work_kj=work / JOULES_PER_KILOJOULE,
                torque_load=100.0 / SECONDS_PER_HOUR * squared / context.torque_reference_nm**2,
                mean_cadence_rpm=cadence / seconds,
                mean_torque_nm=torque / seconds,
                standing_s=stood,
            )
        )
    return tuple(bouts)


def _tier(cadence_rpm: float, references: float, context: Context) -> Tier:
    limits = context.limits
    cadence_rpm, references = cadence_rpm * (1.0 - EDGE), references * (1.0 + EDGE)
    if cadence_rpm <= limits["heavy_cadence_rpm"] and references >= limits["heavy_factor"]:
        return "heavy"
    if cadence_rpm <= limits["grinding_on_cadence_rpm"] and references >= limits["grinding_on_factor"]:
        return "grinding"
    return "loaded"


def in_bout(c: Conditioned, bouts: Sequence[Bout]) -> np.ndarray:
    """Which samples (n,) bool lie inside a bout."""
    inside = np.zeros(len(c), dtype=np.bool_)
    for bout in bouts:
        first, last = np.searchsorted(c.time_s, (bout.start_s, bout.stop_s - 1e-9))
        inside[first:last] = True
    return inside


def why_no_grinding(c: Conditioned, context: Context) -> str:
    """Why what the bouts add up to is absent, empty where it is not."""
    share = c.known("torque_nm").coverage
    why = why_no_torque(c.recording)
    if not why and share < context.limits["coverage_fair"]:
        why = f"not computed: torque is known for only {percent(share)} of the recorded time"
    return why


def grinding_s(bouts: Sequence[Bout]) -> float:
    """Seconds inside bouts."""
    return sum(bout.duration_s for bout in bouts)


def grinding(c: Conditioned, context: Context, bouts: Sequence[Bout]) -> dict[str, MetricResult]:
    """What the bouts add up to. All three tiers count; sums are not scaled over gaps.

    Absent without torque, and where torque is known for less than 75 % of the recorded time. Without a bout
    the sums are 0 and what is relative to bouts is absent.
    """
    why = why_no_grinding(c, context)
    known, share = c.known("torque_nm").where, c.known("torque_nm").coverage
    if why:
        return {name: result(name, None, coverage=share, absent_because=why) for name in NAMES}

    inside = in_bout(c, bouts)
    after = c.time_s >= context.limits["late_minute"] * SECONDS_PER_MINUTE
    turned = np.where(c.pedalling & inside, c.cadence_rpm, 0.0) * c.dt_s * 2.0 / SECONDS_PER_MINUTE
    strokes, late = float(turned.sum()), float(turned[after].sum())
    seconds = grinding_s(bouts)
    pedalling_s = float(c.dt_s[c.pedalling].sum())
    squared = np.where(known, c.torque_nm, 0.0) ** 2 * c.dt_s
    load = float(squared.sum())

    values: dict[str, float | None] = {
        "grinding_min": seconds / SECONDS_PER_MINUTE,
        "grinding_pct": 100.0 * seconds / pedalling_s if pedalling_s else None,
        "grinding_bouts": float(len(bouts)),
        "grinding_longest_s": max((bout.duration_s for bout in bouts), default=0.0),
        "grinding_strokes": strokes,
        "grinding_kj": sum(bout.work_kj for bout in bouts),
        "grinding_load_share_pct": 100.0 * float(squared[inside].sum()) / load if load else None,
        "grinding_recovery_ratio": recovery_ratio(bouts),
        "grinding_late_share_pct": 100.0 * late / strokes if strokes else None,
        "grinding_late_strokes": late,
        "grinding_standing_min": None,
    }
    reasons = {
        "grinding_pct": "there was no pedalling",
        "grinding_load_share_pct": "there was no torque load",
        "grinding_recovery_ratio": "fewer than two bouts",
        "grinding_late_share_pct": "no strokes inside bouts",
        "grinding_standing_min": "posture unknown: no rider-position events",
    }
    if c.recording.posture_known:
        stood = sum(bout.standing_s or 0.0 for bout in bouts)
        values["grinding_standing_min"] = stood / SECONDS_PER_MINUTE
    found = {
        name: result(name, value, coverage=share, absent_because=reasons.get(name) if value is None else None)
        for name, value in values.items()
    }
    low, high = silence.grinding_minutes(c, bouts, inside)
    found["grinding_min"] = replace(found["grinding_min"], low=low, high=high, note=silence.note(c))
    return found


def recovery_ratio(bouts: Sequence[Bout]) -> float | None:
    """Median over consecutive bouts of the time between / the length of the first; None under two bouts."""
    ratios = sorted((after.start_s - bout.stop_s) / bout.duration_s for bout, after in pairwise(bouts))
    if not ratios:
        return None
    middle = len(ratios) // 2
    return ratios[middle] if len(ratios) % 2 else 0.5 * (ratios[middle - 1] + ratios[middle])


def resistance_doubt(c: Conditioned, bouts: Sequence[Bout]) -> tuple[Issue, ...]:
    """Bouts at less resistance than the class's median, in one issue: is the cadence sensor to be trusted?

    Torque without resistance is what a cadence read too low looks like. Looked for only where the resistance
    is plausible over the class.
    """
    level = c.others.get("resistance_level", c.others.get("resistance_pct"))
    if level is None or c.recording.resistance_trust != "plausible":
        return ()
    usual = float(np.nanmedian(level[c.pedalling])) if np.isfinite(level[c.pedalling]).any() else np.nan
    doubtful = []
    for bout in bouts:
        inside = level[(c.time_s >= bout.start_s) & (c.time_s < bout.stop_s)]
        inside = inside[np.isfinite(inside)]
        if len(inside) and float(np.median(inside)) < usual:
            doubtful.append(bout)
    if not doubtful:
        return ()
    return (
        Issue(
            code="bout_at_low_resistance",
            start_s=doubtful[0].start_s,
            stop_s=doubtful[-1].stop_s,
            count=len(doubtful),
            detail="Grinding bout at less resistance than the class's median: cadence may be read too low",
            seconds=sum(bout.duration_s for bout in doubtful),
        ),
    )


def curves(context: Context) -> dict[str, float]:
    """The lines of the torque-cadence figure, as they stood in this analysis."""
    limits = context.limits
    reference = context.grinding_reference_nm
    return {
        "reference_torque_nm": context.torque_reference_nm,
        "reference_cadence_rpm": limits["reference_cadence_rpm"],
        "grinding_on_torque_nm": limits["grinding_on_factor"] * reference,
        "grinding_on_cadence_rpm": limits["grinding_on_cadence_rpm"],
        "grinding_off_torque_nm": limits["grinding_off_factor"] * reference,
        "grinding_off_cadence_rpm": limits["grinding_off_cadence_rpm"],
        "crank_length_m": context.crank_length_mm / 1000.0,
    }
