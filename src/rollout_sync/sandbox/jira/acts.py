"""What people do by hand: one verb each, with the same rules and the same history as the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rollout_sync.sandbox.jira import adf, changes, links
from rollout_sync.sandbox.jira.answers import Refusal, View
from rollout_sync.sandbox.jira.creation import add_comments, carry_out, prepare
from rollout_sync.sandbox.jira.documents import ISSUES, Issue, Json
from rollout_sync.sandbox.jira.drafts import link_type
from rollout_sync.sandbox.jira.fields import EPIC_NAME, FIELDS, START_DATE
from rollout_sync.sandbox.jira.permissions import PERMISSIONS
from rollout_sync.sandbox.jira.routing import zone_of
from rollout_sync.sandbox.jira.scheme import ISSUE_TYPES, names_of, project_named, translated
from rollout_sync.sandbox.jira.site import Site
from rollout_sync.sandbox.jira.workflow import on_offer, status_in
from rollout_sync.sandbox.seed import Person

_FIELD_NAMES: Final = {"start": START_DATE, "due": "duedate", "title": "summary", "text": "description"}
"""Short names that an edit or a create by hand may use besides the API's own."""


class ActError(Exception):
    """A person cannot do that; the message says why."""


def perform(site: Site, body: Json) -> Json:
    """Let a person act.

    Args:
        site: where.
        body: `who` (e-mail), `do` (a verb), `issue` (key or id) and what the verb needs.

    Returns:
        The issue's id, key, status and last update, or what the verb has to say.

    Raises:
        ActError: unknown person, verb or issue, or Jira would refuse it.
    """
    person = _person(site, body.get("who"))
    verb = body.get("do")
    view = acting_view(site, person)
    try:
        if verb in _SITE_VERBS:
            return _SITE_VERBS[verb](site, view, body)
        if verb not in _ISSUE_VERBS:
            known = ", ".join(sorted([*_ISSUE_VERBS, *_SITE_VERBS]))
            raise ActError(f"nobody can {verb!r} in Jira; do one of: {known}")
        issue = _issue(site, body.get("issue"))
        return _ISSUE_VERBS[verb](site, view, issue, body) or told(site, issue)
    except Refusal as refusal:
        raise ActError(explained(refusal)) from refusal


def acting_view(site: Site, person: Person) -> View:
    """How a person sees the site when nothing is sent over the API."""
    return View(
        person=person,
        base="/jira",
        site_url="/jira",
        version="3",
        zone=zone_of(person),
        language=site.language,
        now=site.world.clock.now(),
    )


def told(site: Site, issue: Issue) -> Json:
    """The short answer about an issue."""
    return {
        "id": issue["id"],
        "key": issue["key"],
        "status": translated(site.status(issue["status"]).name, site.language),
        "updated": issue["updated"],
    }


def explained(refusal: Refusal) -> str:
    """A refusal as one sentence."""
    body = refusal.reply.body
    if not isinstance(body, dict):
        return str(refusal)
    errors = [f"{name}: {message}" for name, message in body.get("errors", {}).items()]
    return "; ".join([*body.get("errorMessages", []), *errors])


def _start(site: Site, view: View, issue: Issue, _body: Json) -> None:
    _to_category(site, view, issue, "indeterminate")


def _complete(site: Site, view: View, issue: Issue, _body: Json) -> None:
    _to_category(site, view, issue, "done")


def _reopen(site: Site, view: View, issue: Issue, _body: Json) -> None:
    _to_category(site, view, issue, "new")


def _transition(site: Site, view: View, issue: Issue, body: Json) -> None:
    wanted = str(body.get("to", body.get("status", ""))).lower()
    for move in on_offer(site, issue, view.account):
        status = site.status(move.status)
        if wanted in {move.id, status.id, *names_of(status.name)}:
            changes.transition(site, view, issue, {"transition": {"id": move.id}})
            return
    raise ActError(f"{issue['key']} cannot go to {body.get('to', body.get('status'))!r} from where it is")


def _edit(site: Site, view: View, issue: Issue, body: Json) -> None:
    changes.edit(site, view, issue, {"fields": _fields(body.get("fields"))})


def _label(site: Site, view: View, issue: Issue, body: Json) -> None:
    changes.edit(site, view, issue, {"update": {"labels": [{"add": body.get("label")}]}})


def _unlabel(site: Site, view: View, issue: Issue, body: Json) -> None:
    changes.edit(site, view, issue, {"update": {"labels": [{"remove": body.get("label")}]}})


def _assign(site: Site, view: View, issue: Issue, body: Json) -> None:
    email = body.get("to")
    assignee = {"accountId": _person(site, email).account_id} if email else None
    changes.edit(site, view, issue, {"fields": {"assignee": assignee}})


def _comment(site: Site, view: View, issue: Issue, body: Json) -> Json:
    text = str(body.get("text", "")).strip()
    if not text:
        raise ActError("a comment needs text")
    document = adf.paragraphs(*text.split("\n"))
    comment = add_comments(site, view.account, issue, [{"body": document, "properties": {}}])[0]
    return told(site, issue) | {"comment": comment["id"]}


def _clone(site: Site, view: View, issue: Issue, _body: Json) -> Json:
    return told(site, changes.clone(site, view.account, issue))


def _move(site: Site, view: View, issue: Issue, body: Json) -> None:
    project = project_named(str(body.get("to", "")))
    if project is None or project.id == issue["project"]:
        raise ActError(f"{issue['key']} cannot be moved to {body.get('to')!r}; name another project's key")
    changes.move(site, view.account, issue, project)


def _delete(site: Site, _view: View, issue: Issue, _body: Json) -> Json:
    answer = told(site, issue) | {"deleted": True}
    for child in site.children(issue):
        if ISSUE_TYPES[child["type"]].level < 0:
            site.remove(child)
    site.remove(issue)
    return answer


def _link(site: Site, view: View, issue: Issue, body: Json) -> None:
    kind = link_type({"name": body.get("type", "Blocks")})
    if kind is None:
        raise ActError(f"no link type {body.get('type')!r}")
    links.add_link(site, view.account, kind.id, (issue, _issue(site, body.get("to"))))


def _unlink(site: Site, view: View, issue: Issue, body: Json) -> None:
    other = _issue(site, body.get("to"))
    found = [link for link in site.links(issue) if other["id"] in {link["source"], link["target"]}]
    if not found:
        raise ActError(f"{issue['key']} and {other['key']} are not linked")
    for link in found:
        links.remove_link(site, view.account, link)


def _archive(site: Site, view: View, issue: Issue, _body: Json) -> None:
    changes.archive(site, view.account, issue, is_archived=True)


def _unarchive(site: Site, view: View, issue: Issue, _body: Json) -> None:
    changes.archive(site, view.account, issue, is_archived=False)


def _create(site: Site, view: View, body: Json) -> Json:
    project = project_named(str(body.get("project", "SEC")))
    if project is None:
        raise ActError(f"no project {body.get('project')!r}")
    fields = _fields(body.get("fields") or {"summary": body.get("summary")})
    kind = str(body.get("type", "Task"))
    if kind == "Epic" and not project.is_team_managed:
        fields.setdefault(EPIC_NAME, fields.get("summary"))
    wanted = {"project": {"id": project.id}, "issuetype": {"name": kind}, **fields}
    made = carry_out(site, view, prepare(site, view, {"fields": wanted}))
    issue = site.by_id(made["id"])
    if body.get("key"):
        _take_over(site, issue, str(body["key"]).upper())
    return told(site, issue)


def _take_over(site: Site, issue: Issue, key: str) -> None:
    """Give an issue a key that another one had before it was moved, as an import can do."""
    prefix, _, number = key.partition("-")
    if prefix != site.project(issue).key or not number.isdigit() or site.store.where(ISSUES, "key", key):
        raise ActError(f"the key {key} is not free in this project")
    issue["key"], issue["number"] = key, int(number)
    site.save(issue)


def _revoke(site: Site, _view: View, body: Json) -> Json:
    permission, account, project = _scope(site, body)
    site.rights.revoke(permission, account=account, project=project)
    return {"revoked": permission, "account": account, "project": project}


def _grant(site: Site, _view: View, body: Json) -> Json:
    permission, account, project = _scope(site, body)
    site.rights.grant(permission, account=account, project=project)
    return {"granted": permission, "account": account, "project": project}


def _scope(site: Site, body: Json) -> tuple[str, str, str]:
    permission = str(body.get("permission", ""))
    if permission not in PERMISSIONS:
        raise ActError(f"no permission {permission!r}; there are: {', '.join(sorted(PERMISSIONS))}")
    name = body.get("project")
    project = project_named(str(name)) if name else None
    if name and project is None:
        raise ActError(f"no project {name!r}")
    email = body.get("from", body.get("to"))
    account = _person(site, email).account_id if email else "*"
    return permission, account, project.id if project else "*"


def _to_category(site: Site, view: View, issue: Issue, category: str) -> None:
    status = status_in(site, issue, category)
    if status is None:
        raise ActError(f"the workflow of {issue['key']} has no such status")
    if status != issue["status"]:
        changes.set_status(site, view.account, issue, status)


def _fields(raw: object) -> dict[str, Any]:
    """Fields of an edit or create by hand: short names, plain text for rich text."""
    if not isinstance(raw, dict) or not raw:
        raise ActError("this needs `fields`")
    fields: dict[str, Any] = {_FIELD_NAMES.get(str(name), str(name)): value for name, value in raw.items()}
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise ActError(f"no field {unknown[0]!r}")
    if isinstance(fields.get("description"), str):
        fields["description"] = adf.paragraphs(*fields["description"].split("\n")) if fields["description"] else None
    return fields


def _person(site: Site, email: object) -> Person:
    person = site.world.people.by_email(str(email))
    if person is None:
        raise ActError(f"nobody has the address {email!r}")
    return person


def _issue(site: Site, name: object) -> Issue:
    issue = site.issue(str(name))
    if issue is None:
        raise ActError(f"no issue {name!r}")
    return issue


_ISSUE_VERBS: Final[dict[str, Callable[[Site, View, Issue, Json], Json | None]]] = {
    "start": _start,
    "complete": _complete,
    "reopen": _reopen,
    "transition": _transition,
    "edit": _edit,
    "label": _label,
    "unlabel": _unlabel,
    "assign": _assign,
    "comment": _comment,
    "clone": _clone,
    "move": _move,
    "delete": _delete,
    "link": _link,
    "unlink": _unlink,
    "archive": _archive,
    "unarchive": _unarchive,
}
_SITE_VERBS: Final[dict[str, Callable[[Site, View, Json], Json]]] = {
    "create": _create,
    "revoke": _revoke,
    "grant": _grant,
}
