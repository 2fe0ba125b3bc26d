"""What went over the wire, as values: a WSGI wrapper that keeps every request with its answer."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

BATCH = "/graph/v1.0/$batch"
VERSION = "/graph/v1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    Attributes:
        path: percent-encoded, without the query.
        query: percent-encoded, without the question mark.
        headers, answer_headers: names in lower case.
        status: None when the connection was cut.
        inner: part of a batch; credentials and host belong to the batch around it.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    status: int | None
    answer_headers: Mapping[str, str]
    answer: bytes = b""
    inner: bool = False

    def __str__(self) -> str:
        """For messages."""
        mark = " (in a batch)" if self.inner else ""
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''}{mark} -> {self.status}"


class Recorder:
    """A WSGI application around another one. Thread-safe."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._kept: list[Exchange] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Carry the request on, and keep it with its answer, also when the connection is cut."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        started: dict[str, Any] = {"status": None, "headers": []}

        def start(status: str, headers: list[tuple[str, str]], exc: object = None) -> Any:
            started.update(status=int(status.split(" ", 1)[0]), headers=headers)
            return start_response(status, headers)

        answer = b""
        try:
            answer = b"".join(self._app(environ, start))
        finally:
            self._keep(_exchange(environ, body, started, answer))
        return [answer]

    def take(self) -> tuple[Exchange, ...]:
        """What was kept since the last call."""
        with self._lock:
            taken, self._kept = tuple(self._kept), []
        return taken

    def _keep(self, exchange: Exchange) -> None:
        with self._lock:
            self._kept.append(exchange)


def unfolded(exchange: Exchange) -> tuple[Exchange, ...]:
    """The exchange, and after a batch its inner requests with their answers, matched by id.

    Inner requests of a batch that was refused or cut have no answer; an inner request that got none is kept with
    status None.
    """
    if exchange.method != "POST" or exchange.path != BATCH:
        return (exchange,)
    asked = _members(exchange.body, "requests")
    answered = {str(one.get("id", "")).lower(): one for one in _members(exchange.answer, "responses")}
    return (exchange, *(_inner(one, answered.get(str(one.get("id", "")).lower())) for one in asked))


def unanswered(exchange: Exchange) -> tuple[str, ...]:
    """Ids in a batch's request without an answer, and ids in its answer that nobody asked for."""
    if exchange.path != BATCH or exchange.status != 200:
        return ()
    asked = sorted(str(one.get("id", "")).lower() for one in _members(exchange.body, "requests"))
    got = sorted(str(one.get("id", "")).lower() for one in _members(exchange.answer, "responses"))
    return () if asked == got else (f"asked for {asked}, answered {got}",)


def _inner(asked: Mapping[str, Any], answered: Mapping[str, Any] | None) -> Exchange:
    url = urlsplit(str(asked.get("url", "")))
    headers = asked.get("headers") or {}
    made = Exchange(
        method=str(asked.get("method", "")).upper(),
        path=f"{VERSION}/{url.path.lstrip('/')}",
        query=url.query,
        headers={str(name).lower(): str(value) for name, value in headers.items()},
        body=json.dumps(asked["body"]).encode() if "body" in asked else b"",
        status=None,
        answer_headers={},
        inner=True,
    )
    if answered is None:
        return made
    return replace(
        made,
        status=int(answered["status"]),
        answer_headers={name.lower(): value for name, value in (answered.get("headers") or {}).items()},
        answer=json.dumps(answered["body"]).encode() if "body" in answered else b"",
    )


def _members(raw: bytes, name: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(raw or b"{}")
    except ValueError:
        return []
    found = document.get(name) if isinstance(document, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _exchange(environ: Mapping[str, Any], body: bytes, started: Mapping[str, Any], answer: bytes) -> Exchange:
    path, _, query = environ["RAW_URI"].partition("?")
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
    }
    return Exchange(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=query,
        headers=headers,
        body=body,
        status=started["status"],
        answer_headers={name.lower(): value for name, value in started["headers"]},
        answer=answer,
    )
