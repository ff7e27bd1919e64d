"""The HTML page: complete, true to the analysis, readable by everybody, silent towards the network."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
from datetime import timedelta
from functools import cache

import pytest

from telemetry.model import ClassAnalysis, Device, LimitUsed, Review, RiderHints, Unchecked
from telemetry.reports import class_page, glossary, words
from telemetry.reports.class_view import _times, view
from tests.reports.examples import NAMES, example
from tests.reports.page_reader import Page

HOSTILE = "\"><script>alert('x')</script><img src=http://evil.example onerror=alert(1)>{{7*7}}\x1b[31m\u202e"


@cache
def page_of(name: str) -> Page:
    return Page(class_page.html(example(name)))


def reviewed(analysis: ClassAnalysis, **changes: object) -> ClassAnalysis:
    return dataclasses.replace(analysis, review=dataclasses.replace(analysis.review, **changes))


def clinician() -> ClassAnalysis:
    text = "Please stop riding and seek emergency care now."
    return dataclasses.replace(
        example("grinder"), review=Review("see_clinician", True, statement=text, summary="The answers.")
    )


# --- one file, no requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_well_formed_and_under_a_megabyte(name: str) -> None:
    page = page_of(name)
    assert page.mistakes == []
    assert len(page.source.encode()) < 1_000_000
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_asks_nothing_of_the_network(name: str) -> None:
    page = page_of(name)
    for element in page.elements:
        assert element.tag not in ("link", "iframe", "object", "embed", "base", "form", "img", "image")
        for attribute in ("src", "srcset", "action", "poster", "data", "formaction", "ping"):
            assert attribute not in element.attributes, element
        for attribute in ("href", "xlink:href"):
            assert element.attributes.get(attribute, "#").startswith("#"), element
    assert not re.search(r"url\((?!#)", page.source)
    assert "@import" not in page.source
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page.source))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_policy_admits_our_script_and_no_other() -> None:
    page = page_of("grinder")
    (policy,) = page.all("meta", http_equiv="Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.attributes["content"].split(";"))
    scripts = [e for e in page.all("script") if "type" not in e.attributes]
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].text.encode()).digest()).decode()
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert not any(name.startswith("on") for element in page.elements for name in element.attributes)


def test_the_same_class_gives_the_same_page() -> None:
    assert class_page.html(example("short")) == class_page.html(example("short"))


# --- true to the analysis -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_on_the_page_is_the_objects_own(name: str) -> None:
    analysis = example(name)
    page = page_of(name)
    shown: dict[str, set[tuple[float, str]]] = {}
    for element in page.all("data"):
        if "data-metric" in element.attributes:
            number = (float(element.attributes["value"]), element.text)
            shown.setdefault(element.attributes["data-metric"], set()).add(number)
    known = {key: result for key, result in analysis.metrics.items() if result.value is not None}
    assert set(shown) == set(known)
    for key, result in known.items():
        printed = words.amount(result.value, result.unit)
        for value, text in shown[key]:
            assert value == result.value, key
            assert text in (printed, words.quantity(result.value, result.unit)), key


@pytest.mark.parametrize("name", NAMES)
def test_every_absent_metric_says_why(name: str) -> None:
    text = page_of(name).words().lower()
    for result in example(name).metrics.values():
        if result.value is None:
            assert (result.title or result.name).lower() in text
            assert words.clean(result.absent_because or "", 190).lower().rstrip(".") in text


def test_every_reason_stands_with_value_limit_minutes_evidence_and_what_would_change_it() -> None:
    analysis, page = example("grinder"), page_of("grinder")
    assert analysis.review.findings
    for finding, card in zip(analysis.review.findings, page.all("article"), strict=True):
        text = " ".join(card.text.split())
        assert finding.title in text
        assert " ".join(words.quantity(finding.value, finding.unit).split()) in text
        assert " ".join(words.quantity(finding.limit, finding.unit).split()) in text
        assert " ".join(words.span(finding.start_s, finding.stop_s).split()) in text
        assert f"evidence {finding.evidence}" in text
        assert finding.would_change in text


def test_a_page_holds_each_figure_of_its_class_with_words_for_it() -> None:
    page = page_of("grinder")
    shown = view(example("grinder"))
    labels = [e.attributes.get("aria-label", "") for e in page.all("svg") if "data-panels" in e.attributes]
    for picture in shown.pictures:
        assert picture.alt in labels
        assert page.all("figure", id=f"figure-{picture.name}")
    assert len(labels) == len(shown.pictures) + len(shown.reasons) + 1  # the timeline once more, for phones


def test_the_first_lines_say_when_how_long_and_on_what() -> None:
    page = page_of("grinder")
    (title,) = page.all("h1")
    assert title.text == "Class of Tuesday 3 March 2026, 18:30"
    facts = page.all("dl", class_="facts")[0].text
    assert "local time, UTC+1:00" in facts
    assert "Example Head unit" in facts
    assert "grinder.fit" in facts


def test_a_class_without_known_local_time_says_that_its_hour_is_utc() -> None:
    analysis = example("short")
    recording = dataclasses.replace(analysis.recording, utc_offset_s=None)
    text = class_page.html(dataclasses.replace(analysis, recording=recording))
    assert "17:30" in text
    assert "the file does not say the local time" in text


def test_a_class_that_ends_after_midnight_elsewhere_has_its_local_day() -> None:
    analysis = example("short")
    late = analysis.recording.started_at
    assert late is not None
    recording = dataclasses.replace(
        analysis.recording, started_at=late + timedelta(hours=6), utc_offset_s=3600.0
    )
    assert "Wednesday 4 March 2026, 00:30" in class_page.html(
        dataclasses.replace(analysis, recording=recording)
    )


def test_the_ftp_in_use_stands_with_the_command_that_corrects_it() -> None:
    page = page_of("grinder")
    assert "FTP in use: 200 W" in page.words()
    assert "telemetry report grinder.fit --ftp 200" in page.words()
    without = page_of("no_heart_rate").words()
    assert "No FTP is known" in without
    assert "To give yours: telemetry report" in without
    assert "--ftp 200" in without


def test_an_ftp_that_the_file_doubts_is_told_with_the_doubt() -> None:
    analysis = example("no_heart_rate")
    hints = RiderHints(ftp_doubt="the file says exactly 200 W, which is what recorders start with")
    doubted = dataclasses.replace(analysis, recording=dataclasses.replace(analysis.recording, hints=hints))
    assert view(doubted).ftp.text.startswith("No FTP is known: the file says exactly 200 W, which is")


def test_a_file_name_with_blanks_is_quoted_for_the_shell() -> None:
    analysis = example("short")
    recording = dataclasses.replace(analysis.recording, file="my class; rm -rf.fit")
    shown = view(dataclasses.replace(analysis, recording=recording))
    assert shown.ftp.command == "telemetry report 'my class; rm -rf.fit' --ftp 200"


def test_an_overridden_limit_is_marked_and_named() -> None:
    analysis = example("short")
    limits = (LimitUsed("gap_s", 7.0, "s", "ours", "D", overridden=True, default=5.0), *analysis.limits[1:])
    page = Page(class_page.html(dataclasses.replace(analysis, limits=limits)))
    marked = [row.text for row in page.all("tr", class_="marked") if "gap_s" in row.text]
    assert marked == ["gap_s7sDset for this rider; default 5"]
    assert "were set for this rider" in page.words() or "was set for this rider" in page.words()


@pytest.mark.parametrize("name", ["grinder", "short", "heart_rate_only"])
def test_every_drift_says_its_number_or_why_there_is_none(name: str) -> None:
    (table,) = (t for t in page_of(name).all("table") if "Drift over the class" in t.text)
    text = " ".join(table.text.split())
    for drift in example(name).drift.values():
        if drift.applicable and drift.value is not None:
            assert words.number(abs(drift.value), 0) in text or words.signed(drift.value, drift.unit) in text
        else:
            assert f"not applicable: {drift.why_not}" in text


def test_columns_that_would_be_empty_are_left_out_of_the_blocks() -> None:
    analysis = example("many_laps")
    bare = tuple(
        dataclasses.replace(block, mean_power_w=None, mean_heart_rate_bpm=None) for block in analysis.blocks
    )
    table = view(dataclasses.replace(analysis, blocks=bare)).blocks
    assert table is not None
    titles = [column.title for column in table.columns]
    assert titles[:4] == ["Block", "Time", "Cadence, rpm", "Torque, N·m"]
    assert all(len(row.cells) == len(titles) for row in table.rows)


def test_captions_speak_of_bouts_and_of_minute_thirty_only_where_they_are() -> None:
    (short,) = (p for p in view(example("short")).pictures if p.name == "timeline")
    (long,) = (p for p in view(example("grinder")).pictures if p.name == "timeline")
    assert "Minute 30" not in short.caption
    assert "Minute 30" in long.caption
    assert glossary.BOUTS_SHADED in long.caption


def test_what_could_be_different_names_ten_and_fifteen_revolutions_first() -> None:
    (table,) = (t for t in page_of("grinder").all("table") if "As ridden" in t.text)
    assert table.text.index("+10") < table.text.index("+15")


# --- states -------------------------------------------------------------------------------------------------


def test_see_a_clinician_prints_the_fixed_text_and_the_recordings_facts_only() -> None:
    page = Page(class_page.html(clinician()))
    assert "Please stop riding and seek emergency care now." in page.words()
    assert "46" in page.words()
    assert not page.all("svg")
    assert not page.all("data")
    assert not page.all("table")
    for word in ("Torque load", "Grinding", "FTP", "evidence"):
        assert word not in page.words()


def test_not_enough_data_says_the_next_step_and_judges_nothing() -> None:
    analysis = example("not_enough_data")
    assert analysis.review.state == "not_enough_data"
    text = page_of("not_enough_data").words()
    assert analysis.review.next_step in text
    assert "rules gave a reason" not in text
    assert "What could be different" not in text


def test_a_usual_class_is_grey_and_no_clearance() -> None:
    page = Page(class_page.html(reviewed(example("usual"), state="usual", findings=())))
    assert page.all("section", class_="review state-usual")
    assert "None of 6 rules gave a reason." in page.words()
    assert "A class without a flag is not a clearance" in page.words()
    assert not re.search(r"\bgreen\b", page.source)


def test_rules_that_could_not_be_checked_are_named_in_the_review_and_listed_with_the_reason() -> None:
    unchecked = (Unchecked("R1", "no earlier classes"), Unchecked("R2", "Own earlier classes: none"))
    text = Page(class_page.html(reviewed(example("short"), state="usual", unchecked=unchecked))).words()
    assert "Not checked, or not in full: R1 unusual torque load, R2 grinding." in text
    assert "Own earlier classes: none." in text


def test_questions_that_a_reason_opens_are_asked_in_the_review() -> None:
    asked = reviewed(example("grinder"), questions=("Does one leg go weak only at hard effort?",))
    (box,) = Page(class_page.html(asked)).all("section", class_="review state-review")
    assert "Does one leg go weak only at hard effort?" in box.text


def test_drawings_kept_from_one_class_never_stand_on_the_page_of_another() -> None:
    first, second = example("short"), example("heart_rate_only")
    once = class_page.drawings(first, view(first))
    assert class_page.drawings(second, view(second)) != once
    assert class_page.drawings(first, view(first)) == once
    calmer = reviewed(first, summary="Another review of the same class.")
    assert class_page.drawings(calmer, view(calmer)) == once


@pytest.mark.parametrize("name", NAMES)
def test_no_page_speaks_of_danger_or_of_chances(name: str) -> None:
    text = page_of(name).words().lower()
    for word in ("danger", "safe", "damage", "your back", "spinal", "probability", "your risk", "all clear"):
        assert word not in text, word


# --- strings from files -------------------------------------------------------------------------------------


def test_strings_from_a_file_stay_text() -> None:
    analysis = example("short")
    recording = dataclasses.replace(
        analysis.recording,
        file=HOSTILE + ".fit",
        rider_id=HOSTILE,
        devices=(Device("recorder", HOSTILE, HOSTILE, serial=HOSTILE, software=HOSTILE),),
    )
    finding = dataclasses.replace(
        example("grinder").review.findings[0], title=HOSTILE, message=HOSTILE, would_change=HOSTILE
    )
    hostile = dataclasses.replace(
        analysis,
        recording=recording,
        quality=dataclasses.replace(
            analysis.quality,
            reasons=(HOSTILE,),
            issues=tuple(
                dataclasses.replace(issue, detail=HOSTILE, code=HOSTILE)
                for issue in example("grinder").quality.issues[:1]
            ),
        ),
        blocks=tuple(dataclasses.replace(block, label=HOSTILE) for block in example("grinder").blocks[:2]),
        review=dataclasses.replace(
            analysis.review, state="note", findings=(finding,), unchecked=(Unchecked(HOSTILE, HOSTILE),)
        ),
    )
    page = Page(class_page.html(hostile))
    assert page.mistakes == []
    assert not page.all("img")
    assert len(page.all("script")) == 2  # the trace and our own
    assert "{{7*7}}" in page.words()
    assert "49\x1b" not in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source


def test_the_trace_for_the_script_is_json_that_nothing_breaks_out_of() -> None:
    (block,) = page_of("grinder").all("script", type="application/json")
    trace = json.loads(block.text)
    analysis = example("grinder")
    assert [channel["name"] for channel in trace["channels"]] == [
        "power_w",
        "cadence_rpm",
        "torque_nm",
        "heart_rate_bpm",
    ]
    assert all(len(channel["values"]) == trace["count"] for channel in trace["channels"])
    assert len(trace["bouts"]) == len(analysis.bouts)
    assert "<" not in block.text


def test_the_trace_of_three_hours_stays_short_and_keeps_its_gaps() -> None:
    (block,) = page_of("long").all("script", type="application/json")
    trace = json.loads(block.text)
    assert trace["count"] <= class_page.TRACE_POINTS + 1
    assert trace["step_s"] > 1.0
    power = trace["channels"][0]["values"]
    pause = int((4350 - trace["start_s"]) / trace["step_s"])  # inside the pause of 4,200 to 4,500 s
    assert power[pause] is None


# --- sharing ------------------------------------------------------------------------------------------------


def test_a_shared_page_names_nobody() -> None:
    analysis = example("grinder")
    recording = dataclasses.replace(
        analysis.recording,
        rider_id="Kim Example",
        bike_id="bike-0077",
        power_source="Crank 12345678 of 2026-03-03",
    )
    named = dataclasses.replace(analysis, recording=recording, rider={**analysis.rider, "rider_id": "Kim"})
    open_page = class_page.html(named)
    shared = class_page.html(named, share=True)
    for secret in ("Kim", "12345678", "grinder.fit", "2026", "bike-0077", "18:30", "example02abcd"):
        assert secret not in shared, secret
    assert "12345678" in open_page
    assert "2026" in open_page
    assert Page(shared).all("h1")[0].text == "Indoor cycling class"
    assert "This copy carries no name" in shared
    assert "telemetry report grinder.fit --share" in open_page


def test_sharing_changes_no_number() -> None:
    def numbers(text: str) -> list[tuple[str, str]]:
        found = Page(text).all("data")
        return [(e.attributes.get("data-metric", ""), e.attributes["value"]) for e in found]

    assert numbers(class_page.html(example("short"), share=True)) == numbers(
        class_page.html(example("short"))
    )


# --- for everybody ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["grinder", "usual", "heart_rate_only", "dual_sided"])
def test_the_page_can_be_walked_by_headings_landmarks_and_tables(name: str) -> None:
    page = page_of(name)
    (root,) = page.all("html")
    assert root.attributes["lang"] == "en"
    for landmark in ("header", "main", "footer", "nav"):
        assert len(page.all(landmark)) == 1
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    skip = page.all("a", class_="skip")[0]
    assert page.elements.index(skip) < page.elements.index(page.all("header")[0])
    ids = {e.attributes.get("id") for e in page.elements}
    for link in page.all("a"):
        assert link.attributes["href"].removeprefix("#") in ids
    for element in page.elements:
        assert element.attributes.get("aria-labelledby", "main") in ids
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in e.attributes for e in page.all("th"))
    for svg in page.all("svg"):
        hidden = svg.attributes.get("aria-hidden") == "true"
        assert hidden or (svg.attributes.get("role") == "img" and svg.attributes.get("aria-label"))
    named = {e.attributes["for"] for e in page.all("label") if "for" in e.attributes}
    around = sum(1 for e in page.all("label") if "for" not in e.attributes)
    assert sum(1 for e in page.all("input") if e.attributes.get("id") not in named) == around


def test_without_script_nothing_dead_is_shown() -> None:
    page = page_of("grinder")
    explorer = page.all("div", id="explorer")[0]
    assert "hidden" in explorer.attributes


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_every_text_colour_meets_aa_on_every_ground() -> None:
    css = (class_page.TEMPLATES / "page.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w[\w-]*): (#[0-9a-f]{6})", css.split("}")[0]))
    grounds = ["#ffffff", "#f0f4f8", named["faint"], named["blue-tint"]]
    for text in ("ink", "muted", "blue"):
        for ground in grounds:
            assert contrast(named[text], ground) >= 4.5, (text, ground)


def test_every_caption_names_a_figure() -> None:
    from telemetry.reports.figures import FIGURES

    assert set(glossary.CAPTIONS) == {name for name in FIGURES if not name.startswith("reason")}


def test_just_under_twice_its_limit_is_not_shown_as_twice() -> None:
    assert _times(15.7 / 8.0) == "1.9 times the limit"
    assert _times(16.0 / 8.0) == "2.0 times the limit"
    assert _times(1.1) == "1.1 times the limit"
    assert (_times(1.0), _times(1.09)) == ("at the limit", "just over the limit")


def test_a_file_whose_name_looks_like_an_option_is_still_named_in_a_command_that_works() -> None:
    analysis = example("usual")
    recording = dataclasses.replace(analysis.recording, file="-rf.fit")
    shown = view(dataclasses.replace(analysis, recording=recording))
    assert shown.ftp.command.startswith("telemetry report ./-rf.fit --ftp")


def test_without_a_torque_load_the_page_names_no_reference_for_it() -> None:
    assert "torque load is set against" in view(example("no_heart_rate")).ftp.text
    assert view(example("heart_rate_only")).ftp.text == "No FTP is known."
