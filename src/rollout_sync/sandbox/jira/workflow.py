"""Moving issues through their workflow: what is on offer, and what a transition changes."""

from __future__ import annotations

from typing import Any

from rollout_sync.sandbox.jira.answers import refused
from rollout_sync.sandbox.jira.documents import Issue, Json
from rollout_sync.sandbox.jira.history import field_item, status_item
from rollout_sync.sandbox.jira.scheme import DEFAULT_RESOLUTION, Transition
from rollout_sync.sandbox.jira.site import Site


def on_offer(site: Site, issue: Issue, account: str) -> list[Transition]:
    """Transitions that an account may take from the issue's status; none without the permission."""
    if not site.may(account, "TRANSITION_ISSUES", issue["project"]):
        return []
    loops = site.world.switches.is_on("jira_loop_transitions")
    return [move for move in site.project(issue).transitions if loops or move.status != issue["status"]]


def chosen(site: Site, issue: Issue, account: str, raw: object) -> Transition:
    """The transition that a request names.

    Raises:
        Refusal: 400, none is named, or it is not on offer.
    """
    if not isinstance(raw, dict) or raw.get("id") is None:
        raise refused("Missing 'transition' identifier")
    for move in on_offer(site, issue, account):
        if move.id == str(raw["id"]):
            return move
    raise refused(f"Transition id '{raw['id']}' is not valid for this issue.")


def move_to(site: Site, issue: Issue, status: str, values: dict[str, Any] | None = None) -> list[Json]:
    """Put an issue into a status, with the resolution that goes with it; returns the changelog items.

    Company-managed workflows set a resolution when an issue becomes done and clear it when it is reopened.
    """
    values = values or {}
    items: list[Json] = []
    before, after = site.status(issue["status"]), site.status(status)
    if before.id != after.id:
        items.append(status_item(site, before.id, after.id))
        issue["status"] = after.id
        if before.category != after.category:
            issue["category_since"] = site.now
    resolution = values.get("resolution", _resolution(site, issue, after.category))
    item = field_item(site, "resolution", issue["resolution"], resolution)
    if item:
        items.append(item)
        issue["resolution"] = resolution
        issue["resolved"] = site.now if resolution else None
    return items


def status_in(site: Site, issue: Issue, category: str) -> str | None:
    """The first status of the project's workflow in a category, leaving out the one for holding."""
    moves = site.project(issue).transitions
    found = [move.status for move in moves if site.status(move.status).category == category]
    return found[0] if found else None


def transition_json(site: Site, move: Transition, status: Json) -> Json:
    """One transition as the API lists it."""
    return {
        "id": move.id,
        "name": site.status_name(move.status),
        "to": status,
        "hasScreen": False,
        "isGlobal": True,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "isLooped": False,
    }


def _resolution(site: Site, issue: Issue, category: str) -> str | None:
    if category != "done":
        return None
    if site.project(issue).is_team_managed and not site.world.switches.is_on("jira_team_resolution"):
        return issue["resolution"]
    return issue["resolution"] or DEFAULT_RESOLUTION
