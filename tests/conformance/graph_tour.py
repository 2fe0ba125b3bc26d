"""A walk through every operation of Graph that the sandbox serves, with its successes and its refusals."""

from __future__ import annotations

import uuid
from typing import Any

from conformance.walking import Stage, graph_headers
from rollout_sync.sandbox.seed import COORDINATOR, GROUP_ID, SECURITY_GROUP_ID

V1 = "/graph/v1.0"
FULL = {"Prefer": "return=representation"}
CHECK = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
FORMATS = ("assignedToTaskBoardFormat", "bucketTaskBoardFormat", "progressTaskBoardFormat")


def walk(stage: Stage) -> None:
    """Everything, once."""
    stage.session.headers.update(graph_headers(stage.world))
    person = directory(stage)
    plan = plans(stage)
    bucket = buckets(stage, plan)
    task = tasks(stage, plan, bucket, person)
    details(stage, task)
    formats(stage, task, person)
    batches(stage, plan, bucket, task)
    versions(stage, plan, task)
    people(stage, plan, bucket, task)
    as_a_person(stage)
    mail(stage, f"{V1}/users/{COORDINATOR}", {})
    events(stage)
    refusals(stage, plan, task)
    faults(stage, plan, bucket)
    leave(stage, plan, bucket, task)


def directory(stage: Stage) -> str:
    """Users and groups; the id of a person."""
    query = {
        "$filter": f"mail eq '{COORDINATOR}' or userPrincipalName eq '{COORDINATOR}'",
        "$select": "id,displayName,mail",
    }
    (who,) = stage.ask("GET", f"{V1}/users", 200, query=query)["value"]
    stage.ask("GET", f"{V1}/users", 200, query={"$top": 2, "$count": "true"}, headers={"ConsistencyLevel": "eventual"})
    stage.ask("GET", f"{V1}/users/{who['id']}", 200)
    stage.ask("GET", f"{V1}/users/{COORDINATOR}", 200, query={"$select": "id,accountEnabled,jobTitle"})
    stage.ask("GET", f"{V1}/users/nobody@example.com", 404)
    stage.ask("GET", f"{V1}/users", 400, query={"$filter": "mail equals 'x'"})
    stage.ask("GET", f"{V1}/groups", 200, query={"$filter": "displayName eq 'IT change'", "$select": "id,groupTypes"})
    stage.ask("GET", f"{V1}/groups", 200)
    for path in ("", "/owners", "/members", "/members/microsoft.graph.user", "/planner/plans"):
        stage.ask("GET", f"{V1}/groups/{GROUP_ID}{path}", 200)
    stage.ask("GET", f"{V1}/groups/{GROUP_ID}/members", 200, query={"$select": "id", "$top": 3})
    stage.ask("GET", f"{V1}/groups/{uuid.UUID(int=1)}", 404)
    member = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{who['id']}"}
    stage.ask("POST", f"{V1}/groups/{GROUP_ID}/members/$ref", 400, member)
    (last,) = stage.ask("GET", f"{V1}/users", 200, query={"$filter": "mail eq 'owen.outbound@example.com'"})["value"]
    new = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{last['id']}"}
    stage.ask("POST", f"{V1}/groups/{SECURITY_GROUP_ID}/members/$ref", 204, new)
    return str(who["id"])


def plans(stage: Stage) -> str:
    """Plans and their labels; the id of one."""
    path = f"{V1}/planner/plans"
    container = {"url": f"https://graph.microsoft.com/v1.0/groups/{GROUP_ID}"}
    plan = stage.ask("POST", path, 201, {"container": container, "title": "Rollout: MFA"})
    stage.ask("POST", path, 201, {"owner": GROUP_ID, "title": "By owner"})
    stage.ask("POST", path, 400, {"container": container})
    one = f"{path}/{plan['id']}"
    stage.ask("GET", path, 200, query={"$filter": f"owner eq '{GROUP_ID}'"})
    stage.ask("GET", one, 200, query={"$select": "id,title"})
    stage.ask("PATCH", one, 200, {"title": "Rollout: MFA 2027"}, headers=_match(stage, one) | FULL)
    stage.ask("PATCH", one, 204, {"title": "Rollout: MFA"}, headers=_match(stage, one))
    stage.ask("GET", f"{one}/buckets", 200)
    labels = {"categoryDescriptions": {"category1": "Approval", "category2": None}}
    stage.ask("GET", f"{one}/details", 200)
    stage.ask("PATCH", f"{one}/details", 200, labels, headers=_match(stage, f"{one}/details") | FULL)
    stage.ask("PATCH", f"{one}/details", 204, {"sharedWith": {}}, headers=_match(stage, f"{one}/details"))
    stage.ask("GET", f"{V1}/groups/{GROUP_ID}/planner/plans", 200, query={"$select": "id,title,createdDateTime"})
    return str(plan["id"])


def buckets(stage: Stage, plan: str) -> str:
    """Buckets; the id of one."""
    path = f"{V1}/planner/buckets"
    bucket = stage.ask("POST", path, 201, {"name": "Prepare", "planId": plan, "orderHint": " !"})
    stage.ask("POST", path, 400, {"name": "No plan"})
    stage.ask("POST", path, 400, {"name": "Bad hint", "planId": plan, "orderHint": bucket["orderHint"]})
    one = f"{path}/{bucket['id']}"
    stage.ask("GET", one, 200)
    stage.ask("PATCH", one, 200, {"name": "Get ready"}, headers=_match(stage, one) | FULL)
    stage.ask("PATCH", one, 204, {"orderHint": " !"}, headers=_match(stage, one))
    stage.ask("GET", f"{V1}/planner/plans/{plan}/buckets", 200)
    stage.ask("GET", f"{one}/tasks", 200)
    return str(bucket["id"])


def tasks(stage: Stage, plan: str, bucket: str, person: str) -> str:
    """Tasks; the id of one."""
    path = f"{V1}/planner/tasks"
    body = {
        "planId": plan,
        "bucketId": bucket,
        "title": "Sign-off",
        "priority": 3,
        "percentComplete": 0,
        "startDateTime": "2026-12-01T00:00:00Z",
        "dueDateTime": "2026-12-05T00:00:00Z",
        "appliedCategories": {"category1": True},
        "assignments": {person: {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}},
    }
    task = stage.ask("POST", path, 201, body)
    stage.ask("POST", path, 201, {"planId": plan, "title": "Bare"})
    stage.ask("POST", path, 400, {"planId": plan})
    stage.ask("POST", path, 400, body | {"dueDateTime": "2026-11-01T00:00:00Z"})
    stage.ask("POST", path, 400, body | {"surprise": 1})
    one = f"{path}/{task['id']}"
    stage.ask("GET", one, 200)
    stage.ask("GET", one, 200, query={"$select": "id,title", "$expand": "details"})
    for percent in (50, 100, 0):
        stage.ask("PATCH", one, 200, {"percentComplete": percent}, headers=_match(stage, one) | FULL)
    change = {"dueDateTime": None, "appliedCategories": {"category1": False}, "assignments": {person: None}}
    stage.ask("PATCH", one, 204, change, headers=_match(stage, one))
    stage.ask("GET", f"{V1}/planner/plans/{plan}/tasks", 200, query={"$expand": "details"})
    stage.ask("GET", f"{V1}/planner/buckets/{bucket}/tasks", 200)
    stage.ask("GET", f"{V1}/users/{person}/planner/tasks", 200)
    stage.ask("GET", f"{V1}/users/{person}/planner/plans", 200)
    return str(task["id"])


def details(stage: Stage, task: str) -> None:
    """Description, checklist and references."""
    one = f"{V1}/planner/tasks/{task}/details"
    stage.ask("GET", one, 200)
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, "approved"))
    item = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Approved", "isChecked": False}
    link = {
        "@odata.type": "#microsoft.graph.plannerExternalReference",
        "alias": "SEC-1",
        "type": "Other",
        "previewPriority": " !",
    }
    body: dict[str, Any] = {
        "description": "Please decide.",
        "previewType": "checklist",
        "checklist": {key: item},
        "references": {"https%3A//jira%2Eexample%2Ecom/browse/SEC-1": link},
    }
    stage.ask("PATCH", one, 200, body, headers=_match(stage, one) | FULL)
    ticked = {"checklist": {key: {"@odata.type": "#microsoft.graph.plannerChecklistItem", "isChecked": True}}}
    stage.ask("PATCH", one, 204, ticked, headers=_match(stage, one))
    many = {"checklist": {str(uuid.UUID(int=n)): item for n in range(21)}}
    stage.ask("PATCH", one, 403, many, headers=_match(stage, one))
    stage.ask("PATCH", one, 204, {"checklist": {key: None}}, headers=_match(stage, one))
    stage.ask("GET", one, 200)


def formats(stage: Stage, task: str, person: str) -> None:
    """Where the card of a task stands."""
    for name in FORMATS:
        one = f"{V1}/planner/tasks/{task}/{name}"
        stage.ask("GET", one, 200)
        hint: dict[str, Any] = {"orderHint": " !"}
        if name.startswith("assignedTo"):
            hint = {"unassignedOrderHint": " !", "orderHintsByAssignee": {person: " !"}}
        stage.ask("PATCH", one, 200, hint, headers=_match(stage, one) | FULL)
        stage.ask("PATCH", one, 204, hint, headers=_match(stage, one))


def batches(stage: Stage, plan: str, bucket: str, task: str) -> None:
    """Several requests in one, with inner successes, refusals and dependants."""
    as_json = {"Content-Type": "application/json"}
    path = f"/planner/tasks/{task}"
    new = {"planId": plan, "bucketId": bucket, "title": "In a batch"}
    inner = [
        {"id": "1", "method": "GET", "url": f"{path}/details"},
        {"id": "2", "method": "POST", "url": "/planner/tasks", "headers": as_json, "body": new},
        {
            "id": "3",
            "method": "PATCH",
            "url": path,
            "headers": as_json | _match(stage, V1 + path) | FULL,
            "body": {"priority": 1},
        },
        {"id": "4", "method": "GET", "url": f"planner/plans/{plan}/tasks?$select=id", "dependsOn": ["3"]},
        {"id": "5", "method": "GET", "url": "/planner/tasks/AAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"id": "6", "method": "GET", "url": "/groups", "dependsOn": ["5"]},
    ]
    answer = stage.ask("POST", f"{V1}/$batch", 200, {"requests": inner})
    assert {one["id"]: one["status"] for one in answer["responses"]}["6"] == 424
    stage.ask("POST", f"{V1}/$batch", 400, {"requests": []})
    many = [{"id": str(number), "method": "GET", "url": "/groups"} for number in range(21)]
    stage.ask("POST", f"{V1}/$batch", 400, {"requests": many})


def versions(stage: Stage, plan: str, task: str) -> None:
    """Writes that name no version, a wrong one, or one that is old."""
    one = f"{V1}/planner/tasks/{task}"
    old = _match(stage, one)
    stage.ask("PATCH", one, 412, {"priority": 2})
    stage.ask("PATCH", one, 412, {"priority": 2}, headers=_match(stage, f"{V1}/planner/plans/{plan}"))
    stage.ask("PATCH", one, 204, {"priority": 2}, headers=old)
    stage.ask("PATCH", one, 409, {"priority": 4}, headers=old)
    stage.ask("DELETE", one, 409, headers=old)
    stage.ask("DELETE", one, 412)


def people(stage: Stage, plan: str, bucket: str, task: str) -> None:
    """What people do in Planner, and what Graph tells of it afterwards."""
    frida = "frida.figures@example.com"
    for do, more in (
        ("start", {}),
        ("complete", {}),
        ("reopen", {}),
        (
            "edit",
            {
                "fields": {
                    "title": "Edited by hand",
                    "description": "New.",
                    "checklist": {"7": {**CHECK, "title": "Seen"}},
                }
            },
        ),
        ("tick", {"item": "Seen"}),
        ("assign", {"to": [frida, COORDINATOR]}),
        ("assign", {"to": frida, "off": True}),
        ("label", {"label": "Approval"}),
        ("copy", {"title": "A copy"}),
        ("move", {"bucket": bucket}),
        ("complete", {}),
    ):
        act(stage, do, who=frida, task=task, **more)
    act(stage, "create", who=frida, plan=plan, bucket=bucket, title="By hand")
    act(stage, "create-bucket", who=frida, plan=plan, title="By hand")
    act(stage, "edit-plan", who=frida, plan=plan, fields={"categoryDescriptions": {"category9": "By hand"}})
    for path in ("", "/details", "/tasks", "/buckets"):
        stage.ask("GET", f"{V1}/planner/plans/{plan}{path}", 200)
    for path in ("", "/details", *(f"/{name}" for name in FORMATS)):
        stage.ask("GET", f"{V1}/planner/tasks/{task}{path}", 200)


def act(stage: Stage, do: str, **more: Any) -> Any:
    """Let a person act."""
    return stage.ask("POST", "/_sandbox/act", 200, {"service": "planner", "do": do, **more})


def as_a_person(stage: Stage) -> None:
    """With a signed-in person's token."""
    signed_in = graph_headers(stage.world, COORDINATOR)
    stage.ask("GET", f"{V1}/me", 400)
    for path in ("", "/planner/plans", "/planner/tasks"):
        stage.ask("GET", f"{V1}/me{path}", 200, headers=signed_in)
    mail(stage, f"{V1}/me", signed_in)
    start = {"dateTime": "2026-12-03T09:00:00", "timeZone": "Europe/Berlin"}
    end = {"dateTime": "2026-12-03T10:00:00", "timeZone": "Europe/Berlin"}
    stage.ask("POST", f"{V1}/me/events", 201, {"subject": "Mine", "start": start, "end": end}, headers=signed_in)


def mail(stage: Stage, box: str, headers: dict[str, str]) -> None:
    """Sent at once, and by way of a draft."""
    message = {
        "subject": "Week 49",
        "importance": "normal",
        "body": {"contentType": "html", "content": "<p>All well.</p>"},
        "toRecipients": [{"emailAddress": {"name": "Sonja Sponsor", "address": "sonja.sponsor@example.com"}}],
        "internetMessageHeaders": [{"name": "x-rollout-digest", "value": "mfa/2026-W49"}],
        "attachments": [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": "trend.png",
                "contentType": "image/png",
                "contentBytes": "iVBORw0=",
            }
        ],
    }
    stage.ask("POST", f"{box}/sendMail", 202, {"message": message, "saveToSentItems": True}, headers=headers)
    stage.ask("POST", f"{box}/sendMail", 400, {"saveToSentItems": True}, headers=headers)
    draft = stage.ask("POST", f"{box}/messages", 201, message, headers=headers | {"Prefer": 'IdType="ImmutableId"'})
    one = f"{box}/messages/{draft['id']}"
    stage.ask("GET", one, 200, headers=headers)
    mark = {"id": "String {5b1e2f6c-9d37-4c7a-8a52-6f0f3c1d7e94} Name Event", "value": "mfa/2026-W49"}
    stage.ask("PATCH", one, 200, {"singleValueExtendedProperties": [mark]}, headers=headers)
    stage.ask("PATCH", one, 400, {"changeKey": "x"}, headers=headers)
    stage.ask("POST", f"{one}/send", 202, headers=headers)
    stage.ask("POST", f"{one}/send", 403, headers=headers)
    stage.ask("GET", one, 200, query={"$select": "subject,internetMessageHeaders,isDraft"}, headers=headers)
    stage.ask("GET", f"{box}/messages", 200, headers=headers)
    stage.ask("GET", f"{box}/messages/unknown", 404, headers=headers)
    sent = {"$filter": "sentDateTime ge 2026-11-01T00:00:00Z", "$select": "subject,internetMessageHeaders"}
    stage.ask("GET", f"{box}/mailFolders/sentitems/messages", 200, query=sent, headers=headers)


def events(stage: Stage) -> None:
    """A training in calendars."""
    path = f"{V1}/users/{COORDINATOR}/events"
    body = {
        "subject": "Registration clinic",
        "transactionId": "session-1",
        "start": {"dateTime": "2026-12-03T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-12-03T09:30:00", "timeZone": "Europe/Berlin"},
        "attendees": [
            {"emailAddress": {"address": "ivan.itwork@example.com", "name": "Ivan Itwork"}, "type": "required"}
        ],
        "isOnlineMeeting": True,
        "onlineMeetingProvider": "teamsForBusiness",
    }
    event = stage.ask("POST", path, 201, body)
    act(stage, "respond", who="ivan.itwork@example.com", event=event["id"], response="accepted")
    assert stage.ask("POST", path, 201, body)["id"] == event["id"]
    stage.ask("POST", path, 400, {"subject": "When?"})
    one = f"{path}/{event['id']}"
    stage.ask("GET", path, 200)
    stage.ask("GET", one, 200, query={"$select": "subject,attendees"})
    stage.ask("PATCH", one, 200, {"subject": "Clinic"})
    stage.ask("DELETE", one, 204)
    stage.ask("GET", one, 404)


def refusals(stage: Stage, plan: str, task: str) -> None:
    """No token, an old one, a stranger, nothing there."""
    path = f"{V1}/planner/plans/{plan}"
    stage.ask("GET", path, 401, headers={"Authorization": "Bearer none"})
    stage.ask("GET", path, 401, headers=graph_headers(stage.world, lifetime=-1))
    stage.ask("GET", f"{V1}/planner/tasks/short", 400)
    stage.ask("GET", f"{V1}/planner/tasks/{'A' * 28}", 404)
    stage.ask("DELETE", f"{V1}/planner/tasks/{'A' * 28}", 404, headers=_match(stage, f"{V1}/planner/tasks/{task}"))
    stage.switch(limit_buckets_in_plan=1)
    stage.ask("POST", f"{V1}/planner/buckets", 403, {"name": "One too many", "planId": plan})
    stage.switch(limit_buckets_in_plan=200)
    as_json = {"Content-Type": "application/json"}
    stage.ask("POST", f"{V1}/planner/tasks", 400, raw=b"{", headers=as_json)


def faults(stage: Stage, plan: str, bucket: str) -> None:
    """Throttled, out of order, inside a batch too."""
    path = f"{V1}/planner/plans/{plan}/tasks"
    for kind, status in {
        "429": 429,
        "500": 500,
        "503": 503,
        "504": 504,
        "token_expired": 401,
        "forbidden": 403,
    }.items():
        stage.fault({"kind": kind})
        stage.ask("GET", path, status)
    inner = [{"id": str(number), "method": "GET", "url": f"/planner/buckets/{bucket}"} for number in range(4)]
    for kind in ("partial", "inner_429", "inner_503_after"):
        stage.fault({"kind": kind})
        stage.ask("POST", f"{V1}/$batch", 200, {"requests": inner})
    stage.fault({"kind": "forbidden", "inner": "GET /planner/buckets/{id}"})
    stage.ask("POST", f"{V1}/$batch", 200, {"requests": inner})
    stage.fault()
    stage.switch(planner_page_size=1)
    page = stage.ask("GET", path, 200)
    stage.ask("GET", page["@odata.nextLink"].partition("8765")[2], 200)
    stage.switch(planner_page_size=400)


def leave(stage: Stage, plan: str, bucket: str, task: str) -> None:
    """Delete all of it."""
    for one in (f"tasks/{task}", f"buckets/{bucket}", f"plans/{plan}"):
        path = f"{V1}/planner/{one}"
        stage.ask("DELETE", path, 204, headers=_match(stage, path))
        stage.ask("GET", path, 404)


def _match(stage: Stage, path: str) -> dict[str, str]:
    return {"If-Match": stage.ask("GET", path, 200)["@odata.etag"]}
