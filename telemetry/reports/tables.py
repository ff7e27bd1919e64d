"""What a table of any page is made of: columns, rows and cells of text.

Comes in: numbers and words. Goes out: `Table` objects; a `Cell` carries the number it prints beside its text,
so that a test, or a reader's own script, can hold the page against the analysis. Leaves to others: markup.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from telemetry.reports import words


@dataclass(frozen=True, slots=True)
class Cell:
    """What is printed, and the number behind it where there is one."""

    text: str
    raw: float | None = None
    name: str = ""
    """the metric it prints, where it prints one"""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `numeric` columns are set flush right."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one line: a heading, then values; a last cell that comes early spans what is left.

    A `marked` line stands out; a `group` opens a section.
    """

    cells: tuple[Cell, ...]
    marked: bool = False
    group: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption, which is its accessible name."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


def texts(*said: str) -> tuple[Cell, ...]:
    """Cells that hold words."""
    return tuple(Cell(text) for text in said)


def numeric(value: float | None, unit: str) -> Cell:
    """A cell that holds a number, with the digits its unit deserves."""
    known = value is not None and math.isfinite(value)
    return Cell(words.amount(value, unit), value if known else None)


def headings(*titles: str) -> tuple[Column, ...]:
    """Columns from titles; a title that ends in ">" is numeric."""
    return tuple(Column(title.removesuffix(">"), title.endswith(">")) for title in titles)
