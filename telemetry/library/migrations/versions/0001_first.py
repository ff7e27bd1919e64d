"""The first catalog."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

NUMBER: TypeEngine[float] = sa.REAL().with_variant(sa.dialects.postgresql.DOUBLE_PRECISION(), "postgresql")
WHOLE = sa.Integer().with_variant(sa.dialects.postgresql.BIGINT(), "postgresql")
KINDS: dict[str, TypeEngine[Any]] = {
    "text": sa.Text(),
    "number": NUMBER,
    "integer": sa.Integer(),
    "whole": WHOLE,
    "bytes": sa.LargeBinary(),
}

TABLES = """
settings      name:key value:text!
studios       studio_id:key name:text
bikes         bike_id:key studio_id>studios name:text maker:text model:text serial:text crank_length_mm:number
class_groups  class_id:key studio_id>studios started_at:text title:text
riders        rider_id:key subject:text!! name:text born:text created_at:text!
facts         fact_id:serial rider_id>riders! name:text! value:number since:text! noted_at:text!
consents      consent_id:key rider_id>riders! scope:text! granted_at:text! withdrawn_at:text note:text
originals     sha256:key suffix:text! file:text size:whole! added_at:text!
recordings    recording_id:key rider_id>riders bike_id>bikes class_id>class_groups original>originals started_at:text! stopped_at:text! duration_s:number! rows:integer! devices:text! samples:text! samples_size:whole! about:bytes! added_at:text!
analyses      analysis_id:serial recording_id>recordings! version:integer! current:integer! code_version:text! basis:text! made_at:text! run:text! summary:bytes! content:bytes!
diary         entry_id:key rider_id>riders! kind:text! at:text! content:text! entered_at:text!
quarantine    sha256:key file:text! rider_id>riders reason:text! code_version:text! at:text!
tombstones    token:key kind:text! at:text!
audit         audit_id:serial at:text! actor:text! action:text! subject:text detail:text! mac:text!
"""  # noqa: E501
"""name:kind columns, `!` not null, `!!` unique as well, `>` a link to the first column of a table."""

INDEXES = (
    ("facts", "rider_id"), ("consents", "rider_id"), ("recordings", "rider_id", "started_at"),
    ("recordings", "started_at"), ("recordings", "original"),
    ("analyses", "recording_id", "version"), ("diary", "rider_id", "at"),
)  # fmt: skip


def upgrade() -> None:
    """Make the tables."""
    keys: dict[str, str] = {}
    for line in TABLES.strip().splitlines():
        name, *said = line.split()
        columns = [_column(text, keys) for text in said]
        keys[name] = columns[0].name
        op.create_table(name, *columns, sa.Column("row_hash", sa.Text, nullable=False), sqlite_strict=True)
    for table, *names in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, names)


def _column(text: str, keys: dict[str, str]) -> sa.Column[object]:
    needed, unique = text.endswith("!"), text.endswith("!!")
    text = text.rstrip("!")
    if ">" in text:
        name, _, to = text.partition(">")
        return sa.Column(name, sa.Text, sa.ForeignKey(f"{to}.{keys[to]}"), nullable=not needed)
    name, _, kind = text.partition(":")
    if kind == "key":
        return sa.Column(name, sa.Text, primary_key=True, nullable=False)
    if kind == "serial":
        return sa.Column(name, WHOLE, primary_key=True, nullable=False)
    return sa.Column(name, KINDS[kind], nullable=not needed, unique=unique or None)
