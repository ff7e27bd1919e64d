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

from telemetry.ingest.fit.export import activity
from telemetry.ingest.fit.write import Field, FitWriter
from telemetry.model import CHANNELS, ClassRecording, Device

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


SHORT_NAMES = {
    "power": "power_w",
    "cadence": "cadence_rpm",
    "heart_rate": "heart_rate_bpm",
    "right_balance": "right_balance_pct",
    "resistance": "resistance_level",
}

DEVICES = (
    Device("recorder", "development", "Built recorder", "1001", "1.00"),
    Device("power", "development", "Built power meter", "2002", measures=("power_w", "cadence_rpm")),
)

WRITE_OPTIONS = (
    "extra",
    "device_info",
    "session",
    "subseconds",
    "compressed",
    "big_endian",
    "header_size",
    "whole",
)


def fit_activity(**given: Any) -> bytes:
    """The bytes of a FIT activity, from what `recording` takes and what `export.activity` takes.

    Short names work too: `fit_activity(power=[200] * 600, cadence=85, heart_rate=140)`. Channel values are
    physical; `extra={"resistance": [...]}` or `extra={Field(…): [...]}` adds any other column of `record`.
    """
    options = {name: given.pop(name) for name in WRITE_OPTIONS if name in given}
    for short, name in SHORT_NAMES.items():
        if short in given:
            given[name] = given.pop(short)
    given.setdefault("devices", DEVICES)
    given.setdefault("sport", "cycling")
    given.setdefault("sub_sport", "indoor_cycling")
    return activity(recording(**given), **options)


def fit_rows(
    message: str | int, columns: dict[str | Field, Any], *, file_type: int | None = 4, **options: Any
) -> bytes:
    """A FIT file of one message type, nothing around it but a file_id (left out with `file_type=None`)."""
    out = FitWriter(big_endian=options.pop("big_endian", False), header_size=options.pop("header_size", 14))
    if file_type is not None:
        out.message("file_id", type=file_type, manufacturer=255, product=0)
    out.rows(message, columns, **options)
    return out.finish()
