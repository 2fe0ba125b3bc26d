"""How one attempt ended, whether it may be repeated, and which error it becomes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import requests
from urllib3 import exceptions as wire

from rollout_sync.errors import OutcomeUnknown, RateLimited, TrackerError, Unavailable, UnexpectedResponse
from rollout_sync.transport.reading import ReadResponse
from rollout_sync.transport.reply import Repeat


class Ending(StrEnum):
    """How one attempt ended."""

    ANSWERED = "answered"
    """A trustworthy answer below 500."""
    NEVER_SENT = "never sent"
    """The service cannot have seen the request."""
    LIMITED = "rate limited"
    """429: seen, and not acted on."""
    LOST = "lost"
    """Sent, without a trustworthy answer; a later attempt may get one."""
    ASTRAY = "astray"
    """Answered by something that is not the service: a sign-in page, a proxy, a redirect elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One send.

    Attributes:
        response: what came, where something came to its end.
        reason: one clean sentence; empty for ANSWERED.
        hint: seconds that the service asked us to wait.
        server_words: the service's own message, cleaned.
        request_id: the service's id of the request.
    """

    ending: Ending
    response: ReadResponse | None = None
    reason: str = ""
    status: int = 0
    hint: float | None = None
    server_words: str = ""
    request_id: str = ""


def may_repeat(ending: Ending, repeat: Repeat) -> bool:
    """Whether another attempt may follow.

    | ending      | SAFE | ONCE |
    |-------------|------|------|
    | answered    | no   | no   |
    | never sent  | yes  | yes  |
    | limited     | yes  | yes  |
    | lost        | yes  | no   |
    | astray      | yes  | no   |
    """
    match ending:
        case Ending.ANSWERED:
            return False
        case Ending.NEVER_SENT | Ending.LIMITED:
            return True
        case Ending.LOST | Ending.ASTRAY:
            return repeat is Repeat.SAFE


def is_failure(ending: Ending) -> bool:
    """Whether the attempt counts against the host's health."""
    return ending in (Ending.NEVER_SENT, Ending.LOST, Ending.ASTRAY)


def status_ending(status: int) -> Ending:
    """What a status alone says. 503 is LOST even with Retry-After: a balancer may say it of a finished request."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Ending.LIMITED
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Ending.LOST
    return Ending.ANSWERED


def surely_unsent(error: BaseException) -> bool:
    """Whether the kind of a failure alone proves that nothing was sent.

    Refused, unresolved, unreachable, connect timeout, and a proxy that could not be connected to.
    """
    if isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, wire.MaxRetryError) else inner
    return isinstance(reason, _UNSENT) or isinstance(error, (ConnectionRefusedError, *_UNSENT))


_UNSENT = (wire.NewConnectionError, wire.ConnectTimeoutError, wire.NameResolutionError, wire.ProxyError)
_TELLING = {
    wire.NameResolutionError: "the name could not be resolved",
    wire.NewConnectionError: "the connection was refused or is not possible",
    wire.ConnectTimeoutError: "no connection within the time limit",
    wire.ProxyError: "the proxy could not be used",
    wire.SSLError: "the secure connection failed",
    wire.ReadTimeoutError: "no answer within the time limit",
    wire.ProtocolError: "the connection broke",
}


def telling(error: BaseException) -> str:
    """One sentence for a failure of the wire, by its kind; never its text, which may hold a URL with a query."""
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, wire.MaxRetryError) else inner
    for candidate in (reason, error):
        for kind, text in _TELLING.items():
            if isinstance(candidate, kind):
                return text
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer within the time limit"
    return f"the connection failed ({type(error).__name__})"


_DOWN_HINT = "Check the network and the base URL, then run the same command again."
_DOUBT_HINT = "Nothing is sent twice: run the same command again, it first looks whether this one took effect."


def failure(attempt: Attempt, repeat: Repeat, *, where: str, host: str) -> TrackerError:
    """The error that the last attempt of a request becomes; ANSWERED attempts become none."""
    said = f": {attempt.server_words}" if attempt.server_words else ""
    kind, what, hint = _verdict(attempt, repeat, host)
    return kind(
        f"{what}{said}",
        where=where,
        hint=hint,
        status=attempt.status,
        retry_after=attempt.hint,
        request_id=attempt.request_id,
    )


def _verdict(attempt: Attempt, repeat: Repeat, host: str) -> tuple[type[TrackerError], str, str]:
    reason = attempt.reason or attempt.ending.value
    if attempt.ending is Ending.LIMITED:
        wait = "a while" if attempt.hint is None else f"{attempt.hint:.0f} s"
        return RateLimited, f"{host} asks to wait {wait}", f"Run the same command again in {wait}."
    if attempt.ending is Ending.NEVER_SENT:
        return Unavailable, f"{host} cannot be reached: {reason}", _DOWN_HINT
    if repeat is Repeat.ONCE:
        return OutcomeUnknown, f"{host} may or may not have done it: {reason}", _DOUBT_HINT
    if attempt.ending is Ending.ASTRAY:
        return UnexpectedResponse, f"{host} did not answer like the service: {reason}", _ASTRAY_HINT
    return Unavailable, f"{host} does not answer properly: {reason}", _DOWN_HINT


_ASTRAY_HINT = "A proxy, sign-in page or wrong base URL may answer in its place; open the base URL in a browser."
