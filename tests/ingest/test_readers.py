"""Every door into the house: what it reads, and the one sentence with which it refuses.

The FIT bytes are built (`tests/builders.py`); the other layouts are written here as their exporters do.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import telemetry
from telemetry.errors import BadInput, LimitExceeded, NotAClass, SeveralClasses, TelemetryError
from telemetry.ingest import LARGEST_BYTES, READERS, read, read_all, reader_for
from telemetry.ingest.readers.parquet import write
from tests.builders import fit_activity, fit_rows

INDEX = Path(__file__).parents[2].parent / "shared" / "fit-corpus" / "INDEX.csv"
POWER = [200.0, 210.0, 220.0, 230.0]


def fit() -> bytes:
    return fit_activity(power=POWER, cadence=85, heart_rate=[120, 121, 122, 123])


TCX = """<?xml version="1.0" encoding="UTF-8"?>
<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
 xmlns:ns3="http://www.garmin.com/xmlschemas/ActivityExtension/v2">
<Activities><Activity Sport="{sport}"><Id>2026-03-02T17:30:00Z</Id>
<Lap StartTime="2026-03-02T17:30:00Z"><TotalTimeSeconds>4</TotalTimeSeconds><TriggerMethod>Manual
</TriggerMethod><Track>{points}</Track></Lap><Creator><Name>Studio bike</Name></Creator></Activity>
</Activities>
</TrainingCenterDatabase>"""

POINT = """<Trackpoint><Time>2026-03-02T17:30:0{second}Z</Time><DistanceMeters>{second}</DistanceMeters>
<HeartRateBpm><Value>{heart}</Value></HeartRateBpm><Cadence>85</Cadence>
<Extensions><ns3:TPX><ns3:Speed>8.5</ns3:Speed><ns3:Watts>{watts}</ns3:Watts></ns3:TPX></Extensions></Trackpoint>"""


def tcx(sport: str = "Biking") -> bytes:
    points = "".join(
        POINT.format(second=second, watts=int(watts), heart=120 + second)
        for second, watts in enumerate(POWER)
    )
    return TCX.format(sport=sport, points=points).encode()


def csv() -> bytes:
    rows = [f"2026-03-02T17:30:0{i}Z,{watts:g},85,{120 + i}" for i, watts in enumerate(POWER)]
    return "\n".join(["time,Power (W),Cadence (rpm),Heart Rate (bpm)", *rows, ""]).encode()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def parquet() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "class.fit").write_bytes(fit())
        write(replace(read(Path(folder) / "class.fit"), source="parquet"), Path(folder) / "class.parquet")
        return (Path(folder) / "class.parquet").read_bytes()


BUILT = {
    ".fit": fit,
    ".fit.gz": lambda: gzip.compress(fit()),
    ".tcx": tcx,
    ".tcx.gz": lambda: gzip.compress(tcx()),
    ".csv": csv,
    ".csv.gz": lambda: gzip.compress(csv()),
    ".zip": lambda: zipped(class__fit=fit()),
    ".parquet": parquet,
}


def test_this_file_builds_one_of_each_kind() -> None:
    assert set(BUILT) == set(READERS)


@pytest.mark.parametrize("suffix", READERS)
class TestEveryReader:
    """What holds for every row of READERS."""

    def write(self, tmp_path: Path, suffix: str, data: bytes | None = None, stem: str = "class") -> Path:
        path = tmp_path / (stem + suffix)
        path.write_bytes(BUILT[suffix]() if data is None else data)
        return path

    def test_the_same_class_comes_out(self, tmp_path: Path, suffix: str) -> None:
        recording = read(self.write(tmp_path, suffix))
        assert recording.array("time_s").tolist() == [0.0, 1.0, 2.0, 3.0]
        assert recording.array("power_w").tolist() == POWER
        assert recording.array("cadence_rpm").tolist() == [85.0] * 4
        assert recording.array("heart_rate_bpm").tolist() == [120.0, 121.0, 122.0, 123.0]
        assert recording.started_at is not None
        assert recording.started_at.isoformat() == "2026-03-02T17:30:00+00:00"
        assert recording.source.split(".")[0] == suffix.split(".")[1] or suffix == ".zip"
        assert len(recording.id) == 12

    def test_the_case_of_the_suffix_does_not_matter(self, tmp_path: Path, suffix: str) -> None:
        upper = self.write(tmp_path, suffix, stem="A").rename(tmp_path / f"A{suffix.upper()}")
        assert read(upper).array("power_w").tolist() == POWER

    def test_the_name_of_a_recording_is_a_name_without_its_folder(self, tmp_path: Path, suffix: str) -> None:
        file = read(self.write(tmp_path, suffix)).file
        assert file is not None
        assert os.sep not in file

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\0",
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            b'{"error": "not found"}',
            b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ",
            b"PK\x03\x04 not really",
            b"\x1f\x8b not really",
            bytes(range(256)) * 40,
        ],
        ids=["empty", "nul", "html", "json", "AppleDouble", "half a zip", "half a gzip", "bytes"],
    )
    def test_what_it_cannot_read_is_one_sentence_with_the_files_name(
        self, tmp_path: Path, suffix: str, data: bytes
    ) -> None:
        path = self.write(tmp_path, suffix, data)
        with pytest.raises(BadInput) as caught:
            read_all(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_any_cut_of_it_is_read_or_refused(self, tmp_path: Path, suffix: str) -> None:
        whole = BUILT[suffix]()
        for end in range(0, len(whole), 7):
            path = self.write(tmp_path, suffix, whole[:end])
            try:
                recordings = read_all(path)
            except TelemetryError:
                continue
            for item in recordings:
                # text can be cut inside a number where a row is all there is
                seen = set(item.array("power_w")) if item.has("power_w") and len(item) > 1 else set()
                assert seen <= set(POWER)

    def test_flipped_bytes_raise_nothing_foreign(self, tmp_path: Path, suffix: str) -> None:
        rng = np.random.default_rng(7)
        whole = np.frombuffer(BUILT[suffix](), np.uint8)
        for _ in range(40):
            broken = whole.copy()
            broken[rng.integers(0, len(broken), 3)] = rng.integers(0, 256, 3)
            try:
                read_all(self.write(tmp_path, suffix, broken.tobytes()))
            except TelemetryError:
                continue

    def test_a_file_beyond_the_limit_is_refused_before_it_is_read(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"large{suffix}"
        with path.open("wb") as handle:
            handle.truncate(LARGEST_BYTES + 1)
        with pytest.raises(LimitExceeded, match="32 MB"):
            read_all(path)

    def test_a_missing_file_and_a_folder_are_named(self, tmp_path: Path, suffix: str) -> None:
        with pytest.raises(BadInput, match="cannot be read"):
            read(tmp_path / f"nobody{suffix}")
        folder = tmp_path / f"folder{suffix}"
        folder.mkdir()
        with pytest.raises(BadInput, match="folder"):
            read(folder)


# --- the file itself ----------------------------------------------------------------------------------------


def test_an_unknown_suffix_and_a_folder_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"\.fit"):
        reader_for("ride.mp4")
    with pytest.raises(BadInput, match="folder"):
        read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.fit")
    with pytest.raises(BadInput, match="device or pipe"):
        read(tmp_path / "pipe.fit")


def test_a_name_no_system_can_open_is_a_sentence() -> None:
    with pytest.raises(BadInput):
        read("class\0.fit")


def test_the_longest_suffix_wins() -> None:
    assert reader_for("a.FIT.GZ") is READERS[".fit.gz"]
    assert reader_for("a.tcx.gz") is READERS[".tcx.gz"]


def test_several_classes_are_not_one(tmp_path: Path) -> None:
    path = tmp_path / "two.fit"
    path.write_bytes(fit() + fit_activity(power=[100.0] * 3, cadence=60))
    with pytest.raises(SeveralClasses, match="2 classes"):
        read(path)
    first, second = read_all(path)
    assert (len(first), len(second)) == (4, 3)
    assert first.id.endswith("/0")
    assert second.id.endswith("/1")
    assert first.id[:12] == second.id[:12]


def test_a_gzipped_copy_is_the_same_class(tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(fit())
    (tmp_path / "a.fit.gz").write_bytes(gzip.compress(fit()))
    assert read(tmp_path / "a.fit").id == read(tmp_path / "a.fit.gz").id


@pytest.mark.parametrize(
    ("kind", "words"), [(2, "settings"), (5, "workout"), (6, "course"), (9, "weight"), (34, "segment")]
)
def test_a_file_without_a_ride_is_called_what_it_is(tmp_path: Path, kind: int, words: str) -> None:
    path = tmp_path / "no.fit"
    path.write_bytes(
        fit_rows(
            "record", {"timestamp": [1000000000 + i for i in range(5)], "power": [100] * 5}, file_type=kind
        )
    )
    with pytest.raises(NotAClass, match=words):
        read(path)


def test_an_activity_without_samples_and_another_sport_are_no_class(tmp_path: Path) -> None:
    path = tmp_path / "no.fit"
    path.write_bytes(fit_rows("session", {"timestamp": [1000000000], "sport": [2]}))
    with pytest.raises(NotAClass, match="an activity without samples"):
        read(path)
    path.write_bytes(fit_activity(power=POWER, sport="running"))
    with pytest.raises(NotAClass, match="running"):
        read(path)


def test_the_package_reads_too(tmp_path: Path) -> None:
    path = tmp_path / "class.fit"
    path.write_bytes(fit())
    assert telemetry.read(path).array("power_w").tolist() == POWER
    assert len(telemetry.read_all(path)) == 1


# --- gzip and zip -------------------------------------------------------------------------------------------


def test_a_small_file_never_becomes_a_large_one(tmp_path: Path) -> None:
    for name, data in (
        ("bomb.csv.gz", gzip.compress(b"time,power\n" + b"0" * (40 << 20))),
        ("bomb.zip", zipped(bomb__csv=b"time,power\n" + b"0" * (40 << 20))),
        ("many.zip", zipped(**{f"c{i}__csv": b"1" * (1 << 20) for i in range(120)})),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(LimitExceeded):
            read_all(path)


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    for count in (201, 2500):
        path.write_bytes(zipped(**{f"c{i}__csv": b"" for i in range(count)}))
        with pytest.raises(LimitExceeded, match="at most 200"):
            read_all(path)


def test_one_bad_member_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(
        zipped(a__fit=b"nothing", b__fit=fit(), readme__txt=b"hello", **{"__MACOSX/._b__fit": b"x"})
    )
    (recording,) = read_all(path)
    assert [issue.code for issue in recording.issues if issue.code.startswith("archive")] == [
        "archive_member_failed"
    ]
    assert recording.file == "b.fit"
    path.write_bytes(zipped(a__fit=b"nothing"))
    with pytest.raises(BadInput, match=r"class\.zip, member a\.fit"):
        read_all(path)
    path.write_bytes(zipped(readme__txt=b"hello"))
    with pytest.raises(NotAClass, match="no class file"):
        read_all(path)


def test_links_and_paths_of_an_archive_are_never_followed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.fit")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../outside/\u202eclass.fit", fit())
    path = tmp_path / "class.zip"
    path.write_bytes(out.getvalue())
    (recording,) = read_all(path)
    assert recording.file == "class.fit"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["class.zip"]


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped(class__fit=fit()))
    for header in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(header) + (6 if header[2] == 3 else 8)] |= 1
    path = tmp_path / "class.zip"
    path.write_bytes(bytes(data))
    with pytest.raises(BadInput, match="encrypted"):
        read_all(path)


# --- TCX ----------------------------------------------------------------------------------------------------


def test_a_tcx_carries_laps_speed_and_its_bike(tmp_path: Path) -> None:
    path = tmp_path / "class.tcx"
    path.write_bytes(tcx())
    recording = read(path)
    assert [(lap.start_s, lap.stop_s, lap.trigger) for lap in recording.laps] == [(0.0, 4.0, "manual")]
    assert recording.array("speed_mps").tolist() == [8.5] * 4
    assert recording.devices[0].product == "Studio bike"


def test_a_tcx_cut_short_keeps_its_trackpoints(tmp_path: Path) -> None:
    path = tmp_path / "class.tcx"
    path.write_bytes(tcx()[: tcx().index(b"17:30:03Z")])
    recording = read(path)
    assert recording.array("power_w").tolist() == POWER[:3]
    assert recording.salvaged
    assert recording.issues[0].code == "file_truncated"


@pytest.mark.parametrize(
    "trick",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_xml_that_reaches_beyond_itself_is_refused(tmp_path: Path, trick: str) -> None:
    path = tmp_path / "class.tcx"
    head, _, rest = tcx().decode().partition("\n")
    path.write_text(f"{head}\n{trick}\n{rest}")
    with pytest.raises(BadInput, match="entities"):
        read(path)


@pytest.mark.parametrize("sport", ["Biking", "Other", "", "VirtualRide", "Indoor Cycling", "EBikeRide"])
def test_a_ride_by_any_word_is_one(tmp_path: Path, sport: str) -> None:
    path = tmp_path / "class.tcx"
    path.write_bytes(tcx(sport))
    assert len(read(path)) == len(POWER)


def test_a_run_and_a_course_are_no_ride(tmp_path: Path) -> None:
    path = tmp_path / "class.tcx"
    path.write_bytes(tcx("Running"))
    with pytest.raises(NotAClass, match="Running"):
        read(path)
    path.write_text("<TrainingCenterDatabase><Courses><Course/></Courses></TrainingCenterDatabase>")
    with pytest.raises(NotAClass, match="course"):
        read(path)


# --- CSV ----------------------------------------------------------------------------------------------------


def table(tmp_path: Path, text: str, **options):
    path = tmp_path / "class.csv"
    path.write_text(text, encoding="utf-8")
    return read(path, **options)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (["0", "1", "2.5"], [0.0, 1.0, 2.5]),
        (["0:58", "0:59", "1:00"], [0.0, 1.0, 2.0]),
        (["59:59", "00:00", "00:01"], [0.0, 1.0, 2.0]),
        (["0:59:59", "1:00:00", "1:00:01"], [0.0, 1.0, 2.0]),
        (["1772472600", "1772472601", "1772472603"], [0.0, 1.0, 3.0]),
        (["1772472600000", "1772472600500", "1772472601000"], [0.0, 0.5, 1.0]),
        (["2026-03-02 17:30:00", "2026-03-02 17:30:01", "2026-03-02 17:30:02"], [0.0, 1.0, 2.0]),
        (["2026-03-02T18:30:00+01:00", "2026-03-02T17:30:01Z", ""], [0.0, 1.0]),
        (["2026-03-02 17:30:00 UTC", "2026-03-02 17:30:03 GMT"], [0.0, 3.0]),
        (["02.03.2026 17:30:00", "02.03.2026 17:30:05"], [0.0, 5.0]),
    ],
)
def test_times_are_read_as_people_write_them(tmp_path: Path, times: list[str], seconds: list[float]) -> None:
    rows = "\n".join(f"{time},{200 + i}" for i, time in enumerate(times))
    recording = table(tmp_path, f"time,power\n{rows}\n")
    assert recording.array("time_s").tolist() == seconds


def test_times_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    recording = table(tmp_path, "time,power\nhalf past five,200\nlater,210\n")
    assert recording.array("time_s").tolist() == [0.0, 1.0]
    (unread,) = (issue for issue in recording.issues if issue.code == "cells_not_read")
    assert (unread.count, "half past five" in unread.detail) == (2, True)


def test_our_own_names_units_in_brackets_and_plain_words_are_known(tmp_path: Path) -> None:
    recording = table(
        tmp_path,
        "Ride of Monday\n\nSecs;Watts;Speed [km/h];Distance (mi);Torque (N-m);right_balance_pct;Hrate;odd\n"
        "0;200,5;36;0;30;48,5;0;7\n1;201;18;1;31;49;120;7\n",
    )
    assert recording.array("power_w").tolist() == [200.5, 201.0]
    assert recording.array("speed_mps").tolist() == pytest.approx([10.0, 5.0])
    assert recording.array("distance_m").tolist() == pytest.approx([0.0, 1609.344])
    assert recording.array("torque_nm").tolist() == [30.0, 31.0]
    assert recording.array("right_balance_pct").tolist() == [48.5, 49.0]
    assert recording.samples["heart_rate_bpm"].to_list() == [None, 120.0]
    assert recording.torque_source == "crank"


def test_a_quantity_without_its_unit_is_left_out_and_said_so(tmp_path: Path) -> None:
    recording = table(tmp_path, "time,power,speed,distance (furlongs)\n0,200,30,1\n1,201,31,2\n")
    assert recording.channels == ("power_w",)
    details = [issue.detail for issue in recording.issues if issue.code == "column_not_read"]
    assert len(details) == 2
    assert "speed (m/s)" in details[0]
    assert "furlongs" in details[1]


def test_columns_can_be_named(tmp_path: Path) -> None:
    text = "t;Leistung;Trittfrequenz;v\n0;200;80;36\n1;210;81;36\n"
    named = {"t": "time_s", "Leistung": "power_w", "Trittfrequenz": "cadence_rpm", "v": "speed (km/h)"}
    recording = table(tmp_path, text, columns=named)
    assert recording.array("power_w").tolist() == [200.0, 210.0]
    assert recording.array("speed_mps").tolist() == pytest.approx([10.0, 10.0])
    with pytest.raises(BadInput, match="no column 'Kraft'"):
        table(tmp_path, text, columns={"Kraft": "power_w"})
    with pytest.raises(BadInput, match="no channel"):
        table(tmp_path, text, columns={"t": "tempo"})
    (tmp_path / "class.fit").write_bytes(fit())
    with pytest.raises(BadInput, match="columns"):
        read(tmp_path / "class.fit", columns={"t": "time_s"})


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column of this table is known"):
        table(tmp_path, "name,price\nbread,3\n")
    with pytest.raises(NotAClass, match="no samples"):
        table(tmp_path, "time,power\n")


def test_a_list_of_files_is_no_class_though_its_columns_are_called_power_and_cadence(tmp_path: Path) -> None:
    listed = "file,sport,n_record,power,cadence,heart_rate\n"
    listed += "".join(f"ride-{n}.fit,cycling,{90 + n},{95 + n},{96 + n},{n}\n" for n in range(40))
    with pytest.raises(NotAClass, match="a list of things and no samples") as caught:
        table(tmp_path, listed)
    assert "column 'file'" in str(caught.value)
    with_time = table(tmp_path, "time," + listed.replace("\nride", "\n0,ride").replace("0,ride", "1,ride"))
    assert with_time.has("power_w")


def test_rows_of_numbers_without_a_time_are_one_a_second_and_may_repeat_a_word(tmp_path: Path) -> None:
    rows = "".join(f"{'work' if n % 20 < 10 else 'rest'},{150 + n},85,--\n" for n in range(60))
    recording = table(tmp_path, f"state,power,cadence,hr\n{rows}")
    assert recording.array("time_s").tolist() == list(range(60))
    assert "time_unknown" in [issue.code for issue in recording.issues]
    unnamed = table(tmp_path, "Zeit,power\n" + "".join(f"0:{n:02d},{150 + n}\n" for n in range(60)))
    assert len(unnamed) == 60
    comma = table(tmp_path, "power;cadence\n" + "".join(f"{150 + n},5;85,25\n" for n in range(60)))
    assert comma.array("power_w")[0] == 150.5


@pytest.mark.skipif(not INDEX.is_file(), reason="no ../shared/fit-corpus beside the project")
def test_the_index_of_the_corpus_is_no_class() -> None:
    with pytest.raises(NotAClass, match="a list of things"):
        read(INDEX)


MPOWER = """
RIDE SUMMARY,
Total Time, 0.2, Minutes, 
Total Distance, 14.08, MI, 
AVG Power, 107, 
MAX Power, 170, 
AVG RPM, 75, 
AVG HR, 142, 
MAX HR, 162, 
CAL, 369, 

STAGE_1_SUMMARY,
Total Time, 53.4, Minutes, 

RIDE DATA, 
Power, RPM, HR, DISTANCE,
18,77,0,0.00,
25,91,92,0.00,
25,94,92,0.01,
27,96,92,1.00,
"""  # noqa: W291


def test_a_studio_console_without_a_clock_is_read_by_its_total_time(tmp_path: Path) -> None:
    recording = table(tmp_path, MPOWER)
    assert recording.array("time_s").tolist() == [0.0, 3.0, 6.0, 9.0]
    assert recording.array("power_w").tolist() == [18.0, 25.0, 25.0, 27.0]
    assert recording.array("cadence_rpm").tolist() == [77.0, 91.0, 94.0, 96.0]
    assert recording.samples["heart_rate_bpm"].to_list() == [None, 92.0, 92.0, 92.0]
    assert recording.array("distance_m")[3] == pytest.approx(1609.344)
    assert recording.head_unit["mean_power_w"] == 107.0
    assert recording.head_unit["duration_s"] == pytest.approx(12.0)
    assert [issue.code for issue in recording.issues] == ["coarse_step"]
    assert recording.started_at is None
    assert "MPower" in recording.power_source


@pytest.mark.parametrize(
    "total",
    [
        "Total Time, 12, Seconds",
        "Total Time, 0:12",
        "Total Time, 00:00:12, ",
        "TOTAL TIME, 0.2",
        '"Total Time","0.2","Minutes"',
    ],
)
def test_the_total_time_of_a_console_counts_in_the_unit_it_is_written_in(tmp_path: Path, total: str) -> None:
    recording = table(tmp_path, MPOWER.replace("Total Time, 0.2, Minutes, ", total, 1))
    assert recording.array("time_s").tolist() == [0.0, 3.0, 6.0, 9.0]
    assert [issue.code for issue in recording.issues] == ["coarse_step"]


def quoted(text: str) -> str:
    return "\n".join(",".join(f'"{cell.strip()}"' for cell in line.split(",")) for line in text.splitlines())


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: text.replace(",", "\t"),
        quoted,
        lambda text: text.replace("RIDE DATA", "Ride Data").replace("RIDE SUMMARY", "Ride Summary"),
        lambda text: text.replace("Power, RPM, HR, DISTANCE,", "Power (W), RPM, HR (bpm), DISTANCE,\n"),
    ],
    ids=["semicolons", "decimal commas", "tabs", "quotes", "case", "units and a blank line"],
)
def test_a_console_file_that_went_through_a_spreadsheet_is_the_same_class(tmp_path: Path, written) -> None:
    plain, recording = table(tmp_path, MPOWER), table(tmp_path, written(MPOWER))
    assert recording.samples.equals(plain.samples)
    assert recording.issues == plain.issues
    assert recording.head_unit == plain.head_unit


def test_two_rides_of_a_console_in_one_file_are_two_classes(tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text(MPOWER + MPOWER.replace("0.2, Minutes", "0.1, Minutes", 1), encoding="utf-8")
    first, second = read_all(path)
    assert first.array("time_s").tolist() == [0.0, 3.0, 6.0, 9.0]
    assert second.array("time_s").tolist() == [0.0, 1.5, 3.0, 4.5]
    assert (first.id[-2:], second.id[-2:]) == ("/0", "/1")
    path.write_text(MPOWER + "\nRIDE DATA\nPower, RPM,\n", encoding="utf-8")
    assert len(read(path)) == 4
    path.write_text("RIDE DATA\nPower,RPM\n1,2\n" * 65, encoding="utf-8")
    with pytest.raises(LimitExceeded, match="too many rides"):
        read_all(path)


def test_totals_below_the_rows_of_a_console_count_too(tmp_path: Path) -> None:
    head, _, rows = MPOWER.partition("RIDE DATA")
    assert table(tmp_path, f"RIDE DATA{rows}{head}").samples.equals(table(tmp_path, MPOWER).samples)


@pytest.mark.parametrize(
    "total", ["Total Time, 0.2, Minutes", "Total Time, , Minutes", "Total Time, 900, Minutes"]
)
def test_a_console_whose_total_time_cannot_be_is_read_each_second(tmp_path: Path, total: str) -> None:
    recording = table(tmp_path, MPOWER.replace("Total Time, 0.2, Minutes", total))
    usable = "0.2" in total
    assert recording.array("time_s")[1] == (3.0 if usable else 1.0)
    assert ("time_unknown" in {issue.code for issue in recording.issues}) is not usable
