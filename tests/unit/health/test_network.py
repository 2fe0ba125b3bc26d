"""What a network refuses, what counts for its goals, and how statuses are read at the status date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from rollout_sync.errors import PlanError
from rollout_sync.health.network import Activity, ActivityNetwork, Link, Status, ThreePoint, Wait, counted
from rollout_sync.health.situation import situation_of
from unit.health.made_up import DAY, MONDAY, OFFICE, at, chain, changed


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"duration": -1.0}, "duration is -1.0"),
        ({"duration": float("nan")}, "duration is nan"),
        ({"typical_wait": float("inf")}, "typical_wait is inf"),
        ({"percent": 101.0}, "percent is 101.0"),
        ({"estimate": ThreePoint(low=3, likely=2, high=4)}, "estimates 3, 2, 4"),
        ({"planned_start": MONDAY, "planned_finish": MONDAY - DAY}, "planned_finish .* is before planned_start"),
        ({"started_at": MONDAY, "finished_at": MONDAY - DAY}, "finished_at .* is before started_at"),
        ({"started_at": MONDAY.replace(tzinfo=UTC)}, "one has a time zone"),
    ],
)
def test_impossible_facts_are_refused(over, words):
    with pytest.raises(PlanError, match=words):
        ActivityNetwork(activities=(Activity(key="a", **over),), now=MONDAY)


def test_unknown_and_double_keys_are_refused():
    one = Activity(key="a")
    with pytest.raises(PlanError, match="two activities have the key 'a'"):
        ActivityNetwork(activities=(one, one), now=MONDAY)
    with pytest.raises(PlanError, match="'b' is linked or a goal"):
        ActivityNetwork(activities=(one,), links=(Link(source="a", target="b"),), now=MONDAY)
    with pytest.raises(PlanError, match="'c' is linked or a goal"):
        ActivityNetwork(activities=(one,), goals=("c",), now=MONDAY)
    both, endless = (one, Activity(key="b")), Link(source="a", target="b", lag=float("nan"))
    with pytest.raises(PlanError, match="lag nan"):
        ActivityNetwork(activities=both, links=(endless,), now=MONDAY)


def test_only_goals_and_what_is_before_them_count():
    network = replace(chain(8, 8, 8, 8), goals=("c",))
    assert counted(network) == {"a", "b", "c"}
    assert [one.key for one in situation_of(network, OFFICE).standings] == ["a", "b", "c"]


def standing(key="a", *, now=MONDAY + 3 * DAY, **over):
    network = changed(replace(chain(16, 16), now=now), key, **over)
    return next(one for one in situation_of(network, OFFICE).standings if one.key == key)


def test_a_finish_after_the_status_date_is_not_known_yet():
    late = standing(status=Status.DONE, started_at=MONDAY, finished_at=MONDAY + 4 * DAY)
    assert (late.status, late.started, late.progress) == (Status.STARTED, -24.0, 0.5)
    future = standing(status=Status.DONE, started_at=MONDAY + 4 * DAY, finished_at=MONDAY + 5 * DAY)
    assert (future.status, future.progress) == (Status.TODO, 0.0)


def test_missing_moments_are_filled_in_carefully():
    done = standing(status=Status.DONE)
    assert (done.finished, done.started) == (
        -8.0,
        -8.0,
    )  # as planned, on Tuesday evening; nothing is known of its length
    early = standing("b", now=MONDAY + DAY, status=Status.DONE)
    assert early.finished == 0.0  # planned for Thursday, so it ended just now
    started = standing(status=Status.STARTED, percent=75.0)
    assert (started.started, started.progress) == (-24.0, 0.75)


def test_lengths_come_from_the_plan_or_from_the_others():
    network = changed(chain(8, 16, 24), "b", duration=None)
    assert [one.length for one in situation_of(network, OFFICE).standings] == [8, 16, 24]
    network = changed(network, "b", planned_start=None, planned_finish=None)
    situation = situation_of(network, OFFICE)
    assert [one.length for one in situation.standings] == [8, 16, 24]  # the median of 8 and 24
    assert situation.standings[1].planned_start == 8.0  # when the first is planned to be done
    assert not situation.standings[1].is_dated
    assert situation.planned_share == pytest.approx(2 / 3)


def test_waiting_is_counted_from_the_request():
    waiting = standing(wait=Wait.APPROVAL, waiting_since=MONDAY + DAY)
    assert waiting.waited == 16.0
    assert standing(wait=Wait.APPROVAL).waited is None
    assert standing(wait=Wait.APPROVAL, waiting_since=MONDAY + 9 * DAY).waited is None
    assert standing(wait=Wait.APPROVAL, status=Status.STARTED, started_at=MONDAY).waited == 24.0
    assert standing(wait=Wait.BLOCKER, waiting_since=MONDAY).is_blocked
    assert not standing(wait=Wait.BLOCKER).is_blocked


@pytest.mark.parametrize(("lengths", "days"), [((8, 8), 1), ((8.0 * 60,), 3), ((8.0 * 500,), 10)])
def test_grace_is_five_percent_within_limits(lengths, days):
    assert situation_of(chain(*lengths), OFFICE).grace == pytest.approx(8.0 * days)
    assert situation_of(replace(chain(*lengths), grace=5.0), OFFICE).grace == 5.0


def test_finishing_asks_what_would_be():
    network = replace(chain(8, 8), now=at("2027-01-04 12:00"))
    assert not situation_of(network, OFFICE).is_finished
    finished = situation_of(network.finishing(["a", "b"]), OFFICE)
    assert finished.is_finished
    assert [one.finished for one in finished.standings] == [0.0, 0.0]
    assert situation_of(replace(network, goals=("a",)).finishing(["a"]), OFFICE).is_finished
    assert timedelta(0) == network.now - network.finishing(["a"]).now
