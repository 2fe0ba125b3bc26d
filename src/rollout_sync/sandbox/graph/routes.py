"""The routes of Graph: a table from method and path to the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rollout_sync.sandbox.graph import buckets, calendar, details, directory, formats, mail, plans, tasks
from rollout_sync.sandbox.graph.call import Call, Reply
from rollout_sync.sandbox.graph.errors import GraphError, no_route

Route = Callable[[Call], Reply]

BATCH: Final = "/$batch"


def _my_plans(call: Call) -> Reply:
    return plans.plans_for_user(call, directory.signed_in(call).graph_id)


def _my_tasks(call: Call) -> Reply:
    return tasks.tasks_of_user(call, directory.signed_in(call).graph_id)


def _plans_of_user(call: Call) -> Reply:
    return plans.plans_for_user(call, directory.find_user(call, call.names["user"]).graph_id)


def _tasks_of_user(call: Call) -> Reply:
    return tasks.tasks_of_user(call, directory.find_user(call, call.names["user"]).graph_id)


_TABLE: Final[tuple[tuple[str, str, Route], ...]] = (
    ("GET", "/planner/plans", plans.list_plans),
    ("POST", "/planner/plans", plans.create_plan),
    ("GET", "/planner/plans/{plan}", plans.get_plan),
    ("PATCH", "/planner/plans/{plan}", plans.change_plan),
    ("DELETE", "/planner/plans/{plan}", plans.delete_plan),
    ("GET", "/planner/plans/{plan}/details", plans.get_details),
    ("PATCH", "/planner/plans/{plan}/details", plans.change_details),
    ("GET", "/planner/plans/{plan}/buckets", buckets.list_buckets),
    ("GET", "/planner/plans/{plan}/tasks", tasks.list_plan_tasks),
    ("POST", "/planner/buckets", buckets.create_bucket),
    ("GET", "/planner/buckets/{bucket}", buckets.get_bucket),
    ("PATCH", "/planner/buckets/{bucket}", buckets.change_bucket),
    ("DELETE", "/planner/buckets/{bucket}", buckets.delete_bucket),
    ("GET", "/planner/buckets/{bucket}/tasks", tasks.list_bucket_tasks),
    ("POST", "/planner/tasks", tasks.create_task),
    ("GET", "/planner/tasks/{task}", tasks.get_task),
    ("PATCH", "/planner/tasks/{task}", tasks.change_task),
    ("DELETE", "/planner/tasks/{task}", tasks.delete_task),
    ("GET", "/planner/tasks/{task}/details", details.get_details),
    ("PATCH", "/planner/tasks/{task}/details", details.change_details),
    ("GET", "/planner/tasks/{task}/assignedToTaskBoardFormat", formats.get_format),
    ("PATCH", "/planner/tasks/{task}/assignedToTaskBoardFormat", formats.change_format),
    ("GET", "/planner/tasks/{task}/bucketTaskBoardFormat", formats.get_format),
    ("PATCH", "/planner/tasks/{task}/bucketTaskBoardFormat", formats.change_format),
    ("GET", "/planner/tasks/{task}/progressTaskBoardFormat", formats.get_format),
    ("PATCH", "/planner/tasks/{task}/progressTaskBoardFormat", formats.change_format),
    ("GET", "/groups", directory.list_groups),
    ("GET", "/groups/{group}", directory.get_group),
    ("GET", "/groups/{group}/members", directory.list_members),
    ("GET", "/groups/{group}/members/microsoft.graph.user", directory.list_members),
    ("POST", "/groups/{group}/members/$ref", directory.add_member),
    ("GET", "/groups/{group}/owners", directory.list_members),
    ("GET", "/groups/{group}/planner/plans", plans.list_group_plans),
    ("GET", "/me", directory.get_me),
    ("GET", "/me/planner/plans", _my_plans),
    ("GET", "/me/planner/tasks", _my_tasks),
    ("POST", "/me/sendMail", mail.send_mail),
    ("POST", "/me/messages", mail.create_draft),
    ("GET", "/me/messages", mail.list_messages),
    ("GET", "/me/messages/{message}", mail.get_message),
    ("PATCH", "/me/messages/{message}", mail.change_message),
    ("POST", "/me/messages/{message}/send", mail.send_draft),
    ("GET", "/me/mailFolders/{folder}/messages", mail.list_messages),
    ("POST", "/me/events", calendar.create_event),
    ("GET", "/users", directory.list_users),
    ("GET", "/users/{user}", directory.get_user),
    ("GET", "/users/{user}/planner/plans", _plans_of_user),
    ("GET", "/users/{user}/planner/tasks", _tasks_of_user),
    ("POST", "/users/{user}/sendMail", mail.send_mail),
    ("POST", "/users/{user}/messages", mail.create_draft),
    ("GET", "/users/{user}/messages", mail.list_messages),
    ("GET", "/users/{user}/messages/{message}", mail.get_message),
    ("PATCH", "/users/{user}/messages/{message}", mail.change_message),
    ("POST", "/users/{user}/messages/{message}/send", mail.send_draft),
    ("GET", "/users/{user}/mailFolders/{folder}/messages", mail.list_messages),
    ("POST", "/users/{user}/events", calendar.create_event),
    ("GET", "/users/{user}/events", calendar.list_events),
    ("GET", "/users/{user}/events/{event}", calendar.get_event),
    ("PATCH", "/users/{user}/events/{event}", calendar.change_event),
    ("DELETE", "/users/{user}/events/{event}", calendar.delete_event),
)


class _Node:
    """One segment of the routes' tree: literal children, one variable child, and functions by method."""

    __slots__ = ("children", "routes", "template", "variable")

    def __init__(self, template: str) -> None:
        self.template = template
        self.children: dict[str, _Node] = {}
        self.variable: tuple[str, _Node] | None = None
        self.routes: dict[str, Route] = {}

    def child(self, part: str) -> _Node:
        """The node below for a segment of a template; made when it is new."""
        deeper = f"{self.template}/{part}"
        if part.startswith("{"):
            self.variable = self.variable or (part[1:-1], _Node(deeper))
            return self.variable[1]
        return self.children.setdefault(part.lower(), _Node(deeper))


def _tree() -> _Node:
    root = _Node("")
    for method, template, route in _TABLE:
        node = root
        for part in template.strip("/").split("/"):
            node = node.child(part)
        node.routes[method] = route
    return root


_ROOT: Final = _tree()
_KEY: Final = re.compile(r"\('([^'/]*)'\)")


def segments(path: str) -> list[str]:
    """The parts of a path; the key form `users('x')` is read like `users/x`."""
    return [part for part in _KEY.sub(r"/\1", path).split("/") if part]


def pattern_of(path: str) -> str | None:
    """The template that a path below the version fits; None when it is no route."""
    if path == BATCH:
        return BATCH
    found = _find(path)
    return found[0].template if found and found[0].routes else None


def dispatch(call: Call) -> Reply:
    """Answer a call.

    Raises:
        GraphError: no such route, or what the route raises.
    """
    found = _find(call.path)
    if found is None or not found[0].routes:
        raise no_route(f"{call.base}{call.path}")
    route = found[0].routes.get(call.method)
    if route is None:
        raise GraphError(405, "Specified HTTP method is not allowed for the request target.", "Request_BadRequest")
    return route(replace(call, names=found[1]))


def _find(path: str) -> tuple[_Node, dict[str, str]] | None:
    node, names = _ROOT, {}
    for part in segments(path):
        child = node.children.get(part.lower())
        if child is None and node.variable is not None:
            name, child = node.variable
            names[name] = part
        if child is None:
            return None
        node = child
    return node, names
