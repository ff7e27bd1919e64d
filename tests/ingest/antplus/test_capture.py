"""A capture's promise: whatever happens to the file, every whole message comes out and damage is named."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import fitdecode
import pytest

from telemetry.errors import BadInput, CannotWrite
from telemetry.ingest.antplus import capture_format as form
from telemetry.ingest.antplus.capture_file import WAITING_BYTES, CaptureFile
from telemetry.ingest.antplus.capture_read import CaptureReader, recover
from telemetry.ingest.antplus.capture_sniff import is_capture
from telemetry.ingest.antplus.frames import BROADCAST

START_S = 1_790_000_000.0


def body(n: int, length: int = 20) -> bytes:
    return bytes([0]) + n.to_bytes(8, "little") + bytes(length - 9)


def write(path: Path, seconds: int = 20, close: bool = True) -> list[tuple[int, bytes]]:
    """A small room: 40 messages a second of two lengths, a write every quarter."""
    capture = CaptureFile(path, START_S)
    capture.event(START_S, form.TIMER, form.START, "class begins")
    capture.device(START_S, 4242, 11, 5)
    sent = []
    for n in range(seconds * 40):
        row = body(n, 20 if n % 5 else 14)
        capture.frame(START_S + n / 40, BROADCAST, row, stick=n // 10 % 2)
        sent.append((n // 10 % 2, row))
        if n % 10 == 9:
            capture.flush()
    if close:
        assert capture.close()
    else:
        capture.flush()
    return sent


def rows(path: Path) -> list[bytes]:
    return [row.body for batch in CaptureReader(path) for row in batch.frames]


def by_fitdecode(path: Path, check: bool) -> int:
    count = 0
    crc = fitdecode.CrcCheck.RAISE if check else fitdecode.CrcCheck.DISABLED
    with fitdecode.FitReader(str(path), check_crc=crc) as reader:
        try:
            for item in reader:
                count += isinstance(item, fitdecode.FitDataMessage) and item.name == "ant_rx"
        except fitdecode.FitError:
            assert not check
    return count


def test_what_was_written_is_read_back_with_its_stick_and_time(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    sent = write(path)
    reader = CaptureReader(path)
    got = [(batch.stick, row) for batch in reader for row in batch.frames]
    assert [(stick, row.body) for stick, row in got] == sent
    assert got[81][1].unix_s == pytest.approx(START_S + 81 / 40, abs=1 / 32768)
    assert reader.closed
    assert not reader.damage
    assert reader.devices == {(4242, 11, 5): START_S}
    assert by_fitdecode(path, check=True) == len(sent)
    assert is_capture(path.read_bytes()[:4096])


def test_events_keep_their_words(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    capture = CaptureFile(path, START_S)
    capture.event(START_S + 1.5, form.MARKER_EVENT, form.MARKER, "stick pulled out — ärgerlich " * 4)
    capture.close()
    (event,) = (event for batch in CaptureReader(path) for event in batch.events)
    assert event.unix_s == pytest.approx(START_S + 1.5, abs=1 / 32768)
    assert event.text.startswith("stick pulled out — ärgerlich stick")


def test_every_cut_leaves_every_whole_message(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    sent = [row for _, row in write(path, seconds=2, close=False)]
    data = path.read_bytes()
    cut_file = tmp_path / "cut.fit"
    least = 0
    for cut in range(200, len(data) + 1):
        cut_file.write_bytes(data[:cut])
        got = rows(cut_file)
        assert got == sent[: len(got)]
        assert len(got) >= least
        least = len(got)
    assert least == len(sent)


@pytest.mark.parametrize("seed", range(8))
def test_a_recovered_cut_satisfies_other_readers(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    write(path, seconds=4, close=False)
    data = path.read_bytes()
    cut = random.Random(seed).randrange(400, len(data))
    path.write_bytes(data[:cut])
    whole = rows(path)
    assert by_fitdecode(path, check=False) == len(whole)
    reader = recover(path)
    assert not reader.closed
    assert rows(path) == whole
    assert by_fitdecode(path, check=True) == len(whole)
    assert recover(path).closed, "a second recovery finds it finished"


@pytest.mark.parametrize("seed", range(30))
def test_damage_costs_its_own_batches_and_is_named(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    sent = [row for _, row in write(path)]
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    at = chance.randrange(14, len(data) - 600)
    kind = seed % 3
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at : at + 512] = bytes(512)
    else:
        del data[at : at + chance.randrange(1, 400)]
    path.write_bytes(data)
    reader = CaptureReader(path)
    sealed = [row.body for batch in reader if batch.sealed for row in batch.frames]
    assert set(sealed) <= set(sent)
    assert len(sealed) >= len(sent) - 40
    assert reader.damage or sealed == sent


def test_zeros_left_by_a_power_cut_end_the_walk_at_their_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    sent = [row for _, row in write(path, seconds=2, close=False)]
    size = path.stat().st_size
    with path.open("ab") as handle:
        handle.write(bytes(4096))
    reader = CaptureReader(path)
    assert [row.body for batch in reader for row in batch.frames] == sent
    assert [(item.offset, item.size) for item in reader.damage] == [(size, 4096)]


def test_a_full_disk_loses_nothing_and_writing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "capture.fit"
    capture = CaptureFile(path, START_S)
    real = os.write
    full = False

    def write_some(handle: int, data: bytes) -> int:
        if full:
            if len(data) > 50:
                return real(handle, data[:50])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr("telemetry.ingest.antplus.capture_file.os.write", write_some)
    for n in range(400):
        full = 100 <= n < 300
        capture.frame(START_S + n / 40, BROADCAST, body(n))
        if n % 10 == 9:
            capture.flush()
            assert all(batch.sealed for batch in CaptureReader(path) if batch.frames)
    assert capture.write_errors
    assert capture.close()
    reader = CaptureReader(path)
    assert [row.body for batch in reader for row in batch.frames] == [body(n) for n in range(400)]
    assert not reader.damage


def test_what_does_not_fit_into_memory_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = CaptureFile(tmp_path / "capture.fit", START_S)

    def refuse(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("telemetry.ingest.antplus.capture_file.os.write", refuse)
    rows_sent = WAITING_BYTES // 28 + 1000
    for n in range(rows_sent):
        capture.frame(START_S, BROADCAST, body(n))
        if n % 10000 == 9999:
            capture.flush()
    capture.flush()
    assert not capture.close()
    assert capture.dropped > WAITING_BYTES // 40
    assert capture.dropped + capture.unwritten == rows_sent


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    path.write_bytes(b"precious")
    with pytest.raises(CannotWrite, match="cannot be started"):
        CaptureFile(path, START_S)
    assert path.read_bytes() == b"precious"


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="new file in a writable folder"):
        CaptureFile(tmp_path / "no" / "capture.fit", START_S)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x0e" + bytes(13)])
def test_what_is_no_capture_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.fit"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="not a capture"):
        list(CaptureReader(path))
    assert not is_capture(data)


@pytest.mark.parametrize("seed", range(60))
def test_no_bytes_make_the_reader_raise_or_hang(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "capture.fit"
    write(path, seconds=3)
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 40)):
        data[chance.randrange(14, len(data))] = chance.randrange(256)
    path.write_bytes(data[: chance.randrange(20, len(data))])
    for batch in CaptureReader(path):
        assert len(batch.frames) <= 1000
