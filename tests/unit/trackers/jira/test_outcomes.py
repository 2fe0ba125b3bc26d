"""What Jira's answers to a bulk create mean for each element."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rollout_sync.errors import OutcomeUnknown, RateLimited, Unavailable
from rollout_sync.model.objects import ObjectKey, Ref, Remote
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.trackers.jira import outcomes
from rollout_sync.transport import Reply
from support.jira_places import PLACE, create

CHUNK = [create(n) for n in range(3)]


def answer(status, body):
    return Reply(status=status, headers={}, body=body, at=datetime(2026, 1, 1, tzinfo=UTC))


def issues(*numbers):
    return [{"id": str(100 + n), "key": f"SEC-{n}"} for n in numbers]


def failure(number, status=400, text="no"):
    return {
        "failedElementNumber": number,
        "status": status,
        "elementErrors": {"errorMessages": [], "errors": {"summary": text}},
    }


def read(status, body):
    taken = outcomes.taken_apart(answer(status, body), 3)
    assert taken is not None
    return taken


def test_all_made_in_order():
    taken = read(201, {"issues": issues(1, 2, 3), "errors": []})
    assert not outcomes.needs_reading_back(taken)
    made = outcomes.by_position(CHUNK, taken, PLACE)
    assert [one.remote.key for one in made] == ["SEC-1", "SEC-2", "SEC-3"]
    assert made[0].remote.url == "https://acme.example.com/browse/SEC-1"


def test_some_failed_is_settled_by_markers_and_not_by_position():
    taken = read(201, {"issues": issues(1, 2), "errors": [failure(0)]})
    assert outcomes.needs_reading_back(taken)
    seen = {CHUNK[2].marker: issues(1)[0], CHUNK[1].marker: issues(2)[0]}
    first, second, third = outcomes.by_marker(CHUNK, taken, seen, PLACE)
    assert isinstance(first, Refused)
    assert "summary: no" in first.reason
    assert (second.remote.key, third.remote.key) == ("SEC-2", "SEC-1")


def test_what_could_not_be_read_back_stays_in_doubt():
    taken = read(201, {"issues": issues(1, 2), "errors": [failure(0)]})
    kinds = [type(one) for one in outcomes.by_marker(CHUNK, taken, {}, PLACE)]
    assert kinds == [Refused, InDoubt, InDoubt]


def test_a_failure_that_was_made_after_all_counts_as_made():
    taken = read(201, {"issues": issues(1, 2), "errors": [failure(0)]})
    seen = {CHUNK[0].marker: issues(1)[0]}
    assert isinstance(outcomes.by_marker(CHUNK, taken, seen, PLACE)[0], Done)


def test_all_failed():
    taken = read(400, {"issues": [], "errors": [failure(0), failure(1, text="x"), failure(2)]})
    assert not outcomes.needs_reading_back(taken)
    told = outcomes.by_position(CHUNK, taken, PLACE)
    assert all(isinstance(one, Refused) and not one.again and one.status == 400 for one in told)
    assert "summary: x" in told[1].reason


@pytest.mark.parametrize(
    ("status", "again"), [(400, False), (401, True), (403, False), (404, False), (409, True), (413, False)]
)
def test_a_whole_refusal_counts_for_each(status, again):
    taken = read(status, {"errorMessages": ["Too bad"], "errors": {}})
    told = outcomes.by_position(CHUNK, taken, PLACE)
    assert [(one.again, one.status) for one in told] == [(again, status)] * 3
    assert "Too bad" in told[0].reason


def test_a_proxy_that_refuses_without_json():
    assert outcomes.by_position(CHUNK, read(413, None), PLACE)[0].status == 413


@pytest.mark.parametrize("body", [None, [], {}, {"issues": 3}, {"issues": [], "errors": {}}, {"keys": []}])
def test_a_success_of_another_shape_tells_nothing(body):
    assert outcomes.taken_apart(answer(201, body), 3) is None


@pytest.mark.parametrize(
    "body",
    [
        {"issues": issues(1, 2), "errors": []},
        {"issues": [*issues(1, 2), {"id": "", "key": ""}], "errors": []},
        {"issues": issues(1, 2), "errors": [failure(7)]},
        {"issues": issues(1, 2), "errors": ["strange"]},
    ],
)
def test_elements_that_are_not_accounted_for_are_read_back(body):
    taken = read(201, body)
    assert outcomes.needs_reading_back(taken)
    told = outcomes.by_marker(CHUNK, taken, {CHUNK[1].marker: issues(2)[0]}, PLACE)
    assert [type(one) for one in told] == [InDoubt, Done, InDoubt]


@pytest.mark.parametrize(("status", "kind"), [(500, InDoubt), (503, InDoubt), (408, InDoubt), (429, Refused)])
def test_an_element_that_broke_may_have_been_made(status, kind):
    taken = read(201, {"issues": issues(1, 2), "errors": [failure(0, status)]})
    told = outcomes.by_marker(CHUNK, taken, {}, PLACE)[0]
    assert isinstance(told, kind)
    assert getattr(told, "again", True)


def test_folded_links_are_made_with_their_issue():
    link = ObjectKey.parse("link:a->b")
    made = create(1, links=[{"link": Ref(link), "source": Remote(id="1", key="SEC-1")}])
    assert outcomes.done(made, issues(9)[0], PLACE).also == (link,)


@pytest.mark.parametrize(
    ("error", "create_outcome", "change_outcome"),
    [(OutcomeUnknown("x"), InDoubt, InDoubt), (Unavailable("x"), Refused, InDoubt),
     (RateLimited("x", retry_after=9), Refused, Refused)],
)  # fmt: skip
def test_errors_of_the_wire(error, create_outcome, change_outcome):
    made, changed = outcomes.of_error(error), outcomes.of_lost_change(error)
    assert (type(made), type(changed)) == (create_outcome, change_outcome)
    assert all(one.again for one in (made, changed) if isinstance(one, Refused))
