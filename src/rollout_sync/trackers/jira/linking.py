"""Links between issues and links to Planner: written so that a repetition leaves one link."""

from __future__ import annotations

from urllib.parse import quote

from rollout_sync.errors import TrackerError
from rollout_sync.model.objects import Fields, Remote
from rollout_sync.model.operations import Change, Create, Done, Outcome, Refused
from rollout_sync.model.rollout import RolloutId
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.mapping import global_id, link_body, remote_link_body
from rollout_sync.trackers.jira.outcomes import of_error, of_lost_change, of_refusal
from rollout_sync.trackers.jira.shapes import Json, as_object, inner, inner_text
from rollout_sync.transport import Repeat, Reply

_LINK = "/issueLink"
_REMOTE = "/issue/{id}/remotelink"


def send_link(client: JiraClient, destination: Destination, create: Create) -> Outcome:
    """Say that source blocks target. However often it is asked, Jira keeps one link, if no comment goes along."""
    source, target = create.fields.get("source"), create.fields.get("target")
    if not isinstance(source, Remote) or not isinstance(target, Remote):
        return Refused(reason="one of the issues to link was not made", hint="Settle that issue first.")
    try:
        body = link_body(source, target, destination)
        reply = client.ask("POST", _LINK, route=_LINK, repeat=Repeat.SAFE, json=body)
    except TrackerError as error:
        return of_error(error)
    if not reply.ok:
        return of_refusal(reply, what=f"{source.key} and {target.key} cannot be linked", where=f"POST {_LINK}")
    return Done(remote=Remote(id=""))


def send_remote_link(client: JiraClient, rollout: RolloutId, create: Create) -> Outcome:
    """Show a Planner plan or task on an issue; writing it again replaces it."""
    issue, target = create.fields.get("issue"), create.fields.get("target")
    if not isinstance(issue, Remote) or not isinstance(target, Remote) or not target.url:
        return Refused(reason="the issue or what it links to was not made", hint="Settle that one first.")
    fields = create.fields
    body = remote_link_body(
        global_id(rollout, create.object),
        url=target.url,
        title=str(fields.get("title") or target.url),
        relationship=str(fields.get("relationship") or "planned in"),
    )
    try:
        return _put(client, issue, target.url, body)
    except TrackerError as error:
        return of_error(error)


def change_remote_link(client: JiraClient, rollout: RolloutId, change: Change) -> Outcome:
    """Rewrite a remote link as a whole: what changes, and the rest as it is now. `fields` must name its issue."""
    issue = change.fields.get("issue")
    if not isinstance(issue, Remote):
        return Refused(reason="the change does not name the issue that shows the link", hint="Plan again.")
    try:
        identity = global_id(rollout, change.object)
        current = _current(client, issue, identity)
        if current is None:
            return Refused(reason="the link is not there any more", status=404, hint="Plan again.")
        url, body = _merged(change.fields, current, identity)
        return _put(client, issue, url, body)
    except TrackerError as error:
        return of_lost_change(error)


def _put(client: JiraClient, issue: Remote, url: str, body: Json) -> Outcome:
    reply = client.ask("POST", _path(issue), route=_REMOTE, repeat=Repeat.SAFE, json=body)
    if not reply.ok:
        return of_refusal(reply, what=f"{issue.key or issue.id} cannot show the link", where=f"POST {_REMOTE}")
    number = as_object(reply.body, f"POST {_REMOTE}").get("id")
    return Done(remote=Remote(id=str(number), url=url))


def _current(client: JiraClient, issue: Remote, identity: str) -> Json | None:
    params = {"globalId": identity}
    reply: Reply = client.ask("GET", _path(issue), route=_REMOTE, repeat=Repeat.SAFE, params=params)
    body = reply.body if reply.ok else None
    found = body[0] if isinstance(body, list) and body else body
    return as_object(found, f"GET {_REMOTE}") if found else None


def _merged(fields: Fields, current: Json, identity: str) -> tuple[str, Json]:
    target = fields.get("target")
    url = target.url if isinstance(target, Remote) else inner_text(current, "object", "url")
    title = fields.get("title") or inner(current, "object", "title")
    relationship = fields.get("relationship") or inner(current, "relationship")
    return url, remote_link_body(identity, url=url, title=str(title), relationship=str(relationship))


def _path(issue: Remote) -> str:
    return f"/issue/{quote(issue.id or issue.key, safe='')}/remotelink"
