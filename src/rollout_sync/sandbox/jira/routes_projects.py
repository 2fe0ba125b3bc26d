"""Operations on projects, on what their create screens take, and on people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from rollout_sync.sandbox.jira.answers import Call, Reply, not_found, page, refused
from rollout_sync.sandbox.jira.documents import Json
from rollout_sync.sandbox.jira.fields import SCREENS
from rollout_sync.sandbox.jira.people import brief_person, person_json
from rollout_sync.sandbox.jira.scheme import ISSUE_TYPES, PROJECTS, IssueType, Project, project_named, statuses_of
from rollout_sync.sandbox.jira.shapes import by_name, project_json, screen_field_json, status_json, type_json
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import route
from rollout_sync.sandbox.seed import Person

META_LIMIT: Final = 200
USER_BULK_LIMIT: Final = 200
_IN_OLD_METADATA: Final = ("self", "id", "key", "name", "avatarUrls")
_DEPRECATED: Final = "The issue create meta endpoint has been deprecated. (Deprecation start date: June 03, 2024)"


@route("GET", "/project")
def projects(site: Site, call: Call) -> Reply:
    """All visible projects."""
    return Reply(body=[project_json(site, project, call.view) for project in _visible(site, call)])


@route("GET", "/project/search", is_open=True)
def project_search(site: Site, call: Call) -> Reply:
    """Visible projects by key, id or words of the name, in pages."""
    keys, ids, text = call.many("keys"), call.many("id"), call.first("query").lower()
    found = [
        project
        for project in _visible(site, call)
        if (not keys or project.key in keys)
        and (not ids or project.id in ids)
        and text in f"{project.key} {project.name}".lower()
    ]
    values = [_listed(site, project, call) for project in sorted(found, key=lambda project: project.key)]
    return Reply(body=page(call, values, url=call.view.link("project/search")))


@route("GET", "/project/{project}", is_open=True)
def project(site: Site, call: Call) -> Reply:
    """One project."""
    return Reply(body=project_json(site, _project(site, call), call.view, is_full=True))


@route("GET", "/project/{project}/statuses")
def project_statuses(site: Site, call: Call) -> Reply:
    """Issue types of a project with the statuses of their workflow."""
    found = _project(site, call)
    statuses = [status_json(site, status.id, call.view) for status in statuses_of(found)]
    kinds = [type_json(ISSUE_TYPES[type_id], call.view) for type_id in found.types]
    shown = ("self", "id", "name", "subtask")
    return Reply(body=[{name: kind[name] for name in shown} | {"statuses": statuses} for kind in kinds])


@route("GET", "/project/{project}/components")
def components(site: Site, call: Call) -> Reply:
    """No project has components."""
    _project(site, call)
    return Reply(body=[])


@route("GET", "/project/{project}/versions")
def versions(site: Site, call: Call) -> Reply:
    """No project has versions."""
    _project(site, call)
    return Reply(body=[])


@route("GET", "/issue/createmeta/{project}/issuetypes")
def creatable_types(site: Site, call: Call) -> Reply:
    """Issue types that may be created in a project."""
    found = _creatable(site, call)
    return Reply(body=_meta_page(call, "issueTypes", [type_json(ISSUE_TYPES[t], call.view) for t in found.types]))


@route("GET", "/issue/createmeta/{project}/issuetypes/{type}")
def creatable_fields(site: Site, call: Call) -> Reply:
    """Fields of the create screen of an issue type."""
    found = _creatable(site, call)
    if call.path["type"] not in found.types:
        raise refused("The issue type selected is invalid.")
    return Reply(body=_meta_page(call, "fields", _screen(site, found, ISSUE_TYPES[call.path["type"]], call)))


@route("GET", "/issue/createmeta")
def old_create_metadata(site: Site, call: Call) -> Reply:
    """The deprecated form, which still answers, with a warning."""
    keys, ids, type_ids = call.many("projectKeys"), call.many("projectIds"), call.many("issuetypeIds")
    type_names = call.query.get("issuetypeNames", [])
    with_fields = "projects.issuetypes.fields" in call.first("expand")
    shown: list[Json] = []
    for found in _visible(site, call):
        if (keys and found.key not in keys) or (ids and found.id not in ids):
            continue
        kinds = [ISSUE_TYPES[t] for t in found.types]
        kinds = [k for k in kinds if (not type_ids or k.id in type_ids) and (not type_names or k.name in type_names)]
        entries = [_old_entry(site, found, kind, call, with_fields=with_fields) for kind in kinds]
        brief = {name: v for name, v in project_json(site, found, call.view).items() if name in _IN_OLD_METADATA}
        shown.append(brief | {"issuetypes": entries})
    return Reply(body={"expand": "projects", "projects": shown}, headers={"Warning": _DEPRECATED})


@route("GET", "/user")
def user(site: Site, call: Call) -> Reply:
    """One account by its id."""
    if call.first("username") or call.first("key"):
        raise refused("'accountId' must be the only user identifying query parameter in GDPR strict mode.")
    account = call.first("accountId")
    person = site.world.people.by_account_id(account)
    if person is None:
        raise not_found(f"Specified user does not exist or you do not have required permissions: {account}")
    return Reply(body=person_json(site, person, call.view))


@route("GET", "/user/search")
def user_search(site: Site, call: Call) -> Reply:
    """Accounts whose name or address begins with the query."""
    return Reply(body=_people_page(site, call, list(site.world.people.all())))


@route("GET", "/users/search")
def all_users(site: Site, call: Call) -> Reply:
    """All accounts, active and not."""
    start, size = max(0, call.number("startAt", 0)), max(0, call.number("maxResults", 50))
    people = site.world.people.all()[start : start + size]
    return Reply(body=[person_json(site, person, call.view) for person in people])


@route("GET", "/user/assignable/search")
def assignable(site: Site, call: Call) -> Reply:
    """Accounts that issues of a project can be assigned to. The page is cut before it is filtered, as on Cloud."""
    project_id = _assignable_project(site, call)
    candidates = [p for p in site.world.people.all() if _is_found(site, p, call)]
    start, size = max(0, call.number("startAt", 0)), max(0, call.number("maxResults", 50))
    part = candidates[start : start + size]
    found = [p for p in part if p.is_active and site.may(p.account_id, "ASSIGNABLE_USER", project_id)]
    return Reply(body=[person_json(site, person, call.view) for person in found])


@route("GET", "/user/bulk")
def users(site: Site, call: Call) -> Reply:
    """Accounts by their ids."""
    asked = call.query.get("accountId", [])
    if not asked or len(asked) > USER_BULK_LIMIT:
        raise refused(f"Between 1 and {USER_BULK_LIMIT} values of 'accountId' are needed.")
    found = [site.world.people.by_account_id(account) for account in dict.fromkeys(asked)]
    values = [person_json(site, person, call.view) for person in found if person is not None]
    return Reply(body=page(call, values, default=10, most=USER_BULK_LIMIT))


def _visible(site: Site, call: Call) -> list[Project]:
    return [p for p in PROJECTS.values() if site.may(call.view.account, "BROWSE_PROJECTS", p.id)]


def _project(site: Site, call: Call) -> Project:
    name = call.path["project"]
    found = project_named(name)
    if found is None or not site.may(call.view.account, "BROWSE_PROJECTS", found.id):
        kind = "id" if name.isdigit() else "key"
        raise not_found(f"No project could be found with {kind} '{name}'.")
    return found


def _listed(site: Site, found: Project, call: Call) -> Json:
    body = project_json(site, found, call.view)
    return body | {
        "style": "next-gen" if found.is_team_managed else "classic",
        "isPrivate": False,
        "properties": {},
    }


def _creatable(site: Site, call: Call) -> Project:
    if call.number("maxResults", 50) > META_LIMIT:
        raise refused(f"Parameter 'maxResults' must not exceed the limit '{META_LIMIT}'")
    found = _project(site, call)
    if not site.may(call.view.account, "CREATE_ISSUES", found.id):
        raise refused("You cannot create issues in this project.", status=HTTPStatus.BAD_REQUEST)
    return found


def _meta_page(call: Call, name: str, values: list[Json]) -> Json:
    body = page(call, values, most=META_LIMIT)
    return {name: body["values"], "startAt": body["startAt"], "maxResults": body["maxResults"], "total": body["total"]}


def _screen(site: Site, found: Project, kind: IssueType, call: Call) -> list[Json]:
    fields = SCREENS[found.id, kind.id].fields.values()
    return [screen_field_json(site, found, kind, field, call.view) for field in fields]


def _old_entry(site: Site, found: Project, kind: IssueType, call: Call, *, with_fields: bool) -> Json:
    body = type_json(kind, call.view)
    if with_fields:
        body["expand"] = "fields"
        body["fields"] = {field["fieldId"]: by_name(field) for field in _screen(site, found, kind, call)}
    return body


def _people_page(site: Site, call: Call, people: list[Person]) -> list[Json]:
    if not (call.first("query") or call.first("accountId") or call.first("property")):
        raise refused("A query parameter needs to be specified: 'query', 'accountId' or 'property'.")
    start, size = max(0, call.number("startAt", 0)), max(0, call.number("maxResults", 50))
    found = [person for person in people if _is_found(site, person, call)][start : start + size]
    return [shown for person in found if (shown := brief_person(site, person.account_id, call.view)) is not None]


def _is_found(site: Site, person: Person, call: Call) -> bool:
    account = call.first("accountId")
    if account:
        return person.account_id == account
    query = call.first("query").lower()
    texts = [person.name.lower(), *person.name.lower().split()]
    if not site.world.switches.is_on("jira_hide_emails"):
        texts.append(person.email)
    return any(text.startswith(query) for text in texts)


def _assignable_project(site: Site, call: Call) -> str:
    name = call.first("issueKey") or call.first("issueId")
    if name:
        issue = site.issue(name)
        if issue is None or not site.is_visible(issue, call.view.account):
            raise not_found()
        return issue["project"]
    if not call.first("project"):
        raise refused("Either 'project', 'issueKey' or 'issueId' has to be specified.")
    found = project_named(call.first("project"))
    if found is None or not site.may(call.view.account, "BROWSE_PROJECTS", found.id):
        raise not_found(f"No project could be found with key '{call.first('project')}'.")
    return found.id


ROUTES: Final = (
    projects,
    project_search,
    project,
    project_statuses,
    components,
    versions,
    creatable_types,
    creatable_fields,
    old_create_metadata,
    user,
    user_search,
    all_users,
    assignable,
    users,
)
