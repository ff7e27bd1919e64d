"""A simulated room: riders of differing strength follow one programme on bikes with four sensors each.

Comes in: how many bikes, how long, a seed. Goes out: the studio, the truth of every bike, and what all its
sensors send, for a virtual stick. Same seed, same room. It proves the host side, not radio. Leaves to
others: the physics (`simulation.py`), what sensors say (`sensors.py`), the stick (`stick.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from telemetry import units
from telemetry.ingest.antplus import pages, sensors
from telemetry.ingest.antplus.sensors import Sensor
from telemetry.ingest.antplus.studio import MOST_BIKES, Bike, Studio
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate

SCHEMA: Final = "telemetry.truth/1"
FIRST_NUMBER: Final = 1001
LOW_RPM, TURNING_RPM = 60.0, 20.0

PROGRAMME: Final = (
    # share of the class, name, share of FTP, rpm, standing
    (0.10, "Warm-up", 0.50, 86, False),
    (0.08, "Build", 0.66, 90, False),
    (0.12, "Rolling hill", 0.80, 78, False),
    (0.04, "Recover 1", 0.45, 85, False),
    (0.12, "Seated climb 1", 0.94, 54, False),
    (0.04, "Recover 2", 0.42, 84, False),
    (0.06, "Standing climb", 0.88, 66, True),
    (0.02, "Coast", 0.0, 0, False),
    (0.12, "Flat road", 0.74, 90, False),
    (0.05, "Fast legs", 0.88, 104, False),
    (0.04, "Recover 3", 0.42, 84, False),
    (0.11, "Seated climb 2", 0.96, 52, False),
    (0.10, "Cool-down", 0.40, 80, False),
)
SHORTEST_STEP_S: Final = 1.0


@dataclass(frozen=True)
class VirtualRoom:
    """One class of a simulated room."""

    studio: Studio
    sensors: tuple[Sensor, ...]
    truth: dict[str, Any]
    """plain types, for `truth.json`"""


def programme(duration_s: float) -> tuple[Step, ...]:
    """The class's programme, stretched or squeezed to its duration; in a very short class the first steps."""
    made: list[Step] = []
    for share, name, intensity, rpm, standing in PROGRAMME:
        length = max(SHORTEST_STEP_S, round(share * duration_s))
        left = duration_s - sum(step.duration_s for step in made)
        if left <= 0:
            break
        last = name == PROGRAMME[-1][1]
        made.append(Step(name, left if last else min(length, left), intensity, rpm, standing=standing))
    return tuple(made)


def virtual_room(bikes: int, duration_s: float, seed: int) -> VirtualRoom:
    """A room of `bikes`, each with a power meter, a trainer, a belt and a speed and cadence pod.

    Sensors send a little longer than the class, so that a capture of `duration_s` never ends in silence.
    """
    if not 1 <= bikes <= MOST_BIKES:
        raise ValueError(f"bikes must be 1 to {MOST_BIKES}, got {bikes}")
    steps = programme(duration_s)
    tail = (*steps, Step("after", 2.0, PROGRAMME[-1][2], PROGRAMME[-1][3]))
    width = max(2, len(str(bikes)))
    seats, sending, true = [], [], []
    for place in range(bikes):
        rng = np.random.Generator(np.random.PCG64([seed, place, 41]))
        rider, bike = _rider(rng), BikeModel(fixed_wheel=bool(rng.random() < 0.7), meter_noise=0.02)
        ride = simulate(rider, bike, tail, seed * 1000 + place)
        number = FIRST_NUMBER + place
        phases = rng.integers(0, 8000, 4).tolist()
        noise_seed = seed * 1000 + place
        sending += [
            sensors.power_meter(
                ride, number, noise_seed, noise=bike.meter_noise, by_revolution=bool(rng.random() < 0.7),
                phase_ticks=phases[0], battery_v=2.4 if rng.random() < 0.05 else 2.9,
            ),
            sensors.trainer(ride, number, noise_seed, noise=bike.meter_noise, phase_ticks=phases[1]),
            sensors.heart_rate_belt(ride, number, phase_ticks=phases[2]),
            sensors.speed_cadence_pod(ride, number, phase_ticks=phases[3]),
        ]  # fmt: skip
        seat = f"{place + 1:0{width}d}"
        kinds = (pages.POWER, pages.FITNESS_EQUIPMENT, pages.HEART_RATE, pages.SPEED_CADENCE)
        seats.append(Bike(seat, dict.fromkeys(kinds, number)))
        true.append(_truth(seat, rider, ride, duration_s))
    return VirtualRoom(
        Studio(f"Virtual room, seed {seed}", tuple(seats)),
        tuple(sending),
        {
            "schema": SCHEMA,
            "seed": seed,
            "duration_s": duration_s,
            "second_0": "the moment scanning began: the capture's first event",
            "programme": [
                {"name": step.name, "duration_s": step.duration_s, "cadence_rpm": step.cadence_rpm,
                 "share_of_ftp": step.intensity, "standing": step.standing}
                for step in steps
            ],
            "seats": true,
        },
    )  # fmt: skip


def _rider(rng: np.random.Generator) -> RiderModel:
    mass = float(rng.uniform(52.0, 95.0))
    ftp = mass * float(rng.uniform(2.0, 3.8))
    return RiderModel(
        mass_kg=round(mass, 1),
        ftp_w=round(ftp),
        preferred_cadence_rpm=float(rng.uniform(70.0, 95.0)),
        cue_following=float(rng.uniform(0.6, 1.0)),
        gain_bpm_per_w=100.0 / ftp,
        rest_bpm=float(rng.uniform(52.0, 70.0)),
    )


def _truth(seat: str, rider: RiderModel, ride: Ride, duration_s: float) -> dict[str, Any]:
    """What really happened on one bike, in totals and second by second."""
    seconds = math.ceil(duration_s)
    rate = round(ride.rate_hz)
    n = min(round(duration_s * rate), len(ride.time_s))
    low = (ride.cadence_rpm[:n] >= TURNING_RPM) & (ride.cadence_rpm[:n] <= LOW_RPM)

    def means(values: np.ndarray) -> list[float]:
        cut = values[: seconds * rate]
        blocks = cut[: len(cut) // rate * rate].reshape(-1, rate).mean(axis=1)
        rounded: list[float] = np.round(blocks, 1).tolist()
        return rounded

    return {
        "seat": seat,
        "mass_kg": rider.mass_kg,
        "ftp_w": rider.ftp_w,
        "work_kj": round(float(ride.power_w[:n].sum()) / ride.rate_hz / units.JOULES_PER_KILOJOULE, 4),
        "revolutions": round(float(ride.angle_rad[n - 1]) / (2.0 * math.pi), 3),
        "low_cadence_s": float(low.sum()) / ride.rate_hz,
        "power_w": means(ride.power_w),
        "cadence_rpm": means(ride.cadence_rpm),
        "torque_nm": means(ride.torque_nm),
        "heart_rate_bpm": means(ride.heart_rate_bpm),
    }
