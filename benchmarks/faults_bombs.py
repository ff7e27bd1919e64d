"""Small files that ask for much: time and memory must stay in proportion to the bytes.

Comes in: a size. Goes out: `bombs(size)`, a name and the bytes of a file each. Used by the tests too, at
small sizes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.fit_bytes import (
    RECORD,
    RECORD_FIELDS,
    START,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    compressed,
    definition,
    field_description,
    file_id,
    fit,
    good_records,
    message,
)

MEGABYTE = 1_000_000


def bombs(size: int = MEGABYTE) -> Iterator[tuple[str, bytes]]:
    """Every bomb as (name, file of about `size` bytes)."""
    head = file_id()
    yield "normal records (reference)", fit(head + good_records(size // 8))
    yield "1-byte messages", fit(head + definition(0, RECORD, ()) + b"\0" * size)
    yield "2-byte records", fit(head + definition(0, RECORD, ((3, 1, UINT8),)) + b"\0\x50" * (size // 2))
    stamp = definition(1, RECORD, ((253, 4, UINT32),)) + message(1, struct.pack("<I", START))
    yield (
        "2-byte records timed in their header",
        fit(
            head
            + stamp
            + definition(0, RECORD, ((3, 1, UINT8),))
            + b"".join(compressed(0, i, b"\x50") for i in range(size // 2))
        ),
    )
    yield (
        "2-byte messages, two types in turn",
        fit(
            head
            + definition(0, RECORD, ((3, 1, UINT8),))
            + definition(1, 0xFF00, ((3, 1, UINT8),))
            + b"\0\x50\1\x50" * (size // 4)
        ),
    )
    empty = definition(0, RECORD, ())
    yield "definitions without fields", fit(head + empty * (size // len(empty)))
    full = definition(0, RECORD, tuple((i, 1, UINT8) for i in range(255)))
    yield "definitions of 255 fields", fit(head + full * (size // len(full)))
    yield "9,000 layouts of 100 fields, a message each", fit(head + _layouts(size))
    yield (
        "a definition before every message",
        fit(
            head
            + b"".join(
                definition(0, i % 65000, ((3, 1, UINT8),)) + b"\0\x50" for i in range(min(9_990, size // 11))
            )
        ),
    )
    tiny = fit(file_id())
    yield "chained files", tiny * (size // len(tiny))
    yield "empty chained files", fit(b"") * (size // 16)
    yield "64 chained files", tiny * 63 + fit(head + good_records(size // 8))
    yield "field descriptions", fit(head + _descriptions(size, 65_536))
    yield "200 developer fields, described and used again and again", fit(head + _developer_flood(size))
    sparse = definition(0, RECORD, tuple((i, 1, UINT8) for i in range(255))) + message(0, bytes(255))
    yield (
        "255 columns, then 2-byte records",
        fit(head + sparse + definition(0, RECORD, ((3, 1, UINT8),)) + b"\0\x50" * (size // 2)),
    )
    texts = definition(0, 0xFF00, ((0, 255, STRING),))
    dice = random.Random(1)
    yield (
        "long strings",
        fit(head + texts + b"".join(message(0, dice.randbytes(255)) for _ in range(size // 256))),
    )
    yield (
        "arrays of 255 bytes",
        fit(
            head
            + definition(0, RECORD, ((8, 255, 0x0D), (77, 255, UINT8)))
            + (b"\0" + bytes(510)) * (size // 511)
        ),
    )
    yield "zero bytes", fit(head + bytes(size))
    yield "random bytes", fit(head + random.Random(2).randbytes(size))
    yield (
        "definitions in random bytes",
        fit(
            head
            + definition(0, RECORD, RECORD_FIELDS)
            + b"".join(
                definition(i % 16, RECORD, RECORD_FIELDS) + dice.randbytes(40)
                for i in range(min(9_900, size // 55))
            )
        ),
    )
    broken = message(0, struct.pack("<IHB", START, 1, 1)) + b"\x0e"
    yield (
        "a structural error after every record",
        fit(head + definition(0, RECORD, RECORD_FIELDS) + broken * (size // len(broken))),
    )
    almost = b"\x40\0\0\0\0\xff"
    yield "definitions that almost fit", fit(head + almost * (size // len(almost)))
    yield (
        "nothing known, timestamps everywhere",
        fit(head + definition(0, RECORD, ((253, 4, UINT32),)) + struct.pack("<I", START) * (size // 4)),
    )


def _layouts(size: int) -> bytes:
    out = []
    total = 0
    for i in range(9_000):
        fields = tuple(((i + k) % 253, 1 + (i >> k % 8) % 2, UINT8) for k in range(100))
        one = definition(0, RECORD, fields)
        one += message(0, bytes(sum(width for _, width, _ in fields)))
        total += len(one)
        if total > size:
            break
        out.append(one)
    return b"".join(out)


def _descriptions(size: int, distinct: int) -> bytes:
    out = [field_description(1, 0, 0, UINT16)[:-28]]
    row = bytearray(message(1, bytes(28)))
    for i in range(size // len(row)):
        row[1:4] = bytes([i // 256 % 256, i % 256 % distinct, UINT16])
        out.append(bytes(row))
    return b"".join(out)


def _developer_flood(size: int) -> bytes:
    out = [field_description(1, 0, i, UINT16, b"f%d" % i) for i in range(200)]
    one = definition(0, RECORD, ((253, 4, UINT32),), developer=tuple((i, 2, 0) for i in range(200)))
    again = field_description(1, 0, 7, UINT8, b"other")[-29:]
    total = sum(map(len, out))
    for i in range(9_000):
        change = again[:2] + bytes([i % 200]) + again[3:]
        row = change + one + message(0, struct.pack("<I", START + i) + bytes(400))
        total += len(row)
        if total > size:
            break
        out.append(row)
    return b"".join(out)


def through_read(size: int) -> Iterator[dict[str, Any]]:
    """Each bomb through `telemetry.read()`, in a process of its own: CPU seconds, and the most memory above
    what the process had."""
    for position, (name, _) in enumerate(bombs(2_000)):
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.faults_bombs", str(position), str(size)],
            check=True,
            capture_output=True,
        )
        yield {"decoder": "ours, read()", "bomb": name, **json.loads(told.stdout)}


def _read_one(position: int, size: int) -> dict[str, Any]:
    import numba  # noqa: F401  # the compiled path, as in a process that has read a class before

    from telemetry import read
    from telemetry.errors import TelemetryError

    def attempt(path: Path) -> None:
        with contextlib.suppress(TelemetryError):
            read(path)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bomb.fit"
        for wanted in (20_000, size):
            _, data = next(islice(bombs(wanted), position, None))
            path.write_bytes(data)
            n_bytes = len(data)
            del data
            gc.collect()
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
            before, began = _status("VmRSS"), time.process_time()
            attempt(path)
            took, most = time.process_time() - began, _status("VmHWM")
    return {
        "mb": round(n_bytes / 1e6, 2),
        "s_per_mb": round(took / n_bytes * 1e6, 3),
        "b_per_b": round(max(0, most - before - ALLOWED_BYTES) / n_bytes, 1),
        "grown_mb": round((most - before) / 1e6),
    }


ALLOWED_BYTES = 64 * 1024 * 1024
"""Growth that any file may cause, whatever its size."""


def _status(name: str) -> int:
    """One size of this process out of /proc, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


if __name__ == "__main__":
    print(json.dumps(_read_one(int(sys.argv[1]), int(sys.argv[2]))))
