"""Search by JQL with cursor tokens: eventually consistent, bounded, without a total."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from rollout_sync.sandbox.jira.answers import View, refused
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.jql.entry import Entry, Surroundings
from rollout_sync.sandbox.jira.jql.lexer import JqlError
from rollout_sync.sandbox.jira.jql.parser import parse
from rollout_sync.sandbox.jira.jql.predicates import predicate, sorted_by
from rollout_sync.sandbox.jira.jql.tree import Query
from rollout_sync.sandbox.jira.render import Wanted, issue_json, wanted
from rollout_sync.sandbox.jira.scheme import (
    CATEGORIES,
    ISSUE_TYPES,
    PRIORITIES,
    PROJECTS,
    RESOLUTIONS,
    STATUSES,
    names_of,
)
from rollout_sync.sandbox.jira.site import Site

PAGE: Final = 50
FULL_PAGE: Final = 100
"""Most issues of a page that shows more than ids and keys; the vendor says only that fewer than asked may come."""
ID_PAGE: Final = 5000
MAX_PROPERTIES: Final = 5
MAX_RECONCILE: Final = 50
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
_UNBOUNDED: Final = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
_ID: Final = frozenset({"id"})
_BARE: Final = frozenset({"id", "key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search request."""

    jql: str
    size: int = PAGE
    token: str = ""
    fields: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    reconcile: tuple[int, ...] = ()


def search(site: Site, view: View, request: Search) -> Json:
    """One page of a search. Issues that are gone but still indexed make it shorter than asked.

    Raises:
        Refusal: 400, for the query, the token or a limit.
    """
    _check(request)
    found = _found(site, view, request.jql, request.reconcile)
    start = _offset(request, site.now) if request.token else 0
    size = min(request.size, ID_PAGE if _is_only(request, _BARE) else FULL_PAGE)
    page = found[start : start + size]
    is_last = start + size >= len(found)
    rows = [_row(issue, site, view, request) for entry in page if (issue := site.issue(str(entry.id)))]
    body: Json = {"issues": rows, "isLast": is_last}
    return body if is_last else body | {"nextPageToken": _token(request, start + size, site.now)}


def count(site: Site, view: View, jql: str) -> int:
    """How many issues search believes to match.

    Raises:
        Refusal: 400, for the query.
    """
    return len(_found(site, view, jql, ()))


def read(jql: str) -> Query:
    """Parse a query that must restrict something.

    Raises:
        Refusal: 400, it cannot be read or has no restriction.
    """
    try:
        query = _parsed(jql)
    except JqlError as error:
        raise refused(str(error)) from error
    if query.where is None:
        raise refused(_UNBOUNDED)
    return query


@lru_cache(maxsize=256)
def _parsed(jql: str) -> Query:
    return parse(jql)


def _check(request: Search) -> None:
    if len(request.properties) > MAX_PROPERTIES:
        raise refused(f"The number of properties must not exceed the limit of {MAX_PROPERTIES}.")
    if len(request.reconcile) > MAX_RECONCILE:
        raise refused(f"The number of issues to reconcile must not exceed the limit of {MAX_RECONCILE}.")
    if request.size < 1:
        raise refused("The value of the parameter 'maxResults' must be a positive number.")


def _found(site: Site, view: View, jql: str, reconcile: tuple[int, ...]) -> list[Entry]:
    query = read(jql)
    entries: dict[int, Entry] = {entry.id: entry for entry in site.index.entries(site.now)}
    for number in reconcile:
        issue = site.issue(str(number))
        if issue is None or issue["archived"]:
            entries.pop(number, None)
        else:
            entries[number] = site.fresh_entry(issue)
    try:
        matches = predicate(query.where, _surroundings(site, view)) if query.where else bool
        hidden = {p for p in PROJECTS if not site.may(view.account, "BROWSE_PROJECTS", p)}
        found = [e for e in entries.values() if e.project not in hidden and matches(e)]
        return sorted_by(found, query.order)
    except JqlError as error:
        raise refused(str(error)) from error


def _row(issue: Issue, site: Site, view: View, request: Search) -> Json:
    if _is_only(request, _ID):
        return {"id": issue["id"]}
    return issue_json(site, issue, view, _wanted(request))


def _is_only(request: Search, names: frozenset[str]) -> bool:
    """Whether nothing but these members is asked for; asking for nothing means ids."""
    return names.issuperset(request.fields) and not request.properties and not request.expand


@lru_cache(maxsize=256)
def _wanted(request: Search) -> Wanted:
    return wanted(request.fields, properties=request.properties, expand=request.expand, default="id")


def _surroundings(site: Site, view: View) -> Surroundings:
    return Surroundings(
        account=view.account,
        now=view.now,
        zone=view.zone,
        resolution_ms=max(1, int(site.world.switches["jira_index_resolution_ms"])),
        unknown_key_is_error=site.world.switches.is_on("jira_unknown_key_is_error"),
        projects=_PROJECTS,
        statuses=_STATUSES,
        categories=_CATEGORIES,
        types=_TYPES,
        priorities=_PRIORITIES,
        resolutions=_RESOLUTIONS,
        people=_people(site),
        key_to_id=_key_to_id(site, view),
    )


def _key_to_id(site: Site, view: View) -> Callable[[str], int | None]:
    def find(key: str) -> int | None:
        issue: Issue | None = site.issue(key)
        return int(issue["id"]) if issue and site.is_visible(issue, view.account) else None

    return find


def _people(site: Site) -> Mapping[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for person in site.world.people.all():
        for name in (person.account_id, person.email, person.name):
            names[name.lower()] = names.get(name.lower(), frozenset()) | {person.account_id}
    return names


def _by_name(table: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Ids by every name that a query may use: the id itself, the English and the translated name."""
    found: dict[str, frozenset[str]] = {}
    for key, named in table.items():
        for name in {key.lower(), *names_of(named.name)}:
            found[name] = found.get(name, frozenset()) | {key}
    return found


_PROJECTS: Final = _by_name(PROJECTS) | {p.key.lower(): frozenset({p.id}) for p in PROJECTS.values()}
_STATUSES: Final = _by_name(STATUSES)
_CATEGORIES: Final = _by_name(CATEGORIES) | {str(c.id): frozenset({c.key}) for c in CATEGORIES.values()}
_TYPES: Final = _by_name(ISSUE_TYPES)
_PRIORITIES: Final = _by_name(PRIORITIES)
_RESOLUTIONS: Final = _by_name(RESOLUTIONS) | {"unresolved": frozenset[str]()}


def _fingerprint(request: Search) -> str:
    text = json.dumps([request.jql, sorted(request.reconcile)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _token(request: Search, offset: int, now: int) -> str:
    raw = json.dumps({"q": _fingerprint(request), "o": offset, "t": now}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _offset(request: Search, now: int) -> int:
    """Where a page starts. The list is made anew for each page, so rows may repeat or be skipped when it changes."""
    try:
        padded = request.token + "=" * (-len(request.token) % 4)
        kept = json.loads(base64.urlsafe_b64decode(padded))
        query, offset, issued = kept["q"], int(kept["o"]), int(kept["t"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise refused("The provided next page token is invalid.") from error
    if query != _fingerprint(request) or now - issued > _WEEK_MS:
        raise refused("The provided next page token is invalid or has expired.")
    return offset
