"""A table of samples as text → one class; and the layout of studio consoles, which has no clock.

Comes in: bytes of a CSV with a header row (`csv_columns.py` says which names and units are known, or a
mapping does), or of a Schwinn MPower console. Goes out: one recording. Leaves to others: clocks, duplicates.

A mapping names columns: `read_all("x.csv", columns={"W": "power_w", "Kadenz": "cadence_rpm"})`; a unit may
stand after it: `{"v": "speed (km/h)"}`.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import math
import re
from collections.abc import Mapping

import numpy as np

from telemetry.errors import BadInput, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.ingest.readers import mpower
from telemetry.ingest.readers.csv_columns import Column, column
from telemetry.ingest.readers.csv_lines import ends_in_a_line, lines_of, number
from telemetry.ingest.readers.fit import content_id
from telemetry.ingest.timebase import time_base
from telemetry.model import ClassRecording, Issue

HEADER_WITHIN = 60
"""A header row stands among the first lines: consoles and apps write a few of their own before it."""

MOST_COLUMNS = 500
DELIMITERS = (",", ";", "\t", "|")
CLOCK = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$")
UNIVERSAL = re.compile(r"\s*(?:UTC|GMT)$")
DAY_FIRST = re.compile(r"^(\d\d)\.(\d\d)\.(\d{4})")
OLDEST_UNIX_S = 1e8
"""Numbers above this in a time column are Unix seconds, not seconds since the start."""

MILLISECONDS_FROM = 1e11
LEAST = {"heart_rate_bpm": 1.0}
NAMED_ROWS = 200
"""So many rows show whether they are named."""

NAMED_SHARE = 0.5
"""Without a time, rows of which more than this share have a word of their own are a list: of files, of
classes, of people. Samples repeat their words: "work", "rest", "seated"."""

NOTHING = ("-", "--", "nan", "n/a", "na", "null", "none", "inf", "-inf")
"""What programs write for "not measured"."""


def recordings(data: bytes, file: str, columns: Mapping[str, str] | None = None) -> list[ClassRecording]:
    """The class in a CSV file.

    Raises
    ------
    BadInput : no text, no header row with a known column, or a mapping that names no column
    NotAClass : a header and no samples; or no time, and rows that have names
    LimitExceeded : more lines or longer ones than a class can have
    """
    lines = lines_of(data, file)
    if mpower.is_console(lines):
        return mpower.recordings(lines, id=content_id(data), file=file)
    delimiter = _delimiter(lines, columns or {})
    # a cell's comma is a decimal one where columns are parted by something else
    comma = delimiter != ","
    table = _Table(lines, delimiter, columns or {}, file)
    if table.named_rows:
        raise NotAClass(
            "this table has no time, and its rows are named: a list of things and no samples",
            file=file,
            expected="a time column, or rows of numbers, one each second",
            got=f"column {table.named_rows!r}",
        )
    if not table.count:
        raise NotAClass("no samples are in this table", file=file, expected="rows below the header")
    issues = [Issue("column_not_read", detail=doubt) for doubt in table.doubts]
    if table.last_is_short and table.count > 1 and not ends_in_a_line(data):
        # the file ends inside this row: its last number may be half of one
        table.drop_last()
        issues.append(Issue("file_truncated", detail="the last row is cut short and left out"))
    channels: dict[str, np.ndarray] = {}
    for index, meaning in table.meanings.items():
        values, odd = numbers(table.cells[index], comma=comma)
        issues += _odd_cells(table.header[index], values, odd)
        values = values * meaning.factor
        low = LEAST.get(meaning.channel)
        if low is not None:
            values = np.where(values >= low, values, np.nan)
        channels[meaning.channel] = values
    clock = np.full(table.count, np.nan)
    dated = hour_wrap = False
    if table.clocks:
        index = max(table.clocks, key=lambda index: len(set(table.cells[index])))
        clock, dated, hour_wrap = times(table.cells[index], table.clocks[index].factor, comma=comma)
        issues += _odd_times(table.header[index], table.cells[index], clock)
    nothing = np.full(table.count, np.nan)
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


class _Table:
    """The rows of a table, kept as columns of cells, and only those columns that mean something."""

    def __init__(self, lines: list[str], delimiter: str, mapping: Mapping[str, str], file: str) -> None:
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            first = [row for _, row in zip(range(HEADER_WITHIN), rows, strict=False)]
            at, found, self.doubts = _header(first, mapping, file)
            self.header = first[at] if first else []
            self.meanings = {i: meaning for i, meaning in found.items() if meaning.channel != "time_s"}
            self.clocks = {i: meaning for i, meaning in found.items() if meaning.channel == "time_s"}
            self.cells: dict[int, list[str]] = {index: [] for index in found}
            self.count = 0
            self.last_is_short = False
            words: dict[int, set[str]] = {}
            for row in itertools.chain(first[at + 1 :], rows):
                if not any(cell.strip() for cell in row):
                    continue
                self.count += 1
                self.last_is_short = len(row) < len(self.header)
                if not self.clocks and self.count <= NAMED_ROWS:
                    _collect(words, row)
                for index, column_cells in self.cells.items():
                    column_cells.append(row[index].strip() if index < len(row) else "")
        except csv.Error as cause:
            place = f"line {rows.line_num}"
            problem = f"this is no CSV: {cause}"[:120]
            raise BadInput(problem, file=file, place=place, expected="rows of cells") from cause
        self.named_rows = next(
            (
                self.header[index].strip()[:60]
                for index, different in sorted(words.items())
                if len(different) > max(1.0, NAMED_SHARE * min(self.count, NAMED_ROWS))
                and index < len(self.header)
            ),
            "",
        )
        """the column that gives nearly each row a name, where there is no time; else empty"""

    def drop_last(self) -> None:
        """Forget the last row."""
        self.count -= 1
        for column_cells in self.cells.values():
            column_cells.pop()


def _collect(words: dict[int, set[str]], row: list[str]) -> None:
    """Adds the words of a row, by column: what is no number, no time, and no way to write "not measured"."""
    for index, cell in enumerate(row[:MOST_COLUMNS]):
        text = cell.strip()
        if not text or text.lower() in NOTHING or CLOCK.match(text):
            continue
        if math.isnan(number(text.replace(",", "."))) and math.isnan(_moment(text)):
            words.setdefault(index, set()).add(text)


def times(cells: list[str], factor: float, *, comma: bool = False) -> tuple[np.ndarray, bool, bool]:
    """A time column as seconds (n,), whether it is calendar time, whether it is mm:ss of the hour only."""
    values, _ = numbers(cells, comma=comma)
    if np.isfinite(values).any():
        largest = float(np.nanmax(values))
        if largest > MILLISECONDS_FROM:
            return values / 1000.0, True, False
        if largest > OLDEST_UNIX_S:
            return values, True, False
        return values * factor, False, False
    matches = [CLOCK.match(cell.replace(",", ".") if comma else cell) for cell in cells]
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


def numbers(cells: list[str], *, comma: bool) -> tuple[np.ndarray, list[int]]:
    """Cells as float64 (n,), NaN where a cell is no number; and which cells hold something else."""
    values = np.full(len(cells), np.nan)
    odd: list[int] = []
    for index, cell in enumerate(cells):
        if cell:
            values[index] = value = number(cell.replace(",", ".") if comma else cell)
            if value != value and cell.lower() not in NOTHING:
                odd.append(index)
    return values, odd


def _odd_cells(name: str, values: np.ndarray, odd: list[int]) -> list[Issue]:
    """What could not be read is said, as a column without a single number is."""
    if not odd:
        return []
    every = "" if np.isfinite(values).any() else ", and no number is in it"
    detail = f"{len(odd):,} cells of column {name.strip()[:60]!r} are no numbers{every}"
    return [Issue("cells_not_read", count=len(odd), detail=detail)]


def _odd_times(name: str, cells: list[str], clock: np.ndarray) -> list[Issue]:
    """A time column of which nothing can be read is said, with what stands in it."""
    odd = [cell for cell in cells if cell and cell.lower() not in NOTHING]
    if np.isfinite(clock).any() or not odd:
        return []
    detail = f"no time of column {name.strip()[:60]!r} could be read, as in {odd[0][:40]!r}"
    return [Issue("cells_not_read", count=len(odd), detail=detail)]


def _moment(cell: str) -> float:
    """A date and time in Unix seconds: ISO, also with UTC or GMT behind it, or day.month.year; else NaN."""
    cell = UNIVERSAL.sub("+00:00", DAY_FIRST.sub(r"\3-\2-\1", cell))
    try:
        moment = dt.datetime.fromisoformat(cell)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def _delimiter(lines: list[str], mapping: Mapping[str, str]) -> str:
    """The mark that gives the most known columns in any of the first lines, else the commonest."""

    def known(mark: str) -> int:
        return max(
            (
                sum(
                    cell.strip() in mapping or isinstance(column(cell), Column)
                    for cell in line.split(mark, MOST_COLUMNS)[:MOST_COLUMNS]
                )
                for line in lines[:HEADER_WITHIN]
            ),
            default=0,
        )

    common = {mark: sum(line.count(mark) for line in lines[:HEADER_WITHIN]) for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: (known(mark), common[mark]))


def _header(
    rows: list[list[str]], mapping: Mapping[str, str], file: str
) -> tuple[int, dict[int, Column], list[str]]:
    """Row of the header, what its columns mean, and sentences on those that could not be read.

    Of several columns of one quantity the first is taken, and it is said; of times all are kept: a date and
    an hour may stand apart, and only one of them runs.
    """
    wanted = {name.strip(): _mapped(name, meaning, file) for name, meaning in mapping.items()}
    best: tuple[int, dict[int, Column], list[str]] = (0, {}, [])
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        meanings: dict[int, Column] = {}
        doubts: list[str] = []
        for index, cell in enumerate(row[:MOST_COLUMNS]):
            meaning = wanted.get(cell.strip()) or column(cell)
            if isinstance(meaning, Column):
                if meaning.channel == "time_s" or meaning.channel not in {
                    known.channel for known in meanings.values()
                }:
                    meanings[index] = meaning
                else:
                    doubts.append(
                        f"column {cell.strip()[:60]!r} is a second {meaning.channel}: the first is taken"
                    )
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
