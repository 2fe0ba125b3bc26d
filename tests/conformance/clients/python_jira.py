"""The `jira` package with its own defaults (version 2 of the API) against the sandbox: makes work and reads it back.

Prints one JSON object with what was written and what was read. Usage: python python_jira.py URL EMAIL TOKEN
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jira import JIRA, JIRAError

WROTE = {
    "task": "Inventory of apps",
    "text": "h2. Goal\n\nLook at every app.",
    "comment": "Checked *twice*.",
    "labels": ["rs-outside"],
    "due": "2027-01-15",
    "property": {"marker": "m-1"},
    "remote": "https://tasks.example.com/1",
    "status": "In Progress",
}


def walk(jira: JIRA) -> dict[str, Any]:
    """Make everything, then read it back."""
    names = {one["schema"]["custom"]: one["id"] for one in jira.fields() if "custom" in one.get("schema", {})}
    epic_name = names["com.pyxis.greenhopper.jira:gh-epic-label"]
    base = {"project": {"key": "SEC"}}
    epic = jira.create_issue(fields={**base, "issuetype": {"name": "Epic"}, "summary": "Prepare", epic_name: "Prepare"})
    text = {"summary": WROTE["task"], "description": WROTE["text"], "labels": WROTE["labels"], "duedate": WROTE["due"]}
    task = jira.create_issue(fields={**base, **text, "issuetype": {"name": "Task"}, "parent": {"key": epic.key}})
    second = jira.create_issue(fields={**base, "issuetype": {"name": "Task"}, "summary": "Second"})
    jira.create_issue_link("Blocks", task.key, second.key)
    jira.add_comment(task.key, WROTE["comment"])
    jira.add_issue_property(task.key, "rollout-sync", WROTE["property"])
    remote = {"url": WROTE["remote"], "title": "The task in Planner"}
    jira.add_simple_link(task.key, remote)
    steps = {one["to"]["name"]: one["id"] for one in jira.transitions(task.key)}
    jira.transition_issue(task.key, steps[WROTE["status"]])
    second.update(fields={"duedate": WROTE["due"]})

    found = jira.enhanced_search_issues(
        "project = SEC AND labels = rs-outside", fields="summary,labels,status", maxResults=5
    )
    seen = jira.issue(task.key)
    read = {
        "task": found[0].fields.summary,
        "text": seen.fields.description,
        "comment": jira.comments(task.key)[0].body,
        "labels": found[0].fields.labels,
        "due": jira.issue(second.key).fields.duedate,
        "property": jira.issue_property(task.key, "rollout-sync").raw["value"],
        "remote": jira.remote_links(task.key)[0].object.url,
        "status": found[0].fields.status.name,
    }
    facts = {
        "parent": seen.fields.parent.key == epic.key,
        "blocks": [seen.fields.issuelinks[0].type.outward, seen.fields.issuelinks[0].outwardIssue.key == second.key],
        "count": jira.approximate_issue_count("project = SEC"),
        "cloud": jira.server_info()["deploymentType"],
        "refused": _refused(jira),
    }
    return {"wrote": WROTE, "read": read, "facts": facts}


def _refused(jira: JIRA) -> list[Any]:
    try:
        jira.issue("SEC-99999")
    except JIRAError as error:
        return [error.status_code, error.text]
    return []


if __name__ == "__main__":
    address, email, token = sys.argv[1:]
    made = JIRA(server=address, basic_auth=(email, token), max_retries=0, timeout=30)
    sys.stdout.write(json.dumps(walk(made)))
