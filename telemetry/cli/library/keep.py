"""`telemetry library backup`, `restore`, `migrate` and `init`: where the library is, and getting it back.

Comes in: folders. Goes out: a line of what was done, and where what was replaced lies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.library import opening

To = Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="FOLDER", show_default=False)]
From = Annotated[Path, typer.Argument(help="The folder of a backup.", metavar="BACKUP", show_default=False)]
Replace = Annotated[
    bool, typer.Option("--replace", help="A library that is there is moved aside; who was erased stays so.")
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        help="Folder or s3:// URL for the files; a library in a folder keeps them there otherwise.",
        metavar="FOLDER|URL",
    ),
]


def backup(folder: To, library: opening.Place = None, as_json: opening.AsJson = False) -> None:
    """Copy the library as it is now to a new folder, while others go on working."""
    from telemetry.cli import console
    from telemetry.library.backup import backup as copy

    with opening.open_at(library) as kept:
        done = copy(kept, folder)
    if as_json:
        opening.print_json({"backup": str(done.place), "classes": done.classes, "files": done.files})
    else:
        console.path(f"{done.place}: {done.classes} classes, {done.files} files")


def restore(
    backup: From,
    replace: Replace = False,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Put a backup in place as the library, every byte checked, erased riders erased again."""
    from telemetry.cli import console
    from telemetry.library.backup import restore as put_back
    from telemetry.library.place import default_place

    place = library or default_place()
    if "://" in place:
        raise typer.BadParameter(
            "a backup is restored into a folder; a server is restored by its own backups",
            param_hint="'--library'",
        )
    done = put_back(backup, Path(place).expanduser(), replace=replace)
    if as_json:
        opening.print_json({"library": str(done.place), "classes": done.classes, "erased": done.erased})
    else:
        console.path(f"{done.place}: {done.classes} classes")
    if done.erased:
        console.note(f"{done.erased} riders or classes were erased since, and are erased again")
    if done.aside is not None:
        console.note(f"the library that was there lies in {done.aside}")
    if done.unread:
        console.note(
            f"who was erased from it cannot be read ({done.unread}): erase again whoever was erased after "
            "the backup was made"
        )


def migrate(library: opening.Place = None) -> None:
    """Bring a library of an older version to this one, backed up first, wholly or not at all."""
    from telemetry.cli import console
    from telemetry.library.migrate import migrate as bring
    from telemetry.library.place import place_of

    where = place_of(library)
    done = bring(where.url, where.folder)
    if done.rows:
        console.result(f"schema {done.before} is now {done.after}, {done.rows} rows")
    else:
        console.result(f"schema {done.after} is the newest")
    if done.backup is not None:
        console.note(f"the catalog as it was lies in {done.backup}")


def init(storage: Storage = None, library: opening.Place = None) -> None:
    """Make an empty library, in a folder or on a PostgreSQL server; files in a folder or an object store."""
    from telemetry.cli import console
    from telemetry.library import open_library

    with open_library(library, storage=storage, actor="command line") as kept:
        console.path(kept.place)
