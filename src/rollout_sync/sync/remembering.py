"""What the chronicle says of a rollout, as values: items, gates, agreed dates, people's overrides, past reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rollout_sync.health.review import PastReview
from rollout_sync.ledger import chronicle, sightings
from rollout_sync.ledger.chronicle import Body
from rollout_sync.ledger.opening import Transaction
from rollout_sync.model.records import read_record, record
from rollout_sync.model.rollout import ItemKey, RolloutId
from rollout_sync.model.sessions import SessionState
from rollout_sync.model.snapshot import (
    AddedItem,
    AgreedDate,
    GateState,
    ItemState,
    ItemStatus,
    Override,
    Snapshot,
)
from rollout_sync.reconcile.mirrors import Pair

ITEM, GATE, ADDED, PAIR, REVIEW = "item:", "gate:", "added:", "pair:", "review"
SESSION = "session:"
AGREED, OVERRIDE = "agreed", "override"
"""Subjects of the chronicle; those that end in a colon are followed by a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusions:
    """What was concluded of a rollout so far."""

    items: Mapping[ItemKey, ItemState] = field(default_factory=dict)
    gates: Mapping[ItemKey, GateState] = field(default_factory=dict)
    added: tuple[AddedItem, ...] = ()
    pairs: Mapping[ItemKey, Pair] = field(default_factory=dict)
    override: Override | None = None

    @property
    def begun(self) -> frozenset[ItemKey]:
        """Items on which work has begun or ended."""
        reached = (ItemStatus.STARTED, ItemStatus.DONE)
        return frozenset(key for key, state in self.items.items() if state.status in reached)

    def bodies(self) -> dict[str, Body]:
        """As the chronicle keeps them, by subject."""
        return {
            **{f"{ITEM}{key}": record(state) for key, state in self.items.items()},
            **{f"{GATE}{key}": record(state) for key, state in self.gates.items()},
            **{f"{ADDED}{one.tracker}:{one.id}": record(one) for one in self.added},
            **{f"{PAIR}{key}": record(pair) for key, pair in self.pairs.items()},
        }


def conclusions(connection: Transaction, rollout: RolloutId, as_of: datetime | None = None) -> Conclusions:
    """What was concluded by now, or by a moment."""
    bodies = chronicle.newest(connection, rollout, as_of)
    override = bodies.get(OVERRIDE)
    return Conclusions(
        items={ItemKey(key): read_record(ItemState, body) for key, body in _under(bodies, ITEM)},
        gates={ItemKey(key): read_record(GateState, body) for key, body in _under(bodies, GATE)},
        added=tuple(read_record(AddedItem, body) for _key, body in _under(bodies, ADDED)),
        pairs={ItemKey(key): read_record(Pair, body) for key, body in _under(bodies, PAIR)},
        override=read_record(Override, override) if override is not None else None,
    )


def note_questions(connection: Transaction, rollout: RolloutId, at: datetime, asked: Mapping[str, str]) -> None:
    """Write down what gates ask for that were never looked at.

    So that a decision is known to be about something else when the question changes before the first tick.
    """
    known = conclusions(connection, rollout).gates
    fresh = {
        f"{GATE}{key}": record(GateState(gate=ItemKey(key), asked_version=version))
        for key, version in asked.items()
        if key not in known
    }
    chronicle.note(connection, rollout, at, fresh)


def _under(bodies: Mapping[str, Body], prefix: str) -> list[tuple[str, Body]]:
    return [(subject.removeprefix(prefix), body) for subject, body in bodies.items() if subject.startswith(prefix)]


def snapshot(connection: Transaction, rollout: RolloutId, now: datetime, as_of: datetime | None = None) -> Snapshot:
    """How the rollout stands by the last pull, or stood at a moment."""
    known = conclusions(connection, rollout, as_of)
    return Snapshot(
        rollout=rollout,
        at=as_of or now,
        items=known.items,
        gates=known.gates,
        added=known.added,
        coverage=sightings.coverages(connection, rollout),
        agreed=agreed_dates(connection, rollout, as_of),
        override=known.override,
        sessions=sessions(connection, rollout, as_of),
    )


def sessions(connection: Transaction, rollout: RolloutId, as_of: datetime | None = None) -> dict[ItemKey, SessionState]:
    """What people were told of training sessions."""
    newest = {line.subject: line.body for line in chronicle.lines(connection, rollout, SESSION, as_of)}
    return {ItemKey(key): read_record(SessionState, body) for key, body in _under(newest, SESSION)}


def agreed_dates(connection: Transaction, rollout: RolloutId, as_of: datetime | None = None) -> tuple[AgreedDate, ...]:
    """Go-live dates in the order in which they were agreed on."""
    return tuple(
        read_record(AgreedDate, {**line.body, "since": line.body.get("since", _text(line.since))})
        for line in chronicle.lines(connection, rollout, AGREED, as_of)
    )


def past_reviews(connection: Transaction, rollout: RolloutId, as_of: datetime | None = None) -> tuple[PastReview, ...]:
    """Reviews that were kept, oldest first."""
    return tuple(read_record(PastReview, line.body) for line in chronicle.lines(connection, rollout, REVIEW, as_of))


def last_review(connection: Transaction, rollout: RolloutId) -> PastReview | None:
    """The newest review that was kept."""
    body = chronicle.newest_of(connection, rollout, REVIEW)
    return read_record(PastReview, body) if body is not None else None


def _text(moment: datetime) -> object:
    return record(moment)
