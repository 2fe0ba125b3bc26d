"""The task at the head of a rollout's plan whose notes show how it stands. Pure.

It belongs to no item: nobody is assigned, nothing waits for it, and the template does not know it. It is made when a
summary is first shown, by the same protocol as all other work, and bears a mark of its own.
"""

from __future__ import annotations

from rollout_sync.model.objects import Intent, ObjectKey, Ref
from rollout_sync.reconcile import keys

TITLE = "Status"
PRIORITY = 1
"""Planner's "urgent": it stays on top where tasks are grouped by priority."""
FIRST = -1_000
"""Order in its bucket: before everything that was placed by the services themselves."""


def intents(bucket: ObjectKey, text: str) -> tuple[Intent, Intent]:
    """The task in that bucket, and its notes with this text."""
    task = Intent(
        object=keys.STATUS_TASK,
        fields={
            "plan": Ref(keys.PLAN),
            "bucket": Ref(bucket),
            "title": TITLE,
            "start": None,
            "due": None,
            "owners": [],
            "categories": [],
            "priority": PRIORITY,
            "order": FIRST,
        },
        needs=(keys.PLAN, bucket),
    )
    notes = Intent(
        object=keys.STATUS_DETAILS,
        fields={"task": Ref(keys.STATUS_TASK), "text": text, "checklist": [], "references": []},
        needs=(keys.STATUS_TASK,),
    )
    return task, notes
