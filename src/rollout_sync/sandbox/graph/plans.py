"""Planner plans and their details: container, title, the 25 category labels, whom a plan is shared with."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from rollout_sync.sandbox.graph.call import Call, Reply, collection, entity, selected
from rollout_sync.sandbox.graph.errors import NO_PERMISSION_OR_ITEM, GraphError, invalid, missing, over_limit
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.ids import is_guid, new_id, stamp
from rollout_sync.sandbox.graph.members import (
    CATEGORIES,
    Entity,
    any_string,
    boolean,
    categories,
    open_type,
    read,
    text,
)
from rollout_sync.sandbox.graph.resources import (
    BUCKETS,
    COLLECTIONS,
    GROUPS,
    PLANS,
    TASKS,
    add,
    bump,
    check_group,
    check_plan,
    check_version,
    load,
    render,
)
from rollout_sync.sandbox.graph.switches import limit_code, number
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_PLAN: Final = Entity(
    name="Plan",
    type_name="microsoft.graph.plannerPlan",
    readers={"title": text("Plan", 255)},
    computed=frozenset({"id", "createdBy", "createdDateTime", "owner", "container", "contexts"}),
)
_DETAILS: Final = Entity(
    name="PlanDetails",
    type_name="microsoft.graph.plannerPlanDetails",
    readers={
        "sharedWith": open_type,
        "categoryDescriptions": categories("microsoft.graph.plannerCategoryDescriptions", any_string),
    },
    computed=frozenset({"id"}),
)
_GROUP_URL: Final = re.compile(r"https?://[^/]+(?:/[^/]+)*/groups/([0-9a-fA-F-]{36})/?")


def create_plan(call: Call) -> Reply:
    """POST /planner/plans."""
    body = call.json()
    group_id = _container(body)
    changes = read(_PLAN, body)
    if "title" not in changes:
        raise missing("Title", "Plan")
    group = call.world.store.get(GROUPS, group_id)
    if group is None or "Unified" not in group["groupTypes"]:
        raise GraphError(403, NO_PERMISSION_OR_ITEM)
    check_group(call, group)
    if call.world.store.count_where(PLANS, "group", group_id) >= number(call.world, "limit_plans_in_group"):
        raise over_limit(limit_code("limit_plans_in_group"))
    plan = _store_plan(call, group_id, changes["title"])
    return entity("planner/plans/$entity", render(EtagType.PLAN, plan), 201)


def get_plan(call: Call) -> Reply:
    """GET /planner/plans/{id}."""
    plan = check_plan(call, call.names["plan"])
    return entity("planner/plans/$entity", selected(call, render(EtagType.PLAN, plan)))


def change_plan(call: Call) -> Reply:
    """PATCH /planner/plans/{id}."""
    plan = check_plan(call, call.names["plan"])
    changes = read(_PLAN, call.json())
    check_version(call, EtagType.PLAN, plan, changes)
    plan["fields"].update(changes)
    bump(call.world, EtagType.PLAN, plan, changes)
    return changed(call, "planner/plans/$entity", EtagType.PLAN, plan)


def delete_plan(call: Call) -> Reply:
    """DELETE /planner/plans/{id}: its buckets and tasks go too."""
    plan = check_plan(call, call.names["plan"])
    check_version(call, EtagType.PLAN, plan, None)
    remove_plan(call.world, plan["id"])
    return Reply(status=204)


def remove_plan(world: World, plan_id: str) -> None:
    """Take a plan out with everything in it."""
    for task in world.store.where(TASKS, "plan", plan_id):
        remove_task(world, task["id"])
    for bucket in world.store.where(BUCKETS, "plan", plan_id):
        world.store.delete(BUCKETS, bucket["id"])
    for kind in (EtagType.PLAN, EtagType.PLAN_DETAILS):
        world.store.delete(COLLECTIONS[kind], plan_id)


def remove_task(world: World, task_id: str) -> None:
    """Take a task out with its details and board formats, which share its id."""
    for kind in EtagType:
        if kind not in {EtagType.PLAN, EtagType.PLAN_DETAILS, EtagType.BUCKET}:
            world.store.delete(COLLECTIONS[kind], task_id)


def list_plans(call: Call) -> Reply:
    """GET /planner/plans?$filter=owner eq '…': the only filter that was seen to work."""
    found = re.fullmatch(r"\(?\s*owner eq '([^']+)'\s*\)?", call.query.get("$filter", ""))
    if found is None:
        raise GraphError(400, "The query needs a filter on owner.")
    return _plans_of_group(call, found[1])


def list_group_plans(call: Call) -> Reply:
    """GET /groups/{id}/planner/plans."""
    return _plans_of_group(call, call.names["group"])


def plans_for_user(call: Call, user_id: str) -> Reply:
    """Plans of the groups that a user belongs to."""
    groups = [group["id"] for group in call.world.store.scan(GROUPS) if user_id in group["members"]]
    found = [plan for group_id in groups for plan in call.world.store.where(PLANS, "group", group_id)]
    return collection(call, "Collection(microsoft.graph.plannerPlan)", found, partial(render, EtagType.PLAN))


def get_details(call: Call) -> Reply:
    """GET /planner/plans/{id}/details."""
    plan_id = check_plan(call, call.names["plan"])["id"]
    details = load(call.world, EtagType.PLAN_DETAILS, plan_id)
    return entity(f"planner/plans('{plan_id}')/details/$entity", render(EtagType.PLAN_DETAILS, details))


def change_details(call: Call) -> Reply:
    """PATCH /planner/plans/{id}/details: both open types merge key by key."""
    plan_id = check_plan(call, call.names["plan"])["id"]
    details = load(call.world, EtagType.PLAN_DETAILS, plan_id)
    changes = read(_DETAILS, call.json())
    shared = {key: value for key, value in changes.get("sharedWith", {}).items() if not key.startswith("@")}
    labels = changes.get("categoryDescriptions", {})
    _check_shared(call, details, shared)
    touched = {f"sharedWith/{key}" for key in shared} | {f"categoryDescriptions/{key}" for key in labels}
    check_version(call, EtagType.PLAN_DETAILS, details, touched)
    fields = details["fields"]
    fields["categoryDescriptions"] |= labels
    fields["sharedWith"] = {k: True for k, is_in in (fields["sharedWith"] | shared).items() if is_in}
    bump(call.world, EtagType.PLAN_DETAILS, details, touched)
    return changed(call, f"planner/plans('{plan_id}')/details/$entity", EtagType.PLAN_DETAILS, details)


def changed(call: Call, context: str, kind: EtagType, document: Document) -> Reply:
    """The answer to a PATCH: empty, or the resource where the client prefers it."""
    if not call.wants_representation:
        return Reply(status=204)
    reply = entity(context, render(kind, document))
    return Reply(body=reply.body, headers={"Preference-Applied": "return=representation"})


def _check_shared(call: Call, details: Document, shared: Document) -> None:
    for user_id, is_in in shared.items():
        boolean(f"sharedWith/{user_id}", is_in)
        if not is_guid(user_id):
            raise invalid(f"The property '{user_id}' of 'sharedWith' is not the id of a user.")
    everybody = {**details["fields"]["sharedWith"], **shared}
    if sum(map(bool, everybody.values())) > number(call.world, "limit_users_shared_with_plan"):
        raise over_limit(limit_code("limit_users_shared_with_plan"))


def _container(body: Document) -> str:
    """The group's id out of `container` (url, or id and type) or the older `owner`."""
    container = body.get("container")
    if container is None:
        owner = body.get("owner")
        if not isinstance(owner, str) or not owner:
            raise missing("Owner", "Plan")
        return owner.lower()
    if not isinstance(container, dict):
        raise invalid("Cannot convert 'container' to the expected type 'microsoft.graph.plannerPlanContainer'.")
    found = _GROUP_URL.fullmatch(str(container.get("url", "")))
    group_id = container.get("containerId") or (found[1] if found else None)
    if not isinstance(group_id, str) or (found is None and container.get("type") != "group"):
        raise invalid("A container needs its url, or containerId and type.")
    if found is not None and found[1].lower() != group_id.lower():
        raise invalid("The url and the containerId of the container name different groups.")
    return group_id.lower()


def _store_plan(call: Call, group_id: str, title: str) -> Document:
    world = call.world
    plan_id = new_id(world.random)
    container = {
        "@odata.type": "#microsoft.graph.plannerPlanContainer",
        "containerId": group_id,
        "type": "group",
        "url": f"https://graph.microsoft.com/v1.0/groups/{group_id}",
    }
    fields: Document = {
        "createdDateTime": stamp(world.clock.now()),
        "owner": group_id,
        "title": title,
        "id": plan_id,
        "createdBy": call.caller.signature(world),
        "container": container,
    }
    plan = add(world, EtagType.PLAN, fields, group=group_id)
    plan["reads"] = 0
    add(
        world,
        EtagType.PLAN_DETAILS,
        {"sharedWith": {}, "categoryDescriptions": dict.fromkeys(CATEGORIES), "id": plan_id},
    )
    return plan


def _plans_of_group(call: Call, group_id: str) -> Reply:
    group = call.world.store.get(GROUPS, group_id.lower())
    if group is None:
        raise GraphError(403, NO_PERMISSION_OR_ITEM)
    check_group(call, group)
    found = call.world.store.where(PLANS, "group", group["id"])
    return collection(call, "planner/plans", found, partial(render, EtagType.PLAN))
