"""The forecast as a whole: what moves it and what must not, by the plan, without one, and when all is over."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from rollout_sync.errors import PlanError
from rollout_sync.health.draws import Draws
from rollout_sync.health.forecast import Basis, forecast
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, Wait
from rollout_sync.health.prior import DEFAULT_PRIOR, PastRollout, prior_from
from rollout_sync.health.referenceclass import Flow, days_left, flow_of
from unit.health.made_up import ALWAYS, DAY, MONDAY, OFFICE, chain, changed

PLAN = chain(40, 40, 40, 40, target=MONDAY + 25 * DAY + timedelta(hours=8))  # ends on Friday of week four


def p50(network, **over):
    return forecast(network, OFFICE, trials=2000, **over).at(0.5)


def hours_to(moment):
    first, last = OFFICE.hours([MONDAY, moment])
    return last - first


def test_an_untouched_plan():
    found = forecast(PLAN, OFFICE)
    assert found.basis is Basis.NETWORK
    assert found.planned_finish == MONDAY + 25 * DAY + timedelta(hours=8)
    assert list(found.deciles) == sorted(found.deciles)
    assert 0.3 < found.p_target < 0.6
    assert found.p_target < found.p_grace
    assert found.grace == 8.0
    assert list(found.criticality) == ["a", "b", "c", "d"]
    assert 0 < found.criticality["a"] < found.criticality["c"] < found.criticality["d"] == 1.0  # planned days part them
    assert (found.finished, found.total, found.pace.finished, found.pace.factor) == (0, 4, 0, 1.0)


def test_it_is_what_the_formulas_say():
    """The model written down once more, straight from its description, with another source of chance."""
    luck = np.random.default_rng(1)
    z, surprise = luck.standard_normal(100_000), luck.standard_normal(100_000)
    clock, planned = np.zeros(100_000), 0.0
    for _ in range(4):
        length = 40 * np.exp(0.30 * z + 0.20 * luck.standard_normal(100_000))
        clock, planned = np.maximum(clock, planned) + length, planned + 40
    mixed = 0.65 * clock + 0.35 * 160 * np.exp(0.30 * z)
    left = mixed * np.exp(np.minimum(1.3, np.hypot(0.20, 0.03 * 160 / np.maximum(mixed, 1.6))) * surprise)
    found = forecast(PLAN, OFFICE)
    expected = np.quantile(left, np.arange(0.1, 0.95, 0.1))
    assert [hours_to(one) for one in found.deciles] == pytest.approx(expected, rel=0.015)
    assert found.p_target == pytest.approx(np.mean(left <= 160), abs=0.01)
    assert found.p_grace == pytest.approx(np.mean(left <= 168), abs=0.01)


def test_waiting_for_the_first_day_is_no_risk():
    early = replace(PLAN, now=MONDAY - 200 * DAY)
    width = [hours_to(one.at(0.9)) - hours_to(one.at(0.1)) for one in (forecast(n, OFFICE) for n in (PLAN, early))]
    assert width[1] == pytest.approx(width[0], rel=0.01)
    assert forecast(early, OFFICE).p_target == pytest.approx(forecast(PLAN, OFFICE).p_target, abs=0.01)


def progressed(stretch: float, now=MONDAY + 14 * DAY):
    """The first of four activities took `stretch` times its plan, the second began after it."""
    finish = OFFICE.moments([float(OFFICE.hours([MONDAY])[0]) + 40 * stretch])[0]
    network = changed(replace(PLAN, now=now), "a", status=Status.DONE, started_at=MONDAY, finished_at=finish)
    return changed(network, "b", status=Status.STARTED, started_at=finish)


def test_slow_work_moves_the_date_and_quick_work_does_too():
    dates = [p50(progressed(stretch)) for stretch in (0.7, 1.0, 1.5)]
    assert dates == sorted(dates)
    assert len(set(dates)) == 3


def test_more_progress_is_never_later():
    dates = [p50(changed(progressed(1.2), "b", percent=percent)) for percent in (0.0, 30.0, 60.0, 90.0)]
    assert dates == sorted(dates, reverse=True)


def test_ones_own_history_moves_the_prior():
    slow = prior_from([PastRollout(log_pace=0.4 + 0.01 * n, total_days=90) for n in range(12)])
    assert p50(PLAN, prior=slow) > p50(PLAN)
    sure = forecast(PLAN, OFFICE, prior=slow)
    assert sure.pace.factor == pytest.approx(math.exp(0.455), rel=1e-6)
    assert sure.fingerprint != forecast(PLAN, OFFICE).fingerprint


def test_a_longer_wait_for_a_decision_is_a_later_date():
    def asked(days):
        over = {"wait": Wait.APPROVAL, "typical_wait": 24.0, "waiting_since": MONDAY - days * DAY}
        return p50(changed(PLAN, "a", **over))

    dates = [asked(days) for days in (7, 14, 28, 56)]
    assert dates == sorted(dates)


def test_only_what_go_live_waits_for_counts():
    goals = replace(PLAN, goals=("b",), target=MONDAY + 11 * DAY + timedelta(hours=8))
    found = forecast(goals, OFFICE)
    assert (found.total, set(found.criticality)) == (2, {"a", "b"})
    assert 80 < hours_to(found.at(0.5)) < 88


def test_the_answer_does_not_depend_on_the_order_of_facts():
    network = progressed(1.3)
    shuffled = replace(network, activities=network.activities[::-1], links=network.links[::-1])
    assert forecast(shuffled, OFFICE).plain() == forecast(network, OFFICE).plain()


def test_seeds_and_facts_change_the_fingerprint_and_nothing_else_does():
    found = forecast(PLAN, OFFICE)
    assert forecast(PLAN, OFFICE).fingerprint == found.fingerprint
    others = [
        forecast(PLAN, OFFICE, seed=2),
        forecast(PLAN, OFFICE, trials=999),
        forecast(PLAN, ALWAYS),
        forecast(changed(PLAN, "a", percent=1.0), OFFICE),
        forecast(replace(PLAN, grace=3.0), OFFICE),
    ]
    assert len({found.fingerprint, *(one.fingerprint for one in others)}) == 6


def test_another_seed_gives_nearly_the_same_answer():
    dates = [hours_to(forecast(PLAN, OFFICE, seed=seed).at(0.5)) for seed in range(8)]
    assert np.std(dates) / np.mean(dates) < 0.006
    chances = [forecast(PLAN, OFFICE, seed=seed).p_target for seed in range(8)]
    assert np.std(chances) < 0.01


SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from unit.health.test_forecast import OFFICE, progressed
from rollout_sync.health.drivers import drivers
from rollout_sync.health.forecast import forecast
found = forecast(progressed(1.3), OFFICE, trials=500)
print(json.dumps([found.plain(), [repr(one) for one in drivers(progressed(1.3), OFFICE, found, trials=200)]]))
"""


def test_two_processes_give_the_same_bytes():
    tests = str(Path(__file__).parents[2])
    answers = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, tests],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers[0] == answers[1]
    assert json.loads(answers[0])[0] == forecast(progressed(1.3), OFFICE, trials=500).plain()


def test_a_passed_target_is_missed():
    found = forecast(replace(progressed(1.0), target=MONDAY), OFFICE)
    assert (found.p_target, found.p_grace) == (0.0, 0.0)
    assert forecast(replace(PLAN, target=None), OFFICE).p_target is None


def test_finished_means_finished():
    network = replace(PLAN, now=MONDAY + 60 * DAY)
    for number, one in enumerate(network.activities):
        finish = MONDAY + (7 * number + 4) * DAY + timedelta(hours=8)
        network = changed(network, one.key, status=Status.DONE, started_at=finish - DAY, finished_at=finish)
    found = forecast(network, OFFICE)
    assert found.basis is Basis.FINISHED
    assert set(found.deciles) == {MONDAY + 25 * DAY + timedelta(hours=8)}
    assert (found.p_target, found.p_grace, found.finished) == (1.0, 1.0, 4)
    assert forecast(replace(network, target=MONDAY + 24 * DAY, grace=1.0), OFFICE).p_grace == 0.0


def test_nearly_finished_is_nearly_sure_but_never_done():
    network = replace(PLAN, now=MONDAY + 25 * DAY)
    for key, first in zip("abcd", (0, 7, 14, 21), strict=True):
        over = {"status": Status.DONE, "started_at": MONDAY + first * DAY}
        network = changed(network, key, **over, finished_at=MONDAY + (first + 4) * DAY + timedelta(hours=8))
    last = changed(network, "d", status=Status.STARTED, finished_at=None, percent=100.0)
    found = forecast(last, OFFICE)
    assert found.basis is Basis.NETWORK
    assert found.deciles[0] > network.now
    assert hours_to(found.at(0.9)) < 160 + 40


def test_a_plan_with_gaps_says_so():
    network = changed(PLAN, "b", duration=None, planned_start=None, planned_finish=None)
    found = forecast(network, OFFICE)
    assert found.basis is Basis.NETWORK
    assert found.notes == ("25% of the activities have no planned length; the median of the others stands in",)


def board(done: int, left: int, *, days: int, **over):
    """Items without any plan; the finished ones were closed one after the other over `days`."""
    closed = [MONDAY + (n + 1) * days / max(done, 1) * DAY for n in range(done)]
    activities = [
        Activity(key=f"done-{n}", status=Status.DONE, started_at=MONDAY, finished_at=one)
        for n, one in enumerate(closed)
    ] + [Activity(key=f"open-{n}") for n in range(left)]
    return ActivityNetwork(activities=tuple(activities), now=MONDAY + days * DAY, **over)


def test_without_a_plan_the_reference_class_speaks():
    network = board(0, 16, days=0, target=MONDAY + 37 * DAY)
    found = forecast(network, OFFICE)
    assert found.basis is Basis.REFERENCE_CLASS
    assert found.notes == ("no plan: reference class only",)
    assert found.planned_finish is None
    assert (found.at(0.5) - MONDAY) / DAY == pytest.approx(9.3 * 4, rel=0.02)
    assert (found.at(0.9) - MONDAY) / DAY == pytest.approx(9.3 * 4 * math.exp(1.2 * 1.2816), rel=0.02)
    assert found.p_target == pytest.approx(0.5, abs=0.02)


def test_the_flow_is_counted_at_the_status_date():
    network = board(60, 10, days=60)
    kept = frozenset(one.key for one in network.activities)
    flow = flow_of(network, kept)
    assert (flow.done, flow.left, flow.recent, flow.elapsed) == (60, 10, 42, 60.0)
    assert flow.rate == pytest.approx(math.sqrt(60.5 / 67 * 42.5 / 49))
    assert flow_of(replace(network, now=MONDAY + 30 * DAY), kept).left == 40


def test_the_rate_counts_more_the_more_is_done():
    draws = Draws(seed=1, trials=2001)
    slow, quick = (Flow(done=40, left=10, recent=40, elapsed=days) for days in (400.0, 40.0))
    medians = [float(np.median(days_left(flow, DEFAULT_PRIOR, draws))) for flow in (slow, quick)]
    assert medians[0] > medians[1]
    weight = 0.3 * 40 / 50
    expected = (1 - weight) * math.log(9.3 * math.sqrt(10)) + weight * math.log(10 / quick.rate)
    assert math.log(medians[1]) == pytest.approx(expected, abs=0.01)


def test_three_finished_rollouts_replace_the_square_root_law():
    prior = prior_from([PastRollout(log_pace=None, total_days=days) for days in (80.0, 100.0, 125.0)])
    draws = Draws(seed=1, trials=4001)
    fresh, late = (Flow(done=0, left=30, recent=0, elapsed=days) for days in (0.0, 300.0))
    assert np.median(days_left(fresh, prior, draws)) == pytest.approx(100, rel=0.02)
    left = days_left(late, prior, draws)
    assert (left > 0).all()
    ends = np.log([300, 300 + np.median(left)])
    beyond = [math.erfc((end - math.log(100)) / prior.totals.spread / math.sqrt(2)) for end in ends]
    assert beyond[1] / beyond[0] == pytest.approx(0.5, abs=0.02)  # cut off at the time that has passed


def test_what_cannot_be_forecast_is_refused():
    with pytest.raises(PlanError, match="without activities"):
        forecast(ActivityNetwork(activities=(), now=MONDAY), OFFICE)
    with pytest.raises(ValueError, match="0 trials"):
        forecast(PLAN, OFFICE, trials=0)
    with pytest.raises(ValueError, match="not in tuple"):
        forecast(PLAN, OFFICE, trials=10).at(0.55)


def test_endless_waits_do_not_leave_the_calendar():
    over = {"wait": Wait.APPROVAL, "typical_wait": 24.0, "waiting_since": MONDAY - 9000 * DAY}
    found = forecast(changed(PLAN, "a", **over), OFFICE)
    assert found.at(0.9).year < 2100


def test_milestones_alone_can_be_forecast():
    milestone = Activity(key="a", duration=0.0, planned_start=MONDAY + 7 * DAY, planned_finish=MONDAY + 7 * DAY)
    network = ActivityNetwork(
        activities=(milestone, replace(milestone, key="b")), links=(Link(source="a", target="b"),), now=MONDAY
    )
    found = forecast(network, OFFICE)
    assert MONDAY < found.at(0.1) <= found.at(0.9) < MONDAY + 14 * DAY
