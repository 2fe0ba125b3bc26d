"""Made-up networks and histories, simulated here in plain Python so that they share no code with what they judge."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status
from rollout_sync.health.worktime import EveryHour, WorkHours
from rollout_sync.model.rollout import CalendarSpec, LinkType
from rollout_sync.schedule.calendar import WorkCalendar


def at(text: str) -> datetime:
    """A naive moment, as in histories that know no time zone."""
    return datetime.fromisoformat(text)


MONDAY = at("2027-01-04 09:00")
OFFICE = WorkHours(calendar=WorkCalendar.of(CalendarSpec()), spans=((time(9), time(17)),))
ALWAYS = EveryHour()
DAY = timedelta(days=1)


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def chain(*lengths: float, now: datetime = MONDAY, target: datetime | None = None) -> ActivityNetwork:
    """Activities a, b, c ... one after the other from Monday morning, in office hours."""
    begin = float(OFFICE.hours([MONDAY])[0])
    activities: list[Activity] = []
    for number, length in enumerate(lengths):
        start, finish = OFFICE.moments([begin + 1e-6, begin + length])
        key = chr(ord("a") + number)
        activities.append(Activity(key=key, duration=length, planned_start=start, planned_finish=finish))
        begin += length
    links = tuple(Link(source=one.key, target=two.key) for one, two in pairwise(activities))
    return ActivityNetwork(activities=tuple(activities), links=links, now=now, target=target)


def changed(network: ActivityNetwork, key: str, **over) -> ActivityNetwork:
    """The network with one activity changed."""
    activities = tuple(replace(one, **over) if one.key == key else one for one in network.activities)
    return replace(network, activities=activities)


@dataclass(frozen=True)
class History:
    """What was known at one moment of a made-up project, and when it really ended (hours from `now`)."""

    network: ActivityNetwork
    left: float


def history(luck: random.Random, *, share: float, size: int = 24) -> History:
    """A project of which about `share` of the plan lies behind it.

    Each project has a pace of its own; each activity scatters around it; nobody starts before the planned start; and
    what comes after the status date is stretched by surprises that no plan knew.
    """
    lengths = [luck.choice([8, 16, 24, 40, 60, 80]) for _ in range(size)]
    before = [
        sorted(luck.sample(range(max(0, n - 3), n), k=min(n, luck.choice([1, 1, 2])))) if n else [] for n in range(size)
    ]
    planned = _simulate(lengths, before, [0.0] * size)
    pace = luck.gauss(0, 0.30)
    real_lengths = [length * math.exp(pace + luck.gauss(0, 0.20)) for length in lengths]
    real = _simulate(real_lengths, before, [start for start, _ in planned])
    end = max(finish for _, finish in planned)
    now = share * end
    left = max(finish for _, finish in real) - now
    if left <= 0:
        return history(luck, share=share, size=size)
    stretched = left * math.exp(luck.gauss(0, min(1.3, math.hypot(0.20, 0.03 * end / max(left, 0.01 * end)))))
    activities = tuple(_activity(number, lengths[number], planned[number], real[number], now) for number in range(size))
    links = tuple(Link(source=_key(i), target=_key(n)) for n in range(size) for i in before[n])
    network = ActivityNetwork(activities=activities, links=links, now=_at(now), target=_at(end))
    return History(network=network, left=stretched)


def _simulate(lengths, before, floors):
    times: list[tuple[float, float]] = []
    for length, sources, floor in zip(lengths, before, floors, strict=True):
        start = max([floor, *(times[source][1] for source in sources)])
        times.append((start, start + length))
    return times


def _activity(number, length, planned, real, now):
    known: dict[str, object] = {}
    if real[1] <= now:
        known = {"status": Status.DONE, "started_at": _at(real[0]), "finished_at": _at(real[1])}
    elif real[0] <= now:
        known = {"status": Status.STARTED, "started_at": _at(real[0])}
    return Activity(
        key=_key(number), duration=length, planned_start=_at(planned[0]), planned_finish=_at(planned[1]), **known
    )


def _key(number: int) -> str:
    return f"activity-{number:02}"


def _at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def random_network(luck: random.Random, size: int, links: int) -> ActivityNetwork:
    """Whole-hour lengths, all link types, lags and leads; keys in an order of their own."""
    keys = [f"{luck.randrange(10**6):06}-{number}" for number in range(size)]
    activities = tuple(Activity(key=key, duration=float(luck.randrange(0, 40))) for key in keys)
    found = set()
    for _ in range(links):
        a, b = sorted(luck.sample(range(size), 2))
        found.add((keys[a], keys[b], luck.choice(list(LinkType)), float(luck.choice([0, 0, 0, 5, 16, -4, -20]))))
    made = tuple(Link(source=a, target=b, type=kind, lag=lag) for a, b, kind, lag in sorted(found))
    return ActivityNetwork(activities=activities, links=made, now=MONDAY)
