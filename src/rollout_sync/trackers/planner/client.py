"""Calls to Microsoft Graph over the shared transport: sign-in header, one refresh after a 401, batches, pages.

Nothing here knows of plans and tasks. Links that Graph sends are followed only on the configured address, because
every request carries our token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests

from rollout_sync.errors import OutcomeUnknown, TrackerError, Unavailable, UnexpectedResponse
from rollout_sync.trackers.planner.batch import (
    BATCH_SIZE,
    UNAUTHORIZED,
    Batch,
    Inner,
    InnerReply,
    batch_body,
    batch_replies,
)
from rollout_sync.trackers.planner.challenge import claims_of
from rollout_sync.transport.clock import Clock
from rollout_sync.transport.exchange import Transport
from rollout_sync.transport.reply import Repeat, Reply
from rollout_sync.transport.words import refusal

_ROUNDS = 4
_LONGEST_WAIT = 120.0
MOST_PAGES = 1_000
"""A list with more never ends; Planner's longest has 23."""
IN_FLIGHT = 4
"""Batches at the same time, at most."""


class Tokens(Protocol):
    """Where the bearer token comes from; see `auth.TokenSource`."""

    def token(self) -> str:
        """A token that should still be good; AccessDenied where none can be had."""
        ...

    def renew(self, refused: str, claims: str | None = None) -> str:
        """A token other than the `refused` one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything behind one path: all rows of a list over all its pages, or the one object.

    `failure` is the first answer that was no success; then `rows` is incomplete.
    """

    rows: tuple[Mapping[str, object], ...] = ()
    at: datetime
    failure: InnerReply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A request as `GraphClient.call` was asked for it."""

    method: str
    path: str
    route: str
    repeat: Repeat
    body: Mapping[str, object] | None
    content: bytes | None
    headers: Mapping[str, str] | None


class GraphClient:
    """One per process. Safe to use from several threads: each has its own session on the shared adapter.

    Args:
        transport: what carries requests, paced and with honest outcomes.
        tokens: the sign-in.
        base_url: Graph root with version, without a slash at its end.
        clock: for the waits that Graph asks for inside batches.
        new_id: makes `client-request-id`s, which Microsoft's support asks for.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        tokens: Tokens,
        base_url: str,
        clock: Clock,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._new_id = new_id
        self._local = threading.local()

    def call(
        self,
        method: str,
        path: str,
        *,
        route: str,
        repeat: Repeat,
        body: Mapping[str, object] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; a 401 is answered with one fresh token and one replay (Graph refused it, so nothing was done).

        Returns 2xx and 4xx answers alike. `content` is a body that is no JSON; `headers` name its type.

        Raises:
            TrackerError: as `Transport.exchange`, and AccessDenied where no token can be had.
        """
        token = self._tokens.token()
        sent = _Sent(method=method, path=path, route=route, repeat=repeat, body=body, content=content, headers=headers)
        reply = self._send(token, sent)
        if reply.status != UNAUTHORIZED:
            return reply
        fresh = self._tokens.renew(token, claims_of(reply.headers))
        return self._send(fresh, sent)

    def remote_now(self) -> datetime:
        """Upper bound of Graph's clock now; Unavailable before its first answer."""
        try:
            return self._transport.remote_now(self._base)
        except LookupError as error:
            raise Unavailable("Graph's clock is not known before its first answer", where="Date header") from error

    def get(self, path: str, *, route: str) -> Reply:
        """Read one object; a 4xx is raised as the error it stands for."""
        reply = self.call("GET", path, route=route, repeat=Repeat.SAFE)
        if not reply.ok:
            raise refusal(reply, what="Microsoft Graph refused to answer", where=f"GET {route}")
        return reply

    def pages(self, path: str, *, route: str) -> Iterator[Mapping[str, object]]:
        """All rows of a list, page by page; UnexpectedResponse for a page without rows or a link that leads away."""
        seen: set[str] = set()
        while path not in seen and len(seen) < MOST_PAGES:
            seen.add(path)
            body = self.get(path, route=route).body
            rows, link = page_of(body)
            if rows is None:
                raise UnexpectedResponse("a list without its rows", where=f"GET {route}", hint=_REPORT)
            yield from rows
            if link is None:
                return
            path = self.relative(link)
        raise UnexpectedResponse("the pages of a list never end", where=f"GET {route}", hint=_REPORT)

    def batch(self, inner: Sequence[Inner], *, repeat: Repeat) -> Batch:
        """Up to 20 requests in one. Inner 401s are replayed once with a fresh token.

        SAFE batches also repeat what was throttled or failed inside, a few times, after the longest wait that was
        asked for. In a ONCE batch such answers are left to the caller.

        Raises:
            TrackerError: as `call`; for a ONCE batch an answer without answers is OutcomeUnknown.
        """
        batch = self._batch(inner, repeat)
        batch = self._again(batch, inner, repeat, _is_unauthorized, before=self._renewed)
        for attempt in range(_ROUNDS if repeat is Repeat.SAFE else 0):
            wait = _longest_wait(batch.replies.values(), attempt)
            if wait is None or wait > _LONGEST_WAIT:
                break
            self._clock.sleep(wait)
            batch = self._again(batch, inner, repeat, lambda reply: reply.is_transient)
        return batch

    def collect(self, paths: Sequence[str], headers: Mapping[str, str] | None = None) -> Mapping[str, Gathered]:
        """Read many paths, 20 to a batch, with all their pages; each path tells its own failure.

        `headers` go with every path.

        Raises:
            TrackerError: where a whole batch fails.
        """
        gathered: dict[str, Gathered] = {}
        todo = [(path, path) for path in dict.fromkeys(paths)]
        seen: set[tuple[str, str]] = set()
        while todo:
            if not seen.isdisjoint(todo):
                raise UnexpectedResponse("the pages of a list never end", where="POST /$batch", hint=_REPORT)
            seen.update(todo)
            todo = self._collect_round(todo, gathered, headers)
        return gathered

    def read(self, urls: Sequence[str], headers: Mapping[str, str] | None = None) -> Batch:
        """Up to 20 reads in one batch, answered by position (see `with_page`); TrackerError where all of it fails."""
        sent = headers or {}
        inner = [Inner(id=str(number), method="GET", url=url, headers=sent) for number, url in enumerate(urls)]
        return self.batch(inner, repeat=Repeat.SAFE)

    def relative(self, link: str) -> str:
        """The path of a link that Graph sent; UnexpectedResponse where it leads to another address."""
        if link.startswith(self._base + "/") and "\\" not in link and "/../" not in link:
            return link.removeprefix(self._base)
        raise UnexpectedResponse(
            f"a page's link leads to {urlsplit(link).netloc or 'nowhere'}, not to {urlsplit(self._base).netloc}",
            where="@odata.nextLink",
            hint="the link was not followed, because the request would carry your token; check base_url",
        )

    def _collect_round(
        self, todo: list[tuple[str, str]], gathered: dict[str, Gathered], headers: Mapping[str, str] | None
    ) -> list[tuple[str, str]]:
        chunks = [todo[i : i + BATCH_SIZE] for i in range(0, len(todo), BATCH_SIZE)]
        with ThreadPoolExecutor(min(IN_FLIGHT, len(chunks))) as pool:
            answers = list(pool.map(lambda chunk: self.read([url for _, url in chunk], headers), chunks))
        more: list[tuple[str, str]] = []
        for chunk, batch in zip(chunks, answers, strict=True):
            for number, (path, _) in enumerate(chunk):
                gathered[path], link = with_page(gathered.get(path), batch, number)
                more += [(path, self.relative(link))] if link is not None else []
        return more

    def _batch(self, inner: Sequence[Inner], repeat: Repeat) -> Batch:
        reply = self.call("POST", "/$batch", route="/$batch", repeat=repeat, body=batch_body(inner))
        if 400 <= reply.status < 500:  # noqa: PLR2004 (HTTP's own ranges)
            raise refusal(reply, what="Microsoft Graph refused a batch", where="POST /$batch")
        replies = batch_replies(reply.body, reply.at)
        if not reply.ok or replies is None:
            kind = OutcomeUnknown if repeat is Repeat.ONCE else UnexpectedResponse
            raise kind("a batch was answered without its answers", where="POST /$batch", hint=_REPORT)
        return Batch(replies=replies, at=reply.at)

    def _again(
        self,
        batch: Batch,
        inner: Sequence[Inner],
        repeat: Repeat,
        which: Callable[[InnerReply], bool],
        before: Callable[[Sequence[InnerReply]], None] = lambda _: None,
    ) -> Batch:
        hit = [reply for reply in batch.replies.values() if which(reply)]
        ids = {reply.id for reply in hit}
        selected = [one for one in inner if one.id in ids]
        if not selected:
            return batch
        others = {id_: reply for id_, reply in batch.replies.items() if id_ not in ids}
        try:
            before(hit)
            return replace(batch, replies={**others, **self._batch(selected, repeat).replies})
        except OutcomeUnknown:
            return replace(batch, replies=others)  # sent again and lost: no answer is the honest answer
        except TrackerError:
            return batch  # not sent again: the first answers stand

    def _renewed(self, hit: Sequence[InnerReply]) -> None:
        self._tokens.renew(self._local.token, claims_of(hit[0].headers))

    def _send(self, token: str, sent: _Sent) -> Reply:
        self._local.token = token
        headers = {"Authorization": f"Bearer {token}", "client-request-id": self._new_id(), **(sent.headers or {})}
        return self._transport.exchange(
            self._session(),
            sent.method,
            self._base + sent.path,
            json=sent.body,
            content=sent.content,
            headers=headers,
            repeat=sent.repeat,
            route=sent.route,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._transport.session()
        return session


_REPORT = "this does not look like Microsoft Graph; check base_url and proxies, then report it with the log"


def segment(value: str) -> str:
    """A value as one path segment; slashes, dots and question marks cannot leave it."""
    return quote(value, safe="")


def page_of(body: object) -> tuple[tuple[Mapping[str, object], ...] | None, str | None]:
    """Rows and next link of a list page; rows are None where the body is no list."""
    rows = body.get("value") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return None, None
    link = body.get("@odata.nextLink") if isinstance(body, Mapping) else None
    return tuple(rows), link if isinstance(link, str) and link else None


def with_page(known: Gathered | None, batch: Batch, number: int) -> tuple[Gathered, str | None]:
    """What is known of a path together with one more answer of `GraphClient.read`, and the link to its next page."""
    known = known or Gathered(at=batch.at)
    reply = batch.replies.get(str(number))
    if reply is None:
        reply = InnerReply(id="", status=0, headers={}, body={"message": "no answer came"}, at=batch.at)
    if not reply.ok:
        return replace(known, failure=reply), None
    rows, link = page_of(reply.body)
    return replace(known, rows=known.rows + ((reply.json,) if rows is None else rows)), link


def _is_unauthorized(reply: InnerReply) -> bool:
    return reply.status == UNAUTHORIZED


def _longest_wait(replies: Iterable[InnerReply], attempt: int) -> float | None:
    """Seconds until the transient ones among `replies` are worth asking again; None where there are none."""
    transient = [reply.retry_after for reply in replies if reply.is_transient]
    return max((2.0**attempt if hint is None else hint for hint in transient), default=None)
