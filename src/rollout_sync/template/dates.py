"""Dates and countries as texts: `YYYY-MM-DD`, `DE`, `DE-BY`."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")


def read_day(text: str) -> date | None:
    """The date that `YYYY-MM-DD` spells, or None."""
    if not _DAY.match(text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def country_problem(text: str) -> str:
    """What is wrong with a country code; empty when nothing is. Whether the country exists the calendar knows."""
    if not text or _COUNTRY.match(text):
        return ""
    return f"{text!r} is no country code"
