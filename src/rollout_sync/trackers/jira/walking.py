"""Moving an issue along its workflow until it is as far as wanted, whatever its statuses are called."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from rollout_sync.model.operations import Change, Outcome, Refused
from rollout_sync.trackers.jira.client import JiraClient
from rollout_sync.trackers.jira.inspect import transitions
from rollout_sync.trackers.jira.outcomes import of_refusal
from rollout_sync.trackers.jira.shapes import Json, inner_text
from rollout_sync.transport import Repeat

STEP = "/issue/{id}/transitions"
_MOST_STEPS = 4
_ORDER = ("new", "indeterminate", "done")


def walk(client: JiraClient, change: Change, hold_status: str) -> Outcome | None:
    """Take transitions until the issue's status is of the category `change.fields["progress"]`; None when it is.

    Where none leads there at once, one that leads in its direction is taken first. The hold status is never entered.
    """
    wanted = str(change.fields["progress"])
    been: list[str] = []
    for _step in range(_MOST_STEPS):
        status = _status(client, change)
        if inner_text(status, "statusCategory", "key") == wanted:
            return None
        been.append(inner_text(status, "name"))
        chosen = choose(transitions(client, change.remote.id), wanted, (*been, hold_status))
        if chosen is None:
            break
        reply = take(client, change, chosen)
        if reply is not None:
            return reply
    name = change.remote.key or str(change.object)
    return Refused(
        reason=f"{name} cannot be moved: its workflow has no way from {been[0]!r} to a status that counts as {wanted}",
        hint="move it by hand, or add a transition to the workflow",
    )


def choose(offered: Sequence[Json], wanted: str, avoided: Sequence[str]) -> str | None:
    """Id of the transition to take: to the wanted category, else as far towards it as possible. Pure."""
    goal = _ORDER.index(wanted)
    open_ways = [one for one in offered if inner_text(one, "to", "name") not in avoided]
    ranked = sorted(open_ways, key=lambda one: abs(_ORDER.index(_category(one)) - goal))
    return inner_text(ranked[0], "id") if ranked else None


def take(client: JiraClient, change: Change, step: str) -> Refused | None:
    """Carry a transition out; None when Jira did."""
    body = {"transition": {"id": step}}
    path = f"/issue/{quote(change.remote.id or change.remote.key, safe='')}/transitions"
    reply = client.ask("POST", path, route=STEP, repeat=Repeat.ONCE, json=body)
    if reply.ok:
        return None
    return of_refusal(reply, what=f"{change.remote.key or change.object} cannot be moved", where=f"POST {STEP}")


def _status(client: JiraClient, change: Change) -> object:
    path = f"/issue/{quote(change.remote.id or change.remote.key, safe='')}"
    what = f"{change.remote.key or change.object} cannot be read"
    read = client.read(path, route="/issue/{id}", what=what, params={"fields": "status"})
    fields = read.get("fields")
    return fields.get("status") if isinstance(fields, dict) else None


def _category(transition: Json) -> str:
    found = inner_text(transition, "to", "statusCategory", "key")
    return found if found in _ORDER else "new"
