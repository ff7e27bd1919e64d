"""A file → its analyses, as a row of a table or a line of JSON: the work that `telemetry analyze` shares out.

Comes in: a path and what is known of the rider. Goes out: only what is shown. Apart from the command, so that
another process opens this and not the command line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from telemetry.cli.table import Row, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from telemetry.model import ClassAnalysis, Rider


def texts(path: Path, rider: Rider | None, columns: Mapping[str, str]) -> list[str]:
    """Each class of a file as a line of JSON."""
    return [json_text(analysis.to_dict()) for analysis in analyses_of(path, rider, columns)]


def rows(
    path: Path, rider: Rider | None, columns: Mapping[str, str], whole: bool
) -> list[tuple[Row, ClassAnalysis | None]]:
    """Each class of a file as a row of the table; `whole` gives its analysis as well."""
    return [(row_of(found), found if whole else None) for found in analyses_of(path, rider, columns)]


def analyses_of(
    path: Path, rider: Rider | None, columns: Mapping[str, str] | None = None
) -> list[ClassAnalysis]:
    """Every class of a file, analyzed: its numbers, without what only pictures need.

    Raises
    ------
    TelemetryError : the file cannot be read or holds no class
    """
    from telemetry.analysis import analyze
    from telemetry.cli.batch import read_file
    from telemetry.cli.kernels import open_compiler

    recordings = read_file(path, columns)
    open_compiler(recordings)
    return [analyze(recording, rider, drawable=False) for recording in recordings]


def json_text(content: dict[str, Any]) -> str:
    """One JSON object as one line without blanks, in an eighth of the time that Python's own takes."""
    import orjson

    try:
        return orjson.dumps(content).decode()
    except orjson.JSONEncodeError:  # a name that is no UTF-8 in it
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
