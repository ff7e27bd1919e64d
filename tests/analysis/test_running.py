"""What a class had added up to by each minute: it ends where the class ends, and a break starts it afresh."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.analysis import grinding
from telemetry.analysis.running import running_load, sums_so_far
from telemetry.model import Pause, RunningLoad
from tests import reference
from tests.analysis.classes import WORKED_CLASS, Load, analyse, segments
from tests.builders import recording, steps


def running(load: Load) -> RunningLoad:
    found = running_load(load.c, load.context, grinding.in_bout(load.c, load.bouts))
    assert found is not None
    return found


def test_the_last_minute_is_the_class() -> None:
    load = segments(WORKED_CLASS, ftp_w=200.0)
    found = running(load)
    assert found.minute[-1] == pytest.approx(40.0)
    assert found.torque_load[-1] == pytest.approx(72.684, abs=2e-3)
    assert found.strokes[-1] == pytest.approx(6520.0, abs=0.1)
    assert found.grinding_min[-1] == pytest.approx(load["grinding_min"], abs=1e-3)
    assert found.unbroken_min[-1] == pytest.approx(40.0, abs=1e-3)


def test_the_sums_grow_evenly_inside_a_steady_block() -> None:
    found = running(segments([(600, 200, 90)], ftp_w=200.0))
    assert found.minute == (*map(float, range(1, 10)), 10.0)
    assert found.torque_load == pytest.approx([10.0 / 6.0 * m for m in found.minute], abs=2e-3)
    assert found.strokes == pytest.approx([180.0 * m for m in found.minute], abs=0.1)


@pytest.mark.parametrize(("rest_s", "after"), [(119, 11.0), (120, 4.0), (121, 4.0 - 1 / 60)])
def test_two_minutes_without_pedalling_start_the_stretch_afresh(rest_s: float, after: float) -> None:
    found = running(segments([(300, 150, 85), (rest_s, 0, 0), (300, 150, 85)], ftp_w=200.0))
    assert found.unbroken_min[found.minute.index(11.0)] == pytest.approx(after, abs=2e-3)
    assert found.unbroken_min[4] == pytest.approx(5.0)


def test_a_long_rest_counts_as_nothing_while_it_lasts() -> None:
    found = running(segments([(300, 150, 85), (240, 0, 0), (60, 150, 85)], ftp_w=200.0))
    at = dict(zip(found.minute, found.unbroken_min, strict=True))
    assert (at[6.0], at[8.0], at[10.0]) == (6.0, 0.0, 1.0)
    load = dict(zip(found.minute, found.torque_load, strict=True))
    assert load[5.0] == load[9.0] < load[10.0]


@pytest.mark.parametrize("years", [1, 43])
def test_a_pause_of_years_makes_no_minute_of_its_own(years: int) -> None:
    away = years * 365 * 86400.0
    columns = steps([(1200, 150, 85)])
    columns["time_s"][600:] += away
    pauses = (Pause(600.0, 600.0 + away),)
    found = running(analyse(recording(**columns, pauses=pauses), ftp_w=200.0))
    assert len(found.minute) < 30
    assert found.minute[:10] == (*map(float, range(1, 11)),)
    assert found.minute[-1] == pytest.approx(20.0 + away / 60.0)
    assert found.strokes[-1] == pytest.approx(3400.0, abs=0.1)
    assert found.torque_load[9] == found.torque_load[10], "the sum stands still over the pause"


def test_silence_without_torque() -> None:
    load = segments([(600, None, 85)])
    assert running_load(load.c, load.context, np.zeros(len(load.c), dtype=bool)) is None


@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_and_its_twin_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    steps_s = rng.choice([0.5, 1.0, 1.0, 4.0, 30.0], n)
    time_s = np.cumsum(steps_s) - steps_s[0]
    dt_s = np.where(steps_s > 5.0, 0.0, np.roll(steps_s, -1).clip(0.0, 5.0))
    dt_s[:-1] = np.minimum(dt_s[:-1], np.diff(time_s))
    cadence = rng.uniform(50.0, 100.0, n)
    torque = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0.0, 60.0, n))
    pedalling, inside, stands = (rng.random(n) < share for share in (0.8, 0.3, 0.05))
    at_s = np.sort(rng.uniform(-3.0, time_s[-1] + 5.0, 25))
    given = (at_s, time_s, dt_s, cadence, torque, pedalling, inside, stands, 25.0, 20.0)
    assert sums_so_far(*given) == pytest.approx(reference.sums_so_far(*given), abs=1e-9)
