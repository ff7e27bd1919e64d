"""`telemetry analyze`: numbers on stdout, in the order of the inputs; the rider from file and options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import telemetry as package
from tests.cli.conftest import CLASSES, Command


def one(telemetry: Command, *arguments: str) -> dict[str, Any]:
    ran = telemetry("analyze", *arguments, "--json")
    assert ran.code == 0, ran.err
    (line,) = ran.lines
    content: dict[str, Any] = json.loads(line)
    return content


def test_the_json_is_the_analysis(desk: Path, telemetry: Command) -> None:
    analysis = package.analyze(package.read("class.fit"))
    assert one(telemetry, "class.fit") == analysis.to_dict()


def test_many_give_a_line_each_in_the_order_named_and_failures_none(desk: Path, telemetry: Command) -> None:
    ran = telemetry("analyze", "usual.fit", "page.fit", "class.fit", "gone.fit", "--json")
    assert ran.code == 1
    assert [json.loads(line)["recording"]["file"] for line in ran.lines] == ["usual.fit", "class.fit"]
    assert sorted(line.split()[1] for line in ran.errors) == ["gone.fit:", "page.fit:"]


def test_people_get_a_summary_of_one_and_a_table_of_many(desk: Path, telemetry: Command) -> None:
    assert "Torque load" in telemetry("analyze", "class.fit").out
    ran = telemetry("analyze", str(CLASSES))
    assert ran.code == 0
    rows = [line.split() for line in ran.lines if ".fit" in line]
    assert [row[0] for row in rows] == sorted(path.name for path in CLASSES.glob("*.fit"))
    assert next(line for line in ran.lines if "grinder" in line).rstrip().endswith("review: R2 R3")
    assert max(map(len, ran.lines)) <= 100


def test_options_win_over_the_rider_file_and_the_file_over_the_recording(
    desk: Path, telemetry: Command
) -> None:
    Path("me.toml").write_text("mass_kg = 70\nftp_w = 250\n[limits]\nr2_grinding_min = 20\n")
    plain = one(telemetry, "class.fit")["rider"]
    assert plain["ftp_source"] == "from file, unconfirmed"
    filed = one(telemetry, "class.fit", "--rider", "me.toml")["rider"]
    assert (filed["mass_kg"], filed["ftp_w"], filed["ftp_source"]) == (70.0, 250.0, "rider file")
    content = one(
        telemetry,
        *("class.fit", "--rider", "me.toml", "--ftp", "260", "--cp", "240", "--w-prime", "18000"),
        *("--crank", "165", "--max-hr", "190", "--mass", "71", "--limit", "r2_longest_bout_s=900"),
    )
    rider = content["rider"]
    assert (rider["ftp_w"], rider["ftp_source"], rider["mass_kg"]) == (260.0, "command line", 71.0)
    assert (rider["cp_w"], rider["w_prime_j"], rider["crank_length_mm"]) == (240.0, 18000.0, 165.0)
    assert rider["max_hr_bpm"] == 190.0
    overridden = {limit["name"]: limit["value"] for limit in content["limits"] if limit["overridden"]}
    assert overridden == {"r2_grinding_min": 20.0, "r2_longest_bout_s": 900.0}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--ftp", "-5"), "expected a number from 30 to 600 W, got -5"),
        (("--ftp", "nan"), "got nan"),
        (("--mass", "900"), "expected a number from 20 to 300 kg"),
        (("--limit", "r2_grinding=3"), "perhaps"),
        (("--limit", "r2_grinding_min"), "is not NAME=NUMBER"),
        (("--limit", "r2_grinding_min=inf"), "is not NAME=NUMBER"),
        (("--limit", "r2_grinding_min=-1"), "out of bounds"),
    ],
)
def test_an_option_that_fits_no_rider_is_wrong_usage(
    desk: Path, telemetry: Command, arguments: tuple[str, str], says: str
) -> None:
    ran = telemetry("analyze", "class.fit", *arguments)
    assert (ran.code, ran.out) == (2, "")
    told = " ".join(ran.err.replace("│", " ").split())
    assert says in told
    assert arguments[0] in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('mass_kg = "heavy"', "mass_kg is no number"),
        ("weight = 70", "unknown key 'weight'"),
        ("[limits]\nr2_grinding = 3", "there is no limit 'r2_grinding'"),
        ("mass_kg == 70", "this is no TOML"),
    ],
)
def test_a_rider_file_with_nonsense_is_said_once(
    desk: Path, telemetry: Command, text: str, says: str
) -> None:
    Path("me.toml").write_text(text)
    ran = telemetry("analyze", "class.fit", "usual.fit", "--rider", "me.toml")
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.errors) == 1
    assert "me.toml" in ran.errors[0]
    assert says in ran.errors[0]


def test_a_fault_of_ours_in_one_file_is_named_and_stops_no_other(
    desk: Path, telemetry: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import telemetry.ingest as ingest

    honest = ingest.read_all

    def faulty(path: Path) -> list[package.ClassRecording]:
        if Path(path).name == "class.fit":
            raise ZeroDivisionError("division by zero")
        return honest(path)

    monkeypatch.setattr(ingest, "read_all", faulty)
    ran = telemetry("analyze", "class.fit", "usual.fit", "--json")
    assert (ran.code, len(ran.lines)) == (1, 1)
    assert ran.errors == [
        "error: class.fit: unexpected ZeroDivisionError: division by zero"
        " (a fault of this program; TELEMETRY_DEBUG=1 shows the details)"
    ]


def test_a_name_that_is_no_utf8_stays_in_the_json(desk: Path, telemetry: Command) -> None:
    (desk / "usual.fit").rename(desk / "caf\udce9.fit")
    assert one(telemetry, "caf\udce9.fit")["recording"]["file"] == "caf\udce9.fit"
