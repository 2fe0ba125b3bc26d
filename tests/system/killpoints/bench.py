"""Runs cases: a sandbox and a worker process, and for each case fresh state, kills, repeated commands, a verdict."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from system.killpoints.scripts import BEYOND, Script
from system.killpoints.truth import Entry, Evidence, Verdict, judge

MOST_RUNS = 12
_TESTS = Path(__file__).parents[2]
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_READS_BY_POST = ("/search/jql", "/issue/bulkfetch", "/oauth2/v2.0/token")
_CREATING = ("/issue/bulk", "/planner/plans", "/$batch")

# What the ledger goes through, written down by SQLite itself in the same transactions.
_AUDIT = """
CREATE TABLE audit (object TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL);
CREATE TRIGGER audit_moves AFTER UPDATE OF state ON entry WHEN OLD.state <> NEW.state
BEGIN INSERT INTO audit VALUES (NEW.object, OLD.state, NEW.state); END;
CREATE TABLE trouble (kind TEXT NOT NULL);
CREATE TRIGGER audit_trouble AFTER UPDATE OF last_error ON entry WHEN NEW.last_error <> ''
BEGIN INSERT INTO trouble VALUES (NEW.kind); END;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How one case went.

    Attributes:
        verdict: what is wrong with it.
        runs: commands until everything was finished.
        kills: how many of the planned kills happened.
        points: crash points passed in all runs.
        faulty: requests that the sandbox answered wrongly, inner ones included.
        hits: kinds of objects that were refused or in doubt for a while.
        reported: duplicates that the product's own `verify` reports; asked only where there are some.
    """

    script: str
    at: tuple[int, ...]
    verdict: Verdict
    runs: int
    kills: int
    points: int
    faulty: int
    hits: frozenset[str]
    reported: tuple[str, ...] = ()


class Worker:
    """The forking process; one job at a time."""

    def __init__(self, sandbox_url: str) -> None:
        path = os.pathsep.join([str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._sandbox = sandbox_url
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )

    def begin(self, command: str, folder: Path, plan: Path, **how: Any) -> int:
        """Start a job; returns the process id of the child that works on it."""
        files = {"ledger": folder / "ledger.db", "plan": plan, "journal": folder / "journal"}
        job = {"command": command, "sandbox": self._sandbox, **how, **{k: str(v) for k, v in files.items()}}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._answer()["pid"])

    def end(self) -> Mapping[str, Any]:
        """Wait for the job that was begun: what it says, and which signal ended it."""
        return self._answer()

    def run(self, command: str, folder: Path, plan: Path, **how: Any) -> Mapping[str, Any]:
        """A whole job."""
        self.begin(command, folder, plan, **how)
        return self.end()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _answer(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the worker died; see its stderr")
        return json.loads(line)


class Sandbox:
    """The sandbox as a process of its own, and its control."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "rollout_sync.sandbox", "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said, "the sandbox did not start; see its stderr"
        self.url = said.split()[-1]
        self._http = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)

    def tell(self, method: str, path: str, body: object = None) -> Any:
        """One control request."""
        self._http.request(method, f"/_sandbox{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = self._http.getresponse()
        content = json.loads(answer.read())
        assert answer.status == http.HTTPStatus.OK, content
        return content

    def set_up(self, script: Script) -> None:
        """Empty, and ready to misbehave."""
        self.tell("POST", "/reset")
        self.tell("POST", "/faults", list(script.rules))
        self.tell("POST", "/index-lag", {"seconds": script.index_lag})

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds:
            self.tell("POST", "/clock", {"advance": seconds})

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Bench:
    """One sandbox, one worker, and a plan that was made once.

    Args:
        folder: for ledgers and plans.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = Sandbox()
        self.worker = Worker(self.sandbox.url)
        self.plan = folder / "crash-test.plan"
        self._blank = folder / "blank"
        self._number = 0
        self._points: dict[str, int] = {}
        self._make_plan()

    def _make_plan(self) -> None:
        self._blank.mkdir()
        made = self.worker.run("plan", self._blank, self.plan)
        assert made.get("creates"), made
        with contextlib.closing(sqlite3.connect(self._blank / "ledger.db")) as ledger:
            ledger.executescript(_AUDIT)
            ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.worker.close()
        self.sandbox.close()

    def fresh(self, script: Script) -> Path:
        """A folder with an empty ledger, and an empty sandbox that follows the script."""
        self._number += 1
        folder = self.folder / f"case-{self._number}"
        folder.mkdir()
        shutil.copy(self._blank / "ledger.db", folder)
        self.sandbox.set_up(script)
        return folder

    def points(self, script: Script) -> int:
        """How many crash points all runs of the script have together when nobody is killed; counted once."""
        if script.name not in self._points:
            played = self.play(script)
            assert played.verdict.is_clean, played
            self._points[script.name] = played.points
        return self._points[script.name]

    def play(self, script: Script, at: Sequence[int] = (), *, mutant: str = "", plan_after: bool = False) -> Played:
        """One case: kill at the given crash points, each counted from the kill before, and repeat until finished.

        With `plan_after` a new plan is made at the end, which has to be empty.
        """
        folder = self.fresh(script)
        try:
            course = self._course(script, folder, list(at), mutant)
            self.sandbox.advance(10 * BEYOND)  # whatever is still under way happens now
            verdict = self._verdict(course, folder, mutant)
            if plan_after:
                verdict = replace(verdict, lies=(*verdict.lies, *self._left_to_plan(folder)))
            told = self.worker.run("verify", folder, self.plan) if verdict.duplicates else {}
            with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as ledger:
                hits = frozenset(kind for (kind,) in ledger.execute("SELECT kind FROM trouble"))
        finally:
            shutil.rmtree(folder)
        faulty = sum(fault["fired"] for fault in course.faults)
        return Played(
            script=script.name,
            at=tuple(at),
            verdict=verdict,
            runs=course.runs,
            kills=course.kills,
            points=course.points,
            faulty=faulty,
            hits=hits,
            reported=tuple(told.get("duplicates", ())),
        )

    def _left_to_plan(self, folder: Path) -> list[str]:
        told = self.worker.run("plan", folder, folder / "after.plan")
        is_empty = told.get("creates") == told.get("writes") == 0
        return [] if is_empty else [f"a plan after everything was made is not empty: {told}"]

    def _course(self, script: Script, folder: Path, fuses: list[int], mutant: str) -> _Course:
        course = _Course()
        for number in range(MOST_RUNS):
            ended = self.worker.run(course.command, folder, self.plan, burns_at=fuses[0] if fuses else 0, mutant=mutant)
            course = course.after(ended)
            if ended["signal"] == signal.SIGKILL:
                fuses.pop(0)
            elif fuses:
                fuses[0] -= ended["points"]
                if fuses[0] <= 0:
                    raise AssertionError("a fuse burnt and nothing happened")
            if ended.get("finished"):
                if not ended["failed"]:
                    break
                course = replace(course, command="start")  # what was refused for good needs a new plan
            self.sandbox.advance(script.pauses[min(number, len(script.pauses) - 1)])
        else:
            course = replace(course, losses=(*course.losses, f"not finished after {MOST_RUNS} runs: {ended}"))
        return replace(course, faults=tuple(self.sandbox.tell("GET", "/faults")), rejected=self._rejected())

    def _rejected(self) -> int:
        log = self.sandbox.tell("GET", "/counters")["log"]
        return sum(one["status"] in (401, 429) and one["path"].endswith(_CREATING) for one in log)

    def _verdict(self, course: _Course, folder: Path, mutant: str) -> Verdict:
        self.sandbox.tell("DELETE", "/faults")
        if course.command == "start":  # references to what was refused at first are added once it exists
            self.worker.run("start", folder, self.plan, mutant=mutant)
        self.sandbox.tell("POST", "/counters/reset")
        again = self.worker.run(course.command, folder, self.plan, mutant=mutant)
        written = writes_in(self.sandbox.tell("GET", "/counters"))
        found = judge(self._evidence(course, folder))
        lies = [*found.lies, *course.lies, *(f"a run with nothing to do sent {one}" for one in written)]
        if not again.get("finished") or again["made"]:
            lies.append(f"a run with nothing to do said {again}")
        return replace(found, losses=(*found.losses, *course.losses), lies=tuple(lies))

    def _evidence(self, course: _Course, folder: Path) -> Evidence:
        journal = folder / "journal"
        with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as ledger:
            return Evidence(
                collections=self.sandbox.tell("GET", "/state")["collections"],
                entries={entry.object: entry for entry in _entries(ledger)},
                moves=ledger.execute("SELECT object, old, new FROM audit ORDER BY rowid").fetchall(),
                journal=[json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else [],
                rejected=course.rejected,
                integrity=ledger.execute("PRAGMA integrity_check").fetchone()[0],
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """What happened in the runs of a case so far."""

    command: str = "apply"
    runs: int = 0
    kills: int = 0
    points: int = 0
    lies: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()
    rejected: int = 0

    def after(self, ended: Mapping[str, Any]) -> _Course:
        blocked = self.command == "start" and ended.get("error") == "PlanError"  # the services still misbehave
        told = [f"run {self.runs + 1}: {ended[name]}" for name in ("what", "crash") if name in ended and not blocked]
        killed = ended["signal"] == signal.SIGKILL
        if ended["signal"] and not killed:
            told.append(f"run {self.runs + 1}: ended by signal {ended['signal']}")
        return replace(
            self,
            runs=self.runs + 1,
            kills=self.kills + killed,
            points=self.points + ended.get("points", 0),
            lies=(*self.lies, *told),
        )


def writes_in(counters: Mapping[str, Any]) -> list[str]:
    """Requests, outer and inner, that are no reads. Pure."""
    outer = [name for name in counters["requests"] if not name.endswith((*_READS_BY_POST, "/$batch"))]
    return [name for name in (*outer, *counters["inner"]) if name.split(" ")[0] not in _READS]


def _entries(ledger: sqlite3.Connection) -> Iterator[Entry]:
    rows = ledger.execute("SELECT object, kind, marker, state, remote_id, remote_key, fields FROM entry")
    for name, kind, marker, state, remote_id, remote_key, fields in rows:
        yield Entry(
            object=name,
            kind=kind,
            marker=marker,
            state=state,
            remote_id=remote_id or "",
            remote_key=remote_key,
            fields=json.loads(fields),
        )
