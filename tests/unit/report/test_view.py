"""The burn-up is counted from the case: work done, scope that grows and shrinks, and the frozen plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.rollout import ItemKey, TrackerName
from rollout_sync.model.snapshot import AddedItem, ItemState, ItemStatus
from rollout_sync.report.view import MOST_POINTS, history_of
from support.builders import days, make_item
from support.pictured import a_case, a_small_case

NOW = datetime(2027, 2, 8, 9, tzinfo=UTC)
A, B, C = (f"prepare/{name}" for name in "abc")


def moment(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def state(key: str, status: ItemStatus, **over) -> ItemState:
    return ItemState(item=ItemKey(key), status=status, **over)


def added(number: int, **over) -> AddedItem:
    under = ObjectKey(ObjectKind.EPIC, "prepare")
    return AddedItem(tracker=TrackerName.JIRA, id=str(number), title="More", under=under, **over)


def three(**over):
    return a_small_case(*(make_item(key) for key in (A, B, C)), now=NOW, **over)


def at(case, day: date):
    return next(one for one in history_of(case).burn if one.day == day)


def test_work_counts_from_the_day_it_was_finished():
    case = three(states=(state(A, ItemStatus.DONE, finished_at=moment(date(2027, 2, 3))), state(B, ItemStatus.STARTED)))
    assert at(case, date(2027, 2, 3)).done == 1
    assert at(case, NOW.date()).done == 1
    assert [one.done for one in history_of(case).burn if one.day < date(2027, 2, 3)][-1:] in ([0], [])


def test_a_moment_belongs_to_its_day_in_utc():
    late_evening = datetime.fromisoformat("2027-02-03T22:30:00-05:00")
    case = three(states=(state(A, ItemStatus.DONE, finished_at=late_evening),))
    assert at(case, date(2027, 2, 4)).done == 1


def test_work_that_was_done_when_first_seen_counts_from_then_or_from_today():
    seen = three(states=(state(A, ItemStatus.DONE, seen_at=moment(date(2027, 2, 5))),))
    assert at(seen, date(2027, 2, 5)).done == 1
    unseen = three(states=(state(A, ItemStatus.DONE),))
    assert at(unseen, NOW.date()).done == 1


def test_scope_grows_with_added_work_and_shrinks_with_deleted_work():
    case = three(
        states=(
            state(A, ItemStatus.DONE, finished_at=moment(date(2027, 2, 1))),
            state(C, ItemStatus.GONE, seen_at=moment(date(2027, 2, 4))),
        ),
        added=(
            added(1, created_at=moment(date(2027, 2, 2)), status=ItemStatus.DONE, finished_at=moment(date(2027, 2, 3))),
            added(2, created_at=moment(date(2027, 2, 5))),
            added(3, created_at=moment(date(2027, 2, 5)), status=ItemStatus.GONE),
        ),
    )
    totals = {day: at(case, date(2027, 2, day)).total for day in (1, 2, 4, 5, 8)}
    assert totals == {1: 3, 2: 4, 4: 3, 5: 4, 8: 4}
    assert at(case, date(2027, 2, 3)).done == 2


def test_the_future_is_planned_but_not_done():
    case = three()
    future = [one for one in history_of(case).burn if one.day > NOW.date()]
    assert future
    assert all(one.done is None and one.total is None for one in future)
    assert history_of(case).burn[-1].planned == 3


def test_the_plan_is_the_frozen_baseline():
    case = three()
    early = {key: (date(2027, 1, 4), date(2027, 1, 5)) for key in case.baseline}
    moved = replace(case, baseline=early)
    assert at(moved, date(2027, 1, 4)).planned == 0
    assert at(moved, date(2027, 1, 5)).planned == 3


def test_it_begins_with_nothing_done():
    first = history_of(a_case()).burn[0]
    assert (first.done, first.planned) == (0, 0)


def test_a_rollout_without_items_has_no_curve():
    assert history_of(a_small_case(now=NOW)).burn == ()


def test_a_long_rollout_is_shown_with_fewer_points_and_keeps_its_ends():
    case = three(states=(state(A, ItemStatus.DONE, finished_at=NOW - timedelta(days=3_000)),))
    burn = history_of(case).burn
    assert len(burn) <= MOST_POINTS + 3
    assert NOW.date() in {one.day for one in burn}
    assert burn[-1].planned == 3


def test_reviews_of_the_future_are_no_history():
    case = a_case()
    assert history_of(case).trend == case.earlier
    before = replace(case, now=case.now - timedelta(weeks=3))
    assert history_of(before).trend == case.earlier[:-2]


@given(st.lists(st.integers(-40, 5), max_size=3), st.lists(st.integers(-40, 5), max_size=4))
def test_curves_of_the_past_only_grow_without_deletions(finished, created):
    states = tuple(
        state(key, ItemStatus.DONE, finished_at=NOW + timedelta(days=day))
        for key, day in zip((A, B, C), finished, strict=False)
    )
    extra = tuple(added(n, created_at=NOW + timedelta(days=day)) for n, day in enumerate(created))
    burn = history_of(three(states=states, added=extra)).burn
    past = [one for one in burn if one.done is not None]
    for name in ("done", "total", "planned"):
        values = [getattr(one, name) for one in past]
        assert values == sorted(values)
    assert past[-1].done == len(finished)
    assert past[-1].total == 3 + len(created)
    assert [one.day for one in burn] == sorted({one.day for one in burn})


def test_one_day_of_work_is_a_curve():
    case = a_small_case(make_item(A, estimate=days(1)), now=NOW)
    assert len(history_of(case).burn) >= 2
