"""`telemetry report`: a class becomes a page.

Comes in: files, folders, patterns, what is known of the rider and how they feel. Goes out: pages on disk, the
path of each on stdout, a summary on stderr. A flagged class is no failure: it exits 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli import console, kernels, options
from telemetry.cli.options import RiderOptions

if TYPE_CHECKING:
    from telemetry.cli.session import Session
    from telemetry.model import ClassAnalysis


class Paper(StrEnum):
    """Sizes of paper."""

    a4 = "a4"
    us_letter = "us-letter"


class FigureFormat(StrEnum):
    """Formats of single figures."""

    png = "png"
    svg = "svg"


HOW = "Output"
SYMPTOMS = "How it felt (one class only)"


def report(
    files: options.Files,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="A file (.html, .pdf, .png, .svg, .json) or a folder. By default CLASS.html here.",
            metavar="FILE|DIR",
            rich_help_panel=HOW,
        ),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF beside it.", rich_help_panel=HOW)] = False,
    png: Annotated[bool, typer.Option("--png", help="A picture beside it.", rich_help_panel=HOW)] = False,
    figures: Annotated[
        FigureFormat | None,
        typer.Option("--figures", help="Every figure as a file of its own.", rich_help_panel=HOW),
    ] = None,
    paper: Annotated[
        Paper, typer.Option("--paper", help="Paper of the PDF.", rich_help_panel=HOW)
    ] = Paper.a4,
    share: Annotated[
        bool, typer.Option("--share", help="Leave out name, serial numbers and date.", rich_help_panel=HOW)
    ] = False,
    show: Annotated[
        bool, typer.Option("--open", help="Show the page in a browser.", rich_help_panel=HOW)
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No summary, only paths and problems.", rich_help_panel=HOW)
    ] = False,
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
    pain: Annotated[
        float | None,
        typer.Option(
            "--pain", help="Pain in or after the class, 0 to 10.", metavar="0..10", rich_help_panel=SYMPTOMS
        ),
    ] = None,
    usual_pain: Annotated[
        float | None,
        typer.Option(
            "--usual-pain", help="Pain that is usual, 0 to 10.", metavar="0..10", rich_help_panel=SYMPTOMS
        ),
    ] = None,
    screening: Annotated[
        Path | None,
        typer.Option(
            "--screening",
            help="Answers to the screening questions (TOML or JSON, yes/no).",
            metavar="FILE",
            rich_help_panel=SYMPTOMS,
        ),
    ] = None,
) -> None:
    """A page for each class: how heavy, where heavy gears were turned slowly, and why it is flagged."""
    from telemetry.cli.drawing import Job, draw_all
    from telemetry.cli.outputs import Outputs
    from telemetry.cli.session import Session
    from telemetry.cli.symptoms import Felt
    from telemetry.reports import REPORTS

    told = RiderOptions(rider, ftp, mass, cp, w_prime, crank, max_hr, tuple(limit or ()))
    felt = Felt.of(pain, usual_pain, screening)
    session = Session(files, column, decides=True)
    felt.check(len(session.files))
    outputs = Outputs(output, ".html", tuple(REPORTS), session.files, session.suffixes, nameless=share)
    known = told.rider()
    outputs.prepare()
    if len(session.files) > 1:
        kernels.open_compiler()  # before threads do
    beside = [
        suffix for suffix, wanted in ((".pdf", pdf), (".png", png)) if wanted and suffix != outputs.suffix
    ]

    def work(path: Path) -> list[ClassAnalysis]:
        return felt.analyses(path, known, session.columns)

    def jobs(bar: console.ProgressBar) -> Iterator[Job]:
        for path, analyses in session.each_with(bar, work):
            for analysis in analyses:
                try:
                    page = outputs.path(path, analysis.recording.id, len(analyses) > 1)
                except Exception as problem:
                    session.fail(problem, path)
                    continue
                pages = (page, *(page.with_suffix(suffix) for suffix in beside))
                yield Job(analysis, pages, paper.value, share, figures.value if figures else None)

    done: Counter[bool] = Counter()
    with console.ProgressBar(len(session.files), "Making reports") as bar:
        rest = jobs(bar)
        first = list(islice(rest, MANY))
        one = len(session.files) == 1 and len(first) == 1
        with closing(draw_all(chain(first, rest), many=len(first) == MANY)) as drawn:
            for job, (written, problem) in drawn:
                if problem is not None:
                    session.fail(problem, job.paths[0])
                if written:
                    _tell(session, job.analysis, written, as_json, quiet or not one)
                    done[job.analysis.review.flagged] += 1
                    if show and done.total() == 1:
                        _open(written[0])
    total = done.total()
    if not quiet and (len(session.files) > 1 or total > 1):
        failed = f", {session.failed} failed" if session.failed else ""
        console.note(
            f"{total} report{'' if total == 1 else 's'}, {done[True]} flagged for back-risk review{failed}"
        )
    raise typer.Exit(session.code)


MANY = 4
"""From this many classes on, processes draw: starting one costs as much as drawing a page or two."""


def _tell(
    session: Session, analysis: ClassAnalysis, paths: tuple[Path, ...], as_json: bool, quiet: bool
) -> None:
    """The summary on stderr, then what was written on stdout."""
    if not quiet:
        session.print_summary(analysis, to_stderr=True)
    if as_json:
        session.print_json(
            {
                "file": analysis.recording.file,
                "id": analysis.recording.id,
                "reports": [str(path) for path in paths],
                "state": analysis.review.state,
                "flagged": analysis.review.flagged,
            }
        )
    else:
        for path in paths:
            console.path(str(path))


def _open(page: Path) -> None:
    """Show the page where there is a screen; a text browser would take over the terminal."""
    import os
    import sys
    import webbrowser

    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        console.note("no screen here: open the page in a browser yourself")
        return
    if not webbrowser.open(page.resolve().as_uri()):
        console.note("no browser found: open the page yourself")
