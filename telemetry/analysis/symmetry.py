"""Left against right, and how smoothly each pushes: levels, drift, and the share by torque.

Comes in: a conditioned class with balance, smoothness or effectiveness. Goes out: metrics, drifts, the 30 s
curve, and balance by torque bin for a comparison with earlier classes. Leaves to others: what a shift means.
Balance needs both cranks measured: one doubled crank says 50 % whatever the legs do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.analysis import robust
from telemetry.analysis.fatigue_drift import unfit_for_drift
from telemetry.analysis.metric_rows import METRIC_ROWS, result
from telemetry.analysis.numbers import signed
from telemetry.model import BalanceBin, Drift, MetricResult
from telemetry.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from telemetry.analysis.conditioning import Conditioned
    from telemetry.analysis.context import Context

BALANCE = "right_balance_pct"
TORQUE_BINS = 5
BLOCK_S = 30.0
MIN_BLOCK_S = 10.0
CELL_S = 60.0
MIN_CELL_S = 5.0
BIN_WIDTH_NM = 10.0
"""Bins of fixed width, so that the same bin means the same torque in every class."""
MIN_BIN_S = 60.0

EFFECTIVENESS_AND_SMOOTHNESS = (
    "combined_pedal_smoothness_pct",
    "left_pedal_smoothness_pct",
    "right_pedal_smoothness_pct",
    "left_torque_effectiveness_pct",
    "right_torque_effectiveness_pct",
)
"""In this order the first that was measured stands for smoothness in the drift table."""

BALANCE_CAVEAT = (
    "Asymmetry normally shrinks as the effort grows, so shares are compared at the same torque only. There "
    "is no agreed limit."
)
SMOOTHNESS_CAVEAT = (
    "Left, right and combined smoothness are different numbers and are never mixed. Descriptive only."
)

FEW_BLOCKS = "too few minutes of loaded pedalling"

EFFORT_MIN_S = 20.0
REST_SHARE_OF_FTP = 0.55
RETURN_S = 15.0
RETURNED_SHARE = 0.5
"""Half of the shift gone counts as returned, our choice: the hint only opens a question."""


def drift_name(field: str) -> str:
    """Metric name of a field's drift: left_pedal_smoothness_pct → left_pedal_smoothness_drift_points."""
    return f"{field.removesuffix('_pct')}_drift_points"


def symmetry(
    c: Conditioned, context: Context
) -> tuple[dict[str, MetricResult], dict[str, Drift], dict[str, Any], tuple[BalanceBin, ...]]:
    """Balance, smoothness and effectiveness: (metrics, drifts, curves, balance by torque)."""
    usable = c.pedalling & np.isfinite(c.torque_nm) & (c.power_w >= context.limits["balance_min_power_w"])
    index = robust.quantile_bins(np.where(usable, c.torque_nm, math.nan), TORQUE_BINS)
    weights = np.where(usable, c.power_w * c.dt_s, 0.0)
    seconds = np.where(usable, c.dt_s, 0.0)

    metrics: dict[str, MetricResult] = {}
    curves: dict[str, Any] = {}
    bins: tuple[BalanceBin, ...] = ()
    names = (BALANCE, "right_balance_drift_points", "right_balance_torque_points")
    why = why_no_balance(c)
    if why is None and not (usable & np.isfinite(c.others[BALANCE])).any():
        why = "no second of the class reached the power that balance is read at"
    if why is not None:
        metrics.update({name: result(name, None, absent_because=why) for name in names})
        drift = {"symmetry": Drift(None, "points/h", applicable=False, why_not=why)}
    else:
        balance = c.others[BALANCE]
        read = usable & np.isfinite(balance)
        mean = (
            float(np.average(balance[read], weights=weights[read])) if weights[read].sum() > 0 else math.nan
        )
        coverage = float(seconds[read].sum() / seconds.sum()) if seconds.sum() > 0 else 0.0
        unfit = unfit_for_drift(c, context)
        line = None if unfit else drift_within_bins(c.time_s, balance, index, weights, seconds)
        metrics[names[0]] = result(names[0], mean, coverage=coverage)
        metrics[names[1]] = _metric(names[1], line, unfit or FEW_BLOCKS)
        metrics[names[2]] = result(
            names[2],
            _high_minus_low(balance, index, weights, seconds),
            absent_because="torque did not vary enough to compare high with low",
        )
        drift = {"symmetry": _drift(line, _caveat(c), unfit or FEW_BLOCKS)}
        if float(c.time_s[-1] - c.time_s[0]) <= context.limits["drift_max_hours"] * SECONDS_PER_HOUR:
            curves["balance_time_s"], curves["balance_right_pct"] = _curve(
                c.time_s, balance, weights, seconds
            )
        bins = by_torque(c.torque_nm, balance, weights, seconds)

    more, drift["smoothness"] = _fields(c, context, index, weights, seconds)
    return {**metrics, **more}, drift, curves, bins


def why_no_balance(c: Conditioned) -> str | None:
    """Why left and right cannot be told apart in this class, None where they can."""
    balance = c.others.get(BALANCE)
    if balance is None or not np.isfinite(balance).any():
        return "no left/right balance was recorded"
    if c.recording.single_sided:
        return "single-sided meter: one crank is measured and doubled, left and right are not known"
    if np.nanmax(balance) - np.nanmin(balance) < 1e-9:
        return "the balance never changes, as from a meter that measures one crank and doubles it"
    return None


def drift_within_bins(
    time_s: np.ndarray, values: np.ndarray, index: np.ndarray, weights: np.ndarray, seconds: np.ndarray
) -> robust.Line | None:
    """Theil–Sen line [points, hours] of one-minute weighted means, pairing only means of one torque bin.

    Pairs across bins would compare different torques, and taking each bin's median off first takes part of
    the drift with it: of 4.8 points an hour in a simulated class with its hard work in blocks 3.2 were left,
    within bins 5.0 were found. A mean needs five seconds in its bin.
    """
    times, means, bins = robust.cell_means(time_s, values, index, weights, seconds, CELL_S, MIN_CELL_S)
    return robust.line(times / 3600.0, means, bins)


def _curve(
    time_s: np.ndarray, values: np.ndarray, weights: np.ndarray, seconds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """30 s means of `values` by `weights`, NaN where fewer than 10 s count."""
    times, means = robust.block_means(time_s, values, weights, BLOCK_S, 0.0)
    _, enough = robust.block_means(
        time_s, np.where(np.isfinite(values), 0.0, math.nan), seconds, BLOCK_S, MIN_BLOCK_S
    )
    return times, means + enough


def _high_minus_low(
    balance: np.ndarray, index: np.ndarray, weights: np.ndarray, seconds: np.ndarray
) -> float | None:
    shares = []
    for bin_index in (int(index.max()), 0):
        members = (index == bin_index) & np.isfinite(balance)
        if seconds[members].sum() < MIN_BIN_S:
            return None
        shares.append(float(np.average(balance[members], weights=weights[members])))
    return shares[0] - shares[1] if index.max() > 0 else None


def by_torque(
    torque_nm: np.ndarray, balance: np.ndarray, weights: np.ndarray, seconds: np.ndarray
) -> tuple[BalanceBin, ...]:
    """Power-weighted right share in torque bins of 10 N·m, those with a minute or more in them."""
    usable = np.isfinite(balance) & (weights > 0)
    cell = np.floor(torque_nm[usable] / BIN_WIDTH_NM).astype(np.int64)
    if not len(cell):
        return ()
    time = np.bincount(cell, seconds[usable])
    weight = np.bincount(cell, weights[usable])
    share = np.bincount(cell, weights[usable] * balance[usable])
    return tuple(
        BalanceBin(
            float(i * BIN_WIDTH_NM),
            float((i + 1) * BIN_WIDTH_NM),
            float(share[i] / weight[i]),
            float(time[i]),
        )
        for i in np.flatnonzero(time >= MIN_BIN_S)
    )


def _fields(
    c: Conditioned, context: Context, index: np.ndarray, weights: np.ndarray, seconds: np.ndarray
) -> tuple[dict[str, MetricResult], Drift]:
    metrics: dict[str, MetricResult] = {}
    lines: dict[str, robust.Line] = {}
    unfit = unfit_for_drift(c, context)
    for field in EFFECTIVENESS_AND_SMOOTHNESS:
        name, values = drift_name(field), c.others.get(field)
        if values is None or not np.isfinite(values).any():
            metrics[name] = result(name, None, absent_because="not recorded")
            continue
        line = None if unfit else drift_within_bins(c.time_s, values, index, weights, seconds)
        metrics[name] = _metric(name, line, unfit or FEW_BLOCKS)
        if line is not None:
            lines[field] = line
    if not lines:
        why = unfit or "no pedal smoothness or torque effectiveness was recorded for long enough"
        return metrics, Drift(None, "points/h", applicable=False, why_not=why)
    told = "; ".join(
        f"{METRIC_ROWS[drift_name(field)].title.removeprefix('Drift of ')} {signed(line.slope, 1)} points/h "
        f"({signed(line.low, 1)} to {signed(line.high, 1)})"
        for field, line in lines.items()
    )
    first = next(iter(lines.values()))
    return metrics, _drift(first, f"{told[0].upper()}{told[1:]}. {SMOOTHNESS_CAVEAT}", FEW_BLOCKS)


def _metric(name: str, line: robust.Line | None, why: str) -> MetricResult:
    if line is None:
        return result(name, None, absent_because=why)
    return result(name, line.slope, low=line.low, high=line.high)


def _drift(line: robust.Line | None, detail: str, why: str) -> Drift:
    if line is None:
        return Drift(None, "points/h", applicable=False, why_not=why)
    return Drift(line.slope, "points/h", line.low, line.high, detail=detail)


def _caveat(c: Conditioned) -> str:
    if c.recording.balance_convention == "left_unflagged":
        return f"The file does not say which side it counts: right may be left. {BALANCE_CAVEAT}"
    return BALANCE_CAVEAT


# --- the effort-dependent hint ------------------------------------------------------------------------------


def effort_hint(c: Conditioned, context: Context) -> int:
    """Efforts above FTP in which the right share moved away and came back within two minutes.

    An effort is 20 s or more with the smoothed power above FTP. It counts where the power-weighted right
    share moves by the limit's points from its resting level (below 55 % of FTP, at 50 W or more) and half of
    that is gone in some 15 s of the two minutes after it. It can only open a question; 0 means nothing.
    Source: metrics reference, section 6 (unvalidated, evidence D).
    """
    if context.ftp_w is None or why_no_balance(c) is not None:
        return 0
    limits, balance = context.limits, c.others[BALANCE]
    usable = np.isfinite(balance) & c.pedalling & (c.power_w >= limits["balance_min_power_w"])
    weights = np.where(usable, c.power_w * c.dt_s, 0.0)
    resting = usable & (c.power_w < REST_SHARE_OF_FTP * context.ftp_w)
    if float(c.dt_s[resting].sum()) < MIN_BIN_S:
        return 0
    level = float(np.average(balance[resting], weights=weights[resting]))
    hard = np.nan_to_num(c.power_smooth_w, nan=0.0) > context.ftp_w
    edges = np.flatnonzero(np.diff(np.concatenate(([0], hard.astype(np.int8), [0]))))
    begins, ends = edges[::2], edges[1::2]
    lasted, weight, weighted = (
        _between(values, begins, ends)
        for values in (c.dt_s, weights, weights * np.where(usable, balance, 0.0))
    )
    count = 0
    for effort in np.flatnonzero((lasted >= EFFORT_MIN_S) & (weight > 0.0)).tolist():
        end, shift = int(ends[effort]), float(weighted[effort] / weight[effort]) - level
        if abs(shift) < limits["effort_hint_points"]:
            continue
        stop = int(
            np.searchsorted(c.time_s, c.time_s[end - 1] + limits["effort_hint_recovery_s"], side="right")
        )
        _, after = robust.block_means(
            c.time_s[end:stop] - c.time_s[end - 1], balance[end:stop], weights[end:stop], RETURN_S, 1.0
        )
        gone = np.abs(after - level) <= RETURNED_SHARE * abs(shift)
        count += bool(gone.any())
    return count


def _between(values: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Sums of values (n,) from each begin up to each end."""
    so_far = np.concatenate(([0.0], np.cumsum(values)))
    sums: np.ndarray = so_far[ends] - so_far[begins]
    return sums
