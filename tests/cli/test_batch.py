"""Many inputs at once: in order, one failure stops no other, memory of a few."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from telemetry.cli.batch import AHEAD, in_order


class Panic(BaseException):
    """As polars raises: no Exception."""


def test_results_come_in_the_order_of_the_inputs_however_long_each_takes() -> None:
    second_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_done.wait(10)
        if item == 2:
            second_done.set()
        return item * item

    assert [outcome.result for outcome in in_order([1, 2, 3], work, threads=2)] == [1, 4, 9]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("fault", [ValueError, MemoryError, Panic])
def test_one_that_fails_stops_no_other(threads: int, fault: type[BaseException]) -> None:
    def work(item: int) -> int:
        if item == 2:
            raise fault("two")
        return item

    outcomes = list(in_order([1, 2, 3], work, threads=threads))
    assert [outcome.item for outcome in outcomes] == [1, 2, 3]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), fault, type(None)]
    with pytest.raises(fault):
        _ = outcomes[1].result


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_all(threads: int) -> None:
    def work(item: int) -> int:
        if item == 1:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt):
        list(in_order(list(range(50)), work, threads=threads))


def test_only_a_few_are_in_work_ahead_of_what_was_taken() -> None:
    started: list[int] = []

    def work(item: int) -> int:
        started.append(item)
        return item

    taken = in_order(list(range(100)), work, threads=2)
    next(taken)
    taken.close()  # type: ignore[attr-defined]
    assert len(started) <= 2 * AHEAD + 1


def test_one_item_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadPoolExecutor, "__init__", lambda *a, **k: pytest.fail("a pool for one item"))
    assert [outcome.result for outcome in in_order([7], lambda item: item + 1)] == [8]
    assert list(in_order([], lambda item: item)) == []
