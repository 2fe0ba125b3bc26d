"""Compares what stands in the sandbox with what the ledger says, in words of their own files. Pure.

Nothing of the program is used here, so that it cannot agree with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Json = Mapping[str, Any]
_MARK = "rollout-sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the ledger; `fields` with references as the ledger writes them."""

    object: str
    kind: str
    marker: str
    state: str
    remote_id: str
    remote_key: str
    fields: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known after a case.

    Attributes:
        collections: the sandbox's documents by collection and key.
        entries: the ledger's rows by object.
        moves: every change of state that the ledger committed: object, from, to.
        journal: what the outside reader saw before each create left.
        rejected: creates that a service refused with 401 or 429, which may be sent again at once.
        integrity: SQLite's own verdict on the file.
    """

    collections: Mapping[str, Mapping[str, Json]]
    entries: Mapping[str, Entry]
    moves: Sequence[tuple[str, str, str]]
    journal: Sequence[Json]
    rejected: int
    integrity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong: remote objects too many, objects too few, and other broken promises."""

    duplicates: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    lies: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not (self.duplicates or self.losses or self.lies)


@dataclass(slots=True)
class _Notes:
    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)

    def compare(self, what: str, wanted: Iterable[Hashable], actual: Iterable[Hashable]) -> None:
        """As multisets: what is too many is a duplicate, what is missing is lost."""
        want, have = Counter(wanted), Counter(actual)
        self.duplicates += [f"{what} {one}" for one in (have - want).elements()]
        self.losses += [f"{what} {one}" for one in (want - have).elements()]

    def expect(self, what: str, wanted: object, actual: object) -> None:
        if wanted != actual:
            self.lies.append(f"{what}: {actual!r} instead of {wanted!r}")


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a case whose runs say that they are finished."""
    notes = _Notes()
    notes.expect("integrity_check", "ok", evidence.integrity)
    notes.losses += [f"{one.object} is {one.state}" for one in evidence.entries.values() if one.state != "CREATED"]
    _judge_issues(evidence, notes)
    _judge_links(evidence, notes)
    _judge_board(evidence, notes)
    _judge_details(evidence, notes)
    _judge_sends(evidence, notes)
    notes.lies += [f"{old} -> {new}: {name}" for name, old, new in evidence.moves if old == "CREATED"]
    notes.lies += [f"left without an intent on disk: {name}" for line in evidence.journal for name in line["missing"]]
    return Verdict(duplicates=tuple(notes.duplicates), losses=tuple(notes.losses), lies=tuple(notes.lies))


def _of_kinds(evidence: Evidence, *kinds: str) -> Iterator[Entry]:
    return (one for one in evidence.entries.values() if one.kind in kinds and one.state == "CREATED")


def _target(evidence: Evidence, reference: Any) -> str:
    """The remote id that a reference of the ledger stands for."""
    return evidence.entries[reference["$ref"]].remote_id


def _judge_issues(evidence: Evidence, notes: _Notes) -> None:
    issues = evidence.collections.get("jira.issue", {})
    ours = list(_of_kinds(evidence, "epic", "issue"))
    marks = [str((issue["properties"].get(_MARK) or {}).get("marker", "none")) for issue in issues.values()]
    notes.compare("issue with marker", [one.marker for one in ours], marks)
    for one in ours:
        issue = issues.get(one.remote_id)
        if issue is None:
            notes.losses.append(f"{one.object} is not at {one.remote_id}")
            continue
        parent = one.fields.get("parent")
        notes.expect(f"marker of {one.object}", one.marker, (issue["properties"].get(_MARK) or {}).get("marker"))
        notes.expect(f"key of {one.object}", one.remote_key, issue["key"])
        notes.expect(f"title of {one.object}", one.fields["title"], issue["summary"])
        notes.expect(f"parent of {one.object}", _target(evidence, parent) if parent else None, issue["parent"])
        notes.expect(f"hold of {one.object}", one.fields["held"], "awaiting-approval" in issue["labels"])


def _judge_links(evidence: Evidence, notes: _Notes) -> None:
    links = evidence.collections.get("jira.link", {}).values()
    wanted = [
        (_target(evidence, one.fields["source"]), _target(evidence, one.fields["target"]))
        for one in _of_kinds(evidence, "link")
    ]
    notes.compare("link", wanted, [(link["source"], link["target"]) for link in links])
    shown = evidence.collections.get("jira.remotelink", {}).values()
    crossings = [
        (_target(evidence, one.fields["issue"]), one.fields["title"]) for one in _of_kinds(evidence, "remote-link")
    ]
    notes.compare("remote link", crossings, [(one["issue"], one["object"]["title"]) for one in shown])


def _judge_board(evidence: Evidence, notes: _Notes) -> None:
    plans, buckets, tasks = (evidence.collections.get(f"graph.{name}", {}) for name in ("plans", "buckets", "tasks"))
    ours = {kind: list(_of_kinds(evidence, kind)) for kind in ("plan", "bucket", "task")}
    notes.compare(
        "plan",
        [(one.remote_id, one.fields["title"]) for one in ours["plan"]],
        [_named(p, "title") for p in plans.values()],
    )
    notes.compare(
        "bucket",
        [(one.remote_id, one.fields["title"], _target(evidence, one.fields["plan"])) for one in ours["bucket"]],
        [(*_named(b, "name"), b["plan"]) for b in buckets.values()],
    )
    notes.compare(
        "task",
        [(one.remote_id, one.fields["title"], _target(evidence, one.fields["bucket"])) for one in ours["task"]],
        [(*_named(t, "title"), t["bucket"]) for t in tasks.values()],
    )
    for one in _of_kinds(evidence, "labels"):
        names = evidence.collections["graph.plan_details"][one.remote_id]["fields"]["categoryDescriptions"]
        notes.expect("labels", one.fields["names"], [name for name in names.values() if name])


def _named(document: Json, name: str) -> tuple[str, str]:
    return document["id"], document["fields"][name]


def _judge_details(evidence: Evidence, notes: _Notes) -> None:
    details = evidence.collections.get("graph.task_details", {})
    lines = [str(one["fields"].get("description") or "").rpartition("\n")[2] for one in details.values()]
    ours = list(_of_kinds(evidence, "details"))
    notes.compare("mark", [one.marker for one in ours], [line.rpartition(" ")[2] for line in lines])
    for one in ours:
        notes.expect(f"task of {one.object}", _target(evidence, one.fields["task"]), one.remote_id)
        found = details.get(one.remote_id)
        if found is None:
            notes.losses.append(f"{one.object} is not at {one.remote_id}")
            continue
        text = str(found["fields"].get("description") or "")
        notes.expect(f"mark of {one.object}", one.marker, text.rpartition(" ")[2])
        notes.expect(f"text of {one.object}", True, text.startswith(one.fields["text"]))
        listed = found["fields"].get("checklist") or {}
        wanted = [(line["key"], line["title"]) for line in one.fields["checklist"]]
        notes.compare(f"checklist of {one.object}", wanted, [(key, line["title"]) for key, line in listed.items()])
        pages = [unquote(page).rpartition("/")[2] for page in found["fields"].get("references") or {}]
        keys = [evidence.entries[one["target"]["$ref"]].remote_key for one in one.fields["references"]]
        notes.compare(f"references of {one.object}", keys, pages)


def _judge_sends(evidence: Evidence, notes: _Notes) -> None:
    """Nothing is sent again unless the ledger recorded in between that it does not exist."""
    allowed: Counter[tuple[str, str]] = Counter()
    resets = Counter(name for name, old, new in evidence.moves if old == "INFLIGHT" and new in ("PLANNED", "FAILED"))
    for one in evidence.entries.values():
        allowed["marker", one.marker] += 1 + resets[one.object]
        allowed[one.kind, one.fields.get("title", "")] += 1 + resets[one.object]
    sent: Counter[tuple[str, str]] = Counter()
    for line in evidence.journal:
        for kind, name, count in line["sent"]:
            sent[kind, name] += count
    for key, count in sent.items():
        if count > allowed[key] + evidence.rejected:
            notes.lies.append(f"sent {count} times without proof of absence in between: {' '.join(key)}")
