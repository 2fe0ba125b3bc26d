"""The values of Graph's `$batch`: inner requests and replies, and how they are written and read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from requests.structures import CaseInsensitiveDict

from rollout_sync.transport.hints import wait_hint
from rollout_sync.transport.words import server_code, server_words

BATCH_SIZE = 20
"""Most requests in one `$batch`, as documented for Graph."""

UNAUTHORIZED = 401
THROTTLED = 429
_TIMEOUT = 408
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """One request inside a batch; `url` is relative to the version (`/planner/tasks/…`), `id` unique in the batch."""

    id: str
    method: str
    url: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerReply:
    """One answer inside a batch; `at` is the clock of the outer answer, inner ones carry no date."""

    id: str
    status: int
    headers: Mapping[str, str]
    body: object
    at: datetime

    @property
    def ok(self) -> bool:
        """Whether Graph did as asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 (HTTP's own ranges)

    @property
    def json(self) -> Mapping[str, object]:
        """The body as an object; empty where it is none."""
        return self.body if isinstance(self.body, Mapping) else {}

    @property
    def words(self) -> str:
        """What Graph said, cleaned for people; the status where it said nothing."""
        return server_words(self.body) or f"the service answered {self.status}"

    @property
    def code(self) -> str:
        """Graph's error code; Planner fills it for limits only."""
        return server_code(self.body)

    @property
    def retry_after(self) -> float | None:
        """Seconds that Graph asks to wait; None where it does not say."""
        return wait_hint(self.headers, self.at)

    @property
    def is_transient(self) -> bool:
        """Throttled, timed out or failed inside: another attempt may do better (if it may be made at all)."""
        return self.status in (THROTTLED, _TIMEOUT) or self.status >= _SERVER_ERRORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Answers by id. An id may be missing: then nobody knows what became of that request."""

    replies: Mapping[str, InnerReply]
    at: datetime


def batch_body(requests: Sequence[Inner]) -> dict[str, object]:
    """The JSON to send; ValueError beyond 20 requests, without any, or with an id twice."""
    ids = {inner.id.lower() for inner in requests}
    if not 1 <= len(requests) <= BATCH_SIZE or len(ids) != len(requests):
        raise ValueError(f"a batch takes 1 to {BATCH_SIZE} requests with ids of their own, not {len(requests)}")
    return {"requests": [_written(inner) for inner in requests]}


def batch_replies(body: object, at: datetime) -> dict[str, InnerReply] | None:
    """The answers by id, in whatever order they came; None where the body is no batch answer."""
    rows = body.get("responses") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        return None
    replies = (_read(row, at) for row in rows)
    return {reply.id: reply for reply in replies if reply is not None}


def _written(inner: Inner) -> dict[str, object]:
    headers = dict(inner.headers)
    if inner.body is not None:
        headers["Content-Type"] = "application/json"
    written: dict[str, object] = {"id": inner.id, "method": inner.method, "url": inner.url}
    return (
        written | ({"headers": headers} if headers else {}) | ({"body": inner.body} if inner.body is not None else {})
    )


def _read(row: object, at: datetime) -> InnerReply | None:
    if not isinstance(row, Mapping) or not isinstance(row.get("status"), int):
        return None
    headers = row.get("headers")
    texts = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, Mapping) else {}
    return InnerReply(
        id=str(row.get("id", "")), status=row["status"], headers=CaseInsensitiveDict(texts), body=row.get("body"), at=at
    )
