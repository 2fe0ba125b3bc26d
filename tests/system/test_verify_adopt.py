"""Is everything there once? What did people change? And what if the ledger is gone?"""

from __future__ import annotations

import shutil

import pytest

from support import small

LATER = 1200.0


@pytest.fixture
def running(desk):
    """A desk whose rollout stands on both boards."""
    assert desk.call(*small.start()).code == 0
    desk.at.forget()
    return desk


class TestVerify:
    def test_all_is_well(self, running):
        done = running.call("verify", small.NAME)
        assert done.code == 0
        assert "24 objects checked, 0 duplicates" in done.out
        assert running.at.writes() == {}

    def test_the_short_name_will_do(self, running):
        assert running.call("verify", small.ROLLOUT).code == 0

    def test_an_unknown_rollout(self, running):
        done = running.call("verify", "Nothing 2027")
        assert done.code == 2
        assert "hint: " in done.err

    def test_a_duplicate_with_our_marker_is_found(self, running):
        issue = running.at.issue("Set up")
        fields = {
            "project": {"key": "SEC"},
            "issuetype": {"id": "10002"},
            "summary": "Set up",
            "labels": issue["labels"],
        }
        mark = {"key": "rollout-sync", "value": issue["properties"]["rollout-sync"]}
        made = running.at.jira("POST", "/issue", {"fields": fields, "properties": [mark]})
        done = running.call("verify", small.NAME)
        assert done.code == 1
        assert f"issue:prepare/set-up exists 2 times: {issue['key']}, {made['key']}" in done.out
        assert "1 duplicates" in done.out
        result = running.ask("verify", small.NAME).result
        assert list(result["duplicates"]) == ["issue:prepare/set-up"]

    @pytest.mark.slow
    def test_a_clone_by_a_person_is_no_duplicate(self, running):
        for copies in (False, True):
            running.at.control("POST", "/switches", {"jira_clone_copies_properties": copies})
            clone = running.at.act("jira", "clone", issue=running.at.issue("Set up")["key"])
        copy = running.at.act("planner", "copy", task=running.at.task("Session")["id"], title="Session again")
        done = running.call("verify", small.NAME)
        assert done.code == 0, done.out
        assert f"{clone['key']} is a copy of issue:prepare/set-up" in done.out
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}
        assert copy["title"] == "Session again"

    def test_deletions_and_edits_are_told(self, running):
        running.at.act("jira", "delete", issue=running.at.issue("Set up")["key"])
        running.at.act("jira", "edit", issue=running.at.issue("Inventory")["key"], fields={"title": "Stock"})
        running.at.act("planner", "edit", task=running.at.task("Session")["id"], fields={"title": "Clinic"})
        out = running.call("verify", small.NAME).out
        assert "issue:prepare/set-up was deleted" in out
        assert "changed by people: title" in out
        drift = running.ask("verify", small.NAME).result["drift"]
        assert {(one["object"], change["observed"]) for one in drift for change in one["fields"]} == {
            ("issue:prepare/inventory", "Stock"),
            ("task:change/session", "Clinic"),
        }

    def test_an_issue_that_moved_to_another_project_is_still_ours(self, running):
        issue = running.at.issue("Set up")
        running.at.act("jira", "move", issue=issue["key"], to="REQ")
        assert running.call("verify", small.NAME).code == 0
        running.at.forget()
        done = running.call(*small.start())
        assert (done.code, running.at.writes()) == (0, {}), done.out

    def test_what_is_not_made_yet_is_told(self, desk):
        desk.at.faults({"kind": "503", "route": "/jira/rest/api/3/issue/bulk"})
        assert desk.call(*small.start()).code == 4
        desk.at.faults()
        done = desk.call("verify", small.NAME)
        assert done.code == 1
        assert "epic:prepare is" in done.out


class TestAdopt:
    def lost(self, desk):
        for path in desk.folder.glob("ledger.sqlite*"):
            path.unlink()
        desk.at.forget()

    def test_a_lost_ledger_is_no_reason_to_make_everything_twice(self, running):
        self.lost(running)
        for words in (small.plan(), small.start(), small.start("--force")):
            done = running.call(*words)
            assert (done.code, running.at.writes()) == (5, {})
            assert f"rollout-sync adopt {small.ROLLOUT}" in done.err

    @pytest.mark.slow
    def test_adopting_twice_gives_the_same_ledger_back(self, running):
        before = running.ask("verify", small.NAME).result["checked"]
        self.lost(running)
        first = running.ask("adopt", small.ROLLOUT)
        assert (first.code, first.result["agrees"]) == (4, False)
        assert running.ask("adopt", small.ROLLOUT).code == 4, "too early for a second look"
        running.at.advance(LATER)
        second = running.ask("adopt", small.ROLLOUT)
        assert (second.code, second.result["agrees"]) == (0, True)
        done = running.call(*small.start())
        assert done.code == 0, done.out + done.err
        assert (len(running.at.issues()), len(running.at.links()), len(running.at.tasks())) == (6, 2, 4)
        assert set(running.at.item_names().values()) == {1}
        running.at.forget()
        assert running.call(*small.start()).code == 0
        assert running.at.writes() == {}
        planned = running.ask(*small.plan()).result
        assert planned["is_empty"]
        after = running.ask("verify", small.NAME)
        assert (after.code, after.result["checked"]) == (0, before)

    def test_until_it_is_confirmed_nothing_new_is_made(self, running):
        running.write("small.yaml", small.TEMPLATE.replace("when: council", "when: not council"))
        self.lost(running)
        assert running.call("adopt", small.ROLLOUT).code == 4
        done = running.call(*small.start())
        assert (done.code, running.at.issues() == []) == (1, False)
        assert "may exist already" in done.out + done.err
        assert len(running.at.issues()) == 6
        running.at.advance(LATER)
        assert running.call("adopt", small.ROLLOUT).code == 0
        assert running.call(*small.start()).code == 0
        assert len(running.at.issues()) == 7

    @pytest.mark.slow
    def test_people_edits_outlive_a_lost_ledger(self, running):
        running.at.act("jira", "edit", issue=running.at.issue("Set up")["key"], fields={"title": "Mine"})
        self.lost(running)
        running.call("adopt", small.ROLLOUT)
        running.at.advance(LATER)
        assert running.call("adopt", small.ROLLOUT).code == 0
        assert running.call(*small.start()).code == 0
        assert running.at.issue("Mine")

    @pytest.mark.slow
    def test_yesterdays_copy_of_the_ledger(self, running):
        """Restored from before a change: what was made since is found, and nothing is made twice."""
        shutil.copy(running.ledger, running.folder / "yesterday")
        assert running.call(*small.start("--set", "council=yes")).code == 0
        for path in running.folder.glob("ledger.sqlite*"):
            path.unlink()
        shutil.copy(running.folder / "yesterday", running.ledger)
        found = running.call("verify", small.NAME)
        assert found.code == 1
        assert "has our marker, but is unknown here: issue:prepare/council" in found.out

    def test_nothing_to_adopt(self, desk):
        done = desk.call("adopt", "nothing-2027")
        assert done.code == 1
        assert "hint: " in done.err

    def test_an_adoption_that_cannot_look_through_a_service(self, running):
        running.at.act("jira", "revoke", permission="BROWSE_PROJECTS")
        self.lost(running)
        done = running.call("adopt", small.ROLLOUT)
        assert done.code == 1
        assert "Jira cannot be looked through" in done.err
