"""One Graph request as a value, who makes it, and the reply; the same for a top-level request and an inner one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from rollout_sync.sandbox.graph.errors import GraphError, invalid
from rollout_sync.sandbox.graph.switches import number
from rollout_sync.sandbox.seed import SERVICE_PRINCIPAL_ID, Person
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

METADATA: Final = "https://graph.microsoft.com/v1.0/$metadata#"
PLANNER_PAGE: Final = "planner_page_size"
WEB_APP_ID: Final = "09abbdfd-ed23-44ee-a2d9-a627aa1c90f3"
"""Application id that Planner's own pages sign with (seen in recorded answers)."""
_BAD_JSON: Final = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose token came with the request; `user` is None for an application's own token."""

    app_id: str
    user: Person | None = None

    def signature(self, world: World) -> Document:
        """The identity set of `createdBy`; names in it are always null."""
        user_id = self.user.graph_id if self.user else app_only_user(world)
        return {
            "user": {"displayName": None, "id": user_id},
            "application": {"displayName": None, "id": self.app_id},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A Graph request.

    Attributes:
        path: below the version, as sent: `/planner/tasks/…`.
        names: the variable segments of the route.
        query: decoded query options, names in lower case.
        headers: names in lower case.
        body: parsed JSON; None when there was none, `RawText` for plain text, `BadJson` when it could not be read.
        base: URL of the version, for nextLinks.
    """

    world: World
    caller: Caller
    method: str
    path: str
    base: str
    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def json(self) -> Document:
        """The body as an object.

        Raises:
            GraphError: there is none.
        """
        if isinstance(self.body, BadJson | RawText) or self.body is None:
            raise GraphError(400, _BAD_JSON, "BadRequest")
        if not isinstance(self.body, dict):
            raise invalid("Entity only allows writes with a JSON Content-Type header.")
        return self.body

    @property
    def wants_representation(self) -> bool:
        """`Prefer: return=representation`."""
        return "return=representation" in self.headers.get("prefer", "").replace(" ", "").lower()


class BadJson:
    """Stands for a body that is not JSON."""


@dataclass(frozen=True, slots=True)
class RawText:
    """A body of type text/plain, as it came."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a route answers; `body` is JSON, None for an empty one."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def entity(context: str, resource: Document, status: int = 200) -> Reply:
    """One resource with its context."""
    return Reply(status=status, body={"@odata.context": METADATA + context, **resource})


def selected(call: Call, resource: Document) -> Document:
    """The members named by `$select` (and the annotations); everything without it."""
    names = call.query.get("$select")
    if not names:
        return resource
    wanted = {name.strip() for name in names.split(",")}
    return {name: value for name, value in resource.items() if name in wanted or name.startswith("@")}


def collection(
    call: Call,
    context: str,
    found: Sequence[Document],
    show: Callable[[Document], Document],
    *,
    page: str = PLANNER_PAGE,
) -> Reply:
    """One page of a list.

    Args:
        call: with `$skiptoken` and `$select`.
        context: of the answer.
        found: stored documents, all of them.
        show: makes the resource out of a document; called for this page only.
        page: name of the switch that holds the page's size.
    """
    size, start = number(call.world, page), _skipped(call)
    body: Document = {
        "@odata.context": METADATA + context,
        "@odata.count": len(found),
        "value": [selected(call, show(document)) for document in found[start : start + size]],
    }
    if start + size < len(found):
        kept = "".join(f"&{k}={quote(v)}" for k, v in call.query.items() if k not in {"$skiptoken", "$top"})
        body["@odata.nextLink"] = f"{call.base}{call.path}?$skiptoken={start + size:06d}{kept}"
    return Reply(body=body)


def app_only_user(world: World) -> str | None:
    """The user id in identity sets of an application's own writes; nobody recorded one."""
    return SERVICE_PRINCIPAL_ID if world.switches["app_only_user"] == "service-principal" else None


def _skipped(call: Call) -> int:
    token = call.query.get("$skiptoken", "0")
    if not token.isdigit():
        raise GraphError(400, "Skip token is invalid.", "BadRequest")
    return int(token)
