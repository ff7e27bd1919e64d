"""A clinic's own number of a patient, and where backups were put, for the receipt of an erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("riders", sa.Column("patient_id", sa.Text))
    op.create_table(
        "backups",
        sa.Column("place", sa.Text, primary_key=True, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("row_hash", sa.Text, nullable=False),
        sqlite_strict=True,
    )
