"""Bluetooth messages → values of a row, with what the device's track remembers.

Comes in: the fields of one message. Goes out: power, cadence, torque, work, revolutions and states as for
ANT+. Leaves to others: bytes (`layouts.py`), silences of counters (`antplus/rows.py`).

Crank and wheel counters are those of ANT+ with other widths and are read the same way. Values without a
counter stand for the time until the next message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telemetry.ingest.antplus import counters, held, rows
from telemetry.ingest.antplus.other_pages import revolutions
from telemetry.ingest.ble import uuids

TORQUE_AT_CRANK: Final = 1 << 3
BALANCE_OF_LEFT: Final = 1 << 1
NO_CONTACT: Final = 0b100
CONTACT_BITS: Final = 0b110
KEISER_LIVE: Final = frozenset((0, *range(128, 228)))
"""Types of an advertisement that tell of now; the others repeat the averages of a finished interval."""

CRANK: Final[dict[str, Any]] = {"ticks_per_s": 1024.0, "fastest_rpm": counters.FASTEST_CRANK_RPM}
SPEED_WHEEL: Final[dict[str, Any]] = {
    "modulus": 1 << 32,
    "ticks_per_s": 1024.0,
    "fastest_rpm": counters.FASTEST_WHEEL_RPM,
}
POWER_WHEEL: Final[dict[str, Any]] = {
    "modulus": 1 << 32,
    "ticks_per_s": 2048.0,
    "fastest_rpm": counters.FASTEST_WHEEL_RPM,
}


def indoor_bike(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Indoor Bike Data: instantaneous values only."""
    track.source[-1] = "indoor_bike"
    _carry(row, found)
    held.hold(track, row, time_s, found.get("power_w"), found.get("cadence_rpm"), found.get("speed_mps"))


def keiser(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """An advertisement of a Keiser bike: instantaneous values and the gear."""
    if found.get("data_type") not in KEISER_LIVE:
        return
    track.source[-1] = "keiser"
    _carry(row, found)
    held.hold(track, row, time_s, found.get("power_w"), found.get("cadence_rpm"), None)


def heart_rate(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """A belt: beats a minute, and the last interval between two beats."""
    if found["flags"] & CONTACT_BITS == NO_CONTACT:
        return
    _carry(row, found)
    intervals = [seconds for seconds in found.get("rr_s", ()) if seconds]
    row[rows.AT["rr_s"]] = intervals[-1] if intervals else None


def speed_cadence(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Speed and cadence: wheel and crank counters."""
    track.source[-1] = "speed_cadence"
    wheel = _wheel(track, row, time_s, found, SPEED_WHEEL)
    if "crank_time" in found:
        stream, rpm = revolutions(
            track, row, time_s, found, "crank", "crank_time", "crank_revolutions", **CRANK
        )  # fmt: skip
        if stream is not None and rpm is None:
            rows.still(track, stream, time_s, wheel)
        elif stream is not None:
            row[rows.CADENCE] = rpm
            rows.advanced(track, time_s, stream, None, rpm)
    elif row[rows.AT["wheel_rpm"]] is not None:
        track.now = "coasting"


def cycling_power(track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any]) -> None:
    """Cycling Power: accumulated torque where there is one, else power as it stands, over counted turns."""
    track.source[-1] = "cycling_power"
    balance = found.get("balance_pct")
    if balance is not None and found["flags"] & BALANCE_OF_LEFT and balance <= 100.0:
        row[rows.AT["right_balance_pct"]] = 100.0 - balance
    at_crank = bool(found["flags"] & TORQUE_AT_CRANK)
    if "crank_time" in found:
        wheel = _wheel(track, row, time_s, found, POWER_WHEEL)
        _counted(track, row, time_s, found, "crank", torque=at_crank and "torque" in found, wheel=wheel)
    elif "wheel_time" in found and "torque" in found and not at_crank:
        _counted(track, row, time_s, found, "wheel", torque=True, wheel=None)
    else:
        wheel = _wheel(track, row, time_s, found, POWER_WHEEL)
        rolls = None if wheel is None or row[rows.AT["wheel_rpm"]] is None else 1.0
        held.hold(track, row, time_s, found.get("power_w"), None, rolls)


HANDLERS: Final[dict[int, Callable[[rows.Track, rows.Row, float, dict[str, Any]], None]]] = {
    uuids.INDOOR_BIKE: indoor_bike,
    uuids.CYCLING_POWER: cycling_power,
    uuids.SPEED_CADENCE: speed_cadence,
    uuids.HEART_RATE: heart_rate,
    uuids.KEISER: keiser,
}


def _carry(row: rows.Row, found: dict[str, Any]) -> None:
    """Values that need no memory."""
    for name in ("heart_rate_bpm", "resistance_level", "speed_mps"):
        if found.get(name) is not None:
            row[rows.AT[name]] = float(found[name])


# --- counters -----------------------------------------------------------------------------------------------


def _wheel(
    track: rows.Track, row: rows.Row, time_s: float, found: dict[str, Any], widths: dict[str, Any]
) -> rows.Stream | None:
    """The wheel's stream; its rpm in the row where it turned."""
    if "wheel_time" not in found:
        return None
    stream, rpm = revolutions(
        track, row, time_s, found, "wheel", "wheel_time", "wheel_revolutions", **widths
    )  # fmt: skip
    row[rows.FROM] = row[rows.UNTIL] = row[rows.TURNS] = None
    if rpm is not None:
        row[rows.AT["wheel_rpm"]] = rpm
    return stream


def _counted(
    track: rows.Track,
    row: rows.Row,
    time_s: float,
    found: dict[str, Any],
    side: str,
    *,
    torque: bool,
    wheel: rows.Stream | None,
) -> None:
    """Turns of crank or wheel since the last event, and the work done over them.

    With accumulated torque the work is exact across any loss. Without, it is the mean of the powers heard
    since, and unknown where messages were lost between.
    """
    power = found.get("power_w")
    known = track.streams.get(side)
    before = known.values if known is not None else {}
    heard_s = known.seen_s if known is not None else time_s
    previous_w = known.power_w if known is not None else None
    at_crank = side == "crank"
    stream, rpm = revolutions(
        track, row, time_s, found, side, f"{side}_time", f"{side}_revolutions",
        **(CRANK if at_crank else POWER_WHEEL),
    )  # fmt: skip
    if stream is None:
        return
    if rpm is None:
        if power is not None and stream.values is before:
            before["watts"] = before.get("watts", 0.0) + power
            before["heard"] = before.get("heard", 0) + 1
            before["gap_s"] = max(before.get("gap_s", 0.0), time_s - heard_s)
        rows.still(track, stream, time_s, wheel)
        return
    turns, begin, until = row[rows.TURNS] or 0.0, row[rows.FROM] or 0.0, row[rows.UNTIL] or 0.0
    lost = max(before.get("gap_s", 0.0), time_s - heard_s) > rows.LOST_AFTER_S
    mean_w = None
    if power is not None:
        mean_w = (before.get("watts", 0.0) + power) / (before.get("heard", 0) + 1)
    torque_nm = work = None
    if torque and "torque" in before:
        moved = counters.unwrap_by_power(
            counters.step(before["torque"], found["torque"], 1 << 16),
            1 << 16,
            counters.TURN_RAD / 32.0 / (60.0 * turns / rpm),
            _middle(previous_w, mean_w),
        )
        # some bikes announce the counter and never move it
        if moved.amount or not mean_w or mean_w <= rows.COASTING_W:
            work = counters.TURN_RAD * moved.amount / 32.0
            torque_nm = moved.amount / 32.0 / turns if at_crank else None
            mean_w = work * rpm / (60.0 * turns)
            track.ambiguous[-1] = track.ambiguous[-1] or moved.ambiguous
            track.source[-1] = "cycling_power_torque" if at_crank else "cycling_power_wheel"
    if work is None and lost:
        mean_w = None
    wheel_rpm = row[rows.AT["wheel_rpm"]] if at_crank else rpm
    rows.write(
        row, begin, until, mean_w, rpm if at_crank else None,
        turns=turns if at_crank else None, torque=torque_nm, work=work,
    )  # fmt: skip
    row[rows.AT["wheel_rpm"]] = wheel_rpm
    stream.power_w = mean_w if mean_w is not None else power
    rows.advanced(track, time_s, stream, mean_w, rpm if at_crank else None)
    if not at_crank and mean_w is not None and mean_w <= rows.COASTING_W:
        track.now = "coasting"


def _middle(previous: float | None, present: float | None) -> float | None:
    known = [value for value in (previous, present) if value is not None]
    return sum(known) / len(known) if known else None
