"""Mails as MIME, marks on drafts, and the rights of a sender."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

import pytest

from support.graph_desk import Desk, token

CORA, SAM = "cora.coordinator@example.com", "sam.seller@example.com"
MARK = "String {5b1e2f6c-9d37-4c7a-8a52-6f0f3c1d7e94} Name Event"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


def mime(sender: str = CORA, to: str = f"Sam <{SAM}>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Grüße"
    message["Message-ID"], message["Auto-Submitted"] = "<ours@example.com>", "auto-generated"
    for number in range(7):
        message[f"X-Header-{number}"] = str(number)
    message.set_content("plain\n")
    message.add_alternative("<p>rich</p>", subtype="html")
    message.get_payload()[1].add_related(b"png", "image", "png", cid="<trend>")
    return message


def ask(desk: Desk, path: str, content: bytes, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {token(desk.world, desk.who)}", "Content-Type": "text/plain", **headers}
    return desk.client.open("/graph/v1.0" + path, method="POST", data=content, headers=sent)


def encoded(message: EmailMessage) -> bytes:
    return base64.encodebytes(message.as_bytes())


def draft(desk: Desk) -> str:
    answer = ask(desk, f"/users/{CORA}/messages", encoded(mime()), **IMMUTABLE)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_a_message_as_mime_is_sent(desk: Desk) -> None:
    answer = ask(desk, f"/users/{CORA}/sendMail", encoded(mime()))
    assert (answer.status_code, answer.data) == (202, b"")
    query = "$select=subject,body,toRecipients,attachments,internetMessageHeaders,internetMessageId"
    (found,) = desk.get(f"/users/{SAM}/mailFolders/inbox/messages?{query}")["value"]
    assert (found["subject"], found["body"]["contentType"]) == ("Grüße", "html")
    assert "rich" in found["body"]["content"]
    assert found["toRecipients"] == [{"emailAddress": {"name": "Sam", "address": SAM}}]
    assert [one["contentId"] for one in found["attachments"]] == ["trend"]
    names = [one["name"] for one in found["internetMessageHeaders"]]
    assert names == [f"X-Header-{number}" for number in range(7)]
    assert found["internetMessageId"] != "<ours@example.com>"


@pytest.mark.parametrize("content", [b"***", b"Zg", b""])
def test_what_is_no_message_is_refused(desk: Desk, content: bytes) -> None:
    answer = ask(desk, f"/users/{CORA}/sendMail", content)
    assert answer.status_code == 400
    codes = {"ErrorMimeContentInvalidBase64String", "BadRequest"}
    assert answer.json["error"]["code"] in codes


def test_a_mime_draft_takes_a_mark_and_is_found_by_it(desk: Desk) -> None:
    name = draft(desk)
    path = f"/users/{CORA}/messages/{name}"
    body = {"singleValueExtendedProperties": [{"id": MARK, "value": "event-1"}]}
    assert desk.ask("PATCH", path, body).status_code == 200
    assert desk.ask("PATCH", path, body).status_code == 200
    query = f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq 'event-1')"
    for folder, count in (("drafts", 1), ("sentitems", 0)):
        assert len(desk.get(f"/users/{CORA}/mailFolders/{folder}/messages?{query}")["value"]) == count
    assert desk.ask("POST", f"{path}/send").status_code == 202
    for folder, count in (("drafts", 0), ("sentitems", 1)):
        assert len(desk.get(f"/users/{CORA}/mailFolders/{folder}/messages?{query}")["value"]) == count
    (kept,) = desk.world.store.where("graph.messages", "immutableId", name)
    assert len(kept["fields"]["singleValueExtendedProperties"]) == 1


def test_a_draft_can_be_changed_until_it_is_sent(desk: Desk) -> None:
    path = f"/users/{CORA}/messages/{draft(desk)}"
    assert desk.ask("PATCH", path, {"subject": "New", "body": {"contentType": "text", "content": "x"}}).json[
        "subject"
    ] == ("New")
    assert desk.ask("PATCH", path, {"importance": "high"}).json["error"]["code"] == "ErrorInvalidPropertySet"
    assert desk.ask("POST", f"{path}/send").status_code == 202
    assert desk.ask("PATCH", path, {"subject": "Late"}).json["error"]["code"] == "ErrorInvalidPropertySet"
    assert desk.ask("PATCH", path, {"isRead": False}).status_code == 200


@pytest.mark.parametrize(
    "mark", [{"id": "event", "value": "x"}, {"id": "String {0} Name x", "value": "x"}, {"id": MARK, "value": 1}, "x"]
)
def test_marks_have_a_documented_form(desk: Desk, mark: object) -> None:
    answer = desk.ask("PATCH", f"/users/{CORA}/messages/{draft(desk)}", {"singleValueExtendedProperties": [mark]})
    assert answer.json["error"]["code"] == "ErrorInvalidExtendedProperty"


def test_nobody_sends_in_anothers_name(desk: Desk) -> None:
    answer = ask(desk, f"/users/{CORA}/sendMail", encoded(mime(sender=SAM)))
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "ErrorSendAsDenied")
    named = {"emailAddress": {"address": SAM}}
    message = {"message": {"subject": "x", "from": named, "toRecipients": [named]}}
    assert desk.ask("POST", f"/users/{CORA}/sendMail", message).json["error"]["code"] == "ErrorSendAsDenied"


def test_plain_text_is_no_json(desk: Desk) -> None:
    assert ask(desk, "/planner/tasks", b"{}").status_code == 400
