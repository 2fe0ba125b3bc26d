"""`$batch`: statuses of their own, dependencies, refusals of the whole, faults inside."""

from __future__ import annotations

from typing import Any

import pytest

from rollout_sync.sandbox.seed import GROUP_ID
from support.graph_desk import Desk

JSON = {"Content-Type": "application/json"}


def create(key: str, plan: str, title: str = "T", **more: object) -> dict[str, object]:
    body = {"planId": plan, "title": title}
    return {"id": key, "method": "POST", "url": "/planner/tasks", "headers": JSON, "body": body, **more}


def send(desk: Desk, *inner: dict[str, object]) -> dict[str, Any]:
    answer = desk.ask("POST", "/$batch", {"requests": list(inner)})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json["responses"]}


def order(desk: Desk, **rule: object) -> None:
    desk.control("POST", "/faults", [rule])


def test_each_request_has_its_own_status_and_headers(desk: Desk) -> None:
    plan = desk.plan()
    seen = send(
        desk,
        create("1", plan),
        create("2", plan, title=""),
        {"id": "three", "method": "GET", "url": f"planner/plans/{plan}/tasks?$select=id"},
        {"id": "4", "method": "GET", "url": "/planner/nonsense"},
    )
    assert {key: one["status"] for key, one in seen.items()} == {"1": 201, "2": 400, "three": 200, "4": 404}
    assert seen["1"]["headers"]["Content-Type"].startswith("application/json")
    assert set(seen["three"]["body"]["value"][0]) == {"@odata.etag", "id"}
    assert "Date" not in seen["1"]["headers"]
    assert desk.control("GET", "/counters")["inner"] == {
        "GET (unknown)": 1,
        "GET /planner/plans/{plan}/tasks": 1,
        "POST /planner/tasks": 2,
    }


def test_conditional_writes_take_their_etag_from_the_inner_headers(desk: Desk) -> None:
    task = desk.task(desk.plan())
    url = f"/planner/tasks/{task['id']}"
    etag = {"If-Match": task["@odata.etag"], "Prefer": "return=representation"}
    patch = {"method": "PATCH", "url": url, "body": {"percentComplete": 50}}
    seen = send(desk, {**patch, "id": "1", "headers": {**JSON, **etag}}, {**patch, "id": "2", "headers": JSON})
    assert (seen["1"]["status"], seen["1"]["body"]["percentComplete"], seen["2"]["status"]) == (200, 50, 412)
    gone = send(
        desk, {"id": "x", "method": "DELETE", "url": url, "headers": {"If-Match": seen["1"]["body"]["@odata.etag"]}}
    )
    assert (gone["x"]["status"], "body" in gone["x"]) == (204, False)


def test_dependants_of_a_failure_are_not_carried_out(desk: Desk) -> None:
    plan = desk.plan()
    seen = send(
        desk,
        create("1", plan, title=""),
        create("2", plan, dependsOn=["1"]),
        create("3", plan, dependsOn=["2"]),
        create("4", plan),
    )
    assert [seen[key]["status"] for key in "1234"] == [400, 424, 424, 201]
    assert seen["2"]["body"]["error"]["code"] == "FailedDependency"
    assert len(desk.get(f"/planner/plans/{plan}/tasks")["value"]) == 1


def test_answers_come_in_any_order(desk: Desk) -> None:
    groups = [{"id": str(n), "method": "GET", "url": "/groups"} for n in range(20)]
    answer = desk.ask("POST", "/$batch", {"requests": groups})
    ids = [one["id"] for one in answer.json["responses"]]
    assert (sorted(ids), ids == sorted(ids, key=int)) == (sorted(map(str, range(20))), False)


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ([], "Invalid batch payload"),
        ([{"id": str(n), "method": "GET", "url": "/groups"} for n in range(21)], "maximum value of 20"),
        ([{"id": key, "method": "GET", "url": "/groups"} for key in "aA"], "unique"),
        ([{"method": "GET", "url": "/groups"}], "id"),
        ([{"id": "1", "method": "GET"}], "url"),
        ([{"id": "1", "method": "BREW", "url": "/groups"}], "method"),
        ([{"id": "1", "method": "GET", "url": "https://example.com/groups"}], "relative"),
        ([{"id": "1", "method": "GET", "url": "/groups", "dependsOn": ["2"]}], "depends on 2"),
    ],
)
def test_batches_that_are_refused_as_a_whole(desk: Desk, inner: object, message: str) -> None:
    answer = desk.ask("POST", "/$batch", {"requests": inner})
    assert answer.status_code == 400
    assert message in answer.json["error"]["message"]


def test_a_body_needs_its_content_type_and_batches_do_not_nest(desk: Desk) -> None:
    plan = desk.plan()
    bare = create("1", plan)
    bare.pop("headers")
    nested = {"id": "2", "method": "POST", "url": "/$batch", "headers": JSON, "body": {"requests": []}}
    seen = send(desk, bare, nested)
    assert [seen[key]["status"] for key in "12"] == [400, 400]


@pytest.mark.parametrize(
    ("rule", "statuses", "made"),
    [
        ({"kind": "inner_429", "positions": [1]}, [201, 429, 201], 2),
        ({"kind": "inner_503_after", "positions": [2]}, [201, 201, 503], 3),
        ({"kind": "partial"}, [400, 400, 201], 1),
    ],
)
def test_faults_of_a_batch_touch_some_of_its_requests(
    desk: Desk, rule: dict[str, object], statuses: list[int], made: int
) -> None:
    plan = desk.plan()
    order(desk, route="/graph/v1.0/$batch", retry_after="12", **rule)
    seen = send(desk, *(create(key, plan) for key in "012"))
    assert [seen[key]["status"] for key in "012"] == statuses
    assert {one["headers"].get("Retry-After") for one in seen.values() if one["status"] == 429} <= {"12"}
    assert desk.world.store.count("graph.tasks") == made


@pytest.mark.parametrize(
    ("rule", "status", "made"),
    [
        ({"kind": "429", "retry_after": "beta:3"}, 429, 2),
        ({"kind": "504", "when": "after"}, 504, 3),
        ({"kind": "token_expired"}, 401, 2),
        ({"kind": "forbidden"}, 403, 2),
    ],
)
def test_faults_of_one_inner_request(desk: Desk, rule: dict[str, object], status: int, made: int) -> None:
    plan = desk.plan()
    order(desk, inner="POST /planner/tasks", nth=[2], **rule)
    seen = send(desk, *(create(key, plan) for key in "123"))
    assert sorted(one["status"] for one in seen.values()) == sorted([201, status, 201])
    assert desk.world.store.count("graph.tasks") == made


def test_a_token_can_expire_for_the_whole_batch(desk: Desk) -> None:
    order(desk, kind="token_expired", route="/graph/v1.0/$batch", times=1)
    one = {"id": "1", "method": "GET", "url": f"/groups/{GROUP_ID}"}
    assert desk.ask("POST", "/$batch", {"requests": [one]}).status_code == 401
    assert send(desk, one)["1"]["status"] == 200
