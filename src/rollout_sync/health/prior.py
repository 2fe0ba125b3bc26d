"""What is believed before a rollout tells anything: defaults from other projects, or one's own finished rollouts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rollout_sync.errors import PlanError
from rollout_sync.health.network import ActivityNetwork
from rollout_sync.health.pace import observe
from rollout_sync.health.situation import situation_of
from rollout_sync.health.waits import Waits, ratios_of
from rollout_sync.health.worktime import WorkTime

PACE_SPREAD = 0.30
"""Between-project standard deviation of the logarithm of the pace, before one's own history says better."""
ENOUGH_FOR_PACE = 10
"""Finished rollouts from which their pace alone counts; fewer are mixed with the default, each by a tenth."""
ENOUGH_FOR_TOTALS = 3
"""Finished rollouts from which their whole durations are a reference class."""
LEAST_PACE_SPREAD = 0.10
TOTALS_SPREAD = 0.60
PSEUDO_TOTALS = 3
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Whole durations of finished rollouts in calendar days: log-normal with this log-mean and log-sd."""

    mean: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Beliefs that hold for every rollout.

    Attributes:
        pace_mean: of the logarithm of actual by planned length.
        pace_spread: its standard deviation between rollouts.
        totals: None where fewer than three rollouts are finished.
        rollouts: how many finished rollouts it comes from.
    """

    pace_mean: float = 0.0
    pace_spread: float = PACE_SPREAD
    totals: Totals | None = None
    waits: Waits = field(default_factory=Waits)
    rollouts: int = 0


DEFAULT_PRIOR = Prior()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRollout:
    """What a finished rollout teaches.

    Attributes:
        log_pace: its final weighted mean logarithm of actual by planned length; None when it had no plan.
        total_days: calendar days from its first start to its last finish.
        wait_ratios: of each of its decisions, actual by typical length.
    """

    log_pace: float | None
    total_days: float
    wait_ratios: tuple[float, ...] = ()


def past_from(network: ActivityNetwork, worktime: WorkTime) -> PastRollout:
    """What a rollout teaches once it is finished, from its network at any moment after that.

    Raises:
        PlanError: something that counts is not done, or nothing has a start.
    """
    situation = situation_of(network, worktime)
    if not situation.is_finished:
        raise PlanError("a rollout that is not finished teaches nothing yet", hint="ask again when its goals are done")
    began = [one.started_at for one in network.activities if one.started_at is not None]
    ended = [one.finished_at for one in network.activities if one.finished_at is not None]
    if not began or not ended:
        raise PlanError("no activity has a start and a finish", hint="leave this rollout out")
    observed = observe(situation.done)
    return PastRollout(
        log_pace=observed.log_ratio if observed.finished else None,
        total_days=max((max(ended) - min(began)).total_seconds() / _DAY_SECONDS, 0.0),
        wait_ratios=ratios_of(situation.done),
    )


def prior_from(past: Sequence[PastRollout]) -> Prior:
    """Sharpen the defaults with one's own finished rollouts; none gives the defaults."""
    paces = [one.log_pace for one in past if one.log_pace is not None]
    mean, spread = _pace(paces)
    return Prior(
        pace_mean=mean,
        pace_spread=spread,
        totals=_totals([one.total_days for one in past if one.total_days > 0]),
        waits=Waits().with_ratios(ratio for one in past for ratio in one.wait_ratios),
        rollouts=len(past),
    )


def _pace(paces: Sequence[float]) -> tuple[float, float]:
    """Mean and sd of past paces; with fewer than ten a share of the default, and of its variance, remains."""
    if not paces:
        return 0.0, PACE_SPREAD
    own = min(len(paces) / ENOUGH_FOR_PACE, 1.0)
    mean, variance = _moments(paces)
    mixed = own * (PACE_SPREAD**2 if variance is None else variance) + (1 - own) * PACE_SPREAD**2
    return own * mean, max(math.sqrt(mixed), LEAST_PACE_SPREAD)


def _totals(days: Sequence[float]) -> Totals | None:
    """Log-normal of past durations; the sd leans on a default as three more rollouts would, and allows for few."""
    if len(days) < ENOUGH_FOR_TOTALS:
        return None
    mean, variance = _moments([math.log(one) for one in days])
    count = len(days)
    pooled = ((count - 1) * (variance or 0.0) + PSEUDO_TOTALS * TOTALS_SPREAD**2) / (count - 1 + PSEUDO_TOTALS)
    return Totals(mean=mean, spread=math.sqrt(pooled * (1 + 1 / count)))


def _moments(numbers: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample variance; the latter None from a single number."""
    mean = math.fsum(numbers) / len(numbers)
    if len(numbers) == 1:
        return mean, None
    return mean, math.fsum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1)
