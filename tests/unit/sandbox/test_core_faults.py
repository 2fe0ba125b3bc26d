"""Faults: the pure decision, the rules' grammar, and what a client sees of each kind."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rollout_sync.sandbox.faults import BadRule, Faults, Kind, Rule, Tally, decide, parse_rules
from rollout_sync.sandbox.seed import GROUP_ID
from rollout_sync.sandbox.world import World
from support.graph_desk import Desk

TASKS = "/graph/v1.0/planner/tasks"


def fired(rule: Rule, count: int) -> list[int]:
    faults = Faults(random.Random(1))
    faults.replace([rule])
    return [n for n in range(1, count + 1) if faults.decide("POST", TASKS)]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (Rule(kind=Kind.RST), [1, 2, 3, 4]),
        (Rule(kind=Kind.RST, nth=(2, 3)), [2, 3]),
        (Rule(kind=Kind.RST, times=2), [1, 2]),
        (Rule(kind=Kind.RST, method="GET"), []),
        (Rule(kind=Kind.RST, method="post", route="/graph/v1.0/planner/*"), [1, 2, 3, 4]),
        (Rule(kind=Kind.RST, route="/graph/{version}/**"), [1, 2, 3, 4]),
        (Rule(kind=Kind.RST, route="/graph/*"), []),
        (Rule(kind=Kind.RST, rate=0.0), []),
        (Rule(kind=Kind.RST, rate=1.0), [1, 2, 3, 4]),
        (Rule(kind=Kind.THROTTLED, inner="POST /planner/tasks"), []),
    ],
)
def test_when_a_rule_fires(rule: Rule, wanted: list[int]) -> None:
    assert fired(rule, 4) == wanted


def test_the_first_rule_that_fires_decides_but_all_that_match_count() -> None:
    first, second = Rule(kind=Kind.RST, nth=(2,)), Rule(kind=Kind.SLOW)
    rule, tallies = decide([first, second], [Tally(), Tally()], ("GET", "/graph/x", False), [0.0, 0.0])
    assert rule == second
    rule, tallies = decide([first, second], tallies, ("GET", "/graph/x", False), [0.0, 0.0])
    assert rule == first
    assert tallies == (Tally(seen=2, fired=1), Tally(seen=2, fired=1))


def test_rates_repeat_with_the_seed() -> None:
    assert fired(Rule(kind=Kind.RST, rate=0.5), 50) == fired(Rule(kind=Kind.RST, rate=0.5), 50)


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"kind": "429"}, "list"),
        (["429"], "object"),
        ([{"kind": "418"}], "418"),
        ([{"method": "GET"}], "kind"),
        ([{"kind": "429", "ratio": 1}], "ratio"),
        ([{"kind": "429", "rate": 2}], "rate"),
        ([{"kind": "429", "retry_after": "soon"}], "retry_after"),
        ([{"kind": "500", "when": "later"}], "when"),
        ([{"kind": "500", "body": "xml"}], "body"),
        ([{"kind": "rst", "inner": "POST /planner/tasks"}], "inner"),
        ([{"kind": "429", "nth": "x"}], "x"),
    ],
)
def test_rules_that_cannot_be_understood(raw: object, complaint: str) -> None:
    with pytest.raises(BadRule, match=complaint):
        parse_rules(raw)


def order(desk: Desk, **rule: object) -> None:
    desk.control("POST", "/faults", [{"method": "POST", "route": "/graph/v1.0/planner/plans", **rule}])


def plans(desk: Desk) -> int:
    return len(desk.get(f"/groups/{GROUP_ID}/planner/plans")["value"])


def make(desk: Desk) -> object:
    return desk.ask("POST", "/planner/plans", {"owner": GROUP_ID, "title": "R"})


@pytest.mark.parametrize(
    ("rule", "status", "made"),
    [
        ({"kind": "429"}, 429, 0),
        ({"kind": "500"}, 500, 0),
        ({"kind": "502", "body": "html"}, 502, 0),
        ({"kind": "503", "when": "after"}, 503, 1),
        ({"kind": "504", "when": "after", "body": "html"}, 504, 1),
        ({"kind": "html", "status": 503}, 503, 0),
        ({"kind": "html200"}, 200, 0),
        ({"kind": "token_expired"}, 401, 0),
        ({"kind": "forbidden"}, 403, 0),
        ({"kind": "forbidden", "when": "after"}, 403, 1),
        ({"kind": "truncate"}, 201, 1),
        ({"kind": "slow", "seconds": 0}, 201, 1),
    ],
)
def test_faults_that_answer(desk: Desk, rule: dict[str, object], status: int, made: int) -> None:
    order(desk, **rule)
    answer = make(desk)
    assert answer.status_code == status
    assert plans(desk) == made
    is_html = "html" in str(rule.values())
    assert ("text/html" in answer.headers["Content-Type"]) == is_html
    assert desk.world.counters.faults.total() == 1


def test_a_truncated_answer_promises_more_than_it_brings(desk: Desk) -> None:
    order(desk, kind="truncate")
    answer = make(desk)
    assert int(answer.headers["Content-Length"]) > len(answer.data) > 0


@pytest.mark.parametrize(
    ("form", "header", "value"),
    [
        ("5", "Retry-After", "5"),
        ("1.5", "Retry-After", "1.5"),
        ("date:5", "Retry-After", "Mon, 02 Nov 2026 09:15:08 GMT"),
        ("beta:7", "Beta-Retry-After", "7"),
        ("reset:7", "X-RateLimit-Reset", "2026-11-02T09:15:10Z"),
    ],
)
def test_every_form_of_waiting_time(desk: Desk, form: str, header: str, value: str) -> None:
    order(desk, kind="429", retry_after=form)
    answer = make(desk)
    assert answer.headers[header] == value
    assert ("Retry-After" in answer.headers) == (header == "Retry-After")
    assert answer.headers["Date"] == "Mon, 02 Nov 2026 09:15:03 GMT"


def test_a_429_can_come_without_any_hint(desk: Desk) -> None:
    order(desk, kind="429", retry_after="none")
    assert not {"Retry-After", "Beta-Retry-After", "X-RateLimit-Reset"} & set(make(desk).headers.keys())


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1), ("rst", 1)])
def test_cut_connections(desk: Desk, kind: str, made: int) -> None:
    order(desk, kind=kind)
    with pytest.raises(ConnectionError):
        make(desk)
    desk.control("DELETE", "/faults")
    assert plans(desk) == made


def test_a_test_may_bring_its_own_way_to_cut(desk: Desk) -> None:
    class Cut(Exception):
        pass

    def drop() -> None:
        raise Cut

    order(desk, kind="drop_before")
    with pytest.raises(Cut):
        desk.client.open("/graph/v1.0/planner/plans", method="POST", environ_overrides={"sandbox.drop": drop})


def test_a_late_request_happens_when_it_is_due(desk: Desk) -> None:
    order(desk, kind="late", seconds=60, times=1)
    with pytest.raises(ConnectionError):
        make(desk)
    assert plans(desk) == 0
    desk.control("POST", "/clock", {"advance": 59})
    assert plans(desk) == 0
    desk.control("POST", "/clock", {"advance": 1000})
    assert plans(desk) == 1
    made = desk.get(f"/groups/{GROUP_ID}/planner/plans")["value"][0]
    assert made["createdDateTime"] == "2026-11-02T09:16:03.118421Z"


def test_a_late_request_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    at = datetime(2027, 1, 1, tzinfo=UTC)
    world = World.open(path, frozen=at)
    desk = Desk.at(world)
    order(desk, kind="late", seconds=60)
    with pytest.raises(ConnectionError):
        make(desk)
    assert desk.control("GET", "/state")["late"] == [
        {"due": "2027-01-01T00:01:00+00:00", "method": "POST", "path": "/graph/v1.0/planner/plans"}
    ]
    world.store.close()
    again = World.open(path)
    desk = Desk.at(again)
    desk.control("POST", "/clock", {"advance": 60})
    assert plans(desk) == 1
    again.store.close()


def test_latency_is_slept_to_a_deadline_and_never_for_control(desk: Desk) -> None:
    slept: list[float] = []
    desk.world.sleep = slept.append
    desk.control("POST", "/latency", {"ms": 400})
    desk.get("/groups")
    desk.control("GET", "/counters")
    assert len(slept) == 1
    assert 0.2 < slept[0] <= 0.4


def test_jira_refusals_look_like_jira(desk: Desk) -> None:
    desk.control("POST", "/faults", [{"kind": "429", "retry_after": "3"}])
    answer = desk.client.get("/jira/rest/api/3/myself")
    assert answer.json == {"errorMessages": ["Rate limit exceeded."], "errors": {}}
    assert (answer.headers["RateLimit-Reason"], answer.headers["Retry-After"]) == ("jira-burst-based", "3")
    desk.control("POST", "/faults", [{"kind": "forbidden"}])
    assert desk.client.get("/jira/rest/api/3/issue/SEC-1").status_code == 404
    assert desk.client.post("/jira/rest/api/3/issue/bulk").status_code == 403
