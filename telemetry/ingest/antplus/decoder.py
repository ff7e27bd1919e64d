"""ANT+ messages → rows per device. All memory between messages lives in a `Decoder`'s tracks and nowhere
else.

Comes in: `Broadcast` objects in the order they were received. Goes out: one row per received data message
with power, cadence and torque as means from the previous counter event to this one, so that any loss in
between costs resolution and never work or revolutions. Leaves to others: layouts (`pages.py`), counter
arithmetic (`counters.py`), silences (`rows.py`), the class's time base (`assemble.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from telemetry.ingest.antplus import held, other_pages, pages, power_pages, rows
from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
from telemetry.ingest.antplus.fields import extractor
from telemetry.ingest.antplus.identity import Twins, twin_period

if TYPE_CHECKING:
    import polars as pl

KEEP_ROWS: Final = 256
"""What may still be dated back: half a minute of a sensor that sends at 8 Hz."""


class Decoder:
    """Feeds on broadcasts one at a time, live or from a file; `frame` gives what a device said so far.

    A row may still change while its past becomes clear: a stop shows only after seconds of silence and is
    dated back to where it began. `state` is what is known now.
    """

    def __init__(self) -> None:
        self.tracks: dict[DeviceKey, rows.Track] = {}
        self.now_s = -math.inf
        self._by_ids: dict[tuple[int, int, int], rows.Track] = {}

    def feed(self, message: Broadcast) -> rows.Track:
        """Take one message; its row is the last of the returned track."""
        time_s, payload, kind = message.time_s, message.payload, message.device_type
        ids = (message.device_number, kind, message.transmission_type)
        track = self._by_ids.get(ids)
        if track is None:
            track = self._by_ids[ids] = self._track(message.key, time_s)
        elif time_s - track.last_s > rows.LOST_AFTER_S:
            track.state[-1] = "lost"
        track.last_s = time_s
        if time_s > self.now_s:
            self.now_s = time_s
        if message.rx_ticks is not None and track.twins_since is None:
            track.twins_since = track.twins.heard(message.rx_ticks, time_s)
            if track.twins_since is not None:
                rows.void(track, track.twins_since)
        row = rows.NOTHING.copy()
        row[rows.TIME] = time_s
        row[-1] = message.rssi_dbm
        track.numbers.append(row)
        track.source.append(None)
        track.ambiguous.append(False)
        reading = _reading(kind, payload[0])
        shared = track.twins_since is not None
        if reading is None or shared:
            # a layout that is not known; or two transmitters under one number, whose counters are mixed
            track.raw.append(payload)
            track.page.append(payload[0])
        else:
            number, read, handle = reading
            track.raw.append(None)
            track.page.append(number)
            handle(track, row, time_s, read(payload))
            shared = track.twins_since is not None
            if shared:
                row[rows.FROM :] = [None] * (len(row) - rows.FROM)
        track.state.append("unknown" if shared else track.now)
        return track

    def _track(self, key: DeviceKey, time_s: float) -> rows.Track:
        """The track of a device heard for the first time."""
        track = self.tracks.get(key)
        if track is None:
            twins = Twins(twin_period(key.device_type))
            track = self.tracks[key] = rows.Track(key, time_s, twins, now=_first_state(key.device_type))
        return track

    def state(self, key: DeviceKey, at_s: float) -> str | None:
        """What a device is doing at a moment, "lost" included."""
        track = self.tracks.get(key)
        if track is None or at_s - track.last_s > rows.LOST_AFTER_S:
            return "lost"
        return track.now

    def quarantined(self) -> dict[DeviceKey, float]:
        """Devices whose number two transmitters share, and since when."""
        return {key: track.twins_since for key, track in self.tracks.items() if track.twins_since is not None}

    def close(self) -> None:
        """Give what was told last its usual time, and mark what fell silent before the end."""
        for track in self.tracks.values():
            held.release(track)
            if track.state and self.now_s - track.last_s > rows.LOST_AFTER_S:
                track.state[-1] = "lost"

    def frame(self, key: DeviceKey) -> pl.DataFrame:
        """The rows of one device as a polars frame."""
        track = self.tracks[key]
        return _frame(track, len(track.numbers))

    def take(self, key: DeviceKey, keep: int = KEEP_ROWS) -> pl.DataFrame | None:
        """The oldest rows of one device, forgotten here; None where there are no more than `keep`.

        The newest stay, because a stop or a twin found later may still change them.
        """
        track = self.tracks[key]
        count = len(track.numbers) - max(keep, 1)
        if count <= 0:
            return None
        taken = _frame(track, count)
        self.forget(key, keep)
        return taken

    def forget(self, key: DeviceKey, keep: int = KEEP_ROWS) -> None:
        """Drop the oldest rows of one device: what a live view need not remember."""
        track = self.tracks[key]
        count = len(track.numbers) - max(keep, 1)
        if count > 0:
            for rows_of in (
                track.numbers, track.page, track.source, track.state, track.ambiguous, track.raw
            ):  # fmt: skip
                del rows_of[:count]


def _frame(track: rows.Track, count: int) -> pl.DataFrame:
    import polars as pl

    columns = list(zip(*track.numbers[:count], strict=True)) if count else [() for _ in rows.NUMBERS]
    data: dict[str, pl.Series] = {
        name: pl.Series(name, columns[rows.AT[name]], dtype=pl.Float64) for name in rows.NUMBERS
    }
    data["page"] = pl.Series("page", [p if p >= 0 else None for p in track.page[:count]], dtype=pl.Int64)
    data["source"] = pl.Series("source", track.source[:count], dtype=pl.String)
    data["state"] = pl.Series("state", track.state[:count], dtype=pl.String)
    data["ambiguous"] = pl.Series("ambiguous", track.ambiguous[:count], dtype=pl.Boolean)
    data["payload"] = pl.Series("payload", track.raw[:count], dtype=pl.Binary)
    return pl.DataFrame(data)


def decode(broadcasts: Iterable[Broadcast]) -> dict[DeviceKey, pl.DataFrame]:
    """Every device of a capture as rows: one per received data message, in the order received.

    Columns: `time_s` [s] as given, `from_s` and `until_s` [s] where the value's interval begins and ends,
    `power_w`, `cadence_rpm`, `torque_nm` (means over that interval), `work_j`, `revolutions` (sums over
    it), `told_rpm` and `told_nm` (what the sensor said of the moment), `source` (crank_torque, frequency,
    power_only, trainer, wheel_torque …), `state` (pedalling, coasting, stopped, lost, unknown),
    `ambiguous`, `heart_rate_bpm`, `rr_s`, `resistance_pct`, pedalling
    quality, `page`, and `payload` for pages whose layout is not known.
    """
    decoder = Decoder()
    for message in broadcasts:
        decoder.feed(message)
    decoder.close()
    return {key: decoder.frame(key) for key in decoder.tracks}


def _first_state(device_type: int) -> str | None:
    return None if device_type == pages.HEART_RATE else "unknown"


Handler = Callable[[rows.Track, rows.Row, float, dict[str, Any]], None]

_BY_NAME: dict[tuple[int, str], Handler] = {
    (pages.POWER, "power_only"): power_pages.power_only,
    (pages.POWER, "crank_torque"): power_pages.crank_torque,
    (pages.POWER, "wheel_torque"): power_pages.wheel_torque,
    (pages.POWER, "crank_torque_frequency"): power_pages.frequency,
    (pages.POWER, "calibration"): other_pages.health,
    (pages.POWER, "parameters"): other_pages.parameters,
    (pages.FITNESS_EQUIPMENT, "general"): other_pages.equipment,
    (pages.FITNESS_EQUIPMENT, "trainer"): power_pages.power_only,
    (pages.FITNESS_EQUIPMENT, "stationary_bike"): power_pages.stationary_bike,
    (pages.FITNESS_EQUIPMENT, "trainer_torque"): power_pages.trainer_torque,
    (pages.SPEED_CADENCE, "speed_cadence"): other_pages.speed_cadence,
}


def _handler(page: pages.Page) -> Handler:
    if page.profile == pages.HEART_RATE:
        return other_pages.heart
    if page.profile == pages.CADENCE:
        return other_pages.cadence
    if page.profile == pages.SPEED:
        return other_pages.wheel_speed
    if page.profile == pages.COMMON:
        return other_pages.health
    return _BY_NAME.get((page.profile, page.name), other_pages.plain)


_HANDLERS = {id(page): (extractor(page.fields), _handler(page)) for page in pages.PAGES}

Reading = tuple[int, Callable[[bytes], dict[str, Any]], Handler]
"""Number of a page as its row says it (-1: it has none), how its fields are read, what is made of them."""


@cache
def _reading(kind: int, first_byte: int) -> Reading | None:
    """How a message of a device type is read, by its first byte; None where its layout is not known."""
    page = pages.page_of(kind, bytes([first_byte]))
    if page is None:
        return None
    number = -1 if page.number is None else page.number
    return number if number < pages.FIRST_COMMON_PAGE else first_byte, *_HANDLERS[id(page)]
