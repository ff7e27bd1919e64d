"""Rows against bytes written down by hand, every field's round trip, and every counter's roll-over."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.ingest.antplus import pages
from telemetry.ingest.antplus.fields import Field, extractor, put, raw, value
from tests.ingest.antplus.vectors import VECTORS

ROWS = [(page, field) for page in pages.PAGES for field in page.fields]


def row_id(item: object) -> str:
    return getattr(item, "name", str(item))


@pytest.mark.parametrize(("profile", "payload", "expected"), VECTORS, ids=lambda item: str(item)[:40])
def test_a_line_of_bytes_says_what_its_document_says(
    profile: int, payload: str, expected: dict[str, float | None]
) -> None:
    data = bytes.fromhex(payload)
    page = pages.page_of(profile, data)
    assert page is not None
    fields = {field.name: field for field in page.fields}
    for name, wanted in expected.items():
        field = fields[name]
        if field.kind == "counter":
            assert raw(field, data) == wanted, name
        elif wanted is None:
            assert value(field, data) is None, name
        else:
            assert value(field, data) == pytest.approx(wanted, abs=1e-12), name


def test_every_page_has_a_line_of_bytes() -> None:
    seen = {id(pages.page_of(profile, bytes.fromhex(payload))) for profile, payload, _ in VECTORS}
    missing = {
        page.name + f" {page.profile}"
        for page in pages.PAGES
        if id(page) not in seen
        # cadence and speed sensors share their layouts; one vector of either proves the rows
        and page.profile not in (pages.CADENCE, pages.SPEED)
    }
    assert not missing


@pytest.mark.parametrize(("page", "field"), ROWS, ids=row_id)
def test_a_field_comes_back_as_it_was_put(page: pages.Page, field: Field) -> None:
    low = -(field.modulus >> 1) if field.signed else 0
    high = low + field.modulus - 1
    for background in (0x00, 0xFF, 0xA5):
        for number in {low, low + 1, (low + high) // 2, high - 1, high}:
            payload = bytearray([background] * 8)
            put(field, payload, number)
            assert raw(field, bytes(payload)) == number
            others = bytearray([background] * 8)
            put(field, others, raw(field, bytes([background] * 8)))
            assert others == bytes([background] * 8), "putting a field touched its neighbours"


@pytest.mark.parametrize(("page", "field"), ROWS, ids=row_id)
def test_the_fast_extractor_agrees_with_the_plain_one(page: pages.Page, field: Field) -> None:
    extract = extractor([field])
    for seed in range(256):
        payload = bytes((seed * 37 + i * 101) % 256 for i in range(8))
        plain = raw(field, payload) if field.kind != "value" else value(field, payload)
        if raw(field, payload) in field.invalid:
            plain = None
        assert extract(payload)[field.name] == plain


@given(st.binary(min_size=8, max_size=8))
def test_no_payload_of_any_profile_raises(payload: bytes) -> None:
    for profile in pages.PROFILES:
        page = pages.page_of(profile, payload)
        if page is not None:
            assert set(extractor(page.fields)(payload)) == {field.name for field in page.fields}


@pytest.mark.parametrize(("page", "field"), [(p, f) for p, f in ROWS if f.kind == "counter"], ids=row_id)
def test_a_counter_rolls_over_at_its_own_width(page: pages.Page, field: Field) -> None:
    step = max(1, field.modulus // 7)
    total = 0
    readings = []
    for _ in range(20):
        payload = bytearray(8)
        put(field, payload, total % field.modulus)
        readings.append(raw(field, bytes(payload)))
        total += step
    assert sum((b - a) % field.modulus for a, b in pairwise(readings)) == total - step


@pytest.mark.parametrize(("page", "field"), ROWS, ids=row_id)
def test_no_field_leaves_its_payload_and_each_names_its_source(page: pages.Page, field: Field) -> None:
    assert field.first_bit >= 0
    assert field.first_bit + field.bits <= 64
    assert field.source
    if field.big_endian:
        assert field.first_bit % 8 == 0
        assert field.bits % 8 == 0
    for invalid in field.invalid:
        payload = bytearray(8)
        put(field, payload, invalid)
        assert value(field, bytes(payload)) is None


@pytest.mark.parametrize("page", pages.PAGES, ids=row_id)
def test_fields_of_a_page_overlap_only_where_a_code_explains_another(page: pages.Page) -> None:
    taken: dict[int, Field] = {}
    for field in page.fields:
        for bit in range(field.first_bit, field.first_bit + field.bits):
            other = taken.get(bit)
            if other is not None:
                assert "code" in (field.kind, other.kind), f"{field.name} overlaps {other.name}"
            taken[bit] = field


def test_pages_without_a_read_layout_stay_raw() -> None:
    for number in pages.RAW_ONLY:
        assert pages.page_of(pages.FITNESS_EQUIPMENT, bytes([number] + [0] * 7)) is None


def test_a_short_payload_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        raw(pages.PAGES[0].fields[0], b"\x01")


def test_a_number_that_does_not_fit_is_refused() -> None:
    field = pages.BY_NUMBER[pages.POWER, 0x10].fields[0]
    with pytest.raises(ValueError, match="event_count holds 0 to 255"):
        put(field, bytearray(8), 256)
