"""Slots counted from the stick's clock, against masks whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from telemetry.ingest.antplus import Broadcast, DeviceKey, pages, sensors
from telemetry.ingest.antplus.reception import count_slots, reception, unwrap
from telemetry.ingest.antplus.sensors import Sensor
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate

RIDE = simulate(RiderModel(), BikeModel(), (Step("ride", 600, 0.8, 80),), seed=1)
MAKERS: list[Callable[[Ride], Sensor]] = [
    lambda ride: sensors.power_meter(ride, 1, 1),
    lambda ride: sensors.trainer(ride, 2, 1),
    lambda ride: sensors.heart_rate_belt(ride, 3),
    lambda ride: sensors.speed_cadence_pod(ride, 4),
]


@pytest.mark.parametrize("make", MAKERS, ids=["power", "trainer", "belt", "pod"])
@pytest.mark.parametrize(("share", "burst"), [(0.0, 1), (0.2, 1), (0.4, 1), (0.4, 40)])
def test_the_share_received_is_within_half_a_point_of_the_truth(
    make: Callable[[Ride], Sensor], share: float, burst: int
) -> None:
    sensor = make(RIDE)
    mask = sensors.received(len(sensor.ticks), 3, share, burst)
    jitter = np.random.default_rng(1).uniform(0.0, 0.05, len(mask))
    heard = [
        replace(item, time_s=item.time_s + float(late))
        for item, late in zip(sensor.broadcasts(mask), jitter, strict=False)
    ]
    (counted,) = reception(heard).values()
    got = np.flatnonzero(mask)
    truth = mask[got[0] : got[-1] + 1].mean()
    assert counted.share == pytest.approx(float(truth), abs=0.005)
    assert counted.certain
    longest = np.diff(sensor.ticks[got]).max() / sensors.TICKS_PER_SECOND
    assert counted.longest_gap_s == pytest.approx(longest)


def test_an_eight_hertz_meter_is_counted_at_its_own_rate() -> None:
    ticks = np.arange(0, 4091 * 400, 4091)
    counted = count_slots(DeviceKey(1, pages.POWER, 5), ticks & 0xFFFF, ticks / 32768.0)
    assert (counted.period_ticks, counted.expected, counted.received) == (4091, 400, 400)


def test_the_two_second_clock_is_unwrapped_by_host_time_even_through_long_gaps() -> None:
    ticks = np.array([100, 8300, 8300 + 32768 * 31, 8300 + 32768 * 31 + 8200])
    full, certain = unwrap(ticks & 0xFFFF, ticks / 32768.0 + np.array([0.0, 0.4, 0.1, 0.3]))
    assert np.array_equal(np.diff(full), np.diff(ticks))
    assert certain


def test_a_host_that_was_a_second_late_makes_the_count_uncertain() -> None:
    ticks = np.arange(0, 8192 * 200, 8192)
    host = ticks / 32768.0
    host[100] += 0.9
    _, certain = unwrap(ticks & 0xFFFF, host)
    assert not certain


def test_a_slot_heard_twice_counts_once() -> None:
    ticks = np.array([0, 8182, 8182, 16364])
    counted = count_slots(DeviceKey(1, pages.POWER, 5), ticks, ticks / 32768.0)
    assert (counted.expected, counted.received, counted.duplicates) == (3, 3, 1)


def test_one_message_is_one_slot() -> None:
    (counted,) = reception([Broadcast(5.0, 1, pages.POWER, 5, bytes(8), rx_ticks=77)]).values()
    assert (counted.expected, counted.received, counted.longest_gap_s) == (1, 1, 0.0)
    assert counted.to_dict()["reception_pct"] == 100.0


def test_devices_without_receive_ticks_are_counted_by_host_time() -> None:
    heard = [Broadcast(i * 0.25, 1, pages.FITNESS_EQUIPMENT, 5, bytes(8)) for i in range(100) if i % 4]
    (counted,) = reception(heard).values()
    assert counted.share == pytest.approx(0.75, abs=0.02)
