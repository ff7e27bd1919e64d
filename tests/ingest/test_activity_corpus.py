"""Real files as witnesses: every ride of the corpus is read, with the counts that its index states.

The corpus stands beside the project; without it these tests are skipped.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from telemetry.errors import NotAClass
from telemetry.ingest import read_all
from telemetry.model import ClassRecording

CORPUS = Path(__file__).parents[2].parent / "shared" / "fit-corpus"
INDEX = CORPUS / "INDEX.csv"

pytestmark = pytest.mark.skipif(not INDEX.exists(), reason="no ../shared/fit-corpus beside the project")

RIDING = ("cycling", "e_biking", "fitness_equipment", "training", "generic", "None", "")


def rows() -> list[dict[str, str]]:
    if not INDEX.exists():
        return []
    with INDEX.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def count(text: str) -> int:
    return int(text) if text.isdigit() else 0


def is_ride(row: dict[str, str]) -> bool:
    sports = row["sport"].split("+")
    return (
        row["file_type"] == "activity"
        and count(row["n_record"]) > 0
        and len(sports) == 1
        and sports[0] in RIDING
    )


RIDES = [row for row in rows() if is_ride(row)]
OTHERS = [row for row in rows() if row["file_type"] != "activity"]
OTHER_SPORTS = [row for row in rows() if row["sport"] in ("running", "swimming", "running+transition+rowing")]


def values(recording: ClassRecording, channel: str) -> int:
    return recording.samples.height - recording.samples[channel].null_count() if recording.has(channel) else 0


def noted(recording: ClassRecording, *codes: str) -> int:
    return sum(issue.count for issue in recording.issues if issue.code in codes)


@pytest.mark.parametrize("row", RIDES, ids=[row["file"] for row in RIDES])
def test_a_ride_has_the_samples_and_the_duration_of_its_index(row: dict[str, str]) -> None:
    (recording,) = read_all(CORPUS / row["file"])
    merged = noted(recording, "duplicate_conflict", "partial_rows_merged")
    # one file ends inside its last record: the index counted it
    assert len(recording) + merged == pytest.approx(count(row["n_record"]), abs=1)
    duration = float(recording.array("time_s")[-1] - recording.array("time_s")[0])
    assert duration == pytest.approx(float(row["duration_s"]), abs=1.0)
    assert recording.started_at is not None
    assert recording.sport in ("cycling", "")


@pytest.mark.parametrize("row", RIDES, ids=[row["file"] for row in RIDES])
def test_a_ride_has_the_channels_of_its_index(row: dict[str, str]) -> None:
    (recording,) = read_all(CORPUS / row["file"])
    merged = noted(recording, "duplicate_conflict", "partial_rows_merged") + 1
    for channel, column in (("power_w", "power"), ("cadence_rpm", "cadence")):
        assert values(recording, channel) == pytest.approx(count(row[column]), abs=merged)
    # a heart rate of 0 is none
    assert values(recording, "heart_rate_bpm") <= count(row["heart_rate"])
    assert values(recording, "heart_rate_bpm") >= 0.99 * count(row["heart_rate"]) - merged
    if noted(recording, "balance_fake"):
        assert not recording.has("right_balance_pct")
    else:
        # feet resting at low power are no balance
        assert 0.98 * count(row["lr_balance"]) - merged <= values(recording, "right_balance_pct")
    assert recording.posture_known is (count(row["rider_position"]) > 0)
    if "TE" not in row["cycling_dynamics"]:
        assert not recording.has("left_torque_effectiveness_pct")


@pytest.mark.parametrize("row", OTHERS, ids=[row["file"] for row in OTHERS])
def test_a_file_without_a_ride_is_called_what_it_is(row: dict[str, str]) -> None:
    with pytest.raises(NotAClass) as caught:
        read_all(CORPUS / row["file"])
    assert row["file_type"].replace("_", " ") in str(caught.value)


@pytest.mark.parametrize("row", OTHER_SPORTS, ids=[row["file"] for row in OTHER_SPORTS])
def test_another_sport_is_no_ride(row: dict[str, str]) -> None:
    with pytest.raises(NotAClass) as caught:
        read_all(CORPUS / row["file"])
    assert row["sport"].split("+")[0] in str(caught.value)


def corpus(part: str) -> ClassRecording:
    (path,) = [path for path in CORPUS.iterdir() if part in path.name]
    (recording,) = read_all(path)
    return recording


def test_a_file_that_loses_all_its_records_elsewhere_is_read() -> None:
    recording = corpus("tpv_dev_fields")
    assert len(recording) + noted(recording, "duplicate_conflict") == 3400


def test_pedals_report_both_sides_posture_and_respiration() -> None:
    recording = corpus("leftrightbalancetest")
    assert recording.single_sided is False
    assert recording.balance_convention == "right_flag"
    assert recording.head_unit["right_balance_pct"] == pytest.approx(48.53)
    stood = float(recording.array("standing").sum())
    assert stood == pytest.approx(recording.head_unit["standing_s"], abs=10)
    assert recording.has("respiration_per_min")


def test_one_crank_doubled_is_told_by_fields_or_by_its_fake_balance() -> None:
    assert corpus("ELEMNT_BOLT_FE0B-8").single_sided is True
    assert corpus("hrv-activity").single_sided is True
    assert corpus("2018-03-13-18-17-02").single_sided is False
    assert corpus("mywhoosh").single_sided is None


def test_a_triathlon_gives_its_ride() -> None:
    recording = corpus("sample_mulitple_header")
    assert recording.sport == "cycling"
    assert recording.duration_s == pytest.approx(4422, abs=5)


def test_the_timer_of_the_head_unit_is_the_class_without_its_pauses() -> None:
    for part in ("rollers", "2014-07-26", "karoo", "ELEMNT_BOLT_FE0B-9"):
        recording = corpus(part)
        paused = sum(pause.stop_s - pause.start_s for pause in recording.pauses)
        assert recording.duration_s - paused == pytest.approx(recording.head_unit["timer_s"], rel=0.01)


def test_work_of_the_samples_agrees_with_the_head_unit() -> None:
    for part in ("4078723797", "power_demo", "rollers", "leftrightbalancetest"):
        recording = corpus(part)
        power = recording.array("power_w")
        assert float(power[power > 0].sum()) / 1000 == pytest.approx(recording.head_unit["work_kj"], rel=0.01)
