"""Object keys: how phases and items of a rollout are named as remote objects."""

from __future__ import annotations

from rollout_sync.model.objects import ObjectKey, ObjectKind
from rollout_sync.model.rollout import ItemKey

PLAN = ObjectKey(ObjectKind.PLAN, "plan")
LABELS = ObjectKey(ObjectKind.LABELS, "plan")
WAITING = ObjectKey(ObjectKind.BUCKET, "waiting-for-green-light")

_APART = "."
STATUS_TASK = ObjectKey(ObjectKind.TASK, f"{_APART}status")
STATUS_DETAILS = ObjectKey(ObjectKind.DETAILS, f"{_APART}status")


def is_apart(key: ObjectKey) -> bool:
    """Whether an object of ours is none of the template's, so that a plan neither asks for it nor misses it."""
    return key.name.startswith(_APART)


def epic(phase: str) -> ObjectKey:
    """The epic of a phase."""
    return ObjectKey(ObjectKind.EPIC, phase)


def issue(item: ItemKey) -> ObjectKey:
    """The Jira issue of an item."""
    return ObjectKey(ObjectKind.ISSUE, item)


def bucket(phase: str) -> ObjectKey:
    """The bucket of a phase."""
    return ObjectKey(ObjectKind.BUCKET, phase)


def task(item: ItemKey) -> ObjectKey:
    """The Planner task of an item."""
    return ObjectKey(ObjectKind.TASK, item)


def details(item: ItemKey) -> ObjectKey:
    """The notes, checklist and references of an item's Planner task."""
    return ObjectKey(ObjectKind.DETAILS, item)


def link(source: ItemKey, target: ItemKey) -> ObjectKey:
    """The Jira link by which `source` blocks `target`."""
    return ObjectKey(ObjectKind.LINK, f"{source}>{target}")


def remote_link(shown_on: ObjectKey, target: ObjectKey) -> ObjectKey:
    """The link to Planner that a Jira object shows."""
    return ObjectKey(ObjectKind.REMOTE_LINK, f"{shown_on}>{target}")
