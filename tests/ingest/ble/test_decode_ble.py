"""Bluetooth messages through time: turns, work and torque from counters, values that hold, three silences."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.ingest.antplus import DeviceKey, capture_format, room
from telemetry.ingest.antplus.capture_read import BleRow, CaptureReader
from telemetry.ingest.antplus.studio import Bike, Studio
from telemetry.ingest.ble import BleDecoder, address_number, decode_ble, uuids

T0 = 1_790_000_000.0
ADDRESS = "C0:FF:EE:00:00:07"
NUMBER = address_number(ADDRESS)


def message(time_s: float, uuid: int, payload: bytes, address: int = NUMBER, rssi: int = -60) -> BleRow:
    return BleRow(T0 + time_s, address, uuid, rssi, payload)


def bike(time_s: float, watts: int, rpm: float, speed: float = 0.0, level: int | None = None) -> BleRow:
    flags = 0x44 | (0x20 if level is not None else 0)
    body = struct.pack("<HHH", flags, round(speed * 360), round(rpm * 2))
    body += b"" if level is None else struct.pack("<h", level)
    return message(time_s, uuids.INDOOR_BIKE, body + struct.pack("<h", watts))


def power(
    time_s: float, watts: int, turns: int, ticks: int, torque: int | None = None, wheel: int | None = None
) -> BleRow:
    """Cycling Power with crank turns at `ticks` / 1024 s; torque in 1/32 N·m, accumulated at the crank."""
    flags = 0x20 | (0x0C if torque is not None else 0) | (0x10 if wheel is not None else 0)
    body = struct.pack("<Hh", flags, watts)
    body += b"" if torque is None else struct.pack("<H", torque & 0xFFFF)
    body += b"" if wheel is None else struct.pack("<IH", wheel, round(time_s * 2048) & 0xFFFF)
    body += struct.pack("<HH", turns & 0xFFFF, ticks & 0xFFFF)
    return message(time_s, uuids.CYCLING_POWER, body)


def keiser(
    time_s: float, watts: int, rpm: float, bike_id: int = 7, kind: int = 0, address: int = 1
) -> BleRow:
    body = struct.pack("<BBBBHHHHBBHB", 6, 0x30, kind, bike_id, round(rpm * 10), 1400, watts, 0, 0, 0, 0, 12)
    return message(time_s, uuids.KEISER, b"\x02\x01" + body, address)


def frame(received: Iterable[BleRow]) -> pl.DataFrame:
    (only,) = decode_ble(received).values()
    return only


def ridden(
    seconds: float, rpm: float, torque_nm: float | None, keep: Callable[[float], bool] = lambda t: True
) -> list[BleRow]:
    """A meter that notifies each second of a rider at one cadence: turns, their times, their torque."""
    rows = []
    watts = round((torque_nm or 0.0) * rpm * math.pi / 30)
    for time_s in np.arange(0.0, seconds):
        turns = int(time_s * rpm / 60.0)
        ticks = round(turns * 60.0 / rpm * 1024)
        torque = None if torque_nm is None else round(turns * torque_nm * 32)
        if keep(time_s):
            rows.append(
                power(
                    float(time_s),
                    watts,
                    turns + 65530,
                    ticks + 65000,
                    None if torque is None else torque + 65500,
                )
            )
    return rows


def test_turns_work_and_torque_come_from_the_counters_across_their_roll_over() -> None:
    got = frame(ridden(600.0, 84.0, 20.0))
    counted = got.filter(pl.col("revolutions").is_not_null() & pl.col("from_s").is_not_null())
    assert counted["revolutions"].sum() == pytest.approx(599 * 84 / 60, abs=1.0)
    assert counted["work_j"].sum() == pytest.approx(
        2 * math.pi * 20.0 * counted["revolutions"].sum(), rel=1e-4
    )
    assert counted["torque_nm"].to_numpy() == pytest.approx(20.0, rel=1e-2)
    assert counted["cadence_rpm"].to_numpy() == pytest.approx(84.0, rel=2e-3)
    assert set(counted["source"]) == {"cycling_power_torque"}
    assert set(counted["state"]) == {"pedalling"}


@pytest.mark.parametrize("gap_s", [2.0, 9.0, 25.0])
def test_a_gap_costs_resolution_and_neither_work_nor_turns(gap_s: float) -> None:
    got = frame(ridden(300.0, 60.0, 30.0, keep=lambda t: not 100 < t < 100 + gap_s))
    assert got["revolutions"].sum() == pytest.approx(299.0, abs=1.0)
    assert got["work_j"].sum() == pytest.approx(2 * math.pi * 30.0 * got["revolutions"].sum(), rel=1e-3)


def test_power_without_torque_is_averaged_over_its_turns_and_not_made_up_where_nothing_came() -> None:
    whole = frame(ridden(120.0, 90.0, None))
    assert set(whole["source"]) == {"cycling_power"}
    turning = [power(t, 180, int(t * 1.5), int(t * 1.5) * 1024 * 2 // 3) for t in range(60)]
    got = frame(turning)
    assert got["work_j"].sum() == pytest.approx(180.0 * 58.67, rel=0.01)
    assert got["torque_nm"].drop_nulls().to_numpy() == pytest.approx(180 / (90 * math.pi / 30), rel=0.01)
    lost = frame([row for row in turning if not 20 < row.unix_s - T0 < 40])
    assert lost["revolutions"].sum() == got["revolutions"].sum()
    assert lost["work_j"].sum() == pytest.approx(180.0 * (58.67 - 20.0), rel=0.03)
    assert lost.filter(pl.col("time_s") == 20.0)["state"].item() == "lost"
    assert lost.filter(pl.col("time_s") == 40.0)["power_w"].item() is None


def test_the_first_message_of_a_counter_yields_no_value() -> None:
    first = frame([power(0.0, 200, 10, 1024, 500)])
    assert first.select("power_w", "cadence_rpm", "work_j", "revolutions").row(0) == (None,) * 4
    assert first["state"].item() == "unknown"


def test_a_counter_that_began_anew_is_no_sprint() -> None:
    got = frame([power(0.0, 200, 500, 0, 100), power(1.0, 200, 501, 1024, 700), power(2.0, 200, 3, 40, 10)])
    assert got["revolutions"].to_list() == [None, 1.0, None]
    assert got["power_w"].to_list()[2] is None


def test_a_torque_counter_that_never_moves_gives_way_to_the_power() -> None:
    got = frame([power(float(t), 210, t, 1024 * t, torque=0) for t in range(5)])
    assert got["power_w"].to_list()[1:] == [210.0] * 4
    assert set(got["source"]) == {"cycling_power"}


def test_a_crank_at_rest_is_stopped_and_with_a_turning_wheel_coasting() -> None:
    turning = [power(t, 150, t, 1024 * t, wheel=4 * t) for t in range(10)]
    rest = [power(float(t), 0, 9, 1024 * 9, wheel=36) for t in range(10, 20)]
    stopped = frame(turning + rest)
    assert stopped["state"].to_list()[-1] == "stopped"
    assert stopped.filter(pl.col("time_s") >= 10)["cadence_rpm"].to_list() == [0.0] * 10
    rolling = [power(float(t), 0, 9, 1024 * 9, wheel=4 * t) for t in range(10, 20)]
    assert frame(turning + rolling)["state"].to_list()[-1] == "coasting"


def test_torque_at_the_wheel_is_work_without_a_crank() -> None:
    rows = [
        message(
            float(t), uuids.CYCLING_POWER, struct.pack("<HhHIH", 0x14, 0, 320 * t, 3 * t, 2048 * t & 0xFFFF)
        )
        for t in range(60)
    ]
    got = frame(rows)
    assert set(got["source"].to_list()[1:]) == {"cycling_power_wheel"}
    assert got["power_w"].to_list()[1:] == pytest.approx([2 * math.pi * 10.0] * 59)
    assert got["work_j"].sum() == pytest.approx(59 * 2 * math.pi * 10.0)
    assert got["wheel_rpm"].to_list()[1:] == pytest.approx([180.0] * 59)


def test_the_left_share_is_told_and_a_share_of_unknown_side_is_not() -> None:
    told = [message(t, uuids.CYCLING_POWER, bytes.fromhex("0300 c800 60")) for t in (0, 1)]
    assert frame(told)["right_balance_pct"].to_list() == [52.0, 52.0]
    untold = [message(t, uuids.CYCLING_POWER, bytes.fromhex("0100 c800 60")) for t in (0, 1)]
    assert frame(untold)["right_balance_pct"].to_list() == [None, None]


def test_negative_power_stays_negative() -> None:
    assert frame([message(0, uuids.CYCLING_POWER, bytes.fromhex("0000 fbff"))])["power_w"].item() == -5.0


# --- what only ever is instantaneous ------------------------------------------------------------------------


def test_indoor_bike_data_holds_until_the_next_message() -> None:
    got = frame([bike(0.0, 100, 60.0), bike(1.0, 200, 90.0), bike(3.0, 0, 0.0), bike(4.0, 0, 0.0)])
    assert got["from_s"].to_list() == [0.0, 1.0, 3.0, 4.0]
    # the last one stands for the usual time between two
    assert got["until_s"].to_list()[:3] == [1.0, 3.0, 4.0]
    assert got["work_j"].to_list() == [100.0, 400.0, 0.0, 0.0]
    assert got["revolutions"].to_list() == [1.0, 3.0, 0.0, 0.0]
    assert got["torque_nm"].to_list()[:2] == pytest.approx([100 / (2 * math.pi), 200 / (3 * math.pi)])
    assert got["state"].to_list() == ["pedalling", "pedalling", "stopped", "stopped"]


def test_lost_is_lost() -> None:
    got = frame([bike(0.0, 100, 60.0), bike(1.0, 100, 60.0), bike(60.0, 100, 60.0), bike(61.0, 100, 60.0)])
    assert got["state"].to_list() == ["pedalling", "lost", "pedalling", "pedalling"]
    assert got["until_s"].to_list() == [1.0, 2.0, 61.0, 62.0]
    assert got["work_j"].sum() == 400.0


@pytest.mark.parametrize(
    ("watts", "rpm", "speed", "state"),
    [
        (150, 80, 8.0, "pedalling"),
        (5, 80, 8.0, "coasting"),
        (0, 0, 8.0, "coasting"),
        (0, 0, 0.0, "stopped"),
        (150, 0, 0.0, "pedalling"),  # a bike without a cadence sensor
        (0, 15, 0.0, "pedalling"),
    ],
)
def test_states_of_a_bike(watts: int, rpm: float, speed: float, state: str) -> None:
    assert frame([bike(0.0, watts, rpm, speed)])["state"].item() == state


def test_power_and_cadence_in_messages_of_their_own_are_not_counted_twice() -> None:
    rows = []
    for t in range(10):
        rows.append(message(t, uuids.INDOOR_BIKE, struct.pack("<HH", 0x05, 160)))
        rows.append(message(t + 0.1, uuids.INDOOR_BIKE, struct.pack("<Hh", 0x41, 200)))
    got = frame(rows)
    assert got["work_j"].sum() == pytest.approx(2000.0)
    assert got["revolutions"].sum() == pytest.approx(10 * 80 / 60)


def test_a_keiser_bike_is_known_by_the_number_set_in_its_menu() -> None:
    got = decode_ble(keiser(t * 0.31875, 215, 82.3) for t in range(40))
    assert set(got) == {DeviceKey(7, uuids.KEISER, 0)}
    only = got[DeviceKey(7, uuids.KEISER, 0)]
    assert set(only["source"]) == {"keiser"}
    assert only["resistance_level"].to_list() == [12.0] * 40
    assert only["heart_rate_bpm"].to_list() == [140.0] * 40
    assert only["work_j"].sum() == pytest.approx(215 * 40 * 0.31875, rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "live"), [(0, True), (128, True), (227, True), (1, False), (99, False), (255, False)]
)
def test_averages_of_a_finished_interval_are_not_taken_for_now(kind: int, live: bool) -> None:
    got = frame([keiser(0.0, 215, 80.0, kind=kind)])
    assert (got["power_w"].item() is not None) is live


def test_two_keiser_bikes_with_one_number_give_no_value() -> None:
    decoder = BleDecoder()
    for t in range(20):
        decoder.feed(keiser(t * 0.3, 200, 80.0, address=1))
        decoder.feed(keiser(t * 0.3 + 0.1, 100, 60.0, address=2))
    decoder.close()
    key = DeviceKey(7, uuids.KEISER, 0)
    assert set(decoder.quarantined()) == {key}
    got = decoder.frame(key)
    assert set(got["state"]) == {"unknown"}
    assert got["work_j"].drop_nulls().is_empty()
    # an address that is exchanged for another is one bike
    changing = BleDecoder()
    for t in range(100):
        changing.feed(keiser(t * 0.3, 200, 80.0, address=t // 10))
    assert not changing.quarantined()


def test_a_belt_gives_beats_and_the_time_between_them_and_nothing_without_contact() -> None:
    rows = [
        message(0, uuids.HEART_RATE, bytes.fromhex("16 8c 0002 0004")),
        message(1, uuids.HEART_RATE, bytes.fromhex("14 8c 0004")),
        message(2, uuids.HEART_RATE, bytes.fromhex("00 00")),
    ]
    got = frame(rows)
    assert got["heart_rate_bpm"].to_list() == [140.0, None, None]
    assert got["rr_s"].to_list() == [1.0, None, None]
    assert got["state"].to_list() == [None, None, None]


@pytest.mark.parametrize("first", [0, 65500, 0xFFFFFFF0])
def test_a_pod_counts_wheel_and_crank_across_every_roll_over(first: int) -> None:
    rows = [
        message(
            float(t),
            uuids.SPEED_CADENCE,
            struct.pack(
                "<BIHHH",
                3,
                first + 3 * t & 0xFFFFFFFF,
                1024 * t & 0xFFFF,
                first + t & 0xFFFF,
                1024 * t & 0xFFFF,
            ),
        )
        for t in range(100)
    ]
    got = frame(rows)
    assert got["revolutions"].sum() == 99.0
    assert got["cadence_rpm"].to_list()[1:] == [60.0] * 99
    assert got["wheel_rpm"].to_list()[1:] == [180.0] * 99
    assert set(got["source"]) == {"speed_cadence"}


def test_a_pod_of_the_wheel_alone_says_only_that_it_rolls() -> None:
    rows = [
        message(float(t), uuids.SPEED_CADENCE, struct.pack("<BIH", 1, 3 * t, 1024 * t & 0xFFFF))
        for t in range(5)
    ]
    got = frame(rows)
    assert got["state"].to_list()[-1] == "coasting"
    assert got["revolutions"].drop_nulls().is_empty()


# --- a room -------------------------------------------------------------------------------------------------


def test_a_seat_finds_its_bluetooth_devices_and_its_recording() -> None:
    studio = Studio(bikes=(Bike("07", {uuids.KEISER: 9}, ble=(ADDRESS,)), Bike("08", {})))
    rows = []
    for t in range(120):
        rows.append(bike(float(t), 180, 75.0, level=30 + t % 5))
        rows.append(message(t + 0.5, uuids.HEART_RATE, bytes((0, 120 + t % 10))))
    (seat,) = room.seats(decode_ble(rows), studio)
    assert seat.name == "07"
    got = room.recording(seat, 0.0, 120.0, started_unix_s=T0)
    assert got is not None
    assert got.source == "ble"
    assert got.array("power_w")[5:110].tolist() == pytest.approx([180.0] * 105)
    assert got.array("cadence_rpm")[5:110].tolist() == pytest.approx([75.0] * 105)
    assert np.nansum(got.array("power_w")) == pytest.approx(180.0 * 120, rel=0.01)
    assert got.has("heart_rate_bpm")
    assert got.resistance_trust == "plausible"
    assert got.torque_source == ""
    assert [issue.code for issue in got.issues] == ["cadence_instantaneous", "resistance_unchecked"]
    assert {device.kind for device in got.devices} == {"fitness_equipment", "heart_rate"}
    assert studio.seat(DeviceKey(9, uuids.KEISER, 0)) == "07"
    assert studio.seat(DeviceKey(NUMBER + 1, uuids.INDOOR_BIKE, 0)) is None


def test_measured_crank_torque_over_bluetooth_is_kept_and_says_so() -> None:
    (seat,) = room.seats(decode_ble(ridden(120.0, 84.0, 25.0)), Studio())
    got = room.recording(seat, 0.0, 120.0)
    assert got is not None
    assert got.torque_source == "crank"
    assert np.nanmedian(got.array("torque_nm")) == pytest.approx(25.0, rel=5e-3)


def test_lost_seconds_of_an_instantaneous_bike_are_missing_and_not_zero() -> None:
    rows = [bike(float(t), 180, 75.0) for t in range(120) if not 40 <= t < 70]
    (seat,) = room.seats(decode_ble(rows), Studio())
    got = room.recording(seat, 0.0, 120.0)
    assert got is not None
    missing = np.isnan(got.array("power_w"))
    assert missing[41:69].all()
    assert not missing[1:39].any()


@settings(deadline=None, max_examples=40)
@given(
    rpm=st.sampled_from([45.0, 63.0, 84.0, 110.0]),
    torque_nm=st.sampled_from([8.0, 20.0, 45.0]),
    lost=st.sets(st.integers(2, 298), max_size=150),
    first=st.integers(0, 65535),
)
def test_whatever_is_lost_turns_and_work_are_those_between_the_first_and_the_last_message(
    rpm: float, torque_nm: float, lost: set[int], first: int
) -> None:
    def counted(t: int) -> tuple[int, int, int]:
        turns = int(t * rpm / 60.0)
        return first + turns, first + round(turns * 60.0 / rpm * 1024), first + round(turns * torque_nm * 32)

    watts = round(torque_nm * rpm * math.pi / 30)
    rows = [power(float(t), watts, *counted(t)) for t in range(300) if t not in lost]
    got = frame(rows)
    turns = counted(299)[0] - first
    assert got["revolutions"].sum() == turns
    assert got["work_j"].sum() == pytest.approx(2 * math.pi * round(turns * torque_nm * 32) / 32)
    # stretches follow on one another and never overlap
    told = got.filter(pl.col("revolutions") > 0).select("from_s", "until_s").to_numpy()
    assert (told[:, 1] >= told[:, 0]).all()
    assert (told[1:, 0] >= told[:-1, 1] - 1e-9).all()


def test_bluetooth_rows_of_a_capture_file_come_back_as_they_were_heard(tmp_path: Path) -> None:
    rows = [bike(0.25 * t, 150 + t, 80.0) for t in range(40)] + [
        keiser(10.0 + t, 200, 70.0) for t in range(5)
    ]
    journal = capture_format.Journal()
    body = capture_format.opening(7, T0)
    for row in rows:
        body += journal.ble(*row)
    body += journal.mark(T0 + 20.0, body, 0, 0)
    path = tmp_path / "capture.fit"
    path.write_bytes(capture_format.header() + body)
    heard = [row for batch in CaptureReader(path) for row in batch.ble]
    assert [row[1:] for row in heard] == [row[1:] for row in rows]
    assert [row.unix_s for row in heard] == pytest.approx([row.unix_s for row in rows], abs=1e-4)
    direct, by_file = decode_ble(rows), decode_ble(heard)
    assert set(direct) == set(by_file)
    for key, frame_of in direct.items():
        assert frame_of["work_j"].to_list() == pytest.approx(by_file[key]["work_j"].to_list(), abs=0.1)


# --- anything -----------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(-5.0, 100.0),
            st.integers(0, 2),
            st.sampled_from([*uuids.KINDS, 0x1234]),
            st.integers(-128, 127),
            st.binary(max_size=24),
        ),
        max_size=40,
    )
)
def test_no_messages_in_any_order_raise(said: list[tuple[float, int, int, int, bytes]]) -> None:
    rows = [
        BleRow(T0 + time_s, address, uuid, rssi, payload) for time_s, address, uuid, rssi, payload in said
    ]
    frames = decode_ble(rows)
    assert sum(got.height for got in frames.values()) == len(rows)
    for got in frames.values():
        assert got.filter(
            (pl.col("until_s") < pl.col("from_s")) & (pl.col("source") == "indoor_bike")
        ).is_empty()


def test_what_is_not_known_is_kept_raw() -> None:
    got = frame([message(0.0, 0x2A00, b"abc")])
    assert got["payload"].item() == b"abc"
