"""The onset matcher: the load that pain waits for is found, the clock is no load, few say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.trends import drawn
from fixtures.cohort import STORIES, Story
from telemetry.analysis.limits import Limits
from telemetry.analysis.onset_match import LOADS, onset_match
from telemetry.model import OnsetMatch, RunningLoad

LIMITS = Limits()
FEW = Limits({"match_permutations": 499})
BY_NAME = {story.name: story for story in STORIES}


def pairs(story: Story) -> list[tuple[str, RunningLoad, float]]:
    member, seen = drawn(story)
    return [
        (row.id, row.by_minute, shown.pain_minute)
        for row, shown in zip(member.classes, seen, strict=True)
        if row.by_minute is not None and shown.pain_minute is not None
    ]


def found(name: str, limits: Limits = LIMITS, **more: object) -> OnsetMatch:
    return onset_match(pairs(replace(BY_NAME[name], **more)), limits)  # type: ignore[arg-type]


def test_pain_that_waits_for_grinding_is_matched_to_grinding() -> None:
    match = found("grinding_onset")
    assert match.best == "grinding_min"
    assert match.p is not None
    assert match.p <= 0.01
    typical = next(row.typical for row in match.loads if row.load == "grinding_min")
    assert typical == pytest.approx(5.0, abs=0.5)
    assert "grinding minutes so far (5 min at that minute)" in match.says
    assert "not a cause" in match.says
    assert match.permutations == 4999


def test_all_loads_are_shown() -> None:
    match = found("grinding_onset")
    assert [row.load for row in match.loads] == [name for name, _ in LOADS]
    assert all(row.mad_log is not None for row in match.loads)


def test_the_clock_is_not_taken_for_a_load() -> None:
    match = found("clock_onset")
    assert match.best is None
    assert match.says == "No load lines up better than the clock."


def test_over_many_riders_the_clock_seldom_passes_for_a_load() -> None:
    named = sum(
        found("clock_onset", FEW, seed=100 + seed, weeks=8, onset_spread=0.3).best is not None
        for seed in range(40)
    )
    assert named <= 5  # 5 % of 40 are 2


def test_pain_always_at_the_same_minute_tells_nothing() -> None:
    rows = [(id, running, 30.0) for id, running, _ in pairs(BY_NAME["clock_onset"])]
    match = onset_match(rows, LIMITS)
    assert (match.best, match.p) == (None, None)
    assert "hardly differ" in match.says


def test_eight_classes_are_enough_and_seven_are_not() -> None:
    rows = pairs(BY_NAME["grinding_onset"])
    seven = onset_match(rows[:7], FEW)
    assert (seven.n, seven.best, seven.p) == (7, None, None)
    assert "7 classes have a minute of pain and 8 are needed" in seven.says
    assert onset_match(rows[:8], FEW).p is not None


def test_a_load_that_was_hardly_there_is_left_out_and_says_so() -> None:
    none = (0.0,) * 45
    rows = [
        (id, replace(running, grinding_min=none), minute)
        for id, running, minute in pairs(BY_NAME["clock_onset"])
    ]
    match = onset_match(rows, FEW)
    grinding = next(row for row in match.loads if row.load == "grinding_min")
    assert (grinding.z, grinding.mad_log) == (None, None)
    assert grinding.why_not is not None
    assert match.p is not None


def test_the_same_classes_give_the_same_answer() -> None:
    assert found("clock_onset") == found("clock_onset")


def test_silence() -> None:
    assert onset_match([], LIMITS).n == 0


def test_the_null_deals_the_same_minutes_to_other_classes() -> None:
    """A load that grows alike in every class cannot be told from the clock, however the minutes vary."""
    rng = np.random.default_rng(3)
    minutes = tuple(float(m) for m in range(1, 46))
    running = RunningLoad(minutes, minutes, minutes, minutes, minutes)
    rows = [(f"c{i}", running, float(rng.uniform(5, 44))) for i in range(12)]
    match = onset_match(rows, FEW)
    assert match.best is None
    assert all(row.z is None for row in match.loads)
