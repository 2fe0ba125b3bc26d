"""What an earlier beginning is worth: the same plan moved towards today, while the promised go-live stays.

Needs no model of its own: the moved plan is forecast like every other, with the same luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from rollout_sync.health.activities import network_of, working_time
from rollout_sync.health.forecast import forecast
from rollout_sync.health.odds import Odds, morning_of
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from rollout_sync.model.rollout import Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.schedule.calendar import WorkCalendar

ENOUGH = 0.8
"""Odds with which one can live; a plan that has them is given no advice."""
STEP = 5
"""Advice comes in whole weeks of working days: the odds are no finer than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The same plan, begun earlier.

    Attributes:
        days: working days by which everything moves.
        start: the day on which it begins then.
        go_live: the day it is planned for then, `days` before the promised one: what to plan with.
        p_target: chance to keep the promised go-live then.
    """

    days: int
    start: date
    go_live: date
    p_target: float


def earlier(
    rollout: Rollout,
    schedule: Schedule,
    calendar: WorkCalendar,
    now: datetime,
    found: Odds,
    *,
    prior: Prior = DEFAULT_PRIOR,
) -> Earlier | None:
    """The smallest number of weeks that gives 80 % odds, or as many working days as there are before the first one.

    `found` are the odds of the same rollout, schedule, day and prior. A plan that begins later by nothing but the
    calendar finishes later by as much in every trial, so the days between the promise and P80 are those that lack.

    Returns:
        None where the odds are good, nothing can move because the plan begins today, or moving would not help.
    """
    if found.p_target >= ENOUGH:
        return None
    today = now.astimezone(UTC).date()
    weeks = max(math.ceil(calendar.between(found.target, found.p80) / STEP), 1)
    days = min(weeks * STEP, calendar.between(today, schedule.start))
    if days <= 0:
        return None
    plan = moved(schedule, calendar, days)
    then = forecast(
        network_of(rollout, plan, morning_of(now), target=found.target),
        working_time(calendar),
        prior=prior,
        seed=found.forecast.seed,
        trials=found.forecast.trials,
    )
    if then.p_target is None or then.p_target <= found.p_target:
        return None
    return Earlier(days=days, start=plan.start, go_live=plan.go_live, p_target=then.p_target)


def moved(schedule: Schedule, calendar: WorkCalendar, days: int) -> Schedule:
    """The schedule with every day in it so many working days earlier: the one of a go-live so much earlier."""
    return replace(
        schedule,
        slots={
            key: replace(slot, start=calendar.shift(slot.start, -days), finish=calendar.shift(slot.finish, -days))
            for key, slot in schedule.slots.items()
        },
        start=calendar.shift(schedule.start, -days),
        go_live=calendar.shift(schedule.go_live, -days),
        wave_days={name: calendar.shift(day, -days) for name, day in schedule.wave_days.items()},
    )
