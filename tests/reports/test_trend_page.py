"""The trend page: true to the analysis, silent towards the network, four sheets at most."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
import pytest

from telemetry.errors import CannotWrite
from telemetry.model import Comment, Confounder, Diary, Setting, Treatment, TrendAnalysis
from telemetry.reports import TREND_REPORTS, decimals, trend_page, trend_tables, words, write_trends
from telemetry.reports.trend_view import Patient, view
from tests.reports.page_reader import Page
from tests.reports.test_page import HOSTILE
from tests.reports.test_pdf import alternatives, reader, text_of
from tests.reports.trend_examples import AS_OF, NAMES, ZONE, at, classes, diary, example, with_ids

PATIENT = Patient("Jane Doe", "KH-2231", date(1984, 5, 3))


@cache
def page_of(name: str) -> Page:
    return Page(trend_page.html(example(name), patient=PATIENT))


@cache
def document(name: str) -> pypdf.PdfReader:
    return reader(trend_page.pdf(example(name), patient=PATIENT))


# --- one file, no requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_well_formed_and_asks_nothing_of_the_network(name: str) -> None:
    page = page_of(name)
    assert page.mistakes == []
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert len(page.source.encode()) < 1_500_000
    for element in page.elements:
        assert element.tag not in ("script", "link", "iframe", "object", "embed", "form", "img", "image")
        assert not any(attribute.startswith("on") for attribute in element.attributes)
        for attribute in ("href", "xlink:href"):
            assert element.attributes.get(attribute, "#").startswith("#"), element
    assert not re.search(r"url\((?!#)|@import", page.source)


def test_every_link_on_the_page_leads_somewhere() -> None:
    page = page_of("rehab")
    ids = {element.attributes.get("id") for element in page.elements}
    assert {link.attributes["href"].removeprefix("#") for link in page.all("a")} <= ids


@pytest.mark.parametrize("name", ["rehab", "growing"])
def test_every_number_of_the_class_table_is_the_analysis(name: str) -> None:
    trends = example(name)
    said = [
        (element.attributes["data-metric"], float(element.attributes["value"]))
        for element in page_of(name).all("data")
        if "data-metric" in element.attributes
    ]
    expected = [
        (metric, getattr(row, metric))
        for row in reversed(trends.classes)
        for metric in (
            "torque_load",
            "grinding_min",
            "grinding_strokes",
            "unbroken_min",
            "heart_rate_drift_bpm_per_h",
        )
        if getattr(row, metric) is not None
    ]
    assert [metric for metric, _ in said] == [metric for metric, _ in expected]
    assert [value for _, value in said] == pytest.approx([value for _, value in expected])


def test_each_class_can_be_traced_to_its_id_its_rules_and_the_version() -> None:
    trends = example("crowded")
    table = view(trends).classes
    assert table is not None
    for row, line in zip(reversed(trends.classes), table.rows, strict=True):
        cells = [cell.text for cell in line.cells]
        shown = row.id[:8] if sum(other.id[:8] == row.id[:8] for other in trends.classes) == 1 else row.id
        assert shown in cells
        assert any(all(code in cell for code in row.reasons) for cell in cells)
    assert "version 0.1.0" in table.note


def test_classes_of_several_versions_say_which() -> None:
    trends = example("rehab")
    mixed = (dataclasses.replace(trends.classes[0], version="0.0.9"), *trends.classes[1:])
    table = view(dataclasses.replace(trends, classes=mixed)).classes
    assert table is not None
    assert table.columns[-1].title == "Version"
    assert table.rows[-1].cells[-1].text == "0.0.9"


def test_the_page_says_what_it_does_not_know() -> None:
    text = page_of("rehab").words()
    assert "regression to the mean is the default explanation" in text
    assert "n of 1" in text
    assert "validated" in text
    assert "This page is a copy" in text
    for line in example("rehab").unknowns:
        assert " ".join(line.split()) in text


@pytest.mark.parametrize("name", ["rehab", "screened"])
def test_the_head_says_by_which_consent_the_page_is_shown(name: str) -> None:
    assert "no consent on record" in page_of(name).words()
    assert "no consent on record" in text_of(document(name))
    shared = dataclasses.replace(example(name), consent_on=date(2026, 1, 3))
    said = "shared with a clinician by consent of 3 Jan 2026"
    assert said in Page(trend_page.html(shared)).words()
    assert said in " ".join(text_of(reader(trend_page.pdf(shared))).replace("\u00a0", " ").split())
    assert shared.to_dict()["consent_on"] == "2026-01-03"


def test_a_yes_of_the_screening_leaves_the_fixed_text_and_the_facts_alone() -> None:
    standing = example("screened").screening
    assert standing is not None
    text = page_of("screened").words()
    assert " ".join(standing.text.split()) in text
    assert "until a clinician" in text
    assert page_of("screened").all("svg") == []
    assert page_of("screened").all("table") == []
    pages = document("screened")
    assert len(pages.pages) == 1
    assert "Torque load" not in text_of(pages)
    assert example("screened").to_dict()["classes"]  # the JSON keeps everything


def test_no_word_promises_or_frightens() -> None:
    for name in NAMES:
        text = page_of(name).words().lower()
        for word in ("danger", "safe", "damage", "your back", "spinal", "probability", "percent chance"):
            assert word not in text, (name, word)


# --- people's own words -------------------------------------------------------------------------------------


def test_strings_from_people_and_files_are_text_whatever_they_say() -> None:
    page = Page(trend_page.html(with_ids(example("rehab"), HOSTILE), patient=Patient(HOSTILE, HOSTILE)))
    assert page.mistakes == []
    assert page.all("img") == []
    assert page.all("script") == []
    assert "{{7*7}}" in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source


@pytest.mark.parametrize(
    "label", ["#sys.inputs $x$ *bold* @ref <label> `raw` \\ //", HOSTILE, "坂道 🚴 \ue000\x00"]
)
def test_the_pdf_takes_any_string(label: str) -> None:
    made = reader(trend_page.pdf(with_ids(example("rehab"), label), patient=Patient(label, label)))
    assert len(made.pages) <= 4


def test_comments_and_limits_are_printed_as_the_clinicians() -> None:
    text = page_of("rehab").words()
    assert "Load phase goes on. No change of plan.Dr Weber, 29 May 2026" in text
    assert "no rule of the review uses them" in text
    assert "until the next visit" in text


def test_decimal_commas_reach_every_number_but_nobodys_own_words() -> None:
    trends = example("crowded")
    page = Page(trend_page.html(trends, decimal="comma"))
    text = page.words()
    assert "Kept 1.5 kg lighter gear" in text
    assert "0.1.0" in text
    cells = [element.text for tag in ("td", "th", "li", "text", "dd") for element in page.all(tag)]
    left = " | ".join(cells).replace("Kept 1.5", "").replace("0.1.0", "")
    assert re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", left) == []
    assert "44,9 to 90,5 TL" in text
    raw = [element.attributes["value"] for element in page.all("data")]
    assert raw
    assert not any("," in value for value in raw)  # for programs there is always a point
    assert "44,9 to 90,5" in text_of(reader(trend_page.pdf(trends, decimal="comma")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6,520.4", f"6{words.NARROW}520,4"),
        ("1,234,567", f"1{words.NARROW}234{words.NARROW}567"),
        ("−0.43 and +0.5", "−0,43 and +0,5"),
        ("n 9, 6", "n 9, 6"),
        ("version 0.1.0, 33:90, 2026-03-02", "version 0.1.0, 33:90, 2026-03-02"),
        ("id 3f.5 v2.1", "id 3f.5 v2.1"),
        ("it was 3.5.", "it was 3,5."),
    ],
)
def test_a_decimal_comma_is_written_where_a_number_is(text: str, expected: str) -> None:
    assert decimals.comma(text) == expected


# --- paper --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_pdf_is_tagged_and_of_four_sheets_at_most(name: str) -> None:
    pages = document(name)
    root: Any = pages.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert 1 <= len(pages.pages) <= 4
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp


def overfull() -> TrendAnalysis:
    from telemetry.analysis.trends import analyze_trends

    more = [
        entry
        for day in range(182)
        for entry in (
            Treatment(at(day, 9.0), "massage"),
            Confounder(at(day, 10.0), "analgesic", note="a note of some length, to take room"),
            Setting(at(day, 11.0), "bike-14", saddle_height_mm=700.0 + day % 3),
            Comment(at(day, 12.0), "words " * 180, "Dr Weber"),
        )
    ]
    return analyze_trends(
        classes(), Diary.of([*diary(), *more]), as_of=AS_OF, zone=ZONE, weeks=52, rider_id="full"
    )


def test_a_diary_without_end_still_fits_on_four_sheets_and_says_what_is_left_out() -> None:
    pages = reader(trend_page.pdf(overfull(), paper="us-letter"))
    assert len(pages.pages) <= 4
    assert "more rows stand on the HTML page" in text_of(pages)


def test_every_figure_on_paper_has_its_words() -> None:
    shown = view(example("rehab"))
    found = alternatives(document("rehab").trailer["/Root"]["/StructTreeRoot"])
    assert sorted(found) == sorted(picture.alt for picture in shown.pictures)


def test_a_table_that_needs_more_rows_takes_those_that_another_leaves() -> None:
    """A clinic files the paper: treatments were cut off at ten above half an empty sheet."""
    room = trend_page._room({"relief": 12, "noted": 12})
    assert (room["relief"], room["noted"]) == (12, 12)
    full = dict.fromkeys(trend_page.LINES, 100)
    assert trend_page._room(full) == trend_page.ON_PAPER
    lent = trend_page._room({"relief": 100})
    lines = sum(each * trend_page.ON_PAPER[name] for name, each in trend_page.LINES.items())
    assert 2 * lent["relief"] <= lines


def test_a_class_of_a_file_with_several_is_traced_by_its_whole_id() -> None:
    trends = example("growing")
    named = (
        dataclasses.replace(row, id=f"273b1fec3c7b/{n}") for n, row in enumerate(trends.classes, start=1)
    )
    trends = dataclasses.replace(trends, classes=tuple(named))
    table = trend_tables.classes(trends)
    assert table is not None
    column = [item.title for item in table.columns].index("Id")
    shown = [row.cells[column].text for row in table.rows]
    assert len(set(shown)) == len(shown)
    assert set(shown) <= {row.id for row in trends.classes}


def test_each_sheet_names_patient_page_and_version() -> None:
    pages = document("rehab").pages
    for number, sheet in enumerate(pages, start=1):
        text = " ".join(sheet.extract_text().split())
        assert f"Page {number} of {len(pages)}" in text
        assert "KH-2231, Jane Doe, born 3 May 1984" in text
        assert "telemetry 0.1.0" in text


def test_the_documents_date_is_the_datas() -> None:
    made = document("rehab").metadata
    assert made is not None
    assert made.creation_date_raw is not None
    assert made.creation_date_raw.startswith("D:20260614")


def test_paper_is_a4_or_letter_and_nothing_else() -> None:
    size = document("bare").pages[0].mediabox
    assert (round(float(size.width)), round(float(size.height))) == (595, 842)
    letter = reader(trend_page.pdf(example("bare"), paper="us-letter")).pages[0].mediabox
    assert (float(letter.width), float(letter.height)) == (612.0, 792.0)
    with pytest.raises(CannotWrite, match="expected a4 or us-letter"):
        trend_page.pdf(example("bare"), paper="foolscap")
    with pytest.raises(CannotWrite, match="expected point or comma"):
        trend_page.pdf(example("bare"), decimal="dot")


def test_the_same_trend_gives_the_same_bytes() -> None:
    assert trend_page.pdf(example("growing")) == trend_page.pdf(example("growing"))
    assert trend_page.html(example("growing")) == trend_page.html(example("growing"))


# --- files --------------------------------------------------------------------------------------------------


def test_each_suffix_gives_its_format_whole(tmp_path: Path) -> None:
    starts = {".html": b"<!doctype html>", ".pdf": b"%PDF", ".png": b"\x89PNG", ".csv": b"id,", ".json": b"{"}
    assert set(starts) == set(TREND_REPORTS)
    for suffix, start in starts.items():
        made = write_trends(example("growing"), tmp_path / f"r08{suffix}")
        assert made.read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == len(starts)


def test_the_json_is_the_analysis(tmp_path: Path) -> None:
    made = write_trends(example("rehab"), tmp_path / "r07.json")
    assert json.loads(made.read_text(encoding="utf-8")) == json.loads(json.dumps(example("rehab").to_dict()))


def test_the_csv_has_one_row_for_each_class_with_full_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(trend_page.rows(example("crowded")))))
    trends = example("crowded")
    assert [row["id"] for row in rows] == [item.id for item in trends.classes]
    for row, item in zip(rows, trends.classes, strict=True):
        assert row["torque_load"] == ("" if item.torque_load is None else f"{item.torque_load:.9g}")
        assert row["day"] == item.day.isoformat()
    outside = {point.id for point in trends.chart.points if point.outside == "above"}
    assert {row["id"] for row in rows if row["chart_outside"] == "above"} == outside


def test_a_cell_that_a_spreadsheet_would_run_is_made_text() -> None:
    text = trend_page.rows(with_ids(example("growing"), "=HYPERLINK(1)"))
    assert ",=HYPERLINK" not in text
    assert text.splitlines()[1].startswith("'=HYPERLINK")


def test_what_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"expected \.html, \.pdf"):
        write_trends(example("bare"), tmp_path / "r09.docx")
    with pytest.raises(CannotWrite, match="nothing to draw"):
        write_trends(example("nothing"), tmp_path / "r11.png")
    assert list(tmp_path.iterdir()) == []
