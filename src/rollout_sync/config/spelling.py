"""The nearest valid spelling of a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """`did you mean "project"?`, or the list of what is possible when nothing is near."""
    names = sorted(known)
    near = get_close_matches(word[:200], names, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else "possible: " + ", ".join(names)
