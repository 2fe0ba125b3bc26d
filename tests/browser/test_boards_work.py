"""People work on the boards in a browser, and the services' APIs tell the same story: what changed, and who did it."""

from __future__ import annotations

import re

import pytest

from rollout_sync.cli.demo.sandbox import running_sandbox
from rollout_sync.sandbox.seed import GROUP_ID
from support.boards_read import buckets, changes, details, issues, key_of, people, plan_id, task_named
from support.boards_send import send_graph
from support.browsing import NARROW, environment

pytestmark = pytest.mark.browser
MFA, HELLO = "MFA", "Room booking"
IVAN, IDA, SONJA, FRIDA = (
    f"{name}@example.com" for name in ("ivan.itwork", "ida.integrator", "sonja.sponsor", "frida.figures")
)


def jira_card(page, key):
    return page.locator(f'[data-card="{key}"]')


def column(page, name):
    return page.locator(".column").filter(has=page.locator("h2", has_text=re.compile(rf"^\s*{re.escape(name)}")))


def move(page, key, name):
    card = jira_card(page, key)
    card.get_by_role("combobox").select_option(label=name)
    card.get_by_role("button", name="Move").click()
    column(page, name).locator(f'[data-card="{key}"]').wait_for()


def graph_id(sandbox, email):
    return people(sandbox)[email]["graph_id"]


def test_a_person_is_chosen_once_for_all_pages(look):
    visit = look(IVAN)
    for path in ("/boards/jira", "/boards/planner", "/jira/browse/SEC-1", "/mailbox"):
        assert visit.open(path).get_by_label("You are").input_value() == IVAN
    visit.open("/boards/jira/SEC")
    visit.become(IDA)
    assert visit.open("/boards/planner").get_by_label("You are").input_value() == IDA


def test_moving_a_jira_card_is_in_the_changelog_with_the_persons_name(look, sandbox):
    key = key_of(sandbox, "List all apps, old sign-in methods and service accounts")
    visit = look(IVAN)
    page = visit.open("/boards/jira/SEC")
    assert jira_card(page, key).get_by_role("combobox").locator("option:checked").inner_text() == "In Progress"
    jira_card(page, key).get_by_role("button", name="Move").click()
    column(page, "In Progress").locator(f'[data-card="{key}"]').wait_for()
    assert issues(sandbox)[key]["status"]["name"] == "In Progress"
    visit.become(IDA)
    move(page, key, "Done")
    assert issues(sandbox)[key]["status"]["name"] == "Done"
    moved = [change for change in changes(sandbox, key) if change[1] == "status"]
    assert moved == [(IVAN, "status", "In Progress"), (IDA, "status", "Done")]
    history = visit.open(f"/jira/browse/{key}").get_by_role("region", name="History")
    assert history.get_by_text("Ida Integrator").is_visible()


def test_a_jira_card_is_dragged_into_a_column(look, sandbox):
    key = key_of(sandbox, "Sort people into groups and departments into an order")
    page = look(IVAN).open("/boards/jira/SEC")
    jira_card(page, key).drag_to(column(page, "In Progress"))
    column(page, "In Progress").locator(f'[data-card="{key}"]').wait_for()
    assert changes(sandbox, key)[-1] == (IVAN, "status", "In Progress")
    page.reload()
    assert column(page, "In Progress").locator(f'[data-card="{key}"]').is_visible()


def test_an_issue_is_edited_assigned_labelled_and_commented(look, sandbox):
    key = key_of(sandbox, "Choose the permitted factors and the rule for exceptions")
    page = look(IDA).open(f"/jira/browse/{key}")
    page.get_by_label("Summary").fill("Choose the factors")
    page.get_by_label("Due date").fill("2027-07-01")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", level=1, name="Choose the factors").wait_for()
    page.get_by_label("Assignee").select_option(IVAN)
    page.get_by_role("button", name="Assign").click()
    page.get_by_label("New label").fill("urgent")
    page.get_by_role("button", name="Add label").click()
    page.get_by_label("Comment as Ida Integrator").fill("Keys are ordered.\nThey come on Friday.")
    page.get_by_role("button", name="Add comment").click()
    page.get_by_role("region", name="Comments").get_by_text("They come on Friday.").wait_for()

    fields = sandbox.jira("GET", f"/issue/{key}")["fields"]
    assert (fields["summary"], fields["duedate"]) == ("Choose the factors", "2027-07-01")
    assert fields["assignee"]["emailAddress"] == IVAN
    assert "urgent" in fields["labels"]
    (comment,) = fields["comment"]["comments"]
    assert comment["author"]["emailAddress"] == IDA
    assert "Keys are ordered." in str(comment["body"])
    assert {(author, field) for author, field, _ in changes(sandbox, key)} >= {
        (IDA, "summary"),
        (IDA, "duedate"),
        (IDA, "assignee"),
        (IDA, "labels"),
    }


def test_an_approval_is_decided_in_planner_and_graph_names_who_did_it(look, sandbox):
    title = "Sponsor agrees to goal, effort and time frame"
    page = look(SONJA, size=NARROW).planner_board(MFA)
    card = page.get_by_role("article", name=title)
    card.get_by_role("checkbox", name="Approved", exact=True).click()
    card.get_by_role("checkbox", name="Approved", exact=True, checked=True).wait_for()
    card.get_by_role("button", name="Complete").click()
    card.get_by_role("button", name="Reopen").wait_for()

    task = task_named(sandbox, plan_id(sandbox, MFA), title)
    lines = {item["title"]: item for item in details(sandbox, task["id"])["checklist"].values()}
    assert [name for name, item in lines.items() if item["isChecked"]] == ["Approved"]
    assert lines["Approved"]["lastModifiedBy"]["user"]["id"] == graph_id(sandbox, SONJA)
    assert task["percentComplete"] == 100
    assert task["completedBy"]["user"]["id"] == graph_id(sandbox, SONJA)
    page.reload()
    assert card.locator(".progress").inner_text() == "Completed"


def test_a_planner_card_goes_to_another_bucket_by_form_and_by_hand(look, sandbox):
    plan = plan_id(sandbox, MFA)
    names = dict(buckets(sandbox, plan))
    title = "Security agrees to factors, groups and exceptions"
    page = look(FRIDA).planner_board(MFA)
    card = page.get_by_role("article", name=title)
    card.locator("summary", has_text="Edit").click()
    card.get_by_label("Bucket").select_option(label="Prepare")
    card.get_by_role("button", name="Save").click()
    column(page, "Prepare").get_by_role("article", name=title).wait_for()
    assert names[task_named(sandbox, plan, title)["bucketId"]] == "Prepare"
    card.get_by_role("heading").drag_to(column(page, "Pilot"))
    column(page, "Pilot").get_by_role("article", name=title).wait_for()
    assert names[task_named(sandbox, plan, title)["bucketId"]] == "Pilot"


def test_a_task_is_made_edited_started_and_deleted(look, sandbox):
    plan = plan_id(sandbox, HELLO)
    page = look(FRIDA).planner_board(HELLO)
    page.get_by_label("New task").fill("Water the plants")
    page.get_by_role("button", name="Add").click()
    card = page.get_by_role("article", name="Water the plants")
    card.locator("summary", has_text="Edit").click()
    card.get_by_label("Title").fill("Water all plants")
    card.get_by_label("Notes").fill("On Mondays.\nAlso the cactus.")
    card.get_by_label("Due").fill("2027-07-01")
    card.locator("[name=assign]").select_option(label="Ivan Itwork")
    card.get_by_role("button", name="Save").click()
    card = page.get_by_role("article", name="Water all plants")
    card.get_by_role("button", name="Start").click()
    card.get_by_text("In progress").first.wait_for()
    task = task_named(sandbox, plan, "Water all plants")
    assert (task["percentComplete"], task["dueDateTime"][:10]) == (50, "2027-07-01")
    assert set(task["assignments"]) == {graph_id(sandbox, IVAN)}
    assert details(sandbox, task["id"])["description"] == "On Mondays.\nAlso the cactus."
    card.locator("[name=unassign]").select_option(label="Ivan Itwork")
    card.get_by_role("button", name="Save").click()
    card.get_by_label("Assigned to").wait_for(state="detached")
    kept = task_named(sandbox, plan, "Water all plants")
    assert kept["assignments"] == {}
    assert details(sandbox, kept["id"])["@odata.etag"] == details(sandbox, task["id"])["@odata.etag"]
    card.get_by_role("button", name="Delete task").click()
    card.wait_for(state="detached")
    with pytest.raises(ValueError, match="not enough values"):
        task_named(sandbox, plan, "Water all plants")


def test_who_may_not_sees_why(look, sandbox):
    outsider = {"name": "Nora New", "email": "nora.new@example.com"}
    sandbox.control("POST", "/people", outsider)
    page = look(outsider["email"]).planner_board(HELLO)
    page.get_by_label("New task").fill("Not allowed")
    page.get_by_role("button", name="Add").click()
    assert "do not have the required permissions" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("article", name="Not allowed").count() == 0


def test_the_state_file_keeps_the_boards_over_a_restart(look, tmp_path):
    act = {"service": "planner", "who": FRIDA, "do": "create", "title": "Kept"}
    with running_sandbox(tmp_path, environment(tmp_path), keep=False) as first:
        fields = {"project": {"key": "TEAM"}, "issuetype": {"name": "Task"}, "summary": "Kept"}
        first.jira("POST", "/issue", {"fields": fields})
        plan = _a_plan(first)
        first.control("POST", "/act", {**act, "plan": plan})
        before = look(IVAN, url=first.url)
        page = before.open("/boards/jira/TEAM")
        move(page, "TEAM-1", "Done")
        page = before.open(f"/boards/planner/{plan}")
        page.get_by_role("button", name="Complete").click()
        page.get_by_role("button", name="Reopen").wait_for()
        page.goto("about:blank")
    with running_sandbox(tmp_path, environment(tmp_path), keep=False) as second:
        after = look(url=second.url)
        page = after.open("/boards/jira/TEAM")
        assert column(page, "Done").locator('[data-card="TEAM-1"]').is_visible()
        page = after.open(f"/boards/planner/{plan}")
        assert page.get_by_role("article", name="Kept").get_by_role("button", name="Reopen").is_visible()
        after.open("/jira/browse/TEAM-1").get_by_role("region", name="History").get_by_text("Ivan Itwork").wait_for()


def _a_plan(sandbox):
    owner = {"url": f"https://graph.microsoft.com/v1.0/groups/{GROUP_ID}"}
    return send_graph(sandbox, "/planner/plans", {"title": "Kept plan", "container": owner})["id"]
