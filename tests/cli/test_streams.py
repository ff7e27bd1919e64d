"""Any name and sign can be printed, whatever a stream speaks."""

from __future__ import annotations

import io

import pytest

from telemetry.cli import streams


def written(text: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(io.BytesIO()))
    streams.prepare()
    stream.write(text)
    stream.flush()
    return raw.getvalue()


def test_a_name_that_is_no_utf8_leaves_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written("caf\udce9.html", "utf-8", monkeypatch) == b"caf\xe9.html"


def test_our_signs_become_plain_letters_where_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written("45\u202fmin · ±10 − ω", "ascii", monkeypatch) == b"45 min . +/-10 - \\u03c9"
    assert written("45 min · ±10", "utf-8", monkeypatch) == "45 min · ±10".encode()


def test_what_speaks_utf8_is_known() -> None:
    assert streams.speaks_utf8(io.TextIOWrapper(io.BytesIO(), encoding="UTF-8"))
    assert not streams.speaks_utf8(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
