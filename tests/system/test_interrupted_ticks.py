"""A tick that dies or is refused half-way: the next one goes on, although nothing new happened since."""

from __future__ import annotations

import pytest

from rollout_sync.sync import changing, syncing
from support import small
from support.marks import slow_rows

DAY = 86_400.0
HEADS = {"Finance": "frida.figures@example.com", "Sales": "sam.seller@example.com"}
CORA = "cora.coordinator@example.com"


class Killed(BaseException):
    """The process died here."""


@pytest.fixture
def started(desk):
    """A rollout that stands on both boards, and that no tick has looked at yet."""
    assert desk.call(*small.start()).code == 0
    return desk


@pytest.fixture
def decided(started):
    """Everybody has said yes; no tick knows of it."""
    sync(started)
    for title in ("Inventory", "Set up"):
        started.at.act("jira", "complete", CORA, issue=started.at.issue(title)["key"])
    say_yes(started)
    return started


def say_yes(desk):
    for department, who in HEADS.items():
        task = desk.at.task(f"Green light of {department}")["id"]
        checklist = desk.at.details(task)["checklist"]
        (item,) = [key for key, one in checklist.items() if one["title"] == "Approved"]
        desk.at.act("planner", "tick", who, task=task, item=item)
    later(desk)


def later(desk, days=0.05):
    desk.at.advance(days * DAY)
    desk.clock.skipped += days * DAY


def sync(desk):
    done = desk.ask("sync", small.NAME)
    assert done.code in {0, 4}, done.out + done.err
    return done


def is_held(desk, title="Open the gates"):
    return "awaiting-approval" in desk.at.issue(title)["labels"]


def bucket_of(desk, title="Tell everybody"):
    names = {key: row["fields"]["name"] for key, row in desk.at.content()["graph.buckets"].items()}
    return names[desk.at.task(title)["fields"]["bucketId"]]


def raise_killed(*_args, **_named):
    raise Killed


class TestRelease:
    @pytest.mark.parametrize(
        ("room", "step"),
        [(syncing, "_release"), *slow_rows((changing, "_send"))],
        ids=["before-it", "in-the-middle"],
    )
    def test_a_tick_that_dies_is_finished_by_the_next(self, decided, monkeypatch, room, step):
        with monkeypatch.context() as patch:
            patch.setattr(room, step, raise_killed)
            with pytest.raises(Killed):
                decided.ask("sync", small.NAME)
        assert is_held(decided)
        later(decided)
        assert sync(decided).code == 0
        assert not is_held(decided)
        assert bucket_of(decided) == "Change"

    def test_a_refused_change_is_made_by_the_next_tick(self, decided):
        decided.at.faults({"kind": "forbidden", "route": "/jira/rest/api/3/issue/*", "method": "PUT"})
        done = sync(decided)
        assert done.code == 4
        assert "not all released" in done.result["rollouts"][0]["problem"]
        assert is_held(decided)
        decided.at.faults()
        later(decided)
        assert sync(decided).code == 0
        assert not is_held(decided)
        later(decided)
        sync(decided)  # sees what was released, and tells it in the summary
        later(decided)
        decided.at.forget()
        assert sync(decided).code == 0
        assert decided.at.writes() == {}


class TestQuestion:
    def test_a_yes_from_before_a_change_does_not_count_although_no_tick_lay_between(self, started):
        say_yes(started)
        started.write("small.yaml", small.TEMPLATE.replace("Open the gates", "Open all gates"))
        assert started.call(*small.start()).code == 0
        later(started)
        sync(started)
        assert is_held(started, "Open all gates")
        gates = started.ask("status", small.NAME).result["gates"].values()
        assert {gate["decision"] for gate in gates} == {"not asked"}

    def test_a_yes_to_what_is_still_asked_counts_from_before_the_first_tick(self, started):
        say_yes(started)
        assert started.call(*small.start()).code == 0
        later(started)
        sync(started)
        assert not is_held(started)
