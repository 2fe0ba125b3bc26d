"""What the services say over their APIs of the work on the boards, in the shape in which the pages are compared."""

from __future__ import annotations

from rollout_sync.cli.demo.sandbox import Json, Sandbox
from rollout_sync.sandbox.seed import GROUP_ID

_FIELDS = ["summary", "status", "labels", "duedate", "assignee", "issuetype"]


def issues(sandbox: Sandbox) -> dict[str, Json]:
    """Fields by key of everything in project SEC but epics."""
    asked = {"jql": "project = SEC ORDER BY key", "fields": _FIELDS, "maxResults": 100}
    found: dict[str, Json] = {}
    while True:
        page = sandbox.jira("POST", "/search/jql", asked)
        found |= {issue["key"]: issue["fields"] for issue in page["issues"]}
        if not page.get("nextPageToken"):
            return {key: fields for key, fields in found.items() if fields["issuetype"]["name"] != "Epic"}
        asked["nextPageToken"] = page["nextPageToken"]


def key_of(sandbox: Sandbox, summary: str) -> str:
    """The key of the one issue with this summary."""
    (key,) = [key for key, fields in issues(sandbox).items() if fields["summary"] == summary]
    return key


def changes(sandbox: Sandbox, key: str) -> list[tuple[str, str, str]]:
    """Author's address, field and new value of each change of an issue, oldest first."""
    return [
        (change["author"]["emailAddress"], item["field"], item["toString"])
        for change in sandbox.jira("GET", f"/issue/{key}/changelog")["values"]
        for item in change["items"]
    ]


def plan_id(sandbox: Sandbox, title: str) -> str:
    """The id of the one plan with this title."""
    (plan,) = [p["id"] for p in sandbox.graph(f"/groups/{GROUP_ID}/planner/plans")["value"] if p["title"] == title]
    return str(plan)


def buckets(sandbox: Sandbox, plan: str) -> list[tuple[str, str]]:
    """Ids and names, left to right."""
    found = sandbox.graph(f"/planner/plans/{plan}/buckets")["value"]
    return [(one["id"], one["name"]) for one in sorted(found, key=lambda one: (one["orderHint"], one["id"]))]


def tasks(sandbox: Sandbox, plan: str) -> dict[str, Json]:
    """Tasks of a plan by id."""
    return {one["id"]: one for one in sandbox.graph(f"/planner/plans/{plan}/tasks")["value"]}


def task_named(sandbox: Sandbox, plan: str, title: str) -> Json:
    """The one task with this title."""
    (task,) = [one for one in tasks(sandbox, plan).values() if one["title"] == title]
    return task


def details(sandbox: Sandbox, task: str) -> Json:
    """A task's details."""
    return sandbox.graph(f"/planner/tasks/{task}/details")


def people(sandbox: Sandbox) -> dict[str, Json]:
    """Accounts by address."""
    return {one["email"]: one for one in sandbox.control("GET", "/people")}
