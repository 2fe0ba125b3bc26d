"""The odds of a plan that is not begun: what the forecast says of it, sharpened by the ledger's finished rollouts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout_sync.errors import LedgerError
from rollout_sync.health.earlier import Earlier, earlier
from rollout_sync.health.odds import Odds, odds
from rollout_sync.health.prior import DEFAULT_PRIOR, PastRollout, Prior, prior_from
from rollout_sync.ledger import chronicle
from rollout_sync.ledger.opening import Database
from rollout_sync.model.rollout import Rollout
from rollout_sync.model.schedule import Schedule
from rollout_sync.schedule.calendar import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What can be said of a rollout before it starts.

    Attributes:
        odds: of the wished date, and the date with 80 % odds, with reasons.
        earlier: what beginning earlier would be worth; None where the odds are good or nothing can move.
        past_rollouts: finished rollouts of one's own that were learnt from.
    """

    odds: Odds
    earlier: Earlier | None
    past_rollouts: int


def odds_of(rollout: Rollout, schedule: Schedule, now: datetime, prior: Prior = DEFAULT_PRIOR) -> Prospect | None:
    """The odds of a rollout of which nothing is done yet; None for one without items.

    Args:
        rollout: as expanded from its template.
        schedule: its computed dates.
        now: aware; the answer is the same all day.
        prior: see `prior_of`.

    Raises:
        ConfigError: forecast dates leave the calendar's years.
    """
    calendar = WorkCalendar.of(rollout.calendar)
    found = odds(rollout, schedule, calendar, now, prior)
    if found is None:
        return None
    return Prospect(
        odds=found,
        earlier=earlier(rollout, schedule, calendar, now, found, prior=prior),
        past_rollouts=prior.rollouts,
    )


def prior_of(database: Database) -> Prior:
    """What the ledger's finished rollouts teach; the defaults where none is finished.

    Raises:
        LedgerError: a lesson in the ledger cannot be read.
    """
    with database.reading() as connection:
        lessons = chronicle.lessons(connection)
    return prior_from(past_rollouts(lessons))


def past_rollouts(lessons: Iterable[Mapping[str, object]]) -> tuple[PastRollout, ...]:
    """Lessons as they stand in the ledger, checked; `LedgerError` names what is wrong with one."""
    return tuple(_past(lesson) for lesson in lessons)


def _past(lesson: Mapping[str, object]) -> PastRollout:
    log_pace, ratios = lesson.get("log_pace"), lesson.get("wait_ratios")
    if not isinstance(ratios, list | tuple):
        raise _unreadable("wait_ratios", ratios)
    return PastRollout(
        log_pace=None if log_pace is None else _number("log_pace", log_pace),
        total_days=_number("total_days", lesson.get("total_days")),
        wait_ratios=tuple(_number("wait_ratios", ratio) for ratio in ratios),
    )


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _unreadable(name, value)
    return float(value)


def _unreadable(name: str, value: object) -> LedgerError:
    return LedgerError(
        f"what a finished rollout taught cannot be read: {name} is {value!r}",
        where="ledger, lessons of finished rollouts",
        hint="the ledger was changed by hand, or is damaged; put its newest backup in place",
    )
