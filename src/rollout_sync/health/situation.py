"""What is known of a network at its status date, as numbers: working hours from `now`, predecessors first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from rollout_sync.health.criticalpath import FROM_FINISH, TO_FINISH, earliest
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, Wait, counted, in_order, ordered
from rollout_sync.health.worktime import Hours, WorkTime

DEFAULT_WAIT_DAYS = 7.0
"""Median working days of a wait that nobody knows the usual length of, as measured on 134 reviews."""
UNREPORTED_PROGRESS = 0.5
GRACE_SHARE = 0.05
GRACE_DAYS = (1.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A link seen from its target; `source` is a place in the situation, `lag` in hours."""

    source: int
    from_finish: bool
    to_finish: bool
    lag: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One activity at `now`. Moments are working hours from `now`, so what lies behind is negative.

    Attributes:
        activity: as it was given.
        length: planned working hours; the median of the others where nothing was planned.
        is_dated: a start was planned, and so it is not started before it.
        planned_start: as planned, or as links allow from the project's first day.
        status: a status that `now` bears out: what finishes later is not done.
        started: start of what is started or done.
        finished: finish of what is done.
        progress: from 0 to 1.
        waited: how long the decision or the blocker has been waited for; None when nothing is waited for yet.
        typical_wait: median length of such a wait.
    """

    activity: Activity
    length: float
    is_dated: bool
    planned_start: float
    planned_finish: float
    status: Status
    started: float
    finished: float
    progress: float
    waited: float | None
    typical_wait: float
    incoming: tuple[Incoming, ...]

    @property
    def key(self) -> str:
        """Of its activity."""
        return self.activity.key

    @property
    def is_open(self) -> bool:
        """Whether it still has to be finished."""
        return self.status is not Status.DONE

    @property
    def is_approval(self) -> bool:
        """Whether it is a decision and not work."""
        return self.activity.wait is Wait.APPROVAL

    @property
    def is_blocked(self) -> bool:
        """Whether something blocks it now."""
        return self.is_open and self.activity.wait is Wait.BLOCKER and self.waited is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What counts for the finish, and the ratios that everything done teaches.

    Attributes:
        standings: what counts, predecessors first.
        goals: places of what has to be finished.
        done: all finished activities, also those that do not count for the goals.
        target: hours from `now`; None when there is none.
        grace: hours.
        day: working hours of a day.
        planned_share: share of all activities whose length was planned.
    """

    standings: tuple[Standing, ...]
    goals: tuple[int, ...]
    done: tuple[Standing, ...]
    target: float | None
    grace: float
    day: float
    planned_share: float

    @property
    def planned_start(self) -> float:
        """When the project was planned to begin."""
        return min((one.planned_start for one in self.standings), default=0.0)

    @property
    def planned_finish(self) -> float:
        """When its last activity was planned to end."""
        return max((one.planned_finish for one in self.standings), default=0.0)

    @property
    def is_finished(self) -> bool:
        """Whether nothing that counts is open."""
        return all(not self.standings[place].is_open for place in self.goals)


def situation_of(network: ActivityNetwork, worktime: WorkTime) -> Situation:
    """Turn moments into hours, fill in what the plan leaves open, and keep what counts for the goals."""
    activities = {one.key: one for one in network.activities}
    order = ordered(network)
    moments = _Moments.of(network, worktime)
    lengths = _lengths([activities[key] for key in order], moments)
    starts = _planned_starts(order, activities, network.links, moments, lengths)
    counts = counted(network)
    places = {key: place for place, key in enumerate(key for key in order if key in counts)}
    incoming = _incoming(network.links, places)
    standings = {
        key: _standing(activities[key], moments, lengths[key], starts[key], incoming.get(key, ()), worktime)
        for key in order
    }
    kept = tuple(standings[key] for key in places)
    return Situation(
        standings=kept,
        goals=tuple(sorted(places[key] for key in network.goals or places)),
        done=tuple(one for one in standings.values() if not one.is_open),
        target=moments.at(network.target),
        grace=_grace(network.grace, kept, worktime.hours_per_day),
        day=worktime.hours_per_day,
        planned_share=sum(one.is_planned for one in network.activities) / max(len(activities), 1),
    )


@dataclass(frozen=True, slots=True)
class _Moments:
    """All moments of a network in hours from its `now`, converted at once."""

    known: Mapping[datetime, float]

    @classmethod
    def of(cls, network: ActivityNetwork, worktime: WorkTime) -> _Moments:
        named = [network.target]
        for one in network.activities:
            named += [one.planned_start, one.planned_finish, one.started_at, one.finished_at, one.waiting_since]
        distinct = sorted({moment for moment in named if moment is not None} | {network.now})
        hours: Hours = worktime.hours(distinct)
        return cls(dict(zip(distinct, (hours - hours[distinct.index(network.now)]).tolist(), strict=True)))

    def at(self, moment: datetime | None) -> float | None:
        return None if moment is None else self.known[moment]

    def planned_length(self, activity: Activity) -> float | None:
        if activity.duration is not None:
            return activity.duration
        start, finish = self.at(activity.planned_start), self.at(activity.planned_finish)
        return None if start is None or finish is None else finish - start


def _lengths(activities: Sequence[Activity], moments: _Moments) -> dict[str, float]:
    """Planned lengths; what has none is taken to be as long as the median of the others."""
    planned = {one.key: moments.planned_length(one) for one in activities}
    known = [length for length in planned.values() if length is not None]
    usual = median(known) if known else 0.0
    return {key: usual if length is None else length for key, length in planned.items()}


def _planned_starts(
    order: Sequence[str],
    activities: Mapping[str, Activity],
    links: Sequence[Link],
    moments: _Moments,
    lengths: Mapping[str, float],
) -> Mapping[str, float]:
    """Planned starts; where none was given, as early as links allow from the first day of the plan."""
    given: dict[str, float] = {}
    for key in order:
        start, finish = moments.at(activities[key].planned_start), moments.at(activities[key].planned_finish)
        if start is None and finish is not None:
            start = finish - lengths[key]
        if start is not None:
            given[key] = start
    if len(given) == len(order):
        return given
    began = [start for one in activities.values() if (start := moments.at(one.started_at)) is not None and start <= 0]
    first = min(given.values(), default=min(began, default=0.0))
    computed = earliest(order, lengths, links, {key: given.get(key, first) for key in order})
    return {key: given.get(key, computed[key]) for key in order}


def _incoming(links: Sequence[Link], places: Mapping[str, int]) -> dict[str, tuple[Incoming, ...]]:
    found: dict[str, list[Incoming]] = {}
    for link in in_order(links):
        if link.source in places and link.target in places:
            found.setdefault(link.target, []).append(
                Incoming(
                    source=places[link.source],
                    from_finish=link.type in FROM_FINISH,
                    to_finish=link.type in TO_FINISH,
                    lag=link.lag,
                )
            )
    return {key: tuple(incoming) for key, incoming in found.items()}


def _standing(  # noqa: PLR0917 - private, called once
    activity: Activity,
    moments: _Moments,
    length: float,
    planned_start: float,
    incoming: tuple[Incoming, ...],
    worktime: WorkTime,
) -> Standing:
    planned_finish = moments.at(activity.planned_finish)
    if planned_finish is None:
        planned_finish = planned_start + length
    status, started, finished = _status(activity, moments, planned_start, planned_finish)
    typical = activity.typical_wait
    if typical is None:
        is_decision = activity.wait is Wait.APPROVAL and length > 0
        typical = length if is_decision else DEFAULT_WAIT_DAYS * worktime.hours_per_day
    return Standing(
        activity=activity,
        length=length,
        is_dated=activity.planned_start is not None,
        planned_start=planned_start,
        planned_finish=max(planned_finish, planned_start),
        status=status,
        started=started,
        finished=finished,
        progress=_progress(activity, status),
        waited=_waited(activity, status, moments.at(activity.waiting_since), started),
        typical_wait=typical,
        incoming=incoming,
    )


def _status(
    activity: Activity, moments: _Moments, planned_start: float, planned_finish: float
) -> tuple[Status, float, float]:
    """Status, start and finish as far as `now` bears them out.

    A finish later than `now` is a plan and not a fact; so is a start. What is done without a date was done as planned,
    or just now where that lies ahead.
    """
    started, finished = moments.at(activity.started_at), moments.at(activity.finished_at)
    if activity.status is Status.DONE and (finished is None or finished <= 0):
        finish = min(planned_finish, 0.0) if finished is None else finished
        return Status.DONE, finish if started is None else min(started, finish), finish
    if activity.status is Status.TODO or (started is not None and started > 0):
        return Status.TODO, np.nan, np.nan
    return Status.STARTED, min(planned_start, 0.0) if started is None else started, np.nan


def _waited(activity: Activity, status: Status, since: float | None, started: float) -> float | None:
    """Hours waited so far; a decision that somebody has begun on is waited for since then."""
    if since is None and activity.wait is Wait.APPROVAL and status is Status.STARTED:
        since = started
    return None if since is None or since > 0 else -since


def _progress(activity: Activity, status: Status) -> float:
    match status:
        case Status.DONE:
            return 1.0
        case Status.TODO:
            return 0.0
        case Status.STARTED:
            return UNREPORTED_PROGRESS if activity.percent is None else activity.percent / 100


def _grace(given: float | None, standings: Sequence[Standing], day: float) -> float:
    """5 % of the planned duration, one to ten working days, where the network says nothing."""
    if given is not None:
        return given
    first = min((one.planned_start for one in standings), default=0.0)
    last = max((one.planned_finish for one in standings), default=0.0)
    low, high = GRACE_DAYS
    return min(max(GRACE_SHARE * (last - first), low * day), high * day)
