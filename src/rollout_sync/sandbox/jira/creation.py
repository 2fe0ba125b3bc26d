"""Creating issues, one or fifty at a time: everything is checked before anything is kept."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

from rollout_sync.sandbox.jira.answers import BAD_PAYLOAD, Refusal, Reply, View, envelope, refused, typed
from rollout_sync.sandbox.jira.documents import COMMENTS, Comment, Issue, Json
from rollout_sync.sandbox.jira.drafts import Draft, read_draft
from rollout_sync.sandbox.jira.fields import SCREENS
from rollout_sync.sandbox.jira.links import add_link
from rollout_sync.sandbox.jira.scheme import DEFAULT_PRIORITY, IssueType, Project, first_status, project_named
from rollout_sync.sandbox.jira.site import FIRST_ID, Site
from rollout_sync.sandbox.jira.values import FieldFault, Target, named_type
from rollout_sync.sandbox.jira.workflow import chosen, move_to

_NOT_CUSTOM: Final = frozenset(
    {"summary", "description", "environment", "priority", "assignee", "reporter", "labels", "duedate", "parent"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A create that will succeed; `transition` is what it asked for, unchecked."""

    project: Project
    kind: IssueType
    draft: Draft
    transition: object


def prepare(site: Site, view: View, raw: object) -> Prepared:
    """Check one create.

    Raises:
        Refusal: 400 with all complaints, or 403 without the permission to create.
    """
    body = typed(raw, dict)
    fields = typed(body.get("fields") or {}, dict)
    project, kind = _place(site, view, fields)
    if not site.may(view.account, "CREATE_ISSUES", project.id):
        raise refused("You do not have permission to create issues in this project.", status=HTTPStatus.FORBIDDEN)
    rest = {name: value for name, value in fields.items() if name not in {"project", "issuetype"}}
    target = Target(site=site, view=view, project=project, kind=kind)
    screen = SCREENS[project.id, kind.id].fields
    draft = read_draft(target, body | {"fields": rest}, screen.keys())
    _check_required(draft, project, kind)
    draft.check()
    return Prepared(project=project, kind=kind, draft=draft, transition=body.get("transition"))


def carry_out(site: Site, view: View, prepared: Prepared) -> Json:
    """Keep a checked issue and return what the API answers for it."""
    issue = _issue(site, view, prepared)
    site.save(issue)
    for link in prepared.draft.links:
        other = site.by_id(link.other)
        add_link(site, view.account, link.type, (issue, other) if link.is_source else (other, issue))
    add_comments(site, view.account, issue, prepared.draft.comments)
    answer: Json = {"id": issue["id"], "key": issue["key"], "self": view.link(f"issue/{issue['id']}")}
    if prepared.transition is not None:
        answer["transition"] = _transition(site, view, issue, prepared.transition)
    return answer


def create_many(site: Site, view: View, elements: list[object], *, broken: frozenset[int] = frozenset()) -> Reply:
    """Bulk create: what can be created is, the rest is reported by position.

    Args:
        site: where.
        view: for whom.
        elements: the `issueUpdates`.
        broken: positions that are refused on order, by a fault rule.
    """
    prepared: list[Prepared] = []
    errors: list[Json] = []
    for position, element in enumerate(elements):
        try:
            if position in broken:
                raise refused("Internal error: the issue could not be created.")
            prepared.append(prepare(site, view, element))
        except Refusal as refusal:
            status = HTTPStatus.BAD_REQUEST
            complaint = {"status": status, "elementErrors": refusal.reply.body, "failedElementNumber": position}
            errors.append(complaint)
    created = [carry_out(site, view, one) for one in prepared]
    status = HTTPStatus.CREATED if created else HTTPStatus.BAD_REQUEST
    return Reply(status=status, body={"issues": created, "errors": errors})


def add_comments(site: Site, author: str, issue: Issue, comments: list[Json]) -> list[Comment]:
    """Keep new comments; the issue counts as updated."""
    added: list[Comment] = []
    for wanted in comments:
        number = str(site.store.next_number("jira.comment", FIRST_ID))
        comment = Comment(
            id=number,
            issue=issue["id"],
            author=author,
            editor=author,
            body=wanted["body"],
            created=site.now,
            updated=site.now,
            properties=wanted["properties"],
        )
        site.store.put(COMMENTS, number, cast("Json", comment))
        site.touch(issue)
        added.append(comment)
    return added


def _place(site: Site, view: View, fields: Json) -> tuple[Project, IssueType]:
    raw = fields.get("project")
    name = str(raw.get("id", raw.get("key", ""))) if isinstance(raw, dict) else ""
    project = project_named(name)
    if project is None or not site.may(view.account, "BROWSE_PROJECTS", project.id):
        raise Refusal(
            Reply(
                status=HTTPStatus.BAD_REQUEST,
                body=envelope(errors={"project": "Specify a valid project ID or key"}),
            )
        )
    try:
        return project, named_type(project, fields.get("issuetype"))
    except FieldFault as fault:
        errors = {"issuetype": fault.message}
        raise Refusal(Reply(status=HTTPStatus.BAD_REQUEST, body=envelope(errors=errors))) from fault


def _check_required(draft: Draft, project: Project, kind: IssueType) -> None:
    for name, field in SCREENS[project.id, kind.id].fields.items():
        is_given = draft.values.get(name) is not None or name in draft.errors or name in {"project", "issuetype"}
        if not field.is_required or field.has_default or is_given:
            continue
        draft.errors[name] = {
            "summary": "You must specify a summary of the issue.",
            "parent": "Issue type is a sub-task but parent issue key or id not specified.",
        }.get(name, f"{field.kind.name} is required.")
    if "parentId" in draft.errors:
        draft.errors.pop("parent", None)


def _issue(site: Site, view: View, prepared: Prepared) -> Issue:
    values = prepared.draft.values
    issue_id, key, number = site.new_identity(prepared.project)
    now = site.now
    return Issue(
        id=issue_id,
        key=key,
        project=prepared.project.id,
        number=number,
        type=prepared.kind.id,
        summary=values["summary"],
        description=values.get("description"),
        environment=values.get("environment"),
        status=first_status(prepared.project),
        priority=values.get("priority", DEFAULT_PRIORITY),
        resolution=None,
        resolved=None,
        parent=values.get("parent"),
        assignee=values.get("assignee"),
        reporter=values.get("reporter", view.account),
        creator=view.account,
        labels=values.get("labels", []),
        duedate=values.get("duedate"),
        custom={name: value for name, value in values.items() if name not in _NOT_CUSTOM and value is not None},
        created=now,
        updated=now,
        category_since=now,
        archived=False,
        properties=prepared.draft.properties,
        watchers=[view.account],
    )


def _transition(site: Site, view: View, issue: Issue, raw: object) -> Json:
    try:
        move = chosen(site, issue, view.account, raw)
    except Refusal as refusal:
        return {"status": refusal.reply.status, "errorCollection": refusal.reply.body}
    site.record(issue, view.account, move_to(site, issue, move.status))
    return {"status": HTTPStatus.OK, "errorCollection": envelope()}


def element_list(body: Json) -> list[object]:
    """The `issueUpdates` of a bulk create.

    Raises:
        Refusal: 400, there is no such list.
    """
    elements = body.get("issueUpdates")
    if not isinstance(elements, list) or not elements:
        raise refused(BAD_PAYLOAD if elements is not None else "No issues were specified to be created.")
    return elements
