"""Load beside pain: worked correlations, every lag shown, and silence where nothing is linked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.trends import drawn
from fixtures.cohort import STORIES
from telemetry.analysis.co_movement import co_movement, effective
from telemetry.analysis.limits import Limits
from telemetry.analysis.ranks import hodges_lehmann, mann_whitney_edge, ranks, spearman, spearman_interval
from telemetry.model import CoMovement

LIMITS = Limits()
TL = [40, 55, 60, 35, 70, 80, 65, 90, 60, 50, 85, 95]
NRS = [3, 3, 4, 4, 3, 5, 5, 5, 6, 5, 4, 6]
FOLLOWS = next(story for story in STORIES if story.name == "follows_load")


def worked(load: list[float | None], pain: list[float | None]) -> CoMovement:
    return co_movement("torque_load", load, pain, LIMITS)


def test_the_worked_lags() -> None:
    found = worked(list(TL), list(NRS))
    assert [lag.lag for lag in found.lags] == [0, 1, 2, 3]
    assert [lag.n for lag in found.lags] == [12, 11, 10, 9]
    assert [lag.rho for lag in found.lags][:3] == pytest.approx([0.4332, 0.9486, 0.1849], abs=5e-5)
    low, high = spearman_interval(0.9485871, 11)
    assert (found.lags[1].low, found.lags[1].high) == (pytest.approx(low), pytest.approx(high))
    assert [lag.stands_out for lag in found.lags] == [False, True, False, False]
    assert "co-moved with more pain one class later" in found.says


def test_the_interval_by_hand() -> None:
    reach = 1.96 * np.sqrt(1.06 / 9)
    assert spearman_interval(0.4332, 12) == pytest.approx(
        tuple(np.tanh(np.arctanh(0.4332) + np.array([-reach, reach])))
    )


def test_eight_pairs_are_enough_and_seven_are_not() -> None:
    found = worked(list(TL[:8]), list(NRS[:8]))
    assert found.lags[0].rho is not None
    assert found.lags[1].rho is None
    assert found.lags[1].why_not == "7 pairs, 8 are needed"


def test_no_entry_is_missing_and_never_zero() -> None:
    pain: list[float | None] = list(NRS)
    pain[4] = None
    kept = [i for i in range(12) if i != 4]
    found = worked(list(TL), pain)
    assert found.lags[0].n == 11
    assert found.lags[0].rho == pytest.approx(
        stats.spearmanr([TL[i] for i in kept], [NRS[i] for i in kept])[0]
    )


def test_silence() -> None:
    none = worked([], [])
    assert none.p is None
    assert all(lag.rho is None for lag in none.lags)
    flat = worked(list(TL), [4.0] * 12)
    assert flat.lags[0].why_not == "one of both never changed"
    assert "Not enough" in flat.says


def test_two_slow_series_have_fewer_effective_classes() -> None:
    slow = np.sin(np.arange(40) / 6.0)
    rng = np.random.default_rng(1)
    assert effective(slow, np.cos(np.arange(40) / 6.0)) < 10.0
    assert effective(rng.normal(size=40), slow) > 30.0


def test_a_link_is_found_at_its_lag() -> None:
    right = 0
    for seed in range(20):
        _, seen = drawn(replace(FOLLOWS, seed=seed, weeks=12))
        found = worked([row.torque_load for row in seen], [row.pain for row in seen])
        right += found.lags[1].stands_out and not any(lag.stands_out for lag in found.lags if lag.lag != 1)
    assert right >= 17


@pytest.mark.parametrize("drift", [0.0, 0.9])
def test_without_a_link_it_stays_silent(drift: float) -> None:
    loud = 0
    for seed in range(60):
        story = replace(FOLLOWS, seed=1000 + seed, link=0.0, load_follows=drift, pain_follows=max(0.7, drift))
        _, seen = drawn(story)
        loud += any(
            lag.stands_out
            for lag in worked([row.torque_load for row in seen], [row.pain for row in seen]).lags
        )
    assert loud <= 6  # 5 % of 60 are 3


@given(st.lists(st.integers(0, 8), min_size=3, max_size=25))
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    assert ranks(values).tolist() == stats.rankdata(values).tolist()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=4, max_size=25))
def test_spearman_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = zip(*pairs, strict=True)
    rho = spearman(x, y)
    if len(set(x)) < 2 or len(set(y)) < 2:
        assert rho is None
    else:
        assert rho == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-12)


@pytest.mark.parametrize(
    ("n_a", "n_b", "edge"),
    [(3, 3, -1), (4, 4, 0), (5, 5, 2), (6, 6, 5), (5, 8, 6), (8, 8, 13), (20, 20, 127)],
)
def test_the_edges_of_mann_whitney_are_those_of_the_tables(n_a: int, n_b: int, edge: int) -> None:
    assert mann_whitney_edge(n_a, n_b) == edge
    assert mann_whitney_edge(n_b, n_a) == edge


@given(
    st.lists(st.integers(0, 10), min_size=4, max_size=9),
    st.lists(st.integers(0, 10), min_size=4, max_size=9),
    st.integers(-5, 5),
)
def test_the_shift_moves_with_the_data(before: list[int], after: list[int], by: int) -> None:
    shift, low, high = hodges_lehmann(before, after)
    assert low is not None
    assert high is not None
    assert low <= shift <= high
    moved = hodges_lehmann(before, [value + by for value in after])
    assert moved == pytest.approx((shift + by, low + by, high + by))
    turned = hodges_lehmann(after, before)
    assert turned == pytest.approx((-shift, -high, -low))
