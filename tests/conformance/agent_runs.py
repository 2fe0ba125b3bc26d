"""Runs of the program itself against the sandbox in process, so that everything it says can be judged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from conformance.walking import HOST, NOON, Stage
from rollout_sync import config
from rollout_sync.app import App, Edges
from rollout_sync.config.settings import GraphAuth, JiraAuth, MailChannel
from rollout_sync.ledger import objects, rollouts
from rollout_sync.model.objects import Fields, ObjectKind
from rollout_sync.model.operations import Change, Outcome
from rollout_sync.model.rollout import RolloutId
from rollout_sync.reconcile.guard import Thresholds
from rollout_sync.sync import adopting, digesting, planning, sending, syncing, verifying, wishing
from rollout_sync.sync.applying import Applied, apply
from rollout_sync.template import shipped
from rollout_sync.template.people import read_people
from support.inprocess import InProcessAdapter

GO_LIVE = date(2027, 6, 1)


class StepClock:
    """Sleeping moves it, and the sandbox's clock with it."""

    def __init__(self, advance: Callable[[float], object]) -> None:
        self._advance = advance
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Local wall clock as aware UTC."""
        return NOON + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Be there already."""
        with self._lock:
            self._passed += max(seconds, 0.0)
            self._advance(max(seconds, 0.0))


class NoKeystore:
    """A machine without a key store."""

    def get(self, account: str) -> str | None:
        """Nothing is kept."""
        return None

    def put(self, account: str, text: str) -> None:
        """Nothing is kept."""
        raise AssertionError(f"nothing stores {account} here")

    def describe(self) -> str:
        """No name."""
        return ""


@dataclass(frozen=True, slots=True)
class Agent:
    """The program with a ledger of its own."""

    app: App
    clock: StepClock

    def start(self, template: str, name: str, *, force: bool = False, **answers: str) -> Applied:
        """Plan and carry out; run again it finishes what is open."""
        with self.app.ledger() as database:
            people = read_people(shipped.example_people(), "people.csv")
            wish = wishing.wish(
                shipped.load(template), answers, people, name=name, go_live=GO_LIVE, start=None, force=force
            )
            trackers = dict(self.app.trackers())
            thresholds = Thresholds(max_share=0.3, min_count=10, max_create=5000)
            plan = planning.make(wish, database=database, trackers=trackers, clock=self.clock, thresholds=thresholds)
            return apply(plan, self.app.world(database, lambda _step: None, 400.0, trackers=trackers))

    def sync(self, rollout: str, *, is_full: bool = False) -> syncing.Tick:
        """One tick."""
        with self.app.ledger() as database:
            return syncing.sync([RolloutId(rollout)], self.app.office(database, is_full=is_full))

    def digest(self) -> sending.Delivery:
        """Send the mails that are due."""
        post = self.app.post()
        assert post is not None
        settings = self.app.settings
        with self.app.ledger() as database:
            desk = digesting.Desk(
                database=database, settings=settings.digest, sender=settings.mail, now=self.clock.now()
            )
            return sending.deliver(
                (),
                post=post,
                database=database,
                clock=self.clock,
                rules=self.app.mail_rules(),
                prepare=lambda: digesting.plan(desk),
            )

    def verify(self, rollout: str) -> verifying.Verification:
        """Read everything back."""
        with self.app.ledger() as database:
            return verifying.verify(RolloutId(rollout), database=database, trackers=self.app.trackers())

    def adopt(self, rollout: str) -> adopting.Adopted:
        """Take over what carries the rollout's markers."""
        with self.app.ledger() as database:
            return adopting.adopt(
                RolloutId(rollout),
                database=database,
                trackers=self.app.trackers(),
                clock=self.clock,
                timing=self.app.timing(),
                index_lag=self.app.settings.timing.index_lag,
            )


def new_agent(stage: Stage, folder: Path, *, ledger: str = "ledger", **jira: Any) -> Agent:
    """An agent on this sandbox; further arguments change the Jira settings."""
    settings = config.for_sandbox(HOST, {})
    assert settings.jira is not None
    assert settings.planner is not None
    clock = StepClock(stage.world.clock.advance)
    settings = replace(
        settings,
        ledger=replace(settings.ledger, path=folder / f"{ledger}.sqlite"),
        planner=replace(settings.planner, token_cache=folder / f"{ledger}-sign-in.json"),
        jira=replace(settings.jira, **jira),
    )
    edges = Edges(clock=clock, inner=InProcessAdapter(stage.recorder))
    return Agent(App(settings=settings, environ={}, keystore=NoKeystore(), edges=edges), clock)


def as_a_person(agent: Agent) -> Agent:
    """The same, signed in to Planner by device code."""
    planner = agent.app.settings.planner
    assert planner is not None
    settings = replace(agent.app.settings, planner=replace(planner, auth=GraphAuth.DEVICE_CODE))
    return Agent(replace(agent.app, settings=settings, show=lambda _text: None), agent.clock)


def with_mail(agent: Agent, *, drafts: bool) -> Agent:
    """The same, with mails over Graph and invitations."""
    mail = replace(
        agent.app.settings.mail,
        channel=MailChannel.GRAPH,
        sender="cora.coordinator@example.com",
        drafts=drafts,
        invitations=True,
    )
    return Agent(replace(agent.app, settings=replace(agent.app.settings, mail=mail)), agent.clock)


def through_the_gateway(agent: Agent) -> Agent:
    """The same, with a scoped token for Jira, which works at the gateway only."""
    jira = agent.app.settings.jira
    assert jira is not None
    token = replace(jira.token, published="sandbox-scoped-token")
    settings = replace(
        agent.app.settings,
        jira=replace(jira, auth=JiraAuth.SCOPED_TOKEN, token=token),
        rewrites={**agent.app.settings.rewrites, "https://api.atlassian.com/": f"{HOST}/jira-gateway/"},
    )
    return Agent(replace(agent.app, settings=settings), agent.clock)


def change_everything(agent: Agent, rollout: str, title: str) -> tuple[Outcome, ...]:
    """Write over a field of one object of each kind, as a changed template would.

    The ledger does not learn of it, so that a second time starts from versions that are old.
    """
    wanted: dict[ObjectKind, Fields] = {
        ObjectKind.EPIC: {"title": title, "held": True},
        ObjectKind.ISSUE: {"title": title, "held": True, "due": "2027-02-02", "progress": "indeterminate"},
        ObjectKind.PLAN: {"title": title},
        ObjectKind.LABELS: {"labels": {"category7": title}},
        ObjectKind.BUCKET: {"title": title},
        ObjectKind.TASK: {"title": title, "percent": 50},
        ObjectKind.DETAILS: {"text": title},
        ObjectKind.REMOTE_LINK: {"title": title},
    }
    with agent.app.ledger() as database, database.reading() as connection:
        row = rollouts.load(connection, RolloutId(rollout))
        kept = [one for one in objects.entries(connection, RolloutId(rollout)) if one.remote is not None]
        places = {str(one.object): one.remote for one in kept if one.remote is not None}
    assert row is not None
    trackers = agent.app.trackers()
    made: list[Outcome] = []
    for kind, fields in wanted.items():
        entry = next(one for one in kept if one.object.kind is kind)
        more = {name: objects.resolved(entry.base[name], places) for name in ("issue",) if name in (entry.base or {})}
        change = Change(object=entry.object, marker=entry.marker, remote=entry.remote, fields={**fields, **more})
        tracker = trackers[kind.tracker]
        tracker.use(row.facts[kind.tracker.value])
        made += tracker.change(RolloutId(rollout), [change])
        if fields.get("held"):
            made += tracker.change(RolloutId(rollout), [replace(change, fields={"held": False})])
    return tuple(made)
