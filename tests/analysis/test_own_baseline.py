"""The review against a rider's real earlier classes: R1, R2's percentile, R5, R6, each as of the day."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest

import telemetry
from telemetry.analysis import analyze
from telemetry.analysis.history import history_as_of
from telemetry.model import ClassAnalysis, ClassRecording, Diary, History, PastClass
from tests.analysis.months import at, pain

CLASSES = Path(__file__).parents[2] / "fixtures" / "classes"
RIDER = telemetry.Rider(ftp_w=200.0, mass_kg=70.0)
DURATION_S = 2700.0


@cache
def recording(name: str) -> ClassRecording:
    return telemetry.read(CLASSES / f"{name}.fit")


def ridden(name: str, day: float, *, power: float = 1.0, right: float = 0.0) -> ClassAnalysis:
    """A fixture class on another day, a little harder or easier, the legs sharing a little differently."""
    given = recording(name)
    samples = given.samples.with_columns(pl.col("power_w") * power)
    if "right_balance_pct" in samples.columns:
        samples = samples.with_columns(pl.col("right_balance_pct") + right)
    return analyze(replace(given, id=f"{name}-{day:g}", samples=samples, started_at=at(day)), RIDER)


@cache
def months(name: str) -> tuple[ClassAnalysis, ...]:
    """Ten classes, one every three days, that differ as days do."""
    wobble = (0.0, 0.02, -0.01, 0.015, -0.02, 0.01, 0.0, -0.015, 0.02, -0.005)
    return tuple(
        ridden(name, 3.0 * i, power=1.0 + shift, right=30.0 * shift) for i, shift in enumerate(wobble)
    )


def reviewed(name: str, history: History, **more: float) -> dict[str, str]:
    given = recording(name)
    samples = given.samples.with_columns(pl.col("power_w") * more.get("power", 1.0))
    if "right_balance_pct" in samples.columns:
        samples = samples.with_columns(pl.col("right_balance_pct") + more.get("right", 0.0))
    found = analyze(replace(given, samples=samples, started_at=at(40)), RIDER, history=history)
    return {finding.code: finding.message for finding in found.review.findings}


def test_a_class_like_the_others_gives_no_reason() -> None:
    history = history_as_of(months("usual"), Diary(), at(40), DURATION_S)
    assert not {"R1", "R5", "R6"} & set(reviewed("usual", history))


def test_the_same_class_with_a_fifth_more_power_passes_its_own_limits() -> None:
    history = history_as_of(months("usual"), Diary(), at(40), DURATION_S)
    messages = reviewed("usual", history, power=1.2)
    assert "10 baseline classes" in messages["R1"]


def test_a_grinder_among_usual_classes_passes_the_own_percentile_with_its_rate_stated() -> None:
    history = history_as_of(months("usual"), Diary(), at(40), DURATION_S)
    message = reviewed("grinder", history)["R2"]
    assert "than in 90 of 100 of your own 10 earlier classes" in message
    assert "still passes this in about" in message


@pytest.mark.parametrize(("right", "found"), [(0.0, False), (3.0, False), (6.0, True)])
def test_balance_against_the_own_baseline(right: float, found: bool) -> None:
    history = history_as_of(months("dual_sided"), Diary(), at(40), DURATION_S)
    assert ("R5" in reviewed("dual_sided", history, right=right)) is found


def test_pain_of_the_day_is_held_against_the_diary() -> None:
    diary = Diary(pain=pain((30, 33, 36, 40.5, 42.0), (2, 2, 3, 4, 10)))
    history = history_as_of(months("usual"), diary, at(40), DURATION_S)
    assert "2 above your usual 2" in reviewed("usual", history)["R6"]


def test_rows_of_a_library_say_what_the_analyses_said() -> None:
    full = history_as_of(months("usual"), Diary(), at(40), DURATION_S)
    assert all(isinstance(row, PastClass) for row in full.past)
    again = history_as_of(full.past, Diary(), at(40), DURATION_S)
    jsons = history_as_of([item.to_dict() for item in months("usual")], Diary(), at(40), DURATION_S)
    assert full == again == jsons
    assert reviewed("usual", full, power=1.2) == reviewed("usual", jsons, power=1.2)


def test_trends_do_not_wait_for_numba() -> None:
    code = (
        "import sys, telemetry.analysis.trends; print('numba' in sys.modules, 'scipy.stats' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]
