"""Real FIT files where there are any, else rides made here.

Comes in: nothing. Goes out: names and bytes. The folder `../shared/fit-corpus` beside the project is used
where it is present, or the folder in the environment variable `FIT_CORPUS`.
"""

from __future__ import annotations

import os
import random
import struct
from pathlib import Path

from benchmarks.fit_bytes import EVENT, LAP, RECORD, UINT8, UINT16, UINT32, definition, file_id, fit, message

FOLDER = Path(os.environ.get("FIT_CORPUS", Path(__file__).parents[1].parent / "shared" / "fit-corpus"))


def files() -> list[tuple[str, bytes]]:
    """Name and bytes of every file, real ones where there are any."""
    found = (
        sorted(path for path in FOLDER.glob("*") if path.suffix.lower() == ".fit") if FOLDER.is_dir() else []
    )
    if found:
        return [(path.name, path.read_bytes()) for path in found]
    return [(f"made, seed {seed}", made_ride(seed, 3600)) for seed in range(6)]


def made_ride(seed: int, seconds: int) -> bytes:
    """A ride of so many seconds at 1 Hz: ten fields, a lap every five minutes, redefined after each."""
    dice = random.Random(seed)
    fields = ((253, 4, UINT32), (0, 4, 0x85), (1, 4, 0x85), (5, 4, UINT32), (73, 4, UINT32), (78, 4, UINT32),
              (7, 2, UINT16), (3, 1, UINT8), (4, 1, UINT8), (13, 1, 0x01))  # fmt: skip
    head = definition(0, RECORD, fields)
    body = [file_id(), definition(1, EVENT, ((253, 4, UINT32), (0, 1, 0), (1, 1, 0))), head]
    lap = definition(2, LAP, ((253, 4, UINT32), (2, 4, UINT32), (19, 2, UINT16)))
    start = 1_000_000_000
    for i in range(seconds):
        place = (start + i, i * 7, -i * 3, i * 900, 8000 + dice.randrange(500), 2600 + i % 99)
        effort = (150 + dice.randrange(200), 100 + dice.randrange(70), 80 + dice.randrange(20), 20)
        body.append(message(0, struct.pack("<IiiIIIHBBb", *place, *effort)))
        if i % 300 == 299:
            body += [lap, message(2, struct.pack("<IIH", start + i, start + i - 299, 200)), head]
    return fit(b"".join(body))
