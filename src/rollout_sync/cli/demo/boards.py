"""What stands on the boards, read over the services' own interfaces, as a person's browser or another program would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from rollout_sync.cli.demo.sandbox import Json, Sandbox
from rollout_sync.model.objects import ObjectKind
from rollout_sync.reconcile.keys import STATUS_DETAILS

PROJECT = "SEC"
_AWAITING = "awaiting-approval"
_MARK = re.compile(r"^rollout-sync · \S+ · (\S+) · ([0-9a-f]{32})\s*$", re.MULTILINE)
_FIELDS = ("summary", "issuetype", "parent", "labels", "issuelinks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """An epic, or a bucket: how much lies in it."""

    name: str
    title: str
    count: int
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """Everything that one rollout has in both services.

    Attributes:
        counts: how many objects of each kind that a person can count.
        marks: what each marked object of the plan says it is, once for every object that says so.
        summaries: how many comments and how many tasks show the rollout's summary.
    """

    epics: tuple[Heap, ...] = ()
    buckets: tuple[Heap, ...] = ()
    plan: str = ""
    counts: Mapping[ObjectKind, int] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    summaries: tuple[int, int] = (0, 0)

    @property
    def doubles(self) -> tuple[str, ...]:
        """Objects that exist more than once."""
        return tuple(sorted(mark for mark, count in Counter(self.marks).items() if count > 1))


def read_boards(sandbox: Sandbox, rollout: str, name: str) -> Boards:
    """The rollout with this id and name, as it stands now; a part that is not there yet counts as nothing."""
    issues = list(rollout_issues(sandbox, rollout))
    epics = [issue for issue in issues if issue["fields"]["issuetype"].get("hierarchyLevel", 0) > 0]
    plan = plan_of(sandbox, name)
    buckets = sandbox.graph(f"/planner/plans/{quote(plan)}/buckets")["value"] if plan else []
    tasks = sandbox.graph(f"/planner/plans/{quote(plan)}/tasks")["value"] if plan else []
    notes = [sandbox.graph(f"/planner/tasks/{quote(task['id'])}/details").get("description") or "" for task in tasks]
    marks = (*_marks_of_issues(issues), *_marks_of_notes(notes))
    status = str(STATUS_DETAILS)
    remote = sum(len(sandbox.jira("GET", f"/issue/{issue['key']}/remotelink")) for issue in issues)
    counts = {
        ObjectKind.EPIC: len(epics),
        ObjectKind.ISSUE: len(issues) - len(epics),
        ObjectKind.LINK: len(_links(issues)),
        ObjectKind.REMOTE_LINK: remote,
        ObjectKind.PLAN: _plans(sandbox, name),
        ObjectKind.BUCKET: len(buckets),
        ObjectKind.TASK: len(tasks),
    }
    return Boards(
        epics=tuple(_epic(epic, issues) for epic in epics),
        buckets=tuple(_bucket(bucket, tasks) for bucket in buckets),
        plan=plan,
        counts=counts,
        marks=tuple(mark for mark in marks if mark != status),
        summaries=(_summaries(sandbox, epics), marks.count(status)),
    )


def rollout_issues(sandbox: Sandbox, rollout: str) -> Iterator[Json]:
    """All issues that carry the rollout's label, epics too."""
    body = {
        "jql": f'project = {PROJECT} AND labels = "rs-{rollout}" ORDER BY key',
        "fields": list(_FIELDS),
        "properties": ["rollout-sync"],
        "maxResults": 100,
    }
    while True:
        page = sandbox.jira("POST", "/search/jql", body)
        yield from page["issues"]
        if not page.get("nextPageToken"):
            return
        body["nextPageToken"] = page["nextPageToken"]


def _links(issues: Sequence[Json]) -> frozenset[str]:
    """Ids of the links; each hangs on both of its issues."""
    return frozenset(link["id"] for issue in issues for link in issue["fields"]["issuelinks"])


def _epic(epic: Json, issues: Sequence[Json]) -> Heap:
    children = [issue for issue in issues if (issue["fields"].get("parent") or {}).get("id") == epic["id"]]
    held = sum(_AWAITING in child["fields"]["labels"] for child in children)
    return Heap(name=epic["key"], title=epic["fields"]["summary"], count=len(children), held=held)


def plan_of(sandbox: Sandbox, name: str) -> str:
    """Id of the Planner plan of this name; empty where there is none."""
    return next((plan["id"] for plan in _group_plans(sandbox) if plan["title"] == name), "")


def _plans(sandbox: Sandbox, name: str) -> int:
    return sum(plan["title"] == name for plan in _group_plans(sandbox))


def _group_plans(sandbox: Sandbox) -> Sequence[Json]:
    from rollout_sync.sandbox.seed import GROUP_ID  # noqa: PLC0415 - only the demonstration loads the sandbox

    found: Sequence[Json] = sandbox.graph(f"/groups/{GROUP_ID}/planner/plans")["value"]
    return found


def _bucket(bucket: Json, tasks: Sequence[Json]) -> Heap:
    return Heap(name="", title=bucket["name"], count=sum(task["bucketId"] == bucket["id"] for task in tasks))


def _summaries(sandbox: Sandbox, epics: Sequence[Json]) -> int:
    """Comments on the epics that are marked as a summary."""
    listed = (sandbox.jira("GET", f"/issue/{epic['key']}/comment")["comments"] for epic in epics)
    ids = [int(comment["id"]) for comments in listed for comment in comments]
    if not ids:
        return 0
    found = sandbox.jira("POST", "/comment/list?expand=properties", {"ids": ids})["values"]
    return sum(any(one["key"] == "rollout-sync" for one in comment.get("properties", ())) for comment in found)


def _marks_of_issues(issues: Sequence[Json]) -> Iterator[str]:
    for issue in issues:
        mark = (issue.get("properties") or {}).get("rollout-sync") or {}
        yield str(mark.get("item", f"{issue['key']} without a marker"))


def _marks_of_notes(notes: Sequence[str]) -> Iterator[str]:
    for number, text in enumerate(notes):
        found = _MARK.search(text)
        yield found[1] if found else f"task {number} without a marker"
