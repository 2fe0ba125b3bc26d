"""Work that people put beside the template's: how long it may take, and whether go-live waits for it.

It counts for go-live where it lies under the epic or bucket of a phase of which something has to be finished before
go-live: the last open item of that phase cannot end before it (finish to finish). Where nothing of the phase is open
any more, go-live itself waits for it. What lies elsewhere counts for nothing but the tally.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from rollout_sync.health.activities import CLOSES, HOURS_A_DAY, OPENS, moment_at
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status
from rollout_sync.health.review import Case
from rollout_sync.model.objects import ObjectKind
from rollout_sync.model.rollout import LinkType
from rollout_sync.model.snapshot import AddedItem, ItemStatus
from rollout_sync.schedule.calendar import WorkCalendar

PHASES = frozenset({ObjectKind.EPIC, ObjectKind.BUCKET})
_STATUS = {ItemStatus.STARTED: Status.STARTED, ItemStatus.DONE: Status.DONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What comes on top of the planned network."""

    activities: tuple[Activity, ...] = ()
    links: tuple[Link, ...] = ()
    goals: tuple[str, ...] = ()


def added_work(case: Case, network: ActivityNetwork, counting: AbstractSet[str]) -> Extra:
    """Added items that are open, or done with dates of their own; `counting` is what go-live waits for.

    An added item without dates takes as long as the median of the others and is planned from now on. Once it is done
    it says nothing of plans, and is left out.
    """
    usual = _usual(network)
    made = {
        one.id: activity
        for one in case.snapshot.added
        if one.status is not ItemStatus.GONE
        and (activity := _activity(one, case.now, case.calendar, usual)) is not None
    }
    phases = {one.id: one.under.name for one in case.snapshot.added if one.under.kind in PHASES}
    lasts = _last_open(case, network, counting)
    links, goals = [], []
    for key in made:
        phase = phases.get(key, "")
        if (last := lasts.get(phase)) is not None:
            links.append(Link(source=key, target=last, type=LinkType.FINISH_FINISH))
        elif phase in lasts:
            goals.append(key)
    return Extra(activities=tuple(made.values()), links=tuple(links), goals=tuple(goals))


def _usual(network: ActivityNetwork) -> float:
    lengths = [one.duration for one in network.activities if one.duration]
    return median(lengths) if lengths else HOURS_A_DAY


def _last_open(case: Case, network: ActivityNetwork, counting: AbstractSet[str]) -> Mapping[str, str | None]:
    """Of each phase that counts, its open item that is planned to end last; None where all of them are done."""
    open_ends = {
        one.key: one.planned_finish
        for one in network.activities
        if one.status is not Status.DONE and one.planned_finish is not None
    }
    found: dict[str, str | None] = {}
    for item in case.rollout.items:
        if item.key not in counting:
            continue
        known = found.setdefault(item.phase, None)
        if item.key in open_ends and (known is None or (open_ends[item.key], item.key) > (open_ends[known], known)):
            found[item.phase] = item.key
    return found


def _activity(one: AddedItem, now: datetime, calendar: WorkCalendar, usual: float) -> Activity | None:
    status = _STATUS.get(one.status, Status.TODO)
    finished = min(one.finished_at or now, now) if status is Status.DONE else None
    started = min(one.started_at, finished or now) if one.started_at and status is not Status.TODO else None
    dates = _dates(one, calendar, usual)
    if dates is None and status is Status.DONE:
        return None
    length, begin, end = dates or (usual, started or now, None)
    return Activity(
        key=one.id,
        title=one.title,
        duration=length,
        planned_start=begin,
        planned_finish=end,
        status=status,
        started_at=started,
        finished_at=finished,
        is_added=True,
    )


def _dates(one: AddedItem, calendar: WorkCalendar, usual: float) -> tuple[float, datetime, datetime | None] | None:
    """Length in hours, start and finish, as far as people gave dates."""
    if one.due is None:
        return None if one.start is None else (usual, moment_at(one.start, OPENS), None)
    first = one.start
    if first is None:
        first = min(calendar.shift(one.due, 1 - max(round(usual / HOURS_A_DAY), 1)), one.due)
        return usual, moment_at(first, OPENS), moment_at(one.due, CLOSES)
    first = min(first, one.due)
    days = max(calendar.between(first, one.due) + calendar.is_working(one.due), 1)
    return days * HOURS_A_DAY, moment_at(first, OPENS), moment_at(one.due, CLOSES)
