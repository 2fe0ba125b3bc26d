"""What every tracker must do behind the port, asked of Jira and of Planner alike, over the sandbox in process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout_sync.app import App, Edges
from rollout_sync.config import for_sandbox
from rollout_sync.errors import TrackerError
from rollout_sync.model.objects import Binding, Marker, ObjectKey, ObjectKind, Remote
from rollout_sync.model.operations import Change, Create, Done, Doubt, InDoubt, Refused
from rollout_sync.model.rollout import RolloutId, TrackerName
from rollout_sync.sandbox.app import create_app
from rollout_sync.sandbox.faults import parse_rules
from rollout_sync.sandbox.graph import act as act_in_planner
from rollout_sync.sandbox.jira import act as act_in_jira
from rollout_sync.sandbox.world import World
from support.inprocess import InProcessAdapter

ROLLOUT = RolloutId("contract")
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
PEOPLE = ("tara.trainer@example.com", "nobody.here@example.com")


class FrozenClock:
    def __init__(self, world):
        self.world = world

    def now(self):
        return self.world.clock.now()

    def monotonic(self):
        return (self.world.clock.now() - NOW).total_seconds() + 100.0

    def sleep(self, seconds):
        self.world.clock.advance(seconds)


class NoKeystore:
    def get(self, account):
        return None

    def put(self, account, text):
        raise AssertionError("nothing is stored in tests")

    def describe(self):
        return ""


@dataclass
class Backend:
    """One tracker with what differs between the services: how its objects are described and how people reach them."""

    name: TrackerName
    world: World
    tracker: Any
    container: tuple[Remote, ...] = ()
    number: int = 0

    @property
    def kind(self):
        return ObjectKind.ISSUE if self.name is TrackerName.JIRA else ObjectKind.TASK

    @property
    def create_call(self):
        if self.name is TrackerName.JIRA:
            return {"method": "POST", "route": "/jira/rest/api/3/issue/bulk"}
        return {"method": "POST", "route": "/graph/v1.0/$batch"}

    def prepare(self):
        """What a work item needs around it: an epic, or a plan with a bucket."""
        if self.name is TrackerName.JIRA:
            self.container = (self.made(ObjectKind.EPIC, "phase", title="Phase", text="", labels=[], held=False),)
        else:
            plan = self.made(ObjectKind.PLAN, "plan", title="Contract")
            self.container = (plan, self.made(ObjectKind.BUCKET, "phase", plan=plan, title="Phase", order=1))
            self.made(ObjectKind.LABELS, "plan", plan=plan, names=["task"])

    def made(self, kind, name, **fields):
        self.number += 1
        create = Create(object=ObjectKey(kind, name), marker=Marker(f"{self.number:032x}"), attempt=1, fields=fields)
        (outcome,) = self.tracker.send(ROLLOUT, [create])
        assert isinstance(outcome, Done), outcome
        return outcome.remote

    def item(self, name, **over):
        self.number += 1
        shared = {"title": f"Item {name}", "start": "2027-02-01", "due": "2027-02-03"}
        if self.name is TrackerName.JIRA:
            own = {"text": "Why.", "owner": None, "labels": [], "held": False, "parent": self.container[0], "links": []}
        else:
            own = {
                "plan": self.container[0],
                "bucket": self.container[1],
                "owners": [],
                "categories": [],
                "priority": 5,
            }
        return Create(
            object=ObjectKey(self.kind, name),
            marker=Marker(f"{self.number:032x}"),
            attempt=1,
            fields={**shared, **own, **over},
        )

    def doubt(self, create, *, ago=3600.0):
        return Doubt(
            object=create.object,
            marker=create.marker,
            attempt=1,
            sent_at=self.world.clock.now() - timedelta(seconds=ago),
            high_water=0,
            fields=create.fields,
        )

    def act(self, do, remote, **more):
        if self.name is TrackerName.JIRA:
            body = {"service": "jira", "who": "tara.trainer@example.com", "do": do, "issue": remote.key, **more}
            act_in_jira(self.world, body)
        else:
            body = {"service": "planner", "who": "tara.trainer@example.com", "do": do, "task": remote.id, **more}
            act_in_planner(self.world, body)


@pytest.fixture(params=list(TrackerName), ids=str)
def backend(request):
    world = World.open(frozen=NOW)
    app = create_app(world)
    settings = for_sandbox("http://127.0.0.1:8765", {})
    edges = Edges(clock=FrozenClock(world), inner=InProcessAdapter(app))
    trackers = App(settings=settings, environ={}, keystore=NoKeystore(), edges=edges).trackers()
    tracker = trackers[request.param]
    inspection = tracker.inspect(ROLLOUT, PEOPLE)
    tracker.use(inspection.facts)
    tracker.high_water()
    ready = Backend(request.param, world, tracker)
    ready.prepare()
    return ready


def bound(create, remote):
    return Binding(object=create.object, marker=create.marker, remote=remote)


def test_inspecting_finds_people_by_their_address_and_never_a_stranger(backend):
    inspection = backend.tracker.inspect(ROLLOUT, PEOPLE)
    assert set(inspection.people) == {"tara.trainer@example.com"}


def test_what_was_sent_is_what_is_observed(backend):
    creates = [backend.item(name) for name in ("a", "b", "c")]
    outcomes = backend.tracker.send(ROLLOUT, creates)
    assert [type(outcome) for outcome in outcomes] == [Done] * 3
    assert len({outcome.remote.id for outcome in outcomes}) == 3
    pairs = [bound(create, outcome.remote) for create, outcome in zip(creates, outcomes, strict=True)]
    sighting = backend.tracker.observe(pairs)
    assert not sighting.gone
    assert not sighting.unseen
    seen = {one.object: one.fields for one in sighting.observations}
    for create in creates:
        for name in ("title", "start", "due"):
            assert seen[create.object][name] == create.fields[name]
        assert seen[create.object]["category"] == "new"


def test_a_lost_answer_is_in_doubt_and_the_strong_read_finds_every_object_once(backend):
    creates = [backend.item(name) for name in ("a", "b", "c")]
    backend.world.faults.replace(parse_rules([{**backend.create_call, "kind": "drop_after", "times": 1}]))
    outcomes = backend.tracker.send(ROLLOUT, creates)
    assert [type(outcome) for outcome in outcomes] == [InDoubt] * 3
    backend.world.faults.replace(())
    known = frozenset(place.id for place in backend.container)
    findings = backend.tracker.find(ROLLOUT, [backend.doubt(create, ago=5) for create in creates], known)
    assert set(findings.found) == {create.object for create in creates}
    assert len({remote.id for remote in findings.found.values()}) == 3


def test_what_was_never_made_is_absent_from_a_strong_read(backend):
    create = backend.item("never")
    backend.world.faults.replace(parse_rules([{**backend.create_call, "kind": "drop_before", "times": 1}]))
    (outcome,) = backend.tracker.send(ROLLOUT, [create])
    assert isinstance(outcome, InDoubt)
    backend.world.faults.replace(())
    known = frozenset(place.id for place in backend.container)
    findings = backend.tracker.find(ROLLOUT, [backend.doubt(create)], known)
    assert not findings.found
    assert findings.is_strong
    assert not findings.ambiguous
    assert findings.asked_at <= backend.tracker.remote_now()


def test_a_request_that_was_throttled_may_be_sent_again(backend):
    rule = {**backend.create_call, "kind": "429", "retry_after": 600, "times": 9}
    backend.world.faults.replace(parse_rules([rule]))
    (outcome,) = backend.tracker.send(ROLLOUT, [backend.item("a")])
    assert isinstance(outcome, Refused)
    assert outcome.again
    assert outcome.retry_after >= 600


def test_a_refusal_for_good_says_why_and_leaves_the_others_alone(backend):
    good, bad = backend.item("good"), backend.item("bad", title="x" * 300)
    outcomes = backend.tracker.send(ROLLOUT, [good, bad])
    assert isinstance(outcomes[0], Done)
    assert isinstance(outcomes[1], Refused)
    assert not outcomes[1].again
    assert "255" in outcomes[1].reason


def test_a_change_writes_only_its_fields(backend):
    create = backend.item("a")
    (made,) = backend.tracker.send(ROLLOUT, [create])
    (seen,) = backend.tracker.observe([bound(create, made.remote)]).observations
    change = Change(object=create.object, marker=create.marker, remote=seen.remote, fields={"due": "2027-02-09"})
    (outcome,) = backend.tracker.change(ROLLOUT, [change])
    assert isinstance(outcome, Done)
    (after,) = backend.tracker.observe([bound(create, outcome.remote)]).observations
    assert after.fields["due"] == "2027-02-09"
    assert after.fields["title"] == create.fields["title"]


def test_a_persons_work_is_seen_with_who_and_where(backend):
    create = backend.item("a")
    (made,) = backend.tracker.send(ROLLOUT, [create])
    backend.act("complete", made.remote)
    (seen,) = backend.tracker.observe([bound(create, made.remote)]).observations
    assert seen.fields["category"] == "done"


def test_gone_is_told_from_not_visible(backend):
    creates = [backend.item(name) for name in ("kept", "deleted")]
    kept, deleted = backend.tracker.send(ROLLOUT, creates)
    backend.act("delete", deleted.remote)
    pairs = [bound(creates[0], kept.remote), bound(creates[1], deleted.remote)]
    sighting = backend.tracker.observe(pairs)
    assert sighting.gone == (creates[1].object,)
    assert [one.object for one in sighting.observations] == [creates[0].object]


def test_losing_permission_is_never_taken_for_deletion(backend):
    create = backend.item("a")
    (made,) = backend.tracker.send(ROLLOUT, [create])
    backend.world.faults.replace(parse_rules([{"route": "/**", "kind": "forbidden", "times": 50}]))
    try:
        sighting = backend.tracker.observe([bound(create, made.remote)])
    except TrackerError:
        return  # the whole look failed: nothing was concluded
    assert not sighting.gone
    assert create.object in sighting.unseen
