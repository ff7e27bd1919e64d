"""The catalog's tables, in the open: what a library knows of riders, bikes, classes and diaries.

Comes in: nothing. Goes out: SQLAlchemy tables that SQLite (STRICT) and PostgreSQL take alike. Leaves to
others: how rows are written (`catalog.py`) and how an older catalog becomes this one (`migrations/`).

Only four kinds of column, times as ISO text in UTC with milliseconds, so that sorting text sorts time. Every
row carries `row_hash`, the SHA-256 of its other columns: SQLite itself does not notice a flipped bit.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

HEAD: Final = "0002"
"""The newest migration, which these tables describe."""

metadata = MetaData()
Number: TypeEngine[float] = REAL().with_variant(Double(), "postgresql")
Whole: TypeEngine[int] = Integer().with_variant(BigInteger(), "postgresql")


def _table(name: str, *columns: Column[object], indexes: tuple[tuple[str, ...], ...] = ()) -> Table:
    table = Table(name, metadata, *columns, Column("row_hash", Text, nullable=False), sqlite_strict=True)
    for names in indexes:
        Index(f"ix_{name}_{'_'.join(names)}", *(table.c[column] for column in names))
    return table


def _text(name: str, nullable: bool = True) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _link(name: str, to: str, nullable: bool = True) -> Column[object]:
    return Column(name, Text, ForeignKey(to), nullable=nullable)


def _key(name: str) -> Column[object]:
    return Column(name, Text, primary_key=True, nullable=False)


def _number_key(name: str) -> Column[object]:
    return Column(name, Integer().with_variant(BigInteger(), "postgresql"), primary_key=True, nullable=False)


settings = _table("settings", _key("name"), _text("value", False))
"""What the library knows of itself: its id, its place for files."""

studios = _table("studios", _key("studio_id"), _text("name"))

bikes = _table(
    "bikes",
    _key("bike_id"),
    _link("studio_id", "studios.studio_id"),
    _text("name"),
    _text("maker"),
    _text("model"),
    _text("serial"),
    Column("crank_length_mm", Number),
)

class_groups = _table(
    "class_groups",
    _key("class_id"),
    _link("studio_id", "studios.studio_id"),
    _text("started_at"),
    _text("title"),
)

riders = _table(
    "riders",
    _key("rider_id"),
    Column("subject", Text, nullable=False, unique=True),
    _text("name"),
    _text("born"),
    _text("patient_id"),
    _text("created_at", False),
)
"""`subject` is a random token: what the audit log and tombstones speak of; erasing this row unlinks them."""

facts = _table(
    "facts",
    _number_key("fact_id"),
    _link("rider_id", "riders.rider_id", False),
    _text("name", False),
    Column("value", Number),
    _text("since", False),
    _text("noted_at", False),
    indexes=(("rider_id",),),
)
"""What was true of a rider from a day on; a null value says "no longer known"."""

consents = _table(
    "consents",
    _key("consent_id"),
    _link("rider_id", "riders.rider_id", False),
    _text("scope", False),
    _text("granted_at", False),
    _text("withdrawn_at"),
    _text("note"),
    indexes=(("rider_id",),),
)

originals = _table(
    "originals",
    _key("sha256"),
    _text("suffix", False),
    _text("file"),
    Column("size", Whole, nullable=False),
    _text("added_at", False),
)

recordings = _table(
    "recordings",
    _key("recording_id"),
    _link("rider_id", "riders.rider_id"),
    _link("bike_id", "bikes.bike_id"),
    _link("class_id", "class_groups.class_id"),
    _link("original", "originals.sha256"),
    _text("started_at", False),
    _text("stopped_at", False),
    Column("duration_s", Number, nullable=False),
    Column("rows", Integer, nullable=False),
    _text("devices", False),
    _text("samples", False),
    Column("samples_size", Whole, nullable=False),
    Column("about", LargeBinary, nullable=False),
    _text("added_at", False),
    indexes=(("rider_id", "started_at"), ("started_at",), ("original",)),
)
"""`samples` is the SHA-256 of the Parquet file, `about` everything else of the recording, packed JSON."""

analyses = _table(
    "analyses",
    _number_key("analysis_id"),
    _link("recording_id", "recordings.recording_id", False),
    Column("version", Integer, nullable=False),
    Column("current", Integer, nullable=False),
    _text("code_version", False),
    _text("basis", False),
    _text("made_at", False),
    _text("run", False),
    Column("summary", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    indexes=(("recording_id", "version"),),
)
"""`content` is the packed JSON of the analysis, `summary` the part of it that lists and later classes need,
`basis` the hash of everything it was computed from, `run` the command that made it."""

diary = _table(
    "diary",
    _key("entry_id"),
    _link("rider_id", "riders.rider_id", False),
    _text("kind", False),
    _text("at", False),
    _text("content", False),
    _text("entered_at", False),
    indexes=(("rider_id", "at"),),
)

quarantine = _table(
    "quarantine",
    _key("sha256"),
    _text("file", False),
    _link("rider_id", "riders.rider_id"),
    _text("reason", False),
    _text("code_version", False),
    _text("at", False),
)

tombstones = _table("tombstones", _key("token"), _text("kind", False), _text("at", False))
"""What was erased, as a random token (a person) or a keyed hash (a file): restored, it is erased again."""

backups = _table("backups", _key("place"), _text("made_at", False))

audit = _table(
    "audit",
    _number_key("audit_id"),
    _text("at", False),
    _text("actor", False),
    _text("action", False),
    _text("subject"),
    _text("detail", False),
    _text("mac", False),
)
"""Who did what; each line's `mac` is keyed and covers the one before. No name or id of a person is here."""

PERSONAL: Final = ("facts", "consents", "diary", "quarantine")
"""Tables whose rows belong to one rider and go with them."""
