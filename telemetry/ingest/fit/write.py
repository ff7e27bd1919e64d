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
from functools import lru_cache
from typing import Any

import numpy as np

from telemetry.errors import BadInput
from telemetry.ingest.fit.base_types import BASE_TYPES
from telemetry.ingest.fit.crc import crc_numpy
from telemetry.ingest.fit.profile import MESSAGES, NUMBER_OF_NAME

FIT_EPOCH_S = 631065600
"""1989-12-31T00:00:00Z in Unix seconds."""

TIMESTAMP = 253

TYPES = {row.name: row for row in BASE_TYPES}


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is written. `developer` is the index of its developer, None for the profile's own."""

    number: int
    base: str
    scale: float = 1.0
    offset: float = 0.0
    developer: int | None = None


# fmt: off
STORED: dict[str, str] = {
    name: base
    for base, names in {
        "enum": """
            type event event_type sport sub_sport trigger lap_trigger intensity source_type gender
            duration_type target_type
        """,
        "sint8": "temperature left_pco right_pco",
        "uint8": """
            age height resting_heart_rate max_heart_rate threshold_heart_rate crank_length
            avg_heart_rate avg_cadence max_cadence heart_rate cadence resistance left_right_balance
            left_torque_effectiveness right_torque_effectiveness left_pedal_smoothness
            right_pedal_smoothness combined_pedal_smoothness time128 fractional_cadence battery_soc
            respiration_rate event_group device_index device_type battery_status hardware_version
            developer_data_index field_definition_number fit_base_type_id
        """,
        "uint16": """
            message_index manufacturer product number weight functional_threshold_power total_calories
            avg_power max_power first_lap_index num_laps normalized_power training_stress_score
            intensity_factor threshold_power stand_count wkt_step_index speed power
            compressed_accumulated_power calories cadence256 motor_power enhanced_respiration_rate
            core_temperature data16 software_version battery_voltage num_valid_steps num_sessions time
            native_mesg_num native_field_num manufacturer_id
        """,
        "sint16": "grade",
        "uint32": """
            timestamp time_created start_time total_elapsed_time total_timer_time total_distance
            total_cycles total_work time_standing distance accumulated_power enhanced_speed data
            duration_value target_value custom_target_value_low custom_target_value_high
            local_timestamp application_version
        """,
        "uint16z": "ant_device_number",
        "uint32z": "serial_number",
        "string": "product_name friendly_name name wkt_name wkt_step_name notes field_name units",
        "byte": "developer_id application_id",
    }.items()
    for name in names.split()
}
"""Width in which a field of the profile is stored. Files say it themselves: the profile's rows need not."""

STORED_IN: dict[tuple[str, str], str] = {
    ("session", "left_right_balance"): "uint16",
    ("lap", "left_right_balance"): "uint16",
}
"""Fields whose width depends on the message."""
# fmt: on


def crc16(data: bytes) -> int:
    """The FIT checksum: CRC-16/ARC, 0xBB3D for b"123456789"."""
    return crc_numpy(np.frombuffer(data, np.uint8), 0, len(data))


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
            self.data += bytes((field.number, size, TYPES[field.base].code))
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
                fit_base_type_id=TYPES[field.base].code,
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
        columns: dict[str | Field, Any] = {}
        for name, value in given.items():
            if isinstance(value, bytes | list | tuple):
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
    if message not in NUMBER_OF_NAME:
        raise BadInput(f"there is no FIT message {message!r}", expected="a name of the profile")
    return NUMBER_OF_NAME[message]


@lru_cache(maxsize=1024)
def find_field(message: str | int, key: str | Field) -> Field:
    """The field row of a name; a `Field` is itself.

    Raises
    ------
    BadInput : a name the message does not have, or none that we know to store
    """
    if isinstance(key, Field):
        return key
    rows = MESSAGES[message_number(message)].fields.values()
    row = next((row for row in rows if row.name == key), None)
    base = STORED_IN.get((str(message), key)) or STORED.get(key)
    if row is None or base is None:
        raise BadInput(f"there is no field {key!r} in message {message!r}", expected="a name of the profile")
    return Field(row.number, base, row.scale, row.offset)


def encode(values: Any, field: Field, *, strict: bool = False) -> np.ndarray:
    """Raw values of one field (n,) or (n, k) from physical ones: raw = (value + offset) * scale, rounded.

    Strings become bytes with a closing zero, cut at 254 bytes between characters.
    """
    base = TYPES[field.base]
    if field.base == "string":
        texts = [str(value).encode() for value in values]
        texts = [text[:254].decode(errors="ignore").encode() + b"\0" for text in texts]
        return np.asarray(texts, dtype=f"S{max(map(len, texts))}")
    kind = np.dtype(base.dtype)
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
