"""The odds of a plan: the network a rollout becomes, and what a coordinator is told before anything is created."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rollout_sync.health.activities import Progress, before_go_live, network_of, working_time
from rollout_sync.health.drivers import Cause
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
