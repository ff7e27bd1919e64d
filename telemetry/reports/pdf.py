"""One class as a PDF for the file: tagged, with title and alternative texts, by Typst.

Comes in: a `ClassAnalysis`. Goes out: bytes that conform to PDF/UA-1, and to PDF/A-2a where the class has a
date. Made of the view that the HTML page is made of. Nothing of the machine or of today enters: fonts are
matplotlib's own, the document's date is the class's, and the same analysis gives the same bytes. Leaves to
others: words and drawings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry.errors import CannotWrite
from telemetry.reports import glossary, words
from telemetry.reports.class_page import TEMPLATES, drawings
from telemetry.reports.class_view import ClassView, view
from telemetry.reports.sharing import shareable

if TYPE_CHECKING:
    from telemetry.model import ClassAnalysis

PAPERS = ("a4", "us-letter")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def pdf(analysis: ClassAnalysis, *, paper: str = "a4", share: bool = False) -> bytes:
    """The report of one class as PDF.

    Raises
    ------
    CannotWrite : `paper` is not one of `PAPERS`
    """
    if paper not in PAPERS:
        raise CannotWrite("there is no such paper size", expected=" or ".join(PAPERS), got=repr(paper))
    if share:
        analysis = shareable(analysis)
    shown = view(analysis, shared=share)
    return document(analysis, shown, drawings(analysis, shown), paper=paper)


def document(
    analysis: ClassAnalysis, shown: ClassView, drawn: Mapping[str, str], *, paper: str = "a4"
) -> bytes:
    """The PDF from its parts: the view, and the figures' SVG by name."""
    typesetter, data = _typeset(analysis, shown, drawn, paper)
    # PDF/A asks for a date; a class without one (or shared without it) is not given a made-up one
    standards: list[Any] = ["ua-1"] if data["date"] is None else ["ua-1", "a-2a"]
    made = typesetter.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, allow_nan=False)},
        pdf_standards=standards,
        timestamp=analysis.recording.started_at or _EPOCH,
    )
    assert isinstance(made, bytes)
    return made


def pictures(analysis: ClassAnalysis, *, paper: str = "a4", pixels_per_inch: float = 110.0) -> list[bytes]:
    """The pages of the PDF as PNG pictures, for a README or a preview."""
    shown = view(analysis)
    typesetter, data = _typeset(analysis, shown, drawings(analysis, shown), paper)
    made = typesetter.compile(
        format="png", ppi=pixels_per_inch, sys_inputs={"data": json.dumps(data, allow_nan=False)}
    )
    return made if isinstance(made, list) else [made]


def _typeset(
    analysis: ClassAnalysis, shown: ClassView, drawn: Mapping[str, str], paper: str
) -> tuple[Any, dict[str, Any]]:
    """The compiler with template and fonts, and the data it fills in."""
    from telemetry.reports.figures import FIGURES, alt

    start = words.local(analysis.recording.started_at, analysis.recording.utc_offset_s)
    data = {
        "view": printable(asdict(shown)),
        "drawings": dict(drawn),
        "alts": {name: printable(alt(analysis, name)) for name in drawn if name in FIGURES},
        "wide": ["timeline"],
        "terms": glossary.PAPER_TERMS,
        "paper": paper,
        "kind": "class report",
        "date": None if start is None else [start.year, start.month, start.day],
        "footer": "Crank load, not validated against injury.",
    }
    return compiler("class.typ"), data


def compiler(template: str) -> Any:
    """Typst with a template of ours after what all templates share, and with no fonts but ours."""
    import typst

    source = b"".join((TEMPLATES / name).read_bytes() for name in ("parts.typ", template))
    return typst.Compiler(input=source, font_paths=_fonts())


@cache
def _fonts() -> Any:
    """matplotlib's own fonts and no others: the same page on every machine, and text that can be searched."""
    import matplotlib
    import typst

    folder = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def printable(value: Any) -> Any:
    """The view with every letter that the font lacks as "?": PDF/UA refuses text without a glyph."""
    if isinstance(value, str):
        known = _letters()
        return "".join(letter if ord(letter) in known or letter == "\n" else "?" for letter in value)
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


@cache
def _letters() -> frozenset[int]:
    """The code points that DejaVu Sans has."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont("DejaVu Sans")).get_charmap())
