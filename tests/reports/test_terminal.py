"""The terminal summary: legible at 80 columns and without colour, never fooled by a string from a file."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from telemetry.model import ClassAnalysis
from telemetry.reports.class_view import view
from telemetry.reports.terminal import summary
from tests.reports.examples import NAMES, example
from tests.reports.test_page import clinician


def printed(analysis: ClassAnalysis, width: int = 80, *, share: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=width, no_color=True, force_terminal=False, legacy_windows=False).print(
        summary(analysis, share=share)
    )
    return out.getvalue()


def flat(text: str) -> str:
    return " ".join(text.replace("│", " ").replace("┃", " ").split())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_escape_code_is_sent(name: str, width: int) -> None:
    text = printed(example(name), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text


def test_the_summary_says_what_the_page_says() -> None:
    shown = view(example("grinder"))
    text = flat(printed(example("grinder")))
    assert shown.title in text
    assert shown.review.headline in text
    assert flat(shown.review.summary) in text
    for tile in shown.tiles:
        assert tile.label in text
        assert tile.text in text
    for reason in shown.reasons:
        assert f"{reason.code} {reason.title}:" in text
        assert flat(reason.message) in text
    assert shown.ftp.command in text


def test_the_review_is_told_by_words_and_by_its_frame_not_by_colour() -> None:
    flagged, usual = printed(example("grinder")), printed(example("usual"))
    assert "Flagged for back-risk review" in flagged
    assert "┏" in flagged
    assert "┏" not in usual


def test_see_a_clinician_prints_no_number_of_the_class() -> None:
    text = flat(printed(clinician()))
    assert "Please stop riding and seek emergency care now." in text
    assert "Torque load" not in text
    assert "FTP" not in text


def test_a_string_from_a_file_is_neither_markup_nor_an_escape_code() -> None:
    analysis = example("short")
    recording = dataclasses.replace(
        analysis.recording, file="[red]a[/red]\x1b[31m[link=x].fit", rider_id="[/]"
    )
    text = flat(printed(dataclasses.replace(analysis, recording=recording), 120))
    assert "[red]a[/red] [31m[link=x].fit" in text
    assert "[/]" in text


def test_a_shared_summary_names_nobody() -> None:
    text = printed(example("grinder"), share=True)
    assert "grinder.fit" not in text
    assert "2026" not in text
