"""Task details: description, checklist, references, and the summaries of them that the task itself carries."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from rollout_sync.sandbox.graph.buckets import order_hint
from rollout_sync.sandbox.graph.call import Call, Reply, entity
from rollout_sync.sandbox.graph.errors import invalid, missing, over_limit, schema
from rollout_sync.sandbox.graph.etags import EtagType
from rollout_sync.sandbox.graph.ids import decode_reference, stamp
from rollout_sync.sandbox.graph.members import (
    Entity,
    any_string,
    boolean,
    complex_value,
    one_of,
    open_type,
    read,
    text,
)
from rollout_sync.sandbox.graph.plans import changed
from rollout_sync.sandbox.graph.resources import bump, check_task, check_version, load, render
from rollout_sync.sandbox.graph.switches import limit_code, number
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

_PREVIEWS: Final = ("automatic", "noPreview", "checklist", "description", "reference")
_DETAILS: Final = Entity(
    name="TaskDetails",
    type_name="microsoft.graph.plannerTaskDetails",
    readers={
        "description": any_string,
        "previewType": one_of(*_PREVIEWS),
        "references": open_type,
        "checklist": open_type,
    },
    computed=frozenset({"id"}),
)
_CHECK: Final = Entity(
    name="ChecklistItem",
    type_name="microsoft.graph.plannerChecklistItem",
    readers={"title": text("ChecklistItem", 100), "isChecked": boolean, "orderHint": any_string},
    computed=frozenset({"lastModifiedBy", "lastModifiedDateTime"}),
)
_REFERENCE: Final = Entity(
    name="ExternalReference",
    type_name="microsoft.graph.plannerExternalReference",
    readers={
        "alias": text("ExternalReference", 255, nullable=True),
        "type": any_string,
        "previewPriority": any_string,
    },
    computed=frozenset({"lastModifiedBy", "lastModifiedDateTime"}),
)
_SUMMARIES: Final = (
    "hasDescription",
    "previewType",
    "referenceCount",
    "checklistItemCount",
    "activeChecklistItemCount",
)


def fresh_details(world: World, task_id: str) -> Document:
    """Details as they come with a new task."""
    description = None if world.switches.is_on("fresh_description_is_null") else ""
    return {"description": description, "previewType": "automatic", "id": task_id, "references": {}, "checklist": {}}


def get_details(call: Call) -> Reply:
    """GET /planner/tasks/{id}/details."""
    task = check_task(call, call.names["task"])
    details = load(call.world, EtagType.TASK_DETAILS, task["id"])
    return entity(_context(task), render(EtagType.TASK_DETAILS, details))


def change_details(call: Call) -> Reply:
    """PATCH /planner/tasks/{id}/details."""
    task = check_task(call, call.names["task"])
    details = load(call.world, EtagType.TASK_DETAILS, task["id"])
    apply_details(call, task, details, call.json(), is_checked=True)
    return changed(call, _context(task), EtagType.TASK_DETAILS, details)


def apply_details(call: Call, task: Document, details: Document, body: Document, *, is_checked: bool = False) -> None:
    """Merge a body into details and carry the summaries to the task; with `is_checked` the ETag has to allow it."""
    changes = read(_DETAILS, body)
    fields = copy.deepcopy(details["fields"])
    touched = set(changes) - {"references", "checklist"}
    touched |= _merge_open(call, fields, "checklist", changes.pop("checklist", {}))
    touched |= _merge_open(call, fields, "references", changes.pop("references", {}))
    fields.update(changes)
    for member, limit in (("checklist", "limit_checklist_on_task"), ("references", "limit_references_on_task")):
        if len(fields[member]) > number(call.world, limit):
            raise over_limit(limit_code(limit))
    if is_checked:
        check_version(call, EtagType.TASK_DETAILS, details, touched)
    details["fields"] = fields
    bump(call.world, EtagType.TASK_DETAILS, details, touched)
    _carry_summaries(call.world, task, fields, touched)


def _carry_summaries(world: World, task: Document, details: Document, touched: set[str]) -> None:
    """Counts and flags live on the task too; only a change of them makes a new version of the task."""
    shown = {
        "hasDescription": bool(details["description"]),
        "previewType": details["previewType"],
        "referenceCount": len(details["references"]),
        "checklistItemCount": len(details["checklist"]),
        "activeChecklistItemCount": sum(not item["isChecked"] for item in details["checklist"].values()),
    }
    moved = {name for name in _SUMMARIES if task["fields"][name] != shown[name]}
    if "description" in touched and world.switches.is_on("description_edit_bumps_task"):
        moved.add("hasDescription")
    if moved:
        task["fields"].update(shown)
        bump(world, EtagType.TASK, task, moved)


def _merge_open(call: Call, fields: Document, member: str, changes: Document) -> set[str]:
    """Merge an open type key by key: null removes, an object changes the members that it has.

    New ones without a hint sort before older ones, and in the order of the body among themselves.
    """
    kept, touched = fields[member], set()
    for key, value in reversed(changes.items()):
        if key.startswith("@"):
            continue
        if value is None:
            kept.pop(key, None)
            touched.add(f"{member}/{key}")
        else:
            change = _READERS[member](call, key, value)
            is_new = key not in kept
            touched |= {f"{member}/{key}"} if is_new else {f"{member}/{key}/{name}" for name in change}
            kept[key] = _merged(call, member, kept.get(key), change)
    return touched


def _merged(call: Call, member: str, before: Document | None, change: Document) -> Document:
    """One checklist item or reference after a change; the service notes who and when."""
    if before is None and member == "checklist" and "title" not in change:
        raise missing("Title", "ChecklistItem")
    hint = order_hint(call.world, None)
    fresh = (
        {"@odata.type": f"#{_CHECK.type_name}", "isChecked": False, "title": "", "orderHint": hint}
        if member == "checklist"
        else {"@odata.type": f"#{_REFERENCE.type_name}", "alias": None, "type": None, "previewPriority": f"{hint}Pp"}
    )
    signed = {"user": call.caller.signature(call.world)["user"]}
    times = {"lastModifiedDateTime": stamp(call.world.clock.now()), "lastModifiedBy": signed}
    return {**(before or fresh), **change, **times}


def _read_item(call: Call, key: str, value: object) -> Document:
    change = read(_CHECK, complex_value("checklist", key, value, _CHECK.type_name))
    if "orderHint" in change:
        change["orderHint"] = order_hint(call.world, change["orderHint"])
    return change


def _read_reference(call: Call, key: str, value: object) -> Document:
    for character in ".:@":
        if character in key:
            raise invalid(
                f"The property name '{key}' is invalid; property names must not contain any of the reserved "
                "characters '.', ':', '@'."
            )
    url = urlsplit(decode_reference(key))
    host = url.hostname or ""
    needs_dot = call.world.switches.is_on("reference_host_needs_dot")
    if url.scheme not in {"http", "https"} or not host or (needs_dot and "." not in host):
        raise schema("References", "TaskDetails", "The reference is not a valid URL.")
    change = read(_REFERENCE, complex_value("references", key, value, _REFERENCE.type_name))
    if "previewPriority" in change:
        change["previewPriority"] = order_hint(call.world, change["previewPriority"])
    return change


_READERS: Final[dict[str, Callable[[Call, str, object], Document]]] = {
    "checklist": _read_item,
    "references": _read_reference,
}


def _context(task: Document) -> str:
    return f"planner/tasks('{task['id']}')/details/$entity"
