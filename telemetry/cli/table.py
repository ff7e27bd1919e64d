"""Many classes at a glance: one row each.

Comes in: analyses, which become rows. Goes out: a table on stdout. Leaves to others: every number, and the
full report.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis, ClassRecording

COLUMNS: tuple[tuple[str, str, int], ...] = (
    # heading, metric, digits
    ("ridden min", "pedalling_min", 0),
    ("TL", "torque_load", 0),
    ("grinding min", "grinding_min", 1),
)
WIDE = 160
"""Characters where no terminal limits them: nothing is cut for who reads the table through a pipe."""


class Row(NamedTuple):
    """A class as its row says it: all that a thousand of them keep, and all that another process sends."""

    file: str
    date: str
    numbers: tuple[str, ...]
    """one for each of COLUMNS"""
    data: str
    review: str
    flagged: bool


def row_of(analysis: ClassAnalysis) -> Row:
    """When, how long, how heavy, what the review says."""
    recording, review = analysis.recording, analysis.review
    codes = " ".join(finding.code for finding in review.findings)
    return Row(
        recording.file or recording.id,
        _date(recording),
        tuple(_number(analysis.metric(name), digits) for _, name, digits in COLUMNS),
        analysis.quality.grade.replace("_", " "),
        review.state.replace("_", " ") + (f": {codes}" if codes else ""),
        review.flagged,
    )


def print_table(rows: Sequence[Row]) -> None:
    """The rows under their headings."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from telemetry.cli.console import clean

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold", min_width=14)
    table.add_column("date", no_wrap=True)
    for heading, _, _ in COLUMNS:
        lines = heading.split()  # one under the other: the words beside them need the room
        table.add_column("\n".join(lines), justify="right", min_width=max(map(len, lines)))
    table.add_column("data", min_width=6)
    table.add_column("back-risk review", min_width=11)
    for row in rows:
        review = Text(row.review, style="bold" if row.flagged else "")
        table.add_row(Text(clean(row.file)), row.date, *row.numbers, row.data, review)
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)


def _date(recording: ClassRecording) -> str:
    """The day it was where the class was ridden, as far as the file says."""
    if recording.started_at is None:
        return ""
    return f"{recording.started_at + timedelta(seconds=recording.utc_offset_s or 0.0):%Y-%m-%d}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
