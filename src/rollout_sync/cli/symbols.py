"""Signs for people, with a plain spelling for consoles that cannot show them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """One sign for each meaning."""

    ok: str
    warn: str
    fail: str
    skip: str
    bullet: str
    arrow: str
    dot: str


FULL = Symbols(ok="✓", warn="!", fail="✗", skip="—", bullet="•", arrow="→", dot="·")
PLAIN = Symbols(ok="ok", warn="!", fail="x", skip="-", bullet="*", arrow="->", dot="-")


def symbols_for(encoding: str | None) -> Symbols:
    """The signs that this encoding can show; a code page of an old Windows console gets the plain ones."""
    try:
        f"{FULL.ok}{FULL.fail}{FULL.skip}{FULL.bullet}{FULL.arrow}{FULL.dot}".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return FULL


def clean(text: str) -> str:
    """The text without control characters other than line break and tab: a title cannot steer the terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def width_of(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
