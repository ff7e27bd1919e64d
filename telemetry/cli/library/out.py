"""`telemetry library export` and `anonymise`: classes and diaries for other programs, bad files for others'
eyes.

Comes in: a rider or classes and a format; or one file. Goes out: files, whole or not at all, their paths on
stdout.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telemetry.cli.library import opening

if TYPE_CHECKING:
    from telemetry.library import Library


class To(StrEnum):
    """What each class is written as."""

    parquet = "parquet"
    csv = "csv"
    json = "json"
    fit = "fit"
    original = "original"


Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the files.", metavar="DIR")]
Format = Annotated[To, typer.Option("--to", help="Format; original is the file as it came.")]
AnonymousFile = Annotated[
    Path | None, typer.Option("--output", "-o", help="By default FILE-anonymous.fit here.", metavar="FILE")
]


def export(
    rider: opening.ForRider = None,
    to: Format = To.parquet,
    output: Output = Path("export"),
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Every class of a rider, or of the library, as a file, with analyses, diary and consents beside it."""
    import json

    from telemetry.cli import console
    from telemetry.files import write_bytes

    with opening.open_at(library) as kept:
        rows = kept.rows(rider)
        output.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        with console.ProgressBar(len(rows), "Exporting") as bar:
            for row, _ in rows:
                stem = output / f"{row['started_at'][:10]}-{row['recording_id'].replace('/', '-')}"
                written.append(_class(kept, row["recording_id"], stem, to))
                analysis = kept.analysis(row["recording_id"])
                if analysis is not None:
                    path = stem.with_name(stem.name + ".analysis.json")
                    written.append(write_bytes(path, json.dumps(analysis, indent=1).encode()))
                bar.step()
        if rider is not None:
            from telemetry.library.diary_csv import to_csv

            written.append(write_bytes(output / "diary.csv", to_csv(kept.diary(rider)).encode()))
            if agreed := [item.plain() for item in kept.consents(rider)]:
                written.append(write_bytes(output / "consents.json", json.dumps(agreed, indent=1).encode()))
    for path in written:
        if as_json:
            opening.print_json({"output": str(path)})
        else:
            console.path(str(path))


def _class(kept: Library, recording_id: str, stem: Path, to: To) -> Path:
    from telemetry.files import write_bytes

    if to is To.original:
        name, data = kept.original(recording_id)
        suffix = "".join(Path(name).suffixes[-2:] if name.endswith(".gz") else Path(name).suffixes[-1:])
        return write_bytes(stem.with_name(stem.name + suffix), data)
    path = stem.with_name(f"{stem.name}.{to.value}")
    recording = kept.recording(recording_id)
    if to is To.fit:
        from telemetry.ingest.fit.export import activity

        return write_bytes(path, activity(recording))
    from telemetry.cli.samples import FORMATS

    FORMATS[path.suffix](recording, path)
    return path


def anonymise(
    file: Annotated[Path, typer.Argument(help="A FIT file.", metavar="FILE", show_default=False)],
    output: AnonymousFile = None,
) -> None:
    """A copy of a FIT file without ids, names, places and true dates, with the same defects, to share."""
    from telemetry.cli import console
    from telemetry.files import write_bytes
    from telemetry.ingest import load
    from telemetry.ingest.fit.anonymise import anonymised

    target = output or Path(f"{file.stem}-anonymous.fit")
    if target.exists() and target.samefile(file):
        raise typer.BadParameter("would replace the file itself", param_hint="'--output'")
    write_bytes(target, anonymised(load(file), str(file)))
    console.path(str(target))
