"""An invitation as a mail with an `.ics` part: request, change, cancellation (RFC 5545, 5546, 6047). Pure.

Moments are written in UTC, which every calendar shows in its reader's own zone; a single event needs no rules of
daylight saving. The organizer is the mailbox that the mail comes from, or answers would go astray.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vDatetime, vInt, vText

from rollout_sync.model.codec import fingerprint
from rollout_sync.model.mail import EVENT_LETTERS, Invitation, Mail, MailKind
from rollout_sync.model.rollout import RolloutId
from rollout_sync.model.sessions import SHOWN_TO_ALL, Guest, Session
from rollout_sync.report.layout import filled
from rollout_sync.report.message import NOBODY, Sender, domain_of
from rollout_sync.report.words import clipped, day, plain

_TITLE, _NAME, _TEXT = 200, 80, 4_000
_PRODUCT = "-//rollout-sync//Training sessions//EN"


class News(StrEnum):
    """What a guest is told."""

    INVITED = "invited"
    CHANGED = "changed"
    CANCELLED = "cancelled"

    @property
    def method(self) -> str:
        """RFC 5546's word for it."""
        return "CANCEL" if self is News.CANCELLED else "REQUEST"


_LEADS = {
    News.INVITED: "You are invited to a training session.",
    News.CHANGED: "A training session that you are invited to has changed.",
    News.CANCELLED: "A training session that you were invited to will not take place.",
}
_SUBJECTS = {News.INVITED: "Invitation", News.CHANGED: "Changed", News.CANCELLED: "Cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell the guests of a session.

    Attributes:
        uid, sequence: identity of the invitation, and how often it was changed.
        name: of the rollout.
        at: when it is told.
    """

    news: News
    session: Session
    uid: str
    sequence: int
    rollout: RolloutId
    name: str
    at: datetime


def mail_of(notice: Notice, guest: Guest, sender: Sender) -> Mail:
    """The mail to one guest; the same notice gives the same event, so that it goes out once."""
    session, email = notice.session, guest.email.lower()
    event = fingerprint(["session", notice.uid, notice.sequence, notice.news.value, email])[:EVENT_LETTERS]
    title = clipped(session.title, _TITLE)
    lines = tuple(_lines(session))
    paragraphs = tuple(one for part in session.text.split("\n\n") if (one := clipped(part, _TEXT)))
    subject = f"{_SUBJECTS[notice.news]}: {title}, {when(session)}"
    shown = {
        "subject": subject,
        "lead": _LEADS[notice.news],
        "title": title,
        "lines": lines,
        "paragraphs": paragraphs,
    }
    return Mail(
        event=event,
        kind=MailKind.INVITATION,
        to=email,
        to_name=guest.name,
        subject=subject,
        text="\n\n".join((_LEADS[notice.news], "\n".join((title, *lines)), *paragraphs)) + "\n",
        html=filled("invitation.html", shown),
        thread=fingerprint(["session", notice.uid, email])[:EVENT_LETTERS],
        message_id=f"{event}@{domain_of(sender)}",
        invitation=Invitation(method=notice.news.method, ics=ics(notice, guest, sender)),
    )


def ics(notice: Notice, guest: Guest, sender: Sender) -> str:
    """The calendar part for one guest."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", notice.news.method)
    calendar.add_component(_event(notice, guest, sender))
    return str(calendar.to_ical(), encoding="utf-8")


def when(session: Session) -> str:
    """`Mon 12 May 2027, 10:00 to 10:30 (Europe/Berlin)`."""
    day_name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[session.starts.weekday()]
    hours = f"{session.starts:%H:%M} to {session.ends:%H:%M} ({session.zone})"
    return f"{day_name} {day(session.starts.date())}, {hours}"


def _lines(session: Session) -> Iterator[str]:
    yield when(session)
    yield f"Held by {clipped(session.host.name or session.host.email, _NAME)}"
    if session.seats:
        yield f"{session.seats} seats"


def _event(notice: Notice, guest: Guest, sender: Sender) -> Event:
    session, cancelled = notice.session, notice.news is News.CANCELLED
    event = Event()
    event["UID"] = vText(notice.uid)
    event["SEQUENCE"] = vInt(notice.sequence)
    event["DTSTAMP"] = vDatetime(_utc(notice.at))
    event["DTSTART"] = vDatetime(_utc(session.starts))
    event["DTEND"] = vDatetime(_utc(session.ends))
    event["SUMMARY"] = vText(clipped(session.title, _TITLE))
    event["DESCRIPTION"] = vText(_description(session))
    event["STATUS"] = vText("CANCELLED" if cancelled else "CONFIRMED")
    event["TRANSP"] = vText("OPAQUE")
    event["ORGANIZER"] = _address(Guest(email=sender.sender or NOBODY, name=sender.sender_name))
    for one in _shown(notice, guest):
        event.add("attendee", _attendee(one), encode=False)
    return event


def _shown(notice: Notice, guest: Guest) -> tuple[Guest, ...]:
    """Whom the guest sees: everybody in a small session, in a large one only themselves."""
    session = notice.session
    together = (session.host, *session.guests)
    if len(session.guests) > SHOWN_TO_ALL or notice.news is News.CANCELLED:
        return (guest,)
    known = {one.email.lower(): one for one in (*together, guest)}
    return tuple(known.values())


def _attendee(guest: Guest) -> vCalAddress:
    address = _address(guest)
    address.params.update(
        {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE", "CUTYPE": "INDIVIDUAL"}
    )
    return address


def _address(guest: Guest) -> vCalAddress:
    """Quotation marks cannot stand in a parameter, so a name goes without them."""
    address = vCalAddress(f"mailto:{plain(guest.email).replace(' ', '')}")
    address.params["CN"] = clipped(guest.name, _NAME).replace('"', "'") or plain(guest.email)
    return address


def _description(session: Session) -> str:
    """Paragraphs stay apart; everything else that is no letter is cleaned."""
    parts = [*_lines(session), "", *(clipped(one, _TEXT) for one in session.text.split("\n"))]
    return "\n".join(parts).strip()


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
