"""`telemetry analyze`: classes become numbers, as a summary or as JSON.

Comes in: files, folders, patterns and what is known of the rider. Goes out: on stdout one JSON object a class
(NDJSON, in the order of the inputs), or a summary, or a table for many.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from telemetry.cli import kernels, options
from telemetry.cli.batch import WORTH
from telemetry.cli.options import RiderOptions
from telemetry.cli.table import Row, print_table, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from telemetry.model import ClassAnalysis, Rider


def analyze(
    files: options.Files,
    as_json: options.AsJson = False,
    column: options.Columns = None,
    rider: options.RiderFile = None,
    ftp: options.Ftp = None,
    mass: options.Mass = None,
    cp: options.Cp = None,
    w_prime: options.WPrime = None,
    crank: options.Crank = None,
    max_hr: options.MaxHr = None,
    limit: options.LimitOption = None,
) -> None:
    """Crank load, grinding, drift and review of each class: a summary, or JSON."""
    from telemetry.cli.session import Session

    told = RiderOptions(rider, ftp, mass, cp, w_prime, crank, max_hr, tuple(limit or ()))
    session = Session(files, column)
    known = told.rider()
    if 1 < len(session.files) < WORTH:
        kernels.open_compiler()  # before threads do; processes start first, and open it meanwhile
    if as_json:
        for _, texts in session.each(
            partial(_texts, rider=known, columns=session.columns), "Analyzing", processes=True
        ):
            for text in texts:
                session.print_json_text(text)
        raise typer.Exit(session.code)
    many = len(session.files) >= WORTH
    work = partial(_rows, rider=known, columns=session.columns, whole=not many)
    rows: list[Row] = []
    alone: ClassAnalysis | None = None
    for _, found in session.each(work, "Analyzing", processes=many):
        for row, analysis in found:
            alone = None if rows else analysis
            rows.append(row)
    if alone is not None:  # one is told at length, from its rows; of many a row each
        session.print_summary(alone)
    elif rows:
        print_table(rows)
    raise typer.Exit(session.code)


def _texts(path: Path, rider: Rider | None, columns: Mapping[str, str]) -> list[str]:
    from telemetry.cli.session import dense_json_text

    return [dense_json_text(analysis.to_dict()) for analysis in analyses_of(path, rider, columns)]


def _rows(
    path: Path, rider: Rider | None, columns: Mapping[str, str], whole: bool
) -> list[tuple[Row, ClassAnalysis | None]]:
    return [(row_of(found), found if whole else None) for found in analyses_of(path, rider, columns)]


def analyses_of(
    path: Path, rider: Rider | None, columns: Mapping[str, str] | None = None
) -> list[ClassAnalysis]:
    """Every class of a file, analyzed: its numbers, without what only pictures need.

    Raises
    ------
    TelemetryError : the file cannot be read or holds no class
    """
    from telemetry.analysis import analyze as analyze_class
    from telemetry.cli.batch import read_file

    recordings = read_file(path, columns)
    kernels.open_compiler()
    return [analyze_class(recording, rider, drawable=False) for recording in recordings]
