"""What one board says of an item: how far it is, since when, and how it looks there. Pure.

An item may live on two boards; each of them is one side of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum

from rollout_sync.model.objects import Fields, Observation, Remote, Value
from rollout_sync.model.rollout import TrackerName
from rollout_sync.model.snapshot import ItemState, ItemStatus

BLOCKED_LABEL = "blocked"
"""The Jira label by which people say that an item cannot go on."""

_DONE_PERCENT = 100


class Category(StrEnum):
    """How far an object is, in the words of the port."""

    NEW = "new"
    BEGUN = "indeterminate"
    DONE = "done"

    @property
    def rank(self) -> int:
        """Larger is further."""
        return _RANKS[self]

    @property
    def status(self) -> ItemStatus:
        """The same of an item."""
        return _STATUSES[self]

    @property
    def percent(self) -> int:
        """How Planner shows it."""
        return _PERCENTS[self]


_RANKS = {Category.NEW: 0, Category.BEGUN: 1, Category.DONE: 2}
_STATUSES = {Category.NEW: ItemStatus.TODO, Category.BEGUN: ItemStatus.STARTED, Category.DONE: ItemStatus.DONE}
_PERCENTS = {Category.NEW: 0, Category.BEGUN: 50, Category.DONE: _DONE_PERCENT}


def category_of(fields: Fields) -> Category | None:
    """How far an object is by its fields; None where they do not tell."""
    percent = fields.get("percent")
    if isinstance(percent, int):
        return Category.DONE if percent >= _DONE_PERCENT else Category.BEGUN if percent > 0 else Category.NEW
    named = fields.get("category")
    return Category(named) if isinstance(named, str) and named in set(Category) else None


def read(seen: Observation, was: ItemState, *, waiting: str = "") -> ItemState:
    """The item as one of its boards shows it now.

    Args:
        seen: of its issue or task.
        was: the item as it was known before; what the observation does not tell stays.
        waiting: remote id of the bucket in which held tasks lie; empty where it is not known.
    """
    fields = seen.fields
    category = category_of(fields)
    status = category.status if category is not None else was.status
    started, finished = times(status, fields, (was.started_at, was.finished_at), seen.asked_at)
    return replace(
        was,
        status=status,
        shown=text(fields, "status", was.shown),
        started_at=started,
        finished_at=finished,
        blocked_since=_blocked_since(fields, was, seen.asked_at),
        percent=_percent(fields),
        start=day(fields, "start", was.start),
        due=day(fields, "due", was.due),
        title=text(fields, "title", was.title),
        owners=_owners(fields, was),
        held=_held(fields, waiting, is_held=was.held),
        key=seen.remote.key,
        url=seen.remote.url,
        conflict="",
        seen_at=seen.asked_at,
    )


Times = tuple[datetime | None, datetime | None]


def times(status: ItemStatus, fields: Fields, was: Times, asked_at: datetime) -> Times:
    """When work began and when it ended.

    What the service tells comes first, then what was known before, then the moment it was first seen so. What is
    already done when it is first seen has no known beginning, unless the service tells it.
    """
    began = moment(fields.get("started_at")) or was[0]
    match status:
        case ItemStatus.STARTED:
            return began or asked_at, None
        case ItemStatus.DONE:
            return began, moment(fields.get("finished_at")) or was[1] or asked_at
        case ItemStatus.TODO:
            return None, None
        case ItemStatus.UNKNOWN | ItemStatus.GONE:
            return was


def moment(value: Value) -> datetime | None:
    """An ISO time stamp as aware UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def text(fields: Fields, name: str, otherwise: str) -> str:
    """A text field, or `otherwise` where it was not returned."""
    value = fields.get(name)
    return value if isinstance(value, str) else otherwise


def day(fields: Fields, name: str, otherwise: date | None) -> date | None:
    """A date field; None where it is empty, `otherwise` where it was not returned."""
    value = fields.get(name, otherwise.isoformat() if otherwise else None)
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def rows(fields: Fields, name: str) -> Iterator[Mapping[str, Value]]:
    """The members of a list of mappings."""
    value = fields.get(name)
    if isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, Mapping))


def words(tracker: TrackerName) -> str:
    """A service's name for people."""
    return tracker.value.capitalize()


def _percent(fields: Fields) -> int | None:
    percent = fields.get("percent")
    return percent if isinstance(percent, int) else None


def _owners(fields: Fields, was: ItemState) -> tuple[str, ...]:
    many, one = fields.get("owners"), fields.get("owner")
    if isinstance(many, list | tuple):
        return tuple(str(owner) for owner in many)
    if "owner" in fields:
        return (str(one),) if one else ()
    return was.owners


def _held(fields: Fields, waiting: str, *, is_held: bool) -> bool:
    held, bucket = fields.get("held"), fields.get("bucket")
    if isinstance(held, bool):
        return held
    if waiting and "bucket" in fields:
        return isinstance(bucket, Remote) and bucket.id == waiting
    return is_held


def _blocked_since(fields: Fields, was: ItemState, asked_at: datetime) -> datetime | None:
    """Since when the label stands. The current labels say whether it does, the history says since when."""
    since = {str(one.get("label", "")).casefold(): moment(one.get("at")) for one in rows(fields, "labelled")}
    labels = fields.get("labels")
    if isinstance(labels, list | tuple):
        stands = BLOCKED_LABEL in {str(label).casefold() for label in labels}
    elif "labelled" in fields:
        stands = BLOCKED_LABEL in since
    else:
        return was.blocked_since
    return (since.get(BLOCKED_LABEL) or was.blocked_since or asked_at) if stands else None
