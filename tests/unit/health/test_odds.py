"""The odds of a plan: the network a rollout becomes, and what a coordinator is told before anything is created."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout_sync.health.activities import Progress, before_go_live, network_of, working_time
from rollout_sync.health.drivers import Cause
from rollout_sync.health.earlier import STEP, earlier, moved
from rollout_sync.health.forecast import forecast
from rollout_sync.health.network import Status, ThreePoint, Wait
from rollout_sync.health.odds import odds
from rollout_sync.health.prior import PastRollout, prior_from
from rollout_sync.model.rollout import Approval, CalendarSpec, ItemKind, LinkType
from rollout_sync.schedule.calendar import WorkCalendar
from rollout_sync.schedule.dates import plan_dates
from support.builders import after, days, make_item, make_rollout, on_go_live

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
GO_LIVE = date(2027, 3, 1)
CALENDAR = WorkCalendar.of(CalendarSpec(country="DE"))

ITEMS = (
    make_item("prepare/inventory", estimate=days(3, 2, 6)),
    make_item("prepare/set-up", estimate=days(5), after=(after("prepare/inventory", LinkType.START_START, 1),)),
    make_item(
        "green-light/head",
        kind=ItemKind.APPROVAL,
        title="Green light of Finance",
        estimate=days(5, 1, 10),
        approval=Approval(approvers=(), within_days=5),
        after=(after("prepare/set-up"),),
    ),
    make_item(
        "change/switch",
        kind=ItemKind.MILESTONE,
        estimate=days(0),
        after=(after("green-light/head"),),
        anchor=on_go_live(),
    ),
    make_item("sustain/help", estimate=days(20), after=(after("change/switch"),)),
)


def rollout(items=ITEMS, **over):
    return make_rollout(items, **{"go_live": GO_LIVE, "grace_days": 3, **over})


def told(some, now=NOW, **over):
    return odds(some, plan_dates(some, CALENDAR, now.date()), CALENDAR, now, **over)


def advised(some, now=NOW, **over):
    plan = plan_dates(some, CALENDAR, now.date())
    return earlier(some, plan, CALENDAR, now, odds(some, plan, CALENDAR, now, **over), **over)


def chance_when_moved(some, days, trials=10_000):
    """Chance of the promised go-live when the plan is begun so much earlier."""
    plan = plan_dates(some, CALENDAR, NOW.date())
    made = network_of(some, moved(plan, CALENDAR, days), NOW.replace(hour=9, minute=0), target=plan.go_live)
    return forecast(made, working_time(CALENDAR), trials=trials).p_target


def network(some=None, **over):
    some = some or rollout()
    return network_of(some, plan_dates(some, CALENDAR, NOW.date()), NOW, **over)


def test_items_become_activities():
    made = {one.key: one for one in network().activities}
    inventory, head, switch = (made[key] for key in ("prepare/inventory", "green-light/head", "change/switch"))
    assert (inventory.duration, inventory.estimate) == (24.0, ThreePoint(low=16.0, likely=24.0, high=48.0))
    assert made["prepare/set-up"].estimate is None  # one number says nothing of the spread
    assert (head.wait, head.typical_wait, head.estimate, head.duration) == (Wait.APPROVAL, 24.0, None, 40.0)
    assert switch.planned_start == switch.planned_finish == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert network().target == datetime(2027, 3, 1, 17, tzinfo=UTC)
    assert network().grace == 24.0
    assert [(link.source, link.type, link.lag) for link in network().links if link.target == "prepare/set-up"] == [
        ("prepare/inventory", LinkType.START_START, 8.0)
    ]


def test_go_live_does_not_wait_for_what_comes_after_it():
    assert set(before_go_live(rollout())) == {item.key for item in ITEMS[:4]}
    assert set(network().goals) == set(before_go_live(rollout()))


def test_the_planned_finish_is_the_schedules():
    found = forecast(network(), working_time(CALENDAR))
    assert found.planned_finish == datetime(2027, 2, 26, 17, tzinfo=UTC)  # the evening before the switch
    assert found.total == 4


def test_progress_is_taken_over():
    asked = datetime(2026, 11, 20, 9, tzinfo=UTC)
    made = network(
        progress={
            "prepare/inventory": Progress(status=Status.DONE, started_at=asked, finished_at=NOW, is_added=True),
            "prepare/set-up": Progress(status=Status.STARTED, started_at=asked, percent=40.0, blocked_since=asked),
            "green-light/head": Progress(asked_at=asked),
        },
        target=date(2027, 4, 1),
    )
    inventory, set_up, head, *_ = made.activities
    assert (inventory.status, inventory.finished_at, inventory.is_added) == (Status.DONE, NOW, True)
    assert (set_up.percent, set_up.wait, set_up.waiting_since) == (40.0, Wait.BLOCKER, asked)
    assert (head.wait, head.waiting_since) == (Wait.APPROVAL, asked)
    assert made.target == datetime(2027, 4, 1, 17, tzinfo=UTC)


def test_odds_are_told_before_anything_is_done():
    found = told(rollout())
    assert found.target == GO_LIVE
    assert 0.2 < found.p_target < found.p_grace < 0.9
    assert found.p50 < found.p80
    assert found.p80 == found.forecast.at(0.8).date()
    assert 1 <= len(found.reasons) <= 3
    assert all(one.days >= 0.05 for one in found.reasons)
    assert [one.days for one in found.reasons] == sorted((one.days for one in found.reasons), reverse=True)
    assert Cause.APPROVALS in {one.cause for one in found.reasons}


def test_odds_are_the_same_all_day_and_in_every_order():
    found = told(rollout())
    assert told(rollout(), NOW.replace(hour=22)) == found
    assert told(rollout(ITEMS[::-1])) == found


def test_time_to_spare_before_the_agreed_day_helps():
    close, wide = (
        forecast(network(target=day), working_time(CALENDAR)) for day in (date(2027, 3, 1), date(2027, 3, 15))
    )
    assert wide.p_target > close.p_target + 0.3
    assert wide.deciles == close.deciles


def test_a_plan_that_does_not_fit_has_poor_odds_and_says_why():
    late = datetime(2027, 2, 22, 9, tzinfo=UTC)
    found = told(rollout(), late)
    assert found.p_target < 0.1
    assert found.reasons[0].cause is Cause.PLAN
    assert "the plan itself ends" in found.reasons[0].sentence


def test_slow_rollouts_of_the_past_lower_the_odds():
    prior = prior_from([PastRollout(log_pace=0.4, total_days=90)] * 12)
    found = told(rollout(), prior=prior)
    assert found.p_target < told(rollout()).p_target
    assert Cause.PACE in {one.cause for one in found.reasons}


def test_forward_plans_have_odds_of_their_computed_go_live():
    some = rollout(go_live=None, start=date(2027, 1, 11))
    found = told(some)
    assert found.target == plan_dates(some, CALENDAR, NOW.date()).go_live
    assert 0 < found.p_target < 1


def test_a_rollout_without_items_has_no_odds():
    assert told(rollout(())) is None


@pytest.mark.parametrize("size", [1, 40])
def test_any_size_will_do(size):
    items = [make_item(f"prepare/item-{n}", estimate=days(2, 1, 4)) for n in range(size)]
    found = told(rollout(items))
    assert found.forecast.total == size


FAST = prior_from([PastRollout(log_pace=-0.8, total_days=90, wait_ratios=(0.3,) * 10)] * 12)


class TestEarlier:
    def test_advice_is_the_first_week_that_reaches_80_percent(self):
        then = advised(rollout())
        assert then.days % STEP == 0
        assert then.p_target == chance_when_moved(rollout(), then.days) >= 0.8
        assert chance_when_moved(rollout(), then.days - STEP) < 0.8

    def test_a_moved_plan_is_the_plan_for_a_go_live_so_much_earlier(self):
        then = advised(rollout())
        assert then.go_live == CALENDAR.shift(GO_LIVE, -then.days)
        again = plan_dates(rollout(go_live=then.go_live), CALENDAR, NOW.date())
        assert moved(plan_dates(rollout(), CALENDAR, NOW.date()), CALENDAR, then.days) == again
        assert then.start == again.start

    @settings(max_examples=20, deadline=None)
    @given(
        lengths=st.lists(st.integers(1, 8), min_size=1, max_size=6),
        spread=st.integers(0, 5),
        steps=st.lists(st.integers(0, 30), min_size=2, max_size=4).map(sorted),
    )
    def test_beginning_a_chain_earlier_never_lowers_the_odds(self, lengths, spread, steps):
        items = [
            make_item(
                f"prepare/item-{n}",
                estimate=days(length, length, length + spread),
                after=(after(f"prepare/item-{n - 1}"),) if n else (),
            )
            for n, length in enumerate(lengths)
        ]
        some = rollout(items, go_live=date(2027, 5, 31))
        chances = [chance_when_moved(some, step, trials=500) for step in steps]
        assert chances == sorted(chances)

    @pytest.mark.parametrize("room", range(8))
    def test_nothing_is_advised_to_begin_before_today(self, room):
        plan = plan_dates(rollout(), CALENDAR, NOW.date())
        today = CALENDAR.shift(plan.start, -room)
        then = advised(rollout(), datetime.combine(today, NOW.timetz()))
        if room == 0:
            assert then is None
        else:
            assert then.days <= room
            assert today <= then.start

    def test_room_is_counted_from_the_next_working_day(self):
        plan = plan_dates(rollout(), CALENDAR, NOW.date())
        monday = next(day for n in range(1, 7) if (day := CALENDAR.shift(plan.start, -n)).weekday() == 0)
        saturday = date.fromordinal(monday.toordinal() - 2)
        then = advised(rollout(), datetime.combine(saturday, NOW.timetz()))
        assert then.days == min(STEP, CALENDAR.between(monday, plan.start))
        assert then.start >= monday

    def test_good_odds_need_no_advice(self):
        assert told(rollout(), prior=FAST).p_target >= 0.8
        assert advised(rollout(), prior=FAST) is None

    def test_a_forward_plan_gets_advice_too(self):
        some = rollout(go_live=None, start=date(2027, 1, 11))
        then = advised(some)
        assert then.start == CALENDAR.shift(date(2027, 1, 11), -then.days)
        assert then.p_target > told(some).p_target

    def test_it_repeats_and_does_not_depend_on_the_hour(self):
        first = repr(advised(rollout()))
        assert repr(advised(replace(rollout(), items=ITEMS[::-1]), NOW.replace(hour=1))) == first
