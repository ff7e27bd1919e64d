"""What a FIT file says of its rider, of local time, and what the head unit itself summed up.

Comes in: messages of a section. Goes out: `RiderHints`, an offset to local time, and totals by our names.
Leaves to others: whether to use them. An FTP of exactly 200 W is a default (79 of 143 real files): it is
left out and the doubt is said.
"""

from __future__ import annotations

import numpy as np

from telemetry.ingest.fit.balance import decode_session_balance
from telemetry.ingest.fit.part import Part, value
from telemetry.model import RiderHints

DEFAULT_FTP_W = 200.0
FTP_RANGE_W = (30.0, 600.0)
MASS_RANGE_KG = (20.0, 300.0)
MAX_HR_RANGE_BPM = (90.0, 240.0)
RESTING_HR_RANGE_BPM = (25.0, 130.0)
CRANK_RANGE_MM = (100.0, 220.0)

QUARTER_HOUR_S = 900.0
OFFSET_RANGE_S = (-12 * 3600.0, 14 * 3600.0)
OFFSET_SLACK_S = 120.0
"""Recorders write the two times some seconds apart; more than this from a quarter of an hour is no zone."""

FIT_EPOCH_S = 631065600.0

TOTALS: tuple[tuple[str, str, float], ...] = (
    ("duration_s", "total_elapsed_time", 1.0),
    ("timer_s", "total_timer_time", 1.0),
    ("mean_power_w", "avg_power", 1.0),
    ("max_power_w", "max_power", 1.0),
    ("work_kj", "total_work", 0.001),
    ("normalized_power_w", "normalized_power", 1.0),
    ("mean_cadence_rpm", "avg_cadence", 1.0),
    ("mean_heart_rate_bpm", "avg_heart_rate", 1.0),
    ("max_heart_rate_bpm", "max_heart_rate", 1.0),
    ("total_cycles", "total_cycles", 1.0),
    ("standing_s", "time_standing", 1.0),
    ("training_stress_score", "training_stress_score", 1.0),
)
"""Our name, the session's field, and the factor between them."""


def rider_hints(part: Part, session: dict[str, np.ndarray], row: int | None) -> RiderHints:
    """What the section says of its rider; values that fit no rider are left out."""
    ftp, source, doubt = _ftp(part, session, row)
    told = part.column("bike_profile", "crank_length")
    cranks = sorted(set(told[np.isfinite(told)].tolist()))
    return RiderHints(
        mass_kg=_within(part.last("user_profile", "weight"), MASS_RANGE_KG),
        ftp_w=ftp,
        ftp_source=source,
        ftp_doubt=doubt,
        max_hr_bpm=_within(part.last("zones_target", "max_heart_rate"), MAX_HR_RANGE_BPM),
        resting_hr_bpm=_within(part.last("user_profile", "resting_heart_rate"), RESTING_HR_RANGE_BPM),
        threshold_hr_bpm=_within(part.last("zones_target", "threshold_heart_rate"), MAX_HR_RANGE_BPM),
        # several bikes with different cranks: the file does not say which one was ridden
        crank_length_mm=_within(cranks[0], CRANK_RANGE_MM) if len(cranks) == 1 else None,
    )


def utc_offset_s(part: Part) -> float | None:
    """Local time minus UTC [s] from the activity message, None where there is none or it is no zone."""
    utc, local = part.column("activity", "timestamp"), part.clock("activity", "local_timestamp")
    for at, there in zip(utc[::-1].tolist(), local[::-1].tolist(), strict=True):
        if not (np.isfinite(at) and np.isfinite(there)):
            continue
        # the field is a count from 1989 in local time: a decoder may have left it so
        offset = float(there - at if there - at > -FIT_EPOCH_S / 2 else there + FIT_EPOCH_S - at)
        zone = round(offset / QUARTER_HOUR_S) * QUARTER_HOUR_S
        if abs(offset - zone) <= OFFSET_SLACK_S and OFFSET_RANGE_S[0] <= zone <= OFFSET_RANGE_S[1]:
            return zone
    return None


def head_unit_totals(session: dict[str, np.ndarray], row: int | None) -> dict[str, float]:
    """The recorder's own totals of one session by the names of `ClassRecording.head_unit`."""
    if row is None:
        return {}
    totals: dict[str, float] = {}
    for name, field, factor in TOTALS:
        got = value(session, field, row)
        # recorders fill in a zero for what they did not measure; nobody stood for 0 s is a fact
        if got is not None and (got > 0 or name == "standing_s"):
            totals[name] = got * factor
    fraction = value(session, "avg_fractional_cadence", row)
    if fraction is not None and "mean_cadence_rpm" in totals and 0 <= fraction < 1:
        totals["mean_cadence_rpm"] += fraction
    right = decode_session_balance(value(session, "left_right_balance", row))
    if right is not None:
        totals["right_balance_pct"] = right
    return totals


def _ftp(part: Part, session: dict[str, np.ndarray], row: int | None) -> tuple[float | None, str, str]:
    doubt = ""
    candidates = (
        ("session.threshold_power", None if row is None else value(session, "threshold_power", row)),
        ("zones_target", part.last("zones_target", "functional_threshold_power")),
    )
    for source, ftp in candidates:
        if ftp is None or ftp == 0:
            continue
        if ftp == DEFAULT_FTP_W:
            doubt = "the file says exactly 200 W, which is what recorders start with"
        elif _within(ftp, FTP_RANGE_W) is None:
            doubt = f"the file says {ftp:g} W, which fits no rider"
        else:
            return ftp, source, ""
    return None, "", doubt


def _within(number: float | None, bounds: tuple[float, float]) -> float | None:
    return number if number is not None and bounds[0] <= number <= bounds[1] else None
