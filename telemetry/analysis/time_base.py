"""How much time each sample stands for: steps, pauses, gaps, smart recording, rows filled into short gaps.

Comes in: the recorder's increasing times and its announced pauses. Goes out: a `TimeBase` on which every
later step works. Leaves to others: the values. Sources: rulings section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from telemetry.analysis.limits import Limits
from telemetry.model import Pause, middle_step

TOLERANCE_S = 1e-6
"""Times come from milliseconds and ticks: a step of 5.0000001 s is a step of 5 s."""

FILL_FROM_S = 1.5
FILL_STEP_S = 1.0
"""Steps longer than 1.5 s get rows about 1 s apart. A finer recorder is not filled finer: between two samples
there is no more to know, and the number of rows stays bounded whatever the clock says."""


@dataclass(frozen=True)
class TimeBase:
    """Times, and what lies between them. Arrays (n,) are on the filled base, `raw_*` (m,) on the raw rows."""

    raw_time_s: np.ndarray
    raw_step_s: np.ndarray
    """seconds to the next row without pauses; the median step for the last"""
    raw_break_after: np.ndarray
    time_s: np.ndarray
    step_s: np.ndarray
    dt_s: np.ndarray
    """`step_s` where the sample stands for it, 0 across a gap"""
    gap_s: np.ndarray
    """length of the gap after the sample where doses are scaled over it, else 0"""
    break_after: np.ndarray
    row: np.ndarray
    """int64: which raw row this is, -1 where it was filled in"""
    recorded_s: float
    median_step_s: float
    smart_recording: bool
    filled_gap_s: float
    """longest step that is filled: 5 s, or 10 s in smart recording"""
    pauses: int
    """announced pauses that lie between samples"""

    def __len__(self) -> int:
        return len(self.time_s)

    def spread(self, values: np.ndarray, missing: float) -> np.ndarray:
        """A raw column (m,) on the filled base (n,), `missing` where a row was filled in."""
        if len(self.row) == len(self.raw_time_s):
            return values.copy()
        out: np.ndarray = values[np.maximum(self.row, 0)]
        out[self.row < 0] = missing
        return out


def paused_s(time_s: np.ndarray, pauses: Sequence[Pause]) -> np.ndarray:
    """Seconds of announced pause between each time and the next (n-1,); overlapping pauses count once."""
    edges: list[float] = []
    for pause in sorted(pauses, key=lambda item: (item.start_s, item.stop_s)):
        if pause.stop_s <= pause.start_s:
            continue
        if edges and pause.start_s <= edges[-1]:
            edges[-1] = max(edges[-1], pause.stop_s)
        else:
            edges += [pause.start_s, pause.stop_s]
    if not edges:
        return np.zeros(max(len(time_s) - 1, 0))
    bounds = np.asarray(edges)
    lengths = np.diff(bounds)
    lengths[1::2] = 0.0  # between two pauses the paused clock stands still
    so_far = np.concatenate(([0.0], np.cumsum(lengths)))
    return np.diff(np.interp(time_s, bounds, so_far))


def time_base(time_s: np.ndarray, pauses: Sequence[Pause], limits: Limits) -> TimeBase:
    """Steps, gaps and breaks of increasing times [s].

    A step over `gap_s` (5 s) is a gap; with smart recording (over a fifth of the steps last 2 to 10 s) one
    over 10 s. A gap or a pause is a break. The last sample stands for the median step.
    """
    time_s = np.ascontiguousarray(time_s, dtype=np.float64)
    count = len(time_s)
    paused = paused_s(time_s, pauses)
    steps = np.diff(time_s) - paused
    steps[np.abs(steps) < TOLERANCE_S] = 0.0
    was_paused = paused > TOLERANCE_S
    running = steps[~was_paused]
    median = middle_step(running) if len(running) else 0.0
    longest = limits["smart_recording_step_s"]
    irregular = (running >= 2.0 - TOLERANCE_S) & (running <= longest + TOLERANCE_S)
    smart = len(running) > 0 and float(np.mean(irregular)) > limits["smart_recording_share"]
    filled = longest if smart else limits["gap_s"]

    raw_step = np.empty(count)
    raw_break = np.zeros(count, dtype=np.bool_)
    if count:
        raw_step[:-1] = steps
        raw_step[-1] = median
        raw_break[:-1] = was_paused | (steps > filled + TOLERANCE_S)

    pieces = np.ones(count, dtype=np.int64)
    fill = ~raw_break & (raw_step > FILL_FROM_S)
    if count:
        fill[-1] = False
    pieces[fill] = np.maximum(np.rint(raw_step[fill] / FILL_STEP_S), 2).astype(np.int64)

    times, step, row, broken = time_s.copy(), raw_step, np.arange(count), raw_break
    if int(pieces.sum()) != count:
        row = np.repeat(row, pieces)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        step = (raw_step / pieces)[row]
        times = time_s[row] + nth * step
        broken = raw_break[row]
        row[nth > 0] = -1
    is_gap = step > filled + TOLERANCE_S
    scaled = is_gap & (step <= limits["gap_scaled_s"] + TOLERANCE_S)
    return TimeBase(
        raw_time_s=time_s,
        raw_step_s=raw_step,
        raw_break_after=raw_break,
        time_s=times,
        step_s=step.copy(),
        dt_s=np.where(is_gap, 0.0, step),
        gap_s=np.where(scaled, step, 0.0),
        break_after=broken,
        row=row.astype(np.int64),
        recorded_s=float(raw_step.sum()),
        median_step_s=median,
        smart_recording=smart,
        filled_gap_s=filled,
        pauses=int(was_paused.sum()),
    )
