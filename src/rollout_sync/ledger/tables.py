"""The ledger's tables, as they are after the newest migration."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

rollout = Table(
    "rollout",
    metadata,
    Column("rollout_id", String, primary_key=True),
    Column("name", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("source", Text, nullable=False),  # what it was expanded from, as JSON
    Column("facts", Text, nullable=False),  # what each tracker learned of its destination, as JSON
    Column("baseline", Text, nullable=False),  # first accepted dates by item, as JSON; never rewritten
    Column("accepted_at", Text, nullable=False),
)

# One row is the whole life of one remote object, from accepted intent to tombstone.
entry = Table(
    "entry",
    metadata,
    Column("entry_id", Integer, primary_key=True),
    Column("rollout_id", String, ForeignKey("rollout.rollout_id"), nullable=False),
    Column("object", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("item", Text),
    Column("marker", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("fields", Text, nullable=False),  # the accepted intent's fields; Refs not resolved
    Column("needs", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("payload_hash", String, nullable=False),
    Column("base", Text),  # fields as last written and confirmed
    Column("remote_id", String),
    Column("remote_key", String, nullable=False, server_default=""),
    Column("version", String, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("attempt_id", String),
    Column("sent_at", Text),  # remote clock, upper bound
    Column("high_water", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    UniqueConstraint("rollout_id", "object"),
    UniqueConstraint("kind", "remote_id"),
    Index("entry_by_state", "rollout_id", "state"),
)

observation = Table(
    "observation",
    metadata,
    Column("entry_id", Integer, ForeignKey("entry.entry_id"), primary_key=True),
    Column("asked_at", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("remote_key", String, nullable=False, server_default=""),
    Column("version", String, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
)

# How far each pull came; written in the commit that stores the rows it covers.
cursor = Table(
    "cursor",
    metadata,
    Column("scope", String, primary_key=True),
    Column("value", Text, nullable=False),
)

# Work that people added under our epics and in our plans.
newcomer = Table(
    "newcomer",
    metadata,
    Column("rollout_id", String, ForeignKey("rollout.rollout_id"), primary_key=True),
    Column("tracker", String, primary_key=True),
    Column("remote_id", String, primary_key=True),
    Column("body", Text, nullable=False),
)

# How current each service's half of a rollout is.
coverage = Table(
    "coverage",
    metadata,
    Column("rollout_id", String, ForeignKey("rollout.rollout_id"), primary_key=True),
    Column("tracker", String, primary_key=True),
    Column("good_at", Text),
    Column("full_at", Text),
    Column("tried_at", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("unseen", Text, nullable=False, server_default="{}"),
)

# Rollouts with stored rows that no conclusion was drawn from yet.
touched = Table(
    "touched",
    metadata,
    Column("rollout_id", String, ForeignKey("rollout.rollout_id"), primary_key=True),
)

# What was concluded of each subject (an item, a gate, a review ...), since when; a row only where it changed.
chronicle = Table(
    "chronicle",
    metadata,
    Column("rollout_id", String, ForeignKey("rollout.rollout_id"), primary_key=True),
    Column("subject", String, primary_key=True),
    Column("since", String, primary_key=True),
    Column("body", Text, nullable=False),
)

# One row is the whole life of one mail or card, from the wish to send it to what became of it.
outbox = Table(
    "outbox",
    metadata,
    Column("event", String, primary_key=True),
    Column("channel", String, nullable=False),  # mail or webhook
    Column("kind", String, nullable=False),
    Column("reader", String, nullable=False),  # hash of the address, whatever its case
    Column("address", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("rollouts", Text, nullable=False),  # ids, as JSON
    Column("period", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("message_id", String, nullable=False),
    Column("content", LargeBinary, nullable=False),  # what would be sent again; empty once it is sent
    Column("state", String, nullable=False),
    Column("planned_at", Text, nullable=False),
    Column("sent_at", Text),  # when the newest attempt began
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("way", String, nullable=False, server_default=""),  # of the newest attempt: direct or draft
    Column("draft_id", String, nullable=False, server_default=""),
    Column("last_error", Text, nullable=False, server_default=""),
    UniqueConstraint("reader", "period", "content_hash"),
    Index("outbox_by_state", "state"),
)

# What each reader of digests knows, so that the next one tells what changed since.
reader = Table(
    "reader",
    metadata,
    Column("reader", String, primary_key=True),  # hash of the address, whatever its case
    Column("body", Text, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("rollout_id", String, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("until", Text, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("rollout_id", String, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("detail", Text, nullable=False),
)
