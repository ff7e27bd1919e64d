"""What a column of a table may be, as words: polars' types are slow to compare and to look up, and opening
polars for the numbers alone would cost a start.

Comes in: nothing. Goes out: the words. Leaves to others: polars' types (`arrow.py`).
"""

from __future__ import annotations

INTEGER, FLOAT, LONG, BOOLEAN, TEXT, UTC, LOCAL = (
    "integer",
    "float",
    "long",
    "boolean",
    "text",
    "utc",
    "local",
)
LISTS = {kind: f"list of {kind}" for kind in (INTEGER, FLOAT, LONG)}

REAL, WHOLE, DATE, OTHER = range(4)
"""What `lay_out` makes of a column of numbers; it leaves the others alone."""
LAID_OUT = {FLOAT: REAL, INTEGER: WHOLE, UTC: DATE, LOCAL: DATE}
