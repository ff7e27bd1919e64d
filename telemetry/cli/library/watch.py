"""`telemetry library watch` and `reanalyze`: classes as they come, and analyses as the world moves on.

Comes in: a drop folder; or nothing. Goes out: a line for each class as it is added or analyzed again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.library import adding, opening

Folder = Annotated[Path, typer.Argument(help="The drop folder.", metavar="FOLDER", show_default=False)]
Once = Annotated[bool, typer.Option("--once", help="Stop when everything that is there was taken.")]


def watch(
    folder: Folder,
    rider: adding.RiderOption = None,
    bike: adding.BikeOption = None,
    class_id: adding.ClassOption = None,
    studio: adding.StudioOption = None,
    pattern: adding.Pattern = None,
    manifest: adding.Manifest = None,
    create_riders: adding.CreateRiders = False,
    once: Once = False,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Add each file of a folder within seconds of its being complete; Ctrl-C ends it."""
    from telemetry.cli.library.work import tools
    from telemetry.ingest import READERS
    from telemetry.library.sources import Sources
    from telemetry.library.watch import Watch

    sources = Sources.of(
        rider=rider, bike=bike, class_id=class_id, pattern=pattern, manifest=manifest, now=opening.now()
    )
    lent = tools()
    teller = adding.Teller(as_json)
    with opening.open_at(library, create=True) as kept:
        if not once and folder.is_dir():
            from telemetry.cli import console
            from telemetry.cli.warm import compile_all

            compile_all()  # or the first class would wait for it
            console.note(f"watching {console.clean(str(folder))}; Ctrl-C ends it")
        watching = Watch(
            kept, lent, folder, tuple(READERS), sources, create_riders=create_riders, studio=studio
        )
        for done in watching.run(once=once):
            teller.tell(done)
    raise typer.Exit(teller.code)


def reanalyze(
    rider: opening.ForRider = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Analyze again what other facts, notes, classes or a newer version change; old versions stay."""
    from telemetry.cli import console
    from telemetry.cli.library.work import tools

    count = 0
    with opening.open_at(library) as kept:
        if rider is not None:
            kept.facts(rider)
        for class_id in kept.refresh(tools(), rider):
            count += 1
            if as_json:
                opening.print_json({"id": class_id})
            else:
                console.result(class_id)
    console.note(f"{count} classes have a new version" if count else "everything is up to date")
