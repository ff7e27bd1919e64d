"""Numbers inside sentences: written like those of tables and figures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.analysis.numbers import duration, number, percent, plain, signed
from telemetry.model import Rider
from tests.builders import recording, steps


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (number(1294.6), "1,295"),
        (number(-1294.6), "−1,295"),
        (number(-0.4), "0"),
        (number(0.149, 2), "0.15"),
        (plain(300.0), "300"),
        (plain(36000.0), "36,000"),
        (plain(0.2916667), "0.291667"),
        (signed(-0.04, 1), "0.0"),
        (signed(2.5, 1), "+2.5"),
        (signed(-2.5, 1), "−2.5"),
        (duration(59.6), "1 min"),
        (duration(185.0), "3 min 5 s"),
        (duration(12.0), "12 s"),
        (percent(1.0), "100 %"),
        (percent(0.0625, 1), "6.2 %"),
    ],
)
def test_thousands_have_commas_minus_signs_are_true_and_percent_stands_apart(said: str, wanted: str) -> None:
    assert said == wanted


def test_a_thousand_strokes_in_a_reason_have_their_comma() -> None:
    hour = [(1800, 120, 90), (840, 220, 55), (60, 120, 90)]
    analysis = analyze(recording(**steps(hour)), Rider(ftp_w=200.0))
    (late,) = (finding for finding in analysis.review.findings if finding.code == "R3")
    assert analysis.metric("grinding_late_strokes") == pytest.approx(1540.0, abs=10)
    assert re.search(r"\b1,5\d\d slow, heavy strokes came after minute 30", late.message)
    assert "100 % of the slow, heavy strokes" in late.message


def test_sentences_of_an_analysis_hold_no_hyphen_for_a_minus_and_no_percent_glued_to_its_number() -> None:
    rng = np.random.default_rng(3)
    count = 2400
    fading = np.clip(60.0 - np.arange(count) / 60.0, 5.0, None) + rng.normal(0.0, 1.0, count)
    built = recording(
        power_w=180.0 + rng.normal(0.0, 20.0, count),
        cadence_rpm=np.full(count, 85.0),
        heart_rate_bpm=np.where(np.arange(count) < 1200, 140.0 + np.arange(count) % 2, np.nan),
        right_balance_pct=50.0 + rng.normal(0.0, 1.0, count),
        left_pedal_smoothness_pct=fading,
    )
    found = analyze(built)
    sentences = [drift.detail + (drift.why_not or "") for drift in found.drift.values()]
    sentences += [metric.absent_because or "" for metric in found.metrics.values()]
    sentences += [*found.quality.reasons, *(issue.detail for issue in found.quality.issues)]
    assert any("−" in sentence for sentence in sentences)
    assert any(" %" in sentence for sentence in sentences)
    for sentence in sentences:
        assert not re.search(r"\d%|(?<![\w])-\d", sentence), sentence
