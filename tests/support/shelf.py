"""What the ledger knows of a service, kept in memory: a pull asks it, and what was pulled goes back into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout_sync.model.objects import Binding, ObjectKey, Observation
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.base import Known, Newcomer, Pulled


class MemoryShelf:
    """Bound objects with what was last seen of them, and the newcomers, rollout by rollout.

    `asked` counts the calls of `by_id`, since one of them is one query of the ledger.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[RolloutId, ObjectKey], Known] = {}
        self.added: dict[RolloutId, dict[str, Newcomer]] = {}
        self.gone: dict[RolloutId, set[ObjectKey]] = {}
        self.unseen: dict[RolloutId, dict[ObjectKey, str]] = {}
        self.failed: dict[RolloutId, str] = {}
        self.complete: set[RolloutId] = set()
        self.cursors: dict[str, str] = {}
        self.asked = 0

    def add(self, rollout: RolloutId, binding: Binding, seen: Observation | None = None) -> None:
        """Bind an object."""
        self.known[rollout, binding.object] = Known(rollout=rollout, binding=binding, seen=seen)

    def take(self, pulled: Pulled) -> None:
        """Store one portion, all of it at once."""
        for one in pulled.seen:
            key = (one.rollout, one.observation.object)
            before = self.known[key]
            binding = replace(before.binding, remote=one.observation.remote)
            self.known[key] = replace(before, binding=binding, seen=one.observation)
            self.unseen.get(one.rollout, {}).pop(one.observation.object, None)
        for newcomer in pulled.newcomers:
            self.added.setdefault(newcomer.rollout, {})[newcomer.remote.id] = newcomer
        for rollout, ids in pulled.left.items():
            for remote_id in ids:
                self.added[rollout].pop(remote_id, None)
        for rollout, keys in pulled.gone.items():
            for key in keys:
                del self.known[rollout, key]
                self.gone.setdefault(rollout, set()).add(key)
        for rollout, reasons in pulled.unseen.items():
            self.unseen.setdefault(rollout, {}).update(reasons)
        self.cursors |= pulled.cursors
        self.failed |= pulled.failed
        self.complete |= set(pulled.complete)

    def seen(self, rollout: RolloutId, key: ObjectKey) -> Observation | None:
        """What was last seen of an object."""
        return self.known[rollout, key].seen

    def by_id(self, ids: Sequence[str]) -> Mapping[str, tuple[Known, ...]]:
        """Our objects among these ids, whatever rollout they belong to."""
        self.asked += 1
        wanted = set(ids)
        return _by_id(known for known in self.known.values() if known.binding.remote.id in wanted)

    def of_rollout(self, rollout: RolloutId) -> Mapping[str, tuple[Known, ...]]:
        """All objects of a rollout that exist."""
        return _by_id(known for known in self.known.values() if known.rollout == rollout)

    def newcomers(self, rollout: RolloutId) -> frozenset[str]:
        """Ids of what people added to a rollout, as far as known."""
        return frozenset(self.added.get(rollout, {}))


def _by_id(found) -> Mapping[str, tuple[Known, ...]]:
    by_id: dict[str, tuple[Known, ...]] = {}
    for known in found:
        remote_id = known.binding.remote.id
        by_id[remote_id] = (*by_id.get(remote_id, ()), known)
    return by_id
