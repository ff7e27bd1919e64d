"""Our decoder against openant's own, on the same messages of a simulated class.

Comes in: nothing but seeds. Goes out: messages a second of each, times real time for 100 bikes, and the
values of openant's that are wrong. Leaves to others: loss (`antplus_loss.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from openant.devices.bike_speed_cadence import BikeSpeedCadence
from openant.devices.fitness_equipment import FitnessEquipment
from openant.devices.heart_rate import HeartRate
from openant.devices.power_meter import PowerMeter

from telemetry.ingest.antplus import Decoder, pages, sensors
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate

PROGRAMME = (Step("easy", 120, 0.5, 90), Step("rest", 30, 0.0, 0), Step("climb", 120, 0.95, 52))
MESSAGES_PER_S = 100 * 4 * 4.05
OFF = 0.10
"""A value is called wrong when it is more than this away from the truth."""


def main(full: bool) -> None:
    """Print throughput and the values that differ from the truth."""
    ride = simulate(RiderModel(), BikeModel(fixed_wheel=False), PROGRAMME, 1)
    bikes = 20 if full else 5
    items = _class(bikes)
    ours = _rate(items, _ours)
    theirs = _rate(items, _theirs)
    print("| decoder | messages/s of one core | times real time, 100 bikes x 4 |")
    print("|---|---|---|")
    for name, rate in (("telemetry", ours), ("openant", theirs)):
        print(f"| {name} | {rate:,.0f} | {rate / MESSAGES_PER_S:.0f} |")
    print(f"ratio of throughput, ours to openant's: {ours / theirs:.2f} (openant logs and calls back only)\n")
    print("| message | value | values given: ours, openant | wrong by over 10 %: ours | openant |")
    print("|---|---|---|---|---|")
    for row in _comparison(ride):
        print(row)


def _class(bikes: int) -> list[Broadcast]:
    sent: list[Broadcast] = []
    for n in range(bikes):
        ride = simulate(RiderModel(), BikeModel(fixed_wheel=False), PROGRAMME, n)
        for sensor in (
            sensors.power_meter(ride, n + 1, n, phase_ticks=37 * n),
            sensors.trainer(ride, n + 1, n, phase_ticks=53 * n),
            sensors.heart_rate_belt(ride, n + 1),
            sensors.speed_cadence_pod(ride, n + 1),
        ):
            sent.extend(sensor.broadcasts())
    return sorted(sent, key=lambda item: item.time_s)


def _rate(items: Sequence[Broadcast], run: Callable[[Sequence[Broadcast]], None]) -> float:
    begun = time.process_time()
    run(items)
    return len(items) / (time.process_time() - begun)


def _ours(items: Sequence[Broadcast]) -> None:
    decoder = Decoder()
    for item in items:
        decoder.feed(item)
        if len(decoder.tracks[item.key].numbers) > 1000:
            decoder.forget(item.key)


class _Deaf:
    """openant's device without a channel: its decoding alone."""

    def open_channel(self, *_: Any, **__: Any) -> None:
        return

    @staticmethod
    def on_device_data(page: int, page_name: str, data: Any) -> None:
        return


def _device(kind: type[Any]) -> Any:
    return type(kind.__name__, (_Deaf, kind), {})(node=None)


KINDS = {
    pages.POWER: PowerMeter,
    pages.FITNESS_EQUIPMENT: FitnessEquipment,
    pages.HEART_RATE: HeartRate,
    pages.SPEED_CADENCE: BikeSpeedCadence,
}


def _theirs(items: Sequence[Broadcast]) -> None:
    devices: dict[Any, Any] = {}
    for item in items:
        device = devices.get(item.key)
        if device is None:
            device = devices[item.key] = _device(KINDS[item.device_type])
        device.on_data(list(item.payload))


def _comparison(ride: Ride) -> list[str]:
    rows = []
    cases: tuple[tuple[str, sensors.Sensor, int, str, Callable[[Any], float | None], np.ndarray], ...] = (
        (
            "0x12 crank torque", sensors.power_meter(ride, 1, 1, kinds=("crank_torque",)), 3, "power [W]",
            lambda device: _power(device), ride.power_w,
        ),
        (
            "0x12 crank torque", sensors.power_meter(ride, 1, 1, kinds=("crank_torque",)), 4, "cadence [rpm]",
            lambda device: device.data["power"].angular_velocity * 60 / (2 * np.pi), ride.cadence_rpm,
        ),
        (
            "0x10 power", sensors.power_meter(ride, 1, 1, kinds=("power_only",)), 3, "power [W]",
            lambda device: device.data["power"].average_power, ride.power_w,
        ),
        (
            "121 speed and cadence", sensors.speed_cadence_pod(ride, 1), 4, "cadence [rpm]",
            lambda device: device.data["bike_cadence"].calculate_cadence(),
            ride.cadence_rpm,
        ),
    )  # fmt: skip
    for name, sensor, column, unit, read, true in cases:
        ours, theirs = [], []
        decoder, device = Decoder(), _device(KINDS[sensor.device_type])
        device.on_device_data = lambda page, page_name, data: None
        truth = {}
        for item in sensor.broadcasts():
            track = decoder.feed(item)
            now = float(np.interp(item.time_s - 0.5, ride.time_s, true))
            truth[item.time_s] = now
            row = track.numbers[-1]
            if row[column] is not None:
                ours.append((item.time_s, float(row[column] or 0.0)))
            device.on_data(list(item.payload))
            value = read(device)
            if value is not None:
                theirs.append((item.time_s, float(value)))
        rows.append(
            f"| {name} | {unit} | {len(ours)}, {len(theirs)} | {_wrong(ours, truth, true)} "
            f"| {_wrong(theirs, truth, true)} |"
        )
    return rows


def _power(device: Any) -> float:
    data = device.data["power"]
    return float(data.torque * data.angular_velocity)


def _wrong(values: list[tuple[float, float]], truth: dict[float, float], true: np.ndarray) -> str:
    """The share of values that are far from the truth at their moment, changes of the programme left out."""
    scale = float(np.median(true[true > 0]))
    steady = [(at, value) for at, value in values if _steady(at)]
    if not steady:
        return "no value"
    off = [abs(value - truth[at]) > OFF * max(truth[at], scale) for at, value in steady]
    return f"{100 * float(np.mean(off)):.1f} %"


def _steady(at_s: float) -> bool:
    edges = np.cumsum([0.0] + [step.duration_s for step in PROGRAMME])
    return bool(np.all((at_s - edges < -1.0) | (at_s - edges > 8.0)))
