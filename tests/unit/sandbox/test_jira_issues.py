"""Issues that exist: edit, transitions, history, properties, comments, links, watchers, moves, clones, deletes."""

from __future__ import annotations

import pytest

from support.jira_desk import JiraDesk, paragraph


@pytest.fixture
def jira(world):
    return JiraDesk.at(world)


def history(jira: JiraDesk, key: str) -> list[tuple[str, str | None, str | None]]:
    changes = jira.get(f"/issue/{key}/changelog")["values"]
    return [(item["field"], item["fromString"], item["toString"]) for c in changes for item in c["items"]]


def test_an_edit_is_empty_or_gives_the_issue_and_bumps_updated(jira):
    key = jira.create("Old")["key"]
    before = jira.issue(key)["fields"]["updated"]
    jira.control("POST", "/clock", {"advance": 5})
    answer = jira.ask("PUT", f"/issue/{key}", {"fields": {"summary": "New", "duedate": "2027-01-04"}})

    assert (answer.status_code, answer.data) == (204, b"")
    assert jira.issue(key)["fields"]["updated"] > before
    assert history(jira, key) == [("summary", "Old", "New"), ("duedate", None, "2027-01-04 00:00:00.0")]
    shown = jira.send("PUT", f"/issue/{key}?returnIssue=true", {"fields": {"summary": "Newer"}})
    assert shown["fields"]["summary"] == "Newer"


def test_an_edit_that_changes_nothing_leaves_no_trace(jira):
    key = jira.create("Same", labels=["a"])["key"]
    before = jira.issue(key)["fields"]["updated"]
    jira.control("POST", "/clock", {"advance": 5})
    jira.send("PUT", f"/issue/{key}", {"fields": {"summary": "Same"}, "update": {"labels": [{"add": "a"}]}}, status=204)
    assert jira.issue(key)["fields"]["updated"] == before
    assert history(jira, key) == []


def test_label_verbs_leave_other_labels_alone(jira):
    key = jira.create(labels=["theirs", "ours"])["key"]
    verbs = [{"remove": "ours"}, {"add": "new"}]
    jira.send("PUT", f"/issue/{key}", {"update": {"labels": verbs}}, status=204)
    assert jira.issue(key)["fields"]["labels"] == ["theirs", "new"]
    assert history(jira, key) == [("labels", "theirs ours", "theirs new")]
    wrong = jira.refused("PUT", f"/issue/{key}", {"update": {"labels": [{"edit": "x"}]}})
    assert wrong["errors"]["labels"] == "Field does not support update 'edit'"


def test_status_in_an_edit_is_ignored_and_screens_are_not_checked(jira):
    key = jira.create(project="REQ", customfield_10300={"id": "10400"})["key"]
    jira.send("PUT", f"/issue/{key}", {"fields": {"status": {"id": "3"}, "customfield_10011": "x"}}, status=204)
    assert jira.issue(key)["fields"]["status"]["name"] == "To Do"
    assert jira.issue(key)["fields"]["customfield_10011"] == "x"


def test_a_parent_can_be_taken_off(jira):
    epic = jira.create("Epic", kind="Epic")["key"]
    key = jira.create("Child", parent={"key": epic})["key"]
    jira.send("PUT", f"/issue/{key}", {"update": {"parent": [{"set": {"none": True}}]}}, status=204)
    assert "parent" not in jira.issue(key)["fields"]
    assert history(jira, key) == [("Parent", epic, None)]


def test_assigning_takes_account_ids_only(jira):
    key, ivan = jira.create()["key"], jira.account("ivan.itwork")
    jira.send("PUT", f"/issue/{key}/assignee", {"accountId": ivan}, status=204)
    assert jira.issue(key)["fields"]["assignee"]["displayName"] == "Ivan Itwork"
    jira.send("PUT", f"/issue/{key}/assignee", {"accountId": "-1"}, status=204)
    assert jira.issue(key)["fields"]["assignee"] is None
    jira.refused("PUT", f"/issue/{key}/assignee", {"name": "ivan"})
    jira.refused("PUT", f"/issue/{key}/assignee", {"accountId": "712020:nobody"})


def test_transitions_on_offer_lead_elsewhere_and_say_their_category(jira):
    key = jira.create()["key"]
    moves = {m["id"]: m["to"]["statusCategory"]["key"] for m in jira.get(f"/issue/{key}/transitions")["transitions"]}
    assert moves == {"21": "indeterminate", "31": "done", "41": "new"}


def test_a_transition_is_an_empty_html_answer_and_sets_the_resolution(jira):
    key = jira.create()["key"]
    answer = jira.ask("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    assert answer.status_code == 204
    assert answer.content_type.startswith("text/html")
    fields = jira.issue(key)["fields"]
    assert fields["resolution"]["name"] == "Done"
    assert fields["resolutiondate"] == fields["updated"]
    assert history(jira, key) == [("status", "To Do", "Done"), ("resolution", None, "Done")]

    again = jira.refused("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})
    assert again["errorMessages"] == ["Transition id '31' is not valid for this issue."]
    jira.send("POST", f"/issue/{key}/transitions", {"transition": {"id": 21}}, status=204)
    assert jira.issue(key)["fields"]["resolution"] is None


def test_team_managed_done_leaves_the_resolution_empty(jira):
    key = jira.create(project="TEAM")["key"]
    jira.send("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}}, status=204)
    assert jira.issue(key)["fields"]["resolution"] is None
    assert jira.issue(key)["fields"]["status"]["statusCategory"]["key"] == "done"


def test_without_the_permission_no_transition_is_on_offer(jira):
    key = jira.create()["key"]
    jira.act("revoke", permission="TRANSITION_ISSUES", project="SEC")
    assert jira.get(f"/issue/{key}/transitions")["transitions"] == []
    jira.refused("POST", f"/issue/{key}/transitions", {"transition": {"id": "31"}})


def test_the_expanded_changelog_is_newest_first_and_the_endpoint_oldest_first(jira):
    key = jira.create("a")["key"]
    for text in ("b", "c"):
        jira.send("PUT", f"/issue/{key}", {"fields": {"summary": text}}, status=204)
    expanded = jira.issue(key, "?expand=changelog")["changelog"]["histories"]
    assert [change["items"][0]["toString"] for change in expanded] == ["c", "b"]
    assert [to for _, _, to in history(jira, key)] == ["b", "c"]


def test_the_bulk_changelog_has_numbers_for_moments_and_filters_by_field(jira):
    keys = [jira.create(str(n))["key"] for n in range(2)]
    for key in keys:
        jira.send("PUT", f"/issue/{key}", {"fields": {"summary": "x"}}, status=204)
        jira.send("POST", f"/issue/{key}/transitions", {"transition": {"id": "21"}}, status=204)
    body = {"issueIdsOrKeys": keys, "fieldIds": ["status"], "maxResults": 1}
    first = jira.send("POST", "/changelog/bulkfetch", body)
    second = jira.send("POST", "/changelog/bulkfetch", body | {"nextPageToken": first["nextPageToken"]})

    (group,) = first["issueChangeLogs"]
    (change,) = group["changeHistories"]
    assert isinstance(change["created"], int)
    assert [item["fieldId"] for item in change["items"]] == ["status"]
    assert group["issueId"] != second["issueChangeLogs"][0]["issueId"]
    assert "nextPageToken" not in second


def test_properties_are_replaced_whole_and_say_whether_they_are_new(jira):
    key = jira.create()["key"]
    place = f"/issue/{key}/properties/rollout.sync"
    before = jira.issue(key)["fields"]["updated"]
    jira.control("POST", "/clock", {"advance": 5})
    jira.send("PUT", place, {"a": 1, "b": 2}, status=201)
    jira.send("PUT", place, {"a": 3}, status=200)
    assert jira.get(place) == {"key": "rollout.sync", "value": {"a": 3}}
    assert [entry["key"] for entry in jira.get(f"/issue/{key}/properties")["keys"]] == ["rollout.sync"]
    assert jira.issue(key, "?properties=rollout.sync&fields=summary")["properties"] == {"rollout.sync": {"a": 3}}
    assert jira.issue(key)["fields"]["updated"] == before
    jira.send("DELETE", place, status=204)
    jira.refused("GET", place, status=404)
    jira.refused("PUT", place, "x" * 32_768)


def test_comments_bump_updated_and_carry_properties(jira):
    key = jira.create()["key"]
    jira.control("POST", "/clock", {"advance": 5})
    body = {"body": paragraph("Hello"), "properties": [{"key": "marker", "value": "m1"}]}
    answer = jira.ask("POST", f"/issue/{key}/comment", body)
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/comment/{answer.json['id']}")

    (comment,) = jira.get(f"/issue/{key}/comment?expand=properties")["comments"]
    assert comment["properties"] == [{"key": "marker", "value": "m1"}]
    assert jira.issue(key)["fields"]["updated"] == comment["created"]
    changed = jira.send("PUT", f"/issue/{key}/comment/{comment['id']}", {"body": paragraph("Bye")})
    assert changed["body"] == paragraph("Bye")
    jira.send("DELETE", f"/issue/{key}/comment/{comment['id']}", status=204)
    jira.refused("GET", f"/issue/{key}/comment/{comment['id']}", status=404)
    jira.refused("POST", f"/issue/{key}/comment", {"body": "plain"})


def test_the_inward_issue_of_a_link_request_says_the_outward_phrase(jira):
    a, b = jira.create("A")["key"], jira.create("B")["key"]
    body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": a}, "outwardIssue": {"key": b}}
    for _ in range(2):
        answer = jira.ask("POST", "/issueLink", body)
        assert (answer.status_code, answer.data) == (201, b"")
        assert "Location" not in answer.headers

    (of_a,), (of_b,) = (jira.issue(key)["fields"]["issuelinks"] for key in (a, b))
    assert of_a["outwardIssue"]["key"] == b
    assert of_b["inwardIssue"]["key"] == a
    assert of_a["id"] == of_b["id"]
    assert history(jira, a) == [("Link", None, f"This issue blocks {b}")]
    assert history(jira, b) == [("Link", None, f"This issue is blocked by {a}")]

    whole = jira.get(f"/issueLink/{of_a['id']}")
    assert (whole["inwardIssue"]["key"], whole["outwardIssue"]["key"]) == (a, b)
    jira.send("DELETE", f"/issueLink/{of_a['id']}", status=204)
    assert jira.issue(a)["fields"]["issuelinks"] == []


@pytest.mark.parametrize("broken", ["type", "inwardIssue", "permission"])
def test_all_that_is_wrong_with_a_link_is_a_404(jira, broken):
    a, b = jira.create("A")["key"], jira.create("B")["key"]
    body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": a}, "outwardIssue": {"key": b}}
    if broken == "permission":
        jira.act("revoke", permission="LINK_ISSUES", project="SEC")
    else:
        body[broken] = {"name": "Nope", "key": "SEC-404"}
    jira.refused("POST", "/issueLink", body, status=404)
    assert jira.issue(a)["fields"]["issuelinks"] == []


def test_a_remote_link_with_a_global_id_is_an_upsert_that_nulls_what_is_left_out(jira):
    key = jira.create()["key"]
    place = f"/issue/{key}/remotelink"
    thing = {"url": "https://tasks.example.com/1", "title": "Plan", "summary": "All tasks"}
    first = jira.send("POST", place, {"globalId": "g 1", "relationship": "planned in", "object": thing}, status=201)
    del thing["summary"]
    second = jira.send("POST", place, {"globalId": "g 1", "object": thing}, status=200)
    assert first["id"] == second["id"]

    shown = jira.get(f"{place}?globalId=g%201")
    assert "summary" not in shown["object"]
    assert "relationship" not in shown
    assert (shown["object"]["icon"], shown["object"]["status"]) == ({}, {"icon": {}})
    jira.send("POST", place, {"object": thing}, status=201)
    jira.send("POST", place, {"object": thing}, status=201)
    assert len(jira.get(place)) == 3
    jira.send("DELETE", f"{place}?globalId=g%201", status=204)
    jira.refused("DELETE", f"{place}?globalId=g%201", status=404)
    jira.refused("POST", place, {"object": {"title": "no url"}})
    jira.refused("POST", place, {"object": thing, "globalId": "g" * 256})


def test_watchers_take_a_bare_json_string(jira):
    key, ivan = jira.create()["key"], jira.account("ivan.itwork")
    for _ in range(2):
        jira.send("POST", f"/issue/{key}/watchers", ivan, status=204)
    assert jira.get(f"/issue/{key}/watchers")["watchCount"] == 2
    jira.send("DELETE", f"/issue/{key}/watchers?accountId={ivan}", status=204)
    assert jira.get(f"/issue/{key}/watchers")["watchCount"] == 1


def test_deleting_takes_the_issue_and_its_links_away(jira):
    epic = jira.create("Epic", kind="Epic")["key"]
    a, b = jira.create("A", parent={"key": epic})["key"], jira.create("B")["key"]
    jira.act("link", issue=a, to=b)
    jira.create("Sub", kind="Sub-task", parent={"key": a})
    jira.refused("DELETE", f"/issue/{a}")
    jira.send("DELETE", f"/issue/{a}?deleteSubtasks=true", status=204)

    gone = jira.refused("GET", f"/issue/{a}", status=404)
    assert gone["errorMessages"] == ["Issue does not exist or you do not have permission to see it."]
    assert jira.issue(b)["fields"]["issuelinks"] == []
    jira.send("DELETE", f"/issue/{epic}", status=204)
    assert jira.create("Next")["key"] == "SEC-5"


def test_a_moved_issue_keeps_its_id_and_is_found_by_its_old_key(jira):
    made = jira.create("Wanderer", labels=["a"])
    jira.send("PUT", f"/issue/{made['key']}/properties/p", 1, status=201)
    moved = jira.act("move", issue=made["key"], to="TEAM")
    assert moved["key"] == "TEAM-1"
    assert jira.issue("SEC-1")["key"] == "TEAM-1"
    assert jira.issue(made["id"])["key"] == "TEAM-1"
    assert jira.get("/issue/TEAM-1/properties/p")["value"] == 1
    fetched = jira.send("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ["SEC-1"], "fields": ["summary"]})
    assert [issue["key"] for issue in fetched["issues"]] == ["TEAM-1"]

    jira.act("create", summary="Squatter", key="SEC-1")
    assert jira.issue("SEC-1")["fields"]["summary"] == "Squatter"
    assert jira.issue(made["id"])["fields"]["summary"] == "Wanderer"


@pytest.mark.parametrize("copies", [False, True])
def test_a_clone_copies_labels_and_by_switch_properties(jira, copies):
    jira.control("POST", "/switches", {"jira_clone_copies_properties": copies})
    key = jira.send(
        "POST", "/issue", jira.fields(labels=["rs-x"]) | {"properties": [{"key": "p", "value": 1}]}, status=201
    )
    clone = jira.act("clone", issue=key["key"])["key"]
    shown = jira.issue(clone, "?properties=*all&fields=*all")
    assert shown["fields"]["labels"] == ["rs-x"]
    assert shown["fields"]["summary"] == "CLONE - Work"
    assert shown["properties"] == ({"p": 1} if copies else {})
    assert shown["fields"]["issuelinks"][0]["type"]["outward"] == "clones"


def test_archiving_is_for_administrators_and_hides_from_search(jira):
    key = jira.create()["key"]
    jira.refused("PUT", "/issue/archive", {"issueIdsOrKeys": [key]}, status=403)
    jira.act("grant", permission="ADMINISTER")
    answer = jira.send("PUT", "/issue/archive", {"issueIdsOrKeys": [key, "SEC-404"]})
    assert answer["numberOfIssuesUpdated"] == 1
    assert answer["errors"]["issuesNotFound"]["issueIdsOrKeys"] == ["SEC-404"]
    assert jira.search("project = SEC") == []
    assert jira.issue(key)["key"] == key
    jira.send("PUT", "/issue/unarchive", {"issueIdsOrKeys": [key]})
    assert jira.search("project = SEC") == [key]
    jira.refused("PUT", "/issue/archive", {"issueIdsOrKeys": ["x"] * 1001}, status=412)


def test_a_hidden_project_looks_like_nothing_at_all(jira):
    key = jira.create()["key"]
    jira.act("revoke", permission="BROWSE_PROJECTS", project="SEC", **{"from": "cora.coordinator@example.com"})
    jira.refused("GET", f"/issue/{key}", status=404)
    jira.refused("PUT", f"/issue/{key}", {"fields": {"summary": "x"}}, status=404)
    jira.refused("GET", "/project/SEC", status=404)
    assert jira.search("labels is EMPTY") == []
    assert jira.send("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [key]})["issues"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/issue/SEC-1", {}, 400),
        ("/issue/SEC-1", {"fields": []}, 400),
        ("/issue/SEC-1", {"fields": {"summary": None}}, 400),
        ("/issue/SEC-404", {"fields": {"summary": "x"}}, 404),
    ],
)
def test_bad_edits(jira, path, body, status):
    jira.create("Stays")
    jira.refused("PUT", path, body, status=status)
    assert jira.issue("SEC-1")["fields"]["summary"] == "Stays"


def test_bodies_have_to_be_json(jira):
    answer = jira.client.post(
        "/jira/rest/api/3/issue",
        data="{nonsense",
        headers={"Authorization": jira.ask("GET", "/myself").request.headers["Authorization"]},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert "error parsing JSON" in answer.json["errorMessages"][0]
    other = jira.client.post(
        "/jira/rest/api/3/issue",
        data="a=b",
        headers={"Authorization": jira.ask("GET", "/myself").request.headers["Authorization"]},
        content_type="application/x-www-form-urlencoded",
    )
    assert other.status_code == 415
    jira.refused("POST", "/issue", [1])
