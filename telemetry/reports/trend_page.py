"""A rider's months as one self-contained HTML page, as a PDF for the file, as a picture, as rows.

Comes in: a `TrendAnalysis`, and who it is about. Goes out: HTML that asks nothing of the network, bytes of a
PDF that conform to PDF/UA-1 and PDF/A-2a with the date of the data, and CSV with a row for each class. All
print the same view. Leaves to others: numbers and words (`trend_view.py`), drawings (`trend_figures.py`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from telemetry.errors import CannotWrite
from telemetry.reports import decimals
from telemetry.reports import trend_axis as axis
from telemetry.reports.class_page import HALF_IN, WIDE_IN, asset, slim, template
from telemetry.reports.pdf import PAPERS, compiler, printable
from telemetry.reports.trend_view import Patient, TrendView, view
from telemetry.reports.words import Verbatim, clean

if TYPE_CHECKING:
    from telemetry.model import TrendAnalysis
    from telemetry.reports.tables import Table

ON_PAPER = {
    "classes": 56,
    "weeks": 16,
    "relief": 10,
    "settings": 12,
    "noted": 10,
    "own": 4,
    "comparisons": 6,
}
"""rows of a table that fit on four sheets; the others stand on the HTML page"""
LINES = {"relief": 2, "noted": 1, "settings": 1, "own": 1, "comparisons": 1}
"""tables that lend each other what they do not need, in their order, and how many lines a row of each has"""
REMARKS_ON_PAPER, LETTERS_ON_PAPER = 3, 400
DECIMALS = ("point", "comma")


def html(trends: TrendAnalysis, *, patient: Patient | None = None, decimal: str = "point") -> str:
    """The page of one trend."""
    from markupsafe import Markup

    shown = _view(trends, patient, decimal)
    svgs = drawings(trends, shown, decimal, phone=True)
    return template("trend.html.j2").render(
        v=shown,
        drawings={name: Markup(svg) for name, svg in svgs.items()},
        css=Markup(asset("page.css") + asset("trend.css")),
    )


def pdf(
    trends: TrendAnalysis,
    *,
    paper: str = "a4",
    patient: Patient | None = None,
    decimal: str = "point",
) -> bytes:
    """The same as a PDF.

    Raises
    ------
    CannotWrite : `paper` is not one of `PAPERS`
    """
    made = compiler("trend.typ").compile(
        format="pdf",
        sys_inputs=_filled(trends, paper, patient, decimal),
        pdf_standards=["ua-1", "a-2a"],
        timestamp=trends.as_of.replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def pictures(trends: TrendAnalysis, *, paper: str = "a4", pixels_per_inch: float = 110.0) -> list[bytes]:
    """The pages of the PDF as PNG pictures."""
    filled = _filled(trends, paper, None, "point")
    made = compiler("trend.typ").compile(format="png", ppi=pixels_per_inch, sys_inputs=filled)
    return made if isinstance(made, list) else [made]


def _filled(trends: TrendAnalysis, paper: str, patient: Patient | None, decimal: str) -> dict[str, str]:
    """What the template fills in."""
    from telemetry import __version__

    if paper not in PAPERS:
        raise CannotWrite("there is no such paper size", expected=" or ".join(PAPERS), got=repr(paper))
    shown = _view(trends, patient, decimal)
    shown = _for_paper(shown)
    last = axis.local(trends, trends.as_of)
    foot = (shown.identity, "Crank load, not validated against injury", f"telemetry\u00a0{__version__}")
    data = {
        "view": printable(asdict(shown)),
        "drawings": drawings(trends, shown, decimal),
        "paper": paper,
        "kind": "trend report",
        "date": [last.year, last.month, last.day],
        "footer": "".join(f"{part}. " for part in foot if part).strip(),
    }
    return {"data": json.dumps(data, allow_nan=False)}


def _for_paper(shown: TrendView) -> TrendView:
    """The view with as many rows as fit, the newest, and a line about the others."""
    most = _room({name: len(table.rows) for name in LINES if (table := getattr(shown, name)) is not None})
    fitting: dict[str, Any] = {name: _newest(getattr(shown, name), rows) for name, rows in most.items()}
    remarks = tuple(
        replace(item, text=Verbatim(clean(item.text, LETTERS_ON_PAPER)))
        for item in shown.remarks[-REMARKS_ON_PAPER:]
    )
    return replace(shown, **fitting, remarks=remarks)


def _room(rows: Mapping[str, int]) -> dict[str, int]:
    """How many rows of each table fit, when one leaves the lines it does not need to those that need more."""
    room = dict(ON_PAPER)
    spare = sum(lines * max(0, ON_PAPER[name] - rows.get(name, 0)) for name, lines in LINES.items())
    for name, lines in LINES.items():
        more = min(spare // lines, max(0, rows.get(name, 0) - ON_PAPER[name]))
        room[name] += more
        spare -= more * lines
    return room


def _newest(table: Table | None, most: int) -> Table | None:
    if table is None or len(table.rows) <= most:
        return table
    note = f"{len(table.rows) - most} more rows stand on the HTML page. {table.note}".strip()
    rows = table.rows[:most] if table.caption in ("Each class", "Each week") else table.rows[-most:]
    return replace(table, rows=rows, note=note)


def _view(trends: TrendAnalysis, patient: Patient | None, decimal: str) -> TrendView:
    if decimal not in DECIMALS:
        raise CannotWrite("there is no such decimal sign", expected=" or ".join(DECIMALS), got=repr(decimal))
    shown = view(trends, patient)
    return decimals.commas(shown) if decimal == "comma" else shown


def drawings(
    trends: TrendAnalysis, shown: TrendView, decimal: str = "point", *, phone: bool = False
) -> dict[str, str]:
    """The SVG of every figure the view names; with `phone` the overview again for a narrow screen."""
    from telemetry.reports.sheet import PHONE_WIDTH_IN
    from telemetry.reports.trend_figures import render

    drawn = {}
    for picture in shown.pictures:
        width_in = WIDE_IN if picture.name == "overview" else HALF_IN
        drawn[picture.name] = render(trends, picture.name, width_in=width_in, title=False).decode()
    if phone and "overview" in drawn:
        narrow = render(trends, "overview", width_in=PHONE_WIDTH_IN, title=False, prefix="overview_phone")
        drawn["overview_phone"] = narrow.decode()
    drawn = {name: slim(svg) for name, svg in drawn.items()}
    return {name: decimals.drawn(svg) for name, svg in drawn.items()} if decimal == "comma" else drawn


def rows(trends: TrendAnalysis) -> str:
    """CSV with a row for each class of the window, oldest first: full numbers, points, empty where unknown.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    from telemetry.model import TrendClass

    out = io.StringIO()
    names = [item.name for item in fields(TrendClass)]
    chart = ("chart_torque_load", "chart_low", "chart_high", "chart_outside", "chart_run", "chart_left_out")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, *chart])
    points = {point.id: point for point in trends.chart.points}
    for row in trends.classes:
        point = points.get(row.id)
        seen = (
            [""] * len(chart)
            if point is None
            else [point.value, point.low, point.high, point.outside, point.run, point.left_out]
        )
        writer.writerow([_cell(value) for value in (*(getattr(row, name) for name in names), *seen)])
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        value = "; ".join(value)
    if isinstance(value, float):
        return f"{value:.9g}"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
