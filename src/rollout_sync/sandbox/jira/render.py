"""An issue as the API shows it: the fields that were asked for, in the caller's version, language and time zone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rollout_sync.sandbox.jira import wiki
from rollout_sync.sandbox.jira.answers import View, timestamp
from rollout_sync.sandbox.jira.documents import Comment, Issue, Json, Link, RemoteLink
from rollout_sync.sandbox.jira.fields import EPIC_LINK, FIELDS, RELEASE_TRAIN
from rollout_sync.sandbox.jira.history import expanded
from rollout_sync.sandbox.jira.people import brief_person
from rollout_sync.sandbox.jira.scheme import (
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    PROJECTS,
    RELEASE_TRAINS,
    RESOLUTIONS,
    translated,
)
from rollout_sync.sandbox.jira.shapes import (
    category_json,
    fields_of,
    link_type_json,
    named_json,
    project_json,
    status_json,
    type_json,
)
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.workflow import on_offer, transition_json

_NAMES: Final = {kind.name.lower(): kind.id for kind in FIELDS.values()} | {name.lower(): name for name in FIELDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which parts of an issue to show; `fields` None means all of them."""

    fields: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()
    properties: tuple[str, ...] = ()
    expand: frozenset[str] = frozenset()

    def names(self, issue: Issue) -> list[str]:
        """The fields to show of one issue."""
        present = fields_of(PROJECTS[issue["project"]])
        return [n for n in present if (self.fields is None or n in self.fields) and n not in self.hidden]


def wanted(
    names: Sequence[str], *, properties: Sequence[str] = (), expand: Collection[str] = (), default: str = "*all"
) -> Wanted:
    """Read a `fields` parameter: names, `*all`, `*navigable`, and `-name` for what to leave out."""
    asked = list(names) or [default]
    hidden = frozenset(_NAMES.get(n[1:].lower(), n[1:]) for n in asked if n.startswith("-"))
    shown = [n for n in asked if not n.startswith("-")] or [default]
    fields: frozenset[str] | None = frozenset(_NAMES.get(n.lower(), n) for n in shown)
    if "*all" in shown:
        fields = None
    elif "*navigable" in shown:
        heavy = {"comment", "worklog", "attachment"} - frozenset(shown)
        fields, hidden = None, hidden | heavy
    return Wanted(fields=fields, hidden=hidden, properties=tuple(properties), expand=frozenset(expand))


def issue_json(site: Site, issue: Issue, view: View, show: Wanted) -> Json:
    """One issue."""
    names = [name for name in show.names(issue) if name != "parent" or issue["parent"]]
    body: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue["id"],
        "self": view.link(f"issue/{issue['id']}"),
        "key": issue["key"],
        "fields": {name: _RENDERERS[name](site, issue, view) for name in names},
    }
    if show.properties:
        kept = issue["properties"]
        everything = "*all" in show.properties
        body["properties"] = {k: v for k, v in kept.items() if everything or k in show.properties}
    if show.expand:
        body |= _expanded(site, issue, view, show)
    return body


def brief_issue(site: Site, issue: Issue, view: View) -> Json:
    """An issue inside another one: as a parent, a subtask or the other end of a link."""
    return {
        "id": issue["id"],
        "key": issue["key"],
        "self": view.link(f"issue/{issue['id']}"),
        "fields": {
            "summary": issue["summary"],
            "status": status_json(site, issue["status"], view),
            "priority": _priority(site, issue, view),
            "issuetype": _type(site, issue, view),
        },
    }


def link_json(site: Site, issue: Issue, link: Link, view: View) -> Json:
    """A link in the list of one of its issues: the source shows the `outwardIssue`, the target the `inwardIssue`."""
    is_source = link["source"] == issue["id"]
    other = site.by_id(link["target"] if is_source else link["source"])
    return {
        "id": link["id"],
        "self": view.link(f"issueLink/{link['id']}"),
        "type": link_type_json(LINK_TYPES[link["type"]], view),
        "outwardIssue" if is_source else "inwardIssue": brief_issue(site, other, view),
    }


def rich(document: Json | None, view: View) -> Json | str | None:
    """Rich text in the caller's version."""
    return wiki.to_wiki(document) if view.version == "2" else document


def comment_json(site: Site, comment: Comment, view: View, *, with_properties: bool = False) -> Json:
    """One comment."""
    body: Json = {
        "self": view.link(f"issue/{comment['issue']}/comment/{comment['id']}"),
        "id": comment["id"],
        "author": brief_person(site, comment["author"], view),
        "body": rich(comment["body"], view),
        "updateAuthor": brief_person(site, comment["editor"], view),
        "created": timestamp(comment["created"], view.zone),
        "updated": timestamp(comment["updated"], view.zone),
        "jsdPublic": True,
    }
    if with_properties:
        body["properties"] = [{"key": key, "value": value} for key, value in comment["properties"].items()]
    return body


def remote_link_json(issue: Issue, link: RemoteLink, view: View) -> Json:
    """One link to something outside. What it does not have is left out, or empty where it is an object (recorded)."""
    thing = {name: value for name, value in link["object"].items() if value is not None}
    body: Json = {
        "id": link["id"],
        "self": view.link(f"issue/{issue['id']}/remotelink/{link['id']}"),
        "globalId": link["globalId"],
        "application": link["application"] or {},
        "relationship": link["relationship"],
        "object": thing | {"icon": thing.get("icon", {}), "status": {"icon": {}} | thing.get("status", {})},
    }
    return {name: value for name, value in body.items() if value is not None}


def _expanded(site: Site, issue: Issue, view: View, show: Wanted) -> Json:
    body: Json = {}
    if "changelog" in show.expand:
        body["changelog"] = expanded(site, issue, view)
    if "transitions" in show.expand:
        moves = on_offer(site, issue, view.account)
        body["transitions"] = [transition_json(site, m, status_json(site, m.status, view)) for m in moves]
    if "names" in show.expand:
        body["names"] = {name: translated(FIELDS[name].name, view.language) for name in show.names(issue)}
    if "schema" in show.expand:
        body["schema"] = {name: FIELDS[name].schema for name in show.names(issue) if FIELDS[name].schema}
    return body


def _type(_site: Site, issue: Issue, view: View) -> Json:
    return type_json(ISSUE_TYPES[issue["type"]], view)


def _priority(_site: Site, issue: Issue, view: View) -> Json:
    return named_json("priority", PRIORITIES[issue["priority"]], view)


def _resolution(_site: Site, issue: Issue, view: View) -> Json | None:
    found = issue["resolution"]
    return named_json("resolution", RESOLUTIONS[found], view) if found else None


def _parent(site: Site, issue: Issue, view: View) -> Json | None:
    return brief_issue(site, site.by_id(issue["parent"]), view) if issue["parent"] else None


def _subtasks(site: Site, issue: Issue, view: View) -> list[Json]:
    subtasks = [child for child in site.children(issue) if ISSUE_TYPES[child["type"]].level < 0]
    return [brief_issue(site, child, view) for child in subtasks]


def _links(site: Site, issue: Issue, view: View) -> list[Json]:
    seen = [link for link in site.links(issue) if _other_is_visible(site, issue, link, view)]
    return [link_json(site, issue, link, view) for link in seen]


def _other_is_visible(site: Site, issue: Issue, link: Link, view: View) -> bool:
    other = link["target"] if link["source"] == issue["id"] else link["source"]
    return site.is_visible(site.by_id(other), view.account)


def _comments(site: Site, issue: Issue, view: View) -> Json:
    comments = [comment_json(site, comment, view) for comment in site.comments(issue)]
    place = view.link(f"issue/{issue['id']}/comment")
    return {"comments": comments, "self": place, "maxResults": len(comments), "total": len(comments), "startAt": 0}


def _watches(_site: Site, issue: Issue, view: View) -> Json:
    count, watching = len(issue["watchers"]), view.account in issue["watchers"]
    return {"self": view.link(f"issue/{issue['key']}/watchers"), "watchCount": count, "isWatching": watching}


def _epic_link(site: Site, issue: Issue, _view: View) -> str | None:
    parent = issue["parent"]
    if not parent or ISSUE_TYPES[issue["type"]].level != 0:
        return None
    return site.by_id(parent)["key"]


def _release_train(_site: Site, issue: Issue, view: View) -> Json | None:
    option = issue["custom"].get(RELEASE_TRAIN)
    if option is None:
        return None
    return {"self": view.link(f"customFieldOption/{option}"), "value": RELEASE_TRAINS[option], "id": option}


def _instant(name: str) -> Callable[[Site, Issue, View], Any]:
    def read(_site: Site, issue: Issue, view: View) -> str | None:
        value: int | None = issue[name]  # type: ignore[literal-required]
        return timestamp(value, view.zone) if value else None

    return read


def _plain(name: str) -> Callable[[Site, Issue, View], Any]:
    return lambda _site, issue, _view: issue[name]  # type: ignore[literal-required]


def _custom(name: str) -> Callable[[Site, Issue, View], Any]:
    return lambda _site, issue, _view: issue["custom"].get(name)


def _account(name: str) -> Callable[[Site, Issue, View], Any]:
    return lambda site, issue, view: brief_person(site, issue[name], view)  # type: ignore[literal-required]


_RENDERERS: Final[dict[str, Callable[[Site, Issue, View], Any]]] = {
    "summary": _plain("summary"),
    "description": lambda _site, issue, view: rich(issue["description"], view),
    "environment": lambda _site, issue, view: rich(issue["environment"], view),
    "issuetype": _type,
    "project": lambda site, issue, view: project_json(site, site.project(issue), view),
    "parent": _parent,
    "priority": _priority,
    "assignee": _account("assignee"),
    "reporter": _account("reporter"),
    "creator": _account("creator"),
    "labels": lambda _site, issue, _view: list(issue["labels"]),
    "duedate": _plain("duedate"),
    "issuelinks": _links,
    "comment": _comments,
    "resolution": _resolution,
    "status": lambda site, issue, view: status_json(site, issue["status"], view),
    "statusCategory": lambda site, issue, view: category_json(site.status(issue["status"]).category, view),
    "statuscategorychangedate": _instant("category_since"),
    "created": _instant("created"),
    "updated": _instant("updated"),
    "resolutiondate": _instant("resolved"),
    "subtasks": _subtasks,
    "watches": _watches,
    "votes": lambda _site, issue, view: {
        "self": view.link(f"issue/{issue['key']}/votes"),
        "votes": 0,
        "hasVoted": False,
    },
    "attachment": lambda _site, _issue, _view: [],
    "worklog": lambda _site, _issue, _view: {"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []},
    EPIC_LINK: _epic_link,
    RELEASE_TRAIN: _release_train,
} | {name: _custom(name) for name in ("customfield_10011", "customfield_10015", "customfield_10022")}
