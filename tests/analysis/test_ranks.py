"""Kendall's p and the Theil–Sen line of a series, against SciPy, which is no longer opened for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy.stats import kendalltau, theilslopes

from telemetry.analysis.ranks import kendall_p, theil_sen

SCORES = st.lists(st.integers(0, 10).map(float), min_size=2, max_size=60)
"""Pain as it is noted, with ties."""
NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50, unique=True)
"""Without ties: told exactly up to 33, and where one pair at most falls or rises."""


@given(st.one_of(SCORES, NUMBERS))
@example([float(i) for i in range(40)])
@example([*(float(i) for i in range(40)), 38.5])
@example([float(i) for i in range(170, 0, -1)])
@example([2.0, 1.0])
def test_p_is_that_of_scipy(values: list[float]) -> None:
    assume(len(set(values)) > 1)
    expected = kendalltau(range(len(values)), values).pvalue
    assert kendall_p(values) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(st.one_of(SCORES, NUMBERS))
def test_the_line_is_that_of_scipy(values: list[float]) -> None:
    slope, intercept = theil_sen(np.asarray(values))
    line = theilslopes(values, np.arange(len(values)))
    assert slope == pytest.approx(line.slope, rel=1e-9, abs=1e-9)
    assert intercept == pytest.approx(line.intercept, rel=1e-9, abs=1e-6)
