"""What the ledger's file says of a synced rollout, read by a connection of its own and compared with the sandbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from machine.sync_board import DONE, JIRA, RANK, Board, Look
from machine.sync_drafts import GATES, HELD, HOMES, LEADS, GateDraft, draft_of
from machine.sync_watch import Require, Watch, sides_of

_STATUS = {"new": "to do", "indeterminate": "started", "done": "done"}
_OVERLAP = timedelta(minutes=10)
"""Behind its start a later pull looks for what search learned late; what is older has to be stored."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """One reading of the file; `None` for a draft before anything was accepted."""

    draft: GateDraft | None
    items: Mapping[str, Body] = field(default_factory=dict)
    gates: Mapping[str, Body] = field(default_factory=dict)
    added: Mapping[str, Body] = field(default_factory=dict)
    seen: Mapping[str, Body] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    newcomers: frozenset[str] = frozenset()
    cursor: datetime | None = None


def kept(path: Path) -> Kept:
    """Read it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        row = reader.execute("SELECT source FROM rollout").fetchone()
        if row is None:
            return Kept(None)
        lines = reader.execute("SELECT subject, body, MAX(since) FROM chronicle GROUP BY subject")
        newest = {subject: json.loads(body) for subject, body, _since in lines}
        seen = reader.execute("SELECT e.object, o.fields FROM entry e JOIN observation o USING (entry_id)").fetchall()
        scopes = dict(reader.execute("SELECT scope, value FROM cursor"))
        at = next((value for scope, value in scopes.items() if scope.startswith("jira:") and "#" not in scope), None)
        return Kept(
            draft=draft_of(json.loads(row[0])),
            items=_under(newest, "item:"),
            gates=_under(newest, "gate:"),
            added={subject.rpartition(":")[2]: body for subject, body in _under(newest, "added:").items()},
            seen={name: json.loads(fields) for name, fields in seen},
            states=dict(reader.execute("SELECT object, state FROM entry")),
            newcomers=frozenset(one for (one,) in reader.execute("SELECT remote_id FROM newcomer")),
            cursor=datetime.fromisoformat(at) if at else None,
        )


def _under(bodies: Mapping[str, Body | None], prefix: str) -> dict[str, Body]:
    return {key.removeprefix(prefix): body for key, body in bodies.items() if key.startswith(prefix) and body}


def cursor_is_safe(found: Kept, board: Board, require: Require) -> None:
    """I8: what changed before the time that pulls look back over is stored as it is."""
    if found.cursor is None:
        return
    bound = (found.cursor - _OVERLAP).replace(second=0, microsecond=0)
    for slug, issue in board.issues():
        row = found.seen.get(f"issue:{slug}")
        at = issue["updated"] / 1000
        if row is None or at >= bound.timestamp():
            continue
        stored = datetime.fromisoformat(row["updated_at"]).timestamp()
        require(stored >= at, "I8", f"{slug} changed at {at}, the cursor is {found.cursor}, and {row} is stored")


class Comparison:
    """The ledger against the boards, item by item, after quiet time."""

    def __init__(self, found: Kept, watch: Watch, *, is_full: bool) -> None:
        self._found, self._watch, self._is_full = found, watch, is_full
        self._look: Look = watch.board.look()

    def check(self) -> None:
        """All of it."""
        for slug in HOMES:
            if any(f"{kind}:{slug}" in self._found.states for kind in ("issue", "task")):
                self._check_item(slug, self._found.items.get(slug, {}))
        for gate in GATES:
            self._check_gate(gate)
        for slug in HELD:
            self._check_release(slug)
        self._check_added()

    def _require(self, holds: bool, words: str) -> None:
        self._watch.require(holds, "truth", words)

    def _check_item(self, slug: str, item: Body) -> None:
        sides = {service: self._look.get((service, slug)) for service in sides_of(slug)}
        there = {service: side for service, side in sides.items() if side is not None}
        if len(there) < len(sides) and not self._is_full:
            return  # a deleted issue is noticed by a full look
        if not there:
            self._require(item.get("status") == "gone", f"{slug} was deleted, and is said to be {item}")
            return
        leading = there.get(LEADS[slug].value) if slug in LEADS else None
        main = leading or next(iter(there.values()))
        self._require(item.get("title") == main.title, f"{slug} is called {main.title!r}, not {item.get('title')!r}")
        held = any(side.held for side in there.values())
        self._require(item.get("held", False) == held, f"{slug} held: {held}, and is said to be {item}")
        if slug not in GATES:
            self._check_status(slug, item, {service: side.category for service, side in there.items()})

    def _check_status(self, slug: str, item: Body, categories: Mapping[str, str]) -> None:
        told, conflict = item.get("status"), item.get("conflict", "")
        first = categories.get(LEADS[slug].value, "") if slug in LEADS else ""
        expected = first or next(iter(categories.values()))
        self._require(told == _STATUS[expected], f"{slug} is {dict(categories)}, and is said to be {item}")
        if len(set(categories.values())) > 1:
            other = next(one for service, one in categories.items() if service != LEADS[slug].value)
            explained = bool(conflict) and RANK[other] < RANK[expected]
            self._require(explained, f"{slug} stands {dict(categories)}, and nothing explains it: {item}")
        elif len(categories) == len(sides_of(slug)):
            self._require(not conflict, f"{slug} stands {dict(categories)}, yet is said to differ: {conflict}")
        if expected == DONE and len(categories) == 1 and slug not in LEADS:
            at = self._watch.board.finished((next(iter(categories)), slug))
            said = datetime.fromisoformat(item["finished_at"])
            self._require(at is not None and abs(at - said) < timedelta(seconds=1), f"{slug} was done {at}, not {said}")

    def _check_gate(self, gate: str) -> None:
        truth = self._watch.gates[gate].verdict()
        told = self._found.gates.get(gate, {}).get("decision", "not asked")
        opens = told in ("approved", "approved with conditions")
        self._require(truth is None or truth == opens, f"{gate} is said to be {told!r}, and should be open: {truth}")

    def _check_release(self, slug: str) -> None:
        """What is open is released, what is shut is held, unless work began or a person moved it."""
        told = {self._watch.gates[gate].verdict() for gate in HELD[slug]}
        if None in told:
            return
        is_open = told == {True}
        for service in sides_of(slug):
            side = self._look.get((service, slug))
            if side is None:
                name = f"{'issue' if service == JIRA else 'task'}:{slug}"
                state = self._found.states.get(name)
                missing = is_open and state != "GONE" and self._is_full
                self._require(not missing, f"{name} should exist by now, and is {state}")
            elif not self._watch.by_hand[service, slug] and (is_open or not self._has_begun(slug)):
                fits = side.held != is_open or side.place not in ("SEC", "REQ", *_BUCKETS)
                self._require(fits, f"{service} {slug} is held: {side.held}, and its gates are open: {is_open}")

    def _has_begun(self, slug: str) -> bool:
        return self._found.items.get(slug, {}).get("status") in ("started", "done")

    def _check_added(self) -> None:
        truth = self._watch.board.added()
        told = {key: (body["title"], body.get("status", "to do")) for key, body in self._found.added.items()}
        wanted = {key: (title, _STATUS[category]) for key, (title, category) in truth.items()}
        if not self._is_full:
            told = {key: one for key, one in told.items() if key in wanted}
        self._require(told == wanted, f"people added {wanted}, and the ledger says {told}")


_BUCKETS = ("Waiting for green light", "Prepare", "Run")
