"""Single-case effect sizes: the published examples, baselines that trend, honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.analysis.limits import Limits
from telemetry.analysis.single_case import (
    baseline_trend,
    compare,
    independent,
    nap,
    nap_interval,
    reliable_change,
    score,
    tau,
    tau_bc,
    tau_u,
)

LIMITS = Limits()
PAIN_A, PAIN_B = [6, 5, 6, 7, 5, 6], [4, 5, 3, 3, 4, 2, 3]


def test_parkers_example_higher_is_better() -> None:
    a, b = [20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29]
    assert score(a, b, lower_better=False) == (38.5, 3.5)
    assert nap(a, b, lower_better=False) == pytest.approx(0.916667, abs=1e-6)
    assert tau(a, b, lower_better=False) == pytest.approx(35 / 42)


def test_tau_u_takes_the_first_phase_s_own_trend_off() -> None:
    a, b = [3, 3, 4, 5], [4, 5, 6, 7, 7]
    assert tau(a, b, lower_better=False) == pytest.approx(0.80)
    assert tau_u(a, b, lower_better=False) == pytest.approx(0.55)


def test_a_line_that_goes_on_is_no_effect() -> None:
    a, b = [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]
    assert tau(a, b, lower_better=False) == 1.0
    assert tau_u(a, b, lower_better=False) == pytest.approx(0.6)
    assert tau_bc(a, b, lower_better=False) == 0.0


def test_lower_is_better() -> None:
    assert nap([12, 14, 9, 10], [10, 6, 4, 5, 3, 4]) == pytest.approx(0.9375)
    assert nap(PAIN_A, PAIN_B) == pytest.approx(0.97619, abs=1e-5)
    assert tau(PAIN_A, PAIN_B) == pytest.approx(0.9524, abs=1e-4)
    assert tau_u(PAIN_A, PAIN_B) == pytest.approx(0.9762, abs=1e-4)


def test_reliable_change() -> None:
    error, index, detectable = reliable_change(6.0, 3.0, 2.2, 0.9)
    assert (error, index, detectable) == pytest.approx((0.6957, -3.049, 1.928), abs=5e-4)


@pytest.mark.parametrize(
    ("a", "trend"),
    [
        ([8, 7, 6, 5, 4], "cannot tell"),  # five, however clear
        ([8, 7, 6, 5, 4, 3], "trending"),
        ([6, 5, 6, 7, 5, 6], "not trending"),
        ([5, 5, 5, 5, 5, 5], "not trending"),
    ],
)
def test_a_trend_of_the_first_phase_needs_six_entries(a: list[float], trend: str) -> None:
    assert baseline_trend(a, LIMITS) == trend


def test_a_trending_baseline_gets_tau_bc_and_no_tau() -> None:
    found = compare("back pain", "one", "two", [8, 7, 6, 5, 4, 3], [2, 1, 1, 0], LIMITS)
    assert (found.tau, found.baseline_trend) == (None, "trending")
    assert found.tau_bc == pytest.approx(tau_bc([8, 7, 6, 5, 4, 3], [2, 1, 1, 0]))
    assert found.tau_bc is not None
    assert found.tau_bc < 0.0  # it fell more slowly than before
    assert "already changing in one" in found.says


def test_a_steady_baseline_gets_tau() -> None:
    found = compare("back pain", "one", "two", PAIN_A, PAIN_B, LIMITS)
    assert (found.n_a, found.n_b, found.tau_bc) == (6, 7, None)
    assert found.tau == pytest.approx(0.9524, abs=1e-4)
    assert "In 98 of 100 pairs of days, pain was lower in two than in one" in found.says


def test_few_days_say_what_they_cannot_tell() -> None:
    found = compare("back pain", "one", "two", [6, 5, 6], [3, 2, 3], LIMITS)
    assert found.tau == 1.0
    assert "cannot be told" in found.says
    none = compare("back pain", "one", "two", [6, 5], [3, 2, 3], LIMITS)
    assert (none.nap, none.why_not) == (None, "2 and 3 days with an entry, 3 are needed in each")


def test_the_interval_is_where_its_own_spread_reaches() -> None:
    value = nap(PAIN_A, PAIN_B)
    for edge in nap_interval(value, 6, 7):
        half = (6 + 7) / 2 - 1
        spread = edge * (1 - edge) / 42 * (1 + half * ((1 - edge) / (2 - edge) + edge / (1 + edge)))
        assert abs(value - edge) == pytest.approx(1.959964 * spread**0.5, abs=1e-9)
    assert nap_interval(1.0, 5, 5)[1] == 1.0
    assert nap_interval(0.0, 5, 5)[0] == 0.0


def test_days_that_follow_on_each_other_count_for_fewer() -> None:
    rng = np.random.default_rng(4)
    assert independent(rng.normal(size=60).tolist(), rng.normal(size=60).tolist()) > 0.7
    slow = np.cumsum(rng.normal(size=120))
    assert independent(slow[:60].tolist(), slow[60:].tolist()) < 0.2
    assert independent([4.0] * 5, [4.0] * 5) == 1.0


@given(
    st.lists(st.integers(0, 10), min_size=3, max_size=12),
    st.lists(st.integers(0, 10), min_size=3, max_size=12),
)
def test_nap_and_tau_say_the_same(a: list[int], b: list[int]) -> None:
    assert tau(a, b) == pytest.approx(2 * nap(a, b) - 1)
    assert nap(a, b) + nap(b, a) == pytest.approx(1.0)
    assert nap(a, b, lower_better=False) == pytest.approx(1.0 - nap(a, b))
    low, high = nap_interval(nap(a, b), len(a), len(b))
    assert 0.0 <= low <= nap(a, b) <= high <= 1.0
    assert -1.0 <= tau_bc(a, b) <= 1.0
