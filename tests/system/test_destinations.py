"""Kinds of Jira projects and tokens, one service alone, and everything that is wrong before the first write."""

from __future__ import annotations

import pytest

from support import small
from support.desk import BOTH, JIRA, LEDGER, PLANNER
from support.marks import slow_rows

TRAIN = '\n[jira.custom_fields]\ncustomfield_10300 = "2027.1"\n'


def project(key):
    return BOTH.replace('"SEC"', f'"{key}"')


def refused(desk, *words, code=1):
    """`start` writes nothing and says why."""
    done = desk.call(*small.start())
    shown = done.out + done.err
    assert done.code == code, shown
    assert all(word in shown for word in words), shown
    assert desk.at.writes() == {}
    assert "Traceback" not in shown
    return shown


def finished(desk):
    """`start`, and again `start`."""
    done = desk.call(*small.start())
    assert done.code == 0, done.out + done.err
    desk.at.forget()
    again = desk.call(*small.start())
    assert (again.code, desk.at.writes()) == (0, {}), again.out + again.err
    assert set(desk.at.item_names().values()) <= {1}


class TestProjects:
    def test_company_managed(self, desk):
        finished(desk)
        epic = desk.at.issue(f"{small.NAME}: Prepare")
        assert f"{small.NAME}: Prepare" in epic["custom"].values(), "Epic Name is demanded there"
        assert desk.at.issue("Inventory")["parent"] == epic["id"]

    def test_team_managed(self, desk):
        desk.configure(project("TEAM"))
        finished(desk)
        epic = desk.at.issue(f"{small.NAME}: Prepare")
        assert epic["key"].startswith("TEAM-")
        assert desk.at.issue("Inventory")["parent"] == epic["id"]
        assert len(desk.at.links()) == 2

    def test_a_required_field_is_found_before_and_can_be_given(self, desk):
        desk.configure(project("REQ"))
        shown = refused(desk, "customfield_10300", "[jira.custom_fields]", "2027.1, 2027.2")
        assert desk.call(*small.plan()).code == 0
        assert shown.count("demands") >= 1
        desk.configure(project("REQ").replace(PLANNER, TRAIN + PLANNER))
        finished(desk)
        assert all("customfield_10300" in issue["custom"] for issue in desk.at.issues())
        assert len(desk.at.links()) == 2

    def test_a_field_that_no_screen_has(self, desk):
        desk.configure(BOTH.replace(PLANNER, '\n[jira.custom_fields]\ncustomfield_99999 = "x"\n' + PLANNER))
        refused(desk, "customfield_99999")

    def test_held_work_waits_in_the_status_for_it(self, desk):
        desk.configure(BOTH.replace('"SEC"', '"SEC"\nhold_status = "On hold"'))
        finished(desk)
        assert "awaiting-approval" in desk.at.issue("Open the gates")["labels"]
        assert "awaiting-approval" not in desk.at.issue("Inventory")["labels"]

    def test_a_hold_status_that_the_workflow_lacks(self, desk):
        desk.configure(BOTH.replace('"SEC"', '"TEAM"\nhold_status = "On hold"'))
        refused(desk, "no status 'On hold'", "To Do")

    def test_a_site_in_another_language(self, desk):
        desk.at.control("POST", "/switches", {"jira_language": "de"})
        finished(desk)
        assert desk.at.issue("Inventory")["custom"], "the start date was found by its own name"


class TestTokens:
    @pytest.mark.parametrize(
        ("auth", "token", "base"),
        [
            ("api-token", "sandbox-token", "/jira/rest"),
            ("scoped-token", "sandbox-scoped-token", "/jira-gateway/ex/jira/"),
            *slow_rows(("pat", "sandbox-pat", "/jira/rest")),
        ],
    )
    def test_each_kind_works_at_its_own_address(self, desk, auth, token, base):
        desk.configure(BOTH.replace('"SEC"', f'"SEC"\nauth = "{auth}"'), ROLLOUT_SYNC_JIRA_TOKEN=token)
        finished(desk)
        asked = [route.split()[1] for route in desk.at.asked() if "/rest/api/" in route]
        assert asked
        assert all(path.startswith(base) for path in asked if "serverInfo" not in path), asked

    def test_a_wrong_token(self, desk):
        desk.configure(ROLLOUT_SYNC_JIRA_TOKEN="CANARY-wrong-token")
        shown = refused(desk, "error: ", "hint: ", "token")
        assert "CANARY" not in shown

    def test_a_token_of_another_kind(self, desk):
        desk.configure(BOTH.replace('"SEC"', '"SEC"\nauth = "pat"'))
        refused(desk, "hint: ")

    def test_a_token_without_the_scope_to_write(self, desk):
        desk.at.control("POST", "/switches", {"jira_scopes": "read:jira-work read:jira-user"})
        desk.configure(
            BOTH.replace('"SEC"', '"SEC"\nauth = "scoped-token"'), ROLLOUT_SYNC_JIRA_TOKEN="sandbox-scoped-token"
        )
        done = desk.call(*small.start())
        assert done.code in (1, 4)
        assert "scope" in done.out + done.err
        assert desk.at.issues() == []

    def test_a_wrong_client_secret(self, desk):
        desk.configure(ROLLOUT_SYNC_GRAPH_SECRET="CANARY-wrong-secret")
        shown = refused(desk, "error: ", "hint: ")
        assert "CANARY" not in shown

    @pytest.mark.parametrize("variable", ["ROLLOUT_SYNC_JIRA_TOKEN", "ROLLOUT_SYNC_GRAPH_SECRET"])
    def test_no_token_at_all(self, desk, variable):
        desk.monkeypatch.delenv(variable)
        refused(desk, variable, "rollout-sync init", code=2)


class TestWrongPlaces:
    def test_a_wrong_project(self, desk):
        desk.configure(project("NOPE"))
        refused(desk, "no Jira project NOPE", "hint: ")

    def test_a_wrong_group(self, desk):
        desk.configure(BOTH.replace("IT change", "IT chance"))
        refused(desk, "no group", "IT chance", "hint: ")

    def test_a_group_that_holds_no_plans(self, desk):
        found = [row for row in desk.at.content()["graph.groups"].values() if not row["groupTypes"]]
        desk.configure(BOTH.replace("IT change", found[0]["displayName"]))
        refused(desk, "not a Microsoft 365 group")

    @pytest.mark.parametrize(
        ("permission", "words"),
        [("CREATE_ISSUES", "create issues"), ("EDIT_ISSUES", "edit issues"), ("BROWSE_PROJECTS", "")],
    )
    def test_a_permission_that_everything_needs(self, desk, permission, words):
        desk.at.act("jira", "revoke", permission=permission)
        refused(desk, words, "SEC", "hint: ")

    def test_without_the_permission_to_link(self, desk):
        desk.at.act("jira", "revoke", permission="LINK_ISSUES")
        planned = desk.call(*small.plan())
        assert "LINK_ISSUES" in planned.out
        done = desk.call(*small.start())
        assert done.code == 1
        assert "\n\u2717 " in f"\n{done.out}", "no tick where something was refused"
        assert "link:prepare/inventory>prepare/set-up was refused" in done.err
        assert (len(desk.at.issues()), len(desk.at.links())) == (6, 0), "the work itself is there"
        desk.at.act("jira", "grant", permission="LINK_ISSUES")
        assert desk.call(*small.start()).code == 0
        assert len(desk.at.links()) == 2
        assert set(desk.at.item_names().values()) == {1}

    @pytest.mark.slow
    def test_a_permission_that_is_lost_and_found_again(self, desk):
        """What cannot be seen is not gone."""
        assert desk.call(*small.start()).code == 0
        desk.at.forget()
        desk.at.act("jira", "revoke", permission="BROWSE_PROJECTS")
        for words in (small.plan(), small.start()):
            done = desk.call(*words)
            assert "was deleted" not in done.out
        assert desk.call(*small.start()).code == 1
        assert desk.call("verify", small.NAME).code == 4
        desk.at.act("jira", "grant", permission="BROWSE_PROJECTS")
        again = desk.call(*small.start())
        assert (again.code, desk.at.writes()) == (0, {})
        assert desk.call("verify", small.NAME).code == 0


class TestOneService:
    def test_jira_alone(self, desk):
        desk.configure(JIRA + LEDGER)
        planned = desk.call(*small.plan())
        assert "live in Planner, which is not configured" in planned.out
        finished(desk)
        assert (len(desk.at.issues()), desk.at.tasks()) == (6, [])

    @pytest.mark.slow
    def test_planner_alone(self, desk):
        desk.configure(PLANNER + LEDGER)
        planned = desk.call(*small.plan())
        assert "live in Jira, which is not configured" in planned.out
        finished(desk)
        assert (desk.at.issues(), len(desk.at.tasks())) == ([], 4)

    def test_the_second_service_comes_later(self, desk):
        desk.configure(JIRA + LEDGER)
        assert desk.call(*small.start()).code == 0
        assert desk.call("verify", small.NAME).code == 0
        desk.configure()
        assert desk.call("verify", small.NAME).code == 0
        finished(desk)
        assert (len(desk.at.issues()), len(desk.at.tasks())) == (6, 4)
        assert desk.call("verify", small.NAME).code == 0

    @pytest.mark.slow
    def test_a_service_that_is_taken_out_drops_nothing(self, desk):
        assert desk.call(*small.start()).code == 0
        desk.configure(JIRA + LEDGER)
        planned = desk.call(*small.plan())
        assert planned.code == 0, planned.err
        assert "no longer in the template" not in planned.out
        assert desk.call("verify", small.NAME).code == 4
        desk.at.forget()
        assert desk.call(*small.start()).code == 0
        desk.configure()
        again = desk.call(*small.start())
        assert (again.code, desk.at.writes()) == (0, {})


class TestConfiguration:
    def test_none(self, desk):
        (desk.folder / "config.toml").unlink()
        refused(desk, "There is no configuration", "rollout-sync init", code=2)

    def test_hidden_addresses_can_be_named(self, desk):
        account = next(
            row["account_id"] for row in desk.at.control("GET", "/people") if row["email"].startswith("cora")
        )
        desk.at.control("POST", "/switches", {"jira_hide_emails": True})
        desk.configure(
            BOTH.replace(PLANNER, f'\n[jira.accounts]\n"cora.coordinator@example.com" = "{account}"\n' + PLANNER)
        )
        finished(desk)
        assert desk.at.issue("Inventory")["assignee"] == account

    def test_several_mistakes_at_once_with_their_lines(self, desk):
        desk.configure(BOTH.replace("project", "projekt").replace("tenant", "tennant"))
        refused(desk, "config.toml:5: ", "config.toml:8: ", "project", "tenant", code=2)
