"""Operations on issues: create, read, change, move on, delete, archive, and their history."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from rollout_sync.sandbox.jira import changes
from rollout_sync.sandbox.jira.answers import (
    Call,
    Refusal,
    Reply,
    envelope,
    not_found,
    page,
    refused,
    strings,
    typed,
)
from rollout_sync.sandbox.jira.creation import carry_out, create_many, element_list, prepare
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.fields import FIELDS, ScreenField
from rollout_sync.sandbox.jira.history import change_json
from rollout_sync.sandbox.jira.render import issue_json, wanted
from rollout_sync.sandbox.jira.scheme import ISSUE_TYPES
from rollout_sync.sandbox.jira.shapes import by_name, fields_of, screen_field_json, status_json
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.table import route
from rollout_sync.sandbox.jira.values import FieldFault, Target, read_assignee
from rollout_sync.sandbox.jira.workflow import on_offer, transition_json

BULK_LIMIT: Final = 50
ARCHIVE_LIMIT: Final = 1000


@route("POST", "/issue")
def create(site: Site, call: Call) -> Reply:
    """Create one issue."""
    prepared = prepare(site, call.view, call.json())
    return Reply(status=HTTPStatus.CREATED, body=carry_out(site, call.view, prepared))


@route("POST", "/issue/bulk")
def create_bulk(site: Site, call: Call) -> Reply:
    """Create up to fifty issues; 201 when at least one was made."""
    elements = element_list(call.json())
    if len(elements) > BULK_LIMIT and site.world.switches["jira_bulk_over_50"] != "accept":
        raise refused(f"The number of issues to create must not exceed the limit of {BULK_LIMIT}.")
    broken = call.fault.hits(len(elements)) if call.fault else frozenset[int]()
    return create_many(site, call.view, elements, broken=broken)


@route("GET", "/issue/{issue}", is_open=True)
def get(site: Site, call: Call) -> Reply:
    """One issue; a key from before a move finds it as well."""
    show = wanted(call.many("fields"), properties=call.many("properties"), expand=call.many("expand"))
    return Reply(body=issue_json(site, visible(site, call), call.view, show))


@route("PUT", "/issue/{issue}")
def edit(site: Site, call: Call) -> Reply:
    """Edit an issue."""
    issue = visible(site, call)
    body = call.json()
    if not (body.get("fields") or body.get("update") or body.get("properties")):
        raise refused("one of 'fields' or 'update' required")
    changes.edit(site, call.view, issue, body)
    if call.flag("returnIssue"):
        return Reply(body=issue_json(site, issue, call.view, wanted((), expand=call.many("expand"))))
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("DELETE", "/issue/{issue}")
def delete(site: Site, call: Call) -> Reply:
    """Delete an issue; one with subtasks only when told so."""
    issue = visible(site, call)
    if not site.may(call.view.account, "DELETE_ISSUES", issue["project"]):
        raise refused("You do not have permission to delete issues in this project.", status=HTTPStatus.FORBIDDEN)
    subtasks = [child for child in site.children(issue) if ISSUE_TYPES[child["type"]].level < 0]
    if subtasks and not call.flag("deleteSubtasks"):
        raise refused(f"The issue '{issue['key']}' has subtasks. You must specify the 'deleteSubtasks' parameter.")
    for subtask in subtasks:
        site.remove(subtask)
    site.remove(issue)
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("PUT", "/issue/{issue}/assignee")
def assign(site: Site, call: Call) -> Reply:
    """Assign an issue; null is nobody, "-1" the project's default, which is nobody here."""
    issue = visible(site, call)
    if not site.may(call.view.account, "ASSIGN_ISSUES", issue["project"]):
        raise refused("You do not have permission to assign issues.", status=HTTPStatus.FORBIDDEN)
    body = call.json()
    if body.get("name") or "accountId" not in body:
        raise refused("'accountId' must be the only user identifying member in GDPR strict mode.")
    raw = None if body["accountId"] in {None, "-1"} else body
    try:
        account = read_assignee(_target(site, call, issue), raw)
    except FieldFault as fault:
        errors = envelope(errors={"assignee": fault.message})
        raise Refusal(Reply(status=HTTPStatus.BAD_REQUEST, body=errors)) from fault
    changes.set_field(site, call.view, issue, "assignee", account)
    return Reply(status=HTTPStatus.NO_CONTENT)


@route("GET", "/issue/{issue}/transitions")
def transitions(site: Site, call: Call) -> Reply:
    """Transitions on offer; an empty list without the permission."""
    issue = visible(site, call)
    wanted_id = call.first("transitionId")
    with_fields = "transitions.fields" in call.first("expand")
    found: list[Json] = []
    for move in on_offer(site, issue, call.view.account):
        if wanted_id in {"", move.id}:
            body = transition_json(site, move, status_json(site, move.status, call.view))
            found.append(body | ({"fields": {}} if with_fields else {}))
    return Reply(body={"expand": "transitions", "transitions": found})


@route("POST", "/issue/{issue}/transitions")
def transition(site: Site, call: Call) -> Reply:
    """Take a transition. The empty answer is labelled HTML, as recorded."""
    changes.transition(site, call.view, visible(site, call), call.json())
    return Reply(status=HTTPStatus.NO_CONTENT, content_type="text/html;charset=UTF-8")


@route("GET", "/issue/{issue}/editmeta")
def edit_metadata(site: Site, call: Call) -> Reply:
    """Fields that an edit may set."""
    issue = visible(site, call)
    project, kind = site.project(issue), ISSUE_TYPES[issue["type"]]
    names = [name for name in fields_of(project) if FIELDS[name].is_writable and name not in {"project", "resolution"}]
    shown = {n: screen_field_json(site, project, kind, ScreenField(kind=FIELDS[n]), call.view) for n in names}
    return Reply(body={"fields": {name: by_name(field) for name, field in shown.items()}})


@route("GET", "/issue/{issue}/changelog")
def changelog(site: Site, call: Call) -> Reply:
    """Changes of one issue, oldest first."""
    issue = visible(site, call)
    values = [change_json(site, change, call.view) for change in site.history(issue)]
    return Reply(body=page(call, values, default=100, url=call.view.link(f"issue/{issue['key']}/changelog")))


@route("POST", "/issue/{issue}/changelog/list")
def changelog_list(site: Site, call: Call) -> Reply:
    """Changes of one issue by their ids."""
    issue = visible(site, call)
    ids = {str(number) for number in typed(call.json().get("changelogIds"), list)}
    found = [change_json(site, change, call.view) for change in site.history(issue) if change["id"] in ids]
    return Reply(body={"startAt": 0, "maxResults": len(found), "total": len(found), "histories": found})


@route("PUT", "/issue/archive")
def archive(site: Site, call: Call) -> Reply:
    """Archive issues; for administrators."""
    return _archive(site, call, is_archived=True)


@route("PUT", "/issue/unarchive")
def unarchive(site: Site, call: Call) -> Reply:
    """Bring archived issues back; for administrators."""
    return _archive(site, call, is_archived=False)


def visible(site: Site, call: Call) -> Issue:
    """The issue that the path names.

    Raises:
        Refusal: 404, there is none or the account may not see it; nobody can tell which.
    """
    issue = site.issue(call.path["issue"])
    if issue is None or not site.is_visible(issue, call.view.account):
        raise not_found()
    return issue


def _target(site: Site, call: Call, issue: Issue) -> Target:
    kind = ISSUE_TYPES[issue["type"]]
    return Target(site=site, view=call.view, project=site.project(issue), kind=kind, issue=issue)


def _archive(site: Site, call: Call, *, is_archived: bool) -> Reply:
    if not site.may(call.view.account, "ADMINISTER"):
        raise refused("Only admins can archive or unarchive issues. Access denied.", status=HTTPStatus.FORBIDDEN)
    names = strings(call.json("issueIdsOrKeys").get("issueIdsOrKeys"))
    if len(names) > ARCHIVE_LIMIT:
        raise refused(
            f"The number of issues to archive or unarchive exceeds the hard limit of {ARCHIVE_LIMIT}. "
            "Precondition failed.",
            status=HTTPStatus.PRECONDITION_FAILED,
        )
    found = {name: site.issue(name) for name in names}
    missing = [name for name, issue in found.items() if issue is None]
    subtasks = [name for name, issue in found.items() if issue and ISSUE_TYPES[issue["type"]].level < 0]
    changed = [issue for name, issue in found.items() if issue and name not in subtasks]
    if not changed:
        raise refused("No valid issue to archive or unarchive. Bad request.")
    for issue in changed:
        changes.archive(site, call.view.account, issue, is_archived=is_archived)
    groups = {"issuesNotFound": (missing, "Issue not found."), "issueIsSubtask": (subtasks, "Issue is subtask.")}
    errors = {
        name: {"count": len(keys), "issueIdsOrKeys": keys, "message": message}
        for name, (keys, message) in groups.items()
        if keys
    }
    return Reply(body={"errors": errors, "numberOfIssuesUpdated": len(changed)})


ROUTES: Final = (
    create,
    create_bulk,
    get,
    edit,
    delete,
    assign,
    transitions,
    transition,
    edit_metadata,
    changelog,
    changelog_list,
    archive,
    unarchive,
)
