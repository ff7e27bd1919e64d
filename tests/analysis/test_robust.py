"""Medians and Theil–Sen lines: the worked numbers, the twins, and the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from telemetry.analysis import robust
from tests import reference

MINUTES = np.arange(0.0, 50.0, 5.0)
CADENCE = np.array([86, 85.5, 86.2, 85, 84.6, 84.8, 83, 81.5, 70, 80])


def test_the_worked_line_of_the_metrics_reference() -> None:
    line = robust.line(MINUTES, CADENCE, autocorrelated=False)
    assert line is not None
    assert line.slope == pytest.approx(-0.16, abs=1e-12)
    assert line.intercept == pytest.approx(88.3, abs=1e-12)
    assert (line.low, line.high) == pytest.approx((-0.24, -0.08), abs=1e-12)
    assert np.polyfit(MINUTES, CADENCE, 1)[0] == pytest.approx(-0.23248, abs=5e-6)  # what it protects from


def test_ten_points_make_a_line_and_nine_do_not() -> None:
    assert robust.line(MINUTES, CADENCE) is not None
    assert robust.line(MINUTES[:9], CADENCE[:9]) is None
    gap = CADENCE.copy()
    gap[3] = math.nan
    assert robust.line(MINUTES, gap) is None


def test_only_points_of_one_group_are_paired() -> None:
    # two groups at different heights, the higher one later: only the slope within each is left
    x = np.arange(24.0)
    group = (x >= 12).astype(np.int64)
    y = 0.1 * x + 50.0 * group
    line = robust.line(x, y, group)
    assert line is not None
    assert line.slope == pytest.approx(0.1)
    assert robust.line(x, y, np.arange(24)) is None  # nobody to pair with


def test_cell_means_split_blocks_by_bin() -> None:
    time = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
    values = np.array([1.0, 3.0, 5.0, 7.0, math.nan])
    ones = np.ones(5)
    times, means, bins = robust.cell_means(
        time, values, np.array([0, 1, 0, 1, 0]), ones, 5.0 * ones, 30.0, 5.0
    )
    assert times == pytest.approx([10.0, 10.0, 30.0])
    assert means == pytest.approx([3.0, 3.0, 7.0])
    assert bins.tolist() == [0, 1, 1]
    few = robust.cell_means(time, values, np.array([0, 1, 0, 1, 0]), ones, 5.0 * ones, 30.0, 6.0)
    assert few[1] == pytest.approx([3.0])
    assert not len(robust.cell_means(time, values, np.full(5, -1), ones, ones, 30.0, 5.0)[0])


def test_points_at_one_moment_have_no_slope() -> None:
    assert robust.line(np.full(12, 3.0), np.arange(12.0)) is None


def test_autocorrelated_residuals_widen_the_interval() -> None:
    rng = np.random.default_rng(4)
    x = np.arange(120.0)
    wave = np.convolve(rng.normal(size=139), np.ones(20) / 20, "valid")
    plain, honest = robust.line(x, wave, autocorrelated=False), robust.line(x, wave)
    assert plain is not None
    assert honest is not None
    assert honest.slope == plain.slope
    assert honest.high - honest.low > 2.0 * (plain.high - plain.low)


@pytest.mark.parametrize("n", [1, 2, 9, 10, 31, 64])
@pytest.mark.parametrize("kind", ["random", "missing", "constant", "ties"])
def test_the_kernels_agree_with_their_twins(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    x, y = np.sort(rng.uniform(0.0, 60.0, n)), rng.normal(80.0, 5.0, n)
    if kind == "missing":
        y[rng.random(n) < 0.3] = math.nan
    if kind == "constant":
        y[:] = 80.0
    if kind == "ties":
        x, y = np.round(x / 10.0), np.round(y)
    for groups in (1, 3):
        group = rng.integers(0, groups, n)
        slopes, points, variance = robust.pair_slopes(x, y, group)
        theirs = reference.pair_slopes(x, y, group)
        assert np.sort(slopes) == pytest.approx(theirs[0])
        assert (points, variance) == pytest.approx(theirs[1:])
        index = group - (rng.random(n) < 0.2)
        assert robust.centred_by_bin(y, index) == pytest.approx(
            reference.centred_by_bin(y, index), nan_ok=True
        )
    assert robust.lag_one(y) == pytest.approx(reference.lag_one(y))
    known = y[np.isfinite(y)]
    assert robust.median(known.copy()) == pytest.approx(reference.median(known), nan_ok=True)
    for k in range(len(known)):
        assert robust.select(known.copy(), k) == reference.select(known, k)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 60])
@pytest.mark.parametrize("kind", ["random", "missing", "constant", "ties"])
def test_the_kernels_of_bins_agree_with_their_twins(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    time, values = np.sort(rng.uniform(0.0, 300.0, n)), rng.normal(80.0, 5.0, n)
    if kind == "missing":
        values[rng.random(n) < 0.4] = math.nan
    if kind == "constant":
        values[:] = 80.0
    if kind == "ties":
        values = np.round(values / 4.0)
    shares = np.array([0.2, 0.4, 0.6000000000000001, 0.8])
    assert (robust.quantile_index(values, shares) == reference.quantile_index(values, shares)).all()
    index, weights = rng.integers(-1, 3, n), np.maximum(rng.normal(1.0, 1.0, n), 0.0)
    for cells in (15, 40):  # too few as well: no cell is written that is not there
        given = (time, values, index, weights, np.ones(n), 30.0, 0, cells, 3)
        for ours, theirs in zip(robust.cell_sums(*given), reference.cell_sums(*given), strict=True):
            assert ours == pytest.approx(theirs)


def test_the_line_agrees_with_an_outside_witness() -> None:
    rng = np.random.default_rng(7)
    for n in (10, 25, 80):
        y = rng.normal(size=n)
        ours = robust.line(np.arange(float(n)), y, autocorrelated=False)
        theirs = stats.theilslopes(y, np.arange(n), 0.95)
        assert ours is not None
        assert (ours.slope, ours.intercept) == pytest.approx((theirs.slope, theirs.intercept))
        assert (ours.low, ours.high) == pytest.approx((theirs.low_slope, theirs.high_slope))


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 11, 30, 117])
def test_student_t_agrees_with_an_outside_witness(freedom: int) -> None:
    assert robust.student_t_975(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=4e-3)


def test_equal_torques_share_a_bin_and_missing_ones_have_none() -> None:
    index = robust.quantile_bins(np.array([10.0, 10, 10, 10, 30, 30, math.nan, 50]), 5)
    assert len(set(index[:4])) == 1
    assert index[6] == -1
    assert index[7] > index[4] > index[0]
    assert (robust.quantile_bins(np.full(3, math.nan), 5) == -1).all()


def test_centring_takes_each_bins_own_median() -> None:
    centred = robust.centred_by_bin(np.array([80.0, 90, 100, 60, math.nan]), np.array([0, 0, 0, 1, 1]))
    assert centred[:4] == pytest.approx([-10.0, 0.0, 10.0, 0.0])
    assert math.isnan(centred[4])


def test_block_means_weigh_and_leave_thin_blocks_out() -> None:
    time = np.array([0.0, 10.0, 20.0, 30.0, 65.0])
    values = np.array([1.0, 3.0, math.nan, 5.0, 7.0])
    times, means = robust.block_means(time, values, np.array([1.0, 3.0, 1.0, 1.0, 2.0]), 30.0, 2.0)
    assert times == pytest.approx([15.0, 45.0, 75.0])
    assert means[0] == pytest.approx(2.5)  # (1·1 + 3·3) / 4
    assert math.isnan(means[1])  # weight 1 is under 2
    assert means[2] == pytest.approx(7.0)


def test_lag_one_of_nothing_is_nothing() -> None:
    assert robust.lag_one(np.full(5, math.nan)) == 0.0
    assert robust.lag_one(np.full(5, 3.0)) == 0.0
    assert robust.lag_one(np.array([1.0, -1.0] * 10)) == pytest.approx(-0.95)
    assert robust.lag_one(np.empty(0)) == 0.0
