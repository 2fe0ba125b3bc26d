"""Plan, show, ask, apply: what a coordinator sees, what is written, and how each call ends."""

from __future__ import annotations

import json
import re

import pytest

from support import small
from support.marks import slow_rows

CREATED = {
    "epic": 2,
    "issue": 4,
    "link": 2,
    "remote-link": 3,
    "plan": 1,
    "labels": 1,
    "bucket": 3,
    "task": 4,
    "details": 4,
}


def test_a_plan_shows_everything_and_writes_nothing(desk):
    before = desk.at.content()
    done = desk.call(*small.plan())
    assert (done.code, desk.at.writes(), desk.at.content()) == (0, {}, before)
    assert "+ Jira: 2 epics, 4 issues, 2 links, 3 links to Planner" in done.out
    assert "+ Planner: 1 plan, 1 set of labels, 3 buckets, 4 tasks, 4 tasks' notes" in done.out
    assert "go-live Mon 1 Mar 2027" in done.out
    assert "longest chain:" in done.out


def test_a_plan_leaves_no_trace_in_the_ledger_either(desk):
    first, second = (desk.ask(*small.plan()).result for _ in range(2))
    assert {**first, "made_at": None} == {**second, "made_at": None}
    assert desk.call("verify", small.NAME).code == 2


def test_the_envelope_of_a_plan(desk):
    answer = desk.ask(*small.plan()).answer
    assert list(answer) == ["format", "command", "status", "exit_code", "result", "errors"]
    assert [answer[name] for name in ("format", "command", "status", "exit_code", "errors")] == [
        "rollout-sync/1",
        "plan",
        "done",
        0,
        [],
    ]
    result = answer["result"]
    assert result["create"] == CREATED
    assert result["go_live"] == small.GO_LIVE
    path = [item["key"] for item in result["critical_path"]]
    assert path[0] == "prepare/inventory"
    assert path[-1] == "change/live"
    assert {item["key"]: item["slack"] for item in result["schedule"]}["change/tell"] > 0


def test_pending_changes_end_with_3_when_asked(desk):
    assert desk.call(*small.plan("--exit-code")).code == 3
    assert desk.ask(*small.plan("--exit-code")).answer["status"] == "pending"
    assert desk.call(*small.start()).code == 0
    assert desk.call(*small.plan("--exit-code")).code == 0


def test_start_makes_what_the_plan_promised_and_again_nothing(desk):
    promised = desk.ask(*small.plan()).result["create"]
    done = desk.ask(*small.start())
    assert (done.code, done.result["made"]) == (0, promised)
    assert set(desk.at.item_names().values()) == {1}
    assert len(desk.at.issues()) == promised["epic"] + promised["issue"]
    assert len(desk.at.tasks()) == promised["task"]
    before = desk.at.content()
    desk.at.forget()
    again = desk.call(*small.start())
    assert (again.code, desk.at.writes()) == (0, {})
    assert "nothing to write, 0 changes" in again.out
    assert desk.at.content() == before


@pytest.mark.slow
def test_what_a_rollout_was_started_with_need_not_be_said_again(desk):
    desk.call(*small.start("--set", "council=yes"))
    (desk.folder / "people.csv").unlink()
    desk.at.forget()
    again = desk.call("start", "small.yaml", "--name", small.NAME, "--no-input", "--yes", "--settle", "0")
    assert (again.code, desk.at.writes()) == (0, {}), again.err


def test_plan_to_a_file_then_apply_it(desk):
    planned = desk.call(*small.plan("--out", "small.plan"))
    assert (planned.code, desk.at.writes()) == (0, {})
    assert "rollout-sync apply small.plan" in planned.err
    assert (desk.folder / "small.plan").stat().st_mode & 0o077 == 0
    applied = desk.ask("apply", "small.plan", "--settle", "0")
    assert (applied.code, applied.result["made"]) == (0, CREATED)
    desk.at.forget()
    again = desk.call("apply", "small.plan", "--settle", "0")
    assert (again.code, desk.at.writes()) == (0, {})


@pytest.mark.parametrize(("typed", "is_made"), [("y\n", True), ("n\n", False), *slow_rows(("\n", False))])
def test_start_asks_before_it_writes(desk, typed, is_made):
    arguments = [word for word in small.start() if word not in ("--yes", "--no-input")]
    done = desk.call(*arguments, typed=typed)
    assert done.code == 0
    assert "Create this?" in done.err
    assert bool(desk.at.writes()) == is_made


def test_where_nobody_can_be_asked_yes_has_to_be_said(desk):
    done = desk.call(*[word for word in small.start() if word != "--yes"])
    assert (done.code, desk.at.writes()) == (1, {})
    assert "hint: pass --yes" in done.err


@pytest.mark.parametrize("missing", ["--name", "--go-live", "--people"])
def test_what_is_missing_is_named_with_its_option(desk, missing):
    words = small.start()
    at = words.index(missing)
    done = desk.call(*words[:at], *words[at + 2 :])
    assert (done.code, desk.at.writes()) == (2, {})
    assert missing in done.err


def test_the_places_to_open_are_printed(desk):
    out = desk.call(*small.start()).out
    assert re.search(rf"SEC-\d+ {small.NAME}: Prepare: http\S+/browse/SEC-\d+", out)
    assert re.search(rf"plan {small.NAME}: https://\S+", out)


def test_people_who_are_not_found_are_named_and_nothing_fails(desk):
    desk.write("people.csv", small.PEOPLE.replace("tara.trainer@", "tora.trainer@"))
    done = desk.call(*small.plan())
    assert done.code == 0
    assert "tora.trainer@example.com" in done.out
    lines = [line for line in done.out.splitlines() if "tora.trainer" in line]
    assert lines == ["  ! Planner: tora.trainer@example.com is not known in this tenant; 1 item stays without an owner"]
    assert desk.call(*small.start()).code == 0
    assert desk.at.task("Session")["fields"]["assignments"] == {}


class TestLimits:
    def refused(self, desk, old, new, *words):
        desk.write("small.yaml", small.TEMPLATE.replace(old, new))
        planned = desk.call(*small.plan())
        started = desk.call(*small.start())
        for done in (planned, started):
            shown = done.out + done.err
            assert all(word in shown for word in words), shown
        assert started.code != 0
        assert desk.at.writes() == {}

    def test_21_lines_of_a_checklist(self, desk):
        lines = ", ".join(f"Line {n}" for n in range(21))
        self.refused(desk, "[Room booked, Invitation sent]", f"[{lines}]", "small.yaml:41:", "20")

    def test_a_title_of_256_characters(self, desk):
        self.refused(desk, "title: Set up", f"title: {'x' * 256}", "small.yaml:22:", "255")

    def test_a_title_that_grows_too_long_with_an_answer(self, desk):
        desk.write("small.yaml", small.TEMPLATE.replace("title: Set up", 'title: "Set up {{ company }}"'))
        done = desk.call(*small.start("--set", f"company={'x' * 250}"))
        assert (done.code != 0, desk.at.writes()) == (True, {})
        assert "257" in done.out + done.err
        assert "255" in done.out + done.err

    def test_a_line_of_101_characters(self, desk):
        self.refused(desk, "Room booked", "y" * 101, "101", "100")

    @pytest.mark.slow
    def test_the_longest_that_is_allowed_goes_through(self, desk):
        lines = ", ".join(f"{'z' * 97}{n:03}" for n in range(20))
        text = small.TEMPLATE.replace("[Room booked, Invitation sent]", f"[{lines}]")
        desk.write("small.yaml", text.replace("title: Set up", f"title: {'x' * 255}"))
        done = desk.call(*small.start())
        assert done.code == 0, done.err
        assert len(desk.at.details(desk.at.task("Session")["id"])["checklist"]) == 20
        assert desk.at.issue("x" * 255)

    def test_more_than_one_run_may_create(self, desk, monkeypatch):
        monkeypatch.setenv("ROLLOUT_SYNC_SAFETY_MAX_CREATE", "10")
        done = desk.call(*small.start())
        assert (done.code, desk.at.writes()) == (5, {})
        assert "--force" in done.err
        assert desk.call(*small.start("--force")).code == 0


class TestDates:
    def test_a_date_that_cannot_be_met_names_the_chain_and_the_days(self, desk):
        done = desk.call(*small.plan(go_live="2026-11-09"))
        found = re.search(r"(\d+) working days are missing.*: (.*)", done.out)
        assert found, done.out
        # 2 + 2 + 5 + 2 + 1 days from inventory to live; five working days are left
        assert int(found[1]) == 7
        assert "Inventory" in found[2]
        assert "Open the gates" in found[2]

    def test_a_date_that_can_be_met_has_no_such_finding(self, desk):
        assert "are missing before" not in desk.call(*small.plan()).out

    def test_forward_from_a_start(self, desk):
        words = small.plan()
        at = words.index("--go-live")
        result = desk.ask(*words[:at], "--start-date", "2027-01-11", *words[at + 2 :]).result
        assert result["start"] == "2027-01-11"


def test_departments_can_be_chosen(desk):
    whole = desk.ask(*small.plan()).result["create"]
    part = desk.ask(*small.plan("--department", "Sales")).result["create"]
    assert whole["task"] - part["task"] == 1


def test_answers_of_a_failure_are_json_too(desk):
    done = desk.ask("plan", "nothing-like-it", "--name", "X", "--no-input")
    assert done.code == 2
    assert json.loads(done.out)["status"] == "failed"
    assert done.errors[0]["code"] == "template-error"
