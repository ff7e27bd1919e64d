"""Files made to hurt: each is one clear sentence or an issue, long before it costs time or memory."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from telemetry.errors import BadInput, LimitExceeded, NotAClass, TelemetryError
from telemetry.ingest import read
from telemetry.ingest.readers.csv_columns import Column, column
from telemetry.ingest.readers.csv_lines import LONGEST_LINE, MOST_LINES
from telemetry.ingest.readers.gz import unpack
from telemetry.model import ClassRecording

MB = 1 << 20
TRACK = b'<TrainingCenterDatabase><Activities><Activity Sport="Biking"><Lap><Track>'


def archive(kind: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "."), data)
    return out.getvalue()


def failing_late(count: int) -> bytes:
    """Members that unpack well and are found to be damaged at their very end."""
    data = bytearray(archive(**{f"m{i}__csv": random.Random(i).randbytes(20_000) * 40 for i in range(count)}))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 16] ^= 0xFF  # the checksum in the directory
        at += 4
    return bytes(data)


def shared(count: int) -> bytes:
    """Members that are all the same packed bytes, named again and again in the directory."""
    data = archive(a__csv=b"power_w\n" + b"1\n" * 100_000)
    begin, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[begin:end] * count
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), begin, 0)
    return data[:begin] + directory + tail


HOSTILE: dict[str, tuple[str, Callable[[], bytes], type[TelemetryError], str]] = {
    "ten million columns": (
        ".csv",
        lambda: b"power_w\n" + b"," * (10 * MB),
        LimitExceeded,
        "a line is too long",
    ),
    "one endless line": (
        ".csv",
        lambda: b"power_w\n" + b"1" * (8 * MB),
        LimitExceeded,
        "line 2: a line is too long",
    ),
    "an endless header": (".csv", lambda: b"x" * (8 * MB), LimitExceeded, "line 1: a line is too long"),
    "millions of empty lines": (
        ".csv",
        lambda: b"power_w\n" + b"\n" * (8 * MB),
        LimitExceeded,
        "too many lines",
    ),
    "millions of rows": (
        ".csv",
        lambda: b"power_w,x\n" + b"1,2\n" * (2 * MB),
        LimitExceeded,
        "too many lines",
    ),
    "a quote that never ends": (".csv", lambda: b'power_w,time_s\n"' + b"1,2\n" * 60_000, BadInput, "no CSV"),
    "headers that backtrack": (
        ".csv",
        lambda: ((b"(" + b" " * 57 + b"x,") * 500 + b"\n") * 60,
        BadInput,
        "no column",
    ),
    "a console of endless cells": (
        ".csv",
        lambda: b"RIDE DATA\n" + b"," * (8 * MB),
        LimitExceeded,
        "a line is too long",
    ),
    "a console without columns": (".csv", lambda: b"RIDE DATA\n\n\n", BadInput, "no columns stand below"),
    "a console without rows": (".csv", lambda: b"RIDE DATA\nPower,RPM\n", NotAClass, "no samples"),
    "binary in a table": (".csv", lambda: b"time_s,power_w\n\0\0", BadInput, "no text"),
    "deep tags": (".tcx", lambda: b"<a>" * MB, LimitExceeded, "too many levels of tags"),
    "tags of a million names": (
        ".tcx",
        lambda: TRACK + b"".join(b"<a%d/>" % i for i in range(5000)),
        LimitExceeded,
        "too many kinds",
    ),
    "a tag of endless attributes": (
        ".tcx",
        lambda: b"<TrainingCenterDatabase " + b"".join(b'a%d="" ' % i for i in range(400_000)),
        LimitExceeded,
        "a tag is too long",
    ),
    "an endless comment": (
        ".tcx",
        lambda: TRACK + b"<!--" + b"x" * (4 * MB),
        LimitExceeded,
        "a tag is too long",
    ),
    "trackpoints without end": (
        ".tcx",
        lambda: TRACK + b"<Trackpoint/>" * 300_000,
        LimitExceeded,
        "too many trackpoints",
    ),
    "activities without end": (
        ".tcx",
        lambda: b"<TrainingCenterDatabase>" + b"<Activity/>" * 1000,
        LimitExceeded,
        "too many activities",
    ),
    "an entity bomb": (
        ".tcx",
        lambda: b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><TrainingCenterDatabase>&b;',
        BadInput,
        "entities",
    ),
    "an unknown encoding": (
        ".tcx",
        lambda: b'<?xml version="1.0" encoding="klingon"?>' + TRACK,
        BadInput,
        "no TCX",
    ),
    "a gzip of a million parts": (
        ".csv.gz",
        lambda: gzip.compress(b"") * 100_000,
        LimitExceeded,
        "too many parts",
    ),
    "a gzip bomb": (".csv.gz", lambda: gzip.compress(b"0" * (40 * MB)), LimitExceeded, "unpacks to more"),
    "a gzip in a gzip": (
        ".csv.gz",
        lambda: gzip.compress(gzip.compress(b"power_w\n1\n")),
        BadInput,
        "no text",
    ),
    "a zip in a zip": (
        ".zip",
        lambda: archive(a__zip=archive(b__csv=b"power_w\n1\n")),
        NotAClass,
        "no class file",
    ),
    "members that share their packed bytes": (".zip", lambda: shared(199), LimitExceeded, "unpacks to more"),
    "a member of too many lines": (
        ".zip",
        lambda: archive(a__csv=b"power_w\n" + b"1\n" * 300_000),
        LimitExceeded,
        "class.zip, member a.csv: too many lines",
    ),
    "members that fail only at their end": (
        ".zip",
        lambda: failing_late(150),
        LimitExceeded,
        "unpacks to more",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_hurt_is_one_sentence_and_little_memory(name: str, tmp_path: Path) -> None:
    suffix, build, error, words = HOSTILE[name]
    path = tmp_path / f"class{suffix}"
    path.write_bytes(build())
    size = path.stat().st_size
    tracemalloc.start()
    try:
        with pytest.raises(error) as caught:
            read(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    said = str(caught.value)
    assert words in said
    assert "class" + suffix in said
    assert len(said) < 400
    assert most <= 64 * MB + 10 * size


def table(tmp_path: Path, data: str | bytes) -> ClassRecording:
    path = tmp_path / "class.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path)


def codes(recording: ClassRecording) -> list[str]:
    return [issue.code for issue in recording.issues]


# --- tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_of_every_system(tmp_path: Path, encoding: str, end: str) -> None:
    text = end.join(["time_s,power_w", "0,200", "1,210", ""])
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    recording = table(tmp_path, mark + text.encode(encoding))
    assert recording.array("power_w").tolist() == [200.0, 210.0]
    assert codes(recording) == []


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_a_decimal_comma_where_something_else_parts_the_columns(tmp_path: Path, mark: str) -> None:
    rows = ["time_s,power_w,cadence_rpm", "0|200,5|80,25", "0,5|201|81"]
    recording = table(tmp_path, "\n".join([rows[0].replace(",", "|"), *rows[1:]]).replace("|", mark) + "\n")
    assert recording.array("power_w").tolist() == [200.5, 201.0]
    assert recording.array("cadence_rpm").tolist() == [80.25, 81.0]
    assert recording.array("time_s").tolist() == [0.0, 0.5]


def test_a_quoted_number_that_cannot_be_read_is_counted_and_not_made_up(tmp_path: Path) -> None:
    recording = table(tmp_path, 'time_s,power_w\n0,"1,234"\n1,200\n2,--\n3,\n4,oops\n')
    assert recording.samples["power_w"].to_list() == [None, 200.0, None, None, None]
    (issue,) = recording.issues
    assert (issue.code, issue.count) == ("cells_not_read", 2)
    assert "'power_w'" in issue.detail


def test_a_header_that_stands_twice_is_said(tmp_path: Path) -> None:
    recording = table(tmp_path, "time_s,power,Power (W),watts\n0,200,100,7\n1,201,101,7\n")
    assert recording.array("power_w").tolist() == [200.0, 201.0]
    assert [issue.detail for issue in recording.issues] == [
        "column 'Power (W)' is a second power_w: the first is taken",
        "column 'watts' is a second power_w: the first is taken",
    ]


def test_of_a_date_and_an_hour_the_one_that_runs_is_the_time(tmp_path: Path) -> None:
    recording = table(
        tmp_path,
        "date,time,power\n2026-03-02,17:30:00,200\n2026-03-02,17:30:01,201\n2026-03-02,17:30:02,202\n",
    )
    assert recording.array("time_s").tolist() == [0.0, 1.0, 2.0]
    assert codes(recording) == []


def test_negative_and_impossible_times_keep_their_order_and_allocate_nothing(tmp_path: Path) -> None:
    recording = table(tmp_path, "time_s,power_w\n-3,200\n-2,201\n-1,202\n0,203\n")
    assert recording.array("time_s").tolist() == [0.0, 1.0, 2.0, 3.0]
    wild = table(tmp_path, "time_s,power_w\n0,200\n1e300,201\n-1e9,202\nnan,203\n4,204\n")
    assert np.all(np.diff(wild.array("time_s")) > 0)
    assert {"clock_jump", "time_missing"} <= set(codes(wild))


def test_rows_too_long_and_too_short_keep_their_known_cells(tmp_path: Path) -> None:
    recording = table(tmp_path, "time_s,power_w,cadence_rpm\n0,200\n1,201,81,9,9,9\n2,202,82\n")
    assert recording.samples["cadence_rpm"].to_list() == [None, 81.0, 82.0]


def test_the_limits_stand_where_they_are_said(tmp_path: Path) -> None:
    fits = "power_w,note\n1," + "x" * (LONGEST_LINE - 3) + "\n"
    assert table(tmp_path, fits).array("power_w").tolist() == [1.0]
    with pytest.raises(LimitExceeded):
        table(tmp_path, fits.replace("1,", "11,"))
    rows = "power_w\n" + "1\n" * (MOST_LINES - 1)
    assert len(table(tmp_path, rows)) == MOST_LINES - 1
    with pytest.raises(LimitExceeded):
        table(tmp_path, rows + "1\n")


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("Speed (km/h)", Column("speed_mps", 1 / 3.6)),
        ("speed [ km/h ]", Column("speed_mps", 1 / 3.6)),
        ("Power ( W )", Column("power_w")),
        ("(W)", None),
        ("Power (", None),
        ("Power )", None),
        ("()", None),
        ("", None),
    ],
)
def test_units_in_brackets(header: str, wanted: Column | None) -> None:
    assert column(header) == wanted


# --- consoles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head", ["", "RIDE SUMMARY\n\n", "RIDE SUMMARY\nTotal Time,x\n\n", "STAGE_1_SUMMARY\nA,1\n\n"]
)
def test_a_console_without_totals_is_read_each_second_and_says_so(tmp_path: Path, head: str) -> None:
    recording = table(tmp_path, head + "RIDE DATA\nPower,RPM,HR,DISTANCE\n150,80,0,0.1\n155,x,121\n")
    assert recording.array("time_s").tolist() == [0.0, 1.0]
    assert recording.samples["cadence_rpm"].to_list() == [80.0, None]
    assert recording.samples["heart_rate_bpm"].to_list() == [None, 121.0]
    assert codes(recording) == ["time_unknown"]


def test_a_console_with_a_column_twice_takes_the_first(tmp_path: Path) -> None:
    recording = table(tmp_path, "RIDE DATA\nPower,Power,RPM\n150,1,80\n155,2,81\n")
    assert recording.array("power_w").tolist() == [150.0, 155.0]


# --- XML and packed files -----------------------------------------------------------------------------------


def test_blanks_before_the_declaration_as_some_exporters_write_them(tmp_path: Path) -> None:
    path = tmp_path / "class.tcx"
    point = b"<Trackpoint><Time>2026-03-02T17:30:0%dZ</Time><Watts>%d</Watts></Trackpoint>"
    points = b"".join(point % (second, 200 + second) for second in range(3))
    end = b"</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    path.write_bytes(b'\n         <?xml version="1.0"?>' + TRACK + points + end)
    assert read(path).array("power_w").tolist() == [200.0, 201.0, 202.0]


def test_values_of_a_lap_are_not_those_of_its_points(tmp_path: Path) -> None:
    path = tmp_path / "class.tcx"
    path.write_text(
        '<TrainingCenterDatabase><Activity Sport="Biking"><Lap StartTime="2026-03-02T17:30:00Z">'
        "<TotalTimeSeconds>2</TotalTimeSeconds><Cadence>99</Cadence>"
        "<AverageHeartRateBpm><Value>150</Value></AverageHeartRateBpm><Track>"
        "<Trackpoint><Time>2026-03-02T17:30:00Z</Time><HeartRateBpm><Value>120</Value></HeartRateBpm></Trackpoint>"
        "<Trackpoint><Time>2026-03-02T17:30:01Z</Time><Cadence>80</Cadence></Trackpoint>"
        "</Track><TriggerMethod>Manual</TriggerMethod></Lap></Activity></TrainingCenterDatabase>",
        encoding="utf-8",
    )
    recording = read(path)
    assert recording.samples["cadence_rpm"].to_list() == [None, 80.0]
    assert recording.samples["heart_rate_bpm"].to_list() == [120.0, None]
    assert [(lap.start_s, lap.stop_s, lap.trigger) for lap in recording.laps] == [(0.0, 2.0, "manual")]


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_gzip_of_one_part_and_of_several_comes_out_whole(size: int, level: int) -> None:
    body = (b"0123456789" * (size // 10 + 1))[:size]
    assert unpack(gzip.compress(body, level), "x.gz") == (body, True)
    parts = gzip.compress(body, level) + gzip.compress(b"end", level) + b"padding"
    assert unpack(parts, "x.gz") == (body + b"end", True)
    # without its trailer (eight bytes) the data itself is whole
    cut, whole = unpack(gzip.compress(random.Random(1).randbytes(100) + body, level)[:-8], "x.gz")
    assert not whole
    assert len(cut) >= size


def test_a_gzip_with_a_fault_keeps_what_came_before_it() -> None:
    body = random.Random(3).randbytes(200_000)
    packed = gzip.compress(body)
    assert unpack(packed[:-8] + bytes(8), "x.gz") == (body, False)
    assert unpack(gzip.compress(b"short")[:-8] + bytes(8), "x.gz") == (b"short", False)
    text = b"".join(b"%d,%d\n" % (i, i * i % 977) for i in range(60_000))
    packed = bytearray(gzip.compress(text))
    packed[len(packed) // 2] ^= 0xFF
    before, whole = unpack(bytes(packed), "x.gz")
    assert not whole
    assert before[: len(text) // 3] == text[: len(text) // 3]
