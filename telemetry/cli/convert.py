"""`telemetry convert`: classes as Parquet, CSV, JSON or standard FIT activities.

Comes in: files, folders, patterns. Goes out: a file for each class, raw channels as they were recorded, and
the path of each on stdout.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli import options

if TYPE_CHECKING:
    from telemetry.cli.session import Session
    from telemetry.model import ClassRecording


class To(StrEnum):
    """Formats by name; the suffix is the name with a dot."""

    parquet = "parquet"
    csv = "csv"
    json = "json"
    fit = "fit"


def convert(
    files: options.Files,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="A file or a folder. By default CLASS.parquet here.", metavar="FILE|DIR"
        ),
    ] = None,
    to: Annotated[
        To | None, typer.Option("--to", help="Format, where -o names no file.", show_default="parquet")
    ] = None,
    as_json: options.AsJson = False,
    column: options.Columns = None,
) -> None:
    """The samples of each class, as recorded, in a table or a FIT activity for other programs."""
    from telemetry.cli.outputs import Outputs
    from telemetry.cli.samples import FORMATS
    from telemetry.cli.session import Session

    suffix = f".{to.value if to else To.parquet.value}"
    session = Session(files, column)
    outputs = Outputs(output, suffix, tuple(FORMATS), session.files, session.suffixes)
    if to is not None and outputs.suffix != suffix:
        raise typer.BadParameter(
            f"{to.value} and a file named {outputs.suffix} contradict each other", param_hint="'--to'"
        )
    outputs.prepare()
    from telemetry.cli.batch import read_file

    for path, recordings in session.each(lambda path: read_file(path, session.columns), "Converting"):
        for recording in recordings:
            try:
                target = outputs.path(path, recording.id, len(recordings) > 1)
                FORMATS[outputs.suffix](recording, target)
            except Exception as problem:
                session.fail(problem, path)
            else:
                _tell(session, recording, target, as_json)
    raise typer.Exit(session.code)


def _tell(session: Session, recording: ClassRecording, target: Path, as_json: bool) -> None:
    from telemetry.cli import console

    if as_json:
        session.print_json(
            {
                "file": recording.file,
                "id": recording.id,
                "output": str(target),
                "samples": len(recording),
                "channels": list(recording.channels),
            }
        )
    else:
        console.path(str(target))
