"""The control interface: state, counters, clock, people, complaints."""

from __future__ import annotations

import pytest

from rollout_sync.sandbox.seed import GROUP_ID
from support.graph_desk import Desk


def test_the_state_tells_everything_but_the_inner_collections(desk: Desk) -> None:
    plan = desk.plan("Rollout")
    state = desk.control("GET", "/state")
    kept = state["collections"]["graph.plans"][plan]
    assert kept["fields"]["title"] == "Rollout"
    assert kept["made"] == {"at": "2026-11-02T09:15:03.118421+00:00", "number": 1}
    assert not [name for name in state["collections"] if name.startswith("_")]


def test_counters_count_routes_and_can_be_reset(desk: Desk) -> None:
    plan = desk.plan()
    desk.get(f"/planner/plans/{plan}/tasks")
    desk.ask("GET", "/planner/nonsense")
    seen = desk.control("GET", "/counters")
    assert seen["requests"] == {
        "GET (unknown)": 1,
        "GET /graph/v1.0/planner/plans/{plan}/tasks": 1,
        "POST /graph/v1.0/planner/plans": 1,
    }
    assert [entry["status"] for entry in seen["log"]] == [201, 200, 404]
    desk.control("POST", "/counters/reset")
    assert desk.control("GET", "/counters")["total"] == 0


def test_the_clock_can_be_moved_frozen_and_released(desk: Desk) -> None:
    assert desk.control("POST", "/clock", {"advance": 60})["now"] == "2026-11-02T09:16:03.118421+00:00"
    assert desk.control("POST", "/clock", {"freeze": "2027-03-01T09:00:00Z"})["now"] == "2027-03-01T09:00:00+00:00"
    assert desk.control("POST", "/clock", {"freeze": False})["frozen"] is False


def test_members_join_the_group_and_others_do_not(desk: Desk) -> None:
    people = [{"name": n, "email": f"{n}@example.com", "is_member": n == "mia"} for n in ("mia", "udo")]
    desk.control("POST", "/people", people)
    members = {m["mail"] for m in desk.get(f"/groups/{GROUP_ID}/members")["value"]}
    assert members & {"mia@example.com", "udo@example.com"} == {"mia@example.com"}


def test_people_can_be_added(desk: Desk) -> None:
    people = desk.control("POST", "/people", {"name": "Nora New", "email": "nora.new@example.com", "is_member": False})
    assert people[-1]["name"] == "Nora New"
    assert desk.get("/users/nora.new@example.com")["displayName"] == "Nora New"


def test_a_reset_forgets_the_plans(desk: Desk) -> None:
    plan = desk.plan()
    desk.control("POST", "/reset")
    assert desk.ask("GET", f"/planner/plans/{plan}").status_code == 404
    assert desk.get("/groups")["value"]


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("POST", "/clock", {"advance": "soon"}, "number"),
        ("POST", "/clock", {"freeze": "yesterday"}, "ISO 8601"),
        ("POST", "/clock", {"advance": 1, "freeze": False}, "clock takes"),
        ("POST", "/clock", None, "JSON object"),
        ("POST", "/latency", {"ms": True}, "number"),
        ("POST", "/switches", {"planner_page_sise": 1}, "planner_page_sise"),
        ("POST", "/faults", [{"kind": "boom"}], "boom"),
        ("POST", "/people", [{"name": "X"}], "people are"),
        ("POST", "/act", {"service": "mail"}, "service is"),
        ("POST", "/act", {"service": "planner", "who": "x@example.com"}, "x@example.com"),
        ("POST", "/act", {"service": "planner", "who": "ivan.itwork@example.com", "do": "dance"}, "dance"),
        ("POST", "/act", {"service": "planner", "who": "ivan.itwork@example.com", "do": "complete"}, "'task'"),
    ],
)
def test_complaints_say_what_is_wrong(desk: Desk, method: str, path: str, body: object, complaint: str) -> None:
    answer = desk.client.open("/_sandbox" + path, method=method, json=body)
    assert answer.status_code == 400
    assert complaint in answer.json["error"]
