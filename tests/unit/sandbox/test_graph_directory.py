"""Users, groups, mail and calendar of the sandbox."""

from __future__ import annotations

import pytest

from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.filters import parse
from rollout_sync.sandbox.seed import GROUP_ID, PEOPLE, SECURITY_GROUP_ID
from support.graph_desk import Desk, token

CORA = "cora.coordinator@example.com"


def to(address: str) -> list[dict[str, object]]:
    return [{"emailAddress": {"address": address}}]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mail eq 'a@b.c'", [1]),
        ("mail eq 'A@B.C' or name eq 'o''neill'", [1, 2]),
        ("not (mail eq 'a@b.c')", [2, 3]),
        ("startswith(name, 'o')", [2]),
        ("mail in ('a@b.c', 'x@y.z')", [1, 3]),
        ("types/any(t:t eq 'Unified')", [1]),
        ("properties/any(p:p/id eq 'k' and p/value eq 'v')", [3]),
        ("size ge 2 and size lt 3", [2]),
        ("sent ge 2026-11-02T09:00:00Z", [2]),
        ("is_on eq true", [3]),
    ],
)
def test_filters(text: str, wanted: list[int]) -> None:
    documents = [
        {"n": 1, "mail": "a@b.c", "name": "Ann", "types": ["Unified"], "size": 1, "sent": "2026-11-01T00:00:00Z"},
        {"n": 2, "mail": None, "name": "O'Neill", "types": [], "size": 2, "sent": "2026-11-03T00:00:00Z"},
        {"n": 3, "mail": "x@y.z", "name": "Zoe", "properties": [{"id": "k", "value": "v"}], "is_on": True},
    ]
    assert [d["n"] for d in filter(parse(text), documents)] == wanted


@pytest.mark.parametrize(
    "text", ["mail", "mail eq", "mail like 'x'", "(mail eq 'x'", "mail eq 'x' 'y'", "mail eq 'x", "%%"]
)
def test_filters_that_are_none(text: str) -> None:
    with pytest.raises(GraphError, match="Invalid filter clause"):
        parse(text)


def test_users_are_found_by_mail_and_by_id(desk: Desk) -> None:
    query = "$filter=mail eq 'CORA.coordinator@example.com' or userPrincipalName eq 'x@example.com'"
    query += "&$select=id,mail,accountEnabled"
    found = desk.get(f"/users?{query}")["value"]
    assert found == [{"mail": CORA, "id": desk.person("cora.coordinator"), "accountEnabled": True}]
    assert desk.get(f"/users/{found[0]['id']}")["displayName"] == "Cora Coordinator"
    answer = desk.ask("GET", "/users/nobody@example.com")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_users_come_in_pages_that_honour_top(desk: Desk) -> None:
    seen, path = [], "/users?$top=7&$select=mail"
    while path:
        page = desk.get(path)
        seen += [user["mail"] for user in page["value"]]
        path = page.get("@odata.nextLink", "").removeprefix("http://localhost/graph/v1.0")
    assert seen == [email for _, email, _ in PEOPLE]
    assert desk.ask("GET", "/users?$top=1000").status_code == 400


def test_groups_and_their_members(desk: Desk) -> None:
    found = desk.get("/groups?$filter=displayName eq 'IT change'&$select=id,groupTypes")["value"]
    assert found == [{"id": GROUP_ID, "groupTypes": ["Unified"]}]
    assert [g["id"] for g in desk.get("/groups?$filter=groupTypes/any(c:c eq 'Unified')")["value"]] == [GROUP_ID]
    assert desk.get(f"/groups/{SECURITY_GROUP_ID}")["groupTypes"] == []
    members = desk.get(f"/groups/{GROUP_ID}/members?$select=id,mail")["value"]
    assert len(members) == len(PEOPLE)
    assert members[0]["@odata.type"] == "#microsoft.graph.user"
    assert [m["mail"] for m in desk.get(f"/groups/{GROUP_ID}/owners")["value"]] == [CORA]
    assert desk.ask("GET", "/groups/33333333-3333-4333-8333-333333333333").status_code == 404


def test_a_member_is_added_once(desk: Desk) -> None:
    desk.control("POST", "/people", {"name": "Nora New", "email": "nora.new@example.com"})
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{desk.person('nora.new')}"}
    answers = [desk.ask("POST", f"/groups/{GROUP_ID}/members/$ref", body).status_code for _ in range(2)]
    assert answers == [204, 400]


def test_me_is_for_people_only(desk: Desk) -> None:
    answer = desk.ask("GET", "/me")
    assert (answer.status_code, answer.json["error"]["message"]) == (
        400,
        "/me request is only valid with delegated authentication flow.",
    )
    assert desk.as_person("cora.coordinator").get("/me")["mail"] == CORA


def test_a_mail_is_sent_stored_and_delivered(desk: Desk) -> None:
    header = {"name": "x-rollout-digest", "value": "erp/ada"}
    mail = {
        "subject": "Week 49",
        "body": {"contentType": "HTML", "content": "<p>Hi</p>"},
        "toRecipients": to("sam.seller@example.com"),
    }
    answer = desk.ask("POST", f"/users/{CORA}/sendMail", {"message": {**mail, "internetMessageHeaders": [header]}})
    assert (answer.status_code, answer.data) == (202, b"")
    query = "$filter=sentDateTime ge 2026-11-02T00:00:00Z&$select=subject,internetMessageHeaders"
    sent = desk.get(f"/users/{CORA}/mailFolders/sentitems/messages?{query}")["value"]
    assert sent == [{"subject": "Week 49", "internetMessageHeaders": [header]}]
    inbox = desk.get("/users/sam.seller@example.com/mailFolders/inbox/messages")["value"]
    assert (inbox[0]["subject"], inbox[0]["isRead"], "internetMessageHeaders" in inbox[0]) == ("Week 49", False, False)
    assert "Week 49" in desk.client.get("/mailbox/sam.seller@example.com").text


def test_a_draft_keeps_its_immutable_id_when_it_is_sent(desk: Desk) -> None:
    path, immutable = f"/users/{CORA}/messages", {"Prefer": 'IdType="ImmutableId"'}
    body = {"subject": "S", "toRecipients": to("sam.seller@example.com")}
    name = "String {5b1e2f6c-9d37-4c7a-8a52-6f0f3c1d7e94} Name rs"
    body["singleValueExtendedProperties"] = [{"id": name, "value": "event-1"}]
    kept = desk.ask("POST", path, body, **immutable).json["id"]
    plain = desk.ask("POST", path, {**body, "singleValueExtendedProperties": []}).json["id"]
    test = f"singleValueExtendedProperties/any(p:p/id eq '{name}' and p/value eq 'event-1')"
    assert len(desk.get(f"{path}?$filter={test}")["value"]) == 1
    for key in (kept, plain):
        assert desk.ask("POST", f"{path}/{key}/send").status_code == 202
    assert desk.ask("GET", f"{path}/{kept}", **immutable).json["isDraft"] is False
    assert desk.ask("GET", f"{path}/{plain}").status_code == 404
    assert desk.ask("POST", f"{path}/{kept}/send").status_code == 403


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"toRecipients": to("not an address")}, "ErrorInvalidRecipients"),
        ({"toRecipients": []}, "ErrorInvalidRecipients"),
        ({"internetMessageHeaders": [{"name": "In-Reply-To", "value": "x"}]}, "InvalidInternetMessageHeader"),
        ({"internetMessageHeaders": [{"name": f"x-{n}", "value": ""} for n in range(6)]},
         "InvalidInternetMessageHeaderCollection"),
        ({"attachments": [{"contentBytes": "***"}]}, "ErrorInvalidRequest"),
    ],
)  # fmt: skip
def test_mails_that_are_refused(desk: Desk, message: dict[str, object], code: str) -> None:
    answer = desk.ask("POST", f"/users/{CORA}/sendMail", {"message": {"toRecipients": to(CORA), **message}})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, code)


def test_people_send_from_their_own_mailbox_only(desk: Desk) -> None:
    sam = desk.as_person("sam.seller")
    message = {"message": {"subject": "S", "toRecipients": to(CORA)}}
    assert sam.ask("POST", "/me/sendMail", message).status_code == 202
    assert sam.ask("POST", f"/users/{CORA}/sendMail", message).json["error"]["code"] == "ErrorAccessDenied"


def test_events_are_created_once_for_a_transaction_and_can_be_answered(desk: Desk) -> None:
    path = f"/users/{CORA}/events"
    when = {"dateTime": "2026-12-03T09:00:00", "timeZone": "Europe/Berlin"}
    body = {"subject": "Clinic", "start": when, "end": when, "transactionId": "t-1", "isOnlineMeeting": True}
    body["attendees"] = [{"emailAddress": {"address": "sam.seller@example.com"}, "type": "required"}]
    first, again = desk.post(path, body), desk.post(path, body)
    assert (first["id"], first["onlineMeeting"]["joinUrl"][:8]) == (again["id"], "https://")
    assert len(desk.get(path)["value"]) == 1
    desk.act(who="sam.seller@example.com", do="respond", event=first["id"], response="declined")
    assert desk.get(f"{path}/{first['id']}")["attendees"][0]["status"]["response"] == "declined"
    assert desk.ask("PATCH", f"{path}/{first['id']}", {"transactionId": "t-2"}).status_code == 400
    changed = desk.ask("PATCH", f"{path}/{first['id']}", {"subject": "Clinic 2"}).json
    assert (changed["subject"], changed["changeKey"] != first["changeKey"]) == ("Clinic 2", True)
    assert desk.ask("DELETE", f"{path}/{first['id']}").status_code == 204
    assert desk.ask("POST", path, {"subject": "No dates"}).status_code == 400


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Access token is empty."),
        ("Bearer ", "Access token is empty."),
        ("Basic eDp5", "Access token is empty."),
        ("Bearer nodots", "IDX14100: JWT is not well formed, there are no dots (.)."),
        ("Bearer a.b.c", "Access token validation failure. Invalid signature."),
    ],
)
def test_requests_without_a_good_token(desk: Desk, authorization: str | None, message: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = desk.client.get("/graph/v1.0/groups", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert answer.json["error"]["message"] == message
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_tokens_expire_by_the_sandbox_s_clock(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {token(desk.world)}"}
    assert desk.client.get("/graph/v1.0/groups", headers=headers).status_code == 200
    desk.control("POST", "/clock", {"advance": 3601})
    answer = desk.client.get("/graph/v1.0/groups", headers=headers)
    assert answer.json["error"]["message"] == "Lifetime validation failed, the token is expired."


def test_a_switch_lets_clients_in_that_send_no_token(desk: Desk) -> None:
    desk.control("POST", "/switches", {"no_auth": True})
    assert desk.client.get("/graph/v1.0/me").json["mail"] == CORA
    assert desk.client.get("/graph/v1.0/groups", headers={"Authorization": "Bearer a.b.c"}).status_code == 401


def test_other_versions_and_broken_json_are_refused(desk: Desk) -> None:
    assert desk.client.get("/graph/beta/groups").json["error"]["message"] == "Invalid version: beta."
    desk.control("POST", "/switches", {"no_auth": True})
    headers = {"Content-Type": "application/json"}
    answer = desk.client.post("/graph/v1.0/planner/tasks", data="{", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "BadRequest")
