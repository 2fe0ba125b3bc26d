"""The nearest known name to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str:
    """The nearest of the known names; empty when none is near."""
    return next(iter(get_close_matches(word[:200], sorted(known), n=1, cutoff=0.6)), "")
