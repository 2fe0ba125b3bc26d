"""The invariants, as statements about what stands in the services and what the ledger's file says of it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from machine.drafts import POOL, stem
from machine.stage import OUR_MARK, Stage
from machine.wire import Row, rows
from rollout_sync.model.operations import Verb
from rollout_sync.reconcile.plan import Plan

Require = Callable[[bool, str, str], None]

_ROOM = Counter(stem(slug) for slug in POOL)
"""How many tasks may begin with the same words: the twins are two."""
_STEPS = {
    ("PLANNED", "INFLIGHT"),
    ("PLANNED", "SKIPPED"),
    ("INFLIGHT", "CREATED"),
    ("INFLIGHT", "FAILED"),
    ("INFLIGHT", "PLANNED"),
    ("CREATED", "GONE"),
    ("FAILED", "PLANNED"),
    ("SKIPPED", "PLANNED"),
}
_AFTER = {state: {state} for state in ("PLANNED", "INFLIGHT", "CREATED", "FAILED", "GONE", "SKIPPED")}
for _ in range(6):
    for _first, _second in _STEPS:
        _AFTER[_first] |= _AFTER[_second]
_AFTER["PLANNED"] |= {"CREATED"}  # a link that was part of its issue's create
SECRETS = ("sandbox-token", "sandbox-secret", "Bearer ey", "access_token")


@dataclass
class History:
    """What was seen of objects so far; a state that is read from the file must follow from the one before."""

    seen: dict[str, Row] = field(default_factory=dict)
    stems: dict[str, str] = field(default_factory=dict)

    def forget(self) -> None:
        """The ledger was lost or replaced by an older one."""
        self.seen.clear()

    def stem_of(self, task: Mapping[str, object]) -> str:
        """The words that a task's title began with when it was first seen."""
        return self.stems.setdefault(str(task["id"]), str(task["fields"]["title"]).split()[0])  # type: ignore[index]


def no_duplicate(stage: Stage, history: History, require: Require) -> None:
    """I1: each object of ours exists once; what people copied from it is theirs."""
    issues = Counter(str(one["properties"][OUR_MARK]["item"]) for one in stage.issues())
    markers = Counter(str(one["properties"][OUR_MARK]["marker"]) for one in stage.issues())
    tasks = Counter(history.stem_of(one) for one in stage.tasks())
    buckets = Counter((one["plan"], one["fields"]["name"]) for one in stage.buckets())
    plans = Counter(one["fields"]["title"] for one in stage.plans())
    links = Counter((one["issue"], one["object"]["url"]) for one in stage.world.store.scan("jira.remotelink"))
    pairs = Counter((one["type"], one["source"], one["target"]) for one in stage.world.store.scan("jira.link"))
    for counts in (issues, markers, buckets, plans, links, pairs):
        twice = {key: count for key, count in counts.items() if count > 1}
        require(not twice, "I1", f"made more than once: {twice}")
    twice = {key: count for key, count in tasks.items() if count > _ROOM[key]}
    require(not twice, "I1", f"tasks made more than once: {twice}")


def truthful(stage: Stage, path: Path, history: History, require: Require) -> list[Row]:
    """I5 and I12: the file is whole, states only move forward, and what it calls created is what it says it is."""
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        answer = reader.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        reader.close()
    require(answer == "ok", "I12", f"integrity_check says {answer}")
    kept = rows(path)
    ids = Counter((row.kind, row.remote) for row in kept if row.remote)
    require(all(count == 1 for count in ids.values()), "I5", f"one remote object has two names: {ids}")
    for row in kept:
        _check_row(stage, row, history, require)
        history.seen[row.object] = row
    return kept


def _check_row(stage: Stage, row: Row, history: History, require: Require) -> None:
    before = history.seen.get(row.object)
    if before is not None:
        require(row.state in _AFTER[before.state], "I5", f"{row.object} went from {before.state} to {row.state}")
        same = not before.remote or before.remote == row.remote
        require(same, "I5", f"{row.object} was {before.remote} and is now {row.remote}")
    if row.state != "CREATED":
        return
    issue = stage.world.store.get("jira.issue", row.remote) if row.kind in ("epic", "issue") else None
    if issue is not None:
        mark = issue["properties"].get(OUR_MARK, {})
        mine = (mark.get("item"), mark.get("marker")) == (row.object, row.marker)
        require(mine, "I5", f"{row.object} is said to be {row.remote}, which bears {mark}")
    task = stage.world.store.get("graph.tasks", row.remote) if row.kind == "task" else None
    if task is not None:
        name = stem(row.object.partition(":")[2])
        require(history.stem_of(task) == name, "I5", f"{row.object} is said to be a task {history.stem_of(task)!r}")


def nothing_lost(stage: Stage, kept: Sequence[Row], excused: Iterable[str], require: Require) -> None:
    """I2, at the end of everything: all is made and known, or a person deleted it."""
    excused = set(excused)
    states: dict[str, list[str]] = defaultdict(list)
    for row in kept:
        states[row.state].append(row.object)
    deleted = [key.partition(":")[2] for key in states["GONE"]]
    refused = {key for key in states["FAILED"] if not any(name in key for name in deleted)}
    unfinished = refused | {key for state in ("PLANNED", "INFLIGHT") for key in states[state]}
    require(not unfinished - excused, "I2", f"not finished: {sorted(unfinished - excused)}")
    bound = {row.remote: row for row in kept if row.state in ("CREATED", "GONE") and row.remote}
    for one in stage.issues():
        require(one["id"] in bound, "I2", f"{one['key']} bears our marker, and the ledger does not know it")
    for one in (*stage.tasks(), *stage.plans(), *stage.buckets()):
        require(one["id"] in bound or bool(excused), "I2", f"Planner's {one['fields']} is not known")
    for row in kept:
        if row.state == "CREATED" and row.kind in _COLLECTIONS:
            found = stage.world.store.get(_COLLECTIONS[row.kind], row.remote)
            require(found is not None, "I2", f"{row.object} is said to be {row.remote}, which does not exist")


_COLLECTIONS = {
    "epic": "jira.issue",
    "issue": "jira.issue",
    "plan": "graph.plans",
    "bucket": "graph.buckets",
    "task": "graph.tasks",
    "details": "graph.task_details",
}


def within_limits(plan: Plan, bound: int, require: Require) -> None:
    """I14: an unforced plan changes no more than three tenths of ten or more objects."""
    for verb in (Verb.UPDATE, Verb.RETIRE):
        count = sum(plan.counts(verb).values())
        require(bound < 10 or count / bound <= 0.3, "I14", f"{count} of {bound} objects would be touched by {verb}")


def no_secret(folder: Path, texts: Iterable[str], require: Require) -> None:
    """I15: neither files nor words of ours hold a credential; the sign-in file is where tokens live."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.name.startswith("sign-in"):
            content = file.read_bytes()
            hits = [secret for secret in SECRETS if secret.encode() in content]
            require(not hits, "I15", f"{file.name} holds {hits}")
    for text in texts:
        hits = [secret for secret in SECRETS if secret in text]
        require(not hits, "I15", f"{hits} in {text[:200]!r}")
