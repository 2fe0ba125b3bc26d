"""Brings back what changed in the services, and stores it with the cursors that it covers. Concludes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollout_sync.errors import Stopped, TrackerError
from rollout_sync.ledger import rollouts, sightings
from rollout_sync.ledger.opening import Database
from rollout_sync.ledger.sightings import LedgerShelf
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.trackers.base import MOST_GONE, Pulled, Tracker, Watch
from rollout_sync.transport.clock import Clock

FULL_EVERY = timedelta(hours=20)
"""How often everything is read, and not only what changed: once a day, wherever in the day the runs fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How closely to look.

    Attributes:
        full_every: how often everything is read, and not only what changed.
        most_gone: share of a rollout that may be gone at once and is believed (`Watch.most_gone`).
    """

    full_every: timedelta = FULL_EVERY
    most_gone: float = MOST_GONE


USUAL = Depth()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """What a pull brought.

    Attributes:
        seen: objects of ours that were new or changed.
        added: work of people that was new or changed.
        gone: objects of ours that were found deleted.
        stale: services that could not be read, with the reason; their half stays as it was.
        failed: rollouts of a service that could be read otherwise.
    """

    seen: int = 0
    added: int = 0
    gone: int = 0
    stale: Mapping[TrackerName, str] = field(default_factory=dict)
    failed: Mapping[tuple[RolloutId, TrackerName], str] = field(default_factory=dict)


def pull(
    wanted: Sequence[RolloutId],
    *,
    database: Database,
    trackers: Mapping[TrackerName, Tracker],
    clock: Clock,
    depth: Depth = USUAL,
) -> Catch:
    """Read what is new of these rollouts; a service that cannot be read makes its half stale and nothing else."""
    found = Catch()
    for name, tracker in trackers.items():
        facts = _places(wanted, name, database)
        if not facts:
            continue
        tracker.use(list(facts.values())[-1])  # all rollouts of a configuration share one destination
        found = _joined(found, _pull_one(tuple(facts), tracker, database, clock, depth))
    return found


def _places(
    wanted: Sequence[RolloutId], name: TrackerName, database: Database
) -> dict[RolloutId, Mapping[str, object]]:
    """The rollouts that a service holds work of, with what it learned of its destination."""
    with database.reading() as connection:
        facts = rollouts.facts_of(connection, name)
    return {rollout: facts[rollout] for rollout in wanted if rollout in facts}


def _pull_one(wanted: tuple[RolloutId, ...], tracker: Tracker, database: Database, clock: Clock, depth: Depth) -> Catch:
    shelf = LedgerShelf(database, tracker.name)
    found, read = Catch(), set[RolloutId]()
    for is_full, part in _by_depth(wanted, tracker.name, database, clock.now() - depth.full_every):
        with database.reading() as connection:
            cursors = sightings.cursors(connection)
        at = clock.now()
        watch = Watch(rollouts=part, cursors=cursors, shelf=shelf, is_full=is_full, most_gone=depth.most_gone)
        try:
            for pulled in tracker.pull(watch):
                _store(pulled, tracker.name, database, at, is_full=is_full)
                found = _joined(found, _counted(pulled, tracker.name))
                read.update(pulled.complete)
        except Stopped:  # it says nothing of the service
            raise
        except TrackerError as error:
            with database.transaction() as connection:
                unread = {one: error.what for one in wanted if one not in read}
                sightings.read_badly(connection, tracker.name, unread, at)
            return _joined(found, Catch(stale={tracker.name: error.what}))
    return found


def _by_depth(
    wanted: tuple[RolloutId, ...], name: TrackerName, database: Database, before: datetime
) -> list[tuple[bool, tuple[RolloutId, ...]]]:
    """Those that are to be read as a whole, and those of which only changes are."""
    with database.reading() as connection:
        last = sightings.last_full_looks(connection, name)
    whole = tuple(one for one in wanted if one not in last or last[one] <= before)
    known = frozenset(whole)
    rest = tuple(one for one in wanted if one not in known)
    return [(is_full, part) for is_full, part in ((True, whole), (False, rest)) if part]


def _store(pulled: Pulled, name: TrackerName, database: Database, at: datetime, *, is_full: bool) -> None:
    with database.transaction() as connection:
        sightings.store(connection, name, pulled)
        sightings.read_badly(connection, name, pulled.failed, at)
        sightings.read_well(connection, name, pulled.complete, at)
        for rollout in pulled.complete if is_full else ():
            unseen = {str(key): reason for key, reason in pulled.unseen.get(rollout, {}).items()}
            sightings.read_fully(connection, name, rollout, unseen, at)


def _counted(pulled: Pulled, name: TrackerName) -> Catch:
    return Catch(
        seen=len(pulled.seen),
        added=len(pulled.newcomers),
        gone=sum(len(keys) for keys in pulled.gone.values()),
        failed={(rollout, name): reason for rollout, reason in pulled.failed.items()},
    )


def _joined(first: Catch, second: Catch) -> Catch:
    return Catch(
        seen=first.seen + second.seen,
        added=first.added + second.added,
        gone=first.gone + second.gone,
        stale={**first.stale, **second.stale},
        failed={**first.failed, **second.failed},
    )
