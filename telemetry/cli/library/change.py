"""`telemetry library assign`, `reassign`, `remove` and `erase`: whose classes they are, and taking things
out.

Comes in: ids. Goes out: a line of what was done; for an erasure a receipt. What cannot be undone needs
`--yes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.library import opening

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")]
ToRider = Annotated[str, typer.Argument(help="Id of a rider.", metavar="RIDER", show_default=False)]
ReceiptFile = Annotated[
    Path | None, typer.Option("--receipt", help="Write the receipt to a file too.", metavar="FILE")
]


def assign(class_id: opening.ClassId, rider: ToRider, library: opening.Place = None) -> None:
    """Say whose class it is, where nobody was said yet."""
    _assign(class_id, rider, library, move=False)


def reassign(class_id: opening.ClassId, rider: ToRider, library: opening.Place = None) -> None:
    """Give a class to another rider; both riders' classes are held against their own again."""
    _assign(class_id, rider, library, move=True)


def _assign(class_id: str, rider: str, library: str | None, *, move: bool) -> None:
    from telemetry.cli import console
    from telemetry.cli.library.work import tools
    from telemetry.library.codec import moment

    with opening.open_at(library) as kept:
        row = kept.assign(class_id, rider, move=move)
        started_at = moment(row["started_at"])
        lent = tools()
        changed = {
            item
            for who in {row["rider_id"], rider} - {None}
            for item in kept.refresh(lent, who, since=started_at)
        }
    console.result(f"{row['recording_id']} is {console.clean(rider)}'s")
    later = len(changed - {row["recording_id"]})
    if later:
        console.note(f"{later} later classes were analyzed again")


def remove(class_id: opening.ClassId, yes: Yes = False, library: opening.Place = None) -> None:
    """Take one class out, with its file and all versions of its analysis."""
    from telemetry.cli import console

    with opening.open_at(library) as kept:
        row = kept.row(class_id)
        if not yes:
            raise typer.BadParameter(
                f"this removes class {row['recording_id']} of {row['started_at'][:10]} and its file",
                param_hint="'--yes'",
            )
        kept.remove(row["recording_id"])
    console.result(f"{row['recording_id']} removed")


def erase(
    rider: opening.RiderId,
    yes: Yes = False,
    receipt: ReceiptFile = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Erase everything about a rider from every file, and give a receipt."""
    from telemetry.cli import console
    from telemetry.files import write_bytes
    from telemetry.library.erase import erase as erased

    with opening.open_at(library) as kept:
        if not yes:
            count = len(kept.rows(rider))
            raise typer.BadParameter(
                f"this erases {rider}: {count} classes, their files, the diary and every fact, for good",
                param_hint="'--yes'",
            )
        done = erased(kept, rider)
    if receipt is not None:
        write_bytes(receipt, done.text().encode())
    if as_json:
        console.result(done.text())
    else:
        console.result(
            f"erased: {done.classes} classes, {done.files} files, {done.analyses_and_notes} notes and facts; "
            f"receipt {done.token}"
        )
    for place in done.backups:
        console.note(
            f"a backup made before still holds this rider, delete it or restore it to erase: {place}"
        )
