"""FIT files: `open_fit` for one in memory, `read_messages` for tables of a file, `columns` for numbers of
one message type."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import BadInput, LimitExceeded

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from telemetry.ingest.fit.decode import FitFile

__all__ = ["columns", "open_fit", "read_bytes", "read_messages"]


def open_fit(data: bytes, file: str | None = None) -> FitFile:
    """Open a FIT file held in memory; see `telemetry.ingest.fit.decode.FitFile`.

    Raises
    ------
    BadInput : not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    from telemetry.ingest.fit import decode

    return decode.open_fit(data, file)


def read_messages(path: str | PathLike[str]) -> dict[str, pl.DataFrame]:
    """Every message of a FIT file as tables, by message name: one row per message as it stands in the file.

    Columns have the profile's names; scaled values Float64, unscaled Int64, enumerations as labels, arrays
    as List, dates as Datetime("ms", "UTC"); invalid is null.

    Raises
    ------
    BadInput : cannot be read, or not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    return open_fit(read_bytes(path), Path(fspath(path)).name).frames()


def columns(data: bytes, message: str = "record") -> dict[str, NDArray[np.float64]]:
    """The numeric fields of one message type, each (n,) float64, NaN where invalid; no table is built.

    Raises
    ------
    BadInput : not a FIT file
    LimitExceeded : larger than the grammar allows
    """
    return open_fit(data).columns(message)


def read_bytes(path: str | PathLike[str]) -> bytes:
    """The bytes of a file, not more than the grammar allows.

    Raises
    ------
    BadInput : cannot be read
    LimitExceeded : too large
    """
    from telemetry.ingest.fit.index import MAX_BYTES

    name = Path(fspath(path)).name
    try:
        with open(path, "rb") as handle:
            data = handle.read(MAX_BYTES.value + 1)
    except OSError as cause:
        raise BadInput(f"cannot be read: {cause.strerror or cause}", file=name) from cause
    if len(data) > MAX_BYTES.value:
        raise LimitExceeded("the file is too large", file=name, expected=f"at most {MAX_BYTES.value:,} bytes")
    return data
