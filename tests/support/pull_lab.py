"""A Jira site in process with a rollout on it, a ledger in memory, and a hand that pulls and meddles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import Flask

from rollout_sync.model.objects import Binding, Fields, Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.model.operations import Create, Done
from rollout_sync.model.rollout import RolloutId
from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.jira import act
from rollout_sync.sandbox.world import World
from rollout_sync.trackers.base import Pulled, Watch
from rollout_sync.trackers.jira.client import JiraAccess
from rollout_sync.trackers.jira.tracker import JiraTracker
from rollout_sync.transport import Transport
from support.inprocess import InProcessAdapter
from support.shelf import MemoryShelf

CORA, TARA, OTTO = "cora.coordinator@example.com", "tara.trainer@example.com", "otto.operator@example.com"
HOST = "http://127.0.0.1:8765"
NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
MFA, VPN = RolloutId("mfa"), RolloutId("vpn")
SEARCH, FETCH = "POST /jira/rest/api/3/search/jql", "POST /jira/rest/api/3/issue/bulkfetch"
HISTORY, STATUS = "POST /jira/rest/api/3/changelog/bulkfetch", "GET /jira/rest/api/3/status"

MANY = 50
"""Issues that Jira creates in one request."""


class WorldClock:
    """Sleeping moves the sandbox's clock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock.now()

    def monotonic(self) -> float:
        return (self._world.clock.now() - NOON).total_seconds() + 100.0

    def sleep(self, seconds: float) -> None:
        self._world.clock.advance(max(seconds, 0.0))


@cache
def _site() -> tuple[World, Flask]:
    """One for all labs of a process: putting its routes together takes longer than most tests."""
    world = World.open(frozen=NOON)
    return world, create_app(world, services=frozenset({"jira"}))


@dataclass
class PullLab:
    """One site, one tracker, one shelf."""

    world: World
    app: Flask
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    tracker: JiraTracker = field(init=False)
    made: dict[str, Remote] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.transport = Transport(clock=WorldClock(self.world), inner=InProcessAdapter(self.app))
        self.tracker = self.another()

    @classmethod
    def opened(cls, *rollouts: RolloutId, issues: int = 3) -> PullLab:
        """With an epic and some issues for each rollout, bound and never seen; the lab before it is over."""
        lab = cls.empty()
        for rollout in rollouts or (MFA,):
            lab.start(rollout, issues)
        return lab

    @classmethod
    def empty(cls) -> PullLab:
        """Without any work; the lab before it is over."""
        world, app = _site()
        world.reset()
        return cls(world, app)

    def another(self) -> JiraTracker:
        """A new process's tracker."""
        access = JiraAccess(base_url=f"{HOST}/jira", email=CORA, token="sandbox-token", project="SEC")
        tracker = JiraTracker(access, self.transport)
        tracker.use(tracker.inspect(MFA, []).facts)
        return tracker

    def start(self, rollout: RolloutId, issues: int) -> None:
        epic = self.create(rollout, ObjectKind.EPIC, "phase", title="Phase")
        for first in range(0, issues, MANY):  # as the engine does, many in a request
            numbers = range(first, min(first + MANY, issues))
            below = [
                self._drafted(ObjectKind.ISSUE, f"i{number}", number - first, title=f"Item {number}", parent=epic)
                for number in numbers
            ]
            self._sent(rollout, below)

    def create(self, rollout: RolloutId, kind: ObjectKind, name: str, *, bind: bool = True, **fields: Any) -> Remote:
        (remote,) = self._sent(rollout, [self._drafted(kind, name, **fields)], bind=bind)
        return remote

    def _drafted(self, kind: ObjectKind, name: str, place: int = 0, **fields: Any) -> Create:
        marker = Marker(f"{len(self.made) + place + 1:032x}")
        return Create(object=ObjectKey(kind, name), marker=marker, attempt=1, fields=fields)

    def _sent(self, rollout: RolloutId, creates: list[Create], *, bind: bool = True) -> list[Remote]:
        outcomes = self.tracker.send(rollout, creates)
        for create, outcome in zip(creates, outcomes, strict=True):
            assert isinstance(outcome, Done), outcome
            self.made[f"{rollout}:{create.object.name}"] = outcome.remote
            if bind:
                binding = Binding(object=create.object, marker=create.marker, remote=outcome.remote)
                self.shelf.add(rollout, binding)
        return [outcome.remote for outcome in outcomes]

    def act(self, do: str, name: str = "i0", *, who: str = TARA, rollout: RolloutId = MFA, **more: Any) -> Any:
        """A person does something; `name` is one of ours."""
        body = {"service": "jira", "who": who, "do": do, "issue": self.made[f"{rollout}:{name}"].id, **more}
        with self.world.lock:
            return act(self.world, body)

    def add(self, under: str, *, who: str = TARA, kind: str = "Task", rollout: RolloutId = MFA, **fields: Any) -> Any:
        """A person makes an issue under one of ours."""
        fields = {"summary": "More", "parent": {"id": self.made[f"{rollout}:{under}"].id}, **fields}
        with self.world.lock:
            return act(self.world, {"who": who, "do": "create", "type": kind, "fields": fields})

    def do(self, body: dict[str, Any]) -> Any:
        """A person does something to no issue of ours."""
        with self.world.lock:
            return act(self.world, {"who": TARA, **body})

    def revoke(self, project: str = "SEC") -> None:
        self.do({"do": "revoke", "permission": "BROWSE_PROJECTS", "project": project, "from": CORA})

    def pass_time(self, minutes: float) -> None:
        self.world.clock.advance(minutes * 60)

    def faults(self, *rules: dict[str, Any]) -> None:
        self.world.faults.replace(parse_rules(list(rules)))

    def portions(self, *rollouts: RolloutId, is_full: bool = False) -> Iterator[Pulled]:
        """Portions as they come; nothing is stored."""
        watch = Watch(rollouts=rollouts or (MFA,), cursors=dict(self.shelf.cursors), shelf=self.shelf, is_full=is_full)
        return self.tracker.pull(watch)

    def pull(self, *rollouts: RolloutId, is_full: bool = False) -> Pulled:
        """A whole pull, stored portion by portion, and shown as one."""
        portions = []
        for portion in self.portions(*rollouts, is_full=is_full):
            self.shelf.take(portion)
            portions.append(portion)
        return merged(portions)

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """Requests that were made meanwhile, by route."""
        before = self.world.counters.requests.copy()
        found: dict[str, int] = {}
        yield found
        found |= dict(self.world.counters.requests - before)

    def seen(self, name: str = "i0", *, kind: ObjectKind = ObjectKind.ISSUE, rollout: RolloutId = MFA) -> Fields:
        """What the ledger knows of one of ours."""
        observation = self.shelf.seen(rollout, ObjectKey(kind, name))
        assert observation is not None
        return observation.fields

    def account(self, email: str) -> str:
        person = self.world.people.by_email(email)
        assert person is not None
        return person.account_id


def merged(portions: list[Pulled]) -> Pulled:
    """Several portions as one."""
    gone: dict[Any, tuple[Any, ...]] = {}
    left: dict[Any, tuple[Any, ...]] = {}
    unseen: dict[Any, dict[Any, str]] = {}
    for portion in portions:
        for rollout, keys in portion.gone.items():
            gone[rollout] = (*gone.get(rollout, ()), *keys)
        for rollout, ids in portion.left.items():
            left[rollout] = (*left.get(rollout, ()), *ids)
        for rollout, reasons in portion.unseen.items():
            unseen.setdefault(rollout, {}).update(reasons)
    assert [bool(portion.cursors) for portion in portions[:-1]] == [False] * (len(portions) - 1)
    return Pulled(
        asked_at=portions[-1].asked_at,
        seen=tuple(one for portion in portions for one in portion.seen),
        newcomers=tuple(one for portion in portions for one in portion.newcomers),
        left=left,
        gone=gone,
        unseen=unseen,
        cursors=portions[-1].cursors,
        complete=portions[-1].complete,
        failed=portions[-1].failed,
    )
