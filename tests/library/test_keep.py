"""What is kept stays as it was, or says that it is not: disks, processes, schemas, erasure, backups."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks import faults_library
from telemetry.errors import BadInput, BadLibrary, CannotWrite
from telemetry.library import seal
from telemetry.library.analyses import Tools
from telemetry.library.backup import backup, restore
from telemetry.library.catalog import STATE, connect
from telemetry.library.erase import erase
from telemetry.library.library import Library, open_library
from telemetry.library.migrate import MIGRATIONS, known_revisions, migrate
from telemetry.library.packing import pack, unpack
from telemetry.library.store import SAMPLES
from telemetry.library.tables import HEAD, metadata
from telemetry.library.verify import catalog_hash, verify
from telemetry.model import PainEntry
from tests.builders import STARTED_AT
from tests.library.conftest import add, states, write_class

CANARY = "Qx7CanaryOfARider0042"


def bytes_below(folder: Path) -> bytes:
    """Every byte of every file, and of everything that is packed inside the catalog."""
    found = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    catalog = folder / "catalog.sqlite"
    with sqlite3.connect(catalog) as connection:
        for (about,) in connection.execute("SELECT about FROM recordings"):
            found += json.dumps(unpack(about)).encode()
        for content, summary in connection.execute("SELECT content, summary FROM analyses"):
            found += json.dumps([unpack(content), unpack(summary)]).encode()
    connection.close()
    return found


# --- faults -------------------------------------------------------------------------------------------------


def campaign(name: str, trials: int) -> dict[str, object]:
    import subprocess
    import sys

    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults_library", name, "--n", str(trials)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ran.stdout, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def test_kill_9_at_any_moment_loses_no_acknowledged_class() -> None:
    found = campaign("kill", 25)
    assert found["wrong"] == []
    assert found["kills"] == 25


def test_a_disk_that_fails_once_or_for_good_loses_nothing() -> None:
    found = campaign("io", 10)
    if "skipped" in found:
        pytest.skip(str(found["skipped"]))
    assert found["wrong"] == []
    assert found["adds that failed"]


def test_a_flipped_bit_is_named_or_harmless() -> None:
    found = faults_library.rot(60, seed=5)
    assert found["wrong"] == []
    assert found["named"]


def test_a_corrupt_parquet_file_is_never_opened(library: Library, six: list[Path], tools: Tools) -> None:
    add(library, six[:2], tools)
    row = library.rows()[0][0]
    path = library.store.path(SAMPLES, row["samples"], ".parquet")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    with pytest.raises(BadLibrary, match="not what was written"):
        library.recording(row["recording_id"])
    (fault,) = verify(library)
    assert row["recording_id"] in fault.place
    assert library.recording(library.rows()[1][0]["recording_id"]).id


def test_a_row_changed_from_outside_is_named(library: Library, six: list[Path], tools: Tools) -> None:
    add(library, six[:1], tools)
    with sqlite3.connect(library.catalog.folder / "catalog.sqlite") as outside:
        outside.execute("UPDATE recordings SET duration_s = 61.0")
    outside.close()
    faults = [str(fault) for fault in verify(library)]
    assert any("this row is not what was written" in fault for fault in faults)
    with pytest.raises(BadLibrary, match="recordings"):
        library.rows()


def test_a_row_taken_out_or_an_audit_line_edited_is_noticed(
    library: Library, six: list[Path], tools: Tools
) -> None:
    add(library, six[:2], tools)
    path = library.catalog.folder / "catalog.sqlite"
    with sqlite3.connect(path) as outside:
        outside.execute("DELETE FROM analyses WHERE analysis_id = 2")
    outside.close()
    assert "rows are missing" in " ".join(map(str, verify(library)))
    with sqlite3.connect(path) as outside:
        outside.execute("UPDATE audit SET action = 'nothing' WHERE audit_id = 1")
    outside.close()
    assert "audit line 1" in " ".join(map(str, verify(library)))


def test_lost_commits_are_noticed_when_the_library_is_opened(place: Path) -> None:
    with open_library(place) as library:
        library.set_rider("r07", {})
        now = library.catalog.state()
    seal.write(place, seal.Seal(now.commit + 2, now.tally, now.audit))
    with pytest.raises(BadLibrary, match="lost its last 2 commits"):
        open_library(place)


def test_a_catalog_that_another_process_holds_is_said_and_nothing_is_written(place: Path) -> None:
    with open_library(place, wait_s=0.1) as library:
        holder = sqlite3.connect(place / "catalog.sqlite", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadLibrary, match="another process has held the catalog"):
            library.set_rider("r07", {})
        holder.execute("ROLLBACK")
        holder.close()
        library.set_rider("r08", {})
        assert [row["rider_id"] for row in library.riders()] == ["r08"]


# --- erasing ------------------------------------------------------------------------------------------------


def test_erasing_leaves_no_byte_of_a_person_in_any_file(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    paths = [write_class(tmp_path / f"{CANARY}-{day}.fit", day, serial="31337001") for day in (0, 3, 7)]
    other = [write_class(tmp_path / "other" / f"{day}.fit", day, serial="5005") for day in (1, 4)]
    add(library, paths, tools, CANARY)
    add(library, other, tools, "r08")
    library.set_rider(CANARY, {"mass_kg": 71.0}, name=f"Name {CANARY}", born="1980-02-03")
    library.note(CANARY, [PainEntry(STARTED_AT, 4.0, note=f"says {CANARY}")])
    bad = tmp_path / f"{CANARY}-bad.fit"
    bad.write_text("no class")
    add(library, [bad], tools, CANARY)
    kept = {row["recording_id"]: library.analysis(row["recording_id"]) for row, _ in library.rows("r08")}
    ids = [row["recording_id"] for row, _ in library.rows(CANARY)]
    assert CANARY.encode() in bytes_below(library.catalog.folder)
    receipt = erase(library, CANARY)
    assert (receipt.classes, receipt.files) == (3, 6)
    left = bytes_below(library.catalog.folder)
    for trace in (CANARY, "31337001", *ids):
        assert trace.encode() not in left, trace
    assert CANARY not in receipt.text()
    assert not list(verify(library))
    assert {row["recording_id"]: library.analysis(row["recording_id"]) for row, _ in library.rows()} == kept
    assert states(add(library, paths[:1], tools, "r09")) == ["refused"]
    assert states(add(library, paths[:1], tools, "r09", allow_erased=True)) == ["added"]
    with pytest.raises(BadInput, match="no rider"):
        erase(library, CANARY)


def test_erasing_finds_files_that_could_not_be_read_before_the_rider_was_known(
    library: Library, tmp_path: Path, tools: Tools
) -> None:
    """Their names, and the reasons why, may be all that a library holds of somebody."""
    first, told = tmp_path / "kreuz.fit", tmp_path / f"{CANARY}-told.fit"
    first.write_text("no class")
    told.write_text("no class either")
    assert states(add(library, [first], tools, CANARY)) == ["quarantined"]
    add(library, [told], tools, "r08")
    add(library, [write_class(tmp_path / "a.fit", 0)], tools, CANARY)
    erase(library, CANARY)
    left = bytes_below(library.catalog.folder)
    assert CANARY.encode() not in left
    assert b"kreuz" not in left
    assert not list(verify(library))


def test_erasing_while_another_process_reads_is_pending_and_can_be_finished(place: Path) -> None:
    with open_library(place, wait_s=0.1) as library:
        library.set_rider(CANARY, {}, name=CANARY)
        reader = sqlite3.connect(place / "catalog.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM riders").fetchall()
        with pytest.raises(BadLibrary, match="pending"):
            erase(library, CANARY, patience_s=0.2)
        reader.execute("ROLLBACK")
        reader.close()
        assert erase(library, CANARY).classes == 0
        assert CANARY.encode() not in bytes_below(place)
        assert not list(verify(library))


# --- backups ------------------------------------------------------------------------------------------------


def test_a_backup_comes_back_bit_for_bit(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools
) -> None:
    add(library, six, tools)
    library.note("r07", [PainEntry(STARTED_AT, 4.0)])
    done = backup(library, tmp_path / "B")
    assert (done.classes, done.files) == (6, 12)
    before = catalog_hash(library)
    restore(tmp_path / "B", tmp_path / "R")
    with open_library(tmp_path / "R") as back:
        assert catalog_hash(back) == before
        assert not list(verify(back))
        for kind, sha256, suffix, path in library.store.all():
            assert back.store.get(kind, sha256, suffix) == path.read_bytes()
        assert states(add(back, six, tools)) == ["known"] * 6
    with pytest.raises(CannotWrite, match="not empty"):
        backup(library, tmp_path / "B")
    with pytest.raises(BadInput, match="a library is here already"):
        restore(tmp_path / "B", tmp_path / "R")


def test_a_damaged_backup_is_refused(library: Library, six: list[Path], tmp_path: Path, tools: Tools) -> None:
    add(library, six[:1], tools)
    backup(library, tmp_path / "B")
    victim = next((tmp_path / "B" / "samples").rglob("*.parquet"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[::-1])
    with pytest.raises(BadLibrary, match="not what was written"):
        restore(tmp_path / "B", tmp_path / "R")
    assert not (tmp_path / "R").exists()
    (tmp_path / "B" / "backup.json").unlink()
    with pytest.raises(BadLibrary, match="no finished backup"):
        restore(tmp_path / "B", tmp_path / "R")


def test_a_restored_backup_erases_again_who_was_erased(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools
) -> None:
    add(library, six[:2], tools, CANARY)
    add(library, [write_class(tmp_path / "o.fit", 1, serial="9")], tools, "r08")
    backup(library, tmp_path / "B")
    shutil.copytree(tmp_path / "B", tmp_path / "elsewhere")
    receipt = erase(library, CANARY)
    assert receipt.backups == (str(tmp_path / "B"),)
    assert restore(tmp_path / "B", tmp_path / "R").erased >= 1
    assert CANARY.encode() not in bytes_below(tmp_path / "R")
    # a copy that nobody could tell: the library it replaces knows
    place = library.catalog.folder
    library.close()
    done = restore(tmp_path / "elsewhere", place, replace=True)
    assert done.erased >= 1
    assert done.aside is not None
    with open_library(place) as back:
        assert [row["rider_id"] for row in back.riders()] == ["r08"]
        assert not list(verify(back))


@pytest.mark.parametrize("lost", ["catalog.sqlite", "key", "seal.json"])
@pytest.mark.parametrize("how", ["overwritten", "deleted"])
def test_a_library_that_no_longer_opens_is_replaced_by_its_backup(
    place: Path, six: list[Path], tmp_path: Path, tools: Tools, lost: str, how: str
) -> None:
    """What every error of a damaged library tells people to do has to work on a damaged library."""
    with open_library(place) as library:
        add(library, six[:1], tools)
        backup(library, tmp_path / "B")
    if how == "deleted":
        (place / lost).unlink()
    else:
        (place / lost).write_bytes(b"\x5a" * 4096)
    with pytest.raises(BadInput, match="--replace"):
        restore(tmp_path / "B", place)
    done = restore(tmp_path / "B", place, replace=True)
    assert bool(done.unread) == (lost == "catalog.sqlite")
    assert done.aside is not None
    with open_library(place, create=False) as back:
        assert len(back.rows()) == 1
        assert not list(verify(back))
    restore(tmp_path / "B", place, replace=True)  # within the same second: the names beside it differ
    assert not list(tmp_path.glob(".*restoring"))


def test_a_backup_of_an_older_version_is_restored_as_this_one(place: Path, tmp_path: Path) -> None:
    old_library(place)
    shutil.copytree(place, tmp_path / "B")
    hashes = {
        name: hashlib.sha256((tmp_path / "B" / name).read_bytes()).hexdigest()
        for name in ("catalog.sqlite", "key")
    }
    manifest = {"schema": "telemetry.backup/1", "made_at": "", "catalog": "0001", "hashes": hashes}
    (tmp_path / "B" / "backup.json").write_text(json.dumps(manifest))
    restore(tmp_path / "B", tmp_path / "R")
    with open_library(tmp_path / "R", create=False) as back:
        assert [row["name"] for row in back.riders()] == ["A name"]
        assert not list(verify(back))
    assert not list((tmp_path / "R").glob("before-migration-*"))


def test_a_restore_that_fails_leaves_no_copy_of_people_s_classes(
    library: Library, six: list[Path], tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    import telemetry.library.backup as module

    add(library, six[:1], tools)
    backup(library, tmp_path / "B")
    monkeypatch.setattr(module, "verify", lambda _: iter(["a fault"]))
    with pytest.raises(BadLibrary, match="not whole: a fault"):
        restore(tmp_path / "B", tmp_path / "R")
    assert not list(tmp_path.glob(".*restoring"))
    assert not (tmp_path / "R").exists()


# --- schemas ------------------------------------------------------------------------------------------------


def old_library(place: Path) -> None:
    """A library as the first schema left it, with a rider, facts and a diary."""
    from alembic import command
    from alembic.config import Config

    with open_library(place) as library:
        library.set_rider("r07", {"mass_kg": 70.0}, name="A name")
        library.note("r07", [PainEntry(STARTED_AT, 4.0)])
        rows = {}
        with library.catalog.read() as connection:
            for table in metadata.sorted_tables:
                rows[table.name] = [dict(row) for row in connection.execute(table.select()).mappings()]
    (place / "catalog.sqlite").unlink()
    engine = connect(f"sqlite:///{place / 'catalog.sqlite'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        settings = Config()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        found = sa.MetaData()
        found.reflect(connection)
        from telemetry.library.catalog import MODULUS, row_hash

        total = 0
        for table in metadata.sorted_tables:
            if table.name not in found.tables:
                continue
            old = found.tables[table.name]
            for row in rows[table.name]:
                if row.get("name") == STATE:
                    continue
                values = {name: row[name] for name in list(old.c.keys()) if name != "row_hash"}
                values["row_hash"] = row_hash(table.name, values)
                total += int(values["row_hash"], 16)
                connection.execute(old.insert(), values)
        state = next(row for row in rows["settings"] if row["name"] == STATE)
        kept = seal.Seal.parse(state["value"])
        assert kept is not None
        text = seal.Seal(kept.commit, f"{total % MODULUS:064x}", kept.audit).text()
        connection.execute(found.tables["settings"].insert(), {**state, "value": text})
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


def test_an_older_library_is_migrated_whole_and_backed_up_first(place: Path) -> None:
    old_library(place)
    with pytest.raises(BadLibrary, match="telemetry library migrate"):
        open_library(place)
    done = migrate(f"sqlite:///{place / 'catalog.sqlite'}", place)
    assert (done.before, done.after) == ("0001", HEAD)
    assert done.backup is not None
    with open_library(place) as library:
        assert not list(verify(library))
        assert [row["name"] for row in library.riders()] == ["A name"]
        assert len(library.diary("r07")) == 1
        erase(library, "r07")
    assert not done.backup.exists()
    assert migrate(f"sqlite:///{place / 'catalog.sqlite'}", place).rows == 0


def test_a_migration_that_fails_leaves_everything_as_it_was(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import telemetry.library.migrate as module

    old_library(place)
    before = sqlite3.connect(place / "catalog.sqlite")
    dump = list(before.iterdump())
    before.close()

    def broken(*_: object) -> int:
        raise BadLibrary("a step failed")

    monkeypatch.setattr(module, "_finish", broken)
    with pytest.raises(BadLibrary, match="a step failed"):
        migrate(f"sqlite:///{place / 'catalog.sqlite'}", place)
    after = sqlite3.connect(place / "catalog.sqlite")
    assert list(after.iterdump()) == dump
    after.close()


def test_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    """Column for column, whatever their order."""
    old_library(tmp_path / "old")
    migrate(f"sqlite:///{tmp_path / 'old' / 'catalog.sqlite'}", tmp_path / "old")
    open_library(tmp_path / "new").close()

    def schema(place: Path) -> dict[str, object]:
        found = sqlite3.connect(place / "catalog.sqlite")
        names = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            name: sorted(row[1:] for row in found.execute(f"PRAGMA table_info({name})"))
            for name in names
            if name != "alembic_version"
        }
        indexes = sorted(
            name
            for (name,) in found.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
            )
        )
        found.close()
        return {"tables": columns, "indexes": indexes}

    assert schema(tmp_path / "old") == schema(tmp_path / "new")
    assert known_revisions()[-1] == HEAD


def test_a_future_schema_is_left_alone(place: Path) -> None:
    open_library(place).close()
    with sqlite3.connect(place / "catalog.sqlite") as outside:
        outside.execute("UPDATE alembic_version SET version_num = '9999'")
    outside.close()
    with pytest.raises(BadLibrary, match="newer version; it was not touched"):
        open_library(place)
    with pytest.raises(BadLibrary, match="newer version"):
        migrate(f"sqlite:///{place / 'catalog.sqlite'}", place)


# --- small things -------------------------------------------------------------------------------------------


def test_there_is_no_library_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadLibrary, match="no library here"):
        open_library(tmp_path / "nothing", create=False)
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(BadInput, match="no place for a library"):
        open_library("mysql://host/db")


def test_what_an_interrupted_add_left_is_swept(library: Library, six: list[Path], tools: Tools) -> None:
    add(library, six[:1], tools)
    library.store.put(SAMPLES, b"nobody's", ".parquet")
    assert library.sweep() == 1
    assert not list(verify(library))


def test_packing_is_small_exact_and_says_when_it_is_broken() -> None:
    content = {"metrics": {"torque_load": {"value": 61.5, "unit": ""}}, "name": "Zoë", "none": None}
    packed = pack(content)
    assert unpack(packed) == content
    with pytest.raises(BadLibrary, match="cannot be unpacked"):
        unpack(packed[:-4])
    with pytest.raises(BadLibrary, match="cannot be unpacked"):
        unpack(b"\x02" + packed[1:])


def test_reassigning_moves_a_class_and_is_written_down(
    library: Library, six: list[Path], tools: Tools
) -> None:
    add(library, six[:2], tools)
    library.set_rider("r08", {"ftp_w": 150.0})
    one = library.rows()[0][0]["recording_id"]
    with pytest.raises(BadInput, match="reassign"):
        library.assign(one, "r08")
    library.assign(one, "r08", move=True)
    assert list(library.refresh(tools)) != []
    analysis = library.analysis(one)
    assert analysis is not None
    assert (analysis["rider"]["ftp_w"], analysis["recording"]["rider_id"]) == (150.0, "r08")
    assert [row["action"] for row in library.audit()][-2:] == ["reassign from", "reassign to"]
    with pytest.raises(BadInput, match="no rider 'r70' is in this library \\(expected r08, perhaps"):
        library.rows("r70")


def test_removing_a_class_takes_its_files_along(library: Library, six: list[Path], tools: Tools) -> None:
    add(library, six[:2], tools)
    library.remove(library.rows()[0][0]["recording_id"])
    assert len(list(library.store.all())) == 2
    assert not list(verify(library))
    assert states(add(library, six[:1], tools)) == ["added"]


def test_facts_hold_from_their_day_and_nonsense_is_refused(library: Library) -> None:
    library.set_rider("r07", {"ftp_w": 200.0})
    library.set_rider("r07", {"ftp_w": 220.0}, dt.date(2026, 3, 1))
    library.set_rider("r07", {"ftp_w": None}, dt.date(2026, 6, 1))
    found = [
        library.rider("r07", day).ftp_w
        for day in (dt.date(2025, 1, 1), dt.date(2026, 3, 1), dt.date(2026, 6, 1))
    ]
    assert found == [200.0, 220.0, None]
    with pytest.raises(BadInput, match="mass_kg fits no rider"):
        library.set_rider("r08", {"mass_kg": 700.0})
    assert [row["rider_id"] for row in library.riders()] == ["r07"]
