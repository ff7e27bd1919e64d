"""Bluetooth rows → rows per device, in the shape that ANT+ has.

Comes in: `BleRow` objects in the order they were received. Goes out: one row per message, keyed by
`DeviceKey` with the characteristic in the place of the device type: (number of the address, 0x2A63, 0), and
(bike id, 0x0102, 0) for Keiser's bikes, whose id a studio sets. Leaves to others: layouts (`layouts.py`),
what a message means (`messages.py`), seats (`antplus/room.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from telemetry.ingest.antplus import held, rows
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.antplus.decoder import Decoder
from telemetry.ingest.antplus.identity import Twins
from telemetry.ingest.ble import messages, uuids
from telemetry.ingest.ble.layouts import LAYOUTS, extract

if TYPE_CHECKING:
    import polars as pl

    from telemetry.ingest.antplus.capture_read import BleRow

NO_RSSI: Final = 127
NO_PERIOD_TICKS: Final = 8192
"""Bluetooth has no slots; the field must hold something, and is never asked."""


class BleDecoder(Decoder):
    """Feeds on Bluetooth rows one at a time, live or from a file; the rest is as for ANT+.

    Parameters
    ----------
    zero_s : Unix seconds that `time_s` counts from; None: the first row. In a room with both radios it is
        the capture's `started_s`.
    """

    def __init__(self, zero_s: float | None = None) -> None:
        super().__init__()
        self.zero_s = zero_s
        self._heard_from: dict[DeviceKey, dict[int, float]] = {}

    def feed(self, message: BleRow) -> rows.Track:  # type: ignore[override]
        """Take one row; what it became is the last of the returned track."""
        if self.zero_s is None:
            self.zero_s = message.unix_s
        time_s = message.unix_s - self.zero_s
        layout = LAYOUTS.get(message.uuid)
        found = extract(layout, message.payload) if layout is not None else {}
        key = DeviceKey(message.address, message.uuid, 0)
        if message.uuid == uuids.KEISER and "bike_id" in found:
            key = DeviceKey(found["bike_id"], uuids.KEISER, 0)
        track = self.tracks.get(key)
        if track is None:
            state = None if message.uuid == uuids.HEART_RATE else "unknown"
            track = self.tracks[key] = rows.Track(key, time_s, Twins(NO_PERIOD_TICKS), now=state)
        elif time_s - track.last_s > rows.LOST_AFTER_S:
            track.state[-1] = "lost"
        track.last_s = time_s
        self.now_s = max(self.now_s, time_s)
        if message.uuid == uuids.KEISER:
            self._look_for_twins(track, message.address, time_s)
        row: rows.Row = [None] * len(rows.NUMBERS)
        row[rows.TIME] = time_s
        row[-1] = None if message.rssi_dbm == NO_RSSI else float(message.rssi_dbm)
        track.numbers.append(row)
        track.page.append(-1)
        track.source.append(None)
        track.ambiguous.append(False)
        handle = messages.HANDLERS.get(message.uuid)
        if not found or handle is None or track.twins_since is not None:
            track.raw.append(message.payload)
        else:
            track.raw.append(None)
            handle(track, row, time_s, found)
        track.state.append("unknown" if track.twins_since is not None else track.now)
        return track

    def _look_for_twins(self, track: rows.Track, address: int, time_s: float) -> None:
        """Two bikes that were given one id: both are alive, each under its own address."""
        heard = {
            known: at
            for known, at in self._heard_from.get(track.key, {}).items()
            if time_s - at <= rows.LOST_AFTER_S
        }
        # an address that is exchanged for another never comes back; one that does is of a second bike
        back = address in heard and next(reversed(heard)) != address
        since = min(heard.values(), default=time_s)
        heard.pop(address, None)
        heard[address] = time_s
        self._heard_from[track.key] = heard
        if back and track.twins_since is None:
            track.twins_since = since
            held.drop(track)
            rows.void(track, since)


def decode_ble(received: Iterable[BleRow], zero_s: float | None = None) -> dict[DeviceKey, pl.DataFrame]:
    """Every Bluetooth device of a capture as rows: one per message, in the order received.

    Columns as `antplus.decode` gives them; `source` is cycling_power_torque, cycling_power,
    cycling_power_wheel, indoor_bike, keiser or speed_cadence. Counters give means from event to event, so
    that loss costs resolution only. What is only ever instantaneous (Indoor Bike Data, Keiser, power without
    torque) holds until the next message, and nothing is made up where none came: lost is lost.
    """
    decoder = BleDecoder(zero_s)
    for message in received:
        decoder.feed(message)
    decoder.close()
    return {key: decoder.frame(key) for key in decoder.tracks}
