"""Rows of any clock become samples whose time strictly increases, and nothing is lost on the way."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from telemetry.ingest.assemble import assemble
from telemetry.ingest.timebase import time_base
from telemetry.model import ClassRecording

START = 1_772_472_600.0
"""2026-03-02 17:30 UTC"""

NAN = np.nan


def made(
    unix_time_s,
    *,
    fraction_s=None,
    stopped_s=None,
    started_s=None,
    hour_wrap=False,
    calendar=True,
    **channels,
) -> ClassRecording:
    """A recording from a few numbers; channels default to power 100, 101, 102 …"""
    clock = np.asarray(unix_time_s, dtype=np.float64)
    columns = {
        name: np.asarray(values, dtype=np.float64) for name, values in channels.items() if values is not None
    }
    if not columns:
        columns = {"power_w": 100.0 + np.arange(len(clock))}
    base = time_base(
        clock,
        calendar=calendar,
        stopped_s=None if stopped_s is None else np.asarray(stopped_s, dtype=np.float64),
        started_s=None if started_s is None else np.asarray(started_s, dtype=np.float64),
        hour_wrap=hour_wrap,
    )
    fraction = None if fraction_s is None else np.asarray(fraction_s, dtype=np.float64)
    return assemble(columns, id="x", source="built", base=base, fraction_s=fraction)


def codes(recording: ClassRecording) -> dict[str, int]:
    return {issue.code: issue.count for issue in recording.issues}


def times(recording: ClassRecording) -> list[float]:
    return recording.samples["time_s"].to_list()


# --- the story ----------------------------------------------------------------------------------------------


def test_a_plain_class_keeps_its_seconds_and_its_calendar() -> None:
    recording = made(START + np.arange(5))
    assert times(recording) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert recording.started_at == dt.datetime(2026, 3, 2, 17, 30, tzinfo=dt.UTC)
    assert recording.issues == ()


def test_missing_is_null_and_a_channel_without_values_is_not_there() -> None:
    recording = made(
        START + np.arange(3),
        power_w=[200, NAN, np.inf],
        heart_rate_bpm=[NAN, NAN, NAN],
        unknown_thing=[1, 2, 3],
    )
    assert recording.samples.columns == ["time_s", "power_w"]
    assert recording.samples["power_w"].to_list() == [200.0, None, None]
    assert recording.samples["power_w"].dtype.is_float()


def test_no_rows_make_an_empty_recording() -> None:
    recording = made([], power_w=[])
    assert len(recording) == 0
    assert recording.started_at is None


# --- clocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [27 * 86400.0, 43 * 31557600.0, -3600.0, -6.5, 21601.0])
def test_a_clock_that_jumps_is_joined_again_one_step_on(jump: float) -> None:
    clock = START + np.arange(10.0)
    clock[6:] += jump
    recording = made(clock)
    assert times(recording) == list(map(float, range(10)))
    assert codes(recording) == {"clock_jump": 1}
    assert recording.issues[0].start_s == 5.0
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == START


def test_one_wild_timestamp_costs_one_sample_nothing() -> None:
    clock = START + np.arange(100.0)
    clock[40] += 27 * 86400
    recording = made(clock)
    assert times(recording) == list(map(float, range(100)))
    assert codes(recording) == {"clock_jump": 2}


def test_the_calendar_is_that_of_most_rows() -> None:
    clock = START + np.arange(100.0)
    clock[:3] = 946684800.0 + np.arange(3)  # the recorder woke up in the year 2000
    recording = made(clock)
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == START


@pytest.mark.parametrize("jump", [21600.0, 300.0, 5.0])
def test_a_step_of_six_hours_or_less_is_a_gap_and_stays(jump: float) -> None:
    clock = START + np.arange(10.0)
    clock[5:] += jump - 1.0
    recording = made(clock)
    assert times(recording)[5] == 4.0 + jump
    assert recording.issues == ()


def test_a_long_pause_that_the_timer_announced_is_no_jump() -> None:
    clock = START + np.arange(10.0)
    clock[5:] += 30000.0
    quiet = made(clock)
    assert codes(quiet) == {"clock_jump": 1}
    assert times(made(clock, stopped_s=[START - 99.0, START + 9.0]))[5] == 30005.0
    assert times(made(clock, started_s=[START + 30000.0]))[5] == 30005.0
    assert codes(made(clock, started_s=[START + 29999.0])) == {"clock_jump": 1}
    assert codes(made(clock, stopped_s=[START + 15000.0])) == {"clock_jump": 1}


def test_the_start_of_the_class_does_not_announce_a_clock_that_finds_its_year() -> None:
    clock = np.concatenate((946684800.0 + np.arange(3), START + np.arange(3)))
    assert codes(made(clock, started_s=[946684800.0])) == {"clock_jump": 1}


def test_even_an_announced_step_back_never_makes_time_run_back() -> None:
    clock = START + np.arange(10.0)
    clock[5:] -= 3600.0
    recording = made(clock, stopped_s=[START + 4.0])
    assert times(recording) == list(map(float, range(10)))


def test_small_steps_back_are_sorted() -> None:
    recording = made(START + np.array([0, 1, 2, 5, 4, 3, 6.0]), power_w=[0, 1, 2, 5, 4, 3, 6])
    assert times(recording) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert recording.samples["power_w"].to_list() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert codes(recording) == {"time_back": 2}


def test_smart_recording_is_joined_by_its_own_median_step() -> None:
    clock = START + np.arange(0.0, 40.0, 4.0)
    clock[5:] += 1e6
    assert times(made(clock)) == list(np.arange(0.0, 40.0, 4.0))


def test_minutes_and_seconds_of_the_hour_wrap_only_where_there_is_no_date() -> None:
    clock = np.array([3598, 3599, 0, 1, 2.0])
    assert times(made(clock, hour_wrap=True, calendar=False)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert codes(made(clock, hour_wrap=True, calendar=False)) == {}
    assert codes(made(clock, calendar=False)) == {"clock_jump": 1}


def test_rows_without_a_time_take_the_one_before() -> None:
    recording = made(
        [START, NAN, START + 1, NAN, START + 2],
        power_w=[200, NAN, 210, NAN, 220],
        heart_rate_bpm=[NAN, 120, NAN, 121, NAN],
    )
    assert times(recording) == [0.0, 1.0, 2.0]
    assert recording.samples["heart_rate_bpm"].to_list() == [120.0, 121.0, None]
    assert codes(recording) == {"time_missing": 2, "partial_rows_merged": 2}


def test_without_any_time_a_row_is_taken_as_a_second_and_said_so() -> None:
    recording = made([NAN] * 4)
    assert times(recording) == [0.0, 1.0, 2.0, 3.0]
    assert recording.started_at is None
    assert codes(recording) == {"time_unknown": 4}


def test_a_device_clock_that_finds_the_calendar_is_dated_by_it() -> None:
    clock = np.concatenate((100.0 + np.arange(3), START + np.arange(3)))
    recording = made(clock, calendar=np.array([False] * 3 + [True] * 3))
    assert times(recording) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == START - 3.0


def test_a_time_that_no_calendar_shows_has_no_date() -> None:
    assert made(np.array([9e10, 9e10 + 1])).started_at is not None
    assert made(np.array([-1e9, -1e9 + 1])).started_at is None
    assert codes(made(np.array([1e300, 1e300]))) == {"time_unknown": 2}


def test_moments_are_placed_on_the_stretch_of_clock_they_belong_to() -> None:
    clock = START + np.arange(20.0)
    clock[10:] += 1e6
    base = time_base(clock)
    got = base.place([START, START + 9, START + 1e6 + 10, START + 1e6 + 19, START + 1e6 + 25, START - 5, NAN])
    assert got[:6].tolist() == [0.0, 9.0, 10.0, 19.0, 25.0, -5.0]
    assert np.isnan(got[6])


# --- rows of one second -------------------------------------------------------------------------------------


def test_partial_rows_of_one_second_become_one_sample() -> None:
    recording = made(
        START + np.repeat(np.arange(3.0), 2),
        power_w=[200, NAN, 201, NAN, 202, NAN],
        heart_rate_bpm=[NAN, 120, NAN, 121, NAN, 122],
    )
    assert times(recording) == [0.0, 1.0, 2.0]
    assert recording.samples["power_w"].to_list() == [200.0, 201.0, 202.0]
    assert recording.samples["heart_rate_bpm"].to_list() == [120.0, 121.0, 122.0]
    assert codes(recording) == {"partial_rows_merged": 3}


def test_of_differing_values_the_first_counts_and_the_rest_are_counted() -> None:
    recording = made(
        START + np.array([0, 1, 1, 2, 3, 3, 3, 4.0]), power_w=[100, 110, 999, 120, NAN, 130, 130, 140]
    )
    assert recording.samples["power_w"].to_list() == [100.0, 110.0, 120.0, 130.0, 140.0]
    assert codes(recording) == {"duplicate_conflict": 1, "partial_rows_merged": 2}
    assert recording.issues[0].start_s == 1.0


def test_four_rows_a_second_are_spread_evenly_in_file_order() -> None:
    recording = made(START + np.repeat(np.arange(3.0), 4))
    assert times(recording) == list(np.arange(0.0, 3.0, 0.25))
    assert recording.samples["power_w"].to_list() == list(100.0 + np.arange(12))
    assert recording.issues == ()


def test_fractions_of_the_recorder_win_over_even_spreading() -> None:
    fraction = np.tile([0.0, 0.25, 0.5, 0.875], 3)
    recording = made(START + np.repeat(np.arange(3.0), 4), fraction_s=fraction)
    assert times(recording)[:5] == [0.0, 0.25, 0.5, 0.875, 1.0]


def test_fractions_that_do_not_rise_are_not_believed() -> None:
    fraction = np.array([0.0, 0.25, 0.5, 0.75, 0.5, 0.25, 0.0, 0.0])
    recording = made(START + np.repeat(np.arange(2.0), 4), fraction_s=fraction)
    assert times(recording) == list(np.arange(0.0, 2.0, 0.25))


def test_a_second_of_a_faster_recording_with_one_sample_keeps_its_fraction() -> None:
    clock = START + np.array([0, 0, 1, 2, 2, 3, 3.0])
    recording = made(clock, fraction_s=[0.0, 0.5, 0.5, 0.0, 0.5, 0.0, 0.5])
    assert times(recording) == [0.0, 0.5, 1.5, 2.0, 2.5, 3.0, 3.5]


def test_fractions_of_single_rows_are_kept_where_time_still_rises() -> None:
    assert times(made(START + np.arange(3.0), fraction_s=[0.0, 0.25, 0.75])) == [0.0, 1.25, 2.75]
    assert times(made(START + np.arange(3.0), fraction_s=[1.5, NAN, NAN])) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(("doubled", "spread"), [(5, False), (6, True)])
def test_most_seconds_must_hold_several_samples_before_any_is_spread(doubled: int, spread: bool) -> None:
    clock = START + np.concatenate([np.repeat(np.arange(doubled), 2), np.arange(doubled, 10)]).astype(float)
    recording = made(clock)
    assert (len(recording) == 10 + doubled) is spread
    assert ("duplicate_conflict" in codes(recording)) is not spread


def test_the_second_row_of_a_class_with_one_row_a_second_is_never_spread() -> None:
    recording = made(START + np.array([0, 1, 2, 2, 3, 4.0]), power_w=[1, 2, 3, 3, 4, 5])
    assert recording.samples["power_w"].to_list() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert codes(recording) == {"partial_rows_merged": 1}


def test_samples_faster_than_a_coarser_clock_never_pass_the_next_time() -> None:
    recording = made(np.repeat(START + np.arange(4) * 0.5, 2))
    assert times(recording) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]


# --- whatever comes -----------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    clock=npst.arrays(
        np.float64,
        st.integers(0, 40),
        elements=st.one_of(
            st.integers(0, 30).map(lambda s: START + s),
            st.sampled_from([NAN, 0.0, -1e9, 4.29e9, 1e300, np.inf, START + 1e6]),
        ),
    ),
    seed=st.integers(0, 2**16),
)
def test_time_strictly_increases_and_no_row_is_invented(clock: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    power = np.where(rng.random(len(clock)) < 0.3, NAN, rng.integers(0, 400, len(clock)).astype(float))
    fraction = np.where(rng.random(len(clock)) < 0.5, NAN, rng.integers(0, 255, len(clock)) / 128.0)
    recording = made(clock, power_w=power, fraction_s=fraction)
    got = np.array(times(recording))
    assert len(got) <= len(clock)
    assert (np.diff(got) > 0).all()
    assert not len(got) or 0.0 <= got[0] < 1.0
    merged = sum(codes(recording).get(code, 0) for code in ("duplicate_conflict", "partial_rows_merged"))
    assert len(got) + merged == len(clock)
    if recording.has("power_w"):
        assert set(recording.samples["power_w"].drop_nulls()) <= set(power[~np.isnan(power)])


def test_two_samples_of_one_second_with_fractions_stay_two_and_parts_of_one_become_one() -> None:
    seconds = np.array([0.0, 1.0, 1.0, 3.0, 4.0, 5.0])
    fraction = np.array([0.0, 0.1, 0.9, 0.0, 0.0, 0.0])
    power = np.array([200.0, 201.0, 202.0, 203.0, 204.0, 205.0])
    whole = assemble({"power_w": power}, id="x", source="t", time_s=seconds, fraction_s=fraction)
    assert whole.array("time_s") == pytest.approx([0.0, 1.1, 1.9, 3.0, 4.0, 5.0])
    second = fraction == 0.9
    parts = {"power_w": np.where(second, np.nan, power), "heart_rate_bpm": np.where(second, 130.0, np.nan)}
    merged = assemble(parts, id="x", source="t", time_s=seconds, fraction_s=fraction)
    assert len(merged) == 5
    assert merged.samples["heart_rate_bpm"].to_list() == [None, 130.0, None, None, None]
    assert [issue.code for issue in merged.issues] == ["partial_rows_merged"]
