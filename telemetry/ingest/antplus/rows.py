"""What is remembered of a device between two messages, and how silence becomes a state.

Comes in: what a page said. Goes out: rows of one device, dated back where a stop shows late. Three silences
are three states: *stopped* (messages arrive, no event advances), *coasting* (the wheel turns, the crank
does not, or it turns without power), *lost* (no message at all). Source: rulings section 8.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from telemetry import units
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.antplus.identity import Twins

LOST_AFTER_S: Final = 3.25
LATE_S: Final = 1.0
"""An event that is heard of after a longer silence than this ended when the sensor's clock says."""
STOP_AFTER_S: Final = 3.0
JUMPS_OF_TWINS: Final = 6
TWINS_WITHIN_S: Final = 8.0
STOP_AFTER_PERIODS: Final = 2.0
TURNING_RPM: Final = 20.0
COASTING_W: Final = 5.0

NUMBERS: Final = (
    "time_s",
    "from_s",
    "until_s",
    "power_w",
    "cadence_rpm",
    "torque_nm",
    "work_j",
    "revolutions",
    "told_rpm",
    "told_nm",
    "heart_rate_bpm",
    "rr_s",
    "resistance_pct",
    "resistance_level",
    "speed_mps",
    "wheel_rpm",
    "right_balance_pct",
    "left_torque_effectiveness_pct",
    "right_torque_effectiveness_pct",
    "left_pedal_smoothness_pct",
    "right_pedal_smoothness_pct",
    "combined_pedal_smoothness_pct",
    "standing",
    "rssi_dbm",
)
TIME, FROM, UNTIL, POWER, CADENCE, TORQUE, WORK, TURNS, TOLD_RPM, TOLD_NM = range(10)
AT = {name: place for place, name in enumerate(NUMBERS)}

Row = list[float | None]
NOTHING: Final[Row] = [None] * len(NUMBERS)


@dataclass(slots=True)
class Stream:
    """The last event of one counter page of one device."""

    time_s: float
    values: dict[str, Any]
    period_s: float | None = None
    """seconds an event takes"""
    power_w: float | None = None
    until_s: float = -math.inf
    """when its last event ended, as well as it is known"""
    seen_s: float = -math.inf
    """when it was last heard, event or not"""
    ended_s: float = -math.inf
    """when its last event is taken to have ended: when it was heard of, or before where that was late"""
    repeats: bool = False
    """it has been heard without a new event: events are revolutions"""
    turn_s: float | None = None
    """how long its latest revolution took"""
    still: int = 0
    """messages in a row whose events advanced without turning"""
    by_time: bool = False
    """events are updates, not revolutions: seen where they advanced without a revolution"""
    owed: float = 0.0
    """ticks counted less revolutions given, of a meter that sends by time"""
    halted: bool = False
    """stopped was concluded from time without events"""


@dataclass(slots=True)
class Track:
    """Everything remembered of one device."""

    key: DeviceKey
    last_s: float
    twins: Twins
    numbers: list[Row] = field(default_factory=list)
    page: list[int] = field(default_factory=list)
    source: list[str | None] = field(default_factory=list)
    state: list[str | None] = field(default_factory=list)
    ambiguous: list[bool] = field(default_factory=list)
    raw: list[bytes | None] = field(default_factory=list)
    streams: dict[str, Stream] = field(default_factory=dict)
    now: str | None = "unknown"
    event_s: float = -math.inf
    """when any counter of the crank was last heard to have advanced"""
    ended_s: float = -math.inf
    """when it is taken to have"""
    period_s: float | None = None
    rolled_s: float = -math.inf
    """when a wheel last advanced"""
    twins_since: float | None = None
    """since when two transmitters have used this number"""
    jumps: deque[float] = field(default_factory=lambda: deque(maxlen=JUMPS_OF_TWINS))
    """when a counter moved further than it can"""
    pulseless: int = 0
    toggle: float | None = None
    pages_known: bool = False
    """a belt's page byte has been seen to toggle: it has pages"""
    frequency_offset_hz: float | None = None
    health: dict[str, Any] = field(default_factory=dict)


def advanced(track: Track, time_s: float, stream: Stream, power_w: float | None, rpm: float | None) -> None:
    """The crank turned: pedalling, or coasting where it turns without power."""
    track.event_s = time_s
    track.ended_s = max(track.ended_s, stream.ended_s)
    if stream.period_s is not None:
        track.period_s = stream.period_s
    freewheels = rpm is not None and rpm > TURNING_RPM and power_w is not None and power_w <= COASTING_W
    track.now = "coasting" if freewheels else "pedalling"


def rolled(track: Track, time_s: float, power_w: float | None, rpm: float | None) -> None:
    """A wheel turned: driven where the legs turn or power is measured, else it rolls on."""
    track.rolled_s = time_s
    driven = power_w is not None and power_w > COASTING_W and rpm != 0.0
    track.now = "pedalling" if driven else "coasting"


def resting(track: Track, time_s: float) -> str:
    """What a crank at rest is: coasting while a wheel rolls, else stopped."""
    return "coasting" if time_s - track.rolled_s < STOP_AFTER_S else "stopped"


def still(track: Track, stream: Stream, time_s: float, wheel: Stream | None = None) -> None:
    """A message without a new event: a rest once enough seconds have passed, dated back to where it began.

    Time decides, never message counts: counts call 55 rpm on a meter that sends by revolution a stop. With a
    wheel that still turns the rest is coasting, and it becomes a stop from where the wheel stood still.
    """
    stream.seen_s = time_s
    stream.repeats = True
    since = max(stream.time_s, track.event_s)
    period = stream.period_s or 0.0
    if not stream.halted:
        if time_s - since < max(STOP_AFTER_S, STOP_AFTER_PERIODS * period) or track.now == "unknown":
            return
        stream.halted = True
    rolls = (wheel is not None and time_s - wheel.time_s < STOP_AFTER_S) or (
        time_s - track.rolled_s < STOP_AFTER_S
    )
    track.now = "coasting" if rolls else "stopped"
    begin = max(stream.ended_s, track.ended_s) + period
    standing = begin if wheel is None or rolls else max(begin, wheel.time_s + (wheel.period_s or 0.0))
    at = len(track.numbers) - 1
    while at >= 0:
        at_s = track.numbers[at][TIME] or 0.0
        if at_s <= since:
            if at + 1 < len(track.numbers):
                # the rest began before the message that told of the last event
                earliest = track.numbers[at + 1]
                earliest[FROM] = min(begin, earliest[FROM] or begin)
            break
        state = "stopped" if not rolls and at_s >= standing else "coasting"
        if at_s < begin or (at < len(track.state) and track.state[at] in (state, "stopped")):
            break
        rest(track, at, state)
        at -= 1


def rest(track: Track, at: int, state: str) -> None:
    """A row at rest: nothing turns, nothing is driven."""
    row = track.numbers[at]
    row[POWER] = row[CADENCE] = row[TORQUE] = 0.0
    row[WORK] = row[TURNS] = 0.0
    row[FROM] = track.numbers[at - 1][TIME] if at else row[TIME]
    row[UNTIL] = row[TIME]
    if at < len(track.state) and track.state[at] != "lost":
        track.state[at] = state


def void(track: Track, since_s: float) -> None:
    """Take back every value since two transmitters share the number: what was made of both is of neither."""
    track.now = "unknown"
    at = len(track.state) - 1
    while at >= 0 and (track.numbers[at][TIME] or 0.0) >= since_s:
        row = track.numbers[at]
        row[FROM:] = [None] * (len(row) - FROM)
        track.state[at] = "unknown"
        at -= 1


def jumped(track: Track, stream: Stream, time_s: float, found: dict[str, Any]) -> None:
    """A counter moved further than a sensor can count: this message is a first one, and yields no value.

    Once, a sensor began anew. Again and again, it is two that send under one number: their receive times tell
    them apart where there are any (`identity.py`), their counters do where there are none.
    """
    track.ambiguous[-1] = True
    remember(stream, time_s, found, None, None, doubtful=True)
    jumps = track.jumps
    jumps.append(time_s)
    if len(jumps) == JUMPS_OF_TWINS and time_s - jumps[0] <= TWINS_WITHIN_S and track.twins_since is None:
        track.twins_since = jumps[0]
        void(track, jumps[0])


def listen(track: Track, name: str, time_s: float, found: dict[str, Any]) -> Stream | None:
    """The stream of a page; None for its first message, which only sets the counters."""
    stream = track.streams.get(name)
    if stream is None:
        track.streams[name] = Stream(time_s, found, until_s=time_s, seen_s=time_s, ended_s=time_s)
    return stream


def without_rest(stream: Stream, lasted_s: float, events: int) -> float:
    """How long new events took, without the stop that may stand before them."""
    if stream.halted and stream.period_s:
        return min(lasted_s, events * stream.period_s)
    return lasted_s


def stretch(stream: Stream, time_s: float, duration_s: float | None) -> tuple[float, float]:
    """From when to when the new events lasted.

    They ended between the last message that did not know of them and this one; within that, the sensor's
    own clock says how long they took. Without it (`duration_s` None) they last from message to message.
    After a stop they begin their own duration before their end, not where the stop began.
    """
    if duration_s is None:
        return stream.until_s, time_s
    if stream.halted:
        until = (max(stream.seen_s, time_s - 0.25) + time_s) / 2.0
        return max(stream.until_s, until - duration_s), until
    return stream.until_s, min(max(stream.until_s + duration_s, stream.seen_s), time_s)


def write(
    row: Row,
    begin: float,
    until: float,
    power: float | None,
    rpm: float | None,
    *,
    turns: float | None,
    torque: float | None = None,
    work: float | None = None,
) -> None:
    row[FROM], row[UNTIL] = begin, until
    row[POWER], row[CADENCE], row[TURNS] = power, rpm, turns
    row[WORK] = work if work is not None or power is None else power * (until - begin)
    if torque is None and power is not None and rpm is not None and rpm >= TURNING_RPM:
        torque = units.torque_nm(power, rpm)
    row[TORQUE] = torque


def remember(
    stream: Stream,
    time_s: float,
    found: dict[str, Any],
    period_s: float | None,
    power: float | None,
    doubtful: bool,
    until: float | None = None,
) -> None:
    late = until is not None and time_s - stream.seen_s > LATE_S
    stream.ended_s = until if until is not None and late else time_s
    stream.time_s = stream.seen_s = time_s
    stream.until_s = time_s if until is None else until
    stream.values = found
    stream.halted = False
    if not doubtful:
        stream.period_s = period_s if period_s is not None else stream.period_s
        stream.power_w = power if power is not None else stream.power_w
