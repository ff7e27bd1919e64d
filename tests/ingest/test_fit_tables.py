"""Tables through an Arrow stream: what polars reads is what polars makes of plain Python values."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.fit_bytes import (
    EVENT,
    FLOAT32,
    FLOAT64,
    SINT8,
    SINT64,
    UINT32,
    definition,
    file_id,
    fit,
    message,
)
from telemetry.ingest.fit import arrow, gather_kernel, gather_numpy, open_fit, stack
from telemetry.ingest.fit.arrow import DTYPES
from telemetry.ingest.fit.column_kinds import (
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    LAID_OUT,
    LISTS,
    LOCAL,
    LONG,
    OTHER,
    REAL,
    TEXT,
    UTC,
    WHOLE,
)
from telemetry.ingest.fit.stack import Lists, Stack
from tests import reference

LAY_OUTS = [gather_kernel.lay_out, gather_numpy.lay_out, reference.lay_out]

NUMBERS = [None, 0, -1, 255, 4_294_967_294, 1.75, 9.5e18, -9.5e18, math.inf, -math.inf]
TEXTS = [None, "", "Stages", "twelve bytes", "thirteen byte", "π" * 7, "a\U0001f6b4"]
SEEDS = range(12)


def _cells(rng: random.Random, n: int) -> list[float | None]:
    """Numbers of which a few are alike and some are missing, or none."""
    some = rng.choice([NUMBERS, [7, 8.25], [rng.randrange(-(1 << 53), 1 << 53) for _ in range(n)], [None]])
    return rng.choices(some, k=n)


def _doubles(cells: list[float | None]) -> np.ndarray:
    return np.array([math.nan if cell is None else cell for cell in cells], np.float64)


def _whole(cell: float | None) -> int | None:
    return None if cell is None or not abs(cell) < 2.0**63 else int(cell)


@pytest.mark.parametrize("seed", SEEDS)
def test_three_ways_of_laying_out_agree(seed: int) -> None:
    rng = random.Random(seed)
    n, k = rng.randint(1, 130), rng.randint(0, 8)
    rows = [_cells(rng, n) for _ in range(k)]
    kinds = np.array(rng.choices(range(REAL, OTHER + 1), k=k), np.uint8)
    results = []
    for lay_out in LAY_OUTS:
        block = np.array([_doubles(cells) for cells in rows], np.float64).reshape(k, n)
        bits, nulls = np.full((k, -(-n // 64) * 8), 0xAA, np.uint8), np.full(k, -1, np.int64)
        lay_out(block, block.view(np.int64), kinds, bits, nulls)
        results.append((block.tobytes(), bits.tobytes(), nulls.tolist()))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("lay_out", LAY_OUTS)
@pytest.mark.parametrize("many_cells", [1 << 18, 100])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_table_is_what_polars_makes_of_the_cells(
    lay_out: Callable[..., None], many_cells: int, seed: int
) -> None:
    """Every kind of column, short and long, in one stream and in several."""
    rng = random.Random(seed)
    n = rng.randint(1, 150)
    block = {name: _cells(rng, n) for name in ("float", "integer", "utc", "local")}
    kinds = dict(zip(block, (FLOAT, INTEGER, UTC, LOCAL), strict=True))
    for name in ("utc", "local"):  # what polars takes for a date is not all that 63 bits are
        block[name] = [None if cell is None or abs(cell) > 1 << 40 else cell for cell in block[name]]
    said, labels = rng.choices(TEXTS, k=n), rng.choices(TEXTS, k=rng.randint(1, 6))
    where = np.array(rng.choices(range(len(labels)), k=n))
    truths, more = rng.choices([None, False, True], k=n), _cells(rng, n)
    long = rng.choices([None, 0, (1 << 64) - 1, rng.getrandbits(64)], k=n)

    expected = {"float": _real(block["float"]), "integer": [_whole(cell) for cell in block["integer"]]}
    for name in ("utc", "local"):
        expected[name] = [None if cell is None else int(cell * 1000) for cell in block[name]]
    expected |= {"said": said, "label": [labels[i] for i in where.tolist()]}
    expected |= {"truth": truths, "more": [_whole(cell) for cell in more], "long": long}
    kinds |= {"said": TEXT, "label": TEXT, "truth": BOOLEAN, "more": INTEGER, "long": LONG}

    # a column of the block is told before the others, whatever its place in it
    scalars = np.array([_doubles(block[name]) for name in reversed(block)])
    row = {name: i for i, name in enumerate(reversed(block))}
    made = Stack(n, tuple([(name, kinds[name]) for name in block]), row, lay_out)
    made.texts("said", said)
    made.coded("label", where, labels)
    made.flags("truth", _doubles(truths))
    made.more("more", INTEGER, _doubles(more))
    made.numbers("long", np.array([v or 0 for v in long], np.uint64), np.array([v is not None for v in long]))
    laid_out = np.array([LAID_OUT[kinds[name]] for name in row], np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack, "MANY_CELLS", many_cells)
        table = made.table(scalars, laid_out)
    assert_frame_equal(
        table,
        pl.DataFrame(
            [
                pl.Series(name, values, dtype=pl.Int64 if name in ("utc", "local") else DTYPES[kinds[name]])
                for name, values in expected.items()
            ]
        ).cast({name: DTYPES[kinds[name]] for name in ("utc", "local")}),
        check_exact=True,
    )


def _real(cells: list[float | None]) -> list[float | None]:
    return [None if cell is None else float(cell) for cell in cells]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "dtype", "some"),
    [
        (FLOAT, np.float64, [None, 0.5, -1e6]),
        (INTEGER, np.int64, [None, -(1 << 63), (1 << 63) - 1]),
        (LONG, np.uint64, [None, 0, (1 << 64) - 1]),
    ],
)
def test_lists_are_what_polars_makes_of_lists(kind: str, dtype: Any, some: list[Any], seed: int) -> None:
    rng = random.Random(seed)
    cells = [
        None if rng.random() < seed / 12 else rng.choices(some[seed % 2 :], k=rng.randint(1, 5))
        for _ in range(rng.randint(1, 80))
    ]
    flat = [v for cell in cells for v in cell or []]
    elements, valid = [v or 0 for v in flat], [v is not None for v in flat]
    lengths = [len(cell or []) for cell in cells]
    made = Stack(len(cells), (), {}, gather_numpy.lay_out)
    made.few_lists("few", kind, elements, valid, lengths)
    there = np.array([cell is not None for cell in cells])
    made.lists("many", Lists(np.array(elements, dtype), np.array(valid, np.bool_), np.array(lengths), there))
    expected = pl.Series("few", cells, dtype=DTYPES[LISTS[kind]])
    table = made.table(np.empty((0, len(cells))), np.empty(0, np.uint8))
    assert_frame_equal(table, pl.DataFrame([expected, expected.alias("many")]), check_exact=True)


def test_a_table_of_nothing_is_empty() -> None:
    assert Stack(3, (), {}, gather_numpy.lay_out).table(np.empty((0, 3)), np.empty(0, np.uint8)).shape == (
        0,
        0,
    )


def test_tables_do_not_share_memory_with_the_next_stream() -> None:
    """Streams of a thread are written over one another: what was read before stays as it was."""
    first = _one_column(np.arange(5000.0))
    before = first.clone().with_columns(pl.col("a") + 0.0)
    _one_column(-np.arange(5000.0))
    assert_frame_equal(first, before, check_exact=True)


def _one_column(values: np.ndarray) -> pl.DataFrame:
    made = Stack(len(values), (("a", FLOAT),), {"a": 0}, gather_kernel.lay_out)
    return made.table(np.array(values, ndmin=2), np.array([REAL], np.uint8))


def test_dates_are_seconds_and_become_milliseconds() -> None:
    block = np.array([[1.5, math.nan]])
    bits, nulls = np.zeros((1, 8), np.uint8), np.zeros(1, np.int64)
    for kind, value in ((DATE, 1500), (WHOLE, 1)):
        again = block.copy()
        gather_kernel.lay_out(again, again.view(np.int64), np.array([kind], np.uint8), bits, nulls)
        assert (again.view(np.int64)[0, 0], bits[0, 0], nulls[0]) == (value, 1, 1)


def test_a_schema_of_very_many_columns_is_read_and_not_kept() -> None:
    names = [f"c{i}" for i in range(arrow.MOST_COLUMNS + 1)]
    before = arrow._kept_schema.cache_info().currsize
    made = Stack(
        1, tuple([(name, FLOAT) for name in names]), {n: i for i, n in enumerate(names)}, LAY_OUTS[0]
    )
    table = made.table(np.arange(float(len(names))).reshape(-1, 1), np.full(len(names), REAL, np.uint8))
    assert table.row(0) == tuple(map(float, range(len(names))))
    assert arrow._kept_schema.cache_info().currsize == before


@pytest.mark.parametrize("rows", [3, 200])
@pytest.mark.parametrize(
    ("code", "letter", "values", "texts"),
    [
        (SINT8, "b", [-2, -1, 8], ["-2", "-1", "session"]),
        (FLOAT32, "f", [math.inf, -math.inf, 8.0], [None, None, "session"]),
        (FLOAT64, "d", [math.nan, -5.0, 2.0**60], [None, "-5", str(2**60)]),
        (UINT32, "I", [8, 4095, 4096], ["session", "4095", "4096"]),
    ],
)
def test_an_enumeration_of_any_type_is_read(
    rows: int, code: int, letter: str, values: list[float], texts: list[str | None]
) -> None:
    """What a file declares an event to be is the file's word."""
    layout = definition(1, EVENT, ((0, struct.calcsize(letter), code),))
    told = [message(1, struct.pack(f"<{letter}", values[i % 3])) for i in range(rows)]
    found = open_fit(fit(file_id() + layout + b"".join(told))).frame("event")["event"].to_list()
    assert found == [texts[i % 3] for i in range(rows)]


@pytest.mark.parametrize(("code", "letter", "value"), [(FLOAT32, "f", math.inf), (SINT64, "q", 1 << 62)])
def test_a_moment_that_no_calendar_has_is_null(code: int, letter: str, value: float) -> None:
    layout = definition(1, EVENT, ((253, struct.calcsize(letter), code),))
    data = fit(file_id() + layout + message(1, struct.pack(f"<{letter}", value)))
    assert open_fit(data).frame("event")["timestamp"].to_list() == [None]
