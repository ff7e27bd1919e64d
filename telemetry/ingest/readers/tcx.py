"""Garmin Training Center XML → its classes.

Comes in: bytes. Goes out: one recording per activity, trackpoints as samples, laps as laps. Leaves to
others: clocks and duplicates (`assemble.py`). Entities and document types are refused (defusedxml).

A file cut short keeps the trackpoints before the cut, as a FIT file does.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from telemetry.errors import BadInput, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.ingest.readers.fit import content_id
from telemetry.ingest.timebase import time_base
from telemetry.model import ClassRecording, Device, Issue, Lap

RIDING = ("biking", "other", "cycling", "")
"""Activity sports that can be a class: Biking is what exporters write, Other what some bikes do."""

FIELDS = {
    "Watts": "power_w",
    "Cadence": "cadence_rpm",
    "Speed": "speed_mps",
    "DistanceMeters": "distance_m",
    "HeartRateBpm": "heart_rate_bpm",
    "Resistance": "resistance_level",
}
LEAST = {"heart_rate_bpm": 1.0}
TRIGGERS = {"Manual": "manual", "Distance": "distance", "Time": "time", "Location": "position"}


class _Activity:
    """What is gathered of one activity while the file streams by."""

    def __init__(self, sport: str) -> None:
        self.sport = sport
        self.time: list[float] = []
        self.channels: dict[str, list[float]] = {name: [] for name in FIELDS.values()}
        self.laps: list[tuple[float, float, str]] = []
        self.lap_start = math.nan
        self.creator = ""


def recordings(data: bytes, file: str) -> list[ClassRecording]:
    """The classes of a TCX file.

    Raises
    ------
    BadInput : no XML, or XML that tries to reach beyond itself
    NotAClass : no cycling activity with trackpoints
    """
    issues: list[Issue] = []
    activities: list[_Activity] = []
    roots: list[str] = []
    try:
        for activity in _activities(data, activities, roots):
            del activity
    except DefusedXmlException as cause:
        raise BadInput("XML with entities or a document type", file=file, expected="plain TCX") from cause
    except (ParseError, ValueError, LookupError, RecursionError) as cause:
        if not any(activity.time for activity in activities):
            raise BadInput(f"this is no TCX: {cause}"[:150], file=file, expected="TCX") from cause
        issues.append(Issue("file_truncated", detail=f"the XML ends early: {cause}"[:150]))
    if not roots or roots[0] != "TrainingCenterDatabase":
        raise BadInput(
            "this is no TCX", file=file, expected="TrainingCenterDatabase", got=str(roots[:1])[:60]
        )
    rides = [
        activity for activity in activities if activity.time and activity.sport.strip().lower() in RIDING
    ]
    if not rides:
        sports = ", ".join(dict.fromkeys(activity.sport for activity in activities))[:60]
        got = sports or ("a course" if "Course" in roots else "no activity")
        raise NotAClass(
            "no ride is in this file", file=file, expected="a cycling activity with trackpoints", got=got
        )
    name = content_id(data)
    several = len(rides) > 1
    return [
        _recording(ride, f"{name}/{index}" if several else name, file, issues)
        for index, ride in enumerate(rides)
    ]


def _activities(data: bytes, found: list[_Activity], roots: list[str]) -> Iterator[None]:
    """Fill `found` from the stream; elements are cleared as they end, so memory stays with the samples."""
    stream: Any = iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
    for event, element in stream:
        tag = _tag(element)
        if event == "start":
            if not roots or tag == "Course":
                roots.append(tag)
            if tag == "Activity":
                found.append(_Activity(element.get("Sport") or ""))
            elif tag == "Lap" and found:
                found[-1].lap_start = _unix(element.get("StartTime"))
            continue
        if not found:
            continue
        if tag == "Trackpoint":
            _trackpoint(element, found[-1])
            element.clear()
        elif tag == "Lap":
            _lap(element, found[-1])
            element.clear()
        elif tag == "Creator":
            found[-1].creator = (_text(element, "Name") or "")[:80]
        yield


def _trackpoint(element: Element, activity: _Activity) -> None:
    activity.time.append(_unix(_text(element, "Time")))
    row = dict.fromkeys(activity.channels, math.nan)
    for part in element.iter():
        channel = FIELDS.get(_tag(part))
        if channel is None:
            continue
        text = part.text if part.text and part.text.strip() else _text(part, "Value")
        value = _number(text)
        if value >= LEAST.get(channel, 0.0) and math.isnan(row[channel]):
            row[channel] = value
    for channel, value in row.items():
        activity.channels[channel].append(value)


def _lap(element: Element, activity: _Activity) -> None:
    seconds = _number(_text(element, "TotalTimeSeconds"))
    trigger = TRIGGERS.get((_text(element, "TriggerMethod") or "").strip(), "")
    activity.laps.append((activity.lap_start, seconds, trigger))


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


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, tag: str) -> str | None:
    for part in element:
        if _tag(part) == tag:
            return part.text
    return None


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
