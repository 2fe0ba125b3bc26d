"""Looks at a Jira project before anything is written: what is there, what is missing, what will not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from rollout_sync.errors import NotFound, UnexpectedResponse
from rollout_sync.model.objects import Marked
from rollout_sync.model.operations import Finding, Severity
from rollout_sync.trackers.base import Inspection, Trace
from rollout_sync.trackers.jira import screens
from rollout_sync.trackers.jira.client import JiraAccess, JiraClient, accepted
from rollout_sync.trackers.jira.destination import Destination, TypeFacts
from rollout_sync.trackers.jira.jql import newest_of_type
from rollout_sync.trackers.jira.people import found_people
from rollout_sync.trackers.jira.shapes import Json, inner, inner_text, objects, text
from rollout_sync.transport import Repeat

_PERMISSIONS = {
    "BROWSE_PROJECTS": "see issues",
    "CREATE_ISSUES": "create issues",
    "EDIT_ISSUES": "edit issues",
    "LINK_ISSUES": "link issues",
    "ASSIGN_ISSUES": "assign issues",
    "TRANSITION_ISSUES": "move issues through the workflow",
}
_NEEDED = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES")
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen: the destination where work can go there, and findings."""

    destination: Destination | None
    findings: tuple[Finding, ...]


def inspect_project(client: JiraClient, access: JiraAccess) -> Look:
    """Read the project's permissions, types, screens, link types and workflow.

    Raises:
        TrackerError: the site cannot be reached or does not accept the token.
        ConfigError: it is not Jira Cloud.
    """
    site = text(client.server_info(), "baseUrl", "GET /serverInfo")
    account = text(client.myself(), "accountId", "GET /myself")
    try:
        project = _project(client, access.project)
    except NotFound:
        return Look(destination=None, findings=(_no_project(access.project),))
    have = client.permissions(tuple(_PERMISSIONS))
    findings = list(_permission_findings(have, access.project))
    if not all(have[name] for name in _NEEDED):
        return Look(destination=None, findings=tuple(findings))
    types, type_findings = _types(client, access, project)
    link = _blocking_type(client)
    findings += [*type_findings, *([] if link else [_no_link_type()])]
    if types is None or link is None:
        return Look(destination=None, findings=tuple(findings))
    destination = Destination(
        project_id=text(project, "id", "GET /project/{key}"),
        project_key=text(project, "key", "GET /project/{key}"),
        site=site.rstrip("/"),
        account=account,
        epic=types[0],
        issue=types[1] if have["LINK_ISSUES"] else _without_links(types[1]),
        link_type=inner_text(link, "id"),
        link_name=inner_text(link, "name"),
        cloud_id=client.cloud_id,
        team_managed=project.get("simplified") is True or project.get("style") == "next-gen",
    )
    destination, hold_findings = _with_hold(client, destination, access.hold_status)
    return Look(destination=destination, findings=(*findings, *hold_findings))


def inspection(
    client: JiraClient, access: JiraAccess, emails: Sequence[str], look: Look, marked: Sequence[Marked]
) -> Inspection:
    """The port's answer: facts, people and findings together."""
    if look.destination is None:
        return Inspection(facts={}, people={}, findings=look.findings)
    people, not_found = found_people(client, access.project, emails, access.accounts)
    return Inspection(
        facts=look.destination.facts(),
        people=people,
        findings=(*look.findings, *not_found),
        existing=len(marked),
        traces=tuple(
            Trace(remote=one.remote, object=one.object, marker=one.marker) for one in marked if not one.is_copy
        ),
    )


def _project(client: JiraClient, key: str) -> Json:
    path = f"/project/{quote(key, safe='')}"
    return client.read(path, route="/project/{key}", what=f"Project {key} cannot be read")


def _permission_findings(have: Mapping[str, bool], project: str) -> Sequence[Finding]:
    return tuple(
        Finding(
            severity=Severity.ERROR if name in _NEEDED else Severity.WARNING,
            code="jira-permission-missing",
            message=f"The account may not {_PERMISSIONS[name]} in {project} ({name})",
            hint="Ask the project's administrator to give the account this permission.",
            where="jira.project",
        )
        for name, granted in have.items()
        if not granted
    )


def _without_links(facts: TypeFacts) -> TypeFacts:
    """The create screen for an account that may not link: a create with a link in it would be refused whole."""
    return replace(facts, settable=tuple(name for name in facts.settable if name != "issuelinks"))


def _types(
    client: JiraClient, access: JiraAccess, project: Json
) -> tuple[tuple[TypeFacts, TypeFacts] | None, list[Finding]]:
    base = f"/issue/createmeta/{quote(text(project, 'id', 'GET /project/{key}'), safe='')}/issuetypes"
    listed = _paged(client, base, "issueTypes", route="/issue/createmeta/{project}/issuetypes")
    epic = screens.epic_type(listed, access.epic_type)
    item = screens.item_type(listed, access.issue_type)
    if epic is None or item is None:
        return None, [_no_type(listed, "epic" if epic is None else "issue", access)]
    settings = screens.ScreenSettings(custom_fields=access.custom_fields, start_field=access.start_field)
    untranslated = _untranslated(client)
    findings: list[Finding] = []
    seen: list[TypeFacts] = []
    for issue_type in (epic, item):
        path = f"{base}/{quote(text(issue_type, 'id', 'createmeta'), safe='')}"
        fields = _paged(client, path, "fields", route="/issue/createmeta/{project}/issuetypes/{type}")
        facts, complaints = screens.type_facts(issue_type, fields, untranslated, settings)
        seen.append(facts)
        findings += complaints
    return (seen[0], seen[1]), [*findings, *screens.unused_settings(seen, settings)]


def _paged(client: JiraClient, path: str, member: str, *, route: str) -> list[Json]:
    collected: list[Json] = []
    while True:
        params = {"startAt": str(len(collected)), "maxResults": str(_PAGE)}
        page = client.read(path, route=route, what="The create screens cannot be read", params=params)
        rows = objects(page, member, f"GET {route}")
        collected += rows
        total = page.get("total")
        if not rows or not isinstance(total, int) or len(collected) >= total:
            return collected


def _untranslated(client: JiraClient) -> Mapping[str, str]:
    reply = client.ask("GET", "/field", route="/field", repeat=Repeat.SAFE)
    body = accepted(reply, what="The fields cannot be read", where="GET /field").body
    if not isinstance(body, list):
        raise UnexpectedResponse("the answer is no list of fields", where="GET /field", hint="Check the base URL.")
    return {inner_text(f, "id"): inner_text(f, "untranslatedName") or inner_text(f, "name") for f in body}


def _blocking_type(client: JiraClient) -> Json | None:
    body = client.read("/issueLinkType", route="/issueLinkType", what="The link types cannot be read")
    types = objects(body, "issueLinkTypes", "GET /issueLinkType")
    named = (t for t in types if inner_text(t, "name").casefold() == "blocks")
    saying = (t for t in types if inner_text(t, "outward").casefold() == "blocks")
    return next(named, None) or next(saying, None)


def _with_hold(
    client: JiraClient, destination: Destination, status: str | None
) -> tuple[Destination, tuple[Finding, ...]]:
    if status is None:
        return destination, ()
    known = _statuses(client, destination.project_key)
    name = next((n for n in known if n.casefold() == status.casefold()), None)
    if name is None:
        return destination, (_no_status(status, known),)
    epic = replace(destination.epic, hold=_hold_transition(client, destination, destination.epic.id, name))
    issue = replace(destination.issue, hold=_hold_transition(client, destination, destination.issue.id, name))
    findings = () if issue.hold else (_hold_later(name),)
    return replace(destination, epic=epic, issue=issue, hold_status=name), findings


def _statuses(client: JiraClient, project: str) -> list[str]:
    route = "/project/{key}/statuses"
    reply = client.ask("GET", f"/project/{quote(project, safe='')}/statuses", route=route, repeat=Repeat.SAFE)
    body = accepted(reply, what="The workflow cannot be read", where=f"GET {route}").body
    types = [t for t in body if isinstance(t, Mapping)] if isinstance(body, list) else []
    return list(dict.fromkeys(inner_text(s, "name") for t in types for s in objects(t, "statuses", route)))


def _hold_transition(client: JiraClient, destination: Destination, type_id: str, status: str) -> str:
    """Transition into the hold status, read off the newest issue of the type that has not started; "" without one."""
    query = {"jql": newest_of_type(destination.project_key, type_id), "maxResults": 20, "fields": ["status"]}
    page, _ = client.read_by_post("/search/jql", query, route="/search/jql", what="The project cannot be searched")
    fresh = (
        issue
        for issue in objects(page, "issues", "POST /search/jql")
        if inner_text(issue, "fields", "status", "statusCategory", "key") == "new"
        and inner_text(issue, "fields", "status", "name") != status
    )
    sample = next(fresh, None)
    return "" if sample is None else transition_to(client, text(sample, "id", "POST /search/jql"), status)


def transition_to(client: JiraClient, issue_id: str, status: str) -> str:
    """Id of the transition that leads an issue to the status of that name; empty when there is none now."""
    listed = transitions(client, issue_id)
    leading = (t for t in listed if inner_text(t, "to", "name").casefold() == status.casefold())
    return next((inner_text(t, "id") for t in leading), "")


def transitions(client: JiraClient, issue_id: str) -> Sequence[Json]:
    """What an issue's workflow allows right now."""
    route = "/issue/{id}/transitions"
    body = client.read(
        f"/issue/{quote(issue_id, safe='')}/transitions", route=route, what="The workflow cannot be read"
    )
    return objects(body, "transitions", f"GET {route}")


def is_new(transition: Json) -> bool:
    """Whether a transition leads to a status of work that has not started."""
    return inner(transition, "to", "statusCategory", "key") == "new"


def _no_project(key: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="jira-project-missing",
        message=f"There is no Jira project {key}, or the account may not see it",
        hint="Correct jira.project, or ask for access to the project.",
        where="jira.project",
    )


def _no_type(listed: Sequence[Json], which: str, access: JiraAccess) -> Finding:
    wanted = access.epic_type if which == "epic" else access.issue_type
    names = ", ".join(inner_text(t, "name") for t in listed) or "none"
    return Finding(
        severity=Severity.ERROR,
        code="jira-type-missing",
        message=f"The project has no issue type {wanted or which!r} that the account may create; it has: {names}",
        hint=f"Set jira.{which}_type to one of them, or add the type to the project.",
        where=f"jira.{which}_type",
    )


def _no_link_type() -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="jira-link-type-missing",
        message='The site has no issue link type "Blocks"',
        hint="Ask a Jira administrator to switch issue linking on and to add the type (outward: blocks).",
        where="[jira] site",
    )


def _no_status(status: str, known: Sequence[str]) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="jira-hold-status-missing",
        message=f"The project's workflow has no status {status!r}; it has: {', '.join(known)}",
        hint="Correct jira.hold_status, or leave it out: the label awaiting-approval is enough.",
        where="jira.hold_status",
    )


def _hold_later(status: str) -> Finding:
    return Finding(
        severity=Severity.NOTE,
        code="jira-hold-by-label",
        message=f"No new issue leads to {status!r} yet, so held work is marked by its label at first",
        hint="Nothing to do; issues that are held later move to the status as well.",
        where="jira.hold_status",
    )
