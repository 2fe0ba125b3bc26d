"""Edits of one issue: changed fields in one PUT, and a step in the workflow where work is held or released."""

from __future__ import annotations

import logging
from urllib.parse import quote

from rollout_sync.errors import TrackerError
from rollout_sync.model.operations import Change, Done, Outcome
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.destination import Destination
from rollout_sync.trackers.jira.inspect import is_new, transition_to, transitions
from rollout_sync.trackers.jira.mapping import Identity, edit_body
from rollout_sync.trackers.jira.outcomes import of_lost_change, of_refusal
from rollout_sync.trackers.jira.shapes import inner_text
from rollout_sync.trackers.jira.walking import take, walk
from rollout_sync.transport import Repeat

_logger = logging.getLogger(__name__)
_ISSUE = "/issue/{id}"


def change_issue(client: JiraClient, destination: Destination, change: Change, current: Identity | None) -> Outcome:
    """Write `change`. The workflow step comes first: the label, which tells whether work is held, is set last.

    `current` is the issue's property as it is now; needed where labels change.
    """
    body = edit_body(change.fields, change.object.kind, destination, current)
    try:
        if "progress" in change.fields:
            refused = walk(client, change, destination.hold_status)
            if refused is not None:
                return refused
        if "held" in change.fields and destination.hold_status:
            refused = _step(client, destination, change)
            if refused is not None:
                return refused
        if not body:
            return Done(remote=change.remote)
        reply = client.ask("PUT", _path(change, ""), route=_ISSUE, repeat=Repeat.SAFE, json=body)
    except TrackerError as error:
        return of_lost_change(error)
    if not reply.ok:
        return of_refusal(reply, what=f"{_name(change)} cannot be changed", where=f"PUT {_ISSUE}")
    return Done(remote=change.remote)


def _step(client: JiraClient, destination: Destination, change: Change) -> Outcome | None:
    """Move into or out of the hold status where the issue stands on the other side; None when that is settled."""
    step = _wanted_step(client, destination, change)
    if not step:
        return None
    refused = take(client, change, step)
    if refused is None or refused.again:
        return refused
    _logger.warning("%s; its label alone tells whether it is held", refused.reason)
    return None


def _wanted_step(client: JiraClient, destination: Destination, change: Change) -> str:
    """The transition to take; "" when there is none or nothing to do: work that people started is left alone."""
    read = client.read(
        _path(change, ""), route=_ISSUE, what=f"{_name(change)} cannot be read", params={"fields": "status"}
    )
    status = inner_text(read, "fields", "status", "name")
    is_held = status == destination.hold_status
    if change.fields["held"] is True:
        fresh = inner_text(read, "fields", "status", "statusCategory", "key") == "new"
        return transition_to(client, change.remote.id, destination.hold_status) if fresh and not is_held else ""
    if not is_held:
        return ""
    onward = [t for t in transitions(client, change.remote.id) if is_new(t)]
    return next((inner_text(t, "id") for t in onward if inner_text(t, "to", "name") != status), "")


def _path(change: Change, rest: str) -> str:
    return f"/issue/{quote(change.remote.id or change.remote.key, safe='')}{rest}"


def _name(change: Change) -> str:
    return change.remote.key or str(change.object)
