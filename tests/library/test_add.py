"""Adding classes: once each, none in silence, none half, each as of its day."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import telemetry
from telemetry.library.analyses import Tools
from telemetry.library.ingest import Input
from telemetry.library.library import Library, open_library
from telemetry.library.verify import catalog_hash, verify
from telemetry.model import PainEntry
from tests.builders import STARTED_AT, fit_activity, recording
from tests.library.conftest import add, device, states, write_class


def test_a_class_comes_back_value_for_value(library: Library, six: list[Path], tools: Tools) -> None:
    add(library, six[:1], tools)
    before = telemetry.read(six[0])
    after = library.recording(before.id)
    assert after == replace(before, samples=after.samples, rider_id="r07")
    assert after.samples.equals(before.samples)
    assert library.original(before.id) == (six[0].name, six[0].read_bytes())
    assert library.analysis(before.id) == library.analysis(before.id[:5])


def test_three_times_in_any_order_and_with_four_threads_is_as_once(
    library: Library, six: list[Path], tools: Tools
) -> None:
    assert states(add(library, six, tools)) == ["added"] * 6
    once = catalog_hash(library)
    for seed in range(3):
        shuffled = random.Random(seed).sample(six, 6)
        assert states(add(library, shuffled, tools, threads=4)) == ["known"] * 6
    assert catalog_hash(library) == once
    assert len(library.rows()) == 6


def test_the_order_of_adding_does_not_show(tmp_path: Path, six: list[Path], tools: Tools) -> None:
    hashes = set()
    for number, order in enumerate((six, six[::-1], six[3:] + six[:3])):
        with open_library(tmp_path / str(number)) as one:
            for path in order:
                add(one, [path], tools)
            hashes.add(catalog_hash(one))
            assert not list(verify(one))
    assert len(hashes) == 1


def test_a_class_added_later_makes_a_new_version_of_those_after_it_and_the_old_stays(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    paths = [write_class(tmp_path / f"{day}.fit", day, minutes=22) for day in range(0, 36, 4)]
    add(library, paths[1:], tools)
    last = library.rows()[-1][0]["recording_id"]
    before = library.analysis(last)
    assert before is not None
    assert before["review"]["baseline"] is None or before["review"]["baseline"]["n"] < 8
    add(library, paths[:1], tools)
    versions = library.versions(last)
    assert [item["version"] for item in versions] == [1, 2]
    after = library.analysis(last)
    assert after is not None
    assert after["review"]["baseline"]["n"] == 8
    assert library.analysis(last, 1) == before
    assert not library.stale(tools.code_version)


def test_a_gzipped_or_renamed_copy_is_the_same_class(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools
) -> None:
    add(library, six[:1], tools)
    copy = tmp_path / "other name.fit"
    copy.write_bytes(six[0].read_bytes())
    packed = tmp_path / "packed.fit.gz"
    packed.write_bytes(gzip.compress(six[0].read_bytes()))
    assert states(add(library, [copy, packed], tools)) == ["known", "known"]


def test_the_longer_of_two_copies_is_kept_whichever_comes_first(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    watts = [150.0 + second % 40 for second in range(900)]
    short, long = tmp_path / "short.fit", tmp_path / "long.fit"
    short.write_bytes(fit_activity(power=watts[:600], cadence=80, devices=device("77")))
    long.write_bytes(fit_activity(power=watts, cadence=80, devices=device("77")))
    assert states(add(library, [short], tools)) == ["added"]
    (done,) = add(library, [long], tools, None)
    assert done.state == "replaced"
    ((row, _),) = library.rows()
    assert (row["rider_id"], row["duration_s"]) == ("r07", 900.0)
    assert states(add(library, [short], tools)) == ["shorter"]
    assert not list(verify(library))
    assert len(list(library.store.all())) == 2


def test_overlap_is_said_and_not_added_unless_asked_for(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    first = write_class(tmp_path / "bike.fit", 0, serial="1")
    watch = tmp_path / "watch.fit"
    watch.write_bytes(
        fit_activity(
            power=[160.0 + second % 9 for second in range(700)],
            cadence=80,
            started_at=STARTED_AT + dt.timedelta(seconds=20),
            devices=device("2"),
        )
    )
    add(library, [first], tools)
    (done,) = add(library, [watch], tools)
    assert (done.state, "covers 12 min of the same time" in done.detail) == ("duplicate", True)
    assert len(library.rows()) == 1
    assert states(add(library, [watch], tools, "r08")) == ["added"]  # another rider, another bike
    again = write_class(tmp_path / "third.fit", 0, serial="3", hour=0.02)
    assert states(add(library, [again], tools, allow_overlap=True)) == ["added"]


def test_one_device_never_carries_two_riders_at_once(library: Library, tmp_path: Path, tools: Tools) -> None:
    add(library, [write_class(tmp_path / "a.fit", 0)], tools, "r07")
    late = write_class(tmp_path / "b.fit", 0, hour=0.01)
    (done,) = add(library, [late], tools, "r08")
    assert done.state == "refused"
    assert "reassign" in done.detail
    (same,) = add(library, [tmp_path / "a.fit"], tools, "r08")
    assert (same.state, "a.fit: " in same.detail, "r07" in same.detail) == ("refused", True, True)
    assert [row["rider_id"] for row in library.riders()] == ["r07"]


def test_a_rider_is_never_assumed(library: Library, six: list[Path], tools: Tools) -> None:
    (done,) = library.add([Input(six[0], "r99", must_exist=True, said_by="row 2 of m.csv")], tools)
    assert (done.state, "no rider 'r99'" in done.detail, "row 2 of m.csv" in done.detail) == (
        "refused",
        True,
        True,
    )
    assert not library.rows()
    assert states(add(library, six[:1], tools, None)) == ["added"]
    ((row, past),) = library.rows()
    assert row["rider_id"] is None
    assert past is not None


@pytest.mark.parametrize(
    ("started_at", "says"),
    [
        (dt.datetime(1990, 1, 1, tzinfo=dt.UTC), "holds no date"),  # so says FIT of a clock never set
        (dt.datetime(2090, 1, 1, tzinfo=dt.UTC), "in the future"),
        (None, "holds no date"),
    ],
)
def test_an_impossible_date_is_quarantined_with_its_reason(
    library: Library, tmp_path: Path, tools: Tools, started_at: dt.datetime | None, says: str
) -> None:
    path = tmp_path / "odd.fit"
    path.write_bytes(fit_activity(power=[150.0] * 600, cadence=80, started_at=started_at))
    (done,) = add(library, [path], tools)
    assert (done.state, says in done.detail) == ("quarantined", True)
    (kept,) = library.quarantined()
    assert (kept["file"], says in kept["reason"]) == ("odd.fit", True)
    assert not library.rows()


def test_a_clock_that_was_never_set_is_told_from_a_date(library: Library, tools: Tools) -> None:
    path = Path("old.csv")
    old = recording(time_s=range(600), power_w=150.0, started_at=dt.datetime(1970, 1, 2, tzinfo=dt.UTC))
    lent = replace(tools, load=lambda _: b"1970", read=lambda data, name: [old])
    (done,) = add(library, [path], lent)
    assert (done.state, "never set" in done.detail) == ("quarantined", True)


def test_a_date_that_is_said_places_a_file_without_one(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    path = tmp_path / "undated.fit"
    path.write_bytes(fit_activity(power=[150.0] * 600, cadence=80, started_at=None))
    list(library.add([Input(path, "r07")], tools))
    (done,) = library.add([Input(path, "r07", started_at=STARTED_AT)], tools)
    assert (done.state, done.started_at) == ("added", STARTED_AT)
    assert not library.quarantined()


def test_one_bad_file_stops_no_other(library: Library, six: list[Path], tmp_path: Path, tools: Tools) -> None:
    bad = tmp_path / "bad.fit"
    bad.write_text("<html>no class</html>")
    gone = tmp_path / "gone.fit"
    done = add(library, [six[0], bad, gone, six[1]], tools)
    assert states(done) == ["added", "quarantined", "failed", "added"]


def test_a_name_that_cannot_be_kept_is_refused_alone(library: Library, six: list[Path], tools: Tools) -> None:
    said = [Input(six[0], "r07"), Input(six[1], "r07", bike="a/b"), Input(six[2], "r07", class_id="-x")]
    done = list(library.add([*said, Input(six[3], "")], tools))
    assert states(done) == ["added", "refused", "refused", "refused"]
    assert "no id of a bike" in done[1].detail
    assert "no id of a class" in done[2].detail
    assert "no id of a rider" in done[3].detail


def test_what_cannot_be_read_in_an_archive_is_said_and_stays_out(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools
) -> None:
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as archive:
        archive.writestr("mine.fit", six[0].read_bytes())
        archive.writestr("somebody.fit", "not a class of somebody")
    done = add(library, [tmp_path / "week.zip"], tools)
    assert sorted(states(done)) == ["added", "quarantined"]
    assert "somebody.fit" in next(item.detail for item in done if item.state == "quarantined")
    assert "somebody.fit" in library.quarantined()[0]["reason"]
    row = library.rows()[0][0]
    assert b"somebody" not in library.original(row["recording_id"])[1]
    assert "somebody" not in json.dumps(library.analysis(row["recording_id"]))
    assert sorted(states(add(library, [tmp_path / "week.zip"], tools))) == ["known", "quarantined"]


def test_the_name_of_a_file_may_hold_any_bytes(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools
) -> None:
    good = Path(os.fsdecode(os.fsencode(tmp_path) + b"/na\xffme.fit"))
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/ba\xffd.fit"))
    try:
        good.write_bytes(six[0].read_bytes())
    except OSError:
        pytest.skip("this file system takes no such names")
    bad.write_text("no class")
    assert states(add(library, [good, bad], tools)) == ["added", "quarantined"]
    assert library.original(library.rows()[0][0]["recording_id"])[0] == "na\ufffdme.fit"
    assert library.quarantined()[0]["file"] == "ba\ufffdd.fit"


def test_history_and_facts_are_those_of_the_day(library: Library, six: list[Path], tools: Tools) -> None:
    library.set_rider("r07", {"ftp_w": 180.0})
    library.set_rider("r07", {"ftp_w": 200.0}, since=(STARTED_AT + dt.timedelta(days=8)).date())
    add(library, six, tools)
    found = [library.analysis(row["recording_id"]) for row, _ in library.rows()]
    assert [item["rider"]["ftp_w"] for item in found if item] == [180.0, 180.0, 180.0, 200.0, 200.0, 200.0]
    assert {item["rider"]["ftp_source"] for item in found if item} == {"library"}


def test_pain_noted_later_changes_the_review_of_its_class_on_request_only(
    library: Library, six: list[Path], tools: Tools
) -> None:
    add(library, six, tools)
    row = library.rows()[2][0]
    assert not library.stale(tools.code_version)
    library.note("r07", [PainEntry(dt.datetime.fromisoformat(row["started_at"]), 8.0)])
    assert library.stale(tools.code_version)[0] == row["recording_id"]
    assert row["recording_id"] in list(library.refresh(tools))
    after = library.analysis(row["recording_id"])
    assert after is not None
    assert "R6" in [finding["code"] for finding in after["review"]["findings"]]
    assert not list(library.refresh(tools))


def test_two_libraries_open_at_once_lose_nothing(place: Path, tmp_path: Path, tools: Tools) -> None:
    paths = [write_class(tmp_path / "drop" / f"{day}.fit", day) for day in range(12)]
    problems: list[BaseException] = []

    def work(mine: list[Path]) -> None:
        try:
            with open_library(place) as own:
                assert set(states(add(own, mine, tools, threads=1))) <= {"added", "known"}
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in (paths[:8], paths[4:], paths[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    with open_library(place) as library:
        assert len(library.rows()) == 12
        assert not list(verify(library))


def test_samples_of_all_kinds_survive_packing() -> None:
    from telemetry.library.codec import pack_samples, unpack_samples

    frame = pl.DataFrame(
        {
            "time_s": [0.0, 0.25, 0.5078125, 3.0],
            "power_w": [None, -0.0, 2.5, 1e12],
            "cadence_rpm": [None, None, None, None],
            "heart_rate_bpm": [120.0, 121.0, None, 122.0],
        },
        schema_overrides={"cadence_rpm": pl.Float64},
    )
    back = unpack_samples(pack_samples(frame), "here")
    assert back.equals(frame)
    assert str(back["power_w"][1]) == "-0.0"
    uneven = pl.DataFrame({"time_s": [0.1, 0.3, 1 / 3]})
    assert unpack_samples(pack_samples(uneven), "here").equals(uneven)
