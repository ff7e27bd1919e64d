"""Gaps, spikes, stuck sensors: a raw recording becomes conditioned arrays and a quality grade.

Comes in: a `ClassRecording`, never changed. Goes out: `Conditioned`, the arrays every metric works on, with a
trust state per sample and channel, and a `Quality`. Leaves to others: every number about load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from telemetry.model import ClassRecording, Quality


@dataclass(frozen=True)
class Conditioned:
    """One class ready for metrics. Arrays are float64 (n,) unless said, NaN where there is nothing."""

    recording: ClassRecording
    time_s: np.ndarray
    """elapsed seconds, strictly increasing, duplicates merged, clock jumps re-anchored"""
    dt_s: np.ndarray
    """seconds a sample stands for: t(i+1) - t(i), 0 across a gap or a pause, the median step for the last"""
    gap_s: np.ndarray
    """seconds of gap after the sample that doses scale over (5 to 30 s), else 0"""
    power_w: np.ndarray
    cadence_rpm: np.ndarray
    torque_nm: np.ndarray
    """0 when coasting, NaN when unknown (power without cadence)"""
    heart_rate_bpm: np.ndarray
    """all NaN where there is no heart rate"""
    pedalling: np.ndarray
    """bool: cadence >= 20 rpm and power > 5 W, both valid"""
    break_after: np.ndarray
    """bool: a gap over 5 s or a pause follows this sample; bouts and windows never cross it"""
    power_smooth_w: np.ndarray
    cadence_smooth_rpm: np.ndarray
    torque_smooth_nm: np.ndarray
    """centred 5 s means of pedalling samples; for thresholds only"""
    states: dict[str, np.ndarray]
    """channel → int8 codes, positions in `model.TRUST_STATES`; for power, cadence, torque and heart rate"""
    others: dict[str, np.ndarray]
    """every other channel of the recording on the same time base (balance, smoothness, standing …)"""
    recorded_s: float
    """sum of dt without pauses, gaps included"""
    median_step_s: float
    smart_recording: bool
    quality: Quality

    def __len__(self) -> int:
        return len(self.time_s)
