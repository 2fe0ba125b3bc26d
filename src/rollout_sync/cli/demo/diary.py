"""From a plan and the table of the cast to what happens on each day. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from rollout_sync.cli.demo.cast import Act, Deed, Pace
from rollout_sync.model.rollout import Estimate, Item, ItemKind, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import Network, duration_of


def diary(
    rollout: Rollout,
    schedule: Schedule,
    first: date,
    *,
    paces: Mapping[str, Pace],
    usual: Pace,
    scenes: Sequence[Act],
    by_hand: frozenset[str],
) -> dict[int, list[Act]]:
    found: dict[int, list[Act]] = defaultdict(list)
    for act in scenes:
        found[act.day].append(act)
    spans = spans_of(rollout, schedule, first, paces=paces, usual=usual)
    for item in rollout.items:
        if item.key not in by_hand:
            for act in _usual(item, spans[item.key]):
                found[act.day].append(act)
    return dict(found)


def spans_of(rollout: Rollout, schedule: Schedule, first: date, *, paces: Mapping[str, Pace], usual: Pace):
    calendar = WorkCalendar.of(rollout.calendar)
    taken = [_as_it_goes(item, paces.get(item.key, usual)) for item in rollout.items]
    network = Network.of(taken)
    floors = [
        max(calendar.between(first, schedule.slots[item.key].start) - paces.get(item.key, usual).ahead, 0)
        for item in network.items
    ]
    starts = network.earliest(floors)
    return {
        item.key: (start + 1, start + max(days, 1))
        for item, start, days in zip(network.items, starts, network.durations, strict=True)
    }


def _as_it_goes(item: Item, pace: Pace) -> Item:
    days = duration_of(item) if pace.takes is None else pace.takes
    return replace(item, estimate=Estimate(low=days, likely=days, high=days))


def _usual(item: Item, span: tuple[int, int]) -> Iterator[Act]:
    begin, end = span
    match item.kind:
        case ItemKind.APPROVAL:
            yield Act(day=end, who=item.approval.approvers[0].email, deed=Deed.APPROVE, item=item.key)
        case ItemKind.MILESTONE | ItemKind.COMMUNICATION:
            yield Act(day=end, who=item.owner.email, deed=Deed.FINISH, item=item.key)
        case _:
            yield Act(day=begin, who=item.owner.email, deed=Deed.BEGIN, item=item.key)
            yield Act(day=end, who=item.owner.email, deed=Deed.FINISH, item=item.key)
