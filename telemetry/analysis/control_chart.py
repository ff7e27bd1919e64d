"""The control chart of a rider's torque load: individuals (XmR) on the log scale, runs, and the EWMA.

Comes in: classes in order of time. Goes out: a `ControlChart` with natural limits, each class held against
the limits of its own day. Leaves to others: what qualifies for a baseline and R1 of the review
(`history.py`), and drawing. Sources: metrics reference, section 7; rulings, section 10. Rates:
`python -m benchmarks.trends`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from telemetry.analysis.history import (
    BASELINE_FROZEN,
    BASELINE_PEDALLING_MIN,
    ProcessLimits,
    qualifies,
    xmr,
)
from telemetry.analysis.limits import Limits
from telemetry.model import ChartPoint, ControlChart, PastClass

FALSE_ALARMS: dict[str, dict[int, float]] = {
    "outside": {8: 0.20, 12: 0.15},
    "run": {8: 0.07, 12: 0.05},
    "ewma": {8: 0.21, 12: 0.16},
    "any": {8: 0.30, 12: 0.24},
}
"""Share of riders whose habits do not change that see each signal at least once in the next twelve classes,
by number of baseline classes; measured by `python -m benchmarks.trends`, a test holds them to it."""


def ewma(
    values: Sequence[float], centre: float, sigma: float, weight: float, width: float
) -> list[tuple[float, float, float]]:
    """Exponentially weighted moving average from the centre on, with its limits: (value, low, high) each.

    The limits widen with every class: centre ± width · sigma · sqrt(w/(2-w) · (1 - (1-w)^2t)).

    >>> [round(z, 4) for z, _, _ in ewma([95, 88, 90], 65.375, 7.5988, 0.2, 3.0)]
    [71.3, 74.64, 77.712]
    """
    rows = []
    z, spread = centre, weight / (2.0 - weight)
    for t, value in enumerate(values, start=1):
        z += weight * (value - z)
        reach = width * sigma * math.sqrt(spread * (1.0 - (1.0 - weight) ** (2 * t)))
        rows.append((z, centre - reach, centre + reach))
    return rows


def runs(values: Sequence[float], centre: float, length: int) -> list[bool]:
    """True where a value ends `length` or more in a row on one side; one on the centre is passed over."""
    found, side, count = [], 0, 0
    for value in values:
        here = (value > centre) - (value < centre)
        if here:
            count = count + 1 if here == side else 1
            side = here
        found.append(bool(here) and count >= length)
    return found


def control_chart(classes: Sequence[PastClass], limits: Limits) -> ControlChart:
    """Chart the classes (in order of time) of the kind of reference that the latest one has.

    Torque loads are rescaled to the T_ref of the first baseline class. Classes 9 to 12 are held against the
    baseline of their own day, later ones against the frozen twelve; runs and the EWMA begin after those.
    """
    known = [row for row in classes if row.torque_load is not None and row.torque_reference_nm]
    kind = known[-1].reference_kind if known else ""
    fit = [row for row in known if qualifies(row) and row.reference_kind == kind][:BASELINE_FROZEN]
    needed = int(limits["r1_baseline_classes"])
    same = fit or [row for row in known if row.reference_kind == kind]
    reference_nm = same[0].torque_reference_nm if same else None
    points = [_point(row, kind, reference_nm) for row in classes]
    chart = ControlChart(
        state="none",
        n=len(fit),
        why_not=_why_not(len(fit), needed),
        torque_reference_nm=reference_nm,
        reference_kind=kind,
        rescaled=sum(
            point.value is not None and not math.isclose(row.torque_reference_nm or 0.0, reference_nm or 0.0)
            for row, point in zip(classes, points, strict=True)
        ),
        points=tuple(points),
    )
    if len(fit) < needed or reference_nm is None:
        return chart

    scale = [math.log(row.torque_load * (row.torque_reference_nm / reference_nm) ** 2) for row in fit]  # type: ignore[operator]
    base = xmr(scale)
    frozen = len(fit) == BASELINE_FROZEN
    inside = {id(row) for row in fit}
    points = [
        replace(point, in_baseline=id(row) in inside) for row, point in zip(classes, points, strict=True)
    ]
    judged = _outside(points, needed)
    judged = _after(judged, base, limits) if frozen else judged
    return replace(
        chart,
        state="frozen" if frozen else "growing",
        why_not=None,
        first=fit[0].started_at,
        last=fit[-1].started_at,
        baseline=tuple(row.id for row in fit),
        centre=math.exp(base.mean),
        low=math.exp(base.low),
        high=math.exp(base.high),
        sigma_log=base.sigma,
        doubts=_doubts(scale, base, int(limits["chart_run_length"])),
        points=tuple(judged),
        false_alarms=false_alarms(frozen),
    )


def _why_not(fit: int, needed: int) -> str | None:
    if fit >= needed:
        return None
    return (
        f"{fit} classes qualify for a baseline and {needed} are needed: quality good or fair, power "
        f"measured, {BASELINE_PEDALLING_MIN:g} min of pedalling, one kind of reference"
    )


def _point(row: PastClass, kind: str, reference_nm: float | None) -> ChartPoint:
    """The class on the chart's scale, or why it is left out."""
    why = ""
    if row.torque_load is None or not row.torque_reference_nm or not reference_nm:
        why = "torque is not known"
    elif not row.power_measured:
        why = "power was not measured"
    elif not row.usable:
        why = f"the quality of its data is {row.quality or 'not usable'}"
    elif row.reference_kind != kind:
        why = f"its load was held against another kind of reference ({row.reference_kind})"
    elif row.torque_load <= 0.0:
        why = "its torque load is 0, which has no logarithm"
    if why:
        return ChartPoint(row.id, row.started_at, None, left_out=why)
    assert row.torque_load is not None
    assert row.torque_reference_nm is not None
    assert reference_nm is not None
    return ChartPoint(row.id, row.started_at, row.torque_load * (row.torque_reference_nm / reference_nm) ** 2)


def _outside(points: list[ChartPoint], needed: int) -> list[ChartPoint]:
    """Each class against the limits of the baseline classes before it, from `needed` of those on."""
    out, held = [], []
    base: ProcessLimits | None = None
    for point in points:
        if point.value is None:
            out.append(point)
            continue
        log = math.log(point.value)
        if base is not None:
            side = "above" if log > base.high else "below" if log < base.low else ""
            point = replace(point, low=math.exp(base.low), high=math.exp(base.high), outside=side)
        out.append(point)
        if point.in_baseline:
            held.append(log)
            base = xmr(held) if len(held) >= needed else None
    return out


def _after(points: list[ChartPoint], base: ProcessLimits, limits: Limits) -> list[ChartPoint]:
    """Runs and EWMA of the classes that come after the frozen baseline."""
    last = max(i for i, point in enumerate(points) if point.in_baseline)
    later = [i for i, point in enumerate(points) if i > last and point.value is not None]
    logs = [math.log(points[i].value or 1.0) for i in later]
    marks = runs(logs, base.mean, int(limits["chart_run_length"]))
    smooth = ewma(logs, base.mean, base.sigma, limits["ewma_weight"], limits["ewma_width"])
    for i, run, (z, low, high) in zip(later, marks, smooth, strict=True):
        points[i] = replace(
            points[i],
            run=run,
            ewma=math.exp(z),
            ewma_low=math.exp(low),
            ewma_high=math.exp(high),
            ewma_signal="above" if z > high else "below" if z < low else "",
        )
    return points


def _doubts(scale: Sequence[float], base: ProcessLimits, length: int) -> tuple[str, ...]:
    """What speaks against the baseline itself: it is kept, and the reader told."""
    doubts = []
    beyond = sum(not base.low <= value <= base.high for value in scale)
    if beyond:
        doubts.append(f"{beyond} of the {len(scale)} baseline classes lie outside the limits they draw")
    if any(runs(scale, base.mean, length)):
        doubts.append(f"{length} baseline classes in a row lie on one side of their mean: load was changing")
    if base.mean_range == 0.0:
        doubts.append("all baseline classes have the same load, so that any other lies outside")
    return tuple(doubts)


def false_alarms(frozen: bool) -> tuple[str, ...]:
    """The rates of `FALSE_ALARMS` in words, for a baseline of twelve (frozen) or of eight classes."""
    n = BASELINE_FROZEN if frozen else 8
    words = {
        "outside": "a class outside the limits",
        "run": "eight in a row on one side",
        "ewma": "the moving average outside its limits",
        "any": "at least one of the three",
    }
    return tuple(
        f"With {n} baseline classes, {round(100 * FALSE_ALARMS[name][n])} of 100 riders whose habits do not "
        f"change see {what} within the next 12 classes."
        for name, what in words.items()
        if frozen or name == "outside"
    )
