"""Draws, waits, the pace and the prior: quantities that can be worked out by hand or by the standard library."""

from __future__ import annotations

import math
from datetime import timedelta
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import PlanError
from rollout_sync.health.draws import Draws, lognormal_table, normal_quantiles, pert_table, waiting_table
from rollout_sync.health.network import Status, Wait
from rollout_sync.health.pace import learn, observe
from rollout_sync.health.prior import DEFAULT_PRIOR, PastRollout, past_from, prior_from
from rollout_sync.health.situation import situation_of
from rollout_sync.health.waits import Waits, ratios_of
from unit.health.made_up import DAY, MONDAY, OFFICE, chain, changed


def test_normal_quantiles_are_those_of_the_standard_library():
    found = normal_quantiles(10_000)
    exact = np.array([NormalDist().inv_cdf((n + 0.5) / 10_000) for n in range(10_000)])
    assert np.max(np.abs(found - exact)) < 1e-3
    assert found.std() == pytest.approx(1)
    assert (np.diff(found) > 0).all()


def test_draws_repeat_by_seed_and_name_and_differ_otherwise():
    draws = Draws(seed=1, trials=5000)
    assert np.array_equal(draws.normals("a"), Draws(seed=1, trials=5000).normals("a"))
    assert np.array_equal(draws.places("a")[:700], Draws(seed=1, trials=700).places("a"))
    for other in (draws.places("b"), Draws(seed=2, trials=5000).places("a")):
        assert abs(np.corrcoef(draws.places("a"), other)[0, 1]) < 0.05
    assert sorted(draws.shares("a").tolist()) == pytest.approx(((np.arange(5000) + 0.5) / 5000).tolist())
    assert abs(np.corrcoef(draws.normals("a"), draws.normals("b"))[0, 1]) < 0.05


def test_places_are_equally_likely():
    counts = np.bincount(Draws(seed=3, trials=400_000).places("a"), minlength=4096)
    assert counts.sum() == 400_000
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() == pytest.approx(4095, rel=0.1)  # chi-squared


@pytest.mark.parametrize(("low", "likely", "high"), [(8, 16, 40), (0, 0, 8), (5, 8, 8), (10, 20, 30)])
def test_pert_has_its_mean_and_spread(low, likely, high):
    table = pert_table(low, likely, high).astype(float)
    mean = (low + 4 * likely + high) / 6
    assert table.mean() == pytest.approx(mean, rel=1e-3)
    assert table.std() == pytest.approx(math.sqrt((mean - low) * (high - mean) / 7), rel=5e-3)
    assert low <= table.min() <= table.max() <= high


def test_three_equal_lengths_have_no_spread():
    assert set(pert_table(8, 8, 8).tolist()) == {8.0}


def test_lognormal_lengths_have_their_median():
    table = lognormal_table(0.2)
    assert np.median(table) == pytest.approx(1, abs=1e-3)
    assert np.quantile(table, 0.9) == pytest.approx(math.exp(0.2 * 1.2816), rel=1e-3)


@given(st.floats(1, 500), st.floats(0.2, 2.5), st.floats(0.01, 8))
def test_what_is_left_of_a_wait_is_a_truncated_lognormal(median, spread, ages):
    waited = ages * median
    table = waiting_table(median, spread, waited).astype(float)
    survival = 0.5 * math.erfc(math.log(waited / median) / spread / math.sqrt(2))
    for share in (0.2, 0.5, 0.8):
        whole = waited + np.quantile(table, share)
        beyond = 0.5 * math.erfc(math.log(whole / median) / spread / math.sqrt(2)) / survival
        assert beyond == pytest.approx(1 - share, abs=0.02)


def test_a_wait_does_not_shorten_with_its_age():
    medians = [float(np.median(waiting_table(24, 1.0, waited))) for waited in (24, 48, 96, 192, 1e6)]
    assert medians == sorted(medians)
    assert np.median(waiting_table(24, 1.0, 0)) == pytest.approx(24, rel=1e-3)
    assert float(np.median(waiting_table(0, 1.0, 5))) == 0


def finished(*taken: float):
    """A chain of activities of 16 hours that took so many hours each."""
    network = chain(*[16.0] * len(taken), now=MONDAY + 400 * DAY)
    begin = float(OFFICE.hours([MONDAY])[0])
    for one, hours in zip(network.activities, taken, strict=True):
        start, finish = OFFICE.moments([begin + 1e-6, begin + hours])
        network = changed(network, one.key, status=Status.DONE, started_at=start, finished_at=finish)
        begin += hours
    return network


def done(network):
    return situation_of(network, OFFICE).done


def test_the_pace_is_learnt_as_written_down():
    observed = observe(done(finished(16, 24, 32)))
    expected = (0 + math.log(1.5) + math.log(2)) / 3
    assert (observed.log_ratio, observed.effective, observed.finished) == (pytest.approx(expected), 3, 3)
    pace = learn(observed, mean=0.0, spread=0.3)
    precision = 1 / 0.09 + 3 / 0.16
    assert pace.mean == pytest.approx(expected * 3 / 0.16 / precision)
    assert pace.spread == pytest.approx(precision**-0.5)
    assert pace.low < pace.factor < pace.high


def test_long_activities_count_more_and_one_slip_does_not_rule():
    network = changed(finished(16, 24), "b", duration=64.0)
    assert observe(done(network)).log_ratio == pytest.approx(0.8 * math.log(24 / 64))
    assert observe(done(finished(16 * 100))).log_ratio == 2.0
    nothing = observe(done(chain(8)))
    assert (nothing.log_ratio, nothing.finished) == (0.0, 0)
    assert learn(nothing, mean=0.1, spread=0.2).mean == pytest.approx(0.1)


def test_decisions_and_unmeasured_work_teach_no_pace():
    network = changed(finished(16, 24), "b", wait=Wait.APPROVAL, typical_wait=16.0)
    assert observe(done(network)).finished == 1
    assert ratios_of(done(network)) == (1.5,)
    network = changed(finished(16, 24), "b", started_at=None)
    assert observe(done(network)).finished == 1


def test_waits_lean_on_five_pseudo_observations():
    waits = Waits().with_ratios([math.e] * 5)
    assert waits.shift == pytest.approx(0.5)
    assert waits.spread == pytest.approx(math.sqrt((5 * 0.25 + 5) / 10))
    assert waits.median(10) == pytest.approx(10 * math.exp(0.5))
    assert Waits().spread == 1.0
    assert Waits().with_ratios([0.0, -1.0]) == Waits()
    many = Waits().with_ratios([2.0, 2.1, 1.9] * 200)
    assert many.spread < 0.15
    assert many.median(10) == pytest.approx(20, rel=0.02)


def past(*paces, days=100.0):
    return [PastRollout(log_pace=pace, total_days=days) for pace in paces]


def test_ten_rollouts_of_ones_own_replace_the_default():
    paces = [0.1, 0.3] * 5
    prior = prior_from(past(*paces))
    assert prior.pace_mean == pytest.approx(0.2)
    assert prior.pace_spread == pytest.approx(np.std(paces, ddof=1))
    assert prior.rollouts == 10


def test_fewer_are_mixed_with_it():
    assert prior_from([]) == DEFAULT_PRIOR
    one = prior_from(past(0.5))
    assert (one.pace_mean, one.pace_spread) == (pytest.approx(0.05), pytest.approx(0.3))
    means = [prior_from(past(*[0.4] * count)).pace_mean for count in range(1, 12)]
    assert means == sorted(means)
    assert prior_from(past(*[0.4] * 20)).pace_spread == 0.10  # twenty equal ones do not make it certain


def test_three_rollouts_make_a_reference_class():
    assert prior_from(past(0.0, 0.0)).totals is None
    few, many = (prior_from(past(*[0.0] * count, days=80.0)).totals for count in (3, 30))
    assert few.mean == many.mean == pytest.approx(math.log(80))
    assert many.spread < few.spread


def test_a_finished_network_becomes_a_past_rollout():
    network = changed(finished(16, 24, 32), "c", wait=Wait.APPROVAL, typical_wait=16.0)
    one = past_from(network, OFFICE)
    assert one.log_pace == pytest.approx(math.log(1.5) / 2)
    assert one.wait_ratios == (2.0,)
    ended = max(activity.finished_at for activity in network.activities)
    assert one.total_days == pytest.approx((ended - MONDAY) / timedelta(days=1), abs=0.01)
    with pytest.raises(PlanError, match="not finished"):
        past_from(chain(8), OFFICE)
    unknown = changed(chain(8, now=MONDAY + 9 * DAY), "a", status=Status.DONE)
    with pytest.raises(PlanError, match="start and a finish"):
        past_from(unknown, OFFICE)
