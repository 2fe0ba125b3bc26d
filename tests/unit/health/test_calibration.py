"""Is the forecast honest? Hundreds of made-up projects are forecast halfway, and the odds are held against the ends."""

from __future__ import annotations

import random
from datetime import timedelta
from statistics import mean

import pytest

from rollout_sync.health.forecast import forecast
from rollout_sync.health.prior import DEFAULT_PRIOR, Prior
from unit.health.made_up import ALWAYS, history

STAGES = (0.25, 0.5, 0.75)


def judged(number: int, *, seed: int, prior: Prior = DEFAULT_PRIOR):
    """Forecast and real end of `number` projects, in turn at a quarter, half and three quarters of their plan."""
    luck = random.Random(seed)
    for turn in range(number):
        one = history(luck, share=STAGES[turn % len(STAGES)])
        found = forecast(one.network, ALWAYS, prior=prior, trials=1000)
        yield found, one.network.now + timedelta(hours=one.left)


def cover(judgements) -> float:
    """Share of the ends inside P10 to P90."""
    inside = [found.deciles[0] <= end <= found.deciles[-1] for found, end in judgements]
    return sum(inside) / len(inside)


def brier(judgements) -> tuple[float, float]:
    """Of P(by target), and of always saying the share that was on time."""
    pairs = [(found.p_target, end <= found.target) for found, end in judgements]
    base = sum(on_time for _, on_time in pairs) / len(pairs)
    return mean((p - real) ** 2 for p, real in pairs), mean((base - real) ** 2 for _, real in pairs)


def test_eighty_percent_means_eighty_percent():
    judgements = list(judged(240, seed=7))
    assert 0.75 <= cover(judgements) <= 0.88
    of_forecast, of_base_rate = brier(judgements)
    assert of_forecast < of_base_rate


def test_without_the_common_pace_it_would_be_too_sure_of_itself():
    assert cover(judged(120, seed=7, prior=Prior(pace_spread=0.02))) < 0.72


@pytest.mark.slow
def test_the_odds_are_honest_at_every_level():
    judgements = list(judged(1500, seed=11))
    assert 0.75 <= cover(judgements) <= 0.88
    for place, level in ((1, 0.2), (4, 0.5), (7, 0.8)):
        below = sum(end <= found.deciles[place] for found, end in judgements) / len(judgements)
        assert below == pytest.approx(level, abs=0.12)
    of_forecast, of_base_rate = brier(judgements)
    assert of_forecast < 0.9 * of_base_rate
