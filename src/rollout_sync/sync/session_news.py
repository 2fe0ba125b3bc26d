"""What guests and coordinators are told of training sessions: mails for the outbox, and findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rollout_sync.ledger.outbox import Wish
from rollout_sync.model.mail import MailKind, Parcel
from rollout_sync.model.operations import Finding, Refused, Severity
from rollout_sync.model.rollout import RolloutId
from rollout_sync.model.sessions import Guest, Session, SessionState
from rollout_sync.report.invitation import News, Notice, mail_of
from rollout_sync.report.message import Sender, as_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told at once: the session as it is known from now on, and the rollout with its name."""

    state: SessionState
    rollout: RolloutId
    name: str
    at: datetime


def wish_of(told: Told, news: News, session: Session, guest: Guest, sender: Sender) -> Wish:
    """The mail to one guest, for the outbox; the same news of the same invitation go out once."""
    state = told.state
    notice = Notice(
        news=news,
        session=session,
        uid=state.uid,
        sequence=state.sequence,
        rollout=told.rollout,
        name=told.name,
        at=told.at,
    )
    mail = mail_of(notice, guest, sender)
    content = as_message(mail, sender, told.at).as_bytes()
    return Wish(
        parcel=Parcel(event=mail.event, sender=sender.sender, to=mail.to, message_id=mail.message_id, content=content),
        kind=MailKind.INVITATION,
        rollouts=(told.rollout,),
        period=f"{state.uid} {state.sequence}",
        content_hash=mail.event,
        subject=mail.subject,
    )


def news_of(session: Session, known: SessionState) -> Iterator[tuple[News, Session, Guest]]:
    """Who was invited hears of the change, who is new is invited, who is left out hears that."""
    before = {*known.invited, known.host}
    for one in people_of(session):
        yield (News.CHANGED if one.email.lower() in before else News.INVITED), session, one
    now = {one.email.lower() for one in people_of(session)}
    for email in sorted(before - now - {""}):
        yield News.CANCELLED, session, Guest(email=email)


def people_of(session: Session) -> tuple[Guest, ...]:
    """Everybody who is to have it in their calendar, the host too."""
    return (session.host, *session.guests) if session.host.email else session.guests


def as_it_was(known: SessionState, zone_name: str) -> Session:
    """The session as it was told last; names are not kept."""
    zone = ZoneInfo(zone_name)
    return Session(
        item=known.item,
        title=known.title,
        text="",
        starts=known.starts.astimezone(zone),
        ends=known.ends.astimezone(zone),
        zone=zone_name,
        host=Guest(email=known.host),
        guests=tuple(Guest(email=one) for one in known.invited),
    )


NO_WAY = Finding(
    severity=Severity.WARNING,
    code="invitations-no-way",
    message="nobody can be invited to training sessions: no calendar can be written, and there is no channel for mails",
    hint="configure [planner] with the right Calendars.ReadWrite, or [mail]",
)


def unheard(known: SessionState) -> Finding:
    """News of a session that was told by mail, and no channel for mails any more."""
    return Finding(
        severity=Severity.WARNING,
        code="session-unheard",
        message=f"guests of “{known.title}” cannot be told that it changed or was called off: mail is switched off",
        hint="configure a channel in [mail], or tell them by hand",
        where=known.item,
    )


def out_of_reach(known: SessionState) -> Finding:
    """The event stands in a calendar, and [planner] was removed from the configuration."""
    return Finding(
        severity=Severity.WARNING,
        code="calendar-gone",
        message=f"“{known.title}” changed or was called off, but its event is in a calendar no longer configured",
        hint="configure [planner] again, or change the event by hand",
        where=known.item,
    )


def organizer_stays(known: SessionState, session: Session) -> Finding:
    """Somebody else holds a session whose event lies in the former host's own calendar."""
    host = session.host.name or session.host.email
    return Finding(
        severity=Severity.WARNING,
        code="session-organizer",
        message=f"“{session.title}” is now held by {host}, but {known.host} stays the organizer of its event",
        hint=f"an event cannot change its organizer; tell {known.host} to leave it in their calendar",
        where=session.item,
    )


def forbidden(refused: Refused, *, has_mail: bool) -> Finding:
    """The right to write calendars is missing; says which, and what happens instead."""
    instead = "invitations go out as .ics mails, whose answers are not seen" if has_mail else "nobody was invited"
    return Finding(
        severity=Severity.WARNING,
        code="calendar-forbidden",
        message=f"calendars cannot be written ({refused.reason.rstrip('.')}); {instead}",
        hint=refused.hint,
    )


def withdrawn_from(state: SessionState) -> Finding:
    """People deleted the event."""
    return Finding(
        severity=Severity.NOTE,
        code="session-withdrawn",
        message=f"the event of “{state.title}” was deleted from its calendar; it is not made again",
        hint="delete its item too, or invite by hand",
        where=state.item,
    )
