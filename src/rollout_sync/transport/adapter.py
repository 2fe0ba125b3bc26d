"""The one adapter below all client libraries: it paces, retries, and turns lost answers into errors of our tree.

It sits below redirects, below msal's cache and below jira's own loop, so that a request is retried in one place only.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from tenacity import RetryCallState, Retrying
from urllib3.exceptions import HTTPError

from rollout_sync.transport.clock import Clock
from rollout_sync.transport.hints import request_id, server_date, wait_hint
from rollout_sync.transport.limits import Limits
from rollout_sync.transport.outcomes import (
    Attempt,
    Ending,
    failure,
    is_failure,
    may_repeat,
    status_ending,
    surely_unsent,
    telling,
)
from rollout_sync.transport.pacing import EVERYTHING, Pace, fresh_pace, scope_of
from rollout_sync.transport.reading import ReadResponse, Untrustworthy, judge, read_whole
from rollout_sync.transport.reply import Phase, Repeat
from rollout_sync.transport.wire import Trace, Watchdog, current
from rollout_sync.transport.words import clean, server_words

REPEAT_HEADER = "X-Rollout-Repeat"
ROUTE_HEADER = "X-Rollout-Route"
DEADLINE_HEADER = "X-Rollout-Deadline"
PLAIN_HEADER = "X-Rollout-Plain"
"""Private marks from `Transport.exchange` to the adapter; taken off before anything is sent."""

_SHORTEST = 0.001  # a timeout of zero means something else to sockets
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_logger = logging.getLogger(__name__)

SawDate = Callable[[str, datetime, float], None]
OnPhase = Callable[[Phase, requests.PreparedRequest], None]
OnAttempt = Callable[["Attempted"], None]
Inner = BaseAdapter
"""What carries requests below the pacing: the network, or a test's stand-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request with everything that decides its treatment.

    `host` is the one that was asked for, `url` the one after rewrites; `began` and `until` are monotonic. `plain` is
    the one text that counts as an answer without being JSON.
    """

    request: requests.PreparedRequest
    host: str
    url: str
    method: str
    route: str
    repeat: Repeat
    began: float
    until: float
    ordinals: Iterator[int]
    options: Mapping[str, object]
    pace: Pace
    plain: str = ""

    @property
    def where(self) -> str:
        """For errors and logs."""
        return f"{self.method} {self.route}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One attempt as it ended, for counting: never bodies, never queries.

    Attributes:
        url: as it was asked for, without its query.
        number: 1 for the first send of a request.
        asked_to_wait: seconds that the service asked for; zero where it did not.
    """

    url: str
    ending: Ending
    status: int
    number: int
    asked_to_wait: float


class PacedAdapter(BaseAdapter):
    """See `Transport` for the arguments. Thread-safe."""

    def __init__(
        self,
        *,
        inner: BaseAdapter,
        clock: Clock,
        limits: Limits,
        rewrites: Mapping[str, str],
        saw_date: SawDate,
        on_phase: OnPhase | None,
        rng: random.Random,
        on_attempt: OnAttempt | None = None,
    ) -> None:
        super().__init__()
        self._inner = inner
        self._inner_reports = bool(getattr(inner, "reports_phases", False))
        self._clock = clock
        self._limits = limits
        self._rewrites = sorted(rewrites.items(), key=lambda pair: len(pair[0]), reverse=True)
        self._saw_date = saw_date
        self._on_phase = on_phase
        self._on_attempt = on_attempt
        self._rng = rng
        self._safe_prefixes: tuple[str, ...] = ()
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()

    def declare_safe(self, prefix: str) -> None:
        """POSTs without a mark to URLs that start with `prefix` may be repeated."""
        self._safe_prefixes = (*self._safe_prefixes, prefix)

    def close(self) -> None:
        """Do nothing: a session that ends must not end the others, see `shut`."""

    def shut(self) -> None:
        """Close all connections."""
        self._inner.close()

    def send(  # type: ignore[override]  # what requests passes besides the request goes to the inner adapter as it is
        self, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        """Carry one request to a trustworthy answer below 500.

        Raises:
            TrackerError: Unavailable, RateLimited, OutcomeUnknown or UnexpectedResponse, see `Transport.exchange`.
        """
        call = self._call(request, options)
        if not call.pace.breaker.admits(self._clock.monotonic()):
            resting = Attempt(ending=Ending.NEVER_SENT, reason="it failed several times in a row and is left alone")
            raise failure(resting, call.repeat, where=call.where, host=call.host)
        call.pace.budget.made_request()
        try:
            last: Attempt = self._retrying(call)(self._attempt, call)
        finally:
            call.pace.breaker.release()
        if last.response is None or last.ending is not Ending.ANSWERED:
            raise failure(last, call.repeat, where=call.where, host=call.host)
        return last.response

    def _call(self, request: requests.PreparedRequest, options: Mapping[str, object]) -> Call:
        asked, method = request.url or "", request.method or "GET"
        marks = {name: _mark(request, name) for name in (REPEAT_HEADER, ROUTE_HEADER, DEADLINE_HEADER, PLAIN_HEADER)}
        parts = urlsplit(asked)
        host = parts.netloc.rpartition("@")[2].lower()
        began = self._clock.monotonic()
        return Call(
            request=request,
            host=host,
            url=self._rewritten(asked),
            method=method,
            route=clean(marks[ROUTE_HEADER] or parts.path),
            repeat=self._repeat(marks[REPEAT_HEADER], method, asked),
            began=began,
            until=began + float(marks[DEADLINE_HEADER] or self._limits.deadline),
            ordinals=count(1),
            options={k: v for k, v in options.items() if k not in ("stream", "timeout")},
            pace=self._pace(host),
            plain=marks[PLAIN_HEADER] or "",
        )

    def _repeat(self, mark: str | None, method: str, url: str) -> Repeat:
        if mark is not None:
            return Repeat(mark)
        safe = method in _SAFE_METHODS or url.startswith(self._safe_prefixes)
        return Repeat.SAFE if safe else Repeat.ONCE

    def _rewritten(self, url: str) -> str:
        for prefix, other in self._rewrites:
            if url.startswith(prefix):
                return other + url[len(prefix) :]
        return url

    def _pace(self, host: str) -> Pace:
        with self._lock:
            if host not in self._paces:
                self._paces[host] = fresh_pace(self._limits)
            return self._paces[host]

    def _retrying(self, call: Call) -> Retrying:
        return Retrying(
            retry=lambda state: may_repeat(_last(state).ending, call.repeat),
            wait=self._wait,
            stop=lambda state: self._stop(state, call),
            sleep=self._clock.sleep,
            retry_error_callback=_last,
        )

    def _wait(self, state: RetryCallState) -> float:
        backoff = min(self._limits.backoff_cap, self._limits.backoff_base * 2 ** (state.attempt_number - 1))
        jitter = self._rng.uniform(0, backoff)
        hint = _last(state).hint
        return jitter if hint is None else hint + min(jitter, 1.0)

    def _stop(self, state: RetryCallState, call: Call) -> bool:
        last = _last(state)
        too_long = last.hint is not None and last.hint > self._limits.longest_wait
        over = self._clock.monotonic() + state.upcoming_sleep > call.until
        if state.attempt_number >= self._limits.attempts or too_long or over:
            return True
        told = last.ending is Ending.LIMITED and last.hint is not None
        return not told and not call.pace.budget.take()

    def _attempt(self, call: Call) -> Attempt:
        refused = self._hold_back(call)
        if refused is not None:
            return refused
        started = self._clock.monotonic()
        with call.pace.gate.entered(call.until - started) as got:
            attempt = self._send_once(call, started) if got else _NO_PLACE
        ended = self._clock.monotonic()
        call.pace.breaker.record(failed=is_failure(attempt.ending), now=ended)
        self._learn(call, attempt, ended)
        self._tell(call, attempt, began=started, ended=ended)
        return attempt

    def _tell(self, call: Call, attempt: Attempt, *, began: float, ended: float) -> None:
        """One log line, and one call of the observer."""
        number, milliseconds = next(call.ordinals), round((ended - began) * 1000)
        _logger.info(
            "%s %s -> %s in %d ms, attempt %d after %.1f s, request id %s",
            call.where,
            call.host,
            attempt.status or attempt.reason,
            milliseconds,
            number,
            began - call.began,
            attempt.request_id or "-",
            extra={
                "event": "request",
                "facts": {
                    "host": call.host,
                    "request": call.where,
                    "status": attempt.status,
                    "outcome": attempt.ending.value,
                    "milliseconds": milliseconds,
                    "attempt": number,
                    "request_id": attempt.request_id,
                },
            },
        )
        if self._on_attempt is not None:
            self._on_attempt(
                Attempted(
                    url=(call.request.url or "").partition("?")[0],
                    ending=attempt.ending,
                    status=attempt.status,
                    number=number,
                    asked_to_wait=attempt.hint or 0.0,
                )
            )

    def _hold_back(self, call: Call) -> Attempt | None:
        scopes = (EVERYTHING, call.where, urlsplit(call.url).path)
        delay = call.pace.not_before.delay(scopes, self._clock.monotonic())
        if delay <= 0:
            return None
        if self._clock.monotonic() + delay > call.until:
            return Attempt(ending=Ending.LIMITED, hint=delay)
        self._clock.sleep(delay)
        return None

    def _learn(self, call: Call, attempt: Attempt, now: float) -> None:
        headers = attempt.response.headers if attempt.response is not None else {}
        if attempt.ending is Ending.LIMITED or headers.get("X-RateLimit-NearLimit", "").lower() == "true":
            call.pace.gate.halve()
        elif attempt.ending is Ending.ANSWERED:
            call.pace.gate.clean()
        if attempt.ending is Ending.LIMITED and attempt.hint:
            scope = scope_of(headers.get("RateLimit-Reason", ""), call.where, urlsplit(call.url).path)
            call.pace.not_before.hold(scope, now + attempt.hint)

    def _send_once(self, call: Call, started: float) -> Attempt:
        left = max(call.until - started, _SHORTEST)
        wire_request = call.request.copy()
        wire_request.url = call.url
        trace = Trace(wire_request, self._on_phase, lambda: self._clock.monotonic() > call.until)
        token = current.set(trace)
        try:
            with Watchdog(trace, left):
                response = self._carry(wire_request, call, trace, left)
                return self._judged(call, response, started)
        except Untrustworthy as error:
            return Attempt(ending=Ending.ASTRAY if error.astray else Ending.LOST, reason=error.reason)
        except (OSError, HTTPError) as error:
            unsent = surely_unsent(error) or (self._inner_reports and not trace.was_sent)
            return Attempt(ending=Ending.NEVER_SENT if unsent else Ending.LOST, reason=telling(error))
        finally:
            current.reset(token)

    def _carry(self, request: requests.PreparedRequest, call: Call, trace: Trace, left: float) -> ReadResponse:
        if not self._inner_reports:
            trace.reached(Phase.BEFORE_CONNECT)
            trace.reached(Phase.BEFORE_SEND)
        timeout = (min(self._limits.connect_timeout, left), min(self._limits.read_timeout, left))
        response = self._inner.send(request, stream=True, timeout=timeout, **call.options)  # type: ignore[arg-type]
        if not self._inner_reports:
            trace.reached(Phase.AFTER_SEND)
            trace.reached(Phase.AFTER_HEADERS)
        read = read_whole(response, most=self._limits.body_bytes, on_chunk=lambda: self._check_time(call))
        trace.reached(Phase.AFTER_BODY)
        read.url, read.request = call.request.url or "", call.request
        return read

    def _check_time(self, call: Call) -> None:
        if self._clock.monotonic() > call.until:
            raise Untrustworthy("the answer did not end within the time limit")

    def _judged(self, call: Call, response: ReadResponse, started: float) -> Attempt:
        date = server_date(response.headers)
        if date is not None:
            self._saw_date(call.host, date, started)
        seen = Attempt(
            ending=status_ending(response.status_code),
            response=response,
            status=response.status_code,
            request_id=request_id(response.headers),
        )
        elsewhere = _forbidden_redirect(call, response)
        if elsewhere:
            return replace(seen, ending=Ending.ASTRAY, reason=elsewhere)
        try:
            judge(response, repeatable=call.repeat is Repeat.SAFE, plain=call.plain)
        except Untrustworthy as error:
            return replace(seen, ending=Ending.ASTRAY if error.astray else Ending.LOST, reason=error.reason)
        if seen.ending is Ending.ANSWERED:
            return seen
        return replace(
            seen,
            reason=f"it answered {response.status_code}",
            hint=wait_hint(response.headers, self._clock.now()),
            server_words=server_words(response.parsed),
        )


_NO_PLACE = Attempt(ending=Ending.NEVER_SENT, reason="too many requests are under way")


def _mark(request: requests.PreparedRequest, name: str) -> str | None:
    value = request.headers.pop(name, None)
    return value.decode("ascii") if isinstance(value, bytes) else value


def _last(state: RetryCallState) -> Attempt:
    if state.outcome is None:
        raise RuntimeError("tenacity asked about an attempt before it was made")
    result: Attempt = state.outcome.result()
    return result


def _forbidden_redirect(call: Call, response: ReadResponse) -> str:
    """Why a redirect is not followed; empty when it may be, or is none.

    Only reads follow, and only to where they were sent anyway: a token must not travel elsewhere.
    """
    if response.status_code not in range(300, 400):
        return ""
    if not response.is_redirect:
        return f"it answered {response.status_code}"
    target = urlsplit(urljoin(call.url, response.headers["Location"]))
    asked = urlsplit(call.url)
    if call.method not in ("GET", "HEAD"):
        return "it redirected a write"
    if (target.scheme, target.netloc.lower()) != (asked.scheme, asked.netloc.lower()):
        return f"it redirected to {clean(target.hostname or 'elsewhere', 80)}"
    return ""
