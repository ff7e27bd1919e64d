"""Many classes at a glance: one row each.

Comes in: analyses, which become rows. Goes out: a table on stdout. Leaves to others: every number, and the
full report.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

    from telemetry.model import ClassAnalysis, ClassRecording

COLUMNS: tuple[tuple[str, str, int], ...] = (
    # heading, metric, digits
    ("ridden min", "pedalling_min", 0),
    ("TL", "torque_load", 0),
    ("grinding min", "grinding_min", 1),
)
FILE, DATE, DATA, REVIEW = "file", "date", "data", "back-risk review"
FILE_WIDTH, DATA_WIDTH, REVIEW_WIDTH = 14, 6, 11
GAP = "  "
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
    """The rows under their headings; into a pipe as plain lines, for which a thousand need no layout."""
    from telemetry.cli.console import clean, result
    from telemetry.cli.streams import speaks_utf8

    names = [clean(row.file) for row in rows]
    to_a_person = sys.stdout.isatty()
    if not to_a_person and speaks_utf8(sys.stdout) and (lines := plain_lines(rows, names)) is not None:
        result("\n".join(lines))
        return
    from rich.console import Console

    Console(highlight=False, width=None if to_a_person else WIDE).print(laid_out(rows, names))


def laid_out(rows: Sequence[Row], names: Sequence[str]) -> Table:
    """The table for any width: what does not fit is folded, what is flagged is bold."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(FILE, overflow="fold", min_width=FILE_WIDTH)
    table.add_column(DATE, no_wrap=True)
    for heading, _, _ in COLUMNS:
        lines = heading.split()  # one under the other: the words beside them need the room
        table.add_column("\n".join(lines), justify="right", min_width=max(map(len, lines)))
    table.add_column(DATA, min_width=DATA_WIDTH)
    table.add_column(REVIEW, min_width=REVIEW_WIDTH)
    for name, row in zip(names, rows, strict=True):
        review = Text(row.review, style="bold" if row.flagged else "")
        table.add_row(Text(name), row.date, *row.numbers, row.data, review)
    return table


def plain_lines(rows: Sequence[Row], names: Sequence[str]) -> list[str] | None:
    """The same lines that the layout gives, where all stands beside one another in `WIDE`, else None."""
    from rich.cells import cell_len

    numbers = tuple(heading.split() for heading, _, _ in COLUMNS)
    headings = ([FILE], [DATE], *numbers, [DATA], [REVIEW])
    least = (FILE_WIDTH, 0, *(0 for _ in numbers), DATA_WIDTH, REVIEW_WIDTH)
    right = (False, False, *(True for _ in numbers), False, False)
    columns = [names, [row.date for row in rows]]
    columns += [[row.numbers[i] for row in rows] for i in range(len(numbers))]
    columns += [[row.data for row in rows], [row.review for row in rows]]
    widths = [
        max(wide, *map(len, words), *map(cell_len, cells))
        for wide, words, cells in zip(least, headings, columns, strict=True)
    ]
    if sum(widths) + len(GAP) * (len(widths) - 1) > WIDE:
        return None

    def line(cells: Iterable[str]) -> str:
        parts = []
        for cell, width, to_the_right in zip(cells, widths, right, strict=True):
            blank = " " * (width - cell_len(cell))
            parts.append(blank + cell if to_the_right else cell + blank)
        return GAP.join(parts)

    tall = max(map(len, headings))
    head = [line(words[-up] if up <= len(words) else "" for words in headings) for up in range(tall, 0, -1)]
    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    return [*head, rule, *map(line, zip(*columns, strict=True))]


def _date(recording: ClassRecording) -> str:
    """The day it was where the class was ridden, as far as the file says."""
    if recording.started_at is None:
        return ""
    return f"{recording.started_at + timedelta(seconds=recording.utc_offset_s or 0.0):%Y-%m-%d}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
