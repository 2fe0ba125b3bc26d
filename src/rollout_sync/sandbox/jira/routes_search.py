"""Operations that read many issues: search, count, bulk fetch, bulk changelog; and the search that was removed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from rollout_sync.sandbox.jira.answers import Call, Reply, refused, strings, typed
from rollout_sync.sandbox.jira.documents import Change, Issue, Json
from rollout_sync.sandbox.jira.fields import FIELDS
from rollout_sync.sandbox.jira.history import change_json
from rollout_sync.sandbox.jira.jql.lexer import JqlError
from rollout_sync.sandbox.jira.jql.parser import parse
from rollout_sync.sandbox.jira.render import issue_json, wanted
from rollout_sync.sandbox.jira.search import MAX_PROPERTIES, PAGE, Search, count, search
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import route

FETCH_LIMIT: Final = 100
LEAN_FETCH_LIMIT: Final = 1000
CHANGELOG_ISSUES: Final = 1000
CHANGELOG_FIELDS: Final = 10
CHANGELOG_PAGE: Final = 10_000
FETCH_CHANGELOG: Final = 40
"""Changes that an expanded changelog of a bulk fetch holds at most."""
_REMOVED: Final = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at CHANGE-2046."
)
_HEAVY_EXPAND: Final = frozenset(
    {"changelog", "editmeta", "operations", "renderedFields", "transitions", "versionedRepresentations"}
)
_SEARCH_MEMBERS: Final = (
    "expand",
    "fields",
    "fieldsByKeys",
    "includeArchivedProjects",
    "jql",
    "maxResults",
    "nextPageToken",
    "properties",
    "reconcileIssues",
)


@route("POST", "/search/jql", is_open=True)
def search_by_post(site: Site, call: Call) -> Reply:
    """One page of a search; members that the operation does not know are refused."""
    body = call.json(*_SEARCH_MEMBERS)
    request = Search(
        jql=typed(body.get("jql") or "", str),
        size=typed(body.get("maxResults", PAGE), int),
        token=typed(body.get("nextPageToken") or "", str),
        fields=tuple(strings(body.get("fields"))),
        properties=tuple(strings(body.get("properties"))),
        expand=_listed(body.get("expand")),
        reconcile=tuple(typed(number, int) for number in typed(body.get("reconcileIssues") or [], list)),
    )
    return Reply(body=search(site, call.view, request))


@route("GET", "/search/jql", is_open=True)
def search_by_get(site: Site, call: Call) -> Reply:
    """One page of a search."""
    reconcile = call.many("reconcileIssues")
    if not all(number.isdigit() for number in reconcile):
        raise refused("The parameter 'reconcileIssues' takes issue ids.")
    request = Search(
        jql=call.first("jql"),
        size=call.number("maxResults", PAGE),
        token=call.first("nextPageToken"),
        fields=tuple(call.many("fields")),
        properties=tuple(call.many("properties")),
        expand=tuple(call.many("expand")),
        reconcile=tuple(int(number) for number in reconcile),
    )
    return Reply(body=search(site, call.view, request))


@route("POST", "/search/approximate-count")
def approximate_count(site: Site, call: Call) -> Reply:
    """How many issues search believes to match."""
    return Reply(body={"count": count(site, call.view, typed(call.json("jql").get("jql") or "", str))})


@route("GET", "/search")
def removed_get(_site: Site, _call: Call) -> Reply:
    """The search with offsets, which is gone."""
    raise refused(_REMOVED, status=HTTPStatus.GONE)


@route("POST", "/search")
def removed_post(_site: Site, _call: Call) -> Reply:
    """The search with offsets, which is gone."""
    raise refused(_REMOVED, status=HTTPStatus.GONE)


@route("POST", "/jql/parse")
def parse_queries(_site: Site, call: Call) -> Reply:
    """Whether queries can be read; the structure is not given, only the errors."""
    found: list[Json] = []
    for jql in strings(call.json().get("queries")):
        try:
            parse(jql)
            found.append({"query": jql})
        except JqlError as error:
            found.append({"query": jql, "errors": [str(error)]})
    return Reply(body={"queries": found})


@route("POST", "/issue/bulkfetch", is_open=True)
def bulk_fetch(site: Site, call: Call) -> Reply:
    """Issues by id or key, by ascending id; missing and hidden ones are in no list at all."""
    body = call.json("expand", "fields", "fieldsByKeys", "issueIdsOrKeys", "properties")
    names = strings(body.get("issueIdsOrKeys"))
    fields, properties, expand = (strings(body.get(name)) for name in ("fields", "properties", "expand"))
    if not names:
        raise refused("issueIdsOrKeys must not be empty.")
    limit = LEAN_FETCH_LIMIT if _is_lean(fields, expand) else FETCH_LIMIT
    if len(names) > limit:
        raise refused(f"The number of issues requested must not exceed the limit of {limit}.")
    if len(properties) > MAX_PROPERTIES:
        raise refused(f"The number of properties must not exceed the limit of {MAX_PROPERTIES}.")
    show = wanted(fields, properties=properties, expand=expand, default="*navigable")
    issues = _known(site, call, names)
    shown = [_capped(issue_json(site, issue, call.view, show)) for issue in issues]
    return Reply(body={"expand": "schema,names", "issues": shown, "issueErrors": []})


@route("POST", "/changelog/bulkfetch")
def bulk_changelog(site: Site, call: Call) -> Reply:
    """Changes of many issues, oldest first; the moment of a change is a number here, as the service sends it."""
    body = call.json("fieldIds", "issueIdsOrKeys", "maxResults", "nextPageToken")
    names, fields = strings(body.get("issueIdsOrKeys")), strings(body.get("fieldIds"))
    size = typed(body.get("maxResults", 1000), int)
    _check_changelog(names, fields, size)
    start = _start(typed(body.get("nextPageToken") or "0", str))
    changes = sorted(
        (
            (change, issue)
            for issue in _known(site, call, names)
            for change in site.history(issue)
            if not fields or any(item["fieldId"] in fields for item in change["items"])
        ),
        key=lambda pair: (pair[0]["created"], int(pair[1]["id"]), int(pair[0]["id"])),
    )
    groups: dict[str, list[Json]] = {}
    for change, issue in changes[start : start + size]:
        groups.setdefault(issue["id"], []).append(_filtered(site, call, change, fields))
    shown: Json = {"issueChangeLogs": [{"issueId": name, "changeHistories": kept} for name, kept in groups.items()]}
    if start + size < len(changes):
        shown["nextPageToken"] = str(start + size)
    return Reply(body=shown)


def _listed(expand: object) -> tuple[str, ...]:
    """Search takes `expand` as one string with commas."""
    return tuple(part for part in typed(expand or "", str).split(",") if part)


def _is_lean(fields: list[str], expand: list[str]) -> bool:
    """Whether a bulk fetch may name up to 1000 issues: few named fields, none with many values, no heavy expand."""
    named = [name for name in fields if not name.startswith("-")]
    if not named or len(named) > FETCH_LIMIT or {"*all", "*navigable"} & set(named):
        return False
    return not _HEAVY_EXPAND & set(expand) and not any(name in FIELDS and FIELDS[name].is_multi_value for name in named)


def _known(site: Site, call: Call, names: list[str]) -> list[Issue]:
    found: dict[str, Issue] = {}
    for name in names:
        issue = site.issue(name)
        if issue is not None and site.is_visible(issue, call.view.account):
            found[issue["id"]] = issue
    return sorted(found.values(), key=lambda issue: int(issue["id"]))


def _capped(body: Json) -> Json:
    if "changelog" in body:
        kept = body["changelog"]["histories"][:FETCH_CHANGELOG]
        body["changelog"] = body["changelog"] | {"histories": kept, "maxResults": len(kept)}
    return body


def _check_changelog(names: list[str], fields: list[str], size: int) -> None:
    if not names or len(names) > CHANGELOG_ISSUES:
        raise refused(f"Between 1 and {CHANGELOG_ISSUES} issues are needed in issueIdsOrKeys.")
    if len(fields) > CHANGELOG_FIELDS:
        raise refused(f"The number of fieldIds must not exceed the limit of {CHANGELOG_FIELDS}.")
    if not 1 <= size <= CHANGELOG_PAGE:
        raise refused(f"maxResults must be between 1 and {CHANGELOG_PAGE}.")


def _start(token: str) -> int:
    if not token.isdigit():
        raise refused("The provided next page token is invalid.")
    return int(token)


def _filtered(site: Site, call: Call, change: Change, fields: list[str]) -> Json:
    body = change_json(site, change, call.view, is_numeric=True)
    body["items"] = [item for item in body["items"] if not fields or item["fieldId"] in fields]
    return body


ROUTES: Final = (
    search_by_post,
    search_by_get,
    approximate_count,
    removed_get,
    removed_post,
    parse_queries,
    bulk_fetch,
    bulk_changelog,
)
