"""What `library add` and `library watch` share: the options that say whose classes they are, and the answers.

Comes in: what became of each file. Goes out: a line each, counts, an exit code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.cli.library import opening

if TYPE_CHECKING:
    from telemetry.library.ingest import Added

RiderOption = Annotated[
    str | None,
    typer.Option("--rider", help="Whose classes these are; created where not known.", metavar="RIDER"),
]
BikeOption = Annotated[str | None, typer.Option("--bike", help="On which bike.", metavar="BIKE")]
ClassOption = Annotated[
    str | None, typer.Option("--class", help="Of which class of a room they are part.", metavar="CLASS")
]
StudioOption = Annotated[
    str | None,
    typer.Option("--studio", help="In which studio: their bikes and classes are its own.", metavar="STUDIO"),
]
Pattern = Annotated[
    str | None,
    typer.Option(
        "--pattern",
        help="Take rider, bike and class from the path, as in '{class}/{bike}.fit'.",
        metavar="PATTERN",
    ),
]
Manifest = Annotated[
    Path | None,
    typer.Option("--manifest", help="CSV with file, rider, bike, class, started_at.", metavar="CSV"),
]
StartedAt = Annotated[
    str | None,
    typer.Option("--started-at", help="When it was, for a file that holds no date.", metavar="TIME"),
]
CreateRiders = Annotated[
    bool, typer.Option("--create-riders", help="Create riders that a pattern, manifest or file names.")
]
AllowOverlap = Annotated[
    bool, typer.Option("--allow-overlap", help="Add also what covers the same time as another class.")
]
AllowErased = Annotated[bool, typer.Option("--allow-erased", help="Take back what was erased.")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        help="By default one a processor, and of a hundred files of several riders a process.",
        metavar="N",
        min=1,
        max=64,
    ),
]


class Teller:
    """Says what became of each class, and how many there were of each kind."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.counts: dict[str, int] = {}

    @property
    def code(self) -> int:
        """1 where something was not taken that somebody has to look at."""
        from telemetry.library.ingest import FAILURES

        return int(any(self.counts.get(state) for state in FAILURES))

    def tell(self, done: Added) -> None:
        """One line for one class or file."""
        from telemetry.cli import console
        from telemetry.library.ingest import FAILURES

        self.counts[done.state] = self.counts.get(done.state, 0) + 1
        if self.as_json:
            opening.print_json(plain(done))
        elif done.state in ("added", "replaced"):
            when = "" if done.started_at is None else opening.local(done.started_at)
            console.result(f"{done.id}  {when}  {console.clean(Path(done.file).name)}")
        if done.state in FAILURES:
            console.error(f"{done.state}: {done.detail}")
        elif done.state in ("duplicate", "shorter", "replaced"):
            console.note(f"{done.state}: {done.detail}")

    def note(self, text: str) -> None:
        """Something worth knowing."""
        from telemetry.cli import console

        console.note(text)

    def sum_up(self) -> None:
        """How many of each kind, on stderr."""
        if self.counts:
            self.note(", ".join(f"{count} {WORDS[state]}" for state, count in self.counts.items()))


WORDS = {
    "added": "added",
    "known": "already there",
    "duplicate": "not added, because they cover the time of another class",
    "shorter": "shorter copies of classes that are there",
    "replaced": "longer copies that replaced shorter ones",
    "refused": "refused",
    "quarantined": "quarantined",
    "failed": "failed",
}


def plain(done: Added) -> dict[str, Any]:
    """An answer as JSON types."""
    return {
        "file": done.file,
        "state": done.state,
        "id": done.id or None,
        "rider": done.rider,
        "started_at": None if done.started_at is None else done.started_at.isoformat(),
        "detail": done.detail or None,
    }
