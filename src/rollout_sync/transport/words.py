"""Turns a service's error bodies into one short clean sentence, a code, and an error of our tree. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from rollout_sync.errors import AccessDenied, NotFound, Rejected, TrackerError, VersionConflict
from rollout_sync.transport.hints import request_id
from rollout_sync.transport.reply import Reply

_LONGEST = 400
_HINTS = {
    401: "Check the token: it may have expired, been revoked, or lack a scope; `rollout-sync doctor` tells which.",
    403: "Ask an administrator for the missing permission; `rollout-sync doctor` lists what is needed.",
    404: "It was deleted, or this account may not see it; check the permissions of the account.",
    407: "The proxy wants to be signed in to: set HTTPS_PROXY with its credentials.",
    409: "Somebody changed it at the same moment; run the same command again.",
    412: "Somebody changed it since it was read; run the same command again.",
    413: "A limit of the service is reached; split the work or remove what is no longer needed.",
}


def clean(text: str, longest: int = _LONGEST) -> str:
    """One line without control or invisible direction characters, cut at `longest` characters."""
    flat = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
    words = " ".join(flat.split())
    return words if len(words) <= longest else words[: longest - 1] + "…"


def server_words(body: object) -> str:
    """What the service said went wrong, in its own words; empty when the body has no known error shape.

    Understands Jira (`errorMessages` and `errors`), its gateway (`message`), Graph and Microsoft sign-in (`error`).
    """
    return clean("; ".join(dict.fromkeys(part for part in _sentences(body) if part)))


def server_code(body: object) -> str:
    """The service's own error code (Graph's innermost-but-public `error.code`); empty when it has none."""
    if not isinstance(body, Mapping):
        return ""
    error = body.get("error")
    if isinstance(error, Mapping):
        return clean(str(error.get("code", "")))
    return clean(error) if isinstance(error, str) else ""


def refusal(reply: Reply, *, what: str, where: str, hint: str = "") -> TrackerError:
    """The error of our tree for a 4xx `reply`: what failed in our words, then the service's own."""
    return refused(reply.status, reply.headers, reply.body, what=what, where=where, hint=hint)


def refused(
    status: int, headers: Mapping[str, str], body: object, *, what: str, where: str, hint: str = ""
) -> TrackerError:
    """As `refusal`, for an answer that a client library received."""
    said = server_words(body)
    kind = _KINDS.get(status, Rejected)
    return kind(
        f"{what}: {said}" if said else f"{what}: the service answered {status}",
        where=where,
        hint=hint or _HINTS.get(status, ""),
        status=status,
        code=server_code(body),
        request_id=request_id(headers),
    )


_KINDS: Mapping[int, type[TrackerError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    407: AccessDenied,
    409: VersionConflict,
    410: NotFound,
    412: VersionConflict,
}


def _sentences(body: object) -> Iterator[str]:
    if not isinstance(body, Mapping):
        return
    yield from _texts(body.get("errorMessages"))
    yield from _field_errors(body.get("errors"))
    error = body.get("error")
    if isinstance(error, Mapping):
        yield from _texts(error.get("message"))
    for name in ("message", "errorMessage", "error_description"):
        yield from _texts(body.get(name))


def _field_errors(errors: object) -> Iterator[str]:
    if isinstance(errors, Mapping):
        for name, text in errors.items():
            yield f"{name}: {text}"
    elif isinstance(errors, list):
        for element in errors:
            inner = element.get("elementErrors", element) if isinstance(element, Mapping) else None
            yield from _sentences(inner)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, str))
