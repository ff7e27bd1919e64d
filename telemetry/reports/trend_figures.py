"""Every figure of a trend as a row: name, title, when it applies, how it is drawn, what it says in words.

Comes in: a `TrendAnalysis` and a figure's name. Goes out: SVG, PNG or PDF bytes, the same for the same trend.
Leaves to others: what is computed (analysis), how bytes are made (`sheet.py`), what stands around it (pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.reports import sheet, trend_alts, trend_overview, trend_pairs, trend_weeks
from telemetry.reports.sheet import Figure, Format

if TYPE_CHECKING:
    from telemetry.model import TrendAnalysis

TREND_FIGURES: dict[str, Figure[TrendAnalysis]] = {
    row.name: row
    for row in (
        Figure(
            "overview",
            "Load, grinding, drift and pain",
            trend_overview.draw,
            trend_overview.applies,
            trend_alts.overview,
            trend_overview.height_in,
            width_in=7.6,
        ),
        Figure(
            "weeks",
            "Load by week",
            trend_weeks.draw,
            trend_weeks.applies,
            trend_alts.weeks,
            trend_weeks.height_in,
        ),
        Figure(
            "relief",
            "Relief and relapse",
            trend_pairs.draw_relief,
            trend_pairs.relief_applies,
            trend_alts.relief,
            trend_pairs.relief_height_in,
        ),
        Figure(
            "lags",
            "Load beside pain",
            trend_pairs.draw_lags,
            trend_pairs.lags_applies,
            trend_alts.lags,
            trend_pairs.lags_height_in,
        ),
        Figure(
            "settings",
            "Before and after a changed setting",
            trend_pairs.draw_settings,
            trend_pairs.settings_applies,
            trend_alts.settings,
            trend_pairs.settings_height_in,
        ),
    )
}


def applicable(trends: TrendAnalysis) -> tuple[str, ...]:
    """Names of the figures that this trend has something to show for, in the order of the page."""
    return tuple(name for name, row in TREND_FIGURES.items() if row.applies(trends))


def render(
    trends: TrendAnalysis,
    name: str,
    format: Format = "svg",
    *,
    width_in: float | None = None,
    title: bool = True,
    prefix: str | None = None,
) -> bytes:
    """One figure as bytes; parameters and errors as `sheet.render`. KeyError: no figure of that name."""
    row = TREND_FIGURES[name]
    return sheet.render(row, trends, format, width_in=width_in, title=title, prefix=prefix)
