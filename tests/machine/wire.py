"""The last thing before the sandbox: an outside reader of every request, who looks into the ledger's file by himself.

It knows nothing of the engine. It sees what is about to be created, asks the file whether that was written down before,
and remembers what came back, so that a second sending of the same thing needs a good reason.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from machine.stage import OUR_MARK, Stage

HORIZON = 300.0
_READS = ("/search/jql", "/issue/bulkfetch", "/oauth2/v2.0/token")
_REFUSALS = frozenset({400, 401, 403, 404, 429})


class Broken(AssertionError):
    """An invariant does not hold; the message begins with its name."""


@dataclass(frozen=True, slots=True)
class Making:
    """One object that a request would create."""

    kind: str
    name: str
    title: str
    attempt: int = 0
    place: int | str = 0

    @property
    def is_twin(self) -> bool:
        """Twins cannot be told apart, so nothing is said of a single one."""
        return self.title.startswith("Twin") and self.kind == "task"


@dataclass(frozen=True, slots=True)
class Sent:
    """When something was sent, and whether it surely was refused."""

    at: datetime
    refused: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class Row:
    """What the outside reader reads of one object."""

    object: str
    kind: str
    marker: str
    state: str
    attempt: int
    fence: int
    title: str
    remote: str


def rows(path: Path) -> list[Row]:
    """All objects in a ledger file, read by a connection of its own."""
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        chosen = "SELECT object, kind, marker, state, attempt, fence, fields, remote_id FROM entry ORDER BY entry_id"
        return [
            Row(*values, title=json.loads(fields).get("title", ""), remote=remote or "")
            for *values, fields, remote in reader.execute(chosen)
        ]
    finally:
        reader.close()


def lease(path: Path) -> tuple[str, int] | None:
    """Owner and fence of the one rollout."""
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return reader.execute("SELECT owner, fence FROM lease").fetchone()
    finally:
        reader.close()


@dataclass
class Book:
    """Everything that was sent in one example; shared by all processes of it."""

    stage: Stage
    require: Callable[[bool, str, str], None]
    writes: int = 0
    requests: int = 0
    sent: dict[tuple[str, str], list[Sent]] = field(default_factory=dict)
    fence: int = 0
    last_writes: list[str] = field(default_factory=list)

    def on(self, path: Callable[[], Path]) -> Callable[..., Iterable[bytes]]:
        """A WSGI application for one process with its ledger."""

        def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length)
            environ["wsgi.input"] = io.BytesIO(body)
            self.requests += 1
            if not is_write(environ["REQUEST_METHOD"], environ["PATH_INFO"], body):
                return self.stage.app.wsgi_app(environ, start)
            self.writes += 1
            self.last_writes.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {body.decode()}")
            makings = created_by(environ["REQUEST_METHOD"], environ["PATH_INFO"], body)
            if makings:
                self._before(makings, path())
            return self._carried(makings, environ, start)

        return app

    def _carried(self, makings: list[Making], environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        told: dict[str, Any] = {}

        def begin(status: str, headers: list[tuple[str, str]], exc: object = None) -> Callable[[bytes], None]:
            told.update(status=int(status[:3]), length=int(dict(headers).get("Content-Length", -1)))
            return start(status, headers, exc)

        refused: dict[Making, bool] = dict.fromkeys(makings, False)
        try:
            content = b"".join(self.stage.app.wsgi_app(environ, begin))
            if len(content) == told["length"]:
                refused = {one: _is_refused(one, told["status"], content) for one in makings}
        finally:
            now = self.stage.world.clock.now()
            for one in makings:
                self.sent.setdefault((one.kind, one.name), []).append(Sent(now, refused[one], one.attempt))
        return [content]

    def _before(self, makings: list[Making], path: Path) -> None:
        kept = rows(path)
        self._check_intents(makings, kept)
        self._check_fence(makings, kept, path)
        now = self.stage.world.clock.now()
        for one in makings:
            if not one.is_twin:
                self._check_repeat(one, now)

    def _check_intents(self, makings: list[Making], kept: list[Row]) -> None:
        """I4: whoever looks into the file at this moment sees that this is under way."""
        flying = [row for row in kept if row.state == "INFLIGHT"]
        by_marker = {row.marker: row for row in flying}
        titles = Counter((row.kind, row.title) for row in flying)
        for one in makings:
            if one.kind == "issue":
                row = by_marker.get(one.name)
                self.require(row is not None, "I4", f"{one} is sent, but the ledger does not say so")
                self.require(row is None or row.attempt == one.attempt, "I4", f"{one} is sent as another attempt")
            else:
                titles[one.kind, one.title] -= 1
                self.require(titles[one.kind, one.title] >= 0, "I4", f"{one} is sent, but the ledger does not say so")

    def _check_fence(self, makings: list[Making], kept: list[Row], path: Path) -> None:
        """I9: only who holds the lease sends, and under its newest fence."""
        held = lease(path)
        self.require(held is not None and bool(held[0]), "I9", f"{makings[0]} is sent without a lease")
        names = {(one.kind, one.name) for one in makings if not one.is_twin}
        fences = {row.fence for row in kept if row.state == "INFLIGHT" and _names(row) & names}
        fence = held[1] if held else 0
        good = fences <= {fence} and fence >= self.fence
        self.require(good, "I9", f"sent under fences {fences}, the lease has {fence}, {self.fence} was seen")
        self.fence = fence

    def _check_repeat(self, one: Making, now: datetime) -> None:
        """I3: what may have taken effect is sent again only after the time in which it could still take effect."""
        before = self.sent.get((one.kind, one.name), [])
        open_ = [sent for sent in before if not sent.refused]
        if open_:
            since = (now - open_[-1].at).total_seconds()
            self.require(since >= HORIZON, "I3", f"{one} is sent again after {since:.0f} s, without an answer before")


def _names(row: Row) -> set[tuple[str, str]]:
    return {(row.kind, row.title), ("issue", row.marker)}


def is_write(method: str, path: str, body: bytes) -> bool:
    """Whether a request changes anything."""
    if method == "GET" or path.endswith(_READS):
        return False
    if path.endswith("/$batch"):
        return any(inner["method"] != "GET" for inner in json.loads(body)["requests"])
    return True


def created_by(method: str, path: str, body: bytes) -> list[Making]:
    """The objects that a request would create."""
    if method != "POST":
        return []
    if path.endswith("/issue/bulk"):
        return [_issue(number, update) for number, update in enumerate(json.loads(body)["issueUpdates"])]
    if path.endswith("/planner/plans"):
        return [_planned("plan", "", json.loads(body))]
    if path.endswith("/$batch"):
        return [
            _planned(hit[1], inner["id"], inner["body"])
            for inner in json.loads(body)["requests"]
            if inner["method"] == "POST" and (hit := re.fullmatch(r"/planner/(task|bucket)s", inner["url"]))
        ]
    return []


def _issue(number: int, update: dict[str, Any]) -> Making:
    (mark,) = [one["value"] for one in update["properties"] if one["key"] == OUR_MARK]
    return Making("issue", mark["marker"], update["fields"]["summary"], mark["attempt"], number)


def _planned(kind: str, number: str, body: dict[str, Any]) -> Making:
    title = str(body.get("title") or body.get("name"))
    return Making(kind, title, title, place=number)


def _is_refused(one: Making, status: int, content: bytes) -> bool:
    """Whether a complete answer says that the object was not made."""
    if status in _REFUSALS and one.kind == "issue" and status != 201:
        return True
    try:
        body = json.loads(content)
    except ValueError:
        return False
    if one.kind == "issue":
        return any(error.get("failedElementNumber") == one.place for error in body.get("errors") or ())
    if one.kind == "plan":
        return status in _REFUSALS - {403}  # it may have been made all the same
    if "responses" not in body:
        return status in _REFUSALS
    answers = [answer for answer in body["responses"] if answer["id"] == one.place]
    return bool(answers) and answers[0]["status"] in _REFUSALS
