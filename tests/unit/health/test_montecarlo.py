"""The simulation against the critical path, against the rules taken literally, and by hand."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health.criticalpath import critical_path
from rollout_sync.health.draws import Draws
from rollout_sync.health.montecarlo import Switches, criticality, draw_lengths, middle_lengths, play
from rollout_sync.health.network import Link, Status, ThreePoint, Wait
from rollout_sync.health.situation import situation_of
from rollout_sync.health.waits import Waits
from rollout_sync.model.rollout import LinkType
from unit.health.made_up import ALWAYS, DAY, MONDAY, OFFICE, chain, changed, random_network

ONE = np.ones(1, np.float32)


def deterministic(network, worktime=OFFICE, pace=ONE, switches=None):
    situation = situation_of(network, worktime)
    trials = play(situation, middle_lengths(situation, Waits()), pace, switches or Switches())
    keys = [one.key for one in situation.standings]
    return {
        key: (float(start), float(finish))
        for key, start, finish in zip(keys, trials.starts[:, 0], trials.finishes[:, 0], strict=True)
    }


@given(st.integers(0, 10**9), st.integers(2, 14), st.integers(0, 40))
def test_without_chance_it_is_the_critical_path(seed, size, links):
    network = random_network(random.Random(seed), size, links)
    played = deterministic(network, ALWAYS)
    assert played == {key: (one.early_start, one.early_finish) for key, one in critical_path(network).items()}


@given(st.integers(0, 10**9))
def test_every_trial_keeps_every_link(seed):
    network = random_network(random.Random(seed), 12, 25)
    situation = situation_of(network, ALWAYS)
    draws = Draws(seed=seed, trials=50)
    trials = play(situation, draw_lengths(situation, Waits(), draws), ONE)
    for place, one in enumerate(situation.standings):
        assert (trials.starts[place] >= 0).all()
        for link in one.incoming:
            source = (trials.finishes if link.from_finish else trials.starts)[link.source]
            held = (trials.finishes if link.to_finish else trials.starts)[place]
            assert (held >= source + link.lag - 1e-3).all()


def test_planned_starts_are_floors_and_now_is_one_too():
    network = replace(chain(16, 16), links=(), now=MONDAY + DAY)
    assert deterministic(network) == {"a": (0, 16), "b": (8, 24)}
    undated = changed(network, "b", planned_start=None)
    assert deterministic(undated)["b"] == (0, 16)


@pytest.mark.parametrize(
    ("over", "left"),
    [
        ({}, 0.5 * 20 + 0.5 * 32),  # 8 of 40 hours gone by, half done as far as anybody knows
        ({"percent": 90.0}, 0.5 * 4 + 0.5 * 32),
        ({"percent": 0.0}, 0.5 * 40 + 0.5 * 32),
        ({"percent": 100.0, "started_at": MONDAY - 30 * DAY}, 0.15 * 40),
        ({"started_at": MONDAY - 30 * DAY}, 0.5 * 20),
    ],
)
def test_what_is_left_of_begun_work(over, left):
    known = {"status": Status.STARTED, "started_at": MONDAY, **over}
    network = changed(replace(chain(40, 8), now=MONDAY + DAY), "a", **known)
    played = deterministic(network)
    assert played["a"][1] == pytest.approx(left)
    assert played["b"] == pytest.approx((max(left, 32), max(left, 32) + 8))


def test_begun_work_is_not_called_back_but_may_not_end_before_its_link_allows():
    network = changed(chain(24, 8, now=MONDAY + DAY), "b", status=Status.STARTED, started_at=MONDAY)
    assert deterministic(network)["b"] == pytest.approx((-8, 2))
    held = replace(network, links=(Link(source="a", target="b", type=LinkType.FINISH_FINISH, lag=3),))
    assert deterministic(held)["b"] == pytest.approx((-8, 27))


def test_the_pace_stretches_work_and_not_waits():
    network = changed(chain(16, 16), "b", wait=Wait.APPROVAL, typical_wait=10.0)
    played = deterministic(network, pace=np.full(1, 2.0, np.float32))
    assert played == {"a": (0, 32), "b": (pytest.approx(32), pytest.approx(42, abs=0.05))}


def test_pending_decisions_go_by_their_age():
    network = changed(chain(16, 16, now=MONDAY + DAY), "a", wait=Wait.APPROVAL, typical_wait=4.0, waiting_since=MONDAY)
    start, finish = deterministic(network)["a"]
    assert start == -8
    assert finish > 2  # twice the usual time has passed: the rest is longer than it looks
    as_planned = deterministic(network, switches=Switches(approvals=False))
    assert as_planned["a"][1] == 8
    on_plan = deterministic(network, switches=Switches(approvals=False, starts=False))
    assert on_plan["a"] == (-8, 8)


def test_blocked_work_waits_and_is_then_still_to_be_done():
    network = changed(chain(16), "a", wait=Wait.BLOCKER, typical_wait=8.0, waiting_since=MONDAY)
    assert deterministic(network)["a"] == pytest.approx((8, 24), abs=0.05)
    assert deterministic(network, switches=Switches(blockers=False))["a"] == (0, 16)
    begun = changed(network, "a", status=Status.STARTED, started_at=MONDAY)
    assert deterministic(begun)["a"][1] == pytest.approx(8 + 12, abs=0.05)


def test_switched_off_everything_goes_as_planned():
    off = Switches(pace=False, starts=False, blockers=False, approvals=False, scope=False, spread=False)
    network = chain(16, 8, 24, now=MONDAY + 3 * DAY)
    network = changed(network, "a", status=Status.DONE, started_at=MONDAY, finished_at=MONDAY + 2 * DAY)
    network = changed(network, "b", wait=Wait.APPROVAL, waiting_since=MONDAY + 2 * DAY)
    network = changed(network, "c", wait=Wait.BLOCKER, waiting_since=MONDAY + 2 * DAY)
    assert deterministic(network, switches=off) == {"a": (-24, -8), "b": (-8, 0), "c": (0, 24)}
    added = changed(network, "b", wait=None, is_added=True)
    assert deterministic(added, switches=off)["b"] == (-8, -8)


def test_three_lengths_replace_the_usual_scatter():
    network = changed(chain(16), "a", estimate=ThreePoint(low=8, likely=16, high=60))
    situation = situation_of(network, OFFICE)
    work = draw_lengths(situation, Waits(), Draws(seed=5, trials=20_000)).work[0]
    assert work.mean() == pytest.approx((8 + 64 + 60) / 6, rel=0.01)
    plain = draw_lengths(situation_of(chain(16), OFFICE), Waits(), Draws(seed=5, trials=20_000)).work[0]
    assert np.std(np.log(plain)) == pytest.approx(0.2, rel=0.02)


def test_criticality_is_the_share_of_trials_on_the_driving_path():
    network = replace(
        chain(16, 16, 16),
        links=(Link(source="a", target="c"), Link(source="b", target="c")),
    )
    network = replace(
        network, activities=tuple(replace(one, planned_start=None, planned_finish=None) for one in network.activities)
    )
    situation = situation_of(network, OFFICE)
    trials = play(situation, draw_lengths(situation, Waits(), Draws(seed=2, trials=4000)), ONE)
    shares = criticality(situation, trials, 4000)
    assert shares["c"] == 1.0
    assert shares["a"] == pytest.approx(0.5, abs=0.03)  # two equal ways
    assert shares["a"] + shares["b"] >= 1.0
    longer = situation_of(changed(network, "a", duration=80.0), OFFICE)
    trials = play(longer, draw_lengths(longer, Waits(), Draws(seed=2, trials=4000)), ONE)
    assert criticality(longer, trials, 4000) == {"a": 1.0, "c": 1.0}


@pytest.mark.parametrize("kind", list(LinkType))
def test_the_driving_path_follows_every_type_of_link(kind):
    lags = {LinkType.FINISH_START: 4, LinkType.START_START: 40, LinkType.FINISH_FINISH: 40, LinkType.START_FINISH: 60}
    network = replace(chain(24, 16), links=(Link(source="a", target="b", type=kind, lag=lags[kind]),))
    network = changed(network, "b", planned_start=None, planned_finish=None)
    situation = situation_of(network, OFFICE)
    trials = play(situation, draw_lengths(situation, Waits(), Draws(seed=2, trials=500)), ONE)
    assert criticality(situation, trials, 500) == {"a": 1.0, "b": 1.0}
