"""The nearest valid name for one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 1000
"""Among more names than this a near one means little, and the search takes long."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `word`, or None when none comes close."""
    names = sorted(set(known))
    if len(names) > _MOST:
        return None
    folded = {name.lower().replace("-", "_").replace(" ", "_"): name for name in reversed(names)}
    found = get_close_matches(word.lower().replace("-", "_").replace(" ", "_")[:80], list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, most: int = 12) -> str:
    """A hint: the nearest name, else all names when they are few, else nothing."""
    names = sorted(set(known))
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near!r}?"
    if not names or len(names) > most:
        return ""
    return f"known: {', '.join(names)}"


def shown(value: object, *, longest: int = 60) -> str:
    """A value for a message, never longer than a line can bear."""
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
