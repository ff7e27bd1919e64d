"""Many files added by several processes: the same library, in order, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from benchmarks.library import RIDERS, class_file
from telemetry.cli import processes
from telemetry.cli.library import shared_out
from telemetry.cli.library.work import tools
from telemetry.errors import BadLibrary
from telemetry.library import open_library
from telemetry.library.ingest import Added, Input
from telemetry.library.library import Library
from telemetry.library.verify import verify

FILES = 12


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Input]:
    """Files of three riders in turn, one of them no class; few, but worth two processes here."""
    monkeypatch.setattr(shared_out, "WORTH", 8)
    monkeypatch.setattr(shared_out, "workers", lambda: 2)
    found = []
    for number in range(FILES):
        path = tmp_path / f"{number:02}.fit"
        path.write_bytes(class_file(RIDERS * number + number % 3) if number != 5 else b"no class")
        found.append(Input(path, f"r{number % 3}"))
    return found


def added(place: Path, inputs: Sequence[Input]) -> list[Added]:
    with open_library(place) as library:
        return list(shared_out.add_all(library, str(place), inputs))


def contents(place: Path) -> list[tuple[Any, ...]]:
    with open_library(place) as library:
        return [
            (row["recording_id"], row["rider_id"], past.torque_load, past.version)
            for row, past in library.rows()
        ]


@pytest.mark.parametrize(
    ("count", "riders", "shares"),
    [
        (2, "aabbc" * 20, 2),
        (2, "a" * 100, 0),
        (2, "ab" * 47, 0),
        (2, "ab" * 48, 2),
        (1, "ab" * 48, 0),
        (2, "a" * 90 + "b" * 23, 0),
        (2, "a" * 90 + "b" * 24, 2),
        (4, "abcd" * 24, 4),
    ],
)
def test_a_rider_stays_in_one_process(count: int, riders: str, shares: int) -> None:
    found = shared_out.shared_out([Input(Path(f"{i}"), r) for i, r in enumerate(riders)], count)
    assert len(found) == shares
    if shares:
        assert sorted(i for share in found for i in share) == list(range(len(riders)))
        assert all(share == sorted(share) for share in found)
        assert sum(len({riders[i] for i in share}) for share in found) == len(set(riders))


def test_where_a_rider_is_not_said_all_stay_in_one_process() -> None:
    said = [Input(Path(f"{i}"), "ab"[i % 2]) for i in range(200)]
    assert shared_out.shared_out([*said, Input(Path("x"))], 2) == []


def test_several_processes_make_the_library_that_one_makes(tmp_path: Path, inputs: list[Input]) -> None:
    done = added(tmp_path / "L", inputs)
    assert [item.file for item in done] == [str(item.path) for item in inputs]
    assert [item.state for item in done] == ["added"] * 5 + ["quarantined"] + ["added"] * 6
    with open_library(tmp_path / "one") as library:
        alone = list(library.add(inputs, tools()))
    assert [(a.file, a.state, a.id) for a in alone] == [(a.file, a.state, a.id) for a in done]
    assert sorted(contents(tmp_path / "L")) == sorted(contents(tmp_path / "one"))
    again = added(tmp_path / "L", inputs)
    assert {item.state for item in again} == {"known", "quarantined"}
    with open_library(tmp_path / "L") as library:
        assert list(verify(library)) == []


def test_a_process_that_dies_leaves_its_rest_to_this_one(
    tmp_path: Path, inputs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_out, "_add_share", _dies_after_one)
    done = added(tmp_path / "L", inputs)
    assert [item.file for item in done] == [str(item.path) for item in inputs]
    assert [item.state for item in done] == ["added"] * 5 + ["quarantined"] + ["added"] * 6


def test_what_stops_a_process_is_told_here(
    tmp_path: Path, inputs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_out, "_add_share", _cannot)
    with pytest.raises(BadLibrary, match="gone"):
        added(tmp_path / "L", inputs)


def test_a_fault_of_another_process_is_sent_here_and_no_traceback_of_its_own(
    tmp_path: Path, inputs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("nothing to work with")

    monkeypatch.setattr(processes, "stand_by", lambda computing: None)
    monkeypatch.setattr(shared_out, "tools", broken)
    here, there = Pipe(duplex=False)
    open_library(tmp_path / "L").close()
    shared_out._add_share(there, str(tmp_path / "L"), inputs, {})
    assert str(here.recv()) == "nothing to work with"


def test_threads_that_were_asked_for_stay_in_this_process(
    tmp_path: Path, inputs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_out, "_Other", None)
    with open_library(tmp_path / "L") as library:
        done = list(shared_out.add_all(library, str(tmp_path / "L"), inputs, threads=2))
    assert len(done) == FILES


def _dies_after_one(there: Connection, place: str, inputs: Sequence[Input], options: dict[str, Any]) -> None:
    with open_library(place) as kept:
        first = next(iter(_one_by_one(kept, inputs, options)))
        there.send(first)
        os.kill(os.getpid(), signal.SIGKILL)


def _one_by_one(kept: Library, inputs: Sequence[Input], options: dict[str, Any]) -> Any:
    for item in inputs:
        yield from kept.add([item], tools(), **options)


def _cannot(there: Connection, place: str, inputs: Sequence[Input], options: dict[str, Any]) -> None:
    there.send(BadLibrary("the library is gone"))
