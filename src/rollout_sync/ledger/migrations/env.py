"""Runs migrations on the connection that `ledger.opening` hands over; there is no other way in."""

from __future__ import annotations

from alembic import context

from rollout_sync.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
