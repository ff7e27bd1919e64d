"""What a page says beside its numbers: what the grade hides, whose evidence it is, what a name means."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from telemetry.analysis import analyze
from telemetry.model import ClassAnalysis, Device, Issue, Rider, Symptoms
from telemetry.reports import glossary
from telemetry.reports.class_view import ClassView, view
from telemetry.reports.devices import device_name
from tests.builders import recording, steps
from tests.reports.examples import example
from tests.reports.test_page import page_of
from tests.reports.test_terminal import flat, printed

HEAVY = [(300, 120, 90), (120, 250, 50), (60, 100, 90), (120, 250, 50), (300, 120, 90)]


def damaged(*codes: str, salvaged: bool = False) -> ClassAnalysis:
    built = recording(**steps(HEAVY), issues=tuple(Issue(code) for code in codes), salvaged=salvaged)
    return analyze(built, Rider(ftp_w=200.0))


def tile(shown: ClassView, label: str) -> str:
    (found,) = (tile for tile in shown.tiles if tile.label == label)
    return " ".join((found.text, *found.lines))


# --- the grade of the data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(glossary.DAMAGE))
def test_what_happened_to_the_file_stands_beside_its_grade(code: str) -> None:
    analysis = damaged(code)
    shown = view(analysis)
    said = glossary.DAMAGE[code][1:]
    assert tile(shown, "Data quality").startswith("Good")
    assert said in tile(shown, "Data quality")
    assert said in shown.quality
    assert said in flat(printed(analysis))


def test_a_dead_recorder_and_a_rebuilt_session_are_one_sentence_and_silence_means_neither() -> None:
    said = tile(view(damaged("session_rebuilt", "recorder_died")), "Data quality")
    assert "The recorder died before it closed the file, the session was rebuilt from the samples." in said
    assert "recorder" not in tile(view(damaged()), "Data quality")
    assert "recorder" not in tile(view(damaged("power_spike")), "Data quality")


def test_a_recording_recovered_around_damage_is_poor_and_says_so_at_the_top() -> None:
    said = tile(view(damaged("resync", salvaged=True)), "Data quality")
    assert said.startswith("Poor")
    assert "recovered around the damage" in said
    assert "skipped" in said


# --- whose evidence -----------------------------------------------------------------------------------------


def test_a_card_says_which_grade_is_the_rules_and_which_its_numbers() -> None:
    analysis = example("grinder")
    (reason,) = (reason for reason in view(analysis).reasons if reason.code == "R4")
    assert analysis.drift["heart_rate"].evidence == "D"
    assert reason.evidence == "rule: evidence C"
    assert reason.evidence_means == (
        f"rule: evidence C ({glossary.EVIDENCE['C']}); its number: evidence D ({glossary.EVIDENCE['D']})"
    )
    (same,) = (reason for reason in view(analysis).reasons if reason.code == "R2")
    assert "its number" not in same.evidence_means
    assert "rule: evidence C" in flat(printed(analysis))


def test_every_number_a_rule_uses_is_a_metric_of_that_unit() -> None:
    metrics = example("grinder").metrics
    for (code, unit), name in glossary.NUMBERS_OF_RULES.items():
        assert code in glossary.RULES
        assert metrics[name].unit == unit


def test_the_evidence_of_noted_pain_is_not_called_measured_in_cyclists_backs() -> None:
    analysis = analyze(recording(**steps(HEAVY)), Rider(ftp_w=200.0), symptoms=Symptoms(pain=8.0))
    (reason,) = (reason for reason in view(analysis).reasons if reason.code == "R6")
    assert reason.evidence == "rule: evidence B"
    assert "pain scales" in reason.evidence_means
    assert glossary.EVIDENCE["B"] not in reason.evidence_means


# --- remarks on single numbers ------------------------------------------------------------------------------


def test_a_pause_shorter_than_its_bout_is_called_a_short_recovery() -> None:
    short = analyze(recording(**steps(HEAVY)), Rider(ftp_w=200.0))
    long = analyze(
        recording(**steps([(180, 100, 90) if part == (60, 100, 90) else part for part in HEAVY])),
        Rider(ftp_w=200.0),
    )
    for analysis, ratio, is_short in ((short, 0.5, True), (long, 1.5, False)):
        assert analysis.metric("grinding_recovery_ratio") == pytest.approx(ratio, abs=0.05)
        shown = view(analysis)
        assert shown.metrics is not None
        names = [row.cells[0].text for row in shown.metrics.rows]
        assert ("Recovery between bouts (short recovery)" in names) is is_short
        assert ("Short recovery: pauses 0." in tile(shown, "Grinding")) is is_short
    kept = analyze(recording(**steps(HEAVY)), Rider(ftp_w=200.0, limits={"short_recovery": 0.4}))
    assert "Short recovery" not in tile(view(kept), "Grinding")


def test_a_mean_says_over_which_time_it_is_taken() -> None:
    shown = view(example("grinder")).metrics
    assert shown is not None
    names = [row.cells[0].text for row in shown.rows]
    for name in ("Mean torque", "Root-mean-square torque", "Mean cadence"):
        assert f"{name} (while pedalling)" in names
    assert "Mean power (recorded time, with zeros)" in names


def test_slow_legs_of_a_class_without_torque_are_labelled_on_page_and_terminal() -> None:
    label = "not grinding: torque unknown"
    assert label in page_of("cadence_only").words()
    assert label in tile(view(example("cadence_only")), "Grinding")
    assert label in flat(printed(example("cadence_only")))
    assert label not in page_of("grinder").words()


def test_blocks_have_no_torque_load_where_the_class_has_none() -> None:
    torn = steps([(1800, 150, 85)])
    torn["cadence_rpm"][600:1500] = np.nan
    analysis = analyze(recording(**torn), Rider(ftp_w=200.0))
    assert analysis.metric("torque_load") is None
    assert any(block.torque_load is not None for block in analysis.blocks)
    table, whole = view(analysis).blocks, view(example("grinder")).blocks
    assert table is not None
    assert whole is not None
    assert "TL" not in [column.title for column in table.columns]
    assert "TL" in [column.title for column in whole.columns]
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "product", "wanted"),
    [
        ("development", "Simulated head unit", "Simulated head unit"),
        ("wahoo_fitness", "elemnt_bolt", "Wahoo Fitness elemnt bolt"),
        ("garmin", "edge1030", "Garmin edge1030"),
        ("srm", "", "SRM"),
        ("Stages", "Stages L", "Stages L"),
        ("development", "", ""),
    ],
)
def test_makers_are_written_as_names(maker: str, product: str, wanted: str) -> None:
    assert device_name(Device("power", maker, product)) == wanted
    built = dataclasses.replace(recording(**steps(HEAVY)), devices=(Device("recorder", maker, product),))
    shown = view(analyze(built))
    assert [fact.text for fact in shown.facts if fact.label == "Recorder"] == ([wanted] if wanted else [])
    assert shown.devices is not None
    assert shown.devices.rows[0].cells[1].text == (wanted or "—")
