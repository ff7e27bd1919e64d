"""The simulated rider and bike: physics that can be checked by hand, and the same ride from the same seed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from telemetry.ingest.simulation import (
    BikeModel,
    Ride,
    RiderModel,
    Step,
    brake_torque_nm,
    knob_for,
    observe,
    simulate,
)

QUIET = RiderModel(
    ftp_w=200.0,
    cadence_noise_rpm=0.0,
    knob_error=0.0,
    heart_rate_noise_bpm=0.0,
    right_noise_pct=0.0,
    right_per_nm=0.0,
    right_pct=51.0,
)
"""A rider without noise, whose numbers can be worked out."""

EXACT = BikeModel(meter_noise=0.0)


def steady(rider: RiderModel = QUIET, minutes: float = 10.0, **step: object) -> Ride:
    given = {"name": "Flat", "duration_s": minutes * 60.0, "intensity": 0.8, "cadence_rpm": 80.0} | step
    return simulate(rider, EXACT, [Step(**given)], seed=1)  # type: ignore[arg-type]


def test_the_brake_has_the_fitted_curve() -> None:
    torque = brake_torque_nm(np.array([80.0, 40.0]), np.array([40.0, 40.0]))
    assert torque[0] == pytest.approx(13.48, abs=0.01)
    assert torque[1] / torque[0] == pytest.approx(0.5**0.6929), "slower legs turn against less"
    assert knob_for(float(torque[0]) * 80.0 * np.pi / 30.0, 80.0) == pytest.approx(40.0)


def test_a_steady_rider_has_the_cued_power_and_cadence() -> None:
    ride = steady()
    later = ride.time_s > 30
    assert ride.cadence_rpm[later] == pytest.approx(80.0, abs=1e-6)
    # the knob has quarter steps: up to 0.6 % of power
    assert ride.power_w[later].mean() == pytest.approx(160.0, rel=0.007)
    assert ride.torque_nm[later] == pytest.approx(ride.power_w[later] / (80.0 * np.pi / 30.0))


def test_strokes_are_half_turns_of_the_crank() -> None:
    ride = steady()
    times = ride.stroke_times_s()
    assert len(times) == int(ride.angle_rad[-1] / np.pi)
    assert np.diff(times)[-100:] == pytest.approx(0.375), "80 rpm is a stroke every 0.375 s"
    assert times[-1] <= 600.0


def test_the_heart_follows_power_with_its_time_constant() -> None:
    ride = steady(dataclasses.replace(QUIET, arrival_share=0.0))
    end = QUIET.rest_bpm + QUIET.gain_bpm_per_w * ride.power_w[-1]
    assert ride.heart_rate_bpm[-1] == pytest.approx(end, abs=0.1)
    at_tau = ride.heart_rate_bpm[int((QUIET.heart_rate_s + 1) * 4)]
    share = (at_tau - QUIET.rest_bpm) / (end - QUIET.rest_bpm)
    assert share == pytest.approx(1 - np.exp(-1), abs=0.03)


def test_drift_is_added_by_the_hour() -> None:
    still = steady(minutes=60.0)
    drifting = steady(dataclasses.replace(QUIET, heart_rate_drift_bpm_per_h=12.0), minutes=60.0)
    difference = drifting.heart_rate_bpm - still.heart_rate_bpm
    assert difference[-1] == pytest.approx(12.0, abs=0.01)
    assert difference[len(difference) // 2] == pytest.approx(6.0, abs=0.01)


def test_legs_fade_from_their_minute_on_and_not_before() -> None:
    ride = steady(dataclasses.replace(QUIET, fade_min=20.0, fade_rpm_per_min=0.5), minutes=40.0)
    minutes = ride.time_s / 60
    assert ride.cadence_rpm[(minutes > 1) & (minutes < 20)] == pytest.approx(80.0, abs=1e-6)
    assert ride.cadence_rpm[-1] == pytest.approx(70.0, abs=0.1)
    assert ride.torque_nm[-1] < ride.torque_nm[4000], "at a fixed knob torque falls with cadence"


def test_a_fixed_wheel_turns_on_without_load_and_a_free_one_does_not() -> None:
    programme = [Step("Flat", 60, 0.8, 80), Step("Coast", 30, 0.0, 0)]
    fixed = simulate(QUIET, EXACT, programme, seed=1)
    free = simulate(QUIET, BikeModel(fixed_wheel=False), programme, seed=1)
    coasting = fixed.time_s >= 60
    assert not fixed.torque_nm[coasting].any()
    assert not fixed.power_w[coasting].any()
    turning = fixed.cadence_rpm[coasting]
    assert turning[8] > 20
    assert np.all(np.diff(turning) <= 0)
    assert not free.cadence_rpm[coasting].any()


def test_the_same_seed_gives_the_same_ride_and_another_seed_another() -> None:
    programme = [Step("Flat", 60, 0.8, 80)]
    one, two, other = (simulate(RiderModel(), BikeModel(), programme, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.power_w, two.power_w)
    assert not np.array_equal(one.power_w, other.power_w)


def test_the_meter_doubles_the_left_leg_and_scales() -> None:
    ride = steady()
    watts = observe(ride, EXACT, seed=1)["power_w"][-1]
    left = observe(ride, BikeModel(meter_noise=0.0, left_only=True), seed=1)["power_w"][-1]
    high = observe(ride, BikeModel(meter_noise=0.0, meter_scale=1.1), seed=1)["power_w"][-1]
    assert left / watts == pytest.approx(2 * 0.49, abs=0.01)
    assert high / watts == pytest.approx(1.1, abs=0.01)


def test_one_hertz_is_the_mean_of_four() -> None:
    ride = steady(RiderModel())
    fast = observe(ride, EXACT, seed=1, rate_hz=4.0)["power_w"]
    slow = observe(ride, EXACT, seed=1, rate_hz=1.0)["power_w"]
    assert len(fast) == 4 * len(slow) == len(ride.time_s)
    assert slow == pytest.approx(fast.reshape(-1, 4).mean(axis=1), abs=1.0)


def test_work_is_torque_over_angle() -> None:
    ride = simulate(RiderModel(), BikeModel(), [Step("Flat", 600, 0.8, 80)], seed=3)
    angle = np.diff(ride.angle_rad, prepend=0.0)
    assert (ride.torque_nm * angle).sum() == pytest.approx(ride.power_w.sum() / ride.rate_hz)
