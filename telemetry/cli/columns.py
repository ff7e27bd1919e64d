"""Rows under headings, on a screen or into a pipe.

Comes in: headings and rows of texts. Goes out: a table on stdout: laid out to the width of a screen, or plain
lines where nobody's screen limits them, which look the same in a hundredth of the time.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.table import Table

GAP = "  "
WIDE = 160
"""Characters where no terminal limits them: nothing is cut for who reads the table through a pipe."""


class Heading(NamedTuple):
    """What stands over a column, a line of it for each \\n, and how its cells stand."""

    text: str
    right: bool = False
    least: int = 0
    """characters that it is given at least"""
    whole: bool = False
    """its cells are not broken over lines"""
    fold: bool = False
    """its cells are broken anywhere, not only between words"""
    stands_out: bool = False
    """its cells are bold in the rows that are"""

    @property
    def lines(self) -> list[str]:
        """The heading, line by line."""
        return self.text.split("\n")


def show(headings: Sequence[Heading], rows: Sequence[Sequence[str]], bold: Collection[int] = ()) -> None:
    """Print them; on a screen the rows numbered in `bold` stand out."""
    from telemetry.cli.console import result
    from telemetry.cli.streams import speaks_utf8

    to_a_person = sys.stdout.isatty()
    if not to_a_person and speaks_utf8(sys.stdout) and (lines := plain_lines(headings, rows)) is not None:
        result("\n".join(lines))
        return
    from rich.console import Console

    table = laid_out(headings, rows, bold)
    Console(highlight=False, width=None if to_a_person else WIDE).print(table)


def laid_out(headings: Sequence[Heading], rows: Sequence[Sequence[str]], bold: Collection[int] = ()) -> Table:
    """The table for any width: what does not fit is broken over lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            heading.text,
            justify="right" if heading.right else "left",
            min_width=heading.least or None,
            no_wrap=heading.whole,
            overflow="fold" if heading.fold else "ellipsis",
        )
    for number, row in enumerate(rows):
        cells = zip(headings, row, strict=True)
        table.add_row(
            *(Text(cell, "bold" if heading.stands_out and number in bold else "") for heading, cell in cells)
        )
    return table


def plain_lines(headings: Sequence[Heading], rows: Sequence[Sequence[str]]) -> list[str] | None:
    """The same lines, where all stands beside one another in `WIDE`, else None."""
    from rich.cells import cell_len

    widths = [
        max(heading.least, *map(cell_len, heading.lines), *(cell_len(row[i]) for row in rows))
        for i, heading in enumerate(headings)
    ]
    whole = sum(widths) + len(GAP) * (len(widths) - 1)
    if whole > WIDE:
        return None

    def line(cells: Iterable[str]) -> str:
        parts = []
        for cell, width, heading in zip(cells, widths, headings, strict=True):
            blank = " " * (width - cell_len(cell))
            parts.append(blank + cell if heading.right else cell + blank)
        return GAP.join(parts)

    said = [heading.lines for heading in headings]
    tall = max(map(len, said))
    head = [line(lines[-up] if up <= len(lines) else "" for lines in said) for up in range(tall, 0, -1)]
    return [*head, "─" * whole, *map(line, rows)]
