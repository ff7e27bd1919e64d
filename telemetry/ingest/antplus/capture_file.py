"""A capture on disk: one write every quarter of a second, one sync every second, whole whatever happens.

Comes in: frames and events in memory. Goes out: an append-only FIT file. A process killed at any moment
loses the last quarter of a second, a power cut one second and one sync. A full disk loses nothing for a
minute: rows wait in memory, the file is cut back to its last whole write, and writing goes on when there is
room. Leaves to others: the bytes (`capture_format.py`), the radio (`radio.py`).
"""

from __future__ import annotations

import os
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from telemetry.errors import CannotWrite
from telemetry.ingest.antplus import capture_format as form

WRITE_EVERY_S: Final = 0.22
"""A quarter of a second less what a busy machine is late: of 200 kills at 0.25 s three lost up to 0.27 s."""
SYNC_EVERY_S: Final = 1.0
WAITING_BYTES: Final = 8 * 1024 * 1024
"""More than a minute of a hundred bikes with four sensors each."""


class CaptureFile:
    """The file under construction. `add` from one thread, `flush` and `close` from any.

    Parameters
    ----------
    path : where; an existing file is never overwritten
    created_s : wall clock of the start, Unix seconds
    serial : names the capture in its file id

    Raises
    ------
    CannotWrite : the file exists, the folder is missing or not writable
    """

    def __init__(self, path: str | Path, created_s: float, serial: int = 1) -> None:
        self.path = Path(path)
        self.dropped = 0
        self.write_errors = 0
        self.written_messages = 0
        self._journal = form.Journal()
        self._lock = threading.Lock()
        self._pending: dict[int, list[bytes]] = {}
        self._pending_count = 0
        self._waiting = bytearray()
        self.unwritten = 0
        """messages that the disk has not taken yet"""
        self._now_s = created_s
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as cause:
            raise CannotWrite(
                f"the capture cannot be started: {cause.strerror or cause}",
                file=str(self.path),
                expected="a new file in a writable folder",
            ) from cause
        self._good = 0
        self._crc = 0
        self._dirty = False
        self._torn = False
        self._closed = False
        self._put(form.header() + form.opening(serial, created_s))
        if self._waiting:
            os.close(self._handle)
            raise CannotWrite("the capture cannot be started: no room for its header", file=str(self.path))
        self.sync()
        _sync_folder(self.path.parent)

    # --- in memory ------------------------------------------------------------------------------------------

    def frame(self, unix_s: float, message_id: int, body: bytes, stick: int = 0) -> None:
        """A received frame; on disk within a quarter of a second."""
        with self._lock:
            self._now_s = max(self._now_s, unix_s)
            self._keep(stick, self._journal.frame(unix_s, message_id, body))

    def ble(self, unix_s: float, address: int, uuid: int, rssi_dbm: int, payload: bytes) -> None:
        """A Bluetooth row."""
        with self._lock:
            self._keep(0, self._journal.ble(unix_s, address, uuid, rssi_dbm, payload))

    def device(self, unix_s: float, number: int, kind: int, transmission: int, stick: int = 0) -> None:
        """A sensor seen for the first time."""
        with self._lock:
            self._keep(stick, self._journal.device(unix_s, 0, number & 0xFFFF, kind, transmission))

    def event(self, unix_s: float, event: int, kind: int, text: str = "", data: int = form.NO_DATA) -> None:
        """Something that happened."""
        with self._lock:
            self._keep(0, self._journal.event(unix_s, event, kind, text, data))

    def _keep(self, stick: int, row: bytes) -> None:
        self._pending.setdefault(stick, []).append(row)
        self._pending_count += 1

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the disk has not taken yet."""
        return len(self._waiting)

    # --- on disk --------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what is in memory, in one write a stick, each closed by its mark."""
        with self._lock:
            batches, self._pending = self._pending, {}
            count, self._pending_count = self._pending_count, 0
            for stick, rows in batches.items():
                body = b"".join(rows)
                self._waiting += body + self._journal.mark(self._now_s, body, self.dropped, stick)
            self.unwritten += count
            if len(self._waiting) > WAITING_BYTES:
                # too long without room: what waits is lost, and counted where the file goes on
                self.dropped += self.unwritten
                self.unwritten = 0
                self._waiting.clear()
                self._journal = form.Journal(sequence=self._journal.sequence)
                return
            if self._waiting:
                self._put()

    def _put(self, data: bytes = b"") -> None:
        """One write; after a short or failed one the file is cut back to where it was whole."""
        waiting = bytes(self._waiting) + data
        done = 0
        try:
            if self._torn:
                self._cut_back()
            while done < len(waiting):
                done += os.write(self._handle, waiting[done:])
        except OSError:
            self.write_errors += 1
            self._waiting[:] = waiting
            self._torn = True
            # a disk that refuses this as well is asked again before the next write
            with suppress(OSError):
                self._cut_back()
            return
        self._waiting.clear()
        self.written_messages += self.unwritten
        self.unwritten = 0
        self._good += len(waiting)
        self._crc = form.crc_on(waiting, self._crc)
        self._dirty = True

    def _cut_back(self) -> None:
        """Drop half a write: the file ends with its last whole one."""
        os.ftruncate(self._handle, self._good)
        os.lseek(self._handle, self._good, os.SEEK_SET)
        self._torn = False

    def sync(self) -> None:
        """Ask the disk to keep what was written."""
        if self._dirty and not self._closed:
            self._dirty = False
            try:
                os.fdatasync(self._handle)
            except OSError:
                self.write_errors += 1

    def close(self) -> bool:
        """Finish the file: true size, checksums. True where everything received is in it."""
        if self._closed:
            return not self.dropped
        self.flush()
        self._closed = True
        try:
            if not self._waiting:
                finish(self._handle, self._good, self._crc)
        except OSError:
            self.write_errors += 1
        finally:
            os.close(self._handle)
        return not self.dropped and not self._waiting


def finish(handle: int, good: int, data_crc: int) -> None:
    """Put size and checksums into a file whose data ends at byte `good`.

    A header that ends with its own checksum leaves the checksum at 0, so the file's is the data's alone and
    no byte has to be read again. The size is written last: until then the file counts as open.
    """
    os.ftruncate(handle, good)
    os.lseek(handle, good, os.SEEK_SET)
    os.write(handle, struct.pack("<H", data_crc))
    os.fsync(handle)
    os.pwrite(handle, form.header(good - form.HEADER_BYTES), 0)
    os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    """A new name survives a power cut only when its folder was synced."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
