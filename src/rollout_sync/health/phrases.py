"""Small words of reviews: days, dates, names in quotation marks, counts, and sentences cut to a number of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

TITLE_WORDS = 7
TITLE_LETTERS = 60


def days(number: float) -> str:
    """`1 day`, `6 days`, `2.5 days`: working days."""
    shown = round(number, 1) if abs(number) < 10 else round(number)  # noqa: PLR2004 - one digit where it tells something
    text = f"{shown:.1f}".removesuffix(".0")
    return f"{text} day" if text == "1" else f"{text} days"


def hours(number: float) -> str:
    """Age in words: `3 hours`, `4 days` from two days on."""
    if number >= 48:  # noqa: PLR2004 - two days
        return f"{round(number / 24)} days"
    return f"{round(number)} hour" if round(number) == 1 else f"{round(number)} hours"


def on(day: date, near: date) -> str:
    """`12 May`, with the year where it is another one than that of `near`."""
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != near.year else "")


def title(text: str) -> str:
    """A title in quotation marks, on one line, without control characters, cut to a few words."""
    words = plain(text).split()
    short = " ".join(words[:TITLE_WORDS])
    if len(short) > TITLE_LETTERS:
        short = short[: TITLE_LETTERS - 1].rstrip() + "…"
    elif len(words) > TITLE_WORDS:
        short += " …"
    return f"'{short}'"


def plain(text: str) -> str:
    """What people wrote, on one line, without control characters and without the mark that parts our sentences."""
    visible = "".join(" " if unicodedata.category(one)[0] == "C" else one for one in text)
    return " ".join(visible.replace(";", ",").split())


def named(titles: Sequence[str], most: int = 3) -> str:
    """Up to `most` quoted titles, and how many more there are."""
    shown = [title(one) for one in titles[:most]]
    if len(titles) > most:
        return f"{', '.join(shown)} and {len(titles) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def count(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def are(number: int) -> str:
    """The verb that goes with a count."""
    return "is" if number == 1 else "are"


def chance(share: float) -> str:
    """`62 %`; never a certainty that nobody has."""
    if 0 < share < 0.01:  # noqa: PLR2004 - below one percent
        return "under 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004 - above 99 percent
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")


def percent(share: float) -> str:
    """`62 %`."""
    return f"{share:.0%}".replace("%", " %")


def capped(opening: str, middle: str, ending: str, words: int) -> str:
    """`opening middle; ending.` in at most so many words; the middle is cut first, then the end."""
    room = max(words - len(opening.split()) - len(ending.split()), 0)
    parts = middle.split()
    if len(parts) > room:
        parts = [*parts[: room - 1], "…"] if room else []
    text = " ".join([opening, *parts])
    text = f"{text.rstrip(',')}; {ending}" if ending else text
    return " ".join(text.split()[:words]).rstrip(".") + "."
