"""Every figure of a class as a row: name, title, when it applies, how it is drawn, what it says in words.

Comes in: an analysis and a figure's name. Goes out: SVG, PNG or PDF bytes, the same for the same analysis,
and where the panels lie on it. Leaves to others: what is computed (analysis), how bytes are made
(`sheet.py`), what stands around it (pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.reports import figure_drift, figure_load, figure_reasons, figure_timeline, figure_torque, sheet
from telemetry.reports.sheet import PHONE_WIDTH_IN as PHONE_WIDTH_IN
from telemetry.reports.sheet import TITLE_IN as TITLE_IN
from telemetry.reports.sheet import WIDTH_IN as WIDTH_IN
from telemetry.reports.sheet import Figure, Format, Panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

    from telemetry.model import ClassAnalysis

_REASONS = tuple(
    Figure(
        f"reason_{code}",
        title,
        figure_reasons.draw(code),
        figure_reasons.applies(code),
        figure_reasons.alt(code),
        figure_reasons.height_in(code),
    )
    for code, (title, *_) in figure_reasons.RULES.items()
)

FIGURES: dict[str, Figure[ClassAnalysis]] = {
    row.name: row
    for row in (
        Figure(
            "timeline",
            "Class timeline",
            figure_timeline.draw_timeline,
            figure_timeline.applies,
            figure_timeline.alt,
            figure_timeline.height_in,
        ),
        Figure(
            "torque_cadence",
            "Torque against cadence",
            figure_torque.draw,
            figure_torque.applies,
            figure_torque.alt,
            figure_torque.height_in,
        ),
        Figure(
            "load",
            "Load over the class",
            figure_load.draw_load_figure,
            figure_load.load_applies,
            figure_load.load_alt,
            figure_load.height_in,
        ),
        Figure(
            "mean_maximal_torque",
            "Mean-maximal torque",
            figure_load.draw_mean_maximal_figure,
            figure_load.mean_maximal_applies,
            figure_load.mean_maximal_alt,
            figure_load.mean_maximal_height_in,
        ),
        Figure(
            "drift",
            "Fatigue drift",
            figure_drift.draw,
            figure_drift.applies,
            figure_drift.alt,
            figure_drift.height_in,
        ),
        Figure(
            "balance",
            "Left and right",
            figure_drift.draw_balance_figure,
            figure_drift.balance_applies,
            figure_drift.balance_alt,
            figure_drift.balance_height_in,
        ),
        *_REASONS,
    )
}


def applicable(analysis: ClassAnalysis) -> tuple[str, ...]:
    """Names of the figures that this class has something to show for, in the order of a page."""
    return tuple(name for name, row in FIGURES.items() if row.applies(analysis))


def alt(analysis: ClassAnalysis, name: str) -> str:
    """Alternative text of a figure, with the numbers a reader would take from it."""
    return FIGURES[name].alt(analysis)


def render(
    analysis: ClassAnalysis,
    name: str,
    format: Format = "svg",
    *,
    width_in: float | None = None,
    title: bool = True,
    prefix: str | None = None,
) -> bytes:
    """One figure as bytes, the same bytes for the same analysis.

    Parameters
    ----------
    width_in : another width than the figure's own; `PHONE_WIDTH_IN` lays it out for a phone
    title : whether the title stands above it; a page with headings of its own leaves it out
    prefix : starts every id of an SVG, so that several can stand in one page; the figure's name by default

    The SVG has no XML declaration and no document type: it can be set into HTML as it is. Its root carries
    `data-panels`, the JSON of `axes_map`.

    Raises
    ------
    KeyError : no figure of that name
    ValueError : the figure does not apply to this class, or the format is not known
    """
    return sheet.render(FIGURES[name], analysis, format, width_in=width_in, title=title, prefix=prefix)


def compose(
    analysis: ClassAnalysis, name: str, *, width_in: float | None = None, title: bool = True
) -> Sheet:
    """One figure as a matplotlib `Figure`, for a notebook or for a closer look. Raises as `render`."""
    return sheet.compose(FIGURES[name], analysis, width_in=width_in, title=title)


def axes_map(
    analysis: ClassAnalysis, name: str, *, width_in: float | None = None, title: bool = True
) -> dict[str, Panel]:
    """Where each panel of a figure lies on its SVG, by panel name, for a script that reads values off it."""
    drawn = compose(analysis, name, width_in=width_in, title=title)
    return {panel.name: panel for panel in sheet.panels(drawn)}
