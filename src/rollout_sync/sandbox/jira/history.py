"""The changelog: how a change of one field reads, and the three ways in which changes are listed."""

from __future__ import annotations

from typing import cast

from rollout_sync.sandbox.jira.adf import text_of
from rollout_sync.sandbox.jira.answers import View, timestamp
from rollout_sync.sandbox.jira.documents import Change, Issue, Json
from rollout_sync.sandbox.jira.fields import FIELDS
from rollout_sync.sandbox.jira.people import brief_person
from rollout_sync.sandbox.jira.scheme import LINK_TYPES, PRIORITIES, RELEASE_TRAINS, RESOLUTIONS
from rollout_sync.sandbox.jira.site import Site

_DAY = frozenset({"duedate", "customfield_10015", "customfield_10022"})
_PEOPLE = frozenset({"assignee", "reporter"})
_OPTIONS = {"priority": PRIORITIES, "resolution": RESOLUTIONS}


def field_item(site: Site, field: str, before: object, after: object) -> Json | None:
    """The changelog item of a field that went from one stored value to another; None when it stayed the same."""
    if before == after:
        return None
    item = _item(field, *_side(site, field, before), *_side(site, field, after))
    if field in _PEOPLE:
        item |= {"tmpFromAccountId": before, "tmpToAccountId": after}
    return item


def status_item(site: Site, before: str, after: str) -> Json:
    """The changelog item of a transition."""
    return _item("status", before, site.status_name(before), after, site.status_name(after))


def parent_item(site: Site, issue: Issue, before: Issue | None, after: Issue | None) -> Json:
    """The changelog item of a changed parent; team-managed projects and epics of company-managed ones differ."""
    is_team = site.project(issue).is_team_managed
    name = "IssueParentAssociation" if is_team else "Parent"
    old, new = (before or None), (after or None)
    item = _item(
        name,
        old["id"] if old else None,
        old["key"] if old else None,
        new["id"] if new else None,
        new["key"] if new else None,
    )
    return item | {"fieldId": "parent", "fieldtype": "jira"}


def link_item(other: Issue, type_id: str, *, is_source: bool, is_added: bool) -> Json:
    """The changelog item of a link, as one of its two issues shows it."""
    kind = LINK_TYPES[type_id]
    phrase = f"This issue {kind.outward if is_source else kind.inward} {other['key']}"
    ends = (None, None, other["key"], phrase) if is_added else (other["key"], phrase, None, None)
    return _item("Link", *ends) | {"fieldId": "issuelinks"}


def remote_item(title: str, *, is_added: bool) -> Json:
    """The changelog item of a link to something outside."""
    phrase = f'This issue links to "{title}"'
    ends = (None, None, title, phrase) if is_added else (title, phrase, None, None)
    return _item("RemoteIssueLink", *ends) | {"fieldId": ""}


def moved_items(before: Issue, after_key: str, after_project: tuple[str, str], old_name: str) -> list[Json]:
    """The changelog items of a move to another project."""
    return [
        _item("Key", None, before["key"], None, after_key) | {"fieldId": ""},
        _item("project", before["project"], old_name, *after_project),
    ]


def plain_item(field: str, before: tuple[str | None, str | None], after: tuple[str | None, str | None]) -> Json:
    """The changelog item of anything else: id and text before, id and text after."""
    return _item(field, *before, *after)


def change_json(site: Site, change: Change, view: View, *, is_numeric: bool = False) -> Json:
    """One change; `created` is epoch milliseconds in the bulk form, as the service sends it."""
    return {
        "id": change["id"],
        "author": brief_person(site, change["author"], view),
        "created": change["created"] if is_numeric else timestamp(change["created"], view.zone),
        "items": [dict(item) for item in change["items"]],
    }


def expanded(site: Site, issue: Issue, view: View, *, most: int = 100) -> Json:
    """The `changelog` that `expand=changelog` adds to an issue: newest first."""
    changes = site.history(issue)
    newest = list(reversed(changes))[:most]
    return {
        "startAt": 0,
        "maxResults": len(newest),
        "total": len(changes),
        "histories": [change_json(site, change, view) for change in newest],
    }


def _item(field: str, from_id: str | None, from_text: str | None, to_id: str | None, to_text: str | None) -> Json:
    kind = FIELDS.get(field)
    is_custom = kind is not None and kind.is_custom
    return {
        "field": kind.name if is_custom and kind else field,
        "fieldtype": "custom" if is_custom else "jira",
        "fieldId": field,
        "from": from_id,
        "fromString": from_text,
        "to": to_id,
        "toString": to_text,
    }


def _side(site: Site, field: str, value: object) -> tuple[str | None, str | None]:
    """Id and text of a stored value."""
    if value is None or value == []:
        return ("", "") if field == "labels" else (None, None)
    if field in _PEOPLE:
        person = site.world.people.by_account_id(str(value))
        return str(value), person.name if person else str(value)
    if field in _OPTIONS:
        return str(value), _OPTIONS[field][str(value)].name
    if field in _DAY:
        return str(value), f"{value} 00:00:00.0"
    return _text_side(field, value)


def _text_side(field: str, value: object) -> tuple[str | None, str | None]:
    if field == "labels":
        return "", " ".join(cast("list[str]", value))
    if isinstance(value, dict):
        return None, text_of(value)
    return None, RELEASE_TRAINS.get(str(value), str(value)) if field == "customfield_10300" else str(value)
