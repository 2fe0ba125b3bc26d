"""The group that receives the plans, as `inspect` learned it: a value, its JSON form, addresses made from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rollout_sync.errors import StalePlan
from rollout_sync.model.objects import Remote
from rollout_sync.trackers.base import Facts
from rollout_sync.trackers.planner.access import PLAN_PAGE, TASK_PAGE
from rollout_sync.trackers.planner.client import segment
from rollout_sync.trackers.planner.identity import Self
from rollout_sync.trackers.planner.mapping import Json, identified, version_of

_ID = r"(?P<plan>[A-Za-z0-9_-]{1,64})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What sending and reading need to know.

    Attributes:
        group: id of the group.
        group_name: for messages.
        base_url: Graph root, for the container's address.
        application: our client id.
        user: id of the person in whose name we work; empty for the program itself.
        plan_page: address of a plan for people.
        task_page: address of a task for people.
    """

    group: str
    group_name: str
    base_url: str
    application: str
    user: str = ""
    plan_page: str = PLAN_PAGE
    task_page: str = TASK_PAGE

    @property
    def container(self) -> str:
        """The group's address, as a new plan names it."""
        return f"{self.base_url}/groups/{segment(self.group)}"

    @property
    def plans_path(self) -> str:
        """Where the group's plans are listed."""
        return f"/groups/{segment(self.group)}/planner/plans"

    @property
    def me(self) -> Self:
        """Who we are in `createdBy`."""
        users = frozenset({self.user.lower()}) if self.user else frozenset[str]()
        return Self(applications=frozenset({self.application.lower()}), users=users)

    def plan(self, row: Json) -> Remote:
        """Where a plan is."""
        found = identified(row, "a plan")
        return Remote(id=found, version=version_of(row), url=self.plan_page.format(plan=found))

    def labels(self, details: Json) -> Remote:
        """Where a plan's labels are: its details have the plan's id and a version of their own."""
        return self.plan(details)

    def bucket(self, row: Json) -> Remote:
        """Where a bucket is; people see it on the plan's page."""
        url = self.plan_page.format(plan=row.get("planId", ""))
        return Remote(id=identified(row, "a bucket"), version=version_of(row), url=url)

    def task(self, row: Json) -> Remote:
        """Where a task is."""
        found = identified(row, "a task")
        return Remote(
            id=found, version=version_of(row), url=self.task_page.format(plan=row.get("planId", ""), task=found)
        )

    def plan_of(self, remote: Remote) -> str:
        """The plan that a task's or bucket's address names; empty where the address is of another form."""
        for page in (self.task_page, self.plan_page):
            pattern = re.escape(page).replace(re.escape("{plan}"), _ID, 1).replace(re.escape("{task}"), ".+")
            pattern = pattern.replace(re.escape("{plan}"), "(?P=plan)")
            hit = re.fullmatch(pattern, remote.url)
            if hit is not None:
                return hit["plan"]
        return ""


def to_facts(destination: Destination, limits: Mapping[str, int]) -> Facts:
    """The JSON that goes into a plan file."""
    return {
        "group": destination.group,
        "group_name": destination.group_name,
        "base_url": destination.base_url,
        "application": destination.application,
        "user": destination.user,
        "plan_page": destination.plan_page,
        "task_page": destination.task_page,
        "limits": dict(limits),
    }


def from_facts(facts: Facts) -> Destination:
    """Read `to_facts` back; StalePlan where something is missing."""
    names = ("group", "group_name", "base_url", "application", "user", "plan_page", "task_page")
    missing = [name for name in names if not isinstance(facts.get(name), str)]
    if missing or not facts["group"]:
        raise StalePlan(
            f"the plan says nothing about Planner's {', '.join(missing) or 'group'}",
            where="facts of planner",
            hint="plan again: it was made without a look at Planner, or by another version",
        )
    return Destination(**{name: str(facts[name]) for name in names})
