"""The sandbox's Jira over loopback, and a tracker on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from rollout_sync.sandbox import jira as sandbox_jira
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.server import SandboxServer, start
from rollout_sync.sandbox.world import World
from rollout_sync.trackers.jira.client import JiraAccess
from rollout_sync.trackers.jira.tracker import JiraTracker
from rollout_sync.transport import Limits, Transport
from rollout_sync.transport.clock import SystemClock
from support.jira_places import ROLLOUT

CORA = "cora.coordinator@example.com"


class QuickClock(SystemClock):
    """Sleeps a hundredth as long, so that retries do not slow the tests down."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 100)


@dataclass
class Site:
    """The service, and a hand to meddle with it."""

    world: World
    server: SandboxServer
    transport: Transport

    def access(self, **changes) -> JiraAccess:
        usual = {
            "base_url": f"{self.server.url}/jira",
            "email": CORA,
            "token": "sandbox-token",
            "project": "SEC",
        }
        return JiraAccess(**{**usual, **changes})

    def tracker(self, **changes) -> JiraTracker:
        """Inspected and ready."""
        tracker = JiraTracker(self.access(**changes), self.transport)
        tracker.use(tracker.inspect(ROLLOUT, []).facts)
        return tracker

    def faults(self, *rules: dict) -> None:
        self.world.faults.replace(parse_rules(list(rules)))

    def act(self, do: str, **body) -> SimpleNamespace:
        with self.world.lock:
            return SimpleNamespace(**(sandbox_jira.act(self.world, {"who": CORA, "do": do, **body}) or {}))

    def requests(self) -> int:
        return sum(self.world.counters.as_json()["requests"].values())


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[World, SandboxServer]]:
    world = World.open(None)
    server = start(world)
    yield world, server
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(served: tuple[World, SandboxServer]) -> Iterator[Site]:
    world, server = served
    with world.lock:
        world.reset()
    transport = Transport(clock=QuickClock(), limits=Limits(read_timeout=5))
    yield Site(world, server, transport)
    transport.close()


@pytest.fixture
def tracker(site: Site) -> JiraTracker:
    return site.tracker()
