"""A simulated bike through loss to the recording a rider's report is made of, against the simulated truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from telemetry.ingest.antplus import Broadcast, decode, pages, room, sensors
from telemetry.ingest.antplus.live import Grinding, LiveRoom
from telemetry.ingest.antplus.studio import Bike, Studio
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate
from telemetry.model import ClassRecording

PROGRAMME = (
    Step("warm-up", 200, 0.6, 90),
    Step("climb", 150, 0.95, 54),
    Step("rest", 60, 0.0, 0),
    Step("climb", 150, 0.95, 54),
    Step("cool-down", 200, 0.5, 88),
)
STUDIO = Studio(
    bikes=(
        Bike("07", {pages.POWER: 1, pages.FITNESS_EQUIPMENT: 3, pages.SPEED_CADENCE: 4, pages.HEART_RATE: 5}),
    ),
    riders={"07": "r07"},
)


@pytest.fixture(scope="module")
def ride() -> Ride:
    return simulate(RiderModel(), BikeModel(fixed_wheel=False), PROGRAMME, seed=3)


def seconds(ride: Ride) -> float:
    return len(ride.time_s) / ride.rate_hz


def ridden(ride: Ride, seed: int, share: float, burst: int, kinds: tuple[str, ...]) -> ClassRecording:
    frames = {}
    for i, sensor in enumerate(
        (
            sensors.power_meter(ride, 1, 1, kinds=kinds),
            sensors.speed_cadence_pod(ride, 4),
            sensors.heart_rate_belt(ride, 5),
            sensors.trainer(ride, 3, 1),
        )
    ):
        heard = sensors.received(len(sensor.ticks), 10 * seed + i, share, burst)
        # what was done before the first message and after the last nobody can know
        heard[:8] = heard[-8:] = True
        frames |= decode(sensor.broadcasts(heard))
    (seat,) = room.seats(frames, STUDIO)
    recording = room.recording(seat, 0.0, seconds(ride), started_unix_s=1_790_000_000.0)
    assert recording is not None
    return recording


@pytest.mark.parametrize(
    "kinds", [("power_only",), ("crank_torque",), ("power_only", "crank_torque")], ids="+".join
)
@pytest.mark.parametrize("seed", range(5))
def test_forty_percent_loss_keeps_work_turns_and_low_cadence(
    ride: Ride, seed: int, kinds: tuple[str, ...]
) -> None:
    got = ridden(ride, seed, 0.4, 40, kinds)
    power, cadence = np.nan_to_num(got.array("power_w")), np.nan_to_num(got.array("cadence_rpm"))
    assert power.sum() == pytest.approx(ride.power_w.sum() / ride.rate_hz, rel=5e-3)
    assert cadence.sum() / 60.0 == pytest.approx(ride.angle_rad[-1] / (2.0 * math.pi), rel=5e-3)
    true = ride.cadence_rpm[: len(cadence) * 4].reshape(-1, 4).mean(axis=1)
    slow = ((true >= 20) & (true <= 60)).sum()
    assert ((cadence >= 20) & (cadence <= 60)).sum() == pytest.approx(slow, rel=0.03)


def test_measured_crank_torque_is_kept_and_says_so(ride: Ride) -> None:
    got = ridden(ride, 1, 0.0, 1, ("power_only", "crank_torque"))
    assert got.torque_source == "crank"
    assert got.power_source.startswith("crank_torque")
    true = ride.torque_nm[: len(got) * 4].reshape(-1, 4).mean(axis=1)
    assert np.nanmedian(got.array("torque_nm")) == pytest.approx(np.median(true), rel=0.01)
    assert ridden(ride, 1, 0.0, 1, ("power_only",)).torque_source == ""


def test_a_stop_is_zero_and_silence_is_missing(ride: Ride) -> None:
    got = ridden(ride, 1, 0.0, 1, ("crank_torque",))
    resting = got.array("power_w")[356:408]
    assert np.array_equal(resting, np.zeros(len(resting)))
    meter = sensors.power_meter(ride, 1, 1)
    cut = meter.time_s < 100.0
    (seat,) = room.seats(decode(meter.broadcasts(cut)), STUDIO)
    silent = room.recording(seat, 0.0, seconds(ride))
    assert silent is not None
    assert np.isnan(silent.array("power_w")[102:]).all()


def test_the_recording_knows_its_seat_rider_devices_and_start(ride: Ride) -> None:
    got = ridden(ride, 1, 0.0, 1, ("crank_torque",))
    assert (got.source, got.bike_id, got.rider_id) == ("antplus", "07", "r07")
    assert got.started_at is not None
    assert got.started_at.timestamp() == 1_790_000_000.0
    assert {device.kind for device in got.devices} == {
        "power",
        "fitness_equipment",
        "heart_rate",
        "speed_cadence",
    }
    assert got.resistance_trust == "plausible"
    assert np.nanmean(got.array("heart_rate_bpm")) == pytest.approx(ride.heart_rate_bpm.mean(), rel=0.02)


def test_a_long_bridged_gap_is_named(ride: Ride) -> None:
    meter = sensors.power_meter(ride, 1, 1, kinds=("crank_torque",))
    heard = (meter.time_s < 220.0) | (meter.time_s > 245.0)
    (seat,) = room.seats(decode(meter.broadcasts(heard)), STUDIO)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    (gap,) = (
        issue
        for issue in got.issues
        if issue.code == "averaged_gap" and issue.start_s and issue.start_s > 200
    )
    assert gap.start_s == pytest.approx(220.0, abs=1.5)
    assert gap.stop_s == pytest.approx(245.0, abs=1.5)
    assert not np.isnan(got.array("power_w")[221:244]).any()


def test_sources_that_disagree_are_compared_and_named(ride: Ride) -> None:
    frames = decode(sensors.power_meter(ride, 1, 1, scale=1.2).broadcasts())
    frames |= decode(sensors.trainer(ride, 3, 1).broadcasts())
    (seat,) = room.seats(frames, STUDIO)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    (issue,) = (item for item in got.issues if item.code == "two_power_sources")
    assert "-17 % work" in issue.detail


def test_a_belt_goes_where_its_rider_sits(ride: Ride) -> None:
    frames = decode(sensors.power_meter(ride, 1, 1).broadcasts())
    frames |= decode(sensors.heart_rate_belt(ride, 777).broadcasts())
    studio = Studio(bikes=(Bike("07", {pages.POWER: 1}),), belts={777: "r07"}, riders={"07": "r07"})
    (seat,) = room.seats(frames, studio)
    assert {key.device_type for key in seat.devices} == {pages.POWER, pages.HEART_RATE}


def test_a_rider_s_own_belt_counts_before_the_bike_s_and_before_a_console(ride: Ride) -> None:
    """A console repeats whatever belt it was paired with, which may be the neighbour's."""

    def belt(number: int, bpm: int, until_s: float = 1e9) -> list[Broadcast]:
        return [
            replace(item, payload=item.payload[:7] + bytes([bpm]))
            for item in sensors.heart_rate_belt(ride, number).broadcasts()
            if item.time_s < until_s
        ]

    console = [
        replace(item, payload=item.payload[:6] + bytes([77]) + item.payload[7:])
        for item in sensors.trainer(ride, 3, 1).broadcasts()
        if item.payload[0] == 0x10
    ]
    heard = sorted(
        (*belt(777, 150, 400.0), *belt(5, 120, 500.0), *console,
         *sensors.power_meter(ride, 1, 1).broadcasts()), key=lambda item: item.time_s,
    )  # fmt: skip
    studio = replace(STUDIO, belts={777: "r07"})
    (seat,) = room.seats(decode(heard), studio)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    beats = got.array("heart_rate_bpm")
    assert (set(beats[5:395]), set(beats[410:495]), set(beats[510:700])) == ({150.0}, {120.0}, {77.0})
    live = LiveRoom(studio, Grinding(60.0, 65.0, 25.0, 20.0, 20.0))
    shown = {}
    for item in heard:
        live.feed(item)
        shown[int(item.time_s)] = live.seats()[0].heart_rate_bpm if item.time_s % 50 < 1 else None
    assert (shown[200], shown[450], shown[600]) == (150.0, 120.0, 77.0)


def test_a_device_that_said_nothing_of_a_ride_gives_no_recording(ride: Ride) -> None:
    frames = decode(sensors.power_meter(ride, 1, 1).broadcasts())
    (seat,) = room.seats(frames, STUDIO)
    assert room.recording(seat, 5000.0, 5100.0) is None


def test_a_meter_that_sends_by_time_reads_each_second_and_not_whole_turns(ride: Ride) -> None:
    meter = sensors.power_meter(ride, 1, 1, kinds=("crank_torque",), by_revolution=False)
    (seat,) = room.seats(decode(meter.broadcasts()), STUDIO)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    true = ride.cadence_rpm[: len(got) * 4].reshape(-1, 4).mean(axis=1)
    climb = slice(230, 340)
    assert np.abs(got.array("cadence_rpm")[climb] - true[climb]).max() < 2.0
    assert got.array("cadence_rpm")[:340].sum() == pytest.approx(true[:340].sum(), rel=5e-3)


def test_where_the_counter_was_silent_another_sensor_says_when(ride: Ride) -> None:
    meter, pod = sensors.power_meter(ride, 1, 1, kinds=("crank_torque",)), sensors.speed_cadence_pod(ride, 4)
    # eight seconds of silence over the change from 90 to 54 rpm
    heard = (meter.time_s < 197.0) | (meter.time_s > 205.0)
    true = ride.cadence_rpm[: 760 * 4].reshape(-1, 4).mean(axis=1)
    worst, sums = [], []
    for frames in (
        decode(meter.broadcasts(heard)),
        decode(meter.broadcasts(heard)) | decode(pod.broadcasts()),
    ):
        (seat,) = room.seats(frames, STUDIO)
        got = room.recording(seat, 0.0, seconds(ride))
        assert got is not None
        cadence = got.array("cadence_rpm")
        worst.append(np.abs(cadence[196:206] - true[196:206]).max())
        sums.append(cadence[190:210].sum())
    assert worst[0] < 4, "what was turned in the silence says when the legs slowed down"
    assert worst[1] < 3
    assert sums[0] == pytest.approx(sums[1], rel=1e-6), "how much stays the meter's word"


@pytest.mark.parametrize("stop_s", [353.0, 356.0, 358.0])
def test_a_rest_that_begins_in_a_silence_is_no_work(ride: Ride, stop_s: float) -> None:
    meter = sensors.power_meter(ride, 1, 1, kinds=("crank_torque",), by_revolution=False)
    heard = (meter.time_s < 346.0) | (meter.time_s > stop_s)
    (seat,) = room.seats(decode(meter.broadcasts(heard)), STUDIO)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    true = ride.power_w[: len(got) * 4].reshape(-1, 4).mean(axis=1)
    assert np.nansum(got.array("power_w")[340:365]) == pytest.approx(true[340:365].sum(), rel=0.05)


@pytest.mark.parametrize("by_revolution", [True, False], ids=["by revolution", "by time"])
@pytest.mark.parametrize("seed", range(6))
def test_a_meter_alone_keeps_low_cadence_through_silences(ride: Ride, seed: int, by_revolution: bool) -> None:
    """Silences of ten seconds over every change of cadence: 300 s were slow, 3 s is one percent."""
    meter = sensors.power_meter(ride, 1, 1, by_revolution=by_revolution)
    heard = np.ones(len(meter.ticks), dtype=bool)
    for change in (200.0, 350.0, 410.0, 560.0):
        begin = change - 8.5 + 1.5 * seed
        heard &= (meter.time_s < begin) | (meter.time_s > begin + 10.0)
    (seat,) = room.seats(decode(meter.broadcasts(heard)), STUDIO)
    got = room.recording(seat, 0.0, seconds(ride))
    assert got is not None
    cadence, power = np.nan_to_num(got.array("cadence_rpm")), np.nan_to_num(got.array("power_w"))
    true = ride.cadence_rpm[: len(cadence) * 4].reshape(-1, 4).mean(axis=1)
    slow = ((true >= 20) & (true <= 60)).sum()
    assert ((cadence >= 20) & (cadence <= 60)).sum() == pytest.approx(slow, abs=6)
    assert cadence.sum() == pytest.approx(true.sum(), rel=3e-3)
    assert power.sum() == pytest.approx(ride.power_w.sum() / ride.rate_hz, rel=3e-3)
    assert np.nanmax(got.array("torque_nm")) < 1.1 * ride.torque_nm.max(), "no torque that nobody pressed"
    assert got.array("silence_s").max() >= 9.5
    whole = decode(meter.broadcasts())
    (seat,) = room.seats(whole, STUDIO)
    complete = room.recording(seat, 0.0, seconds(ride))
    assert complete is not None
    assert not complete.has("silence_s")
