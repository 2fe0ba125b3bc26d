"""Planner buckets: the columns of a board. A plan made through the API has none."""

from __future__ import annotations

from functools import partial
from typing import Final

from rollout_sync.sandbox.graph.call import Call, Reply, collection, entity, selected
from rollout_sync.sandbox.graph.errors import BAD_IDENTIFIER, GraphError, missing, over_limit, schema
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.hints import compute, default_hint
from rollout_sync.sandbox.graph.ids import check_id, new_id
from rollout_sync.sandbox.graph.members import Entity, any_string, read, text
from rollout_sync.sandbox.graph.plans import changed, remove_task
from rollout_sync.sandbox.graph.resources import BUCKETS, TASKS, add, bump, check_plan, check_version, load, render
from rollout_sync.sandbox.graph.switches import limit_code, number
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_BUCKET: Final = Entity(
    name="Bucket",
    type_name="microsoft.graph.plannerBucket",
    readers={"name": text("Bucket", 255), "planId": any_string, "orderHint": any_string},
    computed=frozenset({"id"}),
)
_CONTEXT: Final = "planner/buckets/$entity"


def create_bucket(call: Call) -> Reply:
    """POST /planner/buckets."""
    changes = read(_BUCKET, call.json())
    plan_id = plan_of(call, changes, "Bucket")
    if "name" not in changes:
        raise missing("Name", "Bucket")
    world = call.world
    if world.store.count_where(BUCKETS, "plan", plan_id) >= number(world, "limit_buckets_in_plan"):
        raise over_limit(limit_code("limit_buckets_in_plan"))
    fields = {
        "name": changes["name"],
        "planId": plan_id,
        "orderHint": order_hint(world, changes.get("orderHint")),
        "id": new_id(world.random),
    }
    return entity(_CONTEXT, render(EtagType.BUCKET, add(world, EtagType.BUCKET, fields, plan=plan_id)), 201)


def get_bucket(call: Call) -> Reply:
    """GET /planner/buckets/{id}."""
    return entity(_CONTEXT, selected(call, render(EtagType.BUCKET, _load(call))))


def list_buckets(call: Call) -> Reply:
    """GET /planner/plans/{id}/buckets."""
    plan = check_plan(call, call.names["plan"])
    found = call.world.store.where(BUCKETS, "plan", plan["id"])
    return collection(call, "Collection(microsoft.graph.plannerBucket)", found, partial(render, EtagType.BUCKET))


def change_bucket(call: Call) -> Reply:
    """PATCH /planner/buckets/{id}."""
    bucket = _load(call)
    changes = read(_BUCKET, call.json())
    changes.pop("planId", None)
    if "orderHint" in changes:
        changes["orderHint"] = order_hint(call.world, changes["orderHint"])
    check_version(call, EtagType.BUCKET, bucket, changes)
    bucket["fields"].update(changes)
    bump(call.world, EtagType.BUCKET, bucket, changes)
    return changed(call, _CONTEXT, EtagType.BUCKET, bucket)


def delete_bucket(call: Call) -> Reply:
    """DELETE /planner/buckets/{id}; what becomes of its tasks is a switch."""
    bucket = _load(call)
    check_version(call, EtagType.BUCKET, bucket, None)
    for task in call.world.store.where(TASKS, "bucket", bucket["id"]):
        if call.world.switches["delete_bucket_tasks"] == "delete":
            remove_task(call.world, task["id"])
        else:
            task["bucket"] = task["fields"]["bucketId"] = None
            bump(call.world, EtagType.TASK, task, ["bucketId"])
    call.world.store.delete(BUCKETS, bucket["id"])
    return Reply(status=204)


def plan_of(call: Call, changes: Document, name: str) -> str:
    """The plan that a new bucket or task names.

    Raises:
        GraphError: none named, malformed, not there, or not for this caller.
    """
    plan_id = changes.get("planId")
    if not plan_id:
        raise missing("PlanId", name)
    try:
        check_id(plan_id)
    except GraphError as error:
        raise schema("PlanId", name, BAD_IDENTIFIER) from error
    return str(check_plan(call, plan_id)["id"])


def order_hint(world: World, asked: str | None) -> str:
    """The value for an order hint that a client asked for; without one, newest first."""
    fresh = default_hint(world.clock.now(), world.store.next_number("order-hint"))
    return compute(asked, fresh) if asked else fresh


def _load(call: Call) -> Document:
    bucket = load(call.world, EtagType.BUCKET, call.names["bucket"])
    check_plan(call, bucket["plan"])
    return bucket
