"""The CSV that Schwinn MPower studio consoles write to a USB stick (the bikes of CycleBar studios).

Comes in: the lines of such a file: `RIDE SUMMARY` with totals, perhaps `STAGE_n_SUMMARY` blocks, `RIDE DATA`
with Power, RPM, HR and DISTANCE and no clock. Goes out: one recording; the step is the total time by the
number of rows. Leaves to others: everything else (`csv.py`).

Layout as the open converter MPowerTCX documents it with samples: total time in minutes to one decimal,
distance in miles, a heart rate of 0 where the strap was lost. A file that went through a spreadsheet may have
quotes, other marks between its cells, or the total time as a clock: its words and units are what counts.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator

import numpy as np

from telemetry.errors import BadInput, LimitExceeded, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.readers.csv_columns import MILE_M, UNITS, Column, column
from telemetry.ingest.readers.csv_lines import number
from telemetry.model import ClassRecording, Device, Issue

SUMMARY, DATA = "RIDE SUMMARY", "RIDE DATA"
MARKS = (",", ";", "\t")
CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")
CHANNELS = ("power_w", "cadence_rpm", "heart_rate_bpm", "distance_m")
FIRST_LINES = 400
MOST_CELLS = 16
MOST_RIDES = 64
COARSE_STEP_S = 2.0
LONGEST_STEP_S = 60.0
TOTALS = {
    "avg power": "mean_power_w",
    "max power": "max_power_w",
    "avg rpm": "mean_cadence_rpm",
    "avg hr": "mean_heart_rate_bpm",
    "max hr": "max_heart_rate_bpm",
}


def is_console(lines: list[str]) -> bool:
    """Whether these are the lines of an MPower console."""
    return any(_begins(line) == DATA for line in lines[:FIRST_LINES])


def recordings(lines: list[str], *, id: str, file: str) -> list[ClassRecording]:
    """The classes of an MPower file: a stick may have gathered several rides in one.

    Raises
    ------
    BadInput : no column names below `RIDE DATA`
    NotAClass : no rows below them, in any ride
    LimitExceeded : more rides than a stick gathers
    """
    rides = _rides(lines)
    if len(rides) > MOST_RIDES:
        raise LimitExceeded("too many rides in this file", file=file, expected=f"at most {MOST_RIDES}")
    if len(rides) == 1:
        return [recording(lines, id=id, file=file)]
    found, empty = [], None
    for index, ride in enumerate(rides):
        try:
            found.append(recording(ride, id=f"{id}/{index}", file=file))
        except NotAClass as error:
            empty = error
    if empty and not found:
        raise empty
    return found


def _rides(lines: list[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    has_data = False
    for line in lines:
        begins = _begins(line)
        if has_data and begins:
            found.append([])
            has_data = False
        has_data = has_data or begins == DATA
        found[-1].append(line)
    if not has_data and len(found) > 1:
        # totals may also stand below the rows
        below = found.pop()
        found[-1] += below
    return found


def recording(lines: list[str], *, id: str, file: str) -> ClassRecording:
    """The class of one ride of an MPower file.

    Raises
    ------
    BadInput : no column names below `RIDE DATA`
    NotAClass : no rows below them
    """
    summary, names, columns = _parts(lines)
    miles = "km" not in summary.get("total distance unit", "mi")
    meanings = [_meaning(name, MILE_M if miles else 1000.0) for name in names]
    channels = [meaning.channel for meaning in meanings]
    if "power_w" not in channels and "cadence_rpm" not in channels:
        raise BadInput(
            f"no columns stand below {DATA}",
            file=file,
            expected="Power, RPM, HR, DISTANCE",
            got=", ".join(names),
        )
    count = len(columns[0]) if columns else 0
    if not count:
        raise NotAClass("no samples are in this file", file=file, expected=f"rows below {DATA}")
    values: dict[str, np.ndarray] = {}
    for meaning, told in zip(meanings, columns, strict=True):
        if meaning.channel not in CHANNELS or meaning.channel in values:
            continue
        measured = np.asarray(told) * meaning.factor
        if meaning.channel == "heart_rate_bpm":
            measured = np.where(measured > 0, measured, np.nan)
        values[meaning.channel] = measured
    step_s, issue = _step(summary, count)
    head = {ours: number(summary.get(theirs, "")) for theirs, ours in TOTALS.items()}
    head["duration_s"] = _total(summary)[0]
    return assemble(
        values,
        id=id,
        source="csv",
        time_s=np.arange(count) * step_s,
        issues=[issue],
        file=file,
        sport="cycling",
        sub_sport="indoor_cycling",
        devices=(Device("recorder", "schwinn", "MPower console"),),
        head_unit={name: value for name, value in head.items() if math.isfinite(value) and value > 0},
        power_source="Schwinn MPower console" if "power_w" in values else "",
    )


def _step(summary: dict[str, str], count: int) -> tuple[float, Issue]:
    """Seconds between rows, and the note that says how they were come by."""
    total_s, known_to_s = _total(summary)
    step_s = total_s / count if math.isfinite(total_s) and total_s > 0 else math.nan
    if not math.isfinite(step_s) or not 0.05 <= step_s <= LONGEST_STEP_S:
        detail = "the console writes no clock and no total time that fits: taken as one row each second"
        return 1.0, Issue("time_unknown", count=count, detail=detail)
    detail = (
        f"the console writes no clock: one row each {step_s:.2f} s, "
        f"from a total time of {total_s / 60:g} min known to {known_to_s:g} s"
    )
    code = "coarse_step" if step_s >= COARSE_STEP_S else "step_from_total_time"
    return step_s, Issue(code, count=count, detail=detail)


def _total(summary: dict[str, str]) -> tuple[float, float]:
    """Total time and how exactly it is known [s]: minutes to one decimal, or as its unit or a clock says."""
    told, unit = summary.get("total time", ""), summary.get("total time unit", "min")
    clock = CLOCK.fullmatch(told)
    if clock:
        return int(clock[1] or 0) * 3600.0 + int(clock[2]) * 60.0 + float(clock[3]), 1.0
    factor = UNITS["time_s"].get(unit, math.nan)
    return number(told) * factor, max(0.1 * factor, 1.0) if factor > 1 else 1.0


def _meaning(name: str, distance_factor: float) -> Column:
    """What a column of the rows holds; a channel without a name where it is not known."""
    if name.lower() == "distance":
        return Column("distance_m", distance_factor)
    found = column(name)
    return found if isinstance(found, Column) else Column("")


def _parts(lines: list[str]) -> tuple[dict[str, str], list[str], list[array[float]]]:
    """Totals by lower-case name, column names, and each column's numbers."""
    summary: dict[str, str] = {}
    names: list[str] = []
    columns: list[array[float]] = []
    part = ""
    for begins, cells in _rows(lines):
        if not any(cells):
            # a blank line ends a part, but may stand between its name, the names of columns and the rows
            part = part if part == DATA and not (columns and columns[0]) else ""
        elif begins:
            part = begins
        elif part == SUMMARY and len(cells) >= 2:
            summary[cells[0].lower()] = cells[1]
            if len(cells) > 2 and cells[2]:
                summary[f"{cells[0].lower()} unit"] = cells[2].lower()
        elif part == DATA and not names:
            names = [cell for cell in cells if cell]
            columns = [array("d") for _ in names]
        elif part == DATA:
            for index, numbers in enumerate(columns):
                numbers.append(number(cells[index]) if index < len(cells) else math.nan)
    return summary, names, columns


def _rows(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Which part each line begins, or "", and its cells; a comma in a cell is a decimal one."""
    mark = max(MARKS, key=lambda mark: sum(mark in line for line in lines))
    for line in lines:
        cells = [cell.strip(' "') for cell in line.split(mark, MOST_CELLS)[:MOST_CELLS]]
        yield _begins(line), cells if mark == "," else [cell.replace(",", ".") for cell in cells]


def _begins(line: str) -> str:
    """`SUMMARY` or `DATA` where a line begins that part, else ""."""
    text = line.strip(' ",;\t').upper()
    return text if text in (SUMMARY, DATA) else ""
