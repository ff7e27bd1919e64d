"""A drop folder: complete files are taken once, growing ones wait, changed ones are looked at again."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.errors import BadInput
from telemetry.library.analyses import Tools
from telemetry.library.library import Library
from telemetry.library.sources import Sources
from telemetry.library.watch import STILL_S, Watch
from tests.library.conftest import write_class


def watch_of(library: Library, tools: Tools, folder: Path) -> Watch:
    return Watch(library, tools, folder, (".fit",), Sources.of(rider="r07"))


def test_a_file_is_taken_when_it_has_stood_still_and_only_once(
    library: Library, tools: Tools, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    path = write_class(folder / "a.fit", 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    (folder / ".hidden.fit").write_bytes(whole)
    (folder / "note.txt").write_text("no class")
    watch = watch_of(library, tools, folder)
    assert watch.ready(0.0) == []
    path.write_bytes(whole)  # it grows: the wait begins again
    assert watch.ready(STILL_S) == []
    assert watch.ready(STILL_S + 1.0) == []
    assert watch.ready(2 * STILL_S) == [path]
    assert [done.state for done in watch._take([path], 9.0)] == ["added"]
    assert watch.ready(99.0) == []


def test_it_takes_what_is_there_and_stops_when_told(library: Library, tools: Tools, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    write_class(folder / "a.fit", 0)
    (folder / "bad.fit").write_text("no class at all")
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    done = list(watch_of(library, tools, folder).run(once=True, sleep=sleep, clock=lambda: now[0]))
    assert sorted(item.state for item in done) == ["added", "quarantined"]
    assert now[0] < 5.0


def test_a_folder_that_is_not_there_is_said(library: Library, tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        watch_of(library, tools, tmp_path / "gone")
