"""A capture becomes classes and recordings: where a class ends, whose devices, what was not heard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import telemetry
from telemetry.errors import NotAClass
from telemetry.ingest.antplus import decode, pages, room
from telemetry.ingest.antplus.capture_read import CaptureReader, recover
from telemetry.ingest.antplus.leave import leave
from telemetry.ingest.antplus.live import Grinding, LiveRoom
from telemetry.ingest.antplus.session import Session
from telemetry.ingest.antplus.split import Span, Splitter
from telemetry.ingest.antplus.stick import Faults
from telemetry.ingest.antplus.studio import Bike, Studio, as_toml
from telemetry.ingest.antplus.timeline import Heard, Timeline
from telemetry.ingest.simulation import Ride, Step
from tests.ingest.antplus.rooms import START_S, bike, frames, ride, write_capture

KINDS = (pages.POWER, pages.FITNESS_EQUIPMENT, pages.HEART_RATE, pages.SPEED_CADENCE)
STUDIO = Studio(
    "Test", (Bike("01", dict.fromkeys(KINDS, 1)), Bike("02", dict.fromkeys(KINDS, 2))), riders={"02": "r02"}
)
PROGRAMME = (Step("ride", 60, 0.7, 85), Step("climb", 30, 0.95, 54))


@pytest.fixture(scope="module")
def rides() -> list[Ride]:
    return [ride(*PROGRAMME, seed=seed) for seed in (1, 2)]


@pytest.fixture
def capture(rides: list[Ride], tmp_path: Path) -> Path:
    path = tmp_path / "capture.fit"
    write_capture(path, frames([*bike(rides[0], 1), *bike(rides[1], 2)]))
    return path


# --- recordings ---------------------------------------------------------------------------------------------


def test_each_seat_gets_its_recording_close_to_the_truth(
    capture: Path, rides: list[Ride], tmp_path: Path
) -> None:
    told: list[Path] = []
    left = leave(capture, tmp_path, STUDIO, told=told.append)
    assert [path.name for path in left.recordings] == ["seat-01.parquet", "seat-02.parquet"]
    assert told == list(left.recordings)
    for path, true, seat, rider in zip(left.recordings, rides, ("01", "02"), (None, "r02"), strict=True):
        got = telemetry.read(path)
        assert (got.bike_id, got.rider_id, got.file) == (seat, rider, path.name)
        assert got.torque_source == "crank"
        assert got.started_at is not None
        assert got.started_at.timestamp() == pytest.approx(START_S, abs=0.3)
        work = np.nansum(got.array("power_w"))
        assert work == pytest.approx(true.power_w.sum() / true.rate_hz, rel=0.02)
        assert np.nansum(got.array("cadence_rpm")) / 60 == pytest.approx(
            true.angle_rad[-1] / 6.2832, rel=0.02
        )
    assert telemetry.read(left.recordings[0]).class_id == telemetry.read(left.recordings[1]).class_id


def test_rows_kept_in_pieces_are_the_rows_of_one_decoding(capture: Path) -> None:
    (whole,) = Session(CaptureReader(capture), STUDIO).classes()
    rows = decode(CaptureReader(capture).broadcasts())
    for seat in room.seats(rows, STUDIO):
        once = room.recording(
            seat, whole.span.start_s, whole.span.stop_s, started_unix_s=whole.started_unix_s
        )
        assert once is not None
        assert once.samples.equals(whole.recordings[seat.name].samples)
        assert once.id == whole.recordings[seat.name].id


def test_a_capture_given_as_a_file_yields_its_recordings(capture: Path) -> None:
    (capture.parent / "studio.toml").write_text(as_toml(STUDIO), encoding="utf-8")
    (capture.parent / "roster.csv").write_text("seat,rider\n01,r01\n", encoding="utf-8")
    found = telemetry.read_all(capture)
    assert [(item.bike_id, item.rider_id) for item in found] == [("01", "r01"), ("02", None)]
    assert {item.source for item in found} == {"antplus"}


def test_without_a_studio_every_bike_is_its_devices_number(capture: Path) -> None:
    assert [item.bike_id for item in telemetry.read_all(capture)] == ["1", "2"]


def test_a_capture_in_which_nobody_rides_is_no_class(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    write_capture(path, frames(bike(ride(Step("rest", 20, 0.0, 0)), 1)))
    with pytest.raises(NotAClass, match="nobody rides"):
        telemetry.read_all(path)
    left = leave(path, tmp_path, STUDIO)
    assert (left.classes, left.recordings) == (0, ())


def test_a_cut_capture_gives_the_same_class_before_and_after_it_is_finished(
    rides: list[Ride], tmp_path: Path
) -> None:
    path = tmp_path / "capture.fit"
    write_capture(path, frames(bike(rides[0], 1)), close=False)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    before = telemetry.read_all(path)
    recover(path)
    after = telemetry.read_all(path)
    assert [item.id for item in before] == [item.id for item in after]
    assert 50 < before[0].duration_s < 70


def test_four_rows_a_second_hold_the_same_work(capture: Path) -> None:
    (one,) = Session(CaptureReader(capture), STUDIO).classes()
    (four,) = Session(CaptureReader(capture), STUDIO, rate_hz=4.0).classes()
    slow, fast = one.recordings["01"], four.recordings["01"]
    assert len(fast) == pytest.approx(4 * len(slow), abs=4)
    assert np.nansum(fast.array("power_w")) / 4 == pytest.approx(np.nansum(slow.array("power_w")), rel=0.02)


# --- where a class ends -------------------------------------------------------------------------------------


def spans(*told: tuple[str, float]) -> list[tuple[float, float]]:
    splitter, found = Splitter(), []
    for what, at in told:
        found.append(getattr(splitter, what)(at))
    found.append(splitter.finished(told[-1][1]))
    return [(span.start_s, span.stop_s) for span in found if isinstance(span, Span)]


def pedalling(start: int, stop: int) -> list[tuple[str, float]]:
    return [("pedalled", float(at)) for at in range(start, stop)]


def test_five_minutes_without_pedalling_end_a_class() -> None:
    assert spans(("passed", 0.0), *pedalling(20, 1000), ("passed", 1298.9), *pedalling(1298, 2000)) == [
        (0.0, 1999.0)
    ]
    assert spans(("passed", 0.0), *pedalling(20, 1000), ("passed", 1299.0), *pedalling(2000, 2500)) == [
        (0.0, 999.0),
        (1990.0, 2499.0),
    ]


def test_a_long_wait_before_the_first_stroke_is_no_class() -> None:
    assert spans(("passed", 0.0), ("passed", 400.0), *pedalling(900, 1500)) == [(890.0, 1499.0)]


def test_start_and_stop_make_a_class_and_the_warm_up_is_none() -> None:
    told = [*pedalling(0, 200), ("started", 200.0), *pedalling(200, 1000), ("stopped", 1000.0)]
    assert spans(*told, *pedalling(1000, 1100)) == [(200.0, 1000.0)]


def test_a_class_that_nobody_announced_is_kept_beside_one_that_was() -> None:
    told = [*pedalling(0, 1500), ("started", 1500.0), *pedalling(1500, 2000), ("stopped", 2000.0)]
    assert spans(*told) == [(0.0, 1500.0), (1500.0, 2000.0)]


def test_two_classes_lie_in_two_folders(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    two = ride(Step("one", 40, 0.7, 85), Step("rest", 330, 0.0, 0), Step("two", 40, 0.7, 85))
    write_capture(path, frames(bike(two, 1)))
    left = leave(path, tmp_path, STUDIO)
    assert [item.relative_to(tmp_path).as_posix() for item in left.recordings] == [
        "seat-01.parquet",
        "class-2/seat-01.parquet",
    ]
    first, second = (telemetry.read(item) for item in left.recordings)
    assert first.id != second.id
    assert first.duration_s == pytest.approx(42, abs=4)
    assert second.duration_s == pytest.approx(50, abs=4)
    assert np.nansum(second.array("power_w")) == pytest.approx(two.power_w[-160:].sum() / 4, rel=0.05)


# --- what was not heard -------------------------------------------------------------------------------------


def test_reception_is_counted_for_every_device(rides: list[Ride], tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    write_capture(
        path,
        frames(bike(rides[0], 1), Faults(loss=0.3, longest_burst=4)),
        events=[(1.0, "dropped", 7, ""), (2.0, "foreign", 12, "99/11/5"), (3.0, "overflow", 0, "")],
    )
    account = json.loads(leave(path, tmp_path, STUDIO).reception.read_text())
    (device,) = (item for item in account["classes"][0]["seats"][0]["devices"] if item["profile"] == "power")
    assert 60 < device["reception_pct"] < 80
    assert device["health"]["battery_low"] is False
    assert (account["dropped"], account["overflows"]) == (7, 1)
    assert account["not_of_this_room"] == [{"device": "99/11/5", "messages": 12}]
    assert [event["event"] for event in account["events"]] == ["started", "dropped", "overflow"]


def test_an_unplugged_stick_is_a_gap_of_the_room_and_an_issue_of_its_recordings(
    rides: list[Ride], tmp_path: Path
) -> None:
    path = tmp_path / "capture.fit"
    heard = [(at, body) for at, body in frames(bike(rides[0], 1)) if not 20 <= at < 26]
    write_capture(path, heard, events=[(20.1, "unplugged", 0, ""), (25.9, "replugged", 0, "")])
    left = leave(path, tmp_path, STUDIO)
    ((start, stop),) = left.account["gaps"]
    assert (start, stop) == (pytest.approx(20.1, abs=0.3), pytest.approx(25.9, abs=0.3))
    got = telemetry.read(left.recordings[0])
    (issue,) = (item for item in got.issues if item.code == "stick_unplugged")
    assert issue.start_s == pytest.approx(20.1, abs=0.3)
    assert np.nansum(got.array("power_w")) == pytest.approx(rides[0].power_w.sum() / 4, rel=0.02)


def test_two_sticks_hear_more_than_one_and_nothing_twice(rides: list[Ride], tmp_path: Path) -> None:
    sent = bike(rides[0], 1)
    both = {stick: frames(sent, Faults(loss=0.3), seed=stick * 50) for stick in (0, 1)}
    path = tmp_path / "capture.fit"
    write_capture(path, both)
    left = leave(path, tmp_path, STUDIO)
    (device,) = (
        item for item in left.account["classes"][0]["seats"][0]["devices"] if item["profile"] == "power"
    )
    assert left.account["sticks"] == 2
    assert left.account["heard_twice"] > 500
    assert left.account["conflicts"] == 0
    assert all(65 < item["reception_pct"] < 75 for item in device["sticks"])
    assert device["reception_pct"] == pytest.approx(91, abs=3)
    got = telemetry.read(left.recordings[0])
    assert np.nansum(got.array("power_w")) == pytest.approx(rides[0].power_w.sum() / 4, rel=0.02)


def test_two_bikes_with_one_number_are_named_and_give_no_value(rides: list[Ride], tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    here = bike(rides[0], 1)
    other = bike(rides[1], 1)[0]
    moved = other.__class__(
        other.device_number, other.device_type, other.transmission_type, other.period_ticks,
        other.ticks + 3000, other.payloads,
    )  # fmt: skip
    write_capture(path, frames([*here, moved]))
    left = leave(path, tmp_path, STUDIO)
    (device,) = (
        item for item in left.account["classes"][0]["seats"][0]["devices"] if item["profile"] == "power"
    )
    assert device["shared_number_since_s"] < 5
    got = telemetry.read(left.recordings[0])
    assert "shared_device_number" in {issue.code for issue in got.issues}
    assert "trainer" in got.power_source, "the bike's other meter still speaks"


# --- again, as it was ---------------------------------------------------------------------------------------


def test_a_replay_makes_the_same_rows_byte_for_byte(capture: Path) -> None:
    limits = Grinding(60.0, 65.0, 30.0, 25.0, 20.0)
    played = LiveRoom(STUDIO, limits)
    for item in Timeline(CaptureReader(capture)):
        if isinstance(item, Heard):
            played.feed(item.message)
    sent = LiveRoom(STUDIO, limits)
    for batch in CaptureReader(capture):
        sent.take([(row.unix_s, batch.stick, row.id, row.body) for row in batch.frames])
    once = decode(CaptureReader(capture).broadcasts())
    for key, frame in once.items():
        for live in (played, sent):
            kept = live._decoder.frame(key)
            assert kept.equals(frame[-len(kept) :])
    assert played.seats() == sent.seats()


def test_the_room_now_says_who_grinds_and_who_is_gone(capture: Path) -> None:
    live = LiveRoom(STUDIO, Grinding(60.0, 65.0, 25.0, 20.0, 20.0))
    shown = []
    for item in Timeline(CaptureReader(capture)):
        if isinstance(item, Heard):
            live.feed(item.message)
            if len(shown) < int(item.message.time_s):
                shown.append(live.seats())
    assert not shown[40][0].grinding
    assert shown[80][0].grinding
    first = shown[80][0]
    assert first.state == "pedalling"
    assert first.reception_pct == pytest.approx(100, abs=2)
    assert first.torque_nm is not None
    assert first.torque_nm > 25
    assert shown[80][1].rider == "r02"
    gone = live.seats(live.now_s + 10)[0]
    assert (gone.state, gone.power_w, gone.cadence_rpm) == ("lost", None, None)
