"""What was done to the samples, said in issues, and how good they are, said in one grade with reasons.

Comes in: masks and coverages from conditioning. Goes out: a `Quality`. Leaves to others: what was masked.
Sources: rulings section 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from telemetry.analysis.conditioning_steps import runs
from telemetry.analysis.limits import Limits
from telemetry.analysis.numbers import number, percent
from telemetry.model import ClassRecording, Issue, Quality, QualityGrade


class IssueLog:
    """One issue for each kind of action: where first and last, how many stretches, how many seconds."""

    def __init__(self, time_s: np.ndarray, step_s: np.ndarray) -> None:
        self._time_s, self._step_s = time_s, step_s
        self.issues: list[Issue] = []

    def note(self, code: str, where: np.ndarray, what: str) -> None:
        """Log the stretches where a bool array (n,) is True; nothing where it is nowhere True."""
        if not where.any():
            return
        starts, stops = runs(where)
        seconds = float(self._step_s[where].sum())
        last = stops[-1] - 1
        self.issues.append(
            Issue(
                code=code,
                start_s=float(self._time_s[starts[0]]),
                stop_s=float(self._time_s[last] + self._step_s[last]),
                count=len(starts),
                detail=f"{what}: {_times(len(starts))}, {number(seconds)} s in all",
                seconds=seconds,
            )
        )

    def say(self, code: str, detail: str, *, count: int = 1, seconds: float | None = None) -> None:
        """Log something that is true of the whole class."""
        self.issues.append(Issue(code=code, count=count, detail=detail, seconds=seconds))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{number(count)} times"


CLOCK_CODES = ("clock_jump", "time_back")
"""Issues of the recorder's clock, each counting steps between two rows."""

DEAD_POWER = "power is 0 W throughout: no power meter was connected"
"""What a channel of nothing but zeros means."""


def grade(
    recording: ClassRecording,
    limits: Limits,
    *,
    coverage: Mapping[str, float],
    masked_share: float,
    estimated_share: float,
    dead_power: bool,
    smart_recording: bool,
    issues: list[Issue],
) -> Quality:
    """The grade of a class from how much of its torque is known, and why it is not higher.

    `good`: at least 90 % known and at most 1 % masked. `fair`: 75 to 90 %, or 1 to 5 % masked, or a clock
    that jumps or goes back in over 1 % of the rows, smart recording, a single-sided meter, estimated power.
    `poor`: over 5 % masked, or salvaged. Else `not_usable`.
    """
    known = coverage.get("torque_nm", 0.0)
    spoiled: list[str] = []
    lowered: list[str] = []
    if masked_share > limits["masked_poor"]:
        spoiled.append(f"{percent(masked_share, 1)} of the time was masked as sensor error")
    if recording.salvaged:
        spoiled.append("the file was damaged; records were recovered around the damage")
    if known < limits["coverage_good"]:
        lowered.append(f"torque is known for {percent(known)} of the recorded time")
    if limits["masked_good"] < masked_share <= limits["masked_poor"]:
        lowered.append(f"{percent(masked_share, 1)} of the time was masked as sensor error")
    steps = sum(issue.count for issue in recording.issues if issue.code in CLOCK_CODES)
    if steps > limits["clock_steps_good"] * len(recording):
        lowered.append(f"the recorder's clock jumped or went back {_times(steps)}")
    if smart_recording:
        lowered.append("smart recording: samples two to ten seconds apart")
    if recording.single_sided:
        lowered.append("single-sided power meter: one crank measured and doubled")
    if estimated_share > 0.0:
        lowered.append(f"power was estimated for {percent(estimated_share)} of the recorded time")

    reasons = [*spoiled, *lowered]
    result: QualityGrade
    if dead_power:
        result = "not_usable"
        reasons = [DEAD_POWER, *reasons]
    elif known < limits["coverage_fair"]:
        result = "not_usable"
        why = why_no_torque(recording)
        reasons = [why] if why else reasons
    elif spoiled:
        result = "poor"
    else:
        result = "fair" if lowered else "good"
    return Quality(
        grade=result,
        coverage=dict(coverage),
        issues=(*recording.issues, *issues),
        reasons=tuple(reasons),
    )


def why_no_torque(recording: ClassRecording) -> str:
    """Why torque is absent, in a clause for the rider; an empty string where nothing is in the way."""
    if not len(recording):
        return "the recording has no samples"
    power, cadence = recording.has("power_w"), recording.has("cadence_rpm")
    if recording.has("torque_nm") and (recording.torque_source or not power):
        return ""
    if power and cadence:
        return ""
    if power:
        return "no cadence was recorded: torque cannot be told from power alone"
    if not cadence:
        return "neither power nor cadence was recorded"
    if recording.has("resistance_level") or recording.has("resistance_pct"):
        return (
            "no power was recorded, and no calibration of this bike is known to estimate it from resistance"
        )
    return "no power was recorded: torque is unknown"
