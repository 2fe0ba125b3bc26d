"""Users and groups of the directory: one Microsoft 365 group that may hold plans, one security group that may not."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from rollout_sync.sandbox.graph.call import METADATA, Call, Reply, entity, selected
from rollout_sync.sandbox.graph.errors import GraphError, directory_not_found
from rollout_sync.sandbox.graph.filters import parse
from rollout_sync.sandbox.graph.resources import GROUPS
from rollout_sync.sandbox.seed import GROUP_ID, SECURITY_GROUP_ID, TENANT_DOMAIN, Person
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_DEFAULT_USER: Final = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
_PAGE, _LARGEST_PAGE = 100, 999
_OBJECT_URL: Final = re.compile(r"https?://.+/(?:directoryObjects|users)/([0-9a-fA-F-]{36})")


def seed(world: World) -> None:
    """The two groups, with everybody who is a member."""
    members = [who.graph_id for who in world.people.all() if who.is_member]
    world.store.put(GROUPS, GROUP_ID, _group(GROUP_ID, "IT change", ["Unified"], members))
    world.store.put(GROUPS, SECURITY_GROUP_ID, _group(SECURITY_GROUP_ID, "Approvers", [], members[:5]))


def get_me(call: Call) -> Reply:
    """GET /me: only for a signed-in user."""
    return entity("users/$entity", _shown(call, _as_user(signed_in(call))))


def list_users(call: Call) -> Reply:
    """GET /users with `$filter`, `$select` and `$top`."""
    everybody = [_as_user(who) for who in call.world.people.all()]
    return _listed(call, "users", everybody, by_default=_DEFAULT_USER)


def get_user(call: Call) -> Reply:
    """GET /users/{id or userPrincipalName}."""
    return entity("users/$entity", _shown(call, _as_user(find_user(call, call.names["user"]))))


def list_groups(call: Call) -> Reply:
    """GET /groups with `$filter` and `$select`."""
    return _listed(call, "groups", [_public(group) for group in call.world.store.scan(GROUPS)])


def get_group(call: Call) -> Reply:
    """GET /groups/{id}."""
    return entity("groups/$entity", selected(call, _public(find_group(call))))


def list_members(call: Call) -> Reply:
    """GET /groups/{id}/members and /owners: users with their type."""
    group = find_group(call)
    ids = group["owners"] if call.path.rstrip("/").endswith("owners") else group["members"]
    found = [who for who in map(call.world.people.by_graph_id, ids) if who is not None]
    typed = [{"@odata.type": "#microsoft.graph.user", **_as_user(who)} for who in found]
    return _listed(call, "directoryObjects", typed, by_default=_DEFAULT_USER)


def add_member(call: Call) -> Reply:
    """POST /groups/{id}/members/$ref."""
    group = find_group(call)
    found = _OBJECT_URL.fullmatch(str(call.json().get("@odata.id", "")))
    if found is None:
        raise GraphError(400, "The '@odata.id' of a reference has to be the URL of a directory object.", "BadRequest")
    who = find_user(call, found[1])
    if who.graph_id in group["members"]:
        raise GraphError(
            400,
            "One or more added object references already exist for the following modified properties: 'members'.",
            "Request_BadRequest",
        )
    group["members"].append(who.graph_id)
    call.world.store.put(GROUPS, group["id"], group)
    return Reply(status=204)


def signed_in(call: Call) -> Person:
    """The user behind the token.

    Raises:
        GraphError: the token is an application's own.
    """
    if call.caller.user is None:
        raise GraphError(400, "/me request is only valid with delegated authentication flow.", "BadRequest")
    return call.caller.user


def find_user(call: Call, key: str) -> Person:
    """A user by id or userPrincipalName.

    Raises:
        GraphError: nobody.
    """
    who = call.world.people.by_email(key) if "@" in key else call.world.people.by_graph_id(key)
    if who is None:
        raise directory_not_found(key)
    return who


def find_group(call: Call) -> Document:
    """The group in the path.

    Raises:
        GraphError: none.
    """
    group = call.world.store.get(GROUPS, call.names["group"].lower())
    if group is None:
        raise directory_not_found(call.names["group"])
    return group


def _group(group_id: str, name: str, types: list[str], members: list[str]) -> Document:
    nickname = name.lower().replace(" ", "-")
    is_unified = "Unified" in types
    return {
        "id": group_id,
        "createdDateTime": "2026-01-05T08:00:00Z",
        "description": f"{name} at the sandbox company",
        "displayName": name,
        "groupTypes": types,
        "mail": f"{nickname}@{TENANT_DOMAIN}" if is_unified else None,
        "mailEnabled": is_unified,
        "mailNickname": nickname,
        "securityEnabled": not is_unified,
        "visibility": "Private" if is_unified else None,
        "members": members,
        "owners": members[1:2],
    }


def _public(group: Document) -> Document:
    return {name: value for name, value in group.items() if name not in {"members", "owners"}}


def _as_user(who: Person) -> Document:
    given, _, surname = who.name.partition(" ")
    return {
        "businessPhones": [],
        "displayName": who.name,
        "givenName": given,
        "jobTitle": who.title,
        "mail": who.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": who.email,
        "id": who.graph_id,
        "accountEnabled": who.is_active,
        "userType": "Member",
    }


def _shown(call: Call, user: Document) -> Document:
    """`$select`ed members, or the ones that come by default."""
    if call.query.get("$select"):
        return selected(call, user)
    return {name: user[name] for name in _DEFAULT_USER}


def _listed(call: Call, context: str, found: list[Document], *, by_default: tuple[str, ...] = ()) -> Reply:
    """A filtered page; the directory, unlike Planner, honours `$top`."""
    if "$filter" in call.query:
        found = list(filter(parse(call.query["$filter"]), found))
    size, start = _top(call), int(call.query.get("$skiptoken", "0") or 0)
    kept = [_narrowed(call, one, by_default) for one in found[start : start + size]]
    body: dict[str, Any] = {"@odata.context": METADATA + context}
    if call.query.get("$count") == "true":
        body["@odata.count"] = len(found)
    if start + size < len(found):
        rest = "".join(f"&{k}={quote(v)}" for k, v in call.query.items() if k != "$skiptoken")
        body["@odata.nextLink"] = f"{call.base}{call.path}?$skiptoken={start + size}{rest}"
    return Reply(body={**body, "value": kept})


def _narrowed(call: Call, one: Document, by_default: tuple[str, ...]) -> Document:
    if call.query.get("$select") or not by_default:
        return selected(call, one)
    return {name: value for name, value in one.items() if name in by_default or name.startswith("@")}


def _top(call: Call) -> int:
    asked = call.query.get("$top", str(_PAGE))
    if not asked.isdigit() or not 1 <= int(asked) <= _LARGEST_PAGE:
        raise GraphError(
            400, f"Invalid page size specified: '{asked}'. Must be between 1 and 999 inclusive.", "BadRequest"
        )
    return int(asked)
