"""Planner tasks: creation, change by merging, completion, lists."""

from __future__ import annotations

import copy
from functools import partial
from typing import Final

from rollout_sync.sandbox.graph.buckets import order_hint, plan_of
from rollout_sync.sandbox.graph.call import Call, Reply, collection, entity, selected
from rollout_sync.sandbox.graph.details import apply_details, fresh_details
from rollout_sync.sandbox.graph.errors import BAD_IDENTIFIER, GraphError, invalid, missing, over_limit, schema
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.ids import check_id, is_guid, new_id, stamp
from rollout_sync.sandbox.graph.members import (
    Entity,
    any_string,
    boolean,
    categories,
    complex_value,
    instant,
    integer,
    one_of,
    open_type,
    read,
    text,
)
from rollout_sync.sandbox.graph.plans import changed, remove_task
from rollout_sync.sandbox.graph.resources import (
    BUCKETS,
    TASK_DETAILS,
    TASKS,
    add,
    bump,
    check_plan,
    check_task,
    check_version,
    load,
    render,
)
from rollout_sync.sandbox.graph.switches import limit_code, number
from rollout_sync.sandbox.store import Document

PREVIEW_TYPES: Final = ("automatic", "noPreview", "checklist", "description", "reference")
COMPLETE: Final = 100
_CONTEXT: Final = "planner/tasks/$entity"
_ASSIGNMENT: Final = "microsoft.graph.plannerAssignment"
_TASK: Final = Entity(
    name="Task",
    type_name="microsoft.graph.plannerTask",
    readers={
        "planId": any_string,
        "bucketId": any_string,
        "title": text("Task", 255),
        "orderHint": any_string,
        "assigneePriority": any_string,
        "percentComplete": integer("Task", 0, 100),
        "startDateTime": instant,
        "dueDateTime": instant,
        "previewType": one_of(*PREVIEW_TYPES),
        "conversationThreadId": any_string,
        "priority": integer("Task", 0, 10),
        "appliedCategories": categories("microsoft.graph.plannerAppliedCategories", boolean),
        "assignments": open_type,
    },
    computed=frozenset(
        {
            "id",
            "createdDateTime",
            "createdBy",
            "completedDateTime",
            "completedBy",
            "hasDescription",
            "referenceCount",
            "checklistItemCount",
            "activeChecklistItemCount",
        }
    ),
)


def create_task(call: Call) -> Reply:
    """POST /planner/tasks."""
    body = dict(call.json())
    nested = body.pop("details", None)
    if nested is not None and call.world.switches["create_with_details"] == "refused":
        raise invalid("The property 'details' cannot be set when a task is created.")
    changes = read(_TASK, body)
    plan_id = plan_of(call, changes, "Task")
    if "title" not in changes:
        raise missing("Title", "Task")
    _check_room(call, plan_id, changes)
    fields = _fresh(call, plan_id)
    _merge(call, fields, changes)
    signature = fields["createdBy"]
    creator = signature["user"]["id"] or signature["application"]["id"]
    task = add(call.world, EtagType.TASK, fields, plan=plan_id, bucket=fields["bucketId"], creator=creator)
    details = add(call.world, EtagType.TASK_DETAILS, fresh_details(call.world, fields["id"]))
    if isinstance(nested, dict) and call.world.switches["create_with_details"] == "works":
        apply_details(call, task, details, nested)
        task["version"], task["history"] = 1, []
    return entity(_CONTEXT, render(EtagType.TASK, task), 201)


def get_task(call: Call) -> Reply:
    """GET /planner/tasks/{id}, with `$select` and `$expand=details`."""
    return entity(_CONTEXT, selected(call, _expanded(call, check_task(call, call.names["task"]))))


def change_task(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}."""
    task = check_task(call, call.names["task"])
    body = dict(call.json())
    if body.pop("details", None) is not None:
        raise invalid("The property 'details' cannot be changed through the task.")
    changes = read(_TASK, body)
    changes.pop("planId", None)
    fields = copy.deepcopy(task["fields"])
    touched = _merge(call, fields, changes)
    check_version(call, EtagType.TASK, task, touched)
    task["fields"], task["bucket"] = fields, fields["bucketId"]
    bump(call.world, EtagType.TASK, task, touched)
    return changed(call, _CONTEXT, EtagType.TASK, task)


def delete_task(call: Call) -> Reply:
    """DELETE /planner/tasks/{id}."""
    task = check_task(call, call.names["task"])
    check_version(call, EtagType.TASK, task, None)
    remove_task(call.world, task["id"])
    return Reply(status=204)


def list_plan_tasks(call: Call) -> Reply:
    """GET /planner/plans/{id}/tasks; `$top` and `$filter` are ignored, as the service does."""
    plan = check_plan(call, call.names["plan"])
    return _listed(call, call.world.store.where(TASKS, "plan", plan["id"]))


def list_bucket_tasks(call: Call) -> Reply:
    """GET /planner/buckets/{id}/tasks."""
    bucket = load(call.world, EtagType.BUCKET, call.names["bucket"])
    check_plan(call, bucket["plan"])
    return _listed(call, call.world.store.where(TASKS, "bucket", bucket["id"]))


def tasks_of_user(call: Call, user_id: str) -> Reply:
    """Tasks that are assigned to a user, in all plans."""
    return _listed(call, [t for t in call.world.store.scan(TASKS) if user_id in t["fields"]["assignments"]])


def _listed(call: Call, tasks: list[Document]) -> Reply:
    return collection(call, "Collection(microsoft.graph.plannerTask)", tasks, partial(_expanded, call))


def _expanded(call: Call, task: Document) -> Document:
    shown = render(EtagType.TASK, task)
    if "details" in call.query.get("$expand", "") and call.world.switches.is_on("expand_details"):
        details = call.world.store.get(TASK_DETAILS, task["id"])
        if details is not None:
            shown["details"] = render(EtagType.TASK_DETAILS, details)
    return shown


def _fresh(call: Call, plan_id: str) -> Document:
    """A task before the client's members, in the service's order of members."""
    return {
        "planId": plan_id,
        "bucketId": None,
        "title": "",
        "orderHint": order_hint(call.world, None),
        "assigneePriority": "",
        "percentComplete": 0,
        "startDateTime": None,
        "createdDateTime": stamp(call.world.clock.now()),
        "dueDateTime": None,
        "hasDescription": False,
        "previewType": "automatic",
        "completedDateTime": None,
        "completedBy": None,
        "referenceCount": 0,
        "checklistItemCount": 0,
        "activeChecklistItemCount": 0,
        "conversationThreadId": None,
        "priority": 5,
        "id": new_id(call.world.random),
        "createdBy": call.caller.signature(call.world),
        "appliedCategories": {},
        "assignments": {},
    }


def _merge(call: Call, fields: Document, changes: Document) -> set[str]:
    """Put changes into the members of a task; returns the paths that were touched."""
    plain = dict(changes)
    plain.pop("planId", None)
    assignments, applied = plain.pop("assignments", {}), plain.pop("appliedCategories", {})
    for name in ("orderHint", "assigneePriority"):
        if plain.get(name):
            plain[name] = order_hint(call.world, plain[name])
    if plain.get("bucketId") is not None:
        _check_bucket(call, fields["planId"], plain["bucketId"])
    touched = set(plain) | _merge_assignments(call, fields, assignments)
    touched |= {f"appliedCategories/{name}" for name in applied}
    fields["appliedCategories"] = {n: True for n, is_on in (fields["appliedCategories"] | applied).items() if is_on}
    before = fields["percentComplete"]
    fields.update(plain)
    start, due = fields["startDateTime"], fields["dueDateTime"]
    if start and due and due < start:
        raise schema("DueDate", "Task", "DueDate cannot be earlier than the StartDate")
    return touched | _complete(call, fields, before)


def _complete(call: Call, fields: Document, before: int) -> set[str]:
    """At 100 per cent the service notes who and when; below it forgets both."""
    now = fields["percentComplete"]
    if (now == COMPLETE) == (before == COMPLETE):
        return set()
    is_done = now == COMPLETE
    fields["completedDateTime"] = stamp(call.world.clock.now()) if is_done else None
    fields["completedBy"] = call.caller.signature(call.world) if is_done else None
    return {"completedDateTime", "completedBy"}


def _merge_assignments(call: Call, fields: Document, changes: Document) -> set[str]:
    assigned, touched = fields["assignments"], set()
    for user_id, value in changes.items():
        if user_id.startswith("@"):
            continue
        if value is None:
            assigned.pop(user_id, None)
            touched.add(f"assignments/{user_id}")
            continue
        asked = complex_value("assignments", user_id, value, _ASSIGNMENT)
        hint = order_hint(call.world, asked.get("orderHint"))
        if user_id in assigned:
            assigned[user_id]["orderHint"] = hint
            touched.add(f"assignments/{user_id}/orderHint")
        else:
            _check_assignee(call, user_id)
            assigned[user_id] = _assignment(call, hint)
            touched.add(f"assignments/{user_id}")
    if len(assigned) > number(call.world, "limit_assignees_on_task"):
        raise over_limit(limit_code("limit_assignees_on_task"))
    return touched


def _assignment(call: Call, hint: str) -> Document:
    return {
        "@odata.type": f"#{_ASSIGNMENT}",
        "assignedDateTime": stamp(call.world.clock.now()),
        "orderHint": hint,
        "assignedBy": call.caller.signature(call.world),
    }


def _check_assignee(call: Call, user_id: str) -> None:
    world = call.world
    is_known = world.people.by_graph_id(user_id) is not None or world.switches["unknown_assignee"] == "accept"
    if not is_guid(user_id) or not is_known:
        raise schema("Assignments", "Task", BAD_IDENTIFIER)
    limit = number(world, "limit_tasks_assigned_to_user")
    if world.store.count(TASKS) < limit:
        return
    if sum(user_id in task["fields"]["assignments"] for task in world.store.scan(TASKS)) >= limit:
        raise over_limit(limit_code("limit_tasks_assigned_to_user"))


def _check_bucket(call: Call, plan_id: str, bucket_id: str) -> None:
    try:
        bucket = call.world.store.get(BUCKETS, check_id(bucket_id))
    except GraphError as error:
        raise schema("BucketId", "Task", BAD_IDENTIFIER) from error
    if bucket is None or bucket["plan"] != plan_id:
        raise schema("BucketId", "Task", "The bucket does not exist in the plan of the task.")


def _check_room(call: Call, plan_id: str, changes: Document) -> None:
    """The limits of a plan; the costlier counts are made only where they can matter."""
    world = call.world
    in_plan = world.store.count_where(TASKS, "plan", plan_id)
    if in_plan >= number(world, "limit_tasks_in_plan"):
        raise over_limit(limit_code("limit_tasks_in_plan"))
    active = number(world, "limit_active_tasks_in_plan")
    if in_plan >= active and changes.get("percentComplete") != COMPLETE:
        tasks = world.store.where(TASKS, "plan", plan_id)
        if sum(task["fields"]["percentComplete"] != COMPLETE for task in tasks) >= active:
            raise over_limit(limit_code("limit_active_tasks_in_plan"))
    signature = call.caller.signature(world)
    creator = signature["user"]["id"] or signature["application"]["id"]
    if world.store.count_where(TASKS, "creator", creator) >= number(world, "limit_tasks_created_by_user"):
        raise over_limit(limit_code("limit_tasks_created_by_user"))
