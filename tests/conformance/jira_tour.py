"""A walk through every operation of Jira that the sandbox serves, with its successes and its refusals."""

from __future__ import annotations

from typing import Any

from conformance.jira_parts_tour import V3, adf, walk_parts
from conformance.walking import Stage, jira_headers
from rollout_sync.sandbox.seed import COORDINATOR


def walk(stage: Stage) -> None:
    """Everything, once."""
    stage.session.headers.update(jira_headers())
    site(stage)
    projects_and_people(stage)
    epic, task, other = issues(stage)
    searches(stage, task, other)
    walk_parts(stage, task, other)
    refusals(stage, task)
    limits(stage, task)
    people(stage, task, other)
    version_2(stage, task)
    gateway(stage)
    leave(stage, epic, task)


def site(stage: Stage) -> None:
    """Configuration."""
    for path in ("serverInfo", "myself", "configuration", "permissions", "field", "issuetype", "status", "priority"):
        stage.ask("GET", f"{V3}/{path}", 200)
    for path in ("statuscategory", "resolution", "issueLinkType", "field/search", "priority/search", "label"):
        stage.ask("GET", f"{V3}/{path}", 200)
    for path in ("issuetype/10002", "status/10000", "status/Done", "statuscategory/done", "priority/3"):
        stage.ask("GET", f"{V3}/{path}", 200)
    stage.ask("GET", f"{V3}/issueLinkType/10000", 200)
    stage.ask("GET", f"{V3}/field/search", 200, query={"type": ["custom"], "query": "start"})
    stage.ask("GET", f"{V3}/issuetype/project", 200, query={"projectId": 10000, "level": 1})
    stage.ask(
        "GET", f"{V3}/mypermissions", 200, query={"permissions": "CREATE_ISSUES,EDIT_ISSUES", "projectKey": "SEC"}
    )


def projects_and_people(stage: Stage) -> None:
    """Projects, their screens, and who is there."""
    stage.ask("GET", f"{V3}/project", 200)
    stage.ask("GET", f"{V3}/project/search", 200, query={"keys": ["SEC"], "maxResults": 1})
    for path in ("", "/statuses", "/components", "/versions"):
        stage.ask("GET", f"{V3}/project/SEC{path}", 200)
        stage.ask("GET", f"{V3}/project/NONE{path}", 404)
    for project, kinds in {"SEC": ("10000", "10002"), "TEAM": ("10011",), "REQ": ("10002",)}.items():
        stage.ask("GET", f"{V3}/issue/createmeta/{project}/issuetypes", 200)
        for kind in kinds:
            stage.ask("GET", f"{V3}/issue/createmeta/{project}/issuetypes/{kind}", 200, query={"maxResults": 200})
    stage.ask("GET", f"{V3}/issue/createmeta/SEC/issuetypes", 400, query={"maxResults": 201})
    stage.ask("GET", f"{V3}/issue/createmeta/SEC/issuetypes/99999", 400)
    stage.ask(
        "GET", f"{V3}/issue/createmeta", 200, query={"projectKeys": ["SEC"], "expand": "projects.issuetypes.fields"}
    )
    account = stage.ask("GET", f"{V3}/myself", 200)["accountId"]
    stage.ask("GET", f"{V3}/user", 200, query={"accountId": account})
    stage.ask("GET", f"{V3}/user", 404, query={"accountId": "712020:nobody"})
    stage.ask("GET", f"{V3}/user/search", 200, query={"query": "cora"})
    stage.ask("GET", f"{V3}/user/search", 400)
    stage.ask("GET", f"{V3}/users/search", 200, query={"maxResults": 3})
    stage.ask("GET", f"{V3}/user/bulk", 200, query={"accountId": [account]})
    stage.ask("GET", f"{V3}/user/assignable/search", 200, query={"project": "SEC", "query": "ivan"})
    stage.ask("GET", f"{V3}/user/assignable/search", 400)


def issues(stage: Stage) -> tuple[str, str, str]:
    """Create, read, edit, assign, move on; the keys of an epic and two tasks."""
    epic = stage.ask("POST", f"{V3}/issue", 201, {"fields": _fields("Prepare", "10000", customfield_10011="Prepare")})
    key = epic["key"]
    task = stage.ask(
        "POST",
        f"{V3}/issue",
        201,
        {
            "fields": _fields(
                "Inventory",
                "10002",
                parent={"key": key},
                description=adf("Look."),
                labels=["rs-x"],
                duedate="2027-01-05",
                customfield_10015="2027-01-04",
                priority={"id": "2"},
            ),
            "properties": [{"key": "rollout-sync", "value": {"item": "prepare/inventory"}}],
        },
    )["key"]
    made = stage.ask(
        "POST",
        f"{V3}/issue/bulk",
        201,
        {
            "issueUpdates": [
                {"fields": _fields("Second", "10002", parent={"key": key}), "properties": [{"key": "p", "value": 1}]},
                {"fields": _fields("", "10002")},
            ]
        },
    )
    other = made["issues"][0]["key"]
    stage.ask("POST", f"{V3}/issue/bulk", 400, {"issueUpdates": [{"fields": _fields("", "10002")}]})
    stage.ask(
        "POST", f"{V3}/issue/bulk", 400, {"issueUpdates": [{"fields": _fields(f"{n}", "10002")} for n in range(51)]}
    )
    stage.ask("POST", f"{V3}/issue", 400, {"fields": _fields("x" * 256, "10002", labels=["a b"], duedate="12/01/2026")})
    everything = "names,schema,changelog,transitions,editmeta,operations,renderedFields"
    stage.ask("GET", f"{V3}/issue/{task}", 200, query={"expand": everything, "properties": ["*all"]})
    stage.ask("GET", f"{V3}/issue/{epic['id']}", 200, query={"fields": ["summary", "status", "labels"]})
    stage.ask(
        "PUT",
        f"{V3}/issue/{task}",
        204,
        {"fields": {"summary": "Inventory of apps"}, "update": {"labels": [{"add": "extra"}]}},
    )
    stage.ask("PUT", f"{V3}/issue/{task}", 200, {"fields": {"duedate": None}}, query={"returnIssue": "true"})
    stage.ask("PUT", f"{V3}/issue/{task}", 400, {"fields": {"duedate": "soon"}})
    stage.ask("GET", f"{V3}/issue/{task}/editmeta", 200)
    account = stage.ask("GET", f"{V3}/myself", 200)["accountId"]
    stage.ask("PUT", f"{V3}/issue/{task}/assignee", 204, {"accountId": account})
    stage.ask("PUT", f"{V3}/issue/{task}/assignee", 400, {"accountId": "712020:nobody"})
    stage.ask("GET", f"{V3}/issue/{task}/transitions", 200, query={"expand": "transitions.fields"})
    stage.ask("POST", f"{V3}/issue/{task}/transitions", 204, {"transition": {"id": "21"}})
    stage.ask("POST", f"{V3}/issue/{task}/transitions", 400, {"transition": {"id": "999"}})
    return key, task, other


def searches(stage: Stage, task: str, other: str) -> None:
    """Search, count, bulk fetch."""
    body = {"jql": "project = SEC ORDER BY key", "fields": ["summary", "status", "issuelinks"], "maxResults": 1}
    first = stage.ask("POST", f"{V3}/search/jql", 200, body)
    stage.ask("POST", f"{V3}/search/jql", 200, body | {"nextPageToken": first["nextPageToken"], "properties": ["p"]})
    stage.ask(
        "POST", f"{V3}/search/jql", 200, {"jql": "project = SEC", "fields": ["*all"], "expand": "names,changelog"}
    )
    stage.ask("GET", f"{V3}/search/jql", 200, query={"jql": "project = SEC", "reconcileIssues": [10000]})
    stage.ask("POST", f"{V3}/search/jql", 400, {"jql": "ORDER BY key"})
    stage.ask("POST", f"{V3}/search/jql", 400, {"jql": 'summary ~ "open'})
    stage.ask("POST", f"{V3}/search/jql", 400, {"jql": "project = SEC", "startAt": 0})
    stage.ask("GET", f"{V3}/search/jql", 400, query={"jql": "ORDER BY key"})
    stage.ask("POST", f"{V3}/search/approximate-count", 200, {"jql": "project = SEC"})
    stage.ask("POST", f"{V3}/search/approximate-count", 400, {"jql": ""})
    stage.ask("GET", f"{V3}/search", 410, query={"jql": "project = SEC"})
    stage.ask("POST", f"{V3}/search", 410, {"jql": "project = SEC"})
    stage.ask(
        "POST", f"{V3}/jql/parse", 200, {"queries": ["project = SEC", "project ="]}, query={"validation": "strict"}
    )
    named = ["10000", task, other, "SEC-99999"]
    stage.ask(
        "POST", f"{V3}/issue/bulkfetch", 200, {"issueIdsOrKeys": named, "fields": ["summary"], "properties": ["p"]}
    )
    stage.ask("POST", f"{V3}/issue/bulkfetch", 200, {"issueIdsOrKeys": named, "expand": ["names", "changelog"]})
    stage.ask("POST", f"{V3}/issue/bulkfetch", 400, {"issueIdsOrKeys": []})
    stage.ask("POST", f"{V3}/issue/bulkfetch", 400, {"issueIdsOrKeys": [f"{n}" for n in range(101)]})


def refusals(stage: Stage, task: str) -> None:
    """Who may not, what is not there, what is no JSON."""
    nobody: dict[str, str | None] = {"Authorization": None}
    wrong = jira_headers(token="wrong")
    for path in ("myself", "field", "project/SEC/statuses", f"issue/{task}/transitions", "issueLinkType"):
        stage.ask("GET", f"{V3}/{path}", 401, headers=wrong)
    stage.ask("GET", f"{V3}/myself", 401, headers=nobody)
    stage.ask("POST", f"{V3}/issue", 401, {"fields": _fields("x", "10002")}, headers=wrong)
    stage.ask("POST", f"{V3}/issue/bulk", 401, {"issueUpdates": [{"fields": _fields("x", "10002")}]}, headers=wrong)
    stage.ask(
        "POST",
        f"{V3}/issueLink",
        401,
        {"type": {"name": "Blocks"}, "inwardIssue": {}, "outwardIssue": {}},
        headers=wrong,
    )
    for method, rest, body in (
        ("GET", "", None),
        ("PUT", "", {"fields": {}}),
        ("GET", "/transitions", None),
        ("GET", "/editmeta", None),
    ):
        stage.ask(method, f"{V3}/issue/SEC-99999{rest}", 404, body)
    stage.ask("DELETE", f"{V3}/issue/SEC-99999", 404)
    for path in ("issuetype/0", "status/0", "statuscategory/0", "priority/0", "issueLinkType/0", "issueLink/0"):
        stage.ask("GET", f"{V3}/{path}", 404)
    stage.ask("GET", f"{V3}/issuetype/project", 404, query={"projectId": 1})
    stage.ask("GET", f"{V3}/mypermissions", 400, query={"projectKey": "SEC"})
    stage.ask("POST", f"{V3}/issue", 400, raw=b"{", headers={"Content-Type": "application/json"})
    stage.ask("POST", f"{V3}/issue", 415, raw=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    stage.ask("PUT", f"{V3}/issue/archive", 403, {"issueIdsOrKeys": [task]})
    for permission in ("CREATE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES", "DELETE_ISSUES"):
        act(stage, "revoke", permission=permission)
    stage.ask("POST", f"{V3}/issue", 403, {"fields": _fields("x", "10002")})
    stage.ask("PUT", f"{V3}/issue/{task}/properties/x", 403, {})
    stage.ask("POST", f"{V3}/issue/{task}/remotelink", 403, {"object": {"url": "https://example.com", "title": "x"}})
    stage.ask("DELETE", f"{V3}/issue/{task}", 403)
    for permission in ("CREATE_ISSUES", "EDIT_ISSUES", "LINK_ISSUES", "DELETE_ISSUES"):
        act(stage, "grant", permission=permission)


def limits(stage: Stage, task: str) -> None:
    """Throttled, out of order, full."""
    stage.fault({"kind": "429", "retry_after": "5"})
    stage.ask("GET", f"{V3}/myself", 429)
    stage.ask("GET", f"{V3}/user/assignable/search", 429, query={"project": "SEC"})
    stage.ask("POST", f"{V3}/search/jql", 429, {"jql": "project = SEC"})
    stage.fault({"kind": "503", "retry_after": "none"})
    stage.ask("GET", f"{V3}/myself", 503)
    stage.fault({"kind": "forbidden"})
    stage.ask("GET", f"{V3}/issue/{task}", 404)
    stage.fault({"kind": "token_expired"})
    stage.ask("GET", f"{V3}/issue/{task}", 401)
    stage.fault({"kind": "partial", "positions": [0], "route": f"{V3}/issue/bulk"})
    two = [{"fields": _fields("a", "10002")}, {"fields": _fields("b", "10002")}]
    stage.ask("POST", f"{V3}/issue/bulk", 201, {"issueUpdates": two})
    stage.fault()
    stage.switch(jira_burst_limit=1)
    stage.ask("GET", f"{V3}/serverInfo", 200)
    stage.ask("GET", f"{V3}/serverInfo", 429)
    stage.switch(jira_burst_limit=0)


def people(stage: Stage, task: str, other: str) -> None:
    """What people do by hand, and what the API tells of it afterwards."""
    ivan = "ivan.itwork@example.com"
    for do, more in (
        ("complete", {}),
        ("reopen", {}),
        ("start", {}),
        ("transition", {"to": "On hold"}),
        ("edit", {"fields": {"title": "Edited by hand", "due": "2027-02-02", "text": "New."}}),
        ("label", {"label": "by-hand"}),
        ("assign", {"to": ivan}),
        ("assign", {"to": None}),
        ("comment", {"text": "One line\nand another"}),
        ("link", {"to": other}),
        ("clone", {}),
        ("unlink", {"to": other}),
    ):
        act(stage, do, who=ivan, issue=task, **more)
    made = act(stage, "create", who=ivan, project="TEAM", summary="By hand")["key"]
    act(stage, "complete", who=ivan, issue=made)
    moved = act(stage, "create", who=ivan, project="SEC", summary="To be moved")["key"]
    act(stage, "move", who=ivan, issue=moved, to="TEAM")
    for key in (task, made, moved):
        stage.ask("GET", f"{V3}/issue/{key}", 200, query={"expand": "changelog,names,schema,editmeta,transitions"})
        stage.ask("GET", f"{V3}/issue/{key}/changelog", 200)
        stage.ask("GET", f"{V3}/issue/{key}/comment", 200)
        stage.ask("GET", f"{V3}/issue/{key}/transitions", 200)
    everything = {"jql": "project in (SEC, TEAM)", "fields": ["*all"], "expand": "names,changelog", "maxResults": 100}
    stage.ask("POST", f"{V3}/search/jql", 200, everything)
    stage.ask("POST", f"{V3}/changelog/bulkfetch", 200, {"issueIdsOrKeys": [task, made, moved]})


def version_2(stage: Stage, task: str) -> None:
    """The older version, where rich text is plain text."""
    base = "/jira/rest/api/2"
    fields = _fields("By version 2", "10002", description="h2. Goal")
    made = stage.ask("POST", f"{base}/issue", 201, {"fields": fields})
    stage.ask("GET", f"{base}/issue/{made['key']}", 200)
    comment = stage.ask("POST", f"{base}/issue/{task}/comment", 201, {"body": "plain"})
    stage.ask("GET", f"{base}/issue/{task}/comment/{comment['id']}", 200)
    stage.ask("POST", f"{base}/search/jql", 200, {"jql": "project = SEC", "fields": ["description", "comment"]})
    stage.ask("GET", f"{base}/search", 410)


def gateway(stage: Stage) -> None:
    """The other base URL, with a scoped token."""
    cloud = stage.ask("GET", "/jira/_edge/tenant_info", 200)["cloudId"]
    scoped = jira_headers(token="sandbox-scoped-token")
    stage.ask("GET", f"/jira-gateway/ex/jira/{cloud}/rest/api/3/myself", 200, headers=scoped)
    stage.ask("GET", f"/jira-gateway/ex/jira/{cloud}/rest/api/3/project/SEC", 200, headers=scoped)


def leave(stage: Stage, epic: str, task: str) -> None:
    """Archive, bring back, delete."""
    act(stage, "grant", permission="ADMINISTER")
    done = stage.ask("PUT", f"{V3}/issue/archive", 200, {"issueIdsOrKeys": [task, "SEC-99999"]})
    assert done["numberOfIssuesUpdated"] == 1
    stage.ask("PUT", f"{V3}/issue/unarchive", 200, {"issueIdsOrKeys": [task]})
    stage.ask("PUT", f"{V3}/issue/archive", 400, {"issueIdsOrKeys": ["SEC-99999"]})
    stage.ask("PUT", f"{V3}/issue/archive", 412, {"issueIdsOrKeys": [f"SEC-{n}" for n in range(1001)]})
    child = stage.ask("POST", f"{V3}/issue", 201, {"fields": _fields("Part", "10003", parent={"key": task})})
    stage.ask("DELETE", f"{V3}/issue/{task}", 400)
    stage.ask("DELETE", f"{V3}/issue/{task}", 204, query={"deleteSubtasks": "true"})
    stage.ask("GET", f"{V3}/issue/{child['key']}", 404)
    stage.ask("DELETE", f"{V3}/issue/{epic}", 204)


def _fields(summary: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"project": {"key": "SEC"}, "issuetype": {"id": kind}, "summary": summary, **more}


def act(stage: Stage, do: str, **more: Any) -> Any:
    """Let a person act, the coordinator unless `who` says otherwise."""
    return stage.ask("POST", "/_sandbox/act", 200, {"service": "jira", "who": COORDINATOR, "do": do, **more})
