"""Which item of a template waits for which, by the keys written in the file.

Used twice: by the checks over everything that is written, by the expansion over what its conditions keep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from rollout_sync.model.rollout import LinkType
from rollout_sync.template.document import TemplateDocument
from rollout_sync.template.items import AfterDocument, ItemDocument, PhaseDocument, WaveOf

Waits = Mapping[str, tuple[AfterDocument, ...]]
"""Item key to its dependencies, with those of its phase filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """An item where it stands in the file."""

    phase_index: int
    item_index: int
    phase: PhaseDocument
    item: ItemDocument

    @property
    def path(self) -> tuple[str | int, ...]:
        """Its path in the tree of the file."""
        return ("phases", self.phase_index, "items", self.item_index)

    @property
    def is_departmental(self) -> bool:
        """Whether it stands for one item per department."""
        return self.phase.wave is not None or self.item.for_each is not None


def spots(document: TemplateDocument) -> Iterator[Spot]:
    """All items in the order of the file."""
    for i, phase in enumerate(document.phases):
        for j, item in enumerate(phase.items):
            yield Spot(phase_index=i, item_index=j, phase=phase, item=item)


def waits(all_spots: Sequence[Spot], kept: frozenset[str]) -> Waits:
    """What every kept item waits for.

    Names that are no item are passed over (the checks complain of them). What a phase waits for goes to each of its
    items that waits for no other item of the phase. An item that its condition dropped hands its dependencies on.
    """
    written = _written(all_spots)
    keys = (spot.item.key for spot in all_spots)
    return {key: _once(tuple(_bridged(key, written, kept))) for key in keys if key in kept}


def _written(all_spots: Sequence[Spot]) -> Waits:
    """Dependencies as the file has them, those of phases handed to their first items."""
    members: dict[str, list[Spot]] = {}
    for spot in all_spots:
        members.setdefault(spot.phase.key, []).append(spot)
    items = {spot.item.key for spot in all_spots}
    last = {phase: _last_items(inside) for phase, inside in members.items()}
    answer: dict[str, tuple[AfterDocument, ...]] = {}
    for inside in members.values():
        keys = {spot.item.key for spot in inside}
        named = [wait for wait in _named_by_phase(inside[0].phase, items, last) if wait.item not in keys]
        for spot in inside:
            own = [wait for wait in spot.item.after if wait.item in items]
            is_first = not any(wait.item in keys and wait.wave is WaveOf.SAME for wait in own)
            answer[spot.item.key] = (*own, *named) if is_first else tuple(own)
    return answer


def _last_items(inside: Sequence[Spot]) -> Sequence[str]:
    """The items of a phase after which no other of it comes; when they are finished, all are."""
    followed = {
        wait.item
        for spot in inside
        for wait in spot.item.after
        if wait.link is LinkType.FINISH_START and wait.lag >= 0 and wait.wave is WaveOf.SAME
    }
    return [spot.item.key for spot in inside if spot.item.key not in followed]


def _named_by_phase(
    phase: PhaseDocument, items: Collection[str], last: Mapping[str, Sequence[str]]
) -> Iterator[AfterDocument]:
    """What a phase waits for: items, or a phase, which stands for its last items."""
    for wait in phase.after:
        if wait.item in items:
            yield wait
            continue
        for key in last.get(wait.item, ()):
            yield wait.model_copy(update={"item": key})


def _bridged(key: str, written: Waits, kept: frozenset[str]) -> Iterator[AfterDocument]:
    """Dependencies of an item, with dropped items replaced by what those wait for themselves."""
    seen: set[str] = set()
    open_waits = list(reversed(written[key]))
    while open_waits:
        wait = open_waits.pop()
        if wait.item in kept:
            yield wait
        elif wait.item not in seen:
            seen.add(wait.item)
            open_waits.extend(reversed(written[wait.item]))


def _once(after: Sequence[AfterDocument]) -> tuple[AfterDocument, ...]:
    """The first of several dependencies of the same type on the same item."""
    return tuple({(wait.item, wait.link, wait.wave): wait for wait in reversed(after)}.values())[::-1]


def cycles(waits_for: Waits, most: int = 10) -> Iterator[tuple[str, ...]]:
    """Chains that close on themselves, first item first and last; at most `most`, each cut open once found.

    What waits for the wave before cannot close a chain within its phase and is left out here.
    """
    graph = {key: {wait.item for wait in after if wait.wave is WaveOf.SAME} for key, after in waits_for.items()}
    for _ in range(most):
        try:
            TopologicalSorter({key: sorted(before) for key, before in graph.items()}).prepare()
        except CycleError as error:
            chain: list[str] = error.args[1]
            yield tuple(_from_smallest(chain[:-1]))
            graph[chain[1]].discard(chain[0])
            continue
        return


def _from_smallest(ring: Sequence[str]) -> Sequence[str]:
    at = ring.index(min(ring))
    return [*ring[at:], *ring[:at], ring[at]]
