"""Which rows belong to which session of a FIT section, and its laps.

Comes in: the session, lap and workout messages of a section and the time base of its records. Goes out: one
`Session` for each, with the rows that are its own; a missing session message is rebuilt as one that holds
all rows. Leaves to others: what was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from telemetry.errors import LimitExceeded
from telemetry.ingest.fit.part import Part
from telemetry.ingest.timebase import TimeBase
from telemetry.model import Issue, Lap

OUTSIDE_S = 60.0
"""Samples further than this from the session that the recorder summed up are counted as outside of it."""

TRIGGERS = {
    0: "manual",
    1: "time",
    2: "distance",
    3: "position",
    4: "position",
    5: "position",
    6: "position",
    7: "session_end",
    8: "fitness_equipment",
}
INTENSITIES = {0: "active", 1: "rest", 2: "warmup", 3: "cooldown", 4: "recovery", 5: "interval"}

MOST_LAPS = 500
MOST_STEPS = 2000
MOST_SESSIONS = 64
MOST_MESSAGES = 2000
"""Session messages, repeated ones included."""


@dataclass(frozen=True)
class Session:
    """One session: the row of its message (None where rebuilt) and the rows of `record` that are its own."""

    row: int | None
    records: np.ndarray
    """(m,) int64 rows in file order"""
    issues: tuple[Issue, ...] = field(default_factory=tuple)


def sessions(part: Part, base: TimeBase) -> list[Session]:
    """The sessions of a section that have records, in order of time.

    A single session owns every record of its section, also those before its start or after its end.
    Several share them by their start times; records before the first belong to the first.
    """
    count = len(base.seconds)
    rows = _session_rows(part, base)
    everything = np.arange(count)
    if not count:
        return []
    if not rows:
        detail = "no session was written: rebuilt from the records"
        return [Session(None, everything, (Issue("session_rebuilt", detail=detail),))]
    if len(rows) == 1:
        row, start, stop = rows[0]
        outside = np.count_nonzero((base.seconds < start - OUTSIDE_S) | (base.seconds > stop + OUTSIDE_S))
        issues: tuple[Issue, ...] = ()
        if outside:
            detail = f"{outside} samples lie outside the session that the recorder summed up: they are kept"
            issues = (Issue("records_outside_session", count=int(outside), detail=detail),)
        return [Session(row, everything, issues)]
    starts = np.array([start for _, start, _ in rows])
    owner = np.clip(np.searchsorted(starts, base.file_order(), side="right") - 1, 0, None)
    found = []
    for index, (row, _, _) in enumerate(rows):
        own = np.flatnonzero(owner == index)
        if len(own):
            found.append(Session(row, own))
    return found


def laps(part: Part, base: TimeBase, end_s: float) -> list[Lap]:
    """Laps on the session's time base, clipped to 0 to `end_s`, labelled by workout step or intensity."""
    if not part.count("lap"):
        return []
    start = base.place(part.clock("lap", "start_time"))
    stop = base.place(part.clock("lap"))
    elapsed = part.column("lap", "total_elapsed_time")
    lasting = start + np.where(elapsed > 0, elapsed, np.nan)
    # the timestamp is when the lap was written: some recorders write all of them at the end of the class
    end = np.where(np.isfinite(lasting), lasting, stop)
    start = np.where(np.isfinite(start), start, stop - elapsed)
    names = part.once("steps", lambda: _steps(part))
    found: list[Lap] = []
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero(np.minimum(end, end_s) > np.maximum(start, 0.0))
    rows = inside[np.argsort(start[inside], kind="stable")][:MOST_LAPS]
    begins = np.maximum(start[rows], 0.0).tolist()
    closes = np.minimum(end[rows], end_s).tolist()
    told = [
        part.column("lap", name)[rows].tolist() for name in ("wkt_step_index", "intensity", "lap_trigger")
    ]
    for begin, close, step, intensity, trigger in zip(begins, closes, *told, strict=True):
        label = names.get(int(step), "") if math.isfinite(step) else ""
        if not label and math.isfinite(intensity) and intensity > 0:
            label = INTENSITIES.get(int(intensity), "")
        found.append(
            Lap(begin, close, label, TRIGGERS.get(int(trigger), "") if math.isfinite(trigger) else "")
        )
    return found


def _session_rows(part: Part, base: TimeBase) -> list[tuple[int, float, float]]:
    """(row, start, stop) of the session messages on the time base, in order; a repeated one counts once."""
    count = part.count("session")
    if not count:
        return []
    start = base.place(part.clock("session", "start_time"))
    written = base.place(part.clock("session"))
    elapsed = part.column("session", "total_elapsed_time")
    start = np.where(np.isfinite(start), start, written - elapsed)
    stop = np.where(np.isfinite(elapsed), start + elapsed, written)
    stop = np.where(np.isfinite(stop), stop, np.inf)
    if count == 1:
        return [(0, float(start[0]) if np.isfinite(start[0]) else -np.inf, float(stop[0]))]
    if count > MOST_MESSAGES:
        raise _too_many(count, part)
    by_start: dict[float, tuple[int, float, float]] = {}
    for row in range(count):
        at = float(start[row]) if np.isfinite(start[row]) else -np.inf
        by_start[at] = (row, at, float(stop[row]))
    if len(by_start) > MOST_SESSIONS:
        raise _too_many(len(by_start), part)
    return sorted(by_start.values(), key=lambda session: session[1])


def _too_many(count: int, part: Part) -> LimitExceeded:
    return LimitExceeded(
        "too many sessions for a class file",
        file=part.fit.file,
        expected=f"at most {MOST_SESSIONS}",
        got=str(count),
    )


def _steps(part: Part) -> dict[int, str]:
    """Workout steps by their index: the step's name, else its intensity."""
    count = min(part.count("workout_step"), MOST_STEPS)
    if not count:
        return {}
    index = part.column("workout_step", "message_index")
    intensity = part.column("workout_step", "intensity")
    names = part.texts("workout_step", "wkt_step_name")
    steps: dict[int, str] = {}
    for row, (step, code, name) in enumerate(
        zip(index[:count].tolist(), intensity[:count].tolist(), names, strict=False)
    ):
        known = INTENSITIES.get(int(code), "") if math.isfinite(code) else ""
        text = name if name.isprintable() else "".join(letter for letter in name if letter.isprintable())
        steps[int(step) if math.isfinite(step) else row] = text.strip()[:60] or known
    return steps
