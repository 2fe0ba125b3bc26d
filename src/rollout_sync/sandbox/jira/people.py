"""Accounts as Jira shows them, and who is asking: the credentials of site and gateway."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote

from rollout_sync.sandbox.jira.answers import Refusal, Reply, View, refused
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.seed import COORDINATOR, Person
from rollout_sync.sandbox.world import World

TOKEN: Final = "sandbox-token"  # noqa: S105 - published on purpose: it opens nothing but this sandbox
SCOPED_TOKEN: Final = "sandbox-scoped-token"  # noqa: S105 - as above
PAT: Final = "sandbox-pat"

_SIZES: Final = ("48x48", "24x24", "16x16", "32x32")


class _HasWorld(Protocol):
    @property
    def world(self) -> World: ...


def person_json(site: _HasWorld, person: Person, view: View) -> Json:
    """An account with everything that its profile shows."""
    is_hidden = site.world.switches.is_on("jira_hide_emails") and person.account_id != view.account
    body: Json = {
        "self": view.link(f"user?accountId={quote(person.account_id, safe='')}"),
        "accountId": person.account_id,
        "accountType": "atlassian",
        "emailAddress": "" if is_hidden else person.email,
        "avatarUrls": {size: f"{view.site_url}/avatars/{size}.png" for size in _SIZES},
        "displayName": person.name,
        "active": person.is_active,
        "timeZone": person.time_zone,
        "locale": "de_DE" if view.language == "de" else "en_US",
    }
    return body


def brief_person(site: _HasWorld, account: str | None, view: View) -> Json | None:
    """An account inside another answer; None for nobody."""
    if account is None:
        return None
    person = site.world.people.by_account_id(account)
    if person is None:
        return {"accountId": account, "displayName": "Former user", "active": False, "accountType": "atlassian"}
    body = person_json(site, person, view)
    del body["locale"]
    return body


def who_asks(world: World, authorization: str, *, is_gateway: bool) -> Person | None:
    """The account behind an Authorization header; None for an anonymous visitor.

    Raises:
        Refusal: 401, the credentials are wrong, or belong to the other base URL.
    """
    coordinator = world.people.by_email(COORDINATOR)
    if not authorization:
        return coordinator if world.switches.is_on("no_auth") else None
    scheme, _, rest = authorization.partition(" ")
    known = {
        "basic": _basic_accounts(is_gateway=is_gateway),
        "bearer": {SCOPED_TOKEN: COORDINATOR} if is_gateway else {PAT: COORDINATOR},
    }
    secret = _decoded(rest) if scheme.lower() == "basic" else rest.strip()
    email = known.get(scheme.lower(), {}).get(secret)
    person = world.people.by_email(email) if email else None
    if person is not None and person.is_active:
        return person
    if world.switches.is_on("no_auth"):
        return coordinator
    raise unauthorized(is_gateway=is_gateway)


def unauthorized(*, is_gateway: bool) -> Refusal:
    """401 of the site, or of the gateway, whose body has another shape."""
    if is_gateway:
        return Refusal(
            Reply(status=HTTPStatus.UNAUTHORIZED, body={"code": HTTPStatus.UNAUTHORIZED, "message": "Unauthorized"})
        )
    return refused(
        "Client must be authenticated to access this resource.",
        status=HTTPStatus.UNAUTHORIZED,
        headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": 'OAuth realm="sandbox"'},
    )


def check_scope(world: World, method: str, path: str) -> None:
    """Refuse what the scoped token was not made for.

    Raises:
        Refusal: 401 in the gateway's own shape.
    """
    granted = str(world.switches["jira_scopes"]).split()
    if _needed_scope(method, path) not in granted:
        body = {"code": HTTPStatus.UNAUTHORIZED, "message": "Unauthorized; scope does not match"}
        raise Refusal(Reply(status=HTTPStatus.UNAUTHORIZED, body=body))


def _needed_scope(method: str, path: str) -> str:
    if path.startswith(("/user", "/myself", "/users")):
        return "read:jira-user"
    reads = path.endswith(("/search/jql", "/bulkfetch", "/approximate-count", "/changelog/bulkfetch", "/jql/parse"))
    return "read:jira-work" if method == "GET" or reads else "write:jira-work"


def _basic_accounts(*, is_gateway: bool) -> dict[str, str]:
    return {f"{COORDINATOR}:{SCOPED_TOKEN if is_gateway else TOKEN}": COORDINATOR}


def _decoded(text: str) -> str:
    try:
        email, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return f"{email.lower()}:{secret}"
