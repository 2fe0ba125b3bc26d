"""Calendar events: invitations with `transactionId` as the key that makes a repeated create harmless."""

from __future__ import annotations

import base64
from operator import itemgetter
from typing import Final

from rollout_sync.sandbox.graph.call import Call, Reply, collection, entity, selected
from rollout_sync.sandbox.graph.directory import find_user, signed_in
from rollout_sync.sandbox.graph.errors import GraphError
from rollout_sync.sandbox.graph.ids import stamp
from rollout_sync.sandbox.graph.mail import item_body
from rollout_sync.sandbox.seed import Person
from rollout_sync.sandbox.store import Document

EVENTS: Final = "graph.events"
RESPONSES: Final = ("none", "accepted", "declined", "tentativelyAccepted", "notResponded")
_WRITABLE: Final = (
    "subject",
    "body",
    "start",
    "end",
    "location",
    "attendees",
    "isOnlineMeeting",
    "onlineMeetingProvider",
    "hideAttendees",
    "responseRequested",
    "categories",
    "importance",
    "reminderMinutesBeforeStart",
)
_CONTEXT: Final = "users('me')/events/$entity"
_UNANSWERED: Final = {"response": "none", "time": "0001-01-01T00:00:00Z"}


def create_event(call: Call) -> Reply:
    """POST /users/{id}/events and /me/events; the same transactionId answers with the event that is there."""
    owner, body = _owner(call), call.json()
    transaction = body.get("transactionId")
    if transaction:
        for event in call.world.store.where(EVENTS, "transaction", f"{owner.graph_id} {transaction}"):
            return entity(_CONTEXT, event["fields"], 201)
    _check(body, needed=("start", "end"))
    number = call.world.store.next_number("event")
    event_id = base64.urlsafe_b64encode(f"event-{number:012d}".encode()).decode()
    now = stamp(call.world.clock.now())
    fields: Document = {
        "@odata.etag": f'W/"{event_id}1"',
        "id": event_id,
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "changeKey": f"{event_id}1",
        "transactionId": transaction,
        "subject": "",
        "isCancelled": False,
        "isOrganizer": True,
        "organizer": {"emailAddress": {"name": owner.name, "address": owner.email}},
        "attendees": [],
    }
    _write(fields, body)
    key = f"{owner.graph_id} {transaction}" if transaction else None
    call.world.store.put(
        EVENTS, event_id, {"id": event_id, "owner": owner.graph_id, "transaction": key, "version": 1, "fields": fields}
    )
    return entity(_CONTEXT, fields, 201)


def list_events(call: Call) -> Reply:
    """GET /users/{id}/events."""
    found = call.world.store.where(EVENTS, "owner", _owner(call).graph_id)
    show = itemgetter("fields")
    reply = collection(call, "users('me')/events", found, show, page="mail_page_size")
    return Reply(body={name: value for name, value in reply.body.items() if name != "@odata.count"})


def get_event(call: Call) -> Reply:
    """GET /users/{id}/events/{id}."""
    return entity(_CONTEXT, selected(call, _find(call)["fields"]))


def change_event(call: Call) -> Reply:
    """PATCH /users/{id}/events/{id}; no If-Match is needed, a transactionId cannot change."""
    event, body = _find(call), call.json()
    if body.get("transactionId", event["fields"]["transactionId"]) != event["fields"]["transactionId"]:
        raise GraphError(400, "TransactionId cannot be changed.", "ErrorInvalidRequest")
    _check(body, needed=())
    event["version"] += 1
    change_key = f"{event['id']}{event['version']}"
    _write(event["fields"], body)
    event["fields"] |= {
        "changeKey": change_key,
        "@odata.etag": f'W/"{change_key}"',
        "lastModifiedDateTime": stamp(call.world.clock.now()),
    }
    call.world.store.put(EVENTS, event["id"], event)
    return entity(_CONTEXT, event["fields"])


def delete_event(call: Call) -> Reply:
    """DELETE /users/{id}/events/{id}."""
    call.world.store.delete(EVENTS, _find(call)["id"])
    return Reply(status=204)


def respond(event: Document, email: str, response: str, at: str) -> bool:
    """An attendee answers the invitation; False when they were not invited."""
    for attendee in event["fields"]["attendees"]:
        if attendee["emailAddress"]["address"].lower() == email.lower():
            attendee["status"] = {"response": response, "time": at}
            return True
    return False


def _owner(call: Call) -> Person:
    return find_user(call, call.names["user"]) if "user" in call.names else signed_in(call)


def _find(call: Call) -> Document:
    event = call.world.store.get(EVENTS, call.names["event"])
    if event is None or event["owner"] != _owner(call).graph_id:
        raise GraphError(404, "The specified object was not found in the store.", "ErrorItemNotFound")
    return event


def _write(fields: Document, body: Document) -> None:
    """Whoever was invited before keeps their answer, unless the event moves: then everybody is asked again."""
    is_moved = any(name in body and body[name] != fields.get(name) for name in ("start", "end"))
    answers = {} if is_moved else {_address(one): one["status"] for one in fields["attendees"]}
    fields |= {name: body[name] for name in _WRITABLE if name in body}
    if "body" in body:
        fields["body"] = item_body(body["body"])
    fields["attendees"] = [
        {"type": "required", **one, "status": answers.get(_address(one), _UNANSWERED)} for one in fields["attendees"]
    ]
    if fields.get("isOnlineMeeting"):
        fields["onlineMeeting"] = {"joinUrl": f"https://teams.example.com/l/meetup-join/{fields['id']}"}


def _address(attendee: Document) -> str:
    return str(attendee["emailAddress"].get("address", "")).lower()


def _check(body: Document, needed: tuple[str, ...]) -> None:
    for name in ("start", "end"):
        value = body.get(name)
        if value is None and name not in needed:
            continue
        if not isinstance(value, dict) or not value.get("dateTime") or not value.get("timeZone"):
            raise GraphError(400, f"'{name}' needs dateTime and timeZone.", "ErrorPropertyValidationFailure")
    if any(not isinstance(a, dict) or not isinstance(a.get("emailAddress"), dict) for a in body.get("attendees", [])):
        raise GraphError(400, "An attendee needs an emailAddress.", "ErrorPropertyValidationFailure")
