"""Search and the other reads of many issues: JQL's meaning, cursors, limits, lag, and what is strongly consistent."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from rollout_sync.sandbox.world import World
from support.jira_desk import JiraDesk, paragraph


@pytest.fixture
def jira(world):
    return JiraDesk.at(world)


@pytest.fixture
def full(jira):
    """Five issues of several kinds."""
    epic = jira.create("Prepare", kind="Epic", labels=["Alpha"])["key"]
    jira.create("Inventory of legacy apps", parent={"key": epic}, labels=["alpha", "b"], duedate="2026-12-01")
    jira.create("Second", assignee={"accountId": jira.account("ivan.itwork")}, description=paragraph("about apps"))
    jira.create("Elsewhere", project="TEAM", labels=["alpha"])
    jira.act("complete", issue="SEC-3")
    return jira


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = SEC", ["SEC-1", "SEC-2", "SEC-3"]),
        ("project in (10000, team)", ["SEC-1", "SEC-2", "SEC-3", "TEAM-1"]),
        ("labels = ALPHA", ["SEC-1", "SEC-2", "TEAM-1"]),
        ("labels = nowhere", []),
        ("labels != alpha AND project = SEC", []),
        ("labels is EMPTY", ["SEC-3"]),
        ("NOT labels = alpha", ["SEC-3"]),
        ("labels in (b, EMPTY)", ["SEC-2", "SEC-3"]),
        ("parent = SEC-1", ["SEC-2"]),
        ("parent = 10000", ["SEC-2"]),
        ('"Epic Link" = SEC-1', ["SEC-2"]),
        ("cf[10014] is not EMPTY", ["SEC-2"]),
        ("status = Done", ["SEC-3"]),
        ("status = Fertig", ["SEC-3"]),
        ("statusCategory != Done", ["SEC-1", "SEC-2", "TEAM-1"]),
        ("statusCategory = new", ["SEC-1", "SEC-2", "TEAM-1"]),
        ("issuetype = Epic", ["SEC-1"]),
        ("resolution = Unresolved", []),
        ("resolution is EMPTY", ["SEC-1", "SEC-2", "TEAM-1"]),
        ("assignee is EMPTY", ["SEC-1", "SEC-2", "TEAM-1"]),
        ('assignee = "ivan.itwork@example.com"', ["SEC-3"]),
        ("assignee != currentUser()", ["SEC-3"]),
        ("assignee not in (currentUser())", ["SEC-3"]),
        ("reporter = currentUser() AND project = TEAM", ["TEAM-1"]),
        ("due <= 2026-12-01", ["SEC-2"]),
        ("due < 2026-12-01", []),
        ("due is EMPTY AND project = SEC", ["SEC-1", "SEC-3"]),
        ('summary ~ "legacy apps"', ["SEC-2"]),
        ('summary ~ "leg*"', ["SEC-2"]),
        ('summary ~ "\\"of legacy\\""', ["SEC-2"]),
        ("text ~ apps", ["SEC-2", "SEC-3"]),
        ("apps", ["SEC-2", "SEC-3"]),
        ("key in (SEC-1, SEC-3)", ["SEC-1", "SEC-3"]),
        ("key > SEC-1 AND project = SEC", ["SEC-2", "SEC-3"]),
        ("id in (10001, 99999)", ["SEC-2"]),
        ("(labels = b OR issuetype = Epic) AND project = SEC", ["SEC-1", "SEC-2"]),
        ("created >= -1d", ["SEC-1", "SEC-2", "SEC-3", "TEAM-1"]),
        ("created < startOfDay()", []),
    ],
)
def test_what_a_query_finds(full, jql, keys):
    assert full.search(f"{jql} ORDER BY key") == keys


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("", "Unbounded JQL queries are not allowed here."),
        ("order by created", "Unbounded JQL queries are not allowed here."),
        ("nosuch = 1", "Field 'nosuch' does not exist or you do not have permission to view it."),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("status = Nope", "The value 'Nope' does not exist for the field 'status'."),
        ("project ~ SEC", "The operator '~' is not supported by the 'project' field."),
        ("key = SEC-404", "An issue with key 'SEC-404' does not exist for field 'key'."),
        ("updated >= soon", "Date value 'soon' for field 'updated' is invalid."),
        ("project = SEC ORDER BY nosuch", "Field 'nosuch' does not exist"),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ('project = "SEC', "has not been completed"),
    ],
)
def test_a_bad_query_is_a_400_in_jiras_words(full, jql, words):
    for ask in (
        full.ask("POST", "/search/jql", {"jql": jql}),
        full.ask("POST", "/search/approximate-count", {"jql": jql}),
    ):
        assert ask.status_code == 400
        assert words in ask.json["errorMessages"][0]


def test_an_unknown_key_matches_nothing_by_switch(full):
    full.control("POST", "/switches", {"jira_unknown_key_is_error": False})
    assert full.search("key in (SEC-404, SEC-1)") == ["SEC-1"]


def test_ids_are_the_default_and_any_field_brings_key_and_self(full):
    (bare,) = full.send("POST", "/search/jql", {"jql": "key = SEC-1"})["issues"]
    assert bare == {"id": "10000"}
    (shown,) = full.send("POST", "/search/jql", {"jql": "key = SEC-1", "fields": ["summary"]})["issues"]
    assert set(shown) == {"expand", "id", "self", "key", "fields"}
    assert shown["fields"] == {"summary": "Prepare"}


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "project = SEC", "startAt": 0},
        {"jql": "project = SEC", "validateQuery": True},
        {"jql": 5},
        {"jql": "project = SEC", "maxResults": "many"},
        {"jql": "project = SEC", "maxResults": 0},
        {"jql": "project = SEC", "expand": ["names"]},
        {"jql": "project = SEC", "properties": list("abcdef")},
        {"jql": "project = SEC", "reconcileIssues": list(range(51))},
        {"jql": "project = SEC", "nextPageToken": "nonsense"},
    ],
)
def test_what_the_operation_does_not_take(full, body):
    full.refused("POST", "/search/jql", body)


def test_pages_follow_a_token_to_the_last_one(jira):
    jira.send("POST", "/issue/bulk", {"issueUpdates": [jira.fields(f"n{n}") for n in range(50)]}, status=201)
    body = {"jql": "project = SEC ORDER BY key ASC", "maxResults": 20, "fields": ["key"]}
    seen: list[str] = []
    token: dict[str, str] = {}
    for expected in (20, 20, 10):
        page = jira.send("POST", "/search/jql", body | token)
        assert len(page["issues"]) == expected
        assert page["isLast"] is (expected == 10)
        assert ("nextPageToken" in page) is not page["isLast"]
        assert "total" not in page
        seen += [issue["key"] for issue in page["issues"]]
        token = {"nextPageToken": page.get("nextPageToken", "")}
    assert seen == [f"SEC-{n}" for n in range(1, 51)]


def test_a_token_belongs_to_its_query_and_lives_a_week(jira):
    jira.send("POST", "/issue/bulk", {"issueUpdates": [jira.fields(f"n{n}") for n in range(3)]}, status=201)
    token = jira.send("POST", "/search/jql", {"jql": "project = SEC", "maxResults": 1})["nextPageToken"]
    jira.refused("POST", "/search/jql", {"jql": "project = TEAM", "nextPageToken": token})
    jira.send("POST", "/search/jql", {"jql": "project = SEC", "nextPageToken": token})
    jira.control("POST", "/clock", {"advance": 8 * 86_400})
    jira.refused("POST", "/search/jql", {"jql": "project = SEC", "nextPageToken": token})


def test_a_page_with_fields_is_cut_at_a_hundred_and_one_of_ids_is_not(jira):
    for start in (0, 50, 100):
        updates = [jira.fields(f"n{n}") for n in range(start, start + 50)]
        jira.send("POST", "/issue/bulk", {"issueUpdates": updates}, status=201)
    many = {"jql": "project = SEC", "maxResults": 5000}
    assert len(jira.send("POST", "/search/jql", many)["issues"]) == 150
    assert len(jira.send("POST", "/search/jql", many | {"fields": ["summary"]})["issues"]) == 100


def test_get_and_post_agree(full):
    by_get = full.get("/search/jql?jql=project%20%3D%20SEC&fields=summary,labels&maxResults=2&expand=names")
    body = {"jql": "project = SEC", "fields": ["summary", "labels"], "maxResults": 2, "expand": "names"}
    assert by_get == full.send("POST", "/search/jql", body)
    assert by_get["issues"][0]["names"] == {"summary": "Summary", "labels": "Labels"}


def test_the_old_search_is_gone(jira):
    for answer in (jira.ask("GET", "/search?jql=project=SEC"), jira.ask("POST", "/search", {"jql": "project = SEC"})):
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.json["errorMessages"][0]


def test_dates_are_read_in_the_accounts_zone_to_the_minute(jira):
    jira.control("POST", "/clock", {"freeze": "2026-11-21T10:30:40+00:00"})
    jira.create("At half past eleven in Berlin")
    assert jira.search('updated >= "2026-11-21 11:30"') == ["SEC-1"]
    assert jira.search('updated >= "2026-11-21 11:31"') == []
    assert jira.search('updated > "2026-11-21 11:30"') == []
    exact = 1795257040000
    assert jira.search(f"updated >= {exact + 19_000}") == ["SEC-1"]
    assert jira.search(f"updated >= {exact + 20_000}") == []
    jira.control("POST", "/switches", {"jira_index_resolution_ms": 1})
    assert jira.search(f"updated >= {exact + 1}") == []
    assert jira.search(f"updated >= {exact}") == ["SEC-1"]


def test_search_lags_while_reads_by_id_do_not(jira):
    jira.world.index_lag = 30
    made = jira.create("Late to be found", labels=["rs-x"])
    assert jira.search("labels = rs-x") == []
    assert jira.send("POST", "/search/approximate-count", {"jql": "labels = rs-x"}) == {"count": 0}
    assert jira.issue(made["key"])["fields"]["labels"] == ["rs-x"]
    assert jira.search("labels = rs-x", reconcileIssues=[int(made["id"])]) == ["SEC-1"]

    jira.control("POST", "/clock", {"advance": 31})
    assert jira.search("labels = rs-x") == ["SEC-1"]
    jira.send("PUT", "/issue/SEC-1", {"fields": {"labels": []}}, status=204)
    jira.send("DELETE", "/issue/SEC-1", status=204)
    assert jira.send("POST", "/search/jql", {"jql": "labels = rs-x"})["issues"] == []
    assert jira.send("POST", "/search/approximate-count", {"jql": "labels = rs-x"}) == {"count": 1}
    jira.control("POST", "/clock", {"advance": 31})
    assert jira.send("POST", "/search/approximate-count", {"jql": "labels = rs-x"}) == {"count": 0}


def test_a_flapping_index_loses_young_issues_now_and_then_and_finds_them_in_the_end(jira):
    jira.control("POST", "/switches", {"index_flaps": True})
    jira.send("POST", "/issue/bulk", {"issueUpdates": [jira.fields(f"n{n}") for n in range(20)]}, status=201)
    counts = {len(jira.search("project = SEC")) for _ in range(20)}
    assert len(counts) > 1
    jira.control("POST", "/clock", {"advance": 700})
    assert len(jira.search("project = SEC")) == 20


def test_bulk_fetch_is_strong_ascending_and_silent_about_the_missing(jira):
    jira.world.index_lag = 600
    jira.send("POST", "/issue/bulk", {"issueUpdates": [jira.fields(f"n{n}") for n in range(3)]}, status=201)
    body = {"issueIdsOrKeys": ["SEC-3", "10000", "sec-2", "SEC-99", "77"], "fields": ["summary"], "properties": ["p"]}
    answer = jira.send("POST", "/issue/bulkfetch", body)
    assert [issue["id"] for issue in answer["issues"]] == ["10000", "10001", "10002"]
    assert answer["issueErrors"] == []
    assert answer["issues"][0]["properties"] == {}


@pytest.mark.parametrize(
    ("count", "more", "status"),
    [
        (100, {}, 200),
        (101, {}, 400),
        (1000, {"fields": ["summary", "status"]}, 200),
        (1001, {"fields": ["summary"]}, 400),
        (101, {"fields": ["*all"]}, 400),
        (101, {"fields": ["-comment"]}, 400),
        (101, {"fields": ["comment"]}, 400),
        (101, {"fields": ["summary"], "expand": ["changelog"]}, 400),
        (0, {}, 400),
        (1, {"properties": list("abcdef")}, 400),
        (1, {"nonsense": 1}, 400),
    ],
)
def test_bulk_fetch_takes_a_hundred_or_a_thousand_when_lean(jira, count, more, status):
    names = [f"SEC-{n}" for n in range(count)]
    answer = jira.ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": names, **more})
    assert answer.status_code == status, answer.text


def test_the_state_and_its_index_survive_a_restart(tmp_path, world):
    path = tmp_path / "state.db"
    first = World.open(path, frozen=world.clock.now())
    desk = JiraDesk.at(first)
    desk.create("Keeps", labels=["rs-x"])
    desk.act("move", issue="SEC-1", to="TEAM")
    first.store.close()

    again = World.open(path)
    reopened = JiraDesk.at(again)
    assert reopened.search("labels = rs-x") == ["TEAM-1"]
    assert reopened.issue("SEC-1")["key"] == "TEAM-1"
    assert reopened.create("Next")["key"] == "SEC-2"
    again.clock.advance(timedelta(minutes=1).total_seconds())
    again.store.close()


def test_a_reset_forgets_everything(full):
    full.control("POST", "/reset")
    assert full.send("POST", "/search/approximate-count", {"jql": "project in (SEC, TEAM)"}) == {"count": 0}
    assert full.create("First again")["key"] == "SEC-1"


def test_a_page_of_a_hundred_out_of_thousands_is_quick(jira):
    body = {"issueUpdates": [jira.fields(f"n{n}", labels=["rs-x"]) for n in range(50)]}
    for _ in range(40):
        jira.send("POST", "/issue/bulk", body, status=201)
    ask = {"jql": "labels = rs-x AND project = SEC ORDER BY key", "maxResults": 100, "fields": ["summary", "status"]}
    took = []
    for _ in range(5):
        began = time.perf_counter()
        jira.send("POST", "/search/jql", ask)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1  # the aim is 30 ms for 5,000 on a quiet machine; this catches another order of magnitude
