"""What a file that is not FIT looks like, in a few words for its owner.

Comes in: the first bytes. Goes out: words for the error's "got …". Leaves to others: reading such files.
"""

from __future__ import annotations

KNOWN_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x00\x05\x16\x07", "an AppleDouble file (macOS keeps these beside the real one, named ._…)"),
    (b"\x00\x05\x16\x00", "an AppleSingle file"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
)
TEXT_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<gpx", "a GPX track"),
    (b"<trainingcenterdatabase", "a TCX document"),
    (b"{", "JSON text"),
    (b"[", "JSON text"),
)


def looks_like(raw: bytes) -> str:
    """A few words for what these bytes are.

    >>> looks_like(b"")
    'an empty file'
    >>> looks_like(b"<!DOCTYPE html><html>")
    'an HTML page'
    """
    if not raw:
        return "an empty file"
    for start, name in KNOWN_STARTS:
        if raw.startswith(start):
            return name
    head = raw[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in TEXT_STARTS:
        if head.startswith(start):
            if name == "an XML document" and b"<trainingcenterdatabase" in head:
                return "a TCX document"
            if name == "an XML document" and b"<gpx" in head:
                return "a GPX track"
            return name
    if not any(raw):
        return "nothing but zero bytes"
    if len(raw) < 12:  # too short to say more of it
        return f"a file of only {len(raw)} byte{'' if len(raw) == 1 else 's'}"
    if all(9 <= byte < 127 for byte in raw[:512]):
        return "plain text"
    return "unknown binary data"
