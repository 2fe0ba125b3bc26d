"""Cases with mails: a fresh outbox, a service that misbehaves, kills, repeated runs, and a verdict."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.mailroom import EVENT, Desk, Fault, Mailroom
from system.killpoints.bench import Bench
from system.killpoints.mail_jobs import EVENTS
from system.killpoints.scripts import BEYOND, Rule, Script

ONCE, LEAST = "at-most-once", "at-least-once"
MAIL_PROPERTY = "mail killpoints"
_SEND = "/graph/v1.0/users/*/sendMail"
_MESSAGES = "/graph/v1.0/users/*/messages"
_SETTLING = 4
"""Runs after the last kill, each beyond the horizon of the one before."""
_AUDIT = """
CREATE TABLE outbox_audit (event TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL);
CREATE TRIGGER outbox_audit_moves AFTER UPDATE OF state ON outbox WHEN OLD.state <> NEW.state
BEGIN INSERT INTO outbox_audit VALUES (NEW.event, OLD.state, NEW.state); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailScript:
    """One way to send, and how the service misbehaves.

    Attributes:
        post: graph, drafts or smtp.
        rules: faults of the sandbox.
        faults: faults of the SMTP server, one for each message in order.
        refuses: some mails are refused for good.
    """

    name: str
    post: str
    rules: Sequence[Rule] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    refuses: bool = False


_GRAPH_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "dropped-after": {"kind": "drop_after"},
    "dropped-before": {"kind": "drop_before"},
    "503-after": {"kind": "503", "when": "after"},
    "504-before": {"kind": "504"},
    "truncated": {"kind": "truncate"},
    "html-after": {"kind": "html", "when": "after"},
    "reset-after": {"kind": "rst"},
    "429": {"kind": "429", "retry_after": "2"},
}
_SMTP_FAULTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "dropped-after": ({"answer": "drop", "keeps": True}, {}, {"answer": "drop", "keeps": True}),
    "dropped-before": ({"answer": "drop"}, {"answer": "drop"}),
    "truncated": ({}, {"answer": "truncate", "keeps": True}),
    "451": ({"answer": "451 4.3.0 later"}, {}, {"answer": "452 4.3.1 full"}),
    "554": ({}, {"answer": "554 5.7.1 no"}),
    "recipient": ({"at": "RCPT", "answer": "450 4.2.1 greylisted"}, {}),
    "sender": ({"at": "MAIL", "answer": "421 4.3.2 closing"},),
}


def _graph(name: str, fault: Rule) -> MailScript:
    rule = {**fault, "method": "POST", "route": _SEND, "nth": [1, 3]}
    return MailScript(name=f"graph-{name}", post="graph", rules=[rule])


def _drafts(name: str, fault: Rule) -> MailScript:
    steps = (("POST", _MESSAGES, [1]), ("PATCH", f"{_MESSAGES}/*", [2]), ("POST", f"{_MESSAGES}/*/send", [1, 3]))
    rules = [{**fault, "method": method, "route": route, "nth": nth} for method, route, nth in steps]
    return MailScript(name=f"drafts-{name}", post="drafts", rules=rules)


QUIET = tuple(MailScript(name=f"{post}-quiet", post=post) for post in ("graph", "drafts", "smtp"))
MISBEHAVING = (
    *(_graph(name, fault) for name, fault in _GRAPH_FAULTS.items()),
    *(_drafts(name, fault) for name, fault in _GRAPH_FAULTS.items()),
    *(
        MailScript(name=f"smtp-{name}", post="smtp", faults=faults, refuses=name == "554")
        for name, faults in _SMTP_FAULTS.items()
    ),
)
SCRIPTS = (*QUIET, *MISBEHAVING)
BY_NAME: Mapping[str, MailScript] = {script.name: script for script in SCRIPTS}


@dataclass(slots=True, kw_only=True)
class MailCase:
    """How a case went.

    Attributes:
        arrived: how often each event reached its reader.
        states: of the outbox at the end.
        shown: events that the last run named as unconfirmed.
        doubtful: events that were ever unconfirmed.
        lies: broken promises that are neither a duplicate nor a loss.
    """

    script: MailScript
    mode: str
    at: tuple[int, ...]
    runs: int = 0
    kills: int = 0
    points: int = 0
    arrived: Counter[str] = field(default_factory=Counter)
    states: Mapping[str, str] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    lies: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> list[str]:
        """Events that arrived more than once."""
        return [event for event, count in sorted(self.arrived.items()) if count > 1]

    @property
    def losses(self) -> list[str]:
        """Events that did not arrive, and of which nobody is told."""
        silent = set(EVENTS) - set(self.arrived) - self.shown
        if self.script.refuses:
            silent -= {event for event, state in self.states.items() if state == "FAILED"}
        return sorted(silent)

    @property
    def complaints(self) -> list[str]:
        """Everything that is wrong, by the promise of the mode."""
        found = [f"lost: {event}" for event in self.losses] + self.lies
        if self.mode == ONCE:
            found += [f"twice: {event}" for event in self.duplicates]
        else:
            found += [f"only shown: {event}" for event in set(EVENTS) - set(self.arrived) if event in self.shown]
        if self.script.post == "drafts":
            found += [f"not cleared up: {event}" for event in self.shown]
            found += [f"twice over drafts: {event}" for event in self.duplicates if self.mode == LEAST]
        found += [f"{event} is SENT and did not arrive" for event in self._sent() if not self.arrived[event]]
        found += [f"{event} is {state} in the end" for event, state in self.states.items() if state in _OPEN]
        return found

    def _sent(self) -> list[str]:
        return [event for event, state in self.states.items() if state == "SENT"]


_OPEN = frozenset({"PLANNED", "SENDING"})


class MailBench:
    """Plays mail cases on a bench; the SMTP server lives in this process.

    Args:
        bench: sandbox, worker, and a blank ledger.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._points: dict[tuple[str, str], int] = {}

    def points(self, script: MailScript, mode: str = ONCE) -> int:
        """Crash points of the first run of a script when nobody is killed; counted once."""
        key = (script.name, mode)
        if key not in self._points:
            case = self.play(script, mode=mode, runs=0)
            self._points[key] = case.points
        return self._points[key]

    def play(
        self, script: MailScript, at: Sequence[int] = (), *, mode: str = ONCE, mutant: str = "", runs: int = _SETTLING
    ) -> MailCase:
        """One case: kill at the given crash points, each in a run of its own, then run until everything is settled."""
        folder = self._bench.fresh(Script(name=script.name, rules=script.rules))
        with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as ledger:
            ledger.executescript(_AUDIT)
        desk = Desk(faults=[Fault(**fault) for fault in script.faults])
        case = MailCase(script=script, mode=mode, at=tuple(at))
        try:
            with Mailroom(desk) if script.post == "smtp" else contextlib.nullcontext() as room:
                options = {"post": script.post, "mode": mode, "port": room.port if room else 0}
                self._run_all(case, folder, list(at), options, mutant=mutant, runs=runs)
            case.arrived = Counter(self._arrivals(desk if room else None))
            self._read_ledger(case, folder)
        finally:
            shutil.rmtree(folder)
        return case

    def _run_all(
        self, case: MailCase, folder: Path, fuses: list[int], options: Mapping[str, Any], *, mutant: str, runs: int
    ) -> None:
        worker, ahead = self._bench.worker, 0.0
        fuses = [*fuses, *[0] * (runs + 1)]
        for number, fuse in enumerate(fuses):
            ended = worker.run(
                "deliver", folder, self._bench.plan, burns_at=fuse, mutant=mutant, options={**options, "ahead": ahead}
            )
            case.runs += 1
            case.kills += ended["signal"] == signal.SIGKILL
            if number == 0:
                case.points = ended.get("points", 0)
            case.lies += [f"run {case.runs}: {ended[name]}" for name in ("what", "crash") if name in ended]
            case.shown = frozenset(ended.get("unconfirmed", ()))
            ahead += BEYOND

    def _arrivals(self, desk: Desk | None) -> list[str]:
        if desk is not None:
            return [str(kept.message[EVENT]) for kept in desk.kept]
        messages = self._bench.sandbox.tell("GET", "/state")["collections"].get("graph.messages", {})
        inboxes = [one for one in messages.values() if one["folder"] == "inbox"]
        return [
            header["value"]
            for one in inboxes
            for header in one["fields"]["internetMessageHeaders"]
            if header["name"].lower() == EVENT.lower()
        ]

    def _read_ledger(self, case: MailCase, folder: Path) -> None:
        with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as ledger:
            case.states = dict(ledger.execute("SELECT event, state FROM outbox"))
            moves = ledger.execute("SELECT event, old, new FROM outbox_audit").fetchall()
            integrity = ledger.execute("PRAGMA integrity_check").fetchone()[0]
        case.doubtful = frozenset(event for event, _old, new in moves if new == "UNCONFIRMED")
        case.lies += [f"{event} was {old} and became {new}" for event, old, new in moves if old == "SENT"]
        if integrity != "ok":
            case.lies.append(f"integrity_check: {integrity}")
        journal = folder / "journal"
        lines = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
        case.lies += ["a mail left that was not on disk as being sent" for line in lines if not line.get("leaving", 1)]
