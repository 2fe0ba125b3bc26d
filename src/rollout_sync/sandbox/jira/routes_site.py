"""Operations on the site itself: what it is, who asks, what they may do, and its lists of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rollout_sync.sandbox.jira.answers import Call, Reply, epoch_ms, not_found, page, refused, timestamp
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.jira.fields import FIELDS
from rollout_sync.sandbox.jira.people import person_json
from rollout_sync.sandbox.jira.permissions import PERMISSIONS, Permission
from rollout_sync.sandbox.jira.scheme import (
    CATEGORIES,
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    names_of,
    project_named,
)
from rollout_sync.sandbox.jira.shapes import (
    category_json,
    field_json,
    link_type_json,
    named_json,
    status_json,
    type_json,
)
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import route


@route("GET", "/serverInfo", is_open=True)
def server_info(_site: Site, call: Call) -> Reply:
    """What the site is; `serverTime` is written in the account's zone, as on Cloud."""
    url = call.view.site_url
    return Reply(
        body={
            "baseUrl": url,
            "displayUrl": url,
            "displayUrlServicedeskHelpCenter": url,
            "displayUrlConfluence": url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100291,
            "buildDate": "2026-10-02T12:00:00.000+0200",
            "serverTime": timestamp(epoch_ms(call.view.now), call.view.zone),
            "scmInfo": "0f3c5d7e9a1b2c4d6e8f0a1b2c3d4e5f60718293",
            "serverTitle": "Jira",
            "defaultLocale": {"locale": "de_DE" if call.view.language == "de" else "en_US"},
            "serverTimeZone": "Etc/UTC",
        }
    )


@route("GET", "/myself")
def myself(site: Site, call: Call) -> Reply:
    """The account that asks."""
    body = person_json(site, call.view.person, call.view)
    return Reply(
        body=body
        | {
            "groups": {"size": 1, "items": []},
            "applicationRoles": {"size": 1, "items": []},
            "expand": "groups,applicationRoles",
        }
    )


@route("GET", "/configuration")
def configuration(_site: Site, _call: Call) -> Reply:
    """Site-wide features."""
    names = ("voting", "watching", "subTasks", "issueLinking", "attachments")
    features = {f"{name}Enabled": True for name in names}
    return Reply(body=features | {"unassignedIssuesAllowed": True, "timeTrackingEnabled": False})


@route("GET", "/mypermissions", is_open=True)
def my_permissions(site: Site, call: Call) -> Reply:
    """What the account may do; asking without naming permissions, or for an unknown one, is refused."""
    asked = call.many("permissions")
    if not asked:
        raise refused("The 'permissions' query parameter is required.")
    unknown = [key for key in asked if key not in PERMISSIONS]
    if unknown:
        raise refused(f"Unrecognized permission: {', '.join(unknown)}")
    project = _project_in(site, call)
    found = {key: _permission(PERMISSIONS[key]) for key in asked}
    for key, body in found.items():
        body["havePermission"] = site.may(call.view.account, key, project)
    return Reply(body={"permissions": found})


@route("GET", "/permissions")
def permissions(_site: Site, _call: Call) -> Reply:
    """All permissions that there are."""
    return Reply(body={"permissions": {key: _permission(one) for key, one in PERMISSIONS.items()}})


@route("GET", "/field")
def fields(_site: Site, call: Call) -> Reply:
    """All fields of the site."""
    return Reply(body=[field_json(kind, call.view) for kind in FIELDS.values()])


@route("GET", "/field/search")
def field_search(_site: Site, call: Call) -> Reply:
    """Fields by name, by kind (`system`, `custom`) or by id, in pages."""
    kinds, ids, text = call.many("type"), call.many("id"), call.first("query").lower()
    found = [
        kind
        for kind in FIELDS.values()
        if (not kinds or ("custom" if kind.is_custom else "system") in kinds)
        and (not ids or kind.id in ids)
        and text in kind.name.lower()
    ]
    no_schema = {"type": "issuelink", "system": "parent"}
    values: list[Json] = [{"id": k.id, "name": k.name, "schema": k.schema or no_schema} for k in found]
    return Reply(body=page(call, values))


@route("GET", "/issuetype")
def issue_types(_site: Site, call: Call) -> Reply:
    """All issue types."""
    return Reply(body=[type_json(kind, call.view) for kind in ISSUE_TYPES.values()])


@route("GET", "/issuetype/project")
def issue_types_of_project(site: Site, call: Call) -> Reply:
    """Issue types of one project, by its id."""
    project = project_named(call.first("projectId"))
    if project is None or not site.may(call.view.account, "BROWSE_PROJECTS", project.id):
        raise not_found(f"No project could be found with id '{call.first('projectId')}'.")
    level = call.first("level")
    found = [ISSUE_TYPES[type_id] for type_id in project.types]
    return Reply(body=[type_json(kind, call.view) for kind in found if not level or str(kind.level) == level])


@route("GET", "/issuetype/{id}")
def issue_type(_site: Site, call: Call) -> Reply:
    """One issue type."""
    kind = ISSUE_TYPES.get(call.path["id"])
    if kind is None:
        raise not_found("Issue type not found.")
    return Reply(body=type_json(kind, call.view))


@route("GET", "/status")
def statuses(site: Site, call: Call) -> Reply:
    """All statuses in use."""
    return Reply(body=[status_json(site, status_id, call.view) for status_id in STATUSES])


@route("GET", "/status/{id}")
def status(site: Site, call: Call) -> Reply:
    """One status by id or name; several of that name: the first."""
    name = call.path["id"]
    found = [s.id for s in STATUSES.values() if s.id == name or name.lower() in names_of(s.name)]
    if not found:
        raise not_found(f"Cannot find status with name or id '{name}'.")
    return Reply(body=status_json(site, found[0], call.view))


@route("GET", "/statuscategory")
def status_categories(_site: Site, call: Call) -> Reply:
    """All status categories."""
    return Reply(body=[category_json(key, call.view) for key in CATEGORIES])


@route("GET", "/statuscategory/{id}")
def status_category(_site: Site, call: Call) -> Reply:
    """One status category by id or key."""
    for category in CATEGORIES.values():
        if call.path["id"] in {str(category.id), category.key}:
            return Reply(body=category_json(category.key, call.view))
    raise not_found("The status category was not found.")


@route("GET", "/priority")
def priorities(_site: Site, call: Call) -> Reply:
    """All priorities."""
    return Reply(body=[named_json("priority", one, call.view) for one in PRIORITIES.values()])


@route("GET", "/priority/search")
def priority_search(_site: Site, call: Call) -> Reply:
    """Priorities in pages."""
    return Reply(body=page(call, [named_json("priority", one, call.view) for one in PRIORITIES.values()]))


@route("GET", "/priority/{id}")
def priority(_site: Site, call: Call) -> Reply:
    """One priority."""
    found = PRIORITIES.get(call.path["id"])
    if found is None:
        raise not_found("The priority was not found.")
    return Reply(body=named_json("priority", found, call.view))


@route("GET", "/resolution")
def resolutions(_site: Site, call: Call) -> Reply:
    """All resolutions."""
    return Reply(body=[named_json("resolution", one, call.view) for one in RESOLUTIONS.values()])


@route("GET", "/issueLinkType")
def link_types(_site: Site, call: Call) -> Reply:
    """All link types."""
    return Reply(body={"issueLinkTypes": [link_type_json(kind, call.view) for kind in LINK_TYPES.values()]})


@route("GET", "/issueLinkType/{id}")
def link_type(_site: Site, call: Call) -> Reply:
    """One link type."""
    kind = LINK_TYPES.get(call.path["id"])
    if kind is None:
        raise not_found("No issue link type with that id was found.")
    return Reply(body=link_type_json(kind, call.view))


@route("GET", "/label")
def labels(site: Site, call: Call) -> Reply:
    """Labels in use, as far as the search index knows them."""
    found = sorted({name for entry in site.index.entries(site.now) for name in entry.label_names})
    return Reply(body=page(call, _as_json(found), default=1000, most=1000))


def _as_json(values: Sequence[str]) -> list[Json]:
    """Pages of plain strings have the same form as pages of objects."""
    return list(values)  # type: ignore[arg-type] # the one paged operation whose values are no objects


def _permission(one: Permission) -> Json:
    kind = "GLOBAL" if one.is_global else "PROJECT"
    return {"id": one.id, "key": one.key, "name": one.name, "type": kind, "description": one.description}


def _project_in(site: Site, call: Call) -> str:
    """The project that permissions are asked for; empty where none is named."""
    issue_name = call.first("issueKey") or call.first("issueId")
    if issue_name:
        issue = site.issue(issue_name)
        if issue is None or not site.is_visible(issue, call.view.account):
            raise not_found()
        return issue["project"]
    name = call.first("projectKey") or call.first("projectId")
    if not name:
        return ""
    project = project_named(name)
    if project is None:
        raise not_found(f"No project could be found with key '{name}'.")
    return project.id


ROUTES: Final = (
    server_info,
    myself,
    configuration,
    my_permissions,
    permissions,
    fields,
    field_search,
    issue_types,
    issue_types_of_project,
    issue_type,
    statuses,
    status,
    status_categories,
    status_category,
    priorities,
    priority_search,
    priority,
    resolutions,
    link_types,
    link_type,
    labels,
)
