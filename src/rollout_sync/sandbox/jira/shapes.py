"""The site's configuration as the API shows it: projects, types, statuses, priorities, link types, fields, screens."""

from __future__ import annotations

from rollout_sync.sandbox.jira.answers import View
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.jira.fields import EPIC_NAME, FIELDS, RELEASE_TRAIN, FieldKind, ScreenField
from rollout_sync.sandbox.jira.people import person_json
from rollout_sync.sandbox.jira.scheme import (
    CATEGORIES,
    ISSUE_TYPES,
    PRIORITIES,
    RELEASE_TRAINS,
    IssueType,
    LinkType,
    Named,
    Project,
    translated,
)
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.seed import COORDINATOR


def category_json(key: str, view: View) -> Json:
    """A status category; `key` is stable, `name` is in the account's language."""
    category = CATEGORIES[key]
    return {
        "self": view.link(f"statuscategory/{category.id}"),
        "id": category.id,
        "key": category.key,
        "colorName": category.color,
        "name": translated(category.name, view.language),
    }


def status_json(site: Site, status_id: str, view: View) -> Json:
    """A status with its category."""
    status = site.status(status_id)
    body: Json = {
        "self": view.link(f"status/{status.id}"),
        "description": "",
        "iconUrl": f"{view.site_url}/",
        "name": translated(status.name, view.language),
        "untranslatedName": status.name,
        "id": status.id,
        "statusCategory": category_json(status.category, view),
    }
    return body | _scope(status.project)


def type_json(kind: IssueType, view: View) -> Json:
    """An issue type; match on `hierarchyLevel` or `untranslatedName`, names are translated."""
    body: Json = {
        "self": view.link(f"issuetype/{kind.id}"),
        "id": kind.id,
        "description": kind.description,
        "iconUrl": f"{view.site_url}/icons/{kind.id}.png",
        "name": translated(kind.name, view.language),
        "untranslatedName": kind.name,
        "subtask": kind.level < 0,
        "avatarId": 10300 + int(kind.id) % 100,
        "hierarchyLevel": kind.level,
    }
    return body | _scope(kind.project)


def project_json(site: Site, project: Project, view: View, *, is_full: bool = False) -> Json:
    """A project, as part of an issue or with its configuration."""
    body: Json = {
        "self": view.link(f"project/{project.id}"),
        "id": project.id,
        "key": project.key,
        "name": project.name,
        "projectTypeKey": "software",
        "simplified": project.is_team_managed,
        "avatarUrls": {"48x48": f"{view.site_url}/avatars/{project.key}.png"},
    }
    if not is_full:
        return body
    lead = site.world.people.by_email(COORDINATOR)
    return body | {
        "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
        "description": project.description,
        "lead": person_json(site, lead, view) if lead else None,
        "components": [],
        "issueTypes": [type_json(ISSUE_TYPES[type_id], view) for type_id in project.types],
        "assigneeType": "UNASSIGNED",
        "versions": [],
        "roles": {},
        "style": "next-gen" if project.is_team_managed else "classic",
        "isPrivate": False,
        "archived": False,
        "properties": {},
    }


def named_json(kind: str, named: Named, view: View) -> Json:
    """A priority or a resolution."""
    body: Json = {
        "self": view.link(f"{kind}/{named.id}"),
        "id": named.id,
        "name": translated(named.name, view.language),
        "description": named.description,
    }
    return body | ({"iconUrl": f"{view.site_url}/icons/priority-{named.id}.svg"} if kind == "priority" else {})


def link_type_json(kind: LinkType, view: View) -> Json:
    """A link type with its two phrases."""
    return {
        "id": kind.id,
        "name": kind.name,
        "inward": kind.inward,
        "outward": kind.outward,
        "self": view.link(f"issueLinkType/{kind.id}"),
    }


def field_json(kind: FieldKind, view: View) -> Json:
    """A field of the site, as `GET /field` lists it."""
    body: Json = {
        "id": kind.id,
        "key": kind.id,
        "name": translated(kind.name, view.language),
        "untranslatedName": kind.name,
        "custom": kind.is_custom,
        "orderable": kind.is_writable,
        "navigable": True,
        "searchable": bool(kind.clauses),
        "clauseNames": list(kind.clauses),
    }
    return body | ({"schema": kind.schema} if kind.schema else {})


def screen_field_json(site: Site, project: Project, kind: IssueType, field: ScreenField, view: View) -> Json:
    """A field of a create screen, as the create metadata shows it."""
    body: Json = {
        "required": field.is_required,
        "schema": field.kind.schema or {"type": "issuelink", "system": "parent"},
        "name": translated(field.kind.name, view.language),
        "fieldId": field.kind.id,
        "key": field.kind.id,
        "hasDefaultValue": field.has_default or field.kind.id == "priority",
        "operations": list(field.kind.operations),
    }
    allowed = _allowed(site, project, kind, field.kind.id, view)
    if allowed is not None:
        body["allowedValues"] = allowed
    if field.kind.id in {"assignee", "reporter"}:
        body["autoCompleteUrl"] = view.link(f"user/assignable/search?project={project.key}&query=")
    if field.kind.id == "labels":
        body["autoCompleteUrl"] = f"{view.base}/rest/api/1.0/labels/suggest?query="
    return body


def by_name(field: Json) -> Json:
    """A field of a screen where fields stand under their ids: the id is not repeated inside."""
    return {name: value for name, value in field.items() if name != "fieldId"}


def fields_of(project: Project) -> list[str]:
    """Ids of the fields that issues of a project show."""
    hidden: set[str] = {"customfield_10022"} if project.is_team_managed else set()
    if project.key != "REQ":
        hidden.add(RELEASE_TRAIN)
    if project.is_team_managed:
        hidden |= {EPIC_NAME, "customfield_10014"}
    return [name for name in FIELDS if name not in hidden]


def _allowed(site: Site, project: Project, kind: IssueType, name: str, view: View) -> list[Json] | None:
    match name:
        case "issuetype":
            return [type_json(kind, view)]
        case "project":
            return [project_json(site, project, view)]
        case "priority":
            return [named_json("priority", priority, view) for priority in PRIORITIES.values()]
        case "customfield_10300":
            return [
                {"self": view.link(f"customFieldOption/{option}"), "value": value, "id": option}
                for option, value in RELEASE_TRAINS.items()
            ]
        case _:
            return None


def _scope(project_id: str | None) -> Json:
    return {"scope": {"type": "PROJECT", "project": {"id": project_id}}} if project_id else {}
