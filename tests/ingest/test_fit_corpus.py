"""Real files, with fitdecode as an outside witness for every value of every message."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from telemetry.ingest.fit import open_fit
from telemetry.ingest.fit.profile import MESSAGES

CORPUS = Path(__file__).parents[2].parent / "shared" / "fit-corpus"
FILES = sorted(path for path in CORPUS.glob("*") if path.suffix.lower() == ".fit")
WITNESSED_BYTES = 130_000
"""fitdecode takes ten seconds for a megabyte: larger files are compared in their first messages only."""
FIRST_MESSAGES = 3_000

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus of real files is not beside this project")


def witness(path: Path) -> tuple[dict[str, list[dict[str, Any]]], bool]:
    """Every message as fitdecode reads it: rows of {field: value}; and whether it read to the end."""
    import fitdecode

    rows: dict[str, list[dict[str, Any]]] = {}
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with fitdecode.FitReader(
                str(path),
                check_crc=fitdecode.CrcCheck.DISABLED,
                error_handling=fitdecode.ErrorHandling.IGNORE,
            ) as reader:
                for message in reader:
                    if message.frame_type != fitdecode.FIT_FRAME_DATA:
                        continue
                    values: dict[str, Any] = {}
                    for field in message.fields:
                        name = field.name
                        if field.field is not None and field.parent_field is not None:
                            values.setdefault(field.parent_field.name, ("parent", field.raw_value))
                        if values.get(name) is None:
                            values[name] = field.value
                    rows.setdefault(message.name, []).append(values)
                    count += 1
                    if path.stat().st_size > WITNESSED_BYTES and count >= FIRST_MESSAGES:
                        return rows, False
        except (fitdecode.FitError, ValueError, AssertionError):
            return rows, False
    return rows, True


def plain(value: Any) -> Any:
    """A value in the form both sides share; None for missing."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).timestamp()
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return None if isinstance(value, float) and math.isnan(value) else float(value)
    if isinstance(value, bytes):
        return None if not value or all(byte == 255 for byte in value) else [float(byte) for byte in value]
    if isinstance(value, tuple | list | pl.Series):
        items = [plain(item) for item in value]
        return None if all(item is None for item in items) else items
    if isinstance(value, str):
        return value.strip() or None
    return value


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, float) and isinstance(ours, str):
        return ours == str(int(theirs))  # a code without a label
    if isinstance(theirs, list) and len(theirs) == 1 and not isinstance(ours, list):
        theirs = theirs[0]
    if isinstance(ours, list) and len(ours) == 1 and not isinstance(theirs, list):
        ours = ours[0]
    if isinstance(theirs, str) and isinstance(ours, str):
        return "".join(filter(str.isprintable, theirs)) == ours or "\ufffd" in ours
    return bool(ours == theirs)


def unlike(message: str, name: str, theirs: Any, ours: Any) -> bool:
    """True where the two mean to differ, each case for a reason."""
    if name.endswith("timestamp") and isinstance(theirs, float) and theirs < 0x10000000 + 631065600:
        return True  # a date relative to the device's start: ours is null, the raw value beside it
    if isinstance(theirs, str) and isinstance(ours, float):
        return True  # an enumeration without labels in our tables: the code is kept
    if isinstance(theirs, str) and isinstance(ours, list):
        return True  # the same, in an array
    if isinstance(theirs, dt.time):
        return True  # seconds of the day
    if message == "hr" and name == "event_timestamp":
        return True  # fitdecode adds the message's own timestamp
    return theirs == [0.0] and name == "timer_trigger"  # a uint32 of one byte: fitdecode gives up on its type


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_value_is_what_fitdecode_reads(path: Path) -> None:
    expected, _ = witness(path)
    fit = open_fit(path.read_bytes(), path.name)
    broken_at = min((d.offset for d in fit.damage if d.kind == "resync"), default=fit.size)
    checked = 0
    for message, rows in expected.items():
        number = next((m.number for m in MESSAGES.values() if m.name == message), None)
        if number is None:
            continue
        table = fit.frame(message)
        assert fit.count(message) >= len(rows), message
        # behind structural damage the two are no longer in step: fitdecode stops there, or misreads
        rows = rows[: int((fit.offsets(message) < broken_at).sum())]
        names = {name for row in rows for name in row}
        for name in sorted(names & set(table.columns)):
            column = [plain(value) for value in table[name].head(len(rows)).to_list()]
            for i, row in enumerate(rows):
                if name not in row:
                    continue
                theirs = row[name]
                if isinstance(theirs, tuple) and theirs and theirs[0] == "parent":
                    continue  # read under the subfield's name, compared there
                theirs = plain(theirs)
                if unlike(message, name, theirs, column[i]):
                    continue
                assert same(column[i], theirs), f"{message}.{name} row {i}: {column[i]!r}, not {theirs!r}"
                checked += 1
    assert checked > 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_columns_hold_the_numbers_of_the_frame(path: Path) -> None:
    fit = open_fit(path.read_bytes(), path.name)
    for message in ("record", "session", "lap"):
        columns = fit.columns(message)
        table = fit.frame(message)
        for name, values in columns.items():
            series = table[name]
            if series.dtype.is_numeric():
                np.testing.assert_array_equal(values, series.cast(pl.Float64).fill_null(math.nan).to_numpy())
            elif name == "timestamp":
                np.testing.assert_array_equal(
                    values, series.dt.epoch("ms").cast(pl.Float64).fill_null(math.nan) / 1000
                )


def test_the_file_that_loses_fitdecode_3400_records_is_whole() -> None:
    path = next((path for path in FILES if "tpv_dev_fields_20260222" in path.name), None)
    if path is None:
        pytest.skip("the TrainingPeaks Virtual file of 2026 is not in the corpus")
    fit = open_fit(path.read_bytes())
    assert fit.count("record") == 3400
    assert np.isfinite(fit.columns("record")["power"]).sum() > 3000
