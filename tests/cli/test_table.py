"""The table of many classes: each column says what it counts."""

from __future__ import annotations

import pytest

from telemetry.analysis import analyze
from telemetry.cli.table import COLUMNS, print_table, row_of
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
