"""Many classes at a glance: one row each.

Comes in: analyses, which become rows. Goes out: a table on stdout. Leaves to others: every number, and the
full report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from telemetry.cli.columns import Heading, show
from telemetry.cli.console import clean

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis, ClassRecording

COLUMNS: tuple[tuple[str, str, int], ...] = (
    # heading, metric, digits
    ("ridden min", "pedalling_min", 0),
    ("TL", "torque_load", 0),
    ("grinding min", "grinding_min", 1),
)
HEADINGS = (
    Heading("file", least=14, fold=True),
    Heading("date", whole=True),
    # one word under the other: those beside them need the room
    *(Heading(heading.replace(" ", "\n"), right=True) for heading, _, _ in COLUMNS),
    Heading("data", least=6),
    Heading("back-risk review", least=11, stands_out=True),
)


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
    """The rows under their headings; what is flagged stands out."""
    cells = [(clean(row.file), row.date, *row.numbers, row.data, row.review) for row in rows]
    show(HEADINGS, cells, {i for i, row in enumerate(rows) if row.flagged})


def _date(recording: ClassRecording) -> str:
    """The day it was where the class was ridden, as far as the file says."""
    if recording.started_at is None:
        return ""
    return f"{recording.started_at + timedelta(seconds=recording.utc_offset_s or 0.0):%Y-%m-%d}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
