"""People in front of their boards: they find work by its title, and do by hand what the diary says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from rollout_sync.cli.demo.boards import PROJECT, plan_of, rollout_issues
from rollout_sync.cli.demo.cast import Act, Deed
from rollout_sync.cli.demo.sandbox import Json, Sandbox
from rollout_sync.errors import UnexpectedResponse
from rollout_sync.model.rollout import Home, Item, Rollout, TrackerName
from rollout_sync.reconcile.texts import DECISIONS
from rollout_sync.schedule.calendar import WorkCalendar

_APPROVED, _CONDITIONS = DECISIONS[:2]
_CONDITION_KEY = "5a1e5000-c0de-4a11-8a11-0000000000c0"
_CHECKLIST_ITEM = "microsoft.graph.plannerChecklistItem"


@dataclass(slots=True, kw_only=True)
class People:
    """Everybody of one rollout, with what they see on both boards.

    Attributes:
        items: by key; `phases` are their epics' titles.
        issues, tasks: key or id by title.
    """

    sandbox: Sandbox
    rollout: Rollout
    items: Mapping[str, Item]
    issues: dict[str, str]
    tasks: dict[str, str]

    @classmethod
    def of(cls, sandbox: Sandbox, rollout: Rollout) -> People:
        """Everybody, after one look at both boards."""
        plan = plan_of(sandbox, rollout.name)
        return cls(
            sandbox=sandbox,
            rollout=rollout,
            items={item.key: item for item in rollout.items},
            issues={issue["fields"]["summary"]: issue["key"] for issue in rollout_issues(sandbox, rollout.id)},
            tasks={task["title"]: task["id"] for task in sandbox.graph(f"/planner/plans/{quote(plan)}/tasks")["value"]},
        )

    def do(self, act: Act) -> None:
        """Carry out one act.

        Raises:
            UnexpectedResponse: it is on no board, or the service refuses it.
        """
        match act.deed:
            case Deed.APPROVE | Deed.APPROVE_WITH_CONDITIONS | Deed.TICK:
                self._decide(act)
            case Deed.ADD:
                self._add(act)
            case Deed.BEGIN:
                self._on(act, "start")
            case Deed.FINISH:
                self._on(act, "complete")
            case Deed.DELETE:
                self._on(act, "delete")
            case Deed.RENAME:
                self._on(act, "edit", fields={"title": act.text})
            case Deed.POSTPONE:
                self._on(act, "edit", fields={"due": self._later(act).isoformat()})

    def bucket_of(self, key: str) -> str:
        """Name of the bucket in which an item's task lies."""
        task = self.sandbox.graph(f"/planner/tasks/{quote(self._found(self.tasks, self._title(key)))}")
        return str(self.sandbox.graph(f"/planner/buckets/{quote(task['bucketId'])}")["name"])

    def _decide(self, act: Act) -> None:
        """Tick a line of the checklist, one's own tick in the place of another's; then complete the task."""
        task = self._found(self.tasks, self._title(act.item))
        line = _CONDITIONS if act.deed is Deed.APPROVE_WITH_CONDITIONS else _APPROVED
        if act.deed is Deed.APPROVE_WITH_CONDITIONS:
            added = {_CONDITION_KEY: {"@odata.type": _CHECKLIST_ITEM, "title": act.text}}
            self._act("planner", "edit", act.who, task=task, fields={"checklist": added})
        checklist = self.sandbox.graph(f"/planner/tasks/{quote(task)}/details")["checklist"]
        if any(one["isChecked"] for one in checklist.values() if one["title"] == line):
            self._act("planner", "untick", act.who, task=task, item=line)
        self._act("planner", "tick", act.who, task=task, item=line)
        if act.deed is not Deed.TICK:
            self._act("planner", "complete", act.who, task=task)

    def _add(self, act: Act) -> None:
        phase = next(phase for phase in self.rollout.phases if phase.key == act.text)
        epic = self._found(self.issues, f"{self.rollout.name}: {phase.title}")
        fields = {"summary": act.item, "parent": {"key": epic}}
        made = self._act("jira", "create", act.who, project=PROJECT, fields=fields)
        self.issues[act.item] = made["key"]

    def _on(self, act: Act, do: str, **members: object) -> None:
        title = self._title(act.item)
        if self._is_in_jira(act.item):
            self._act("jira", do, act.who, issue=self._found(self.issues, title), **members)
        else:
            self._act("planner", do, act.who, task=self._found(self.tasks, title), **members)

    def _is_in_jira(self, key: str) -> bool:
        item = self.items.get(key)
        if item is None or item.home is Home.JIRA:
            return True
        return item.home is Home.BOTH and item.leads is TrackerName.JIRA

    def _later(self, act: Act) -> date:
        issue = self.sandbox.jira("GET", f"/issue/{self._found(self.issues, self._title(act.item))}?fields=duedate")
        due = date.fromisoformat(issue["fields"]["duedate"])
        return WorkCalendar.of(self.rollout.calendar).shift(due, act.later)

    def _title(self, key: str) -> str:
        return self.items[key].title if key in self.items else key

    def _found(self, board: Mapping[str, str], title: str) -> str:
        if title not in board:
            raise UnexpectedResponse(f"“{title}” stands on no board", where=self.rollout.name)
        return board[title]

    def _act(self, service: str, do: str, who: str, **members: object) -> Json:
        return self.sandbox.control("POST", "/act", {"service": service, "do": do, "who": who, **members})
