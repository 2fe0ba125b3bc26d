"""Planner's limits as a table, and what to do when Graph names one of them.

Microsoft raises and lowers them without notice: these warn early, the service decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "plans_per_group": 400,
        "tasks_per_plan": 9_000,
        "active_tasks_per_plan": 3_000,
        "buckets_per_plan": 200,
        "labels_per_plan": 25,
        "assignees_per_task": 20,
        "checklist_items_per_task": 20,
        "references_per_task": 15,
        "title_length": 255,
        "checklist_title_length": 100,
    }
)

_HINTS: Mapping[str, str] = {
    "MaximumProjectsOwnedByUser": "the group is full of plans: delete old ones or use another group",
    "MaximumProjectsSharedWithUser": "too many plans are shared with this account: leave some",
    "MaximumPlannerPlans": "the group is full of plans: delete old ones or use another group",
    "MaximumTasksInProject": "the plan is full: delete finished tasks or split the rollout",
    "MaximumActiveTasksInProject": "too many open tasks in the plan: complete some or split the rollout",
    "MaximumTasksCreatedByUser": "this account has made too many tasks: delete finished ones",
    "MaximumTasksAssignedToUser": "the person has too many tasks: complete some or name another owner",
    "MaximumBucketsInProject": "the plan has too many buckets: use fewer phases or waves in the template",
    "MaximumUsersSharedWithProject": "too many people share the plan: name fewer owners",
    "MaximumReferencesOnTask": "too many links on the task: people have to remove some",
    "MaximumChecklistItemsOnTask": "too many checklist items on the task: use fewer in the template",
    "MaximumAssigneesInTasks": "too many owners on the task: name fewer",
}


def limit_hint(code: str) -> str:
    """The next step where Graph's error code names a limit; empty where it does not."""
    known = _HINTS.get(code, "")
    return known or ("a limit of Planner is reached; see Microsoft's list of Planner limits" if is_limit(code) else "")


def is_limit(code: str) -> bool:
    """Whether an error code names one of Planner's limits."""
    return code.startswith("Maximum")
