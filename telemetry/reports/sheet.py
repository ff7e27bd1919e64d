"""How a figure becomes bytes, whatever it is drawn of: one drawing at a time, the same bytes every time.

Comes in: a `Figure` row and its subject, a class or a trend. Goes out: SVG, PNG or PDF bytes, and where the
panels lie on it. Leaves to others: which figures there are (`figures.py`, `trend_figures.py`).

Drawing goes through matplotlib's `Figure` alone, never pyplot: no window, no global state left behind. One
drawing at a time: matplotlib's settings are shared by all threads, and drawing gains nothing from threads.
"""

from __future__ import annotations

import html
import io
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from telemetry.reports import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

Subject = TypeVar("Subject")
Format = Literal["svg", "png", "pdf"]

WIDTH_IN = 6.0
"""a figure's own width: fills a page's text column, and can still be read on a phone"""
PHONE_WIDTH_IN = 3.9
"""a width for screens of 390 pixels"""
TITLE_IN = 0.30
PNG_DPI = 160
POINTS_PER_INCH = 72.0


@dataclass(frozen=True)
class Figure(Generic[Subject]):
    """One figure: `draw` fills a sheet that is `height_in(subject, width)` inches high."""

    name: str
    title: str
    draw: Callable[[Sheet, Subject], None]
    applies: Callable[[Subject], bool]
    alt: Callable[[Subject], str]
    """alternative text with the numbers"""
    height_in: Callable[[Subject, float], float]
    width_in: float = WIDTH_IN


@dataclass(frozen=True, slots=True)
class Panel:
    """Where one panel lies on the SVG (units of its viewBox, from the upper left corner), and its scales."""

    name: str
    left: float
    top: float
    width: float
    height: float
    x_low: float
    x_high: float
    """minutes on figures over a class"""
    y_low: float
    y_high: float


def render(
    row: Figure[Subject],
    subject: Subject,
    format: Format = "svg",
    *,
    width_in: float | None = None,
    title: bool = True,
    prefix: str | None = None,
) -> bytes:
    """One figure as bytes, the same bytes for the same subject.

    Parameters
    ----------
    width_in : another width than the figure's own; `PHONE_WIDTH_IN` lays it out for a phone
    title : whether the title stands above it; a page with headings of its own leaves it out
    prefix : starts every id of an SVG, so that several can stand in one page; the figure's name by default

    The SVG has no XML declaration and no document type: it can be set into HTML as it is. Its root carries
    `data-panels`, the JSON of `panels`.

    Raises
    ------
    ValueError : the figure does not apply to this subject, or the format is not known
    """
    if format not in ("svg", "png", "pdf"):
        raise ValueError(f"a figure is svg, png or pdf, not {format!r}")
    with _drawing():
        sheet = _compose(row, subject, width_in, title)
        out = io.BytesIO()
        if format == "png":
            sheet.savefig(out, format="png", dpi=PNG_DPI, metadata={"Software": None})
        elif format == "pdf":
            metadata = {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}
            sheet.savefig(out, format="pdf", metadata=metadata)
        else:
            sheet.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    if format != "svg":
        return out.getvalue()
    return _tidy(out.getvalue().decode(), prefix or row.name, row.alt(subject), panels(sheet)).encode()


def compose(
    row: Figure[Subject], subject: Subject, *, width_in: float | None = None, title: bool = True
) -> Sheet:
    """One figure as a matplotlib `Figure`, for a notebook or for a closer look. Raises as `render`."""
    with _drawing():
        return _compose(row, subject, width_in, title)


_LOCK = threading.RLock()


class _drawing:
    """Our settings for the time of one drawing; one at a time."""

    def __enter__(self) -> None:
        import matplotlib as mpl

        _LOCK.acquire()
        self._settings = mpl.rc_context(style.settings())
        self._settings.__enter__()

    def __exit__(self, *problem: object) -> None:
        self._settings.__exit__(None, None, None)
        _LOCK.release()


def _compose(row: Figure[Subject], subject: Subject, width_in: float | None, title: bool) -> Sheet:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    if not row.applies(subject):
        raise ValueError(f"the figure {row.name!r} has nothing to show here")
    width = width_in or row.width_in
    height = row.height_in(subject, width) + (TITLE_IN if title else 0.0)
    sheet = Sheet(figsize=(width, height), dpi=100, facecolor=style.PAPER)
    FigureCanvasAgg(sheet)
    row.draw(sheet, subject)
    if title:
        sheet.text(
            0.08 / width,
            1.0 - 0.06 / height,
            row.title,
            fontsize=style.TITLE_PT,
            fontweight="bold",
            va="top",
            ha="left",
        ).set_gid("title")
    return sheet


def panels(sheet: Sheet) -> list[Panel]:
    """Where each panel of a sheet lies, and its scales."""
    wide, high = (float(size) * POINTS_PER_INCH for size in sheet.get_size_inches())
    found = []
    for axes in sheet.axes:
        gid = axes.get_gid() or ""
        if not gid.startswith("panel-"):
            continue
        box = axes.get_position()
        found.append(
            Panel(
                gid.removeprefix("panel-"),
                *(round(float(value), 3) for value in (box.x0 * wide, (1.0 - box.y1) * high)),
                *(round(float(value), 3) for value in (box.width * wide, box.height * high)),
                *(float(value) for value in axes.get_xlim()),
                *(float(value) for value in axes.get_ylim()),
            )
        )
    return found


_TAG = re.compile(r"<[^>]+>")
_ID = re.compile(r'\bid="([^"]*)"')
_REFERENCE = re.compile(r'(url\(#|href="#)([^)"]*)')
_AUTOMATIC = re.compile(r"[A-Za-z]+[0-9a-f]{10}|[A-Za-z]\w*(\.\w+)?_\d+")
_PAST_HUNDREDTHS = re.compile(r"(?<=\d\.\d\d)\d+")


def _tidy(svg: str, prefix: str, words: str, panels: list[Panel]) -> str:
    """The SVG ready to stand in a page: no prologue, no metadata, ids of its own, words for who cannot see.

    matplotlib draws ids from a random salt; numbered in order of appearance they are the same every time. Its
    style sheet would reach out of the drawing into the page, so what it says is said on the root instead.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    names: dict[str, str] = {}
    seen: dict[str, int] = {}

    def own(name: str) -> str:
        if name not in names:
            plain = f"{prefix}-{len(names)}" if _AUTOMATIC.fullmatch(name) else f"{prefix}-{name}"
            names[name] = plain if plain not in names.values() else f"{plain}-{len(names)}"
        return names[name]

    def define(name: str) -> str:
        # marks of one kind share a name in every panel: the first keeps it, the others are counted
        count = seen.get(name, 0)
        seen[name] = count + 1
        return own(f"{name}-{count + 1}" if count else name)

    def tag(match: re.Match[str]) -> str:
        # cut off, not rounded: a hundredth of a point shows nowhere, and thirty thousand calls take time
        text = _PAST_HUNDREDTHS.sub("", match[0])
        text = _ID.sub(lambda found: f'id="{define(found[1])}"', text)
        return _REFERENCE.sub(lambda found: found[1] + own(found[2]), text)

    svg = _TAG.sub(tag, svg)
    fields = [{key: getattr(panel, key) for key in Panel.__slots__} for panel in panels]
    extra = (
        f' id="{prefix}" role="img" aria-label="{html.escape(words)}" '
        f'stroke-linejoin="round" data-panels="{html.escape(json.dumps(fields))}"'
    )
    return svg.replace("<svg", "<svg" + extra, 1)
