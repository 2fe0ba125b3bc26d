"""Status comes back: people work on their boards, `sync` brings it home, gates hold and release, health tells why."""

from __future__ import annotations

import pytest

from support import small

DAY = 86_400.0
FRIDA, SAM, TARA, CORA = (
    f"{name}@example.com" for name in ("frida.figures", "sam.seller", "tara.trainer", "cora.coordinator")
)
GATES = {"Finance": FRIDA, "Sales": SAM}


@pytest.fixture
def running(desk):
    """A desk whose rollout stands on both boards and was read once."""
    assert desk.call(*small.start()).code == 0
    synced = desk.ask("sync", small.NAME)
    assert synced.code == 0, synced.out
    desk.at.forget()
    return desk


def later(desk, days=1.0):
    """Time goes by, here and there."""
    desk.at.advance(days * DAY)
    desk.clock.skipped += days * DAY


def sync(desk, *more):
    done = desk.ask("sync", small.NAME, *more)
    assert done.code in {0, 4}, done.out + done.err
    return done


def status(desk, *more):
    done = desk.ask("status", small.NAME, *more)
    assert done.code == 0, done.out + done.err
    return done.result


def decide(desk, department, line="Approved", who=None):
    task = desk.at.task(f"Green light of {department}")["id"]
    checklist = desk.at.details(task)["checklist"]
    (item,) = [key for key, one in checklist.items() if one["title"] == line]
    desk.at.act("planner", "tick", who or GATES[department], task=task, item=item)


def work(desk, title, do="complete"):
    desk.at.act("jira", do, CORA, issue=desk.at.issue(title)["key"])


def ready_for_gates(desk):
    """All that comes before the approvals is done, and a minute has gone by."""
    for title in ("Inventory", "Set up"):
        work(desk, title)
    later(desk, 0.5)
    sync(desk)


def codes(result):
    return [finding["code"] for finding in result["findings"]]


def is_held(desk, title):
    return "awaiting-approval" in desk.at.issue(title)["labels"]


class TestPull:
    def test_nothing_new_costs_one_request_a_service_and_writes_nothing(self, running):
        later(running, 0.02)
        sync(running)  # sees the summary that the run before it wrote
        later(running, 0.02)
        running.at.forget()
        done = sync(running)
        assert done.code == 0
        asked = {
            route: count
            for route, count in running.at.asked().items()
            if "token" not in route and "openid" not in route
        }
        assert asked == {
            "POST /jira/rest/api/3/search/jql": 1,
            "POST /graph/v1.0/$batch": 1,
            "GET /planner/plans/{plan}/tasks": 1,
        }
        assert done.result["rollouts"] == []
        assert done.result["quiet"] == 1

    def test_what_people_do_comes_back(self, running):
        work(running, "Inventory", "start")
        later(running)
        sync(running)
        assert status(running)["items"]["prepare/inventory"]["status"] == "started"
        work(running, "Inventory")
        later(running)
        sync(running)
        item = status(running)["items"]["prepare/inventory"]
        assert item["status"] == "done"
        assert item["started_at"] < item["finished_at"]

    def test_added_work_is_shown_and_deleted_work_is_not_made_again(self, running):
        epic = running.at.issue(f"{small.NAME}: Prepare")["key"]
        running.at.act(
            "jira", "create", CORA, project="SEC", fields={"summary": "Ask the printer people", "parent": {"key": epic}}
        )
        running.at.act("planner", "delete", TARA, task=running.at.task("Session")["id"])
        later(running)
        sync(running, "--full")
        found = status(running)
        assert found["tally"]["added"] == 1
        assert found["tally"]["gone"] == 1
        assert {"added-work", "deleted-by-people"} <= set(codes(found))
        before = running.at.content()
        assert running.call(*small.start()).code == 0
        assert len(running.at.content()["jira.issue"]) == len(before["jira.issue"])

    @pytest.mark.slow
    def test_a_large_deletion_is_believed_when_a_person_says_so(self, running):
        for name in ("Green light of Finance", "Green light of Sales", "Session", "Tell everybody"):
            running.at.act("planner", "delete", TARA, task=running.at.task(name)["id"])
        later(running)
        sync(running, "--full")
        sure = sync(running, "--deleted-on-purpose")
        assert sure.code == 0
        assert status(running)["tally"]["gone"] == 4

    def test_a_service_that_is_down_makes_its_half_stale_and_nothing_else(self, running):
        work(running, "Inventory")
        later(running, 0.1)
        running.at.faults({"kind": "html", "route": "/graph/v1.0/$batch"})
        done = sync(running)
        assert done.code == 4
        assert "planner" in done.result["catch"]["stale"]
        assert status(running)["items"]["prepare/inventory"]["status"] == "done"
        running.at.faults()
        later(running, 0.1)
        assert sync(running).code == 0

    @pytest.mark.slow
    def test_an_earlier_day_can_be_shown_again(self, running):
        later(running)
        work(running, "Inventory")
        later(running)
        sync(running)
        assert status(running)["items"]["prepare/inventory"]["status"] == "done"
        day = running.clock.now().date()
        past = status(running, "--as-of", (day.replace(day=day.day - 2)).isoformat())
        assert past["items"]["prepare/inventory"]["status"] == "to do"


class TestGates:
    def test_held_work_is_released_when_everybody_has_said_yes(self, running):
        assert is_held(running, "Open the gates")
        ready_for_gates(running)
        assert {gate["decision"] for gate in status(running)["gates"].values()} == {"waiting"}
        decide(running, "Finance")
        later(running, 0.1)
        sync(running)
        assert is_held(running, "Open the gates")
        decide(running, "Sales")
        later(running, 0.1)
        done = sync(running)
        assert done.code == 0, done.out
        assert not is_held(running, "Open the gates")
        buckets = {key: row["fields"]["name"] for key, row in running.at.content()["graph.buckets"].items()}
        tell = running.at.task("Tell everybody")["fields"]
        assert buckets[tell["bucketId"]] == "Change"
        later(running, 0.1)
        sync(running)  # sees what it released itself, and tells it in the summary
        later(running, 0.1)
        running.at.forget()
        sync(running)
        assert running.at.writes() == {}

    def test_nobody_else_can_open_a_gate(self, running):
        ready_for_gates(running)
        decide(running, "Finance")
        decide(running, "Sales", who=TARA)
        later(running, 0.1)
        sync(running)
        found = status(running)
        assert "not-entitled" in codes(found)
        assert is_held(running, "Open the gates")

    def test_conditions_travel_to_the_work(self, running):
        ready_for_gates(running)
        decide(running, "Finance")
        task = running.at.task("Green light of Sales")["id"]
        running.at.act(
            "planner",
            "edit",
            SAM,
            task=task,
            fields={
                "checklist": {
                    "11111111-aaaa-4aaa-8aaa-111111111111": {
                        "@odata.type": "microsoft.graph.plannerChecklistItem",
                        "title": "Not in the last week of the quarter",
                    }
                }
            },
        )
        decide(running, "Sales", "Approved with conditions")
        later(running, 0.1)
        assert sync(running).code == 0
        tell = running.at.task("Tell everybody")["id"]
        assert "Not in the last week of the quarter" in running.at.details(tell)["description"]

    @pytest.mark.slow
    def test_a_change_of_what_was_approved_asks_again(self, running):
        ready_for_gates(running)
        for department in GATES:
            decide(running, department)
        later(running, 0.1)
        sync(running)
        assert not is_held(running, "Open the gates")
        running.write("small.yaml", small.TEMPLATE.replace("Open the gates", "Open all gates"))
        assert running.call(*small.start()).code == 0
        assert is_held(running, "Open all gates")
        later(running, 0.1)
        sync(running)
        found = status(running)
        assert "gate-reopened" in codes(found)
        assert {gate["decision"] for gate in found["gates"].values()} == {"waiting"}

    @pytest.mark.slow
    def test_work_that_starts_early_is_told(self, running):
        work(running, "Open the gates", "start")
        later(running, 0.1)
        sync(running)
        assert "started-early" in codes(status(running))


class TestMirrored:
    """The same item on both boards; Jira leads."""

    @pytest.fixture
    def paired(self, desk):
        both = small.TEMPLATE.replace("key: set-up, title: Set up,", "key: set-up, title: Set up, in: both,")
        desk.write("small.yaml", both)
        assert desk.call(*small.start()).code == 0
        sync(desk)
        return desk

    def boards(self, desk):
        issue = desk.at.issue("Set up")
        return desk.at.control("GET", "/state") and issue["status"], desk.at.task("Set up")["fields"]["percentComplete"]

    def test_done_in_planner_becomes_done_in_jira_and_back(self, paired):
        undone, _ = self.boards(paired)
        paired.at.act("planner", "complete", CORA, task=paired.at.task("Set up")["id"])
        later(paired, 0.1)
        assert sync(paired).result["rollouts"][0]["carried"] == 1
        done, percent = self.boards(paired)
        assert done != undone
        assert percent == 100
        assert status(paired)["items"]["prepare/set-up"]["status"] == "done"
        later(paired, 0.1)
        work(paired, "Set up", "reopen")
        later(paired, 0.1)
        sync(paired)
        again, percent = self.boards(paired)
        assert percent < 100
        assert again != done

    @pytest.mark.slow
    def test_it_settles(self, paired):
        work(paired, "Set up", "start")
        later(paired, 0.1)
        sync(paired)
        assert self.boards(paired)[1] == 50
        later(paired, 0.1)
        sync(paired)
        paired.at.forget()
        for _ in range(3):
            later(paired, 0.1)
            assert sync(paired).code == 0
        assert paired.at.writes() == {}


class TestSeeing:
    def test_status_fits_one_screen(self, running):
        ready_for_gates(running)
        shown = running.call("status", small.NAME)
        assert shown.code == 0, shown.err
        assert len(shown.out.splitlines()) <= 45
        assert all(len(line) <= 110 for line in shown.out.splitlines())
        assert shown.out.startswith(small.NAME)

    @pytest.mark.slow
    def test_portfolio_and_json(self, running):
        rows = running.ask("status").result
        assert [row["rollout"] for row in rows] == [small.ROLLOUT]
        assert running.call("status").code == 0

    def test_all_due_leaves_out_what_was_read_just_now(self, running):
        assert "no rollout is due" in running.call("sync", "--all-due").out
        later(running, 0.05)
        running.ask("sync", "--all-due")  # sees the summary that the run before it wrote
        later(running, 0.05)
        assert running.ask("sync", "--all-due").result["quiet"] == 1

    def test_an_unknown_rollout_is_named(self, desk):
        for command in (("sync", "nothing"), ("status", "nothing"), ("report", "nothing")):
            done = desk.call(*command)
            assert done.code == 2
            assert "does not know nothing" in done.err


class TestOverride:
    def test_a_colour_set_by_hand_is_shown_with_the_computed_one(self, running):
        done = running.call("override", small.NAME, "red", "--reason", "The supplier is late")
        assert done.code == 0, done.err
        found = status(running)
        assert (found["colour"], found["override"]["reason"]) == ("red", "The supplier is late")
        assert found["computed"] != "red"
        later(running, 9)
        assert status(running)["override"] is None
        assert running.call("override", small.NAME, "--clear").code == 0

    @pytest.mark.parametrize("more", [(), ("--reason", " "), ("--reason", "x", "--until", "2027-12-31")])
    def test_without_reason_or_end_it_is_refused(self, running, more):
        assert running.call("override", small.NAME, "green", *more).code == 2


class TestReport:
    def test_one_page_for_a_rollout_and_an_index_of_all(self, running):
        done = running.call("report", small.NAME, "--out", "page.html")
        assert done.code == 0, done.err
        page = (running.folder / "page.html").read_text(encoding="utf-8")
        assert small.NAME in page
        assert "<script" not in page
        index = running.ask("report", "--all", "--out", "all")
        assert index.code == 0, index.out
        assert {file.name for file in (running.folder / "all").iterdir()} == {"index.html", f"{small.ROLLOUT}.html"}
