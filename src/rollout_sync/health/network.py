"""A plain activity network: a project's plan, links and statuses as the forecast sees them.

Nothing here knows of templates or trackers, so that the history of any project can be forecast and scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from rollout_sync.errors import PlanError
from rollout_sync.model.rollout import LinkType


class Status(StrEnum):
    """How far an activity is."""

    TODO = "todo"
    STARTED = "started"
    DONE = "done"


class Wait(StrEnum):
    """Why an activity waits for a person: it is a decision, or something blocks it."""

    APPROVAL = "approval"
    BLOCKER = "blocker"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreePoint:
    """Working hours an activity may take: 0 <= low <= likely <= high."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One piece of work. All lengths are working hours; all moments of a network are naive, or all are aware.

    Attributes:
        key: identity in its network.
        title: what sentences call it; the key when empty.
        duration: planned length; None takes it from the planned dates.
        estimate: where the plan gives three lengths instead of one.
        planned_start: not before this moment, as people keep to the dates they were given.
        finished_at: a moment after the network's `now` does not count: the activity is not done then.
        percent: progress from 0 to 100 as reported; None for a started activity counts as half.
        wait: the activity is a decision (`approval`), or it is blocked.
        waiting_since: when the decision was asked for or the blocker came up; None for a decision not asked for yet.
        typical_wait: median length of such a wait; None takes the planned length, or seven working days.
        is_added: not part of the plan that was agreed.
    """

    key: str
    title: str = ""
    duration: float | None = None
    estimate: ThreePoint | None = None
    planned_start: datetime | None = None
    planned_finish: datetime | None = None
    status: Status = Status.TODO
    started_at: datetime | None = None
    finished_at: datetime | None = None
    percent: float | None = None
    wait: Wait | None = None
    waiting_since: datetime | None = None
    typical_wait: float | None = None
    is_added: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.key

    @property
    def is_planned(self) -> bool:
        """Whether its planned length is known."""
        return self.duration is not None or (self.planned_start is not None and self.planned_finish is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`target` waits for `source`; `lag` in working hours, negative for a lead."""

    source: str
    target: str
    type: LinkType = LinkType.FINISH_START
    lag: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityNetwork:
    """A project at one moment.

    Attributes:
        now: the status date; nothing later is known.
        target: the agreed moment; None when nobody agreed on one.
        grace: working hours after the target that still count as on time; None is 5 % of the planned duration, at
            least one working day and at most ten.
        goals: keys of what has to be finished; they and all before them count. Empty: everything counts.

    Raises:
        PlanError: a key stands twice or is unknown, activities wait for each other, a number or a pair of dates is
            impossible, or naive and aware moments are mixed.
    """

    activities: tuple[Activity, ...]
    links: tuple[Link, ...] = ()
    now: datetime
    target: datetime | None = None
    grace: float | None = None
    goals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keys = _checked_keys(self.activities)
        for name in (*self.goals, *(end for link in self.links for end in (link.source, link.target))):
            if name not in keys:
                raise PlanError(f"{name!r} is linked or a goal, but no activity", where=name, hint="add it or drop it")
        for activity in self.activities:
            _check_numbers(activity)
        _check_links(self.links)
        _check_moments(self)
        ordered(self)

    def finishing(self, keys: Sequence[str]) -> ActivityNetwork:
        """The same network with these activities finished at `now`: for asking what would be."""
        done = frozenset(keys)
        return replace(
            self,
            activities=tuple(
                replace(one, status=Status.DONE, finished_at=self.now, started_at=one.started_at or self.now)
                if one.key in done
                else one
                for one in self.activities
            ),
        )


def ordered(network: ActivityNetwork) -> tuple[str, ...]:
    """Keys with predecessors first; the same whatever order activities and links are given in.

    Raises:
        PlanError: activities wait for each other; the message names the circle.
    """
    before: dict[str, list[str]] = {one.key: [] for one in sorted(network.activities, key=lambda one: one.key)}
    for link in in_order(network.links):
        before[link.target].append(link.source)
    try:
        return tuple(TopologicalSorter(before).static_order())
    except CycleError as error:
        circle = " before ".join(error.args[1])
        raise PlanError(
            f"activities wait for each other: {circle}", where=error.args[1][0], hint="take one link out of this circle"
        ) from error


def in_order(links: Iterable[Link]) -> list[Link]:
    """Links in an order that does not depend on how they were given."""
    return sorted(links, key=lambda link: (link.target, link.source, link.type.value, link.lag))


def counted(network: ActivityNetwork) -> frozenset[str]:
    """The goals and everything before them."""
    if not network.goals:
        return frozenset(one.key for one in network.activities)
    before: dict[str, list[str]] = {}
    for link in network.links:
        before.setdefault(link.target, []).append(link.source)
    found: set[str] = set()
    to_see = list(network.goals)
    while to_see:
        key = to_see.pop()
        if key not in found:
            found.add(key)
            to_see += before.get(key, ())
    return frozenset(found)


def _checked_keys(activities: Sequence[Activity]) -> Mapping[str, Activity]:
    keys: dict[str, Activity] = {}
    for activity in activities:
        if activity.key in keys:
            raise PlanError(f"two activities have the key {activity.key!r}", where=activity.key, hint="rename one")
        keys[activity.key] = activity
    return keys


def _check_numbers(activity: Activity) -> None:
    for problem in _problems(activity):
        raise PlanError(
            f"{activity.key!r} cannot be forecast: {problem}", where=activity.key, hint="correct it or leave it out"
        )


def _problems(activity: Activity) -> Iterator[str]:
    numbers = {"duration": activity.duration, "typical_wait": activity.typical_wait, "percent": activity.percent}
    for name, number in numbers.items():
        if number is not None and not 0 <= number < math.inf:
            yield f"{name} is {number}, not a number from 0"
    if activity.percent is not None and activity.percent > 100:  # noqa: PLR2004 - percent
        yield f"percent is {activity.percent}, more than 100"
    three = activity.estimate
    if three is not None and not 0 <= three.low <= three.likely <= three.high < math.inf:
        yield f"its estimates {three.low}, {three.likely}, {three.high} do not grow from 0"
    for first, last in (("planned_start", "planned_finish"), ("started_at", "finished_at")):
        begin, end = getattr(activity, first), getattr(activity, last)
        if begin is not None and end is not None and _is_aware(begin) == _is_aware(end) and end < begin:
            yield f"{last} {end} is before {first} {begin}"


def _check_links(links: Sequence[Link]) -> None:
    for link in links:
        if not math.isfinite(link.lag):
            raise PlanError(f"the link {link.source!r} to {link.target!r} has the lag {link.lag}", where=link.target)


def _check_moments(network: ActivityNetwork) -> None:
    moments = {"now": network.now, "target": network.target}
    for one in network.activities:
        for name in ("planned_start", "planned_finish", "started_at", "finished_at", "waiting_since"):
            moments[f"{name} of {one.key!r}"] = getattr(one, name)
    for name, moment in moments.items():
        if moment is not None and _is_aware(moment) != _is_aware(network.now):
            raise PlanError(
                f"{name} is {moment.isoformat()}, now is {network.now.isoformat()}: one has a time zone, one has none",
                hint="give all moments of a network a time zone, or none",
            )


def _is_aware(moment: datetime) -> bool:
    return moment.utcoffset() is not None
