"""Decimal commas: a whole page at once, after it was written with points, so that no number can be missed.

Comes in: a view, a table, a drawing. Goes out: the same with "6,520.4" as "6 520,4". Versions, ids and a
person's own words (`words.Verbatim`) stay as they are. Leaves to others: writing numbers.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from telemetry.reports.words import NARROW, Verbatim

Value = TypeVar("Value")

# a number, not part of a word, a version or a longer number
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\w]|[.,]\d)")
_TEXT = re.compile(r"(<text\b[^>]*>)([^<]*)(</text>)|(\baria-label=\")([^\"]*)(\")")


def comma(text: str) -> str:
    """A text with decimal commas, and narrow spaces between thousands.

    >>> comma("6,520.4 TL, version 0.1.0, n 9, 6 and −0.43").replace(NARROW, " ")
    '6 520,4 TL, version 0.1.0, n 9, 6 and −0,43'
    """
    return _NUMBER.sub(lambda found: found[0].replace(",", NARROW).replace(".", ","), text)


def commas(value: Value) -> Value:
    """A view with every text in it as `comma` writes it."""
    changed: Any = value
    if isinstance(value, Verbatim):
        return value
    if isinstance(value, str):
        changed = comma(value)
    elif is_dataclass(value) and not isinstance(value, type):
        changed = replace(value, **{item.name: commas(getattr(value, item.name)) for item in fields(value)})
    elif isinstance(value, tuple):
        changed = tuple(commas(item) for item in value)
    return changed  # type: ignore[no-any-return]


def drawn(svg: str) -> str:
    """A drawing with decimal commas in what is written on it and in what is read aloud of it."""

    def write(found: re.Match[str]) -> str:
        before, text, after = found.groups()[:3] if found[1] else found.groups()[3:]
        return f"{before}{comma(text)}{after}"

    return _TEXT.sub(write, svg)
