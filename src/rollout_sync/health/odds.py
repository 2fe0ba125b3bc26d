"""The odds of a plan before anything is created: how likely the wished date is, which date is likely, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from rollout_sync.health.activities import OPENS, network_of, working_time
from rollout_sync.health.drivers import Driver, drivers
from rollout_sync.health.forecast import SEED, Forecast, forecast
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from rollout_sync.model.rollout import Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.schedule.calendar import WorkCalendar

REASONS = 3
_WORTH_SAYING = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """What a coordinator should know before starting.

    Attributes:
        target: the wished go-live day.
        p_target: chance that everything before go-live is finished by the end of that day.
        p_grace: the same with the rollout's grace days.
        p50: the day by which it is finished with even odds.
        p80: the day by which it is finished with 80 % odds.
        reasons: at most three, each a cause that pushes the date back, the largest first.
        forecast: the whole answer.
    """

    target: date
    p_target: float
    p_grace: float
    p50: date
    p80: date
    reasons: tuple[Driver, ...]
    forecast: Forecast


def odds(
    rollout: Rollout,
    schedule: Schedule,
    calendar: WorkCalendar,
    now: datetime,
    prior: Prior = DEFAULT_PRIOR,
    *,
    seed: int = SEED,
) -> Odds | None:
    """Forecast a rollout of which nothing is done yet; None for a rollout without items.

    `now` is aware. The plan counts from the morning of that day, so that it has the same odds all day long.
    """
    if not rollout.items:
        return None
    network, hours = network_of(rollout, schedule, morning_of(now)), working_time(calendar)
    found = forecast(network, hours, prior=prior, seed=seed)
    causes = drivers(network, hours, found, prior=prior)
    return Odds(
        target=schedule.go_live,
        p_target=found.p_target or 0.0,
        p_grace=found.p_grace or 0.0,
        p50=found.at(0.5).date(),
        p80=found.at(0.8).date(),
        reasons=tuple(one for one in causes if one.days >= _WORTH_SAYING)[:REASONS],
        forecast=found,
    )


def morning_of(now: datetime) -> datetime:
    """When work begins on the day of this aware moment."""
    return datetime.combine(now.astimezone(UTC).date(), OPENS, UTC)
