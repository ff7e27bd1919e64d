"""Simulated sensors: a true `Ride` becomes the messages that power meter, trainer, belt and pod would send.

Comes in: a ride of `ingest/simulation.py` and which sensor to be. Goes out: a `Sensor`, every message of
the class as one byte matrix with its slot times. Counters roll over as the profiles say; no message is lost
here. Leaves to others: loss, framing and the radio (`stick.py`), and what is made of it (`decoder.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from telemetry import units
from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.pages import Page
from telemetry.ingest.simulation import Ride

TICKS_PER_SECOND = 32768
INVALID_BYTE = 0xFF
BACKGROUND_EVERY = 61
"""A background page pair every so many messages, so that it never falls on the same counter twice."""
SIMULATED_MANUFACTURER = 255
"""development"""
WHEEL_TURNS_PER_CRANK_TURN = 3.5


@dataclass(frozen=True)
class Sensor:
    """One transmitter of one class. `payloads` is uint8 (n, 8), `ticks` int64 (n,) its slots in 1/32768 s."""

    device_number: int
    device_type: int
    transmission_type: int
    period_ticks: int
    ticks: np.ndarray
    payloads: np.ndarray

    @property
    def time_s(self) -> np.ndarray:
        """Slot times [s], (n,)."""
        times: np.ndarray = self.ticks / TICKS_PER_SECOND
        return times

    def broadcasts(self, received: np.ndarray | None = None) -> Iterator[Broadcast]:
        """The messages, or those of a bool mask (n,), as the decoder takes them."""
        which = np.arange(len(self.ticks)) if received is None else np.flatnonzero(received)
        for i in which.tolist():
            tick = int(self.ticks[i])
            yield Broadcast(
                time_s=tick / TICKS_PER_SECOND,
                device_number=self.device_number,
                device_type=self.device_type,
                transmission_type=self.transmission_type,
                payload=self.payloads[i].tobytes(),
                rx_ticks=tick & 0xFFFF,
            )


def pack(page: Page, n: int, **raw: np.ndarray | int) -> np.ndarray:
    """Payloads of one page, uint8 (n, 8), from raw integers by field name; what is not named is 0xFF.

    Raises
    ------
    KeyError : a name the page does not have
    """
    fields = {field.name: field for field in page.fields}
    little = np.full(n, np.iinfo(np.uint64).max, dtype=np.uint64)
    if page.number is not None:
        little = (little & ~np.uint64(0xFF)) | np.uint64(page.number)
    for name, numbers in raw.items():
        field = fields[name]
        mask = np.uint64(field.modulus - 1)
        values = np.broadcast_to(np.asarray(numbers, dtype=np.int64), (n,)).astype(np.uint64) & mask
        shift = field.first_bit
        if field.big_endian and field.bits == 16:
            values = ((values & np.uint64(0xFF)) << np.uint64(8)) | (values >> np.uint64(8))
        little = (little & ~(mask << np.uint64(shift))) | (values << np.uint64(shift))
    return little.astype("<u8").view(np.uint8).reshape(n, 8)


@dataclass(frozen=True)
class _Turning:
    """The crank's revolutions as a meter sees them: one entry per completed revolution."""

    ends_s: np.ndarray
    torque_nm: np.ndarray
    power_w: np.ndarray


def _turning(ride: Ride, error: np.ndarray) -> _Turning:
    step = 1.0 / ride.rate_hz
    ends = np.concatenate(([0.0], ride.time_s + step))
    angle = np.concatenate(([0.0], ride.angle_rad))
    work = np.concatenate(([0.0], np.cumsum(ride.power_w * error) * step))
    total = math.floor(angle[-1] / (2.0 * math.pi)) if len(angle) else 0
    crossings = np.interp(np.arange(total + 1) * 2.0 * math.pi, angle, ends)
    energy = np.diff(np.interp(crossings, ends, work))
    spans = np.maximum(np.diff(crossings), 1e-6)
    return _Turning(crossings[1:], energy / (2.0 * math.pi), energy / spans)


def slots(ride: Ride, period_ticks: int, phase_ticks: int) -> np.ndarray:
    """Transmission slots of a class, int64 (n,) in 1/32768 s, one channel period apart."""
    end = int(len(ride.time_s) / ride.rate_hz * TICKS_PER_SECOND)
    return np.arange(phase_ticks, end, period_ticks, dtype=np.int64)


def _scheduled(pattern: Sequence[np.ndarray], background: Sequence[np.ndarray]) -> np.ndarray:
    """Pages in turn, with the background pages in pairs between them."""
    n = len(pattern[0])
    out = np.empty((n, 8), dtype=np.uint8)
    place = np.arange(n)
    for turn, payloads in enumerate(pattern):
        chosen = place % len(pattern) == turn
        out[chosen] = payloads[chosen]
    for turn, payloads in enumerate(background):
        first = 10 + turn * (BACKGROUND_EVERY // max(1, len(background)))
        for second in (0, 1):
            chosen = place % BACKGROUND_EVERY == (first + second) % BACKGROUND_EVERY
            out[chosen] = payloads[chosen]
    return out


def _background(n: int, device_number: int, battery_v: float = 2.9) -> list[np.ndarray]:
    common = {page.number: page for page in pages.PAGES if page.profile == pages.COMMON}
    status = 2 if battery_v > 2.7 else 4
    return [
        pack(common[80], n, hardware=1, manufacturer=SIMULATED_MANUFACTURER, model=1),
        pack(common[81], n, software_supplement=0xFF, software=10, serial=device_number),
        pack(
            common[82], n, battery_id=0x11, operating_ticks=1000, battery_fraction_v=int(battery_v % 1 * 256),
            battery_v=int(battery_v), battery_status=status, ticks_of_two_seconds=0,
        ),
    ]  # fmt: skip


def _meter_error(ride: Ride, noise: float, scale: float, seed: int) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64([seed, 11]))
    seconds = math.ceil(len(ride.time_s) / ride.rate_hz)
    per_second = scale * (1.0 + noise * rng.standard_normal(seconds))
    return np.repeat(per_second, round(ride.rate_hz))[: len(ride.time_s)]


def power_meter(
    ride: Ride,
    device_number: int,
    seed: int,
    *,
    kinds: Sequence[str] = ("power_only", "crank_torque"),
    by_revolution: bool = True,
    noise: float = 0.0,
    scale: float = 1.0,
    phase_ticks: int = 0,
    battery_v: float = 2.9,
) -> Sensor:
    """A crank power meter: pages 0x10, 0x12 or 0x11-less mixtures in turn, by revolution or by time.

    `by_revolution` True: an event is a completed revolution and messages repeat until the next one.
    False: an event is an update, four a second, and only the ticks say whether the crank turned.
    """
    period = pages.PERIODS_TICKS[pages.POWER][0]
    ticks = slots(ride, period, phase_ticks)
    times = ticks / TICKS_PER_SECOND
    turning = _turning(ride, _meter_error(ride, noise, scale, seed))
    done = np.searchsorted(turning.ends_s, times, side="right")
    cadence = np.rint(np.interp(times, ride.time_s, ride.cadence_rpm)).astype(np.int64)
    clock = np.concatenate(([0.0], turning.ends_s))
    if by_revolution:
        events = done
        seconds = np.rint(clock * 2048.0).astype(np.int64)[done]
        torque = np.concatenate(([0], np.rint(np.cumsum(turning.torque_nm) * 32.0).astype(np.int64)))[done]
        power = np.concatenate(([0], np.cumsum(np.rint(turning.power_w).astype(np.int64))))[done]
        since = times - clock[done]
        latest = np.concatenate(([0.0], turning.power_w))[done]
        latest = np.where(since > 3.0, 0.0, latest)
        cadence = np.where(since > 3.0, 0, cadence)
    else:
        events = np.arange(len(ticks), dtype=np.int64)
        turns = cadence >= 1
        spin = np.where(turns, 60.0 / np.maximum(np.interp(times, ride.time_s, ride.cadence_rpm), 1.0), 0.0)
        seconds = np.rint(np.cumsum(spin) * 2048.0).astype(np.int64)
        error = _meter_error(ride, noise, scale, seed)
        now_torque = np.interp(times, ride.time_s, ride.torque_nm * error)
        latest = np.interp(times, ride.time_s, ride.power_w * error)
        torque = np.rint(np.cumsum(now_torque) * 32.0).astype(np.int64)
        power = np.cumsum(np.rint(latest).astype(np.int64))
    rows: Mapping[str, np.ndarray] = {
        "power_only": pack(
            pages.BY_NUMBER[pages.POWER, 0x10], len(ticks), event_count=events, pedal_power=0xFF,
            cadence_rpm=cadence, power=power, power_w=np.rint(latest).astype(np.int64),
        ),
        "crank_torque": pack(
            pages.BY_NUMBER[pages.POWER, 0x12], len(ticks), event_count=events, ticks=done,
            cadence_rpm=cadence, period=seconds, torque=torque,
        ),
    }  # fmt: skip
    payloads = _scheduled([rows[kind] for kind in kinds], _background(len(ticks), device_number, battery_v))
    return Sensor(device_number, pages.POWER, 5, period, ticks, payloads)


def trainer(ride: Ride, device_number: int, seed: int, *, noise: float = 0.0, phase_ticks: int = 0) -> Sensor:
    """A fitness-equipment bike: general, trainer data and resistance in turn; events by time."""
    period = pages.PERIODS_TICKS[pages.FITNESS_EQUIPMENT][0]
    ticks = slots(ride, period, phase_ticks)
    times = ticks / TICKS_PER_SECOND
    n = len(ticks)
    error = _meter_error(ride, noise, 1.0, seed)
    watts = np.rint(np.interp(times, ride.time_s, ride.power_w * error)).astype(np.int64)
    cadence = np.rint(np.interp(times, ride.time_s, ride.cadence_rpm)).astype(np.int64)
    knob = np.interp(times, ride.time_s, ride.knob)
    speed = np.interp(times, ride.time_s, ride.cadence_rpm) * 0.1
    in_use = 3
    general = pack(
        pages.BY_NUMBER[pages.FITNESS_EQUIPMENT, 0x10], n, equipment_type=25,
        elapsed=np.rint(times * 4).astype(np.int64), capabilities=0, equipment_state=in_use, lap_toggle=0,
        distance=np.cumsum(speed * period / TICKS_PER_SECOND).astype(np.int64),
        speed_mps=np.rint(speed * 1000).astype(np.int64),
    )  # fmt: skip
    data = pack(
        pages.BY_NUMBER[pages.FITNESS_EQUIPMENT, 0x19], n, event_count=np.arange(n), cadence_rpm=cadence,
        power=np.cumsum(watts), power_w=watts, trainer_status=0, target_flags=0, equipment_state=in_use,
        lap_toggle=0,
    )  # fmt: skip
    settings = pack(
        pages.BY_NUMBER[pages.FITNESS_EQUIPMENT, 0x11], n,
        resistance_pct=np.clip(np.rint(knob * 2), 0, 200).astype(np.int64), capabilities=0,
        equipment_state=in_use, lap_toggle=0,
    )  # fmt: skip
    payloads = _scheduled([data, data, general, data, data, settings], _background(n, device_number))
    return Sensor(device_number, pages.FITNESS_EQUIPMENT, 5, period, ticks, payloads)


def heart_rate_belt(ride: Ride, device_number: int, *, phase_ticks: int = 0) -> Sensor:
    """A belt: every beat counted, page 0 and page 4 in turn with the toggle every fourth message."""
    period = pages.PERIODS_TICKS[pages.HEART_RATE][0]
    ticks = slots(ride, period, phase_ticks)
    times = ticks / TICKS_PER_SECOND
    n = len(ticks)
    beats = np.concatenate(([0.0], np.cumsum(ride.heart_rate_bpm / units.SECONDS_PER_MINUTE / ride.rate_hz)))
    ends = np.concatenate(([0.0], ride.time_s + 1.0 / ride.rate_hz))
    when = np.interp(np.arange(math.floor(beats[-1]) + 1), beats, ends)
    done = np.searchsorted(when, times, side="right") - 1
    clock = np.rint(when * 1024.0).astype(np.int64)
    bpm = np.rint(np.interp(times, ride.time_s, ride.heart_rate_bpm)).astype(np.int64)
    toggle = np.arange(n) // 4 % 2
    rows = []
    for number, extra in ((0x00, {}), (0x04, {"previous_beat_time": clock[np.maximum(done - 1, 0)]})):
        payloads = pack(
            pages.BY_NUMBER[pages.HEART_RATE, number], n, page_toggle=toggle, beat_time=clock[done],
            beat_count=done, heart_rate_bpm=bpm, **extra,
        )  # fmt: skip
        rows.append(payloads)
    return Sensor(device_number, pages.HEART_RATE, 1, period, ticks, _scheduled(rows, []))


def speed_cadence_pod(ride: Ride, device_number: int, *, phase_ticks: int = 0) -> Sensor:
    """A combined pod: crank revolutions, and a flywheel that runs on where the legs rest."""
    period = pages.PERIODS_TICKS[pages.SPEED_CADENCE][0]
    ticks = slots(ride, period, phase_ticks)
    times = ticks / TICKS_PER_SECOND
    crank = _turning(ride, np.ones(len(ride.time_s))).ends_s
    wheel_angle = np.concatenate(([0.0], ride.angle_rad * WHEEL_TURNS_PER_CRANK_TURN))
    ends = np.concatenate(([0.0], ride.time_s + 1.0 / ride.rate_hz))
    turns = math.floor(wheel_angle[-1] / (2.0 * math.pi))
    wheel = np.interp(np.arange(1, turns + 1) * 2.0 * math.pi, wheel_angle, ends)

    def counted(events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        done = np.searchsorted(events, times, side="right")
        clock = np.rint(np.concatenate(([0.0], events)) * 1024.0).astype(np.int64)
        return clock[done], done

    crank_time, crank_done = counted(crank)
    wheel_time, wheel_done = counted(wheel)
    payloads = pack(
        pages.PAGELESS[pages.SPEED_CADENCE], len(ticks), cadence_time=crank_time,
        crank_revolutions=crank_done, wheel_time=wheel_time, wheel_revolutions=wheel_done,
    )  # fmt: skip
    return Sensor(device_number, pages.SPEED_CADENCE, 1, period, ticks, payloads)


def received(n: int, seed: int, share_lost: float, longest_burst: int = 1) -> np.ndarray:
    """A bool mask (n,) of what got through: losses in bursts of up to `longest_burst` messages.

    Two-state chain (Gilbert): bursts have uniform lengths 1 to `longest_burst`, and the gaps between them are
    geometric so that the share lost is `share_lost` on average.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 23]))
    mask = np.ones(n, dtype=np.bool_)
    if share_lost <= 0.0:
        return mask
    mean_burst = (1 + longest_burst) / 2.0
    mean_good = max(mean_burst * (1.0 - share_lost) / share_lost, 1.0)
    at = int(rng.geometric(1.0 / mean_good))
    while at < n:
        burst = int(rng.integers(1, longest_burst + 1))
        mask[at : at + burst] = False
        at += burst + int(rng.geometric(1.0 / mean_good))
    return mask
