"""Garmin Training Center XML → its classes.

Comes in: bytes. Goes out: one recording per activity, trackpoints as samples, laps as laps. Leaves to
others: clocks and duplicates (`assemble.py`). Entities and document types are refused (defusedxml).

A file cut short keeps the trackpoints before the cut, as a FIT file does.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from array import array
from collections.abc import Mapping
from xml.etree.ElementTree import ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from telemetry.errors import BadInput, LimitExceeded, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.ingest.readers.fit import content_id
from telemetry.ingest.timebase import time_base
from telemetry.model import ClassRecording, Device, Issue, Lap

RIDING = re.compile("bik|cycl|ride|spin|other|^$", re.IGNORECASE)
"""Activity sports that can be a class: Biking is what exporters write, Other what some bikes do, and a few
write a word of their own."""

FIELDS = {
    "Watts": "power_w",
    "Cadence": "cadence_rpm",
    "Speed": "speed_mps",
    "DistanceMeters": "distance_m",
    "HeartRateBpm": "heart_rate_bpm",
    "Resistance": "resistance_level",
}
OWN = {"Trackpoint": ("Time",), "Lap": ("TotalTimeSeconds", "TriggerMethod"), "Creator": ("Name",)}
"""Elements and what is read of their children's text."""

KEPT = {"Value", *(part for parts in OWN.values() for part in parts)}
LEAST = {"heart_rate_bpm": 1.0}
TRIGGERS = {"Manual": "manual", "Distance": "distance", "Time": "time", "Location": "position"}

PIECE = 1 << 16
LONGEST_TAG = 1 << 20
LONGEST_TEXT = 200
DEEPEST = 64
MOST_NAMES = 1000
MOST_ACTIVITIES = 500
MOST_LAPS = 10_000
MOST_TAGS = 3_000_000
MOST_POINTS = 250_000
"""A class of three hours at 4 Hz has 43,200."""


class _Activity:
    """What is gathered of one activity while the file streams by."""

    def __init__(self, sport: str) -> None:
        self.sport = sport
        self.time = array("d")
        self.channels: dict[str, array[float]] = {name: array("d") for name in FIELDS.values()}
        self.laps: list[tuple[float, float, str]] = []
        self.creator = ""


class _Walk:
    """Receives the file's tags and text, and keeps samples only: no tree is built of what it holds."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.activities: list[_Activity] = []
        self.root = ""
        self.course = False
        self.callbacks = 0
        self._names: set[str] = set()
        self._path: list[str] = []
        self._texts: list[str] = []
        """text of each open element, its first letters"""
        self._said: dict[tuple[str, str], str] = {}
        """(parent, tag) → text, within the point, lap or creator that is open"""
        self._values: dict[str, float] = {}
        self._tags = 0
        self._points = 0
        self._lap_start = math.nan

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        self.callbacks += 1
        self._tags += 1
        tag = name.rpartition("}")[2]
        self._names.add(name)
        self._path.append(tag)
        self._texts.append("")
        for count, most, what in (
            (len(self._path), DEEPEST, "levels of tags"),
            (len(self._names), MOST_NAMES, "kinds of tags"),
            (self._tags, MOST_TAGS, "tags"),
        ):
            if count > most:
                raise _limit(self.file, f"too many {what}", f"{most:,}")
        self.root = self.root or tag
        self.course = self.course or tag == "Course"
        if tag == "Activity":
            if len(self.activities) == MOST_ACTIVITIES:
                raise _limit(self.file, "too many activities", str(MOST_ACTIVITIES))
            self.activities.append(_Activity(attributes.get("Sport") or ""))
        elif tag == "Lap":
            self._lap_start = _unix(attributes.get("StartTime"))
        if tag in OWN:
            for part in OWN[tag]:
                self._said.pop((tag, part), None)
            self._values.clear()

    def data(self, text: str) -> None:
        """Text, perhaps a part of it."""
        self.callbacks += 1
        if self._texts and len(self._texts[-1]) < LONGEST_TEXT:
            self._texts[-1] = (self._texts[-1] + text)[:LONGEST_TEXT]

    def end(self, name: str) -> None:
        """A tag closes."""
        self.callbacks += 1
        tag, text = self._path.pop(), self._texts.pop()
        if not self.activities:
            return
        parent = self._path[-1] if self._path else ""
        activity = self.activities[-1]
        if tag in KEPT and (parent, tag) not in self._said:
            self._said[parent, tag] = text
        if tag in FIELDS:
            said = self._said.pop((tag, "Value"), "")
            value = _number(text if text.strip() else said)
            if value >= LEAST.get(FIELDS[tag], 0.0):
                self._values.setdefault(FIELDS[tag], value)
        elif tag == "Trackpoint":
            self._points += 1
            if self._points > MOST_POINTS:
                raise _limit(self.file, "too many trackpoints for a class", f"{MOST_POINTS:,}")
            activity.time.append(_unix(self._said.get(("Trackpoint", "Time"))))
            for channel, column in activity.channels.items():
                column.append(self._values.get(channel, math.nan))
        elif tag == "Lap" and len(activity.laps) < MOST_LAPS:
            seconds = _number(self._said.get(("Lap", "TotalTimeSeconds")))
            trigger = TRIGGERS.get(self._said.get(("Lap", "TriggerMethod"), "").strip(), "")
            activity.laps.append((self._lap_start, seconds, trigger))
        elif tag == "Creator":
            activity.creator = self._said.get(("Creator", "Name"), "")[:80]

    def close(self) -> None:
        """The file ends."""


def recordings(data: bytes, file: str) -> list[ClassRecording]:
    """The classes of a TCX file.

    Raises
    ------
    BadInput : no XML, or XML that tries to reach beyond itself
    NotAClass : no cycling activity with trackpoints
    """
    issues: list[Issue] = []
    walk = _Walk(file)
    try:
        _feed(data, walk, file)
    except DefusedXmlException as cause:
        raise BadInput("XML with entities or a document type", file=file, expected="plain TCX") from cause
    except (ParseError, ValueError, LookupError) as cause:
        if not any(activity.time for activity in walk.activities):
            raise BadInput(f"this is no TCX: {cause}"[:150], file=file, expected="TCX") from cause
        issues.append(Issue("file_truncated", detail=f"the XML ends early: {cause}"[:150]))
    if walk.root != "TrainingCenterDatabase":
        raise BadInput("this is no TCX", file=file, expected="TrainingCenterDatabase", got=walk.root[:60])
    activities = walk.activities
    rides = [activity for activity in activities if activity.time and RIDING.search(activity.sport.strip())]
    if not rides:
        sports = ", ".join(dict.fromkeys(activity.sport for activity in activities))[:60]
        got = sports or ("a course" if walk.course else "no activity")
        raise NotAClass(
            "no ride is in this file", file=file, expected="a cycling activity with trackpoints", got=got
        )
    name = content_id(data)
    several = len(rides) > 1
    return [
        _recording(ride, f"{name}/{index}" if several else name, file, issues)
        for index, ride in enumerate(rides)
    ]


def _feed(data: bytes, walk: _Walk, file: str) -> None:
    """The bytes through the parser, a piece at a time; a tag that does not end is given up."""
    parser = DefusedXMLParser(target=walk, forbid_dtd=True)
    # some exporters write blanks before the declaration, which XML forbids
    data = data.lstrip(b" \t\r\n")
    said, quiet = 0, 0
    for at in range(0, len(data), PIECE):
        parser.feed(data[at : at + PIECE])
        quiet = quiet + 1 if walk.callbacks == said else 0
        said = walk.callbacks
        if quiet * PIECE > LONGEST_TAG:
            raise _limit(file, "a tag is too long", f"{LONGEST_TAG >> 10} kB")
    parser.close()


def _limit(file: str, problem: str, most: str) -> LimitExceeded:
    return LimitExceeded(f"{problem} in this TCX", file=file, expected=f"at most {most}")


def _recording(ride: _Activity, id: str, file: str, issues: list[Issue]) -> ClassRecording:
    base = time_base(np.asarray(ride.time, dtype=np.float64))
    end_s = float(base.seconds[-1]) + base.median_step_s
    laps = []
    starts = base.place([start for start, _, _ in ride.laps])
    for start, (_, seconds, trigger) in zip(starts.tolist(), ride.laps, strict=True):
        begin, stop = max(start, 0.0), min(start + seconds, end_s)
        if stop > begin:
            laps.append(Lap(begin, stop, trigger=trigger))
    channels = {name: np.asarray(values) for name, values in ride.channels.items()}
    trust, noticed = resistance_trust(
        channels["resistance_level"], channels["power_w"], channels["cadence_rpm"]
    )
    return assemble(
        channels,
        id=id,
        source="tcx",
        base=base,
        issues=(*issues, *noticed),
        file=file,
        sport="cycling",
        devices=(Device("recorder", product=ride.creator),) if ride.creator else (),
        laps=tuple(laps),
        resistance_trust=trust,
        salvaged=bool(issues),
    )


def _number(text: str | None) -> float:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _unix(text: str | None) -> float:
    try:
        moment = dt.datetime.fromisoformat(text.strip()) if text else None
        if moment is None:
            return math.nan
        # TCX times are UTC; some exporters leave the Z out
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan
