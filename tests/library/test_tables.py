"""Tables that people bring: diaries and manifests, each row read or named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from telemetry.errors import BadInput
from telemetry.library.diary_csv import from_csv, to_csv
from telemetry.library.library import Library
from telemetry.library.sources import Sources
from telemetry.model import (
    Comment,
    Confounder,
    Diary,
    OwnLimit,
    PainEntry,
    Phase,
    Questionnaire,
    Screening,
    Setting,
    Treatment,
)

NOW = dt.datetime(2026, 3, 20, 12, 0, tzinfo=dt.UTC)
WHEN = dt.datetime(2026, 3, 5, 18, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
EVERYTHING = (
    PainEntry(WHEN, 4.5, "leg", 30.0, "during", "=sum(A1)"),
    Treatment(WHEN, "dry_needling", "left, deep", whole_day=True),
    Setting(WHEN, "b1", saddle_height_mm=721.5, handlebar_reach_mm=-12.0),
    Phase(dt.date(2026, 3, 1), None, "rebuild"),
    Phase(dt.date(2026, 2, 1), dt.date(2026, 2, 28), "create_window", "slow"),
    Questionnaire(WHEN, "ODI", 32.0),
    Confounder(WHEN, "analgesic", WHEN + dt.timedelta(days=2), 'ibuprofen 400, "twice"'),
    Screening(WHEN, {"night_pain": True, "fever": False}, author="Dr M"),
    Screening(WHEN, {}, cleared=True),
    OwnLimit(WHEN, "torque_load", 60.0, "", None, "Dr M"),
    Comment(WHEN, "a line\nand another", "Dr M"),
)


def test_a_diary_goes_out_and_comes_in_without_loss(library: Library) -> None:
    library.set_rider("r07", {})
    kept = library.note("r07", [replace(entry, entered_at=WHEN) for entry in EVERYTHING])
    diary = library.diary("r07")
    assert len(diary) == len(EVERYTHING)
    assert Diary.of(kept) == diary
    back = from_csv(to_csv(diary), NOW, "diary.csv")
    assert Diary.of(back) == diary


def test_a_formula_is_no_formula_in_the_table() -> None:
    assert ",'=sum(A1)," in to_csv(EVERYTHING[:1])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("pain,05/03/2026 18:40,4", "row 3, when.*two ways"),
        ("pain,2026-03-05 18:40,11", "row 3.*out of bounds"),
        ("pain,2026-03-05 18:40,four", "row 3, value.*no number"),
        ("pain,2026-03-05 18:40,", "row 3.*a pain needs value"),
        ("ache,2026-03-05,4", "row 3, kind.*no kind of entry"),
        ("pain,2031-03-05,4", "row 3, when.*impossible date"),
        ("pain,2026-03-05,4,5", "row 3.*more cells"),
        ("comment,2026-03-05,4", "row 3, value.*has no value"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_none_is_taken(row: str, says: str) -> None:
    text = f"kind,when,value\npain,2026-03-05 18:40,4\n{row}\n"
    with pytest.raises(BadInput, match=says):
        from_csv(text, NOW, "diary.csv")


def test_other_columns_are_refused() -> None:
    with pytest.raises(BadInput, match="unknown column 'pain'"):
        from_csv("kind,when,pain\n", NOW, "diary.csv")
    with pytest.raises(BadInput, match="the columns kind and when are needed"):
        from_csv("", NOW, "diary.csv")


# --- whose class it is --------------------------------------------------------------------------------------


def test_a_pattern_reads_the_path(tmp_path: Path) -> None:
    sources = Sources.of(pattern="{class}/{bike}.fit", rider="r07")
    found = sources.input(tmp_path / "monday" / "B12.FIT")
    assert (found.class_id, found.bike, found.rider, found.must_exist) == ("monday", "B12", "r07", False)
    looked_up = Sources.of(pattern="{rider}-{any}.fit").input(tmp_path / "r08-x.fit")
    assert (looked_up.rider, looked_up.must_exist) == ("r08", True)
    with pytest.raises(BadInput, match="does not fit the pattern"):
        sources.input(tmp_path / "B12.csv")
    for wrong in ("{name}.fit", "x.fit", "{bike}/{bike}.fit", "{any}.fit"):
        with pytest.raises(BadInput, match="cannot be used"):
            Sources.of(pattern=wrong)


def test_a_manifest_is_looked_up_by_path_or_name(tmp_path: Path) -> None:
    table = tmp_path / "m.csv"
    table.write_text("file,rider,bike,started_at\na/x.fit,r07,b1,2026-03-02 18:00\ny.fit,r08,,\n")
    sources = Sources.of(manifest=table, now=NOW)
    found = sources.input(tmp_path / "a" / "x.fit")
    assert (found.rider, found.bike, found.said_by) == ("r07", "b1", f"row 2 of {table}")
    assert found.started_at == dt.datetime(2026, 3, 2, 18, 0, tzinfo=dt.UTC)
    assert sources.input(Path("elsewhere/y.fit")).rider == "r08"
    assert sources.input(Path("z.fit")).rider is None
    with pytest.raises(
        BadInput, match=r"conflicting riders \(expected r09, as --rider says, got r07, from row 2"
    ):
        Sources.of(manifest=table, rider="r09", now=NOW).input(tmp_path / "a" / "x.fit")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "other columns"),
        ("file,person\n", "other columns"),
        ("file,rider\n,r07\n", "row 2"),
        ("file,rider\nx.fit,r07\nx.fit,r08\n", "row 3.*only row 2"),
        ("file,started_at\nx.fit,02/03/2026\n", "row 2, started_at.*two ways"),
    ],
)
def test_a_manifest_that_cannot_be_read_names_its_row(tmp_path: Path, text: str, says: str) -> None:
    table = tmp_path / "m.csv"
    table.write_text(text)
    with pytest.raises(BadInput, match=says):
        Sources.of(manifest=table, now=NOW)
