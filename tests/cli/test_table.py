"""The table of many classes: each column says what it counts."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from telemetry.analysis import analyze
from telemetry.cli.columns import WIDE, laid_out, plain_lines
from telemetry.cli.table import COLUMNS, HEADINGS, Row, print_table, row_of
from tests.builders import recording, steps


def test_minutes_say_what_they_are_minutes_of(capsys: pytest.CaptureFixture[str]) -> None:
    analysis = analyze(recording(**steps([(600, 150, 90), (600, 0, 0)])))
    print_table([row_of(analysis)])
    first, second, _, row = (line.split() for line in capsys.readouterr().out.splitlines()[:4])
    for heading, name, _ in COLUMNS:
        assert {*heading.split()} <= {*first, *second}
        assert analysis.metric(name) is not None
    assert "ridden" in first
    assert [word for word in first if word.endswith("ing")] == ["grinding"]
    assert second.count("min") == 2
    assert row[2] == "10"  # pedalled; the class took twenty


@pytest.mark.parametrize(
    "names",
    [["a.fit"], ["hour-0001.fit", "a much longer name than the others have.fit"], ["教室 七.fit", "é.fit"]],
)
def test_plain_lines_are_those_of_the_layout(names: list[str]) -> None:
    rows = [
        (name, "2026-03-05" if i else "", "60", "1,149", "–", "not usable", "review: R2 R3")
        for i, name in enumerate(names)
    ]
    out = io.StringIO()
    Console(file=out, highlight=False, width=WIDE).print(laid_out(HEADINGS, rows, {1}))
    assert plain_lines(HEADINGS, rows) == out.getvalue().splitlines()


def test_what_does_not_fit_is_left_to_the_layout(capsys: pytest.CaptureFixture[str]) -> None:
    name = 200 * "x" + ".fit"
    row = Row(name, "", ("1", "2", "3"), "good", "usual", False)
    assert plain_lines(HEADINGS, [(name, "", "1", "2", "3", "good", "usual")]) is None
    print_table([row])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= WIDE
    assert out.count("x") == 200
