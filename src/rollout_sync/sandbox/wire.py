"""HTTP answers as values, and the error bodies of both services that the core needs for its faults."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from rollout_sync.sandbox.faults import SERVER_ERRORS, Kind, Rule

GRAPH_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
"""Content type of every Graph answer (recorded)."""

_MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1>"
    "<p>The service is temporarily unavailable. Please try again later.</p></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, complete. `headers` holds no Date and no Content-Length: the gate sets them."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def http_date(at: datetime) -> str:
    """An instant in the form of the Date header."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def random_guid(chance: random.Random) -> str:
    """A version 4 GUID out of the seeded generator."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def graph_error_body(code: str, message: str, at: datetime, request_id: str, client_id: str = "") -> dict[str, Any]:
    """Graph's error envelope; Planner leaves `code` empty except for limits."""
    inner = {
        "date": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_id or request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}


def retry_headers(rule: Rule, at: datetime) -> dict[str, str]:
    """The waiting time in the form that the rule asks for."""
    form, _, amount = rule.retry_after.rpartition(":")
    if amount == "none":
        return {}
    until = at + timedelta(seconds=float(amount))
    match form:
        case "date":
            return {"Retry-After": http_date(until)}
        case "beta":
            return {"Beta-Retry-After": amount}
        case "reset":
            return {"X-RateLimit-Reset": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        case _:
            return {"Retry-After": amount}


def fault_answer(rule: Rule, path: str, at: datetime, chance: random.Random) -> Answer:
    """The answer of a fault that answers at all, in the manner of the service that `path` belongs to."""
    if rule.kind in {Kind.HTML, Kind.HTML_200} or rule.body == "html":
        return _page(rule, at)
    status, code, message = _refusal(rule, path)
    headers = retry_headers(rule, at) if rule.kind in {Kind.THROTTLED, Kind.ERROR_503} else {}
    if path.startswith("/jira"):
        return _jira_answer(rule, status, message, headers, at)
    request_id = random_guid(chance)
    if path.startswith("/login"):
        body: dict[str, Any] = {
            "error": "temporarily_unavailable",
            "error_description": message,
            "error_codes": [90033],
        }
        return json_answer(status, body, headers)
    headers |= {"request-id": request_id, "client-request-id": request_id, "Content-Type": GRAPH_JSON}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"'
    return json_answer(status, graph_error_body(code, message, at, request_id), headers)


def json_answer(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/json"} | (headers or {}),
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(),
    )


def _page(rule: Rule, at: datetime) -> Answer:
    status = 200 if rule.kind is Kind.HTML_200 else SERVER_ERRORS.get(rule.kind, rule.status or 503)
    title = "Sign in to the guest network" if status == HTTPStatus.OK else f"{status} {HTTPStatus(status).phrase}"
    headers = retry_headers(rule, at) if status == HTTPStatus.SERVICE_UNAVAILABLE and rule.retry_after != "1" else {}
    return Answer(
        status=status,
        headers={"Content-Type": "text/html; charset=utf-8"} | headers,
        body=_MAINTENANCE.format(title).encode(),
    )


def _refusal(rule: Rule, path: str) -> tuple[int, str, str]:
    """Status, Graph code and message."""
    is_jira = path.startswith("/jira")
    match rule.kind:
        case Kind.THROTTLED:
            return 429, "TooManyRequests", "Rate limit exceeded." if is_jira else "Please retry again later."
        case Kind.TOKEN_EXPIRED:
            text = "Client must be authenticated to access this resource."
            return (
                401,
                "InvalidAuthenticationToken",
                text if is_jira else "Lifetime validation failed, the token is expired.",
            )
        case Kind.FORBIDDEN if is_jira:
            hidden = "Issue does not exist or you do not have permission to see it."
            return _jira_forbidden(rule, path, hidden)
        case Kind.FORBIDDEN:
            return (
                rule.status or 403,
                "",
                ("You do not have the required permissions to access this item, or the item may not exist."),
            )
        case _:
            status = SERVER_ERRORS[rule.kind]
            phrase = HTTPStatus(status).phrase
            return status, phrase.replace(" ", ""), f"{phrase}. Please try again later."


def _jira_forbidden(rule: Rule, path: str, hidden: str) -> tuple[int, str, str]:
    """Jira hides single issues from those who may not see them, and says 403 elsewhere."""
    is_one_issue = "/issue/" in path and "/issue/bulk" not in path and "/issue/createmeta" not in path
    status = rule.status or (404 if is_one_issue else 403)
    refused = "You do not have permission to perform this operation."
    return status, "", hidden if status == HTTPStatus.NOT_FOUND else refused


def _jira_answer(rule: Rule, status: int, message: str, headers: dict[str, str], at: datetime) -> Answer:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        until = at + timedelta(seconds=1)
        standard = {
            "X-RateLimit-Limit": "200",
            "X-RateLimit-Remaining": "0",
            "RateLimit-Reason": rule.reason,
        }
        if headers.get("Retry-After"):
            standard["X-RateLimit-Reset"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = standard | headers
    return json_answer(status, {"errorMessages": [message], "errors": {}}, headers)
