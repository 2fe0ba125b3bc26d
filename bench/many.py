"""Fills a ledger and the sandbox with many rollouts of 100 items, without sending one request for each.

Two rollouts are really started and synced. All others are made of the first: the ledger's rows by the ledger's own
functions, out of what the program wants for that rollout; the sandbox's documents by stencils, put into its store. One
that was made so is then held against the second that was really started, document by document and row by row.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench import agent, sandbox, stencil
from bench.kept import Answers, Kept, given_names
from bench.rollouts import one_of_many
from bench.sandbox import Sandbox
from bench.stencil import Documents
from rollout_sync.app import App
from rollout_sync.ledger import chronicle, entries, objects, rollouts, sightings
from rollout_sync.ledger.opening import Database, Transaction
from rollout_sync.ledger.rollouts import RolloutRow
from rollout_sync.ledger.tables import entry
from rollout_sync.model.codec import fields_from, to_json
from rollout_sync.model.objects import Intent, ObjectKey
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import Rollout, RolloutId, TrackerName
from rollout_sync.reconcile.desired import Destination, desired
from rollout_sync.sandbox.graph.ids import new_id
from rollout_sync.sandbox.store import Store
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from rollout_sync.sync import planning
from rollout_sync.sync.announcing import Herald
from rollout_sync.sync.applying import apply
from rollout_sync.sync.planning import Wish
from rollout_sync.sync.syncing import Office, sync
from rollout_sync.trackers.base import Pulled, Seen

_AGO = timedelta(days=2).total_seconds()
"""The work is two days old, so that a look back does not find it by its age."""
_A_COMMIT = 25
_REAL, _COPY = 1, 2
"""Of the two that are held against each other, which was really started, and which was copied."""
_SERIES = {first: name for name, first in stencil.FIRST.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Where it all is; `port` is the one that the addresses in it name."""

    ledger: Path
    state: Path
    port: int
    rollouts: tuple[RolloutId, ...]


def wish_of(row: RolloutRow) -> Wish:
    """The wish behind a row: these rollouts have no template to be read again."""
    return Wish(rollout=one_of_many(int(row.name.rpartition(" ")[2])), source={"template": "bench"})


def office(app: App, database: Database, *, is_full: bool = False) -> Office:
    """What a tick needs, with connections of its own. It shows no summaries: a quiet tick has none to show."""
    return replace(app.office(database, is_full=is_full), herald=Herald(), wish_of=wish_of)


def made(folder: Path, number: int) -> Many:
    """A ledger and a sandbox's state with this many rollouts, all of them started and synced."""
    ledger, state = folder / "many.sqlite", folder / "many.state"
    _start_series(state)
    with sandbox.running(state) as box:
        before = box.everything()
        box.control("POST", "/clock", {"advance": -_AGO})
        first = _started(box, ledger, 0, before)
        second = _started(box, ledger, _REAL, before, first)
        box.control("POST", "/clock", {"advance": _AGO})
        _sync_both(box, ledger)
        port = box.port
    with agent.app_for(f"http://127.0.0.1:{port}", ledger).ledger() as database:
        copied = _Copier(database, first, state).copy_to(range(_COPY, number))
        with database.reading() as connection:
            real, copy = (Kept.of(connection, one_of_many(which).id) for which in (_REAL, _COPY))
        _hold_against(real, _texts(second), copy, copied)
        with database.reading() as connection:
            names = tuple(rollout for rollout, _name in rollouts.names(connection))
    return Many(ledger=ledger, state=state, port=port, rollouts=names)


def _start_series(state: Path) -> None:
    store = Store(state)
    for name, first in stencil.FIRST.items():
        store.next_number(name, first)
    store.close()


def _started(box: Sandbox, ledger: Path, number: int, *earlier: Documents) -> Documents:
    """Start a rollout; what the sandbox holds since then and did not before."""
    app = agent.app_for(box.url, ledger)
    with app.ledger() as database:
        trackers = app.trackers()
        wish = Wish(rollout=one_of_many(number), source={"template": "bench"})
        plan = planning.make(
            wish, database=database, trackers=trackers, clock=app.clock, thresholds=agent.NO_THRESHOLDS
        )
        applied = apply(plan, app.world(database, lambda _step: None, 0.0, trackers))
    if not applied.is_finished or applied.failed or applied.stopped:
        raise RuntimeError(f"the rollout that all others are made of was left unfinished: {applied}")
    return {
        name: {key: one for key, one in kept.items() if not any(key in old.get(name, {}) for old in earlier)}
        for name, kept in box.everything().items()
    }


def _sync_both(box: Sandbox, ledger: Path) -> None:
    app = agent.app_for(box.url, ledger)
    with app.ledger() as database:
        tick = sync([one_of_many(0).id, one_of_many(_REAL).id], office(app, database))
    if not tick.is_finished:
        raise RuntimeError(f"the rollouts that were really started could not be synced: {tick}")


class _Copier:
    """Makes more of the first rollout."""

    def __init__(self, database: Database, documents: Documents, state: Path) -> None:
        self._database = database
        self._store = Store(state)
        self._at = datetime.now(UTC)
        self._chance = random.Random(2)  # noqa: S311 - made-up ids
        with database.reading() as connection:
            self._first = Kept.of(connection, one_of_many(0).id)
        self._given = {role: name for name, role in self._first.given().items()}
        cut = stencil.cutter(self._first.roles())
        self._documents = tuple(
            (name, cut(key), cut(stencil.text_of(one))) for name, kept in documents.items() for key, one in kept.items()
        )
        self._answers = cut(self._first.answers())
        named = stencil.names_in([*(text for _name, _key, text in self._documents), self._answers])
        self._drawn = tuple(sorted(set(named) - set(self._given.values())))
        self._wanted = tuple((one, to_json(one.fields)) for one in _desired(one_of_many(0), self._first.row))

    def _intents(self, name: str) -> list[Intent]:
        """What is wanted of a rollout: the same as of the first, but for the name where it is written."""
        first = one_of_many(0).name
        return [
            replace(one, fields=fields_from(text.replace(first, name))) if first in text else one
            for one, text in self._wanted
        ]

    def copy_to(self, numbers: Sequence[int]) -> list[str]:
        """Make these rollouts; the texts of the first one's documents."""
        texts: list[str] = []
        for start in range(0, len(numbers), _A_COMMIT):
            with self._database.transaction() as connection:
                for number in numbers[start : start + _A_COMMIT]:
                    made_of = self._copy(connection, number)
                    texts = texts or made_of
        self._store.close()
        return texts

    def _copy(self, connection: Transaction, number: int) -> list[str]:
        rollout = one_of_many(number)
        row = self._first.row
        source = {**row.source, "plan_id": f"{number:016x}"}
        rollouts.save(connection, replace(row, id=rollout.id, name=rollout.name, source=source))
        rollouts.record(connection, rollout.id, row.accepted_at, "accepted", {"plan": source["plan_id"]})
        entries.accept(connection, rollout.id, self._intents(rollout.name))
        names = self._names(connection, rollout)
        self._keep(connection, rollout.id, Answers.read(self._answers.filled(names)))
        texts = [text.filled(names) for _collection, _key, text in self._documents]
        for (collection, key, _text), text in zip(self._documents, texts, strict=True):
            self._store.put(collection, key.filled(names), json.loads(text))
        return texts

    def _names(self, connection: Transaction, rollout: Rollout) -> dict[str, str]:
        """For each name of the first rollout the one that stands in its place."""
        chosen = sa.select(entry.c.object, entry.c.marker).where(entry.c.rollout_id == rollout.id)
        markers = {ObjectKey.parse(key): marker for key, marker in connection.execute(chosen)}
        roles = given_names(rollout.id, rollout.name, markers)
        return {self._given[role]: name for name, role in roles.items()} | {
            name: self._fresh(name) for name in self._drawn
        }

    def _fresh(self, name: str) -> str:
        """The next number of the same series, or an id of Planner."""
        if not name.isdecimal():
            return new_id(self._chance)
        return str(self._store.next_number(_SERIES[int(name) // stencil.SPAN * stencil.SPAN]))

    def _keep(self, connection: Transaction, rollout: RolloutId, answers: Answers) -> None:
        """What the ledger keeps of a rollout that was carried out and synced."""
        planned = objects.keys(connection, rollout, OperationState.PLANNED)
        entries.mark_all_created(connection, [(entry_id, answers.remotes[key], None) for entry_id, key in planned])
        for tracker in TrackerName:
            seen = tuple(Seen(rollout=rollout, observation=one) for one in answers.seen)
            mine = tuple(one for one in seen if one.observation.object.kind.tracker is tracker)
            sightings.store(connection, tracker, Pulled(asked_at=self._at, seen=mine))
        chronicle.note(connection, rollout, self._at, answers.bodies)
        sightings.settle(connection, rollout)


def _desired(rollout: Rollout, row: RolloutRow) -> tuple[Intent, ...]:
    """What the program wants of a rollout, with the accounts that were found for this row."""
    start = date.fromisoformat(str(row.source["planned_from"]))
    accounts = row.source["accounts"]
    if not isinstance(accounts, dict):
        raise TypeError(f"no accounts: {accounts!r}")
    people = {TrackerName(name): known for name, known in accounts.items()}
    schedule = plan_dates(rollout, WorkCalendar.of(rollout.calendar), start)
    return desired(rollout, schedule, Destination(trackers=frozenset(TrackerName), people=people))


def _texts(documents: Documents) -> list[str]:
    return [stencil.text_of(one) for kept in documents.values() for one in kept.values()]


def _hold_against(real: Kept, there: Sequence[str], copied: Kept, copied_there: Sequence[str]) -> None:
    """A rollout that was really started, and one that was made of another.

    Raises:
        RuntimeError: they are not the same work, so that nothing that is measured with copies means anything.
    """
    intents = {one.object: one.fields for one in _desired(one_of_many(_COPY), copied.row)}
    if intents != {one.object: one.fields for one in copied.entries}:
        raise RuntimeError("a copy's rows in the ledger are not what the program wants of that rollout")
    wanted, found = real.likeness(there), copied.likeness(copied_there)
    if wanted != found:
        more, less = sorted((found - wanted).elements()), sorted((wanted - found).elements())
        raise RuntimeError(
            f"{len(more)} of {found.total()} rows are not as in a real rollout: {more[:2]} for {less[:2]}"
        )
