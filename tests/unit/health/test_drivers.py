"""Drivers: shares that add up, each cause alone, the items behind it, the words, and the what-ifs."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.health import shapley, wording
from rollout_sync.health.drivers import Cause, drivers
from rollout_sync.health.forecast import forecast
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, ThreePoint, Wait
from rollout_sync.health.prior import DEFAULT_PRIOR, PastRollout, prior_from
from unit.health.made_up import ALWAYS, DAY, MONDAY, OFFICE, chain, changed, history

LATE = MONDAY + 14 * DAY
END = MONDAY + 25 * DAY + timedelta(hours=8)


def plan(**over):
    return replace(chain(40, 40, 40, 40, target=END), **over)


def done(network, key, first, last):
    return changed(network, key, status=Status.DONE, started_at=first, finished_at=last + timedelta(hours=8))


def on_plan(now=LATE):
    """Two weeks in, and everything as planned."""
    network = done(plan(now=now), "a", MONDAY, MONDAY + 4 * DAY)
    return done(network, "b", MONDAY + 7 * DAY, MONDAY + 11 * DAY)


def found(network, *, prior=DEFAULT_PRIOR, worktime=OFFICE):
    answer = forecast(network, worktime, prior=prior, trials=4000)
    return answer, {one.cause: one for one in drivers(network, worktime, answer, prior=prior)}


def gap(network, answer, worktime=OFFICE):
    p50, target = worktime.hours([answer.at(0.5), network.target or answer.planned_finish])
    return (p50 - target) / worktime.hours_per_day


@given(st.lists(st.floats(-100, 100), min_size=8, max_size=8))
def test_shapley_shares_are_the_mean_over_all_orders(worths):
    value = {some: worths[n] for n, some in enumerate(shapley.coalitions("abc"))}
    shares = shapley.shares("abc", value.__getitem__)
    assert sum(shares.values()) == pytest.approx(value[frozenset("abc")] - value[frozenset()], abs=1e-9)
    for cause in "abc":
        gains = []
        for order in permutations("abc"):
            before = frozenset(order[: order.index(cause)])
            gains.append(value[before | {cause}] - value[before])
        assert shares[cause] == pytest.approx(sum(gains) / 6, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_shares_add_up_to_the_days_between_target_and_p50(seed):
    network = history(random.Random(seed), share=0.5).network
    to_do = [one.key for one in network.activities if one.status is Status.TODO]
    network = changed(network, to_do[0], wait=Wait.APPROVAL, waiting_since=network.now - DAY)
    network = changed(network, to_do[1], wait=Wait.BLOCKER, waiting_since=network.now - 2 * DAY)
    network = changed(network, to_do[2], is_added=True)
    answer, causes = found(network, worktime=ALWAYS)
    assert set(causes) == set(Cause)
    assert sum(one.days for one in causes.values()) == pytest.approx(gap(network, answer, ALWAYS), abs=0.01)


def test_what_goes_as_planned_has_only_surprises():
    answer, causes = found(on_plan())
    assert set(causes) == {Cause.PLAN, Cause.STARTS, Cause.SPREAD}
    assert causes[Cause.PLAN].days == pytest.approx(0, abs=0.01)
    assert causes[Cause.STARTS].days == pytest.approx(0, abs=0.05)
    assert causes[Cause.SPREAD].days == pytest.approx(gap(on_plan(), answer), abs=0.1)


def test_slow_work_is_named_with_its_numbers():
    network = changed(on_plan(), "a", duration=20.0)
    network = changed(network, "b", duration=20.0)
    _, causes = found(network)
    pace = causes[Cause.PACE]
    assert pace.days > 1
    assert set(pace.items) == {"a", "b"}
    assert pace.sentence.startswith(f"+{pace.days:.1f} d: finished work suggests 1.")
    assert "(2 items, 80 % sure of " in pace.sentence
    assert pace.what_if == f"If the rest goes at the planned pace: {pace.p_then:.0%}"
    assert pace.p_then > found(network)[0].p_grace


def test_before_anything_is_done_earlier_rollouts_speak():
    prior = prior_from([PastRollout(log_pace=0.3, total_days=90.0)] * 12)
    answer, causes = found(plan(), prior=prior)
    assert answer.pace.finished == 0
    assert (
        "earlier rollouts suggest 1.35 x plan (12 rollouts, 80 % sure of 1.19 to 1.53)" in causes[Cause.PACE].sentence
    )


def test_overdue_work_is_named_and_finishing_it_today_would_help():
    network = done(plan(now=LATE), "a", MONDAY, MONDAY + 4 * DAY)
    network = changed(network, "b", title="Move the mailboxes")
    answer, causes = found(network)
    starts = causes[Cause.STARTS]
    assert starts.days > 2
    assert starts.items[0] == "b"
    assert (
        "one open item is behind its plan: 'Move the mailboxes' (5 d behind, on the driving path in 100% of runs)"
        in (starts.sentence)
    )
    assert starts.what_if == f"If the overdue item were finished today: {starts.p_then:.0%}"
    assert starts.p_then > answer.p_grace + 0.1


def test_a_head_start_counts_against_the_delay():
    network = done(on_plan(), "c", MONDAY + 9 * DAY, MONDAY + 11 * DAY)
    starts = found(network)[1][Cause.STARTS]
    assert starts.days < -1
    assert starts.sentence.startswith(f"{starts.days:.1f} d: work began ahead of plan: 'c' by 3 d")
    assert (starts.what_if, starts.p_then) == ("", None)


def test_a_pending_decision_is_named_and_a_yes_today_would_help():
    over = {
        "wait": Wait.APPROVAL,
        "typical_wait": 24.0,
        "waiting_since": MONDAY - 10 * DAY,
        "title": "Security sign-off",
    }
    network = changed(plan(), "a", **over)
    answer, causes = found(network)
    approval = causes[Cause.APPROVALS]
    assert approval.items == ("a",)
    assert "'Security sign-off' has been waiting for 6 d (typical 3 d), on the driving path in " in approval.sentence
    assert approval.what_if == f"If the decision came today: {approval.p_then:.0%}"
    assert approval.p_then >= answer.p_grace


def test_decisions_to_come_are_told_with_their_usual_length():
    network = plan()
    for key in "ab":
        network = changed(network, key, wait=Wait.APPROVAL, typical_wait=24.0)
    approval = found(network)[1][Cause.APPROVALS]
    first = approval.items[0]
    lasts = "usually 3 d, one in ten more than 10.8 d"
    assert f"2 decisions are still to be asked for: {lasts}; '{first}' is on the driving path in" in approval.sentence
    assert approval.what_if.startswith("If every decision takes only its planned time: ")


def test_blockers_and_added_work_are_named():
    network = changed(on_plan(), "c", wait=Wait.BLOCKER, waiting_since=LATE - 5 * DAY, typical_wait=40.0)
    network = changed(network, "d", is_added=True)
    _, causes = found(network)
    assert causes[Cause.BLOCKERS].days > 2
    assert "'c' has been blocked for 3 d, on the driving path in 94% of runs" in causes[Cause.BLOCKERS].sentence
    assert causes[Cause.SCOPE].days > 2
    assert "1 item (5 d of work) was added to the agreed plan, most of all 'd'" in causes[Cause.SCOPE].sentence
    for cause in (Cause.BLOCKERS, Cause.SCOPE):
        assert causes[cause].p_then > found(network)[0].p_grace


def test_a_plan_that_is_too_long_says_so():
    _, causes = found(plan(target=END - 7 * DAY))
    assert causes[Cause.PLAN].days == pytest.approx(5)
    assert causes[Cause.PLAN].sentence == "+5.0 d: the plan itself ends 5 d after the target"
    _, causes = found(plan(target=END + 7 * DAY))
    assert causes[Cause.PLAN].sentence == "-5.0 d: the plan itself ends 5 d before the target"


def test_parallel_paths_and_wide_estimates_are_surprises():
    wide = ThreePoint(low=8, likely=40, high=160)
    ways = tuple(
        Activity(
            key=f"way-{n}", duration=40.0, planned_start=MONDAY, planned_finish=MONDAY + timedelta(days=4, hours=8)
        )
        for n in range(8)
    )
    meet = Activity(key="meet", duration=8.0, planned_start=MONDAY + 7 * DAY)
    network = ActivityNetwork(
        activities=(*ways, meet),
        links=tuple(Link(source=one.key, target="meet") for one in ways),
        now=MONDAY,
        target=MONDAY + 7 * DAY + timedelta(hours=8),
    )
    narrow = found(network)[1][Cause.SPREAD]
    spread = found(changed(network, "way-3", estimate=wide, title="Talks"))[1][Cause.SPREAD]
    assert narrow.days > 0.3
    assert spread.days > narrow.days
    assert "'Talks' matters most (1 d to 20 d, on the driving path in " in spread.sentence


def test_without_target_the_planned_finish_takes_its_place():
    answer, causes = found(plan(target=None))
    assert causes[Cause.PLAN].days == 0
    assert sum(one.days for one in causes.values()) == pytest.approx(gap(plan(target=None), answer), abs=0.01)


def test_nothing_is_divided_where_there_is_no_plan_or_no_work():
    board = ActivityNetwork(activities=(Activity(key="a"),), now=MONDAY)
    over = done(done(on_plan(LATE + 30 * DAY), "c", LATE, LATE + 4 * DAY), "d", LATE, LATE + 11 * DAY)
    for network in (board, over):
        assert drivers(network, OFFICE, forecast(network, OFFICE)) == ()


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 d"), (-0.01, "0 d"), (1, "1 d"), (2.54, "2.5 d"), (12.04, "12 d"), (-3.25, "-3.2 d")]
)
def test_days_are_short(number, text):
    assert wording.days(number) == text
