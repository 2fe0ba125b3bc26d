"""Compares a rollout's ledger with what stands in the services: duplicates, copies, losses, drift. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout_sync.errors import ConfigError
from rollout_sync.ledger import objects, rollouts
from rollout_sync.ledger.objects import Entry
from rollout_sync.ledger.opening import Database
from rollout_sync.model.objects import Binding, Marked, ObjectKey, Observation, Remote
from rollout_sync.model.operations import FieldChange, OperationState
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.reconcile.diff import comparable
from rollout_sync.sync.adopting import sort_out
from rollout_sync.sync.planning import LOOKED_AT
from rollout_sync.trackers.base import Tracker

State = OperationState
_STRUCTURE = frozenset({"links", "plan", "task", "issue", "target", "source", "relationship", "order"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Fields of one object that differ from what was last written."""

    object: ObjectKey
    remote: Remote
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The state of a rollout's identity.

    Attributes:
        checked: objects the ledger says exist, and about which something could be learned.
        duplicates: several remote objects for one of ours, oldest first.
        copies: objects that people copied from ours.
        strangers: objects that carry our marker, but that the ledger does not know.
        gone: objects that people deleted.
        unseen: objects nothing can be said about, with the reason.
        drift: objects that people changed.
        open: accepted objects that do not exist yet, with their state and reason.
    """

    rollout: RolloutId
    checked: int
    duplicates: Mapping[ObjectKey, tuple[Marked, ...]]
    copies: tuple[Marked, ...] = ()
    strangers: tuple[Marked, ...] = ()
    gone: tuple[ObjectKey, ...] = ()
    unseen: Mapping[ObjectKey, str]
    drift: tuple[Drift, ...] = ()
    open: tuple[tuple[ObjectKey, State, str], ...] = ()

    @property
    def is_sound(self) -> bool:
        """Nothing was found that exists twice, is unknown or is not made yet."""
        return not (self.duplicates or self.strangers or self.open)

    @property
    def is_complete(self) -> bool:
        """Everything could be looked at."""
        return not self.unseen


def verify(rollout: RolloutId, *, database: Database, trackers: Mapping[TrackerName, Tracker]) -> Verification:
    """Read everything of the rollout in both services and compare it with the ledger.

    Raises:
        ConfigError: the ledger does not know the rollout.
    """
    with database.reading() as connection:
        row = rollouts.load(connection, rollout)
        kept = tuple(objects.entries(connection, rollout))
    if row is None:
        raise ConfigError(
            f"the ledger does not know {rollout}", hint="`rollout-sync status` lists the rollouts it knows"
        )
    trackers = {name: tracker for name, tracker in trackers.items() if row.facts.get(name.value)}
    for name, tracker in trackers.items():
        tracker.use(row.facts[name.value])
    found = [marked for tracker in trackers.values() for marked in tracker.discover(rollout)]
    bound = [_binding(entry) for entry in kept if entry.state is State.CREATED]
    sightings = [
        tracker.observe(mine)
        for name, tracker in trackers.items()
        if (mine := [binding for binding in bound if binding.object.kind in LOOKED_AT[name]])
    ]
    seen = [observation for sighting in sightings for observation in sighting.observations]
    unseen = {key: reason for sighting in sightings for key, reason in sighting.unseen.items()}
    unseen |= {one.object: _ABSENT for one in bound if one.object.kind.tracker not in trackers}
    return Verification(
        rollout=rollout,
        checked=len(bound) - len(unseen),
        duplicates=duplicates(found, bound),
        copies=tuple(marked for marked in found if marked.is_copy),
        strangers=strangers(found, kept),
        gone=tuple(key for sighting in sightings for key in sighting.gone),
        unseen=unseen,
        drift=drift(kept, seen),
        open=tuple((one.object, one.state, one.last_error) for one in kept if one.state in _OPEN),
    )


_ABSENT = "its service is not configured"
_OPEN = frozenset({State.PLANNED, State.INFLIGHT, State.FAILED})


def _binding(entry: Entry) -> Binding:
    return Binding(object=entry.object, marker=entry.marker, remote=entry.remote or Remote(id=""), item=entry.item)


def duplicates(found: Sequence[Marked], bound: Sequence[Binding]) -> dict[ObjectKey, tuple[Marked, ...]]:
    """Objects of ours that exist more than once; the one that the ledger knows comes first. Pure."""
    ids = {binding.object: binding.remote.id for binding in bound}
    _chosen, rivals = sort_out([marked for marked in found if not marked.is_copy])
    return {
        key: (
            *(one for one in group if one.remote.id == ids.get(key)),
            *(one for one in group if one.remote.id != ids.get(key)),
        )
        for key, group in rivals.items()
    }


def strangers(found: Sequence[Marked], kept: Sequence[Entry]) -> tuple[Marked, ...]:
    """Marked objects that the ledger knows under no name. Pure."""
    known = {entry.object for entry in kept}
    return tuple(marked for marked in found if not marked.is_copy and marked.object not in known)


def drift(kept: Sequence[Entry], seen: Sequence[Observation]) -> tuple[Drift, ...]:
    """What people changed since we last wrote. Pure."""
    places = {str(entry.object): entry.remote for entry in kept if entry.remote is not None}
    bases = {entry.object: entry.base or {} for entry in kept}
    found: list[Drift] = []
    for observation in seen:
        base = bases.get(observation.object, {})
        changes = tuple(
            FieldChange(
                name=name,
                base=comparable(name, base[name], places),
                observed=comparable(name, observation.fields[name], places),
                desired=None,
            )
            for name in base
            if name in observation.fields
            and name not in _STRUCTURE
            and comparable(name, base[name], places) != comparable(name, observation.fields[name], places)
        )
        if changes:
            found.append(Drift(object=observation.object, remote=observation.remote, fields=changes))
    return tuple(found)
