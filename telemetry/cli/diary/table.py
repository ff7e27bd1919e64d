"""`telemetry diary list`, `remove`, `import` and `export`: a diary as lines and as a table.

Comes in: a rider, a CSV. Goes out: entries in order of time, or a CSV that comes back in as it went out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli.diary.note import EntryId
from telemetry.cli.library import opening
from telemetry.errors import BadInput

if TYPE_CHECKING:
    from telemetry.model import DiaryEntry

LARGEST_BYTES = 8 << 20

Table = Annotated[Path, typer.Argument(help="A CSV of entries.", metavar="CSV", show_default=False)]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A file; by default stdout.", metavar="CSV")
]


def list_(rider: opening.RiderId, library: opening.Place = None, as_json: opening.AsJson = False) -> None:
    """Everything noted for a rider, oldest first."""
    from telemetry.cli.console import note, result
    from telemetry.library.diary import plain

    with opening.open_at(library) as kept:
        entries = sorted(kept.diary(rider), key=_order)
    for entry in entries:
        if as_json:
            opening.print_json(plain(entry))
        else:
            result(line(entry))
    if not entries and not as_json:
        note(f"nothing is noted for {rider}")


def remove(rider: opening.RiderId, entry: EntryId, library: opening.Place = None) -> None:
    """Take one entry out."""
    from telemetry.cli.console import result

    with opening.open_at(library) as kept:
        old = kept.entry(rider, entry)
        kept.remove_entry(rider, old.id)
    result(f"removed: {line(old)}")


def import_(
    rider: opening.RiderId, table: Table, library: opening.Place = None, as_json: opening.AsJson = False
) -> None:
    """Take in a CSV of entries, all rows or none; entries that are there already are left as they are."""
    from telemetry.cli import console
    from telemetry.library.diary import plain
    from telemetry.library.diary_csv import from_csv

    try:
        with table.open("rb") as handle:
            data = handle.read(LARGEST_BYTES + 1)
        if len(data) > LARGEST_BYTES:
            raise BadInput("too large for a diary", file=str(table), expected="at most 8 MB")
        text = data.decode("utf-8-sig")
    except OSError as cause:
        raise BadInput(f"cannot be read: {cause.strerror}", file=str(table), expected="a CSV") from cause
    except UnicodeDecodeError as cause:
        line_ = data.count(b"\n", 0, cause.start) + 1
        raise BadInput("this is no text in UTF-8", file=str(table), place=f"row {line_}") from cause
    with opening.open_at(library) as kept:
        entries = from_csv(text, opening.now(), str(table))
        noted = list(kept.diary(rider))
        there = {entry.id for entry in noted}
        said = [_said(entry) for entry in noted]  # a table of one's own has no ids
        new = [
            entry for entry in entries if (entry.id not in there if entry.id else _said(entry) not in said)
        ]
        written = kept.note(rider, new)
    for entry in written:
        if as_json:
            opening.print_json(plain(entry))
    console.note(f"{len(written)} entries taken in, {len(entries) - len(new)} were there already")


def export(rider: opening.RiderId, output: Output = None, library: opening.Place = None) -> None:
    """A rider's diary as CSV, which `import` reads again."""
    from telemetry.cli import console
    from telemetry.files import write_bytes
    from telemetry.library.diary_csv import to_csv

    with opening.open_at(library) as kept:
        text = to_csv(kept.diary(rider))
    if output is None:
        console.result(text.rstrip("\n"))
    else:
        console.path(str(write_bytes(output, text.encode())))


def line(entry: DiaryEntry) -> str:
    """An entry in one line for people."""
    from telemetry.cli.console import clean
    from telemetry.library.diary import plain
    from telemetry.model import Phase

    said = plain(entry)
    if isinstance(entry, Phase):
        when = f"{entry.first} to {entry.last or 'now'}"
    elif getattr(entry, "whole_day", False):
        when = f"{entry.when.astimezone():%Y-%m-%d}"
    else:
        when = opening.local(entry.when)
    for name in ("id", "when", "first", "last", "entered_at", "whole_day", "kind"):
        said.pop(name, None)
    text = ", ".join(f"{name} {_shown(value)}" for name, value in said.items())
    return clean(f"{entry.id}  {when}  {_kind(entry)}  {text}".rstrip())


def _said(entry: DiaryEntry) -> DiaryEntry:
    """An entry without its name and without when it was written down: what it says."""
    return replace(entry, id="", entered_at=None)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kind(entry: DiaryEntry) -> str:
    from telemetry.library.diary import NAMES

    return NAMES[type(entry)]


def _order(entry: DiaryEntry) -> str:
    from telemetry.model import Phase

    return entry.first.isoformat() if isinstance(entry, Phase) else entry.when.isoformat()
