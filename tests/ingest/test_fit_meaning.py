"""What single FIT fields mean: balance, resistance, rider position, timer."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.ingest.fit.balance import decode_balance, decode_session_balance
from telemetry.ingest.fit.posture import announced_pauses, standing_at
from telemetry.ingest.fit.resistance import resistance_trust

NAN = np.nan


def numbers(*values: float | None) -> np.ndarray:
    return np.array([NAN if value is None else value for value in values], dtype=np.float64)


# --- balance ------------------------------------------------------------------------------------------------


def test_one_ride_saved_both_ways_says_the_same() -> None:
    power = np.full(4, 200.0)
    garmin = decode_balance(numbers(128 + 48, 128 + 52, 128 + 50, 128 + 47), power)
    wahoo = decode_balance(numbers(52, 48, 50, 53), power)
    assert garmin.right_pct.tolist() == wahoo.right_pct.tolist() == [48.0, 52.0, 50.0, 47.0]
    assert garmin.convention == "right_flag"
    assert wahoo.convention == "left_unflagged"
    assert garmin.both_sides is True
    assert wahoo.both_sides is True


@pytest.mark.parametrize("fake", [100, 228])
def test_a_meter_without_a_second_side_is_no_balance(fake: int) -> None:
    balance = decode_balance(numbers(*[fake] * 20, 128, None), np.array([200.0] * 20 + [0.0, 0.0]))
    assert np.isnan(balance.right_pct).all()
    assert balance.convention == ""
    assert balance.both_sides is (False if fake == 228 else None)
    assert [issue.code for issue in balance.issues] == ["balance_fake"]


def test_a_share_above_100_percent_is_missing() -> None:
    balance = decode_balance(numbers(101, 127, 229, 254, 255, 128 + 49, 52), np.full(7, 200.0))
    assert balance.right_pct.tolist()[5:] == [49.0, 48.0]
    assert np.isnan(balance.right_pct[:5]).all()


def test_one_foot_resting_at_low_power_is_missing_and_a_one_legged_drill_is_not() -> None:
    balance = decode_balance(numbers(128, 228, 128, 228, 178, 178), numbers(49, None, 50, 200, 10, 200))
    assert np.isnan(balance.right_pct[:2]).all()
    assert balance.right_pct[2:].tolist() == [0.0, 100.0, 50.0, 50.0]


def test_a_share_that_never_moves_is_kept_and_doubted() -> None:
    long, short = np.full(600, 178.0), np.full(599, 178.0)
    assert [issue.code for issue in decode_balance(long, np.full(600, 150.0)).issues] == ["balance_constant"]
    assert decode_balance(long, np.full(600, 150.0)).right_pct[0] == 50.0
    assert decode_balance(short, np.full(599, 150.0)).issues == ()
    assert decode_balance(long, np.full(600, 150.0)).both_sides is None


def test_no_values_are_no_balance() -> None:
    balance = decode_balance(numbers(None, None, 255), np.full(3, 200.0))
    assert balance.both_sides is None
    assert balance.convention == ""
    assert balance.issues == ()


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        (0x8000 + 5160, 51.6),
        (4840, 51.6),
        (0x8000 + 10000, 100.0),
        (0x8000 + 10001, None),
        (0, None),
        (0xFFFF, None),
        (None, None),
    ],
)
def test_a_sessions_balance_has_its_flag_in_bit_15(raw: float | None, right: float | None) -> None:
    got = decode_session_balance(raw)
    assert got == (None if right is None else pytest.approx(right))


# --- resistance ---------------------------------------------------------------------------------------------


def brake(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power and cadence of a bike whose torque rises with its level."""
    cadence = np.full(len(level), 80.0)
    return 0.1047198 * cadence * (10.0 + level), cadence


def test_a_level_that_rises_with_torque_is_plausible() -> None:
    level = np.tile(np.arange(20.0, 60.0), 5)
    power, cadence = brake(level)
    assert resistance_trust(level, power, cadence) == ("plausible", ())


def test_a_level_written_as_256_minus_twice_itself_is_found_by_its_sign() -> None:
    level = np.tile(np.arange(20.0, 60.0), 5)
    power, cadence = brake(level)
    trust, issues = resistance_trust(256.0 - 2.0 * level, power, cadence)
    assert trust == "inverted"
    assert [issue.code for issue in issues] == ["resistance_inverted"]
    assert "256 - 2 x level" in issues[0].detail


def test_even_values_that_rise_with_torque_are_not_inverted() -> None:
    level = np.tile(np.arange(60.0, 140.0, 2.0), 5)
    power, cadence = brake(level)
    assert resistance_trust(level, power, cadence)[0] == "plausible"


def test_a_constant_level_was_not_measured() -> None:
    trust, issues = resistance_trust(numbers(0, 0, None, 0), np.full(4, 150.0), np.full(4, 80.0))
    assert trust == "constant"
    assert issues[0].count == 3


def test_without_torque_the_level_is_unchecked_and_said_so() -> None:
    level = np.tile(np.arange(20.0, 60.0), 5)
    trust, issues = resistance_trust(level, np.full(200, NAN), np.full(200, 80.0))
    assert trust == "plausible"
    assert [issue.code for issue in issues] == ["resistance_unchecked"]


def test_no_level_is_absent() -> None:
    assert resistance_trust(numbers(None, None), np.zeros(2), np.zeros(2)) == ("absent", ())


# --- rider position and timer -------------------------------------------------------------------------------


def test_before_the_first_change_the_rider_was_in_the_other_position() -> None:
    seconds = np.arange(6.0)
    assert standing_at(seconds, numbers(2, 4), numbers(1, 0)).tolist() == [0, 0, 1, 1, 0, 0]
    assert standing_at(seconds, numbers(3), numbers(0)).tolist() == [1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("events", "pauses"),
    [
        ([(0, True), (60, False), (90, True), (120, False)], [(60, 90)]),
        ([(60, False), (61, False), (90, True)], [(60, 90)]),
        ([(0, True), (1, True), (60, False), (60, True)], []),
        ([(-20, False), (5, True), (95, False), (200, True)], [(0, 5), (95, 100)]),
        ([(110, False), (120, True)], []),
        ([], []),
    ],
)
def test_a_pause_runs_from_a_stop_to_the_next_start_inside_the_class(events, pauses) -> None:
    at = numbers(*[moment for moment, _ in events])
    running = np.array([runs for _, runs in events], dtype=bool)
    assert announced_pauses(at, running, 100.0) == pauses
