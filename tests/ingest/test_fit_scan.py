"""Walking and reading: the compiled, the NumPy and the slow way give one result, whatever the bytes."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.faults_bombs import bombs
from benchmarks.faults_mutate import make
from benchmarks.faults_oracle import records
from benchmarks.faults_structure import cases
from benchmarks.fit_bytes import (
    CODES,
    RECORD,
    UINT8,
    UINT16,
    UINT32,
    WIDTHS,
    compressed,
    definition,
    file_id,
    fit,
    good_records,
    message,
)
from telemetry.errors import TelemetryError
from telemetry.ingest.fit import (
    crc_kernel,
    gather_kernel,
    gather_numpy,
    open_fit,
    salvage_kernel,
    scan_kernel,
    scan_numpy,
)
from telemetry.ingest.fit.base_types import TYPE_OF_CODE
from telemetry.ingest.fit.crc import PERIOD_BYTES, crc_numpy, folded
from telemetry.ingest.fit.doubt import strange_times
from telemetry.ingest.fit.index import GLOBAL, N_JUMPS, POSITION, Tables
from telemetry.ingest.fit.sections import read_index
from tests import reference

ENDS = ("reached the stop", "not defined", "message cut", "definition cut")


def compiled(data: bytes, start: int, stop: int) -> tuple[Tables, int]:
    tables = Tables(len(data))
    tables.counts[POSITION] = start
    view = np.frombuffer(data, np.uint8)
    status = scan_kernel.walk(
        view, stop, 0, tables.offset, tables.definition, tables.definitions, tables.local, tables.counts
    )
    return tables, int(status)


def assert_twins_agree(data: bytes, start: int, stop: int) -> None:
    first, status = compiled(data, start, stop)
    second = Tables(len(data))
    second.counts[POSITION] = start
    assert scan_numpy.walk(np.frombuffer(data, np.uint8), data, stop, 0, second, 10**9) == status
    np.testing.assert_array_equal(first.counts[:N_JUMPS], second.counts[:N_JUMPS])
    strong = np.zeros(2, np.int64)
    count, defined = int(first.counts[0]), int(first.counts[1])
    view = np.frombuffer(data, np.uint8)
    scan_numpy.strength(
        view, second.offset[:count], second.definition[:count], second.definitions[:defined], strong
    )
    assert strong[1] == first.counts[N_JUMPS]
    again = np.zeros(2, np.int64)
    salvage_kernel.strength(
        view, first.offset[:count], first.definition[:count], first.definitions[:defined], again
    )
    assert again.tolist() == strong.tolist()
    n, m = int(first.counts[0]), int(first.counts[1])
    np.testing.assert_array_equal(first.offset[:n], second.offset[:n])
    np.testing.assert_array_equal(first.definition[:n], second.definition[:n])
    np.testing.assert_array_equal(first.definitions[:m], second.definitions[:m])
    np.testing.assert_array_equal(first.local, second.local)
    messages, definitions, ending = reference.walk(data, start, stop)
    assert ENDS[status] == ending
    assert messages == list(zip(first.offset[:n].tolist(), first.definition[:n].tolist(), strict=True))
    assert definitions == [tuple(row[:4]) for row in first.definitions[:m].tolist()]


@pytest.mark.parametrize(
    ("name", "data"), list(cases()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_walks_agree_on_odd_structures(name: str, data: bytes) -> None:
    assert_twins_agree(data, 14, len(data) - 2)


@given(st.binary(max_size=400))
def test_the_walks_agree_on_any_bytes(data: bytes) -> None:
    body = definition(0, RECORD, ((253, 4, UINT32), (3, 1, UINT8)))
    assert_twins_agree(body + data, 0, len(body) + len(data))


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(0, 2**32))
def test_the_walks_agree_on_runs_broken_anywhere(runs: list[int], seed: int) -> None:
    dice = random.Random(seed)
    data = definition(0, RECORD, ((3, 1, UINT8),)) + definition(1, 99, ((3, 2, UINT16),))
    for run in runs:
        data += (message(0, b"\1") if dice.random() < 0.5 else message(1, b"\1\2")) * run
    assert_twins_agree(data[: len(data) - dice.randrange(3)], 0, len(data) - 3)


def test_the_walk_without_compiled_code_gives_up_on_messages_that_never_repeat() -> None:
    data = definition(0, RECORD, ((3, 1, UINT8),)) + definition(1, 99, ((3, 1, UINT8),)) + b"\0\1\1\1" * 500
    with pytest.raises(scan_numpy.TooSlow):
        scan_numpy.walk(np.frombuffer(data, np.uint8), data, len(data), 0, Tables(len(data)), 100)


@pytest.mark.parametrize(("name", "data"), list(bombs(20_000)), ids=lambda v: v if isinstance(v, str) else "")
def test_both_engines_open_a_bomb_alike(name: str, data: bytes) -> None:
    assert_engines_agree(data)


def assert_engines_agree(data: bytes) -> None:
    results = []
    for engine in (False, True):
        try:
            reading = read_index(data, None, engine)
        except TelemetryError as error:
            results.append(str(error))
        else:
            index = reading.messages
            results.append(
                (index.offset.tolist(), index.definition.tolist(), reading.damage, reading.sections)
            )
    assert results[0] == results[1]


def test_both_engines_open_every_mutant_alike() -> None:
    body = fit(
        file_id()
        + good_records(150)
        + definition(1, 21, ((253, 4, UINT32), (0, 1, 0)))
        + message(1, bytes(5))
    )
    spans = sorted({(record.definition_start, record.definition_stop) for record in records(body)})
    for seed in range(300):
        assert_engines_agree(make(body, seed, spans).data)


@given(st.binary(max_size=9000), st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=40)
def test_three_checksums_are_one(data: bytes, head: int, tail: int) -> None:
    view = np.frombuffer(data, np.uint8)
    start = min(head, len(data))
    stop = max(start, len(data) - tail)
    expected = reference.crc(data, start, stop)
    assert crc_kernel.crc(view, start, stop) == expected
    assert crc_numpy(view, start, stop) == expected


def test_bytes_a_period_of_the_polynomial_apart_are_folded_without_changing_the_checksum() -> None:
    dice = np.random.default_rng(3)
    for size in (2 * PERIOD_BYTES - 1, 2 * PERIOD_BYTES, 2 * PERIOD_BYTES + 1, 3 * PERIOD_BYTES + 4000):
        view = np.frombuffer(dice.bytes(size + 7), np.uint8)
        expected = reference.crc(view, 5, 5 + size)
        assert crc_kernel.crc(view, 5, 5 + size) == expected
        assert crc_numpy(view, 5, 5 + size) == expected
        assert len(folded(view, 5, 5 + size)) <= 2 * PERIOD_BYTES


def test_the_checksum_is_the_one_of_the_catalogue() -> None:
    assert crc_kernel.crc(np.frombuffer(b"123456789", np.uint8), 0, 9) == 0xBB3D  # CRC-16/ARC, check value


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_three_ways_read_the_same_columns(seed: int) -> None:
    dice = random.Random(seed)
    # all types, both byte orders, absent columns; extreme bytes often, so that invalid values are met
    data = bytes(dice.choice((0, 0x7F, 0x80, 0xFF, dice.randrange(256))) for _ in range(4000))
    codes = [code for code in CODES if code != 0x07]
    n_layouts, n_columns, n = 3, len(codes), 60
    at = np.array(
        [[dice.choice((-1, dice.randrange(1, 40))) for _ in codes] for _ in range(n_layouts)], np.int32
    )
    kind = np.array([[TYPE_OF_CODE[code] for code in codes]] * n_layouts, np.uint8)
    big = np.array([0, 1, 0], np.uint8)
    scale = np.array([dice.choice((1.0, 100.0, 7.5)) for _ in codes])
    shift = np.array([dice.choice((0.0, 500.0)) for _ in codes])
    offset = np.array(sorted(dice.randrange(3900) for _ in range(n)), np.int32)
    layout = np.array([dice.randrange(n_layouts) for _ in range(n)], np.int32)
    view = np.frombuffer(data, np.uint8)
    results = []
    for gather in (gather_kernel.gather, gather_numpy.gather, reference.gather):
        out = np.empty((n_columns, n))
        with np.errstate(invalid="ignore", over="ignore"):
            gather(view, offset, layout, at, kind, big, scale, shift, out)
        results.append(out)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    assert max(WIDTHS[code] for code in codes) == 8


def test_times_in_header_bytes_roll_over_every_32_seconds() -> None:
    start = 1_000_000_000
    body = definition(1, 21, ((253, 4, UINT32),)) + message(1, struct.pack("<I", start))
    body += definition(0, RECORD, ((3, 1, UINT8),)) + b"".join(
        compressed(0, start + 7 * i, b"\x50") for i in range(60)
    )
    view = np.frombuffer(body, np.uint8)
    tables, _ = compiled(body, 0, len(body))
    n, m = int(tables.counts[0]), int(tables.counts[1])
    results = []
    for times in (gather_kernel.header_times, gather_numpy.header_times):
        out = np.empty(n, np.int64)
        times(view, tables.offset[:n], tables.definition[:n], tables.definitions[:m], out)
        results.append(out.tolist())
    assert results[0] == results[1]
    assert results[0][1:] == [start + 7 * i for i in range(60)]
    assert results[0][0] == -1


def test_times_two_days_around_the_longest_stretch_are_the_rides() -> None:
    start, day = 1_000_000_000, 86_400
    # three days before; the longest stretch; no time, switched on just now, decades away; a rest of the ride;
    # two days after the longest stretch, and a second more
    times = [start - 3 * day, *range(start, start + 60), 0xFFFFFFFF, 40, 2 * start]
    times += [start + 61, start + 59 + 2 * day, start + 60 + 2 * day]
    body = file_id() + definition(1, RECORD, ((7, 2, UINT16),)) + message(1, bytes(2))
    body += definition(0, RECORD, ((3, 1, UINT8), (253, 4, UINT32)))
    body += b"".join(message(0, struct.pack("<BI", 90, time)) for time in times[:40])
    body += definition(0, RECORD, ((3, 1, UINT8), (253, 4, UINT32)), big=True)
    body += b"".join(message(0, struct.pack(">BI", 90, time)) for time in times[40:])
    tables, _ = compiled(body, 0, len(body))
    n, m = int(tables.counts[0]), int(tables.counts[1])
    marks = strange_times(
        np.frombuffer(body, np.uint8), tables.offset[:n], tables.definition[:n], tables.definitions[:m]
    )
    assert not marks[:2].any(), "messages without a timestamp"
    assert [times[i] for i in np.flatnonzero(marks[2:])] == [
        start - 3 * day, 0xFFFFFFFF, 40, 2 * start, start + 60 + 2 * day
    ]  # fmt: skip


def test_the_messages_of_one_type_are_chosen_alike() -> None:
    body = file_id() + good_records(40) + definition(2, RECORD, ((3, 1, UINT8),)) + good_records(7)
    tables, _ = compiled(body, 0, len(body))
    n, m = int(tables.counts[0]), int(tables.counts[1])
    offset, of_row, table = tables.offset[:n], tables.definition[:n], tables.definitions[:m]
    for number, count in ((RECORD, 47), (0, 1), (18, 0)):
        expected = [(p, d) for p, d in zip(offset, of_row, strict=True) if table[d, GLOBAL] == number]
        assert len(expected) == count
        for select in (gather_kernel.select, gather_numpy.select):
            places, definitions, used = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(m, np.bool_)
            assert select(number, offset, of_row, table, places, definitions, used) == count
            assert list(zip(places[:count], definitions[:count], strict=True)) == expected
            assert set(np.flatnonzero(used)) == {d for _, d in expected}


def test_equal_definitions_are_found_by_comparing_bytes() -> None:
    one = definition(0, RECORD, ((253, 4, UINT32), (3, 1, UINT8)))
    two = definition(3, RECORD, ((253, 4, UINT32), (7, 2, UINT16)))
    developed = definition(0, RECORD, ((3, 1, UINT8),), developer=((1, 2, 0),))
    body = (
        one
        + two
        + one
        + two
        + one[:-1]
        + b"\x0a"
        + developed
        + developed
        + definition(5, RECORD, ((3, 1, UINT8),))
    )
    tables, _ = compiled(body, 0, len(body))
    m = int(tables.counts[1])
    out = np.empty(m, np.int64)
    packed = np.empty(len(body), np.uint8)
    n_packed = scan_kernel.same_layouts(
        np.frombuffer(body, np.uint8), tables.definitions[:m], np.arange(m, dtype=np.int64), out, packed
    )
    assert out.tolist() == [0, 1, 0, 1, 4, 5, 6, 7]
    last = definition(5, RECORD, ((3, 1, UINT8),))
    plain = developed[:-4]  # its developer fields are left out
    told = (one, two, one[:-1] + b"\x0a", plain, plain, last)
    assert packed[:n_packed].tobytes() == b"".join(each[2:] for each in told)


def test_a_file_that_repeats_its_definitions_reads_as_one_that_does_not() -> None:
    again = b"".join(good_records(5, start=1_000_000_000 + 5 * i) for i in range(60))
    once = b"".join(good_records(5, start=1_000_000_000 + 5 * i, define=i == 0) for i in range(60))
    left, right = (open_fit(fit(file_id() + body)).columns("record") for body in (again, once))
    assert left.keys() == right.keys()
    for name, values in left.items():
        np.testing.assert_array_equal(values, right[name])
    assert len(left["power"]) == 300
