"""openant's own code against virtual sticks, and our reader through every fault a stick has."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import usb.backend.libusb0
import usb.backend.libusb1
import usb.backend.openusb
import usb.core
from openant.easy.channel import Channel
from openant.easy.node import Node

from telemetry.errors import NoRadio
from telemetry.ingest.antplus import radio as radios
from telemetry.ingest.antplus.broadcast import Broadcast
from telemetry.ingest.antplus.frames import Channels, Frame
from telemetry.ingest.antplus.radio import UDEV_RULE, FrameQueue, Radio, RadioEvent, Received
from telemetry.ingest.antplus.stick import Faults, Schedule, VirtualStick
from telemetry.ingest.antplus.virtual_room import virtual_room
from telemetry.ingest.antplus.virtual_usb import VirtualUsb, plugged_in

ROOM = virtual_room(2, 12.0, 1)
PERIOD_S = 0.25
SPEED = 6.0


def stick(faults: Faults | None = None, *, speed: float = SPEED, serial: int = 1) -> VirtualStick:
    faults = faults or Faults()
    return VirtualStick(Schedule.of_sensors(ROOM.sensors, faults), faults, speed=speed, serial=serial)


class Heard:
    """A radio that listens, and what came of it."""

    def __init__(self, which: int = 0, queue: FrameQueue | None = None) -> None:
        self.events: list[RadioEvent] = []
        self.queue = queue or FrameQueue()
        self.radio = Radio(self.queue, which, self.events.append)
        self.frames: list[Received] = []

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def take(self) -> list[Received]:
        self.frames += self.queue.take()
        return self.frames

    def until(self, count: int, within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while len(self.take()) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.frames) >= count

    def until_event(self, kind: str, within_s: float = 10.0) -> RadioEvent:
        deadline = time.monotonic() + within_s
        while kind not in self.kinds():
            assert time.monotonic() < deadline, f"no {kind} in {self.kinds()}"
            time.sleep(0.005)
        return next(event for event in self.events if event.kind == kind)


@contextmanager
def listening(sticks: Sequence[VirtualStick], which: int = 0) -> Iterator[Heard]:
    heard = Heard(which)
    with plugged_in(*sticks):
        heard.radio.start()
        try:
            yield heard
        finally:
            heard.radio.stop()
            heard.take()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ant-")]


def broadcasts(frames: Sequence[Received]) -> list[Broadcast]:
    channels = Channels()
    made = (channels.broadcast(Frame(kind, body), at, which) for at, which, kind, body in frames)
    return [item for item in made if item is not None]


# --- openant as it is ---------------------------------------------------------------------------------------


def test_unmodified_node_and_channel_code_hears_the_room() -> None:
    got: list[bytes] = []
    with plugged_in(stick(speed=2.0)):
        node = Node()
        try:
            node.set_network_key(0, radios.NETWORK_KEY)
            channel = node.new_channel(Channel.Type.UNIDIRECTIONAL_RECEIVE_ONLY)
            channel.on_broadcast_data = lambda data: got.append(bytes(data))
            channel.set_id(0, 0, 0)
            channel.enable_extended_messages(1)
            channel.set_rf_freq(radios.RF_FREQUENCY)
            channel.open_rx_scan_mode()
            thread = threading.Thread(target=node.start, daemon=True)
            thread.start()
            deadline = time.monotonic() + 5.0
            while len(got) < 20 and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            node.stop()
        thread.join(2.0)
    sent = {payload.tobytes() for sensor in ROOM.sensors for payload in sensor.payloads}
    assert len(got) >= 20
    assert {data[:8] for data in got} <= sent
    numbers = {int.from_bytes(data[9:11], "little") for data in got}
    assert numbers == {sensor.device_number for sensor in ROOM.sensors}


# --- everything arrives -------------------------------------------------------------------------------------


def test_every_message_arrives_with_sender_strength_and_time() -> None:
    with listening([stick()]) as heard:
        heard.until(150)
    items = broadcasts(heard.frames)
    assert heard.kinds() == ["started"]
    schedule = Schedule.of_sensors(ROOM.sensors)
    n = len(items)
    assert [item.payload for item in items] == [row.tobytes() for row in schedule.payload[:n]]
    assert [item.rx_ticks for item in items] == [int(tick) & 0xFFFF for tick in schedule.ticks[:n]]
    assert {item.rssi_dbm for item in items} == {-60.0}


def test_a_stick_without_lib_config_still_says_who_sends() -> None:
    with listening([stick(Faults(refuse_lib_config=True))]) as heard:
        heard.until(40)
    items = broadcasts(heard.frames)
    assert {item.device_number for item in items} == {sensor.device_number for sensor in ROOM.sensors}
    assert {item.rx_ticks for item in items} == {None}


@pytest.mark.parametrize("size", [1, 7, 64])
def test_frames_split_over_reads_are_whole(size: int) -> None:
    with listening([stick(Faults(read_bytes=size), speed=3.0)]) as heard:
        heard.until(60)
    assert heard.radio.damaged == 0
    assert len(broadcasts(heard.frames)) == len(heard.frames)


def test_stray_bytes_and_bad_checksums_cost_their_own_message_and_are_counted() -> None:
    times = [0.5 * i for i in range(1, 16)]
    with listening([stick(Faults(stray_bytes_s=times, bad_checksums_s=[t + 0.2 for t in times]))]) as heard:
        heard.until(240)
    assert heard.radio.damaged == 15
    sent = iter(row.tobytes() for row in Schedule.of_sensors(ROOM.sensors).payload)
    skipped = 0
    for item in broadcasts(heard.frames):
        while next(sent) != item.payload:
            skipped += 1
    assert skipped == 15


def test_a_stick_that_is_slow_to_wake_is_asked_again() -> None:
    with listening([stick(Faults(mute_starts=1))]) as heard:
        heard.until(20)


def test_a_stick_that_never_answers_is_named_within_seconds() -> None:
    begun = time.monotonic()
    with plugged_in(stick(Faults(mute_starts=99))), pytest.raises(NoRadio, match="does not answer"):
        Radio(FrameQueue()).start()
    assert time.monotonic() - begun < 10
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ant-")]


# --- pulled out and put back --------------------------------------------------------------------------------


def test_an_unplugged_stick_is_told_at_once_and_heard_again_after_replugging() -> None:
    faults = Faults(unplugged_s=((0.6, 1.4),))
    with listening([stick(faults, speed=1.0)]) as heard:
        heard.until(1)
        begun = heard.frames[0][0]
        out = heard.until_event("unplugged")
        back = heard.until_event("replugged")
        heard.until(len(heard.take()) + 5)
    assert 0.0 <= out.time_s - begun - 0.5 < 1.0
    after = [at for at, *_ in heard.frames if at > out.time_s]
    assert after[0] - (begun + 1.4) < 3.0
    assert back.time_s - out.time_s < 3.8
    assert heard.kinds() == ["started", "unplugged", "replugged"]


def test_stopping_takes_at_most_two_seconds_with_the_stick_in_or_out() -> None:
    for faults in (Faults(), Faults(unplugged_s=((0.2, 1e6),))):
        with listening([stick(faults, speed=1.0)]) as heard:
            if faults.unplugged_s:
                heard.until_event("unplugged")
            begun = time.monotonic()
            heard.radio.stop()
            assert time.monotonic() - begun < 2.0


# --- several sticks -----------------------------------------------------------------------------------------


def test_the_second_stick_can_be_chosen() -> None:
    first, second = stick(), stick(serial=2)
    with listening([first, second], which=1) as heard:
        heard.until(20)
    assert first.sent == 0
    assert {which for _, which, *_ in heard.frames} == {1}


def test_two_sticks_listen_side_by_side_and_neither_takes_the_other() -> None:
    pulled = stick(Faults(unplugged_s=((0.4, 1e6),)), speed=1.0)
    stays = stick(speed=1.0, serial=2)
    queue = FrameQueue()
    one, two = Heard(0, queue), Heard(1, queue)
    with plugged_in(pulled, stays):
        one.radio.start()
        two.radio.start()
        try:
            one.until_event("unplugged")
            time.sleep(0.8)
            two.take()
        finally:
            for heard in (one, two):
                heard.radio.cancel()
            for heard in (one, two):
                heard.radio.stop()
    assert {which for _, which, *_ in two.frames} == {0, 1}
    assert one.kinds() == ["started", "unplugged"], "the other's stick is not free"
    assert two.kinds() == ["started"]
    late = [which for at, which, *_ in two.frames if at > one.events[-1].time_s + 0.3]
    assert late
    assert set(late) == {1}


def test_a_third_stick_that_is_not_there_is_said() -> None:
    with plugged_in(stick(), stick()), pytest.raises(NoRadio, match="no ANT stick number 3"):
        Radio(FrameQueue(), 2).start()


# --- what people read ---------------------------------------------------------------------------------------


def test_without_a_stick_the_way_without_one_is_named() -> None:
    with plugged_in(), pytest.raises(NoRadio, match="no ANT stick is plugged in") as caught:
        Radio(FrameQueue()).start()
    assert "--virtual" in str(caught.value)


def test_without_permission_the_rule_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise usb.core.USBError("Access denied (insufficient permissions)", -3, errno.EACCES)

    monkeypatch.setattr(VirtualUsb, "set_configuration", refuse)
    with plugged_in(stick()), pytest.raises(NoRadio, match="no permission") as caught:
        Radio(FrameQueue()).start()
    assert UDEV_RULE in str(caught.value)


def test_a_stick_in_use_elsewhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise usb.core.USBError("Resource busy", -6, errno.EBUSY)

    monkeypatch.setattr(VirtualUsb, "claim_interface", refuse)
    monkeypatch.setattr(VirtualUsb, "set_configuration", refuse)
    with plugged_in(stick()), pytest.raises(NoRadio, match="in use by another program"):
        Radio(FrameQueue()).start()


def test_without_a_usb_library_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in (usb.backend.libusb0, usb.backend.libusb1, usb.backend.openusb):
        monkeypatch.setattr(library, "get_backend", lambda find_library=None: None)
    with pytest.raises(NoRadio, match="no USB library") as caught:
        Radio(FrameQueue()).start()
    assert "libusb" in str(caught.value)


# --- who listens --------------------------------------------------------------------------------------------


def test_a_listener_that_fails_ends_nothing() -> None:
    def fail(event: RadioEvent) -> None:
        raise RuntimeError(event.kind)

    queue = FrameQueue()
    with plugged_in(stick(Faults(unplugged_s=((0.3, 0.6),)), speed=1.0)):
        radio = Radio(queue, 0, fail)
        radio.start()
        time.sleep(0.5)
        queue.take()
        deadline = time.monotonic() + 5
        while not queue.received or time.monotonic() < deadline - 3.5:
            time.sleep(0.02)
        assert queue.take()
        radio.stop()


def test_a_full_stick_is_counted() -> None:
    crowded = stick(speed=40.0)
    crowded.fifo_bytes = 60
    with listening([crowded]) as heard:
        heard.until_event("overflow")
    assert heard.radio.overflows > 0
    assert crowded.overflowed > 0


def test_what_does_not_fit_the_queue_is_counted_and_never_waited_for() -> None:
    queue = FrameQueue(limit=3)
    for i in range(5):
        queue.put((float(i), 0, 0x4E, b""))
    assert (queue.received, queue.dropped) == (5, 2)
    assert [row[0] for row in queue.take()] == [0.0, 1.0, 2.0]
