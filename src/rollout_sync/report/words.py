"""How a report says things: days, ages, chances, colours, and which texts and addresses are safe to show."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from rollout_sync.health.review import Colour, SignalName

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the machine's language is."""
DASH = "\u2013"
NOTHING = DASH
LOOPBACK = ("127.0.0.1", "localhost")
_HOUR, _DAY = 3_600, 86_400
_PERCENT = re.compile(r"(?<=\d) ?%")
_SPACES = re.compile(" {2,}")
_LINE_BREAKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A colour for everybody: its word, what it means, and a sign that is told apart without colour."""

    word: str
    meaning: str
    mark: str


SIGNS = {
    Colour.GREEN: Sign(word="Green", meaning="on track", mark="✓"),
    Colour.AMBER: Sign(word="Amber", meaning="at risk", mark="!"),
    Colour.RED: Sign(word="Red", meaning="off track", mark="✕"),
    Colour.GREY: Sign(word="Grey", meaning="cannot be told", mark="?"),
}

SIGNAL_WORDS = {
    SignalName.SCHEDULE: "Schedule",
    SignalName.FORECAST: "Forecast",
    SignalName.APPROVALS: "Approvals",
    SignalName.TRAINING: "Training",
    SignalName.PROBLEMS: "Problems",
    SignalName.FEEDBACK: "Feedback",
    SignalName.ADOPTION: "Adoption",
    SignalName.DATA: "Data confidence",
}


def day(when: date | None) -> str:
    """`12 May 2027`, or a dash."""
    return NOTHING if when is None else f"{short_day(when)} {when.year}"


def short_day(when: date | None) -> str:
    """`12 May`, or a dash."""
    return NOTHING if when is None else f"{when.day} {MONTHS[when.month - 1]}"


def moment(when: datetime | None) -> str:
    """`12 May 2027, 09:30 UTC`, or a dash; moments without a zone are refused by the model, so the name is known."""
    return NOTHING if when is None else f"{day(when)}, {when:%H:%M} {when.tzname() or ''}".rstrip()


def span(first: date | None, last: date | None) -> str:
    """`12-14 May 2027`, as short as it can be said."""
    if first is None or last is None or first == last:
        return day(last or first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{day(last)}"
    return f"{short_day(first) if first.year == last.year else day(first)} {DASH} {day(last)}"


def share(chance: float | None) -> str:
    """`62 %` that stays on one line, or a dash. What is not certain is never called 0 or 100 %."""
    if chance is None:
        return NOTHING
    if 0 < chance < 1:
        return f"{min(max(round(100 * chance), 1), 99)}\u00a0%"
    return f"{100 * chance:.0f}\u00a0%"


def count(number: int, noun: str, nouns: str = "") -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def moved(times: int) -> str:
    """`never moved`, `moved once`, `moved 3 times`."""
    return {0: "never moved", 1: "moved once"}.get(times, f"moved {times} times")


def sentence(words: str) -> str:
    """With a capital letter, a full stop, and percentages that stay on one line."""
    whole = _PERCENT.sub("\u00a0%", words[:1].upper() + words[1:])
    return whole if not whole or whole[-1] in ".?!" else f"{whole}."


def signed_days(number: float) -> str:
    """`+4.1 days`, with a real minus sign."""
    shown = f"{abs(number):.1f}".removesuffix(".0")
    sign = "" if shown == "0" else "+" if number > 0 else "−"  # noqa: RUF001 - a minus sign, which screen readers say
    return f"{sign}{shown} {'day' if shown == '1' else 'days'}"


def age(since: datetime | None, now: datetime) -> str:
    """`3 hours`, `2 days`; `never` where there is no moment."""
    if since is None:
        return "never"
    seconds = (now - since).total_seconds()
    if seconds < _HOUR:
        return "less than an hour"
    if seconds < 2 * _DAY:
        return count(int(seconds // _HOUR), "hour")
    return count(int(seconds // _DAY), "day")


def plain(text: str) -> str:
    """One line of text without control characters, lone surrogates or anything else that no reader can see.

    Right-to-left letters stay; the page isolates them. Joiners stay, because emoji and some scripts need them.
    """
    one_line = text.translate(_LINE_BREAKS)
    return _SPACES.sub(" ", "".join(_visible(letter) for letter in one_line)).strip()


def _visible(letter: str) -> str:
    if letter in "\u200c\u200d":
        return letter
    category = unicodedata.category(letter)
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else letter


def clipped(text: str, letters: int) -> str:
    """A plain text of at most so many letters."""
    whole = plain(text)
    return whole if len(whole) <= letters else whole[: letters - 1].rstrip() + "…"


def safe_address(address: str) -> str:
    """The address, when a click on it is harmless: https anywhere, http on this machine only; else nothing."""
    if address != plain(address) or " " in address or "\\" in address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.username is not None or not host:
        return ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    return address if is_safe else ""
