"""How fast work goes compared with its plan, learnt from finished activities and tempered by a prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rollout_sync.health.situation import Standing

CLIP = 2.0
"""Logarithms of actual by planned length are taken from -2 to 2: one forgotten item must not set the pace."""
SPREAD_WITHIN = 0.40
"""Standard deviation of those logarithms inside one project, as measured on 22 tracked projects."""
EIGHTY = 1.2815515655446004
"""Standard normal quantile of 0.9: ends of an 80 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Finished work against its plan.

    Attributes:
        log_ratio: mean logarithm of actual by planned length, weighted by planned length; 0 when nothing is finished.
        effective: how many equally long activities would tell as much.
        finished: how many activities it comes from.
    """

    log_ratio: float
    effective: float
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Belief about the pace: its logarithm is normal with `mean` and `spread`; `finished` activities speak for it."""

    mean: float
    spread: float
    finished: int

    @property
    def factor(self) -> float:
        """Activities take this many times their plan."""
        return math.exp(self.mean)

    @property
    def low(self) -> float:
        """Lower end of the 80 % interval of the factor."""
        return math.exp(self.mean - EIGHTY * self.spread)

    @property
    def high(self) -> float:
        """Upper end of the 80 % interval of the factor."""
        return math.exp(self.mean + EIGHTY * self.spread)


def observe(done: Sequence[Standing]) -> Observed:
    """Compare finished activities with their plans, long ones counting more.

    Left out: decisions (they are waited for), what was planned to take no time, and what has no measured length, as
    when somebody sets an item to done that was never set to started.
    """
    pairs = [
        (one.length, one.finished - one.started)
        for one in sorted(done, key=lambda one: one.key)
        if one.length > 0 and not one.is_approval and one.finished > one.started
    ]
    weight = math.fsum(length for length, _ in pairs)
    if weight == 0:
        return Observed(log_ratio=0.0, effective=0.0, finished=0)
    ratios = [min(max(math.log(taken / length), -CLIP), CLIP) for length, taken in pairs]
    mean = math.fsum(length * ratio for (length, _), ratio in zip(pairs, ratios, strict=True)) / weight
    squares = math.fsum(length * length for length, _ in pairs)
    return Observed(log_ratio=mean, effective=weight * weight / squares, finished=len(pairs))


def learn(observed: Observed, *, mean: float, spread: float) -> Pace:
    """Combine what was observed with a normal prior of this mean and spread (normal-normal, known variance)."""
    prior, evidence = 1 / spread**2, observed.effective / SPREAD_WITHIN**2
    precision = prior + evidence
    return Pace(
        mean=(mean * prior + observed.log_ratio * evidence) / precision,
        spread=precision**-0.5,
        finished=observed.finished,
    )
