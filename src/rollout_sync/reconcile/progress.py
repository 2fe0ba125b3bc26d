"""How far the items of a rollout are, out of what both services last said. Pure.

Not seen is not gone: what was not observed keeps the state in which it was last known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType

from rollout_sync.model.objects import ObjectKey, Observation
from rollout_sync.model.rollout import Home, Item, ItemKey, Rollout
from rollout_sync.model.snapshot import AddedItem, Decision, GateState, ItemState, ItemStatus
from rollout_sync.reconcile import keys, sides
from rollout_sync.reconcile.mirrors import Pair, follow
from rollout_sync.trackers.base import Newcomer

_NO_PAIRS: Mapping[ItemKey, Pair] = MappingProxyType({})


def item_states(
    rollout: Rollout,
    seen: Mapping[ObjectKey, Observation],
    gone: AbstractSet[ObjectKey],
    gates: Mapping[ItemKey, GateState],
    earlier: Mapping[ItemKey, ItemState],
    *,
    pairs: Mapping[ItemKey, Pair] = _NO_PAIRS,
) -> dict[ItemKey, ItemState]:
    """The state of every item, in the order of the rollout.

    Args:
        rollout: whose items.
        seen: the newest observation of every object; also of the bucket in which held tasks wait.
        gone: objects that surely do not exist any more.
        gates: how approvals stand: an approval is done when its gate opens, whatever its issue or task says.
        earlier: states as they were known before.
        pairs: where mirrored items were settled before this look (`mirrors.follow`).
    """
    bucket = seen.get(keys.WAITING)
    waiting = bucket.remote.id if bucket is not None else ""
    states: dict[ItemKey, ItemState] = {}
    for item in rollout.items:
        was = earlier.get(item.key, ItemState(item=item.key))
        if item.home is Home.BOTH:
            issue, task = seen.get(keys.issue(item.key)), seen.get(keys.task(item.key))
            pair, gate = pairs.get(item.key), gates.get(item.key)
            state = follow(item, issue, task, pair=pair, earlier=was, gone=gone, gate=gate, waiting=waiting).state
        else:
            state = _of_one(item, seen, gone, was, waiting)
        states[item.key] = of_approval(state, gates.get(item.key)) if item.approval is not None else state
    return states


def _of_one(
    item: Item, seen: Mapping[ObjectKey, Observation], gone: AbstractSet[ObjectKey], was: ItemState, waiting: str
) -> ItemState:
    key = keys.issue(item.key) if item.home is Home.JIRA else keys.task(item.key)
    if key in gone:
        return replace(was, status=ItemStatus.GONE)
    observation = seen.get(key)
    return sides.read(observation, was, waiting=waiting) if observation is not None else was


def of_approval(state: ItemState, gate: GateState | None) -> ItemState:
    """An approval as its gate stands: begun when it was asked, done when it opened; its own board keeps the words."""
    if state.status in (ItemStatus.GONE, ItemStatus.UNKNOWN):
        return state
    if gate is None or gate.decision is Decision.NOT_ASKED:
        return replace(state, status=ItemStatus.TODO, started_at=None, finished_at=None)
    if not gate.decision.opens:
        began = gate.asked_at or gate.decided_at
        return replace(state, status=ItemStatus.STARTED, started_at=began, finished_at=None)
    decided, asked = gate.decided_at, gate.asked_at
    was_asked_first = asked is not None and decided is not None and asked <= decided
    return replace(state, status=ItemStatus.DONE, started_at=asked if was_asked_first else None, finished_at=decided)


def added_items(newcomers: Iterable[Newcomer], earlier: Mapping[str, AddedItem]) -> tuple[AddedItem, ...]:
    """Work that people added, in a stable order.

    Args:
        newcomers: the newest row of each.
        earlier: what was known of them, by remote id.
    """
    return tuple(
        _added(one, earlier.get(one.remote.id))
        for one in sorted(newcomers, key=lambda one: (str(one.under), one.remote.id))
    )


def _added(one: Newcomer, was: AddedItem | None) -> AddedItem:
    category = sides.category_of(one.fields)
    status = category.status if category is not None else was.status if was else ItemStatus.TODO
    before = (was.started_at, was.finished_at) if was else (None, None)
    started, finished = sides.times(status, one.fields, before, one.asked_at)
    return AddedItem(
        tracker=one.under.kind.tracker,
        id=one.remote.id,
        title=sides.text(one.fields, "title", was.title if was else ""),
        under=one.under,
        status=status,
        key=one.remote.key,
        url=one.remote.url,
        start=sides.day(one.fields, "start", was.start if was else None),
        due=sides.day(one.fields, "due", was.due if was else None),
        created_at=sides.moment(one.fields.get("created_at")) or (was.created_at if was else None),
        created_by=sides.text(one.fields, "created_by", was.created_by if was else ""),
        started_at=started,
        finished_at=finished,
    )
