"""What a file holds, as plain JSON types: the object behind `telemetry inspect`.

Comes in: a path. Goes out: one dict of the file's messages, damage and classes with their quality. Leaves to
others: decoding (ingest), grading (analysis), printing (`contents_page.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.cli.batch import read_file
from telemetry.cli.inputs import suffix_of
from telemetry.errors import NotAClass

if TYPE_CHECKING:
    from telemetry.ingest.fit.decode import FitFile

SCHEMA = "telemetry.inspection/1"


def contents(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Everything known about one file.

    Raises
    ------
    TelemetryError : the file cannot be read as what it claims to be
    """
    from telemetry.cli.capture_contents import capture_contents
    from telemetry.ingest import LOGS
    from telemetry.ingest.antplus.capture_sniff import is_capture_file

    if suffix_of(path, LOGS) or is_capture_file(path):
        return capture_contents(path)
    fit = _fit(path)
    reason: str | None = None
    classes: list[dict[str, Any]] = []
    try:
        classes = _classes(path, columns)
    except NotAClass as none:
        if fit is None:
            raise
        reason = none.problem
    return {
        "schema": SCHEMA,
        "file": str(path),
        "size": path.stat().st_size,
        "salvaged": bool(fit and fit.salvaged),
        "damage": [asdict(damage) for damage in fit.damage] if fit else [],
        "messages": _messages(fit) if fit else [],
        "classes": classes,
        "no_class_because": reason,
    }


def _fit(path: Path) -> FitFile | None:
    """The decoded FIT file, None for other kinds."""
    from telemetry.ingest import load
    from telemetry.ingest.fit import open_fit
    from telemetry.ingest.readers.gz import unpack

    kind = suffix_of(path, (".fit", ".fit.gz"))
    if kind is None:
        return None
    data = load(path)
    return open_fit(data if kind == ".fit" else unpack(data, str(path))[0], str(path))


def _messages(fit: FitFile) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "count": fit.count(name),
            "fields": [field._asdict() for field in fit.declared(name)],
        }
        for name in fit.messages
    ]


def _classes(path: Path, columns: Mapping[str, str] | None) -> list[dict[str, Any]]:
    from telemetry.analysis import analyze

    found = []
    for recording in read_file(path, columns):
        analysis = analyze(recording)
        content = analysis.to_dict()
        found.append({**content["recording"], "samples": len(recording), "quality": content["quality"]})
    return found
