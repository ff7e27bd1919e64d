"""W′ balance: targets 7 and 8 of the metrics reference, the twins, and what silence means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.analysis.w_balance import recovery_tau_s, w_balance, w_balance_integral
from telemetry.model import Rider
from tests import reference
from tests.builders import recording, steps

RAMP = np.arange(101.0)
SECONDS = np.ones(101)


def test_target_7_differential_form() -> None:
    balance = w_balance(RAMP, SECONDS, 25.0, 2000.0)
    assert balance[50] == pytest.approx(1675.0, abs=1e-9)
    assert balance[75] == pytest.approx(725.0, abs=1e-9)


def test_target_7_integral_form() -> None:
    tau = recovery_tau_s(RAMP, 25.0)
    assert tau == pytest.approx(795.4401052826265, abs=1e-9)
    balance = w_balance_integral(RAMP, SECONDS, 25.0, 2000.0, tau)
    assert balance[50] == pytest.approx(1678.2431086242659, abs=1e-9)
    assert balance[75] == pytest.approx(750.774177443929, abs=1e-9)


def test_target_8_recovery_by_the_exact_exponential_step() -> None:
    power = np.concatenate([np.full(180, 350.0), np.full(180, 150.0)])
    balance = w_balance(power, np.ones(360), 250.0, 20000.0)
    assert balance[179] == pytest.approx(2000.0, abs=1e-9)
    assert balance[-1] == pytest.approx(12681.746, abs=1e-3)


def test_one_long_step_recovers_as_much_as_many_short_ones() -> None:
    long = w_balance(np.array([350.0, 150.0]), np.array([180.0, 180.0]), 250.0, 20000.0)
    assert long[-1] == pytest.approx(12681.746, abs=1e-3)


@pytest.mark.parametrize("kind", ["random", "missing", "constant"])
def test_the_kernels_agree_with_their_twins(kind: str) -> None:
    rng = np.random.default_rng(8)
    power = rng.uniform(0.0, 450.0, 120)
    if kind == "missing":
        power[rng.random(120) < 0.2] = math.nan
    if kind == "constant":
        power[:] = 250.0
    dt = rng.choice([0.0, 0.25, 1.0, 4.0], 120)
    assert w_balance(power, dt, 250.0, 18000.0) == pytest.approx(
        reference.w_balance(power, dt, 250.0, 18000.0)
    )
    assert w_balance_integral(power, dt, 250.0, 18000.0, 500.0) == pytest.approx(
        reference.w_balance_integral(power, dt, 250.0, 18000.0, 500.0)
    )


def test_a_class_reports_its_lowest_balance() -> None:
    built = recording(**steps([(300, 150, 90), (180, 350, 90), (600, 150, 90)]))
    analysis = analyze(built, Rider(cp_w=250.0, w_prime_j=20000.0))
    assert analysis.metric("w_balance_min_j") == pytest.approx(2000.0, abs=1e-6)
    assert len(analysis.curves["w_balance_j"]) == analysis.samples.height


def test_threshold_power_is_not_critical_power() -> None:
    analysis = analyze(recording(**steps([(900, 200, 90)])), Rider(ftp_w=250.0, w_prime_j=20000.0))
    result = analysis.metrics["w_balance_min_j"]
    assert result.value is None
    assert "not critical power" in (result.absent_because or "")
    assert "w_balance_j" not in analysis.curves


def test_a_balance_is_not_carried_across_missing_power() -> None:
    built = recording(**steps([(600, 150, 90), (120, None, 90), (200, 300, 90)]))
    result = analyze(built, Rider(cp_w=250.0, w_prime_j=20000.0)).metrics["w_balance_min_j"]
    assert result.value is None
    assert "power covers 87 %" in (result.absent_because or "")
