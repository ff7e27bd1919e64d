"""The onset window: the worked stick, the twin, its silence on steady classes and its refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import config

from telemetry.analysis import analyze, onset
from telemetry.analysis.onset import broken_stick
from tests import reference
from tests.builders import recording, steps

WITHOUT_COMPILER = bool(config.DISABLE_JIT)
RUNS = 39 if WITHOUT_COMPILER else 199
HALF_MINUTES = (np.arange(90) + 0.5) * 0.5


def autocorrelated(rng: np.random.Generator, n: int, rho: float, sd: float) -> np.ndarray:
    out = np.empty(n)
    out[0] = rng.normal() * sd
    for i in range(1, n):
        out[i] = rho * out[i - 1] + rng.normal() * sd * math.sqrt(1.0 - rho**2)
    return out


def test_the_worked_stick_bends_at_minute_30() -> None:
    t = np.arange(0.0, 45.01, 0.5)
    stick = broken_stick(t, 85.0 - 0.5 * np.maximum(0.0, t - 30.0), seed="worked")
    assert stick is not None
    assert stick.knot_min == 30.0
    assert (stick.low_min, stick.high_min) == (30.0, 30.0)
    assert stick.slope == pytest.approx(-0.5)
    assert stick.level == pytest.approx(85.0)
    assert stick.p < 0.05


def test_the_same_recording_always_gives_the_same_answer() -> None:
    y = autocorrelated(np.random.default_rng(5), 90, 0.4, 2.0)
    first, again, other = (broken_stick(HALF_MINUTES, y, seed=seed) for seed in ("a", "a", "b"))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.p == again.p
    assert first.knot_min == other.knot_min  # the seed moves the null, never the knot


def test_a_null_that_stops_early_decides_as_one_that_does_not() -> None:
    rng = np.random.default_rng(9)
    t = HALF_MINUTES[:40].copy()
    for _ in range(4 if WITHOUT_COMPILER else 40):
        ratio = onset.best_ratio(t, autocorrelated(rng, 40, 0.4, 2.0), 4.0) * rng.uniform(0.5, 4.0)
        early = onset._null_p(t, 0.5, 0.4, ratio, np.random.default_rng(1), RUNS)
        draws = np.random.default_rng(1).standard_normal((RUNS, 40))
        whole = onset.null_share(t, 0.5, 0.4, ratio, draws, 4.0)
        if min(early, whole) < 0.1:
            assert early == pytest.approx(whole, abs=1e-12)
        else:
            assert early >= 0.1


@pytest.mark.parametrize(("rho", "most"), [(0.0, 8), (0.4, 10), (0.7, 12)])
def test_steady_classes_raise_few_false_alarms(rho: float, most: int) -> None:
    rng = np.random.default_rng(11)
    alarms = 0
    for k in range(8 if WITHOUT_COMPILER else 80):
        stick = broken_stick(HALF_MINUTES, autocorrelated(rng, 90, rho, 2.0), seed=str(k), runs=RUNS)
        assert stick is not None
        alarms += stick.p < 0.05
    # 5 % of 80 is 4; a null that ignored the autocorrelation would stand near 20
    assert alarms <= most


def test_a_real_fade_is_found_near_its_minute() -> None:
    rng = np.random.default_rng(12)
    found, misses = 0, []
    tries = 40
    for k in range(tries):
        y = autocorrelated(rng, 90, 0.4, 2.0) - 0.5 * np.maximum(0.0, HALF_MINUTES - 30.0)
        stick = broken_stick(HALF_MINUTES, y, seed=str(k), runs=RUNS)
        assert stick is not None
        found += stick.p < 0.05
        misses.append(stick.knot_min - 30.0)
    assert found >= 0.95 * tries - 1
    assert np.percentile(np.abs(misses), 50) <= 2.0


def test_rising_cadence_is_no_onset() -> None:
    stick = broken_stick(HALF_MINUTES, 85.0 + 0.5 * np.maximum(0.0, HALF_MINUTES - 20.0), seed="up")
    assert stick is not None
    assert stick.p == 1.0


def test_knots_keep_four_minutes_from_either_end() -> None:
    errors, _ = onset.stick_errors(HALF_MINUTES, np.sin(HALF_MINUTES), 4.0)
    allowed = HALF_MINUTES[np.isfinite(errors)]
    assert allowed[0] == 4.25  # the first bin's centre stands at 0.25
    assert allowed[-1] == 40.75


def test_twenty_bins_are_needed() -> None:
    y = autocorrelated(np.random.default_rng(1), 21, 0.2, 1.0)
    y[5] = math.nan
    assert broken_stick(HALF_MINUTES[:21], y, seed="x", runs=99) is not None
    y[6] = math.nan
    assert broken_stick(HALF_MINUTES[:21], y, seed="x", runs=99) is None


@pytest.mark.parametrize("kind", ["random", "gaps", "constant"])
def test_the_kernels_agree_with_their_twins(kind: str) -> None:
    rng = np.random.default_rng(3)
    t, y = HALF_MINUTES[:40].copy(), rng.normal(80.0, 2.0, 40)
    if kind == "gaps":
        keep = rng.random(40) > 0.3
        t, y = t[keep], y[keep]
    if kind == "constant":
        y[:] = 80.0
    ours, theirs = onset.stick_errors(t, y, 4.0), reference.stick_errors(t, y, 4.0)
    assert ours[0] == pytest.approx(theirs[0], abs=1e-8)
    assert ours[1] == pytest.approx(theirs[1], abs=1e-8)
    if kind != "constant":
        ratio = onset.best_ratio(t, y, 4.0)
        assert ratio == pytest.approx(reference.best_ratio(t, y, 4.0))
        draws = rng.standard_normal((20, len(t)))
        arguments = (t, 0.5, 0.4, ratio, draws, 4.0)
        assert onset.null_share(*arguments) == pytest.approx(reference.null_share(*arguments))


def class_that_fades(minutes: float, *, step_s: float = 1.0, fade_from_min: float = 30.0, **more: object):
    """Torque held at 20 N·m while cadence falls half a revolution a minute from some minute on."""
    rng = np.random.default_rng(21)
    time = np.arange(0.0, minutes * 60.0, step_s)
    cadence = 90.0 - 0.5 * np.maximum(0.0, time / 60.0 - fade_from_min) + rng.normal(0.0, 1.0, len(time))
    torque = rng.normal(20.0, 1.0, len(time))
    return recording(time_s=time, power_w=torque * cadence * 2 * np.pi / 60, cadence_rpm=cadence, **more)


def test_a_class_that_fades_from_minute_30_says_so() -> None:
    found = analyze(class_that_fades(50)).drift["onset"]
    assert found.applicable
    assert found.value == pytest.approx(30.0, abs=2.0)
    assert found.window_min is not None
    assert found.window_min[0] <= found.value <= found.window_min[1]
    assert "programme" in found.detail


def test_three_hours_still_make_at_most_120_bins() -> None:
    analysis = analyze(class_that_fades(180, fade_from_min=120.0))
    assert len(analysis.curves["cadence_bin_time_s"]) <= 120
    assert analysis.drift["onset"].value == pytest.approx(120.0, abs=3.0)
    assert len(analysis.curves["onset_fit_rpm"]) == len(analysis.curves["cadence_bin_time_s"])


def test_what_matching_torque_does_to_a_sag_is_said_beside_every_search() -> None:
    found = analyze(class_that_fades(50)).drift["onset"]
    assert "matched torque absorbs part of a sag" in found.detail
    assert "can hide a sag or look like one" in found.detail
    assert "sag" not in analyze(class_that_fades(50)).drift["cadence"].detail


def test_a_steady_class_has_no_onset_and_says_that_it_was_searched() -> None:
    rng = np.random.default_rng(2)
    segments = steps([(120, 180, 90), (60, 110, 85)] * 15)
    segments["cadence_rpm"] += rng.normal(0.0, 1.5, len(segments["time_s"]))
    analysis = analyze(recording(**segments))
    found = analysis.drift["onset"]
    assert found.applicable
    assert found.value is None
    assert "no minute stands out" in (found.why_not or "")
    assert "onset_fit_rpm" not in analysis.curves


@pytest.mark.parametrize(("minutes", "applicable"), [(19.9, False), (20.0, True)])
def test_classes_under_twenty_minutes_are_refused(minutes: float, applicable: bool) -> None:
    assert analyze(class_that_fades(minutes)).drift["onset"].applicable is applicable


def test_smart_recording_is_refused() -> None:
    found = analyze(class_that_fades(50, step_s=5.0)).drift["onset"]
    assert not found.applicable
    assert "smart recording" in (found.why_not or "")
