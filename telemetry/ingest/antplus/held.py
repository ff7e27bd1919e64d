"""Power and cadence that a sensor only ever tells of now: they stand from one message to the next.

Comes in: values of one message. Goes out: work and revolutions of the time until the next, in the row of the
message that said them. Nothing is made up where none came: what was lost is lost. Leaves to others: counters
(`rows.py`), which say more.
"""

from __future__ import annotations

from typing import Final

from telemetry import units
from telemetry.ingest.antplus import rows

HELD: Final = {"held_power": (rows.WORK, 1.0), "held_cadence": (rows.TURNS, 1.0 / 60.0)}
"""What holds until the next message → the sum it adds to, and how much a second."""


def hold(
    track: rows.Track,
    row: rows.Row,
    time_s: float,
    power: float | None,
    rpm: float | None,
    speed: float | None,
) -> None:
    """Power and cadence of now: they stand from this message to the next that has them."""
    for name, value in (("held_power", power), ("held_cadence", rpm)):
        if value is None:
            continue
        stream = track.streams.get(name)
        if stream is None:
            stream = track.streams[name] = rows.Stream(time_s, {})
        else:
            gone = max(0.0, time_s - stream.time_s)
            if gone <= rows.LOST_AFTER_S:
                _stands(stream, name, gone)
                usual = stream.period_s
                stream.period_s = gone if usual is None else 0.75 * usual + 0.25 * gone
            else:
                _stands(stream, name, min(gone, stream.period_s or 0.0))
        stream.time_s = time_s
        stream.values = {"row": row, "value": value}
        row[rows.FROM] = row[rows.UNTIL] = time_s
        row[HELD[name][0]] = 0.0
    row[rows.POWER], row[rows.CADENCE] = power, rpm
    if power is not None and rpm is not None and rpm >= rows.TURNING_RPM:
        row[rows.TORQUE] = units.torque_nm(power, rpm)
    driven = power is not None and power > rows.COASTING_W
    if driven or (rpm and not (power is not None and rpm > rows.TURNING_RPM)):
        track.now = "pedalling"
    elif power is not None or rpm is not None:
        track.now = "coasting" if rpm or speed else "stopped"


def _stands(stream: rows.Stream, name: str, seconds: float) -> None:
    column, each_second = HELD[name]
    row = stream.values["row"]
    if row[rows.FROM] is not None:
        row[column] = stream.values["value"] * each_second * seconds
        row[rows.UNTIL] = stream.time_s + seconds


def release(track: rows.Track) -> None:
    """What was heard last stands for its usual time; called again after more messages it does no harm."""
    for name in HELD:
        stream = track.streams.get(name)
        if stream is not None:
            _stands(stream, name, stream.period_s or 0.0)


def drop(track: rows.Track) -> None:
    """Forget what is held: nothing more of it may be written."""
    for name in HELD:
        track.streams.pop(name, None)
