"""TrendAnalysis → page, paper, picture, rows, JSON: a file, there whole or not at all.

Comes in: a `TrendAnalysis` and a path, whose suffix says which of `TREND_REPORTS` writes it. Goes out: the
file. Leaves to others: what is in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry import files
from telemetry.errors import CannotWrite

if TYPE_CHECKING:
    from telemetry.model import TrendAnalysis
    from telemetry.reports.trend_view import Patient


@dataclass(frozen=True, slots=True)
class Options:
    """How a page is printed."""

    paper: str = "a4"
    patient: Patient | None = None
    decimal: str = "point"


def _html(trends: TrendAnalysis, how: Options) -> bytes:
    from telemetry.reports.trend_page import html

    return html(trends, patient=how.patient, decimal=how.decimal).encode()


def _pdf(trends: TrendAnalysis, how: Options) -> bytes:
    from telemetry.reports.trend_page import pdf

    return pdf(trends, paper=how.paper, patient=how.patient, decimal=how.decimal)


def _csv(trends: TrendAnalysis, how: Options) -> bytes:
    from telemetry.reports.trend_page import rows

    return rows(trends).encode()


def _json(trends: TrendAnalysis, how: Options) -> bytes:
    import json

    return (json.dumps(trends.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _png(trends: TrendAnalysis, how: Options) -> bytes:
    """The overview, or where there is none the first figure that there is."""
    from telemetry.reports.trend_figures import render
    from telemetry.reports.trend_view import view

    shown = view(trends).pictures
    if not shown:
        raise CannotWrite(
            "this trend has nothing to draw",
            expected="a class with torque, or pain in the diary, and no screening that stands",
        )
    return render(trends, shown[0].name, "png")


TREND_REPORTS: dict[str, Callable[[TrendAnalysis, Options], bytes]] = {
    ".html": _html,
    ".pdf": _pdf,
    ".png": _png,
    ".csv": _csv,
    ".json": _json,
}
"""Suffix → what makes the bytes. A picture is the overview, CSV has one row for each class."""


def write_trends(
    trends: TrendAnalysis,
    path: str | os.PathLike[str],
    *,
    paper: str = "a4",
    patient: Patient | None = None,
    decimal: str = "point",
) -> Path:
    """Write the trend report of a rider to `path`, in the format of its suffix, whole or not at all.

    Parameters
    ----------
    paper : "a4" or "us-letter", for a PDF
    patient : name, id and birth date to print, where they are known
    decimal : "point" or "comma", for pages; CSV and JSON are for programs and always have points

    Raises
    ------
    CannotWrite : a suffix that is not in `TREND_REPORTS`, an unknown paper or decimal sign, a place that
        cannot be written to, or a picture of a trend that has nothing to draw
    """
    target = Path(path)
    make = TREND_REPORTS.get(target.suffix.lower())
    if make is None:
        raise CannotWrite(
            "there is no trend report of that kind",
            file=str(target),
            expected=", ".join(TREND_REPORTS),
            got=repr(target.suffix) if target.suffix else "a name without suffix",
        )
    return files.write_bytes(target, make(trends, Options(paper, patient, decimal)))
