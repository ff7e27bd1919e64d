"""The limits as rows: nobody's number without a source, overrides by name and within bounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from telemetry.analysis.limits import LIMITS, ROWS, TREND_ROWS, Limits
from telemetry.errors import BadRider
from telemetry.ingest import timebase
from tests.analysis.classes import WORKED_CLASS, segments

ANALYSIS = Path(__file__).parents[2] / "telemetry" / "analysis"


def test_each_row_has_a_unit_a_source_a_grade_and_a_value_within_its_bounds():
    assert len(LIMITS) == len(ROWS) + len(TREND_ROWS)
    for row in LIMITS.values():
        assert re.fullmatch(r"[a-z0-9_]+", row.name), row.name
        assert row.unit, row.name
        assert len(row.source) > 5, row.name
        assert row.evidence in {"B", "C", "D"}, row.name
        assert row.low <= row.value <= row.high, row.name


def test_no_limit_is_validated_for_a_riders_back():
    assert all(row.evidence != "A" for row in LIMITS.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spike_power_w", 2000),
        ("spike_run_s", 2),
        ("spike_factor", 3),
        ("cadence_max_rpm", 180),
        ("cadence_jump_rpm_per_s", 60),
        ("turning_cadence_rpm", 20),
        ("pedalling_power_w", 5),
        ("stuck_cadence_s", 60),
        ("stuck_power_step_pct", 30),
        ("stuck_at_zero_power_s", 10),
        ("gap_s", 5),
        ("gap_scaled_s", 30),
        ("coverage_good", 0.9),
        ("coverage_fair", 0.75),
        ("torque_ceiling_nm_per_kg", 3),
        ("torque_ceiling_nm", 250),
        ("reference_nm_per_kg", 0.265),
        ("grinding_on_factor", 1.2),
        ("heavy_factor", 1.5),
        ("bout_min_s", 15),
        ("unbroken_pause_s", 120),
        ("r2_grinding_min", 8),
        ("r2_longest_bout_s", 180),
        ("r6_pain", 7),
        ("review_factor", 2),
    ],
)
def test_the_published_values_stand(name, value):
    assert Limits()[name] == value


def test_the_grinding_reference_by_mass_is_a_third_of_a_newton_metre_at_the_on_factor():
    limits = Limits()
    assert limits["grinding_reference_nm_per_kg"] * limits["grinding_on_factor"] == pytest.approx(0.35)
    assert limits["grinding_reference_nm"] * limits["grinding_on_factor"] == pytest.approx(30.0)


def test_a_mean_power_of_188_watts_at_60_rpm_is_the_absolute_threshold():
    assert segments([(60, 188.6, 60)])["grinding_bouts"] == 1
    assert segments([(60, 188.4, 60)])["grinding_bouts"] == 0


def test_an_override_changes_the_class_and_is_printed():
    usual = segments(WORKED_CLASS, ftp_w=200)
    strict = segments(WORKED_CLASS, ftp_w=200, limits={"grinding_on_cadence_rpm": 52.0})
    assert (usual["grinding_bouts"], strict["grinding_bouts"]) == (2, 1)
    used = {row.name: row for row in strict.context.limits.used()}
    assert used["grinding_on_cadence_rpm"].overridden
    assert (used["grinding_on_cadence_rpm"].value, used["grinding_on_cadence_rpm"].default) == (52.0, 60.0)
    assert [row.name for row in used.values() if row.overridden] == ["grinding_on_cadence_rpm"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"grinding_on_cadence": 55.0}, "perhaps grinding_on_cadence_rpm"),
        ({"gap_s": float("nan")}, "no number"),
        ({"gap_s": "five"}, "no number"),
        ({"gap_s": True}, "no number"),
        ({"gap_s": -1.0}, "1 to 60 s"),
        ({"r6_pain": 11}, "1 to 10"),
    ],
)
def test_nonsense_is_refused_by_name(override, words):
    with pytest.raises(BadRider, match=re.escape(words)):
        Limits(override)


def test_a_bound_itself_is_allowed():
    assert Limits({"gap_s": 60})["gap_s"] == 60.0


def test_every_limit_is_read_somewhere():
    code = "".join(
        path.read_text(encoding="utf-8") for path in ANALYSIS.parent.rglob("*.py") if path.name != "limits.py"
    )
    unread = {row.name for row in LIMITS.values() if f'"{row.name}"' not in code}
    assert unread == {"clock_jump_forward_s", "clock_jump_back_s"}


def test_the_clock_rows_say_what_ingest_does():
    """The clock is settled before any rider is known; the two rows are there to be read."""
    assert LIMITS["clock_jump_forward_s"].value == timebase.JUMP_FORWARD_S
    assert LIMITS["clock_jump_back_s"].value == timebase.JUMP_BACK_S
