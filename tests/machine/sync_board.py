"""What stands on both boards of the rollout with gates, read from the sandbox's memory, never through the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from machine.stage import OUR_MARK, Stage
from machine.sync_drafts import HOMES, stem
from rollout_sync.model.rollout import Home
from rollout_sync.sandbox.jira.scheme import PROJECTS, STATUSES

JIRA, PLANNER = "jira", "planner"
WAITING = "Waiting for green light"
HELD_LABEL = "awaiting-approval"
NEW, BEGUN, DONE = "new", "indeterminate", "done"
RANK = {NEW: 0, BEGUN: 1, DONE: 2}
LINES = ("Approved", "Approved with conditions", "Not yet", "Rejected")
LABELS = tuple(line.lower().replace(" ", "-") for line in LINES)
CAUTION = {line: number for number, line in enumerate(LINES)}
"""The four answers, from the boldest to the most cautious."""

Key = tuple[str, str]
"""A board and an item."""


@dataclass(frozen=True, slots=True)
class Side:
    """How one board shows an item; `place` is the bucket's or the project's name."""

    id: str
    title: str
    category: str
    held: bool
    place: str
    due: str
    labels: frozenset[str]
    updated: int = 0


Look = Mapping[Key, Side]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a gate's question that stands on its board now."""

    by: str
    line: str
    at: datetime


@dataclass
class Board:
    """Finds our items again, whatever people call them."""

    stage: Stage
    _slugs: dict[str, str] = field(default_factory=dict)

    def look(self) -> dict[Key, Side]:
        """Every side of every item that exists."""
        found = {(JIRA, slug): _issue(issue) for slug, issue in self.issues()}
        return found | {(PLANNER, slug): self._task(task) for slug, task in self.tasks()}

    def issues(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Issues of items, with the item."""
        for issue in self.stage.issues():
            kind, _, name = str(issue["properties"][OUR_MARK]["item"]).partition(":")
            if kind == "issue":
                yield name, issue

    def tasks(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tasks of items, with the item; it is told by the words that the title began with at first."""
        for task in self.stage.tasks():
            first = str(task["fields"]["title"]).split()[0]
            yield self._slugs.setdefault(task["id"], _BY_STEM.get(first, first)), task

    def get(self, key: Key) -> dict[str, Any] | None:
        """The sandbox's own record of a side; None where it does not exist."""
        found = self.issues() if key[0] == JIRA else self.tasks()
        return next((one for slug, one in found if slug == key[1]), None)

    def bucket(self, name: str) -> str:
        """Id of a bucket of ours."""
        return next(one["id"] for one in self.stage.buckets() if one["fields"]["name"] == name)

    def answers(self, gate: str) -> list[Answer] | None:
        """What people answer at a gate; None where its object does not exist."""
        if HOMES[gate] is Home.PLANNER:
            task = self.get((PLANNER, gate))
            return None if task is None else list(self._ticks(task["id"]))
        issue = self.get((JIRA, gate))
        return None if issue is None else list(self._labels(issue))

    def added(self) -> dict[str, tuple[str, str]]:
        """Work that people put under one of our issues or into our plan: id to title and category."""
        store = self.stage.world.store
        ours = {one["id"] for one in self.stage.issues()}
        issues = [one for one in store.scan("jira.issue") if one["parent"] in ours and one["id"] not in ours]
        plans = {one["id"] for one in self.stage.plans()}
        mine = {one["id"] for one in self.stage.tasks()}
        tasks = [one for one in store.scan("graph.tasks") if one["plan"] in plans and one["id"] not in mine]
        return {one["id"]: (one["summary"], STATUSES[one["status"]].category) for one in issues} | {
            one["id"]: (one["fields"]["title"], _category(one)) for one in tasks
        }

    def finished(self, key: Key) -> datetime | None:
        """When a side became done, by the service's own record."""
        one = self.get(key)
        if one is None:
            return None
        if key[0] == PLANNER:
            at = one["fields"]["completedDateTime"]
            return datetime.fromisoformat(at) if at else None
        return _moment(one["category_since"]) if STATUSES[one["status"]].category == DONE else None

    def _task(self, task: dict[str, Any]) -> Side:
        fields = task["fields"]
        bucket = self.stage.world.store.get("graph.buckets", task["bucket"] or "")
        place = bucket["fields"]["name"] if bucket else ""
        return Side(
            id=task["id"],
            title=fields["title"],
            category=_category(task),
            held=place == WAITING,
            place=place,
            due=str(fields["dueDateTime"])[:10],
            labels=frozenset(),
        )

    def _ticks(self, task: str) -> Iterator[Answer]:
        details = self.stage.world.store.get("graph.task_details", task)
        for line in details["fields"]["checklist"].values() if details else ():
            who = self.stage.world.people.by_graph_id(str(line["lastModifiedBy"]["user"]["id"]))
            if line["isChecked"] and line["title"] in LINES and who is not None:
                yield Answer(who.email, line["title"], datetime.fromisoformat(line["lastModifiedDateTime"]))

    def _labels(self, issue: dict[str, Any]) -> Iterator[Answer]:
        """Labels, and the move to done where nobody's label says otherwise."""
        labelled: list[Answer] = []
        moved: Answer | None = None
        for change in self.stage.world.store.where("jira.history", "issue", issue["id"]):
            who, at = self.stage.world.people.by_account_id(change["author"]).email, _moment(change["created"])
            for item in change["items"]:
                if item["fieldId"] == "status":
                    moved = Answer(who, LINES[0], at)
                if item["fieldId"] == "labels":
                    new = set((item["toString"] or "").split()) - set((item["fromString"] or "").split())
                    labelled += [Answer(who, LINES[LABELS.index(one)], at) for one in LABELS if one in new]
        newest = {one.line: one for one in labelled}
        standing = [newest[line] for line, label in zip(LINES, LABELS, strict=True) if label in issue["labels"]]
        yield from standing
        if STATUSES[issue["status"]].category == DONE and moved is not None:
            yield Answer(moved.by, "", moved.at)


def _issue(issue: dict[str, Any]) -> Side:
    return Side(
        id=issue["id"],
        title=issue["summary"],
        category=STATUSES[issue["status"]].category,
        held=HELD_LABEL in issue["labels"],
        place=PROJECTS[issue["project"]].key,
        due=str(issue["duedate"]),
        labels=frozenset(label for label in issue["labels"] if label.startswith("people-")),
        updated=issue["updated"],
    )


def _category(task: Mapping[str, Any]) -> str:
    percent = task["fields"]["percentComplete"]
    return DONE if percent == 100 else BEGUN if percent else NEW


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


_BY_STEM = {stem(slug): slug for slug in HOMES}
