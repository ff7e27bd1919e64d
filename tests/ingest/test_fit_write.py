"""The FIT writer, read back by outside witnesses: fitdecode, and fit-tool where it is installed."""

from __future__ import annotations

import io
import itertools
import struct
from typing import Any

import fitdecode
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.errors import BadInput
from telemetry.ingest.fit.base_types import BASE_TYPES, BaseType
from telemetry.ingest.fit.export import activity
from telemetry.ingest.fit.write import FIT_EPOCH_S, Field, FitWriter, crc16, encode
from telemetry.model import Device, Lap, Pause, RiderHints
from tests.builders import STARTED_AT, fit_activity, fit_rows, recording

START = int(STARTED_AT.timestamp()) - FIT_EPOCH_S


def messages(data: bytes, name: str | None = None) -> list[Any]:
    """Data messages as fitdecode sees them, checksums on."""
    with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        return [
            frame
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage) and name in (None, frame.name)
        ]


def values(data: bytes, message: str, field: str) -> list[Any]:
    return [frame.get_value(field) if frame.has_field(field) else None for frame in messages(data, message)]


def raw_values(data: bytes, message: str, field: str) -> list[Any]:
    return [frame.get_field(field).raw_value for frame in messages(data, message)]


# --- bytes by hand ------------------------------------------------------------------------------------------


def test_the_checksum_is_crc_16_arc() -> None:
    assert crc16(b"123456789") == 0xBB3D
    assert crc16(b"") == 0


def test_a_file_of_two_records_is_the_bytes_one_writes_by_hand() -> None:
    out = FitWriter()
    out.rows("record", {"timestamp": [1000, 1001], "power": [250, np.nan], "cadence": [60, 61]})
    definition = bytes([0x40, 0, 0, 20, 0, 3, 253, 4, 0x86, 7, 2, 0x84, 4, 1, 0x02])
    first = bytes([0x00, 0xE8, 0x03, 0, 0, 0xFA, 0x00, 60])
    second = bytes([0x00, 0xE9, 0x03, 0, 0, 0xFF, 0xFF, 61])
    data = definition + first + second
    head = struct.pack("<BBHI4s", 14, 0x20, 21158, len(data), b".FIT")
    head += struct.pack("<H", crc16(head))
    assert out.finish() == head + data + struct.pack("<H", crc16(head + data))


def test_big_endian_turns_numbers_and_the_message_number_around() -> None:
    out = FitWriter(big_endian=True, header_size=12)
    out.rows("record", {"power": [250]})
    data = bytes([0x40, 0, 1, 0, 20, 1, 7, 2, 0x84, 0x00, 0x00, 0xFA])
    head = struct.pack("<BBHI4s", 12, 0x20, 21158, len(data), b".FIT")
    assert out.finish() == head + data + struct.pack("<H", crc16(head + data))


def test_no_other_header_is_written() -> None:
    with pytest.raises(BadInput, match="12 or 14"):
        FitWriter(header_size=13)


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    "base", [base for base in BASE_TYPES if base.name != "string"], ids=lambda base: base.name
)
def test_every_base_type_is_read_back(base: BaseType, big_endian: bool) -> None:
    kind = np.dtype(base.dtype)
    if kind.kind == "f":
        given_values = [0.5, -1.25, 3.0e5]
    else:
        bounds = np.iinfo(kind)
        given_values = [1, int(bounds.max) - 1, int(bounds.max) // 3]
        if kind.kind == "i":
            given_values += [int(bounds.min), -1]
    field = Field(200, base.name)
    data = fit_rows(0xFF00, {field: given_values}, big_endian=big_endian)
    read = [frame.fields[0].raw_value for frame in messages(data) if frame.global_mesg_num == 0xFF00]
    if base.name == "byte":
        read = [item[0] if isinstance(item, tuple) else item for item in read]
    assert read == given_values


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 65534)), min_size=1, max_size=50))
def test_power_is_read_back_and_missing_stays_missing(watts: list[int | None]) -> None:
    column = [np.nan if value is None else value for value in watts]
    assert values(fit_rows("record", {"power": column}), "record", "power") == watts


def test_what_a_field_cannot_hold_is_not_reported_rather_than_wrapped() -> None:
    data = fit_rows("record", {"heart_rate": [-1, 0, 254, 255, 256, 1e9, np.inf]})
    assert values(data, "record", "heart_rate") == [None, 0, 254, None, None, None, None]


def test_a_single_message_refuses_what_its_field_cannot_hold() -> None:
    out = FitWriter()
    with pytest.raises(BadInput, match="does not fit"):
        out.message("session", avg_power=70000)


def test_scaled_fields_round_to_the_nearest_step() -> None:
    field = Field(43, "uint8", 2.0)
    assert encode([70.0, 70.24, 70.26, 99.5], field).tolist() == [140, 140, 141, 199]
    crank = Field(19, "uint8", 2.0, -110.0)
    assert encode([172.5, 110.0], crank).tolist() == [125, 0]


def test_names_that_the_profile_does_not_have_are_refused() -> None:
    out = FitWriter()
    with pytest.raises(BadInput, match="no FIT message"):
        out.message("recrod", power=1)
    with pytest.raises(BadInput, match="no field 'pwoer'"):
        out.message("record", pwoer=1)
    with pytest.raises(BadInput, match="different lengths"):
        out.rows("record", {"power": [1, 2], "cadence": [1]})
    with pytest.raises(BadInput, match="too long"):
        out.rows("hrv", {"time": np.ones((1, 128))})


def test_strings_are_utf_8_closed_and_cut_between_characters() -> None:
    data = fit_rows("sport", {"name": ["Spinning", "Ténèbres", "é" * 200]})
    names = values(data, "sport", "name")
    assert names[:2] == ["Spinning", "Ténèbres"]
    assert names[2] == "é" * 127


def test_arrays_keep_their_order() -> None:
    data = fit_rows("hrv", {"time": [[0.8, 0.81, np.nan], [0.82, 0.79, 0.8]]})
    assert values(data, "hrv", "time") == [(0.8, 0.81, None), (0.82, 0.79, 0.8)]


def test_developer_fields_come_with_name_and_unit() -> None:
    field = Field(3, "float32", developer=0)
    out = FitWriter()
    out.message("file_id", type=4)
    out.developer(0, {"torque": field}, {"torque": "N.m"})
    out.rows("record", {field: [20.5, 21.25], "power": [200, 201]})
    frames = messages(out.finish(), "record")
    assert [frame.get_value("torque") for frame in frames] == [20.5, 21.25]
    assert frames[0].get_field("torque").units == "N.m"
    assert [frame.get_value("power") for frame in frames] == [200, 201]


def test_more_than_sixteen_definitions_take_turns() -> None:
    out = FitWriter()
    for again in range(2):
        for number in range(40):
            out.rows(0xFF00 + number, {Field(1, "uint8"): [number + again]})
    seen = [(frame.global_mesg_num - 0xFF00, frame.fields[0].raw_value) for frame in messages(out.finish())]
    assert seen == [(number, number + again) for again in range(2) for number in range(40)]


# --- compressed timestamps ----------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=60))
def test_compressed_timestamps_roll_over_and_fall_back_on_long_steps(deltas: list[int]) -> None:
    times = list(itertools.accumulate(deltas, initial=1_000_000_017))
    data = fit_rows("record", {"timestamp": times, "power": np.arange(len(times))}, compressed=True)
    read = messages(data, "record")
    assert [frame.get_field("timestamp").raw_value for frame in read] == times
    assert [frame.get_value("power") for frame in read] == list(range(len(times)))
    assert len(data) < len(fit_rows("record", {"timestamp": times, "power": times})) + 40


def test_a_time_that_goes_back_is_written_in_full() -> None:
    times = [1_000_000_000, 1_000_000_001, 999_999_999, 1_000_000_002]
    data = fit_rows("record", {"timestamp": times}, compressed=True)
    assert raw_values(data, "record", "timestamp") == times


# --- whole activities ---------------------------------------------------------------------------------------

RIDE = recording(
    time_s=np.r_[np.arange(0.0, 400.0), np.arange(460.0, 660.0)],
    power_w=np.r_[np.full(300, 200.0), np.full(200, np.nan), np.full(100, 150.0)],
    cadence_rpm=np.r_[np.full(300, 85.25), np.full(300, 89.999)],
    heart_rate_bpm=np.linspace(100.0, 160.0, 600).round(),
    right_balance_pct=np.r_[np.full(599, 52.0), np.nan],
    left_torque_effectiveness_pct=74.5,
    torque_nm=21.5,
    standing=np.r_[np.zeros(100), np.ones(50), np.zeros(450)],
    posture_known=True,
    balance_convention="right_flag",
    pauses=(Pause(400.0, 460.0),),
    laps=(Lap(0.0, 300.0, "Warm-up", "manual"), Lap(300.0, 660.0, "Climb", "manual")),
    hints=RiderHints(
        mass_kg=70.5, ftp_w=213.0, ftp_source="zones_target", max_hr_bpm=186.0, crank_length_mm=172.5
    ),
    utc_offset_s=3600.0,
    sport="cycling",
    sub_sport="indoor_cycling",
    devices=(
        Device("recorder", "development", "Head unit", "7001", "2.50"),
        Device("power", "development", "Crank", "7002"),
        Device("heart_rate", "development", "Strap", "7003"),
    ),
)


@pytest.mark.parametrize(
    "options", [{}, {"compressed": True}, {"big_endian": True, "header_size": 12}], ids=str
)
def test_an_activity_is_read_back_as_it_went_in(options: dict[str, Any]) -> None:
    data = activity(RIDE, **options)

    def column(name: str) -> np.ndarray:
        read = values(data, "record", name)
        return np.asarray([np.nan if value is None else value for value in read], dtype=float)

    assert np.array_equal(column("power"), RIDE.array("power_w"), equal_nan=True)
    assert np.array_equal(column("heart_rate"), RIDE.array("heart_rate_bpm"))
    cadence = column("cadence") + column("fractional_cadence")
    assert np.allclose(cadence, RIDE.array("cadence_rpm"), atol=1 / 256)
    assert column("left_right_balance")[0] == 128 + 52
    assert values(data, "record", "torque")[0] == 21.5
    stamps = np.asarray(raw_values(data, "record", "timestamp")) - START
    assert np.array_equal(stamps, RIDE.array("time_s"))


def test_events_tell_of_pauses_and_positions() -> None:
    events = [
        (frame.get_value("event"), frame.get_value("event_type"), frame.get_field("timestamp").raw_value)
        for frame in messages(activity(RIDE), "event")
    ]
    assert events == [
        ("timer", "start", START),
        ("rider_position_change", "marker", START),
        ("rider_position_change", "marker", START + 100),
        ("rider_position_change", "marker", START + 150),
        ("timer", "stop_all", START + 400),
        ("timer", "start", START + 460),
        ("timer", "stop_all", START + 660),
    ]
    assert values(activity(RIDE), "event", "rider_position")[1:4] == ["seated", "standing", "seated"]


def test_laps_have_names_and_totals_and_the_session_sums_them() -> None:
    data = activity(RIDE)
    first, second = messages(data, "lap")
    steps = values(data, "workout_step", "wkt_step_name")
    assert [steps[lap.get_value("wkt_step_index")] for lap in (first, second)] == ["Warm-up", "Climb"]
    assert (first.get_value("total_timer_time"), second.get_value("total_timer_time")) == (300.0, 300.0)
    assert second.get_value("total_elapsed_time") == 360.0
    assert (first.get_value("total_work"), first.get_value("avg_power")) == (60_000, 200)
    (session,) = messages(data, "session")
    assert session.get_value("total_elapsed_time") == 660.0
    assert session.get_value("total_timer_time") == 600.0
    assert session.get_value("total_work") == 60_000 + 15_000
    assert session.get_value("time_standing") == 50.0
    assert session.get_value("stand_count") == 1
    assert session.get_value("max_heart_rate") == 160
    assert (session.get_value("sport"), session.get_value("sub_sport")) == ("cycling", "indoor_cycling")


def test_rider_devices_and_local_time_are_there() -> None:
    data = activity(RIDE)
    assert values(data, "user_profile", "weight") == [70.5]
    assert values(data, "zones_target", "functional_threshold_power") == [213]
    assert values(data, "bike_profile", "crank_length") == [172.5]
    assert values(data, "device_info", "product_name") == ["Head unit", "Crank", "Strap"]
    assert values(data, "device_info", "serial_number") == [7001, 7002, 7003]
    assert values(data, "file_id", "manufacturer") == ["development"]
    (closing,) = messages(data, "activity")
    local = closing.get_field("local_timestamp").raw_value - closing.get_field("timestamp").raw_value
    assert local == 3600


def test_the_left_convention_writes_the_left_share_without_a_flag() -> None:
    data = fit_activity(power=[200] * 3, right_balance=52, balance_convention="left_unflagged")
    assert values(data, "record", "left_right_balance") == [48, 48, 48]


def test_fractions_of_a_second_survive_as_time128() -> None:
    data = fit_activity(power=[200] * 8, step_s=0.25)
    assert values(data, "record", "time128") == [0.0, 0.25, 0.5, 0.75] * 2
    plain = fit_activity(power=[200] * 8, step_s=0.25, subseconds=False)
    assert not any(frame.has_field("time128") for frame in messages(plain, "record"))
    assert np.diff(raw_values(plain, "record", "timestamp")).tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_a_recording_without_calendar_time_is_device_relative() -> None:
    data = fit_activity(power=[200] * 3, started_at=None)
    assert raw_values(data, "record", "timestamp") == [0, 1, 2]


def test_a_recorder_that_died_leaves_no_session_no_size_and_no_checksum() -> None:
    data = fit_activity(power=[200] * 60, laps=(Lap(0.0, 30.0), Lap(30.0, 60.0)), whole=False)
    assert struct.unpack("<I", data[4:8]) == (0,)
    whole = fit_activity(power=[200] * 60, laps=(Lap(0.0, 30.0), Lap(30.0, 60.0)))
    assert whole[14:].startswith(data[14:])


def test_other_columns_of_record_can_be_added() -> None:
    data = fit_activity(
        power=[200] * 3, extra={"resistance": [40, 41, np.nan], Field(201, "uint8"): [7, 8, 9]}
    )
    assert values(data, "record", "resistance") == [40, 41, None]
    unknown = [frame.get_field(201).raw_value for frame in messages(data, "record")]
    assert unknown == [7, 8, 9]


def test_an_empty_recording_is_an_activity_without_records() -> None:
    data = fit_activity(power=[])
    assert not messages(data, "record")
    assert len(messages(data, "session")) == 1


def test_a_second_witness_reads_the_same() -> None:
    pytest.importorskip("fit_tool", reason="fit-tool is not installed")
    from fit_tool.fit_file import FitFile
    from fit_tool.profile.messages.record_message import RecordMessage

    data = activity(RIDE)
    rows = [
        item.message
        for item in FitFile.from_bytes(data).records
        if isinstance(item.message, RecordMessage) and not item.is_definition
    ]
    # this witness hands out the raw "not reported" as a number
    power = [np.nan if row.power == 0xFFFF else row.power for row in rows]
    assert np.array_equal(power, RIDE.array("power_w"), equal_nan=True)
    assert [row.heart_rate for row in rows] == RIDE.array("heart_rate_bpm").tolist()
    stamps = np.asarray([row.timestamp for row in rows]) / 1000.0 - STARTED_AT.timestamp()
    assert np.array_equal(stamps, RIDE.array("time_s"))
