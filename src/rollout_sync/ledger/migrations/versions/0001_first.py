"""The first ledger: all tables, and triggers that guard an entry's life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Which state may follow which (docs/architecture.md, "The life of an object"). SQLite enforces it below the program,
# so that no bug above can turn CREATED back into PLANNED and send a create twice.
_ALLOWED = (
    ("PLANNED", "INFLIGHT"),
    ("PLANNED", "CREATED"),
    ("PLANNED", "SKIPPED"),
    ("PLANNED", "FAILED"),
    ("INFLIGHT", "CREATED"),
    ("INFLIGHT", "FAILED"),
    ("INFLIGHT", "PLANNED"),
    ("FAILED", "PLANNED"),
    ("FAILED", "CREATED"),
    ("SKIPPED", "PLANNED"),
    ("SKIPPED", "CREATED"),
    ("CREATED", "GONE"),
)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=default)


def upgrade() -> None:
    """Create everything."""
    op.create_table("meta", sa.Column("key", sa.String, primary_key=True), _text("value"))
    op.create_table(
        "rollout",
        sa.Column("rollout_id", sa.String, primary_key=True),
        *(_text(name) for name in ("name", "template", "fingerprint")),
        sa.Column("revision", sa.Integer, nullable=False),
        *(_text(name) for name in ("source", "facts", "baseline", "accepted_at")),
    )
    op.create_table(
        "entry",
        sa.Column("entry_id", sa.Integer, primary_key=True),
        sa.Column("rollout_id", sa.String, sa.ForeignKey("rollout.rollout_id"), nullable=False),
        *(_text(name) for name in ("object", "kind")),
        _text("item", null=True),
        sa.Column("marker", sa.String, nullable=False, unique=True),
        *(_text(name) for name in ("state", "fields", "needs", "after", "payload_hash")),
        _text("base", null=True),
        _text("remote_id", null=True),
        *(_text(name, default="") for name in ("remote_key", "version", "url")),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        _text("attempt_id", null=True),
        _text("sent_at", null=True),
        sa.Column("high_water", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
        _text("last_error", default=""),
        sa.UniqueConstraint("rollout_id", "object"),
        sa.UniqueConstraint("kind", "remote_id"),
        sa.CheckConstraint("state IN ('PLANNED','INFLIGHT','CREATED','FAILED','GONE','SKIPPED')"),
    )
    op.create_index("entry_by_state", "entry", ["rollout_id", "state"])
    op.create_table(
        "observation",
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("entry.entry_id"), primary_key=True),
        *(_text(name) for name in ("asked_at", "fields")),
    )
    op.create_table(
        "lease",
        sa.Column("rollout_id", sa.String, primary_key=True),
        *(_text(name) for name in ("owner", "host")),
        sa.Column("fence", sa.Integer, nullable=False),
        _text("until"),
    )
    op.create_table(
        "event",
        sa.Column("event_id", sa.Integer, primary_key=True),
        *(_text(name) for name in ("rollout_id", "at", "kind", "detail")),
    )
    _guards()


def _guards() -> None:
    pairs = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in _ALLOWED)
    op.execute(
        "CREATE TRIGGER entry_life BEFORE UPDATE OF state ON entry "
        f"WHEN OLD.state <> NEW.state AND NOT ({pairs}) "
        "BEGIN SELECT RAISE(ABORT, 'entry: forbidden change of state'); END"
    )
    op.execute(
        "CREATE TRIGGER entry_remote_id BEFORE UPDATE OF remote_id ON entry "
        "WHEN OLD.remote_id IS NOT NULL AND NEW.remote_id IS NOT OLD.remote_id "
        "BEGIN SELECT RAISE(ABORT, 'entry: remote_id is written once'); END"
    )
