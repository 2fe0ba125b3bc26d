"""Rollouts in the ledger: what each was expanded from, what its destinations are, and what happened to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from rollout_sync.ledger.tables import event, rollout
from rollout_sync.model.codec import instant_from, instant_text, to_json
from rollout_sync.model.rollout import RolloutId, TrackerName


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRow:
    """One rollout.

    Attributes:
        revision: rises with every accepted plan; a plan file is bound to the revision it was made from.
        source: template text, parameters, people and dates, as JSON, so that it can be expanded again.
        facts: what each tracker learned of its destination, by tracker name.
        baseline: first accepted `[start, finish]` by item; frozen.
    """

    id: RolloutId
    name: str
    template: str
    fingerprint: str
    revision: int
    source: Mapping[str, object]
    facts: Mapping[str, Mapping[str, object]]
    baseline: Mapping[str, Sequence[str]]
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a rollout, in the order it was recorded."""

    at: datetime
    kind: str
    detail: Mapping[str, object]


def load(connection: Connection, rollout_id: RolloutId) -> RolloutRow | None:
    """The rollout, or None when the ledger does not know it."""
    row = connection.execute(sa.select(rollout).where(rollout.c.rollout_id == rollout_id)).one_or_none()
    if row is None:
        return None
    return RolloutRow(
        id=RolloutId(row.rollout_id),
        name=row.name,
        template=row.template,
        fingerprint=row.fingerprint,
        revision=row.revision,
        source=json.loads(row.source),
        facts=json.loads(row.facts),
        baseline=json.loads(row.baseline),
        accepted_at=instant_from(row.accepted_at),
    )


def names(connection: Connection) -> tuple[tuple[RolloutId, str], ...]:
    """All rollouts as (id, name), oldest first."""
    chosen = sa.select(rollout.c.rollout_id, rollout.c.name).order_by(rollout.c.accepted_at, rollout.c.rollout_id)
    return tuple((RolloutId(found), name) for found, name in connection.execute(chosen))


def facts_of(connection: Connection, tracker: TrackerName) -> dict[RolloutId, Mapping[str, object]]:
    """What a service learned of each rollout's destination, for those that it holds; oldest rollout first."""
    chosen = sa.select(rollout.c.rollout_id, rollout.c.facts).order_by(rollout.c.accepted_at, rollout.c.rollout_id)
    known = ((RolloutId(one), json.loads(facts).get(tracker.value)) for one, facts in connection.execute(chosen))
    return {one: facts for one, facts in known if facts}


def save(connection: Connection, row: RolloutRow) -> None:
    """Insert the rollout, or replace all but its baseline, which is frozen once there is one."""
    values = {
        "name": row.name,
        "template": row.template,
        "fingerprint": row.fingerprint,
        "revision": row.revision,
        "source": to_json(row.source),
        "facts": to_json(row.facts),
        "accepted_at": instant_text(row.accepted_at),
    }
    changed = connection.execute(rollout.update().where(rollout.c.rollout_id == row.id).values(**values))
    baseline = to_json(row.baseline)
    if not changed.rowcount:
        connection.execute(rollout.insert().values(rollout_id=row.id, baseline=baseline, **values))
    else:  # one that was adopted gets its own with the first plan
        unset = (rollout.c.rollout_id == row.id) & (rollout.c.baseline == to_json({}))
        connection.execute(rollout.update().where(unset).values(baseline=baseline))


def record(
    connection: Connection, rollout_id: RolloutId, at: datetime, kind: str, detail: Mapping[str, object]
) -> None:
    """Append to the rollout's history."""
    connection.execute(
        event.insert().values(rollout_id=rollout_id, at=instant_text(at), kind=kind, detail=to_json(detail))
    )


def first_accepted(connection: Connection, rollout_id: RolloutId) -> datetime | None:
    """When the rollout was accepted for the first time; None where that is not recorded."""
    chosen = sa.select(sa.func.min(event.c.at)).where(event.c.rollout_id == rollout_id, event.c.kind == "accepted")
    at = connection.execute(chosen).scalar()
    return instant_from(at) if at else None


def history(connection: Connection, rollout_id: RolloutId) -> tuple[Event, ...]:
    """Everything recorded of the rollout, oldest first."""
    chosen = sa.select(event).where(event.c.rollout_id == rollout_id).order_by(event.c.event_id)
    return tuple(
        Event(at=instant_from(row.at), kind=row.kind, detail=json.loads(row.detail))
        for row in connection.execute(chosen)
    )
