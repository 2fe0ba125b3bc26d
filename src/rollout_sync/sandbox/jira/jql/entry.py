"""What the search index knows of one issue, and what a query needs to know of the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One indexed issue. Instants are epoch milliseconds, days `YYYY-MM-DD`, people account ids."""

    id: int
    key: str
    project: str
    number: int
    type: str
    status: str
    category: str
    priority: str
    resolution: str | None
    parent: int | None
    assignee: str | None
    reporter: str | None
    labels: frozenset[str]
    label_names: tuple[str, ...]
    summary: str
    text: str
    due: str | None
    start: str | None
    created: int
    updated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The site as a query sees it: names (lower case) to ids, who asks, and when.

    Attributes:
        key_to_id: issue key (upper case) to id, moved keys included; None for no such issue.
        resolution_ms: instants are compared after rounding down to this many milliseconds.
        unknown_key_is_error: naming a key that does not exist is a 400, as was seen in search.
    """

    account: str
    now: datetime
    zone: tzinfo
    resolution_ms: int
    unknown_key_is_error: bool
    projects: Mapping[str, frozenset[str]]
    statuses: Mapping[str, frozenset[str]]
    categories: Mapping[str, frozenset[str]]
    types: Mapping[str, frozenset[str]]
    priorities: Mapping[str, frozenset[str]]
    resolutions: Mapping[str, frozenset[str]]
    people: Mapping[str, frozenset[str]]
    key_to_id: Callable[[str], int | None]
