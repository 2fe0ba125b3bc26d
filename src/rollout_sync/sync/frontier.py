"""Which objects can be sent now, and how they are packed into as few requests as possible. Pure.

Issues go out in the manner of list scheduling: always as many ready ones as fit, longest remaining chain first. A
chunk that is not full waits while something in flight may still fill it. Because an issue is ready only after those
it waits for, every link can be part of a create, and needs no request of its own.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.operations import OperationState
from rollout_sync.model.rollout import TrackerName

State = OperationState

_FEEDS: Mapping[ObjectKind, frozenset[ObjectKind]] = {
    ObjectKind.ISSUE: frozenset({ObjectKind.EPIC, ObjectKind.ISSUE}),
    ObjectKind.BUCKET: frozenset({ObjectKind.PLAN}),
    ObjectKind.TASK: frozenset({ObjectKind.PLAN, ObjectKind.BUCKET}),
    ObjectKind.DETAILS: frozenset({ObjectKind.TASK, ObjectKind.ISSUE, ObjectKind.EPIC}),
}
"""Kinds whose creation can make more objects of a kind ready."""

_SETTLED = frozenset({State.CREATED, State.FAILED, State.GONE, State.SKIPPED})


class Node(Protocol):
    """What the frontier needs of an object, and what it notes on it; see `ledger.objects.Node`."""

    entry_id: int
    kind: ObjectKind
    state: State
    needs: tuple[int, ...]
    after: tuple[int, ...]
    dependants: tuple[int, ...]
    height: int
    blockers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Objects of one kind that go out together."""

    kind: ObjectKind
    entry_ids: tuple[int, ...]


class Frontier:
    """The objects of a rollout, from what can be sent now to what is done."""

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self._nodes = nodes
        self._ready: dict[ObjectKind, list[tuple[int, int]]] = defaultdict(list)
        self._in_flight: dict[ObjectKind, int] = defaultdict(int)
        self._total = Counter(node.kind for node in nodes.values())
        self._made = Counter(node.kind for node in nodes.values() if node.state is State.CREATED)
        _note_dependants(nodes)
        _note_heights(nodes)
        for node in nodes.values():
            if node.state is State.PLANNED:
                self._admit(node)

    def _admit(self, node: Node) -> None:
        node.blockers = sum(self._nodes[other].state not in _SETTLED for other in (*node.needs, *node.after))
        if not node.blockers:
            self._offer(node)

    def _offer(self, node: Node) -> None:
        if all(self._nodes[other].state is State.CREATED for other in node.needs):
            heapq.heappush(self._ready[node.kind], (-node.height, node.entry_id))

    def next_chunk(self, tracker: TrackerName, capacity: Mapping[ObjectKind, int]) -> Chunk | None:
        """The next request for a tracker, or None when it is better or necessary to wait."""
        for kind in ObjectKind:
            if kind.tracker is not tracker:
                continue
            size = self._sendable(kind, capacity[kind])
            if size and (chunk := self._take(kind, size)) is not None:
                return chunk
        return None

    def _sendable(self, kind: ObjectKind, capacity: int) -> int:
        waiting = len(self._ready[kind])
        if waiting >= capacity:
            return capacity
        feeds = _FEEDS.get(kind, frozenset())
        is_fed = any(self._in_flight[other] or (other is not kind and self._ready[other]) for other in feeds)
        return 0 if is_fed else waiting

    def _take(self, kind: ObjectKind, size: int) -> Chunk | None:
        taken: list[int] = []
        while len(taken) < size and self._ready[kind]:
            _priority, entry_id = heapq.heappop(self._ready[kind])
            if self._nodes[entry_id].state is State.PLANNED:  # a folded link is made before its turn comes
                taken.append(entry_id)
                self._nodes[entry_id].state = State.INFLIGHT
        self._in_flight[kind] += len(taken)
        return Chunk(kind=kind, entry_ids=tuple(taken)) if taken else None

    def answered(self, chunk: Chunk) -> None:
        """The chunk's request came back, whatever it said."""
        self._in_flight[chunk.kind] -= len(chunk.entry_ids)

    def settle(self, entry_id: int, state: State) -> None:
        """An object reached a state; what waited for it may become ready, and one to send again is ready again."""
        node = self._nodes[entry_id]
        was_settled = node.state in _SETTLED
        node.state = state
        self._made[node.kind] += state is State.CREATED
        if state is State.PLANNED:
            self._admit(node)
        elif state in _SETTLED and not was_settled:
            for other in node.dependants:
                self._unblock(self._nodes[other])

    def _unblock(self, node: Node) -> None:
        if node.state is not State.PLANNED:
            return
        node.blockers -= 1
        if not node.blockers:
            self._offer(node)

    def blocked(self) -> tuple[int, ...]:
        """Planned objects that cannot be sent because something they need was refused or is gone."""
        dead = frozenset({State.FAILED, State.GONE, State.SKIPPED})
        found = {node.entry_id for node in self._nodes.values() if node.state in dead}
        blocked: list[int] = []
        for node in self._nodes.values():  # in order of acceptance, so parents come first
            if node.state is State.PLANNED and found & set(node.needs):
                found.add(node.entry_id)
                blocked.append(node.entry_id)
        return tuple(blocked)

    def has_ready(self, tracker: TrackerName) -> bool:
        """Whether a tracker has something that could be sent."""
        return any(ready and kind.tracker is tracker for kind, ready in self._ready.items())

    def tally(self, kind: ObjectKind) -> tuple[int, int]:
        """How many objects of a kind exist, and how many there are."""
        return self._made[kind], self._total[kind]


def _note_dependants(nodes: Mapping[int, Node]) -> None:
    """Who waits for whom, the other way round."""
    found: dict[int, list[int]] = defaultdict(list)
    for node in nodes.values():
        for other in (*node.needs, *node.after):
            found[other].append(node.entry_id)
    for entry_id, waiting in found.items():
        nodes[entry_id].dependants = tuple(waiting)


def _note_heights(nodes: Mapping[int, Node]) -> None:
    """Length of the longest chain of objects behind each one."""
    for node in _dependants_first(nodes):
        node.height = 1 + max((nodes[other].height for other in node.dependants), default=0)


def _dependants_first(nodes: Mapping[int, Node]) -> Iterable[Node]:
    """Nodes so that each comes after all that depend on it (Kahn's algorithm, run from the leaves)."""
    waiting = {node.entry_id: len(node.dependants) for node in nodes.values() if node.dependants}
    stack = [node for node in nodes.values() if not node.dependants]
    while stack:
        node = stack.pop()
        yield node
        for other in (*node.needs, *node.after):
            waiting[other] -= 1
            if not waiting[other]:
                stack.append(nodes[other])
