"""A decoded FIT file → the classes in it, one `ClassRecording` per session.

Comes in: a `FitFile` (columns of every message, damage found on the way). Goes out: recordings with channels,
pauses, laps, posture, devices, rider hints, the head unit's own totals and what was wrong. Leaves to others:
bytes (`decode.py`), clocks (`timebase.py`), and every judgement of values (conditioning, in the analysis).

Chained files are read section by section; a section without a session gets one that holds all its records.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.errors import LimitExceeded, NotAClass
from telemetry.ingest.assemble import assemble
from telemetry.ingest.fit import channels as fit_channels
from telemetry.ingest.fit import devices as fit_devices
from telemetry.ingest.fit import hints, posture
from telemetry.ingest.fit.index import MAX_RECORDS, RECORD_BYTES
from telemetry.ingest.fit.part import Part, value
from telemetry.ingest.fit.resistance import resistance_trust
from telemetry.ingest.fit.sessions import Session, laps, sessions
from telemetry.ingest.timebase import TimeBase, time_base
from telemetry.model import ClassRecording, Device, Issue, Pause

if TYPE_CHECKING:
    from telemetry.ingest.fit.decode import FitFile

ACTIVITY = 4
FILE_TYPES = {
    1: "a device file",
    2: "a settings file",
    3: "a sport settings file",
    5: "a workout",
    6: "a course",
    7: "a schedule",
    9: "a weight file",
    10: "a totals file",
    11: "a goals file",
    14: "a blood pressure file",
    15: "a monitoring file",
    20: "an activity summary",
    28: "a daily monitoring file",
    32: "a monitoring file",
    34: "a segment",
    35: "a segment list",
    40: "a screen configuration",
}
"""What file_id.type says a file is, for the sentence that says that no ride is in it."""

RIDING_SPORTS = (0, 2, 4, 10, 21, 62, 254)
"""generic, cycling, fitness_equipment, training, e_biking, hiit, all: what studio bikes and heads write."""

DAMAGE_CODES = {"truncated": "file_truncated"}
"""Kinds of damage whose issue has another name; every other kind is its own code."""

MOST_TOLD = 3
"""Ways of saying one kind of damage in an issue."""


@dataclass(frozen=True)
class _Ride:
    part: Part
    session: Session
    base: TimeBase
    issues: tuple[Issue, ...]


def recordings(fit: FitFile, *, id: str) -> list[ClassRecording]:
    """The classes of a FIT file, in order, from every chained section and session.

    `id` is the file's; where there are several classes each gets "/" and its index.

    Raises
    ------
    NotAClass : no ride is in the file; the sentence says what it is instead
    LimitExceeded : the records are out of proportion to the file
    """
    most = MAX_RECORDS.value + fit.size // RECORD_BYTES
    if fit.count("record") > most:
        raise LimitExceeded(
            "the records would be out of proportion to the file",
            file=fit.file,
            expected=f"at most {most:,} records",
            got=f"{fit.count('record'):,}",
        )
    section_of = fit.section("record") if "record" in fit.messages else np.zeros(0, np.int64)
    with_records = set(np.flatnonzero(np.bincount(section_of)).tolist())
    rides: list[_Ride] = []
    other_sports: list[str] = []
    kinds: list[str] = []
    shared: dict[Any, Any] = {}
    for section in range(fit.sections):
        part = Part(fit, section, shared)
        kind = part.last("file_id", "type")
        if kind is not None and kind in FILE_TYPES:
            kinds.append(FILE_TYPES[int(kind)])
        elif kind == ACTIVITY:
            kinds.append("an activity")
        if section not in with_records or (kind is not None and kind in FILE_TYPES):
            continue
        found, others = _rides(part)
        rides += found
        other_sports += others
    if not rides:
        raise _no_ride(fit, kinds, other_sports, bool(len(section_of)))
    several = len(rides) > 1
    return [_recording(ride, f"{id}/{index}" if several else id, fit) for index, ride in enumerate(rides)]


def _rides(part: Part) -> tuple[list[_Ride], list[str]]:
    """The rides of one section, and the names of sports in it that are none."""
    clock = part.clock("record")
    dated = part.columns("record").get("timestamp")
    calendar = np.isfinite(dated) if dated is not None else np.zeros(len(clock), dtype=bool)
    at, running = posture.timer_events(part)
    timer = {"stopped_s": at[~running], "started_s": at[running]}
    base = time_base(clock, calendar=calendar, **timer)
    rides: list[_Ride] = []
    others: list[str] = []
    names = part.labels("session", "sport", "sport")
    columns = part.columns("session")
    found = sessions(part, base)
    missing = part.count("session") - len(found)
    for session in found:
        sport = None if session.row is None else value(columns, "sport", session.row)
        if session.row is None and part.count("sport"):
            sport, names = part.last("sport", "sport"), part.labels("sport", "sport", "sport")
        name = names[session.row or 0] if names else ""
        # a sport without a name is too new to know, or a damaged byte: no ride is refused for it
        if sport is not None and sport not in RIDING_SPORTS and not name.isdecimal():
            others.append(name)
            continue
        own = base
        if len(session.records) < len(clock):
            rows = session.records
            own = time_base(clock[rows], calendar=calendar[rows], **timer)
        rides.append(_Ride(part, session, own, session.issues))
    if missing > 0 and rides and not others:
        detail = f"{missing} sessions of the file have no samples"
        issue = Issue("session_without_records", count=missing, detail=detail)
        rides[0] = replace(rides[0], issues=(*rides[0].issues, issue))
    return rides, others


def _recording(ride: _Ride, id: str, fit: FitFile) -> ClassRecording:
    part, session, base = ride.part, ride.session, ride.base
    columns = part.columns("session")
    whole = len(session.records) == part.count("record")
    found = fit_channels.channels(part, None if whole else session.records)
    issues = [*_damage(fit, part, session, base), *ride.issues, *found.issues]
    if base.started_unix_s is None and not any(issue.code == "time_unknown" for issue in base.issues):
        detail = "the recorder knew no calendar time: only seconds since its start"
        issues.append(Issue("time_unknown", count=len(session.records), detail=detail))

    seconds = base.file_order()
    end_s = float(base.seconds[-1]) + base.median_step_s
    moved_at, standing = posture.position_events(part)
    moved_at = base.place(moved_at)
    if whole is False:
        inside = (moved_at >= 0) & (moved_at <= end_s)
        moved_at, standing = moved_at[inside], standing[inside]
    posture_known = bool(len(moved_at))
    if posture_known:
        found.values["standing"] = posture.standing_at(seconds, moved_at, standing)

    nothing = np.full(len(seconds), np.nan)
    power = found.values.get("power_w", nothing)
    trust, noticed = resistance_trust(
        found.values.get("resistance_level", nothing), power, found.values.get("cadence_rpm", nothing)
    )
    issues += noticed
    devices = fit_devices.devices(part, found.values.keys())
    meter, noticed = fit_devices.power_device(devices) if "power_w" in found.values else (None, ())
    issues += noticed
    sided = fit_devices.single_sided(meter, found.both_sides, found.values.keys()) if meter else None
    if found.both_sides and sided is None:
        sided = False
    timer_at, running = posture.timer_events(part)
    pauses = posture.announced_pauses(base.place(timer_at), running, end_s)
    fraction = part.columns("record").get("time128")
    sport, sub_sport = _sport(part, session)
    return assemble(
        found.values,
        id=id,
        source="fit",
        base=base,
        fraction_s=None if fraction is None else fraction[session.records],
        issues=issues,
        file=fit.file,
        utc_offset_s=hints.utc_offset_s(part),
        sport=sport,
        sub_sport=sub_sport,
        devices=fit_devices.mark_single_sided(devices, meter, sided),
        pauses=tuple(Pause(start, stop) for start, stop in pauses),
        laps=tuple(laps(part, base, end_s)),
        hints=hints.rider_hints(part, columns, session.row),
        head_unit=hints.head_unit_totals(columns, session.row),
        posture_known=posture_known,
        single_sided=sided,
        balance_convention=found.balance_convention,
        resistance_trust=trust,
        power_source=_power_source(found, meter),
        torque_source=_torque_source(found),
        salvaged=fit.salvaged,
    )


def _sport(part: Part, session: Session) -> tuple[str, str]:
    """Sport and sub-sport of the session, else of the sport message, as words."""
    message, row = ("session", session.row) if session.row is not None else ("sport", 0)
    names = []
    for name in ("sport", "sub_sport"):
        texts = part.labels(message, name, name)
        names.append(texts[row] if row < len(texts) else "")
    return names[0], names[1]


def _power_source(found: fit_channels.Channels, meter: Device | None) -> str:
    if found.power_field:
        return f"developer field {found.power_field}"
    if meter is not None:
        return fit_devices.label(meter) or meter.kind
    return "field power" if found.two_powers else ""


def _torque_source(found: fit_channels.Channels) -> str:
    if "torque_nm" not in found.values:
        return ""
    return "wheel" if "wheel" in found.torque_field.lower() else "crank"


def _damage(fit: FitFile, part: Part, session: Session, base: TimeBase) -> list[Issue]:
    """The file's damage as issues, one for each kind, placed at the sample that stands before it."""
    if not fit.damage:
        return []
    offsets = part.offsets("record")[session.records]
    doubtful = np.flatnonzero(part.doubtful("record")[session.records])
    seconds = base.file_order()
    counts = Counter(damage.kind for damage in fit.damage)
    issues = []
    for kind, count in counts.items():
        these = [damage for damage in fit.damage if damage.kind == kind]
        first = these[0]
        before = int(np.searchsorted(offsets, first.offset, side="right")) - 1
        inside = 0 <= before < len(seconds) and first.offset <= int(offsets[-1])
        # one kind may be told in several ways: a file that ends too early, and in the middle of a message
        told = list(dict.fromkeys(damage.detail or kind.replace("_", " ") for damage in these))
        more = f" ({count} times in all)" if count > len(told) else ""
        issues.append(
            Issue(
                DAMAGE_CODES.get(kind, kind),
                start_s=float(seconds[before]) if inside else None,
                count=count,
                detail=f"byte {first.offset}: {'; '.join(told[:MOST_TOLD])}{more}",
            )
        )
    if len(doubtful):
        detail = f"{len(doubtful)} samples stand beside damaged bytes and may not be what was recorded"
        start_s, stop_s = float(seconds[doubtful].min()), float(seconds[doubtful].max())
        issues.append(Issue("doubtful_samples", start_s, stop_s, len(doubtful), detail))
    return issues


def _no_ride(fit: FitFile, kinds: list[str], sports: list[str], records: bool) -> NotAClass:
    """The one sentence for a FIT file without a ride."""
    if sports:
        names = ", ".join(dict.fromkeys(name.replace("_", " ") for name in sports))
        return NotAClass("no ride is in this file", file=fit.file, expected="cycling", got=names)
    if kinds and kinds[0] != "an activity":
        got = kinds[0]
    elif not records and not fit.messages:
        got = "a FIT file without messages"
    else:
        got = f"{kinds[0] if kinds else 'a FIT file'} without samples"
    return NotAClass("no ride is in this file", file=fit.file, expected="an activity with samples", got=got)
