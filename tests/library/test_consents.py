"""Consents: given, withdrawn, given again; each rule at its edge, logged, in backups, gone when erased."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from telemetry.errors import BadInput, BadLibrary, Withheld
from telemetry.library.backup import backup, restore
from telemetry.library.consents import SCOPES
from telemetry.library.erase import erase
from telemetry.library.library import Library, open_library
from telemetry.library.newest import newest
from telemetry.library.verify import catalog_hash, verify

CANARY = "Qx7CanaryOfAConsent42"
NOON = dt.datetime(2026, 1, 3, 12, 0).astimezone()
DAY = dt.timedelta(days=1)
INSTANT = dt.timedelta(milliseconds=1)


@pytest.fixture
def kept(library: Library) -> Library:
    """A library with two riders and no consent."""
    for rider in ("r07", "r08"):
        library.set_rider(rider, {})
    return library


def actions(library: Library) -> list[tuple[str, object]]:
    found = [(row["action"], json.loads(row["detail"]).get("scope")) for row in library.audit()]
    return [item for item in found if item[0].startswith("consent")]


def test_nobody_asked_hinders_nothing(kept: Library) -> None:
    assert kept.consents("r07") == []
    assert all(kept.consent("r07", scope) is None for scope in SCOPES)
    assert all(kept.withheld(scope) == {} for scope in SCOPES)
    assert not any(rider.withheld for rider in newest(kept))


def test_given_withdrawn_and_given_again_is_a_row_each_and_a_line_in_the_log_each(kept: Library) -> None:
    new, first = kept.grant("r07", "clinician", NOON, note="on paper")
    assert (new, first.granted_at, first.withdrawn_at, first.note) == (True, NOON, None, "on paper")
    assert kept.consent("r07", "clinician") == first
    ended = kept.withdraw("r07", "clinician", NOON + DAY, note="by phone")
    assert (ended.id, ended.withdrawn_at, ended.note) == (first.id, NOON + DAY, "on paper; by phone")
    assert kept.withheld("clinician") == {"r07": NOON + DAY}
    _, second = kept.grant("r07", "clinician", NOON + 2 * DAY)
    assert kept.consents("r07") == [ended, second]
    assert kept.consent("r07", "clinician") == second
    assert kept.withheld("clinician") == {}
    said = [("consent grant", "clinician"), ("consent withdraw", "clinician"), ("consent grant", "clinician")]
    assert actions(kept) == said
    assert not list(verify(kept))


def test_giving_what_stands_changes_nothing(kept: Library) -> None:
    _, first = kept.grant("r07", "studio", NOON)
    before = kept.catalog.state()
    assert kept.grant("r07", "studio", NOON + DAY, note="again") == (False, first)
    assert kept.catalog.state() == before


def test_scopes_and_riders_do_not_touch_each_other(kept: Library) -> None:
    for rider in ("r07", "r08"):
        for scope in SCOPES:
            kept.grant(rider, scope, NOON)
    kept.withdraw("r07", "studio")
    assert {scope: set(kept.withheld(scope)) for scope in SCOPES} == {
        "clinician": set(), "studio": {"r07"}, "research": set(),
    }  # fmt: skip
    assert kept.consent("r07", "clinician") is not None
    assert [rider.withheld for rider in newest(kept)] == [False, False]
    kept.withdraw("r08", "clinician")
    assert [rider.withheld for rider in newest(kept)] == [False, True]


def test_what_is_withheld_says_since_when_what_stays_and_the_way_out(kept: Library) -> None:
    kept.grant("r07", "clinician", NOON)
    kept.withdraw("r07", "clinician", NOON + DAY)
    with pytest.raises(Withheld) as problem:
        kept.consent("r07", "clinician")
    for words in (
        "withdrawn on 2026-01-04", "files already made stay", "until the rider is erased",
        "telemetry diary list", "consent r07 --grant clinician", "library erase r07",
    ):  # fmt: skip
        assert words in str(problem.value)


def test_what_was_not_given_cannot_be_withdrawn(kept: Library) -> None:
    with pytest.raises(BadInput, match="was never given"):
        kept.withdraw("r07", "clinician")
    kept.grant("r07", "clinician", NOON)
    kept.withdraw("r07", "clinician", NOON + DAY)
    with pytest.raises(BadInput, match="withdrawn already on 2026-01-04"):
        kept.withdraw("r07", "clinician")
    with pytest.raises(BadInput, match="clinician, studio, research, got 'clinic'"):
        kept.grant("r07", "clinic")
    with pytest.raises(BadInput, match="no such scope"):
        kept.withheld("everybody")
    for ask in (
        kept.consents,
        lambda who: kept.grant(who, "studio"),
        lambda who: kept.withdraw(who, "studio"),
    ):
        with pytest.raises(BadInput, match=r"no rider 'r70'.*r0\d, perhaps"):
            ask("r70")
    assert len(actions(kept)) == 2


def test_moments_keep_their_order(kept: Library) -> None:
    kept.grant("r07", "clinician", NOON)
    with pytest.raises(BadInput, match=r"before it was given \(expected 2026-01-03 or later"):
        kept.withdraw("r07", "clinician", NOON - INSTANT)
    kept.withdraw("r07", "clinician", NOON)  # a consent of no time
    with pytest.raises(BadInput, match="before it was last withdrawn"):
        kept.grant("r07", "clinician", NOON - INSTANT)
    kept.grant("r07", "clinician", NOON)
    assert kept.withheld("clinician") == {}
    for ask in (kept.grant, kept.withdraw):
        scope = "studio" if ask == kept.grant else "clinician"
        with pytest.raises(BadInput, match="still to come"):
            ask("r07", scope, dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))


def test_a_day_that_was_named_is_the_part_of_it_that_is_left(kept: Library) -> None:
    midnight = NOON - dt.timedelta(hours=12)
    kept.grant("r07", "clinician", NOON)
    with pytest.raises(BadInput, match="before it was given"):
        kept.withdraw("r07", "clinician", midnight - DAY, whole_day=True)
    assert kept.withdraw("r07", "clinician", midnight, whole_day=True).withdrawn_at == NOON
    _, again = kept.grant("r07", "clinician", midnight, whole_day=True)
    assert again.granted_at == NOON
    kept.withdraw("r07", "clinician", NOON + DAY)
    assert [item.withdrawn_at for item in kept.consents("r07")] == [NOON, NOON + DAY]
    edge = midnight + 2 * DAY
    kept.grant("r07", "studio", edge)
    with pytest.raises(BadInput, match="before it was given"):  # that day ends where the other begins
        kept.withdraw("r07", "studio", edge - DAY, whole_day=True)


def test_a_row_changed_from_outside_is_named_and_not_believed(kept: Library) -> None:
    kept.grant("r07", "clinician", NOON)
    kept.withdraw("r07", "clinician")
    with sqlite3.connect(kept.catalog.folder / "catalog.sqlite") as outside:
        outside.execute("UPDATE consents SET withdrawn_at = NULL")
    outside.close()
    assert any("consents" in fault.place for fault in verify(kept))
    for ask in (lambda: kept.consent("r07", "clinician"), lambda: kept.withheld("clinician")):
        with pytest.raises(BadLibrary, match="consents"):
            ask()


def test_a_backup_carries_them(kept: Library, tmp_path: Path) -> None:
    kept.grant("r07", "clinician", NOON, note="on paper")
    kept.withdraw("r07", "clinician", NOON + DAY)
    backup(kept, tmp_path / "B")
    restore(tmp_path / "B", tmp_path / "R")
    with open_library(tmp_path / "R") as back:
        assert back.consents("r07") == kept.consents("r07")
        assert catalog_hash(back) == catalog_hash(kept)
        assert back.withheld("clinician") == {"r07": NOON + DAY}


def test_erasing_removes_them_here_and_from_a_restored_backup(kept: Library, tmp_path: Path) -> None:
    kept.set_rider(CANARY, {})
    kept.grant(CANARY, "clinician", NOON, note=f"says {CANARY}")
    kept.grant("r08", "clinician", NOON)
    kept.withdraw(CANARY, "clinician")
    backup(kept, tmp_path / "B")
    assert erase(kept, CANARY).analyses_and_notes == 1
    restore(tmp_path / "B", tmp_path / "R")
    for folder in (kept.catalog.folder, tmp_path / "R"):
        left = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert CANARY.encode() not in left
        with open_library(folder) as library:
            assert [item.scope for item in library.consents("r08")] == ["clinician"]
            assert library.withheld("clinician") == {}
            assert not list(verify(library))


def test_the_roster_asks_once_however_many_riders_there_are(kept: Library) -> None:
    asked: list[str] = []

    def listen(*event: object) -> None:
        asked.append(str(event[2]))

    sa.event.listen(kept.catalog.engine, "before_cursor_execute", listen)
    for number in range(10):
        kept.set_rider(f"x{number}", {})
        kept.grant(f"x{number}", "clinician", NOON)
        kept.withdraw(f"x{number}", "clinician")
    asked.clear()
    assert sum(rider.withheld for rider in newest(kept)) == 10
    assert sum("FROM consents" in statement for statement in asked) == 1
