"""Chains that cannot fit: which items, how many working days are missing, and the wall they run into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from rollout_sync.model.rollout import Rollout
from rollout_sync.model.schedule import Shortfall
from rollout_sync.schedule.anchors import Event
from rollout_sync.schedule.network import Days, Network
from rollout_sync.schedule.reach import Axis, Reach, worst

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shortfalls_of(rollout: Rollout, network: Network, reach: Reach, axis: Axis) -> tuple[Shortfall, ...]:
    """The worst chain before every event, most missing days first.

    A chain can be too long for the days from today (or from the project's start) to its event, or for the days
    between two anchors, whatever the start.
    """
    found = [*_too_late_today(rollout, network, reach, axis), *_too_tight(rollout, network, reach, axis)]
    return tuple(sorted(found, key=lambda shortfall: (-shortfall.days, shortfall.chain, shortfall.wall)))


def _too_late_today(rollout: Rollout, network: Network, reach: Reach, axis: Axis) -> Iterator[Shortfall]:
    left = axis.go_live - axis.start
    today = _day(axis.day(axis.start))
    for event, need, place in _worst_by_event(reach, reach.need_of):
        if need > left:
            wall = f"{_name(rollout, axis, event)}, counted from today {today}"
            yield Shortfall(chain=network.driving_chain(place, reach.from_start), days=need - left, wall=wall)


def _too_tight(rollout: Rollout, network: Network, reach: Reach, axis: Axis) -> Iterator[Shortfall]:
    for event, overlap, place in _worst_by_event(reach, reach.overlap_of):
        if overlap > 0:
            wall = _name(rollout, axis, event)
            yield Shortfall(chain=network.driving_chain(place, reach.from_go_live), days=overlap, wall=wall)


def _worst_by_event(reach: Reach, amount_of: Callable[[int], Days]) -> Iterator[tuple[Event, int, int]]:
    """Event, amount and place of the item that is worst off before it."""
    places: dict[Event, list[int]] = {}
    for place, window in enumerate(reach.windows):
        places.setdefault(window.event, []).append(place)
    for event in sorted(places):
        found = worst((amount_of(place), place) for place in places[event])
        if found is not None:
            yield event, *found


def _name(rollout: Rollout, axis: Axis, event: Event) -> str:
    day = _day(axis.day(axis.go_live + event.day))
    names = {department.key: department.name for department in rollout.departments}
    if not event.department:
        return f"go-live {day}"
    return f"wave day of {names.get(event.department, event.department)} {day}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
