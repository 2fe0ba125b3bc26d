"""What an example of the state machine stands on: its folder, its history, and people who work by hand."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine

from machine import truth
from machine.drafts import POOL, Draft
from machine.life import LEDGER, Result, empty_ledger
from machine.stage import OUR_MARK, Stage
from machine.truth import History
from machine.wire import Book, Broken
from rollout_sync.model.rollout import Home

STAGE = Stage()
EXAMPLES: Counter[str] = Counter()
"""How many examples of each machine this process has really run."""


class _Words(logging.Handler):
    """Keeps every log line as it was written, before any filter."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class RunGround(RuleBasedStateMachine):
    """One example, before anything happens in it."""

    services = "jira planner"
    home: Home | None = None
    watched: frozenset[str] | None = None
    """Invariants that are looked at; None for all."""

    def __init__(self) -> None:
        super().__init__()
        STAGE.reset()
        self.stage = STAGE
        self.root = Path(tempfile.mkdtemp(prefix="machine-", dir=_memory()))
        self.folder = self._fresh_folder()
        self.book = Book(self.stage, self.require)
        self.history = History()
        self.draft = Draft(slugs=POOL[:2], home=self.home)
        self.mine: dict[tuple[str, str, str], Any] = {}
        """What people wrote: service, id and field to the value that must stay."""
        self.buried: set[str] = set()
        """Items whose remote object a person deleted while the ledger knew it."""
        self.disturbed = False
        """People changed or deleted Planner tasks, so that a doubt may stay undecidable."""
        self.changes = 0
        self.last: Result | None = None
        self.is_foreign = False
        """The ledger is younger or older than what stands in the services."""
        self.is_login_faulty = False
        self.words = _Words()
        self.logger = logging.getLogger("rollout_sync")
        self.logger.addHandler(self.words)
        self.level, self.propagates = self.logger.level, self.logger.propagate
        self.logger.level, self.logger.propagate = logging.DEBUG, False
        EXAMPLES[type(self).__name__] += 1

    def require(self, holds: bool, name: str, words: str) -> None:
        if not holds and (self.watched is None or name in self.watched):
            raise Broken(f"{name}: {words}")

    def _fresh_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self.root))
        (folder / LEDGER).write_bytes(empty_ledger())
        (folder / LEDGER).chmod(0o600)
        return folder

    # What has to be true at any time

    def _check(self) -> None:
        self.stage.catch_up()
        truth.no_duplicate(self.stage, self.history, self.require)
        truth.truthful(self.stage, self.folder / LEDGER, self.history, self.require)
        self._check_people()

    def _check_people(self) -> None:
        """I6: what people wrote stands."""
        for (service, number, name), value in self.mine.items():
            now = self._field(service, number, name)
            self.require(now is None or value in now, "I6", f"{service} {number} {name}: {value!r} became {now!r}")
        revived = self.buried & {one["properties"][OUR_MARK]["item"] for one in self.stage.issues()}
        self.require(not revived, "I6", f"people deleted {revived}, and it was made again")

    def _field(self, service: str, number: str, name: str) -> str | None:
        """What stands there now; None where the object is gone."""
        store = self.stage.world.store
        if service == "jira":
            issue = store.get("jira.issue", number)
            return str(issue[name]) if issue else None
        task = store.get("graph.tasks", number)
        if task is None:
            return None
        return self.stage.notes(number) if name == "description" else str(task["fields"][name])

    # People

    def _person_acts(self, which: int) -> None:
        self._check_names()
        hands = self._hands()
        if hands:
            hands[which % len(hands)](which)

    def _hands(self) -> list[Any]:
        found: list[Any] = []
        if self.stage.issues():
            found += [self._edit_issue, self._edit_issue, self._label_issue, self._move_issue, self._clone_issue]
            found += [self._delete_issue, self._unassign_issue]
        if self.stage.tasks():
            found += [self._edit_task, self._edit_task, self._note_task, self._move_task, self._copy_task]
            found += [self._delete_task, self._complete_task]
        return found

    def _check_names(self) -> None:
        self.stage.catch_up()
        for task in self.stage.tasks():
            self.history.stem_of(task)

    def _edit_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self.changes += 1
        if which % 2:
            words = f"Reworded by a person {self.changes}"
            self._by_hand("jira", "edit", issue=issue["id"], fields={"title": words})
            self.mine["jira", issue["id"], "summary"] = words
        else:
            day = f"2031-05-{1 + self.changes % 28:02d}"
            self._by_hand("jira", "edit", issue=issue["id"], fields={"due": day})
            self.mine["jira", issue["id"], "duedate"] = day

    def _label_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "label", issue=issue["id"], label=f"people-{which}")
        self.mine["jira", issue["id"], "labels"] = f"people-{which}"

    def _unassign_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "assign", issue=issue["id"], to="theo.tutor@example.com")
        self.mine["jira", issue["id"], "assignee"] = self.stage.world.people.by_email(
            "theo.tutor@example.com"
        ).account_id

    def _move_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        self._by_hand("jira", "move", issue=issue["id"], to="SEC" if issue["key"].startswith("REQ") else "REQ")

    def _clone_issue(self, which: int) -> None:
        self._by_hand("jira", "clone", issue=_pick(self.stage.issues(), which)["id"])

    def _delete_issue(self, which: int) -> None:
        issue = _pick(self.stage.issues(), which)
        name = issue["properties"][OUR_MARK]["item"]
        seen = self.history.seen.get(name)
        self._by_hand("jira", "delete", issue=issue["id"])
        if seen is not None and seen.state == "CREATED" and seen.remote == issue["id"]:
            self.buried.add(name)
        else:
            self.disturbed = True

    def _edit_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        self.changes += 1
        self.disturbed = True
        words = f"{self.history.stem_of(task)} reworded by a person {self.changes}"
        day = f"2031-05-{1 + self.changes % 28:02d}"
        name, value = ("title", words) if which % 2 else ("dueDateTime", f"{day}T10:00:00Z")
        self._by_hand("planner", "edit", task=task["id"], fields={name: value})
        self.mine["planner", task["id"], name] = words if which % 2 else day

    def _note_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        words = f"Noted by a person {which}."
        notes = self.stage.notes(task["id"])
        self._by_hand("planner", "edit", task=task["id"], fields={"description": f"{words}\n{notes}"})
        self.mine["planner", task["id"], "description"] = words

    def _move_task(self, which: int) -> None:
        task = _pick(self.stage.tasks(), which)
        bucket = _pick(self.stage.buckets(), which)
        self.disturbed = True
        self._by_hand("planner", "move", task=task["id"], bucket=bucket["id"])

    def _copy_task(self, which: int) -> None:
        self._by_hand("planner", "copy", task=_pick(self.stage.tasks(), which)["id"])

    def _delete_task(self, which: int) -> None:
        self.disturbed = True
        self._by_hand("planner", "delete", task=_pick(self.stage.tasks(), which)["id"])

    def _complete_task(self, which: int) -> None:
        self._by_hand("planner", "complete", task=_pick(self.stage.tasks(), which)["id"])

    def _by_hand(self, service: str, do: str, **body: Any) -> None:
        self.stage.act(service, do, **body)
        event(f"person: {do}")


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _pick(found: list[Any], which: int) -> Any:
    return found[which // 7 % len(found)]
