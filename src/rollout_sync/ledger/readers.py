"""What each reader of digests was told last, by the hash of their address."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from rollout_sync.ledger.outbox import reader_of
from rollout_sync.ledger.tables import reader
from rollout_sync.model.codec import to_json


def told(connection: Connection, address: str) -> Mapping[str, object] | None:
    """What was kept of a reader; None before anything was."""
    body = connection.execute(sa.select(reader.c.body).where(reader.c.reader == reader_of(address))).scalar()
    return json.loads(body) if body is not None else None


def keep(connection: Connection, address: str, body: Mapping[str, object]) -> None:
    """Keep what a reader knows now; belongs into the commit that plans their mail."""
    row = {"reader": reader_of(address), "body": to_json(body)}
    connection.execute(reader.insert().prefix_with("OR REPLACE"), row)
