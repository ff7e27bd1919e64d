"""`telemetry inspect`: what is in a file, before anything is made of it.

Comes in: files, folders, patterns. Goes out: on stdout messages with their fields, developer fields, devices,
damage with its place, and the quality of each class; of a capture its devices, pages, reception, events and
marks. A file without a ride is no failure here: it is said.
"""

from __future__ import annotations

import typer

from telemetry.cli import options


def inspect(files: options.Files, as_json: options.AsJson = False, column: options.Columns = None) -> None:
    """What is in a file: messages, fields, devices, damage, quality; in a capture pages and reception."""
    from telemetry.cli.capture_contents import SEARCHED, print_capture
    from telemetry.cli.contents import contents
    from telemetry.cli.contents_page import print_contents
    from telemetry.cli.session import Session

    session = Session(files, column, also=SEARCHED)
    for _, found in session.each(lambda path: contents(path, session.columns), "Reading"):
        if as_json:
            session.print_json(found)
        elif "kind" in found:
            print_capture(found)
        else:
            print_contents(found)
    raise typer.Exit(session.code)
