"""The chronicle: what was concluded of each subject of a rollout, and since when.

A subject is an item's state (`item:<key>`), a gate (`gate:<key>`), added work, a review and the like; its body is a
record. A row is written only where the body changed, so that the whole history stays small and any day can be shown
again. Every function takes a connection of `Database.reading` or `Database.transaction`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from rollout_sync.ledger.tables import chronicle
from rollout_sync.model.codec import instant_from, instant_text, to_json
from rollout_sync.model.rollout import RolloutId

LESSON = "lesson"
"""Subject of what a finished rollout teaches: `log_pace`, `total_days`, `wait_ratios`."""

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: the subject had this body since then."""

    subject: str
    since: datetime
    body: Body


def note(connection: Connection, rollout: RolloutId, at: datetime, bodies: Mapping[str, Body | None]) -> int:
    """Write down what differs from what is known; None ends a subject. Gives the number of new rows."""
    known = dict(_newest(connection, rollout, None))
    fresh = [
        {"rollout_id": rollout, "subject": subject, "since": instant_text(at), "body": text}
        for subject, body in bodies.items()
        if (text := to_json(body)) != known.get(subject, "null")
    ]
    if fresh:
        connection.execute(chronicle.insert().prefix_with("OR REPLACE"), fresh)
    return len(fresh)


def newest(connection: Connection, rollout: RolloutId, as_of: datetime | None = None) -> dict[str, Body]:
    """Each subject's body as it is now, or as it was at a moment."""
    found = [(subject, json.loads(body)) for subject, body in _newest(connection, rollout, as_of)]
    return {subject: body for subject, body in found if body is not None}


def newest_of(connection: Connection, rollout: RolloutId, subject: str) -> Body | None:
    """One subject's body as it is now; None where nothing is known of it."""
    chosen = (
        sa.select(chronicle.c.body)
        .where(chronicle.c.rollout_id == rollout, chronicle.c.subject == subject)
        .order_by(chronicle.c.since.desc())
        .limit(1)
    )
    body = connection.execute(chosen).scalar()
    return json.loads(body) if body is not None else None


def lines(connection: Connection, rollout: RolloutId, prefix: str, as_of: datetime | None = None) -> Iterator[Line]:
    """All rows of the subjects that begin with `prefix`, oldest first; ends of subjects are left out."""
    chosen = (
        sa.select(chronicle.c.subject, chronicle.c.since, chronicle.c.body)
        .where(chronicle.c.rollout_id == rollout, chronicle.c.subject.startswith(prefix, autoescape=True))
        .order_by(chronicle.c.since, chronicle.c.subject)
    )
    if as_of is not None:
        chosen = chosen.where(chronicle.c.since <= instant_text(as_of))
    for subject, since, body in connection.execute(chosen):
        if (read := json.loads(body)) is not None:
            yield Line(subject=subject, since=instant_from(since), body=read)


def last_lines(connection: Connection, subject: str) -> dict[RolloutId, datetime]:
    """When each rollout's newest line on a subject was written."""
    chosen = (
        sa.select(chronicle.c.rollout_id, sa.func.max(chronicle.c.since))
        .where(chronicle.c.subject == subject)
        .group_by(chronicle.c.rollout_id)
    )
    return {RolloutId(one): instant_from(since) for one, since in connection.execute(chosen)}


def lessons(connection: Connection) -> tuple[Body, ...]:
    """What each finished rollout teaches by now, in the order in which that was last written."""
    chosen = (
        sa.select(chronicle.c.body, sa.func.max(chronicle.c.since).label("last"))
        .where(chronicle.c.subject == LESSON)
        .group_by(chronicle.c.rollout_id)
        .order_by("last", chronicle.c.rollout_id)
    )
    found = (json.loads(row.body) for row in connection.execute(chosen))  # SQLite: the body of the row with the maximum
    return tuple(body for body in found if body is not None)


def _newest(connection: Connection, rollout: RolloutId, as_of: datetime | None) -> list[tuple[str, str]]:
    """Each subject with its body's text."""
    other = chronicle.alias()
    same = (other.c.rollout_id == chronicle.c.rollout_id, other.c.subject == chronicle.c.subject)
    before = () if as_of is None else (other.c.since <= instant_text(as_of),)
    latest = sa.select(sa.func.max(other.c.since)).where(*same, *before).scalar_subquery()
    chosen = sa.select(chronicle.c.subject, chronicle.c.body).where(
        chronicle.c.rollout_id == rollout, chronicle.c.since == latest
    )
    return [(subject, body) for subject, body in connection.execute(chosen)]
