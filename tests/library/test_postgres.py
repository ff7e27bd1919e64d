"""The same library with its catalog in PostgreSQL: started here or named.

TELEMETRY_TEST_POSTGRES=postgresql://… names an empty database. Without it, and where none can be started, the
tests are skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from telemetry.errors import BadInput, BadLibrary, Withheld
from telemetry.library.analyses import Tools
from telemetry.library.backup import backup, restore
from telemetry.library.erase import erase
from telemetry.library.ingest import Input
from telemetry.library.library import open_library
from telemetry.library.newest import newest
from telemetry.library.verify import catalog_hash, verify
from telemetry.model import PainEntry
from tests.builders import STARTED_AT
from tests.library.bucket import Objects
from tests.library.conftest import add, states

DAY = timedelta(days=1)
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    named = os.environ.get("TELEMETRY_TEST_POSTGRES")
    if named:
        yield named
        return
    if not BINARIES:
        pytest.skip("no PostgreSQL is installed, and TELEMETRY_TEST_POSTGRES names none")
    root = os.geteuid() == 0  # whom a server refuses to serve
    if root and shutil.which("runuser") is None:
        pytest.skip("root cannot become user postgres here: there is no runuser")
    bin_ = BINARIES[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="telemetry-postgres-", dir="/tmp"))
    if root:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def as_postgres(*words: str) -> subprocess.CompletedProcess[str]:
        become = ["runuser", "-u", "postgres", "--"] if root else []
        return subprocess.run([*become, *words], capture_output=True, text=True, check=False, cwd="/")

    made = as_postgres(str(bin_ / "initdb"), "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-N")
    if made.returncode:
        shutil.rmtree(folder)
        pytest.skip(f"initdb did not work: {made.stderr[-200:]}")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = (str(bin_ / "pg_ctl"), "-D", f"{folder}/data")
    started = as_postgres(*control, "-w", "-t", "30", "-l", f"{folder}/log", "-o", options, "start")
    if started.returncode:
        shutil.rmtree(folder)
        pytest.skip(f"the server did not start: {started.stdout[-200:]}")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        as_postgres(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def database(server: str, name: str) -> str:
    """The URL of one more empty database."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.rsplit('/', 1)[0]}/{name}"


def test_a_library_on_a_server_does_what_one_in_a_folder_does(
    server: str, tmp_path: Path, six: list[Path], tools: Tools
) -> None:
    with pytest.raises(BadInput, match="needs a folder for its files"):
        open_library(server)
    with open_library(server, storage=tmp_path / "files") as library, open_library(tmp_path / "L") as local:
        for one in (library, local):
            assert states(add(one, six, tools)) == ["added"] * 6
            assert states(add(one, six[::-1], tools, threads=4)) == ["known"] * 6
            one.set_rider("r07", {"ftp_w": 180.0})
            one.note("r07", [PainEntry(STARTED_AT, 4.0, entered_at=STARTED_AT, id="e1")])
            list(one.refresh(tools))
            assert not list(verify(one))
        assert catalog_hash(library) == catalog_hash(local)
        assert library.recording(library.rows()[0][0]["recording_id"]).samples.height == 720
        backup(library, tmp_path / "B")
        restore(tmp_path / "B", tmp_path / "R")
        with open_library(tmp_path / "R") as back:
            assert catalog_hash(back) == catalog_hash(local)
        assert erase(library, "r07").classes == 6
        assert library.rows() == []
        assert not list(verify(library))
    with open_library(server, create=False) as again:  # where the files are stands in the catalog
        assert again.store.folder == tmp_path / "files"
        assert [row["action"] for row in again.audit()][-1] == "erase"


def test_consents_on_a_server_are_those_of_a_folder(server: str, tmp_path: Path) -> None:
    place = database(server, "consents")
    with open_library(place, storage=tmp_path / "files") as library, open_library(tmp_path / "L") as local:
        for one in (library, local):
            for rider in ("agrees", "withdrew"):
                one.set_rider(rider, {})
                one.grant(rider, "clinician", STARTED_AT, note="on paper")
            one.withdraw("withdrew", "clinician", STARTED_AT + DAY)
            assert one.withheld("clinician") == {"withdrew": STARTED_AT + DAY}
            assert one.grant("agrees", "clinician")[0] is False
            with pytest.raises(Withheld):
                one.consent("withdrew", "clinician")
            assert [rider.withheld for rider in newest(one)] == [False, True]
            assert not list(verify(one))
        said = [
            [replace(item, id="") for rider in ("agrees", "withdrew") for item in one.consents(rider)]
            for one in (library, local)
        ]
        assert said[0] == said[1]
        for rider in ("agrees", "withdrew"):
            assert erase(library, rider).analyses_and_notes == 1
        assert library.withheld("clinician") == {}
        assert not list(verify(library))


def test_studios_on_a_server_are_those_of_a_folder(
    server: str, tmp_path: Path, six: list[Path], tools: Tools
) -> None:
    place = database(server, "bikes")
    with open_library(place, storage=tmp_path / "files") as library, open_library(tmp_path / "L") as local:
        for one in (library, local):
            one.set_studio("mitte", "Studio Mitte")
            one.set_bike("b12", crank_length_mm=172.5)
            inputs = [Input(path, "r07", "b12" if path == six[0] else None, "mon") for path in six[:2]]
            assert states(list(one.add(inputs, tools, studio="mitte"))) == ["added"] * 2
            assert len(one.rows(studio_id="mitte")) == 2
            assert not list(verify(one))
        assert library.bikes("mitte") == local.bikes("mitte")
        assert catalog_hash(library) == catalog_hash(local)


def test_two_machines_with_a_server_and_an_object_store_are_one_library(
    server: str,
    tmp_path: Path,
    six: list[Path],
    tools: Tools,
    objects: Objects,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = database(server, "studios")
    monkeypatch.setattr("telemetry.library.place.default_place", lambda: str(tmp_path / "one" / "library"))
    with open_library(place, storage="s3://studio/files") as library:
        assert states(add(library, six[:3], tools)) == ["added"] * 3
        first = library.key
    monkeypatch.setattr("telemetry.library.place.default_place", lambda: str(tmp_path / "two" / "library"))
    with open_library(place, create=False) as library:
        assert library.key == first
        assert states(add(library, six, tools)) == ["known"] * 3 + ["added"] * 3
        assert not list(verify(library))
        with library.store.keeping(), library.store.keeping():
            assert library.recording(library.rows()[0][0]["recording_id"]).samples.height == 720
        assert erase(library, "r07").classes == 6
        assert set(objects) == {"files/key"}


def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(BadLibrary, match="cannot be used") as told:
        open_library("postgresql://u:secret@127.0.0.1:1/none", create=False)
    assert "secret" not in str(told.value)
