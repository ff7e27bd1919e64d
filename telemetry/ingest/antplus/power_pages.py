"""Power pages → means between two messages, from accumulated counters only.

Comes in: the fields of a power or trainer page and the device's memory. Goes out: power, cadence, torque,
work and revolutions of the interval since the last counter event. Source: Bicycle Power Rev 5.1 sections 10
to 13.
"""

from __future__ import annotations

import math
from typing import Any, Final

from telemetry import units
from telemetry.ingest.antplus import counters, held, rows

STILL_MESSAGES: Final = 2
AT_REST: Final = ("stopped", "coasting")
LONG_S: Final = 2.5
RESTED_SHARE: Final = 0.85
ENOUGH_TICKS: Final = 8


def power_only(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Accumulated power (0x10 and the trainer's 0x19): mean power over the events between two messages."""
    name = "trainer" if "trainer_status" in found else "power_only"
    track.source[-1] = name
    told = found["cadence_rpm"]
    row[rows.TOLD_RPM] = told
    if found["power_w"] is not None and told and told >= rows.TURNING_RPM:
        row[rows.TOLD_NM] = units.torque_nm(found["power_w"], told)
    _pedal_balance(row, found)
    stream = rows.listen(track, name, time_s, found)
    if stream is None:
        return
    events = counters.step(stream.values["event_count"], found["event_count"], counters.EVENT_MODULUS)
    if events == 0:
        rows.still(track, stream, time_s)
        return
    gone = time_s - stream.time_s
    if counters.impossible(events, gone):
        rows.jumped(track, stream, time_s, found)
        return
    doubtful = counters.events_doubtful(gone, stream.period_s)
    if doubtful and not stream.repeats:
        events = counters.unwrap_events(events, gone, stream.period_s)
    rpm = found["cadence_rpm"]
    power: float | None = None
    if name == "power_only" or None not in (found["power_w"], stream.values["power_w"]):
        near = _neighbour(stream.power_w, found["power_w"])
        moved = counters.unwrap_by_power(
            counters.step(stream.values["power"], found["power"], 1 << 16), 1 << 16, 1.0 / events, near
        )
        power = moved.amount / events
        if power > counters.HIGHEST_MEAN_POWER_W:
            rows.jumped(track, stream, time_s, found)
            return
        doubtful = doubtful or moved.ambiguous
    elif rpm is None:
        # a trainer's power may be invalid, the accumulated one with it: its updates mean nothing then
        rows.remember(stream, time_s, found, gone / events, None, doubtful)
        return
    stream.still = stream.still + 1 if not power and not rpm else 0
    by_revolution = stream.repeats and rpm
    duration = events * 60.0 / rpm if by_revolution and rpm else None
    if stream.halted and duration is None and stream.period_s:
        duration = events * stream.period_s
    begin, until = rows.stretch(stream, time_s, duration)
    turns = None if rpm is None else rpm / 60.0 * (until - begin)
    rows.write(row, begin, until, power, rpm, turns=turns)
    rows.remember(stream, time_s, found, (until - begin) / events, power, doubtful, until)
    track.ambiguous[-1] = doubtful
    if stream.still >= STILL_MESSAGES or (stream.still and track.now in AT_REST):
        track.now = rows.resting(track, time_s)
        rows.rest(track, len(track.numbers) - 1, track.now)
    elif not stream.still:
        rows.advanced(track, time_s, stream, power, rpm)


def stationary_bike(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """The deprecated page 0x15 of old bikes: power and cadence of the moment, and no counter."""
    track.source[-1] = "stationary_bike"
    rolls = 1.0 if rows.resting(track, time_s) == "coasting" else None
    held.hold(track, row, time_s, found["power_w"], found["cadence_rpm"], rolls)


def _torque(
    track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any], name: str, at_crank: bool
) -> None:
    """Accumulated torque and period (0x11, 0x12, trainer 0x1A): torque as measured, power from both."""
    track.source[-1] = name
    row[rows.TOLD_RPM] = found.get("cadence_rpm")
    stream = rows.listen(track, name, time_s, found)
    if stream is None:
        return
    before = stream.values
    events = counters.step(before["event_count"], found["event_count"], counters.EVENT_MODULUS)
    if events == 0:
        rows.still(track, stream, time_s)
        return
    gone = time_s - stream.time_s
    if counters.impossible(events, gone):
        rows.jumped(track, stream, time_s, found)
        return
    ticks = counters.step(before["ticks"], found["ticks"], 1 << 8)
    stream.by_time = stream.by_time or ticks != events
    by_revolution = not stream.by_time
    rpm = found.get("cadence_rpm")
    period_raw = counters.step(before["period"], found["period"], 1 << 16) / 2048.0
    doubtful = counters.events_doubtful(gone, stream.period_s)
    expected = gone
    if not by_revolution:
        events = counters.unwrap_events(events, gone, stream.period_s) if doubtful else events
        expected = events * _turning_s(stream, ticks, gone, rpm if at_crank else None)
    period = counters.unwrap_by_clock(period_raw, 32.0, expected)
    doubtful = doubtful or period.ambiguous
    if period.amount <= 0.0:
        # updates go on, the crank does not; a last tick without a time is given with the next turn
        stream.still += 1 if ticks == 0 else 0
        stream.owed += ticks if stream.by_time else 0
        rows.remember(stream, time_s, found, None, 0.0, doubtful)
        if stream.still >= STILL_MESSAGES or track.now == "stopped":
            track.now = "stopped"
            rows.rest(track, len(track.numbers) - 1, "stopped")
        return
    stream.still = 0
    torque_raw = counters.step(before["torque"], found["torque"], 1 << 16)
    # After a stop the sensor's clock counts the rest as well: the turning took no longer than it did before.
    lasted = rows.without_rest(stream, period.amount, events)
    watts_per_unit = counters.TURN_RAD / 32.0 / lasted
    moved = counters.unwrap_by_power(torque_raw, 1 << 16, watts_per_unit, stream.power_w)
    doubtful = doubtful or moved.ambiguous
    begin, until = rows.stretch(stream, time_s, lasted if by_revolution else None)
    share = (
        1.0 if by_revolution or not at_crank else _turning(ticks, lasted, (until - begin) / events, events)
    )
    torque = moved.amount / 32.0 / (events * share)
    power = moved.amount * watts_per_unit * share
    turned = 60.0 * events / lasted * share * share
    if power > counters.HIGHEST_MEAN_POWER_W or (at_crank and turned > counters.FASTEST_CRANK_RPM):
        rows.jumped(track, stream, time_s, found)
        return
    work = counters.TURN_RAD * moved.amount / 32.0 if by_revolution else power * (until - begin)
    if at_crank:
        turns = float(ticks) if by_revolution else _smooth(stream, ticks, turned / 60.0 * (until - begin))
        rows.write(row, begin, until, power, turned, turns=turns, torque=torque, work=work)
    else:
        rows.write(row, begin, until, power, rpm, turns=None, work=work)
    stream.turn_s = lasted / events / share
    event_s = lasted / events if by_revolution else gone / events
    rows.remember(stream, time_s, found, event_s, power, doubtful, until)
    track.ambiguous[-1] = doubtful
    if at_crank or rpm:
        rows.advanced(track, time_s, stream, power, turned if at_crank else rpm)
    else:
        rows.rolled(track, time_s, power, rpm)


def _turning_s(stream: rows.Stream, ticks: int, gone_s: float, rpm: float | None) -> float:
    """What an update of a meter that sends by time adds to its period, on average over a silence.

    While turning, each update adds the time of a turn: as the cadence says; without one, as the ticks say
    where there are enough of them, or as it was before. Updates at rest add nothing: fewer ticks say how
    many. Legs that rest now say nothing of how they turned, but that some of the silence was rest.
    """
    if rpm:
        return 60.0 / rpm
    if ticks == 0:
        return 0.0
    turn_s = stream.turn_s
    if turn_s is None or (ticks >= ENOUGH_TICKS and rpm is None):
        turn_s = gone_s / ticks
    share = ticks * turn_s / gone_s if gone_s >= LONG_S else 1.0
    return turn_s * (share if share < RESTED_SHARE else 1.0)


def _turning(ticks: int, lasted_s: float, update_s: float, updates: int) -> float:
    """Which share of a silence the crank of a meter that sends by time was turning.

    Updates at rest add neither torque nor period, so means over all of them are those of the turning alone.
    Of n updates while turning, n · update_s = ticks · (lasted_s / n): the ticks say how many there were.
    """
    if updates * update_s < LONG_S or ticks == 0:
        return 1.0
    share = math.sqrt(ticks * lasted_s / update_s) / updates
    # a tick more or less is no rest
    return share if share < RESTED_SHARE else 1.0


def _smooth(stream: rows.Stream, ticks: int, turns: float) -> float:
    """Revolutions of a meter that sends by time, whole ones held to its ticks.

    Four updates a second see a tick or none: laid on seconds, 57 rpm would read 0, 60 and 120. Its period
    says how far the crank came; the ticks correct what adds up to more than one turn.
    """
    stream.owed += ticks - turns
    beyond = stream.owed - min(1.0, max(-1.0, stream.owed))
    stream.owed -= beyond
    return max(0.0, turns + beyond)


def crank_torque(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    _torque(track, row, time_s, found, "crank_torque", at_crank=True)


def wheel_torque(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    _torque(track, row, time_s, found, "wheel_torque", at_crank=False)


def trainer_torque(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    _torque(track, row, time_s, found, "trainer_torque", at_crank=False)


def frequency(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Crank torque frequency (0x20): ticks over time, less the zero offset that calibration gave."""
    track.source[-1] = "frequency"
    stream = rows.listen(track, "frequency", time_s, found)
    if stream is None:
        return
    before = stream.values
    events = counters.step(before["event_count"], found["event_count"], counters.EVENT_MODULUS)
    if events == 0:
        rows.still(track, stream, time_s)
        return
    gone = time_s - stream.time_s
    if counters.impossible(events, gone):
        rows.jumped(track, stream, time_s, found)
        return
    span = counters.unwrap_by_clock(
        counters.step(before["time_stamp"], found["time_stamp"], 1 << 16) / 2000.0, 32.768, gone
    )
    ticks = counters.step(before["torque_ticks"], found["torque_ticks"], 1 << 16)
    if span.amount <= 0.0:
        return
    lasted = rows.without_rest(stream, span.amount, events)
    rpm = 60.0 * events / lasted
    power: float | None = None
    torque: float | None = None
    offset = track.frequency_offset_hz
    doubtful = span.ambiguous or counters.events_doubtful(gone, stream.period_s)
    if offset is not None and found["slope"]:
        near = stream.power_w if stream.power_w is not None else 150.0
        wanted = (units.torque_nm(near, rpm) * found["slope"] + offset) * span.amount
        ticks += max(0, round((wanted - ticks) / 65536.0)) * 65536
        # an offset that drifted since it was set would brake legs that rest
        torque = max(0.0, (ticks / span.amount - offset) / found["slope"])
        power = units.power_w(torque, rpm)
    if rpm > counters.FASTEST_CRANK_RPM or (power or 0.0) > counters.HIGHEST_MEAN_POWER_W:
        rows.jumped(track, stream, time_s, found)
        return
    begin, until = rows.stretch(stream, time_s, lasted)
    work = None if torque is None else counters.TURN_RAD * torque * events
    rows.write(row, begin, until, power, rpm, turns=float(events), torque=torque, work=work)
    rows.remember(stream, time_s, found, lasted / events, power, doubtful, until)
    track.ambiguous[-1] = doubtful
    rows.advanced(track, time_s, stream, power, rpm)


def _neighbour(previous: float | None, present: float | None) -> float | None:
    known = [value for value in (previous, present) if value is not None]
    return sum(known) / len(known) if known else None


def _pedal_balance(row: rows.Row, found: dict[str, Any]) -> None:
    share = found.get("pedal_power")
    if share is not None and share & 0x80 and (share & 0x7F) <= 100:
        row[rows.AT["right_balance_pct"]] = float(share & 0x7F)
