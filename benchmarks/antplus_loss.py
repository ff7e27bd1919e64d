"""Forty classes heard through 40 % loss in bursts of up to ten seconds, against what was really ridden.

Comes in: nothing but seeds. Goes out: errors of revolutions, work, low-cadence and grinding minutes, and of
the reception estimate. Leaves to others: damage to files (`antplus_crash.py`).
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from telemetry.analysis import analyze
from telemetry.ingest.antplus import decode, sensors
from telemetry.ingest.antplus.broadcast import DeviceKey
from telemetry.ingest.antplus.reception import reception
from telemetry.ingest.antplus.room import Seat, recording
from telemetry.ingest.antplus.virtual_room import programme
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, simulate
from telemetry.model import ClassRecording, MetricResult, Rider

LOSS, LONGEST_BURST_SLOTS = 0.40, 40
RIDER = Rider(ftp_w=210.0, mass_kg=70.0)
CLASS_S = 2700.0
HEARD_AT_ENDS = 8
"""messages of the first and last two seconds, before and after which nobody can know"""


def main(full: bool) -> None:
    """Print the table of errors over 40 seeds, or 12 without `--full`."""
    seeds = 40 if full else 12
    print(f"{seeds} classes of 45 min, {LOSS:.0%} of messages lost in bursts of up to 10 s\n")
    print("| sensors | quantity | mean absolute error | worst | within 1 % | within its interval |")
    print("|---|---|---|---|---|---|")
    for sensors_of, pod in (("meter and pod", True), ("meter alone", False)):
        errors: dict[str, list[float]] = {}
        held: dict[str, list[bool]] = {}
        for seed in range(seeds):
            found, inside = _one(seed, pod)
            for name, error in found.items():
                errors.setdefault(name, []).append(error)
            for name, within in inside.items():
                held.setdefault(name, []).append(within)
        for name, values in errors.items():
            off = np.abs(values)
            share = int((off <= 1.0).sum())
            line = f"| {sensors_of} | {name} | {off.mean():.2f} | {off.max():.2f} | {share} of {seeds} |"
            print(f"{line} {sum(held[name])} of {seeds} |" if name in held else f"{line} |")


def _one(seed: int, pod: bool) -> tuple[dict[str, float], dict[str, bool]]:
    """Errors of one class, in percent; of the reception in points. And which intervals hold the truth."""
    ride = simulate(RiderModel(cue_following=0.95), BikeModel(fixed_wheel=False), programme(CLASS_S), seed)
    frames: dict[DeviceKey, pl.DataFrame] = {}
    points = []
    for i, sensor in enumerate(
        (
            sensors.power_meter(ride, 1, seed, by_revolution=seed % 3 != 0),
            *([sensors.speed_cadence_pod(ride, 1)] if pod else []),
            sensors.heart_rate_belt(ride, 1),
        )
    ):
        heard = sensors.received(len(sensor.ticks), 100 * seed + i, LOSS, LONGEST_BURST_SLOTS)
        heard[:HEARD_AT_ENDS] = heard[-HEARD_AT_ENDS:] = True
        got = list(sensor.broadcasts(heard))
        frames |= decode(got)
        (counted,) = reception(got).values()
        points.append(100.0 * (counted.share - float(heard.mean())))
    heard_class = recording(Seat("01", frames), 0.0, CLASS_S)
    assert heard_class is not None
    power = np.nan_to_num(heard_class.array("power_w"))
    cadence = np.nan_to_num(heard_class.array("cadence_rpm"))
    true = _truth(ride)
    got_analysis, true_analysis = analyze(heard_class, RIDER), analyze(true, RIDER)
    inside = {
        f"{words} [%]": _inside(got_analysis.metrics[name], true_analysis.metric(name))
        for words, name in (
            ("low-cadence minutes", "low_cadence_min"),
            ("grinding minutes", "grinding_min"),
            ("torque load", "torque_load"),
        )
    }
    errors = {
        "revolutions [%]": _off(cadence.sum() / 60.0, float(ride.angle_rad[-1]) / (2.0 * math.pi)),
        "work [%]": _off(power.sum(), float(ride.power_w.sum()) / ride.rate_hz),
        "low-cadence minutes [%]": _off(_low(heard_class), _low(true)),
        "grinding minutes [%]": _off(
            got_analysis.metric("grinding_min") or 0.0, true_analysis.metric("grinding_min") or 0.0
        ),
        "torque load [%]": _off(
            got_analysis.metric("torque_load") or 0.0, true_analysis.metric("torque_load") or 0.0
        ),
        "reception [points]": float(max(points, key=abs)),
    }
    return errors, inside


def _inside(got: MetricResult, true: float | None) -> bool:
    if got.low is None or got.high is None or true is None:
        return False
    return got.low <= true <= got.high


def _truth(ride: Ride) -> ClassRecording:
    """The class as it was, second by second."""
    rate = round(ride.rate_hz)

    def means(values: np.ndarray) -> np.ndarray:
        averaged: np.ndarray = values[: len(values) // rate * rate].reshape(-1, rate).mean(axis=1)
        return averaged

    power, turning = means(ride.power_w), means(ride.cadence_rpm)
    torque = np.divide(power, turning * math.pi / 30.0, out=np.zeros_like(power), where=turning > 0.5)
    columns = {
        "time_s": np.arange(len(power), dtype=np.float64),
        "power_w": power,
        "cadence_rpm": turning,
        "torque_nm": torque,
        "heart_rate_bpm": means(ride.heart_rate_bpm),
    }
    return ClassRecording(
        id="truth", source="simulated", samples=pl.DataFrame(columns), torque_source="crank"
    )


def _low(recorded: ClassRecording) -> float:
    cadence = recorded.array("cadence_rpm")
    return float(((cadence >= 20.0) & (cadence <= 60.0)).sum()) / 60.0


def _off(got: float, true: float) -> float:
    return 100.0 * (got / true - 1.0) if true else 100.0 * got
