"""`telemetry library studio set`, `studio list`, `bike set` and `bike list`: studios and what stands in them.

Comes in: ids, names, a crank's length. Goes out: what was written down, and what is known. Classes keep the
analysis they have until `telemetry library reanalyze`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from telemetry.cli.library import opening

StudioId = Annotated[str, typer.Argument(help="Id of a studio.", metavar="STUDIO", show_default=False)]
BikeId = Annotated[str, typer.Argument(help="Id of a bike.", metavar="BIKE", show_default=False)]
Stands = Annotated[str | None, typer.Option("--studio", help="In which studio it stands.", metavar="STUDIO")]
Name = Annotated[str | None, typer.Option("--name", help="Its name.", metavar="NAME")]
Maker = Annotated[str | None, typer.Option("--maker", help="Who built it.", metavar="NAME")]
Model = Annotated[str | None, typer.Option("--model", help="Its model.", metavar="NAME")]
Serial = Annotated[str | None, typer.Option("--serial", help="Its serial number.", metavar="TEXT")]
Crank = Annotated[float | None, typer.Option("--crank", help="Crank length, in mm.", metavar="MM")]


def studio_set(
    studio: StudioId, name: Name = None, library: opening.Place = None, as_json: opening.AsJson = False
) -> None:
    """Write down what a studio is called; creates the studio where not known."""
    from telemetry.cli import console

    with opening.open_at(library, create=True) as kept:
        new, row = kept.set_studio(studio, name=name)
    if new:
        console.note(f"new studio {studio}")
    _print(row, as_json)


def studio_list(library: opening.Place = None, as_json: opening.AsJson = False) -> None:
    """Studios of the library."""
    with opening.open_at(library) as kept:
        rows = kept.studios()
    for row in rows:
        _print(row, as_json)


def bike_set(
    bike: BikeId,
    studio: Stands = None,
    name: Name = None,
    maker: Maker = None,
    model: Model = None,
    serial: Serial = None,
    crank: Crank = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Write down where a bike stands and how it is built; creates the bike where not known."""
    from telemetry.cli import console

    with opening.open_at(library, create=True) as kept:
        said = {"name": name, "maker": maker, "model": model, "serial": serial, "crank_length_mm": crank}
        new, row = kept.set_bike(bike, studio_id=studio, **said)
        stale = crank is not None and not new
    if new:
        console.note(f"new bike {bike}")
    _print(row, as_json)
    if stale:
        console.note("classes keep their analyses until: telemetry library reanalyze")


def bike_list(
    studio: opening.ForStudio = None, library: opening.Place = None, as_json: opening.AsJson = False
) -> None:
    """Bikes of the library, or of a studio."""
    with opening.open_at(library) as kept:
        rows = kept.bikes(studio)
    for row in rows:
        _print(row, as_json)


def _print(row: Mapping[str, Any], as_json: bool) -> None:
    """The id, then what is known, by the names that options have."""
    from telemetry.cli import console

    said = {name.removesuffix("_id"): value for name, value in row.items() if name != "row_hash"}
    if as_json:
        opening.print_json(said)
        return
    (_, first), *rest = said.items()
    words = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
             for name, value in rest if value is not None]  # fmt: skip
    console.result(console.clean(f"{first}  {', '.join(words)}".rstrip()))
