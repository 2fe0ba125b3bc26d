"""How long the forecast takes on one core: 500 items with 1,000 links of all types, 10,000 trials, and its drivers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bench.context import Bench
from bench.table import Row
from rollout_sync.health.criticalpath import critical_path
from rollout_sync.health.drivers import drivers
from rollout_sync.health.forecast import forecast
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, ThreePoint, Wait
from rollout_sync.health.worktime import WorkHours
from rollout_sync.model.rollout import CalendarSpec, LinkType
from rollout_sync.schedule.calendar import WorkCalendar

_ITEMS, _LINKS = 500, 1_000
_TIMES = 7
_BEGIN = datetime.fromisoformat("2027-01-04 09:00")
_HOURS = WorkHours(calendar=WorkCalendar.of(CalendarSpec(country="DE")))


def rows(_bench: Bench) -> Iterator[Row]:
    """Processor time, so that neighbours on the machine do not count; the best of several, in one process."""
    network = half_done(_ITEMS, _LINKS)
    found = forecast(network, _HOURS)
    note = f"{_LINKS:,} links, half done, best of {_TIMES}, processor time"
    yield Row(
        measure=f"forecast, {_ITEMS} items x 10,000",
        value=1000 * _best(lambda: forecast(network, _HOURS)),
        bar=150,
        unit="ms",
        note=note,
    )
    yield Row(
        measure=f"its drivers, {_ITEMS} items",
        value=_best(lambda: forecast(network, _HOURS)) + _best(lambda: drivers(network, _HOURS, found), times=3),
        bar=1.5,
        unit="s",
        note="64 runs of 2,000 trials, the forecast before them included",
    )


def _best(call: Callable[[], object], times: int = _TIMES) -> float:
    """Seconds of processor time."""
    taken: list[float] = []
    for _ in range(times):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken)


def half_done(items: int, links: int) -> ActivityNetwork:
    """A made-up project halfway through its plan, with every kind of trouble in it, so that no cause is left out."""
    luck = random.Random(1)  # noqa: S311 - made-up work, no secret
    plan = _plan(luck, items, links)
    times = critical_path(plan)
    begin = float(_HOURS.hours([_BEGIN])[0])
    end = max(one.early_finish for one in times.values())
    now, target = _HOURS.moments([begin + end / 2, begin + end])
    activities: list[Activity] = []
    for one in plan.activities:
        first, last = times[one.key].early_start, times[one.key].early_finish
        start, finish = _HOURS.moments([begin + first + 0.1, begin + last])
        activities.append(_progressed(replace(one, planned_start=start, planned_finish=max(start, finish)), now))
    to_do = [place for place, one in enumerate(activities) if one.status is Status.TODO]
    since = now - timedelta(days=9)
    activities[to_do[0]] = replace(activities[to_do[0]], wait=Wait.APPROVAL, waiting_since=since)
    activities[to_do[1]] = replace(activities[to_do[1]], wait=Wait.BLOCKER, waiting_since=since)
    activities[to_do[2]] = replace(activities[to_do[2]], is_added=True)
    return replace(plan, activities=tuple(activities), now=now, target=target)


def _plan(luck: random.Random, items: int, links: int) -> ActivityNetwork:
    lengths = [float(luck.choice([4, 8, 16, 24, 40])) for _ in range(items)]
    activities = tuple(
        Activity(
            key=f"item-{number:04}",
            duration=length,
            estimate=ThreePoint(low=length / 2, likely=length, high=3 * length) if luck.random() < 1 / 2 else None,
        )
        for number, length in enumerate(lengths)
    )
    kinds = [*LinkType, *[LinkType.FINISH_START] * 6]
    found: dict[tuple[int, int], Link] = {}
    while len(found) < links:
        target = luck.randrange(1, items)
        source = luck.randrange(max(0, target - 25), target)
        found[source, target] = Link(
            source=activities[source].key,
            target=activities[target].key,
            type=luck.choice(kinds),
            lag=luck.choice([0.0, 0.0, 0.0, 8.0]),
        )
    return ActivityNetwork(activities=activities, links=tuple(found.values()), now=_BEGIN)


def _progressed(one: Activity, now: datetime) -> Activity:
    """Work takes a tenth longer than planned."""
    if one.planned_start is None or one.planned_finish is None or one.planned_start >= now:
        return one
    finish = one.planned_finish + (one.planned_finish - one.planned_start) / 10
    if finish > now:
        return replace(one, status=Status.STARTED, started_at=one.planned_start)
    return replace(one, status=Status.DONE, started_at=one.planned_start, finished_at=finish)
