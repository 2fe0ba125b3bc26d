"""What a request carries and what goes back, as values; and Jira's ways to say no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from typing import TypeVar

from rollout_sync.sandbox.faults import Rule
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.seed import Person

HIDDEN_ISSUE = "Issue does not exist or you do not have permission to see it."
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who looks at the site, and how: everything that shapes an answer besides the documents.

    Attributes:
        base: what `self` links start with.
        site_url: the site's own address, for browse links.
        version: "2" or "3"; decides between wiki markup and documents.
        zone: the account's time zone; timestamps are written in it.
    """

    person: Person
    base: str
    site_url: str
    version: str
    zone: tzinfo
    language: str
    now: datetime

    @property
    def account(self) -> str:
        """The account id of who asks."""
        return self.person.account_id

    def link(self, path: str) -> str:
        """A `self` link."""
        return f"{self.base}/rest/api/{self.version}/{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated request. `body` is the parsed JSON, None when there was none."""

    view: View
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, list[str]] = field(default_factory=dict)
    body: object = None
    fault: Rule | None = None

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def many(self, name: str) -> list[str]:
        """All values of a query parameter, given repeatedly or with commas."""
        return [part.strip() for value in self.query.get(name, []) for part in value.split(",") if part.strip()]

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.first(name).lower() == "true"

    def number(self, name: str, default: int) -> int:
        """A whole number in the query.

        Raises:
            Refusal: 400, it is something else.
        """
        text = self.first(name, str(default))
        try:
            return int(text)
        except ValueError as error:
            raise refused(f"The value '{text}' of the parameter '{name}' is not a number.") from error

    def json(self, *allowed: str) -> Json:
        """The body as an object; with `allowed`, one that has no other members.

        Raises:
            Refusal: 400, in the words Jira has for any body it cannot read.
        """
        if not isinstance(self.body, dict) or (allowed and set(self.body) - set(allowed)):
            raise refused(BAD_PAYLOAD)
        return self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `body` None means an empty one."""

    status: int = HTTPStatus.OK
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"


class Refusal(Exception):
    """A request that Jira does not carry out, with the whole answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}: {reply.body}")
        self.reply = reply


def refused(*messages: str, status: int = HTTPStatus.BAD_REQUEST, headers: Mapping[str, str] | None = None) -> Refusal:
    """A refusal of the whole request."""
    return Refusal(Reply(status=status, body=envelope(messages=list(messages)), headers=headers or {}))


def envelope(*, messages: list[str] | None = None, errors: Mapping[str, str] | None = None) -> Json:
    """Jira's error collection; both members are always there."""
    return {"errorMessages": messages or [], "errors": dict(errors or {})}


def not_found(message: str = HIDDEN_ISSUE) -> Refusal:
    """404, which also stands for "not visible to this account"."""
    return refused(message, status=HTTPStatus.NOT_FOUND)


def typed(value: object, kind: type[_Kind]) -> _Kind:
    """A member of a body that must have one JSON type.

    Raises:
        Refusal: 400, in the words Jira has for any body it cannot read.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise refused(BAD_PAYLOAD)
    return value


def strings(value: object) -> list[str]:
    """A list of strings out of a body; numbers are taken as strings, as Jackson does.

    Raises:
        Refusal: 400, it is no list, or holds something else.
    """
    found = [str(part) if isinstance(part, int) else part for part in typed(value or [], list)]
    if not all(isinstance(part, str) for part in found):
        raise refused(BAD_PAYLOAD)
    return found


def timestamp(epoch: int, zone: tzinfo) -> str:
    """An instant the way Jira writes it: milliseconds, and an offset without a colon."""
    local = datetime.fromtimestamp(epoch / 1000, tz=UTC).astimezone(zone)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{epoch % 1000:03d}{local:%z}"


def epoch_ms(when: datetime) -> int:
    """Epoch milliseconds of an aware instant."""
    return int(when.timestamp() * 1000)


def page(call: Call, values: list[Json], *, default: int = 50, most: int = 100, url: str = "") -> Json:
    """The slice that `startAt` and `maxResults` ask for, in the form of Jira's paged answers."""
    start, size = max(0, call.number("startAt", 0)), max(0, min(call.number("maxResults", default), most))
    part = values[start : start + size]
    body: Json = {"startAt": start, "maxResults": size, "total": len(values), "isLast": start + size >= len(values)}
    return ({"self": url} if url else {}) | body | {"values": part}
