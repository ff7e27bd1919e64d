"""Streams that can print anything: names that are no UTF-8, and signs that a terminal does not have.

Comes in: characters that an encoding refuses. Goes out: the bytes a file name really had, or plain letters.
"""

from __future__ import annotations

import codecs
import os
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
    """Let stdout and stderr exist, and print what their encoding cannot."""
    _open_closed()
    codecs.register_error(HANDLER, _instead)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def _open_closed() -> None:
    """Lead a stream that was closed before we started to nowhere: Python has None in its place.

    Its descriptor is taken as well: a file opened later would get the number, and be printed into.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115


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
