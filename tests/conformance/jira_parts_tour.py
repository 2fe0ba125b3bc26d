"""The part of the walk through Jira about what hangs on an issue: history, properties, comments, links, watchers."""

from __future__ import annotations

from typing import Any

from conformance.walking import Stage

V3 = "/jira/rest/api/3"


def adf(text: str) -> dict[str, Any]:
    """A document with one paragraph."""
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def walk_parts(stage: Stage, task: str, other: str) -> None:
    """All of it for a task, which is linked with the other."""
    history(stage, task)
    properties(stage, task)
    comments(stage, task)
    links(stage, task, other)
    remote_links(stage, task)
    watchers(stage, task)


def history(stage: Stage, task: str) -> None:
    """Changelogs."""
    page = stage.ask("GET", f"{V3}/issue/{task}/changelog", 200, query={"maxResults": 2})
    ids = [int(one["id"]) for one in page["values"]]
    stage.ask("POST", f"{V3}/issue/{task}/changelog/list", 200, {"changelogIds": ids})
    stage.ask("GET", f"{V3}/issue/SEC-99999/changelog", 404)
    stage.ask("POST", f"{V3}/changelog/bulkfetch", 200, {"issueIdsOrKeys": [task], "maxResults": 1})
    stage.ask("POST", f"{V3}/changelog/bulkfetch", 200, {"issueIdsOrKeys": [task], "fieldIds": ["status"]})
    stage.ask("POST", f"{V3}/changelog/bulkfetch", 400, {"issueIdsOrKeys": []})


def properties(stage: Stage, task: str) -> None:
    """Issue properties."""
    one = f"{V3}/issue/{task}/properties/note"
    stage.ask("PUT", one, 201, {"a": [1, None, "x"]})
    stage.ask("PUT", one, 200, raw=b'"a bare text"', headers={"Content-Type": "application/json"})
    stage.ask("PUT", one, 400, raw=b"{broken", headers={"Content-Type": "application/json"})
    stage.ask("GET", one, 200)
    stage.ask("GET", f"{V3}/issue/{task}/properties", 200)
    stage.ask("DELETE", one, 204)
    stage.ask("GET", one, 404)
    stage.ask("DELETE", one, 404)


def comments(stage: Stage, task: str) -> None:
    """Comments."""
    path = f"{V3}/issue/{task}/comment"
    made = stage.ask("POST", path, 201, {"body": adf("Hello."), "properties": [{"key": "mark", "value": {"n": 1}}]})
    one = f"{path}/{made['id']}"
    stage.ask("GET", path, 200, query={"orderBy": "-created", "expand": "properties"})
    stage.ask("GET", one, 200, query={"expand": "properties"})
    by_id = {"query": {"expand": "properties"}}
    stage.ask("POST", f"{V3}/comment/list", 200, {"ids": [int(made["id"])]}, **by_id)
    stage.ask("POST", f"{V3}/comment/list", 400, {"ids": []})
    stage.ask("PUT", one, 200, {"body": adf("Hello again.")})
    stage.ask("POST", path, 400, {"body": adf("")})
    stage.ask("DELETE", one, 204)
    stage.ask("GET", one, 404)
    stage.ask("DELETE", one, 404)


def links(stage: Stage, task: str, other: str) -> None:
    """Links between issues."""
    ends = {"inwardIssue": {"key": task}, "outwardIssue": {"key": other}}
    stage.ask(
        "POST", f"{V3}/issueLink", 201, {"type": {"name": "Blocks"}, **ends, "comment": {"body": adf("Because.")}}
    )
    stage.ask("POST", f"{V3}/issueLink", 201, {"type": {"name": "Blocks"}, **ends})
    stage.ask("POST", f"{V3}/issueLink", 404, {"type": {"name": "Nonsense"}, **ends})
    stage.ask("POST", f"{V3}/issueLink", 400, {"type": {"name": "Blocks"}, "inwardIssue": {"key": task}})
    (link,) = stage.ask("GET", f"{V3}/issue/{task}", 200)["fields"]["issuelinks"]
    stage.ask("GET", f"{V3}/issue/{other}", 200)
    stage.ask("GET", f"{V3}/issueLink/{link['id']}", 200)
    stage.ask("DELETE", f"{V3}/issueLink/{link['id']}", 204)
    stage.ask("GET", f"{V3}/issueLink/{link['id']}", 404)


def remote_links(stage: Stage, task: str) -> None:
    """Links to things outside."""
    path = f"{V3}/issue/{task}/remotelink"
    shown = {"url": "https://tasks.example.com/1", "title": "The task", "status": {"resolved": False}}
    body = {
        "globalId": "rollout-sync:1",
        "relationship": "planned in",
        "object": shown,
        "application": {"name": "Planner"},
    }
    made = stage.ask("POST", path, 201, body)
    stage.ask("POST", path, 200, body)
    stage.ask("POST", path, 400, {"globalId": "x"})
    stage.ask("GET", path, 200)
    stage.ask("GET", path, 200, query={"globalId": "rollout-sync:1"})
    stage.ask("GET", path, 404, query={"globalId": "unknown"})
    one = f"{path}/{made['id']}"
    stage.ask("GET", one, 200)
    stage.ask("PUT", one, 204, {"object": {"url": "https://tasks.example.com/2", "title": "Another"}})
    stage.ask("DELETE", one, 204)
    stage.ask("GET", one, 404)
    stage.ask("POST", path, 201, body)
    stage.ask("DELETE", path, 204, query={"globalId": "rollout-sync:1"})
    stage.ask("DELETE", path, 404, query={"globalId": "rollout-sync:1"})


def watchers(stage: Stage, task: str) -> None:
    """Who watches."""
    path, account = f"{V3}/issue/{task}/watchers", stage.ask("GET", f"{V3}/myself", 200)["accountId"]
    as_json = {"Content-Type": "application/json"}
    stage.ask("POST", path, 204, raw=f'"{account}"'.encode(), headers=as_json)
    stage.ask("POST", path, 404, raw=b'"712020:nobody"', headers=as_json)
    stage.ask("GET", path, 200)
    stage.ask("DELETE", path, 204, query={"accountId": account})
