"""The profile's rows against an outside witness, and against themselves."""

from __future__ import annotations

import pytest

from telemetry.ingest.fit.base_types import BASE_TYPES, SIZE_OF_TYPE, TYPE_OF_CODE, UNKNOWN
from telemetry.ingest.fit.fields import element_type
from telemetry.ingest.fit.labels import LABELS
from telemetry.ingest.fit.profile import DATES, MESSAGES, NAMES_ONLY, message_name

ROWS = [(message, field) for message in MESSAGES.values() for field in message.fields.values()]

# fitdecode 0.11 spells it with one letter less
SPELT_OTHERWISE = {"cadence_zone_high_boundary"}


@pytest.fixture(scope="module")
def witness():  # type: ignore[no-untyped-def]
    return pytest.importorskip("fitdecode.profile").MESSAGE_TYPES


def test_every_message_has_the_witness_s_name(witness) -> None:  # type: ignore[no-untyped-def]
    for number, message in MESSAGES.items():
        assert witness[number].name == message.name
    for number, name in NAMES_ONLY.items():
        assert witness[number].name == name


def test_every_field_has_the_witness_s_name_scale_and_offset(witness) -> None:  # type: ignore[no-untyped-def]
    checked = 0
    for message, field in ROWS:
        theirs = witness[message.number].fields.get(field.number)
        if theirs is None:
            assert field.number in (253, 254), (message.name, field.name)  # every message may have these two
            continue
        if field.name not in SPELT_OTHERWISE:
            assert theirs.name == field.name
        assert (theirs.scale or 1, theirs.offset or 0) == (field.scale, field.offset), (
            message.name,
            field.name,
        )
        checked += 1
    assert checked > 500


def test_every_label_is_the_witness_s(witness) -> None:  # type: ignore[no-untyped-def]
    theirs: dict[str, dict[int, str]] = {}
    for message in witness.values():
        for field in message.fields.values():
            for row in (field, *(field.subfields or ())):
                if row.type.enum:
                    theirs[row.type.name] = row.type.enum
    for name, labels in LABELS.items():
        for code, label in labels.items():
            assert theirs[name].get(code) == label, (name, code)


def test_every_component_is_the_witness_s(witness) -> None:  # type: ignore[no-untyped-def]
    for message in MESSAGES.values():
        theirs = {
            (number, part.def_num, part.bits, part.scale or 1, part.offset or 0, bool(part.accumulate))
            for number, field in witness[message.number].fields.items()
            for part in field.components or ()
        }
        for part in message.components:
            row = (part.source, part.target, part.bits, part.scale, part.offset, part.accumulate)
            assert row in theirs, (message.name, row)


def test_types_named_in_rows_exist() -> None:
    known = set(LABELS) | set(DATES) | {"", "array", "bool", "message_index", "mesg_num"}
    for message, field in ROWS:
        assert field.type in known, (message.name, field.name)
        assert field.scale > 0
    for message in MESSAGES.values():
        for part in message.components:
            assert {part.source, part.target} <= set(message.fields)
        for row in message.subfields:
            assert {row.source, row.reference} <= set(message.fields)
            assert row.type in known


def test_names_are_unique_in_a_message() -> None:
    for message in MESSAGES.values():
        names = [field.name for field in message.fields.values()] + [row.name for row in message.subfields]
        assert len(set(names) - {row.name for row in message.subfields}) == len(message.fields)


def test_a_number_without_a_row_keeps_its_number() -> None:
    assert message_name(20) == "record"
    assert message_name(233) == "unknown_233"


def test_base_types_are_found_with_and_without_the_endian_bit() -> None:
    for position, row in enumerate(BASE_TYPES):
        assert TYPE_OF_CODE[row.code] == TYPE_OF_CODE[row.code & 0x7F] == position
        assert SIZE_OF_TYPE[position] == row.size
    for code in (0x11, 0x1F, 0x40, 0x60, 0xE6, 0xFF):
        assert TYPE_OF_CODE[code] == UNKNOWN


@pytest.mark.parametrize(
    ("code", "size", "name"),
    [(6, 4, "uint32"), (6, 2, "uint16"), (6, 1, "uint8"), (6, 3, "byte"), (5, 2, "sint16"),
     (12, 2, "uint16z"), (9, 4, "byte"), (4, 6, "uint16"), (15, 4, "uint32")],
)  # fmt: skip
def test_a_size_that_fits_no_multiple_is_read_as_the_integer_of_that_size(
    code: int, size: int, name: str
) -> None:
    assert BASE_TYPES[element_type(code, size)].name == name
