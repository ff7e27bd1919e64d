"""What comes out of a FIT file: every odd case, built byte by byte, with the value it must have."""

from __future__ import annotations

import datetime as dt
import struct
from collections import Counter

import numpy as np
import polars as pl
import pytest

from benchmarks.faults_bombs import bombs
from benchmarks.faults_structure import EXPECTED, cases
from benchmarks.fit_bytes import (
    BYTE,
    ENUM,
    EVENT,
    FLOAT32,
    FLOAT64,
    RECORD,
    SESSION,
    SINT8,
    SINT16,
    SINT64,
    START,
    STRING,
    UINT8,
    UINT16,
    UINT16Z,
    UINT32,
    UINT64,
    compressed,
    definition,
    field_description,
    file_id,
    fit,
    good_records,
    message,
)
from telemetry.errors import BadInput, LimitExceeded
from telemetry.ingest.fit import columns, open_fit, read_messages
from telemetry.ingest.fit.activity import recordings
from telemetry.ingest.fit.decode import FitFile
from telemetry.ingest.fit.index import (
    MAX_BYTES,
    MAX_DEFINITIONS,
    MAX_MESSAGES,
    MAX_RECORDS,
    RECORD_BYTES,
)

UNIX = START + 631_065_600
TIME = struct.pack("<I", START)
STAMP = (253, 4, UINT32)


def record_file(*fields: tuple[int, int, int], rows: list[bytes], big: bool = False) -> bytes:
    """A file of records with these fields, timestamp first."""
    stamp = struct.pack(">I" if big else "<I", START)
    body = definition(0, RECORD, (STAMP, *fields), big=big)
    return fit(file_id() + body + b"".join(message(0, stamp + row) for row in rows))


# --- the good file ------------------------------------------------------------------------------------------


def test_a_class_of_three_seconds_comes_out_in_units() -> None:
    data = record_file(
        (7, 2, UINT16), (6, 2, UINT16), (30, 1, UINT8), rows=[struct.pack("<HHB", 250, 8333, 0xB4)] * 3
    )
    found = columns(data, "record")
    assert found["timestamp"].tolist() == [UNIX] * 3
    assert found["power"].tolist() == [250.0] * 3
    assert found["speed"].tolist() == [8.333] * 3
    assert found["left_right_balance"].tolist() == [180.0] * 3
    assert open_fit(data).damage == ()


def test_scaled_values_are_divided_not_multiplied() -> None:
    raw = list(range(0, 65535, 7))
    data = fit(
        definition(0, RECORD, ((6, 2, UINT16),))
        + b"".join(message(0, struct.pack("<H", value)) for value in raw)
    )
    assert columns(data, "record")["speed"].tolist() == [value / 1000 for value in raw]
    assert any(value / 1000 != value * 0.001 for value in raw), "the difference this test is about"


def test_invalid_is_nan_in_columns_and_null_in_the_table() -> None:
    data = record_file(
        (7, 2, UINT16), (3, 1, UINT8), (13, 1, SINT8), rows=[b"\xff\xff\xff\x7f", b"\x01\0\x50\xf6"]
    )
    found = columns(data, "record")
    assert np.isnan([found[name][0] for name in ("power", "heart_rate", "temperature")]).all()
    table = open_fit(data).frame("record")
    assert table["power"].to_list() == [None, 1]
    assert table["temperature"].to_list() == [None, -10]
    assert table["power"].dtype == pl.Int64


def test_the_table_has_labels_dates_and_units_applied() -> None:
    session = definition(
        1, SESSION, (STAMP, (2, 4, UINT32), (5, 1, ENUM), (6, 1, ENUM), (7, 4, UINT32), (20, 2, UINT16))
    )
    body = session + message(1, TIME + TIME + b"\x02\x06" + struct.pack("<IH", 3_600_000, 187))
    table = open_fit(fit(file_id() + body + message(1, TIME + TIME + b"\xc8\xff" + bytes(6)))).frame(
        "session"
    )
    row = table.row(0, named=True)
    assert row["timestamp"] == dt.datetime.fromtimestamp(UNIX, dt.UTC)
    assert (row["sport"], row["sub_sport"]) == ("cycling", "indoor_cycling")
    assert (row["total_elapsed_time"], row["avg_power"]) == (3600.0, 187)
    assert table.row(1, named=True)["sport"] == "200", "an unknown code is text"
    assert table.row(1, named=True)["sub_sport"] is None
    assert table.schema["timestamp"] == pl.Datetime("ms", "UTC")
    assert table.schema["total_elapsed_time"] == pl.Float64


def test_messages_are_named_in_order_of_appearance() -> None:
    fitted = open_fit(
        fit(file_id() + definition(1, 0xFF07, ((3, 1, UINT8),)) + message(1, b"\7") + good_records(2))
    )
    assert fitted.messages == ("file_id", "unknown_65287", "record")
    assert [fitted.count(name) for name in (*fitted.messages, "lap")] == [1, 1, 2, 0]
    assert fitted.frame("unknown_65287")["unknown_3"].to_list() == [7]
    assert fitted.columns("lap") == {}
    assert fitted.frame("lap").shape == (0, 0)


def test_offsets_point_at_the_message() -> None:
    data = fit(file_id() + good_records(3))
    for offset in open_fit(data).offsets("record").tolist():
        assert data[offset] == 0
        assert struct.unpack_from("<I", data, offset + 1)[0] >= START


def test_a_path_is_read_and_a_missing_one_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "class.fit"
    path.write_bytes(fit(file_id() + good_records(5)))
    assert read_messages(path)["record"].height == 5
    with pytest.raises(BadInput, match=r"none\.fit: cannot be read"):
        read_messages(tmp_path / "none.fit")


# --- fields that are not what the profile says --------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "row", "expected"),
    [
        ((7, 1, UINT8), b"\xc8", 200.0),
        ((7, 4, UINT32), struct.pack("<I", 200), 200.0),
        ((7, 2, SINT16), struct.pack("<h", -5), -5.0),
        ((7, 4, FLOAT32), struct.pack("<f", 200.5), 200.5),
        ((7, 8, FLOAT64), struct.pack("<d", 200.5), 200.5),
        ((7, 8, UINT64), struct.pack("<Q", 200), 200.0),
        ((7, 8, SINT64), struct.pack("<q", -200), -200.0),
        ((7, 2, UINT16Z), b"\0\0", None),
        ((7, 2, 0x04), struct.pack("<H", 200), 200.0),
        ((7, 2, UINT32), struct.pack("<H", 200), 200.0),
        ((7, 6, UINT16), struct.pack("<3H", 200, 300, 400), 200.0),
    ],
    ids=[
        "uint8",
        "uint32",
        "sint16",
        "float32",
        "float64",
        "uint64",
        "sint64",
        "uint16z",
        "no endian bit",
        "short",
        "array",
    ],
)
def test_power_is_read_by_the_type_the_file_declares(
    field: tuple[int, int, int], row: bytes, expected: float
) -> None:
    found = columns(record_file(field, rows=[row]), "record")["power"]
    assert np.isnan(found[0]) if expected is None else found[0] == expected


def test_an_array_for_a_scalar_gives_its_first_value_and_keeps_the_rest() -> None:
    data = record_file((7, 6, UINT16), rows=[struct.pack("<3H", 200, 300, 0xFFFF)])
    table = open_fit(data).frame("record")
    assert table["power"].to_list() == [200]
    assert table["power_all"].to_list() == [[200, 300, None]]


def test_a_string_for_a_number_is_text_beside_it() -> None:
    fitted = open_fit(
        fit(
            definition(0, RECORD, ((7, 4, STRING),)) + message(0, b"high")
            + definition(0, RECORD, ((7, 2, UINT16),)) + message(0, b"\xc8\0")
        )
    )  # fmt: skip
    assert fitted.columns("record")["power"].tolist()[1] == 200.0
    assert fitted.frame("record")["power_text"].to_list() == ["high", None]


def test_64_bit_integers_stay_exact_in_the_table() -> None:
    big = 2**63 + 12345
    body = definition(0, 0xFF00, ((1, 8, UINT64), (2, 8, SINT64), (3, 16, UINT64)))
    row = struct.pack("<QqQQ", big, -(2**60) - 1, big, 0xFFFFFFFFFFFFFFFF)
    table = open_fit(fit(body + message(0, row))).frame("unknown_65280")
    assert table.row(0) == (big, -(2**60) - 1, [big, None])


def test_bytes_are_invalid_only_together() -> None:
    body = definition(0, 0xFF00, ((1, 3, BYTE),)) + message(0, b"\xff\x01\xff") + message(0, b"\xff\xff\xff")
    assert open_fit(fit(body)).frame("unknown_65280")["unknown_1"].to_list() == [[255, 1, 255], None]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"Stages\0\0", "Stages", id="terminated"),
        pytest.param(b"StagesLR", "StagesLR", id="without end"),
        pytest.param(bytes(8), None, id="empty"),
        pytest.param(b"a\x1b[31mb\0", "a[31mb", id="control characters"),
        pytest.param(b"\xff\xfeab\0\0\0\0", "\ufffd\ufffdab", id="no UTF-8"),
        pytest.param("e\u0301t\u202e".encode() + b"\0", "ét", id="right-to-left mark"),
        pytest.param(b"  x \0\0\0\0", "x", id="blanks"),
    ],
)
def test_text_is_printable(raw: bytes, text: str | None) -> None:
    body = definition(0, 23, ((27, len(raw), STRING),)) + message(0, raw)
    assert open_fit(fit(body)).frame("device_info")["product_name"].to_list() == [text]


def test_a_type_redefined_in_mid_ride_is_read_by_the_definition_in_force() -> None:
    body = definition(0, RECORD, (STAMP, (7, 2, UINT16))) + message(0, TIME + struct.pack("<H", 100))
    body += definition(0, RECORD, ((3, 1, UINT8), STAMP), big=True) + message(
        0, b"\x50" + struct.pack(">I", START + 1)
    )
    found = columns(fit(body), "record")
    np.testing.assert_array_equal(found["timestamp"], [UNIX, UNIX + 1])
    np.testing.assert_array_equal(found["power"], [100, np.nan])
    np.testing.assert_array_equal(found["heart_rate"], [np.nan, 80])


def test_big_endian_records_read_as_little_endian_ones() -> None:
    little = record_file((7, 2, UINT16), (5, 4, UINT32), rows=[struct.pack("<HI", 250, 123456)])
    big = record_file((7, 2, UINT16), (5, 4, UINT32), rows=[struct.pack(">HI", 250, 123456)], big=True)
    for name, values in columns(little, "record").items():
        np.testing.assert_array_equal(values, columns(big, "record")[name])


# --- developer fields ---------------------------------------------------------------------------------------


def developed(
    size: int, payload: bytes, *before: bytes, after: bytes = b"", big: bool = False
) -> pl.DataFrame:
    body = definition(0, RECORD, (STAMP,), developer=((7, size, 0),), big=big)
    stamp = struct.pack(">I" if big else "<I", START)
    return open_fit(fit(file_id() + b"".join(before) + body + message(0, stamp + payload) + after)).frame(
        "record"
    )


def test_field_253_is_the_time_of_a_message_that_nobody_knows_as_well() -> None:
    body = definition(0, 65280, (STAMP, (3, 1, UINT8))) + message(0, TIME + b"\x07") * 2
    body += definition(1, 65281, ((3, 1, UINT8),)) + bytes([0xA0 | (START + 4) & 31, 9])
    found = open_fit(fit(file_id() + body))
    for name, seconds in (("unknown_65280", 0), ("unknown_65281", 4)):
        table = found.frame(name)
        assert table.schema["timestamp"] == pl.Datetime("ms", "UTC"), name
        at = dt.datetime.fromtimestamp(UNIX + seconds, dt.UTC)
        assert table["timestamp"].unique().to_list() == [at], name


def test_a_developer_field_has_its_own_name_and_units() -> None:
    before = field_description(1, 0, 7, UINT16, b"Leg load", b"N m")
    data = fit(
        before + definition(0, RECORD, (STAMP,), developer=((7, 2, 0),)) + message(0, TIME + b"\x2a\0")
    )
    assert columns(data, "record")["Leg load"].tolist() == [42.0]
    info = next(field for field in open_fit(data).declared("record") if field.developer)
    assert (info.name, info.units, info.base_type) == ("Leg load", "N m", "uint16")


def test_a_developer_field_of_size_0_loses_nothing() -> None:
    assert developed(0, b"", field_description(1, 0, 7, UINT16)).height == 1


def test_a_developer_field_whose_size_fits_no_multiple_is_kept_as_bytes() -> None:
    assert developed(3, b"\1\2\3", field_description(1, 0, 7, UINT16))["load"].to_list() == [[1, 2, 3]]


def test_a_developer_field_that_nobody_declared_is_kept_under_its_numbers() -> None:
    assert developed(2, b"\1\2")["developer_0_7"].to_list() == [[1, 2]]


def test_a_developer_field_declared_late_takes_that_description() -> None:
    assert developed(2, b"\x2a\0", after=field_description(1, 0, 7, UINT16))["load"].to_list() == [42]


def test_a_redeclared_developer_field_is_read_by_what_was_said_when_it_was_defined() -> None:
    body = field_description(1, 0, 7, UINT16) + definition(0, RECORD, (), developer=((7, 4, 0),))
    body += message(0, struct.pack("<HH", 7, 8)) + field_description(1, 0, 7, FLOAT32)
    body += message(0, struct.pack("<HH", 9, 10)) + definition(0, RECORD, (), developer=((7, 4, 0),))
    body += message(0, struct.pack("<f", 1.5))
    found = open_fit(fit(body))
    assert found.columns("record")["load"].tolist()[2] == 1.5
    assert found.frame("record")["load_all"].to_list() == [[7.0, 8.0], [9.0, 10.0], None]


def test_a_developer_field_described_anew_as_another_quantity_has_a_column_of_its_own() -> None:
    body = field_description(1, 0, 7, UINT16, b"Leg load", b"N m")
    body += definition(0, RECORD, (), developer=((7, 2, 0),)) + message(0, b"\x2a\0")
    body += field_description(1, 0, 7, UINT16, b"Skin", b"C")
    body += definition(0, RECORD, (), developer=((7, 2, 0),)) + message(0, b"\x20\0")
    body += field_description(1, 0, 7, UINT16, b"Skin", b"F")
    body += definition(0, RECORD, (), developer=((7, 2, 0),)) + message(0, b"\x5a\0")
    found = open_fit(fit(body))
    assert found.frame("record").to_dict(as_series=False) == {
        "Leg load": [42, None, None],
        "Skin": [None, 32, None],
        "Skin_dev0": [None, None, 90],
    }
    told = [(field.name, field.units) for field in found.declared("record")]
    assert told == [("Leg load", "N m"), ("Skin", "C"), ("Skin", "F")]


def test_a_big_endian_developer_field_is_turned_round() -> None:
    assert developed(2, b"\0\x2a", field_description(1, 0, 7, UINT16), big=True)["load"].to_list() == [42]


def test_a_developer_field_never_takes_the_name_of_the_profile() -> None:
    before = field_description(1, 0, 7, UINT16, b"power")
    body = definition(0, RECORD, ((7, 2, UINT16),), developer=((7, 2, 0),)) + message(0, b"\x64\0\xc8\0")
    table = open_fit(fit(before + body)).frame("record")
    assert table["power"].to_list() == [100]
    assert table["power_dev0"].to_list() == [200]


# --- times --------------------------------------------------------------------------------------------------


def test_times_in_header_bytes_are_seeded_by_any_message() -> None:
    body = definition(1, EVENT, (STAMP,)) + message(1, TIME) + definition(0, RECORD, ((7, 2, UINT16),))
    body += b"".join(compressed(0, START + 3 * i, b"\x64\0") for i in range(1, 40))
    found = columns(fit(body), "record")["timestamp"]
    assert found.tolist() == [UNIX + 3 * i for i in range(1, 40)]


def test_a_time_in_a_header_byte_without_any_before_is_unknown() -> None:
    body = definition(0, RECORD, ((7, 2, UINT16),)) + compressed(0, 9, b"\x64\0")
    assert "timestamp" not in columns(fit(body), "record")


def test_a_time_relative_to_the_device_is_null_with_the_raw_value_beside_it() -> None:
    body = definition(0, RECORD, (STAMP,)) + message(0, struct.pack("<I", 4711)) + message(0, TIME)
    found = open_fit(fit(body))
    np.testing.assert_array_equal(found.columns("record")["timestamp"], [np.nan, UNIX])
    assert found.columns("record")["timestamp_raw"].tolist()[0] == 4711
    assert found.frame("record")["timestamp"].to_list()[0] is None
    assert found.frame("record")["timestamp_raw"].to_list()[0] == 4711


def test_times_that_jump_43_years_are_read_as_they_stand() -> None:
    jumps = [0, 27 * 86400, -5, 43 * 31_557_600, 1]
    body = definition(0, RECORD, (STAMP,)) + b"".join(message(0, struct.pack("<I", START + j)) for j in jumps)
    assert columns(fit(body), "record")["timestamp"].tolist() == [UNIX + j for j in jumps]


# --- components and subfields -------------------------------------------------------------------------------


def test_speed_fills_enhanced_speed_where_the_file_has_none() -> None:
    found = columns(record_file((6, 2, UINT16), rows=[struct.pack("<H", 8333)]), "record")
    assert found["enhanced_speed"].tolist() == found["speed"].tolist() == [8.333]


def test_enhanced_speed_of_the_file_wins_and_its_gaps_are_filled() -> None:
    rows = [struct.pack("<HI", 1000, 2000), struct.pack("<HI", 1000, 0xFFFFFFFF)]
    assert columns(record_file((6, 2, UINT16), (73, 4, UINT32), rows=rows), "record")[
        "enhanced_speed"
    ].tolist() == [2, 1]


def test_compressed_speed_and_distance_are_taken_apart_and_roll_over() -> None:
    def packed(speed: int, distance: int) -> bytes:
        return (speed | distance << 12).to_bytes(3, "little")

    rows = [packed(250, 4000), packed(300, 4090), packed(350, 84), b"\xff\xff\xff"]
    found = columns(record_file((8, 3, BYTE), rows=rows), "record")
    np.testing.assert_array_equal(found["speed"], [2.5, 3.0, 3.5, np.nan])
    np.testing.assert_array_equal(found["distance"], [4000 / 16, 4090 / 16, (4096 + 84) / 16, np.nan])


def test_compressed_accumulated_power_rolls_over() -> None:
    rows = [struct.pack("<H", value) for value in (65000, 65400, 100, 600)]
    found = columns(record_file((28, 2, UINT16), rows=rows), "record")["accumulated_power"]
    assert found.tolist() == [65000, 65400, 65636, 66136]


def test_event_data_is_read_by_what_the_event_is() -> None:
    body = definition(0, EVENT, (STAMP, (0, 1, ENUM), (1, 1, ENUM), (3, 4, UINT32)))
    for event, kind, data in ((44, 3, 1), (43, 3, 0x0A010B02), (0, 0, 0), (11, 3, 3700)):
        body += message(0, TIME + bytes([event, kind]) + struct.pack("<I", data))
    table = open_fit(fit(body)).frame("event")
    assert table["event"].to_list() == ["rider_position_change", "rear_gear_change", "timer", "battery"]
    assert table["rider_position"].to_list() == ["standing", None, None, None]
    assert table["timer_trigger"].to_list() == [None, None, "manual", None]
    assert table["battery_level"].to_list() == [None, None, None, 3.7]
    gears = table.select("rear_gear_num", "rear_gear", "front_gear_num", "front_gear").row(1)
    assert gears == (2, 11, 1, 10)
    assert table["data"].to_list() == [1, 0x0A010B02, 0, 3700], "the raw value stays"


def test_event_data16_fills_data() -> None:
    body = definition(0, EVENT, (STAMP, (0, 1, ENUM), (2, 2, UINT16))) + message(0, TIME + b"\x2c\1\0")
    assert columns(fit(body), "event")["data"].tolist() == [1.0]


def test_cycles_of_a_ride_are_strokes() -> None:
    body = definition(0, SESSION, ((5, 1, ENUM), (10, 4, UINT32))) + message(
        0, b"\2" + struct.pack("<I", 5400)
    )
    table = open_fit(fit(body)).frame("session")
    assert table["total_cycles"].to_list() == table["total_strokes"].to_list() == [5400]


def test_heart_beats_are_unpacked_from_twelve_bytes() -> None:
    ticks = [100, 900, 1700, 2500, 3300, 4, 804, 1604]  # rolls over 4096 between the fifth and the sixth
    packed = bytearray()
    for a, b in zip(ticks[::2], ticks[1::2], strict=True):
        packed += bytes([a & 0xFF, a >> 8 | (b & 0xF) << 4, b >> 4])
    body = definition(0, 132, ((9, 4, UINT32),)) + message(0, struct.pack("<I", 10 * 4096 + 50))
    body += definition(1, 132, ((10, 12, BYTE),)) + message(1, bytes(packed))
    beats = open_fit(fit(body)).frame("hr")["event_timestamp"].to_list()
    rolled = [10 * 4096 + tick + (4096 if i > 4 else 0) for i, tick in enumerate(ticks)]
    assert beats == [[(10 * 4096 + 50) / 1024], [tick / 1024 for tick in rolled]]


def test_rr_intervals_are_lists() -> None:
    body = definition(0, 78, ((0, 10, UINT16),)) + message(
        0, struct.pack("<5H", 812, 799, 0xFFFF, 0xFFFF, 0xFFFF)
    )
    assert open_fit(fit(body)).frame("hrv")["time"].to_list() == [[0.812, 0.799, None, None, None]]


# --- files that are damaged, or none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"), list(cases()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_thousand_good_records_come_out_behind_anything(name: str, data: bytes) -> None:
    fitted = open_fit(data)
    found = fitted.columns("record")
    have = Counter(zip(*(found[key].tolist() for key in ("timestamp", "power", "heart_rate")), strict=True))
    assert sum(have[row] == 0 for row in EXPECTED) == 0
    assert all(
        table.height == fitted.count(message) for message, table in fitted.frames().items() if table.width
    )


GOOD = file_id() + good_records(100)


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (fit(GOOD), []),
        (fit(GOOD, header_size=12), []),
        (fit(GOOD, header_crc=0), []),
        (fit(GOOD, header_crc=7), ["header_crc"]),
        (fit(GOOD, crc=7), ["file_crc"]),
        (fit(GOOD, data_size=0), ["recorder_died"]),
        (fit(GOOD, data_size=0xFFFFFFFF), ["recorder_died"]),
        (fit(GOOD, data_size=0, closed=False), ["recorder_died", "no_crc"]),
        (fit(GOOD + b"\0\1\2", data_size=0, closed=False), ["recorder_died", "no_crc", "truncated"]),
        (fit(GOOD)[:-30], ["truncated", "no_crc", "truncated"]),
        (fit(GOOD) + b"junk", ["trailing_bytes"]),
        (b"\x0d" + fit(GOOD)[1:], ["header", "header_crc", "file_crc"]),
    ],
    ids=["good", "12 bytes", "no header checksum", "header checksum", "file checksum", "length 0",
         "length 2^32-1", "died", "died in a record", "cut", "junk behind", "header size"],
)  # fmt: skip
def test_damage_is_named_and_nothing_whole_is_lost(data: bytes, kinds: list[str]) -> None:
    fitted = open_fit(data)
    assert [damage.kind for damage in fitted.damage] == kinds
    assert fitted.count("record") >= 96
    assert not fitted.salvaged
    assert not fitted.doubtful("record").any()
    for damage in fitted.damage:
        assert 0 <= damage.offset <= len(data)
        assert damage.detail


def test_a_file_cut_anywhere_keeps_every_whole_message_and_is_called_cut() -> None:
    body = file_id() + definition(0, RECORD, (STAMP,)) + message(0, TIME)
    body += definition(1, RECORD, ((3, 1, UINT8),))
    body += b"".join(bytes([0xA0 | (i + 1) & 31, 100 + i]) for i in range(40))  # two bytes each
    whole = fit(body)
    first = open_fit(whole).offsets("record").tolist()[1]
    for cut in range(first + 2, first + 80):
        for data in (whole[:cut], whole[:4] + bytes(4) + whole[8:cut]):
            fitted = open_fit(data)
            assert fitted.count("record") == 1 + (cut - first) // 2, cut
            kinds = {damage.kind for damage in fitted.damage}
            assert kinds & {"truncated", "recorder_died"}, cut
            assert "no_crc" in kinds, cut
            assert not kinds & {"lying_size", "file_crc"}, cut


def test_records_behind_a_hole_are_found_and_marked() -> None:
    data = bytearray(fit(GOOD))
    middle = open_fit(bytes(data)).offsets("record").tolist()[50]
    data[middle : middle + 11] = b"\x0e" * 11  # a type that is not defined
    fitted = open_fit(bytes(data))
    assert fitted.salvaged
    assert [damage.kind for damage in fitted.damage] == ["file_crc", "resync"]
    hole = fitted.damage[1]
    assert hole.offset <= middle + 8
    assert hole.offset + hole.size >= middle
    assert fitted.count("record") == 98
    doubtful = fitted.doubtful("record")
    assert not doubtful[:49].any()
    assert doubtful[49:].all(), "the record before the hole, and all behind it"


def test_only_a_file_without_a_right_checksum_is_searched_for_records_without_time() -> None:
    times = [*range(1_000_000_000, 1_000_000_060), 0xFFFFFFFF, 0xFFFFFFFF, 1_000_000_062]
    body = file_id() + definition(0, RECORD, ((253, 4, UINT32), (7, 2, UINT16)))
    body += b"".join(message(0, struct.pack("<IH", time, 200)) for time in times)
    assert not open_fit(fit(body)).doubtful("record").any(), "its checksum vouches for it, however odd"
    for data in (fit(body)[:-2] + b"\0\0", fit(body, closed=False)):
        fitted = open_fit(data)
        assert fitted.count("record") == len(times)
        assert np.flatnonzero(fitted.doubtful("record")).tolist() == [60, 61]
        assert not fitted.doubtful("file_id").any()


def test_the_header_may_lie_about_its_length_in_any_way() -> None:
    whole = fit(GOOD)
    for lie in (1, 20, len(GOOD) - 1, len(GOOD) + 1, 2 * len(GOOD), 0x7FFFFFFF):
        fitted = open_fit(whole[:4] + struct.pack("<I", lie) + whole[8:])
        assert fitted.count("record") == 100, lie
        assert {damage.kind for damage in fitted.damage} & {"lying_size", "truncated"}, lie


def test_chained_files_keep_their_own_definitions() -> None:
    other = file_id() + definition(0, EVENT, (STAMP,)) + message(0, TIME)
    fitted = open_fit(fit(GOOD) + fit(other) + fit(GOOD))
    assert fitted.sections == 3
    assert fitted.section("record").tolist() == [0] * 100 + [2] * 100
    assert fitted.count("event") == 1
    assert fitted.damage == ()


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        (b'{"error": "not found"}', "JSON text"),
        (b"\x00\x05\x16\x07" + bytes(60), "an AppleDouble file"),
        (b"\x1f\x8b\x08" + bytes(40), "gzip-compressed data"),
        (b"<?xml version='1.0'?><TrainingCenterDatabase>", "a TCX document"),
        (bytes(300), "nothing but zero bytes"),
        (b"time,power\n1,200\n", "plain text"),
        (b"x", "a file of only 1 byte"),
        (b"\x0e\x10", "a file of only 2 bytes"),
    ],
)
def test_what_is_no_fit_file_is_said_in_one_sentence(data: bytes, looks: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_fit(data, "class.fit")
    assert "class.fit: this is not a FIT file" in str(caught.value)
    assert looks in str(caught.value)


def test_a_header_alone_is_a_file_without_messages() -> None:
    assert open_fit(fit(b"")).messages == ()
    assert open_fit(fit(b"")[:14]).messages == ()


# --- limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (fit(b"") + bytes(MAX_BYTES.value), "the file is too large"),
        (fit(definition(0, RECORD, ()) + b"\0" * (MAX_MESSAGES.value + 5)), "too many messages"),
        (fit(definition(0, RECORD, ()) * (MAX_DEFINITIONS.value + 5)), "too many definitions"),
        (fit(file_id()) * 65, "too many files are chained"),
    ],
    ids=["bytes", "messages", "definitions", "files"],
)
def test_a_file_beyond_the_limits_is_refused_with_the_limit(data: bytes, problem: str) -> None:
    with pytest.raises(LimitExceeded, match=problem) as caught:
        open_fit(data, "class.fit")
    assert "at most" in str(caught.value)


def test_64_chained_files_and_10000_definitions_are_within_the_limits() -> None:
    assert open_fit(fit(file_id()) * 64).sections == 64
    body = definition(0, RECORD, ()) * (MAX_DEFINITIONS.value - 1) + good_records(3)
    assert open_fit(fit(body)).count("record") == 3


def test_a_257th_developer_field_is_refused() -> None:
    body = b"".join(field_description(1, i // 256, i % 255, UINT16) for i in range(300))
    body += definition(0, RECORD, (STAMP,), developer=((7, 2, 0),)) + message(0, TIME + b"\1\0")
    fitted = open_fit(fit(body))
    assert fitted.count("field_description") == 300
    with pytest.raises(LimitExceeded, match="too many developer fields"):
        fitted.columns("record")


def test_a_table_out_of_proportion_to_the_file_is_refused() -> None:
    wide = definition(0, RECORD, tuple((i, 1, UINT8) for i in range(253))) + message(0, bytes(253))
    body = wide + definition(0, RECORD, ((3, 1, UINT8),)) + b"\0\x50" * 40_000
    with pytest.raises(LimitExceeded, match="out of proportion"):
        columns(fit(body), "record")


def test_days_of_records_too_short_to_be_a_ride_are_refused() -> None:
    def ride(n: int, size: int) -> FitFile:
        fields = ((3, 1, UINT8), (200, size - 2, BYTE))[: size - 1]
        return open_fit(fit(definition(0, RECORD, fields) + message(0, bytes([80] * (size - 1))) * n))

    most = MAX_RECORDS.value
    with pytest.raises(LimitExceeded, match="the records would be out of proportion") as refused:
        recordings(ride(most + 100_000, 2), id="bomb")
    assert f"{most + 100_000:,}" in str(refused.value)
    assert len(recordings(ride(most + 100, RECORD_BYTES), id="long")) == 1


def test_bombs_give_rows_or_a_limit_and_nothing_else() -> None:
    refused = []
    for _, data in bombs(30_000):
        try:
            open_fit(data).frames()
        except LimitExceeded as error:
            refused.append(str(error))
    assert refused
    assert all("at most" in sentence for sentence in refused)


def test_a_message_laid_out_in_too_many_ways_is_refused() -> None:
    body = b"".join(
        definition(0, RECORD, tuple(((i + k) % 253, 1, UINT8) for k in range(250))) + message(0, bytes(250))
        for i in range(253)
    )
    assert len(columns(fit(body), "record")) > 200
    wide = b"".join(
        definition(0, RECORD, tuple((k, 1 + (i >> k % 10) % 2, UINT8) for k in range(250)))
        + message(0, bytes(sum(1 + (i >> k % 10) % 2 for k in range(250))))
        for i in range(500)
    )
    with pytest.raises(LimitExceeded, match="laid out in too many ways"):
        columns(fit(wide), "record")
