"""The fixture classes: the same bytes again, truth computed otherwise, and our analysis against both."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import fitdecode
import numpy as np
import pytest

import telemetry
from fixtures.generate import CLASSES, files
from fixtures.stories import STORIES, Story
from fixtures.truth import find_bouts
from telemetry.ingest.simulation import Ride, simulate
from telemetry.model import ClassAnalysis
from tests import golden

NAMES = [story.name for story in STORIES]
by_name = pytest.mark.parametrize("name", NAMES)


def story(name: str) -> Story:
    return next(row for row in STORIES if row.name == name)


def told(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((CLASSES / f"{name}.truth.json").read_text(encoding="utf-8"))
    return result


@cache
def analysed(name: str) -> ClassAnalysis:
    return telemetry.analyze(telemetry.read(CLASSES / f"{name}.fit"))


@cache
def ride(name: str) -> Ride:
    row = story(name)
    return simulate(row.rider, row.bike, row.programme, row.seed)


# --- the files ----------------------------------------------------------------------------------------------


@by_name
def test_the_generator_writes_the_same_bytes_again(name: str) -> None:
    data, text = files(story(name))
    assert data == (CLASSES / f"{name}.fit").read_bytes()
    assert text == (CLASSES / f"{name}.truth.json").read_text(encoding="utf-8")


def test_nothing_else_lies_in_the_folder_and_all_of_it_is_small() -> None:
    stems = {path.name.split(".")[0] for path in CLASSES.iterdir()}
    assert stems == set(NAMES)
    sizes = [path.stat().st_size for path in CLASSES.glob("*.fit")]
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 4_000_000


def test_the_readme_tells_each_story_in_the_generators_words() -> None:
    readme = (CLASSES.parent / "README.md").read_text(encoding="utf-8")
    for row in STORIES:
        assert f"| `{row.name}` | {row.tells} |" in readme


@pytest.mark.parametrize("name", [name for name in NAMES if name != "recorder_died"])
def test_an_outside_reader_finds_every_row(name: str) -> None:
    rows = 0
    with fitdecode.FitReader(CLASSES / f"{name}.fit", check_crc=fitdecode.CrcCheck.RAISE) as reader:
        for frame in reader:
            rows += isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
    assert rows == told(name)["file"]["rows"]


# --- the truth, computed another way ------------------------------------------------------------------------


@by_name
def test_the_truth_is_what_the_arrays_say(name: str) -> None:
    row, true, told_truth = story(name), ride(name), told(name)["truth"]
    recorded = np.asarray([step.recorded for step in row.programme])[true.step]
    if row.cut_at_s is not None:
        recorded &= true.time_s < row.cut_at_s
    dt = 1.0 / true.rate_hz
    turned = np.diff(true.angle_rad, prepend=0.0)[recorded]
    torque = true.torque_nm[recorded]
    # work as torque over angle, not as power over time; strokes by counting half turns
    assert told_truth["work_kj"] == pytest.approx((torque * turned).sum() / 1000.0, rel=1e-6)
    assert told_truth["angular_impulse_knms"] == pytest.approx(
        torque.mean() * len(torque) * dt / 1e3, rel=1e-6
    )
    load = np.mean((torque / told_truth["torque_reference_nm"]) ** 2) * len(torque) * dt / 36.0
    assert told_truth["torque_load"] == pytest.approx(load, rel=1e-6)
    at = np.minimum((true.stroke_times_s() * true.rate_hz).astype(int), len(recorded) - 1)
    counted = np.count_nonzero(recorded[at])
    assert told_truth["strokes"] + told_truth["unloaded_turns"] == pytest.approx(counted, abs=12)
    assert told_truth["recorded_s"] == pytest.approx(recorded.sum() * dt)


def test_bouts_by_hand() -> None:
    """A 60 s climb at 50 rpm and 240 W in a class at 90 rpm and 150 W: one bout, to the smoothing's width."""
    rows = []
    for i in range(4 * 180):
        slow = 240 <= i < 480
        cadence, power = (50.0, 240.0) if slow else (90.0, 150.0)
        rows.append((i / 4, cadence, power / (cadence * math.pi / 30), power, 120.0, False))
    ((start, stop),) = find_bouts(rows, 0.25, reference=22.0)
    assert start == pytest.approx(60.0, abs=2.5)
    assert stop == pytest.approx(120.0, abs=2.5)


def test_the_stories_are_told_by_their_truth() -> None:
    grinder, usual, fading = (told(name)["truth"] for name in ("grinder", "usual", "fading"))
    assert grinder["grinding_min"] >= 16
    assert grinder["grinding_late_strokes"] >= 300
    assert grinder["grinding_late_share_pct"] >= 50
    assert usual["grinding_min"] < 2
    assert usual["grinding_longest_s"] < 90
    assert (fading["fade_min"], fading["heart_rate_drift_bpm_per_h"]) == (32, 14)
    for name in set(NAMES) - {"fading"}:
        assert told(name)["truth"]["heart_rate_drift_bpm_per_h"] == 0


# --- our analysis against the truth -------------------------------------------------------------------------

WITH_TORQUE = [row.name for row in STORIES if {"power_w", "cadence_rpm"} <= set(row.channels)]

SAMPLED = {
    "work_kj": 0.005,
    "angular_impulse_knms": 0.005,
    "torque_load": 0.006,
    "strokes": 0.003,
    "mean_power_w": 0.005,
    "mean_torque_nm": 0.005,
    "rms_torque_nm": 0.005,
    "mean_cadence_rpm": 0.003,
    "pedalling_min": 0.003,
}
"""Relative tolerances at 1 Hz: three times the spread of metrics.md section 9, plus the meter's own noise."""


@pytest.mark.parametrize("name", WITH_TORQUE)
def test_the_analysis_finds_the_true_doses(name: str) -> None:
    truth, result = told(name)["truth"], analysed(name)
    wider = 4.0 if story(name).smart else 1.0
    scale = truth["meter_scale"]
    for metric, tolerance in SAMPLED.items():
        power = {"torque_load": 2, "strokes": 0, "mean_cadence_rpm": 0, "pedalling_min": 0}.get(metric, 1)
        assert result.metric(metric) == pytest.approx(truth[metric] * scale**power, rel=wider * tolerance), (
            metric
        )


@pytest.mark.parametrize("name", WITH_TORQUE)
def test_the_analysis_finds_the_true_bouts(name: str) -> None:
    truth, result = told(name)["truth"], analysed(name)
    found = [(bout.start_s, bout.stop_s) for bout in result.bouts]
    true = [(bout["start_s"], bout["stop_s"]) for bout in truth["bouts"]]
    assert len(found) == len(true)
    for one, other in zip(found, true, strict=True):
        assert one == pytest.approx(other, abs=4.0)
    assert result.metric("grinding_min") == pytest.approx(truth["grinding_min"], abs=0.05 * max(1, len(true)))
    assert result.metric("grinding_strokes") == pytest.approx(truth["grinding_strokes"], rel=0.05, abs=1e-9)


@by_name
def test_the_review_is_what_the_simulation_makes_certain(name: str) -> None:
    review, expected = analysed(name).review, told(name)["expected"]
    if "state" in expected:
        assert review.state == expected["state"], review.findings
    if "findings" in expected:
        assert [finding.code.split("_")[0] for finding in review.findings] == expected["findings"]
    assert review.flagged is expected["flagged"]


@pytest.mark.parametrize("name", [row.name for row in STORIES if "heart_rate_bpm" in row.channels])
def test_heart_rate_drift_is_found_where_it_is_and_nowhere_else(name: str) -> None:
    truth, drift = told(name)["truth"], analysed(name).drift["heart_rate"]
    mean = analysed(name).metric("mean_heart_rate_bpm")
    assert mean == pytest.approx(truth["mean_heart_rate_bpm"], abs=0.5)
    if not drift.applicable:
        assert drift.why_not
        return
    assert drift.value is not None
    assert drift.low is not None
    assert drift.high is not None
    assert drift.low <= truth["heart_rate_drift_bpm_per_h"] <= drift.high
    assert abs(drift.value - truth["heart_rate_drift_bpm_per_h"]) < 6.0


def test_the_fade_is_found_in_its_minute() -> None:
    onset = analysed("fading").drift["onset"]
    assert onset.window_min is not None
    start, stop = onset.window_min
    assert start <= told("fading")["truth"]["fade_min"] <= stop
    assert stop - start < 12


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fading"])
def test_no_fade_is_found_where_there_is_none(name: str) -> None:
    assert analysed(name).drift["onset"].window_min is None


def test_the_balance_shifts_as_it_was_made_to() -> None:
    truth, result = told("dual_sided")["truth"], analysed("dual_sided")
    assert result.metric("right_balance_pct") == pytest.approx(truth["right_balance_pct"], abs=0.3)
    per_hour = truth["right_drift_pct_per_min"] * 60.0
    drift = result.drift["symmetry"]
    assert drift.unit == "points/h"
    assert drift.value == pytest.approx(per_hour, abs=1.0)
    assert drift.low is not None
    assert drift.high is not None
    assert drift.low <= per_hour <= drift.high


def test_recorded_standing_is_counted_to_the_second() -> None:
    truth, result = told("dual_sided")["truth"], analysed("dual_sided")
    assert result.posture["known"] is True
    assert result.posture["standing_s"] == pytest.approx(truth["standing_s"], abs=2.0)
    assert analysed("usual").posture["known"] is False


def test_the_dead_recorder_gives_every_whole_row() -> None:
    recording = analysed("recorder_died").recording
    assert len(recording) == told("recorder_died")["file"]["rows"]
    assert recording.salvaged or any("truncated" in issue.code for issue in recording.issues)


def test_what_the_file_hides_stays_hidden() -> None:
    assert analysed("no_ftp").rider["ftp_w"] is None
    assert analysed("left_only").recording.single_sided is True
    assert analysed("inverted_resistance").recording.resistance_trust == "inverted"
    assert analysed("usual").recording.resistance_trust == "plausible"
    pauses = [(pause.start_s, pause.stop_s) for pause in analysed("smart_recording").recording.pauses]
    expected = [(pause["start_s"], pause["stop_s"]) for pause in told("smart_recording")["pauses"]]
    assert np.asarray(pauses) == pytest.approx(np.asarray(expected), abs=7.0)


# --- golden analyses ----------------------------------------------------------------------------------------


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two JSON values differ: numbers to one part in a million, everything else exactly."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{path}: keys {sorted(set(ours) ^ set(theirs))}"] if set(ours) != set(theirs) else []
        for key in ours.keys() & theirs.keys():
            found += differences(ours[key], theirs[key], f"{path}.{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{path}: {len(ours)} items, golden {len(theirs)}"]
        found = []
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            found += differences(one, other, f"{path}[{index}]")
        return found
    if type(ours) is float or type(theirs) is float:
        numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
        close = numbers and math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-9)
        return [] if close else [f"{path}: {ours}, golden {theirs}"]
    return [] if ours == theirs else [f"{path}: {ours!r}, golden {theirs!r}"]


@by_name
def test_the_analysis_is_the_golden_one(name: str) -> None:
    expected = json.loads((golden.GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    ours = json.loads(golden.text(analysed(name).to_dict()))
    assert differences(ours, expected) == [], "if meant: python -m tests.golden"


def test_golden_files_and_classes_are_the_same_set() -> None:
    assert {path.stem for path in golden.GOLDEN.glob("*.json")} == set(NAMES)
