"""The site: credentials of both base URLs, names and languages, create metadata, people, permissions, rate limits."""

from __future__ import annotations

import pytest

from rollout_sync.sandbox.jira.scheme import CLOUD_ID
from support.jira_desk import JiraDesk, basic

GATEWAY = f"/jira-gateway/ex/jira/{CLOUD_ID}/rest/api/3"


@pytest.fixture
def jira(world):
    return JiraDesk.at(world)


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/jira/rest/api/3/myself", basic("sandbox-token"), 200),
        ("/jira/rest/api/3/myself", "Bearer sandbox-pat", 200),
        ("/jira/rest/api/3/myself", basic("sandbox-scoped-token"), 401),
        ("/jira/rest/api/3/myself", basic("wrong"), 401),
        ("/jira/rest/api/3/myself", basic("sandbox-token", "stranger@example.com"), 401),
        ("/jira/rest/api/3/myself", "Basic %%%", 401),
        ("/jira/rest/api/3/myself", "", 401),
        ("/jira/rest/api/3/serverInfo", "", 200),
        (f"{GATEWAY}/myself", basic("sandbox-scoped-token"), 200),
        (f"{GATEWAY}/myself", "Bearer sandbox-scoped-token", 200),
        (f"{GATEWAY}/myself", basic("sandbox-token"), 401),
        (GATEWAY.replace(CLOUD_ID, "other") + "/myself", basic("sandbox-scoped-token"), 404),
        ("/jira/rest/api/3/nosuch", basic("sandbox-token"), 404),
        ("/jira/rest/api/7/myself", basic("sandbox-token"), 404),
    ],
)
def test_who_gets_in_where(jira, path, authorization, status):
    answer = jira.ask("GET", path, Authorization=authorization)
    assert answer.status_code == status, answer.text
    assert ("X-AAccountId" in answer.headers) is (status == 200 and "serverInfo" not in path)


def test_the_wrong_method_is_a_405(jira):
    answer = jira.ask("DELETE", "/myself")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_the_cloud_id_needs_no_credentials(jira):
    assert jira.client.get("/jira/_edge/tenant_info").json == {"cloudId": CLOUD_ID}


def test_scopes_bind_the_gateway(jira):
    jira.control("POST", "/switches", {"jira_scopes": "read:jira-work"})
    scoped = {"Authorization": basic("sandbox-scoped-token")}
    assert jira.client.get(f"{GATEWAY}/project/SEC", headers=scoped).status_code == 200
    assert (
        jira.client.post(f"{GATEWAY}/issue/bulkfetch", json={"issueIdsOrKeys": ["1"]}, headers=scoped).status_code
        == 200
    )
    for method, path in (("POST", "/issue"), ("GET", "/myself")):
        answer = jira.client.open(GATEWAY + path, method=method, json={} if method == "POST" else None, headers=scoped)
        assert answer.json == {"code": 401, "message": "Unauthorized; scope does not match"}


@pytest.mark.parametrize(("switch", "base"), [(False, "/jira/rest/"), (True, GATEWAY)])
def test_self_links_through_the_gateway_follow_the_switch(jira, switch, base):
    jira.control("POST", "/switches", {"jira_gateway_self": switch})
    answer = jira.client.get(f"{GATEWAY}/myself", headers={"Authorization": basic("sandbox-scoped-token")})
    assert base in answer.json["self"]


def test_without_credentials_a_switch_shows_an_empty_site(jira):
    jira.create()
    jira.control("POST", "/switches", {"jira_anonymous": "empty"})
    assert jira.ask("GET", "/issue/SEC-1", Authorization="").status_code == 404
    answer = jira.ask("POST", "/search/jql", {"jql": "project = SEC"}, Authorization="")
    assert answer.json["issues"] == []


def test_no_auth_lets_everybody_in_as_the_coordinator(jira):
    jira.control("POST", "/switches", {"no_auth": True})
    for authorization in ("", basic("wrong")):
        answer = jira.ask("GET", "/myself", Authorization=authorization)
        assert answer.json["emailAddress"] == "cora.coordinator@example.com"


def test_server_info_says_cloud_and_the_time_in_the_accounts_zone(jira):
    body = jira.get("/serverInfo")
    assert (body["deploymentType"], body["serverTimeZone"]) == ("Cloud", "Etc/UTC")
    assert body["serverTime"] == "2026-11-02T10:15:03.118+0100"
    assert body["baseUrl"].endswith("/jira")
    assert jira.get("/myself")["timeZone"] == "Europe/Berlin"


def test_names_are_translated_and_stable_names_are_not(jira):
    jira.create()
    jira.control("POST", "/switches", {"jira_language": "de"})
    fields = jira.issue("SEC-1")["fields"]
    assert (fields["status"]["name"], fields["status"]["statusCategory"]["key"]) == ("Zu erledigen", "new")
    assert (fields["issuetype"]["name"], fields["issuetype"]["untranslatedName"]) == ("Aufgabe", "Task")
    assert jira.search('status = "To Do"') == ["SEC-1"]
    jira.control("POST", "/switches", {"jira_language": None})
    assert jira.issue("SEC-1")["fields"]["status"]["name"] == "To Do"
    forced = jira.ask("GET", "/issue/SEC-1", Accept_Language="de", X_Force_Accept_Language="true").json
    ignored = jira.ask("GET", "/issue/SEC-1", Accept_Language="de").json
    assert forced["fields"]["status"]["name"] == "Zu erledigen"
    assert ignored["fields"]["status"]["name"] == "To Do"


def test_projects_say_what_they_are(jira):
    kinds = {p["key"]: (p["style"], p["simplified"]) for p in jira.get("/project/search")["values"]}
    assert kinds == {"SEC": ("classic", False), "TEAM": ("next-gen", True), "REQ": ("classic", False)}
    assert jira.get("/project/TEAM")["issueTypes"][0]["scope"] == {"type": "PROJECT", "project": {"id": "10001"}}
    names = [status["name"] for status in jira.get("/project/SEC/statuses")[0]["statuses"]]
    assert names == ["To Do", "In Progress", "Done", "On hold"]
    missing = jira.refused("GET", "/project/NOPE", status=404)
    assert missing["errorMessages"] == ["No project could be found with key 'NOPE'."]


def test_create_metadata_tells_what_is_required(jira):
    types = jira.get("/issue/createmeta/SEC/issuetypes")
    assert (types["total"], types["startAt"]) == (4, 0)
    assert {t["untranslatedName"]: t["hierarchyLevel"] for t in types["issueTypes"]}["Sub-task"] == -1
    epic = {f["fieldId"]: f for f in jira.get("/issue/createmeta/SEC/issuetypes/10000")["fields"]}
    assert epic["customfield_10011"]["required"]
    assert epic["customfield_10011"]["schema"]["custom"].endswith(":gh-epic-label")
    assert "parent" not in epic
    req = {f["fieldId"]: f for f in jira.get("/issue/createmeta/REQ/issuetypes/10002")["fields"]}
    assert "issuelinks" not in req
    assert [option["value"] for option in req["customfield_10300"]["allowedValues"]] == ["2027.1", "2027.2", "None"]
    limit = jira.refused("GET", "/issue/createmeta/SEC/issuetypes?maxResults=201")
    assert limit["errorMessages"] == ["Parameter 'maxResults' must not exceed the limit '200'"]
    old = jira.ask("GET", "/issue/createmeta?projectKeys=SEC&expand=projects.issuetypes.fields")
    assert "deprecated" in old.headers["Warning"]
    assert old.json["projects"][0]["issuetypes"][1]["fields"]["summary"]["required"]


def test_a_page_of_create_metadata_is_what_was_asked_for(jira):
    part = jira.get("/issue/createmeta/SEC/issuetypes/10002?startAt=2&maxResults=3")
    assert (len(part["fields"]), part["startAt"], part["maxResults"]) == (3, 2, 3)


def test_fields_are_told_apart_by_their_schema(jira):
    fields = {field["id"]: field for field in jira.get("/field")}
    assert "schema" not in fields["parent"]
    start = [f["id"] for f in fields.values() if f["name"] == "Start date"]
    assert start == ["customfield_10015"]
    assert fields["customfield_10022"]["schema"]["custom"].startswith("com.atlassian.jpo")


def test_people_are_found_by_the_beginning_of_name_or_address(jira):
    (ivan,) = jira.get("/user/assignable/search?project=SEC&query=ivan.itwork@example.com")
    assert ivan["displayName"] == "Ivan Itwork"
    assert len(jira.get("/user/search?query=i")) == 2
    jira.refused("GET", "/user/assignable/search?query=ivan")
    jira.refused("GET", "/user/search")
    assert jira.get(f"/user?accountId={ivan['accountId']}")["emailAddress"] == "ivan.itwork@example.com"
    jira.refused("GET", "/user?accountId=712020:nobody", status=404)
    jira.refused("GET", "/user?username=ivan")
    assert jira.get(f"/user/bulk?accountId={ivan['accountId']}&accountId=x")["total"] == 1


def test_addresses_can_be_private(jira):
    jira.control("POST", "/switches", {"jira_hide_emails": True})
    assert jira.get("/user/assignable/search?project=SEC&query=ivan.itwork@") == []
    (ivan,) = jira.get("/user/assignable/search?project=SEC&query=Itwork")
    assert ivan["emailAddress"] == ""
    assert jira.get("/myself")["emailAddress"] == "cora.coordinator@example.com"


def test_a_page_of_assignable_people_is_cut_before_it_is_filtered(jira):
    whole = jira.get("/user/assignable/search?project=SEC&maxResults=3")
    jira.act("revoke", permission="ASSIGNABLE_USER", project="SEC", **{"from": "sonja.sponsor@example.com"})
    assert len(jira.get("/user/assignable/search?project=SEC&maxResults=3")) == len(whole) - 1


def test_permissions_have_to_be_named(jira):
    jira.refused("GET", "/mypermissions")
    jira.refused("GET", "/mypermissions?permissions=FLY")
    jira.act("revoke", permission="LINK_ISSUES", project="SEC")
    asked = "/mypermissions?permissions=LINK_ISSUES,CREATE_ISSUES&projectKey="
    found = jira.get(asked + "SEC")["permissions"]
    assert {key: one["havePermission"] for key, one in found.items()} == {"LINK_ISSUES": False, "CREATE_ISSUES": True}
    assert jira.get(asked + "TEAM")["permissions"]["LINK_ISSUES"]["havePermission"]


def test_writes_to_one_issue_are_limited_by_switch(jira):
    jira.create()
    jira.create()
    jira.control("POST", "/switches", {"jira_issue_write_limit": True})
    for n in range(20):
        jira.send("PUT", "/issue/SEC-1", {"fields": {"summary": f"n{n}"}}, status=204)
    answer = jira.ask("PUT", "/issue/10000", {"fields": {"summary": "over"}})
    assert answer.status_code == 429
    assert answer.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert int(answer.headers["Retry-After"]) >= 1
    jira.send("PUT", "/issue/SEC-2", {"fields": {"summary": "free"}}, status=204)
    jira.get("/issue/SEC-1")
    jira.control("POST", "/clock", {"advance": int(answer.headers["Retry-After"])})
    jira.send("PUT", "/issue/SEC-1", {"fields": {"summary": "again"}}, status=204)


def test_bursts_are_limited_by_switch(jira):
    jira.control("POST", "/switches", {"jira_burst_limit": 3})
    assert [jira.ask("GET", "/myself").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert jira.ask("GET", "/field").status_code == 200


def test_requests_are_counted_by_their_pattern(jira):
    jira.create()
    jira.issue("SEC-1")
    jira.client.get(f"{GATEWAY}/issue/SEC-1", headers={"Authorization": basic("sandbox-scoped-token")})
    counted = jira.control("GET", "/counters")["requests"]
    assert counted["GET /jira/rest/api/3/issue/{issue}"] == 1
    assert counted["POST /jira/rest/api/3/issue"] == 1
    assert counted["GET /jira-gateway/ex/jira/{cloud_id}/rest/api/3/issue/{issue}"] == 1
