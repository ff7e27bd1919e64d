"""Logs of other programs: the same ride in each format, and the real ones where they are at hand."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import telemetry
from telemetry.errors import BadInput, NotAClass
from telemetry.ingest.antplus import decode, pages, sensors
from telemetry.ingest.antplus.frames import BROADCAST, CHANNEL_ID, encode
from telemetry.ingest.antplus.logs import read_log
from telemetry.ingest.simulation import BikeModel, RiderModel, Step, simulate

CAPTURES = Path(__file__).parents[3].parent / "shared" / "captures"
real = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside this checkout")


@pytest.fixture(scope="module")
def packets() -> list[tuple[float, bytes]]:
    ride = simulate(RiderModel(), BikeModel(), (Step("ride", 30, 0.8, 80),), seed=4)
    return [
        (b.time_s, encode(BROADCAST, b"\x00" + b.payload + b"\x80" + struct.pack("<HBB", 4242, 11, 5)))
        for b in sensors.power_meter(ride, 4242, 1).broadcasts()
    ]


def as_serial(packets: list[tuple[float, bytes]]) -> bytes:
    return b"".join(data for _, data in packets)


def as_pcap(packets: list[tuple[float, bytes]], order: str = "<") -> bytes:
    magic = b"\xd4\xc3\xb2\xa1" if order == "<" else b"\xa1\xb2\xc3\xd4"
    out = magic + struct.pack(order + "HHiIII", 2, 4, 0, 0, 65535, 1)
    for time_s, data in packets:
        out += (
            struct.pack(order + "IIII", 1000 + int(time_s), round(time_s % 1 * 1e6), len(data), len(data))
            + data
        )
    return out


def as_pcapng(packets: list[tuple[float, bytes]]) -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    out = block(0x0A0D0D0A, b"\x4d\x3c\x2b\x1a" + struct.pack("<HHq", 1, 0, -1))
    out += block(1, struct.pack("<HHI", 249, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 6, 0, 0))
    for time_s, data in packets:
        wrapped = struct.pack("<H", 27) + b"\0" * 25 + data
        stamp = round((1000 + time_s) * 1e6)
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(wrapped), len(wrapped))
        out += block(6, head + wrapped)
    return out


def as_text(packets: list[tuple[float, bytes]]) -> bytes:
    lines = []
    for time_s, data in packets:
        lines.append(f"000001: Bulk Transfer (UP), 2026-01-01 10:00:{time_s:010.7f} +0.25 (1. Device)")
        lines += [" " + data[at : at + 16].hex(" ").upper() + "   ...." for at in range(0, len(data), 16)]
    return "\n".join(lines).encode()


def as_brackets(packets: list[tuple[float, bytes]]) -> bytes:
    return "\n".join(
        f"{time_s:.3f} Rx - " + "".join(f"[{byte:02X}]" for byte in data) for time_s, data in packets
    ).encode()


@pytest.mark.parametrize("write", [as_pcap, as_pcapng, as_text, as_brackets], ids=lambda f: f.__name__)
def test_the_same_ride_comes_out_of_every_timed_format(
    write: object, packets: list[tuple[float, bytes]], tmp_path: Path
) -> None:
    path = tmp_path / "ride.log"
    path.write_bytes(write(packets))  # type: ignore[operator]
    log = read_log(path)
    assert log.timed
    assert len(log.broadcasts) == len(packets)
    assert log.broadcasts[-1].time_s == pytest.approx(packets[-1][0] - packets[0][0], abs=2e-3)
    (frame,) = decode(log.broadcasts).values()
    assert frame["work_j"].sum() > 1000


@pytest.mark.parametrize(
    ("write", "suffix"),
    [(as_pcap, ".pcap"), (as_pcapng, ".pcapng"), (as_text, ".txt"), (as_brackets, ".TXT")],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_timed_log_is_a_class_like_any_other(
    write: Callable[[list[tuple[float, bytes]]], bytes],
    suffix: str,
    packets: list[tuple[float, bytes]],
    tmp_path: Path,
) -> None:
    path = tmp_path / f"ride{suffix}"
    path.write_bytes(write(packets))
    recording = telemetry.read(path)
    assert (recording.file, recording.bike_id, recording.torque_source) == (path.name, "4242", "crank")
    power, cadence = recording.array("power_w"), recording.array("cadence_rpm")
    assert 20 < len(power) <= 31
    assert np.nanmedian(power) == pytest.approx(160, abs=40)
    assert np.nanmedian(cadence) == pytest.approx(80, abs=5)
    # a log whose times count from a moment of its own has no date
    assert (recording.started_at is not None) == (write is as_text)


def test_a_log_without_times_or_without_a_ride_is_no_class(
    packets: list[tuple[float, bytes]], tmp_path: Path
) -> None:
    raw, short = tmp_path / "ride.cap", tmp_path / "short.pcap"
    raw.write_bytes(as_serial(packets))
    short.write_bytes(as_pcap(packets[:1]))
    with pytest.raises(NotAClass, match="no times"):
        telemetry.read(raw)
    with pytest.raises(NotAClass, match="nobody rides"):
        telemetry.read(short)


def test_a_line_with_an_impossible_time_keeps_the_time_of_the_line_before(tmp_path: Path) -> None:
    told = [bytes([0, 0x10, n, 255, 90, n, 0, 200, 0]) for n in range(3)]
    lines = as_text([(float(n), encode(BROADCAST, body)) for n, body in enumerate(told)])
    path = tmp_path / "ride.txt"
    path.write_bytes(lines.replace(b"2026-01-01 10:00:01", b"2026-13-41 99:61:01"))
    assert [item.time_s for item in read_log(path).broadcasts] == pytest.approx([0.0, 0.0, 2.0])


def test_a_raw_stream_has_an_order_and_no_times(packets: list[tuple[float, bytes]], tmp_path: Path) -> None:
    path = tmp_path / "ride.cap"
    path.write_bytes(b"\x00\x13" + as_serial(packets))
    log = read_log(path)
    assert not log.timed
    assert (len(log.broadcasts), log.stray_bytes) == (len(packets), 2)


def test_a_log_cut_anywhere_gives_what_was_whole(packets: list[tuple[float, bytes]], tmp_path: Path) -> None:
    path = tmp_path / "cut"
    for write in (as_pcap, as_pcapng, as_serial):
        data = write(packets[:40])
        for cut in range(len(data) // 2, len(data), 37):
            path.write_bytes(data[:cut])
            assert 15 <= len(read_log(path).broadcasts) <= 40


def test_a_channel_id_message_names_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "named.cap"
    data = encode(CHANNEL_ID, bytes([2, 0x39, 0x30, 11, 5]))
    path.write_bytes(data + encode(BROADCAST, b"\x02" + bytes.fromhex("1005B25A2C01C800")))
    assert tuple(read_log(path).broadcasts[0].key) == (12345, pages.POWER, 5)


@pytest.mark.parametrize("data", [b"", b"hello, this is no log", b"\xd4\xc3\xb2\xa1", b"\x00" * 100])
def test_what_holds_no_frame_is_named_and_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.log"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"other\.log: no ANT message in it"):
        read_log(path)


@real
@pytest.mark.parametrize(
    ("name", "device_type", "power_w", "cadence_rpm"),
    [
        ("libant-demo-capture-1.pcap", 11, (240, 290), (75, 90)),
        ("123.cap", 11, (240, 290), (75, 90)),
        ("456.cap", 11, (240, 290), (75, 90)),
        ("789.cap", 11, (240, 290), (75, 90)),
        ("antifier-zwift.pcapng", 17, (200, 350), (80, 100)),
        ("antifier-zwift_usb_dump.txt", 17, (80, 250), (50, 100)),
    ],
)
def test_real_captures_decode_to_sane_medians(
    name: str, device_type: int, power_w: tuple[float, float], cadence_rpm: tuple[float, float]
) -> None:
    frames = [f for key, f in decode(read_log(CAPTURES / name).broadcasts).items() if key[1] == device_type]
    frame = max(frames, key=lambda f: f.height)
    riding = frame.filter(pl.col("power_w") > 0)
    assert power_w[0] < (riding["power_w"].median() or 0) < power_w[1]
    assert cadence_rpm[0] < (riding["cadence_rpm"].median() or 0) < cadence_rpm[1]


@real
def test_two_sensors_on_one_real_bike_count_the_same_revolutions() -> None:
    frames = decode(read_log(CAPTURES / "libant-demo-capture-1.pcap").broadcasts)
    (meter,) = (f for key, f in frames.items() if key[1] == pages.POWER)
    (pod,) = (f for key, f in frames.items() if key[1] == pages.SPEED_CADENCE)
    assert meter["revolutions"].sum() == pytest.approx(pod["revolutions"].sum(), rel=0.02)
