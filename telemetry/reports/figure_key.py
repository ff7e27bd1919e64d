"""The key of a figure: swatches with words, in as many rows as its width asks for.

Comes in: entries and a width. Goes out: rows that fit, and the same drawn along the figure's lower edge.
Leaves to others: which marks there are; a key names only what is really drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from telemetry.reports import figure_parts as parts
from telemetry.reports import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW_IN, SWATCH_IN, WORDS_IN, BETWEEN_IN, EDGE_IN = 0.20, 0.24, 0.06, 0.16, 0.05


@dataclass(frozen=True)
class Entry:
    """Words beside a swatch or a mark of that look; without a look, words alone."""

    words: str
    look: dict[str, Any] | None = None
    share: float = 1.0
    """height of the swatch as a share of the row"""
    mark: dict[str, Any] | None = None
    """look of a line or a point, drawn in the place of a swatch"""

    @property
    def width_in(self) -> float:
        """Width of swatch and words."""
        swatch = 0.0 if self.look is None and self.mark is None else SWATCH_IN + WORDS_IN
        return swatch + parts.text_width_in(self.words, style.NOTE_PT)


Placed = tuple[float, Entry]
"""inches from the left edge, and the entry"""


def rows(entries: Sequence[Entry], left_in: float, width_in: float) -> list[list[Placed]]:
    """The entries in rows that fit the width."""
    found: list[list[Placed]] = []
    x = width_in
    for entry in entries:
        if x + entry.width_in > width_in - EDGE_IN:
            found.append([])
            x = left_in
        found[-1].append((x, entry))
        x += entry.width_in + BETWEEN_IN
    return found


def height_in(placed: Sequence[object]) -> float:
    """Height of so many rows."""
    return len(placed) * ROW_IN


def draw(figure: Figure, placed: Sequence[Sequence[Placed]]) -> None:
    """The rows along the lower edge of a figure."""
    wide, high = figure.get_size_inches()
    swatch = ROW_IN - 0.07
    for i, row in enumerate(reversed(placed)):
        bottom = 0.03 + i * ROW_IN
        for left, entry in row:
            x = left
            if entry.mark is not None:
                across = (x, x + SWATCH_IN / 2, x + SWATCH_IN)
                line = Line2D(
                    [place / wide for place in across],
                    [(bottom + swatch / 2) / high] * 3,
                    transform=figure.transFigure,
                    markevery=[1],
                    **entry.mark,
                )
                figure.add_artist(line)
                x += SWATCH_IN + WORDS_IN
            if entry.look is not None:
                box = Rectangle(
                    (x / wide, bottom / high),
                    SWATCH_IN / wide,
                    swatch * entry.share / high,
                    transform=figure.transFigure,
                    **entry.look,
                )
                figure.add_artist(box)
                x += SWATCH_IN + WORDS_IN
            figure.text(
                x / wide,
                (bottom + swatch / 2) / high,
                entry.words,
                fontsize=style.NOTE_PT,
                va="center_baseline",
            ).set_gid("key")
