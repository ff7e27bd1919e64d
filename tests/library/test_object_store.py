"""Files in an object store: a small one that speaks S3's words, on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadInput, BadLibrary
from telemetry.library.analyses import Tools
from telemetry.library.backup import backup, restore
from telemetry.library.erase import erase
from telemetry.library.library import open_library
from telemetry.library.object_store import ObjectStore
from telemetry.library.store import SAMPLES
from telemetry.library.verify import catalog_hash, verify
from tests.library.bucket import Handler, Objects
from tests.library.conftest import add, states

URL = "s3://studio/class files"


def test_a_library_with_its_files_in_an_object_store_does_what_one_in_a_folder_does(
    objects: Objects, tmp_path: Path, six: list[Path], tools: Tools
) -> None:
    open_library(tmp_path / "L", storage=URL).close()
    with open_library(tmp_path / "L") as library, open_library(tmp_path / "local") as local:
        assert library.store.place == URL
        for one in (library, local):
            assert states(add(one, six, tools)) == ["added"] * 6
            assert states(add(one, six, tools)) == ["known"] * 6
        assert catalog_hash(library) == catalog_hash(local)
        assert len(objects) == 12
        assert not list((tmp_path / "L").rglob("*.parquet"))
        assert library.recording(library.rows()[0][0]["recording_id"]).samples.height == 720
        assert not list(verify(library))
        backup(library, tmp_path / "B")
        restore(tmp_path / "B", tmp_path / "R")
        with open_library(tmp_path / "R") as back:  # the files of a restored one are its own
            assert back.store.place == str(tmp_path / "R")
            assert catalog_hash(back) == catalog_hash(local)
        library.remove(library.rows()[0][0]["recording_id"])
        assert len(objects) == 10
        library.store.put(SAMPLES, b"nobody's", ".parquet")
        assert library.sweep() == 1
        erase(library, "r07")
        assert not objects
        assert not list(verify(library))
    with pytest.raises(BadInput, match="keeps its files elsewhere"):
        open_library(tmp_path / "L", storage="s3://other/place")


def test_an_object_that_is_gone_or_changed_is_named(
    objects: Objects, tmp_path: Path, six: list[Path], tools: Tools
) -> None:
    with open_library(tmp_path / "L", storage=URL) as library:
        add(library, six[:1], tools)
        first, second = sorted(objects)
        objects[first] = objects[first][::-1]
        del objects[second]
        found = "\n".join(map(str, verify(library)))
    assert "not what was written" in found
    assert "is gone" in found
    assert URL in found


def test_machines_share_one_key(objects: Objects, tmp_path: Path) -> None:
    one, other = ObjectStore(tmp_path, URL), ObjectStore(tmp_path, URL)
    with pytest.raises(BadLibrary, match="key is gone"):
        one.key(None)
    assert one.key(b"first") == b"first"
    assert other.key(b"second") == b"first"


def test_a_store_that_does_not_answer_or_is_none_is_said(
    tmp_path: Path, six: list[Path], tools: Tools, objects: Objects
) -> None:
    with pytest.raises(BadInput, match="no object store"):
        open_library(tmp_path / "F", storage="ftp://host/place")
    with pytest.raises(BadInput, match="keeps its files there"):
        open_library(tmp_path / "F", storage=tmp_path / "elsewhere")
    with open_library(tmp_path / "L", storage=URL) as library:
        broken = Handler.do_PUT
        Handler.do_PUT = lambda self: self._answer(403)  # type: ignore[method-assign]
        try:
            (done,) = add(library, six[:1], tools)
        finally:
            Handler.do_PUT = broken  # type: ignore[method-assign]
        assert (done.state, "object store cannot be used" in done.detail) == ("failed", True)
        assert library.rows() == []
