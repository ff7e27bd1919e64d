"""The CSV that Schwinn MPower studio consoles write to a USB stick (the bikes of CycleBar studios).

Comes in: the lines of such a file: `RIDE SUMMARY` with totals, perhaps `STAGE_n_SUMMARY` blocks, `RIDE DATA`
with Power, RPM, HR and DISTANCE and no clock. Goes out: one recording; the step is the total time by the
number of rows. Leaves to others: everything else (`csv.py`).

Layout as the open converter MPowerTCX documents it with samples: total time in minutes to one decimal,
distance in miles, a heart rate of 0 where the strap was lost.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

from telemetry.errors import BadInput, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.readers.csv_columns import MILE_M
from telemetry.ingest.readers.csv_lines import number
from telemetry.model import ClassRecording, Device, Issue

SUMMARY, DATA = "RIDE SUMMARY", "RIDE DATA"
COLUMNS = {"power": "power_w", "rpm": "cadence_rpm", "hr": "heart_rate_bpm", "distance": "distance_m"}
FIRST_LINES = 400
MOST_CELLS = 16
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
    return any(_cells(line)[0] == DATA for line in lines[:FIRST_LINES])


def recording(lines: list[str], *, id: str, file: str) -> ClassRecording:
    """The class of an MPower file.

    Raises
    ------
    BadInput : no column names below `RIDE DATA`
    NotAClass : no rows below them
    """
    summary, names, columns = _parts(lines)
    channels = [COLUMNS.get(name.lower()) for name in names]
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
    miles = "km" not in summary.get("total distance unit", "mi")
    for channel, told in zip(channels, columns, strict=True):
        if channel is None or channel in values:
            continue
        column = np.asarray(told)
        if channel == "heart_rate_bpm":
            column = np.where(column > 0, column, np.nan)
        elif channel == "distance_m":
            column = column * (MILE_M if miles else 1000.0)
        values[channel] = column
    step_s, issue = _step(summary, count)
    head = {ours: number(summary.get(theirs, "")) for theirs, ours in TOTALS.items()}
    head["duration_s"] = number(summary.get("total time", "")) * 60.0
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
    total_s = number(summary.get("total time", "")) * 60.0
    step_s = total_s / count if math.isfinite(total_s) and total_s > 0 else math.nan
    if not math.isfinite(step_s) or not 0.05 <= step_s <= LONGEST_STEP_S:
        detail = "the console writes no clock and no total time that fits: taken as one row each second"
        return 1.0, Issue("time_unknown", count=count, detail=detail)
    detail = (
        f"the console writes no clock: one row each {step_s:.2f} s, "
        f"from a total time of {total_s / 60:g} min known to 6 s"
    )
    code = "coarse_step" if step_s >= COARSE_STEP_S else "step_from_total_time"
    return step_s, Issue(code, count=count, detail=detail)


def _parts(lines: list[str]) -> tuple[dict[str, str], list[str], list[array[float]]]:
    """Totals by lower-case name, column names, and each column's numbers."""
    summary: dict[str, str] = {}
    names: list[str] = []
    columns: list[array[float]] = []
    part = ""
    for line in lines:
        cells = _cells(line)
        if not any(cells):
            part = part if part == DATA and not names else ""
        elif cells[0] in (SUMMARY, DATA):
            part = cells[0]
        elif part == SUMMARY and len(cells) >= 2:
            summary[cells[0].lower()] = cells[1]
            if len(cells) > 2 and cells[2]:
                summary[f"{cells[0].lower()} unit"] = cells[2].lower()
        elif part == DATA and not names:
            names = [cell for cell in cells if cell]
            columns = [array("d") for _ in names]
        elif part == DATA:
            for index, column in enumerate(columns):
                column.append(number(cells[index]) if index < len(cells) else math.nan)
    return summary, names, columns


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(",", MOST_CELLS)[:MOST_CELLS]]
