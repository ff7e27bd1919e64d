"""A diary as a table: one line an entry, out and in again without loss.

Comes in: a `Diary`; or a CSV with a header. Goes out: CSV with the kind of each entry and a column for each
thing that can be said; or entries, each row checked, every fault with its row. Times carry their zone; year
first, because 02/03/2026 is two different days. Leaves to others: the file, and whose diary it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import MISSING, fields
from datetime import date, datetime
from typing import Any, Final

from telemetry.errors import BadInput
from telemetry.library.diary import KINDS, NAMES
from telemetry.library.moments import day, moment
from telemetry.model import DiaryEntry, Phase

NAMED: Final = {
    "what": {
        "treatment": "kind",
        "confounder": "kind",
        "phase": "name",
        "questionnaire": "name",
        "limit": "metric",
    },
    "value": {"pain": "nrs", "questionnaire": "total", "limit": "value"},
    "when": {"phase": "first"},
    "until": {"phase": "last"},
    "note": {"comment": "text"},
}
"""Columns that stand for different fields, by kind of entry."""
COLUMNS: Final = (
    "kind", "when", "until", "what", "value", "unit", "site", "phase", "class_minute", "bike",
    "saddle_height_mm", "saddle_setback_mm", "saddle_tilt_deg", "handlebar_height_mm",
    "handlebar_reach_mm", "crank_length_mm", "answers", "cleared", "author", "note", "whole_day",
    "entered_at", "id",
)  # fmt: skip
TIMES: Final = ("when", "until", "entered_at")
FLAGS: Final = ("cleared", "whole_day")
MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def to_csv(entries: Iterable[DiaryEntry]) -> str:
    """Entries in order of time as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in sorted(entries, key=_order):
        kind = NAMES[type(entry)]
        row = {"kind": kind}
        for item in fields(entry):
            value = getattr(entry, item.name)
            column = _column(kind, item.name)
            if value is not None and value != "" and value != {} and value is not False:
                row[column] = _guarded(_cell(value))
        writer.writerow(row)
    return out.getvalue()


def from_csv(text: str, now: datetime, file: str) -> list[DiaryEntry]:
    """Entries of a CSV, all of them or none.

    Raises
    ------
    BadInput : the first row that cannot be read, by its number in the file, its column, and what was expected
    """
    try:
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    except csv.Error as cause:
        raise BadInput(f"this is no CSV: {cause}", file=file, expected=",".join(COLUMNS[:5])) from cause
    header = [name.strip().lower() for name in lines[0]] if lines else []
    unknown = [name for name in header if name not in COLUMNS]
    if unknown or not {"kind", "when"} <= set(header):
        raise BadInput(
            f"unknown column {unknown[0]!r}" if unknown else "the columns kind and when are needed",
            file=file,
            place="row 1",
            expected="columns of " + ", ".join(COLUMNS),
        )
    found = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) > len(header):
            raise BadInput("a row with more cells than columns", file=file, place=f"row {number}")
        cells = {name: cell.strip() for name, cell in zip(header, line, strict=False) if cell.strip()}
        found.append(_entry(cells, now, file, number))
    return found


def _entry(cells: dict[str, str], now: datetime, file: str, number: int) -> DiaryEntry:
    kind = cells.pop("kind", "").lower()
    if kind not in KINDS:
        raise BadInput(
            f"{kind!r} is no kind of entry", file=file, place=f"row {number}, kind", expected=", ".join(KINDS)
        )
    known = {item.name: item for item in fields(KINDS[kind])}
    values: dict[str, Any] = {}
    for column, cell in cells.items():
        name = NAMED.get(column, {}).get(kind, column)
        if name not in known:
            raise BadInput(
                f"a {kind} has no {column}", file=file, place=f"row {number}, {column}", got=cell[:40]
            )
        try:
            values[name] = _value(name, str(known[name].type), _unguarded(cell), now)
            if name == "when" and "whole_day" in known and "whole_day" not in cells:
                values["whole_day"] = moment(cell, now)[1]
        except BadInput as problem:
            problem.file, problem.place = file, f"row {number}, {column}"
            raise
        except ValueError as cause:
            raise BadInput(
                "this is no number", file=file, place=f"row {number}, {column}", got=cell[:40]
            ) from cause
    missing = [
        name
        for name, item in known.items()
        if item.default is MISSING
        and item.default_factory is MISSING
        and name not in values
        and name != "last"
    ]
    if missing:
        raise BadInput(
            f"a {kind} needs {' and '.join(_column(kind, name) for name in missing)}",
            file=file,
            place=f"row {number}",
        )
    if kind == "phase":
        values.setdefault("last", None)
    try:
        entry: DiaryEntry = KINDS[kind](**values)
    except BadInput as problem:
        problem.file, problem.place = file, f"row {number}, {problem.place or kind}"
        raise
    return entry


def _value(name: str, said: str, cell: str, now: datetime) -> Any:
    if name in ("first", "last"):
        return day(cell, now)
    if name in TIMES:
        return moment(cell, now, future=name == "until")[0]
    if name in FLAGS:
        if cell.lower() not in ("yes", "no", "true", "false", "1", "0"):
            raise BadInput("neither yes nor no", got=cell[:40])
        return cell.lower() in ("yes", "true", "1")
    if name == "answers":
        answers = dict(part.partition("=")[::2] for part in cell.split(";"))
        return {code.strip(): said.strip().lower() in ("yes", "true", "1") for code, said in answers.items()}
    if said.startswith("float"):
        return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)
    return cell


def _order(entry: DiaryEntry) -> str:
    return _cell(entry.first if isinstance(entry, Phase) else entry.when)


def _column(kind: str, field: str) -> str:
    for column, by_kind in NAMED.items():
        if by_kind.get(kind) == field:
            return column
    return field


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ";".join(f"{code}={'yes' if yes else 'no'}" for code, yes in value.items())
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}" if f"{value:g}" == repr(value).removesuffix(".0") else repr(value)
    return str(value) if not isinstance(value, list) else json.dumps(value)


def _guarded(cell: str) -> str:
    number = cell.lstrip("+-").replace(".", "", 1).isdigit()
    return f"'{cell}" if (cell.startswith(MARKS) and not number) or cell.startswith("'") else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell
