"""The life of remote objects in the ledger: accepted, in flight, created, failed, gone.

Every function runs inside a transaction that the caller opened, so that one chunk costs one commit before its request
and one after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from rollout_sync.errors import LedgerError
from rollout_sync.ledger.tables import entry
from rollout_sync.model.codec import fields_from, fingerprint, fingerprint_of, instant_text, to_json
from rollout_sync.model.objects import Fields, Intent, Marked, Marker, ObjectKey, Remote
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import RolloutId

State = OperationState
_REVISABLE = frozenset({State.PLANNED.value, State.FAILED.value, State.SKIPPED.value})
_SLICE = 400  # ids per IN list; far below SQLite's limit of variables


def new_marker() -> Marker:
    """128 random bits; not derived from titles or order, so renames and reordering cannot confuse identity."""
    return Marker(secrets.token_hex(16))


def accept(connection: Connection, rollout: RolloutId, intents: Iterable[Intent]) -> int:
    """Record what is to be made as PLANNED; returns how many objects are new.

    New ones get their marker here, before any request. Those that an earlier plan left PLANNED, FAILED or SKIPPED take
    the new look and are tried again. What is in flight, made or gone is left alone.
    """
    chosen = sa.select(entry.c.object, entry.c.state).where(entry.c.rollout_id == rollout)
    states = {name: State(state).value for name, state in connection.execute(chosen)}  # one text a state, not a row
    batch: list[dict[str, object]] = []
    count = 0
    for intent in intents:
        state = states.get(str(intent.object))
        if state in _REVISABLE:
            _revise(connection, rollout, intent)
        elif state is None:
            batch.append(_new_row(rollout, intent))
            count += 1
        if len(batch) == _SLICE:
            connection.execute(entry.insert(), batch)
            batch = []
    if batch:
        connection.execute(entry.insert(), batch)
    return count


def _revise(connection: Connection, rollout: RolloutId, intent: Intent) -> None:
    row = _new_row(rollout, intent)
    changed = {name: row[name] for name in ("state", "fields", "needs", "after", "payload_hash")}
    connection.execute(
        entry.update().where(entry.c.rollout_id == rollout, entry.c.object == str(intent.object)).values(**changed)
    )


def drop_planned(connection: Connection, rollout: RolloutId, wanted: Iterable[ObjectKey]) -> None:
    """PLANNED -> SKIPPED for what the template no longer asks for; `wanted` is gone through where there is any."""
    chosen = sa.select(entry.c.entry_id, entry.c.object).where(
        entry.c.rollout_id == rollout, entry.c.state == State.PLANNED.value
    )
    planned = {name: entry_id for entry_id, name in connection.execute(chosen)}
    if planned:
        for key in wanted:
            planned.pop(str(key), None)
    dropped = list(planned.values())
    _move(connection, dropped, State.PLANNED, {"state": State.SKIPPED.value, "last_error": "no longer in the template"})


def _new_row(rollout: RolloutId, intent: Intent) -> dict[str, object]:
    fields = to_json(intent.fields)
    return {
        "rollout_id": rollout,
        "object": str(intent.object),
        "kind": intent.object.kind.value,
        "item": intent.item,
        "marker": new_marker(),
        "state": State.PLANNED.value,
        "fields": fields,
        "needs": to_json([str(key) for key in intent.needs]),
        "after": to_json([str(key) for key in intent.after]),
        "payload_hash": fingerprint_of(fields),
    }


def mark_inflight(
    connection: Connection, entry_ids: Sequence[int], *, sent_at: datetime, high_water: int, fence: int
) -> None:
    """PLANNED -> INFLIGHT, durable before the wire."""
    values = {
        "state": State.INFLIGHT.value,
        "attempt": entry.c.attempt + 1,
        "attempt_id": secrets.token_hex(8),
        "sent_at": instant_text(sent_at),
        "high_water": high_water,
        "fence": fence,
    }
    _move(connection, entry_ids, State.PLANNED, values)


def mark_created(connection: Connection, entry_id: int, remote: Remote, sent: Fields | None = None) -> None:
    """The object exists: keep where it is, and what was sent as the base of later comparisons.

    Args:
        connection: inside a transaction.
        entry_id: the object.
        remote: where it is.
        sent: the fields as they left, Refs resolved. List members whose Ref had no target yet were not written; they
            stay out of the base, so that a later plan adds them. None: everything was written.
    """
    mark_all_created(connection, [(entry_id, remote, sent)])


_CREATED = (
    entry.update()
    .where(entry.c.entry_id == sa.bindparam("of"))
    .values(
        state=State.CREATED.value,
        base=sa.func.coalesce(sa.bindparam("less"), entry.c.fields),
        remote_id=sa.bindparam("id"),
        remote_key=sa.bindparam("key"),
        version=sa.bindparam("as_of"),
        url=sa.bindparam("seen_at"),
        last_error="",
    )
)


def mark_all_created(connection: Connection, made: Sequence[tuple[int, Remote, Fields | None]]) -> None:
    """`mark_created` for all objects of an answer, with one statement."""
    rows = [
        {
            "of": entry_id,
            "less": _base_with_gaps(connection, entry_id, sent) if sent is not None else None,
            "id": remote.id or None,
            "key": remote.key,
            "as_of": remote.version,
            "seen_at": remote.url,
        }
        for entry_id, remote, sent in made
    ]
    if rows:
        connection.execute(_CREATED, rows)


def _base_with_gaps(connection: Connection, entry_id: int, sent: Fields) -> str | None:
    gaps = _gaps(sent)
    if not gaps:
        return None
    accepted = connection.execute(sa.select(entry.c.fields).where(entry.c.entry_id == entry_id)).scalar_one()
    return to_json(_without(fields_from(accepted), gaps))


def _gaps(sent: Fields) -> dict[str, frozenset[int]]:
    """Positions of list members that name nothing, by field."""
    found = {
        name: frozenset(n for n, member in enumerate(value) if isinstance(member, Mapping) and None in member.values())
        for name, value in sent.items()
        if isinstance(value, list | tuple)
    }
    return {name: gaps for name, gaps in found.items() if gaps}


def _without(fields: Fields, gaps: Mapping[str, frozenset[int]]) -> Fields:
    return {
        name: [member for n, member in enumerate(value) if n not in gaps[name]]
        if name in gaps and isinstance(value, list | tuple)
        else value
        for name, value in fields.items()
    }


def mark_failed(connection: Connection, entry_id: int, reason: str) -> None:
    """The tracker refused it for good."""
    connection.execute(
        entry.update().where(entry.c.entry_id == entry_id).values(state=State.FAILED.value, last_error=reason)
    )


def mark_planned(connection: Connection, entry_ids: Sequence[int], reason: str) -> None:
    """INFLIGHT -> PLANNED: it surely does not exist and may be sent again."""
    _move(connection, entry_ids, State.INFLIGHT, {"state": State.PLANNED.value, "last_error": reason})


def mark_skipped(connection: Connection, entry_ids: Sequence[int], reason: str) -> None:
    """PLANNED -> SKIPPED: something it needs was refused or is gone."""
    _move(connection, entry_ids, State.PLANNED, {"state": State.SKIPPED.value, "last_error": reason})


def note_doubt(connection: Connection, entry_ids: Sequence[int], reason: str) -> None:
    """Say why an INFLIGHT object stays in doubt."""
    _move(connection, entry_ids, State.INFLIGHT, {"last_error": reason})


_MOVED = entry.update().where(
    entry.c.entry_id.in_(sa.bindparam("some", expanding=True)), entry.c.state == sa.bindparam("expected")
)


def _move(connection: Connection, entry_ids: Sequence[int], expected: State, values: dict[str, object]) -> None:
    for start in range(0, len(entry_ids), _SLICE):
        part = entry_ids[start : start + _SLICE]
        moved = _MOVED.values(**values)
        changed = connection.execute(moved, {"some": part, "expected": expected.value})
        if changed.rowcount != len(part):
            raise LedgerError(f"{len(part) - changed.rowcount} of {len(part)} entries are not {expected} any more")


def mark_gone(connection: Connection, rollout: RolloutId, objects: Sequence[ObjectKey]) -> None:
    """CREATED -> GONE: a person deleted it. The row stays as a tombstone, so that it is not made again."""
    for key in objects:
        connection.execute(
            entry.update()
            .where(entry.c.rollout_id == rollout, entry.c.object == str(key), entry.c.state == State.CREATED.value)
            .values(state=State.GONE.value)
        )


def advance_base(connection: Connection, rollout: RolloutId, key: ObjectKey, fields: Fields, remote: Remote) -> None:
    """After a confirmed change, or when the remote already looks as wanted: what we last wrote is now `fields`."""
    connection.execute(
        entry.update()
        .where(entry.c.rollout_id == rollout, entry.c.object == str(key))
        .values(
            base=to_json(fields),
            fields=to_json(fields),
            payload_hash=fingerprint(fields),
            remote_key=remote.key,
            version=remote.version,
            url=sa.case((sa.literal(remote.url) == "", entry.c.url), else_=remote.url),
        )
    )


def set_base(connection: Connection, rollout: RolloutId, key: ObjectKey, fields: Fields) -> None:
    """The remote already looks as wanted: what counts as last written is now `fields`."""
    connection.execute(
        entry.update()
        .where(entry.c.rollout_id == rollout, entry.c.object == str(key))
        .values(base=to_json(fields), fields=to_json(fields), payload_hash=fingerprint(fields))
    )


def adopt(connection: Connection, rollout: RolloutId, marked: Marked) -> None:
    """Bind an object that was found by its marker; its base is empty, because nobody knows what was last written.

    An entry that this ledger has accepted but not made takes the place; it must not be made a second time.
    """
    values: dict[str, object] = {
        "state": State.CREATED.value,
        "marker": marked.marker,
        "base": "{}",
        "remote_id": marked.remote.id or None,
        "remote_key": marked.remote.key,
        "version": marked.remote.version,
        "url": marked.remote.url,
        "last_error": "",
    }
    changed = connection.execute(
        entry.update()
        .where(
            entry.c.rollout_id == rollout,
            entry.c.object == str(marked.object),
            entry.c.state.in_([*_REVISABLE, State.INFLIGHT.value]),
        )
        .values(**values)
    )
    if not changed.rowcount:
        row = {"rollout_id": rollout, "object": str(marked.object), "kind": marked.object.kind.value}
        row |= {"fields": "{}", "needs": "[]", "after": "[]", "payload_hash": fingerprint({})}
        connection.execute(entry.insert().values(**row, **values))
