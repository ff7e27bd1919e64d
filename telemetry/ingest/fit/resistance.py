"""How far the resistance level of a FIT file can be believed.

Comes in: `record.resistance` (0 to 254, no unit), power and cadence. Goes out: a trust state and issues; the
values themselves stay as recorded. Leaves to others: torque from resistance, which needs a calibrated bike.

Of real files with the field, all recorded by Garmin heads hold a constant 0, which means nothing, and two of
nine class exports hold 256 - 2x of the true level x: the sign against torque tells.
"""

from __future__ import annotations

import numpy as np

from telemetry.model import Issue
from telemetry.units import RAD_PER_S_PER_RPM

PEDALLING_RPM = 20.0
PEDALLING_W = 5.0
ENOUGH_SAMPLES = 60
SIGN = 0.2
"""Rank correlation with torque beyond which the sign is taken as certain."""

HIGHEST_LEVEL = 100.0


def resistance_trust(
    level: np.ndarray, power_w: np.ndarray, cadence_rpm: np.ndarray
) -> tuple[str, tuple[Issue, ...]]:
    """absent, constant, inverted or plausible, and why, for a resistance level (n,), NaN missing."""
    known = level[np.isfinite(level)]
    if not len(known):
        return "absent", ()
    if known.min() == known.max():
        detail = f"the resistance level is {known[0]:g} throughout: it was not measured"
        return "constant", (Issue("resistance_constant", count=len(known), detail=detail),)
    sign = _sign_against_torque(level, power_w, cadence_rpm)
    if sign is None:
        detail = "the resistance level could not be checked against torque"
        return "plausible", (Issue("resistance_unchecked", count=len(known), detail=detail),)
    if sign > -SIGN:
        return "plausible", ()
    true_level = (256.0 - known) / 2.0
    exact = bool(np.all(true_level == np.floor(true_level)) and true_level.max() <= HIGHEST_LEVEL)
    how = "written as 256 - 2 x level" if exact else "written upside down"
    detail = f"the resistance level falls while torque rises (rank correlation {sign:.2f}): {how}"
    return "inverted", (Issue("resistance_inverted", count=len(known), detail=detail),)


def _sign_against_torque(level: np.ndarray, power_w: np.ndarray, cadence_rpm: np.ndarray) -> float | None:
    """Rank correlation of level and crank torque while pedalling, None where it cannot be told."""
    with np.errstate(invalid="ignore"):
        use = np.isfinite(level) & (cadence_rpm >= PEDALLING_RPM) & (power_w > PEDALLING_W)
    if np.count_nonzero(use) < ENOUGH_SAMPLES:
        return None
    torque = power_w[use] / (RAD_PER_S_PER_RPM * cadence_rpm[use])
    level_rank, torque_rank = _ranks(level[use]), _ranks(torque)
    spread = float(level_rank.std() * torque_rank.std())
    if spread == 0.0:
        return None
    covariance = np.mean((level_rank - level_rank.mean()) * (torque_rank - torque_rank.mean()))
    return float(covariance / spread)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks, ties sharing theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[inverse.reshape(-1)])
