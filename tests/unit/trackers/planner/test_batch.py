"""Batches: their form, and the table of what each answer means for a write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rollout_sync.errors import (
    AccessDenied,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    UnexpectedResponse,
    VersionConflict,
)
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Refused
from rollout_sync.trackers.planner.batch import Inner, InnerReply, batch_body, batch_replies
from rollout_sync.trackers.planner.challenge import claims_of
from rollout_sync.trackers.planner.limits import limit_hint
from rollout_sync.trackers.planner.outcomes import created, failed, plan_created, written

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def reply(status, body=None, **headers):
    return InnerReply(id="1", status=status, headers=headers, body=body, at=AT)


def error(code="", message="Graph's words."):
    return {"error": {"code": code, "message": message}}


def made(row):
    return Remote(id=row["id"])


@pytest.mark.parametrize(
    ("answer", "kind", "again"),
    [
        (reply(201, {"id": "x"}), Done, None),
        (reply(200, {"id": "x"}), Done, None),
        (reply(201, {}), InDoubt, None),
        (reply(201, None), InDoubt, None),
        (reply(204), InDoubt, None),
        (reply(302), InDoubt, None),
        (reply(400, error()), Refused, False),
        (reply(401, error()), Refused, True),
        (reply(403, error()), Refused, False),
        (reply(403, error("MaximumTasksInProject")), Refused, False),
        (reply(404, error()), Refused, False),
        (reply(408, error()), InDoubt, None),
        (reply(409, error()), Refused, True),
        (reply(413, error()), Refused, False),
        (reply(424, error()), Refused, True),
        (reply(429, error()), Refused, True),
        (reply(500, error()), InDoubt, None),
        (reply(502, error()), InDoubt, None),
        (reply(503, error(), **{"Retry-After": "5"}), InDoubt, None),
        (reply(504, error()), InDoubt, None),
        (None, InDoubt, None),
    ],
)
def test_what_an_answer_to_a_create_means(answer, kind, again):
    outcome = created(answer, made)
    assert type(outcome) is kind
    assert getattr(outcome, "again", None) is again


def test_a_plan_that_is_denied_may_exist_unless_a_limit_is_named():
    assert isinstance(plan_created(reply(403, error()), made), InDoubt)
    assert isinstance(plan_created(reply(403, error("MaximumProjectsOwnedByUser")), made), Refused)
    assert isinstance(plan_created(reply(404, error()), made), Refused)


def test_a_write_without_representation_is_done_with_an_open_version():
    old = Remote(id="x", version="W/1", url="u")
    assert written(reply(204), old, made) == Done(remote=Remote(id="x", url="u"))
    assert written(reply(200, {"id": "x"}), old, made) == Done(remote=Remote(id="x"))
    assert isinstance(written(None, old, made), InDoubt)


@pytest.mark.parametrize(
    ("trouble", "kind", "again"),
    [
        (Unavailable("x"), Refused, True),
        (RateLimited("x", retry_after=200), Refused, True),
        (AccessDenied("x", status=401), Refused, True),
        (AccessDenied("x", status=403), Refused, False),
        (Rejected("x", status=400), Refused, False),
        (NotFound("x", status=404), Refused, False),
        (VersionConflict("x", status=409), Refused, False),
        (OutcomeUnknown("x"), InDoubt, None),
        (UnexpectedResponse("x"), InDoubt, None),
    ],
)
def test_what_a_failed_request_means(trouble, kind, again):
    outcome = failed(trouble)
    assert type(outcome) is kind
    assert getattr(outcome, "again", None) is again


def test_limits_have_a_way_out_even_unknown_ones():
    assert "use fewer" in limit_hint("MaximumChecklistItemsOnTask")
    assert limit_hint("MaximumSomethingNew")
    assert limit_hint("BadRequest") == ""


def test_a_batch_is_written_with_inner_headers():
    inner = Inner(id="1", method="PATCH", url="/planner/tasks/x", body={"title": "T"}, headers={"If-Match": "W/1"})
    assert batch_body([inner, Inner(id="2", method="GET", url="/me")]) == {
        "requests": [
            {
                "id": "1",
                "method": "PATCH",
                "url": "/planner/tasks/x",
                "headers": {"If-Match": "W/1", "Content-Type": "application/json"},
                "body": {"title": "T"},
            },
            {"id": "2", "method": "GET", "url": "/me"},
        ]
    }


def test_a_batch_takes_one_to_twenty_with_ids_of_their_own():
    gets = [Inner(id=str(n), method="GET", url="/me") for n in range(21)]
    assert len(batch_body(gets[:20])["requests"]) == 20
    same = [Inner(id=name, method="GET", url="/me") for name in "Aa"]
    for wrong in (gets, [], [gets[0], gets[0]], same):
        with pytest.raises(ValueError, match="1 to 20"):
            batch_body(wrong)


def test_answers_are_read_in_any_order_and_rubbish_is_no_answer():
    throttled = {"id": "1", "status": 429, "headers": {"retry-after": "7"}}
    rows = [{"id": "2", "status": 200, "body": {}}, throttled, "junk", {}]
    replies = batch_replies({"responses": rows}, AT)
    assert set(replies) == {"1", "2"}
    assert replies["1"].retry_after == 7
    assert batch_replies({"value": []}, AT) is None
    assert batch_replies("<html>", AT) is None


def test_claims_are_read_from_the_challenge():
    header = 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    assert claims_of({"WWW-Authenticate": header}) == '{"access_token":{}}'
    assert claims_of({"WWW-Authenticate": 'Bearer claims="%%%"'}) is None
    assert claims_of({"WWW-Authenticate": "Bearer"}) is None
    assert claims_of({}) is None
