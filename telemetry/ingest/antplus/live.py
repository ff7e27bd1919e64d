"""What every seat does now: the rows of a live table, from a running capture or a replay of one.

Comes in: messages in the order received. Goes out: one `SeatNow` per seat when asked. Little is remembered:
a view that ran for a day must not grow. Leaves to others: decoding (`decoder.py`), drawing (the command
line), the grinding thresholds, which are the analysis's and are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from telemetry.ingest.antplus import pages, rows
from telemetry.ingest.antplus.broadcast import Broadcast, DeviceKey
from telemetry.ingest.antplus.capture_read import BleRow
from telemetry.ingest.antplus.decoder import KEEP_ROWS, Decoder
from telemetry.ingest.antplus.frames import Channels, Frame
from telemetry.ingest.antplus.identity import TICKS_PER_SECOND, StickMerger
from telemetry.ingest.antplus.recorder import LiveRow
from telemetry.ingest.antplus.studio import BELTS, Studio
from telemetry.ingest.ble.decoder import BleDecoder

LATEST_S: Final = 3.25
RECEPTION_WINDOW_S: Final = 20.0
GRINDING_AFTER_S: Final = 3.0
LOW_BATTERY: Final = 4
_ORDER: Final = (
    pages.POWER, pages.FITNESS_EQUIPMENT, pages.SPEED_CADENCE, pages.CADENCE, pages.HEART_RATE, pages.SPEED,
)  # fmt: skip
"""Whose word counts first where two devices of a seat say the same thing."""


@dataclass(frozen=True, slots=True)
class Grinding:
    """From when on slow and heavy is shown as grinding, and until when it stays so."""

    on_rpm: float
    off_rpm: float
    on_nm: float
    off_nm: float
    turning_rpm: float


@dataclass(slots=True)
class SeatNow:
    """One seat at one moment; None: not known now."""

    seat: str
    rider: str | None = None
    state: str = "lost"
    """pedalling, coasting, stopped, lost, unknown"""
    power_w: float | None = None
    cadence_rpm: float | None = None
    torque_nm: float | None = None
    heart_rate_bpm: float | None = None
    resistance_pct: float | None = None
    grinding: bool = False
    reception_pct: float | None = None
    """of the slots of the last 20 s, the worst device's"""
    battery_low: bool = False
    shared_number: bool = False
    """two bikes send under one number: no value can be shown"""


@dataclass
class _Seat:
    keys: list[DeviceKey] = field(default_factory=list)
    grinding_since: float | None = None


class LiveRoom:
    """Feed it; ask it for `seats`."""

    def __init__(self, studio: Studio, grinding: Grinding) -> None:
        self.studio = studio
        self.messages = 0
        self.now_s = 0.0
        """time of the newest message"""
        self._grinding = grinding
        self._decoder = Decoder()
        self._ble: BleDecoder | None = None
        self._channels: dict[int, Channels] = {}
        self._merger = StickMerger()
        self._sticks: set[int] = set()
        self._zero: float | None = None
        self._first: dict[DeviceKey, float] = {}
        self._seats: dict[str, _Seat] = {bike.seat: _Seat() for bike in studio.bikes}
        self._belts: list[DeviceKey] = []

    # --- what is heard --------------------------------------------------------------------------------------

    def take(self, received: Iterable[LiveRow | BleRow]) -> None:
        """Rows as the capture process sends them, times as the file holds them."""
        for item in received:
            if isinstance(item, BleRow):
                self.feed_ble(item)
                continue
            unix_s, stick, message_id, body = item
            known = self._channels.setdefault(stick, Channels())
            frame = Frame(message_id, body)
            known.note(frame)
            self._zero = unix_s if self._zero is None else self._zero
            message = known.broadcast(frame, unix_s - self._zero, stick)
            if message is None:
                continue
            self._sticks.add(stick)
            if len(self._sticks) == 1 or self._merger.accept(message):
                self.feed(message)

    def feed(self, message: Broadcast) -> rows.Track:
        """One message, its slot heard for the first time."""
        return self._noted(self._decoder, self._decoder.feed(message))

    def feed_ble(self, row: BleRow) -> rows.Track:
        """One Bluetooth row."""
        if self._ble is None:
            self._zero = row.unix_s if self._zero is None else self._zero
            self._ble = BleDecoder(self._zero)
        return self._noted(self._ble, self._ble.feed(row))

    def _noted(self, decoder: Decoder, track: rows.Track) -> rows.Track:
        self.messages += 1
        self.now_s = max(self.now_s, track.last_s)
        if track.key not in self._first:
            self._first[track.key] = track.last_s
            seat = self.studio.seat(track.key)
            if seat is not None:
                self._seats.setdefault(seat, _Seat()).keys.append(track.key)
            elif self.studio.rider_of_belt(track.key):
                self._belts.append(track.key)
        if len(track.numbers) > 2 * KEEP_ROWS:
            decoder.forget(track.key)
        return track

    # --- what is shown --------------------------------------------------------------------------------------

    def seats(self, now_s: float | None = None) -> list[SeatNow]:
        """Every seat in order, at a moment of the messages' clock; by default the newest message's."""
        now = self.now_s if now_s is None else now_s
        return [self._seat(name, seat, now) for name, seat in sorted(self._seats.items())]

    def _seat(self, name: str, seat: _Seat, now: float) -> SeatNow:
        shown = SeatNow(name, self.studio.riders.get(name))
        worn = [key for key in self._belts if self.studio.rider_of_belt(key) == shown.rider and shown.rider]
        tracks = [self._track(key) for key in sorted((*seat.keys, *worn), key=_rank)]
        for key in (*worn, *(own for own in seat.keys if own.device_type in BELTS)):
            # before a console, which repeats any belt that it was paired with
            if self._track(key).twins_since is None:
                _latest(self._track(key), now, shown, _HEART)
        shares = []
        for track in tracks:
            if track.twins_since is not None:
                shown.shared_number = True
                continue
            shown.battery_low |= track.health.get("battery_status", 0) >= LOW_BATTERY
            share = self._share(track, now)
            shares += [] if share is None else [share]
            if now - track.last_s > rows.LOST_AFTER_S:
                continue
            if track.now is not None and shown.state in ("lost", "unknown"):
                shown.state = track.now
            _latest(track, now, shown)
        if shown.state == "stopped":
            shown.power_w = shown.cadence_rpm = shown.torque_nm = 0.0
        shown.reception_pct = 100.0 * min(shares) if shares else None
        shown.grinding = self._grinds(seat, shown, now)
        return shown

    def _track(self, key: DeviceKey) -> rows.Track:
        if key in self._decoder.tracks:
            return self._decoder.tracks[key]
        assert self._ble is not None
        return self._ble.tracks[key]

    def _share(self, track: rows.Track, now: float) -> float | None:
        """Received of expected slots in the last seconds; None where there are no slots, or too few yet."""
        period = pages.PERIODS_TICKS.get(track.key.device_type)
        begin = max(now - RECEPTION_WINDOW_S, self._first[track.key])
        if period is None or now - begin < 1.0:
            return None
        expected = int((now - begin) * TICKS_PER_SECOND / period[0])
        heard = 0
        for row in reversed(track.numbers):
            if (row[rows.TIME] or 0.0) <= begin:
                break
            heard += 1
        return min(1.0, heard / expected)

    def _grinds(self, seat: _Seat, shown: SeatNow, now: float) -> bool:
        limits, rpm, torque = self._grinding, shown.cadence_rpm, shown.torque_nm
        if (
            rpm is None
            or torque is None
            or not limits.turning_rpm <= rpm <= limits.off_rpm
            or torque < limits.off_nm
        ):
            seat.grinding_since = None
        elif seat.grinding_since is None and rpm <= limits.on_rpm and torque >= limits.on_nm:
            seat.grinding_since = now
        return seat.grinding_since is not None and now - seat.grinding_since >= GRINDING_AFTER_S


_SHOWN: Final = tuple(
    (name, rows.AT[name])
    for name in ("power_w", "cadence_rpm", "torque_nm", "heart_rate_bpm", "resistance_pct")
)


_HEART: Final = tuple(item for item in _SHOWN if item[0] == "heart_rate_bpm")


def _latest(
    track: rows.Track, now: float, shown: SeatNow, kinds: tuple[tuple[str, int], ...] = _SHOWN
) -> None:
    """Take the device's newest value of each kind, where no device before it had one."""
    wanted = [(name, place) for name, place in kinds if getattr(shown, name) is None]
    for row in _newest(track.numbers, now):
        for item in wanted[:]:
            value = row[item[1]]
            if value is not None:
                setattr(shown, item[0], value)
                wanted.remove(item)
        if not wanted:
            return


def _newest(numbers: list[rows.Row], now: float) -> Iterator[rows.Row]:
    for row in reversed(numbers):
        if now - (row[rows.TIME] or 0.0) > LATEST_S:
            return
        yield row


def _rank(key: DeviceKey) -> tuple[int, DeviceKey]:
    return (_ORDER.index(key.device_type) if key.device_type in _ORDER else len(_ORDER), key)
