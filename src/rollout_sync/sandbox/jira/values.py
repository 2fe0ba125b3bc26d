"""One reader per field: what a caller may write, and in which words Jira refuses the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from rollout_sync.sandbox.jira import adf, wiki
from rollout_sync.sandbox.jira.answers import View
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.fields import EPIC_LINK, EPIC_NAME, RELEASE_TRAIN, START_DATE
from rollout_sync.sandbox.jira.scheme import (
    ISSUE_TYPES,
    PRIORITIES,
    RELEASE_TRAINS,
    RESOLUTIONS,
    IssueType,
    Project,
    names_of,
)
from rollout_sync.sandbox.jira.site import Site

SUMMARY_LIMIT: Final = 255
TEXT_LIMIT: Final = 32_767
LABEL_LIMIT: Final = 255

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TOO_LONG: Final = f"The entered text is too long. It exceeds the allowed limit of {TEXT_LIMIT:,} characters."
_NOT_OBJECT: Final = "data was not an object"


class FieldFault(Exception):
    """A value that a field does not take; `key` where Jira files the complaint under another name than the field's."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The issue being written: its project and type; `issue` is None while it is being created."""

    site: Site
    view: View
    project: Project
    kind: IssueType
    issue: Issue | None = None


Reader = Callable[[Target, object], Any]


def read_summary(_target: Target, raw: object) -> str:
    """One line, at most 255 characters."""
    if raw is None:
        raise FieldFault("You must specify a summary of the issue.")
    if not isinstance(raw, str):
        raise FieldFault("Operation value must be a string")
    if not raw.strip():
        raise FieldFault("You must specify a summary of the issue.")
    if "\n" in raw or "\r" in raw:
        raise FieldFault("The summary is invalid because it contains newline characters.")
    if len(raw) > SUMMARY_LIMIT:
        raise FieldFault(f"Summary can't exceed {SUMMARY_LIMIT} characters.")
    return raw.strip()


def read_rich(target: Target, raw: object) -> Json | None:
    """Rich text: a document in version 3 of the API, wiki markup in version 2."""
    if raw is None:
        return None
    if target.view.version == "2":
        if not isinstance(raw, str):
            raise FieldFault("Operation value must be a string")
        if len(raw) > TEXT_LIMIT:
            raise FieldFault(_TOO_LONG)
        return wiki.to_document(raw) if raw else None
    return read_document(target.site, raw)


def read_document(site: Site, raw: object) -> Json:
    """An Atlassian document."""
    if not isinstance(raw, dict) or not adf.is_document(raw):
        raise FieldFault(
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
        )
    if adf.fault(raw) is not None:
        raise FieldFault("INVALID_INPUT")
    is_serialized = site.world.switches["jira_adf_limit"] == "serialized"
    size = len(json.dumps(raw, ensure_ascii=False)) if is_serialized else len(adf.text_of(raw))
    if size > TEXT_LIMIT:
        raise FieldFault(_TOO_LONG)
    return raw


def read_labels(_target: Target, raw: object) -> list[str]:
    """Labels without spaces; repeated ones count once."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise FieldFault("data was not an array")
    return list(dict.fromkeys(read_label(label) for label in raw))


def read_label(raw: object) -> str:
    """One label."""
    if not isinstance(raw, str):
        raise FieldFault("string expected at index 0")
    if any(char.isspace() for char in raw):
        raise FieldFault(f"The label '{raw}' contains spaces which is invalid.")
    if not raw or len(raw) > LABEL_LIMIT:
        raise FieldFault(
            f"The label '{raw}' exceeds the maximum length for a single label of {LABEL_LIMIT} characters."
        )
    return raw


def read_day(_target: Target, raw: object) -> str | None:
    """A calendar day."""
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str) or not _is_day(raw):
        raise FieldFault(f"Error parsing date string: {raw}")
    return raw


def read_person(target: Target, raw: object) -> str | None:
    """An account by its id; names and e-mail addresses are not taken on Cloud."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FieldFault(_NOT_OBJECT)
    account = raw.get("accountId", raw.get("id", ""))
    if account is None and ("accountId" in raw or "id" in raw):
        return None
    person = target.site.world.people.by_account_id(account) if isinstance(account, str) else None
    if person is None:
        raise FieldFault("Specify a valid accountId for an active user.")
    return person.account_id


def read_assignee(target: Target, raw: object) -> str | None:
    """An account that may be assigned to issues of the project."""
    account = read_person(target, raw)
    if account is None:
        return None
    person = target.site.world.people.by_account_id(account)
    may = target.site.may(account, "ASSIGNABLE_USER", target.project.id)
    if person is None or not person.is_active or not may:
        raise FieldFault(f"User '{account}' cannot be assigned issues.")
    return account


def read_reporter(target: Target, raw: object) -> str:
    """An account; every issue has a reporter here."""
    account = read_person(target, raw)
    if account is None:
        raise FieldFault("Reporter is required.")
    return account


def read_priority(_target: Target, raw: object) -> str:
    """A priority by id or name."""
    return _named(raw, {p.id: p.name for p in PRIORITIES.values()}, "The priority selected is invalid.")


def read_resolution(_target: Target, raw: object) -> str | None:
    """A resolution by id or name."""
    if raw is None:
        return None
    return _named(raw, {r.id: r.name for r in RESOLUTIONS.values()}, "The resolution selected is invalid.")


def read_type(target: Target, raw: object) -> str:
    """Another issue type of the same project and level."""
    found = _named(raw, {t: ISSUE_TYPES[t].name for t in target.project.types}, "The issue type selected is invalid.")
    if ISSUE_TYPES[found].level != target.kind.level:
        raise FieldFault("The issue type selected is invalid.")
    return found


def read_option(_target: Target, raw: object) -> str | None:
    """An option of the select field, by id or value."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FieldFault("Specify a valid 'id' or 'name' for Release train")
    if str(raw.get("id")) in RELEASE_TRAINS:
        return str(raw["id"])
    for option, value in RELEASE_TRAINS.items():
        if raw.get("value") == value:
            return option
    if "id" in raw:
        raise FieldFault(f"Option id '{raw['id']}' is not valid")
    raise FieldFault(f"Option value '{raw.get('value')}' is not valid")


def read_text(_target: Target, raw: object) -> str | None:
    """A short text of a custom field."""
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        raise FieldFault("Operation value must be a string")
    if len(raw) > SUMMARY_LIMIT:
        raise FieldFault("The entered text is too long. It exceeds the allowed limit of 255 characters.")
    return raw


def read_parent(target: Target, raw: object) -> str | None:
    """An issue one level up; team-managed projects keep to themselves, and so do subtasks."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FieldFault(_NOT_OBJECT)
    name = raw.get("key", raw.get("id"))
    if name is None:
        return None
    return _parent(target, str(name))


def read_epic_link(target: Target, raw: object) -> str | None:
    """The old way to name the parent: an epic's key as a bare string."""
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise FieldFault("Epic Link value must be the key of an epic")
    return _parent(target, raw)


READERS: Final[dict[str, Reader]] = {
    "summary": read_summary,
    "description": read_rich,
    "environment": read_rich,
    "labels": read_labels,
    "duedate": read_day,
    "assignee": read_assignee,
    "reporter": read_reporter,
    "priority": read_priority,
    "resolution": read_resolution,
    "issuetype": read_type,
    "parent": read_parent,
    EPIC_NAME: read_text,
    EPIC_LINK: read_epic_link,
    START_DATE: read_day,
    "customfield_10022": read_day,
    RELEASE_TRAIN: read_option,
}
"""Every field that `fields` may set, besides project, which only a create takes."""


def named_type(project: Project, raw: object) -> IssueType:
    """The issue type that a create asks for."""
    if raw is None:
        raise FieldFault("Specify an issue type")
    names = {type_id: ISSUE_TYPES[type_id].name for type_id in project.types}
    return ISSUE_TYPES[_named(raw, names, "The issue type selected is invalid.")]


def _parent(target: Target, name: str) -> str:
    parent = target.site.issue(name)
    if parent is None or not target.site.is_visible(parent, target.view.account):
        raise FieldFault("Could not find issue by id or key.")
    if ISSUE_TYPES[parent["type"]].level != target.kind.level + 1:
        raise FieldFault("Given parent work item does not belong to appropriate hierarchy", "parentId")
    if parent["project"] != target.project.id and not _may_cross(target, target.site.project(parent)):
        raise FieldFault("Given parent work item does not belong to the same project", "parentId")
    return parent["id"]


def _may_cross(target: Target, other: Project) -> bool:
    is_managed_alike = not target.project.is_team_managed and not other.is_team_managed
    return is_managed_alike and target.kind.level == 0 and target.site.world.switches.is_on("jira_cross_project_parent")


def _named(raw: object, names: dict[str, str], complaint: str) -> str:
    if not isinstance(raw, dict):
        raise FieldFault(_NOT_OBJECT)
    if "id" in raw:
        if str(raw["id"]) in names:
            return str(raw["id"])
        raise FieldFault(complaint)
    wanted = str(raw.get("name", "")).lower()
    for found, name in names.items():
        if wanted in names_of(name):
            return found
    raise FieldFault(complaint)


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
