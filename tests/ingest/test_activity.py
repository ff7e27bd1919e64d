"""From the messages of a FIT file to the classes in it: sessions, pauses, devices, hints, odd files.

Files are built message by message (`FitWriter`), so that a test shows what a recorder wrote.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from telemetry.errors import NotAClass
from telemetry.ingest.fit.write import FIT_EPOCH_S, Field, FitWriter
from telemetry.ingest.readers.fit import recordings
from telemetry.model import ClassRecording, Device, Lap, Pause, RiderHints
from tests.builders import STARTED_AT, fit_activity

T0 = int(STARTED_AT.timestamp()) - FIT_EPOCH_S
NAN = np.nan


class Recorder:
    """A recorder that writes what a test says, times in seconds since `STARTED_AT`."""

    def __init__(self, kind: int | None = 4, **options: Any) -> None:
        self.out = FitWriter(**options)
        if kind is not None:
            self.out.message("file_id", type=kind, manufacturer=1, product=1836, serial_number=77)

    def say(self, message: str | int, at: float | None = None, **values: Any) -> Recorder:
        if at is not None:
            values["timestamp"] = T0 + int(at)
        self.out.message(message, **values)
        return self

    def timer(self, at: float, type_: int) -> Recorder:
        return self.say("event", at, event=0, event_type=type_, data=0)

    def position(self, at: float, code: int) -> Recorder:
        return self.say("event", at, event=44, event_type=3, data=code)

    def records(self, seconds: Any, **columns: Any) -> Recorder:
        at = np.asarray(seconds, dtype=np.float64)
        rows: dict[str | Field, Any] = {"timestamp": T0 + np.floor(at)}
        given = columns or {"power": np.full(len(at), 200.0), "cadence": np.full(len(at), 80.0)}
        for name, values in given.items():
            rows[name] = np.broadcast_to(np.asarray(values, dtype=np.float64), len(at))
        self.out.rows("record", rows)
        return self

    def session(self, start: float, seconds: float, **values: Any) -> Recorder:
        values.setdefault("sport", 2)
        return self.say(
            "session", start + seconds, start_time=T0 + int(start), total_elapsed_time=seconds, **values
        )

    def classes(self) -> list[ClassRecording]:
        return recordings(self.out.finish(), "class.fit")

    def one(self) -> ClassRecording:
        (recording,) = self.classes()
        return recording


def codes(recording: ClassRecording) -> list[str]:
    return [issue.code for issue in recording.issues]


def read(data: bytes) -> ClassRecording:
    (recording,) = recordings(data, "class.fit")
    return recording


# --- a whole class ------------------------------------------------------------------------------------------


def test_a_class_comes_back_as_it_was_written() -> None:
    standing = np.zeros(300)
    standing[60:90] = 1.0
    recording = read(
        fit_activity(
            time_s=np.concatenate((np.arange(200.0), np.arange(230.0, 330.0))),
            power=np.arange(300) % 50 + 150.0,
            cadence=np.arange(300) % 20 + 70.25,
            heart_rate=140,
            right_balance=np.arange(300) % 5 + 48.0,
            standing=standing,
            resistance_level=np.arange(300) % 50 + 10.0,
            speed_mps=9.5,
            temperature_c=21,
            posture_known=True,
            pauses=(Pause(200.0, 230.0),),
            laps=(Lap(0.0, 120.0, "Warm up", "manual"), Lap(120.0, 330.0, "Climb", "time")),
            devices=(
                Device("recorder", product="Head unit", serial="11", software="14.6"),
                Device("power", product="Pedals", serial="22", software="3.1"),
                Device("heart_rate", product="Strap", serial="33"),
            ),
            hints=RiderHints(
                mass_kg=70.5,
                ftp_w=240,
                ftp_source="session.threshold_power",
                max_hr_bpm=188,
                resting_hr_bpm=51,
                threshold_hr_bpm=168,
                crank_length_mm=172.5,
            ),
            utc_offset_s=3600.0,
        )
    )
    assert len(recording) == 300
    assert recording.started_at == STARTED_AT
    assert recording.utc_offset_s == 3600.0
    assert (recording.sport, recording.sub_sport) == ("cycling", "indoor_cycling")
    assert recording.array("time_s")[[0, 199, 200, 299]].tolist() == [0.0, 199.0, 230.0, 329.0]
    assert recording.array("power_w").tolist() == (np.arange(300) % 50 + 150.0).tolist()
    assert recording.array("cadence_rpm").tolist() == (np.arange(300) % 20 + 70.25).tolist()
    assert recording.array("right_balance_pct").tolist() == (np.arange(300) % 5 + 48.0).tolist()
    assert recording.array("standing").tolist() == standing.tolist()
    assert recording.array("speed_mps")[0] == 9.5
    assert recording.array("temperature_c")[0] == 21.0
    assert recording.posture_known
    assert recording.balance_convention == "right_flag"
    assert recording.single_sided is False
    assert recording.pauses == (Pause(200.0, 230.0),)
    assert recording.laps == (Lap(0.0, 120.0, "Warm up", "manual"), Lap(120.0, 330.0, "Climb", "time"))
    assert [device.kind for device in recording.devices] == ["recorder", "power", "heart_rate"]
    meter = recording.devices[1]
    assert (meter.product, meter.serial, meter.software) == ("Pedals", "22", "3.1")
    assert meter.measures[:2] == ("power_w", "cadence_rpm")
    assert recording.devices[2].measures == ("heart_rate_bpm",)
    assert "Pedals" in recording.power_source
    assert "22" not in recording.power_source
    assert recording.hints == RiderHints(
        70.5, 240.0, "session.threshold_power", "", 188.0, 51.0, 168.0, 172.5
    )
    head = recording.head_unit
    assert head["duration_s"] == 330.0
    assert head["timer_s"] == 300.0
    assert head["max_power_w"] == 199.0
    assert head["mean_heart_rate_bpm"] == 140.0
    assert head["standing_s"] == 30.0
    assert head["right_balance_pct"] == pytest.approx(50.0, abs=0.1)
    assert codes(recording) == []
    assert not recording.salvaged


def test_a_class_at_4_hz_keeps_its_fractions() -> None:
    power = np.arange(40) + 100.0
    recording = read(fit_activity(step_s=0.25, power=power, cadence=90))
    assert recording.array("time_s").tolist() == (np.arange(40) * 0.25).tolist()
    assert recording.array("power_w").tolist() == power.tolist()
    without = read(fit_activity(step_s=0.25, power=power, cadence=90, subseconds=False))
    assert without.array("time_s").tolist() == (np.arange(40) * 0.25).tolist()


# --- sessions -----------------------------------------------------------------------------------------------


def test_a_missing_session_is_rebuilt_from_the_records() -> None:
    recording = Recorder().records(range(60)).one()
    assert len(recording) == 60
    assert codes(recording) == ["session_rebuilt"]
    assert recording.head_unit == {}


def test_the_sport_message_stands_in_for_a_missing_session() -> None:
    recording = Recorder().say("sport", sport=2, sub_sport=5, name="Spin").records(range(5)).one()
    assert (recording.sport, recording.sub_sport) == ("cycling", "spin")
    with pytest.raises(NotAClass, match="running"):
        Recorder().say("sport", sport=1, sub_sport=0).records(range(5)).classes()


def test_two_sessions_share_the_records_by_their_start() -> None:
    recorder = Recorder().timer(0, 0).records(range(-5, 100)).timer(100, 4)
    recorder.say("lap", 100, start_time=T0, total_elapsed_time=100).session(0, 100, avg_power=200)
    recorder.timer(130, 0).position(140, 1).position(150, 0).records(range(130, 200), power=300)
    first, second = recorder.session(130, 70, avg_power=300).classes()
    assert (first.id[-2:], second.id[-2:]) == ("/0", "/1")
    assert (len(first), len(second)) == (105, 70)
    assert first.started_at == STARTED_AT - dt.timedelta(seconds=5)
    assert second.started_at == STARTED_AT + dt.timedelta(seconds=130)
    assert first.head_unit["mean_power_w"] == 200.0
    assert second.head_unit["mean_power_w"] == 300.0
    assert len(first.laps) == 1
    assert second.laps == ()
    assert first.pauses == second.pauses == ()
    assert not first.posture_known
    assert second.posture_known
    assert second.array("standing")[[9, 10, 19, 20]].tolist() == [0.0, 1.0, 1.0, 0.0]


def test_one_session_owns_all_records_also_those_outside_of_it() -> None:
    recording = Recorder().records(range(1000)).session(200, 300).one()
    assert len(recording) == 1000
    issue = recording.issues[0]
    assert issue.code == "records_outside_session"
    assert issue.count == 140 + 439


def test_a_session_without_records_is_no_class_and_a_repeated_one_counts_once() -> None:
    recorder = Recorder().records(range(60)).session(0, 60).session(0, 60, avg_power=180).session(500, 10)
    recording = recorder.one()
    assert recording.head_unit["mean_power_w"] == 180.0
    assert "session_without_records" in codes(recording)


def test_of_a_triathlon_the_ride_is_read() -> None:
    recorder = Recorder()
    for start, sport in ((0, 5), (100, 3), (110, 2), (210, 1)):
        recorder.records(range(start, start + 90)).session(start, 90, sport=sport)
    recording = recorder.one()
    assert recording.sport == "cycling"
    assert recording.started_at == STARTED_AT + dt.timedelta(seconds=110)
    assert "/" not in recording.id


def test_chained_files_are_classes_of_their_own() -> None:
    first = Recorder().say("user_profile", weight=60).records(range(30)).session(0, 30).out.finish()
    second = Recorder().say("user_profile", weight=90).records(range(600, 640)).out.finish()
    settings = Recorder(kind=2).say("user_profile", weight=75).out.finish()
    one, two = recordings(first + settings + second, "class.fit")
    assert (len(one), len(two)) == (30, 40)
    assert (one.hints.mass_kg, two.hints.mass_kg) == (60.0, 90.0)
    assert "session_rebuilt" not in codes(one)
    assert "session_rebuilt" in codes(two)


@pytest.mark.parametrize("sport", [0, 2, 4, 10, 21, 254, 199, None])
def test_what_studio_bikes_call_themselves_is_a_ride(sport: int | None) -> None:
    recorder = Recorder().records(range(5))
    recorder.say("session", 5, start_time=T0, total_elapsed_time=5, sport=sport)
    assert len(recorder.one()) == 5


# --- time ---------------------------------------------------------------------------------------------------


def test_pauses_are_those_the_timer_announced() -> None:
    recorder = Recorder().timer(0, 0).records(range(60)).timer(60, 1).timer(61, 4).timer(90, 0)
    recorder.records(range(90, 120)).timer(120, 4).session(0, 120)
    assert recorder.one().pauses == (Pause(60.0, 90.0),)


def test_a_pause_over_six_hours_is_no_clock_jump_where_the_timer_says_so() -> None:
    recorder = (
        Recorder().timer(0, 0).records(range(60)).timer(60, 4).timer(30000, 0).records(range(30000, 30060))
    )
    recording = recorder.one()
    assert "clock_jump" not in codes(recording)
    assert recording.pauses == (Pause(60.0, 30000.0),)
    quiet = Recorder().records(range(60)).records(range(30000, 30060)).one()
    assert "clock_jump" in codes(quiet)
    assert quiet.duration_s == 120.0


def test_laps_and_events_follow_the_clock_when_it_jumps() -> None:
    jump = 27 * 86400
    recorder = Recorder().records(range(60)).records(range(jump + 60, jump + 120))
    recorder.say("lap", jump + 120, start_time=T0 + jump + 60, total_elapsed_time=60).position(jump + 90, 1)
    recording = recorder.one()
    assert recording.laps == (Lap(60.0, 120.0),)
    assert recording.array("standing")[[89, 90]].tolist() == [0.0, 1.0]


def test_device_relative_time_has_no_calendar() -> None:
    recorder = Recorder()
    recorder.out.rows("record", {"timestamp": np.arange(1000, 1060), "power": np.full(60, 150.0)})
    recording = recorder.one()
    assert recording.started_at is None
    assert recording.array("time_s").tolist() == list(map(float, range(60)))
    assert "time_unknown" in codes(recording)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(3600, 3600.0), (-18000, -18000.0), (20700, 20700.0), (3570, 3600.0), (4000, None), (15 * 3600, None)],
)
def test_local_time_is_believed_where_it_is_a_zone(offset: int, expected: float | None) -> None:
    recorder = Recorder().records(range(5))
    recorder.say("activity", 5, local_timestamp=T0 + 5 + offset, num_sessions=1)
    assert recorder.one().utc_offset_s == expected


def test_partial_records_of_one_second_become_one_sample() -> None:
    recorder = Recorder()
    for second in range(10):
        recorder.records([second], power=[200 + second]).records([second], heart_rate=[120 + second])
    recording = recorder.one()
    assert len(recording) == 10
    assert recording.array("power_w").tolist() == list(map(float, range(200, 210)))
    assert recording.array("heart_rate_bpm").tolist() == list(map(float, range(120, 130)))
    assert "partial_rows_merged" in codes(recording)


# --- channels -----------------------------------------------------------------------------------------------


def test_values_that_mean_nothing_are_missing() -> None:
    recording = (
        Recorder()
        .records(range(4), power=[200, NAN, 0, 210], cadence=[254, 80, 0, NAN], heart_rate=[0, 120, NAN, 121])
        .one()
    )
    assert recording.samples["power_w"].to_list() == [200.0, None, 0.0, 210.0]
    assert recording.samples["cadence_rpm"].to_list() == [None, 80.0, 0.0, None]
    assert recording.samples["heart_rate_bpm"].to_list() == [None, 120.0, None, 121.0]
    assert "cadence_sentinel" in codes(recording)


def test_a_heart_rate_of_zero_throughout_is_no_channel() -> None:
    assert Recorder().records(range(4), power=200, heart_rate=0).one().channels == ("power_w",)


def test_finer_cadence_is_used_where_it_is_sent() -> None:
    fraction = Recorder().records(range(3), cadence=[80, 81, NAN], fractional_cadence=[0.5, NAN, 0.5]).one()
    assert fraction.samples["cadence_rpm"].to_list() == [80.5, 81.0, None]
    fine = Recorder().records(range(3), cadence=[80, 81, 82], cadence256=[80.25, NAN, 82.75]).one()
    assert fine.samples["cadence_rpm"].to_list() == [80.25, 81.0, 82.75]


def test_enhanced_fields_win_over_plain_ones() -> None:
    recording = Recorder().records(range(2), speed=[9.0, 8.0], enhanced_speed=[9.111, NAN]).one()
    assert recording.array("speed_mps")[0] == pytest.approx(9.111)


def test_the_left_smoothness_alone_is_the_combined_one_of_a_single_sided_meter() -> None:
    recorder = Recorder().say("device_info", 0, device_index=1, device_type=11, manufacturer=69)
    recording = recorder.records(
        range(3),
        power=200,
        left_pedal_smoothness=[20, 21, 22],
        left_torque_effectiveness=70,
        right_pedal_smoothness=0,
        right_torque_effectiveness=0,
    ).one()
    assert recording.array("combined_pedal_smoothness_pct").tolist() == [20.0, 21.0, 22.0]
    assert "left_pedal_smoothness_pct" not in recording.channels
    assert "right_torque_effectiveness_pct" not in recording.channels
    assert recording.single_sided is True
    assert recording.devices[1].single_sided is True


def test_both_smoothnesses_stay_what_they_are() -> None:
    recording = (
        Recorder().records(range(2), power=200, left_pedal_smoothness=20, right_pedal_smoothness=21).one()
    )
    assert recording.array("right_pedal_smoothness_pct").tolist() == [21.0, 21.0]
    assert "combined_pedal_smoothness_pct" not in recording.channels


def test_the_unflagged_balance_is_the_left_share() -> None:
    recording = Recorder().records(range(3), power=200, left_right_balance=[52, 51, 50]).one()
    assert recording.array("right_balance_pct").tolist() == [48.0, 49.0, 50.0]
    assert recording.balance_convention == "left_unflagged"
    assert recording.single_sided is False


def test_a_fake_balance_of_a_meter_says_that_it_has_one_side() -> None:
    recorder = Recorder().say("device_info", 0, device_index=1, device_type=11, manufacturer=41)
    recording = recorder.records(range(30), power=200, left_right_balance=228).one()
    assert "right_balance_pct" not in recording.channels
    assert recording.single_sided is True
    assert "balance_fake" in codes(recording)


def test_resistance_is_kept_raw_with_its_trust() -> None:
    level = np.tile(np.arange(20.0, 60.0), 5)
    power = 0.1047198 * 80 * (10 + level)
    upside_down = Recorder().records(range(200), power=power, cadence=80, resistance=256 - 2 * level).one()
    assert upside_down.resistance_trust == "inverted"
    assert upside_down.array("resistance_level")[0] == 216.0
    right = Recorder().records(range(200), power=power, cadence=80, resistance=level).one()
    assert right.resistance_trust == "plausible"
    assert Recorder().records(range(200), power=power, resistance=0).one().resistance_trust == "constant"
    assert Recorder().records(range(200)).one().resistance_trust == "absent"


def test_transitions_count_as_the_posture_they_lead_to() -> None:
    recorder = Recorder().records(range(10)).position(3, 3).position(4, 1).position(7, 2).position(8, 0)
    recording = recorder.one()
    assert recording.array("standing").tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


def test_without_events_posture_is_unknown() -> None:
    recording = Recorder().records(range(3)).one()
    assert not recording.posture_known
    assert "standing" not in recording.channels


# --- developer fields and sources of power ------------------------------------------------------------------


def developer(
    name: str, values: Any, *, units: str = "W", native: int | None = None, **columns: Any
) -> ClassRecording:
    """Records with one developer field beside the given native columns."""
    recorder = Recorder()
    field = Field(3, "uint16", developer=0)
    recorder.say("developer_data_id", application_id=bytes(range(16)), developer_data_index=0)
    recorder.say(
        "field_description",
        developer_data_index=0,
        field_definition_number=3,
        fit_base_type_id=0x84,
        field_name=name,
        units=units,
        native_mesg_num=None if native is None else 20,
        native_field_num=native,
    )
    count = len(values)
    rows = {
        key: np.broadcast_to(np.asarray(column, dtype=np.float64), count) for key, column in columns.items()
    }
    recorder.out.rows("record", {"timestamp": T0 + np.arange(count), **rows, field: np.asarray(values)})
    return recorder.one()


def test_a_developer_field_stands_in_where_power_is_absent() -> None:
    named = developer("Power", [200.0, 210.0])
    assert named.array("power_w").tolist() == [200.0, 210.0]
    overriding = developer("meter B", [200.0, 210.0], native=7)
    assert overriding.array("power_w").tolist() == [200.0, 210.0]
    assert overriding.power_source == "developer field meter B"
    assert "developer_field_used" in codes(overriding)


def test_one_kind_of_damage_told_in_two_ways_is_one_issue_that_says_both() -> None:
    whole = Recorder().records(range(60)).out.finish()
    found = read(whole[:-5])  # without its checksum and the end of the last message
    issue = next(issue for issue in found.issues if issue.code == "file_truncated")
    assert "the file is shorter than its header says; the last message is cut short" in issue.detail
    assert "times in all" not in issue.detail


def test_two_powers_in_one_file_are_compared_and_one_is_named() -> None:
    both = developer("meter B", [205.0, 215.0, 225.0], native=7, power=[200.0, 210.0, 220.0])
    assert both.array("power_w").tolist() == [200.0, 210.0, 220.0]
    issue = next(issue for issue in both.issues if issue.code == "two_power_sources")
    assert "5 W apart" in issue.detail
    assert "'power' is taken" in issue.detail
    assert both.power_source == "field power"
    clash = developer("power", [205.0, 215.0, 225.0], native=7, power=[200.0, 210.0, 220.0])
    assert "two_power_sources" in codes(clash)
    same = developer("meter B", [200.0, 210.0], native=7, power=[200.0, 210.0])
    assert "two_power_sources" not in codes(same)
    sparse = developer("meter B", [205.0] * 9, native=7, power=[200.0] + [NAN] * 8)
    assert sparse.array("power_w").tolist() == [205.0] * 9
    assert sparse.power_source == "developer field meter B"
    dead = developer("meter B", [205.0, 215.0], native=7, power=[0.0, 0.0])
    assert dead.array("power_w").tolist() == [205.0, 215.0]
    assert dead.power_source == "developer field meter B"


@pytest.mark.parametrize(("name", "units"), [("target_power", "W"), ("power", "kW"), ("glucose", "mg/dL")])
def test_another_quantity_is_not_taken_for_power(name: str, units: str) -> None:
    recording = developer(name, [200.0, 210.0], units=units, power=[100.0, 110.0])
    assert recording.array("power_w").tolist() == [100.0, 110.0]
    assert "two_power_sources" not in codes(recording)


def test_measured_torque_of_a_developer_field_is_crank_torque() -> None:
    recording = developer("torque", [30.0, 31.0], units="N.m", power=[200.0, 200.0])
    assert recording.array("torque_nm").tolist() == [30.0, 31.0]
    assert recording.torque_source == "crank"


def test_two_power_meters_are_named_and_a_trainer_comes_after_a_meter() -> None:
    recorder = Recorder()
    recorder.say("device_info", 0, device_index=1, device_type=17, serial_number=1, product_name="Trainer")
    recorder.say("device_info", 0, device_index=2, device_type=11, serial_number=2, product_name="Pedals")
    assert recorder.records(range(3)).one().power_source == "Pedals"
    recorder.say("device_info", 0, device_index=3, device_type=11, serial_number=3, product_name="Crank")
    recording = recorder.one()
    assert recording.power_source == "Pedals"
    issue = next(issue for issue in recording.issues if issue.code == "two_power_sources")
    assert "Pedals and Crank" in issue.detail


# --- devices and rider --------------------------------------------------------------------------------------


def test_a_device_that_is_told_of_again_is_one_device_with_more_known() -> None:
    recorder = Recorder().records(range(3))
    recorder.say("device_info", 0, device_index=0, manufacturer=1, product_name="Head", serial_number=9)
    recorder.say("device_info", 0, device_index=1, device_type=11, source_type=1)
    recorder.say(
        "device_info", 1, device_index=1, device_type=11, source_type=1, serial_number=5, battery_status=4
    )
    recorder.say("device_info", 2, device_index=4, device_type=11, source_type=1, serial_number=5)
    recorder.say("device_info", 0, device_index=2, device_type=4, source_type=5, product_name="Barometer")
    recorder.say("device_info", 0, device_index=3, product_name="GPS")
    recording = recorder.one()
    assert [(device.kind, device.serial) for device in recording.devices] == [
        ("recorder", "9"),
        ("power", "5"),
    ]
    assert recording.devices[1].battery == "low"


def test_the_file_id_is_the_recorder_where_no_device_says_so() -> None:
    recording = Recorder().records(range(3)).one()
    assert [(device.kind, device.manufacturer, device.serial) for device in recording.devices] == [
        ("recorder", "garmin", "77")
    ]


@pytest.mark.parametrize("message", ["session", "zones_target"])
@pytest.mark.parametrize(
    ("ftp", "believed", "doubt"),
    [
        (250, 250.0, ""),
        (200, None, "recorders start with"),
        (20, None, "fits no rider"),
        (900, None, "fits no"),
    ],
)
def test_an_ftp_of_exactly_200_is_a_default(
    message: str, ftp: int, believed: float | None, doubt: str
) -> None:
    recorder = Recorder().records(range(3))
    if message == "session":
        recorder.session(0, 3, threshold_power=ftp)
    else:
        recorder.say("zones_target", functional_threshold_power=ftp)
    hints = recorder.one().hints
    assert hints.ftp_w == believed
    assert hints.ftp_source == (
        "" if believed is None else {"session": "session.threshold_power"}.get(message, message)
    )
    assert doubt in hints.ftp_doubt
    assert bool(hints.ftp_doubt) is (believed is None)


def test_the_sessions_threshold_wins_over_the_zones() -> None:
    recorder = Recorder().say("zones_target", functional_threshold_power=300).records(range(3))
    hints = recorder.session(0, 3, threshold_power=240).one().hints
    assert (hints.ftp_w, hints.ftp_source) == (240.0, "session.threshold_power")
    fallback = Recorder().say("zones_target", functional_threshold_power=300).records(range(3))
    assert fallback.session(0, 3, threshold_power=200).one().hints.ftp_w == 300.0


def test_numbers_that_fit_no_rider_are_left_out() -> None:
    recorder = Recorder().say("user_profile", weight=10, resting_heart_rate=0)
    hints = recorder.say("zones_target", max_heart_rate=250).records(range(3)).one().hints
    assert hints == RiderHints()


def test_cranks_of_several_bikes_say_nothing() -> None:
    one = Recorder().say("bike_profile", name="A", crank_length=170).records(range(3))
    assert one.one().hints.crank_length_mm == 170.0
    assert one.say("bike_profile", name="B", crank_length=172.5).one().hints.crank_length_mm is None


# --- damage -------------------------------------------------------------------------------------------------


def test_a_recorder_that_died_leaves_every_whole_record_and_says_so() -> None:
    whole = Recorder().timer(0, 0).records(range(600)).session(0, 600).out.finish()
    cut = recordings(whole[: len(whole) // 2], "class.fit")[0]
    assert 250 < len(cut) < 320
    assert cut.array("power_w").tolist() == [200.0] * len(cut)
    assert "file_truncated" in codes(cut)
    assert "session_rebuilt" in codes(cut)


def test_a_wrong_checksum_is_a_warning_with_its_place() -> None:
    recorder = Recorder().records(range(60)).session(0, 60)
    recording = read(recorder.out.finish(file_crc=1))
    assert len(recording) == 60
    assert codes(recording) == ["file_crc"]
    assert "byte" in recording.issues[0].detail


def test_damage_in_the_middle_is_placed_in_time_and_marked_as_salvaged() -> None:
    data = bytearray(Recorder().records(range(600)).session(0, 600).out.finish())
    data[2000:2020] = bytes([0xFF] * 20)
    recording = read(bytes(data))
    assert recording.salvaged
    assert len(recording) > 550
    placed = [issue.start_s for issue in recording.issues if issue.start_s is not None]
    assert placed
    assert 100 < placed[0] < 300
