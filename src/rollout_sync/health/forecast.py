"""When a network will be finished, and how sure that is: the one call that scores any project history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rollout_sync.errors import PlanError
from rollout_sync.health.draws import Draws
from rollout_sync.health.montecarlo import criticality
from rollout_sync.health.network import Activity, ActivityNetwork, Link, counted
from rollout_sync.health.outlook import Belief, Chances
from rollout_sync.health.pace import Pace
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from rollout_sync.health.referenceclass import days_left, flow_of
from rollout_sync.health.situation import Situation, situation_of
from rollout_sync.health.worktime import WorkTime

MODEL = 1
"""Grows when the same input may give another answer; part of every fingerprint."""
SEED = 20_270_301
TRIALS = 10_000
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PLANNED_SHARE = 0.5
"""With fewer planned lengths than this share there is no plan to speak of."""
_PATH_TRIALS = 2_000
_HORIZON_DAYS = 10_000
"""Working days beyond which a decile is not told apart: some 40 years, within every calendar."""


class Basis(StrEnum):
    """What a forecast rests on."""

    NETWORK = "network"
    REFERENCE_CLASS = "reference class"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The answer.

    Attributes:
        basis: `reference class` where there is no plan: only items are counted then.
        deciles: moments by which the finish comes with 10, 20 ... 90 %; aware when `now` is.
        p_target: chance to finish by the target; None without one.
        p_grace: the same with the grace period.
        grace: working hours.
        planned_finish: what the plan says; None without one.
        criticality: share of trials in which an open activity is on the path that sets the finish.
        finished: activities that are done, of `total`.
        fingerprint: of everything that this was computed from; equal ones mean equal answers.
        notes: what a reader should know of the input.
    """

    basis: Basis
    now: datetime
    target: datetime | None
    deciles: tuple[datetime, ...]
    p_target: float | None
    p_grace: float | None
    grace: float
    planned_finish: datetime | None
    pace: Pace
    criticality: Mapping[str, float]
    finished: int
    total: int
    seed: int
    trials: int
    fingerprint: str
    notes: tuple[str, ...] = ()

    def at(self, level: float) -> datetime:
        """The decile of a level such as 0.8; ValueError when it is none."""
        return self.deciles[LEVELS.index(level)]

    def plain(self) -> dict[str, object]:
        """As JSON values: moments in ISO 8601, chances to four digits."""
        return {
            "model": MODEL,
            "basis": self.basis.value,
            "now": self.now.isoformat(),
            "target": self.target.isoformat() if self.target else None,
            "deciles": {f"P{round(100 * level)}": one.isoformat() for level, one in zip(LEVELS, self.deciles, strict=True)},
            "p_target": self.p_target,
            "p_grace": self.p_grace,
            "grace_hours": round(self.grace, 2),
            "planned_finish": self.planned_finish.isoformat() if self.planned_finish else None,
            "pace": {
                "factor": round(self.pace.factor, 4),
                "low": round(self.pace.low, 4),
                "high": round(self.pace.high, 4),
                "finished": self.pace.finished,
            },
            "criticality": dict(self.criticality),
            "finished": self.finished,
            "total": self.total,
            "seed": self.seed,
            "trials": self.trials,
            "fingerprint": self.fingerprint,
            "notes": list(self.notes),
        }


def forecast(
    network: ActivityNetwork,
    worktime: WorkTime,
    *,
    prior: Prior = DEFAULT_PRIOR,
    seed: int = SEED,
    trials: int = TRIALS,
) -> Forecast:
    """Forecast the finish of a network from what is known at its `now`.

    Args:
        network: plan, links and statuses.
        worktime: which hours are worked; it has a time zone exactly when the network's moments have one.
        prior: defaults, or `prior_from` one's own finished rollouts.
        seed: equal input and seed give an equal answer, in every process.
        trials: 10,000 keep the deciles within half a percent of what is left.

    Raises:
        PlanError: there is no activity, or moments and working time disagree about time zones.
        ConfigError: dates leave the calendar's years.
        ValueError: `trials` is below 1.
    """
    if not network.activities:
        raise PlanError("a network without activities has no finish", hint="give it at least one activity")
    if trials < 1:
        raise ValueError(f"{trials} trials are too few")
    situation = situation_of(network, worktime)
    draws = Draws(seed=seed, trials=trials)
    if situation.is_finished:
        return _finished(network, situation, worktime, prior, draws)
    if situation.planned_share < PLANNED_SHARE:
        return _without_plan(network, situation, worktime, prior, draws)
    return _by_network(network, situation, worktime, prior, draws)


def _by_network(
    network: ActivityNetwork, situation: Situation, worktime: WorkTime, prior: Prior, draws: Draws
) -> Forecast:
    chances = Chances(situation, Belief.of(situation, prior), draws)
    outlook = chances.outlook()
    now = float(worktime.hours([network.now])[0])
    hours = np.minimum(np.quantile(outlook.hours, LEVELS), _HORIZON_DAYS * situation.day)
    missing = 1 - situation.planned_share
    return Forecast(
        basis=Basis.NETWORK,
        deciles=_given(network, worktime.moments([now + hour for hour in hours.tolist()])),
        p_target=_chance(outlook.hours, situation.target),
        p_grace=_chance(outlook.hours, situation.target, situation.grace),
        planned_finish=_given(network, worktime.moments([now + situation.planned_finish]))[0],
        criticality={
            key: round(share, 4)
            for key, share in criticality(situation, outlook.trials, min(_PATH_TRIALS, draws.trials)).items()
        },
        notes=(f"{missing:.0%} of the activities have no planned length; the median of the others stands in",)
        if missing > 0
        else (),
        pace=chances.belief.pace,
        **_common(network, situation, worktime, prior, draws),
    )


def _without_plan(
    network: ActivityNetwork, situation: Situation, worktime: WorkTime, prior: Prior, draws: Draws
) -> Forecast:
    days = np.minimum(days_left(flow_of(network, counted(network)), prior, draws), _HORIZON_DAYS)
    target = None if network.target is None else (network.target - network.now) / timedelta(days=1)
    grace = situation.grace / situation.day
    return Forecast(
        basis=Basis.REFERENCE_CLASS,
        deciles=tuple(_to_minute(network.now + timedelta(days=day)) for day in np.quantile(days, LEVELS).tolist()),
        p_target=_chance(days, target),
        p_grace=_chance(days, target, grace),
        planned_finish=None,
        criticality={},
        notes=("no plan: reference class only",),
        pace=Belief.of(situation, prior).pace,
        **_common(network, situation, worktime, prior, draws),
    )
