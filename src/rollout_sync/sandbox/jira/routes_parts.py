"""Operations on what hangs on an issue: properties, comments, links, remote links, watchers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, cast

from rollout_sync.sandbox.jira import links
from rollout_sync.sandbox.jira.answers import (
    BAD_PAYLOAD,
    Call,
    Refusal,
    Reply,
    envelope,
    not_found,
    refused,
    typed,
)
from rollout_sync.sandbox.jira.changes import write_properties
from rollout_sync.sandbox.jira.creation import add_comments
from rollout_sync.sandbox.jira.documents import COMMENTS, ISSUES, REMOTE_LINKS, Comment, Issue, Json, Link, RemoteLink
from rollout_sync.sandbox.jira.drafts import checked_property, issue_named, link_type, read_properties
from rollout_sync.sandbox.jira.people import brief_person
from rollout_sync.sandbox.jira.render import brief_issue, comment_json, remote_link_json
from rollout_sync.sandbox.jira.routes_issues import visible
from rollout_sync.sandbox.jira.scheme import ISSUE_TYPES, LINK_TYPES
from rollout_sync.sandbox.jira.shapes import link_type_json
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import route
from rollout_sync.sandbox.jira.values import FieldFault, Target, read_rich

MAX_COMMENTS: Final = 5000
MOST_IDS: Final = 1000
_NO_LINK_TYPE: Final = "No issue link type with name '{0}' found."


@route("GET", "/issue/{issue}/properties")
def property_keys(site: Site, call: Call) -> Reply:
    """Keys of the properties of an issue."""
    issue = visible(site, call)
    return Reply(body={"keys": [{"self": _property_url(call, issue, key), "key": key} for key in issue["properties"]]})


@route("GET", "/issue/{issue}/properties/{key}")
def get_property(site: Site, call: Call) -> Reply:
    """One property."""
    issue, key = visible(site, call), call.path["key"]
    _known_property(issue, key)
    return Reply(body={"key": key, "value": issue["properties"][key]})


@route("PUT", "/issue/{issue}/properties/{key}", is_raw=True)
def put_property(site: Site, call: Call) -> Reply:
    """Set a property to the body, whatever JSON it is: 201 for a new one, 200 for a replaced one."""
    issue, key = visible(site, call), call.path["key"]
    _may_edit(site, call, issue)
    is_new = key not in issue["properties"]
    write_properties(site, issue, {key: checked_property(key, call.body)})
    return Reply(status=HTTPStatus.CREATED if is_new else HTTPStatus.OK, body={})


@route("DELETE", "/issue/{issue}/properties/{key}")
def delete_property(site: Site, call: Call) -> Reply:
    """Delete a property."""
    issue, key = visible(site, call), call.path["key"]
    _may_edit(site, call, issue)
    _known_property(issue, key)
    issue["properties"] = {name: value for name, value in issue["properties"].items() if name != key}
    write_properties(site, issue, {})
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("GET", "/issue/{issue}/comment")
def comments(site: Site, call: Call) -> Reply:
    """Comments of an issue, in pages."""
    issue = visible(site, call)
    found = site.comments(issue)
    if call.first("orderBy") == "-created":
        found = list(reversed(found))
    start, size = max(0, call.number("startAt", 0)), max(0, call.number("maxResults", 50))
    with_properties = "properties" in call.many("expand")
    part = [comment_json(site, c, call.view, with_properties=with_properties) for c in found[start : start + size]]
    return Reply(body={"startAt": start, "maxResults": size, "total": len(found), "comments": part})


@route("POST", "/comment/list")
def comments_by_id(site: Site, call: Call) -> Reply:
    """Comments by their ids, those that the caller may see; the documented way to their properties."""
    ids = call.json().get("ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IDS:
        raise refused(f"Between 1 and {MOST_IDS} comment ids are needed.")
    kept = (cast("Comment | None", site.store.get(COMMENTS, str(one))) for one in ids)
    owned = ((one, cast("Issue | None", site.store.get(ISSUES, one["issue"]))) for one in kept if one)
    seen = [one for one, issue in owned if issue and site.is_visible(issue, call.view.account)]
    with_properties = "properties" in call.many("expand")
    part = [comment_json(site, one, call.view, with_properties=with_properties) for one in seen]
    return Reply(
        body={"startAt": 0, "maxResults": 1048576, "total": len(part), "isLast": True, "values": part},
    )


@route("POST", "/issue/{issue}/comment")
def add_comment(site: Site, call: Call) -> Reply:
    """Add a comment, with properties that can hold a marker."""
    issue, body = visible(site, call), call.json()
    if not site.may(call.view.account, "ADD_COMMENTS", issue["project"]):
        raise refused("You do not have permission to comment on this issue.")
    if len(site.comments(issue)) >= MAX_COMMENTS:
        raise refused("The issue has too many comments.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    wanted = {"body": _comment_body(site, call, issue, body), "properties": read_properties(body.get("properties"))}
    comment = add_comments(site, call.view.account, issue, [wanted])[0]
    shown = comment_json(site, comment, call.view)
    return Reply(status=HTTPStatus.CREATED, body=shown, headers={"Location": str(shown["self"])})


@route("GET", "/issue/{issue}/comment/{id}")
def get_comment(site: Site, call: Call) -> Reply:
    """One comment."""
    comment = _comment(site, call, visible(site, call))
    shown = comment_json(site, comment, call.view, with_properties="properties" in call.many("expand"))
    return Reply(body=shown)


@route("PUT", "/issue/{issue}/comment/{id}")
def edit_comment(site: Site, call: Call) -> Reply:
    """Write a comment over."""
    issue = visible(site, call)
    comment, body = _comment(site, call, issue), call.json()
    _may_edit(site, call, issue)
    comment["body"] = _comment_body(site, call, issue, body)
    comment["editor"], comment["updated"] = call.view.account, site.now
    if "properties" in body:
        comment["properties"] = read_properties(body["properties"])
    site.store.put(COMMENTS, comment["id"], cast("Json", comment))
    site.touch(issue)
    return Reply(body=comment_json(site, comment, call.view))


@route("DELETE", "/issue/{issue}/comment/{id}")
def delete_comment(site: Site, call: Call) -> Reply:
    """Delete a comment."""
    issue = visible(site, call)
    comment = _comment(site, call, issue)
    _may_edit(site, call, issue)
    site.store.delete(COMMENTS, comment["id"])
    site.touch(issue)
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("POST", "/issueLink")
def add_link(site: Site, call: Call) -> Reply:
    """Link two issues: the `inwardIssue` becomes the source, which says the outward phrase. An empty 201, always."""
    body = call.json()
    if not all(isinstance(body.get(name), dict) for name in ("type", "inwardIssue", "outwardIssue")):
        raise refused(BAD_PAYLOAD)
    kind = link_type(body["type"])
    if kind is None:
        raise not_found(_NO_LINK_TYPE.format(body["type"].get("name", body["type"].get("id", ""))))
    ends = [issue_named(site, call.view.account, body[name]) for name in ("inwardIssue", "outwardIssue")]
    source, target = ends
    if source is None or target is None:
        raise not_found()
    if not all(site.may(call.view.account, "LINK_ISSUES", end["project"]) for end in (source, target)):
        raise not_found("No Link Issue Permission for issue.")
    if source["id"] == target["id"]:
        raise refused("You cannot link an issue to itself.")
    comment = body.get("comment")
    wanted = _link_comment(site, call, source, comment) if isinstance(comment, dict) else None
    links.add_link(site, call.view.account, kind.id, (source, target))
    if wanted:
        add_comments(site, call.view.account, source, [wanted])
    return Reply(status=HTTPStatus.CREATED)


@route("GET", "/issueLink/{id}")
def get_link(site: Site, call: Call) -> Reply:
    """One link with both its issues."""
    link = _link(site, call)
    return Reply(
        body={
            "id": link["id"],
            "self": call.view.link(f"issueLink/{link['id']}"),
            "type": link_type_json(LINK_TYPES[link["type"]], call.view),
            "inwardIssue": brief_issue(site, site.by_id(link["source"]), call.view),
            "outwardIssue": brief_issue(site, site.by_id(link["target"]), call.view),
        }
    )


@route("DELETE", "/issueLink/{id}")
def delete_link(site: Site, call: Call) -> Reply:
    """Delete a link."""
    link = _link(site, call)
    source = site.by_id(link["source"])
    if not site.may(call.view.account, "LINK_ISSUES", source["project"]):
        raise not_found("No Link Issue Permission for issue.")
    links.remove_link(site, call.view.account, link)
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("GET", "/issue/{issue}/remotelink")
def remote_links(site: Site, call: Call) -> Reply:
    """Links to things outside: all, or the one with a globalId."""
    issue = visible(site, call)
    found = site.remote_links(issue)
    wanted = call.first("globalId")
    if not wanted:
        return Reply(body=[remote_link_json(issue, link, call.view) for link in found])
    for link in found:
        if link["globalId"] == wanted:
            return Reply(body=remote_link_json(issue, link, call.view))
    raise not_found("Unable to find remote issue link with the given global ID.")


@route("POST", "/issue/{issue}/remotelink")
def put_remote_link(site: Site, call: Call) -> Reply:
    """Add a remote link, or replace the one with the same globalId."""
    issue = visible(site, call)
    _may_link(site, call, issue)
    link, is_new = links.put_remote_link(site, call.view.account, issue, call.json())
    shown = {"id": link["id"], "self": call.view.link(f"issue/{issue['key']}/remotelink/{link['id']}")}
    return Reply(status=HTTPStatus.CREATED if is_new else HTTPStatus.OK, body=shown)


@route("DELETE", "/issue/{issue}/remotelink")
def delete_remote_link(site: Site, call: Call) -> Reply:
    """Delete a remote link by its globalId."""
    issue = visible(site, call)
    _may_link(site, call, issue)
    wanted = call.first("globalId")
    if not wanted:
        raise refused("The 'globalId' query parameter is required.")
    for link in site.remote_links(issue):
        if link["globalId"] == wanted:
            links.remove_remote_link(site, call.view.account, issue, link)
            return Reply(status=HTTPStatus.NO_CONTENT)
    raise not_found("Unable to find remote issue link with the given global ID.")


@route("GET", "/issue/{issue}/remotelink/{id}")
def get_remote_link(site: Site, call: Call) -> Reply:
    """One remote link by its id."""
    issue = visible(site, call)
    return Reply(body=remote_link_json(issue, _remote_link(site, call, issue), call.view))


@route("PUT", "/issue/{issue}/remotelink/{id}")
def edit_remote_link(site: Site, call: Call) -> Reply:
    """Write a remote link over."""
    issue = visible(site, call)
    _may_link(site, call, issue)
    links.replace_remote_link(site, _remote_link(site, call, issue), call.json())
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("DELETE", "/issue/{issue}/remotelink/{id}")
def delete_remote_link_by_id(site: Site, call: Call) -> Reply:
    """Delete a remote link by its id."""
    issue = visible(site, call)
    _may_link(site, call, issue)
    links.remove_remote_link(site, call.view.account, issue, _remote_link(site, call, issue))
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("GET", "/issue/{issue}/watchers")
def watchers(site: Site, call: Call) -> Reply:
    """Who watches an issue."""
    issue = visible(site, call)
    return Reply(
        body={
            "self": call.view.link(f"issue/{issue['key']}/watchers"),
            "isWatching": call.view.account in issue["watchers"],
            "watchCount": len(issue["watchers"]),
            "watchers": [brief_person(site, account, call.view) for account in issue["watchers"]],
        }
    )


@route("POST", "/issue/{issue}/watchers", is_raw=True)
def watch(site: Site, call: Call) -> Reply:
    """Add a watcher; the body is a bare JSON string, or nothing for the account that asks."""
    issue = visible(site, call)
    account = call.view.account if call.body is None else typed(call.body, str)
    if site.world.people.by_account_id(account) is None:
        raise refused(f'The user "{account}" does not exist.', status=HTTPStatus.NOT_FOUND)
    _watching(site, issue, list(dict.fromkeys([*issue["watchers"], account])))
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("DELETE", "/issue/{issue}/watchers")
def unwatch(site: Site, call: Call) -> Reply:
    """Remove a watcher by account id."""
    issue, account = visible(site, call), call.first("accountId")
    if not account:
        raise refused("The 'accountId' query parameter is required.")
    _watching(site, issue, [name for name in issue["watchers"] if name != account])
    return Reply(status=HTTPStatus.NO_CONTENT)


def _watching(site: Site, issue: Issue, accounts: list[str]) -> None:
    issue["watchers"] = accounts
    site.save(issue)


def _property_url(call: Call, issue: Issue, key: str) -> str:
    return call.view.link(f"issue/{issue['id']}/properties/{key}")


def _known_property(issue: Issue, key: str) -> None:
    if key not in issue["properties"]:
        raise not_found(f"The property with key '{key}' does not exist.")


def _may_edit(site: Site, call: Call, issue: Issue) -> None:
    if not site.may(call.view.account, "EDIT_ISSUES", issue["project"]):
        raise refused("You do not have permission to edit this issue.", status=HTTPStatus.FORBIDDEN)


def _may_link(site: Site, call: Call, issue: Issue) -> None:
    if not site.may(call.view.account, "LINK_ISSUES", issue["project"]):
        raise refused("You do not have permission to link issues.", status=HTTPStatus.FORBIDDEN)


def _comment(site: Site, call: Call, issue: Issue) -> Comment:
    for comment in site.comments(issue):
        if comment["id"] == call.path["id"]:
            return comment
    raise not_found(f"Can not find a comment for the id: {call.path['id']}.")


def _comment_body(site: Site, call: Call, issue: Issue, body: Json) -> Json:
    target = Target(
        site=site, view=call.view, project=site.project(issue), kind=ISSUE_TYPES[issue["type"]], issue=issue
    )
    try:
        found = read_rich(target, body.get("body"))
    except FieldFault as fault:
        errors = envelope(errors={"comment": fault.message})
        raise Refusal(Reply(status=HTTPStatus.BAD_REQUEST, body=errors)) from fault
    if not found:
        raise Refusal(
            Reply(status=HTTPStatus.BAD_REQUEST, body=envelope(errors={"comment": "Comment body can not be empty!"}))
        )
    return found


def _link_comment(site: Site, call: Call, issue: Issue, comment: Json) -> Json:
    return {"body": _comment_body(site, call, issue, comment), "properties": {}}


def _link(site: Site, call: Call) -> Link:
    link = links.link_by_id(site, call.path["id"])
    if link is None or not site.is_visible(site.by_id(link["source"]), call.view.account):
        raise not_found(f"No issue link with id '{call.path['id']}' exists.")
    return link


def _remote_link(site: Site, call: Call, issue: Issue) -> RemoteLink:
    kept = site.store.get(REMOTE_LINKS, call.path["id"])
    if kept is None or kept["issue"] != issue["id"]:
        raise not_found(f"Remote issue link with id '{call.path['id']}' does not exist.")
    return cast("RemoteLink", kept)


ROUTES: Final = (
    property_keys,
    get_property,
    put_property,
    delete_property,
    comments,
    comments_by_id,
    add_comment,
    get_comment,
    edit_comment,
    delete_comment,
    add_link,
    get_link,
    delete_link,
    remote_links,
    put_remote_link,
    delete_remote_link,
    get_remote_link,
    edit_remote_link,
    delete_remote_link_by_id,
    watchers,
    watch,
    unwatch,
)
