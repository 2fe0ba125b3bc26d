"""The life of a mail or card in the ledger: planned, being sent, sent, unconfirmed, failed, dropped.

| state | meaning | may become |
|---|---|---|
| PLANNED | for the next run | SENDING; SENT (it was found); FAILED (too old) |
| SENDING | a request may be on its way | SENT, UNCONFIRMED, FAILED, PLANNED (it surely was not sent) |
| SENT | accepted by the service, or found there | |
| UNCONFIRMED | nobody knows | SENT (found, or a person says so), PLANNED (a person or the mode says: again) |
| FAILED | refused for good | PLANNED (a person says: again), DROPPED (a person lets it be) |
| DROPPED | not sent, and a person let it be | |

Functions run inside a transaction that the caller opened, so that SENDING is on disk before the request leaves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from rollout_sync.ledger.tables import outbox
from rollout_sync.model.codec import instant_from, instant_text, to_json
from rollout_sync.model.mail import Channel, MailKind, Parcel
from rollout_sync.model.rollout import RolloutId


class State(StrEnum):
    """See the table above."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    SENT = "SENT"
    UNCONFIRMED = "UNCONFIRMED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class Way(StrEnum):
    """How an attempt was made: by one request, or over a draft that can be looked for."""

    DIRECT = "direct"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One mail or card that should go out.

    Attributes:
        period: what it is about in time (`2027-W10`); the same reader, period and content go out once.
        content_hash: of what is told, not of how it is written down.
        subject: for people who look at the outbox.
    """

    parcel: Parcel
    kind: MailKind
    rollouts: tuple[RolloutId, ...]
    period: str
    content_hash: str
    subject: str
    channel: Channel = Channel.MAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One row, without its content. `sent_at` is when its newest attempt began; None: there was none."""

    event: str
    channel: Channel
    kind: MailKind
    address: str
    rollouts: tuple[RolloutId, ...]
    period: str
    subject: str
    message_id: str
    state: State
    planned_at: datetime
    sent_at: datetime | None
    attempts: int
    way: Way | None
    draft_id: str
    last_error: str


_SHOWN = [column for column in outbox.c if column.name not in {"content", "reader", "content_hash", "sender"}]


def reader_of(address: str) -> str:
    """What stands for a reader, whatever the case of the address."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def plan(connection: Connection, wishes: Sequence[Wish], at: datetime) -> tuple[str, ...]:
    """Write down what is to be sent; returns the events that are new.

    An event that is known, or that tells a reader the same of the same period, is left alone, whatever became of it.
    Older mails to the same reader stay: a digest tells only what changed since the one before it.
    """
    return tuple(wish.parcel.event for wish in wishes if _plan_one(connection, wish, at))


def _plan_one(connection: Connection, wish: Wish, at: datetime) -> bool:
    reader = reader_of(wish.parcel.to)
    same = sa.and_(
        outbox.c.reader == reader, outbox.c.period == wish.period, outbox.c.content_hash == wish.content_hash
    )
    known = sa.select(outbox.c.event).where(sa.or_(outbox.c.event == wish.parcel.event, same))
    if connection.execute(known).first() is not None:
        return False
    row = {
        "event": wish.parcel.event,
        "channel": wish.channel.value,
        "kind": wish.kind.value,
        "reader": reader,
        "address": wish.parcel.to,
        "sender": wish.parcel.sender,
        "rollouts": to_json(list(wish.rollouts)),
        "period": wish.period,
        "content_hash": wish.content_hash,
        "subject": wish.subject,
        "message_id": wish.parcel.message_id,
        "content": wish.parcel.content,
        "state": State.PLANNED.value,
        "planned_at": instant_text(at),
    }
    connection.execute(outbox.insert().values(**row))
    return True


def letters(connection: Connection, *states: State, channel: Channel | None = None) -> tuple[Letter, ...]:
    """The rows in these states, oldest first."""
    chosen = sa.select(*_SHOWN).where(outbox.c.state.in_([state.value for state in states]))
    if channel is not None:
        chosen = chosen.where(outbox.c.channel == channel.value)
    return tuple(_letters(connection, chosen.order_by(outbox.c.planned_at, outbox.c.event)))


def letter(connection: Connection, event: str) -> Letter | None:
    """One row; None where the event is not known."""
    return next(_letters(connection, sa.select(*_SHOWN).where(outbox.c.event == event)), None)


def parcel_of(connection: Connection, event: str) -> Parcel:
    """What is sent for an event; LookupError where the event is not known."""
    row = connection.execute(sa.select(outbox).where(outbox.c.event == event)).one_or_none()
    if row is None:
        raise LookupError(event)
    return Parcel(
        event=row.event, sender=row.sender, to=row.address, message_id=row.message_id, content=bytes(row.content)
    )


def newest_content(connection: Connection, address: str, rollouts: Sequence[RolloutId]) -> str:
    """What the newest mail or card about exactly these rollouts tells a reader, sent or not; empty: there is none."""
    chosen = (
        sa.select(outbox.c.content_hash)
        .where(outbox.c.reader == reader_of(address), outbox.c.rollouts == to_json(list(rollouts)))
        .order_by(outbox.c.planned_at.desc(), outbox.c.period.desc())
        .limit(1)
    )
    return str(connection.execute(chosen).scalar() or "")


def mark_sending(connection: Connection, event: str, at: datetime, way: Way) -> None:
    """PLANNED -> SENDING, durable before the wire."""
    _move(
        connection,
        event,
        State.PLANNED,
        State.SENDING,
        attempts=outbox.c.attempts + 1,
        sent_at=instant_text(at),
        way=way.value,
        last_error="",
    )


def keep_draft(connection: Connection, event: str, draft_id: str) -> None:
    """A draft exists; it is on disk before anything asks to send it."""
    connection.execute(outbox.update().where(outbox.c.event == event).values(draft_id=draft_id))


def mark_sent(connection: Connection, event: str) -> None:
    """It is out. What was sent is no longer needed, and so not kept."""
    values = {"state": State.SENT.value, "content": b"", "last_error": ""}
    connection.execute(outbox.update().where(outbox.c.event == event).values(**values))


def mark_unconfirmed(connection: Connection, event: str, reason: str) -> None:
    """SENDING -> UNCONFIRMED."""
    _move(connection, event, State.SENDING, State.UNCONFIRMED, last_error=reason)


def mark_failed(connection: Connection, event: str, reason: str) -> None:
    """SENDING -> FAILED: refused for good. PLANNED -> FAILED: too old to be sent by itself."""
    if not _move(connection, event, State.SENDING, State.FAILED, last_error=reason):
        _move(connection, event, State.PLANNED, State.FAILED, last_error=reason)


def put_back(connection: Connection, event: str, reason: str) -> None:
    """SENDING -> PLANNED: surely not sent, and worth another try."""
    _move(connection, event, State.SENDING, State.PLANNED, last_error=reason)


def plan_again(connection: Connection, event: str, at: datetime, *, keep_draft_id: bool = False) -> bool:
    """UNCONFIRMED or FAILED -> PLANNED; False where it is neither. A draft that is known to be there may be kept."""
    values: dict[str, object] = {"state": State.PLANNED.value, "planned_at": instant_text(at)}
    if not keep_draft_id:
        values["draft_id"] = ""
    open_ones = [State.UNCONFIRMED.value, State.FAILED.value]
    changed = connection.execute(
        outbox.update().where(outbox.c.event == event, outbox.c.state.in_(open_ones)).values(**values)
    )
    return bool(changed.rowcount)


def lay_aside(connection: Connection, event: str) -> bool:
    """A person needs no more of it: UNCONFIRMED -> SENT, FAILED -> DROPPED; False where it is neither."""
    for old, new in ((State.UNCONFIRMED, State.SENT), (State.FAILED, State.DROPPED)):
        if _move(connection, event, old, new, content=b""):
            return True
    return False


def _move(connection: Connection, event: str, old: State, new: State, **values: object) -> bool:
    """Change the state where it still is the old one: another run may have learned more meanwhile."""
    chosen = outbox.update().where(outbox.c.event == event, outbox.c.state == old.value)
    return bool(connection.execute(chosen.values(state=new.value, **values)).rowcount)


def _letters(connection: Connection, chosen: sa.Select[tuple[object, ...]]) -> Iterator[Letter]:
    return (_letter(row) for row in connection.execute(chosen))


def _letter(row: Row[tuple[object, ...]]) -> Letter:
    seen = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return Letter(
        event=seen["event"],
        channel=Channel(seen["channel"]),
        kind=MailKind(seen["kind"]),
        address=seen["address"],
        rollouts=tuple(RolloutId(one) for one in json.loads(seen["rollouts"])),
        period=seen["period"],
        subject=seen["subject"],
        message_id=seen["message_id"],
        state=State(seen["state"]),
        planned_at=instant_from(seen["planned_at"]),
        sent_at=instant_from(seen["sent_at"]) if seen["sent_at"] else None,
        attempts=seen["attempts"],
        way=Way(seen["way"]) if seen["way"] else None,
        draft_id=seen["draft_id"],
        last_error=seen["last_error"],
    )
