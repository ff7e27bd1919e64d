"""Bytes of a table → its lines, counted and measured before anything is made of them.

Comes in: bytes. Goes out: text lines without their ends. Leaves to others: cells (`csv.py`, `mpower.py`).

A class of three hours at 4 Hz has 43,200 lines of some hundred letters. What is far beyond that is no class,
and is refused before it costs memory: a line of ten million columns, a hundred megabytes without a line end,
millions of empty lines.
"""

from __future__ import annotations

import io
import math

from telemetry.errors import BadInput, LimitExceeded

MOST_LINES = 250_000
LONGEST_LINE = 1 << 16


def lines_of(data: bytes, file: str) -> list[str]:
    """The lines of a text: UTF-8, or UTF-16 where its mark says so; any of the usual line ends.

    Raises
    ------
    BadInput : binary data
    LimitExceeded : more lines, or a longer one, than a class can have
    """
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not wide and b"\0" in data[:4096]:
        raise BadInput("this is no text", file=file, expected="CSV", got=f"bytes {data[:4].hex(' ')}")
    encoding = "utf-16" if wide else "utf-8-sig"
    found: list[str] = []
    with io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace") as text:
        while line := text.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise LimitExceeded(
                    "a line is too long for a table of samples",
                    file=file,
                    place=f"line {len(found) + 1}",
                    expected=f"at most {LONGEST_LINE} letters",
                )
            if len(found) == MOST_LINES:
                raise LimitExceeded(
                    "too many lines for a class", file=file, expected=f"at most {MOST_LINES:,}"
                )
            found.append(line.rstrip("\n").replace("\0", ""))
    return found


def ends_in_a_line(data: bytes) -> bool:
    """Whether the last line has its end: without, the file may have been cut inside it."""
    return data.rstrip(b"\0")[-1:] in (b"\n", b"\r")


def number(text: str) -> float:
    """A cell as a number, NaN where it is none or infinite."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
