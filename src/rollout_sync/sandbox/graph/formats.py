"""The three board formats of a task: where its card stands on a board grouped by bucket, progress or assignee."""

from __future__ import annotations

from typing import Final

from rollout_sync.sandbox.graph.buckets import order_hint
from rollout_sync.sandbox.graph.call import Call, Reply, entity
from rollout_sync.sandbox.graph.errors import BAD_IDENTIFIER, schema
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.ids import is_guid
from rollout_sync.sandbox.graph.members import Entity, any_string, open_type, read
from rollout_sync.sandbox.graph.plans import changed
from rollout_sync.sandbox.graph.resources import COLLECTIONS, add, bump, check_task, check_version, render
from rollout_sync.sandbox.store import Document

_SIMPLE: Final = {"orderHint": any_string}
_FORMATS: Final = {
    "assignedToTaskBoardFormat": (
        EtagType.ASSIGNED_TO_FORMAT,
        Entity(
            name="AssignedToTaskBoardFormat",
            type_name="microsoft.graph.plannerAssignedToTaskBoardTaskFormat",
            readers={"unassignedOrderHint": any_string, "orderHintsByAssignee": open_type},
            computed=frozenset({"id"}),
        ),
    ),
    "bucketTaskBoardFormat": (
        EtagType.BUCKET_FORMAT,
        Entity(
            name="BucketTaskBoardFormat",
            type_name="microsoft.graph.plannerBucketTaskBoardTaskFormat",
            readers=_SIMPLE,
            computed=frozenset({"id"}),
        ),
    ),
    "progressTaskBoardFormat": (
        EtagType.PROGRESS_FORMAT,
        Entity(
            name="ProgressTaskBoardFormat",
            type_name="microsoft.graph.plannerProgressTaskBoardTaskFormat",
            readers=_SIMPLE,
            computed=frozenset({"id"}),
        ),
    ),
}


def get_format(call: Call) -> Reply:
    """GET /planner/tasks/{id}/…TaskBoardFormat."""
    kind, name, document = _load(call)
    return entity(f"planner/tasks('{document['id']}')/{name}/$entity", render(kind, document))


def change_format(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}/…TaskBoardFormat."""
    kind, name, document = _load(call)
    changes = read(_FORMATS[name][1], call.json())
    by_assignee = changes.pop("orderHintsByAssignee", {})
    hints = {key: order_hint(call.world, value) for key, value in changes.items()}
    fields = dict(document["fields"])
    fields.update(hints)
    touched = set(hints)
    for user_id, hint in by_assignee.items():
        if user_id.startswith("@"):
            continue
        if not is_guid(user_id):
            raise schema("OrderHintsByAssignee", "AssignedToTaskBoardFormat", BAD_IDENTIFIER)
        any_string(user_id, hint)
        fields["orderHintsByAssignee"] = fields["orderHintsByAssignee"] | {user_id: order_hint(call.world, hint)}
        touched.add(f"orderHintsByAssignee/{user_id}")
    check_version(call, kind, document, touched)
    document["fields"] = fields
    bump(call.world, kind, document, touched)
    return changed(call, f"planner/tasks('{document['id']}')/{name}/$entity", kind, document)


def _load(call: Call) -> tuple[EtagType, str, Document]:
    """The format of a task; made when it is first asked for."""
    task = check_task(call, call.names["task"])
    name = next(known for known in _FORMATS if known.lower() == call.path.rsplit("/", 1)[-1].lower())
    kind = _FORMATS[name][0]
    document = call.world.store.get(COLLECTIONS[kind], task["id"])
    if document is None:
        fields: Document = {"id": task["id"]}
        if kind is EtagType.ASSIGNED_TO_FORMAT:
            hints = {user: a["orderHint"] for user, a in task["fields"]["assignments"].items()}
            fields |= {"unassignedOrderHint": task["fields"]["orderHint"], "orderHintsByAssignee": hints}
        else:
            fields["orderHint"] = task["fields"]["orderHint"]
        document = add(call.world, kind, fields)
    return kind, name, document
