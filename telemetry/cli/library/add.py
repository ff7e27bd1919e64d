"""`telemetry library add`: files become classes of the library, each once, none in silence.

Comes in: files, folders, patterns, and whose they are. Goes out: a line for each class that was added; what
was not taken, and why, on stderr; exit code 1 where somebody has to look.
"""

from __future__ import annotations

import typer

from telemetry.cli.library import adding, opening
from telemetry.cli.options import Files


def add(
    files: Files,
    rider: adding.RiderOption = None,
    bike: adding.BikeOption = None,
    class_id: adding.ClassOption = None,
    studio: adding.StudioOption = None,
    pattern: adding.Pattern = None,
    manifest: adding.Manifest = None,
    started_at: adding.StartedAt = None,
    create_riders: adding.CreateRiders = False,
    allow_overlap: adding.AllowOverlap = False,
    allow_erased: adding.AllowErased = False,
    threads: adding.Threads = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Read, analyze and keep classes; what is there already stays as it is."""
    from telemetry.cli import console
    from telemetry.cli.library.shared_out import add_all
    from telemetry.cli.session import Session
    from telemetry.library.sources import Sources

    sources = Sources.of(
        rider=rider,
        bike=bike,
        class_id=class_id,
        pattern=pattern,
        manifest=manifest,
        started_at=opening.moment_option("--started-at", started_at),
        now=opening.now(),
    )
    session = Session(files)
    inputs = [sources.input(path) for path in session.files]
    teller = adding.Teller(as_json)
    with opening.open_at(library, create=True) as kept, console.ProgressBar(len(inputs), "Adding") as bar:
        known = {row["rider_id"] for row in kept.riders()}
        for done in add_all(
            kept,
            library,
            inputs,
            create_riders=create_riders,
            allow_overlap=allow_overlap,
            allow_erased=allow_erased,
            threads=threads,
            studio=studio,
        ):
            if done.rider is not None and done.rider not in known:
                now_known = {row["rider_id"] for row in kept.riders()}
                if done.rider in now_known:
                    teller.note(f"new rider {console.clean(done.rider)}")
                known |= now_known
            teller.tell(done)
            bar.step()
    teller.sum_up()
    raise typer.Exit(max(session.code, teller.code))
