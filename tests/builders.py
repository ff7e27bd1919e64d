"""Inputs from plain numbers: recordings for analysis, FIT bytes for decoding.

Comes in: numbers and lists a test states in one line. Goes out: a `ClassRecording`, or a FIT file's bytes.
Leaves to others: long plausible classes, which are fixtures (`fixtures/generate.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from telemetry.model import CHANNELS, ClassRecording

STARTED_AT = dt.datetime(2026, 3, 2, 17, 30, tzinfo=dt.UTC)
"""When every built class starts: a Monday evening."""

Numbers = Sequence[float | None] | np.ndarray


def steps(
    segments: Iterable[tuple[float, float | None, float | None]], step_s: float = 1.0
) -> dict[str, np.ndarray]:
    """Segments (seconds, watts, rpm) as columns time_s, power_w, cadence_rpm; None is missing (NaN).

    The classes of metrics.md are written this way: `recording(**steps([(600, 100, 90), (300, 180, 75)]))`.
    """
    power: list[float] = []
    cadence: list[float] = []
    for seconds, watts, rpm in segments:
        count = round(seconds / step_s)
        power += [np.nan if watts is None else float(watts)] * count
        cadence += [np.nan if rpm is None else float(rpm)] * count
    return {
        "time_s": np.arange(len(power)) * step_s,
        "power_w": np.asarray(power),
        "cadence_rpm": np.asarray(cadence),
    }


def recording(*, step_s: float = 1.0, time_s: Numbers | None = None, **given: Any) -> ClassRecording:
    """A `ClassRecording` from columns named as in `CHANNELS`; None or NaN is missing, a number is a constant.

    Other names are fields of `ClassRecording` (pauses, hints, laps, posture_known, single_sided …). Without
    `time_s` the samples stand `step_s` seconds apart. A channel given as None is left out altogether.
    """
    channels = {name: given.pop(name) for name in list(given) if name in CHANNELS}
    channels = {name: values for name, values in channels.items() if values is not None}
    lengths = {len(values) for values in channels.values() if np.ndim(values)}
    if time_s is not None:
        lengths.add(len(time_s))
    if len(lengths) > 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    count = lengths.pop() if lengths else 0
    times = np.arange(count) * step_s if time_s is None else np.asarray(time_s, dtype=np.float64)
    columns = {"time_s": times}
    for name in CHANNELS:
        if name in channels:
            columns[name] = np.broadcast_to(np.asarray(channels[name], dtype=np.float64), count)
    samples = pl.DataFrame([pl.Series(name, np.array(v), nan_to_null=True) for name, v in columns.items()])
    given.setdefault("id", "built")
    given.setdefault("source", "built")
    given.setdefault("started_at", STARTED_AT)
    return ClassRecording(samples=samples, **given)
