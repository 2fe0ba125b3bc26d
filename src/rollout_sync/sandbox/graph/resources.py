"""Planner resources in the store: identity, version, which members each version touched, and who may see them.

A document is `{"id", "version", "history", "fields", …}`: `fields` is what clients see, the other members are ours
(`group`, `plan`, `bucket` are there to be found by; `made` says when it was created, and as the how-many-th thing).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rollout_sync.sandbox.graph.call import Call
from rollout_sync.sandbox.graph.errors import (
    CONFLICT,
    IF_MATCH_UNKNOWN,
    NO_PERMISSION,
    NOT_FOUND,
    GraphError,
)
from rollout_sync.sandbox.graph.etags import EtagType, etag, version_of
from rollout_sync.sandbox.graph.ids import check_id
from rollout_sync.sandbox.graph.switches import number
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

PLANS: Final = "graph.plans"
PLAN_DETAILS: Final = "graph.plan_details"
BUCKETS: Final = "graph.buckets"
TASKS: Final = "graph.tasks"
TASK_DETAILS: Final = "graph.task_details"
GROUPS: Final = "graph.groups"

COLLECTIONS: Final = {
    EtagType.PLAN: PLANS,
    EtagType.PLAN_DETAILS: PLAN_DETAILS,
    EtagType.BUCKET: BUCKETS,
    EtagType.TASK: TASKS,
    EtagType.TASK_DETAILS: TASK_DETAILS,
    EtagType.ASSIGNED_TO_FORMAT: "graph.assigned_to_formats",
    EtagType.BUCKET_FORMAT: "graph.bucket_formats",
    EtagType.PROGRESS_FORMAT: "graph.progress_formats",
}
_HISTORY: Final = 200
"""Versions whose touched members are remembered; an older ETag matches no version."""


def add(world: World, kind: EtagType, fields: Document, **found_by: str | None) -> Document:
    """Store a new resource in version 1; `fields` has its id."""
    made = {"at": world.clock.now().isoformat(), "number": world.store.next_number("made")}
    document: Document = {"id": fields["id"], "version": 1, "history": [], "made": made, **found_by, "fields": fields}
    world.store.put(COLLECTIONS[kind], fields["id"], document)
    return document


def load(world: World, kind: EtagType, item_id: str) -> Document:
    """A stored resource.

    Raises:
        GraphError: malformed identifier, or nothing there.
    """
    document = world.store.get(COLLECTIONS[kind], check_id(item_id))
    if document is None:
        raise GraphError(404, NOT_FOUND)
    return document


def render(kind: EtagType, document: Document) -> Document:
    """The resource as clients see it."""
    return {"@odata.etag": etag(kind, document["version"]), **document["fields"]}


def check_version(call: Call, kind: EtagType, document: Document, touched: Iterable[str] | None) -> None:
    """Planner's merge rule: an old ETag will do where nobody changed the same members since.

    Args:
        call: with its If-Match header.
        kind: of the resource.
        document: the resource now.
        touched: paths of the members that this request writes; None for a delete, which touches all.

    Raises:
        GraphError: 412 no, malformed or unknown ETag; 409 a change that collides.
    """
    seen = version_of(call.headers.get("if-match"), kind)
    history = document["history"]
    oldest = document["version"] - len(history)
    if seen > document["version"] or seen < oldest:
        raise GraphError(412, IF_MATCH_UNKNOWN)
    later = [path for version, paths in history if version > seen for path in paths]
    if later and (touched is None or any(_collide(mine, other) for mine in touched for other in later)):
        raise GraphError(409, CONFLICT)


def bump(world: World, kind: EtagType, document: Document, touched: Iterable[str]) -> None:
    """A new version of a changed resource, with the members that it touched."""
    document["version"] += 1
    document["history"] = [*document["history"][1 - _HISTORY :], [document["version"], sorted(touched)]]
    world.store.put(COLLECTIONS[kind], document["id"], document)


def group_of_plan(world: World, plan_id: str) -> Document | None:
    """The group document that holds a plan; None when one of them is gone."""
    plan = world.store.get(PLANS, plan_id)
    return world.store.get(GROUPS, plan["group"]) if plan else None


def check_group(call: Call, group: Document | None) -> None:
    """Signed-in users need to be members of the group; applications do not.

    Raises:
        GraphError: 403.
    """
    user = call.caller.user
    if user is not None and (group is None or user.graph_id not in group["members"]):
        raise GraphError(403, NO_PERMISSION)


def check_plan(call: Call, plan_id: str) -> Document:
    """The plan, if the caller may use it and if it is not still hidden after its creation.

    Raises:
        GraphError: 400, 403 or 404.
    """
    plan = load(call.world, EtagType.PLAN, plan_id)
    if not _is_shared_with(call, plan_id):
        check_group(call, call.world.store.get(GROUPS, plan["group"]))
    if plan["reads"] < number(call.world, "new_plan_hidden_reads"):
        plan["reads"] += 1
        call.world.store.put(PLANS, plan_id, plan)
        raise GraphError(404, NOT_FOUND)
    return plan


def check_task(call: Call, task_id: str) -> Document:
    """The task, if the caller may use it: through its plan, or because it is assigned to them.

    Raises:
        GraphError: 400, 403 or 404.
    """
    task = load(call.world, EtagType.TASK, task_id)
    user = call.caller.user
    if user is None or user.graph_id not in task["fields"]["assignments"]:
        check_plan(call, task["plan"])
    return task


def _is_shared_with(call: Call, plan_id: str) -> bool:
    details = call.world.store.get(PLAN_DETAILS, plan_id)
    user = call.caller.user
    return bool(details and user and details["fields"]["sharedWith"].get(user.graph_id))


def _collide(mine: str, other: str) -> bool:
    return mine == other or mine.startswith(other + "/") or other.startswith(mine + "/")
