"""Planner: shapes, ETags and their merge rule, order hints, open types, limits, access."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.etags import EtagType, etag, version_of
from rollout_sync.sandbox.graph.hints import between, compute
from rollout_sync.sandbox.graph.ids import decode_reference, encode_reference
from rollout_sync.sandbox.seed import GROUP_ID, SECURITY_GROUP_ID
from support.graph_desk import Desk

FRESH_TASK = 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBARCc="'
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
LINK = {"@odata.type": "#microsoft.graph.plannerExternalReference"}
ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
CONFLICT = (
    "The attempted changes conflicted with already accepted changes. Read the latest state and resolve differences."
)


def refusal(answer: Any) -> tuple[int, str, str]:
    error = answer.json["error"]
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize(
    ("kind", "version", "recorded"),
    [
        (EtagType.TASK, 1, "JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBARCc="),
        (EtagType.PLAN, 1, "JzEtUGxhbiAgQEBAQEBAQEBAQEBAQEBARCc="),
        (EtagType.BUCKET, 1, "JzEtQnVja2V0QEBAQEBAQEBAQEBAQEBARCc="),
        (EtagType.TASK_DETAILS, 1, "JzEtVGFza0RldGFpbHMgQEBAQEBAQEBAQEBAQEBARCc="),
        (EtagType.TASK, 9, base64.b64encode(b"'1-Task  @@@@@@@@@@@@@@@d'").decode()),
        (EtagType.TASK, 55, base64.b64encode(b"'1-Task  @@@@@@@@@@@@@@C\\'").decode()),
    ],
)
def test_etags_have_the_recorded_layout(kind: EtagType, version: int, recorded: str) -> None:
    assert etag(kind, version) == f'W/"{recorded}"'
    assert version_of(f'W/"{recorded}"', kind) == version


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_etags_sort_like_their_versions(one: int, other: int) -> None:
    decode = base64.b64decode
    texts = [decode(etag(EtagType.TASK, version)[3:-1]) for version in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)


hints = st.text(alphabet=[chr(code) for code in range(0x23, 0x7F)], max_size=8)


@given(hints, hints)
def test_a_hint_between_two_sorts_between_them(one: str, other: str) -> None:
    low, high = sorted((one, other))
    made = between(low, high if high > low else "")
    assert low < made
    assert high == low or made < high
    assert not set(made) & set(" !")


@pytest.mark.parametrize(("asked", "low", "high"), [("A !", "A", ""), (" A!", "", "A"), ("A B!", "A", "B")])
def test_hints_name_their_neighbours(asked: str, low: str, high: str) -> None:
    value = compute(asked, "fresh")
    assert low < value
    assert not high or value < high


def test_hints_may_nest_and_name_nobody() -> None:
    assert compute(" !", "fresh") == "fresh"
    assert compute("adhg ! !", "fresh") > compute("adhg !", "fresh") > "adhg"


def test_deep_nesting_is_worked_out_once() -> None:
    deepest = compute("adhg" + " !" * 40, "fresh")
    assert deepest > compute("adhg" + " !" * 39, "fresh")
    with pytest.raises(GraphError):
        compute(" !" * 40 + "x", "fresh")


@pytest.mark.parametrize("hint", ["8585269209601773376", "A B", "!", "A! B !x"])
def test_hints_that_are_none(hint: str) -> None:
    with pytest.raises(GraphError, match="Specified order hint is in an invalid format"):
        compute(hint, "fresh")


@given(st.text(alphabet="%.:@#/?&= abc25E3A0", max_size=20))
def test_reference_keys_round_trip(url: str) -> None:
    assert decode_reference(encode_reference(url)) == url


def test_a_fresh_task_has_the_service_s_shape(desk: Desk) -> None:
    plan, user = desk.plan(), desk.person("frida.figures")
    task = desk.task(
        plan,
        assignments={user: ASSIGNED},
        dueDateTime="2026-12-05T01:00:00+01:00",
        appliedCategories={"category2": True},
    )
    assert list(task) == [
        *("@odata.context", "@odata.etag", "planId", "bucketId", "title", "orderHint", "assigneePriority"),
        *("percentComplete", "startDateTime", "createdDateTime", "dueDateTime", "hasDescription", "previewType"),
        *("completedDateTime", "completedBy", "referenceCount", "checklistItemCount", "activeChecklistItemCount"),
        *("conversationThreadId", "priority", "id", "createdBy", "appliedCategories", "assignments"),
    ]
    assert task["@odata.etag"] == FRESH_TASK
    assert re.fullmatch(r"[A-Za-z0-9_-]{28}", task["id"])
    assert (task["createdDateTime"], task["dueDateTime"]) == ("2026-11-02T09:15:03.118421Z", "2026-12-05T00:00:00Z")
    assert (task["bucketId"], task["priority"], task["percentComplete"]) == (None, 5, 0)
    assert task["createdBy"]["user"] == {"displayName": None, "id": None}
    assert task["assignments"][user]["orderHint"].isdigit()
    details = desk.get(f"/planner/tasks/{task['id']}/details")
    assert details["@odata.etag"] == 'W/"JzEtVGFza0RldGFpbHMgQEBAQEBAQEBAQEBAQEBARCc="'
    assert (details["checklist"], details["references"], details["previewType"]) == ({}, {}, "automatic")


def test_a_plan_from_the_api_has_no_bucket_and_25_empty_labels(desk: Desk) -> None:
    plan = desk.plan()
    listed = desk.get(f"/planner/plans/{plan}/buckets")
    assert (listed["@odata.count"], listed["value"]) == (0, [])
    labels = desk.get(f"/planner/plans/{plan}/details")["categoryDescriptions"]
    assert labels == {f"category{n}": None for n in range(1, 26)}
    assert [p["id"] for p in desk.get(f"/groups/{GROUP_ID}/planner/plans")["value"]] == [plan]


def test_labels_merge_and_null_clears(desk: Desk) -> None:
    path = f"/planner/plans/{desk.plan()}/details"
    desk.patch(path, {"categoryDescriptions": {"category1": "Approval", "category2": "Training"}})
    seen = desk.patch(
        path, {"categoryDescriptions": {"category1": None}, "sharedWith": {desk.person("sam.seller"): True}}
    )
    assert (seen["categoryDescriptions"]["category1"], seen["categoryDescriptions"]["category2"]) == (None, "Training")
    assert seen["sharedWith"] == {desk.person("sam.seller"): True}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"title": "R"}, "Validation for field 'Owner', on entity 'Plan'"),
        ({"title": "R", "container": {"containerId": GROUP_ID}}, "A container needs"),
        ({"owner": GROUP_ID}, "Validation for field 'Title', on entity 'Plan'"),
        ({"owner": GROUP_ID, "title": "R", "colour": 1}, "The property 'colour' does not exist on type"),
    ],
)
def test_plans_that_are_refused(desk: Desk, body: object, message: str) -> None:
    status, code, text = refusal(desk.ask("POST", "/planner/plans", body))
    assert (status, code) == (400, "")
    assert message in text


@pytest.mark.parametrize("group", [SECURITY_GROUP_ID, "00000000-0000-4000-8000-000000000000"])
def test_only_microsoft_365_groups_hold_plans(desk: Desk, group: str) -> None:
    answer = desk.ask("POST", "/planner/plans", {"owner": group, "title": "R"})
    assert refusal(answer)[::2] == (
        403,
        "You do not have the required permissions to access this item, or the item may not exist.",
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"title": None}, "'Title', on entity 'Task' has failed: A non-null value must be specified for this field."),
        ({"title": "x" * 256}, "'Title'"),
        ({"percentComplete": 101}, "'PercentComplete'"),
        ({"percentComplete": "half"}, "percentComplete"),
        ({"percentComplete": True}, "percentComplete"),
        ({"priority": 11}, "'Priority'"),
        ({"startDateTime": "2026-12-05T00:00:00Z", "dueDateTime": "2026-12-04T00:00:00Z"},
         "Validation for field 'DueDate', on entity 'Task' has failed: DueDate cannot be earlier than the StartDate"),
        ({"dueDateTime": "2026-12-05"}, "Edm.DateTimeOffset"),
        ({"dueDateTime": "2026-13-05T00:00:00Z"}, "Edm.DateTimeOffset"),
        ({"planId": None}, "'PlanId', on entity 'Task' has failed: A non-null value"),
        ({"planId": "short"}, "'PlanId', on entity 'Task' has failed: The specified identifier is invalid."),
        ({"bucketId": "short"}, "'BucketId', on entity 'Task' has failed: The specified identifier is invalid."),
        ({"bucketId": "x" * 28}, "'BucketId', on entity 'Task' has failed: The bucket does not exist"),
        ({"appliedCategories": {"category26": True}}, "The property 'category26' does not exist on type"),
        ({"appliedCategories": {"category1": "yes"}}, "category1"),
        ({"orderHint": "8585269209601773376"}, "does not contain spaces or exclamation points."),
        ({"assignments": {"nobody": ASSIGNED}}, "'Assignments'"),
        ({"assignments": {"11111111-2222-4333-8444-555555555555": ASSIGNED}}, "'Assignments'"),
        ({"assignments": {"11111111-2222-4333-8444-555555555555": {"orderHint": " !"}}}, "@odata.type"),
        ({"colour": "red"}, "The property 'colour' does not exist on type 'microsoft.graph.plannerTask'"),
        ({"previewType": "big"}, "previewType"),
    ],
)  # fmt: skip
def test_tasks_that_are_refused(desk: Desk, members: dict[str, object], message: str) -> None:
    body = {"planId": desk.plan(), "title": "T", **members}
    status, code, text = refusal(desk.ask("POST", "/planner/tasks", body))
    assert (status, code) == (400, "")
    assert message in text
    assert desk.world.store.count("graph.tasks") == 0


@pytest.mark.parametrize(
    ("header", "status", "message"),
    [
        (None, 412, "The If-Match header must be specified for this kind of request."),
        ("abc", 412, "The If-Match header contains an invalid value."),
        ('W/"####"', 412, "The If-Match header contains an invalid value."),
        ('W/"JzEtQnVja2V0QEBAQEBAQEBAQEBAQEBARCc="', 412, "The If-Match header contains an invalid value."),
        ("*", 400, "The given key was not present in the dictionary."),
        (etag(EtagType.TASK, 9), 412, "The specified version of the item does not match any version of the resource."),
    ],
)
def test_if_match_is_checked(desk: Desk, header: str | None, status: int, message: str) -> None:
    task = desk.task(desk.plan())
    for method in ("PATCH", "DELETE"):
        sent = {"If_Match": header} if header else {}
        answer = desk.ask(method, f"/planner/tasks/{task['id']}", {"title": "x"}, **sent)
        assert refusal(answer) == (status, "", message)


def test_old_versions_merge_where_nothing_collides(desk: Desk) -> None:
    task = desk.task(desk.plan())
    path, first = f"/planner/tasks/{task['id']}", task["@odata.etag"]
    desk.patch(path, {"title": "by a person"}, first)
    merged = desk.patch(path, {"priority": 1}, first)
    assert (merged["title"], merged["priority"], merged["@odata.etag"]) == ("by a person", 1, etag(EtagType.TASK, 3))
    answer = desk.ask("PATCH", path, {"title": "by the agent"}, If_Match=first)
    assert refusal(answer) == (409, "", CONFLICT)
    assert refusal(desk.ask("DELETE", path, If_Match=first)) == (409, "", CONFLICT)
    assert desk.ask("DELETE", path, If_Match=merged["@odata.etag"]).status_code == 204
    assert refusal(desk.ask("GET", path)) == (404, "", "The requested item is not found.")
    assert desk.ask("GET", f"{path}/details").status_code == 404


def test_open_types_collide_only_at_the_same_member(desk: Desk) -> None:
    path = f"/planner/tasks/{desk.task(desk.plan())['id']}/details"
    start = desk.patch(path, {"checklist": {"a": {**ITEM, "title": "A"}, "b": {**ITEM, "title": "B"}}})["@odata.etag"]
    desk.patch(path, {"checklist": {"a": {**ITEM, "isChecked": True}}}, start)
    merged = desk.patch(path, {"checklist": {"a": {**ITEM, "title": "A2"}, "b": None}}, start)
    assert list(merged["checklist"]) == ["a"]
    assert (merged["checklist"]["a"]["title"], merged["checklist"]["a"]["isChecked"]) == ("A2", True)
    answer = desk.ask("PATCH", path, {"checklist": {"a": None}}, If_Match=start)
    assert refusal(answer) == (409, "", CONFLICT)


def test_summaries_live_on_the_task_and_bump_its_etag(desk: Desk) -> None:
    task = desk.task(desk.plan())
    path = f"/planner/tasks/{task['id']}"
    desk.patch(f"{path}/details", {
        "description": "W", "checklist": {"0": {**ITEM, "title": "R"}, "1": {**ITEM, "title": "L", "isChecked": True}},
        "references": {encode_reference("https://jira.example.com/browse/CHG-41?a=b#c"): {**LINK, "alias": "CHG-41"}},
    })  # fmt: skip
    seen = desk.get(path)
    assert seen["@odata.etag"] == etag(EtagType.TASK, 2)
    shown = ("hasDescription", "referenceCount", "checklistItemCount", "activeChecklistItemCount")
    assert [seen[name] for name in shown] == [True, 1, 2, 1]
    desk.patch(f"{path}/details", {"description": "Reworded"})
    assert desk.get(path)["@odata.etag"] == etag(EtagType.TASK, 2)
    assert refusal(desk.ask("DELETE", path, If_Match=FRESH_TASK)) == (409, "", CONFLICT)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"checklist": {"a": {"title": "no type"}}}, "@odata.type"),
        ({"checklist": {"a": {**ITEM, "isChecked": True}}}, "'Title', on entity 'ChecklistItem'"),
        ({"checklist": {"a": {**ITEM, "title": "x" * 101}}}, "'Title', on entity 'ChecklistItem'"),
        ({"checklist": {"a": {**ITEM, "title": "x", "isChecked": "nope"}}}, "isChecked"),
        ({"references": {"https://jira.example.com/x": {**LINK}}}, "must not contain any of the reserved characters"),
        ({"references": {"ftp%3A//jira%2Eexample%2Ecom": {**LINK}}}, "valid URL"),
        ({"references": {"http%3A//localhost/x": {**LINK}}}, "valid URL"),
        ({"notes": "x"}, "The property 'notes' does not exist on type 'microsoft.graph.plannerTaskDetails'"),
    ],
)
def test_details_that_are_refused(desk: Desk, body: object, message: str) -> None:
    path = f"/planner/tasks/{desk.task(desk.plan())['id']}/details"
    fresh = desk.get(path)["@odata.etag"]
    status, _, text = refusal(desk.ask("PATCH", path, body, If_Match=fresh))
    assert status == 400
    assert message in text
    assert desk.get(path)["@odata.etag"] == fresh


def test_completion_is_noted_and_taken_back(desk: Desk) -> None:
    plan = desk.plan()
    task = desk.task(plan)
    done = desk.act(who="frida.figures@example.com", do="complete", task=task["id"])
    assert done["completedBy"]["user"]["id"] == desk.person("frida.figures")
    assert done["completedDateTime"] == "2026-11-02T09:15:03.118421Z"
    assert desk.patch(f"/planner/tasks/{task['id']}", {"percentComplete": 100})["completedBy"] == done["completedBy"]
    open_again = desk.patch(f"/planner/tasks/{task['id']}", {"percentComplete": 10})
    assert (open_again["completedBy"], open_again["completedDateTime"]) == (None, None)


def test_who_ticked_is_in_the_checklist_item(desk: Desk) -> None:
    task = desk.task(desk.plan())
    path = f"/planner/tasks/{task['id']}/details"
    desk.patch(path, {"checklist": {"yes": {**ITEM, "title": "Approved"}}})
    desk.act(who="sam.seller@example.com", do="tick", task=task["id"], item="Approved")
    item = desk.get(path)["checklist"]["yes"]
    assert (item["isChecked"], item["title"]) == (True, "Approved")
    assert item["lastModifiedBy"]["user"]["id"] == desk.person("sam.seller")


def test_a_patch_answers_nothing_unless_asked_to(desk: Desk) -> None:
    task = desk.task(desk.plan())
    answer = desk.ask("PATCH", f"/planner/tasks/{task['id']}", {"title": "x"}, If_Match=task["@odata.etag"])
    assert (answer.status_code, answer.data) == (204, b"")


def test_what_the_service_computes_is_taken_and_ignored(desk: Desk) -> None:
    task = desk.task(desk.plan())
    seen = desk.patch(
        f"/planner/tasks/{task['id']}", {"id": "x", "completedDateTime": "2020-01-01T00:00:00Z", "title": "y"}
    )
    assert (seen["id"], seen["completedDateTime"], seen["title"]) == (task["id"], None, "y")


def test_assignments_and_categories_merge(desk: Desk) -> None:
    frida, sam = desk.person("frida.figures"), desk.person("sam.seller")
    task = desk.task(desk.plan(), assignments={frida: ASSIGNED}, appliedCategories={"category1": True})
    body = {"assignments": {sam: ASSIGNED, frida: None}, "appliedCategories": {"category1": False, "category3": True}}
    seen = desk.patch(f"/planner/tasks/{task['id']}", body)
    assert (list(seen["assignments"]), seen["appliedCategories"]) == ([sam], {"category3": True})
    assert [t["id"] for t in desk.as_person("sam.seller").get("/me/planner/tasks")["value"]] == [task["id"]]


@pytest.mark.parametrize(
    ("switch", "code", "path", "body"),
    [
        ("limit_plans_in_group", "MaximumProjectsOwnedByUser", "/planner/plans", {"owner": GROUP_ID, "title": "R"}),
        ("limit_buckets_in_plan", "MaximumBucketsInProject", "/planner/buckets", {"name": "B"}),
        ("limit_tasks_in_plan", "MaximumTasksInProject", "/planner/tasks", {"title": "T"}),
        ("limit_active_tasks_in_plan", "MaximumActiveTasksInProject", "/planner/tasks", {"title": "T"}),
        ("limit_tasks_created_by_user", "MaximumTasksCreatedByUser", "/planner/tasks", {"title": "T"}),
    ],
)
def test_limits_are_403_with_their_name(desk: Desk, switch: str, code: str, path: str, body: dict[str, object]) -> None:
    plan = desk.plan()
    body = body if "owner" in body else {**body, "planId": plan}
    desk.control("POST", "/switches", {switch: 2})
    answers = [desk.ask("POST", path, body) for _ in range(3)]
    assert refusal(answers[-1]) == (403, code, "The request exceeded allowed limits.")
    assert answers[0].status_code == 201


def test_limits_inside_a_task(desk: Desk) -> None:
    path = f"/planner/tasks/{desk.task(desk.plan())['id']}"
    many = {"checklist": {str(n): {**ITEM, "title": "x"} for n in range(21)}}
    answer = desk.ask("PATCH", f"{path}/details", many, If_Match=desk.get(f"{path}/details")["@odata.etag"])
    assert refusal(answer)[:2] == (403, "MaximumChecklistItemsOnTask")
    links = {"references": {encode_reference(f"https://example.com/{n}"): LINK for n in range(16)}}
    answer = desk.ask("PATCH", f"{path}/details", links, If_Match=desk.get(f"{path}/details")["@odata.etag"])
    assert refusal(answer)[:2] == (403, "MaximumReferencesOnTask")
    desk.control("POST", "/switches", {"limit_assignees_on_task": 1})
    people = {desk.person(name): ASSIGNED for name in ("sam.seller", "frida.figures")}
    answer = desk.ask("PATCH", path, {"assignments": people}, If_Match=FRESH_TASK)
    assert refusal(answer)[:2] == (403, "MaximumAssigneesInTasks")


def test_completed_tasks_do_not_count_as_active(desk: Desk) -> None:
    plan = desk.plan()
    desk.control("POST", "/switches", {"limit_active_tasks_in_plan": 1})
    desk.task(plan, percentComplete=100)
    desk.task(plan)
    assert desk.ask("POST", "/planner/tasks", {"planId": plan, "title": "T"}).status_code == 403


def test_lists_come_in_pages_of_a_fixed_size(desk: Desk) -> None:
    plan = desk.plan()
    made = [desk.task(plan)["id"] for _ in range(5)]
    desk.control("POST", "/switches", {"planner_page_size": 2})
    seen, path = [], f"/planner/plans/{plan}/tasks?$top=1&$select=id,title"
    for _ in range(3):
        page = desk.get(path)
        assert page["@odata.count"] == 5
        assert all(set(task) == {"@odata.etag", "id", "title"} for task in page["value"])
        seen += [task["id"] for task in page["value"]]
        path = page.get("@odata.nextLink", "").removeprefix("http://localhost/graph/v1.0")
    assert (sorted(seen), path) == (sorted(made), "")


def test_details_can_be_expanded_unless_switched_off(desk: Desk) -> None:
    plan = desk.plan()
    desk.task(plan)
    assert "details" in desk.get(f"/planner/plans/{plan}/tasks?$expand=details")["value"][0]
    desk.control("POST", "/switches", {"expand_details": False})
    assert "details" not in desk.get(f"/planner/plans/{plan}/tasks?$expand=details")["value"][0]


def test_buckets_are_ordered_moved_and_deleted_with_their_tasks(desk: Desk) -> None:
    plan = desk.plan()
    first = desk.post("/planner/buckets", {"name": "A", "planId": plan, "orderHint": " !"})
    last = desk.post("/planner/buckets", {"name": "B", "planId": plan, "orderHint": f"{first['orderHint']} !"})
    assert first["orderHint"] < last["orderHint"]
    task = desk.task(plan, bucketId=first["id"])
    moved = desk.patch(f"/planner/buckets/{last['id']}", {"orderHint": f" {first['orderHint']}!", "name": "Z"})
    assert (moved["name"], moved["orderHint"] < first["orderHint"]) == ("Z", True)
    assert [t["id"] for t in desk.get(f"/planner/buckets/{first['id']}/tasks")["value"]] == [task["id"]]
    assert desk.ask("DELETE", f"/planner/buckets/{first['id']}", If_Match=first["@odata.etag"]).status_code == 204
    assert desk.ask("GET", f"/planner/tasks/{task['id']}").status_code == 404


def test_a_deleted_bucket_can_leave_its_tasks(desk: Desk) -> None:
    desk.control("POST", "/switches", {"delete_bucket_tasks": "unassign"})
    plan = desk.plan()
    bucket = desk.post("/planner/buckets", {"name": "A", "planId": plan})
    task = desk.task(plan, bucketId=bucket["id"])
    desk.ask("DELETE", f"/planner/buckets/{bucket['id']}", If_Match=bucket["@odata.etag"])
    assert desk.get(f"/planner/tasks/{task['id']}")["bucketId"] is None


def test_a_deleted_plan_takes_everything_along(desk: Desk) -> None:
    plan = desk.plan()
    desk.task(plan)
    answer = desk.ask("DELETE", f"/planner/plans/{plan}", If_Match=desk.get(f"/planner/plans/{plan}")["@odata.etag"])
    assert answer.status_code == 204
    assert [desk.world.store.count(f"graph.{name}") for name in ("plans", "tasks", "task_details")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("bucketTaskBoardFormat", {"orderHint": " !"}),
        ("progressTaskBoardFormat", {"orderHint": "A B!"}),
        ("assignedToTaskBoardFormat", {"unassignedOrderHint": " !", "orderHintsByAssignee": {GROUP_ID: " !"}}),
    ],
)
def test_board_formats_have_their_own_etag(desk: Desk, name: str, body: object) -> None:
    task = desk.task(desk.plan())
    path = f"/planner/tasks/{task['id']}/{name}"
    before = desk.get(path)
    assert (before["id"], before["@odata.etag"] == task["@odata.etag"]) == (task["id"], False)
    assert refusal(desk.ask("PATCH", path, body, If_Match=task["@odata.etag"]))[0] == 412
    assert desk.patch(path, body)["@odata.etag"] > before["@odata.etag"]
    assert desk.get(f"/planner/tasks/{task['id']}")["@odata.etag"] == FRESH_TASK


def test_members_may_and_strangers_may_not(desk: Desk) -> None:
    plan = desk.plan()
    task = desk.task(plan)
    desk.control("POST", "/people", {"name": "Nora New", "email": "nora.new@example.com"})
    nora = desk.as_person("nora.new")
    for path in (f"/planner/plans/{plan}", f"/planner/plans/{plan}/tasks", f"/planner/tasks/{task['id']}"):
        assert refusal(nora.ask("GET", path)) == (
            403,
            "",
            "You do not have the required permissions to access this item.",
        )
    assert nora.ask("POST", "/planner/plans", {"owner": GROUP_ID, "title": "R"}).status_code == 403
    assert desk.as_person("sam.seller").get(f"/planner/plans/{plan}")["id"] == plan


def test_an_assignee_outside_the_group_can_complete_the_task_but_not_see_the_plan(desk: Desk) -> None:
    desk.control("POST", "/people", {"name": "Nora New", "email": "nora.new@example.com"})
    plan = desk.plan()
    task = desk.task(plan, assignments={desk.person("nora.new"): ASSIGNED})
    nora = desk.as_person("nora.new")
    assert nora.patch(f"/planner/tasks/{task['id']}", {"percentComplete": 100})["percentComplete"] == 100
    assert nora.ask("GET", f"/planner/plans/{plan}").status_code == 403


def test_a_new_plan_can_stay_hidden_for_some_reads(desk: Desk) -> None:
    desk.control("POST", "/switches", {"new_plan_hidden_reads": 2})
    plan = desk.plan()
    assert [desk.ask("GET", f"/planner/plans/{plan}").status_code for _ in range(3)] == [404, 404, 200]


@pytest.mark.parametrize("way", ["ignored", "refused", "works"])
def test_details_in_a_create_are_a_switch(desk: Desk, way: str) -> None:
    desk.control("POST", "/switches", {"create_with_details": way})
    plan = desk.plan()
    answer = desk.ask("POST", "/planner/tasks", {"planId": plan, "title": "T", "details": {"description": "x"}})
    assert answer.status_code == (400 if way == "refused" else 201)
    if way != "refused":
        task = answer.json
        assert (task["hasDescription"], task["@odata.etag"]) == (way == "works", FRESH_TASK)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/planner/tasks/short", 400),
        (f"/planner/tasks/{'x' * 28}", 404),
        (f"/me/planner/plans/{'x' * 28}/tasks", 404),
        ("/planner/plans", 400),
        (f"/planner/plans?$filter=(owner eq '{GROUP_ID}')", 200),
        (f"/planner/plans('{'x' * 28}')", 404),
    ],
)
def test_paths(desk: Desk, path: str, status: int) -> None:
    assert desk.ask("GET", path).status_code == status


def test_people_work_in_the_plan(desk: Desk) -> None:
    who, plan = "ivan.itwork@example.com", desk.plan()
    bucket = desk.act(who=who, do="create-bucket", plan=plan, title="Now")["id"]
    desk.patch(f"/planner/plans/{plan}/details", {"categoryDescriptions": {"category4": "Training"}})
    task = desk.act(who=who, do="create", plan=plan, title="Own idea", fields={"priority": 1})["id"]
    desk.patch(f"/planner/tasks/{task}/details", {"checklist": {"k": {**ITEM, "title": "one", "isChecked": True}}})
    assert desk.act(who=who, do="start", task=task)["percentComplete"] == 50
    assert desk.act(who=who, do="move", task=task, bucket=bucket)["bucketId"] == bucket
    assert (
        desk.act(who=who, do="edit", task=task, fields={"title": "Better", "description": "why"})["description"]
        == "why"
    )
    assert desk.act(who=who, do="assign", task=task, to=who)["assignments"]
    assert desk.act(who=who, do="assign", task=task, to=[who], off=True)["assignments"] == {}
    assert desk.act(who=who, do="label", task=task, label="Training")["appliedCategories"] == {"category4": True}
    copy = desk.act(who=who, do="copy", task=task)
    assert (copy["title"], copy["percentComplete"], copy["checklistItemCount"], copy["activeChecklistItemCount"]) == (
        "Better", 0, 1, 1,
    )  # fmt: skip
    assert copy["createdBy"]["user"]["id"] == desk.person("ivan.itwork")
    desk.act(who=who, do="delete", task=task)
    desk.act(who=who, do="vanish", task=copy["id"])
    desk.act(who=who, do="delete-bucket", bucket=bucket)
    desk.act(who=who, do="membership", to=who, off=True)
    answer = desk.client.post(
        "/_sandbox/act", json={"service": "planner", "who": who, "do": "delete-plan", "plan": plan}
    )
    assert (answer.status_code, "403" in answer.json["error"]) == (400, True)
