"""Calls to Graph: pages, links that lead away, tokens, batches that need more than one try."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest

from rollout_sync.errors import AccessDenied, NotFound, UnexpectedResponse
from rollout_sync.trackers.planner.batch import Inner
from rollout_sync.trackers.planner.client import page_of, segment
from rollout_sync.transport.reply import Repeat

GRAPH = "http://sandbox.invalid/graph/v1.0"


def test_all_pages_are_read(lab, plan):
    lab.world.switches.set("planner_page_size", 2)
    for n in range(5):
        lab.made(f"bucket:{n}", plan=plan, title=f"B{n}")
    path = f"/planner/plans/{plan.id}/buckets"
    rows = list(lab.client.pages(path, route="/planner/plans/{id}/buckets"))
    assert sorted(row["name"] for row in rows) == [f"B{n}" for n in range(5)]
    gathered = lab.client.collect([path, f"/planner/plans/{plan.id}"])
    assert len(gathered[path].rows) == 5
    assert gathered[f"/planner/plans/{plan.id}"].rows[0]["id"] == plan.id


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/graph/v1.0/planner/plans",
        "http://sandbox.invalid.evil.example.com/graph/v1.0/x",
        "http://sandbox.invalid@evil.example.com/graph/v1.0/x",
        "http://sandbox.invalid/graph/v2.0/x",
        "http://sandbox.invalid/graph/v1.0/../../other",
        "/relative",
        "",
    ],
)
def test_links_that_lead_away_are_not_followed(lab, link):
    with pytest.raises(UnexpectedResponse, match="leads to"):
        lab.client.relative(link)


def test_pages_that_never_end_are_noticed(lab, monkeypatch):
    body = {"value": [], "@odata.nextLink": GRAPH + "/again"}
    monkeypatch.setattr(lab.client, "get", lambda *_, **__: SimpleNamespace(body=body))
    with pytest.raises(UnexpectedResponse, match="never end"):
        list(lab.client.pages("/again", route="/again"))


def test_a_list_without_rows_is_no_list():
    assert page_of({"value": "x"}) == (None, None)
    assert page_of({"value": [1]}) == (None, None)
    assert page_of({"value": [], "@odata.nextLink": ""}) == ((), None)


def test_a_refusal_is_raised_as_what_it_is(lab):
    with pytest.raises(NotFound):
        lab.client.get("/groups/00000000-0000-0000-0000-000000000000", route="/groups/{id}")
    lab.faults({"route": "/graph/v1.0/groups/{id}", "kind": "token_expired"})
    with pytest.raises(AccessDenied) as raised:
        lab.client.get("/groups/00000000-0000-0000-0000-000000000000", route="/groups/{id}")
    assert raised.value.status == 401
    assert len(lab.tokens.renewed) == 1
    assert lab.tokens.token() not in str(raised.value)


def test_a_claims_challenge_reaches_the_sign_in_once(lab, monkeypatch):
    exchange = lab.transport.exchange
    wanted = base64.b64encode(b'{"access_token":{"nbf":1}}').decode()

    def challenged(session, method, url, **rest):
        reply = exchange(session, method, url, **rest)
        reply.headers["WWW-Authenticate"] = f'Bearer error="insufficient_claims", claims="{wanted}"'
        return reply

    monkeypatch.setattr(lab.transport, "exchange", challenged)
    lab.faults({"route": "/graph/v1.0/groups", "kind": "token_expired"})
    with pytest.raises(AccessDenied):
        lab.client.get("/groups", route="/groups")
    assert lab.tokens.renewed == ['{"access_token":{"nbf":1}}']


def test_a_safe_batch_asks_again_for_what_failed_only(lab, plan):
    lab.faults({"inner": "GET /planner/plans/{id}/buckets", "kind": "503", "times": 2})
    inner = [
        Inner(id="a", method="GET", url=f"/planner/plans/{plan.id}"),
        Inner(id="b", method="GET", url=f"/planner/plans/{plan.id}/buckets"),
    ]
    batch = lab.client.batch(inner, repeat=Repeat.SAFE)
    assert (batch.replies["a"].status, batch.replies["b"].status) == (200, 200)
    assert lab.requests() == ["POST /$batch"] * 3


def test_a_very_long_wait_is_reported_instead(lab, plan):
    lab.faults({"inner": "GET /planner/plans/{id}", "kind": "429", "retry_after": 3600})
    batch = lab.client.batch([Inner(id="a", method="GET", url=f"/planner/plans/{plan.id}")], repeat=Repeat.SAFE)
    assert (batch.replies["a"].status, batch.replies["a"].retry_after) == (429, 3600)
    assert lab.clock.slept == []


def test_a_once_batch_replays_only_what_a_401_refused(lab, plan):
    lab.faults(
        {"inner": "POST /planner/buckets", "kind": "token_expired", "times": 1},
        {"inner": "POST /planner/buckets", "kind": "429", "times": 1},
    )
    inner = [
        Inner(id=str(n), method="POST", url="/planner/buckets", body={"name": f"B{n}", "planId": plan.id})
        for n in range(3)
    ]
    batch = lab.client.batch(inner, repeat=Repeat.ONCE)
    assert sorted(reply.status for reply in batch.replies.values()) == [201, 201, 429]
    assert lab.requests() == ["POST /$batch"] * 2
    assert len(lab.tokens.renewed) == 1


def test_a_lost_replay_leaves_its_elements_without_answer_and_keeps_the_others(lab, plan):
    lab.faults(
        {"inner": "POST /planner/buckets", "kind": "token_expired", "times": 1},
        {"method": "POST", "route": "/graph/v1.0/$batch", "kind": "drop_after", "nth": [2]},
    )
    inner = [
        Inner(id=str(n), method="POST", url="/planner/buckets", body={"name": f"B{n}", "planId": plan.id})
        for n in range(3)
    ]
    batch = lab.client.batch(inner, repeat=Repeat.ONCE)
    assert [reply.status for reply in batch.replies.values()] == [201, 201]


def test_values_stay_inside_their_path_segment():
    assert segment("../me?x=1#y") == "..%2Fme%3Fx%3D1%23y"


def test_every_request_carries_an_id_for_support(lab, monkeypatch):
    seen = []
    exchange = lab.transport.exchange

    def spied(session, method, url, **rest):
        seen.append(rest["headers"]["client-request-id"])
        return exchange(session, method, url, **rest)

    monkeypatch.setattr(lab.transport, "exchange", spied)
    lab.tracker.high_water()
    lab.tracker.high_water()
    assert len(set(seen)) == 2
