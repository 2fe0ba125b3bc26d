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

from rollout_sync.ledger.tables import chronicle, rollout
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
    newest = connection.execute(_latest(subject))
    return {RolloutId(row.rollout_id): instant_from(row.since) for row in newest if row.since is not None}


def lessons(connection: Connection) -> tuple[Body, ...]:
    """What each finished rollout teaches by now, in the order in which that was last written."""
    latest = _latest(LESSON).subquery()
    chosen = (
        sa.select(chronicle.c.body)
        .join(latest, (latest.c.rollout_id == chronicle.c.rollout_id) & (latest.c.since == chronicle.c.since))
        .where(chronicle.c.subject == LESSON)
        .order_by(latest.c.since, latest.c.rollout_id)
    )
    found = (json.loads(body) for body in connection.execute(chosen).scalars())
    return tuple(body for body in found if body is not None)


def _latest(subject: str) -> sa.Select[tuple[str, str | None]]:
    """Each rollout with the moment of its newest line on a subject.

    One look into the key for each rollout; going through all lines would take longer with every day of history.
    """
    newest = sa.select(sa.func.max(chronicle.c.since)).where(
        chronicle.c.rollout_id == rollout.c.rollout_id, chronicle.c.subject == subject
    )
    return sa.select(rollout.c.rollout_id, newest.scalar_subquery().label("since"))


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
