"""Reads remote objects out of the ledger: the graph of a run, what a chunk must send, what exists.

Every function takes a connection of `Database.reading` or `Database.transaction`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from rollout_sync.errors import LedgerError
from rollout_sync.ledger.tables import entry
from rollout_sync.model.codec import fields_from, instant_from
from rollout_sync.model.objects import Binding, Fields, Marker, ObjectKey, ObjectKind, Ref, Remote, Value
from rollout_sync.model.operations import Create, Doubt, OperationState
from rollout_sync.model.rollout import ItemKey, RolloutId

State = OperationState
_SLICE = 400  # ids per IN list; far below SQLite's limit of variables


@dataclass(slots=True)
class Node:
    """The little that the engine keeps of each object while it works; all else stays in the file.

    The last three are the frontier's: ids of those that wait for this one, the longest chain behind it, and how many
    it still waits for itself. They are here because a table of their own would take more than all the rest.
    """

    entry_id: int
    kind: ObjectKind
    state: State
    needs: tuple[int, ...]
    after: tuple[int, ...]
    dependants: tuple[int, ...] = ()
    height: int = 0
    blockers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All the ledger knows of one object."""

    object: ObjectKey
    item: ItemKey | None
    marker: Marker
    state: State
    fields: Fields
    base: Fields | None
    remote: Remote | None
    attempt: int
    sent_at: datetime | None
    last_error: str


def graph(connection: Connection, rollout: RolloutId) -> dict[int, Node]:
    """All objects of a rollout as a dependency graph, in the order of acceptance."""
    columns = sa.select(entry.c.object, entry.c.kind, entry.c.state, entry.c.needs, entry.c.after)
    chosen = columns.where(entry.c.rollout_id == rollout).order_by(entry.c.entry_id)
    known = _ids_by_name(connection, rollout)
    shared: dict[str, tuple[int, ...]] = {"[]": ()}  # many children need the same parent: one tuple for all of them
    nodes: dict[int, Node] = {}
    for name, kind, state, needs, after in connection.execute(chosen):
        entry_id = known[name]  # the number that the tuples hold, and no second one of the same value
        waits = (_ids(needs, known, shared), _ids(after, known, shared))
        nodes[entry_id] = Node(entry_id, ObjectKind(kind), State(state), *waits)
    return nodes


def _ids_by_name(connection: Connection, rollout: RolloutId) -> dict[str, int]:
    chosen = sa.select(entry.c.object, entry.c.entry_id).where(entry.c.rollout_id == rollout)
    return {name: entry_id for name, entry_id in connection.execute(chosen)}  # noqa: C416 -- rows, not pairs


def _ids(text: str, known: Mapping[str, int], shared: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    found = shared.get(text)
    if found is None:
        found = shared[text] = tuple(known[name] for name in _strings(text) if name in known)
    return found


def keys(connection: Connection, rollout: RolloutId, state: State) -> tuple[tuple[int, ObjectKey], ...]:
    """Entry ids and keys of the objects in a state, in the order of acceptance."""
    chosen = (
        sa.select(entry.c.entry_id, entry.c.object)
        .where(entry.c.rollout_id == rollout, entry.c.state == state.value)
        .order_by(entry.c.entry_id)
    )
    return tuple((entry_id, ObjectKey.parse(name)) for entry_id, name in connection.execute(chosen))


def entry_ids(connection: Connection, rollout: RolloutId, wanted: Sequence[ObjectKey]) -> dict[ObjectKey, int]:
    """Entry ids of the objects that the ledger knows."""
    names = [str(key) for key in wanted]
    found: dict[ObjectKey, int] = {}
    for start in range(0, len(names), _SLICE):
        part = {"rollout": rollout, "some": names[start : start + _SLICE]}
        found.update({ObjectKey.parse(name): entry_id for name, entry_id in connection.execute(_IDS, part)})
    return found


def _strings(text: str) -> list[str]:
    value: object = fields_from(text)
    if not isinstance(value, list):
        raise LedgerError(f"not a list: {text[:80]}")
    return [str(member) for member in value]


def creates(connection: Connection, rollout: RolloutId, entry_ids: Sequence[int]) -> tuple[Create, ...]:
    """Load what a chunk must send, with Refs resolved to where the other objects are now."""
    rows = _rows(connection, entry_ids)
    resolved = _resolve(connection, rollout, [fields_from(row.fields) for row in rows])
    return tuple(
        Create(
            object=ObjectKey.parse(row.object),
            marker=Marker(row.marker),
            attempt=row.attempt,
            fields=fields,
            item=row.item,
        )
        for row, fields in zip(rows, resolved, strict=True)
    )


def doubts(connection: Connection, rollout: RolloutId, entry_ids: Sequence[int]) -> tuple[Doubt, ...]:
    """Load what was sent without a trustworthy answer."""
    rows = _rows(connection, entry_ids)
    resolved = _resolve(connection, rollout, [fields_from(row.fields) for row in rows])
    return tuple(
        Doubt(
            object=ObjectKey.parse(row.object),
            marker=Marker(row.marker),
            attempt=row.attempt,
            sent_at=instant_from(row.sent_at),
            high_water=row.high_water,
            fields=fields,
        )
        for row, fields in zip(rows, resolved, strict=True)
    )


def planned_ids(connection: Connection, rollout: RolloutId, wanted: Sequence[ObjectKey]) -> tuple[int, ...]:
    """Entry ids of those of the objects that are planned."""
    known = entry_ids(connection, rollout, wanted)
    return tuple(row.entry_id for row in _rows(connection, tuple(known.values())) if row.state == State.PLANNED.value)


# Statements that every chunk needs are put together once: building one takes longer than running it.
_BY_ID = sa.select(entry).where(entry.c.entry_id.in_(sa.bindparam("some", expanding=True)))
_IDS = sa.select(entry.c.object, entry.c.entry_id).where(
    entry.c.rollout_id == sa.bindparam("rollout"), entry.c.object.in_(sa.bindparam("some", expanding=True))
)
_PLACES = sa.select(entry.c.object, entry.c.remote_id, entry.c.remote_key, entry.c.version, entry.c.url).where(
    entry.c.rollout_id == sa.bindparam("rollout"),
    entry.c.object.in_(sa.bindparam("some", expanding=True)),
    entry.c.state == State.CREATED.value,
)


def _rows(connection: Connection, entry_ids: Sequence[int]) -> list[Row[tuple[object, ...]]]:
    found: dict[int, Row[tuple[object, ...]]] = {}
    for start in range(0, len(entry_ids), _SLICE):
        part = entry_ids[start : start + _SLICE]
        for row in connection.execute(_BY_ID, {"some": part}):
            found[row.entry_id] = row
    return [found[entry_id] for entry_id in entry_ids]


def _references(fields: Fields) -> Iterator[str]:
    waiting: list[Value] = list(fields.values())
    while waiting:
        match waiting.pop():
            case Ref(to=key):
                yield str(key)
            case str() | None | bool() | int() | float() | Remote():
                pass
            case Mapping() as members:
                waiting += members.values()
            case members:
                waiting += members


def _resolve(connection: Connection, rollout: RolloutId, wanted: Sequence[Fields]) -> list[Fields]:
    names = sorted({name for fields in wanted for name in _references(fields)})
    places = remotes(connection, rollout, names)
    return [{name: resolved(value, places) for name, value in fields.items()} for fields in wanted]


def remotes(connection: Connection, rollout: RolloutId, names: Sequence[str]) -> dict[str, Remote]:
    """Where the named objects are, for those that exist."""
    places: dict[str, Remote] = {}
    for start in range(0, len(names), _SLICE):
        part = {"rollout": rollout, "some": names[start : start + _SLICE]}
        for name, remote_id, key, version, url in connection.execute(_PLACES, part):
            places[name] = Remote(id=remote_id or "", key=key, version=version, url=url)
    return places


def _remote(row: Row[tuple[object, ...]]) -> Remote:
    return Remote(id=row.remote_id or "", key=row.remote_key, version=row.version, url=row.url)


def resolved(value: Value, places: dict[str, Remote]) -> Value:
    """The value with every Ref replaced by its Remote, or by None where that object does not exist."""
    match value:
        case Ref():
            return places.get(str(value.to))
        case str() | None | bool() | int() | float() | Remote():
            return value
        case Mapping():
            return {name: resolved(member, places) for name, member in value.items()}
        case Sequence():
            return [resolved(member, places) for member in value]


def entries(connection: Connection, rollout: RolloutId, *states: State) -> Iterator[Entry]:
    """Stream a rollout's objects in order of acceptance, all or only those in some states."""
    chosen = sa.select(entry).where(entry.c.rollout_id == rollout).order_by(entry.c.entry_id)
    if states:
        chosen = chosen.where(entry.c.state.in_([state.value for state in states]))
    for row in connection.execute(chosen):
        yield _entry(row)


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    has_remote = row.state in (State.CREATED.value, State.GONE.value)
    return Entry(
        object=ObjectKey.parse(row.object),
        item=row.item,
        marker=Marker(row.marker),
        state=State(row.state),
        fields=fields_from(row.fields),
        base=fields_from(row.base) if row.base else None,
        remote=_remote(row) if has_remote else None,
        attempt=row.attempt,
        sent_at=instant_from(row.sent_at) if row.sent_at else None,
        last_error=row.last_error,
    )


def bindings(connection: Connection, rollout: RolloutId) -> tuple[Binding, ...]:
    """All objects that exist remotely."""
    return tuple(
        Binding(object=found.object, marker=found.marker, remote=found.remote, item=found.item)
        for found in entries(connection, rollout, State.CREATED)
        if found.remote is not None
    )


def counts(connection: Connection, rollout: RolloutId) -> dict[State, int]:
    """How many objects are in each state."""
    chosen = sa.select(entry.c.state, sa.func.count()).where(entry.c.rollout_id == rollout).group_by(entry.c.state)
    return {State(state): number for state, number in connection.execute(chosen)}


def tally(connection: Connection, rollout: RolloutId) -> Counter[ObjectKind]:
    """How many objects of each kind exist."""
    chosen = (
        sa.select(entry.c.kind, sa.func.count())
        .where(entry.c.rollout_id == rollout, entry.c.state == State.CREATED.value)
        .group_by(entry.c.kind)
    )
    return Counter({ObjectKind(kind): number for kind, number in connection.execute(chosen)})


def of_kinds(connection: Connection, rollout: RolloutId, *kinds: ObjectKind) -> Iterator[Entry]:
    """Stream the existing objects of some kinds in order of acceptance."""
    chosen = (
        sa.select(entry)
        .where(
            entry.c.rollout_id == rollout,
            entry.c.state == State.CREATED.value,
            entry.c.kind.in_([kind.value for kind in kinds]),
        )
        .order_by(entry.c.entry_id)
    )
    for row in connection.execute(chosen):
        yield _entry(row)
