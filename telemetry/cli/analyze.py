"""`telemetry analyze`: classes become numbers, as a summary or as JSON.

Comes in: files, folders, patterns and what is known of the rider. Goes out: on stdout one JSON object a class
(NDJSON, in the order of the inputs), or a summary, or a table for many.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from telemetry.cli import analyses, kernels, options
from telemetry.cli.batch import WORTH
from telemetry.cli.options import RiderOptions
from telemetry.cli.table import Row, print_table

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis


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
    session = Session(files, column, decides=True)
    known = told.rider()
    if 1 < len(session.files) < WORTH:
        kernels.open_compiler()  # before threads do; processes start first, and open it meanwhile
    if as_json:
        as_text = partial(analyses.texts, rider=known, columns=session.columns)
        for _, texts in session.each(as_text, "Analyzing", processes=True):
            for text in texts:
                session.print_json_text(text)
        raise typer.Exit(session.code)
    many = len(session.files) >= WORTH
    work = partial(analyses.rows, rider=known, columns=session.columns, whole=not many)
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
