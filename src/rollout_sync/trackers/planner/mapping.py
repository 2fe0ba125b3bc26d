"""Between the shared fields of `trackers.base` and Graph's JSON for plans, labels, buckets and tasks. Pure.

Writing names only what changes: order hints and read-only members that Graph computed are never sent back. Task
details, which merge with what people wrote, have their own module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from rollout_sync.errors import UnexpectedResponse
from rollout_sync.model.objects import Fields, ObjectKind, Remote, Value
from rollout_sync.trackers.planner.dates import day_in, day_out, iso
from rollout_sync.trackers.planner.identity import user_of
from rollout_sync.trackers.planner.keys import LABEL_SLOTS, category, hint_at

Json: TypeAlias = Mapping[str, object]
Names: TypeAlias = Sequence[str]
"""A plan's labels, category1 first; "" where a slot has no name."""

_ASSIGNMENT = "#microsoft.graph.plannerAssignment"
_DONE = 100
_HALF = 50
_PERCENT_OF = {"new": 0, "indeterminate": _HALF, "done": _DONE}


def plan_body(fields: Fields, container: str) -> dict[str, object]:
    """The new plan in the group whose URL is `container`."""
    return {"container": {"url": container}, "title": text_of(fields, "title")}


def labels_body(names: Names, current: Json) -> dict[str, object]:
    """The labels that differ from the `current` plan details; slots beyond ours keep what people wrote there."""
    have = current.get("categoryDescriptions")
    have = have if isinstance(have, Mapping) else {}
    wanted = {category(index): name or None for index, name in enumerate(names)}
    differing = {slot: name for slot, name in wanted.items() if (have.get(slot) or None) != name}
    return {"categoryDescriptions": differing} if differing else {}


def bucket_body(fields: Fields) -> dict[str, object]:
    """The new bucket."""
    body: dict[str, object] = {"name": text_of(fields, "title"), "planId": remote_id(fields, "plan")}
    return body | _order(fields)


def task_body(fields: Fields, names: Names) -> dict[str, object]:
    """The new task. Labels that the plan no longer has are left out: a renamed label must not stop the work."""
    body: dict[str, object] = {
        "planId": remote_id(fields, "plan"),
        "title": text_of(fields, "title"),
        "bucketId": optional_id(fields.get("bucket")),
        "startDateTime": day_out(fields.get("start")),
        "dueDateTime": day_out(fields.get("due")),
        "priority": fields.get("priority"),
    }
    owners, labels = _texts(fields.get("owners")), slots_of(_texts(fields.get("categories")), names)
    body |= {"assignments": {owner: _assigned() for owner in owners}} if owners else {}
    body |= {"appliedCategories": dict.fromkeys(labels, True)} if labels else {}
    return {name: value for name, value in body.items() if value is not None} | _order(fields)


def plan_patch(fields: Fields) -> dict[str, object]:
    """Changes of a plan: its title."""
    return {"title": text_of(fields, "title")} if "title" in fields else {}


def bucket_patch(fields: Fields) -> dict[str, object]:
    """Changes of a bucket: its name and place."""
    return ({"name": text_of(fields, "title")} if "title" in fields else {}) | _order(fields)


def task_patch(fields: Fields, names: Names, current: Json) -> dict[str, object]:
    """Changes of a task against its `current` JSON: only members that really differ, so that people's stay.

    Members that `current` does not show are written; for owners and categories it must be complete.

    `percent`, or `category` in its place, carries progress over for mirrored pairs.
    """
    patch: dict[str, object] = {}
    stays = {"category"} if _stays_in_category(fields, current) else set()
    for name, write in _TASK_WRITERS.items():
        if name in fields and name not in stays:
            member, value = write(fields[name])
            if member not in current or not _same(member, current[member], value):
                patch[member] = value
    if "owners" in fields:
        patch |= _merged("assignments", current, {owner: _assigned() for owner in _texts(fields["owners"])}, None)
    if "categories" in fields:
        wanted: dict[str, object] = dict.fromkeys(slots_of(_texts(fields["categories"]), names), True)
        patch |= _merged("appliedCategories", current, wanted, False)  # noqa: FBT003 (Graph's way to clear a label)
    return patch | _order(fields)


def plan_fields(plan: Json) -> Fields:
    """What Graph says of a plan."""
    return {"title": str(plan.get("title", "")), **_made(plan)}


def label_names(details: Json) -> tuple[str, ...]:
    """A plan's labels, category1 first, without the unnamed ones at the end."""
    have = details.get("categoryDescriptions")
    have = have if isinstance(have, Mapping) else {}
    names = [str(have.get(category(index)) or "") for index in range(LABEL_SLOTS)]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def bucket_fields(bucket: Json) -> Fields:
    """What Graph says of a bucket; its order is only known relative to others, so it is not among the fields."""
    return {"title": str(bucket.get("name", "")), "plan": Remote(id=str(bucket.get("planId", "")))}


def task_fields(task: Json, names: Names | None) -> Fields:
    """What Graph says of a task; without the plan's label names, categories stay out (unless there are none on it)."""
    fields: dict[str, Value] = {
        "plan": Remote(id=str(task.get("planId", ""))),
        "bucket": Remote(id=str(task["bucketId"])) if task.get("bucketId") else None,
        "title": str(task.get("title", "")),
        "start": day_in(task.get("startDateTime")),
        "due": day_in(task.get("dueDateTime")),
        "owners": sorted(_keys(task.get("assignments"))),
        "percent": _percent_of(task),
        "completed_by": user_of(task.get("completedBy")),
        "finished_at": iso(task.get("completedDateTime")),
        **_progress_of(task),
        **_made(task),
    }
    priority = task.get("priority")
    if isinstance(priority, int):
        fields["priority"] = priority
    if names is not None or not is_labelled(task):
        fields["categories"] = applied_names(task, names or ())
    return fields


def is_labelled(task: Json) -> bool:
    """Whether any label is on a task, so that the plan's names are needed to say which."""
    return bool(_keys(task.get("appliedCategories")))


def applied_names(task: Json, names: Names) -> list[str]:
    """Names of the labels on a task, in the plan's order; unnamed slots go by their slot (`category7`)."""
    applied = task.get("appliedCategories")
    marked = {slot for slot, on in applied.items() if on is True} if isinstance(applied, Mapping) else set()
    padded = [*names, *[""] * (LABEL_SLOTS - len(names))]
    return [name or category(index) for index, name in enumerate(padded) if category(index) in marked]


def slots_of(labels: Sequence[str], names: Names) -> list[str]:
    """Slots of the label names; those that the plan does not have are left out."""
    return [category(names.index(label)) for label in labels if label and label in names]


def identified(row: Json, what: str) -> str:
    """The id of an object that Graph returned; UnexpectedResponse where it has none."""
    found = row.get("id")
    if not isinstance(found, str) or not found:
        raise UnexpectedResponse(f"{what} came without its id", where="id", hint="report it with the log")
    return found


def version_of(row: Json) -> str:
    """The version (`@odata.etag`) of an object, sent back verbatim; empty where Graph gave none."""
    etag = row.get("@odata.etag")
    return etag if isinstance(etag, str) else ""


def remote_id(fields: Fields, name: str) -> str:
    """The id of the object that a resolved reference names; ValueError where the caller did not resolve it."""
    found = optional_id(fields.get(name))
    if not found:
        raise ValueError(f"the field {name} names no object of Planner")
    return found


def optional_id(value: Value) -> str | None:
    """The id behind a resolved reference, None for none; ValueError for anything else."""
    if value is None:
        return None
    if not isinstance(value, Remote):
        raise ValueError(f"{value!r} is no resolved reference")  # noqa: TRY004 (a wrong value from our own planning)
    return value.id


def text_of(fields: Fields, name: str) -> str:
    """A text field; ValueError where it is missing."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"the field {name} is no text")  # noqa: TRY004 (a wrong value from our own planning)
    return value


def kind_route(kind: ObjectKind) -> str:
    """The collection that a kind's objects live in, `/planner/tasks`; details hang below their owner."""
    return _ROUTES[kind]


_ROUTES = {
    ObjectKind.PLAN: "/planner/plans",
    ObjectKind.LABELS: "/planner/plans",
    ObjectKind.BUCKET: "/planner/buckets",
    ObjectKind.TASK: "/planner/tasks",
    ObjectKind.DETAILS: "/planner/tasks",
}


def _percent(value: Value) -> tuple[str, object]:
    return "percentComplete", _PERCENT_OF.get(value, value) if isinstance(value, str) else value


_TASK_WRITERS: Mapping[str, Callable[[Value], tuple[str, object]]] = {
    "title": lambda value: ("title", value),
    "start": lambda value: ("startDateTime", day_out(value)),
    "due": lambda value: ("dueDateTime", day_out(value)),
    "bucket": lambda value: ("bucketId", optional_id(value)),
    "priority": lambda value: ("priority", value),
    "category": _percent,
    "percent": _percent,
}


def _same(member: str, have: object, want: object) -> bool:
    """Whether a member already says what is wanted; dates are compared as days."""
    if member.endswith("DateTime"):
        return day_in(have) == day_in(want)
    return have == want


def _merged(member: str, current: Json, wanted: Mapping[str, object], removed: object) -> dict[str, object]:
    """Additions and removals that turn an open-type member into `wanted`; nothing where it is so already."""
    have = _keys(current.get(member))
    added = {key: value for key, value in wanted.items() if key not in have}
    gone = dict.fromkeys(sorted(have - set(wanted)), removed)
    return {member: added | gone} if added or gone else {}


def _keys(open_type: object) -> set[str]:
    return {key for key, value in open_type.items() if value} if isinstance(open_type, Mapping) else set()


def _assigned() -> dict[str, object]:
    return {"@odata.type": _ASSIGNMENT, "orderHint": " !"}


def _order(fields: Fields) -> dict[str, object]:
    order = fields.get("order")
    return {"orderHint": hint_at(order)} if isinstance(order, int) else {}


def _stays_in_category(fields: Fields, current: Json) -> bool:
    """Whether the progress that people chose already is of the wanted category (30 % is in progress, as 50 % is)."""
    return "percentComplete" in current and fields.get("category") == _progress_of(current)["category"]


def _percent_of(task: Json) -> int:
    percent = task.get("percentComplete")
    return percent if isinstance(percent, int) else 0


def _progress_of(task: Json) -> Fields:
    """Planner's own words; its pages write 0, 50 and 100, and any other percentage is shown as it is."""
    percent = _percent_of(task)
    if percent >= _DONE:
        return {"status": "Completed", "category": "done"}
    if percent:
        return {"status": "In progress" if percent == _HALF else f"{percent} %", "category": "indeterminate"}
    return {"status": "Not started", "category": "new"}


def _made(row: Json) -> Fields:
    return {"created_at": iso(row.get("createdDateTime")), "created_by": user_of(row.get("createdBy"))}


def _texts(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else []
