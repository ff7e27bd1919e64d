"""One class on a terminal: the head of the page, legible at 80 columns and without colour.

Comes in: a `ClassAnalysis`. Goes out: something rich can print, made of the view that the pages are made of.
Strings from files are cleaned of control codes by the view and never read as markup. Leaves to others: where
it is printed, and everything below the headline, which is on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from telemetry.reports.class_tiles import Tile
from telemetry.reports.class_view import ClassView, view
from telemetry.reports.sharing import shareable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as Grid

    from telemetry.model import ClassAnalysis


def summary(analysis: ClassAnalysis, *, share: bool = False) -> RenderableType:
    """The review with its reasons, the headline numbers, and what could be different, for `console.print`."""
    from rich.console import Group
    from rich.padding import Padding

    shown = view(shareable(analysis) if share else analysis, shared=share)
    parts: list[RenderableType] = [*_head(shown), _review(shown)]
    if not shown.only_facts:
        parts += [Padding(_tiles(shown.tiles), (0, 1)), *_reasons(shown), *_rest(shown)]
    return Group(*parts)


def _head(shown: ClassView) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(shown.title, style="bold")
    yield Text(" · ".join(fact.text for fact in shown.facts), style="dim")


def _review(shown: ClassView) -> RenderableType:
    """A box whose headline is words: nothing is said by colour alone."""
    from rich import box
    from rich.panel import Panel
    from rich.text import Text

    review = shown.review
    text = Text(review.headline, style="bold")
    said = [review.summary, review.next_step, review.counted, *review.questions]
    if shown.only_facts:
        said = [review.statement]
    for line in said:
        if line:
            text.append(f"\n{line}", style="not bold")
    return Panel(
        text,
        box=box.HEAVY if review.state in ("review", "see_clinician") else box.ROUNDED,
        title="Back-risk review",
        title_align="left",
        border_style="blue" if review.state == "review" else "",
        padding=(0, 1),
    )


def _tiles(tiles: tuple[Tile, ...]) -> Grid:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for tile in tiles:
        number = " ".join(word for word in (tile.before, tile.text, tile.unit) if word)
        remarks = list(tile.lines)
        if tile.interval:
            low, _, high = tile.interval.partition("\u00a0to\u00a0")
            remarks.insert(0, f"Between {low} and {high}.")
        if tile.evidence:
            remarks.append(f"({tile.evidence})")
        grid.add_row(Text(tile.label), Text(number, style="bold"), Text(" ".join(remarks)))
    return grid


def _reasons(shown: ClassView) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if shown.reasons:
        yield Text("\nReasons", style="bold")
    for reason in shown.reasons:
        text = Text(f"{reason.code} {reason.title}: ", style="bold")
        facts = [f"{reason.value} against a limit of {reason.limit}", reason.minutes, reason.evidence]
        text.append(", ".join(fact for fact in facts if fact) + ".", style="not bold")
        text.append(f" {reason.message}", style="not bold")
        text.append(f"\nWhat would change it: {reason.would_change}", style="not bold")
        yield Padding(text, (0, 1))


def _rest(shown: ClassView) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    if shown.what_if:
        yield Text("\nWhat could be different", style="bold")
        yield Padding(Text(shown.what_if), (0, 1))
    yield Text(f"\n{shown.ftp.text}")
    yield Text.assemble(f"{shown.ftp.lead} ", (shown.ftp.command, "bold"), f"  ({shown.ftp.note})")
    yield Text(shown.review.statement, style="dim")
