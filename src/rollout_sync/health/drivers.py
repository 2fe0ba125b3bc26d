"""Why the forecast is where it is: the days between the target and P50, divided among causes, with the items behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from rollout_sync.health import evidence, shapley, wording
from rollout_sync.health.draws import Draws
from rollout_sync.health.evidence import ranked
from rollout_sync.health.forecast import Basis, Forecast, chance_by
from rollout_sync.health.montecarlo import Switches
from rollout_sync.health.network import ActivityNetwork, Status
from rollout_sync.health.outlook import Belief, Chances
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from rollout_sync.health.situation import Situation, Standing, situation_of
from rollout_sync.health.worktime import WorkTime

TRIALS = 2_000
"""Enough for shares: the luck is the same in all runs, so that it cancels out."""
SHOWN_ITEMS = 3


class Cause(StrEnum):
    """What can move the finish; `plan` is what the plan itself leaves or lacks before the target."""

    PLAN = "plan"
    PACE = "pace"
    STARTS = "starts"
    BLOCKERS = "blockers"
    APPROVALS = "approvals"
    SCOPE = "scope"
    SPREAD = "spread"


_SWITCHED = (Cause.PACE, Cause.STARTS, Cause.BLOCKERS, Cause.APPROVALS, Cause.SCOPE, Cause.SPREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One cause.

    Attributes:
        days: working days that it adds to P50; negative when it helps.
        items: keys of the activities behind it, the weightiest first.
        sentence: the same in words, with the numbers.
        what_if: what would help, and the chance to be on time then; empty when nothing can be asked.
        p_then: that chance, with grace.
    """

    cause: Cause
    days: float
    items: tuple[str, ...]
    sentence: str
    what_if: str = ""
    p_then: float | None = None


def drivers(
    network: ActivityNetwork,
    worktime: WorkTime,
    found: Forecast,
    *,
    prior: Prior = DEFAULT_PRIOR,
    trials: int = TRIALS,
    situation: Situation | None = None,
) -> tuple[Driver, ...]:
    """Divide the working days between the target and P50 among the causes, largest first.

    Each cause is put back to "as planned" with the same random numbers, alone and together with every set of others;
    its share is the Shapley value, so that the shares add up to the gap. Without a target the planned finish takes
    its place. There is nothing to divide when the network is finished or has no plan.

    `found` is the forecast of the same network, working time and prior; its seed is used. So is `situation`, which is
    worked out again where it is not given.
    """
    if found.basis is not Basis.NETWORK:
        return ()
    case = _Case(
        network=network,
        worktime=worktime,
        found=found,
        prior=prior,
        trials=trials,
        situation=situation or situation_of(network, worktime),
    )
    causes = tuple(cause for cause in _SWITCHED if _is_present(cause, case.situation, case.chances.belief))
    days = {cause: hours / case.situation.day for cause, hours in shapley.shares(causes, case.median).items()}
    p50, now = worktime.hours([found.at(0.5), network.now]).tolist()
    plan = case.median(frozenset()) - case.target
    days[Cause.PLAN] = plan / case.situation.day
    days[Cause.SPREAD] += (p50 - now - case.median(frozenset(causes))) / case.situation.day
    made = [_driver(cause, round(share, 4), case, frozenset(causes)) for cause, share in days.items()]
    return tuple(sorted(made, key=lambda one: (-abs(one.days), one.cause)))


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One network with its luck, and what was already played."""

    network: ActivityNetwork
    worktime: WorkTime
    found: Forecast
    prior: Prior
    trials: int
    situation: Situation
    chances: Chances = field(init=False)
    played: dict[frozenset[Cause], tuple[float, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "chances", self.chances_of(self.situation))

    def chances_of(self, situation: Situation) -> Chances:
        """The same luck for another situation of the same network."""
        return Chances(situation, Belief.of(situation, self.prior), Draws(seed=self.found.seed, trials=self.trials))

    @property
    def target(self) -> float:
        """In hours from `now`."""
        return self.situation.planned_finish if self.situation.target is None else self.situation.target

    def median(self, real: frozenset[Cause]) -> float:
        """Hours until the finish when these causes are as they are, and the others as planned."""
        return self._result(real)[0]

    def chance(self, real: frozenset[Cause]) -> float:
        """Chance to be on time, with grace."""
        return self._result(real)[1]

    def chance_if_done(self, keys: Sequence[str]) -> float:
        """Chance to be on time if these activities were finished now."""
        situation = situation_of(self.network.finishing(keys), self.worktime)
        if situation.is_finished:
            return 1.0 if self.target + self.situation.grace >= 0 else 0.0
        chances = Chances(situation, self.chances.belief, self.chances.draws)
        return chance_by(chances.outlook().hours, self.target, self.situation.grace) or 0.0

    def _result(self, real: frozenset[Cause]) -> tuple[float, float]:
        if real not in self.played:
            hours = self.chances.outlook(_switches(real)).hours
            on_time = chance_by(hours, self.target, self.situation.grace) or 0.0
            self.played[real] = float(np.median(hours)), on_time
        return self.played[real]


def _switches(real: frozenset[Cause]) -> Switches:
    return Switches(
        pace=Cause.PACE in real,
        starts=Cause.STARTS in real,
        blockers=Cause.BLOCKERS in real,
        approvals=Cause.APPROVALS in real,
        scope=Cause.SCOPE in real,
        spread=Cause.SPREAD in real,
    )


def _is_present(cause: Cause, situation: Situation, belief: Belief) -> bool:
    """Whether switching a cause off can change anything; what cannot has no share and costs half of the runs."""
    standings = situation.standings
    match cause:
        case Cause.PACE:
            return belief.pace.mean != 0
        case Cause.STARTS:
            return any(one.status is not Status.TODO or one.planned_start < 0 for one in standings)
        case Cause.BLOCKERS:
            return any(one.is_blocked for one in standings)
        case Cause.APPROVALS:
            return any(one.is_open and one.is_approval for one in standings)
        case Cause.SCOPE:
            return any(one.activity.is_added for one in standings)
        case Cause.PLAN | Cause.SPREAD:
            return True


def _driver(cause: Cause, share: float, case: _Case, all_causes: frozenset[Cause]) -> Driver:
    behind = _items(cause, share, case)
    what_if, chance = _what_if(cause, share, case, all_causes)
    return Driver(
        cause=cause,
        days=share,
        items=tuple(one.key for one in behind[:SHOWN_ITEMS]),
        sentence=wording.lead(share) + _sentence(cause, share, case),
        what_if=what_if,
        p_then=chance,
    )


def _sentence(cause: Cause, share: float, case: _Case) -> str:
    scene = wording.Scene(day=case.situation.day, criticality=case.found.criticality)
    standings, belief = case.situation.standings, case.chances.belief
    words: str
    match cause:
        case Cause.PLAN:
            words = wording.plan(scene, share * scene.day)
        case Cause.PACE:
            words = wording.pace(belief.pace, case.prior.rollouts)
        case Cause.STARTS:
            words = wording.starts(scene, share, standings)
        case Cause.BLOCKERS:
            words = wording.blockers(scene, standings)
        case Cause.APPROVALS:
            words = wording.approvals(scene, standings, belief.waits)
        case Cause.SCOPE:
            words = wording.scope(scene, standings)
        case Cause.SPREAD:
            words = wording.spread(scene, share, standings)
    return words


def _items(cause: Cause, share: float, case: _Case) -> tuple[Standing, ...]:
    standings, critical = case.situation.standings, case.found.criticality
    found: tuple[Standing, ...]
    match cause:
        case Cause.PLAN:
            found = ()
        case Cause.PACE:
            found = ranked(case.situation.done, evidence.over_plan if share >= 0 else evidence.under_plan, {})
        case Cause.STARTS:
            sizes = (evidence.behind, evidence.ended_late) if share >= 0 else (evidence.ahead,)
            found = next((some for size in sizes if (some := ranked(standings, size, critical))), ())
        case Cause.BLOCKERS:
            found = ranked(standings, evidence.blocked, critical)
        case Cause.APPROVALS:
            found = ranked(standings, evidence.waiting, critical) or ranked(standings, evidence.to_come, critical)
        case Cause.SCOPE:
            found = ranked(standings, evidence.added, critical)
        case Cause.SPREAD:
            found = ranked(standings, evidence.scatter, critical)
    return found


def _what_if(cause: Cause, share: float, case: _Case, all_causes: frozenset[Cause]) -> tuple[str, float | None]:
    """One thing that could be done, and the chance then. Only what hurts is asked about."""
    if share <= 0 or cause in {Cause.PLAN, Cause.SPREAD}:
        return "", None
    size = {Cause.STARTS: evidence.overdue, Cause.APPROVALS: evidence.waiting}.get(cause)
    keys = tuple(one.key for one in case.situation.standings if size is not None and size(one) > 0)
    if keys:
        condition = wording.if_done(cause.value, len(keys))
        chance = case.chance_if_done(keys)
    else:
        condition = wording.AS_PLANNED[cause.value]
        chance = case.chance(all_causes - {cause})
    return f"{condition}: {chance:.0%}", chance
