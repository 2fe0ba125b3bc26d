"""From a digest or a reminder to a mail: subject, plain text, HTML that mail clients understand, and its conversation.

The HTML carries its styles inside, loads nothing and holds no script. `message` makes what is sent of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import css_inline

from rollout_sync.health.review import Colour
from rollout_sync.model.mail import Mail, MailKind, Picture
from rollout_sync.model.rollout import RolloutId
from rollout_sync.report.digest import Digest
from rollout_sync.report.digest_foot import method, reason_for_mail, sources
from rollout_sync.report.digest_text import text_of
from rollout_sync.report.digest_words import (
    BRIEF,
    FULL,
    SectionWords,
    further_lines,
    heartbeat,
    preview,
    quiet_lines,
    subject,
    told_sections,
)
from rollout_sync.report.layout import filled
from rollout_sync.report.message import Sender, as_message, domain_of, leaving_address
from rollout_sync.report.reminder_words import reminder_subject, reminder_text, reminder_words
from rollout_sync.report.reminders import Reminder
from rollout_sync.report.words import plain

__all__ = ["Sender", "as_message", "digest_mail", "preview_html", "reminder_mail"]

_CHANGE = "To change how often you get it, or to leave, write to"
_QUESTION = "You get this because you decide it, or because it comes to you when it is late. For questions write to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """How to change or end the mails: `before` the linked address."""

    before: str
    address: str
    link: str

    @property
    def sentence(self) -> str:
        """The same in plain text."""
        return f"{self.before} {self.address}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    words: SectionWords
    picture: Picture | None


def digest_mail(digest: Digest, sender: Sender, pictures: Mapping[RolloutId, Picture] | None = None) -> Mail:
    """The mail of a digest; the same digest gives the same mail.

    Args:
        digest: what is told.
        sender: section `[mail]`, or what looks like it.
        pictures: one for each rollout that is to have one, from `mail_pictures`; a mail shows those of the first
            three sections.
    """
    line = subject(digest)
    leave = _leave(sender, _CHANGE, line)
    shown = tuple(_shown(digest, pictures or {}))
    values: dict[str, object] = {
        "subject": line,
        "preview": preview(digest),
        "heartbeat": heartbeat(digest) if digest.is_heartbeat else "",
        "tone": (digest.quiet[0].colour if digest.is_heartbeat else Colour.GREY).value,
        "sections": shown,
        "further": further_lines(digest),
        "quiet": quiet_lines(digest.quiet),
        "foot": (sources(digest), method(digest)),
        "why": reason_for_mail(digest.reader),
        "leave": leave,
    }
    return _mail(
        sender=sender,
        event=digest.event,
        kind=MailKind.DIGEST,
        to=(digest.reader.email, digest.reader.name),
        line=line,
        text=text_of(digest, leave.sentence),
        html=_inlined(filled("mail_digest.html", values)),
        thread=digest.thread,
        references=digest.references,
        pictures=tuple(one.picture for one in shown if one.picture is not None),
    )


def reminder_mail(reminder: Reminder, sender: Sender, zone: str) -> Mail:
    """The mail of a reminder, with times in a zone (an IANA name)."""
    line, words = reminder_subject(reminder, zone), reminder_words(reminder, zone)
    leave = _leave(sender, _QUESTION, line)
    values: dict[str, object] = {
        "subject": line,
        "rollout": words.rollout,
        "title": words.title,
        "tone": words.tone,
        "first": words.first,
        "deadline": words.deadline,
        "lines": words.lines,
        "asks": words.asks,
        "url": words.url,
        "push": words.push,
        "why": "",
        "leave": leave,
    }
    return _mail(
        sender=sender,
        event=reminder.event,
        kind=reminder.kind,
        to=(reminder.email, reminder.name),
        line=line,
        text=reminder_text(words, leave.sentence),
        html=_inlined(filled("mail_reminder.html", values)),
        thread=reminder.thread,
    )


def preview_html(mail: Mail) -> str:
    """The HTML with its pictures inside, for a file that a browser opens."""
    html = mail.html
    for one in mail.pictures:
        inside = f"data:image/png;base64,{base64.b64encode(one.content).decode('ascii')}"
        html = html.replace(f'src="cid:{one.name}"', f'src="{inside}"')
    return html


def _mail(
    *,
    sender: Sender,
    event: str,
    kind: MailKind,
    to: tuple[str, str],
    line: str,
    text: str,
    html: str,
    thread: str,
    references: tuple[str, ...] = (),
    pictures: tuple[Picture, ...] = (),
) -> Mail:
    domain = domain_of(sender)
    return Mail(
        event=event,
        kind=kind,
        to=to[0],
        to_name=plain(to[1]),
        subject=line,
        text=text,
        html=html,
        thread=thread,
        message_id=f"{event}@{domain}",
        references=(f"{thread}@{domain}", *references),
        pictures=pictures,
    )


def _leave(sender: Sender, before: str, line: str) -> Leave:
    address = leaving_address(sender)
    return Leave(before=before, address=address, link=f"mailto:{quote(address, safe='@')}?subject={quote(line)}")


def _shown(digest: Digest, pictures: Mapping[RolloutId, Picture]) -> Iterator[_Shown]:
    told = told_sections(digest, FULL + BRIEF)
    for number, (section, words) in enumerate(zip(digest.sections, told, strict=False)):
        yield _Shown(words=words, picture=pictures.get(section.rollout) if number < FULL else None)


def _inlined(html: str) -> str:
    """Styles at the elements, for mail clients that drop style sheets; rules for dark windows stay for the others."""
    lines = _inliner().inline(html).split("\n")
    return "\n".join(line for line in lines if line.strip()) + "\n"


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, minify_css=True)
