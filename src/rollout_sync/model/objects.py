"""Remote objects as the ledger and the trackers speak of them: keys, intents, bindings, observations.

An item becomes one or more remote objects (an issue, a task and its details, links). Each is known by an
`ObjectKey` and looks as its `Intent` says. Field values are JSON values, plus `Ref` where a field names another
object whose remote id is not known before that object exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from rollout_sync.model.rollout import ItemKey, TrackerName

Marker = NewType("Marker", str)
"""32 lower-case hex digits, drawn at random when a plan is accepted, and carried by the remote object."""

HELD_LABEL = "awaiting-approval"
PRODUCT_LABEL = "rollout-sync"


class ObjectKind(StrEnum):
    """Kinds of remote objects. `is_ensured` kinds can be sent again without harm; the others are created once."""

    EPIC = "epic"
    ISSUE = "issue"
    LINK = "link"
    REMOTE_LINK = "remote-link"
    PLAN = "plan"
    LABELS = "labels"
    BUCKET = "bucket"
    TASK = "task"
    DETAILS = "details"

    @property
    def is_ensured(self) -> bool:
        """Whether writing it twice leaves one object: links, remote links, plan labels and task details."""
        return self in _ENSURED

    @property
    def tracker(self) -> TrackerName:
        """The service it lives in."""
        return TrackerName.JIRA if self in _JIRA else TrackerName.PLANNER


_ENSURED = frozenset({ObjectKind.LINK, ObjectKind.REMOTE_LINK, ObjectKind.LABELS, ObjectKind.DETAILS})
_JIRA = frozenset({ObjectKind.EPIC, ObjectKind.ISSUE, ObjectKind.LINK, ObjectKind.REMOTE_LINK})


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Identity of one remote object within its rollout, written `kind:name` (`issue:prepare/inventory`)."""

    kind: ObjectKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> ObjectKey:
        """Read `kind:name` back; ValueError when the kind is unknown or the colon is missing."""
        kind, separator, name = text.partition(":")
        if not separator:
            raise ValueError(f"{text!r} is no object key")
        return cls(ObjectKind(kind), name)


@dataclass(frozen=True, slots=True)
class Ref:
    """A field value that stands for another object of the same rollout."""

    to: ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where a remote object is.

    Attributes:
        id: Jira's numeric issue id as text, Planner's 28 characters, or "" where the service gives none (a link).
        key: Jira's issue key; empty in Planner.
        version: Planner's `@odata.etag`; empty in Jira.
        url: what a person opens.
    """

    id: str
    key: str = ""
    version: str = ""
    url: str = ""


Value: TypeAlias = "None | bool | int | float | str | Ref | Remote | Sequence[Value] | Mapping[str, Value]"
Fields: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The desired look of one remote object.

    Attributes:
        object: which one.
        item: the item it belongs to; None for epics, buckets and plans.
        fields: desired values in the shared vocabulary of `trackers.base`.
        needs: objects that must exist before this one can be sent.
        after: objects that should be settled (made, refused or gone) before, so that references to them can be
            written at once; this one does not depend on their success.
    """

    object: ObjectKey
    fields: Fields
    item: ItemKey | None = None
    needs: tuple[ObjectKey, ...] = ()
    after: tuple[ObjectKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A remote object that is ours: the ledger knows its id and what was last written."""

    object: ObjectKey
    marker: Marker
    remote: Remote
    item: ItemKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a tracker said of one remote object.

    Attributes:
        object: which one, as bound.
        remote: where it is now (a moved issue has a new key).
        fields: values in the shared vocabulary, Refs resolved to `Remote`s; only fields the tracker returned.
        asked_at: remote clock (`Date` header) of the answer.
    """

    object: ObjectKey
    remote: Remote
    fields: Fields
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The result of looking at bound objects: not seen is not gone.

    Attributes:
        observations: what was seen.
        gone: objects that surely no longer exist (404 while their container and others are readable).
        unseen: objects nothing can be concluded about, with the reason.
    """

    observations: tuple[Observation, ...] = ()
    gone: tuple[ObjectKey, ...] = ()
    unseen: Mapping[ObjectKey, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A remote object that carries one of our markers, found without the ledger's help.

    `is_copy` is true where a person cloned or copied one of our objects.
    """

    object: ObjectKey
    marker: Marker
    remote: Remote
    fields: Fields
    created_at: datetime | None = None
    is_copy: bool = False
