"""FIT bytes from values: definitions, rows of any message, developer fields, checksums.

Comes in: message and field names of the profile, or numbers with a base type, and columns of values. Goes
out: the bytes of one FIT file. Leaves to others: what a whole activity consists of (`export.py`).

Rows are packed as one NumPy structured array per call, so that three hours at 4 Hz cost milliseconds.
Layout: FIT protocol 2.0 as `fit.md` describes it; our own reader and fitdecode are the witnesses.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from telemetry.errors import BadInput

FIT_EPOCH_S = 631065600
"""1989-12-31T00:00:00Z in Unix seconds."""

TIMESTAMP = 253


@dataclass(frozen=True, slots=True)
class BaseType:
    """One FIT base type: its number, NumPy kind and size, and the raw value that means "not reported"."""

    number: int
    kind: str
    invalid: int | float | None


# fmt: off
BASE_TYPES: dict[str, BaseType] = {
    "enum":    BaseType(0x00, "u1", 0xFF),
    "sint8":   BaseType(0x01, "i1", 0x7F),
    "uint8":   BaseType(0x02, "u1", 0xFF),
    "sint16":  BaseType(0x83, "i2", 0x7FFF),
    "uint16":  BaseType(0x84, "u2", 0xFFFF),
    "sint32":  BaseType(0x85, "i4", 0x7FFFFFFF),
    "uint32":  BaseType(0x86, "u4", 0xFFFFFFFF),
    "string":  BaseType(0x07, "S", None),
    "float32": BaseType(0x88, "f4", float("nan")),
    "float64": BaseType(0x89, "f8", float("nan")),
    "uint8z":  BaseType(0x0A, "u1", 0),
    "uint16z": BaseType(0x8B, "u2", 0),
    "uint32z": BaseType(0x8C, "u4", 0),
    "byte":    BaseType(0x0D, "u1", 0xFF),
    "sint64":  BaseType(0x8E, "i8", 0x7FFFFFFFFFFFFFFF),
    "uint64":  BaseType(0x8F, "u8", 0xFFFFFFFFFFFFFFFF),
    "uint64z": BaseType(0x90, "u8", 0),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is written. `developer` is the index of its developer, None for the profile's own."""

    number: int
    base: str
    scale: float = 1.0
    offset: float = 0.0
    developer: int | None = None


MESSAGES: dict[str, int] = {}
FIELDS: dict[str, dict[str, Field]] = {}


def _table(message: str, number: int, rows: str) -> None:
    """Fields of one message from lines "name number base [scale [offset]]"."""
    MESSAGES[message] = number
    FIELDS[message] = {"timestamp": Field(TIMESTAMP, "uint32"), "message_index": Field(254, "uint16")}
    for row in rows.split(","):
        name, at, base, *rest = row.split()
        scale, offset = [*map(float, rest), 1.0, 0.0][:2] if len(rest) != 1 else (float(rest[0]), 0.0)
        FIELDS[message][name] = Field(int(at), base, scale, offset)


_table(
    "file_id",
    0,
    """type 0 enum, manufacturer 1 uint16, product 2 uint16, serial_number 3 uint32z,
    time_created 4 uint32, number 5 uint16, product_name 8 string""",
)
_table(
    "user_profile",
    3,
    """friendly_name 0 string, gender 1 enum, age 2 uint8, height 3 uint8 100,
    weight 4 uint16 10, resting_heart_rate 8 uint8""",
)
_table("bike_profile", 6, "name 0 string, crank_length 19 uint8 2 -110")
_table(
    "zones_target",
    7,
    """max_heart_rate 1 uint8, threshold_heart_rate 2 uint8,
    functional_threshold_power 3 uint16""",
)
_table("sport", 12, "sport 0 enum, sub_sport 1 enum, name 3 string")
_table(
    "session",
    18,
    """event 0 enum, event_type 1 enum, start_time 2 uint32, sport 5 enum, sub_sport 6 enum,
    total_elapsed_time 7 uint32 1000, total_timer_time 8 uint32 1000, total_distance 9 uint32 100,
    total_cycles 10 uint32, total_calories 11 uint16, avg_heart_rate 16 uint8, max_heart_rate 17 uint8,
    avg_cadence 18 uint8, max_cadence 19 uint8, avg_power 20 uint16, max_power 21 uint16,
    first_lap_index 25 uint16, num_laps 26 uint16, trigger 28 enum, normalized_power 34 uint16,
    training_stress_score 35 uint16 10, intensity_factor 36 uint16 1000, left_right_balance 37 uint16,
    threshold_power 45 uint16, total_work 48 uint32, time_standing 112 uint32 1000, stand_count 113 uint16""",
)
_table(
    "lap",
    19,
    """event 0 enum, event_type 1 enum, start_time 2 uint32, total_elapsed_time 7 uint32 1000,
    total_timer_time 8 uint32 1000, total_distance 9 uint32 100, total_cycles 10 uint32,
    avg_heart_rate 15 uint8, max_heart_rate 16 uint8, avg_cadence 17 uint8, max_cadence 18 uint8,
    avg_power 19 uint16, max_power 20 uint16, intensity 23 enum, lap_trigger 24 enum, sport 25 enum,
    normalized_power 33 uint16, left_right_balance 34 uint16, sub_sport 39 enum, total_work 41 uint32,
    wkt_step_index 71 uint16, time_standing 98 uint32 1000, stand_count 99 uint16""",
)
_table(
    "record",
    20,
    """heart_rate 3 uint8, cadence 4 uint8, distance 5 uint32 100, speed 6 uint16 1000,
    power 7 uint16, grade 9 sint16 100, resistance 10 uint8, temperature 13 sint8,
    compressed_accumulated_power 28 uint16, accumulated_power 29 uint32, left_right_balance 30 uint8,
    calories 33 uint16, left_torque_effectiveness 43 uint8 2, right_torque_effectiveness 44 uint8 2,
    left_pedal_smoothness 45 uint8 2, right_pedal_smoothness 46 uint8 2, combined_pedal_smoothness 47 uint8 2,
    time128 48 uint8 128, cadence256 52 uint16 256, fractional_cadence 53 uint8 128, left_pco 67 sint8,
    right_pco 68 sint8, enhanced_speed 73 uint32 1000, battery_soc 81 uint8 2, motor_power 82 uint16,
    respiration_rate 99 uint8, enhanced_respiration_rate 108 uint16 100, core_temperature 139 uint16 100""",
)
_table("event", 21, "event 0 enum, event_type 1 enum, data16 2 uint16, data 3 uint32, event_group 4 uint8")
_table(
    "device_info",
    23,
    """device_index 0 uint8, device_type 1 uint8, manufacturer 2 uint16,
    serial_number 3 uint32z, product 4 uint16, software_version 5 uint16 100, hardware_version 6 uint8,
    battery_voltage 10 uint16 256, battery_status 11 uint8, ant_device_number 21 uint16z,
    source_type 25 enum, product_name 27 string""",
)
_table("workout", 26, "sport 4 enum, num_valid_steps 6 uint16, wkt_name 8 string")
_table(
    "workout_step",
    27,
    """wkt_step_name 0 string, duration_type 1 enum, duration_value 2 uint32,
    target_type 3 enum, target_value 4 uint32, custom_target_value_low 5 uint32,
    custom_target_value_high 6 uint32, intensity 7 enum, notes 8 string""",
)
_table(
    "activity",
    34,
    """total_timer_time 0 uint32 1000, num_sessions 1 uint16, type 2 enum, event 3 enum,
    event_type 4 enum, local_timestamp 5 uint32""",
)
_table("file_creator", 49, "software_version 0 uint16, hardware_version 1 uint8")
_table("hrv", 78, "time 0 uint16 1000")
_table(
    "field_description",
    206,
    """developer_data_index 0 uint8, field_definition_number 1 uint8,
    fit_base_type_id 2 uint8, field_name 3 string, units 8 string, native_mesg_num 14 uint16,
    native_field_num 15 uint8""",
)
_table(
    "developer_data_id",
    207,
    """developer_id 0 byte, application_id 1 byte, manufacturer_id 2 uint16,
    developer_data_index 3 uint8, application_version 4 uint32""",
)


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def crc16(data: bytes, crc: int = 0) -> int:
    """The FIT checksum: CRC-16/ARC, 0xBB3D for b"123456789"."""
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


class FitWriter:
    """One FIT file under construction: add messages in file order, then `finish()`.

    Parameters
    ----------
    big_endian : byte order of every definition that does not say otherwise
    header_size : 14, or 12 for the old header without its own checksum
    """

    def __init__(
        self,
        *,
        big_endian: bool = False,
        header_size: int = 14,
        protocol_version: int = 0x20,
        profile_version: int = 21158,
    ) -> None:
        if header_size not in (12, 14):
            raise BadInput("no such FIT header", expected="12 or 14 bytes", got=str(header_size))
        self.big_endian = big_endian
        self.header_size = header_size
        self.protocol_version = protocol_version
        self.profile_version = profile_version
        self.data = bytearray()
        self._local: dict[int, tuple[Any, ...]] = {}
        self._oldest: list[int] = []
        self._time: int | None = None

    # --- definitions ----------------------------------------------------------------------------------------

    def define(
        self,
        number: int,
        fields: Sequence[tuple[Field, int]],
        *,
        local: int | None = None,
        big_endian: bool | None = None,
    ) -> int:
        """Write a definition of message `number` with fields and their sizes [bytes]; the local type it got.

        A definition still standing under some local type is used again, unless `local` asks for a place.
        """
        big = self.big_endian if big_endian is None else big_endian
        signature = (number, big, tuple(fields))
        for place, standing in self._local.items():
            if standing == signature and local in (None, place):
                return place
        if local is None:
            free = [place for place in range(16) if place not in self._local]
            local = free[0] if free else self._oldest[0]
        if local in self._oldest:
            self._oldest.remove(local)
        self._oldest.append(local)
        self._local[local] = signature
        native = [(field, size) for field, size in fields if field.developer is None]
        developer = [(field, size) for field, size in fields if field.developer is not None]
        self.data += struct.pack(
            ">BBBHB" if big else "<BBBHB",
            0x40 | (0x20 if developer else 0) | local,
            0,
            int(big),
            number,
            len(native),
        )
        for field, size in native:
            self.data += bytes((field.number, size, BASE_TYPES[field.base].number))
        if developer:
            self.data.append(len(developer))
            for field, size in developer:
                self.data += bytes((field.number, size, field.developer or 0))
        return local

    def developer(
        self, index: int, fields: Mapping[str, Field], units: Mapping[str, str] | None = None
    ) -> None:
        """Declare a developer and its fields: developer_data_id and one field_description each."""
        self.message("developer_data_id", application_id=bytes(range(16)), developer_data_index=index)
        for name, field in fields.items():
            self.message(
                "field_description",
                developer_data_index=index,
                field_definition_number=field.number,
                fit_base_type_id=BASE_TYPES[field.base].number,
                field_name=name,
                units=(units or {}).get(name, ""),
            )

    # --- rows -----------------------------------------------------------------------------------------------

    def message(self, message: str | int, **values: Any) -> None:
        """One message by profile names; None is left out. Strings, numbers, bytes and lists are accepted.

        Raises
        ------
        BadInput : no such message or field, or a value its field cannot hold
        """
        given = {name: value for name, value in values.items() if value is not None}
        fields = FIELDS.get(message, {}) if isinstance(message, str) else {}
        columns: dict[str | Field, Any] = {}
        for name, value in given.items():
            base = fields[name].base if name in fields else ""
            if base != "string" and isinstance(value, bytes | list | tuple):
                columns[name] = np.asarray([list(value)], dtype=np.float64)
            else:
                columns[name] = [value]
        self.rows(message, columns, strict=True)

    def rows(
        self,
        message: str | int,
        columns: Mapping[str | Field, Any],
        *,
        strict: bool = False,
        compressed: bool = False,
        local: int | None = None,
        big_endian: bool | None = None,
    ) -> None:
        """Many messages of one definition, a column of values (n,) or arrays (n, k) per field.

        NaN, and what a field cannot hold, is written as the field's "not reported" (`strict` raises for the
        latter). `compressed` puts timestamps into the record header wherever the step is under 32 s.

        Raises
        ------
        BadInput : no such message or field, columns of different lengths, strict and out of range
        """
        number = message_number(message)
        resolved = [(find_field(message, key), values) for key, values in columns.items()]
        resolved.sort(key=lambda item: item[0].developer is not None)  # developer fields come last in a row
        lengths = {len(values) for _, values in resolved}
        if len(lengths) > 1:
            raise BadInput("columns of different lengths", place=str(message), got=str(sorted(lengths)))
        count = lengths.pop() if lengths else 1
        if not count:
            return
        raw = [(field, encode(values, field, strict=strict)) for field, values in resolved]
        stamps = next((values for field, values in raw if field.number == TIMESTAMP), None)
        if not compressed or stamps is None:
            self._pack(number, raw, local=local, big_endian=big_endian)
            if stamps is not None:
                self._time = int(stamps[-1])
            return
        times = stamps.astype(np.int64)
        before = np.concatenate(([-1 << 40 if self._time is None else self._time], times[:-1]))
        short = (times >= before) & (times - before < 32)
        edges = np.flatnonzero(np.diff(short)) + 1
        for start, stop in zip([0, *edges], [*edges, count], strict=True):
            part = [(field, values[start:stop]) for field, values in raw]
            header = None
            if short[start]:
                part = [(field, values) for field, values in part if field.number != TIMESTAMP]
                header = (times[start:stop] & 31).astype(np.uint8)
            self._pack(number, part, local=local, big_endian=big_endian, offsets=header)
        self._time = int(times[-1])

    def _pack(
        self,
        number: int,
        raw: Sequence[tuple[Field, np.ndarray]],
        *,
        local: int | None,
        big_endian: bool | None,
        offsets: np.ndarray | None = None,
    ) -> None:
        """Definition where needed, then all rows as one structured array; `offsets`: compressed headers."""
        big = self.big_endian if big_endian is None else big_endian
        sizes = [(field, values.dtype.itemsize * int(np.prod(values.shape[1:]))) for field, values in raw]
        for field, size in sizes:
            if size > 255:
                raise BadInput("a field is too long", place=f"field {field.number}", expected="255 bytes")
        if offsets is not None and local is None:
            signature = (number, big, tuple(sizes))
            low = [place for place in range(4) if self._local.get(place) == signature]
            local = low[0] if low else next((p for p in range(4) if p not in self._local), 3)
        place = self.define(number, sizes, local=local, big_endian=big)
        layout: list[Any] = [("header", "u1")]
        for position, (_, values) in enumerate(raw):
            kind = values.dtype.newbyteorder(">" if big else "<")
            layout.append((f"f{position}", kind, values.shape[1:]))
        table = np.zeros(len(raw[0][1]) if raw else 1, dtype=np.dtype(layout))
        table["header"] = place if offsets is None else 0x80 | (place << 5) | offsets
        for position, (_, values) in enumerate(raw):
            table[f"f{position}"] = values
        self.data += table.tobytes()

    def raw(self, data: bytes) -> None:
        """Bytes as they are, for odd files."""
        self.data += data

    # --- the file -------------------------------------------------------------------------------------------

    def finish(
        self, *, data_size: int | None = None, header_crc: int | None = None, file_crc: int | None = None
    ) -> bytes:
        """Header, data and checksum. The three arguments replace the true values, for files that lie."""
        size = len(self.data) if data_size is None else data_size
        header = struct.pack(
            "<BBHI4s", self.header_size, self.protocol_version, self.profile_version, size, b".FIT"
        )
        if self.header_size == 14:
            header += struct.pack("<H", crc16(header) if header_crc is None else header_crc)
        body = header + bytes(self.data)
        return body + struct.pack("<H", crc16(body) if file_crc is None else file_crc)


def message_number(message: str | int) -> int:
    """Global number of a message name; a number is itself.

    Raises
    ------
    BadInput : a name the profile does not have
    """
    if isinstance(message, int):
        return message
    if message not in MESSAGES:
        raise BadInput(f"there is no FIT message {message!r}", expected="a name of the profile")
    return MESSAGES[message]


def find_field(message: str | int, key: str | Field) -> Field:
    """The field row of a name; a `Field` is itself.

    Raises
    ------
    BadInput : a name the message does not have
    """
    if isinstance(key, Field):
        return key
    found = FIELDS.get(message, {}).get(key) if isinstance(message, str) else None
    if found is None:
        raise BadInput(f"there is no field {key!r} in message {message!r}", expected="a name of the profile")
    return found


def encode(values: Any, field: Field, *, strict: bool = False) -> np.ndarray:
    """Raw values of one field (n,) or (n, k) from physical ones: raw = (value + offset) * scale, rounded.

    Strings become bytes with a closing zero, cut at 254 bytes between characters.
    """
    base = BASE_TYPES[field.base]
    if field.base == "string":
        texts = [str(value).encode() for value in values]
        texts = [text[:254].decode(errors="ignore").encode() + b"\0" for text in texts]
        return np.asarray(texts, dtype=f"S{max(map(len, texts))}")
    kind = np.dtype(base.kind)
    if kind.kind == "f":
        return np.asarray(values, dtype=kind)
    given = np.asarray(values, dtype=object if kind.itemsize == 8 else None)
    if given.dtype == object and field.scale == 1 and field.offset == 0:
        # 64-bit numbers stay Python's: a float holds only 53 bits of them
        known = np.asarray(given == given, dtype=bool)
        wide = np.where(known, given, 0)
    else:
        numbers = given.astype(np.float64)
        known = np.isfinite(numbers)
        wide = np.rint((np.where(known, numbers, 0.0) + field.offset) * field.scale)
    bounds = np.iinfo(kind)
    fits = (wide >= bounds.min) & (wide <= bounds.max)
    if strict and not bool(np.all(fits | ~known)):
        raise BadInput(
            "a value does not fit its FIT field",
            place=f"field {field.number}",
            expected=f"{field.base}",
            got=str(np.asarray(values)[~fits].ravel()[0]),
        )
    return np.where(known & fits, wide, base.invalid).astype(kind)
