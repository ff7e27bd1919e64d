"""Streams that can print anything: names that are no UTF-8, and signs that a terminal does not have.

Comes in: characters that an encoding refuses. Goes out: the bytes a file name really had, or plain letters.
"""

from __future__ import annotations

import codecs
import sys
from typing import TextIO

HANDLER = "telemetry"

PLAIN = {
    "\u202f": " ",
    "\u00a0": " ",
    "·": ".",
    "−": "-",
    "–": "-",
    "—": "-",
    "±": "+/-",
    "…": "...",
    "→": "->",
    "′": "'",
    "²": "2",
    "°": "deg ",
}
"""Signs of our own texts in plain letters."""


def prepare() -> None:
    """Let stdout and stderr print what their encoding cannot."""
    codecs.register_error(HANDLER, _instead)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def speaks_utf8(stream: TextIO) -> bool:
    """True where every character can be written as it is."""
    try:
        return codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def _instead(problem: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    out = b""
    for mark in problem.object[problem.start : problem.end]:
        if "\udc80" <= mark <= "\udcff":  # a byte of a file name that is no UTF-8
            out += bytes([ord(mark) - 0xDC00])
        else:
            out += PLAIN.get(mark, mark).encode("ascii", "backslashreplace")
    return out, problem.end
