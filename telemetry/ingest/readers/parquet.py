"""A recording ↔ one Parquet file: samples as columns, everything else known of it as metadata.

Comes in: a `ClassRecording`, or bytes that `write` wrote. Goes out: the file, or the same recording, every
field. It is the one such format: `convert --to parquet` and a room's seats are written here. Leaves to
others: where files go (`files.py` moves them into place whole).

Parquet has no checksum that polars writes, and a flipped bit in it reads back as another number: the
samples' SHA-256 stands in the metadata and is checked when they are read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from telemetry import __version__
from telemetry.errors import BadInput, LimitExceeded, NotAClass
from telemetry.files import write_bytes
from telemetry.model import CHANNELS, ClassRecording, Device, Issue, Lap, Pause, RiderHints

if TYPE_CHECKING:
    import polars as pl

SCHEMA: Final = "telemetry.recording/1"
MAGIC: Final = b"PAR1"
FOOTER_BYTES: Final = 1 << 20
"""A longer footer is none of ours."""
MOST_SAMPLES: Final = 2_000_000
DIGEST: Final = "samples_sha256"

_PLAIN: Final = (
    "id", "source", "file", "utc_offset_s", "sport", "sub_sport", "rider_id", "bike_id", "class_id",
    "posture_known", "single_sided", "balance_convention", "resistance_trust", "power_source",
    "torque_source", "salvaged",
)  # fmt: skip
"""Fields of a recording that are JSON as they are."""
_LISTS: Final = {"devices": Device, "pauses": Pause, "laps": Lap, "issues": Issue}


def about(recording: ClassRecording) -> dict[str, Any]:
    """What is known of a recording besides its samples, as JSON types."""
    known: dict[str, Any] = {"schema": SCHEMA}
    known.update({name: getattr(recording, name) for name in _PLAIN})
    known["started_at"] = None if recording.started_at is None else recording.started_at.isoformat()
    known["units"] = {name: CHANNELS[name].unit for name in recording.samples.columns if name in CHANNELS}
    known.update({name: [asdict(item) for item in getattr(recording, name)] for name in _LISTS})
    known["hints"] = asdict(recording.hints)
    known["head_unit"] = dict(recording.head_unit)
    known["written_by"] = f"smartbike-telemetry {__version__}"
    return known


def write(recording: ClassRecording, path: str | os.PathLike[str]) -> None:
    """Samples as Parquet (zstd), `about` in its metadata: a key each, what is no text as JSON, None left out.

    Raises
    ------
    CannotWrite : the folder is missing or not writable, the disk is full
    """
    known = {**about(recording), DIGEST: _digest(recording.samples)}
    metadata = {
        key: _speakable(value) if isinstance(value, str) else json.dumps(value)
        for key, value in known.items()
        if value is not None
    }
    table = io.BytesIO()
    recording.samples.write_parquet(table, metadata=metadata)
    # not by polars: what it says of a full disk is no OSError
    write_bytes(path, table.getvalue())


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Whether a Parquet file is one of ours, from its footer alone."""
    try:
        with open(path, "rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - 8))
            tail = handle.read(8)
            length = int.from_bytes(tail[:4], "little")
            if tail[4:] != MAGIC or not 0 < length <= min(size - 8, FOOTER_BYTES):
                return False
            handle.seek(size - 8 - length)
            return SCHEMA.encode() in handle.read(length)
    except OSError:
        return False


def recordings(data: bytes, file: str) -> list[ClassRecording]:
    """The recording of a file that `write` wrote.

    Raises
    ------
    BadInput : no Parquet, or samples other than were written
    NotAClass : a table of another program
    LimitExceeded : more samples than a class can have
    """
    if data[:4] != MAGIC or data[-4:] != MAGIC:
        raise BadInput("this is no Parquet file, or it is cut short", file=file, expected="PAR1 at both ends")
    known, samples = _opened(data, file)
    if samples.height == 0 or "time_s" not in samples.columns:
        raise NotAClass("no samples are in this table", file=file, expected="a time_s column with rows")
    if known.get(DIGEST) not in (None, _digest(samples)):
        raise BadInput("the samples are not those that were written", file=file, expected="the same SHA-256")
    try:
        return [_recording(known, samples)]
    except (TypeError, ValueError, KeyError, AttributeError) as cause:
        raise BadInput(f"its metadata cannot be understood: {cause}"[:200], file=file) from cause


def _opened(data: bytes, file: str) -> tuple[dict[str, str], pl.DataFrame]:
    """Metadata and samples; polars answers some damage with a panic, which is no Exception."""
    import polars as pl

    try:
        known = pl.read_parquet_metadata(io.BytesIO(data))
        if known.get("schema") != SCHEMA:
            raise NotAClass("this table is no recording", file=file, expected=f"schema {SCHEMA}")
        lazy = pl.scan_parquet(io.BytesIO(data))
        schema = lazy.collect_schema()
        # before anything is read: a few kilobytes can hold millions of rows of many columns
        for name, kind in schema.items():
            if name not in CHANNELS or not kind.is_numeric():
                raise BadInput(
                    "a column is no channel",
                    file=file,
                    place=f"column {name[:40]}",
                    expected="numbers of a channel",
                )
        if lazy.select(pl.len()).collect().item() > MOST_SAMPLES:
            raise LimitExceeded("too many samples", file=file, expected=f"at most {MOST_SAMPLES}")
        samples = lazy.collect()
        times = samples["time_s"] if "time_s" in samples.columns else pl.Series("time_s", [], pl.Float64)
        if times.null_count() or bool((times.diff().drop_nulls() <= 0).any()):
            raise BadInput("time_s has gaps or goes back", file=file, expected="increasing seconds")
    except (BadInput, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as cause:
        raise BadInput("this Parquet file is damaged", file=file, expected="a whole recording") from cause
    return known, samples


def _recording(known: Mapping[str, str], samples: pl.DataFrame) -> ClassRecording:
    texts = {item.name for item in fields(ClassRecording) if str(item.type) in ("str", "str | None")}
    facts: dict[str, Any] = {}
    for name in (*_PLAIN, *_LISTS, "hints", "head_unit", "started_at"):
        if name not in known:
            continue
        facts[name] = known[name] if name in texts or name == "started_at" else json.loads(known[name])
    for name, kind in _LISTS.items():
        facts[name] = tuple(kind(**_tupled(item)) for item in facts.get(name, ()))
    facts["hints"] = RiderHints(**facts.get("hints", {}))
    if facts.get("started_at") is not None:
        facts["started_at"] = datetime.fromisoformat(facts["started_at"])
    return ClassRecording(samples=samples, **facts)


def _tupled(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def _speakable(text: str) -> str:
    """A file name that is no UTF-8, made so that it can be kept."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _digest(samples: pl.DataFrame) -> str:
    """SHA-256 of the samples: names, values, and which are missing."""
    digest = hashlib.sha256()
    for column in samples:
        digest.update(column.name.encode())
        digest.update(column.is_null().to_numpy().tobytes())
        digest.update(column.fill_null(0.0).to_numpy().tobytes())
    return digest.hexdigest()
