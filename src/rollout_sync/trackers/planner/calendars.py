"""Training sessions as events of Microsoft Graph: invited to by the service, known by a transaction id, answered there.

`transactionId` makes a repeated create harmless; changes and cancellations are harmless by themselves. Only members
that differ are written, because every change of an event may become a mail to all its guests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rollout_sync.errors import TrackerError
from rollout_sync.model.objects import Remote
from rollout_sync.model.operations import Done, InDoubt, Outcome, Refused
from rollout_sync.model.sessions import SHOWN_TO_ALL, Answer, Guest, Session, SessionState
from rollout_sync.trackers.calendar import Replies
from rollout_sync.trackers.planner.client import Gathered, GraphClient, segment
from rollout_sync.trackers.planner.mapping import Json
from rollout_sync.trackers.planner.outcomes import FORBIDDEN, NOT_FOUND, failed
from rollout_sync.transport.reply import Repeat, Reply
from rollout_sync.transport.words import refusal, server_words

_EVENTS, _EVENT = "/users/{id}/events", "/users/{id}/events/{id}"
_FIELDS = "$select=id,subject,body,start,end,attendees,isCancelled,hideAttendees"
_ANSWERS = {
    "accepted": Answer.ACCEPTED,
    "organizer": Answer.ACCEPTED,
    "declined": Answer.DECLINED,
    "tentativelyAccepted": Answer.TENTATIVE,
}
_RIGHT = "Calendars.ReadWrite"
_AS_TEXT = {"Prefer": 'outlook.body-content-type="text"'}
"""Exchange keeps bodies as HTML; read as text they can be compared with ours."""


class GraphCalendar:
    """Microsoft Graph behind `trackers.calendar.Calendar`.

    Args:
        client: the shared Graph client.
        own: the mailbox of `[mail] sender`; empty where there is none.
        is_person: whether a person is signed in: then only their own calendar can be written.
    """

    def __init__(self, client: GraphClient, *, own: str, is_person: bool) -> None:
        self._client = client
        self._own = own
        self._is_person = is_person

    def mailboxes(self, session: Session) -> tuple[str, ...]:
        """The host's, then the configured one."""
        found = ("" if self._is_person else session.host.email, self._own)
        return tuple(dict.fromkeys(one for one in found if one))

    def make(self, session: Session, *, mailbox: str, uid: str, before: Sequence[str] = ()) -> Outcome:
        """One request; an event that an earlier one made is brought to the session."""
        body = {**event_of(session, mailbox), "transactionId": uid}
        answer = self._ask("POST", f"/users/{segment(mailbox)}/events", _EVENTS, body)
        if not isinstance(answer, Reply):
            return answer
        made = answer.body if isinstance(answer.body, Mapping) else {}
        if not answer.ok:
            return self._refused(answer)
        found = made.get("id")
        if not isinstance(found, str) or not found:
            return InDoubt(reason=f"{answer.status} without the event's id")
        # The body is not compared here: how Exchange shows a new one must not become a second mail.
        ours = frozenset(before) - {mailbox.lower()}
        patch = {k: v for k, v in differences(session, mailbox, made, ours).items() if k != "body"}
        return self._patched(mailbox, found, patch) if patch else Done(remote=Remote(id=found))

    def change(self, session: Session, known: SessionState) -> Outcome:
        """One read, and one write where something differs."""
        path = _path(known.mailbox, known.remote)
        answer = self._ask("GET", f"{path}?{_FIELDS}", _EVENT)
        if not isinstance(answer, Reply):
            return answer
        if not answer.ok or not isinstance(answer.body, Mapping):
            return self._refused(answer)
        patch = differences(session, known.mailbox, answer.body, _told(known))
        if (session.starts, session.ends) == (known.starts, known.ends):
            # The plan has not moved: another time is the host's own doing, and stays.
            patch = {name: value for name, value in patch.items() if name not in ("start", "end")}
        return self._patched(known.mailbox, known.remote, patch) if patch else Done(remote=Remote(id=known.remote))

    def cancel(self, known: SessionState) -> Outcome:
        """DELETE, by which the service tells the guests."""
        try:
            remote = known.remote or self._sought(known)
        except TrackerError as error:
            return failed(error)
        if not remote:
            return Done(remote=Remote(id=""))
        answer = self._ask("DELETE", _path(known.mailbox, remote), _EVENT)
        if not isinstance(answer, Reply):
            return answer
        done = answer.ok or answer.status == NOT_FOUND
        return Done(remote=Remote(id=remote)) if done else self._refused(answer)

    def replies(self, known: Sequence[SessionState]) -> Mapping[str, Replies]:
        """One batch for 20 events."""
        paths = {one.remote: f"{_path(one.mailbox, one.remote)}?$select=id,attendees,isCancelled" for one in known}
        read = self._client.collect(tuple(paths.values()))
        found = ((remote, _replies(read[path])) for remote, path in paths.items())
        return {remote: replies for remote, replies in found if replies is not None}

    def _patched(self, mailbox: str, remote: str, patch: Json) -> Outcome:
        answer = self._ask("PATCH", _path(mailbox, remote), _EVENT, patch)
        if not isinstance(answer, Reply):
            return answer
        return Done(remote=Remote(id=remote)) if answer.ok else self._refused(answer)

    def _sought(self, known: SessionState) -> str:
        """The id of an event whose creation was never confirmed; empty where there is none."""
        day = known.starts.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        near = (_literal(day - timedelta(days=1)), _literal(day + timedelta(days=2)))
        test = f"start/dateTime ge '{near[0]}' and start/dateTime lt '{near[1]}'"
        query = f"$filter={quote(test, safe='')}&$select=id,transactionId"
        path = f"/users/{segment(known.mailbox)}/events?{query}"
        rows = self._client.pages(path, route=_EVENTS)
        return next((str(row.get("id", "")) for row in rows if row.get("transactionId") == known.uid), "")

    def _ask(self, method: str, path: str, route: str, body: Json | None = None) -> Reply | Outcome:
        try:
            return self._client.call(method, path, route=route, repeat=Repeat.SAFE, body=body, headers=_AS_TEXT)
        except TrackerError as error:
            return failed(error)

    def _refused(self, reply: Reply) -> Refused:
        said = server_words(reply.body) or f"Graph answered {reply.status}"
        code = refusal(reply, what="", where="").code
        kind = "delegated" if self._is_person else "application"
        hint = f"grant the app registration {_RIGHT} ({kind}) and consent to it" if reply.status == FORBIDDEN else ""
        return Refused(reason=said, status=reply.status, code=code, hint=hint)


def event_of(session: Session, mailbox: str) -> dict[str, object]:
    """The event as it is made in that mailbox's calendar."""
    guests = _invited(session, mailbox)
    return {
        "subject": session.title,
        "body": {"contentType": "text", "content": session.text},
        "start": _moment(session.starts, session.zone),
        "end": _moment(session.ends, session.zone),
        "attendees": [_attendee(guest) for guest in guests],
        "hideAttendees": len(guests) > SHOWN_TO_ALL,
        "responseRequested": True,
    }


def differences(session: Session, mailbox: str, current: Json, invited: frozenset[str]) -> dict[str, object]:
    """Members to write so that the event becomes the session; nothing where it is so already.

    Of the attendees, those whom we did not invite stay: people added them.
    """
    wanted = event_of(session, mailbox)
    patch: dict[str, object] = {}
    if current.get("subject") != wanted["subject"]:
        patch["subject"] = wanted["subject"]
    if _text_of(current.get("body")) != _flat(session.text):
        patch["body"] = wanted["body"]
    if _instant_of(current.get("start")) != session.starts or _instant_of(current.get("end")) != session.ends:
        patch |= {"start": wanted["start"], "end": wanted["end"]}
    have = {_address_of(one): one for one in _rows(current.get("attendees"))}
    ours = {guest.email.lower(): guest for guest in _invited(session, mailbox)}
    theirs = {address: one for address, one in have.items() if address not in invited and address not in ours}
    if ours.keys() | theirs.keys() != have.keys():
        kept = [have.get(address) or _attendee(guest) for address, guest in ours.items()]
        patch["attendees"] = [*kept, *theirs.values()]
        patch["hideAttendees"] = len(ours) + len(theirs) > SHOWN_TO_ALL
    return patch


def _invited(session: Session, mailbox: str) -> tuple[Guest, ...]:
    """The guests, and the host where the event lies in another calendar than theirs."""
    if session.host.email.lower() == mailbox.lower():
        return session.guests
    return (session.host, *session.guests)


def _told(known: SessionState) -> frozenset[str]:
    """Whom we put into the event: the guests, and a host in whose own calendar it does not lie."""
    return frozenset(known.invited) | ({known.host} - {known.mailbox.lower()})


def _attendee(guest: Guest) -> dict[str, object]:
    name = guest.name or guest.email
    return {"emailAddress": {"address": guest.email, "name": name}, "type": "required"}


def _moment(moment: datetime, zone: str) -> dict[str, object]:
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}


def _instant_of(value: object) -> datetime | None:
    """What Graph says of a moment: in UTC unless asked otherwise, or as it was written."""
    if not isinstance(value, Mapping):
        return None
    text, zone = str(value.get("dateTime", "")), str(value.get("timeZone", ""))
    try:
        return datetime.fromisoformat(text[:19]).replace(tzinfo=_zone(zone))
    except (ValueError, KeyError):  # a name of Windows: then it is compared as different, and written
        return None


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo("UTC" if name == "tzone://Microsoft/Utc" else name)


def _text_of(body: object) -> str:
    return _flat(str(body.get("content", ""))) if isinstance(body, Mapping) else ""


def _flat(text: str) -> str:
    """A text as far as it can be compared: Exchange wraps it, in HTML even, and changes its white space."""
    return " ".join(text.split())


def _rows(value: object) -> Iterator[Json]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())


def _address_of(attendee: Json) -> str:
    mail = attendee.get("emailAddress")
    return str(mail.get("address", "")).lower() if isinstance(mail, Mapping) else ""


def _replies(found: Gathered) -> Replies | None:
    if found.failure is not None:
        return Replies(stands=False) if found.failure.status == NOT_FOUND else None
    event: Json = found.rows[0] if found.rows else {}
    answers = {_address_of(one): _answer(one) for one in _rows(event.get("attendees"))}
    return Replies(stands=event.get("isCancelled") is not True, answers=answers)


def _answer(attendee: Json) -> Answer:
    status = attendee.get("status")
    said = status.get("response") if isinstance(status, Mapping) else None
    return _ANSWERS.get(str(said), Answer.NONE)


def _literal(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _path(mailbox: str, remote: str) -> str:
    return f"/users/{segment(mailbox)}/events/{segment(remote)}"
