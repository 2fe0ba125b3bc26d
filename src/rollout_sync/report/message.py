"""What is sent of a mail: a MIME message whose headers nobody can break, the same bytes for SMTP, Graph and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import quote

from rollout_sync.errors import ConfigError
from rollout_sync.model.mail import EVENT_LETTERS, Mail, Picture
from rollout_sync.report.words import clipped

NOBODY = "rollout-sync@rollout-sync.invalid"
"""Sender of mails that are only looked at, where no sender is set."""
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,253}\Z")
_NAME, _SUBJECT = 80, 180
_FOLD = "\n "
"""Where a header goes on in the next line."""


class Sender(Protocol):
    """What is asked of section `[mail]`."""

    @property
    def sender(self) -> str:
        """Address that mails come from; empty where none is set."""
        ...

    @property
    def sender_name(self) -> str:
        """Name beside it."""
        ...

    @property
    def reply_to(self) -> str:
        """Where answers go; empty for the sender."""
        ...

    @property
    def unsubscribe(self) -> str:
        """Where wishes to be left out go; empty for the sender."""
        ...


def domain_of(sender: Sender) -> str:
    """What message ids end with."""
    return (sender.sender or NOBODY).rpartition("@")[2].lower()


def leaving_address(sender: Sender) -> str:
    """Where wishes to be left out go."""
    return sender.unsubscribe or sender.reply_to or sender.sender or NOBODY


def as_message(mail: Mail, sender: Sender, now: datetime) -> EmailMessage:
    """The message of a mail: plain text, HTML with its pictures, and an invitation where there is one.

    The same mail, sender and moment give the same bytes. With an address that is not ASCII the message needs a server
    that speaks SMTPUTF8.

    Raises:
        ConfigError: an address cannot be one.
    """
    addresses = (mail.to, sender.sender or NOBODY, sender.reply_to)
    is_plain = all(one.rpartition("@")[0].isascii() for one in addresses)
    chosen = policy.SMTP if is_plain else policy.SMTPUTF8
    message = EmailMessage(policy=chosen.clone(refold_source="none"))
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    _add_pictures(message, mail.pictures)
    if mail.invitation is not None:
        message.add_alternative(
            mail.invitation.ics, subtype="calendar", cte="base64", params={"method": mail.invitation.method}
        )
    for header, value in _headers(mail, sender, now):
        message.set_raw(header, value)  # the policy would fold and encode again, and lose spaces on the way
    for number, part in enumerate(one for one in message.walk() if one.is_multipart()):
        part.set_boundary(f"=_{mail.event[:EVENT_LETTERS]}_{number}")
    return message


def _headers(mail: Mail, sender: Sender, now: datetime) -> Iterator[tuple[str, str]]:
    own = sender.sender or NOBODY
    yield "From", _address(own, sender.sender_name, "From")
    yield "To", _address(mail.to, mail.to_name, "To")
    if sender.reply_to and sender.reply_to != own:
        yield "Reply-To", _address(sender.reply_to, "", "Reply-To")
    yield "Subject", _words(clipped(mail.subject, _SUBJECT), "Subject")
    yield "Date", format_datetime(now.astimezone(UTC).replace(microsecond=0))
    yield "Message-ID", f"<{mail.message_id}>"
    if mail.references:
        yield "In-Reply-To", f"<{mail.references[-1]}>"
        yield "References", _FOLD.join(f"<{one}>" for one in mail.references)
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "X-Rollout-Sync-Event", mail.event
    yield "List-Unsubscribe", f"<mailto:{quote(leaving_address(sender), safe='@')}?subject=unsubscribe>"
    yield "Content-Language", "en"


def _words(text: str, header: str) -> str:
    """A plain line as it is, or as encoded words where it is not ASCII or would be taken for an encoded word."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\n")


def _address(address: str, name: str, header: str) -> str:
    """`"Otto Operator" <otto@example.com>`."""
    if not _ADDRESS.match(address):
        raise ConfigError(
            f"{clipped(address, _NAME)!r} is no e-mail address",
            where="people list or [mail]",
            hint="write it as name@example.com",
        )
    local, _, domain = address.rpartition("@")
    whole = f"{local}@{domain if domain.isascii() else _ascii_domain(domain)}"
    shown = _words(clipped(name, _NAME), header)
    if not shown:
        return whole
    if shown.startswith("=?"):
        return f"{shown}{_FOLD}<{whole}>"
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{whole}>'


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ConfigError(
            f"{clipped(domain, _NAME)!r} is no domain of an e-mail address", hint="write it as name@example.com"
        ) from None


def _add_pictures(message: EmailMessage, pictures: tuple[Picture, ...]) -> None:
    html = message.get_body(("html",))
    if html is None:
        return
    for one in pictures:
        html.add_related(
            one.content,
            "image",
            "png",
            cid=f"<{one.name}>",
            filename=f"{one.name}.png",
            disposition="inline",
        )
