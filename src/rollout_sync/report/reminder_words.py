"""How a reminder says what is to be decided, until when, what waits, and how to decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from rollout_sync.model.mail import MailKind
from rollout_sync.reconcile.texts import DECISIONS
from rollout_sync.report.digest_text import bulleted, wrapped
from rollout_sync.report.digest_words import TITLE, consequence, deadline
from rollout_sync.report.reminders import Occurrence, Reminder
from rollout_sync.report.words import clipped, plain, safe_address, short_day

_NAME = 60
_MARKS = {Occurrence.HALF: "DECISION", Occurrence.OVERDUE: "OVERDUE", Occurrence.EMERGENCY: "EMERGENCY"}
_TONES = {Occurrence.HALF: "amber", Occurrence.OVERDUE: "red", Occurrence.EMERGENCY: "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderWords:
    """A reminder in words; `tone` is a colour of the layout."""

    rollout: str
    title: str
    tone: str
    first: str
    deadline: str
    lines: tuple[str, ...]
    asks: tuple[str, ...]
    url: str
    push: str


def reminder_subject(reminder: Reminder, zone: str) -> str:
    """`[DECISION] Teams rollout: Green light of Finance, due 10 Feb`; `OVERDUE`, `EMERGENCY` and `ESCALATION` too."""
    is_escalation = reminder.kind is MailKind.ESCALATION and reminder.occurrence is Occurrence.OVERDUE
    mark = "ESCALATION" if is_escalation else _MARKS[reminder.occurrence]
    due = f", due {short_day(reminder.owed.due.astimezone(ZoneInfo(zone)).date())}" if reminder.owed.due else ""
    return f"[{mark}] {clipped(reminder.name_of_rollout, _NAME)}: {clipped(reminder.owed.title, TITLE)}{due}"


def reminder_words(reminder: Reminder, zone: str) -> ReminderWords:
    """What the mail says, in this order: what is needed, until when, what waits, who may decide."""
    is_escalation = reminder.kind is MailKind.ESCALATION
    owed = replace(reminder.owed, escalates_to=()) if is_escalation else reminder.owed
    return ReminderWords(
        rollout=clipped(reminder.name_of_rollout, _NAME),
        title=clipped(owed.title, TITLE),
        tone=_TONES[reminder.occurrence],
        first=_first(reminder),
        deadline=deadline(owed, zone),
        lines=tuple(filter(None, (consequence(owed), _who(reminder), _way(reminder)))),
        asks=() if is_escalation else tuple(clipped(one, 2 * TITLE) for one in owed.asks),
        url=safe_address(owed.url),
        push="Open the decision" if is_escalation else "Open and decide",
    )


def _first(reminder: Reminder) -> str:
    names = _names(reminder.approvers)
    if reminder.kind is MailKind.ESCALATION:
        return f"This decision is late and comes to you: {names or 'nobody is named who'} has not decided it."
    return {
        Occurrence.HALF: "Half of the time for your decision is over.",
        Occurrence.OVERDUE: "The time for your decision is over.",
        Occurrence.EMERGENCY: "The work went first; your decision was due and is missing.",
    }[reminder.occurrence]


def _who(reminder: Reminder) -> str:
    if reminder.kind is MailKind.ESCALATION:
        return (
            f"Please ask {_names((*reminder.approvers, *reminder.deputies), 'or')} to decide; only their answer counts."
        )
    return f"{_names(reminder.deputies)} may decide in your place." if reminder.deputies else ""


def _way(reminder: Reminder) -> str:
    if reminder.kind is MailKind.ESCALATION:
        return ""
    return f"Choose one of: {', '.join(DECISIONS)}."


def _names(names: tuple[str, ...], word: str = "and") -> str:
    shown = [clipped(one, _NAME) for one in dict.fromkeys(names)]
    return f" {word} ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def reminder_text(words: ReminderWords, leaving: str) -> str:
    """The same as plain text at 72 columns."""
    parts = [
        "\n".join([*wrapped(words.rollout), *wrapped(words.title)]),
        "\n".join(wrapped(words.first)),
        "\n".join(line for one in (words.deadline, *words.lines) for line in wrapped(one)),
    ]
    if words.asks:
        parts.append("\n".join(["PLEASE CHECK", *bulleted(words.asks)]))
    if words.url:
        parts.append(f"{words.push}:\n{words.url}")
    parts.append("\n".join(["-- ", *wrapped(plain(leaving))]))
    return "\n\n".join(parts) + "\n"
