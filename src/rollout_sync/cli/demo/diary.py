"""From a plan and the tables of the cast to what everybody does on each day. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rollout_sync.cli.demo import cast
from rollout_sync.cli.demo.cast import Act, Deed, Pace
from rollout_sync.model.rollout import Estimate, Item, ItemKey, ItemKind, Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.network import Network, duration_of

_AT_ONCE = frozenset({ItemKind.MILESTONE, ItemKind.COMMUNICATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One working day and what is done on it."""

    number: int
    day: date
    morning: tuple[Act, ...] = ()
    afternoon: tuple[Act, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """First to last."""
        return (*self.morning, *self.afternoon)


def diary(rollout: Rollout, schedule: Schedule) -> tuple[Page, ...]:
    """All working days of the ten weeks.

    Raises:
        KeyError: a table of the cast names an item that the rollout does not have.
    """
    calendar = WorkCalendar.of(rollout.calendar)
    days = (cast.FIRST_DAY + timedelta(days=number) for number in range(7 * cast.WEEKS))
    acts = acts_of(rollout, schedule)
    return tuple(_page(number, day, acts) for number, day in enumerate(filter(calendar.is_working, days), start=1))


def _page(number: int, day: date, acts: Sequence[Act]) -> Page:
    own = [act for act in acts if act.day == number]
    morning = tuple(act for act in own if act.deed in cast.IN_THE_MORNING)
    afternoon = tuple(act for act in own if act.deed not in cast.IN_THE_MORNING)
    return Page(number=number, day=day, morning=morning, afternoon=afternoon)


def acts_of(rollout: Rollout, schedule: Schedule) -> tuple[Act, ...]:
    """The scenes and everyday work, without order."""
    items = {item.key: item for item in rollout.items}
    for key in (*cast.PACES, *cast.BY_HAND):
        items[ItemKey(key)]
    told = {(act.item, act.deed) for act in cast.SCENES}
    usual = [act for key, span in spans_of(rollout, schedule).items() for act in _everyday(items[key], span)]
    return (
        *cast.SCENES,
        *(act for act in usual if act.item not in cast.BY_HAND and (act.item, act.deed) not in told),
    )


def spans_of(rollout: Rollout, schedule: Schedule) -> Mapping[ItemKey, tuple[int, int]]:
    """First and last day of each item: the plan's own network, with the days that the work really takes."""
    calendar = WorkCalendar.of(rollout.calendar)
    network = Network.of([_as_it_goes(item) for item in rollout.items])
    floors = [
        _floor(_pace(item), calendar.between(cast.FIRST_DAY, schedule.slots[item.key].start)) for item in network.items
    ]
    starts = network.earliest(floors)
    return {
        item.key: (start + 1, start + max(days, 1))
        for item, start, days in zip(network.items, starts, network.durations, strict=True)
        if start is not None
    }


def _pace(item: Item) -> Pace:
    return cast.PACES.get(item.key, cast.ON_ITS_DAY if item.kind in _AT_ONCE else cast.USUAL)


def _floor(pace: Pace, planned: int) -> int:
    return pace.on[0] - 1 if pace.on is not None else max(planned - pace.ahead, 0)


def _as_it_goes(item: Item) -> Item:
    pace = _pace(item)
    days = duration_of(item) if pace.takes is None else pace.takes
    if pace.on is not None:
        item, days = replace(item, after=()), pace.on[1] - pace.on[0] + 1
    return replace(item, estimate=Estimate(low=days, likely=days, high=days))


def _everyday(item: Item, span: tuple[int, int]) -> Iterator[Act]:
    """Approvers approve on the last day; work is begun and finished; what happens at once is only finished."""
    begin, end = span
    if item.approval is not None:
        yield Act(day=end, who=item.approval.approvers[0].email, deed=Deed.APPROVE, item=item.key)
        return
    if item.owner is None:
        return
    if item.kind not in _AT_ONCE:
        yield Act(day=begin, who=item.owner.email, deed=Deed.BEGIN, item=item.key)
    yield Act(day=end, who=item.owner.email, deed=Deed.FINISH, item=item.key)
