"""A table of samples as text → one class; and the layout of studio consoles, which has no clock.

Comes in: bytes of a CSV with a header row (`csv_columns.py` says which names and units are known, or a
mapping does), or of a Schwinn MPower console. Goes out: one recording. Leaves to others: clocks, duplicates.

A mapping names columns: `read_all("x.csv", columns={"W": "power_w", "Kadenz": "cadence_rpm"})`; a unit may
stand after it: `{"v": "speed (km/h)"}`.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Mapping

import numpy as np

from telemetry.errors import BadInput, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.ingest.readers import mpower
from telemetry.ingest.readers.csv_columns import Column, column
from telemetry.ingest.readers.fit import content_id
from telemetry.ingest.timebase import time_base
from telemetry.model import ClassRecording, Issue

HEADER_WITHIN = 60
"""A header row stands among the first lines: consoles and apps write a few of their own before it."""

MOST_COLUMNS = 500
DELIMITERS = (",", ";", "\t", "|")
CLOCK = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$")
OLDEST_UNIX_S = 1e8
"""Numbers above this in a time column are Unix seconds, not seconds since the start."""

MILLISECONDS_FROM = 1e11
LEAST = {"heart_rate_bpm": 1.0}


def recordings(data: bytes, file: str, columns: Mapping[str, str] | None = None) -> list[ClassRecording]:
    """The class in a CSV file.

    Raises
    ------
    BadInput : no text, no header row with a known column, or a mapping that names no column
    NotAClass : a header and no samples
    """
    text = text_of(data, file)
    lines = text.splitlines()
    if mpower.is_console(lines):
        return [mpower.recording(lines, id=content_id(data), file=file)]
    delimiter = _delimiter(lines)
    rows = _rows(lines, delimiter, file)
    at, meanings, doubts = _header(rows, columns or {}, file)
    body = [row for row in rows[at + 1 :] if any(cell.strip() for cell in row)]
    if not body:
        raise NotAClass("no samples are in this table", file=file, expected="rows below the header")
    issues = [Issue("column_not_read", detail=doubt) for doubt in doubts]
    if text[-1] not in "\r\n" and len(body) > 1 and len(body[-1]) < len(rows[at]):
        # the file ends inside this row: its last number may be half of one
        body = body[:-1]
        issues.append(Issue("file_truncated", detail="the last row is cut short and left out"))
    cells = {index: [row[index].strip() if index < len(row) else "" for row in body] for index in meanings}
    channels: dict[str, np.ndarray] = {}
    clock = np.full(len(body), np.nan)
    dated = hour_wrap = False
    for index, meaning in meanings.items():
        if meaning.channel == "time_s":
            clock, dated, hour_wrap = times(cells[index], meaning.factor)
            continue
        values = numbers(cells[index], comma=delimiter == ";") * meaning.factor
        low = LEAST.get(meaning.channel)
        if low is not None:
            values = np.where(values >= low, values, np.nan)
        channels.setdefault(meaning.channel, values)
    nothing = np.full(len(body), np.nan)
    trust, noticed = resistance_trust(
        channels.get("resistance_level", nothing),
        channels.get("power_w", nothing),
        channels.get("cadence_rpm", nothing),
    )
    return [
        assemble(
            channels,
            id=content_id(data),
            source="csv",
            base=time_base(clock, calendar=dated, hour_wrap=hour_wrap),
            issues=(*issues, *noticed),
            file=file,
            posture_known="standing" in channels,
            resistance_trust=trust,
            torque_source="crank" if "torque_nm" in channels else "",
        )
    ]


def text_of(data: bytes, file: str) -> str:
    """Bytes as text; UTF-8, or UTF-16 where its mark says so.

    Raises
    ------
    BadInput : binary data
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:4096]:
        raise BadInput("this is no text", file=file, expected="CSV", got=f"bytes {data[:4].hex(' ')}")
    return data.decode("utf-8-sig", errors="replace").replace("\0", "")


def times(cells: list[str], factor: float) -> tuple[np.ndarray, bool, bool]:
    """A time column as seconds (n,), whether it is calendar time, whether it is mm:ss of the hour only."""
    values = numbers(cells, comma=False)
    if np.isfinite(values).any():
        largest = float(np.nanmax(values))
        if largest > MILLISECONDS_FROM:
            return values / 1000.0, True, False
        if largest > OLDEST_UNIX_S:
            return values, True, False
        return values * factor, False, False
    matches = [CLOCK.match(cell) for cell in cells]
    if any(matches):
        clock = np.array(
            [
                math.nan
                if found is None
                else int(found[1] or 0) * 3600.0 + int(found[2]) * 60.0 + float(found[3])
                for found in matches
            ]
        )
        short = all(found is None or (found[1] is None and int(found[2]) < 60) for found in matches)
        return clock, False, short
    moments = [_moment(cell) for cell in cells]
    return np.array(moments), True, False


def numbers(cells: list[str], *, comma: bool) -> np.ndarray:
    """Cells as float64 (n,), NaN where a cell is no number."""
    values = np.full(len(cells), np.nan)
    for index, cell in enumerate(cells):
        if cell:
            try:
                values[index] = float(cell.replace(",", ".") if comma else cell)
            except ValueError:
                continue
    return values


def _moment(cell: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(cell)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def _delimiter(lines: list[str]) -> str:
    """The delimiter that gives the most known columns in any of the first lines."""
    best = max(
        DELIMITERS,
        key=lambda mark: max(
            (
                sum(
                    isinstance(column(cell), Column) for cell in line.split(mark, MOST_COLUMNS)[:MOST_COLUMNS]
                )
                for line in lines[:HEADER_WITHIN]
            ),
            default=0,
        ),
    )
    found = sum(line.count(best) for line in lines[:HEADER_WITHIN])
    # with a mapping no name may be known: then the commonest mark it is
    return best if found else max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in lines[:10]))


def _rows(lines: list[str], delimiter: str, file: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as cause:
        raise BadInput(f"this is no CSV: {cause}"[:120], file=file, expected="rows of cells") from cause


def _header(
    rows: list[list[str]], mapping: Mapping[str, str], file: str
) -> tuple[int, dict[int, Column], list[str]]:
    """Row of the header, what its columns mean, and sentences on those that could not be read."""
    wanted = {name.strip(): _mapped(name, meaning, file) for name, meaning in mapping.items()}
    best: tuple[int, dict[int, Column], list[str]] = (0, {}, [])
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        meanings: dict[int, Column] = {}
        doubts: list[str] = []
        for index, cell in enumerate(row[:MOST_COLUMNS]):
            meaning = wanted.get(cell.strip()) or column(cell)
            if isinstance(meaning, Column):
                if meaning.channel not in {known.channel for known in meanings.values()}:
                    meanings[index] = meaning
            elif meaning is not None:
                doubts.append(meaning)
        if len(meanings) > len(best[1]):
            best = (at, meanings, doubts)
    at, meanings, _ = best
    missing = [name for name in wanted if name not in [cell.strip() for cell in rows[at]]] if rows else []
    if missing and wanted:
        raise BadInput(
            f"there is no column {missing[0]!r}",
            file=file,
            expected=", ".join(rows[at])[:120] if rows else "",
        )
    if not any(meaning.channel != "time_s" for meaning in meanings.values()):
        raise BadInput(
            "no column of this table is known",
            file=file,
            expected="a header row with names like time_s, power_w, cadence_rpm, heart_rate_bpm",
            got=", ".join(rows[0])[:80] if rows else "nothing",
        )
    return best


def _mapped(name: str, meaning: str, file: str) -> Column:
    found = column(meaning)
    if not isinstance(found, Column):
        raise BadInput(
            found or f"{meaning!r} is no channel",
            file=file,
            place=f"columns[{name!r}]",
            expected="a channel like power_w, or a name with its unit like speed (km/h)",
        )
    return found
