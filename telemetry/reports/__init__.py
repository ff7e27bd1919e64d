"""ClassAnalysis or TrendAnalysis → page, paper and picture. matplotlib and typst live only here.

Comes in: an analysis and a path. Goes out: a file, there whole or not at all; its suffix says which of
`REPORTS` writes it. Everything is drawn from the analysis alone. Leaves to others: every number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from telemetry import files
from telemetry.errors import CannotWrite
from telemetry.reports.trend_reports import TREND_REPORTS as TREND_REPORTS
from telemetry.reports.trend_reports import write_trends as write_trends

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis


def _html(analysis: ClassAnalysis, paper: str, share: bool) -> bytes:
    from telemetry.reports.class_page import html

    return html(analysis, share=share).encode()


def _pdf(analysis: ClassAnalysis, paper: str, share: bool) -> bytes:
    from telemetry.reports.pdf import pdf

    return pdf(analysis, paper=paper, share=share)


def _json(analysis: ClassAnalysis, paper: str, share: bool) -> bytes:
    import json

    from telemetry.reports.sharing import shareable

    shown = shareable(analysis) if share else analysis
    return (json.dumps(shown.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _png(analysis: ClassAnalysis, paper: str, share: bool) -> bytes:
    return _picture(analysis, "png", share)


def _svg(analysis: ClassAnalysis, paper: str, share: bool) -> bytes:
    return _picture(analysis, "svg", share)


REPORTS: dict[str, Callable[[ClassAnalysis, str, bool], bytes]] = {
    ".html": _html,
    ".pdf": _pdf,
    ".png": _png,
    ".svg": _svg,
    ".json": _json,
}
"""Suffix → what makes the bytes. A picture is the class timeline; `write_figures` gives each figure."""


def write_report(
    analysis: ClassAnalysis, path: str | os.PathLike[str], *, paper: str = "a4", share: bool = False
) -> Path:
    """Write the report of one class to `path`, in the format of its suffix, whole or not at all.

    Parameters
    ----------
    paper : "a4" or "us-letter", for a PDF
    share : leave out name, serial numbers, file name and date

    Raises
    ------
    CannotWrite : a suffix that is not in `REPORTS`, an unknown paper, a place that cannot be written to, or a
        picture of a class that has nothing to draw
    """
    target = Path(path)
    make = REPORTS.get(target.suffix.lower())
    if make is None:
        raise CannotWrite(
            "there is no report of that kind",
            file=str(target),
            expected=", ".join(REPORTS),
            got=repr(target.suffix) if target.suffix else "a name without suffix",
        )
    return files.write_bytes(target, make(analysis, paper, share))


def write_figures(
    analysis: ClassAnalysis,
    path: str | os.PathLike[str],
    format: Literal["png", "svg", "pdf"] = "png",
    *,
    share: bool = False,
) -> tuple[Path, ...]:
    """Write every figure of one class to `<stem>-<figure>.<format>`, and return their paths.

    `path` is a folder, where the stem is the recording's file or id, or a path whose suffix is ignored.

    Raises
    ------
    CannotWrite : a place that cannot be written to
    """
    from telemetry.reports.class_view import view
    from telemetry.reports.figures import FIGURES, render
    from telemetry.reports.sharing import shareable

    place = Path(path)
    if place.is_dir():
        recording = analysis.recording
        stem = "class" if share else Path(recording.file or recording.id or "class").stem
        place = place / stem
    elif place.suffix.lower() in REPORTS:
        place = place.with_suffix("")
    if share:
        analysis = shareable(analysis)
    shown = view(analysis, shared=share)
    names = [picture.name for picture in shown.pictures] + [reason.figure for reason in shown.reasons]
    return tuple(
        files.write_bytes(place.with_name(f"{place.name}-{name}.{format}"), render(analysis, name, format))
        for name in dict.fromkeys(names)
        if name in FIGURES and FIGURES[name].applies(analysis)
    )


def _picture(analysis: ClassAnalysis, format: Literal["png", "svg"], share: bool) -> bytes:
    """The timeline, or where a class has none the first figure that it has."""
    from telemetry.reports.class_view import view
    from telemetry.reports.figures import render
    from telemetry.reports.sharing import shareable

    shown = view(shareable(analysis) if share else analysis, shared=share)
    if not shown.pictures:
        raise CannotWrite(
            "this class has nothing to draw",
            file=analysis.recording.file,
            expected="power, cadence or heart rate, and a review that is not left to a clinician",
        )
    return render(analysis, shown.pictures[0].name, format)
