"""Mutants of good files, seeded: no exception but ours, no hang, little lost, nothing invented unmarked."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.faults_mutate import KINDS, Mutant, make
from benchmarks.faults_oracle import NAMES, Record, records
from benchmarks.fit_bytes import (
    DEVICE_INFO,
    EVENT,
    LAP,
    RECORD,
    SESSION,
    START,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    definition,
    field_description,
    file_id,
    fit,
    message,
)
from telemetry.errors import TelemetryError
from telemetry.ingest.fit import open_fit

ROOT = Path(__file__).parents[2]
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
MUTANTS = 40 if PLAIN else 3000


def ride(seed: int, n: int) -> bytes:
    """A ride as a head unit writes it: several types, a lap every 100 s, a definition now and then."""
    dice = random.Random(seed)
    time = START
    fields = ((253, 4, UINT32), (7, 2, UINT16), (3, 1, UINT8), (4, 1, UINT8), (5, 4, UINT32), (6, 2, UINT16))
    body = file_id() + field_description(2, 0, 1, UINT16)
    head = definition(0, RECORD, fields, developer=((1, 2, 0),) if seed % 2 else None)
    body += definition(1, EVENT, ((253, 4, UINT32), (3, 4, UINT32), (0, 1, 0), (1, 1, 0)))
    body += message(1, time.to_bytes(4, "little") + bytes(6)) + head
    body += definition(3, LAP, ((253, 4, UINT32), (2, 4, UINT32), (19, 2, UINT16)))
    body += definition(4, DEVICE_INFO, ((253, 4, UINT32), (27, 12, STRING)))
    for i in range(n):
        time += dice.choice((1, 1, 1, 1, 2, 30 if seed % 3 else 1))
        row = b"".join(
            value.to_bytes(size, "little")
            for value, size in (
                (time, 4), (150 + dice.randrange(200), 2), (100 + dice.randrange(80), 1),
                (80 + dice.randrange(20), 1), (i * 900, 4), (8000 + dice.randrange(900), 2),
            )
        )  # fmt: skip
        body += message(0, row + (b"\x07\0" if seed % 2 else b""))
        if i % 100 == 99:
            body += message(3, time.to_bytes(4, "little") * 2 + b"\xc8\0")
            body += message(4, time.to_bytes(4, "little") + b"meter".ljust(12, b"\0")) + head
    body += definition(5, SESSION, ((253, 4, UINT32), (2, 4, UINT32))) + message(
        5, time.to_bytes(4, "little") * 2
    )
    return fit(body)


def rows_of(data: bytes) -> tuple[list[tuple[float | None, ...]], list[bool], bool]:
    """Rows of seven values, which of them are marked, and whether the file is known to be damaged."""
    fitted = open_fit(data)
    found = fitted.columns("record")
    n = fitted.count("record")
    missing = np.full(n, np.nan)
    cells = [found.get(name, missing).tolist() for name in NAMES]
    rows = [tuple(None if cell != cell else cell for cell in row) for row in zip(*cells, strict=True)]
    return rows, fitted.doubtful("record").tolist(), bool(fitted.damage)


def touched(mutant: Mutant, start: int, stop: int) -> bool:
    return any(first < stop and start < last for first, last in mutant.touched)


def intact(mutant: Mutant, known: list[Record]) -> list[Record]:
    return [
        record
        for record in known
        if not touched(mutant, record.start, record.stop)
        and not touched(mutant, record.definition_start, record.definition_stop)
    ]


def test_the_oracle_and_the_decoder_agree_on_undamaged_rides() -> None:
    for seed in range(4):
        data = ride(seed, 300)
        assert [record.row for record in records(data)] == rows_of(data)[0]


def test_at_most_half_a_percent_of_intact_records_is_lost_over_a_campaign_of_mutants() -> None:
    rides = [ride(seed, 250) for seed in range(4)]
    oracle = [records(data) for data in rides]
    total = lost = unmarked = 0
    for seed in range(MUTANTS):
        data, known = rides[seed % 4], oracle[seed % 4]
        spans = sorted({(record.definition_start, record.definition_stop) for record in known})
        mutant = make(data, seed, spans)
        try:
            rows, doubtful, damaged = rows_of(mutant.data)
        except TelemetryError:
            rows, doubtful, damaged = [], [], True
        have = Counter(rows)
        whole = intact(mutant, known)
        total += len(whole)
        for record in whole:
            lost += have[record.row] == 0
            have[record.row] -= have[record.row] > 0
        originals = Counter(record.row for record in known)
        strange = 0
        for row, marked in zip(rows, doubtful, strict=True):
            if originals[row]:
                originals[row] -= 1
            elif not marked and not damaged:
                strange += 1
        # a record whose own bytes were changed under a right checksum cannot be told from a good one
        unmarked += max(0, strange - (len(known) - len(whole)))
    assert total > 1000
    assert lost / total <= 0.005, f"{lost} of {total} intact records lost"
    assert unmarked <= MUTANTS / 1000


@given(st.binary(max_size=600))
@settings(deadline=None)
def test_any_bytes_give_a_file_or_one_of_our_errors(data: bytes) -> None:
    for candidate in (data, fit(data), fit(file_id() + data), fit(data, data_size=0, closed=False)):
        try:
            open_fit(candidate).frames()
        except TelemetryError as error:
            refused = str(error)
        else:
            refused = "not at all"
        assert refused


@given(st.integers(0, len(KINDS) - 1), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_every_kind_of_mutant_gives_a_file_or_one_of_our_errors(kind: int, seed: int) -> None:
    data = ride(seed % 5, 40)
    spans = [(record.definition_start, record.definition_stop) for record in records(data)]
    mutant = KINDS[kind][0](data, random.Random(seed), spans)
    refused = "not at all"
    try:
        fitted = open_fit(mutant.data)
        for message_name in fitted.messages:
            assert len(fitted.offsets(message_name)) == fitted.count(message_name)
            fitted.frame(message_name)
    except TelemetryError as error:
        refused = str(error)
    assert refused


IN_ANOTHER_MODE = """
import hashlib
from benchmarks.faults_mutate import make
from benchmarks.faults_oracle import records
from telemetry.errors import TelemetryError
from telemetry.ingest.fit import open_fit
from tests.ingest.test_fit_fuzz import ride
import numba
data = ride(1, 30)
spans = [(one.definition_start, one.definition_stop) for one in records(data)]
digest = hashlib.sha256()
for seed in range(60):
    try:
        fitted = open_fit(make(data, seed, spans).data)
    except TelemetryError as error:
        digest.update(str(error).encode())
        continue
    for name in fitted.messages:
        digest.update(fitted.offsets(name).tobytes())
        digest.update(fitted.doubtful(name).tobytes())
        for column, values in fitted.columns(name).items():
            digest.update(column.encode() + values.tobytes())
print(digest.hexdigest())
"""


def digest_with(tmp_path: Path, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA")}
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_MODE],
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(PLAIN, reason="this test compares the modes itself")
def test_bounds_checks_and_plain_python_give_the_same_bytes(tmp_path: Path) -> None:
    usual = digest_with(tmp_path)
    assert len(usual) == 65
    assert digest_with(tmp_path, NUMBA_DISABLE_JIT="1") == usual
    assert digest_with(tmp_path, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path / "checked")) == usual


def course(seed: int, n: int) -> tuple[bytes, list[bytes]]:
    """Records without a clock, as planned courses have them: a file, and the bytes of each record."""
    dice = random.Random(seed)
    fields = ((0, 4, 0x85), (1, 4, 0x85), (2, 2, UINT16), (5, 4, UINT32), (7, 2, UINT16))
    rows = [
        message(
            0,
            b"".join(
                value.to_bytes(size, "little")
                for value, size in (
                    (567_000_000 + 900 * i + dice.randrange(200), 4),
                    (91_000_000 + 700 * i + dice.randrange(200), 4),
                    (2600 + i // 3, 2),
                    (850 * i, 4),
                    (200 + dice.randrange(90), 2),
                )
            ),
        )
        for i in range(n)
    ]
    return fit(file_id() + definition(0, RECORD, fields) + b"".join(rows)), rows


@pytest.mark.parametrize("damage", [b"", b"\x55", b"\xaa" * 40])
def test_records_without_a_clock_are_found_again_by_their_likeness(damage: bytes) -> None:
    data, rows = course(1, 400)
    middle = data.index(rows[200])
    broken = data[: middle + 3] + damage + data[middle + 11 :]
    fitted = open_fit(broken)
    found = {broken[at : at + len(rows[0])] for at in fitted.offsets("record").tolist()}
    assert fitted.damage
    assert sum(row not in found for row in rows) <= 3


def test_a_stray_definition_of_messages_as_long_as_two_records_takes_none_of_them() -> None:
    """Bytes from elsewhere may define a layout in which every second timestamp stands where it should."""
    data = ride(0, 300)
    known = records(data)
    middle = known[150].start
    double = 2 * (known[0].stop - known[0].start) - 1
    stray = definition(0, DEVICE_INFO, ((253, 4, UINT32), (2, 2, UINT16), (27, double - 6, STRING)))
    device = message(0, known[150].start.to_bytes(4, "little") + bytes(range(double - 4)))
    rows, _, damaged = rows_of(data[:middle] + b"\x2d" + stray + device + b"\x2d\x2d" + data[middle:])
    have = Counter(rows)
    assert damaged
    assert sum(have[record.row] == 0 for record in known) <= 2
