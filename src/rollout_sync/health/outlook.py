"""What is left until the finish, in working hours: the simulated network, the outside view, and what neither knows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rollout_sync.health.draws import Draws
from rollout_sync.health.earned import PlanLine, hours_left
from rollout_sync.health.montecarlo import (
    AS_IT_IS,
    Lengths,
    Switches,
    Trials,
    draw_lengths,
    middle_lengths,
    play,
)
from rollout_sync.health.pace import Pace, learn, observe
from rollout_sync.health.prior import Prior
from rollout_sync.health.situation import Situation
from rollout_sync.health.waits import Waits, ratios_of

NETWORK_SHARE = 0.65
"""Weight of the network; the rest is the outside view by earned schedule."""
LEAST_LEFT = 0.005
"""Share of the planned duration that is always left while something is open."""
RESIDUAL = 0.20
RESIDUAL_AT_END = 0.03
RESIDUAL_LIMIT = 1.3
"""Log-sd of what no network knows: 0.20, growing near the end, where the error stays 3 % of the planned duration."""
_SMALL = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of this rollout: its pace, and how long people keep it waiting."""

    pace: Pace
    waits: Waits

    @classmethod
    def of(cls, situation: Situation, prior: Prior) -> Belief:
        """The prior, moved by everything that is done."""
        return cls(
            pace=learn(observe(situation.done), mean=prior.pace_mean, spread=prior.pace_spread),
            waits=prior.waits.with_ratios(ratios_of(situation.done)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Hours until the last goal in every trial, and the trials of the network behind them."""

    hours: NDArray[np.float64]
    trials: Trials


@dataclass(frozen=True)
class Chances:
    """A situation with its luck drawn once, to be played under several switches with the same luck."""

    situation: Situation
    belief: Belief
    draws: Draws

    @cached_property
    def lengths(self) -> Lengths:
        """Drawn lengths."""
        return draw_lengths(self.situation, self.belief.waits, self.draws)

    @cached_property
    def middles(self) -> Lengths:
        """Lengths without chance."""
        return middle_lengths(self.situation, self.belief.waits)

    @cached_property
    def common(self) -> NDArray[np.float64]:
        """What makes everything of one trial fast or slow."""
        return self.draws.normals("pace")

    @cached_property
    def surprise(self) -> NDArray[np.float64]:
        """What no network knows."""
        return self.draws.normals("surprise")

    def outlook(self, switches: Switches = AS_IT_IS) -> Outlook:
        """Play the network and mix in the outside view."""
        pace = self._pace(switches)
        lengths = self.lengths if switches.spread else self.middles
        trials = play(self.situation, lengths, pace.astype(np.float32), switches)
        hours = self._mixed(trials.last(self.situation).astype(np.float64), pace, switches)
        return Outlook(hours=hours, trials=trials)

    def _pace(self, switches: Switches) -> NDArray[np.float64]:
        mean = self.belief.pace.mean if switches.pace else 0.0
        if not switches.spread:
            return np.array([math.exp(mean)])
        return np.exp(mean + self.belief.pace.spread * self.common)

    def _mixed(
        self, network: NDArray[np.float64], pace: NDArray[np.float64], switches: Switches
    ) -> NDArray[np.float64]:
        planned = self.situation.planned_finish - self.situation.planned_start
        idle, left = _plan_left(self.situation, switches)
        idle = min(idle, max(float(network.min()), 0.0))
        hours = NETWORK_SHARE * (network - idle) + (1 - NETWORK_SHARE) * left * pace
        if switches.starts:
            hours = np.maximum(hours, LEAST_LEFT * planned)
        if switches.spread:
            hours *= np.exp(_residual(hours, planned) * self.surprise)
        return idle + hours


def _plan_left(situation: Situation, switches: Switches) -> tuple[float, float]:
    """Hours until the plan begins, and hours of it that are left by earned schedule."""
    standings = [one for one in situation.standings if switches.scope or not one.activity.is_added]
    if not standings:
        return 0.0, 0.0
    line = PlanLine.of(
        [one.length for one in standings],
        [one.planned_start for one in standings],
        [one.planned_finish for one in standings],
    )
    earned = math.fsum(one.length * one.progress for one in standings)
    return hours_left(line, earned if switches.starts else line.planned_by(0.0), 0.0)


def _residual(hours: NDArray[np.float64], planned: float) -> NDArray[np.float64]:
    """Log-sd of the surprise, by hours left."""
    at_end = RESIDUAL_AT_END * planned / np.maximum(hours, max(_SMALL * planned, _SMALL))
    found: NDArray[np.float64] = np.minimum(np.sqrt(RESIDUAL**2 + at_end**2), RESIDUAL_LIMIT)
    return found
