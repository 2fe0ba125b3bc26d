"""What runs inside a crashing process: the fuse that kills it, the outside reader, and a clock that never waits."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests

from rollout_sync.transport import Phase


class Fuse:
    """Counts crash points and sends this process a signal at the one that was chosen; 0 chooses none."""

    def __init__(self, burns_at: int, sends: signal.Signals) -> None:
        self.points = 0
        self._burns_at = burns_at
        self._sends = sends
        self._lock = threading.Lock()

    def pass_point(self) -> None:
        """One more crash point is reached."""
        with self._lock:
            self.points += 1
            if self.points == self._burns_at:
                os.kill(os.getpid(), self._sends)


class SandboxTime:
    """Sleeping moves the sandbox's clock and this one together, at once."""

    def __init__(self, sandbox_url: str) -> None:
        self._address = urlsplit(sandbox_url).netloc
        self._slept = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._slept)

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        with self._lock:
            connection = http.client.HTTPConnection(self._address, timeout=30)
            body = json.dumps({"advance": max(seconds, 0.0)})
            connection.request("POST", "/_sandbox/clock", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            connection.close()
            self._slept += max(seconds, 0.0)


def creates_in(method: str, path: str, body: object) -> Mapping[tuple[str, str], int]:
    """What a request would make, and how often: Jira objects by marker, Planner's by kind and title. Pure."""
    if method != "POST" or not isinstance(body, dict):
        return {}
    if path.endswith("/issue/bulk"):
        return Counter(("marker", update["properties"][0]["value"]["marker"]) for update in body["issueUpdates"])
    if path.endswith("/planner/plans"):
        return {("plan", body["title"]): 1}
    if path.endswith("/$batch"):
        made = [one for one in body["requests"] if one["method"] == "POST"]
        tasks = [("task", one["body"]["title"]) for one in made if one["url"] == "/planner/tasks"]
        return Counter(tasks + [("bucket", one["body"]["name"]) for one in made if one["url"] == "/planner/buckets"])
    return {}


class Witness:
    """Looks, before each create leaves, with a connection of its own whether the ledger's file holds its intent.

    What it sees goes into a journal that survives the process.
    """

    def __init__(self, ledger: Path, journal: Path) -> None:
        self._ledger = ledger
        self._journal = os.open(journal, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def look(self, request: requests.PreparedRequest) -> None:
        """Called when the request is about to leave."""
        if not request.body or request.headers.get("Content-Type") != "application/json":
            return
        made = creates_in(request.method or "", urlsplit(request.url or "").path, json.loads(request.body))
        if made:
            seen = self._intents()
            missing = [f"{kind} {name}" for (kind, name), count in made.items() if seen[kind, name] < count]
            line = {"sent": [[kind, name, count] for (kind, name), count in made.items()], "missing": missing}
            os.write(self._journal, json.dumps(line).encode() + b"\n")

    def _intents(self) -> Counter[tuple[str, str]]:
        reader = sqlite3.connect(f"{self._ledger.as_uri()}?mode=ro", uri=True)
        try:
            rows = reader.execute("SELECT kind, marker, fields FROM entry WHERE state = 'INFLIGHT'").fetchall()
        finally:
            reader.close()
        seen = Counter(("marker", marker) for _kind, marker, _fields in rows)
        seen.update((kind, json.loads(fields).get("title", "")) for kind, _marker, fields in rows)
        return seen


class Hooks:
    """The two observers of `app.Edges`, in one."""

    def __init__(self, fuse: Fuse, witness: Witness) -> None:
        self.fuse = fuse
        self._witness = witness

    def on_commit(self, _phase: str) -> None:
        """Before and after every commit of the ledger."""
        self.fuse.pass_point()

    def on_phase(self, phase: Phase, request: requests.PreparedRequest) -> None:
        """Five times in every request."""
        if phase is Phase.BEFORE_SEND:
            self._witness.look(request)
        self.fuse.pass_point()
