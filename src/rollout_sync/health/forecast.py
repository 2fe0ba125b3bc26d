"""When a network will be finished, and how sure that is: the one call that scores any project history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rollout_sync.errors import PlanError
from rollout_sync.health.draws import Draws
from rollout_sync.health.montecarlo import Trials, criticality
from rollout_sync.health.network import Activity, ActivityNetwork, Link, counted, in_order
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
_CLOSE = 1e-6
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
            "deciles": {
                f"P{round(100 * level)}": one.isoformat() for level, one in zip(LEVELS, self.deciles, strict=True)
            },
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

    `played` gives the trials behind the answer as well.

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
    return played(network, worktime, prior=prior, seed=seed, trials=trials).forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A forecast with what it comes from; `trials` is None where nothing was played."""

    forecast: Forecast
    situation: Situation
    trials: Trials | None = None


def played(
    network: ActivityNetwork,
    worktime: WorkTime,
    *,
    prior: Prior = DEFAULT_PRIOR,
    seed: int = SEED,
    trials: int = TRIALS,
) -> Played:
    """As `forecast`, with the trials behind it. Raises the same."""
    if not network.activities:
        raise PlanError("a network without activities has no finish", hint="give it at least one activity")
    if trials < 1:
        raise ValueError(f"{trials} trials are too few")
    case = _Case(
        network=network,
        worktime=worktime,
        situation=situation_of(network, worktime),
        prior=prior,
        draws=Draws(seed=seed, trials=trials),
    )
    if case.situation.is_finished:
        return Played(forecast=_finished(case), situation=case.situation)
    if case.situation.planned_share < PLANNED_SHARE:
        return Played(forecast=_without_plan(case), situation=case.situation)
    return _by_network(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    network: ActivityNetwork
    worktime: WorkTime
    situation: Situation
    prior: Prior
    draws: Draws

    def moments(self, hours: Sequence[float]) -> tuple[datetime, ...]:
        """Moments so many working hours from `now`."""
        now = float(self.worktime.hours([self.network.now])[0])
        return self.worktime.moments([now + hour for hour in hours])


def _by_network(case: _Case) -> Played:
    situation = case.situation
    chances = Chances(situation, Belief.of(situation, case.prior), case.draws)
    outlook = chances.outlook()
    hours = np.minimum(np.quantile(outlook.hours, LEVELS), _HORIZON_DAYS * situation.day)
    paths = criticality(situation, outlook.trials, min(_PATH_TRIALS, case.draws.trials))
    missing = 1 - situation.planned_share
    note = f"{missing:.0%} of the activities have no planned length; the median of the others stands in"
    answer = _answer(
        case,
        basis=Basis.NETWORK,
        deciles=case.moments(hours.tolist()),
        chances=(
            chance_by(outlook.hours, situation.target),
            chance_by(outlook.hours, situation.target, situation.grace),
        ),
        criticality={key: round(share, 4) for key, share in paths.items()},
        notes=(note,) if missing > 0 else (),
    )
    return Played(forecast=answer, situation=situation, trials=outlook.trials)


def _without_plan(case: _Case) -> Forecast:
    now, target = case.network.now, case.network.target
    days = np.minimum(days_left(flow_of(case.network, counted(case.network)), case.prior, case.draws), _HORIZON_DAYS)
    wished = None if target is None else (target - now) / timedelta(days=1)
    return _answer(
        case,
        basis=Basis.REFERENCE_CLASS,
        deciles=tuple(_to_minute(now + timedelta(days=day)) for day in np.quantile(days, LEVELS).tolist()),
        chances=(chance_by(days, wished), chance_by(days, wished, case.situation.grace / case.situation.day)),
        notes=("no plan: reference class only",),
    )


def _finished(case: _Case) -> Forecast:
    situation = case.situation
    last = max(situation.standings[place].finished for place in situation.goals)
    over = np.array([last])
    return _answer(
        case,
        basis=Basis.FINISHED,
        deciles=case.moments([last] * len(LEVELS)),
        chances=(chance_by(over, situation.target), chance_by(over, situation.target, situation.grace)),
    )


def _answer(
    case: _Case,
    *,
    basis: Basis,
    deciles: tuple[datetime, ...],
    chances: tuple[float | None, float | None],
    criticality: Mapping[str, float] | None = None,
    notes: tuple[str, ...] = (),
) -> Forecast:
    situation = case.situation
    kept = counted(case.network)
    return Forecast(
        basis=basis,
        now=case.network.now,
        target=case.network.target,
        deciles=deciles,
        p_target=chances[0],
        p_grace=chances[1],
        grace=situation.grace,
        planned_finish=None if basis is Basis.REFERENCE_CLASS else case.moments([situation.planned_finish])[0],
        pace=Belief.of(situation, case.prior).pace,
        criticality=criticality or {},
        finished=sum(one.key in kept for one in situation.done),
        total=len(situation.standings),
        seed=case.draws.seed,
        trials=case.draws.trials,
        fingerprint=_fingerprint(case),
        notes=notes,
    )


def chance_by(left: NDArray[np.float64], target: float | None, grace: float = 0.0) -> float | None:
    """Share of trials that end by the target, to four digits."""
    return None if target is None else round(float(np.mean(left <= target + grace + _CLOSE)), 4)


def _to_minute(moment: datetime) -> datetime:
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _fingerprint(case: _Case) -> str:
    """SHA-256 over all that decides the answer, whatever order activities and links stand in."""
    network = case.network
    known = [
        MODEL,
        case.draws.seed,
        case.draws.trials,
        repr(case.prior),
        case.worktime.fingerprint,
        [network.now, network.target, network.grace, sorted(network.goals)],
        [[getattr(one, name) for name in _OF_ACTIVITY] for one in sorted(network.activities, key=lambda one: one.key)],
        [[getattr(one, name) for name in _OF_LINK] for one in in_order(network.links)],
    ]
    return hashlib.sha256(json.dumps(known, default=str).encode()).hexdigest()


_OF_ACTIVITY = tuple(one.name for one in fields(Activity))
_OF_LINK = tuple(one.name for one in fields(Link))
