"""`telemetry trends`: a library's rider as a page, in the format asked for, or one sentence why not."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command

NAMES = ("usual", "grinder", "fading")


@pytest.fixture
def library(tmp_path: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library with one rider, three classes and some notes; the working directory is beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(tmp_path / "L"))
    files = [str(CLASSES / f"{name}.fit") for name in NAMES]
    assert telemetry("library", "add", *files, "--rider", "r07").code == 0
    assert telemetry("diary", "add", "r07", "--pain", "4", "--at", "2026-03-05 20:00").code == 0
    assert telemetry("diary", "add", "r07", "--treatment", "massage", "--on", "2026-03-02").code == 0
    return str(tmp_path / "L")


def test_a_page_is_written_here_and_its_path_is_the_only_output(library: str, telemetry: Command) -> None:
    ran = telemetry("trends", "r07", "--until", "2026-03-31")
    assert (ran.code, ran.out, ran.err) == (0, "r07.html\n", "")
    text = Path("r07.html").read_text(encoding="utf-8")
    assert "<h1>Trend of r07, 12 weeks to Tuesday 31 March 2026</h1>" in text


def test_the_suffix_chooses_the_format_and_several_can_be_asked_for(library: str, telemetry: Command) -> None:
    wanted = ["t.pdf", "t.csv", "t.png", "t.json", "sub/"]
    Path("sub").mkdir()
    options = [part for name in wanted for part in ("-o", name)]
    ran = telemetry("trends", "r07", "--until", "2026-03-31", "--paper", "us-letter", *options)
    assert ran.lines == ["t.pdf", "t.csv", "t.png", "t.json", "sub/r07.html"]
    assert Path("t.pdf").read_bytes().startswith(b"%PDF")
    rows = list(csv.DictReader(Path("t.csv").read_text(encoding="utf-8").splitlines()))
    content = json.loads(Path("t.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in rows] == [row["id"] for row in content["classes"]]


def test_json_is_the_analysis_on_stdout_and_nothing_is_written(library: str, telemetry: Command) -> None:
    ran = telemetry("trends", "r07", "--until", "2026-03-31", "--weeks", "6", "--json")
    content = json.loads(ran.out)
    assert content["schema"] == "telemetry.trends/1"
    assert content["rider_id"] == "r07"
    assert len(content["diary"]["treatments"]) == 1
    assert not list(Path().glob("r07*"))


def test_what_came_after_the_last_day_is_not_looked_at(library: str, telemetry: Command) -> None:
    early = json.loads(telemetry("trends", "r07", "--until", "2026-03-01", "--json").out)
    assert early["diary"]["pain"] == []
    assert all(row["day"] <= "2026-03-01" for row in early["classes"])


def test_the_zone_decides_the_day(library: str, telemetry: Command) -> None:
    far = json.loads(
        telemetry("trends", "r07", "--until", "2026-03-31", "--zone", "Pacific/Kiritimati", "--json").out
    )
    assert far["zone"] == "Pacific/Kiritimati"
    ran = telemetry("trends", "r07", "--zone", "Mars/Olympus", "--json")
    assert ran.code == 1
    assert "time zone" in ran.errors[0]


def test_a_decimal_comma_on_the_page(library: str, telemetry: Command) -> None:
    assert telemetry("trends", "r07", "--until", "2026-03-31", "--decimal", "comma").code == 0
    table = Path("r07.html").read_text(encoding="utf-8").split('<section id="classes"')[1]
    loads = re.findall(r'data-metric="torque_load">([^<]+)<', table)
    assert loads
    assert all("," in load and "." not in load for load in loads)


def test_a_fhir_bundle_beside_or_instead_of_a_page(library: str, telemetry: Command) -> None:
    pytest.importorskip("fhir.resources", reason="the extra fhir is not installed")
    ran = telemetry("trends", "r07", "--until", "2026-03-31", "--fhir", "bundle.json")
    assert ran.lines == ["bundle.json"]
    content = json.loads(Path("bundle.json").read_text(encoding="utf-8"))
    assert content["resourceType"] == "Bundle"
    assert not Path("r07.html").exists()


def test_an_unknown_rider_is_never_assumed(library: str, telemetry: Command) -> None:
    ran = telemetry("trends", "r70", "-o", "x.pdf")
    assert ran.code == 1
    assert "no rider 'r70'" in ran.errors[0]
    assert "r07" in ran.errors[0]
    assert not Path("x.pdf").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "x.docx"),
        ("--weeks", "0"),
        ("--until", "02/03/2026"),
        ("--until", "2190-01-01"),
        ("--until", "1970-01-01"),
        ("--paper", "foolscap"),
        ("--decimal", "dot"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(
    arguments: tuple[str, ...], library: str, telemetry: Command
) -> None:
    ran = telemetry("trends", "r07", *arguments)
    assert ran.code == 2
    assert ran.out == ""


def test_no_library_is_one_sentence(tmp_path: Path, telemetry: Command) -> None:
    ran = telemetry("trends", "r07", "--library", str(tmp_path / "nowhere"))
    assert ran.code == 1
    assert len(ran.errors) == 1
    assert not (tmp_path / "nowhere" / "catalog.sqlite").exists()
