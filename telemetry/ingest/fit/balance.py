"""Left/right balance of FIT: two conventions, and values that no sensor measured.

Comes in: raw `left_right_balance` values and power. Goes out: the right share of power, which convention the
file keeps, and whether both sides were measured at all. Leaves to others: drift and asymmetry.

Bit 7 set: the low bits are the right share (Garmin, SRM PC8, Stages). Bit 7 clear: the value is the left
share (Wahoo ELEMNT, Karoo, Sigma, TrainingPeaks Virtual; one ride saved both ways agrees in 5,395 of 5,395
rows).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from telemetry.model import Issue

RIGHT_FLAG = 0x80
FAKES = (100.0, 228.0)
"""100 % left without the flag, 100 % right with it: what is sent when there is no second side."""

IDLE_POWER_W = 50.0
"""Below this a share of 0 or 100 % is a foot resting, not a measurement."""

STEADY_FAKE_S = 600
"""A share that does not move by one point in this many loaded samples was not measured."""


@dataclass(frozen=True)
class Balance:
    """The right share (n,) in percent, NaN where unknown, and what the values say about the meter."""

    right_pct: np.ndarray
    convention: str = ""
    """right_flag, left_unflagged, or empty"""
    both_sides: bool | None = None
    """True where the share varies as a measured one does, False where a meter says that it has one side"""
    issues: tuple[Issue, ...] = field(default_factory=tuple)


def decode_balance(raw: np.ndarray, power_w: np.ndarray) -> Balance:
    """Raw values of `record.left_right_balance` (n,) → `Balance`."""
    known = np.isfinite(raw) & (raw >= 0) & (raw < 255)
    nothing = np.full(len(raw), np.nan)
    if not known.any():
        return Balance(nothing)
    loaded = known & (np.nan_to_num(power_w) >= IDLE_POWER_W)
    telling = raw[loaded if loaded.any() else known]
    for fake in FAKES:
        if (telling == fake).all():
            side = "right" if fake >= RIGHT_FLAG else "left"
            detail = f"left/right balance says {side} 100 % throughout: no second side was measured"
            # the flagged one comes from meters on one crank, the other from programs that know of no sides
            one_side = False if fake >= RIGHT_FLAG else None
            issue = Issue("balance_fake", count=len(telling), detail=detail)
            return Balance(nothing, both_sides=one_side, issues=(issue,))
    flagged = raw >= RIGHT_FLAG
    share = np.where(flagged, raw - RIGHT_FLAG, raw)
    share[~known | (share > 100)] = np.nan
    share[~loaded & ((share == 0) | (share == 100))] = np.nan
    right = np.where(flagged, share, 100.0 - share)
    left = np.isfinite(right)
    if not left.any():
        return Balance(nothing)
    convention = "right_flag" if np.mean(flagged[left]) >= 0.5 else "left_unflagged"
    steady = right[loaded & left]
    if len(steady) >= STEADY_FAKE_S and steady.min() == steady.max():
        detail = f"left/right balance stays at {steady[0]:g} % throughout: probably not measured"
        return Balance(
            right, convention, None, (Issue("balance_constant", count=len(steady), detail=detail),)
        )
    return Balance(right, convention, True if len(steady) and steady.min() < steady.max() else None)


def decode_session_balance(raw: float | None) -> float | None:
    """A session's `left_right_balance` (bit 15: right; hundredths of a percent) as right share [%]."""
    if raw is None or not 0 <= raw < 0xFFFF:
        return None
    code = int(raw)
    share = (code & 0x3FFF) / 100.0
    if share > 100.0 or share == 0.0:
        return None
    return share if code & 0x8000 else 100.0 - share
