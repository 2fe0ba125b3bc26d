"""A mail as a value, whatever channel carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rollout_sync.model.operations import Refused

EVENT_LETTERS = 40
"""Hexadecimal digits of an event or a thread: enough that no two are ever the same."""


class MailKind(StrEnum):
    """Why a mail is sent."""

    DIGEST = "digest"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG shown in the HTML as `cid:<name>`; `words` say the same for those who do not see it."""

    name: str
    content: bytes
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The calendar part of a mail; `method` is REQUEST or CANCEL (RFC 5546)."""

    method: str
    ics: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one reader.

    Attributes:
        event: identity of what is told: reader, rollouts, period and content; the same event is never sent twice.
        to: address of the reader; `to_name` how to call them.
        thread: identity of the conversation, equal for all mails of one kind to one reader about one rollout.
        message_id: without angle brackets; made from `event`, so that a second copy would be recognised.
        references: message ids of the conversation before, oldest first.
        text: plain text, complete in itself.
        html: with inline styles and no remote resource.
    """

    event: str
    kind: MailKind
    to: str
    to_name: str
    subject: str
    text: str
    html: str
    thread: str
    message_id: str
    references: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    invitation: Invitation | None = None


class Channel(StrEnum):
    """What the outbox keeps apart: mails, and cards that are posted to a chat."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One thing to send, in the form in which it leaves.

    Attributes:
        event: as `Mail.event`.
        sender, to: bare addresses of the envelope; for a webhook `to` names the chat, never its URL.
        message_id: without angle brackets; empty where the channel has none.
        content: the whole RFC 5322 message, or the body of a webhook's request.
    """

    event: str
    sender: str
    to: str
    message_id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShut(Refused):
    """Refused for a reason that would hit every other mail too: no connection, sign-in, permission, throttling."""

    again: bool = True
