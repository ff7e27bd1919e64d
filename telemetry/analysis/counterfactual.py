"""What could be different: the same class, the same power, faster legs.

Comes in: a conditioned class. Goes out: torque load, grinding and strokes had cadence been 10 or 15 rpm
higher. Leaves to others: whether a rider can or wants to. More strokes are the price and are shown beside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from telemetry.analysis.conditioning_steps import pedalling_means
from telemetry.analysis.grinding import find_bouts, grinding_s, why_no_grinding
from telemetry.analysis.torque_load import doses
from telemetry.model import Counterfactual
from telemetry.units import RAD_PER_S_PER_RPM, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from telemetry.analysis.conditioning import Conditioned
    from telemetry.analysis.context import Context

ADDED_RPM = (10.0, 15.0)


def counterfactuals(c: Conditioned, context: Context) -> tuple[Counterfactual, ...]:
    """The whole load and grinding pipeline run again with faster legs; empty where torque is not known."""
    if not (c.pedalling & np.isfinite(c.torque_nm)).any():
        return ()
    told = not why_no_grinding(c, context)
    rows = []
    for added in ADDED_RPM:
        other = faster(c, added, context.limits["counterfactual_cap_rpm"])
        bouts, dose = find_bouts(other, context), doses(other, context)
        rows.append(
            Counterfactual(
                added_rpm=added,
                torque_load=dose["torque_load"].value,
                grinding_min=grinding_s(bouts) / SECONDS_PER_MINUTE if told else None,
                grinding_bouts=float(len(bouts)) if told else None,
                strokes=dose["strokes"].value,
            )
        )
    return tuple(rows)


def faster(c: Conditioned, added_rpm: float, cap_rpm: float) -> Conditioned:
    """The class with cadence raised on every pedalling sample, at the same power.

    No sample is raised beyond the cap, and none that is above it already is slowed. Torque falls as cadence
    rises: T·c/c′. Smoothing is done again, for the bouts are found on smoothed cadence and torque.
    """
    turned = c.pedalling & np.isfinite(c.torque_nm)
    cadence = np.where(
        turned, np.maximum(np.minimum(c.cadence_rpm + added_rpm, cap_rpm), c.cadence_rpm), c.cadence_rpm
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        torque = np.where(turned, c.torque_nm * c.cadence_rpm / cadence, c.torque_nm)
    believed = np.isfinite(c.torque_smooth_nm)  # where the centre sample was believed, so was the sample
    power_smooth, cadence_smooth, torque_smooth = pedalling_means(
        c.time_s, c.power_w, cadence, torque, believed, c.break_after, c.limits["smoothing_half_width_s"]
    )
    if "torque_nm" not in c.recording.channels:
        torque_smooth = power_smooth / (RAD_PER_S_PER_RPM * cadence_smooth)
    return replace(
        c,
        cadence_rpm=cadence,
        torque_nm=torque,
        power_smooth_w=power_smooth,
        cadence_smooth_rpm=cadence_smooth,
        torque_smooth_nm=torque_smooth,
    )
