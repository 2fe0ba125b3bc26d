"""From what was pulled to what is known: items, gates, mirrored pairs. Pure, given what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from rollout_sync.ledger.objects import Entry
from rollout_sync.model.objects import Fields, ObjectKey, Observation
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import Home, Item, ItemKey, Rollout, TrackerName
from rollout_sync.model.schedule import Schedule
from rollout_sync.model.snapshot import GateState, ItemState
from rollout_sync.reconcile import ballots, gates, keys
from rollout_sync.reconcile.mirrors import MirrorStep, follow
from rollout_sync.reconcile.progress import added_items, item_states, of_approval
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.sync.remembering import Conclusions
from rollout_sync.trackers.base import Newcomer

State = OperationState
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the ledger holds of a rollout.

    Attributes:
        seen: the newest observation of each object.
        gone: objects that people deleted.
        bases: fields of each object as we last wrote them.
        accounts: remote user ids of the people on the list.
        own: remote user ids of the accounts that we work with.
        accepted_at: when the rollout was first started.
    """

    seen: Mapping[ObjectKey, Observation]
    gone: frozenset[ObjectKey]
    bases: Mapping[ObjectKey, Fields]
    newcomers: tuple[Newcomer, ...]
    accounts: ballots.Accounts
    own: frozenset[str]
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What was concluded, and what has to be carried over between the sides of mirrored items."""

    known: Conclusions
    steps: Mapping[ItemKey, MirrorStep] = field(default_factory=dict)


def evidence_of(
    entries: Iterable[Entry],
    seen: Iterable[Observation],
    newcomers: Iterable[Newcomer],
    *,
    source: Mapping[str, object],
    facts: Mapping[str, Mapping[str, object]],
    accepted_at: datetime,
) -> Evidence:
    """Put together what was read from the ledger.

    Where held tasks lie is known from the binding, even before their bucket was ever read back.
    """
    kept = tuple(entries)
    waiting = {
        one.object: Observation(object=one.object, remote=one.remote, fields={}, asked_at=_LONG_AGO)
        for one in kept
        if one.object == keys.WAITING and one.remote is not None
    }
    accounts = source.get("accounts")
    return Evidence(
        seen=MappingProxyType(waiting | {one.object: one for one in seen}),
        gone=frozenset(one.object for one in kept if one.state is State.GONE),
        bases=MappingProxyType({one.object: one.base or {} for one in kept}),
        newcomers=tuple(newcomers),
        accounts={TrackerName(name): known for name, known in accounts.items()} if isinstance(accounts, dict) else {},
        own=frozenset(str(own) for one in facts.values() for name in ("account", "user") if (own := one.get(name))),
        accepted_at=accepted_at,
    )


def conclude(rollout: Rollout, schedule: Schedule, evidence: Evidence, earlier: Conclusions, at: datetime) -> Concluded:
    """How far everything is, what was decided, and which side of a mirrored item has to follow.

    Gates are taken in the order in which they wait for each other: whether one can be asked depends on how far the
    others are. `at` is now by the services' clock.
    """
    states = item_states(rollout, evidence.seen, evidence.gone, earlier.gates, earlier.items, pairs=earlier.pairs)
    decided: dict[ItemKey, GateState] = {}
    for gate in gates.in_order(rollout):
        decided[gate.key] = _decided(gate, rollout, schedule, evidence, states, earlier.gates.get(gate.key), at)
        states[gate.key] = of_approval(states[gate.key], decided[gate.key])
    steps = {
        item.key: _followed(item, evidence, earlier, decided.get(item.key))
        for item in rollout.items
        if item.home is Home.BOTH
    }
    known = Conclusions(
        items=item_states(rollout, evidence.seen, evidence.gone, decided, earlier.items, pairs=earlier.pairs),
        gates=decided,
        added=added_items(evidence.newcomers, {one.id: one for one in earlier.added}),
        pairs=earlier.pairs,
        override=earlier.override,
    )
    return Concluded(known=known, steps=steps)


def _decided(  # noqa: PLR0917 - private, called once
    gate: Item,
    rollout: Rollout,
    schedule: Schedule,
    evidence: Evidence,
    states: Mapping[ItemKey, ItemState],
    earlier: GateState | None,
    at: datetime,
) -> GateState:
    counted, ignored = gates.votes(gate, evidence.seen, evidence.accounts, own=evidence.own, earlier=earlier)
    written = evidence.bases.get(keys.details(gate.key), {}).get("text")
    conditions = gates.conditions_of(
        gate, evidence.seen, counted, evidence.accounts, base=written if isinstance(written, str) else None
    )
    return gates.decide(
        gate,
        counted=counted,
        ignored=ignored,
        conditions=conditions,
        asked=gates.asked_at(gate, rollout, states, evidence.accepted_at),
        earlier=earlier,
        version=gates.version_of(gate, rollout, schedule),
        calendar=WorkCalendar.of(rollout.calendar),
        at=at,
    )


def _followed(item: Item, evidence: Evidence, earlier: Conclusions, gate: GateState | None) -> MirrorStep:
    waiting = evidence.seen.get(keys.WAITING)
    return follow(
        item,
        evidence.seen.get(keys.issue(item.key)),
        evidence.seen.get(keys.task(item.key)),
        pair=earlier.pairs.get(item.key),
        earlier=earlier.items.get(item.key),
        gone=evidence.gone,
        gate=gate,
        waiting=waiting.remote.id if waiting is not None else "",
    )
