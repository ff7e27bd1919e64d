"""`telemetry library list`, `show` and `verify`: what is there, and whether it is still what was written.

Comes in: a rider, a span of time, the id of a class. Goes out: tables or JSON; `verify` names each fault and
ends with 1 where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.cli.library import opening

if TYPE_CHECKING:
    from telemetry.model import PastClass

Since = Annotated[str | None, typer.Option("--since", help="Not before this day.", metavar="DAY")]
Until = Annotated[str | None, typer.Option("--until", help="Not after this day.", metavar="DAY")]
Quarantined = Annotated[bool, typer.Option("--quarantined", help="Files that could not be used, and why.")]
Version = Annotated[
    int | None, typer.Option("--version", help="An earlier version of the analysis.", metavar="N", min=1)
]


def list_(
    rider: opening.ForRider = None,
    studio: opening.ForStudio = None,
    since: Since = None,
    until: Until = None,
    quarantined: Quarantined = False,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """Classes of the library, oldest first."""
    from datetime import timedelta

    first = opening.moment_option("--since", since)
    last = opening.moment_option("--until", until)
    if last is not None:
        last += timedelta(days=1)
    with opening.open_at(library) as kept:
        if quarantined:
            _print_quarantine(kept.quarantined(), as_json)
            return
        rows = kept.rows(rider, first, last, studio)
        withheld = kept.withheld("studio") if studio else {}
    left_out = {row["rider_id"] for row, _ in rows} & set(withheld)
    if studio:
        rows = [(row, _load_only(past)) for row, past in rows if row["rider_id"] not in left_out]
    if as_json:
        for row, past in rows:
            opening.print_json(plain(row, past))
    elif rows:
        _print_table(rows, reviews=not studio)
    elif not left_out:
        from telemetry.cli.console import note

        whose = (f" of {rider}" if rider else "") + (f" in studio {studio}" if studio else "")
        note(f"no class{whose} is in this library")
    opening.tell_withheld(len(left_out), "studio", as_json)


def show(
    class_id: opening.ClassId,
    version: Version = None,
    library: opening.Place = None,
    as_json: opening.AsJson = False,
) -> None:
    """One class: where it came from, its analysis, and the versions of it."""
    from telemetry.cli import console

    with opening.open_at(library) as kept:
        row = kept.row(class_id)
        analysis = kept.analysis(row["recording_id"], version)
        if analysis is None:
            from telemetry.errors import BadInput

            raise BadInput(
                f"there is no version {version} of this analysis", place=f"class {row['recording_id']}"
            )
        if as_json:
            opening.print_json(analysis)
            return
        versions = kept.versions(row["recording_id"])
        file, _ = kept.original(row["recording_id"])
    review = analysis["review"]
    lines = [
        ("class", row["recording_id"]),
        ("file", file),
        ("rider", row["rider_id"] or "not assigned"),
        ("bike", row["bike_id"] or "–"),
        ("started", row["started_at"]),
        ("minutes", f"{row['duration_s'] / 60:.0f}"),
        ("data", analysis["quality"]["grade"].replace("_", " ")),
        ("review", review["state"].replace("_", " ")),
        ("", review["summary"]),
        *(
            (f"version {item['version']}", f"{item['made_at']} by {item['code_version']}"
             + (", current" if item["current"] else ""))
            for item in versions
        ),
    ]  # fmt: skip
    for name, value in lines:
        if value:
            console.result(f"{name:<10} {console.clean(str(value))}")


def verify(library: opening.Place = None, as_json: opening.AsJson = False) -> None:
    """Check every row, every file and the audit log against what was written."""
    from telemetry.cli import console
    from telemetry.library.verify import verify as faults_of

    faults = 0
    with opening.open_at(library) as kept:
        classes = _count(kept)
        with console.ProgressBar(2 * classes, "Verifying") as bar:
            for fault in faults_of(kept, bar.step):
                faults += 1
                if as_json:
                    opening.print_json({"place": fault.place, "problem": fault.problem})
                else:
                    console.error(str(fault))
        place = kept.place
    if faults:
        console.note(f"{faults} faults; telemetry library restore puts a backup in place")
        raise typer.Exit(1)
    if as_json:
        opening.print_json({"library": place, "classes": classes, "faults": 0})
    else:
        console.result(f"{console.clean(place)}: {classes} classes, everything is as it was written")


def _count(kept: Any) -> int:
    import sqlalchemy as sa

    from telemetry.library.tables import recordings

    with kept.catalog.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(recordings)).scalar() or 0)


def _load_only(past: PastClass | None) -> PastClass | None:
    """A class as a studio may be shown it: its load, without a review that may speak of symptoms."""
    from dataclasses import replace

    return None if past is None else replace(past, state="", reasons=())


def plain(row: Mapping[str, Any], past: PastClass | None) -> dict[str, Any]:
    """A class in a list, as JSON types."""
    return {
        "id": row["recording_id"],
        "started_at": row["started_at"],
        "duration_s": row["duration_s"],
        "rider": row["rider_id"],
        "bike": row["bike_id"],
        "class": row["class_id"],
        "quality": None if past is None else past.quality,
        "review": None if past is None else past.state or None,
        "reasons": [] if past is None else list(past.reasons),
        "metrics": {} if past is None else dict(past.metrics),
        "version": None if past is None else past.version or None,
    }


def _print_table(rows: list[tuple[Mapping[str, Any], PastClass | None]], *, reviews: bool) -> None:
    from telemetry.cli.columns import Heading, show
    from telemetry.cli.console import clean
    from telemetry.library.codec import moment

    headings = [Heading(text, whole=True) for text in ("class", "started", "rider")]
    headings.append(Heading("bike"))
    headings += [Heading(text, right=True) for text in ("min", "TL", "grinding min")]
    headings.append(Heading("data"))
    if reviews:
        headings.append(Heading("back-risk review"))
    cells = []
    for row, past in rows:
        values = {} if past is None else past.metrics
        state = "" if past is None else past.state.replace("_", " ")
        if past is not None and past.reasons:
            state += f": {' '.join(past.reasons)}"
        cells.append(
            (
                row["recording_id"],
                opening.local(moment(row["started_at"])),
                clean(row["rider_id"] or "–"),
                clean(row["bike_id"] or "–"),
                f"{row['duration_s'] / 60:.0f}",
                _number(values.get("torque_load"), 0),
                _number(values.get("grinding_min"), 1),
                "" if past is None else past.quality.replace("_", " "),
                *([state] if reviews else []),
            )
        )
    show(headings, cells)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _print_quarantine(rows: list[Mapping[str, Any]], as_json: bool) -> None:
    from telemetry.cli import console

    for row in rows:
        if as_json:
            opening.print_json(
                {"file": row["file"], "reason": row["reason"], "rider": row["rider_id"], "at": row["at"]}
            )
        else:
            console.result(console.clean(f"{row['at'][:16]}  {row['file']}  {row['reason']}"))
