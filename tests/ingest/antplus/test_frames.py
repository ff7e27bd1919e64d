"""The serial framing under every split and every kind of damage."""

from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.antplus import frames
from telemetry.ingest.antplus.frames import Channels, Frame, Framer, encode

BODIES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=24)), max_size=20)


def broadcast(channel: int, payload: str, extension: str = "") -> Frame:
    return Frame(frames.BROADCAST, bytes([channel]) + bytes.fromhex(payload) + bytes.fromhex(extension))


PAYLOAD = "1005B25A2C01C800"


def test_the_worked_frame_of_the_docstring_holds() -> None:
    assert doctest.testmod(frames).failed == 0


@given(BODIES, st.integers(1, 30))
def test_a_stream_cut_anywhere_gives_the_same_messages(messages: list[tuple[int, bytes]], size: int) -> None:
    stream = b"".join(encode(number, body) for number, body in messages)
    framer = Framer()
    got = [f for at in range(0, len(stream), size) for f in framer.feed(stream[at : at + size])]
    assert got == [Frame(number, body) for number, body in messages]
    assert framer.stray_bytes == framer.bad_checksums == 0


@given(st.binary(max_size=300), st.integers(1, 40))
def test_noise_never_raises_and_is_all_accounted_for(noise: bytes, size: int) -> None:
    framer = Framer()
    for at in range(0, len(noise), size):
        framer.feed(noise[at : at + size])
    assert framer.stray_bytes <= len(noise)


@given(st.integers(0, 40 * 13 - 1), st.integers(1, 255))
def test_one_damaged_byte_costs_at_most_one_message_and_invents_none(at: int, flip: int) -> None:
    sent = [Frame(frames.BROADCAST, bytes([0, *range(i, i + 8)])) for i in range(40)]
    stream = bytearray(b"".join(encode(*frame) for frame in sent))
    stream[at] ^= flip
    stream += encode(0x6F, b"\x20") * 4
    got = [f for f in Framer().feed(bytes(stream)) if f.id == frames.BROADCAST]
    assert len(got) >= len(sent) - 1
    assert set(got) <= set(sent)


@given(st.integers(0, 40 * 13 - 1))
def test_one_lost_byte_costs_at_most_one_message(at: int) -> None:
    sent = [Frame(frames.BROADCAST, bytes([0, *range(i, i + 8)])) for i in range(40)]
    stream = bytearray(b"".join(encode(*frame) for frame in sent))
    del stream[at]
    stream += encode(0x6F, b"\x20") * 4
    assert len([f for f in Framer().feed(bytes(stream)) if f in sent]) >= len(sent) - 1


def test_an_extended_message_carries_id_and_receive_time() -> None:
    got = Channels().broadcast(broadcast(0, PAYLOAD, "E06C4A0B05104A00805FDB"), 1.5)
    assert got is not None
    assert (got.device_number, got.device_type, got.transmission_type) == (19052, 11, 5)
    assert got.rx_ticks == 0xDB5F
    assert got.rssi_dbm is None, "a gain setting is no signal strength"


def test_a_strength_in_decibels_is_signed() -> None:
    got = Channels().broadcast(broadcast(0, PAYLOAD, "C06C4A0B0520C480"), 0.0)
    assert got is not None
    assert got.rssi_dbm == -60.0


def test_a_message_without_id_takes_its_channels_id_or_says_it_has_none() -> None:
    channels = Channels()
    nameless = channels.broadcast(broadcast(3, PAYLOAD), 0.0)
    assert nameless is not None
    assert tuple(nameless.key) == (-4, 0, 0)
    channels.note(Frame(frames.CHANNEL_ID, bytes([3, 0x39, 0x30, 11, 5])))
    named = channels.broadcast(broadcast(3, PAYLOAD), 0.0)
    assert named is not None
    assert tuple(named.key) == (12345, 11, 5)


def test_other_messages_are_no_broadcast() -> None:
    assert Channels().broadcast(Frame(frames.CHANNEL_EVENT, b"\x00\x01\x02"), 0.0) is None
