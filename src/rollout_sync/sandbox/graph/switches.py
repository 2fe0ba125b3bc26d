"""What nobody could verify about Graph, and the limits that Microsoft moves: all of it in one table."""

from __future__ import annotations

from typing import Final

from rollout_sync.sandbox.switches import Switch
from rollout_sync.sandbox.world import World

_LIMITS: Final = {
    "limit_plans_in_group": (400, "MaximumProjectsOwnedByUser", "plans that one group can hold"),
    "limit_buckets_in_plan": (200, "MaximumBucketsInProject", "buckets in a plan"),
    "limit_tasks_in_plan": (9000, "MaximumTasksInProject", "tasks in a plan"),
    "limit_active_tasks_in_plan": (3000, "MaximumActiveTasksInProject", "tasks in a plan that are not complete"),
    "limit_tasks_created_by_user": (20000, "MaximumTasksCreatedByUser", "tasks that one identity created"),
    "limit_tasks_assigned_to_user": (9000, "MaximumTasksAssignedToUser", "tasks that one user is assigned to"),
    "limit_assignees_on_task": (20, "MaximumAssigneesInTasks", "assignees on a task"),
    "limit_checklist_on_task": (20, "MaximumChecklistItemsOnTask", "checklist items on a task"),
    "limit_references_on_task": (15, "MaximumReferencesOnTask", "references on a task"),
    "limit_users_shared_with_plan": (100, "MaximumUsersSharedWithProject", "users that a plan is shared with"),
}
"""Switch: value on the newest stored page of limits, error code, meaning."""

SWITCHES: Final = (
    *(
        Switch(name=name, default=value, meaning=f"{meaning}; 403 {code} above it")
        for name, (value, code, meaning) in _LIMITS.items()
    ),
    Switch(name="planner_page_size", default=400, meaning="tasks, buckets or plans in one page of a list"),
    Switch(name="mail_page_size", default=10, meaning="messages or events in one page of a list"),
    Switch(
        name="app_only_user",
        default="null",
        choices=("null", "service-principal"),
        meaning="user id in createdBy and completedBy of what an application did with its own token",
    ),
    Switch(
        name="create_with_details",
        default="ignored",
        choices=("ignored", "refused", "works"),
        meaning="what a details object inside POST /planner/tasks does",
    ),
    Switch(
        name="delete_bucket_tasks",
        default="delete",
        choices=("delete", "unassign"),
        meaning="tasks of a deleted bucket are deleted, or stay without a bucket",
    ),
    Switch(name="expand_details", default=True, meaning="$expand=details works on lists of tasks"),
    Switch(
        name="unknown_assignee",
        default="refuse",
        choices=("refuse", "accept"),
        meaning="assigning a user id that does not exist",
    ),
    Switch(name="reference_host_needs_dot", default=True, meaning="references to a host without a dot are refused"),
    Switch(name="new_plan_hidden_reads", default=0, meaning="how many reads of a just-made plan answer 404"),
    Switch(
        name="description_edit_bumps_task",
        default=False,
        meaning="true: rewording a description changes the task's own ETag too",
    ),
    Switch(
        name="fresh_description_is_null", default=False, meaning="true: details start with null, not with an empty text"
    ),
)


def number(world: World, name: str) -> int:
    """A switch that holds a number."""
    value = world.switches[name]
    return int(value)


def limit_code(name: str) -> str:
    """The error code of a limit."""
    return _LIMITS[name][1]
