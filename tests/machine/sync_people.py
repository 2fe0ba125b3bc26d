"""What people do on the boards of the rollout with gates: work, tidy up, decide, and what they should not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from machine.sync_board import HELD_LABEL, JIRA, LABELS, LINES, PLANNER, WAITING, Board, Key
from machine.sync_drafts import GATE_J, GATE_P, GATES, HOMES, VOTERS
from machine.sync_watch import Watch, sides_of
from rollout_sync.model.rollout import Home

SIDES: tuple[Key, ...] = tuple((service, slug) for slug in HOMES for service in sides_of(slug))
IN_JIRA = tuple(key for key in SIDES if key[0] == JIRA)
IN_PLANNER = tuple(key for key in SIDES if key[0] == PLANNER)
WORKER = "theo.tutor@example.com"
WORK = tuple(key for key in SIDES if key[1] not in GATES)
PAIRED = tuple(key for key in SIDES if HOMES[key[1]] is Home.BOTH)


@dataclass
class People:
    """Acts by name; `number` chooses on what, by whom, and how."""

    watch: Watch

    @property
    def board(self) -> Board:
        """Where they work."""
        return self.watch.board

    def act(self, what: str, number: int) -> None:
        """Do it, where there is something to do it to."""
        self.watch.act(lambda: ACTS[what](self, number))

    def _do(self, key: Key, do: str, who: str = WORKER, **body: object) -> None:
        one = self.board.get(key)
        if one is not None:
            named = {"issue" if key[0] == JIRA else "task": one["id"]}
            self.board.stage.act(key[0], do, who, **named, **body)

    # Work

    def progress(self, number: int) -> None:
        self._do(WORK[number // 3 % len(WORK)], ("start", "complete", "reopen")[number % 3])

    def pairs(self, number: int) -> None:
        self._do(PAIRED[number // 3 % len(PAIRED)], ("start", "complete", "reopen")[number % 3])

    def rename(self, number: int) -> None:
        key = SIDES[number % len(SIDES)]
        self._do(key, "edit", fields={"title": f"Called {self.watch.acts} by a person"})

    def postpone(self, number: int) -> None:
        key, day = SIDES[number % len(SIDES)], f"2031-05-{1 + self.watch.acts % 28:02d}"
        fields = {"due": day} if key[0] == JIRA else {"dueDateTime": f"{day}T10:00:00Z"}
        self._do(key, "edit", fields=fields)

    def label(self, number: int) -> None:
        self._do(IN_JIRA[number % len(IN_JIRA)], "label", label=f"people-{self.watch.acts}")

    def move(self, number: int) -> None:
        key = SIDES[number % len(SIDES)]
        side = self.watch.board.look().get(key)
        if side is None:
            return
        if key[0] == JIRA:
            self._do(key, "move", to="SEC" if side.place == "REQ" else "REQ")
        else:
            buckets = [one["id"] for one in self.board.stage.buckets() if one["fields"]["name"] != side.place]
            if buckets:
                self._do(key, "move", bucket=buckets[number // 13 % len(buckets)])

    def delete(self, number: int) -> None:
        self._do(SIDES[number % len(SIDES)], "delete")

    def copy(self, number: int) -> None:
        key = SIDES[number % len(SIDES)]
        self._do(key, "clone" if key[0] == JIRA else "copy")

    def add(self, number: int) -> None:
        """New work under an epic of ours, or in a bucket of ours."""
        stage = self.board.stage
        epics = [one for one in stage.issues() if one["properties"]["rollout-sync"]["item"].startswith("epic:")]
        if number % 2 and epics:
            fields = {"summary": f"Added {self.watch.acts}", "parent": {"key": epics[number // 2 % len(epics)]["key"]}}
            stage.act(JIRA, "create", WORKER, project="SEC", fields=fields)
        elif buckets := stage.buckets():
            bucket = buckets[number // 2 % len(buckets)]
            title = f"Added {self.watch.acts}"
            stage.act(PLANNER, "create", WORKER, plan=bucket["plan"], bucket=bucket["id"], title=title)

    def work_on_added(self, number: int) -> None:
        """Added work gets on, or goes again."""
        found = sorted(self.board.added())
        if not found:
            return
        one, do = found[number // 3 % len(found)], ("start", "complete", "delete")[number % 3]
        is_issue = one.isdecimal()
        self.board.stage.act(JIRA if is_issue else PLANNER, do, WORKER, **{"issue" if is_issue else "task": one})

    def hold(self, number: int) -> None:
        """Somebody takes the label off or puts it on, or drags the card out of the waiting bucket or into it."""
        key = WORK[number % len(WORK)]
        side = self.watch.board.look().get(key)
        if side is None:
            return
        if key[0] == JIRA:
            self._do(key, "unlabel" if side.held else "label", label=HELD_LABEL)
        else:
            names = {one["fields"]["name"] for one in self.board.stage.buckets()}
            home = key[1].partition("/")[0].capitalize()
            self._do(key, "move", bucket=self.board.bucket(home if side.held or WAITING not in names else WAITING))

    # Decisions

    def tick(self, number: int) -> None:
        """One line of the checklist, ticked, or unticked where it is."""
        task = self.board.get((PLANNER, GATE_P))
        details = task and self.board.stage.world.store.get("graph.task_details", task["id"])
        who, line = VOTERS[number % len(VOTERS)], LINES[_LINE[number // len(VOTERS) % len(_LINE)]]
        lines = {one["title"]: one["isChecked"] for one in details["fields"]["checklist"].values()} if details else {}
        if line in lines:
            self._do((PLANNER, GATE_P), "untick" if lines[line] else "tick", who, item=line)

    def decide(self, number: int) -> None:
        """One of the labels, put on, or taken off where it is."""
        issue = self.board.get((JIRA, GATE_J))
        who, label = VOTERS[number % len(VOTERS)], LABELS[_LINE[number // len(VOTERS) % len(_LINE)]]
        if issue is not None:
            self._do((JIRA, GATE_J), "unlabel" if label in issue["labels"] else "label", who, label=label)

    def close_gate(self, number: int) -> None:
        """Somebody completes the gate's task or issue, or opens it again."""
        key = ((PLANNER, GATE_P), (JIRA, GATE_J))[number // len(VOTERS) % 2]
        self._do(key, "reopen" if number // 12 % 3 == 0 else "complete", VOTERS[number % len(VOTERS)])

    def agree(self, number: int) -> None:
        """Both approvers say yes to one of the gates, each in a way of their own."""
        first, second = VOTERS[number // 2 % 2], VOTERS[1 - number // 2 % 2]
        if number % 2:
            self._say(GATE_P, "tick", first, item=LINES[0])
            self._say(GATE_P, "tick", second, item=LINES[1])
        else:
            self._say(GATE_J, "label", first, label=LABELS[0])
            self._say(GATE_J, "complete", second)

    def _say(self, gate: str, do: str, who: str, **body: object) -> None:
        key = (HOMES[gate].value, gate)
        standing = {one.line for one in self.board.answers(gate) or ()}
        if LINES[0 if LABELS[0] in body.values() else 1] not in standing or do == "complete":
            self._do(key, do, who, **body)


_LINE = (0, 0, 1, 0, 2, 3, 0)
ACTS: Mapping[str, Callable[[People, int], None]] = {
    "progress": People.progress,
    "pairs": People.pairs,
    "rename": People.rename,
    "postpone": People.postpone,
    "label": People.label,
    "move": People.move,
    "delete": People.delete,
    "copy": People.copy,
    "add": People.add,
    "work on added": People.work_on_added,
    "hold": People.hold,
    "tick": People.tick,
    "decide": People.decide,
    "close gate": People.close_gate,
    "agree": People.agree,
}
DECISIONS = ("tick", "tick", "decide", "decide", "close gate")
LIVELY = ("progress", "pairs", "tick", "decide", "close gate", "agree", "work on added")
"""Acts that nobody does over what the program writes: they may fall into the middle of a tick."""
COMMON = (
    *ACTS,
    "progress",
    "pairs",
    "pairs",
    "pairs",
    "pairs",
    "tick",
    "tick",
    "decide",
    "decide",
    "agree",
    "agree",
    "agree",
)
