"""Columns from any source → one `ClassRecording`.

Comes in: channels as float64 arrays with NaN, in file order, and the rows' times. Goes out: a recording
whose `time_s` strictly increases, with only those channels that have a value, null where there is none.
Leaves to others: clocks (`timebase.py`), and every judgement of values (conditioning, in the analysis).

Several rows in one second are either samples faster than 1 Hz, which are spread over the second, or parts
of one sample, which are merged: first value per channel, differing ones counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from telemetry.ingest.timebase import TimeBase, time_base
from telemetry.model import CHANNELS, ClassRecording, Issue

FASTEST_SAMPLING_SHARE = 0.5
"""More than this share of seconds must hold several samples before any second is spread."""

_CALENDAR = (0.0, 253402300799.0)
"""Unix seconds that a calendar date can show: 1970 to 9999."""


def assemble(
    channels: Mapping[str, np.ndarray],
    *,
    id: str,
    source: str,
    base: TimeBase | None = None,
    unix_time_s: np.ndarray | None = None,
    time_s: np.ndarray | None = None,
    fraction_s: np.ndarray | None = None,
    issues: Iterable[Issue] = (),
    **facts: Any,
) -> ClassRecording:
    """One recording from columns in file order.

    Parameters
    ----------
    channels : by names of `model.CHANNELS`, (n,) float64 each, NaN where nothing was measured
    base : the rows' time base, or
    unix_time_s : (n,) Unix seconds of each row, or
    time_s : (n,) seconds on a clock without a date
    fraction_s : (n,) fraction of the second of each row (0 to 1), NaN where unknown
    issues : what the reader saw; those of clock and duplicates are added
    facts : further fields of `ClassRecording`
    """
    if base is None:
        clock = unix_time_s if unix_time_s is not None else time_s
        if clock is None:
            raise TypeError("assemble needs a time base, unix_time_s or time_s")
        base = time_base(np.asarray(clock, dtype=np.float64), calendar=unix_time_s is not None)
    have = {
        name: base.sort(np.asarray(channels[name], dtype=np.float64))
        for name in CHANNELS
        if name in channels and name != "time_s"
    }
    for name, values in have.items():
        if not np.isfinite(values).all():
            have[name] = np.where(np.isfinite(values), values, np.nan)
    fraction = None if fraction_s is None else base.sort(np.asarray(fraction_s, dtype=np.float64))
    times, have, merged = _one_row_a_time(base.seconds, have, fraction, base.median_step_s)

    columns = [pl.Series("time_s", times)]
    columns += [
        pl.Series(name, values, nan_to_null=True)
        for name, values in have.items()
        if not np.isnan(values).all()
    ]
    started = base.started_unix_s
    facts.setdefault("started_at", None if started is None else utc(started))
    return ClassRecording(
        id=id,
        source=source,
        samples=pl.DataFrame(columns),
        issues=(*issues, *base.issues, *merged),
        **facts,
    )


def utc(unix_s: float) -> dt.datetime | None:
    """Unix seconds as an aware datetime, None where no calendar can show them."""
    if not _CALENDAR[0] <= unix_s <= _CALENDAR[1]:
        return None
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(seconds=round(unix_s, 6))


def _one_row_a_time(
    seconds: np.ndarray, channels: dict[str, np.ndarray], fraction: np.ndarray | None, step_s: float
) -> tuple[np.ndarray, dict[str, np.ndarray], list[Issue]]:
    """Rows in order of time → rows whose time strictly increases, and what was merged on the way."""
    count = len(seconds)
    if fraction is not None:
        # the format leaves room for 0 to 1.99: a whole second and more is no fraction
        fraction = np.where((fraction >= 0) & (fraction < 1), fraction, np.nan)
        if np.isnan(fraction).all():
            fraction = None
    new = np.concatenate(([True], seconds[1:] > seconds[:-1])) if count else np.zeros(0, bool)
    first = _positions(new)
    if len(first) == count:
        return _with_fraction(seconds, fraction), channels, []
    group = np.cumsum(new, dtype=np.int32) - 1
    rows = np.diff(first, append=np.int32(count))

    repeated = np.zeros(len(first), dtype=bool)
    for values in channels.values():
        repeated |= np.add.reduceat(~np.isnan(values), first, dtype=np.int32) >= 2
    several = rows >= 2
    faster = (
        float(several.mean()) > FASTEST_SAMPLING_SHARE
        and float((several & repeated).mean()) > FASTEST_SAMPLING_SHARE
    )
    spread = several & repeated if faster else np.zeros(len(first), dtype=bool)

    times = seconds
    if faster:
        times = _spread(seconds, first, group, rows, spread, fraction, step_s)
    elif fraction is not None:
        times = _with_fraction(seconds, fraction)
        if times is not seconds:
            # a clock that wavers about the second: two whole samples in one, and their fractions tell
            spread = several & repeated & _all_rising(fraction, first)
    # each row of a spread second stands alone; the others are merged into the first of their second
    keep = new | spread[group]
    if keep.all():
        return times, channels, []
    starts = _positions(keep)
    part = np.cumsum(keep, dtype=np.int32) - 1
    del group, first, rows
    merged, conflicts = _merge(channels, starts, part, count)
    together = np.flatnonzero(np.diff(starts, append=np.int32(count)) >= 2)
    issues = []
    dropped = count - len(starts)
    differing = int(conflicts.sum())
    if differing:
        at = np.flatnonzero(conflicts)
        issues.append(
            Issue(
                "duplicate_conflict",
                start_s=float(times[at[0]]),
                stop_s=float(times[at[-1]]),
                count=differing,
                detail=f"{differing} rows differ from an earlier row of the same time: the first counts",
            )
        )
    if dropped > differing:
        issues.append(
            Issue(
                "partial_rows_merged",
                start_s=float(times[starts[together[0]]]),
                stop_s=float(times[starts[together[-1]]]),
                count=dropped - differing,
                detail=f"{dropped} rows shared a time with another and were merged into one sample",
            )
        )
    return times[starts], merged, issues


def _positions(true: np.ndarray) -> np.ndarray:
    """Where it is true, int32: of as many rows as the largest file can have, half the memory matters."""
    return np.flatnonzero(true).astype(np.int32)


def _with_fraction(seconds: np.ndarray, fraction: np.ndarray | None) -> np.ndarray:
    """Whole seconds with their fractions, where that keeps the order of the rows."""
    if fraction is None:
        return seconds
    times = seconds + np.nan_to_num(fraction)
    increasing = np.diff(times) >= np.where(np.diff(seconds) > 0, 1e-9, 0.0)
    return times if bool(increasing.all()) else seconds


def _spread(
    seconds: np.ndarray,
    first: np.ndarray,
    group: np.ndarray,
    rows: np.ndarray,
    spread: np.ndarray,
    fraction: np.ndarray | None,
    step_s: float,
) -> np.ndarray:
    """Times of samples faster than the clock: by their fractions where a second has them all, else evenly."""
    room = np.minimum(np.append(np.diff(seconds[first]), step_s), 1.0)
    place = np.arange(len(seconds)) - first[group]
    times = seconds + np.where(spread[group], place / rows[group] * room[group], 0.0)
    if fraction is None:
        return times
    whole = _all_rising(fraction, first) & (room >= 1.0 - 1e-9)
    return np.where((whole & (spread | (rows == 1)))[group], seconds + np.nan_to_num(fraction), times)


def _all_rising(fraction: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Seconds (m,) in which every row has a fraction, each above the one before."""
    rising = np.concatenate(([True], np.diff(fraction) > 0))
    rising[first] = True
    return np.asarray(np.logical_and.reduceat(rising & ~np.isnan(fraction), first))


def _merge(
    channels: dict[str, np.ndarray], starts: np.ndarray, part: np.ndarray, count: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Rows of one time as one: first value per channel (m,), and (n,) bool: a row that says otherwise."""
    index = np.arange(count, dtype=np.int32)
    none = np.int32(count)
    conflicts = np.zeros(count, dtype=bool)
    merged: dict[str, np.ndarray] = {}
    for name, values in channels.items():
        known = ~np.isnan(values)
        earliest = np.minimum.reduceat(np.where(known, index, none), starts)
        got = earliest < count
        value = np.where(got, values[np.minimum(earliest, count - 1)], np.nan)
        merged[name] = value
        conflicts |= known & (values != value[part])
    return merged, conflicts
