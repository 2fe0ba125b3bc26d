"""What a finished rollout teaches, and how often earlier intervals held the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rollout_sync.health.hindsight import cover
from rollout_sync.health.review import SignalName
from rollout_sync.health.verdict import lesson, review
from rollout_sync.health.view import View
from rollout_sync.model.rollout import Approval, ItemKind
from rollout_sync.model.snapshot import ItemStatus
from support.builders import GO_LIVE, days, make_item
from unit.health.cases import at, before_go_live, case_of, chain, later, on_board, past

AFTER = at(later(GO_LIVE, 5))
HEAD = make_item(
    "green-light/head", kind=ItemKind.APPROVAL, estimate=days(5), approval=Approval(approvers=(), within_days=5)
)
ITEMS = (HEAD, *chain(4, 4, 4, 4))


def test_a_running_rollout_teaches_nothing_yet():
    case = case_of(ITEMS, before_go_live(2))
    assert lesson(case) is None
    assert View(case=case).finished_on is None


def test_a_finished_rollout_teaches_pace_duration_and_waits():
    found = lesson(case_of(ITEMS, AFTER))
    assert found.log_pace == pytest.approx(0.0, abs=1e-6)
    first, last = min(slot for slot, _ in case_of(ITEMS, AFTER).baseline.values()), GO_LIVE
    assert found.total_days == pytest.approx((last - first).days, abs=0.5)
    assert found.wait_ratios == pytest.approx((5 / 3,))  # five days, where three are usual


def test_slow_work_teaches_a_slow_pace():
    assert lesson(case_of(ITEMS, AFTER, delays={"prepare/a": 4, "prepare/b": 4})).log_pace > 0.2


def test_what_was_deleted_teaches_nothing():
    case = case_of(ITEMS, AFTER, delays={"prepare/a": 4})
    assert lesson(on_board(case, "prepare/a", status=ItemStatus.GONE)).log_pace == pytest.approx(0.0, abs=1e-6)


def test_a_rollout_that_was_never_seen_to_start_teaches_nothing():
    states = {item.key: {"started_at": None, "finished_at": None} for item in ITEMS}
    gates = {HEAD.key: {"asked_at": None, "decided_at": None}}
    assert lesson(case_of(ITEMS, AFTER, states=states, gates=gates)) is None


def test_the_last_finish_is_its_real_day():
    case = case_of(ITEMS, AFTER, delays={"change/switch": 2})
    assert View(case=case).finished_on == later(GO_LIVE, 2)
    assert review(case).sentence.startswith("Green: live since 3 Mar, 2 days after the agreed 1 Mar")


def intervals(*pairs):
    return [
        past(at(GO_LIVE - timedelta(days=len(pairs) + 5 - n)), p10=low, p90=high) for n, (low, high) in enumerate(pairs)
    ]


HIT, MISS = (GO_LIVE - timedelta(days=3), GO_LIVE), (GO_LIVE - timedelta(days=9), GO_LIVE - timedelta(days=1))


def test_cover_is_the_share_of_intervals_that_held_the_day():
    assert cover(intervals(HIT, HIT, MISS, HIT), GO_LIVE) == 0.75
    assert cover(intervals(MISS, MISS, MISS), GO_LIVE) == 0.0


def test_a_finished_rollout_says_how_honest_its_forecasts_were():
    earlier = tuple(intervals(HIT, MISS, HIT, HIT))
    found = {one.name: one for one in review(case_of(ITEMS, AFTER, earlier=earlier)).signals}
    assert found[SignalName.FORECAST].sentence == (
        "live since 1 Mar, as agreed; 75 % of the earlier P10 to P90 intervals held the real day"
    )


def test_cover_needs_three_days_before_the_finish():
    two = intervals(HIT, HIT)
    assert cover(two, GO_LIVE) is None
    assert cover([*two, past(at(two[-1].at.date(), 20), p10=date(2020, 1, 1), p90=date(2020, 1, 2))], GO_LIVE) is None
    assert cover([*two, past(at(GO_LIVE), p10=HIT[0], p90=HIT[1])], GO_LIVE) is None
    assert cover([*two, replace(two[0], at=at(date(2026, 1, 1)), p10=None)], GO_LIVE) is None
