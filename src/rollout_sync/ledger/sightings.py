"""What pulls brought back, row by row: observations, cursors, work that people added, and how current each half is.

Every function takes a connection of `Database.reading` or `Database.transaction`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection, Row

from rollout_sync.ledger import entries
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.tables import coverage, cursor, entry, newcomer, observation, touched
from rollout_sync.model.codec import fields_from, instant_from, instant_text, to_json
from rollout_sync.model.objects import Binding, Fields, Marker, ObjectKey, ObjectKind, Observation, Remote, Value
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.model.snapshot import Coverage
from rollout_sync.trackers.base import Known, Newcomer, Pulled

State = OperationState
Marks: TypeAlias = frozenset[tuple[object, ...]]
_SLICE = 400  # ids per IN list; far below SQLite's limit of variables


class LedgerShelf:
    """The ledger as a pull of one service sees it; each call is a short read of its own."""

    def __init__(self, database: Database, tracker: TrackerName) -> None:
        self._database = database
        self._tracker = tracker
        self._kinds = [kind.value for kind in ObjectKind if kind.tracker is tracker]

    def by_id(self, ids: Sequence[str]) -> Mapping[str, tuple[Known, ...]]:
        """Our objects among these ids, whatever rollout they belong to."""
        found: dict[str, tuple[Known, ...]] = {}
        with self._database.reading() as connection:
            for start in range(0, len(ids), _SLICE):
                part = {"kinds": self._kinds, "some": ids[start : start + _SLICE]}
                _gather(found, connection.execute(_BY_ID, part))
        return found

    def of_rollout(self, rollout: RolloutId) -> Mapping[str, tuple[Known, ...]]:
        """All objects of a rollout that exist."""
        found: dict[str, tuple[Known, ...]] = {}
        with self._database.reading() as connection:
            _gather(found, connection.execute(_OF_ROLLOUT, {"kinds": self._kinds, "rollout": rollout}))
        return found

    def newcomers(self, rollout: RolloutId) -> frozenset[str]:
        """Ids of what people added to a rollout, as far as known."""
        chosen = sa.select(newcomer.c.remote_id).where(
            newcomer.c.rollout_id == rollout, newcomer.c.tracker == self._tracker.value
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(chosen).scalars())


class _Unread(Mapping[str, Value]):
    """Fields as they are kept, decoded once somebody asks for them: a tick without news compares versions only."""

    __slots__ = ("_fields", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._fields: Fields | None = None

    def _read(self) -> Fields:
        if self._fields is None:
            self._fields = fields_from(self._text)
            self._text = ""
        return self._fields

    def __getitem__(self, name: str) -> Value:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


_OBSERVED = (
    observation.c.asked_at.label("seen_at"),
    observation.c.fields.label("seen_fields"),
    observation.c.remote_key.label("seen_key"),
    observation.c.version.label("seen_version"),
    observation.c.url.label("seen_url"),
)


# Put together once: a tick reads every rollout, and building a statement takes longer than running it. Only what a pull
# needs is read; texts of intents and bases are most of a row.
_KNOWN = (
    sa.select(
        entry.c.rollout_id,
        entry.c.object,
        entry.c.marker,
        entry.c.item,
        entry.c.remote_id,
        entry.c.remote_key,
        entry.c.version,
        entry.c.url,
        *_OBSERVED,
    )
    .outerjoin(observation, observation.c.entry_id == entry.c.entry_id)
    .where(
        entry.c.kind.in_(sa.bindparam("kinds", expanding=True)),
        entry.c.state == State.CREATED.value,
        entry.c.remote_id.is_not(None),
    )
)
_OF_ROLLOUT = _KNOWN.where(entry.c.rollout_id == sa.bindparam("rollout"))
_BY_ID = _KNOWN.where(entry.c.remote_id.in_(sa.bindparam("some", expanding=True)))


def _gather(found: dict[str, tuple[Known, ...]], rows: Iterable[Sequence[Any]]) -> None:
    for rollout, name, marker, item, remote_id, key, version, url, *seen in rows:
        remote = Remote(id=remote_id, key=key, version=version, url=url)
        binding = Binding(object=ObjectKey.parse(name), marker=Marker(marker), remote=remote, item=item)
        known = Known(rollout=RolloutId(rollout), binding=binding, seen=_sight(binding, seen))
        found[remote_id] = (*found.get(remote_id, ()), known)


def _sight(binding: Binding, seen: Sequence[Any]) -> Observation | None:
    at, fields, key, version, url = seen
    if at is None:
        return None
    return Observation(
        object=binding.object,
        remote=Remote(id=binding.remote.id, key=key, version=version, url=url),
        fields=_Unread(fields),
        asked_at=instant_from(at),
    )


def store(connection: Connection, tracker: TrackerName, pulled: Pulled) -> None:
    """Keep one portion of a pull with its cursors, and note which rollouts have to be looked at again."""
    for rollout, keys in pulled.gone.items():
        entries.mark_gone(connection, rollout, keys)
    _store_seen(connection, pulled)
    changed = [one for one in pulled.newcomers if _is_news(connection, tracker, one)]
    for one in changed:
        row = {"rollout_id": one.rollout, "tracker": tracker.value, "remote_id": one.remote.id, "body": _body(one)}
        connection.execute(newcomer.insert().prefix_with("OR REPLACE"), row)
    for rollout, ids in pulled.left.items():
        connection.execute(
            newcomer.delete().where(
                newcomer.c.rollout_id == rollout,
                newcomer.c.tracker == tracker.value,
                newcomer.c.remote_id.in_(list(ids)),
            )
        )
    if pulled.cursors:
        rows = [{"scope": scope, "value": value} for scope, value in pulled.cursors.items()]
        connection.execute(cursor.insert().prefix_with("OR REPLACE"), rows)
    news = {one.rollout for one in pulled.seen} | {one.rollout for one in changed}
    touch(connection, news | pulled.left.keys() | pulled.gone.keys())


def _is_news(connection: Connection, tracker: TrackerName, one: Newcomer) -> bool:
    """Whether people's own work looks otherwise than before; Planner shows all of it on every tick."""
    chosen = sa.select(newcomer.c.body).where(
        newcomer.c.rollout_id == one.rollout,
        newcomer.c.tracker == tracker.value,
        newcomer.c.remote_id == one.remote.id,
    )
    body = connection.execute(chosen).scalar()
    if body is None:
        return True
    was = _newcomer(one.rollout, body)
    return (was.under, was.remote, was.fields) != (one.under, one.remote, one.fields)


def touch(connection: Connection, rollouts: Iterable[RolloutId]) -> None:
    """Note that something was stored from which no conclusion was drawn yet."""
    rows = [{"rollout_id": rollout} for rollout in sorted(rollouts)]
    if rows:
        connection.execute(touched.insert().prefix_with("OR IGNORE"), rows)


def settle(connection: Connection, rollout: RolloutId) -> None:
    """All conclusions were drawn; belongs into the commit that keeps them."""
    connection.execute(touched.delete().where(touched.c.rollout_id == rollout))


def marks(connection: Connection, rollout: RolloutId) -> Marks:
    """What is known of a rollout's objects and newcomers, and since when: tells whether anything was stored since."""
    objects = (
        sa.select(entry.c.object, entry.c.state, observation.c.asked_at)
        .outerjoin(observation, observation.c.entry_id == entry.c.entry_id)
        .where(
            entry.c.rollout_id == rollout,
            sa.or_(observation.c.asked_at.is_not(None), entry.c.state == State.GONE.value),
        )
    )
    added = sa.select(newcomer.c.tracker, newcomer.c.remote_id, newcomer.c.body).where(newcomer.c.rollout_id == rollout)
    return frozenset(tuple(row) for chosen in (objects, added) for row in connection.execute(chosen))


def touched_rollouts(connection: Connection) -> frozenset[RolloutId]:
    """Rollouts with stored rows that no conclusion was drawn from yet."""
    return frozenset(RolloutId(one) for one in connection.execute(sa.select(touched.c.rollout_id)).scalars())


def _store_seen(connection: Connection, pulled: Pulled) -> None:
    rows = [
        {
            "rollout": one.rollout,
            "object_name": str(one.observation.object),
            "asked_at": instant_text(one.observation.asked_at),
            "fields": to_json(one.observation.fields),
            "remote_key": one.observation.remote.key,
            "version": one.observation.remote.version,
            "url": one.observation.remote.url,
        }
        for one in pulled.seen
    ]
    if rows:
        connection.execute(_STORE, rows)


_STORE = (
    insert(observation)
    .from_select(
        ["entry_id", "asked_at", "fields", "remote_key", "version", "url"],
        sa.select(
            entry.c.entry_id,
            *(sa.bindparam(name, type_=sa.Text) for name in ("asked_at", "fields", "remote_key", "version", "url")),
        ).where(entry.c.rollout_id == sa.bindparam("rollout"), entry.c.object == sa.bindparam("object_name")),
    )
    .prefix_with("OR REPLACE")
)


def cursors(connection: Connection) -> dict[str, str]:
    """How far earlier pulls came, by scope."""
    return {scope: value for scope, value in connection.execute(sa.select(cursor.c.scope, cursor.c.value))}  # noqa: C416 -- rows, not pairs


def observations(connection: Connection, rollout: RolloutId) -> Iterator[Observation]:
    """The newest sight of each object of a rollout that was seen."""
    chosen = (
        sa.select(entry.c.object, entry.c.remote_id, *_OBSERVED)
        .join(observation, observation.c.entry_id == entry.c.entry_id)
        .where(entry.c.rollout_id == rollout)
        .order_by(entry.c.entry_id)
    )
    for name, remote_id, at, fields, key, version, url in connection.execute(chosen):
        yield Observation(
            object=ObjectKey.parse(name),
            remote=Remote(id=remote_id, key=key, version=version, url=url),
            fields=fields_from(fields),
            asked_at=instant_from(at),
        )


def _body(one: Newcomer) -> str:
    return to_json(
        {"under": str(one.under), "remote": one.remote, "fields": one.fields, "asked_at": instant_text(one.asked_at)}
    )


def newcomers(connection: Connection, rollout: RolloutId) -> tuple[tuple[TrackerName, Newcomer], ...]:
    """What people added to a rollout, by service and id."""
    chosen = (
        sa.select(newcomer.c.tracker, newcomer.c.body)
        .where(newcomer.c.rollout_id == rollout)
        .order_by(newcomer.c.tracker, newcomer.c.remote_id)
    )
    return tuple((TrackerName(tracker), _newcomer(rollout, body)) for tracker, body in connection.execute(chosen))


def _newcomer(rollout: RolloutId, body: str) -> Newcomer:
    read = fields_from(body)
    remote, fields = read["remote"], read["fields"]
    assert isinstance(remote, Remote)  # noqa: S101 -- written by `_body`
    assert isinstance(fields, Mapping)  # noqa: S101 -- the same
    return Newcomer(
        rollout=rollout,
        under=ObjectKey.parse(str(read["under"])),
        remote=remote,
        fields=fields,
        asked_at=instant_from(str(read["asked_at"])),
    )


def read_well(connection: Connection, tracker: TrackerName, rollouts: Sequence[RolloutId], at: datetime) -> None:
    """Everything of these rollouts that may have changed was read, as of a moment on our clock."""
    rows = [{"rollout_id": one, "tracker": tracker.value, "moment": instant_text(at)} for one in rollouts]
    if rows:
        connection.execute(_WELL, rows)


def read_badly(connection: Connection, tracker: TrackerName, reasons: Mapping[RolloutId, str], at: datetime) -> None:
    """These rollouts could not be read; what was known of them stays."""
    rows = [
        {"rollout_id": one, "tracker": tracker.value, "moment": instant_text(at), "why": reason}
        for one, reason in reasons.items()
    ]
    if rows:
        connection.execute(_BADLY, rows)


def read_fully(
    connection: Connection, tracker: TrackerName, rollout: RolloutId, unseen: Mapping[str, str], at: datetime
) -> None:
    """A full look is over: what could not be seen in it, with the reason."""
    connection.execute(
        coverage.update()
        .where(coverage.c.rollout_id == rollout, coverage.c.tracker == tracker.value)
        .values(full_at=instant_text(at), unseen=to_json(unseen))
    )


_NEW = insert(coverage).values(
    rollout_id=sa.bindparam("rollout_id"), tracker=sa.bindparam("tracker"), tried_at=sa.bindparam("moment")
)
_WELL = _NEW.values(good_at=sa.bindparam("moment")).on_conflict_do_update(
    index_elements=["rollout_id", "tracker"],
    set_={"good_at": sa.bindparam("moment"), "tried_at": sa.bindparam("moment"), "reason": ""},
)
_BADLY = _NEW.values(reason=sa.bindparam("why")).on_conflict_do_update(
    index_elements=["rollout_id", "tracker"], set_={"tried_at": sa.bindparam("moment"), "reason": sa.bindparam("why")}
)


def coverages(connection: Connection, rollout: RolloutId) -> dict[TrackerName, Coverage]:
    """How current each service's half of a rollout is."""
    chosen = sa.select(coverage).where(coverage.c.rollout_id == rollout).order_by(coverage.c.tracker)
    return {TrackerName(row.tracker): _coverage(row) for row in connection.execute(chosen)}


def _coverage(row: Row[tuple[object, ...]]) -> Coverage:
    return Coverage(
        good_at=instant_from(row.good_at) if row.good_at else None,
        tried_at=instant_from(row.tried_at),
        reason=row.reason,
        unseen=json.loads(row.unseen),
    )


def read_at(connection: Connection) -> dict[RolloutId, datetime]:
    """When each rollout was last read well in all its services; those that never were are left out."""
    chosen = sa.select(coverage.c.rollout_id, sa.func.min(sa.func.coalesce(coverage.c.good_at, ""))).group_by(
        coverage.c.rollout_id
    )
    return {RolloutId(one): instant_from(at) for one, at in connection.execute(chosen) if at}


def last_full_looks(connection: Connection, tracker: TrackerName) -> dict[RolloutId, datetime]:
    """When each rollout's half was last read as a whole."""
    chosen = sa.select(coverage.c.rollout_id, coverage.c.full_at).where(
        coverage.c.tracker == tracker.value, coverage.c.full_at.is_not(None)
    )
    return {RolloutId(one): instant_from(at) for one, at in connection.execute(chosen)}
