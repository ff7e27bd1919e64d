"""Many inputs over processes: in their order, each with its result or its error, whatever becomes of one."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from telemetry.cli import processes
from telemetry.cli.processes import in_order_over_processes
from telemetry.errors import BadInput


def square(item: int) -> tuple[int, int]:
    """The square, and in which process it was worked out."""
    return item * item, os.getpid()


def picky(item: int) -> int:
    if item == 3:
        raise BadInput("not three", file="three.fit", offset=3)
    if item == 20:
        raise Unsendable
    return item


class Unsendable(Exception):
    def __init__(self) -> None:
        super().__init__("with a lock")
        self.lock = threading.Lock()


def deadly(item: int) -> int:
    if os.environ.get("TELEMETRY_TEST_PARENT") != str(os.getpid()):
        os._exit(9)
    return item


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors, and few items that are worth another process."""
    monkeypatch.setattr(processes, "workers", lambda: 2)
    monkeypatch.setattr(processes, "WORTH", 10)
    monkeypatch.setattr(processes, "PORTION", 3)


def test_results_come_in_order_from_more_than_one_process(
    several: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "HELD", 4)  # the other one is waited for, so that it has its share
    outcomes = list(in_order_over_processes(range(100), square))
    assert [outcome.item for outcome in outcomes] == list(range(100))
    assert [outcome.result[0] for outcome in outcomes] == [item * item for item in range(100)]
    assert {outcome.result[1] for outcome in outcomes} > {os.getpid()}


def test_an_item_that_fails_stops_no_other_and_keeps_its_error(several: None) -> None:
    outcomes = list(in_order_over_processes(range(40), picky))
    failed = {outcome.item: outcome.error for outcome in outcomes if outcome.error is not None}
    assert set(failed) == {3, 20}
    assert isinstance(failed[3], BadInput)
    assert (failed[3].file, failed[3].offset) == ("three.fit", 3)
    assert "with a lock" in str(failed[20])
    assert [outcome.result for outcome in outcomes if outcome.error is None] == [
        item for item in range(40) if item not in failed
    ]


def test_what_a_process_that_died_had_in_work_is_done_here(
    several: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEMETRY_TEST_PARENT", str(os.getpid()))
    assert [outcome.result for outcome in in_order_over_processes(range(30), deadly)] == list(range(30))


def test_a_few_need_no_other_process(several: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: Any, **more: Any) -> None:
        pytest.fail("a process for a few")

    monkeypatch.setattr(processes, "pool", none)
    assert [outcome.result[0] for outcome in in_order_over_processes(range(9), square)] == [
        item * item for item in range(9)
    ]
    monkeypatch.setattr(processes, "workers", lambda: 1)
    assert len(list(in_order_over_processes(range(50), square))) == 50
