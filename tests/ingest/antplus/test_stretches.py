"""Silences between two counter events: how much is the counter's word, when follows from what was heard."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from telemetry.ingest.antplus.stretches import CHANGE_S, Stretches, Told, bridge
from tests import reference

HEARD = np.array([0.0, 10.0])
SLOWER = np.array([1.5, 0.9])
"""90 rpm, then 54, ten seconds apart"""
EDGES = np.linspace(0.0, 10.0, 41)


def paces(done: np.ndarray) -> np.ndarray:
    return np.diff(done) / np.diff(EDGES)


def test_twelve_turns_between_90_and_54_rpm_put_the_change_in_the_middle() -> None:
    done = bridge(HEARD, SLOWER, 12.0, np.array([0.0, 3.5, 5.0, 6.5, 10.0]), 3.0)
    # 1.5 a second until 3.5 s, 1.2 on average until 6.5 s, 0.9 from there
    assert done == pytest.approx([0.0, 5.25, 5.25 + 1.5 * 1.35, 8.85, 12.0], abs=1e-6)


@pytest.mark.parametrize("amount", [9.0, 9.3, 10.5, 12.0, 13.7, 14.9, 15.0])
@pytest.mark.parametrize("faster", [False, True], ids=["slower", "faster"])
def test_a_bridge_keeps_the_turns_and_never_leaves_what_was_heard(amount: float, faster: bool) -> None:
    heard = SLOWER[::-1] if faster else SLOWER
    pace = paces(bridge(HEARD, heard, amount, EDGES, CHANGE_S))
    assert pace.sum() * 0.25 == pytest.approx(amount, rel=1e-9)
    assert pace.min() >= 0.9 - 1e-6
    assert pace.max() <= 1.5 + 1e-6
    changes = np.diff(pace)
    assert (changes >= -1e-9).all() if faster else (changes <= 1e-9).all()
    assert np.abs(changes).max() <= 0.61 if amount in (9.3, 14.9) else np.abs(changes).max() < 0.06


@pytest.mark.parametrize(("amount", "pace"), [(8.0, 0.8), (16.0, 1.6)])
def test_turns_that_no_change_between_the_paces_gives_were_turned_evenly(amount: float, pace: float) -> None:
    assert paces(bridge(HEARD, SLOWER, amount, EDGES, CHANGE_S)) == pytest.approx(np.full(40, pace))


def test_legs_that_stop_stop_at_once_and_legs_that_start_take_a_moment() -> None:
    stops = paces(bridge(HEARD, np.array([1.5, 0.0]), 6.0, EDGES, CHANGE_S))
    assert stops == pytest.approx(np.where(EDGES[:-1] < 4.0, 1.5, 0.0), abs=1e-6)
    starts = paces(bridge(HEARD, np.array([0.0, 1.5]), 6.0, EDGES, CHANGE_S))
    # six turns at 1.5 are four seconds: the change is centred on 6 s and lasts from 4.5 to 7.5 s
    assert starts[EDGES[:-1] < 4.5] == pytest.approx(0.0, abs=1e-6)
    assert starts[EDGES[:-1] >= 7.5] == pytest.approx(1.5, abs=1e-6)


def test_a_pace_heard_amid_a_change_is_part_of_one_change() -> None:
    times, heard = np.array([0.0, 5.0, 10.0]), np.array([1.5, 1.2, 0.9])
    pace = paces(bridge(times, heard, 12.0, EDGES, 3.0))
    assert pace[EDGES[:-1] < 3.5] == pytest.approx(1.5)
    assert pace[EDGES[:-1] >= 6.5] == pytest.approx(0.9)


def test_slower_and_fast_again_keeps_the_turns_and_the_bounds() -> None:
    times, heard = np.array([0.0, 5.0, 10.0]), np.array([1.5, 0.9, 1.5])
    for amount in (9.5, 11.0, 12.0, 14.0):
        pace = paces(bridge(times, heard, amount, EDGES, CHANGE_S))
        assert pace.sum() * 0.25 == pytest.approx(amount)
        assert (pace.min() >= 0.9 - 1e-6, pace.max() <= 1.5 + 1e-6) == (True, True)


def test_where_no_pace_was_anything_the_amount_is_even() -> None:
    assert paces(bridge(HEARD, np.zeros(2), 5.0, EDGES, CHANGE_S)) == pytest.approx(np.full(40, 0.5))


def test_a_bridge_is_its_slow_twin() -> None:
    rng = np.random.default_rng(3)
    for _ in range(12):
        count = int(rng.integers(2, 5))
        times = np.concatenate(([0.0], np.sort(rng.uniform(1.0, 9.0, count - 2)), [10.0]))
        heard = rng.uniform(0.5, 1.7, count)
        amount = 10.0 * float(rng.uniform(heard.min(), heard.max()))
        at = np.array([0.0, 2.5, 5.0, 7.5, 10.0])
        assert bridge(times, heard, amount, at, 3.0) == pytest.approx(
            reference.bridge(times, heard, amount, at, 3.0), abs=2e-3
        )


def stretches(*rows: tuple[float, float, float]) -> Stretches:
    begin, end, amount = np.array(rows).T
    return Stretches(begin, end, amount)


def test_only_long_stretches_with_a_pace_at_both_ends_are_bent() -> None:
    counted = stretches((0.0, 1.0, 1.5), (1.0, 11.0, 12.0), (11.0, 12.0, 0.9))
    told = Told(np.array([0.5, 11.5]), np.array([1.5, 0.9]))
    bent = counted.curved(told)
    sums, known = bent.cells(np.arange(13.0))
    assert sums.sum() == pytest.approx(14.4)
    assert known == pytest.approx(np.ones(12))
    assert sums[:4] == pytest.approx(1.5)
    assert sums[8:] == pytest.approx(0.9)
    for half in (Told(told.time_s[:1], told.pace[:1]), Told(told.time_s[1:], told.pace[1:])):
        assert counted.curved(half).begin_s.tolist() == counted.begin_s.tolist()


@pytest.mark.parametrize(("seconds", "bent"), [(60.0, True), (60.1, False), (3e8, False)])
def test_a_silence_of_more_than_a_minute_stays_even(seconds: float, bent: bool) -> None:
    told = Told(np.array([0.0, seconds]), np.array([1.5, 0.9]))
    assert (len(stretches((0.0, seconds, 1.2 * seconds)).curved(told).begin_s) > 1) == bent


def test_work_goes_along_the_angle_so_that_torque_stays_between_what_it_was() -> None:
    turned = stretches((0.0, 4.0, 6.0), (4.0, 10.0, 5.4))
    told = Told(np.array([0.0, 10.0]), np.array([100.0, 250.0]))
    work = stretches((0.0, 10.0, 1800.0)).curved(told, turned)
    edges = np.arange(11.0)
    per_turn = np.diff(work.up_to(edges)) / np.diff(turned.up_to(edges))
    assert work.amount.sum() == pytest.approx(1800.0)
    assert per_turn.min() >= 100.0 - 1e-6
    assert per_turn.max() <= 250.0 + 1e-6
    # where only one torque is known, it is even
    even = stretches((0.0, 10.0, 1800.0)).curved(Told(told.time_s[:1], told.pace[:1]), turned)
    assert np.diff(even.up_to(edges)) / np.diff(turned.up_to(edges)) == pytest.approx(1800.0 / 11.4)


def test_another_counter_s_sum_counts_only_where_it_was_there() -> None:
    counted = stretches((0.0, 1.0, 5.0), (1.0, 9.0, 70.0), (9.0, 19.0, 70.0))
    other = stretches((0.0, 5.0, 50.0), (5.0, 10.0, 50.0))
    summed = counted.resummed(other, np.array([True, True, True]))
    assert summed.amount == pytest.approx([5.0, 80.0, 70.0])
    assert counted.resummed(other, np.zeros(3, bool)).amount.tolist() == counted.amount.tolist()


def test_means_count_before_what_a_sensor_says_of_now_and_long_means_say_nothing() -> None:
    frame = pl.DataFrame(
        {
            "time_s": [1.0, 2.0, 12.0, 13.0],
            "from_s": [0.0, None, 1.0, None],
            "until_s": [1.0, None, 12.0, None],
            "cadence_rpm": [60.0, None, 72.0, None],
            "told_rpm": [61.0, 62.0, 90.0, None],
        }
    )
    told = Told.of([frame], "cadence_rpm", 1.0 / 60.0, "told_rpm")
    assert told.time_s.tolist() == [0.5, 2.0, 12.0]
    assert told.pace * 60.0 == pytest.approx([60.0, 62.0, 90.0])
    times, pace = told.around(1.0, 12.0)
    assert times.tolist() == [1.0, 2.0, 12.0]
    assert pace[-1] * 60.0 == pytest.approx(90.0)


def test_a_silence_is_a_long_stretch_in_which_nothing_was_heard() -> None:
    counted = stretches(
        (0.0, 1.0, 1.0), (1.0, 4.0, 1.0), (4.0, 9.5, 6.0), (9.5, 10.5, 1.0), (10.5, 20.0, 0.0)
    )
    heard = np.concatenate((np.arange(0.0, 4.2, 0.25), np.arange(9.0, 20.0, 0.25)))
    # one turn of 3 s was heard all along; six turns of 5.5 s were not; legs at rest leave nothing open
    assert counted.silence_s(np.arange(13.0), heard).tolist() == [0.0] * 4 + [5.5] * 6 + [0.0] * 2
