"""The summary on the boards: one comment, one Status task, written when something changes, and found after anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from rollout_sync.app import App
from rollout_sync.cli.invocation import Invocation
from rollout_sync.sync.reviewing import reviewed
from rollout_sync.sync.showing import Act
from rollout_sync.sync.summarizing import Summarized, summarize
from support import small
from support.desk import BOTH
from support.marks import quick_first

CORA, TARA = "cora.coordinator@example.com", "tara.trainer@example.com"
COMMENT = "/jira/rest/api/3/issue/*/comment"
EPIC = f"{small.NAME}: Prepare"


@dataclass
class Boards:
    """A started rollout, and a hand that shows its summary."""

    desk: Any

    def show(self, **settings: object) -> Summarized:
        invocation = Invocation.of_process()
        app = App(settings=invocation.settings(), environ=invocation.environ, keystore=self.desk.shelf)
        with app.ledger() as database:
            world = app.world(database, lambda _step: None)
            made = reviewed(small.ROLLOUT, database, app.clock.now(), with_drivers=False)
            return summarize(made, world, app.comments(world.trackers))

    def acts(self) -> list[Act]:
        return [one.act for one in self.show().boards]

    def later(self, seconds: float) -> None:
        self.desk.at.advance(seconds)
        self.desk.clock.skipped += seconds

    def sync(self, *more: str) -> Any:
        self.later(60)
        done = self.desk.ask("sync", small.NAME, *more)
        assert done.code in {0, 4}, done.out + done.err
        return done

    def news(self, title: str = "Inventory") -> None:
        """Something is finished, and was seen."""
        self.desk.at.act("jira", "complete", CORA, issue=self.desk.at.issue(title)["key"])
        self.sync()

    def comments(self) -> list[dict[str, Any]]:
        return list(self.desk.at.content().get("jira.comment", {}).values())

    def delete_comment(self) -> None:
        (one,) = self.comments()
        self.desk.at.jira("DELETE", f"/issue/{one['issue']}/comment/{one['id']}")

    def status_tasks(self) -> list[dict[str, Any]]:
        return [task for task in self.desk.at.tasks() if task["fields"]["title"] == "Status"]

    def notes(self) -> str:
        (task,) = self.status_tasks()
        return str(self.desk.at.details(task["id"])["description"])


@pytest.fixture
def boards(desk):
    """A rollout whose ticks show no summary, so that every one is shown by the test's own hand."""
    desk.configure(BOTH + "\n[digest]\nboards = false\n")
    return started(desk)


def started(desk) -> Boards:
    assert desk.call(*small.start()).code == 0
    found = Boards(desk)
    found.sync()
    desk.at.forget()
    return found


def text_of(comment):
    def walk(node):
        return [node["text"]] if "text" in node else [one for child in node.get("content", []) for one in walk(child)]

    return "\n".join(walk(comment["body"]))


W, U, LEFT, LATER = Act.WRITTEN, Act.UNCHANGED, Act.LEFT, Act.LATER


def test_it_stands_on_both_boards_once(boards):
    assert boards.acts() == [W, W]
    (comment,) = boards.comments()
    assert comment["issue"] == boards.desk.at.issue(EPIC)["id"]
    assert "0 of 8 items done" in text_of(comment)
    assert "0 of 8 items done" in boards.notes()
    (task,) = boards.status_tasks()
    assert (task["fields"]["assignments"], task["fields"]["priority"]) == ({}, 1)
    assert boards.notes().splitlines()[-1].startswith(f"rollout-sync · {small.ROLLOUT} · details:.status · ")


def test_without_news_nothing_is_written(boards):
    boards.show()
    boards.later(3600)
    boards.desk.at.forget()
    assert boards.acts() == [U, U]
    assert {route for route in boards.desk.at.asked() if "jira" in route or "planner" in route} == set()


def test_news_are_written_over_in_place(boards):
    boards.show()
    before = boards.comments()[0]["id"], boards.status_tasks()[0]["id"]
    boards.news()
    assert boards.acts() == [W, W]
    assert (boards.comments()[0]["id"], boards.status_tasks()[0]["id"]) == before
    assert "1 of 8 items done" in text_of(boards.comments()[0])
    assert "1 of 8 items done" in boards.notes()


@pytest.mark.slow
def test_a_comment_that_people_delete_comes_back_with_the_next_news(boards):
    boards.show()
    boards.delete_comment()
    assert boards.acts() == [U, U]
    assert boards.comments() == []
    boards.news()
    assert boards.acts() == [W, W]
    assert len(boards.comments()) == 1


@pytest.mark.slow
def test_a_status_task_that_people_delete_stays_deleted(boards):
    boards.show()
    boards.desk.at.act("planner", "delete", TARA, task=boards.status_tasks()[0]["id"])
    boards.desk.at.act("jira", "complete", CORA, issue=boards.desk.at.issue("Inventory")["key"])
    boards.desk.at.faults({"route": "/graph/v1.0/**", "kind": "503", "rate": 1.0})
    boards.sync()  # Jira tells its news, Planner cannot be read, so that nobody knows of the deletion yet
    boards.desk.at.faults()
    assert boards.acts() == [W, LEFT]
    boards.sync()
    assert boards.acts()[1] is LEFT
    assert boards.status_tasks() == []


@pytest.mark.slow
def test_the_pull_takes_the_status_task_for_no_work(boards):
    boards.show()
    boards.sync("--full")
    found = boards.desk.ask("status", small.NAME).result
    assert found["tally"]["added"] == 0
    assert found["tally"]["total"] == 8
    assert "added-work" not in {one["code"] for one in found["findings"]}
    boards.desk.at.forget()
    assert boards.sync().result["quiet"] == 1
    assert boards.desk.at.writes() == {}


def test_a_plan_neither_misses_the_status_task_nor_asks_for_it(boards):
    boards.show()
    boards.sync()
    planned = boards.desk.ask(*small.plan("--exit-code"))
    assert planned.code == 0, planned.out
    assert ".status" not in planned.out
    boards.desk.at.forget()
    assert boards.desk.call(*small.start()).code == 0
    assert boards.desk.at.writes() == {}
    verified = boards.desk.ask("verify", small.NAME)
    assert verified.code == 0, verified.out


@pytest.mark.slow
def test_a_new_ledger_takes_both_over_and_makes_none_again(boards):
    boards.show()
    boards.desk.ledger.unlink()
    for _ in range(2):
        assert boards.desk.ask("adopt", small.ROLLOUT).code in {0, 4}
        boards.later(3600)
    assert boards.desk.call(*small.start()).code == 0
    boards.sync()
    boards.show()
    assert (len(boards.comments()), len(boards.status_tasks())) == (1, 1)
    assert len({row["fields"]["name"] for row in boards.desk.at.content()["graph.buckets"].values()}) == 3


class TestLostAnswers:
    def test_a_comment_whose_answer_was_lost_is_found_by_its_mark(self, boards):
        boards.desk.at.faults({"method": "POST", "route": COMMENT, "kind": "drop_after", "times": 1})
        assert boards.acts() == [LATER, W]
        boards.desk.at.faults()
        assert boards.acts() == [U, U]
        assert len(boards.comments()) == 1

    @pytest.mark.slow
    def test_one_that_never_arrived_is_sent_again_after_the_bound_only(self, boards):
        boards.desk.at.faults({"method": "POST", "route": COMMENT, "kind": "drop_before", "times": 1})
        assert boards.acts()[0] is LATER
        boards.desk.at.faults()
        assert boards.acts()[0] is LATER
        assert boards.comments() == []
        boards.later(400)
        assert boards.acts() == [W, U]
        assert len(boards.comments()) == 1

    @pytest.mark.slow
    def test_one_that_arrives_late_is_not_made_twice(self, boards):
        boards.desk.at.faults({"method": "POST", "route": COMMENT, "kind": "late", "times": 1, "seconds": 120})
        assert boards.acts()[0] is LATER
        boards.desk.at.faults()
        assert boards.acts()[0] is LATER
        boards.later(400)
        boards.acts()
        assert len(boards.comments()) == 1

    @pytest.mark.parametrize("kind", quick_first(1, ["drop_after", "500", "html", "truncate"]))
    def test_the_status_task_is_made_once_whatever_the_answer(self, boards, kind):
        boards.desk.at.faults(
            {"method": "POST", "route": "/graph/v1.0/$batch", "kind": kind, "times": 1, "when": "after"}
        )
        boards.acts()
        boards.desk.at.faults()
        for _ in range(3):
            boards.later(400)
            boards.sync()
            boards.acts()
        assert len(boards.status_tasks()) == 1
        assert "items done" in boards.notes()

    @pytest.mark.slow
    def test_jira_that_is_down_does_not_keep_it_from_planner(self, boards):
        boards.desk.at.faults({"route": COMMENT, "kind": "503", "rate": 1.0})
        found = boards.show().boards
        assert [one.act for one in found] == [LATER, W]
        assert found[0].why


def test_a_comment_that_may_not_be_written_says_why(boards):
    boards.desk.at.act("jira", "revoke", CORA, permission="ADD_COMMENTS", project="SEC", **{"from": CORA})
    first = boards.show().boards[0]
    assert first.act is Act.REFUSED
    assert "permission" in first.why


class TestTheCommand:
    """`sync` shows the summary by itself, unless the configuration says otherwise."""

    @pytest.fixture
    def told(self, desk):
        return started(desk)

    def test_a_tick_shows_it_once_and_the_next_one_with_news_only(self, told):
        assert "0 of 8 items done" in text_of(*told.comments())
        assert "0 of 8 items done" in told.notes()
        told.sync()
        told.desk.at.forget()
        assert told.sync().result["quiet"] == 1
        assert told.desk.at.writes() == {}
        told.news()
        assert "1 of 8 items done" in text_of(*told.comments())
        assert "1 of 8 items done" in told.notes()

    def test_the_screen_says_where_it_was_written(self, told):
        told.desk.at.act("jira", "complete", CORA, issue=told.desk.at.issue("Inventory")["key"])
        told.later(60)
        done = told.desk.call("sync", small.NAME)
        assert "summary written in Jira and Planner" in done.out

    @pytest.mark.slow
    def test_what_could_not_be_shown_ends_with_4_and_is_shown_by_the_next_tick(self, told):
        told.desk.at.faults({"method": "PUT", "route": f"{COMMENT}/*", "kind": "503", "rate": 1.0})
        told.desk.at.act("jira", "complete", CORA, issue=told.desk.at.issue("Inventory")["key"])
        told.later(60)
        done = told.desk.call("sync", small.NAME)
        assert done.code == 4
        assert "Jira: the summary waits" in done.out
        assert "1 of 8 items done" in told.notes()
        told.desk.at.faults()
        told.later(60)
        assert told.desk.ask("sync", small.NAME).code == 0
        assert "1 of 8 items done" in text_of(*told.comments())

    def test_a_board_that_refuses_it_is_a_finding_and_no_failure(self, desk):
        assert desk.call(*small.start()).code == 0
        desk.at.act("jira", "revoke", CORA, permission="ADD_COMMENTS", project="SEC", **{"from": CORA})
        done = desk.ask("sync", small.NAME)
        assert done.code == 0, done.out
        (one,) = done.result["rollouts"]
        assert "summary-refused" in {finding["code"] for finding in one["findings"]}
