"""A recording ↔ what a library keeps of it: samples as Parquet bytes, everything else as JSON.

Comes in: a `ClassRecording`. Goes out: bytes and text, and the same recording again, value for value. The
Parquet file holds numbers only: ids, names and serials stand in the catalog, where they can be changed,
checked and erased. Leaves to others: where both are kept.

Whole numbers are stored as such: they pack to a fraction, and come back as the float64 they were.
"""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from telemetry.errors import BadLibrary
from telemetry.library.packing import pack, unpack
from telemetry.model import ClassRecording, Device, Issue, Lap, Pause, RiderHints

if TYPE_CHECKING:
    import polars as pl

_PLAIN: Final = (
    "id", "source", "file", "utc_offset_s", "sport", "sub_sport", "posture_known", "single_sided",
    "balance_convention", "resistance_trust", "power_source", "torque_source", "salvaged",
)  # fmt: skip
_LISTS: Final = {"devices": Device, "pauses": Pause, "laps": Lap, "issues": Issue}
WHOLE_NUMBERS: Final = 2.0**31
TICKS: Final = (1, 1000, 1024)
"""Parts of a second that times are tried in; 1024ths hold those of time128."""
STEPS: Final = "time_steps_1_"
"""Name of the packed time column, the parts of a second behind it."""


def pack_samples(samples: pl.DataFrame) -> bytes:
    """Samples as Parquet (zstd), each column in the smallest kind that holds every value exactly.

    Times become whole steps from row to row, in seconds, 1000ths or 1024ths, where that is exact: a column
    of times packs badly, a column of ones to nothing.
    """
    import polars as pl

    columns = []
    for column in samples:
        if column.name == "time_s" and (steps := _steps(column)) is not None:
            columns.append(steps)
            continue
        columns.append(column.cast(pl.Int32) if _whole(column) else column)
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out, compression="zstd", compression_level=12, statistics=False)
    return out.getvalue()


def unpack_samples(data: bytes, place: str) -> pl.DataFrame:
    """The samples of `pack_samples`; the hash of `data` was checked before.

    Raises
    ------
    BadLibrary : no samples of ours; polars answers some damage with a panic, which is no Exception
    """
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
        first = frame.columns[0]
        if first.startswith(STEPS):
            ticks = int(first.removeprefix(STEPS))
            times = (frame[first].cast(pl.Int64).cum_sum() / ticks).alias("time_s")
            frame = frame.with_columns(times).select("time_s", pl.exclude("time_s", first))
        return frame.cast(pl.Float64)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as cause:
        raise BadLibrary("the samples cannot be read", place=place) from cause


def _steps(times: pl.Series) -> pl.Series | None:
    """Whole steps from row to row in parts of a second, None where no part gives every time exactly."""
    import numpy as np
    import polars as pl

    if not times.len() or times.null_count():
        return None
    values = times.to_numpy()
    for ticks in TICKS:
        counted = np.rint(values * ticks)
        if bool((np.abs(counted) < WHOLE_NUMBERS).all()) and bool((counted / ticks == values).all()):
            steps = np.diff(counted.astype(np.int64), prepend=0)
            if bool((np.abs(steps) < WHOLE_NUMBERS).all()):
                return pl.Series(f"{STEPS}{ticks}", steps.astype(np.int32))
    return None


def describe(recording: ClassRecording) -> bytes:
    """Everything but the samples, packed. Rider, bike, class and start are columns of their own."""
    known: dict[str, Any] = {name: getattr(recording, name) for name in _PLAIN}
    known.update({name: [asdict(item) for item in getattr(recording, name)] for name in _LISTS})
    known["hints"] = asdict(recording.hints)
    known["head_unit"] = {name: float(value) for name, value in recording.head_unit.items()}
    return pack(known)


def rebuild(about: bytes, samples: pl.DataFrame, **columns: Any) -> ClassRecording:
    """The recording again; `columns` are started_at, rider_id, bike_id, class_id."""
    known = unpack(about)
    for name, kind in _LISTS.items():
        known[name] = tuple(kind(**_tupled(item)) for item in known[name])
    known["hints"] = RiderHints(**known["hints"])
    return ClassRecording(samples=samples, **known, **columns)


def stamp(moment: datetime) -> str:
    """A moment as the catalog writes it: UTC, milliseconds, always as long."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text)


def now() -> str:
    """This moment, as the catalog writes it."""
    return stamp(datetime.now(UTC))


def _whole(column: pl.Series) -> bool:
    """Whether every value is a whole number that 32 bits hold; -0.0 is none, for it would lose its sign."""
    import numpy as np

    found = column.drop_nulls().to_numpy()
    if not bool((np.abs(found) < WHOLE_NUMBERS).all()) or not bool((np.rint(found) == found).all()):
        return False
    return not bool(np.any(np.signbit(found) & (found == 0.0)))


def _tupled(item: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
