"""A recording's samples as a file: which format is written how.

Comes in: a recording. Goes out: one file, whole or not at all. Missing stays missing: null in Parquet and
JSON, an empty cell in CSV, FIT's own "invalid". A physical column carries its unit in its name, Parquet and
JSON also beside it.
Leaves to others: Parquet (`ingest/readers/parquet.py`), which is read back as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.files import atomic_path, write_bytes
from telemetry.ingest.readers.parquet import about
from telemetry.ingest.readers.parquet import write as write_parquet
from telemetry.model import ClassRecording

if TYPE_CHECKING:
    import polars as pl


def write_csv(recording: ClassRecording, path: Path) -> None:
    """Samples as CSV with a header; `timestamp` (UTC) in front where the class has a date."""
    with atomic_path(path) as spare:
        _with_timestamp(recording).write_csv(spare)


def write_json(recording: ClassRecording, path: Path) -> None:
    """`about` and the samples by column in one JSON object."""
    columns = {
        column.name: column.fill_nan(None).to_list() if column.dtype.is_float() else column.to_list()
        for column in recording.samples
    }
    text = json.dumps({**about(recording), "samples": columns}, ensure_ascii=False, allow_nan=False)
    write_bytes(path, text.encode("utf-8", "backslashreplace") + b"\n")


def write_fit(recording: ClassRecording, path: Path) -> None:
    """The class as a standard FIT activity: records, laps, pauses, positions, devices, totals."""
    from telemetry.ingest.fit.export import activity

    write_bytes(path, activity(recording))


def _with_timestamp(recording: ClassRecording) -> pl.DataFrame:
    import polars as pl

    if recording.started_at is None:
        return recording.samples
    start = recording.started_at
    stamps = [
        (start + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for seconds in recording.samples["time_s"].to_list()
    ]
    return recording.samples.select(pl.Series("timestamp", stamps, dtype=pl.String), pl.all())


FORMATS: dict[str, Callable[[ClassRecording, Path], None]] = {
    ".parquet": write_parquet,
    ".csv": write_csv,
    ".json": write_json,
    ".fit": write_fit,
}
"""Suffix → writer."""
