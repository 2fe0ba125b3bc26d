"""The transport's door: sessions on the one paced adapter, and `exchange`, one request with one honest outcome."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from rollout_sync.errors import Unavailable, UnexpectedResponse
from rollout_sync.transport.adapter import (
    DEADLINE_HEADER,
    PLAIN_HEADER,
    REPEAT_HEADER,
    ROUTE_HEADER,
    OnAttempt,
    PacedAdapter,
)
from rollout_sync.transport.clock import Clock
from rollout_sync.transport.hints import server_date
from rollout_sync.transport.limits import Limits
from rollout_sync.transport.reading import ReadResponse
from rollout_sync.transport.reply import Phase, Repeat, Reply
from rollout_sync.transport.wire import NetworkAdapter

_NOTHING: Mapping[str, str] = MappingProxyType({})
_USER_AGENT = "rollout-sync"
_NO_LIMITS = Limits()


class RemoteClocks:
    """What each host's `Date` headers told of its clock, tied to our monotonic clock. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._lock = threading.Lock()

    def saw(self, host: str, date: datetime, started: float) -> None:
        """Keep that `host` showed `date` in the answer to a request that began at monotonic `started`."""
        with self._lock:
            self._seen[host] = (date, started)

    def now(self, host: str) -> datetime:
        """Upper bound of the host's clock; LookupError when it never showed one.

        The header may have been written as early as the request began, and it drops fractions of a second.
        """
        with self._lock:
            date, started = self._seen[host]
        return date + timedelta(seconds=self._clock.monotonic() - started + 1)


class Transport:
    """One per process: every client's sessions share its adapter, and so its pools, pacing and retry policy.

    Args:
        clock: time and sleep.
        limits: bounds on retries, waits, sizes and concurrency.
        inner: what carries a single attempt; the network where None. Tests hand in a service in process.
        rewrites: URL prefix to URL prefix, applied below everything else, so that a library that insists on its
            vendor's address reaches a stand-in.
        on_phase: called at each `Phase` of each attempt with the request; for crash tests and tracing.
        rng: draws the jitter of back-offs.
        on_attempt: told of each attempt when it has ended; for counting.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        limits: Limits = _NO_LIMITS,
        inner: BaseAdapter | None = None,
        rewrites: Mapping[str, str] = _NOTHING,
        on_phase: Callable[[Phase, requests.PreparedRequest], None] | None = None,
        rng: random.Random | None = None,
        on_attempt: OnAttempt | None = None,
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._remote = RemoteClocks(clock)
        self._adapter = PacedAdapter(
            inner=inner or NetworkAdapter(idle=limits.idle, clock=clock, pool=limits.most_concurrency),
            clock=clock,
            limits=limits,
            rewrites=rewrites,
            saw_date=self._remote.saw,
            on_phase=on_phase,
            rng=rng or random.Random(),  # noqa: S311 - jitter, no secret
            on_attempt=on_attempt,
        )

    def session(self) -> requests.Session:
        """Make a session on the shared adapter.

        Proxies of the environment are honoured; passwords of a .netrc file are not, they would replace our tokens.
        """
        session = requests.Session()
        session.auth = _as_it_is
        session.headers.update({"User-Agent": _USER_AGENT, "Accept": "application/json"})
        self.mount(session)
        return session

    def mount(self, session: requests.Session) -> None:
        """Route an existing session, such as a client library's own, over the shared adapter."""
        session.max_redirects = self._limits.redirects
        session.mount("https://", self._adapter)
        session.mount("http://", self._adapter)

    def close(self) -> None:
        """Close all pooled connections of all sessions."""
        self._adapter.shut()

    def declare_safe(self, prefix: str) -> None:
        """POSTs of client libraries to URLs that start with `prefix` may be repeated (token endpoints)."""
        self._adapter.declare_safe(prefix)

    def exchange(
        self,
        session: requests.Session,
        method: str,
        url: str,
        *,
        repeat: Repeat,
        route: str,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
        plain: str = "",
    ) -> Reply:
        """Send one request and return its trustworthy answer, 2xx or 4xx.

        Args:
            session: one of `session()`.
            method: HTTP method.
            url: absolute; query values go into `params`.
            repeat: whether it may be sent again when the answer is lost.
            route: path template for logs and errors, `/issue/{id}`; no values of users.
            json: JSON values for the body; None for no body.
            content: the body where it is no JSON; its Content-Type is among `headers`.
            params: query.
            headers: besides the session's own.
            deadline: total seconds with all waits; the limits' default where None.
            plain: the one text that the service may answer in place of JSON.

        Raises:
            Unavailable: nothing was sent, or a SAFE request failed after its retries.
            RateLimited: told to wait longer than is left; `retry_after` says how long. Nothing was done.
            OutcomeUnknown: a ONCE request was sent and has no trustworthy answer.
            UnexpectedResponse: a SAFE request was answered by something that is not the service.
        """
        marks = {
            REPEAT_HEADER: repeat.value,
            ROUTE_HEADER: route,
            DEADLINE_HEADER: str(self._limits.deadline if deadline is None else deadline),
            **({PLAIN_HEADER: plain} if plain else {}),
        }
        where = f"{method} {route}"
        try:
            body = cast("Any", json)  # requests refuses at once what is no JSON
            sent = {**(headers or {}), **marks}
            response = session.request(method, url, json=body, data=content, params=params, headers=sent)
        except requests.TooManyRedirects:
            raise UnexpectedResponse(
                f"{urlsplit(url).hostname} redirects in circles", where=where, hint="Check the base URL."
            ) from None
        except requests.RequestException as error:
            raise Unavailable(
                f"the request could not be built ({type(error).__name__}); nothing was sent",
                where=where,
                hint="Check the base URL and proxy settings.",
            ) from None
        return self._reply(url, response)

    def remote_now(self, host_url: str) -> datetime:
        """Upper bound of the clock of the service behind `host_url`, now.

        Raises:
            LookupError: no answer with a `Date` came from there yet.
        """
        return self._remote.now(urlsplit(host_url).netloc.lower())

    def _reply(self, url: str, response: requests.Response) -> Reply:
        at = server_date(response.headers)
        if at is None:
            try:
                at = self.remote_now(url)
            except LookupError:
                at = self._clock.now()
        body = response.parsed if isinstance(response, ReadResponse) else None
        return Reply(status=response.status_code, headers=response.headers, body=body, at=at)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
