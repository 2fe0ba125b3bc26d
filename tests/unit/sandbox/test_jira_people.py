"""What people do by hand, through the control and on the board, and what the pages show."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from support.jira_desk import JiraDesk, paragraph

IVAN = "ivan.itwork@example.com"


@pytest.fixture
def jira(world):
    return JiraDesk.at(world)


@pytest.fixture
def browser(jira) -> Client:
    return jira.app.test_client()


def test_every_act_is_in_the_history_with_its_author_and_moment(jira):
    jira.create("Old")
    jira.control("POST", "/clock", {"advance": 3600})
    jira.act("start", IVAN, issue="SEC-1")
    jira.act("edit", IVAN, issue="SEC-1", fields={"summary": "New", "due": "2027-01-04", "start": "2027-01-01"})
    jira.act("label", IVAN, issue="SEC-1", label="urgent")
    jira.act("unlabel", IVAN, issue="SEC-1", label="urgent")
    jira.act("assign", IVAN, issue="SEC-1", to="ida.integrator@example.com")
    jira.act("complete", IVAN, issue="SEC-1")
    jira.act("reopen", IVAN, issue="SEC-1")

    changes = jira.get("/issue/SEC-1/changelog")["values"]
    assert {change["author"]["emailAddress"] for change in changes} == {IVAN}
    assert {change["created"] for change in changes} == {jira.issue("SEC-1")["fields"]["updated"]}
    fields = [item["fieldId"] for change in changes for item in change["items"]]
    assert fields == [
        "status",
        "summary",
        "duedate",
        "customfield_10015",
        "labels",
        "labels",
        "assignee",
        "status",
        "resolution",
        "status",
        "resolution",
    ]
    shown = jira.issue("SEC-1")["fields"]
    assert shown["customfield_10015"] == "2027-01-01"
    assert shown["status"]["statusCategory"]["key"] == "new"


def test_acts_that_are_not_about_fields(jira):
    epic = jira.act("create", type="Epic", summary="By hand")["key"]
    task = jira.act("create", fields={"summary": "Child", "parent": {"key": epic}, "text": "a\nb"}, project="SEC")[
        "key"
    ]
    other = jira.act("create", project="TEAM", summary="Other", who=IVAN)["key"]
    jira.act("comment", issue=task, text="Hello")
    jira.act("link", issue=other, to=task)
    jira.act("transition", issue=task, to="On hold")
    fields = jira.issue(task)["fields"]
    assert fields["comment"]["total"] == 1
    assert fields["issuelinks"][0]["inwardIssue"]["key"] == other
    assert fields["status"]["name"] == "On hold"
    jira.act("unlink", issue=task, to=other)
    assert jira.issue(task)["fields"]["issuelinks"] == []
    jira.act("archive", issue=task)
    jira.act("unarchive", issue=task)
    jira.act("delete", issue=task)
    jira.refused("GET", f"/issue/{task}", status=404)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"do": "dance", "issue": "SEC-1"}, "do one of: archive, assign"),
        ({"do": "start", "issue": "SEC-404"}, "no issue 'SEC-404'"),
        ({"do": "start", "issue": "SEC-1", "who": "x@example.com"}, "nobody has the address"),
        ({"do": "edit", "issue": "SEC-1"}, "this needs `fields`"),
        ({"do": "edit", "issue": "SEC-1", "fields": {"nosuch": 1}}, "no field 'nosuch'"),
        ({"do": "edit", "issue": "SEC-1", "fields": {"summary": ""}}, "summary: You must specify"),
        ({"do": "label", "issue": "SEC-1", "label": "a b"}, "contains spaces"),
        ({"do": "transition", "issue": "SEC-1", "to": "Nowhere"}, "cannot go to 'Nowhere'"),
        ({"do": "move", "issue": "SEC-1", "to": "SEC"}, "name another project's key"),
        ({"do": "comment", "issue": "SEC-1", "text": " "}, "needs text"),
        ({"do": "unlink", "issue": "SEC-1", "to": "SEC-1"}, "not linked"),
        ({"do": "create", "project": "NOPE", "summary": "x"}, "no project 'NOPE'"),
        ({"do": "create", "summary": "x", "key": "SEC-1"}, "not free"),
        ({"do": "revoke", "permission": "FLY"}, "no permission 'FLY'"),
    ],
)
def test_what_nobody_can_do_is_a_400_with_the_reason(jira, body, why):
    jira.create()
    sent = {"service": "jira", "who": IVAN, **body}
    answer = jira.client.post("/_sandbox/act", json=sent)
    assert answer.status_code == 400
    assert why in answer.json["error"]


def test_the_board_shows_columns_epics_marks_and_links_with_texts_escaped(jira, browser):
    epic = jira.create("Prepare & <b>", kind="Epic")["key"]
    first = jira.create("First <script>", parent={"key": epic}, duedate="2026-10-01")["key"]
    second = jira.create("Second", labels=["awaiting-approval", "rs-x"])["key"]
    jira.act("link", issue=first, to=second)
    page = browser.get("/boards/jira/SEC").text
    for text in (
        "To Do",
        "In Progress",
        "Done",
        "On hold",
        "Waiting for approval",
        "rs-x",
        "Blocked by",
        "Overdue since",
    ):
        assert text in page
    assert "First &lt;script&gt;" in page
    assert "<script>" not in page.replace('<script src="/boards/jira/static/jira.js" defer></script>', "")
    assert "Prepare &amp; &lt;b&gt;" in page
    assert "Second" not in browser.get(f"/boards/jira/SEC?epic={epic}").text.replace("Second factor", "")
    assert browser.get("/boards/jira/NOPE").status_code == 404
    assert "Security rollouts" in browser.get("/boards/jira").text


def test_no_page_needs_anything_from_elsewhere(jira, browser):
    jira.create(description=paragraph("x"))
    for path in ("/boards/jira", "/boards/jira/SEC", "/jira/browse/SEC-1", "/boards/jira/static/jira.css"):
        text = browser.get(path).text
        assert "http://" not in text
        assert "https://" not in text


def test_a_person_chooses_who_they_are_and_moves_a_card(jira, browser):
    jira.create("Card")
    chosen = browser.post("/boards/jira/person", data={"person": IVAN, "back": "/boards/jira/SEC"})
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/boards/jira/SEC")
    form = {"do": "transition", "issue": "SEC-1", "to": "3", "back": "/boards/jira/SEC"}
    assert browser.post("/boards/jira/act", data=form).status_code == 303
    (change,) = jira.get("/issue/SEC-1/changelog")["values"]
    assert change["author"]["emailAddress"] == IVAN
    refused = browser.post("/boards/jira/act", data=form | {"to": "99"})
    assert refused.status_code == 400
    assert "cannot go to" in refused.text


def test_the_issue_page_shows_everything_and_takes_edits_and_comments(jira, browser):
    link = {"type": "text", "text": "evil", "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}]}
    heading = {"type": "heading", "attrs": {"level": 1}, "content": [{"type": "text", "text": "Goal <i>"}]}
    document = {"type": "doc", "version": 1, "content": [heading, {"type": "paragraph", "content": [link]}]}
    jira.create("Page", description=document)
    thing = {"url": "javascript:alert(2)", "title": "Plan"}
    jira.send("POST", "/issue/SEC-1/remotelink", {"object": thing}, status=201)
    browser.post("/boards/jira/act", data={"do": "comment", "issue": "SEC-1", "text": "Hi <b>", "back": "/"})
    edit = {"do": "edit", "issue": "SEC-1", "field-summary": "Renamed", "field-due": "2027-02-01", "field-start": ""}
    assert browser.post("/boards/jira/act", data=edit).status_code == 303

    page = browser.get("/jira/browse/SEC-1").text
    for text in ("Renamed", "Goal &lt;i&gt;", "evil", "Plan", "Hi &lt;b&gt;", "2027-02-01", "History"):
        assert text in page
    assert "javascript:" not in page
    jira.act("move", issue="SEC-1", to="TEAM")
    assert browser.get("/jira/browse/SEC-1").headers["Location"] == "/jira/browse/TEAM-1"
    assert browser.get("/jira/browse/SEC-404").status_code == 404


def test_forms_from_other_sites_are_refused_and_no_form_leads_away(jira, browser):
    jira.create()
    form = {"do": "complete", "issue": "SEC-1", "back": "https://evil.example.com"}
    foreign = browser.post("/boards/jira/act", data=form, headers={"Origin": "https://evil.example.com"})
    assert foreign.status_code == 403
    assert jira.issue("SEC-1")["fields"]["status"]["name"] == "To Do"
    own = browser.post("/boards/jira/act", data=form, headers={"Origin": "http://localhost"})
    assert own.headers["Location"] == "/boards/jira"
