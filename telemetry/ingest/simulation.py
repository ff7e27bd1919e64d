"""A simulated class: a rider on a magnetic bike follows a programme, and every true number is known.

Comes in: a rider, a bike, a list of steps, a seed. Goes out: a `Ride`, the true crank as a function of time
on a 4 Hz grid, and through `observe` what a meter and a recorder would have made of it. Leaves to others:
files and radio; fixtures write it as FIT, the virtual stick sends it as ANT+ pages. Same seed, same ride.

The model, in the order in which it is computed:

- the rider turns the knob until the cued power is met at the cued cadence, and follows the cue by habit and
  ear: first-order lag, AR(1) noise, slower legs from a known minute on;
- the bike is an eddy-current brake: torque falls with cadence at a fixed knob (T ~ c^0.69 r^2.17, fitted to
  ten community points, metrics.md section 10), and a flywheel that must be sped up and slowed down;
- heart rate is rest + gain x power filtered with one time constant + drift x time + AR(1) noise;
- balance, effectiveness and smoothness are slow functions of torque and time with noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from telemetry import units

RATE_HZ = 4.0
"""Grid of the true values: ANT+ sends at 4.05 Hz, and 1 Hz recorders average four of them."""

BRAKE_FACTOR, BRAKE_CADENCE_EXPONENT, BRAKE_KNOB_EXPONENT = 2.22338e-5, 1.6929, 2.1749
"""P = factor · c^1.6929 · r^2.1749: metrics.md section 10."""

EASED_KNOB = 10.0
"""Where a rider leaves the knob to coast: a fixed wheel then turns on for half a minute."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a class programme: what the instructor calls.

    `intensity` is the share of the rider's FTP at the cued cadence; 0 means legs still (coasting).
    `recorded` False: the rider has stopped the recorder for this step.
    """

    name: str
    duration_s: float
    intensity: float
    cadence_rpm: float
    standing: bool = False
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class RiderModel:
    """A rider. Noise as standard deviations; everything with `fade` starts at `fade_min`."""

    mass_kg: float = 70.0
    ftp_w: float = 210.0
    cp_w: float = 205.0
    w_prime_j: float = 16000.0
    preferred_cadence_rpm: float = 86.0
    cue_following: float = 1.0
    """1 turns what is cued, 0 what the legs prefer"""
    cadence_noise_rpm: float = 1.2
    cadence_noise_s: float = 6.0
    """time constant of the cadence noise"""
    knob_error: float = 0.02
    rest_bpm: float = 56.0
    gain_bpm_per_w: float = 0.46
    heart_rate_s: float = 32.0
    """time constant of the heart rate"""
    heart_rate_noise_bpm: float = 0.8
    heart_rate_drift_bpm_per_h: float = 0.0
    arrival_share: float = 0.25
    """share of FTP that the heart has in it on arrival, from setting up the bike"""
    respiration_per_min: float = 14.0
    fade_min: float | None = None
    fade_rpm_per_min: float = 0.0
    right_pct: float = 50.5
    right_drift_pct_per_min: float = 0.0
    """from `fade_min` on, or from the start where there is none"""
    right_per_nm: float = -0.03
    right_noise_pct: float = 1.5
    effectiveness_pct: float = 74.0
    smoothness_pct: float = 21.0


@dataclass(frozen=True, slots=True)
class BikeModel:
    """A studio bike with its meter."""

    inertia_kgm2: float = 3.0
    """flywheel as felt at the crank"""
    fixed_wheel: bool = True
    """True: legs and flywheel turn together, so that cadence lives on while the rider rests"""
    meter_scale: float = 1.0
    """reads this much times the truth"""
    meter_noise: float = 0.03
    """independent per second"""
    left_only: bool = False
    """True: the left crank doubled"""


@dataclass(frozen=True)
class Ride:
    """The truth, one value per 1/rate_hz seconds (n,), float64 unless said."""

    rate_hz: float
    time_s: np.ndarray
    cadence_rpm: np.ndarray
    torque_nm: np.ndarray
    """at the crank, mean over a revolution"""
    power_w: np.ndarray
    angle_rad: np.ndarray
    """crank angle since the start, at the end of each interval"""
    heart_rate_bpm: np.ndarray
    respiration_per_min: np.ndarray
    knob: np.ndarray
    """resistance level, in quarter steps"""
    right_pct: np.ndarray
    effectiveness_pct: np.ndarray
    smoothness_pct: np.ndarray
    standing: np.ndarray
    """bool"""
    step: np.ndarray
    """int64: index into the programme"""
    programme: tuple[Step, ...]

    def stroke_times_s(self) -> np.ndarray:
        """When each half revolution was completed [s], (strokes,), coasting turns included."""
        total = math.floor(self.angle_rad[-1] / math.pi) if len(self.angle_rad) else 0
        ends = self.time_s + 1.0 / self.rate_hz
        angle, at = np.concatenate(([0.0], self.angle_rad)), np.concatenate(([0.0], ends))
        return np.interp(np.arange(1, total + 1) * math.pi, angle, at)


def simulate(
    rider: RiderModel, bike: BikeModel, programme: Sequence[Step], seed: int, rate_hz: float = RATE_HZ
) -> Ride:
    """The true course of a class. Deterministic: one PCG64 stream per quantity, all from `seed`."""
    streams = np.random.SeedSequence(seed).spawn(7)
    cadence_rng, knob_rng, heart_rng, right_rng, effect_rng, smooth_rng, breath_rng = (
        np.random.Generator(np.random.PCG64(stream)) for stream in streams
    )
    counts = [round(step.duration_s * rate_hz) for step in programme]
    n = sum(counts)
    dt = 1.0 / rate_hz
    time_s = np.arange(n) * dt
    minutes = time_s / units.SECONDS_PER_MINUTE
    index = np.repeat(np.arange(len(programme)), counts)
    cue = np.asarray([step.cadence_rpm for step in programme])[index]
    driven = np.asarray([step.intensity > 0 for step in programme])[index]
    standing = np.asarray([step.standing for step in programme])[index]

    faded = np.zeros(n)
    if rider.fade_min is not None:
        faded = np.maximum(0.0, minutes - rider.fade_min)
    habit = rider.cue_following * cue + (1.0 - rider.cue_following) * rider.preferred_cadence_rpm
    noise = _ar1(cadence_rng, n, rider.cadence_noise_rpm, rider.cadence_noise_s * rate_hz)
    target = habit - rider.fade_rpm_per_min * faded + noise * np.where(standing, 1.5, 1.0)

    knob = _knob(rider, programme, index, knob_rng, rate_hz)
    cadence, acceleration = _turn(target, driven, knob, bike, dt)
    brake = brake_torque_nm(cadence, knob)
    torque = np.where(driven, np.maximum(0.0, brake + bike.inertia_kgm2 * acceleration), 0.0)
    torque[cadence < 1.0] = 0.0
    speed = cadence * units.RAD_PER_S_PER_RPM
    power = torque * speed

    filtered = _lagged(power, rider.heart_rate_s * rate_hz, rider.arrival_share * rider.ftp_w)
    heart = rider.rest_bpm + rider.gain_bpm_per_w * filtered
    heart += rider.heart_rate_drift_bpm_per_h * time_s / units.SECONDS_PER_HOUR
    heart += _ar1(heart_rng, n, rider.heart_rate_noise_bpm, 12.0 * rate_hz)
    breath = rider.respiration_per_min + 0.09 * filtered + _ar1(breath_rng, n, 0.8, 20.0 * rate_hz)

    shifted = minutes if rider.fade_min is None else faded
    right = rider.right_pct + rider.right_drift_pct_per_min * shifted + rider.right_per_nm * (torque - 20.0)
    right += _ar1(right_rng, n, rider.right_noise_pct, 2.0 * rate_hz)
    effect = rider.effectiveness_pct + 0.25 * (torque - 20.0) + _ar1(effect_rng, n, 1.5, 3.0 * rate_hz)
    smooth = rider.smoothness_pct + 0.05 * (torque - 20.0) + _ar1(smooth_rng, n, 0.8, 3.0 * rate_hz)
    return Ride(
        rate_hz=rate_hz,
        time_s=time_s,
        cadence_rpm=cadence,
        torque_nm=torque,
        power_w=power,
        angle_rad=np.cumsum(speed) * dt,
        heart_rate_bpm=heart,
        respiration_per_min=breath,
        knob=knob,
        right_pct=np.clip(right, 0.0, 100.0),
        effectiveness_pct=np.clip(effect, 0.0, 100.0),
        smoothness_pct=np.clip(smooth, 0.0, 100.0),
        standing=standing,
        step=index,
        programme=tuple(programme),
    )


def brake_torque_nm(cadence_rpm: np.ndarray, knob: np.ndarray) -> np.ndarray:
    """Torque of the magnetic brake [N·m] at the crank; at 80 rpm and knob 40 it takes 113 W, 13.5 N·m."""
    factor = BRAKE_FACTOR / units.RAD_PER_S_PER_RPM
    turning = np.maximum(cadence_rpm, 0.0)
    torque: np.ndarray = factor * turning ** (BRAKE_CADENCE_EXPONENT - 1.0) * knob**BRAKE_KNOB_EXPONENT
    return torque


def knob_for(power_w: float, cadence_rpm: float) -> float:
    """The knob position at which the brake takes this power [W] at this cadence [rpm]."""
    turning: float = BRAKE_FACTOR * cadence_rpm**BRAKE_CADENCE_EXPONENT
    return float((power_w / turning) ** (1.0 / BRAKE_KNOB_EXPONENT))


def observe(ride: Ride, bike: BikeModel, seed: int, rate_hz: float = 1.0) -> dict[str, np.ndarray]:
    """What meter and recorder make of a ride: channels of `model.CHANNELS`, averaged and rounded as in FIT.

    Each value is the mean of the true values of its interval; power carries the meter's scale, its noise and,
    on a left-only meter, twice the left share. Whole watts, rpm and bpm. All arrays (m,), none missing.
    """
    noise_rng, _ = (
        np.random.Generator(np.random.PCG64(stream)) for stream in np.random.SeedSequence([seed, 1]).spawn(2)
    )
    block = round(ride.rate_hz / rate_hz)
    m = len(ride.time_s) // block

    def mean(values: np.ndarray) -> np.ndarray:
        averaged: np.ndarray = values[: m * block].astype(np.float64).reshape(m, block).mean(axis=1)
        return averaged

    share = 2.0 * (1.0 - ride.right_pct / 100.0) if bike.left_only else np.ones(len(ride.time_s))
    # noise belongs to the second, not to the row: faster recorders see the same error several times
    seconds = math.ceil(len(ride.time_s) / ride.rate_hz)
    error = 1.0 + bike.meter_noise * noise_rng.standard_normal(seconds)
    error_at = np.repeat(error, round(ride.rate_hz))[: len(ride.time_s)]
    power = mean(ride.power_w * share * bike.meter_scale * error_at)
    weight = mean(ride.power_w)
    right = np.divide(mean(ride.right_pct * ride.power_w), weight, out=np.full(m, np.nan), where=weight > 5.0)
    return {
        "time_s": np.arange(m) / rate_hz,
        "power_w": np.rint(np.maximum(power, 0.0)),
        "cadence_rpm": np.rint(mean(ride.cadence_rpm)),
        "heart_rate_bpm": np.rint(mean(ride.heart_rate_bpm)),
        "right_balance_pct": np.rint(right),
        "left_torque_effectiveness_pct": np.rint(mean(ride.effectiveness_pct) * 2) / 2,
        "right_torque_effectiveness_pct": np.rint((mean(ride.effectiveness_pct) - 1.5) * 2) / 2,
        "left_pedal_smoothness_pct": np.rint(mean(ride.smoothness_pct) * 2) / 2,
        "right_pedal_smoothness_pct": np.rint((mean(ride.smoothness_pct) + 0.5) * 2) / 2,
        "resistance_level": np.rint(ride.knob[: m * block : block]),
        "respiration_per_min": mean(ride.respiration_per_min),
        "standing": ride.standing[: m * block : block].astype(np.float64),
    }


def _knob(
    rider: RiderModel,
    programme: Sequence[Step],
    index: np.ndarray,
    rng: np.random.Generator,
    rate_hz: float,
) -> np.ndarray:
    """Knob position per sample: two seconds of turning at each change, eased off where legs are still."""
    wanted = []
    for step in programme:
        error = 1.0 + rider.knob_error * rng.standard_normal()
        power = step.intensity * rider.ftp_w * error
        wanted.append(knob_for(power, step.cadence_rpm) if step.intensity > 0 else EASED_KNOB)
    turned = np.asarray(wanted)[index]
    width = round(2.0 * rate_hz)
    padded = np.concatenate((np.full(width, turned[0]), turned))
    total = np.cumsum(np.concatenate(([0.0], padded)))
    knob: np.ndarray = np.rint((total[width + 1 :] - total[1:-width]) / width * 4.0) / 4.0
    return knob


def _turn(
    target_rpm: np.ndarray, driven: np.ndarray, knob: np.ndarray, bike: BikeModel, dt: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cadence [rpm] and angular acceleration [rad/s²]: following the legs, or coasting against the brake."""
    cadence = np.empty(len(target_rpm))
    factor = BRAKE_FACTOR / units.RAD_PER_S_PER_RPM
    exponent = BRAKE_CADENCE_EXPONENT - 1.0
    pull = factor * knob**BRAKE_KNOB_EXPONENT / bike.inertia_kgm2 / units.RAD_PER_S_PER_RPM * dt
    gain = 1.0 - math.exp(-dt / 1.5)
    now = 0.0
    # a loop, because each value needs the one before it; 43,000 samples of three hours cost 20 ms
    for i, (goal, pushing, slowing) in enumerate(
        zip(target_rpm.tolist(), driven.tolist(), pull.tolist(), strict=True)
    ):
        if pushing:
            now += gain * (goal - now)
        elif bike.fixed_wheel:
            now -= slowing * max(now, 0.0) ** exponent
        else:
            now = 0.0
        if now < 1.0:
            now = 0.0
        cadence[i] = now
    acceleration = np.diff(cadence, prepend=cadence[:1]) * units.RAD_PER_S_PER_RPM / dt
    return cadence, acceleration


def _ar1(rng: np.random.Generator, n: int, sd: float, constant: float) -> np.ndarray:
    """First-order autoregressive noise (n,) with standard deviation `sd` and a time constant in samples."""
    keep = math.exp(-1.0 / constant)
    shocks = rng.standard_normal(n) * sd * math.sqrt(1.0 - keep * keep)
    out = np.empty(n)
    now = float(rng.standard_normal()) * sd
    for i, shock in enumerate(shocks.tolist()):
        now = keep * now + shock
        out[i] = now
    return out


def _lagged(values: np.ndarray, constant: float, start: float) -> np.ndarray:
    """First-order lag (n,) with a time constant in samples, from a starting value."""
    gain = 1.0 - math.exp(-1.0 / constant)
    out = np.empty(len(values))
    now = start
    for i, value in enumerate(values.tolist()):
        now += gain * (value - now)
        out[i] = now
    return out
