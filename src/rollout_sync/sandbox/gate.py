"""The one door to the sandbox: serialises and counts requests, lets faults happen, runs late ones, sets the Date.

A WSGI wrapper around the Flask application. The server (or a test) puts callables into the environ that cut the
connection: `sandbox.drop` and, optionally, `sandbox.reset`; each raises. Without them it is a `ConnectionResetError`.
"""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app

from rollout_sync.sandbox.faults import BY_SERVICE, Kind, Rule
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.wire import Answer, fault_answer, http_date
from rollout_sync.sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LATE: Final = "_late"
"""Collection of requests whose answer was dropped and that have not happened yet."""

_CONVERTER: Final = re.compile(r"<(?:[^<>:]+:)?(\w+)>")
_SERVICES: Final = ("/jira", "/graph", "/login")
_CUTS: Final = {
    Kind.DROP_BEFORE: "sandbox.drop",
    Kind.DROP_AFTER: "sandbox.drop",
    Kind.LATE: "sandbox.drop",
    Kind.RST: "sandbox.reset",
}
"""Faults that end the connection, and by which of the environ's callables."""
_RUNS: Final = BY_SERVICE | {Kind.SLOW, Kind.TRUNCATE, Kind.DROP_AFTER}
"""Faults that always carry the request out."""
_KEPT_HEADERS: Final = ("AUTHORIZATION", "IF_MATCH", "PREFER", "X_ATLASSIAN_TOKEN", "ACCEPT", "ACCEPT_LANGUAGE")

PatternOf = Callable[[str, str], str | None]
"""Route pattern of a method and a path, for paths that one catch-all rule serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What goes back to the client: an answer, or a cut connection; perhaps later."""

    answer: Answer | None = None
    cut: str = "sandbox.drop"
    delay: float = 0.0


class Gate:
    """WSGI application around `app`.

    Args:
        app: the Flask application; its own `wsgi_app` is wrapped.
        world: whose lock, clock, counters and faults are used.
        patterns: by path prefix, who knows the route pattern behind a catch-all rule.
    """

    def __init__(self, app: Flask, world: World, patterns: dict[str, PatternOf]) -> None:
        self._app = app
        self._wsgi = app.wsgi_app
        self._world = world
        self._patterns = patterns

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        arrived = time.monotonic()
        path = environ.get("PATH_INFO", "/")
        is_control = path.startswith("/_sandbox")
        with self._world.lock:
            self.run_due()
            outcome = _Outcome(answer=self._run(environ)) if is_control else self._serve(environ, arrived)
            if is_control:
                self.run_due()
            self._world.store.commit()
            date = http_date(self._world.clock.now())
        if path.startswith(_SERVICES):
            self._wait(arrived, outcome.delay)
        return _deliver(outcome, date, environ, start_response)

    def run_due(self) -> None:
        """Carry out the late requests whose time has come, oldest first, at the time they were due."""
        store, now = self._world.store, self._world.clock.now()
        waiting = sorted(store.scan(LATE), key=lambda late: (late["due"], late["id"]))
        for late in waiting:
            due = datetime.fromisoformat(late["due"])
            if due <= now:
                store.delete(LATE, late["id"])
                with self._world.clock.pinned(due):
                    self._run(_late_environ(late))

    def _serve(self, environ: WSGIEnvironment, arrived: float) -> _Outcome:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        rule = self._world.faults.decide(method, path) if path.startswith(_SERVICES) else None
        outcome = self._with_fault(rule, environ) if rule else _Outcome(answer=self._run(environ))
        self._count(method, path, environ, rule, outcome, arrived)
        return outcome

    def _with_fault(self, rule: Rule, environ: WSGIEnvironment) -> _Outcome:
        """Carry out a fault: first what happens to the request, then what the client sees of it."""
        if rule.kind is Kind.LATE:
            self._postpone(rule, environ)
        if rule.kind in BY_SERVICE:
            environ["sandbox.fault"] = rule
        runs = rule.is_after or rule.kind in _RUNS
        answer = self._run(environ) if runs else None
        if rule.kind in _CUTS:
            return _Outcome(cut=_CUTS[rule.kind])
        if answer is not None and rule.kind in _RUNS:
            delay = rule.seconds if rule.kind is Kind.SLOW else 0.0
            return _Outcome(answer=_truncated(answer) if rule.kind is Kind.TRUNCATE else answer, delay=delay)
        path = environ.get("PATH_INFO", "/")
        return _Outcome(answer=fault_answer(rule, path, self._world.clock.now(), self._world.random))

    def _run(self, environ: WSGIEnvironment) -> Answer:
        chunks, status, headers = run_wsgi_app(self._wsgi, environ, buffered=True)
        return Answer(
            status=int(status.split(" ", 1)[0]),
            headers={k: v for k, v in headers if k not in {"Content-Length", "Date"}},
            body=b"".join(chunks),
        )

    def _postpone(self, rule: Rule, environ: WSGIEnvironment) -> None:
        """Remember the request as JSON, so that it still happens after a restart."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        number = self._world.store.next_number("late")
        late: Document = {
            "id": f"{number:09d}",
            "due": (self._world.clock.now() + timedelta(seconds=rule.seconds)).isoformat(),
            "method": environ["REQUEST_METHOD"],
            "path": environ.get("PATH_INFO", "/"),
            "query": environ.get("QUERY_STRING", ""),
            "type": environ.get("CONTENT_TYPE", ""),
            "headers": {name: environ[f"HTTP_{name}"] for name in _KEPT_HEADERS if f"HTTP_{name}" in environ},
            "body": base64.b64encode(environ["wsgi.input"].read(length)).decode(),
        }
        self._world.store.put(LATE, late["id"], late)

    def _count(  # noqa: PLR0917 - the facts of one log line
        self, method: str, path: str, environ: WSGIEnvironment, rule: Rule | None, outcome: _Outcome, arrived: float
    ) -> None:
        counters = self._world.counters
        counters.requests[f"{method} {self._pattern(method, path, environ)}"] += 1
        if rule:
            counters.faults[rule.kind] += 1
        counters.log.append(
            {
                "method": method,
                "path": path,
                "status": outcome.answer.status if outcome.answer else 0,
                "ms": round((time.monotonic() - arrived) * 1000, 2),
                "at": self._world.clock.now().isoformat(),
                "fault": rule.kind if rule else None,
            }
        )

    def _pattern(self, method: str, path: str, environ: WSGIEnvironment) -> str:
        for prefix, pattern_of in self._patterns.items():
            if path.startswith(prefix):
                return pattern_of(method, path) or "(unknown)"
        try:
            rule, values = self._app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return "(unknown)"
        return _CONVERTER.sub(lambda found: _segment(found[1], values), rule.rule)

    def _wait(self, arrived: float, delay: float) -> None:
        """Sleep to a deadline, so that the sandbox's own work is part of the latency, not added to it."""
        missing = arrived + self._world.latency_ms / 1000 + delay - time.monotonic()
        if missing > 0:
            self._world.sleep(missing)


def _segment(name: str, values: Mapping[str, object]) -> str:
    """An API version is shown as it was asked for; other variable parts by name."""
    return str(values[name]) if name == "version" else f"{{{name}}}"


def _truncated(answer: Answer) -> Answer:
    length = len(answer.body)
    return replace(answer, headers=answer.headers | {"Content-Length": str(length)}, body=answer.body[: length // 2])


def _late_environ(late: Document) -> WSGIEnvironment:
    body = base64.b64decode(late["body"])
    builder = EnvironBuilder(
        path=late["path"],
        method=late["method"],
        query_string=late["query"],
        content_type=late["type"] or None,
        input_stream=io.BytesIO(body),
        content_length=len(body),
        headers={name.replace("_", "-"): value for name, value in late["headers"].items()},
    )
    return builder.get_environ()


def _deliver(outcome: _Outcome, date: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if outcome.answer is None:
        cut = environ.get(outcome.cut) or environ.get("sandbox.drop")
        if cut is not None:
            cut()
        raise ConnectionResetError("the sandbox cut this connection on order")
    answer = outcome.answer
    headers = [*answer.headers.items(), ("Date", date)]
    if "Content-Length" not in answer.headers and answer.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(answer.body))))
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
    return [answer.body]
