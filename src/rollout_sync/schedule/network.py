"""The dependency network of a rollout as whole numbers: order, longest paths, tight chains.

Time here is counted in working days on one axis. An item that starts at `s` and takes `d` days fills the days
`s` to `s + d - 1` and ends at the instant `s + d`, the beginning of the next day; an item of 0 days is an instant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import NoReturn, TypeAlias

from rollout_sync.errors import PlanError
from rollout_sync.model.rollout import Dependency, Item, ItemKey, ItemKind, LinkType

Days: TypeAlias = "int | None"
"""A place on the axis; None where nothing limits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The item at place `of` starts at least `days` after the item at place `other` started (`days` may be < 0)."""

    of: int
    other: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Items in an order in which predecessors come first; ties by key, so that equal inputs give equal plans."""

    items: tuple[Item, ...]
    durations: tuple[int, ...]
    incoming: tuple[tuple[Link, ...], ...]
    outgoing: tuple[tuple[Link, ...], ...]

    @classmethod
    def of(cls, items: Sequence[Item]) -> Network:
        """Order the items and turn their dependencies into distances between starts.

        Raises:
            PlanError: two items share a key, an item waits for one that is not there, or items wait for each other.
        """
        ordered = _ordered(_by_key(items))
        place = {item.key: number for number, item in enumerate(ordered)}
        durations = tuple(duration_of(item) for item in ordered)
        incoming: list[list[Link]] = [[] for _ in ordered]
        outgoing: list[list[Link]] = [[] for _ in ordered]
        for number, item in enumerate(ordered):
            for wait in item.after:
                other = place[wait.item]
                link = Link(of=number, other=other, days=_distance(wait, durations[other], durations[number]))
                incoming[number].append(link)
                outgoing[other].append(link)
        return cls(
            items=ordered,
            durations=durations,
            incoming=tuple(tuple(links) for links in incoming),
            outgoing=tuple(tuple(links) for links in outgoing),
        )

    def earliest(self, floors: Sequence[Days]) -> list[Days]:
        """Earliest start of every item when none starts before its floor; None where no floor reaches it."""
        starts: list[Days] = []
        for number, floor in enumerate(floors):
            reached = [s + link.days for link in self.incoming[number] if (s := starts[link.other]) is not None]
            starts.append(max(reached if floor is None else [floor, *reached], default=None))
        return starts

    def latest(self, ceilings: Sequence[Days]) -> list[Days]:
        """Latest start of every item when none starts after its ceiling; None where no ceiling reaches it."""
        starts: list[Days] = list(ceilings)
        for number in reversed(range(len(starts))):
            ceiling = starts[number]
            allowed = [s - link.days for link in self.outgoing[number] if (s := starts[link.of]) is not None]
            starts[number] = min(allowed if ceiling is None else [ceiling, *allowed], default=None)
        return starts

    def downstream(self, of: Sequence[int]) -> frozenset[int]:
        """Places of all items that wait, directly or not, for one of these; these only if they wait themselves."""
        found: set[int] = set()
        sources = set(of)
        for number, links in enumerate(self.incoming):
            if any(link.other in sources or link.other in found for link in links):
                found.add(number)
        return frozenset(found)

    def driving_chain(self, to: int, starts: Sequence[Days]) -> tuple[ItemKey, ...]:
        """Items from first to last whose links leave no room before the item at place `to`; ties by key."""
        chain = [self.items[to].key]
        here = to
        while (before := self._driver(here, starts)) is not None:
            chain.append(self.items[before].key)
            here = before
        return tuple(reversed(chain))

    def _driver(self, of: int, starts: Sequence[Days]) -> int | None:
        start = starts[of]
        tight = [
            link.other for link in self.incoming[of] if (s := starts[link.other]) is not None and s + link.days == start
        ]
        return min(tight, key=lambda number: self.items[number].key, default=None)


def duration_of(item: Item) -> int:
    """Whole working days an item is planned to take: its likely estimate, rounded up.

    Without an estimate an approval takes the days it may take to decide, anything else is an instant (a milestone).
    """
    days = math.ceil(round(item.estimate.likely, 6))
    if days == 0 and item.kind is ItemKind.APPROVAL and item.approval is not None:
        return item.approval.within_days
    return days


def _distance(wait: Dependency, before: int, after: int) -> int:
    """Least distance between the starts of two linked items that take `before` and `after` days."""
    match wait.link:
        case LinkType.FINISH_START:
            return wait.lag + before
        case LinkType.START_START:
            return wait.lag
        case LinkType.FINISH_FINISH:
            return wait.lag + before - after
        case LinkType.START_FINISH:
            return wait.lag - after


def _by_key(items: Sequence[Item]) -> Mapping[ItemKey, Item]:
    found: dict[ItemKey, Item] = {}
    for item in items:
        if item.key in found:
            raise PlanError(f"two items have the key {item.key}", hint="report this: a template cannot cause it")
        found[item.key] = item
    for item in items:
        for wait in item.after:
            if wait.item not in found:
                raise PlanError(
                    f"{item.key} waits for {wait.item}, which is not in the rollout",
                    where=item.key,
                    hint="check `after` and `when` of both items in the template",
                )
    return found


def _ordered(items: Mapping[ItemKey, Item]) -> tuple[Item, ...]:
    """Predecessors first; among items that could come next, the smallest key."""
    open_waits = {key: len(item.after) for key, item in items.items()}
    followers: dict[ItemKey, list[ItemKey]] = {key: [] for key in items}
    for key, item in items.items():
        for wait in item.after:
            followers[wait.item].append(key)
    ready = [key for key, count in open_waits.items() if count == 0]
    heapify(ready)
    ordered: list[Item] = []
    while ready:
        key = heappop(ready)
        ordered.append(items[key])
        for follower in followers[key]:
            open_waits[follower] -= 1
            if open_waits[follower] == 0:
                heappush(ready, follower)
    if len(ordered) < len(items):
        _complain_of_cycle({key: item for key, item in items.items() if open_waits[key] > 0})
    return tuple(ordered)


def _complain_of_cycle(stuck: Mapping[ItemKey, Item]) -> NoReturn:
    """Every stuck item waits for another stuck one, so walking back must come round."""
    walk = [min(stuck)]
    while True:
        before = min(wait.item for wait in stuck[walk[-1]].after if wait.item in stuck)
        if before in walk:
            circle = [*walk[walk.index(before) :], before]
            raise PlanError(
                "items wait for each other: " + " after ".join(circle),
                where=before,
                hint="take one `after` out of this circle",
            )
        walk.append(before)
