"""Mail: send at once, or draft and then send. What is sent lands in the Sent Items and in the recipients' Inboxes."""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from typing import Any, Final

from rollout_sync.sandbox.graph.call import Call, RawText, Reply, collection, entity, selected
from rollout_sync.sandbox.graph.directory import find_user, signed_in
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.filters import parse
from rollout_sync.sandbox.graph.ids import stamp
from rollout_sync.sandbox.graph.mime import message_of
from rollout_sync.sandbox.seed import Person
from rollout_sync.sandbox.store import Document
from rollout_sync.sandbox.world import World

MESSAGES: Final = "graph.messages"
_FOLDERS: Final = ("inbox", "drafts", "sentitems")
_MOST_HEADERS: Final = 5
_PROPERTIES: Final = "singleValueExtendedProperties"
_CHANGEABLE: Final = frozenset(
    {"subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "isRead", _PROPERTIES}
)
_PROPERTY_ID: Final = re.compile(
    r"[A-Za-z]+ (?:0x[0-9A-Fa-f]{1,4}"
    r"|\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\} (?:Name \S+|Id 0x[0-9A-Fa-f]+))"
)
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def send_mail(call: Call) -> Reply:
    """POST /users/{id}/sendMail and /me/sendMail, as JSON or MIME: 202 once the message is stored."""
    is_mime = isinstance(call.body, RawText)
    body = {"message": message_of(call.body)} if isinstance(call.body, RawText) else call.json()
    message = body.get("Message", body.get("message"))
    if not isinstance(message, dict):
        raise GraphError(400, "The message of the request is missing.", "ErrorInvalidRequest")
    sender = _mailbox(call)
    _check_sender(sender, message)
    sent = _store(call, sender, message, most_headers=None if is_mime else _MOST_HEADERS)
    _send(call.world, sender, sent)
    if body.get("SaveToSentItems", body.get("saveToSentItems", True)) is False:
        call.world.store.delete(MESSAGES, sent["immutableId"])
    return Reply(status=202)


def create_draft(call: Call) -> Reply:
    """POST /users/{id}/messages, as JSON or MIME."""
    is_mime = isinstance(call.body, RawText)
    message = message_of(call.body) if isinstance(call.body, RawText) else call.json()
    draft = _store(call, _mailbox(call), message, most_headers=None if is_mime else _MOST_HEADERS)
    return entity("users('me')/messages/$entity", _shown(call, draft), 201)


def send_draft(call: Call) -> Reply:
    """POST /users/{id}/messages/{id}/send."""
    draft = _find(call)
    if draft["folder"] != "drafts":
        raise GraphError(403, "The message was already sent.", "ErrorAccessDenied")
    _check_sender(_mailbox(call), draft["fields"])
    _send(call.world, _mailbox(call), draft)
    return Reply(status=202)


def get_message(call: Call) -> Reply:
    """GET /users/{id}/messages/{id}."""
    return entity("users('me')/messages/$entity", selected(call, _shown(call, _find(call))))


def change_message(call: Call) -> Reply:
    """PATCH /users/{id}/messages/{id}: members of a draft; extended properties of any message, each by its id."""
    found, body = _find(call), call.json()
    unknown = sorted(set(body) - _CHANGEABLE)
    if unknown:
        raise GraphError(400, f"The property '{unknown[0]}' cannot be changed.", "ErrorInvalidPropertySet")
    if not found["fields"]["isDraft"] and set(body) - {_PROPERTIES, "isRead"}:
        raise GraphError(400, "The message was sent and cannot be changed.", "ErrorInvalidPropertySet")
    _check(body)
    properties = {one["id"]: one for one in [*found["fields"][_PROPERTIES], *_properties(body)]}
    found["fields"] |= body | {_PROPERTIES: list(properties.values())}
    if "body" in body:
        found["fields"]["body"] = item_body(body["body"])
    found["fields"]["lastModifiedDateTime"] = stamp(call.world.clock.now())
    call.world.store.put(MESSAGES, found["immutableId"], found)
    return entity("users('me')/messages/$entity", _shown(call, found))


def list_messages(call: Call) -> Reply:
    """GET /users/{id}/messages and …/mailFolders/{folder}/messages, newest first."""
    owner = _mailbox(call)
    folder = call.names.get("folder", "").lower()
    if folder and folder not in _FOLDERS:
        raise GraphError(404, "The specified object was not found in the store.", "ErrorItemNotFound")
    found = [m for m in call.world.store.where(MESSAGES, "mailbox", owner.graph_id) if folder in {"", m["folder"]}]
    if "$filter" in call.query:
        test = parse(call.query["$filter"])
        found = [message for message in found if test(message["fields"])]
    show = partial(_shown, call)
    reply = collection(call, "users('me')/messages", found[::-1], show, page="mail_page_size")
    return Reply(body={name: value for name, value in reply.body.items() if name != "@odata.count"})


def _mailbox(call: Call) -> Person:
    """Whose mailbox: `/me`, or a user in the path (their own only, for a signed-in user)."""
    if "user" not in call.names:
        return signed_in(call)
    owner = find_user(call, call.names["user"])
    if call.caller.user is not None and call.caller.user.graph_id != owner.graph_id:
        raise GraphError(403, "Access is denied. Check credentials and try again.", "ErrorAccessDenied")
    return owner


def _check_sender(owner: Person, message: Document) -> None:
    """Nobody has the right to send as somebody else here.

    Raises:
        GraphError: 403.
    """
    named = message.get("from")
    address = str(named.get("emailAddress", {}).get("address", "")) if isinstance(named, dict) else owner.email
    if address.lower() != owner.email:
        raise GraphError(
            403,
            "The user account which was used to submit this request does not have the right to send mail on behalf of "
            "the specified sending account.",
            "ErrorSendAsDenied",
        )


def _store(call: Call, owner: Person, message: Document, *, most_headers: int | None = _MOST_HEADERS) -> Document:
    """Check a message and put it among the drafts."""
    _check(message, most_headers)
    world = call.world
    number = world.store.next_number("message")
    immutable = base64.urlsafe_b64encode(f"immutable-message-{number:012d}".encode()).decode()
    now = stamp(world.clock.now())
    sender = {"emailAddress": {"name": owner.name, "address": owner.email}}
    fields = {
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "receivedDateTime": now,
        "sentDateTime": now,
        "hasAttachments": bool(message.get("attachments")),
        "internetMessageId": f"<{immutable}@example.com>",
        "subject": message.get("subject", ""),
        "importance": str(message.get("importance", "normal")).lower(),
        "isRead": True,
        "isDraft": True,
        "body": item_body(message.get("body")),
        "sender": sender,
        "from": message.get("from", sender),
        "toRecipients": message.get("toRecipients", []),
        "ccRecipients": message.get("ccRecipients", []),
        "bccRecipients": message.get("bccRecipients", []),
        "replyTo": message.get("replyTo", []),
        "internetMessageHeaders": message.get("internetMessageHeaders", []),
        _PROPERTIES: _properties(message),
        "attachments": message.get("attachments", []),
    }
    document: Document = {
        "id": _rest_id(number, "drafts"),
        "immutableId": immutable,
        "mailbox": owner.graph_id,
        "folder": "drafts",
        "fields": fields,
        "number": number,
    }
    world.store.put(MESSAGES, immutable, document)
    return document


def _send(world: World, sender: Person, message: Document) -> None:
    """To the Sent Items, where its ordinary id is another one, and a copy to every recipient in the house."""
    if not any(message["fields"][kind] for kind in ("toRecipients", "ccRecipients", "bccRecipients")):
        raise GraphError(400, "At least one recipient is needed.", "ErrorInvalidRecipients")
    now = stamp(world.clock.now())
    message["fields"] |= {"isDraft": False, "sentDateTime": now, "receivedDateTime": now, "lastModifiedDateTime": now}
    message["folder"], message["id"] = "sentitems", _rest_id(message["number"], "sentitems")
    world.store.put(MESSAGES, message["immutableId"], message)
    for kind in ("toRecipients", "ccRecipients", "bccRecipients"):
        for recipient in message["fields"][kind]:
            who = world.people.by_email(recipient["emailAddress"]["address"])
            if who is not None:
                _deliver(world, sender, who, message)


def _deliver(world: World, sender: Person, who: Person, message: Document) -> None:
    number = world.store.next_number("message")
    immutable = base64.urlsafe_b64encode(f"immutable-message-{number:012d}".encode()).decode()
    fields = {**message["fields"], "isRead": False, "bccRecipients": []}
    copy = {**message, "id": _rest_id(number, "inbox"), "immutableId": immutable, "mailbox": who.graph_id}
    copy |= {"folder": "inbox", "fields": fields, "number": number, "sender": sender.email}
    world.store.put(MESSAGES, immutable, copy)


def _find(call: Call) -> Document:
    owner = _mailbox(call)
    key = call.names["message"]
    found = call.world.store.get(MESSAGES, key)
    if found is None:
        found = next(iter(call.world.store.where(MESSAGES, "id", key)), None)
    if found is None or found["mailbox"] != owner.graph_id:
        raise GraphError(404, "The specified object was not found in the store.", "ErrorItemNotFound")
    return found


def _shown(call: Call, message: Document) -> Document:
    """The message with the kind of id that the client prefers; headers and properties only when selected."""
    is_immutable = 'idtype="immutableid"' in call.headers.get("prefer", "").lower().replace(" ", "")
    wanted = call.query.get("$select", "") + call.query.get("$expand", "")
    fields = {
        name: value
        for name, value in message["fields"].items()
        if name not in {"internetMessageHeaders", _PROPERTIES, "attachments"} or name in wanted
    }
    return {"id": message["immutableId"] if is_immutable else message["id"], **fields}


def _rest_id(number: int, folder: str) -> str:
    return base64.urlsafe_b64encode(f"{folder}-{number:012d}".encode()).decode()


def _check(message: Document, most_headers: int | None = _MOST_HEADERS) -> None:
    """The rules of a message that were seen to be enforced.

    Raises:
        GraphError: 400.
    """
    for kind in ("toRecipients", "ccRecipients", "bccRecipients", "replyTo"):
        for recipient in _list(message, kind):
            address = recipient.get("emailAddress") if isinstance(recipient, dict) else None
            if not isinstance(address, dict) or not _ADDRESS.fullmatch(str(address.get("address", ""))):
                raise GraphError(400, "At least one recipient isn't valid.", "ErrorInvalidRecipients")
    headers = _list(message, "internetMessageHeaders")
    if most_headers is not None and len(headers) > most_headers:
        raise GraphError(
            400,
            "The internet message header collection has more than 5 items.",
            "InvalidInternetMessageHeaderCollection",
        )
    for header in headers:
        name = str(header.get("name", "")) if isinstance(header, dict) else ""
        if not name.lower().startswith("x-"):
            raise GraphError(
                400,
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.",
                "InvalidInternetMessageHeader",
            )
    for attachment in _list(message, "attachments"):
        _check_attachment(attachment)


def _check_attachment(attachment: object) -> None:
    content = attachment.get("contentBytes") if isinstance(attachment, dict) else None
    try:
        base64.b64decode(str(content), validate=True)
    except binascii.Error as error:
        raise GraphError(400, "The content of an attachment is not base64.", "ErrorInvalidRequest") from error


def item_body(body: object) -> Document:
    """The body of a message or event as it is given back: its type in lower case.

    Raises:
        GraphError: 400 for a body that is none.
    """
    given = {"contentType": "text", "content": ""} if body is None else body
    kind = str(given.get("contentType", "text")).lower() if isinstance(given, dict) else ""
    if not isinstance(given, dict) or kind not in {"text", "html"} or not isinstance(given.get("content", ""), str):
        raise GraphError(400, "The body needs a contentType of 'text' or 'html' and its content.", "RequestBodyRead")
    return {"contentType": kind, "content": given.get("content", "")}


def _properties(message: Document) -> list[Any]:
    """Extended properties, each with an id in one of the documented forms."""
    found = _list(message, _PROPERTIES)
    for one in found:
        name = str(one.get("id", "")) if isinstance(one, dict) else ""
        if not _PROPERTY_ID.fullmatch(name) or not isinstance(one.get("value"), str):
            raise GraphError(400, f"The extended property '{name}' is not valid.", "ErrorInvalidExtendedProperty")
    return found


def _list(message: Document, name: str) -> list[Any]:
    value = message.get(name, [])
    if not isinstance(value, list):
        raise GraphError(400, f"Cannot convert '{name}' to a collection.", "RequestBodyRead")
    return value
