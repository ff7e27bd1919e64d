"""A recording's samples as a file: which format is written how.

Comes in: a recording. Goes out: one file, whole or not at all. Missing stays missing: null in Parquet and
JSON, an empty cell in CSV. A physical column carries its unit in its name, Parquet and JSON also beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry import __version__
from telemetry.files import atomic_path, write_bytes
from telemetry.model import CHANNELS, ClassRecording

if TYPE_CHECKING:
    import polars as pl

SCHEMA = "telemetry.recording/1"


def about(recording: ClassRecording) -> dict[str, Any]:
    """What is known of a recording besides its samples, as JSON types."""
    return {
        "schema": SCHEMA,
        "id": recording.id,
        "source": recording.source,
        "file": recording.file,
        "started_at": None if recording.started_at is None else recording.started_at.isoformat(),
        "utc_offset_s": recording.utc_offset_s,
        "sport": recording.sport,
        "sub_sport": recording.sub_sport,
        "units": {name: CHANNELS[name].unit for name in recording.samples.columns if name in CHANNELS},
        "power_source": recording.power_source,
        "torque_source": recording.torque_source,
        "resistance_trust": recording.resistance_trust,
        "single_sided": recording.single_sided,
        "salvaged": recording.salvaged,
        "devices": [asdict(device) for device in recording.devices],
        "pauses": [asdict(pause) for pause in recording.pauses],
        "laps": [asdict(lap) for lap in recording.laps],
        "issues": [asdict(issue) for issue in recording.issues],
        "written_by": f"smartbike-telemetry {__version__}",
    }


def write_parquet(recording: ClassRecording, path: Path) -> None:
    """Samples as Parquet (zstd); `about` in the file's metadata, one key each, what is no text as JSON."""
    metadata = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in about(recording).items()
    }
    with atomic_path(path) as spare:
        recording.samples.write_parquet(spare, metadata=metadata)


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
}
"""Suffix → writer."""
