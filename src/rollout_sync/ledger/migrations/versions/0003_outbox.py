"""The outbox: what is sent to readers, each once, with a trigger that guards each mail's life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# SQLite enforces it below the program, so that no bug above can send again what was sent.
_ALLOWED = (
    ("PLANNED", "SENDING"),
    ("PLANNED", "SENT"),
    ("PLANNED", "FAILED"),
    ("SENDING", "SENT"),
    ("SENDING", "UNCONFIRMED"),
    ("SENDING", "FAILED"),
    ("SENDING", "PLANNED"),
    ("UNCONFIRMED", "SENT"),
    ("UNCONFIRMED", "PLANNED"),
    ("FAILED", "PLANNED"),
    ("FAILED", "DROPPED"),
)
_STATES = ("PLANNED", "SENDING", "SENT", "UNCONFIRMED", "FAILED", "DROPPED")


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=default)


def upgrade() -> None:
    """Add the table and its guards."""
    states = ",".join(f"'{state}'" for state in _STATES)
    op.create_table(
        "outbox",
        sa.Column("event", sa.String, primary_key=True),
        *(_text(name) for name in ("channel", "kind", "reader", "address", "sender", "rollouts", "period")),
        *(_text(name) for name in ("content_hash", "subject", "message_id")),
        sa.Column("content", sa.LargeBinary, nullable=False),
        *(_text(name) for name in ("state", "planned_at")),
        _text("sent_at", null=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        *(_text(name, default="") for name in ("way", "draft_id", "last_error")),
        sa.UniqueConstraint("reader", "period", "content_hash"),
        sa.CheckConstraint(f"state IN ({states})"),
    )
    op.create_index("outbox_by_state", "outbox", ["state"])
    pairs = " OR ".join(f"(OLD.state = '{old}' AND NEW.state = '{new}')" for old, new in _ALLOWED)
    op.execute(
        "CREATE TRIGGER outbox_life BEFORE UPDATE OF state ON outbox "
        f"WHEN OLD.state <> NEW.state AND NOT ({pairs}) "
        "BEGIN SELECT RAISE(ABORT, 'outbox: forbidden change of state'); END"
    )
    op.execute(
        "CREATE TRIGGER outbox_stays BEFORE DELETE ON outbox "
        "BEGIN SELECT RAISE(ABORT, 'outbox: what was told is not forgotten'); END"
    )
    op.execute(
        "CREATE TRIGGER outbox_event BEFORE UPDATE OF event, reader, period, content_hash ON outbox "
        "WHEN OLD.event <> NEW.event OR OLD.reader <> NEW.reader OR OLD.period <> NEW.period "
        "OR OLD.content_hash <> NEW.content_hash "
        "BEGIN SELECT RAISE(ABORT, 'outbox: what a mail tells is written once'); END"
    )
