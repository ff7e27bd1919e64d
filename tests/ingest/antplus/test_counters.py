"""How far a counter moved, at each edge where that stops being certain."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.antplus import counters


def test_the_worked_values_of_the_docstrings_hold() -> None:
    assert doctest.testmod(counters).failed == 0


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_a_step_is_what_was_added(start: int, added: int) -> None:
    assert counters.step(start, (start + added) % 65536, 65536) == added


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("watts", [80.0, 200.0, 400.0])
def test_power_turns_follow_the_neighbours(watts: float, turns: int) -> None:
    events = max(1, round((turns * 65536 + 20000) / watts))
    total = round(watts * events)
    moved = counters.unwrap_by_power(total % 65536, 65536, 1.0 / events, watts * 1.05)
    assert moved.amount == total
    assert moved.ambiguous is (65536 / events <= 150.0)


def test_a_mean_above_2000_w_is_impossible() -> None:
    moved = counters.unwrap_by_power(100, 65536, 1.0 / 40.0, 1900.0)
    assert moved.amount == 100 + 65536
    assert moved.amount / 40.0 < counters.HIGHEST_MEAN_POWER_W


@pytest.mark.parametrize(("elapsed_s", "doubtful"), [(51.1, False), (51.2, True)])
def test_an_event_counter_is_doubtful_from_four_fifths_of_its_wrap(elapsed_s: float, doubtful: bool) -> None:
    assert counters.events_doubtful(elapsed_s, 0.25) is doubtful
    assert counters.events_doubtful(elapsed_s, None) is doubtful


def test_only_what_no_sensor_counts_is_impossible() -> None:
    # a quarter of a minute delivered all at once, and a wheel at 60 km/h through a minute of loss
    assert not counters.impossible(60, 0.0)
    assert not counters.impossible(480, 60.0)
    assert counters.impossible(160, 2.0)
