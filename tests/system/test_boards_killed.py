"""A run that dies anywhere while it shows summaries or invites people: the next ones leave one of each, and up to date.

Death is an exception that nothing catches, at each commit and each phase of each request; from then on nothing more is
written or sent. What the operating system would do, it does: the file lock is let go, the lease stays.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from rollout_sync.app import App, Edges
from rollout_sync.cli.invocation import Invocation
from rollout_sync.errors import RolloutSyncError
from rollout_sync.sync import inviting
from rollout_sync.sync.epic_comment import EpicComment
from rollout_sync.sync.inviting import invite
from rollout_sync.sync.reviewing import reviewed
from rollout_sync.sync.summarizing import summarize
from support import small
from support.desk import BOTH

BEYOND = 400.0
CORA, FELIX = "cora.coordinator@example.com", "felix.farthing@example.com"
MAIL = f'\n[mail]\nsender = "{CORA}"\n\n[digest]\nboards = false\n'
"""Ticks tell nobody, so that every word is one of the run that is to die."""
SOON = {"dueDateTime": "2026-11-20T00:00:00Z", "startDateTime": "2026-11-20T00:00:00Z"}
EVERY = 6
"""The slow runs, together, die at every point: each begins at another one of the first six."""
QUICKLY = 3 * EVERY
"""The quick run dies at every eighteenth."""


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Fuse:
    """Passes `points` until it is to burn; burnt, nothing passes any more."""

    burns_at: int
    points: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pass_point(self, *_seen: object) -> None:
        with self.lock:
            self.points += 1
            if self.burns_at and self.points >= self.burns_at:
                raise Killed

    def edges(self) -> Edges:
        return Edges(on_commit=self.pass_point, on_phase=self.pass_point)


@dataclass
class Stage:
    """A started rollout on a fresh sandbox."""

    desk: Any

    def build(self) -> None:
        self.desk.at.control("POST", "/reset")
        for path in self.desk.folder.glob("ledger.sqlite*"):
            path.unlink()
        self.desk.configure(BOTH + MAIL)
        supervisor = f"Felix Farthing,{FELIX},supervisor,Finance,\n"
        self.desk.write("people.csv", small.PEOPLE + supervisor)
        template = small.TEMPLATE.replace("title: Session\n", "title: Session\n        minutes: 30\n")
        self.desk.write("small.yaml", template.replace("    after: [head-yes]\n", ""))
        assert self.desk.call(*small.start()).code == 0
        task = self.desk.at.task("Session")["id"]
        self.desk.at.act("planner", "edit", "tara.trainer@example.com", task=task, fields=SOON)
        assert self.desk.ask("sync", small.NAME).code in {0, 4}

    def run(self, what: str, fuse: Fuse) -> None:
        invocation = Invocation.of_process()
        settings = invocation.settings()
        settings = replace(settings, mail=replace(settings.mail, invitations=True))
        app = App(settings=settings, environ=invocation.environ, keystore=self.desk.shelf, edges=fuse.edges())
        with app.ledger() as database:
            made = reviewed(small.ROLLOUT, database, app.clock.now(), with_drivers=False)
            if what == "summary":
                world = app.world(database, lambda _step: None)
                summarize(made, world, app.comments(world.trackers))
            else:
                secretary = app.secretary(database)
                assert secretary is not None
                invite(made, secretary)

    def die(self, what: str, point: int) -> int:
        """How many points were passed; the run ends at `point`, or by itself where that is 0."""
        fuse = Fuse(point)
        try:
            self.run(what, fuse)
        except (Killed, RolloutSyncError):
            assert point  # without a fuse nothing may go wrong
        return fuse.points

    def later(self) -> None:
        self.desk.at.advance(BEYOND)
        self.desk.clock.skipped += BEYOND


@pytest.fixture
def stage(desk):
    return Stage(desk)


def check_summary(at):
    content = at.content()
    status = [one for one in at.tasks() if one["fields"]["title"] == "Status"]
    assert (len(content["jira.comment"]), len(status)) == (1, 1)
    assert "items done" in at.details(status[0]["id"])["description"]


def check_invitation(at):
    (event,) = at.content()["graph.events"].values()
    assert [one["emailAddress"]["address"] for one in event["fields"]["attendees"]] == [FELIX]


CHECKS = {"summary": check_summary, "invitation": check_invitation}


def swept(stage, what, *, first, step):
    stage.build()
    points = stage.die(what, 0)
    CHECKS[what](stage.desk.at)
    assert points > EVERY
    for point in range(first, points + 1, step):
        stage.build()
        stage.die(what, point)
        for _ in range(2):
            stage.later()
            stage.die(what, 0)
        CHECKS[what](stage.desk.at)
        stage.desk.at.forget()
        stage.die(what, 0)
        assert stage.desk.at.writes() == {}, f"point {point}"
    return points


@pytest.mark.parametrize("what", CHECKS)
def test_a_run_that_dies_leaves_one_of_each(stage, what):
    swept(stage, what, first=3, step=QUICKLY)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, EVERY + 1))
@pytest.mark.parametrize("what", CHECKS)
def test_a_run_that_dies_anywhere_leaves_one_of_each(stage, what, first):
    swept(stage, what, first=first, step=EVERY)


def comments_without_looking(state, known, summary):
    """Looks, and does not care."""
    state.comments.find(state.rollout, known.issue)
    return state._add(known, summary)


BROKEN = {
    "summary": (EpicComment, "_first", comments_without_looking),
    "invitation": (
        inviting._Round,
        "_asked",
        lambda state, session, known: replace(ASKED(state, session, None), uid=str(uuid4())),
    ),
}
ASKED = inviting._Round._asked


@pytest.mark.slow
@pytest.mark.parametrize("what", CHECKS)
def test_a_protocol_that_does_not_look_first_is_caught(stage, what, monkeypatch):
    monkeypatch.setattr(*BROKEN[what])
    with pytest.raises((AssertionError, ValueError)):
        swept(stage, what, first=1, step=1)
