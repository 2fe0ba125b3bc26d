"""The world of one example: the sandbox in process with its clock standing still, and people who work on its boards."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.graph import act as act_in_planner
from rollout_sync.sandbox.jira import act as act_in_jira
from rollout_sync.sandbox.seed import CLIENT_ID, PEOPLE, person
from rollout_sync.sandbox.world import World

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
OUR_ACCOUNT = person("Cora Coordinator", "cora.coordinator@example.com").account_id
OUR_APP = CLIENT_ID
SOMEBODY = "sonja.sponsor@example.com"
OUR_MARK = "rollout-sync"
CHANCE = random.Random(0)
"""Stands in for what the program draws; starts over with each example, so that one can be repeated to the byte."""
_TICK = 1e-6
"""The sandbox counts in microseconds: whoever sleeps for less still has to see time pass."""


class MachineClock:
    """Client and sandbox age together; the client's wall clock may be wrong by hours."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.skew = 0.0

    def now(self) -> datetime:
        return self._world.clock.now() + timedelta(seconds=self.skew)

    def monotonic(self) -> float:
        return (self._world.clock.now() - NOW).total_seconds() + 1_000.0

    def sleep(self, seconds: float) -> None:
        self._world.clock.advance(max(seconds, _TICK))


class Stage:
    """One sandbox for all examples of a test process; `reset` puts it back to its first moment."""

    def __init__(self) -> None:
        self.world = World.open(frozen=NOW)
        self.app = create_app(self.world)
        self.clock = MachineClock(self.world)
        self.world.sleep = lambda seconds: self.clock.sleep(round(seconds))
        assert len(PEOPLE) > 1

    def reset(self) -> None:
        self.world.reset()
        self.clock.skew = 0.0
        CHANCE.seed(0)

    def order(self, rules: Iterable[dict[str, Any]]) -> None:
        """Replace the faults in force."""
        self.world.faults.replace(parse_rules(list(rules)))

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.catch_up()

    def catch_up(self) -> None:
        """Late requests that are due happen before anybody looks or acts."""
        self.app.wsgi_app.run_due()

    def act(self, service: str, do: str, who: str = SOMEBODY, **body: Any) -> dict[str, Any]:
        """A person does something by hand."""
        self.catch_up()
        perform = act_in_jira if service == "jira" else act_in_planner
        return perform(self.world, {"service": service, "who": who, "do": do, **body})

    # What stands in the services, whoever looks

    def issues(self) -> list[dict[str, Any]]:
        """Issues that we made, oldest first."""
        found = self.world.store.scan("jira.issue")
        return [one for one in found if one["creator"] == OUR_ACCOUNT and OUR_MARK in one["properties"]]

    def tasks(self) -> list[dict[str, Any]]:
        """Planner tasks that we made, oldest first."""
        return [one for one in self.world.store.scan("graph.tasks") if one["creator"] == OUR_APP]

    def plans(self) -> list[dict[str, Any]]:
        """Plans that we made."""
        found = self.world.store.scan("graph.plans")
        return [one for one in found if one["fields"]["createdBy"]["application"]["id"] == OUR_APP]

    def buckets(self) -> list[dict[str, Any]]:
        """Buckets of our plans."""
        ours = {plan["id"] for plan in self.plans()}
        return [one for one in self.world.store.scan("graph.buckets") if one["plan"] in ours]

    def notes(self, task: str) -> str:
        """The description of a task."""
        details = self.world.store.get("graph.task_details", task)
        return (details or {"fields": {}})["fields"].get("description") or ""
