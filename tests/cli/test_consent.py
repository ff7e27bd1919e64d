"""`telemetry library consent`, and what trends and roster no longer show after a withdrawal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import CLASSES, Command


@pytest.fixture
def library(tmp_path: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library with two riders of one class each; the working directory is beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_LIBRARY", str(tmp_path / "L"))
    for rider, name in (("r07", "grinder"), ("r08", "usual")):
        assert telemetry("library", "add", str(CLASSES / f"{name}.fit"), "--rider", rider).code == 0
    return tmp_path / "L"


def listed(telemetry: Command, rider: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in telemetry("library", "consent", rider, "--json").lines]


def test_a_consent_is_given_listed_and_withdrawn(library: Path, telemetry: Command) -> None:
    ran = telemetry("library", "consent", "r07")
    assert (ran.code, ran.out, "no consent of r07" in ran.err) == (0, "", True)
    ran = telemetry(
        "library", "consent", "r07", "--grant", "clinician", "--on", "2026-01-03", "--note", "paper"
    )
    assert (ran.code, ran.out) == (0, "clinician  given 2026-01-03  paper\n")
    ran = telemetry("library", "consent", "r07", "--grant", "clinician")
    assert (ran.code, "stands since 2026-01-03" in ran.err) == (0, True)
    ran = telemetry("library", "consent", "r07", "--withdraw", "clinician", "--on", "2026-02-01 18:30")
    assert (ran.code, ran.out) == (0, "clinician  given 2026-01-03, withdrawn 2026-02-01  paper\n")
    assert "files already made stay" in ran.err
    assert telemetry("library", "consent", "r07", "--grant", "studio", "--on", "2 days ago").code == 0
    rows = listed(telemetry, "r07")
    assert [row["scope"] for row in rows] == ["clinician", "studio"]
    assert set(rows[0]) == {"id", "rider", "scope", "granted_at", "withdrawn_at", "note"}
    assert len(telemetry("library", "consent", "r07").lines) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--grant", "clinic"), 1, "clinician, studio, research"),
        (("--withdraw", "clinic"), 1, "clinician, studio, research"),
        (("--withdraw", "studio"), 1, "never given"),
        (("--grant", "studio", "--withdraw", "studio"), 2, "one at a time"),
        (("--on", "2026-01-03"), 2, "say what was given"),
        (("--note", "x"), 2, "say what was given"),
        (("--grant", "studio", "--on", "2099-01-01"), 2, "impossible date"),
        (("--grant", "studio", "--on", "03/02/2026"), 2, "two ways"),
    ],
)
def test_what_makes_no_sense_is_one_error_and_nothing_is_kept(
    library: Path, telemetry: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ran = telemetry("library", "consent", "r07", *arguments)
    assert ran.code == code
    assert says in " ".join(ran.err.replace("│", " ").split())
    assert listed(telemetry, "r07") == []


def test_tomorrow_is_still_to_come(library: Path, telemetry: Command) -> None:
    tomorrow = f"{datetime.now().astimezone() + timedelta(days=1):%Y-%m-%d}"
    ran = telemetry("library", "consent", "r07", "--grant", "studio", "--on", tomorrow)
    assert (ran.code, "still to come" in ran.err, listed(telemetry, "r07")) == (1, True, [])


def test_an_unknown_rider_is_named(library: Path, telemetry: Command) -> None:
    for arguments in ((), ("--grant", "studio"), ("--withdraw", "studio")):
        ran = telemetry("library", "consent", "r70", *arguments)
        assert (ran.code, ", perhaps" in ran.err) == (1, True)


def test_the_page_says_by_which_consent_it_is_shown(library: Path, telemetry: Command) -> None:
    assert telemetry("trends", "r07", "--until", "2026-03-31").code == 0
    text = Path("r07.html").read_text(encoding="utf-8")
    assert "no consent on record" in text
    assert "when a rider withdraws consent no new one is made" in text
    telemetry("library", "consent", "r07", "--grant", "clinician", "--on", "2026-01-03")
    telemetry("trends", "r07", "--until", "2026-03-31")
    assert "shared with a clinician by consent of 3 Jan 2026" in Path("r07.html").read_text(encoding="utf-8")
    content = json.loads(telemetry("trends", "r07", "--until", "2026-03-31", "--json").out)
    assert content["consent_on"] == "2026-01-03"


def test_after_a_withdrawal_no_trend_is_made_of_any_kind_or_day(library: Path, telemetry: Command) -> None:
    telemetry("library", "consent", "r07", "--grant", "clinician", "--on", "2026-01-03")
    telemetry("library", "consent", "r07", "--withdraw", "clinician", "--on", "2026-05-01")
    before = sorted(Path().iterdir())
    kinds = [("-o", f"t{suffix}") for suffix in (".html", ".pdf", ".png", ".csv", ".json")]
    for arguments in (*kinds, ("--json",), ("--fhir", "b.json"), ("--until", "2026-03-31"), ()):
        ran = telemetry("trends", "r07", *arguments)
        assert (ran.code, ran.out, len(ran.errors)) == (1, "", 1)
        for words in ("withdrawn on 2026-05-01", "files already made stay", "--grant clinician", "erase r07"):
            assert words in ran.errors[0]
    assert sorted(Path().iterdir()) == before
    assert telemetry("trends", "r08", "--json").code == 0
    assert len(telemetry("library", "list", "--rider", "r07", "--json").lines) == 1
    assert telemetry("diary", "list", "r07").code == 0
    telemetry("library", "consent", "r07", "--grant", "clinician")
    assert telemetry("trends", "r07", "--json").code == 0


def test_the_roster_leaves_out_who_withdrew_and_counts_them(library: Path, telemetry: Command) -> None:
    for rider in ("r07", "r08"):
        telemetry("library", "consent", rider, "--grant", "clinician")
        telemetry("library", "consent", rider, "--grant", "studio")
    assert len(telemetry("roster", "--json").lines) == 2
    telemetry("library", "consent", "r07", "--withdraw", "clinician")
    telemetry("library", "consent", "r08", "--withdraw", "studio")  # another view than the roster's
    ran = telemetry("roster")
    assert "r07" not in ran.out + ran.err
    assert "r08" in ran.out
    assert "1 rider is withheld: consent for clinician was withdrawn" in ran.err
    first, last = (json.loads(line) for line in telemetry("roster", "--json", "--limit", "1").lines)
    assert first["rider"] == "r08"
    assert last == {"withheld": 1, "why": "consent for clinician was withdrawn"}
    telemetry("library", "consent", "r08", "--withdraw", "clinician")
    ran = telemetry("roster")
    assert (ran.code, ran.out, ran.err.strip()) == (
        0, "", "2 riders are withheld: consent for clinician was withdrawn",
    )  # fmt: skip
    telemetry("library", "consent", "r07", "--grant", "clinician")
    assert "r07" in telemetry("roster").out


def test_an_export_carries_them_where_there_are_any(library: Path, telemetry: Command) -> None:
    telemetry("library", "export", "--rider", "r07", "-o", "without")
    assert not Path("without/consents.json").exists()
    telemetry("library", "consent", "r07", "--grant", "research", "--note", "=sum(A1)")
    assert "out/consents.json" in telemetry("library", "export", "--rider", "r07", "-o", "out").lines
    assert json.loads(Path("out/consents.json").read_text()) == listed(telemetry, "r07")
