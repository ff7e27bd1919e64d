"""Studios, their bikes and their classes: which belong together, and how a bike is built.

Comes in: ids, names, a crank's length. Goes out: rows of studios and bikes, and the classes of a studio:
those ridden on its bikes or in its class groups. Leaves to others: adding classes (`ingest.py`), what may be
shown to a studio (`consents.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from telemetry.errors import BadInput
from telemetry.library import riders
from telemetry.library.catalog import trusted
from telemetry.library.tables import bikes, class_groups, recordings, studios

if TYPE_CHECKING:
    from telemetry.library.catalog import Writer

CRANK = "crank_length_mm"


def find(connection: Connection, studio_id: str) -> Mapping[str, Any]:
    """A studio's row.

    Raises
    ------
    BadInput : there is no such studio; none is made of a slip of the pen
    """
    row = connection.execute(studios.select().where(studios.c.studio_id == studio_id)).one_or_none()
    if row is None:
        near = get_close_matches(studio_id, connection.execute(sa.select(studios.c.studio_id)).scalars(), n=1)
        raise BadInput(
            f"no studio {studio_id!r} is in this library",
            expected=(f"{near[0]}, perhaps; or " if near else "")
            + "telemetry library studio set, to create one",
        )
    return trusted(studios, row)


def every(connection: Connection, table: sa.Table) -> list[Mapping[str, Any]]:
    """Every row of studios or bikes, by id."""
    key = next(iter(table.primary_key.columns))
    return [trusted(table, row) for row in connection.execute(table.select().order_by(key))]


def put(writer: Writer, table: sa.Table, key: str, **values: Any) -> bool:
    """Write down what is said of a studio, bike or class group; whether it is new.

    Raises
    ------
    BadInput : an id that is none, a studio that is not there, a crank that fits no bike
    """
    if values.get("studio_id") is not None:
        find(writer.connection, values["studio_id"])
    _check_crank(values.get(CRANK))
    column = next(iter(table.primary_key.columns))
    new = writer.connection.execute(sa.select(column).where(column == key)).first() is None
    if new:
        riders.check_id(table.name.rstrip("s").replace("_", " "), key)
        writer.insert(table, **{column.name: key}, **values)
    elif values:
        writer.update(table, key, **values)
    return new


def ensure(writer: Writer, table: sa.Table, key: str | None, studio: str | None) -> None:
    """A bike or class group that was named exists, and is the studio's where it was nobody's."""
    if key is None:
        return
    column = next(iter(table.primary_key.columns))
    row = writer.connection.execute(sa.select(table.c.studio_id).where(column == key)).one_or_none()
    if row is None or (studio is not None and row.studio_id is None):
        put(writer, table, key, **({} if studio is None else {"studio_id": studio}))


def conflict(connection: Connection, studio: str | None, bike: str | None, class_id: str | None) -> str:
    """What of a class is another studio's, in words; empty where nothing is."""
    if studio is None:
        return ""
    for what, table, key in (("bike", bikes, bike), ("class", class_groups, class_id)):
        column = next(iter(table.primary_key.columns))
        other = connection.execute(sa.select(table.c.studio_id).where(column == key)).scalar()
        if other not in (None, studio):
            return f"the {what} {key} is of studio {other}, not {studio}; --{what} names another"
    return ""


def ridden_in(studio_id: str) -> sa.ColumnElement[bool]:
    """Which recordings are classes of a studio."""
    return sa.or_(
        recordings.c.bike_id.in_(sa.select(bikes.c.bike_id).where(bikes.c.studio_id == studio_id)),
        recordings.c.class_id.in_(
            sa.select(class_groups.c.class_id).where(class_groups.c.studio_id == studio_id)
        ),
    )


def cranks(connection: Connection) -> dict[str, float]:
    """The crank of each bike of which it is known, in mm."""
    known = bikes.select().where(bikes.c.crank_length_mm.is_not(None))
    return {row.bike_id: trusted(bikes, row)[CRANK] for row in connection.execute(known)}


def _check_crank(length_mm: float | None) -> None:
    bounds = riders.FACTS[CRANK]
    if length_mm is not None and not bounds.low <= length_mm <= bounds.high:
        raise BadInput(
            "no crank is so long",
            expected=f"{bounds.low:g} to {bounds.high:g} {bounds.unit}",
            got=f"{length_mm:g}",
        )
