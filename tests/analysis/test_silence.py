"""Silences that counters bridged: how far the minutes of slow legs may be from what the samples say."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.analysis.silence import Silence
from telemetry.model import ClassAnalysis, MetricResult, Rider
from tests.builders import recording, steps

RIDER = Rider(ftp_w=210.0, mass_kg=70.0)


def ridden(*segments: tuple[float, float, float, float]) -> ClassAnalysis:
    """Segments of (seconds, watts, rpm, length of the silence they lie in)."""
    columns = steps([(seconds, watts, rpm) for seconds, watts, rpm, _ in segments])
    silence = np.concatenate([np.full(round(seconds), length) for seconds, _, _, length in segments])
    return analyze(recording(**columns, silence_s=silence), RIDER)


def ends(minutes: MetricResult) -> tuple[float, float, float]:
    assert minutes.value is not None
    assert minutes.low is not None
    assert minutes.high is not None
    return minutes.low, minutes.value, minutes.high


FAST, SLOW = (150.0, 90.0), (210.0, 54.0)


def test_ten_seconds_at_72_rpm_between_90_and_54_were_slow_for_0_to_6() -> None:
    # 60 rpm is never reached where all turned at 72; six seconds at 60 and four at 90 are 72 as well
    assert Silence(0, 10, 10.0, 54.0, 90.0, 72.0).under(60.0) == pytest.approx((0.0, 6.0))
    # below 60 on average: at least as long as six of ten would take at the slowest
    assert Silence(0, 10, 10.0, 54.0, 90.0, 57.0).under(60.0) == pytest.approx((5.0, 10.0))
    assert Silence(0, 10, 10.0, 52.0, 57.0, 54.0).under(60.0) == (10.0, 10.0)
    assert Silence(0, 10, 10.0, 62.0, 90.0, 72.0).under(60.0) == (0.0, 0.0)
    assert Silence(0, 10, 10.0, 54.0, 60.0, 60.0).under(60.0) == (10.0, 10.0)


def test_a_silence_over_a_change_gives_slow_minutes_an_interval() -> None:
    found = ridden((300, *FAST, 0), (5, *FAST, 10), (5, *SLOW, 10), (300, *SLOW, 0)).metrics
    slow = found["low_cadence_min"]
    assert slow.value == pytest.approx(305 / 60)
    # bounds for legs between 52 and 92 rpm: 0 to 6.25 s of the ten; half a sample where slow legs begin
    assert slow.low == pytest.approx((300 - 0.5) / 60)
    assert slow.high == pytest.approx((306.25 + 0.5) / 60)
    bouts = found["grinding_min"]
    low, value, high = ends(bouts)
    assert low <= value <= high
    assert high - low <= 11 / 60
    assert (slow.note, bouts.note) == ("", "")


def test_a_silence_amid_slow_legs_leaves_nothing_open_but_the_sampling() -> None:
    found = ridden((300, *FAST, 0), (100, *SLOW, 0), (8, *SLOW, 8), (192, *SLOW, 0)).metrics
    for name in ("low_cadence_min", "grinding_min"):
        low, _, high = ends(found[name])
        assert high - low <= 2.01 / 60


def test_a_rest_that_begins_in_a_silence_may_have_been_slow_legs() -> None:
    slow = ridden((300, *FAST, 0), (4, *FAST, 8), (4, 0.0, 0.0, 8), (60, 0.0, 0.0, 0)).metrics[
        "low_cadence_min"
    ]
    assert slow.value == 0.0
    assert slow.low == 0.0
    assert slow.high is not None
    assert 4 / 60 <= slow.high <= 8.5 / 60


def test_slower_than_before_and_after_legs_may_have_stood_still() -> None:
    """Ten seconds at 54 rpm between 90 and 90: or six at 90 and four at rest, which are no slow legs."""
    slow = ridden((300, *FAST, 0), (10, 90.0, 54.0, 10), (300, *FAST, 0)).metrics["low_cadence_min"]
    assert slow.value == pytest.approx(10 / 60)
    assert slow.low == 0.0
    assert slow.high is not None
    assert slow.high <= 11.1 / 60


def test_silences_over_ten_seconds_are_named_beside_the_number() -> None:
    found = ridden((300, *FAST, 0), (12, *FAST, 12), (300, *SLOW, 0)).metrics
    assert found["low_cadence_min"].note == "0.2 min were silences of over 10 s"
    assert found["grinding_min"].note == "0.2 min were silences of over 10 s"


def test_a_recording_without_silences_has_no_such_interval() -> None:
    heard = analyze(recording(**steps([(300, *FAST), (300, *SLOW)])), RIDER).metrics
    for name in ("low_cadence_min", "grinding_min"):
        assert (heard[name].low, heard[name].high, heard[name].note) == (None, None, "")
