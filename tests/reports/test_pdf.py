"""The PDF: tagged, titled, with words for every figure, on the paper asked for, and the same each time."""

from __future__ import annotations

import dataclasses
import io
from functools import cache
from typing import Any

import pypdf
import pytest

from telemetry.errors import CannotWrite
from telemetry.model import ClassAnalysis
from telemetry.reports import words
from telemetry.reports.class_view import view
from telemetry.reports.pdf import pdf
from tests.reports.examples import NAMES, example
from tests.reports.test_page import HOSTILE, clinician


def reader(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(data))


@cache
def document(name: str) -> pypdf.PdfReader:
    return reader(pdf(example(name)))


def text_of(pages: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pages.pages)


def alternatives(node: Any) -> list[str]:
    """Alternative texts of the figures, walked from the root of the structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        return [text for child in node for text in alternatives(child)]
    if not isinstance(node, dict):
        return []
    found = [str(node["/Alt"])] if node.get("/S") == "/Figure" else []
    return found + (alternatives(node["/K"]) if "/K" in node else [])


@pytest.mark.parametrize("name", NAMES)
def test_every_class_makes_a_tagged_pdf_of_a_few_sheets(name: str) -> None:
    pages = document(name)
    root = pages.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pages.metadata is not None
    assert pages.metadata.title == "Class of Tuesday 3 March 2026, 18:30"
    assert 1 <= len(pages.pages) <= 5
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp


@pytest.mark.parametrize("name", ["usual", "grinder", "dual_sided", "no_heart_rate"])
def test_a_class_fits_on_four_sheets(name: str) -> None:
    assert len(document(name).pages) <= 4


def test_every_figure_has_its_words() -> None:
    shown = view(example("grinder"))
    found = alternatives(document("grinder").trailer["/Root"]["/StructTreeRoot"])
    assert [picture.alt for picture in shown.pictures if picture.alt not in found] == []
    assert len(found) == len(shown.pictures) + len(shown.reasons)
    assert all(found)


def test_the_pdf_prints_what_the_page_prints() -> None:
    shown, text = view(example("grinder")), text_of(document("grinder"))

    def there(part: str) -> bool:
        return " ".join(part.split()) in text

    assert all(there(tile.text) and there(tile.interval) for tile in shown.tiles)
    assert all(there(reason.message) and there(reason.would_change) for reason in shown.reasons)
    assert there(shown.review.summary)
    assert there(shown.review.counted)
    assert there(shown.what_if)
    assert shown.metrics is not None
    for row in shown.metrics.rows:
        if not row.group:
            value, unit = row.cells[1].text, row.cells[2].text
            assert there(f"{value} {unit}"), row.cells[0].text


def test_paper_is_a4_or_letter() -> None:
    size = document("short").pages[0].mediabox
    assert (round(float(size.width)), round(float(size.height))) == (595, 842)
    letter = reader(pdf(example("short"), paper="us-letter")).pages[0].mediabox
    assert (float(letter.width), float(letter.height)) == (612.0, 792.0)


def test_an_unknown_paper_is_refused_in_one_sentence() -> None:
    with pytest.raises(CannotWrite, match="expected a4 or us-letter, got 'foolscap'"):
        pdf(example("short"), paper="foolscap")


def test_the_documents_date_is_the_classs() -> None:
    made = document("short").metadata
    assert made is not None
    assert made.creation_date_raw is not None
    assert made.creation_date_raw.startswith("D:20260303")


def test_a_class_without_a_date_gets_none_made_up() -> None:
    pages = reader(pdf(example("short"), share=True))
    assert pages.metadata is not None
    assert pages.metadata.creation_date is None
    xmp = pages.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "2026" not in xmp
    assert "1970" not in xmp


def test_the_same_class_gives_the_same_bytes() -> None:
    assert pdf(example("short")) == pdf(example("short"))


def test_a_shared_pdf_names_nobody() -> None:
    pages = reader(pdf(example("grinder"), share=True))
    text = text_of(pages)
    for secret in ("12345678", "grinder.fit", "2026", "18:30"):
        assert secret not in text
    assert pages.metadata is not None
    assert pages.metadata.title == "Indoor cycling class"


def named(analysis: ClassAnalysis, label: str) -> ClassAnalysis:
    recording = dataclasses.replace(analysis.recording, file=f"{label}.fit", rider_id=label)
    blocks = tuple(dataclasses.replace(block, label=label) for block in analysis.blocks)
    return dataclasses.replace(analysis, recording=recording, blocks=blocks)


@pytest.mark.parametrize(
    "label", ["#sys.inputs $x$ *bold* _it_ @ref <label> `raw` \\ //", HOSTILE, "坂道 🚴 \ue000\x00"]
)
def test_strings_from_a_file_are_text_whatever_they_say(label: str) -> None:
    text = text_of(reader(pdf(named(example("usual"), label))))
    if label.startswith("#sys"):
        assert "#sys.inputs $x$ *bold*" in text
    if "坂道" in label:
        assert "?? ?" in text  # letters that the font lacks are shown as missing, never silently dropped


def test_see_a_clinician_fits_on_one_sheet_without_a_number_of_the_class() -> None:
    pages = reader(pdf(clinician()))
    text = text_of(pages)
    assert len(pages.pages) == 1
    assert "Please stop riding and seek emergency care now." in text
    assert "Torque load" not in text
    load = example("grinder").metrics["torque_load"]
    assert words.amount(load.value, load.unit) not in text


def test_text_can_be_searched_and_every_font_is_embedded() -> None:
    pages = document("usual")
    assert "Back-risk review" in text_of(pages)
    assert "Time since the start" in text_of(pages)
    for page in pages.pages:
        for font in page["/Resources"]["/Font"].values():
            assert "DejaVuSans" in font.get_object()["/BaseFont"]
