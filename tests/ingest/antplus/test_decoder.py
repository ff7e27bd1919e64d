"""A ride whose truth is known, sent by simulated sensors through loss: what the decoder makes of it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import numpy as np
import polars as pl
import pytest

from telemetry.ingest.antplus import Broadcast, Decoder, DeviceKey, decode, pages, sensors
from telemetry.ingest.simulation import BikeModel, Ride, RiderModel, Step, simulate

REST_S = (480.0, 520.0)
PROGRAMME = (
    Step("warm-up", 300, 0.6, 90),
    Step("climb", 180, 0.9, 55),
    Step("rest", 40, 0.0, 0),
    Step("spin", 120, 0.5, 85),
    Step("heavy", 200, 1.1, 50),
    Step("cool-down", 300, 0.6, 88),
)
KINDS = [("power_only",), ("crank_torque",), ("power_only", "crank_torque")]


@pytest.fixture(scope="module")
def ride() -> Ride:
    return simulate(RiderModel(), BikeModel(fixed_wheel=False), PROGRAMME, seed=3)


def work_j(ride: Ride) -> float:
    return float(ride.power_w.sum() / ride.rate_hz)


def turns(ride: Ride) -> float:
    return float(ride.angle_rad[-1] / (2.0 * math.pi))


def only(frames: dict[DeviceKey, pl.DataFrame]) -> pl.DataFrame:
    (frame,) = frames.values()
    return frame


def message(payload: str, time_s: float, device_type: int = pages.POWER) -> Broadcast:
    return Broadcast(time_s, 101, device_type, 5, bytes.fromhex(payload))


def rows(payloads: Iterable[str], device_type: int = pages.POWER, step_s: float = 0.25) -> pl.DataFrame:
    return only(decode(message(p, i * step_s, device_type) for i, p in enumerate(payloads)))


@pytest.mark.parametrize("by_revolution", [True, False])
@pytest.mark.parametrize("kinds", KINDS, ids="+".join)
@pytest.mark.parametrize(("share", "burst"), [(0.0, 1), (0.2, 1), (0.4, 1), (0.4, 40)])
def test_loss_costs_resolution_and_neither_work_nor_revolutions(
    ride: Ride, by_revolution: bool, kinds: tuple[str, ...], share: float, burst: int
) -> None:
    sensor = sensors.power_meter(ride, 5001, 1, kinds=kinds, by_revolution=by_revolution)
    frame = only(decode(sensor.broadcasts(sensors.received(len(sensor.ticks), 7, share, burst))))
    for kind in kinds:
        part = frame.filter(pl.col("source") == kind)
        assert part["work_j"].sum() == pytest.approx(work_j(ride), rel=5e-3)
        # a power-only page counts no revolutions: they come from its instantaneous cadence
        assert part["revolutions"].sum() == pytest.approx(
            turns(ride), rel=5e-3 if kind == "crank_torque" else 1.5e-2
        )


def test_power_from_crank_torque_agrees_with_the_same_sensors_power_page(ride: Ride) -> None:
    sensor = sensors.power_meter(ride, 5001, 1)
    frame = only(decode(sensor.broadcasts())).filter(pl.col("state") == "pedalling")
    from_torque = frame.filter(pl.col("source") == "crank_torque")["power_w"].median()
    stated = frame.filter(pl.col("source") == "power_only")["power_w"].median()
    assert from_torque == pytest.approx(stated, rel=0.02)


@pytest.mark.parametrize("by_revolution", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_stop_is_a_stop_while_messages_arrive(ride: Ride, by_revolution: bool, share: float) -> None:
    sensor = sensors.power_meter(ride, 5001, 1, kinds=("crank_torque",), by_revolution=by_revolution)
    frame = only(decode(sensor.broadcasts(sensors.received(len(sensor.ticks), 5, share, 4))))
    stopped = frame.filter(pl.col("state") == "stopped")
    assert stopped["time_s"].min() == pytest.approx(REST_S[0], abs=2.0)
    assert stopped["time_s"].max() == pytest.approx(REST_S[1], abs=2.5)
    assert stopped["power_w"].max() == 0.0
    assert frame.filter((pl.col("time_s") > 485) & (pl.col("time_s") < 518))["state"].unique().to_list() == [
        "stopped"
    ]


def test_a_stop_that_begins_in_a_silence_is_dated_by_the_meter_s_own_clock() -> None:
    """The last turn ended at 15.4 s and was heard of at 17.25 s: the rest began before it was heard of."""

    def page(turns: int) -> bytes:
        counted = (turns * 1755 & 65535).to_bytes(2, "little"), (turns * 800 & 65535).to_bytes(2, "little")
        return bytes([0x12, turns & 255, turns & 255, 70]) + counted[0] + counted[1]

    turn_s = 1755 / 2048
    heard = [(n / 4, page(min(int(n / 4 / turn_s), 18))) for n in range(160)]
    frame = only(decode(Broadcast(t, 9, pages.POWER, 5, told) for t, told in heard if not 14.5 < t < 17.25))
    after = frame.filter(pl.col("time_s") > 17.25)
    assert after["state"].unique().to_list() == ["stopped"]
    assert after["from_s"][0] == pytest.approx(18 * turn_s + turn_s, abs=0.3)
    assert frame["revolutions"].sum() == 18
    assert frame.filter(pl.col("time_s") == 17.25)["state"].to_list() == ["pedalling"]


def test_silence_of_the_radio_is_lost_and_never_a_stop(ride: Ride) -> None:
    sensor = sensors.power_meter(ride, 5001, 1)
    silent = (sensor.time_s < 100.0) | (sensor.time_s > 112.0)
    frame = only(decode(sensor.broadcasts(silent)))
    before = frame.filter(pl.col("time_s") < 112)
    assert before["state"][-1] == "lost"
    assert "stopped" not in before["state"].to_list()


def test_a_rider_at_55_rpm_is_not_stopped_between_two_events() -> None:
    grind = simulate(RiderModel(cadence_noise_rpm=0.0), BikeModel(), (Step("grind", 120, 0.9, 40),), seed=1)
    sensor = sensors.power_meter(grind, 1, 1, kinds=("power_only",))
    assert set(only(decode(sensor.broadcasts()))["state"]) == {"unknown", "pedalling"}


def test_the_first_message_yields_no_value() -> None:
    frame = rows(["1005FF5A2C01C800"])
    assert frame["power_w"].to_list() == [None]
    assert frame["state"].to_list() == ["unknown"]


def test_two_messages_give_the_mean_between_them() -> None:
    frame = rows(["1005FF5A2C01C800", "1007FF5ABC02C800"])
    assert frame["power_w"].to_list() == [None, 200.0]
    assert frame["from_s"].to_list() == [None, 0.0]
    assert frame["torque_nm"][1] == pytest.approx(200.0 / (2 * math.pi * 90 / 60))


def test_every_counter_of_the_crank_torque_page_rolls_over() -> None:
    # 60 rpm, 25 N·m: an event a second, period 2048 and torque 800 a revolution; 300 revolutions
    payloads = [
        bytes([0x12, n & 255, n & 255, 60])
        + ((n * 2048) & 65535).to_bytes(2, "little")
        + ((n * 800) & 65535).to_bytes(2, "little")
        for n in range(300)
    ]
    frame = only(decode(Broadcast(float(i), 9, pages.POWER, 5, p) for i, p in enumerate(payloads)))
    rest = frame.slice(1)
    assert rest["torque_nm"].to_list() == [25.0] * 299
    assert rest["cadence_rpm"].to_list() == [60.0] * 299
    assert rest["work_j"].sum() == pytest.approx(299 * 25.0 * 2.0 * math.pi)


def test_a_gap_longer_than_the_period_counter_is_resolved_by_the_clock() -> None:
    def page(n: int) -> bytes:
        return (
            bytes([0x12, n & 255, n & 255, 60])
            + ((n * 2048) & 65535).to_bytes(2, "little")
            + ((n * 800) & 65535).to_bytes(2, "little")
        )

    times = [0, 1, 2, 3, 45, 46]
    frame = only(decode(Broadcast(float(n), 9, pages.POWER, 5, page(n)) for n in times))
    assert frame["cadence_rpm"][4] == pytest.approx(60.0)
    assert frame["work_j"].sum() == pytest.approx(46 * 25.0 * 2.0 * math.pi)
    assert not frame["ambiguous"][4]


@pytest.mark.parametrize("first", [(100, 50000, 30000), (250, 2000, 60000)])
def test_a_meter_that_begins_to_count_anew_has_not_ridden_for_it(first: tuple[int, int, int]) -> None:
    """Its battery lost contact: what its counters seem to have counted since is nobody's work."""

    def torque(n: int) -> bytes:
        start = first if n < 20 else (-20, -20 * 1400, -20 * 700)
        count, period, moment = start[0] + n, start[1] + 1400 * n, start[2] + 700 * n
        return (
            bytes([0x12, count & 255, count & 255, 88])
            + (period & 65535).to_bytes(2, "little")
            + (moment & 65535).to_bytes(2, "little")
        )

    def pod(n: int) -> bytes:
        count, clock = (first[0] + n, first[1] + 700 * n) if n < 20 else (n - 20, 700 * (n - 20))
        return b"".join((number & 65535).to_bytes(2, "little") for number in (clock, count, clock, 3 * count))

    times = [n * 1400 / 2048 for n in range(60)]
    meter = only(decode(Broadcast(t, 9, pages.POWER, 5, torque(n)) for n, t in enumerate(times)))
    assert meter["power_w"].null_count() == 2
    assert meter["ambiguous"].to_list() == [n == 20 for n in range(60)]
    assert meter["revolutions"].sum() == 58
    assert meter["power_w"].drop_nulls().to_list() == pytest.approx([201.1] * 58, abs=0.5)
    counted = only(decode(Broadcast(t, 9, pages.SPEED_CADENCE, 1, pod(n)) for n, t in enumerate(times)))
    assert counted["revolutions"].sum() == 58
    assert (counted["cadence_rpm"].max() or 0.0) < 90.0  # type: ignore[operator]


def test_a_gap_in_which_the_event_counter_may_have_gone_round_is_marked() -> None:
    def page(n: int) -> bytes:
        return bytes([0x10, n & 255, 0xFF, 90]) + ((n * 200) & 65535).to_bytes(2, "little") + b"\xc8\x00"

    times = [0.0, 0.25, 0.5, 0.75, 60.0]
    frame = only(decode(Broadcast(t, 9, pages.POWER, 5, page(round(t * 4))) for t in times))
    assert frame["ambiguous"].to_list() == [False, False, False, False, True]


def torque_by_time(page: int, rpm: float, watts: float, seconds: float, shown: int) -> list[Broadcast]:
    """A meter that sends by time: each update adds the time and the torque of a turn, moving or not."""
    turn_s = 60.0 / rpm
    heard = []
    for n in range(round(seconds * 4)):
        turns, period = int(200 + n / 4 / turn_s), int(60000 + 2048 * turn_s * n)
        torque = int(60000 + 32 * watts * turn_s / (2 * math.pi) * n)
        payload = (
            bytes([page, (240 + n) & 255, turns & 255, shown])
            + (period & 65535).to_bytes(2, "little")
            + (torque & 65535).to_bytes(2, "little")
        )
        heard.append(Broadcast(n / 4, 9, pages.POWER, 5, payload))
    return heard


@pytest.mark.parametrize("gap_s", [3, 9, 12, 20, 30, 45, 80])
@pytest.mark.parametrize(("page", "rpm", "shown"), [
    (0x12, 45, 0xFF), (0x12, 60, 0xFF), (0x12, 90, 90), (0x11, 180, 85), (0x11, 140, 0xFF),
])  # fmt: skip
def test_a_meter_that_sends_by_time_is_unwrapped_by_its_ticks(
    page: int, rpm: float, shown: int, gap_s: float
) -> None:
    """The cadence beside the counters may be missing, and a wheel's is not that of the crank."""
    heard = torque_by_time(page, rpm, 220.0, 200.0, shown)
    frame = only(decode(item for item in heard if not 60.0 < item.time_s < 60.0 + gap_s))
    after = frame.filter(pl.col("time_s") == 60.0 + gap_s)
    assert after["power_w"][0] == pytest.approx(220.0, abs=3.0)
    assert after["work_j"][0] == pytest.approx(220.0 * gap_s, rel=0.02)
    if page == 0x12:
        assert after["cadence_rpm"][0] == pytest.approx(rpm, abs=1.0)


STOPPING = [
    # time, event, ticks, rpm, period in 1/2048 s, torque in 1/32 N·m
    (8.66, 154, 122, 70, 44058, 21282),
    (8.91, 155, 123, 71, 45798, 22195),
    (9.16, 156, 123, 71, 47535, 23108),
    (17.89, 191, 126, 0, 4044, 32403),
]
STARTING = [
    *((59.34 + n / 4, 101 + n, 127, 0, 62095, 33441) for n in range(3)),
    (70.33, 145, 131, 87, 62551, 43469),
]


@pytest.mark.parametrize(("told", "true_j"), [(STOPPING, 619.0), (STARTING, 500.0)])
def test_a_silence_that_held_a_rest_of_a_meter_that_sends_by_time_is_no_sprint(
    told: list[tuple[float, ...]], true_j: float
) -> None:
    heard = [
        Broadcast(
            at,
            9,
            pages.POWER,
            5,
            bytes([0x12, int(event), int(ticks), int(rpm)])
            + int(period).to_bytes(2, "little")
            + int(torque).to_bytes(2, "little"),
        )
        for at, event, ticks, rpm, period, torque in told
    ]
    frame = only(decode(heard))
    assert true_j / 1.5 < frame["work_j"][-1] < true_j * 1.5
    assert frame["cadence_rpm"][-1] < 60


def test_a_count_of_updates_that_went_round_is_resolved_by_their_pace() -> None:
    def page(n: int) -> bytes:
        return bytes([0x10, n & 255, 0xFF, 90]) + ((n * 200) & 65535).to_bytes(2, "little") + b"\xc8\x00"

    times = [*(n / 4 for n in range(20)), 75.0]
    frame = only(decode(Broadcast(t, 9, pages.POWER, 5, page(round(t * 4))) for t in times))
    assert frame["power_w"][-1] == pytest.approx(200.0)
    assert frame["work_j"].sum() == pytest.approx(200.0 * 75.0)
    assert frame["ambiguous"][-1]


def test_an_invalid_cadence_is_none_and_gives_no_torque() -> None:
    frame = rows(["1005FFFF2C01C800", "1006FFFFF401C800"])
    assert frame["cadence_rpm"][1] is None
    assert frame["torque_nm"][1] is None
    assert frame["power_w"][1] == 200.0


def test_turning_legs_without_power_are_coasting() -> None:
    frame = rows(["1005FF5A2C010000", "1006FF5A2C010000", "1007FF5A2C010000"])
    assert frame["state"].to_list() == ["unknown", "coasting", "coasting"]


def pod_page(seconds: float, crank: int, crank_s: float, wheel: int) -> bytes:
    numbers = (round(crank_s * 1024), crank, round(seconds * 1024), wheel)
    return b"".join((number & 0xFFFF).to_bytes(2, "little") for number in numbers)


def test_a_wheel_that_runs_on_without_the_crank_is_coasting() -> None:
    ridden = [(n * 0.5, n, n * 0.5, 2 * n) for n in range(20)]
    coasted = [(10 + n * 0.5, 19, 9.5, 40 + 2 * n) for n in range(20)]
    stood = [(20 + n * 0.5, 19, 9.5, 78) for n in range(20)]
    heard = [
        Broadcast(at[0], 7, pages.SPEED_CADENCE, 1, pod_page(min(at[0], 19.5), at[1], at[2], at[3]))
        for at in ridden + coasted + stood
    ]
    frame = only(decode(heard))
    state_at = dict(zip(frame["time_s"], frame["state"], strict=True))
    assert (state_at[5.0], state_at[15.0], state_at[29.0]) == ("pedalling", "coasting", "stopped")


@pytest.mark.parametrize("shown", [85, 0xFF], ids=["with cadence", "without"])
def test_a_hub_says_whether_legs_drive_it_or_it_rolls_on_or_stands(shown: int) -> None:
    """A power meter in the wheel: its events go on while legs rest, and it may not know their cadence."""
    heard = []
    torque = 0.0
    for n in range(160):
        turns = min(n // 2 * 2, 80)  # four turns a second, until 20 s
        driven = n < 40
        torque += 32 * 8.0 * (turns - min((n - 1) // 2 * 2, 80)) * driven
        cadence = shown if driven or shown == 0xFF else 0
        payload = (
            bytes([0x11, turns & 255, turns & 255, cadence])
            + (turns * 512 & 65535).to_bytes(2, "little")
            + (round(torque) & 65535).to_bytes(2, "little")
        )
        heard.append(Broadcast(n / 4, 9, pages.POWER, 5, payload))
    frame = only(decode(heard))
    state_at = dict(zip(frame["time_s"], frame["state"], strict=True))
    assert (state_at[5.0], state_at[15.0], state_at[30.0]) == ("pedalling", "coasting", "stopped")
    ridden = frame.filter((pl.col("time_s") < 9) & (pl.col("power_w") > 0))
    assert ridden["power_w"].median() == pytest.approx(8.0 * 2 * math.pi * 4, rel=0.01)


@pytest.mark.parametrize(("virtual", "state"), [(False, "coasting"), (True, "stopped")])
def test_a_flywheel_that_rolls_on_is_coasting_where_its_speed_is_measured(virtual: bool, state: str) -> None:
    heard = []
    for n in range(80):
        driven, low = n < 20, 0x38 if virtual else 0x30
        watts = 200 if driven else 0
        counted = 200 * min(n, 20)
        payload = (
            bytes([0x10, 25, n, n, *(8000).to_bytes(2, "little"), 0xFF, low])
            if n % 4 == 3
            else bytes([0x19, n, 80 if driven else 0, *counted.to_bytes(2, "little"), watts, 0, 0x30])
        )
        heard.append(Broadcast(n / 4, 9, pages.FITNESS_EQUIPMENT, 5, payload))
    frame = only(decode(heard))
    assert frame["state"][10] == "pedalling"
    assert frame["state"][-1] == state
    assert frame.filter(pl.col("time_s") > 10)["power_w"].drop_nulls().unique().to_list() == [0.0]


def test_a_pod_on_a_bike_that_stops_says_stopped() -> None:
    ridden = simulate(
        RiderModel(),
        BikeModel(fixed_wheel=False),
        (Step("ride", 60, 0.8, 80), Step("rest", 40, 0.0, 0)),
        seed=2,
    )
    frame = only(decode(sensors.speed_cadence_pod(ridden, 7).broadcasts()))
    assert frame.filter(pl.col("time_s") < 55)["state"].unique().sort().to_list() == ["pedalling", "unknown"]
    assert frame["state"][-1] == "stopped"


def test_heart_beats_become_intervals_and_a_silent_belt_gives_no_pulse(ride: Ride) -> None:
    belt = sensors.heart_rate_belt(ride, 33)
    frame = only(decode(belt.broadcasts()))
    bpm = np.asarray(frame["heart_rate_bpm"].drop_nulls())
    beat_s = np.asarray(frame["rr_s"].drop_nulls())
    assert 60.0 / beat_s.mean() == pytest.approx(bpm.mean(), rel=0.02)
    same = rows(["00FFFFFF0008058C"] * 20, pages.HEART_RATE)
    assert same["heart_rate_bpm"].to_list() == [140.0] * 12 + [None] * 8


def test_a_belt_that_never_toggles_its_page_byte_has_no_pages() -> None:
    """What an old belt leaves in its first bytes is no battery, no maker and no earlier beat."""

    def beats(toggles: bool) -> list[Broadcast]:
        return [
            Broadcast(
                n * 1.4,
                33,
                pages.HEART_RATE,
                1,
                bytes([(4 if n % 8 else 7) | (0x80 if toggles and n // 4 % 2 else 0), 90, 0x12, 0x34])
                + (2 * n * 717 & 65535).to_bytes(2, "little")
                + bytes([2 * n & 255, 86]),
            )
            for n in range(40)
        ]

    old = Decoder()
    for item in beats(toggles=False):
        track = old.feed(item)
    assert track.health == {}
    assert old.frame(track.key)["rr_s"].null_count() == 40
    assert old.frame(track.key)["heart_rate_bpm"].to_list() == [86.0] * 40
    new = Decoder()
    for item in beats(toggles=True):
        track = new.feed(item)
    assert track.health["battery_pct"] == 90
    assert new.frame(track.key)["rr_s"].drop_nulls().len() > 25


def test_a_beat_after_minutes_of_silence_gives_no_interval() -> None:
    def page(beat: int, clock: int) -> bytes:
        return bytes([0, 255, 255, 255]) + (clock & 65535).to_bytes(2, "little") + bytes([beat & 255, 120])

    # 257 beats later the count has gone round once and seems to have moved by one
    heard = [(0.0, page(0, 0)), (0.5, page(1, 512)), (120.0, page(258, 512 + 119 * 1024))]
    frame = only(decode(Broadcast(t, 33, pages.HEART_RATE, 1, told) for t, told in heard))
    assert frame["rr_s"].to_list() == [None, 0.5, None]


def test_the_torque_of_one_leg_is_not_the_torque_of_the_bike() -> None:
    frame = rows(["E00C4080C0C02003", "E10C00408060A000"])
    assert frame["torque_nm"].null_count() == 2


def test_a_subpage_of_the_parameters_says_only_what_is_its_own() -> None:
    decoder = Decoder()
    decoder.feed(message("0201FFFF780000FF", 0.0))
    track = decoder.feed(message("0204FFFF0A05001E", 1.0))
    assert track.health["crank_length_mm"] == 170.0
    assert "peak_torque_threshold_pct" not in track.health
    decoder.feed(message("0202FFFF0A05001E", 2.0))
    assert (track.health["crank_length_mm"], track.health["peak_torque_threshold_pct"]) == (170.0, 15.0)


def test_resistance_and_state_of_a_trainer_bike(ride: Ride) -> None:
    bike = sensors.trainer(ride, 44, 1)
    frame = only(decode(bike.broadcasts()))
    assert frame.filter(pl.col("source") == "trainer")["work_j"].sum() == pytest.approx(
        work_j(ride), rel=5e-3
    )
    shown = frame["resistance_pct"].drop_nulls()
    assert shown.median() == pytest.approx(float(np.median(ride.knob)), abs=4)


def test_a_trainer_whose_power_is_invalid_has_cadence_and_no_power() -> None:
    payloads = [bytes([0x19, n, 80, 0, 0, 0xFF, 0x0F, 0x30]) for n in range(20)]
    payloads += [
        bytes([0x19, n, 80, 200 * (n - 19) & 255, 200 * (n - 19) >> 8, 200, 0, 0x30]) for n in range(20, 40)
    ]
    frame = only(
        decode(Broadcast(n / 4, 9, pages.FITNESS_EQUIPMENT, 5, told) for n, told in enumerate(payloads))
    )
    assert frame["power_w"][:21].null_count() == 21
    assert frame["cadence_rpm"][1:].to_list() == [80.0] * 39
    assert frame["power_w"][21:].to_list() == [200.0] * 19
    assert set(frame["state"][1:]) == {"pedalling"}


def test_an_old_bike_that_tells_only_of_now_is_heard_too() -> None:
    """Page 0x15, deprecated and still sent: no counter, so that its values hold until the next message."""
    payloads = [bytes([0x15, 255, 255, 255, 80, 180, 0, 0x30])] * 40 + [
        bytes([0x15, 255, 255, 255, 0, 0, 0, 0x30])
    ] * 40
    heard = [Broadcast(n / 4, 9, pages.FITNESS_EQUIPMENT, 5, told) for n, told in enumerate(payloads)]
    frame = only(decode(item for item in heard if not 5.0 < item.time_s < 7.0))
    assert frame["work_j"].sum() == pytest.approx(180.0 * 10.0)
    assert frame["revolutions"].sum() == pytest.approx(80 / 60 * 10.0)
    assert (frame["state"][3], frame["state"][-1]) == ("pedalling", "stopped")
    assert frame["torque_nm"][3] == pytest.approx(180.0 / (2 * math.pi * 80 / 60))


def test_crank_torque_frequency_needs_its_zero_offset() -> None:
    def page(n: int, seconds: float) -> bytes:
        ticks = round((25.0 * 30.0 + 500.0) * seconds)
        return (
            bytes([0x20, n & 255])
            + (300).to_bytes(2, "big")
            + (round(seconds * 2000) & 65535).to_bytes(2, "big")
            + (ticks & 65535).to_bytes(2, "big")
        )

    ridden = [Broadcast(float(n), 9, pages.POWER, 5, page(n, float(n))) for n in range(20)]
    without = only(decode(ridden))
    assert without["cadence_rpm"].drop_nulls().unique().to_list() == [60.0]
    assert without["power_w"].null_count() == 20
    offset = Broadcast(0.0, 9, pages.POWER, 5, bytes.fromhex("0110FFFFFFFF01F4"))
    known = only(decode([offset, *ridden]))
    assert known["torque_nm"].drop_nulls().to_list() == pytest.approx([25.0] * 19, rel=1e-3)


def test_a_bike_health_record_keeps_maker_battery_and_calibration(ride: Ride) -> None:
    decoder = Decoder()
    for heard in sensors.power_meter(ride, 5001, 1, battery_v=2.5).broadcasts():
        track = decoder.feed(heard)
    decoder.feed(message("01ACFF0000000B01", 2000.0))
    assert track.health["manufacturer"] == sensors.SIMULATED_MANUFACTURER
    assert track.health["serial"] == 5001
    assert pages.BATTERY_STATUS[track.health["battery_status"]] == "low"
    assert track.health["battery_v"] == pytest.approx(2.5)


def test_devices_with_20_bit_numbers_are_told_apart() -> None:
    near = Broadcast(0.0, 7, pages.POWER, 0x05, bytes.fromhex("1005FF5A2C01C800"))
    far = Broadcast(0.1, 7, pages.POWER, 0x15, bytes.fromhex("1005FF5A2C01C800"))
    assert set(decode([near, far])) == {DeviceKey(7, 11, 5), DeviceKey(0x10007, 11, 5)}


def test_a_page_without_a_layout_is_kept_as_its_bytes() -> None:
    frame = rows(["53FFFFFFFFFFFFFF"])
    assert frame["payload"].to_list() == [bytes.fromhex("53FFFFFFFFFFFFFF")]


def test_a_live_view_calls_a_silent_device_lost() -> None:
    decoder = Decoder()
    decoder.feed(message("1005FF5A2C01C800", 0.0))
    decoder.feed(message("1006FF5AF401C800", 0.25))
    assert decoder.state(DeviceKey(101, 11, 5), 1.0) == "pedalling"
    assert decoder.state(DeviceKey(101, 11, 5), 3.6) == "lost"


@pytest.mark.parametrize("seed", range(6))
def test_no_bytes_make_the_decoder_raise(seed: int) -> None:
    chance = random.Random(seed)
    decoder = Decoder()
    at = 0.0
    for _ in range(4000):
        at += chance.choice((0.0, 0.01, 0.25, 0.25, 4.0, 40.0))
        kind = chance.choice((11, 17, 120, 121, 122, 123, 25))
        page = chance.choice(
            (0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x19, 0x1A, 0x20, 80, 82, chance.randrange(256))
        )
        # most bytes stay as they are: counters that advance by little, or not at all
        payload = bytes([page] + [chance.choice((0, 0, 1, 2, 255, chance.randrange(256))) for _ in range(7)])
        decoder.feed(Broadcast(at, chance.randrange(3), kind, 5, payload, chance.randrange(65536)))
    decoder.close()
    for key in decoder.tracks:
        frame = decoder.frame(key)
        for name in ("power_w", "cadence_rpm", "torque_nm", "work_j", "revolutions"):
            assert frame[name].drop_nulls().is_finite().all(), (key, name)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_counters_do_no_value_is_beyond_a_rider(seed: int) -> None:
    """Counters that creep, jump and go round, minutes of silence: null, or what legs can do."""
    chance = random.Random(seed)
    sent: dict[tuple[int, int], bytearray] = {}
    heard, now = [], 0.0
    kinds = [(pages.POWER, n) for n in (0x01, 0x10, 0x11, 0x12, 0x20)]
    kinds += [(pages.FITNESS_EQUIPMENT, n) for n in (0x10, 0x19, 0x1A)]
    kinds += [(pages.SPEED_CADENCE, -1), (pages.CADENCE, 0), (pages.SPEED, 0)]
    for _ in range(2000):
        now += 40.0 if chance.random() < 0.02 else chance.choice((0.0, 0.01, 0.25, 0.25, 1.0, 3.3))
        kind = chance.choice(kinds)
        payload = sent.get(kind)
        if payload is None or chance.random() < 0.03:
            payload = sent[kind] = bytearray(chance.randbytes(8))
        for i in range(8):
            payload[i] = payload[i] + chance.randrange(9) & 255 if chance.random() < 0.4 else payload[i]
        if kind[1] >= 0:
            payload[0] = kind[1]
        heard.append(Broadcast(now, 1, kind[0], 5, bytes(payload)))
    for frame in decode(heard).values():
        for name, most in (("power_w", 2000.0), ("cadence_rpm", 400.0), ("work_j", math.inf)):
            values = frame[name].drop_nulls()
            assert ((values >= 0.0) & (values <= most)).all(), name
