"""What a pull brings back: cursors, versions of what was seen, work that people added, coverage, and the chronicle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=default)


def upgrade() -> None:
    """Add the tables of the pull."""
    for name in ("remote_key", "version", "url"):
        op.add_column("observation", _text(name, default=""))
    op.create_table("cursor", sa.Column("scope", sa.String, primary_key=True), _text("value"))
    op.create_table(
        "newcomer",
        sa.Column("rollout_id", sa.String, sa.ForeignKey("rollout.rollout_id"), primary_key=True),
        sa.Column("tracker", sa.String, primary_key=True),
        sa.Column("remote_id", sa.String, primary_key=True),
        _text("body"),
    )
    op.create_table(
        "coverage",
        sa.Column("rollout_id", sa.String, sa.ForeignKey("rollout.rollout_id"), primary_key=True),
        sa.Column("tracker", sa.String, primary_key=True),
        _text("good_at", null=True),
        _text("full_at", null=True),
        _text("tried_at"),
        _text("reason", default=""),
        _text("unseen", default="{}"),
    )
    op.create_table(
        "touched",
        sa.Column("rollout_id", sa.String, sa.ForeignKey("rollout.rollout_id"), primary_key=True),
    )
    op.create_table(
        "chronicle",
        sa.Column("rollout_id", sa.String, sa.ForeignKey("rollout.rollout_id"), primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("since", sa.String, primary_key=True),
        _text("body"),
    )
