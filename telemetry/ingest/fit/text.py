"""Strings out of a file: data, never trusted.

Comes in: the bytes of a string field. Goes out: printable text up to the first zero byte, at most 255 bytes
of it, or None where nothing is left. Leaves to others: escaping for a page.
"""

from __future__ import annotations

import unicodedata

LONGEST_BYTES = 255
HIDDEN = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])
"""Unicode categories that do not print, or turn the reading direction."""


def clean_text(raw: bytes) -> str | None:
    """The text of a string field.

    >>> clean_text(b"Stages LR" + bytes(4) + b"junk")
    'Stages LR'
    >>> clean_text(bytes(8)) is None
    True
    """
    text = raw.split(b"\0", 1)[0][:LONGEST_BYTES].decode("utf-8", "replace")
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text)
        text = "".join(mark for mark in text if unicodedata.category(mark) not in HIDDEN)
    return text.strip() or None
