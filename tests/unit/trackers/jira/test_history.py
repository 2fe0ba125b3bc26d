"""What a change history tells: begun, done, moved, labelled. By categories, whatever the statuses are called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.trackers.jira.history import Changes, changes_of, needs_history, story, untold

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
CATEGORIES = {
    "1": "new", "2": "new", "3": "indeterminate", "4": "indeterminate", "5": "done", "6": "done",
}  # fmt: skip
CREATED = "2027-01-04T12:00:00+00:00"


def at(hour):
    return (NOON + timedelta(hours=hour)).isoformat()


def change(hour, before, after, *, field="status", by="ann", created=None):
    ends = {"from": before, "to": after} if field == "status" else {"fromString": before, "toString": after}
    moment = NOON + timedelta(hours=hour)
    return {
        "id": str(hour),
        "author": {"accountId": by} if by else None,
        "created": int(moment.timestamp() * 1000) if created is None else created,
        "items": [{"field": field.title(), "fieldId": field, **ends}],
    }


def path(*statuses):
    """A history that enters these statuses, hour by hour, from the first."""
    return [change(n, before, after) for n, (before, after) in enumerate(pairwise(statuses), 1)]


def fields(status="1", **more):
    usual = {
        "status": f"name of {status}",
        "category": CATEGORIES[status],
        "created_at": CREATED,
        "created_by": "us",
        "updated_at": at(90),
        "labels": [],
    }
    return {**usual, **more}


def told(statuses, **more):
    return story(fields(statuses[-1], **more), statuses[-1], changes_of(path(*statuses)), CATEGORIES)


@pytest.mark.parametrize(
    ("statuses", "started", "finished"),
    [
        ("1", None, None),
        ("12", None, None),
        ("13", at(1), None),
        ("134", at(1), None),  # on to another status of work: it began once
        ("135", at(1), at(2)),
        ("15", at(1), at(1)),  # straight to done
        ("156", at(1), at(1)),  # closed after done: it was done before
        ("1353", at(1), None),
        ("13535", at(1), at(4)),
        ("131", None, None),
        ("1313", at(3), None),  # back in the list, then begun again
        ("13151", None, None),
        ("131515", at(5), at(5)),
    ],
)
def test_work_begins_and_ends_with_its_last_stretch(statuses, started, finished):
    seen = told(statuses)
    assert (seen["started_at"], seen["finished_at"]) == (started, finished)


@pytest.mark.parametrize(("status", "finished"), [("3", None), ("5", CREATED)])
def test_what_was_made_in_a_later_status_began_when_it_was_made(status, finished):
    seen = story(fields(status), status, Changes(), CATEGORIES)
    assert (seen["started_at"], seen["finished_at"]) == (CREATED, finished)
    assert (seen["moved_by"], seen["moved_at"]) == (None, None)


def test_the_last_move_says_who_and_when():
    history = [change(1, "1", "3", by="ann"), change(2, "3", "5", by="bob")]
    seen = story(fields("5"), "5", changes_of(history), CATEGORIES)
    assert (seen["moved_by"], seen["moved_at"]) == ("bob", at(2))


def test_a_move_by_nobody_that_has_an_account_is_still_a_move():
    seen = story(fields("3"), "3", changes_of([change(1, "1", "3", by="")]), CATEGORIES)
    assert (seen["started_at"], seen["moved_by"], seen["moved_at"]) == (at(1), None, at(1))


def test_statuses_that_are_not_there_any_more_tell_nothing():
    history = changes_of(path("1", "3", "old", "5"))
    seen = story(fields("5"), "5", history, CATEGORIES)
    assert (seen["started_at"], seen["finished_at"]) == (at(1), at(3))


def test_moves_after_the_issue_was_read_belong_to_the_next_time():
    history = changes_of(path("1", "3", "5", "1"))
    seen = story(fields("3"), "3", history, CATEGORIES)
    assert (seen["started_at"], seen["finished_at"], seen["moved_at"]) == (at(1), None, at(1))
    unmoved = story(fields("1"), "1", changes_of(path("1", "3")), CATEGORIES)
    assert (unmoved["started_at"], unmoved["moved_at"]) == (None, None)


def test_a_workflow_that_moved_issues_without_a_trace_did_so_before_the_last_update():
    seen = story(fields("5"), "5", changes_of(path("1", "3")), CATEGORIES)
    assert (seen["started_at"], seen["finished_at"]) == (at(1), at(90))


@pytest.mark.parametrize("created", [1799064000000, 1799064000000.0, "2027-01-04T13:00:00.000+0100"])
def test_times_come_as_numbers_or_as_text(created):
    (step,) = changes_of([change(0, "1", "3", created=created)]).status
    assert step.at == NOON


@pytest.mark.parametrize("created", [None, "", "yesterday", True])
def test_a_change_without_a_time_is_refused(created):
    broken = change(0, "1", "3") | {"created": created}
    with pytest.raises(UnexpectedResponse):
        changes_of([broken])


def test_labels_that_stand_name_who_put_them_there_last():
    history = [
        change(1, "", "approved", field="labels", by="eve"),
        change(2, "approved", "", field="labels", by="ann"),
        change(3, "dept-ops", "dept-ops approved blocked", field="labels", by="ann"),
        change(4, "dept-ops approved blocked", "dept-ops approved", field="labels", by="bob"),
    ]
    seen = story(fields(labels=["approved", "dept-ops"]), "1", changes_of(history), CATEGORIES)
    assert seen["labelled"] == [
        {"label": "approved", "by": "ann", "at": at(3)},
        {"label": "dept-ops", "by": "us", "at": CREATED},
    ]


@pytest.mark.parametrize(
    ("now", "before", "wanted"),
    [
        (fields("1"), None, False),
        (fields("3"), None, True),
        (fields("1", labels=["approved"]), None, True),
        (fields("1", labels=["blocked"]), None, True),
        (fields("1", labels=["dept-ops"]), None, False),
        (fields("1", title="new"), fields("1"), False),
        (fields("2"), fields("1"), True),
        (fields("1"), fields("5"), True),
        (fields("1", labels=["dept-ops"]), fields("1"), True),
        (fields("5"), fields("5"), True),  # it may have been reopened in between
        (fields("1", labels=["approved"]), fields("1", labels=["approved"]), True),  # or approved by another person
    ],
)
def test_histories_are_read_where_they_may_tell_something(now, before, wanted):
    assert needs_history(now, before) is wanted


def test_what_is_not_read_again_is_carried_over():
    before = {**fields("1"), "moved_by": "ann", "moved_at": at(2), "labelled": [], "started_at": at(1)}
    assert untold(before) == {
        "started_at": None, "finished_at": None, "moved_by": "ann", "moved_at": at(2), "labelled": [],
    }  # fmt: skip
    assert untold(None) == {"started_at": None, "finished_at": None}


@given(walk=st.lists(st.sampled_from("123456"), max_size=12), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_pages_of_a_history_tell_the_same_as_the_whole(walk, cuts):
    statuses = ["1"]
    for status in walk:
        if status != statuses[-1]:
            statuses.append(status)
    history = path(*statuses)
    edges = [0, *sorted(cuts), len(history)]
    parts = Changes()
    for first, last in pairwise(edges):
        parts += changes_of(history[first:last])
    seen = story(fields(statuses[-1]), statuses[-1], parts, CATEGORIES)
    assert seen == told(statuses)
    assert (seen["started_at"] is None) == (CATEGORIES[statuses[-1]] == "new")
    assert (seen["finished_at"] is None) == (CATEGORIES[statuses[-1]] != "done")
