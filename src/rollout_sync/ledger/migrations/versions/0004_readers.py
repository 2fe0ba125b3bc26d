"""What each reader of digests was told last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "reader",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
